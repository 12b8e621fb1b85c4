//! The questions that a plan answers, fitted to what the rules ask of its kind, and how the answers are read.

use std::collections::BTreeSet;

use calendar::{Day, Session, Slot};
use register::plan::{Demand, Plan, PlanKind, PlanRefusal, PlannedSessions, demands};
use register::{Code, Rule, code_help, help_for};

use super::keep::in_a_sentence;
use crate::form::{self, Answers, FormPage, Help, Part, Wrongs, day_from};
use crate::ids::PupilId;
use crate::people::Actor;
use crate::registers::save::LONGEST_TEXT;
use crate::shell::{Choice, Field, FieldKind, Text};

/// The days that a week's pattern asks about.
const DAYS: [(&str, &str); 5] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
];

/// Whom a plan is for: named on the form, or chosen there.
pub(super) struct For {
    /// Pupils with their names, in the order of lists.
    pub pupils: Vec<(PupilId, String)>,
    /// A group's name, where they are its members.
    pub group: Option<String>,
}

impl For {
    /// In words beside the heading.
    pub(super) fn in_words(&self) -> Text {
        match (&self.group, self.pupils.as_slice()) {
            (Some(group), _) => group.clone().into(),
            (None, [(_, name)]) => name.clone().into(),
            (None, pupils) => format!("{} pupils", pupils.len()).into(),
        }
    }

    /// Those who were ticked; the only one needs no tick.
    pub(super) fn chosen(&self, answers: &Answers) -> Vec<PupilId> {
        match self.group {
            None => self.pupils.iter().map(|(id, _)| *id).collect(),
            Some(_) => self
                .pupils
                .iter()
                .map(|(id, _)| *id)
                .filter(|id| answers.ticked(&format!("pupil-{id}")))
                .collect(),
        }
    }
}

/// A field with the answer it starts with, which the answers that were given replace.
fn starts(field: Field, fresh: bool, value: impl Into<Text>) -> Field {
    match fresh {
        true => field.value(value),
        false => field,
    }
}

/// How a form of a plan begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub today: Day,
    /// What is usual is filled in; answers that were given are filled in by the caller.
    pub fresh: bool,
    /// The timetable goes round in two weeks, and each is asked about by itself.
    pub two_weeks: bool,
}

/// The questions of a plan of this kind.
pub(super) fn questions(
    kind: PlanKind,
    whom: Option<&For>,
    actor: &Actor,
    start: Start,
) -> Vec<Part> {
    let Start { today, fresh, .. } = start;
    let mut parts = Vec::new();
    if let Some(whom) = whom.filter(|whom| whom.group.is_some()) {
        let ticks = whom.pupils.iter().map(|(id, name)| {
            starts(
                form::tick(format!("pupil-{id}"), name.clone()),
                fresh,
                "yes",
            )
        });
        parts.push(Part::new("For whom", ticks.collect()).in_columns());
    }
    parts.push(code_part(kind));
    parts.push(Part::new(
        "When",
        vec![
            starts(Field::day("first", "First day"), fresh, today.to_string()),
            Field::day("last", "Last day").hint(
                "A plan always has a last day; you are told before it comes. Empty: the first day only.",
            ).optional(),
        ],
    ));
    parts.extend(week_parts(start));
    parts.push(Part::new(
        "",
        vec![
            Field::line("listed", "Or these sessions and no others")
                .hint("Such as: 24/11/2026 AM, 26/11/2026. This goes before the days and the week above.")
                .optional(),
        ],
    ));
    parts.push(Part::new(
        "What the rules ask",
        asked_by_rules(kind, actor, fresh),
    ));
    parts
}

/// Which sessions of the week, or of week A and of week B.
fn week_parts(start: Start) -> Vec<Part> {
    let part = |heading: &'static str, before: &'static str| {
        let sessions = DAYS.iter().flat_map(move |(short, name)| {
            Session::BOTH.map(|session| {
                let label = format!("{name} {}", session.word());
                let tick = form::tick(format!("at-{before}{short}-{session}"), label);
                starts(tick, start.fresh, "yes")
            })
        });
        Part::new(heading, sessions.collect())
            .about("Only sessions that are ticked are planned; the others are marked as ever.")
            .in_columns()
    };
    match start.two_weeks {
        false => vec![part("Which sessions of the week", "")],
        true => vec![
            part("Which sessions of week A", "A-"),
            part("Which sessions of week B", "B-"),
        ],
    }
}

