//! Every entry ever made in a place of the register: what R-007 asks to be kept, to be read in order.

use askama::Template;
use calendar::{Day, Instant, Session, Slot};
use register::{Code, meaning};
use store::{Row, SchoolId, StoreError, Tx, args};

use super::pages::RegisterAddress;
use super::save::clock_of;
use crate::book::Book;
use crate::ids::{AccountId, EnrolmentId};
use crate::shell::{Face, Frame, MarkCell};

pub(super) const OF_ENROLMENT: &str = "\
select v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.reason, v.source,
       j.at, j.account_id, j.job_title, a.name, s.title, s.forename, s.surname, v.sub_code
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
left join account a on a.account_id = j.account_id
left join staff s on s.school_id = v.school_id and s.account_id = j.account_id and s.superseded_seq is null
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date >= $3 and v.on_date <= $4
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.on_date, v.session, v.seq";

// The group's members first, by cross join: see the statements of a save.
pub(super) const OF_REGISTER: &str = "\
select v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.reason, v.source,
       j.at, j.account_id, j.job_title, a.name, s.title, s.forename, s.surname, v.sub_code
from membership m cross join mark_version v cross join journal_entry j
left join account a on a.account_id = j.account_id
left join staff s on s.school_id = j.school_id and s.account_id = j.account_id and s.superseded_seq is null
where m.school_id = $1 and m.group_id = $2 and m.superseded_seq is null
  and m.from_day <= $3 and (m.to_day is null or m.to_day >= $3)
  and v.school_id = m.school_id and v.enrolment_id = m.enrolment_id and v.on_date = $3 and v.session = $4
  and j.school_id = v.school_id and j.seq = v.seq
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.enrolment_id, v.seq";

/// Every entry in a place with more than one, of the days $2 to $3.
pub(super) const AMENDED_BETWEEN: &str = "\
select v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.note, v.reason, v.source,
       j.at, j.account_id, j.job_title, a.name, s.title, s.forename, s.surname, v.sub_code
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
left join account a on a.account_id = j.account_id
left join staff s on s.school_id = v.school_id and s.account_id = j.account_id and s.superseded_seq is null
where v.school_id = $1 and v.on_date >= $2 and v.on_date <= $3
  and exists (select 1 from mark_version w where w.school_id = v.school_id and w.enrolment_id = v.enrolment_id
              and w.on_date = v.on_date and w.session = v.session and w.seq <> v.seq)
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.enrolment_id, v.on_date, v.session, v.seq";

/// Times on roll with an entry made by the act $2 or a later one for a day before $3, and the first such day.
pub(super) const TOUCHED_SINCE: &str = "\
select enrolment_id, min(on_date) from mark_version
where school_id = $1 and seq >= $2 and on_date < $3 group by enrolment_id order by enrolment_id";

/// The amendments of the attendance register that a copy of a month holds: every entry in the places of these days
/// that were entered more than once, and those entered again by an act from `since` on for days before them.
///
/// Place by place, oldest first. For copies of the register, which hold every entry.
pub(crate) fn amended_between(
    tx: &mut Tx,
    school: SchoolId,
    (from, to): (Day, Day),
    since: i64,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut found = Vec::new();
    let earlier = tx.query(TOUCHED_SINCE, &args![school, since, from], |row| {
        Ok((row.get::<EnrolmentId>(0)?, row.get::<Day>(1)?))
    })?;
    for (enrolment, first) in earlier {
        let entries = history_of(tx, school, enrolment, first, from.previous())?;
        let places = entries.chunk_by(|one, next| one.slot == next.slot);
        let again =
            places.filter(|place| place.len() > 1 && place.iter().any(|one| one.seq >= since));
        found.extend(again.flatten().cloned());
    }
    tx.each(AMENDED_BETWEEN, &args![school, from, to], |row| {
        push(&mut found, row)
    })?;
    Ok(found)
}

/// One entry in one place of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The session.
    pub slot: Slot,
    /// The number of the act that made it.
    pub seq: i64,
    /// The code; none where a mark was taken back.
    pub code: Option<Code>,
    /// The code that stood before; none where the place was blank.
    pub before: Option<Code>,
    /// Whether it is the first entry in its place.
    pub is_first: bool,
    /// Minutes late.
    pub minutes: Option<u32>,
    /// The note.
    pub note: Option<String>,
    /// The school's own sub-code.
    pub sub_code: Option<String>,
    /// The reason for it.
    pub reason: Option<String>,
    /// Where it came from: `register`, `amendment`, or the import's word.
    pub source: String,
    /// When it was recorded.
    pub at: Instant,
    /// Who recorded it.
    pub account: AccountId,
    /// Their name now.
    pub name: String,
    /// Their job title then.
    pub job_title: String,
}

/// Every entry in effect of one time on roll between two days, first and last included, place by place, oldest first.
///
/// The entries after the first of a place are its amendments, with what stood before. For the pupil's page; the
/// caller has made sure that the pupil is within reach.
pub fn history_of(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    from: Day,
    to: Day,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut found = Vec::new();
    tx.each(OF_ENROLMENT, &args![school, enrolment, from, to], |row| {
        push(&mut found, row)
    })?;
    Ok(found)
}

