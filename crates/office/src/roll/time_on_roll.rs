//! Times on roll: a new one for somebody who returns, an amended one, and the end on a ground of the law.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::{Day, Session, Slot};
use register::Confidence;
use register::deletion::{
    DeletionGround, DeletionRefusal, DeletionRequest, HomeEducationNotice, deletion_ground,
    deletion_grounds, may_delete,
};
use store::{Act, SchoolId, Tx, args};

use super::add_pupil::{begin, joining_questions, read_joining, sentence};
use super::boarding;
use super::days_on_roll::{Moved, STATEMENTS as OF_DAYS, move_with_it, preview};
use super::groups::{choose_groups, join_chosen_groups};
use super::keeping::{may_keep, must_be_unchanged};
use super::record::{ENROLMENT_KINDS, PupilRow, TimeOnRoll, pupil_row, times_on_roll};
use super::records::ENROLMENT;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, hidden, tick};
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Actor, RecordKind};
use crate::registers::{first_attended, marks_before, present_on};
use crate::shell::{Choice, Field};
use crate::year::{CalendarError, calendar};

fn pupil_and_times(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
) -> Result<(PupilRow, Vec<TimeOnRoll>), Refusal> {
    let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
    Ok((row, times_on_roll(tx, actor.school, pupil)?))
}

/// The time on roll that is open today or begins later.
fn open_time(times: &[TimeOnRoll], today: Day) -> Result<&TimeOnRoll, Refusal> {
    times
        .iter()
        .rev()
        .find(|time| time.is_open_on(today))
        .ok_or_else(|| {
            Refusal::Wrong("The pupil is not on roll, so there is nothing to end.".to_owned())
        })
}

fn record_page(pupil: PupilId) -> String {
    format!("/pupils/{pupil}/record")
}

fn write_time(act: &mut Act, time: &TimeOnRoll) -> Result<(), store::StoreError> {
    act.replace(
        &ENROLMENT,
        &args![
            time.id,
            time.pupil,
            time.kind.as_str(),
            time.starting_day,
            time.agreed_with.as_deref(),
            time.leaving_day,
            time.deletion_ground.as_deref(),
            time.last_school.as_deref(),
            time.last_school_address.as_deref(),
            time.next_school.as_deref()
        ],
    )?;
    Ok(())
}

// Ending ------------------------------------------------------------------------------------------------------------

/// A ground as the form helps to choose it.
fn ground_help(ground: &DeletionGround) -> Help {
    let trust = match ground.confidence {
        Confidence::Primary => "",
        _ => " Check before relying: the wording was not read at its source.",
    };
    let mut lines = vec![
        format!("{}.", ground.conditions.trim_end_matches('.')),
        format!(
            "Hold as evidence: {}.",
            ground.evidence.trim_end_matches('.')
        ),
        format!(
            "Source: regulation {}, {} ({}).{trust}",
            ground.regulation, ground.source, ground.rule
        ),
    ];
    if ground.blocked_by_order {
        lines.push(
            "Not while a school attendance order naming this school is in force (R-307)."
                .to_owned(),
        );
    }
    Help {
        heading: format!("{}: {}", ground.letter, ground.name),
        lines,
    }
}

fn end_form(row: &PupilRow, time: &TimeOnRoll, pupil: PupilId, today: Day) -> FormPage {
    let grounds = deletion_grounds().iter().map(|ground| {
        Choice::new(
            &*ground.letter,
            format!("{}: {}", ground.letter, ground.name),
        )
    });
    let grounds = std::iter::once(Choice::new("", "Choose the ground")).chain(grounds);
    let main = vec![
        Field::select("ground", "Ground", grounds.collect())
            .hint("The conditions of each are below. There is no other ground (R-305)."),
        Field::day("established", "The ground was established and recorded on").value(today.to_string()),
        Field::day("last", "Last day on roll")
            .hint("Today or later: a name is never deleted in retrospect, and the pupil is marked up to it (R-306).")
            .value(today.to_string()),
        Field::line("next_school", "The next school")
            .hint("Its name, if there is one (R-006).")
            .optional(),
        hidden("seq", time.seq),
    ];
    let facts = vec![
        tick(
            "confirmed",
            "The conditions of the ground are met, and the evidence is held",
        ),
        tick(
            "order",
            "A school attendance order naming this school is in force",
        ),
        tick(
            "mobile",
            "The pupil is a mobile child and this is their main school",
        ),
        tick(
            "special",
            "This is a special school place that a local authority arranged",
        ),
        tick(
            "consent",
            "That authority consents, or the Secretary of State has so directed",
        ),
        tick(
            "independent",
            "This is an independent or a non-maintained special school",
        ),
        tick(
            "notice",
            "For F: a parent has given notice of home education in writing",
        ),
        Field::day(
            "notice_last",
            "For F: the last day at school that the notice names",
        )
        .optional(),
        tick(
            "review_over",
            "For O: the review of the exclusion is over, waived or out of time",
        ),
    ];
    FormPage::new("End the time on roll", (record_page(pupil), "Record"), "End the time on roll", vec![
            Part::new("", main),
            Part::new("What it rests on", facts),
        ]).of(row.listed()).about("Deletes the name from the admission register after the last day. The pupil leaves every group then, stays in this year's figures (R-219), and the record is kept. The local authority must be told no later than the deletion (R-331).").help(deletion_grounds().iter().map(ground_help).collect())
}

