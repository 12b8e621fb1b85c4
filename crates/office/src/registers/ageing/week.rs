//! The weekly report of marks without a reason, for tutors and those who lead a year: who, how often lately, on which days of the week,
//! and how long there is to find out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Weekday};
use columns::MarkByte;
use register::Code;
use store::Tx;
use welfare::Rule;

use super::{Unexplained, unexplained};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, TableView, Value};
use crate::messages::staff::{Kind as Mail, Post, last_report};
use crate::people::{Access, Place, Reach, RecordKind};
use crate::registers::bulk::keeps_all_registers;
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};

/// Days of four weeks, and of twelve.
const WEEKS: [i32; 2] = [4 * 7, 12 * 7];

/// A pupil of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InWeek {
    /// The pupil.
    pub pupil: PupilId,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// Sessions of this week whose `N` stands.
    pub this_week: u32,
    /// Sessions of earlier weeks whose `N` stands.
    pub earlier: u32,
    /// The first day by which a reason is to be found, of those still to come; none where all have passed.
    pub reason_by: Option<Day>,
    /// School days until then, today not among them.
    pub days_left: Option<u32>,
    /// Sessions with `N` or `O` in the four weeks up to today, and in the twelve.
    pub lately: [u32; 2],
    /// Those of the twelve weeks by day of the week, from Monday.
    pub by_weekday: [u32; 7],
    in_order: u32,
}

/// Every pupil within reach of whom an `N` of this week or an earlier one stands.
///
/// Rule: E-026. Weeks begin on Monday. What has been explained since is no `N` any more; counts over weeks take `O` in, which is what becomes
/// of an `N` that nobody could explain.
pub fn in_week(book: &Book, reach: &Reach, today: Day) -> Vec<InWeek> {
    let monday = monday_of(today);
    let mut by_pupil: BTreeMap<EnrolmentId, Vec<Unexplained>> = BTreeMap::new();
    for one in unexplained(book, reach, today) {
        by_pupil.entry(one.enrolment).or_default().push(one);
    }
    let counted: Vec<MarkByte> = (0..=u8::MAX)
        .filter_map(MarkByte::from_byte)
        .filter(|mark| {
            let code = mark.code();
            (code == Some(Code::NO_REASON_YET) || code == Some(Code::UNAUTHORISED))
                && !mark.is_planned()
        })
        .collect();
    let found = by_pupil.into_iter().filter_map(|(enrolment, marks)| {
        let first = marks.first()?;
        let days = lately(book, enrolment, &counted, today);
        let reason_by = marks
            .iter()
            .filter_map(|one| one.last_day)
            .filter(|day| *day >= today)
            .min();
        let this_week = marks.iter().filter(|one| one.slot.day >= monday).count() as u32;
        let mut by_weekday = [0; 7];
        for day in &days {
            by_weekday[day.weekday() as usize] += 1;
        }
        Some(InWeek {
            pupil: first.pupil,
            enrolment,
            this_week,
            earlier: marks.len() as u32 - this_week,
            reason_by,
            days_left: reason_by.map(|day| match day > today {
                true => book.calendar.school_days_between(today.next(), day).len() as u32,
                false => 0,
            }),
            lately: WEEKS.map(|back| {
                days.iter()
                    .filter(|day| **day > today.plus_days(-back))
                    .count() as u32
            }),
            by_weekday,
            in_order: first.in_order,
        })
    });
    let mut found: Vec<InWeek> = found.collect();
    found.sort_by_key(|one| one.in_order);
    found
}

/// The day of each session with one of these marks in the last twelve weeks.
fn lately(book: &Book, enrolment: EnrolmentId, counted: &[MarkByte], today: Day) -> Vec<Day> {
    let first = today.plus_days(1 - WEEKS[1]);
    let mut days = Vec::new();
    for year in book.years() {
        let Some(row) = book.roll.row(enrolment) else {
            continue;
        };
        let marks = year.matrix.marks(row);
        days.extend(
            marks
                .filter(|(slot, mark)| {
                    (first..=today).contains(&slot.day) && counted.contains(mark)
                })
                .map(|(slot, _)| slot.day),
        );
    }
    days
}

#[derive(Template)]
#[template(path = "registers/ageing/week.html")]
struct WeekPage {
    frame: Frame,
    monday: String,
    table: TableView,
    empty: State,
    rules: Vec<&'static Rule>,
    /// What became of the report that was sent last, and why none is sent, for whoever may send it.
    sent: Option<String>,
    closed: Option<&'static str>,
    may_send: bool,
}

