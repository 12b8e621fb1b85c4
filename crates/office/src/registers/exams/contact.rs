//! The attendance plan of an examination: which candidates may stay away, when their homes are spoken to before it, and what came of it.
//!
//! Rule: E-190, E-191. Both stand on one source that is not confirmed (U): the steps are that source's, the bands of the risk are ours,
//! and nothing follows from either but whom a list names first.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::{Day, Instant, Session, Slot, TimeOfDay};
use register::Class;
use register::lesson::LessonMark;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::read::{Exam, exam, exams_on, is_not_there, seats};
use super::set::SEATED;
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, ExamId};
use crate::insight::last_marks;
use crate::keyed::keyed;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::lessons::place::Place;
use crate::registers::records::EXAM_CONTACT;
use crate::registers::save::{LONGEST_TEXT, clock_of, name_of};
use crate::shell::{Choice, Field};

pub(super) const CONTACTS: &str = "\
select c.enrolment_id, c.step, c.outcome, c.note, j.at, j.account_id
from exam_contact c
join journal_entry j on j.school_id = c.school_id and j.seq = c.seq
where c.school_id = $1 and c.exam_id = $2
order by c.seq";

keyed! {
    /// When the home of a candidate is spoken to (E-190).
    Step {
        /// A week before, from 09:00.
        Week = "week", "a week before";
        /// The evening before, from 17:00.
        Evening = "evening", "the evening before";
        /// On the day, from 07:30 (E-191).
        Morning = "morning", "07:30 on the day";
        /// When it begins, for a candidate who is not there.
        Start = "start", "at the start";
    }
}

keyed! {
    /// What came of a call.
    Answered {
        /// They will come.
        Comes = "comes", "will come";
        /// They are on their way.
        OnTheWay = "on_the_way", "is on the way";
        /// Somebody of the school fetches them.
        Fetched = "fetched", "is being fetched";
        /// They will not come.
        StaysAway = "stays_away", "will not come";
        /// A message was left.
        Message = "message", "message left";
        /// Nobody answered.
        Nobody = "nobody", "nobody answered";
    }
}

impl Step {
    /// From when on the step is due.
    fn due(self, exam: &Exam) -> Instant {
        let at = |day: Day, hour, minute| {
            let time = TimeOfDay::new(hour, minute, 0).expect("a clock time");
            Instant::at_london(day, time)
        };
        match self {
            Step::Week => at(exam.day.plus_days(-7), 9, 0),
            Step::Evening => at(exam.day.previous(), 17, 0),
            Step::Morning => at(exam.day, 7, 30),
            Step::Start => Instant::at_london(exam.day, exam.starts),
        }
    }

    /// The newest step that is due; none before the first and once the examination is over.
    fn now(exam: &Exam, now: Instant) -> Option<Step> {
        if now >= Instant::at_london(exam.day, exam.ends) {
            return None;
        }
        let mut steps = Step::ALL.iter().rev().copied();
        steps.find(|step| step.due(exam) <= now)
    }
}

/// How many of the last sessions are looked at.
const LOOKED_AT: usize = 20;

/// How likely a candidate is to stay away, by the last twenty sessions at which they could have been present.
///
/// Absences of every class count: what matters is who may not come. The bands are the product's own: from 2 of 20 (one in ten) some,
/// from 4 of 20 (one in five) high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Risk {
    absent: usize,
    of: usize,
}

impl Risk {
    /// The risk of a pupil who is in this row of the book.
    pub(super) fn of(book: &Book, row: usize, before: Slot) -> Risk {
        let classes = last_marks(book, row, before, LOOKED_AT * 2)
            .into_iter()
            .rev()
            .filter_map(|(_, mark)| Some(mark.row()?.class));
        let possible =
            classes.filter(|class| !matches!(class, Class::NotPossible | Class::Administrative));
        let last: Vec<Class> = possible.take(LOOKED_AT).collect();
        let is_absent = |class: &&Class| matches!(class, Class::Authorised | Class::Unauthorised);
        Risk {
            absent: last.iter().filter(is_absent).count(),
            of: last.len(),
        }
    }

    /// Whether the candidate's home is spoken to before the examination.
    pub(super) fn is_any(self) -> bool {
        self.absent * 10 >= self.of && self.absent > 0
    }

    /// Whether this candidate comes before the others.
    pub(super) fn is_high(self) -> bool {
        self.absent * 5 >= self.of && self.absent > 0
    }

