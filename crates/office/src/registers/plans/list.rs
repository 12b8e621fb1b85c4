//! Plans in lists: in force, falling due, drifting, ended; of the school, of a pupil, and as lines of somebody's first page.

use std::collections::BTreeMap;

use calendar::{Day, Instant, SchoolCalendar, Slot};
use register::plan::{Drift, FallsDue, PlanKind, drift, falls_due};

use super::PlanReader;
use crate::book::{Book, GroupKind, PlanOnFile};
use crate::ids::PupilId;
use crate::insight::table::{Cell, Heading, Order, Table, Value};
use crate::insight::{Form, Opened};
use crate::people::Reach;
use crate::year::settings::{SettingError, session_times};

/// What falls due within so many school days is told.
pub(super) const TOLD_AHEAD: usize = 5;

/// So many school days back marks are held against plans.
const DRIFT_BACK: usize = 20;

/// A plan with whose it is.
pub(super) struct Line<'b> {
    pub on_file: &'b PlanOnFile,
    pub row: usize,
    pub pupil: PupilId,
    pub name: String,
    pub in_order: u32,
}

/// A mark that does not agree with a plan.
pub(super) struct DriftLine<'b> {
    pub line: Line<'b>,
    pub slot: Slot,
    pub mark: String,
    pub drift: Drift,
}

/// The plans of pupils within reach.
pub(super) fn lines<'b>(book: &'b Book, reach: &Reach) -> Vec<Line<'b>> {
    let all = book.plans.all().iter();
    all.filter_map(|on_file| line(book, on_file))
        .filter(|line| reach.covers(line.pupil))
        .collect()
}

pub(super) fn line<'b>(book: &'b Book, on_file: &'b PlanOnFile) -> Option<Line<'b>> {
    let row = book.roll.row(on_file.enrolment)?;
    let pupil = book.roll.pupil_of_row(row)?;
    Some(Line {
        on_file,
        row,
        pupil: pupil.id,
        name: pupil.listed(),
        in_order: pupil.in_order,
    })
}

/// What falls due on a plan soon.
pub(super) fn due(on_file: &PlanOnFile, today: Day, calendar: &SchoolCalendar) -> Vec<FallsDue> {
    falls_due(&on_file.plan, today, calendar, TOLD_AHEAD)
}

/// Marks of the last school days that do not agree with plans, newest first.
///
/// Errors: session times cannot be read.
pub(super) fn drifts<'b>(
    book: &'b Book,
    reach: &Reach,
    now: Instant,
) -> Result<Vec<DriftLine<'b>>, SettingError> {
    let (today, _) = now.in_london();
    let opened = Opened::by(&session_times(&book.settings, today)?, now);
    let days = book
        .calendar
        .school_days_between(today.plus_days(-70), today);
    let first = days[days.len().saturating_sub(DRIFT_BACK)..]
        .first()
        .copied();
    let slots = book.calendar.slots(first.unwrap_or(today), today);
    let mut planned: BTreeMap<usize, PupilId> = BTreeMap::new();
    for line in lines(book, reach) {
        planned.insert(line.row, line.pupil);
    }
    let mut found = Vec::new();
    for row in planned.into_keys() {
        let plans = book.plans.of(book.roll.enrolments[row].id);
        for slot in slots.iter().filter(|slot| opened.has(**slot)) {
            let mark = book.mark(row, *slot);
            let Some(code) = mark.code().filter(|_| !mark.is_planned()) else {
                continue;
            };
            if let Some((drift, on_file)) = drift(plans, *slot, code)
                && let Some(line) = line(book, on_file)
            {
                found.push(DriftLine {
                    line,
                    slot: *slot,
                    mark: code.to_string(),
                    drift,
                });
            }
        }
    }
    found.sort_by_key(|one| (std::cmp::Reverse(one.slot), one.line.in_order));
    Ok(found)
}

/// What somebody who keeps plans is told on their first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlansToday {
    /// Plans on which something falls due within five school days.
    pub due: usize,
    /// The soonest of it, in words: `ends Fri 27 Nov`.
    pub soonest: Option<String>,
    /// Marks of the last school days that do not agree with a plan.
    pub drifts: usize,
}

