//! What the readers have to say about single records: one finding per fault, with its remedy (I-005, I-006).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What became of the record or value that a finding is about (I-003, I-004).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The record is offered; a value of it was left out or deserves a look.
    Warning,
    /// Nothing of the record is offered.
    Rejected,
    /// The record needs a person before it can be stored.
    Held,
    /// Not a record: a title, blank, total or instruction line, or a repeat of a record already read.
    Skipped,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Rejected => "rejected",
            Severity::Held => "held",
            Severity::Skipped => "skipped",
        })
    }
}

macro_rules! finding_codes {
    ($($name:ident $code:literal $message:literal $remedy:literal;)*) => {
        /// The fault that a finding names. Its text code never changes once published (I-006).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode { $(#[doc = $message] $name,)* }

        impl FindingCode {
            /// Every code, in the order of the message list.
            pub const ALL: &'static [FindingCode] = &[$(FindingCode::$name,)*];

            /// The stable text of the code, such as `UPN_CHECK_LETTER`.
            pub fn code(self) -> &'static str {
                match self { $(FindingCode::$name => $code,)* }
            }

            /// The message with `{value}`, `{column}` and `{detail}` to be filled in.
            pub fn template(self) -> &'static str {
                match self { $(FindingCode::$name => $message,)* }
            }

            /// What a person can do about it.
            pub fn what_to_do(self) -> &'static str {
                match self { $(FindingCode::$name => $remedy,)* }
            }
        }
    };
}