    /// `high: absent from 5 of the last 20 sessions`; empty where there is hardly any.
    pub(super) fn words(self) -> String {
        let Risk { absent, of } = self;
        let band = match (self.is_high(), self.is_any()) {
            (true, _) => "high",
            (false, true) => "some",
            _ => return String::new(),
        };
        format!("{band}: absent from {absent} of the last {of} sessions")
    }
}

/// The candidates of a day's examinations who may well stay away, each with the sitting and the ground in words (E-190, E-191).
pub(crate) fn may_stay_away_on(
    tx: &mut Tx,
    book: &Book,
    day: Day,
) -> Result<Vec<(EnrolmentId, String)>, StoreError> {
    let before = Slot::new(day, Session::Am);
    let mut found = Vec::new();
    for exam in exams_on(tx, book.school, day)? {
        for (enrolment, _, _) in seats(tx, book.school, exam.id)? {
            let risk = book
                .roll
                .row(enrolment)
                .map(|row| Risk::of(book, row, before));
            if let Some(risk) = risk.filter(|risk| risk.is_any()) {
                let (title, starts) = (&exam.title, exam.starts);
                found.push((enrolment, format!("{title} at {starts}: {}", risk.words())));
            }
        }
    }
    Ok(found)
}

/// What came of a call about a candidate.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    step: Step,
    outcome: Answered,
    note: Option<String>,
    at: Instant,
    who: String,
}

impl Contact {
    /// `a week before: will come, Tue 17 Nov 09:12, Mrs P Office`.
    pub(super) fn words(&self, now: Instant) -> String {
        let note = match &self.note {
            Some(note) => format!(" ({note})"),
            None => String::new(),
        };
        let (step, outcome) = (self.step.label(), self.outcome.label());
        format!(
            "{step}: {outcome}{note}, {}, {}",
            clock_of(self.at, now),
            self.who
        )
    }

    /// The same without who, when and the note, for a list that leaves the school.
    pub(super) fn bare(&self) -> String {
        format!("{}: {}", self.step.label(), self.outcome.label())
    }
}

/// The calls about the candidates of a sitting, by time on roll, oldest first.
pub(super) fn contacts(
    tx: &mut Tx,
    school: SchoolId,
    exam: ExamId,
) -> Result<HashMap<EnrolmentId, Vec<Contact>>, StoreError> {
    let rows = tx.query(CONTACTS, &args![school, exam], |row| {
        let step = Step::from_key(row.get(1)?);
        let outcome = Answered::from_key(row.get(2)?);
        Ok((
            row.get::<EnrolmentId>(0)?,
            step.zip(outcome),
            row.get::<Option<String>>(3)?,
            row.get::<Instant>(4)?,
            row.get(5)?,
        ))
    })?;
    let mut found: HashMap<EnrolmentId, Vec<Contact>> = HashMap::new();
    for (candidate, said, note, at, account) in rows {
        let Some((step, outcome)) = said else {
            continue;
        };
        found.entry(candidate).or_default().push(Contact {
            step,
            outcome,
            note,
            at,
            who: name_of(tx, school, account)?,
        });
    }
    Ok(found)
}

/// What is known of a candidate when somebody asks whether to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// There, or expected.
    Expected,
    /// Not there, and nothing says why.
    Missing,
    /// Away, and the attendance register, a plan or the invigilator says why.
    Explained,
}

/// What is known of a candidate by the registers.
pub(super) fn whereabouts(candidate: &Place) -> Whereabouts {
    let is_explained = candidate.is_away() || candidate.mark() == Some(LessonMark::NotExpected);
    match (is_not_there(candidate), is_explained) {
        (false, _) => Whereabouts::Expected,
        (true, false) => Whereabouts::Missing,
        (true, true) => Whereabouts::Explained,
    }
}

/// The call that is due now about a candidate: before the examination where there is a risk and they are expected, at its start where nobody
/// knows why they are not there.
pub(super) fn due(
    exam: &Exam,
    now: Instant,
    risk: Risk,
    whereabouts: Whereabouts,
    contacts: &[Contact],
) -> Option<Step> {
    let step = Step::now(exam, now)?;
    let is_asked_for = match step {
        Step::Start => whereabouts == Whereabouts::Missing,
        _ => risk.is_any() && whereabouts == Whereabouts::Expected,
    };
    let is_done = contacts.iter().any(|contact| contact.step == step);
    (is_asked_for && !is_done).then_some(step)
}

