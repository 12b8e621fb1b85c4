//! Why a figure is what it is: what was counted, session by session or pupil by pupil, what was left out, and by which rule.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use columns::MarkByte;
use register::{Class, Code, Counts};

use super::figure::{Excluded, Figure, Reckoning, Standing};
use super::figures::withheld;
use super::filter::{Filter, about};
use super::form::Form;
use super::lists::{Cited, cited};
use super::pupil::band_name;
use super::question::{Question, Who};
use super::sight::{FEWEST, Sight};
use super::table::{Cell, Heading, Order, Table, TableView, Value, grouped};
use crate::book::{Book, Pupil};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::PupilId;
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Face, Facts, Frame, Page};
use crate::take_away::{Leaving, Wanted};
use store::Tx;

/// Whether a mark belongs to what a page was asked to list; everything does when it was asked for nothing in particular.
fn belongs(mark: MarkByte, class: &str) -> bool {
    let is = |test: fn(Class) -> bool| mark.class().is_some_and(test);
    match class {
        "possible" => is(Class::is_possible),
        "attended" => is(Class::is_attended),
        "absent" => is(Class::is_absent),
        "authorised" => mark.class() == Some(Class::Authorised),
        "unauthorised" => mark.class() == Some(Class::Unauthorised),
        "late" => matches!(mark.code(), Some(Code::LATE | Code::LATE_AFTER_CLOSE)),
        "missing" => mark == MarkByte::MISSING,
        _ => true,
    }
}

/// In words, what a session with this mark counts as.
pub fn counts_as(mark: MarkByte) -> &'static str {
    match mark.row() {
        None => "no mark: in no percentage",
        Some(row) if row.is_late_before_close() => "attended, late",
        Some(row) if row.is_late_after_close() => "unauthorised absence, late",
        Some(row) => match row.class {
            Class::Present => "attended",
            Class::ApprovedEducationalActivity => "attended: approved educational activity",
            Class::Authorised => "authorised absence",
            Class::Unauthorised => "unauthorised absence",
            Class::NotPossible => "not a possible attendance: in no percentage",
            Class::Administrative => "administrative: in no percentage",
        },
    }
}

/// Sessions of one code, as the page lists them.
struct OfCode {
    code: String,
    face: Face,
    meaning: String,
    number: usize,
    /// Day, then the sessions of it with their addresses.
    days: Vec<(String, Vec<(String, String)>)>,
}

/// Sessions that count as the same.
struct OfClass {
    heading: &'static str,
    number: usize,
    open: bool,
    codes: Vec<OfCode>,
}

/// The sessions of a pupil, by what they count as and by code; absences first.
fn by_class(marks: &[(Slot, MarkByte)], pupil: PupilId) -> Vec<OfClass> {
    const ORDER: [&str; 8] = [
        "unauthorised absence",
        "unauthorised absence, late",
        "authorised absence",
        "attended, late",
        "attended: approved educational activity",
        "attended",
        "not a possible attendance: in no percentage",
        "administrative: in no percentage",
    ];
    let mut headings: Vec<&'static str> = ORDER.to_vec();
    headings.push("no mark: in no percentage");
    headings
        .into_iter()
        .filter_map(|heading| {
            let of_class: Vec<(Slot, MarkByte)> = marks
                .iter()
                .copied()
                .filter(|(_, mark)| counts_as(*mark) == heading)
                .collect();
            let mut kinds: Vec<MarkByte> = of_class.iter().map(|(_, mark)| *mark).collect();
            kinds.sort_unstable();
            kinds.dedup();
            (!of_class.is_empty()).then(|| OfClass {
                heading,
                number: of_class.len(),
                open: heading != "attended",
                codes: kinds
                    .into_iter()
                    .map(|kind| of_code(kind, &of_class, pupil))
                    .collect(),
            })
        })
        .collect()
}

fn of_code(kind: MarkByte, marks: &[(Slot, MarkByte)], pupil: PupilId) -> OfCode {
    let slots: Vec<Slot> = marks
        .iter()
        .filter(|(_, mark)| *mark == kind)
        .map(|(slot, _)| *slot)
        .collect();
    let days = slots
        .chunk_by(|one, next| one.day == next.day)
        .map(|of_day| {
            let sessions = of_day.iter().map(|slot| {
                let href = format!("/why/{pupil}/{}/{}", slot.day, slot.session);
                (slot.session.to_string(), href)
            });
            (of_day[0].day.short(), sessions.collect())
        });
    OfCode {
        code: kind.code().map_or("·".to_owned(), |code| code.to_string()),
        face: Face::of(kind.row()),
        meaning: meaning_of(kind),
        number: slots.len(),
        days: days.collect(),
    }
}

