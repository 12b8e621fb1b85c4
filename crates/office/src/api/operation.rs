//! What the interface can be asked: each operation with its address, what it needs, what it takes and what it answers.
//!
//! The one list of operations is what requests are matched with and what the description is written from, so neither can know of one
//! that the other does not.

use std::sync::{Arc, OnceLock};

use calendar::{Day, Instant};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{Act, Row, StoreError, Tx, journal};

use super::problem::ApiProblem;
use super::shape::{self, Fault, Field, Shape, field, list, or_null, text, whole};
use crate::desk::Office;
use crate::ids::{ClientId, PupilId};
use crate::people::{Access, Actor, Reach, RecordKind};

/// How an address is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read.
    Get,
    /// To do something.
    Post,
    /// To take something away.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// Where a value of a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A value of a request beside its body.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Where it stands.
    pub place: Place,
    /// Name, meaning, shape.
    pub field: Field,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Reads, on one snapshot.
    Read(fn(&mut Tx, &Asked<'_>) -> Result<Given, ApiProblem>),
    /// Acts, in one transaction under the school's head row.
    Act(fn(&mut Act, &Asked<'_>) -> Result<Given, ApiProblem>),
}

/// One thing that the interface can be asked.
pub struct Operation {
    /// Its name in programs: `listPupils`.
    pub id: &'static str,
    /// The part of the description that it belongs to.
    pub section: &'static str,
    /// How it is asked.
    pub method: Method,
    /// Where, after `/api/v1`, with names in braces.
    pub path: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it does and what to know.
    pub about: &'static str,
    /// What a client must be allowed; nothing where any client may ask.
    pub needs: Option<(Access, RecordKind)>,
    /// What it takes beside the body.
    pub parameters: Vec<Parameter>,
    /// What it takes as a body.
    pub body: Option<Shape>,
    /// The status and the shape of what it answers.
    pub answer: (u16, Shape),
    /// What stands there now, where it can answer that something has changed.
    pub current: Option<Shape>,
    pub(crate) run: Run,
}

impl Operation {
    /// Whether it writes, and so needs an idempotency key.
    pub fn writes(&self) -> bool {
        matches!(self.run, Run::Act(_))
    }
}

/// Every operation.
pub fn operations() -> &'static [Operation] {
    static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
    ALL.get_or_init(super::gathered)
}

/// What an operation answers.
pub(crate) struct Given {
    pub(crate) body: Value,
    /// The version of what is answered.
    pub(crate) etag: Option<String>,
}

impl From<Value> for Given {
    fn from(body: Value) -> Given {
        Given { body, etag: None }
    }
}

/// A request as it was read: an operation, and what it was asked with.
pub struct Request {
    /// Which operation.
    pub operation: &'static Operation,
    /// What stood in path, query and headers, by name.
    pub(super) values: Map<String, Value>,
    /// The body; null where there is none.
    pub(super) body: Value,
    /// The name that the client gave this write.
    pub(super) key: Option<String>,
    /// SHA-256 of all that was sent.
    pub(super) digest: [u8; 32],
}

/// What an operation works with: who asks, and for what.
pub(crate) struct Asked<'a> {
    pub(crate) office: &'a Arc<Office>,
    pub(crate) actor: &'a Actor,
    pub(crate) client: ClientId,
    pub(crate) request: &'a Request,
}

impl Asked<'_> {
    /// Today by London clocks.
    pub(crate) fn today(&self) -> Day {
        self.office.today().0
    }

    /// This moment.
    pub(crate) fn now(&self) -> Instant {
        self.office.now()
    }

    /// A text of path, query or headers.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.request.values.get(name)?.as_str()
    }

    /// A whole number of path or query.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.request.values.get(name)?.as_i64()
    }

    /// A day of path or query.
    pub(crate) fn day(&self, name: &str) -> Option<Day> {
        shape::day(self.text(name)?)
    }

    /// An id of the path, which the reading of the request made sure of.
    pub(crate) fn id(&self, name: &str) -> Result<i64, ApiProblem> {
        self.number(name).ok_or(ApiProblem::NotFound)
    }

    /// The name of this write among all writes of the school: the client's key, made into one that no other client can use.
    pub(crate) fn change_id(&self) -> String {
        let key = self.request.key.as_deref().unwrap_or_default();
        let named = format!("api client {} {key}", self.client);
        let digest = Sha256::digest(named.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The body as a type.
    ///
    /// Errors: it is none, which the check of its shape lets happen only where type and shape differ.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiProblem> {
        T::deserialize(&self.request.body).map_err(|error| wrong_body("", error.to_string()))
    }

    /// Whose records of this kind the client may read today.
    pub(crate) fn reads(&self, tx: &mut Tx, kind: RecordKind) -> Result<Reach, StoreError> {
        self.actor.reach(tx, Access::Read, kind, self.today())
    }

    /// What part of a list is asked for.
    pub(crate) fn paging(&self, tx: &mut Tx) -> Result<Paging, ApiProblem> {
        let head = journal::head(tx, self.actor.school)?;
        let number = head.map_or(0, |head| head.seq);
        let since = self.number("changed_since").unwrap_or(0);
        let limit = self.number("limit").unwrap_or(USUAL_LIMIT);
        let mut paging = Paging {
            number,
            since,
            limit,
            after: Vec::new(),
        };
        if let Some(cursor) = self.text("cursor") {
            let parts: Option<Vec<i64>> = cursor.split('.').map(|part| part.parse().ok()).collect();
            match parts.as_deref() {
                Some([number, after @ ..]) if (1..=4).contains(&after.len()) => {
                    paging.number = *number;
                    paging.after = after.to_vec();
                }
                _ => {
                    return Err(wrong_query(
                        "cursor",
                        "Send the cursor that “next” of the page before gave.",
                    ));
                }
            }
        }
        Ok(paging)
    }
}

