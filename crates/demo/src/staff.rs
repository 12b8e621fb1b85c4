//! The people who work in the school, around it and above it, and what each may see.

use std::collections::BTreeSet;

use calendar::Day;

use crate::Request;
use crate::chance::{Chance, Purpose};
use crate::families::letters;
use crate::groups::{GroupKind, Groups, HEADS, HOUSES, SUBJECTS};
use crate::names::{self, HERITAGES};
use crate::year;

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StaffMember {
    /// `Mrs`, `Mr`, `Ms`, `Dr`.
    pub title: &'static str,
    /// Forename.
    pub forename: &'static str,
    /// Surname.
    pub surname: &'static str,
    /// Initials as on the timetable, unique.
    pub code: String,
    /// Job title, kept with every amendment.
    pub job_title: String,
    /// E-mail address at example.org; also the name to sign in with. Unique.
    pub email: String,
    /// The first day of work here.
    pub since: Day,
    /// What they may see and do.
    pub grants: Vec<Grant>,
}

/// A role of the access matrix with the part of the school in which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The role's name in `access-matrix.csv`.
    pub role: &'static str,
    /// Where it holds.
    pub scope: Scope,
}

/// The part of the school in which a role holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The whole school.
    School,
    /// Every school of the trust.
    Trust,
    /// These groups (indexes): a year, a house, a tutor group, or classes of the current year.
    Groups(Vec<usize>),
}

/// The staff, in a fixed order: heads of year and house, teachers, then everybody else.
pub(crate) struct Staff {
    pub(crate) members: Vec<StaffMember>,
}

/// Those who change marks after the register.
#[derive(Clone, Copy)]
pub(crate) struct AttendanceOffice {
    pub(crate) manager: usize,
    pub(crate) administrators: [usize; 2],
}

/// Everyone with a role of their own: role, job title, whether it reaches over the trust.
const POSTS: &[(&str, &str, bool)] = &[
    ("headteacher", "Headteacher", false),
    (
        "deputy_head_pastoral",
        "Deputy headteacher, pastoral",
        false,
    ),
    ("dsl", "Designated safeguarding lead", false),
    ("deputy_dsl", "Deputy designated safeguarding lead", false),
    ("safeguarding_officer", "Safeguarding officer", false),
    (
        "welfare_manager",
        "Attendance, behaviour and welfare manager",
        false,
    ),
    ("attendance_manager", "Attendance manager", false),
    (
        "attendance_administrator",
        "Attendance administrator",
        false,
    ),
    (
        "attendance_administrator",
        "Attendance administrator",
        false,
    ),
    ("behaviour_lead", "Behaviour lead", false),
    ("pastoral_administrator", "Pastoral administrator", false),
    ("senco", "Special educational needs co-ordinator", false),
    (
        "designated_teacher_lac",
        "Designated teacher for looked-after children",
        false,
    ),
    ("support_or_cover_staff", "Cover supervisor", false),
    ("support_or_cover_staff", "Cover supervisor", false),
    (
        "support_or_cover_staff",
        "Learning support assistant",
        false,
    ),
    ("data_protection_lead", "Data protection lead", false),
    ("system_administrator", "Network and systems manager", false),
    ("governor_or_trustee", "Chair of governors", false),
    ("governor_or_trustee", "Governor", false),
    ("exclusion_panel_member", "Governor, exclusion panel", false),
    ("governance_clerk", "Clerk to the governors", false),
    ("trust_director", "Trust director of education", true),
    ("trust_safeguarding_lead", "Trust safeguarding lead", true),
];

impl Staff {
    pub(crate) fn attendance_office(&self) -> AttendanceOffice {
        let mut holders = ["attendance_manager", "attendance_administrator"].map(|role| {
            self.members
                .iter()
                .enumerate()
                .filter(move |(_, member)| member.grants.iter().any(|grant| grant.role == role))
                .map(|(index, _)| index)
        });
        let mut next = |post: usize| {
            holders[post]
                .next()
                .expect("every post of the list is filled")
        };
        AttendanceOffice {
            manager: next(0),
            administrators: [next(1), next(1)],
        }
    }
}

