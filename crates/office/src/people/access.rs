//! Who may do what: role by record kind, as the access matrix says (B-440).
//!
//! The matrix is data, read once. An act asks [`Actor::access`]; a list asks [`Actor::reach`] and shows nobody outside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use calendar::{Day, Instant};
use store::{Entry, SchoolId, StoreError, Tx, args};

use crate::ids::{AccountId, PupilId, StaffId};
use crate::keyed::keyed;

/// The policy: a line for each role and kind of record.
const MATRIX: &str = include_str!("access-matrix.csv");

/// What a role may do with a kind of record. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Nothing, not even know that it exists.
    None,
    /// Figures about groups, no record of one person.
    Aggregate,
    /// Records that the person made or that were shared with them.
    Own,
    /// See.
    Read,
    /// See, add and amend.
    Write,
}

/// Whose records: the row filter that goes with an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everybody at the school.
    School,
    /// Every school of the trust.
    Trust,
    /// The year groups or houses that the person heads.
    YearGroup,
    /// The tutor groups that the person tutors.
    TutorGroup,
    /// The classes that the person teaches.
    Classes,
    /// Pupils assigned to the person.
    Caseload,
    /// Pupils with a case open to the person.
    OpenCases,
    /// Pupils of a panel's case.
    PanelCase,
    /// Pupils drawn for an audit.
    Sample,
    /// The person's own child.
    OwnChild,
    /// The person themselves.
    Myself,
    /// Numbers only.
    Counts,
    /// The running of the system, no pupil.
    Technical,
    /// Nobody.
    Nobody,
}

keyed! {
    /// A role of the access matrix.
    Role {
        /// Headteacher.
        Headteacher = "headteacher", "Headteacher";
        /// Deputy head, pastoral.
        DeputyHeadPastoral = "deputy_head_pastoral", "Deputy head (pastoral)";
        /// Designated safeguarding lead.
        Dsl = "dsl", "Designated safeguarding lead";
        /// Deputy designated safeguarding lead.
        DeputyDsl = "deputy_dsl", "Deputy safeguarding lead";
        /// Safeguarding officer.
        SafeguardingOfficer = "safeguarding_officer", "Safeguarding officer";
        /// Head of house or year.
        HeadOfHouseOrYear = "head_of_house_or_year", "Head of house or year";
        /// Attendance, behaviour and welfare manager.
        WelfareManager = "welfare_manager", "Attendance, behaviour and welfare manager";
        /// Attendance manager or improvement officer.
        AttendanceManager = "attendance_manager", "Attendance manager";
        /// Attendance administrator.
        AttendanceAdministrator = "attendance_administrator", "Attendance administrator";
        /// Behaviour lead.
        BehaviourLead = "behaviour_lead", "Behaviour lead";
        /// Pastoral administrator.
        PastoralAdministrator = "pastoral_administrator", "Pastoral administrator";
        /// Special educational needs co-ordinator.
        Senco = "senco", "SENCO";
        /// Designated teacher for looked-after children.
        DesignatedTeacher = "designated_teacher_lac", "Designated teacher";
        /// Class teacher.
        Teacher = "teacher", "Teacher";
        /// Form tutor.
        Tutor = "tutor", "Tutor";
        /// Support or cover staff.
        SupportOrCover = "support_or_cover_staff", "Support or cover staff";
        /// Governor or trustee.
        Governor = "governor_or_trustee", "Governor or trustee";
        /// Member of an exclusion panel.
        PanelMember = "exclusion_panel_member", "Exclusion panel member";
        /// Governance clerk.
        Clerk = "governance_clerk", "Governance clerk";
        /// Trust director.
        TrustDirector = "trust_director", "Trust director";
        /// Trust safeguarding lead.
        TrustSafeguardingLead = "trust_safeguarding_lead", "Trust safeguarding lead";
        /// External auditor.
        Auditor = "external_auditor", "External auditor";
        /// Somebody who inspects the registers for Ofsted or the local authority, for the days of a visit.
        Inspector = "inspector", "Inspector of registers";
        /// Education welfare officer of the local authority.
        WelfareOfficer = "la_ewo_caseworker", "Local authority caseworker";
        /// Parent.
        Parent = "parent", "Parent";
        /// Pupil.
        Pupil = "pupil", "Pupil";
        /// Data protection lead.
        DataProtectionLead = "data_protection_lead", "Data protection lead";
        /// System administrator: runs the system and sees no pupil.
        SystemAdministrator = "system_administrator", "System administrator";
    }
}

