//! Punctuality (E-028): who was late how often within the school's window, the step that is due, what was done, and written targets.

use askama::Template;
use axum::Form as Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use register::late_door::{LateLadder, LateStep};
use store::{Act, StoreError, Tx, args};

use super::arrival::of_days;
use super::lates::{LateCount, Lates, half_term, window};
use super::page::must_keep_door;
use super::records::{LATE_SANCTION, PUNCTUALITY_TARGET};
use crate::book::{Book, GroupKind, Pupil};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, Value};
use crate::people::{Access, Actor, Reach, RecordKind};
use crate::roll::ASK_GENTLY;
use crate::shell::{
    Choice, Face, Field, FieldKind, Frame, MarkCell, Notice, Page, State, Tab, Tabs,
};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::{late_ladder, settings};

pub(super) const SANCTIONS: &str = "\
select sanction_id, enrolment_id, on_date, lates, does, note from late_sanction
where school_id = $1 and superseded_seq is null and on_date >= $2 order by on_date, sanction_id";

pub(super) const TARGETS: &str = "\
select target_id, enrolment_id, first_day, last_day, allowed, support, review_on, agreed_with, outcome from punctuality_target
where school_id = $1 and superseded_seq is null order by first_day, target_id";

/// What was done about lateness.
#[derive(Clone, Debug)]
struct Sanction {
    enrolment: EnrolmentId,
    day: Day,
    /// The step: from so many times on.
    lates: u32,
    does: String,
    note: Option<String>,
}

/// A written punctuality target.
#[derive(Clone, Debug)]
struct Target {
    id: i64,
    enrolment: EnrolmentId,
    first: Day,
    last: Day,
    allowed: u32,
    support: String,
    review_on: Day,
    agreed_with: Option<String>,
    outcome: Option<String>,
}

fn sanctions_since(tx: &mut Tx, book: &Book, first: Day) -> Result<Vec<Sanction>, StoreError> {
    tx.query(SANCTIONS, &args![book.school, first], |row| {
        Ok(Sanction {
            enrolment: row.get(1)?,
            day: row.get(2)?,
            lates: row.get::<i64>(3)? as u32,
            does: row.get(4)?,
            note: row.get(5)?,
        })
    })
}

fn targets(tx: &mut Tx, school: store::SchoolId) -> Result<Vec<Target>, StoreError> {
    tx.query(TARGETS, &args![school], |row| {
        Ok(Target {
            id: row.get(0)?,
            enrolment: row.get(1)?,
            first: row.get(2)?,
            last: row.get(3)?,
            allowed: row.get::<i64>(4)? as u32,
            support: row.get(5)?,
            review_on: row.get(6)?,
            agreed_with: row.get(7)?,
            outcome: row.get(8)?,
        })
    })
}

/// A pupil on the list.
struct Late<'b> {
    pupil: &'b Pupil,
    enrolment: EnrolmentId,
    form: String,
    half_term: LateCount,
    counted: u32,
    due: Option<LateStep>,
    last: Option<Sanction>,
    target: Option<Target>,
    /// Late within the target's days.
    used: u32,
    heed: Vec<&'static str>,
}

impl Late<'_> {
    fn target_words(&self, today: Day) -> String {
        let Some(target) = &self.target else {
            return String::new();
        };
        let words = format!(
            "{} of {} allowed until {}",
            self.used,
            target.allowed,
            target.last.short()
        );
        match target.review_on <= today {
            true => format!("{words}; review due {}", target.review_on.short()),
            false => words,
        }
    }

    fn is_loud(&self, today: Day) -> bool {
        let target = self.target.as_ref();
        target.is_some_and(|target| target.review_on <= today || self.used > target.allowed)
    }
}

/// Flags that staff look at before a sanction, of whom this person may see them.
fn heeds(book: &Book, reach: &Reach, pupil: PupilId, today: Day) -> Vec<&'static str> {
    if !reach.covers(pupil) {
        return Vec::new();
    }
    [(ASK_GENTLY, "Ask gently"), ("young_carer", "Young carer")]
        .into_iter()
        .filter(|(kind, _)| {
            book.characteristics
                .on(pupil, kind, today)
                .is_some_and(|value| value != "N" && value != "no")
        })
        .map(|(_, words)| words)
        .collect()
}

