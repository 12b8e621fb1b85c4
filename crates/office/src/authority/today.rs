//! Pupils with a legal target, each with the marks of a day: first on the morning's board, and the daily feed for the authority's caseworker (E-031).

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Session, Slot};
use columns::MarkByte;
use exchange::Cell;
use register::{Class, Code};
use store::Tx;

use super::target::{Target, targets_on};
use super::who::reach;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::PupilId;
use crate::insight::table::counted;
use crate::people::{Access, Actor, Reach, RecordKind};
use crate::shell::{Exports, Face, Frame, MarkCell, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A pupil with a legal target on a day.
pub(crate) struct OfToday {
    pub(crate) pupil: PupilId,
    pub(crate) name: String,
    pub(crate) form: String,
    /// What runs, in words.
    pub(crate) target: String,
    pub(crate) caseworker: String,
    /// The marks of the day's sessions.
    pub(crate) marks: Vec<(Session, MarkCell)>,
    /// The same in words: `N, reason not yet provided`.
    words: Vec<(Session, String)>,
    /// Whether a session of the day has no authorised reason.
    pub(crate) is_absent: bool,
}

/// The pupils of these targets with the marks of a day, whoever is absent without an authorised reason first. Marks of a pupil whose marks this
/// person may not see are left out.
pub(crate) fn of_today(
    book: &Book,
    targets: &HashMap<PupilId, Vec<Target>>,
    sees_marks: impl Fn(PupilId) -> bool,
    day: Day,
) -> Vec<OfToday> {
    let slots = book.calendar.slots(day, day);
    let mut found = Vec::new();
    for (id, own) in targets {
        let Some(pupil) = book.roll.pupil(*id) else {
            continue;
        };
        let mut rows = book.roll.rows_of(*id).iter().copied();
        let Some(row) = rows.find(|row| book.roll.enrolments[*row].covers(day)) else {
            continue;
        };
        let form = book
            .groups
            .of_kind(book.roll.enrolments[row].id, GroupKind::Tutor, day);
        let seen: &[Slot] = match sees_marks(*id) {
            true => slots,
            false => &[],
        };
        let marks: Vec<(Slot, MarkByte)> = seen
            .iter()
            .map(|slot| (*slot, book.mark(row, *slot)))
            .filter(|(_, mark)| mark.is_session())
            .collect();
        let is_absent = marks.iter().any(|(_, mark)| {
            !mark.is_planned()
                && mark.class() == Some(Class::Unauthorised)
                && mark.code() != Some(Code::LATE_AFTER_CLOSE)
        });
        let words: Vec<String> = own.iter().map(Target::words).collect();
        let caseworkers = own.iter().filter_map(|one| one.caseworker.as_deref());
        let one = OfToday {
            pupil: *id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            target: words.join(", "),
            caseworker: caseworkers.collect::<Vec<_>>().join("; "),
            words: marks
                .iter()
                .map(|(slot, mark)| (slot.session, in_words(*mark)))
                .collect(),
            marks: marks
                .into_iter()
                .map(|(slot, mark)| (slot.session, cell(slot, mark)))
                .collect(),
            is_absent,
        };
        let kind = own.first().map(|one| one.kind);
        found.push(((!one.is_absent, kind, pupil.in_order), one));
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, one)| one).collect()
}

fn cell(slot: Slot, mark: MarkByte) -> MarkCell {
    let label = format!("{} {}", slot.day.short(), slot.session);
    match mark.code() {
        Some(code) => MarkCell {
            planned: mark.is_planned(),
            ..MarkCell::new(code.to_string(), Face::of(mark.row()), label)
        },
        None => MarkCell::none(label),
    }
}

/// `N, reason for absence not yet provided`; a plan says that it is one.
fn in_words(mark: MarkByte) -> String {
    match mark.row() {
        Some(row) if mark.is_planned() => format!("no mark yet, planned {}", row.code),
        Some(row) => format!("{}, {}", row.code, row.meaning),
        None => "no mark yet".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "authority/today.html")]
struct TodayPage {
    frame: Frame,
    day_words: String,
    before: Option<Day>,
    after: Option<Day>,
    lines: Vec<OfToday>,
    absent: usize,
    none: State,
    under: Under,
    rule: Option<&'static welfare::Rule>,
}

/// The pupils whose marks this person may see too.
fn sight(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Reach, Refusal> {
    if reach(tx, actor, Access::Read, today)?.is_nobody() {
        return Err(Refusal::NotFound);
    }
    Ok(actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?)
}

fn day_of(asked: &Answers, today: Day) -> Result<Day, Refusal> {
    let day = match asked.text("day") {
        "" => today,
        text => crate::form::day_from(text)
            .ok_or_else(|| Refusal::Wrong("This is no day. Write it as 2026-11-24.".to_owned()))?,
    };
    match day <= today {
        true => Ok(day),
        false => Err(Refusal::Wrong("That day is still to come.".to_owned())),
    }
}

/// `GET /legal-targets?day=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let marks = sight(tx, actor, today)?;
        let day = day_of(&asked, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let targets = targets_on(tx, actor, day, today)?;
        let lines = of_today(&book, &targets, |pupil| marks.covers(pupil), day);
        let after = book.calendar.next_school_day(day).ok();
        Ok(Page(TodayPage {
            frame: here.frame(tx, actor, "Legal targets")?,
            day_words: day.long(),
            before: book.calendar.previous_school_day(day),
            after: after.filter(|after| *after <= today),
            absent: lines.iter().filter(|line| line.is_absent).count(),
            none: State::empty(
                "Nobody",
                "No legal target runs on this day. One is entered at the pupil, under Legal targets.",
            ),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual(&format!("/legal-targets?day={day}")),
                ..Under::default()
            },
            lines,
            rule: welfare::rule("E-031"),
        })
        .into_response())
    })
    .await
}

/// `/legal-targets` as a file, for the authority's caseworker.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    let marks = sight(tx, wanted.actor, today)?;
    let day = day_of(&wanted.query::<Answers>()?, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let targets = targets_on(tx, wanted.actor, day, today)?;
    let lines = of_today(&book, &targets, |pupil| marks.covers(pupil), day);
    let headings = [
        "Pupil",
        "Tutor group",
        "Legal target",
        "At the authority",
        "Morning",
        "Afternoon",
    ];
    let mut sheet = wanted.sheet(tx, "Legal targets", &headings)?;
    sheet.about.push(("Day".to_owned(), day.long()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            let of = |session| {
                let own = line.words.iter().find(|(at, _)| *at == session);
                own.map_or("", |(_, words)| words.as_str())
            };
            [
                line.name.as_str(),
                &line.form,
                &line.target,
                &line.caseworker,
                of(Session::Am),
                of(Session::Pm),
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, day).naming(lines.iter().map(|line| line.pupil)))
}
