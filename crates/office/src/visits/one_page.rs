//! One visit: getting it ready, leaving, being heard of, coming back, and writing down what was found. Made for a telephone.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, TimeOfDay};
use store::Tx;
use welfare::visit::{Alarm, Found, State as Stands, Warnings};

use super::found::{LONGEST_ACCOUNT, Wrote, write_down};
use super::go::{Going, Looked, answer_alarm, check, come_back, heard_of, leave, staff};
use super::order::{authorise, move_in_round, withdraw};
use super::shown::Shown;
use super::visit::{Whole, of_enrolment, one};
use super::who::{Sight, authorises};
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick, yes_no};
use crate::ids::StaffId;
use crate::people::Actor;
use crate::roll::contacts_of;
use crate::shell::{Choice, Facts, Field, FieldKind, Frame, Notice, Page, Text};

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
    is_checked: bool,
    has_staff: bool,
    due_back: String,
    rule: Option<&'static welfare::Rule>,
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
        may_authorise: may_plan && authorises(actor) && whole.visit.authorised_by.is_none(),
        is_checked: whole
            .checked
            .as_ref()
            .is_some_and(|checked| checked.check.holds(today)),
        has_staff: whole.visit.staff.iter().any(Option::is_some),
        due_back: in_steps_of_five(due.plus_seconds(USUALLY_OUT * 60)),
        state,
        rule: welfare::rule("E-196"),
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
        _ => return None,
    }))
}

fn facts(
    tx: &mut Tx,
    shown: &Shown<'_>,
    whole: &Whole,
    pupil: crate::ids::PupilId,
) -> Result<Facts, Refusal> {
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

fn people(tx: &mut Tx, book: &Book, pupil: crate::ids::PupilId) -> Result<Vec<Person>, Refusal> {
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

/// A clock time of today that a form gave.
fn time_today(text: &str, today: Day) -> Option<Instant> {
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
                time_today(given.text("due_back"), today).ok_or_else(|| {
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

/// The visit of a form, for somebody who may see it.
fn asked_of(tx: &mut Tx, actor: &Actor, id: i64, today: Day) -> Result<Whole, Refusal> {
    let whole = one(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    super::who::pupil_to_visit(tx, actor, whole.visit.enrolment, today)?;
    Ok(whole)
}

fn again_with(
    field: &'static str,
    refusal: Refusal,
    form: FormPage,
    answers: &Answers,
) -> Result<Outcome, Refusal> {
    match refusal {
        Refusal::Wrong(ground) => {
            let mut wrongs = Wrongs::default();
            wrongs.add(field, ground);
            Ok(Outcome::again(form, answers, &wrongs))
        }
        other => Err(other),
    }
}

fn crumb(id: i64) -> (String, &'static str) {
    (format!("/visits/{id}"), "Visit")
}

fn check_form(whole: &Whole) -> FormPage {
    let known = |name: &'static str, label: &'static str, is: Option<bool>| {
        let value = match is {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        yes_no(name, label).value(value)
    };
    let before = whole.checked.as_ref();
    let warned = before.map(|checked| checked.check.warnings);
    let note = before.and_then(|checked| checked.note.clone());
    let part = Part::new(
        "What is known of the address",
        vec![
            known("dogs", "Dogs", warned.map(|known| known.dogs)),
            known(
                "violence",
                "Violence or threats",
                warned.map(|known| known.violence),
            ),
            known("weapons", "Weapons", warned.map(|known| known.weapons)),
            known(
                "agency",
                "Warning of another agency",
                warned.map(|known| known.agency),
            ),
            known(
                "never_alone",
                "Nobody goes there alone",
                warned.map(|known| known.never_alone),
            ),
            Field::line("note", "What is known, and what they do about it")
                .value(note.unwrap_or_default())
                .optional(),
            tick(
                "stay_away",
                "Nobody is to go: the safeguarding lead decides what else is done",
            ),
        ],
    );
    FormPage::new("Risk check", crumb(whole.visit.id), "Keep the risk check", vec![part])
        .about("Ask whoever knows the family, the safeguarding lead and the record before you answer. It is kept with your name and today's date, and holds for seven days. Nobody leaves without it (E-196).")
}

/// `GET /visits/{visit}/check`.
pub(super) async fn ask_check(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        Ok(check_form(&asked_of(tx, actor, id, today)?))
    })
    .await
}

/// `POST /visits/{visit}/check`.
pub(super) async fn answer_check(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = check_form(&asked_of(act.tx(), actor, id, today)?);
        let mut wrongs = Wrongs::default();
        let mut known = |name: &'static str| {
            let answer = answers.yes_or_no(name);
            if answer.is_none() {
                wrongs.add(name, "Answer yes or no. Ask if you do not know.");
            }
            answer.unwrap_or(false)
        };
        let looked = Looked {
            warnings: Warnings {
                dogs: known("dogs"),
                violence: known("violence"),
                weapons: known("weapons"),
                agency: known("agency"),
                never_alone: known("never_alone"),
            },
            stay_away: answers.ticked("stay_away"),
            note: answers.given("note"),
        };
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        match check(act, actor, id, &looked) {
            Ok(()) => Ok(Outcome::done(&format!("/visits/{id}"), "checked")),
            Err(refusal) => again_with("note", refusal, form, &answers),
        }
    })
    .await
}

const STAFF: &str = "\
select staff_id, title, forename, surname from staff
where school_id = $1 and superseded_seq is null and (leaving_day is null or leaving_day >= $2) order by surname, forename, staff_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[STAFF];

fn staff_form(tx: &mut Tx, actor: &Actor, whole: &Whole, today: Day) -> Result<FormPage, Refusal> {
    let all: Vec<(StaffId, String)> =
        tx.query(STAFF, &store::args![actor.school, today], |row| {
            let parts = [row.get::<Option<String>>(1)?, row.get(2)?, row.get(3)?];
            let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            Ok((row.get(0)?, name))
        })?;
    let visit = &whole.visit;
    let choose =
        |name: &'static str, label: &'static str, nobody: &'static str, now: Option<StaffId>| {
            let mut choices = vec![Choice::new("", nobody)];
            choices.extend(
                all.iter()
                    .map(|(id, name)| Choice::new(id.to_string(), name.clone())),
            );
            let value = now.map(|id| id.to_string()).unwrap_or_default();
            Field::select(name, label, choices).value(value)
        };
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let own = visit.staff[0].or(actor.staff.filter(|_| visit.staff == [None, None]));
    let part =
        Part::new(
            "",
            vec![
            choose("one", "Who goes", "Choose", own),
            choose(
                "two",
                "Who goes too",
                "Nobody: one goes alone",
                visit.staff[1],
            )
            .optional(),
            Field::line("alone_because", "Why one may go alone")
                .hint("Only where one goes alone; allowed by whoever authorises visits.")
                .value(given(&visit.alone_because))
                .optional(),
            Field::new(FieldKind::Telephone, "phone", "Number on which they are rung")
                .value(given(&visit.phone))
                .short(),
            Field::line("vehicle", "Car")
                .hint(
                    "Such as: school minibus; the registration of a private car, insured for work.",
                )
                .value(given(&visit.vehicle))
                .optional(),
        ],
        );
    Ok(
        FormPage::new("Who goes", crumb(visit.id), "Keep who goes", vec![part])
            .about("Two staff go, unless one alone was allowed after the risk check (E-196)."),
    )
}

/// `GET /visits/{visit}/staff`.
pub(super) async fn ask_staff(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let whole = asked_of(tx, actor, id, today)?;
        staff_form(tx, actor, &whole, today)
    })
    .await
}

