//! Files that come in: received, read, matched with the roll, shown, and only then applied (I-002).
//!
//! ```text
//! receive -> prepare (read, match, preview) -> a person looks -> apply
//! ```
//! What a plan would do is a pure function of the file and the roll. The preview keeps its digest; applying plans again
//! under the school's head and goes on only if the plan is the same. Marks are written in short held acts and come into
//! effect all at once, so registers go on being saved meanwhile and a crash leaves nothing half there.
//!
//! To add a kind of record: a reader in `exchange`, a `plan` here that changes the `Draft`, a line in `plan_roll`.
//!
//! It deliberately does not know what a file looks like (`exchange`), and never decides by a name who somebody is.

mod apply;
mod background;
mod columns;
mod command_line;
mod contacts;
mod course;
mod cover;
mod days;
mod draft;
mod held;
mod marks;
mod off_timetable;
mod pages;
mod prepare;
mod profiles;
mod profiles_page;
mod pupils;
mod questions;
mod readings;
pub mod records;
mod report;
mod report_page;
mod roster;
mod seats;
mod settle;
mod take_out;
mod terms;
mod timetable;
mod undo;
mod undo_page;
mod who;

use std::collections::BTreeMap;

use calendar::{Cycle, Day, SchoolCalendar, SchoolYear};
use exchange::Reading;
use register::closing::SessionTimes;
use serde::{Deserialize, Serialize};
use store::{SchoolId, StoreError, Tx};

pub use apply::{Answers, Applied, apply};
pub use command_line::command_line;
pub use course::{
    Import, ImportId, ReceivedFile, State, cancel, changes, findings, import, imports, receive,
    rows_to_correct, tidy,
};
pub(crate) use course::{destroy_old_files, purpose as sealed_for};
pub(crate) use prepare::counted;
pub use prepare::{Brake, ColumnFate, Preview, Question, prepare};
pub use profiles::{Profile, all as profiles, forget as forget_profile, keep as keep_profile};
pub use readings::Readings;
pub use report::{Finding, Outcomes};
pub use settle::{Case, CaseKind, Settled, Verdict, cases, forget, settle};
pub use take_out::{List, Named, take_out};
pub use terms::{Event, EventKind};
pub use undo::{TakesBack, look_back, undo};

use self::days::DaysFacts;
use self::timetable::Kept;
use crate::book::Settings;
use crate::people::{Access, Actor, RecordKind};
use crate::year::settings::{Mode, SettingError, cycle, mode, session_times};

/// The pages of this folder.
pub fn routes() -> axum::Router<std::sync::Arc<crate::desk::Office>> {
    pages::routes()
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[crate::take_away::List] = &[
    crate::take_away::List {
        kind: "records in the form of imports",
        address: "/imports/take-out/{list}",
        make: pages::taken_out,
    },
    crate::take_away::List {
        kind: "import report",
        address: "/imports/{import}/report",
        make: report_page::as_file,
    },
    crate::take_away::List {
        kind: "rows to correct",
        address: "/imports/{import}/rows-to-correct",
        make: pages::to_correct,
    },
];

/// Every statement of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [
        draft::STATEMENTS,
        course::STATEMENTS,
        prepare::STATEMENTS,
        apply::STATEMENTS,
        background::STATEMENTS,
        command_line::STATEMENTS,
        pages::STATEMENTS,
        take_out::STATEMENTS,
        profiles::STATEMENTS,
        days::STATEMENTS,
        settle::STATEMENTS,
        timetable::STATEMENTS,
        undo::STATEMENTS,
    ]
    .concat()
}

