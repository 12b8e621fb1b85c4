//! The admission register as the law asks for it: names in order of entry, what is missing, and what the authority must be told.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use exchange::{Cell, Sheet};
use register::admission::{
    AdmissionEntry, Gap, ParentEntry, Severity, admission_gaps, new_pupil_return_due,
};
use store::{SchoolId, StoreError, Tx, args};

use super::add_pupil::{NO_SCHOOL_BEFORE, sentence};
use super::household::{
    ContactOf, Home, Route, contacts_of, contacts_of_all, homes_of, homes_of_all,
};
use super::place::sorting_name;
use super::record::{
    PupilRow, TimeOnRoll, all_pupil_rows, all_times_on_roll, enrolment_kind, pupil_row,
    times_on_roll,
};
use crate::book::{Book, GroupKind};
use crate::desk::school_name;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Export, Flag, Frame, Page, Tab, Tabs, Under};
use crate::take_away::{FileKind, file, sheet};

/// Rows on one page.
const PAGE: usize = 100;

/// For how long a new entry stays in the list of returns, in days.
const RETURNS_LISTED: i32 = 30;

/// A name in the register, with all that its entry holds.
struct Line {
    /// Its place in order of entry, from 1.
    number: usize,
    time: TimeOnRoll,
    pupil: PupilRow,
    address: String,
    parents: String,
    gaps: Vec<Gap>,
    /// The day on which the name was entered.
    entered: Day,
    /// How often the entry or the time on roll was amended.
    amendments: i64,
}

/// What is shown of the register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Gaps,
    Returns,
}

#[derive(Template)]
#[template(path = "roll/admission_register.html")]
struct RegisterPage {
    frame: Frame,
    tabs: Tabs,
    is_returns: bool,
    rows: Vec<Row>,
    under: Under,
}

struct Row {
    number: usize,
    href: String,
    name: String,
    facts: String,
    parents: String,
    starting: String,
    ended: String,
    amendments: String,
    gaps: Vec<String>,
    due: String,
    flag: Option<Flag>,
}

/// Whether somebody may see it: it holds every parent's name and address, so it is for those who may see all of that.
pub(super) fn may_see(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::PupilCore)
        && actor.may_for_school(Access::Read, RecordKind::Contacts)
}

/// `/admission-register`.
pub(super) async fn admission_register(
    desk: Desk,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !may_see(actor) {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let part = match asked.text("show") {
            "gaps" => Part::Gaps,
            "returns" => Part::Returns,
            _ => Part::All,
        };
        let all = lines(tx, actor.school, today)?;
        let counts = [Part::All, Part::Gaps, Part::Returns]
            .map(|part| all.iter().filter(|line| belongs(line, part, today)).count());
        let shown: Vec<&Line> = all
            .iter()
            .filter(|line| belongs(line, part, today))
            .collect();
        if let Some(kind) = FileKind::of(asked.text("format")) {
            let school = school_name(tx, actor.school)?;
            let sheet = as_sheet(&shown, part, &school, actor, today);
            return Ok(file(&sheet, kind, &school, today));
        }
        let frame = here.frame(tx, actor, "Admission register")?;
        Ok(Page(page(frame, &book, &asked, part, counts, &shown, today)).into_response())
    })
    .await
}

fn belongs(line: &Line, part: Part, today: Day) -> bool {
    match part {
        Part::All => true,
        Part::Gaps => line.time.is_open_on(today) && !line.gaps.is_empty(),
        // A roll that was brought in whole is no list of new pupils: they began long before they were entered here.
        Part::Returns => {
            line.entered.days_until(today) <= RETURNS_LISTED
                && line.time.starting_day.days_until(line.entered) <= RETURNS_LISTED
        }
    }
}

