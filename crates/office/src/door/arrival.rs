//! An arrival as it stands in the log of the door.

use calendar::{Day, Instant, Session, Slot};
use register::Code;
use store::{Act, Row, SchoolId, StoreError, Tx, args};

use super::records::ARRIVAL;
use crate::ids::{AccountId, EnrolmentId};

pub(super) const BY_KEY: &str = "\
select arrival_id, arrival_key, enrolment_id, on_date, session, arrived_at, came_at, device_at, code, minutes_late, outcome, said,
       before_code, mark_seq, reason, counts, came_with, account_id, undone_because, kiosk_id
from arrival where school_id = $1 and arrival_key = $2 and superseded_seq is null";

pub(super) const OF_DAYS: &str = "\
select arrival_id, arrival_key, enrolment_id, on_date, session, arrived_at, came_at, device_at, code, minutes_late, outcome, said,
       before_code, mark_seq, reason, counts, came_with, account_id, undone_because, kiosk_id
from arrival where school_id = $1 and on_date >= $2 and on_date <= $3 and superseded_seq is null
order by arrived_at, arrival_id";

/// What became of an arrival in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalOutcome {
    /// Its code was entered.
    Entered,
    /// The register said so already.
    Agrees,
    /// The register says otherwise, and a person looks (E-027).
    Differs,
    /// What stands describes the absence better (E-023).
    Keeps,
    /// Not late.
    NotLate,
    /// The session was over.
    After,
    /// It came too late from a device without a network, and the office decides.
    Held,
    /// It could not be entered; `said` tells why.
    Refused,
}

impl ArrivalOutcome {
    const ALL: [(ArrivalOutcome, &'static str); 8] = [
        (ArrivalOutcome::Entered, "entered"),
        (ArrivalOutcome::Agrees, "agrees"),
        (ArrivalOutcome::Differs, "differs"),
        (ArrivalOutcome::Keeps, "keeps"),
        (ArrivalOutcome::NotLate, "not_late"),
        (ArrivalOutcome::After, "after"),
        (ArrivalOutcome::Held, "held"),
        (ArrivalOutcome::Refused, "refused"),
    ];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        let found = ArrivalOutcome::ALL.iter().find(|(own, _)| *own == self);
        found.map_or("", |(_, key)| key)
    }

    fn from_key(key: &str) -> ArrivalOutcome {
        let found = ArrivalOutcome::ALL.iter().find(|(_, own)| *own == key);
        found.map_or(ArrivalOutcome::Refused, |(outcome, _)| *outcome)
    }
}

/// An arrival at the late door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its number.
    pub id: i64,
    /// The device's own name for it.
    pub key: String,
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The session that was running, or had just ended.
    pub slot: Slot,
    /// When the pupil came, on the server's clock.
    pub at: Instant,
    /// When the school's server was told.
    pub came_at: Instant,
    /// What the device's own clock said.
    pub device_at: Option<Instant>,
    /// What the arrival makes by the school's times: `L`, `U` or nothing.
    pub code: Option<Code>,
    /// Whole minutes after the register opened.
    pub minutes: Option<u32>,
    /// What became of it in the register.
    pub outcome: ArrivalOutcome,
    /// What is to be said about that; may be empty.
    pub said: String,
    /// What stood before.
    pub before: Option<Code>,
    /// The number of the act that wrote the mark, if one was written.
    pub mark_seq: Option<i64>,
    /// Why the pupil was late, in the school's words or those that were typed.
    pub reason: Option<String>,
    /// Whether it counts towards a sanction.
    pub counts: bool,
    /// Who brought the pupil; nobody where the pupil came alone.
    pub came_with: Option<String>,
    /// Who signed the pupil in.
    pub account: AccountId,
    /// Why it was undone; none while it stands.
    pub undone: Option<String>,
    /// The kiosk at which the pupil signed in themselves.
    pub kiosk: Option<i64>,
}

impl Arrived {
    /// Whether it stands: it was not undone.
    pub fn stands(&self) -> bool {
        self.undone.is_none()
    }

    /// Records it anew as it now is.
    pub(super) fn keep(&self, act: &mut Act) -> Result<(), StoreError> {
        let session = self.slot.session.index() as i64;
        let said = Some(self.said.as_str()).filter(|said| !said.is_empty());
        let values = args![
            self.id,
            self.key.as_str(),
            self.enrolment,
            self.slot.day,
            session,
            self.at,
            self.came_at,
            self.device_at,
            self.code.as_ref().map(Code::as_str),
            self.minutes,
            self.outcome.key(),
            said,
            self.before.as_ref().map(Code::as_str),
            self.mark_seq,
            self.reason.as_deref(),
            self.counts,
            self.came_with.as_deref(),
            self.account,
            self.undone.as_deref(),
            self.kiosk
        ];
        act.replace(&ARRIVAL, &values).map(drop)
    }
}

fn read(row: &Row<'_>) -> Result<Arrived, StoreError> {
    let day: Day = row.get(3)?;
    let session = Session::from_index(row.get(4)?);
    let session = session.expect("an arrival is recorded with a session of the calendar");
    let code = |text: Option<&str>| text.and_then(|text| text.parse().ok());
    Ok(Arrived {
        id: row.get(0)?,
        key: row.get(1)?,
        enrolment: row.get(2)?,
        slot: Slot::new(day, session),
        at: row.get(5)?,
        came_at: row.get(6)?,
        device_at: row.get(7)?,
        code: code(row.get(8)?),
        minutes: row.get::<Option<i64>>(9)?.map(|minutes| minutes as u32),
        outcome: ArrivalOutcome::from_key(row.get(10)?),
        said: row.get::<Option<String>>(11)?.unwrap_or_default(),
        before: code(row.get(12)?),
        mark_seq: row.get(13)?,
        reason: row.get(14)?,
        counts: row.get(15)?,
        came_with: row.get(16)?,
        account: row.get(17)?,
        undone: row.get(18)?,
        kiosk: row.get(19)?,
    })
}

/// The arrival that a device calls so.
pub(super) fn by_key(
    tx: &mut Tx,
    school: SchoolId,
    key: &str,
) -> Result<Option<Arrived>, StoreError> {
    tx.query_opt(BY_KEY, &args![school, key], read)
}

/// The arrivals of some days that stand or were undone, in order of time.
pub(super) fn of_days(
    tx: &mut Tx,
    school: SchoolId,
    (first, last): (Day, Day),
) -> Result<Vec<Arrived>, StoreError> {
    tx.query(OF_DAYS, &args![school, first, last], read)
}
