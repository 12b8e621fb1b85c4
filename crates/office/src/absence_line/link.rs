//! The family's own link: a secret address by which one contact tells of their children's absence, kept as a hash.

use calendar::Day;
use sha2::{Digest, Sha256};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::ABSENCE_LINK;
use super::take::may_write;
use crate::desk::Refusal;
use crate::ids::{ContactId, PupilId};
use crate::people::Actor;

const OF_TOKEN: &str = "\
select contact_id, ends_on from absence_link where school_id = $1 and token_hash = $2 and superseded_seq is null";
const OF_CONTACT: &str = "\
select ends_on from absence_link where school_id = $1 and contact_id = $2 and made_for = 'office' and superseded_seq is null";
const ALL_OF_CONTACT: &str = "\
select link_id, made_for from absence_link where school_id = $1 and contact_id = $2 and superseded_seq is null";
const TIE: &str = "\
select 1 from pupil_contact where school_id = $1 and contact_id = $2 and pupil_id = $3 and superseded_seq is null";
// Parental responsibility and no order, no wish not to be contacted, no hold for either: whoever else tells the school something rings.
const CHILDREN: &str = "\
select p.pupil_id, p.forename, c.title, c.forename, c.surname, x.relationship from pupil_contact x
join contact c on c.school_id = x.school_id and c.contact_id = x.contact_id and c.superseded_seq is null
join pupil p on p.school_id = x.school_id and p.pupil_id = x.pupil_id and p.superseded_seq is null
where x.school_id = $1 and x.contact_id = $2 and x.superseded_seq is null
  and x.parental_responsibility and not x.court_order and not c.do_not_contact
  and exists (select 1 from enrolment e where e.school_id = x.school_id and e.pupil_id = x.pupil_id and e.superseded_seq is null
              and e.starting_day <= $3 and (e.leaving_day is null or e.leaving_day >= $3))
  and not exists (select 1 from message_hold h where h.school_id = x.school_id and h.pupil_id = x.pupil_id and h.superseded_seq is null
              and h.ground in ('court order', 'do not contact') and h.first_day <= $3 and (h.last_day is null or h.last_day >= $3))
order by p.forename, p.pupil_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_TOKEN, OF_CONTACT, ALL_OF_CONTACT, TIE, CHILDREN];

/// Whoever holds a link, and the children that they may tell of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The contact.
    pub contact: ContactId,
    /// As the office calls them: `Ms P Sample, mother`.
    pub name: String,
    /// Their children here, by forename; never empty.
    pub children: Vec<Child>,
}

/// A child of whom a family tells: the forename and nothing else leaves the school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The pupil.
    pub pupil: PupilId,
    /// The forename.
    pub forename: String,
}

/// The school and the hash of a link's token; none for a text that is no token.
pub(super) fn read_token(token: &str) -> Option<(SchoolId, [u8; 32])> {
    let (school, secret) = token.split_once('-')?;
    let is_secret = secret.len() == 40 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((
        SchoolId(school.parse().ok()?),
        Sha256::digest(token.as_bytes()).into(),
    ))
    .filter(|_| is_secret)
}

/// Whose link this is today; none for one that never was, has ended or was revoked, and for a contact who may tell of no child.
///
/// Errors: the database did not answer.
pub(super) fn family_of(
    tx: &mut Tx,
    school: SchoolId,
    hash: &[u8; 32],
    today: Day,
) -> Result<Option<Family>, StoreError> {
    let found = tx.query_opt(OF_TOKEN, &args![school, &hash[..]], |row| {
        Ok((row.get::<ContactId>(0)?, row.get::<Day>(1)?))
    })?;
    match found {
        Some((contact, ends_on)) if today <= ends_on => family(tx, school, contact, today),
        _ => Ok(None),
    }
}

