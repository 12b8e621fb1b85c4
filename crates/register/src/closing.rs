//! Session times, opening and closing, arrivals, and how long an `N` may stand.

use calendar::{BeyondCalendar, Day, Instant, SchoolCalendar, Session, Slot, TimeOfDay};

use crate::codes::Code;

/// The longest that a register may stay open, in minutes.
pub const LONGEST_OPEN_MINUTES: u32 = 30;

/// The clock times of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionHours {
    /// When taking the register begins.
    pub opens: TimeOfDay,
    /// When the register closes: the first moment at which it is no longer being taken.
    pub closes: TimeOfDay,
    /// When the session ends.
    pub ends: TimeOfDay,
}

impl SessionHours {
    /// How long the register stays open, in whole minutes.
    pub fn minutes_open(self) -> u32 {
        self.opens.minutes_until(self.closes)
    }
}

/// A school's session times from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimes {
    from: Day,
    am: SessionHours,
    pm: SessionHours,
}

/// Session times that a school may not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionTimesProblem {
    /// The register closes before or as it opens.
    #[error("the {} register must close after it opens", session.word())]
    ClosesBeforeItOpens {
        /// The session.
        session: Session,
    },
    /// The register is open for too long.
    #[error("the {} register would be open for {minutes} minutes; the limit is {LONGEST_OPEN_MINUTES} (R-022)", session.word())]
    OpenTooLong {
        /// The session.
        session: Session,
        /// How long it would be open.
        minutes: u32,
    },
    /// The two registers are open for different lengths.
    #[error(
        "the morning register would be open for {am} minutes and the afternoon register for {pm}; both must be open for the same time (R-022)"
    )]
    LengthsDiffer {
        /// Minutes open in the morning.
        am: u32,
        /// Minutes open in the afternoon.
        pm: u32,
    },
    /// The session ends before its register closes.
    #[error("the {} session must not end before its register closes", session.word())]
    EndsBeforeItCloses {
        /// The session.
        session: Session,
    },
    /// The afternoon begins before the morning has ended.
    #[error("the afternoon register must not open before the morning session has ended")]
    SessionsOverlap,
}

impl SessionTimes {
    /// Session times that hold from a day on, until later ones do.
    ///
    /// Rule: R-022. Source: S12n, S03 §290/§299. Errors: every problem at once.
    pub fn new(
        from: Day,
        am: SessionHours,
        pm: SessionHours,
    ) -> Result<SessionTimes, Vec<SessionTimesProblem>> {
        let mut problems = Vec::new();
        for (session, hours) in [(Session::Am, am), (Session::Pm, pm)] {
            if hours.closes <= hours.opens {
                problems.push(SessionTimesProblem::ClosesBeforeItOpens { session });
            }
            // Seconds, so that 30 minutes and one second are too long.
            if hours.closes.seconds() > hours.opens.seconds() + LONGEST_OPEN_MINUTES * 60 {
                let minutes = hours.minutes_open();
                problems.push(SessionTimesProblem::OpenTooLong { session, minutes });
            }
            if hours.ends < hours.closes {
                problems.push(SessionTimesProblem::EndsBeforeItCloses { session });
            }
        }
        let open_for =
            |hours: SessionHours| hours.closes.seconds().saturating_sub(hours.opens.seconds());
        if open_for(am) != open_for(pm) {
            problems.push(SessionTimesProblem::LengthsDiffer {
                am: am.minutes_open(),
                pm: pm.minutes_open(),
            });
        }
        if pm.opens < am.ends {
            problems.push(SessionTimesProblem::SessionsOverlap);
        }
        if problems.is_empty() {
            Ok(SessionTimes { from, am, pm })
        } else {
            Err(problems)
        }
    }

    /// The first day on which these times hold.
    pub fn from(&self) -> Day {
        self.from
    }

    /// The times of one of the two sessions.
    pub fn of(&self, session: Session) -> SessionHours {
        match session {
            Session::Am => self.am,
            Session::Pm => self.pm,
        }
    }
}

/// No session times hold on a day: the school has set none so early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no session times are set for {}: add the times that held then", day.long())]
pub struct NoSessionTimes {
    /// The day.
    pub day: Day,
}

