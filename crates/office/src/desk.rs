//! What a request works with: the office itself, and the desk of the person who is asking.
//!
//! A page is one read closure on one snapshot, an act is one write closure; both begin by finding out who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, TimeOfDay};
use paper::{Paper, Typesetter};
use rustls::pki_types::CertificateDer;
use store::{Act, Ahead, SchoolId, SignOfLife, Store, StoreError, Tx, args};

use crate::api::Interface;
use crate::as_known::{self, AsKnown};
use crate::book::{BookError, Shelf};
use crate::evidence::Scanner;
use crate::home::Notices;
use crate::live::Heads;
use crate::messages::Outside;
use crate::people::inspections::look;
use crate::people::{
    Actor, DIRECTORY, Doors, Keyring, Place, Present, Role, SignInToken, must_choose, note_seen,
    page_of, present, present_ahead,
};
use crate::roll::imports::Readings;
use crate::shell::{self, Frame, Look, NavItem, SignedIn};

/// The clock that the whole application goes by.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The running application: everything that requests share. Clones share it too.
#[derive(Clone)]
pub struct Office {
    /// The rows, on either engine.
    pub store: Store,
    /// The books of its schools, in memory.
    pub shelf: Arc<Shelf>,
    /// The key that seals secrets and received files.
    pub keyring: Arc<Keyring>,
    /// The time, which tests and the demo school set.
    pub clock: Clock,
    /// Whether browsers reach us over TLS, so that cookies may be kept to it.
    pub over_tls: bool,
    /// What guards the way in.
    pub doors: Arc<Doors>,
    /// What was read for the newest preview of an import.
    pub readings: Arc<Readings>,
    /// What the program has to say to those who look after it.
    pub notices: Notices,
    /// What the interface for other programs keeps.
    pub interface: Arc<Interface>,
    /// Where each school's record stands, for pages that follow it.
    pub heads: Arc<Heads>,
    /// Whether messages leave.
    pub outside: Outside,
    /// What looks for viruses in evidence, where the operator has set one up.
    pub scanner: Option<Scanner>,
    /// Who vouches for mail servers; none: whoever this machine believes.
    authorities: Option<Arc<[CertificateDer<'static>]>>,
    typesetter: Option<Arc<dyn Typesetter>>,
    sign: Arc<Mutex<Option<SignOfLife>>>,
    lately: Arc<Lately>,
}

impl Office {
    /// The application over this store, sealing with this key, as of this clock.
    pub fn new(
        store: Store,
        keyring: impl Into<Arc<Keyring>>,
        clock: Clock,
        over_tls: bool,
        doors: Doors,
    ) -> Office {
        Office {
            store,
            shelf: Arc::default(),
            keyring: keyring.into(),
            clock,
            over_tls,
            doors: Arc::new(doors),
            readings: Arc::default(),
            authorities: None,
            typesetter: None,
            sign: Arc::default(),
            notices: Notices::default(),
            interface: Arc::default(),
            heads: Arc::default(),
            outside: Outside::default(),
            scanner: None,
            lately: Arc::default(),
        }
    }

    /// The application with something to print with. The program that serves has it; tests need none.
    pub fn printing_with(self, typesetter: Arc<dyn Typesetter>) -> Office {
        Office {
            typesetter: Some(typesetter),
            ..self
        }
    }

    /// The application with messages that leave so.
    pub fn sending(self, outside: Outside) -> Office {
        Office { outside, ..self }
    }

    /// The application with this scanner for evidence, if there is one.
    pub fn scanning_with(self, scanner: Option<Scanner>) -> Office {
        Office { scanner, ..self }
    }

    /// The application believing these authorities of mail servers, and not those that this machine believes.
    pub fn believing(self, authorities: Vec<CertificateDer<'static>>) -> Office {
        Office {
            authorities: Some(authorities.into()),
            ..self
        }
    }

    /// Who vouches for the mail servers that mailboxes are read at.
    pub(crate) fn authorities(&self) -> Arc<[CertificateDer<'static>]> {
        match &self.authorities {
            Some(own) => Arc::clone(own),
            None => ::messages::authorities().into(),
        }
    }

