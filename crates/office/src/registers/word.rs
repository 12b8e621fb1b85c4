//! Saying on whose word the office took a register.

use calendar::Instant;
use store::{Act, Entry, args};

use super::keeper::keeper;
use super::pages::RegisterAddress;
use super::records::REGISTER_TAKEN;
use super::save::LONGEST_TEXT;
use crate::desk::Refusal;
use crate::ids::AccountId;
use crate::people::Actor;

pub(super) const TAKEN_BY: &str = "\
select taken_at, account_id from register_taken
where school_id = $1 and group_id = $2 and on_date = $3 and session = $4 and superseded_seq is null";

/// Records on whose word a register was taken that the office took for a teacher: `Ms Sample, by telephone`.
///
/// Errors: [`Refusal::NotFound`] for a person who may not know of the register, [`Refusal::NotAllowed`] for one who keeps no
/// registers for others, [`Refusal::Wrong`] while the register is not taken or when no word is given.
pub fn say_on_whose_word(
    act: &mut Act,
    actor: &Actor,
    address: RegisterAddress,
    word: &str,
) -> Result<(), Refusal> {
    let RegisterAddress { group, slot } = address;
    if !keeper(act.tx(), actor, group, slot.day)?.is_office() {
        let ground = "Only who keeps the registers for the school takes them for others.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let word = word.trim();
    if word.is_empty() || word.chars().count() > LONGEST_TEXT || word.contains('\0') {
        let ground = "Say in a few words on whose word the register was taken, such as “Ms Sample, by telephone”.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let (school, session) = (act.school(), slot.session.index() as i64);
    let taken = act
        .tx()
        .query_opt(TAKEN_BY, &args![school, group, slot.day, session], |row| {
            Ok((row.get::<Instant>(0)?, AccountId(row.get(1)?)))
        })?;
    let Some((at, account)) = taken else {
        let ground = "The register is not taken yet: places in it are blank. Enter them first, then say on whose word.";
        return Err(Refusal::Wrong(ground.to_owned()));
    };
    let values = args![group, slot.day, session, at, account, word];
    act.replace(&REGISTER_TAKEN, &values)?;
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "say on whose word",
        subject: format!("group {group} {slot}"),
    });
    Ok(())
}