/// `/unexplained/week`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Registers.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let rows = table(&book, &asked, in_week(&book, &reach, today), today);
        let sort = match asked.sort.is_empty() {
            true => "tutor",
            false => asked.sort.as_str(),
        };
        let may_send = keeps_all_registers(actor);
        let (sent, closed) = match may_send {
            true => {
                let post = Post::of(&here.office, tx, actor.school, today, Mail::Week)?;
                (last_report(tx, actor.school)?, post.closed())
            }
            false => (None, None),
        };
        let page = WeekPage {
            sent,
            closed,
            may_send,
            frame: here.frame(tx, actor, "Not explained this week")?,
            monday: monday_of(today).long(),
            table: rows.view("/unexplained/week", &asked, sort, "pupils"),
            empty: State::empty(
                "None",
                "No N of this week or an earlier one stands that your role may see.",
            ),
            rules: ["E-026", "E-022"]
                .into_iter()
                .filter_map(welfare::rule)
                .collect(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The pupils as a table, tutor group by tutor group.
fn table(book: &Book, form: &Form, pupils: Vec<InWeek>, today: Day) -> Table {
    let name = |one: &InWeek| {
        let pupil = book.roll.pupil(one.pupil);
        pupil.map(|pupil| pupil.listed()).unwrap_or_default()
    };
    let group = |one: &InWeek, kind| {
        let group = book.groups.of_kind(one.enrolment, kind, today);
        group.map(|group| group.name.clone())
    };
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("year", "Year"),
        Heading::words("tutor", "Tutor group"),
        Heading::number("week", "N this week", "sessions"),
        Heading::number("earlier", "N from before", "sessions"),
        Heading::words("until", "Reason by"),
        Heading::number("left", "Left", "school days"),
        Heading::number("four", "N or O in 4 weeks", "sessions"),
        Heading::number("twelve", "In 12 weeks", "sessions"),
        Heading::words("days", "On which days, 12 weeks"),
    ];
    let mut table =
        Table::asked(
            form,
            "tutor",
            headings,
            pupils,
            |one, column| match column {
                "year" => group(one, GroupKind::Year)
                    .map_or(Order::Nothing(0), |name| Order::words(&name)),
                "tutor" => group(one, GroupKind::Tutor)
                    .map_or(Order::Nothing(0), |name| Order::words(&name)),
                "week" => Order::Number(one.this_week.into()),
                "earlier" => Order::Number(one.earlier.into()),
                "until" | "left" => one
                    .reason_by
                    .map_or(Order::Nothing(0), |day| Value::Day(day).order()),
                "four" => Order::Number(one.lately[0].into()),
                "twelve" | "days" => Order::Number(one.lately[1].into()),
                _ => Order::Number(one.in_order.into()),
            },
            |one| {
                vec![
                    Cell::text(name(one))
                        .naming(one.pupil)
                        .to(format!("/pupils/{}", one.pupil)),
                    Cell::text_or_blank(group(one, GroupKind::Year).as_deref()),
                    Cell::text_or_blank(group(one, GroupKind::Tutor).as_deref()),
                    Cell::whole(one.this_week),
                    Cell::whole(one.earlier),
                    match one.reason_by {
                        Some(day) => Cell::of(Value::Day(day)),
                        None => Cell {
                            loud: true,
                            ..Cell::text("past: O is proposed")
                        },
                    },
                    one.days_left
                        .map_or_else(|| Cell::of(Value::Blank), Cell::whole),
                    Cell::whole(one.lately[0]),
                    Cell::whole(one.lately[1]),
                    Cell::text(days_in_words(&one.by_weekday)),
                ]
            },
        );
    table.title = "Not explained this week".to_owned();
    table
}

/// `Mon 4, Fri 2`: the most frequent first.
fn days_in_words(by_weekday: &[u32; 7]) -> String {
    let mut days: Vec<(Weekday, u32)> = Weekday::ALL.into_iter().zip(*by_weekday).collect();
    days.retain(|(_, count)| *count > 0);
    days.sort_by_key(|(weekday, count)| (Reverse(*count), *weekday));
    let each = days
        .iter()
        .map(|(weekday, count)| format!("{} {count}", weekday.short()));
    each.collect::<Vec<_>>().join(", ")
}

fn monday_of(day: Day) -> Day {
    day.plus_days(-(day.weekday() as i32))
}

/// `/unexplained/week` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let asked = wanted.query::<Form>()?.whole();
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
    let mut table = table(&book, &asked, in_week(&book, &reach, today), today);
    table.about = vec![
        (
            "List".to_owned(),
            format!("Not explained, week of {}", monday_of(today).long()),
        ),
        ("Made".to_owned(), today.long()),
        (
            "Made by".to_owned(),
            format!("{}, {}", actor.name, actor.job_title),
        ),
    ];
    Ok(table.leaving("not-explained-this-week", today))
}
