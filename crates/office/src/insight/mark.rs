//! One mark: what it means, what it counts as, and every entry that was ever made for it.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Session, Slot};
use columns::MarkByte;
use register::{Code, meaning};
use store::{StoreError, Tx, args};

use super::lists::{Cited, cited};
use super::pupil::pupil_mark;
use super::sight::Sight;
use super::table::{Cell, Heading, Table, TableView, Value};
use super::why::counts_as;
use crate::book::GroupKind;
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::registers::keeper;
use crate::shell::{Face, Facts, Frame, MarkCell, Page};

/// Every entry in effect for one place of the register, oldest first. An entry of an import that is not out yet is none.
const ENTRIES: &str = "\
select v.code, v.minutes_late, v.note, v.reason, v.source, j.at, j.job_title, a.name
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
left join account a on a.account_id = j.account_id
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3 and v.session = $4
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.seq";

/// The statements of this file, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[ENTRIES];

#[derive(Template)]
#[template(path = "insight/mark.html")]
struct MarkPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    place: String,
    cell: MarkCell,
    facts: Facts,
    rules: Vec<Cited>,
    entries: TableView,
    register: Option<String>,
}

/// `GET /why/{pupil}/{day}/{session}`.
pub async fn mark(
    desk: Desk,
    Path((pupil, day, session)): Path<(i64, String, String)>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let pupil = PupilId(pupil);
        let sight = Sight::of(tx, actor, here.office.today().0)?;
        let (Ok(day), Ok(session)) = (day.parse::<Day>(), session.parse::<Session>()) else {
            return Err(Refusal::NotFound);
        };
        let slot = Slot::new(day, session);
        let book = here.office.shelf.book(tx, actor.school)?;
        let known = book.roll.pupil(pupil).filter(|_| sight.covers(pupil));
        let known = known.ok_or(Refusal::NotFound)?;
        let mark = pupil_mark(&book, pupil, slot);
        if mark == MarkByte::OUTSIDE {
            return Err(Refusal::NotFound);
        }
        let enrolment = book
            .roll
            .rows_of(pupil)
            .into_iter()
            .map(|row| &book.roll.enrolments[row])
            .find(|enrolment| enrolment.covers(day))
            .ok_or(Refusal::NotFound)?;
        let tutor = book.groups.of_kind(enrolment.id, GroupKind::Tutor, day);
        let register = match tutor {
            Some(group) => match keeper(tx, actor, group.id, day) {
                Ok(_) => Some(format!("/registers/{}/{day}/{session}", group.id)),
                Err(Refusal::NotFound) => None,
                Err(refusal) => return Err(refusal),
            },
            None => None,
        };
        let entries = entries(tx, actor.school, enrolment.id, slot)?;
        Ok(Page(MarkPage {
            frame: here.frame(tx, actor, "Mark")?,
            pupil,
            name: known.called(),
            place: format!("{} {}, {session}", day.short(), day.year()),
            cell: MarkCell::new(
                mark.code().map_or("·".to_owned(), |code| code.to_string()),
                Face::of(mark.row()),
                "",
            ),
            facts: facts(mark),
            rules: cited(
                &mark
                    .row()
                    .map_or(vec!["R-209"], |row| vec![row.rule.as_str(), "R-007"]),
            ),
            entries: entries.plain(),
            register,
        })
        .into_response())
    })
    .await
}

fn facts(mark: MarkByte) -> Facts {
    let meaning = mark
        .row()
        .map_or("No mark was made", |row| row.meaning.as_str());
    Facts {
        facts: vec![
            ("Means".into(), meaning.to_owned().into()),
            ("Counts as".into(), counts_as(mark).into()),
        ],
    }
}

fn entries(
    tx: &mut Tx,
    school: store::SchoolId,
    enrolment: EnrolmentId,
    slot: Slot,
) -> Result<Table, StoreError> {
    let session = slot.session.index() as i64;
    let rows = tx.query(
        ENTRIES,
        &args![school, enrolment, slot.day, session],
        |row| {
            let code: Option<String> = row.get(0)?;
            let minutes: Option<i64> = row.get(1)?;
            let (note, reason): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let (source, at): (String, calendar::Instant) = (row.get(4)?, row.get(5)?);
            let (job_title, name): (String, Option<String>) = (row.get(6)?, row.get(7)?);
            let (on, time) = at.in_london();
            Ok(vec![
                Cell::text(code.as_deref().unwrap_or("taken back")),
                Cell::text_or_blank(code.and_then(|code| means(&code, slot.day)).as_deref()),
                Cell::text(format!("{} {time}", on.short())),
                Cell::text(name.unwrap_or_default()),
                Cell::text(job_title),
                Cell::of(minutes.map_or(Value::Blank, Value::Whole)),
                Cell::text_or_blank(note.as_deref()),
                Cell::text_or_blank(reason.as_deref()),
                Cell::text(source),
            ])
        },
    )?;
    Ok(Table {
        title: "Every entry".to_owned(),
        headings: vec![
            Heading::words("code", "Code"),
            Heading::words("meaning", "Meaning"),
            Heading::words("at", "Recorded"),
            Heading::words("by", "By"),
            Heading::words("job", "Job title"),
            Heading::number("minutes", "Late", "minutes"),
            Heading::words("note", "Note"),
            Heading::words("reason", "Reason for the change"),
            Heading::words("source", "Source"),
        ],
        rows,
        about: vec![],
    })
}

fn means(code: &str, day: Day) -> Option<String> {
    let code: Code = code.parse().ok()?;
    Some(meaning(code, day).ok()?.meaning.clone())
}
