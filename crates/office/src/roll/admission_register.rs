//! The admission register as the law asks for it: names in order of entry, what is missing, and what the authority must be told.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, TimeOfDay};
use exchange::{Cell, Sheet};
use register::admission::{
    AdmissionEntry, Gap, ParentEntry, Severity, admission_gaps, new_pupil_return_due,
};
use store::{SchoolId, StoreError, Tx, args};

use super::add_pupil::{NO_SCHOOL_BEFORE, sentence};
use super::boarding::{self, Said};
use super::household::{
    ContactOf, Home, Route, contacts_of, contacts_of_all, homes_of, homes_of_all,
};
use super::place::sorting_name;
use super::record::{
    PupilRow, TimeOnRoll, all_pupil_rows, all_times_on_roll, enrolment_kind, ground_in_words,
    pupil_row, times_on_roll,
};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Exports, Flag, Frame, Page, Tab, Tabs, Under};
use crate::take_away::{Leaving, Wanted};

/// Names on one page.
const PAGE: usize = 50;

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
    /// Whether the pupil boards; none while nobody has said.
    boards: Option<bool>,
    /// How often the entry, the time on roll or what is said of boarding was amended.
    amendments: i64,
}

/// What is shown of the register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Gaps,
    Returns,
}

impl Part {
    fn asked(asked: &Answers) -> Part {
        match asked.text("show") {
            "gaps" => Part::Gaps,
            "returns" => Part::Returns,
            _ => Part::All,
        }
    }
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
pub(crate) fn may_see(actor: &Actor) -> bool {
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
        let part = Part::asked(&asked);
        let is_whole = !asked.text("print").is_empty();
        let shown = shown(tx, actor.school, &asked, part, is_whole, today)?;
        let frame = here.frame(tx, actor, "Admission register")?;
        Ok(Page(page(frame, &book, &asked, part, &shown, today)).into_response())
    })
    .await
}

/// The lines of one page, and how many there are in all.
struct Shown {
    lines: Vec<Line>,
    /// Names before the first of these.
    before: usize,
    /// Names of this part of the register.
    of: usize,
    /// Names of the whole register.
    names: usize,
    /// Names that the authority was or is to be told of lately.
    returns: usize,
}

/// What is asked for of this part of the register. A page of the register reads the records of its own names only; what is
/// missing can be told of nobody without having looked at everybody.
fn shown(
    tx: &mut Tx,
    school: SchoolId,
    asked: &Answers,
    part: Part,
    is_whole: bool,
    today: Day,
) -> Result<Shown, StoreError> {
    let names = tx.query_one(COUNT, &args![school], |row| row.get::<i64>(0))? as usize;
    let returns = returns(tx, school, today)?;
    let boards = boarding::any(tx, school)?;
    let number = asked.text("page").parse::<usize>().unwrap_or(1).max(1);
    let before = |of: usize| match is_whole {
        true => 0,
        false => (number - 1).saturating_mul(PAGE).min(of),
    };
    let most = if is_whole { usize::MAX } else { PAGE };
    let count = returns.len();
    let (entered, of) = match part {
        Part::All => (entered(tx, school, None, before(names), most)?, names),
        Part::Returns => {
            let page = returns.into_iter().skip(before(count)).take(most);
            (page.collect(), count)
        }
        Part::Gaps => (entered(tx, school, None, 0, usize::MAX)?, 0),
    };
    let mut lines = match entered.len() > PAGE {
        true => lines_of_all(tx, school, entered, boards, today)?,
        false => lines_of_each(tx, school, entered, boards, today)?,
    };
    let mut of = of;
    if part == Part::Gaps {
        lines.retain(|line| line.time.is_open_on(today) && !line.gaps.is_empty());
        of = lines.len();
        lines = lines.into_iter().skip(before(of)).take(most).collect();
    }
    Ok(Shown {
        before: before(of),
        lines,
        of,
        names,
        returns: count,
    })
}

