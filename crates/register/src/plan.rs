//! Plans: what is known ahead about a pupil's sessions, and the code it makes the register expect.
//!
//! A plan is no mark. While a session has no mark the plan stands for it; a mark displaces the plan there, and the plan stays on file.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use calendar::{CycleWeek, Day, SchoolCalendar, Session, Slot, Weekday};

use crate::codes::{Class, Code, NoMeaning, meaning};
use crate::compulsory_age::compulsory_age;
use crate::rules::{Rule, rule};

/// What a plan is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanKind {
    /// Leave for exceptional circumstances: `C`.
    Leave,
    /// Leave for a regulated performance or employment abroad: `C1`.
    Performance,
    /// Leave for an interview: `J1`.
    Interview,
    /// Leave to study for a public examination: `S`.
    StudyLeave,
    /// A medical or dental appointment: `M`.
    Appointment,
    /// A trip or visit: `V`.
    Trip,
    /// A sporting activity: `P`.
    Sport,
    /// Work experience: `W`.
    WorkExperience,
    /// A part-time timetable: `C2`, or `X` for a pupil who is not of compulsory school age.
    ReducedTimetable,
    /// Education off site (`B`) or arranged by a local authority (`K`).
    AlternativeProvision,
    /// Sessions due at the other school where the pupil is registered: `D`.
    DualRegistration,
    /// Suspension or permanent exclusion: `E`.
    Suspension,
    /// A day set apart for religious observance: `R`.
    ReligiousObservance,
    /// Anything else that is known ahead: illness, travel, what makes attendance impossible, a holiday without leave.
    Other,
}

impl PlanKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [PlanKind; 14] = [
        PlanKind::Leave,
        PlanKind::Appointment,
        PlanKind::Trip,
        PlanKind::Sport,
        PlanKind::WorkExperience,
        PlanKind::StudyLeave,
        PlanKind::Interview,
        PlanKind::Performance,
        PlanKind::ReducedTimetable,
        PlanKind::AlternativeProvision,
        PlanKind::DualRegistration,
        PlanKind::Suspension,
        PlanKind::ReligiousObservance,
        PlanKind::Other,
    ];

    /// The word in records and addresses.
    pub fn key(self) -> &'static str {
        match self {
            PlanKind::Leave => "leave",
            PlanKind::Performance => "performance",
            PlanKind::Interview => "interview",
            PlanKind::StudyLeave => "study_leave",
            PlanKind::Appointment => "appointment",
            PlanKind::Trip => "trip",
            PlanKind::Sport => "sport",
            PlanKind::WorkExperience => "work_experience",
            PlanKind::ReducedTimetable => "reduced_timetable",
            PlanKind::AlternativeProvision => "alternative_provision",
            PlanKind::DualRegistration => "dual_registration",
            PlanKind::Suspension => "suspension",
            PlanKind::ReligiousObservance => "religious_observance",
            PlanKind::Other => "other",
        }
    }

    /// The kind with this word.
    pub fn from_key(key: &str) -> Option<PlanKind> {
        PlanKind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// In the words that staff use.
    pub fn name(self) -> &'static str {
        match self {
            PlanKind::Leave => "Granted leave",
            PlanKind::Performance => "Performance or work abroad",
            PlanKind::Interview => "Interview",
            PlanKind::StudyLeave => "Study leave",
            PlanKind::Appointment => "Appointment",
            PlanKind::Trip => "Trip or visit",
            PlanKind::Sport => "Sport",
            PlanKind::WorkExperience => "Work experience",
            PlanKind::ReducedTimetable => "Part-time timetable",
            PlanKind::AlternativeProvision => "Alternative provision",
            PlanKind::DualRegistration => "Dual registration",
            PlanKind::Suspension => "Suspension or exclusion",
            PlanKind::ReligiousObservance => "Religious observance",
            PlanKind::Other => "Other",
        }
    }

    /// The codes that a plan of this kind may expect, the usual one first.
    pub fn codes(self) -> &'static [&'static str] {
        match self {
            PlanKind::Leave => &["C"],
            PlanKind::Performance => &["C1"],
            PlanKind::Interview => &["J1"],
            PlanKind::StudyLeave => &["S"],
            PlanKind::Appointment => &["M"],
            PlanKind::Trip => &["V"],
            PlanKind::Sport => &["P"],
            PlanKind::WorkExperience => &["W"],
            PlanKind::ReducedTimetable => &["C2", "X"],
            PlanKind::AlternativeProvision => &["B", "K"],
            PlanKind::DualRegistration => &["D"],
            PlanKind::Suspension => &["E"],
            PlanKind::ReligiousObservance => &["R"],
            PlanKind::Other => &["I", "T", "Q", "Y1", "Y2", "Y3", "Y5", "Y6", "Y7", "G"],
        }
    }

    /// Whether somebody must decide what comes after it: the end of such a plan is told beforehand however short it is.
    fn must_be_followed(self) -> bool {
        matches!(
            self,
            PlanKind::ReducedTimetable
                | PlanKind::AlternativeProvision
                | PlanKind::DualRegistration
                | PlanKind::Suspension
        )
    }
}

/// Whether a code can be known before the register is taken, and for one pupil rather than the whole school.
///
/// Rule: R-032, R-031 (`#`, `Z`), R-124 (`Y4`). Source: `docs/law/registers.md`.
pub fn may_be_planned(code: Code) -> bool {
    !told_by_the_register(code) && !["#", "Z", "Y4"].contains(&code.as_str())
}

fn told_by_the_register(code: Code) -> bool {
    ["/", "\\", "L", "N", "O", "U"].contains(&code.as_str())
}

/// What a code demands of a plan before it may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// The day of the decision, from before the sessions.
    Decision,
    /// With whom it was agreed and when.
    Agreement,
    /// The day on which it is looked at again.
    Review,
    /// Where the pupil is: trip, provider, placement, other school.
    Place,
    /// Who supervises.
    Supervisor,
    /// The licence or exemption.
    Evidence,
}

