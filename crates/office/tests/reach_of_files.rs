//! Every role takes every list away, and no file holds what the access matrix does not give that role (B-440, I-038).
//!
//! What a role may have is reckoned here from the lines of the matrix and from who has a duty for which pupils, without asking the
//! code that the lists ask. A new list, and a new column of a list, fail this test until somebody says here what they hold.

mod school;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use calendar::Session;
use office::evidence::records::EVIDENCE_FILE;
use office::people::Role;
use office::registers::records::{
    EXAM, EXAM_MARK, EXAM_ROOM, EXAM_SEAT, LESSON_MARK, MARK_VERSION, PLAN,
};
use office::registers::sealed::{Wish, by_itself, seal};
use office::roll::records::{
    ADDRESS, CHARACTERISTIC, CONTACT, CONTACT_ROUTE, PUPIL, PUPIL_CONTACT, RESIDENCE,
};
use office::visits::records::{HOME_VISIT, VISIT_RECORD};
use office::year::timetable::records::{LESSON_PERIOD, ROOM};
use school::{School, day, each_school};
use store::{Act, Entry, StoreError, args};

use Part::{
    Audit, Care, Casework, Contacts, Core, Counts, Evidence, Flags, Marks, Nobody, Sen,
    Suspensions, Visits,
};

/// Kinds of record, by their words in the access matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Core,
    Contacts,
    Flags,
    Care,
    Sen,
    Marks,
    Suspensions,
    Visits,
    Evidence,
    Casework,
    Audit,
    /// Figures about groups, of whom nobody is named.
    Counts,
    /// Nothing about a pupil.
    Nobody,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Core => "pupil_core",
            Contacts => "contacts_and_parental_responsibility",
            Flags => "vulnerability_flags",
            Care => "social_care_status",
            Sen => "sen_profile",
            Marks => "attendance_marks",
            Suspensions => "suspension_record",
            Visits => "home_visit",
            Evidence => "medical_evidence",
            Casework => "attendance_casework",
            Audit => "audit_log",
            Counts | Nobody => "aggregate_reports",
        }
    }
}

/// Access and scope of a role for a part, as the line of the matrix says.
fn line(role: Role, part: Part) -> (&'static str, &'static str) {
    let matrix = include_str!("../src/people/access-matrix.csv");
    let mut lines = matrix
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let found = lines.find(|cells| cells[0] == role.key() && cells[1] == part.word());
    let cells = found.unwrap_or_else(|| panic!("no line for {role:?} and {part:?}"));
    (cells[2], cells[3])
}

/// Whether a role may read this part of everybody's record.
fn reads_all(role: Role, part: Part) -> bool {
    let (access, scope) = line(role, part);
    matches!(access, "read" | "write") && scope == "school"
}

/// The pupils of whom a role may read this part: all, or those of the duties of the test's school.
fn reads(role: Role, part: Part, surname: &str) -> bool {
    let (access, scope) = line(role, part);
    let own: &[&str] = match (role, scope) {
        (Role::Tutor, "tutor_group") => &["Ash", "Birch", "Cedar"],
        (Role::Teacher, "classes") => &["Ash", "Birch", "Dogwood"],
        (Role::HeadOfHouseOrYear, "year_group") => {
            &["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir"]
        }
        _ => &[],
    };
    part == Nobody
        || reads_all(role, part)
        || (matches!(access, "read" | "write") && own.contains(&surname))
}

/// The columns of every timetable.
const LESSONS: &str = "Day|Weekday|Week|Period|Starts|Ends|Session|Class|Subject|Room|Teacher";

/// The columns of plans and of what drifts from them; the words of a suspension are told apart, see `secrets`.
const PLANS: &str = "Plan|Code|From|To|Falls due|Sessions|Where|Reason|Decided by|Day|Session|Mark|Planned|What is off";

