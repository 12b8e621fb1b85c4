//! Figures and lists on both engines: screen, file and engine agree with a naive recount, groups add up, and nobody is shown a
//! pupil outside their reach.

mod school;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::{Day, Instant, Session, Slot, TimeOfDay};
use office::book::{Book, GroupKind};
use office::ids::{EnrolmentId, GroupId, PupilId};
use office::insight::{Question, Reckoning, TRAITS, Tally, Trait, When, Who, sessions};
use office::people::access::granted;
use office::people::{RecordKind, Role, Scope};
use office::registers::records::MARK_VERSION;
use office::roll::records::{CHARACTERISTIC, ENROLMENT, MEMBERSHIP, PUPIL};
use register::{Code, Counts, EnrolmentFacts, Profile, code_rows, cohort, meaning};
use school::{School, day, each_school};
use store::{Arg, Entry, StoreError, args};

/// A small source of chance, so that a failing round can be run again.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// A time on roll as the test knows it.
struct Known {
    pupil: PupilId,
    enrolment: EnrolmentId,
    born: Day,
    first: Day,
    last: Option<Day>,
    /// Group and days.
    groups: Vec<(GroupId, Day, Option<Day>)>,
    /// Kind, value and days.
    facts: Vec<(&'static str, &'static str, Day, Option<Day>)>,
    sex: Option<&'static str>,
    /// Code by place.
    marks: BTreeMap<Slot, Code>,
}

fn covers(first: Day, last: Option<Day>, day: Day) -> bool {
    first <= day && last.is_none_or(|last| day <= last)
}

/// Random pupils with random times on roll, groups, characteristics and marks, put into the school.
fn populate(school: &School, luck: &mut Luck, pupils: usize) -> Vec<Known> {
    let book = book(school);
    let slots: Vec<Slot> = book
        .calendar
        .slots(day("2026-09-01"), day("2027-07-31"))
        .to_vec();
    let groups = school.groups.clone();
    let mut all: Vec<Known> = Vec::new();
    for number in 0..pupils {
        let mut luck_of_pupil = Luck(luck.next());
        let luck = &mut luck_of_pupil;
        let born = day("2010-01-01").plus_days(luck.below(365 * 6) as i32);
        let sex = *luck.of(&[Some("F"), Some("M"), None]);
        let entered = if luck.one_in(4) {
            *luck.of(&[day("2026-11-10"), day("2027-01-20"), day("2027-06-14")])
        } else {
            day("2026-09-03")
        };
        let left = luck
            .one_in(5)
            .then(|| entered.plus_days(luck.below(120) as i32));
        let mut stays = vec![(entered, left)];
        if let Some(back) = left
            .map(|left| left.plus_days(14))
            .filter(|_| luck.one_in(2))
        {
            stays.push((back, None));
        }
        let facts = random_facts(luck);
        for (place, (first, last)) in stays.into_iter().enumerate() {
            let known = Known {
                pupil: PupilId(0),
                enrolment: EnrolmentId(0),
                born,
                first,
                last,
                groups: random_groups(luck, &groups, first, last),
                facts: facts.clone(),
                sex,
                marks: random_marks(luck, &slots, first, last),
            };
            let pupil = (place > 0).then(|| all[all.len() - 1].pupil);
            all.push(put_in(school, known, number, pupil));
        }
    }
    all
}

type Fact = (&'static str, &'static str, Day, Option<Day>);

fn random_facts(luck: &mut Luck) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (kind, value) in [
        ("fsm", "yes"),
        ("eal", "yes"),
        ("looked_after", "yes"),
        ("sen", "K"),
    ] {
        if luck.one_in(2) {
            let from = day("2026-08-01").plus_days(luck.below(300) as i32);
            let to = luck
                .one_in(2)
                .then(|| from.plus_days(luck.below(100) as i32));
            facts.push((kind, value, from, to));
            if let Some(after) = to.filter(|_| kind == "sen") {
                facts.push((kind, "E", after.plus_days(1), None));
            }
        }
    }
    // Some board for part of the year, some throughout; a day pupil is said to be one.
    let from = *luck.of(&[day("2025-09-01"), day("2026-11-02"), day("2027-03-01")]);
    match luck.below(4) {
        0 => facts.push(("boards", "yes", from, None)),
        1 => facts.push(("boards", "yes", from, Some(from.plus_days(60)))),
        2 => facts.push(("boards", "no", from, None)),
        _ => {}
    }
    facts
}