/// What this code demands of a plan, each with the number of its rule. The reason is demanded of every plan.
pub fn demands(code: Code) -> &'static [(Demand, &'static str)] {
    use Demand::{Agreement, Decision, Evidence, Place, Review, Supervisor};
    match code.as_str() {
        "C" => &[(Decision, "R-030")],
        "C1" => &[(Decision, "R-030"), (Evidence, "R-110")],
        "J1" => &[(Decision, "R-112")],
        "S" => &[(Decision, "R-030"), (Agreement, "R-114")],
        "C2" => &[(Decision, "R-030"), (Agreement, "R-115"), (Review, "R-115")],
        "V" => &[(Place, "R-104"), (Supervisor, "R-104")],
        "P" => &[(Place, "R-105"), (Supervisor, "R-105")],
        "W" => &[(Place, "R-106")],
        "B" => &[(Place, "R-107"), (Supervisor, "R-107")],
        "K" => &[(Place, "R-103")],
        "D" => &[(Place, "R-108")],
        "E" => &[(Decision, "R-119")],
        _ => &[],
    }
}

/// Which sessions between its first and last day a plan takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedSessions {
    /// These sessions of every week.
    Weekly(BTreeSet<(Weekday, Session)>),
    /// These sessions of two weeks in turn.
    Fortnightly(Fortnight),
    /// These and no others.
    Listed(BTreeSet<Slot>),
}

/// Sessions of two weeks in turn, as the timetable goes round.
///
/// Which weeks are weeks A is kept with the plan, so that it takes in for ever the sessions that somebody saw when it was made: a calendar
/// that is corrected later turns no weeks round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fortnight {
    /// The Mondays of the weeks A; every other week is a week B.
    pub weeks_a: BTreeSet<Day>,
    /// The sessions of each week.
    pub sessions: BTreeSet<(CycleWeek, Weekday, Session)>,
}

impl Fortnight {
    fn has(&self, slot: Slot) -> bool {
        let week = match self.weeks_a.contains(&slot.day.monday()) {
            true => CycleWeek::A,
            false => CycleWeek::B,
        };
        self.sessions
            .contains(&(week, slot.day.weekday(), slot.session))
    }

    /// The sessions of one of the two weeks.
    pub fn of_week(&self, week: CycleWeek) -> BTreeSet<(Weekday, Session)> {
        let own = self.sessions.iter().filter(|(own, _, _)| *own == week);
        own.map(|(_, day, session)| (*day, *session)).collect()
    }
}

/// Every weekday, from Monday.
const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

impl PlannedSessions {
    /// Every session of every day of the week.
    pub fn all() -> PlannedSessions {
        let all = WEEKDAYS
            .into_iter()
            .flat_map(|day| Session::BOTH.map(|session| (day, session)));
        PlannedSessions::Weekly(all.collect())
    }

    /// Whether this session is among them, whatever the first and last day.
    pub fn has(&self, slot: Slot) -> bool {
        match self {
            PlannedSessions::Weekly(pattern) => {
                pattern.contains(&(slot.day.weekday(), slot.session))
            }
            PlannedSessions::Fortnightly(fortnight) => fortnight.has(slot),
            PlannedSessions::Listed(slots) => slots.contains(&slot),
        }
    }

    /// In words: `every session`, `every morning`, `Mon PM, Wed PM`, `week A: Mon PM; week B: Tue`, `Tue 24 Nov AM`.
    pub fn in_words(&self) -> String {
        match self {
            PlannedSessions::Weekly(pattern) => weekly_in_words(pattern),
            PlannedSessions::Fortnightly(fortnight) => fortnight_in_words(fortnight),
            PlannedSessions::Listed(slots) => listed_in_words(slots),
        }
    }
}

