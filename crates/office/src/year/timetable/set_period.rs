//! The school's periods: their names and times, each from a day on.

use calendar::{Day, Session, TimeOfDay};
use store::{Act, args};

use super::records::LESSON_PERIOD;
use crate::book::{LessonPeriod, period_on, periods_on, read_periods};
use crate::desk::Refusal;
use crate::ids::PeriodId;
use crate::people::Actor;
use crate::year::set_terms::may_decide;

/// What a period is called, when it is, and in which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTimes {
    /// What people call it: `P1`.
    pub name: String,
    /// The session it lies in; none for one before, between or after them.
    pub session: Option<Session>,
    /// When it begins.
    pub starts: TimeOfDay,
    /// When it ends.
    pub ends: TimeOfDay,
}

/// The longest that a period's or a room's name may be.
pub(super) const LONGEST_NAME: usize = 40;

pub(super) const LESSONS_AFTER: &str = "\
select count(*) from lesson
where school_id = $1 and period_id = $2 and superseded_seq is null and (to_day is null or to_day > $3)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[LESSONS_AFTER];

/// Gives the school a new period, or a period of the school other times or another name, from a day on.
///
/// Refused for a period that ends before it begins or is called as another of that day, and for a change of the past: lateness was
/// judged by the times of its day. A new period may have begun earlier. Answers the period.
pub fn set_period(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    period: Option<PeriodId>,
    from: Day,
    times: &PeriodTimes,
) -> Result<PeriodId, Refusal> {
    may_decide(actor)?;
    let school = act.school();
    let all = read_periods(act.tx(), school)?;
    if let Some(ground) = against(&all, today, period, from, times) {
        return Err(Refusal::Wrong(ground));
    }
    if period.is_some_and(|id| !all.iter().any(|known| known.id == id)) {
        return Err(Refusal::NotFound);
    }
    let id = period.unwrap_or_else(|| PeriodId(act.new_id()));
    let values = args![
        id,
        from,
        None::<Day>,
        times.name.as_str(),
        times.session.map(|session| session.index() as i64),
        times.starts.to_string(),
        times.ends.to_string()
    ];
    act.replace(&LESSON_PERIOD, &values)?;
    act.describe(actor.entry("set a period", format!("period {id} from {from}")));
    Ok(id)
}

/// Why a period cannot be so, if it cannot.
fn against(
    all: &[LessonPeriod],
    today: Day,
    period: Option<PeriodId>,
    from: Day,
    times: &PeriodTimes,
) -> Option<String> {
    if times.ends <= times.starts {
        return Some(format!(
            "A period that begins at {} ends later than that. Correct the times.",
            times.starts
        ));
    }
    if period.is_some() && from < today {
        return Some(
            "New times hold from today or a later day; the past keeps the times it was judged by."
                .to_owned(),
        );
    }
    let mut others = periods_on(all, from)
        .into_iter()
        .filter(|other| Some(other.id) != period);
    others
        .any(|other| other.name.eq_ignore_ascii_case(&times.name))
        .then(|| {
            format!(
                "There is a period called {} on {} already. Change that one, or choose another name.",
                times.name,
                from.long()
            )
        })
}

/// Ends a period on its last day.
///
/// Refused while lessons go on in it, and for a day that has passed.
pub fn end_period(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    period: PeriodId,
    last: Day,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    let school = act.school();
    let all = read_periods(act.tx(), school)?;
    let entries: Vec<&LessonPeriod> = all.iter().filter(|entry| entry.id == period).collect();
    if entries.is_empty() {
        return Err(Refusal::NotFound);
    }
    if last < today.previous() {
        return Err(Refusal::Wrong(
            "The last day of a period is yesterday or later; the past keeps its periods."
                .to_owned(),
        ));
    }
    let lessons: i64 = act
        .tx()
        .query_one(LESSONS_AFTER, &args![school, period, last], |row| {
            row.get(0)
        })?;
    let go_on = match lessons {
        0 => None,
        1 => Some("One lesson goes on".to_owned()),
        many => Some(format!("{many} lessons go on")),
    };
    if let Some(go_on) = go_on {
        return Err(Refusal::Wrong(format!(
            "{go_on} in this period after {}. End the lessons first, or choose a later day.",
            last.long()
        )));
    }
    for entry in &entries {
        if entry.from > last {
            act.supersede(&LESSON_PERIOD, &args![period, entry.from])?;
        }
    }
    if let Some(entry) = period_on(&all, period, last) {
        let values = args![
            period,
            entry.from,
            last,
            entry.name.as_str(),
            entry.session.map(|session| session.index() as i64),
            entry.starts.to_string(),
            entry.ends.to_string()
        ];
        act.replace(&LESSON_PERIOD, &values)?;
    }
    act.describe(actor.entry("end a period", format!("period {period} on {last}")));
    Ok(())
}
