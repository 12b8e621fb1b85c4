//! The lists of concerns: those of the school for the safeguarding team, and for everybody what they raised and what was named to them.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant, Session};
use store::Tx;
use welfare::concern::{Escalated, State, acknowledge_by, escalated};

use super::concern::{Concern, all, mine};
use super::who::{is_of_team, may_raise};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{AccountId, EnrolmentId, PupilId};
use crate::people::{Access, Actor, RecordKind};
use crate::roll::Sought;
use crate::shell::{self, Frame, Notice, Page};
use crate::year::settings::session_times;

/// A concern in a list: never a word of what was handed over (B-214).
struct Line {
    id: i64,
    name: String,
    form: String,
    raised: String,
    by: String,
    from: &'static str,
    standing: String,
    level: &'static str,
    clock: String,
    is_late: bool,
}

#[derive(Template)]
#[template(path = "safeguarding/list.html")]
struct ListPage {
    frame: Frame,
    is_team: bool,
    shows_closed: bool,
    team: Vec<Line>,
    none: shell::State,
    own: Vec<Line>,
    named: Vec<Line>,
    rules: &'static [(&'static str, &'static str)],
}

/// What these pages go by, as `docs/law/safeguarding.md` has it.
pub(super) const RULES: &[(&str, &str)] = &[
    (
        "B-203",
        "What was handed over cannot be changed. It can be added to, and everything added keeps its name and time.",
    ),
    (
        "B-206",
        "Whoever raised a concern keeps sight of what they wrote, after it was acknowledged too. Every reading is written down.",
    ),
    (
        "B-208",
        "Somebody of the safeguarding team takes a concern within an hour of a school day, the same day at the latest; else the deputy and then the head are told. The hour is the product's own default.",
    ),
    (
        "E-020",
        "Where an explanation is doubted the safeguarding lead decides the next step, and the attendance office cannot close the case.",
    ),
];

/// What concerns are shown with.
pub(super) struct Shown<'s> {
    pub(super) book: &'s Book,
    pub(super) now: Instant,
}

