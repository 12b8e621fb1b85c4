//! That letters were posted, with the proof of it.

use ::messages::State;
use calendar::{Day, bank_holiday};
use store::{Act, args};

use super::waiting::waiting;
use crate::desk::Refusal;
use crate::ids::MessageId;
use crate::keyed::keyed;
use crate::messages::ask::may_send;
use crate::messages::records::{LETTER_POSTING, MESSAGE_STATE};
use crate::people::Actor;

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[];

keyed! {
    /// How a letter was posted.
    How {
        /// Prepaid first class.
        First = "first class", "First class";
        /// Prepaid second class.
        Second = "second class", "Second class";
        /// Signed for on delivery.
        SignedFor = "signed for", "Signed for";
        /// Left at the address by hand.
        ByHand = "by hand", "Left at the address by hand";
    }
}

impl How {
    /// The day on which a letter counts as received, unless it is known when it was.
    ///
    /// Rule: E-007 (LOCAL SRC-LINC-6): the second working day after posting; of what was left at the address, the day itself.
    /// Units: working days, Monday to Friday but for bank holidays of England and Wales.
    pub fn deemed_on(self, posted_on: Day) -> Day {
        if self == How::ByHand {
            return posted_on;
        }
        let works = |day: &Day| !day.weekday().is_weekend() && bank_holiday(*day).is_none();
        posted_on
            .next()
            .through(posted_on.plus_days(30))
            .filter(works)
            .nth(1)
            .expect("two of thirty days are working days")
    }
}

/// That letters were posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// When.
    pub on: Day,
    /// How.
    pub how: How,
    /// The number of the certificate of posting, or what else proves it.
    pub proof: String,
    /// Each letter with its file as it was printed and the digest of that.
    pub letters: Vec<(MessageId, Vec<u8>, String)>,
}

/// Records that letters were posted. Answers how many; one that somebody else has recorded meanwhile is left as it is.
///
/// Rule: E-207. Errors: somebody who sends no messages; a day that has not come or lies more than a month back; nothing left to record.
pub fn record_posting(act: &mut Act, actor: &Actor, posted: &Posted) -> Result<usize, Refusal> {
    if !may_send(actor) {
        return Err(Refusal::NotFound);
    }
    let (today, _) = act.at().in_london();
    if posted.on > today || posted.on < today.plus_days(-31) {
        let ground = "Give the day on which they were posted: today, or a day of the last month.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let school = act.school();
    let still_waiting = waiting(act.tx(), school)?;
    let because = format!("posted on {}, {}", posted.on.long(), posted.how.key());
    let mut recorded = 0;
    for (message, file, digest) in &posted.letters {
        let Some(letter) = still_waiting.iter().find(|one| one.message == *message) else {
            continue;
        };
        act.record(
            &LETTER_POSTING,
            &args![
                *message,
                letter.contact,
                posted.on,
                posted.how.key(),
                &posted.proof,
                posted.how.deemed_on(posted.on),
                digest,
                file.as_slice()
            ],
        )?;
        act.record(
            &MESSAGE_STATE,
            &args![*message, State::Sent.word(), because.as_str(), None::<&str>],
        )?;
        recorded += 1;
    }
    if recorded == 0 {
        let ground =
            "None of these letters waits any more: somebody has recorded that they were posted.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    act.describe(actor.entry(
        "record that letters were posted",
        format!("{recorded} letters"),
    ));
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_counts_as_received_on_the_second_working_day_after_posting() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let received = |posted| How::First.deemed_on(day(posted));
        assert_eq!(received("2026-11-24"), day("2026-11-26"));
        assert_eq!(received("2026-11-26"), day("2026-11-30"), "over a weekend");
        assert_eq!(
            received("2026-12-23"),
            day("2026-12-29"),
            "over Christmas Day and Boxing Day's Monday"
        );
        assert_eq!(How::ByHand.deemed_on(day("2026-11-28")), day("2026-11-28"));
    }
}