/// Whether somebody boards on a day.
fn boards(known: &Known, on: Day) -> bool {
    let mut facts = known.facts.iter();
    facts.any(|(kind, value, from, to)| {
        (*kind, *value) == ("boards", "yes") && covers(*from, *to, on)
    })
}

/// One year group and one tutor group at a time, or none; a move in between for some; the class for some.
fn random_groups(
    luck: &mut Luck,
    groups: &BTreeMap<&'static str, GroupId>,
    first: Day,
    last: Option<Day>,
) -> Vec<(GroupId, Day, Option<Day>)> {
    let mut own = Vec::new();
    for kind in [&["Year 9", "Year 10"][..], &["9A", "9B", "10A"][..]] {
        if luck.one_in(6) {
            continue;
        }
        let one = groups[luck.of(kind)];
        if luck.one_in(3) {
            let moved = first.plus_days(1 + luck.below(90) as i32);
            own.push((one, first, Some(moved.previous())));
            own.push((groups[luck.of(kind)], moved, last));
        } else {
            own.push((one, first, last));
        }
    }
    if luck.one_in(2) {
        own.push((groups["9A/Ma1"], first, last));
    }
    own
}

fn random_marks(
    luck: &mut Luck,
    slots: &[Slot],
    first: Day,
    last: Option<Day>,
) -> BTreeMap<Slot, Code> {
    let dominant = *luck.of(&["/", "/", "/", "I", "O", "X"]);
    let mut marks = BTreeMap::new();
    for slot in slots.iter().filter(|slot| covers(first, last, slot.day)) {
        let codes: Vec<&str> = code_rows()
            .iter()
            .filter(|row| covers(row.from, row.to, slot.day))
            .map(|row| row.code.as_str())
            .collect();
        let text = match luck.below(20) {
            0 => continue,
            1..5 => *luck.of(&codes),
            _ => dominant,
        };
        marks.insert(*slot, text.parse().expect("a code of the table"));
    }
    marks
}

fn put_in(school: &School, mut known: Known, number: usize, pupil: Option<PupilId>) -> Known {
    let nothing = None::<&str>;
    let (born, first, last, sex) = (known.born, known.first, known.last, known.sex);
    let (groups, facts, marks) = (
        known.groups.clone(),
        known.facts.clone(),
        known.marks.clone(),
    );
    let account = school.person(Role::AttendanceManager).account.0;
    let surname = format!("Sample{number}");
    let made: Result<(PupilId, EnrolmentId), StoreError> =
        school.office.store.act_now(school.id, move |act| {
            let id = match pupil {
                Some(pupil) => pupil,
                None => {
                    let id = PupilId(act.new_id());
                    let name = surname.as_str();
                    act.record(
                        &PUPIL,
                        &args![
                            id, id.0, nothing, nothing, nothing, nothing, name, "Pat", "", name,
                            "Pat", sex, born
                        ],
                    )?;
                    for (kind, value, from, to) in &facts {
                        let fact = act.new_id();
                        act.record(&CHARACTERISTIC, &args![fact, id, *kind, *value, *from, *to])?;
                    }
                    id
                }
            };
            let enrolment = EnrolmentId(act.new_id());
            act.record(
                &ENROLMENT,
                &args![
                    enrolment, id, "C", first, nothing, last, nothing, nothing, nothing, nothing
                ],
            )?;
            for (group, from, to) in &groups {
                let membership = act.new_id();
                act.record(
                    &MEMBERSHIP,
                    &args![membership, *group, enrolment, *from, *to],
                )?;
            }
            for (slot, code) in &marks {
                act.record(&MARK_VERSION, &mark_row(enrolment, *slot, code.as_str()))?;
            }
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "bring in",
                subject: format!("pupil {}", id.0),
            });
            Ok((id, enrolment))
        });
    (known.pupil, known.enrolment) = made.expect("a pupil of a test");
    known
}

fn mark_row(enrolment: EnrolmentId, slot: Slot, code: &str) -> [Arg<'_>; 11] {
    args![
        enrolment,
        slot.day,
        slot.session.index() as i64,
        code,
        None::<i64>,
        None::<Instant>,
        None::<&str>,
        None::<&str>,
        "test",
        None::<Instant>,
        None::<&str>
    ]
}

