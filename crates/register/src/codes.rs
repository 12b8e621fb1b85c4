use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use calendar::{Day, Session};

use crate::Confidence;

/// An attendance code as it is written: one to three characters, such as `/`, `\`, `C1` or `I02`.
///
/// A code is only a text until [`meaning`] says what it meant on a day: the same letter has had several meanings. Ordered as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code([u8; 3]);

impl Code {
    /// Present when the morning register began to be taken.
    pub const PRESENT_AM: Code = Code([b'/', 0, 0]);
    /// Present when the afternoon register began to be taken.
    pub const PRESENT_PM: Code = Code([b'\\', 0, 0]);
    /// Arrived while the register was being taken.
    pub const LATE: Code = Code([b'L', 0, 0]);
    /// Arrived after the register had closed.
    pub const LATE_AFTER_CLOSE: Code = Code([b'U', 0, 0]);
    /// Absent, circumstances not yet established.
    pub const NO_REASON_YET: Code = Code([b'N', 0, 0]);
    /// Absent in other or unknown circumstances.
    pub const UNAUTHORISED: Code = Code([b'O', 0, 0]);

    /// The mark for a pupil who is present when this session's register begins to be taken.
    pub fn present(session: Session) -> Code {
        match session {
            Session::Am => Code::PRESENT_AM,
            Session::Pm => Code::PRESENT_PM,
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|b| *b == 0).unwrap_or(3);
        std::str::from_utf8(&self.0[..length]).expect("a code holds ASCII characters only")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that cannot be an attendance code of any time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not an attendance code: a code is one to three letters, digits or signs")]
pub struct ParseCodeError(String);

impl FromStr for Code {
    type Err = ParseCodeError;

    /// Reads a code, trimming blanks around it and taking small letters for capitals.
    fn from_str(text: &str) -> Result<Code, ParseCodeError> {
        let trimmed = text.trim();
        let fits =
            (1..=3).contains(&trimmed.len()) && trimmed.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(ParseCodeError(text.to_owned()));
        }
        let mut bytes = [0; 3];
        for (to, from) in bytes.iter_mut().zip(trimmed.bytes()) {
            *to = from.to_ascii_uppercase();
        }
        Ok(Code(bytes))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The statistical class of a code: what a session with it counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Attended, on the school's site: `/ \ L`.
    Present,
    /// Attended elsewhere: `K V P W B` (and `J`, and `D` before September 2011).
    ApprovedEducationalActivity,
    /// Absent with authority.
    Authorised,
    /// Absent without authority.
    Unauthorised,
    /// Not a possible attendance: in neither numerator nor denominator.
    NotPossible,
    /// No session for this pupil at all: `Z #`.
    Administrative,
}

impl Class {
    /// In words, as shown beside a figure.
    pub fn name(self) -> &'static str {
        match self {
            Class::Present => "present",
            Class::ApprovedEducationalActivity => "approved educational activity",
            Class::Authorised => "authorised absence",
            Class::Unauthorised => "unauthorised absence",
            Class::NotPossible => "not a possible attendance",
            Class::Administrative => "administrative",
        }
    }

    /// Whether a session of this class counts as attended.
    pub fn is_attended(self) -> bool {
        matches!(self, Class::Present | Class::ApprovedEducationalActivity)
    }

    /// Whether a session of this class counts as absence.
    pub fn is_absent(self) -> bool {
        matches!(self, Class::Authorised | Class::Unauthorised)
    }

    /// Whether a session of this class is in the denominator.
    pub fn is_possible(self) -> bool {
        self.is_attended() || self.is_absent()
    }
}

/// The heading under which the code list shows a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Present at the school.
    Present,
    /// Attending somewhere else.
    AttendingElsewhere,
    /// Absent with leave.
    Leave,
    /// Absent for another authorised reason.
    OtherAuthorised,
    /// Unable to attend.
    UnableToAttend,
    /// Unauthorised absence.
    Unauthorised,
    /// Not a session of this pupil.
    Administrative,
    /// A meaning that has ended.
    Legacy,
    /// A meaning of the coronavirus years.
    Covid,
}

