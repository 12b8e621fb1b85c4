//! The contract: the description is the checked-in one, and every answer of every operation is one that it declares.
//!
//! Requests are made from the description, with values that are right, at their bounds, of another kind, missing, huge, unknown and
//! strange; the same for the same seed. `ROLLBOOK_API_CASES` is how many for each operation, `ROLLBOOK_API_SEED` which.

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use calendar::Session;
use office::api::{LARGEST_BODY, description, operations};
use office::people::{Access, RecordKind, Role};
use serde_json::{Map, Value, json};

use crate::program::{ALL, Program, json, program};
use crate::school::{Answer, School, each_school};

#[test]
fn the_description_is_the_one_that_is_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = format!("{:#}\n", description());
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, &written).expect("the description can be written");
    }
    let checked_in = std::fs::read_to_string(&path).expect("the description is checked in");
    assert!(
        written == checked_in,
        "the interface differs from docs/openapi.json; run with UPDATE_TABLES=1 and review the difference"
    );
}

#[test]
fn every_address_of_the_description_is_answered_and_no_other_is() {
    each_school(|school| {
        let kiosk = program(school, Role::AttendanceManager, ALL);
        let description = description();
        let mut described = 0;
        for (path, methods) in description["paths"].as_object().expect("paths") {
            let path = path
                .replace("{day}", "2026-11-24")
                .replace("{session}", "AM");
            let filled: Vec<&str> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect();
            let path = filled.join("/").replace("/api/v1", "");
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
                let request = kiosk.request(method, &path).body(Body::empty());
                let answer = school.ask(request.expect("a request"));
                let is_described = methods.get(method.to_lowercase()).is_some();
                described += usize::from(is_described);
                let wrong_method = answer.status == StatusCode::METHOD_NOT_ALLOWED;
                assert_eq!(
                    wrong_method, !is_described,
                    "{method} {path}: {}",
                    answer.status
                );
            }
        }
        assert_eq!(described, operations().len());
        for path in ["", "/", "/nothing", "/pupils/", "/pupils/1/2", "//pupils"] {
            assert_eq!(kiosk.get(path).status, StatusCode::NOT_FOUND, "{path}");
        }
    });
}

#[test]
fn the_readers_page_tells_of_every_operation_without_a_sign_in() {
    each_school(|school| {
        let page = school.get_signed_out("/api");
        assert_eq!(page.status, StatusCode::OK);
        for operation in operations() {
            assert!(
                page.text().contains(&format!("id=\"{}\"", operation.id)),
                "{}",
                operation.id
            );
        }
        assert_eq!(
            json(&school.get_signed_out("/api/openapi.json")),
            description()
        );
    });
}

/// A small generator of numbers, the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const STRANGE: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "\u{1f}",
    "\u{7f}",
    "é",
    "e\u{301}",
    "😀👩‍👩‍👧",
    "\u{202e}abc",
    "\u{feff}",
    "\u{fffd}",
    "'; drop table pupil; --",
    "=1+1",
    "../../etc/passwd",
    "%00",
    "<script>",
    "null",
    "NaN",
    "-0",
    "1e400",
    "99999999999999999999999",
    "2026-02-30",
    "9999-12-31",
    "0000-00-00",
    "2026-11-24T08:44:12Z",
    "2026-11-24-AM",
    "Mon-AM Mon-PM",
    "C1",
    "L",
    "/",
    "\\",
];

/// Values of our own school, so that many a request finds something.
struct Pool {
    ids: Vec<i64>,
    words: Vec<String>,
}

fn pool(school: &School) -> Pool {
    let pupils = school
        .pupils
        .values()
        .flat_map(|(pupil, time)| [pupil.0, time.0]);
    let groups = school.groups.values().map(|group| group.0);
    let words = [
        "school",
        "2026-11-23",
        "2026-11-24",
        "AM",
        "L",
        "M",
        "N",
        "/",
        "appointment",
        "2026-11-24-AM",
    ];
    let of_groups = school.groups.values().map(|group| format!("group-{group}"));
    Pool {
        ids: pupils.chain(groups).chain([0, 1, 12, 9_999_999]).collect(),
        words: words
            .map(str::to_owned)
            .into_iter()
            .chain(of_groups)
            .collect(),
    }
}

