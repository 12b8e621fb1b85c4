use std::any::Any;
use std::sync::Arc;

use calendar::Instant;

use crate::facts::{FactsHash, KnownFacts};
use crate::journal::{self, Entry, Hashed};
use crate::payload::PayloadWriter;
use crate::table::{Shape, Table};
use crate::{Arg, Engine, Head, SchoolId, StoreError, Tx, args, held};

/// Something that happens in a school: a transaction that holds the school's head, with a number, a moment and a journal entry.
///
/// What it records through here is in the journal and can be proved; what it writes through [`Act::tx`] is neither.
/// When the closure answers `Err`, nothing of the act remains and its number goes to the next one.
pub struct Act {
    tx: Tx,
    school: SchoolId,
    seq: i64,
    at: Instant,
    head: HeadRow,
    first_free_id: i64,
    payload: PayloadWriter,
    entry: Option<Described>,
    held: bool,
    leaves_facts: bool,
    kept: Arc<KnownFacts>,
}

/// A school's head row as an act finds it, and as it leaves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadRow {
    pub head: Head,
    pub next_id: i64,
    pub facts: FactsHash,
}

/// Where an act leaves its school's head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    pub row: HeadRow,
    /// Whether the head row says so already.
    pub stored: bool,
}

struct Described {
    account: i64,
    job_title: String,
    act: &'static str,
    subject: String,
}

impl Act {
    pub(crate) fn begin(
        tx: Tx,
        school: SchoolId,
        head: HeadRow,
        now: Instant,
        kept: Arc<KnownFacts>,
    ) -> Act {
        Act {
            tx,
            school,
            seq: head.head.seq + 1,
            at: now.max(head.head.at),
            head,
            first_free_id: head.next_id,
            payload: PayloadWriter::default(),
            entry: None,
            held: false,
            leaves_facts: false,
            kept,
        }
    }

    /// The school in which it happens.
    pub fn school(&self) -> SchoolId {
        self.school
    }

    /// The number of this act in the school's order.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The moment at which it happens: the server's clock, never before the act before it.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// The head as the act before left it.
    pub fn head(&self) -> Head {
        self.head.head
    }

    /// A new id, unique within the school among all that this function gave.
    pub fn new_id(&mut self) -> i64 {
        let id = self.head.next_id;
        self.head.next_id += 1;
        id
    }

    /// The transaction, for reading facts and for rows that need no proof.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// What `find` tells of this school, or what it told an act before, where since then every act said that it [leaves
    /// facts](Act::leaves_facts).
    ///
    /// The key names the question with all that it depends on but the school. Of what this act itself changed nothing is kept; what it
    /// changed through [`Act::tx`] it must not ask about here.
    ///
    /// Errors: those of `find`.
    pub fn known<T, E>(
        &mut self,
        key: &str,
        find: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<Arc<T>, E>
    where
        T: Any + Send + Sync,
    {
        if !self.payload.is_empty() {
            return find(&mut self.tx).map(Arc::new);
        }
        if let Some(known) = self.kept.get(self.school, &self.head.facts, key) {
            return Ok(known);
        }
        let found = Arc::new(find(&mut self.tx)?);
        let kept: Arc<T> = Arc::clone(&found);
        self.kept.put(self.school, &self.head.facts, key, kept);
        Ok(found)
    }

    /// Says that this act changes nothing that any act asks for by [`Act::known`]: it records only what changes all the time.
    pub fn leaves_facts(&mut self) {
        self.leaves_facts = true;
    }

    /// Records a row: its id, then its other columns, in the order of the table.
    ///
    /// An act records one row at most for each id.
    ///
    /// Errors: [`StoreError::Misfit`] when the values do not fit the table, [`StoreError::Refused`] by the schema.
    pub fn record(&mut self, table: &'static Table, values: &[Arg<'_>]) -> Result<(), StoreError> {
        check(table, table.given(), values)?;
        let (id, columns) = values.split_at(table.id.len());
        let mut row = Vec::with_capacity(values.len() + 2);
        row.push(Arg::from(self.school));
        row.extend(id.iter().map(Arg::borrowed));
        row.push(Arg::Int(self.seq));
        row.extend(columns.iter().map(Arg::borrowed));
        self.tx.execute(table.sql().insert, &row)?;
        let number = self.payload.table(table);
        self.payload.recorded(number, values);
        Ok(())
    }

