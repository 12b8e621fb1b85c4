//! The page of one visit, with what its buttons do: leaving, being heard of, coming back. Made for a telephone.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, TimeOfDay};
use store::Tx;
use welfare::collection::{Missing as Lacks, State as Bring};
use welfare::visit::{Alarm, State as Stands};

use super::collection::{arrive_with_child, refuse, set_off};
use super::go::{answer_alarm, come_back, heard_of, leave};
use super::order::{authorise, move_in_round, withdraw};
use super::shown::Shown;
use super::visit::{Kind, Whole, of_enrolment, one};
use super::who::{Sight, authorises};
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::PupilId;
use crate::people::Actor;
use crate::roll::contacts_of;
use crate::safeguarding::may_raise;
use crate::shell::{Facts, Frame, Notice, Page, Text};

/// A pair is expected so many minutes after it leaves, unless another time is given.
const USUALLY_OUT: i64 = 45;

/// Somebody to ring, or who may open.
struct Person {
    name: String,
    relation: String,
    numbers: Vec<(String, Option<String>)>,
    heed: String,
}

#[derive(Template)]
#[template(path = "visits/one.html")]
struct OnePage {
    frame: Frame,
    id: i64,
    name: String,
    form: String,
    pupil: i64,
    day: Day,
    state: Stands,
    standing: String,
    alarm: String,
    alarm_steps: Vec<(&'static str, &'static str)>,
    facts: Facts,
    check: String,
    record: Option<Facts>,
    heard: Vec<String>,
    people: Vec<Person>,
    earlier: Vec<(i64, String)>,
    may_plan: bool,
    may_authorise: bool,
    may_raise: bool,
    is_checked: bool,
    has_staff: bool,
    due_back: String,
    bring: Brings,
    /// Whether bringing the child is to be authorised while the pair is out.
    may_authorise_there: bool,
    may_refuse: bool,
    /// What is known of how the child comes to school.
    brought: Facts,
    may_leave: bool,
    rules: Vec<&'static welfare::Rule>,
}

/// What may be done next to bring the child to school.
enum Brings {
    Nothing,
    Prepare,
    SetOff,
    Arrive,
}

impl Brings {
    fn of(state: Stands, bring: Option<Bring>) -> Brings {
        match (state, bring) {
            (Stands::Out, Some(Bring::OnTheWay)) => Brings::Arrive,
            (Stands::Out, Some(Bring::Ready)) => Brings::SetOff,
            (_, Some(Bring::OnTheWay | Bring::Arrived | Bring::Refused)) => Brings::Nothing,
            (Stands::Ordered | Stands::Cleared | Stands::Out, _) => Brings::Prepare,
            _ => Brings::Nothing,
        }
    }
}

/// `GET /visits/{visit}`.
pub(super) async fn page(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(made(&here, tx, actor, id, &asked)?).into_response()))
        .await
}