fn book(school: &School) -> Arc<Book> {
    let (office, id) = (Arc::clone(&school.office), school.id);
    school
        .office
        .store
        .read_now(move |tx| office.shelf.book(tx, id))
        .expect("the school's book")
}

/// The eight pupils that every test school begins with: on roll since the first day, never marked by this test.
fn beginning(school: &School) -> Vec<Known> {
    let book = book(school);
    school
        .pupils
        .values()
        .map(|(pupil, enrolment)| Known {
            pupil: *pupil,
            enrolment: *enrolment,
            born: book.roll.pupil(*pupil).expect("a pupil").birth_day,
            first: day("2026-09-03"),
            last: None,
            groups: book
                .groups
                .memberships
                .iter()
                .filter(|one| one.enrolment == *enrolment)
                .map(|one| (one.group, one.from, one.to))
                .collect(),
            facts: vec![],
            sex: None,
            marks: BTreeMap::new(),
        })
        .collect()
}

/// The sessions of one time on roll that a question counts, recounted one by one from what the test put in.
fn recount(
    book: &Book,
    known: &Known,
    who: Who,
    span: (Day, Day),
    profile: Profile,
    now: Instant,
) -> Counts {
    let (today, time) = now.in_london();
    let year = book.calendar.slots(day("2026-09-01"), day("2027-07-31"));
    let mut on_roll = year
        .iter()
        .filter(|slot| covers(known.first, known.last, slot.day));
    let facts = EnrolmentFacts {
        date_of_birth: Some(known.born),
        starting_day: Some(known.first),
        boarder: boards(known, known.first) && on_roll.all(|slot| boards(known, slot.day)),
    };
    let cohort = cohort(
        profile,
        book.calendar.school_year_of(day("2026-09-03")),
        facts,
    );
    let opens = [(8, 40), (13, 30)].map(|(h, m)| TimeOfDay::new(h, m, 0).expect("a time"));
    let mut counts = Counts::default();
    for slot in book.calendar.slots(span.0, span.1) {
        let opened = slot.day < today || (slot.day == today && opens[slot.session.index()] <= time);
        let on = slot.day;
        let belongs = match who {
            Who::School => true,
            Who::Pupil(pupil) => known.pupil == pupil,
            Who::Enrolment(enrolment) => known.enrolment == enrolment,
            Who::Group(group) => known
                .groups
                .iter()
                .any(|(own, from, to)| *own == group && covers(*from, *to, on)),
            Who::InNo(kind) => !known.groups.iter().any(|(own, from, to)| {
                let own = book.groups.group(*own).expect("a group");
                own.kind == kind && covers(*from, *to, on)
            }),
            Who::Having(answer) if answer.of.kind == "sex" => {
                known.sex.unwrap_or("no") == answer.value
            }
            Who::Having(answer) => {
                let held = known
                    .facts
                    .iter()
                    .find(|(kind, _, from, to)| *kind == answer.of.kind && covers(*from, *to, on));
                held.map_or("no", |(_, value, _, _)| *value) == answer.value
            }
        };
        let is_marked = covers(known.first, known.last, on) && !boards(known, on);
        if opened && belongs && is_marked && cohort.counts(*slot) {
            counts += match known.marks.get(slot) {
                Some(code) => Counts::of(meaning(*code, on).expect("a code of the day")),
                None => Counts::of_missing(),
            };
        }
    }
    counts
}

fn everyone_asked_about(book: &Book, known: &[Known]) -> Vec<Who> {
    let mut all = vec![Who::School];
    all.extend(book.groups.groups.iter().map(|group| Who::Group(group.id)));
    all.extend([GroupKind::Year, GroupKind::House, GroupKind::Tutor].map(Who::InNo));
    let traits = TRAITS
        .iter()
        .filter(|of| ["sex", "fsm", "sen", "eal"].contains(&of.kind));
    all.extend(traits.flat_map(Trait::each).map(Who::Having));
    all.extend(known.iter().step_by(3).map(|one| Who::Pupil(one.pupil)));
    all.extend(
        known
            .iter()
            .step_by(4)
            .map(|one| Who::Enrolment(one.enrolment)),
    );
    all
}