    /// A document as PDF. Takes its time: call it where nobody waits for this thread.
    ///
    /// Errors: the document cannot be set, which is logged; there is nothing to print with.
    pub fn print(&self, paper: &Paper) -> Result<Vec<u8>, Refusal> {
        let Some(typesetter) = &self.typesetter else {
            let ground = "This program was started without anything to print with.";
            return Err(Refusal::Wrong(ground.to_owned()));
        };
        typesetter.set(paper).map_err(|error| {
            tracing::error!(%error, "a document could not be printed");
            let ground =
                "The document could not be printed. Please tell whoever looks after Rollbook.";
            Refusal::Wrong(ground.to_owned())
        })
    }

    /// The number of this program's sign of life, which stands beside long work that is begun here, so that no other
    /// program takes it for abandoned.
    ///
    /// Waits on this thread. Errors: the sign could not be shown.
    pub fn sign(&self) -> Result<i64, StoreError> {
        let mut shown = self.sign.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sign) = shown.as_ref()
            && sign.still_shows()
        {
            return Ok(sign.number());
        }
        let sign = shown.insert(self.store.sign_of_life()?);
        Ok(sign.number())
    }

    /// Every school, in order of its number.
    ///
    /// Errors: the database did not answer.
    pub async fn schools(&self) -> Result<Vec<SchoolId>, StoreError> {
        self.store.read(all_schools).await
    }

    /// Opens the book of every school, one after another, so that nobody's first page waits for it.
    ///
    /// A book that cannot be opened is left to whoever asks for it, and logged.
    pub async fn open_books(self: Arc<Office>) {
        let schools = self.schools().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the schools could not be listed");
            Vec::new()
        });
        for school in schools {
            let office = Arc::clone(&self);
            let opened: Result<(), BookError> = self
                .store
                .read(move |tx| office.shelf.book(tx, school).map(drop))
                .await;
            if let Err(error) = opened {
                tracing::warn!(%error, school = school.0, "a school's book could not be opened");
            }
        }
    }

    /// The same application as if it were this moment: what pages count up to "now", they count up to then.
    fn at(&self, moment: Instant) -> Arc<Office> {
        Arc::new(Office {
            clock: Arc::new(move || moment),
            ..self.clone()
        })
    }

    /// This moment.
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Today and the time by London clocks.
    pub fn today(&self) -> (Day, TimeOfDay) {
        self.now().in_london()
    }

    /// The name of the cookie that holds the sign-in token.
    pub fn cookie_name(&self) -> &'static str {
        if self.over_tls {
            "__Host-rollbook"
        } else {
            "rollbook"
        }
    }
}

/// Why a page or an act gives no ordinary answer.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody is signed in on this device, or too long ago.
    #[error("Please sign in.")]
    SignIn,
    /// The person was given their password by somebody else and has to choose their own first.
    #[error("Please choose a password of your own first.")]
    ChangePassword,
    /// The person has a place at several schools and has to choose where they work now.
    #[error("Please choose the school where you work now.")]
    ChooseSchool,
    /// There is no such thing, or none that this person may know of.
    #[error("There is no such page.")]
    NotFound,
    /// The person may know of it, but may not do this; the ground says why and what to do.
    #[error("{0}")]
    NotAllowed(String),
    /// What was asked cannot be done as asked; the ground says why and what to do.
    #[error("{0}")]
    Wrong(String),
    /// The database did not answer.
    #[error("{}", of_the_store(.0))]
    Store(#[from] StoreError),
    /// The school's book could not be put together.
    #[error(
        "The school's record could not be put together. Nothing was changed. Please tell whoever looks after Rollbook."
    )]
    Book(#[from] BookError),
}

/// What a failure of the database means for whoever asked.
fn of_the_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::OutcomeUnknown => {
            "The record was lost sight of while saving: it may be saved, or not. Look before you enter it again."
        }
        StoreError::DiskFull => {
            "The disk on which the record is kept is full. Nothing was changed, and what was confirmed as saved is safe. Please tell whoever looks after Rollbook."
        }
        passing if passing.is_passing() => {
            "The record cannot be reached just now. Nothing was changed. Please try again in a minute."
        }
        _ => "The record could not be reached. Nothing was changed. Please try again.",
    }
}

