//! Where a pupil stands today: on roll, expected or left, and in which groups.

use std::collections::HashMap;

use calendar::Day;

use crate::book::{Book, Enrolment, Group, GroupKind, Pupil};
use crate::ids::PupilId;

/// Whether a pupil is on roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// On roll today.
    OnRoll,
    /// Starts on a day to come.
    Expected,
    /// Was on roll, and is not now.
    Left,
    /// Known, and never on roll here.
    Never,
}

impl Standing {
    /// The word in addresses.
    pub(super) fn key(self) -> &'static str {
        match self {
            Standing::OnRoll => "on",
            Standing::Expected => "expected",
            Standing::Left => "left",
            Standing::Never => "never",
        }
    }
}

/// A pupil with the time on roll that says where they stand: today's, else the next, else the last.
#[derive(Clone, Copy)]
pub(super) struct Place<'b> {
    pub(super) pupil: &'b Pupil,
    pub(super) standing: Standing,
    pub(super) enrolment: Option<&'b Enrolment>,
    /// The day on which groups are looked up: today, the starting day, or the leaving day.
    pub(super) day: Day,
}

impl<'b> Place<'b> {
    /// Where this pupil stands.
    pub(super) fn of(book: &'b Book, pupil: &'b Pupil, today: Day) -> Place<'b> {
        let mut place = Place::unknown(pupil, today);
        for row in book.roll.rows_of(pupil.id) {
            place.consider(&book.roll.enrolments[*row], today);
        }
        place
    }

    fn unknown(pupil: &'b Pupil, today: Day) -> Place<'b> {
        Place {
            pupil,
            standing: Standing::Never,
            enrolment: None,
            day: today,
        }
    }

    fn consider(&mut self, enrolment: &'b Enrolment, today: Day) {
        let (standing, day) = if enrolment.covers(today) {
            (Standing::OnRoll, today)
        } else if enrolment.starting_day > today {
            (Standing::Expected, enrolment.starting_day)
        } else {
            (Standing::Left, enrolment.leaving_day.unwrap_or(today))
        };
        let nearer = match standing {
            Standing::Expected => day < self.day,
            _ => day > self.day,
        };
        if standing < self.standing || (standing == self.standing && nearer) {
            *self = Place {
                standing,
                day,
                enrolment: Some(enrolment),
                ..*self
            };
        }
    }

    /// The group of this kind that the pupil belongs to.
    pub(super) fn group(&self, book: &'b Book, kind: GroupKind) -> Option<&'b Group> {
        book.groups.of_kind(self.enrolment?.id, kind, self.day)
    }

    /// The name of the group of this kind; empty if there is none.
    pub(super) fn group_name(&self, book: &'b Book, kind: GroupKind) -> &'b str {
        self.group(book, kind).map_or("", |group| &group.name)
    }

    /// Tutor group and year in a few words, and why the pupil is not here if so: `9Y, Year 9`; `left 12 July 2026`.
    pub(super) fn in_words(&self, book: &Book) -> String {
        let groups = [GroupKind::Tutor, GroupKind::Year]
            .map(|kind| self.group_name(book, kind))
            .into_iter()
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        let standing = match self.standing {
            Standing::OnRoll => None,
            Standing::Expected => Some(format!("starts {}", self.day.long())),
            Standing::Left => Some(format!("left {}", self.day.long())),
            Standing::Never => Some("never on roll".to_owned()),
        };
        groups.chain(standing).collect::<Vec<_>>().join(", ")
    }
}

/// Where every pupil of the book stands, in the order of the roll.
pub(super) fn places(book: &Book, today: Day) -> Vec<Place<'_>> {
    let mut places: Vec<Place> = book
        .roll
        .pupils
        .iter()
        .map(|pupil| Place::unknown(pupil, today))
        .collect();
    let at: HashMap<PupilId, usize> = (book.roll.pupils.iter())
        .enumerate()
        .map(|(at, pupil)| (pupil.id, at))
        .collect();
    for enrolment in &book.roll.enrolments {
        if let Some(&at) = at.get(&enrolment.pupil) {
            places[at].consider(enrolment, today);
        }
    }
    places
}

/// A group's name in parts that sort as people count: `7B` before `10A`.
pub(crate) fn sorting_name(name: &str) -> (String, u64, String) {
    let digits_at = name
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(name.len());
    let (before, rest) = name.split_at(digits_at);
    let digits_end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(digits_end);
    (
        before.to_lowercase(),
        digits.parse().unwrap_or(u64::MAX),
        after.to_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_sort_as_people_count() {
        let mut names = ["10A", "7B", "Year 11", "Year 9", "7A", "House"];
        names.sort_by_key(|name| sorting_name(name));
        assert_eq!(names, ["7A", "7B", "10A", "House", "Year 9", "Year 11"]);
    }
}