/// Every entry in effect of one register, pupil by pupil, oldest first.
pub fn history_of_register(
    tx: &mut Tx,
    school: SchoolId,
    address: RegisterAddress,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let RegisterAddress { group, slot } = address;
    let mut found: Vec<HistoryEntry> = Vec::new();
    let session = slot.session.index() as i64;
    tx.each(
        OF_REGISTER,
        &args![school, group, slot.day, session],
        |row| push(&mut found, row),
    )?;
    Ok(found)
}

fn push(found: &mut Vec<HistoryEntry>, row: &Row) -> Result<(), StoreError> {
    let mut entry = read(row)?;
    let last = found
        .last()
        .filter(|last| (last.enrolment, last.slot) == (entry.enrolment, entry.slot));
    if last.is_some_and(|last| last.seq == entry.seq) {
        // Two memberships of one group that overlap, or two staff records of one account.
        return Ok(());
    }
    entry.is_first = last.is_none();
    entry.before = last.and_then(|last| last.code);
    found.push(entry);
    Ok(())
}

fn read(row: &Row) -> Result<HistoryEntry, StoreError> {
    let session = Session::from_index(row.get(2)?).unwrap_or(Session::Am);
    let code = row.get::<Option<&str>>(4)?;
    Ok(HistoryEntry {
        enrolment: EnrolmentId(row.get(0)?),
        slot: Slot::new(row.get(1)?, session),
        seq: row.get(3)?,
        code: code.and_then(|code| code.parse().ok()),
        before: None,
        is_first: true,
        minutes: row.get::<Option<i64>>(5)?.map(|minutes| minutes as u32),
        note: row.get(6)?,
        sub_code: row.get(16)?,
        reason: row.get(7)?,
        source: row.get(8)?,
        at: row.get(9)?,
        account: AccountId(row.get(10)?),
        job_title: row.get(11)?,
        name: name_then(row, 12)?,
    })
}

/// Who made an entry, from four columns from this one on: the account's name, then title, forename and surname of staff.
pub(super) fn name_then(row: &Row, first: usize) -> Result<String, StoreError> {
    let parts = [
        row.get::<Option<String>>(first + 1)?,
        row.get(first + 2)?,
        row.get(first + 3)?,
    ];
    let staff = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(match staff.trim() {
        "" => row
            .get::<Option<String>>(first)?
            .unwrap_or_else(|| "an import or set-up".to_owned()),
        staff => staff.to_owned(),
    })
}

/// The page that tells what was entered in a register, by whom and why.
#[derive(Template)]
#[template(path = "registers/history.html")]
pub(super) struct HistoryPage {
    pub frame: Frame,
    pub group: String,
    pub day: Day,
    /// The session or the period: `AM`, `P2`.
    pub what: String,
    pub path: String,
    pub entries: Vec<EntryLine>,
}

/// One line of it.
pub(super) struct EntryLine {
    pub pupil: String,
    pub is_first: bool,
    pub before: MarkCell,
    pub after: MarkCell,
    pub minutes: String,
    pub sub_code: String,
    pub note: String,
    pub reason: String,
    pub when: String,
    pub who: String,
    pub job_title: String,
}

impl HistoryPage {
    fn has_sub_codes(&self) -> bool {
        self.entries.iter().any(|entry| !entry.sub_code.is_empty())
    }

    pub(super) fn of(
        book: &Book,
        address: RegisterAddress,
        group: String,
        entries: Vec<HistoryEntry>,
        now: Instant,
        frame: Frame,
    ) -> HistoryPage {
        let mut entries: Vec<EntryLine> = entries
            .into_iter()
            .map(|entry| EntryLine {
                pupil: book
                    .roll
                    .row(entry.enrolment)
                    .and_then(|row| book.roll.pupil_of_row(row))
                    .map(|pupil| pupil.listed())
                    .unwrap_or_default(),
                is_first: entry.is_first,
                before: cell(entry.before, address.slot.day),
                after: cell(entry.code, address.slot.day),
                minutes: entry
                    .minutes
                    .map(|minutes| minutes.to_string())
                    .unwrap_or_default(),
                sub_code: entry.sub_code.unwrap_or_default(),
                note: entry.note.unwrap_or_default(),
                reason: entry.reason.unwrap_or_default(),
                when: clock_of(entry.at, now),
                who: entry.name,
                job_title: entry.job_title,
            })
            .collect();
        // Stable, so that the entries of one pupil stay in order of time.
        entries.sort_by(|a, b| a.pupil.cmp(&b.pupil));
        HistoryPage {
            frame,
            group,
            day: address.slot.day,
            what: address.slot.session.to_string(),
            path: address.path(),
            entries,
        }
    }
}

/// A code as a cell; a place without a mark is shown empty.
pub(super) fn cell(code: Option<Code>, day: Day) -> MarkCell {
    match code {
        None => MarkCell::none(""),
        Some(code) => MarkCell::new(code.to_string(), Face::of(meaning(code, day).ok()), ""),
    }
}
