//! What may be erased today: entries of the attendance register, records of pupils long gone, sealed copies.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Day, Instant, Month, TimeOfDay};
use register::preservation::{
    CLOCK_LOOKS_BACK, ClockInDoubt, clock_is_borne_out, copy_preserved_until, erasable_through,
};
use store::{Arg, Forgotten, Row, SchoolId, StoreError, Table, Tx, args};

use crate::absence_line::records::{ABSENCE_LINK, ABSENCE_REPORT};
use crate::authority::records::LEGAL_TARGET;
use crate::door::records::{
    ARRIVAL, LATE_SANCTION, LEFT_SITE, LEFT_STEP, PUNCTUALITY_TARGET, ROLL_CALL_TICK, SEARCH_STEP,
    SITE_MOVE, SWEEP_CHILD,
};
use crate::evidence::records::{EVIDENCE_FILE, EVIDENCE_REQUEST, EVIDENCE_SCAN};
use crate::ids::{EnrolmentId, PupilId};
use crate::messages::records::{
    LETTER_POSTING, MESSAGE, MESSAGE_HOLD, MESSAGE_PUPIL, MESSAGE_REPLY,
};
use crate::morning::records::{ABSENCE_CLAIM, ABSENCE_ENTRY, PROFESSIONAL_TOLD};
use crate::registers::records::{
    EXAM_CONTACT, EXAM_MARK, EXAM_SEAT, LATE_LESSON_MARK, LATE_MARK, LESSON_MARK, MARK_VERSION,
    PLAN, SETTLED_DRIFT,
};
use crate::roll::imports::records::{PRIOR_ATTENDANCE, SETTLED_RECORD};
use crate::roll::records::{
    ADDRESS, CHARACTERISTIC, CONTACT, CONTACT_ROUTE, ENROLMENT, MEMBERSHIP, PROFESSIONAL, PUPIL,
    PUPIL_CONTACT, RESIDENCE, SOURCE_LINK,
};
use crate::take_away::records::EXPORT_PUPIL;
use crate::visits::records::{COLLECTION, HOME_VISIT, VISIT_CHECK, VISIT_RECORD, VISIT_STEP};
use crate::watch::records::{CLINIC_PLACE, EARLY_WATCH};

const NEWEST_BEFORE: &str = "select max(seq) from journal_entry where school_id = $1 and at < $2";
const MADE_BETWEEN: &str = "\
select min(at), max(at) from journal_entry where school_id = $1 and (seq = $2 or seq = $3)";
// What the program does by itself, each night for one, bears no clock out: only people do.
const ACTED: &str =
    "select at from journal_entry where school_id = $1 and at >= $2 and account_id <> 0";
const PLACES: &str = "\
select enrolment_id, on_date, session, min(seq), max(seq), count(*) from mark_version
where school_id = $1 group by enrolment_id, on_date, session having max(seq) <= $2";
const WHOSE: &str = "\
select enrolment_id, max(pupil_id) from enrolment where school_id = $1 group by enrolment_id";
const ON_HOLD: &str = "\
select distinct pupil_id from legal_hold where school_id = $1 and superseded_seq is null and released_on is null";
// Whoever a concern is about is kept: a safeguarding file outlives the registers, and its own time is counted from the day of birth.
const LONG_GONE: &str = "\
select p.pupil_id, max(p.seq) from pupil p
where p.school_id = $1 and not exists (
        select 1 from enrolment e where e.school_id = p.school_id and e.pupil_id = p.pupil_id and e.superseded_seq is null
          and (e.leaving_day is null or e.leaving_day > $3))
  and not exists (
        select 1 from enrolment e join concern c on c.school_id = e.school_id and c.enrolment_id = e.enrolment_id
        where e.school_id = p.school_id and e.pupil_id = p.pupil_id)
group by p.pupil_id having max(p.seq) <= $2 order by p.pupil_id";
const COPIES: &str = "select copy_id, month from sealed_copy where school_id = $1 order by copy_id";
const OTHER_TIES: &str = "\
select count(*) from pupil_contact where school_id = $1 and contact_id = $2 and pupil_id <> $3";
const LIVING_AT: &str =
    "select distinct residence_id from residence where school_id = $1 and address_id = $2";

