//! What changed between two moments: of a register or a pupil, with who did it, when and why.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Instant;
use serde::Deserialize;
use store::{SchoolId, StoreError, Tx, args, journal};

use super::moment::{When, as_known, in_words};
use super::told::{Line, Of, Sight, told};
use crate::CHRONICLE;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::insight::grouped;
use crate::people::Actor;
use crate::shell::{Column, Columns, Exports, Field, Frame, Page, State, Under, moment, own_path};
use crate::take_away::{Leaving, Wanted, texts};

/// What is asked for: a page, and from when to when.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    page: String,
    /// A number or a minute.
    from: String,
    /// A number or a minute; nothing for now.
    to: String,
}

impl Asked {
    fn address(&self) -> String {
        let query = [
            ("page", self.page.as_str()),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let query: Vec<_> = query
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        format!("/changes?{query}")
    }
}

/// A change in words.
pub(super) struct Change {
    line: Line,
    number: String,
    when: String,
    who: String,
    job_title: String,
}

/// Changes between two numbers.
struct Found {
    of: Of,
    /// The group and session, or nothing for a pupil: a title names nobody.
    of_what: String,
    name: String,
    from: String,
    to: String,
    changes: Vec<Change>,
}

const HEADINGS: [&str; 8] = [
    "Number",
    "When",
    "Of what",
    "Before",
    "After",
    "Who",
    "Job title then",
    "Reason",
];

const WHO: &str = "\
select j.at, j.job_title, coalesce(t.title || ' ' || t.forename || ' ' || t.surname, a.name)
from journal_entry j
left join account a on a.account_id = j.account_id
left join staff t on t.school_id = j.school_id and t.account_id = j.account_id and t.superseded_seq is null
where j.school_id = $1 and j.seq = $2 order by t.staff_id limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[WHO];

fn found(office: &Office, tx: &mut Tx, actor: &Actor, asked: &Asked) -> Result<Found, Refusal> {
    let now = office.now();
    let of = Of::page(&asked.page).ok_or(Refusal::NotFound)?;
    let sight = Sight::of(tx, actor, of, now.in_london().0)?;
    let newest = journal::head(tx, actor.school)?.map_or(0, |head| head.seq);
    let from = point(tx, actor.school, &asked.from, now)?;
    let (to, to_said) = match asked.to.trim() {
        "" => (newest, format!("now, number {}", grouped(newest))),
        to => point(tx, actor.school, to, now)?,
    };
    let (from, from_said) = from;
    if from > to {
        return Err(Refusal::Wrong(
            "The first moment is after the second.".to_owned(),
        ));
    }
    let before = known(office, tx, actor.school, from, of, &sight)?;
    let before: HashSet<String> = before.into_iter().map(|line| line.key).collect();
    let mut lines = known(office, tx, actor.school, to, of, &sight)?;
    lines.retain(|line| !before.contains(&line.key));
    lines.sort_by_key(|line| line.seq);
    let changes = with_who(tx, actor.school, lines)?;
    let book = office.shelf.book(tx, actor.school)?;
    let (of_what, name) = match of {
        Of::Pupil(pupil) => {
            let pupil = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
            (String::new(), pupil.called())
        }
        Of::Register(address) => {
            let group = book.groups.group(address.group).ok_or(Refusal::NotFound)?;
            let slot = address.slot;
            let of_what = format!("{} {} {}", group.name, slot.day.short(), slot.session);
            (of_what.clone(), of_what)
        }
    };
    Ok(Found {
        of,
        of_what,
        name,
        from: from_said,
        to: to_said,
        changes,
    })
}

/// The number that a text names, and how it is said.
fn point(
    tx: &mut Tx,
    school: SchoolId,
    text: &str,
    now: Instant,
) -> Result<(i64, String), Refusal> {
    let when: When = text.trim().parse().map_err(|()| {
        Refusal::Wrong(
            "Give each moment as a number of the journal, or as 2026-10-12T09:40.".to_owned(),
        )
    })?;
    if when == When::Number(0) {
        return Ok((0, "the beginning".to_owned()));
    }
    let known = as_known(tx, school, when, now)?;
    let said = format!("{}, number {}", in_words(known.at), grouped(known.seq));
    Ok((known.seq, said))
}

/// What was told of it at a number.
fn known(
    office: &Office,
    tx: &mut Tx,
    school: SchoolId,
    seq: i64,
    of: Of,
    sight: &Sight,
) -> Result<Vec<Line>, Refusal> {
    if seq == 0 {
        return Ok(Vec::new());
    }
    tx.as_of(&CHRONICLE, school, seq, |tx| {
        let book = office.shelf.book(tx, school)?;
        Ok(told(tx, &book, of, sight)?)
    })
}

/// Who did an act: when, under which job title, by which name, and why.
#[derive(Clone, Default)]
struct Act {
    when: String,
    job_title: String,
    who: String,
    reason: String,
}

fn act(tx: &mut Tx, school: SchoolId, seq: i64) -> Result<Act, StoreError> {
    let made = tx.query_opt(WHO, &args![school, seq], |row| {
        let who = row.get::<Option<String>>(2)?.unwrap_or_default();
        Ok(Act {
            when: moment(row.get(0)?),
            job_title: row.get(1)?,
            who: who.trim().to_owned(),
            reason: String::new(),
        })
    })?;
    let notes = journal::notes(tx, school, seq)?;
    let reason = notes.into_iter().find(|(key, _)| key == "reason");
    Ok(Act {
        reason: reason.map(|(_, reason)| reason).unwrap_or_default(),
        ..made.unwrap_or_default()
    })
}

fn with_who(tx: &mut Tx, school: SchoolId, lines: Vec<Line>) -> Result<Vec<Change>, StoreError> {
    let mut acts: HashMap<i64, Act> = HashMap::new();
    let mut changes = Vec::with_capacity(lines.len());
    for mut line in lines {
        let act = match acts.entry(line.seq) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(act(tx, school, line.seq)?).clone(),
        };
        if line.reason.is_empty() && !line.before.is_empty() {
            line.reason = act.reason;
        }
        changes.push(Change {
            number: grouped(line.seq),
            line,
            when: act.when,
            who: act.who,
            job_title: act.job_title,
        });
    }
    Ok(changes)
}

