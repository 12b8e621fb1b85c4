//! Days and periods off timetable: what runs instead, for the whole school or for a group.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::Cell;
use store::{Act, SchoolId, Tx, args};

use super::pages::{Keeping, notice};
use super::records::OFF_TIMETABLE;
use crate::book::{Book, Lesson, OffTimetable, periods_on, read_periods};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{GroupId, PeriodId};
use crate::people::{Actor, Place};
use crate::roll::{may_keep_roll, sorting_name};
use crate::shell::{Choice, Exports, Field, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

const GROUPS: &str = "\
select group_id, name from pupil_group
where school_id = $1 and superseded_seq is null and (first_year is null or first_year >= $2)";

const KNOWN: &str = "\
select to_day from off_timetable where school_id = $1 and off_id = $2 and superseded_seq is null";

/// The first register of a lesson that was kept between two days: of the whole school or of lessons of a group's pupils, all day or in a period.
const KEPT: &str = "\
select g.name, v.on_date from lesson_mark v
join pupil_group g on g.school_id = v.school_id and g.group_id = v.group_id and g.superseded_seq is null
where v.school_id = $1 and v.on_date >= $2 and v.on_date <= $3 and v.mark is not null
  and (cast($4 as bigint) is null or v.period_id = $4)
  and (cast($5 as bigint) is null or exists (
        select 1 from membership m
        where m.school_id = v.school_id and m.enrolment_id = v.enrolment_id and m.group_id = $5 and m.superseded_seq is null
          and m.from_day <= v.on_date and (m.to_day is null or m.to_day >= v.on_date)))
order by v.on_date, g.name limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[GROUPS, KNOWN, KEPT];

/// What runs instead of a lesson on a day, if it does not take place: something for the whole school, or for a group to which everybody
/// in the lesson belongs.
pub(super) fn instead_of<'b>(
    book: &'b Book,
    lesson: &Lesson,
    day: Day,
) -> Option<&'b OffTimetable> {
    let mut off = book
        .timetable
        .off_on(day)
        .filter(|off| off.is_in(lesson.period));
    off.find(|off| match off.group {
        None => true,
        Some(group) => {
            let mut members = book.groups.members(lesson.group, day).peekable();
            members.peek().is_some()
                && members.all(|enrolment| {
                    let mut groups = book.groups.of(enrolment, day);
                    groups.any(|own| own.id == group)
                })
        }
    })
}

/// What runs instead of lessons, as somebody enters it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOffTimetable {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// For whom; none for the whole school.
    pub group: Option<GroupId>,
    /// The period; none for all day.
    pub period: Option<PeriodId>,
    /// What runs instead: `Mock examinations`.
    pub what: String,
}

/// Takes days or a period off timetable.
///
/// Refused: days that have passed, since what was taught then was taught, a last day before the first, and lessons whose registers were kept.
pub fn take_off_timetable(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    new: &NewOffTimetable,
) -> Result<i64, Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    if new.to < new.from {
        return Err(Refusal::Wrong(
            "The last day is the first or a later one.".to_owned(),
        ));
    }
    if new.from < today {
        return Err(Refusal::Wrong(
            "Lessons of days that have passed were taught. Choose today or a later day.".to_owned(),
        ));
    }
    let kept = args![actor.school, new.from, new.to, new.period, new.group];
    let kept = act.tx().query_opt(KEPT, &kept, |row| {
        Ok((row.get::<String>(0)?, row.get::<Day>(1)?))
    })?;
    if let Some((lesson, day)) = kept {
        return Err(Refusal::Wrong(format!(
            "The register of a lesson of {lesson} was kept on {} already. Choose a later day, or a period that is still to come.",
            day.long()
        )));
    }
    let id = act.new_id();
    let values = args![
        id,
        new.from,
        new.to,
        new.group,
        new.period,
        new.what.as_str()
    ];
    act.record(&OFF_TIMETABLE, &values)?;
    act.describe(actor.entry(
        "take off timetable",
        format!("{id}: {} to {}", new.from, new.to),
    ));
    Ok(id)
}

/// Puts days or a period back on timetable.
///
/// Errors: [`Refusal::NotFound`] where there is nothing to put back, [`Refusal::Wrong`] for days that have passed.
pub fn put_back(act: &mut Act, actor: &Actor, today: Day, id: i64) -> Result<(), Refusal> {
    may_keep_roll(act.tx(), actor, today)?;
    let school = act.school();
    let found = act
        .tx()
        .query_opt(KNOWN, &args![school, id], |row| row.get::<Day>(0))?;
    if found.ok_or(Refusal::NotFound)? < today {
        return Err(Refusal::Wrong(
            "These days have passed. The timetable keeps what ran on them.".to_owned(),
        ));
    }
    act.supersede(&OFF_TIMETABLE, &args![id])?;
    act.describe(actor.entry("put back on timetable", format!("{id}")));
    Ok(())
}

#[derive(Template)]
#[template(path = "year/timetable/off.html")]
struct OffPage {
    frame: Frame,
    may_keep: bool,
    rows: Vec<Row>,
    nothing: Option<State>,
    under: Under,
}

struct Row {
    id: i64,
    days: String,
    period: String,
    whom: String,
    what: String,
    /// Whether it may still be put back.
    is_to_come: bool,
}

