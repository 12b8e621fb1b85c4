//! What a person is to a register: whether they may see it, and in which capacity they mark it.

use std::borrow::Borrow;

use calendar::Day;
use register::entry::RoleKind;
use store::{Act, Ahead, SchoolId, StoreError, Tx, args};

use super::lessons::LessonAddress;
use crate::desk::Refusal;
use crate::ids::{GroupId, StaffId};
use crate::people::{Access, Actor, RecordKind, Role, Scope};

pub(super) const DUTIES: &str = "\
select distinct duty from group_staff
where school_id = $1 and group_id = $2 and staff_id = $3 and superseded_seq is null
  and from_day <= $4 and (to_day is null or to_day >= $4)";

/// What a person may do with the register of one group on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// See it.
    Reader,
    /// Mark it, in this capacity.
    Marker(RoleKind),
}

impl Keeper {
    /// The capacity in which the person marks; none for somebody who may only read.
    pub fn role(self) -> Option<RoleKind> {
        match self {
            Keeper::Reader => None,
            Keeper::Marker(role) => Some(role),
        }
    }

    /// Whether the person keeps registers for the school, and so may amend closed ones and take them for others.
    pub fn is_office(self) -> bool {
        matches!(self.role(), Some(RoleKind::Office | RoleKind::Supervisor))
    }
}

/// The capacity in which somebody who may mark every register marks.
///
/// Who answers for the registers decides what R-031 keeps for a supervisor; everybody else with the whole school is the office.
pub(super) fn school_wide(actor: &Actor) -> RoleKind {
    let answers_for_them = |role: &Role| {
        matches!(
            role,
            Role::Headteacher
                | Role::DeputyHeadPastoral
                | Role::WelfareManager
                | Role::AttendanceManager
        )
    };
    if actor.roles.iter().any(answers_for_them) {
        RoleKind::Supervisor
    } else {
        RoleKind::Office
    }
}

/// What this person may do with the register of this group on this day.
///
/// Whoever has a duty for the group that day reaches everybody in it that day, so this is [`Actor::reach`] over the members
/// of the group without naming them. Errors: [`Refusal::NotFound`] for somebody who may not know of the register.
pub fn keeper(tx: &mut Tx, actor: &Actor, group: GroupId, day: Day) -> Result<Keeper, Refusal> {
    keeper_by(actor, |staff| duties(tx, actor.school, group, staff, day))
}

/// [`keeper`] within an act, which may know it from an act before.
pub(super) fn keeper_in(
    act: &mut Act,
    actor: &Actor,
    group: GroupId,
    day: Day,
) -> Result<Keeper, Refusal> {
    keeper_by(actor, |staff| {
        act.known(&duties_key(group, staff, day), |tx| {
            duties(tx, actor.school, group, staff, day)
        })
    })
}

fn keeper_by<D: Borrow<Vec<String>>>(
    actor: &Actor,
    duties: impl FnOnce(StaffId) -> Result<D, StoreError>,
) -> Result<Keeper, Refusal> {
    if actor.may_for_school(Access::Write, RecordKind::AttendanceMarks) {
        return Ok(Keeper::Marker(school_wide(actor)));
    }
    let through_duty = match actor.staff {
        Some(staff) => by_duty(actor, duties(staff)?.borrow()),
        None => Access::None,
    };
    if through_duty >= Access::Write {
        Ok(Keeper::Marker(RoleKind::ClassTeacher))
    } else if through_duty >= Access::Read
        || actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
    {
        Ok(Keeper::Reader)
    } else {
        Err(Refusal::NotFound)
    }
}

pub(super) const COVERS_LESSON: &str = "\
select 1 from lesson_cover
where school_id = $1 and group_id = $2 and on_date = $3 and period_id = $4 and staff_id = $5 and superseded_seq is null";

/// What this person may do with the register of one lesson: what they may do with its group that day, and whoever covers the lesson takes
/// its register and no other.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it.
pub(super) fn lesson_keeper(
    tx: &mut Tx,
    actor: &Actor,
    address: LessonAddress,
) -> Result<Keeper, Refusal> {
    let LessonAddress { group, day, period } = address;
    let of_group = match keeper(tx, actor, group, day) {
        Ok(Keeper::Marker(role)) => return Ok(Keeper::Marker(role)),
        other => other,
    };
    let (Some(staff), true) = (
        actor.staff,
        actor
            .grants(RecordKind::AttendanceMarks)
            .any(takes_registers),
    ) else {
        return of_group;
    };
    let covered = args![actor.school, group, day, period, staff];
    match tx.query_opt(COVERS_LESSON, &covered, |_| Ok(()))? {
        Some(()) => Ok(Keeper::Marker(RoleKind::ClassTeacher)),
        None => of_group,
    }
}

/// Whether what a role gives for attendance marks lets a person take registers of the classes that they teach or cover.
pub(super) fn takes_registers((access, scope): (Access, Scope)) -> bool {
    access >= Access::Write && matches!(scope, Scope::Classes | Scope::School)
}

/// Asks ahead for what [`keeper_in`] will ask of this actor.
pub(super) fn ask_ahead(
    act: &mut Ahead<'_>,
    expected: &Actor,
    group: GroupId,
    day: Day,
) -> Result<(), StoreError> {
    match expected.staff {
        Some(staff)
            if !expected.may_for_school(Access::Write, RecordKind::AttendanceMarks)
                && !act.knows(&duties_key(group, staff, day)) =>
        {
            act.ask(DUTIES, &args![expected.school, group, staff, day])
        }
        _ => Ok(()),
    }
}

/// What somebody has to do with a group on a day.
fn duties(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
    staff: StaffId,
    day: Day,
) -> Result<Vec<String>, StoreError> {
    let asked = args![school, group, staff, day];
    tx.at_present(|tx| tx.query(DUTIES, &asked, |row| row.get(0)))
}

/// The question for [`duties`] among what an act knows.
fn duties_key(group: GroupId, staff: StaffId, day: Day) -> String {
    format!("duties {group} {staff} {day}")
}

/// The most that these duties give the actor.
fn by_duty(actor: &Actor, held: &[String]) -> Access {
    let most = actor
        .grants(RecordKind::AttendanceMarks)
        .filter(|(_, scope)| {
            held.iter()
                .any(|duty| Some(duty.as_str()) == duty_of(*scope))
        })
        .map(|(access, _)| access)
        .max();
    most.unwrap_or(Access::None)
}

/// The duty that a scope of the access matrix asks for.
pub(super) fn duty_of(scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::Classes => Some("teacher"),
        Scope::TutorGroup => Some("tutor"),
        Scope::YearGroup => Some("head"),
        _ => None,
    }
}
