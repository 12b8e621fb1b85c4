//! One mark: what it means, what it counts as, and every entry that was ever made for it.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Session, Slot};
use columns::MarkByte;
use register::{Code, CodeRow, meaning};
use store::{StoreError, Tx, args};

use super::lists::{Cited, cited};
use super::pupil::pupil_mark;
use super::sight::Sight;
use super::why::counts_as;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{EnrolmentId, PupilId};
use crate::registers::{PlanReader, PupilDay, day_of_pupil, keeper};
use crate::shell::{Face, Facts, Frame, MarkCell, Page, moment};

/// Every entry in effect for one place of the register, oldest first. An entry of an import that is not out yet is none.
const ENTRIES: &str = "\
select v.code, v.minutes_late, v.note, v.reason, v.source, j.at, j.job_title, a.name, v.sub_code
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
left join account a on a.account_id = j.account_id
where v.school_id = $1 and v.enrolment_id = $2 and v.on_date = $3 and v.session = $4
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.seq";

/// The statements of this file, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[ENTRIES];

/// One entry for a place of the register, as the page tells it.
struct Entry {
    cell: MarkCell,
    meaning: String,
    minutes: Option<i64>,
    note: Option<String>,
    sub_code: Option<String>,
    reason: Option<String>,
    source: String,
    when: String,
    who: String,
    job_title: String,
}

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
    entries: Vec<Entry>,
    plans: Vec<PlanLine>,
    /// The sessions and lessons of the day, where lesson marks were made.
    beside: Option<PupilDay>,
    register: Option<String>,
}

/// A plan for the session, the one that stands first.
struct PlanLine {
    /// Where it is read, for who may read plans.
    href: Option<String>,
    code: String,
    words: String,
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
            .iter()
            .map(|row| &book.roll.enrolments[*row])
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
        let reader = PlanReader::of(tx, actor, here.office.today().0)?;
        let beside = day_of_pupil(tx, &book, enrolment, day, here.office.now())?;
        Ok(Page(MarkPage {
            frame: here.frame(tx, actor, "Mark")?,
            pupil,
            name: known.called(),
            place: format!("{} {}, {session}", day.short(), day.year()),
            cell: MarkCell {
                planned: mark.is_planned(),
                ..MarkCell::new(
                    mark.code().map_or("·".to_owned(), |code| code.to_string()),
                    Face::of(mark.row()),
                    "",
                )
            },
            facts: facts(mark),
            rules: cited(&rules(mark)),
            entries,
            plans: plans(&book, &reader, (pupil, enrolment.id), slot),
            beside,
            register,
        })
        .into_response())
    })
    .await
}

fn rules(mark: MarkByte) -> Vec<&'static str> {
    match mark.row() {
        None => vec!["R-209"],
        Some(row) if mark.is_planned() => vec![row.rule.as_str(), "R-032"],
        Some(row) => vec![row.rule.as_str(), "R-007"],
    }
}

fn plans(
    book: &Book,
    reader: &PlanReader,
    (pupil, enrolment): (PupilId, EnrolmentId),
    slot: Slot,
) -> Vec<PlanLine> {
    let covering = book.plans.of(enrolment).iter().rev();
    covering
        .filter(|on_file| on_file.plan.covers(slot))
        .map(|on_file| PlanLine {
            href: reader
                .reads(on_file.plan.kind, pupil)
                .then(|| format!("/plans/{}", on_file.id)),
            code: on_file.plan.code.to_string(),
            words: format!(
                "{}, {} to {}",
                on_file.plan.kind.name().to_lowercase(),
                on_file.plan.first.short(),
                on_file.plan.last.short()
            ),
        })
        .collect()
}

fn facts(mark: MarkByte) -> Facts {
    let meaning = match mark.row() {
        None => "No mark was made".to_owned(),
        Some(row) if mark.is_planned() => {
            format!("{}, by plan: no mark was made", row.meaning)
        }
        Some(row) => row.meaning.clone(),
    };
    Facts {
        facts: vec![
            ("Means".into(), meaning.into()),
            ("Counts as".into(), counts_as(mark).into()),
        ],
    }
}

fn entries(
    tx: &mut Tx,
    school: store::SchoolId,
    enrolment: EnrolmentId,
    slot: Slot,
) -> Result<Vec<Entry>, StoreError> {
    let session = slot.session.index() as i64;
    tx.query(
        ENTRIES,
        &args![school, enrolment, slot.day, session],
        |row| {
            let code: Option<String> = row.get(0)?;
            let known = code.as_deref().and_then(|code| code_row(code, slot.day));
            let cell = MarkCell::new(
                code.clone().unwrap_or_else(|| "·".to_owned()),
                known.map_or(Face::NoMark, |row| Face::of(Some(row))),
                "",
            );
            Ok(Entry {
                cell,
                meaning: match (known, code) {
                    (Some(known), _) => known.meaning.clone(),
                    (None, Some(_)) => String::new(),
                    (None, None) => "Taken back".to_owned(),
                },
                minutes: row.get(1)?,
                note: row.get(2)?,
                sub_code: row.get(8)?,
                reason: row.get(3)?,
                source: row.get(4)?,
                when: moment(row.get(5)?),
                job_title: row.get(6)?,
                who: row.get::<Option<String>>(7)?.unwrap_or_default(),
            })
        },
    )
}

fn code_row(code: &str, day: Day) -> Option<&'static CodeRow> {
    let code: Code = code.parse().ok()?;
    meaning(code, day).ok()
}
