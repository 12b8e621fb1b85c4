//! The page of sealed copies: a school year's months, what each has, what was missed, and each file to take away.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, Month, SchoolYear};
use store::jobs::JobState;
use store::{SchoolId, StoreError, Tx, args};

use super::contents::{ADMISSION_PDF, ATTENDANCE_PDF, first_made, kept_until};
use super::kept::unpacked;
use super::{Standing, background, may_seal, may_see, standing};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::PupilId;
use crate::insight::grouped;
use crate::people::Actor;
use crate::shell::{Exports, Flag, Frame, Notice, Page, Progress, Under, moment};
use crate::take_away::{FileKind, Leaving, Wanted, texts};

const COPIES: &str = "\
select c.copy_id, c.month, c.seq, c.head_seq, c.head_hash, c.pupil_count, c.mark_count, j.at, j.job_title, a.name
from sealed_copy c
join journal_entry j on j.school_id = c.school_id and j.seq = c.seq
left join account a on a.account_id = j.account_id
where c.school_id = $1 and c.month >= $2 and c.month <= $3 order by c.month, c.copy_id";

const FILES: &str = "\
select copy_id, name, sha256, byte_count from sealed_file where school_id = $1 and copy_id >= $2 order by copy_id, name";

const FILE: &str = "\
select b.bytes, c.month, c.head_seq, f.byte_count from sealed_copy c
join sealed_file f on f.school_id = c.school_id and f.copy_id = c.copy_id
join sealed_content b on b.school_id = f.school_id and b.copy_id = f.copy_id and b.name = f.name
where c.school_id = $1 and c.copy_id = $2 and f.name = $3";

const FOUNDED: &str = "select founded_at from school where school_id = $1";

/// Every pupil with an entry recorded up to an act: whose names stand in a copy read at it.
const ENTERED_BY: &str =
    "select distinct pupil_id from enrolment where school_id = $1 and seq <= $2 order by pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[COPIES, FILES, FILE, FOUNDED, ENTERED_BY];

/// A copy as the page lists it.
struct Copy {
    id: i64,
    made: String,
    by: String,
    holds: String,
    head: String,
    hash: String,
    files: Vec<File>,
}

/// A file of a copy.
struct File {
    name: String,
    size: String,
    sha256: String,
    exports: Exports,
}

/// A month with its copies.
struct Row {
    month: Month,
    flag: Flag,
    kept_until: String,
    copies: Vec<Copy>,
    /// Whether a copy can be made by hand.
    can_make: bool,
}

#[derive(Template)]
#[template(path = "registers/sealed/sealed.html")]
struct CopiesPage {
    frame: Frame,
    year: SchoolYear,
    earlier: Option<String>,
    later: Option<String>,
    rows: Vec<Row>,
    missed: usize,
    progress: Option<Progress>,
    failed: Option<String>,
    under: Under,
}

