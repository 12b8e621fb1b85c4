//! Giving a list away: the file, the record of it, and the question why where it names many pupils (I-038).

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Act, StoreError, Tx, args};

use super::file::{File, FileKind, written};
use super::records::{EXPORT, EXPORT_PUPIL};
use super::{Leaving, List, WITHOUT_A_REASON, made};
use crate::desk::{Desk, Problem, Refusal, school_name};
use crate::people::Actor;
use crate::shell::{Field, Frame, Page, own_path};

/// The longest reason, in letters.
const LONGEST: usize = 300;

/// Earlier reasons that are offered.
const OFFERED: usize = 4;

/// The reasons that somebody gave, newest first; those for the same kind of list before all others.
const REASONS: &str = "\
select reason from export where school_id = $1 and account_id = $2 and reason is not null
order by case when kind = $3 then 0 else 1 end, export_id desc limit 50";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[REASONS];

/// Which list is to be taken away, as what, and why.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    list: String,
    format: String,
    /// A reason that was given before.
    before: String,
    /// Another reason, which goes before; nothing where the question was not asked yet.
    reason: Option<String>,
    /// Whether no reason was given when one was asked for.
    missing: String,
}

impl Asked {
    fn kind(&self) -> Result<FileKind, Refusal> {
        FileKind::of(&self.format).ok_or(Refusal::NotFound)
    }

    fn reason(&self) -> Option<String> {
        let given = [self.reason.as_deref().unwrap_or_default(), &self.before];
        let given = given
            .map(str::trim)
            .into_iter()
            .find(|reason| !reason.is_empty())?;
        Some(given.chars().take(LONGEST).collect())
    }

    /// The page that asks for the reason.
    fn asking(&self) -> String {
        let missing = match self.reason {
            Some(_) => "yes",
            None => "",
        };
        let query = [
            ("list", self.list.as_str()),
            ("format", &self.format),
            ("missing", missing),
        ];
        let query: Vec<_> = query
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        format!("/take-away?{query}")
    }
}

/// What is written down of a list that leaves.
struct Record {
    list: &'static List,
    address: String,
    format: FileKind,
    reason: Option<String>,
    leaving: Leaving,
}

/// What comes of asking for a file.
enum Made {
    /// It names so many pupils that a reason is needed first.
    ReasonNeeded,
    /// What is to be written down of it, and the name of the school.
    Ready(Box<Record>, String),
}

/// `POST /take-away`: the file, once it is written down that it leaves.
///
/// The list is made on a snapshot and recorded in an act of its own, so that no register waits while a long list is made.
pub(super) async fn give(desk: Desk, Form(asked): Form<Asked>) -> Result<Response, Problem> {
    let (here, wanted) = (desk.clone(), asked.clone());
    let made = desk.read(move |tx, actor| {
        let format = wanted.kind()?;
        let address = own_path(&wanted.list).to_owned();
        let (list, leaving) = made(&here, tx, actor, &address)?;
        let reason = wanted.reason();
        if leaving.needs_reason() && reason.is_none() {
            return Ok(Made::ReasonNeeded);
        }
        let school = school_name(tx, actor.school)?;
        let record = Record {
            list,
            address: match here.known() {
                Some(known) => known.path(&address),
                None => address,
            },
            format,
            reason,
            leaving,
        };
        Ok(Made::Ready(Box::new(record), school))
    });
    match made.await? {
        Made::ReasonNeeded => Ok(Redirect::to(&asked.asking()).into_response()),
        Made::Ready(record, school) => {
            let (file, record) = write(&desk, record, school).await?;
            // What leaves today leaves today, whatever it is known of.
            let desk = desk.at_present();
            desk.act(move |act, actor| Ok(write_down(act, actor, &record)?))
                .await?;
            Ok(file.into_response())
        }
    }
}

/// Writes the file on a thread of its own: a document takes a while to print, and nobody's page waits for it.
async fn write(
    desk: &Desk,
    record: Box<Record>,
    school: String,
) -> Result<(File, Box<Record>), Problem> {
    let office = desk.office.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let file = written(&office, &record.leaving, record.format, &school)?;
        Ok((file, record))
    });
    let broke_off = |_| Err(Refusal::Wrong("The file could not be written.".to_owned()));
    let written = writing.await.unwrap_or_else(broke_off);
    written.map_err(|refusal| desk.problem(refusal))
}

/// Records that a list leaves, with the pupils whom it names.
fn write_down(act: &mut Act, actor: &Actor, record: &Record) -> Result<(), StoreError> {
    let Record {
        list,
        address,
        format,
        reason,
        leaving,
    } = record;
    let export = act.new_id();
    let headings = serde_json::Value::from(leaving.headings()).to_string();
    let row = args![
        export,
        actor.account,
        list.kind,
        leaving.title(),
        address.as_str(),
        format.word(),
        headings,
        leaving.rows() as i64,
        leaving.number() as i64,
        reason.as_deref()
    ];
    act.record(&EXPORT, &row)?;
    let pupils = leaving.pupils.iter().map(|pupil| args![export, *pupil]);
    act.record_many(&EXPORT_PUPIL, pupils)?;
    act.note("list", leaving.title());
    act.note("pupils", &leaving.number().to_string());
    if let Some(reason) = reason {
        act.note("reason", reason);
    }
    act.describe(actor.entry("take a list away", format!("export {export}")));
    Ok(())
}

#[derive(Template)]
#[template(path = "take_away/reason.html")]
struct ReasonPage {
    frame: Frame,
    title: String,
    pupils: usize,
    most: usize,
    /// Whether it needs a reason however few it names.
    always: bool,
    list: String,
    format: FileKind,
    before: Vec<String>,
    reason: Field,
}

/// `GET /take-away?list=&format=`: why this list is taken away.
pub(super) async fn ask(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let format = asked.kind()?;
        let address = own_path(&asked.list);
        let (list, leaving) = made(&here, tx, actor, address)?;
        let before = reasons(tx, actor, list)?;
        let label = match before.is_empty() {
            true => "Reason",
            false => "Another reason",
        };
        let missing = (asked.missing == "yes").then_some("Give the reason.");
        let reason = Field {
            focused: before.is_empty(),
            ..Field::line("reason", label).error(missing)
        };
        let reason = reason
            .hint("Such as: papers for the governors; meeting with the authority on 3 December.");
        let page = ReasonPage {
            frame: here.frame(tx, actor, "Take a list away")?,
            pupils: leaving.number(),
            most: WITHOUT_A_REASON,
            always: leaving.always_asks,
            list: address.to_owned(),
            format,
            reason,
            before,
            title: leaving.title().to_owned(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The last different reasons that somebody gave.
fn reasons(tx: &mut Tx, actor: &Actor, list: &List) -> Result<Vec<String>, StoreError> {
    let given = args![actor.school, actor.account, list.kind];
    let mut reasons: Vec<String> = Vec::new();
    for reason in tx.query(REASONS, &given, |row| row.get::<String>(0))? {
        if reasons.len() < OFFERED && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}
