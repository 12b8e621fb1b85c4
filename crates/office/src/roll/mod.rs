//! Pupils, contacts, groups, joining and leaving.
//!
//! It deliberately does not know how files come in (its imports folder does), how attendance is counted, or what a mark means.

mod add_pupil;
mod admission_register;
mod amend_pupil;
mod api;
mod beside;
mod boarding;
mod characteristic_kinds;
mod characteristics;
mod days_on_roll;
mod entry;
mod find;
mod groups;
mod history;
mod homes;
mod household;
pub mod imports;
mod keep_contact;
mod keeping;
mod person;
mod place;
mod professionals;
mod pupil;
mod pupils;
mod record;
pub mod records;
mod time_on_roll;

pub(crate) use beside::siblings_of;
pub use beside::{Beside, sibling_word};
pub(crate) use household::{contacts_of, homes_of};

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use admission_register::{ON_PAPER, copied, may_see as may_see_admission_register};
pub(crate) use api::operations;
pub(crate) use characteristic_kinds::{ASK_GENTLY, CARD};
pub(crate) use find::Sought;
pub(crate) use groups::{duty_in_words, groups_in_words};
pub(crate) use history::entries as entries_of;
pub(crate) use history::{Amendment, amended_since, amendments_of};
pub(crate) use keeping::Sight as RecordSight;
pub(crate) use keeping::{kept_here, may_keep_roll};
pub(crate) use place::sorting_name;
pub use professionals::{NewProfessional, Professional, ProfessionalKind, keep_professional};
pub(crate) use professionals::{professionals_of, professionals_on};

use crate::desk::Office;
use crate::take_away::List;

/// The pages of the roll.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .merge(imports::routes())
        .route("/find", get(find::find_page))
        .route("/pupils", get(pupils::pupils))
        .route("/pupils/new", get(add_pupil::ask).post(add_pupil::answer))
        .route("/pupils/{pupil}", get(pupil::marks))
        .route(
            "/pupils/{pupil}/amend",
            get(amend_pupil::ask).post(amend_pupil::answer),
        )
        .route(
            "/pupils/{pupil}/address",
            get(homes::ask).post(homes::answer),
        )
        .route(
            "/pupils/{pupil}/address/{residence}",
            get(homes::ask_end).post(homes::answer_end),
        )
        .route("/pupils/{pupil}/contacts", get(pupil::contacts))
        .route("/pupils/{pupil}/plans", get(pupil::plans))
        .route("/pupils/{pupil}/record", get(pupil::record))
        .route("/pupils/{pupil}/amendments", get(pupil::amendments))
        .route(
            "/pupils/{pupil}/contacts/new",
            get(keep_contact::ask).post(keep_contact::answer),
        )
        .route(
            "/pupils/{pupil}/contacts/{contact}",
            get(keep_contact::ask_amend).post(keep_contact::answer_amend),
        )
        .route("/pupils/{pupil}/professionals", get(professionals::page))
        .route(
            "/pupils/{pupil}/professionals/new",
            get(professionals::ask).post(professionals::answer),
        )
        .route(
            "/pupils/{pupil}/end",
            get(time_on_roll::ask_end).post(time_on_roll::answer_end),
        )
        .route(
            "/pupils/{pupil}/enrol",
            get(time_on_roll::ask_enrol).post(time_on_roll::answer_enrol),
        )
        .route(
            "/pupils/{pupil}/times/{enrolment}",
            get(time_on_roll::ask_amend).post(time_on_roll::answer_amend),
        )
        .route(
            "/pupils/{pupil}/characteristics/new",
            get(characteristics::ask).post(characteristics::answer),
        )
        .route(
            "/pupils/{pupil}/characteristics/{characteristic}",
            get(characteristics::ask_end).post(characteristics::answer_end),
        )
        .route(
            "/admission-register",
            get(admission_register::admission_register),
        )
        .route("/groups", get(groups::groups))
        .route("/groups/new", get(groups::ask_new).post(groups::answer_new))
        .route("/groups/{group}", get(groups::group))
        .route(
            "/groups/{group}/members",
            get(groups::ask_members).post(groups::answer_members),
        )
        .route("/groups/{group}/leave", axum::routing::post(groups::leave))
        .route(
            "/groups/{group}/staff",
            get(groups::ask_staff).post(groups::answer_staff),
        )
}

/// The lists of the roll that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "pupils",
        address: "/pupils",
        make: pupils::as_file,
    },
    List {
        kind: "groups",
        address: "/groups",
        make: groups::as_file,
    },
    List {
        kind: "members of a group",
        address: "/groups/{group}",
        make: groups::members_as_file,
    },
    List {
        kind: "plans of a pupil",
        address: "/pupils/{pupil}/plans",
        make: pupil::plans_as_file,
    },
    List {
        kind: "admission register",
        address: "/admission-register",
        make: admission_register::as_file,
    },
];

/// Every statement of this folder, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [
        api::STATEMENTS,
        keeping::STATEMENTS,
        record::STATEMENTS,
        household::STATEMENTS,
        beside::STATEMENTS,
        history::STATEMENTS,
        entry::STATEMENTS,
        person::STATEMENTS,
        professionals::STATEMENTS,
        homes::STATEMENTS,
        groups::STATEMENTS,
        keep_contact::STATEMENTS,
        time_on_roll::STATEMENTS,
        admission_register::STATEMENTS,
        boarding::STATEMENTS,
    ]
    .concat()
}
