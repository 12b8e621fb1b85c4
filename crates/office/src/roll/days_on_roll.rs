//! Moving the first or the last day of a time on roll: what it does to marks and to every figure first, then by one act (R-002, R-218, R-219,
//!

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use calendar::{Day, Slot};
use register::{Code, Counts, meaning};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::groups::leave_all;
use super::record::TimeOnRoll;
use super::records::MEMBERSHIP;
use crate::book::{Book, GroupKind, YearMarks};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::Actor;
use crate::registers::{
    first_attended, marks_after, marks_before, present_on, take_back_after, take_back_before,
};
use crate::shell::{Frame, page};

const BEGUN_WITH: &str = "\
select membership_id, group_id, enrolment_id, to_day from membership
where school_id = $1 and enrolment_id = $2 and from_day = $3 and superseded_seq is null";

/// The act by which a time on roll was given the last day that it has.
const ENDED_BY: &str = "\
select min(seq) from enrolment where school_id = $1 and enrolment_id = $2 and leaving_day = $3";

/// The memberships that this act cut short, as they were, and that nobody has changed since.
const CUT_SHORT: &str = "\
select o.membership_id, o.group_id, o.from_day, o.to_day from membership o
where o.school_id = $1 and o.enrolment_id = $2 and o.superseded_seq = $3
  and not exists (
        select 1 from membership n
        where n.school_id = o.school_id and n.membership_id = o.membership_id and n.superseded_seq is null and n.seq <> $3)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[BEGUN_WITH, ENDED_BY, CUT_SHORT];

#[derive(Template)]
#[template(path = "roll/days_on_roll.html")]
struct PreviewPage {
    frame: Frame,
    title: &'static str,
    name: String,
    pupil: PupilId,
    action: String,
    lines: Vec<String>,
    figures: Vec<Figure>,
    /// What stands in the way, if something does.
    refused: Option<String>,
    carried: Vec<(String, String)>,
}

/// A figure as it is and as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    name: String,
    rule: &'static str,
    now: String,
    then: String,
}

impl Figure {
    fn moves(&self) -> bool {
        self.now != self.then
    }
}

/// A change of the days of a time on roll.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    /// As it stands.
    pub(super) time: TimeOnRoll,
    /// The first day that it will have.
    pub(super) first: Day,
    /// The last day that it will have; none while it goes on.
    pub(super) last: Option<Day>,
}

impl Moved {
    /// The change from one version to another; none where the days stay.
    pub(super) fn of(time: &TimeOnRoll, then: &TimeOnRoll) -> Option<Moved> {
        let moved = Moved {
            time: time.clone(),
            first: then.starting_day,
            last: then.leaving_day,
        };
        (moved.first != time.starting_day || moved.last != time.leaving_day).then_some(moved)
    }

    fn was_on_roll(&self, day: Day) -> bool {
        self.time.starting_day <= day && self.time.is_open_on(day)
    }

    fn will_be_on_roll(&self, day: Day) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }

    fn title(&self) -> &'static str {
        match (self.time.leaving_day, self.last) {
            (None, Some(_)) => "End the time on roll",
            (Some(_), None) => "Take back the last day on roll",
            (was, will) if was != will => "Move the last day on roll",
            _ => "Move the starting day",
        }
    }
}

/// What a change of days will do, and the way to make it.
pub(super) async fn preview(
    desk: &Desk,
    moved: Moved,
    action: String,
    answers: &Answers,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let carried = answers.pairs().filter(|(name, _)| *name != "go");
    let carried = carried
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    desk.read(move |tx, actor| {
        let book = here.office.shelf.book(tx, actor.school)?;
        let pupil = moved.time.pupil;
        let named = book.roll.pupil(pupil).map(|pupil| pupil.listed());
        let marks = Marks::of(tx, actor.school, &moved)?;
        let (today, _) = here.office.today();
        let page_of = PreviewPage {
            frame: here.frame(tx, actor, moved.title())?,
            title: moved.title(),
            name: named.unwrap_or_default(),
            pupil,
            action,
            refused: first_attended(&marks.before).map(present_on),
            lines: lines(&book, &moved, &marks, today),
            figures: figures(&book, &moved, &marks, today),
            carried,
        };
        Ok(page(StatusCode::OK, &page_of))
    })
    .await
}