/// A value that a schema may or may not have in mind.
fn value(dice: &mut Dice, schema: &Value, whole: &Value, pool: &Pool, wild: usize) -> Value {
    let schema = resolved(schema, whole);
    if dice.one_in(wild) {
        return any(dice, pool, 2);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let chosen = dice.pick(choices).clone();
        return value(dice, &chosen, whole, pool, wild);
    }
    if let Some(words) = schema["enum"].as_array() {
        return dice.pick(words).clone();
    }
    match schema["type"].as_str() {
        Some("null") => Value::Null,
        Some("boolean") => dice.one_in(2).into(),
        Some("integer") => {
            let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
            let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
            let bounds = [
                least,
                most,
                least.saturating_sub(1),
                most.saturating_add(1),
                0,
            ];
            match dice.one_in(4) {
                true => (*dice.pick(&bounds)).into(),
                false => (*dice.pick(&pool.ids)).clamp(least, most).into(),
            }
        }
        Some("string") => string(dice, &schema, pool),
        Some("array") => {
            let items = &schema["items"];
            let length = *dice.pick(&[0, 1, 1, 2, 3, 40]);
            (0..length)
                .map(|_| value(dice, items, whole, pool, wild))
                .collect()
        }
        Some("object") => {
            let mut object = Map::new();
            for (name, own) in schema["properties"].as_object().expect("properties") {
                let required = schema["required"].as_array().expect("required");
                let is_required = required.iter().any(|one| one == name);
                if (is_required && !dice.one_in(wild)) || (!is_required && dice.one_in(2)) {
                    object.insert(name.clone(), value(dice, own, whole, pool, wild));
                }
            }
            if dice.one_in(wild) {
                object.insert((*dice.pick(STRANGE)).to_owned(), any(dice, pool, 1));
            }
            Value::Object(object)
        }
        other => panic!("the generator knows no {other:?}"),
    }
}

fn string(dice: &mut Dice, schema: &Value, pool: &Pool) -> Value {
    if dice.one_in(6) {
        let most = schema["maxLength"].as_u64().unwrap_or(100) as usize;
        let length = *dice.pick(&[0, 1, most, most + 1]);
        return "é".repeat(length).into();
    }
    match (schema["format"].as_str(), dice.one_in(5)) {
        (_, true) => (*dice.pick(STRANGE)).into(),
        (Some("date"), _) => {
            let days = [
                "2026-11-23",
                "2026-11-24",
                "2026-11-25",
                "2026-12-25",
                "1900-01-01",
                "2099-12-31",
            ];
            (*dice.pick(&days)).into()
        }
        (Some("date-time"), _) => "2026-11-24T08:44:12.000Z".into(),
        _ => dice.pick(&pool.words).clone().into(),
    }
}

fn any(dice: &mut Dice, pool: &Pool, depth: usize) -> Value {
    match dice.below(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => dice.one_in(2).into(),
        2 => (*dice.pick(&[i64::MIN, -1, 0, 1, i64::MAX])).into(),
        3 => json!(1.5e300),
        4 => (*dice.pick(STRANGE)).into(),
        5 => dice.pick(&pool.words).clone().into(),
        6 => (0..3).map(|_| any(dice, pool, depth - 1)).collect(),
        _ => json!({ (*dice.pick(STRANGE)): any(dice, pool, depth - 1) }),
    }
}

