//! Pages that show every component, written into the temporary folder for looking at, and held to their weight.
//! All names in them are made up.

use std::path::PathBuf;

use askama::Template;
use calendar::{Day, Session, Slot};

use super::*;

/// Writes a page where a browser can be pointed at it, and returns it.
pub(super) fn write_sample(name: &str, page: &impl Template) -> String {
    let html = page.render().expect("samples render");
    let folder: PathBuf = std::env::temp_dir().join("rollbook-look");
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    std::fs::write(folder.join(format!("{name}.html")), &html)
        .expect("the temporary folder is writable");
    html
}

/// A frame for an attendance officer of a made-up school.
pub(super) fn sample_frame(title: &'static str, current: usize) -> Frame {
    let person = SignedIn {
        page_of: "17.1000".to_owned(),
        several_schools: false,
        name: "Olive Tester".into(),
        job_title: "Attendance Officer".into(),
    };
    let mut nav = vec![
        NavItem {
            key: Some('1'),
            ..NavItem::new("Today", "/")
        },
        NavItem {
            key: Some('2'),
            count: Some(3),
            ..NavItem::new("Registers", "/registers")
        },
        NavItem::new("Pupils", "/pupils"),
        NavItem::new("Lists", "/lists"),
        NavItem::new("Groups", "/groups"),
        NavItem::new("Imports", "/imports"),
        NavItem::new("Year", "/year"),
        NavItem::new("Staff", "/staff"),
    ];
    nav[current].current = true;
    Frame::signed_in(title, "Sample Green School", person, nav, day("2026-11-24")).at("/sample")
}

pub(super) fn day(text: &str) -> Day {
    text.parse().expect("samples write real days")
}

fn face_of(code: &str) -> Face {
    Face::of(
        code.parse()
            .ok()
            .and_then(|code| register::meaning(code, day("2026-11-24")).ok()),
    )
}

fn attendance(big: bool) -> Figure {
    Figure {
        name: "attendance".into(),
        value: Some("91.4%".into()),
        of: "of 142 sessions".into(),
        since: "3 Sep".into(),
        why: Some("/why".into()),
        big,
    }
}

/// A believable year: Mondays off, an illness, a few late arrivals.
fn sample_year(caption: &'static str, first: &str, last: &str, until: &str) -> YearGrid {
    let until = day(until);
    YearGrid::new(
        caption,
        day(first),
        day(last),
        Some("12/marks/".into()),
        |slot: Slot| {
            let holiday = [
                (299, 303),
                (355, 366),
                (1, 3),
                (47, 51),
                (96, 106),
                (151, 155),
            ];
            let year_start = Day::new(slot.day.year(), 1, 1).expect("a real day");
            let n = year_start.days_until(slot.day) + 1;
            if slot.day.weekday().is_weekend()
                || holiday.iter().any(|(a, b)| (*a..=*b).contains(&n))
            {
                return None;
            }
            let seed = (n * 7 + slot.session.index() as i32) * 31 % 97;
            let code = match seed {
                _ if slot.day > until => return Some(YearMark::to_come()),
                _ if (315..319).contains(&n) => "I",
                0..=3 => "L",
                4..=5 => "N",
                6 => "O",
                7..=8 if slot.session == Session::Am => "M",
                9 => "U",
                10 => "V",
                11 => "Y7",
                12 => return Some(YearMark::missing()),
                _ if slot.session == Session::Am => "/",
                _ => "\\",
            };
            Some(YearMark {
                planned: false,
                code: code.into(),
                face: face_of(code),
            })
        },
    )
}

#[derive(Template)]
#[template(path = "shell/samples/home.html")]
struct Home {
    frame: Frame,
    figure: Figure,
    columns: Columns,
    overdue: Flag,
    open: Flag,
}

#[derive(Template)]
#[template(path = "shell/samples/pupil.html")]
struct Pupil {
    frame: Frame,
    figure: Figure,
    flag: Flag,
    tabs: Tabs,
    this_year: YearGrid,
    last_year: YearGrid,
    legend: Legend,
    facts: Facts,
}

#[derive(Template)]
#[template(path = "shell/samples/list.html")]
struct List {
    frame: Frame,
    columns: Columns,
    rows: Vec<ListRow>,
    under: Under,
}

