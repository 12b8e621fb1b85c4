//! The pages about clients of the interface: who asks, as what, until when; making one, a new secret, ending it.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::Tx;

use super::client::{self, Client, KINDS, NewClient, limit_question};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{AccountId, ClientId};
use crate::people::{
    Access, Actor, DirectoryError, NewAccount, Place, RecordKind, approval_questions, approver,
    manages_accounts, must_manage_accounts, open_account, staff_tabs,
};
use crate::shell::{
    self, Choice, Column, Columns, Exports, Facts, Field, Flag, Frame, Notice, Page, Tabs, Under,
    moment,
};
use crate::take_away::{Leaving, Wanted, texts};

const HEADINGS: [&str; 6] = ["Client", "Role", "May", "Last day", "Last asked", "State"];

fn must_see(actor: &Actor) -> Result<(), Refusal> {
    match Place::Accounts.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

fn cells_of(client: &Client, today: Day) -> Vec<String> {
    vec![
        client.name.clone(),
        client.role.label().to_owned(),
        limits_in_words(client),
        format!("{} {}", client.last_day.short(), client.last_day.year()),
        client.used_at.map_or_else(|| "never".to_owned(), moment),
        state_of(client, today),
    ]
}

fn limits_in_words(client: &Client) -> String {
    let parts: Vec<String> = client
        .limits
        .iter()
        .map(|(kind, access)| match access {
            Access::Write => format!("{} (write)", kind.label()),
            _ => kind.label().to_owned(),
        })
        .collect();
    parts.join(", ")
}

fn state_of(client: &Client, today: Day) -> String {
    match client.ended_at {
        Some(at) => format!("ended {}", moment(at)),
        None if !client.is_open(today) => "its last day is over".to_owned(),
        None => "open".to_owned(),
    }
}

/// What to look at: a client that is about to end, or that nobody uses.
fn flag_of(client: &Client, today: Day) -> Option<Flag> {
    let days_left = today.days_until(client.last_day);
    match client.is_open(today) {
        true if days_left <= 30 => Some(Flag::heed("ends soon")),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "api/clients.html")]
struct ClientsPage {
    frame: Frame,
    tabs: Option<Tabs>,
    manages: bool,
    columns: Columns,
    rows: Vec<(ClientId, Vec<String>, Option<Flag>)>,
    under: Under,
}

/// `GET /api-clients`.
pub(super) async fn clients(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let (today, _) = here.office.today();
        let all = client::clients(tx, actor.school)?;
        let frame = here.frame(tx, actor, "API clients")?;
        let columns = HEADINGS.into_iter().map(Column::text).collect();
        let page = ClientsPage {
            frame: frame.with_notice(notice(&asked)),
            tabs: staff_tabs(actor, "/api-clients"),
            manages: manages_accounts(actor),
            columns: Columns { columns },
            under: Under {
                shown: match all.len() {
                    1 => "One client".into(),
                    count => format!("{count} clients").into(),
                },
                exports: Exports::usual("/api-clients"),
                ..Under::default()
            },
            rows: all
                .iter()
                .map(|one| (one.id, cells_of(one, today), flag_of(one, today)))
                .collect(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn notice(asked: &Answers) -> Option<Notice> {
    match asked.text("did") {
        "ended" => Some(Notice::done(
            "The client is ended. Its secret opens nothing any more.",
        )),
        _ => None,
    }
}

/// `/api-clients` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let today = wanted.today();
    let all = client::clients(tx, wanted.actor.school)?;
    let empty = wanted.sheet(tx, "API clients", &HEADINGS)?;
    let rows = all.iter().map(|one| cells_of(one, today)).collect();
    Ok(Leaving::new(texts(empty, rows), today))
}

#[derive(Template)]
#[template(path = "api/client.html")]
struct ClientPage {
    frame: Frame,
    client: ClientId,
    name: String,
    facts: Facts,
    limits: Vec<(&'static str, &'static str)>,
    journal: String,
    may_change: bool,
}

/// `GET /api-clients/{client}`.
pub(super) async fn client(desk: Desk, Path(id): Path<ClientId>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let (today, _) = here.office.today();
        let client = client::client(tx, actor.school, id)?;
        let facts = [
            ("Number", client.id.to_string()),
            ("Role", client.role.label().to_owned()),
            ("State", state_of(&client, today)),
            ("Last day", client.last_day.long()),
            ("Made", moment(client.made_at)),
            (
                "Last asked",
                client.used_at.map_or_else(|| "never".to_owned(), moment),
            ),
        ];
        let page = ClientPage {
            frame: here.frame(tx, actor, "API client")?,
            client: id,
            name: client.name.clone(),
            facts: Facts {
                facts: facts
                    .map(|(name, value)| (name.into(), value.into()))
                    .into(),
            },
            limits: client
                .limits
                .iter()
                .map(|(kind, access)| {
                    let may = match access {
                        Access::Write => "read and write",
                        _ => "read",
                    };
                    (kind.label(), may)
                })
                .collect(),
            journal: match Place::Journal.is_open_to(actor) {
                true => format!("/journal?person={}", client.account),
                false => String::new(),
            },
            may_change: manages_accounts(actor) && client.is_open(today),
        };
        Ok(Page(page).into_response())
    })
    .await
}

// Making one --------------------------------------------------------------------------------------------------------

const APPROVAL: &str = "A client opens records that an administrator may not see, so the headteacher or the designated safeguarding lead types their own password here.";

fn new_form(actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    must_manage_accounts(actor)?;
    let roles = client::roles().map(|role| Choice::new(role.key(), role.label()));
    let choices = std::iter::once(Choice::new("", "Choose a role")).chain(roles);
    let who = vec![
        Field::line("name", "Name")
            .hint("The program and what it does, such as: Sign-in kiosk at the late door."),
        Field::select("role", "Role", choices.collect())
            .hint("It may do at most what this role may, in the whole school."),
        Field::day("last_day", "Last day")
            .value(today.plus_days(365).to_string())
            .hint("Two years at most. After it the client is turned away."),
    ];
    let limits = KINDS.iter().map(|kind| {
        Field::select(
            limit_question(*kind),
            kind.label(),
            vec![
                Choice::new("", "Nothing"),
                Choice::new("read", "Read"),
                Choice::new("write", "Read and write"),
            ],
        )
        .short()
    });
    let parts = vec![
        Part::new("", who),
        Part::new("No further than", limits.collect())
            .about("Only what the program needs (data minimisation). What the role does not give cannot be chosen."),
        approval_questions().about(APPROVAL),
    ];
    let crumb = ("/api-clients", "API clients");
    Ok(
        FormPage::new("Make an API client", crumb, "Make the client", parts)
            .about("The next page shows its secret once."),
    )
}

/// `GET /api-clients/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, today| new_form(actor, today)).await
}

