//! Professionals outside the school who are allocated to a pupil: social worker, youth justice worker and others, with their days (E-019, B-212).
//!
//! Who sees them is asked of social care status: a name and a number, and nothing of any plan.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::PROFESSIONAL;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::PupilId;
use crate::keyed::keyed;
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Choice, Field, FieldKind, Frame, Notice, Page, State};

keyed! {
    /// What a professional is to the pupil.
    ProfessionalKind {
        /// A social worker.
        SocialWorker = "social_worker", "social worker";
        /// A youth justice worker.
        YouthJustice = "youth_justice", "youth justice worker";
        /// Whoever leads early help for the family.
        EarlyHelp = "early_help", "early help worker";
        /// The virtual school of a looked-after child.
        VirtualSchool = "virtual_school", "virtual school";
        /// Somebody else.
        Other = "other", "other professional";
    }
}

impl ProfessionalKind {
    /// Whether they are told of an unexplained absence the same day.
    ///
    /// Rule: E-019 (STAT for youth justice, SRC-OXON-2024; social worker unconfirmed); the virtual school stands in a social worker's place.
    pub fn is_told_of_absence(self) -> bool {
        matches!(
            self,
            ProfessionalKind::SocialWorker
                | ProfessionalKind::YouthJustice
                | ProfessionalKind::VirtualSchool
        )
    }
}

/// A professional allocated to a pupil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Professional {
    /// The record.
    pub id: i64,
    /// The pupil.
    pub pupil: PupilId,
    /// What they are to the pupil.
    pub kind: ProfessionalKind,
    /// Their name.
    pub name: String,
    /// For whom they work.
    pub agency: Option<String>,
    /// Their number.
    pub phone: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// From this day.
    pub from: Day,
    /// To this day, among them.
    pub to: Option<Day>,
}

impl Professional {
    /// Whether they are allocated on a day.
    pub fn holds(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// `Ms P Sample, social worker, Sampleshire`.
    pub fn in_words(&self) -> String {
        let agency = self.agency.iter().map(|agency| format!(", {agency}"));
        format!(
            "{}, {}{}",
            self.name,
            self.kind.label(),
            agency.collect::<String>()
        )
    }
}

macro_rules! professionals_sql {
    ($and:literal) => {
        concat!(
            "select professional_id, pupil_id, kind, name, agency, phone, email, from_day, to_day from professional ",
            "where school_id = $1 and superseded_seq is null and ",
            $and,
            " order by from_day desc, professional_id"
        )
    };
}
const OF_PUPIL: &str = professionals_sql!("pupil_id = $2");
const ON_DAY: &str = professionals_sql!("from_day <= $2 and (to_day is null or to_day >= $2)");

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_PUPIL, ON_DAY];

