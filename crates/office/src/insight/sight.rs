//! Which figures a person may see, of whom, and when a group is too small to be told of (B-445, B-520).

use std::collections::HashMap;

use calendar::Day;
use store::{StoreError, Tx};

use super::figure::Standing;
use super::question::{Answer, Trait, Who};
use crate::book::Book;
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::people::{Access, Actor, Place, Reach, RecordKind, sees_counts_of_all};

/// Fewer pupils than this are not told of to people who see figures only (B-520).
pub const FEWEST: u32 = 5;

/// Of fewer pupils than this no percentage is given to people who see figures only (B-520).
pub const FEWEST_FOR_A_RATE: u32 = 10;

/// What one person may see of marks and figures.
pub struct Sight {
    /// Whose marks.
    pub reach: Reach,
    /// Whether figures of everybody may be seen, even of pupils whose marks may not.
    pub whole: bool,
    /// Whose characteristics of each kind of record.
    traits: HashMap<RecordKind, Reach>,
    /// Which kinds of characteristics may be told of in figures.
    told: Vec<RecordKind>,
}

/// The kinds of record that characteristics belong to.
const TRAIT_RECORDS: [RecordKind; 4] = [
    RecordKind::PupilCore,
    RecordKind::VulnerabilityFlags,
    RecordKind::SenProfile,
    RecordKind::SocialCareStatus,
];

impl Sight {
    /// What this person may see today.
    pub fn of(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Sight, StoreError> {
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let mut traits = HashMap::new();
        for record in TRAIT_RECORDS {
            traits.insert(record, actor.reach(tx, Access::Read, record, today)?);
        }
        let told = TRAIT_RECORDS
            .into_iter()
            .filter(|record| actor.may(Access::Aggregate, *record))
            .collect();
        let figures = actor.may(Access::Aggregate, RecordKind::AggregateReports);
        let whole = figures && (reach == Reach::School || sees_counts_of_all(actor));
        Ok(Sight {
            reach,
            whole,
            traits,
            told,
        })
    }

    /// What somebody who may open lists of pupils by their marks may see; to anybody else there are no lists.
    pub fn of_lists(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Sight, Refusal> {
        let sight = Sight::of(tx, actor, today)?;
        match Place::Lists.is_open_to(actor) {
            true => Ok(sight),
            false => Err(Refusal::NotFound),
        }
    }

    /// Whether a pupil's marks may be seen.
    pub fn covers(&self, pupil: PupilId) -> bool {
        self.reach.covers(pupil)
    }

    /// Whether every one of these pupils' marks may be seen.
    pub fn covers_all(&self, book: &Book, standings: &[Standing]) -> bool {
        standings
            .iter()
            .all(|one| self.covers(book.roll.enrolments[one.row].pupil))
    }

    /// Whether a pupil's answer to a trait may be seen.
    pub fn shows_trait(&self, of: &Trait, pupil: PupilId) -> bool {
        self.traits
            .get(&of.record)
            .is_some_and(|reach| reach.covers(pupil))
    }

    /// Whether figures may be told apart by a trait.
    pub fn tells_of(&self, of: &Trait) -> bool {
        self.whole && self.told.contains(&of.record)
    }

    /// Whether lists may be narrowed by a trait, for at least some pupils.
    pub fn narrows_by(&self, of: &Trait) -> bool {
        self.traits
            .get(&of.record)
            .is_some_and(|reach| !reach.is_nobody())
    }

    /// Whether the figure of these may be seen at all. What is not visible does not exist for this person.
    pub fn sees(&self, book: &Book, who: Who, standings: &[Standing]) -> bool {
        match who {
            Who::Pupil(_) | Who::Enrolment(_) => {
                !standings.is_empty() && self.covers_all(book, standings)
            }
            Who::Having(answer) => self.tells_of(answer.of),
            Who::School | Who::InNo(_) => self.whole,
            Who::Group(group) => {
                book.groups.group(group).is_some()
                    && (self.whole || (!standings.is_empty() && self.covers_all(book, standings)))
            }
        }
    }

    /// Whether one of those listed behind a figure may be named.
    pub fn names(&self, who: Who, pupil: PupilId) -> bool {
        self.covers(pupil)
            && match who {
                Who::Having(Answer { of, .. }) => self.shows_trait(of, pupil),
                _ => true,
            }
    }
}

/// Which of these numbers of pupils must be hidden: one to four, and the next smallest where one alone could be worked out from the total (B-520).
pub fn hidden(numbers: &[u32]) -> Vec<bool> {
    let mut hidden: Vec<bool> = numbers
        .iter()
        .map(|number| (1..FEWEST).contains(number))
        .collect();
    if hidden.iter().filter(|one| **one).count() == 1 {
        let next = (0..numbers.len())
            .filter(|place| !hidden[*place] && numbers[*place] > 0)
            .min_by_key(|place| numbers[*place]);
        if let Some(place) = next {
            hidden[place] = true;
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_takes_the_next_smallest_with_it() {
        assert_eq!(hidden(&[30, 4, 25, 0]), [false, true, true, false]);
        assert_eq!(hidden(&[3, 4, 25]), [true, true, false]);
        assert_eq!(hidden(&[5, 6]), [false, false]);
        assert_eq!(hidden(&[4]), [true]);
        assert_eq!(hidden(&[]), [false; 0]);
    }
}
