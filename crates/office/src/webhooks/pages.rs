//! The pages about webhooks: which addresses are told of what, how their deliveries went, and the forms that change them.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use store::{SchoolId, StoreError, Tx, args};

use super::deliver::event_id;
use super::events::KINDS;
use super::keep::{self, Standing, Subscriber, Webhook, own, subscribe, webhooks};
use crate::api::{Client, client_as_actor, clients};
use crate::carry::held_back_in_words;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{ClientId, WebhookId};
use crate::people::{Actor, Place, manages_accounts, must_manage_accounts};
use crate::shell::{
    self, Choice, Column, Columns, Exports, Facts, Field, Flag, Frame, Notice, Page, Under, moment,
};
use crate::take_away::{Leaving, Wanted, texts};

pub(super) const LOG: &str = "\
select seq, part, event, made_at, attempts, due_at, tried_at, result, taken_at from webhook_delivery
where school_id = $1 and webhook_id = $2 order by seq desc, part desc limit $3";

/// Deliveries that the page shows, and a file holds.
const SHOWN: i64 = 100;
const IN_A_FILE: i64 = 20_000;

const HEADINGS: [&str; 4] = ["Address", "For", "Told of", "State"];
const LOG_HEADINGS: [&str; 6] = [
    "Delivery", "Event", "Recorded", "Tries", "Last try", "Outcome",
];