struct ListRow {
    name: String,
    group: &'static str,
    percent: &'static str,
    sessions: u32,
    missed: u32,
    unauthorised: u32,
    marks: Vec<MarkCell>,
    flag: Option<Flag>,
}

#[derive(Template)]
#[template(path = "shell/samples/import.html")]
struct Import {
    frame: Frame,
    progress: Progress,
    confirm: Confirm,
    nothing: State,
}

#[derive(Template)]
#[template(path = "shell/samples/form.html")]
struct FormPage {
    frame: Frame,
    errors: Errors,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "shell/samples/sign_in.html")]
struct SignIn {
    frame: Frame,
    errors: Errors,
    fields: Vec<Field>,
}

#[test]
fn the_first_page_of_an_officer_says_what_needs_them() {
    let html = write_sample(
        "home",
        &Home {
            frame: sample_frame("Today", 0)
                .with_notice(Some(Notice::undoable("Accepted 12 reports.", "/undo/31"))),
            figure: attendance(true),
            columns: Columns {
                columns: vec![
                    Column::text("Register"),
                    Column::text("Teacher"),
                    Column::text("Room"),
                    Column::number("Marked", ""),
                    Column::number("Pupils", ""),
                    Column::text("State"),
                ],
            },
            overdue: Flag::loud("overdue 9 min"),
            open: Flag::plain("open"),
        },
    );
    assert!(html.contains(
        r#"<b>91.4%</b> <span>of 142 sessions since 3 Sep</span> <a href="/why" data-drawer>why"#
    ));
}