/// Everybody who was late this half-term or in the window, or has a target, the most counted first.
fn lates<'b>(
    tx: &mut Tx,
    actor: &Actor,
    book: &'b Book,
    today: Day,
) -> Result<(LateLadder, Vec<Late<'b>>), Refusal> {
    let ladder = late_ladder(&book.settings, today)?;
    let (in_window, term) = (window(book, &ladder, today), half_term(book, today));
    let all = targets(tx, book.school)?;
    let earliest = all.iter().map(|target| target.first).min().unwrap_or(today);
    let first = in_window.0.min(term.0).min(earliest);
    let known = Lates::of(tx, book, (first, today))?;
    let done = sanctions_since(tx, book, in_window.0)?;
    let reach = actor.reach(tx, Access::Read, RecordKind::VulnerabilityFlags, today)?;
    let mut found = Vec::new();
    for row in book.roll.rows_on(today) {
        let enrolment = book.roll.enrolments[row].id;
        let half_term = known.count(row, term);
        let counted = known.count(row, in_window).counted;
        let target = all
            .iter()
            .rev()
            .find(|target| target.enrolment == enrolment && target.outcome.is_none())
            .cloned();
        let Some(pupil) = book.roll.pupil_of_row(row) else {
            continue;
        };
        if half_term.all == 0 && counted == 0 && target.is_none() {
            continue;
        }
        let own: Vec<&Sanction> = done
            .iter()
            .filter(|one| one.enrolment == enrolment)
            .collect();
        let steps: Vec<u32> = own.iter().map(|one| one.lates).collect();
        let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
        found.push(Late {
            pupil,
            enrolment,
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            half_term,
            counted,
            due: ladder.due(counted, &steps).cloned(),
            last: own.last().map(|one| (*one).clone()),
            used: target.as_ref().map_or(0, |target| {
                known
                    .count(row, (target.first, target.last.min(today)))
                    .counted
            }),
            target,
            heed: heeds(book, &reach, pupil.id, today),
        });
    }
    found.sort_by_key(|one| {
        (
            std::cmp::Reverse((one.counted, one.half_term.all)),
            one.pupil.in_order,
        )
    });
    Ok((ladder, found))
}

fn table(found: Vec<Late<'_>>, ladder: &LateLadder, form: &Form, today: Day) -> Table {
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("heed", "Look first"),
        Heading::number("counted", "Counted", "in the window"),
        Heading::number("all", "Late", "this half-term"),
        Heading::words("due", "Due"),
        Heading::words("done", "Done last"),
        Heading::words("target", "Target"),
    ];
    let rows = found.into_iter().map(|one| {
        let done = one.last.as_ref();
        let done = done.map(|done| format!("{}: {}", done.day.short(), done.does));
        let target = one.target_words(today);
        vec![
            Cell::text(one.pupil.listed())
                .naming(one.pupil.id)
                .to(format!("/punctuality/{}", one.enrolment)),
            Cell::text(&one.form),
            Cell::text(one.heed.join(", ")),
            Cell::whole(one.counted),
            Cell::whole(one.half_term.all),
            Cell {
                loud: one.due.is_some(),
                ..Cell::text_or_blank(one.due.as_ref().map(|step| step.does.as_str()))
            },
            Cell::text_or_blank(done.as_deref()),
            match target.is_empty() {
                true => Cell::of(Value::Blank),
                false => Cell {
                    loud: one.is_loud(today),
                    ..Cell::text(target)
                },
            },
        ]
    });
    let title = format!("Punctuality, {} school days", ladder.window());
    let mut table = Table::whole(&title, headings, rows.collect());
    table.sort(&form.sort, "-counted");
    table
}

/// Which of them a page shows.
const SHOWS: [(&str, &str); 3] = [
    ("", "Step due"),
    ("targets", "Targets"),
    ("all", "All who were late"),
];

fn takes(show: &str, one: &Late<'_>) -> bool {
    match show {
        "targets" => one.target.is_some(),
        "all" => true,
        _ => one.due.is_some(),
    }
}

#[derive(Template)]
#[template(path = "door/punctuality.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    table: TableView,
    window: u32,
    empty: State,
}