impl Group {
    /// In words, as a heading.
    pub fn name(self) -> &'static str {
        match self {
            Group::Present => "Present",
            Group::AttendingElsewhere => "Attending elsewhere",
            Group::Leave => "Leave of absence",
            Group::OtherAuthorised => "Other authorised absence",
            Group::UnableToAttend => "Unable to attend",
            Group::Unauthorised => "Unauthorised absence",
            Group::Administrative => "Administrative",
            Group::Legacy => "Ended",
            Group::Covid => "Coronavirus years",
        }
    }
}

/// Whether a pupil with this code is on the school's site, for the fire list. Not the statistical class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnSite {
    /// On site.
    Yes,
    /// Off site.
    No,
    /// Nobody knows: unaccounted for.
    Unknown,
    /// On site from the time of arrival.
    AfterArrival,
}

/// The sessions in which a code may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionScope {
    /// Morning sessions only.
    AmOnly,
    /// Afternoon sessions only.
    PmOnly,
    /// Either.
    Both,
}

impl SessionScope {
    /// Whether the code may stand in this session.
    pub fn admits(self, session: Session) -> bool {
        match self {
            SessionScope::AmOnly => session == Session::Am,
            SessionScope::PmOnly => session == Session::Pm,
            SessionScope::Both => true,
        }
    }
}

/// Whether a session with this code counts towards the penalty-notice threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PenaltyNoticeCounting {
    /// Does not count.
    No,
    /// Counts.
    Yes,
    /// Counts, but nothing may rest on it until it is resolved: `N`.
    Provisional,
}

/// Whether a mark with this code needs a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeedsNote {
    /// No note is asked for.
    No,
    /// The linked record (leave decision, trip, licence, closure, exclusion) or a note.
    Conditional,
    /// A note, without which the mark cannot be saved.
    Required,
}

/// One meaning of one code over one stretch of days: a line of the dated code table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The place of this row in [`code_rows`], from 0.
    pub index: usize,
    /// The code.
    pub code: Code,
    /// What it means, in the words of the table.
    pub meaning: String,
    /// The heading under which lists show it.
    pub group: Group,
    /// What a session with it counts as.
    pub class: Class,
    /// Whether the pupil is on site.
    pub on_site: OnSite,
    /// The sessions in which it may stand.
    pub session_scope: SessionScope,
    /// Whether it counts towards the penalty-notice threshold.
    pub pn_countable: PenaltyNoticeCounting,
    /// Whether it needs a note.
    pub needs_note: NeedsNote,
    /// The first day with this meaning.
    pub from: Day,
    /// The last day with this meaning; none while it is current.
    pub to: Option<Day>,
    /// Where the school census puts it; `none` where it is not collected.
    pub census_bucket: String,
    /// What else the table says, with the name of the daily feed's field (`daily_feed=`, R-503).
    pub notes: String,
    /// The rule of `docs/law/registers.md` that this line rests on.
    pub rule: String,
    /// The sources of that rule, by the ids of `docs/law/registers.md`.
    pub source: String,
    /// How far the line can be trusted: the weakest of its bases.
    pub confidence: Confidence,
}

impl CodeRow {
    /// Whether this meaning holds on this day.
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// Whether the meaning has no last day.
    pub fn is_live(&self) -> bool {
        self.to.is_none()
    }

    /// Whether a session with it is late and attended: `L`.
    pub fn is_late_before_close(&self) -> bool {
        self.code == Code::LATE && self.class == Class::Present
    }

    /// Whether a session with it is late and absent: `U`.
    pub fn is_late_after_close(&self) -> bool {
        self.code == Code::LATE_AFTER_CLOSE && self.class == Class::Unauthorised
    }

    /// The days of this meaning in words.
    pub fn period(&self) -> String {
        match self.to {
            Some(last) => format!("from {} to {}", self.from.long(), last.long()),
            None => format!("from {}", self.from.long()),
        }
    }
}

/// The dated code table, in the order of the data file: every meaning that a code has had since September 2006.
///
/// Rule. Live meanings first (no last day), then those that have ended.
pub fn code_rows() -> &'static [CodeRow] {
    &TABLE.rows
}

/// What a code meant on the day of the session.
///
/// Rule. Source: `docs/law/registers.md` section 3; each row carries its own.
/// Errors: the code is in no table, or had no meaning on that day. There is never a default.
pub fn meaning(code: Code, day: Day) -> Result<&'static CodeRow, NoMeaning> {
    let rows = meanings(code);
    if rows.clone().next().is_none() {
        return Err(NoMeaning::Unknown { code });
    }
    rows.clone()
        .find(|row| row.covers(day))
        .ok_or_else(|| NoMeaning::NotThen {
            code,
            day,
            periods: rows.map(CodeRow::period).collect(),
        })
}