fn made(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    asked: &Answers,
) -> Result<OnePage, Refusal> {
    let now = desk.office.now();
    let (today, _) = now.in_london();
    let sight = Sight::of(tx, actor, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        sight,
        now,
    };
    let whole = one(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    let pupil = shown.pupil(&whole).ok_or(Refusal::NotFound)?;
    let state = whole.state(today);
    let alarm = shown.alarm(&whole);
    let may_plan = shown.sight.may_plan(pupil.id);
    let people = match shown.sight.sees_contacts(pupil.id) && state.is_open() {
        true => people(tx, &book, pupil.id)?,
        false => Vec::new(),
    };
    let earlier = of_enrolment(tx, actor.school, whole.visit.enrolment)?;
    let earlier = earlier
        .iter()
        .rev()
        .filter(|other| other.visit.id != id)
        .map(|other| {
            let found = other.record.as_ref().map(|record| shown.found(record));
            let words = found.unwrap_or_else(|| shown.standing(other));
            (
                other.visit.id,
                format!("{}: {words}", other.visit.day.short()),
            )
        });
    let due = match state {
        Stands::Out => whole.visit.due_back.unwrap_or(now).max(now),
        _ => now,
    };
    let bring = whole.collection_state(today);
    let is_to_authorise = whole.visit.authorised_by.is_none()
        || whole.missing_to_collect(today).contains(&Lacks::Authoriser);
    let may_authorise = may_plan && authorises(actor) && is_to_authorise;
    Ok(OnePage {
        frame: desk
            .frame(tx, actor, "Visit")?
            .with_notice(notice(asked.text("did"))),
        id,
        name: pupil.called(),
        form: shown.form(&whole),
        pupil: pupil.id.0,
        day: whole.visit.day,
        standing: shown.standing(&whole),
        alarm_steps: match &alarm {
            Some(_) => Alarm::ALL[1..]
                .iter()
                .map(|step| (step.key(), step.done()))
                .collect(),
            None => Vec::new(),
        },
        alarm: alarm.map(|(_, words)| words).unwrap_or_default(),
        facts: facts(tx, &shown, &whole, pupil.id)?,
        check: shown.check(&whole),
        record: whole.record.as_ref().map(|_| recorded(&shown, &whole)),
        heard: heard(&shown, &whole),
        people,
        earlier: earlier.take(5).collect(),
        may_plan,
        may_raise: may_raise(actor),
        is_checked: whole
            .checked
            .as_ref()
            .is_some_and(|checked| checked.check.holds(today)),
        has_staff: whole.visit.staff.iter().any(Option::is_some),
        due_back: in_steps_of_five(due.plus_seconds(USUALLY_OUT * 60)),
        state,
        bring: Brings::of(state, bring),
        may_authorise_there: may_authorise && state == Stands::Out,
        may_refuse: state == Stands::Out
            && matches!(
                bring,
                Some(Bring::Preparing | Bring::Ready | Bring::OnTheWay)
            ),
        may_authorise,
        brought: brought(&shown, &whole),
        may_leave: state == Stands::Cleared
            && (whole.visit.kind != Kind::Collection || whole.missing_to_collect(today).is_empty()),
        rules: ["E-196", "E-198"]
            .into_iter()
            .filter_map(welfare::rule)
            .collect(),
    })
}

/// A clock time, rounded up to five minutes: `10:35`.
fn in_steps_of_five(at: Instant) -> String {
    let (_, time) = at.in_london();
    let minutes = (time.hour() * 60 + time.minute()).div_ceil(5) * 5;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

fn notice(did: &str) -> Option<Notice> {
    Some(Notice::done(match did {
        "planned" => "The visit is planned.",
        "authorised" => "The visit is authorised, with your name.",
        "checked" => "The risk check is kept, with the date.",
        "staffed" => "It is kept who goes.",
        "left" => "They are out. Until they are heard of, the time runs here and on the board.",
        "heard" => "They were heard of; the time runs anew.",
        "alarm" => "It is recorded what was done.",
        "back" => "They are back. Write down what was found.",
        "recorded" => "It is written down, and the day's absence knows of it.",
        "prepared" => "It is kept how the child comes to school.",
        "set_off" => "The child is on the way to school. Note when they arrive.",
        "arrived" => {
            "The child is at school, and signed in at the late door if a session is under way."
        }
        "refused" => "It is written down that the child did not come. Nobody is made to.",
        _ => return None,
    }))
}

fn facts(tx: &mut Tx, shown: &Shown<'_>, whole: &Whole, pupil: PupilId) -> Result<Facts, Refusal> {
    let visit = &whole.visit;
    let mut facts: Vec<(Text, Text)> = vec![
        ("Where".into(), shown.address(tx, pupil)?.into()),
        ("What for".into(), shown.purpose(whole).into()),
        (
            "Asked for by".into(),
            format!(
                "{}, {}",
                shown.person(visit.asked_by),
                shown.clock(visit.asked_at)
            )
            .into(),
        ),
        (
            "Authorised by".into(),
            visit
                .authorised_by
                .map(|account| shown.person(account))
                .unwrap_or_default()
                .into(),
        ),
        (
            "Parents told".into(),
            match visit.parents_told {
                true => "yes".into(),
                false => "no".into(),
            },
        ),
        ("Who goes".into(), shown.staff(whole).into()),
    ];
    if let (Some(because), Some(by)) = (&visit.alone_because, visit.alone_by) {
        let words = format!("{because} ({})", shown.person(by));
        facts.push(("Alone because".into(), words.into()));
    }
    for (name, value) in [("Car", &visit.vehicle), ("Rung on", &visit.phone)] {
        if let Some(value) = value {
            facts.push((name.into(), value.clone().into()));
        }
    }
    for (name, at) in [("Left", visit.left_at), ("Back", visit.back_at)] {
        if let Some(at) = at {
            facts.push((name.into(), shown.clock(at).into()));
        }
    }
    Ok(Facts { facts })
}

fn brought(shown: &Shown<'_>, whole: &Whole) -> Facts {
    let mut facts: Vec<(Text, Text)> = Vec::new();
    let Some(own) = &whole.collection else {
        return Facts { facts };
    };
    let prepared = &own.prepared;
    let asked = format!(
        "{}, {}",
        shown.person(own.asked_by),
        shown.clock(own.asked_at)
    );
    let insured = prepared.insured_until.map(|day| day.long());
    let said = [
        ("Asked for by", Some(asked)),
        ("Authorised by", shown.collection_authoriser(whole)),
        (
            "Who drives",
            prepared.driver.map(|driver| shown.member(driver)),
        ),
        (
            "Licence seen",
            prepared.licence_seen.then(|| "yes".to_owned()),
        ),
        ("Insured until", insured),
        ("Second adult", prepared.second_adult.clone()),
        ("Who sits where", prepared.seating.clone()),
        (
            "Consent",
            prepared.agreed.as_ref().map(|agreed| shown.consent(agreed)),
        ),
        ("Way home", prepared.way_home.clone()),
        ("Set off", own.set_off_at.map(|at| shown.clock(at))),
        ("Arrived", own.arrived_at.map(|at| shown.clock(at))),
        ("Did not come", own.refused.clone()),
    ];
    for (name, value) in said {
        facts.extend(value.map(|value| (name.into(), value.into())));
    }
    Facts { facts }
}

fn recorded(shown: &Shown<'_>, whole: &Whole) -> Facts {
    let Some(record) = &whole.record else {
        return Facts { facts: Vec::new() };
    };
    let mut facts: Vec<(Text, Text)> = vec![("Found".into(), shown.found(record).into())];
    for (name, value) in [
        ("Seen and said", &record.facts),
        ("What we make of it", &record.opinion),
        ("Next", &record.next_step),
    ] {
        if let Some(value) = value {
            facts.push((name.into(), value.clone().into()));
        }
    }
    facts.push(("Written down by".into(), shown.person(record.by).into()));
    Facts { facts }
}

fn heard(shown: &Shown<'_>, whole: &Whole) -> Vec<String> {
    let steps = whole.steps.iter().map(|step| {
        let what = step.done.map_or("heard of, still out", Alarm::done);
        let note = step.note.as_ref().map(|note| format!(": {note}"));
        format!(
            "{} {what} ({}){}",
            shown.clock(step.at),
            shown.person(step.by),
            note.unwrap_or_default()
        )
    });
    steps.collect()
}

fn people(tx: &mut Tx, book: &Book, pupil: PupilId) -> Result<Vec<Person>, Refusal> {
    let contacts = contacts_of(tx, book.school, pupil)?;
    let people = contacts.into_iter().map(|contact| {
        let heed = [
            (contact.do_not_contact, "do not contact"),
            (contact.court_order, "court order: read it first"),
            (contact.interpreter, "needs an interpreter"),
            (contact.lives_with == Some(false), "another household"),
        ];
        let heed: Vec<&str> = heed
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, words)| words)
            .collect();
        Person {
            name: contact.name(),
            relation: contact.relationship.clone(),
            numbers: contact
                .routes
                .iter()
                .filter(|route| route.rings())
                .map(|route| (route.shown(), route.href()))
                .collect(),
            heed: heed.join(", "),
        }
    });
    Ok(people.collect())
}