/// Where rows of a pupil stand: `$1` the school, `$2` what they belong to; answers the id, then the newest act that touched any version.
struct Source {
    table: &'static Table,
    sql: &'static str,
}

const OF_PUPIL: [Source; 18] = [
    Source {
        table: &EVIDENCE_REQUEST,
        sql: "select request_id, max(coalesce(superseded_seq, seq)) from evidence_request where school_id = $1 and pupil_id = $2 group by request_id",
    },
    Source {
        table: &LEGAL_TARGET,
        sql: "select target_id, max(coalesce(superseded_seq, seq)) from legal_target where school_id = $1 and pupil_id = $2 group by target_id",
    },
    Source {
        table: &MESSAGE_HOLD,
        sql: "select hold_id, max(coalesce(superseded_seq, seq)) from message_hold where school_id = $1 and pupil_id = $2 group by hold_id",
    },
    Source {
        table: &MESSAGE_REPLY,
        sql: "select reply_id, max(coalesce(superseded_seq, seq)) from message_reply where school_id = $1 and pupil_id = $2 group by reply_id",
    },
    Source {
        table: &ABSENCE_REPORT,
        sql: "select report_id, max(coalesce(superseded_seq, seq)) from absence_report where school_id = $1 and pupil_id = $2 group by report_id",
    },
    Source {
        table: &EVIDENCE_SCAN,
        sql: "select s.evidence_id, max(s.seq) from evidence_scan s where s.school_id = $1 and s.evidence_id in (select f.evidence_id from evidence_file f where f.school_id = $1 and f.pupil_id = $2) group by s.evidence_id",
    },
    Source {
        table: &EVIDENCE_FILE,
        sql: "select evidence_id, max(coalesce(superseded_seq, seq)) from evidence_file where school_id = $1 and pupil_id = $2 group by evidence_id",
    },
    Source {
        table: &PUPIL,
        sql: "select pupil_id, max(coalesce(superseded_seq, seq)) from pupil where school_id = $1 and pupil_id = $2 group by pupil_id",
    },
    Source {
        table: &ENROLMENT,
        sql: "select enrolment_id, max(coalesce(superseded_seq, seq)) from enrolment where school_id = $1 and pupil_id = $2 group by enrolment_id",
    },
    Source {
        table: &CHARACTERISTIC,
        sql: "select characteristic_id, max(coalesce(superseded_seq, seq)) from characteristic where school_id = $1 and pupil_id = $2 group by characteristic_id",
    },
    Source {
        table: &PROFESSIONAL,
        sql: "select professional_id, max(coalesce(superseded_seq, seq)) from professional where school_id = $1 and pupil_id = $2 group by professional_id",
    },
    Source {
        table: &PUPIL_CONTACT,
        sql: "select pupil_id, contact_id, max(coalesce(superseded_seq, seq)) from pupil_contact where school_id = $1 and pupil_id = $2 group by pupil_id, contact_id",
    },
    Source {
        table: &RESIDENCE,
        sql: "select residence_id, max(coalesce(superseded_seq, seq)) from residence where school_id = $1 and party = 'pupil' and party_id = $2 group by residence_id",
    },
    Source {
        table: &SOURCE_LINK,
        sql: "select source, record_kind, source_key, max(coalesce(superseded_seq, seq)) from source_link where school_id = $1 and record_kind = 'pupil' and record_id = $2 group by source, record_kind, source_key",
    },
    Source {
        table: &PRIOR_ATTENDANCE,
        sql: "select prior_id, max(coalesce(superseded_seq, seq)) from prior_attendance where school_id = $1 and pupil_id = $2 group by prior_id",
    },
    Source {
        table: &SETTLED_RECORD,
        sql: "select record_kind, fingerprint, max(coalesce(superseded_seq, seq)) from settled_record where school_id = $1 and record_kind = 'pupil' and record_id = $2 group by record_kind, fingerprint",
    },
    Source {
        table: &ABSENCE_CLAIM,
        sql: "select on_date, pupil_id, max(seq) from absence_claim where school_id = $1 and pupil_id = $2 group by on_date, pupil_id",
    },
    Source {
        table: &EXPORT_PUPIL,
        sql: "select export_id, pupil_id, max(seq) from export_pupil where school_id = $1 and pupil_id = $2 group by export_id, pupil_id",
    },
];