/// The session times that hold on a day: those with the latest first day not after it.
///
/// Errors: none holds so early.
pub fn session_times_on(times: &[SessionTimes], day: Day) -> Result<&SessionTimes, NoSessionTimes> {
    times
        .iter()
        .filter(|times| times.from <= day)
        .max_by_key(|times| times.from)
        .ok_or(NoSessionTimes { day })
}

/// Where a register stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterState {
    /// Taking has not begun.
    NotOpenYet {
        /// When it begins.
        opens: Instant,
    },
    /// It is being taken.
    Open {
        /// When it closes.
        closes: Instant,
    },
    /// It has closed. Later arrivals are `U`, later changes are amendments; closing itself changed no mark.
    Closed {
        /// When it closed.
        since: Instant,
    },
}

/// Where the register of a session stands at a moment, by the times of its day and London's clocks.
///
/// Rule. The moment of opening is open, the moment of closing is closed (our reading of "begins" and "has ended").
pub fn register_state(times: &SessionTimes, slot: Slot, now: Instant) -> RegisterState {
    let hours = times.of(slot.session);
    let opens = Instant::at_london(slot.day, hours.opens);
    let closes = Instant::at_london(slot.day, hours.closes);
    if now < opens {
        RegisterState::NotOpenYet { opens }
    } else if now < closes {
        RegisterState::Open { closes }
    } else {
        RegisterState::Closed { since: closes }
    }
}

/// What an arrival makes of a session, with its ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Here when taking the register began.
    OnTime {
        /// `/` or `\`.
        code: Code,
    },
    /// Came while the register was being taken: `L`, attended and late.
    LateBeforeClose {
        /// Whole minutes after the register opened.
        minutes_late: u32,
        /// When the register closes.
        closes: TimeOfDay,
    },
    /// Came after the register had closed and before the session ended: `U`, unless another code describes the absence better, such as `M`.
    LateAfterClose {
        /// Whole minutes after the register opened.
        minutes_late: u32,
        /// When the register closed.
        closed: TimeOfDay,
    },
    /// Came after the session had ended: the pupil missed all of it, and the arrival says nothing about why.
    AfterTheSession {
        /// When the session ended.
        ended: TimeOfDay,
    },
}

impl Arrival {
    /// The code that the arrival gives; none after the session's end.
    pub fn code(self) -> Option<Code> {
        match self {
            Arrival::OnTime { code } => Some(code),
            Arrival::LateBeforeClose { .. } => Some(Code::LATE),
            Arrival::LateAfterClose { .. } => Some(Code::LATE_AFTER_CLOSE),
            Arrival::AfterTheSession { .. } => None,
        }
    }

    /// Whole minutes after the register opened; nought for a pupil on time; none after the session's end.
    pub fn minutes_late(self) -> Option<u32> {
        match self {
            Arrival::OnTime { .. } => Some(0),
            Arrival::LateBeforeClose { minutes_late, .. }
            | Arrival::LateAfterClose { minutes_late, .. } => Some(minutes_late),
            Arrival::AfterTheSession { .. } => None,
        }
    }

    /// The ground, in plain English.
    pub fn ground(self) -> String {
        match self {
            Arrival::OnTime { .. } => {
                "Here when the register began to be taken (R-023).".to_owned()
            }
            Arrival::LateBeforeClose {
                minutes_late,
                closes,
            } => {
                format!(
                    "Arrived {minutes_late} minutes late, before the register closed at {closes}: late, and counted as attended (R-023, R-102)."
                )
            }
            Arrival::LateAfterClose {
                minutes_late,
                closed,
            } => {
                format!(
                    "Arrived {minutes_late} minutes late, after the register closed at {closed}: late, and counted as an unauthorised absence unless another code describes the absence better (R-023, R-134)."
                )
            }
            Arrival::AfterTheSession { ended } => {
                format!(
                    "Arrived after the session ended at {ended}: absent for the whole session (R-023)."
                )
            }
        }
    }
}