/// A clock time of a day that a form gave.
pub(super) fn time_on(text: &str, today: Day) -> Option<Instant> {
    let time: TimeOfDay = text.trim().parse().ok()?;
    Some(Instant::at_london(today, time))
}

/// `POST /visits/{visit}/act`: what a button of the page or of the round does; `do` says which.
pub(super) async fn act(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let what = answers.text("do").to_owned();
    let given = answers.clone();
    let did = desk
        .act(move |act, actor| {
            let (today, _) = act.at().in_london();
            let back = || {
                time_on(given.text("due_back"), today).ok_or_else(|| {
                    Refusal::Wrong("Give the time at which they are expected, as 10:30.".to_owned())
                })
            };
            Ok(match what.as_str() {
                "authorise" => authorise(act, actor, id).map(|()| "authorised")?,
                "up" => move_in_round(act, actor, id, true).map(|()| "moved")?,
                "down" => move_in_round(act, actor, id, false).map(|()| "moved")?,
                "withdraw" => {
                    withdraw(act, actor, id, given.text("because")).map(|()| "withdrawn")?
                }
                "leave" => leave(act, actor, id, back()?).map(|()| "left")?,
                "heard" => heard_of(act, actor, id, back()?).map(|()| "heard")?,
                "back" => come_back(act, actor, id).map(|()| "back")?,
                "set_off" => set_off(act, actor, id).map(|()| "set_off")?,
                "arrive" => arrive_with_child(act, actor, id).map(|()| "arrived")?,
                "refuse" => refuse(act, actor, id, given.text("because")).map(|()| "refused")?,
                other => {
                    let done = Alarm::from_key(other)
                        .ok_or_else(|| Refusal::Wrong("Choose what was done.".to_owned()))?;
                    let note = given.given("note");
                    answer_alarm(act, actor, id, done, note.as_deref()).map(|()| "alarm")?
                }
            })
        })
        .await?;
    let to = match (answers.text("back"), did) {
        ("round", _) | (_, "withdrawn") => format!("/visits?at={id}&did={did}"),
        _ => format!("/visits/{id}?did={did}"),
    };
    Ok(Redirect::to(&to).into_response())
}