/// Every meaning that this code has had, oldest first; empty for a text that was never a code.
pub fn meanings(code: Code) -> impl Iterator<Item = &'static CodeRow> + Clone {
    let table: &'static CodeTable = &TABLE;
    let start = table
        .by_code
        .partition_point(|index| table.rows[*index].code < code);
    table.by_code[start..]
        .iter()
        .map(|index| &table.rows[*index])
        .take_while(move |row| row.code == code)
}

/// A code has no meaning on a day: refused on entry, reported on import.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMeaning {
    /// No table of any time holds the code.
    #[error("“{code}” is not an attendance code of any year since 2006")]
    Unknown {
        /// The text that was offered.
        code: Code,
    },
    /// The code exists, but not on this day.
    #[error("code {code} had no meaning on {}: it was used {}", day.long(), periods.join(" and "))]
    NotThen {
        /// The code.
        code: Code,
        /// The day of the session.
        day: Day,
        /// The stretches of days on which the code had a meaning, in words.
        periods: Vec<String>,
    },
}

struct CodeTable {
    rows: Vec<CodeRow>,
    /// Places in `rows`, by code, then by first day.
    by_code: Vec<usize>,
}

static TABLE: LazyLock<CodeTable> = LazyLock::new(|| {
    let rows: Vec<CodeRow> = csv::Reader::from_reader(CODES_CSV.as_bytes())
        .deserialize::<Line>()
        .enumerate()
        .map(|(index, line)| {
            let line =
                line.expect("the crate's code table has a line of the known columns in every row");
            row(index, line).expect("the crate's code table holds only values that are known")
        })
        .collect();
    let mut by_code: Vec<usize> = (0..rows.len()).collect();
    by_code.sort_by_key(|index| (rows[*index].code, rows[*index].from));
    CodeTable { rows, by_code }
});

const CODES_CSV: &str = include_str!("../data/attendance-codes.csv");

/// A line of the data file, as text.
#[derive(serde::Deserialize)]
struct Line {
    code: String,
    meaning: String,
    group: String,
    statistical_class: String,
    on_site: String,
    session_scope: String,
    pn_countable: String,
    needs_note: String,
    valid_from: Day,
    valid_to: Option<Day>,
    census_bucket: String,
    notes: String,
    rule: String,
    source: String,
    basis: String,
}