fn page(
    frame: Frame,
    book: &Book,
    asked: &Answers,
    part: Part,
    shown: &Shown,
    today: Day,
) -> RegisterPage {
    let last = shown.before + shown.lines.len();
    let number = shown.before / PAGE + 1;
    let path = "/admission-register";
    let turned = |number: usize| asked.path(path, &[("page", &number.to_string())]);
    let tab = |label: &'static str, own: Part, tail: &str, count: Option<usize>| Tab {
        label: label.into(),
        href: format!("{path}{tail}").into(),
        current: own == part,
        count: count.map(|count| count as u32),
    };
    let gaps = (part == Part::Gaps).then_some(shown.of);
    RegisterPage {
        frame,
        tabs: Tabs {
            name: "Admission register".into(),
            tabs: vec![
                tab("In order of entry", Part::All, "", Some(shown.names)),
                tab("Something missing", Part::Gaps, "?show=gaps", gaps),
                tab(
                    "New pupil returns",
                    Part::Returns,
                    "?show=returns",
                    Some(shown.returns),
                ),
            ],
        },
        is_returns: part == Part::Returns,
        rows: (shown.lines.iter())
            .map(|line| row(book, line, today))
            .collect(),
        under: Under {
            shown: format!(
                "{} to {last} of {} names",
                (shown.before + 1).min(last),
                shown.of
            )
            .into(),
            previous: (shown.before > 0).then(|| turned(number - 1).into()),
            next: (last < shown.of).then(|| turned(number + 1).into()),
            exports: Exports::usual(&asked.path(path, &[("page", "")])),
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
            "{sex}, born {}; {}{}",
            line.pupil.birth_day.long(),
            or_missing(&line.address),
            if line.boards == Some(true) {
                "; boarder"
            } else {
                ""
            }
        ),
        parents: or_missing(&line.parents),
        starting: line.time.starting_day.long(),
        ended: line.time.leaving_day.map_or_else(String::new, |last| {
            let ground = ground.map_or_else(|| "ground not recorded".to_owned(), ground_in_words);
            format!("{}; {ground}", last.long())
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

const COUNT: &str = "\
select cast(count(*) as bigint) from enrolment where school_id = $1 and superseded_seq is null";

/// Names in order of entry, those entered in one act by starting day: $2 is the moment from which on they were entered, $3 the
/// most of them, $4 how many to pass over.
const ENTERED: &str = "\
select number, enrolment_id, pupil_id, starting_day, at from (
  select row_number() over (order by f.seq, v.starting_day, f.enrolment_id) as number,
         f.enrolment_id, v.pupil_id, v.starting_day, j.at
  from enrolment f
  join enrolment v on v.school_id = f.school_id and v.enrolment_id = f.enrolment_id and v.superseded_seq is null
  join journal_entry j on j.school_id = f.school_id and j.seq = f.seq
  where f.school_id = $1 and not exists
    (select 1 from enrolment e where e.school_id = f.school_id and e.enrolment_id = f.enrolment_id and e.seq < f.seq)
) names where at >= $2 order by number limit $3 offset $4";

const AMENDED: &str = "\
select cast(count(*) as bigint) from (
  select seq from pupil where school_id = $1 and pupil_id = $2 and superseded_seq is not null
  union all select seq from enrolment where school_id = $1 and pupil_id = $2 and superseded_seq is not null
  union all select seq from characteristic
    where school_id = $1 and kind = 'boards' and pupil_id = $2 and superseded_seq is not null
) amended";

const AMENDED_OF_ALL: &str = "\
select pupil_id, cast(count(*) as bigint) from (
  select pupil_id from pupil where school_id = $1 and superseded_seq is not null
  union all select pupil_id from enrolment where school_id = $1 and superseded_seq is not null
  union all select pupil_id from characteristic where school_id = $1 and kind = 'boards' and superseded_seq is not null
) amended group by pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[COUNT, ENTERED, AMENDED, AMENDED_OF_ALL];

/// A name's place in the register.
struct Entered {
    /// From 1.
    number: usize,
    enrolment: EnrolmentId,
    pupil: PupilId,
    starting_day: Day,
    /// The day on which the name was entered.
    on: Day,
}

/// Names in order of entry: those entered `since` a moment, so many, after so many.
fn entered(
    tx: &mut Tx,
    school: SchoolId,
    since: Option<Instant>,
    before: usize,
    most: usize,
) -> Result<Vec<Entered>, StoreError> {
    let since = since.unwrap_or(Instant::from_micros(0));
    let bounds = [most, before].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
    let named = args![school, since, bounds[0], bounds[1]];
    tx.query(ENTERED, &named, |row| {
        Ok(Entered {
            number: row.get::<i64>(0)? as usize,
            enrolment: row.get(1)?,
            pupil: row.get(2)?,
            starting_day: row.get(3)?,
            on: row.get::<Instant>(4)?.in_london().0,
        })
    })
}

