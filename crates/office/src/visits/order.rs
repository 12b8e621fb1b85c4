//! Asking for a visit, authorising it, putting it into its place in the round, and withdrawing it.

use calendar::Day;
use store::{Act, StoreError, args};
use welfare::visit::State;

use super::collection::authorise_collection;
use super::records::HOME_VISIT;
use super::visit::{Kind, Visit, Whole, of_enrolment, one, round};
use super::who::{authorises, pupil_to_visit};
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::morning::visit_is_asked_for;
use crate::people::Actor;

/// The longest line, in letters.
pub(super) const LONGEST_LINE: usize = 200;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// On which day.
    pub day: Day,
    /// What for.
    pub kind: Kind,
    /// What for, in words.
    pub purpose: Option<String>,
    /// Whether parents are told beforehand.
    pub parents_told: bool,
}

pub(super) fn wrong<T>(ground: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Wrong(ground.into()))
}

/// Whether these texts are short enough to keep.
pub(super) fn must_be_short<'t>(
    texts: impl IntoIterator<Item = &'t Option<String>>,
    longest: usize,
) -> Result<(), Refusal> {
    let too_long = |text: &String| text.chars().count() > longest || text.contains('\0');
    match texts.into_iter().flatten().any(too_long) {
        true => wrong(format!(
            "An answer is longer than {longest} characters. Shorten it and save again."
        )),
        false => Ok(()),
    }
}

/// Writes a version of a visit.
pub(super) fn keep(act: &mut Act, visit: &Visit) -> Result<(), StoreError> {
    let values = args![
        visit.id,
        visit.enrolment,
        visit.day,
        visit.place,
        visit.kind.key(),
        visit.purpose.as_deref(),
        visit.parents_told,
        visit.asked_by,
        visit.asked_at,
        visit.authorised_by,
        visit.staff[0],
        visit.staff[1],
        visit.alone_because.as_deref(),
        visit.alone_by,
        visit.vehicle.as_deref(),
        visit.phone.as_deref(),
        visit.left_at,
        visit.due_back,
        visit.back_at,
        visit.withdrawn.as_deref()
    ];
    act.replace(&HOME_VISIT, &values).map(drop)
}

/// Asks for a visit, and authorises it where whoever asks may. Answers its number; that of the visit which is planned already, if one is.
///
/// Rule: E-196, SM-12. Where the child is absent today and a visit comes next, it is due from now (SM-1). Pressed twice, it plans one visit.
/// Errors: as for visits to the pupil; [`Refusal::Wrong`] for a day that has passed, a pupil who has left, or an absence on which the
/// safeguarding lead decides first (E-020).
pub fn order(
    act: &mut Act,
    actor: &Actor,
    enrolment: EnrolmentId,
    wanted: &Order,
) -> Result<i64, Refusal> {
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let (pupil, is_here) = pupil_to_visit(act.tx(), actor, enrolment, today)?;
    if !is_here {
        return wrong("This pupil is not on roll today, so no visit is planned from here.");
    }
    if wanted.day < today || today.plus_days(60) < wanted.day {
        return wrong("Choose a day from today on, within the next 60 days.");
    }
    must_be_short([&wanted.purpose], LONGEST_LINE)?;
    let planned = of_enrolment(act.tx(), school, enrolment)?;
    let open = planned.iter().find(|whole| whole.state(today).is_open());
    if let Some(open) = open {
        return Ok(open.visit.id);
    }
    let last = round(act.tx(), school, wanted.day)?;
    let place = last.iter().map(|whole| whole.visit.place).max();
    let visit = Visit {
        id: act.new_id(),
        enrolment,
        day: wanted.day,
        place: place.unwrap_or(0) + 1,
        kind: wanted.kind,
        purpose: wanted.purpose.clone(),
        parents_told: wanted.parents_told && wanted.kind != Kind::SafeAndWell,
        asked_by: actor.account,
        asked_at: now,
        authorised_by: authorises(actor).then_some(actor.account),
        staff: [None, None],
        alone_because: None,
        alone_by: None,
        vehicle: None,
        phone: None,
        left_at: None,
        due_back: None,
        back_at: None,
        withdrawn: None,
    };
    keep(act, &visit)?;
    if wanted.kind == Kind::Absence && wanted.day == today {
        visit_is_asked_for(act, actor, enrolment)?;
    }
    act.describe(actor.entry("plan a home visit", format!("pupil {pupil}")));
    Ok(visit.id)
}