/// What stands in the cells of each column, and so who may have it: list, part of the record, headings.
const COLUMNS: &[(&str, Part, &str)] = &[
    (
        "/pupils",
        Core,
        "Surname, forename|Tutor group|Year|House|Admission number|UPN|Date of birth|On roll since|Last day",
    ),
    // Each flag by itself, see `flag`.
    ("/pupils", Nobody, "Flags"),
    ("/groups", Nobody, "Kind|Group|Subject|Staff|Pupils"),
    (
        "/groups/{group}",
        Core,
        "Surname, forename|Tutor group|In the group",
    ),
    (
        "/admission-register",
        Core,
        "Entry|Legal surname|Legal forename|Middle names|Surname used|Forename used|Sex|Date of birth|Starting day\
         |Agreed with|Registration|Last school|Address of the last school|Other or next school|Boarder|Last day on roll\
         |Ground for deletion|UPN|Admission number|Entered on|Amendments|Return due by",
    ),
    ("/admission-register", Contacts, "Address|Parents|Missing"),
    (
        "/registers",
        Nobody,
        "Group|Room|Staff|Day|Session|State|Blank|Pupils|Minutes overdue",
    ),
    (
        "/changes",
        Core,
        "Number|When|Of what|Before|After|Who|Job title then|Reason",
    ),
    ("/lists/{name}", Core, "Pupil|Year|Tutor group"),
    (
        "/lists/{name}",
        Marks,
        "Attendance (%)|Of (sessions)|Authorised (sessions)|Unauthorised (sessions)|Late (sessions)|Spells (of absence)\
         |Last 4 weeks (%)|Severe|On roll|Register|Day|Session|Blank (marks)|AM (marks)|PM (marks)|First|Last\
         |Countable (sessions)|G|O|U|N (provisional)|Threshold|Reason by|Standing",
    ),
    ("/why", Core, "Pupil"),
    (
        "/why",
        Marks,
        "Attendance (%)|Attended (sessions)|Of (sessions)|Authorised (sessions)|Unauthorised (sessions)|Late (sessions)\
         |No mark (sessions)|Over the whole period|Day|Session|Code|Meaning|Counts as",
    ),
    (
        "/figures",
        Nobody,
        "Section|Group|Attendance (%)|Of (sessions)|Pupils|Late (sessions)|Persistent (pupils)|Persistent (%)\
         |Severe (pupils)|Severe (%)",
    ),
    ("/staff", Nobody, "Name|Code|Job title|Groups|Work e-mail"),
    (
        "/people",
        Nobody,
        "Name|Job title|Roles today|Sign-in name|Account|Last used",
    ),
    ("/webhooks", Nobody, "Address|For|Told of|State"),
    (
        "/webhooks/{webhook}",
        Nobody,
        "Delivery|Event|Recorded|Tries|Last try|Outcome",
    ),
    (
        "/api-clients",
        Nobody,
        "Client|Role|May|Last day|Last asked|State",
    ),
    (
        "/journal",
        Nobody,
        "Number|When|Who|Job title|Act|Subject|Notes",
    ),
    (
        "/inspections",
        Nobody,
        "Name|Body|From|To|State|Looks|Reason",
    ),
    (
        "/journal/lists",
        Nobody,
        "Number|When|Who|Job title|List|File|Pupils|Why",
    ),
    (
        "/imports/take-out/{list}",
        Core,
        "UPN|Admission Number|Former UPN|ULN|Legal Surname|Legal Forename|Middle Names|Preferred Surname\
         |Preferred Forename|Former Surname|Sex|Date of Birth|Year Group|Registration Group|House|Date of Admission\
         |Date of Leaving|Previous School|Previous School Address|Boarder|Enrolment Status|Name",
    ),
    (
        "/imports/take-out/{list}",
        Flags,
        "Ethnicity|First Language|FSM Eligible|FSM Ever 6|Pupil Premium|EAL|Service Child|Young Carer",
    ),
    ("/imports/take-out/{list}", Sen, "SEN Status"),
    ("/imports/take-out/{list}", Care, "In Care"),
    (
        "/imports/take-out/{list}",
        Contacts,
        "Address Line 1|Address Line 2|Address Line 3|Town|County|Postcode|Pupil Telephone\
         |Pupil Email|Contact ID|Contact Priority|Title|Contact Forename|Contact Surname|Relationship\
         |Parental Responsibility|Lives with Pupil|May Collect|Court Order|Court Order Details|Home Telephone|Mobile\
         |Work Telephone|Contact Telephone|Email|Home Language|Interpreter|Correspondence|Do Not Contact|Contact Notes",
    ),
    (
        "/imports/take-out/{list}",
        Marks,
        "Date|Session|Mark|Minutes late|Sub-code|Comment",
    ),
    (
        "/imports/take-out/{list}",
        Nobody,
        "Class|Subject|Teacher Code|Room|Week|Day|Period|Start|End|Effective From|Effective To",
    ),
    ("/cover", Nobody, "Group|Covering|Instead of|Days"),
    ("/late-marks", Core, "Pupil"),
    (
        "/late-marks",
        Marks,
        "Register|Day|Session or period|Typed|Minutes late|Note|Typed by|Typed at|Came at|Device's clock",
    ),
    (
        "/sealed-copies",
        Nobody,
        "Month|Standing|Copy|Made|By|Holds|Journal|Hash|File|SHA-256|Size",
    ),
    (
        "/sealed-copies/{copy}/{file}",
        Core,
        "Entry|Legal surname|Legal forename|Middle names|Surname used|Forename used|Sex|Date of birth|Starting day\
         |Agreed with|Registration|Last school|Address of the last school|Other or next school|Boarder|Last day on roll\
         |Ground for deletion|UPN|Admission number|Entered on|Amendments|Tutor group|Pupil|Amended|By|Job title|Date|Session\
         |Recorded|Act",
    ),
    (
        "/sealed-copies/{copy}/{file}",
        Contacts,
        "Address|Parents|What|Before|After|Reason",
    ),
    (
        "/sealed-copies/{copy}/{file}",
        Marks,
        "Minutes late|Sub-code|Note",
    ),
    (
        "/timetable/periods",
        Nobody,
        "Period|Starts|Ends|Session|Holds",
    ),
    (
        "/many-marks",
        Nobody,
        "When|What|Whom|Days|Marks|Pupils|Reason|By|Since",
    ),
    ("/door/log", Core, "Pupil|Tutor group"),
    (
        "/door/log",
        Marks,
        "Session|Arrived|Late (min)|By the clock|Reason|Came with|In the register|Signed in by",
    ),
    ("/missing", Core, "Pupil|Tutor group"),
    (
        "/missing",
        Marks,
        "Missing from|Since|Last seen|Steps|Ended",
    ),
    ("/punctuality", Core, "Pupil|Tutor group"),
    ("/punctuality", Flags, "Look first"),
    (
        "/punctuality",
        Marks,
        "Counted (in the window)|Late (this half-term)|Due|Done last|Target",
    ),
    ("/site", Core, "Name|Who"),
    ("/site", Marks, "Where"),
    ("/site/log", Core, "Name|Who"),
    (
        "/site/log",
        Marks,
        "At|Way|With|Reason|Expected back|By|Taken back",
    ),
    (
        "/fire/drills",
        Nobody,
        "Day|Began|Kind|To be found (people)|Found (people)|All found after|Ended|Begun by|Note",
    ),
    ("/left-site", Core, "Pupil|Tutor group"),
    ("/left-site", Marks, "Day|Left at|Way out|Steps|Next"),
    ("/sweeps", Core, "Pupil|Tutor group"),
    // Whoever reads marks and the log of contacts sees whom a sweep met.
    (
        "/sweeps",
        Marks,
        "Day|Met at|Place|Officer|Account given|Mark then|Taken to|Parent told|Area|Written down by",
    ),
    (
        "/fire/copies",
        Nobody,
        "Made|Occasion|To be found (people)|Journal number|Asked for by",
    ),
    ("/door/mismatch", Core, "Pupil|Tutor group"),
    ("/door/mismatch", Marks, "Session|Desk|Register|In words"),
    ("/morning", Core, "Pupil|Tutor group"),
    // Whoever reads marks and the log of contacts sees the row; what social care knows is told apart within it.
    (
        "/morning",
        Marks,
        "Tier|Why|On the list for|Standing|Last tried|Next step|Due|Face to face",
    ),
    ("/evidence/requests", Core, "Pupil|Tutor group"),
    (
        "/evidence/requests",
        Evidence,
        "Ground|Decided by|Days|Review|Came in",
    ),
    ("/legal-targets", Core, "Pupil|Tutor group"),
    ("/legal-targets", Casework, "Legal target|At the authority"),
    ("/legal-targets", Marks, "Morning|Afternoon"),
    ("/ten-day-watch", Core, "Pupil|Tutor group"),
    (
        "/ten-day-watch",
        Marks,
        "Sessions|First|Last|Codes|Without a mark|Point|Reached|To do|Note",
    ),
    ("/morning/face-to-face", Core, "Pupil|Tutor group"),
    ("/morning/face-to-face", Marks, "Tier|Why|Absent|Seen|Due"),
    ("/absence-line", Core, "Pupil|Tutor group"),
    // Whoever reads marks and the log of contacts sees what was told.
    (
        "/absence-line",
        Marks,
        "Told|Said|For|Code|Why|Register|State|Held back because",
    ),
    // What a program wrote, or nobody can read, is about no pupil of whom anything is known.
    (
        "/absence-line/mailbox",
        Nobody,
        "Came|From|Subject|What it is",
    ),
    ("/visits", Core, "Pupil|Tutor group"),
    ("/visits", Nobody, "Number"),
    (
        "/visits",
        Visits,
        "Purpose|Authorised by|Staff|Standing|Found",
    ),
    ("/visits/log", Core, "Pupil|Tutor group"),
    (
        "/visits/log",
        Visits,
        "Day|Purpose|Staff|Left|Back|Standing|Found|Next step",
    ),
    ("/visits/collections", Core, "Pupil|Tutor group"),
    (
        "/visits/collections",
        Visits,
        "Day|Asked for by|Authorised by|Staff|Driver|Car|Second adult|Consent|Set off|Arrived|Standing|Way home",
    ),
    ("/morning/handover", Core, "Pupil|Tutor group"),
    (
        "/morning/handover",
        Marks,
        "Tier|Why|Day|On the list for|Tried so far|Last tried|Goes on with it|Due today|Note",
    ),
    ("/clinics", Nobody, "Clinic|Room|Held by|Taken|Reviews due"),
    ("/clinics/{clinic}", Core, "Pupil|Tutor group"),
    (
        "/clinics/{clinic}",
        Marks,
        "Time|With|About|Standing|Promise|By the register|Review",
    ),
    ("/early-calls", Core, "Pupil|Tutor group"),
    ("/early-calls", Marks, "Why|Call|Mark"),
    ("/early-calls/list", Core, "Pupil|Tutor group"),
    ("/early-calls/list", Marks, "Ground|Days|Note"),
    ("/early-calls/promises", Core, "Pupil|Tutor group"),
    (
        "/early-calls/promises",
        Marks,
        "Promised for|By the register|Made|Said|Review",
    ),
    ("/morning/evening", Core, "Pupil|Tutor group"),
    ("/morning/evening", Marks, "On the list for|Decision"),
    (
        "/preservation",
        Nobody,
        "Erasure|State|Entries made up to|Entries|Pupils|Asked for by|Approved by",
    ),
    ("/sub-codes", Core, "Pupil|Tutor group"),
    (
        "/sub-codes",
        Marks,
        "Code|Sub-code|Marks (sessions)|Pupils|Day|Session|Note",
    ),
    ("/unexplained", Core, "Pupil|Tutor group"),
    (
        "/unexplained",
        Marks,
        "Day|Session|Age (school days)|Reason by|Standing",
    ),
    ("/unexplained/week", Core, "Pupil|Year|Tutor group"),
    (
        "/unexplained/week",
        Marks,
        "N this week (sessions)|N from before (sessions)|Reason by|Left (school days)|N or O in 4 weeks (sessions)|In 12 weeks (sessions)|On which days, 12 weeks",
    ),
    ("/many-marks/{set}", Core, "Pupil"),
    ("/many-marks/{set}", Marks, "Day|Session|Before|Entered|Now"),
    ("/plans", Core, "Pupil|Year|Tutor group"),
    ("/plans", Marks, PLANS),
    ("/pupils/{pupil}/plans", Marks, PLANS),
    (
        "/pupils/{pupil}/evidence",
        Evidence,
        "File|Came|From|Size|About days until|Stands",
    ),
    ("/timetable/off", Nobody, "Days|Period|For|Instead"),
    (
        "/lessons",
        Nobody,
        "Period|Time|Class|Subject|Room|Staff|Register|Minutes overdue",
    ),
    ("/exams", Nobody, "Day|Examination|Time|Rooms|Candidates"),
    ("/exams/{exam}", Core, "Pupil|Tutor group"),
    ("/exams/{exam}", Nobody, "Room|Seat|Invigilator"),
    (
        "/exams/{exam}",
        Marks,
        "Mark|Minutes late|Risk of absence|Calls",
    ),
    ("/lessons/differ", Core, "Pupil|Tutor group"),
    (
        "/lessons/differ",
        Marks,
        "Session|Session mark|Lesson|Lesson mark|Note|In words|What to do",
    ),
    ("/lessons/of/{group}", Core, "Pupil"),
    ("/lessons/of/{group}", Marks, "AM|PM|P1|In words"),
    ("/timetable", Nobody, LESSONS),
    ("/timetable/groups/{group}", Nobody, LESSONS),
    ("/timetable/staff/{staff}", Nobody, LESSONS),
    ("/timetable/rooms/{room}", Nobody, LESSONS),
    ("/timetable/pupils/{pupil}", Core, LESSONS),
    // What the received file held is told apart by its words, see `RECEIVED`.
    (
        "/imports/{import}/report",
        Nobody,
        "file|sheet|line|record|column|value|severity|code|message|what_to_do",
    ),
    (
        "/imports/{import}/rows-to-correct",
        Nobody,
        "Adno|Legal Surname|Legal Forename|DOB|In Care|SEN Status|Ethnicity|What to correct",
    ),
];

