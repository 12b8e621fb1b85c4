//! Cover for one lesson: who takes it on one day, in place of whoever teaches it.
//!
//! Unlike cover for days it is no duty for the group: it opens the register of that lesson and nothing else.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{Act, Tx, args};

use super::cover::{Busy, Covered, WORKS_HERE, able, busy, choices, must_set, take_registers};
use super::keeper::DUTIES;
use super::lessons::LessonAddress;
use super::records::LESSON_COVER;
use crate::book::{Book, Lesson};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part};
use crate::ids::{AccountId, GroupId, StaffId};
use crate::people::Actor;
use crate::shell::Field;
use crate::year::settings::{SettingError, settings};
use crate::year::timetable::{held, lessons_on, teachers};

const COVERING: &str = "\
select staff_id from lesson_cover
where school_id = $1 and group_id = $2 and on_date = $3 and period_id = $4 and superseded_seq is null";

/// Another lesson that somebody covers in the same period.
const ELSEWHERE: &str = "\
select g.name from lesson_cover c
join pupil_group g on g.school_id = c.school_id and g.group_id = c.group_id and g.superseded_seq is null
where c.school_id = $1 and c.on_date = $2 and c.period_id = $3 and c.staff_id = $4 and c.superseded_seq is null and c.group_id <> $5";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[COVERING, ELSEWHERE];

/// Lets a member of staff take one lesson on one day.
///
/// Whoever covered it until now does no longer. Refused: a day that has passed, a lesson that does not take place, somebody who has the
/// group that day, covers another lesson then or does not work here with a role that takes registers.
pub fn cover_lesson(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    address: LessonAddress,
    covering: StaffId,
) -> Result<(), Refusal> {
    must_set(actor)?;
    let LessonAddress { group, day, period } = address;
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    if day < today {
        return wrong("This lesson has passed. What was taken is in its register.");
    }
    let school = act.school();
    let settings = settings(act.tx(), school)?;
    held(act.tx(), school, &settings, group, day, period)?;
    let account = act
        .tx()
        .query_opt(WORKS_HERE, &args![school, covering, day], |row| {
            row.get::<Option<AccountId>>(0)
        })?
        .flatten();
    let takes = take_registers(act.tx(), school, day)?;
    if !account.is_some_and(|account| takes.contains(&account)) {
        return wrong(
            "Whoever covers must work here that day with a role that takes registers. Choose somebody else.",
        );
    }
    let duties = act
        .tx()
        .query(DUTIES, &args![school, group, covering, day], |row| {
            row.get::<String>(0)
        })?;
    if duties.iter().any(|duty| duty != "head") {
        return wrong("Whoever is to cover has this group that day, and takes its lessons anyway.");
    }
    let then = args![school, day, period, covering, group];
    let other = act
        .tx()
        .query_opt(ELSEWHERE, &then, |row| row.get::<String>(0))?;
    if let Some(other) = other {
        return Err(Refusal::Wrong(format!(
            "Whoever is to cover has {other} to cover at that time. Choose somebody else."
        )));
    }
    act.replace(&LESSON_COVER, &args![group, day, period, covering])?;
    act.describe(actor.entry(
        "cover a lesson",
        format!("group {group} {day} period {period}"),
    ));
    Ok(())
}

/// Takes the cover of one lesson back.
///
/// Errors: [`Refusal::NotFound`] where nobody covers it, [`Refusal::Wrong`] for a lesson that has passed.
pub fn take_back_lesson(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    address: LessonAddress,
) -> Result<(), Refusal> {
    must_set(actor)?;
    let LessonAddress { group, day, period } = address;
    if covering(act.tx(), actor, address)?.is_none() {
        return Err(Refusal::NotFound);
    }
    if day < today {
        return Err(Refusal::Wrong(
            "This lesson has passed. The past keeps who covered it.".to_owned(),
        ));
    }
    act.supersede(&LESSON_COVER, &args![group, day, period])?;
    act.describe(actor.entry(
        "take back the cover of a lesson",
        format!("group {group} {day} period {period}"),
    ));
    Ok(())
}

/// Who covers a lesson.
fn covering(
    tx: &mut Tx,
    actor: &Actor,
    address: LessonAddress,
) -> Result<Option<StaffId>, Refusal> {
    let LessonAddress { group, day, period } = address;
    let lesson = args![actor.school, group, day, period];
    Ok(tx.query_opt(COVERING, &lesson, |row| row.get(0))?)
}

