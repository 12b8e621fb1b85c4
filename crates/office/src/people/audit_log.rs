//! The journal as people read it: who did what, when, under which job title.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use calendar::{Day, Instant, TimeOfDay};
use serde::Deserialize;
use store::{StoreError, Tx, args, journal};

use super::{Access, Actor, RecordKind, Scope};
use crate::desk::{Desk, Problem, Refusal};
use crate::safeguarding::{RESTRICTED, is_of_team};
use crate::shell::{self, Column, Columns, Exports, Frame, Under};
use crate::take_away::{Leaving, Wanted, texts};

/// Entries on one page.
const ON_A_PAGE: i64 = 100;

/// Entries in one file.
const IN_A_FILE: i64 = 50_000;

/// No journal has entries so many seconds after the start of 1970: the year 3000.
const END_OF_TIME: i64 = 32_503_680_000;

/// $2 and $3 bound the moments, $4 is the account or 0, $5 the act or nothing, $6 the number to begin below; $8 leaves one act out, or none.
const ENTRIES: &str = "\
select seq, at, account_id, job_title, act, subject from journal_entry
where school_id = $1 and at >= $2 and at < $3 and ($4 = 0 or account_id = $4) and ($5 = '' or act = $5) and seq < $6
  and act <> $8
order by seq desc limit $7";
const ACTS: &str =
    "select distinct act from journal_entry where school_id = $1 and act <> $2 order by act";
const NAMES: &str = "\
select a.account_id, coalesce(t.forename || ' ' || t.surname, a.name)
from account a
left join staff t on t.account_id = a.account_id and t.school_id = $1 and t.superseded_seq is null
where a.account_id in (select distinct j.account_id from journal_entry j where j.school_id = $1)
order by 2, 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ENTRIES, ACTS, NAMES];

/// The question that the page answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct JournalQuery {
    from: String,
    to: String,
    person: String,
    act: String,
    before: String,
}

impl JournalQuery {
    fn address(&self, before: Option<i64>) -> String {
        let before = before.map(|seq| seq.to_string()).unwrap_or_default();
        let parts = [
            ("from", self.from.as_str()),
            ("to", &self.to),
            ("person", &self.person),
            ("act", &self.act),
            ("before", &before),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        match serde_urlencoded::to_string(&parts) {
            Ok(query) if !query.is_empty() => format!("/journal?{query}"),
            _ => "/journal".to_owned(),
        }
    }

    /// From the first moment of the first day to the first moment after the last.
    fn moments(&self) -> (Instant, Instant) {
        let day = |text: &str| text.parse::<Day>().ok();
        let midnight = TimeOfDay::from_seconds(0).expect("midnight is a clock time");
        let start = |day: Day| Instant::at_london(day, midnight);
        let first = Instant::from_micros(0);
        let from = day(&self.from).map_or(first, start);
        let to = day(&self.to).map_or(first.plus_seconds(END_OF_TIME), |day| start(day.next()));
        (from, to)
    }
}

/// One entry in words.
struct Line {
    seq: i64,
    at: String,
    name: String,
    job_title: String,
    act: String,
    subject: String,
    notes: String,
}

#[derive(Template)]
#[template(path = "people/journal.html")]
struct JournalPage {
    frame: Frame,
    sees_preservation: bool,
    query: JournalQuery,
    people: Vec<(String, String)>,
    acts: Vec<String>,
    columns: Columns,
    lines: Vec<Line>,
    under: Under,
}

const HEADINGS: [&str; 7] = [
    "Number",
    "When",
    "Who",
    "Job title",
    "Act",
    "Subject",
    "Notes",
];

/// Whether the actor may read the journal: for the whole school, or as the one who runs the system. Its entries hold ids and no
/// names of pupils; notes, which may tell of one, are for the former only.
pub(crate) fn must_read(actor: &Actor) -> Result<Notes, Refusal> {
    let mut sees = None;
    for role in &actor.roles {
        match actor.granted(*role, RecordKind::AuditLog) {
            (Access::Read | Access::Write, Scope::School) => return Ok(Notes::Shown),
            (Access::Read | Access::Write, Scope::Technical) => sees = Some(Notes::Hidden),
            _ => {}
        }
    }
    sees.ok_or(Refusal::NotFound)
}

/// The act that this person does not read of: what is done with concerns, unless they are of the safeguarding team.
fn left_out(actor: &Actor) -> &'static str {
    match is_of_team(actor) {
        true => "",
        false => RESTRICTED,
    }
}