/// The part of the record that a column belongs to; none for one of which nobody has said it.
fn column(list: &str, heading: &str) -> Option<Part> {
    let has_sessions = ["/imports/take-out/{list}", "/sealed-copies/{copy}/{file}"];
    if has_sessions.contains(&list) && (heading.ends_with(" AM") || heading.ends_with(" PM")) {
        return Some(Marks);
    }
    let mut columns = COLUMNS.iter().filter(|(own, ..)| *own == list);
    let found = columns.find(|(_, _, headings)| headings.split('|').any(|own| own == heading));
    found.map(|(_, part, _)| *part)
}

/// The part of the record that a flag beside a name tells of.
fn flag(text: &str) -> Part {
    match text {
        "CP" | "CIN" | "Looked after" | "SW" | "Prev. looked after" => Care,
        "SEN K" | "SEN E" => Sen,
        "FSM" | "PP" | "Young carer" | "Service" | "EAL" | "Ask gently" => Flags,
        _ => panic!("say which part of the record the flag {text} belongs to"),
    }
}

/// A sitting for which every pupil of the test's school is seated.
const EXAM_OF_ALL: i64 = 990_001;

/// A list as it is asked for.
struct Asked {
    address: String,
    /// Parts of the record that its rows themselves tell: that somebody is on the list at all.
    tells: Vec<Part>,
    /// The pupil whom it is about, where no row names one.
    about: Option<&'static str>,
}

