//! Handing a concern to the safeguarding lead.

use calendar::Instant;
use store::{Act, args};

use super::records::CONCERN;
use super::sealed::{Words, seal};
use super::who::pupil_of_concern;
use crate::desk::Refusal;
use crate::ids::{AccountId, EnrolmentId};
use crate::people::{Actor, Keyring};

/// What the journal calls everything that is done with a concern, and what it is about: the same for raising, reading and deciding, so that
/// neither tells of any child. The concern's own page says the rest to whoever may read it.
pub(crate) const RESTRICTED: &str = "restricted record";

/// The longest account, in letters.
pub(super) const LONGEST: usize = 4_000;

/// Hands a concern about a pupil over. Answers its number.
///
/// Rule: B-201, E-018. Anybody of the staff may, about any pupil of whom they may know. What is handed over is sealed and never changed (B-203).
/// Errors: [`Refusal::NotFound`] for a pupil whom they may not know of; [`Refusal::Wrong`] for an empty or too long account.
pub fn raise(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    enrolment: EnrolmentId,
    words: &Words,
) -> Result<i64, Refusal> {
    let (today, _) = act.at().in_london();
    pupil_of_concern(act.tx(), actor, enrolment, today)?;
    let id = hand_over(act, actor, keyring, enrolment, words)?;
    act.describe(actor.entry(RESTRICTED, RESTRICTED.to_owned()));
    Ok(id)
}

/// Hands a concern over in the course of another act, which has asked whether this person works on the pupil and describes itself.
pub(crate) fn hand_over(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    enrolment: EnrolmentId,
    words: &Words,
) -> Result<i64, Refusal> {
    must_be_sound(words)?;
    let now = act.at();
    write_concern(act, keyring, enrolment, words, (actor.account, now))
}

/// Writes a concern down, by whom and when. Answers its number.
pub(crate) fn write_concern(
    act: &mut Act,
    keyring: &Keyring,
    enrolment: EnrolmentId,
    words: &Words,
    (by, at): (AccountId, Instant),
) -> Result<i64, Refusal> {
    let (school, id) = (act.school(), act.new_id());
    let sealed = seal(keyring, school, id, words)?;
    let holds = words.origin.holds();
    act.record(
        &CONCERN,
        &args![id, enrolment, by, at, holds, sealed.as_slice()],
    )?;
    Ok(id)
}

fn must_be_sound(words: &Words) -> Result<(), Refusal> {
    if words.facts.trim().is_empty() {
        let ground = "Say what was seen or heard: the safeguarding lead decides by it (B-201).";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let rest = [&words.own_words, &words.opinion, &words.place, &words.told];
    let texts = rest.into_iter().flatten().chain([&words.facts]);
    must_be_short(texts)
}

/// Whether these texts are short enough to keep.
pub(super) fn must_be_short<'t>(
    texts: impl IntoIterator<Item = &'t String>,
) -> Result<(), Refusal> {
    let too_long = |text: &String| text.chars().count() > LONGEST || text.contains('\0');
    match texts.into_iter().any(too_long) {
        true => Err(Refusal::Wrong(format!(
            "An answer is longer than {LONGEST} characters. Shorten it and save again."
        ))),
        false => Ok(()),
    }
}
