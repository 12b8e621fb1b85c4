//! The early calls of a day: whom to ring before the register opens, and what came of it (E-191).

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Slot};
use exchange::Cell;
use register::Class;
use store::{SchoolId, StoreError, Tx, args};
use welfare::attempt::{Channel, Outcome};

use super::promise::{Promise, promises};
use super::watched::{Watched, watched_on};
use crate::authority::{Target, targets_on};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::table::counted;
use crate::keyed::keyed;
use crate::morning::{Kind, Said, Sight, record};
use crate::people::Actor;
use crate::registers::exams::may_stay_away_on;
use crate::roll::contacts_of;
use crate::shell::{Exports, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

keyed! {
    /// What came of an early call, in the order of its keys.
    Answer {
        /// The pupil will come today.
        Comes = "comes", "will come";
        /// The pupil will not come.
        StaysAway = "stays_away", "will not come";
        /// A message was left.
        Message = "left_message", "voicemail";
        /// Nobody answered.
        Nobody = "no_answer", "no answer";
        /// The number is wrong or dead.
        Dead = "number_dead", "wrong number";
        /// Whoever answered is not believed, or does not know where the child is.
        Doubt = "not_satisfied", "reached, not satisfied";
    }
}

impl Answer {
    /// What it is among the outcomes of a contact (E-018).
    pub fn outcome(self) -> Outcome {
        match self {
            Answer::Comes | Answer::StaysAway => Outcome::Reached,
            Answer::Message => Outcome::LeftMessage,
            Answer::Nobody => Outcome::NoAnswer,
            Answer::Dead => Outcome::NumberDead,
            Answer::Doubt => Outcome::NotSatisfied,
        }
    }

    /// It as it goes into the log of contacts; a promise to come is a promise for today.
    pub fn said(self, today: Day, contact: Option<i64>, words: Option<String>) -> Said {
        let said = match (self, words) {
            (Answer::StaysAway, Some(words)) => Some(format!("Will not come: {words}")),
            (Answer::StaysAway, None) => Some("Will not come".to_owned()),
            (_, words) => words,
        };
        Said {
            channel: Some(Channel::Call),
            outcome: Some(self.outcome()),
            contact,
            said,
            expected_on: (self == Answer::Comes).then_some(today),
            ..Said::of(Kind::EarlyCall)
        }
    }
}

/// Why a home is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A notice to improve or an attendance target runs, or the case is before a court.
    Legal(Target),
    /// Whoever is on the list of early calls.
    Watched(Watched),
    /// Somebody promised the pupil for today.
    Promised(Promise),
    /// The pupil sits an examination and may stay away: the sitting and the ground in words (E-190).
    Exam(String),
    /// It is the first day after an absence: the last day away, the code of its last session, school days away.
    After(Day, String, usize),
}

impl Why {
    /// The order in which homes are rung: legal targets first (E-031).
    fn rank(&self) -> (u8, std::cmp::Reverse<usize>) {
        let (rank, days) = match self {
            Why::Legal(_) => (0, 0),
            Why::Promised(_) => (1, 0),
            Why::Exam(_) => (2, 0),
            Why::Watched(_) => (3, 0),
            Why::After(_, _, days) => (4, *days),
        };
        (rank, std::cmp::Reverse(days))
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Why::Legal(target) => target.words(),
            Why::Watched(one) => match &one.note {
                Some(note) => format!("{}: {note}", one.ground.label()),
                None => one.ground.label().to_owned(),
            },
            Why::Promised(promise) => promise.words(),
            Why::Exam(words) => words.clone(),
            Why::After(day, code, 1) => format!("away on {} ({code})", day.short()),
            Why::After(day, code, days) => {
                format!("away for {days} school days until {} ({code})", day.short())
            }
        }
    }
}