keyed! {
    /// The kinds of record that exist so far; the matrix names more.
    RecordKind {
        /// Names, numbers, groups, time on roll.
        PupilCore = "pupil_core", "Pupil record";
        /// Contacts and parental responsibility.
        Contacts = "contacts_and_parental_responsibility", "Contacts";
        /// Free meals, premium, service child, young carer and the like.
        VulnerabilityFlags = "vulnerability_flags", "Vulnerability flags";
        /// In care, child protection, child in need, social worker.
        SocialCareStatus = "social_care_status", "Social care status";
        /// Special educational needs.
        SenProfile = "sen_profile", "Special educational needs";
        /// Marks of the attendance register.
        AttendanceMarks = "attendance_marks", "Attendance marks";
        /// Plans, notices, targets and other casework about attendance.
        AttendanceCasework = "attendance_casework", "Attendance casework";
        /// Calls, messages and letters about a pupil, and what came of them.
        ContactsLog = "letters_and_contacts_log", "Log of letters and contacts";
        /// Letters, appointment cards and photos that bear an absence out.
        MedicalEvidence = "medical_evidence", "Evidence";
        /// Visits to homes, with what is known of addresses.
        HomeVisit = "home_visit", "Visits to homes";
        /// Concerns handed to the safeguarding lead.
        SafeguardingConcern = "safeguarding_concern_entry", "Concerns";
        /// Suspensions and exclusions: who plans the sessions of one.
        SuspensionRecord = "suspension_record", "Suspensions";
        /// Figures about groups.
        AggregateReports = "aggregate_reports", "Reports about groups";
        /// Who did what.
        AuditLog = "audit_log", "Audit log";
        /// What was destroyed after its time, and what is held.
        RetentionAndDisposal = "retention_and_disposal", "Retention and disposal";
        /// Accounts, roles and settings.
        UsersRolesAndSettings = "users_roles_and_settings", "People, roles and settings";
    }
}

impl Role {
    /// The roles whose keys stand in a list with commas, each once, in the order of the matrix.
    pub(crate) fn among(keys: Option<&str>) -> Vec<Role> {
        let keys = keys.iter().flat_map(|keys| keys.split(','));
        let mut roles: Vec<Role> = keys.filter_map(Role::from_key).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// The roles that somebody on the staff may hold: not a parent's, a pupil's, the local authority's or an inspector's, who come
    /// in by doors of their own.
    pub fn of_staff() -> impl Iterator<Item = Role> {
        let others = [
            Role::Parent,
            Role::Pupil,
            Role::WelfareOfficer,
            Role::Inspector,
        ];
        let all = Role::ALL.iter().copied();
        all.filter(move |role| !others.contains(role))
    }
}

impl Access {
    fn from_key(key: &str) -> Option<Access> {
        Some(match key {
            "none" => Access::None,
            "aggregate" => Access::Aggregate,
            "own" => Access::Own,
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return None,
        })
    }
}

impl Scope {
    fn from_key(key: &str) -> Option<Scope> {
        Some(match key {
            "school" => Scope::School,
            "trust" => Scope::Trust,
            "year_group" => Scope::YearGroup,
            "tutor_group" => Scope::TutorGroup,
            "classes" => Scope::Classes,
            "caseload" => Scope::Caseload,
            "open_cases" => Scope::OpenCases,
            "panel_case" => Scope::PanelCase,
            "sample" => Scope::Sample,
            "own_child" => Scope::OwnChild,
            "self" => Scope::Myself,
            "counts" => Scope::Counts,
            "technical" => Scope::Technical,
            "" => Scope::Nobody,
            _ => return None,
        })
    }
}

type Policy = HashMap<(Role, RecordKind), (Access, Scope)>;

/// The matrix, for the record kinds that exist.
fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        MATRIX
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.splitn(5, ',');
                let role = Role::from_key(cells.next()?)?;
                let kind = RecordKind::from_key(cells.next()?)?;
                let access = Access::from_key(cells.next()?)?;
                let scope = Scope::from_key(cells.next()?)?;
                Some(((role, kind), (access, scope)))
            })
            .collect()
    })
}