fn code_part(kind: PlanKind) -> Part {
    let choices: Vec<Choice> = kind
        .codes()
        .iter()
        .map(|text| {
            let help = code_help()
                .iter()
                .find(|help| help.code.to_string() == *text);
            let label = help.map_or_else(
                || (*text).to_owned(),
                |help| format!("{text}, {}", help.short_name.to_lowercase()),
            );
            Choice {
                hint: help
                    .map(|help| help.when.clone())
                    .unwrap_or_default()
                    .into(),
                ..Choice::new(*text, label)
            }
        })
        .collect();
    let usual = kind.codes()[0];
    match choices.len() {
        1 => Part::new(
            "",
            vec![Field::new(FieldKind::Hidden, "code", "").value(usual)],
        ),
        _ => Part::new(
            "Which code",
            vec![Field::radios("code", "Code that the register expects", choices).value(usual)],
        ),
    }
}

/// Every field that some code of the kind demands, and the reason.
fn asked_by_rules(kind: PlanKind, actor: &Actor, fresh: bool) -> Vec<Field> {
    let asked = |demand: Demand| {
        kind.codes().iter().any(|text| {
            text.parse()
                .is_ok_and(|code| demands(code).iter().any(|(own, _)| *own == demand))
        })
    };
    let mut fields = vec![Field::line("reason", reason_label(kind)).hint(reason_hint(kind))];
    if asked(Demand::Place) {
        fields.push(Field::line("place", place_label(kind)));
    }
    if asked(Demand::Supervisor) {
        fields.push(Field::line("supervisor", "Who supervises"));
    }
    if asked(Demand::Evidence) {
        fields.push(
            Field::line("evidence", "Licence, or ground of exemption")
                .hint("Licensing authority and number, or why none is needed (R-110)."),
        );
    }
    if asked(Demand::Decision) {
        fields.push(
            Field::day("decided_on", "Decided on")
                .hint("Leave is granted in advance (R-030): a day before the first."),
        );
    }
    let by = match actor.job_title.is_empty() {
        true => actor.name.clone(),
        false => format!("{}, {}", actor.name, actor.job_title),
    };
    fields.push(starts(
        Field::line("decided_by", "Decided by, with job title"),
        fresh,
        by,
    ));
    if asked(Demand::Agreement) {
        fields.push(Field::line("agreed_with", "Agreed with").hint(
            "The parent with whom the pupil normally lives, with the times and dates (R-115); for study leave the appropriate person (R-114).",
        ));
        fields.push(Field::day("agreed_on", "Agreed on"));
    }
    if asked(Demand::Review) {
        fields.push(
            Field::day("review_on", "Review on").hint("Needed for C2, which is temporary (R-115)."),
        );
    } else {
        fields.push(Field::day("review_on", "Review on").optional());
    }
    fields
}

fn reason_label(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Appointment => "What for",
        PlanKind::Trip | PlanKind::Sport | PlanKind::WorkExperience => "What they do there",
        PlanKind::AlternativeProvision => "Nature of the education, and its hours",
        PlanKind::ReducedTimetable => "Why, with hours and times agreed",
        PlanKind::ReligiousObservance => "Which day, of which religious body",
        _ => "Reason",
    }
}

fn reason_hint(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Appointment => "Such as: dentist, back by 11:00.",
        PlanKind::Other => "What is known; for Y7 the specific cause (R-127).",
        PlanKind::AlternativeProvision => {
            "Never study at home (R-107). Hours are kept for the local authority's registers (R-541)."
        }
        _ => "Kept with the plan and shown to those who keep registers (R-142).",
    }
}

fn place_label(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Trip => "Trip or visit, and where",
        PlanKind::Sport => "Activity, and where",
        PlanKind::WorkExperience => "Placement, and how it reports absence",
        PlanKind::DualRegistration => "The other school",
        _ => "Provider",
    }
}