impl Shown<'_> {
    pub(super) fn today(&self) -> Day {
        self.now.in_london().0
    }

    pub(super) fn name(&self, pupil: PupilId) -> String {
        let pupil = self.book.roll.pupil(pupil);
        pupil.map(|pupil| pupil.listed()).unwrap_or_default()
    }

    pub(super) fn form(&self, enrolment: EnrolmentId) -> String {
        let group = self
            .book
            .groups
            .of_kind(enrolment, GroupKind::Tutor, self.today());
        group.map(|group| group.name.clone()).unwrap_or_default()
    }

    /// Whoever has an account.
    pub(super) fn person(&self, account: AccountId) -> String {
        let member = self.book.staff.with_account(account);
        member.map_or_else(|| "somebody".to_owned(), |member| member.name.clone())
    }

    /// A moment as people say it: the time for today, the day otherwise.
    pub(super) fn clock(&self, at: Instant) -> String {
        let (day, time) = at.in_london();
        match day == self.today() {
            true => time.to_string(),
            false => format!("{} {time}", day.short()),
        }
    }

    /// By when somebody of the team has to have taken a concern (B-208).
    pub(super) fn take_by(&self, concern: &Concern) -> Result<Instant, Refusal> {
        let (day, _) = concern.raised_at.in_london();
        let opens = session_times(&self.book.settings, day)?
            .of(Session::Am)
            .opens;
        Ok(acknowledge_by(
            concern.raised_at,
            &self.book.calendar,
            opens,
        ))
    }

    /// What runs, in words, with the moment at which it runs out and whether it has.
    pub(super) fn runs(&self, concern: &Concern) -> Result<(Instant, String, bool), Refusal> {
        let state = concern.state();
        let decided = concern.decided();
        Ok(match state {
            State::New => {
                let due = self.take_by(concern)?;
                let late = escalated(due, self.now).map(Escalated::words);
                let words = format!("to be taken by {}", self.clock(due));
                match late {
                    Some(late) => (due, format!("{words}; {late}"), true),
                    None => (due, words, false),
                }
            }
            State::Acknowledged | State::InformationAsked => {
                let since = concern.taken().map_or(concern.raised_at, |done| done.at);
                let words = format!("to be decided, taken {}", self.clock(since));
                let (day, _) = since.in_london();
                (since, words, day < self.today())
            }
            State::ActionOpen | State::Referred | State::Monitored => {
                let due = decided.and_then(|done| done.due);
                let day = due.unwrap_or(self.today());
                let next = decided.and_then(|done| done.next.clone());
                let next = next.unwrap_or_else(|| "to be answered".to_owned());
                let opens = session_times(&self.book.settings, day)?
                    .of(Session::Am)
                    .opens;
                (
                    Instant::at_london(day, opens),
                    format!("{next} by {}", day.short()),
                    day < self.today(),
                )
            }
            State::Closed => (concern.raised_at, String::new(), false),
        })
    }

    /// How a concern stands for the team.
    pub(super) fn standing(&self, concern: &Concern) -> String {
        let state = concern.state();
        let decision = concern.decided().and_then(|done| match done.step {
            welfare::concern::Step::Decide(decision) => Some(decision.words()),
            _ => None,
        });
        if let (State::Referred, Some((referred, is_answered))) = (state, concern.referred())
            && let welfare::concern::Step::Refer(agency) = referred.step
        {
            let answer = match is_answered {
                true => "answered",
                false => "no answer yet",
            };
            return format!("asked {}: {answer}", agency.words());
        }
        match decision {
            Some(decision) if !state.is_undecided() => format!("{}: {decision}", state.words()),
            _ => state.words().to_owned(),
        }
    }

    /// What whoever raised a concern learns of it: that it was taken (B-206).
    pub(super) fn receipt(&self, concern: &Concern) -> Result<String, Refusal> {
        Ok(match concern.taken() {
            Some(taken) => format!(
                "taken by {} at {}",
                self.person(taken.by),
                self.clock(taken.at)
            ),
            None => format!("not taken yet; due {}", self.clock(self.take_by(concern)?)),
        })
    }

    fn line(&self, concern: &Concern, is_team: bool) -> Result<(Instant, Line), Refusal> {
        let (due, clock, is_late) = match is_team {
            true => self.runs(concern)?,
            false => (concern.raised_at, self.receipt(concern)?, false),
        };
        let line = Line {
            id: concern.id,
            name: self.name(concern.pupil),
            form: self.form(concern.enrolment),
            raised: self.clock(concern.raised_at),
            by: self.person(concern.by),
            from: concern
                .words
                .as_ref()
                .map_or("", |words| words.origin.words()),
            standing: match is_team {
                true => self.standing(concern),
                false => String::new(),
            },
            level: concern.level().key(),
            clock,
            is_late,
        };
        Ok((due, line))
    }

    /// The lines of these concerns, the oldest clock first.
    fn lines<'c>(
        &self,
        concerns: impl Iterator<Item = &'c Concern>,
        is_team: bool,
    ) -> Result<Vec<Line>, Refusal> {
        let lines: Result<Vec<_>, _> = concerns.map(|one| self.line(one, is_team)).collect();
        let mut lines = lines?;
        lines.sort_by_key(|(due, line)| (*due, line.id));
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}

