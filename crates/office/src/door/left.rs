//! Pupils who left the site without leave: an event beside the search from a lesson, with a clock of its own (E-199).
//!
//! It changes no mark. Until somebody has seen the pupil off the site, or signs them out, they are still to be found after an alarm.

use std::collections::HashMap;

use askama::Template;
use axum::Form as Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, Session, TimeOfDay};
use register::site::Way;
use store::{Act, Row, SchoolId, StoreError, Tx, args};
use welfare::absconded::{Left, is_over, next};
use welfare::ladder::Ladder;

use super::arrival::of_days;
use super::log::about;
use super::missing::{must_look, searches_for_pupils};
use super::moves::{ON_ROLL, Said, Who, moves_of, signed};
use super::page::sought;
use super::records::{LEFT_SITE, LEFT_STEP};
use super::site::time_of;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{AccountId, EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, Value};
use crate::people::{Actor, Role};
use crate::registers::name_of;
use crate::shell::{Exports, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::{own_ladder, session_times};

const ALL: &str = "\
select left_id, enrolment_id, on_date, left_at, from_where, account_id from left_site
where school_id = $1 and on_date >= $2 order by left_at desc, left_id desc";
const ONE: &str = "\
select left_id, enrolment_id, on_date, left_at, from_where, account_id from left_site
where school_id = $1 and left_id = $2";
const OF_DAY: &str = "\
select left_id, enrolment_id, on_date, left_at, from_where, account_id from left_site
where school_id = $1 and enrolment_id = $2 and on_date = $3 order by left_id";
const STEPS: &str = "\
select left_id, step, at, note, account_id from left_step where school_id = $1 order by seq, step_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ALL, ONE, OF_DAY, STEPS];

/// The page looks so far back: a school year.
const DAYS_BACK: i32 = 365;

/// The longest note.
const LONGEST: usize = 500;

/// That a pupil left the site without leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftSite {
    /// Its number.
    pub id: i64,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The day.
    pub day: Day,
    /// When the pupil left, as far as anybody knows.
    pub at: Instant,
    /// By which way, or where they were seen last.
    pub from: String,
    /// Who wrote it down.
    pub account: AccountId,
}

/// A step as it was taken.
#[derive(Clone, Debug)]
struct Taken {
    step: Left,
    at: Instant,
    note: Option<String>,
    by: AccountId,
}

fn read(row: &Row<'_>) -> Result<LeftSite, StoreError> {
    Ok(LeftSite {
        id: row.get(0)?,
        enrolment: row.get(1)?,
        day: row.get(2)?,
        at: row.get(3)?,
        from: row.get(4)?,
        account: row.get(5)?,
    })
}

fn steps(tx: &mut Tx, school: SchoolId) -> Result<HashMap<i64, Vec<Taken>>, StoreError> {
    let mut found: HashMap<i64, Vec<Taken>> = HashMap::new();
    tx.each(STEPS, &args![school], |row| {
        let Some(step) = Left::from_key(row.get(1)?) else {
            return Ok(());
        };
        let taken = Taken {
            step,
            at: row.get(2)?,
            note: row.get(3)?,
            by: row.get(4)?,
        };
        found.entry(row.get(0)?).or_default().push(taken);
        Ok(())
    })?;
    Ok(found)
}

/// What was done about an event, in order. A pupil who was signed in, or came to the late door, after leaving is back (SM-1: the pupil arrives).
fn story(
    tx: &mut Tx,
    school: SchoolId,
    one: &LeftSite,
    mut taken: Vec<Taken>,
) -> Result<Vec<Taken>, StoreError> {
    if taken.iter().any(|step| step.step.ends_the_search()) {
        return Ok(taken);
    }
    let arrivals = of_days(tx, school, (one.day, one.day))?.into_iter();
    let came = arrivals
        .filter(|came| came.stands() && came.enrolment == one.enrolment)
        .map(|came| (came.at, came.account));
    let moves = moves_of(tx, school, one.day)?.into_iter();
    let signed = moves
        .filter(|own| own.undone.is_none() && own.way == Way::In)
        .filter(|own| own.who == Who::Pupil(one.enrolment))
        .map(|own| (own.at, own.account));
    let back = came.chain(signed).filter(|(at, _)| *at > one.at).min();
    taken.extend(back.map(|(at, by)| Taken {
        step: Left::Back,
        at,
        note: Some("signed in at the door".to_owned()),
        by,
    }));
    taken.sort_by_key(|step| step.at);
    Ok(taken)
}

fn done(taken: &[Taken]) -> Vec<(Left, Instant)> {
    taken.iter().map(|one| (one.step, one.at)).collect()
}

