//! Reading a school as it was known at an earlier number: the same statements, over the rows of that number.
//!
//! Nobody writes a statement twice. Where a transaction looks back ([`Tx::as_known`](crate::Tx::as_known)), the names of tables and
//! views in each statement stand for their rows as they were: common table expressions of the same names go before it, in which
//! what was recorded later is missing and what was superseded later still stands.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::location::Engine;
use crate::table::{Shape, Table};
use crate::{Migration, SchoolId};

/// What of a database tells its past: the tables that acts write, the store's own, and the views over them.
///
/// A table that is not among them (accounts, sign-ins, jobs) keeps no past and is read as it is.
#[derive(Debug)]
pub struct Chronicle {
    /// Names and what each stands for, in an order in which none needs a later one.
    relations: Vec<Relation>,
    /// The statements that were asked before, by engine. Statements are constants, so there are only so many.
    made: Mutex<HashMap<(Engine, &'static str), Option<&'static str>>>,
}

#[derive(Debug)]
struct Relation {
    name: String,
    /// With [`SCHOOL`] and [`NUMBER`] for the arguments and [`OWN`] before the name of a table.
    select: String,
    is_view: bool,
}

/// Stands for the argument that says which school.
const SCHOOL: &str = "{school}";
/// Stands for the argument that says which number.
const NUMBER: &str = "{number}";
/// Stands before the name of a table where the table itself is meant and not what it stands for.
const OWN: &str = "{own}";

impl Chronicle {
    /// The past of these tables, with the views that the migrations make over them.
    pub fn new(tables: &[&'static Table], migrations: &[Migration]) -> Chronicle {
        let mut relations: Vec<Relation> = own_tables();
        relations.extend(tables.iter().map(|table| Relation::of_table(table)));
        for (name, select) in migrations.iter().flat_map(|one| views(one.sql)) {
            relations.retain(|relation| relation.name != name);
            relations.push(Relation {
                name: name.to_owned(),
                select: select.to_owned(),
                is_view: true,
            });
        }
        Chronicle {
            relations,
            made: Mutex::default(),
        }
    }

    /// The statement over the rows of the past; none where it names nothing that has one. It takes two more arguments, the school
    /// and the number, after its own.
    pub(crate) fn statement(&self, engine: Engine, sql: &'static str) -> Option<&'static str> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        *made.entry((engine, sql)).or_insert_with(|| {
            let text = self.over_the_past(engine, sql)?;
            Some(Box::leak(text.into_boxed_str()))
        })
    }

    fn over_the_past(&self, engine: Engine, sql: &str) -> Option<String> {
        let mut wanted: Vec<&Relation> = Vec::new();
        // From the last to the first, since a view needs what stands before it.
        for relation in self.relations.iter().rev() {
            let mut views = wanted.iter().filter(|wanted| wanted.is_view);
            if names(sql, &relation.name) || views.any(|view| names(&view.select, &relation.name)) {
                wanted.push(relation);
            }
        }
        let arguments = arguments(sql);
        let expressions: Vec<String> = (wanted.iter().rev())
            .map(|relation| {
                let select = relation.select.replace(
                    OWN,
                    match engine {
                        Engine::Sqlite => "main.",
                        Engine::Postgres => "",
                    },
                );
                let select = select
                    .replace(SCHOOL, &format!("${}", arguments + 1))
                    .replace(NUMBER, &format!("${}", arguments + 2));
                format!("{} as not materialized ({select})", relation.name)
            })
            .collect();
        if expressions.is_empty() {
            return None;
        }
        let expressions = expressions.join(", ");
        Some(match sql.strip_prefix("with ") {
            Some(rest) => format!("with {expressions}, {rest}"),
            None => format!("with {expressions} {sql}"),
        })
    }
}

impl Relation {
    fn of_table(table: &Table) -> Relation {
        let columns: String = (table.given())
            .map(|column| format!(", {}", column.name))
            .collect();
        let superseded = match table.shape {
            Shape::Versions => format!(", {}", until("superseded_seq")),
            Shape::Log => String::new(),
        };
        Relation {
            name: table.name.to_owned(),
            select: format!(
                "select school_id, seq{columns}{superseded} from {OWN}{} where school_id = {SCHOOL} and seq <= {NUMBER}",
                table.name
            ),
            is_view: false,
        }
    }
}

/// The number of an act in this column, if the act had happened by then.
fn until(column: &str) -> String {
    format!("case when {column} <= {NUMBER} then {column} end as {column}")
}

/// The store's own tables that have a past.
fn own_tables() -> Vec<Relation> {
    let own = |name: &str, select: String| Relation {
        name: name.to_owned(),
        select,
        is_view: false,
    };
    vec![
        own(
            "journal_entry",
            format!(
                "select school_id, seq, at, account_id, job_title, act, subject, salt, digest, hash \
                 from {OWN}journal_entry where school_id = {SCHOOL} and seq <= {NUMBER}"
            ),
        ),
        own(
            "journal_payload",
            format!(
                "select school_id, seq, payload, erased_seq \
                 from {OWN}journal_payload where school_id = {SCHOOL} and seq <= {NUMBER}"
            ),
        ),
        own(
            "held_act",
            format!(
                "select school_id, seq, group_id, {}, {} from {OWN}held_act where school_id = {SCHOOL} and seq <= {NUMBER}",
                until("released_seq"),
                until("abandoned_seq")
            ),
        ),
        own(
            "school_head",
            format!(
                "select h.school_id, e.seq, e.hash, e.at, h.next_id, h.schema, h.facts from {OWN}school_head h \
                 join {OWN}journal_entry e on e.school_id = h.school_id and e.seq = {NUMBER} where h.school_id = {SCHOOL}"
            ),
        ),
    ]
}

/// The views that a migration makes: name and question.
fn views(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    sql.split("create view ").skip(1).filter_map(|text| {
        let (name, rest) = text.split_once(" as")?;
        let (select, _) = rest.split_once(';')?;
        Some((name.trim(), select.trim()))
    })
}

/// Whether a statement names this table or view.
fn names(sql: &str, name: &str) -> bool {
    let is_part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = sql.as_bytes();
    sql.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !is_part(before) && !is_part(bytes.get(at + name.len()))
    })
}