/// Everybody whose home is to be rung this morning with the grounds, the most urgent first.
///
/// Rule: E-191, E-190, E-031. Whoever has a plan or a mark of absence for the day's first session is left out: the school knows where they are.
///
/// Legal targets are those of which this person may know.
pub fn to_ring(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    today: Day,
) -> Result<Vec<(EnrolmentId, Vec<Why>)>, StoreError> {
    let mut found: HashMap<EnrolmentId, Vec<Why>> = HashMap::new();
    for (pupil, targets) in targets_on(tx, actor, today, today)? {
        let mut rows = book.roll.rows_of(pupil).iter();
        let row = rows.find(|row| book.roll.enrolments[**row].covers(today));
        if let Some(row) = row {
            let own = found.entry(book.roll.enrolments[*row].id).or_default();
            own.extend(targets.into_iter().map(Why::Legal));
        }
    }
    for (enrolment, all) in watched_on(tx, book.school, today)? {
        let all = all.into_iter().map(Why::Watched);
        found.entry(enrolment).or_default().extend(all);
    }
    for promise in promises(tx, book.school, (today, today))? {
        // What was promised in this morning's own call is not rung about again.
        if promise.made < today {
            let own = found.entry(promise.enrolment).or_default();
            own.push(Why::Promised(promise));
        }
    }
    for (enrolment, words) in may_stay_away_on(tx, book, today)? {
        found.entry(enrolment).or_default().push(Why::Exam(words));
    }
    for row in book.roll.rows_on(today) {
        if let Some(why) = after_an_absence(book, row, today) {
            let enrolment = book.roll.enrolments[row].id;
            found.entry(enrolment).or_default().push(why);
        }
    }
    let mut all: Vec<(EnrolmentId, Vec<Why>)> = found
        .into_iter()
        .filter(|(enrolment, _)| is_awaited(book, *enrolment, today))
        .collect();
    for (_, whys) in &mut all {
        whys.sort_by_key(Why::rank);
    }
    all.sort_by_key(|(enrolment, whys)| {
        let row = book.roll.row(*enrolment);
        let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
        let in_order = pupil.map_or(0, |pupil| pupil.in_order);
        (whys.first().map(Why::rank), in_order)
    });
    Ok(all)
}

/// Whether the school expects the pupil today: on roll, with a session, and no plan or mark that says that they stay away.
fn is_awaited(book: &Book, enrolment: EnrolmentId, today: Day) -> bool {
    let Some(row) = book.roll.row(enrolment) else {
        return false;
    };
    let slots = book.calendar.slots(today, today);
    let first = slots
        .iter()
        .map(|slot| book.mark(row, *slot))
        .find(|mark| mark.is_session());
    book.roll.enrolments[row].covers(today)
        && first.is_some_and(|mark| {
            mark.row().is_none()
                || matches!(
                    mark.class(),
                    Some(Class::Present | Class::ApprovedEducationalActivity)
                )
                || mark.code() == Some(register::Code::NO_REASON_YET)
        })
}

/// Whoever was away for the whole of the last school day.
fn after_an_absence(book: &Book, row: usize, today: Day) -> Option<Why> {
    let last = book.calendar.previous_school_day(today)?;
    let away = |day: Day| {
        let slots = book.calendar.slots(day, day);
        let is_away = |slot: &Slot| {
            let mark = book.mark(row, *slot);
            !mark.is_planned()
                && matches!(mark.class(), Some(Class::Authorised | Class::Unauthorised))
                && mark.code() != Some(register::Code::LATE_AFTER_CLOSE)
        };
        !slots.is_empty() && slots.iter().all(is_away)
    };
    if !away(last) {
        return None;
    }
    let starts = book.roll.enrolments[row].starting_day;
    let days = book.calendar.school_days_between(starts, last);
    let run = days.iter().rev().take_while(|day| away(**day)).count();
    let code = book.calendar.slots(last, last).last()?;
    let code = book.mark(row, *code).code()?;
    Some(Why::After(last, code.to_string(), run))
}

const CALLED: &str = "\
select enrolment_id, made_at, outcome, said, expected_on from absence_entry
where school_id = $1 and on_date = $2 and kind = 'early_call' order by made_at, seq, entry_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CALLED];