const OF_ENROLMENT: [Source; 29] = [
    Source {
        table: &MESSAGE_PUPIL,
        sql: "select message_id, enrolment_id, max(coalesce(superseded_seq, seq)) from message_pupil where school_id = $1 and enrolment_id = $2 group by message_id, enrolment_id",
    },
    Source {
        table: &MEMBERSHIP,
        sql: "select membership_id, max(coalesce(superseded_seq, seq)) from membership where school_id = $1 and enrolment_id = $2 group by membership_id",
    },
    Source {
        table: &PLAN,
        sql: "select plan_id, max(coalesce(superseded_seq, seq)) from plan where school_id = $1 and enrolment_id = $2 group by plan_id",
    },
    Source {
        table: &SETTLED_DRIFT,
        sql: "select drift_id, max(coalesce(superseded_seq, seq)) from settled_drift where school_id = $1 and enrolment_id = $2 group by drift_id",
    },
    Source {
        table: &LESSON_MARK,
        sql: "select enrolment_id, on_date, period_id, max(seq) from lesson_mark where school_id = $1 and enrolment_id = $2 group by enrolment_id, on_date, period_id",
    },
    Source {
        table: &LATE_MARK,
        sql: "select late_id, max(coalesce(superseded_seq, seq)) from late_mark where school_id = $1 and enrolment_id = $2 group by late_id",
    },
    Source {
        table: &LATE_LESSON_MARK,
        sql: "select late_id, max(coalesce(superseded_seq, seq)) from late_lesson_mark where school_id = $1 and enrolment_id = $2 group by late_id",
    },
    Source {
        table: &EXAM_SEAT,
        sql: "select exam_id, enrolment_id, max(coalesce(superseded_seq, seq)) from exam_seat where school_id = $1 and enrolment_id = $2 group by exam_id, enrolment_id",
    },
    Source {
        table: &EXAM_CONTACT,
        sql: "select exam_id, enrolment_id, max(seq) from exam_contact where school_id = $1 and enrolment_id = $2 group by exam_id, enrolment_id",
    },
    Source {
        table: &EXAM_MARK,
        sql: "select exam_id, enrolment_id, max(seq) from exam_mark where school_id = $1 and enrolment_id = $2 group by exam_id, enrolment_id",
    },
    Source {
        table: &ARRIVAL,
        sql: "select arrival_id, max(coalesce(superseded_seq, seq)) from arrival where school_id = $1 and enrolment_id = $2 group by arrival_id",
    },
    Source {
        table: &SITE_MOVE,
        sql: "select move_id, max(coalesce(superseded_seq, seq)) from site_move where school_id = $1 and who = 'pupil' and who_id = $2 group by move_id",
    },
    Source {
        table: &ROLL_CALL_TICK,
        sql: "select tick_key, max(seq) from roll_call_tick where school_id = $1 and who = 'pupil' and who_id = $2 group by tick_key",
    },
    Source {
        table: &SEARCH_STEP,
        sql: "select enrolment_id, on_date, period_id, max(seq) from search_step where school_id = $1 and enrolment_id = $2 group by enrolment_id, on_date, period_id",
    },
    Source {
        table: &LEFT_SITE,
        sql: "select left_id, max(seq) from left_site where school_id = $1 and enrolment_id = $2 group by left_id",
    },
    Source {
        table: &LEFT_STEP,
        sql: "select step_id, max(seq) from left_step where school_id = $1 and enrolment_id = $2 group by step_id",
    },
    Source {
        table: &COLLECTION,
        sql: "select visit_id, max(coalesce(superseded_seq, seq)) from collection where school_id = $1 and enrolment_id = $2 group by visit_id",
    },
    Source {
        table: &SWEEP_CHILD,
        sql: "select child_id, max(coalesce(superseded_seq, seq)) from sweep_child where school_id = $1 and enrolment_id = $2 group by child_id",
    },
    Source {
        table: &LATE_SANCTION,
        sql: "select sanction_id, max(coalesce(superseded_seq, seq)) from late_sanction where school_id = $1 and enrolment_id = $2 group by sanction_id",
    },
    Source {
        table: &PUNCTUALITY_TARGET,
        sql: "select target_id, max(coalesce(superseded_seq, seq)) from punctuality_target where school_id = $1 and enrolment_id = $2 group by target_id",
    },
    Source {
        table: &ABSENCE_ENTRY,
        sql: "select entry_id, max(seq) from absence_entry where school_id = $1 and enrolment_id = $2 group by entry_id",
    },
    Source {
        table: &EARLY_WATCH,
        sql: "select watch_id, max(coalesce(superseded_seq, seq)) from early_watch where school_id = $1 and enrolment_id = $2 group by watch_id",
    },
    Source {
        table: &CLINIC_PLACE,
        sql: "select place_id, max(coalesce(superseded_seq, seq)) from clinic_place where school_id = $1 and enrolment_id = $2 group by place_id",
    },
    Source {
        table: &PROFESSIONAL_TOLD,
        sql: "select told_id, max(coalesce(superseded_seq, seq)) from professional_told where school_id = $1 and enrolment_id = $2 group by told_id",
    },
    Source {
        table: &HOME_VISIT,
        sql: "select visit_id, max(coalesce(superseded_seq, seq)) from home_visit where school_id = $1 and enrolment_id = $2 group by visit_id",
    },
    Source {
        table: &VISIT_CHECK,
        sql: "select visit_id, max(seq) from visit_check where school_id = $1 and enrolment_id = $2 group by visit_id",
    },
    Source {
        table: &VISIT_STEP,
        sql: "select step_id, max(seq) from visit_step where school_id = $1 and enrolment_id = $2 group by step_id",
    },
    Source {
        table: &VISIT_RECORD,
        sql: "select visit_id, max(seq) from visit_record where school_id = $1 and enrolment_id = $2 group by visit_id",
    },
    Source {
        table: &MARK_VERSION,
        sql: "select enrolment_id, on_date, session, max(seq) from mark_version where school_id = $1 and enrolment_id = $2 group by enrolment_id, on_date, session",
    },
];