#[derive(Template)]
#[template(path = "as_known/changed.html")]
struct ChangedPage {
    frame: Frame,
    found: Found,
    page: String,
    from: Field,
    to: Field,
    columns: Columns,
    nothing: Option<State>,
    under: Under,
}

/// `GET /changes?page=&from=&to=`.
pub(super) async fn changed(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let asked = Asked {
        page: own_path(&asked.page).to_owned(),
        ..asked
    };
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let found = found(&here.office, tx, actor, &asked)?;
        let nothing = found.changes.is_empty().then(|| {
            State::empty("Nothing changed", "Nothing that you may see was recorded between these moments.")
        });
        let (shown, page) = (found.changes.len(), found.of.path());
        Ok(Page(ChangedPage {
            frame: here.frame(tx, actor, "What changed")?,
            from: Field::line("from", "From").value(asked.from.clone()),
            to: Field::line("to", "To").value(asked.to.clone()).optional().hint("A number of the journal, or a minute such as 2026-10-12T09:40. Nothing means now."),
            found,
            page,
            columns: Columns {
                columns: HEADINGS.map(Column::text).into(),
            },
            nothing,
            under: Under {
                shown: match shown {
                    1 => "1 change".into(),
                    _ => format!("{shown} changes").into(),
                },
                exports: Exports::usual(&asked.address()),
                ..Under::default()
            },
        })
        .into_response())
    })
    .await
}

/// `/changes?page=…` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let asked: Asked = wanted.query()?;
    let found = found(wanted.office, tx, wanted.actor, &asked)?;
    let mut sheet = wanted.sheet(tx, "Changes", &HEADINGS)?;
    if !found.of_what.is_empty() {
        sheet.about.push(("Register".to_owned(), found.of_what));
    }
    sheet.about.push(("From".to_owned(), found.from));
    sheet.about.push(("To".to_owned(), found.to));
    let mut pupils: Vec<_> = found
        .changes
        .iter()
        .filter_map(|change| change.line.pupil)
        .collect();
    if let Of::Pupil(pupil) = found.of {
        pupils.push(pupil);
    }
    let rows = found.changes.into_iter().map(|change| {
        let Line {
            what,
            before,
            after,
            reason,
            seq,
            ..
        } = change.line;
        vec![
            seq.to_string(),
            change.when,
            what,
            before,
            after,
            change.who,
            change.job_title,
            reason,
        ]
    });
    let sheet = texts(sheet, rows.collect());
    Ok(Leaving::new(sheet, wanted.today()).naming(pupils))
}
