//! Who is on the site now: presence in the building, which is not the class that statistics give a mark.
//!
//! `U` is an absence in every figure and a child in the building; `V` counts as attended and is a child elsewhere.

use std::collections::BTreeMap;

use calendar::{Day, Instant};

use crate::{Class, Code, meaning};

/// What the attendance register says of one session of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSays {
    /// The code that stands, by mark or by plan; none for a blank place.
    pub code: Option<Code>,
    /// From when it speaks: the opening of the register, or the arrival where the pupil was late.
    pub from: Instant,
}

/// That somebody came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Through the late door, or back from outside.
    In,
    /// Signed out.
    Out,
}

/// Where a pupil is, as far as the school knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// In the building.
    OnSite,
    /// Signed out, and not back.
    SignedOut,
    /// Elsewhere with the school's knowledge: `K V P W B D`.
    Elsewhere(Code),
    /// Absent for a reason that somebody knows, or not expected.
    Absent(Code),
    /// Nobody knows: `N`, or no mark and no arrival.
    Unaccounted,
}

impl Whereabouts {
    /// Whether somebody must be found in a roll call: in the building, or nobody knows where.
    pub fn is_looked_for(self) -> bool {
        matches!(self, Whereabouts::OnSite | Whereabouts::Unaccounted)
    }

    /// The word for it in lists.
    pub fn word(self) -> &'static str {
        match self {
            Whereabouts::OnSite => "on site",
            Whereabouts::SignedOut => "signed out",
            Whereabouts::Elsewhere(_) => "elsewhere with leave",
            Whereabouts::Absent(_) => "absent",
            Whereabouts::Unaccounted => "not accounted for",
        }
    }
}

/// Where a pupil is at this moment, by the latest of what is known of today.
///
/// Rule. Sessions still to come are left out, unless a plan or mark already says where the pupil is. A session without a code says
/// nothing, so a pupil who was in this morning is in until the afternoon's register says otherwise. What was signed at the same
/// moment as a session began is later than it.
pub fn whereabouts(
    day: Day,
    now: Instant,
    sessions: &[SessionSays],
    ways: &[(Instant, Way)],
) -> Whereabouts {
    let said = sessions
        .iter()
        .filter(|says| says.from <= now)
        .filter_map(|says| Some((says.from, 0, of_code(day, says.code?))));
    let signed = ways.iter().filter(|(at, _)| *at <= now).map(|(at, way)| {
        let place = match way {
            Way::In => Whereabouts::OnSite,
            Way::Out => Whereabouts::SignedOut,
        };
        (*at, 1, place)
    });
    said.chain(signed)
        .max_by_key(|(from, order, _)| (*from, *order))
        .map_or(Whereabouts::Unaccounted, |(_, _, place)| place)
}

/// Where a code says that a pupil is.
fn of_code(day: Day, code: Code) -> Whereabouts {
    if code == Code::NO_REASON_YET {
        return Whereabouts::Unaccounted;
    }
    if code == Code::LATE_AFTER_CLOSE {
        return Whereabouts::OnSite;
    }
    let is_dual = code.as_str() == "D";
    match meaning(code, day).map(|row| row.class) {
        Ok(Class::Present) => Whereabouts::OnSite,
        Ok(Class::ApprovedEducationalActivity) => Whereabouts::Elsewhere(code),
        _ if is_dual => Whereabouts::Elsewhere(code),
        Ok(_) => Whereabouts::Absent(code),
        Err(_) => Whereabouts::Unaccounted,
    }
}

/// A tick of a roll call: that somebody was seen, or was ticked by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick<K> {
    /// Who.
    pub who: K,
    /// Whether they were seen; else a tick is taken back.
    pub seen: bool,
    /// When, on one clock for all devices.
    pub at: Instant,
}

/// Since when each of the people ticked counts as found, whatever the order in which the ticks came in.
///
/// The latest tick decides; of two at the same moment the one that says "not seen", so that nobody is taken for found by accident. The moment is
/// that of the first tick since the last that said so.
pub fn found<K: Ord + Copy>(ticks: &[Tick<K>]) -> BTreeMap<K, Instant> {
    let mut in_order: Vec<&Tick<K>> = ticks.iter().collect();
    in_order.sort_by_key(|tick| (tick.at, !tick.seen));
    let mut found = BTreeMap::new();
    for tick in in_order {
        match tick.seen {
            true => {
                found.entry(tick.who).or_insert(tick.at);
            }
            false => {
                found.remove(&tick.who);
            }
        }
    }
    found
}

