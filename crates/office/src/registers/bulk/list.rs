//! Changes to many marks as a list, and the marks of one: for the screen, print and a file.

use std::collections::HashMap;

use calendar::{Day, Instant};
use store::{Row, SchoolId, StoreError, Tx, args};

use super::undo::{SetMark, marks_of};
use crate::desk::Refusal;
use crate::ids::MarkSetId;
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Order, Table, Value};
use crate::people::Actor;
use crate::shell::moment;
use crate::take_away::{Leaving, Wanted};

pub(super) const SETS: &str = "\
select s.set_id, s.seq, s.kind, s.whom, s.code, s.first_day, s.last_day, s.marks, s.pupils, s.reason, s.undoes,
       j.at, j.account_id, j.job_title,
       (select max(u.set_id) from mark_set u where u.school_id = s.school_id and u.undoes = s.set_id and u.superseded_seq is null)
from mark_set s join journal_entry j on j.school_id = s.school_id and j.seq = s.seq
where s.school_id = $1 and s.superseded_seq is null order by s.seq desc";

pub(super) const SET: &str = "\
select s.set_id, s.seq, s.kind, s.whom, s.code, s.first_day, s.last_day, s.marks, s.pupils, s.reason, s.undoes,
       j.at, j.account_id, j.job_title,
       (select max(u.set_id) from mark_set u where u.school_id = s.school_id and u.undoes = s.set_id and u.superseded_seq is null)
from mark_set s join journal_entry j on j.school_id = s.school_id and j.seq = s.seq
where s.school_id = $1 and s.set_id = $2 and s.superseded_seq is null";

pub(super) const STATEMENTS: &[&str] = &[SETS, SET];

/// A change to many marks, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MarkSet {
    pub id: MarkSetId,
    pub seq: i64,
    pub kind: String,
    pub whom: String,
    pub code: Option<String>,
    pub first: Day,
    pub last: Day,
    pub marks: i64,
    pub pupils: i64,
    pub reason: String,
    pub undoes: Option<MarkSetId>,
    pub at: Instant,
    pub account: i64,
    pub job_title: String,
    pub undone_by: Option<MarkSetId>,
}

impl MarkSet {
    fn of(row: &Row<'_>) -> Result<MarkSet, StoreError> {
        Ok(MarkSet {
            id: MarkSetId(row.get(0)?),
            seq: row.get(1)?,
            kind: row.get(2)?,
            whom: row.get(3)?,
            code: row.get(4)?,
            first: row.get(5)?,
            last: row.get(6)?,
            marks: row.get(7)?,
            pupils: row.get(8)?,
            reason: row.get(9)?,
            undoes: row.get::<Option<i64>>(10)?.map(MarkSetId),
            at: row.get(11)?,
            account: row.get(12)?,
            job_title: row.get(13)?,
            undone_by: row.get::<Option<i64>>(14)?.map(MarkSetId),
        })
    }

    /// What it did: `O for 12 pupils`.
    pub(super) fn in_words(&self) -> String {
        let what = match (self.kind.as_str(), &self.code) {
            ("undo", _) => "Undone",
            ("closure", _) => "Closure",
            ("reopening", _) => "Re-opened",
            ("joining", _) => "Starting day moved",
            ("leaving", _) => "Last day on roll moved",
            ("reports", _) => "Absence line",
            (_, None) => "Present",
            (_, Some(code)) => code.as_str(),
        };
        what.to_owned()
    }

    /// `Tue 24 Nov`, or `Tue 24 Nov to Fri 27 Nov`.
    pub(super) fn days(&self) -> String {
        match self.first == self.last {
            true => self.first.short(),
            false => format!("{} to {}", self.first.short(), self.last.short()),
        }
    }
}

/// The set of this id, as it is now.
pub(super) fn set_now(
    tx: &mut Tx,
    school: SchoolId,
    set: MarkSetId,
) -> Result<Option<MarkSet>, StoreError> {
    tx.query_opt(SET, &args![school, set], MarkSet::of)
}

