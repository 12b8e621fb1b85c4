//! The figures of the school and its groups: years, houses, tutor groups, classes, characteristics, weekdays, weeks.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Session;
use register::Counts;

use super::chart::Trend;
use super::figure::{Reckoning, Standing, Tally, sessions};
use super::filter::{Filter, about, natural};
use super::form::Form;
use super::question::{Only, Question, TRAITS, Trait, WEEKDAYS, When, Who};
use super::sight::{FEWEST, FEWEST_FOR_A_RATE, Sight, hidden};
use super::table::{Cell, Heading, Table, TableView, Value};
use crate::book::GroupKind;
use crate::desk::{Desk, Problem, Refusal};
use crate::people::Place;
use crate::shell::{Figure, Frame, Page, State, Tab, Tabs};
use crate::take_away::{Leaving, Wanted};
use store::Tx;

/// One line of a table of figures.
struct Line {
    who: Who,
    label: String,
    tally: Tally,
    /// Whether this person may see every one of them by name, so that nothing need be hidden.
    named: bool,
}

/// Lines that belong together: the groups of one kind, or the answers to one trait.
struct Section {
    title: String,
    lines: Vec<Line>,
}

/// Figures as one person may see them.
struct Viewed<'a> {
    reckoning: &'a Reckoning<'a>,
    question: Question,
    sight: &'a Sight,
}

/// Whether the figure of these must be withheld from this person as too small, or since it would give away one that is (B-520).
pub fn withheld(reckoning: &Reckoning, sight: &Sight, who: Who, standings: &[Standing]) -> bool {
    if sight.covers_all(reckoning.book(), standings) {
        return false;
    }
    // The page behind a figure has its percentage in the heading.
    if (standings.len() as u32) < FEWEST_FOR_A_RATE {
        return true;
    }
    let viewed = Viewed {
        reckoning,
        question: Question::usual(who),
        sight,
    };
    let together = match who {
        Who::Group(id) => match reckoning.book().groups.group(id) {
            Some(group) if group.kind != GroupKind::Class => viewed.groups(group.kind),
            _ => return false,
        },
        Who::InNo(kind) => viewed.groups(kind),
        Who::Having(answer) => viewed.answers(answer.of),
        Who::School | Who::Pupil(_) | Who::Enrolment(_) => return false,
    };
    let hidden = together.hidden();
    let place = together.lines.iter().position(|line| line.who == who);
    place.is_some_and(|place| hidden[place])
}

impl Section {
    /// Which lines are not told of.
    fn hidden(&self) -> Vec<bool> {
        let numbers: Vec<u32> = self
            .lines
            .iter()
            .map(|line| line.tally.enrolments)
            .collect();
        let small = hidden(&numbers);
        let lines = self.lines.iter().zip(small);
        lines.map(|(line, small)| small && !line.named).collect()
    }

    /// Which counts of pupils are not told.
    fn hidden_counts(&self, count: impl Fn(&Tally) -> u32) -> Vec<bool> {
        let numbers: Vec<u32> = self.lines.iter().map(|line| count(&line.tally)).collect();
        let small = hidden(&numbers);
        let lines = self.lines.iter().zip(small);
        lines.map(|(line, small)| small && !line.named).collect()
    }

    /// Whether anything in it is not told.
    fn hides(&self) -> bool {
        self.lines.iter().any(|line| !line.named)
            && [
                self.hidden(),
                self.hidden_counts(|tally| tally.persistent),
                self.hidden_counts(|tally| tally.severe),
            ]
            .concat()
            .contains(&true)
    }

    fn table(&self, question: &Question) -> Table {
        let (hidden, persistent, severe) = (
            self.hidden(),
            self.hidden_counts(|tally| tally.persistent),
            self.hidden_counts(|tally| tally.severe),
        );
        let rows = self.lines.iter().enumerate().map(|(place, line)| {
            let mut cells = vec![Cell::text(&line.label)];
            if hidden[place] {
                let small = line.tally.enrolments < FEWEST;
                let pupils = if small {
                    Value::TooFew
                } else {
                    Value::Withheld
                };
                cells.extend([
                    Cell::of(Value::Withheld),
                    Cell::of(Value::Withheld),
                    Cell::of(pupils),
                ]);
                cells.extend((0..5).map(|_| Cell::of(Value::Withheld)));
            } else {
                cells.extend(line.numbers(question, persistent[place], severe[place]));
            }
            cells
        });
        Table::whole(&self.title, headings(), rows.collect())
    }
}