/// The desk of the person who is asking: their sign-in token and the office around it.
#[derive(Clone)]
pub struct Desk {
    /// The office. Where the desk looks back, its clock stands at that moment.
    pub office: Arc<Office>,
    /// The office of the present.
    present: Arc<Office>,
    /// What was known when, if the desk looks back.
    known: Option<AsKnown>,
    token: Option<SignInToken>,
    wants_json: bool,
    look: Look,
    /// The path and query that were asked for.
    path: String,
    /// Whether the page was only to be shown.
    is_shown: bool,
    /// Who was found to ask for a change; a page finds it out with all else that it reads.
    expected: Option<Actor>,
    /// The page to go back to when what was asked is not done.
    back: String,
}

impl Desk {
    /// Reads for the person who is asking, on one snapshot.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx, &Actor) -> Result<T, Refusal> + Send + 'static,
    {
        let asking = self.asking();
        let known = self.known.clone();
        let (answer, note_is_due, actor) = self
            .office
            .store
            .read(move |tx| {
                let mut present = asking.who(tx)?;
                if let Some(known) = known {
                    known.look_back(tx, &mut present.actor, asking.now)?;
                }
                let answer = work(tx, &present.actor)?;
                Ok((answer, present.note_is_due, present.actor))
            })
            .await
            .map_err(|refusal: Refusal| self.problem(refusal))?;
        self.note_seen(note_is_due);
        if self.is_shown && self.known.is_none() && actor.roles.contains(&Role::Inspector) {
            self.write_down_look(actor).await?;
        }
        Ok(answer)
    }

    /// Writes down what an inspector looks at before they see it. A page of the past is asked for at an address that says so.
    async fn write_down_look(&self, actor: Actor) -> Result<(), Problem> {
        let path = self.path.clone();
        let written = self.present.store.act(actor.school, move |act| {
            look(act, &actor, &path);
            Ok::<_, StoreError>(())
        });
        written
            .await
            .map_err(|error| self.problem(Refusal::Store(error)))
    }

