//! The school's words and hours for messages, from a day on.

use axum::Form as Posted;
use axum::response::Response;
use calendar::{Day, TimeOfDay};
use store::Tx;

use super::rules::{Automatic, FIELDS, LINK, MESSAGES, MessageRules, address_of, uses_field};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, tick};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Field, FieldKind, Notice};
use crate::year::decide;
use crate::year::settings::settings;

/// Whether this person decides words, hours and channels.
pub(super) fn may_decide(actor: &Actor) -> bool {
    actor.may(Access::Write, RecordKind::UsersRolesAndSettings)
}

fn form(tx: &mut Tx, actor: &Actor, today: Day) -> Result<FormPage, Refusal> {
    if !may_decide(actor) {
        return Err(Refusal::NotFound);
    }
    let set = settings(tx, actor.school)?;
    let rules = MessageRules::on(&set, today)?;
    let lines = |name, label, value: &String| {
        Field::new(FieldKind::Lines, name, label).value(value.clone())
    };
    let time = |name, label, value: TimeOfDay| {
        Field::new(FieldKind::Time, name, label)
            .value(value.to_string())
            .short()
    };
    let number = |name, label, value: u32| {
        Field::new(FieldKind::Number, name, label)
            .value(value.to_string())
            .tiny()
    };
    let of_tier = |name, label, is_on: bool| match is_on {
        true => tick(name, label).value("yes"),
        false => tick(name, label),
    };
    let weekends = match rules.quiet_weekends {
        true => tick("quiet_weekends", "Nor on Saturday and Sunday").value("yes"),
        false => tick("quiet_weekends", "Nor on Saturday and Sunday"),
    };
    let fields: Vec<String> = FIELDS.iter().map(|field| format!("(({field}))")).collect();
    let parts = vec![
        Part::new(
            "Words of the first message",
            vec![
                lines("text", "As a text", &rules.text),
                Field::line("subject", "Subject of the e-mail").value(rules.subject.clone()),
                lines("email", "As an e-mail", &rules.email),
                lines(
                    "letter",
                    "As a letter, under the same subject",
                    &rules.letter,
                )
                .optional(),
                Field::line("address", "Where families reach Rollbook")
                    .value(rules.address.clone().unwrap_or_default())
                    .optional()
                    .hint("For ((link)): https://rollbook.hill.example. From home it must be reachable without a certificate of your own."),
            ],
        )
        .about(format!(
            "Fields: {}. Brothers and sisters share one message. ((link)) is the family's own form, made for each message and valid for two weeks; to somebody who may have none it says “by telephone”.",
            fields.join(" ")
        )),
        Part::new(
            "When messages leave",
            vec![
                time("quiet_from", "Not from", rules.quiet_from),
                time("quiet_until", "Until", rules.quiet_until),
                weekends,
                number(
                    "rest_minutes",
                    "Minutes between two messages to a family",
                    rules.rest_minutes,
                ),
                number("brake", "A second look above so many messages", rules.brake),
            ],
        )
        .about("What is asked for in quiet hours waits until they end (I-123)."),
        Part::new(
            "What goes by itself",
            vec![
                of_tier("auto_red", "For red", rules.automatic.red),
                of_tier("auto_amber", "For amber", rules.automatic.amber),
                of_tier("auto_green", "For green", rules.automatic.green),
                of_tier(
                    "auto_repeat",
                    "Once more two hours later, where it failed for now (I-134)",
                    rules.automatic.repeat,
                ),
            ],
        )
        .about("The first message of the day by text or e-mail, at the time of the ladder and no later than an hour after it (E-016). Nobody sees it before it goes; holds, quiet hours and households count as ever. More than the second look asks for wait for a person. Anybody who sends messages can stop it for the day with one key."),
        Part::new(
            "",
            vec![
                Field::day("from", "From")
                    .value(today.to_string())
                    .hint("Earlier days keep what held then."),
            ],
        ),
    ];
    let earlier = set
        .history(MESSAGES)
        .map(|(from, _)| format!("From {}.", from.long()))
        .collect::<Vec<String>>();
    let help = match earlier.is_empty() {
        true => Vec::new(),
        false => vec![Help {
            heading: "Decided so far".to_owned(),
            lines: earlier,
        }],
    };
    Ok(FormPage::new("Words and hours", ("/messages", "Messages"), "Save", parts).help(help))
}

/// `/messages/rules`.
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

/// `/messages/rules`, sent.
pub(super) async fn answer(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let rules = read(&answers, &mut wrongs);
    let from = answers.day("from", &mut wrongs);
    let (Some(rules), Some(from), true) = (rules, from, wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, form).await;
    };
    form::answer(desk, move |act, actor, today| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let value = serde_json::to_string(&rules).expect("rules are numbers, times and words");
        decide(act, actor, today, MESSAGES, from, &value)?;
        Ok(Outcome::done("/messages/rules", "rules"))
    })
    .await
}

fn read(answers: &Answers, wrongs: &mut Wrongs) -> Option<MessageRules> {
    let time = |name: &'static str, wrongs: &mut Wrongs| {
        let time: Option<TimeOfDay> = answers.text(name).parse().ok();
        if time.is_none() {
            wrongs.add(name, "Give a time, such as 19:00.");
        }
        time
    };
    let number = |name: &'static str, most: u32, wrongs: &mut Wrongs| {
        let number = answers
            .text(name)
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number));
        if number.is_none() {
            wrongs.add(name, format!("Give a number from 1 to {most}."));
        }
        number
    };
    let (quiet_from, quiet_until) = (time("quiet_from", wrongs), time("quiet_until", wrongs));
    let (rest_minutes, brake) = (
        number("rest_minutes", 1_440, wrongs),
        number("brake", 2_000, wrongs),
    );
    let address = answers.given("address");
    let read = address.as_deref().map(address_of);
    if read == Some(None) {
        wrongs.add(
            "address",
            "Give an address that begins with https:// and has no path.",
        );
    }
    let rules = MessageRules {
        address: read.flatten(),
        quiet_from: quiet_from?,
        quiet_until: quiet_until?,
        quiet_weekends: answers.ticked("quiet_weekends"),
        brake: brake?,
        rest_minutes: rest_minutes?,
        text: answers.text("text").to_owned(),
        subject: answers.text("subject").to_owned(),
        email: answers.text("email").to_owned(),
        letter: answers
            .given("letter")
            .unwrap_or_else(|| MessageRules::default().letter),
        automatic: Automatic {
            red: answers.ticked("auto_red"),
            amber: answers.ticked("auto_amber"),
            green: answers.ticked("auto_green"),
            repeat: answers.ticked("auto_repeat"),
        },
    };
    let uses_link = [&rules.text, &rules.email]
        .into_iter()
        .any(|words| uses_field(words, LINK));
    if uses_link && rules.address.is_none() {
        wrongs.add("address", "((link)) needs it.");
    }
    for (question, wrong) in rules.templates().err().unwrap_or_default() {
        wrongs.add(question, format!("{wrong}."));
    }
    Some(rules)
}