fn headings() -> Vec<Heading> {
    vec![
        Heading::words("name", "Group"),
        Heading::number("attendance", "Attendance", "%"),
        Heading::number("possible", "Of", "sessions"),
        Heading::number("pupils", "Pupils", ""),
        Heading::number("late", "Late", "sessions"),
        Heading::number("persistent", "Persistent", "pupils"),
        Heading::number("persistent-share", "Persistent", "%"),
        Heading::number("severe", "Severe", "pupils"),
        Heading::number("severe-share", "Severe", "%"),
    ]
}

impl Line {
    /// Whether percentages of it may be told.
    fn rates(&self) -> bool {
        self.named || self.tally.enrolments >= FEWEST_FOR_A_RATE
    }

    fn numbers(
        &self,
        question: &Question,
        persistent_hidden: bool,
        severe_hidden: bool,
    ) -> Vec<Cell> {
        let why = question.about(self.who).why();
        let tally = &self.tally;
        let rate = |shown: Option<String>| match self.rates() {
            true => Value::percent(shown),
            false => Value::Withheld,
        };
        let count = |number: u32, hidden: bool, show: &str| match hidden {
            true if number < FEWEST => Cell::of(Value::TooFew),
            true => Cell::of(Value::Withheld),
            false => Cell::whole(number).why(format!("{why}&show={show}")),
        };
        let share = |shown: Option<String>, hidden: bool| match hidden {
            true => Cell::of(Value::Withheld),
            false => Cell::of(rate(shown)),
        };
        vec![
            Cell::of(rate(tally.counts.attendance_shown())).why(why.clone()),
            Cell::whole(tally.counts.possible()),
            Cell::whole(tally.enrolments),
            Cell::whole(tally.counts.late_total()),
            count(tally.persistent, persistent_hidden, "persistent"),
            share(tally.persistent_shown(), persistent_hidden),
            count(tally.severe, severe_hidden, "severe"),
            share(tally.severe_shown(), severe_hidden),
        ]
    }
}