/// `GET /sealed-copies?year=`.
pub(super) async fn copies(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !may_see(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let now_in = SchoolYear::by_september(today);
        let year = year_asked(&asked, today);
        let founded = founded(tx, actor.school)?;
        let begins = SchoolYear::by_september(founded.first());
        let path = |year: SchoolYear| format!("/sealed-copies?year={}", year.first_year());
        let rows = rows(tx, actor, year, today)?;
        let job = background::newest(tx, actor.school)?;
        let failed = job.as_ref().filter(|job| job.state == JobState::Failed);
        let failed = failed.map(|job| job.outcome.clone().unwrap_or_default());
        let progress = job.filter(|job| job.state != JobState::Failed).map(|job| Progress {
            heading: "Making a copy".into(),
            done: job.done.unsigned_abs(),
            whole: job.total.unsigned_abs().max(1),
            sentence: match job.done {
                0 => "Reading both registers. You may leave this page; the work goes on.".into(),
                1 => "Setting the admission register. You may leave this page; the work goes on.".into(),
                2 => "Setting the attendance register. You may leave this page; the work goes on.".into(),
                _ => "Sealing it. You may leave this page; the work goes on.".into(),
            },
            running: true,
            cancel: None,
        });
        let copies: usize = rows.iter().map(|row| row.copies.len()).sum();
        let page = CopiesPage {
            frame: here.frame(tx, actor, "Sealed copies")?.with_notice(notice(&asked)),
            year,
            earlier: (begins < year).then(|| path(year.previous())),
            later: (year < now_in).then(|| path(year.next())),
            missed: rows.iter().filter(|row| row.flag.text.starts_with("missed")).count(),
            rows,
            progress,
            failed,
            under: Under {
                shown: match copies {
                    1 => "One copy".into(),
                    copies => format!("{copies} copies").into(),
                },
                exports: Exports::usual(&path(year)),
                ..Under::default()
            },
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn year_asked(asked: &Answers, today: Day) -> SchoolYear {
    let year = asked
        .number("year")
        .and_then(|year| i16::try_from(year).ok());
    let year = year.filter(|year| (1990..2200).contains(year));
    year.map_or(SchoolYear::by_september(today), SchoolYear::beginning_in)
}

fn notice(asked: &Answers) -> Option<Notice> {
    (asked.text("did") == "begun")
        .then(|| Notice::done("The copy is being made. It appears here when it is sealed."))
}

/// The month in which the school's record here begins.
fn founded(tx: &mut Tx, school: SchoolId) -> Result<Month, StoreError> {
    let founded = tx.query_one(FOUNDED, &args![school], |row| row.get::<Instant>(0))?;
    Ok(Month::of(founded.in_london().0))
}

/// The months of a school year that have begun since the school's record here did, oldest first.
fn months(founded: Month, year: SchoolYear, today: Day) -> impl Iterator<Item = Month> {
    let first = |year: i16| Day::new(year, 9, 1).expect("the first of September is a day");
    let begins = Month::of(first(year.first_year())).max(founded);
    let ends = Month::of(first(year.first_year() + 1)).previous();
    begins.through(ends.min(Month::of(today)))
}

fn rows(tx: &mut Tx, actor: &Actor, year: SchoolYear, today: Day) -> Result<Vec<Row>, StoreError> {
    let founded = founded(tx, actor.school)?;
    let made = first_made(tx, actor.school)?;
    let months: Vec<Month> = months(founded, year, today).collect();
    let mut copies = match (months.first(), months.last()) {
        (Some(first), Some(last)) => read_copies(tx, actor.school, *first, *last)?,
        _ => BTreeMap::new(),
    };
    let row = |month: Month| {
        let stands = standing_of(month, &made, today);
        Row {
            month,
            flag: flag(stands),
            kept_until: kept_until(month).long(),
            copies: copies.remove(&month).unwrap_or_default(),
            can_make: may_seal(actor),
        }
    };
    Ok(months.into_iter().map(row).collect())
}

fn standing_of(month: Month, made: &BTreeMap<Month, Instant>, today: Day) -> Standing {
    let first = made.get(&month).map(|at| at.in_london().0);
    standing(month, first, today)
}

fn flag(stands: Standing) -> Flag {
    match stands {
        Standing::Running => Flag::plain("still running"),
        Standing::Due => Flag::heed("due"),
        Standing::Missed => Flag::loud("missed"),
        Standing::Made => Flag::good("sealed"),
        Standing::MadeLate => Flag::heed("sealed late"),
    }
}

fn read_copies(
    tx: &mut Tx,
    school: SchoolId,
    first: Month,
    last: Month,
) -> Result<BTreeMap<Month, Vec<Copy>>, StoreError> {
    let asked = args![school, first.first(), last.first()];
    let found = tx.query(COPIES, &asked, |row| {
        let name = row.get::<Option<String>>(9)?;
        let (seq, head): (i64, i64) = (row.get(2)?, row.get(3)?);
        let copy = Copy {
            id: row.get(0)?,
            made: moment(row.get(7)?),
            by: match (name, row.get::<String>(8)?) {
                (Some(name), title) => format!("{name}, {title}"),
                (None, title) => format!("Rollbook, {title}"),
            },
            holds: format!(
                "{} names, {} marks",
                grouped(row.get::<i64>(5)? as u32),
                grouped(row.get::<i64>(6)? as u32)
            ),
            head: format!("read at act {head}, sealed by act {seq}"),
            hash: row.get(4)?,
            files: Vec::new(),
        };
        Ok((Month::of(row.get(1)?), copy))
    })?;
    let oldest = found
        .iter()
        .map(|(_, copy)| copy.id)
        .min()
        .unwrap_or(i64::MAX);
    let mut files: BTreeMap<i64, Vec<File>> = BTreeMap::new();
    tx.each(FILES, &args![school, oldest], |row| {
        let (copy, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let file = File {
            size: size(row.get(3)?),
            sha256: row.get(2)?,
            exports: Exports::files(
                format!("/sealed-copies/{copy}/{name}"),
                vec![(word(&name), label(&name).into())],
            ),
            name,
        };
        files.entry(copy).or_default().push(file);
        Ok::<_, StoreError>(())
    })?;
    let mut copies: BTreeMap<Month, Vec<Copy>> = BTreeMap::new();
    for (month, mut copy) in found {
        copy.files = files.remove(&copy.id).unwrap_or_default();
        copy.files.sort_by_key(|file| !file.name.ends_with(".pdf"));
        copies.entry(month).or_default().push(copy);
    }
    Ok(copies)
}

fn word(name: &str) -> &'static str {
    if name.ends_with(".pdf") { "pdf" } else { "csv" }
}

/// What a button says of a file.
fn label(name: &str) -> &'static str {
    match name {
        ADMISSION_PDF => "Admission register, PDF",
        ATTENDANCE_PDF => "Attendance register, PDF",
        name if name.starts_with("admission") && name.contains("amendments") => {
            "Its amendments, CSV"
        }
        name if name.starts_with("admission") => "Admission register, CSV",
        name if name.contains("amendments") => "Its amendments, CSV",
        name if name.contains("sub-codes") => "Its sub-codes, CSV",
        _ => "Attendance register, CSV",
    }
}

fn size(bytes: i64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", (bytes + 999) / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// `POST /sealed-copies/make`: makes a copy of a month by hand.
pub(super) async fn make(desk: Desk, Form(asked): Form<Answers>) -> Result<Response, Problem> {
    let month = asked.text("month").parse::<Month>();
    let maker = desk.read(|_, actor| match may_seal(actor) {
        true => Ok(actor.clone()),
        false => Err(Refusal::NotFound),
    });
    let maker = maker.await?;
    let begun = match month {
        Err(error) => Err(Refusal::Wrong(error.to_string())),
        Ok(month) if month.first() > desk.office.today().0 => Err(Refusal::Wrong(format!(
            "{} has not begun. Choose a month that has.",
            month.name()
        ))),
        Ok(month) => background::begin(&desk.office, &maker, month)
            .await
            .map(|()| SchoolYear::by_september(month.first())),
    };
    let year = begun.map_err(|refusal| desk.problem(refusal))?;
    let there = format!("/sealed-copies?year={}&did=begun", year.first_year());
    Ok(Redirect::to(&there).into_response())
}

/// `/sealed-copies` as a file: which copies there are, with their digests.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !may_see(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let today = wanted.today();
    let year = year_asked(&wanted.query()?, today);
    let headings = [
        "Month", "Standing", "Copy", "Made", "By", "Holds", "Journal", "Hash", "File", "SHA-256",
        "Size",
    ];
    let sheet = wanted.sheet(tx, "Sealed copies", &headings)?;
    let mut lines = Vec::new();
    for row in rows(tx, wanted.actor, year, today)? {
        let (month, stands) = (row.month.name(), row.flag.text.to_string());
        if row.copies.is_empty() {
            let mut line = vec![month.clone(), stands.clone()];
            line.resize(headings.len(), String::new());
            lines.push(line);
        }
        for copy in &row.copies {
            for file in &copy.files {
                lines.push(vec![
                    month.clone(),
                    stands.clone(),
                    copy.id.to_string(),
                    copy.made.clone(),
                    copy.by.clone(),
                    copy.holds.clone(),
                    copy.head.clone(),
                    copy.hash.clone(),
                    file.name.clone(),
                    file.sha256.clone(),
                    file.size.clone(),
                ]);
            }
        }
    }
    Ok(Leaving::new(texts(sheet, lines), today))
}

/// `GET /sealed-copies/{copy}/{file}`: whoever is asked why they take a file away can go back to where it is offered.
pub(super) async fn to_the_copies(desk: Desk) -> Result<Redirect, Problem> {
    desk.read(|_, _| Ok(Redirect::to("/sealed-copies"))).await
}

/// `/sealed-copies/{copy}/{file}`: the bytes that were sealed.
pub(super) fn one_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !may_see(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let school = wanted.actor.school;
    let (copy, name): (i64, String) = (wanted.named()?, wanted.second()?);
    let found = tx.query_opt(FILE, &args![school, copy, &name], |row| {
        Ok((
            unpacked(row.get(0)?, row.get(3)?),
            Month::of(row.get(1)?),
            row.get::<i64>(2)?,
        ))
    })?;
    let (file, month, head) = found.ok_or(Refusal::NotFound)?;
    let bytes = file.ok_or_else(|| {
        Refusal::Wrong(
            "This file is not the one that was sealed: somebody altered it where it is kept. Ask whoever runs Rollbook to prove the \
             record (rollbook verify)."
                .to_owned(),
        )
    })?;
    let pupils: Vec<PupilId> = tx.query(ENTERED_BY, &args![school, head], |row| row.get(0))?;
    let (stem, kind) = match name.rsplit_once('.') {
        Some((stem, "pdf")) => (stem, FileKind::Pdf),
        Some((stem, _)) => (stem, FileKind::Csv),
        None => return Err(Refusal::NotFound),
    };
    let title = format!("Sealed copy of {month} {}", stem.replace('-', " "));
    Ok(Leaving::kept(title, kind, bytes, wanted.today()).naming(pupils))
}

/// What the first page says of copies to whoever may make them.
pub(crate) struct CopiesToday {
    /// Months of this school year that were missed, in words.
    pub(crate) missed: Vec<String>,
}

/// The months of this school year that were missed; none where nothing is to be said or done.
pub(crate) fn copies_today(
    tx: &mut Tx,
    actor: &Actor,
    today: Day,
) -> Result<Option<CopiesToday>, StoreError> {
    if !may_seal(actor) {
        return Ok(None);
    }
    let founded = founded(tx, actor.school)?;
    let made = first_made(tx, actor.school)?;
    let missed: Vec<String> = months(founded, SchoolYear::by_september(today), today)
        .filter(|month| standing_of(*month, &made, today) == Standing::Missed)
        .map(Month::name)
        .collect();
    Ok((!missed.is_empty()).then_some(CopiesToday { missed }))
}

/// The month of which the program should make a copy by itself now: the last that is over, unless it has one or the school's
/// record here began after it. A month that was missed before is left to a person, since a copy shows what stands now.
pub fn due_by_itself(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<Option<Month>, StoreError> {
    let month = Month::of(today).previous();
    if month < founded(tx, school)? {
        return Ok(None);
    }
    let made = first_made(tx, school)?;
    Ok((!made.contains_key(&month)).then_some(month))
}
