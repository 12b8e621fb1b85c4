//! A certified extract of the registers for one pupil and some days: every session with its mark, who recorded and who amended
//! it, the totals, and the head teacher's certificate (R-010, E-104).
//!
//! It is made from the registers as they stand on one snapshot, bears the journal's number and hash at it, and leaves by the one
//! door with a reason. Where no mark was made and a plan stands, the plan's code counts, as on every page, and the extract says whose
//! it is (decision 0009).

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, Slot};
use columns::MarkByte;
use paper::{Column, Paper, Part, Table, Width};
use register::Counts;
use store::{Head, SchoolId, StoreError, Tx, args, journal};

use super::HistoryEntry;
use super::history::history_of;
use super::sealed::{amendments, changed, in_hex, why};
use crate::book::{Book, Enrolment, GroupKind, Pupil};
use crate::desk::{Desk, Problem, Refusal, school_name};
use crate::form::{Answers, Wrongs};
use crate::ids::PupilId;
use crate::insight::{Opened, counts_as};
use crate::people::{Access, Actor, RecordKind};
use crate::roll::amendments_of;
use crate::shell::{Exports, Facts, Field, Frame, Page, moment};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::session_times;

/// Whether somebody may take an extract of a pupil's marks: whoever reads the attendance register of the whole school.
pub(crate) fn may_extract(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
        && actor.may_for_school(Access::Read, RecordKind::PupilCore)
}

/// A session of the extract.
struct Session {
    slot: Slot,
    mark: MarkByte,
    /// Every entry made for it, oldest first.
    entries: Vec<HistoryEntry>,
}

/// What an extract holds.
struct Extract<'b> {
    pupil: &'b Pupil,
    times: Vec<&'b Enrolment>,
    tutor: String,
    from: Day,
    to: Day,
    sessions: Vec<Session>,
    counts: Counts,
    head: Head,
}

impl<'b> Extract<'b> {
    fn of(
        tx: &mut Tx,
        book: &'b Book,
        pupil: PupilId,
        (from, to): (Day, Day),
        opened: Opened,
    ) -> Result<Extract<'b>, Refusal> {
        let known = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
        let rows = book.roll.rows_of(pupil);
        let mut sessions: Vec<Session> = Vec::new();
        let mut counts = Counts::default();
        for row in rows {
            let enrolment = &book.roll.enrolments[*row];
            let entries = history_of(tx, book.school, enrolment.id, from, to)?;
            for slot in book.calendar.slots(from, to) {
                let mark = book.mark(*row, *slot);
                if !mark.is_session() || !opened.has(*slot) {
                    continue;
                }
                counts += match mark.row() {
                    Some(meaning) => Counts::of(meaning),
                    None => Counts::of_missing(),
                };
                let own = entries.iter().filter(|entry| entry.slot == *slot);
                sessions.push(Session {
                    slot: *slot,
                    mark,
                    entries: own.cloned().collect(),
                });
            }
        }
        sessions.sort_by_key(|session| session.slot);
        let times: Vec<&Enrolment> = rows.iter().map(|row| &book.roll.enrolments[*row]).collect();
        let tutor = times.iter().rev().find_map(|time| {
            let day = time
                .leaving_day
                .map_or(to, |last| last.min(to))
                .max(time.starting_day);
            book.groups.of_kind(time.id, GroupKind::Tutor, day)
        });
        Ok(Extract {
            pupil: known,
            tutor: tutor.map_or_else(String::new, |group| group.name.clone()),
            times,
            from,
            to,
            sessions,
            counts,
            head: journal::head(tx, book.school)?.ok_or(Refusal::NotFound)?,
        })
    }

    fn amended(&self) -> impl Iterator<Item = &HistoryEntry> {
        let again = self
            .sessions
            .iter()
            .filter(|session| session.entries.len() > 1);
        again.flat_map(|session| &session.entries)
    }

    fn legal_name(&self) -> String {
        let pupil = self.pupil;
        let parts = [
            &pupil.legal_forename,
            &pupil.middle_names,
            &pupil.legal_surname,
        ];
        let there: Vec<&str> = parts
            .into_iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect();
        there.join(" ")
    }

    /// The totals, each with the rule that makes it.
    fn totals(&self) -> Vec<(&'static str, String, &'static str)> {
        let counts = &self.counts;
        let share = counts
            .attendance_shown()
            .map_or("no possible session".to_owned(), |percent| {
                format!(
                    "{percent}% ({} of {})",
                    counts.attended(),
                    counts.possible()
                )
            });
        vec![
            ("Possible sessions", counts.possible().to_string(), "R-204"),
            ("Attended", counts.attended().to_string(), "R-202"),
            ("Authorised absence", counts.authorised.to_string(), "R-204"),
            (
                "Unauthorised absence",
                counts.unauthorised.to_string(),
                "R-204",
            ),
            (
                "Late, before and after the register closed",
                counts.late_total().to_string(),
                "R-208",
            ),
            ("No mark", counts.missing.to_string(), "R-209"),
            ("Attendance", share, "R-204, R-207"),
        ]
    }

    fn certificate(&self, school: &str) -> String {
        format!(
            "I certify that I am the head teacher of {school}; that this is a true extract of the school's registers for {}, born {}, \
             from {} to {} as they stood at entry {} of their journal; and that its totals are made from the marks that it lists. \
             (Education Act 1996, section 566(1)(c) and (2); E-104.)",
            self.legal_name(),
            self.pupil.birth_day.long(),
            self.from.long(),
            self.to.long(),
            self.head.seq
        )
    }
}

