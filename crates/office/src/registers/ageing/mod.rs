//! Marks without a reason by their age: how long each `N` has stood, until when it may, and what is proposed after that.
//!
//! Nothing is changed here. What somebody ticks goes to the page that previews a change of many marks, and a person confirms it there:
//! `O` is proposed and never entered by itself (R-027, E-022).

mod week;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use calendar::{Day, SchoolCalendar, Slot};
use columns::MarkByte;
use register::closing::{NoReasonStanding, n_last_day, n_standing};
use register::{Code, Rule};
use store::Tx;

use super::bulk::{keeps_all_registers, place_in_words};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, TableView, Value};
use crate::people::{Access, Place, Reach, RecordKind};
use crate::shell::{Frame, Page, State, Tab, Tabs};
use crate::take_away::{Leaving, Wanted};

pub(super) use week::as_file as week_as_file;
pub use week::{InWeek, in_week};

/// The addresses of this folder.
pub(super) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/unexplained", get(list))
        .route("/unexplained/week", get(week::page))
}

/// An `N` that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The pupil.
    pub pupil: PupilId,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The session.
    pub slot: Slot,
    /// School days since, today among them: 0 on the day itself.
    pub age: u32,
    /// The fifth school day after it; none where the calendar does not reach so far.
    pub last_day: Option<Day>,
    /// Where it stands against that day.
    pub standing: Option<NoReasonStanding>,
    in_order: u32,
}

impl Unexplained {
    /// Whether `O` is proposed in its place: the last day has passed.
    pub fn is_overdue(&self) -> bool {
        self.standing
            .is_some_and(|standing| standing.proposed().is_some())
    }

    fn is_last_day(&self) -> bool {
        self.standing == Some(NoReasonStanding::LastDay)
    }
}

/// Every `N` that stands for a pupil within reach, the oldest first.
///
/// Rule: R-027, E-022. Units: school days; the day of the session does not count, today does.
pub fn unexplained(book: &Book, reach: &Reach, today: Day) -> Vec<Unexplained> {
    let no_reason: Vec<MarkByte> = (0..=u8::MAX)
        .filter_map(MarkByte::from_byte)
        .filter(|mark| mark.code() == Some(Code::NO_REASON_YET) && !mark.is_planned())
        .collect();
    let mut found = Vec::new();
    let mut by_day: BTreeMap<Day, (u32, Option<Day>, Option<NoReasonStanding>)> = BTreeMap::new();
    for year in book.years() {
        let whole = year.axis().period(|_| true);
        for (row, enrolment) in book.roll.enrolments.iter().enumerate() {
            // Counting is quicker than looking, and most have none.
            if !reach.covers(enrolment.pupil) || year.matrix.count(row, &whole).unauthorised == 0 {
                continue;
            }
            let in_order = book
                .roll
                .pupil(enrolment.pupil)
                .map_or(0, |pupil| pupil.in_order);
            let marks = year.matrix.marks(row);
            found.extend(
                marks
                    .filter(|(_, mark)| no_reason.contains(mark))
                    .map(|(slot, _)| {
                        let (age, last_day, standing) = *by_day
                            .entry(slot.day)
                            .or_insert_with(|| aged(&book.calendar, slot.day, today));
                        Unexplained {
                            pupil: enrolment.pupil,
                            enrolment: enrolment.id,
                            slot,
                            age,
                            last_day,
                            standing,
                            in_order,
                        }
                    }),
            );
        }
    }
    found.sort_by_key(|one| (one.slot, one.in_order));
    found
}

fn aged(
    calendar: &SchoolCalendar,
    day: Day,
    today: Day,
) -> (u32, Option<Day>, Option<NoReasonStanding>) {
    let age = match day < today {
        true => calendar.school_days_between(day.next(), today).len() as u32,
        false => 0,
    };
    (
        age,
        n_last_day(calendar, day).ok(),
        n_standing(calendar, day, today).ok(),
    )
}

/// Which of them a page shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    All,
    LastDay,
    Overdue,
}

impl Show {
    const ALL: [Show; 3] = [Show::All, Show::LastDay, Show::Overdue];

    fn key(self) -> &'static str {
        match self {
            Show::All => "",
            Show::LastDay => "today",
            Show::Overdue => "overdue",
        }
    }

    fn of(key: &str) -> Show {
        let found = Show::ALL.into_iter().find(|show| show.key() == key);
        found.unwrap_or(Show::All)
    }

    fn label(self) -> &'static str {
        match self {
            Show::All => "All",
            Show::LastDay => "Last day today",
            Show::Overdue => "Past the fifth school day",
        }
    }

    fn takes(self, one: &Unexplained) -> bool {
        match self {
            Show::All => true,
            Show::LastDay => one.is_last_day(),
            Show::Overdue => one.is_overdue(),
        }
    }
}

