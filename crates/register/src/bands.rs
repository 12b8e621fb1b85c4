use std::sync::LazyLock;

use calendar::Day;

use crate::counts::Ratio;

/// Where a band begins: at a share of absence, or just above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The share of possible sessions absent.
    pub absence: Ratio,
    /// Whether that very share is in the band, or only what is above it.
    pub included: bool,
}

impl Threshold {
    /// The band takes in this share, `part` absences in `whole` sessions, and what is above it.
    pub fn from(part: u64, whole: u64) -> Threshold {
        Threshold {
            absence: Ratio { part, whole },
            included: true,
        }
    }

    /// The band begins just above this share.
    pub fn above(part: u64, whole: u64) -> Threshold {
        Threshold {
            absence: Ratio { part, whole },
            included: false,
        }
    }

    /// Whether this share of absence has reached the threshold, exactly.
    pub fn is_reached_by(self, absence: Ratio) -> bool {
        let order = absence.compare(self.absence);
        order.is_gt() || (self.included && order.is_eq())
    }
}

/// One band of absence: a key for machines, a name for people, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// The short name in files and addresses: `at_risk`.
    pub key: String,
    /// The name on screens: `At risk`.
    pub name: String,
    /// The least absence in the band.
    pub begins: Threshold,
}

/// A set of bands over all shares of absence, least absence first, in force for a stretch of days.
///
/// A school's bands are its own setting with effective dates; [`default_bands`] are the product's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    from: Day,
    to: Option<Day>,
    bands: Vec<Band>,
}

/// A list of bands that does not give every share of absence exactly one band.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BandsError {
    /// The first band leaves out no absence at all.
    #[error("the first band must begin at no absence")]
    DoesNotBeginAtNone,
    /// A band does not begin above the one before it.
    #[error("the band “{key}” must begin above the band before it")]
    OutOfOrder {
        /// The band.
        key: String,
    },
    /// Two bands have the same key.
    #[error("two bands are called “{key}”")]
    SameKey {
        /// The key.
        key: String,
    },
    /// A band begins at a share of nothing, or beyond all sessions.
    #[error("the band “{key}” must begin between 0% and 100% absence")]
    NotAShare {
        /// The band.
        key: String,
    },
    /// The last day is before the first.
    #[error("the bands end before they begin")]
    EndsBeforeItBegins,
}

impl Bands {
    /// Bands in force from a day to a last day (none: until replaced), least absence first.
    ///
    /// Errors: a share of absence would have no band or two.
    pub fn new(from: Day, to: Option<Day>, bands: Vec<Band>) -> Result<Bands, BandsError> {
        if to.is_some_and(|last| last < from) {
            return Err(BandsError::EndsBeforeItBegins);
        }
        for band in &bands {
            let Ratio { part, whole } = band.begins.absence;
            if whole == 0 || part > whole {
                return Err(BandsError::NotAShare {
                    key: band.key.clone(),
                });
            }
            if bands.iter().filter(|other| other.key == band.key).count() > 1 {
                return Err(BandsError::SameKey {
                    key: band.key.clone(),
                });
            }
        }
        let begins_at_none = bands
            .first()
            .is_some_and(|first| first.begins.absence.part == 0 && first.begins.included);
        if !begins_at_none {
            return Err(BandsError::DoesNotBeginAtNone);
        }
        for pair in bands.windows(2) {
            let (lower, upper) = (pair[0].begins, pair[1].begins);
            let order = upper.absence.compare(lower.absence);
            let above = order.is_gt() || (order.is_eq() && lower.included && !upper.included);
            if !above {
                return Err(BandsError::OutOfOrder {
                    key: pair[1].key.clone(),
                });
            }
        }
        Ok(Bands { from, to, bands })
    }

    /// Whether these bands are in force on this day.
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// The bands, least absence first.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// The band of this share of absence.
    pub fn of(&self, absence: Ratio) -> &Band {
        self.bands
            .iter()
            .rev()
            .find(|band| band.begins.is_reached_by(absence))
            .unwrap_or(&self.bands[0])
    }
}

