//! Which code may be entered for whom, by whom and when.

use calendar::{Day, DayKind, SchoolCalendar, Slot};

use crate::closing::RegisterState;
use crate::codes::{Code, CodeRow, NeedsNote, NoMeaning, SessionScope, meaning};
use crate::compulsory_age::compulsory_age;
use crate::marked::{NotMarked, marked};
use crate::rules::{Rule, rule};

/// What a person is to the register that they enter a code in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleKind {
    /// Takes the register of a class; enters the codes that the school lets teachers enter.
    ClassTeacher,
    /// Keeps the registers for the school: every code.
    Office,
    /// Answers for the registers, and may decide what others may not.
    Supervisor,
}

/// What the school itself decides about entering codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryLimits {
    /// The codes that a class teacher may enter.
    pub teacher_codes: Vec<Code>,
}

impl Default for EntryLimits {
    /// Teachers enter `/`, `\`, `L` and `N`: what they can see for themselves.
    fn default() -> EntryLimits {
        EntryLimits {
            teacher_codes: vec![
                Code::PRESENT_AM,
                Code::PRESENT_PM,
                Code::LATE,
                Code::NO_REASON_YET,
            ],
        }
    }
}

/// What the registers need to know of a pupil to accept a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PupilOnRoll {
    /// The starting day of the enrolment.
    pub starting_day: Day,
    /// The last day on roll; none while it is not known.
    pub last_day: Option<Day>,
    /// The date of birth; none while the school does not know it.
    pub date_of_birth: Option<Day>,
    /// Whether the pupil boards on the day of the session.
    pub boarder: bool,
}

impl PupilOnRoll {
    /// Whether the pupil is marked in the attendance register on this day, and if not, why (see [`marked`]).
    pub fn marked_on(&self, day: Day) -> Result<(), NotMarked> {
        marked(self.starting_day, self.last_day, self.boarder, day)
    }
}

/// A fact that the school already holds about a session, and the code that it implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactOnFile {
    /// The code that describes the absence.
    pub implies: Code,
    /// The fact in plain English: `leave granted on 12 November 2026`.
    pub fact: String,
}

/// A code that somebody wants to enter.
#[derive(Clone, Copy, Debug)]
pub struct EntryRequest<'a> {
    /// The code.
    pub code: Code,
    /// The session.
    pub slot: Slot,
    /// The pupil.
    pub pupil: PupilOnRoll,
    /// Where the register of that session stands now; not open yet for every session to come.
    pub register: RegisterState,
    /// Who enters it.
    pub role: RoleKind,
    /// The note that goes with it, if any.
    pub note: Option<&'a str>,
    /// Whether the record that the code rests on is linked: leave decision, trip, licence, closure, suspension.
    pub record_linked: bool,
    /// What is on file about the session.
    pub on_file: &'a [FactOnFile],
    /// The reason given for going against what is on file.
    pub override_reason: Option<&'a str>,
    /// The first school day of the suspension or exclusion that the session lies in, if it does.
    pub suspended_since: Option<Day>,
}

/// A code that may be entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the code means on the day of the session.
    pub row: &'static CodeRow,
    /// What to say beside it.
    pub warnings: Vec<EntryWarning>,
}

/// Something to look at that does not prevent the entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryWarning {
    /// `E` from the sixth consecutive school day of a suspension.
    #[error(
        "this is school day {school_day} of the suspension: education should have been arranged from day 6, so K, B or D is expected (R-119)"
    )]
    ProvisionDue {
        /// Which school day of the suspension the session lies on, the first being 1.
        school_day: u32,
    },
    /// The code goes against what is on file, with a reason.
    #[error("{fact}, which points to {implies}; the reason given is kept (R-029)")]
    AgainstTheFile {
        /// The fact.
        fact: String,
        /// The code it implies.
        implies: Code,
    },
}