/// A visit that this person may change, and whose home it is.
///
/// Errors: as for visits to the pupil.
pub(super) fn to_change(
    act: &mut Act,
    actor: &Actor,
    id: i64,
) -> Result<(Whole, PupilId), Refusal> {
    let school = act.school();
    let (today, _) = act.at().in_london();
    let whole = one(act.tx(), school, id)?.ok_or(Refusal::NotFound)?;
    let (pupil, _) = pupil_to_visit(act.tx(), actor, whole.visit.enrolment, today)?;
    Ok((whole, pupil))
}

/// Refuses what may only be done before they have left.
pub(super) fn must_not_have_left(whole: &Whole, today: Day) -> Result<(), Refusal> {
    match whole.state(today) {
        State::Ordered | State::Cleared => Ok(()),
        State::Withdrawn => wrong("This visit was withdrawn. Plan another."),
        State::Out | State::Back | State::Closed => {
            wrong("They have left already, so this is not changed any more.")
        }
    }
}

/// Authorises a visit, and bringing the child to school with it where that was asked for.
///
/// Rule: E-196, E-198. Errors: [`Refusal::NotAllowed`] for somebody who does not lead pastoral or safeguarding work nor manages attendance.
pub fn authorise(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let (today, _) = act.at().in_london();
    if !authorises(actor) {
        let ground = "A visit is authorised by whoever leads pastoral or safeguarding work, or manages attendance (E-196). Ask one of them.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let asked = whole.collection.clone();
    let asked = asked.filter(|one| one.authorised_by.is_none() && whole.state(today).is_open());
    if asked.is_none() {
        must_not_have_left(&whole, today)?;
    }
    if let Some(asked) = asked {
        authorise_collection(act, actor, &whole, asked)?;
    }
    let authorised_by = Some(actor.account);
    if whole.visit.authorised_by.is_none() {
        keep(
            act,
            &Visit {
                authorised_by,
                ..whole.visit
            },
        )?;
    }
    act.describe(actor.entry("authorise a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// Withdraws a visit that was not begun, for a reason.
///
/// Errors: [`Refusal::Wrong`] without a reason, or once they have left.
pub fn withdraw(act: &mut Act, actor: &Actor, id: i64, because: &str) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let (today, _) = act.at().in_london();
    must_not_have_left(&whole, today)?;
    let because = because.trim();
    if because.is_empty() {
        return wrong("Say why the visit is not made: it is kept with your name.");
    }
    let withdrawn = Some(because.to_owned());
    must_be_short([&withdrawn], LONGEST_LINE)?;
    keep(
        act,
        &Visit {
            withdrawn,
            ..whole.visit
        },
    )?;
    act.describe(actor.entry("withdraw a home visit", format!("pupil {pupil}")));
    Ok(())
}

/// Moves a visit one place up or down in the round of today.
///
/// Errors: as for visits to the pupil. At the end of the round nothing moves.
pub fn move_in_round(act: &mut Act, actor: &Actor, id: i64, up: bool) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let school = act.school();
    let (today, _) = act.at().in_london();
    let day = whole.visit.day.max(today);
    let mut all = round(act.tx(), school, day)?;
    all.retain(|one| one.visit.withdrawn.is_none());
    let Some(from) = all.iter().position(|one| one.visit.id == id) else {
        return Ok(());
    };
    let to = match up {
        true => from.checked_sub(1),
        false => Some(from + 1).filter(|to| *to < all.len()),
    };
    let Some(to) = to else {
        return Ok(());
    };
    all.swap(from, to);
    for (number, one) in all.into_iter().enumerate() {
        let place = number as i64 + 1;
        // One left over from an earlier day joins the round of this one, or it could not be moved within it.
        let visit = match one.state(today) {
            State::Ordered | State::Cleared => Visit {
                place,
                day,
                ..one.visit.clone()
            },
            _ => Visit {
                place,
                ..one.visit.clone()
            },
        };
        if visit != one.visit {
            keep(act, &visit)?;
        }
    }
    act.describe(actor.entry("order the round of visits", format!("pupil {pupil}")));
    Ok(())
}
