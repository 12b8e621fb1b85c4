//! A pupil who leaves the site without leave: what is done and by when, and the conversation once they are back (E-199).
//!
//! The minutes are those of the red ladder (E-016), reckoned from the moment the pupil left instead of the closing of a register.

use calendar::{Day, Instant, SchoolCalendar, TimeOfDay};

use crate::ladder::{Due, Ladder, Step};
use crate::tier::Tier;

/// Something that is done about a pupil who has left the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// The cameras are looked at, and what they show is written down.
    Cameras,
    /// A parent is told.
    Parent,
    /// The safeguarding lead is told.
    Lead,
    /// The police are told, by decision of the safeguarding lead.
    Police,
    /// The safeguarding lead decides that the police are not told now, and why.
    NotPolice,
    /// Somebody saw the pupil off the site.
    SeenOff,
    /// The pupil is back on the site.
    Back,
    /// The pupil is safe elsewhere, such as at home with a parent.
    Safe,
    /// Somebody has talked with the pupil about it.
    Conversation,
    /// The pupil was on site all the time.
    NotLeft,
}

impl Left {
    /// All, in the order in which they come.
    pub const ALL: [Left; 10] = [
        Left::Cameras,
        Left::Parent,
        Left::Lead,
        Left::Police,
        Left::NotPolice,
        Left::SeenOff,
        Left::Back,
        Left::Safe,
        Left::Conversation,
        Left::NotLeft,
    ];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        match self {
            Left::Cameras => "cameras",
            Left::Parent => "parent",
            Left::Lead => "lead",
            Left::Police => "police",
            Left::NotPolice => "not_police",
            Left::SeenOff => "seen_off",
            Left::Back => "back",
            Left::Safe => "safe",
            Left::Conversation => "conversation",
            Left::NotLeft => "not_left",
        }
    }

    /// The step with this word.
    pub fn from_key(key: &str) -> Option<Left> {
        Left::ALL.into_iter().find(|step| step.key() == key)
    }

    /// What has been done when it is recorded.
    pub fn words(self) -> &'static str {
        match self {
            Left::Cameras => "Cameras looked at",
            Left::Parent => "Parent told",
            Left::Lead => "Safeguarding lead told",
            Left::Police => "Police told, by decision of the safeguarding lead",
            Left::NotPolice => "Safeguarding lead decided: police not told now",
            Left::SeenOff => "Seen off the site",
            Left::Back => "Back on site",
            Left::Safe => "Safe elsewhere",
            Left::Conversation => "Return-to-school conversation held",
            Left::NotLeft => "Was on site all the time",
        }
    }

    /// What is to be done, where it comes next.
    pub fn due_words(self) -> &'static str {
        match self {
            Left::Police => "Safeguarding lead decides about the police",
            other => other.words(),
        }
    }

    /// Whether it is the safeguarding lead's to decide.
    pub fn is_the_leads(self) -> bool {
        matches!(self, Left::Police | Left::NotPolice)
    }

    /// Whether nobody needs to look for the pupil any more.
    pub fn ends_the_search(self) -> bool {
        matches!(self, Left::Back | Left::Safe | Left::NotLeft)
    }

    /// Whether it stands only with a few words: what the cameras show, who was told, who saw the pupil and where, why not.
    pub fn needs_note(self) -> bool {
        !matches!(self, Left::Lead | Left::Police | Left::Back | Left::NotLeft)
    }
}

/// The minutes of a red step after the pupil left; where the school's ladder gives none, the product's.
fn minutes(ladder: &Ladder, step: Step, usual: u32) -> i64 {
    let mut lines = ladder.lines().iter();
    let line = lines.find(|line| line.step == step && line.tier == Tier::Red);
    let minutes = match line.map(|line| line.due) {
        Some(Due::AfterClose(minutes)) => minutes,
        _ => usual,
    };
    i64::from(minutes)
}

/// Whether nothing more is to be done: the pupil never left, or was found, a parent knows, and they were talked with.
pub fn is_over(done: &[(Left, Instant)]) -> bool {
    let is = |step: Left| done.iter().any(|(own, _)| *own == step);
    let is_found = is(Left::Back) || is(Left::Safe);
    is(Left::NotLeft) || (is_found && is(Left::Parent) && is(Left::Conversation))
}