/// The product's bands: full, low, watch, at risk, persistent, severe.
///
/// Rule: R-212 (our reading). Source: S35 (below 92, 90 and 50), S18. Persistent and severe begin where say.
pub fn default_bands() -> &'static Bands {
    &DEFAULT
}

/// The bands in force on a day: the school's own where it has set some, otherwise the product's.
pub fn bands_on(own: &[Bands], day: Day) -> &Bands {
    own.iter()
        .rev()
        .find(|bands| bands.covers(day))
        .unwrap_or(default_bands())
}

static DEFAULT: LazyLock<Bands> = LazyLock::new(|| {
    let band = |key: &str, name: &str, begins| Band {
        key: key.to_owned(),
        name: name.to_owned(),
        begins,
    };
    let from = Day::new(2006, 9, 1).expect("a real day");
    let bands = vec![
        band("full", "Full", Threshold::from(0, 100)),
        band("low", "Low", Threshold::above(0, 100)),
        band("watch", "Watch", Threshold::from(5, 100)),
        band("at_risk", "At risk", Threshold::above(8, 100)),
        band("persistent", "Persistent", Threshold::from(10, 100)),
        band("severe", "Severe", Threshold::from(50, 100)),
    ];
    Bands::new(from, None, bands).expect("the product's bands cover every share once")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn key(part: u64, whole: u64) -> &'static str {
        &default_bands().of(Ratio { part, whole }).key
    }

    #[test]
    fn each_default_band_holds_its_own_boundaries() {
        assert_eq!(key(0, 380), "full");
        assert_eq!(key(1, 380), "low");
        assert_eq!(key(4_999, 100_000), "low");
        assert_eq!(key(5, 100), "watch");
        assert_eq!(key(8, 100), "watch");
        assert_eq!(key(8_001, 100_000), "at_risk");
        assert_eq!(key(24, 241), "at_risk");
        assert_eq!(key(10, 100), "persistent");
        assert_eq!(key(189, 380), "persistent");
        assert_eq!(key(1, 2), "severe");
        assert_eq!(key(380, 380), "severe");
    }

    #[test]
    fn bands_that_leave_a_gap_or_overlap_are_refused() {
        let from = Day::new(2026, 9, 1).expect("a real day");
        let band = |key: &str, begins| Band {
            key: key.to_owned(),
            name: key.to_owned(),
            begins,
        };
        assert_eq!(
            Bands::new(from, None, vec![]),
            Err(BandsError::DoesNotBeginAtNone)
        );
        let gap = vec![band("a", Threshold::above(0, 1))];
        assert_eq!(
            Bands::new(from, None, gap),
            Err(BandsError::DoesNotBeginAtNone)
        );
        let twice = vec![
            band("a", Threshold::from(0, 1)),
            band("b", Threshold::from(1, 10)),
            band("c", Threshold::from(10, 100)),
        ];
        assert!(matches!(
            Bands::new(from, None, twice),
            Err(BandsError::OutOfOrder { key }) if key == "c"
        ));
        let nothing = vec![band("a", Threshold::from(0, 0))];
        assert!(matches!(
            Bands::new(from, None, nothing),
            Err(BandsError::NotAShare { .. })
        ));
    }

    #[test]
    fn a_schools_own_bands_hold_from_their_first_day() {
        let first = Day::new(2026, 9, 1).expect("a real day");
        let own = vec![
            Bands::new(
                first,
                None,
                vec![Band {
                    key: "all".to_owned(),
                    name: "All".to_owned(),
                    begins: Threshold::from(0, 1),
                }],
            )
            .expect("one band for all"),
        ];
        assert_eq!(bands_on(&own, first.previous()), default_bands());
        assert_eq!(bands_on(&own, first), &own[0]);
    }
}