/// What a mark means, and that it is a plan's where no mark was made.
fn meaning_of(mark: MarkByte) -> String {
    match mark.row() {
        None => "No mark".to_owned(),
        Some(row) if mark.is_planned() => format!("By plan, no mark: {}", row.meaning),
        Some(row) => row.meaning.clone(),
    }
}

/// What a figure was made from, as a list for a file and, of groups, for the page.
fn session_table(marks: &[(Slot, MarkByte)], form: &Form) -> Table {
    let rows = marks.iter().map(|(slot, mark)| {
        vec![
            Cell::of(Value::Day(slot.day)),
            Cell::text(slot.session.to_string()),
            Cell::text_or_blank(mark.code().map(|code| code.to_string()).as_deref()),
            Cell::text(meaning_of(*mark)),
            Cell::text(counts_as(*mark)),
        ]
    });
    let headings = vec![
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("code", "Code"),
        Heading::words("meaning", "Meaning"),
        Heading::words("class", "Counts as"),
    ];
    let mut table = Table::whole("Sessions", headings, rows.collect());
    table.sort(&form.sort, "day");
    table
}

/// Those behind a group's figure whom this person may see, with their sessions.
fn pupil_table(
    reckoning: &Reckoning,
    sight: &Sight,
    question: &Question,
    standings: &[Standing],
    form: &Form,
) -> Table {
    let book = reckoning.book();
    let mut listed: Vec<(&Pupil, &Standing)> = standings
        .iter()
        .filter(|one| match form.show.as_str() {
            "persistent" => one.counts.possible() > 0 && one.whole.persistent() == Some(true),
            "severe" => one.counts.possible() > 0 && one.whole.severe() == Some(true),
            _ => true,
        })
        .filter_map(|one| Some((book.roll.pupil_of_row(one.row)?, one)))
        .filter(|(pupil, _)| sight.names(question.who, pupil.id))
        .collect();
    listed.sort_by_key(|(pupil, _)| pupil.in_order);
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::number("attendance", "Attendance", "%"),
        Heading::number("attended", "Attended", "sessions"),
        Heading::number("possible", "Of", "sessions"),
        Heading::number("authorised", "Authorised", "sessions"),
        Heading::number("unauthorised", "Unauthorised", "sessions"),
        Heading::number("late", "Late", "sessions"),
        Heading::number("missing", "No mark", "sessions"),
        Heading::words("flag", "Over the whole period"),
    ];
    let table = Table::asked(
        form,
        "attendance",
        headings,
        listed,
        |(pupil, one), column| {
            let counts = &one.counts;
            let number = |number: u32| Order::Number(number.into());
            match column {
                "attendance" => Value::percent(counts.attendance_shown()).order(),
                "attended" => number(counts.attended()),
                "possible" => number(counts.possible()),
                "authorised" => number(counts.authorised),
                "unauthorised" => number(counts.unauthorised),
                "late" => number(counts.late_total()),
                "missing" => number(counts.missing),
                "flag" => Cell::text_or_blank(flag(one)).value.order(),
                _ => number(pupil.in_order),
            }
        },
        |(pupil, one)| {
            let enrolment = book.roll.enrolments[one.row].id;
            let why = question.about(Who::Enrolment(enrolment)).why();
            vec![
                Cell::text(pupil.listed()).to(why).naming(pupil.id),
                Cell::of(Value::percent(one.counts.attendance_shown())),
                Cell::whole(one.counts.attended()),
                Cell::whole(one.counts.possible()),
                Cell::whole(one.counts.authorised),
                Cell::whole(one.counts.unauthorised),
                Cell::whole(one.counts.late_total()),
                Cell::whole(one.counts.missing),
                Cell::text_or_blank(flag(one)),
            ]
        },
    );
    Table {
        title: "Pupils".to_owned(),
        ..table
    }
}

/// Whether an absence is persistent or severe over all sessions of the period.
fn flag(one: &Standing) -> Option<&'static str> {
    match (one.whole.persistent(), one.whole.severe()) {
        (_, Some(true)) => Some("severe"),
        (Some(true), _) => Some("persistent"),
        _ => None,
    }
}

