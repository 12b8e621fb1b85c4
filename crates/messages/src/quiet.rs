//! When nobody is to be disturbed (I-123).

use calendar::{Instant, TimeOfDay};

/// The hours of a day in which no message leaves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Quiet from this time of day, in London.
    pub from: TimeOfDay,
    /// Until this time; earlier than `from` means the next morning. Equal to it: there are no quiet hours.
    pub until: TimeOfDay,
    /// Whether Saturday and Sunday are quiet all day.
    pub weekends: bool,
}

impl QuietHours {
    /// The first moment from `now` on at which a message may leave: `now` itself outside the quiet hours.
    ///
    /// Rule: I-123. Source: product; no guidance names hours. Units: London time, so the hours hold on the Sunday when clocks change.
    pub fn open_at(&self, now: Instant) -> Instant {
        let (mut day, mut time) = now.in_london();
        let mut moved = false;
        loop {
            if self.weekends && day.weekday().is_weekend() {
                (day, time, moved) = (day.next(), MIDNIGHT, true);
            } else if self.is_quiet(time) {
                let tonight = self.from > self.until && time >= self.from;
                (day, time, moved) = (if tonight { day.next() } else { day }, self.until, true);
            } else {
                return if moved {
                    Instant::at_london(day, time)
                } else {
                    now
                };
            }
        }
    }

    fn is_quiet(&self, time: TimeOfDay) -> bool {
        if self.from <= self.until {
            time >= self.from && time < self.until
        } else {
            time >= self.from || time < self.until
        }
    }
}

const MIDNIGHT: TimeOfDay = TimeOfDay::from_seconds(0).expect("a day begins at 00:00");

#[cfg(test)]
mod tests {
    use calendar::Day;

    use super::*;

    fn at(day: (i16, i8, i8), hour: u32, minute: u32) -> Instant {
        let day = Day::new(day.0, day.1, day.2).expect("a day");
        Instant::at_london(day, TimeOfDay::new(hour, minute, 0).expect("a time"))
    }

    fn nights() -> QuietHours {
        QuietHours {
            from: TimeOfDay::new(19, 0, 0).expect("a time"),
            until: TimeOfDay::new(7, 30, 0).expect("a time"),
            weekends: true,
        }
    }

    #[test]
    fn a_message_of_the_morning_leaves_at_once_and_one_of_the_evening_the_next_morning() {
        let monday = (2026, 11, 23);
        assert_eq!(nights().open_at(at(monday, 9, 20)), at(monday, 9, 20));
        assert_eq!(nights().open_at(at(monday, 7, 29)), at(monday, 7, 30));
        assert_eq!(nights().open_at(at(monday, 7, 30)), at(monday, 7, 30));
        assert_eq!(nights().open_at(at(monday, 18, 59)), at(monday, 18, 59));
        assert_eq!(
            nights().open_at(at(monday, 19, 0)),
            at((2026, 11, 24), 7, 30)
        );
    }

    #[test]
    fn friday_evening_waits_for_monday_unless_weekends_are_open() {
        let friday = at((2026, 11, 27), 20, 0);
        assert_eq!(nights().open_at(friday), at((2026, 11, 30), 7, 30));
        let open = QuietHours {
            weekends: false,
            ..nights()
        };
        assert_eq!(open.open_at(friday), at((2026, 11, 28), 7, 30));
    }

    #[test]
    fn the_night_when_clocks_go_forward_ends_at_the_same_hour() {
        let open = QuietHours {
            weekends: false,
            ..nights()
        };
        assert_eq!(
            open.open_at(at((2026, 3, 28), 23, 0)),
            at((2026, 3, 29), 7, 30)
        );
    }

    #[test]
    fn hours_that_end_where_they_begin_are_none() {
        let never = QuietHours {
            from: MIDNIGHT,
            until: MIDNIGHT,
            weekends: false,
        };
        assert_eq!(
            never.open_at(at((2026, 11, 23), 3, 0)),
            at((2026, 11, 23), 3, 0)
        );
    }
}
