//! The first page: a person's own registers, and for those who keep them all, where the day stands.

use askama::Template;
use calendar::{Instant, Session, Slot};
use register::Class;
use store::{SchoolId, StoreError, Tx, args};

use crate::book::{Book, GroupKind};
use crate::carry::held_back_in_words;
use crate::desk::{Desk, Problem, Refusal};
use crate::insight::{Question, Reckoning, Who, grouped};
use crate::morning::{asked_for, signed_in_words};
use crate::people::{Access, Actor, RecordKind, Role};
use crate::registers::plans::{PlansToday, plans_today};
use crate::registers::sealed::{CopiesToday, copies_today};
use crate::registers::{Status, late_marks_waiting, own_groups, registers_at, status, taken_on};
use crate::safeguarding::{ConcernsToday, concerns_today, may_raise};
use crate::shell::{Face, Figure, Frame, Page, State, moment};
use crate::webhooks::given_up;
use crate::year::settings::session_times;

/// So many overdue registers are named; the rest are one link away.
const NAMED: usize = 8;

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    frame: Frame,
    greeting: String,
    today: String,
    mine: Vec<Register>,
    day: Option<DayAtSchool>,
    year: Option<YearAtSchool>,
    /// What is to be looked at in plans, for those who keep them.
    plans: Option<PlansToday>,
    /// How many marks came late and wait for this person.
    late_marks: i64,
    /// Months without a sealed copy, for those who make them.
    copies: Option<CopiesToday>,
    /// What stands open, for the safeguarding team.
    concerns: Option<ConcernsToday>,
    may_raise: bool,
    /// What a new school does before there is anything to show: address, words, why.
    first_steps: Vec<(&'static str, &'static str, &'static str)>,
    /// What the program has to say to those who look after it.
    notices: Vec<String>,
    nothing: Option<State>,
}

/// Where the whole school stands this year, by the same reckoning as every list.
struct YearAtSchool {
    attendance: Figure,
    persistent: String,
    severe: String,
}

/// A register in a list.
struct Register {
    group: String,
    session: Session,
    path: String,
    staff: String,
    words: String,
    minutes_overdue: i64,
    missing: bool,
}

/// Where the session that is running, or ran last, stands in the whole school.
struct DayAtSchool {
    session: Session,
    complete: usize,
    due: usize,
    /// Face, how many pupils, in words, and where they are listed.
    tally: Vec<(String, &'static str, &'static str, bool)>,
    /// How the morning was signed off; nothing while it is not.
    signed: Option<Vec<String>>,
    overdue: Vec<Register>,
    more_overdue: usize,
}

/// `GET /`.
pub(super) async fn home(desk: Desk) -> Result<Page<impl Template>, Problem> {
    let at = desk.clone();
    desk.read(move |tx, actor| home_page(&at, tx, actor).map(Page))
        .await
}

fn home_page(desk: &Desk, tx: &mut Tx, actor: &Actor) -> Result<Home, Refusal> {
    let now = desk.office.now();
    let (today, time) = now.in_london();
    let part = match time.hour() {
        0..12 => "Good morning",
        12..17 => "Good afternoon",
        _ => "Good evening",
    };
    let sees_marks = actor.may(Access::Read, RecordKind::AttendanceMarks);
    let keeps_plans = actor.may_for_school(Access::Write, RecordKind::AttendanceMarks);
    let mut plans = None;
    let late_marks = match keeps_plans {
        true => late_marks_waiting(tx, actor.school)?,
        false => 0,
    };
    let (mine, day, year) = if sees_marks {
        let book = desk.office.shelf.book(tx, actor.school)?;
        let slots = book.calendar.slots(today, today).to_vec();
        let all = actor.may_for_school(Access::Read, RecordKind::AttendanceMarks);
        let day = match running(&book, &slots, now)? {
            Some(slot) if all => Some(day_at_school(tx, &book, slot, now)?),
            _ => None,
        };
        if keeps_plans {
            let today = plans_today(tx, &book, now)?;
            plans = (today.due + today.drifts > 0).then_some(today);
        }
        let year = if all {
            year_at_school(&book, now)
        } else {
            None
        };
        (own_registers(tx, actor, &book, &slots, now)?, day, year)
    } else {
        (Vec::new(), None, None)
    };
    let first_steps = first_steps(tx, actor)?;
    let looks_after_it = actor.roles.contains(&Role::SystemAdministrator);
    let mut notices = match looks_after_it {
        true => desk.office.notices.all(),
        false => Vec::new(),
    };
    if looks_after_it {
        notices.extend(given_up(tx, actor.school)?);
        notices.extend(held_back_in_words(tx)?);
    }
    if looks_after_it || keeps_plans {
        notices.extend(clock_behind(tx, actor.school, now)?);
    }
    let nothing = (mine.is_empty() && day.is_none() && year.is_none() && first_steps.is_empty())
        .then(|| nothing_today(actor, sees_marks));
    Ok(Home {
        frame: desk.frame(tx, actor, "Today")?,
        greeting: format!("{part}, {}", actor.name),
        today: today.long(),
        mine,
        day,
        year,
        plans,
        late_marks,
        copies: copies_today(tx, actor, today)?,
        concerns: concerns_today(tx, &desk.office, actor)?,
        may_raise: may_raise(actor),
        first_steps,
        notices,
        nothing,
    })
}

