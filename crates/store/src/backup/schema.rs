//! What the migrations make, as data: tables with their columns, kinds and the words that stand above them.

use crate::migrate::OWN;
use crate::{Kind, Migration};

/// The tables that migrations make, in the order in which they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The tables.
    pub tables: Vec<StoredTable>,
}

/// A table as the migrations leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// The name.
    pub name: String,
    /// The comment that stands above it in its migration; empty where there is none.
    pub about: String,
    /// The columns, in order.
    pub columns: Vec<StoredColumn>,
}

/// A column as the migrations leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredColumn {
    /// The name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

impl Schema {
    /// Reads the store's own migrations and those of these.
    ///
    /// Understands `create table`, `drop table`, and `alter table` with `add column`, `drop column`, `rename to` and
    /// `rename column … to`; a test compares the outcome with what the engines say.
    pub fn of(migrations: &[Migration]) -> Schema {
        let mut schema = Schema { tables: Vec::new() };
        for migration in OWN.iter().chain(migrations) {
            for (about, statement) in statements(migration.sql) {
                schema.follow(about, &statement);
            }
        }
        schema
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&StoredTable> {
        self.tables.iter().find(|table| table.name == name)
    }

    fn follow(&mut self, about: String, statement: &str) {
        let words: Vec<&str> = statement
            .split(|letter: char| letter.is_whitespace() || letter == '(')
            .filter(|word| !word.is_empty())
            .collect();
        match words[..] {
            ["create", "table", name, ..] => self.tables.push(StoredTable {
                name: name.to_owned(),
                about,
                columns: columns(statement),
            }),
            ["drop", "table", name, ..] => self.tables.retain(|table| table.name != name),
            ["alter", "table", name, ref change @ ..] => {
                let found = self.tables.iter_mut().find(|table| table.name == name);
                if let Some(table) = found {
                    table.alter(change);
                }
            }
            _ => {}
        }
    }
}

impl StoredTable {
    fn alter(&mut self, change: &[&str]) {
        match *change {
            ["add", "column", name, kind, ..] => {
                self.columns.extend(column_of(name, kind));
            }
            ["drop", "column", name, ..] => self.columns.retain(|column| column.name != name),
            ["rename", "to", name, ..] => self.name = name.to_owned(),
            ["rename", "column", old, "to", new, ..] => {
                for column in self.columns.iter_mut().filter(|column| column.name == old) {
                    column.name = new.to_owned();
                }
            }
            _ => {}
        }
    }
}

/// Each statement of a migration with the comment that stands right above it. A statement ends where a line ends in `;`.
fn statements(sql: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut about, mut statement) = (Vec::new(), String::new());
    for line in sql.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("--") {
            if statement.is_empty() {
                about.push(comment.trim());
            }
            continue;
        }
        if line.is_empty() && statement.is_empty() {
            about.clear();
        }
        let text = line.split(" -- ").next().unwrap_or(line).trim();
        statement.push_str(text);
        statement.push(' ');
        if let Some(whole) = statement.trim_end().strip_suffix(';') {
            found.push((about.join(" "), whole.trim().to_owned()));
            about.clear();
            statement.clear();
        } else if statement.trim().is_empty() {
            statement.clear();
        }
    }
    found
}

/// The columns between the outer brackets of a `create table`; what has no kind in braces is a rule, not a column.
fn columns(statement: &str) -> Vec<StoredColumn> {
    let Some((_, body)) = statement.split_once('(') else {
        return Vec::new();
    };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for letter in body.chars() {
        match letter {
            ')' if depth == 0 => break,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        parts
            .last_mut()
            .expect("there is always a last part")
            .push(letter);
    }
    parts
        .iter()
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            column_of(words.next()?, words.next()?)
        })
        .collect()
}

fn column_of(name: &str, kind: &str) -> Option<StoredColumn> {
    let word = kind.strip_prefix('{')?.split('}').next()?;
    Some(StoredColumn {
        name: name.to_owned(),
        kind: Kind::from_word(word)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration {
        name: "0001_first",
        sql: "-- The whole of it.

-- One pupil.
-- born is the day of birth.
create table pupil (
    school_id {int} not null,
    born {day}, -- may be unknown
    surname {text} not null check (surname <> '', length(surname) < 200),
    primary key (school_id, surname)
) {strict};
create index pupil_by_day on pupil (school_id, born);
create table scrap (id {int} not null primary key, words {text}) {strict};
",
    };

    fn shown(table: &StoredTable) -> String {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{}:{:?}", column.name, column.kind))
            .collect();
        format!("{} {}", table.name, columns.join(" "))
    }

    #[test]
    fn a_table_is_known_with_its_columns_and_the_words_above_it() {
        let schema = Schema::of(&[FIRST]);
        let pupil = schema.table("pupil").unwrap();
        assert_eq!(shown(pupil), "pupil school_id:Int born:Day surname:Text");
        assert_eq!(pupil.about, "One pupil. born is the day of birth.");
        assert_eq!(schema.table("scrap").unwrap().about, "");
        assert!(schema.table("school_head").is_some(), "the store's own");
    }

    #[test]
    fn later_migrations_are_followed() {
        let second = Migration {
            name: "0002_second",
            sql: "alter table pupil add column seen {instant};
alter table pupil rename column surname to legal_surname;
alter table pupil drop column born;
alter table pupil rename to learner;
drop table scrap;",
        };
        let schema = Schema::of(&[FIRST, second]);
        assert!(schema.table("scrap").is_none());
        assert_eq!(
            shown(schema.table("learner").unwrap()),
            "learner school_id:Int legal_surname:Text seen:Instant"
        );
    }
}