    /// Acts for the person who is asking, in one transaction under their school's head row.
    ///
    /// Who is asking was found out before what they sent was looked at, and is once more within the act: a person who was
    /// signed out, or whose role ended, while the act waited may no longer act.
    pub async fn act<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Act, &Actor) -> Result<T, Refusal> + Send + 'static,
    {
        self.act_asking(|_, _| Ok(()), work).await
    }

    /// [`Desk::act`] for an act of which many wait for one another: `ahead` says what it will ask ([`Ahead`]), as far as that can
    /// be told before it is known who asks, from whoever was found to ask when the request came.
    pub async fn act_asking<T, A, F>(&self, ahead: A, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        A: FnOnce(Ahead<'_>, &Actor) -> Result<(), StoreError> + Send + 'static,
        F: FnOnce(&mut Act, &Actor) -> Result<T, Refusal> + Send + 'static,
    {
        let expected = self.expected().await?;
        self.act_in(expected.school, expected, ahead, work).await
    }

    /// [`Desk::act`] in the directory, which holds what is known of accounts across schools.
    pub async fn act_in_directory<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Act, &Actor) -> Result<T, Refusal> + Send + 'static,
    {
        let expected = self.expected().await?;
        self.act_in(DIRECTORY, expected, |_, _| Ok(()), work).await
    }

    async fn act_in<T, A, F>(
        &self,
        chain: SchoolId,
        expected: Actor,
        ahead: A,
        work: F,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        A: FnOnce(Ahead<'_>, &Actor) -> Result<(), StoreError> + Send + 'static,
        F: FnOnce(&mut Act, &Actor) -> Result<T, Refusal> + Send + 'static,
    {
        if self.known.is_some() {
            return Err(self.problem(as_known::nothing_changes()));
        }
        let asking = self.asking();
        let page = page_of_actor(&expected);
        let ask = move |mut act: Ahead<'_>| {
            asking.ahead(&mut act)?;
            ahead(act, &expected)
        };
        let act = move |act: &mut Act| {
            let present = asking.who(act.tx())?;
            // They went to work at another school meanwhile: what they sent waits until they are back.
            if page_of_actor(&present.actor) != page {
                return Err(Refusal::SignIn);
            }
            work(act, &present.actor)
        };
        self.office
            .store
            .act_asking(chain, ask, act)
            .await
            .map_err(|refusal| self.problem(refusal))
    }

    /// Whoever was found to ask when the request came, or is found now.
    async fn expected(&self) -> Result<Actor, Problem> {
        match &self.expected {
            Some(expected) => Ok(expected.clone()),
            None => self.read(|_, actor| Ok(actor.clone())).await,
        }
    }

    fn asking(&self) -> Asking {
        Asking {
            token: self.token,
            now: self.present.now(),
            may_keep_given_password: self.path == "/me" || self.path.starts_with("/me/"),
        }
    }

    /// Notes that the device is in use, once a minute at most and without keeping the answer waiting.
    fn note_seen(&self, is_due: bool) {
        if let (true, Some(token)) = (is_due, self.token) {
            let (store, now) = (self.present.store.clone(), self.present.now());
            tokio::spawn(async move {
                let noted: Result<(), StoreError> =
                    store.write(move |tx| note_seen(tx, &token, now)).await;
                if let Err(error) = noted {
                    tracing::warn!(%error, "that a device is in use could not be noted");
                }
            });
        }
    }

    /// The frame of a page for the person who asks: the school's name and where their roles let them go.
    pub fn frame(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        title: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Result<Frame, StoreError> {
        let school = school_name(tx, actor.school)?;
        let person = SignedIn {
            page_of: page_of(actor.account.0, actor.school),
            several_schools: actor.several_schools,
            name: actor.name.clone(),
            job_title: actor.job_title.clone(),
        };
        let (today, _) = self.present.today();
        let nav = navigation(actor, &self.path);
        let mut frame = Frame::signed_in(title, school, person, nav, today).with_look(self.look);
        match &self.known {
            Some(known) => {
                frame.path = known.path(&self.path);
                frame.known = Some(known.banner(&self.path));
                frame.nav.retain(|item| as_known::is_kept(&item.href));
                frame.find = false;
            }
            None => {
                frame.path.clone_from(&self.path);
                frame.look_back = as_known::way_in(&self.path);
                frame.find = Place::Staff.is_open_to(actor);
            }
        }
        Ok(frame)
    }

    /// The path and query that were asked for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What was known when, if this desk looks back.
    pub(crate) fn known(&self) -> Option<&AsKnown> {
        self.known.as_ref()
    }

    /// The same person's desk in the present.
    pub(crate) fn at_present(&self) -> Desk {
        Desk {
            office: Arc::clone(&self.present),
            known: None,
            ..self.clone()
        }
    }

    /// The look of this device.
    pub fn look(&self) -> Look {
        self.look
    }

    /// The sign-in of this device, if it has one.
    pub fn token(&self) -> Option<SignInToken> {
        self.token
    }

    /// A refusal as this browser or program wants to be told.
    pub fn problem(&self, refusal: Refusal) -> Problem {
        Problem {
            refusal,
            wants_json: self.wants_json,
            look: self.look,
            back: self.back.clone(),
            may_come_back: self.is_shown && self.path != "/",
            reference: format!("{:x}", self.present.now().micros()),
        }
    }
}

/// The statement of this file, for the test that prepares it.
pub const STATEMENTS: &[&str] = &[SCHOOL_NAME, SCHOOLS];

const SCHOOLS: &str = "select school_id from school order by school_id";

/// Every school, in order of its number.
///
/// Errors: the database did not answer.
pub(crate) fn all_schools(tx: &mut Tx) -> Result<Vec<SchoolId>, StoreError> {
    tx.query(SCHOOLS, &args![], |row| row.get(0))
}

const SCHOOL_NAME: &str = "select name from school where school_id = $1";

/// The name of a school; empty before it is set up.
pub fn school_name(tx: &mut Tx, school: SchoolId) -> Result<String, StoreError> {
    let name = tx.query_opt(SCHOOL_NAME, &args![school], |row| row.get(0))?;
    Ok(name.unwrap_or_default())
}

/// Where the actor's roles let them go, in the order of a school's day.
fn navigation(actor: &Actor, path: &str) -> Vec<NavItem> {
    Place::ALL
        .into_iter()
        .filter(|place| place.is_open_to(actor))
        .filter_map(|place| {
            let (label, key) = place.in_bar()?;
            Some(NavItem {
                current: place.holds(path),
                key: Some(key),
                ..NavItem::new(label, place.path())
            })
        })
        .collect()
}

/// What is known of who asks before the database is asked.
#[derive(Clone, Copy)]
struct Asking {
    token: Option<SignInToken>,
    now: Instant,
    may_keep_given_password: bool,
}

impl Asking {
    /// Asks ahead for what [`Asking::who`] will ask.
    fn ahead(self, act: &mut Ahead<'_>) -> Result<(), StoreError> {
        match self.token {
            Some(token) => present_ahead(act, &token, self.now),
            None => Ok(()),
        }
    }

    fn who(self, tx: &mut Tx) -> Result<Present, Refusal> {
        let token = self.token.ok_or(Refusal::SignIn)?;
        let Some(present) = present(tx, &token, self.now)? else {
            return Err(match must_choose(tx, &token, self.now)? {
                true => Refusal::ChooseSchool,
                false => Refusal::SignIn,
            });
        };
        if present.must_change_password && !self.may_keep_given_password {
            return Err(Refusal::ChangePassword);
        }
        Ok(present)
    }
}

/// The header in which a page's script says whose page it is, and at which school.
const SENT_FROM: &str = "rollbook-page-of";

/// Whose page an actor's is, and at which school.
fn page_of_actor(actor: &Actor) -> String {
    page_of(actor.account.0, actor.school)
}

/// Whether a request was sent from a page of this actor's, or from none that says whose it is.
///
/// What waits in the browser belongs to one person at one school, and waits until they are back there.
fn is_from_a_page_of(actor: &Actor, sent_from: Option<&str>) -> bool {
    sent_from.is_none_or(|own| own == page_of_actor(actor))
}

/// The page from which a request says that it was sent.
fn sent_from(parts: &Parts) -> Option<String> {
    let own = parts.headers.get(SENT_FROM)?.to_str().ok()?;
    Some(own.to_owned())
}

/// Whoever asks for a change is found out before what they sent is read: to somebody who is not signed in a form that cannot
/// be read is answered as any other.
impl<S> FromRequestParts<S> for Desk
where
    Arc<Office>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let mut desk = Desk::before_asking(parts, Arc::<Office>::from_ref(state));
        if !desk.is_shown {
            let sent_from = sent_from(parts);
            let found =
                desk.read(
                    move |_, actor| match is_from_a_page_of(actor, sent_from.as_deref()) {
                        true => Ok(actor.clone()),
                        false => Err(Refusal::SignIn),
                    },
                );
            let found = found.await?;
            desk.office
                .lately
                .saw(desk.token, &found, desk.office.now());
            desk.expected = Some(found);
        }
        Ok(desk)
    }
}

