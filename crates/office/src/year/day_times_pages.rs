//! The form that gives one day other times, and the days that have some.

use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use calendar::{Day, SchoolYear, Session, TimeOfDay};
use register::closing::SessionTimes;
use store::{Act, Tx};

use super::day_times::{DayTimes, clear_day_times, set_day_times};
use super::set_terms::may_decide;
use super::settings::{DAY_TIMES, HoursValue, SettingError, day_times, session_times, settings};
use super::settings_page::TIMES;
use crate::book::{Book, LessonPeriod, periods_on, read_periods, read_periods_of_day};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden};
use crate::ids::PeriodId;
use crate::people::Actor;
use crate::shell::{Field, FieldKind, Text};

/// A day with times of its own, as the year page lists it.
pub(super) struct OtherTimes {
    pub(super) day: Day,
    pub(super) said: String,
    /// `08:40 to 09:10 and 12:00 to 12:30; school ends at 12:30`.
    pub(super) times: String,
    pub(super) reason: String,
}

/// The days with times of their own from one day to another, in order.
pub(super) fn other_times(
    book: &Book,
    first: Day,
    last: Day,
) -> Result<Vec<OtherTimes>, SettingError> {
    let mut days: Vec<Day> = book
        .settings
        .history(DAY_TIMES)
        .map(|(day, _)| day)
        .filter(|day| first <= *day && *day <= last)
        .collect();
    days.sort_unstable();
    let mut found = Vec::new();
    for day in days {
        let reason = day_times(&book.settings, day)?.map(|own| own.reason);
        found.push(OtherTimes {
            day,
            said: format!("{} {}", day.short(), day.year()),
            times: in_words(&session_times(&book.settings, day)?),
            reason: reason.unwrap_or_default(),
        });
    }
    Ok(found)
}

fn in_words(times: &SessionTimes) -> String {
    let open = |session| {
        let hours = times.of(session);
        format!("{} to {}", hours.opens, hours.closes)
    };
    format!(
        "Registers {} and {}; school ends at {}",
        open(Session::Am),
        open(Session::Pm),
        times.of(Session::Pm).ends
    )
}

fn time(name: impl Into<Text>, label: impl Into<Text>) -> Field {
    Field::new(FieldKind::Time, name, label).short()
}

/// What a day has so far: its times, its reason, and each period with its times that day.
struct Known {
    times: SessionTimes,
    reason: String,
    periods: Vec<(LessonPeriod, Option<LessonPeriod>)>,
}

fn known(tx: &mut Tx, actor: &Actor, day: Day) -> Result<Known, Refusal> {
    let settings = settings(tx, actor.school)?;
    let all = read_periods(tx, actor.school)?;
    let of_day = read_periods_of_day(tx, actor.school, day)?;
    let periods = periods_on(&all, day).into_iter().map(|usual| {
        let own = of_day.iter().find(|own| own.period == usual.id);
        let then = own.map_or_else(|| Some(usual.clone()), |own| own.of(usual));
        (usual.clone(), then)
    });
    Ok(Known {
        times: session_times(&settings, day)?,
        reason: day_times(&settings, day)?.map_or_else(String::new, |own| own.reason),
        periods: periods.collect(),
    })
}

fn times_form(known: &Known, day: Day) -> FormPage {
    let sessions = TIMES.iter().map(|(name, label, session, which)| {
        let hours = known.times.of(*session);
        let now = [hours.opens, hours.closes, hours.ends][*which];
        time(*name, *label).value(now.to_string())
    });
    let first = vec![
        hidden("day", day),
        Field::line("reason", "Reason, as parents were told")
            .hint("Such as: end of term; no heating.")
            .value(known.reason.clone()),
    ];
    let mut periods = Vec::new();
    for (usual, then) in &known.periods {
        let said = |of: fn(&LessonPeriod) -> TimeOfDay| {
            then.as_ref()
                .map_or_else(String::new, |period| of(period).to_string())
        };
        periods.push(
            time(
                format!("starts-{}", usual.id),
                format!("{} begins", usual.name),
            )
            .optional()
            .value(said(|period| period.starts)),
        );
        periods.push(
            time(format!("ends-{}", usual.id), format!("{} ends", usual.name))
                .optional()
                .value(said(|period| period.ends)),
        );
    }
    let mut form = FormPage::new(
        "Other times on one day",
        (
            format!("/year?year={}", SchoolYear::by_september(day).first_year()),
            "The school year",
        ),
        "Give the day these times",
        vec![
            Part::new("", first),
            Part::new("Sessions", sessions.collect()).in_threes(),
        ],
    )
    .of(day.long())
    .about("For a day that ends early or begins late. There are two sessions all the same (R-020); registers, lateness and lessons of the day go by these times.");
    if !periods.is_empty() {
        form = form.and(
            Part::new("Periods", periods)
                .about("A period without times is not held that day.")
                .in_pairs(),
        );
    }
    form
}