/// Whose figure it is, in words.
fn name_of(book: &Book, who: Who) -> String {
    match who {
        Who::School => "the school".to_owned(),
        Who::Group(id) => book
            .groups
            .group(id)
            .map_or(String::new(), |group| group.name.clone()),
        Who::InNo(kind) => format!("pupils in no {}", kind.label().to_lowercase()),
        Who::Having(answer) => answer.label().to_owned(),
        Who::Pupil(id) => book
            .roll
            .pupil(id)
            .map_or(String::new(), |pupil| pupil.called()),
        Who::Enrolment(id) => {
            let row = book.roll.row(id);
            let enrolment = row.map(|row| &book.roll.enrolments[row]);
            let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
            match (pupil, enrolment) {
                (Some(pupil), Some(enrolment)) => format!(
                    "{}, on roll from {}",
                    pupil.called(),
                    enrolment.starting_day.long()
                ),
                _ => String::new(),
            }
        }
    }
}

/// The pupil that a figure is about, if it is about one.
fn one_pupil(book: &Book, who: Who) -> Option<PupilId> {
    match who {
        Who::Pupil(pupil) => Some(pupil),
        Who::Enrolment(id) => Some(book.roll.enrolments[book.roll.row(id)?].pupil),
        _ => None,
    }
}

/// How the figure comes about, line by line.
fn parts(counts: &Counts) -> Facts {
    let line = |term: &'static str, fact: String| (term.into(), fact.into());
    let some =
        |number: u32, words: &str| (number > 0).then(|| format!("{} {words}", grouped(number)));
    let listed = |whole: u32, parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let parts = parts.join(", ");
        let joint = if parts.is_empty() { "" } else { ": " };
        format!("{}{joint}{parts}", grouped(whole))
    };
    let mut facts = vec![
        line(
            "Attended",
            listed(
                counts.attended(),
                [
                    some(counts.present_on_time, "on time"),
                    some(counts.late_before_close, "late before the register closed"),
                    some(
                        counts.approved_educational_activity,
                        "at an approved educational activity",
                    ),
                ],
            ),
        ),
        line(
            "Absent",
            listed(
                counts.absent(),
                [
                    some(counts.authorised, "authorised"),
                    some(counts.unauthorised, "unauthorised"),
                    some(
                        counts.late_after_close,
                        "of these late after the register closed",
                    ),
                ],
            ),
        ),
        line(
            "Possible",
            format!(
                "{}: attended and absent together",
                grouped(counts.possible())
            ),
        ),
    ];
    if let (Some(attendance), Some(absence)) = (counts.attendance_shown(), counts.absence_shown()) {
        let share = |part: u32, percent: String| {
            format!(
                "{} ÷ {} = {percent}%",
                grouped(part),
                grouped(counts.possible())
            )
        };
        facts.push(line("Attendance", share(counts.attended(), attendance)));
        facts.push(line("Absence", share(counts.absent(), absence)));
    }
    Facts { facts }
}

/// Where the figure stands against the definitions.
fn standing_facts(
    book: &Book,
    figure: &Figure,
    single: bool,
    named: bool,
) -> Result<Facts, Refusal> {
    let tally = &figure.tally;
    let line = |term: &'static str, fact: String| (term.into(), fact.into());
    let mut facts = Vec::new();
    if single {
        let says = |answer: Option<bool>, share: &str| match answer {
            Some(true) => format!(
                "yes: {} of {} is {share} or more",
                tally.counts.absent(),
                tally.counts.possible()
            ),
            Some(false) => format!(
                "no: {} of {} is less than {share}",
                tally.counts.absent(),
                tally.counts.possible()
            ),
            None => "cannot be said without possible sessions".to_owned(),
        };
        facts.push(line(
            "Persistent absence",
            says(tally.counts.persistent(), "a tenth"),
        ));
        facts.push(line("Severe absence", says(tally.counts.severe(), "half")));
        if let Some(band) = band_name(book, figure)? {
            facts.push(line("Band", band));
        }
    } else {
        let number = |number: u32, shown: Option<String>| {
            if !named && (1..FEWEST).contains(&number) {
                "<5 pupils".to_owned()
            } else {
                let share = shown.map_or(String::new(), |shown| format!(", {shown}%"));
                format!("{number} of {}{share}", tally.counted)
            }
        };
        facts.push(line(
            "Times on roll",
            format!(
                "{}, of them with possible sessions {}",
                tally.enrolments, tally.counted
            ),
        ));
        facts.push(line(
            "Persistent absence",
            number(tally.persistent, tally.persistent_shown()),
        ));
        facts.push(line(
            "Severe absence",
            number(tally.severe, tally.severe_shown()),
        ));
    }
    Ok(Facts { facts })
}