/// Why a code may not be entered: a ground that a person can meet, with what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The code means nothing on that day.
    #[error("{0}")]
    NoMeaning(NoMeaning),
    /// The code belongs to the other session.
    #[error("{code} is used in {} sessions only", match scope { SessionScope::PmOnly => "afternoon", _ => "morning" })]
    OtherSession {
        /// The code.
        code: Code,
        /// Where it may stand.
        scope: SessionScope,
        /// The mark for a pupil who is present in this session.
        instead: Code,
    },
    /// No register is due.
    #[error("no register is due on the {} of {}: {}", slot.session.word(), slot.day.long(), kind.name())]
    NoSession {
        /// The session.
        slot: Slot,
        /// What the day is.
        kind: DayKind,
    },
    /// The pupil boards.
    #[error("boarders are not marked in the attendance register")]
    Boarder,
    /// The session lies before the starting day.
    #[error("the pupil starts on {}, after this session", starting_day.long())]
    BeforeStartingDay {
        /// The starting day.
        starting_day: Day,
    },
    /// The session lies after the last day on roll.
    #[error("the pupil's last day on roll was {}", last_day.long())]
    AfterLastDay {
        /// The last day.
        last_day: Day,
    },
    /// `Z` on or after the starting day.
    #[error("Z is only for days before the starting day, {}", starting_day.long())]
    OnRollAlready {
        /// The starting day.
        starting_day: Day,
    },
    /// `X` for a pupil of compulsory school age.
    #[error("X is only for a pupil who is not of compulsory school age; this pupil is")]
    OfCompulsoryAge,
    /// `C2` for a pupil who is not of compulsory school age.
    #[error("C2 is only for a pupil of compulsory school age; this pupil is not")]
    NotOfCompulsoryAge,
    /// The age decides, and nobody knows it.
    #[error("{code} depends on the pupil's age, and the date of birth is not recorded")]
    AgeNotKnown {
        /// The code.
        code: Code,
    },
    /// `#` on a session that is due.
    #[error(
        "# is only for a planned closure of the whole school, and the school meets in this session"
    )]
    SchoolIsOpen,
    /// `Y4` on a session that was not cancelled.
    #[error(
        "Y4 is for every pupil of a school whose site closed unexpectedly, and no such closure is recorded for this session"
    )]
    NoUnexpectedClosure,
    /// The code cannot be known ahead.
    #[error("{code} cannot be entered before the register opens")]
    NotAhead {
        /// The code.
        code: Code,
    },
    /// `U` while the register is still open.
    #[error("the register is still open, so a pupil who arrives now is late before it closes")]
    StillOpen,
    /// Something on file describes the absence better.
    #[error("{fact}, which points to {implies}")]
    DescribedOnFile {
        /// The fact.
        fact: String,
        /// The code it implies.
        implies: Code,
        /// The code that was wanted.
        code: Code,
    },
    /// The code needs a note.
    #[error("{code} needs a note: {}", row.meaning)]
    NoteNeeded {
        /// The code.
        code: Code,
        /// Its meaning.
        row: &'static CodeRow,
    },
    /// The code needs the record it rests on, or a note.
    #[error("{code} needs the record it rests on, or a note")]
    RecordOrNoteNeeded {
        /// The code.
        code: Code,
    },
    /// The school leaves the code to the office.
    #[error("{code} is entered by the office at this school")]
    NotForTeachers {
        /// The code.
        code: Code,
    },
}

impl EntryRefusal {
    /// The number of the rule that decides.
    pub fn rule_number(&self) -> &str {
        match self {
            EntryRefusal::NoMeaning(_) => "R-140",
            EntryRefusal::OtherSession { .. } => "R-101",
            EntryRefusal::NoSession { .. } => "R-402",
            EntryRefusal::Boarder => "R-011",
            EntryRefusal::BeforeStartingDay { .. } => "R-218",
            EntryRefusal::AfterLastDay { .. } => "R-219",
            EntryRefusal::OnRollAlready { .. } => "R-135",
            EntryRefusal::OfCompulsoryAge => "R-113",
            EntryRefusal::NotOfCompulsoryAge => "R-115",
            EntryRefusal::AgeNotKnown { .. } => "R-303",
            EntryRefusal::SchoolIsOpen => "R-136",
            EntryRefusal::NoUnexpectedClosure => "R-124",
            EntryRefusal::NotAhead { .. } => "R-032",
            EntryRefusal::StillOpen => "R-023",
            EntryRefusal::DescribedOnFile { .. } => "R-029",
            EntryRefusal::NoteNeeded { row, .. } => &row.rule,
            EntryRefusal::RecordOrNoteNeeded { .. } | EntryRefusal::NotForTeachers { .. } => {
                "R-142"
            }
        }
    }