fn must_see(actor: &Actor) -> Result<(), Refusal> {
    match Place::Accounts.is_open_to(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// The cells of a webhook, as the page and the file have them.
fn cells_of(webhook: &Webhook, clients: &[Client], today: Day) -> Vec<String> {
    let client = clients.iter().find(|one| one.id == webhook.client);
    let state = match webhook.standing {
        _ if client.is_none_or(|client| !client.is_open(today)) => {
            "silent: its API client has ended"
        }
        Standing::Open => "open",
        Standing::Paused => "paused by an administrator",
        Standing::GivenUp => "paused: nobody took its deliveries",
    };
    vec![
        webhook.address.clone(),
        client.map_or_else(String::new, |client| client.name.clone()),
        webhook.events.join(", "),
        state.to_owned(),
    ]
}

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct ListPage {
    frame: Frame,
    /// Why nothing is sent, where these records are a restored copy.
    held_back: Option<String>,
    manages: bool,
    headings: [&'static str; 4],
    columns: Columns,
    rows: Vec<(WebhookId, Vec<String>, Option<Flag>)>,
    under: Under,
}

/// `GET /webhooks`.
pub(super) async fn list(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let today = here.office.today().0;
        let all = webhooks(tx, actor.school)?;
        let clients = clients(tx, actor.school)?;
        let frame = here.frame(tx, actor, "Webhooks")?;
        let page = ListPage {
            held_back: held_back_in_words(tx)?,
            frame: frame.with_notice(notice(&asked)),
            manages: manages_accounts(actor),
            headings: HEADINGS,
            columns: Columns {
                columns: HEADINGS.into_iter().map(Column::text).collect(),
            },
            rows: all
                .iter()
                .map(|one| {
                    let flag = (one.standing != Standing::Open).then(|| Flag::heed("paused"));
                    (one.id, cells_of(one, &clients, today), flag)
                })
                .collect(),
            under: Under {
                shown: match all.len() {
                    1 => "One webhook".into(),
                    count => format!("{count} webhooks").into(),
                },
                exports: Exports::usual("/webhooks"),
                ..Under::default()
            },
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn notice(asked: &Answers) -> Option<Notice> {
    let text = match asked.text("did") {
        "ended" => "The webhook is ended. Nothing is sent to it any more.",
        "paused" => "The webhook is paused. What happens meanwhile waits for it.",
        "resumed" => "The webhook is resumed. What waited is sent now.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// `/webhooks` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let today = wanted.today();
    let all = webhooks(tx, wanted.actor.school)?;
    let clients = clients(tx, wanted.actor.school)?;
    let empty = wanted.sheet(tx, "Webhooks", &HEADINGS)?;
    let rows = all
        .iter()
        .map(|one| cells_of(one, &clients, today))
        .collect();
    Ok(Leaving::new(texts(empty, rows), today))
}

/// The log of a webhook, newest first.
fn log(
    tx: &mut Tx,
    school: SchoolId,
    webhook: WebhookId,
    limit: i64,
) -> Result<Vec<Vec<String>>, StoreError> {
    tx.query(LOG, &args![school, webhook, limit], |row| {
        let (seq, part): (i64, i64) = (row.get(0)?, row.get(1)?);
        let made: Instant = row.get(3)?;
        let (due, tried): (Option<Instant>, Option<Instant>) = (row.get(5)?, row.get(6)?);
        let result: Option<String> = row.get(7)?;
        let taken: Option<Instant> = row.get(8)?;
        let result = result.unwrap_or_default();
        Ok(vec![
            event_id(school, seq, part, made),
            row.get(2)?,
            moment(made),
            row.get::<i64>(4)?.to_string(),
            tried.map(moment).unwrap_or_default(),
            match (taken, due) {
                (Some(_), _) => result,
                (None, Some(due)) if result.is_empty() => format!("due {}", moment(due)),
                (None, Some(due)) => format!("{result}; again {}", moment(due)),
                (None, None) => format!("{result}; given up"),
            },
        ])
    })
}

#[derive(Template)]
#[template(path = "webhooks/webhook.html")]
struct WebhookPage {
    frame: Frame,
    /// Why nothing is sent, where these records are a restored copy.
    held_back: Option<String>,
    webhook: WebhookId,
    facts: Facts,
    headings: [&'static str; 6],
    columns: Columns,
    rows: Vec<Vec<String>>,
    under: Under,
    is_paused: bool,
    manages: bool,
}

/// `GET /webhooks/{webhook}`.
pub(super) async fn webhook(desk: Desk, Path(id): Path<WebhookId>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_see(actor)?;
        let today = here.office.today().0;
        let webhook = seen(tx, actor, id)?;
        let clients = clients(tx, actor.school)?;
        let rows = log(tx, actor.school, id, SHOWN)?;
        let facts = HEADINGS
            .into_iter()
            .zip(cells_of(&webhook, &clients, today));
        let page = WebhookPage {
            frame: here.frame(tx, actor, "Webhook")?,
            held_back: held_back_in_words(tx)?,
            webhook: id,
            facts: Facts {
                facts: facts
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
            },
            headings: LOG_HEADINGS,
            columns: Columns {
                columns: LOG_HEADINGS.into_iter().map(Column::text).collect(),
            },
            under: Under {
                shown: match rows.len() as i64 {
                    SHOWN => format!("The newest {SHOWN} deliveries").into(),
                    1 => "One delivery".into(),
                    count => format!("{count} deliveries").into(),
                },
                exports: Exports::usual(&format!("/webhooks/{id}")),
                ..Under::default()
            },
            rows,
            is_paused: webhook.standing != Standing::Open,
            manages: manages_accounts(actor),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The webhook, to whoever may see the page.
fn seen(tx: &mut Tx, actor: &Actor, id: WebhookId) -> Result<Webhook, Refusal> {
    let all = webhooks(tx, actor.school)?;
    all.into_iter()
        .find(|one| one.id == id)
        .ok_or(Refusal::NotFound)
}

/// `/webhooks/{webhook}` as a file.
pub(super) fn deliveries_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let webhook = seen(tx, wanted.actor, WebhookId(wanted.named()?))?;
    let empty = wanted.sheet(tx, "Deliveries of a webhook", &LOG_HEADINGS)?;
    let rows = log(tx, wanted.actor.school, webhook.id, IN_A_FILE)?;
    Ok(Leaving::new(texts(empty, rows), wanted.today()))
}

// Subscribing -------------------------------------------------------------------------------------------------------

fn new_form(tx: &mut Tx, actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    must_manage_accounts(actor)?;
    let open = clients(tx, actor.school)?
        .into_iter()
        .filter(|one| one.is_open(today));
    let choices = open.map(|one| Choice::new(one.id.to_string(), one.name));
    let choices = std::iter::once(Choice::new("", "Choose a client")).chain(choices);
    let what = vec![
        Field::select("client", "For the API client", choices.collect())
            .hint("It is told of what this client may read, and of nothing when the client ends."),
        Field::line("address", "Address").hint("Such as https://receiver.example/rollbook."),
    ];
    let events = KINDS
        .iter()
        .map(|kind| form::tick(kind.key, format!("{}: {}", kind.key, kind.about)));
    let parts = vec![Part::new("", what), Part::new("Told of", events.collect())];
    let crumb = ("/webhooks", "Webhooks");
    Ok(FormPage::new("Subscribe a webhook", crumb, "Subscribe the webhook", parts)
        .about("Deliveries hold ids and times, and no name. The next page shows once the secret that they are signed with."))
}

/// `GET /webhooks/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, new_form).await
}

#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct SecretPage {
    frame: Frame,
    webhook: WebhookId,
    address: String,
    secret: String,
}

/// `POST /webhooks/new`.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    desk.read(|_, actor| must_manage_accounts(actor)).await?;
    let mut wrongs = Wrongs::default();
    let address = answers.required("address", "Give the address.", &mut wrongs);
    let client = answers.number("client").map(ClientId);
    if client.is_none() {
        wrongs.add("client", "Choose the client.");
    }
    let chosen: Vec<&'static str> = KINDS
        .iter()
        .map(|kind| kind.key)
        .filter(|key| answers.ticked(key))
        .collect();
    if chosen.is_empty() {
        wrongs.add(KINDS[0].key, "Choose at least one.");
    }
    let (Some(client), true) = (client, wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, new_form).await;
    };
    let (office, to) = (desk.office.clone(), address.clone());
    let made = desk
        .act(move |act, actor| {
            must_manage_accounts(actor)?;
            let (school, now) = (act.school(), act.at());
            let as_actor =
                client_as_actor(act.tx(), school, client, now)?.ok_or(Refusal::NotFound)?;
            let subscriber = Subscriber {
                client,
                actor: &as_actor,
            };
            subscribe(act, &office, actor, &subscriber, &to, &chosen)
        })
        .await;
    match made {
        Ok((webhook, secret)) => show_secret(&desk, webhook, address, secret).await,
        Err(problem) => match problem.ground() {
            Some(ground) => {
                wrongs.add("address", ground);
                form::again(desk, answers, wrongs, new_form).await
            }
            None => Err(problem),
        },
    }
}

async fn show_secret(
    desk: &Desk,
    webhook: WebhookId,
    address: String,
    secret: String,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            Ok(SecretPage {
                frame: here.frame(tx, actor, "Secret of a webhook")?,
                webhook,
                address,
                secret,
            })
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

// Changing ----------------------------------------------------------------------------------------------------------

fn change_in_words(change: &str) -> Option<(&'static str, &'static str)> {
    Some(match change {
        "pause" => (
            "Pause the webhook",
            "Nothing is sent to it until somebody resumes it. What happens meanwhile waits.",
        ),
        "resume" => (
            "Resume the webhook",
            "What waits is sent now, from where it stopped: nothing was passed over.",
        ),
        "secret" => (
            "Give a new secret",
            "Deliveries are signed with the old and the new one for 24 hours, so that the receiver can be changed meanwhile. The next page shows the new one once.",
        ),
        "end" => (
            "End the webhook",
            "Nothing is sent to it any more, and what waits is forgotten.",
        ),
        _ => return None,
    })
}

fn change_form(
    tx: &mut Tx,
    actor: &Actor,
    id: WebhookId,
    change: &str,
) -> Result<FormPage, Refusal> {
    let (title, about) = change_in_words(change).ok_or(Refusal::NotFound)?;
    let webhook = own(tx, actor, None, id)?;
    let is_open = webhook.standing == Standing::Open;
    if (change == "resume" && is_open) || (change == "pause" && !is_open) {
        return Err(Refusal::NotFound);
    }
    let crumb = (format!("/webhooks/{id}"), "Webhook");
    let form = FormPage::new(title, crumb, title, vec![Part::new("", vec![])])
        .of(webhook.address)
        .about(about);
    Ok(match change {
        "end" => form.grave(),
        _ => form,
    })
}

/// `GET /webhooks/{webhook}/{change}`.
pub(super) async fn ask_change(
    desk: Desk,
    Path((id, change)): Path<(WebhookId, String)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, _| {
        change_form(tx, actor, id, &change)
    })
    .await
}

/// `POST /webhooks/{webhook}/{change}`: `pause`, `resume`, `secret` or `end`.
pub(super) async fn answer_change(
    desk: Desk,
    Path((id, change)): Path<(WebhookId, String)>,
) -> Result<Response, Problem> {
    if change == "secret" {
        let office = desk.office.clone();
        let (address, secret) = desk
            .act(move |act, actor| {
                let webhook = own(act.tx(), actor, None, id)?;
                let secret = keep::renew(act, &office, actor, &webhook)?;
                Ok((webhook.address, secret))
            })
            .await?;
        return show_secret(&desk, id, address, secret).await;
    }
    let done = form::answer(desk, move |act, actor, _| {
        change_form(act.tx(), actor, id, &change)?;
        let webhook = own(act.tx(), actor, None, id)?;
        let did = match change.as_str() {
            "pause" => keep::pause(act, actor, &webhook).map(|()| "paused"),
            "resume" => keep::resume(act, actor, &webhook).map(|()| "resumed"),
            _ => keep::end(act, actor, &webhook).map(|()| "ended"),
        };
        did.map(|did| Outcome::done("/webhooks", did))
    });
    done.await
}