fn at(on: &str, hour: u32, minute: u32) -> Instant {
    Instant::at_london(day(on), TimeOfDay::new(hour, minute, 0).expect("a time"))
}

#[test]
fn every_figure_is_what_a_naive_recount_finds_and_groups_add_up_to_the_school() {
    each_school(|school| {
        let mut luck = Luck(2026);
        let mut known = beginning(school);
        for round in 0..4 {
            known.extend(populate(school, &mut luck, 8));
            // Marks change, and the book follows.
            remark(school, &mut known, &mut luck);
            let book = book(school);
            let now = *luck.of(&[
                at("2026-11-24", 8, 39),
                at("2026-11-24", 8, 40),
                at("2027-07-12", 13, 0),
                at("2027-02-16", 10, 0),
            ]);
            let days = (day("2026-10-05"), day("2027-06-20"));
            for (when, profile) in [
                (When::Year(None), Profile::School),
                (When::Days(days.0, days.1), Profile::DfeFullYear),
                (When::HalfTerm(Some(day("2027-06-10"))), Profile::DfeDaily),
            ] {
                let question = Question {
                    when,
                    profile,
                    ..Question::usual(Who::School)
                };
                compare(&book, &known, &question, now, round);
            }
        }
    });
}

fn remark(school: &School, known: &mut [Known], luck: &mut Luck) {
    let account = school.person(Role::AttendanceManager).account.0;
    for _ in 0..20 {
        let one = luck.below(known.len() as u64) as usize;
        let slots: Vec<Slot> = known[one].marks.keys().copied().collect();
        if slots.is_empty() {
            continue;
        }
        let slot = *luck.of(&slots);
        let code: Code = luck
            .of(&["/", "L", "U", "N", "O", "C2", "Y1"])
            .parse()
            .expect("a code");
        known[one].marks.insert(slot, code);
        let enrolment = known[one].enrolment;
        let marked: Result<(), StoreError> = school.office.store.act_now(school.id, move |act| {
            act.record(&MARK_VERSION, &mark_row(enrolment, slot, code.as_str()))?;
            act.describe(Entry {
                account,
                job_title: "Attendance manager",
                act: "amend",
                subject: format!("enrolment {}", enrolment.0),
            });
            Ok(())
        });
        marked.expect("a mark of a test");
    }
}

fn compare(book: &Book, known: &[Known], question: &Question, now: Instant, round: i32) {
    let reckoning = Reckoning::new(book, question, now).expect("a sound question");
    let span = (reckoning.span.first, reckoning.span.last);
    let whole: BTreeMap<EnrolmentId, Counts> = known
        .iter()
        .map(|one| {
            let counts = recount(book, one, Who::School, span, question.profile, now);
            (one.enrolment, counts)
        })
        .collect();
    for who in everyone_asked_about(book, known) {
        let mut expected = Tally::default();
        for one in known {
            let counts = recount(book, one, who, span, question.profile, now);
            expected.counts += counts;
            if counts.possible() > 0 {
                expected.counted += 1;
                expected.persistent += u32::from(whole[&one.enrolment].persistent() == Some(true));
                expected.severe += u32::from(whole[&one.enrolment].severe() == Some(true));
            }
        }
        let found = reckoning.tally(who);
        expected.enrolments = found.enrolments;
        assert_eq!(
            found, expected,
            "round {round}: {who} in {question:?} at {now}"
        );
        assert!(found.enrolments >= found.counted);
    }
    let school = reckoning.tally(Who::School);
    for kind in [GroupKind::Year, GroupKind::House, GroupKind::Tutor] {
        let groups = book.groups.groups.iter().filter(|group| group.kind == kind);
        let mut sum = reckoning.tally(Who::InNo(kind)).counts;
        for group in groups {
            sum += reckoning.tally(Who::Group(group.id)).counts;
        }
        assert_eq!(sum, school.counts, "{kind:?} add up to the school");
    }
    for of in TRAITS {
        let sum: Counts = of
            .each()
            .map(|one| reckoning.tally(Who::Having(one)).counts)
            .sum();
        assert_eq!(sum, school.counts, "{} adds up to the school", of.label);
    }
    let rows: Vec<usize> = reckoning.rows().collect();
    let weeks: Counts = reckoning
        .by_week(&rows)
        .iter()
        .map(|(_, counts)| *counts)
        .sum();
    let days: Counts = reckoning.by_weekday(&rows).iter().flatten().sum();
    assert_eq!((weeks, days), (school.counts, school.counts));
}

