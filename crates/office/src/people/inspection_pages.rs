//! The pages of inspectors' visits: letting somebody in, who was there, and what they looked at.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use serde::Deserialize;
use store::{SchoolId, StoreError, Tx, args};

use super::directory::{self, DirectoryError, NewAccount};
use super::doors::random_code;
use super::inspections::{
    Inspection, LONGEST_VISIT, LOOK, NewInspection, end, fault_of_days, inspection, inspections,
    let_in, must_let_in,
};
use super::{Actor, passwords};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::AccountId;
use crate::insight::grouped;
use crate::shell::{
    self, Column, Columns, Exports, Facts, Field, Frame, Notice, Page, State, Under, moment,
};
use crate::take_away::{Leaving, Wanted, texts};

/// Looks that one page shows; a file has all.
const SHOWN: usize = 200;

const LOOKS: &str = "\
select seq, at, subject from journal_entry
where school_id = $1 and account_id = $2 and act = $3 order by seq desc";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[LOOKS];

const HEADINGS: [&str; 7] = ["Name", "Body", "From", "To", "State", "Looks", "Reason"];

fn cells(visit: &Inspection, today: Day) -> Vec<String> {
    vec![
        visit.name.clone(),
        visit.body.clone(),
        visit.first.long(),
        visit.last.long(),
        state(visit, today).to_owned(),
        grouped(visit.looks),
        visit.reason.clone(),
    ]
}

fn state(visit: &Inspection, today: Day) -> &'static str {
    if visit.ended_reason.is_some() {
        "ended early"
    } else if visit.is_over(today) {
        "over"
    } else if visit.first > today {
        "to come"
    } else {
        "open now"
    }
}

/// A visit in the list.
struct Row {
    id: i64,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "people/inspections.html")]
struct InspectionsPage {
    frame: Frame,
    columns: Columns,
    rows: Vec<Row>,
    nothing: Option<State>,
    under: Under,
}

/// What has just been done, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Did {
    #[serde(default)]
    did: String,
}

/// `GET /inspections`: every visit.
pub(super) async fn visits(desk: Desk, Query(did): Query<Did>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_let_in(actor)?;
        let (today, _) = here.office.today();
        let rows: Vec<Row> = inspections(tx, actor.school)?
            .iter()
            .map(|visit| Row {
                id: visit.id,
                cells: cells(visit, today),
            })
            .collect();
        let notice = (did.did == "ended")
            .then(|| Notice::done("The visit is over. The account opens nothing any more."));
        Ok(Page(InspectionsPage {
            frame: here.frame(tx, actor, "Inspectors")?.with_notice(notice),
            columns: Columns {
                columns: HEADINGS.map(Column::text).into(),
            },
            nothing: rows.is_empty().then(|| {
                State::empty(
                    "Nobody has been let in",
                    "An inspector of the registers is let in for the days of a visit.",
                )
                .then("/inspections/new", "Let an inspector in")
            }),
            under: Under {
                shown: match rows.len() {
                    1 => "1 visit".into(),
                    many => format!("{many} visits").into(),
                },
                exports: Exports::usual("/inspections"),
                ..Under::default()
            },
            rows,
        })
        .into_response())
    })
    .await
}

/// `/inspections` as a file.
pub(super) fn visits_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_let_in(wanted.actor)?;
    let visits = inspections(tx, wanted.actor.school)?;
    let today = wanted.today();
    let rows = visits.iter().map(|visit| cells(visit, today)).collect();
    let sheet = texts(wanted.sheet(tx, "Inspectors' visits", &HEADINGS)?, rows);
    Ok(Leaving::new(sheet, today))
}

