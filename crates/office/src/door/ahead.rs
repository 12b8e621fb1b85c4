//! What the late door shows, and what a device is given ahead so that it works without a network.
//!
//! Of each pupil on roll today: name, tutor group, how often late, the number of the card, whether to ask gently (for those who may know), and
//! whether they are in. Nothing of why, no other mark, no contact, no other day.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot, TimeOfDay};
use columns::MarkByte;
use register::Class;
use register::late_door::LateLadder;
use serde::Serialize;
use store::Tx;

use super::arrival::{Arrived, of_days};
use super::lates::{Lates, half_term, window};
use crate::book::{Book, GroupKind};
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::people::{Access, Actor, Reach, RecordKind, page_of};
use crate::registers::clock_of;
use crate::roll::{ASK_GENTLY, CARD};
use crate::year::settings::{late_ladder, late_reasons, session_times};

/// What the page of the late door is drawn from.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Door {
    /// Whose it is, and at which school.
    of: String,
    /// The day.
    day: String,
    /// The server's clock, in milliseconds since 1970; so are all times here.
    now: i64,
    /// When the day ends, and with it what the device may keep.
    until: i64,
    /// The sessions of the day: word, when its register opens and closes, when it ends.
    sessions: Vec<SessionShown>,
    /// Why pupils are late, in the order of the keys 1 to 9.
    reasons: Vec<String>,
    pupils: Vec<PupilShown>,
    /// Today's arrivals, the newest first.
    pub(super) arrivals: Vec<ArrivalShown>,
}

#[derive(Clone, Debug, Serialize)]
struct SessionShown {
    name: &'static str,
    opens: i64,
    closes: i64,
    ends: i64,
}

#[derive(Clone, Debug, Serialize)]
struct PupilShown {
    /// The time on roll.
    e: i64,
    name: String,
    /// The tutor group.
    form: String,
    /// The names without accents, surname first.
    find: String,
    card: Option<String>,
    /// How often late this half-term.
    lates: u32,
    gently: bool,
    /// Whether the register of this session says that the pupil is in.
    here: bool,
}

/// An arrival as the door tells of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ArrivalShown {
    pub(super) key: String,
    pub(super) e: i64,
    pub(super) name: String,
    pub(super) form: String,
    /// `08:52`, by London's clocks.
    pub(super) at: String,
    /// `AM`.
    pub(super) session: String,
    /// What the arrival makes: `L`, `U` or nothing.
    pub(super) code: String,
    pub(super) minutes: Option<u32>,
    /// The word of what became of it.
    pub(super) outcome: &'static str,
    /// What is to be said about that; may be empty.
    pub(super) said: String,
    pub(super) reason: Option<String>,
    /// How often late this half-term, this time among them.
    pub(super) lates: u32,
    /// `3 counted in 10 school days.`
    pub(super) counted: String,
    /// The step that is reached; may be empty.
    pub(super) reached: String,
    /// What comes next; may be empty.
    pub(super) next: String,
    pub(super) gently: bool,
    pub(super) undone: bool,
}

/// What is needed to tell of arrivals of today.
pub(super) struct Teller<'b> {
    book: &'b Book,
    lates: Lates<'b>,
    ladder: LateLadder,
    gently: Reach,
    today: Day,
    now: Instant,
}

impl<'b> Teller<'b> {
    /// Looks up what this person may know of today's arrivals.
    pub(super) fn of(
        tx: &mut Tx,
        actor: &Actor,
        book: &'b Book,
        now: Instant,
    ) -> Result<Teller<'b>, Refusal> {
        let (today, _) = now.in_london();
        let ladder = late_ladder(&book.settings, today)?;
        let first = half_term(book, today).0.min(window(book, &ladder, today).0);
        Ok(Teller {
            book,
            lates: Lates::of(tx, book, (first, today))?,
            ladder,
            gently: actor.reach(tx, Access::Read, RecordKind::VulnerabilityFlags, today)?,
            today,
            now,
        })
    }

    fn asks_gently(&self, enrolment: EnrolmentId) -> bool {
        let row = self.book.roll.row(enrolment);
        let pupil = row.and_then(|row| self.book.roll.pupil_of_row(row));
        pupil.is_some_and(|pupil| {
            self.gently.covers(pupil.id)
                && self
                    .book
                    .characteristics
                    .on(pupil.id, ASK_GENTLY, self.today)
                    .is_some()
        })
    }

    /// The arrival with whose it is, and where the pupil stands on the school's steps.
    pub(super) fn tell(&self, one: &Arrived) -> ArrivalShown {
        let book = self.book;
        let row = book.roll.row(one.enrolment);
        let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
        let form = book
            .groups
            .of_kind(one.enrolment, GroupKind::Tutor, one.slot.day);
        let count = |days| {
            row.map(|row| self.lates.count(row, days))
                .unwrap_or_default()
        };
        let counted = count(window(book, &self.ladder, self.today)).counted;
        let reached = self.ladder.reached(counted);
        let next = self.ladder.next(counted);
        ArrivalShown {
            key: one.key.clone(),
            e: one.enrolment.0,
            name: pupil.map(|pupil| pupil.listed()).unwrap_or_default(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            at: clock_of(one.at, self.now),
            session: one.slot.session.to_string(),
            code: one.code.map(|code| code.to_string()).unwrap_or_default(),
            minutes: one.minutes.filter(|_| one.code.is_some()),
            outcome: one.outcome.key(),
            said: one.said.clone(),
            reason: one.reason.clone(),
            lates: count(half_term(book, self.today)).all,
            counted: format!("{counted} counted in {} school days", self.ladder.window()),
            reached: reached.map(|step| step.does.clone()).unwrap_or_default(),
            next: next
                .map(|step| format!("at {}: {}", step.lates, step.does))
                .unwrap_or_default(),
            gently: self.asks_gently(one.enrolment),
            undone: !one.stands(),
        }
    }
}

