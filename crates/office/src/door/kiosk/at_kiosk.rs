//! What the device of a kiosk is given and sends. Nobody is signed in there: its own token opens these four addresses and no other.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use serde::{Deserialize, Serialize};
use store::{Act, Tx};

use super::come::{Comes, Matched, Told, come};
use super::{Kiosk, at, midnight_after};
use crate::book::{Book, GroupKind, Pupil, fold};
use crate::desk::{Office, Refusal, school_name};
use crate::ids::EnrolmentId;
use crate::people::{Actor, SignInToken};
use crate::roll::CARD;
use crate::shell::{self, Frame, Look};
use crate::year::settings::late_reasons;

/// The name of the cookie in which a device holds its token.
pub(super) const COOKIE: &str = "rollbook-kiosk";

/// So many letters of a name are asked for; a shorter name is touched whole.
const LETTERS: usize = 3;

/// So many pupils are shown at once, and no more.
const MOST_FOUND: usize = 8;

fn token(headers: &HeaderMap) -> Option<SignInToken> {
    SignInToken::among(headers, COOKIE)
}

/// Reads as the kiosk of this device; no answer where there is none.
async fn as_kiosk<T, F>(office: &Arc<Office>, headers: &HeaderMap, work: F) -> Result<T, Refusal>
where
    T: Send + 'static,
    F: FnOnce(&mut Tx, &Kiosk, &Actor) -> Result<T, Refusal> + Send + 'static,
{
    let token = token(headers).ok_or(Refusal::SignIn)?;
    let now = office.now();
    let read = office.store.read(move |tx| {
        let (kiosk, actor) = at(tx, &token, now)?.ok_or(Refusal::SignIn)?;
        work(tx, &kiosk, &actor)
    });
    read.await
}

fn answer<T: Serialize>(found: Result<T, Refusal>) -> Response {
    let (status, message) = match found {
        Ok(found) => return Json(found).into_response(),
        Err(Refusal::SignIn | Refusal::NotFound) => {
            (StatusCode::UNAUTHORIZED, "This kiosk has ended.".to_owned())
        }
        Err(Refusal::Wrong(ground)) => (StatusCode::UNPROCESSABLE_ENTITY, ground),
        Err(other) => {
            tracing::error!(error = %other, "a kiosk could not be answered");
            (StatusCode::SERVICE_UNAVAILABLE, other.to_string())
        }
    };
    (status, Json(serde_json::json!({ "message": message }))).into_response()
}

#[derive(Template)]
#[template(path = "door/kiosk/kiosk.html")]
struct KioskPage {
    frame: Frame,
    /// Whose what waits on the device is: the kiosks' of this school.
    of: String,
    place: String,
}

#[derive(Template)]
#[template(path = "door/kiosk/ended.html")]
struct EndedPage {
    frame: Frame,
}

/// What waits on a device belongs to the kiosks of one school: one that is started tomorrow sends what today's could not.
fn owner(actor: &Actor) -> String {
    format!("kiosk.{}", actor.school.0)
}

/// `GET /kiosk`.
pub(super) async fn page(State(office): State<Arc<Office>>, headers: HeaderMap) -> Response {
    let look = Look::of(&headers);
    let found = as_kiosk(&office, &headers, |tx, kiosk, actor| {
        let name = school_name(tx, actor.school)?;
        Ok((name, owner(actor), kiosk.place.clone()))
    });
    match found.await {
        Ok((school, of, place)) => {
            let frame = Frame::signed_out("Kiosk", school).with_look(look);
            shell::page(StatusCode::OK, &KioskPage { frame, of, place })
        }
        Err(Refusal::SignIn) => {
            let frame = Frame::signed_out("Kiosk", "Rollbook").with_look(look);
            shell::page(StatusCode::UNAUTHORIZED, &EndedPage { frame })
        }
        Err(refusal) => answer::<()>(Err(refusal)),
    }
}

/// What the page is drawn from, and what the device keeps of it: no pupil.
#[derive(Debug, Serialize)]
struct Ahead {
    of: String,
    day: String,
    /// The server's clock, in milliseconds since 1970.
    now: i64,
    /// When the day ends, and with it what the device may keep.
    until: i64,
    school: String,
    place: String,
    /// The tutor groups of today.
    forms: Vec<String>,
    reasons: Vec<String>,
}