/// The children that a contact may tell of; none where there are none.
///
/// Errors: the database did not answer.
pub(super) fn family(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    today: Day,
) -> Result<Option<Family>, StoreError> {
    let mut name = String::new();
    let children = tx.query(CHILDREN, &args![school, contact, today], |row| {
        let names: [String; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        let there: Vec<&str> = names
            .iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect();
        name = format!("{}, {}", there.join(" "), row.get::<&str>(5)?);
        Ok(Child {
            pupil: row.get(0)?,
            forename: row.get(1)?,
        })
    })?;
    Ok((!children.is_empty()).then_some(Family {
        contact,
        name,
        children,
    }))
}

/// Until when a contact's link holds; none for a contact without one.
///
/// Errors: the database did not answer.
pub(super) fn ends_on(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
) -> Result<Option<Day>, StoreError> {
    tx.query_opt(OF_CONTACT, &args![school, contact], |row| row.get(0))
}

/// The last day of a link that is made on this day: the end of the school year, so that it is looked at once a year.
pub(super) fn last_day(today: Day) -> Day {
    let august = |year| Day::new(year, 8, 31).expect("August has 31 days");
    let this_year = august(today.year());
    match today.plus_days(60) <= this_year {
        true => this_year,
        false => august(today.year() + 1),
    }
}

/// Makes a contact's link, in place of the one before; answers the token, which is kept only as a hash and cannot be shown again.
///
/// Rule: cap 35. Only somebody with parental responsibility and without a court order, a wish not to be contacted or a hold for either has a link.
/// Errors: [`Refusal::NotFound`] for a pupil whose log of contacts this person may not write; [`Refusal::Wrong`] for a contact who may have none.
pub fn make_link(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    contact: ContactId,
) -> Result<String, Refusal> {
    let school = act.school();
    let (today, _) = act.at().in_london();
    may_write(act.tx(), actor, Some(pupil), today)?;
    let family = family(act.tx(), school, contact, today)?;
    if !family.is_some_and(|family| family.children.iter().any(|child| child.pupil == pupil)) {
        let ground = "A link is for somebody with parental responsibility for this pupil, without a court order, and whom the school may contact.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    end_links(act, contact, &[MadeFor::Office])?;
    let token = new_link(act, contact, last_day(today), MadeFor::Office)?;
    act.describe(actor.entry("make a link for a family", format!("contact {contact}")));
    Ok(token)
}

/// What a link was made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MadeFor {
    /// The office gave it to the contact.
    Office,
    /// A message carried it.
    Message,
}

impl MadeFor {
    fn word(self) -> &'static str {
        match self {
            MadeFor::Office => "office",
            MadeFor::Message => "message",
        }
    }
}

/// A link that came with a message holds so long, for what the family plans to tell after it.
const BY_MESSAGE_DAYS: i32 = 14;

/// Whether a contact may have a link on a day.
///
/// Errors: the database did not answer.
pub(crate) fn may_have_link(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    day: Day,
) -> Result<bool, StoreError> {
    Ok(family(tx, school, contact, day)?.is_some())
}

/// Makes a link that goes out with a message, beside the contact's own; none for a contact who may have none. Whoever calls it describes the act.
///
/// Errors: the database did not answer.
pub(crate) fn link_by_message(
    act: &mut Act,
    contact: ContactId,
) -> Result<Option<String>, StoreError> {
    let (school, (today, _)) = (act.school(), act.at().in_london());
    if !may_have_link(act.tx(), school, contact, today)? {
        return Ok(None);
    }
    new_link(
        act,
        contact,
        today.plus_days(BY_MESSAGE_DAYS),
        MadeFor::Message,
    )
    .map(Some)
}

/// A new link; answers its token, of which only a hash is kept.
fn new_link(
    act: &mut Act,
    contact: ContactId,
    ends_on: Day,
    made_for: MadeFor,
) -> Result<String, StoreError> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).expect("the system gives random bytes once it runs");
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("{}-{secret}", act.school().0);
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let id = act.new_id();
    act.record(
        &ABSENCE_LINK,
        &args![id, contact, &hash[..], ends_on, made_for.word()],
    )?;
    Ok(token)
}

/// Ends the links of a contact that were made for these; answers whether there was one.
fn end_links(act: &mut Act, contact: ContactId, made_for: &[MadeFor]) -> Result<bool, StoreError> {
    let school = act.school();
    let links = act
        .tx()
        .query(ALL_OF_CONTACT, &args![school, contact], |row| {
            Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
        })?;
    let mut ended = false;
    for (id, word) in links {
        if made_for.iter().any(|one| one.word() == word) {
            ended |= act.supersede(&ABSENCE_LINK, &args![id])?;
        }
    }
    Ok(ended)
}

/// Revokes a contact's links at once, those that came with messages too.
///
/// Errors: [`Refusal::NotFound`] for a pupil whose log of contacts this person may not write, and for a contact who has no link.
pub fn revoke_link(
    act: &mut Act,
    actor: &Actor,
    pupil: PupilId,
    contact: ContactId,
) -> Result<(), Refusal> {
    let (today, _) = act.at().in_london();
    may_write(act.tx(), actor, Some(pupil), today)?;
    let school = act.school();
    let is_tied = act
        .tx()
        .query_opt(TIE, &args![school, contact, pupil], |_| Ok(()))?
        .is_some();
    if !is_tied || !end_links(act, contact, &[MadeFor::Office, MadeFor::Message])? {
        return Err(Refusal::NotFound);
    }
    act.describe(actor.entry("revoke a link of a family", format!("contact {contact}")));
    Ok(())
}