/// `Thu 26 Nov, Fri 27 Nov AM`: a day alone is both its sessions.
fn listed_in_words(slots: &BTreeSet<Slot>) -> String {
    let slots: Vec<Slot> = slots.iter().copied().collect();
    let days = slots.chunk_by(|one, next| one.day == next.day);
    let words = days.map(|of_day| match of_day {
        [only] => format!("{} {}", only.day.short(), only.session),
        both => both[0].day.short(),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn fortnight_in_words(fortnight: &Fortnight) -> String {
    let words = CycleWeek::ALL.map(|week| {
        let sessions = fortnight.of_week(week);
        let said = match sessions.is_empty() {
            true => "none".to_owned(),
            false => weekly_in_words(&sessions),
        };
        format!("week {}: {said}", week.letter())
    });
    words.join("; ")
}

fn weekly_in_words(pattern: &BTreeSet<(Weekday, Session)>) -> String {
    let on_weekdays = |session| {
        WEEKDAYS[..5]
            .iter()
            .all(|day| pattern.contains(&(*day, session)))
    };
    let only = |session| pattern.iter().all(|(_, own)| *own == session);
    if on_weekdays(Session::Am) && on_weekdays(Session::Pm) {
        return "every session".to_owned();
    }
    if on_weekdays(Session::Am) && only(Session::Am) {
        return "every morning".to_owned();
    }
    if on_weekdays(Session::Pm) && only(Session::Pm) {
        return "every afternoon".to_owned();
    }
    let words = WEEKDAYS.into_iter().filter_map(|day| {
        let sessions: Vec<String> = Session::BOTH
            .into_iter()
            .filter(|session| pattern.contains(&(day, *session)))
            .map(|session| session.to_string())
            .collect();
        match sessions.len() {
            0 => None,
            1 => Some(format!("{} {}", day.short(), sessions[0])),
            _ => Some(day.short().to_owned()),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// As records keep it: `Mon-AM Mon-PM`; `A=2026-09-07 A-Mon-AM B-Thu-PM` with the Monday of each week A; or `2026-11-24-AM`.
impl fmt::Display for PlannedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = match self {
            PlannedSessions::Weekly(pattern) => pattern
                .iter()
                .map(|(day, session)| format!("{}-{session}", day.short()))
                .collect(),
            PlannedSessions::Fortnightly(fortnight) => {
                let weeks = fortnight.weeks_a.iter().map(|monday| format!("A={monday}"));
                let sessions = fortnight.sessions.iter().map(|(week, day, session)| {
                    format!("{}-{}-{session}", week.letter(), day.short())
                });
                weeks.chain(sessions).collect()
            }
            PlannedSessions::Listed(slots) => slots
                .iter()
                .map(|slot| format!("{}-{}", slot.day, slot.session))
                .collect(),
        };
        f.write_str(&words.join(" "))
    }
}

/// A text that names no sessions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” names no session: write Mon-AM for every Monday morning, A-Mon-AM for that of week A, or 2026-11-24-AM"
)]
pub struct ParseSessionsError(String);

impl FromStr for PlannedSessions {
    type Err = ParseSessionsError;

    fn from_str(text: &str) -> Result<PlannedSessions, ParseSessionsError> {
        let wrong = |word: &str| ParseSessionsError(word.to_owned());
        let (mut weekly, mut listed) = (BTreeSet::new(), BTreeSet::new());
        let mut fortnight = Fortnight::default();
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            if let Some(monday) = word.strip_prefix("A=") {
                let day: Day = monday.parse().map_err(|_| wrong(word))?;
                fortnight.weeks_a.insert(day.monday());
                continue;
            }
            let (on, session) = word.rsplit_once('-').ok_or_else(|| wrong(word))?;
            let session: Session = session.parse().map_err(|_| wrong(word))?;
            if let Some((week, on)) = of_two_weeks(on) {
                let day = weekday(on).ok_or_else(|| wrong(word))?;
                fortnight.sessions.insert((week, day, session));
                continue;
            }
            match (weekday(on), on.parse::<Day>()) {
                (Some(day), _) => drop(weekly.insert((day, session))),
                (None, Ok(day)) => drop(listed.insert(Slot::new(day, session))),
                (None, Err(_)) => return Err(wrong(word)),
            }
        }
        let has_weeks = !fortnight.weeks_a.is_empty();
        let of_two = !fortnight.sessions.is_empty();
        match (weekly.is_empty(), of_two, listed.is_empty()) {
            (false, false, true) if !has_weeks => Ok(PlannedSessions::Weekly(weekly)),
            (true, true, true) => Ok(PlannedSessions::Fortnightly(fortnight)),
            (true, false, false) if !has_weeks => Ok(PlannedSessions::Listed(listed)),
            _ => Err(wrong(text)),
        }
    }
}

/// The weekday with this short name.
fn weekday(text: &str) -> Option<Weekday> {
    let mut all = WEEKDAYS.into_iter();
    all.find(|day| day.short().eq_ignore_ascii_case(text))
}

/// `A-Mon`: a week of the cycle, and what comes after it.
fn of_two_weeks(text: &str) -> Option<(CycleWeek, &str)> {
    let (letter, rest) = text.split_once('-')?;
    let mut all = CycleWeek::ALL.into_iter();
    let week = all.find(|week| week.letter().eq_ignore_ascii_case(letter))?;
    Some((week, rest))
}

/// A plan for one pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is about.
    pub kind: PlanKind,
    /// The code that its sessions are expected to have.
    pub code: Code,
    /// The first day.
    pub first: Day,
    /// The last day. A plan always has one.
    pub last: Day,
    /// Which sessions between them.
    pub sessions: PlannedSessions,
    /// Why: what the code's rule asks to be noted.
    pub reason: String,
    /// Trip, provider, placement or other school.
    pub place: Option<String>,
    /// Who supervises.
    pub supervisor: Option<String>,
    /// Licence, exemption or another paper that it rests on.
    pub evidence: Option<String>,
    /// The day of the decision.
    pub decided_on: Option<Day>,
    /// Who decided, with the job title.
    pub decided_by: String,
    /// The day of the agreement.
    pub agreed_on: Option<Day>,
    /// With whom it was agreed.
    pub agreed_with: Option<String>,
    /// The day on which it is looked at again.
    pub review_on: Option<Day>,
}

impl Plan {
    /// Whether it takes this session in.
    pub fn covers(&self, slot: Slot) -> bool {
        self.first <= slot.day && slot.day <= self.last && self.sessions.has(slot)
    }

    /// The sessions that it takes in, in order.
    pub fn slots(&self, calendar: &SchoolCalendar) -> Vec<Slot> {
        let slots = calendar.slots(self.first, self.last).iter().copied();
        slots.filter(|slot| self.covers(*slot)).collect()
    }
}

/// The plan that stands for a session, among those of one pupil in the order in which they were made: the one made last.
///
/// Rule: R-028, exactly one effective code. Ours: a suspension that comes upon a trip goes before it, since it was decided later.
pub fn expected<'p, P: AsRef<Plan>>(
    plans: impl IntoIterator<Item = &'p P, IntoIter: DoubleEndedIterator>,
    slot: Slot,
) -> Option<&'p P> {
    plans
        .into_iter()
        .rev()
        .find(|plan| plan.as_ref().covers(slot))
}

impl AsRef<Plan> for Plan {
    fn as_ref(&self) -> &Plan {
        self
    }
}

/// What the rules ask of the pupil of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedPupil {
    /// The first day on roll.
    pub starting_day: Day,
    /// The last day on roll, if it is known.
    pub last_day: Option<Day>,
    /// The date of birth.
    pub date_of_birth: Day,
    /// Whether the admission register has another live registration.
    pub registered_elsewhere: bool,
}

/// A plan that may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayPlan {
    /// The sessions that it takes in, on roll and due, in order.
    pub slots: Vec<Slot>,
    /// What to look at.
    pub warnings: Vec<PlanWarning>,
}

