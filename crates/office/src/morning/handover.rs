//! The handover: whom the morning leaves to the afternoon, and a day to the next, with what was tried and what is due (SM-1, E-011, E-016).

use askama::Template;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use exchange::Cell;
use store::Tx;
use welfare::attempt::Channel;
use welfare::ladder::Step;

use super::board::{Morning, asked_for_by, next_step, since};
use super::by_time::all_entries;
use super::cases::{Absent, Case};
use super::entries::{Entry, Kind};
use super::risk::Risk;
use super::row::rings;
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::PupilId;
use crate::insight::table::counted;
use crate::shell::{Exports, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// What left a child open.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// An earlier school day.
    EarlierDays,
    /// The first session of the day, once the next has begun.
    Morning,
}

/// A case that goes on, as its row shows it.
pub(super) struct Going {
    /// `day 3, since Thu 19 Nov`.
    pub(super) day: String,
    /// `3 calls, 1 text, 1 visit`.
    pub(super) tried: String,
    /// Who goes on with it; empty for nobody.
    pub(super) owner: String,
    /// Whether that is whoever looks.
    pub(super) is_own: bool,
    /// Whether it closes with the outcome of a contact only (E-011).
    pub(super) is_continuing: bool,
}

impl Morning<'_> {
    /// What left this child open, if anything before the running session did.
    fn left(&self, case: &Case) -> Option<Left> {
        if case.carried.is_some() {
            return Some(Left::EarlierDays);
        }
        let place = self
            .cases
            .hours
            .iter()
            .position(|hours| *hours == case.first)?;
        let next = self.cases.hours.get(place + 1);
        let over = next.map_or(case.first.ends, |next| next.opens);
        (over <= self.now).then_some(Left::Morning)
    }

    /// How many children this left open.
    pub(super) fn left_by(&self, left: Left) -> usize {
        let open = self.cases.open();
        open.filter(|case| self.sight.covers(case.pupil) && self.left(case) == Some(left))
            .count()
    }

    /// How a case goes on; none for one of this session.
    pub(super) fn going(&self, case: &Case, risk: &Risk) -> Option<Going> {
        let left = self.left(case)?;
        let all = all_entries(case);
        let owner = all
            .iter()
            .rev()
            .find(|entry| entry.kind == Kind::TakenOn)
            .map(|entry| entry.account);
        Some(Going {
            day: match left {
                Left::EarlierDays => {
                    format!("day {}, since {}", risk.day_number, risk.first_day.short())
                }
                Left::Morning => "left by the morning".to_owned(),
            },
            tried: tried(&all),
            is_own: owner == Some(self.own),
            owner: owner.map(|owner| self.person(owner)).unwrap_or_default(),
            is_continuing: case.is_continuing(),
        })
    }

    /// What the days ask for beside the ladder, once a case goes on over days: words, by when, on which ground.
    pub(super) fn deadlines(&self, case: &Case, risk: &Risk) -> Vec<(String, Instant, String)> {
        let calendar = &self.book.calendar;
        let ends = self.cases.hours.last().unwrap_or(&case.first).ends;
        let (_, day_ends) = ends.in_london();
        let end_of = |day: Day| Instant::at_london(day, day_ends);
        let seen = self.contact(case, risk).map(|contact| {
            let words = format!("see the child face to face: {}", contact.seen_words());
            let ground = self.contact_ground(risk.tiered.tier);
            (words, end_of(contact.due), ground)
        });
        let Some(carried) = &case.carried else {
            return seen.into_iter().collect();
        };
        let open = carried.absent.iter().chain(&case.absent);
        let oldest = open
            .filter(|(_, absent)| *absent != Absent::Unauthorised)
            .map(|(slot, _)| slot.day)
            .next();
        let code = oldest.and_then(|day| register::closing::n_last_day(calendar, day).ok());
        let tenth = calendar.school_days_after(carried.run.first_day, TENTH - 1);
        let code = code.map(|day| {
            let words = "find the reason; after that a person enters O";
            let ground = "E-022, reg 10(7)-(9) of SI 2024/208";
            (words.to_owned(), end_of(day), ground.to_owned())
        });
        let return_due = tenth.ok().map(|day| {
            let words = "tenth school day: attendance return to the authority";
            (words.to_owned(), end_of(day), "E-154, SM-1".to_owned())
        });
        seen.into_iter().chain(code).chain(return_due).collect()
    }
}

/// The school day of an absence on which a return to the authority is due (E-154).
const TENTH: u32 = 10;

/// What was tried, counted: `3 calls, 1 text, 1 visit`; `nobody was tried`.
fn tried(entries: &[&Entry]) -> String {
    let words = [
        (Channel::Call, "call", "calls"),
        (Channel::Text, "text", "texts"),
        (Channel::Email, "e-mail", "e-mails"),
        (Channel::Visit, "visit", "visits"),
        (Channel::InPerson, "talk in person", "talks in person"),
    ];
    let told = words.into_iter().filter_map(|(channel, one, many)| {
        let by = entries.iter().filter_map(|entry| entry.attempt());
        match by.filter(|attempt| attempt.channel == channel).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        }
    });
    let told: Vec<String> = told.collect();
    match told.is_empty() {
        true => "nobody was tried".to_owned(),
        false => told.join(", "),
    }
}

