//! Telling open pages that the school's record has moved, so that they read again what they show.
//!
//! A stream carries one number: the school's head. What changed is asked for like any page, by whoever may see it, so nothing
//! leaks here. A node asks for the heads of all schools every 200 ms while somebody listens, which is how it learns of acts on other nodes.
//!
//! It deliberately does not know what a page shows.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream;
use store::{SchoolId, Store, StoreError, journal};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use crate::desk::{Desk, Office, Problem, Refusal};
use crate::people::{Access, Place, RecordKind};

/// So often a node asks where the schools stand.
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// A stream ends after so long and is opened again by the browser, so that somebody who was signed out hears no more.
const STREAM_LASTS: Duration = Duration::from_secs(120);

/// How long a browser waits before it opens a stream again that has ended.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The number at which each school's record stands.
type Numbers = HashMap<SchoolId, i64>;

/// Where the schools' records stand, asked for while somebody listens.
#[derive(Default)]
pub struct Heads(Mutex<Option<watch::Sender<Numbers>>>);

impl Heads {
    /// Follows the heads; the first listener has them asked for, and after the last nobody asks any more.
    fn follow(&self, store: &Store) -> watch::Receiver<Numbers> {
        let mut asking = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = asking.as_ref().filter(|sender| sender.receiver_count() > 0) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(Numbers::new());
        *asking = Some(sender.clone());
        tokio::spawn(ask(store.clone(), sender));
        receiver
    }
}

async fn ask(store: Store, sender: watch::Sender<Numbers>) {
    let mut ticks = interval(ASKED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while sender.receiver_count() > 0 {
        ticks.tick().await;
        let heads: Result<_, StoreError> = store.read(journal::heads).await;
        // A database that does not answer is noticed by the pages that ask it; here it is asked again.
        let Ok(heads) = heads else { continue };
        let numbers: Numbers = heads
            .into_iter()
            .map(|(school, head)| (school, head.seq))
            .collect();
        sender.send_if_modified(|known| {
            let moved = *known != numbers;
            *known = numbers;
            moved
        });
    }
}

/// The addresses of this file.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/live", get(live))
        .route("/live/head", get(head))
}

/// `GET /live`: the school's number now and whenever it moves, as server-sent events `head`.
async fn live(desk: Desk) -> Result<Response, Problem> {
    let school = listener(&desk).await?;
    let numbers = desk.office.heads.follow(&desk.office.store);
    let ends = Instant::now() + STREAM_LASTS;
    let told = stream::unfold((numbers, None), move |(mut numbers, mut told)| async move {
        loop {
            let stands = numbers.borrow_and_update().get(&school).copied();
            if let Some(number) = stands.filter(|_| stands != told) {
                told = stands;
                let event = Event::default()
                    .event("head")
                    .retry(AGAIN_AFTER)
                    .data(number.to_string());
                return Some((Ok::<_, Infallible>(event), (numbers, told)));
            }
            match timeout_at(ends, numbers.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(told).keep_alive(alive).into_response())
}

/// `GET /live/head`: the same number once, for browsers that get no stream.
async fn head(desk: Desk) -> Result<Json<serde_json::Value>, Problem> {
    listener(&desk).await?;
    let number = desk
        .read(|tx, actor| Ok(journal::head(tx, actor.school)?.map_or(0, |head| head.seq)))
        .await?;
    Ok(Json(serde_json::json!({ "head": number })))
}

/// The school of somebody who has a page that follows the record: the board, or who is missing from lessons.
async fn listener(desk: &Desk) -> Result<SchoolId, Problem> {
    desk.read(|_, actor| {
        let sees_the_school = actor.may_for_school(Access::Read, RecordKind::AttendanceMarks);
        match sees_the_school || Place::Morning.is_open_to(actor) {
            true => Ok(actor.school),
            false => Err(Refusal::NotFound),
        }
    })
    .await
}