impl Viewed<'_> {
    fn line(&self, who: Who, label: String) -> Option<Line> {
        self.line_of(who, label, &self.reckoning.standings(who))
    }

    fn line_of(&self, who: Who, label: String, standings: &[Standing]) -> Option<Line> {
        let book = self.reckoning.book();
        if standings.is_empty() || !self.sight.sees(book, who, standings) {
            return None;
        }
        let mut tally = Tally::default();
        for standing in standings {
            tally.add(standing);
        }
        Some(Line {
            who,
            label,
            tally,
            named: self.sight.covers_all(book, standings),
        })
    }

    /// What the page is asked to show, without what would be empty.
    fn sections(&self, form: &Form) -> Vec<Section> {
        let mut sections = match form.show.as_str() {
            "classes" => vec![self.groups(GroupKind::Class)],
            "characteristics" => TRAITS.iter().map(|of| self.answers(of)).collect(),
            _ => vec![
                self.school(),
                self.groups(GroupKind::Year),
                self.groups(GroupKind::House),
                self.groups(GroupKind::Tutor),
            ],
        };
        sections.retain(|section| !section.lines.is_empty());
        sections
    }

    fn school(&self) -> Section {
        Section {
            title: "School".to_owned(),
            lines: self
                .line(Who::School, "School".to_owned())
                .into_iter()
                .collect(),
        }
    }

    /// The groups of a kind and, where groups divide the school, those in none.
    fn groups(&self, kind: GroupKind) -> Section {
        let book = self.reckoning.book();
        let mut groups: Vec<_> = book
            .groups
            .groups
            .iter()
            .filter(|one| one.kind == kind)
            .collect();
        groups.sort_by_cached_key(|group| natural(&group.name));
        let mut lines: Vec<Line> = groups
            .into_iter()
            .filter_map(|group| self.line(Who::Group(group.id), group.name.clone()))
            .collect();
        if kind != GroupKind::Class {
            let label = format!("In no {}", kind.label().to_lowercase());
            lines.extend(
                self.line(Who::InNo(kind), label)
                    .filter(|line| sessions(&line.tally.counts) > 0),
            );
        }
        let title = match kind {
            GroupKind::Year => "Year groups",
            GroupKind::House => "Houses",
            GroupKind::Tutor => "Tutor groups",
            GroupKind::Class => "Classes",
        };
        Section {
            title: title.to_owned(),
            lines,
        }
    }

    fn answers(&self, of: &'static Trait) -> Section {
        let standings = self.reckoning.by_answer(of);
        let lines = of.each().zip(&standings).filter_map(|(answer, standings)| {
            self.line_of(Who::Having(answer), answer.label().to_owned(), standings)
        });
        Section {
            title: of.label.to_owned(),
            lines: lines.collect(),
        }
    }

    /// Attendance by weekday and session, of the whole school.
    fn weekdays(&self, rows: &[usize]) -> Table {
        let sums = self.reckoning.by_weekday(rows);
        let rows = WEEKDAYS
            .into_iter()
            .zip(sums)
            .filter(|(_, sums)| sums.iter().any(|counts| sessions(counts) > 0))
            .map(|(weekday, sums)| {
                let mut cells = vec![Cell::text(weekday.name())];
                for (session, counts) in Session::BOTH.into_iter().zip(sums) {
                    let only = Some(Only { weekday, session });
                    let question = Question {
                        only,
                        ..self.question
                    };
                    cells.extend(share_of(&counts, question.why()));
                }
                cells
            })
            .collect();
        let headings = vec![
            Heading::words("name", "Weekday"),
            Heading::number("am", "Morning", "%"),
            Heading::number("am-of", "Of", "sessions"),
            Heading::number("pm", "Afternoon", "%"),
            Heading::number("pm-of", "Of", "sessions"),
        ];
        Table::whole("By weekday and session", headings, rows)
    }

    /// Attendance by school week, of the whole school.
    fn weeks(&self, rows: &[usize]) -> (Table, Trend) {
        let weeks = self.reckoning.by_week(rows);
        let trend = Trend::of(
            weeks
                .iter()
                .filter_map(|(monday, counts)| Some((*monday, counts.attendance()?)))
                .collect(),
        );
        let rows = weeks
            .into_iter()
            .map(|(monday, counts)| {
                let first = monday.max(self.reckoning.span.first);
                let last = monday.plus_days(6).min(self.reckoning.last_day());
                let when = When::Days(first, last);
                let mut cells = vec![Cell::text(format!("Week of {}", monday.short()))];
                cells.extend(share_of(
                    &counts,
                    Question {
                        when,
                        ..self.question
                    }
                    .why(),
                ));
                cells.push(Cell::whole(counts.late_total()));
                cells
            })
            .collect();
        let headings = vec![
            Heading::words("name", "School week"),
            Heading::number("attendance", "Attendance", "%"),
            Heading::number("possible", "Of", "sessions"),
            Heading::number("late", "Late", "sessions"),
        ];
        (Table::whole("Week by week", headings, rows), trend)
    }
}

fn share_of(counts: &Counts, why: String) -> [Cell; 2] {
    [
        Cell::of(Value::percent(counts.attendance_shown())).why(why),
        Cell::whole(counts.possible()),
    ]
}

/// All lines of these sections as one list, for a file: the section stands in the first column.
fn together(title: &str, tables: &[Table]) -> Table {
    let mut headings = vec![Heading::words("section", "Section")];
    headings.extend(self::headings());
    let rows = tables
        .iter()
        .filter(|table| table.headings.len() + 1 == headings.len())
        .flat_map(|table| {
            table.rows.iter().map(|row| {
                let mut cells = vec![Cell::text(&table.title)];
                cells.extend(row.iter().cloned());
                cells
            })
        })
        .collect();
    Table::whole(title, headings, rows)
}