const OF_CONTACT: [Source; 7] = [
    Source {
        table: &ABSENCE_LINK,
        sql: "select link_id, max(coalesce(superseded_seq, seq)) from absence_link where school_id = $1 and contact_id = $2 group by link_id",
    },
    Source {
        table: &LETTER_POSTING,
        sql: "select message_id, max(coalesce(superseded_seq, seq)) from letter_posting where school_id = $1 and contact_id = $2 group by message_id",
    },
    // The words of a message name children of one family; they go with the last of them, when the contact does.
    Source {
        table: &MESSAGE,
        sql: "select message_id, max(coalesce(superseded_seq, seq)) from message where school_id = $1 and contact_id = $2 group by message_id",
    },
    Source {
        table: &CONTACT,
        sql: "select contact_id, max(coalesce(superseded_seq, seq)) from contact where school_id = $1 and contact_id = $2 group by contact_id",
    },
    Source {
        table: &CONTACT_ROUTE,
        sql: "select route_id, max(coalesce(superseded_seq, seq)) from contact_route where school_id = $1 and contact_id = $2 group by route_id",
    },
    Source {
        table: &RESIDENCE,
        sql: "select residence_id, max(coalesce(superseded_seq, seq)) from residence where school_id = $1 and party = 'contact' and party_id = $2 group by residence_id",
    },
    Source {
        table: &SOURCE_LINK,
        sql: "select source, record_kind, source_key, max(coalesce(superseded_seq, seq)) from source_link where school_id = $1 and record_kind = 'contact' and record_id = $2 group by source, record_kind, source_key",
    },
];

