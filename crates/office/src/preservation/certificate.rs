//! The certificate of destruction: what kind went, how many, from when to when, by which rule and on whose word. It names no pupil.

use paper::{Column, Paper, Part, Table, Width};
use store::{Tx, journal};

use super::erase::{State, erasure};
use super::must_see;
use crate::desk::{Refusal, school_name};
use crate::insight::table::grouped;
use crate::shell::moment;
use crate::take_away::{Leaving, Wanted};

/// `/preservation/{erasure}` as a document.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_see(wanted.actor)?;
    let school = wanted.actor.school;
    let one = erasure(tx, school, wanted.named()?)?;
    let (State::Done, Some(done), Some((_, approved, approved_on))) =
        (one.state, one.done, one.approved)
    else {
        return Err(Refusal::Wrong(
            "There is a certificate once the erasure is done.".to_owned(),
        ));
    };
    let entry = journal::entry(tx, school, one.seq)?.ok_or(Refusal::NotFound)?;
    let hash: String = entry
        .hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = school_name(tx, school)?;
    let made = match one.made {
        Some((first, last)) => format!("{} to {}", first.long(), last.long()),
        None => "none".to_owned(),
    };
    let about = [
        ("School", name.clone()),
        ("Erasure", one.id.to_string()),
        (
            "Asked for by",
            format!("{}, on {}", one.asked_in_words, one.asked_on.long()),
        ),
        ("Reason", one.reason),
        (
            "Approved by",
            format!("{approved}, on {}", approved_on.long()),
        ),
        ("The clock", one.clock),
        ("Done", moment(entry.at)),
        ("Journal", format!("act {}\n{hash}", one.seq)),
    ];
    let row = |what: &str, count: i64, made: &str, rule: &str| {
        vec![
            what.to_owned(),
            grouped(count),
            made.to_owned(),
            rule.to_owned(),
        ]
    };
    let rows = vec![
        row(
            "Entries of the attendance register, originals and amendments",
            one.entries,
            &made,
            "R-008: six years from the day each was made",
        ),
        row(
            "Records of pupils who left: entry in the admission register, contacts, groups, plans",
            one.pupils,
            &format!("up to {}", one.made_through.long()),
            "R-008: six years from the day each entry was made",
        ),
        row(
            "Sealed copies of both registers",
            one.copies,
            "",
            "R-009: six years from the end of the school year",
        ),
    ];
    let paper = Paper {
        title: "Certificate of destruction".to_owned(),
        owner: name.clone(),
        about: about
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        foot: format!("{name}: certificate of destruction {}. Journal act {}, {}…", one.id, one.seq, &hash[..16]),
        made_at: entry.at,
        landscape: false,
        parts: vec![
            Part::Heading("What was destroyed".to_owned()),
            Part::Table(Table {
                caption: "What was destroyed, when it was made, and the rule".to_owned(),
                columns: vec![
                    Column::new("Kind", Width::Share(3)),
                    Column::new("Number", Width::Own),
                    Column::new("Made", Width::Share(2)),
                    Column::new("Rule", Width::Share(2)),
                ],
                rows,
                ..Table::default()
            }),
            Part::Words(format!(
                "The numbers of kinds are as they were asked for and approved. {} rows were erased from the database. The journal told of them in {} acts \
                 that are empty now and in {} that still tell of other records: each keeps its number, its moment, who did it and its place in the chain, \
                 and the digest of what is left is kept by the acts of this erasure.",
                done.rows, done.emptied, done.shortened
            )),
            Part::Words("Backups and papers made before are not reached by it: they are destroyed by those who keep them.".to_owned()),
            Part::Signature(vec![
                "Signature".to_owned(),
                "Name:".to_owned(),
                "Date:".to_owned(),
            ]),
        ],
    };
    Ok(Leaving::printed(
        "Certificate of destruction",
        paper,
        wanted.today(),
    ))
}
