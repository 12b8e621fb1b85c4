//! The lists that were taken away, for those who may read the journal: who, when, which list, how many pupils, why (I-038).

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Instant;
use store::{Tx, args};

use super::{Leaving, List, Wanted, texts};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::PupilId;
use crate::people::{Access, Actor, Notes, RecordKind, must_read_journal, second, who_acted};
use crate::shell::{Column, Columns, Exports, Facts, Frame, Page, Under};

/// Lists on one page.
const ON_A_PAGE: i64 = 100;

/// Lists in one file.
const IN_A_FILE: i64 = 50_000;

/// $2 is the account or 0, $3 the pupil or 0, $4 the number to begin below.
const TAKEN: &str = "\
select x.export_id, j.at, x.account_id, j.job_title, x.kind, x.title, x.format, x.row_count, x.pupil_count, x.reason
from export x join journal_entry j on j.school_id = x.school_id and j.seq = x.seq
where x.school_id = $1 and ($2 = 0 or x.account_id = $2) and x.export_id < $4
  and ($3 = 0 or exists (select 1 from export_pupil p
       where p.school_id = x.school_id and p.export_id = x.export_id and p.pupil_id = $3))
order by x.export_id desc limit $5";

const ONE: &str = "select address, columns from export where school_id = $1 and export_id = $2";

const PUPILS: &str = "\
select pupil_id from export_pupil where school_id = $1 and export_id = $2 order by pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[TAKEN, ONE, PUPILS];

/// The lists of this file that can be taken away.
pub(super) const LISTS: &[List] = &[List {
    kind: "lists taken away",
    address: "/journal/lists",
    make: as_file,
}];

const HEADINGS: [&str; 8] = [
    "Number",
    "When",
    "Who",
    "Job title",
    "List",
    "File",
    "Pupils",
    "Why",
];

/// A list that was taken away, in words.
struct Taken {
    export: i64,
    at: String,
    name: String,
    job_title: String,
    list: String,
    file: String,
    pupils: i64,
    why: String,
}

impl Taken {
    fn cells(self) -> Vec<String> {
        vec![
            self.export.to_string(),
            self.at,
            self.name,
            self.job_title,
            self.list,
            self.file,
            self.pupils.to_string(),
            self.why,
        ]
    }
}

/// Which of them are asked for.
struct Among {
    account: i64,
    pupil: i64,
    before: i64,
    most: i64,
}

impl Among {
    fn asked(asked: &Answers, most: i64) -> Among {
        Among {
            account: asked.number("person").unwrap_or(0),
            pupil: asked.number("pupil").unwrap_or(0),
            before: asked.number("before").unwrap_or(i64::MAX),
            most,
        }
    }
}

/// Newest first. Reasons, which may tell of a pupil, are for those who may read the journal's notes; whose record a list held
/// may be asked by them alone.
fn taken(
    tx: &mut Tx,
    actor: &Actor,
    notes: Notes,
    names: &HashMap<i64, String>,
    among: &Among,
) -> Result<Vec<Taken>, Refusal> {
    if among.pupil != 0 && notes == Notes::Hidden {
        return Err(Refusal::NotFound);
    }
    let asked = args![
        actor.school,
        among.account,
        among.pupil,
        among.before,
        among.most
    ];
    let taken = tx.query(TAKEN, &asked, |row| {
        let account: i64 = row.get(2)?;
        let (kind, title): (String, String) = (row.get(4)?, row.get(5)?);
        let reason = row.get::<Option<String>>(9)?;
        Ok(Taken {
            export: row.get(0)?,
            at: second(row.get::<Instant>(1)?),
            name: names
                .get(&account)
                .cloned()
                .unwrap_or_else(|| format!("account {account}")),
            job_title: row.get(3)?,
            list: match kind.eq_ignore_ascii_case(&title) {
                true => title,
                false => format!("{title} ({kind})"),
            },
            file: format!("{}, {} rows", row.get::<String>(6)?, row.get::<i64>(7)?),
            pupils: row.get(8)?,
            why: reason.filter(|_| notes == Notes::Shown).unwrap_or_default(),
        })
    })?;
    Ok(taken)
}

#[derive(Template)]
#[template(path = "take_away/taken.html")]
struct TakenPage {
    frame: Frame,
    people: Vec<(String, String)>,
    person: String,
    pupil: String,
    sees_all: bool,
    columns: Columns,
    taken: Vec<Taken>,
    under: Under,
}

