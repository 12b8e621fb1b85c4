//! Who is on the site now, by the register and the log of the door.

use std::collections::HashMap;

use calendar::{Instant, TimeOfDay};
use register::site::{SessionSays, Way, Whereabouts, whereabouts};
use store::{SchoolId, StoreError, Tx, args};

use super::arrival::of_days;
use super::moves::{Move, Visit, Who, moves_of, visits_of};
use crate::book::{Book, GroupKind, Pupil};
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::year::settings::session_times;

/// When the pupils of today who were late came, in minutes after their register opened.
pub(super) const LATE_MINUTES: &str = "\
select enrolment_id, session, minutes_late from mark where school_id = $1 and on_date = $2 and code in ('L', 'U')";

/// Everybody who may be on the site.
pub(super) struct Site<'b> {
    pub(super) pupils: Vec<OnSite<'b>>,
    /// Members of staff who signed in or out today, with the last of it.
    pub(super) staff: Vec<(Who, String, Move)>,
    /// Visitors of today, with the last of their signing in and out.
    pub(super) visitors: Vec<(Visit, Option<Move>)>,
}

/// Where a pupil is.
pub(super) struct OnSite<'b> {
    pub(super) pupil: &'b Pupil,
    pub(super) enrolment: EnrolmentId,
    /// The tutor group.
    pub(super) form: String,
    pub(super) place: Whereabouts,
    /// The last time the pupil was signed out or in.
    pub(super) last: Option<Move>,
}

impl OnSite<'_> {
    /// Where and since when, in words: `signed out 10:05, expected 11:30, with Ms P Sample: dentist`.
    pub(super) fn words(&self, now: Instant) -> String {
        let clock = |at: Instant| at.in_london().1.to_string();
        let word = self.place.word();
        let Some(last) = &self.last else {
            return word.to_owned();
        };
        match (self.place, last.way) {
            (Whereabouts::SignedOut, Way::Out) => {
                let mut text = format!("{word} {}", clock(last.at));
                if let Some(back) = last.expected_back {
                    let late = if back < now {
                        ", overdue since"
                    } else {
                        ", expected"
                    };
                    text = format!("{text}{late} {}", clock(back));
                }
                if let Some(with) = &last.came_with {
                    text = format!("{text}, with {with}");
                }
                if let Some(reason) = &last.reason {
                    text = format!("{text}: {reason}");
                }
                text
            }
            (Whereabouts::OnSite, Way::In) => format!("{word}, back {}", clock(last.at)),
            _ => word.to_owned(),
        }
    }

    /// Whether the pupil should be back by now.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        let back = self.last.as_ref().and_then(|last| last.expected_back);
        self.place == Whereabouts::SignedOut && back.is_some_and(|back| back < now)
    }
}

/// Who is where at this moment, pupils by name.
pub(super) fn site<'b>(tx: &mut Tx, book: &'b Book, now: Instant) -> Result<Site<'b>, Refusal> {
    let (today, _) = now.in_london();
    let times = session_times(&book.settings, today)?;
    let slots = book.calendar.slots(today, today);
    let minutes = late_minutes(tx, book.school, now)?;
    let mut ways: HashMap<EnrolmentId, Vec<(Instant, Way)>> = HashMap::new();
    for one in of_days(tx, book.school, (today, today))? {
        if one.stands() {
            ways.entry(one.enrolment)
                .or_default()
                .push((one.at, Way::In));
        }
    }
    let mut last: HashMap<Who, Move> = HashMap::new();
    for one in moves_of(tx, book.school, today)? {
        if one.undone.is_some() {
            continue;
        }
        if let Who::Pupil(enrolment) = one.who {
            ways.entry(enrolment).or_default().push((one.at, one.way));
        }
        last.insert(one.who, one);
    }
    let mut pupils: Vec<OnSite> = book
        .roll
        .rows_on(today)
        .filter_map(|row| {
            let pupil = book.roll.pupil_of_row(row)?;
            let enrolment = book.roll.enrolments[row].id;
            let says: Vec<SessionSays> = slots
                .iter()
                .map(|slot| {
                    let opens = times.of(slot.session).opens;
                    let late = minutes.get(&(enrolment, slot.session.index() as i64));
                    let from = late.and_then(|minutes| opens.plus_minutes(*minutes));
                    SessionSays {
                        code: book.mark(row, *slot).code(),
                        from: Instant::at_london(today, from.unwrap_or(opens)),
                    }
                })
                .collect();
            let own = ways.get(&enrolment).map_or(&[][..], Vec::as_slice);
            let group = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
            Some(OnSite {
                pupil,
                enrolment,
                form: group.map(|group| group.name.clone()).unwrap_or_default(),
                place: whereabouts(today, now, &says, own),
                last: last.get(&Who::Pupil(enrolment)).cloned(),
            })
        })
        .collect();
    pupils.sort_by_key(|one| one.pupil.in_order);
    let staff = book.staff.members.iter().filter_map(|member| {
        let who = Who::Staff(member.id);
        Some((who, member.name.clone(), last.get(&who)?.clone()))
    });
    let staff = staff.collect();
    let visitors = visits_of(tx, book.school, today)?.into_iter().map(|visit| {
        let moved = last.get(&Who::Visitor(visit.id)).cloned();
        (visit, moved)
    });
    Ok(Site {
        pupils,
        staff,
        visitors: visitors.collect(),
    })
}

fn late_minutes(
    tx: &mut Tx,
    school: SchoolId,
    now: Instant,
) -> Result<HashMap<(EnrolmentId, i64), u32>, StoreError> {
    let mut found = HashMap::new();
    tx.each(LATE_MINUTES, &args![school, now.in_london().0], |row| {
        if let Some(minutes) = row.get::<Option<i64>>(2)? {
            let minutes = u32::try_from(minutes).unwrap_or(0);
            found.insert((row.get(0)?, row.get(1)?), minutes);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether the last of somebody's signing says that they are here.
pub(super) fn is_in(last: Option<&Move>) -> bool {
    last.is_some_and(|last| last.way == Way::In)
}

/// A clock time as people write it: `11:30`; none where it is empty.
///
/// Errors: it is none.
pub(super) fn time_of(text: &str) -> Result<Option<TimeOfDay>, ()> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(drop),
    }
}