/// A child's line.
struct Line {
    enrolment: i64,
    pupil: PupilId,
    name: String,
    form: String,
    tier: welfare::tier::Tier,
    why: String,
    day: String,
    since: String,
    tried: String,
    last: String,
    owner: String,
    tasks: Vec<Task>,
    note: String,
}

/// Something that is due.
struct Task {
    words: String,
    is_late: bool,
}

#[derive(Template)]
#[template(path = "morning/handover.html")]
struct Handover {
    frame: Frame,
    today: String,
    lines: Vec<Line>,
    none: State,
    under: Under,
    rules: Vec<&'static welfare::Rule>,
}

/// `GET /morning/handover`.
pub(super) async fn page(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let morning = Morning::read(tx, &book, actor, now)?;
        let lines = lines(tx, &morning)?;
        let page = Handover {
            frame: here.frame(tx, actor, "Handover")?,
            today: morning.today().long(),
            none: State::empty(
                "Nothing is handed over",
                "No earlier session leaves a child open whom your role may see.",
            ),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual("/morning/handover"),
                ..Under::default()
            },
            lines,
            rules: ["E-011", "E-016", "E-017"]
                .into_iter()
                .filter_map(welfare::rule)
                .collect(),
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn lines(tx: &mut Tx, morning: &Morning<'_>) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::new();
    for (case, risk) in morning.open() {
        let Some(going) = morning.going(case, &risk) else {
            continue;
        };
        let pupil = morning.book.roll.pupil(case.pupil);
        lines.push(Line {
            enrolment: case.enrolment.0,
            pupil: case.pupil,
            name: pupil.map(|pupil| pupil.listed()).unwrap_or_default(),
            form: morning.form(case.enrolment),
            tier: risk.tiered.tier,
            why: morning.why(case, &risk),
            day: going.day,
            since: since(case),
            tried: going.tried,
            last: all_entries(case)
                .iter()
                .rev()
                .find(|entry| entry.kind == Kind::Attempt)
                .map_or_else(String::new, |entry| morning.in_words(entry)),
            owner: going.owner,
            tasks: tasks(tx, morning, case, &risk)?,
            note: morning.note(case),
        });
    }
    Ok(lines)
}

/// What is due today or is overdue, the earliest first: what the standing asks for, who is to be told, visits, decisions, the day of the code.
fn tasks(
    tx: &mut Tx,
    morning: &Morning<'_>,
    case: &Case,
    risk: &Risk,
) -> Result<Vec<Task>, Refusal> {
    let rings = rings(tx, morning.book.school, case.pupil)?;
    let (steps, done) = morning.steps(case, risk, &rings);
    let next = next_step(case, &steps, &done).map(|timed| timed.step);
    let of_days = [Step::Lead, Step::Professional, Step::Visit, Step::Refer];
    let mut due: Vec<(Instant, String)> = steps
        .iter()
        .filter(|timed| {
            !done.contains(&timed.step)
                && (next == Some(timed.step) || of_days.contains(&timed.step))
        })
        .map(|timed| (timed.due, timed.step.words().to_owned()))
        .collect();
    let deadlines = morning.deadlines(case, risk);
    due.extend(
        deadlines
            .iter()
            .map(|(words, due, _)| (*due, words.clone())),
    );
    due.sort_by_key(|(at, _)| *at);
    let today = morning.today();
    let first = asked_for_by(case).map(|words| Task {
        words: words.to_owned(),
        is_late: false,
    });
    let timed = due
        .into_iter()
        .filter(|(at, _)| at.in_london().0 <= today)
        .map(|(at, words)| Task {
            words: format!("{words} by {}", morning.clock_of(at)),
            is_late: at < morning.now,
        });
    Ok(first.into_iter().chain(timed).collect())
}

/// `/morning/handover` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let morning = Morning::read(tx, &book, wanted.actor, wanted.office.now())?;
    let lines = lines(tx, &morning)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Tier",
        "Why",
        "Day",
        "On the list for",
        "Tried so far",
        "Last tried",
        "Goes on with it",
        "Due today",
        "Note",
    ];
    let mut sheet = wanted.sheet(tx, "Handover", &headings)?;
    sheet
        .about
        .push(("Made at".to_owned(), morning.now.in_london().1.to_string()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            let tasks: Vec<&str> = line.tasks.iter().map(|task| task.words.as_str()).collect();
            [
                line.name.as_str(),
                &line.form,
                line.tier.word(),
                &line.why,
                &line.day,
                &line.since,
                &line.tried,
                &line.last,
                &line.owner,
                &tasks.join("; "),
                &line.note,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, morning.today()).naming(lines.iter().map(|line| line.pupil)))
}