    /// The rule, with its source and how far to trust it; none for what the school itself decides.
    pub fn rule(&self) -> Option<&'static Rule> {
        match self {
            EntryRefusal::NotForTeachers { .. } => None,
            _ => rule(self.rule_number()),
        }
    }

    /// What to do next, in plain English.
    pub fn next_step(&self) -> String {
        match self {
            EntryRefusal::NoMeaning(NoMeaning::Unknown { .. }) => "Choose a code from the list.".to_owned(),
            EntryRefusal::NoMeaning(NoMeaning::NotThen { .. }) => "Choose a code that was in use on that day.".to_owned(),
            EntryRefusal::OtherSession { instead, .. } => format!("Use {instead} for a pupil who is here."),
            EntryRefusal::NoSession { .. } => "If the school did meet, change the calendar first.".to_owned(),
            EntryRefusal::Boarder => "Leave the session unmarked, or correct since when the pupil boards, under Record on the pupil's page.".to_owned(),
            EntryRefusal::BeforeStartingDay { .. } => "Leave it unmarked, use Z, or correct the starting day in the admission register.".to_owned(),
            EntryRefusal::AfterLastDay { .. } => "Leave it unmarked, or correct the leaving day in the admission register.".to_owned(),
            EntryRefusal::OnRollAlready { .. } => "Use the code for what happened; if nobody knows yet, N.".to_owned(),
            EntryRefusal::OfCompulsoryAge => "For an agreed temporary part-time timetable use C2; otherwise the code for what happened.".to_owned(),
            EntryRefusal::NotOfCompulsoryAge => "For a session that the pupil is not timetabled for use X.".to_owned(),
            EntryRefusal::AgeNotKnown { .. } => "Record the date of birth, then enter the code.".to_owned(),
            EntryRefusal::SchoolIsOpen => "For part of the site use Y3; for a planned closure of the whole school change the calendar.".to_owned(),
            EntryRefusal::NoUnexpectedClosure => "Record the closure in the calendar, which marks every pupil; for part of the site use Y3.".to_owned(),
            EntryRefusal::NotAhead { .. } => "Wait until the register is taken, or plan a code for a known reason.".to_owned(),
            EntryRefusal::StillOpen => format!("Use {}.", Code::LATE),
            EntryRefusal::DescribedOnFile { implies, code, .. } => format!("Use {implies}, or give the reason why {code} is right."),
            EntryRefusal::NoteNeeded { .. } => "Write what it is, then save.".to_owned(),
            EntryRefusal::RecordOrNoteNeeded { .. } => "Link the leave decision, trip, licence, closure or suspension, or write a note.".to_owned(),
            EntryRefusal::NotForTeachers { .. } => "Mark N, and tell the office what you know.".to_owned(),
        }
    }
}

/// Whether this code may be entered for this pupil in this session, by this person, now.
///
/// Rule. Source: `docs/law/registers.md` sections 2 and 3.
/// A change to a closed register is an amendment besides (see [`crate::amendment`]). What the school decides is in `limits`.
/// Errors: every ground on which it is refused, each with what to do next. An unknown code is refused alone.
pub fn may_enter(
    request: &EntryRequest<'_>,
    calendar: &SchoolCalendar,
    limits: &EntryLimits,
) -> Result<Entry, Vec<EntryRefusal>> {
    let row = meaning(request.code, request.slot.day)
        .map_err(|error| vec![EntryRefusal::NoMeaning(error)])?;
    let refusals: Vec<EntryRefusal> = [
        wrong_session(row, request.slot),
        no_session(row, request.slot, calendar),
        closure_code_without_closure(row, request.slot, calendar),
        outside_roll(row, request),
        wrong_age(row, request),
        too_early(row, request),
        described_on_file(row, request),
        note_missing(row, request),
        not_for_this_role(row, request.role, limits),
    ]
    .into_iter()
    .flatten()
    .collect();
    if refusals.is_empty() {
        Ok(Entry {
            row,
            warnings: warnings(row, request, calendar),
        })
    } else {
        Err(refusals)
    }
}