fn forms(book: &Book, today: Day) -> Vec<String> {
    let rows = book.roll.rows_on(today);
    let groups = rows.filter_map(|row| {
        let enrolment = book.roll.enrolments[row].id;
        book.groups.of_kind(enrolment, GroupKind::Tutor, today)
    });
    let names: BTreeSet<&str> = groups.map(|group| group.name.as_str()).collect();
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.sort_by_cached_key(|name| crate::roll::sorting_name(name));
    names
}

/// `GET /kiosk/ahead`.
pub(super) async fn ahead(State(office): State<Arc<Office>>, headers: HeaderMap) -> Response {
    let here = Arc::clone(&office);
    let found = as_kiosk(&office, &headers, move |tx, kiosk, actor| {
        let now = here.now();
        let (today, _) = now.in_london();
        let book = here.shelf.book(tx, actor.school)?;
        let reasons = late_reasons(&book.settings, today)?;
        Ok(Ahead {
            of: owner(actor),
            day: today.to_string(),
            now: now.micros() / 1000,
            until: midnight_after(today).micros() / 1000,
            school: school_name(tx, actor.school)?,
            place: kiosk.place.clone(),
            forms: forms(&book, today),
            reasons: reasons.into_iter().map(|reason| reason.words).collect(),
        })
    });
    answer(found.await)
}

/// What was touched: a tutor group, and the first letters of a name.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Touched {
    form: String,
    letters: String,
}

/// A pupil as a kiosk shows one.
#[derive(Debug, Serialize)]
struct Shown {
    /// The time on roll.
    e: i64,
    /// `Sam O.`
    name: String,
}

/// The pupils of a tutor group with a name that begins so; a name of fewer letters must be whole.
fn touched<'b>(book: &'b Book, today: Day, what: &Touched) -> Vec<(EnrolmentId, &'b Pupil)> {
    let letters = fold(what.letters.trim());
    let length = letters.chars().count();
    if length == 0 || !letters.chars().all(char::is_alphabetic) {
        return Vec::new();
    }
    let fits = |pupil: &Pupil| {
        let mut names = pupil.folded.split(|letter: char| !letter.is_alphabetic());
        names.any(|name| match length < LETTERS {
            true => name == letters,
            false => name.starts_with(&letters),
        })
    };
    let rows = book.roll.rows_on(today).filter_map(|row| {
        let enrolment = book.roll.enrolments[row].id;
        let group = book.groups.of_kind(enrolment, GroupKind::Tutor, today)?;
        let pupil = book.roll.pupil_of_row(row)?;
        (group.name == what.form && fits(pupil)).then_some((enrolment, pupil))
    });
    let mut found: Vec<_> = rows.collect();
    found.sort_by_key(|(_, pupil)| pupil.in_order);
    found
}

/// The forename and so much of the surname as tells two pupils of one group apart: one letter, or three.
fn short_names(found: &[(EnrolmentId, &Pupil)]) -> Vec<Shown> {
    let short = |pupil: &Pupil, letters: usize| {
        let surname: String = pupil.surname.chars().take(letters).collect();
        format!("{} {surname}.", pupil.forename)
    };
    let names = found.iter().map(|(enrolment, pupil)| {
        let own = short(pupil, 1);
        let alike = found.iter().filter(|(_, other)| short(other, 1) == own);
        let letters = if alike.count() > 1 { 3 } else { 1 };
        Shown {
            e: enrolment.0,
            name: short(pupil, letters),
        }
    });
    names.collect()
}

#[derive(Debug, Serialize)]
struct Found {
    found: Vec<Shown>,
}

/// `POST /kiosk/find`.
pub(super) async fn find(
    State(office): State<Arc<Office>>,
    headers: HeaderMap,
    Json(what): Json<Touched>,
) -> Response {
    let here = Arc::clone(&office);
    let found = as_kiosk(&office, &headers, move |tx, _, actor| {
        let (today, _) = here.today();
        let book = here.shelf.book(tx, actor.school)?;
        let mut found = short_names(&touched(&book, today, &what));
        found.truncate(MOST_FOUND);
        Ok(Found { found })
    });
    answer(found.await)
}