fn new_form(actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    must_let_in(actor)?;
    let person = vec![
        Field::line("person", "Name").hint("As on their letter or badge; you have seen it."),
        Field::line("body", "Body").hint("Such as: Ofsted; the local authority."),
        Field::day("first", "First day").value(today.to_string()),
        Field::day("last", "Last day").value(today.to_string()),
        Field::line("name", "Sign-in name"),
        Field::line("reason", "Reason").hint(
            "Such as: inspection notified on 23 November; check of registers by the authority.",
        ),
    ];
    let crumb = ("/inspections", "Inspectors");
    let page = FormPage::new(
        "Let an inspector in",
        crumb,
        "Let them in",
        vec![Part::new("", person)],
    );
    Ok(page.about(format!(
        "Both registers are open to inspection, with extracts (R-010). They read the admission register, the attendance register with \
         every amendment, codes and figures, and change nothing. Every page they open is written in the journal. It ends by itself with \
         the last day, {LONGEST_VISIT} days at most. The next page shows a password once."
    )))
}

/// `GET /inspections/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, today| new_form(actor, today)).await
}

#[derive(Template)]
#[template(path = "people/inspection_password.html")]
struct PasswordPage {
    frame: Frame,
    id: i64,
    name: String,
    last: String,
    sign_in_name: String,
    password: String,
}

/// `POST /inspections/new`.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    desk.read(|_, actor| must_let_in(actor)).await?;
    let mut wrongs = Wrongs::default();
    let name = answers.required("person", "Give the name.", &mut wrongs);
    let body = answers.required("body", "Say which body they come from.", &mut wrongs);
    let reason = answers.required(
        "reason",
        "Give the reason; the visit's record keeps it.",
        &mut wrongs,
    );
    let sign_in_name = answers.text("name").to_owned();
    if let Some(fault) = directory::fault_of_sign_in_name(&sign_in_name) {
        wrongs.add("name", fault);
    }
    let days = (
        answers.day("first", &mut wrongs),
        answers.day("last", &mut wrongs),
    );
    let (Some(first), Some(last)) = days else {
        return form::again(desk, answers, wrongs, |_, actor, today| {
            new_form(actor, today)
        })
        .await;
    };
    if let Some(fault) = fault_of_days(first, last, today) {
        wrongs.add("last", fault);
    }
    let password = random_code::<16>();
    let opened = match wrongs.is_empty() {
        true => opened(&desk, &sign_in_name, &name, &password, &mut wrongs).await?,
        false => None,
    };
    let Some(account) = opened else {
        return form::again(desk, answers, wrongs, |_, actor, today| {
            new_form(actor, today)
        })
        .await;
    };
    let new = NewInspection {
        account,
        name: name.clone(),
        body,
        first,
        last,
        reason,
    };
    let id = desk
        .act(move |act, actor| let_in(act, actor, today, &new))
        .await?;
    let here = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            Ok(PasswordPage {
                frame: here.frame(tx, actor, "One-time password")?,
                id,
                name,
                last: last.long(),
                sign_in_name: directory::sign_in_name(&sign_in_name),
                password,
            })
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

/// The account for the visit; none where the sign-in name cannot be had, which `wrongs` then says.
async fn opened(
    desk: &Desk,
    sign_in_name: &str,
    name: &str,
    password: &str,
    wrongs: &mut Wrongs,
) -> Result<Option<AccountId>, Problem> {
    let hash = passwords::hash(password.to_owned()).await;
    let hash = hash.map_err(|error| desk.problem(Refusal::Wrong(error.to_string())))?;
    let new = NewAccount {
        sign_in_name: sign_in_name.to_owned(),
        name: name.to_owned(),
        password_hash: Some(hash),
        must_change_password: true,
    };
    let opened = desk
        .act_in_directory(move |act, actor| {
            must_let_in(actor)?;
            match directory::open_account(act, Some(actor), &new) {
                Ok(account) => Ok(account),
                Err(DirectoryError::Store(error)) => Err(Refusal::Store(error)),
                Err(other) => Err(Refusal::Wrong(other.to_string())),
            }
        })
        .await;
    match opened {
        Ok(account) => Ok(Some(account)),
        Err(problem) => match problem.ground() {
            Some(ground) => {
                wrongs.add("name", ground);
                Ok(None)
            }
            None => Err(problem),
        },
    }
}

