//! The application: registers, roll, year, figures and the people who use them.
//!
//! Cut by the school's work, not by layer: each folder holds all of one job, its acts, records, pages and tests.
//! Acts are the only place where anything is written; pages, command line and jobs call the same acts.
//!
//! It deliberately does not know: how bytes reach it (`rollbook` serves and wires), what a file format looks like
//! (`exchange`), or what the law says (the rule crates).

pub mod absence_line;
pub mod api;
pub mod as_known;
pub mod authority;
pub mod book;
pub mod carry;
pub mod demo;
pub mod desk;
pub mod door;
pub mod evidence;
mod form;
pub mod home;
pub mod ids;
pub mod insight;
mod keyed;
pub mod live;
pub mod messages;
pub mod morning;
pub mod people;
pub mod preservation;
pub mod registers;
pub mod roll;
mod router;
pub mod safeguarding;
pub mod shell;
pub mod take_away;
pub mod upkeep;
pub mod visits;
pub mod watch;
pub mod webhooks;
pub mod year;

pub use router::router;

use std::sync::LazyLock;

use store::{Chronicle, Migration, Table};

/// The migrations of the application's tables, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_directory",
        sql: include_str!("../migrations/0001_directory.sql"),
    },
    Migration {
        name: "0002_roll",
        sql: include_str!("../migrations/0002_roll.sql"),
    },
    Migration {
        name: "0003_year",
        sql: include_str!("../migrations/0003_year.sql"),
    },
    Migration {
        name: "0004_registers",
        sql: include_str!("../migrations/0004_registers.sql"),
    },
    Migration {
        name: "0005_imports",
        sql: include_str!("../migrations/0005_imports.sql"),
    },
    Migration {
        name: "0006_exports",
        sql: include_str!("../migrations/0006_exports.sql"),
    },
    Migration {
        name: "0007_timetable",
        sql: include_str!("../migrations/0007_timetable.sql"),
    },
    Migration {
        name: "0008_plans",
        sql: include_str!("../migrations/0008_plans.sql"),
    },
    Migration {
        name: "0009_lessons",
        sql: include_str!("../migrations/0009_lessons.sql"),
    },
    Migration {
        name: "0010_bulk",
        sql: include_str!("../migrations/0010_bulk.sql"),
    },
    Migration {
        name: "0011_sealed",
        sql: include_str!("../migrations/0011_sealed.sql"),
    },
    Migration {
        name: "0012_proof",
        sql: include_str!("../migrations/0012_proof.sql"),
    },
    Migration {
        name: "0013_api",
        sql: include_str!("../migrations/0013_api.sql"),
    },
    Migration {
        name: "0014_offline",
        sql: include_str!("../migrations/0014_offline.sql"),
    },
    Migration {
        name: "0015_keep",
        sql: include_str!("../migrations/0015_keep.sql"),
    },
    Migration {
        name: "0016_morning",
        sql: include_str!("../migrations/0016_morning.sql"),
    },
    Migration {
        name: "0017_door",
        sql: include_str!("../migrations/0017_door.sql"),
    },
    Migration {
        name: "0018_messages",
        sql: include_str!("../migrations/0018_messages.sql"),
    },
    Migration {
        name: "0019_absence_line",
        sql: include_str!("../migrations/0019_absence_line.sql"),
    },
    Migration {
        name: "0020_visits",
        sql: include_str!("../migrations/0020_visits.sql"),
    },
    Migration {
        name: "0021_families",
        sql: include_str!("../migrations/0021_families.sql"),
    },
    Migration {
        name: "0022_concerns",
        sql: include_str!("../migrations/0022_concerns.sql"),
    },
    Migration {
        name: "0023_watch",
        sql: include_str!("../migrations/0023_watch.sql"),
    },
    Migration {
        name: "0024_entrance",
        sql: include_str!("../migrations/0024_entrance.sql"),
    },
    Migration {
        name: "0025_mail",
        sql: include_str!("../migrations/0025_mail.sql"),
    },
    Migration {
        name: "0026_out_of_school",
        sql: include_str!("../migrations/0026_out_of_school.sql"),
    },
    Migration {
        name: "0027_mailbox",
        sql: include_str!("../migrations/0027_mailbox.sql"),
    },
    Migration {
        name: "0028_authority",
        sql: include_str!("../migrations/0028_authority.sql"),
    },
];

