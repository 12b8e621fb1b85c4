//! The times of one day alone: a day that ends early or begins late.

use std::collections::HashSet;

use calendar::{Day, Instant, Session, TimeOfDay};
use register::closing::SessionTimes;
use store::{Act, Tx, args};

use super::calendar_between;
use super::records::SETTING;
use super::set_terms::may_decide;
use super::settings::{
    DAY_TIMES, DayTimesValue, HoursValue, SessionTimesValue, session_times, settings, usual_times,
};
use super::timetable::records::DAY_PERIOD;
use crate::book::{LessonPeriod, Settings, periods_on, read_periods, read_periods_of_day};
use crate::desk::Refusal;
use crate::ids::PeriodId;
use crate::people::Actor;

/// The periods of a day in which a lesson's register was kept.
pub(super) const KEPT_IN: &str =
    "select distinct period_id from lesson_mark where school_id = $1 and on_date = $2";

/// The longest reason.
const LONGEST_REASON: usize = 500;

/// When a period begins and ends; none where it is not held.
pub type PeriodHours = Option<(TimeOfDay, TimeOfDay)>;

/// The times of one day, as somebody gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTimes {
    /// The day.
    pub day: Day,
    /// The morning.
    pub am: HoursValue,
    /// The afternoon.
    pub pm: HoursValue,
    /// The periods of the day with their times. One that is not named keeps its own.
    pub periods: Vec<(PeriodId, PeriodHours)>,
    /// Why, as parents were told.
    pub reason: String,
}

/// Gives one day session times and periods of its own; registers, lateness and lessons of that day go by them.
///
/// Rule: R-020 (two sessions, wherever they lie in the day), R-022 (open for at most 30 minutes, and as long as on every other day).
/// Refused: a day that has passed or without school, a session whose register has opened already, a period in which a register was kept
/// that day, and times that cannot hold, all at once.
pub fn set_day_times(
    act: &mut Act,
    actor: &Actor,
    now: Instant,
    new: &DayTimes,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    let (school, day) = (act.school(), new.day);
    let known = settings(act.tx(), school)?;
    still_open(act.tx(), actor, now, day)?;
    let reason = new.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return wrong("Say why, in 500 characters at most: it stands in the calendar.");
    }
    let value = SessionTimesValue {
        am: new.am,
        pm: new.pm,
    };
    let times = value
        .from_day(day)
        .map_err(|error| Refusal::Wrong(format!("{error}.")))?;
    as_long_as_usual(&known, &times, day)?;
    keeps_what_has_opened(&known, &times, day, now)?;
    put_periods(act, new, &times)?;
    let value = DayTimesValue {
        am: new.am,
        pm: new.pm,
        reason: reason.to_owned(),
    };
    let value = serde_json::to_string(&value)
        .map_err(|error| Refusal::Wrong(format!("The times cannot be written: {error}.")))?;
    act.replace(&SETTING, &args![DAY_TIMES, day, value.as_str()])?;
    act.describe(actor.entry("set a day's times", day.to_string()));
    act.note("reason", reason);
    Ok(())
}

/// Takes back the times of one day, so that it goes by those of every day.
///
/// Refused as [`set_day_times`], and for a day without times of its own.
pub fn clear_day_times(
    act: &mut Act,
    actor: &Actor,
    now: Instant,
    day: Day,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    let school = act.school();
    let known = settings(act.tx(), school)?;
    still_open(act.tx(), actor, now, day)?;
    keeps_what_has_opened(&known, &usual_times(&known, day)?, day, now)?;
    let kept = kept_in(act.tx(), actor, day)?;
    for own in read_periods_of_day(act.tx(), school, day)? {
        if kept.contains(&own.period) {
            return Err(a_register_was_kept("A period"));
        }
        act.supersede(&DAY_PERIOD, &args![day, own.period])?;
    }
    if !act.supersede(&SETTING, &args![DAY_TIMES, day])? {
        return Err(Refusal::Wrong(format!(
            "{} has no times of its own to take back.",
            day.long()
        )));
    }
    act.describe(actor.entry("take back a day's times", day.to_string()));
    Ok(())
}

fn wrong<T>(ground: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Wrong(ground.into()))
}