/// The professionals of a pupil, the newest first.
pub(crate) fn professionals_of(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Professional>, StoreError> {
    let found = tx.query(OF_PUPIL, &args![school, pupil], professional)?;
    Ok(found.into_iter().flatten().collect())
}

/// All professionals who are allocated on a day.
pub(crate) fn professionals_on(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<Vec<Professional>, StoreError> {
    let found = tx.query(ON_DAY, &args![school, day], professional)?;
    Ok(found.into_iter().flatten().collect())
}

fn professional(row: &store::Row<'_>) -> Result<Option<Professional>, StoreError> {
    let Some(kind) = ProfessionalKind::from_key(row.get(2)?) else {
        return Ok(None);
    };
    Ok(Some(Professional {
        id: row.get(0)?,
        pupil: row.get(1)?,
        kind,
        name: row.get(3)?,
        agency: row.get(4)?,
        phone: row.get(5)?,
        email: row.get(6)?,
        from: row.get(7)?,
        to: row.get(8)?,
    }))
}

/// What somebody enters of a professional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfessional {
    /// What they are to the pupil.
    pub kind: ProfessionalKind,
    /// Their name.
    pub name: String,
    /// For whom they work.
    pub agency: Option<String>,
    /// Their number.
    pub phone: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// From this day.
    pub from: Day,
    /// To this day.
    pub to: Option<Day>,
}

/// Whose professionals somebody may see (`Read`) or keep (`Write`).
fn must(
    tx: &mut Tx,
    actor: &Actor,
    want: Access,
    pupil: PupilId,
    today: Day,
) -> Result<(), Refusal> {
    let reach = actor.reach(tx, want, RecordKind::SocialCareStatus, today)?;
    match reach.covers(pupil) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Enters a professional, or amends the one with this record.
///
/// Rule: E-019, B-212. Errors: [`Refusal::NotFound`] for whoever does not keep social care status; [`Refusal::Wrong`] for days in the wrong order.
pub fn keep_professional(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    (id, new): (Option<i64>, &NewProfessional),
) -> Result<i64, Refusal> {
    let (today, _) = act.at().in_london();
    must(act.tx(), actor, Access::Write, pupil, today)?;
    let school = act.school();
    if new.to.is_some_and(|to| to < new.from) {
        let ground = "The last day is before the first. Put the days right.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    if let Some(id) = id {
        let known = professionals_of(act.tx(), school, pupil)?;
        if !known.iter().any(|one| one.id == id) {
            return Err(Refusal::NotFound);
        }
    }
    let id = match id {
        Some(id) => id,
        None => act.new_id(),
    };
    act.replace(
        &PROFESSIONAL,
        &args![
            id,
            pupil,
            new.kind.key(),
            new.name.as_str(),
            new.agency.as_deref(),
            new.phone.as_deref(),
            new.email.as_deref(),
            new.from,
            new.to
        ],
    )?;
    act.describe(actor.entry("keep a professional", format!("pupil {pupil}")));
    Ok(id)
}

/// A professional as a page shows them.
struct Line {
    id: i64,
    words: String,
    days: String,
    phone: Option<(String, String)>,
    email: Option<String>,
    is_past: bool,
}

#[derive(Template)]
#[template(path = "roll/professionals.html")]
struct ProfessionalsPage {
    frame: Frame,
    pupil: i64,
    name: String,
    lines: Vec<Line>,
    none: State,
    keeps: bool,
}

/// `GET /pupils/{pupil}/professionals`.
pub(super) async fn page(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        must(tx, actor, Access::Read, pupil, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let name = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?.listed();
        let lines = professionals_of(tx, actor.school, pupil)?;
        let notice = (asked.text("did") == "kept")
            .then(|| Notice::done("It is kept. Whoever rings about this pupil's absence and may know of it sees whom to tell."));
        let page = ProfessionalsPage {
            frame: here.frame(tx, actor, "Professionals")?.with_notice(notice),
            pupil: pupil.0,
            name,
            lines: lines.iter().map(|one| line(one, today)).collect(),
            none: State::empty("None", "No professional is allocated to this pupil."),
            keeps: must(tx, actor, Access::Write, pupil, today).is_ok(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn line(one: &Professional, today: Day) -> Line {
    let to = one.to.map(|to| format!(" to {}", to.long()));
    Line {
        id: one.id,
        words: one.in_words(),
        days: format!("from {}{}", one.from.long(), to.unwrap_or_default()),
        phone: one.phone.as_ref().map(|phone| {
            let digits = phone
                .chars()
                .filter(|one| one.is_ascii_digit() || *one == '+');
            (phone.clone(), format!("tel:{}", digits.collect::<String>()))
        }),
        email: one.email.clone(),
        is_past: !one.holds(today),
    }
}

fn professional_form(pupil: PupilId, before: Option<&Professional>, today: Day) -> FormPage {
    let kinds = ProfessionalKind::ALL
        .iter()
        .map(|kind| Choice::new(kind.key(), kind.label()));
    let given = |value: Option<&Option<String>>| value.cloned().flatten().unwrap_or_default();
    let part = Part::new(
        "",
        vec![
            Field::radios("kind", "What they are to the pupil", kinds.collect())
                .value(before.map_or("social_worker", |one| one.kind.key())),
            Field::line("name", "Name").value(before.map_or(String::new(), |one| one.name.clone())),
            Field::line("agency", "For whom they work")
                .value(given(before.map(|one| &one.agency)))
                .optional(),
            Field::new(FieldKind::Telephone, "phone", "Telephone")
                .value(given(before.map(|one| &one.phone)))
                .short()
                .optional(),
            Field::new(FieldKind::Email, "email", "E-mail")
                .value(given(before.map(|one| &one.email)))
                .optional(),
            Field::day("from", "From").value(before.map_or(today, |one| one.from).to_string()),
            Field::day("to", "To, the last day")
                .value(
                    before
                        .and_then(|one| one.to)
                        .map_or_else(String::new, |to| to.to_string()),
                )
                .optional(),
        ],
    );
    FormPage::new(
        "Professional",
        (format!("/pupils/{pupil}/professionals"), "Professionals"),
        "Keep it",
        vec![part],
    )
    .about("Whoever may see social care status sees the name and the numbers; no plan and no reason belongs here (B-212). A social worker, a youth justice worker and the virtual school are told of an unexplained absence the same day (E-019).")
}

/// What the address names: a record, or a new one.
fn before(
    tx: &mut Tx,
    actor: &Actor,
    (pupil, id): (PupilId, Option<i64>),
    today: Day,
) -> Result<Option<Professional>, Refusal> {
    must(tx, actor, Access::Write, pupil, today)?;
    let Some(id) = id else {
        return Ok(None);
    };
    let all = professionals_of(tx, actor.school, pupil)?;
    let found = all.into_iter().find(|one| one.id == id);
    found.map(Some).ok_or(Refusal::NotFound)
}

/// `GET /pupils/{pupil}/professionals/new?id=`.
pub(super) async fn ask(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let before = before(tx, actor, (pupil, asked.number("id")), today)?;
        Ok(professional_form(pupil, before.as_ref(), today))
    })
    .await
}

/// `POST /pupils/{pupil}/professionals/new?id=`.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let id = asked.number("id");
        let before = before(act.tx(), actor, (pupil, id), today)?;
        let form = professional_form(pupil, before.as_ref(), today);
        let mut wrongs = Wrongs::default();
        let kind = ProfessionalKind::from_key(answers.text("kind"));
        if kind.is_none() {
            wrongs.add("kind", "Choose what they are to the pupil.");
        }
        let name = answers.required("name", "Give the name.", &mut wrongs);
        let from = answers.day("from", &mut wrongs);
        let to = answers.day_if_given("to", &mut wrongs);
        let (Some(kind), Some(from), true) = (kind, from, wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let new = NewProfessional {
            kind,
            name,
            agency: answers.given("agency"),
            phone: answers.given("phone"),
            email: answers.given("email"),
            from,
            to,
        };
        match keep_professional(act, actor, pupil, (id, &new)) {
            Ok(_) => Ok(Outcome::done(
                &format!("/pupils/{pupil}/professionals"),
                "kept",
            )),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("to", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