finding_codes! {
    BlankLine "BLANK_LINE" "A blank line." "Nothing to do.";
    TitleLine "TITLE_LINE" "A line above the headings: “{value}”." "Nothing to do.";
    TotalLine "TOTAL_LINE" "A total or closing line, not a record: “{value}”." "Nothing to do.";
    InstructionLine "INSTRUCTION_LINE" "A line of instructions under the headings: “{value}”." "Nothing to do.";
    RowQuotes "ROW_QUOTES" "The quotation marks in this row do not pair up, so its cells cannot be told apart{detail}." "Correct the quotation marks in this row, or export the list again.";
    RowNul "ROW_NUL" "This row holds NUL characters, which text never has." "Export the list again; the file was damaged on its way.";
    RowShort "ROW_SHORT" "This row has {value} cells and the headings have {detail}." "Complete the row, or export the list again.";
    RowLong "ROW_LONG" "This row has {value} cells and the headings have {detail}; the extra ones are not blank." "Look for a comma that is not inside quotation marks.";
    CellTooLong "CELL_TOO_LONG" "The cell in “{column}” is longer than 32,767 characters." "Shorten the text of this cell.";
    ControlCharacter "CONTROL_CHARACTER" "“{column}” holds a control character, so its value was left out." "Type the value again.";
    DirectionCharacters "DIRECTION_CHARACTERS" "Invisible characters that change the direction of writing were removed from “{column}”." "Check that the value reads as it should.";
    ErrorCell "ERROR_CELL" "“{column}” holds the spreadsheet error {value}, read as blank." "Correct the formula in the spreadsheet, or leave it blank.";
    FormulaWithoutValue "FORMULA_WITHOUT_VALUE" "“{column}” holds a formula that was never worked out, read as blank." "Open the workbook, save it and import it again.";
    HiddenParts "HIDDEN_PARTS" "The sheet has hidden {value}; they were read like the others." "Check that the hidden {value} were meant to be imported.";
    MixedEncoding "MIXED_ENCODING" "This line is in another encoding than the rest of the file." "Check the letters with accents in this line.";
    NameDamaged "NAME_DAMAGED" "The name “{value}” may be damaged: letters seem to have been lost on export." "Export the list as UTF-8 or XLSX, or correct the name by hand.";
    NameNoComma "NAME_NO_COMMA" "The name “{value}” has no comma, so surname and forename were parted at the last blank." "Check surname and forename.";
    NameBracket "NAME_BRACKET" "The surname “{value}” holds a second name in brackets; it is kept as given." "Correct the surname if the brackets do not belong there.";
    NameTitle "NAME_TITLE" "The forename “{value}” starts with a title; it is kept as given." "Correct the forename if the title does not belong there.";
    RequiredMissing "REQUIRED_MISSING" "“{column}” is blank, and no record can be stored without it." "Fill in “{column}”.";
    NoIdentifier "NO_IDENTIFIER" "This record has neither a UPN nor an admission number, so it cannot be matched by itself." "Choose the pupil, or add an identifier and import again.";
    NoUpn "NO_UPN" "There is no UPN; the reason given is {value}." "Nothing to do until a number is allocated.";
    UpnFormat "UPN_FORMAT" "“{value}” is not a unique pupil number: {detail}." "Look the number up and correct it.";
    UpnCheckLetter "UPN_CHECK_LETTER" "The check letter of “{value}” does not fit its digits; for these digits it would be {detail}." "Compare with the pupil's record: the letter or any one digit may be mistyped.";
    UpnAuthority "UPN_AUTHORITY" "The first three digits of “{value}” are no authority that we know." "Check the number if the pupil has not come from outside England.";
    UpnNought "UPN_NOUGHT" "“{value}” consists of noughts and stands for no pupil." "Look the number up and correct it.";
    UlnDoubtful "ULN_DOUBTFUL" "The unique learner number “{value}” fails its check and may be mistyped." "Check the number.";
    DigitsLost "DIGITS_LOST" "“{value}” was turned into a number by a spreadsheet and has lost digits." "Format the column as text in the source and export again.";
    GroupDamaged "GROUP_DAMAGED" "The group “{value}” looks like a date: a spreadsheet may have changed it." "Format the column as text in the source and export again.";
    DateNotReal "DATE_NOT_REAL" "“{value}” in “{column}” is not a real date." "Correct the date.";
    DateForm "DATE_FORM" "“{value}” in “{column}” is not a date that can be read." "Write the date as dd/mm/yyyy.";
    DateSerial "DATE_SERIAL" "“{column}” holds the spreadsheet's day number {value}, read as {detail}." "Check the date; format the column as dates in the spreadsheet.";
    DateEitherWay "DATE_EITHER_WAY" "Every date in “{column}” could be read either way; day first was taken." "Check one date that you know.";
    DateUnlikely "DATE_UNLIKELY" "“{value}” in “{column}” is an unlikely date." "Check the date.";
    DatesSwapped "DATES_SWAPPED" "The end {value} lies before the start {detail}." "Correct the two dates.";
    YesNo "YES_NO" "“{value}” in “{column}” is neither yes nor no, so it was left out." "Write Yes or No.";
    CodeUnknown "CODE_UNKNOWN" "“{value}” in “{column}” is not a code that we know; the field stays empty." "Translate the code once in the profile, or correct it.";
    CodeHistoric "CODE_HISTORIC" "“{value}” in “{column}” was in use in earlier years only." "Nothing to do for history; correct it if it should hold today.";
    SexConflict "SEX_CONFLICT" "The record gives both {value} and {detail} as sex, so neither was taken." "Correct the record at its source.";
    Postcode "POSTCODE" "“{value}” does not look like a postcode; it is kept as given." "Correct the postcode.";
    Phone "PHONE" "“{value}” in “{column}” is not a telephone number that can be dialled; it is kept as given." "Correct the number.";
    PhoneNought "PHONE_NOUGHT" "“{value}” in “{column}” had lost its leading nought, which was put back." "Format the column as text in the source.";
    Email "EMAIL" "“{value}” in “{column}” is not an e-mail address; it is kept and marked unusable." "Correct the address.";
    PriorityForm "PRIORITY_FORM" "The priority “{value}” is not a whole number from 1 to 99, so it was left out." "Correct the priority.";
    PriorityTwice "PRIORITY_TWICE" "Two contacts of this pupil have priority {value}; both are kept in the order of the file." "Give each contact its own priority.";
    NoAutomaticMessages "NO_AUTOMATIC_MESSAGES" "This contact gets no automatic messages: {detail}." "The safeguarding lead decides what may be sent.";
    ContactWithoutName "CONTACT_WITHOUT_NAME" "This contact has no name." "Add the name of the contact.";
    RepeatedInFile "REPEATED_IN_FILE" "The same record stands in line {detail} already." "Nothing to do.";
    JoinedInFile "JOINED_IN_FILE" "This row adds to the record in line {detail}." "Nothing to do.";
    RepeatedDiffers "REPEATED_DIFFERS" "The identifier {value} stands on records that differ ({detail})." "Find out which record is right, correct the file and import it again.";
    MarkRepeated "MARK_REPEATED" "The same mark for this pupil, day and session stands in line {detail} already." "Nothing to do.";
    MarkConflict "MARK_CONFLICT" "Line {detail} gives another mark for this pupil, day and session; neither was taken." "Remove the wrong one of the two marks.";
    MarkTooLong "MARK_TOO_LONG" "“{value}” is too long for an attendance mark." "Correct the mark.";
    MarkMissing "MARK_MISSING" "This row has no mark; the gap stays open." "Nothing to do, or fill in the mark.";
    MarkOtherSession "MARK_OTHER_SESSION" "The sign for present of the other session ({value}) was stored as this session's own." "Nothing to do.";
    SessionUnknown "SESSION_UNKNOWN" "“{value}” is neither a morning nor an afternoon session." "Write AM or PM.";
    MinutesLate "MINUTES_LATE" "“{value}” is not a number of minutes late for this mark, so it was left out." "Correct the minutes, or the mark.";
    LayoutUndecided "MARKS_LAYOUT_UNDECIDED" "The days of the marks from the former school cannot be told for certain ({detail}); only its totals were kept." "Ask the former school if the pattern by day is needed.";
    MarksAmbiguous "MARKS_AMBIGUOUS" "The marks of the former school run together and hold two-character codes, so they cannot be parted; only the totals were kept." "Ask the former school for a newer file if the pattern by day is needed.";
    TotalsDisagree "TOTALS_DISAGREE" "The totals of the former school ({value}) and its marks ({detail}) disagree; the totals are shown." "Ask the former school if it matters.";
    EditionOther "EDITION_OTHER" "This file is of edition {value}; editions {detail} are known. It was read all the same." "Check a few pupils.";
    ElementUnknown "ELEMENT_UNKNOWN" "The element “{value}” is not known and was ignored." "Nothing to do.";
    NumberForm "NUMBER_FORM" "“{value}” in “{column}” is not a whole number, so it was left out." "Correct the number.";
    FileExtra "FILE_EXTRA" "The file “{value}” is not part of the set and was ignored." "Nothing to do.";
    FileColumnAbsent "FILE_COLUMN_ABSENT" "The file lacks the column “{column}”, so none of it could be read." "Export the set again with this column.";
    FileEmpty "FILE_EMPTY" "The file holds no headings, so none of it could be read." "Export the set again.";
    ReferenceMissing "REFERENCE_MISSING" "“{column}” refers to “{value}”, which is not in this set." "Import it again when the record is there.";
    RoleUnknown "ROLE_UNKNOWN" "“{value}” is not a role of the format." "Correct the role in the source system.";
    RoleMissing "ROLE_MISSING" "This person has no role at a school, so it is not known whether a pupil or staff." "Give the person a role in the source system.";
    DeletedAtSource "DELETED_AT_SOURCE" "This record is gone from its source; nothing is deleted here." "End the enrolment by hand if the pupil or the person has left.";
    WeekOfCycle "WEEK_OF_CYCLE" "“{value}” in “{column}” is neither week A nor week B." "Write A or B, or leave it blank for every week.";
    WeekdayUnknown "WEEKDAY_UNKNOWN" "“{value}” in “{column}” is not a day of the week." "Write the day as Mon, Tue, Wed, Thu or Fri.";
    TimeForm "TIME_FORM" "“{value}” in “{column}” is not a clock time." "Write the time as 08:50.";
    TimesSwapped "TIMES_SWAPPED" "It ends at {value}, which is not after it begins at {detail}." "Correct the two times.";
    PeriodMissing "PERIOD_MISSING" "The row says neither in which period the lesson is nor from when to when." "Fill in the period, or both times.";
    LessonsOverlap "LESSONS_OVERLAP" "The pupil has two lessons at once: line {detail} has another class for this time." "Correct the class of one of the two rows.";
    SeatForm "SEAT_FORM" "“{value}” in “{column}” is not the number of a seat." "Write the seat as a number from 1, or leave it blank for the next free one.";
    EventCancelled "EVENT_CANCELLED" "The event “{value}” was cancelled." "Nothing to do.";
    EventReplaced "EVENT_REPLACED" "A later version of the event “{value}” is in the file." "Nothing to do.";
    EventEnd "EVENT_END" "The event “{value}” ends before it starts." "Correct the event.";
    EventStart "EVENT_START" "The event “{value}” has no start that can be read." "Correct the event.";
    EventRepeats "EVENT_REPEATS" "The event “{value}” repeats in a way that cannot be followed; only its first day was taken." "Add the other days by hand.";
    EventZone "EVENT_ZONE" "The time zone “{detail}” of the event “{value}” is not known; its times were taken as London time." "Check the days of this event.";
    LineUnreadable "LINE_UNREADABLE" "This line does not belong to a calendar file and was ignored: “{value}”." "Nothing to do.";
}

