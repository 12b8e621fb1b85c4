//! What a run would send: to whom, in which words, and who is held back on which ground. Nothing is changed here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::messages::text::measure;
use ::messages::{Channel, Number, next_channel};
use calendar::{Day, Instant, Session, Slot};
use sha2::{Digest, Sha256};
use store::{SchoolId, StoreError, Tx, args};
use welfare::absence::State;

use super::letters::address_of;
use super::link;
use super::rules::{MessageRules, Words};
use crate::desk::{Refusal, school_name};
use crate::ids::{ContactId, EnrolmentId, PupilId};
use crate::morning::{Missing, case_within, missing_within};
use crate::year::settings::{session_times, settings};

const NAMES: &str = "\
select e.enrolment_id, p.forename, p.surname
from enrolment e join pupil p on p.school_id = e.school_id and p.pupil_id = e.pupil_id and p.superseded_seq is null
where e.school_id = $1 and e.superseded_seq is null and e.starting_day <= $2 and (e.leaving_day is null or e.leaving_day >= $2)
order by p.surname, p.forename, e.enrolment_id";

const CONTACTS: &str = "\
select x.contact_id, c.title, c.forename, c.surname, x.relationship, c.do_not_contact, x.no_automatic_messages, r.kind, r.value
from pupil_contact x
join contact c on c.school_id = x.school_id and c.contact_id = x.contact_id and c.superseded_seq is null
left join contact_route r on r.school_id = x.school_id and r.contact_id = x.contact_id and r.superseded_seq is null
where x.school_id = $1 and x.pupil_id = $2 and x.superseded_seq is null
order by coalesce(x.priority, 999), x.contact_id, r.route_id";

const HELD: &str = "\
select pupil_id, ground, reason, last_day from message_hold
where school_id = $1 and superseded_seq is null and first_day <= $2 and (last_day is null or last_day >= $2)";

const LATELY: &str = "\
select p.pupil_id, m.to_name, m.asked_at,
       (select s.state from message_state s where s.school_id = m.school_id and s.message_id = m.message_id order by s.seq desc limit 1)
from message m
join message_run r on r.school_id = m.school_id and r.run_id = m.run_id and r.superseded_seq is null and r.purpose = 'first'
join message_pupil p on p.school_id = m.school_id and p.message_id = m.message_id and p.superseded_seq is null
where m.school_id = $1 and m.asked_at >= $2 and m.superseded_seq is null";

/// Addresses at which a message failed for good.
const DEAD: &str = "\
select distinct m.address from message m
join message_state s on s.school_id = m.school_id and s.message_id = m.message_id and s.state = 'failed for good'
where m.school_id = $1 and m.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[NAMES, CONTACTS, HELD, LATELY, DEAD];

/// A pupil about whom a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The time on roll.
    pub enrolment: EnrolmentId,
    /// The pupil.
    pub pupil: PupilId,
    /// As the words call them.
    pub forename: String,
    /// As lists have them.
    pub listed: String,
}

/// A message that would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// What tells it from every other, and from itself with other words: what was previewed is what is sent.
    pub key: String,
    /// To whom.
    pub contact: ContactId,
    /// Their name.
    pub to_name: String,
    /// What they are to the first pupil.
    pub relationship: String,
    /// By which way.
    pub channel: Channel,
    /// The number in E.164, or the address.
    pub address: String,
    /// Whom it is about; brothers and sisters share one message.
    pub pupils: Vec<About>,
    /// The subject of an e-mail.
    pub subject: String,
    /// The words, filled in.
    pub words: String,
    /// Parts that a text is charged for; 0 for an e-mail.
    pub parts: u32,
    /// Who stands before them and is not written to, and why.
    pub passed_over: Vec<String>,
}

/// A pupil about whom no message would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The pupil.
    pub about: About,
    /// Why not, and what to do.
    pub ground: String,
}

/// What a run would do.
#[derive(Clone, Debug)]
pub struct Foresight {
    /// The session that it is about.
    pub slot: Slot,
    /// What would go.
    pub messages: Vec<Foreseen>,
    /// Who is held back.
    pub held: Vec<HeldBack>,
    /// What the school has decided.
    pub rules: MessageRules,
    /// From when on a message may leave: now, or the end of the quiet hours.
    pub leaves_at: Instant,
}

