//! The door: who comes late and what becomes of it in the register, who goes out and comes back, who is on the site, and
//! finding everybody after an alarm, who is missing from a lesson, who left without leave, whom a truancy sweep met, and what repeated lateness leads to.
//!
//! It deliberately does not know how a mark is written (the registers' own act does) nor what an arrival makes of it (the rule crate says).

mod ahead;
mod arrival;
mod arrive;
mod fire;
pub mod fire_copy;
pub mod kiosk;
mod lates;
mod left;
mod log;
mod mismatch;
mod missing;
mod moves;
mod page;
mod punctuality;
pub mod records;
mod roll_call;
mod site;
mod site_page;
mod sweep;
mod sweep_pages;
mod undo;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::desk::Office;
use crate::take_away::List;

pub use arrival::{ArrivalOutcome, Arrived};
pub use arrive::{Arrives, arrive};
pub use left::{LeftSite, leaves, left_step};
pub use missing::search_step;
pub use moves::{Move, Said, Visit, Who, sign, unsign, welcome};
pub use roll_call::{Ended, RollCall, What, Word, hear};
pub use sweep::{
    Later, Met, MetSaid, Sweep, SweepSaid, add_to_met, met, sweeps, write_met, write_sweep,
};
pub(crate) use sweep_pages::of_pupil as sweeps_of_pupil;

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/door", get(page::page).post(page::form))
        .route("/door/save", post(page::save))
        .route("/door/ahead", get(page::ahead))
        .route("/door/slip/{arrival}", get(page::slip))
        .route("/door/log", get(log::list))
        .route("/door/mismatch", get(mismatch::list))
        .route("/fire", get(fire::page))
        .route("/fire/ahead", get(fire::ahead))
        .route("/fire/ticks", get(fire::ticks))
        .route("/fire/save", post(fire::save))
        .route("/fire/print", get(fire::print))
        .route("/fire/drills", get(fire::drills))
        .route("/fire/copies", get(fire_copy::list).post(fire_copy::make))
        .route("/fire/copies/{copy}", get(fire_copy::one))
        .route("/missing", get(missing::list))
        .route("/missing/step", post(missing::step))
        .route("/punctuality", get(punctuality::list))
        .route("/punctuality/{enrolment}", get(punctuality::one))
        .route(
            "/punctuality/{enrolment}/done",
            get(punctuality::ask_sanction).post(punctuality::sanction),
        )
        .route(
            "/punctuality/{enrolment}/target",
            get(punctuality::ask_target).post(punctuality::target),
        )
        .route(
            "/punctuality/{enrolment}/target/{target}",
            get(punctuality::ask_review).post(punctuality::review),
        )
        .route("/site", get(site_page::page))
        .route("/site/sign", post(site_page::sign_one))
        .route("/site/log", get(site_page::log))
        .route("/site/moves/{move}/undo", post(site_page::undo))
        .route(
            "/site/visitors/new",
            get(site_page::ask_visitor).post(site_page::visitor),
        )
        .route(
            "/site/pupils/{enrolment}/out",
            get(site_page::ask_out).post(site_page::out),
        )
        .route("/left-site", get(left::page).post(left::note))
        .route("/left-site/{left}/step", post(left::step))
        .route("/sweeps", get(sweep_pages::list))
        .route(
            "/sweeps/new",
            get(sweep_pages::ask_sweep).post(sweep_pages::answer_sweep),
        )
        .route("/sweeps/{sweep}", get(sweep_pages::one))
        .route(
            "/sweeps/{sweep}/met/{enrolment}",
            get(sweep_pages::ask_met).post(sweep_pages::answer_met),
        )
        .route("/sweeps/{sweep}/of/{met}", post(sweep_pages::later))
        .merge(kiosk::routes())
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "late log",
        address: "/door/log",
        make: log::as_file,
    },
    List {
        kind: "desk and register",
        address: "/door/mismatch",
        make: mismatch::as_file,
    },
    List {
        kind: "who is on site",
        address: "/site",
        make: site_page::as_file,
    },
    List {
        kind: "site log",
        address: "/site/log",
        make: site_page::log_as_file,
    },
    List {
        kind: "missing from lessons",
        address: "/missing",
        make: missing::as_file,
    },
    List {
        kind: "punctuality",
        address: "/punctuality",
        make: punctuality::as_file,
    },
    List {
        kind: "roll calls",
        address: "/fire/drills",
        make: fire::as_file,
    },
    List {
        kind: "fire lists on paper",
        address: "/fire/copies",
        make: fire_copy::as_file,
    },
    List {
        kind: "left the site",
        address: "/left-site",
        make: left::as_file,
    },
    List {
        kind: "truancy sweeps",
        address: "/sweeps",
        make: sweep_pages::as_file,
    },
];

/// The statements of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [
        STATEMENTS,
        fire_copy::STATEMENTS,
        left::STATEMENTS,
        sweep::STATEMENTS,
        &kiosk::statements(),
    ]
    .concat()
}

const STATEMENTS: &[&str] = &[
    arrival::BY_KEY,
    arrival::OF_DAYS,
    arrive::WHO,
    missing::STEPS,
    punctuality::SANCTIONS,
    punctuality::TARGETS,
    punctuality::KNOWN,
    moves::OF_DAY,
    moves::ONE,
    moves::VISITS,
    moves::ON_ROLL,
    moves::WORKS_HERE,
    roll_call::CALLS,
    roll_call::STARTED,
    roll_call::TICKED,
    roll_call::TICKS,
    site::LATE_MINUTES,
    site_page::COLLECTORS,
];
