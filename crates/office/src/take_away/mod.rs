//! Lists as files to take away: the same rows as on the screen, for every folder alike (I-110, I-111), each one recorded (I-038).
//!
//! A folder says in its `LISTS` which of its lists can be taken away: an address, and what makes the list for the person who
//! asks. That is all: a list under `LISTS` can be taken from `/take-away`, and nothing else answers with a file. What
//! leaves is one act: who, when, which list with whose records, in which columns, and why.
//!
//! It deliberately does not know what stands in a list, nor who may see what: whoever makes a list does.

mod file;
mod give;
pub mod records;
mod taken;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use calendar::Day;
use exchange::{Cell, Sheet};
use paper::Paper;
use serde::de::DeserializeOwned;
use store::{StoreError, Tx};

use crate::as_known::AsKnown;
use crate::desk::{Desk, Office, Refusal, school_name};
use crate::ids::PupilId;
use crate::people::Actor;
use crate::{
    absence_line, api, as_known, authority, door, evidence, insight, messages, morning, people,
    preservation, registers, roll, visits, watch, webhooks, year,
};

pub(crate) use file::FileKind;

/// A file that names more pupils than this needs a reason (I-038).
pub const WITHOUT_A_REASON: usize = 30;

/// A list that can be taken away as a file.
#[derive(Clone, Copy)]
pub struct List {
    /// The kind of list, as the record of what was taken away has it.
    pub kind: &'static str,
    /// The address of its page, with names in braces: `/groups/{group}`.
    pub address: &'static str,
    /// Makes it for the person who asks, as far as they may see it.
    pub(crate) make: fn(&mut Tx, &Wanted<'_>) -> Result<Leaving, Refusal>,
}

/// Every list that can be taken away.
pub fn lists() -> Vec<&'static List> {
    [
        absence_line::LISTS,
        api::LISTS,
        as_known::LISTS,
        authority::LISTS,
        door::LISTS,
        evidence::LISTS,
        insight::LISTS,
        messages::LISTS,
        morning::LISTS,
        people::LISTS,
        preservation::LISTS,
        registers::LISTS,
        registers::sealed::LISTS,
        roll::LISTS,
        roll::imports::LISTS,
        taken::LISTS,
        visits::LISTS,
        watch::LISTS,
        webhooks::LISTS,
        year::timetable::LISTS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The addresses of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/take-away", get(give::ask).post(give::give))
        .route("/journal/lists", get(taken::lists))
        .route("/journal/lists/{export}", get(taken::list))
}

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [give::STATEMENTS, taken::STATEMENTS].concat()
}

/// What is asked for: which list, by whom.
pub(crate) struct Wanted<'a> {
    /// The office. Where the desk looks back, its clock stands at that moment.
    pub(crate) office: &'a Arc<Office>,
    pub(crate) actor: &'a Actor,
    /// What stands in the address in the place of the names in braces.
    named: Vec<&'a str>,
    query: &'a str,
}

