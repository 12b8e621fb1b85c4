//! One row of the board, opened: whom to ring in which order, what was tried, what comes next; and what is recorded from it.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Session;
use register::code_rows;
use store::{SchoolId, StoreError, Tx, args};
use welfare::attempt::{Channel, Outcome};

use super::board::{Claimed, Line, Morning, back, next_step};
use super::claim::{claim, release};
use super::entries::{Entry, Kind, of_enrolment};
use super::handover::Going;
use super::log::{Said, record};
use super::risk::risk;
use super::tell::told_on;
use super::who::is_lead;
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::evidence::asked_of;
use crate::form::{Answers, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::people::Actor;
use crate::roll::{contacts_of, professionals_of};
use crate::safeguarding::{Origin, Words, hand_over, may_raise};
use crate::shell::{Face, MarkCell};
use crate::visits::{OfRow, of_row};

/// A row, opened.
pub(super) struct Opened {
    pub(super) enrolment: EnrolmentId,
    pub(super) pupil: PupilId,
    pub(super) name: String,
    pub(super) form: String,
    pub(super) why: String,
    pub(super) state: &'static str,
    /// What the state asks for, with its rule.
    pub(super) produces: String,
    pub(super) siblings: String,
    pub(super) told: Vec<(String, String)>,
    pub(super) claim: Option<Claimed>,
    pub(super) contacts: Vec<Ring>,
    pub(super) marks: Vec<MarkCell>,
    pub(super) steps: Vec<StepLine>,
    /// What earlier sessions left open, for whom they did.
    pub(super) going: Option<Going>,
    pub(super) entries: Vec<EntryLine>,
    pub(super) outcomes: Vec<(usize, Outcome)>,
    pub(super) codes: Vec<(String, String)>,
    pub(super) next: Option<EnrolmentId>,
    pub(super) may_log: bool,
    pub(super) is_lead: bool,
    pub(super) is_open: bool,
    pub(super) is_searched: bool,
    pub(super) visit: OfRow,
    /// Professionals allocated to the child, and what they were told today; empty for whoever may not know of them.
    pub(super) professionals: Vec<(String, String)>,
    pub(super) told_outside: Vec<String>,
    /// Whether this person tells them.
    pub(super) tells: bool,
    /// That medical evidence is asked for, in words; empty where it is not, and for whoever may not know of evidence (E-024).
    pub(super) evidence: String,
    /// Whether a concern may be raised from here.
    pub(super) may_raise: bool,
}

/// Somebody to ring.
pub(super) struct Ring {
    pub(super) contact: i64,
    pub(super) name: String,
    pub(super) relation: String,
    pub(super) numbers: Vec<(String, String, Option<String>)>,
    /// When they last answered.
    pub(super) last: String,
    /// What to heed before ringing: an interpreter, a court order, not to be contacted.
    pub(super) heed: String,
    pub(super) may_ring: bool,
    pub(super) is_first: bool,
}

/// A step of the ladder.
pub(super) struct StepLine {
    pub(super) words: String,
    pub(super) due: String,
    pub(super) is_done: bool,
    pub(super) is_late: bool,
    pub(super) is_next: bool,
    pub(super) ground: String,
}

/// Something recorded.
pub(super) struct EntryLine {
    pub(super) words: String,
    pub(super) said: String,
}

// In the order in which they are rung; who may not be contacted is no number to try.
const RINGS: &str = "\
select p.contact_id, p.priority from pupil_contact p
join contact c on c.school_id = p.school_id and c.contact_id = p.contact_id
where p.school_id = $1 and p.pupil_id = $2 and p.superseded_seq is null and c.superseded_seq is null and not c.do_not_contact
  and exists (select 1 from contact_route r
              where r.school_id = p.school_id and r.contact_id = p.contact_id and r.superseded_seq is null
                and r.kind <> 'email' and r.value is not null)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[RINGS];

/// The contacts of a pupil who can be rung, in the order to ring.
pub(crate) fn rings(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<Vec<i64>, StoreError> {
    let mut rings = tx.query(RINGS, &args![school, pupil], |row| {
        Ok((row.get::<Option<i64>>(1)?, row.get::<i64>(0)?))
    })?;
    rings.sort_by_key(|(priority, contact)| (priority.is_none(), *priority, *contact));
    Ok(rings.into_iter().map(|(_, contact)| contact).collect())
}

/// So far back a contact's last answer is looked for: a year.
const LOOK_BACK_DAYS: i32 = 365;

/// The row of a time on roll, opened; none for one whose row this person may not see.
pub(super) fn opened(
    tx: &mut Tx,
    morning: &Morning<'_>,
    actor: &Actor,
    enrolment: EnrolmentId,
    lines: &[Line],
) -> Result<Option<Opened>, Refusal> {
    let Some(case) = morning.cases.of(enrolment) else {
        return Ok(None);
    };
    if !morning.sight.covers(case.pupil) {
        return Ok(None);
    }
    let today = morning.today();
    let risk = risk(morning.book, case, today);
    let past = of_enrolment(
        tx,
        actor.school,
        enrolment,
        today.plus_days(-LOOK_BACK_DAYS),
    )?;
    let rings = rings(tx, actor.school, case.pupil)?;
    let (steps, done) = morning.steps(case, &risk, &rings);
    let next_step = next_step(case, &steps, &done).map(|timed| timed.step);
    let later = morning.deadlines(case, &risk).into_iter();
    let later = later.map(|(words, due, ground)| StepLine {
        words,
        due: morning.clock_of(due),
        is_done: false,
        is_late: due < morning.now,
        is_next: false,
        ground,
    });
    let steps = steps
        .iter()
        .map(|timed| StepLine {
            words: timed.step.words().to_owned(),
            due: morning.clock_of(timed.due),
            is_done: done.contains(&timed.step),
            is_late: !done.contains(&timed.step) && timed.due < morning.now,
            is_next: next_step == Some(timed.step),
            ground: format!("{}, {}", timed.rule, timed.source),
        })
        .chain(later)
        .collect();
    let place = lines.iter().position(|line| line.enrolment == enrolment);
    let free = |line: &&Line| line.claim.as_ref().is_none_or(|claim| claim.is_own);
    let after = &lines[place.map_or(0, |place| place + 1)..];
    let next = after.iter().find(free).or_else(|| {
        let before = &lines[..place.unwrap_or(0)];
        before.iter().find(free)
    });
    let line = place.map(|place| &lines[place]);
    let pupil = morning.book.roll.pupil(case.pupil);
    let siblings = match morning.sight.sees_contacts(case.pupil) {
        true => crate::roll::siblings_of(tx, actor.school, case.pupil, today)?,
        false => Vec::new(),
    };
    let (professionals, told_outside) = match morning.sight.sees_social_care(case.pupil) {
        true => outside(tx, morning, case.pupil, enrolment)?,
        false => (Vec::new(), Vec::new()),
    };
    Ok(Some(Opened {
        enrolment,
        pupil: case.pupil,
        tells: !professionals.is_empty() && (morning.sight.may_log(case.pupil) || is_lead(actor)),
        professionals,
        told_outside,
        name: pupil.map(|pupil| pupil.called()).unwrap_or_default(),
        form: morning.form(enrolment),
        why: match morning.why(case, &risk) {
            why if why.is_empty() => risk.tiered.tier.word().to_owned(),
            why => format!("{}: {why}", risk.tiered.tier.word()),
        },
        state: case.state.words(),
        produces: format!("{} ({})", case.line.produces, case.line.rule),
        siblings: line.map(|line| line.siblings.clone()).unwrap_or_default(),
        told: morning.told(case),
        claim: morning.claim(case.pupil, &siblings),
        contacts: match morning.sight.sees_contacts(case.pupil) {
            true => contacts(tx, morning, case.pupil, &past)?,
            false => Vec::new(),
        },
        marks: last_marks(morning.book, case.row, morning),
        steps,
        going: morning.going(case, &risk),
        entries: past
            .iter()
            .rev()
            .take(12)
            .map(|entry| EntryLine {
                words: morning.in_words(entry),
                said: told(entry),
            })
            .collect(),
        outcomes: Outcome::ALL
            .into_iter()
            .enumerate()
            .map(|(place, outcome)| (place + 1, outcome))
            .collect(),
        codes: codes(today),
        next: next
            .map(|line| line.enrolment)
            .filter(|next| *next != enrolment),
        may_log: morning.sight.may_log(case.pupil),
        is_lead: is_lead(actor),
        is_open: case.is_open(),
        is_searched: case.state == welfare::absence::State::Searching,
        visit: of_row(tx, actor, (case.pupil, enrolment), morning.now)?,
        may_raise: may_raise(actor),
        evidence: asked_of(tx, actor, case.pupil, today)?
            .map(|one| one.words())
            .unwrap_or_default(),
    }))
}

/// Who is allocated, each with how to reach them; and what they were told, in words.
type Outside = (Vec<(String, String)>, Vec<String>);

/// Professionals allocated to a child today, and what they were told of the absence, in words.
fn outside(
    tx: &mut Tx,
    morning: &Morning<'_>,
    pupil: PupilId,
    enrolment: EnrolmentId,
) -> Result<Outside, Refusal> {
    let today = morning.today();
    let allocated = professionals_of(tx, morning.book.school, pupil)?;
    let name = |id: i64| {
        let one = allocated.iter().find(|one| one.id == id);
        one.map_or_else(String::new, |one| one.in_words())
    };
    let told = told_on(tx, morning.book.school, enrolment, today)?;
    let told = told.iter().map(|told| {
        let words = told.words.iter().map(|words| format!(": {words}"));
        let reply = match (&told.reply, told.replied_at) {
            (Some(reply), Some(at)) => {
                format!(" They answered at {}: {reply}", morning.clock_of(at))
            }
            _ => " No answer yet.".to_owned(),
        };
        format!(
            "{} told {} by {} ({}){}.{reply}",
            name(told.professional),
            morning.clock_of(told.at),
            told.how.label(),
            morning.person(told.by),
            words.collect::<String>()
        )
    });
    let told = told.collect();
    let holding = allocated.iter().filter(|one| one.holds(today));
    let holding = holding.map(|one| {
        let reach = [&one.phone, &one.email].into_iter().flatten();
        let reach: Vec<&str> = reach.map(String::as_str).collect();
        (one.in_words(), reach.join(", "))
    });
    Ok((holding.collect(), told))
}

/// What was said, by whom, and what followed.
fn told(entry: &Entry) -> String {
    let mut told = Vec::new();
    if let Some(who) = &entry.answered_by {
        told.push(format!("answered: {who}"));
    }
    told.extend(entry.said.clone());
    if let Some(code) = &entry.code {
        told.push(format!("code {code}"));
    }
    if entry.seen {
        told.push("child seen or spoken to".to_owned());
    }
    if let Some(day) = entry.expected_on {
        told.push(format!("expected back {}", day.short()));
    }
    told.join(" · ")
}

/// Whom to ring, in order, with when each last answered.
fn contacts(
    tx: &mut Tx,
    morning: &Morning<'_>,
    pupil: PupilId,
    past: &[Entry],
) -> Result<Vec<Ring>, StoreError> {
    let mut rings: Vec<Ring> = contacts_of(tx, morning.book.school, pupil)?
        .into_iter()
        .map(|contact| {
            let calls = past
                .iter()
                .filter(|entry| entry.contact == Some(contact.contact.0));
            let answered = calls
                .clone()
                .rfind(|entry| entry.outcome.is_some_and(Outcome::somebody_answered));
            let last = match (answered, calls.count()) {
                (Some(entry), _) => format!("last answered {}", morning.clock_of(entry.at)),
                (None, 0) => "not tried in the last year".to_owned(),
                (None, many) => format!("no answer in {many} tries"),
            };
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
            Ring {
                contact: contact.contact.0,
                name: contact.name(),
                relation: contact.relationship.clone(),
                numbers: contact
                    .routes
                    .iter()
                    .map(|route| (route.kind.clone(), route.shown(), route.href()))
                    .collect(),
                last,
                heed: heed.join(", "),
                may_ring: !contact.do_not_contact
                    && contact.routes.iter().any(|route| route.rings()),
                is_first: false,
            }
        })
        .collect();
    if let Some(first) = rings.iter_mut().find(|ring| ring.may_ring) {
        first.is_first = true;
    }
    Ok(rings)
}

/// The marks of the last ten sessions that have begun.
fn last_marks(book: &Book, row: usize, morning: &Morning<'_>) -> Vec<MarkCell> {
    let today = morning.today();
    let slots = book.calendar.slots(today.plus_days(-30), today);
    let begun = slots.iter().filter(|slot| {
        let hours = morning
            .cases
            .hours
            .iter()
            .find(|hours| hours.slot == **slot);
        hours.is_none_or(|hours| hours.opens <= morning.now)
    });
    let mut marks: Vec<MarkCell> = begun
        .rev()
        .take(10)
        .map(|slot| {
            let mark = book.mark(row, *slot);
            let label = format!("{} {}", slot.day.short(), slot.session);
            match mark.code() {
                Some(code) => MarkCell {
                    planned: mark.is_planned(),
                    ..MarkCell::new(code.to_string(), Face::of(mark.row()), label)
                },
                None => MarkCell::none(label),
            }
        })
        .collect();
    marks.reverse();
    marks
}

/// The codes that say why a pupil is absent today, with what they mean.
fn codes(today: calendar::Day) -> Vec<(String, String)> {
    let rows = code_rows().iter().filter(|row| {
        row.covers(today)
            && !row.class.is_attended()
            && row.code != register::Code::NO_REASON_YET
            && row.session_scope.admits(Session::Am)
    });
    rows.map(|row| (row.code.to_string(), row.meaning.to_owned()))
        .collect()
}

/// `POST /morning/{enrolment}`: records what was tried, said or decided, and goes on to the next row.
pub(super) async fn record_one(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let said = match said(&answers) {
        Ok(said) => said,
        Err(ground) => return Err(desk.problem(Refusal::Wrong(ground))),
    };
    let enrolment = EnrolmentId(enrolment);
    let worry = worry(&answers, &said);
    let keyring = desk.office.keyring.clone();
    let recorded = desk
        .act(move |act, actor| {
            let recorded = record(act, actor, enrolment, &said)?;
            if let Some(worry) = &worry {
                hand_over(act, actor, &keyring, enrolment, worry)?;
            }
            Ok(recorded)
        })
        .await?;
    let did = match (recorded.settled.is_empty(), answers.text("kind")) {
        (false, _) => "settled",
        (true, "attempt") => "logged",
        (true, _) => "recorded",
    };
    if answers.text("back") == "evening" {
        return Ok(Redirect::to("/morning/evening?did=recorded").into_response());
    }
    let next = answers.text("next");
    let row = match next.is_empty() {
        true => format!("did={did}"),
        false => format!("row={next}&did={did}"),
    };
    Ok(Redirect::to(&format!("/morning?{row}")).into_response())
}

/// What goes to the safeguarding lead with an attempt, where something does (E-018): what worries whoever called, or what was said.
fn worry(answers: &Answers, said: &Said) -> Option<Words> {
    said.concern.then(|| {
        let facts = answers.given("worry").or_else(|| said.said.clone());
        let outcome = said.outcome.map(Outcome::word).unwrap_or_default();
        Words::of(
            Origin::Call,
            facts.unwrap_or_else(|| format!("Passed on from a call without words: {outcome}")),
        )
    })
}

/// What a form says.
fn said(answers: &Answers) -> Result<Said, String> {
    let Some(kind) = Kind::from_key(answers.text("kind")) else {
        return Err("Nothing was chosen, so nothing was saved.".to_owned());
    };
    let mut wrongs = Wrongs::default();
    let expected_on = answers.day_if_given("expected_on", &mut wrongs);
    if let Some(wrong) = wrongs.of("expected_on") {
        return Err(wrong);
    }
    let is_attempt = kind == Kind::Attempt;
    Ok(Said {
        channel: is_attempt
            .then(|| Channel::from_key(answers.text("channel")).unwrap_or(Channel::Call)),
        contact: answers.number("contact").filter(|_| is_attempt),
        outcome: Outcome::from_key(answers.text("outcome")).filter(|_| is_attempt),
        answered_by: answers.given("answered_by"),
        said: answers.given("said"),
        expected_on,
        seen: kind == Kind::Seen || answers.ticked("seen"),
        concern: answers.ticked("concern") || answers.given("worry").is_some(),
        code: answers.given("code"),
        rest_of_day: answers.ticked("rest"),
        earlier_days: answers.ticked("earlier"),
        ..Said::of(kind)
    })
}

/// `POST /morning/{enrolment}/claim`.
pub(super) async fn claim_one(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    desk.act(move |act, actor| claim(act, actor, EnrolmentId(enrolment)))
        .await?;
    Ok(Redirect::to(&back(&answers, "claimed")).into_response())
}

/// `POST /morning/{enrolment}/release`.
pub(super) async fn release_one(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    desk.act(move |act, actor| release(act, actor, EnrolmentId(enrolment)))
        .await?;
    Ok(Redirect::to(&back(&answers, "released")).into_response())
}
