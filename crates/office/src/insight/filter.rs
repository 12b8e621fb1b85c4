//! What a page of figures may be narrowed to, as a form that works without script.

use askama::Template;
use askama::filters::HtmlSafe;
use calendar::Day;
use register::Profile;

use super::figure::Reckoning;
use super::form::Form;
use super::question::{Span, TRAITS, Trait};
use super::sight::Sight;
use crate::book::{Book, Group, GroupKind};

/// A line of choices above a list or figure.
#[derive(Template, Clone, Debug)]
#[template(path = "insight/filter.html")]
pub struct Filter {
    action: String,
    selects: Vec<Select>,
    /// From and to, where days are chosen.
    days: Option<(String, String)>,
    /// Carried along: name, value.
    carried: Vec<(&'static str, String)>,
    /// Whether a narrow screen shows it as one line that opens.
    folds: bool,
}

impl HtmlSafe for Filter {}

#[derive(Clone, Debug)]
struct Select {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

#[derive(Clone, Debug)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

fn choice(value: impl Into<String>, label: impl Into<String>, now: &str) -> Choice {
    let value = value.into();
    Choice {
        chosen: value == now,
        value,
        label: label.into(),
    }
}

impl Filter {
    /// Period and profile.
    pub fn of_period(action: &str, form: &Form, book: &Book, today: Day) -> Filter {
        let carried = [
            ("who", &form.who),
            ("show", &form.show),
            ("sort", &form.sort),
            ("by", &form.by),
        ];
        Filter {
            action: action.to_owned(),
            selects: vec![periods(form), years(form, book, today), profiles(form)],
            days: (form.period == "days").then(|| (form.from.clone(), form.to.clone())),
            carried: carried
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value.clone()))
                .collect(),
            folds: false,
        }
    }

    /// The same as one quiet line on a narrow screen: `Filters: 2 set`. Above the list that somebody came for.
    pub fn folding(self) -> Filter {
        Filter {
            folds: true,
            ..self
        }
    }

    /// How many of its choices are not the usual one, in words.
    fn heading(&self) -> String {
        let usual = |select: &&Select| {
            let chosen = select.options.iter().find(|one| one.chosen);
            chosen.is_none_or(|one| one.value.is_empty())
        };
        match self.selects.len() - self.selects.iter().filter(usual).count() {
            0 => "Filters".to_owned(),
            set => format!("Filters: {set} set"),
        }
    }

    /// The same with groups, characteristics and whether those who left are listed.
    pub fn with_rows(self, form: &Form, reckoning: &Reckoning, sight: &Sight) -> Filter {
        let mut selects = vec![groups(form, reckoning, sight)];
        let traits: Vec<&'static Trait> =
            TRAITS.iter().filter(|one| sight.narrows_by(one)).collect();
        if !traits.is_empty() {
            let mut options = vec![choice("", "Anyone", &form.having)];
            let answers = traits.into_iter().flat_map(Trait::each);
            options.extend(answers.map(|one| choice(one.key(), one.label(), &form.having)));
            selects.push(Select {
                name: "having",
                label: "With",
                options,
            });
        }
        selects.push(Select {
            name: "roll",
            label: "On roll",
            options: vec![
                choice("", "Now", &form.roll),
                choice("all", "At any time in the period", &form.roll),
            ],
        });
        selects.extend(self.selects);
        Filter { selects, ..self }
    }
}

fn periods(form: &Form) -> Select {
    let now = if form.period == "year" {
        ""
    } else {
        &form.period
    };
    Select {
        name: "period",
        label: "Period",
        options: vec![
            choice("", "School year", now),
            choice("term", "Term", now),
            choice("half-term", "Half-term", now),
            choice("days", "From a day to a day", now),
        ],
    }
}

/// Which year, term or half-term: by its first day, the newest first.
fn years(form: &Form, book: &Book, today: Day) -> Select {
    let mut options = vec![choice("", "Now", &form.on)];
    let begun = book
        .calendar
        .terms()
        .iter()
        .rev()
        .filter(|term| term.first <= today);
    options.extend(begun.map(|term| {
        let year = book.calendar.school_year_of(term.first);
        choice(
            term.first.to_string(),
            format!("{} {year}", term.name),
            &form.on,
        )
    }));
    if !options.iter().any(|one| one.chosen) {
        let label = form
            .on
            .parse::<Day>()
            .map_or_else(|_| form.on.clone(), Day::long);
        options.push(choice(form.on.clone(), label, &form.on));
    }
    Select {
        name: "on",
        label: "Of",
        options,
    }
}