/// What to read beside the form: when each code of the kind applies, and its rule with its source.
pub(super) fn help(kind: PlanKind, today: Day) -> Vec<Help> {
    let mut lines = Vec::new();
    let mut rules: Vec<&Rule> = Vec::new();
    for text in kind.codes() {
        let help = text
            .parse()
            .ok()
            .and_then(|code| help_for(code, today).ok()?.1);
        let Some(help) = help else { continue };
        lines.push(format!("{text}: {} {}", help.when, help.when_not));
        rules.extend(&help.rules);
    }
    rules.dedup();
    lines.extend(rules.into_iter().map(|rule| {
        let source = match rule.sources.is_empty() {
            true => String::new(),
            false => format!(" Source: {}.", rule.sources),
        };
        let doubt = rule.confidence.mark().map(|mark| format!(" ({mark})"));
        let text = rule.text.trim_end_matches('.');
        format!(
            "{} {text}.{source}{}",
            rule.number,
            doubt.unwrap_or_default()
        )
    }));
    vec![Help {
        heading: "Which rule it goes by".to_owned(),
        lines,
    }]
}

/// The form of a new plan.
pub(super) fn new_plan_form(kind: PlanKind, whom: &For, actor: &Actor, start: Start) -> FormPage {
    let parts = questions(kind, Some(whom), actor, start);
    FormPage::new(
        "New plan",
        ("/plans", "Plans"),
        "See what it changes",
        parts,
    )
    .headed(kind.name())
    .of(whom.in_words())
    .about("Nothing is saved yet: the next page shows each session that the plan takes in and each mark that is there already.")
    .help(help(kind, start.today))
}

/// The plan that the answers describe; none, with what is wrong, where they describe none.
pub(super) fn read(kind: PlanKind, answers: &Answers, wrongs: &mut Wrongs) -> Option<Plan> {
    let code = match answers.text("code").parse::<Code>() {
        Ok(code) => code,
        Err(error) => {
            wrongs.add("code", format!("{error}."));
            return None;
        }
    };
    let listed = listed(answers, wrongs);
    let (first, last, sessions) = match &listed {
        Some(slots) => {
            let (first, last) = (slots.first()?.day, slots.last()?.day);
            (first, last, PlannedSessions::Listed(slots.clone()))
        }
        None => {
            let first = answers.day("first", wrongs);
            let last = answers.day_if_given("last", wrongs).or(first);
            (first?, last?, weekly(answers, wrongs)?)
        }
    };
    for name in [
        "reason",
        "place",
        "supervisor",
        "evidence",
        "decided_by",
        "agreed_with",
    ] {
        let text = answers.text(name);
        if text.chars().count() > LONGEST_TEXT || text.contains('\0') {
            wrongs.add(name, "This is longer than 500 characters. Shorten it.");
        }
    }
    let plan = Plan {
        kind,
        code,
        first,
        last,
        sessions,
        reason: answers.text("reason").to_owned(),
        place: answers.given("place"),
        supervisor: answers.given("supervisor"),
        evidence: answers.given("evidence"),
        decided_on: answers.day_if_given("decided_on", wrongs),
        decided_by: answers.required("decided_by", "Say who decided, with the job title.", wrongs),
        agreed_on: answers.day_if_given("agreed_on", wrongs),
        agreed_with: answers.given("agreed_with"),
        review_on: answers.day_if_given("review_on", wrongs),
    };
    wrongs.is_empty().then_some(plan)
}

/// The ticked sessions of the week; of two weeks in turn where they are not the same in both.
fn weekly(answers: &Answers, wrongs: &mut Wrongs) -> Option<PlannedSessions> {
    let ticked = |before: &str| -> String {
        let all = DAYS
            .iter()
            .flat_map(|(short, _)| Session::BOTH.map(|session| format!("{short}-{session}")));
        let ticked = all.filter(|word| answers.ticked(&format!("at-{before}{word}")));
        let words: Vec<String> = ticked.collect();
        words.join(" ")
    };
    let (week_a, week_b) = (ticked("A-"), ticked("B-"));
    let sessions = match week_a == week_b {
        // Both are empty where one week alone was asked about.
        true if week_a.is_empty() => ticked("").parse(),
        true => week_a.parse(),
        false => {
            let of_a = week_a.split_whitespace().map(|word| format!("A-{word}"));
            let of_b = week_b.split_whitespace().map(|word| format!("B-{word}"));
            let words: Vec<String> = of_a.chain(of_b).collect();
            words.join(" ").parse()
        }
    };
    if sessions.is_err() {
        wrongs.add(
            "listed",
            "Tick the sessions that it takes in, or write them here.",
        );
    }
    sessions.ok()
}