/// `/year/times?day=`: today, where no day is asked for.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_decide(actor)?;
        let mut ignored = Wrongs::default();
        let day = asked.day_if_given("day", &mut ignored).unwrap_or(today);
        Ok(times_form(&known(tx, actor, day)?, day))
    })
    .await
}

/// Gives the day these times.
pub(super) async fn answer(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let now = desk.office.now();
    form::answer(desk, move |act, actor, _| {
        may_decide(actor)?;
        let mut wrongs = Wrongs::default();
        let Some(day) = answers.day("day", &mut wrongs) else {
            return Err(Refusal::Wrong("Choose the day again.".to_owned()));
        };
        let known = known(act.tx(), actor, day)?;
        if let Some(new) = given(&answers, &known, day, &mut wrongs) {
            match set_day_times(act, actor, now, &new) {
                Ok(()) => return Ok(done(day, "times")),
                Err(Refusal::Wrong(ground)) => wrongs.add("am-opens", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(times_form(&known, day), &answers, &wrongs))
    })
    .await
}

fn done(day: Day, what: &str) -> Outcome {
    let year = SchoolYear::by_september(day).first_year();
    Outcome::Done(format!("/year?year={year}&done={what}"))
}

/// The times as the form gives them, or what is wrong with it.
fn given(answers: &Answers, known: &Known, day: Day, wrongs: &mut Wrongs) -> Option<DayTimes> {
    let mut clock = |name: &'static str| -> Option<TimeOfDay> {
        let time = answers.text(name).parse().ok();
        if time.is_none() {
            wrongs.add(name, "Give the time as hours and minutes: 12:30.");
        }
        time
    };
    let mut hours = |opens, closes, ends| {
        let times = (clock(opens), clock(closes), clock(ends));
        let (opens, closes, ends) = times;
        Some(HoursValue {
            opens: opens?,
            closes: closes?,
            ends: ends?,
        })
    };
    let am = hours("am-opens", "am-closes", "am-ends");
    let pm = hours("pm-opens", "pm-closes", "pm-ends");
    let reason = answers.required("reason", "Say why: it stands in the calendar.", wrongs);
    let mut periods = Vec::new();
    for (usual, _) in &known.periods {
        let (starts, ends) = (part("starts", usual.id), part("ends", usual.id));
        let (starts, ends) = (answers.text(&starts), answers.text(&ends));
        let times = match (starts, ends) {
            ("", "") => Some(None),
            (starts, ends) => starts.parse().ok().zip(ends.parse().ok()).map(Some),
        };
        match times {
            Some(times) => periods.push((usual.id, times)),
            None => wrongs.add(
                "reason",
                format!(
                    "{}: give both times as hours and minutes, or neither where it is not held.",
                    usual.name
                ),
            ),
        }
    }
    Some(DayTimes {
        day,
        am: am?,
        pm: pm?,
        periods,
        reason,
    })
    .filter(|_| wrongs.is_empty())
}

fn part(name: &str, period: PeriodId) -> String {
    format!("{name}-{period}")
}

/// Takes the day's times back.
pub(super) async fn clear(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let now = desk.office.now();
    form::answer(desk, move |act: &mut Act, actor, _| {
        let mut wrongs = Wrongs::default();
        let Some(day) = answers.day("day", &mut wrongs) else {
            return Err(Refusal::Wrong("Choose the day again.".to_owned()));
        };
        clear_day_times(act, actor, now, day)?;
        Ok(done(day, "times-back"))
    })
    .await
}