/// `POST /api-clients/new`.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    desk.read(|_, actor| must_manage_accounts(actor)).await?;
    let mut wrongs = Wrongs::default();
    let new = read_new(&answers, today, &mut wrongs);
    let approved_by = match wrongs.is_empty() {
        true => approver(&desk, &answers, AccountId(0), &mut wrongs).await?,
        false => None,
    };
    let (Some(new), Some(approved_by)) = (new, approved_by) else {
        return form::again(desk, answers, wrongs, |_, actor, today| {
            new_form(actor, today)
        })
        .await;
    };
    let account = open(&desk, &new.name).await?;
    let name = new.name.clone();
    let (id, secret) = desk
        .act(move |act, actor| client::make(act, actor, account, &new, Some(approved_by)))
        .await?;
    show_secret(&desk, id, name, secret).await
}

fn read_new(answers: &Answers, today: Day, wrongs: &mut Wrongs) -> Option<NewClient> {
    let name = answers.required("name", "Give it a name.", wrongs);
    let last_day = answers.day("last_day", wrongs);
    let role = client::roles().find(|role| role.key() == answers.text("role"));
    if role.is_none() {
        wrongs.add("role", "Choose a role.");
    }
    let limits: BTreeMap<RecordKind, Access> = KINDS
        .iter()
        .filter_map(|kind| {
            let access = match answers.text(limit_question(*kind)) {
                "read" => Access::Read,
                "write" => Access::Write,
                _ => return None,
            };
            Some((*kind, access))
        })
        .collect();
    let new = NewClient {
        name,
        role: role?,
        limits,
        last_day: last_day?,
    };
    for (question, fault) in client::faults(&new, today) {
        if !wrongs.has(question) {
            wrongs.add(question, fault);
        }
    }
    wrongs.is_empty().then_some(new)
}

