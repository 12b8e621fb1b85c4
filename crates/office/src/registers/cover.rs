//! Cover: who takes a group's registers and lessons in place of its own tutor or teacher, for some days.
//!
//! Cover is a dated duty for the group, as everybody's is: it opens the group's registers to whoever covers, and [`super::takers`]
//! says who is really there. Whoever sets it sees who is free.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, TimeOfDay};
use exchange::Cell;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::cover_lesson::{covered_lessons, lesson_covers};
use super::keeper::takes_registers;
use super::status::takers;
use crate::book::{Book, Group, GroupKind, StaffMember};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{Answers, Wrongs};
use crate::ids::{AccountId, GroupId, StaffId};
use crate::people::access::granted;
use crate::people::{Access, Actor, RecordKind, Role};
use crate::roll::records::GROUP_STAFF;
use crate::roll::sorting_name;
use crate::shell::{Choice, Exports, Field, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::{SettingError, session_times};
use crate::year::timetable::{lessons_on, teachers};

pub(super) const DUTIES_OF: &str = "\
select group_staff_id, staff_id, from_day, to_day from group_staff
where school_id = $1 and group_id = $2 and superseded_seq is null and duty <> 'head' order by group_staff_id";

pub(super) const DUTY: &str = "\
select group_id, staff_id, duty, from_day, to_day from group_staff
where school_id = $1 and group_staff_id = $2 and superseded_seq is null";

pub(super) const WORKS_HERE: &str = "\
select account_id from staff
where school_id = $1 and staff_id = $2 and superseded_seq is null and (leaving_day is null or leaving_day >= $3)";

const ROLES_ON: &str = "\
select account_id, role from role_grant
where school_id = $1 and superseded_seq is null and from_day <= $2 and (to_day is null or to_day >= $2)";

/// The accounts that a teacher's duty lets take registers, by their roles on a day.
pub(crate) fn take_registers(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<BTreeSet<AccountId>, StoreError> {
    let mut accounts = BTreeSet::new();
    tx.each(ROLES_ON, &args![school, day], |row| {
        let role = Role::from_key(row.get(1)?);
        if role.is_some_and(|role| takes_registers(granted(role, RecordKind::AttendanceMarks))) {
            accounts.insert(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(accounts)
}

/// Whether a duty is cover: it has a last day, and began after another of the group's.
fn is_cover(begun: Option<Day>, from: Day, to: Option<Day>) -> bool {
    to.is_some() && begun.is_some_and(|begun| from > begun)
}

/// Whether this person sets cover: whoever may take every register of the school.
pub(super) fn may_set_cover(actor: &Actor) -> bool {
    actor.may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

pub(super) fn must_set(actor: &Actor) -> Result<(), Refusal> {
    if may_set_cover(actor) {
        return Ok(());
    }
    if !actor.may(Access::Read, RecordKind::AttendanceMarks) {
        return Err(Refusal::NotFound);
    }
    Err(Refusal::NotAllowed(
        "Cover is set by the office, since it opens the registers of a group. Ask the attendance office."
            .to_owned(),
    ))
}

/// Lets a member of staff take a group's registers and lessons from a day to a day, in place of whoever has the group.
///
/// The duty is that of a teacher, whatever the group, so that cover staff may hold it. Refused: days that have passed, somebody who
/// has the group already or does not work here, a group that nobody had before, and one that somebody else covers on one of the days.
pub fn set_cover(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    group: GroupId,
    covering: StaffId,
    (from, to): (Day, Day),
) -> Result<(), Refusal> {
    must_set(actor)?;
    let wrong = |ground: String| Err(Refusal::Wrong(ground));
    if to < from {
        return wrong("The last day of cover is the first or a later one.".to_owned());
    }
    if from < today {
        return wrong(
            "Cover begins today or later; what was taken is in the registers.".to_owned(),
        );
    }
    let school = act.school();
    let works_here = args![school, covering, to];
    let account = act
        .tx()
        .query_opt(WORKS_HERE, &works_here, |row| {
            row.get::<Option<AccountId>>(0)
        })?
        .flatten();
    let takes = take_registers(act.tx(), school, from)?;
    if !account.is_some_and(|account| takes.contains(&account)) {
        let ground = "Whoever covers must work here on those days with a role that takes registers. Choose somebody else.";
        return wrong(ground.to_owned());
    }
    let duties = act.tx().query(DUTIES_OF, &args![school, group], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<StaffId>(1)?,
            row.get::<Day>(2)?,
            row.get::<Option<Day>>(3)?,
        ))
    })?;
    let overlapping: Vec<_> = duties
        .iter()
        .filter(|(_, _, first, last)| *first <= to && last.is_none_or(|last| last >= from))
        .collect();
    if overlapping
        .iter()
        .any(|(_, staff, _, _)| *staff == covering)
    {
        return wrong(
            "Whoever is to cover has this group already on one of those days.".to_owned(),
        );
    }
    let begun = duties.iter().map(|(_, _, first, _)| *first).min();
    // Cover stands beside a duty that began before it; without one it would be a duty like any other, with nothing to go back to.
    if !is_cover(begun, from, Some(to)) {
        return wrong(
            "Nobody had this group before that day, so there is nobody to cover for. Set its staff under Groups."
                .to_owned(),
        );
    }
    if overlapping
        .iter()
        .any(|(_, _, first, last)| is_cover(begun, *first, *last))
    {
        return wrong(
            "Somebody covers this group already on one of those days. Take that back first."
                .to_owned(),
        );
    }
    let id = act.new_id();
    act.record(
        &GROUP_STAFF,
        &args![id, group, covering, "teacher", from, to],
    )?;
    act.describe(actor.entry("set cover", format!("group {group}, {from} to {to}")));
    Ok(())
}

/// Takes cover back from today on; cover that has not begun was never there.
///
/// Errors: [`Refusal::NotFound`] for a duty that is no cover.
pub fn take_back_cover(act: &mut Act, actor: &Actor, today: Day, duty: i64) -> Result<(), Refusal> {
    must_set(actor)?;
    let school = act.school();
    let found = act.tx().query_opt(DUTY, &args![school, duty], |row| {
        Ok((
            row.get::<GroupId>(0)?,
            row.get::<StaffId>(1)?,
            row.get::<String>(2)?,
            row.get::<Day>(3)?,
            row.get::<Option<Day>>(4)?,
        ))
    })?;
    let Some((group, staff, word, from, Some(to))) = found else {
        return Err(Refusal::NotFound);
    };
    let duties = args![school, group];
    let begun = act
        .tx()
        .query(DUTIES_OF, &duties, |row| row.get::<Day>(2))?
        .into_iter()
        .min();
    if !is_cover(begun, from, Some(to)) {
        return Err(Refusal::NotFound);
    }
    if to < today {
        return Err(Refusal::Wrong(format!(
            "This cover ended on {}. The past keeps it.",
            to.long()
        )));
    }
    if from < today {
        let last = today.previous();
        act.replace(&GROUP_STAFF, &args![duty, group, staff, &word, from, last])?;
    } else {
        act.supersede(&GROUP_STAFF, &args![duty])?;
    }
    act.describe(actor.entry("take back cover", format!("group {group}")));
    Ok(())
}

/// A time of the day that somebody is busy in, and with what.
#[derive(Clone)]
pub(super) struct Busy {
    pub(super) starts: TimeOfDay,
    pub(super) ends: TimeOfDay,
    pub(super) words: String,
}

/// When each member of staff is busy on a day: their lessons, and the registers of their tutor groups.
pub(super) fn busy(book: &Book, day: Day) -> Result<BTreeMap<StaffId, Vec<Busy>>, SettingError> {
    let mut busy: BTreeMap<StaffId, Vec<Busy>> = BTreeMap::new();
    for lesson in lessons_on(book, day)? {
        let (Some(period), Some(group)) = (
            book.timetable.period(lesson.period, day),
            book.groups.group(lesson.group),
        ) else {
            continue;
        };
        for member in teachers(book, lesson, day).now {
            busy.entry(member.id).or_default().push(Busy {
                starts: period.starts,
                ends: period.ends,
                words: format!("{} {}", period.name, group.name),
            });
        }
    }
    let times = session_times(&book.settings, day)?;
    for slot in book.calendar.slots(day, day) {
        let hours = times.of(slot.session);
        for group in tutor_groups(book, day) {
            for member in takers(book, group.id, day).now {
                busy.entry(member.id).or_default().push(Busy {
                    starts: hours.opens,
                    ends: hours.closes,
                    words: format!("{} {}", slot.session, group.name),
                });
            }
        }
    }
    Ok(busy)
}

/// The tutor groups with somebody in them on a day.
fn tutor_groups(book: &Book, day: Day) -> impl Iterator<Item = &Group> {
    book.groups
        .groups
        .iter()
        .filter(|group| group.kind == GroupKind::Tutor)
        .filter(move |group| book.groups.members(group.id, day).next().is_some())
}

#[derive(Template)]
#[template(path = "registers/cover.html")]
struct CoverPage {
    frame: Frame,
    day: Day,
    away: Field,
    /// Whose groups are shown.
    chosen: Option<(StaffId, String)>,
    rows: Vec<Row>,
    last: Field,
    covered: Vec<Covered>,
    nothing: Option<State>,
    under: Under,
}

/// A group of somebody who is away.
struct Row {
    group: GroupId,
    name: String,
    /// Its registers and lessons of the day: `AM, PM`, `P1, P4`.
    when: String,
    room: String,
    /// Its lessons of the day, each with the address where somebody is set for it alone.
    lessons: Vec<(String, String)>,
    /// Who covers already.
    covering: String,
    choices: Vec<Choice>,
}

/// Cover that is set for a day.
pub(super) struct Covered {
    /// Where it is taken back.
    pub(super) take_back: String,
    pub(super) group: String,
    pub(super) who: String,
    pub(super) instead_of: String,
    /// Its days, or the one lesson.
    pub(super) days: String,
}

/// What the duties of a day say about cover: a line for each.
const COVER_ON: &str = "\
select group_staff_id, group_id, staff_id, from_day, to_day from group_staff
where school_id = $1 and superseded_seq is null and duty = 'teacher' and from_day <= $2 and to_day >= $2
order by group_staff_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[DUTIES_OF, DUTY, WORKS_HERE, ROLES_ON, COVER_ON];

/// `/cover?day=&staff=`: whose groups need cover, who is free, and what is covered.
pub(super) async fn cover(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_set(actor)?;
        let (today, _) = here.office.today();
        let day = day_asked(&asked, today);
        let book = here.office.shelf.book(tx, actor.school)?;
        let covered = covered_on(tx, &book, day)?;
        let chosen = asked
            .number("staff")
            .map(StaffId)
            .and_then(|id| book.staff.member(id));
        let takes = take_registers(tx, actor.school, day)?;
        let rows = match chosen {
            Some(member) => rows(&book, member, day, &takes)?,
            None => Vec::new(),
        };
        let page = CoverPage {
            frame: here.frame(tx, actor, "Cover")?.with_notice(notice(&asked)),
            day,
            away: away_field(&book, chosen, day),
            nothing: nothing(&book, chosen, &rows, day),
            chosen: chosen.map(|member| (member.id, member.name.clone())),
            rows,
            last: Field::day("to", "Last day of cover").value(day.to_string()),
            under: Under {
                shown: format!("{} covered on {}", covered.len(), day.long()).into(),
                exports: Exports::usual(&asked.path("/cover", &[("did", "")])),
                ..Under::default()
            },
            covered,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The day whose cover is asked for.
fn day_asked(asked: &Answers, today: Day) -> Day {
    let mut ignored = Wrongs::default();
    asked.day_if_given("day", &mut ignored).unwrap_or(today)
}

/// What is covered on a day.
fn covered_on(tx: &mut Tx, book: &Book, day: Day) -> Result<Vec<Covered>, Refusal> {
    let duties = tx.query(COVER_ON, &args![book.school, day], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<GroupId>(1)?,
            row.get::<StaffId>(2)?,
            row.get::<Day>(3)?,
            row.get::<Day>(4)?,
        ))
    })?;
    let of_days = duties
        .into_iter()
        .filter_map(|(duty, group, staff, from, to)| {
            let now = takers(book, group, day);
            let member = now.now.iter().find(|member| member.id == staff)?;
            (!now.instead_of.is_empty()).then(|| Covered {
                take_back: format!("/cover/{duty}/take-back"),
                group: book
                    .groups
                    .group(group)
                    .map_or_else(String::new, |group| group.name.clone()),
                who: member.name.clone(),
                instead_of: now
                    .instead_of
                    .iter()
                    .map(|member| member.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                days: if from == to {
                    from.short()
                } else {
                    format!("{} to {}", from.short(), to.short())
                },
            })
        });
    Ok(of_days.chain(covered_lessons(book, day)?).collect())
}

/// `/cover` as a file: what is covered on a day.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_set(wanted.actor)?;
    let today = wanted.today();
    let day = day_asked(&wanted.query()?, today);
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = ["Group", "Covering", "Instead of", "Days"];
    let mut sheet = wanted.sheet(tx, "Cover", &headings)?;
    sheet.about.push(("Cover on".to_owned(), day.long()));
    let cells = |line: &Covered| {
        let texts = [&line.group, &line.who, &line.instead_of, &line.days];
        texts.map(|text| Cell::text(text)).to_vec()
    };
    sheet.rows = covered_on(tx, &book, day)?.iter().map(cells).collect();
    Ok(Leaving::new(sheet, today))
}

fn notice(asked: &Answers) -> Option<Notice> {
    match asked.text("did") {
        "cover" => Some(Notice::done(
            "The cover is set. Whoever covers finds the registers under theirs.",
        )),
        "back" => Some(Notice::done("The cover is taken back.")),
        _ => None,
    }
}

fn away_field(book: &Book, chosen: Option<&StaffMember>, day: Day) -> Field {
    let mut members: Vec<&StaffMember> = book
        .staff
        .members
        .iter()
        .filter(|member| member.leaving_day.is_none_or(|last| day <= last))
        .filter(|member| {
            book.groups
                .duties_of(member.id, day)
                .any(|duty| duty.duty != "head")
        })
        .collect();
    members.sort_by(|a, b| a.surname.cmp(&b.surname).then(a.name.cmp(&b.name)));
    let choices = std::iter::once(Choice::new("", "Choose who is away"))
        .chain(
            members
                .into_iter()
                .map(|member| Choice::new(member.id.to_string(), member.name.clone())),
        )
        .collect();
    Field::select("staff", "Who is away", choices).value(
        chosen
            .map(|member| member.id.to_string())
            .unwrap_or_default(),
    )
}

fn nothing(book: &Book, chosen: Option<&StaffMember>, rows: &[Row], day: Day) -> Option<State> {
    if !book.calendar.is_school_day(day) {
        let kind = book.calendar.kind(day).name();
        return Some(State::empty(
            "Nothing to cover",
            format!("{}: {kind}.", day.long()),
        ));
    }
    let member = chosen.filter(|_| rows.is_empty())?;
    Some(State::empty(
        "Nothing to cover",
        format!(
            "{} takes no register and no lesson on {}.",
            member.name,
            day.long()
        ),
    ))
}

/// The groups that somebody has on a day, each with who could cover it: those who are free first.
fn rows(
    book: &Book,
    away: &StaffMember,
    day: Day,
    takes: &BTreeSet<AccountId>,
) -> Result<Vec<Row>, SettingError> {
    if !book.calendar.is_school_day(day) {
        return Ok(Vec::new());
    }
    let times = session_times(&book.settings, day)?;
    let busy = busy(book, day)?;
    let able = able(book, day, takes, &[away.id]);
    let mut needed: BTreeMap<GroupId, Vec<Busy>> = BTreeMap::new();
    for group in tutor_groups(book, day).filter(|group| has(book, group.id, away, day)) {
        for slot in book.calendar.slots(day, day) {
            let hours = times.of(slot.session);
            needed.entry(group.id).or_default().push(Busy {
                starts: hours.opens,
                ends: hours.closes,
                words: slot.session.to_string(),
            });
        }
    }
    let mut rooms: BTreeMap<GroupId, String> = BTreeMap::new();
    for lesson in lessons_on(book, day)? {
        let teaches = lesson.staff.contains(&away.id)
            || (lesson.staff.is_empty() && has(book, lesson.group, away, day));
        let Some(period) = book
            .timetable
            .period(lesson.period, day)
            .filter(|_| teaches)
        else {
            continue;
        };
        needed.entry(lesson.group).or_default().push(Busy {
            starts: period.starts,
            ends: period.ends,
            words: period.name.clone(),
        });
        if let Some(room) = lesson.room.and_then(|room| book.timetable.room(room)) {
            rooms.insert(lesson.group, room.name.clone());
        }
    }
    let mut rows: Vec<(TimeOfDay, Row)> = needed
        .into_iter()
        .filter_map(|(id, mut times)| {
            times.sort_by_key(|time| time.starts);
            let group = book.groups.group(id)?;
            let now = takers(book, id, day);
            let words: Vec<&str> = times.iter().map(|time| time.words.as_str()).collect();
            let row = Row {
                group: id,
                name: group.name.clone(),
                when: words.join(", "),
                room: rooms
                    .get(&id)
                    .cloned()
                    .or(group.room.clone())
                    .unwrap_or_default(),
                lessons: lesson_covers(book, id, day),
                covering: if now.instead_of.is_empty() {
                    String::new()
                } else {
                    now.names()
                },
                choices: choices(&able, &times, &busy),
            };
            Some((times.first()?.starts, row))
        })
        .collect();
    rows.sort_by_cached_key(|(starts, row)| (*starts, sorting_name(&row.name)));
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Who works here on a day with a role that takes registers, but for these.
pub(super) fn able<'b>(
    book: &'b Book,
    day: Day,
    takes: &BTreeSet<AccountId>,
    but_for: &[StaffId],
) -> Vec<&'b StaffMember> {
    let takes_registers = |member: &&StaffMember| {
        member
            .account
            .is_some_and(|account| takes.contains(&account))
    };
    (book.staff.members.iter())
        .filter(|member| !but_for.contains(&member.id))
        .filter(|member| member.leaving_day.is_none_or(|last| day <= last))
        .filter(takes_registers)
        .collect()
}

/// Whether somebody has this group on a day, or has it but for who covers.
fn has(book: &Book, group: GroupId, member: &StaffMember, day: Day) -> bool {
    let takers = takers(book, group, day);
    let usual = if takers.instead_of.is_empty() {
        &takers.now
    } else {
        &takers.instead_of
    };
    usual.iter().any(|one| one.id == member.id)
}

/// Who could cover: the free ones first, the others with what they have then.
pub(super) fn choices(
    able: &[&StaffMember],
    times: &[Busy],
    busy: &BTreeMap<StaffId, Vec<Busy>>,
) -> Vec<Choice> {
    let mut members: Vec<(bool, String, Choice)> = able
        .iter()
        .map(|member| {
            let taken: Vec<&str> = busy
                .get(&member.id)
                .into_iter()
                .flatten()
                .filter(|own| {
                    times
                        .iter()
                        .any(|time| own.starts < time.ends && time.starts < own.ends)
                })
                .map(|own| own.words.as_str())
                .collect();
            let words = if taken.is_empty() {
                format!("{}, free", member.name)
            } else {
                format!("{}, has {}", member.name, taken.join(", "))
            };
            let choice = Choice::new(member.id.to_string(), words);
            (!taken.is_empty(), member.surname.clone(), choice)
        })
        .collect();
    members.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    std::iter::once(Choice::new("", "Nobody yet"))
        .chain(members.into_iter().map(|(_, _, choice)| choice))
        .collect()
}

/// Sets the cover that was chosen for each group.
pub(super) async fn set(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.act(move |act, actor| {
        must_set(actor)?;
        let (today, _) = here.office.today();
        let mut wrongs = Wrongs::default();
        let (Some(from), Some(to)) = (
            answers.day("day", &mut wrongs),
            answers.day("to", &mut wrongs),
        ) else {
            return Err(Refusal::Wrong(
                "Give the first and the last day of cover.".to_owned(),
            ));
        };
        let groups: Vec<GroupId> = answers
            .all("group")
            .filter_map(|id| id.parse().ok())
            .map(GroupId)
            .collect();
        let mut set = 0;
        for group in groups {
            if let Some(covering) = answers.number(&format!("cover-{group}")).map(StaffId) {
                set_cover(act, actor, today, group, covering, (from, to))?;
                set += 1;
            }
        }
        if set == 0 {
            return Err(Refusal::Wrong("Choose who covers.".to_owned()));
        }
        act.describe(actor.entry("set cover", format!("{set} groups, {from} to {to}")));
        let staff = answers
            .number("staff")
            .map_or_else(String::new, |staff| staff.to_string());
        let path = format!("/cover?day={from}&staff={staff}&did=cover");
        Ok(Redirect::to(&path).into_response())
    })
    .await
}

/// Takes cover back.
pub(super) async fn take_back(
    desk: Desk,
    Path(duty): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.act(move |act, actor| {
        let (today, _) = here.office.today();
        take_back_cover(act, actor, today, duty)?;
        let path = answers.path("/cover", &[("did", "back")]);
        Ok(Redirect::to(&path).into_response())
    })
    .await
}
