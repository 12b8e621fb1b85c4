//! The proof: the journal's chain walked, and replayed against the rows.
//!
//! Rows are compared without decoding and without order: each line of a payload and each row of a table is hashed, with a
//! key drawn anew for each proof, and the sums per table and act must agree. Only where they differ are rows looked at
//! one by one.

mod ledger;
mod report;

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};

use calendar::Instant;

use crate::journal::{self, Hashed};
use crate::payload::{self, Announced, Line};
use crate::table::{Shape, Table};
use crate::{Head, Row, SchoolId, StoreError, Tx, args};
use ledger::{Layout, Ledger, ToldRows, described, hash, hash_superseded, key_in_words};
pub use report::{Difference, Erased, VerifyProgress, VerifyReport, VerifyStage};

const WALK: &str = "\
    select e.seq, e.at, e.account_id, e.job_title, e.act, e.subject, e.salt, e.digest, e.hash, \
    p.seq, p.payload, p.erased_seq \
    from journal_entry e left join journal_payload p on p.school_id = e.school_id and p.seq = e.seq \
    where e.school_id = $1 order by e.seq";
const NEXT_ID: &str = "select next_id from school_head where school_id = $1";
const STRAY_PAYLOAD: &str = "\
    select p.seq from journal_payload p where p.school_id = $1 and not exists \
    (select 1 from journal_entry e where e.school_id = p.school_id and e.seq = p.seq) order by p.seq limit 1";
const STRAY_SCHOOL: &str = "\
    select distinct school_id from journal_entry \
    where school_id not in (select school_id from school_head) order by school_id";
const HELD: &str = "\
    select seq, group_id, released_seq, abandoned_seq from held_act where school_id = $1 order by seq";

/// The statements of this module, for the test that prepares them.
pub(crate) const STATEMENTS: [&str; 5] = [WALK, NEXT_ID, STRAY_PAYLOAD, STRAY_SCHOOL, HELD];

/// What is said of a payload that neither its own entry nor an erasing act covers.
const ALTERED: &str = "the payload was altered: its digest is another";

/// So many acts or rows between two words about progress.
const BETWEEN_WORDS: u64 = 4_096;