/// What is to be looked at in the plans of the school. The warning comes before an end, never after.
///
/// Errors: session times cannot be read.
pub fn plans_today(book: &Book, now: Instant) -> Result<PlansToday, SettingError> {
    let (today, _) = now.in_london();
    let mut falling: Vec<FallsDue> = book
        .plans
        .all()
        .iter()
        .filter_map(|on_file| due(on_file, today, &book.calendar).first().copied())
        .collect();
    falling.sort_by_key(|due| due.on());
    Ok(PlansToday {
        due: falling.len(),
        soonest: falling.first().map(FallsDue::to_string),
        drifts: drifts(book, &Reach::School, now)?.len(),
    })
}

/// Which plans a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Now,
    Due,
    Drift,
    Ended,
}

impl Show {
    pub(super) const ALL: [Show; 4] = [Show::Now, Show::Due, Show::Drift, Show::Ended];

    pub(super) fn key(self) -> &'static str {
        match self {
            Show::Now => "",
            Show::Due => "due",
            Show::Drift => "drift",
            Show::Ended => "ended",
        }
    }

    pub(super) fn of(key: &str) -> Show {
        let found = Show::ALL.into_iter().find(|show| show.key() == key);
        found.unwrap_or(Show::Now)
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Show::Now => "In force and to come",
            Show::Due => "Falling due",
            Show::Drift => "Drift",
            Show::Ended => "Ended",
        }
    }

    /// Whether a plan is in this list on this day.
    pub(super) fn takes(self, on_file: &PlanOnFile, today: Day, calendar: &SchoolCalendar) -> bool {
        match self {
            Show::Now => today <= on_file.plan.last,
            Show::Due => !due(on_file, today, calendar).is_empty(),
            Show::Ended => on_file.plan.last < today,
            Show::Drift => false,
        }
    }
}

/// Plans as a table for screen, print and file. Those who read plans whole see more of them.
pub(super) fn table(
    book: &Book,
    form: &Form,
    lines: Vec<Line<'_>>,
    today: Day,
    reader: &PlanReader,
) -> Table {
    let mut headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("kind", "Plan"),
        Heading::words("code", "Code"),
        Heading::words("first", "From"),
        Heading::words("last", "To"),
        Heading::words("due", "Falls due"),
        Heading::words("sessions", "Sessions"),
    ];
    if reader.reads_any() {
        headings.push(Heading::words("place", "Where"));
        headings.push(Heading::words("reason", "Reason"));
        headings.push(Heading::words("decided", "Decided by"));
    }
    let tutor = |line: &Line| {
        let day = today.clamp(line.on_file.plan.first, line.on_file.plan.last);
        let group = book
            .groups
            .of_kind(line.on_file.enrolment, GroupKind::Tutor, day);
        group.map(|group| group.name.clone())
    };
    let falls = |line: &Line| due(line.on_file, today, &book.calendar);
    let mut table = Table::asked(
        form,
        "last",
        headings,
        lines,
        |line, column| {
            let plan = &line.on_file.plan;
            match column {
                "tutor" => tutor(line).map_or(Order::Nothing(0), |name| Order::words(&name)),
                "kind" => Order::words(plan.kind.name()),
                "code" => Order::words(&plan.code.to_string()),
                "first" => Value::Day(plan.first).order(),
                "last" => Value::Day(plan.last).order(),
                "sessions" => Order::words(&plan.sessions.in_words()),
                "due" => falls(line)
                    .first()
                    .map_or(Order::Nothing(0), |due| Value::Day(due.on()).order()),
                // What a person may not read must not show in the order either.
                "place" | "reason" | "decided" if !reader.reads(plan.kind, line.pupil) => {
                    Order::Nothing(0)
                }
                "place" => Order::words(plan.place.as_deref().unwrap_or("")),
                "reason" => Order::words(&plan.reason),
                "decided" => Order::words(&plan.decided_by),
                _ => Order::Number(line.in_order.into()),
            }
        },
        |line| {
            let plan = &line.on_file.plan;
            let falls: Vec<String> = falls(line).iter().map(FallsDue::to_string).collect();
            let kind = Cell::text(plan.kind.name());
            let whole = reader.reads(plan.kind, line.pupil);
            let mut cells = vec![
                Cell::text(line.name.clone())
                    .to(format!("/pupils/{}", line.pupil))
                    .naming(line.pupil),
                Cell::text_or_blank(tutor(line).as_deref()),
                match whole {
                    true => kind.to(format!("/plans/{}", line.on_file.id)),
                    false => kind,
                },
                Cell::text(plan.code.to_string()),
                Cell::of(Value::Day(plan.first)),
                Cell::of(Value::Day(plan.last)),
                Cell {
                    loud: !falls.is_empty(),
                    ..Cell::text_or_blank((!falls.is_empty()).then(|| falls.join("; ")).as_deref())
                },
                Cell::text(plan.sessions.in_words()),
            ];
            if reader.reads_any() {
                let own = |text: Option<&str>| Cell::text_or_blank(text.filter(|_| whole));
                cells.push(own(plan.place.as_deref()));
                cells.push(own(Some(&plan.reason)));
                cells.push(own(Some(&plan.decided_by)));
            }
            cells
        },
    );
    table.title = "Plans".to_owned();
    table
}

