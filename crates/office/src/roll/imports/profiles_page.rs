//! The page of kept answers: which files they are for, what they say, how to rename or forget them.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use exchange::{Encoding, Field as ColumnField};

use super::Choices;
use super::course;
use super::pages::kind_name;
use super::profiles::{self, Profile};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::shell::{Frame, Page, moment};

#[derive(Template)]
#[template(path = "roll/imports/profiles.html")]
struct ProfilesPage {
    frame: Frame,
    rows: Vec<ProfileRow>,
}

struct ProfileRow {
    place: usize,
    fingerprint: String,
    name: String,
    kind: String,
    answers: Vec<String>,
    kept: String,
}

/// The answers of a profile, a sentence each.
fn in_words(choices: &Choices) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(source) = &choices.source {
        said.push(format!("It comes from {source}."));
    }
    let encoding = choices.encoding.as_deref().and_then(Encoding::from_word);
    if let Some(encoding) = encoding {
        said.push(format!("Its text is {}.", encoding.name()));
    }
    if let Some(sheet) = &choices.sheet {
        said.push(format!("Its sheet is “{sheet}”."));
    }
    if let Some(line) = choices.heading_line {
        said.push(format!("Its headings stand on line {line}."));
    }
    match (choices.month_first, choices.day_first) {
        (true, _) => said.push("The month comes first in its dates.".to_owned()),
        (_, true) => said.push("The day comes first in its dates.".to_owned()),
        _ => {}
    }
    if !choices.sensitive {
        said.push("Sensitive characteristics are left out.".to_owned());
    }
    let named = choices.headings.iter().filter_map(|(heading, key)| {
        let field = ColumnField::from_key(key.as_deref()?)?;
        Some(format!("“{heading}” is {}", field.words()))
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        said.push(format!("{}.", named.join("; ")));
    }
    said
}

/// `/imports/profiles`.
pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| {
            course::may_import(actor)?;
            let all = profiles::all(tx, actor.school)?.into_iter().enumerate();
            let rows = all.map(|(place, profile)| ProfileRow {
                place,
                kind: kind_name(&profile.kind),
                answers: in_words(&profile.answers),
                kept: format!("{} by {}", moment(profile.at), profile.by),
                fingerprint: profile.fingerprint,
                name: profile.name,
            });
            let rows = rows.collect();
            let frame = here.frame(tx, actor, "Kept answers")?;
            Ok(ProfilesPage { frame, rows })
        })
        .await?;
    Ok(Page(drawn).into_response())
}

/// Renames or forgets kept answers.
pub(super) async fn change(desk: Desk, Form(answers): Form<Answers>) -> Response {
    let changed = desk
        .act(move |act, actor| {
            let fingerprint = answers.text("fingerprint");
            if answers.text("what") == "forget" {
                return profiles::forget(act, actor, fingerprint);
            }
            let found: Option<Profile> = profiles::find(act.tx(), actor.school, fingerprint)?;
            let profile = found.ok_or(Refusal::NotFound)?;
            profiles::keep(
                act,
                actor,
                fingerprint,
                answers.text("name"),
                &profile.answers,
            )
        })
        .await;
    match changed {
        Ok(()) => Redirect::to("/imports/profiles").into_response(),
        Err(problem) => problem.into_response(),
    }
}
