//! What the address of a figure or list says: one form for all pages of this folder, each reading what concerns it.

use calendar::Day;
use register::Profile;
use serde::Deserialize;

use super::question::{Answer, Only, Question, When, Who};
use crate::desk::Refusal;
use crate::ids::GroupId;

/// The query string of a page. What is absent or empty is the usual.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Whose figure.
    pub who: String,
    /// `year`, `term`, `half-term` or `days`.
    pub period: String,
    /// A day of that year, term or half-term.
    pub on: String,
    /// The first of `days`.
    pub from: String,
    /// The last of `days`.
    pub to: String,
    /// Whose reckoning.
    pub profile: String,
    /// One session of the week: `Mon-AM`.
    pub at: String,
    /// Sessions of this class only.
    pub class: String,
    /// Members of this group only.
    pub group: String,
    /// Those with this characteristic only.
    pub having: String,
    /// `all`: those who have left too.
    pub roll: String,
    /// What a list goes by: `register`, `pupil`, `day`.
    pub by: String,
    /// Plans of this kind only.
    pub kind: String,
    /// What has just been done.
    pub did: String,
    /// Which part of a page.
    pub show: String,
    /// The column, with `-` before it for largest first.
    pub sort: String,
    /// From 1.
    pub page: String,
    /// `yes`: everything on one page.
    pub print: String,
}

impl Form {
    /// The question about somebody that the form asks.
    ///
    /// Errors: a day, period or profile that is none.
    pub fn question(&self, who: Who) -> Result<Question, Refusal> {
        let on = day(&self.on)?;
        let when = match self.period.as_str() {
            "" | "year" => When::Year(on),
            "term" => When::Term(on),
            "half-term" => When::HalfTerm(on),
            "days" => match (day(&self.from)?, day(&self.to)?) {
                (Some(from), Some(to)) if from <= to => When::Days(from, to),
                (Some(_), Some(_)) => return Err(wrong("The last day is before the first.")),
                _ => When::Year(on),
            },
            _ => return Err(wrong("There is no such period. Choose one of the list.")),
        };
        let profile = match self.profile.as_str() {
            "" => Profile::School,
            key => Profile::from_key(key)
                .ok_or_else(|| wrong("There is no such profile. Choose one of the list."))?,
        };
        let only = match self.at.as_str() {
            "" => None,
            key => Some(
                Only::from_key(key)
                    .ok_or_else(|| wrong("There is no such session of the week."))?,
            ),
        };
        Ok(Question {
            who,
            when,
            profile,
            only,
        })
    }

    /// The group that rows are narrowed to.
    pub fn group(&self) -> Option<GroupId> {
        self.group.parse().ok().map(GroupId)
    }

    /// The characteristic that rows are narrowed to.
    pub fn having(&self) -> Option<Answer> {
        Answer::from_key(&self.having)
    }

    /// Whether those who have left are listed too.
    pub fn everyone(&self) -> bool {
        self.roll == "all"
    }

    /// The same for a file: with every row.
    pub fn whole(self) -> Form {
        Form {
            print: "yes".to_owned(),
            ..self
        }
    }

    /// The page, from 1.
    pub fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// This page again with some answers changed; how it is delivered (page, print) is never carried along.
    pub fn link(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let kept = [
            ("who", &self.who),
            ("period", &self.period),
            ("on", &self.on),
            ("from", &self.from),
            ("to", &self.to),
            ("profile", &self.profile),
            ("at", &self.at),
            ("class", &self.class),
            ("group", &self.group),
            ("having", &self.having),
            ("roll", &self.roll),
            ("by", &self.by),
            ("kind", &self.kind),
            ("show", &self.show),
            ("sort", &self.sort),
        ];
        let kept = kept
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let mut link = path.to_owned();
        for (name, value) in kept.chain(changes.iter().copied()) {
            if !value.is_empty() {
                link.push(if link.contains('?') { '&' } else { '?' });
                link.push_str(name);
                link.push('=');
                push_encoded(&mut link, value);
            }
        }
        link
    }
}

fn push_encoded(link: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            link.push(char::from(byte));
        } else {
            link.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn day(text: &str) -> Result<Option<Day>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| wrong("That is not a day. Write it as 2026-11-24."))
}

fn wrong(ground: &str) -> Refusal {
    Refusal::Wrong(ground.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_filter_and_changes_what_it_is_told_to() {
        let form = Form {
            group: "12".into(),
            sort: "-absent".into(),
            page: "3".into(),
            having: "fsm-yes\" onload".into(),
            ..Form::default()
        };
        assert_eq!(
            form.link("/lists/severe", &[("sort", "name")]),
            "/lists/severe?group=12&having=fsm-yes%22%20onload&sort=name"
        );
    }

    #[test]
    fn a_question_reads_back_from_its_own_address() {
        let ask = |form: Form| form.question(Who::School);
        let form = Form {
            period: "days".into(),
            from: "2026-09-03".into(),
            to: "2026-09-30".into(),
            profile: "dfe_daily".into(),
            at: "Mon-AM".into(),
            ..Form::default()
        };
        let question = ask(form.clone()).expect("a sound question");
        assert_eq!(
            question.why(),
            "/why?who=school&period=days&from=2026-09-03&to=2026-09-30&profile=dfe_daily&at=Mon-AM"
        );
        for bad in [
            Form {
                from: "2026-10-01".into(),
                ..form.clone()
            },
            Form {
                from: "soon".into(),
                ..form.clone()
            },
            Form {
                profile: "ofsted".into(),
                ..form.clone()
            },
            Form {
                period: "decade".into(),
                ..form
            },
        ] {
            assert!(matches!(ask(bad), Err(Refusal::Wrong(_))));
        }
    }
}