/// The session that a first message is about now: the afternoon from when its register opens.
///
/// Errors: the session times cannot be read.
pub(super) fn slot_now(tx: &mut Tx, school: SchoolId, now: Instant) -> Result<Slot, Refusal> {
    let (day, time) = now.in_london();
    let times = session_times(&settings(tx, school)?, day)?;
    let session = match time >= times.of(Session::Pm).opens {
        true => Session::Pm,
        false => Session::Am,
    };
    Ok(Slot { day, session })
}

/// Somebody whom the board has as missing in the session, and why a message does not help yet, if so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// Who.
    pub about: About,
    /// What is to be done first.
    pub first: Option<String>,
}

/// Everybody not located whom a session has on the list, by name: `N`, and no mark once the register has closed.
///
/// Rule: E-010, E-013, E-021. Errors: a setting cannot be read; the database did not answer.
pub fn unexplained(
    tx: &mut Tx,
    school: SchoolId,
    slot: Slot,
    now: Instant,
) -> Result<Vec<Unexplained>, Refusal> {
    let mut missing: HashMap<EnrolmentId, Missing> = missing_within(tx, school, slot, now)?
        .into_iter()
        .map(|one| (one.case.enrolment, one))
        .collect();
    let names = tx.query(NAMES, &args![school, slot.day], |row| {
        Ok((row.get(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
    })?;
    let found = names
        .into_iter()
        .filter_map(|(enrolment, forename, surname)| {
            let Missing { case, is_begun } = missing.remove(&enrolment)?;
            Some(Unexplained {
                first: before_a_message(case.state, is_begun).map(str::to_owned),
                about: About {
                    enrolment,
                    pupil: case.pupil,
                    listed: format!("{surname}, {forename}"),
                    forename,
                },
            })
        });
    Ok(found.collect())
}

/// Whether a message about this pupil would still be right to send.
pub(super) fn is_unexplained(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
    slot: Slot,
    now: Instant,
) -> Result<bool, Refusal> {
    let case = case_within(tx, school, enrolment, slot.day, now)?;
    Ok(case.is_some_and(|case| {
        case.is_open() && case.is_absent_in(slot) && before_a_message(case.state, true).is_none()
    }))
}

/// What comes before a message to the family, where a message would not help or would be wrong.
fn before_a_message(state: State, is_begun: bool) -> Option<&'static str> {
    match state {
        State::ReasonClaimed => Some("A reason was given: confirm it with a code (E-014)"),
        State::Searching => {
            Some("The family says that the child is at school: search the site first (E-029)")
        }
        State::LeadDecides | State::OutsideDecision => {
            Some("The safeguarding lead decides what is next (E-020)")
        }
        State::VisitDue => Some("Nobody was reached: somebody goes to the home (E-016)"),
        _ if !is_begun => Some(
            "Nobody has a mark in this register: take it first, it says nothing about one child (E-013)",
        ),
        _ => None,
    }
}

/// What a first message about everybody unexplained would be now, by the channels that are `open`.
///
/// Rule: I-123, I-124, E-016. One message goes to one number whatever the number of children; a contact who must not be messaged is passed over for
/// the next; a pupil is held back with the ground where there is none, where a hold stands, or where the family had a message lately.
/// Errors: a setting cannot be read; the database did not answer.
pub fn foresee(
    tx: &mut Tx,
    school: SchoolId,
    now: Instant,
    open: &[Channel],
) -> Result<Foresight, Refusal> {
    let slot = slot_now(tx, school, now)?;
    let rules = MessageRules::on(&settings(tx, school)?, slot.day)?;
    let words = words_of(&rules)?;
    let name = school_name(tx, school)?;
    let holds = holds(tx, school, slot.day)?;
    let lately = lately(
        tx,
        school,
        now.plus_seconds(-i64::from(rules.rest_minutes) * 60),
    )?;
    let dead: BTreeSet<String> = tx
        .query(DEAD, &args![school], |row| row.get(0))?
        .into_iter()
        .collect();
    let mut held = Vec::new();
    let mut by_address: BTreeMap<(Channel, String), (Chosen, Vec<About>)> = BTreeMap::new();
    let mut order = Vec::new();
    for Unexplained { about, first } in unexplained(tx, school, slot, now)? {
        let ground = holds.get(&about.pupil).or(first.as_ref());
        if let Some(ground) = ground.or_else(|| lately.get(&about.pupil)) {
            held.push(HeldBack {
                ground: ground.clone(),
                about,
            });
            continue;
        }
        let contacts = contacts(tx, school, about.pupil)?;
        let way = match chosen(&contacts, open, &dead) {
            Err(ground) if open.contains(&Channel::Letter) => {
                by_letter(tx, school, &contacts, &dead, slot.day, ground)?
            }
            other => other,
        };
        match way {
            Err(ground) => held.push(HeldBack { about, ground }),
            Ok(chosen) => {
                let place = (chosen.channel, chosen.address.clone());
                if !by_address.contains_key(&place) {
                    order.push(place.clone());
                }
                by_address
                    .entry(place)
                    .or_insert_with(|| (chosen, Vec::new()))
                    .1
                    .push(about);
            }
        }
    }
    let mut messages = Vec::new();
    for (chosen, pupils) in order.iter().filter_map(|place| by_address.remove(place)) {
        let link = link::shown(tx, school, chosen.contact, slot.day, &rules)?;
        messages.push(written(chosen, pupils, &words, slot, &name, &link));
    }
    Ok(Foresight {
        slot,
        messages,
        held,
        leaves_at: rules.quiet().open_at(now),
        rules,
    })
}

pub(super) fn words_of(rules: &MessageRules) -> Result<Words, Refusal> {
    rules.templates().map_err(|wrongs| {
        let each: Vec<String> = wrongs.iter().map(|(_, wrong)| wrong.to_string()).collect();
        Refusal::Wrong(format!(
            "The words of the first message cannot be used: {}.",
            each.join("; ")
        ))
    })
}

pub(super) fn holds(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<PupilId, String>, StoreError> {
    let rows = tx.query(HELD, &args![school, day], |row| {
        let (ground, reason): (String, String) = (row.get(1)?, row.get(2)?);
        let until: Option<Day> = row.get(3)?;
        let until = until.map_or_else(
            || "until it is lifted".to_owned(),
            |day| format!("until {}", day.long()),
        );
        Ok((row.get(0)?, format!("Held ({ground}) {until}: {reason}")))
    })?;
    Ok(rows.into_iter().collect())
}

/// Who had a message since then that may have arrived.
fn lately(
    tx: &mut Tx,
    school: SchoolId,
    since: Instant,
) -> Result<HashMap<PupilId, String>, StoreError> {
    let rows = tx.query(LATELY, &args![school, since], |row| {
        let state: Option<String> = row.get(3)?;
        let state = state.as_deref().and_then(::messages::State::from_word);
        let (to, at): (String, Instant) = (row.get(1)?, row.get(2)?);
        let (_, time) = at.in_london();
        Ok((
            row.get(0)?,
            state,
            format!("{to} had a message at {time}: ring instead"),
        ))
    })?;
    use ::messages::State::{
        Cancelled, FailedPermanent, FailedTechnical, FailedTemporary, Refused, Returned,
    };
    Ok(rows
        .into_iter()
        .filter(|(_, state, _)| {
            !matches!(
                state,
                Some(
                    Cancelled
                        | FailedPermanent
                        | FailedTechnical
                        | FailedTemporary
                        | Refused
                        | Returned
                )
            )
        })
        .map(|(pupil, _, ground)| (pupil, ground))
        .collect())
}

/// Somebody to reach, with the ways to reach them.
pub(super) struct Contact {
    pub(super) id: ContactId,
    pub(super) name: String,
    pub(super) relationship: String,
    pub(super) do_not_contact: bool,
    no_automatic_messages: bool,
    routes: Vec<(String, String)>,
}

/// The contacts of a pupil in order, with every way to reach them that can be used.
pub(super) fn contacts(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<Contact>, StoreError> {
    let rows = tx.query(CONTACTS, &args![school, pupil], |row| {
        let names: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        let there: Vec<&str> = names
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .collect();
        let (kind, value): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
        Ok(Contact {
            id: row.get(0)?,
            name: there.join(" "),
            relationship: row.get(4)?,
            do_not_contact: row.get(5)?,
            no_automatic_messages: row.get(6)?,
            routes: kind.zip(value).into_iter().collect(),
        })
    })?;
    let mut contacts: Vec<Contact> = Vec::new();
    for row in rows {
        match contacts.last_mut() {
            Some(last) if last.id == row.id => last.routes.extend(row.routes),
            _ => contacts.push(row),
        }
    }
    Ok(contacts)
}

/// The contact who is written to, and how.
struct Chosen {
    contact: ContactId,
    name: String,
    relationship: String,
    channel: Channel,
    address: String,
    passed_over: Vec<String>,
}

/// The first contact in order who may be messaged and can be; else why there is none.
fn chosen(
    contacts: &[Contact],
    open: &[Channel],
    dead: &BTreeSet<String>,
) -> Result<Chosen, String> {
    let mut passed_over = Vec::new();
    for contact in contacts {
        let ground = if contact.do_not_contact {
            "do not contact"
        } else if contact.no_automatic_messages {
            "no automatic messages until reviewed (I-087)"
        } else {
            let address = |channel| {
                let kind = match channel {
                    Channel::Text => "mobile",
                    Channel::Email => "email",
                    Channel::App | Channel::Call | Channel::Letter => return None,
                };
                let usable =
                    |value: &String| channel != Channel::Text || Number::read(value).is_some();
                let mut values = contact
                    .routes
                    .iter()
                    .filter(|(own, _)| own == kind)
                    .map(|(_, value)| value);
                values.find(|value| usable(value) && !dead.contains(*value))
            };
            let way = next_channel(None, |channel| {
                open.contains(&channel) && address(channel).is_some()
            });
            if let Some((channel, address)) =
                way.and_then(|channel| Some((channel, address(channel)?)))
            {
                return Ok(Chosen {
                    contact: contact.id,
                    name: contact.name.clone(),
                    relationship: contact.relationship.clone(),
                    channel,
                    address: address.clone(),
                    passed_over,
                });
            }
            "no mobile number or e-mail address that works"
        };
        passed_over.push(format!("{}: {ground}", contact.name));
    }
    Err(match passed_over.is_empty() {
        true => "No contact is recorded: tell the safeguarding lead (E-012)".to_owned(),
        false => format!("Ring. {}", passed_over.join("; ")),
    })
}

/// The first contact in order who may be messaged and has an address, where nobody can be rung; else why no letter goes either.
///
/// Rule: I-124: a letter is the last way, after a call. A household with a telephone that works is rung.
fn by_letter(
    tx: &mut Tx,
    school: SchoolId,
    contacts: &[Contact],
    dead: &BTreeSet<String>,
    day: Day,
    ground: String,
) -> Result<Result<Chosen, String>, StoreError> {
    let is_rung = |contact: &Contact| {
        !contact.do_not_contact
            && contact
                .routes
                .iter()
                .any(|(kind, value)| kind != "email" && !dead.contains(value))
    };
    if contacts.iter().any(is_rung) {
        return Ok(Err(ground));
    }
    let mut passed_over = Vec::new();
    for contact in contacts {
        let why_not = if contact.do_not_contact {
            "do not contact".to_owned()
        } else if contact.no_automatic_messages {
            "no automatic messages until reviewed (I-087)".to_owned()
        } else {
            match address_of(tx, school, contact.id, &contact.name, day)? {
                Ok(address) => {
                    return Ok(Ok(Chosen {
                        contact: contact.id,
                        name: contact.name.clone(),
                        relationship: contact.relationship.clone(),
                        channel: Channel::Letter,
                        address: address.lines().join("\n"),
                        passed_over,
                    }));
                }
                Err(why) => format!("no letter either: {why}"),
            }
        };
        passed_over.push(format!("{}: {why_not}", contact.name));
    }
    Ok(Err(match passed_over.is_empty() {
        true => ground,
        false => format!(
            "Nobody can be reached: go there. {}",
            passed_over.join("; ")
        ),
    }))
}

fn written(
    chosen: Chosen,
    pupils: Vec<About>,
    words: &Words,
    slot: Slot,
    school: &str,
    link: &str,
) -> Foreseen {
    let filled = Filled {
        pupils: &pupils,
        slot,
        school,
        link,
    };
    let (subject, text) = filled.by(chosen.channel, words);
    let parts = match chosen.channel {
        Channel::Text => measure(&text).parts,
        Channel::App | Channel::Email | Channel::Call | Channel::Letter => 0,
    };
    let mut digest = Sha256::new();
    for piece in [chosen.channel.word(), &chosen.address, &subject, &text] {
        digest.update(piece.as_bytes());
        digest.update([0]);
    }
    for about in &pupils {
        digest.update(about.enrolment.0.to_be_bytes());
    }
    let key = digest
        .finalize()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Foreseen {
        key,
        contact: chosen.contact,
        to_name: chosen.name,
        relationship: chosen.relationship,
        channel: chosen.channel,
        address: chosen.address,
        pupils,
        subject,
        words: text,
        parts,
        passed_over: chosen.passed_over,
    }
}

/// What fills the fields of a message.
pub(super) struct Filled<'a> {
    pub(super) pupils: &'a [About],
    pub(super) slot: Slot,
    pub(super) school: &'a str,
    /// The family's own form, without its secret.
    pub(super) link: &'a str,
}

impl Filled<'_> {
    /// Subject and words for a channel.
    pub(super) fn by(&self, channel: Channel, words: &Words) -> (String, String) {
        match channel {
            Channel::Text => (String::new(), words.text.fill(|field| self.value(field))),
            Channel::Letter => (
                words.subject.fill(|field| self.value(field)),
                words.letter.fill(|field| self.value(field)),
            ),
            Channel::App | Channel::Email | Channel::Call => (
                words.subject.fill(|field| self.value(field)),
                words.email.fill(|field| self.value(field)),
            ),
        }
    }

    /// What stands for a field of [`super::rules::FIELDS`].
    fn value(&self, field: &str) -> String {
        match field {
            "pupils" => in_a_sentence(self.pupils.iter().map(|about| about.forename.as_str())),
            "is or are" => match self.pupils.len() {
                1 => "is".to_owned(),
                _ => "are".to_owned(),
            },
            "session" => match self.slot.session {
                Session::Am => "morning".to_owned(),
                Session::Pm => "afternoon".to_owned(),
            },
            "date" => self.slot.day.long(),
            "school" => self.school.to_owned(),
            "link" => self.link.to_owned(),
            other => unreachable!("a template has only fields of the list, and {other} is none"),
        }
    }
}

/// `Ash, Birch and Cedar`.
fn in_a_sentence<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(id: i64, routes: &[(&str, &str)]) -> Contact {
        Contact {
            id: ContactId(id),
            name: format!("Contact {id}"),
            relationship: "Mother".to_owned(),
            do_not_contact: false,
            no_automatic_messages: false,
            routes: routes
                .iter()
                .map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    const BOTH: [Channel; 2] = [Channel::Text, Channel::Email];

    #[test]
    fn a_contact_who_must_not_be_messaged_is_passed_over_for_the_next() {
        let first = Contact {
            no_automatic_messages: true,
            ..contact(1, &[("mobile", "+447700900001")])
        };
        let second = contact(
            2,
            &[("email", "b@example.org"), ("mobile", "+447700900002")],
        );
        let chosen = chosen(&[first, second], &BOTH, &BTreeSet::new()).expect("the second");
        assert_eq!(
            (chosen.contact, chosen.channel),
            (ContactId(2), Channel::Text)
        );
        assert_eq!(
            chosen.passed_over,
            ["Contact 1: no automatic messages until reviewed (I-087)"]
        );
    }

    #[test]
    fn a_number_that_failed_for_good_is_not_tried_again_and_the_next_way_is() {
        let one = contact(
            1,
            &[("mobile", "+447700900001"), ("email", "a@example.org")],
        );
        let dead = BTreeSet::from(["+447700900001".to_owned()]);
        let way = chosen(std::slice::from_ref(&one), &BOTH, &dead).expect("an e-mail");
        assert_eq!(
            (way.channel, way.address.as_str()),
            (Channel::Email, "a@example.org")
        );
        assert!(chosen(&[one], &[Channel::Text], &dead).is_err());
    }

    #[test]
    fn names_stand_in_a_sentence() {
        assert_eq!(in_a_sentence(["Ash"].into_iter()), "Ash");
        assert_eq!(
            in_a_sentence(["Ash", "Birch", "Cedar"].into_iter()),
            "Ash, Birch and Cedar"
        );
    }
}
