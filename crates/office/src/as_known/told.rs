//! What the record tells of a register or a pupil: one line for each thing recorded, so that what was known at two numbers can be
//! compared line by line.

use calendar::{Day, Slot};
use store::{SchoolId, StoreError, Tx, args};

use crate::book::{Book, plan_on_file};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, GroupId, PupilId};
use crate::people::{Actor, RecordKind};
use crate::registers::{RegisterAddress, history_of, history_of_register, keeper, keeps_plans_of};
use crate::roll::{RecordSight, entries_of};

/// Whose record is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A register.
    Register(RegisterAddress),
    /// A pupil.
    Pupil(PupilId),
}

impl Of {
    /// What a page of the application is about, if it is a register's or a pupil's.
    pub(super) fn page(path: &str) -> Option<Of> {
        let path = path.split(['?', '#']).next()?;
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["registers", group, day, session, ..] => Some(Of::Register(RegisterAddress {
                group: GroupId(group.parse().ok()?),
                slot: Slot::new(day.parse().ok()?, session.parse().ok()?),
            })),
            ["pupils", pupil, ..] => Some(Of::Pupil(PupilId(pupil.parse().ok()?))),
            _ => None,
        }
    }

    /// The address of its page.
    pub(super) fn path(self) -> String {
        match self {
            Of::Register(address) => address.path(),
            Of::Pupil(pupil) => format!("/pupils/{pupil}"),
        }
    }
}

/// One thing recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of the act that recorded it.
    pub seq: i64,
    /// What tells it from every other line.
    pub key: String,
    /// Of what: a pupil and session, or a field of the record.
    pub what: String,
    /// What stood there; empty where there was nothing.
    pub before: String,
    /// What stands there; empty where there is nothing any more.
    pub after: String,
    /// Why, where the line itself says so.
    pub reason: String,
    /// The pupil whom it is about, if one.
    pub pupil: Option<PupilId>,
}

/// What this person may see of it at all, decided by what is known today.
pub(super) struct Sight {
    record: Option<RecordSight>,
    plans: bool,
}

impl Sight {
    /// Errors: [`Refusal::NotFound`] for somebody who may not know of it.
    pub(super) fn of(tx: &mut Tx, actor: &Actor, of: Of, today: Day) -> Result<Sight, Refusal> {
        Ok(match of {
            Of::Register(address) => {
                keeper(tx, actor, address.group, address.slot.day)?;
                Sight {
                    record: None,
                    plans: false,
                }
            }
            Of::Pupil(pupil) => {
                let record = RecordSight::of(tx, actor, today)?;
                if !record.covers(RecordKind::PupilCore, pupil) {
                    return Err(Refusal::NotFound);
                }
                Sight {
                    record: Some(record),
                    plans: keeps_plans_of(tx, actor, pupil, today)?,
                }
            }
        })
    }
}

/// Everything that this transaction knows to have been recorded of it.
pub(super) fn told(
    tx: &mut Tx,
    book: &Book,
    of: Of,
    sight: &Sight,
) -> Result<Vec<Line>, StoreError> {
    match of {
        Of::Register(address) => of_register(tx, book, address),
        Of::Pupil(pupil) => of_pupil(tx, book, pupil, sight),
    }
}

const MEMBERS: &str = "\
select membership_id, enrolment_id, seq, superseded_seq, from_day, to_day from membership
where school_id = $1 and group_id = $2 order by membership_id, seq";

const TAKEN: &str = "\
select seq, on_behalf_of from register_taken
where school_id = $1 and group_id = $2 and on_date = $3 and session = $4 order by seq";

const PLANS: &str = "\
select plan_id, set_id, enrolment_id, seq, kind, code, first_day, last_day, sessions, reason, place, supervisor,
       evidence, decided_on, decided_by, agreed_on, agreed_with, review_on, change_reason, superseded_seq
from plan where school_id = $1 and enrolment_id = $2 order by plan_id, seq";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MEMBERS, TAKEN, PLANS];

fn of_register(
    tx: &mut Tx,
    book: &Book,
    address: RegisterAddress,
) -> Result<Vec<Line>, StoreError> {
    let RegisterAddress { group, slot } = address;
    let named = |enrolment: EnrolmentId| {
        let pupil = book
            .roll
            .row(enrolment)
            .and_then(|row| book.roll.pupil_of_row(row));
        (
            pupil.map(|pupil| pupil.listed()).unwrap_or_default(),
            pupil.map(|pupil| pupil.id),
        )
    };
    let mut lines = Vec::new();
    for entry in history_of_register(tx, book.school, address)? {
        let (what, pupil) = named(entry.enrolment);
        lines.push(mark_line(entry, what, pupil));
    }
    tx.each(
        TAKEN,
        &args![book.school, group, slot.day, slot.session.index() as i64],
        |row| {
            let seq: i64 = row.get(0)?;
            lines.push(Line {
                seq,
                key: format!("taken {seq}"),
                what: "The register".to_owned(),
                before: String::new(),
                after: "taken".to_owned(),
                reason: match row.get::<Option<String>>(1)? {
                    Some(word) => format!("on the word of {word}"),
                    None => String::new(),
                },
                pupil: None,
            });
            Ok(())
        },
    )?;
    let (inside, outside) = ("in this register", "not in this register");
    tx.each(MEMBERS, &args![book.school, group], |row| {
        let (from, to): (Day, Option<Day>) = (row.get(4)?, row.get(5)?);
        if from > slot.day || to.is_some_and(|last| last < slot.day) {
            return Ok(());
        }
        let (id, seq): (i64, i64) = (row.get(0)?, row.get(2)?);
        let (what, pupil) = named(row.get(1)?);
        let line = |seq: i64, before: &str, after: &str| Line {
            seq,
            key: format!("member {id} {seq} {after}"),
            what: what.clone(),
            before: before.to_owned(),
            after: after.to_owned(),
            reason: String::new(),
            pupil,
        };
        lines.push(line(seq, outside, inside));
        if let Some(ended) = row.get::<Option<i64>>(3)? {
            lines.push(line(ended, inside, outside));
        }
        Ok(())
    })?;
    Ok(without_what_was_only_written_again(lines))
}