/// Proves these schools, or all when none is named.
pub(crate) fn verify(
    tx: &mut Tx,
    schools: &[SchoolId],
    tables: &[&'static Table],
    progress: &mut dyn FnMut(VerifyProgress),
) -> Result<VerifyReport, StoreError> {
    tx.lift_time_limit()?;
    let mut heads = journal::heads(tx)?;
    let mut differences = Vec::new();
    if schools.is_empty() {
        differences.extend(strays(tx, tables)?);
    } else {
        for school in schools {
            if !heads.iter().any(|(known, _)| known == school) {
                differences.push(headless(*school, "school_head"));
            }
        }
        heads.retain(|(school, _)| schools.contains(school));
    }
    let mut counter = Counter::new(&heads, progress);
    let mut erased = Vec::new();
    for (school, head) in &heads {
        let proof = Proof::new(*school, *head, tables);
        differences.extend(proof.run(tx, &mut counter, &mut erased)?);
    }
    Ok(VerifyReport {
        acts: counter.acts,
        rows: counter.rows,
        heads,
        differences,
        erased,
    })
}

/// Schools that have rows and no head.
fn strays(tx: &mut Tx, tables: &[&'static Table]) -> Result<Vec<Difference>, StoreError> {
    let mut found: Vec<Difference> = tx.query(STRAY_SCHOOL, &args![], |row| {
        Ok(headless(row.get(0)?, "journal_entry"))
    })?;
    for table in tables {
        for school in tx.query(table.sql().schools, &args![], |row| row.get(0))? {
            if !found.iter().any(|known| known.school == school) {
                found.push(headless(school, table.name));
            }
        }
    }
    Ok(found)
}

fn headless(school: SchoolId, table: &'static str) -> Difference {
    Difference {
        school,
        seq: None,
        table,
        key: String::new(),
        field: None,
        problem: "the school has no head row, so nothing of it can be proved",
    }
}

/// Counts what was looked at and says so now and then.
struct Counter<'p> {
    acts: u64,
    acts_in_all: u64,
    rows: u64,
    rows_recorded: u64,
    say: &'p mut dyn FnMut(VerifyProgress),
}

impl<'p> Counter<'p> {
    fn new(heads: &[(SchoolId, Head)], say: &'p mut dyn FnMut(VerifyProgress)) -> Counter<'p> {
        let acts_in_all = heads
            .iter()
            .map(|(_, head)| u64::try_from(head.seq).unwrap_or(0))
            .sum();
        Counter {
            acts: 0,
            acts_in_all,
            rows: 0,
            rows_recorded: 0,
            say,
        }
    }

    fn act(&mut self) {
        self.acts += 1;
        if self.acts.is_multiple_of(BETWEEN_WORDS) || self.acts == self.acts_in_all {
            (self.say)(VerifyProgress {
                stage: VerifyStage::Journal,
                done: self.acts,
                total: self.acts_in_all,
            });
        }
    }

    fn row(&mut self) {
        self.rows += 1;
        if self.rows.is_multiple_of(BETWEEN_WORDS) {
            self.say_rows();
        }
    }

    fn say_rows(&mut self) {
        (self.say)(VerifyProgress {
            stage: VerifyStage::Rows,
            done: self.rows,
            total: self.rows_recorded.max(self.rows),
        });
    }
}

/// The proof of one school.
struct Proof {
    school: SchoolId,
    head: Head,
    ledgers: Vec<Ledger>,
    key: RandomState,
    /// Acts whose payload is gone, with the number of the act that is said to have erased it.
    erased: HashMap<i64, Option<i64>>,
    /// Acts whose payload is another than they were made with: the act that is said to have shortened it, and the digest that it has.
    shortened: HashMap<i64, (Option<i64>, [u8; 32])>,
    /// What acts say that they erased: the last act that did, and the digest of what it left.
    erasures: HashMap<i64, (i64, Option<[u8; 32]>)>,
    /// The acts that erased.
    erasers: Vec<Erased>,
    /// Held acts: group, released by, abandoned by.
    held: BTreeMap<i64, (i64, Option<i64>, Option<i64>)>,
    next_id: i64,
    /// Rows that the journal says were recorded.
    recorded: u64,
    first: Option<Difference>,
}

/// A line of a payload is about this ledger, laid out so; `None` for a table that is not proved.
type Place = Option<(usize, usize)>;

impl Proof {
    fn new(school: SchoolId, head: Head, tables: &[&'static Table]) -> Proof {
        let ledgers = tables
            .iter()
            .map(|table| Ledger {
                table,
                tallies: HashMap::new(),
                layouts: vec![Layout::of_now(table)],
            })
            .collect();
        Proof {
            school,
            head,
            ledgers,
            key: RandomState::new(),
            erased: HashMap::new(),
            shortened: HashMap::new(),
            erasures: HashMap::new(),
            erasers: Vec::new(),
            held: BTreeMap::new(),
            next_id: 1,
            recorded: 0,
            first: None,
        }
    }

    fn run(
        mut self,
        tx: &mut Tx,
        counter: &mut Counter<'_>,
        erased: &mut Vec<Erased>,
    ) -> Result<Option<Difference>, StoreError> {
        self.walk_journal(tx, counter)?;
        erased.append(&mut self.erasers);
        self.check_erasures();
        self.check_held(tx)?;
        for index in 0..self.ledgers.len() {
            self.take_rows_away(tx, index, counter)?;
        }
        counter.say_rows();
        self.locate(tx)?;
        if self.first.is_none() {
            self.check_head(tx)?;
        }
        Ok(self.first)
    }

    /// Keeps a difference when it is the first in the order of acts.
    fn differs(&mut self, difference: Difference) {
        let place = |difference: &Difference| difference.seq.unwrap_or(i64::MAX);
        if self
            .first
            .as_ref()
            .is_none_or(|first| place(&difference) < place(first))
        {
            self.first = Some(difference);
        }
    }

    fn in_journal(&mut self, table: &'static str, seq: i64, problem: &'static str) {
        self.differs(Difference {
            school: self.school,
            seq: Some(seq),
            table,
            key: String::new(),
            field: None,
            problem,
        });
    }

    // ---- the chain

    fn walk_journal(&mut self, tx: &mut Tx, counter: &mut Counter<'_>) -> Result<(), StoreError> {
        let mut before = Head {
            seq: 0,
            hash: [0; 32],
            at: Instant::from_micros(i64::MIN),
        };
        let school = self.school;
        tx.each(WALK, &args![school], |row| {
            counter.act();
            if self.first.is_some() {
                return Ok(());
            }
            match self.entry(row, &before) {
                Ok(head) => before = head,
                Err(Wrong {
                    table,
                    seq,
                    problem,
                }) => self.in_journal(table, seq, problem),
            }
            Ok(())
        })?;
        counter.rows_recorded += self.recorded;
        if self.first.is_none() && before.seq != self.head.seq {
            let (seq, problem) = if before.seq < self.head.seq {
                (
                    before.seq + 1,
                    "the school's head knows this act, and its entry is missing",
                )
            } else {
                (
                    self.head.seq + 1,
                    "the school's head does not know this act",
                )
            };
            self.in_journal("journal_entry", seq, problem);
        }
        if self.first.is_none()
            && before.seq > 0
            && (before.hash, before.at) != (self.head.hash, self.head.at)
        {
            self.in_journal(
                "school_head",
                before.seq,
                "the school's head has another hash or moment than its newest act",
            );
        }
        if let Some(seq) = tx.query_opt(STRAY_PAYLOAD, &args![school], |row| row.get(0))? {
            self.in_journal("journal_payload", seq, "there is a payload without an act");
        }
        Ok(())
    }

    fn entry(&mut self, row: &Row<'_>, before: &Head) -> Result<Head, Wrong> {
        let seq: i64 = row
            .get(0)
            .map_err(|_| Wrong::entry(before.seq + 1, "its number cannot be read"))?;
        if seq != before.seq + 1 {
            return Err(Wrong::entry(before.seq + 1, "the entry is missing"));
        }
        let unreadable = |_| Wrong::entry(seq, "the entry cannot be read");
        let payload_there: Option<i64> = row.get(9).map_err(unreadable)?;
        if payload_there.is_none() {
            return Err(Wrong::payload(seq, "the payload is missing"));
        }
        let digest: [u8; 32] = row.get(7).map_err(unreadable)?;
        let hash: [u8; 32] = row.get(8).map_err(unreadable)?;
        let at: Instant = row.get(1).map_err(unreadable)?;
        let hashed = Hashed {
            school: self.school,
            seq,
            at,
            account: row.get(2).map_err(unreadable)?,
            job_title: row.get(3).map_err(unreadable)?,
            act: row.get(4).map_err(unreadable)?,
            subject: row.get(5).map_err(unreadable)?,
            digest,
        };
        if hashed.after(&before.hash) != hash {
            return Err(Wrong::entry(
                seq,
                "the entry or its hash was altered: the chain does not hold",
            ));
        }
        if at < before.at {
            return Err(Wrong::entry(seq, "it happened before the act before it"));
        }
        let payload: Option<&[u8]> = row.get(10).map_err(unreadable)?;
        match payload {
            None => {
                let by: Option<i64> = row.get(11).map_err(unreadable)?;
                self.erased.insert(seq, by);
            }
            Some(payload) => {
                let salt: Option<&[u8]> = row.get(6).map_err(unreadable)?;
                let own = journal::digest(salt.unwrap_or_default(), payload);
                if own != digest {
                    let by: Option<i64> = row.get(11).map_err(unreadable)?;
                    if by.is_none() {
                        return Err(Wrong::payload(seq, ALTERED));
                    }
                    // Whether that act left it so is known once its own payload was read.
                    self.shortened.insert(seq, (by, own));
                }
                let unclear = Wrong::payload(seq, "the payload cannot be read");
                let (emptied, shortened) = self.add_payload(seq, payload).ok_or(unclear)?;
                if emptied + shortened > 0 {
                    self.erasers.push(Erased {
                        school: self.school,
                        seq,
                        at,
                        account: row.get(2).map_err(unreadable)?,
                        job_title: row.get(3).map_err(unreadable)?,
                        emptied,
                        shortened,
                    });
                }
            }
        }
        Ok(Head { seq, hash, at })
    }

    /// Adds what a payload says to the ledgers; answers of how many acts it erased all and a part.
    fn add_payload(&mut self, seq: i64, payload: &[u8]) -> Option<(u64, u64)> {
        let mut told: Vec<Place> = Vec::new();
        let (mut emptied, mut shortened) = (0, 0);
        for line in payload::lines(payload) {
            match line? {
                Line::Table(announced) => told.push(self.announced(&announced)),
                Line::Recorded(table, fields) => {
                    if let Some((ledger, layout)) = *told.get(table)? {
                        let ledger = &mut self.ledgers[ledger];
                        let hash = ledger.layouts[layout].hash_line(&self.key, fields)?;
                        ledger.add(seq, layout, hash);
                        self.recorded += 1;
                    }
                }
                Line::Superseded(table, version, id) => {
                    if let Some((ledger, layout)) = *told.get(table)? {
                        let hash = hash_superseded(&self.key, version, id);
                        self.ledgers[ledger].add(seq, layout, hash);
                    }
                }
                Line::Held(group) => {
                    self.held.insert(seq, (group, None, None));
                }
                Line::Released(group) => self.end_group(group, |held| held.1 = Some(seq)),
                Line::Abandoned(group) => self.end_group(group, |held| held.2 = Some(seq)),
                Line::Erased(erased, left) => {
                    self.erasures.insert(erased, (seq, left));
                    match left {
                        None => emptied += 1,
                        Some(_) => shortened += 1,
                    }
                }
                Line::NextId(next_id) => self.next_id = self.next_id.max(next_id),
                Line::Note(..) => {}
            }
        }
        Some((emptied, shortened))
    }

    fn end_group(&mut self, group: i64, mut end: impl FnMut(&mut (i64, Option<i64>, Option<i64>))) {
        for held in self.held.values_mut() {
            if *held == (group, None, None) {
                end(held);
            }
        }
    }

    fn announced(&mut self, announced: &Announced<'_>) -> Place {
        let index = self
            .ledgers
            .iter()
            .position(|ledger| ledger.table.name == announced.name)?;
        let ledger = &mut self.ledgers[index];
        let described = described(announced);
        let layout = match ledger
            .layouts
            .iter()
            .position(|layout| layout.announced == described)
        {
            Some(layout) => layout,
            None => {
                let layout = Layout::of_then(ledger.table, announced, described);
                ledger.layouts.push(layout);
                ledger.layouts.len() - 1
            }
        };
        Some((index, layout))
    }

    fn check_erasures(&mut self) {
        let is_told = |seq: &i64, by: &Option<i64>, left: Option<[u8; 32]>| {
            by.is_some_and(|by| self.erasures.get(seq) == Some(&(by, left)))
        };
        let gone = (self.erased.iter())
            .filter(|(seq, by)| !is_told(seq, by, None))
            .map(|(seq, _)| (*seq, "the payload is gone, and no act erased it"));
        let other = (self.shortened.iter())
            .filter(|(seq, (by, own))| !is_told(seq, by, Some(*own)))
            .map(|(seq, _)| (*seq, ALTERED));
        let back = (self.erasures.keys())
            .filter(|seq| !self.erased.contains_key(seq) && !self.shortened.contains_key(seq))
            .map(|seq| (*seq, "the payload was erased, and is there again"));
        let wrong = gone.chain(other).min();
        let back = back.min();
        // A chain that broke was not walked to the acts that erased.
        if let (Some((seq, problem)), None) = (wrong, &self.first) {
            self.in_journal("journal_payload", seq, problem);
        }
        if let Some((seq, problem)) = back {
            self.in_journal("journal_payload", seq, problem);
        }
    }

    fn check_held(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.first.is_some() {
            return Ok(());
        }
        let rows = tx.query(HELD, &args![self.school], |row| {
            Ok((row.get::<i64>(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
        })?;
        let there: BTreeMap<_, _> = rows.into_iter().collect();
        let all: HashSet<i64> = there.keys().chain(self.held.keys()).copied().collect();
        let wrong = all
            .into_iter()
            .filter(|seq| !self.erased.contains_key(seq) && there.get(seq) != self.held.get(seq))
            .min();
        if let Some(seq) = wrong {
            self.in_journal(
                "held_act",
                seq,
                "whether the act is held, released or abandoned is not what the journal says",
            );
        }
        Ok(())
    }

    fn check_head(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let next_id: i64 = tx.query_one(NEXT_ID, &args![self.school], |row| row.get(0))?;
        if next_id < self.next_id {
            self.differs(Difference {
                school: self.school,
                seq: None,
                table: "school_head",
                key: String::new(),
                field: Some("next_id"),
                problem: "ids that were given already would be given again",
            });
        }
        Ok(())
    }

    // ---- the rows

    fn take_rows_away(
        &mut self,
        tx: &mut Tx,
        index: usize,
        counter: &mut Counter<'_>,
    ) -> Result<(), StoreError> {
        let Proof {
            school,
            ledgers,
            key,
            ..
        } = self;
        let ledger = &mut ledgers[index];
        let table = ledger.table;
        let mut line = Vec::new();
        tx.each(table.sql().scan, &args![*school], |row| {
            counter.row();
            let seq: i64 = row.get(0)?;
            let layout = ledger.tallies.get(&seq).map_or(0, |tally| tally.layout);
            line.clear();
            let id_ends = ledger.layouts[layout].put_row(&mut line, table, row);
            ledger.take(seq, hash(key, 0, 0, &line));
            if table.shape == Shape::Versions
                && let Some(by) = row.get::<Option<i64>>(1)?
            {
                ledger.take(by, hash_superseded(key, seq, &line[..id_ends]));
            }
            Ok(())
        })
    }

    /// Looks row by row at the first act whose rows are not as the journal says.
    fn locate(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let chain_holds_to = self
            .first
            .as_ref()
            .and_then(|first| first.seq)
            .unwrap_or(i64::MAX);
        let uneven = self
            .ledgers
            .iter()
            .enumerate()
            .flat_map(|(index, ledger)| {
                let uneven = ledger.tallies.iter().filter(|(_, tally)| !tally.is_even());
                uneven.map(move |(seq, _)| (*seq, index))
            })
            .filter(|(seq, _)| *seq < chain_holds_to)
            .min();
        if let Some((seq, index)) = uneven {
            let difference = self.look_at(tx, seq, index)?;
            self.differs(difference);
        }
        Ok(())
    }

    fn look_at(&self, tx: &mut Tx, seq: i64, index: usize) -> Result<Difference, StoreError> {
        let ledger = &self.ledgers[index];
        let table = ledger.table;
        let payload = journal::payload_of(tx, self.school, seq)?
            .flatten()
            .unwrap_or_default();
        let told = ToldRows::read(&payload, table).unwrap_or_default();
        let layout = &ledger.layouts[ledger.tallies.get(&seq).map_or(0, |tally| tally.layout)];
        let values = args![self.school, seq];

        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        tx.each(table.sql().recorded, &values, |row| {
            let mut line = Vec::new();
            let id_ends = layout.put_row(&mut line, table, row);
            rows.insert(line[..id_ends].to_vec(), line);
            Ok(())
        })?;
        let differs = |key: &[u8], field, problem| Difference {
            school: self.school,
            seq: Some(seq),
            table: table.name,
            key: key_in_words(table, key),
            field,
            problem,
        };
        for (key, line) in &told.recorded {
            let line = layout.common(line);
            match rows.get(key) {
                None => return Ok(differs(key, None, "the row is missing")),
                Some(row) if *row != line => {
                    let field = layout.first_other(table, &line, row);
                    return Ok(differs(key, field, "the row was altered"));
                }
                Some(_) => {}
            }
        }
        if let Some(key) = rows.keys().find(|key| !told.recorded.contains_key(*key)) {
            return Ok(differs(key, None, "no act recorded the row"));
        }

        let mut ended: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        if table.shape == Shape::Versions {
            tx.each(table.sql().superseded, &values, |row| {
                let mut line = Vec::new();
                let id_ends = layout.put_row(&mut line, table, row);
                ended.insert(line[..id_ends].to_vec(), row.get(0)?);
                Ok(())
            })?;
        }
        let all: HashSet<&Vec<u8>> = told.superseded.keys().chain(ended.keys()).collect();
        let wrong = all
            .into_iter()
            .filter(|key| told.superseded.get(*key) != ended.get(*key))
            .min();
        Ok(match wrong {
            Some(key) if told.superseded.contains_key(key) => differs(
                key,
                Some("superseded_seq"),
                "the act superseded this row, and the row does not say so",
            ),
            Some(key) => differs(
                key,
                Some("superseded_seq"),
                "the row says that the act superseded it, and it did not",
            ),
            None => differs(b"", None, "the rows are not what the act recorded"),
        })
    }
}

/// Something wrong in the journal itself.
struct Wrong {
    table: &'static str,
    seq: i64,
    problem: &'static str,
}

impl Wrong {
    fn entry(seq: i64, problem: &'static str) -> Wrong {
        Wrong {
            table: "journal_entry",
            seq,
            problem,
        }
    }

    fn payload(seq: i64, problem: &'static str) -> Wrong {
        Wrong {
            table: "journal_payload",
            seq,
            problem,
        }
    }
}