/// Something to look at that does not prevent a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanWarning {
    /// `E` reaches the sixth school day.
    #[error(
        "{} is the sixth school day of the suspension: from then on education should be arranged, and K, B or D is expected (R-119)",
        on.long()
    )]
    ProvisionDue {
        /// The sixth school day.
        on: Day,
    },
    /// `C2` is absence.
    #[error(
        "each session counts as authorised absence and towards persistent absence, whatever was agreed (R-223)"
    )]
    CountsAsAbsence,
    /// `R` over more than a day.
    #[error(
        "only the day that the religious body sets apart is R; further days need leave, C (R-117)"
    )]
    MoreThanADay,
    /// Sessions that another plan takes in as well.
    #[error(
        "{sessions} of its sessions are in another plan ({code}); this one, made later, goes before it (R-028)"
    )]
    GoesBefore {
        /// The other plan's code.
        code: Code,
        /// How many.
        sessions: usize,
    },
    /// Sessions that have been already.
    #[error(
        "{sessions} of its sessions have been: where no mark stands, the plan counts from now on, and what was known before stays on file (R-007)"
    )]
    Past {
        /// How many.
        sessions: usize,
    },
}

/// Why a plan may not be made: a ground that a person can meet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefusal {
    /// The code means nothing on one of the days.
    #[error("{0}")]
    NoMeaning(NoMeaning),
    /// Only the register can tell.
    #[error("{code} is told by the register and never planned")]
    ToldByTheRegister {
        /// The code.
        code: Code,
    },
    /// `#`, `Y4` and `Z` are not for one pupil.
    #[error("{code} is not for single pupils on school days")]
    NotForOnePupil {
        /// The code.
        code: Code,
    },
    /// The code does not belong to the kind.
    #[error("{} does not expect {code}", kind.name())]
    NotOfThisKind {
        /// The kind.
        kind: PlanKind,
        /// The code.
        code: Code,
    },
    /// No reason.
    #[error("a plan keeps its reason")]
    ReasonMissing,
    /// The last day lies before the first.
    #[error("the last day is before the first")]
    EndsBeforeItBegins,
    /// More than a year.
    #[error("a plan lasts a school year at most")]
    TooLong,
    /// It takes no session in.
    #[error("no session of the school falls within it while the pupil is on roll")]
    NoSession,
    /// `X` for a pupil of compulsory school age.
    #[error("X is only for a pupil who is not of compulsory school age; on {} this pupil is", on.long())]
    OfCompulsoryAge {
        /// The first such day.
        on: Day,
    },
    /// `C2` for a pupil who is not of compulsory school age at all times.
    #[error("C2 is only for a pupil of compulsory school age at all times; on {} this pupil is not", on.long())]
    NotOfCompulsoryAge {
        /// The first such day.
        on: Day,
    },
    /// Something that the code demands is not there.
    #[error("{code} needs {}", match demand {
        Demand::Decision => "the day on which it was decided",
        Demand::Agreement => "the day on which it was agreed, and with whom",
        Demand::Review => "a day on which it is reviewed",
        Demand::Place => "where the pupil is and what they do there",
        Demand::Supervisor => "who supervises",
        Demand::Evidence => "the licence or the ground of exemption",
    })]
    Missing {
        /// The code.
        code: Code,
        /// What.
        demand: Demand,
        /// The rule that demands it.
        rule: &'static str,
    },
    /// A decision or agreement that is still to come.
    #[error("{} is still to come", on.long())]
    StillToCome {
        /// Decision or agreement.
        demand: Demand,
        /// The day given for it.
        on: Day,
    },
    /// Leave that was granted after it began.
    #[error("{code} is leave, granted in advance; {} is too late for {}", decided.long(), first.long())]
    GrantedAfterwards {
        /// The code.
        code: Code,
        /// Decision or agreement.
        demand: Demand,
        /// The day given for it.
        decided: Day,
        /// The first day of the plan.
        first: Day,
    },
    /// A review that is no review.
    #[error("the review lies outside the plan")]
    ReviewOutside,
    /// `D` without another registration.
    #[error("the admission register has no other school for this pupil")]
    NotRegisteredElsewhere,
    /// The same is planned already.
    #[error("{code} is already planned for {sessions} of these sessions")]
    PlannedAlready {
        /// The code.
        code: Code,
        /// How many.
        sessions: usize,
    },
}

impl PlanRefusal {
    /// The number of the rule that decides.
    pub fn rule_number(&self) -> &'static str {
        match self {
            PlanRefusal::NoMeaning(_) => "R-140",
            PlanRefusal::ToldByTheRegister { .. } => "R-032",
            PlanRefusal::NotForOnePupil { .. } => "R-031",
            PlanRefusal::NotOfThisKind { .. } | PlanRefusal::ReasonMissing => "R-142",
            PlanRefusal::EndsBeforeItBegins | PlanRefusal::TooLong => "R-032",
            PlanRefusal::NoSession => "R-402",
            PlanRefusal::OfCompulsoryAge { .. } => "R-113",
            PlanRefusal::NotOfCompulsoryAge { .. } | PlanRefusal::ReviewOutside => "R-115",
            PlanRefusal::Missing { rule, .. } => rule,
            PlanRefusal::StillToCome { .. } | PlanRefusal::GrantedAfterwards { .. } => "R-030",
            PlanRefusal::NotRegisteredElsewhere => "R-108",
            PlanRefusal::PlannedAlready { .. } => "R-028",
        }
    }

    /// The rule, with its source and how far to trust it.
    pub fn rule(&self) -> Option<&'static Rule> {
        rule(self.rule_number())
    }

    /// What to do next, in plain English.
    pub fn next_step(&self) -> &'static str {
        match self {
            PlanRefusal::NoMeaning(_) => "Choose a code that is in use on those days.",
            PlanRefusal::ToldByTheRegister { .. } => {
                "Plan the known reason, or leave it to the register."
            }
            PlanRefusal::NotForOnePupil { .. } => {
                "For a closure change the calendar; for part of the site plan Y3."
            }
            PlanRefusal::NotOfThisKind { .. } => "Choose the kind that the code belongs to.",
            PlanRefusal::ReasonMissing => "Write what is known.",
            PlanRefusal::EndsBeforeItBegins => "Correct the days.",
            PlanRefusal::TooLong => "End it with the school year, and make another for the next.",
            PlanRefusal::NoSession => "Correct the days, or the sessions of the week.",
            PlanRefusal::OfCompulsoryAge { .. } => {
                "For an agreed temporary part-time timetable use C2."
            }
            PlanRefusal::NotOfCompulsoryAge { .. } => {
                "For sessions that such a pupil is not timetabled for use X."
            }
            PlanRefusal::Missing { .. } => "Give it.",
            PlanRefusal::StillToCome { .. } => "Make the plan once it has been decided.",
            PlanRefusal::GrantedAfterwards { .. } => {
                "Leave is not granted after the event: begin the plan after the decision."
            }
            PlanRefusal::ReviewOutside => "Choose a day from its first to its last.",
            PlanRefusal::NotRegisteredElsewhere => {
                "Record the dual registration in the admission register first."
            }
            PlanRefusal::PlannedAlready { .. } => "Amend the plan that is there.",
        }
    }
}

