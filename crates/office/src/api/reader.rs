//! The reader's page of the interface: what can be asked, drawn by the server from the operations, for whoever writes a client.
//!
//! Open to everybody, as the description is: neither tells of any record.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::description::{description, problems_of};
use super::operation::{Operation, Place, operations};
use super::problem::ApiProblem;
use crate::desk::Office;
use crate::shell::{Frame, Look, Page};

#[derive(Template)]
#[template(path = "api/reader.html")]
struct ReaderPage {
    frame: Frame,
    reading_clients: u32,
    writing_clients: u32,
    largest_kib: usize,
    sections: Vec<(&'static str, Vec<Told>)>,
    problems: Vec<(&'static str, u16, &'static str)>,
}

/// An operation as the page tells of it.
struct Told {
    id: &'static str,
    method: &'static str,
    path: String,
    title: &'static str,
    about: &'static str,
    needs: String,
    /// Name, place, shape, meaning.
    parameters: Vec<(String, &'static str, String, &'static str)>,
    example: String,
    status: u16,
    answer: String,
    problems: String,
}

/// `GET /api`.
pub(super) async fn page(State(office): State<Arc<Office>>, headers: HeaderMap) -> Response {
    let frame =
        Frame::signed_out("Interface for programs", "Rollbook").with_look(Look::of(&headers));
    let rules = office.interface.rules();
    Page(ReaderPage {
        frame: frame.at("/api"),
        reading_clients: rules.reading_clients,
        writing_clients: rules.writing_clients,
        largest_kib: super::LARGEST_BODY / 1024,
        sections: sections(),
        problems: ApiProblem::every(),
    })
    .into_response()
}

/// `GET /api/openapi.json`.
pub(super) async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, format!("{:#}", description())).into_response()
}

fn sections() -> Vec<(&'static str, Vec<Told>)> {
    let mut sections: Vec<(&'static str, Vec<Told>)> = Vec::new();
    for operation in operations() {
        let told = told(operation);
        match sections
            .iter_mut()
            .find(|(name, _)| *name == operation.section)
        {
            Some((_, all)) => all.push(told),
            None => sections.push((operation.section, vec![told])),
        }
    }
    sections
}

fn told(operation: &'static Operation) -> Told {
    let parameters = operation.parameters.iter().map(|parameter| {
        let place = match parameter.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        };
        let schema = parameter.field.shape.schema(&mut Map::new());
        let required = match parameter.field.is_required {
            true => "",
            false => ", may be left out",
        };
        let shape = format!("{}{required}", in_words(&schema));
        (
            parameter.field.name.to_owned(),
            place,
            shape,
            parameter.field.about,
        )
    });
    let problems: Vec<String> = problems_of(operation)
        .into_iter()
        .map(|(status, _)| status.to_string())
        .collect();
    Told {
        id: operation.id,
        method: operation.method.word(),
        path: format!("{}{}", super::ROOT, operation.path),
        title: operation.title,
        about: operation.about,
        needs: match operation.needs {
            None => "any client".to_owned(),
            Some((access, kind)) => {
                let verb = super::client::access_word(access).unwrap_or("figures of");
                format!("{verb} “{}”", kind.label())
            }
        },
        parameters: parameters.collect(),
        example: operation
            .body
            .as_ref()
            .map(|shape| format!("{:#}", shape.example()))
            .unwrap_or_default(),
        status: operation.answer.0,
        answer: format!("{:#}", operation.answer.1.example()),
        problems: problems.join(", "),
    }
}

/// A shape in a few words.
fn in_words(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" or ");
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("date")) => "day".to_owned(),
        (_, Some("date-time")) => "moment".to_owned(),
        (Some("integer"), _) => match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            (Some(least), Some(most)) => format!("whole number, {least} to {most}"),
            _ => "whole number".to_owned(),
        },
        (Some("boolean"), _) => "true or false".to_owned(),
        _ => "text".to_owned(),
    }
}
