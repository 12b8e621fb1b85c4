//! The places of the application: where they are, and to whom they are open.
//!
//! The bar at the top offers exactly the places that are open to a person, and the pages of a place ask the same question.

use super::{Access, Actor, RecordKind, Role, Scope};

/// A part of the application with an address of its own in the bar at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A person's first page.
    Today,
    /// Who is not where they should be, and who rings whom.
    Morning,
    /// Taking, closing and amending.
    Registers,
    /// The late door, and who comes and goes during the day.
    Door,
    /// The fire list and its roll calls.
    Fire,
    /// What goes to families, and what they answer.
    Messages,
    /// Finding pupils, and their records.
    Pupils,
    /// Figures of the school and its groups.
    Figures,
    /// Lists of pupils by their marks.
    Lists,
    /// Year groups, houses, tutor groups and classes.
    Groups,
    /// Terms, closures and session times.
    Year,
    /// What is taught when, where and by whom; reached from the year.
    Timetable,
    /// Bringing files in.
    Imports,
    /// Who works at the school, with job titles and duties.
    Staff,
    /// Accounts and roles, reached from the staff.
    Accounts,
    /// Who did what.
    Journal,
}

impl Place {
    /// Every place, in the order of a school's day.
    pub const ALL: [Place; 16] = [
        Place::Today,
        Place::Morning,
        Place::Registers,
        Place::Door,
        Place::Fire,
        Place::Messages,
        Place::Pupils,
        Place::Figures,
        Place::Lists,
        Place::Groups,
        Place::Year,
        Place::Timetable,
        Place::Imports,
        Place::Staff,
        Place::Accounts,
        Place::Journal,
    ];

    /// What the bar calls it and the letter that reaches it with Alt; nothing for a place that is reached from another.
    pub fn in_bar(self) -> Option<(&'static str, char)> {
        Some(match self {
            Place::Today => ("Today", 'T'),
            Place::Morning => ("Morning", 'M'),
            Place::Registers => ("Registers", 'G'),
            Place::Door => ("Door", 'O'),
            Place::Fire => ("Fire", 'R'),
            Place::Messages => ("Messages", 'S'),
            Place::Pupils => ("Pupils", 'P'),
            Place::Figures => ("Figures", 'F'),
            Place::Lists => ("Lists", 'L'),
            Place::Groups => ("Groups", 'U'),
            Place::Year => ("Year", 'Y'),
            Place::Imports => ("Imports", 'I'),
            Place::Staff => ("Staff", 'E'),
            Place::Timetable | Place::Accounts => return None,
            Place::Journal => ("Journal", 'J'),
        })
    }

