//! How far each register of a day has come: what a teacher's list and the list of missing registers are made of.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot};
use columns::MarkByte;
use register::closing::{RegisterState, SessionTimes, register_state};
use store::{SchoolId, StoreError, Tx, args};

use super::pages::RegisterAddress;
use super::save::clock_of;
use crate::book::{Book, Duty, Group, GroupKind, StaffMember};
use crate::ids::{AccountId, GroupId};

pub(super) const TAKEN_ON: &str = "\
select group_id, session, taken_at, account_id, on_behalf_of from register_taken
where school_id = $1 and on_date = $2 and superseded_seq is null";

/// That a register was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When its last place was filled.
    pub at: Instant,
    /// By whom.
    pub account: AccountId,
    /// On whose word, when the office took it for somebody.
    pub on_behalf_of: Option<String>,
}

/// The registers of one day that were taken.
pub type TakenOn = HashMap<(GroupId, Session), Taken>;

/// Which registers of a day were taken, by whom and when.
pub fn taken_on(tx: &mut Tx, school: SchoolId, day: Day) -> Result<TakenOn, StoreError> {
    let mut taken = TakenOn::new();
    tx.each(TAKEN_ON, &args![school, day], |row| {
        if let Some(session) = Session::from_index(row.get(1)?) {
            let entry = Taken {
                at: row.get(2)?,
                account: AccountId(row.get(3)?),
                on_behalf_of: row.get(4)?,
            };
            taken.insert((GroupId(row.get(0)?), session), entry);
        }
        Ok(())
    })?;
    Ok(taken)
}

/// How far one register has come.
#[derive(Clone, Debug)]
pub struct Status {
    /// Which.
    pub address: RegisterAddress,
    /// The group as the school calls it.
    pub group: String,
    /// Where it meets; may be empty.
    pub room: String,
    /// Who is really teaching it that day, and for whom they cover; may be empty.
    pub staff: String,
    /// Places with a mark due.
    pub due: usize,
    /// Places without one.
    pub blank: usize,
    /// Where it stands by the clock.
    pub state: RegisterState,
    /// Minutes since it opened, while places are blank; nought before it opens and when none is.
    pub minutes_overdue: i64,
    /// That it was taken.
    pub taken: Option<Taken>,
}

impl Status {
    /// Whether somebody should take it: it has opened, and places are blank.
    pub fn is_missing(&self) -> bool {
        self.blank > 0 && !matches!(self.state, RegisterState::NotOpenYet { .. })
    }

    /// In words: `opens at 08:40`, `begun, 4 blank`, `taken 08:44`, `closed with 30 blank`.
    pub fn words(&self, now: Instant) -> String {
        let begun = self.blank < self.due;
        match (self.state, &self.taken) {
            (_, Some(taken)) if self.blank == 0 => format!("taken {}", clock_of(taken.at, now)),
            (RegisterState::NotOpenYet { opens }, _) => {
                format!("opens at {}", clock_of(opens, now))
            }
            (_, _) if self.blank == 0 => "no blanks, not taken".to_owned(),
            (RegisterState::Open { closes }, _) if begun => {
                format!(
                    "begun, {} blank, closes {}",
                    self.blank,
                    clock_of(closes, now)
                )
            }
            (RegisterState::Open { closes }, _) => {
                format!("open until {}, not begun", clock_of(closes, now))
            }
            (RegisterState::Closed { .. }, _) => format!("closed with {} blank", self.blank),
        }
    }
}