fn profiles(form: &Form) -> Select {
    let now = if form.profile == "school" {
        ""
    } else {
        &form.profile
    };
    let options = Profile::ALL.into_iter().map(|profile| {
        let key = if profile == Profile::School {
            ""
        } else {
            profile.key()
        };
        choice(key, profile.name(), now)
    });
    Select {
        name: "profile",
        label: "Reckoned as",
        options: options.collect(),
    }
}

/// Year groups, houses and tutor groups of those within reach.
fn groups(form: &Form, reckoning: &Reckoning, sight: &Sight) -> Select {
    let book = reckoning.book();
    let day = reckoning.last_day();
    let within = |enrolment| {
        let row = book.roll.row(enrolment);
        row.is_some_and(|row| sight.covers(book.roll.enrolments[row].pupil))
    };
    let mut found: Vec<&Group> = book
        .groups
        .groups
        .iter()
        .filter(|group| group.kind != GroupKind::Class)
        .filter(|group| book.groups.members(group.id, day).any(within))
        .collect();
    found.sort_by_cached_key(|group| (group.kind, natural(&group.name)));
    let mut options = vec![choice("", "Everyone", &form.group)];
    options.extend(
        found
            .iter()
            .map(|group| choice(group.id.to_string(), group.name.as_str(), &form.group)),
    );
    if !options.iter().any(|one| one.chosen) {
        let name = form
            .group()
            .and_then(|id| book.groups.group(id))
            .map_or("Another group", |group| &group.name);
        options.push(choice(form.group.clone(), name, &form.group));
    }
    Select {
        name: "group",
        label: "Group",
        options,
    }
}

/// Orders `Year 9` before `Year 10`: runs of digits by their value.
pub fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(letters);
        let digits = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        if !word.is_empty() {
            parts.push((u64::MAX, word.to_lowercase()));
        }
        if !number.is_empty() {
            parts.push((number.parse().unwrap_or(u64::MAX - 1), String::new()));
        }
        rest = after;
    }
    parts
}

/// What a file or page says of the figures on it: period, cut-off, profile, record number.
pub fn about(reckoning: &Reckoning) -> Vec<(String, String)> {
    let Span { name, .. } = &reckoning.span;
    let words = reckoning.span.words(reckoning.today());
    let (day, time) = reckoning.at.in_london();
    let fact = |term: &str, fact: String| (term.to_owned(), fact);
    vec![
        fact(
            "Period",
            if name.is_empty() {
                words
            } else {
                format!("{words} ({name})")
            },
        ),
        fact("Reckoned as", reckoning.profile.name().to_owned()),
        fact(
            "Cut-off",
            format!(
                "sessions whose register had opened by {time} on {}",
                day.long()
            ),
        ),
        fact(
            "As of",
            format!("record number {} of this school", reckoning.book().seq),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_filter_says_how_many_of_its_choices_are_set() {
        let select = |chosen: &str| Select {
            name: "group",
            label: "Group",
            options: vec![
                choice("", "Everyone", chosen),
                choice("1", "Year 9", chosen),
            ],
        };
        let heading = |chosen: [&str; 2]| {
            let filter = Filter {
                action: String::new(),
                selects: chosen.map(select).to_vec(),
                days: None,
                carried: Vec::new(),
                folds: true,
            };
            filter.heading()
        };
        assert_eq!(heading(["", ""]), "Filters");
        assert_eq!(heading(["1", ""]), "Filters: 1 set");
        assert_eq!(heading(["1", "1"]), "Filters: 2 set");
    }

    #[test]
    fn year_nine_comes_before_year_ten() {
        let mut names = ["Year 10", "9B", "Year 9", "10A", "9A"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["9A", "9B", "10A", "Year 9", "Year 10"]);
    }
}