/// What an arrival at a clock time makes of a session.
///
/// Rule. Source: SI 2024/208 reg 10(2) (S01); S12; S02 p82, p96. The server's clock decides, never a device's.
/// Boundaries (our reading): at the very moment of opening a pupil is on time; at the very moment of closing the register has closed.
pub fn arrival(times: &SessionTimes, session: Session, arrived: TimeOfDay) -> Arrival {
    let hours = times.of(session);
    let minutes_late = hours.opens.minutes_until(arrived);
    if arrived <= hours.opens {
        Arrival::OnTime {
            code: Code::present(session),
        }
    } else if arrived < hours.closes {
        Arrival::LateBeforeClose {
            minutes_late,
            closes: hours.closes,
        }
    } else if arrived < hours.ends {
        Arrival::LateAfterClose {
            minutes_late,
            closed: hours.closes,
        }
    } else {
        Arrival::AfterTheSession { ended: hours.ends }
    }
}

/// How many school days after its session an `N` may stand.
pub const N_SCHOOL_DAYS: u32 = 5;

/// Where an `N` stands against its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReasonStanding {
    /// It may still stand; the reason must be found by the end of this day.
    Open {
        /// The fifth school day after the session.
        last_day: Day,
    },
    /// Today is the last day.
    LastDay,
    /// The last day has passed: propose `O`, for a person to confirm.
    Overdue {
        /// The day by whose end it should have been replaced.
        last_day: Day,
    },
}

impl NoReasonStanding {
    /// The code to propose in its place: `O` once the last day has passed.
    pub fn proposed(self) -> Option<Code> {
        matches!(self, NoReasonStanding::Overdue { .. }).then_some(Code::UNAUTHORISED)
    }
}

/// The last day on which an `N` of a session may stand: the fifth school day after it.
///
/// Rule: R-027. Source: S02 para 408; the boundary is our reading. Units: school days; weekends, holidays, INSET and bank holidays do not count.
/// Errors: the calendar ends before that day.
pub fn n_last_day(calendar: &SchoolCalendar, session_day: Day) -> Result<Day, BeyondCalendar> {
    calendar.school_days_after(session_day, N_SCHOOL_DAYS)
}

