//! A visit in words, as the round, its own page and the printed sheet have it.

use calendar::{Day, Instant};
use store::{StoreError, Tx};
use welfare::collection::State as Bring;
use welfare::visit::{Alarm, State};

use super::collection::Agreed;
use super::visit::{Kind, Record, Whole};
use super::who::Sight;
use crate::book::{Book, GroupKind, Pupil};
use crate::ids::{AccountId, PupilId, StaffId};
use crate::roll::homes_of;

/// What visits are shown with.
pub(super) struct Shown<'s> {
    pub(super) book: &'s Book,
    pub(super) sight: Sight,
    pub(super) now: Instant,
}

impl<'s> Shown<'s> {
    pub(super) fn today(&self) -> Day {
        self.now.in_london().0
    }

    /// The pupil of a visit; none for one who is not in the book, or whose visits this person may not see.
    pub(super) fn pupil(&self, whole: &Whole) -> Option<&'s Pupil> {
        let row = self.book.roll.row(whole.visit.enrolment)?;
        let pupil = self.book.roll.pupil_of_row(row)?;
        self.sight.covers(pupil.id).then_some(pupil)
    }

    pub(super) fn form(&self, whole: &Whole) -> String {
        let enrolment = whole.visit.enrolment;
        let group = self
            .book
            .groups
            .of_kind(enrolment, GroupKind::Tutor, self.today());
        group.map(|group| group.name.clone()).unwrap_or_default()
    }

    /// Whoever has an account.
    pub(super) fn person(&self, account: AccountId) -> String {
        let member = self.book.staff.with_account(account);
        member.map_or_else(|| "somebody".to_owned(), |member| member.name.clone())
    }

    pub(super) fn member(&self, staff: StaffId) -> String {
        let member = self.book.staff.member(staff);
        member.map_or_else(|| "somebody".to_owned(), |member| member.name.clone())
    }

    /// Who goes: `Mrs A Sample and Mr B Sample`.
    pub(super) fn staff(&self, whole: &Whole) -> String {
        let names: Vec<String> = whole
            .visit
            .staff
            .into_iter()
            .flatten()
            .map(|staff| self.member(staff))
            .collect();
        let prepared = whole.collection.as_ref().map(|one| &one.prepared);
        let second = prepared.and_then(|prepared| prepared.second_adult.as_ref());
        if let (1, Some(second)) = (names.len(), second) {
            return format!("{} and {second}", names[0]);
        }
        match (names.len(), &whole.visit.alone_because) {
            (1, Some(_)) => format!("{}, alone", names[0]),
            _ => names.join(" and "),
        }
    }

    /// A moment as people say it: the time for today, the day otherwise.
    pub(super) fn clock(&self, at: Instant) -> String {
        let (day, time) = at.in_london();
        let time = time.to_string();
        match day == self.today() {
            true => time,
            false => format!("{} {time}", day.short()),
        }
    }

    /// The pupil's address today, where this person may see it.
    pub(super) fn address(&self, tx: &mut Tx, pupil: PupilId) -> Result<String, StoreError> {
        if !self.sight.sees_contacts(pupil) {
            return Ok("Ask the attendance office for the address.".to_owned());
        }
        let homes = homes_of(tx, self.book.school, pupil)?;
        let home = homes.iter().rev().find(|home| home.holds(self.today()));
        Ok(home.map_or_else(
            || "No address is recorded.".to_owned(),
            |home| home.in_words(),
        ))
    }

    /// What it is for.
    pub(super) fn purpose(&self, whole: &Whole) -> String {
        match &whole.visit.purpose {
            Some(purpose) => format!("{}: {purpose}", whole.visit.kind.words()),
            None => whole.visit.kind.words().to_owned(),
        }
    }

    /// Who authorised bringing the child to school: for it, or by the visit where that is what it is for.
    pub(super) fn collection_authoriser(&self, whole: &Whole) -> Option<String> {
        let own = whole.collection.as_ref()?.authorised_by;
        let visit = whole.visit.authorised_by;
        let by_visit = visit.filter(|_| whole.visit.kind == Kind::Collection);
        own.or(by_visit).map(|account| self.person(account))
    }

    /// A parent's consent: `for this trip: mother, by telephone, Tue 24 Nov`.
    pub(super) fn consent(&self, agreed: &Agreed) -> String {
        let day = agreed.on.short();
        format!("{}: {}, {day}", agreed.to.words(), agreed.by)
    }

    /// Where bringing the child to school stands, in words; none where nobody has asked for it.
    pub(super) fn collection(&self, whole: &Whole) -> Option<String> {
        let state = whole.collection_state(self.today())?;
        let own = whole.collection.as_ref();
        let clock = |at: Option<Instant>| at.map(|at| self.clock(at)).unwrap_or_default();
        Some(match (state, own) {
            (Bring::Preparing, _) => {
                let missing = whole.missing_to_collect(self.today());
                let words: Vec<&str> = missing.iter().map(|one| one.words()).collect();
                format!("missing: {}", words.join("; "))
            }
            (Bring::OnTheWay, Some(own)) => {
                format!("{} since {}", state.words(), clock(own.set_off_at))
            }
            (Bring::Arrived, Some(own)) => {
                format!("{} at {}", state.words(), clock(own.arrived_at))
            }
            (Bring::Refused, Some(own)) => {
                let because = own.refused.clone().unwrap_or_default();
                format!("{}: {because}", state.words())
            }
            _ => state.words().to_owned(),
        })
    }

    /// Where it stands, with what is missing or how long they are out, and where the child is who is to be brought.
    pub(super) fn standing(&self, whole: &Whole) -> String {
        let own = self.visit_stands(whole);
        match self
            .collection(whole)
            .filter(|_| whole.visit.withdrawn.is_none())
        {
            Some(collection) => format!("{own}. To bring the child: {collection}"),
            None => own,
        }
    }

    fn visit_stands(&self, whole: &Whole) -> String {
        let state = whole.state(self.today());
        let visit = &whole.visit;
        match state {
            State::Ordered => {
                let missing = whole.missing(self.today());
                let words: Vec<&str> = missing.iter().map(|one| one.words()).collect();
                format!("missing: {}", words.join("; "))
            }
            State::Out => {
                let left = visit.left_at.map(|at| self.clock(at)).unwrap_or_default();
                let due = visit.due_back.map(|at| self.clock(at)).unwrap_or_default();
                format!("out since {left}, expected {due}")
            }
            State::Withdrawn => {
                let because = visit.withdrawn.clone().unwrap_or_default();
                format!("withdrawn: {because}")
            }
            State::Cleared | State::Back | State::Closed => state.words().to_owned(),
        }
    }

    /// The alarm in words, with what was done about it.
    pub(super) fn alarm(&self, whole: &Whole) -> Option<(Alarm, String)> {
        let alarm = whole.alarm(self.now)?;
        let done = whole
            .done_about_alarm()
            .and_then(|step| Some((step.done?, step)));
        let words = match done {
            Some((done, step)) if done >= alarm => format!(
                "{} at {} ({})",
                done.done(),
                self.clock(step.at),
                self.person(step.by)
            ),
            _ => alarm.words().to_owned(),
        };
        Some((alarm, words))
    }

    /// What was found, in a line.
    pub(super) fn found(&self, record: &Record) -> String {
        let mut words = vec![format!(
            "{} at {}",
            record.found.words(),
            self.clock(record.at_door)
        )];
        if let (Some(by), Some(place)) = (record.seen_by, &record.seen_where) {
            words.push(format!("by {}, {place}", self.member(by)));
        }
        match record.alone {
            Some(true) => words.push("spoken to alone".to_owned()),
            Some(false) => words.push("not spoken to alone".to_owned()),
            None => {}
        }
        if let Some(who) = &record.answered_by {
            words.push(format!("{who} answered"));
        }
        if let Some(reply) = record.reply_by {
            words.push(format!("reply asked for by {}", self.clock(reply)));
        }
        words.join(", ")
    }

    /// What the risk check says, in words.
    pub(super) fn check(&self, whole: &Whole) -> String {
        let Some(checked) = &whole.checked else {
            return "The address was not checked. Nobody leaves without it.".to_owned();
        };
        let known = checked.check.warnings.words();
        let mut words = vec![format!(
            "Checked on {} by {}",
            checked.check.made_on.short(),
            self.person(checked.by)
        )];
        words.push(match known.is_empty() {
            true => "nothing known against it".to_owned(),
            false => format!("known: {known}"),
        });
        if checked.check.stay_away {
            words.push("do not go".to_owned());
        }
        words.extend(checked.note.clone());
        if !checked.check.holds(self.today()) {
            words.push("too long ago: check again".to_owned());
        }
        words.join(" · ")
    }
}