/// The lessons of a group on a day: period, and the address where somebody is set for that one.
pub(super) fn lesson_covers(book: &Book, group: GroupId, day: Day) -> Vec<(String, String)> {
    let lessons = lessons_on(book, day).unwrap_or_default().into_iter();
    let own = lessons.filter(|lesson| lesson.group == group);
    own.filter_map(|lesson| {
        let period = book.timetable.period(lesson.period, day)?;
        Some((
            period.name.clone(),
            format!("{}/cover", address_of(lesson, day).path()),
        ))
    })
    .collect()
}

fn address_of(lesson: &Lesson, day: Day) -> LessonAddress {
    LessonAddress {
        group: lesson.group,
        day,
        period: lesson.period,
    }
}

/// The lessons of a day that somebody covers singly, in order of time.
pub(super) fn covered_lessons(book: &Book, day: Day) -> Result<Vec<Covered>, SettingError> {
    let covers = book.timetable.covers_on(day);
    let lessons = lessons_on(book, day)?.into_iter();
    let covered = lessons.filter(|lesson| {
        let mut covers = covers.iter();
        covers.any(|cover| cover.group == lesson.group && cover.period == lesson.period)
    });
    let lines = covered.filter_map(|lesson| {
        let period = book.timetable.period(lesson.period, day)?;
        let group = book.groups.group(lesson.group)?;
        let takers = teachers(book, lesson, day);
        Some(Covered {
            take_back: format!("{}/cover/take-back", address_of(lesson, day).path()),
            group: group.name.clone(),
            who: takers.names(),
            instead_of: takers
                .instead_of
                .iter()
                .map(|member| member.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            days: format!("{} only", period.name),
        })
    });
    Ok(lines.collect())
}

/// The form: who takes the lesson, with who is free then.
fn cover_form(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    address: LessonAddress,
) -> Result<FormPage, Refusal> {
    must_set(actor)?;
    let LessonAddress { group, day, period } = address;
    let lessons = lessons_on(book, day)?;
    let lesson = lessons
        .into_iter()
        .find(|lesson| lesson.group == group && lesson.period == period)
        .ok_or(Refusal::NotFound)?;
    let taught = book.groups.group(group).ok_or(Refusal::NotFound)?;
    let held = book
        .timetable
        .period(period, day)
        .ok_or(Refusal::NotFound)?;
    let takers = teachers(book, lesson, day);
    let usual = if takers.instead_of.is_empty() {
        &takers.now
    } else {
        &takers.instead_of
    };
    let usual: Vec<StaffId> = usual.iter().map(|member| member.id).collect();
    let takes = take_registers(tx, actor.school, day)?;
    let time = [Busy {
        starts: held.starts,
        ends: held.ends,
        words: held.name.clone(),
    }];
    let choices = choices(&able(book, day, &takes, &usual), &time, &busy(book, day)?);
    let now = covering(tx, actor, address)?;
    let field = Field::select("staff", "Who takes the lesson", choices)
        .value(now.map(|staff| staff.to_string()).unwrap_or_default());
    Ok(FormPage::new(
        "Cover one lesson",
        (format!("/cover?day={day}"), "Cover"),
        "Set the cover",
        vec![Part::new("", vec![field])],
    )
    .of(format!(
        "{} {}, {}, {} to {}",
        taught.name,
        held.name,
        day.long(),
        held.starts,
        held.ends
    ))
    .about("Whoever covers finds the lesson under Registers and takes its register. No other register of the class opens to them."))
}

/// `/lessons/{group}/{day}/{period}/cover`.
pub(super) async fn ask(
    desk: Desk,
    path: Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        let book = here.office.shelf.book(tx, actor.school)?;
        cover_form(tx, actor, &book, address)
    })
    .await
}

/// Sets the cover of one lesson.
pub(super) async fn answer(
    desk: Desk,
    path: Path<(String, String, String)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    form::answer(desk, move |act, actor, today| {
        must_set(actor)?;
        let Some(staff) = answers.number("staff").map(StaffId) else {
            return Err(Refusal::Wrong("Choose who takes the lesson.".to_owned()));
        };
        cover_lesson(act, actor, today, address, staff)?;
        Ok(Outcome::done(
            &format!("/cover?day={}", address.day),
            "cover",
        ))
    })
    .await
}

/// Takes it back.
pub(super) async fn take_back(
    desk: Desk,
    path: Path<(String, String, String)>,
    Form(_): Form<Answers>,
) -> Result<Response, Problem> {
    let address = LessonAddress::of(path).map_err(|refusal| desk.problem(refusal))?;
    let here = desk.clone();
    desk.act(move |act, actor| {
        let (today, _) = here.office.today();
        take_back_lesson(act, actor, today, address)?;
        let path = format!("/cover?day={}&did=back", address.day);
        Ok(Redirect::to(&path).into_response())
    })
    .await
}