/// Whether somebody who may read the journal may read its notes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notes {
    /// All of them.
    Shown,
    /// None: they may tell of a pupil.
    Hidden,
}

/// `GET /journal`.
pub(super) async fn page(
    desk: Desk,
    Query(query): Query<JournalQuery>,
) -> Result<Response, Problem> {
    let at = desk.clone();
    desk.read(move |tx, actor| {
        let notes = must_read(actor)?;
        let people = people(tx, actor)?;
        let names: HashMap<i64, String> = people.iter().cloned().collect();
        let lines = lines(tx, actor, &query, &names, notes, ON_A_PAGE)?;
        let oldest = lines.last().map(|line| line.seq);
        let more = lines.len() as i64 == ON_A_PAGE;
        let page = JournalPage {
            frame: at.frame(tx, actor, "Journal")?,
            sees_preservation: crate::preservation::may_see(actor),
            people: people
                .into_iter()
                .map(|(account, name)| (account.to_string(), name))
                .collect(),
            acts: tx.query(ACTS, &args![actor.school, left_out(actor)], |row| {
                row.get(0)
            })?,
            columns: Columns {
                columns: HEADINGS.map(Column::text).to_vec(),
            },
            under: Under {
                shown: match lines.len() {
                    0 => "No entries".into(),
                    1 => "One entry".into(),
                    count => format!("{count} entries, newest first").into(),
                },
                previous: None,
                next: oldest
                    .filter(|_| more)
                    .map(|seq| query.address(Some(seq)).into()),
                exports: Exports::usual(&query.address(None)),
            },
            lines,
            query,
        };
        Ok(shell::page(StatusCode::OK, &page))
    })
    .await
}

/// `/journal` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let actor = wanted.actor;
    let notes = must_read(actor)?;
    let names = people(tx, actor)?.into_iter().collect();
    let lines = lines(tx, actor, &wanted.query()?, &names, notes, IN_A_FILE)?;
    let empty = wanted.sheet(tx, "Journal", &HEADINGS)?;
    let rows = lines.into_iter().map(cells_of).collect();
    Ok(Leaving::new(texts(empty, rows), wanted.today()))
}

/// Accounts with a name that people know, of all who ever acted at the school.
pub(crate) fn people(tx: &mut Tx, actor: &Actor) -> Result<Vec<(i64, String)>, StoreError> {
    tx.query(NAMES, &args![actor.school], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })
}

fn cells_of(line: Line) -> Vec<String> {
    vec![
        line.seq.to_string(),
        line.at,
        line.name,
        line.job_title,
        line.act,
        line.subject,
        line.notes,
    ]
}

fn lines(
    tx: &mut Tx,
    actor: &Actor,
    query: &JournalQuery,
    names: &HashMap<i64, String>,
    notes: Notes,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let (from, to) = query.moments();
    let person: i64 = query.person.parse().unwrap_or(0);
    let before: i64 = query.before.parse().unwrap_or(i64::MAX);
    let asked = args![
        actor.school,
        from,
        to,
        person,
        &query.act,
        before,
        limit,
        left_out(actor)
    ];
    let mut lines = tx.query(ENTRIES, &asked, |row| {
        let account: i64 = row.get(2)?;
        Ok(Line {
            seq: row.get(0)?,
            at: second(row.get(1)?),
            name: names
                .get(&account)
                .cloned()
                .unwrap_or_else(|| format!("account {account}")),
            job_title: row.get(3)?,
            act: row.get(4)?,
            subject: row.get(5)?,
            notes: String::new(),
        })
    })?;
    if notes == Notes::Shown && limit == ON_A_PAGE {
        for line in &mut lines {
            let notes = journal::notes(tx, actor.school, line.seq)?;
            let notes: Vec<String> = notes
                .into_iter()
                .map(|(key, value)| format!("{key}: {value}"))
                .collect();
            line.notes = notes.join("; ");
        }
    }
    Ok(lines)
}

/// `Tue 24 Nov 2026, 08:44:12` by London clocks.
pub(crate) fn second(at: Instant) -> String {
    let (day, time) = at.in_london();
    format!(
        "{} {}, {:02}:{:02}:{:02}",
        day.short(),
        day.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}