/// `POST /visits/{visit}/staff`.
pub(super) async fn answer_staff(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let whole = asked_of(act.tx(), actor, id, today)?;
        let form = staff_form(act.tx(), actor, &whole, today)?;
        let going = Going {
            staff: ["one", "two"].map(|name| answers.number(name).map(StaffId)),
            alone_because: answers.given("alone_because"),
            vehicle: answers.given("vehicle"),
            phone: answers.given("phone"),
        };
        match staff(act, actor, id, &going) {
            Ok(()) => Ok(Outcome::done(&format!("/visits/{id}"), "staffed")),
            Err(Refusal::NotAllowed(ground)) => {
                again_with("alone_because", Refusal::Wrong(ground), form, &answers)
            }
            Err(refusal) => again_with("one", refusal, form, &answers),
        }
    })
    .await
}

fn record_form(shown: &Shown<'_>, whole: &Whole) -> FormPage {
    let found = Found::ALL.map(|found| Choice::new(found.key(), found.words()));
    let mut seen_by = vec![Choice::new("", "The child was not seen")];
    let goes = whole.visit.staff.into_iter().flatten();
    seen_by.extend(goes.map(|staff| Choice::new(staff.to_string(), shown.member(staff))));
    let before = whole.record.as_ref();
    let given = |value: Option<&Option<String>>| value.cloned().flatten().unwrap_or_default();
    let (_, now) = shown.now.in_london();
    let now = format!("{:02}:{:02}", now.hour(), now.minute());
    let at_door = before.map_or(now, |record| record.at_door.in_london().1.to_string());
    let at_the_door = Part::new(
        "At the door",
        vec![
            Field::radios("found", "What was found", found.to_vec())
                .value(before.map_or("", |record| record.found.key())),
            Field {
                width: "short",
                ..Field::new(FieldKind::Time, "at_door", "When")
            }
            .value(at_door),
            Field::line(
                "answered_by",
                "Who answered, and what they are to the child",
            )
            .value(given(before.map(|record| &record.answered_by)))
            .optional(),
        ],
    );
    let child = Part::new(
        "The child",
        vec![
            Field::select("seen_by", "Who saw the child", seen_by)
                .value(
                    before
                        .and_then(|record| record.seen_by)
                        .map(|staff| staff.to_string())
                        .unwrap_or_default(),
                )
                .optional(),
            Field::line("seen_where", "Where the child was seen")
                .hint("Such as: at the door; in the living room; at the grandmother's, 4 Sample Lane.")
                .value(given(before.map(|record| &record.seen_where)))
                .optional(),
            yes_no("alone", "Spoken to alone")
                .value(match before.and_then(|record| record.alone) {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                })
                .optional(),
        ],
    );
    let account = Part::new(
        "What was seen and said",
        vec![
            Field::new(
                FieldKind::Lines,
                "facts",
                "Facts: what was seen and said, condition of child and home",
            )
            .hint(format!("Up to {LONGEST_ACCOUNT} letters."))
            .value(given(before.map(|record| &record.facts)))
            .optional(),
            Field::new(
                FieldKind::Lines,
                "opinion",
                "What you make of it, kept apart from the facts",
            )
            .value(given(before.map(|record| &record.opinion)))
            .optional(),
            Field::day("reply_on", "The card asks for a reply by: day").optional(),
            Field {
                width: "short",
                ..Field::new(
                    FieldKind::Time,
                    "reply_at",
                    "The card asks for a reply by: time",
                )
            }
            .optional(),
            Field::line("next_step", "What comes next")
                .value(given(before.map(|record| &record.next_step)))
                .optional(),
            tick(
                "concern",
                "Pass it to the safeguarding lead: the child stays on the list until they decide (E-020)",
            ),
        ],
    );
    FormPage::new(
        "What was found",
        crumb(whole.visit.id),
        "Keep the record",
        vec![at_the_door, child, account],
    )
    .about("Only a child who was seen, and of whom there is no concern, counts as located by it (SM-1). The log of contacts gets the line of the outcome; all else stays here (E-197).")
}