#[derive(Template)]
#[template(path = "insight/figures.html")]
struct FiguresPage {
    frame: Frame,
    period: String,
    school: Option<Figure>,
    tabs: Tabs,
    filter: Filter,
    lines: Option<TableView>,
    weeks: Option<(TableView, Trend)>,
    weekdays: Option<TableView>,
    hides: bool,
    by_day: bool,
    empty: State,
    about: Vec<(String, String)>,
    exports: crate::shell::Under,
}

/// `GET /figures`.
pub async fn figures(desk: Desk, Query(form): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Figures.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let now = here.office.now();
        let sight = Sight::of(tx, actor, now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let question = form.question(Who::School)?;
        let reckoning = Reckoning::new(&book, &question, now)?;
        reckoning.count_all();
        let viewed = Viewed {
            reckoning: &reckoning,
            question,
            sight: &sight,
        };
        let sections = viewed.sections(&form);
        let hides = sections.iter().any(Section::hides);
        let tables = tables(&sections, &question, &form);
        let frame = here.frame(tx, actor, "Figures")?;
        let school = viewed.school();
        let told = school.lines.iter().any(|line| line.rates());
        let overview = form.show.is_empty() && told;
        let rows: Vec<usize> = reckoning.rows().collect();
        // Classes are many and come in pages; the rest stand below each other.
        let lines = match tables.as_slice() {
            [only] => Some(
                only.clone()
                    .view("/figures", &form, &form.sort, "lines")
                    .without_exports(),
            ),
            several => TableView::together("Figures", several, "/figures", &form),
        };
        Ok(Page(FiguresPage {
            period: reckoning.span.words(reckoning.today()),
            school: told.then(|| Figure {
                big: true,
                ..reckoning.figure(Who::School).shown(&question)
            }),
            tabs: tabs(&form, sight.whole),
            filter: Filter::of_period("/figures", &form, &book, reckoning.today()).folding(),
            lines,
            weeks: overview.then(|| {
                let (table, trend) = viewed.weeks(&rows);
                (table.plain(), trend)
            }),
            weekdays: overview.then(|| viewed.weekdays(&rows).plain()),
            hides,
            by_day: form.show == "characteristics",
            empty: State::empty(
                "No figures here",
                "There is no group whose pupils are all within what your role may see.",
            ),
            about: about(&reckoning),
            exports: crate::shell::Under {
                exports: crate::shell::Exports::usual(&form.link("/figures", &[])),
                ..Default::default()
            },
            frame,
        })
        .into_response())
    })
    .await
}

/// `/figures` as a file. It names no pupil.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, now) = (wanted.actor, wanted.office.now());
    if !Place::Figures.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let form: Form = wanted.query()?;
    let sight = Sight::of(tx, actor, wanted.today())?;
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let question = form.question(Who::School)?;
    let reckoning = Reckoning::new(&book, &question, now)?;
    reckoning.count_all();
    let viewed = Viewed {
        reckoning: &reckoning,
        question,
        sight: &sight,
    };
    let tables = tables(&viewed.sections(&form), &question, &form);
    let mut table = together("Figures", &tables);
    table.about = about(&reckoning);
    Ok(table.leaving("figures", wanted.today()))
}

/// A table for each section, sorted as asked.
fn tables(sections: &[Section], question: &Question, form: &Form) -> Vec<Table> {
    let tables = sections.iter().map(|section| {
        let mut table = section.table(question);
        if !form.sort.is_empty() {
            table.sort(&form.sort, "name");
        }
        table
    });
    tables.collect()
}

fn tabs(form: &Form, whole: bool) -> Tabs {
    let mut shown = vec![("Groups", ""), ("Classes", "classes")];
    if whole {
        shown.push(("Characteristics", "characteristics"));
    }
    let tabs = shown.into_iter().map(|(label, show)| Tab {
        label: label.into(),
        href: form
            .link("/figures", &[("show", show), ("sort", "")])
            .into(),
        current: form.show == show,
        count: None,
    });
    Tabs {
        name: "Figures".into(),
        tabs: tabs.collect(),
    }
}