/// Whether this person keeps the attendance plan: whoever keeps the registers for the school.
pub(super) fn keeps_plan(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

/// A call about a candidate as somebody logs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContact {
    /// Which call of the chain.
    pub step: Step,
    /// What came of it.
    pub outcome: Answered,
    /// What else was said.
    pub note: Option<String>,
}

/// Logs what came of a call about a candidate. A call may be logged again: all are kept, and who said so.
///
/// Rule: E-190 (U). Errors: [`Refusal::NotFound`] for whoever does not keep the registers for the school and for somebody who has no seat,
/// [`Refusal::Wrong`] for a call that is still to come and for a note that is too long.
pub fn log_contact(
    act: &mut Act,
    actor: &Actor,
    now: Instant,
    (id, candidate): (ExamId, EnrolmentId),
    new: &NewContact,
) -> Result<(), Refusal> {
    if !keeps_plan(actor) {
        return Err(Refusal::NotFound);
    }
    let sitting = exam(act.tx(), actor.school, id)?.ok_or(Refusal::NotFound)?;
    let seat = args![actor.school, id, candidate];
    let seated = act.tx().query_opt(SEATED, &seat, |_| Ok(()))?;
    seated.ok_or(Refusal::NotFound)?;
    let note = new
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    if note.is_some_and(|note| note.chars().count() > LONGEST_TEXT) {
        return Err(Refusal::Wrong(
            "The note is longer than 500 characters. Shorten it.".to_owned(),
        ));
    }
    if now < new.step.due(&sitting) {
        return Err(Refusal::Wrong(
            "This call is still to come. Choose an earlier one.".to_owned(),
        ));
    }
    let (step, outcome) = (new.step.key(), new.outcome.key());
    act.record(&EXAM_CONTACT, &args![id, candidate, step, outcome, note])?;
    act.describe(actor.entry(
        "log a call about an examination",
        format!("exam {id}, enrolment {candidate}"),
    ));
    Ok(())
}

fn contact_form(
    book: &Book,
    exam: &Exam,
    candidate: EnrolmentId,
    now: Instant,
) -> Result<FormPage, Refusal> {
    let pupil = book
        .roll
        .row(candidate)
        .and_then(|row| book.roll.pupil_of_row(row))
        .ok_or(Refusal::NotFound)?;
    let steps = Step::ALL.iter().filter(|step| step.due(exam) <= now);
    let steps: Vec<Choice> = steps
        .map(|step| Choice::new(step.key(), step.label()))
        .collect();
    let newest = Step::now(exam, now).unwrap_or(Step::Start);
    let outcomes = Answered::ALL.iter();
    let outcomes = outcomes.map(|one| Choice::new(one.key(), one.label()));
    let outcomes = std::iter::once(Choice::new("", "Choose")).chain(outcomes);
    let fields = vec![
        Field::select("step", "Which call", steps).value(newest.key()),
        Field::select("outcome", "What came of it", outcomes.collect()),
        Field::line("note", "Note")
            .optional()
            .hint("Such as what special consideration may rest on."),
    ];
    Ok(FormPage::new(
        "Log a call",
        (format!("/exams/{}", exam.id), "Examination"),
        "Log it",
        vec![Part::new("", fields)],
    )
    .of(format!(
        "{}: {}, {}, {}",
        pupil.called(),
        exam.title,
        exam.day.long(),
        exam.times()
    ))
    .about("Kept with your name and the time. It makes no mark: who is there, the register says (E-190)."))
}

/// `/exams/{exam}/seats/{candidate}/call`.
pub(super) async fn ask_contact(
    desk: Desk,
    Path((id, candidate)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        if !keeps_plan(actor) {
            return Err(Refusal::NotFound);
        }
        let sitting = exam(tx, actor.school, ExamId(id))?.ok_or(Refusal::NotFound)?;
        let seat = args![actor.school, sitting.id, EnrolmentId(candidate)];
        tx.query_opt(SEATED, &seat, |_| Ok(()))?
            .ok_or(Refusal::NotFound)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        contact_form(&book, &sitting, EnrolmentId(candidate), here.office.now())
    })
    .await
}

