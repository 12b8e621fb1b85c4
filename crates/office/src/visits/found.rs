//! Writing down what a visit found, and telling the day's absence of it.

use calendar::Instant;
use store::{Act, args};
use welfare::visit::{Found, State};

use super::order::{LONGEST_LINE, must_be_short, to_change, wrong};
use super::records::VISIT_RECORD;
use super::visit::{Record, Whole};
use crate::desk::Refusal;
use crate::ids::StaffId;
use crate::morning::{AtHome, found_at_home};
use crate::people::{Actor, Keyring};
use crate::safeguarding::{Origin, Words, hand_over};

/// The longest account of what was seen and said, in letters.
pub(super) const LONGEST_ACCOUNT: usize = 2_000;

/// What somebody writes down of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// What was found.
    pub found: Found,
    /// When they stood at the door.
    pub at_door: Instant,
    /// Who of them saw the child.
    pub seen_by: Option<StaffId>,
    /// Where.
    pub seen_where: Option<String>,
    /// Whether the child was spoken to alone.
    pub alone: Option<bool>,
    /// Who answered, and what they are to the child.
    pub answered_by: Option<String>,
    /// What was seen and said.
    pub facts: Option<String>,
    /// What those who went make of it.
    pub opinion: Option<String>,
    /// By when the card asks for a reply.
    pub reply_by: Option<Instant>,
    /// What comes next.
    pub next_step: Option<String>,
    /// What worries those who went: it goes to the safeguarding lead, and nobody else who reads visits sees it.
    pub concern: Option<String>,
}

impl Wrote {
    /// The line of the outcome, which is all that the log of contacts has of it.
    fn line(&self) -> String {
        let mut line = format!("home visit: {}", self.found.words());
        if let Some(place) = &self.seen_where {
            line.push_str(&format!(", {place}"));
        }
        if let Some(reply) = self.reply_by {
            let (day, time) = reply.in_london();
            line.push_str(&format!(", reply asked for by {} {time}", day.short()));
        }
        line
    }
}

/// Writes down what was found, at the door or when they are back; what was written last counts.
///
/// Rule: E-196, E-197, SM-1: only a child who was seen, and of whom there is no concern, is located by it; without a reply police or social care
/// are decided on; where somebody answered and the child was not seen, the safeguarding lead decides (E-020). A concern is handed over with it; a
/// record that is put right later takes none back.
/// Errors: [`Refusal::Wrong`] before they have left, and for an answer that is missing.
pub fn write_down(
    act: &mut Act,
    actor: &Actor,
    keyring: &Keyring,
    id: i64,
    wrote: &Wrote,
) -> Result<(), Refusal> {
    let (whole, pupil) = to_change(act, actor, id)?;
    let (today, _) = act.at().in_london();
    if !matches!(whole.state(today), State::Out | State::Back | State::Closed) {
        return wrong("They have not left yet, so there is nothing to write down.");
    }
    makes_sense(&whole, wrote, act.at())?;
    if let Some(worry) = &wrote.concern {
        let words = Words {
            about: Some(id),
            ..Words::of(Origin::Visit, worry.as_str())
        };
        hand_over(act, actor, keyring, whole.visit.enrolment, &words)?;
    }
    let had_concern = whole.record.as_ref().is_some_and(|record| record.concern);
    let concern = wrote.concern.is_some() || had_concern;
    act.record(
        &VISIT_RECORD,
        &args![
            id,
            whole.visit.enrolment,
            wrote.found.key(),
            wrote.at_door,
            wrote.seen_by,
            wrote.seen_where.as_deref(),
            wrote.alone,
            wrote.answered_by.as_deref(),
            wrote.facts.as_deref(),
            wrote.opinion.as_deref(),
            wrote.reply_by,
            wrote.next_step.as_deref(),
            concern,
            actor.account
        ],
    )?;
    let is_located = |found: Found, concern: bool| found == Found::Seen && !concern;
    let was = whole
        .record
        .as_ref()
        .is_some_and(|record: &Record| is_located(record.found, record.concern));
    found_at_home(
        act,
        actor,
        &AtHome {
            enrolment: whole.visit.enrolment,
            at: wrote.at_door,
            outcome: wrote.found.outcome(),
            seen: wrote.found == Found::Seen,
            concern,
            answered_by: wrote.answered_by.as_deref(),
            line: &wrote.line(),
            takes_back: was && !is_located(wrote.found, concern),
        },
    )?;
    act.describe(actor.entry("record a home visit", format!("pupil {pupil}")));
    Ok(())
}

fn makes_sense(whole: &Whole, wrote: &Wrote, now: Instant) -> Result<(), Refusal> {
    must_be_short(
        [&wrote.seen_where, &wrote.answered_by, &wrote.next_step],
        LONGEST_LINE,
    )?;
    must_be_short([&wrote.facts, &wrote.opinion], LONGEST_ACCOUNT)?;
    let left = whole.visit.left_at.unwrap_or(wrote.at_door);
    if wrote.at_door > now || wrote.at_door < left.plus_seconds(-59) {
        return wrong("Give the time at the door: after they left, and not after now.");
    }
    let goes = |staff: StaffId| whole.visit.staff.contains(&Some(staff));
    match wrote.found {
        Found::Seen if !wrote.seen_by.is_some_and(goes) => {
            wrong("Say which of the two saw the child (E-196).")
        }
        Found::Seen if wrote.seen_where.is_none() => {
            wrong("Say where the child was seen: at the door, in the home, elsewhere (E-196).")
        }
        Found::Seen if wrote.alone.is_none() => {
            wrong("Say whether the child was spoken to alone (E-196).")
        }
        Found::NotSeen | Found::Refused if wrote.answered_by.is_none() => {
            wrong("Say who answered, and what they are to the child (E-018).")
        }
        Found::CardLeft if wrote.reply_by.is_none_or(|reply| reply <= wrote.at_door) => {
            wrong("Give the time by which the card asks for a reply (E-016).")
        }
        Found::NoAnswer | Found::AddressEmpty if wrote.facts.is_none() => {
            wrong("Say what was seen, and why no card was left (E-016).")
        }
        Found::Seen => Ok(()),
        _ if wrote.seen_by.is_some() || wrote.alone.is_some() => wrong(
            "Who saw the child, and whether alone, is answered only where the child was seen. Choose “child seen”, or leave them empty.",
        ),
        _ => Ok(()),
    }
}
