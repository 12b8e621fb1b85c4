//! What families of the demo school told this morning: calls and voicemails that the office wrote down, some of them doubtful.

use std::sync::Arc;

use calendar::{Day, Instant, Session};
use demo::DemoSchool;
use store::{Act, SchoolId, Store, StoreError, args};

use super::People;
use super::evidence;
use super::morning::{actor, caller};
use crate::absence_line::{Channel, Told, take};
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::{Keyring, Role};

/// Pupils without a mark this morning: their registers are not in.
pub(super) const WITHOUT_MARK: &str = "\
select e.pupil_id from enrolment e
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $2 and (e.leaving_day is null or e.leaving_day >= $2)
  and not exists (select 1 from mark_version v where v.school_id = e.school_id and v.enrolment_id = e.enrolment_id and v.on_date = $2)
order by e.pupil_id";

/// Pupils who have this mark this morning.
pub(super) const WITH_MARK: &str = "\
select e.pupil_id from enrolment e
where e.school_id = $1 and e.superseded_seq is null and $3 = (
  select v.code from mark_version v
  where v.school_id = e.school_id and v.enrolment_id = e.enrolment_id and v.on_date = $2 and v.session = 0
  order by v.seq desc limit 1)
order by e.pupil_id";

/// About whom something was told.
enum Whom {
    /// One of those without a mark.
    Waiting(usize),
    /// One of those without a reason.
    Missed,
    /// One of those who are here.
    Here,
    /// Somebody whom the voicemail does not name.
    Nobody,
}

/// What was told: about whom, how, how many minutes ago, by whom, the words, for how many more days, and whether for the morning only.
struct Said(Whom, Channel, i64, &'static str, &'static str, i32, bool);

const TOLD: [Said; 12] = [
    Said(
        Whom::Waiting(0),
        Channel::Voicemail,
        74,
        "mother",
        "Was sick in the night, staying at home",
        0,
        false,
    ),
    Said(
        Whom::Waiting(3),
        Channel::Call,
        69,
        "father",
        "Temperature of 39, at home today and tomorrow",
        1,
        false,
    ),
    Said(
        Whom::Waiting(6),
        Channel::Voicemail,
        58,
        "mother",
        "Orthodontist at quarter past ten, back for lunch",
        0,
        true,
    ),
    Said(
        Whom::Waiting(9),
        Channel::Voicemail,
        47,
        "grandmother",
        "Migraine, hopefully in tomorrow",
        0,
        false,
    ),
    Said(
        Whom::Waiting(12),
        Channel::Call,
        39,
        "mother",
        "Chickenpox, off for the rest of the week",
        3,
        false,
    ),
    Said(
        Whom::Waiting(15),
        Channel::Voicemail,
        36,
        "father",
        "We are still at the airport, the flight was cancelled",
        0,
        false,
    ),
    Said(
        Whom::Waiting(18),
        Channel::Call,
        30,
        "mother",
        "Too anxious to come in, we had tears all morning",
        0,
        false,
    ),
    Said(
        Whom::Waiting(21),
        Channel::Voicemail,
        28,
        "mother",
        "Sore throat and a cough",
        0,
        false,
    ),
    Said(
        Whom::Here,
        Channel::Voicemail,
        26,
        "father",
        "Poorly, will not be in today",
        0,
        false,
    ),
    Said(
        Whom::Nobody,
        Channel::Voicemail,
        22,
        "",
        "Hello, my daughter in Year 8 has a cold and will stay at home. Thank you",
        0,
        false,
    ),
    Said(
        Whom::Waiting(24),
        Channel::Form,
        21,
        "mother",
        "Appointment: eye hospital at ten, back after lunch. A photo of the card is with it.",
        0,
        true,
    ),
    Said(
        Whom::Missed,
        Channel::Voicemail,
        19,
        "mother",
        "Tummy bug, sorry to ring so late",
        0,
        false,
    ),
];

/// Takes what was told as the attendance office.
///
/// Errors: what the store says against it.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &People,
    keyring: &Arc<Keyring>,
    now: Instant,
) -> Result<(), StoreError> {
    if school.today.is_none() {
        return Ok(());
    }
    let actor = Arc::new(actor(
        people,
        school,
        key,
        caller(school, people),
        Role::AttendanceAdministrator,
    ));
    let (today, _) = now.in_london();
    let (waiting, missed, here) = store.read_now(move |tx| {
        let waiting: Vec<PupilId> = tx.query(WITHOUT_MARK, &args![key, today], |row| row.get(0))?;
        let missed: Vec<PupilId> =
            tx.query(WITH_MARK, &args![key, today, "N"], |row| row.get(0))?;
        let here: Vec<PupilId> = tx.query(WITH_MARK, &args![key, today, "/"], |row| row.get(0))?;
        Ok::<_, StoreError>((waiting, missed, here))
    })?;
    for said in &TOLD {
        let pupil = match said.0 {
            Whom::Waiting(place) => waiting.get(place),
            Whom::Missed => missed.last(),
            Whom::Here => here.first(),
            Whom::Nobody => None,
        };
        if pupil.is_none() && !matches!(said.0, Whom::Nobody) {
            continue;
        }
        let (told, actor) = (told(said, pupil.copied(), today, now), Arc::clone(&actor));
        let keyring = Arc::clone(keyring);
        let taken = store.act_now(key, move |act: &mut Act| {
            let report = take(act, &actor, told.clone())?;
            match told.channel {
                Channel::Form => evidence::with_card(act, &keyring, report, &told),
                _ => Ok(()),
            }
        });
        if let Err(Refusal::Store(error)) = taken {
            return Err(error);
        }
    }
    Ok(())
}

fn told(said: &Said, pupil: Option<PupilId>, today: Day, now: Instant) -> Told {
    let Said(_, channel, ago, who, words, more, is_morning) = said;
    Told {
        channel: *channel,
        received_at: now.plus_seconds(-60 * ago),
        from_name: (*who).to_owned(),
        from_address: None,
        contact: None,
        said: (*words).to_owned(),
        pupil,
        first: today,
        last: today.plus_days(*more),
        session: is_morning.then_some(Session::Am),
        code: None,
        source_key: None,
        doubts: Vec::new(),
    }
}