/// `GET /journal/lists`.
pub(super) async fn lists(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let notes = must_read_journal(actor)?;
        let people = who_acted(tx, actor)?;
        let names = people.iter().cloned().collect();
        let taken = taken(tx, actor, notes, &names, &Among::asked(&asked, ON_A_PAGE))?;
        let more = taken.len() as i64 == ON_A_PAGE;
        let path = |before: &str| asked.path("/journal/lists", &[("before", before)]);
        let oldest = taken.last().map(|oldest| oldest.export.to_string());
        let page = TakenPage {
            frame: here.frame(tx, actor, "Lists taken away")?,
            people: people
                .into_iter()
                .map(|(account, name)| (account.to_string(), name))
                .collect(),
            person: asked.text("person").to_owned(),
            pupil: asked.text("pupil").to_owned(),
            sees_all: notes == Notes::Shown,
            columns: Columns {
                columns: HEADINGS.map(Column::text).to_vec(),
            },
            under: Under {
                shown: match taken.len() {
                    0 => "No lists".into(),
                    1 => "One list".into(),
                    count => format!("{count} lists, newest first").into(),
                },
                previous: None,
                next: oldest.filter(|_| more).map(|oldest| path(&oldest).into()),
                exports: Exports::usual(&path("")),
            },
            taken,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/journal/lists` as a file.
fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let actor = wanted.actor;
    let notes = must_read_journal(actor)?;
    let names = who_acted(tx, actor)?.into_iter().collect();
    let among = Among::asked(&wanted.query()?, IN_A_FILE);
    let taken = taken(tx, actor, notes, &names, &among)?;
    let empty = wanted.sheet(tx, "Lists taken away", &HEADINGS)?;
    let rows = taken.into_iter().map(Taken::cells).collect();
    Ok(Leaving::new(texts(empty, rows), wanted.today()))
}

#[derive(Template)]
#[template(path = "take_away/one_taken.html")]
struct OneTakenPage {
    frame: Frame,
    taken: Taken,
    facts: Facts,
    /// Address and name, or the number alone of somebody whose name this person may not know.
    pupils: Vec<(Option<String>, String)>,
}

/// `GET /journal/lists/{export}`: its columns and its pupils, for those who may read the journal's notes.
pub(super) async fn list(desk: Desk, Path(export): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let notes = must_read_journal(actor)?;
        if notes == Notes::Hidden {
            return Err(Refusal::NotFound);
        }
        let names = who_acted(tx, actor)?.into_iter().collect();
        let among = Among {
            account: 0,
            pupil: 0,
            before: export.saturating_add(1),
            most: 1,
        };
        let taken = taken(tx, actor, notes, &names, &among)?.into_iter().next();
        let taken = taken.filter(|taken| taken.export == export);
        let taken = taken.ok_or(Refusal::NotFound)?;
        let (address, headings) = tx.query_one(ONE, &args![actor.school, export], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?))
        })?;
        let headings: Vec<String> = serde_json::from_str(&headings).unwrap_or_default();
        let facts = [
            ("Taken away", taken.at.clone()),
            ("By", format!("{}, {}", taken.name, taken.job_title)),
            ("As", taken.file.clone()),
            ("Asked for as", address),
            ("Columns", headings.join(", ")),
            ("Why", taken.why.clone()),
        ];
        let facts = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
        let page = OneTakenPage {
            frame: here.frame(tx, actor, "List taken away")?,
            pupils: pupils(&here, tx, actor, export)?,
            facts: Facts {
                facts: facts
                    .map(|(term, fact)| (term.into(), fact.into()))
                    .collect(),
            },
            taken,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The pupils whom a list named, by name as far as this person may know of them.
fn pupils(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    export: i64,
) -> Result<Vec<(Option<String>, String)>, Refusal> {
    let (today, _) = desk.office.today();
    let reach = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let ids = tx.query(PUPILS, &args![actor.school, export], |row| row.get(0))?;
    let named = |id: PupilId| {
        let known = book.roll.pupil(id).filter(|_| reach.covers(id));
        match known {
            Some(pupil) => (Some(format!("/pupils/{id}")), pupil.listed()),
            None => (None, format!("pupil {id}")),
        }
    };
    let mut pupils: Vec<_> = ids.into_iter().map(named).collect();
    pupils.sort_by_cached_key(|(_, name): &(_, String)| crate::book::fold(name));
    Ok(pupils)
}