/// The last early call to each home today, in words.
fn called(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<HashMap<EnrolmentId, String>, StoreError> {
    let mut found = HashMap::new();
    tx.each(CALLED, &args![school, today], |row| {
        let at = row.get::<calendar::Instant>(1)?.in_london().1;
        let outcome = row.get::<Option<&str>>(2)?.and_then(Outcome::from_key);
        let said = row.get::<Option<String>>(3)?;
        let comes = row.get::<Option<Day>>(4)?.is_some();
        let what = match (comes, outcome) {
            (true, _) => "will come",
            (false, Some(outcome)) => outcome.word(),
            (false, None) => "called",
        };
        let said = said.map(|said| format!(", {said}")).unwrap_or_default();
        found.insert(row.get(0)?, format!("{at}: {what}{said}"));
        Ok(())
    })?;
    Ok(found)
}

/// A pupil's line.
struct Line {
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    form: String,
    why: Vec<String>,
    said: String,
    mark: String,
    current: bool,
}

/// Somebody to ring.
struct Ring {
    contact: i64,
    name: String,
    relation: String,
    numbers: Vec<(String, String, Option<String>)>,
    heed: String,
    may_ring: bool,
    is_first: bool,
}

/// A line, opened.
struct Opened {
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    form: String,
    why: Vec<String>,
    said: String,
    contacts: Vec<Ring>,
    answers: Vec<(usize, Answer)>,
    next: Option<EnrolmentId>,
    may_log: bool,
}

#[derive(Template)]
#[template(path = "watch/early.html")]
struct EarlyPage {
    frame: Frame,
    seq: i64,
    today: String,
    clock: String,
    rung: usize,
    lines: Vec<Line>,
    none: State,
    under: Under,
    row: Option<Opened>,
    rules: Vec<&'static welfare::Rule>,
}

/// `GET /early-calls`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, clock) = here.office.now().in_london();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let current = asked.number("row").map(EnrolmentId);
        let lines = lines(tx, actor, (&book, &sight), today, current)?;
        let row = opened(tx, actor, &book, &sight, &lines)?;
        let notice = (asked.text("did") == "logged").then(|| Notice::done("The call is recorded."));
        Ok(Page(EarlyPage {
            frame: here.frame(tx, actor, "Early calls")?.with_notice(notice),
            seq: book.seq,
            today: today.short(),
            clock: clock.to_string(),
            rung: lines.iter().filter(|line| !line.said.is_empty()).count(),
            none: match book.calendar.is_school_day(today) {
                true => State::empty(
                    "Nobody to ring",
                    "Nobody is on the list of early calls, promised for today, at risk of missing an examination or on their first day after an absence.",
                ),
                false => State::empty("No school today", format!("{}.", today.long())),
            },
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual("/early-calls"),
                ..Under::default()
            },
            lines,
            row,
            rules: ["E-191", "E-031"].into_iter().filter_map(welfare::rule).collect(),
        })
        .into_response())
    })
    .await
}

fn lines(
    tx: &mut Tx,
    actor: &Actor,
    (book, sight): (&Book, &Sight),
    today: Day,
    current: Option<EnrolmentId>,
) -> Result<Vec<Line>, StoreError> {
    let mut called = called(tx, book.school, today)?;
    let first = book.calendar.slots(today, today).first();
    let mut lines = Vec::new();
    for (enrolment, whys) in to_ring(tx, actor, book, today)? {
        let row = book.roll.row(enrolment);
        let Some((row, pupil)) = row.and_then(|row| Some((row, book.roll.pupil_of_row(row)?)))
        else {
            continue;
        };
        if !sight.covers(pupil.id) {
            continue;
        }
        let form = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
        let mark = first.and_then(|slot| {
            let mark = book.mark(row, *slot);
            mark.code().filter(|_| !mark.is_planned())
        });
        lines.push(Line {
            enrolment,
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            why: whys.iter().map(Why::words).collect(),
            said: called.remove(&enrolment).unwrap_or_default(),
            mark: mark.map(|code| code.to_string()).unwrap_or_default(),
            current: current == Some(enrolment),
        });
    }
    Ok(lines)
}