/// Lines without the pairs in which one act ends a membership and begins it again for the same day.
fn without_what_was_only_written_again(lines: Vec<Line>) -> Vec<Line> {
    let again = |line: &Line| {
        lines.iter().any(|other| {
            line.key.starts_with("member ")
                && other.key.starts_with("member ")
                && (other.seq, other.pupil) == (line.seq, line.pupil)
                && other.before == line.after
                && other.after == line.before
        })
    };
    lines.iter().filter(|line| !again(line)).cloned().collect()
}

fn of_pupil(
    tx: &mut Tx,
    book: &Book,
    pupil: PupilId,
    sight: &Sight,
) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    let Some(record) = &sight.record else {
        return Ok(lines);
    };
    let span = book.calendar.span();
    for row in book.roll.rows_of(pupil) {
        let enrolment = book.roll.enrolments[*row].id;
        if let (true, Some((first, last))) =
            (record.covers(RecordKind::AttendanceMarks, pupil), span)
        {
            for entry in history_of(tx, book.school, enrolment, first, last)? {
                let slot = entry.slot;
                let what = format!("{} {} {}", slot.day.short(), slot.day.year(), slot.session);
                lines.push(mark_line(entry, what, Some(pupil)));
            }
        }
        if sight.plans {
            plan_lines(tx, book.school, enrolment, pupil, &mut lines)?;
        }
    }
    for entry in entries_of(tx, book.school, pupil, record)? {
        for (number, change) in entry.changes.into_iter().enumerate() {
            lines.push(Line {
                seq: entry.seq,
                key: format!(
                    "record {} {number} {} {}",
                    entry.seq, change.before, change.after
                ),
                what: format!("{}, {}", change.of, change.field),
                before: change.before,
                after: change.after,
                reason: String::new(),
                pupil: Some(pupil),
            });
        }
    }
    Ok(lines)
}

fn mark_line(entry: crate::registers::HistoryEntry, what: String, pupil: Option<PupilId>) -> Line {
    let code = |code: Option<register::Code>| match code {
        Some(code) => code.to_string(),
        None => "no mark".to_owned(),
    };
    let note = entry
        .note
        .map(|note| format!(" ({note})"))
        .unwrap_or_default();
    Line {
        seq: entry.seq,
        key: format!("mark {} {} {}", entry.enrolment, entry.slot, entry.seq),
        what,
        before: match entry.is_first {
            true => String::new(),
            false => code(entry.before),
        },
        after: match entry.sub_code {
            Some(sub_code) => format!("{}, {sub_code}{note}", code(entry.code)),
            None => format!("{}{note}", code(entry.code)),
        },
        reason: entry.reason.unwrap_or_default(),
        pupil,
    }
}

fn plan_lines(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    pupil: PupilId,
    lines: &mut Vec<Line>,
) -> Result<(), StoreError> {
    let mut before: Option<(i64, String)> = None;
    let versions = tx.query(PLANS, &args![school, enrolment], |row| {
        let superseded: Option<i64> = row.get(19)?;
        let why: Option<String> = row.get(18)?;
        Ok(plan_on_file(row)?.map(|plan| (plan, why, superseded)))
    })?;
    let versions: Vec<_> = versions.into_iter().flatten().collect();
    for (place, (on_file, why, superseded)) in versions.iter().enumerate() {
        let (id, plan) = (on_file.id.0, &on_file.plan);
        let said = format!(
            "{} {} to {}, {}",
            plan.code,
            plan.first.long(),
            plan.last.long(),
            plan.sessions.in_words()
        );
        let what = format!("Plan: {}", plan.kind.name().to_lowercase());
        let earlier = before.take().filter(|(other, _)| *other == id);
        lines.push(Line {
            seq: on_file.seq,
            key: format!("plan {id} {}", on_file.seq),
            what: what.clone(),
            before: earlier.map(|(_, said)| said).unwrap_or_default(),
            after: said.clone(),
            reason: why.clone().unwrap_or_default(),
            pupil: Some(pupil),
        });
        let is_last = versions
            .get(place + 1)
            .is_none_or(|(next, ..)| next.id.0 != id);
        if let (Some(ended), true) = (superseded, is_last) {
            lines.push(Line {
                seq: *ended,
                key: format!("plan {id} {ended} withdrawn"),
                what,
                before: said.clone(),
                after: "withdrawn".to_owned(),
                reason: String::new(),
                pupil: Some(pupil),
            });
        }
        before = Some((id, said));
    }
    Ok(())
}
