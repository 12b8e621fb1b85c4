//! Asking for messages: what was previewed is recorded and put down to be handed over. And stopping what has not left.

use ::messages::{Channel, Reference, State};
use calendar::Instant;
use store::jobs::{self, NewJob};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::foresee::{Foreseen, Foresight, foresee};
use super::records::{MESSAGE, MESSAGE_PUPIL, MESSAGE_RUN, MESSAGE_STATE};
use crate::desk::Refusal;
use crate::ids::{MessageId, MessageRunId};
use crate::keyed::keyed;
use crate::people::{Access, Actor, RecordKind};

/// The kind of job that hands a run over.
pub(super) const KIND: &str = "messages";

const NEW_TRY: &str = "\
insert into message_try (school_id, message_id, run_id, tries, first_at, next_at, calling, look_up, asks, stopped, said)
values ($1, $2, $3, 0, null, $4, $5, $5, $5, $5, null)";
/// Stops what no call is under way for: the worker's own begin and this touch the same row, so one of them comes first.
const STOP: &str = "\
update message_try set stopped = $3 where school_id = $1 and run_id = $2 and calling = $4 and stopped = $4";
const STOPPED: &str = "\
select t.message_id from message_try t
where t.school_id = $1 and t.run_id = $2 and t.stopped = $3
  and (select s.state from message_state s where s.school_id = t.school_id and s.message_id = t.message_id order by s.seq desc limit 1) = 'queued'";
const RUN: &str = "select run_id from message_run where school_id = $1 and run_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NEW_TRY, STOP, STOPPED, RUN];

keyed! {
    /// What the messages of a run are for.
    Purpose {
        /// The first message of the day, about pupils without a reason in a session.
        First = "first", "no reason";
        /// A letter that somebody wrote.
        Letter = "letter", "a letter";
    }
}

/// Whether this person sends messages for the whole school.
pub(super) fn may_send(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::ContactsLog)
}

/// Whether this person sees what was sent.
pub(super) fn may_read(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::ContactsLog)
}

/// What became of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The run.
    pub run: MessageRunId,
    /// So many messages wait to be handed over.
    pub messages: usize,
    /// So many that were chosen are no longer as they were previewed: somebody arrived, or was reached.
    pub dropped: usize,
}

/// Asks for the messages with these keys, as they were previewed.
///
/// Rule: I-123. What goes is foreseen anew from the rows of this moment, and a message goes only if it is still the same to the letter. Above the
/// school's brake it takes `second_look`.
/// Errors: somebody who sends no messages; nothing left to send; too many without a second look.
pub fn ask(
    act: &mut Act,
    actor: &Actor,
    open: &[Channel],
    keys: &[String],
    second_look: bool,
) -> Result<Asked, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let now = act.at();
    let Foresight {
        slot,
        messages,
        rules,
        leaves_at,
        ..
    } = foresee(act.tx(), actor.school, now, open)?;
    let chosen: Vec<Foreseen> = messages
        .into_iter()
        .filter(|one| keys.contains(&one.key))
        .collect();
    if chosen.is_empty() {
        let ground = "None of these messages is still to be sent. Everybody they were about is explained, held or had a message.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    if chosen.len() > rules.brake as usize && !second_look {
        return Err(Refusal::Wrong(format!(
            "These are {} messages, more than the {} that your school sends without a second look. Tick that you mean it.",
            chosen.len(),
            rules.brake
        )));
    }
    let run = MessageRunId(act.new_id());
    act.record(
        &MESSAGE_RUN,
        &args![
            run,
            slot.day,
            slot.session.index() as i64,
            now,
            Purpose::First.key()
        ],
    )?;
    for one in &chosen {
        queue(act, run, one, leaves_at)?;
    }
    put_down(act, actor, run, leaves_at)?;
    act.describe(actor.entry("ask for messages", format!("messages {run}")));
    act.note("messages", &chosen.len().to_string());
    Ok(Asked {
        run,
        messages: chosen.len(),
        dropped: keys.len().saturating_sub(chosen.len()),
    })
}

/// Puts a run down to be handed over.
pub(super) fn put_down(
    act: &mut Act,
    actor: &Actor,
    run: MessageRunId,
    leaves_at: Instant,
) -> Result<(), StoreError> {
    let (school, now) = (act.school(), act.at());
    let input = run.to_string();
    let job = NewJob {
        kind: KIND,
        unique_key: Some(&input),
        input: &input,
        account: actor.account.0,
        due: leaves_at,
    };
    jobs::enqueue(act.tx(), school, now, &job).map(drop)
}

/// Records one message with a reference of its own, made before any call (I-122).
pub(super) fn queue(
    act: &mut Act,
    run: MessageRunId,
    one: &Foreseen,
    leaves_at: Instant,
) -> Result<MessageId, StoreError> {
    let (school, now) = (act.school(), act.at());
    let id = MessageId(act.new_id());
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system gives random bytes");
    let reference = Reference::of(random);
    act.record(
        &MESSAGE,
        &args![
            id,
            run,
            one.channel.word(),
            one.contact,
            &one.to_name,
            &one.address,
            &one.subject,
            &one.words,
            i64::from(one.parts),
            reference.as_str(),
            now
        ],
    )?;
    for about in &one.pupils {
        act.record(&MESSAGE_PUPIL, &args![id, about.enrolment, about.pupil])?;
    }
    act.record(
        &MESSAGE_STATE,
        &args![id, State::Queued.word(), None::<&str>, None::<&str>],
    )?;
    act.tx()
        .execute(NEW_TRY, &args![school, id, run, leaves_at, false])?;
    Ok(id)
}

/// Stops what has not left of a run; answers how many messages. One whose call is under way is not stopped: the provider may have it.
///
/// Errors: somebody who sends no messages; no such run.
pub fn stop(act: &mut Act, actor: &Actor, run: MessageRunId) -> Result<usize, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let school = actor.school;
    must_exist(act.tx(), school, run)?;
    act.tx().execute(STOP, &args![school, run, true, false])?;
    let stopped: Vec<MessageId> = act
        .tx()
        .query(STOPPED, &args![school, run, true], |row| row.get(0))?;
    let because = format!("stopped by {}", actor.name);
    for message in &stopped {
        act.record(
            &MESSAGE_STATE,
            &args![
                *message,
                State::Cancelled.word(),
                because.as_str(),
                None::<&str>
            ],
        )?;
    }
    act.describe(actor.entry("stop messages", format!("messages {run}")));
    act.note("messages", &stopped.len().to_string());
    Ok(stopped.len())
}

pub(super) fn must_exist(tx: &mut Tx, school: SchoolId, run: MessageRunId) -> Result<(), Refusal> {
    let found = tx.query_opt(RUN, &args![school, run], |row| row.get::<i64>(0))?;
    found.map(drop).ok_or(Refusal::NotFound)
}