impl Wanted<'_> {
    /// What stands in the place of the first name in braces.
    ///
    /// Errors: it is none, so that there is no such list.
    pub(crate) fn named<T: FromStr>(&self) -> Result<T, Refusal> {
        let first = self.named.first().and_then(|text| text.parse().ok());
        first.ok_or(Refusal::NotFound)
    }

    /// What stands in the place of the second name in braces.
    ///
    /// Errors: it is none, so that there is no such list.
    pub(crate) fn second<T: FromStr>(&self) -> Result<T, Refusal> {
        let second = self.named.get(1).and_then(|text| text.parse().ok());
        second.ok_or(Refusal::NotFound)
    }

    /// The filters and the order of the list.
    ///
    /// Errors: they cannot be read.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_urlencoded::from_str(self.query).map_err(|_| {
            Refusal::Wrong("This list was asked for in words that are not known.".to_owned())
        })
    }

    /// Today by London clocks.
    pub(crate) fn today(&self) -> Day {
        self.office.today().0
    }

    /// An empty sheet that says whose list it is, who made it and when.
    pub(crate) fn sheet(
        &self,
        tx: &mut Tx,
        title: &str,
        headings: &[&str],
    ) -> Result<Sheet, StoreError> {
        let mut sheet = Sheet::new(title);
        for heading in headings {
            sheet.text_column(heading);
        }
        let actor = self.actor;
        sheet.about = [
            ("School", school_name(tx, actor.school)?),
            ("List", title.to_owned()),
            ("Made on", self.today().long()),
            ("Made by", format!("{}, {}", actor.name, actor.job_title)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        Ok(sheet)
    }
}

/// A list, or a document, on its way out.
pub(crate) struct Leaving {
    body: Body,
    /// The day in the file's name: the one that the list is of.
    day: Day,
    /// The pupils whom it names.
    pupils: BTreeSet<PupilId>,
    /// People in the rows of a received file, who may be no pupils here.
    strangers: usize,
    /// Whether a reason is needed however few it names.
    always_asks: bool,
}

/// What leaves. Its title names the file, and so never names a pupil.
enum Body {
    /// Rows, as a file of either kind.
    Rows(Sheet),
    /// A document that is printed as it leaves.
    Printed(Box<Paper>, String),
    /// A file that was kept as it is: title, kind and bytes.
    Kept(String, FileKind, Vec<u8>),
}

impl Leaving {
    /// A list of this day that names no pupil.
    pub(crate) fn new(sheet: Sheet, day: Day) -> Leaving {
        Leaving::of(Body::Rows(sheet), day)
    }

    /// A document to be printed, under a title for the file.
    pub(crate) fn printed(title: &str, paper: Paper, day: Day) -> Leaving {
        Leaving::of(Body::Printed(Box::new(paper), title.to_owned()), day)
    }

    /// A file that was kept as it is.
    pub(crate) fn kept(title: String, kind: FileKind, bytes: Vec<u8>, day: Day) -> Leaving {
        Leaving::of(Body::Kept(title, kind, bytes), day)
    }

    fn of(body: Body, day: Day) -> Leaving {
        Leaving {
            body,
            day,
            pupils: BTreeSet::new(),
            strangers: 0,
            always_asks: false,
        }
    }

    /// That names these pupils.
    pub(crate) fn naming(self, pupils: impl IntoIterator<Item = PupilId>) -> Leaving {
        Leaving {
            pupils: pupils.into_iter().collect(),
            ..self
        }
    }

    /// That names so many people of a received file.
    pub(crate) fn naming_strangers(self, strangers: usize) -> Leaving {
        Leaving { strangers, ..self }
    }

    /// That needs a reason however few it names.
    pub(crate) fn for_a_reason(self) -> Leaving {
        Leaving {
            always_asks: true,
            ..self
        }
    }

    fn title(&self) -> &str {
        match &self.body {
            Body::Rows(sheet) => &sheet.title,
            Body::Printed(_, title) | Body::Kept(title, ..) => title,
        }
    }

    /// The headings of its columns; a document has none.
    fn headings(&self) -> Vec<&str> {
        match &self.body {
            Body::Rows(sheet) => sheet
                .columns
                .iter()
                .map(|column| column.heading.as_str())
                .collect(),
            Body::Printed(..) | Body::Kept(..) => Vec::new(),
        }
    }

    /// Its rows; a document has none.
    fn rows(&self) -> usize {
        match &self.body {
            Body::Rows(sheet) => sheet.rows.len(),
            Body::Printed(..) | Body::Kept(..) => 0,
        }
    }

    /// How many pupils it names.
    fn number(&self) -> usize {
        self.pupils.len() + self.strangers
    }

    fn needs_reason(&self) -> bool {
        self.always_asks || self.number() > WITHOUT_A_REASON
    }
}

/// Rows of plain texts under the headings of their sheet.
pub(crate) fn texts(sheet: Sheet, rows: Vec<Vec<String>>) -> Sheet {
    let rows = rows
        .iter()
        .map(|row| row.iter().map(|text| Cell::text(text)).collect())
        .collect();
    Sheet { rows, ..sheet }
}

/// The list at this address, made for the person who asks.
///
/// Errors: there is none, or none that they may know of; what making it says.
fn made(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    address: &str,
) -> Result<(&'static List, Leaving), Refusal> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let found = lists()
        .into_iter()
        .find_map(|list| Some((list, named(list.address, path)?)));
    let (list, named) = found.ok_or(Refusal::NotFound)?;
    let wanted = Wanted {
        office: &desk.office,
        actor,
        named,
        query,
    };
    let mut leaving = (list.make)(tx, &wanted)?;
    if let Some(known) = desk.known() {
        // A document says at its head as of when it is; one of the past would have to be read as such, so none is made there.
        let Body::Rows(sheet) = &mut leaving.body else {
            return Err(Refusal::NotFound);
        };
        say_as_known(sheet, known, desk.at_present().office.today().0);
    }
    Ok((list, leaving))
}

/// Says in the file itself, beside each row, that it is of the past and of which.
fn say_as_known(sheet: &mut Sheet, known: &AsKnown, today: Day) {
    let said = known.said();
    sheet.text_column("As known at");
    for row in &mut sheet.rows {
        row.push(Cell::text(&said));
    }
    for (name, value) in &mut sheet.about {
        if name == "Made on" {
            *value = today.long();
        }
    }
    sheet.about.push(("As known at".to_owned(), said));
    sheet.title = format!("{} as known {}", sheet.title, known.in_file_name());
}

/// What stands in a path in the place of the names in braces, if it is a path of this address.
fn named<'p>(address: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let mut named = Vec::new();
    let mut parts = path.split('/');
    for own in address.split('/') {
        let part = parts.next()?;
        if own.starts_with('{') {
            named.push(part);
        } else if own != part {
            return None;
        }
    }
    parts.next().is_none().then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_one_that_begins_or_ends_like_it() {
        assert_eq!(named("/groups/{group}", "/groups/7"), Some(vec!["7"]));
        assert_eq!(named("/groups", "/groups"), Some(vec![]));
        assert_eq!(named("/groups", "/groups/7"), None);
        assert_eq!(named("/groups/{group}", "/groups"), None);
        assert_eq!(named("/imports/{import}/report", "/imports/7/rows"), None);
    }

    #[test]
    fn no_two_lists_answer_at_one_address() {
        let lists = lists();
        for list in &lists {
            let path = list.address.replace(['{', '}'], "");
            let answer = lists
                .iter()
                .filter(|other| named(other.address, &path).is_some());
            assert_eq!(answer.count(), 1, "{}", list.address);
        }
    }
}