/// `24/11/2026 AM, 26/11/2026`: sessions one by one, a day without a word being both.
fn listed(answers: &Answers, wrongs: &mut Wrongs) -> Option<BTreeSet<Slot>> {
    let text = answers.text("listed");
    let mut slots = BTreeSet::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (on, sessions) = match part.rsplit_once(' ') {
            Some((on, word)) if word.parse::<Session>().is_ok() => {
                (on, word.parse::<Session>().into_iter().collect())
            }
            _ => (part, Session::BOTH.to_vec()),
        };
        match day_from(on.trim()) {
            Some(day) => slots.extend(sessions.into_iter().map(|session| Slot::new(day, session))),
            None => wrongs.add(
                "listed",
                format!("“{part}” is no session. Write it as 24/11/2026 AM."),
            ),
        }
    }
    (!slots.is_empty()).then_some(slots)
}

/// The answers that a plan gives, for the form that amends it.
pub(super) fn answers_of(plan: &Plan, two_weeks: bool) -> Answers {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut answers = Answers::of([
        ("code", plan.code.to_string()),
        ("first", plan.first.to_string()),
        ("last", plan.last.to_string()),
        ("reason", plan.reason.clone()),
        ("place", text(&plan.place)),
        ("supervisor", text(&plan.supervisor)),
        ("evidence", text(&plan.evidence)),
        ("decided_on", day(plan.decided_on)),
        ("decided_by", plan.decided_by.clone()),
        ("agreed_on", day(plan.agreed_on)),
        ("agreed_with", text(&plan.agreed_with)),
        ("review_on", day(plan.review_on)),
    ]);
    match &plan.sessions {
        PlannedSessions::Weekly(_) => {
            let weeks: &[&str] = if two_weeks { &["A-", "B-"] } else { &[""] };
            for word in plan.sessions.to_string().split(' ') {
                for week in weeks {
                    answers.set(&format!("at-{week}{word}"), "yes".to_owned());
                }
            }
        }
        PlannedSessions::Fortnightly(fortnight) => {
            for (week, day, session) in &fortnight.sessions {
                let name = format!("at-{}-{}-{session}", week.letter(), day.short());
                answers.set(&name, "yes".to_owned());
            }
        }
        PlannedSessions::Listed(slots) => {
            let slots = slots
                .iter()
                .map(|slot| format!("{} {}", slot.day.slashed(), slot.session));
            answers.set("listed", slots.collect::<Vec<_>>().join(", "));
        }
    }
    answers
}

/// Puts each ground of refusal beside the field that it is about.
pub(super) fn wrongs_of(refusals: &[PlanRefusal], wrongs: &mut Wrongs) {
    for refusal in refusals {
        wrongs.add(field_of(refusal), in_a_sentence(refusal));
    }
}

fn field_of(refusal: &PlanRefusal) -> &'static str {
    let of_demand = |demand: &Demand| match demand {
        Demand::Decision => "decided_on",
        Demand::Agreement => "agreed_on",
        Demand::Review => "review_on",
        Demand::Place => "place",
        Demand::Supervisor => "supervisor",
        Demand::Evidence => "evidence",
    };
    match refusal {
        PlanRefusal::Missing { demand, .. }
        | PlanRefusal::StillToCome { demand, .. }
        | PlanRefusal::GrantedAfterwards { demand, .. } => of_demand(demand),
        PlanRefusal::ReasonMissing => "reason",
        PlanRefusal::EndsBeforeItBegins | PlanRefusal::TooLong => "last",
        PlanRefusal::NoSession | PlanRefusal::PlannedAlready { .. } => "first",
        PlanRefusal::ReviewOutside => "review_on",
        PlanRefusal::NotRegisteredElsewhere => "place",
        PlanRefusal::NoMeaning(_)
        | PlanRefusal::ToldByTheRegister { .. }
        | PlanRefusal::NotForOnePupil { .. }
        | PlanRefusal::NotOfThisKind { .. }
        | PlanRefusal::OfCompulsoryAge { .. }
        | PlanRefusal::NotOfCompulsoryAge { .. } => "code",
    }
}
