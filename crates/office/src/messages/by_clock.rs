//! The first message of the day sent by itself, at the time of the ladder (E-016), where the school has switched that on for a tier.
//!
//! It goes the way of one that somebody sends: foreseen, with holds, households and quiet hours, asked for in an act that foresees again. What a
//! person decides stays with people: more than the brake, a tier that is off, a family that had a message today.

use std::collections::HashMap;
use std::sync::Arc;

use ::messages::{Channel, State};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use store::{Act, SchoolId, StoreError, Tx, args};
use welfare::tier::Tier;

use super::ask::{ask, may_send};
use super::carry::by_itself;
use super::foresee::{Foreseen, foresee};
use super::held::may_leave;
use super::outside::{Carriers, channels};
use super::records::MESSAGE_PAUSE;
use super::rules::MessageRules;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::morning::first_messages_due;
use crate::people::{Actor, Role};
use crate::year::settings::settings;

const PAUSED: &str = "select paused from message_pause where school_id = $1 and on_date = $2 order by seq desc limit 1";
const TODAY: &str = "\
select p.pupil_id, m.asked_at,
       (select s.state from message_state s where s.school_id = m.school_id and s.message_id = m.message_id order by s.seq desc limit 1)
from message m
join message_run r on r.school_id = m.school_id and r.run_id = m.run_id and r.superseded_seq is null and r.purpose = 'first'
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
where m.school_id = $1 and r.on_date = $2 and m.superseded_seq is null order by m.asked_at, m.message_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PAUSED, TODAY];

/// A message that is due goes by itself for so many minutes; later a person looks first.
const GOES_FOR: i64 = 60;

/// What failed for now is repeated after so many seconds: two hours (I-134).
const REPEATED_AFTER: i64 = 2 * 60 * 60;

/// A message about a pupil that was asked for today.
struct Had {
    asked_at: Instant,
    state: Option<State>,
}

/// Sends what is due at every school that has switched it on. Answers how many messages were asked for.
///
/// Rule: E-016: “automatic, logged”. Two programs on one database send one message: the act that asks foresees again under the school's lock
/// and finds what the other asked for. For the program to call every minute, and for tests.
/// Errors: the database did not answer. A school whose settings cannot be read is passed over and logged.
pub async fn send_first_messages(office: &Arc<Office>) -> Result<usize, StoreError> {
    if !may_leave(office).await? {
        return Ok(0);
    }
    let mut sent = 0;
    for school in office.schools().await? {
        match send_at(office, school).await {
            Ok(of_school) => sent += of_school,
            Err(Refusal::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, school = school.0, "no first message could be sent by itself");
            }
        }
    }
    Ok(sent)
}

async fn send_at(office: &Arc<Office>, school: SchoolId) -> Result<usize, Refusal> {
    let here = Arc::clone(office);
    let due = office.store.read(move |tx| due(&here, tx, school)).await?;
    let Some((keys, open)) = due else {
        return Ok(0);
    };
    let asked = office.store.act(school, move |act: &mut Act| {
        let (today, _) = act.at().in_london();
        if is_paused(act.tx(), school, today)? {
            return Ok(0);
        }
        let actor = Actor {
            job_title: "by itself at the time of the ladder".to_owned(),
            roles: vec![Role::AttendanceManager],
            ..by_itself(school)
        };
        match ask(act, &actor, &open, &keys, false) {
            Ok(asked) => Ok(asked.messages),
            // Somebody else, or another program, was quicker.
            Err(Refusal::Wrong(_)) => Ok(0),
            Err(other) => Err(other),
        }
    });
    asked.await
}

/// The keys of the messages that go by themselves now, and the channels that carry them.
type Due = (Vec<String>, Vec<Channel>);