/// `/pupils/{pupil}/end`.
pub(super) async fn ask_end(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
        let (row, times) = pupil_and_times(tx, actor, pupil)?;
        let time = open_time(&times, today)?;
        Ok(end_form(&row, time, pupil, today))
    })
    .await
}

/// Ends the time on roll, or says every ground against it; shows first what it does to marks and figures.
pub(super) async fn answer_end(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    if answers.text("go") != "make" {
        let (here, given) = (desk.clone(), answers.clone());
        let moved = desk
            .read(move |tx, actor| {
                let today = here.office.today().0;
                may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
                let (row, times) = pupil_and_times(tx, actor, pupil)?;
                let time = open_time(&times, today)?;
                let mut wrongs = Wrongs::default();
                let ended = read_ended(tx, actor, &given, (&row, time), today, &mut wrongs)?;
                Ok(ended.and_then(|(ended, _)| Moved::of(time, &ended)))
            })
            .await?;
        if let Some(moved) = moved {
            let action = format!("/pupils/{pupil}/end");
            return preview(&desk, moved, action, &answers).await;
        }
    }
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::PupilCore, pupil, today)?;
        let (row, times) = pupil_and_times(act.tx(), actor, pupil)?;
        let time = open_time(&times, today)?;
        must_be_unchanged(act.tx(), actor, &answers, time.seq)?;
        let mut wrongs = Wrongs::default();
        let ended = read_ended(act.tx(), actor, &answers, (&row, time), today, &mut wrongs)?;
        let Some((ended, ground)) = ended else {
            let form = end_form(&row, time, pupil, today);
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        write_time(act, &ended)?;
        let reason = format!("Ground {}: {}", ground.letter, ground.name);
        if let Some(moved) = Moved::of(time, &ended) {
            move_with_it(act, actor, &moved, &reason)?;
        }
        act.note("reason", &reason);
        act.describe(actor.entry("end time on roll", format!("pupil {pupil}")));
        Ok(Outcome::done(&record_page(pupil), "ended"))
    })
    .await
}