/// One fault of one record, or of several places alike (`count`), with everything that a report shows (I-005).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the file as it was given.
    pub file: Arc<str>,
    /// Name of the sheet, for workbooks.
    pub sheet: Option<Arc<str>>,
    /// Physical line on which the record starts, row of the sheet, or line of the XML element; 0 is the file as a whole.
    pub line: u32,
    /// How a person would recognise the record: identifier and name as given. May be empty.
    pub record: String,
    /// The heading or element. May be empty.
    pub column: String,
    /// The value at fault; of sensitive columns only its first and last character.
    pub value: String,
    /// What the message needs besides the value.
    pub detail: String,
    /// What became of the record.
    pub severity: Severity,
    /// The fault.
    pub code: FindingCode,
    /// In how many places of the file the same was found; `line` is the first.
    pub count: u32,
}

impl Finding {
    /// The message in plain English, with the value in it.
    pub fn message(&self) -> String {
        let mut message = self
            .code
            .template()
            .replace("{detail}", &self.detail)
            .replace("{column}", &self.column)
            .replace("{value}", &self.value);
        if self.count > 1 {
            message.push_str(&format!(" This happens in {} places.", self.count));
        }
        message
    }

    /// What a person can do about it.
    pub fn what_to_do(&self) -> String {
        self.code
            .what_to_do()
            .replace("{column}", &self.column)
            .replace("{value}", &self.value)
    }
}