/// `/punctuality?show=`.
pub(super) async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let today = here.office.today().0;
        let book = here.office.shelf.book(tx, actor.school)?;
        let (ladder, mut found) = lates(tx, actor, &book, today)?;
        let tabs = SHOWS.map(|(key, label)| Tab {
            label: label.into(),
            href: asked
                .link("/punctuality", &[("show", key), ("sort", "")])
                .into(),
            current: key == asked.show,
            count: Some(found.iter().filter(|one| takes(key, one)).count() as u32),
        });
        found.retain(|one| takes(&asked.show, one));
        let sort = if asked.sort.is_empty() {
            "-counted"
        } else {
            &asked.sort
        };
        let page = ListPage {
            frame: here.frame(tx, actor, "Punctuality")?,
            tabs: Tabs {
                name: "Punctuality".into(),
                tabs: tabs.into(),
            },
            window: ladder.window(),
            table: table(found, &ladder, &asked, today).view(
                "/punctuality",
                &asked,
                sort,
                "pupils",
            ),
            empty: State::empty("Nobody", "No step about lateness is due."),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/punctuality` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_keep_door(wanted.actor)?;
    let (today, asked) = (wanted.today(), wanted.query::<Form>()?);
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let (ladder, mut found) = lates(tx, wanted.actor, &book, today)?;
    found.retain(|one| takes(&asked.show, one));
    let mut table = table(found, &ladder, &asked, today);
    table.about = super::log::about("Punctuality", today, wanted);
    Ok(table.leaving("punctuality", today))
}

struct LateLine {
    day: String,
    cell: MarkCell,
    why: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "door/punctuality_pupil.html")]
struct PupilPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    form: String,
    enrolment: EnrolmentId,
    heed: Vec<&'static str>,
    counted: u32,
    half_term: u32,
    window: u32,
    due: Option<LateStep>,
    next: String,
    lines: Vec<LateLine>,
    sanctions: Vec<(String, String, String)>,
    targets: Vec<(String, String, i64, bool)>,
}

/// `/punctuality/{enrolment}`.
pub(super) async fn one(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
    Query(asked): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let today = here.office.today().0;
        let book = here.office.shelf.book(tx, actor.school)?;
        let row = book.roll.row(enrolment).ok_or(Refusal::NotFound)?;
        let pupil = book.roll.pupil_of_row(row).ok_or(Refusal::NotFound)?;
        let ladder = late_ladder(&book.settings, today)?;
        let (days, term) = (window(&book, &ladder, today), half_term(&book, today));
        let first = days.0.min(term.0);
        let known = Lates::of(tx, &book, (first, today))?;
        let counted = known.count(row, days).counted;
        let all = sanctions_since(tx, &book, book.calendar.span().map_or(first, |span| span.0))?;
        let own: Vec<&Sanction> = all
            .iter()
            .filter(|one| one.enrolment == enrolment)
            .collect();
        let steps: Vec<u32> = own
            .iter()
            .filter(|one| one.day >= days.0)
            .map(|one| one.lates)
            .collect();
        let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
        let reach = actor.reach(tx, Access::Read, RecordKind::VulnerabilityFlags, today)?;
        let arrivals = of_days(tx, book.school, (first, today))?;
        let line = |slot: &Slot| {
            let mark = book.mark(row, *slot);
            let arrived = arrivals
                .iter()
                .rev()
                .find(|one| one.enrolment == enrolment && one.slot == *slot && one.stands());
            let reason = arrived
                .and_then(|one| one.reason.clone())
                .unwrap_or_default();
            let counts = arrived.is_none_or(|one| one.counts);
            LateLine {
                day: format!("{} {}", slot.day.short(), slot.session),
                cell: MarkCell::new(
                    mark.code().map(|code| code.to_string()).unwrap_or_default(),
                    Face::of(mark.row()),
                    "",
                ),
                why: format!("/why/{}/{}/{}", pupil.id, slot.day, slot.session),
                reason: if counts {
                    reason
                } else {
                    format!("{reason} (does not count)")
                },
            }
        };
        let mut lines: Vec<LateLine> = known.slots(row, (first, today)).iter().map(line).collect();
        lines.reverse();
        let target_lines = targets(tx, book.school)?
            .into_iter()
            .filter(|one| one.enrolment == enrolment)
            .map(|one| {
                let used = known
                    .count(row, (one.first.max(first), one.last.min(today)))
                    .counted;
                let with = one
                    .agreed_with
                    .as_ref()
                    .map(|with| format!(", agreed with {with}"))
                    .unwrap_or_default();
                let words = format!(
                    "{} to {}: {} allowed, {used} so far; review {}{with}. {}",
                    one.first.long(),
                    one.last.long(),
                    one.allowed,
                    one.review_on.long(),
                    one.support
                );
                (
                    words,
                    one.outcome.clone().unwrap_or_default(),
                    one.id,
                    one.outcome.is_none(),
                )
            });
        let targets = target_lines.collect();
        let notice = (!asked.did.is_empty()).then(|| Notice::done("Recorded."));
        let page = PupilPage {
            frame: here
                .frame(tx, actor, "Punctuality of a pupil")?
                .with_notice(notice),
            pupil: pupil.id,
            name: pupil.called(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            enrolment,
            heed: heeds(&book, &reach, pupil.id, today),
            counted,
            half_term: known.count(row, term).all,
            window: ladder.window(),
            due: ladder.due(counted, &steps).cloned(),
            next: ladder
                .next(counted)
                .map(|step| format!("at {}: {}", step.lates, step.does))
                .unwrap_or_default(),
            lines,
            sanctions: own
                .iter()
                .rev()
                .map(|one| {
                    (
                        one.day.long(),
                        one.does.clone(),
                        one.note.clone().unwrap_or_default(),
                    )
                })
                .collect(),
            targets,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn page_of(enrolment: EnrolmentId) -> String {
    format!("/punctuality/{enrolment}")
}

pub(super) const KNOWN: &str =
    "select 1 from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

fn must_be_known(tx: &mut Tx, actor: &Actor, enrolment: EnrolmentId) -> Result<(), Refusal> {
    must_keep_door(actor)?;
    let known = tx.query_opt(KNOWN, &args![actor.school, enrolment], |_| Ok(()))?;
    known.ok_or(Refusal::NotFound)
}

fn sanction_form(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<FormPage, Refusal> {
    must_be_known(tx, actor, enrolment)?;
    let ladder = late_ladder(&settings(tx, actor.school)?, today)?;
    let steps = ladder.steps().iter().map(|step| {
        Choice::new(
            step.lates.to_string(),
            format!("At {}: {}", step.lates, step.does),
        )
    });
    Ok(FormPage::new(
        "Record what was done",
        (page_of(enrolment), "Punctuality"),
        "Record",
        vec![Part::new(
            "",
            vec![
                Field::radios("step", "Step", steps.collect()),
                Field::day("on", "Day").value(today.to_string()),
                Field::line("note", "Note").hint("What was done, if it was not as the step says, and why.").optional(),
            ],
        )],
    )
    .about("The step is then not due again within the window (E-028). A sanction is set by a person, after a look at why the pupil is late."))
}

/// `/punctuality/{enrolment}/done`.
pub(super) async fn ask_sanction(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        sanction_form(tx, actor, enrolment, today)
    })
    .await
}

/// Records what was done.
pub(super) async fn sanction(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = sanction_form(act.tx(), actor, enrolment, today)?;
        let mut wrongs = Wrongs::default();
        let ladder = late_ladder(&settings(act.tx(), actor.school)?, today)?;
        let wanted = answers.number("step");
        let step = ladder
            .steps()
            .iter()
            .find(|step| Some(i64::from(step.lates)) == wanted);
        if step.is_none() {
            wrongs.add("step", "Choose the step.");
        }
        let on = answers.day("on", &mut wrongs);
        if on.is_some_and(|on| on > today) {
            wrongs.add("on", "This day is still to come.");
        }
        let (Some(step), Some(on), true) = (step, on, wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let note: Option<String> = answers
            .given("note")
            .map(|note| note.chars().take(500).collect());
        let values = args![
            act.new_id(),
            enrolment,
            on,
            step.lates,
            step.does.as_str(),
            note.as_deref(),
            actor.account
        ];
        act.record(&LATE_SANCTION, &values)?;
        act.describe(actor.entry(
            "record a step about lateness",
            format!("time on roll {enrolment}"),
        ));
        Ok(Outcome::done(&page_of(enrolment), "recorded"))
    })
    .await
}

fn target_form(
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<FormPage, Refusal> {
    must_be_known(tx, actor, enrolment)?;
    Ok(FormPage::new(
        "Set a punctuality target",
        (page_of(enrolment), "Punctuality"),
        "Set the target",
        vec![Part::new(
            "",
            vec![
                Field::day("first", "First day").value(today.to_string()),
                Field::day("last", "Last day").value(today.plus_days(27).to_string()),
                Field { width: "tiny", ..Field::new(FieldKind::Number, "allowed", "Lates allowed") }.value("2"),
                Field::new(FieldKind::Lines, "support", "Support that the school gives"),
                Field::day("review", "Review on").value(today.plus_days(28).to_string()),
                Field::line("with", "Agreed with").optional(),
            ],
        )],
    )
    .about("A written target: its days, how many lates it allows, the support, and the day on which it is reviewed (E-028)."))
}

/// `/punctuality/{enrolment}/target`.
pub(super) async fn ask_target(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        target_form(tx, actor, enrolment, today)
    })
    .await
}

fn keep_target(act: &mut Act, actor: &Actor, target: &Target) -> Result<(), StoreError> {
    let values = args![
        target.id,
        target.enrolment,
        target.first,
        target.last,
        target.allowed,
        target.support.as_str(),
        target.review_on,
        target.agreed_with.as_deref(),
        target.outcome.as_deref(),
        actor.account
    ];
    act.replace(&PUNCTUALITY_TARGET, &values).map(drop)
}

/// Sets the target.
pub(super) async fn target(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let form = target_form(act.tx(), actor, enrolment, today)?;
        let mut wrongs = Wrongs::default();
        let (first, last) = (
            answers.day("first", &mut wrongs),
            answers.day("last", &mut wrongs),
        );
        let review_on = answers.day("review", &mut wrongs);
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            wrongs.add("last", "This lies before the first day.");
        }
        if first
            .zip(review_on)
            .is_some_and(|(first, review)| review < first)
        {
            wrongs.add("review", "This lies before the first day.");
        }
        let allowed = answers
            .number("allowed")
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number <= 100);
        if allowed.is_none() {
            wrongs.add("allowed", "Give a number from 0 to 100.");
        }
        let support = answers.required("support", "Say what the school does to help.", &mut wrongs);
        let (Some(first), Some(last), Some(review_on), Some(allowed), true) =
            (first, last, review_on, allowed, wrongs.is_empty())
        else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let target = Target {
            id: act.new_id(),
            enrolment,
            first,
            last,
            allowed,
            support: support.chars().take(500).collect(),
            review_on,
            agreed_with: answers
                .given("with")
                .map(|with| with.chars().take(200).collect()),
            outcome: None,
        };
        keep_target(act, actor, &target)?;
        act.describe(actor.entry(
            "set a punctuality target",
            format!("time on roll {enrolment}"),
        ));
        Ok(Outcome::done(&page_of(enrolment), "target"))
    })
    .await
}

fn review_form(
    tx: &mut Tx,
    actor: &Actor,
    (enrolment, target): (EnrolmentId, i64),
) -> Result<(Target, FormPage), Refusal> {
    must_be_known(tx, actor, enrolment)?;
    let all = targets(tx, actor.school)?;
    let own = all
        .into_iter()
        .find(|one| one.id == target && one.enrolment == enrolment && one.outcome.is_none());
    let own = own.ok_or(Refusal::NotFound)?;
    let form = FormPage::new(
        "Review a punctuality target",
        (page_of(enrolment), "Punctuality"),
        "End the target",
        vec![Part::new(
            "",
            vec![
                Field::line("outcome", "What came of it")
                    .hint("Such as: kept; not kept, meeting with the parents on 4 December."),
            ],
        )],
    )
    .about(format!(
        "{} to {}, {} allowed. {}",
        own.first.long(),
        own.last.long(),
        own.allowed,
        own.support
    ));
    Ok((own, form))
}

/// `/punctuality/{enrolment}/target/{target}`.
pub(super) async fn ask_review(
    desk: Desk,
    Path(which): Path<(EnrolmentId, i64)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, _| {
        Ok(review_form(tx, actor, which)?.1)
    })
    .await
}

/// Ends the target with what came of it.
pub(super) async fn review(
    desk: Desk,
    Path(which): Path<(EnrolmentId, i64)>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        let (own, form) = review_form(act.tx(), actor, which)?;
        let mut wrongs = Wrongs::default();
        let outcome = answers.required("outcome", "Say what came of it.", &mut wrongs);
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        let reviewed = Target {
            outcome: Some(outcome.chars().take(500).collect()),
            ..own
        };
        keep_target(act, actor, &reviewed)?;
        act.describe(actor.entry(
            "review a punctuality target",
            format!("time on roll {}", which.0),
        ));
        Ok(Outcome::done(&page_of(which.0), "reviewed"))
    })
    .await
}