/// The names that were entered lately. A roll that was brought in whole is no list of new pupils: they began long before they
/// were entered here.
fn returns(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Vec<Entered>, StoreError> {
    let midnight = TimeOfDay::from_seconds(0).expect("midnight is a clock time");
    let since = Instant::at_london(today.plus_days(-RETURNS_LISTED), midnight);
    let mut entered = entered(tx, school, Some(since), 0, usize::MAX)?;
    entered.retain(|name| name.starting_day.days_until(name.on) <= RETURNS_LISTED);
    Ok(entered)
}

/// What stands at a name, from the records of the pupil alone.
fn lines_of_each(
    tx: &mut Tx,
    school: SchoolId,
    entered: Vec<Entered>,
    has_boarders: bool,
    today: Day,
) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::with_capacity(entered.len());
    for name in entered {
        let times = times_on_roll(tx, school, name.pupil)?;
        let time = times.into_iter().find(|time| time.id == name.enrolment);
        let (Some(time), Some(pupil)) = (time, pupil_row(tx, school, name.pupil)?) else {
            continue;
        };
        let held = Held {
            contacts: &contacts_of(tx, school, name.pupil)?,
            homes: &homes_of(tx, school, name.pupil)?,
            boarding: &boarding::of_pupil(tx, school, name.pupil)?,
            has_boarders,
            amendments: tx.query_one(AMENDED, &args![school, name.pupil], |row| row.get(0))?,
        };
        lines.push(line(&name, time, pupil, held, today));
    }
    Ok(lines)
}

/// What stands at many names, from the records of the whole school.
fn lines_of_all(
    tx: &mut Tx,
    school: SchoolId,
    entered: Vec<Entered>,
    has_boarders: bool,
    today: Day,
) -> Result<Vec<Line>, StoreError> {
    let amended: HashMap<PupilId, i64> = tx
        .query(AMENDED_OF_ALL, &args![school], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let pupils = all_pupil_rows(tx, school)?;
    let contacts = contacts_of_all(tx, school)?;
    let homes = homes_of_all(tx, school)?;
    let said = boarding::of_all(tx, school)?;
    let times = all_times_on_roll(tx, school)?;
    let mut times: HashMap<EnrolmentId, TimeOnRoll> =
        times.into_iter().map(|time| (time.id, time)).collect();
    let lines = entered.into_iter().filter_map(|name| {
        let (time, pupil) = (times.remove(&name.enrolment)?, pupils.get(&name.pupil)?);
        let held = Held {
            contacts: contacts.get(&name.pupil).map_or(&[][..], Vec::as_slice),
            homes: homes.get(&name.pupil.0).map_or(&[][..], Vec::as_slice),
            boarding: own(&said, name.pupil),
            has_boarders,
            amendments: amended.get(&name.pupil).copied().unwrap_or_default(),
        };
        Some(line(&name, time, pupil.clone(), held, today))
    });
    Ok(lines.collect())
}

/// What is said of one pupil's boarding, of what is said of all, in order of pupil.
fn own(said: &[Said], pupil: PupilId) -> &[Said] {
    let first = said.partition_point(|one| one.pupil < pupil);
    let after = said.partition_point(|one| one.pupil <= pupil);
    &said[first..after]
}

/// What the records hold beside the entry itself.
struct Held<'r> {
    contacts: &'r [ContactOf],
    homes: &'r [Home],
    boarding: &'r [Said],
    has_boarders: bool,
    amendments: i64,
}

/// Whether the pupil boards, as the entry has it today, or on its last day.
fn boards(time: &TimeOnRoll, held: &Held<'_>, today: Day) -> Option<bool> {
    let last = time.leaving_day.map_or(today, |last| last.min(today));
    boarding::boards_on(held.boarding, last.max(time.starting_day))
}

