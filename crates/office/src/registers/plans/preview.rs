//! What a plan takes in, before it is made or amended: each pupil with sessions and marks that stay.

use askama::Template;
use calendar::Slot;
use register::Counts;
use register::plan::{MayPlan, Plan, PlanWarning, PlannedSessions};

use super::judge::Outlook;
use super::keep::in_sentences;
use super::one::facts;
use crate::form::Answers;
use crate::shell::{Facts, Frame};

/// What a plan takes in, before it is made.
#[derive(Template)]
#[template(path = "registers/plans/preview.html")]
pub(super) struct PreviewPage {
    frame: Frame,
    heading: String,
    whose: String,
    action: String,
    verb: String,
    facts: Facts,
    /// `C: ...; counts as authorised absence`.
    counts: String,
    summary: String,
    warnings: Vec<String>,
    pupils: Vec<TakenIn>,
    /// The sessions in words, where they are the same for all.
    sessions: Option<Vec<String>>,
    /// Pupils who get none, and why.
    refused: Vec<(String, String)>,
    carried: Vec<(String, String)>,
}

/// What it takes in of one pupil.
struct TakenIn {
    name: String,
    count: usize,
    /// `Tue 24 Nov, Wed 25 Nov AM`; empty where they are the same for all.
    sessions: String,
    /// Marks that stay.
    marks: String,
}

/// What the plan would do to each of these pupils.
pub(super) fn preview(
    frame: Frame,
    plan: &Plan,
    looks: &[Outlook],
    action: String,
    verb: &str,
    answers: &Answers,
) -> PreviewPage {
    let allowed: Vec<(&Outlook, &MayPlan)> = looks
        .iter()
        .filter_map(|look| Some((look, look.judged.as_ref().ok()?)))
        .collect();
    let sessions: usize = allowed.iter().map(|(_, may)| may.slots.len()).sum();
    let marked: usize = allowed.iter().map(|(look, _)| look.marked.len()).sum();
    let mut warnings: Vec<PlanWarning> = Vec::new();
    for (_, may) in &allowed {
        for warning in &may.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    let of_first = allowed.first().map(|(_, may)| may.slots.as_slice());
    let same_for_all = allowed
        .iter()
        .all(|(_, may)| Some(may.slots.as_slice()) == of_first);
    let own = |slots: &[Slot]| match same_for_all {
        true => String::new(),
        false => PlannedSessions::Listed(slots.iter().copied().collect()).in_words(),
    };
    PreviewPage {
        frame,
        heading: plan.kind.name().to_owned(),
        whose: match looks {
            [look] => look.name.clone(),
            looks => format!("{} pupils", looks.len()),
        },
        action,
        verb: verb.to_owned(),
        facts: facts(plan),
        counts: counts_in_words(plan),
        summary: summary(allowed.len(), sessions, marked),
        warnings: warnings.iter().map(ToString::to_string).collect(),
        pupils: allowed
            .iter()
            .map(|(look, may)| TakenIn {
                name: look.name.clone(),
                count: may.slots.len(),
                sessions: own(&may.slots),
                marks: marks_in_words(look),
            })
            .collect(),
        sessions: of_first.filter(|_| same_for_all).map(|slots| {
            let words = |slot: &Slot| format!("{} {}", slot.day.short(), slot.session);
            slots.iter().map(words).collect()
        }),
        refused: looks
            .iter()
            .filter_map(|look| Some((look.name.clone(), in_sentences(look.judged.as_ref().err()?))))
            .collect(),
        carried: answers
            .pairs()
            .filter(|(name, _)| *name != "go")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn summary(pupils: usize, sessions: usize, marked: usize) -> String {
    let s = |number: usize| if number == 1 { "" } else { "s" };
    let stay = match marked {
        0 => "None of them has a mark yet.".to_owned(),
        1 => "1 has a mark already: it stays, and goes before the plan.".to_owned(),
        many => format!("{many} have a mark already: those stay, and go before the plan."),
    };
    format!(
        "Takes in {sessions} session{} of {pupils} pupil{}. {stay}",
        s(sessions),
        s(pupils)
    )
}

fn marks_in_words(look: &Outlook) -> String {
    let marks = look
        .marked
        .iter()
        .map(|(slot, code)| format!("{code} {} {}", slot.day.short(), slot.session));
    marks.collect::<Vec<_>>().join(", ")
}

/// What a session of the plan counts as, in words.
fn counts_in_words(plan: &Plan) -> String {
    let Ok(row) = register::meaning(plan.code, plan.first) else {
        return String::new();
    };
    let counted = Counts::of(row);
    let effect = match (counted.attended(), counted.absent()) {
        (1, _) => "counts as attended",
        (_, 1) => "counts as absent",
        _ => "is in no percentage",
    };
    format!(
        "{}: {}. Each session without a mark is {} and {effect}, from the moment the plan is made.",
        row.code,
        row.meaning,
        row.class.name()
    )
}