fn asked(address: impl Into<String>, tells: &[Part]) -> Asked {
    Asked {
        address: address.into(),
        tells: tells.to_vec(),
        about: None,
    }
}

/// The lists that the small school has nothing for: no room, change of many marks, letter, inspector, webhook, erasure, and no typesetter.
const NOT_HERE: [&str; 9] = [
    "/clinics/{clinic}",
    "/inspections/{inspection}",
    "/many-marks/{set}",
    "/messages/letters",
    "/messages/letters/{message}",
    "/preservation/{erasure}",
    "/pupils/{pupil}/extract",
    "/timetable/rooms/{room}",
    "/webhooks/{webhook}",
];

/// Every way in which this test asks for a list.
fn ways(school: &School, list: &str, import: &str) -> Vec<Asked> {
    let traits = [
        ("fsm-yes", Flags),
        ("looked_after-yes", Care),
        ("looked_after-no", Care),
        ("child_protection-yes", Care),
        ("sen-E", Sen),
    ];
    let all = |tails: &[&str], tells: &[Part]| -> Vec<Asked> {
        let addresses = tails.iter().map(|tail| format!("{list}{tail}"));
        addresses.map(|address| asked(address, tells)).collect()
    };
    match list {
        "/pupils" => {
            let kinds = [
                ("fsm", Flags),
                ("looked_after", Care),
                ("social_worker", Care),
                ("sen", Sen),
            ];
            let having = kinds.map(|(kind, part)| asked(format!("/pupils?has={kind}"), &[part]));
            let plain = all(&["", "?q=fir&sort=-number"], &[Core]);
            plain.into_iter().chain(having).collect()
        }
        "/groups/{group}" => ["9A", "9A/Ma1", "Year 10"]
            .map(|name| asked(format!("/groups/{}", school.groups[name]), &[Core]))
            .into(),
        "/admission-register" => all(&["", "?show=gaps", "?show=returns"], &[Core, Contacts]),
        "/registers" => all(&["?show=all&session=both"], &[]),
        "/inspections" => all(&[""], &[]),
        // The school of this test has no webhook.
        "/webhooks/{webhook}" => vec![asked("/webhooks/1", &[])],
        // The school of this test has had no inspector.
        "/inspections/{inspection}" => vec![asked("/inspections/1", &[])],
        "/changes" => vec![Asked {
            about: Some("Fir"),
            ..asked(
                format!("/changes?page=/pupils/{}&from=0", school.pupils["Fir"].0),
                &[Core],
            )
        }],
        "/lists/{name}" => {
            let names = [
                "persistent?roll=all",
                "severe",
                "at-risk",
                "unexplained",
                "penalty-window",
                "missing-marks",
                "missing-marks?by=pupil",
            ];
            let plain = names.map(|name| asked(format!("/lists/{name}"), &[Marks]));
            let having = traits.map(|(answer, part)| {
                let address = format!("/lists/missing-marks?by=pupil&having={answer}");
                asked(address, &[Marks, part])
            });
            plain.into_iter().chain(having).collect()
        }
        "/why" => {
            let groups = ["9A", "Year 9"]
                .map(|name| asked(format!("/why?who=group-{}", school.groups[name]), &[Marks]));
            let having =
                traits.map(|(answer, part)| asked(format!("/why?who={answer}"), &[Marks, part]));
            let single = ["Ash", "Fir"].map(|surname| Asked {
                about: Some(surname),
                ..asked(
                    format!("/why?who=pupil-{}", school.pupils[surname].0),
                    &[Marks],
                )
            });
            let school = all(&["?who=school"], &[Marks]);
            school
                .into_iter()
                .chain(groups)
                .chain(having)
                .chain(single)
                .collect()
        }
        "/sealed-copies" => all(&[""], &[]),
        // A copy is a file that was made; the marks of the test are in that of November.
        "/sealed-copies/{copy}/{file}" => [
            ("admission-register.csv", Contacts),
            ("admission-register-amendments.csv", Contacts),
            ("attendance-register.csv", Marks),
            ("attendance-register-amendments.csv", Marks),
        ]
        .map(|(name, part)| {
            asked(
                format!("/sealed-copies/{}/{name}", copy(school)),
                &[Core, part],
            )
        })
        .into(),
        // A document: what it says is told in tests/sealed.rs.
        "/pupils/{pupil}/extract" => vec![Asked {
            about: Some("Fir"),
            ..asked(
                format!("/pupils/{}/extract", school.pupils["Fir"].0),
                &[Core, Marks],
            )
        }],
        "/figures" => all(&["", "?show=classes", "?show=characteristics"], &[]),
        "/groups" | "/staff" | "/people" | "/api-clients" | "/webhooks" | "/journal"
        | "/journal/lists" | "/cover" => all(&[""], &[]),
        "/morning"
        | "/morning/face-to-face"
        | "/morning/handover"
        | "/early-calls"
        | "/early-calls/list"
        | "/early-calls/promises"
        | "/absence-line" => all(&[""], &[Marks]),
        "/ten-day-watch" => all(&[""], &[Marks]),
        // No evidence is asked for in this school.
        "/evidence/requests" => all(&[""], &[]),
        // No legal target is entered in this school.
        "/legal-targets" => all(&["", "?day=2026-11-20"], &[]),
        "/visits" => all(&["", "?day=2026-11-24"], &[Visits]),
        "/visits/log" | "/visits/collections" => all(&["", "?from=2026-11-01"], &[Visits]),
        "/morning/evening" => all(&["", "?day=2026-11-20"], &[Marks]),
        "/unexplained" => all(&["", "?show=overdue"], &[Marks]),
        "/unexplained/week" => all(&[""], &[Marks]),
        "/sub-codes" => all(&["", "?by=mark"], &[Marks]),
        "/many-marks" | "/preservation" => all(&[""], &[]),
        "/clinics" => all(&[""], &[]),
        // No clinic was set in this school.
        "/clinics/{clinic}" => vec![asked("/clinics/1", &[])],
        // Nothing was erased in this school.
        "/preservation/{erasure}" => vec![asked("/preservation/1", &[])],
        // No mark was changed with others in this school.
        "/many-marks/{set}" => vec![asked("/many-marks/1", &[])],
        // No letter waits at this school, and none was posted.
        "/messages/letters" => all(&[""], &[]),
        "/messages/letters/{message}" => vec![asked("/messages/letters/1", &[])],
        // No mail came to this school.
        "/absence-line/mailbox" => all(&[""], &[]),
        "/fire/drills" | "/fire/copies" => all(&[""], &[]),
        "/punctuality" => all(&["?show=all", "?show=targets"], &[Marks]),
        "/late-marks" | "/door/log" | "/door/mismatch" | "/site" | "/site/log" | "/missing"
        | "/left-site" | "/sweeps" => all(&[""], &[Marks]),
        "/plans" => all(&["", "?show=due", "?show=drift"], &[Marks]),
        "/pupils/{pupil}/plans" => vec![Asked {
            about: Some("Fir"),
            ..asked(
                format!("/pupils/{}/plans", school.pupils["Fir"].0),
                &[Marks],
            )
        }],
        "/pupils/{pupil}/evidence" => vec![Asked {
            about: Some("Fir"),
            ..asked(
                format!("/pupils/{}/evidence", school.pupils["Fir"].0),
                &[Evidence],
            )
        }],
        "/timetable" | "/timetable/periods" | "/timetable/off" | "/lessons" | "/exams" => {
            all(&[""], &[])
        }
        // Who may see every register, and whoever invigilates: nobody does in this test.
        "/exams/{exam}" => vec![asked(format!("/exams/{EXAM_OF_ALL}"), &[Marks])],
        "/lessons/differ" => all(&["?day=2026-11-20"], &[Marks]),
        "/lessons/of/{group}" => ["9A", "9A/Ma1", "Year 10"]
            .map(|name| {
                let address = format!("/lessons/of/{}?day=2026-11-20", school.groups[name]);
                asked(address, &[Marks])
            })
            .into(),
        "/timetable/groups/{group}" => {
            vec![asked(
                format!("/timetable/groups/{}", school.groups["9A"]),
                &[],
            )]
        }
        "/timetable/staff/{staff}" => {
            let staff = school.person(Role::Teacher).staff;
            vec![asked(format!("/timetable/staff/{staff}"), &[])]
        }
        // The school of this test has no rooms.
        "/timetable/rooms/{room}" => vec![asked("/timetable/rooms/1", &[])],
        "/timetable/pupils/{pupil}" => vec![Asked {
            about: Some("Fir"),
            ..asked(
                format!("/timetable/pupils/{}", school.pupils["Fir"].0),
                &[Core],
            )
        }],
        "/imports/take-out/{list}" => [
            ("pupils", Core),
            ("contacts", Contacts),
            ("marks", Marks),
            ("marks-wide", Marks),
            ("timetable", Core),
        ]
        .map(|(name, part)| asked(format!("/imports/take-out/{name}"), &[Core, part]))
        .into(),
        "/imports/{import}/report" => vec![asked(format!("{import}/report"), &[])],
        "/imports/{import}/rows-to-correct" => {
            vec![asked(format!("{import}/rows-to-correct"), &[])]
        }
        other => panic!("say how the list {other} is asked for and what it tells"),
    }
}