/// A page that an inspector looked at.
struct Look {
    seq: i64,
    when: String,
    page: String,
}

fn looks(tx: &mut Tx, school: SchoolId, visit: &Inspection) -> Result<Vec<Look>, StoreError> {
    tx.query(LOOKS, &args![school, visit.account, LOOK], |row| {
        let subject: String = row.get(2)?;
        Ok(Look {
            seq: row.get(0)?,
            when: moment(row.get::<Instant>(1)?),
            page: subject.trim_start_matches("page ").to_owned(),
        })
    })
}

#[derive(Template)]
#[template(path = "people/inspection.html")]
struct VisitPage {
    frame: Frame,
    visit: Inspection,
    is_over: bool,
    facts: Facts,
    looks: Vec<Look>,
    under: Under,
}

/// `GET /inspections/{inspection}`: one visit, and every page that was looked at in it.
pub(super) async fn visit(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_let_in(actor)?;
        let (today, _) = here.office.today();
        let visit = inspection(tx, actor.school, id)?;
        let mut looks = looks(tx, actor.school, &visit)?;
        let all = looks.len();
        looks.truncate(SHOWN);
        let mut facts = vec![
            ("Body".into(), visit.body.clone().into()),
            (
                "Days".into(),
                format!("{} to {}", visit.first.long(), visit.last.long()).into(),
            ),
            ("State".into(), state(&visit, today).into()),
            ("Reason".into(), visit.reason.clone().into()),
        ];
        if let Some(why) = &visit.ended_reason {
            facts.push(("Ended because".into(), why.clone().into()));
        }
        Ok(Page(VisitPage {
            frame: here.frame(tx, actor, "Inspector's visit")?,
            is_over: visit.is_over(today),
            facts: Facts { facts },
            under: Under {
                shown: format!("{} of {all} pages", looks.len()).into(),
                exports: Exports::usual(&format!("/inspections/{id}")),
                ..Under::default()
            },
            looks,
            visit,
        })
        .into_response())
    })
    .await
}

const LOOK_HEADINGS: [&str; 3] = ["Number", "When", "Page"];

/// `/inspections/{inspection}` as a file.
pub(super) fn looks_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_let_in(wanted.actor)?;
    let visit = inspection(tx, wanted.actor.school, wanted.named()?)?;
    let looks = looks(tx, wanted.actor.school, &visit)?;
    let rows = looks
        .into_iter()
        .map(|look| vec![look.seq.to_string(), look.when, look.page]);
    let sheet = wanted.sheet(tx, "Pages an inspector looked at", &LOOK_HEADINGS)?;
    Ok(Leaving::new(texts(sheet, rows.collect()), wanted.today()))
}

fn end_form(tx: &mut Tx, actor: &Actor, id: i64) -> Result<FormPage, Refusal> {
    must_let_in(actor)?;
    let visit = inspection(tx, actor.school, id)?;
    let fields = vec![Field::line("reason", "Reason")];
    let parts = vec![Part::new("", fields)];
    let page = FormPage::new(
        "End the visit now",
        ("/inspections", "Inspectors"),
        "End it now",
        parts,
    );
    Ok(page
        .of(visit.name)
        .about("The account opens nothing from now on. What was looked at stays written down."))
}

/// `GET /inspections/{inspection}/end`.
pub(super) async fn ask_end(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, _| end_form(tx, actor, id)).await
}

/// `POST /inspections/{inspection}/end`.
pub(super) async fn answer_end(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let mut wrongs = Wrongs::default();
        let reason = answers.required("reason", "Give the reason.", &mut wrongs);
        if !wrongs.is_empty() {
            let form = end_form(act.tx(), actor, id)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        end(act, actor, today, id, &reason)?;
        Ok(Outcome::done("/inspections", "ended"))
    })
    .await
}