fn shown_for<'b>(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    book: &'b Book,
) -> Result<Shown<'b>, Refusal> {
    let now = desk.office.now();
    Ok(Shown {
        sight: Sight::of(tx, actor, now.in_london().0)?,
        book,
        now,
    })
}

/// `GET /visits/{visit}/record`.
pub(super) async fn ask_record(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        let whole = asked_of(tx, actor, id, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let shown = shown_for(&here, tx, actor, &book)?;
        Ok(record_form(&shown, &whole))
    })
    .await
}

/// What the form of a record says; what is wrong with it otherwise.
fn wrote(answers: &Answers, whole: &Whole, wrongs: &mut Wrongs) -> Option<Wrote> {
    let found = Found::from_key(answers.text("found"));
    if found.is_none() {
        wrongs.add("found", "Choose what was found.");
    }
    let day = whole
        .visit
        .left_at
        .map_or(whole.visit.day, |at| at.in_london().0);
    let at_door = time_today(answers.text("at_door"), day);
    if at_door.is_none() {
        wrongs.add("at_door", "Give the time at the door, as 10:30.");
    }
    let reply_on = answers.day_if_given("reply_on", wrongs);
    let reply_at = answers.text("reply_at");
    let reply_by = match (reply_on, reply_at) {
        (None, "") => None,
        (on, at) => time_today(at, on.unwrap_or(day)),
    };
    if reply_by.is_none() && (reply_on.is_some() || !reply_at.is_empty()) {
        wrongs.add(
            "reply_at",
            "Give the time by which a reply is asked for, as 16:00.",
        );
    }
    if !wrongs.is_empty() {
        return None;
    }
    Some(Wrote {
        found: found?,
        at_door: at_door?,
        seen_by: answers.number("seen_by").map(StaffId),
        seen_where: answers.given("seen_where"),
        alone: answers.yes_or_no("alone"),
        answered_by: answers.given("answered_by"),
        facts: answers.given("facts"),
        opinion: answers.given("opinion"),
        reply_by,
        next_step: answers.given("next_step"),
        concern: answers.ticked("concern"),
    })
}

/// `POST /visits/{visit}/record`.
pub(super) async fn answer_record(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (here, given) = (desk.clone(), answers.clone());
    let done = desk
        .act(move |act, actor| {
            let (today, _) = act.at().in_london();
            let whole = asked_of(act.tx(), actor, id, today)?;
            let mut wrongs = Wrongs::default();
            if let Some(wrote) = wrote(&given, &whole, &mut wrongs) {
                match write_down(act, actor, id, &wrote) {
                    Ok(()) => return Ok(None),
                    Err(Refusal::Wrong(ground)) => wrongs.add("found", ground),
                    Err(other) => return Err(other),
                }
            }
            Ok(Some(wrongs))
        })
        .await?;
    match done {
        None => Ok(Redirect::to(&format!("/visits/{id}?did=recorded")).into_response()),
        Some(wrongs) => {
            form::again(desk, answers, wrongs, move |tx, actor, today| {
                let whole = asked_of(tx, actor, id, today)?;
                let book = here.office.shelf.book(tx, actor.school)?;
                let shown = shown_for(&here, tx, actor, &book)?;
                Ok(record_form(&shown, &whole))
            })
            .await
        }
    }
}