/// A clock may stand so far behind the newest entry before it is told: servers that share a database differ by a little.
const CLOCKS_DIFFER: i64 = 120;

/// That the clock was moved back: entries keep their order, and carry the newest entry's moment until the clock has passed it.
fn clock_behind(tx: &mut Tx, school: SchoolId, now: Instant) -> Result<Option<String>, StoreError> {
    let head = store::journal::head(tx, school)?;
    let newest = head.filter(|head| head.at > now.plus_seconds(CLOCKS_DIFFER));
    Ok(newest.map(|head| {
        format!(
            "The computer's clock says {}, and the newest entry in the record carries {}. Nothing is lost and entries keep their order, but times \
             cannot be relied on: have the clock set right.",
            moment(now),
            moment(head.at)
        )
    }))
}

const ANY_TERM: &str = "select 1 from term where school_id = $1 and superseded_seq is null limit 1";
const ANY_PUPIL: &str =
    "select 1 from pupil where school_id = $1 and superseded_seq is null limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ANY_TERM, ANY_PUPIL];

/// What is still to be entered, for the people who may enter it.
fn first_steps(
    tx: &mut Tx,
    actor: &Actor,
) -> Result<Vec<(&'static str, &'static str, &'static str)>, Refusal> {
    let mut steps = Vec::new();
    let is_missing = |tx: &mut Tx, sql| -> Result<bool, Refusal> {
        Ok(tx
            .query_opt(sql, &args![actor.school], |_| Ok(()))?
            .is_none())
    };
    let keeps_settings = actor.may(Access::Write, RecordKind::UsersRolesAndSettings);
    if keeps_settings && is_missing(tx, ANY_TERM)? {
        steps.push((
            "/year",
            "Enter the half-terms",
            "without them there are no sessions to mark",
        ));
    }
    let keeps_roll = actor.may_for_school(Access::Write, RecordKind::PupilCore);
    if keeps_roll && is_missing(tx, ANY_PUPIL)? {
        steps.push((
            "/imports",
            "Bring the pupils in",
            "from a file of your present system",
        ));
    }
    Ok(steps)
}

/// The school's figure this year; none while the calendar has no terms for it.
fn year_at_school(book: &Book, now: Instant) -> Option<YearAtSchool> {
    let question = Question::usual(Who::School);
    let reckoning = Reckoning::new(book, &question, now).ok()?;
    let figure = reckoning.figure(Who::School);
    Some(YearAtSchool {
        attendance: Figure {
            big: true,
            ..figure.shown(&question)
        },
        persistent: grouped(figure.tally.persistent),
        severe: grouped(figure.tally.severe),
    })
}