/// What the script sends, by the outbox.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    sent_at: Option<String>,
    changes: Vec<SentArrival>,
}

/// One pupil: by a card, by a name that was chosen, or by tutor group and letters where there was no network to choose.
#[derive(Clone, Debug, Deserialize)]
struct SentArrival {
    /// The arrival's own name. The word is the outbox's, for what it keeps apart.
    enrolment: String,
    #[serde(default)]
    card: Option<String>,
    #[serde(default)]
    pupil: Option<i64>,
    #[serde(default)]
    touched: Option<Touched>,
    /// Milliseconds since 1970 by the device's clock.
    made: i64,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    undo: bool,
}

/// Whose an arrival is, as the roll of today says.
fn matched(book: &Book, today: Day, one: &SentArrival) -> Matched {
    let (found, typed): (Vec<(EnrolmentId, &Pupil)>, String) = match (&one.card, &one.touched) {
        (Some(card), _) => {
            let rows = book.roll.rows_on(today).filter_map(|row| {
                let pupil = book.roll.pupil_of_row(row)?;
                let own = book.characteristics.on(pupil.id, CARD, today)?;
                (own == card.trim()).then_some((book.roll.enrolments[row].id, pupil))
            });
            (rows.collect(), format!("card {}", card.trim()))
        }
        (None, Some(what)) => (
            touched(book, today, what),
            format!("{} in {}", what.letters.trim().to_uppercase(), what.form),
        ),
        (None, None) => {
            let id = EnrolmentId(one.pupil.unwrap_or_default());
            let row = book.roll.row(id);
            let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
            let found = pupil.map(|pupil| (id, pupil));
            (found.into_iter().collect(), format!("time on roll {id}"))
        }
    };
    match found.as_slice() {
        [(enrolment, pupil)] => Matched::One(*enrolment, pupil.forename.clone()),
        _ => Matched::Nobody(typed),
    }
}

#[derive(Debug, Serialize)]
struct Answer {
    saved_at: String,
    results: Vec<ArrivalResult>,
}

#[derive(Debug, Serialize)]
struct ArrivalResult {
    enrolment: String,
    outcome: &'static str,
    message: &'static str,
    base: i64,
    shown: Told,
}

/// So many arrivals are taken at once: more than an entrance has in two hours without a network.
const AT_ONCE: usize = 2_000;

/// `POST /kiosk/save`: signs pupils in one after another, each as an act of its own.
pub(super) async fn save(
    State(office): State<Arc<Office>>,
    headers: HeaderMap,
    Json(sent): Json<Sent>,
) -> Response {
    answer(taken(&office, &headers, sent).await)
}

async fn taken(office: &Arc<Office>, headers: &HeaderMap, sent: Sent) -> Result<Answer, Refusal> {
    if sent.changes.len() > AT_ONCE {
        let ground = "So many arrivals do not come at one kiosk. Load the page again.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let token = token(headers).ok_or(Refusal::SignIn)?;
    let sent_at: Option<Instant> = sent.sent_at.as_deref().and_then(|text| text.parse().ok());
    let (here, changes) = (Arc::clone(office), sent.changes);
    let (school, all) = as_kiosk(office, headers, move |tx, _, actor| {
        let (today, _) = here.today();
        let book = here.shelf.book(tx, actor.school)?;
        let all = changes.into_iter().map(|one| Comes {
            who: matched(&book, today, &one),
            made: Some(Instant::from_micros(one.made.saturating_mul(1000))),
            sent: sent_at,
            key: one.enrolment,
            reason: one.reason,
            undo: one.undo,
        });
        Ok((actor.school, all.collect::<Vec<Comes>>()))
    })
    .await?;
    let mut results = Vec::new();
    for what in all {
        let key = what.key.clone();
        let done = office.store.act(school, move |act: &mut Act| {
            let now = act.at();
            let (kiosk, actor) = at(act.tx(), &token, now)?.ok_or(Refusal::SignIn)?;
            come(act, &actor, &kiosk, &what)
        });
        results.push(ArrivalResult {
            enrolment: key,
            outcome: "saved",
            message: "",
            base: 0,
            shown: done.await?,
        });
    }
    Ok(Answer {
        saved_at: office.today().1.to_string(),
        results,
    })
}