/// The marks that a change of days touches.
struct Marks {
    /// Before the new first day: taken back.
    before: Vec<(Slot, Code)>,
    /// After the new last day: taken back.
    after: Vec<(Slot, Code)>,
    /// Outside the days as they are and within them as they will be: in effect again.
    returning: HashMap<Slot, Code>,
}

impl Marks {
    fn of(tx: &mut Tx, school: SchoolId, moved: &Moved) -> Result<Marks, StoreError> {
        let time = &moved.time;
        let mut returning = Vec::new();
        if moved.first < time.starting_day {
            returning.extend(marks_before(tx, school, time.id, time.starting_day)?);
        }
        if let Some(last) = time.leaving_day {
            returning.extend(marks_after(tx, school, time.id, last)?);
        }
        returning
            .retain(|(slot, _)| moved.will_be_on_roll(slot.day) && !moved.was_on_roll(slot.day));
        Ok(Marks {
            before: match moved.first > time.starting_day {
                true => marks_before(tx, school, time.id, moved.first)?,
                false => Vec::new(),
            },
            after: match moved.last {
                Some(last) if moved.last != time.leaving_day => {
                    marks_after(tx, school, time.id, last)?
                }
                _ => Vec::new(),
            },
            returning: returning.into_iter().collect(),
        })
    }
}

fn lines(book: &Book, moved: &Moved, marks: &Marks, today: Day) -> Vec<String> {
    let time = &moved.time;
    let mut lines = Vec::new();
    if moved.first != time.starting_day {
        lines.push(format!(
            "The starting day moves from {} to {}.",
            time.starting_day.long(),
            moved.first.long()
        ));
    }
    match (time.leaving_day, moved.last) {
        (was, will) if was == will => {}
        (None, Some(last)) => lines.push(format!(
            "The last day on roll is {}: the pupil is marked up to it, and no session is due after it (R-219, R-306).",
            last.long()
        )),
        (Some(was), None) => lines.push(format!(
            "The end on {} is taken back with its ground: the name stands in the register again from the day after, without a gap (R-007, R-306).",
            was.long()
        )),
        (was, will) => lines.push(format!(
            "The last day on roll moves from {} to {}.",
            was.map(|day| day.long()).unwrap_or_default(),
            will.map(|day| day.long()).unwrap_or_default()
        )),
    }
    let (due, of_these) = newly_due(book, moved, marks, today);
    if due > 0 {
        lines.push(format!(
            "{due} sessions up to today become due; {} of them have no mark. Those are missing, and in no percentage, until they are marked (R-209, R-218).",
            due - of_these
        ));
    }
    for (taken, side) in [
        (&marks.before, "before the first"),
        (&marks.after, "after the last"),
    ] {
        if !taken.is_empty() {
            lines.push(format!(
                "{} marks lie {side} day and are taken back: {}. They stay in the history, with your reason (R-007).",
                taken.len(),
                codes(taken.iter().map(|(_, code)| *code))
            ));
        }
    }
    if !marks.returning.is_empty() {
        lines.push(format!(
            "{} marks that were made outside the days on roll come into effect again: {}.",
            marks.returning.len(),
            codes(marks.returning.values().copied())
        ));
    }
    lines.push(match (time.leaving_day, moved.last) {
        (was, will) if was == will => {
            "Groups that began with the starting day begin on the new one. The whole can be undone."
        }
        (_, Some(_)) => "The pupil is in their groups up to the last day and no longer.",
        (_, None) => "The pupil is again in the groups that ended with it.",
    }
    .to_owned());
    lines
}

/// `3 /, 2 N`.
fn codes(marks: impl Iterator<Item = Code>) -> String {
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    for code in marks {
        *counts.entry(code).or_default() += 1;
    }
    let counts: Vec<String> = (counts.iter())
        .map(|(code, number)| format!("{number} {code}"))
        .collect();
    counts.join(", ")
}