fn opened(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    sight: &Sight,
    lines: &[Line],
) -> Result<Option<Opened>, StoreError> {
    let Some(place) = lines.iter().position(|line| line.current) else {
        return Ok(None);
    };
    let line = &lines[place];
    let waits = |line: &&Line| line.said.is_empty() && line.mark.is_empty();
    let mut after = lines[place + 1..].iter().chain(&lines[..place]);
    Ok(Some(Opened {
        enrolment: line.enrolment,
        pupil: line.pupil,
        name: book
            .roll
            .pupil(line.pupil)
            .map(|pupil| pupil.called())
            .unwrap_or_default(),
        form: line.form.clone(),
        why: line.why.clone(),
        said: line.said.clone(),
        contacts: match sight.sees_contacts(line.pupil) {
            true => rings(tx, actor.school, line.pupil)?,
            false => Vec::new(),
        },
        answers: Answer::ALL
            .iter()
            .enumerate()
            .map(|(place, answer)| (place + 1, *answer))
            .collect(),
        next: after.find(waits).map(|line| line.enrolment),
        may_log: sight.may_log(line.pupil),
    }))
}

fn rings(tx: &mut Tx, school: SchoolId, pupil: PupilId) -> Result<Vec<Ring>, StoreError> {
    let contacts = contacts_of(tx, school, pupil)?.into_iter();
    let mut rings: Vec<Ring> = contacts
        .map(|contact| {
            let heed = [
                (contact.do_not_contact, "do not contact"),
                (contact.court_order, "court order: read it first"),
                (contact.interpreter, "needs an interpreter"),
            ];
            let heed: Vec<&str> = heed
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, words)| words)
                .collect();
            Ring {
                contact: contact.contact.0,
                name: contact.name(),
                relation: contact.relationship.clone(),
                numbers: contact
                    .routes
                    .iter()
                    .map(|route| (route.kind.clone(), route.shown(), route.href()))
                    .collect(),
                heed: heed.join(", "),
                may_ring: !contact.do_not_contact
                    && contact.routes.iter().any(|route| route.rings()),
                is_first: false,
            }
        })
        .collect();
    if let Some(first) = rings.iter_mut().find(|ring| ring.may_ring) {
        first.is_first = true;
    }
    Ok(rings)
}

/// `POST /early-calls/{enrolment}`: records what came of the call, and goes on to the next home.
pub(super) async fn log_one(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let Some(answer) = Answer::from_key(answers.text("outcome")) else {
        let ground = "Say what came of it: press 1 to 6, or choose an outcome (E-018).";
        return Err(desk.problem(Refusal::Wrong(ground.to_owned())));
    };
    let (today, _) = desk.office.today();
    let said = answer.said(today, answers.number("contact"), answers.given("said"));
    desk.act(move |act, actor| record(act, actor, EnrolmentId(enrolment), &said).map(drop))
        .await?;
    let next = answers.text("next");
    let row = match next.is_empty() {
        true => "did=logged".to_owned(),
        false => format!("row={next}&did=logged"),
    };
    Ok(Redirect::to(&format!("/early-calls?{row}")).into_response())
}

/// `/early-calls` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let lines = lines(tx, wanted.actor, (&book, &sight), today, None)?;
    let headings = ["Pupil", "Tutor group", "Why", "Call", "Mark"];
    let mut sheet = wanted.sheet(tx, "Early calls", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                &line.name,
                &line.form,
                &line.why.join("; "),
                &line.said,
                &line.mark,
            ]
            .map(|text| Cell::text(text))
            .to_vec()
        })
        .collect();
    let named: BTreeSet<PupilId> = lines.iter().map(|line| line.pupil).collect();
    Ok(Leaving::new(sheet, today).naming(named))
}
