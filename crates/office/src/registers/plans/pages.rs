//! The addresses of plans: the list, a new one with its preview, one plan, and what is done to it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form as Posted, Router};
use calendar::Day;
use register::Counts;
use register::plan::{Plan, PlanKind, PlanWarning};
use store::Tx;

use super::PlanReader;
use super::ask::{For, answers_of, help, new_plan_form, questions, read, wrongs_of};
use super::judge::{Outlook, calendar_of, marks_between, outlook};
use super::keep::{
    Keeping, amend, end, ended_on, in_sentences, make, plan_now, pupil_of, set_now, withdraw,
};
use super::list::{Show, drift_table, drifts, kinds, lines, table};
use super::one::{PlanPage, cells, due_in_words, facts, rules_of, told, versions};
use crate::book::{Book, GroupKind, PlanOnFile};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, hidden};
use crate::ids::{GroupId, PlanId, PupilId};
use crate::insight::Form;
use crate::insight::table::TableView;
use crate::people::{Access, Actor, Place, RecordKind};
use crate::shell::{Facts, Field, Frame, Notice, Page, State, Tab, Tabs, page};
use crate::take_away::{Leaving, Wanted};

/// The addresses of this folder.
pub(in crate::registers) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/plans", get(list))
        .route("/plans/new", get(ask_new).post(answer_new))
        .route("/plans/{plan}", get(one))
        .route("/plans/{plan}/amend", get(ask_amend).post(answer_amend))
        .route("/plans/{plan}/end", get(ask_end).post(answer_end))
        .route(
            "/plans/{plan}/withdraw",
            get(ask_withdraw).post(answer_withdraw),
        )
}

// The list ------------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "registers/plans/list.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    kinds: Vec<(&'static str, &'static str, bool)>,
    show: &'static str,
    about: &'static str,
    table: TableView,
    empty: State,
    may_make: bool,
}