fn is(row: &CodeRow, text: &str) -> bool {
    row.code.as_str() == text
}

fn wrong_session(row: &CodeRow, slot: Slot) -> Option<EntryRefusal> {
    (!row.session_scope.admits(slot.session)).then(|| EntryRefusal::OtherSession {
        code: row.code,
        scope: row.session_scope,
        instead: Code::present(slot.session),
    })
}

/// A session that is not due takes no code but `#`; a session that is due never takes that one.
fn no_session(row: &CodeRow, slot: Slot, calendar: &SchoolCalendar) -> Option<EntryRefusal> {
    match (calendar.has_session(slot), is(row, "#")) {
        (false, false) => Some(EntryRefusal::NoSession {
            slot,
            kind: calendar.kind(slot.day),
        }),
        (true, true) => Some(EntryRefusal::SchoolIsOpen),
        _ => None,
    }
}

/// `Y4` is for the whole site, and so follows the calendar.
fn closure_code_without_closure(
    row: &CodeRow,
    slot: Slot,
    calendar: &SchoolCalendar,
) -> Option<EntryRefusal> {
    let cancelled = match calendar.kind(slot.day) {
        DayKind::UnplannedClosure { cancelled, .. } => cancelled.has(slot.session),
        _ => false,
    };
    (is(row, "Y4") && !cancelled).then_some(EntryRefusal::NoUnexpectedClosure)
}

fn outside_roll(row: &CodeRow, request: &EntryRequest<'_>) -> Option<EntryRefusal> {
    let (pupil, day) = (request.pupil, request.slot.day);
    let starting_day = pupil.starting_day;
    if is(row, "Z") {
        return (starting_day <= day).then_some(EntryRefusal::OnRollAlready { starting_day });
    }
    match pupil.marked_on(day).err()? {
        NotMarked::BeforeStartingDay { starting_day } => {
            Some(EntryRefusal::BeforeStartingDay { starting_day })
        }
        NotMarked::AfterLastDay { last_day } => Some(EntryRefusal::AfterLastDay { last_day }),
        NotMarked::Boarder => Some(EntryRefusal::Boarder),
    }
}

/// `X` and `C2` go by compulsory school age on the day of the session.
///
/// The `X` of the coronavirus years was for every age, so only the others are held to it.
fn wrong_age(row: &CodeRow, request: &EntryRequest<'_>) -> Option<EntryRefusal> {
    let untimetabled = is(row, "X") && row.group != crate::Group::Covid;
    let part_time = is(row, "C2");
    if !untimetabled && !part_time {
        return None;
    }
    let Some(born) = request.pupil.date_of_birth else {
        return Some(EntryRefusal::AgeNotKnown { code: row.code });
    };
    match (
        compulsory_age(born, request.slot.day).is_within(),
        part_time,
    ) {
        (true, false) => Some(EntryRefusal::OfCompulsoryAge),
        (false, true) => Some(EntryRefusal::NotOfCompulsoryAge),
        _ => None,
    }
}

/// What only a register in the taking can tell cannot be planned, and nobody is late after a close that has not come.
fn too_early(row: &CodeRow, request: &EntryRequest<'_>) -> Option<EntryRefusal> {
    let told_by_the_register = ["/", "\\", "L", "N", "O", "U"]
        .iter()
        .any(|text| is(row, text));
    match request.register {
        RegisterState::NotOpenYet { .. } if told_by_the_register => {
            Some(EntryRefusal::NotAhead { code: row.code })
        }
        RegisterState::Open { .. } if is(row, "U") => Some(EntryRefusal::StillOpen),
        _ => None,
    }
}

