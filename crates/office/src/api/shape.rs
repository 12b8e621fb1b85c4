//! What a value of the interface looks like: read from a request, told in the description.
//!
//! One description of a value serves both, so that what is said and what is checked cannot differ. Texts that come in have no
//! control characters but line breaks and tabs.

use calendar::{Day, Instant};
use serde_json::{Map, Value, json};

/// The most faults that one answer tells of.
const MOST_FAULTS: usize = 50;

/// What a value looks like.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A text of so many characters.
    Text {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A text that we send: whatever is on record.
    Words,
    /// A day: `2026-11-24`, from 1900 to 2099.
    Day,
    /// A moment: `2026-11-24T08:44:12Z`.
    Moment,
    /// A whole number.
    Whole {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// True or false.
    YesNo,
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// So many values of one shape.
    List {
        /// Of what.
        of: Box<Shape>,
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// Named values, and none of another name.
    Object(Vec<Field>),
    /// This, or null.
    OrNull(Box<Shape>),
    /// A shape that is told of once, under a name.
    Named(&'static str, Box<Shape>),
}

/// A named value of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it must be there.
    pub is_required: bool,
    /// A believable value.
    like: Option<Value>,
}

/// A fault of a value: where, as a JSON pointer (RFC 6901), and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub pointer: String,
    /// In plain English.
    pub detail: String,
}

/// A text that comes in, of at most so many characters and at least one.
pub(crate) fn text(most: usize) -> Shape {
    Shape::Text { least: 1, most }
}

/// A whole number from 1: an id.
pub(crate) fn id() -> Shape {
    whole(1, i64::MAX)
}

/// A whole number.
pub(crate) fn whole(least: i64, most: i64) -> Shape {
    Shape::Whole { least, most }
}

/// A count of something, or the number of an act.
pub(crate) fn count() -> Shape {
    whole(0, i64::MAX)
}

/// One of these words.
pub(crate) fn one_of(words: &[&'static str]) -> Shape {
    Shape::OneOf(words.to_vec())
}

/// Any number of values that we send.
pub(crate) fn list(of: Shape) -> Shape {
    Shape::List {
        of: Box::new(of),
        least: 0,
        most: usize::MAX,
    }
}

/// This, or null.
pub(crate) fn or_null(shape: Shape) -> Shape {
    Shape::OrNull(Box::new(shape))
}

/// A shape that is told of once.
pub(crate) fn named(name: &'static str, fields: Vec<Field>) -> Shape {
    Shape::Named(name, Box::new(Shape::Object(fields)))
}

/// A value that must be there.
pub(crate) fn field(name: &'static str, about: &'static str, shape: Shape) -> Field {
    Field {
        name,
        about,
        shape,
        is_required: true,
        like: None,
    }
}

impl Field {
    /// That may be left out.
    pub(crate) fn optional(self) -> Field {
        Field {
            is_required: false,
            ..self
        }
    }

    /// With a believable value.
    pub(crate) fn like(self, value: impl Into<Value>) -> Field {
        Field {
            like: Some(value.into()),
            ..self
        }
    }

    fn example(&self) -> Value {
        self.like.clone().unwrap_or_else(|| self.shape.example())
    }
}

impl Shape {
    /// What is wrong with a value, all at once.
    pub fn faults(&self, value: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check(value, "", &mut faults);
        faults.truncate(MOST_FAULTS);
        faults
    }

    fn check(&self, value: &Value, at: &str, faults: &mut Vec<Fault>) {
        if faults.len() >= MOST_FAULTS {
            return;
        }
        let mut wrong = |detail: String| {
            faults.push(Fault {
                pointer: at.to_owned(),
                detail,
            });
        };
        match (self, value) {
            (Shape::Named(_, shape), _) => shape.check(value, at, faults),
            (Shape::OrNull(_), Value::Null) | (Shape::YesNo, Value::Bool(_)) => {}
            (Shape::OrNull(shape), _) => shape.check(value, at, faults),
            (Shape::Words, Value::String(_)) => {}
            (Shape::Text { least, most }, Value::String(text)) => {
                if let Some(fault) = fault_of_text(text, *least, *most) {
                    wrong(fault);
                }
            }
            (Shape::Day, Value::String(text)) if day(text).is_some() => {}
            (Shape::Moment, Value::String(text)) if moment(text).is_some() => {}
            (Shape::Whole { least, most }, Value::Number(number)) => match number.as_i64() {
                Some(whole) if (*least..=*most).contains(&whole) => {}
                _ => wrong(self.asked_for()),
            },
            (Shape::OneOf(words), Value::String(text)) if words.contains(&text.as_str()) => {}
            (Shape::List { of, least, most }, Value::Array(values)) => {
                if !(*least..=*most).contains(&values.len()) {
                    return wrong(self.asked_for());
                }
                for (place, value) in values.iter().enumerate() {
                    of.check(value, &format!("{at}/{place}"), faults);
                }
            }
            (Shape::Object(fields), Value::Object(given)) => {
                check_object(fields, given, at, faults);
            }
            _ => wrong(self.asked_for()),
        }
    }

    /// What to send here, as a sentence.
    fn asked_for(&self) -> String {
        match self {
            Shape::Named(_, shape) => shape.asked_for(),
            Shape::OrNull(shape) => {
                format!("{} Or null.", shape.asked_for())
            }
            Shape::Words => "Send a text.".to_owned(),
            Shape::Text { least, most } => {
                format!("Send a text of {least} to {most} characters.")
            }
            Shape::Day => "Send a day from 1900 to 2099 as 2026-11-24.".to_owned(),
            Shape::Moment => "Send a moment as 2026-11-24T08:44:12Z.".to_owned(),
            Shape::Whole { least, most } if *most == i64::MAX => {
                format!("Send a whole number from {least}.")
            }
            Shape::Whole { least, most } => format!("Send a whole number from {least} to {most}."),
            Shape::YesNo => "Send true or false.".to_owned(),
            Shape::OneOf(words) => format!("Send one of: {}.", words.join(", ")),
            Shape::List { least, most, .. } => format!("Send a list of {least} to {most} values."),
            Shape::Object(_) => "Send an object.".to_owned(),
        }
    }

    /// A value of a query or a path, read as this shape asks: what cannot be read stays a text, which [`Shape::faults`] refuses.
    pub fn of_text(&self, text: &str) -> Value {
        match self {
            Shape::OrNull(shape) | Shape::Named(_, shape) => shape.of_text(text),
            Shape::Whole { .. } => plain_whole(text).map_or_else(|| text.into(), Value::from),
            Shape::YesNo => match text {
                "true" => true.into(),
                "false" => false.into(),
                _ => text.into(),
            },
            _ => text.into(),
        }
    }

    /// The shape in JSON Schema (2020-12), as OpenAPI 3.1 uses it. Named shapes are referred to, and gathered in `named`.
    pub fn schema(&self, gathered: &mut Map<String, Value>) -> Value {
        match self {
            Shape::Words => json!({ "type": "string" }),
            Shape::Text { least, most } => json!({
                "type": "string", "minLength": least, "maxLength": most, "pattern": PLAIN_TEXT,
            }),
            Shape::Day => json!({ "type": "string", "format": "date", "pattern": DAYS }),
            Shape::Moment => json!({ "type": "string", "format": "date-time" }),
            Shape::Whole { least, most } if *most == i64::MAX => {
                json!({ "type": "integer", "minimum": least, "format": "int64" })
            }
            Shape::Whole { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Shape::YesNo => json!({ "type": "boolean" }),
            Shape::OneOf(words) => json!({ "type": "string", "enum": words }),
            Shape::List { of, least, most } => {
                let mut schema = json!({ "type": "array", "items": of.schema(gathered) });
                if *least > 0 {
                    schema["minItems"] = (*least).into();
                }
                if *most < usize::MAX {
                    schema["maxItems"] = (*most).into();
                }
                schema
            }
            Shape::Object(fields) => schema_of(fields, gathered),
            Shape::OrNull(shape) => {
                json!({ "anyOf": [shape.schema(gathered), { "type": "null" }] })
            }
            Shape::Named(name, shape) => {
                if !gathered.contains_key(*name) {
                    gathered.insert((*name).to_owned(), Value::Null);
                    let schema = shape.schema(gathered);
                    gathered.insert((*name).to_owned(), schema);
                }
                json!({ "$ref": format!("#/components/schemas/{name}") })
            }
        }
    }

    /// A believable value.
    pub fn example(&self) -> Value {
        match self {
            Shape::Words | Shape::Text { .. } => "text".into(),
            Shape::Day => "2026-11-24".into(),
            Shape::Moment => "2026-11-24T08:44:12Z".into(),
            Shape::Whole { least, most } => 42.clamp(*least, *most).into(),
            Shape::YesNo => true.into(),
            Shape::OneOf(words) => words.first().copied().into(),
            Shape::List { of, .. } => Value::Array(vec![of.example()]),
            Shape::Object(fields) => {
                let pairs = fields
                    .iter()
                    .map(|own| (own.name.to_owned(), own.example()));
                Value::Object(pairs.collect())
            }
            Shape::OrNull(shape) | Shape::Named(_, shape) => shape.example(),
        }
    }
}

/// Everything but control characters other than tab and line breaks.
const PLAIN_TEXT: &str = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$";

/// 1900 to 2099.
const DAYS: &str = "^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$";

fn fault_of_text(text: &str, least: usize, most: usize) -> Option<String> {
    let is_plain = |letter: char| {
        matches!(letter, '\t' | '\n' | '\r') || !(letter < ' ' || letter == '\u{7f}')
    };
    if !text.chars().all(is_plain) {
        return Some("Send a text without control characters.".to_owned());
    }
    let letters = text.chars().count();
    (!(least..=most).contains(&letters))
        .then(|| format!("Send a text of {least} to {most} characters; this has {letters}."))
}

/// The day that a text names, if it is one that this interface speaks of.
pub(crate) fn day(text: &str) -> Option<Day> {
    let in_order = text.len() == 10 && (text.starts_with("19") || text.starts_with("20"));
    in_order.then(|| text.parse().ok()).flatten()
}

/// The moment that a text names, if it lies in the years that this interface speaks of.
pub(crate) fn moment(text: &str) -> Option<Instant> {
    let in_order = text.len() <= 40 && (text.starts_with("19") || text.starts_with("20"));
    in_order.then(|| text.parse().ok()).flatten()
}

/// A whole number without sign and blanks, as a query has it.
fn plain_whole(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn check_object(fields: &[Field], given: &Map<String, Value>, at: &str, faults: &mut Vec<Fault>) {
    for own in fields {
        let inner = format!("{at}/{}", own.name);
        match given.get(own.name) {
            Some(value) => own.shape.check(value, &inner, faults),
            None if own.is_required => faults.push(Fault {
                pointer: inner,
                detail: format!("“{}” is missing. {}", own.name, own.shape.asked_for()),
            }),
            None => {}
        }
    }
    for name in given.keys() {
        if !fields.iter().any(|own| own.name == name) {
            let known: Vec<&str> = fields.iter().map(|own| own.name).collect();
            faults.push(Fault {
                pointer: format!("{at}/{}", escaped(name)),
                detail: format!(
                    "There is no “{}” here. There are: {}.",
                    shortened(name),
                    known.join(", ")
                ),
            });
        }
    }
}

fn schema_of(fields: &[Field], gathered: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for own in fields {
        let schema = own.shape.schema(gathered);
        let mut described = match schema {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        described.insert("description".to_owned(), own.about.into());
        properties.insert(own.name.to_owned(), Value::Object(described));
    }
    let required: Vec<&str> = fields
        .iter()
        .filter(|own| own.is_required)
        .map(|own| own.name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    shortened(name).replace('~', "~0").replace('/', "~1")
}

/// What somebody else named, no longer than an answer should carry.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(shape: &Shape, value: Value) -> Vec<(String, String)> {
        let faults = shape.faults(&value);
        let pairs = faults.into_iter().map(|one| (one.pointer, one.detail));
        pairs.collect()
    }

    fn a_change() -> Shape {
        Shape::Object(vec![
            field("code", "The code.", or_null(text(3))).like("L"),
            field("on", "The day.", Shape::Day),
            field("minutes", "Minutes.", whole(0, 600)).optional(),
            field("names", "Names.", list(text(5))).optional(),
        ])
    }

    #[test]
    fn what_is_right_has_no_fault() {
        let right =
            json!({ "code": null, "on": "2026-11-24", "minutes": 600, "names": ["Pat", "é→\n"] });
        assert_eq!(told(&a_change(), right), []);
        assert_eq!(told(&a_change(), a_change().example()), []);
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let wrong = json!({
            "code": "", "on": "2026-02-30", "minutes": 601, "names": ["toolong", "a\u{0}b"], "colour/of": 1
        });
        let told = told(&a_change(), wrong);
        let places: Vec<&str> = told.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(
            places,
            [
                "/code",
                "/on",
                "/minutes",
                "/names/0",
                "/names/1",
                "/colour~1of"
            ]
        );
        assert!(
            told[5].1.contains("There is no “colour/of” here"),
            "{told:?}"
        );
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_a_fault() {
        for wrong in [
            json!({ "on": "2026-11-24" }),
            json!({ "code": "L" }),
            json!({ "code": 1, "on": "2026-11-24" }),
            json!({ "code": "L", "on": "2026-11-24", "minutes": 1.5 }),
            json!({ "code": "L", "on": "2026-11-24", "minutes": -1 }),
            json!({ "code": "L", "on": "9999-12-31" }),
            json!({ "code": "L", "on": "1899-12-31" }),
            json!([]),
            json!("text"),
            Value::Null,
        ] {
            assert_ne!(told(&a_change(), wrong.clone()), [], "{wrong}");
        }
    }

    #[test]
    fn an_answer_does_not_grow_with_the_faults_of_a_request() {
        let names: Vec<&str> = vec!["toolong"; 10_000];
        let wrong = json!({ "code": null, "on": "2026-11-24", "names": names });
        assert_eq!(told(&a_change(), wrong).len(), MOST_FAULTS);
    }

    #[test]
    fn a_query_gives_numbers_and_days_as_texts() {
        assert_eq!(whole(0, 9).of_text("7"), json!(7));
        assert_eq!(whole(0, 9).of_text("+7"), json!("+7"));
        assert_eq!(
            whole(0, 9).of_text("99999999999999999999"),
            json!("99999999999999999999")
        );
        assert_eq!(Shape::YesNo.of_text("true"), json!(true));
        assert_eq!(Shape::Day.of_text("2026-11-24"), json!("2026-11-24"));
    }
}