const HOME: Source = Source {
    table: &ADDRESS,
    sql: "select address_id, max(coalesce(superseded_seq, seq)) from address where school_id = $1 and address_id = $2 group by address_id",
};

const ADDRESSES_OF: &str = "\
select distinct residence_id, address_id from residence where school_id = $1 and party = $2 and party_id = $3";

/// The statements of this file.
pub(super) fn statements() -> Vec<&'static str> {
    let sources = (OF_PUPIL.iter())
        .chain(&OF_ENROLMENT)
        .chain(&OF_CONTACT)
        .chain([&HOME]);
    let plain = [
        NEWEST_BEFORE,
        MADE_BETWEEN,
        ACTED,
        PLACES,
        WHOSE,
        ON_HOLD,
        LONG_GONE,
        COPIES,
        OTHER_TIES,
        LIVING_AT,
        ADDRESSES_OF,
        NEWEST_THERE,
        HELD_THERE,
    ];
    sources.map(|source| source.sql).chain(plain).collect()
}

/// A place of the attendance register, every entry of which may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DuePlace {
    pub(super) enrolment: EnrolmentId,
    pub(super) day: Day,
    pub(super) session: i64,
    first_seq: i64,
    last_seq: i64,
    entries: i64,
}

const NEWEST_THERE: &str = "\
select max(seq) from mark_version where school_id = $1 and enrolment_id = $2 and on_date = $3 and session = $4";
const HELD_THERE: &str = "\
select count(*) from enrolment e join legal_hold h on h.school_id = e.school_id and h.pupil_id = e.pupil_id
where e.school_id = $1 and e.enrolment_id = $2 and h.superseded_seq is null and h.released_on is null";

impl DuePlace {
    /// Whether nothing was entered there since it was looked at, and nobody has held the pupil.
    pub(super) fn is_still_due(
        &self,
        tx: &mut Tx,
        school: SchoolId,
        through_seq: i64,
    ) -> Result<bool, StoreError> {
        let place = args![school, self.enrolment, self.day, self.session];
        let newest: Option<i64> = tx.query_one(NEWEST_THERE, &place, |row| row.get(0))?;
        let held: i64 = tx.query_one(HELD_THERE, &place[..2], |row| row.get(0))?;
        Ok(held == 0 && newest.is_some_and(|newest| newest <= through_seq))
    }

    pub(super) fn id(&self) -> Vec<Arg<'static>> {
        vec![
            Arg::Int(self.enrolment.0),
            Arg::Day(self.day),
            Arg::Int(self.session),
        ]
    }
}

/// What may be erased.
#[derive(Clone, Debug, Default)]
pub(super) struct Due {
    /// The last day of which every entry may go.
    pub(super) through: Option<Day>,
    /// The newest act of that day or before; nought where there is none.
    pub(super) through_seq: i64,
    /// In the order in which their first entries were made.
    pub(super) places: Vec<DuePlace>,
    /// Pupils who left, with nothing recorded of them since.
    pub(super) pupils: Vec<PupilId>,
    /// Sealed copies whose time is over.
    pub(super) copies: Vec<i64>,
    /// When the first and the last entry of the places were made.
    pub(super) made: Option<(Day, Day)>,
    /// How many pupils of these are held, so that nothing of them goes.
    pub(super) held: usize,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.pupils.is_empty() && self.copies.is_empty()
    }

    pub(super) fn entries(&self) -> i64 {
        self.places.iter().map(|place| place.entries).sum()
    }
}

/// The first moment of a day by London clocks.
pub(super) fn midnight(day: Day) -> Instant {
    let midnight = TimeOfDay::new(0, 0, 0).expect("a day begins at midnight");
    Instant::at_london(day, midnight)
}

/// The number of the newest act of a day or before.
pub(super) fn newest_through(
    tx: &mut Tx,
    school: SchoolId,
    through: Day,
) -> Result<i64, StoreError> {
    let before = args![school, midnight(through.next())];
    let newest: Option<i64> = tx.query_one(NEWEST_BEFORE, &before, |row| row.get(0))?;
    Ok(newest.unwrap_or(0))
}