/// What a schema says is wrong with a value, without the code that the interface checks with.
fn against(schema: &Value, value: &Value, whole: &Value, at: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let schema = resolved(schema, whole);
    for (keyword, told) in schema.as_object().expect("a schema is an object") {
        let fits = match keyword.as_str() {
            "description" | "pattern" | "properties" | "required" | "format" | "minLength" => true,
            "type" => is_of(told.as_str().expect("one type"), value),
            "enum" => told.as_array().expect("words").contains(value),
            "anyOf" => {
                let choices = told.as_array().expect("schemas");
                choices
                    .iter()
                    .any(|one| against(one, value, whole, at).is_empty())
            }
            "minimum" => value
                .as_i64()
                .is_none_or(|own| own >= told.as_i64().expect("a number")),
            "maximum" => value
                .as_i64()
                .is_none_or(|own| own <= told.as_i64().expect("a number")),
            "minItems" => value
                .as_array()
                .is_none_or(|own| own.len() as u64 >= told.as_u64().expect("a number")),
            "maxItems" => value
                .as_array()
                .is_none_or(|own| own.len() as u64 <= told.as_u64().expect("a number")),
            "maxLength" => value
                .as_str()
                .is_none_or(|own| own.chars().count() as u64 <= told.as_u64().expect("a number")),
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    wrong.extend(against(told, item, whole, &format!("{at}/{place}")));
                }
                true
            }
            "additionalProperties" => {
                let properties = schema["properties"].as_object().expect("properties");
                let object = value.as_object();
                for (name, inner) in object.into_iter().flatten() {
                    match properties.get(name) {
                        Some(own) => {
                            wrong.extend(against(own, inner, whole, &format!("{at}/{name}")))
                        }
                        None => wrong.push(format!("{at}/{name} is not described")),
                    }
                }
                let required = schema["required"].as_array().expect("required");
                let is_there = |name: &Value| {
                    object.is_none_or(|own| own.contains_key(name.as_str().expect("a name")))
                };
                required.iter().all(is_there)
            }
            other => panic!("this test knows no keyword {other}"),
        };
        if !fits {
            wrong.push(format!("{at}: {keyword} {told} does not hold of {value}"));
        }
        let is_day = schema["format"] == "date";
        if keyword == "format"
            && is_day
            && value
                .as_str()
                .is_some_and(|text| text.parse::<calendar::Day>().is_err())
        {
            wrong.push(format!("{at}: {value} is no day"));
        }
    }
    wrong
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("this test knows no type {other}"),
    }
}

fn resolved(schema: &Value, whole: &Value) -> Value {
    match schema["$ref"].as_str() {
        None => schema.clone(),
        Some(reference) => {
            let name = reference
                .strip_prefix("#/components/schemas/")
                .expect("a named schema");
            let found = &whole["components"]["schemas"][name];
            assert!(found.is_object(), "{name} is not described");
            found.clone()
        }
    }
}

/// A request made from the description of an operation.
struct Case {
    method: &'static str,
    path: String,
    key: Option<String>,
    if_match: Option<String>,
    content_type: Option<&'static str>,
    body: Vec<u8>,
}

fn case(
    dice: &mut Dice,
    operation: &office::api::Operation,
    described: &Value,
    whole: &Value,
    pool: &Pool,
) -> Case {
    // Most requests are nearly right, so that they get far.
    let wild = *dice.pick(&[3, 12, 60, 1_000_000]);
    let mut path = operation.path.to_owned();
    let mut query: Vec<(String, String)> = Vec::new();
    let (mut key, mut if_match) = (None, None);
    for parameter in described["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().expect("a name");
        let given = value(dice, &parameter["schema"], whole, pool, wild);
        let text = given
            .as_str()
            .map_or_else(|| given.to_string(), str::to_owned);
        let is_left_out = parameter["required"] != true && dice.one_in(2);
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &percent_encoded(&text)),
            Some("query") if !is_left_out => query.push((name.to_owned(), text)),
            Some("header") if name == "Idempotency-Key" => {
                key = Some(format!("key-{:016x}", dice.roll()))
            }
            Some("header") if !is_left_out => if_match = Some(text),
            _ => {}
        }
    }
    if dice.one_in(wild) {
        query.push(((*dice.pick(STRANGE)).to_owned(), "1".to_owned()));
    }
    if let (true, Some(first)) = (dice.one_in(wild), query.first().cloned()) {
        query.push(first);
    }
    if !query.is_empty() {
        path = format!(
            "{path}?{}",
            serde_urlencoded::to_string(&query).expect("a query")
        );
    }
    if dice.one_in(wild) {
        key = None;
    }
    let schema = &described["requestBody"]["content"]["application/json"]["schema"];
    let body = match schema.is_null() {
        true => Vec::new(),
        false => value(dice, schema, whole, pool, wild)
            .to_string()
            .into_bytes(),
    };
    let body = match dice.below(wild * 4) {
        0 => vec![b'['; 5_000],
        1 => body[..body.len() / 2].to_vec(),
        2 => vec![0xff, 0xfe, 0x00],
        3 => vec![b' '; LARGEST_BODY + 1],
        _ => body,
    };
    let content_type = match (body.is_empty(), dice.one_in(wild)) {
        (true, false) => None,
        (false, false) => Some("application/json"),
        (_, true) => Some(*dice.pick(&["text/plain", "application/json; charset=utf-8", ""])),
    };
    Case {
        method: operation.method.word(),
        path,
        key,
        if_match,
        content_type,
        body,
    }
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