/// The cells of the first body row's table onward, as text: every row of every list on a page.
fn rows_of(page: &str) -> Vec<Vec<String>> {
    page.split("<tr>")
        .skip(1)
        .filter(|row| row.starts_with("<th scope=\"row\">"))
        .map(|row| {
            let row = row.split("</tr>").next().unwrap_or_default();
            let cells = row.split("</t").filter(|cell| cell.contains("<t"));
            cells
                .map(|cell| text_of(cell.rsplit_once("<t").map_or(cell, |(_, cell)| cell)))
                .collect()
        })
        .collect()
}

fn text_of(cell: &str) -> String {
    let mut text = String::new();
    let mut inside = true;
    for c in cell.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text
        .replace("&#60;", "<")
        .replace("&lt;", "<")
        .replace("&#39;", "'");
    if text == "–" {
        return String::new();
    }
    // Thousands are set apart on the screen only.
    let number = text.replace(',', "");
    if number.parse::<i64>().is_ok() {
        number
    } else {
        text
    }
}

/// A CSV of these tests: quoted where it has a comma.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.trim_start_matches('\u{FEFF}').lines().skip(1);
    lines
        .map(|line| {
            let mut cells = vec![String::new()];
            let mut quoted = false;
            for c in line.chars() {
                match c {
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    _ => cells.last_mut().expect("one at least").push(c),
                }
            }
            // Days are written shorter on the screen.
            cells.into_iter().map(|cell| short_day(&cell)).collect()
        })
        .collect()
}

fn short_day(cell: &str) -> String {
    let parts: Vec<&str> = cell.split('/').collect();
    let [dd, mm, yyyy] = parts.as_slice() else {
        return cell.to_owned();
    };
    format!("{yyyy}-{mm}-{dd}")
        .parse::<Day>()
        .map_or_else(|_| cell.to_owned(), Day::short)
}

const LISTS: [&str; 12] = [
    "/lists/persistent",
    "/lists/persistent?roll=all&sort=-unauthorised",
    "/lists/severe?roll=all",
    "/lists/at-risk",
    "/lists/watch?period=half-term",
    "/lists/low?profile=dfe_daily",
    "/lists/full",
    "/lists/missing-marks",
    "/lists/missing-marks?by=pupil",
    "/lists/missing-marks?by=day",
    "/lists/penalty-window",
    "/lists/unexplained",
];

fn with(path: &str, more: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{more}")
}

#[test]
fn a_list_on_the_screen_is_its_file_and_what_a_recount_finds() {
    each_school(|school| {
        let mut luck = Luck(7);
        let mut known = beginning(school);
        known.extend(populate(school, &mut luck, 20));
        let book = book(school);
        let role = Role::AttendanceManager;
        for path in LISTS {
            let screen = school.get(role, &with(path, "print=yes"));
            assert_eq!(screen.status, 200, "{path}: {}", screen.text());
            let file = school.take(role, path, "csv");
            assert_eq!(file.status, 200, "{path}");
            let named = file.header("content-disposition");
            assert!(named.contains("sample-green-school-"), "{named}");
            assert_eq!(rows_of(screen.text()), csv_rows(file.text()), "{path}");
            let book = school.take(role, path, "xlsx");
            assert!(book.body.starts_with(b"PK"), "{path}");
        }
        let now = school.office.now();
        let span = (day("2026-09-03"), day("2026-11-24"));
        let expected: BTreeSet<(String, String, String)> = known
            .iter()
            .filter_map(|one| {
                let counts = recount(&book, one, Who::School, span, Profile::School, now);
                let pupil = book.roll.pupil(one.pupil)?;
                (counts.persistent() == Some(true)).then(|| {
                    (
                        pupil.listed(),
                        counts.attendance_shown().unwrap_or_default(),
                        counts.possible().to_string(),
                    )
                })
            })
            .collect();
        let screen = school.get(role, "/lists/persistent?roll=all&print=yes");
        let shown: BTreeSet<(String, String, String)> = rows_of(screen.text())
            .into_iter()
            .map(|row| (row[0].clone(), row[3].clone(), row[4].clone()))
            .collect();
        assert!(!shown.is_empty());
        assert_eq!(shown, expected);
    });
}