/// The time on roll with the end that the answers give it, and the ground; none, with every ground against it, where it may not end so.
fn read_ended(
    tx: &mut Tx,
    actor: &Actor,
    answers: &Answers,
    (row, time): (&PupilRow, &TimeOnRoll),
    today: Day,
    wrongs: &mut Wrongs,
) -> Result<Option<(TimeOnRoll, &'static DeletionGround)>, Refusal> {
    let ground = deletion_ground(answers.text("ground"));
    if ground.is_none() {
        wrongs.add("ground", "Choose the ground; free text is not one (R-305).");
    }
    let last = answers.day("last", wrongs);
    let established = answers.day("established", wrongs);
    let notice_last = answers.day_if_given("notice_last", wrongs);
    if !answers.ticked("confirmed") {
        wrongs.add(
            "confirmed",
            "Confirm that the conditions are met: the registers alone cannot show it.",
        );
    }
    if last.is_some_and(|last| last < time.starting_day) {
        wrongs.add(
            "last",
            format!("The pupil starts on {}.", time.starting_day.long()),
        );
    }
    if let (Some(ground), Some(last), Some(established)) = (ground, last, established) {
        let unmarked = unmarked(tx, actor.school, time, last.min(today.previous()))?;
        let request = DeletionRequest {
            ground,
            deletion_day: last,
            established_on: established,
            today,
            date_of_birth: Some(row.birth_day),
            unmarked: &unmarked,
            attendance_order_in_force: answers.ticked("order"),
            main_school_of_mobile_child: answers.ticked("mobile"),
            special_school_place: answers.ticked("special"),
            authority_consents: answers.ticked("consent"),
            independent_or_non_maintained_special: answers.ticked("independent"),
            home_education_notice: answers.ticked("notice").then_some(HomeEducationNotice {
                in_writing: true,
                last_day: notice_last,
            }),
            exclusion_review_over: answers.ticked("review_over"),
        };
        for refusal in may_delete(&request).err().unwrap_or_default() {
            wrongs.add(field_of(&refusal), sentence(&refusal.to_string()));
        }
    }
    let (Some(ground), Some(last), true) = (ground, last, wrongs.is_empty()) else {
        return Ok(None);
    };
    let ended = TimeOnRoll {
        leaving_day: Some(last),
        deletion_ground: Some(ground.letter.clone()),
        next_school: answers
            .given("next_school")
            .or_else(|| time.next_school.clone()),
        ..time.clone()
    };
    Ok(Some((ended, ground)))
}

/// The question beside which a refusal stands.
fn field_of(refusal: &DeletionRefusal) -> &'static str {
    match refusal {
        DeletionRefusal::InRetrospect { .. } | DeletionRefusal::SessionsUnmarked { .. } => "last",
        DeletionRefusal::NotEstablishedYet { .. } => "established",
        DeletionRefusal::AttendanceOrder => "order",
        DeletionRefusal::AuthorityHasNotConsented => "consent",
        DeletionRefusal::MainSchoolOfMobileChild => "mobile",
        DeletionRefusal::NoWrittenNotice => "notice",
        DeletionRefusal::LastDayNotPassed { .. } => "notice_last",
        DeletionRefusal::NotThisKindOfSchool => "independent",
        DeletionRefusal::ReviewNotOver => "review_over",
        DeletionRefusal::AgeNotKnown
        | DeletionRefusal::OtherAge { .. }
        | DeletionRefusal::StillOfCompulsoryAge { .. } => "ground",
    }
}

const MARKED: &str = "\
select on_date, session from mark where school_id = $1 and enrolment_id = $2 and code is not null";

/// The sessions of a time on roll up to and including a day that were due and have no mark.
fn unmarked(
    tx: &mut Tx,
    school: SchoolId,
    time: &TimeOnRoll,
    last: Day,
) -> Result<Vec<Slot>, Refusal> {
    let calendar =
        calendar(tx, school).map_err(|error: CalendarError| Refusal::Book(error.into()))?;
    let marked = tx.query(MARKED, &args![school, time.id], |row| {
        Ok((row.get::<Day>(0)?, row.get::<i64>(1)?))
    })?;
    let marked: std::collections::HashSet<Slot> = marked
        .into_iter()
        .filter_map(|(day, session)| Some(Slot::new(day, Session::from_index(session)?)))
        .collect();
    if last < time.starting_day {
        return Ok(Vec::new());
    }
    let said = boarding::of_pupil(tx, school, time.pupil)?;
    let is_due = |slot: &&Slot| {
        let boards = boarding::boards_on(&said, slot.day) == Some(true);
        register::marked(time.starting_day, Some(last), boards, slot.day).is_ok()
    };
    let due = calendar.slots(time.starting_day, last).iter();
    let missing = due.filter(is_due).filter(|slot| !marked.contains(slot));
    Ok(missing.copied().collect())
}

// Beginning again ---------------------------------------------------------------------------------------------------

fn enrol_form(
    tx: &mut Tx,
    actor: &Actor,
    row: &PupilRow,
    pupil: PupilId,
    today: Day,
) -> Result<FormPage, Refusal> {
    Ok(FormPage::new("Enter a new time on roll", (record_page(pupil), "Record"), "Enter in the admission register", vec![joining_questions(today), choose_groups(tx, actor, today)?]).of(row.listed()).about("The pupil returns: the record goes on, and the earlier time on roll stays as it was. The local authority must be told within five days (R-330)."))
}