/// The desk of somebody who asks for nothing but acts, each of which finds out who asks by itself.
///
/// Whoever was found at the device a moment ago is expected there without looking: an act of theirs then looks once instead of
/// twice. It is the act that decides, so a sign-in that was ended ends at once.
pub(crate) struct ActingDesk(pub(crate) Desk);

impl<S> FromRequestParts<S> for ActingDesk
where
    Arc<Office>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let mut desk = Desk::before_asking(parts, Arc::<Office>::from_ref(state));
        let seen = desk.office.lately.seen(desk.token, desk.office.now());
        match seen.filter(|actor| is_from_a_page_of(actor, sent_from(parts).as_deref())) {
            Some(actor) => {
                desk.expected = Some(actor);
                Ok(ActingDesk(desk))
            }
            None => Desk::from_request_parts(parts, state).await.map(ActingDesk),
        }
    }
}

/// Who was found at which device lately: an expectation, never a ground.
#[derive(Default)]
struct Lately(Mutex<HashMap<SignInToken, (Actor, Instant)>>);

impl Lately {
    /// So long somebody is expected where they were found; shorter than the time between two notes that a device is in use.
    const SECONDS: i64 = 20;

    /// So many devices are kept before those that were seen too long ago are let go.
    const DEVICES: usize = 1_000;

    fn saw(&self, token: Option<SignInToken>, actor: &Actor, now: Instant) {
        let Some(token) = token else {
            return;
        };
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if devices.len() >= Lately::DEVICES {
            devices.retain(|_, (_, at)| Lately::is_recent(*at, now));
        }
        devices.insert(token, (actor.clone(), now));
    }

    fn seen(&self, token: Option<SignInToken>, now: Instant) -> Option<Actor> {
        let devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (actor, at) = devices.get(&token?)?;
        Lately::is_recent(*at, now).then(|| actor.clone())
    }