/// Errors: [`Refusal::NotFound`] for somebody who does not read the marks of the whole school.
pub(super) fn must_read_all(actor: &Actor) -> Result<(), Refusal> {
    match super::reads_changes(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Every set, newest first, with who made it.
pub(super) fn sets(tx: &mut Tx, actor: &Actor) -> Result<Vec<(MarkSet, String)>, Refusal> {
    let sets = tx.query(SETS, &args![actor.school], MarkSet::of)?;
    let mut names: HashMap<(i64, String), String> = HashMap::new();
    let mut listed = Vec::with_capacity(sets.len());
    for set in sets {
        let key = (set.account, set.job_title.clone());
        let name = match names.get(&key) {
            Some(name) => name.clone(),
            None => {
                let name = super::who(tx, actor, set.account, &set.job_title)?;
                names.insert(key, name.clone());
                name
            }
        };
        listed.push((set, name));
    }
    Ok(listed)
}

/// The sets as a table.
pub(super) fn table(form: &Form, sets: Vec<(MarkSet, String)>) -> Table {
    let headings = vec![
        Heading::words("at", "When"),
        Heading::words("what", "What"),
        Heading::words("whom", "Whom"),
        Heading::words("first", "Days"),
        Heading::number("marks", "Marks", ""),
        Heading::number("pupils", "Pupils", ""),
        Heading::words("reason", "Reason"),
        Heading::words("who", "By"),
        Heading::words("state", "Since"),
    ];
    let mut table = Table::asked(
        form,
        "-at",
        headings,
        sets,
        |(set, who), column| match column {
            "what" => Order::words(&set.in_words()),
            "whom" => Order::words(&set.whom),
            "first" => Value::Day(set.first).order(),
            "marks" => Order::Number(set.marks),
            "pupils" => Order::Number(set.pupils),
            "reason" => Order::words(&set.reason),
            "who" => Order::words(who),
            "state" => Order::Number(set.undone_by.map_or(0, |by| by.0)),
            _ => Order::Number(set.seq),
        },
        |(set, who)| {
            vec![
                Cell::text(moment(set.at)).to(format!("/many-marks/{}", set.id)),
                Cell::text(set.in_words()),
                Cell::text(&set.whom),
                Cell::text(set.days()),
                Cell::of(Value::Whole(set.marks)),
                Cell::of(Value::Whole(set.pupils)),
                Cell::text(&set.reason),
                Cell::text(who),
                match set.undone_by {
                    Some(by) => Cell::text("undone").to(format!("/many-marks/{by}")),
                    None => Cell::of(Value::Blank),
                },
            ]
        },
    );
    table.title = "Changes of many marks".to_owned();
    table
}

/// The marks of one set as a table.
pub(super) fn marks_table(form: &Form, marks: Vec<SetMark>) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("day", "Day"),
        Heading::words("session", "Session"),
        Heading::words("before", "Before"),
        Heading::words("after", "Entered"),
        Heading::words("now", "Now"),
    ];
    let code = |code: Option<register::Code>| match code {
        Some(code) => Value::Text(code.to_string()),
        None => Value::Text("no mark".to_owned()),
    };
    let mut table = Table::asked(
        form,
        "name",
        headings,
        marks,
        |mark, column| match column {
            "day" => Value::Day(mark.slot.day).order(),
            "session" => Order::words(mark.slot.session.word()),
            "before" => code(mark.before).order(),
            "after" => code(mark.entered).order(),
            "now" => code(mark.now).order(),
            _ => Order::words(&mark.name),
        },
        |mark| {
            let why = format!(
                "/why/{}/{}/{}",
                mark.pupil, mark.slot.day, mark.slot.session
            );
            vec![
                Cell::text(&mark.name)
                    .naming(mark.pupil)
                    .to(format!("/pupils/{}", mark.pupil)),
                Cell::of(Value::Day(mark.slot.day)).why(why),
                Cell::text(mark.slot.session.to_string()),
                Cell::of(code(mark.before)),
                Cell::of(code(mark.entered)),
                Cell {
                    loud: mark.changed_since,
                    ..Cell::of(code(mark.now))
                },
            ]
        },
    );
    table.title = "Marks of one change".to_owned();
    table
}

/// `/many-marks` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_read_all(wanted.actor)?;
    let asked = wanted.query::<Form>()?.whole();
    let mut table = table(&asked, sets(tx, wanted.actor)?);
    table.about = about(wanted, "Changes of many marks");
    Ok(table.leaving("changes", wanted.today()))
}

/// `/many-marks/{set}` as a file.
pub(in crate::registers) fn marks_as_file(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
) -> Result<Leaving, Refusal> {
    must_read_all(wanted.actor)?;
    let asked = wanted.query::<Form>()?.whole();
    let school = wanted.actor.school;
    let set = set_now(tx, school, MarkSetId(wanted.named()?))?.ok_or(Refusal::NotFound)?;
    let mut table = marks_table(&asked, marks_of(tx, school, set.seq)?);
    table.about = about(
        wanted,
        &format!("{} for {}: {}", set.in_words(), set.whom, set.reason),
    );
    Ok(table.leaving("change", wanted.today()))
}

fn about(wanted: &Wanted<'_>, list: &str) -> Vec<(String, String)> {
    let (today, clock) = wanted.office.today();
    [
        ("List", list.to_owned()),
        ("Made", format!("{} {clock}", today.long())),
        (
            "Made by",
            format!("{}, {}", wanted.actor.name, wanted.actor.job_title),
        ),
    ]
    .map(|(term, fact)| (term.to_owned(), fact))
    .to_vec()
}