/// `/pupils/{pupil}/enrol`.
pub(super) async fn ask_enrol(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
        let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
        enrol_form(tx, actor, &row, pupil, today)
    })
    .await
}

/// Enters a new time on roll of a pupil who is known.
pub(super) async fn answer_enrol(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::PupilCore, pupil, today)?;
        let (row, times) = pupil_and_times(act.tx(), actor, pupil)?;
        let mut wrongs = Wrongs::default();
        let joining = read_joining(&answers, today, &mut wrongs);
        if let Some(joining) = &joining
            && let Some(other) = overlapping(&times, None, joining.starting_day, None)
        {
            wrongs.add("starting_day", overlap_in_words(other));
        }
        let Some(joining) = joining.filter(|_| wrongs.is_empty()) else {
            let form = enrol_form(act.tx(), actor, &row, pupil, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let enrolment = begin(act, pupil, &joining)?;
        join_chosen_groups(act, &answers, enrolment, joining.starting_day)?;
        act.describe(actor.entry("enter time on roll", format!("pupil {pupil}")));
        Ok(Outcome::done(&record_page(pupil), "enrolled"))
    })
    .await
}

/// Another time on roll that has a day in common with these.
fn overlapping(
    times: &[TimeOnRoll],
    own: Option<EnrolmentId>,
    first: Day,
    last: Option<Day>,
) -> Option<&TimeOnRoll> {
    times.iter().find(|time| {
        Some(time.id) != own
            && time.is_open_on(first)
            && last.is_none_or(|last| time.starting_day <= last)
    })
}

fn overlap_in_words(other: &TimeOnRoll) -> String {
    match other.leaving_day {
        Some(last) => format!(
            "The pupil is on roll from {} to {} already. Choose a later day.",
            other.starting_day.long(),
            last.long()
        ),
        None => format!(
            "The pupil is on roll from {} already. End that time on roll first.",
            other.starting_day.long()
        ),
    }
}

// Amending ----------------------------------------------------------------------------------------------------------

fn amend_form(row: &PupilRow, time: &TimeOnRoll, today: Day) -> FormPage {
    let kinds = ENROLMENT_KINDS
        .iter()
        .map(|(key, words)| Choice::new(*key, *words))
        .collect();
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut fields = vec![
        Field::day("starting_day", "Starting day").value(time.starting_day.to_string()),
        Field::line("agreed_with", "Starting day agreed with")
            .value(optional(&time.agreed_with))
            .optional(),
        Field::select("kind", "Registration", kinds).value(time.kind.clone()),
        Field::line("next_school", "Other or next school")
            .value(optional(&time.next_school))
            .optional(),
        Field::line("last_school", "Last school")
            .value(optional(&time.last_school))
            .optional(),
        Field::line("last_school_address", "Address of the last school")
            .value(optional(&time.last_school_address))
            .optional(),
    ];
    match time.leaving_day {
        Some(last) if last >= today => {
            fields.push(
                Field::day("leaving_day", "Last day on roll")
                    .hint("Today or later: a name is never deleted in retrospect (R-306). The ground stays.")
                    .value(last.to_string()),
            );
            fields.push(tick(
                "stays",
                "The pupil stays after all: take back the last day on roll and its ground",
            ));
        }
        Some(last) => fields.push(tick(
            "stays",
            format!(
                "The end on {} was recorded in error, and the pupil never left: take it back with its ground. It is not moved to another day that has passed; end the time on roll again, today or later (R-306)",
                last.long()
            ),
        )),
        None => {}
    }
    fields.push(form::reason());
    fields.push(hidden("seq", time.seq));
    FormPage::new("Amend a time on roll", (record_page(time.pupil), "Record"), "Amend the time on roll", vec![Part::new("", fields)]).of(row.listed()).about("What stands there now is kept beside what you write, with your reason (R-007). A last day on roll is set only with a ground, under End the time on roll; whether the pupil boards is a characteristic with days of its own.")
}

fn time_of(times: Vec<TimeOnRoll>, id: EnrolmentId) -> Result<TimeOnRoll, Refusal> {
    times
        .into_iter()
        .find(|time| time.id == id)
        .ok_or(Refusal::NotFound)
}