/// The days that are asked for: this school year so far where nothing is said, and never beyond today.
fn days_asked(asked: &Answers, book: &Book, today: Day, wrongs: &mut Wrongs) -> (Day, Day) {
    let year = book.calendar.school_year_of(today);
    let begins = book
        .calendar
        .days_of(year)
        .map_or(today, |(first, _)| first.min(today));
    let from = asked.day_if_given("from", wrongs).unwrap_or(begins);
    let to = asked.day_if_given("to", wrongs).unwrap_or(today).min(today);
    if to < from {
        wrongs.add(
            "to",
            "The last day is the first or a later one, and not after today.",
        );
    }
    (from, to)
}

#[derive(Template)]
#[template(path = "registers/extract.html")]
struct ExtractPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    from: Field,
    to: Field,
    facts: Option<Facts>,
    amended: usize,
    sessions: usize,
    exports: Option<Exports>,
    earlier: Vec<Earlier>,
}

/// An extract that was taken away, and whether the registers say something else since (E-104).
struct Earlier {
    when: String,
    days: String,
    who: String,
    stale: Option<String>,
}

const TAKEN_AWAY: &str = "\
select x.address, x.seq, j.at, a.name, j.job_title from export x
join export_pupil p on p.school_id = x.school_id and p.export_id = x.export_id
join journal_entry j on j.school_id = x.school_id and j.seq = x.seq
left join account a on a.account_id = x.account_id
where x.school_id = $1 and p.pupil_id = $2 and x.kind = $3 order by x.seq desc";
const CHANGED_SINCE: &str = "\
select count(*), max(j.at) from enrolment e
join mark_version v on v.school_id = e.school_id and v.enrolment_id = e.enrolment_id
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
where e.school_id = $1 and e.pupil_id = $2 and e.superseded_seq is null and v.on_date >= $3 and v.on_date <= $4 and v.seq > $5";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[TAKEN_AWAY, CHANGED_SINCE];