/// How many sessions up to today become due, and how many of them have a mark that comes into effect again.
fn newly_due(book: &Book, moved: &Moved, marks: &Marks, today: Day) -> (usize, usize) {
    let first = moved.first.min(moved.time.starting_day);
    if first > today {
        return (0, 0);
    }
    let slots = book.calendar.slots(first, today).iter();
    let new = slots.filter(|slot| is_new(moved, **slot));
    let mut counted = (0, 0);
    for slot in new {
        counted.0 += 1;
        counted.1 += usize::from(marks.returning.contains_key(slot));
    }
    counted
}

fn is_new(moved: &Moved, slot: Slot) -> bool {
    moved.will_be_on_roll(slot.day) && !moved.was_on_roll(slot.day)
}

// Figures -----------------------------------------------------------------------------------------------------------

/// Every figure of this school year up to today, of the pupil, the year group and the school, as it is and as it will be.
fn figures(book: &Book, moved: &Moved, marks: &Marks, today: Day) -> Vec<Figure> {
    let (Some(row), Some(year)) = (
        book.roll.row(moved.time.id),
        book.year(book.calendar.school_year_of(today)),
    ) else {
        return Vec::new();
    };
    let now = count(year, row, today, |_| true);
    let then = will_count(book, year, row, moved, marks, today);
    let mut figures = of_pupil(&now, &then);
    let everybody = |rows: &mut dyn Iterator<Item = usize>| {
        let period = year.axis().period(|slot| slot.day <= today);
        rows.fold(Counts::default(), |sum, row| {
            sum + year.matrix.count(row, &period)
        })
    };
    let group = book
        .groups
        .of_kind(moved.time.id, GroupKind::Year, today.max(moved.first));
    if let Some(group) = group {
        let members = book.groups.members(group.id, today);
        let mut rows = members
            .filter_map(|member| book.roll.row(member))
            .filter(|member| *member != row);
        let others = everybody(&mut rows);
        figures.push(attendance(&group.name, &(others + now), &(others + then)));
    }
    let mut rows = (0..book.roll.enrolments.len()).filter(|other| *other != row);
    let others = everybody(&mut rows);
    figures.push(attendance("School", &(others + now), &(others + then)));
    let on_roll = book
        .roll
        .enrolments
        .iter()
        .filter(|other| other.covers(today))
        .count();
    let will =
        on_roll + usize::from(moved.will_be_on_roll(today)) - usize::from(moved.was_on_roll(today));
    figures.push(Figure {
        name: "School: pupils on roll today".to_owned(),
        rule: "R-001",
        now: on_roll.to_string(),
        then: will.to_string(),
    });
    figures
}

fn count(year: &YearMarks, row: usize, today: Day, holds: impl Fn(Day) -> bool) -> Counts {
    let within = |slot: Slot| slot.day <= today && holds(slot.day);
    year.matrix.count(row, &year.axis().period(within))
}

/// What stays, and what becomes due: a mark that comes back, a plan, or nothing yet.
fn will_count(
    book: &Book,
    year: &YearMarks,
    row: usize,
    moved: &Moved,
    marks: &Marks,
    today: Day,
) -> Counts {
    let stays = count(year, row, today, |day| moved.will_be_on_roll(day));
    let slots = year.axis().slots().iter();
    let new = slots.filter(|slot| slot.day <= today && is_new(moved, **slot));
    new.fold(stays, |sum, slot| {
        let planned = book.plans.expected(moved.time.id, *slot);
        let code = marks.returning.get(slot).copied();
        let code = code.or(planned.map(|on_file| on_file.plan.code));
        let one = code.and_then(|code| meaning(code, slot.day).ok());
        sum + one.map_or_else(Counts::of_missing, Counts::of)
    })
}