/// Logs it, and goes back to the sitting.
pub(super) async fn answer_contact(
    desk: Desk,
    Path((id, candidate)): Path<(i64, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let mut wrongs = Wrongs::default();
    let step = Step::from_key(answers.text("step"));
    if step.is_none() {
        wrongs.add("step", "Say which call it was.");
    }
    let outcome = Answered::from_key(answers.text("outcome"));
    if outcome.is_none() {
        wrongs.add("outcome", "Say what came of it.");
    }
    let (Some(step), Some(outcome)) = (step, outcome) else {
        return form::again(desk, answers, wrongs, move |tx, actor, _| {
            if !keeps_plan(actor) {
                return Err(Refusal::NotFound);
            }
            let sitting = exam(tx, actor.school, ExamId(id))?.ok_or(Refusal::NotFound)?;
            let book = here.office.shelf.book(tx, actor.school)?;
            contact_form(&book, &sitting, EnrolmentId(candidate), here.office.now())
        })
        .await;
    };
    let new = NewContact {
        step,
        outcome,
        note: answers.given("note"),
    };
    form::answer(desk, move |act, actor, _| {
        let now = here.office.now();
        log_contact(act, actor, now, (ExamId(id), EnrolmentId(candidate)), &new)?;
        Ok(Outcome::done(&format!("/exams/{id}"), "call"))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str, time: &str) -> Instant {
        let (day, time) = (day.parse(), time.parse());
        Instant::at_london(day.expect("a day"), time.expect("a clock time"))
    }

    fn monday() -> Exam {
        let time = |text: &str| text.parse().expect("a clock time");
        Exam {
            id: ExamId(1),
            day: "2026-11-30".parse().expect("a day"),
            title: "Mathematics 1".to_owned(),
            starts: time("09:00"),
            ends: time("10:30"),
        }
    }

    #[test]
    fn each_call_falls_due_at_its_own_moment_and_none_after_the_examination() {
        let exam = monday();
        let cases = [
            ("2026-11-23", "08:59", None),
            ("2026-11-23", "09:00", Some(Step::Week)),
            ("2026-11-29", "16:59", Some(Step::Week)),
            ("2026-11-29", "17:00", Some(Step::Evening)),
            ("2026-11-30", "07:29", Some(Step::Evening)),
            ("2026-11-30", "07:30", Some(Step::Morning)),
            ("2026-11-30", "09:00", Some(Step::Start)),
            ("2026-11-30", "10:30", None),
        ];
        for (day, time, expected) in cases {
            assert_eq!(Step::now(&exam, at(day, time)), expected, "{day} {time}");
        }
    }

    #[test]
    fn a_risk_begins_at_one_session_in_ten_and_is_high_from_one_in_five() {
        let words = |absent, of| Risk { absent, of }.words();
        assert_eq!(words(1, 20), "");
        assert_eq!(words(2, 20), "some: absent from 2 of the last 20 sessions");
        assert_eq!(words(3, 20), "some: absent from 3 of the last 20 sessions");
        assert_eq!(words(4, 20), "high: absent from 4 of the last 20 sessions");
        assert_eq!(words(0, 0), "", "nothing is known of a newcomer");
    }

    #[test]
    fn a_call_is_due_for_whom_it_is_meant_until_it_is_logged() {
        let exam = monday();
        let morning = at("2026-11-30", "07:45");
        let (some, none) = (Risk { absent: 3, of: 20 }, Risk { absent: 0, of: 20 });
        let due =
            |now, risk, whereabouts, logged: &[Contact]| due(&exam, now, risk, whereabouts, logged);
        use Whereabouts::{Expected, Explained, Missing};
        assert_eq!(due(morning, some, Expected, &[]), Some(Step::Morning));
        assert_eq!(due(morning, none, Expected, &[]), None);
        assert_eq!(due(morning, some, Explained, &[]), None, "away by a plan");
        let begun = at("2026-11-30", "09:05");
        assert_eq!(due(begun, some, Expected, &[]), None, "is there");
        assert_eq!(due(begun, none, Missing, &[]), Some(Step::Start));
        assert_eq!(due(begun, some, Explained, &[]), None, "is ill");
        let logged = [Contact {
            step: Step::Start,
            outcome: Answered::OnTheWay,
            note: None,
            at: begun,
            who: "Mrs P Office".to_owned(),
        }];
        assert_eq!(due(begun, none, Missing, &logged), None);
    }
}
