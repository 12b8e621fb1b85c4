//! Pupils missing from a lesson: a list for whoever searches, with the steps that were taken (E-029).

use std::collections::HashMap;

use askama::Template;
use axum::Form as Body;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use register::missing_pupil::{SearchStep, SearchTimes, next_step};
use register::site::Whereabouts;
use store::{Act, SchoolId, StoreError, Tx, args};
use welfare::absconded::Left;

use super::left::begin_from_search;
use super::log::{DayForm, about};
use super::records::SEARCH_STEP;
use super::site::site;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{AccountId, EnrolmentId, PeriodId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table};
use crate::people::{Access, Actor, RecordKind, Role};
use crate::registers::{MissingPupil, missing_from_lessons, name_of};
use crate::shell::{Exports, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::search_times;

pub(super) const STEPS: &str = "\
select enrolment_id, period_id, step, at, note, account_id from search_step
where school_id = $1 and on_date = $2 order by seq";

/// Words that end a search.
const ENDS: [(&str, &str); 3] = [
    ("found", "Found"),
    ("not_missing", "Was not missing: the register is put right"),
    (LEFT, "Has left the site without leave"),
];

/// The end of a search with which another begins (E-199).
const LEFT: &str = "left_site";

/// A step as it was taken.
#[derive(Clone, Debug)]
struct Taken {
    step: String,
    at: Instant,
    note: Option<String>,
    by: AccountId,
}

fn words_of(step: &str) -> &str {
    let own = SearchStep::from_key(step).map(SearchStep::words);
    let end = ENDS
        .iter()
        .find(|(key, _)| *key == step)
        .map(|(_, words)| *words);
    own.or(end).unwrap_or(step)
}

/// Whether somebody may look: whoever reads the marks of the whole school.
pub(super) fn must_look(actor: &Actor) -> Result<(), Refusal> {
    match actor.may_for_school(Access::Read, RecordKind::AttendanceMarks) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Whether somebody searches: whoever may look, but for an inspector.
pub(super) fn searches_for_pupils(actor: &Actor) -> bool {
    must_look(actor).is_ok() && !actor.roles.contains(&Role::Inspector)
}

type Steps = HashMap<(EnrolmentId, PeriodId), Vec<Taken>>;

fn steps_of(tx: &mut Tx, book: &Book, day: Day) -> Result<Steps, StoreError> {
    let mut found = Steps::new();
    tx.each(STEPS, &args![book.school, day], |row| {
        let taken = Taken {
            step: row.get(2)?,
            at: row.get(3)?,
            note: row.get(4)?,
            by: row.get(5)?,
        };
        found
            .entry((row.get(0)?, row.get(1)?))
            .or_default()
            .push(taken);
        Ok(())
    })?;
    Ok(found)
}

/// Records a step of a search, or how it ended. Answers nothing.
///
/// Rule: E-029. Errors: [`Refusal::NotFound`] for somebody who does not search, [`Refusal::Wrong`] for a word that is no step.
pub fn search_step(
    act: &mut Act,
    actor: &Actor,
    (enrolment, day, period): (EnrolmentId, Day, PeriodId),
    step: &str,
    note: Option<&str>,
) -> Result<(), Refusal> {
    if !searches_for_pupils(actor) {
        return Err(Refusal::NotFound);
    }
    let is_end = ENDS.iter().any(|(key, _)| *key == step);
    if SearchStep::from_key(step).is_none() && !is_end {
        return Err(Refusal::Wrong("Choose what was done.".to_owned()));
    }
    if note.is_some_and(|note| note.chars().count() > 500 || note.contains('\0')) {
        let ground = "The note is longer than 500 characters. Shorten it.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let at = act.at();
    let values = args![enrolment, day, period, step, at, note, actor.account];
    act.record(&SEARCH_STEP, &values)?;
    if step == LEFT && day == at.in_london().0 {
        let school = act.school();
        let told = told_before(act.tx(), school, (enrolment, day, period))?;
        begin_from_search(act, actor, enrolment, note.unwrap_or_default(), &told)?;
    }
    act.describe(actor.entry("search for a pupil", format!("time on roll {enrolment}")));
    Ok(())
}

/// Whom a search told already, as steps of what follows a pupil who left the site.
fn told_before(
    tx: &mut Tx,
    school: SchoolId,
    (enrolment, day, period): (EnrolmentId, Day, PeriodId),
) -> Result<Vec<(Left, Instant, AccountId)>, StoreError> {
    let all = tx.query(STEPS, &args![school, day], |row| {
        let step = match SearchStep::from_key(row.get(2)?) {
            Some(SearchStep::SafeguardingLead) => Some(Left::Lead),
            Some(SearchStep::Parent) => Some(Left::Parent),
            Some(SearchStep::Police) => Some(Left::Police),
            Some(SearchStep::OnCall) | None => None,
        };
        let is_this = row.get::<EnrolmentId>(0)? == enrolment && row.get::<PeriodId>(1)? == period;
        let (at, by) = (row.get(3)?, row.get(5)?);
        Ok(step.filter(|_| is_this).map(|step| (step, at, by)))
    })?;
    Ok(all.into_iter().flatten().collect())
}

/// A search as the list tells it.
struct Search {
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    form: String,
    one: MissingPupil,
    class: String,
    seen: String,
    steps: Vec<String>,
    /// The step that is due, by its word and in words; none when the search is over or nothing falls due.
    next: Option<(&'static str, &'static str, String)>,
    is_late: bool,
    /// How it ended; none while it goes on.
    ended: Option<String>,
}

fn searches(tx: &mut Tx, book: &Book, day: Day, now: Instant) -> Result<Vec<Search>, Refusal> {
    let times = search_times(&book.settings, day)?;
    let mut steps = steps_of(tx, book, day)?;
    let out: HashMap<EnrolmentId, String> = match now.in_london().0 == day {
        false => HashMap::new(),
        true => site(tx, book, now)?
            .pupils
            .iter()
            .filter(|one| one.place == Whereabouts::SignedOut)
            .map(|one| (one.enrolment, one.words(now)))
            .collect(),
    };
    let mut found = Vec::new();
    for one in missing_from_lessons(tx, book, day)? {
        let row = book.roll.row(one.enrolment);
        let Some(pupil) = row.and_then(|row| book.roll.pupil_of_row(row)) else {
            continue;
        };
        let taken = steps
            .remove(&(one.enrolment, one.period))
            .unwrap_or_default();
        let mut told = Vec::new();
        for step in &taken {
            let by = name_of(tx, book.school, step.by)?;
            let note = step.note.as_ref().map(|note| format!(": {note}"));
            told.push(format!(
                "{} {} by {by}{}",
                step.at.in_london().1,
                words_of(&step.step),
                note.unwrap_or_default()
            ));
        }
        let end = taken
            .iter()
            .rev()
            .find(|step| ENDS.iter().any(|(key, _)| *key == step.step));
        let ended = end
            .map(|step| words_of(&step.step).to_owned())
            .or_else(|| out.get(&one.enrolment).cloned());
        let done: Vec<SearchStep> = taken
            .iter()
            .filter_map(|step| SearchStep::from_key(&step.step))
            .collect();
        let due = next_step(times, one.since, &done).filter(|_| ended.is_none());
        let form = book.groups.of_kind(one.enrolment, GroupKind::Tutor, day);
        let class = book.groups.group(one.group);
        found.push(Search {
            enrolment: one.enrolment,
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            class: class.map(|class| class.name.clone()).unwrap_or_default(),
            seen: one
                .last_seen
                .clone()
                .unwrap_or_else(|| format!("{} registration", one.session)),
            steps: told,
            next: due.map(|(step, at)| (step.key(), step.words(), at.in_london().1.to_string())),
            is_late: due.is_some_and(|(_, at)| at <= now),
            ended,
            one,
        });
    }
    found.sort_by(|a, b| {
        let order = |one: &Search| (one.ended.is_some(), one.one.since);
        order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
    });
    Ok(found)
}

#[derive(Template)]
#[template(path = "door/missing.html")]
struct MissingPage {
    frame: Frame,
    day: Day,
    times: SearchTimes,
    left: usize,
    sees_sweeps: bool,
    searches: Vec<Search>,
    open: usize,
    may_search: bool,
    ends: [(&'static str, &'static str); 3],
    empty: State,
    under: Under,
}

/// `/missing?day=`.
pub(super) async fn list(desk: Desk, Query(asked): Query<DayForm>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_look(actor)?;
        let now = here.office.now();
        let day = asked.day(now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let searches = searches(tx, &book, day, now)?;
        let page = MissingPage {
            frame: here.frame(tx, actor, "Missing from lessons")?,
            open: searches.iter().filter(|one| one.ended.is_none()).count(),
            times: search_times(&book.settings, day)?,
            left: super::left::open(tx, actor.school, now.in_london().0)?,
            sees_sweeps: super::sweep::must_see(actor).is_ok(),
            may_search: searches_for_pupils(actor),
            ends: ENDS,
            empty: State::empty(
                "Nobody",
                format!(
                    "Nobody who was in on {} is missing from a lesson whose register was taken.",
                    day.long()
                ),
            ),
            under: Under {
                shown: format!("{} pupils and lessons", searches.len()).into(),
                exports: Exports::usual(&format!("/missing?day={day}")),
                ..Under::default()
            },
            day,
            searches,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /missing/step`: `enrolment`, `day`, `period`, `step`, `note`.
pub(super) async fn step(desk: Desk, Body(answers): Body<Answers>) -> Result<Response, Problem> {
    let day: Option<Day> = answers.text("day").parse().ok();
    let place = answers
        .number("enrolment")
        .zip(day)
        .zip(answers.number("period"));
    let (step, note) = (answers.text("step").to_owned(), answers.given("note"));
    let to = answers.text("day").to_owned();
    desk.act(move |act, actor| {
        let ((enrolment, day), period) = place.ok_or(Refusal::NotFound)?;
        let place = (EnrolmentId(enrolment), day, PeriodId(period));
        search_step(act, actor, place, &step, note.as_deref())
    })
    .await?;
    Ok(Redirect::to(&format!("/missing?day={to}")).into_response())
}

/// `/missing` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_look(wanted.actor)?;
    let day = wanted.query::<DayForm>()?.day(wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = vec![
        Heading::words("name", "Pupil"),
        Heading::words("tutor", "Tutor group"),
        Heading::words("lesson", "Missing from"),
        Heading::words("since", "Since"),
        Heading::words("seen", "Last seen"),
        Heading::words("steps", "Steps"),
        Heading::words("ended", "Ended"),
    ];
    let rows = searches(tx, &book, day, wanted.office.now())?;
    let rows = rows.into_iter().map(|one| {
        vec![
            Cell::text(&one.name).naming(one.pupil),
            Cell::text(&one.form),
            Cell::text(format!("{} {}", one.one.period_name, one.class)),
            Cell::text(one.one.since.in_london().1.to_string()),
            Cell::text(&one.seen),
            Cell::text(one.steps.join("; ")),
            Cell::text_or_blank(one.ended.as_deref()),
        ]
    });
    let mut table = Table::whole("Missing from lessons", headings, rows.collect());
    table.sort(&wanted.query::<Form>()?.sort, "");
    table.about = about("Missing from lessons", day, wanted);
    Ok(table.leaving("missing-from-lessons", day))
}