/// The number of the sealed copy of the test.
fn copy(school: &School) -> i64 {
    let id = school.id;
    let newest = school.office.store.read_now(move |tx| {
        let sql = "select coalesce(max(copy_id), 0) from sealed_copy where school_id = $1";
        tx.query_one(sql, &args![id], |row| row.get::<i64>(0))
    });
    newest.expect("the copies")
}

/// Cells of a file; a cell in quotes may hold commas, quotes and new lines.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.trim_start_matches('\u{FEFF}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push(letters.next().expect("a quote"))
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

/// The pupils whom a row names.
fn named<'s>(school: &'s School, row: &[String]) -> Vec<&'s str> {
    let is_named = |surname: &&&str| {
        row.iter().any(|cell| {
            cell == **surname
                || *cell == format!("NR-{surname}")
                || cell.contains(&format!("{surname}, Pat"))
        })
    };
    school.pupils.keys().filter(is_named).copied().collect()
}

/// Texts that stand nowhere but in one part of one pupil's record.
fn secrets(school: &School) -> Vec<(String, Part, &str)> {
    let of = |surname: &&'static str| {
        [
            ("Kontakt", Contacts),
            ("Heimweg", Contacts),
            ("Elternweg", Contacts),
            ("Urteil", Contacts),
            ("Sprache", Flags),
            ("Notiz", Marks),
            ("Zahn", Marks),
            ("Urlaub", Marks),
            ("Ausschluss", Suspensions),
            ("Besuch", Visits),
            ("Fundort", Visits),
            ("Rezept", Evidence),
        ]
        .map(|(word, part)| (format!("{word}-{surname}"), part, *surname))
    };
    school.pupils.keys().flat_map(of).collect()
}