/// The figure in one paragraph, to put into a report.
fn in_words(name: &str, figure: &Figure, about: &[(String, String)]) -> String {
    let counts = figure.counts();
    let mut words = match counts.attendance_shown() {
        Some(percent) => format!(
            "Attendance of {name}: {percent}%, {} of {} possible sessions attended. Absent {} (authorised {}, unauthorised {}). Late {} (before the register closed {}, after {}).",
            counts.attended(),
            counts.possible(),
            counts.absent(),
            counts.authorised,
            counts.unauthorised,
            counts.late_total(),
            counts.late_before_close,
            counts.late_after_close,
        ),
        None => format!("Attendance of {name}: no possible sessions."),
    };
    for one in &figure.excluded {
        let Excluded { what, rule, .. } = one;
        words.push_str(&format!(" Not counted: {} {what} ({rule}).", one.counted()));
    }
    for (term, fact) in about {
        words.push_str(&format!(" {term}: {fact}."));
    }
    words
}

#[derive(Template)]
#[template(path = "insight/why.html")]
struct WhyPage {
    frame: Frame,
    heading: String,
    name: String,
    pupil: Option<PupilId>,
    parts: Facts,
    standing: Option<Facts>,
    excluded: Vec<Excluded>,
    about: Vec<(String, String)>,
    words: String,
    rules: Vec<Cited>,
    classes: Vec<OfClass>,
    table: Option<TableView>,
    /// Why fewer pupils are listed than counted.
    unlisted: Option<String>,
    filter: Filter,
    whole: Option<String>,
    exports: crate::shell::Under,
}

/// The parts of an answer before it is a page.
struct Answered<'a> {
    reckoning: Reckoning<'a>,
    question: Question,
    standings: Vec<Standing>,
    figure: Figure,
}

fn answer<'a>(
    book: &'a Book,
    sight: &Sight,
    form: &Form,
    now: calendar::Instant,
) -> Result<Answered<'a>, Refusal> {
    let who = Who::from_key(&form.who).ok_or(Refusal::NotFound)?;
    // Whether there is such a pupil is not told by way of a wrong period either.
    if let Some(pupil) = one_pupil(book, who).or(match who {
        Who::Pupil(pupil) => Some(pupil),
        _ => None,
    }) && (!sight.covers(pupil) || book.roll.pupil(pupil).is_none())
    {
        return Err(Refusal::NotFound);
    }
    if matches!(who, Who::Enrolment(id) if book.roll.row(id).is_none()) {
        return Err(Refusal::NotFound);
    }
    let question = form.question(who)?;
    let reckoning = Reckoning::new(book, &question, now)?;
    let standings = reckoning.standings(who);
    let single = one_pupil(book, who).is_some();
    if !single && !sight.sees(book, who, &standings) {
        return Err(Refusal::NotFound);
    }
    if !single && withheld(&reckoning, sight, who, &standings) {
        return Err(Refusal::NotAllowed(
            "These are too few pupils to tell of without naming them (B-520). Ask for a larger group.".to_owned(),
        ));
    }
    let figure = reckoning.figure(who);
    Ok(Answered {
        reckoning,
        question,
        standings,
        figure,
    })
}

impl Answered<'_> {
    /// The sessions of the pupil whose figure it is, as far as the page was asked for them.
    fn marks(&self, pupil: Option<PupilId>, form: &Form) -> Vec<(Slot, MarkByte)> {
        let rows = self.standings.iter().filter(|_| pupil.is_some());
        let marks = rows.flat_map(|one| self.reckoning.marks(one.row));
        let mut marks: Vec<(Slot, MarkByte)> = marks
            .filter(|(_, mark)| belongs(*mark, &form.class))
            .collect();
        marks.sort_by_key(|(slot, _)| *slot);
        marks
    }

    /// What the figure was made from: a pupil's sessions, or the pupils who may be named.
    fn table(
        &self,
        pupil: Option<PupilId>,
        marks: &[(Slot, MarkByte)],
        sight: &Sight,
        form: &Form,
    ) -> Table {
        let (reckoning, question) = (&self.reckoning, &self.question);
        let mut table = match pupil {
            Some(_) => session_table(marks, form),
            None => pupil_table(reckoning, sight, question, &self.standings, form),
        };
        table.about = about(reckoning);
        if let Some(only) = question.only {
            let only = format!("{} {}", only.weekday.name(), only.session);
            table.about.push(("Only".to_owned(), only));
        }
        table
    }
}