/// `/plans`: in force, falling due, drift, ended; sorted, narrowed and taken away.
async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Registers.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let now = here.office.now();
        let (today, _) = now.in_london();
        let book = here.office.shelf.book(tx, actor.school)?;
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let reader = PlanReader::of(tx, actor, today)?;
        let show = match Show::of(&asked.show) {
            Show::Drift if !reader.reads_any() => Show::Now,
            show => show,
        };
        let kind = PlanKind::from_key(&asked.kind);
        let mut all = lines(&book, &reach);
        all.retain(|line| kind.is_none_or(|kind| line.on_file.plan.kind == kind));
        let number = |show: Show| {
            let within =
                |line: &&super::list::Line| show.takes(line.on_file, today, &book.calendar);
            all.iter().filter(within).count() as u32
        };
        let mut drifting = drifts(&book, &reach, now)?;
        drifting.retain(|one| kind.is_none_or(|kind| one.line.on_file.plan.kind == kind));
        let tabs = Show::ALL
            .into_iter()
            .filter(|other| reader.reads_any() || *other != Show::Drift)
            .map(|other| Tab {
                label: other.label().into(),
                href: asked
                    .link("/plans", &[("show", other.key()), ("sort", "")])
                    .into(),
                current: other == show,
                count: Some(match other {
                    Show::Drift => drifting.len() as u32,
                    _ => number(other),
                }),
            })
            .collect();
        let rows = match show {
            Show::Drift => drift_table(&asked, drifting, &reader),
            _ => {
                all.retain(|line| show.takes(line.on_file, today, &book.calendar));
                table(&book, &asked, all, today, &reader)
            }
        };

        let usual = if show == Show::Drift { "-day" } else { "last" };
        let sort = match asked.sort.is_empty() {
            true => usual.to_owned(),
            false => asked.sort.clone(),
        };
        let unit = if show == Show::Drift {
            "marks"
        } else {
            "plans"
        };
        let page = ListPage {
            frame: here
                .frame(tx, actor, "Plans")?
                .with_notice(notice(&asked.did)),
            tabs: Tabs {
                name: "Plans".into(),
                tabs,
            },
            kinds: kinds()
                .map(|(key, name)| (key, name, asked.kind == key))
                .collect(),
            show: show.key(),
            about: about(show),
            table: rows.view("/plans", &asked, &sort, unit),
            empty: empty(show),
            may_make: may_make(tx, actor, today)?,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/plans` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, now, today) = (wanted.actor, wanted.office.now(), wanted.today());
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let asked = wanted.query::<Form>()?.whole();
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
    let reader = PlanReader::of(tx, actor, today)?;
    let show = match Show::of(&asked.show) {
        Show::Drift if !reader.reads_any() => Show::Now,
        show => show,
    };
    let kind = PlanKind::from_key(&asked.kind);
    let is_asked = |own: PlanKind| kind.is_none_or(|kind| own == kind);
    let mut table = match show {
        Show::Drift => {
            let mut drifting = drifts(&book, &reach, now)?;
            drifting.retain(|one| is_asked(one.line.on_file.plan.kind));
            drift_table(&asked, drifting, &reader)
        }
        _ => {
            let mut all = lines(&book, &reach);
            all.retain(|line| is_asked(line.on_file.plan.kind));
            all.retain(|line| show.takes(line.on_file, today, &book.calendar));
            table(&book, &asked, all, today, &reader)
        }
    };
    table.about = about_file(wanted.office, actor, show, kind);
    Ok(table.leaving(&table.title.to_lowercase(), today))
}

fn about_file(
    office: &Arc<Office>,
    actor: &Actor,
    show: Show,
    kind: Option<PlanKind>,
) -> Vec<(String, String)> {
    let (today, clock) = office.today();
    let kind = kind.map_or("every kind", PlanKind::name);
    [
        (
            "List",
            format!("Plans: {}, {kind}", show.label().to_lowercase()),
        ),
        ("Made", format!("{} {clock}", today.long())),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
    ]
    .map(|(term, fact)| (term.to_owned(), fact))
    .to_vec()
}

fn about(show: Show) -> &'static str {
    match show {
        Show::Now => {
            "A plan stands for a session until somebody makes a mark there (R-032). It counts at once."
        }
        Show::Due => {
            "A review, an end or the sixth day of a suspension within the next five school days. Decide what follows before it comes."
        }
        Show::Drift => {
            "Marks of the last twenty school days that do not agree with a plan: one of the two is wrong, or the plan has ended."
        }
        Show::Ended => "Plans whose last day has passed. What they stood for stays counted.",
    }
}

fn empty(show: Show) -> State {
    match show {
        Show::Now => State::empty(
            "No plans",
            "Leave, trips, part-time timetables and whatever else is known ahead are planned here.",
        ),
        Show::Due => State::empty(
            "Nothing falls due",
            "No review and no end within the next five school days.",
        ),
        Show::Drift => State::empty(
            "No drift",
            "Every mark of the last twenty school days agrees with its plan.",
        ),
        Show::Ended => State::empty("No plan has ended", "Ended plans stay here."),
    }
}

fn notice(did: &str) -> Option<Notice> {
    let text = match did {
        "made" => "It is planned, and counts at once.",
        "amended" => "The plan is amended. What stood before is kept below.",
        "ended" => "The plan ends earlier. Sessions after its new end are marked as ever.",
        "withdrawn" => "The plan is withdrawn. It stays on file and stands for no session.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// Whether this person makes plans of some kind for some pupil.
fn may_make(tx: &mut Tx, actor: &Actor, today: Day) -> Result<bool, Refusal> {
    for kind in [PlanKind::Leave, PlanKind::Suspension] {
        match Keeping::of(tx, actor, kind, today) {
            Ok(keeping) if keeping.of_somebody() => return Ok(true),
            Ok(_) | Err(Refusal::NotAllowed(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(false)
}

// A new plan ----------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "registers/plans/choose.html")]
struct ChoosePage {
    frame: Frame,
    whose: Option<String>,
    /// Kinds with address and codes, once it is known for whom.
    kinds: Vec<(String, &'static str, String)>,
    /// Groups to choose from while it is not.
    groups: Vec<(GroupId, String)>,
}

/// Whom the address names: one pupil, or the members of a group; none while it names nobody.
fn whom(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    asked: &Answers,
    today: Day,
) -> Result<Option<For>, Refusal> {
    let reach = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    if let Some(pupil) = asked.number("pupil").map(PupilId) {
        let known = book.roll.pupil(pupil).filter(|_| reach.covers(pupil));
        let name = known.ok_or(Refusal::NotFound)?.listed();
        return Ok(Some(For {
            pupils: vec![(pupil, name)],
            group: None,
        }));
    }
    let Some(group) = asked.number("group").map(GroupId) else {
        return Ok(None);
    };
    let group = book.groups.group(group).ok_or(Refusal::NotFound)?;
    let mut members: Vec<_> = book
        .groups
        .members(group.id, today)
        .filter_map(|enrolment| book.roll.pupil_of_row(book.roll.row(enrolment)?))
        .filter(|pupil| reach.covers(pupil.id))
        .collect();
    members.sort_by_key(|pupil| pupil.in_order);
    members.dedup_by_key(|pupil| pupil.id);
    Ok(Some(For {
        pupils: members
            .into_iter()
            .map(|pupil| (pupil.id, pupil.listed()))
            .collect(),
        group: Some(group.name.clone()),
    }))
}

/// The address of the form for these pupils and this kind.
fn address(asked: &Answers, kind: PlanKind) -> String {
    let (pupil, group) = (asked.text("pupil"), asked.text("group"));
    match pupil.is_empty() {
        false => format!("/plans/new?pupil={pupil}&kind={}", kind.key()),
        true => format!("/plans/new?group={group}&kind={}", kind.key()),
    }
}

/// `/plans/new`: for whom, then which kind, then what the rules ask of it.
async fn ask_new(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    let kind = PlanKind::from_key(asked.text("kind"));
    if let Some(kind) = kind {
        return form::ask(desk, move |tx, actor, today| {
            let book = here.office.shelf.book(tx, actor.school)?;
            let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
            allows(tx, actor, &whom, kind, today)?;
            Ok(new_plan_form(kind, &whom, actor, today, true))
        })
        .await;
    }
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !may_make(tx, actor, today)? {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let whom = whom(tx, actor, &book, &asked, today)?;
        let kinds = PlanKind::ALL
            .into_iter()
            .map(|kind| (address(&asked, kind), kind.name(), kind.codes().join(", ")));
        let year = i64::from(book.calendar.school_year_of(today).first_year());
        let mut groups: Vec<_> = book
            .groups
            .groups
            .iter()
            .filter(|group| group.first_year.is_none_or(|first| first == year))
            .map(|group| (group.kind, group.id, group.name.clone()))
            .collect();
        groups.sort_by_key(|(kind, _, name)| (*kind, crate::insight::table::Order::words(name)));
        let page = ChoosePage {
            frame: here.frame(tx, actor, "New plan")?,
            kinds: match whom {
                Some(_) => kinds.collect(),
                None => Vec::new(),
            },
            whose: whom.map(|whom| whom.in_words().to_string()),
            groups: groups
                .into_iter()
                .map(|(kind, id, name)| match kind {
                    GroupKind::Year => (id, name),
                    other => (id, format!("{} {name}", other.label())),
                })
                .collect(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn allows(
    tx: &mut Tx,
    actor: &Actor,
    whom: &For,
    kind: PlanKind,
    today: Day,
) -> Result<(), Refusal> {
    let keeping = Keeping::of(tx, actor, kind, today)?;
    whom.pupils
        .iter()
        .try_for_each(|(pupil, _)| keeping.allows(*pupil, kind))
}

/// What a plan takes in, before it is made.
#[derive(Template)]
#[template(path = "registers/plans/preview.html")]
struct PreviewPage {
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
    /// Pupil, sessions, marks that stay.
    pupils: Vec<(String, usize, String)>,
    /// The sessions of one pupil, or of the first of several, in words.
    sessions: Vec<String>,
    /// Pupils who get none, and why.
    refused: Vec<(String, String)>,
    carried: Vec<(String, String)>,
}

/// `POST /plans/new`: the form again with what is wrong, the preview, or the plan made.
async fn answer_new(
    desk: Desk,
    Query(asked): Query<Answers>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let kind =
        PlanKind::from_key(asked.text("kind")).ok_or_else(|| desk.problem(Refusal::NotFound))?;
    let mut wrongs = Wrongs::default();
    let plan = read(kind, &answers, &mut wrongs);
    let here = desk.clone();
    let Some(plan) = plan.filter(|_| answers.text("go") != "back") else {
        return again(desk, asked, kind, answers, wrongs).await;
    };
    let book = {
        let at = here.clone();
        let (asked, answers) = (asked.clone(), answers.clone());
        desk.read(move |tx, actor| {
            let (today, _) = at.office.today();
            let book = at.office.shelf.book(tx, actor.school)?;
            let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
            allows(tx, actor, &whom, kind, today)?;
            Ok(whom.chosen(&answers))
        })
    };
    let pupils = book.await?;
    if pupils.is_empty() {
        let mut wrongs = Wrongs::default();
        wrongs.add("first", "Tick somebody to plan it for.");
        return again(here, asked, kind, answers, wrongs).await;
    }
    if answers.text("go") == "make" {
        let single = pupils.len() == 1;
        return here
            .act(move |act, actor| {
                let made = make(act, actor, &pupils, &plan)?;
                Ok(match made.first().filter(|_| single) {
                    Some(id) => Redirect::to(&format!("/plans/{id}?did=made")),
                    None => Redirect::to("/plans?did=made"),
                }
                .into_response())
            })
            .await;
    }
    let at = here.clone();
    let (of_form, of_answers) = (asked.clone(), answers.clone());
    let looked = here
        .read(move |tx, actor| {
            let (today, _) = at.office.today();
            let calendar = calendar_of(tx, actor.school, &plan, today)?;
            let mut looks = Vec::with_capacity(pupils.len());
            for pupil in &pupils {
                looks.push(outlook(
                    tx,
                    actor.school,
                    *pupil,
                    &plan,
                    None,
                    today,
                    &calendar,
                )?);
            }
            if looks.iter().all(|look| look.judged.is_err()) {
                return Ok(Err(looks));
            }
            let frame = at.frame(tx, actor, "New plan")?;
            let action = address(&of_form, plan.kind);
            let page = preview(frame, &plan, &looks, action, "Make the plan", &of_answers);
            Ok(Ok(crate::shell::page(StatusCode::OK, &page)))
        })
        .await?;
    match looked {
        Ok(response) => Ok(response),
        Err(looks) => {
            let mut wrongs = Wrongs::default();
            if let Some(Err(refused)) = looks.into_iter().next().map(|look| look.judged) {
                wrongs_of(&refused, &mut wrongs);
            }
            again(here, asked, kind, answers, wrongs).await
        }
    }
}

async fn again(
    desk: Desk,
    asked: Answers,
    kind: PlanKind,
    answers: Answers,
    wrongs: Wrongs,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::again(desk, answers, wrongs, move |tx, actor, today| {
        let book = here.office.shelf.book(tx, actor.school)?;
        let whom = whom(tx, actor, &book, &asked, today)?.ok_or(Refusal::NotFound)?;
        allows(tx, actor, &whom, kind, today)?;
        Ok(new_plan_form(kind, &whom, actor, today, false))
    })
    .await
}

fn preview(
    frame: Frame,
    plan: &Plan,
    looks: &[Outlook],
    action: String,
    verb: &str,
    answers: &Answers,
) -> PreviewPage {
    let allowed: Vec<(&Outlook, &register::plan::MayPlan)> = looks
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
            .map(|(look, may)| (look.name.clone(), may.slots.len(), marks_in_words(look)))
            .collect(),
        sessions: of_first
            .unwrap_or_default()
            .iter()
            .map(|slot| format!("{} {}", slot.day.short(), slot.session))
            .collect(),
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

// One plan ------------------------------------------------------------------------------------------------------------

/// `/plans/{plan}`: what it says, its sessions, every version.
async fn one(
    desk: Desk,
    Path(id): Path<PlanId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let versions = versions(tx, actor.school, id)?;
        let newest = versions.last().ok_or(Refusal::NotFound)?;
        let on_file = &newest.on_file;
        let pupil = pupil_of(tx, actor.school, on_file.enrolment)?;
        let reader = PlanReader::of(tx, actor, today)?;
        if !reader.reads(on_file.plan.kind, pupil) {
            return Err(Refusal::NotFound);
        }
        let known = book.roll.pupil(pupil).ok_or(Refusal::NotFound)?;
        let in_force = newest.superseded.is_none();
        let keeps = in_force && may_keep(tx, actor, on_file, pupil, today)?;
        let (sessions, in_words) = match in_force {
            true => cells(&book, on_file, pupil),
            false => (Vec::new(), String::new()),
        };
        let meaning = register::meaning(on_file.plan.code, on_file.plan.first);
        let page = PlanPage {
            frame: here
                .frame(tx, actor, "Plan")?
                .with_notice(notice(asked.text("did"))),
            id,
            pupil,
            name: known.listed(),
            kind: on_file.plan.kind.name(),
            code: on_file.plan.code.to_string(),
            meaning: meaning.map(|row| row.meaning.clone()).unwrap_or_default(),
            due: match in_force {
                true => due_in_words(&book, on_file, today),
                false => Vec::new(),
            },
            withdrawn: newest.superseded.clone(),
            facts: facts(&on_file.plan),
            together: set_now(tx, actor.school, on_file.set)?.len(),
            nothing: sessions.is_empty().then(|| {
                State::empty(
                    "It stands for no session",
                    "It is withdrawn, or the pupil is not on roll then.",
                )
            }),
            sessions,
            in_words,
            versions: told(&versions),
            rules: rules_of(&on_file.plan),
            may_keep: keeps,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn may_keep(
    tx: &mut Tx,
    actor: &Actor,
    on_file: &PlanOnFile,
    pupil: PupilId,
    today: Day,
) -> Result<bool, Refusal> {
    let kind = on_file.plan.kind;
    match Keeping::of(tx, actor, kind, today).and_then(|keeping| keeping.allows(pupil, kind)) {
        Ok(()) => Ok(true),
        Err(Refusal::NotAllowed(_) | Refusal::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
}

/// A plan that this person keeps, with the pupil's name.
fn kept(
    tx: &mut Tx,
    actor: &Actor,
    id: PlanId,
    today: Day,
) -> Result<(PlanOnFile, PupilId, usize), Refusal> {
    let on_file = plan_now(tx, actor.school, id)?;
    let pupil = pupil_of(tx, actor.school, on_file.enrolment)?;
    let kind = on_file.plan.kind;
    Keeping::of(tx, actor, kind, today)?.allows(pupil, kind)?;
    let together = set_now(tx, actor.school, on_file.set)?.len();
    Ok((on_file, pupil, together))
}

/// The questions with which a change of a plan ends: why, and for whom.
fn why_and_whom(on_file: &PlanOnFile, together: usize) -> Part {
    let mut fields = vec![
        form::reason().hint("Kept with the plan (R-007)."),
        hidden("seq", on_file.seq),
    ];
    // The plan's own reason has that name among the questions about it.
    fields[0].name = "why".into();
    if together > 1 {
        fields.push(form::tick(
            "all",
            format!("For all {together} plans that were made together with it"),
        ));
    }
    Part::new("", fields)
}

fn crumb(id: PlanId) -> (String, &'static str) {
    (format!("/plans/{id}"), "The plan")
}

fn amend_form(on_file: &PlanOnFile, together: usize, actor: &Actor, today: Day) -> FormPage {
    let kind = on_file.plan.kind;
    let mut parts = questions(kind, None, actor, today, false);
    parts.push(why_and_whom(on_file, together));
    FormPage::new("Amend a plan", crumb(on_file.id), "See what it changes", parts)
        .headed(format!("Amend: {}", kind.name().to_lowercase()))
        .about("The next page shows the sessions that it takes in then. Marks are never changed by a plan.")
        .help(help(kind, today))
}

/// `/plans/{plan}/amend`.
async fn ask_amend(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        let (on_file, _, together) = kept(tx, actor, id, today)?;
        let form = amend_form(&on_file, together, actor, today);
        Ok(form.filled(&answers_of(&on_file.plan), &Wrongs::default()))
    })
    .await
}

/// `POST /plans/{plan}/amend`: the form again, the preview, or the plan amended.
async fn answer_amend(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let at = desk.clone();
    let given = answers.clone();
    let looked = desk
        .read(move |tx, actor| {
            let (today, _) = at.office.today();
            let (on_file, pupil, together) = kept(tx, actor, id, today)?;
            let mut wrongs = Wrongs::default();
            let plan = read(on_file.plan.kind, &given, &mut wrongs);
            given.required(
                "why",
                "Give the reason; an amendment keeps it (R-007).",
                &mut wrongs,
            );
            let form = amend_form(&on_file, together, actor, today);
            let Some(plan) = plan.filter(|_| wrongs.is_empty() && given.text("go") != "back")
            else {
                return Ok(Err((form, wrongs)));
            };
            let calendar = calendar_of(tx, actor.school, &plan, today)?;
            let look = outlook(tx, actor.school, pupil, &plan, Some(id), today, &calendar)?;
            if let Err(refused) = &look.judged {
                wrongs_of(refused, &mut wrongs);
                return Ok(Err((form, wrongs)));
            }
            if given.text("go") == "make" {
                return Ok(Ok((None, plan)));
            }
            let frame = at.frame(tx, actor, "Amend a plan")?;
            let action = format!("/plans/{id}/amend");
            let page = preview(frame, &plan, &[look], action, "Amend the plan", &given);
            Ok(Ok((Some(page), plan)))
        })
        .await?;
    match looked {
        Err((form, wrongs)) => form::again(desk, answers, wrongs, move |_, _, _| Ok(form)).await,
        Ok((Some(preview), _)) => Ok(page(StatusCode::OK, &preview)),
        Ok((None, plan)) => {
            desk.act(move |act, actor| {
                let seq = answers.number("seq").unwrap_or_default();
                let (why, all) = (answers.text("why"), answers.ticked("all"));
                amend(act, actor, (id, seq), &plan, why, all)?;
                Ok(Redirect::to(&format!("/plans/{id}?did=amended")).into_response())
            })
            .await
        }
    }
}

/// The sessions that would have no plan any more, with the marks that stand there, to read beside the form.
fn no_longer_planned(
    tx: &mut Tx,
    actor: &Actor,
    on_file: &PlanOnFile,
    today: Day,
) -> Result<Help, Refusal> {
    let plan = &on_file.plan;
    let calendar = calendar_of(tx, actor.school, plan, today)?;
    let marks = marks_between(tx, actor.school, on_file.enrolment, (plan.first, plan.last))?;
    let lines = plan.slots(&calendar).into_iter().map(|slot| {
        let mark = marks.iter().find(|(at, _)| *at == slot);
        let stands = match mark {
            Some((_, code)) => format!("marked {code}, which stays"),
            None if slot.day < today => "by plan; without it the mark is missing".to_owned(),
            None => "by plan".to_owned(),
        };
        format!("{} {}: {stands}", slot.day.short(), slot.session)
    });
    Ok(Help {
        heading: "Its sessions now".to_owned(),
        lines: lines.collect(),
    })
}

fn end_form(tx: &mut Tx, actor: &Actor, id: PlanId, today: Day) -> Result<FormPage, Refusal> {
    let (on_file, _, together) = kept(tx, actor, id, today)?;
    let last = Field::day("last", "Last day")
        .hint("Sessions after it have no plan from then on. A session without a plan and without a mark is missing.")
        .value(today.to_string());
    let parts = vec![Part::new("", vec![last]), why_and_whom(&on_file, together)];
    let beside = no_longer_planned(tx, actor, &on_file, today)?;
    Ok(FormPage::new("End a plan", crumb(id), "End it then", parts)
        .headed(format!(
            "End early: {}",
            on_file.plan.kind.name().to_lowercase()
        ))
        .about(format!("It is planned until {}.", on_file.plan.last.long()))
        .help(vec![beside]))
}

/// `/plans/{plan}/end`.
async fn ask_end(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| end_form(tx, actor, id, today)).await
}

async fn answer_end(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = end_form(act.tx(), actor, id, today)?;
        let mut wrongs = Wrongs::default();
        let last = answers.day("last", &mut wrongs);
        let why = answers.required(
            "why",
            "Give the reason; an amendment keeps it (R-007).",
            &mut wrongs,
        );
        if let Some(last) = last {
            let on_file = plan_now(act.tx(), actor.school, id)?;
            if let Err(Refusal::Wrong(ground)) = ended_on(&on_file.plan, last) {
                wrongs.add("last", ground);
            }
        }
        let Some(last) = last.filter(|_| wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let seq = answers.number("seq").unwrap_or_default();
        end(act, actor, (id, seq), last, &why, answers.ticked("all"))?;
        Ok(Outcome::done(&format!("/plans/{id}"), "ended"))
    })
    .await
}

fn withdraw_form(tx: &mut Tx, actor: &Actor, id: PlanId, today: Day) -> Result<FormPage, Refusal> {
    let (on_file, _, together) = kept(tx, actor, id, today)?;
    let beside = no_longer_planned(tx, actor, &on_file, today)?;
    Ok(FormPage::new(
        "Withdraw a plan",
        crumb(id),
        "Withdraw it",
        vec![why_and_whom(&on_file, together)],
    )
    .headed(format!("Withdraw: {}", on_file.plan.kind.name().to_lowercase()))
    .about("For a plan that was not to be: it stands for none of its sessions any more, those that have been included. It stays on file with its reason.")
    .help(vec![beside])
    .grave())
}

/// `/plans/{plan}/withdraw`.
async fn ask_withdraw(desk: Desk, Path(id): Path<PlanId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        withdraw_form(tx, actor, id, today)
    })
    .await
}

async fn answer_withdraw(
    desk: Desk,
    Path(id): Path<PlanId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = withdraw_form(act.tx(), actor, id, today)?;
        let mut wrongs = Wrongs::default();
        let why = answers.required(
            "why",
            "Give the reason; an amendment keeps it (R-007).",
            &mut wrongs,
        );
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        let seq = answers.number("seq").unwrap_or_default();
        withdraw(act, actor, (id, seq), &why, answers.ticked("all"))?;
        Ok(Outcome::done(&format!("/plans/{id}"), "withdrawn"))
    })
    .await
}