/// Whether this plan may be made for this pupil.
///
/// Rule. Source: `docs/law/registers.md` sections 2 and 3.
/// `others` are the pupil's other plans in force, in the order in which they were made. Units: sessions.
/// Errors: every ground of refusal at once. Where people go wrong: leave is granted before it begins, and `C2` counts as
/// absence although it was agreed.
pub fn may_plan<'p>(
    plan: &Plan,
    pupil: PlannedPupil,
    today: Day,
    calendar: &SchoolCalendar,
    others: impl IntoIterator<Item = &'p Plan>,
) -> Result<MayPlan, Vec<PlanRefusal>> {
    let mut refusals = code_is_wrong(plan);
    if plan.reason.trim().is_empty() {
        refusals.push(PlanRefusal::ReasonMissing);
    }
    if plan.last < plan.first {
        refusals.push(PlanRefusal::EndsBeforeItBegins);
        return Err(refusals);
    }
    if plan.first.days_until(plan.last) > 366 {
        refusals.push(PlanRefusal::TooLong);
        return Err(refusals);
    }
    let on_roll = |slot: &Slot| {
        pupil.starting_day <= slot.day && pupil.last_day.is_none_or(|last| slot.day <= last)
    };
    let mut slots = plan.slots(calendar);
    slots.retain(on_roll);
    if slots.is_empty() {
        refusals.push(PlanRefusal::NoSession);
    }
    refusals.extend(age_is_wrong(plan, pupil, &slots));
    refusals.extend(demand_is_not_met(plan, today));
    if plan.code.as_str() == "D" && !pupil.registered_elsewhere {
        refusals.push(PlanRefusal::NotRegisteredElsewhere);
    }
    let others: Vec<&Plan> = others.into_iter().collect();
    refusals.extend(planned_already(plan, &slots, &others));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let warnings = warnings(plan, today, calendar, &slots, &others);
    Ok(MayPlan { slots, warnings })
}

fn code_is_wrong(plan: &Plan) -> Vec<PlanRefusal> {
    let code = plan.code;
    if told_by_the_register(code) {
        return vec![PlanRefusal::ToldByTheRegister { code }];
    }
    if !may_be_planned(code) {
        return vec![PlanRefusal::NotForOnePupil { code }];
    }
    let of_this_kind = plan.kind.codes().contains(&code.as_str());
    let wrong_kind = (!of_this_kind).then_some(PlanRefusal::NotOfThisKind {
        kind: plan.kind,
        code,
    });
    let no_meaning = [plan.first, plan.last]
        .into_iter()
        .find_map(|day| meaning(code, day).err())
        .map(PlanRefusal::NoMeaning);
    wrong_kind.into_iter().chain(no_meaning).collect()
}

/// `X` and `C2` go by compulsory school age, at all times that the plan covers.
fn age_is_wrong(plan: &Plan, pupil: PlannedPupil, slots: &[Slot]) -> Option<PlanRefusal> {
    let within = |slot: &&Slot| compulsory_age(pupil.date_of_birth, slot.day).is_within();
    match plan.code.as_str() {
        "X" => slots
            .iter()
            .find(within)
            .map(|slot| PlanRefusal::OfCompulsoryAge { on: slot.day }),
        "C2" => slots
            .iter()
            .find(|slot| !within(slot))
            .map(|slot| PlanRefusal::NotOfCompulsoryAge { on: slot.day }),
        _ => None,
    }
}

fn demand_is_not_met(plan: &Plan, today: Day) -> Vec<PlanRefusal> {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let mut refusals = Vec::new();
    for (demand, rule) in demands(plan.code).iter().copied() {
        let there = match demand {
            Demand::Decision => plan.decided_on.is_some() && !plan.decided_by.trim().is_empty(),
            Demand::Agreement => plan.agreed_on.is_some() && given(&plan.agreed_with),
            Demand::Review => plan.review_on.is_some(),
            Demand::Place => given(&plan.place),
            Demand::Supervisor => given(&plan.supervisor),
            Demand::Evidence => given(&plan.evidence),
        };
        if !there {
            refusals.push(PlanRefusal::Missing {
                code: plan.code,
                demand,
                rule,
            });
        }
    }
    for (demand, day) in [
        (Demand::Decision, plan.decided_on),
        (Demand::Agreement, plan.agreed_on),
    ] {
        let Some(on) = day else { continue };
        if today < on {
            refusals.push(PlanRefusal::StillToCome { demand, on });
        } else if states_leave(plan.code) && !in_advance(on, plan.first, today) {
            refusals.push(PlanRefusal::GrantedAfterwards {
                code: plan.code,
                demand,
                decided: on,
                first: plan.first,
            });
        }
    }
    if plan
        .review_on
        .is_some_and(|on| on < plan.first || plan.last < on)
    {
        refusals.push(PlanRefusal::ReviewOutside);
    }
    refusals
}

fn states_leave(code: Code) -> bool {
    ["C", "C1", "C2", "J1", "S"].contains(&code.as_str())
}

/// Before the first day; or on it, if the plan is put on file that very day and not later.
fn in_advance(decided: Day, first: Day, today: Day) -> bool {
    decided < first || (decided == first && today <= first)
}

fn planned_already(plan: &Plan, slots: &[Slot], others: &[&Plan]) -> Option<PlanRefusal> {
    let same = |slot: &&Slot| {
        others
            .iter()
            .any(|other| other.code == plan.code && other.covers(**slot))
    };
    let sessions = slots.iter().filter(same).count();
    (sessions > 0).then_some(PlanRefusal::PlannedAlready {
        code: plan.code,
        sessions,
    })
}

