//! The published description of the interface, and a reader of it that knows exactly the words that it uses.
//!
//! It refuses a word of the description that it does not know, so that a new edition of it cannot be half checked. Unlisted properties are
//! refused wherever the description lists any, except in `personalisation`: so does the service (I-144).

use serde_json::{Map, Value};

/// What is wrong with a body, each fault with its place; empty if it is as the schema called `name` says.
pub fn faults(name: &str, body: &Value) -> Vec<String> {
    let whole: Value = serde_json::from_str(include_str!("../notify/schema.json"))
        .expect("the description is JSON");
    let schemas = &whole["components"]["schemas"];
    let mut found = Vec::new();
    check(schemas, &schemas[name], body, name, &mut found);
    found
}

fn check(schemas: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let schema = schema
        .as_object()
        .unwrap_or_else(|| panic!("{place}: no schema"));
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.rsplit('/').next().expect("a name");
        return check(schemas, &schemas[name], value, place, found);
    }
    for (word, wanted) in schema {
        match word.as_str() {
            "description" | "example" | "format" | "title" | "nullable" => {}
            "type" => check_type(schema, wanted, value, place, found),
            "enum" => {
                let allowed = wanted.as_array().expect("a list");
                if !(allowed.contains(value) || value.is_null() && is_nullable(schema)) {
                    found.push(format!("{place}: {value} is none of {wanted}"));
                }
            }
            "minLength" | "maxLength" => {
                let length = value.as_str().map_or(0, |text| text.chars().count()) as u64;
                let limit = wanted.as_u64().expect("a number");
                let right = if word == "minLength" {
                    length >= limit
                } else {
                    length <= limit
                };
                if value.is_string() && !right {
                    found.push(format!("{place}: {length} characters, {word} {limit}"));
                }
            }
            "required" => {
                for name in wanted
                    .as_array()
                    .expect("a list")
                    .iter()
                    .filter_map(Value::as_str)
                {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{place}: {name} is absent"));
                    }
                }
            }
            "properties" => {
                let known = wanted.as_object().expect("properties");
                for (name, inner) in value.as_object().unwrap_or(&Map::new()) {
                    match known.get(name) {
                        Some(schema) => {
                            check(schemas, schema, inner, &format!("{place}.{name}"), found)
                        }
                        None if place.ends_with(".personalisation") => {}
                        None => found.push(format!("{place}: {name} is not documented")),
                    }
                }
            }
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check(schemas, wanted, inner, &format!("{place}[{index}]"), found);
                }
            }
            "oneOf" => {
                let fitting = wanted.as_array().expect("a list").iter().filter(|one| {
                    let mut faults = Vec::new();
                    check(schemas, one, value, place, &mut faults);
                    faults.is_empty()
                });
                // The published forms overlap (a text and an e-mail have the same properties), so more than one may fit.
                if fitting.count() == 0 {
                    found.push(format!("{place}: fits none of its forms"));
                }
            }
            other => {
                panic!("{place}: the description uses {other}, which this reader does not know")
            }
        }
    }
}

fn is_nullable(schema: &Map<String, Value>) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
}

fn check_type(
    schema: &Map<String, Value>,
    wanted: &Value,
    value: &Value,
    place: &str,
    found: &mut Vec<String>,
) {
    let right = match wanted.as_str().expect("a type") {
        "string" => value.is_string(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => {
            panic!("{place}: the description uses type {other}, which this reader does not know")
        }
    };
    if !(right || value.is_null() && is_nullable(schema)) {
        found.push(format!("{place}: {value} is no {wanted}"));
    }
}

#[test]
fn the_reader_finds_what_is_wrong() {
    let body = serde_json::json!({
        "phone_number": "0",
        "personalisation": {"body": "anything"},
        "colour": "red",
    });
    let mut found = faults("SendTextMessageRequest", &body);
    found.sort();
    assert_eq!(
        found,
        [
            "SendTextMessageRequest.phone_number: 1 characters, minLength 7",
            "SendTextMessageRequest: colour is not documented",
            "SendTextMessageRequest: template_id is absent",
        ]
    );
}