fn sent(program: &Program<'_>, case: &Case) -> Option<Answer> {
    let mut request = Request::builder()
        .method(case.method)
        .uri(format!("/api/v1{}", case.path))
        .header("authorization", format!("Bearer {}", program.secret));
    let headers = [
        ("idempotency-key", case.key.as_deref()),
        ("if-match", case.if_match.as_deref()),
        ("content-type", case.content_type),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            // What no HTTP header can carry never reaches us.
            request = request.header(
                name,
                axum::http::HeaderValue::from_bytes(value.as_bytes()).ok()?,
            );
        }
    }
    let request = request.body(Body::from(case.body.clone())).ok()?;
    Some(program.school.ask(request))
}

fn keeps_to(described: &Value, whole: &Value, answer: &Answer) -> Vec<String> {
    let declared = &described["responses"][answer.status.as_str()];
    if declared.is_null() {
        return vec![format!("status {} is not declared", answer.status)];
    }
    let content = declared["content"].as_object().expect("content");
    let kind = answer.header("content-type");
    let Some(declared) = content.get(kind) else {
        return vec![format!("content type {kind} is not declared")];
    };
    against(&declared["schema"], &json(answer), whole, "")
}

fn number_from(variable: &str, usual: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.map_or(usual, |text| {
        text.parse().expect("a number in the environment")
    })
}

#[test]
fn no_request_gets_an_answer_that_is_not_described() {
    let cases = number_from("ROLLBOOK_API_CASES", 60);
    let seed = number_from("ROLLBOOK_API_SEED", 1);
    let whole = description();
    each_school(|school| {
        for surname in ["Ash", "Birch", "Elm"] {
            school.mark(surname, "2026-11-23", Session::Am, "/");
        }
        let programs = [
            program(school, Role::AttendanceManager, ALL),
            program(school, Role::AttendanceManager, ALL),
            program(school, Role::AttendanceAdministrator, ALL),
            program(
                school,
                Role::BehaviourLead,
                &[(RecordKind::PupilCore, Access::Read)],
            ),
            program(
                school,
                Role::AttendanceManager,
                &[(RecordKind::AttendanceMarks, Access::Read)],
            ),
            Program {
                school,
                secret: "rollbook_none".to_owned(),
            },
        ];
        let pool = pool(school);
        let mut dice = Dice(seed);
        let mut statuses = std::collections::BTreeMap::new();
        for operation in operations() {
            let address = format!("/api/v1{}", operation.path);
            let described = &whole["paths"][&address][operation.method.word().to_lowercase()];
            let mut well = 0;
            for number in 0..cases {
                let case = case(&mut dice, operation, described, &whole, &pool);
                let program = match number % 8 {
                    0 => dice.pick(&programs),
                    _ => &programs[0],
                };
                // Each minute has a share, and this is many minutes' work.
                school.clock.set(school.office.now().plus_seconds(1));
                let Some(answer) = sent(program, &case) else {
                    continue;
                };
                let wrong = keeps_to(described, &whole, &answer);
                let is_ours = answer.status.is_server_error();
                assert!(
                    wrong.is_empty() && !is_ours,
                    "seed {seed}: {} {} {}\n{}\n{wrong:#?}\n{}",
                    case.method,
                    case.path,
                    String::from_utf8_lossy(&case.body),
                    answer.status,
                    answer.text()
                );
                well += usize::from(answer.status.is_success());
                *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
            }
            let may_fail = operation.writes() || operation.path.contains('{');
            assert!(
                well > 0 || may_fail,
                "no request to {} got through",
                operation.id
            );
        }
        for status in [200, 400, 401, 403, 404, 422] {
            assert!(
                statuses.contains_key(&status),
                "nothing was answered with {status}: {statuses:?}"
            );
        }
    });
}
