//! From bytes to a request or a problem, without looking at anything else: no database, no clock, no network.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::operation::{Operation, Place, Request, operations};
use super::problem::ApiProblem;
use super::shape::{Fault, shortened};

/// A request as it came, beside its token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a> {
    /// The method.
    pub method: &'a str,
    /// The path after `/api/v1`, as it was sent.
    pub path: &'a str,
    /// The query, as it was sent; empty where there is none.
    pub query: &'a str,
    /// What the body says that it is.
    pub content_type: Option<&'a str>,
    /// The name that the client gave a write.
    pub idempotency_key: Option<&'a str>,
    /// The version that a write is based on.
    pub if_match: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// Reads a request: finds its operation and checks all that it brings.
///
/// Pure, for the interface and for tests that throw bytes at it. Errors: the problem that the client is told of.
pub fn read(sent: &Sent<'_>) -> Result<Request, ApiProblem> {
    let (operation, mut values) = find(sent.method, sent.path)?;
    read_query(operation, sent.query, &mut values)?;
    read_headers(operation, sent, &mut values)?;
    let key = read_key(operation, sent.idempotency_key)?;
    let body = read_body(operation, sent)?;
    Ok(Request {
        operation,
        values,
        body,
        key,
        digest: digest(sent),
    })
}

fn digest(sent: &Sent<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let parts = [
        sent.method.as_bytes(),
        sent.path.as_bytes(),
        sent.query.as_bytes(),
        sent.if_match.unwrap_or_default().as_bytes(),
        sent.body,
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The operation at this address, with what stands in the path.
fn find(method: &str, path: &str) -> Result<(&'static Operation, Map<String, Value>), ApiProblem> {
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let here: Vec<(&Operation, Vec<(&str, &str)>)> = operations()
        .iter()
        .filter_map(|operation| Some((operation, matched(operation.path, &parts)?)))
        .collect();
    let Some((operation, named)) = here
        .iter()
        .find(|(operation, _)| operation.method.word() == method)
    else {
        let methods: Vec<&str> = here.iter().map(|(own, _)| own.method.word()).collect();
        return Err(match methods.is_empty() {
            true => ApiProblem::NotFound,
            false => ApiProblem::WrongMethod(methods.join(", ")),
        });
    };
    let mut values = Map::new();
    for parameter in operation
        .parameters
        .iter()
        .filter(|own| own.place == Place::Path)
    {
        let field = &parameter.field;
        let given = named.iter().find(|(name, _)| *name == field.name);
        let text = given.and_then(|(_, text)| percent_decoded(text));
        let value = text.map(|text| field.shape.of_text(&text));
        match value {
            Some(value) if field.shape.faults(&value).is_empty() => {
                values.insert(field.name.to_owned(), value);
            }
            _ => return Err(ApiProblem::NotFound),
        }
    }
    Ok((operation, values))
}

/// What stands in the place of the names of this path.
fn matched<'p>(own: &'static str, parts: &[&'p str]) -> Option<Vec<(&'static str, &'p str)>> {
    let own: Vec<&'static str> = own.trim_start_matches('/').split('/').collect();
    if own.len() != parts.len() {
        return None;
    }
    let mut named = Vec::new();
    for (own, part) in own.into_iter().zip(parts) {
        match own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) {
            Some(name) => named.push((name, *part)),
            None if own == *part => {}
            None => return None,
        }
    }
    Some(named)
}

/// A part of a path with its `%41` read; none where it is no text.
fn percent_decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn read_query(
    operation: &Operation,
    query: &str,
    values: &mut Map<String, Value>,
) -> Result<(), ApiProblem> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| {
        ApiProblem::WrongQuery(vec![fault(
            "",
            "Send names and values as name=value&name=value.",
        )])
    })?;
    let own = || {
        let parameters = operation.parameters.iter();
        parameters
            .filter(|own| own.place == Place::Query)
            .map(|own| &own.field)
    };
    let mut faults = Vec::new();
    for (name, text) in &pairs {
        let Some(field) = own().find(|own| own.name == name) else {
            let known: Vec<&str> = own().map(|own| own.name).collect();
            let known = match known.is_empty() {
                true => "This address takes no query.".to_owned(),
                false => format!("There are: {}.", known.join(", ")),
            };
            let shown = shortened(name);
            faults.push(fault(
                &shown,
                format!("There is no “{shown}” here. {known}"),
            ));
            continue;
        };
        let value = field.shape.of_text(text);
        let wrong = field.shape.faults(&value);
        faults.extend(wrong.into_iter().map(|one| fault(name, one.detail)));
        if values.insert(name.clone(), value).is_some() {
            faults.push(fault(name, "Send this once."));
        }
    }
    for field in own().filter(|own| own.is_required && !values.contains_key(own.name)) {
        faults.push(fault(
            field.name,
            format!("“{}” is missing from the query.", field.name),
        ));
    }
    faults.truncate(20);
    match faults.is_empty() {
        true => Ok(()),
        false => Err(ApiProblem::WrongQuery(faults)),
    }
}

fn read_headers(
    operation: &Operation,
    sent: &Sent<'_>,
    values: &mut Map<String, Value>,
) -> Result<(), ApiProblem> {
    let taken = operation
        .parameters
        .iter()
        .any(|own| own.place == Place::Header);
    if let (true, Some(version)) = (taken, sent.if_match) {
        values.insert("If-Match".to_owned(), version.into());
    }
    Ok(())
}

fn read_key(operation: &Operation, key: Option<&str>) -> Result<Option<String>, ApiProblem> {
    if !operation.writes() {
        return Ok(None);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match key {
        Some(key) if (8..=64).contains(&key.len()) && key.bytes().all(plain) => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(ApiProblem::KeyMissing),
    }
}

fn read_body(operation: &Operation, sent: &Sent<'_>) -> Result<Value, ApiProblem> {
    let Some(shape) = &operation.body else {
        return match sent.body.is_empty() {
            true => Ok(Value::Null),
            false => Err(ApiProblem::WrongBody(vec![fault(
                "",
                "This address takes no body.",
            )])),
        };
    };
    let kind = sent.content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(ApiProblem::WrongType);
    }
    let body: Value = serde_json::from_slice(sent.body)
        .map_err(|error| ApiProblem::NotJson(error.to_string()))?;
    let faults = shape.faults(&body);
    match faults.is_empty() {
        true => Ok(body),
        false => Err(ApiProblem::WrongBody(faults)),
    }
}

fn fault(name: &str, detail: impl Into<String>) -> Fault {
    Fault {
        pointer: match name {
            "" => String::new(),
            name => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        },
        detail: detail.into(),
    }
}