/// The extracts of this pupil that left, the newest first; stale where an entry was made since for one of its days.
///
/// Rule: E-104. Errors: a [`StoreError`] of a statement.
fn earlier(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<Vec<Earlier>, StoreError> {
    type Left = (String, i64, Instant, Option<String>, String);
    let left: Vec<Left> = tx.query(TAKEN_AWAY, &args![school, pupil, LIST.kind], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    })?;
    let mut found = Vec::with_capacity(left.len());
    for (address, seq, at, name, job_title) in left {
        let asked = address.split_once('?').map_or("", |(_, query)| query);
        let asked: Answers = serde_urlencoded::from_str(asked).unwrap_or_default();
        let days = (
            asked.text("from").parse::<Day>(),
            asked.text("to").parse::<Day>(),
        );
        let (Ok(from), Ok(to)) = days else { continue };
        let since = args![school, pupil, from, to, seq];
        let (changed, last): (i64, Option<Instant>) =
            tx.query_one(CHANGED_SINCE, &since, |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.push(Earlier {
            when: moment(at),
            days: format!("{} to {}", from.long(), to.long()),
            who: format!("{}, {job_title}", name.unwrap_or_default()),
            stale: last.map(|last| {
                format!(
                    "stale: {changed} later entries, the last {} (E-104)",
                    moment(last)
                )
            }),
        });
    }
    Ok(found)
}

/// `GET /pupils/{pupil}/extract?from=&to=`: what an extract of these days would hold, and the way to take it away.
pub(super) async fn ask(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let (today, _) = now.in_london();
        if !may_extract(actor) {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let known = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
        let mut wrongs = Wrongs::default();
        let (from, to) = days_asked(&asked, &book, today, &mut wrongs);
        let field = |name: &'static str, label: &'static str, day: Day| {
            let typed = asked.text(name);
            let value = if typed.is_empty() {
                day.to_string()
            } else {
                typed.to_owned()
            };
            Field::day(name, label).value(value).error(wrongs.of(name))
        };
        let mut page = ExtractPage {
            frame: here.frame(tx, actor, "Certified extract")?,
            pupil,
            name: known.called(),
            from: field("from", "First day", from),
            to: field("to", "Last day", to),
            facts: None,
            amended: 0,
            sessions: 0,
            exports: None,
            earlier: earlier(tx, actor.school, pupil)?,
        };
        if from <= to && wrongs.is_empty() {
            let opened = Opened::by(&session_times(&book.settings, today)?, now);
            let extract = Extract::of(tx, &book, pupil, (from, to), opened)?;
            let totals = extract.totals();
            page.facts = Some(Facts {
                facts: totals
                    .into_iter()
                    .map(|(name, value, rule)| (name.into(), format!("{value} ({rule})").into()))
                    .collect(),
            });
            page.amended = extract
                .sessions
                .iter()
                .filter(|session| session.entries.len() > 1)
                .count();
            page.sessions = extract.sessions.len();
            page.exports = Some(Exports::files(
                format!("/pupils/{pupil}/extract?from={from}&to={to}"),
                vec![("pdf", "Take the extract away as PDF".into())],
            ));
        }
        Ok(Page(page).into_response())
    })
    .await
}

/// `/pupils/{pupil}/extract` as a document.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, office) = (wanted.actor, wanted.office);
    if !may_extract(actor) {
        return Err(Refusal::NotFound);
    }
    let pupil = PupilId(wanted.named()?);
    let now = office.now();
    let (today, _) = now.in_london();
    let book = office.shelf.book(tx, actor.school)?;
    let mut wrongs = Wrongs::default();
    let (from, to) = days_asked(&wanted.query()?, &book, today, &mut wrongs);
    if !wrongs.is_empty() || to < from {
        return Err(Refusal::Wrong(
            "These are no days that an extract can be made of.".to_owned(),
        ));
    }
    let opened = Opened::by(&session_times(&book.settings, today)?, now);
    let extract = Extract::of(tx, &book, pupil, (from, to), opened)?;
    let school = school_name(tx, actor.school)?;
    let entries = amendments_of(tx, actor.school, pupil, 1)?;
    // Contacts and homes are no part of what a certificate of attendance needs (E-109).
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|one| one.what.starts_with("Entry") || one.what.starts_with("Time on roll"))
        .collect();
    let mut parts = body(&extract, &school);
    parts.splice(
        parts.len() - 3..parts.len() - 3,
        [
            Part::Heading("Amendments of the admission register's entry".to_owned()),
            match entries.is_empty() {
                true => Part::Words("The entry was never amended.".to_owned()),
                false => Part::Table(amendments(&book, &entries)),
            },
        ],
    );
    let hash = in_hex(&extract.head.hash);
    let about = [
        ("School", school.clone()),
        ("Pupil", extract.legal_name()),
        ("Known as", extract.pupil.called()),
        ("Date of birth", extract.pupil.birth_day.long()),
        ("UPN", extract.pupil.upn.clone().unwrap_or_default()),
        (
            "Admission number",
            extract.pupil.admission_number.clone().unwrap_or_default(),
        ),
        ("Tutor group", extract.tutor.clone()),
        ("On roll", on_roll(&extract.times)),
        ("Days", format!("{} to {}", from.long(), to.long())),
        ("As they stood", moment(now)),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
        ("Journal", format!("act {}\n{hash}", extract.head.seq)),
    ];
    let about = about.into_iter().filter(|(_, value)| !value.is_empty());
    let paper = Paper {
        title: "Certified extract of the registers".to_owned(),
        about: about
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        foot: format!(
            "{school}: extract for {}, {} to {}. Journal act {}, {}…",
            extract.legal_name(),
            from.slashed(),
            to.slashed(),
            extract.head.seq,
            &hash[..16]
        ),
        owner: school,
        made_at: now,
        landscape: false,
        parts,
    };
    Ok(Leaving::printed("Extract of the registers", paper, today)
        .naming([pupil])
        .for_a_reason())
}