/// A fault of one part of the body.
pub(crate) fn wrong_body(pointer: &str, detail: impl Into<String>) -> ApiProblem {
    ApiProblem::WrongBody(vec![Fault {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    }])
}

/// A fault of one part of the address.
pub(crate) fn wrong_query(name: &str, detail: impl Into<String>) -> ApiProblem {
    ApiProblem::WrongQuery(vec![Fault {
        pointer: format!("/{name}"),
        detail: detail.into(),
    }])
}

const USUAL_LIMIT: i64 = 100;
const MOST_ON_A_PAGE: i64 = 500;

/// What part of a list is asked for.
pub(crate) struct Paging {
    /// The number of the newest act when the first page was read.
    pub(crate) number: i64,
    /// Only what changed after this number.
    pub(crate) since: i64,
    /// So many at most.
    pub(crate) limit: i64,
    /// What the page before ended with.
    pub(crate) after: Vec<i64>,
}

impl Paging {
    /// What the page before ended with, in a list by one number.
    pub(crate) fn after(&self) -> i64 {
        self.after.first().copied().unwrap_or(0)
    }

    /// A page: the items, and the cursor of the next one, which begins after `last` where there may be more.
    pub(crate) fn page(&self, items: Vec<Value>, last: Option<Vec<i64>>) -> Given {
        let next = last.map(|last| {
            let parts = std::iter::once(self.number).chain(last);
            let parts: Vec<String> = parts.map(|part| part.to_string()).collect();
            parts.join(".")
        });
        json!({ "number": self.number, "items": items, "next": next }).into()
    }

    /// A page of rows by one number, of those pupils only whom the client reaches; `read` gives number, pupil and item.
    pub(crate) fn rows(
        &self,
        tx: &mut Tx,
        sql: &'static str,
        asked: &Asked<'_>,
        reach: &Reach,
        read: impl Fn(&Row<'_>) -> Result<(i64, Option<PupilId>, Value), StoreError>,
    ) -> Result<Given, ApiProblem> {
        let args = store::args![asked.actor.school, self.after(), self.since, self.limit];
        let rows = tx.query(sql, &args, |row| read(row))?;
        let is_full = rows.len() as i64 >= self.limit;
        let last = rows.last().filter(|_| is_full).map(|(id, ..)| vec![*id]);
        let items = rows
            .into_iter()
            .filter(|(_, pupil, _)| pupil.is_none_or(|pupil| reach.covers(pupil)))
            .map(|(_, _, item)| item)
            .collect();
        Ok(self.page(items, last))
    }
}

/// A value of the path.
pub(crate) fn in_path(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter {
        place: Place::Path,
        field: field(name, about, shape),
    }
}

/// A value of the query that may be left out.
pub(crate) fn in_query(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter {
        place: Place::Query,
        field: field(name, about, shape).optional(),
    }
}

/// A value of the query that must be there.
pub(crate) fn asked_in_query(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter {
        place: Place::Query,
        field: field(name, about, shape),
    }
}

/// A header that may be left out.
pub(crate) fn in_header(name: &'static str, about: &'static str, shape: Shape) -> Parameter {
    Parameter {
        place: Place::Header,
        field: field(name, about, shape).optional(),
    }
}

/// What every list takes that can be followed.
pub(crate) fn following() -> Vec<Parameter> {
    let mut parameters = paging();
    parameters.push(in_query(
        "changed_since",
        "Only what was recorded after this number, the `number` of an earlier answer; what was withdrawn since is among it.",
        whole(0, i64::MAX),
    ));
    parameters
}

/// What every list in pages takes.
pub(crate) fn paging() -> Vec<Parameter> {
    vec![
        in_query(
            "limit",
            "So many on a page, 100 where nothing is said.",
            whole(1, MOST_ON_A_PAGE),
        ),
        in_query(
            "cursor",
            "Where the page begins: the `next` of the page before.",
            text(100),
        ),
    ]
}

/// A page of a list.
pub(crate) fn page_of(item: Shape) -> Shape {
    Shape::Object(vec![
        field(
            "number",
            "The number of the school's newest act when the first page was read. Ask with it as `changed_since` the next time.",
            shape::count(),
        )
        .like(812),
        field("items", "What is on this page.", list(item)),
        field(
            "next",
            "The cursor of the next page; null on the last.",
            or_null(Shape::Words),
        )
        .like("812.4433"),
    ])
}

/// The statement of a list by one number that can be followed: `t` is the table, and its own columns follow its number, the number of
/// the act that recorded the version, and of the one that withdrew it. Takes school, number to begin after, number of an act, limit.
macro_rules! followed_sql {
    ($columns:literal, $table:literal, $id:literal) => {
        concat!(
            "select t.",
            $id,
            ", t.seq, t.superseded_seq, ",
            $columns,
            " from ",
            $table,
            " t ",
            "where t.school_id = $1 and t.",
            $id,
            " > $2 and ((t.superseded_seq is null and t.seq > $3) ",
            "or ($3 > 0 and t.superseded_seq > $3 and not exists (select 1 from ",
            $table,
            " n ",
            "where n.school_id = t.school_id and n.",
            $id,
            " = t.",
            $id,
            " and n.seq > t.seq))) ",
            "order by t.",
            $id,
            " limit $4"
        )
    };
}
pub(crate) use followed_sql;