#[test]
fn a_pupil_page_with_two_years_stays_light() {
    let html = write_sample(
        "pupil",
        &Pupil {
            frame: sample_frame("Pupil", 2),
            figure: attendance(true),
            flag: Flag::heed("at risk of persistent absence"),
            tabs: Tabs {
                name: "Pupil".into(),
                tabs: ["Marks", "Timeline", "Contacts", "Plans", "Amendments"]
                    .into_iter()
                    .enumerate()
                    .map(|(at, label)| Tab {
                        label: label.into(),
                        href: "#".into(),
                        current: at == 0,
                        count: (at == 4).then_some(3),
                    })
                    .collect(),
            },
            this_year: sample_year(
                "Sessions of 2026/27, weeks across",
                "2026-09-03",
                "2027-07-21",
                "2026-11-24",
            ),
            last_year: sample_year(
                "Sessions of 2025/26, weeks across",
                "2025-09-03",
                "2026-07-21",
                "2026-07-21",
            ),
            legend: Legend,
            facts: Facts {
                facts: vec![
                    ("Starting day".into(), "3 September 2023".into()),
                    ("Date of birth".into(), "14 March 2012".into()),
                    ("UPN".into(), "".into()),
                ],
            },
        },
    );
    assert!(html.len() < 120_000, "two years weigh {} bytes", html.len());
    assert!(html.contains(r#"aria-label="Thu 3 Sep AM"#));
    assert!(
        html.contains("<title>Pupil · Rollbook</title>"),
        "no name in a window title"
    );
}

#[test]
fn a_list_sorts_filters_exports_and_prints() {
    let now = [None, None, Some(Direction::Up), None, None, None];
    let headings = [
        ("Pupil", ""),
        ("Group", ""),
        ("Attendance", "%"),
        ("of", "sessions"),
        ("Missed", ""),
        ("Unauthorised", ""),
    ];
    let mut columns: Vec<Column> = headings
        .iter()
        .zip(now)
        .enumerate()
        .map(|(at, ((label, unit), now))| {
            let column = if at < 2 {
                Column::text(*label)
            } else {
                Column::number(*label, *unit)
            };
            column.sorted_by(format!("?sort={at}"), now)
        })
        .collect();
    columns.push(Column::text("Last ten"));
    columns.push(Column::text("Next step"));
    let codes = ["/", "\\", "N", "O", "L", "I", "/", "\\", "U", "Y7"];
    let rows = (0..50)
        .map(|at| ListRow {
            name: format!("Sample{at:02}, Pat"),
            group: "9Y",
            percent: "84.5",
            sessions: 142,
            missed: 22,
            unauthorised: at % 9,
            marks: (0..10)
                .map(|n| {
                    MarkCell::new(
                        codes[(at as usize * 3 + n * n) % 10],
                        face_of(codes[(at as usize * 3 + n * n) % 10]),
                        "",
                    )
                })
                .collect(),
            flag: (at % 7 == 0).then(|| Flag::loud("10 in ten weeks")),
        })
        .collect();
    let html = write_sample(
        "list",
        &List {
            frame: sample_frame("Persistently absent", 3),
            columns: Columns { columns },
            rows,
            under: Under {
                shown: "1 to 50 of 287 pupils".into(),
                previous: None,
                next: Some("?page=2".into()),
                exports: Exports::usual("/lists/pa?year=9"),
            },
        },
    );
    assert!(html.contains(r#"aria-sort="ascending""#));
    assert!(html.contains(r#"name="list" value="/lists/pa?year=9""#));
    assert!(html.contains(r#"href="/lists/pa?year=9&#38;print=yes""#));
    assert!(html.len() < 120_000);
}

#[test]
fn an_import_says_what_accepting_does_before_it_does_it() {
    let progress = Progress {
        heading: "Checking".into(),
        done: 1_240,
        whole: 1_502,
        sentence: "1,240 of 1,502 rows checked, 2 refused so far".into(),
        running: true,
        cancel: Some("/imports/7/cancel".into()),
    };
    let html = write_sample(
        "import",
        &Import {
            frame: sample_frame("Import", 5),
            progress,
            confirm: Confirm {
                heading: "Accept this import".into(),
                consequence: "Adds 11 pupils and changes 3. Leaves out 2 refused rows. It can be undone as a whole until tomorrow.".into(),
                action: "/imports/7/accept".into(),
                verb: "Accept 14 changes".into(),
                back: "/imports".into(),
                grave: false,
                carried: vec![("digest".into(), "ab12".into())],
                fields: vec![Field::line("reason", "Reason").hint("Kept with every amended entry.")],
            },
            nothing: State::empty("No earlier imports", "Bring in a file from your MIS to begin: pupils first, then marks.")
                .then("/imports/new", "Choose a file"),
        },
    );
    assert!(html.contains(r#"<progress value="1240" max="1502""#));
    assert!(html.contains(r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#));
}

#[test]
fn a_form_that_comes_back_says_everything_at_once() {
    let nobody: Option<&str> = None;
    let fields = vec![
        Field::line("surname", "Surname")
            .value("Sample")
            .error(nobody),
        Field::day("born", "Date of birth")
            .error(Some("Give the date of birth, such as 14/03/2012.")),
        Field::line("upn", "UPN")
            .hint("13 characters, a letter first.")
            .value("A12")
            .error(Some("A UPN has 13 characters; this has 3."))
            .optional(),
        Field::select(
            "group",
            "Tutor group",
            vec![Choice::new("", "Choose"), Choice::new("9Y", "9Y")],
        )
        .short(),
        Field::radios(
            "basis",
            "Why do they join today?",
            vec![
                Choice {
                    hint: "R-002".into(),
                    ..Choice::new("agreed", "The starting day was agreed")
                },
                Choice::new("attended", "They have attended"),
            ],
        )
        .value("agreed"),
        Field::new(FieldKind::Tick, "boarder", "Boarder").value("yes"),
        Field::new(FieldKind::Lines, "note", "Note").optional(),
        Field::new(FieldKind::File, "file", "Evidence").optional(),
    ];
    let html = write_sample(
        "form",
        &FormPage {
            frame: sample_frame("Add a pupil", 2),
            errors: Errors::of(&fields),
            fields,
        },
    );
    assert!(html.contains("2 things to put right"));
    assert!(html.contains(r##"<a href="#upn">A UPN has 13 characters; this has 3.</a>"##));
    assert!(html.contains(r#"aria-describedby="upn-hint upn-wrong""#));
}

#[test]
fn signing_in_shows_no_navigation_and_sends_no_password_back() {
    let fields = vec![
        Field {
            autocomplete: "username",
            ..Field::line("name", "User name")
        }
        .value("olive"),
        Field {
            autocomplete: "current-password",
            ..Field::new(FieldKind::Password, "password", "Password")
        }
        .value("secret"),
    ];
    let html = write_sample(
        "sign_in",
        &SignIn {
            frame: Frame::signed_out("Sign in", "Sample Green School"),
            errors: Errors::default(),
            fields,
        },
    );
    assert!(!html.contains("<nav") && !html.contains("secret") && html.contains("olive"));
}

#[test]
fn what_people_type_is_escaped_everywhere() {
    let nasty = "<script>alert(1)</script>\"'";
    let grid = YearGrid::new("c", day("2026-09-07"), day("2026-09-07"), None, |_| {
        Some(YearMark {
            planned: false,
            code: nasty.into(),
            face: Face::NoMark,
        })
    });
    let parts = [
        MarkCell::new(nasty, Face::NoMark, nasty).to_string(),
        Field::line(nasty, nasty)
            .value(nasty)
            .hint(nasty)
            .error(Some(nasty))
            .to_string(),
        Flag::loud(nasty).to_string(),
        State::empty(nasty, nasty).then(nasty, nasty).to_string(),
        grid.to_string(),
    ];
    for part in parts {
        assert!(!part.contains("<script") && !part.contains("\"'"), "{part}");
    }
}

/// Thirty made-up pupils, named after plants.
const PLANTS: [&str; 30] = [
    "Alder, Ann",
    "Aspen, Bo",
    "Beech, Cal",
    "Birch, Dee",
    "Cedar, Eli",
    "Elm, Fay",
    "Fern, Gus",
    "Hazel, Hal",
    "Heather, Ida",
    "Holly, Jo",
    "Ivy, Kit",
    "Juniper, Lee",
    "Larch, Mo",
    "Laurel, Nat",
    "Lime, Ora",
    "Maple, Pat",
    "Moss, Quin",
    "Oak, Ray",
    "Olive, Sam",
    "Pine, Tess",
    "Poplar, Una",
    "Reed, Vic",
    "Rowan, Win",
    "Sage, Xan",
    "Sedge, Yve",
    "Spruce, Zed",
    "Thorn, Abe",
    "Willow, Bea",
    "Yarrow, Col",
    "Yew, Dot",
];

fn choices(office: bool) -> Vec<CodeChoice> {
    let on = day("2026-11-24");
    register::code_rows()
        .iter()
        .filter(|row| row.covers(on) && row.code.as_str() != "\\")
        .map(|row| {
            let code = row.code.as_str();
            let refusal = match code {
                "Z" => Some("Only before the starting day (R-031)."),
                "#" => Some("Planned closures are set in the year, not for one pupil (R-031)."),
                "C" | "C1" | "C2" | "S" | "J1" if !office => {
                    Some("Needs a decision on file, which the office enters (R-030).")
                }
                "E" | "Q" | "Y5" if !office => {
                    Some("The office enters it from the record it rests on (R-029).")
                }
                _ => None,
            };
            let face = Face::of(Some(row));
            let tally = match (face, row.class) {
                (_, register::Class::ApprovedEducationalActivity) => TallyKind::Elsewhere,
                (Face::Attended, _) => TallyKind::Here,
                (Face::Late, _) => TallyKind::Late,
                (Face::NotPossible, _) => TallyKind::NotExpected,
                _ => TallyKind::Absent,
            };
            CodeChoice {
                code: code.to_owned().into(),
                face,
                meaning: row.meaning.clone().into(),
                help: "".into(),
                source: "reg 10".into(),
                needs_note: row.needs_note == register::NeedsNote::Required,
                late: matches!(code, "L" | "U"),
                tally,
                sub_codes: Vec::new(),
                refusal: refusal.map(Into::into),
            }
        })
        .collect()
}

fn sample_register(state: RegisterState, office: bool) -> RegisterPage {
    let today = day("2026-11-24");
    let at = |text: &str| calendar::Instant::at_london(today, text.parse().expect("a time"));
    let history = ["/", "\\", "/", "\\", "/"];
    let rows = PLANTS
        .iter()
        .enumerate()
        .map(|(index, name)| RegisterRow {
            number: index + 1,
            enrolment: 100 + index as i64,
            name: (*name).to_owned(),
            href: format!("/pupils/{index}").into(),
            last: history
                .iter()
                .enumerate()
                .map(|(back, code)| match (index * 5 + back * 3) % 23 {
                    0 => MarkCell::new("N", Face::NotYetExplained, ""),
                    1 => MarkCell::new("L", Face::Late, ""),
                    2 => MarkCell::new("I", Face::Authorised, ""),
                    3 if index > 20 => MarkCell::new("O", Face::Unauthorised, ""),
                    _ => MarkCell::new(*code, Face::Attended, ""),
                })
                .collect(),
            code: match (index, state) {
                (4, _) => "M".into(),
                (_, RegisterState::Open) => "".into(),
                (11 | 21, _) => "N".into(),
                (17, _) => "L".into(),
                _ => "/".into(),
            },
            code_face: match (index, state) {
                (4, _) => Face::Authorised,
                (11 | 21, _) => Face::NotYetExplained,
                (17, _) => Face::Late,
                _ => Face::Attended,
            },
            minutes: (index == 17 && state != RegisterState::Open).then_some(6),
            base: if state == RegisterState::Open { 0 } else { 40 },
            flags: match index {
                8 => vec![Flag::heed("see note")],
                23 => vec![Flag::plain("part-time timetable")],
                _ => Vec::new(),
            },
            planned_code: "".into(),
            planned_face: Face::NoMark,
            planned: if index == 4 {
                "M, dentist until 10:00".into()
            } else {
                "".into()
            },
            note: if index == 4 {
                "card seen".into()
            } else {
                "".into()
            },
            sub_code: "".into(),
            sibling: if index == 11 {
                "brother absent too".into()
            } else {
                "".into()
            },
        })
        .collect();
    RegisterPage {
        frame: sample_frame("Register", 1),
        path: "/registers/12/2026-11-24/AM".into(),
        group: "10B/Ma3".into(),
        day: today,
        of: RegisterOf::Session(Session::Am),
        now: at("08:46"),
        begins: at("08:40"),
        closes: at("09:10"),
        ends: at("12:10"),
        state,
        state_text: match state {
            RegisterState::NotOpen => "opens at 08:40".into(),
            RegisterState::Open => "open until 09:10".into(),
            _ => "closed at 09:10".into(),
        },
        taken: if state == RegisterState::Open {
            "".into()
        } else {
            "saved 08:47, A Tester".into()
        },
        rows,
        boarders: Vec::new(),
        codes: choices(office),
        present: "/",
        on_behalf_of: office.then(|| "A Tester".into()),
        reasons: vec!["Reason given by parent".into(), "Marked in error".into()],
        change_id: "sample".into(),
        errors: Errors::default(),
        side_by_side: "/lessons/of/12?day=2026-11-24".into(),
        previous: Some("/registers/12/2026-11-23/pm".into()),
        next: Some("/registers/12/2026-11-24/pm".into()),
    }
}

#[test]
fn a_register_of_thirty_is_one_light_page() {
    let html = write_sample("register", &sample_register(RegisterState::Open, false));
    assert!(
        html.len() < 60_000,
        "the register weighs {} bytes",
        html.len()
    );
    assert!(html.contains(r#"<tr data-e="104" data-base="0" data-code="M">"#));
    assert!(html.contains("<b>29</b> blank"));
    assert!(
        !html.contains(r#"name="reason""#),
        "an open register asks for no reason"
    );
    assert!(!html.contains("on_behalf_of"), "a teacher takes their own");
    assert!(html.contains("Codes you cannot enter here"));
}

#[test]
fn a_closed_register_asks_for_the_reason_of_an_amendment() {
    let html = write_sample("amend", &sample_register(RegisterState::Amend, true));
    assert!(html.contains(r#"name="reason""#) && html.contains("R-007"));
    assert!(
        html.contains(r#"name="on_behalf_of" value="A Tester""#),
        "the office says for whom"
    );
    assert!(
        html.contains("<b>26</b> here")
            && html.contains("<b>3</b> absent")
            && html.contains("<b>1</b> late")
    );
}

#[test]
fn a_register_that_may_only_be_read_has_no_fields() {
    let html = write_sample("read", &sample_register(RegisterState::ReadOnly, false));
    assert!(!html.contains("<input name=\"code-") && !html.contains("data-fill"));
}

#[test]
fn without_script_every_row_has_its_own_fields() {
    let html = sample_register(RegisterState::Open, false).to_string();
    for field in [
        r#"name="code-129""#,
        r#"name="minutes-129""#,
        r#"name="note-129""#,
        r#"name="base-129""#,
        r#"name="change_id""#,
    ] {
        assert!(html.contains(field), "{field}");
    }
}
