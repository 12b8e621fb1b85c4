//! What is sent to staff, from a day on.

use axum::Form as Posted;
use axum::response::Response;
use calendar::{Day, TimeOfDay};
use store::Tx;

use super::rules::{STAFF_MAIL_RULES, StaffMailRules};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick};
use crate::messages::rules_page::may_decide;
use crate::people::Actor;
use crate::shell::{Field, FieldKind, Notice};
use crate::year::decide;
use crate::year::settings::settings;

fn form(tx: &mut Tx, actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    if !may_decide(actor) {
        return Err(Refusal::NotFound);
    }
    let rules = StaffMailRules::on(&settings(tx, actor.school)?, today)?;
    let box_of = |name: &'static str, label: &'static str, is_on: bool| match is_on {
        true => tick(name, label).value("yes"),
        false => tick(name, label),
    };
    let parts = vec![
        Part::new(
            "What is sent",
            vec![
                box_of(
                    "registers",
                    "To whoever is asked for a register that is not in (E-013)",
                    rules.registers,
                ),
                box_of(
                    "morning",
                    "To the head and the pastoral deputy: how the morning was signed off",
                    rules.morning,
                ),
                box_of(
                    "week",
                    "To tutors and heads of year or house: marks without a reason, once a week (E-026)",
                    rules.week,
                ),
                Field::new(
                    FieldKind::Time,
                    "week_at",
                    "The weekly one, on the last school day of a week, at",
                )
                .value(rules.week_at.to_string())
                .short(),
            ],
        )
        .about("Nothing leaves before the school has a channel for e-mail. It goes to the work e-mail in each staff record. No pupil’s name stands in it."),
        Part::new(
            "",
            vec![
                Field::line("address", "Where staff reach Rollbook")
                    .value(rules.address)
                    .optional()
                    .hint("Such as https://rollbook.hill.example. The e-mails lead there; empty: they hold no link."),
                Field::day("from", "From")
                    .value(today.to_string())
                    .hint("Earlier days keep what held then."),
            ],
        ),
    ];
    Ok(FormPage::new(
        "What is sent to staff",
        ("/messages/staff", "E-mail to staff"),
        "Save",
        parts,
    ))
}

/// `/messages/staff/rules`.
pub(super) async fn ask(desk: Desk) -> Result<Response, Problem> {
    let did = desk.path().contains("did=rules");
    form::ask(desk, move |tx, actor, today| {
        let form = form(tx, actor, today)?;
        Ok(match did {
            true => form.notice(Notice::done("Saved. It holds from the day you gave.")),
            false => form,
        })
    })
    .await
}

/// `/messages/staff/rules`, sent.
pub(super) async fn answer(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let week_at: Option<TimeOfDay> = answers.text("week_at").parse().ok();
    if week_at.is_none() {
        wrongs.add("week_at", "Give a time, such as 15:00.");
    }
    let address = answers.text("address").trim_end_matches('/').to_owned();
    if !is_address(&address) {
        wrongs.add(
            "address",
            "Give https:// and a name, such as https://rollbook.hill.example.",
        );
    }
    let from = answers.day("from", &mut wrongs);
    let (Some(week_at), Some(from), true) = (week_at, from, wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, form).await;
    };
    let rules = StaffMailRules {
        registers: answers.ticked("registers"),
        morning: answers.ticked("morning"),
        week: answers.ticked("week"),
        week_at,
        address,
    };
    form::answer(desk, move |act, actor, today| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let value = serde_json::to_string(&rules).expect("rules are words, times and ticks");
        decide(act, actor, today, STAFF_MAIL_RULES, from, &value)?;
        Ok(Outcome::done("/messages/staff/rules", "rules"))
    })
    .await
}

/// Whether a text is empty or leads to a machine: a scheme, a name, perhaps a port and a path, and nothing that ends a line.
fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    text.is_empty()
        || rest.is_some_and(|rest| {
            rest.len() < 200
                && rest.starts_with(|first: char| first.is_ascii_alphanumeric())
                && rest.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'/')
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_and_a_name() {
        for good in [
            "",
            "https://rollbook.hill.example",
            "http://10.0.0.5:8443/school",
        ] {
            assert!(is_address(good), "{good}");
        }
        for wrong in [
            "rollbook.hill.example",
            "https://",
            "https://a b",
            "javascript:x",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