fn on_roll(times: &[&Enrolment]) -> String {
    let each = times.iter().map(|time| match time.leaving_day {
        Some(last) => format!("{} to {}", time.starting_day.long(), last.long()),
        None => format!("since {}", time.starting_day.long()),
    });
    each.collect::<Vec<_>>().join("; ")
}

/// Totals, sessions, amendments of marks, certificate and the place to sign.
fn body(extract: &Extract, school: &str) -> Vec<Part> {
    let totals = extract.totals().into_iter();
    let totals = totals.map(|(name, value, rule)| vec![name.to_owned(), value, rule.to_owned()]);
    let mut parts = vec![
        Part::Heading("Totals".to_owned()),
        Part::Table(Table {
            caption: "Totals of the sessions listed, with the rule by which each is made".to_owned(),
            columns: vec![
                Column::new("Sessions", Width::Share(2)),
                Column::new("Number", Width::Share(1)),
                Column::new("Rule", Width::Own),
            ],
            rows: totals.collect(),
            ..Table::default()
        }),
        Part::Words("Only unauthorised absence is evidence of an offence; the other sessions are context (E-105).".to_owned()),
        Part::Heading("Sessions".to_owned()),
    ];
    parts.push(match extract.sessions.is_empty() {
        true => Part::Words("There was no session in these days.".to_owned()),
        false => Part::Table(sessions(extract)),
    });
    parts.push(Part::Heading("Amendments of marks".to_owned()));
    parts.push(Part::Words(
        "Every entry in the places that were entered more than once, in order: the original first, then each amendment (R-007).".to_owned(),
    ));
    parts.push(match extract.amended().next() {
        None => Part::Words("No mark of these days was amended.".to_owned()),
        Some(_) => Part::Table(amended_marks(extract)),
    });
    parts.extend([
        Part::Heading("Certificate".to_owned()),
        Part::Words(extract.certificate(school)),
        Part::Signature(vec![
            "Signature of the head teacher".to_owned(),
            "Name:".to_owned(),
            "Date:".to_owned(),
        ]),
    ]);
    parts
}

fn sessions(extract: &Extract) -> Table {
    let row = |session: &Session| {
        let code = session
            .mark
            .code()
            .map_or("·".to_owned(), |code| code.to_string());
        let meaning = match session.mark.row() {
            None => "No mark was made".to_owned(),
            Some(row) if session.mark.is_planned() => {
                format!("By plan, no mark was made: {}", row.meaning)
            }
            Some(row) => row.meaning.clone(),
        };
        let last = session.entries.last();
        vec![
            format!("{} {}", session.slot.day.slashed(), session.slot.session),
            code,
            meaning,
            counts_as(session.mark).to_owned(),
            last.map_or_else(String::new, |entry| moment(entry.at)),
            last.map_or_else(String::new, |entry| {
                format!("{}, {}", entry.name, entry.job_title)
            }),
        ]
    };
    Table {
        caption:
            "Each session with its mark, what the code meant on that day, and who recorded it when"
                .to_owned(),
        columns: vec![
            Column::new("Session", Width::Own),
            Column::new("Code", Width::Own),
            Column::new("Meaning on that day", Width::Share(4)),
            Column::new("Counts as", Width::Share(3)),
            Column::new("Recorded", Width::Own),
            Column::new("By", Width::Share(3)),
        ],
        rows: extract.sessions.iter().map(row).collect(),
        ..Table::default()
    }
}

fn amended_marks(extract: &Extract) -> Table {
    let row = |entry: &HistoryEntry| {
        vec![
            format!("{} {}", entry.slot.day.slashed(), entry.slot.session),
            changed(entry),
            moment(entry.at),
            format!("{}, {}", entry.name, entry.job_title),
            why(entry),
        ]
    };
    Table {
        caption: "Entries in amended places, in order".to_owned(),
        columns: vec![
            Column::new("Session", Width::Own),
            Column::new("Entry", Width::Own),
            Column::new("Recorded", Width::Own),
            Column::new("By", Width::Share(1)),
            Column::new("Reason or note", Width::Share(2)),
        ],
        rows: extract.amended().map(row).collect(),
        ..Table::default()
    }
}

/// The extract that can be taken away.
pub(super) const LIST: crate::take_away::List = crate::take_away::List {
    kind: "certified extract",
    address: "/pupils/{pupil}/extract",
    make: as_file,
};