/// Errors: [`Refusal::NotFound`] for somebody who sees neither marks nor figures.
fn must_see_figures(actor: &Actor) -> Result<(), Refusal> {
    let may = actor.may(Access::Read, RecordKind::AttendanceMarks)
        || actor.may(Access::Aggregate, RecordKind::AggregateReports);
    may.then_some(()).ok_or(Refusal::NotFound)
}

/// `/why?who=…` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see_figures(wanted.actor)?;
    let form = wanted.query::<Form>()?.whole();
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let answered = answer(&book, &sight, &form, wanted.office.now())?;
    let pupil = one_pupil(&book, answered.question.who);
    let marks = answered.marks(pupil, &form);
    let table = answered.table(pupil, &marks, &sight, &form);
    Ok(match pupil {
        // Its rows are sessions and name nobody; they are that pupil's all the same.
        Some(pupil) => table.leaving("sessions", today).naming([pupil]),
        None => table.leaving("figure", today),
    })
}

/// `GET /why?who=…`: the page, or beside another page the drawer, behind any figure.
pub async fn why(desk: Desk, Query(form): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see_figures(actor)?;
        let now = here.office.now();
        let sight = Sight::of(tx, actor, now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let answered = answer(&book, &sight, &form, now)?;
        let frame = here.frame(tx, actor, "Why")?;
        let Answered { reckoning, question, standings, figure } = &answered;
        let who = question.who;
        let pupil = one_pupil(&book, who);
        let marks = answered.marks(pupil, &form);
        let table = answered.table(pupil, &marks, &sight, &form);
        let usual = if pupil.is_some() { "day" } else { "attendance" };
        let facts = table.about.clone();
        let today: Day = reckoning.today();
        let name = name_of(&book, who);
        let named = sight.covers_all(&book, standings);
        let sort = if form.sort.is_empty() { usual } else { &form.sort };
        let unlisted = (pupil.is_none() && form.show.is_empty() && table.all < standings.len()).then(|| {
            if table.all == 0 {
                "Your role sees figures, not the pupils behind them.".to_owned()
            } else {
                format!("{} of the {} counted are listed: the others are not within what your role may see.", table.all, standings.len())
            }
        });
        let standing = match question.only {
            Some(_) => None,
            None => Some(standing_facts(&book, figure, pupil.is_some(), named)?),
        };
        let mut numbers = vec!["R-202", "R-203", "R-204", "R-205", "R-207", "R-209", "R-210", "R-211"];
        if pupil.is_none() {
            numbers.extend(["R-213", "R-214", "R-215"]);
        }
        numbers.extend(figure.excluded.iter().map(|one| one.rule));
        Ok(Page(WhyPage {
            frame,
            heading: figure.counts().attendance_shown().map_or_else(
                || "Why is there no percentage?".to_owned(),
                |percent| format!("Why is this {percent}%?"),
            ),
            pupil,
            parts: parts(figure.counts()),
            standing,
            excluded: figure.excluded.clone(),
            words: in_words(&name, figure, &facts),
            name,
            about: facts,
            rules: cited(&numbers),
            classes: pupil.map_or_else(Vec::new, |pupil| by_class(&marks, pupil)),
            unlisted,
            filter: Filter::of_period("/why", &form, &book, today),
            whole: (!form.class.is_empty() || !form.show.is_empty())
                .then(|| form.link("/why", &[("class", ""), ("show", "")])),
            exports: crate::shell::Under {
                exports: crate::shell::Exports::usual(&form.link("/why", &[])),
                ..Default::default()
            },
            table: (pupil.is_none() && !table.rows.is_empty())
                .then(|| table.view("/why", &form, sort, "pupils").without_exports()),
        })
        .into_response())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Session;

    #[test]
    fn every_code_counts_as_something_and_every_class_is_listed() {
        for row in register::code_rows() {
            let mark = MarkByte::of(row);
            let slot = Slot::new(row.from, Session::Am);
            let listed = by_class(&[(slot, mark)], PupilId(1));
            assert_eq!(listed.len(), 1, "{} {}", row.code, row.period());
            assert!(belongs(mark, ""));
            assert_eq!(
                belongs(mark, "possible"),
                belongs(mark, "attended") || belongs(mark, "absent")
            );
        }
        assert_eq!(
            by_class(
                &[(
                    Slot::new("2026-09-03".parse().expect("a day"), Session::Am),
                    MarkByte::MISSING
                )],
                PupilId(1)
            )
            .len(),
            1
        );
    }
}