/// What comes next and by when; none when it is over, or the police are told or not told and the pupil is still away.
///
/// Rule: E-199 (PRODUCT), at the speed of red (E-015, E-016): the cameras at once, a parent and the safeguarding lead after the minutes of the red
/// ladder, the lead's decision about the police as soon as they know; a conversation by the end of the school day after the return, so within one. A
/// parent is told even of a pupil who is back. `day_ends` is when a school day ends. A day that the calendar does not reach is the day of the return
/// itself, so that it is early rather than never.
pub fn next(
    ladder: &Ladder,
    left_at: Instant,
    done: &[(Left, Instant)],
    calendar: &SchoolCalendar,
    day_ends: TimeOfDay,
) -> Option<(Left, Instant)> {
    if is_over(done) {
        return None;
    }
    let at_of = |step: Left| {
        let found = done.iter().find(|(own, _)| *own == step);
        found.map(|(_, at)| *at)
    };
    let after = |minutes: i64| left_at.plus_seconds(minutes * 60);
    let lead = at_of(Left::Lead).filter(|_| at_of(Left::NotPolice).is_none());
    let searching = [
        Some((Left::Cameras, left_at)),
        Some((Left::Lead, after(minutes(ladder, Step::Lead, 30)))),
        lead.map(|told| (Left::Police, told)),
    ];
    let found = done.iter().find(|(step, _)| step.ends_the_search());
    let searching = searching.into_iter().filter(|_| found.is_none());
    let parent = (Left::Parent, after(minutes(ladder, Step::Call, 15)));
    let talk = found.map(|(_, found)| {
        let day: Day = found.in_london().0;
        let by = calendar.next_school_day(day).unwrap_or(day);
        (Left::Conversation, Instant::at_london(by, day_ends))
    });
    let all = searching.flatten().chain([parent]).chain(talk);
    all.filter(|(step, _)| at_of(*step).is_none())
        .min_by_key(|(step, due)| (*due, *step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from_micros(1_795_509_852_000_000).plus_seconds(minutes * 60)
    }

    #[test]
    fn the_cameras_come_at_once_and_parent_and_lead_at_the_speed_of_red() {
        let (day, _) = at(0).in_london();
        let (ladder, calendar) = (Ladder::on(day, &[]), SchoolCalendar::empty());
        let ends = TimeOfDay::new(15, 0, 0).expect("a clock time");
        let due = |done: &[(Left, Instant)]| next(&ladder, at(0), done, &calendar, ends);
        assert_eq!(due(&[]), Some((Left::Cameras, at(0))));
        let mut done = vec![(Left::Cameras, at(4))];
        assert_eq!(due(&done), Some((Left::Parent, at(15))), "E-016, red");
        done.push((Left::Parent, at(14)));
        assert_eq!(due(&done), Some((Left::Lead, at(30))));
        done.push((Left::Lead, at(20)));
        assert_eq!(due(&done), Some((Left::Police, at(20))), "decided at once");
        done.push((Left::NotPolice, at(22)));
        assert_eq!(due(&done), None, "told or not told: both are decisions");
        done.push((Left::SeenOff, at(25)));
        assert_eq!(due(&done), None, "seen is not found");
        done.push((Left::Back, at(50)));
        let by = Instant::at_london(day, ends);
        assert_eq!(due(&done), Some((Left::Conversation, by)));
        done.push((Left::Conversation, at(60)));
        assert!(is_over(&done));
        assert_eq!(due(&done), None);
    }

    #[test]
    fn a_parent_is_told_of_a_pupil_who_is_back_and_of_one_who_never_left_nobody_is() {
        let (day, _) = at(0).in_london();
        let (ladder, calendar) = (Ladder::on(day, &[]), SchoolCalendar::empty());
        let ends = TimeOfDay::new(23, 59, 0).expect("a clock time");
        for found in [Left::Back, Left::Safe] {
            let due = next(&ladder, at(0), &[(found, at(5))], &calendar, ends);
            assert_eq!(due, Some((Left::Parent, at(15))));
        }
        let never = [(Left::NotLeft, at(3))];
        assert_eq!(next(&ladder, at(0), &never, &calendar, ends), None);
        assert!(is_over(&never));
    }

    #[test]
    fn a_step_is_found_by_its_word() {
        for step in Left::ALL {
            assert_eq!(Left::from_key(step.key()), Some(step));
        }
        assert_eq!(Left::from_key("found"), None);
    }
}