/// Everything that may be erased today. Reads every mark of the school once.
///
/// Rule. A place goes when its last entry may go, so that no amendment outlives what it amended; a pupil's record when
/// the pupil has left and nothing of it was recorded since. A legal hold stops both. Errors: a [`StoreError`] of a statement.
pub(super) fn due(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Due, StoreError> {
    tx.lift_time_limit()?;
    let through = erasable_through(today);
    let through_seq = newest_through(tx, school, through)?;
    let mut due = Due {
        through: Some(through),
        through_seq,
        copies: copies(tx, school, today)?,
        ..Due::default()
    };
    if through_seq == 0 {
        return Ok(due);
    }
    let held = on_hold(tx, school)?;
    let whose: BTreeMap<EnrolmentId, PupilId> = tx
        .query(WHOSE, &args![school], |row| Ok((row.get(0)?, row.get(1)?)))?
        .into_iter()
        .collect();
    let mut stopped = BTreeSet::new();
    tx.each(PLACES, &args![school, through_seq], |row| {
        let place = DuePlace {
            enrolment: row.get(0)?,
            day: row.get(1)?,
            session: row.get(2)?,
            first_seq: row.get(3)?,
            last_seq: row.get(4)?,
            entries: row.get(5)?,
        };
        match whose
            .get(&place.enrolment)
            .filter(|pupil| held.contains(pupil))
        {
            Some(pupil) => {
                stopped.insert(*pupil);
            }
            None => due.places.push(place),
        }
        Ok::<_, StoreError>(())
    })?;
    due.places.sort_by_key(|place| place.first_seq);
    for pupil in long_gone(tx, school, through, through_seq)? {
        if held.contains(&pupil) {
            stopped.insert(pupil);
        } else if of_pupil(tx, school, pupil, through_seq)?.is_some() {
            due.pupils.push(pupil);
        }
    }
    due.held = stopped.len();
    let first = due.places.iter().map(|place| place.first_seq).min();
    let last = due.places.iter().map(|place| place.last_seq).max();
    if let (Some(first), Some(last)) = (first, last) {
        let made = tx.query_one(MADE_BETWEEN, &args![school, first, last], |row| {
            Ok((row.get::<Instant>(0)?, row.get::<Instant>(1)?))
        })?;
        due.made = Some((made.0.in_london().0, made.1.in_london().0));
    }
    Ok(due)
}

fn copies(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Vec<i64>, StoreError> {
    let copies = tx.query(COPIES, &args![school], |row| {
        Ok((row.get::<i64>(0)?, Month::of(row.get(1)?)))
    })?;
    let over = copies
        .into_iter()
        .filter(|(_, month)| copy_preserved_until(*month) <= today);
    Ok(over.map(|(copy, _)| copy).collect())
}

/// The pupils of whom nothing is erased.
pub(super) fn on_hold(tx: &mut Tx, school: SchoolId) -> Result<BTreeSet<PupilId>, StoreError> {
    let held = tx.query(ON_HOLD, &args![school], |row| row.get(0))?;
    Ok(held.into_iter().collect())
}

/// Pupils whose name left the register before a day and whose entry has not been touched since.
pub(super) fn long_gone(
    tx: &mut Tx,
    school: SchoolId,
    through: Day,
    through_seq: i64,
) -> Result<Vec<PupilId>, StoreError> {
    tx.query(LONG_GONE, &args![school, through_seq, through], |row| {
        row.get(0)
    })
}

/// Every row of a pupil and of contacts and homes that nobody else has; none while one of them is too young to go.
pub(super) fn of_pupil(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    through_seq: i64,
) -> Result<Option<Forgotten>, StoreError> {
    let mut found = Found {
        school,
        through_seq,
        forgotten: Forgotten::default(),
        all_due: true,
        residences: BTreeSet::new(),
        addresses: BTreeSet::new(),
    };
    let mut enrolments = Vec::new();
    let mut contacts = Vec::new();
    for source in &OF_PUPIL {
        let ids = found.take(tx, source, pupil.0)?;
        match source.table.name {
            "enrolment" => enrolments = ids,
            "pupil_contact" => contacts = ids,
            _ => {}
        }
    }
    found.lives(tx, "pupil", pupil.0)?;
    for id in &enrolments {
        for source in &OF_ENROLMENT {
            found.take(tx, source, whole(&id[0]))?;
        }
    }
    for id in &contacts {
        let contact = whole(&id[1]);
        let others: i64 =
            tx.query_one(OTHER_TIES, &args![school, contact, pupil], |row| row.get(0))?;
        if others == 0 {
            for source in &OF_CONTACT {
                found.take(tx, source, contact)?;
            }
            found.lives(tx, "contact", contact)?;
        }
    }
    found.homes(tx)?;
    Ok(found.all_due.then_some(found.forgotten))
}

struct Found {
    school: SchoolId,
    through_seq: i64,
    forgotten: Forgotten,
    all_due: bool,
    residences: BTreeSet<i64>,
    addresses: BTreeSet<i64>,
}

impl Found {
    /// Adds what a source has, and answers the ids.
    fn take(
        &mut self,
        tx: &mut Tx,
        source: &Source,
        of: i64,
    ) -> Result<Vec<Vec<Arg<'static>>>, StoreError> {
        let width = source.table.id.len();
        let rows = tx.query(source.sql, &args![self.school, of], |row: &Row<'_>| {
            let id: Result<Vec<Arg<'static>>, StoreError> = (0..width)
                .map(|column| Ok(row.get::<Arg<'_>>(column)?.into_owned()))
                .collect();
            Ok((id?, row.get::<i64>(width)?))
        })?;
        let mut ids = Vec::with_capacity(rows.len());
        for (id, newest) in rows {
            self.all_due &= newest <= self.through_seq;
            self.forgotten.add(source.table, id.clone());
            ids.push(id);
        }
        Ok(ids)
    }

    /// Notes where somebody lives whose residences go.
    fn lives(&mut self, tx: &mut Tx, party: &str, of: i64) -> Result<(), StoreError> {
        tx.each(ADDRESSES_OF, &args![self.school, party, of], |row| {
            self.residences.insert(row.get(0)?);
            self.addresses.insert(row.get(1)?);
            Ok(())
        })
    }

    /// Adds the addresses at which nobody is left.
    fn homes(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        for address in std::mem::take(&mut self.addresses) {
            let living: Vec<i64> =
                tx.query(LIVING_AT, &args![self.school, address], |row| row.get(0))?;
            if living.iter().all(|one| self.residences.contains(one)) {
                self.take(tx, &HOME, address)?;
            }
        }
        Ok(())
    }
}

fn whole(id: &Arg<'_>) -> i64 {
    match id {
        Arg::Int(number) => *number,
        _ => 0,
    }
}

/// Whether the journal bears out the clock (see [`clock_is_borne_out`]).
pub(super) fn clock(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<Result<(), ClockInDoubt>, StoreError> {
    let (back, _) = CLOCK_LOOKS_BACK;
    let from = midnight(today.plus_days(-back));
    let acted: Vec<Instant> = tx.query(ACTED, &args![school, from], |row| row.get(0))?;
    let days = acted.into_iter().map(|at| at.in_london().0);
    Ok(clock_is_borne_out(days, today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_that_knows_a_pupil_is_among_those_that_are_looked_through() {
        // A hold says only which pupil it was about, and stays to show that it stood. Whoever a concern is about is never due.
        let exempt = ["legal_hold", "concern"];
        let sources = OF_PUPIL.iter().chain(&OF_ENROLMENT).chain(&OF_CONTACT);
        let known: Vec<&str> = sources.map(|source| source.table.name).collect();
        let of_people = ["pupil_id", "enrolment_id", "contact_id", "party_id"];
        for table in crate::TABLES {
            let mut columns = table.id.iter().chain(table.columns);
            let is_of_somebody = columns.any(|column| of_people.contains(&column.name));
            assert!(
                !is_of_somebody || known.contains(&table.name) || exempt.contains(&table.name),
                "say in preservation/due.rs how the rows of {} go with their pupil (R-008)",
                table.name
            );
        }
    }
}