fn page(
    frame: Frame,
    book: &Book,
    asked: &Answers,
    part: Part,
    counts: [usize; 3],
    shown: &[&Line],
    today: Day,
) -> RegisterPage {
    let whole = !asked.text("print").is_empty();
    let number = asked.text("page").parse::<usize>().unwrap_or(1).max(1);
    let first = if whole {
        0
    } else {
        ((number - 1) * PAGE).min(shown.len())
    };
    let last = if whole {
        shown.len()
    } else {
        (first + PAGE).min(shown.len())
    };
    let path = "/admission-register";
    let turned = |number: usize| asked.path(path, &[("page", &number.to_string())]);
    let tab = |label: &'static str, own: Part, tail: &str, count: usize| Tab {
        label: label.into(),
        href: format!("{path}{tail}").into(),
        current: own == part,
        count: Some(count as u32),
    };
    RegisterPage {
        frame,
        tabs: Tabs {
            name: "Admission register".into(),
            tabs: vec![
                tab("In order of entry", Part::All, "", counts[0]),
                tab("Something missing", Part::Gaps, "?show=gaps", counts[1]),
                tab(
                    "New pupil returns",
                    Part::Returns,
                    "?show=returns",
                    counts[2],
                ),
            ],
        },
        is_returns: part == Part::Returns,
        rows: shown[first..last]
            .iter()
            .map(|line| row(book, line, today))
            .collect(),
        under: Under {
            shown: format!(
                "{} to {last} of {} names",
                (first + 1).min(last),
                shown.len()
            )
            .into(),
            previous: (first > 0).then(|| turned(number - 1).into()),
            next: (last < shown.len()).then(|| turned(number + 1).into()),
            exports: Export::usual(&asked.path(path, &[("page", "")])),
        },
    }
}

fn row(book: &Book, line: &Line, today: Day) -> Row {
    let due = new_pupil_return_due(line.entered);
    let exempt = is_exempt(book, line);
    let flag = match (exempt, today.days_until(due)) {
        (true, _) => None,
        (false, 0..) => Some(Flag::heed(format!("by {}", due.short()))),
        (false, _) => Some(Flag::plain(format!("was due {}", due.short()))),
    };
    let due = if exempt {
        "Not unless the authority asks: most junior class, from the first day of the year"
    } else {
        "All that this register holds"
    };
    let sex = line.pupil.sex.as_deref().unwrap_or("sex not recorded");
    let ground = line.time.deletion_ground.as_deref();
    Row {
        number: line.number,
        href: format!("/pupils/{}/record", line.time.pupil),
        name: format!("{} ({})", line.pupil.full_name(), line.pupil.listed()),
        facts: format!(
            "{sex}, born {}; {}",
            line.pupil.birth_day.long(),
            or_missing(&line.address)
        ),
        parents: or_missing(&line.parents),
        starting: line.time.starting_day.long(),
        ended: line.time.leaving_day.map_or_else(String::new, |last| {
            format!(
                "{}, ground {}",
                last.long(),
                ground.unwrap_or("not recorded")
            )
        }),
        amendments: match line.amendments {
            0 => String::new(),
            count => count.to_string(),
        },
        gaps: line.gaps.iter().map(gap_in_words).collect(),
        due: due.to_owned(),
        flag,
    }
}

fn or_missing(text: &str) -> String {
    if text.is_empty() {
        "not recorded".to_owned()
    } else {
        text.to_owned()
    }
}

/// A gap as a sentence with its rule.
pub(super) fn gap_in_words(gap: &Gap) -> String {
    let advice = match gap.severity() {
        Severity::Error => "",
        Severity::Warning => "Advice: ",
    };
    let rule = gap.rule().map_or("", |rule| &rule.number);
    format!(
        "{advice}{} ({rule})",
        sentence(&gap.to_string()).trim_end_matches('.')
    )
}

/// Whether the return is not asked for: most junior class, starting on the first day of the school year.
fn is_exempt(book: &Book, line: &Line) -> bool {
    let year = book.calendar.school_year_of(line.time.starting_day);
    let begins = book.calendar.days_of(year).map(|(first, _)| first);
    if begins != Some(line.time.starting_day) {
        return false;
    }
    let years = || (book.groups.groups.iter()).filter(|group| group.kind == GroupKind::Year);
    let junior = years().map(|group| sorting_name(&group.name)).min();
    let own = book
        .groups
        .of_kind(line.time.id, GroupKind::Year, line.time.starting_day)
        .map(|group| sorting_name(&group.name));
    own.is_some() && own == junior
}