/// The greatest number of an argument.
fn arguments(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|text| {
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text[..digits].parse().unwrap_or(0)
    });
    numbers.max().unwrap_or(0)
}

/// Where a transaction looks back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) chronicle: &'static Chronicle,
    pub(crate) school: SchoolId,
    pub(crate) seq: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Kind};

    static PUPIL: Table = Table {
        name: "pupil",
        id: &[Column::new("pupil_id", Kind::Int)],
        columns: &[Column::new("surname", Kind::Text)],
        shape: Shape::Versions,
    };

    const VIEWS: Migration = Migration {
        name: "0001_views",
        sql: "create view pupil_history as\nselect p.surname, j.at from pupil p join journal_entry j on j.seq = p.seq;\n",
    };

    #[test]
    fn a_statement_reads_the_rows_of_the_past_under_their_own_names() {
        let chronicle = Chronicle::new(&[&PUPIL], &[VIEWS]);
        let told = chronicle.statement(
            Engine::Sqlite,
            "select surname from pupil where school_id = $1 and superseded_seq is null",
        );
        assert_eq!(
            told,
            Some(
                "with pupil as not materialized (select school_id, seq, pupil_id, surname, \
                 case when superseded_seq <= $3 then superseded_seq end as superseded_seq \
                 from main.pupil where school_id = $2 and seq <= $3) \
                 select surname from pupil where school_id = $1 and superseded_seq is null"
            )
        );
    }

    #[test]
    fn a_view_brings_the_tables_that_it_reads() {
        let chronicle = Chronicle::new(&[&PUPIL], &[VIEWS]);
        let told = chronicle.statement(Engine::Postgres, "select surname from pupil_history");
        let told = told.expect("a view has a past");
        let places =
            ["journal_entry as", "pupil as", "pupil_history as"].map(|part| told.find(part));
        assert!(places.is_sorted() && places[0].is_some(), "{told}");
        assert!(!told.contains("school_head"), "{told}");
    }

    #[test]
    fn a_statement_about_what_has_no_past_stays_as_it_is() {
        let chronicle = Chronicle::new(&[&PUPIL], &[VIEWS]);
        let told = chronicle.statement(
            Engine::Sqlite,
            "select name from account where pupil_count = $1",
        );
        assert_eq!(told, None);
    }
}
