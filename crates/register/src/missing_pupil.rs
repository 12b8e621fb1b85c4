//! A pupil who was in at the session and is missing from a lesson: what is done, and by when (E-029).
//!
//! It is no attendance code and changes none: a search with steps of its own.

use calendar::Instant;

/// A step of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SearchStep {
    /// Whoever is on call looks for the pupil.
    OnCall,
    /// The safeguarding lead is told.
    SafeguardingLead,
    /// A parent is told.
    Parent,
    /// The police are told, by decision of the safeguarding lead.
    Police,
}

impl SearchStep {
    /// Every step, in the order in which they fall due.
    pub const ALL: [SearchStep; 4] = [
        SearchStep::OnCall,
        SearchStep::SafeguardingLead,
        SearchStep::Parent,
        SearchStep::Police,
    ];

    /// The word in the database.
    pub fn key(self) -> &'static str {
        match self {
            SearchStep::OnCall => "on_call",
            SearchStep::SafeguardingLead => "safeguarding_lead",
            SearchStep::Parent => "parent",
            SearchStep::Police => "police",
        }
    }

    /// The step with this word.
    pub fn from_key(key: &str) -> Option<SearchStep> {
        SearchStep::ALL.into_iter().find(|step| step.key() == key)
    }

    /// What has been done when it is recorded.
    pub fn words(self) -> &'static str {
        match self {
            SearchStep::OnCall => "Search by staff on call",
            SearchStep::SafeguardingLead => "Safeguarding lead told",
            SearchStep::Parent => "Parent told",
            SearchStep::Police => "Police told, by decision of the safeguarding lead",
        }
    }
}

/// By when each step is due: minutes after the lesson's register said that the pupil is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchTimes {
    /// Until whoever is on call looks for the pupil.
    pub on_call: u16,
    /// Until the safeguarding lead is told.
    pub safeguarding_lead: u16,
    /// Until a parent is told.
    pub parent: u16,
}

/// The product's minutes: at once, 15, 20.
///
/// Rule: E-029 (PRODUCT). Source: none in law or guidance; a school may set its own.
impl Default for SearchTimes {
    fn default() -> SearchTimes {
        SearchTimes {
            on_call: 0,
            safeguarding_lead: 15,
            parent: 20,
        }
    }
}

/// Why minutes of a search cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchTimesError {
    /// A step falls due before the one that goes before it.
    #[error("the steps fall due in their order: the search, the safeguarding lead, the parent")]
    Order,
    /// A step falls due so late that the pupil could be anywhere.
    #[error(
        "no step falls due later than {} minutes after the lesson's register",
        SearchTimes::LATEST
    )]
    Late,
}

impl SearchTimes {
    /// No step may fall due later than this: an hour.
    pub const LATEST: u16 = 60;

    /// These minutes, if they can hold.
    ///
    /// Errors: they do not climb, or are later than [`SearchTimes::LATEST`].
    pub fn new(
        on_call: u16,
        safeguarding_lead: u16,
        parent: u16,
    ) -> Result<SearchTimes, SearchTimesError> {
        if on_call > safeguarding_lead || safeguarding_lead > parent {
            return Err(SearchTimesError::Order);
        }
        if parent > SearchTimes::LATEST {
            return Err(SearchTimesError::Late);
        }
        Ok(SearchTimes {
            on_call,
            safeguarding_lead,
            parent,
        })
    }

    /// So many minutes after the lesson's register said that the pupil is not there; none where a person decides when.
    pub fn after_minutes(self, step: SearchStep) -> Option<i64> {
        match step {
            SearchStep::OnCall => Some(self.on_call.into()),
            SearchStep::SafeguardingLead => Some(self.safeguarding_lead.into()),
            SearchStep::Parent => Some(self.parent.into()),
            SearchStep::Police => None,
        }
    }
}

/// The first step that was not done, and when it falls due; none when only what a person decides is left.
///
/// Rule: E-029. A later step that was done does not do an earlier one.
pub fn next_step(
    times: SearchTimes,
    since: Instant,
    done: &[SearchStep],
) -> Option<(SearchStep, Instant)> {
    SearchStep::ALL.into_iter().find_map(|step| {
        let minutes = times
            .after_minutes(step)
            .filter(|_| !done.contains(&step))?;
        Some((step, since.plus_seconds(minutes * 60)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_begins_at_once_and_others_are_told_after_fifteen_and_twenty_minutes() {
        let since = Instant::from_micros(1_795_509_852_000_000);
        let due = |done: &[SearchStep]| {
            next_step(SearchTimes::default(), since, done)
                .map(|(step, at)| (step, since.seconds_until(at) / 60))
        };
        let [on_call, lead, parent, police] = SearchStep::ALL;
        assert_eq!(due(&[]), Some((on_call, 0)));
        assert_eq!(due(&[on_call]), Some((lead, 15)));
        assert_eq!(due(&[on_call, lead]), Some((parent, 20)));
        assert_eq!(
            due(&[on_call, parent]),
            Some((lead, 15)),
            "none is passed over"
        );
        assert_eq!(
            due(&[on_call, lead, parent]),
            None,
            "the police by decision"
        );
        assert_eq!(due(&[on_call, lead, parent, police]), None);
    }

    #[test]
    fn a_school_sets_its_own_minutes_in_the_order_of_the_steps_and_within_an_hour() {
        let since = Instant::from_micros(1_795_509_852_000_000);
        let times = SearchTimes::new(2, 10, 60).expect("minutes that climb");
        let due = next_step(times, since, &[SearchStep::OnCall]);
        assert_eq!(
            due,
            Some((SearchStep::SafeguardingLead, since.plus_seconds(600)))
        );
        assert_eq!(SearchTimes::new(0, 0, 0).map(|times| times.parent), Ok(0));
        assert_eq!(SearchTimes::new(11, 10, 60), Err(SearchTimesError::Order));
        assert_eq!(SearchTimes::new(0, 21, 20), Err(SearchTimesError::Order));
        assert_eq!(SearchTimes::new(0, 15, 61), Err(SearchTimesError::Late));
    }

    #[test]
    fn a_step_is_found_by_its_word() {
        for step in SearchStep::ALL {
            assert_eq!(SearchStep::from_key(step.key()), Some(step));
        }
        assert_eq!(SearchStep::from_key("found"), None);
    }
}