/// Puts something into every part of every pupil's record.
fn fill(school: &School) {
    let account = school.person(Role::AttendanceManager).account.0;
    let pupils = school.pupils.clone();
    let group = school.groups["9A/Ma1"];
    let filled = school
        .office
        .store
        .act_now(school.id, move |act: &mut Act| {
            let (since, open, nothing) = (day("2026-09-03"), None::<calendar::Day>, None::<&str>);
            let act_at = act.at();
            let period = act.new_id();
            let times = args![period, since, open, "P1", 0, "09:10", "10:10"];
            act.record(&LESSON_PERIOD, &times)?;
            let hall = act.new_id();
            act.record(&ROOM, &args![hall, "Hall"])?;
            let sitting = args![EXAM_OF_ALL, day("2026-11-20"), "Physics", "09:10", "10:10"];
            act.record(&EXAM, &sitting)?;
            act.record(&EXAM_ROOM, &args![EXAM_OF_ALL, hall, None::<i64>])?;
            for (surname, (pupil, enrolment)) in &pupils {
                let word = |word: &str| format!("{word}-{surname}");
                act.replace(
                    &PUPIL,
                    &args![
                        *pupil,
                        pupil.0,
                        nothing,
                        nothing,
                        nothing,
                        word("NR"),
                        *surname,
                        "Pat",
                        "",
                        *surname,
                        "Pat",
                        "F",
                        day("2012-10-05")
                    ],
                )?;
                for (kind, value) in [
                    ("looked_after", "yes".to_owned()),
                    ("child_protection", "yes".to_owned()),
                    ("child_in_need", "yes".to_owned()),
                    ("social_worker", "yes".to_owned()),
                    ("sen", "E".to_owned()),
                    ("fsm", "yes".to_owned()),
                    ("pupil_premium", "yes".to_owned()),
                    ("young_carer", "yes".to_owned()),
                    ("first_language", word("Sprache")),
                ] {
                    let id = act.new_id();
                    act.record(
                        &CHARACTERISTIC,
                        &args![id, *pupil, kind, value, since, open],
                    )?;
                }
                let file = act.new_id();
                act.record(
                    &EVIDENCE_FILE,
                    &args![
                        file,
                        *pupil,
                        None::<i64>,
                        "pdf",
                        1_000_i64,
                        "00",
                        "office",
                        account,
                        word("Rezept"),
                        since,
                        act_at,
                        nothing
                    ],
                )?;
                let contact = act.new_id();
                act.record(
                    &CONTACT,
                    &args![contact, "", "Una", word("Kontakt"), nothing, false, false],
                )?;
                act.record(
                    &PUPIL_CONTACT,
                    &args![
                        *pupil,
                        contact,
                        1_i64,
                        "mother",
                        true,
                        true,
                        true,
                        true,
                        word("Urteil"),
                        true,
                        false
                    ],
                )?;
                let route = act.new_id();
                act.record(
                    &CONTACT_ROUTE,
                    &args![route, contact, "mobile", "07700 900123", "+447700900123"],
                )?;
                for (party, who, street) in [
                    ("pupil", pupil.0, "Heimweg"),
                    ("contact", contact, "Elternweg"),
                ] {
                    let (address, residence) = (act.new_id(), act.new_id());
                    act.record(
                        &ADDRESS,
                        &args![
                            address,
                            word(street),
                            "",
                            "Sampleton",
                            "",
                            "ZZ1 1ZZ",
                            nothing
                        ],
                    )?;
                    act.record(
                        &RESIDENCE,
                        &args![residence, party, who, address, since, open],
                    )?;
                }
                for (kind, code, word_of) in
                    [("leave", "C", "Urlaub"), ("suspension", "E", "Ausschluss")]
                {
                    let id = act.new_id();
                    act.record(
                        &PLAN,
                        &args![
                            id,
                            id,
                            *enrolment,
                            kind,
                            code,
                            day("2026-11-25"),
                            day("2026-11-27"),
                            "Wed-AM Wed-PM",
                            word(word_of),
                            word(word_of),
                            nothing,
                            nothing,
                            Some(day("2026-11-20")),
                            word(word_of),
                            open,
                            nothing,
                            open,
                            nothing
                        ],
                    )?;
                }
                let visit = act.new_id();
                act.record(
                    &HOME_VISIT,
                    &args![
                        visit,
                        *enrolment,
                        day("2026-11-24"),
                        visit,
                        "support",
                        word("Besuch"),
                        false,
                        account,
                        act_at,
                        account,
                        None::<i64>,
                        None::<i64>,
                        nothing,
                        None::<i64>,
                        nothing,
                        nothing,
                        act_at,
                        act_at,
                        act_at,
                        nothing
                    ],
                )?;
                act.record(
                    &VISIT_RECORD,
                    &args![
                        visit,
                        *enrolment,
                        "not_seen",
                        act_at,
                        None::<i64>,
                        nothing,
                        None::<bool>,
                        word("Fundort"),
                        word("Fundort"),
                        nothing,
                        None::<calendar::Instant>,
                        word("Fundort"),
                        false,
                        account
                    ],
                )?;
                act.record(
                    &EXAM_SEAT,
                    &args![EXAM_OF_ALL, *enrolment, hall, enrolment.0],
                )?;
                act.record(
                    &EXAM_MARK,
                    &args![
                        EXAM_OF_ALL,
                        *enrolment,
                        hall,
                        "L",
                        7,
                        None::<&str>,
                        None::<&str>,
                        "register",
                        None::<calendar::Instant>
                    ],
                )?;
                // Seen in a lesson of a day on which the register has them absent.
                act.record(
                    &LESSON_MARK,
                    &args![
                        *enrolment,
                        day("2026-11-20"),
                        period,
                        group,
                        "/",
                        None::<i64>,
                        word("Notiz"),
                        nothing,
                        "test",
                        None::<calendar::Instant>
                    ],
                )?;
                for (on, code) in [
                    ("2026-11-23", "N"),
                    ("2026-11-20", "G"),
                    ("2026-11-19", "/"),
                ] {
                    for session in Session::BOTH {
                        act.record(
                            &MARK_VERSION,
                            &args![
                                *enrolment,
                                day(on),
                                session.index() as i64,
                                code,
                                None::<i64>,
                                None::<calendar::Instant>,
                                word("Notiz"),
                                nothing,
                                "test",
                                None::<calendar::Instant>,
                                word("Zahn")
                            ],
                        )?;
                    }
                }
            }
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "fill records",
                subject: "all pupils".to_owned(),
            });
            Ok::<_, StoreError>(())
        });
    filled.expect("records of a test");
}