/// What the late door shows now.
pub(super) fn door(tx: &mut Tx, actor: &Actor, book: &Book, now: Instant) -> Result<Door, Refusal> {
    let (today, clock) = now.in_london();
    let teller = Teller::of(tx, actor, book, now)?;
    let times = session_times(&book.settings, today)?;
    let slots = book.calendar.slots(today, today);
    let begun = slots
        .iter()
        .rev()
        .find(|slot| times.of(slot.session).opens <= clock);
    let arrivals = of_days(tx, book.school, (today, today))?;
    let newest = |one: &Arrived| std::cmp::Reverse((one.at, one.id));
    let mut newest_first: Vec<&Arrived> = arrivals.iter().collect();
    newest_first.sort_by_key(|one| newest(one));
    let came: HashMap<EnrolmentId, Session> = arrivals
        .iter()
        .filter(|one| one.stands())
        .map(|one| (one.enrolment, one.slot.session))
        .collect();
    let pupils = book.roll.rows_on(today).filter_map(|row| {
        let enrolment = &book.roll.enrolments[row];
        let pupil = book.roll.pupil_of_row(row)?;
        let form = book.groups.of_kind(enrolment.id, GroupKind::Tutor, today);
        let is_in = |slot: &Slot| {
            is_present(book.mark(row, *slot)) || came.get(&enrolment.id) == Some(&slot.session)
        };
        Some((
            pupil.in_order,
            PupilShown {
                e: enrolment.id.0,
                name: pupil.listed(),
                form: form.map(|form| form.name.clone()).unwrap_or_default(),
                find: pupil.folded.clone(),
                card: book
                    .characteristics
                    .on(pupil.id, CARD, today)
                    .map(str::to_owned),
                lates: teller.lates.count(row, half_term(book, today)).all,
                gently: teller.asks_gently(enrolment.id),
                here: begun.is_some_and(is_in),
            },
        ))
    });
    let mut pupils: Vec<(u32, PupilShown)> = pupils.collect();
    pupils.sort_by_key(|(in_order, _)| *in_order);
    let midnight = TimeOfDay::new(0, 0, 0).expect("a day begins at midnight");
    let at = |time| millis(Instant::at_london(today, time));
    Ok(Door {
        of: page_of(actor.account.0, actor.school),
        day: today.to_string(),
        now: millis(now),
        until: millis(Instant::at_london(today.plus_days(1), midnight)),
        sessions: slots
            .iter()
            .map(|slot| {
                let hours = times.of(slot.session);
                SessionShown {
                    name: match slot.session {
                        Session::Am => "AM",
                        Session::Pm => "PM",
                    },
                    opens: at(hours.opens),
                    closes: at(hours.closes),
                    ends: at(hours.ends),
                }
            })
            .collect(),
        reasons: late_reasons(&book.settings, today)?
            .into_iter()
            .map(|reason| reason.words)
            .collect(),
        pupils: pupils.into_iter().map(|(_, pupil)| pupil).collect(),
        arrivals: newest_first
            .into_iter()
            .map(|one| teller.tell(one))
            .collect(),
    })
}

fn is_present(mark: MarkByte) -> bool {
    !mark.is_planned() && mark.class() == Some(Class::Present)
}

fn millis(at: Instant) -> i64 {
    at.micros() / 1000
}
