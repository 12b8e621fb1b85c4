//! Leaders are told how the morning was signed off: the two measures, and nobody's name.

use calendar::{Day, TimeOfDay};
use store::Act;

use super::post::{Letter, Post, holders};
use crate::desk::Refusal;
use crate::people::{Actor, Role};

/// Who leads the school.
const LEADERS: [Role; 2] = [Role::Headteacher, Role::DeputyHeadPastoral];

/// Writes to those who lead the school that the morning was signed off, with its measures in words. Answers to how many.
///
/// What was noted beside them may hold a name, so it is only said that there is a note. Errors: the database did not answer.
pub(crate) fn tell_leaders(
    act: &mut Act,
    actor: &Actor,
    post: &Post,
    measures: &[String],
    has_note: bool,
) -> Result<usize, Refusal> {
    let (today, time) = act.at().in_london();
    let note = match has_note {
        true => "\n\nThere is a note with it, which stands in Rollbook.",
        false => "",
    };
    let words = format!(
        "The morning of {} was signed off at {time} by {}, {}.\n\n{}{note}\n\nThe morning stands {}.\n\n{}",
        today.long(),
        actor.name,
        actor.job_title,
        measures.join("\n"),
        post.link("/morning"),
        post.school_name
    );
    let mut letters: Vec<Letter> = Vec::new();
    for role in LEADERS {
        for to in holders(act.tx(), actor.school, role, today)? {
            if letters.iter().all(|letter| letter.to != to) {
                letters.push(Letter {
                    to,
                    subject: format!("The morning of {} is signed off", today.long()),
                    words: words.clone(),
                });
            }
        }
    }
    Ok(post.queue(
        act,
        actor.account,
        &today.to_string(),
        end_of(today),
        &letters,
    )?)
}

/// After the day it is no news.
fn end_of(day: Day) -> calendar::Instant {
    let midnight = TimeOfDay::new(0, 0, 0).expect("midnight is a clock time");
    calendar::Instant::at_london(day.next(), midnight)
}