    fn is_recent(at: Instant, now: Instant) -> bool {
        (0..Lately::SECONDS).contains(&at.seconds_until(now))
    }
}

impl Desk {
    /// The desk before anybody is looked up.
    fn before_asking(parts: &Parts, office: Arc<Office>) -> Desk {
        let header = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let path = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        let is_shown = parts.method.is_safe();
        let known = parts.extensions.get::<AsKnown>().cloned();
        Desk {
            token: SignInToken::among(&parts.headers, office.cookie_name()),
            office: match &known {
                Some(known) => office.at(known.at),
                None => Arc::clone(&office),
            },
            present: office,
            known,
            wants_json: header(header::ACCEPT)
                .is_some_and(|accept| accept.contains("application/json"))
                || header(header::CONTENT_TYPE)
                    .is_some_and(|kind| kind.starts_with("application/json")),
            look: Look::of(&parts.headers),
            back: match is_shown {
                true => path.clone(),
                false => header(header::REFERER).map_or_else(|| "/".to_owned(), own_page),
            },
            path,
            is_shown,
            expected: None,
        }
    }
}

/// The desk of somebody who need not be signed in: on the way in, and on the way out.
pub(crate) struct Doorway(pub(crate) Desk);

impl<S> FromRequestParts<S> for Doorway
where
    Arc<Office>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let office = Arc::<Office>::from_ref(state);
        Ok(Doorway(Desk::before_asking(parts, office)))
    }
}

/// The path and query of the page that a form stood on. Only what follows the host is taken, so it is a page of ours.
fn own_page(referer: &str) -> String {
    let page = referer.parse::<Uri>().ok();
    let page = page.as_ref().and_then(Uri::path_and_query);
    shell::own_path(page.map_or("/", |page| page.as_str())).to_owned()
}

/// A refusal on its way to a browser or a program.
#[derive(Debug)]
pub struct Problem {
    refusal: Refusal,
    wants_json: bool,
    look: Look,
    /// Where the page of a refusal leads back to.
    back: String,
    /// Whether signing in may lead to `back`: not where something was to be changed.
    may_come_back: bool,
    /// What the log has a failure under.
    reference: String,
}

impl Problem {
    /// The refusal itself, for a form that comes back with its ground.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

impl Problem {
    /// The ground, where what was asked cannot be done as asked: a form shows it beside the field instead.
    pub fn ground(&self) -> Option<&str> {
        match &self.refusal {
            Refusal::Wrong(ground) => Some(ground),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match &self.refusal {
            Refusal::SignIn | Refusal::ChooseSchool => StatusCode::UNAUTHORIZED,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::NotAllowed(_) | Refusal::ChangePassword => StatusCode::FORBIDDEN,
            Refusal::Wrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Store(error) => {
                tracing::error!(%error, reference = self.reference, "the store did not answer");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refusal::Book(error) => {
                tracing::error!(%error, reference = self.reference, "a school's book could not be put together");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let message = self.refusal.to_string();
        if self.wants_json {
            let body = serde_json::json!({ "message": message });
            return (status, axum::Json(body)).into_response();
        }
        let frame = Frame::signed_out("Rollbook", "Rollbook").with_look(self.look);
        match self.refusal {
            Refusal::SignIn | Refusal::ChooseSchool => {
                let door = match self.refusal {
                    Refusal::SignIn => "/sign-in",
                    _ => "/school",
                };
                let query = [("next", self.back.as_str())];
                match serde_urlencoded::to_string(query) {
                    Ok(query) if self.may_come_back => {
                        Redirect::to(&format!("{door}?{query}")).into_response()
                    }
                    _ => Redirect::to(door).into_response(),
                }
            }
            Refusal::ChangePassword => Redirect::to("/me").into_response(),
            Refusal::NotFound => shell::not_found(frame),
            Refusal::NotAllowed(ground) | Refusal::Wrong(ground) => {
                let mut response = shell::refused(frame, ground, self.back);
                *response.status_mut() = status;
                response
            }
            Refusal::Store(error)
                if error.is_passing() || matches!(error, StoreError::OutcomeUnknown) =>
            {
                shell::unreachable(frame, message, self.back)
            }
            Refusal::Store(_) | Refusal::Book(_) => {
                let mut response = shell::failure(frame, &self.reference);
                *response.status_mut() = status;
                response
            }
        }
    }
}
