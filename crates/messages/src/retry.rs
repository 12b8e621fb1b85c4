//! What to do when a provider refuses (I-136, I-145), so that nothing is lost and nothing is sent twice (I-122).

use calendar::{Day, Instant, TimeOfDay};

use crate::{Features, Refusal, State};

/// How long a message is tried again, in seconds: four hours (I-136).
pub const LONGEST: i64 = 4 * 60 * 60;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try this message again at a time; where `look_up`, only if the provider does not know its reference.
    Again {
        /// Not before.
        at: Instant,
        /// Ask for the reference first.
        look_up: bool,
    },
    /// The message ends so; `repair` puts the number or address on the list to repair.
    End {
        /// A final state.
        state: State,
        /// The contact's number or address may be at fault.
        repair: bool,
    },
    /// Nothing of this channel leaves until then, in the order in which it waits; this message is still first.
    Pause {
        /// Not before.
        until: Instant,
        /// Whether somebody is told.
        alert: bool,
    },
    /// The channel is stopped for the school until somebody has put it right; this message waits.
    StopChannel,
    /// Nobody can find out whether it was taken: a person decides whether to send it again.
    AskAPerson,
}

/// What follows from a refusal of a message that was first tried at `first` and has been tried `tries` times, this one counted.
///
/// Rule: I-136 for calls, I-145 for mail. Pauses grow: half a minute, one, two, four … to half an hour, for four hours in all. Then a
/// message that was certainly not taken has failed for now; one that may have been taken is left to a person.
pub fn next(
    refusal: &Refusal,
    features: &Features,
    tries: u32,
    first: Instant,
    now: Instant,
) -> Next {
    let at = now.plus_seconds(pause(tries));
    let too_late = first.seconds_until(at) > LONGEST;
    match refusal {
        Refusal::WrongMessage {
            about_recipient, ..
        } => Next::End {
            state: if *about_recipient {
                State::FailedPermanent
            } else {
                State::FailedTechnical
            },
            repair: *about_recipient,
        },
        Refusal::CannotDoThat => Next::End {
            state: State::FailedTechnical,
            repair: false,
        },
        Refusal::ChannelClosed(_) => Next::StopChannel,
        Refusal::SlowDown => Next::Pause {
            until: now.plus_seconds(pause(tries).min(60)),
            alert: false,
        },
        Refusal::DayIsFull => Next::Pause {
            until: midnight_after(now),
            alert: true,
        },
        Refusal::NotNow(_) if too_late => Next::End {
            state: State::FailedTemporary,
            repair: false,
        },
        Refusal::NotNow(_) => Next::Again { at, look_up: false },
        Refusal::Unsure(_) if too_late || !features.look_up => Next::AskAPerson,
        Refusal::Unsure(_) => Next::Again { at, look_up: true },
    }
}

/// Seconds to wait after so many tries.
fn pause(tries: u32) -> i64 {
    (30_i64 << tries.saturating_sub(1).min(10)).min(30 * 60)
}

/// The next midnight in UTC, when the provider's day begins.
fn midnight_after(now: Instant) -> Instant {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    Instant::from_micros((now.micros().div_euclid(DAY) + 1) * DAY)
}