/// Writes down that a pupil left the site without leave, today; answers the number of the event, which is the one under way if they are looked for
/// already.
///
/// Rule: E-199; it changes no mark. Errors: [`Refusal::NotFound`] for somebody who does not search and for a pupil who is not on roll today,
/// [`Refusal::Wrong`] for a time to come and for a place that is too long.
pub fn leaves(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    at: Option<TimeOfDay>,
    from: &str,
) -> Result<i64, Refusal> {
    let (id, is_new) = begin(act, actor, enrolment, at, from)?;
    if is_new {
        act.describe(actor.entry(
            "note that a pupil left the site",
            format!("time on roll {enrolment}"),
        ));
    }
    Ok(id)
}

/// [`leaves`] as a part of another act, which says itself what it is; answers as well whether the event is new.
fn begin(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    at: Option<TimeOfDay>,
    from: &str,
) -> Result<(i64, bool), Refusal> {
    if !searches_for_pupils(actor) {
        return Err(Refusal::NotFound);
    }
    sound(from)?;
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let asked = args![school, enrolment, today];
    act.tx()
        .query_opt(ON_ROLL, &asked, |_| Ok(()))?
        .ok_or(Refusal::NotFound)?;
    let at = at.map_or(now, |time| Instant::at_london(today, time));
    if at > now {
        let ground =
            "The time is to come. Give the time at which the pupil left, as far as anybody knows.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let mut taken = steps(act.tx(), school)?;
    for known in act.tx().query(OF_DAY, &asked, read)? {
        let own = taken.remove(&known.id).unwrap_or_default();
        let own = story(act.tx(), school, &known, own)?;
        if !own.iter().any(|step| step.step.ends_the_search()) {
            return Ok((known.id, false));
        }
    }
    let id = act.new_id();
    let values = args![id, enrolment, today, at, from.trim(), actor.account];
    act.record(&LEFT_SITE, &values)?;
    Ok((id, true))
}

/// Begins an event with what the search from a lesson did already: whoever was told then is not told again.
///
/// Errors: as [`leaves`].
pub(super) fn begin_from_search(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    from: &str,
    told: &[(Left, Instant, AccountId)],
) -> Result<(), Refusal> {
    let (id, is_new) = begin(act, actor, enrolment, None, from)?;
    for (step, at, by) in told.iter().filter(|_| is_new) {
        let step_id = act.new_id();
        let note = "while the pupil was missing from the lesson";
        let values = args![step_id, id, enrolment, step.key(), *at, note, *by];
        act.record(&LEFT_STEP, &values)?;
    }
    Ok(())
}

fn sound(text: &str) -> Result<(), Refusal> {
    match text.chars().count() > LONGEST || text.contains('\0') {
        true => Err(Refusal::Wrong(format!(
            "It is longer than {LONGEST} characters. Shorten it."
        ))),
        false => Ok(()),
    }
}

/// Whether somebody decides for the safeguarding lead: the lead, a deputy, or the head.
fn decides(actor: &Actor) -> bool {
    let leads = [Role::Dsl, Role::DeputyDsl, Role::Headteacher];
    actor.roles.iter().any(|role| leads.contains(role))
}

/// Records what was done about a pupil who left the site. One who was seen off it, or is safe elsewhere, is signed out with it, and so is not looked
/// for after an alarm; one who is back is signed in.
///
/// Rule: E-199. Errors: [`Refusal::NotFound`] for somebody who does not search and for no such event; [`Refusal::NotAllowed`] for a decision about the
/// police by anybody but the safeguarding lead, a deputy or the head; [`Refusal::Wrong`] without the note that a step needs, and once it is over.
pub fn left_step(
    act: &mut Act,
    actor: &Actor,
    id: i64,
    step: Left,
    note: Option<&str>,
) -> Result<(), Refusal> {
    if !searches_for_pupils(actor) {
        return Err(Refusal::NotFound);
    }
    let (school, at) = (act.school(), act.at());
    let found = act.tx().query_opt(ONE, &args![school, id], read)?;
    let one = found.ok_or(Refusal::NotFound)?;
    if step.is_the_leads() && !decides(actor) {
        let ground = "The safeguarding lead, a deputy or the head decides about the police (E-199). Tell them.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let own = steps(act.tx(), school)?.remove(&id).unwrap_or_default();
    let own = done(&story(act.tx(), school, &one, own)?);
    if is_over(&own) {
        let ground = "It is over. If the pupil has left again, note that they have left.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let is_found = own.iter().any(|(step, _)| step.ends_the_search());
    if step == Left::Conversation && !is_found {
        let ground = "Note first that the pupil is back, or safe elsewhere.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    if step.needs_note() && note.is_none() {
        let ground = "Say it in a few words: what the cameras show, who was told, who saw the pupil and where, why not, or what came of the conversation.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    sound(note.unwrap_or_default())?;
    let step_id = act.new_id();
    let values = args![
        step_id,
        id,
        one.enrolment,
        step.key(),
        at,
        note,
        actor.account
    ];
    act.record(&LEFT_STEP, &values)?;
    if at.in_london().0 == one.day {
        follow_on_site(act, actor, one.enrolment, step)?;
    }
    act.describe(actor.entry(
        "act on a pupil who left the site",
        format!("time on roll {}", one.enrolment),
    ));
    Ok(())
}

/// Lets the site log follow what is known for certain of a pupil who left today.
fn follow_on_site(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    step: Left,
) -> Result<(), Refusal> {
    let (way, reason) = match step {
        Left::SeenOff => (Way::Out, "left without leave, seen off the site"),
        Left::Safe => (Way::Out, "left without leave, safe elsewhere"),
        Left::Back => (Way::In, "back after leaving without leave"),
        Left::NotLeft => (Way::In, "was on site all the time"),
        _ => return Ok(()),
    };
    let (school, who) = (act.school(), Who::Pupil(enrolment));
    let today = act.at().in_london().0;
    let moves = moves_of(act.tx(), school, today)?;
    let mut own = moves.iter().rev().filter(|own| own.undone.is_none());
    let last = own.find(|own| own.who == who).map(|own| own.way);
    // Nobody is signed in who was not signed out: the register says that they are here.
    if way == Way::In && last != Some(Way::Out) {
        return Ok(());
    }
    let said = Said {
        reason: Some(reason.to_owned()),
        ..Said::default()
    };
    signed(act, actor, who, way, &said).map(drop)
}

/// An event as the page tells it.
struct Shown {
    id: i64,
    pupil: PupilId,
    name: String,
    form: String,
    day: Day,
    at: String,
    from: String,
    steps: Vec<String>,
    next: Option<(&'static str, &'static str, String)>,
    /// What else may be noted now.
    others: Vec<(&'static str, &'static str)>,
    is_late: bool,
    is_over: bool,
}

/// What else may be noted now, after what was done: first what is still to be done, then how it goes on.
fn others(done: &[(Left, Instant)], next: Option<Left>, decides: bool) -> Vec<Left> {
    let is_done = |step: &Left| done.iter().any(|(own, _)| own == step);
    let is_found = done.iter().any(|(step, _)| step.ends_the_search());
    let may = |step: &Left| match step {
        Left::Parent => !is_done(step),
        Left::Conversation => is_found && !is_done(step),
        Left::Cameras | Left::Lead => !is_found && !is_done(step),
        Left::Police | Left::NotPolice => !is_found && decides,
        Left::SeenOff | Left::Back | Left::Safe => !is_found,
        Left::NotLeft => !is_found && !is_done(&Left::SeenOff),
    };
    let is_next = |step: &Left| next == Some(*step) && *step != Left::Police;
    let all = Left::ALL.into_iter();
    all.filter(|step| may(step) && !is_next(step)).collect()
}

fn shown(tx: &mut Tx, actor: &Actor, book: &Book, now: Instant) -> Result<Vec<Shown>, Refusal> {
    let (today, _) = now.in_london();
    let since = today.plus_days(-DAYS_BACK);
    let all = tx.query(ALL, &args![book.school, since], read)?;
    let mut taken = steps(tx, book.school)?;
    let mut found = Vec::new();
    for one in all {
        let row = book.roll.row(one.enrolment);
        let Some(pupil) = row.and_then(|row| book.roll.pupil_of_row(row)) else {
            continue;
        };
        let own = taken.remove(&one.id).unwrap_or_default();
        let own = story(tx, book.school, &one, own)?;
        let done = done(&own);
        let ladder = Ladder::on(one.day, &own_ladder(&book.settings, one.day)?);
        let times = session_times(&book.settings, one.day)?;
        let due = next(
            &ladder,
            one.at,
            &done,
            &book.calendar,
            times.of(Session::Pm).ends,
        );
        let mut told = Vec::new();
        for step in &own {
            let by = name_of(tx, book.school, step.by)?;
            let (day, clock) = step.at.in_london();
            let day = if day == one.day {
                String::new()
            } else {
                format!("{} ", day.short())
            };
            let note = step.note.as_ref().map(|note| format!(": {note}"));
            let note = note.unwrap_or_default();
            told.push(format!("{day}{clock} {} by {by}{note}", step.step.words()));
        }
        let by_when = |at: Instant| match at.in_london() {
            (day, clock) if day == today => clock.to_string(),
            (day, _) => format!("by the end of {}", day.long()),
        };
        let form = book
            .groups
            .of_kind(one.enrolment, GroupKind::Tutor, one.day);
        found.push(Shown {
            id: one.id,
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            day: one.day,
            at: one.at.in_london().1.to_string(),
            from: one.from,
            steps: told,
            is_late: due.is_some_and(|(_, at)| at <= now),
            others: others(&done, due.map(|(step, _)| step), decides(actor))
                .into_iter()
                .map(|step| (step.key(), step.words()))
                .collect(),
            next: due.map(|(step, at)| (step.key(), step.due_words(), by_when(at))),
            is_over: is_over(&done),
        });
    }
    found.sort_by_key(|one| one.is_over);
    Ok(found)
}

/// How many events are not over.
///
/// Errors: the database did not answer.
pub(super) fn open(tx: &mut Tx, school: SchoolId, today: Day) -> Result<usize, StoreError> {
    let all = tx.query(ALL, &args![school, today.plus_days(-DAYS_BACK)], read)?;
    let taken = steps(tx, school)?;
    let is_open = |one: &&LeftSite| !taken.get(&one.id).is_some_and(|all| is_over(&done(all)));
    Ok(all.iter().filter(is_open).count())
}

#[derive(Template)]
#[template(path = "door/left.html")]
struct LeftPage {
    frame: Frame,
    all: Vec<Shown>,
    open: usize,
    may_search: bool,
    q: String,
    found: Vec<(i64, String, String)>,
    empty: State,
    under: Under,
    longest: usize,
}

/// `GET /left-site?q=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let notice = match asked.text("did") {
        "left" => Some(Notice::done(
            "Noted. The clock runs from when they left (E-199).",
        )),
        "step" => Some(Notice::done("Noted.")),
        _ => None,
    };
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_look(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let all = shown(tx, actor, &book, now)?;
        let q = asked.text("q").to_owned();
        let page = LeftPage {
            frame: here.frame(tx, actor, "Left the site")?.with_notice(notice),
            open: all.iter().filter(|one| !one.is_over).count(),
            may_search: searches_for_pupils(actor),
            found: match q.is_empty() {
                true => Vec::new(),
                false => sought(&book, &q, now),
            },
            q,
            empty: State::empty(
                "Nobody",
                "No pupil left the site without leave in the last year.",
            ),
            under: Under {
                shown: format!("{} events", all.len()).into(),
                exports: Exports::usual("/left-site"),
                ..Under::default()
            },
            all,
            longest: LONGEST,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /left-site`: `enrolment`, `at`, `from`.
pub(super) async fn note(desk: Desk, Body(answers): Body<Answers>) -> Result<Response, Problem> {
    let at = time_of(answers.text("at"));
    let (enrolment, from) = (answers.number("enrolment"), answers.text("from").to_owned());
    desk.act(move |act, actor| {
        let wrong = || Refusal::Wrong("This is no time. Write it as 11:30.".to_owned());
        let enrolment = enrolment.map(EnrolmentId).ok_or(Refusal::NotFound)?;
        leaves(act, actor, enrolment, at.map_err(|()| wrong())?, &from)
    })
    .await?;
    Ok(Redirect::to("/left-site?did=left").into_response())
}

/// `POST /left-site/{left}/step`: `step`, or `other` for what does not come next; `note`.
pub(super) async fn step(
    desk: Desk,
    Path(id): Path<i64>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    let step = match answers.text("step") {
        "" => answers.text("other"),
        step => step,
    };
    let (step, note) = (Left::from_key(step), answers.given("note"));
    desk.act(move |act, actor| {
        let step = step.ok_or_else(|| Refusal::Wrong("Choose what was done.".to_owned()))?;
        left_step(act, actor, id, step, note.as_deref())
    })
    .await?;
    Ok(Redirect::to("/left-site?did=step").into_response())
}

/// `/left-site` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_look(wanted.actor)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("day", "Day"),
        Heading::words("at", "Left at"),
        Heading::words("from", "Way out"),
        Heading::words("steps", "Steps"),
        Heading::words("next", "Next"),
    ];
    let rows = shown(tx, wanted.actor, &book, wanted.office.now())?
        .into_iter()
        .map(|one| {
            let next = one.next.map(|(_, words, at)| format!("{words}, due {at}"));
            vec![
                Cell::text(&one.name).naming(one.pupil),
                Cell::text(&one.form),
                Cell::of(Value::Day(one.day)),
                Cell::text(&one.at),
                Cell::text(&one.from),
                Cell::text(one.steps.join("; ")),
                Cell::text(if one.is_over {
                    "over".to_owned()
                } else {
                    next.unwrap_or_default()
                }),
            ]
        });
    let mut table = Table::whole("Left the site without leave", headings, rows.collect());
    table.sort(&wanted.query::<Form>()?.sort, "");
    let today = wanted.today();
    table.about = about("Left the site without leave", today, wanted);
    Ok(table.leaving("left-the-site", today))
}