fn of_pupil(now: &Counts, then: &Counts) -> Vec<Figure> {
    type Shown = fn(&Counts) -> String;
    let yes = |is: Option<bool>| match is {
        None => "no session counted".to_owned(),
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
    };
    let figures: [(&str, &'static str, Shown); 6] = [
        ("Possible sessions", "R-204", |counts| {
            counts.possible().to_string()
        }),
        ("Attendance", "R-204", share),
        ("Authorised absence, sessions", "R-204", |counts| {
            counts.authorised.to_string()
        }),
        ("Unauthorised absence, sessions", "R-204", |counts| {
            counts.unauthorised.to_string()
        }),
        ("Late, sessions", "R-208", |counts| {
            counts.late_total().to_string()
        }),
        ("Sessions without a mark", "R-209", |counts| {
            counts.missing.to_string()
        }),
    ];
    let figure = |name: &str, rule, now, then| Figure {
        name: name.to_owned(),
        rule,
        now,
        then,
    };
    let mut shown: Vec<Figure> = figures
        .into_iter()
        .map(|(name, rule, of)| figure(name, rule, of(now), of(then)))
        .collect();
    shown.push(figure(
        "Persistent absence",
        "R-210",
        yes(now.persistent()),
        yes(then.persistent()),
    ));
    shown.push(figure(
        "Severe absence",
        "R-211",
        yes(now.severe()),
        yes(then.severe()),
    ));
    shown
}

fn attendance(of: &str, now: &Counts, then: &Counts) -> Figure {
    Figure {
        name: format!("{of}: attendance"),
        rule: "R-213",
        now: share(now),
        then: share(then),
    }
}

/// `93.4% of 1,022 sessions`.
fn share(counts: &Counts) -> String {
    match counts.attendance_shown() {
        Some(share) => format!(
            "{share}% of {}",
            crate::insight::table::grouped(counts.possible())
        ),
        None => "no session counted".to_owned(),
    }
}

// Making the change -------------------------------------------------------------------------------------------------

/// Moves what goes with the days of a time on roll: memberships that began or ended with it, and marks that lie outside it from now on.
///
/// Rule: nothing outside the time on roll keeps a mark. Errors: [`Refusal::Wrong`] where the pupil was present before the new
/// first day.
pub(super) fn move_with_it(
    act: &mut Act,
    actor: &Actor,
    moved: &Moved,
    reason: &str,
) -> Result<(), Refusal> {
    let time = &moved.time;
    if moved.first != time.starting_day {
        begin_groups(act, time, moved.first)?;
        let days = (time.starting_day, moved.first);
        take_back_before(act, actor, time.id, days, reason)?;
    }
    if moved.last != time.leaving_day {
        if let Some(was) = time.leaving_day {
            bring_back_groups(act, time.id, was, moved.last)?;
        }
        if let Some(last) = moved.last {
            leave_all(act, time.id, last)?;
            take_back_after(act, actor, time.id, last, reason)?;
        }
    }
    Ok(())
}

fn begin_groups(act: &mut Act, time: &TimeOnRoll, to: Day) -> Result<(), Refusal> {
    let begun = args![act.school(), time.id, time.starting_day];
    let memberships = act.tx().query(BEGUN_WITH, &begun, |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<i64>(1)?,
            row.get::<Option<Day>>(3)?,
        ))
    })?;
    for (id, group, last) in memberships {
        if last.is_none_or(|last| to <= last) {
            act.replace(&MEMBERSHIP, &args![id, group, time.id, to, last])?;
        }
    }
    Ok(())
}

/// Lets the memberships that the end cut short go on as they would have, up to the new end.
fn bring_back_groups(
    act: &mut Act,
    enrolment: EnrolmentId,
    was: Day,
    last: Option<Day>,
) -> Result<(), Refusal> {
    let school = act.school();
    let ended = args![school, enrolment, was];
    let by: Option<i64> = act.tx().query_one(ENDED_BY, &ended, |row| row.get(0))?;
    let Some(by) = by else { return Ok(()) };
    type CutShort = (i64, i64, Day, Option<Day>);
    let cut_short = act
        .tx()
        .query(CUT_SHORT, &args![school, enrolment, by], |row| {
            let found: CutShort = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(found)
        })?;
    for (id, group, from, to) in cut_short {
        let to = match (to, last) {
            (Some(to), Some(last)) => Some(to.min(last)),
            (to, last) => to.or(last),
        };
        if to.is_none_or(|to| from <= to) {
            act.replace(&MEMBERSHIP, &args![id, group, enrolment, from, to])?;
        }
    }
    Ok(())
}
