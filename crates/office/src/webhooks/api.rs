//! A client's own webhooks.

use serde::Deserialize;
use serde_json::{Value, json};
use store::{Act, Tx};

use super::events::KINDS;
use super::keep::{Standing, Subscriber, Webhook, end, own, subscribe, webhooks};
use crate::api::shape::{Field, Shape, field, id, list, named, one_of, text};
use crate::api::{ApiProblem, Asked, Given, Method, Operation, Run, in_path};
use crate::ids::WebhookId;

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    let operation = |id, method, path, title, about, run| Operation {
        id,
        section: "Webhooks",
        method,
        path,
        title,
        about,
        needs: None,
        parameters: vec![],
        body: None,
        answer: (
            200,
            Shape::Object(vec![field("items", "The webhooks.", list(webhook_shape()))]),
        ),
        current: None,
        run,
    };
    vec![
        operation(
            "listWebhooks",
            Method::Get,
            "/webhooks",
            "Webhooks of this client",
            "The addresses that are told for this client.",
            Run::Read(list_own),
        ),
        Operation {
            body: Some(Shape::Object(vec![
                field("address", "An HTTPS address on the public internet, unless the operator of Rollbook allows others.", text(500)).like("https://receiver.example/rollbook"),
                field("events", "Which kinds of event.", Shape::List { of: Box::new(one_of(&keys())), least: 1, most: KINDS.len() }),
            ])),
            answer: (
                201,
                Shape::Object(vec![
                    field("webhook", "The webhook.", id()).like(9),
                    field("secret", "What its deliveries are signed with. It is told this once.", Shape::Words).like("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                ]),
            ),
            ..operation(
                "subscribeWebhook",
                Method::Post,
                "/webhooks",
                "Subscribe a webhook",
                "From now on the address is told of what changes. Each delivery is a POST of `type`, `timestamp` and `data` with ids only, with the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`). Answer 2xx within 10 seconds; else it comes again, under the same id, after 1, 5 and 30 minutes, 2, 6 and 24 hours. The order is not promised.",
                Run::Act(subscribe_own),
            )
        },
        Operation {
            parameters: vec![in_path("webhook", "The webhook.", id())],
            answer: (200, Shape::Object(vec![field("webhook", "The webhook that was ended.", id()).like(9)])),
            ..operation(
                "endWebhook",
                Method::Delete,
                "/webhooks/{webhook}",
                "End a webhook",
                "Nothing is sent to it any more.",
                Run::Act(end_own),
            )
        },
    ]
}

fn keys() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.key).collect()
}

fn webhook_fields() -> Vec<Field> {
    vec![
        field("webhook", "The webhook.", id()).like(9),
        field("address", "Where events are sent.", Shape::Words)
            .like("https://receiver.example/rollbook"),
        field("events", "Which kinds of event.", list(one_of(&keys()))),
        field(
            "paused",
            "Whether nothing is sent until an administrator resumes it.",
            Shape::YesNo,
        )
        .like(false),
    ]
}

fn webhook_shape() -> Shape {
    named("Webhook", webhook_fields())
}

fn list_own(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let all = webhooks(tx, asked.actor.school)?;
    let own = all.iter().filter(|one| one.client == asked.client);
    let items: Vec<Value> = own.map(told).collect();
    Ok(json!({ "items": items }).into())
}

fn told(webhook: &Webhook) -> Value {
    json!({
        "webhook": webhook.id,
        "address": webhook.address,
        "events": webhook.events,
        "paused": webhook.standing != Standing::Open,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentWebhook {
    address: String,
    events: Vec<String>,
}

fn subscribe_own(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let sent: SentWebhook = asked.body()?;
    let events: Vec<&str> = sent.events.iter().map(String::as_str).collect();
    let subscriber = Subscriber {
        client: asked.client,
        actor: asked.actor,
    };
    let (id, secret) = subscribe(
        act,
        asked.office,
        asked.actor,
        &subscriber,
        &sent.address,
        &events,
    )?;
    Ok(json!({ "webhook": id, "secret": secret }).into())
}

fn end_own(act: &mut Act, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let id = WebhookId(asked.id("webhook")?);
    let webhook = own(act.tx(), asked.actor, Some(asked.client), id)?;
    end(act, asked.actor, &webhook)?;
    Ok(json!({ "webhook": id }).into())
}