/// Fills every post.
pub(crate) fn appoint(request: &Request, groups: &Groups) -> Staff {
    let mut office = Appointments {
        chance: Chance::new(request.seed, Purpose::Staff, 0),
        current: year::first_year_of(request.today),
        taken: BTreeSet::new(),
        members: Vec::new(),
    };
    for year_group in 7..=13_usize {
        let title = match year_group {
            12 => "Head of sixth form".to_owned(),
            13 => "Assistant head of sixth form".to_owned(),
            _ => format!("Head of Year {year_group}"),
        };
        office.hire(
            title,
            vec![over("head_of_house_or_year", vec![year_group - 7])],
        );
    }
    for (number, house) in HOUSES.iter().enumerate() {
        office.hire(
            format!("Head of {house} House"),
            vec![over("head_of_house_or_year", vec![7 + number])],
        );
    }
    for teacher in 0..groups.teachers {
        let subject = SUBJECTS[teacher % SUBJECTS.len()].0.to_lowercase();
        let grants = office.teaching_grants(groups, HEADS + teacher);
        office.hire(format!("Teacher of {}", english_kept(&subject)), grants);
    }
    for (role, title, trust) in POSTS {
        let scope = if *trust { Scope::Trust } else { Scope::School };
        office.hire((*title).to_owned(), vec![Grant { role, scope }]);
    }
    Staff {
        members: office.members,
    }
}

fn english_kept(subject: &str) -> String {
    subject.replace("english", "English")
}

fn over(role: &'static str, groups: Vec<usize>) -> Grant {
    Grant {
        role,
        scope: Scope::Groups(groups),
    }
}

struct Appointments {
    chance: Chance,
    current: i16,
    taken: BTreeSet<String>,
    members: Vec<StaffMember>,
}

impl Appointments {
    /// What a teacher may do: teach the classes and tutor the tutor group of the current year.
    fn teaching_grants(&self, groups: &Groups, staff: usize) -> Vec<Grant> {
        let led = |kind: GroupKind| -> Vec<usize> {
            (0..groups.groups.len())
                .filter(|index| {
                    let group = &groups.groups[*index];
                    group.kind == kind
                        && group.staff == staff
                        && group.school_year == Some(self.current)
                })
                .collect()
        };
        let mut grants = vec![over("teacher", led(GroupKind::Class))];
        let tutored = led(GroupKind::Tutor);
        if !tutored.is_empty() {
            grants.push(over("tutor", tutored));
        }
        grants
    }

    fn hire(&mut self, job_title: String, grants: Vec<Grant>) {
        let woman = self.chance.happens(0.62);
        let forename = self
            .chance
            .pick(if woman { names::WOMEN } else { names::MEN });
        let surname = self.surname();
        let title = match (woman, self.chance.weighed(&[0.55, 0.35, 0.1])) {
            (_, 2) => "Dr",
            (false, _) => "Mr",
            (true, 0) => "Mrs",
            (true, _) => "Ms",
        };
        let name = format!("{}.{}", letters(forename), letters(surname));
        let name = self.first_free(&name);
        let initials = format!("{}{}", &forename[..1], &letters(surname)[..2]).to_uppercase();
        let code = self.first_free(&initials);
        let years_here = self.chance.between(0, 14) as i16;
        self.members.push(StaffMember {
            title,
            forename,
            surname,
            code,
            job_title,
            email: format!("{name}@rollbook.example.org"),
            since: year::moving_up_day(self.current - 2 - years_here),
            grants,
        });
    }

    fn surname(&mut self) -> &'static str {
        let weights: Vec<f64> = HERITAGES.iter().map(|heritage| heritage.weight).collect();
        let heritage = &HERITAGES[self.chance.weighed(&weights)];
        let surname = self.chance.pick(heritage.surnames);
        if letters(surname).len() >= 2 {
            surname
        } else {
            "Specimen"
        }
    }

    /// This word, or with the first number from 2 on that makes it new.
    fn first_free(&mut self, word: &str) -> String {
        let free = (1..)
            .map(|number| {
                if number == 1 {
                    word.to_owned()
                } else {
                    format!("{word}{number}")
                }
            })
            .find(|word| !self.taken.contains(word))
            .expect("numbers do not run out");
        self.taken.insert(free.clone());
        free
    }
}
