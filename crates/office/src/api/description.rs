//! The description of the interface: OpenAPI 3.1, written from the operations.
//!
//! It is checked in as `docs/openapi.json`; a test fails when that differs from what is written here.

use serde_json::{Map, Value, json};

use super::operation::{Operation, Parameter, Place, operations};
use super::problem;

/// The description.
pub fn description() -> Value {
    let mut named = Map::new();
    problem::shape(None).schema(&mut named);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let described = described(operation, &mut named);
        let address = format!("{}{}", super::ROOT, operation.path);
        let entry = paths.entry(address).or_insert_with(|| json!({}));
        entry[operation.method.word().to_lowercase()] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollbook",
            "version": "1",
            "summary": "The attendance register of an English school, for other programs.",
            "description": "Each operation is the same act as on the screens, under the same access matrix. A client has a role, limits and a last day; an administrator makes it.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The secret of the client." }
            },
            "schemas": named,
        },
    })
}

fn described(operation: &Operation, named: &mut Map<String, Value>) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.section],
        "summary": operation.title,
        "description": operation.about,
        "responses": answers(operation, named),
    });
    let mut parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| parameter_of(parameter, named))
        .collect();
    if operation.writes() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A name of the client's own for this write, new for each. The same request under the same key is answered as before and done once.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$" },
            "example": "8c1f0a52-3b1e-4f0e-9f43-5d7a",
        }));
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(shape) = &operation.body {
        described["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": shape.schema(named), "example": shape.example() } },
        });
    }
    described
}

fn parameter_of(parameter: &Parameter, named: &mut Map<String, Value>) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.field.name,
        "in": place,
        "required": parameter.field.is_required,
        "description": parameter.field.about,
        "schema": parameter.field.shape.schema(named),
    })
}

/// The problems that an operation can answer with: status and what it means.
pub(super) fn problems_of(operation: &Operation) -> Vec<(u16, &'static str)> {
    let mut problems = vec![
        (400, "The address or the body cannot be read."),
        (401, "No token that opens this."),
        (403, "Not open to this client."),
        (404, "No such thing, or none that this client may know of."),
    ];
    if operation.writes() {
        problems.push((413, "The body is too large."));
        problems.push((
            422,
            "It cannot be done as asked; each fault with its place.",
        ));
    } else {
        problems.push((413, "The body is too large."));
        problems.push((422, "A body was sent where none is taken."));
    }
    if operation.body.is_some() {
        problems.push((415, "The body is not sent as JSON."));
    }
    if operation.current.is_some() {
        problems.push((409, "Part of it has changed since it was read."));
        problems.push((412, "It has changed since it was read."));
    }
    problems.push((429, "This client asks too often."));
    problems.push((503, "No answer just now; ask again."));
    problems.sort_unstable();
    problems
}

fn answers(operation: &Operation, named: &mut Map<String, Value>) -> Value {
    let mut answers = Map::new();
    let (status, shape) = &operation.answer;
    let mut done = json!({
        "description": "Done.",
        "headers": rate_headers(),
        "content": { "application/json": { "schema": shape.schema(named), "example": shape.example() } },
    });
    if operation.current.is_some()
        || operation
            .parameters
            .iter()
            .any(|own| own.place == Place::Header)
    {
        done["headers"]["ETag"] = json!({ "description": "The version of what is answered.", "schema": { "type": "string" } });
    }
    answers.insert(status.to_string(), done);
    for (status, about) in problems_of(operation) {
        let shape = problem::shape(
            operation
                .current
                .clone()
                .filter(|_| matches!(status, 409 | 412)),
        );
        let mut answer = json!({
            "description": about,
            "content": { "application/problem+json": { "schema": shape.schema(named) } },
        });
        if matches!(status, 429 | 503) {
            answer["headers"] = json!({ "Retry-After": { "description": "Seconds to wait.", "schema": { "type": "integer" } } });
        }
        answers.insert(status.to_string(), answer);
    }
    Value::Object(answers)
}

fn rate_headers() -> Value {
    json!({
        "RateLimit-Limit": { "description": "Requests a minute.", "schema": { "type": "integer" } },
        "RateLimit-Remaining": { "description": "Requests left in this minute.", "schema": { "type": "integer" } },
        "RateLimit-Reset": { "description": "Seconds until the minute is over.", "schema": { "type": "integer" } },
    })
}