/// Every journalled table: what `rollbook verify` compares with the journal.
pub static TABLES: &[&Table] = &[
    &people::records::ROLE_GRANT,
    &people::records::INSPECTION,
    &roll::records::PUPIL,
    &roll::records::SOURCE_LINK,
    &roll::records::ENROLMENT,
    &roll::records::PUPIL_GROUP,
    &roll::records::MEMBERSHIP,
    &roll::records::CHARACTERISTIC,
    &roll::records::CONTACT,
    &roll::records::CONTACT_ROUTE,
    &roll::records::PUPIL_CONTACT,
    &roll::records::ADDRESS,
    &roll::records::RESIDENCE,
    &roll::records::STAFF,
    &roll::records::POST,
    &roll::records::GROUP_STAFF,
    &year::records::TERM,
    &year::records::DAY_EXCEPTION,
    &year::records::SETTING,
    &year::timetable::records::LESSON_PERIOD,
    &year::timetable::records::DAY_PERIOD,
    &year::timetable::records::ROOM,
    &year::timetable::records::LESSON,
    &year::timetable::records::LESSON_STAFF,
    &year::timetable::records::OFF_TIMETABLE,
    &registers::records::MARK_VERSION,
    &registers::records::REGISTER_TAKEN,
    &registers::records::PLAN,
    &registers::records::SETTLED_DRIFT,
    &registers::records::LESSON_MARK,
    &registers::records::LESSON_TAKEN,
    &registers::bulk::records::MARK_SET,
    &registers::records::LESSON_COVER,
    &registers::records::LATE_MARK,
    &door::records::ARRIVAL,
    &morning::records::ABSENCE_ENTRY,
    &morning::records::ABSENCE_CLAIM,
    &morning::records::REGISTER_REMINDER,
    &morning::records::MORNING_SIGN_OFF,
    &preservation::records::ERASURE,
    &preservation::records::LEGAL_HOLD,
    &registers::records::LATE_LESSON_MARK,
    &door::records::SITE_MOVE,
    &door::records::VISIT,
    &door::records::ROLL_CALL,
    &door::records::ROLL_CALL_START,
    &door::records::ROLL_CALL_TICK,
    &door::records::SEARCH_STEP,
    &door::records::LATE_SANCTION,
    &door::records::PUNCTUALITY_TARGET,
    &registers::sealed::records::SEALED_COPY,
    &registers::sealed::records::SEALED_FILE,
    &registers::records::EXAM,
    &registers::records::EXAM_ROOM,
    &registers::records::EXAM_SEAT,
    &registers::records::EXAM_MARK,
    &registers::records::EXAM_CONTACT,
    &registers::records::EXAM_TAKEN,
    &roll::imports::records::PRIOR_ATTENDANCE,
    &roll::imports::records::SETTLED_RECORD,
    &roll::imports::records::IMPORT_PROFILE,
    &take_away::records::EXPORT,
    &take_away::records::EXPORT_PUPIL,
    &api::API_CLIENT,
    &webhooks::WEBHOOK,
    &messages::records::MESSAGE_RUN,
    &messages::records::MESSAGE,
    &messages::records::MESSAGE_PUPIL,
    &messages::records::MESSAGE_STATE,
    &messages::records::MESSAGE_HOLD,
    &messages::records::MESSAGE_REPLY,
    &messages::records::MESSAGE_CHANNEL,
    &messages::records::STAFF_MAIL,
    &messages::records::STAFF_MAIL_STATE,
    &messages::records::LETTER_POSTING,
    &messages::records::MESSAGE_PAUSE,
    &absence_line::records::ABSENCE_REPORT,
    &visits::records::HOME_VISIT,
    &visits::records::VISIT_CHECK,
    &visits::records::VISIT_STEP,
    &visits::records::VISIT_RECORD,
    &visits::records::COLLECTION,
    &watch::records::EARLY_WATCH,
    &watch::records::CLINIC,
    &watch::records::CLINIC_PLACE,
    &safeguarding::records::CONCERN,
    &safeguarding::records::CONCERN_STEP,
    &safeguarding::records::CONCERN_READER,
    &safeguarding::records::CONCERN_LOOK,
    &roll::records::PROFESSIONAL,
    &morning::records::PROFESSIONAL_TOLD,
    &absence_line::records::ABSENCE_LINK,
    &evidence::records::EVIDENCE_FILE,
    &evidence::records::EVIDENCE_SCAN,
    &door::records::KIOSK,
    &door::records::KIOSK_BACK,
    &door::records::KIOSK_UNKNOWN,
    &door::records::FIRE_COPY,
    &door::records::LEFT_SITE,
    &door::records::LEFT_STEP,
    &door::records::TRUANCY_SWEEP,
    &door::records::SWEEP_CHILD,
    &authority::records::LEGAL_TARGET,
    &evidence::records::EVIDENCE_REQUEST,
];

/// The past of every table that an act writes, for pages that show what was known at an earlier number.
pub static CHRONICLE: LazyLock<Chronicle> = LazyLock::new(|| Chronicle::new(TABLES, MIGRATIONS));
