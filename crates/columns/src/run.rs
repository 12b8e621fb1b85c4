use calendar::Slot;
use register::{Class, Code};

use crate::MarkByte;

/// Sessions of unauthorised absence, one after another without a break, up to the newest mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnauthorisedRun {
    /// The sessions, oldest first; at least one.
    pub slots: Vec<Slot>,
    /// Open sessions between them that have no mark at all: they neither count nor break the run, and may hide that the pupil came.
    pub blank: usize,
}

impl UnauthorisedRun {
    /// How many sessions it has.
    pub fn sessions(&self) -> usize {
        self.slots.len()
    }

    /// The session at which it reached so many; none while it has not.
    pub fn reached(&self, sessions: usize) -> Option<Slot> {
        let place = sessions.checked_sub(1)?;
        self.slots.get(place).copied()
    }
}

/// The run of unauthorised absence in which a pupil stands, from marks in which the newest comes first; none where the newest mark is another.
///
/// Rule: E-154 (codes G, N, O and U), for the watch of E-030. Source: reg 13; see `docs/law/escalation.md`. Units: sessions. What is no session of the
/// pupil's does not count and breaks nothing: holidays, days off roll, an unexpected closure (`Y4`), a planned one (`#`). So does a session
/// without a mark, and a plan, which is no mark; the newest of them are left out. Any other code ends it.
/// What people get wrong: an authorised session breaks the run as one in school does.
pub fn unauthorised_run(
    newest_first: impl IntoIterator<Item = (Slot, MarkByte)>,
) -> Option<UnauthorisedRun> {
    let (mut slots, mut blank, mut waiting) = (Vec::new(), 0, 0);
    for (slot, mark) in newest_first {
        match (mark.class(), mark.code()) {
            (_, None) if !mark.is_session() => {}
            (_, None) => waiting += 1,
            _ if mark.is_planned() => waiting += 1,
            (Some(Class::Unauthorised), _) => {
                // Blanks after the newest session of the run are only not taken yet.
                if !slots.is_empty() {
                    blank += waiting;
                }
                waiting = 0;
                slots.push(slot);
            }
            (_, Some(code)) if passes_over(code) => {}
            _ => break,
        }
    }
    slots.reverse();
    (!slots.is_empty()).then_some(UnauthorisedRun { slots, blank })
}

/// Whether the school did not meet for anybody, by the code.
fn passes_over(code: Code) -> bool {
    ["Y4", "#", "Z"].contains(&code.as_str())
}

#[cfg(test)]
mod tests {
    use calendar::{Day, Session};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day of a test")
    }

    /// Weeks of codes from their Mondays, a code for each session; `.` is an open session without a mark.
    fn weeks(marks: &[(&str, &str)]) -> Vec<(Slot, MarkByte)> {
        let mut found = Vec::new();
        for (monday, codes) in marks {
            for (place, code) in codes.split_whitespace().enumerate() {
                let on = day(monday).plus_days((place / 2) as i32);
                let slot = Slot::new(on, [Session::Am, Session::Pm][place % 2]);
                let mark = match code {
                    "." => MarkByte::MISSING,
                    code => MarkByte::on(code.parse().expect("a code"), on).expect("a meaning"),
                };
                found.push((slot, mark));
            }
        }
        found
    }

    /// The first session at which a run of twenty stands.
    fn trigger(marks: &[(Slot, MarkByte)]) -> Option<(String, Session)> {
        let reached = (1..=marks.len()).find_map(|known| {
            let run = unauthorised_run(marks[..known].iter().rev().copied())?;
            run.reached(20)
        })?;
        Some((reached.day.to_string(), reached.session))
    }

    const WEEK_OF_O: &str = "O O O O O O O O O O";

    #[test]
    fn the_worked_cases_of_twenty_sessions_come_out() {
        type Worked<'w> = (&'w str, Vec<(&'w str, &'w str)>, Option<(&'w str, Session)>);
        let cases: [Worked<'_>; 5] = [
            (
                "DL-08",
                vec![
                    ("2026-09-07", WEEK_OF_O),
                    ("2026-09-14", "G G G G N N N N U U"),
                ],
                Some(("2026-09-18", Session::Pm)),
            ),
            (
                "DL-09",
                vec![
                    ("2026-09-07", WEEK_OF_O),
                    ("2026-09-14", "/ O O O O O O O O O"),
                ],
                None,
            ),
            (
                "DL-10",
                vec![("2026-10-19", WEEK_OF_O), ("2026-11-02", WEEK_OF_O)],
                Some(("2026-11-06", Session::Pm)),
            ),
            (
                "DL-11",
                vec![
                    ("2026-09-07", "/ O O O O O O O O O"),
                    ("2026-09-14", WEEK_OF_O),
                    ("2026-09-21", "O \\ / \\ / \\ / \\ / \\"),
                ],
                Some(("2026-09-21", Session::Am)),
            ),
            (
                "DL-12",
                vec![
                    ("2026-09-07", WEEK_OF_O),
                    ("2026-09-14", "O O O O I I O O O O"),
                ],
                None,
            ),
        ];
        for (id, marks, expected) in cases {
            let expected = expected.map(|(on, session)| (on.to_owned(), session));
            assert_eq!(trigger(&weeks(&marks)), expected, "{id} (E-154)");
        }
    }

    fn run_of(marks: &[(&str, &str)]) -> Option<(usize, usize)> {
        let marks = weeks(marks);
        let run = unauthorised_run(marks.into_iter().rev())?;
        Some((run.sessions(), run.blank))
    }

    #[test]
    fn the_run_ends_with_the_newest_mark_that_is_another() {
        assert_eq!(run_of(&[("2026-11-16", "O O O O O O /")]), None);
        assert_eq!(run_of(&[("2026-11-16", "O O O O O I")]), None);
        assert_eq!(run_of(&[("2026-11-16", "/ O O O O O")]), Some((5, 0)));
        assert_eq!(run_of(&[("2026-11-16", "/ O O O O O O")]), Some((6, 0)));
        assert_eq!(run_of(&[("2026-11-16", "/ \\ L \\")]), None);
    }

    #[test]
    fn a_closed_school_and_sessions_without_a_mark_neither_count_nor_break() {
        assert_eq!(run_of(&[("2026-11-16", "O O Y4 Y4 O O")]), Some((4, 0)));
        assert_eq!(
            run_of(&[("2026-11-16", "O O . O O .")]),
            Some((4, 1)),
            "the last is only not taken yet"
        );
        assert_eq!(run_of(&[("2026-11-16", ". .")]), None);
        assert_eq!(
            run_of(&[("2026-11-16", "O O X X O O")]),
            Some((2, 0)),
            "any other code ends it (E-154)"
        );
    }
}