/// What the matrix gives one role for one kind of record.
pub fn granted(role: Role, kind: RecordKind) -> (Access, Scope) {
    policy()
        .get(&(role, kind))
        .copied()
        .unwrap_or((Access::None, Scope::Nobody))
}

/// Somebody who is signed in at a school, with the roles that they hold there today.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The school they are working at.
    pub school: SchoolId,
    /// Their name as colleagues know it.
    pub name: String,
    /// Their job title today; every amendment keeps it.
    pub job_title: String,
    /// Their record as a member of staff, if they are one.
    pub staff: Option<StaffId>,
    /// Their roles today.
    pub roles: Vec<Role>,
    /// When they last gave a second factor on this device.
    pub second_factor_at: Option<Instant>,
    /// Whether they have a place at other schools too.
    pub several_schools: bool,
    /// Today, while they look at what was known earlier: then they change nothing, and see whom they may see today.
    pub looks_back: Option<Day>,
    /// What narrows their roles: nothing for a person.
    pub limits: Limits,
}

/// The most that somebody may do with each kind of record, whatever their roles give: what narrows a client of the interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Option<BTreeMap<RecordKind, Access>>);

impl Limits {
    /// No narrower than the roles.
    pub const NONE: Limits = Limits(None);

    /// These kinds of record at most, and no other.
    pub fn to(kinds: BTreeMap<RecordKind, Access>) -> Limits {
        Limits(Some(kinds))
    }

    /// The most for this kind of record.
    fn most(&self, kind: RecordKind) -> Access {
        match &self.0 {
            None => Access::Write,
            Some(kinds) => kinds.get(&kind).copied().unwrap_or(Access::None),
        }
    }
}

/// Whose records of one kind an actor may see or change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every pupil of the school.
    School,
    /// These pupils and no other; perhaps none.
    Pupils(BTreeSet<PupilId>),
}

impl Reach {
    /// Whether this pupil is within reach.
    pub fn covers(&self, pupil: PupilId) -> bool {
        match self {
            Reach::School => true,
            Reach::Pupils(pupils) => pupils.contains(&pupil),
        }
    }

    /// Whether nobody is within reach.
    pub fn is_nobody(&self) -> bool {
        matches!(self, Reach::Pupils(pupils) if pupils.is_empty())
    }
}

/// Pupils in the groups for which a member of staff has a duty on a day, perhaps more than once.
///
/// The duties come first, by cross join: SQLite keeps that order of tables, and would else walk every time on roll.
const PUPILS_BY_DUTY: &str = "\
select e.pupil_id
from group_staff gs cross join membership m cross join enrolment e
where m.school_id = gs.school_id and m.group_id = gs.group_id
  and e.school_id = m.school_id and e.enrolment_id = m.enrolment_id
  and gs.school_id = $1 and gs.staff_id = $2 and gs.duty = $3
  and gs.superseded_seq is null and gs.from_day <= $4 and (gs.to_day is null or gs.to_day >= $4)
  and m.superseded_seq is null and m.from_day <= $4 and (m.to_day is null or m.to_day >= $4)
  and e.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPILS_BY_DUTY];