/// `N`, `O` and `U` are residual: something on file that describes the absence goes before them.
fn described_on_file(row: &CodeRow, request: &EntryRequest<'_>) -> Option<EntryRefusal> {
    if request
        .override_reason
        .is_some_and(|reason| !reason.trim().is_empty())
    {
        return None;
    }
    against_the_file(row, request).map(|fact| EntryRefusal::DescribedOnFile {
        fact: fact.fact.clone(),
        implies: fact.implies,
        code: row.code,
    })
}

fn against_the_file<'a>(row: &CodeRow, request: &EntryRequest<'a>) -> Option<&'a FactOnFile> {
    let is_residual = ["N", "O", "U"].iter().any(|text| is(row, text));
    request
        .on_file
        .iter()
        .find(|fact| is_residual && fact.implies != row.code)
}

fn note_missing(row: &'static CodeRow, request: &EntryRequest<'_>) -> Option<EntryRefusal> {
    let has_note = request.note.is_some_and(|note| !note.trim().is_empty());
    match row.needs_note {
        NeedsNote::Required if !has_note => Some(EntryRefusal::NoteNeeded {
            code: row.code,
            row,
        }),
        NeedsNote::Conditional if !has_note && !request.record_linked => {
            Some(EntryRefusal::RecordOrNoteNeeded { code: row.code })
        }
        _ => None,
    }
}

fn not_for_this_role(row: &CodeRow, role: RoleKind, limits: &EntryLimits) -> Option<EntryRefusal> {
    let refused = role == RoleKind::ClassTeacher && !limits.teacher_codes.contains(&row.code);
    refused.then_some(EntryRefusal::NotForTeachers { code: row.code })
}

