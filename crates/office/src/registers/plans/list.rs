//! Plans in lists: in force, falling due, ended; of the school, of a pupil, and as lines of somebody's first page.

use calendar::{Day, Instant, SchoolCalendar};
use register::plan::{FallsDue, PlanKind, falls_due};
use store::Tx;

use super::PlanReader;
use super::drift::drifts;
use crate::book::{Book, GroupKind, PlanOnFile};
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, Value};
use crate::people::Reach;
use crate::year::settings::{PlanWatch, SettingError, plan_watch};

/// A plan with whose it is.
pub(super) struct Line<'b> {
    pub on_file: &'b PlanOnFile,
    pub row: usize,
    pub pupil: PupilId,
    pub name: String,
    pub in_order: u32,
}

/// How plans are watched today: the school's calendar, and how far ahead it wants to be told.
pub(super) struct Watch<'b> {
    pub calendar: &'b SchoolCalendar,
    pub today: Day,
    pub watched: PlanWatch,
}

impl<'b> Watch<'b> {
    /// As the school has decided.
    ///
    /// Errors: the setting cannot be read.
    pub(super) fn of(book: &'b Book, today: Day) -> Result<Watch<'b>, SettingError> {
        Ok(Watch {
            calendar: &book.calendar,
            today,
            watched: plan_watch(&book.settings, today)?,
        })
    }

    /// What falls due on a plan soon.
    pub(super) fn due(&self, on_file: &PlanOnFile) -> Vec<FallsDue> {
        let ahead = usize::from(self.watched.told_ahead);
        falls_due(&on_file.plan, self.today, self.calendar, ahead)
    }
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

/// What somebody who keeps plans is told on their first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlansToday {
    /// Plans on which something falls due soon.
    pub due: usize,
    /// The soonest of it, in words: `ends Fri 27 Nov`.
    pub soonest: Option<String>,
    /// Marks of the last school days that do not agree with a plan, and with which nobody has dealt.
    pub drifts: usize,
}

/// What is to be looked at in the plans of the school. The warning comes before an end, never after.
///
/// Errors: a setting cannot be read; the database did not answer.
pub fn plans_today(tx: &mut Tx, book: &Book, now: Instant) -> Result<PlansToday, Refusal> {
    let (today, _) = now.in_london();
    let watch = Watch::of(book, today)?;
    let falls = |on_file| watch.due(on_file).first().copied();
    let mut falling: Vec<FallsDue> = book.plans.all().iter().filter_map(falls).collect();
    falling.sort_by_key(|due| due.on());
    Ok(PlansToday {
        due: falling.len(),
        soonest: falling.first().map(FallsDue::to_string),
        drifts: drifts(tx, book, &Reach::School, now)?.len(),
    })
}

/// Which plans a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Now,
    Due,
    Drift,
    Both,
    Ended,
}

impl Show {
    pub(super) const ALL: [Show; 5] = [Show::Now, Show::Due, Show::Drift, Show::Both, Show::Ended];

    pub(super) fn key(self) -> &'static str {
        match self {
            Show::Now => "",
            Show::Due => "due",
            Show::Drift => "drift",
            Show::Both => "both",
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
            Show::Both => "Both schools",
            Show::Ended => "Ended",
        }
    }

    /// Whether a plan is in this list on this day.
    pub(super) fn takes(self, on_file: &PlanOnFile, watch: &Watch<'_>) -> bool {
        match self {
            Show::Now => watch.today <= on_file.plan.last,
            Show::Due => !watch.due(on_file).is_empty(),
            Show::Ended => on_file.plan.last < watch.today,
            Show::Drift | Show::Both => false,
        }
    }
}

/// Plans as a table for screen, print and file. Those who read plans whole see more of them.
pub(super) fn table(
    book: &Book,
    form: &Form,
    lines: Vec<Line<'_>>,
    watch: &Watch<'_>,
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
        let day = watch
            .today
            .clamp(line.on_file.plan.first, line.on_file.plan.last);
        let group = book
            .groups
            .of_kind(line.on_file.enrolment, GroupKind::Tutor, day);
        group.map(|group| group.name.clone())
    };
    let falls = |line: &Line| watch.due(line.on_file);
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

/// The plans of one pupil, newest first day first, over all their times on roll.
///
/// Errors: the setting of how plans are watched cannot be read.
pub(crate) fn plans_of_pupil(
    book: &Book,
    pupil: PupilId,
    form: &Form,
    today: Day,
    reader: &PlanReader,
) -> Result<Table, SettingError> {
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
    let mut table = table(book, &form, lines, &Watch::of(book, today)?, reader);
    // Whose they are stands in the head of the page, so the plan comes first.
    for row in &mut table.rows {
        row.drain(..2);
    }
    table.headings.drain(..2);
    Ok(table)
}

/// The kinds to narrow a list to.
pub(super) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    PlanKind::ALL
        .into_iter()
        .map(|kind| (kind.key(), kind.name()))
}