fn nothing_today(actor: &Actor, sees_marks: bool) -> State {
    if actor.roles.is_empty() {
        return State::empty(
            "You hold no role today",
            "Your account is in use, and nothing is open to it. Ask whoever looks after accounts at your school.",
        );
    }
    if actor.may(Access::Write, RecordKind::UsersRolesAndSettings) && !sees_marks {
        return State::empty(
            "Your role looks after people and settings",
            "It sees no pupil. Accounts and roles are under Staff, term dates and session times under Year.",
        )
        .then("/people", "Accounts and roles");
    }
    State::empty(
        "Nothing needs you here today",
        "There is no school session today, or none that your role keeps. What you may see is in the bar above.",
    )
}

/// The session that is running or ran last today; none on a day without sessions.
fn running(book: &Book, slots: &[Slot], now: Instant) -> Result<Option<Slot>, Refusal> {
    let (today, time) = now.in_london();
    let times = session_times(&book.settings, today)?;
    let begun = |slot: &&Slot| times.of(slot.session).opens <= time;
    Ok(slots.iter().rev().find(begun).or(slots.first()).copied())
}

fn own_registers(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    slots: &[Slot],
    now: Instant,
) -> Result<Vec<Register>, Refusal> {
    let (today, _) = now.in_london();
    let times = session_times(&book.settings, today)?;
    let taken = taken_on(tx, book.school, today)?;
    own_groups(actor, book, today)
        .into_iter()
        .filter(|group| group.kind == GroupKind::Tutor)
        .flat_map(|group| slots.iter().map(move |slot| (group, *slot)))
        .filter_map(|(group, slot)| status(book, group, slot, &times, &taken, now))
        .map(|status| {
            let mut register = register(&status, now);
            let address = status.address;
            if status.is_missing()
                && let Some(asked) = asked_for(tx, book.school, address.group, address.slot)?
            {
                register.words = format!("{}; {asked}", register.words);
            }
            Ok(register)
        })
        .collect()
}

fn register(status: &Status, now: Instant) -> Register {
    Register {
        group: status.group.clone(),
        session: status.address.slot.session,
        path: status.address.path(),
        staff: status.staff.clone(),
        words: status.words(now),
        minutes_overdue: status.minutes_overdue,
        missing: status.is_missing(),
    }
}

fn day_at_school(
    tx: &mut Tx,
    book: &Book,
    slot: Slot,
    now: Instant,
) -> Result<DayAtSchool, Refusal> {
    let times = session_times(&book.settings, slot.day)?;
    let taken = taken_on(tx, book.school, slot.day)?;
    let mut registers = registers_at(book, slot, &times, &taken, now);
    let due = registers.len();
    registers.retain(Status::is_missing);
    registers.sort_by_key(|status| {
        (
            std::cmp::Reverse(status.minutes_overdue),
            status.group.clone(),
        )
    });
    let missing = registers.len();
    Ok(DayAtSchool {
        session: slot.session,
        complete: due - missing,
        due,
        tally: tally(book, slot),
        signed: signed_in_words(tx, book, slot.day)?,
        overdue: registers
            .iter()
            .take(NAMED)
            .map(|status| register(status, now))
            .collect(),
        more_overdue: missing.saturating_sub(NAMED),
    })
}

/// How many pupils stand where in this session: number, words, where they are listed, whether it is loud.
fn tally(book: &Book, slot: Slot) -> Vec<(String, &'static str, &'static str, bool)> {
    let mut counts = [0_u32; 5];
    for row in book.roll.rows_on(slot.day) {
        let mark = book.mark(row, slot);
        if !mark.is_session() {
            continue;
        }
        let place = match Face::of(mark.row()) {
            Face::NotYetExplained => 2,
            Face::Late => 1,
            Face::NoMark => 4,
            _ => match mark.class() {
                Some(Class::Present | Class::ApprovedEducationalActivity) => 0,
                Some(Class::Authorised | Class::Unauthorised) => 3,
                _ => continue,
            },
        };
        counts[place] += 1;
    }
    let is_any_unexplained = counts[2] > 0;
    let [here, late, unexplained, absent, blank] = counts.map(grouped);
    vec![
        (here, "here or at an activity", "", false),
        (late, "late", "", false),
        (absent, "absent, with a code", "", false),
        (
            unexplained,
            "absent, no reason yet",
            "/lists/unexplained",
            is_any_unexplained,
        ),
        (blank, "without a mark", "/registers", false),
    ]
}
