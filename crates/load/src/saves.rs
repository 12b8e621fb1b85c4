//! Teachers saving registers, each as soon as the last save was answered.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{Browser, RegisterLink, RegisterPage, RegisterRow, Spread};

/// One mark on its way to the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The pupil's enrolment.
    pub enrolment: i64,
    /// The code; empty takes the mark away.
    pub code: String,
    /// Minutes late, with `L` or `U`.
    pub minutes: Option<u32>,
    /// A note, where the code needs one.
    pub note: Option<String>,
    /// The reason of an amendment.
    pub reason: Option<String>,
    /// The version that the change was made on; 0 where there was no mark.
    pub base: i64,
}

#[derive(Serialize)]
struct SaveRequest<'a> {
    change_id: String,
    /// Microseconds since 1970, by this machine's clock.
    device_at: u128,
    changes: &'a [Mark],
}

/// The answer to a save.
#[derive(Clone, Debug, Deserialize)]
pub struct SaveAnswer {
    /// The number of the act.
    pub seq: Option<i64>,
    /// Change by change.
    pub results: Vec<SaveResult>,
}

/// What became of one change.
#[derive(Clone, Debug, Deserialize)]
pub struct SaveResult {
    /// The pupil's enrolment.
    pub enrolment: i64,
    /// In a word.
    pub outcome: String,
    /// The code that stands now.
    pub code: Option<String>,
    /// What stands in the way, or is to be looked at.
    pub message: String,
    /// The version that stands now.
    pub base: i64,
}

/// What was measured of many saves.
#[derive(Clone, Debug, Default)]
pub struct SavesFigures {
    /// From sending to the answer.
    pub times: Spread,
    /// How many changes came to which outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// From the first save to the last answer.
    pub took: Duration,
}

impl SavesFigures {
    /// How many a second.
    pub fn a_second(&self) -> f64 {
        self.times.count() as f64 / self.took.as_secs_f64()
    }
}

/// Sends marks to a register; an answer other than 200 is an error with what it said.
///
/// Shape: `{change_id, device_at, changes: [{enrolment, code, minutes, note, reason, base}]}` to `/registers/{group}/{day}/{session}/save`.
pub async fn save_request(
    browser: &mut Browser,
    register: &RegisterLink,
    changes: &[Mark],
) -> Result<(SaveAnswer, Duration)> {
    let since_1970 = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let request = SaveRequest {
        change_id: change_id(),
        device_at: since_1970.as_micros(),
        changes,
    };
    let answer = browser.post_json(&register.save_path(), &request).await?;
    ensure!(
        answer.status == 200,
        "saving {} was answered by {}: {}",
        register.path(),
        answer.status,
        answer.text()
    );
    let saved = serde_json::from_slice(&answer.body)
        .with_context(|| format!("the answer to a save was: {}", answer.text()))?;
    Ok((saved, answer.whole))
}

/// Saves registers in a closed loop, a signed-in browser and a register for each teacher, `rounds` times each or until `until`.
///
/// Every save is a [`whole_register`].
/// `reason` goes with each change, for registers that are closed already.
pub async fn save_in_a_closed_loop(
    teachers: Vec<(Browser, RegisterLink)>,
    rounds: usize,
    until: Instant,
    reason: Option<&str>,
) -> Result<SavesFigures> {
    let begun = Instant::now();
    let mut working = tokio::task::JoinSet::new();
    for (browser, register) in teachers {
        working.spawn(one_teacher(
            browser,
            register,
            rounds,
            until,
            reason.map(str::to_owned),
        ));
    }
    let mut all = SavesFigures::default();
    while let Some(one) = working.join_next().await {
        let one = one.context("a teacher's task failed")??;
        all.times.extend(one.times);
        for (outcome, count) in one.outcomes {
            *all.outcomes.entry(outcome).or_default() += count;
        }
    }
    all.took = begun.elapsed();
    Ok(all)
}

async fn one_teacher(
    mut browser: Browser,
    register: RegisterLink,
    rounds: usize,
    until: Instant,
    reason: Option<String>,
) -> Result<SavesFigures> {
    let page = browser.get(register.path()).await?;
    ensure!(
        page.status == 200,
        "{} was answered by {}",
        register.path(),
        page.status
    );
    let mut rows = RegisterPage::read(&page.text()).rows;
    ensure!(
        !rows.is_empty(),
        "{} has no pupils to mark",
        register.path()
    );
    let mut figures = SavesFigures::default();
    for round in 0..rounds {
        if Instant::now() > until {
            break;
        }
        let changes = whole_register(&register, &rows, round, reason.as_deref());
        let (answer, took) = save_request(&mut browser, &register, &changes).await?;
        figures.times.add(took);
        for result in answer.results {
            if let Some(row) = rows
                .iter_mut()
                .find(|row| row.enrolment == result.enrolment)
            {
                row.base = result.base;
            }
            *figures.outcomes.entry(result.outcome).or_default() += 1;
        }
    }
    Ok(figures)
}

/// A mark for every row of a register, each another than in the round before, so that a save writes the whole register: all present in
/// one round and all absent in the next, but for one late in each.
pub fn whole_register(
    register: &RegisterLink,
    rows: &[RegisterRow],
    round: usize,
    reason: Option<&str>,
) -> Vec<Mark> {
    let present = if register.path().ends_with("pm") {
        "\\"
    } else {
        "/"
    };
    rows.iter()
        .enumerate()
        .map(|(place, row)| {
            let (code, minutes) = match (place + round) % rows.len() {
                0 => ("L", Some(5)),
                _ if round.is_multiple_of(2) => (present, None),
                _ => ("N", None),
            };
            Mark {
                enrolment: row.enrolment,
                code: code.to_owned(),
                minutes,
                note: None,
                reason: reason.map(str::to_owned),
                base: row.base,
            }
        })
        .collect()
}

/// An id that no other change has: 32 hexadecimal digits.
fn change_id() -> String {
    let random = || RandomState::new().hash_one(SystemTime::now());
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_changes_have_one_id() {
        let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| change_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn a_mark_is_written_as_the_register_reads_it() {
        let mark = Mark {
            enrolment: 4,
            code: "L".into(),
            minutes: Some(5),
            note: None,
            reason: None,
            base: 9,
        };
        assert_eq!(
            serde_json::to_string(&mark).unwrap(),
            r#"{"enrolment":4,"code":"L","minutes":5,"note":null,"reason":null,"base":9}"#
        );
    }
}