/// A file that the headteacher sent in; its one row is refused, so its values stand in the report and among the rows to correct.
fn received(school: &School) -> String {
    let file = "Adno,Legal Surname,Legal Forename,DOB,In Care,SEN Status,Ethnicity\r\n\
        000901,Neu,Una,31/02/2014,Pflegewort,Foerderwort,Herkunftwort\r\n";
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"new.csv\"\r\n\r\n{file}\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"sensitive\"\r\n\r\nyes\r\n--edge--\r\n"
    );
    let request = school
        .request(Some(Role::Headteacher), Method::POST, "/imports")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(body));
    let sent = school.ask(request.expect("a request"));
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let import = sent.location().to_owned();
    for _ in 0..600 {
        let page = school.get(Role::Headteacher, &import);
        if !page.text().contains("data-progress") {
            assert!(page.text().contains("rejected"), "{}", page.text());
            return import;
        }
        school.wait(async { tokio::time::sleep(Duration::from_millis(20)).await });
    }
    panic!("the file is not read");
}

/// Words of the received file, of somebody who is no pupil here: for those who read such a part of everybody's record.
const RECEIVED: [(&str, Part); 3] = [
    ("Pflegewort", Care),
    ("Foerderwort", Sen),
    ("Herkunftwort", Flags),
];