#[test]
fn the_figures_page_its_file_and_the_page_behind_a_figure_agree() {
    each_school(|school| {
        populate(school, &mut Luck(11), 30);
        let role = Role::Headteacher;
        for path in [
            "/figures",
            "/figures?show=classes",
            "/figures?show=characteristics",
        ] {
            let screen = school.get(role, path);
            assert_eq!(screen.status, 200, "{}", screen.text());
            let file = csv_rows(school.take(role, path, "csv").text());
            let shown: Vec<Vec<String>> = rows_of(screen.text())
                .into_iter()
                .filter(|row| row.len() == 9)
                .collect();
            assert!(!shown.is_empty());
            let file: Vec<Vec<String>> = file.into_iter().map(|row| row[1..].to_vec()).collect();
            assert_eq!(shown, file, "{path}");
        }
        let figures = school.get(role, "/figures");
        let links: BTreeSet<&str> = figures
            .text()
            .split("href=\"")
            .filter_map(|rest| rest.split('"').next())
            .filter(|href| href.starts_with("/why?"))
            .collect();
        assert!(links.len() > 20);
        for link in links {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let why = school.get(role, &link);
            assert_eq!(why.status, 200, "{link}: {}", why.text());
            assert!(why.text().contains("Why is th"), "{link}");
        }
    });
}

#[test]
fn a_pupils_figure_opens_to_its_sessions_and_each_to_its_history() {
    each_school(|school| {
        school.mark("Ash", "2026-11-23", Session::Am, "/");
        school.mark("Ash", "2026-11-23", Session::Pm, "N");
        school.mark("Ash", "2026-11-23", Session::Pm, "I");
        let (ash, _) = school.pupils["Ash"];
        let role = Role::AttendanceManager;
        let why = school.get(role, &format!("/why?who=pupil-{ash}"));
        let page = why.text();
        assert!(page.contains("Why is this 50.0%?"), "{page}");
        assert!(page.contains("1 ÷ 2 = 50.0%"), "{page}");
        assert!(page.contains("R-205"), "{page}");
        let href = format!("/why/{ash}/2026-11-23/PM");
        assert!(page.contains(&href), "{page}");
        let mark = school.get(role, &href);
        assert!(mark.text().contains("Every entry"), "{}", mark.text());
        let entries = mark.text().split_once(r#"<ol class="entries">"#);
        let entries = entries.and_then(|(_, after)| after.split_once("</ol>"));
        assert_eq!(
            entries.map(|(entries, _)| entries.matches("<li>").count()),
            Some(2),
            "both entries: {}",
            mark.text()
        );
        let csv = school.take(role, &format!("/why?who=pupil-{ash}&class=absent"), "csv");
        assert_eq!(csv_rows(csv.text()).len(), 1);
        assert!(!csv.header("content-disposition").contains("Ash"));
        for nothing in [
            "/why?who=pupil-999999".to_owned(),
            "/why?who=".to_owned(),
            format!("/why/{ash}/2026-11-22/AM"),
            format!("/why/{ash}/never/AM"),
        ] {
            assert_eq!(school.get(role, &nothing).status, 404, "{nothing}");
        }
    });
}

/// Whose marks a role sees at the test school.
fn seen_by(role: Role) -> Vec<&'static str> {
    match granted(role, RecordKind::AttendanceMarks).1 {
        _ if granted(role, RecordKind::AttendanceMarks).0 < office::people::Access::Read => vec![],
        Scope::School => vec![
            "Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel",
        ],
        Scope::TutorGroup => vec!["Ash", "Birch", "Cedar"],
        Scope::Classes if role == Role::Teacher => vec!["Ash", "Birch", "Dogwood"],
        _ => vec![],
    }
}