/// `/pupils/{pupil}/times/{enrolment}`.
pub(super) async fn ask_amend(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, EnrolmentId)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
        let (row, times) = pupil_and_times(tx, actor, pupil)?;
        let time = time_of(times, id)?;
        Ok(amend_form(&row, &time, today))
    })
    .await
}

/// Amends the time on roll.
pub(super) async fn answer_amend(
    desk: Desk,
    Path((pupil, id)): Path<(PupilId, EnrolmentId)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    if answers.text("go") != "make" {
        let (here, given) = (desk.clone(), answers.clone());
        let moved = desk
            .read(move |tx, actor| {
                let today = here.office.today().0;
                may_keep(tx, actor, RecordKind::PupilCore, pupil, today)?;
                let (_, times) = pupil_and_times(tx, actor, pupil)?;
                let time = time_of(times, id)?;
                let mut wrongs = Wrongs::default();
                given.reason(&mut wrongs);
                let amended = read_amended(&given, &time, today, &mut wrongs);
                let amended = amended.filter(|_| wrongs.is_empty());
                Ok(amended.and_then(|then| Moved::of(&time, &then)))
            })
            .await?;
        if let Some(moved) = moved {
            let action = format!("/pupils/{pupil}/times/{id}");
            return preview(&desk, moved, action, &answers).await;
        }
    }
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::PupilCore, pupil, today)?;
        let (row, times) = pupil_and_times(act.tx(), actor, pupil)?;
        let time = time_of(times.clone(), id)?;
        must_be_unchanged(act.tx(), actor, &answers, time.seq)?;
        let mut wrongs = Wrongs::default();
        let amended = read_amended(&answers, &time, today, &mut wrongs);
        let reason = answers.reason(&mut wrongs);
        if let Some(amended) = &amended {
            let first = amended.starting_day;
            if let Some(other) = overlapping(&times, Some(id), first, amended.leaving_day) {
                let field = match amended.leaving_day == time.leaving_day {
                    true => "starting_day",
                    false => "stays",
                };
                wrongs.add(field, overlap_in_words(other));
            }
            let outside = marks_before(act.tx(), actor.school, id, first)?;
            if let Some(attended) = first_attended(&outside) {
                wrongs.add("starting_day", present_on(attended));
            }
        }
        let Some(amended) = amended.filter(|_| wrongs.is_empty()) else {
            return Ok(Outcome::again(
                amend_form(&row, &time, today),
                &answers,
                &wrongs,
            ));
        };
        write_time(act, &amended)?;
        if let Some(moved) = Moved::of(&time, &amended) {
            move_with_it(act, actor, &moved, &reason)?;
        }
        act.note("reason", &reason);
        act.describe(actor.entry("amend time on roll", format!("pupil {pupil}")));
        Ok(Outcome::done(&record_page(pupil), "amended"))
    })
    .await
}

fn read_amended(
    answers: &Answers,
    time: &TimeOnRoll,
    today: Day,
    wrongs: &mut Wrongs,
) -> Option<TimeOnRoll> {
    let starting_day = answers.day("starting_day", wrongs)?;
    let kind = answers.text("kind").to_owned();
    if !ENROLMENT_KINDS.iter().any(|(key, _)| *key == kind) {
        wrongs.add("kind", "Choose the kind of registration.");
    }
    let stays = answers.ticked("stays") && time.leaving_day.is_some();
    let mut leaving_day = time.leaving_day.filter(|_| !stays);
    if leaving_day.is_some_and(|last| last >= today) && !answers.text("leaving_day").is_empty() {
        let wanted = answers.day("leaving_day", wrongs)?;
        if wanted < today {
            wrongs.add(
                "leaving_day",
                "A name is never deleted in retrospect: the earliest day is today (R-306).",
            );
        }
        leaving_day = Some(wanted);
    }
    if leaving_day.is_some_and(|last| last < starting_day) {
        wrongs.add("starting_day", "This lies after the last day on roll.");
    }
    Some(TimeOnRoll {
        starting_day,
        kind,
        agreed_with: answers.given("agreed_with"),
        last_school: answers.given("last_school"),
        last_school_address: answers.given("last_school_address"),
        next_school: answers.given("next_school"),
        leaving_day,
        deletion_ground: time.deletion_ground.clone().filter(|_| !stays),
        ..time.clone()
    })
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[MARKED, OF_DAYS[0], OF_DAYS[1], OF_DAYS[2]];