/// Refuses a day whose times cannot be changed any more, and one without school.
fn still_open(tx: &mut Tx, actor: &Actor, now: Instant, day: Day) -> Result<(), Refusal> {
    if day < now.in_london().0 {
        return wrong("Choose today or a later day; the past keeps the times it was judged by.");
    }
    let calendar = calendar_between(tx, actor.school, day, day)
        .map_err(|error| Refusal::Wrong(error.to_string()))?;
    if !calendar.is_school_day(day) {
        return wrong(format!(
            "The school does not meet on {}: {}.",
            day.long(),
            calendar.kind(day).name()
        ));
    }
    Ok(())
}

/// Refuses registers that are open for another length than on every other day.
fn as_long_as_usual(known: &Settings, times: &SessionTimes, day: Day) -> Result<(), Refusal> {
    let length = |times: &SessionTimes| times.of(Session::Am).minutes_open();
    let (usual, own) = (length(&usual_times(known, day)?), length(times));
    if usual != own {
        return wrong(format!(
            "Registers are open for {usual} minutes, the same in every session, as the attendance policy says; these would be for {own} (R-022)."
        ));
    }
    Ok(())
}

/// Refuses other opening and closing times for a session whose register has opened: arrivals were judged by them.
fn keeps_what_has_opened(
    known: &Settings,
    times: &SessionTimes,
    day: Day,
    now: Instant,
) -> Result<(), Refusal> {
    let before = session_times(known, day)?;
    for session in [Session::Am, Session::Pm] {
        let (old, new) = (before.of(session), times.of(session));
        let word = session.word();
        if (old.opens, old.closes) == (new.opens, new.closes) {
            continue;
        }
        if now >= Instant::at_london(day, old.opens) {
            return wrong(format!(
                "The {word} register opened at {}, and arrivals were judged by its times (R-023). Leave them as they are.",
                old.opens
            ));
        }
        if now >= Instant::at_london(day, new.closes) {
            return wrong(format!(
                "The {word} register would have closed at {} already. Choose a later time.",
                new.closes
            ));
        }
    }
    Ok(())
}

fn kept_in(tx: &mut Tx, actor: &Actor, day: Day) -> Result<HashSet<PeriodId>, Refusal> {
    let kept = tx.query(KEPT_IN, &args![actor.school, day], |row| row.get(0))?;
    Ok(kept.into_iter().collect())
}

fn a_register_was_kept(period: &str) -> Refusal {
    Refusal::Wrong(format!(
        "{period} has a register that day already, which keeps its times."
    ))
}

/// Which session a period lies in on a day with other times: one that lies in neither stays beside them.
fn session_of(usual: &LessonPeriod, times: &SessionTimes, starts: TimeOfDay) -> Option<Session> {
    usual.session?;
    Some(match starts < times.of(Session::Pm).opens {
        true => Session::Am,
        false => Session::Pm,
    })
}

/// Records the periods that are not as on every other day.
fn put_periods(act: &mut Act, new: &DayTimes, times: &SessionTimes) -> Result<(), Refusal> {
    let (school, day) = (act.school(), new.day);
    let all = read_periods(act.tx(), school)?;
    let before = read_periods_of_day(act.tx(), school, day)?;
    let kept: Vec<PeriodId> = act
        .tx()
        .query(KEPT_IN, &args![school, day], |row| row.get(0))?;
    for usual in periods_on(&all, day) {
        let own = before.iter().find(|own| own.period == usual.id);
        let stands = match own {
            Some(own) => own.of(usual),
            None => Some(usual.clone()),
        };
        let given = new.periods.iter().find(|(id, _)| *id == usual.id);
        let hours = match given {
            Some((_, hours)) => *hours,
            None => stands.as_ref().map(|period| (period.starts, period.ends)),
        };
        if let Some((starts, ends)) = hours
            && ends <= starts
        {
            return wrong(format!(
                "{} begins at {starts} and ends later than that. Correct its times.",
                usual.name
            ));
        }
        let session = hours.and_then(|(starts, _)| session_of(usual, times, starts));
        let stood = stands.map(|period| (period.starts, period.ends));
        if stood != hours && kept.contains(&usual.id) {
            return Err(a_register_was_kept(&usual.name));
        }
        if hours == Some((usual.starts, usual.ends)) && session == usual.session {
            if own.is_some() {
                act.supersede(&DAY_PERIOD, &args![day, usual.id])?;
            }
            continue;
        }
        let text = |time: TimeOfDay| time.to_string();
        let values = args![
            day,
            usual.id,
            session.map(|session| session.index() as i64),
            hours.map(|(starts, _)| text(starts)),
            hours.map(|(_, ends)| text(ends))
        ];
        act.replace(&DAY_PERIOD, &values)?;
    }
    Ok(())
}