// What the register holds ----------------------------------------------------------------------------------------

const ENTERED: &str = "\
select v.enrolment_id, v.seq, j.at from enrolment v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where v.school_id = $1
  and not exists (select 1 from enrolment w where w.school_id = v.school_id and w.enrolment_id = v.enrolment_id and w.seq < v.seq)";

const AMENDED: &str = "\
select pupil_id, cast(count(*) as bigint) from (
  select pupil_id from pupil where school_id = $1 and superseded_seq is not null
  union all select pupil_id from enrolment where school_id = $1 and superseded_seq is not null
) amended group by pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ENTERED, AMENDED];

/// Every name of the register in order of entry; names entered in one act stand by starting day.
fn lines(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Vec<Line>, StoreError> {
    let entered: HashMap<EnrolmentId, (i64, Day)> = tx
        .query(ENTERED, &args![school], |row| {
            let at = row.get::<Instant>(2)?;
            Ok((
                row.get::<EnrolmentId>(0)?,
                (row.get::<i64>(1)?, at.in_london().0),
            ))
        })?
        .into_iter()
        .collect();
    let amended: HashMap<PupilId, i64> = tx
        .query(AMENDED, &args![school], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let mut pupils = all_pupil_rows(tx, school)?;
    let contacts = contacts_of_all(tx, school)?;
    let homes = homes_of_all(tx, school)?;
    let mut ordered: BTreeMap<(i64, Day, EnrolmentId), TimeOnRoll> = BTreeMap::new();
    for time in all_times_on_roll(tx, school)? {
        let seq = entered.get(&time.id).map_or(time.seq, |(seq, _)| *seq);
        ordered.insert((seq, time.starting_day, time.id), time);
    }
    let mut lines: Vec<Line> = Vec::with_capacity(ordered.len());
    for time in ordered.into_values() {
        let Some(pupil) = pupils.get_mut(&time.pupil) else {
            continue;
        };
        let contacts = contacts.get(&time.pupil).map_or(&[][..], Vec::as_slice);
        let homes = homes.get(&time.pupil.0).map_or(&[][..], Vec::as_slice);
        lines.push(Line {
            number: lines.len() + 1,
            address: address(homes, today),
            parents: parents(contacts, today),
            gaps: gaps(pupil, &time, contacts, homes, today),
            entered: entered
                .get(&time.id)
                .map_or(time.starting_day, |(_, day)| *day),
            amendments: amended.get(&time.pupil).copied().unwrap_or_default(),
            pupil: pupil.clone(),
            time,
        });
    }
    Ok(lines)
}

fn address(homes: &[Home], today: Day) -> String {
    let now: Vec<String> = homes
        .iter()
        .filter(|home| home.holds(today))
        .map(Home::in_words)
        .collect();
    now.join("; also ")
}

/// Each parent with address and emergency numbers, and whether the pupil lives with them.
fn parents(contacts: &[ContactOf], today: Day) -> String {
    let each = contacts
        .iter()
        .filter(|contact| contact.is_parent())
        .map(|contact| {
            let with = if contact.lives_with == Some(true) {
                ", lives with the pupil"
            } else {
                ""
            };
            let address = contact
                .home_on(today)
                .map_or_else(|| "no address".to_owned(), Home::in_words);
            let numbers: Vec<String> = contact
                .routes
                .iter()
                .filter(|route| route.rings())
                .map(Route::shown)
                .collect();
            let numbers = if numbers.is_empty() {
                "no number".to_owned()
            } else {
                numbers.join(" or ")
            };
            format!(
                "{} ({}{with}), {address}, {numbers}",
                contact.name(),
                contact.relationship
            )
        });
    each.collect::<Vec<_>>().join("; ")
}

/// What an entry lacks.
fn gaps(
    pupil: &PupilRow,
    time: &TimeOnRoll,
    contacts: &[ContactOf],
    homes: &[Home],
    today: Day,
) -> Vec<Gap> {
    let last_school = time.last_school.clone().unwrap_or_default();
    let entry = AdmissionEntry {
        full_name: pupil.full_name(),
        name_used: format!("{} {}", pupil.forename, pupil.surname),
        sex: pupil.sex.clone().unwrap_or_default(),
        date_of_birth: Some(pupil.birth_day),
        addresses: homes.iter().filter(|home| home.holds(today)).count() as u32,
        contacts: contacts
            .iter()
            .map(|contact| ParentEntry {
                full_name: contact.name(),
                has_address: contact.home_on(today).is_some(),
                lives_with: contact.lives_with == Some(true),
                is_parent: contact.is_parent(),
                emergency_numbers: contact.routes.iter().filter(|route| route.rings()).count()
                    as u32,
            })
            .collect(),
        starting_day: Some(time.starting_day),
        no_school_before: last_school.trim().eq_ignore_ascii_case(NO_SCHOOL_BEFORE),
        // Name and address are one text: what follows the first comma is the address.
        last_school_has_address: last_school.contains([',', '\n']),
        last_school,
        school_has_boarders: false,
        boards: None,
    };
    admission_gaps(&entry)
}

/// What the entry of one pupil lacks, for the pupil's own page.
pub(super) fn gaps_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    today: Day,
) -> Result<Vec<Gap>, StoreError> {
    let times = times_on_roll(tx, school, pupil)?;
    let open = times.iter().rev().find(|time| time.is_open_on(today));
    let (Some(row), Some(time)) = (pupil_row(tx, school, pupil)?, open) else {
        return Ok(Vec::new());
    };
    let contacts = contacts_of(tx, school, pupil)?;
    let homes = homes_of(tx, school, pupil)?;
    Ok(gaps(&row, time, &contacts, &homes, today))
}

fn as_sheet(shown: &[&Line], part: Part, school: &str, actor: &Actor, today: Day) -> Sheet {
    let mut headings = vec![
        "Entry",
        "Legal surname",
        "Legal forename",
        "Middle names",
        "Surname used",
        "Forename used",
        "Sex",
        "Date of birth",
        "Address",
        "Parents",
        "Starting day",
        "Agreed with",
        "Registration",
        "Last school",
        "Other or next school",
        "Last day on roll",
        "Ground for deletion",
        "UPN",
        "Admission number",
        "Entered on",
        "Amendments",
    ];
    let title = match part {
        Part::All => "Admission register",
        Part::Gaps => "Admission register gaps",
        Part::Returns => "New pupil returns",
    };
    match part {
        Part::All => {}
        Part::Gaps => headings.push("Missing"),
        Part::Returns => headings.push("Return due by"),
    }
    let mut sheet = sheet(title, school, actor, today, &headings);
    sheet.rows = shown.iter().map(|line| cells(line, part)).collect();
    sheet
}

fn cells(line: &Line, part: Part) -> Vec<Cell> {
    let optional = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
    let (pupil, time) = (&line.pupil, &line.time);
    let mut cells = vec![
        Cell::whole(line.number as i64),
        Cell::text(&pupil.legal_surname),
        Cell::text(&pupil.legal_forename),
        Cell::text(&pupil.middle_names),
        Cell::text(&pupil.surname),
        Cell::text(&pupil.forename),
        optional(&pupil.sex),
        Cell::Day(pupil.birth_day),
        Cell::text(&line.address),
        Cell::text(&line.parents),
        Cell::Day(time.starting_day),
        optional(&time.agreed_with),
        Cell::text(enrolment_kind(&time.kind)),
        optional(&time.last_school),
        optional(&time.next_school),
        Cell::or_blank(time.leaving_day, Cell::Day),
        optional(&time.deletion_ground),
        optional(&pupil.upn),
        optional(&pupil.admission_number),
        Cell::Day(line.entered),
        Cell::whole(line.amendments),
    ];
    match part {
        Part::All => {}
        Part::Gaps => {
            let gaps: Vec<String> = line.gaps.iter().map(gap_in_words).collect();
            cells.push(Cell::text(&gaps.join("; ")));
        }
        Part::Returns => cells.push(Cell::Day(new_pupil_return_due(line.entered))),
    }
    cells
}
