//! The contact ladder as a school reads and types it: a step on a line, with its times for red, amber and green (E-016).

use calendar::Day;
use welfare::ladder::{Due, Ladder, Own, Step};
use welfare::tier::Tier;

use super::settings::LadderValue;

/// The ladder of a day, a step on a line: `call: +15, +45, +60`.
pub(super) fn lines(own: &[Own], day: Day) -> String {
    let ladder = Ladder::on(day, own);
    let line = |step: Step| {
        let of = |tier: Tier| {
            let mut lines = ladder.lines().iter();
            let line = lines.find(|line| line.step == step && line.tier == tier);
            line.map(|line| line.due.to_string()).unwrap_or_default()
        };
        format!(
            "{}: {}",
            step.key().replace('_', " "),
            Tier::ALL.map(of).join(", ")
        )
    };
    Step::ALL.map(line).join("\n")
}

/// What of these lines differs from the usual ladder of the day.
///
/// Errors: which line cannot be read, and how to write it.
pub(super) fn read(text: &str, day: Day) -> Result<Vec<LadderValue>, String> {
    let usual = Ladder::on(day, &[]);
    let mut own = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let wrong = || {
            format!(
                "“{line}”: write a step, a colon, and its times for red, amber and green: call: +15, +45, +60."
            )
        };
        let (step, times) = line.split_once(':').ok_or_else(wrong)?;
        let step =
            Step::from_key(&step.trim().to_lowercase().replace(' ', "_")).ok_or_else(wrong)?;
        let times: Vec<&str> = times.split(',').map(str::trim).collect();
        if times.len() != Tier::ALL.len() {
            return Err(wrong());
        }
        for (tier, time) in Tier::ALL.into_iter().zip(times) {
            let due: Due = time.parse().map_err(|error| format!("{line}: {error}."))?;
            let is_usual = usual
                .lines()
                .iter()
                .any(|line| line.step == step && line.tier == tier && line.due == due);
            if !is_usual {
                own.push(LadderValue {
                    step,
                    tier,
                    due: due.to_string(),
                });
            }
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_read_as_it_is_shown_and_only_what_differs_is_the_schools_own() {
        let day: Day = "2026-11-24".parse().expect("a day");
        let usual = lines(&[], day);
        assert!(usual.contains("call: +15, +45, +60"), "{usual}");
        assert_eq!(read(&usual, day), Ok(Vec::new()));
        let changed = usual.replace("call: +15, +45, +60", "call: +15, +30, +60");
        let own = read(&changed, day).expect("times");
        assert_eq!((own.len(), own[0].due.as_str()), (1, "+30"));
        for wrong in [
            "call +15",
            "call: +15, +45",
            "sing: +1, +2, +3",
            "call: soon, +45, +60",
        ] {
            assert!(read(wrong, day).is_err(), "{wrong}");
        }
    }
}