fn line(name: &Entered, time: TimeOnRoll, pupil: PupilRow, held: Held<'_>, today: Day) -> Line {
    Line {
        number: name.number,
        address: address(held.homes, today),
        parents: parents(held.contacts, today),
        gaps: gaps(&pupil, &time, &held, today),
        boards: boards(&time, &held, today),
        entered: name.on,
        amendments: held.amendments,
        pupil,
        time,
    }
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
fn gaps(pupil: &PupilRow, time: &TimeOnRoll, held: &Held<'_>, today: Day) -> Vec<Gap> {
    let (contacts, homes) = (held.contacts, held.homes);
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
        last_school_has_address: time.last_school_address.is_some(),
        last_school,
        school_has_boarders: held.has_boarders,
        boards: boards(time, held, today),
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
    let held = Held {
        contacts: &contacts_of(tx, school, pupil)?,
        homes: &homes_of(tx, school, pupil)?,
        boarding: &boarding::of_pupil(tx, school, pupil)?,
        has_boarders: boarding::any(tx, school)?,
        amendments: 0,
    };
    Ok(gaps(&row, time, &held, today))
}

/// `/admission-register` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !may_see(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let asked: Answers = wanted.query()?;
    let (part, today) = (Part::asked(&asked), wanted.today());
    let shown = shown(tx, wanted.actor.school, &asked, part, true, today)?;
    let sheet = as_sheet(tx, wanted, &shown.lines, part)?;
    let pupils = shown.lines.iter().map(|line| line.time.pupil);
    Ok(Leaving::new(sheet, today).naming(pupils))
}

/// The columns of the register as a file.
const HEADINGS: [&str; 23] = [
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
    "Address of the last school",
    "Other or next school",
    "Boarder",
    "Last day on roll",
    "Ground for deletion",
    "UPN",
    "Admission number",
    "Entered on",
    "Amendments",
];

fn as_sheet(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    shown: &[Line],
    part: Part,
) -> Result<Sheet, StoreError> {
    let mut headings = HEADINGS.to_vec();
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
    let mut sheet = wanted.sheet(tx, title, &headings)?;
    sheet.rows = shown.iter().map(|line| cells(line, part)).collect();
    Ok(sheet)
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
        optional(&time.last_school_address),
        optional(&time.next_school),
        Cell::or_blank(line.boards, Cell::YesNo),
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

/// The whole register, to be copied: as the file has it, and as it is read on paper.
pub(crate) struct Copied {
    /// The headings of the file.
    pub(crate) headings: &'static [&'static str],
    /// Its rows, in order of entry.
    pub(crate) cells: Vec<Vec<Cell>>,
    /// The same on paper: one text for each of [`ON_PAPER`].
    pub(crate) rows: Vec<Vec<String>>,
}

/// What stands together on paper.
pub(crate) const ON_PAPER: [&str; 7] = [
    "Entry",
    "Name, sex, date of birth",
    "Address",
    "Parents and emergency numbers",
    "Starting day and last school",
    "Last day on roll, ground, other or next school",
    "Entered",
];

/// The whole register as it stands on a snapshot. For copies of it: whoever may have one may see all of it.
pub(crate) fn copied(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Copied, StoreError> {
    let boards = boarding::any(tx, school)?;
    let names = entered(tx, school, None, 0, usize::MAX)?;
    let lines = lines_of_all(tx, school, names, boards, today)?;
    Ok(Copied {
        headings: &HEADINGS,
        cells: lines.iter().map(|line| cells(line, Part::All)).collect(),
        rows: lines.iter().map(on_paper).collect(),
    })
}

fn on_paper(line: &Line) -> Vec<String> {
    let (pupil, time) = (&line.pupil, &line.time);
    let used = format!("{} {}", pupil.forename, pupil.surname);
    let mut name = pupil.full_name();
    if !name.ends_with(&used) {
        name += &format!("\nknown as {used}");
    }
    let sex = pupil.sex.as_deref().unwrap_or("sex not recorded");
    name += &format!("\n{sex}, {}", pupil.birth_day.long());
    if line.boards == Some(true) {
        name += "\nboarder";
    }
    let mut starting = time.starting_day.long();
    if let Some(with) = &time.agreed_with {
        starting += &format!("\nagreed with {with}");
    }
    for text in [&time.last_school, &time.last_school_address]
        .into_iter()
        .flatten()
    {
        starting += &format!("\n{text}");
    }
    let mut ended = time.leaving_day.map_or_else(String::new, |last| {
        let ground = time.deletion_ground.as_deref();
        let ground = ground.map_or_else(|| "ground not recorded".to_owned(), ground_in_words);
        format!("{}; {ground}", last.long())
    });
    if let Some(next) = &time.next_school {
        ended += &format!("\n{next}");
    }
    let amended = match line.amendments {
        0 => String::new(),
        1 => "\namended once".to_owned(),
        times => format!("\namended {times} times"),
    };
    vec![
        line.number.to_string(),
        name,
        or_missing(&line.address),
        or_missing(&line.parents),
        starting,
        ended.trim_start().to_owned(),
        format!("{}{amended}", line.entered.slashed()),
    ]
}