/// Opens the account under which the journal has what the client does. A sign-in name has no spaces, so nobody signs in with it.
async fn open(desk: &Desk, name: &str) -> Result<AccountId, Problem> {
    let name = name.to_owned();
    desk.act_in_directory(move |act, actor| {
        must_manage_accounts(actor)?;
        let account = NewAccount {
            sign_in_name: format!("api client {}.{}", act.seq(), act.at().micros()),
            name,
            password_hash: None,
            must_change_password: false,
        };
        match open_account(act, Some(actor), &account) {
            Ok(account) => Ok(account),
            Err(DirectoryError::Store(error)) => Err(Refusal::Store(error)),
            Err(other) => Err(Refusal::Wrong(other.to_string())),
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "api/secret.html")]
struct SecretPage {
    frame: Frame,
    client: ClientId,
    name: String,
    secret: String,
}

async fn show_secret(
    desk: &Desk,
    client: ClientId,
    name: String,
    secret: String,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            Ok(SecretPage {
                frame: here.frame(tx, actor, "Secret of an API client")?,
                client,
                name,
                secret,
            })
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

// Changing one ------------------------------------------------------------------------------------------------------

fn reason() -> Part {
    let reason = Field::line("reason", "Reason").hint("Kept in the journal.");
    Part::new("", vec![reason])
}

/// The client, to somebody who may change it, if it is still open.
fn open_client(tx: &mut Tx, actor: &Actor, id: ClientId, today: Day) -> Result<Client, Refusal> {
    must_manage_accounts(actor)?;
    let client = client::client(tx, actor.school, id)?;
    match client.is_open(today) {
        true => Ok(client),
        false => Err(Refusal::NotFound),
    }
}

fn secret_form(tx: &mut Tx, actor: &Actor, id: ClientId, today: Day) -> Result<FormPage, Refusal> {
    let client = open_client(tx, actor, id, today)?;
    let crumb = (format!("/api-clients/{id}"), "API client");
    let parts = vec![reason(), approval_questions().about(APPROVAL)];
    let title = "Give a new secret";
    Ok(FormPage::new(title, crumb, title, parts)
        .of(client.name)
        .about("The secret it has now opens nothing from then on. The next page shows the new one once."))
}

/// `GET /api-clients/{client}/secret`.
pub(super) async fn ask_secret(desk: Desk, Path(id): Path<ClientId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        secret_form(tx, actor, id, today)
    })
    .await
}

/// `POST /api-clients/{client}/secret`.
pub(super) async fn answer_secret(
    desk: Desk,
    Path(id): Path<ClientId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    let client = desk
        .read(move |tx, actor| open_client(tx, actor, id, today))
        .await?;
    let mut wrongs = Wrongs::default();
    let reason = answers.reason(&mut wrongs);
    let approved_by = match wrongs.is_empty() {
        true => approver(&desk, &answers, AccountId(0), &mut wrongs).await?,
        false => None,
    };
    let Some(approved_by) = approved_by else {
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            secret_form(tx, actor, id, today)
        })
        .await;
    };
    let secret = desk
        .act(move |act, actor| client::renew(act, actor, id, &reason, Some(approved_by)))
        .await?;
    show_secret(&desk, id, client.name, secret).await
}

fn end_form(tx: &mut Tx, actor: &Actor, id: ClientId, today: Day) -> Result<FormPage, Refusal> {
    let client = open_client(tx, actor, id, today)?;
    let crumb = (format!("/api-clients/{id}"), "API client");
    let title = "End the client";
    Ok(FormPage::new(title, crumb, title, vec![reason()])
        .of(client.name)
        .about("Its secret opens nothing from then on. A client that has ended is not opened again; make another.")
        .grave())
}

/// `GET /api-clients/{client}/end`.
pub(super) async fn ask_end(desk: Desk, Path(id): Path<ClientId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| end_form(tx, actor, id, today)).await
}

/// `POST /api-clients/{client}/end`.
pub(super) async fn answer_end(
    desk: Desk,
    Path(id): Path<ClientId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = end_form(act.tx(), actor, id, today)?;
        let mut wrongs = Wrongs::default();
        let reason = answers.reason(&mut wrongs);
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        client::end(act, actor, id, &reason)?;
        Ok(Outcome::done("/api-clients", "ended"))
    })
    .await
}