fn row(index: usize, line: Line) -> Option<CodeRow> {
    let group = match line.group.as_str() {
        "present" => Group::Present,
        "attending_elsewhere" => Group::AttendingElsewhere,
        "leave" => Group::Leave,
        "other_authorised" => Group::OtherAuthorised,
        "unable_to_attend" => Group::UnableToAttend,
        "unauthorised" => Group::Unauthorised,
        "administrative" => Group::Administrative,
        "legacy" => Group::Legacy,
        "covid" => Group::Covid,
        _ => return None,
    };
    let class = match (line.statistical_class.as_str(), line.census_bucket.as_str()) {
        ("attending", "present") => Class::Present,
        ("attending", "approved_educational_activity") => Class::ApprovedEducationalActivity,
        ("authorised", _) => Class::Authorised,
        ("unauthorised", _) => Class::Unauthorised,
        ("not_possible", _) => Class::NotPossible,
        ("administrative", _) => Class::Administrative,
        _ => return None,
    };
    let on_site = match line.on_site.as_str() {
        "yes" => OnSite::Yes,
        "no" => OnSite::No,
        "unknown" => OnSite::Unknown,
        "after_arrival" => OnSite::AfterArrival,
        _ => return None,
    };
    let session_scope = match line.session_scope.as_str() {
        "am" => SessionScope::AmOnly,
        "pm" => SessionScope::PmOnly,
        "both" => SessionScope::Both,
        _ => return None,
    };
    let pn_countable = match line.pn_countable.as_str() {
        "no" => PenaltyNoticeCounting::No,
        "yes" => PenaltyNoticeCounting::Yes,
        "yes_provisional" => PenaltyNoticeCounting::Provisional,
        _ => return None,
    };
    let needs_note = match line.needs_note.as_str() {
        "no" => NeedsNote::No,
        "conditional" => NeedsNote::Conditional,
        "required" => NeedsNote::Required,
        _ => return None,
    };
    Some(CodeRow {
        index,
        code: line.code.parse().ok()?,
        meaning: line.meaning,
        group,
        class,
        on_site,
        session_scope,
        pn_countable,
        needs_note,
        from: line.valid_from,
        to: line.valid_to,
        census_bucket: line.census_bucket,
        notes: line.notes,
        rule: line.rule,
        source: line.source,
        confidence: Confidence::weakest(&line.basis)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn class(text: &str, on: &str) -> Class {
        meaning(code(text), day(on))
            .expect("a code of that day")
            .class
    }

    #[test]
    fn a_code_is_read_in_either_case_and_with_blanks_around_it() {
        assert_eq!(code(" c1 ").as_str(), "C1");
        assert_eq!(code("i02"), code("I02"));
        assert_eq!(code("\\"), Code::PRESENT_PM);
        for wrong in ["", "  ", "C 1", "ABCD", "é"] {
            assert!(wrong.parse::<Code>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn there_are_34_live_meanings_and_20_that_have_ended() {
        assert_eq!(code_rows().len(), 54);
        assert_eq!(code_rows().iter().filter(|row| row.is_live()).count(), 34);
    }

    #[test]
    fn the_live_classes_have_the_sizes_that_the_law_page_states() {
        let size = |wanted: &[Class]| {
            code_rows()
                .iter()
                .filter(|row| row.is_live() && wanted.contains(&row.class))
                .count()
        };
        assert_eq!(
            size(&[Class::Present, Class::ApprovedEducationalActivity]),
            8
        );
        assert_eq!(size(&[Class::Authorised]), 10);
        assert_eq!(size(&[Class::Unauthorised]), 4);
        assert_eq!(size(&[Class::NotPossible]), 10);
        assert_eq!(size(&[Class::Administrative]), 2);
    }

    #[test]
    fn every_code_has_one_meaning_or_none_on_every_day_from_2006_to_2040() {
        let mut codes: Vec<Code> = code_rows().iter().map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let rows: Vec<_> = meanings(code).collect();
            for day in day("2006-09-01").through(day("2040-12-31")) {
                let covering = rows.iter().filter(|row| row.covers(day)).count();
                assert!(covering <= 1, "{code} has {covering} meanings on {day}");
                assert_eq!(meaning(code, day).is_ok(), covering == 1, "{code} on {day}");
            }
        }
    }

    #[test]
    fn every_live_code_has_a_meaning_on_every_later_day() {
        for row in code_rows().iter().filter(|row| row.is_live()) {
            for day in row.from.through(day("2040-12-31")) {
                assert_eq!(meaning(row.code, day).expect("live").index, row.index);
            }
        }
    }

    #[test]
    fn j_was_attendance_until_18_august_2024_and_j1_is_absence_since() {
        assert_eq!(class("J", "2024-08-18"), Class::ApprovedEducationalActivity);
        assert!(meaning(code("J"), day("2024-08-19")).is_err());
        assert!(meaning(code("J1"), day("2024-08-18")).is_err());
        assert_eq!(class("J1", "2024-08-19"), Class::Authorised);
    }

    #[test]
    fn d_was_attendance_until_august_2011_and_is_not_possible_since() {
        assert_eq!(class("D", "2011-08-31"), Class::ApprovedEducationalActivity);
        assert_eq!(class("D", "2011-09-01"), Class::NotPossible);
    }

    #[test]
    fn a_code_outside_its_days_is_refused_with_the_days_it_had() {
        let told = meaning(code("H"), day("2024-09-02"))
            .expect_err("H has ended")
            .to_string();
        assert_eq!(
            told,
            "code H had no meaning on 2 September 2024: it was used from 1 September 2006 to 18 August 2024"
        );
        let told = meaning(code("-"), day("2024-09-02"))
            .expect_err("no code")
            .to_string();
        assert_eq!(told, "“-” is not an attendance code of any year since 2006");
    }

    #[test]
    fn every_line_names_a_rule() {
        for row in code_rows() {
            assert!(row.rule.starts_with("R-"), "{}", row.code);
        }
    }
}