/// What is written with an `O` in the place of an `N` that has stood too long.
const REASON: &str =
    "No reason was established within five school days (regulation 10 of SI 2024/208; R-027)";

#[derive(Template)]
#[template(path = "registers/ageing/list.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    table: TableView,
    empty: State,
    rules: Vec<&'static Rule>,
    day_five: Option<&'static welfare::Rule>,
    may_change: bool,
    overdue: usize,
    reason: &'static str,
}

/// `/unexplained`.
async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Registers.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let show = Show::of(&asked.show);
        let all = unexplained(&book, &reach, today);
        let tabs = Show::ALL.map(|other| Tab {
            label: other.label().into(),
            href: asked
                .link("/unexplained", &[("show", other.key()), ("sort", "")])
                .into(),
            current: other == show,
            count: Some(all.iter().filter(|one| other.takes(one)).count() as u32),
        });
        let overdue = all.iter().filter(|one| one.is_overdue()).count();
        let may_change = keeps_all_registers(actor);
        let shown = all.into_iter().filter(|one| show.takes(one)).collect();
        let rows = table(&book, &asked, shown, may_change);
        let sort = match asked.sort.is_empty() {
            true => "-age",
            false => asked.sort.as_str(),
        };
        let page = ListPage {
            frame: here.frame(tx, actor, "Not yet explained")?,
            tabs: Tabs {
                name: "Not yet explained".into(),
                tabs: tabs.into(),
            },
            table: rows.view("/unexplained", &asked, sort, "marks"),
            empty: State::empty("None", "No N stands here that your role may see."),
            day_five: welfare::rule("E-022"),
            rules: ["R-026", "R-027"]
                .into_iter()
                .filter_map(register::rule)
                .collect(),
            may_change,
            overdue,
            reason: REASON,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The marks as a table. Those past their last day are ticked, for somebody who may change them.
fn table(book: &Book, form: &Form, shown: Vec<Unexplained>, ticks: bool) -> Table {
    let name = |one: &Unexplained| {
        let pupil = book.roll.pupil(one.pupil);
        pupil.map(|pupil| pupil.listed()).unwrap_or_default()
    };
    let tutor = |one: &Unexplained| {
        let group = book
            .groups
            .of_kind(one.enrolment, GroupKind::Tutor, one.slot.day);
        group.map(|group| group.name.clone())
    };
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::number("age", "Age", "school days"),
        Heading::words("until", "Reason by"),
        Heading::words("standing", "Standing"),
    ];
    let mut table = Table::asked(
        form,
        "-age",
        headings,
        shown,
        |one, column| match column {
            "tutor" => tutor(one).map_or(Order::Nothing(0), |name| Order::words(&name)),
            "day" => Value::Day(one.slot.day).order(),
            "session" => Order::Number(one.slot.session.index() as i64),
            "age" => Order::Number(one.age.into()),
            "until" | "standing" => one
                .last_day
                .map_or(Order::Nothing(0), |day| Value::Day(day).order()),
            _ => Order::Number(one.in_order.into()),
        },
        |one| {
            let why = format!("/why/{}/{}/{}", one.pupil, one.slot.day, one.slot.session);
            let place = place_in_words((one.enrolment, one.slot));
            let first = Cell::text(name(one))
                .naming(one.pupil)
                .to(format!("/pupils/{}", one.pupil));
            vec![
                match ticks {
                    true => first.ticked("place", place, one.is_overdue()),
                    false => first,
                },
                Cell::text_or_blank(tutor(one).as_deref()),
                Cell::of(Value::Day(one.slot.day)).why(why),
                Cell::text(one.slot.session.to_string()),
                Cell::whole(one.age),
                Cell::of(one.last_day.map_or(Value::Blank, Value::Day)),
                standing(one),
            ]
        },
    );
    table.title = "Not yet explained".to_owned();
    table
}

fn standing(one: &Unexplained) -> Cell {
    match one.standing {
        None => Cell::text("the calendar does not reach so far"),
        Some(NoReasonStanding::Open { .. }) => Cell::text("may still stand"),
        Some(NoReasonStanding::LastDay) => Cell {
            loud: true,
            ..Cell::text("last day today")
        },
        Some(NoReasonStanding::Overdue { .. }) => Cell {
            loud: true,
            ..Cell::text("past its day: O is proposed")
        },
    }
}

/// `/unexplained` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let asked = wanted.query::<Form>()?.whole();
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
    let show = Show::of(&asked.show);
    let mut shown = unexplained(&book, &reach, today);
    shown.retain(|one| show.takes(one));
    let mut table = table(&book, &asked, shown, false);
    table.about = vec![
        (
            "List".to_owned(),
            format!("Not yet explained: {}", show.label().to_lowercase()),
        ),
        ("Made".to_owned(), today.long()),
        (
            "Made by".to_owned(),
            format!("{}, {}", actor.name, actor.job_title),
        ),
    ];
    Ok(table.leaving("not-yet-explained", today))
}