/// Marks that do not agree with plans, as a table.
pub(super) fn drift_table(form: &Form, drifts: Vec<DriftLine<'_>>, reader: &PlanReader) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("mark", "Mark"),
        Heading::words("code", "Planned"),
        Heading::words("kind", "Plan"),
        Heading::words("drift", "What is off"),
    ];
    let mut table = Table::asked(
        form,
        "-day",
        headings,
        drifts,
        |one, column| match column {
            "day" => Value::Day(one.slot.day).order(),
            "session" => Order::words(&one.slot.session.to_string()),
            "mark" => Order::words(&one.mark),
            "code" => Order::words(&one.line.on_file.plan.code.to_string()),
            "kind" => Order::words(one.line.on_file.plan.kind.name()),
            "drift" => Order::words(one.drift.words()),
            _ => Order::Number(one.line.in_order.into()),
        },
        |one| {
            let plan = &one.line.on_file.plan;
            let why = format!(
                "/why/{}/{}/{}",
                one.line.pupil, one.slot.day, one.slot.session
            );
            vec![
                Cell::text(one.line.name.clone())
                    .to(format!("/pupils/{}", one.line.pupil))
                    .naming(one.line.pupil),
                Cell::of(Value::Day(one.slot.day)),
                Cell::text(one.slot.session.to_string()),
                Cell::text(one.mark.clone()).why(why),
                Cell::text(plan.code.to_string()),
                match reader.reads(plan.kind, one.line.pupil) {
                    true => {
                        Cell::text(plan.kind.name()).to(format!("/plans/{}", one.line.on_file.id))
                    }
                    false => Cell::text(plan.kind.name()),
                },
                Cell::text(one.drift.words()),
            ]
        },
    );
    table.title = "Drift from plans".to_owned();
    table
}

/// The plans of one pupil, newest first day first, and how many; over all their times on roll.
pub(crate) fn plans_of_pupil(
    book: &Book,
    pupil: PupilId,
    form: &Form,
    today: Day,
    reader: &PlanReader,
) -> Table {
    let rows = book.roll.rows_of(pupil).iter();
    let lines: Vec<Line> = rows
        .flat_map(|row| book.plans.of(book.roll.enrolments[*row].id))
        .filter_map(|on_file| line(book, on_file))
        .collect();
    let form = Form {
        sort: match form.sort.is_empty() {
            true => "-first".to_owned(),
            false => form.sort.clone(),
        },
        ..form.clone()
    };
    let mut table = table(book, &form, lines, today, reader);
    // Whose they are stands in the head of the page, so the plan comes first.
    for row in &mut table.rows {
        row.drain(..2);
    }
    table.headings.drain(..2);
    table
}

/// The kinds to narrow a list to.
pub(super) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    PlanKind::ALL
        .into_iter()
        .map(|kind| (kind.key(), kind.name()))
}