    /// The address of its first page.
    pub fn path(self) -> &'static str {
        match self {
            Place::Today => "/",
            Place::Morning => "/morning",
            Place::Registers => "/registers",
            Place::Door => "/door",
            Place::Fire => "/fire",
            Place::Messages => "/messages",
            Place::Pupils => "/pupils",
            Place::Figures => "/figures",
            Place::Lists => "/lists",
            Place::Groups => "/groups",
            Place::Year => "/year",
            Place::Timetable => "/timetable",
            Place::Imports => "/imports",
            Place::Staff => "/staff",
            Place::Accounts => "/people",
            Place::Journal => "/journal",
        }
    }

    /// Whether this path is the place's first page or lies within it.
    pub fn holds(self, path: &str) -> bool {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match self {
            Place::Today => path == "/",
            Place::Staff if Place::Accounts.holds(path) => true,
            Place::Accounts
                if ["/api-clients", "/webhooks"].iter().any(|own| {
                    path.strip_prefix(own)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }) =>
            {
                true
            }
            Place::Staff if path == "/inspections" || path.starts_with("/inspections/") => true,
            Place::Pupils if path == "/admission-register" => true,
            Place::Pupils if path == "/concerns" || path.starts_with("/concerns/") => true,
            Place::Journal if path == "/preservation" || path.starts_with("/preservation/") => true,
            Place::Morning if path == "/sweeps" || path.starts_with("/sweeps/") => true,
            Place::Morning if path == "/absence-line" || path.starts_with("/absence-line/") => true,
            Place::Registers if path == "/cover" || path == "/sealed-copies" => true,
            Place::Year if path == "/settings" || Place::Timetable.holds(path) => true,
            Place::Registers if path == "/late-marks" => true,
            Place::Registers if path == "/plans" || path.starts_with("/plans/") => true,
            Place::Registers if path == "/exams" || path.starts_with("/exams/") => true,
            Place::Registers if path == "/lessons" || path.starts_with("/lessons/") => true,
            Place::Registers if path == "/unexplained" || path == "/sub-codes" => true,
            Place::Registers if path == "/missing" || path == "/left-site" => true,
            Place::Morning if path == "/visits" || path.starts_with("/visits/") => true,
            Place::Morning if path == "/early-calls" || path.starts_with("/early-calls/") => true,
            Place::Morning if path == "/legal-targets" || path == "/ten-day-watch" => true,
            Place::Morning if path == "/evidence/requests" => true,
            Place::Morning if path == "/clinics" || path.starts_with("/clinics/") => true,
            Place::Door if path == "/punctuality" || path.starts_with("/punctuality/") => true,
            Place::Door if path == "/site" || path.starts_with("/site/") => true,
            Place::Registers if path == "/many-marks" || path.starts_with("/many-marks/") => true,
            _ => path
                .strip_prefix(self.path())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// Whether it is open to this person. Who opens it may still find nobody there: a teacher without classes, say.
    pub fn is_open_to(self, actor: &Actor) -> bool {
        match self {
            Place::Today => true,
            Place::Registers | Place::Lists => reads_pupils(actor, RecordKind::AttendanceMarks),
            Place::Door => actor.may_for_school(Access::Write, RecordKind::AttendanceMarks),
            Place::Morning => {
                reads_pupils(actor, RecordKind::ContactsLog)
                    && reads_pupils(actor, RecordKind::AttendanceMarks)
            }
            // Any colleague may have to say who is missing; an inspector of the registers has no part in it.
            Place::Fire => {
                actor.may_for_school(Access::Read, RecordKind::PupilCore)
                    && !actor.roles.contains(&Role::Inspector)
            }
            Place::Messages => actor.may_for_school(Access::Read, RecordKind::ContactsLog),
            Place::Pupils | Place::Groups | Place::Timetable => {
                reads_pupils(actor, RecordKind::PupilCore)
            }
            Place::Figures => {
                sees_counts_of_all(actor)
                    || (actor.may(Access::Aggregate, RecordKind::AggregateReports)
                        && reads_pupils(actor, RecordKind::AttendanceMarks))
            }
            Place::Year => {
                actor.may(Access::Read, RecordKind::UsersRolesAndSettings)
                    || Place::Registers.is_open_to(actor)
                    || Place::Pupils.is_open_to(actor)
            }
            Place::Imports => actor.may_for_school(Access::Write, RecordKind::PupilCore),
            Place::Staff => Place::Pupils.is_open_to(actor) || Place::Accounts.is_open_to(actor),
            Place::Accounts => has(
                actor,
                RecordKind::UsersRolesAndSettings,
                &[Scope::School, Scope::Technical],
            ),
            Place::Journal => has(
                actor,
                RecordKind::AuditLog,
                &[Scope::School, Scope::Technical],
            ),
        }
    }
}

/// Whether a role reads records of this kind of the whole school or through duties for groups. Scopes whose records do not
/// exist yet (a caseload, a panel's case, one's own child) open nothing.
fn reads_pupils(actor: &Actor, kind: RecordKind) -> bool {
    let scopes = [
        Scope::School,
        Scope::YearGroup,
        Scope::TutorGroup,
        Scope::Classes,
    ];
    has(actor, kind, &scopes)
}

fn has(actor: &Actor, kind: RecordKind, scopes: &[Scope]) -> bool {
    actor.roles.iter().any(|role| {
        let (access, scope) = actor.granted(*role, kind);
        access >= Access::Read && scopes.contains(&scope)
    })
}

/// Whether a role gives figures of all pupils as numbers. A parent's role gives published figures only, which are no page here.
pub(crate) fn sees_counts_of_all(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| {
        let (access, scope) = actor.granted(*role, RecordKind::AggregateReports);
        *role != Role::Parent
            && access >= Access::Aggregate
            && matches!(scope, Scope::School | Scope::Counts | Scope::Trust)
    })
}