impl Actor {
    /// What the matrix gives one role for this kind of record, as far as the actor's limits let it. Nobody changes what was known
    /// earlier.
    pub fn granted(&self, role: Role, kind: RecordKind) -> (Access, Scope) {
        let most = match self.looks_back {
            Some(_) => Access::Read,
            None => Access::Write,
        };
        let (access, scope) = granted(role, kind);
        (access.min(most).min(self.limits.most(kind)), scope)
    }

    /// What each of the actor's roles gives them for this kind of record.
    pub fn grants(&self, kind: RecordKind) -> impl Iterator<Item = (Access, Scope)> + '_ {
        self.roles.iter().map(move |role| self.granted(*role, kind))
    }

    /// The most that any of the actor's roles allows for this kind of record, whoever it is about.
    pub fn access(&self, kind: RecordKind) -> Access {
        let grants = self.grants(kind).map(|(access, _)| access);
        grants.max().unwrap_or(Access::None)
    }

    /// Whether the actor may do this with at least somebody's record of this kind, perhaps only their own pupils'.
    pub fn may(&self, want: Access, kind: RecordKind) -> bool {
        self.access(kind) >= want
    }

    /// Whether the actor may do this with every pupil's record of this kind, without looking anybody up.
    pub fn may_for_school(&self, want: Access, kind: RecordKind) -> bool {
        let mut grants = self.grants(kind);
        grants.any(|(access, scope)| access >= want && scope == Scope::School)
    }

    /// What the journal keeps of an act of theirs: its name, and whom or what it is about in ids.
    pub fn entry(&self, act: &'static str, subject: String) -> Entry<'_> {
        Entry {
            account: self.account.0,
            job_title: &self.job_title,
            act,
            subject,
        }
    }

    /// Whose records of this kind the actor may see (`want` Read) or change (`want` Write) on this day.
    ///
    /// Groups come from the staff record's duties on that day. A scope whose records do not exist yet (a caseload, a
    /// panel's case, a sample) reaches nobody.
    pub fn reach(
        &self,
        tx: &mut Tx,
        want: Access,
        kind: RecordKind,
        day: Day,
    ) -> Result<Reach, StoreError> {
        if want >= Access::Read && self.may_for_school(want, kind) {
            return Ok(Reach::School);
        }
        let mut pupils = BTreeSet::new();
        let Some(staff) = self.staff else {
            return Ok(Reach::Pupils(pupils));
        };
        let day = self.looks_back.unwrap_or(day);
        for (access, scope) in self.grants(kind) {
            if access < want.max(Access::Read) {
                continue;
            }
            let duty = match scope {
                Scope::Classes => "teacher",
                Scope::TutorGroup => "tutor",
                Scope::YearGroup => "head",
                _ => continue,
            };
            let duty = args![self.school, staff, duty, day];
            let found =
                tx.at_present(|tx| tx.query(PUPILS_BY_DUTY, &duty, |row| row.get(0).map(PupilId)))?;
            pupils.extend(found);
        }
        Ok(Reach::Pupils(pupils))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_has_a_line_for_every_role_and_kind_of_record() {
        for role in Role::ALL {
            for kind in RecordKind::ALL {
                assert!(policy().contains_key(&(*role, *kind)), "{role:?} {kind:?}");
            }
        }
    }

    #[test]
    fn a_system_administrator_sees_no_pupil() {
        for kind in [
            RecordKind::PupilCore,
            RecordKind::Contacts,
            RecordKind::AttendanceMarks,
            RecordKind::AggregateReports,
        ] {
            assert_eq!(granted(Role::SystemAdministrator, kind).0, Access::None);
        }
    }

    #[test]
    fn a_teacher_marks_their_own_classes_and_finds_any_pupil() {
        assert_eq!(
            granted(Role::Teacher, RecordKind::AttendanceMarks),
            (Access::Write, Scope::Classes)
        );
        assert_eq!(
            granted(Role::Teacher, RecordKind::PupilCore),
            (Access::Read, Scope::School)
        );
    }
}