/// `GET /concerns`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(made(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn made(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<ListPage, Refusal> {
    if !may_raise(actor) {
        return Err(Refusal::NotFound);
    }
    let book = desk.office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        now: desk.office.now(),
    };
    let is_team = is_of_team(actor);
    let keyring = &desk.office.keyring;
    let concerns = match is_team {
        true => all(tx, keyring, actor.school)?,
        false => mine(tx, keyring, actor.school, actor.account)?,
    };
    let shows_closed = asked.text("which") == "closed";
    let for_team = |concern: &&Concern| is_team && concern.state().is_open() != shows_closed;
    let team = shown.lines(concerns.iter().filter(for_team), true)?;
    let own = |concern: &&Concern| concern.by == actor.account;
    let named = |concern: &&Concern| concern.readers.contains(&actor.account);
    Ok(ListPage {
        frame: desk
            .frame(tx, actor, "Concerns")?
            .with_notice(notice(asked.text("did"))),
        is_team,
        shows_closed,
        team,
        none: match shows_closed {
            false => {
                shell::State::empty("No concern is open", "What is raised stands here at once.")
            }
            true => shell::State::empty("None", "No concern has been closed."),
        },
        own: shown.lines(concerns.iter().filter(own), false)?,
        named: shown.lines(concerns.iter().filter(named), false)?,
        rules: RULES,
    })
}

fn notice(did: &str) -> Option<Notice> {
    (did == "raised").then(|| {
        Notice::done("It is handed over: the safeguarding team sees it now. If the child may be in danger, tell them in person too.")
    })
}

/// So many pupils are shown of those who were found.
const MOST: usize = 20;

#[derive(Template)]
#[template(path = "safeguarding/find.html")]
struct FindPage {
    frame: Frame,
    q: String,
    /// Pupil, name, tutor group.
    found: Vec<(i64, String, String)>,
    none: shell::State,
}

/// `GET /concerns/find?q=`: about whom a concern is.
pub(super) async fn find(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(found(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn found(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<FindPage, Refusal> {
    if !may_raise(actor) {
        return Err(Refusal::NotFound);
    }
    let (today, _) = desk.office.today();
    let known = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let q = asked.text("q");
    let sought = Sought::of(q);
    let mut found = Vec::new();
    for row in book.roll.rows_on(today) {
        let Some(pupil) = book.roll.pupil_of_row(row) else {
            continue;
        };
        if sought.is_nothing() || !known.covers(pupil.id) || !sought.is_name(&pupil.folded) {
            continue;
        }
        let enrolment = book.roll.enrolments[row].id;
        let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
        let form = form.map(|form| form.name.clone()).unwrap_or_default();
        found.push((pupil.in_order, (pupil.id.0, pupil.listed(), form)));
    }
    found.sort_by_key(|(in_order, _)| *in_order);
    Ok(FindPage {
        frame: desk.frame(tx, actor, "Raise a concern")?,
        q: q.to_owned(),
        found: found.into_iter().map(|(_, one)| one).take(MOST).collect(),
        none: match sought.is_nothing() {
            true => shell::State::empty("Type a name", "The first letters are enough."),
            false => shell::State::empty("Nobody", "No pupil on roll today has this name."),
        },
    })
}

/// What stands open, for the first page of the safeguarding team.
pub(crate) struct ConcernsToday {
    /// Open in all.
    pub(crate) open: usize,
    /// Of those, nobody has taken them.
    pub(crate) new: usize,
    /// Of those open, their time has passed.
    pub(crate) late: usize,
}

/// What stands open; none for whoever is not of the team, or where nothing does.
pub(crate) fn concerns_today(
    tx: &mut Tx,
    office: &Office,
    actor: &Actor,
) -> Result<Option<ConcernsToday>, Refusal> {
    if !is_of_team(actor) {
        return Ok(None);
    }
    let book = office.shelf.book(tx, actor.school)?;
    let shown = Shown {
        book: &book,
        now: office.now(),
    };
    let mut today = ConcernsToday {
        open: 0,
        new: 0,
        late: 0,
    };
    for concern in all(tx, &office.keyring, actor.school)? {
        let state = concern.state();
        let (_, _, is_late) = shown.runs(&concern)?;
        today.open += usize::from(state.is_open());
        today.new += usize::from(state == State::New);
        today.late += usize::from(state.is_open() && is_late);
    }
    Ok((today.open > 0).then_some(today))
}
