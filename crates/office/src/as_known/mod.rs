//! Looking back: any register, any pupil's marks, any figure and any list as it was known at a past minute.
//!
//! A page below `/as-known/WHEN` is the page of the same address, made by the same code from the rows of that number
//! ([`store::Tx::as_known`]) and from a book built at it, with the clock standing at that moment. Nothing can be changed there, and
//! nobody sees in it whom they may not see today.
//!
//! It deliberately does not know what stands on any page. Which addresses can be shown so is one list, `KEPT`: what they read is kept
//! in versions. Accounts, sign-ins and long work keep no past and are not among them.

mod changed;
mod choose;
mod moment;
mod show;
mod told;

use axum::Router;
use axum::routing::get;
use calendar::Instant;
use std::sync::Arc;
use store::{SchoolId, Tx};

use crate::CHRONICLE;
use crate::desk::{Office, Refusal};
use crate::insight::grouped;
use crate::people::Actor;
use crate::shell::KnownThen;
use crate::take_away::List;

use self::moment::{When, in_words};

/// Addresses whose pages can be shown as known earlier: these and all within them.
const KEPT: &[&str] = &[
    "/admission-register",
    "/codes",
    "/exams",
    "/figures",
    "/groups",
    "/lessons",
    "/lists",
    "/plans",
    "/pupils",
    "/registers",
    "/take-away",
    "/timetable",
    "/why",
    "/year",
];

/// Where every page that looks back lies.
const ROOT: &str = "/as-known";

/// The addresses of this folder: the choice of a moment, and every page of the application as known then.
pub(crate) fn routes(pages: Router) -> Router<Arc<Office>> {
    let shown = get(show::show).post(show::give);
    Router::new()
        .route("/changes", get(changed::changed))
        .route(ROOT, get(choose::choose))
        .route("/as-known/{when}/{*path}", shown)
        .layer(axum::Extension(show::Pages::new(pages)))
}

/// What can be taken away from here.
pub(crate) const LISTS: &[List] = &[List {
    kind: "changes",
    address: "/changes",
    make: changed::as_file,
}];

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [changed::STATEMENTS, told::STATEMENTS].concat()
}

/// A number of a school's journal and the moment at which a page shows what was known.
#[derive(Clone, Debug)]
pub struct AsKnown {
    school: SchoolId,
    /// The number of the newest act that was known.
    seq: i64,
    /// Where the clock stands.
    pub(crate) at: Instant,
    when: When,
}

impl AsKnown {
    /// Turns a transaction and the person who reads to this moment.
    ///
    /// Errors: they went to work at another school meanwhile.
    pub(crate) fn look_back(
        &self,
        tx: &mut Tx,
        actor: &mut Actor,
        now: Instant,
    ) -> Result<(), Refusal> {
        if actor.school != self.school {
            return Err(Refusal::NotFound);
        }
        actor.looks_back = Some(now.in_london().0);
        tx.as_known(&CHRONICLE, self.school, self.seq);
        Ok(())
    }

    /// The address at which this page is shown as known then.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{ROOT}/{}{path}", self.when)
    }

    /// `09:40 on 12 October 2026, number 12,345`.
    pub(crate) fn said(&self) -> String {
        format!("{}, number {}", in_words(self.at), grouped(self.seq))
    }

    /// `2026-10-12-0940-number-12345`, for the name of a file.
    pub(crate) fn in_file_name(&self) -> String {
        let (day, time) = self.at.in_london();
        format!(
            "{day} {:02}{:02} number {}",
            time.hour(),
            time.minute(),
            self.seq
        )
    }

    /// What stands above a page.
    pub(crate) fn banner(&self, path: &str) -> KnownThen {
        KnownThen {
            said: self.said(),
            present: format!("{ROOT}/now{path}"),
            choose: choosing(path),
            since: told::Of::page(path).map(|of| {
                let query = [("page", of.path()), ("from", self.seq.to_string())];
                let query = serde_urlencoded::to_string(query).unwrap_or_default();
                format!("/changes?{query}")
            }),
        }
    }
}

/// Whether the page at this address can be shown as known earlier.
pub(crate) fn is_kept(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    KEPT.iter().any(|kept| {
        let within = path.strip_prefix(kept);
        within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Where to choose an earlier moment for the page at this address, if it can be shown so.
pub(crate) fn way_in(path: &str) -> Option<String> {
    is_kept(path).then(|| choosing(path))
}

fn choosing(path: &str) -> String {
    let query = serde_urlencoded::to_string([("page", path)]).unwrap_or_default();
    format!("{ROOT}?{query}")
}

/// The answer to whoever would change what was known.
pub(crate) fn nothing_changes() -> Refusal {
    let ground = "This page shows what was known at an earlier moment. Nothing can be changed in it: go back to the present first.";
    Refusal::NotAllowed(ground.to_owned())
}