impl Row {
    fn of(book: &Book, off: &OffTimetable, today: Day) -> Row {
        let period = off
            .period
            .and_then(|period| book.timetable.period(period, off.from));
        let group = off.group.and_then(|group| book.groups.group(group));
        let said = |day: Day| format!("{} {}", day.short(), day.year());
        Row {
            id: off.id,
            days: match off.from == off.to {
                true => said(off.from),
                false => format!("{} to {}", said(off.from), said(off.to)),
            },
            period: period.map_or("all day", |period| &period.name).to_owned(),
            whom: group
                .map_or("the whole school", |group| &group.name)
                .to_owned(),
            what: off.what.clone(),
            is_to_come: off.to >= today,
        }
    }
}

/// `/timetable/off`: what is off timetable, the latest first.
pub(super) async fn list(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Timetable.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let rows = rows(&book, today);
        let page = OffPage {
            frame: here.frame(tx, actor, "Off timetable")?.with_notice(notice(&asked)),
            may_keep: Keeping::of(actor, &book, today).lessons,
            nothing: rows.is_empty().then(|| {
                let words = "On examination days, sports days and trips of a whole year the usual lessons do not run.";
                State::empty("Nothing is off timetable", words)
            }),
            under: Under {
                shown: match rows.len() {
                    1 => "1 entry".into(),
                    count => format!("{count} entries").into(),
                },
                exports: Exports::usual("/timetable/off"),
                ..Under::default()
            },
            rows,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// What is off timetable, the latest first.
fn rows(book: &Book, today: Day) -> Vec<Row> {
    let mut off: Vec<&OffTimetable> = book.timetable.off.iter().collect();
    off.sort_by_key(|off| std::cmp::Reverse((off.from, off.id)));
    off.into_iter()
        .map(|off| Row::of(book, off, today))
        .collect()
}

/// `/timetable/off` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !Place::Timetable.is_open_to(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let today = wanted.today();
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = ["Days", "Period", "For", "Instead"];
    let mut sheet = wanted.sheet(tx, "Off timetable", &headings)?;
    let cells = |row: &Row| {
        let texts = [&row.days, &row.period, &row.whom, &row.what];
        texts.map(|text| Cell::text(text)).to_vec()
    };
    sheet.rows = rows(&book, today).iter().map(cells).collect();
    Ok(Leaving::new(sheet, today))
}

fn new_form(tx: &mut Tx, school: SchoolId, today: Day) -> Result<FormPage, Refusal> {
    let this_year = calendar::SchoolYear::by_september(today).first_year();
    let mut groups = tx.query(GROUPS, &args![school, this_year], |row| {
        Ok((row.get::<GroupId>(0)?, row.get::<String>(1)?))
    })?;
    groups.sort_by_cached_key(|(_, name)| sorting_name(name));
    let groups = std::iter::once(Choice::new("", "The whole school"))
        .chain(
            groups
                .into_iter()
                .map(|(id, name)| Choice::new(id.to_string(), name)),
        )
        .collect();
    let periods = read_periods(tx, school)?;
    let periods = std::iter::once(Choice::new("", "All day"))
        .chain(
            periods_on(&periods, today)
                .into_iter()
                .map(|period| Choice::new(period.id.to_string(), period.name.clone())),
        )
        .collect();
    let fields = vec![
        Field::line("what", "What runs instead").hint("Such as Mock examinations, Sports day."),
        Field::day("from", "First day").value(today.to_string()),
        Field::day("to", "Last day").value(today.to_string()),
        Field::select("period", "Period", periods).short(),
        Field::select("group", "For", groups)
            .hint("A lesson is off where everybody in it belongs to the group."),
    ];
    Ok(FormPage::new(
        "Take off timetable",
        ("/timetable/off", "Off timetable"),
        "Take it off timetable",
        vec![Part::new("", fields)],
    )
    .about("The usual lessons do not run, and the timetable says what does. Session registers are taken as ever (R-020)."))
}

/// `/timetable/off/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        new_form(tx, actor.school, today)
    })
    .await
}

/// Takes it off timetable.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let form = new_form(act.tx(), actor.school, today)?;
        let mut wrongs = Wrongs::default();
        let what = answers.required("what", "Say what runs instead.", &mut wrongs);
        if what.chars().count() > 80 {
            wrongs.add("what", "Say it in 80 characters at most.");
        }
        let days = (
            answers.day("from", &mut wrongs),
            answers.day("to", &mut wrongs),
        );
        if let ((Some(from), Some(to)), true) = (days, wrongs.is_empty()) {
            let new = NewOffTimetable {
                from,
                to,
                group: answers.number("group").map(GroupId),
                period: answers.number("period").map(PeriodId),
                what,
            };
            match take_off_timetable(act, actor, today, &new) {
                Ok(_) => return Ok(Outcome::done("/timetable/off", "off")),
                Err(Refusal::Wrong(ground)) => wrongs.add("from", ground),
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::again(form, &answers, &wrongs))
    })
    .await
}

/// Puts it back.
pub(super) async fn answer_put_back(
    desk: Desk,
    Path(off): Path<i64>,
    Form(_): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        put_back(act, actor, today, off)?;
        Ok(Outcome::done("/timetable/off", "back"))
    })
    .await
}
