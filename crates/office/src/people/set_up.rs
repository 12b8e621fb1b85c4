//! First-run set-up: the first person at the browser founds the school and becomes its administrator.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::StoreError;

use super::directory::{self, DirectoryError, Founding};
use super::doors::Peer;
use super::passwords;
use crate::desk::Office;
use crate::shell::{self, Choice, Errors, Field, FieldKind, Frame, Look};
use crate::year::settings::Mode;

#[derive(Template)]
#[template(path = "people/set_up.html")]
struct SetUpPage {
    frame: Frame,
    errors: Errors,
    proof: Vec<Field>,
    school: Vec<Field>,
    person: Vec<Field>,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SetUp {
    code: String,
    school: String,
    urn: String,
    laestab: String,
    mode: String,
    title: String,
    forename: String,
    surname: String,
    job_title: String,
    name: String,
    password: String,
    again: String,
    manages_attendance: String,
}

/// Who may hold the register (I-001): word in the form, mode, label, what it means.
const MODES: [(&str, Mode, &str, &str); 3] = [
    (
        "alongside",
        Mode::Alongside,
        "Another system holds the register",
        "Rollbook reads its roll and marks.",
    ),
    (
        "alongside_marks_here",
        Mode::AlongsideMarksHere,
        "Another system holds the roll, registers are taken here",
        "Marks go back to the other system.",
    ),
    (
        "register_holder",
        Mode::RegisterHolder,
        "Rollbook holds roll and register",
        "Both are kept here.",
    ),
];

fn mode_of(key: &str) -> Option<Mode> {
    let found = MODES.iter().find(|(own, ..)| *own == key);
    found.map(|(_, mode, ..)| *mode)
}

/// While no school has been set up, every address leads to `/set-up`; once one has, that address leads nowhere.
pub(crate) async fn guard(
    State(office): State<Arc<Office>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path.starts_with("/assets/") || path == "/look" {
        return next.run(request).await;
    }
    let at_set_up = path == "/set-up";
    match is_set_up(&office).await {
        Ok(true) if at_set_up => {
            let frame = Frame::signed_out("Rollbook", "Rollbook");
            shell::not_found(frame.with_look(Look::of(request.headers())))
        }
        Ok(true) => next.run(request).await,
        Ok(false) if at_set_up => next.run(request).await,
        Ok(false) => Redirect::to("/set-up").into_response(),
        Err(error) => {
            tracing::error!(%error, "whether the school is set up could not be read");
            let frame = Frame::signed_out("Rollbook", "Rollbook");
            let reference = format!("{:x}", office.now().micros());
            shell::failure(frame, &reference)
        }
    }
}

async fn is_set_up(office: &Office) -> Result<bool, StoreError> {
    if !office.doors.is_set_up() && directory::is_set_up(&office.store).await? {
        office.doors.set_up_is_done();
    }
    Ok(office.doors.is_set_up())
}

/// `GET /set-up`.
pub(super) async fn page(headers: HeaderMap) -> Response {
    let form = SetUp {
        mode: MODES[0].0.to_owned(),
        ..SetUp::default()
    };
    show(StatusCode::OK, Look::of(&headers), &form, &[])
}

fn show(
    status: StatusCode,
    look: Look,
    form: &SetUp,
    wrong: &[(&'static str, String)],
) -> Response {
    let line = |name: &'static str, label: &'static str, value: &str| {
        let error = wrong.iter().find(|(field, _)| *field == name);
        Field::line(name, label)
            .value(value.to_owned())
            .error(error.map(|(_, why)| why.clone()))
    };
    let password = |name: &'static str, label: &'static str| Field {
        kind: FieldKind::Password,
        autocomplete: "new-password",
        ..line(name, label, "")
    };
    let proof = vec![
        Field {
            autocomplete: "off",
            ..line("code", "Set-up code", &form.code)
        }
        .hint("Shown where Rollbook was started, such as K7QF-3M2P-WX9A-HH4D."),
    ];
    let school = vec![
        line("school", "School name", &form.school),
        line("urn", "URN", &form.urn)
            .hint("The school's unique reference number, 5 or 6 digits.")
            .short()
            .optional(),
        line("laestab", "DfE number (LAESTAB)", &form.laestab)
            .hint("Authority and establishment, such as 823/4998.")
            .short()
            .optional(),
        Field {
            kind: FieldKind::Radios(
                MODES
                    .map(|(key, _, label, hint)| Choice {
                        hint: hint.into(),
                        ..Choice::new(key, label)
                    })
                    .to_vec(),
            ),
            ..line("mode", "Who holds the attendance register?", &form.mode)
        },
    ];
    let person = vec![
        line("title", "Title", &form.title).tiny().optional(),
        line("forename", "First name", &form.forename),
        line("surname", "Surname", &form.surname),
        line("job_title", "Job title", &form.job_title)
            .hint("Everything you record is kept with your job title (R-007)."),
        Field {
            autocomplete: "username",
            ..line("name", "Sign-in name", &form.name)
        },
        password("password", "Password")
            .hint("At least 12 characters. Three random words do well."),
        password("again", "Password again"),
        Field {
            kind: FieldKind::Tick,
            ..line(
                "manages_attendance",
                "I also manage attendance",
                &form.manages_attendance,
            )
        }
        .hint("A system administrator sees no pupil. Tick this if you work with registers too."),
    ];
    let errors = Errors::of(proof.iter().chain(&school).chain(&person));
    shell::page(
        status,
        &SetUpPage {
            frame: Frame::signed_out("Set-up", "Rollbook").with_look(look),
            errors,
            proof,
            school,
            person,
        },
    )
}

/// `POST /set-up`.
pub(super) async fn set_up(
    State(office): State<Arc<Office>>,
    from: Peer,
    headers: HeaderMap,
    Form(form): Form<SetUp>,
) -> Response {
    let look = Look::of(&headers);
    let refused = |wrong: &[(&'static str, String)]| {
        show(StatusCode::UNPROCESSABLE_ENTITY, look, &form, wrong)
    };
    if office.doors.is_too_often(from, office.now()) {
        let why = "Too many codes from this network were wrong. Please try again in a few minutes.";
        return refused(&[("code", why.to_owned())]);
    }
    let faults = faults_of(&form, &office);
    if faults.iter().any(|(field, _)| *field == "code") {
        office.doors.failed(from, office.now());
    }
    let Some(mode) = mode_of(&form.mode).filter(|_| faults.is_empty()) else {
        return refused(&faults);
    };
    let password_hash = match passwords::hash(form.password.clone()).await {
        Ok(hash) => hash,
        Err(error) => return refused(&[("password", error.to_string())]),
    };
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let founding = Founding {
        school: tidy(&form.school),
        urn: filled(&form.urn),
        laestab: laestab(&form.laestab),
        mode,
        administrator: [&form.title, &form.forename, &form.surname].map(|part| tidy(part)),
        job_title: tidy(&form.job_title),
        sign_in_name: form.name.clone(),
        password_hash,
        manages_attendance: form.manages_attendance == "yes",
    };
    let (today, _) = office.today();
    match directory::found_first_school(&office.store, founding, today).await {
        Ok(_) => {
            office.doors.set_up_is_done();
            Redirect::to("/sign-in?said=set-up").into_response()
        }
        Err(error @ (DirectoryError::NameTaken | DirectoryError::AlreadySetUp)) => {
            refused(&[("name", error.to_string())])
        }
        Err(DirectoryError::Store(error)) => {
            tracing::error!(%error, "the school could not be founded");
            refused(&[(
                "school",
                "The record could not be written. Please try again.".to_owned(),
            )])
        }
    }
}

/// Everything that is wrong with the form, field by field.
fn faults_of(form: &SetUp, office: &Office) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let mut fault = |field, why: &str| faults.push((field, why.to_owned()));
    if !office.doors.set_up_code_is(&form.code) {
        fault(
            "code",
            "This is not the code that was shown when Rollbook was started. A new one is shown at every start.",
        );
    }
    if form.school.trim().is_empty() {
        fault("school", "Give the school's name.");
    }
    if let Some(urn) = filled(&form.urn)
        && !((5..=6).contains(&urn.len()) && urn.bytes().all(|byte| byte.is_ascii_digit()))
    {
        fault("urn", "A URN has 5 or 6 digits.");
    }
    if filled(&form.laestab).is_some() && laestab(&form.laestab).is_none() {
        fault(
            "laestab",
            "A DfE number has 3 digits for the authority and 4 for the school.",
        );
    }
    if mode_of(&form.mode).is_none() {
        fault("mode", "Choose who holds the register.");
    }
    for (field, value, why) in [
        ("forename", &form.forename, "Give your first name."),
        ("surname", &form.surname, "Give your surname."),
        ("job_title", &form.job_title, "Give your job title."),
    ] {
        if value.trim().is_empty() {
            fault(field, why);
        }
    }
    if let Some(why) = directory::fault_of_sign_in_name(&form.name) {
        fault("name", &why);
    }
    if let Some(why) = passwords::fault_of(&form.password, &form.name, &form.school) {
        fault("password", &why);
    }
    if form.password != form.again {
        fault("again", "The two passwords differ.");
    }
    faults
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An authority and establishment number as 7 digits (I-051).
fn laestab(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|letter| !matches!(letter, '/' | ' '))
        .collect();
    (digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}