fn warnings(
    plan: &Plan,
    today: Day,
    calendar: &SchoolCalendar,
    slots: &[Slot],
    others: &[&Plan],
) -> Vec<PlanWarning> {
    let mut warnings = Vec::new();
    if let Some(on) = sixth_day(plan, calendar) {
        warnings.push(PlanWarning::ProvisionDue { on });
    }
    if plan.code.as_str() == "C2" {
        warnings.push(PlanWarning::CountsAsAbsence);
    }
    if plan.code.as_str() == "R" && plan.first != plan.last {
        warnings.push(PlanWarning::MoreThanADay);
    }
    for other in others {
        let sessions = slots.iter().filter(|slot| other.covers(**slot)).count();
        if sessions > 0 {
            warnings.push(PlanWarning::GoesBefore {
                code: other.code,
                sessions,
            });
        }
    }
    let past = slots.iter().filter(|slot| slot.day < today).count();
    if past > 0 {
        warnings.push(PlanWarning::Past { sessions: past });
    }
    warnings
}

/// The sixth school day of a suspension, if it lasts so long. Units: school days, the first being the first.
fn sixth_day(plan: &Plan, calendar: &SchoolCalendar) -> Option<Day> {
    if plan.code.as_str() != "E" {
        return None;
    }
    calendar
        .school_days_between(plan.first, plan.last)
        .get(5)
        .copied()
}

/// What falls due on a plan and must be looked at before the day, never after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FallsDue {
    /// The review.
    #[error("review {}", on.short())]
    Review {
        /// The day.
        on: Day,
    },
    /// The sixth school day of a suspension.
    #[error("sixth school day {}: K, B or D from then on (R-119)", on.short())]
    SixthDay {
        /// The day.
        on: Day,
    },
    /// The last day.
    #[error("ends {}", on.short())]
    Ends {
        /// The day.
        on: Day,
    },
}

impl FallsDue {
    /// The day on which it falls due.
    pub fn on(self) -> Day {
        match self {
            FallsDue::Review { on } | FallsDue::SixthDay { on } | FallsDue::Ends { on } => on,
        }
    }
}

/// What falls due on this plan today or within so many school days from today, soonest first.
///
/// The end is told of every plan that somebody must follow with something (part-time timetable, alternative provision, dual
/// registration, suspension) and of every other that lasts longer than so many school days: a dentist's morning needs no warning.
pub fn falls_due(
    plan: &Plan,
    today: Day,
    calendar: &SchoolCalendar,
    school_days: usize,
) -> Vec<FallsDue> {
    let ahead = calendar.school_days_between(today, today.plus_days(120));
    let Some(until) = ahead.get(school_days).or(ahead.last()).copied() else {
        return Vec::new();
    };
    let is_long = calendar.school_days_between(plan.first, plan.last).len() > school_days;
    let ends =
        (plan.kind.must_be_followed() || is_long).then_some(FallsDue::Ends { on: plan.last });
    let review = plan.review_on.map(|on| FallsDue::Review { on });
    let sixth = sixth_day(plan, calendar).map(|on| FallsDue::SixthDay { on });
    let mut due: Vec<FallsDue> = [ends, review, sixth]
        .into_iter()
        .flatten()
        .filter(|due| plan.first <= until && today <= due.on() && due.on() <= until)
        .collect();
    due.sort_by_key(|due| (due.on(), *due));
    due
}

/// A mark that does not agree with what was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drift {
    /// The plan has the pupil away, and they were seen.
    Seen,
    /// Another code stands than the one that was planned.
    Differs,
    /// The code of a plan goes on after the plan's end.
    BeyondEnd,
}

impl Drift {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Drift::Seen => "planned away, and seen",
            Drift::Differs => "marked otherwise than planned",
            Drift::BeyondEnd => "goes on after the plan's end",
        }
    }
}