/// When the last of those who were looked for was found; none while somebody is missing, or nobody was looked for.
pub fn all_found_at<K: Ord + Copy>(looked_for: &[K], ticks: &[Tick<K>]) -> Option<Instant> {
    let found = found(ticks);
    let each: Option<Vec<Instant>> = looked_for
        .iter()
        .map(|who| found.get(who).copied())
        .collect();
    each?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        "2026-11-24".parse().expect("a real day")
    }

    fn at(clock: &str) -> Instant {
        Instant::at_london(day(), clock.parse().expect("a clock time"))
    }

    fn says(code: &str, from: &str) -> SessionSays {
        SessionSays {
            code: code.parse().ok(),
            from: at(from),
        }
    }

    fn at_noon(sessions: &[SessionSays], ways: &[(Instant, Way)]) -> Whereabouts {
        whereabouts(day(), at("12:00"), sessions, ways)
    }

    fn by(code: &str) -> Whereabouts {
        at_noon(&[says(code, "08:40")], &[])
    }

    #[test]
    fn presence_is_not_the_class_of_statistics() {
        for code in ["/", "L", "U"] {
            assert_eq!(by(code), Whereabouts::OnSite, "{code}");
        }
        for code in ["K", "V", "P", "W", "B", "D"] {
            assert!(matches!(by(code), Whereabouts::Elsewhere(_)), "{code}");
        }
        for code in ["I", "M", "O", "G", "X", "Y1"] {
            assert!(matches!(by(code), Whereabouts::Absent(_)), "{code}");
        }
        for code in ["N", ""] {
            assert_eq!(by(code), Whereabouts::Unaccounted, "{code}");
        }
    }

    #[test]
    fn an_arrival_brings_in_whatever_the_mark_and_signing_out_takes_away_whatever_the_mark() {
        let medical = [says("M", "08:40")];
        assert_eq!(
            at_noon(&medical, &[(at("11:10"), Way::In)]),
            Whereabouts::OnSite
        );
        let present = [says("/", "08:40")];
        let out = (at("10:00"), Way::Out);
        assert_eq!(at_noon(&present, &[out]), Whereabouts::SignedOut, "R-024");
        let back = (at("11:30"), Way::In);
        assert_eq!(at_noon(&present, &[out, back]), Whereabouts::OnSite);
        assert_eq!(
            at_noon(&present, &[back, out]),
            Whereabouts::OnSite,
            "in any order"
        );
    }

    #[test]
    fn the_latest_of_what_is_known_decides() {
        let both = [says("/", "08:40"), says("N", "13:30")];
        let afternoon = |ways: &[(Instant, Way)]| whereabouts(day(), at("14:00"), &both, ways);
        assert_eq!(
            at_noon(&both, &[]),
            Whereabouts::OnSite,
            "the afternoon is still to come"
        );
        assert_eq!(afternoon(&[]), Whereabouts::Unaccounted);
        assert_eq!(afternoon(&[(at("13:50"), Way::In)]), Whereabouts::OnSite);
        let blank = [says("/", "08:40"), says("", "13:30")];
        let found = whereabouts(day(), at("14:00"), &blank, &[]);
        assert_eq!(found, Whereabouts::OnSite, "a blank place says nothing");
        let returned = [says("/", "08:40"), says("\\", "13:30")];
        let out = [(at("11:00"), Way::Out)];
        let found = whereabouts(day(), at("14:00"), &returned, &out);
        assert_eq!(found, Whereabouts::OnSite, "seen after being signed out");
    }

    #[test]
    fn ticks_of_several_phones_come_to_the_same_in_any_order_and_however_often() {
        let tick = |who, seen, clock| Tick {
            who,
            seen,
            at: at(clock),
        };
        let mut ticks = vec![
            tick(1, true, "11:02"),
            tick(2, true, "11:03"),
            tick(2, false, "11:04"),
            tick(2, true, "11:06"),
            tick(3, true, "11:05"),
            tick(3, false, "11:05"),
            tick(1, true, "11:07"),
        ];
        let first = found(&ticks);
        let seen: Vec<(i32, Instant)> = first.iter().map(|(who, at)| (*who, *at)).collect();
        assert_eq!(
            seen,
            [(1, at("11:02")), (2, at("11:06"))],
            "3 is looked for still"
        );
        assert_eq!(all_found_at(&[1, 2], &ticks), Some(at("11:06")));
        assert_eq!(all_found_at(&[1, 3], &ticks), None);
        for turn in 0..ticks.len() {
            ticks.rotate_left(1);
            ticks.push(ticks[turn]);
            ticks.swap(0, turn);
            assert_eq!(found(&ticks), first, "{turn}");
        }
    }
}