/// Where an `N` of a session stands today.
///
/// Rule: R-027. Errors: the calendar ends before the last day.
pub fn n_standing(
    calendar: &SchoolCalendar,
    session_day: Day,
    today: Day,
) -> Result<NoReasonStanding, BeyondCalendar> {
    let last_day = n_last_day(calendar, session_day)?;
    Ok(match today.cmp(&last_day) {
        std::cmp::Ordering::Less => NoReasonStanding::Open { last_day },
        std::cmp::Ordering::Equal => NoReasonStanding::LastDay,
        std::cmp::Ordering::Greater => NoReasonStanding::Overdue { last_day },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::{CalendarRows, DayException, ExceptionKind, Period};

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn time(text: &str) -> TimeOfDay {
        text.parse().expect("a test writes clock times")
    }

    fn hours(opens: &str, closes: &str, ends: &str) -> SessionHours {
        SessionHours {
            opens: time(opens),
            closes: time(closes),
            ends: time(ends),
        }
    }

    fn times() -> SessionTimes {
        SessionTimes::new(
            day("2026-09-01"),
            hours("08:40", "09:10", "12:20"),
            hours("13:10", "13:40", "15:10"),
        )
        .expect("times that a school may set")
    }

    fn at(on: &str, clock: &str) -> Instant {
        Instant::at_london(day(on), time(clock))
    }

    #[test]
    fn a_register_may_be_open_for_thirty_minutes_and_not_for_a_second_more() {
        let of = |closes_am, closes_pm| {
            SessionTimes::new(
                day("2026-09-01"),
                hours("08:40", closes_am, "12:20"),
                hours("13:10", closes_pm, "15:10"),
            )
        };
        assert!(of("09:10", "13:40").is_ok());
        assert_eq!(of("09:10:01", "13:40:01").expect_err("too long").len(), 2);
        assert_eq!(
            of("09:05", "13:40").expect_err("unequal"),
            [SessionTimesProblem::LengthsDiffer { am: 25, pm: 30 }]
        );
        assert_eq!(of("08:40", "13:10").expect_err("never open").len(), 2);
    }

    #[test]
    fn sessions_may_not_overlap_and_may_not_end_before_they_close() {
        let found = SessionTimes::new(
            day("2026-09-01"),
            hours("08:40", "09:10", "09:00"),
            hours("08:50", "09:20", "15:10"),
        );
        assert_eq!(
            found.expect_err("two problems"),
            [
                SessionTimesProblem::EndsBeforeItCloses {
                    session: Session::Am
                },
                SessionTimesProblem::SessionsOverlap
            ]
        );
    }

    #[test]
    fn new_times_hold_from_their_first_day_and_the_past_keeps_its_own() {
        let later = SessionTimes::new(
            day("2027-01-04"),
            hours("08:30", "08:50", "12:20"),
            hours("13:00", "13:20", "15:00"),
        )
        .expect("times that a school may set");
        let all = [later, times()];
        assert_eq!(session_times_on(&all, day("2027-01-03")), Ok(&times()));
        assert_eq!(session_times_on(&all, day("2027-01-04")), Ok(&later));
        assert_eq!(
            session_times_on(&all, day("2026-08-31")),
            Err(NoSessionTimes {
                day: day("2026-08-31")
            })
        );
    }

    #[test]
    fn arrivals_before_closing_are_l_and_from_closing_on_they_are_u() {
        let of = |clock| arrival(&times(), Session::Am, time(clock));
        assert_eq!(of("08:40").code(), Some(Code::PRESENT_AM));
        assert_eq!(of("08:40:01").code(), Some(Code::LATE));
        assert_eq!(of("09:09:59").code(), Some(Code::LATE));
        assert_eq!(of("09:09:59").minutes_late(), Some(29));
        assert_eq!(of("09:10").code(), Some(Code::LATE_AFTER_CLOSE));
        assert_eq!(of("09:10").minutes_late(), Some(30));
        assert_eq!(of("12:19:59").code(), Some(Code::LATE_AFTER_CLOSE));
        assert_eq!(of("12:20").code(), None);
        assert_eq!(
            arrival(&times(), Session::Pm, time("13:00")).code(),
            Some(Code::PRESENT_PM)
        );
    }

    #[test]
    fn a_register_opens_and_closes_by_london_clocks_in_summer_and_winter() {
        let slot = |on| Slot::new(day(on), Session::Am);
        for on in ["2026-10-23", "2026-10-26"] {
            assert!(matches!(
                register_state(&times(), slot(on), at(on, "08:39:59")),
                RegisterState::NotOpenYet { .. }
            ));
            assert!(matches!(
                register_state(&times(), slot(on), at(on, "08:40")),
                RegisterState::Open { .. }
            ));
            assert!(matches!(
                register_state(&times(), slot(on), at(on, "09:09:59")),
                RegisterState::Open { .. }
            ));
            assert_eq!(
                register_state(&times(), slot(on), at(on, "09:10")),
                RegisterState::Closed {
                    since: at(on, "09:10")
                }
            );
        }
        let yesterday = register_state(&times(), slot("2026-10-23"), at("2026-10-22", "12:00"));
        assert!(matches!(yesterday, RegisterState::NotOpenYet { .. }));
    }

    #[test]
    fn an_n_stands_for_five_school_days_after_its_session_and_is_o_on_the_next() {
        let calendar = SchoolCalendar::new(CalendarRows {
            terms: vec![
                Period {
                    name: "Autumn 1".to_owned(),
                    first: day("2026-09-01"),
                    last: day("2026-10-23"),
                },
                Period {
                    name: "Autumn 2".to_owned(),
                    first: day("2026-11-02"),
                    last: day("2026-12-18"),
                },
            ],
            exceptions: vec![DayException {
                day: day("2026-11-02"),
                kind: ExceptionKind::Inset,
            }],
            ..CalendarRows::default()
        })
        .expect("sound rows");
        // Thursday 22 October: Friday 23, then (half term, INSET) Tuesday 3 to Friday 6 November.
        assert_eq!(
            n_last_day(&calendar, day("2026-10-22")),
            Ok(day("2026-11-06"))
        );
        let standing = |today| {
            n_standing(&calendar, day("2026-10-22"), day(today)).expect("within the calendar")
        };
        assert_eq!(
            standing("2026-11-05"),
            NoReasonStanding::Open {
                last_day: day("2026-11-06")
            }
        );
        assert_eq!(standing("2026-11-06"), NoReasonStanding::LastDay);
        assert_eq!(standing("2026-11-06").proposed(), None);
        assert_eq!(standing("2026-11-07").proposed(), Some(Code::UNAUTHORISED));
        assert!(n_last_day(&calendar, day("2026-12-15")).is_err());
    }
}