/// Whether the mark of a session drifts from the plans of its pupil, given in the order in which they were made.
///
/// Rule: R-032, R-115 (`C2` is temporary), R-119, R-220. Ours. Answers with the plan that it drifts from.
pub fn drift<P: AsRef<Plan>>(plans: &[P], slot: Slot, mark: Code) -> Option<(Drift, &P)> {
    if let Some(plan) = expected(plans, slot) {
        if plan.as_ref().code == mark {
            return None;
        }
        let was_seen = mark == Code::LATE_AFTER_CLOSE
            || meaning(mark, slot.day).is_ok_and(|row| row.class == Class::Present);
        let drift = if was_seen {
            Drift::Seen
        } else {
            Drift::Differs
        };
        return Some((drift, plan));
    }
    let rests_on_a_plan = ["C2", "B", "K", "D", "E", "S", "W"].contains(&mark.as_str());
    plans
        .iter()
        .rev()
        .find(|plan| {
            let plan = plan.as_ref();
            rests_on_a_plan && plan.code == mark && plan.last < slot.day
        })
        .map(|plan| (Drift::BeyondEnd, plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, Period};

    #[test]
    fn a_plan_of_two_weeks_takes_in_each_weeks_own_sessions_and_comes_back_as_it_was_kept() {
        let kept = "A=2026-11-09 A=2026-11-23 A-Mon-AM A-Mon-PM B-Thu-PM";
        let sessions: PlannedSessions = kept.parse().expect("sessions of two weeks");
        assert_eq!(sessions.to_string(), kept);
        assert_eq!(sessions.in_words(), "week A: Mon; week B: Thu PM");
        let has = |on: &str, session| sessions.has(Slot::new(day(on), session));
        assert!(has("2026-11-09", Session::Am) && has("2026-11-23", Session::Pm));
        assert!(!has("2026-11-16", Session::Am), "a Monday of week B");
        assert!(has("2026-11-19", Session::Pm) && !has("2026-11-19", Session::Am));
        assert!(!has("2026-11-12", Session::Pm), "a Thursday of week A");
        for wrong in [
            "A=2026-11-09",
            "A-Mon-AM Mon-AM",
            "A-Mon-AM 2026-11-09-AM",
            "A=2026-11-09 Mon-AM",
            "A=x A-Mon-AM",
            "C-Mon-AM",
            "A-2026-11-09-AM",
        ] {
            assert!(wrong.parse::<PlannedSessions>().is_err(), "{wrong}");
        }
    }

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn autumn() -> SchoolCalendar {
        SchoolCalendar::new(CalendarRows {
            terms: vec![
                Period {
                    name: "Autumn 1".to_owned(),
                    first: day("2026-09-03"),
                    last: day("2026-10-23"),
                },
                Period {
                    name: "Autumn 2".to_owned(),
                    first: day("2026-11-02"),
                    last: day("2026-12-18"),
                },
            ],
            ..CalendarRows::default()
        })
        .expect("a calendar without contradictions")
    }

    const TODAY: &str = "2026-11-23";

    fn pupil() -> PlannedPupil {
        PlannedPupil {
            starting_day: day("2026-09-03"),
            last_day: None,
            date_of_birth: day("2013-01-15"),
            registered_elsewhere: false,
        }
    }

    /// A plan of this kind and code that meets every demand.
    fn plan(kind: PlanKind, text: &str, first: &str, last: &str) -> Plan {
        Plan {
            kind,
            code: code(text),
            first: day(first),
            last: day(last),
            sessions: PlannedSessions::all(),
            reason: "known ahead".to_owned(),
            place: Some("Sample Farm".to_owned()),
            supervisor: Some("A member of staff".to_owned()),
            evidence: Some("licence 12".to_owned()),
            decided_on: Some(day("2026-11-20")),
            decided_by: "Head teacher".to_owned(),
            agreed_on: Some(day("2026-11-20")),
            agreed_with: Some("mother".to_owned()),
            review_on: Some(day(first)),
        }
    }

    fn asked(plan: &Plan, others: &[Plan]) -> Result<MayPlan, Vec<PlanRefusal>> {
        may_plan(plan, pupil(), day(TODAY), &autumn(), others)
    }

    fn grounds(plan: &Plan) -> Vec<&'static str> {
        let refusals = asked(plan, &[]).err().unwrap_or_default();
        refusals.iter().map(PlanRefusal::rule_number).collect()
    }

    #[test]
    fn every_kind_may_be_planned_with_each_of_its_codes_and_cites_rules_that_exist() {
        for kind in PlanKind::ALL {
            assert_eq!(PlanKind::from_key(kind.key()), Some(kind));
            for text in kind.codes() {
                assert!(may_be_planned(code(text)), "{text}");
                let plan = plan(kind, text, "2026-11-24", "2026-11-26");
                let pupil = PlannedPupil {
                    registered_elsewhere: true,
                    date_of_birth: day(if *text == "X" {
                        "2009-01-15"
                    } else {
                        "2013-01-15"
                    }),
                    ..pupil()
                };
                let may = may_plan(&plan, pupil, day(TODAY), &autumn(), []);
                assert_eq!(may.map(|may| may.slots.len()), Ok(6), "{text}");
                for (_, number) in demands(code(text)) {
                    assert!(rule(number).is_some(), "{number}");
                }
            }
        }
    }

    #[test]
    fn what_only_the_register_tells_is_never_planned() {
        for text in ["/", "\\", "L", "N", "O", "U"] {
            let plan = plan(PlanKind::Other, text, "2026-11-24", "2026-11-24");
            assert_eq!(grounds(&plan), ["R-032"], "{text}");
        }
        for text in ["#", "Z", "Y4"] {
            let plan = plan(PlanKind::Other, text, "2026-11-24", "2026-11-24");
            assert_eq!(grounds(&plan), ["R-031"], "{text}");
        }
    }

    #[test]
    fn leave_agreed_after_the_event_is_not_leave() {
        let leave = |first: &str, decided: &str| Plan {
            decided_on: Some(day(decided)),
            agreed_on: None,
            ..plan(PlanKind::Leave, "C", first, "2026-11-30")
        };
        assert_eq!(grounds(&leave("2026-11-19", "2026-11-18")), [""; 0]);
        assert_eq!(grounds(&leave("2026-11-19", "2026-11-19")), ["R-030"]);
        assert_eq!(grounds(&leave("2026-11-19", "2026-11-20")), ["R-030"]);
        // On the day itself, put on file that day.
        assert_eq!(grounds(&leave(TODAY, TODAY)), [""; 0]);
        assert_eq!(grounds(&leave("2026-11-26", "2026-11-25")), ["R-030"]);
    }

    #[test]
    fn each_code_demands_what_its_rule_says() {
        let bare = |kind, text| Plan {
            place: None,
            supervisor: None,
            evidence: None,
            decided_on: None,
            agreed_on: None,
            agreed_with: None,
            review_on: None,
            ..plan(kind, text, "2026-11-24", "2026-11-26")
        };
        assert_eq!(grounds(&bare(PlanKind::Leave, "C")), ["R-030"]);
        assert_eq!(
            grounds(&bare(PlanKind::ReducedTimetable, "C2")),
            ["R-030", "R-115", "R-115"]
        );
        assert_eq!(grounds(&bare(PlanKind::Trip, "V")), ["R-104", "R-104"]);
        assert_eq!(
            grounds(&bare(PlanKind::AlternativeProvision, "K")),
            ["R-103"]
        );
        assert_eq!(grounds(&bare(PlanKind::Appointment, "M")), [""; 0]);
        assert_eq!(
            grounds(&bare(PlanKind::DualRegistration, "D")),
            ["R-108", "R-108"]
        );
        let mut unreasoned = bare(PlanKind::Appointment, "M");
        unreasoned.reason = "  ".to_owned();
        assert_eq!(grounds(&unreasoned), ["R-142"]);
    }

    #[test]
    fn a_part_time_timetable_ends_with_compulsory_school_age_and_x_begins_there() {
        // Sixteen on 15 January 2026, so of compulsory school age until 26 June 2026.
        let over = PlannedPupil {
            date_of_birth: day("2010-01-15"),
            ..pupil()
        };
        let ask = |text: &str, pupil| {
            let plan = plan(PlanKind::ReducedTimetable, text, "2026-11-24", "2026-11-26");
            let refused = may_plan(&plan, pupil, day(TODAY), &autumn(), []).err();
            refused.map(|refused| refused[0].rule_number())
        };
        assert_eq!(ask("C2", pupil()), None);
        assert_eq!(ask("C2", over), Some("R-115"));
        assert_eq!(ask("X", over), None);
        assert_eq!(ask("X", pupil()), Some("R-113"));
    }

    #[test]
    fn sessions_outside_roll_or_term_are_not_planned() {
        let over_half_term = plan(PlanKind::Other, "T", "2026-10-22", "2026-11-03");
        assert_eq!(
            asked(&over_half_term, &[]).map(|may| may.slots.len()),
            Ok(8)
        );
        let leaver = PlannedPupil {
            last_day: Some(day("2026-11-24")),
            ..pupil()
        };
        let plan = plan(PlanKind::Other, "T", "2026-11-24", "2026-11-26");
        let may = may_plan(&plan, leaver, day(TODAY), &autumn(), []).expect("two are left");
        assert_eq!(may.slots.len(), 2);
        let gone = PlannedPupil {
            last_day: Some(day("2026-11-23")),
            ..pupil()
        };
        let refused = may_plan(&plan, gone, day(TODAY), &autumn(), []);
        assert_eq!(refused, Err(vec![PlanRefusal::NoSession]));
    }

    #[test]
    fn of_two_plans_for_a_session_the_one_made_last_stands_and_the_same_twice_is_refused() {
        let trip = plan(PlanKind::Trip, "V", "2026-11-24", "2026-11-26");
        let suspension = plan(PlanKind::Suspension, "E", "2026-11-25", "2026-11-25");
        let may = asked(&suspension, std::slice::from_ref(&trip)).expect("it goes before the trip");
        assert_eq!(
            may.warnings,
            [PlanWarning::GoesBefore {
                code: code("V"),
                sessions: 2
            }]
        );
        let both = [trip.clone(), suspension];
        let at = |text: &str| {
            expected(&both, Slot::new(day(text), Session::Am)).map(|plan| plan.code.to_string())
        };
        assert_eq!(at("2026-11-24").as_deref(), Some("V"));
        assert_eq!(at("2026-11-25").as_deref(), Some("E"));
        assert_eq!(at("2026-11-27"), None);
        let twice = asked(&trip, std::slice::from_ref(&trip));
        assert_eq!(
            twice,
            Err(vec![PlanRefusal::PlannedAlready {
                code: code("V"),
                sessions: 6
            }])
        );
    }

    #[test]
    fn the_sixth_school_day_of_a_suspension_is_told_and_the_fifth_is_not() {
        let five = plan(PlanKind::Suspension, "E", "2026-11-23", "2026-11-27");
        let six = plan(PlanKind::Suspension, "E", "2026-11-23", "2026-11-30");
        assert_eq!(asked(&five, &[]).expect("it may").warnings, []);
        assert_eq!(
            asked(&six, &[]).expect("it may").warnings,
            [PlanWarning::ProvisionDue {
                on: day("2026-11-30")
            }]
        );
    }

    #[test]
    fn an_end_is_told_before_it_comes_and_not_of_a_morning_at_the_dentist() {
        let due = |plan: &Plan, today: &str| falls_due(plan, day(today), &autumn(), 5);
        let provision = Plan {
            review_on: None,
            ..plan(
                PlanKind::AlternativeProvision,
                "B",
                "2026-11-02",
                "2026-12-04",
            )
        };
        assert_eq!(due(&provision, "2026-11-26"), []);
        let ends = FallsDue::Ends {
            on: day("2026-12-04"),
        };
        assert_eq!(due(&provision, "2026-11-27"), [ends]);
        assert_eq!(due(&provision, "2026-12-04"), [ends]);
        assert_eq!(due(&provision, "2026-12-05"), []);
        let dentist = Plan {
            review_on: None,
            ..plan(PlanKind::Appointment, "M", "2026-11-24", "2026-11-24")
        };
        assert_eq!(due(&dentist, TODAY), []);
    }

    #[test]
    fn drift_is_told_from_the_plan_that_stood_and_after_its_end() {
        let provision = plan(
            PlanKind::AlternativeProvision,
            "B",
            "2026-11-02",
            "2026-11-20",
        );
        let plans = [provision];
        let on = |text: &str, mark: &str| {
            drift(&plans, Slot::new(day(text), Session::Am), code(mark)).map(|(drift, _)| drift)
        };
        assert_eq!(on("2026-11-20", "B"), None);
        assert_eq!(on("2026-11-20", "/"), Some(Drift::Seen));
        assert_eq!(on("2026-11-20", "U"), Some(Drift::Seen));
        assert_eq!(on("2026-11-20", "I"), Some(Drift::Differs));
        assert_eq!(on("2026-11-23", "B"), Some(Drift::BeyondEnd));
        assert_eq!(on("2026-11-23", "/"), None);
        assert_eq!(on("2026-10-23", "B"), None);
    }

    #[test]
    fn sessions_are_kept_as_text_and_said_in_words() {
        for (text, words) in [
            ("Mon-AM", "Mon AM"),
            ("Mon-AM Mon-PM Wed-PM", "Mon, Wed PM"),
            ("Mon-AM Tue-AM Wed-AM Thu-AM Fri-AM", "every morning"),
            (
                "2026-11-24-AM 2026-11-26-AM 2026-11-26-PM",
                "Tue 24 Nov AM, Thu 26 Nov",
            ),
        ] {
            let sessions: PlannedSessions = text.parse().expect("sessions");
            assert_eq!(sessions.to_string(), text);
            assert_eq!(sessions.in_words(), words);
        }
        assert_eq!(PlannedSessions::all().in_words(), "every session");
        for wrong in ["", "Mon", "Mon-XM", "2026-11-24", "Mon-AM 2026-11-24-AM"] {
            assert!(wrong.parse::<PlannedSessions>().is_err(), "{wrong}");
        }
    }
}