/// When a message that failed for now is repeated: two hours later, or when the school is next at work (I-134).
///
/// `begins` and `ends` are the hours in which the school may be answered, `is_open` its school days; a school without one in the next
/// sixty days repeats nothing.
pub fn repeat_at(
    failed: Instant,
    begins: TimeOfDay,
    ends: TimeOfDay,
    is_open: impl Fn(Day) -> bool,
) -> Option<Instant> {
    let earliest = failed.plus_seconds(2 * 60 * 60);
    let (day, time) = earliest.in_london();
    if is_open(day) && time >= begins && time < ends {
        return Some(earliest);
    }
    let first = if time < begins { day } else { day.next() };
    first
        .through(first.plus_days(60))
        .find(|day| is_open(*day))
        .map(|day| Instant::at_london(day, begins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Channel;

    fn features(look_up: bool) -> Features {
        Features {
            channels: vec![Channel::Text],
            replies: false,
            delivery_reports: false,
            sender_name: false,
            look_up,
            attachments: false,
            reaches_outside: false,
        }
    }

    fn start() -> Instant {
        "2026-11-23T09:20:00Z".parse().expect("a time")
    }

    #[test]
    fn a_lost_answer_is_looked_up_before_anything_is_sent_again() {
        let lost = Refusal::Unsure("the connection broke off".to_owned());
        assert_eq!(
            next(&lost, &features(true), 1, start(), start()),
            Next::Again {
                at: start().plus_seconds(30),
                look_up: true
            }
        );
    }

    #[test]
    fn where_nobody_can_look_up_a_person_decides() {
        let lost = Refusal::Unsure("the connection broke off".to_owned());
        assert_eq!(
            next(&lost, &features(false), 1, start(), start()),
            Next::AskAPerson
        );
    }

    #[test]
    fn pauses_grow_and_end_after_four_hours() {
        let refusal = Refusal::NotNow("busy".to_owned());
        let (mut now, mut tries, mut pauses) = (start(), 0, Vec::new());
        let state = loop {
            tries += 1;
            match next(&refusal, &features(false), tries, start(), now) {
                Next::Again { at, .. } => {
                    pauses.push(now.seconds_until(at));
                    now = at;
                }
                Next::End { state, .. } => break state,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(pauses[..7], [30, 60, 120, 240, 480, 960, 1800]);
        assert!(start().seconds_until(now) <= LONGEST);
        assert!(start().seconds_until(now) > LONGEST - 1800);
        assert_eq!(state, State::FailedTemporary);
    }

    #[test]
    fn a_full_day_waits_for_midnight_in_utc_and_somebody_is_told() {
        let late_in_summer: Instant = "2026-06-30T23:30:00Z".parse().expect("a time");
        assert_eq!(
            next(
                &Refusal::DayIsFull,
                &features(true),
                1,
                late_in_summer,
                late_in_summer
            ),
            Next::Pause {
                until: "2026-07-01T00:00:00Z".parse().expect("a time"),
                alert: true
            }
        );
    }

    #[test]
    fn too_fast_slows_down_and_never_gives_up() {
        for tries in [1, 5, 500] {
            match next(
                &Refusal::SlowDown,
                &features(true),
                tries,
                start(),
                start().plus_seconds(LONGEST * 2),
            ) {
                Next::Pause {
                    until,
                    alert: false,
                } => assert!(until > start()),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_key_that_is_refused_stops_the_channel_and_fails_no_message() {
        let refusal = Refusal::ChannelClosed("403".to_owned());
        assert_eq!(
            next(&refusal, &features(true), 1, start(), start()),
            Next::StopChannel
        );
    }

    #[test]
    fn a_message_that_is_wrong_in_itself_is_not_repeated() {
        let wrong = |about_recipient| Refusal::WrongMessage {
            why: "no".to_owned(),
            about_recipient,
        };
        assert_eq!(
            next(&wrong(true), &features(true), 1, start(), start()),
            Next::End {
                state: State::FailedPermanent,
                repair: true
            }
        );
        assert_eq!(
            next(&wrong(false), &features(true), 1, start(), start()),
            Next::End {
                state: State::FailedTechnical,
                repair: false
            }
        );
    }

    #[test]
    fn what_failed_for_now_is_repeated_two_hours_later_while_the_school_is_at_work() {
        let hours = |hour| TimeOfDay::new(hour, 0, 0).expect("a time");
        let weekdays = |day: Day| !day.weekday().is_weekend();
        assert_eq!(
            repeat_at(start(), hours(8), hours(16), weekdays),
            Some(start().plus_seconds(7200))
        );
        let friday: Instant = "2026-11-27T15:00:00Z".parse().expect("a time");
        assert_eq!(
            repeat_at(friday, hours(8), hours(16), weekdays),
            Some("2026-11-30T08:00:00Z".parse().expect("a time"))
        );
        assert_eq!(repeat_at(start(), hours(8), hours(16), |_| false), None);
    }
}
