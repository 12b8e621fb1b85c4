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

    /// So many minutes after the lesson's register said that the pupil is not there; none where a person decides when.
    pub fn after_minutes(self) -> Option<i64> {
        match self {
            SearchStep::OnCall => Some(0),
            SearchStep::SafeguardingLead => Some(15),
            SearchStep::Parent => Some(20),
            SearchStep::Police => None,
        }
    }
}

/// The first step that was not done, and when it falls due; none when only what a person decides is left.
///
/// Rule: E-029 (the product's minutes). A later step that was done does not do an earlier one.
pub fn next_step(since: Instant, done: &[SearchStep]) -> Option<(SearchStep, Instant)> {
    SearchStep::ALL.into_iter().find_map(|step| {
        let minutes = step.after_minutes().filter(|_| !done.contains(&step))?;
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
            next_step(since, done).map(|(step, at)| (step, since.seconds_until(at) / 60))
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
    fn a_step_is_found_by_its_word() {
        for step in SearchStep::ALL {
            assert_eq!(SearchStep::from_key(step.key()), Some(step));
        }
        assert_eq!(SearchStep::from_key("found"), None);
    }
}
