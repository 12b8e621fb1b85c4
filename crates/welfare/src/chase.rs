//! When a register that is not in is asked for, and of whom (E-013).

/// Who is asked for a register that is not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// Whoever is really teaching.
    Teacher,
    /// The line manager: cover or department lead.
    LineManager,
    /// The attendance lead, who sends a runner.
    AttendanceLead,
}

impl Asked {
    /// All, in the order in which they are asked.
    pub const ALL: [Asked; 3] = [Asked::Teacher, Asked::LineManager, Asked::AttendanceLead];

    /// The minutes after the start of registration at which they are asked.
    ///
    /// Rule: E-013 (PRODUCT). The register stays open for 30 minutes at most (WT24 at SRC-NOTTS-CODES), so the last is as it closes.
    pub fn minutes(self) -> i64 {
        match self {
            Asked::Teacher => 10,
            Asked::LineManager => 20,
            Asked::AttendanceLead => 30,
        }
    }

    /// The word in tables.
    pub fn key(self) -> &'static str {
        match self {
            Asked::Teacher => "teacher",
            Asked::LineManager => "line_manager",
            Asked::AttendanceLead => "attendance_lead",
        }
    }

    /// The words on screens.
    pub fn words(self) -> &'static str {
        match self {
            Asked::Teacher => "the teacher",
            Asked::LineManager => "the line manager",
            Asked::AttendanceLead => "the attendance lead: send a runner",
        }
    }

    /// The one with this key.
    pub fn from_key(key: &str) -> Option<Asked> {
        Asked::ALL.into_iter().find(|asked| asked.key() == key)
    }
}

/// Who should be asked next for a register that has been open for so many minutes and of which these were asked before.
///
/// Rule: E-013. The first reminder goes to the teacher whenever somebody sends it; the next goes one further, and once a time has
/// passed it goes no lower than that time says. Nobody is left after the attendance lead, who is asked again.
pub fn ask_next(minutes_open: i64, asked_before: &[Asked]) -> Asked {
    let by_time = Asked::ALL
        .into_iter()
        .rfind(|asked| asked.minutes() <= minutes_open);
    let after = asked_before.iter().max().map(|last| match last {
        Asked::Teacher => Asked::LineManager,
        Asked::LineManager | Asked::AttendanceLead => Asked::AttendanceLead,
    });
    match (after, by_time) {
        (None, _) => Asked::Teacher,
        (Some(after), by_time) => {
            by_time.map_or(after, |by_time| after.min(by_time.max(Asked::LineManager)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_teacher_is_asked_first_and_the_line_manager_second() {
        assert_eq!(ask_next(8, &[]), Asked::Teacher);
        assert_eq!(ask_next(25, &[]), Asked::Teacher);
        assert_eq!(ask_next(12, &[Asked::Teacher]), Asked::LineManager);
        let both = [Asked::Teacher, Asked::LineManager];
        assert_eq!(ask_next(29, &both), Asked::LineManager);
        assert_eq!(ask_next(30, &both), Asked::AttendanceLead);
        assert_eq!(
            ask_next(50, &[Asked::AttendanceLead]),
            Asked::AttendanceLead
        );
    }
}