#[test]
fn no_role_takes_away_in_any_list_what_the_matrix_does_not_give_it() {
    each_school(|school| {
        fill(school);
        let import = received(school);
        let month = "2026-11".parse().expect("a month");
        let maker = by_itself(school.id);
        seal(&school.office, &maker, month, Wish::Another, &mut |_| {}).expect("a sealed copy");
        // A reason is told to those who read the journal of the school.
        let reason = [
            ("list", "/pupils"),
            ("format", "csv"),
            ("reason", "Grundwort"),
        ];
        school.post(Role::Headteacher, "/take-away", &reason);

        let secrets = secrets(school);
        let mut seen: BTreeMap<&str, BTreeSet<Part>> = BTreeMap::new();
        let mut faults: Vec<String> = Vec::new();
        for list in office::take_away::lists() {
            let ways = ways(school, list.address, &import);
            for role in Role::ALL.iter().copied() {
                for way in &ways {
                    let file = school.take(role, &way.address, "csv");
                    if file.status != StatusCode::OK {
                        assert!(
                            file.status.is_client_error(),
                            "{role:?} {}: {}",
                            way.address,
                            file.status
                        );
                        continue;
                    }
                    let held = seen.entry(list.address).or_default();
                    held.insert(Nobody);
                    let mut fault =
                        |what: String| faults.push(format!("{role:?} {}: {what}", way.address));
                    for (secret, part, surname) in &secrets {
                        if file.text().contains(secret.as_str()) {
                            held.insert(*part);
                            if !reads(role, *part, surname) {
                                fault(format!("holds {secret}"));
                            }
                        }
                    }
                    for (word, part) in RECEIVED {
                        if file.text().contains(word) {
                            held.insert(part);
                            if !reads_all(role, part) {
                                fault(format!("holds {word}"));
                            }
                        }
                    }
                    if file.text().contains("Grundwort") {
                        held.insert(Audit);
                        if !reads_all(role, Audit) {
                            fault("tells a reason".to_owned());
                        }
                    }
                    let rows = cells(file.text());
                    let (headings, rows) = rows.split_first().expect("a row of headings");
                    let parts: Vec<Part> = headings
                        .iter()
                        .map(|heading| {
                            let part = column(list.address, heading);
                            if part.is_none() {
                                fault(format!("say to which part of the record {heading} belongs"));
                            }
                            part.unwrap_or(Nobody)
                        })
                        .collect();
                    for row in rows {
                        let mut pupils = named(school, row);
                        pupils.extend(way.about);
                        for ((heading, part), cell) in headings.iter().zip(&parts).zip(row) {
                            if cell.is_empty() {
                                continue;
                            }
                            for surname in &pupils {
                                held.insert(*part);
                                if !reads(role, *part, surname) {
                                    fault(format!("{surname}: {heading} is {cell}"));
                                }
                            }
                            if heading == "Flags" {
                                for one in cell.split(", ").map(flag) {
                                    held.insert(one);
                                    if !pupils.iter().all(|surname| reads(role, one, surname)) {
                                        fault(format!("{pupils:?}: {cell}"));
                                    }
                                }
                            }
                        }
                        for (part, surname) in way
                            .tells
                            .iter()
                            .flat_map(|part| pupils.iter().map(move |one| (*part, one)))
                        {
                            if !reads(role, part, surname) {
                                fault(format!("tells that {surname} is on the list"));
                            }
                        }
                        faults_of_figures(list.address, role, row, &mut fault);
                    }
                }
            }
        }
        assert!(
            faults.is_empty(),
            "{} faults:\n{}",
            faults.len(),
            faults[..faults.len().min(60)].join("\n")
        );
        let must_be_seen: [(&str, &[Part]); 13] = [
            ("/visits/log", &[Core, Visits]),
            ("/sealed-copies/{copy}/{file}", &[Core, Contacts, Marks]),
            ("/plans", &[Core, Marks, Suspensions]),
            ("/pupils", &[Core, Care, Sen, Flags]),
            ("/groups/{group}", &[Core]),
            ("/admission-register", &[Core, Contacts]),
            ("/lists/{name}", &[Core, Marks]),
            ("/why", &[Core, Marks]),
            (
                "/imports/take-out/{list}",
                &[Core, Contacts, Care, Sen, Flags, Marks],
            ),
            ("/imports/{import}/rows-to-correct", &[Care, Sen, Flags]),
            ("/journal/lists", &[Audit]),
            ("/figures", &[Nobody]),
            ("/registers", &[Nobody]),
        ];
        for (list, parts) in must_be_seen {
            for part in parts {
                assert!(
                    seen[list].contains(part),
                    "nobody saw {part:?} in {list}: the test looks at nothing"
                );
            }
        }
        let unseen: BTreeSet<&str> = (office::take_away::lists().into_iter())
            .map(|list| list.address)
            .filter(|address| !seen.contains_key(address))
            .collect();
        assert_eq!(
            unseen,
            BTreeSet::from(NOT_HERE),
            "every other list was taken away by somebody"
        );
    });
}

/// Figures by a characteristic are for those to whom the matrix gives at least numbers of it.
fn faults_of_figures(list: &str, role: Role, row: &[String], fault: &mut impl FnMut(String)) {
    if list != "/figures" {
        return;
    }
    let part = match row[0].as_str() {
        "Looked after"
        | "Previously looked after"
        | "Child protection plan"
        | "Child in need"
        | "Social worker"
        | "Has a social worker" => Care,
        "Special educational needs" => Sen,
        "Free school meals"
        | "Pupil premium"
        | "English as an additional language"
        | "Young carer"
        | "Service child" => Flags,
        "School" | "Year groups" | "Houses" | "Tutor groups" | "Classes" | "Sex" => Core,
        other => panic!("say which part of the record figures by {other} tell of"),
    };
    if matches!(line(role, part).0, "none" | "own")
        || matches!(line(role, Counts).0, "none" | "own")
    {
        fault(format!("figures by {}", row[0]));
    }
}

/// One pupil is within reach of somebody with a duty and another is not, or the test above could see no difference.
#[test]
fn the_school_of_this_test_tells_roles_apart() {
    assert!(reads(Role::Tutor, Contacts, "Ash") && !reads(Role::Tutor, Contacts, "Fir"));
    assert!(reads(Role::Teacher, Marks, "Dogwood") && !reads(Role::Teacher, Marks, "Cedar"));
    assert!(!reads(Role::AttendanceAdministrator, Care, "Ash"));
    assert!(!reads(Role::Governor, Core, "Ash") && !reads(Role::SystemAdministrator, Core, "Ash"));
}
