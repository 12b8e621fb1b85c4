//! The first messages of the demo school's morning: some families have one, one could not be reached, and two have answered.

use std::sync::Arc;

use ::messages::{Channel, Number, Received, State};
use calendar::Instant;
use store::{Act, SchoolId, Store, StoreError, args};

use super::{People, by_system};
use crate::desk::Refusal;
use crate::ids::{ContactId, MessageId, MessageRunId, PupilId};
use crate::messages::letters::{NewLetter, write_letters};
use crate::messages::records::MESSAGE_STATE;
use crate::messages::{Foreseen, ask, foresee, keep_reply};
use crate::people::{Actor, Limits, Role};

/// The messages of a run.
pub(super) const OF_RUN: &str =
    "select message_id from message where school_id = $1 and run_id = $2 order by message_id";

/// Some contacts with an address of their own.
pub(super) const WITH_ADDRESS: &str = "\
select x.pupil_id, x.contact_id from pupil_contact x
join residence r on r.school_id = x.school_id and r.party = 'contact' and r.party_id = x.contact_id and r.superseded_seq is null and r.to_day is null
join contact c on c.school_id = x.school_id and c.contact_id = x.contact_id and c.superseded_seq is null and not c.do_not_contact
where x.school_id = $1 and x.superseded_seq is null and not x.court_order order by x.pupil_id, x.contact_id limit 5";

/// A third of the families have had a message, so that there is still somebody to write to.
const SHARE: usize = 3;

/// Asks for the messages as the attendance manager, and keeps what became of them. Nothing is sent to anybody.
///
/// Errors: what the store says against it.
pub(super) fn put_in(store: &Store, key: SchoolId, people: &Arc<People>) -> Result<(), StoreError> {
    let actor = keeper(people, key);
    let asked = store.act_now(key, move |act: &mut Act| {
        let now = act.at();
        let open = [Channel::Text, Channel::Email];
        let foreseen = foresee(act.tx(), key, now, &open)?.messages;
        let chosen: Vec<Foreseen> = foreseen
            .iter()
            .take(foreseen.len().div_ceil(SHARE))
            .cloned()
            .collect();
        let keys: Vec<String> = chosen.iter().map(|one| one.key.clone()).collect();
        let asked = ask(act, &actor, &open, &keys, true)?;
        Ok::<_, Refusal>((asked.run, chosen))
    });
    let (run, chosen) = match asked {
        Ok(asked) => asked,
        Err(Refusal::Store(error)) => return Err(error),
        // On a morning when nobody is missing nobody is written to.
        Err(_) => return Ok(()),
    };
    became(store, key, people, run, |_, _| State::HandedOver)?;
    // The last of several could not be reached.
    became(store, key, people, run, |place, of| {
        match of > 2 && place + 1 == of {
            true => State::FailedPermanent,
            false => State::Delivered,
        }
    })?;
    a_letter(store, key, people)?;
    let now = store.now();
    let texted = chosen
        .iter()
        .find(|one| one.channel == Channel::Text && one.pupils.len() == 1);
    let answer = texted.map(|one| {
        let name = one
            .pupils
            .first()
            .map_or("", |about| about.forename.as_str());
        answer(
            "demo-1",
            &one.address,
            format!("{name} has a temperature, will ring tomorrow"),
            now,
        )
    });
    let stranger = answer_of_a_stranger(now);
    for received in answer.into_iter().chain([stranger]) {
        let kept = store.act_now(key, move |act: &mut Act| keep_reply(act, &received));
        if let Err(Refusal::Store(error)) = kept {
            return Err(error);
        }
    }
    Ok(())
}

/// A letter that the attendance manager has written to a family with an address, which waits to be posted.
fn a_letter(store: &Store, key: SchoolId, people: &Arc<People>) -> Result<(), StoreError> {
    let actor = keeper(people, key);
    let with_address = store.read_now(move |tx| {
        tx.query(WITH_ADDRESS, &args![key], |row| {
            Ok((row.get::<PupilId>(0)?, row.get::<ContactId>(1)?))
        })
    })?;
    for (pupil, contact) in with_address {
        let (actor, letter) = (
            actor.clone(),
            NewLetter {
                pupil,
                contacts: vec![contact],
                subject: "How can we reach you?".to_owned(),
                words: "We have tried to ring you several times this term and could not reach you. Please tell the attendance office which number and \
                        which e-mail address you use now.\n\nYours sincerely,\n\nthe attendance office"
                    .to_owned(),
            },
        );
        match store.act_now(key, move |act: &mut Act| {
            write_letters(act, &actor, &letter)
        }) {
            Ok(_) => return Ok(()),
            Err(Refusal::Store(error)) => return Err(error),
            // A held pupil, or an address that cannot be posted to: the next.
            Err(_) => {}
        }
    }
    Ok(())
}

fn answer(id: &str, from: &str, text: String, at: Instant) -> Received {
    Received {
        id: id.to_owned(),
        from: Number::read(from).ok_or_else(|| from.to_owned()),
        text,
        at: Some(at),
    }
}

fn answer_of_a_stranger(at: Instant) -> Received {
    // A number kept free for stories (Ofcom), which no contact of the school has.
    answer(
        "demo-2",
        "+447700900999",
        "Wrong number, I have no children".to_owned(),
        at,
    )
}

fn became(
    store: &Store,
    key: SchoolId,
    people: &Arc<People>,
    run: MessageRunId,
    state: impl Fn(usize, usize) -> State + Send + 'static,
) -> Result<(), StoreError> {
    let staff = Arc::clone(people);
    store.act_now(key, move |act: &mut Act| {
        let all: Vec<MessageId> = act.tx().query(OF_RUN, &args![key, run], |row| row.get(0))?;
        for (place, id) in all.iter().enumerate() {
            let state = state(place, all.len());
            let because = (state == State::FailedPermanent).then_some("permanent-failure");
            act.record(
                &MESSAGE_STATE,
                &args![*id, state.word(), because, None::<&str>],
            )?;
        }
        act.describe(by_system(
            &staff,
            "note what became of messages",
            format!("messages {run}"),
        ));
        Ok(())
    })
}

fn keeper(people: &People, key: SchoolId) -> Actor {
    Actor {
        account: people.accounts[people.keeper],
        school: key,
        name: String::new(),
        job_title: people.job_titles[people.keeper].clone(),
        staff: None,
        roles: vec![Role::AttendanceManager],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}