/// How far the register of a group has come at a session that the calendar has; none when nobody's mark is due in it.
pub fn status(
    book: &Book,
    group: &Group,
    slot: Slot,
    times: &SessionTimes,
    taken: &TakenOn,
    now: Instant,
) -> Option<Status> {
    let (mut due, mut blank) = (0, 0);
    for enrolment in book.groups.members(group.id, slot.day) {
        let Some(row) = book.roll.row(enrolment) else {
            continue;
        };
        let mark = book.mark(row, slot);
        due += usize::from(mark.is_session());
        blank += usize::from(mark == MarkByte::MISSING);
    }
    if due == 0 {
        return None;
    }
    let state = register_state(times, slot, now);
    let opens = Instant::at_london(slot.day, times.of(slot.session).opens);
    Some(Status {
        address: RegisterAddress {
            group: group.id,
            slot,
        },
        group: group.name.clone(),
        room: group.room.clone().unwrap_or_default(),
        staff: takers(book, group.id, slot.day).in_words(),
        due,
        blank,
        state,
        minutes_overdue: if blank > 0 {
            (opens.seconds_until(now) / 60).max(0)
        } else {
            0
        },
        taken: taken.get(&(group.id, slot.session)).cloned(),
    })
}

/// Who takes a group on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Takers<'b> {
    /// Who is really there: the cover where there is one, else whoever has the group.
    pub(crate) now: Vec<&'b StaffMember>,
    /// For whom they cover.
    pub(crate) instead_of: Vec<&'b StaffMember>,
}

impl Takers<'_> {
    /// The names of those who are really there: `Ms A Okafor`.
    pub(crate) fn names(&self) -> String {
        names_of(&self.now)
    }

    /// `Ms A Okafor, covering for Mr B Patel`.
    pub(crate) fn in_words(&self) -> String {
        let now = self.names();
        if self.instead_of.is_empty() {
            now
        } else {
            format!("{now}, covering for {}", names_of(&self.instead_of))
        }
    }
}

fn names_of(members: &[&StaffMember]) -> String {
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    names.join(", ")
}

/// Who takes the group that day, by dated duties.
///
/// Cover is a duty with a last day that began after another of the group's duties: whoever has it is there in place of whoever had the
/// group before. Somebody who has left is nobody's teacher, whatever duty was forgotten.
pub(crate) fn takers(book: &Book, group: GroupId, day: Day) -> Takers<'_> {
    let mut duties: Vec<(&Duty, &StaffMember)> = book
        .groups
        .staff(group, day)
        .filter(|duty| duty.duty != "head")
        .filter_map(|duty| Some((duty, book.staff.member(duty.staff)?)))
        .filter(|(_, member)| member.leaving_day.is_none_or(|last| day <= last))
        .collect();
    duties.sort_by_key(|(duty, _)| std::cmp::Reverse(duty.from));
    let first = duties.last().map(|(duty, _)| duty.from);
    let covers = |duty: &Duty| duty.to.is_some() && first.is_some_and(|first| duty.from > first);
    let members = |cover: bool| {
        let mut members: Vec<&StaffMember> = duties
            .iter()
            .filter(|(duty, _)| covers(duty) == cover)
            .map(|(_, member)| *member)
            .collect();
        members.dedup_by_key(|member| member.id);
        members
    };
    match (members(true), members(false)) {
        (covering, usual) if covering.is_empty() => Takers {
            now: usual,
            instead_of: covering,
        },
        (covering, usual) => Takers {
            now: covering,
            instead_of: usual,
        },
    }
}

/// Pupils on roll at a session whose mark is due and whom no register asks for, since they are in no tutor group: their rows in the book.
/// No mark of a boarder is due.
pub(super) fn in_no_register(book: &Book, slot: Slot) -> Vec<usize> {
    let asked_for = |row: &usize| {
        let enrolment = book.roll.enrolments[*row].id;
        let tutor_group = book.groups.of_kind(enrolment, GroupKind::Tutor, slot.day);
        tutor_group.is_some() || !book.mark(*row, slot).is_session()
    };
    book.roll
        .rows_on(slot.day)
        .filter(|row| !asked_for(row))
        .collect()
}

/// The registers that the law asks for at a session: one for each tutor group with somebody in it.
pub fn registers_at(
    book: &Book,
    slot: Slot,
    times: &SessionTimes,
    taken: &TakenOn,
    now: Instant,
) -> Vec<Status> {
    book.groups
        .groups
        .iter()
        .filter(|group| group.kind == GroupKind::Tutor)
        .filter_map(|group| status(book, group, slot, times, taken, now))
        .collect()
}