/// What a person chose for an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// Read the file as this kind (a word of `exchange::Kind`).
    pub kind: Option<String>,
    /// The name of the system it comes from, under which its identifiers are remembered.
    pub source: Option<String>,
    /// Replace marks that differ, by amendment (I-095).
    pub replace: bool,
    /// Bring in sensitive characteristics (I-080).
    pub sensitive: bool,
    /// A person has confirmed that the month comes first in dates (I-020).
    pub month_first: bool,
    /// The Monday of a weekly file of marks.
    pub week_beginning: Option<Day>,
    /// Why a transfer file that is addressed to another school is taken all the same (I-262).
    pub other_school: Option<String>,
    /// A person has confirmed that the day comes first in dates that could be read either way (I-020).
    pub day_first: bool,
    /// Read the bytes in this encoding (a word of `exchange::Encoding`).
    pub encoding: Option<String>,
    /// Read this sheet of a workbook.
    pub sheet: Option<String>,
    /// The line on which the headings stand.
    pub heading_line: Option<u32>,
    /// What headings mean: the word of an `exchange::Field`, or nothing for a column to leave out (I-023).
    pub headings: BTreeMap<String, Option<String>>,
    /// The profile whose answers these are (I-012).
    pub profile: Option<String>,
}

impl Default for Choices {
    fn default() -> Choices {
        Choices {
            kind: None,
            source: None,
            replace: false,
            sensitive: true,
            month_first: false,
            week_beginning: None,
            other_school: None,
            day_first: false,
            encoding: None,
            sheet: None,
            heading_line: None,
            headings: BTreeMap::new(),
            profile: None,
        }
    }
}

/// What the person who imports may change (I-016).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub contacts: bool,
    pub flags: bool,
    pub sen: bool,
    pub care: bool,
    pub marks: bool,
    /// The school's year and settings.
    pub settings: bool,
}

impl Rights {
    fn of(actor: &Actor) -> Rights {
        let may = |kind| actor.may_for_school(Access::Write, kind);
        Rights {
            contacts: may(RecordKind::Contacts),
            flags: may(RecordKind::VulnerabilityFlags),
            sen: may(RecordKind::SenProfile),
            care: may(RecordKind::SocialCareStatus),
            marks: may(RecordKind::AttendanceMarks),
            settings: actor.may(Access::Write, RecordKind::UsersRolesAndSettings),
        }
    }
}

/// What a plan goes by besides file and roll.
pub(super) struct Task<'a> {
    pub today: Day,
    pub year: SchoolYear,
    /// The first day of this school year, or 1 September while no terms are entered.
    pub year_begins: Day,
    pub mode: Mode,
    pub rights: Rights,
    pub choices: &'a Choices,
    /// Whether the file lists pupils on roll, and not applicants or children who come with a file of their own.
    pub lists_the_roll: bool,
    /// How the timetable goes round.
    pub cycle: Cycle,
    /// The session times of today.
    pub times: SessionTimes,
    /// The registers of lessons that were kept today; read for a file of lessons or of what is off timetable only.
    pub kept: Kept,
    /// The school's days.
    pub calendar: &'a SchoolCalendar,
    /// What plans of single days go by; read for such files only.
    days: DaysFacts,
}

impl Task<'_> {
    /// Reads what a plan of this reading goes by besides the draft.
    fn read_facts(
        &mut self,
        tx: &mut Tx,
        school: SchoolId,
        reading: &Reading,
    ) -> Result<(), StoreError> {
        if !reading.lessons.is_empty() || !reading.off_timetable.is_empty() {
            self.kept = timetable::kept_since(tx, school, self.today)?;
        }
        self.days = DaysFacts::read(tx, school, reading, self.today)?;
        Ok(())
    }

    fn new<'a>(
        calendar: &'a SchoolCalendar,
        today: Day,
        settings: &Settings,
        actor: &Actor,
        choices: &'a Choices,
        kind: exchange::Kind,
    ) -> Result<Task<'a>, SettingError> {
        let year = calendar.school_year_of(today);
        let september = Day::new(year.first_year(), 9, 1).expect("every year has a 1 September");
        let expects = [exchange::Kind::TransferFile, exchange::Kind::AdmissionsFile];
        Ok(Task {
            today,
            year,
            year_begins: calendar.days_of(year).map_or(september, |(first, _)| first),
            mode: mode(settings, today)?,
            rights: Rights::of(actor),
            choices,
            lists_the_roll: !expects.contains(&kind),
            cycle: cycle(settings, today)?,
            times: session_times(settings, today)?,
            kept: Kept::new(),
            calendar,
            days: DaysFacts::default(),
        })
    }
}