#[test]
fn no_list_figure_count_or_file_shows_a_person_a_pupil_outside_their_reach() {
    each_school(|school| {
        let surnames: Vec<&str> = school.pupils.keys().copied().collect();
        for surname in &surnames {
            school.mark(surname, "2026-11-23", Session::Am, "N");
            school.mark(surname, "2026-11-23", Session::Pm, "O");
        }
        for role in Role::ALL {
            let seen = seen_by(*role);
            let mut paths: Vec<String> = LISTS.iter().map(|path| (*path).to_owned()).collect();
            paths.extend(
                [
                    "/lists",
                    "/figures",
                    "/figures?show=classes",
                    "/figures?show=characteristics",
                ]
                .map(str::to_owned),
            );
            let group_questions = school
                .groups
                .values()
                .map(|group| format!("/why?who=group-{group}"));
            paths.extend(group_questions);
            paths.extend(
                ["school", "no-house", "fsm-no", "sex-no", "looked_after-no"]
                    .map(|who| format!("/why?who={who}")),
            );
            for path in paths {
                let file = school.take(*role, &path, "csv");
                for answer in [file, school.get(*role, &path)] {
                    let text = answer.text();
                    for surname in surnames.iter().filter(|one| !seen.contains(one)) {
                        let named = [format!("{surname}, Pat"), format!("Pat {surname}")];
                        assert!(
                            !named.iter().any(|name| text.contains(name)),
                            "{role:?} {path}: {surname}"
                        );
                    }
                    let lists = path.starts_with("/lists");
                    if seen.is_empty() && lists && answer.status == 200 && text.starts_with('<') {
                        assert_eq!(rows_of(text).len(), 0, "{role:?} {path}");
                    }
                }
            }
            for surname in &surnames {
                let (pupil, enrolment) = school.pupils[surname];
                for path in [
                    format!("/why?who=pupil-{pupil}"),
                    format!("/why?who=time-{enrolment}"),
                    format!("/why?who=pupil-{pupil}&period=decade"),
                    format!("/why/{pupil}/2026-11-23/AM"),
                ] {
                    let status = school.get(*role, &path).status;
                    let hidden = status == 404;
                    assert_eq!(hidden, !seen.contains(surname), "{role:?} {path}: {status}");
                }
            }
        }
        let count = |role: Role| rows_of(school.get(role, "/lists/persistent").text()).len();
        assert_eq!(
            [
                count(Role::AttendanceManager),
                count(Role::Tutor),
                count(Role::Teacher)
            ],
            [8, 3, 3]
        );
        for role in [
            Role::SystemAdministrator,
            Role::Parent,
            Role::Pupil,
            Role::Governor,
            Role::DataProtectionLead,
        ] {
            assert_eq!(school.get(role, "/lists").status, 404, "{role:?}");
            assert_eq!(
                school.get(role, "/lists/persistent").status,
                404,
                "{role:?}"
            );
        }
    });
}

#[test]
fn those_who_see_figures_only_are_told_of_no_small_group() {
    each_school(|school| {
        for surname in school.pupils.keys() {
            school.mark(surname, "2026-11-23", Session::Am, "/");
        }
        let page = school.get(Role::Governor, "/figures");
        assert_eq!(page.status, 200, "{}", page.text());
        // Year 10 has two pupils, and Year 9 would give them away.
        for row in rows_of(page.text()) {
            assert!(row[1] == "withheld", "{row:?}");
        }
        for group in school.groups.values() {
            let why = school.get(Role::Governor, &format!("/why?who=group-{group}"));
            assert_eq!(why.status, 403, "{}", why.text());
        }
        populate(school, &mut Luck(3), 60);
        let page = school.get(Role::Governor, "/figures");
        let told = rows_of(page.text());
        assert!(
            told.iter()
                .any(|row| row[0] == "School" && row[1] != "withheld"),
            "{told:?}"
        );
        let why = school.get(Role::Governor, "/why?who=school");
        assert!(
            why.text().contains("not the pupils behind them"),
            "{}",
            why.text()
        );
        for role in [
            Role::SystemAdministrator,
            Role::Parent,
            Role::Pupil,
            Role::SupportOrCover,
        ] {
            assert_eq!(school.get(role, "/figures").status, 404, "{role:?}");
        }
        let own = school.get(Role::Tutor, "/figures");
        assert_eq!(own.status, 200);
        let school_wide = rows_of(own.text())
            .iter()
            .any(|row| row[0] == "School" || row[0] == "9B");
        assert!(!school_wide, "{}", own.text());
    });
}