/// What goes by itself now; none where nothing does.
fn due(office: &Office, tx: &mut Tx, school: SchoolId) -> Result<Option<Due>, Refusal> {
    let now = office.now();
    let (today, _) = now.in_london();
    let rules = MessageRules::on(&settings(tx, school)?, today)?;
    if !rules.automatic.is_on() || is_paused(tx, school, today)? {
        return Ok(None);
    }
    // A letter is never sent unseen.
    let mut open = Carriers::of(office, &channels(tx, school)?).open();
    open.retain(|channel| *channel != Channel::Letter);
    let foresight = foresee(tx, school, now, &open)?;
    if foresight.messages.is_empty() {
        return Ok(None);
    }
    let book = office.shelf.book(tx, school)?;
    let times = first_messages_due(tx, &book, now)?;
    let had = had_today(tx, school, today)?;
    let keys: Vec<String> = foresight
        .messages
        .iter()
        .filter(|one| goes(one, &rules, &times, &had, now))
        .map(|one| one.key.clone())
        .collect();
    let is_too_many = keys.len() > rules.brake as usize;
    Ok((!keys.is_empty() && !is_too_many).then_some((keys, open)))
}

/// Whether a message goes by itself now: everybody in it belongs to a tier that is on, it is due for one of them and not long past, and nobody in
/// it had a message today but one that failed for now two hours ago, where the school lets that be repeated once.
fn goes(
    one: &Foreseen,
    rules: &MessageRules,
    times: &HashMap<EnrolmentId, (Tier, Instant)>,
    had: &HashMap<PupilId, Vec<Had>>,
    now: Instant,
) -> bool {
    let mut is_due = false;
    for about in &one.pupils {
        let Some((tier, due)) = times.get(&about.enrolment) else {
            return false;
        };
        if !rules.automatic.sends(*tier) {
            return false;
        }
        match had.get(&about.pupil).map(Vec::as_slice) {
            None | Some([]) => {
                let since = due.seconds_until(now);
                is_due |= (0..GOES_FOR * 60).contains(&since);
            }
            Some([only])
                if rules.automatic.repeat && only.state == Some(State::FailedTemporary) =>
            {
                let since = only.asked_at.seconds_until(now);
                is_due |= (REPEATED_AFTER..REPEATED_AFTER + GOES_FOR * 60).contains(&since);
            }
            Some(_) => return false,
        }
    }
    is_due
}

fn had_today(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<HashMap<PupilId, Vec<Had>>, StoreError> {
    let mut had: HashMap<PupilId, Vec<Had>> = HashMap::new();
    for (pupil, one) in tx.query(TODAY, &args![school, today], |row| {
        let state: Option<String> = row.get(2)?;
        let one = Had {
            asked_at: row.get(1)?,
            state: state.as_deref().and_then(State::from_word),
        };
        Ok((row.get::<PupilId>(0)?, one))
    })? {
        // What was stopped before it left, or taken out since, was no message.
        if one.state != Some(State::Cancelled) {
            had.entry(pupil).or_default().push(one);
        }
    }
    Ok(had)
}

/// Whether somebody has stopped what goes by itself for the rest of a day.
///
/// Errors: the database did not answer.
pub(super) fn is_paused(tx: &mut Tx, school: SchoolId, day: Day) -> Result<bool, StoreError> {
    let paused = tx.query_opt(PAUSED, &args![school, day], |row| row.get::<bool>(0))?;
    Ok(paused == Some(true))
}

/// `POST /messages/automatic`: stops what goes by itself for the rest of today, or lets it go again.
pub(super) async fn pause(desk: Desk) -> Result<Response, Problem> {
    let paused = desk
        .act(|act, actor| {
            if !may_send(actor) {
                return Err(Refusal::NotFound);
            }
            let (today, _) = act.at().in_london();
            let school = act.school();
            let paused = !is_paused(act.tx(), school, today)?;
            act.record(&MESSAGE_PAUSE, &args![today, paused])?;
            let what = match paused {
                true => "stop messages that go by themselves",
                false => "let messages go by themselves again",
            };
            act.describe(actor.entry(what, format!("messages of {today}")));
            Ok(paused)
        })
        .await?;
    let did = if paused { "paused" } else { "resumed" };
    Ok(Redirect::to(&format!("/messages?did={did}")).into_response())
}
