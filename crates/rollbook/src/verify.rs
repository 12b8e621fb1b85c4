//! `rollbook verify`: the records proved by the journal.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use office::registers::sealed::prove_kept;
use store::{Erased, VerifyProgress, VerifyReport, VerifyStage};

use crate::command_line::Data;
use crate::opening::clock_of_this_machine;

/// Proves every school, prints what was found, and answers whether all is as the journal says.
pub fn verify(data: &Data) -> Result<bool> {
    let store = data.open_existing(clock_of_this_machine())?;
    let bar = progress_bar();
    let shown = bar.clone();
    let report = store
        .verify_now(&[], office::TABLES, move |progress| show(&shown, progress))
        .context("The records could not be read whole; if they are of an older version, start Rollbook with them once");
    bar.finish_and_clear();
    let kept = store.read_now(prove_kept);
    store.close();
    let report = report?;
    let (sealed, differing) = kept.context("The sealed copies could not be read")?;
    for place in &differing {
        println!("Differs: {place}");
    }
    print!("{}", told(&report));
    if sealed > 0 {
        println!("{sealed} files of sealed copies are as they were sealed.");
    }
    Ok(report.is_whole() && differing.is_empty())
}

fn progress_bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:<8} {wide_bar} {human_pos} of {human_len}, {eta} left")
            .expect("the template of the bar is right");
    ProgressBar::new(0).with_style(style)
}

fn show(bar: &ProgressBar, progress: VerifyProgress) {
    bar.set_message(match progress.stage {
        VerifyStage::Journal => "Journal",
        VerifyStage::Rows => "Rows",
    });
    bar.set_length(progress.total.max(progress.done));
    bar.set_position(progress.done);
}

/// Acts that erased, school by school.
fn by_school(erased: &[Erased]) -> impl Iterator<Item = (i64, &[Erased])> {
    erased
        .chunk_by(|one, next| one.school == next.school)
        .map(|acts| (acts[0].school.0, acts))
}

fn told(report: &VerifyReport) -> String {
    let mut text = String::new();
    for (school, head) in &report.heads {
        let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("School {}: act {}, head {hash}\n", school.0, head.seq);
    }
    for (school, acts) in by_school(&report.erased) {
        let (emptied, shortened) = acts.iter().fold((0, 0), |sum, one| {
            (sum.0 + one.emptied, sum.1 + one.shortened)
        });
        text += &format!(
            "School {school}: {} acts erased what was due, which left {emptied} acts empty and {shortened} shorter, on the word of:\n",
            acts.len()
        );
        let mut words: Vec<String> = acts
            .iter()
            .map(|one| {
                let day = one.at.in_london().0;
                format!(
                    "  account {}, {}, {}\n",
                    one.account,
                    one.job_title,
                    day.long()
                )
            })
            .collect();
        words.dedup();
        text += &words.concat();
    }
    for difference in &report.differences {
        text += &format!("Differs: {difference}\n");
    }
    let verdict = if report.is_whole() {
        "everything is as the journal says"
    } else {
        "the records are not as the journal says"
    };
    text + &format!(
        "{} acts walked, {} rows compared: {verdict}.\n\
         Not proved: account rows, of which the journal keeps only what was done to them.\n",
        report.acts, report.rows
    )
}