    /// Records many rows, each as [`Act::record`] takes one, and answers how many. The quick way in for more than a few,
    /// quickest for rows in the order of the primary key.
    ///
    /// Errors: as [`Act::record`]; what the schema refuses may come with a later statement, or at the end of the act.
    pub fn record_many<'v, R: AsRef<[Arg<'v>]>>(
        &mut self,
        table: &'static Table,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<u64, StoreError> {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(0);
        }
        let number = self.payload.table(table);
        let school = [Arg::from(self.school)];
        let seq = [Arg::Int(self.seq)];
        let mut count = 0;
        let mut inserting = self.tx.inserting(table)?;
        for row in rows {
            let values = row.as_ref();
            check(table, table.given(), values)?;
            let (id, columns) = values.split_at(table.id.len());
            inserting.row([&school, id, &seq, columns])?;
            self.payload.recorded(number, values);
            count += 1;
        }
        inserting.finish()?;
        Ok(count)
    }

    /// Closes the current version of what has this id; answers whether there was one.
    ///
    /// Errors: [`StoreError::Misfit`] for a table that keeps no versions or an id that does not fit it.
    pub fn supersede(&mut self, table: &'static Table, id: &[Arg<'_>]) -> Result<bool, StoreError> {
        if table.shape != Shape::Versions {
            return Err(misfit(table, "it is a log: its rows are never superseded"));
        }
        check(table, table.id.iter(), id)?;
        let mut given = Vec::with_capacity(id.len() + 2);
        given.push(Arg::from(self.school));
        given.extend(id.iter().map(Arg::borrowed));
        given.push(Arg::Int(self.seq));
        let sql = table.sql().supersede;
        let version = self.tx.query(sql, &given, |row| row.get::<i64>(0))?;
        let Some(version) = version.first() else {
            return Ok(false);
        };
        let number = self.payload.table(table);
        self.payload.superseded(number, *version, id);
        Ok(true)
    }

    /// Closes the current version, if there is one, and records the next; answers whether there was one.
    ///
    /// Errors: as [`Act::supersede`] and [`Act::record`].
    pub fn replace(
        &mut self,
        table: &'static Table,
        values: &[Arg<'_>],
    ) -> Result<bool, StoreError> {
        check(table, table.given(), values)?;
        let had_one = self.supersede(table, &values[..table.id.len()])?;
        self.record(table, values)?;
        Ok(had_one)
    }

    /// Says who did what. An act that records anything must say it, before or after recording.
    pub fn describe(&mut self, entry: Entry<'_>) {
        self.entry = Some(Described {
            account: entry.account,
            job_title: entry.job_title.to_owned(),
            act: entry.act,
            subject: entry.subject,
        });
    }

    /// Adds a line to the journal that is no row: a reason, a ground.
    pub fn note(&mut self, key: &str, value: &str) {
        self.payload.note(key, value);
    }

    /// Holds the rows of this act back until the group is released. Only rows of [`Shape::Log`] tables can be held.
    ///
    /// Errors: [`StoreError::Held`] when the act is held already.
    pub fn hold(&mut self, group: i64) -> Result<(), StoreError> {
        if self.held {
            return Err(StoreError::Held("an act is held in one group"));
        }
        self.held = true;
        let values = args![self.school, self.seq, group];
        self.tx.execute(held::HOLD, &values)?;
        self.payload.number(b'h', group);
        Ok(())
    }

    /// Puts the rows of a group's held acts into effect, all at once; answers how many acts.
    ///
    /// Errors: a [`StoreError`] of the statement.
    pub fn release(&mut self, group: i64) -> Result<u64, StoreError> {
        self.end_group(group, held::RELEASE, b'r')
    }

    /// Withdraws the rows of a group's held acts: they stay in the journal and are never in effect. Answers how many acts.
    ///
    /// Errors: a [`StoreError`] of the statement.
    pub fn abandon(&mut self, group: i64) -> Result<u64, StoreError> {
        self.end_group(group, held::ABANDON, b'a')
    }

    fn end_group(&mut self, group: i64, sql: &'static str, letter: u8) -> Result<u64, StoreError> {
        let values = args![self.school, group, self.seq];
        let acts = self.tx.execute(sql, &values)?;
        if acts > 0 {
            self.payload.number(letter, group);
        }
        Ok(acts)
    }

    /// Says that this act shortened the payload of another, and the digest of what is left; none where nothing is left.
    pub(crate) fn tell_erased(&mut self, seq: i64, digest: Option<&[u8; 32]>) {
        self.payload.erased(seq, digest);
    }

    /// Writes the journal entry and answers the head after this act; `None` when it used no number.
    ///
    /// With `wait`, all that the act put stands before this answers.
    pub(crate) fn write_journal(&mut self, wait: bool) -> Result<Option<Moved>, StoreError> {
        let moved = self.journalled()?;
        if wait {
            self.tx.send()?;
        }
        Ok(moved)
    }

    fn journalled(&mut self) -> Result<Option<Moved>, StoreError> {
        if self.payload.is_empty() && self.entry.is_none() {
            // It may have taken ids for rows that need no proof.
            let moved = Moved {
                row: self.head,
                stored: false,
            };
            return Ok((self.head.next_id > self.first_free_id).then_some(moved));
        }
        let Some(entry) = self.entry.take() else {
            return Err(StoreError::NotDescribed);
        };
        if self.held
            && self
                .payload
                .tables()
                .iter()
                .any(|table| table.shape != Shape::Log)
        {
            return Err(StoreError::Held("only rows of a log can be held"));
        }
        if self.head.next_id > self.first_free_id {
            self.payload.number(b'i', self.head.next_id);
        }
        let payload = std::mem::take(&mut self.payload).into_bytes();
        let salt = salt();
        let digest = journal::digest(&salt, &payload);
        let hash = Hashed {
            school: self.school,
            seq: self.seq,
            at: self.at,
            account: entry.account,
            job_title: &entry.job_title,
            act: entry.act,
            subject: &entry.subject,
            digest,
        }
        .after(&self.head.head.hash);
        let facts = match self.leaves_facts {
            true => self.head.facts,
            false => hash,
        };
        let values = args![
            self.school,
            self.seq,
            self.at,
            entry.account,
            &entry.job_title,
            entry.act,
            &entry.subject,
            &salt,
            &digest,
            &hash,
            &payload,
            self.head.next_id,
            &facts
        ];
        let engine = self.tx.engine();
        match engine {
            Engine::Sqlite => {
                let payload = args![self.school, self.seq, &payload];
                self.tx.put(journal::ADD_ENTRY, &values[..10])?;
                self.tx.put(journal::ADD_PAYLOAD, &payload)?;
            }
            Engine::Postgres => {
                self.tx.put(journal::ADD_ON_POSTGRES, &values)?;
            }
        }
        let head = Head {
            seq: self.seq,
            hash,
            at: self.at,
        };
        Ok(Some(Moved {
            row: HeadRow {
                head,
                next_id: self.head.next_id,
                facts,
            },
            stored: engine == Engine::Postgres,
        }))
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.tx.is_broken()
    }

    pub(crate) fn into_tx(self) -> Tx {
        self.tx
    }
}

/// Sixteen random bytes, so that an erased payload cannot be guessed from its digest.
pub(crate) fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).expect("the operating system gives random bytes");
    salt
}

fn misfit(table: &Table, problem: impl Into<String>) -> StoreError {
    StoreError::Misfit {
        table: table.name,
        problem: problem.into(),
    }
}

fn check<'c>(
    table: &Table,
    mut columns: impl Iterator<Item = &'c crate::table::Column>,
    values: &[Arg<'_>],
) -> Result<(), StoreError> {
    let mut given = values.iter();
    loop {
        match (columns.next(), given.next()) {
            (None, None) => return Ok(()),
            (Some(column), Some(value)) if column.takes(value) => {
                if matches!(value, Arg::Text(text) if text.contains('\0')) {
                    return Err(misfit(table, format!("{} holds a zero byte", column.name)));
                }
            }
            (Some(column), Some(value)) => {
                let problem = format!("{} cannot hold {}", column.name, value.in_words());
                return Err(misfit(table, problem));
            }
            (Some(column), None) => {
                return Err(misfit(table, format!("{} is missing", column.name)));
            }
            (None, Some(_)) => return Err(misfit(table, "there are more values than columns")),
        }
    }
}