fn warnings(
    row: &CodeRow,
    request: &EntryRequest<'_>,
    calendar: &SchoolCalendar,
) -> Vec<EntryWarning> {
    let mut warnings = Vec::new();
    if let Some(fact) = against_the_file(row, request) {
        warnings.push(EntryWarning::AgainstTheFile {
            fact: fact.fact.clone(),
            implies: fact.implies,
        });
    }
    if let Some(since) = request.suspended_since.filter(|_| is(row, "E")) {
        let school_day = calendar.school_days_between(since, request.slot.day).len() as u32;
        if school_day >= 6 {
            warnings.push(EntryWarning::ProvisionDue { school_day });
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, DayException, ExceptionKind, Instant, Period, Session, Sessions};

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn calendar() -> SchoolCalendar {
        let term = |name: &str, first, last| Period {
            name: name.to_owned(),
            first: day(first),
            last: day(last),
        };
        SchoolCalendar::new(CalendarRows {
            terms: vec![
                term("Summer 2024", "2024-04-15", "2024-07-19"),
                term("Autumn 2026", "2026-09-01", "2026-12-18"),
                term("Summer 2027", "2027-04-12", "2027-07-21"),
            ],
            exceptions: vec![
                DayException {
                    day: day("2026-11-20"),
                    kind: ExceptionKind::Inset,
                },
                DayException {
                    day: day("2026-11-26"),
                    kind: ExceptionKind::UnplannedClosure(Sessions::PM),
                },
            ],
            ..CalendarRows::default()
        })
        .expect("sound rows")
    }

    const CLOSED: RegisterState = RegisterState::Closed {
        since: Instant::from_micros(0),
    };
    const OPEN: RegisterState = RegisterState::Open {
        closes: Instant::from_micros(0),
    };
    const AHEAD: RegisterState = RegisterState::NotOpenYet {
        opens: Instant::from_micros(0),
    };

    /// The office enters a code for a pupil of 14, after the register has closed, with nothing on file.
    fn request(text: &str, on: &str, session: Session) -> EntryRequest<'static> {
        EntryRequest {
            code: code(text),
            slot: Slot::new(day(on), session),
            pupil: PupilOnRoll {
                starting_day: day("2024-04-15"),
                last_day: None,
                date_of_birth: Some(day("2012-05-01")),
                boarder: false,
            },
            register: CLOSED,
            role: RoleKind::Office,
            note: None,
            record_linked: false,
            on_file: &[],
            override_reason: None,
            suspended_since: None,
        }
    }

    fn grounds(request: &EntryRequest<'_>) -> Vec<String> {
        match may_enter(request, &calendar(), &EntryLimits::default()) {
            Ok(_) => Vec::new(),
            Err(refusals) => refusals
                .iter()
                .map(|refusal| refusal.rule_number().to_owned())
                .collect(),
        }
    }

    fn am(text: &str) -> EntryRequest<'static> {
        request(text, "2026-11-24", Session::Am)
    }

    #[test]
    fn the_morning_mark_stands_in_mornings_only_and_the_afternoon_mark_in_afternoons() {
        assert!(grounds(&am("/")).is_empty());
        assert_eq!(grounds(&am("\\")), ["R-101"]);
        assert_eq!(grounds(&request("/", "2026-11-24", Session::Pm)), ["R-101"]);
        assert!(grounds(&request("\\", "2026-11-24", Session::Pm)).is_empty());
    }

    #[test]
    fn a_code_that_has_ended_is_refused_on_a_live_day_and_accepted_on_its_own() {
        assert_eq!(grounds(&am("H")), ["R-140"]);
        assert!(grounds(&request("H", "2024-07-19", Session::Am)).is_empty());
        assert_eq!(
            grounds(&request("J1", "2024-07-19", Session::Am)),
            ["R-140"]
        );
    }

    #[test]
    fn a_day_without_a_session_takes_no_code_but_a_planned_closure() {
        for on in ["2026-11-20", "2026-11-22", "2026-12-25"] {
            assert_eq!(grounds(&request("/", on, Session::Am)), ["R-402"], "{on}");
            assert!(grounds(&request("#", on, Session::Am)).is_empty(), "{on}");
        }
        assert_eq!(grounds(&am("#")), ["R-136"]);
    }

    #[test]
    fn y4_follows_a_closure_in_the_calendar() {
        let mut wanted = request("Y4", "2026-11-26", Session::Pm);
        wanted.record_linked = true;
        assert!(grounds(&wanted).is_empty());
        wanted.slot.session = Session::Am;
        assert_eq!(grounds(&wanted), ["R-124"]);
    }

    #[test]
    fn sessions_outside_the_roll_are_refused_and_z_is_only_before_the_starting_day() {
        let mut wanted = am("/");
        wanted.pupil.starting_day = day("2026-11-25");
        assert_eq!(grounds(&wanted), ["R-218"]);
        wanted.code = code("Z");
        assert!(grounds(&wanted).is_empty());
        wanted.pupil.starting_day = day("2026-11-24");
        assert_eq!(grounds(&wanted), ["R-135"]);
        let mut left = am("/");
        left.pupil.last_day = Some(day("2026-11-24"));
        assert!(grounds(&left).is_empty(), "the last day is marked");
        left.pupil.last_day = Some(day("2026-11-23"));
        assert_eq!(grounds(&left), ["R-219"]);
        let mut boarder = am("/");
        boarder.pupil.boarder = true;
        assert_eq!(grounds(&boarder), ["R-011"]);
    }

    #[test]
    fn x_and_c2_go_by_compulsory_school_age_on_the_day() {
        // Sixteen in the school year 2026/27: of compulsory school age until 25 June 2027.
        let on = |text, on| {
            let mut wanted = request(text, on, Session::Am);
            wanted.pupil.date_of_birth = Some(day("2011-01-10"));
            wanted.note = Some("agreed with the parent");
            grounds(&wanted)
        };
        assert_eq!(on("X", "2027-06-25"), ["R-113"]);
        assert!(on("X", "2027-06-28").is_empty());
        assert!(on("C2", "2027-06-25").is_empty());
        assert_eq!(on("C2", "2027-06-28"), ["R-115"]);
        let mut unknown = am("X");
        unknown.pupil.date_of_birth = None;
        assert_eq!(grounds(&unknown), ["R-303"]);
    }

    #[test]
    fn what_only_taking_the_register_can_tell_is_not_planned_ahead() {
        for text in ["/", "L", "N", "O", "U"] {
            let mut wanted = am(text);
            wanted.register = AHEAD;
            assert_eq!(grounds(&wanted), ["R-032"], "{text}");
        }
        let mut planned = am("M");
        planned.register = AHEAD;
        assert!(grounds(&planned).is_empty());
    }

    #[test]
    fn nobody_is_late_after_the_close_of_a_register_that_is_still_open() {
        let mut wanted = am("U");
        wanted.register = OPEN;
        assert_eq!(grounds(&wanted), ["R-023"]);
        wanted.code = code("L");
        assert!(grounds(&wanted).is_empty());
    }

    #[test]
    fn n_o_and_u_give_way_to_what_is_on_file_unless_a_reason_is_given() {
        let on_file = [FactOnFile {
            implies: code("C"),
            fact: "Leave was granted on 12 November 2026".to_owned(),
        }];
        for text in ["N", "O", "U"] {
            let mut wanted = am(text);
            wanted.on_file = &on_file;
            assert_eq!(grounds(&wanted), ["R-029"], "{text}");
            wanted.override_reason = Some("  ");
            assert_eq!(grounds(&wanted), ["R-029"], "{text}");
            wanted.override_reason = Some("the parent withdrew the request");
            let entry =
                may_enter(&wanted, &calendar(), &EntryLimits::default()).expect("with a reason");
            assert_eq!(entry.warnings.len(), 1);
        }
        let mut other = am("I");
        other.on_file = &on_file;
        assert!(grounds(&other).is_empty());
    }

    #[test]
    fn a_required_note_is_required_and_a_linked_record_serves_where_it_may() {
        assert_eq!(grounds(&am("B")), ["R-107"]);
        let mut wanted = am("B");
        wanted.record_linked = true;
        assert_eq!(grounds(&wanted), ["R-107"]);
        wanted.note = Some("college link course, supervised");
        assert!(grounds(&wanted).is_empty());
        assert_eq!(grounds(&am("V")), ["R-142"]);
        let mut trip = am("V");
        trip.record_linked = true;
        assert!(grounds(&trip).is_empty());
    }

    #[test]
    fn a_teacher_enters_the_codes_that_the_school_lets_teachers_enter() {
        let mut wanted = am("I");
        wanted.role = RoleKind::ClassTeacher;
        let refusals =
            may_enter(&wanted, &calendar(), &EntryLimits::default()).expect_err("not by default");
        assert_eq!(refusals, [EntryRefusal::NotForTeachers { code: code("I") }]);
        assert_eq!(refusals[0].rule(), None);
        let limits = EntryLimits {
            teacher_codes: vec![code("I")],
        };
        assert!(may_enter(&wanted, &calendar(), &limits).is_ok());
        wanted.code = code("N");
        assert!(may_enter(&wanted, &calendar(), &EntryLimits::default()).is_ok());
    }

    #[test]
    fn every_ground_is_told_at_once_with_what_to_do_next() {
        let mut wanted = am("B");
        wanted.role = RoleKind::ClassTeacher;
        wanted.pupil.last_day = Some(day("2026-11-20"));
        let refusals =
            may_enter(&wanted, &calendar(), &EntryLimits::default()).expect_err("three grounds");
        assert_eq!(refusals.len(), 3);
        assert!(
            refusals
                .iter()
                .all(|refusal| !refusal.next_step().is_empty())
        );
        assert_eq!(
            refusals[0].to_string(),
            "the pupil's last day on roll was 20 November 2026"
        );
    }

    #[test]
    fn e_from_the_sixth_school_day_of_a_suspension_is_warned_about() {
        let warned = |on| {
            let mut wanted = request("E", on, Session::Am);
            wanted.record_linked = true;
            wanted.suspended_since = Some(day("2026-11-09"));
            may_enter(&wanted, &calendar(), &EntryLimits::default())
                .expect("E may be entered")
                .warnings
        };
        assert!(warned("2026-11-13").is_empty());
        assert_eq!(
            warned("2026-11-16"),
            [EntryWarning::ProvisionDue { school_day: 6 }]
        );
    }
}
