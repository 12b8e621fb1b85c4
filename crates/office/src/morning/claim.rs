//! Claiming a home, so that two callers never ring it: one home is one claim, whichever of its children stands in the row.

use calendar::{Day, Instant};
use store::{Act, args};

use super::entries::{Claim, claims};
use super::records::ABSENCE_CLAIM;
use super::who::pupil_for;
use crate::desk::Refusal;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Actor};
use crate::registers::name_of;
use crate::roll::siblings_of;
use crate::year::settings::{claim_minutes, settings};

/// Claims the home of a pupil for this person, or goes on with their own claim. Answers until when.
///
/// Rule: E-032. A claim ends by itself after the time that the school has set, so nobody's row stays locked by somebody who went away.
/// Errors: [`Refusal::Wrong`] with who rings there now; of two who press together one is told of the other.
pub fn claim(act: &mut Act, actor: &Actor, enrolment: EnrolmentId) -> Result<Instant, Refusal> {
    let now = act.at();
    let (today, _) = now.in_london();
    let pupil = pupil_for(act.tx(), actor, enrolment, today, Access::Write)?;
    if let Some((whose, theirs)) = claimed_by_another(act, actor, pupil, today)? {
        let name = name_of(act.tx(), actor.school, theirs.account)?;
        let (_, until) = theirs.until.in_london();
        let home = match whose == pupil {
            true => "this home",
            false => "this home for a brother or sister",
        };
        return Err(Refusal::Wrong(format!(
            "{name} is ringing {home}, until {until} unless they go on (E-032). Nothing was changed. Take the next row."
        )));
    }
    let until = hold(act, actor, pupil, today)?;
    act.describe(actor.entry("claim a home", format!("pupil {pupil}")));
    Ok(until)
}

/// Lets go of one's own claim.
///
/// Errors: the pupil cannot be known to this person.
pub fn release(act: &mut Act, actor: &Actor, enrolment: EnrolmentId) -> Result<(), Refusal> {
    let now = act.at();
    let (today, _) = now.in_london();
    let pupil = pupil_for(act.tx(), actor, enrolment, today, Access::Write)?;
    let held = claims(act.tx(), actor.school, today, now)?;
    if held
        .get(&pupil)
        .is_some_and(|claim| claim.account == actor.account)
    {
        act.record(&ABSENCE_CLAIM, &args![today, pupil, actor.account, now])?;
        act.describe(actor.entry("release a home", format!("pupil {pupil}")));
    }
    Ok(())
}

/// Somebody else's claim on this home, with the child for whom they made it.
pub(super) fn claimed_by_another(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Option<(PupilId, Claim)>, Refusal> {
    let now = act.at();
    let held = claims(act.tx(), actor.school, today, now)?;
    if held.values().all(|claim| claim.account == actor.account) {
        return Ok(None);
    }
    let mut home = vec![pupil];
    home.extend(siblings_of(act.tx(), actor.school, pupil, today)?);
    let theirs = home.into_iter().find_map(|one| {
        let claim = held
            .get(&one)
            .filter(|claim| claim.account != actor.account)?;
        Some((one, *claim))
    });
    Ok(theirs)
}

/// Records this person's claim from now on.
pub(super) fn hold(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Instant, Refusal> {
    let (school, now) = (act.school(), act.at());
    let minutes = claim_minutes(&settings(act.tx(), school)?, today)?;
    let until = now.plus_seconds(i64::from(minutes) * 60);
    act.record(&ABSENCE_CLAIM, &args![today, pupil, actor.account, until])?;
    Ok(until)
}
