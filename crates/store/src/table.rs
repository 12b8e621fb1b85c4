use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::Arg;

/// A table whose rows are recorded by acts, kept in versions and proved by the journal.
///
/// A [`Shape::Versions`] table is `(school_id, <id…>, seq, <columns…>, superseded_seq)`, a [`Shape::Log`] table lacks
/// `superseded_seq`; the primary key of both is `(school_id, <id…>, seq)`. `seq` is the number of the act that wrote the row.
#[derive(Debug)]
pub struct Table {
    /// The name in the schema.
    pub name: &'static str,
    /// What tells one thing from another, after `school_id`.
    pub id: &'static [Column],
    /// What is recorded of it.
    pub columns: &'static [Column],
    /// How its versions are told apart.
    pub shape: Shape,
}

/// How the versions of a row are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The current version is the one whose `superseded_seq` is null.
    /// As known at number S: `seq <= S and (superseded_seq is null or superseded_seq > S)`.
    Versions,
    /// Append-only; the newest `seq` in effect is the current one.
    Log,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in the schema.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub nullable: bool,
}

impl Column {
    /// A column that always holds a value.
    pub const fn new(name: &'static str, kind: Kind) -> Column {
        Column {
            name,
            kind,
            nullable: false,
        }
    }

    /// A column that may hold nothing.
    pub const fn nullable(name: &'static str, kind: Kind) -> Column {
        Column {
            name,
            kind,
            nullable: true,
        }
    }
}

impl Column {
    /// Whether a value may stand here.
    pub(crate) fn takes(&self, value: &Arg<'_>) -> bool {
        matches!(
            (self.kind, value),
            (Kind::Int, Arg::Int(_))
                | (Kind::Text, Arg::Text(_))
                | (Kind::Day, Arg::Day(_))
                | (Kind::Instant, Arg::Instant(_))
                | (Kind::Bool, Arg::Bool(_))
                | (Kind::Bytes, Arg::Bytes(_))
        ) || (self.nullable && matches!(value, Arg::Null))
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// A day.
    Day,
    /// A moment.
    Instant,
    /// Yes or no.
    Bool,
    /// Bytes.
    Bytes,
}

impl Kind {
    /// The word for this kind in a journal's payload.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Int => "int",
            Kind::Text => "text",
            Kind::Day => "day",
            Kind::Instant => "instant",
            Kind::Bool => "bool",
            Kind::Bytes => "bytes",
        }
    }

    /// The name of this kind on PostgreSQL.
    fn on_postgres(self) -> &'static str {
        match self {
            Kind::Int => "bigint",
            Kind::Text => "text",
            Kind::Day => "date",
            Kind::Instant => "timestamptz",
            Kind::Bool => "boolean",
            Kind::Bytes => "bytea",
        }
    }

    /// The kind that this word of a journal's payload stands for.
    pub(crate) fn from_word(word: &str) -> Option<Kind> {
        [
            Kind::Int,
            Kind::Text,
            Kind::Day,
            Kind::Instant,
            Kind::Bool,
            Kind::Bytes,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

impl Table {
    /// The id and other columns in the order in which an act gives them.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static Column> {
        self.id.iter().chain(self.columns)
    }

    /// The statements of this table, made once.
    pub(crate) fn sql(&'static self) -> &'static TableSql {
        static MADE: OnceLock<Mutex<HashMap<usize, &'static TableSql>>> = OnceLock::new();
        let mut made = MADE
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // A table lives as long as the process, so its address names it.
        made.entry(std::ptr::from_ref(self) as usize)
            .or_insert_with(|| Box::leak(Box::new(TableSql::of(self))))
    }

    /// Every statement that the store makes for this table, for the test that prepares them.
    pub fn statements(&'static self) -> Vec<&'static str> {
        let sql = self.sql();
        let mut all = vec![sql.insert, sql.scan, sql.recorded, sql.schools, sql.forget];
        if self.shape == Shape::Versions {
            all.extend([sql.supersede, sql.superseded]);
        }
        all
    }
}

/// The statements of one table.
pub(crate) struct TableSql {
    /// `$1` school, `$2…` id, then seq, then columns.
    pub insert: &'static str,
    /// On PostgreSQL: an array for each column, in the same order.
    pub insert_few: &'static str,
    /// Opens the bulk way in on PostgreSQL; same order of columns.
    pub copy: &'static str,
    /// `$1` school, `$2…` id, then the superseding seq; answers the superseded seq.
    pub supersede: &'static str,
    /// `$1` school: seq, superseded seq (versions only), id, columns of every row.
    pub scan: &'static str,
    /// `$1` school, `$2` seq: the same of the rows that this act recorded.
    pub recorded: &'static str,
    /// `$1` school, `$2` seq: the same of the rows that this act superseded.
    pub superseded: &'static str,
    /// The schools that have rows here without having a head.
    pub schools: &'static str,
    /// `$1` school, `$2…` id: takes away every version; answers the number of each, and of what superseded it (versions only).
    pub forget: &'static str,
}

impl TableSql {
    fn of(table: &Table) -> TableSql {
        let names = |columns: &[Column]| -> String {
            columns
                .iter()
                .map(|column| format!(", {}", column.name))
                .collect()
        };
        let (name, id, columns) = (table.name, names(table.id), names(table.columns));
        let all = format!("school_id{id}, seq{columns}");
        let places: Vec<String> = (1..=2 + table.id.len() + table.columns.len())
            .map(|place| format!("${place}"))
            .collect();
        let kinds = [Kind::Int].into_iter();
        let kinds = kinds.chain(table.id.iter().map(|column| column.kind));
        let kinds = kinds.chain([Kind::Int]);
        let kinds = kinds.chain(table.columns.iter().map(|column| column.kind));
        let arrays: Vec<String> = (1..)
            .zip(kinds)
            .map(|(place, kind)| format!("${place}::{}[]", kind.on_postgres()))
            .collect();
        let key: String = table
            .id
            .iter()
            .enumerate()
            .map(|(index, column)| format!(" and {} = ${}", column.name, index + 2))
            .collect();
        let superseding = table.id.len() + 2;
        let looked_at = match table.shape {
            Shape::Versions => format!("seq, superseded_seq{id}{columns}"),
            Shape::Log => format!("seq{id}{columns}"),
        };
        let scan = format!("select {looked_at} from {name} where school_id = $1");
        let keep = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        TableSql {
            insert: keep(format!(
                "insert into {name} ({all}) values ({})",
                places.join(", ")
            )),
            insert_few: keep(format!(
                "insert into {name} ({all}) select * from unnest({})",
                arrays.join(", ")
            )),
            copy: keep(format!("copy {name} ({all}) from stdin (format binary)")),
            supersede: keep(format!(
                "update {name} set superseded_seq = ${superseding} \
                 where school_id = $1{key} and superseded_seq is null returning seq"
            )),
            recorded: keep(format!("{scan} and seq = $2")),
            superseded: keep(format!("{scan} and superseded_seq = $2")),
            scan: keep(scan),
            forget: keep(format!(
                "delete from {name} where school_id = $1{key} returning {}",
                match table.shape {
                    Shape::Versions => "seq, superseded_seq",
                    Shape::Log => "seq",
                }
            )),
            schools: keep(format!(
                "select distinct school_id from {name} \
                 where school_id not in (select school_id from school_head)"
            )),
        }
    }
}