/// First and last character with an ellipsis between; one character stands for a text of up to two.
pub(crate) fn masked(value: &str) -> String {
    let mut characters = value.chars();
    match (characters.next(), characters.next_back()) {
        (Some(first), Some(last)) if value.chars().count() > 2 => format!("{first}…{last}"),
        (Some(_), _) => "…".to_owned(),
        (None, _) => String::new(),
    }
}

/// Findings are listed up to this number a file; further ones are only counted.
pub const FINDINGS_LISTED: usize = 50_000;

/// A value longer than this is cut in a finding.
const VALUE_SHOWN: usize = 120;

/// Collects findings, and joins those that say the same of the whole file.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    file: Arc<str>,
    sheet: Option<Arc<str>>,
    pub(crate) list: Vec<Finding>,
    pub(crate) left_out: u32,
    alike: HashMap<(FindingCode, Severity, Arc<str>, String, String), usize>,
}

/// Where in the file a finding belongs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) line: u32,
    pub(crate) record: &'a str,
    pub(crate) column: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn line(line: u32) -> Place<'a> {
        Place {
            line,
            ..Place::default()
        }
    }

    pub(crate) fn column(self, column: &'a str) -> Place<'a> {
        Place { column, ..self }
    }
}

impl Findings {
    pub(crate) fn new(file: &str) -> Findings {
        Findings {
            file: file.into(),
            ..Findings::default()
        }
    }

    pub(crate) fn of_file(&mut self, file: &str) {
        self.file = file.into();
        self.sheet = None;
    }

    pub(crate) fn of_sheet(&mut self, sheet: &str) {
        self.sheet = Some(sheet.into());
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: FindingCode,
        place: Place<'_>,
        value: &str,
        detail: &str,
    ) {
        if self.list.len() >= FINDINGS_LISTED {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.list.push(Finding {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            line: place.line,
            record: shown(place.record),
            column: shown(place.column),
            value: shown(value),
            detail: shown(detail),
            severity,
            code,
            count: 1,
        });
    }

    pub(crate) fn warn(&mut self, code: FindingCode, place: Place<'_>, value: &str, detail: &str) {
        self.add(Severity::Warning, code, place, value, detail);
    }

    /// Adds a finding, or raises the count of the one that says the same of this file.
    pub(crate) fn add_alike(
        &mut self,
        severity: Severity,
        code: FindingCode,
        place: Place<'_>,
        value: &str,
        detail: &str,
    ) {
        let key = (
            code,
            severity,
            self.file.clone(),
            shown(place.column),
            shown(value),
        );
        if let Some(&index) = self.alike.get(&key) {
            self.list[index].count = self.list[index].count.saturating_add(1);
            return;
        }
        let index = self.list.len();
        self.add(severity, code, place, value, detail);
        if self.list.len() > index {
            self.alike.insert(key, index);
        }
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(VALUE_SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_value_shows_its_first_and_last_character_only() {
        assert_eq!(masked("WBRI"), "W…I");
        assert_eq!(masked("Yé"), "…");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn every_code_is_used_once_and_asks_for_something() {
        let mut codes: Vec<_> = FindingCode::ALL.iter().map(|code| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FindingCode::ALL.len());
        assert!(
            FindingCode::ALL
                .iter()
                .all(|code| !code.what_to_do().is_empty())
        );
    }

    #[test]
    fn findings_of_the_same_kind_are_counted_in_one() {
        let mut findings = Findings::new("a.csv");
        for line in 1..=3 {
            findings.add_alike(
                Severity::Skipped,
                FindingCode::BlankLine,
                Place::line(line),
                "",
                "",
            );
        }
        assert_eq!(findings.list.len(), 1);
        assert_eq!(findings.list[0].count, 3);
        assert_eq!(
            findings.list[0].message(),
            "A blank line. This happens in 3 places."
        );
    }
}