#[test]
fn a_session_whose_register_has_not_opened_is_in_no_figure() {
    each_school(|school| {
        let (ash, _) = school.pupils["Ash"];
        school.mark("Ash", "2026-11-24", Session::Am, "/");
        school.mark("Ash", "2026-11-24", Session::Pm, "I");
        school.mark("Ash", "2026-12-01", Session::Am, "I");
        let counts = |now: Instant| {
            let book = book(school);
            let who = Who::Pupil(ash);
            let question = Question::usual(who);
            let reckoning = Reckoning::new(&book, &question, now).expect("a figure");
            *reckoning.figure(who).counts()
        };
        assert_eq!(counts(at("2026-11-24", 8, 39)).possible(), 0);
        assert_eq!(counts(at("2026-11-24", 8, 40)).attended(), 1);
        assert_eq!(counts(at("2026-11-24", 13, 29)).possible(), 1);
        assert_eq!(counts(at("2026-11-24", 13, 30)).absent(), 1);
        assert_eq!(sessions(&counts(at("2026-12-01", 8, 40))), 117);
    });
}

#[test]
fn books_stand_open_before_the_first_page_asks_for_one() {
    each_school(|school| {
        let (ash, _) = school.pupils["Ash"];
        school.mark("Ash", "2026-11-24", Session::Am, "I");
        school.wait(Arc::clone(&school.office).open_books());
        // Rows that go without an act: a book that were built only now would miss them.
        let gone: Result<u64, StoreError> = school
            .office
            .store
            .write_now(|tx| tx.execute("delete from mark_version", &args![]));
        assert_eq!(gone.expect("the marks go"), 1);
        let book = book(school);
        let mark = book.mark(
            book.roll.rows_of(ash)[0],
            Slot::new(day("2026-11-24"), Session::Am),
        );
        assert_eq!(mark.code().map(|code| code.to_string()), Some("I".into()));
    });
}

#[test]
fn pupils_come_in_order_of_surname_then_forename_whatever_their_accents() {
    each_school(|school| {
        let book = book(school);
        let mut listed: Vec<_> = book.roll.pupils.iter().collect();
        listed.sort_by_key(|pupil| pupil.in_order);
        let mut by_name = listed.clone();
        let name = |text: &str| office::book::fold(text);
        by_name.sort_by_cached_key(|pupil| (name(&pupil.surname), name(&pupil.forename), pupil.id));
        let ids = |pupils: &[&office::book::Pupil]| -> Vec<PupilId> {
            pupils.iter().map(|pupil| pupil.id).collect()
        };
        assert_eq!(ids(&listed), ids(&by_name));
        assert_eq!(listed.len(), school.pupils.len());
    });
}

#[test]
fn why_says_how_many_sessions_of_a_boarder_were_left_out_and_by_which_rule() {
    each_school(|school| {
        let ash = school.pupils["Ash"];
        let recorded: Result<(), StoreError> = school.office.store.act_now(school.id, move |act| {
            act.describe(Entry {
                account: 1,
                job_title: "Office",
                act: "record characteristic",
                subject: format!("pupil {}", ash.0),
            });
            let id = act.new_id();
            let values = args![id, ash.0, "boards", "yes", day("2026-11-23"), None::<Day>];
            act.record(&CHARACTERISTIC, &values)
        });
        recorded.expect("a boarder of a test");
        let book = book(school);
        let question = Question {
            profile: Profile::School,
            ..Question::usual(Who::Enrolment(ash.1))
        };
        let now = at("2026-11-24", 14, 0);
        let reckoning = Reckoning::new(&book, &question, now).expect("a sound question");
        let figure = reckoning.figure(Who::Enrolment(ash.1));
        let left_out: Vec<_> = figure
            .excluded
            .iter()
            .filter(|one| one.rule == "R-011")
            .map(|one| one.number)
            .collect();
        assert_eq!(left_out, [4], "two days of two sessions: {figure:?}");
        let all = reckoning.figure(Who::School);
        assert!(
            all.excluded
                .iter()
                .any(|one| one.rule == "R-011" && one.number == 4)
        );
        let page = school.get(
            Role::AttendanceManager,
            &format!("/why?who=pupil-{}", ash.0),
        );
        assert!(
            page.text().contains("3 sessions</b> while boarding"),
            "{}",
            page.text()
        );
        let own = school.get(Role::AttendanceManager, &format!("/pupils/{}", ash.0));
        assert!(
            own.text().contains("Boards since 23 November 2026"),
            "{}",
            own.text()
        );
        assert!(own.text().contains("Boarder"), "a flag beside the name");
    });
}
