//! Year groups, houses, tutor groups and classes: who is in them on a day and who has a duty for them.

use std::collections::BTreeSet;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, SchoolYear};
use exchange::Cell;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::keeping::{KEPT_ELSEWHERE, Sight, kept_here, may_keep_roll, notice};
use super::place::sorting_name;
use super::pupil::days_in_words;
use super::records::{GROUP_STAFF, MEMBERSHIP, PUPIL_GROUP};
use crate::book::{Book, Group, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, GroupId, PupilId, StaffId};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Choice, Exports, Field, FieldKind, Frame, Page, Text, Under};
use crate::take_away::{Leaving, Wanted};

/// Duties for a group: the word in the database and in words.
const DUTIES: [(&str, &str); 3] = [
    ("tutor", "Form tutor"),
    ("teacher", "Teacher"),
    ("head", "Head of year or house"),
];

/// A duty for a group in words.
pub(crate) fn duty_in_words(key: &str) -> &str {
    DUTIES
        .iter()
        .find(|(known, _)| *known == key)
        .map_or(key, |(_, words)| words)
}

/// The groups for which somebody has a duty on a day: `9A, 10B/Ma1`.
pub(crate) fn groups_in_words(book: &Book, staff: StaffId, day: Day) -> String {
    let duties = book.groups.duties_of(staff, day);
    let mut names: Vec<&str> = duties
        .filter_map(|duty| Some(book.groups.group(duty.group)?.name.as_str()))
        .collect();
    names.sort_by_cached_key(|name| sorting_name(name));
    names.dedup();
    names.join(", ")
}

#[derive(Template)]
#[template(path = "roll/groups.html")]
struct GroupsPage {
    frame: Frame,
    /// The groups of each kind, and whether any of them has a subject.
    kinds: Vec<(String, Vec<GroupRow>, bool)>,
    may_keep: bool,
    kept_elsewhere: Option<&'static str>,
    under: Under,
}

struct GroupRow {
    id: GroupId,
    name: String,
    subject: String,
    members: usize,
    staff: String,
}

/// `/groups`: the groups of today.
pub(super) async fn groups(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let year = book.calendar.school_year_of(today);
        let kinds = by_kind(&book, &sight, today);
        let may_change = actor.may_for_school(Access::Write, RecordKind::PupilCore);
        let here_kept = kept_here(&book, today);
        let count: usize = kinds.iter().map(|(_, rows)| rows.len()).sum();
        let page = GroupsPage {
            frame: here.frame(tx, actor, "Groups")?.with_notice(notice(&asked)),
            kinds: kinds
                .into_iter()
                .map(|(kind, rows)| (format!("{}s", kind.label()), rows))
                .map(|(label, rows)| {
                    let subjects = rows.iter().any(|row| !row.subject.is_empty());
                    (label.replace("Classs", "Classes"), rows, subjects)
                })
                .collect(),
            may_keep: may_change && here_kept,
            kept_elsewhere: (may_change && !here_kept).then_some(KEPT_ELSEWHERE),
            under: Under {
                shown: format!("{count} groups of {year}").into(),
                exports: Exports::usual("/groups"),
                ..Under::default()
            },
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/groups` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let headings = ["Kind", "Group", "Subject", "Pupils", "Staff"];
    let mut sheet = wanted.sheet(tx, "Groups", &headings)?;
    for (kind, rows) in by_kind(&book, &sight, today) {
        sheet.rows.extend(rows.iter().map(|row| {
            vec![
                Cell::text(kind.label()),
                Cell::text(&row.name),
                Cell::text(&row.subject),
                Cell::whole(row.members as i64),
                Cell::text(&row.staff),
            ]
        }));
    }
    Ok(Leaving::new(sheet, today))
}

/// The groups of this school year by their kinds.
fn by_kind(book: &Book, sight: &Sight, today: Day) -> Vec<(GroupKind, Vec<GroupRow>)> {
    let year = book.calendar.school_year_of(today);
    GroupKind::ALL
        .into_iter()
        .map(|kind| (kind, rows(book, sight, kind, year, today)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
}

fn rows(
    book: &Book,
    sight: &Sight,
    kind: GroupKind,
    year: SchoolYear,
    today: Day,
) -> Vec<GroupRow> {
    let this_year = i64::from(year.first_year());
    let mut rows: Vec<GroupRow> = (book.groups.groups.iter())
        .filter(|group| group.kind == kind)
        .filter(|group| group.first_year.is_none_or(|first| first == this_year))
        .map(|group| GroupRow {
            id: group.id,
            name: group.name.clone(),
            subject: group.subject.clone().unwrap_or_default(),
            members: members(book, sight, group.id, today).len(),
            staff: staff_in_words(book, group.id, today),
        })
        .collect();
    rows.sort_by_cached_key(|row| sorting_name(&row.name));
    rows
}

/// The members of a group on a day who are on roll that day and whom this person may know of.
fn members(book: &Book, sight: &Sight, group: GroupId, day: Day) -> Vec<EnrolmentId> {
    let mut members: Vec<(u32, EnrolmentId)> = book
        .groups
        .members(group, day)
        .filter_map(|id| {
            let enrolment = &book.roll.enrolments[book.roll.row(id)?];
            let pupil = book.roll.pupil(enrolment.pupil)?;
            let seen = sight.covers(RecordKind::PupilCore, pupil.id) && enrolment.covers(day);
            seen.then_some((pupil.in_order, id))
        })
        .collect();
    members.sort();
    members.dedup();
    members.into_iter().map(|(_, id)| id).collect()
}

fn staff_in_words(book: &Book, group: GroupId, day: Day) -> String {
    let names: Vec<&str> = book
        .groups
        .staff(group, day)
        .filter_map(|duty| Some(book.staff.member(duty.staff)?.name.as_str()))
        .collect();
    names.join(", ")
}

#[derive(Template)]
#[template(path = "roll/group.html")]
struct GroupPage {
    frame: Frame,
    id: GroupId,
    name: String,
    small: String,
    day: Day,
    is_today: bool,
    members: Vec<MemberRow>,
    staff: Vec<StaffRow>,
    sees_figures: bool,
    keeps_plans: bool,
    may_keep: bool,
    kept_elsewhere: Option<&'static str>,
    last_day: Field,
    under: Under,
}

struct MemberRow {
    enrolment: EnrolmentId,
    pupil: PupilId,
    href: String,
    name: String,
    tutor: String,
    days: String,
}

struct StaffRow {
    name: String,
    duty: String,
    days: String,
}

/// `/groups/{group}?day=`: members and staff on a day.
pub(super) async fn group(
    desk: Desk,
    Path(group): Path<GroupId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let found = book.groups.group(group).ok_or(Refusal::NotFound)?;
        let day = day_asked(&asked, today);
        let members = member_rows(&book, &sight, group, day);
        let may_change = actor.may_for_school(Access::Write, RecordKind::PupilCore);
        let here_kept = kept_here(&book, today);
        let staff = book
            .groups
            .staff(group, day)
            .filter_map(|duty| {
                Some(StaffRow {
                    name: book.staff.member(duty.staff)?.name.clone(),
                    duty: duty_in_words(&duty.duty).to_owned(),
                    days: days_in_words(Some(duty.from), duty.to),
                })
            })
            .collect();
        let page = GroupPage {
            frame: here.frame(tx, actor, "Group")?.with_notice(notice(&asked)),
            id: group,
            name: found.name.clone(),
            small: small(found, members.len()),
            day,
            is_today: day == today,
            under: Under {
                shown: format!("{} pupils on {}", members.len(), day.long()).into(),
                exports: Exports::usual(&asked.path(&format!("/groups/{group}"), &[("did", "")])),
                ..Under::default()
            },
            members,
            staff,
            sees_figures: actor.may(Access::Aggregate, RecordKind::AggregateReports)
                && actor.may(Access::Read, RecordKind::AttendanceMarks),
            keeps_plans: actor.may_for_school(Access::Write, RecordKind::AttendanceMarks),
            may_keep: may_change && here_kept,
            kept_elsewhere: (may_change && !here_kept).then_some(KEPT_ELSEWHERE),
            last_day: Field::day("last", "Last day in the group").value(today.to_string()),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// The day whose members are asked for.
fn day_asked(asked: &Answers, today: Day) -> Day {
    let mut ignored = Wrongs::default();
    asked.day_if_given("day", &mut ignored).unwrap_or(today)
}

/// `/groups/{group}` as a file.
pub(super) fn members_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let group = GroupId(wanted.named()?);
    let today = wanted.today();
    let day = day_asked(&wanted.query()?, today);
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let found = book.groups.group(group).ok_or(Refusal::NotFound)?;
    let headings = ["Surname, forename", "Tutor group", "In the group"];
    let mut sheet = wanted.sheet(tx, &format!("Group {}", found.name), &headings)?;
    sheet.about.push(("Members on".to_owned(), day.long()));
    let members = member_rows(&book, &sight, group, day);
    let cells = |row: &MemberRow| {
        let texts = [&row.name, &row.tutor, &row.days];
        texts.map(|text| Cell::text(text)).to_vec()
    };
    sheet.rows = members.iter().map(cells).collect();
    let pupils = members.iter().map(|row| row.pupil);
    Ok(Leaving::new(sheet, today).naming(pupils))
}

fn small(group: &Group, members: usize) -> String {
    let subject = group
        .subject
        .as_deref()
        .map(|subject| format!(", {subject}"));
    let room = group.room.as_deref().map(|room| format!(", room {room}"));
    format!(
        "{}{}{}, {members} pupils",
        group.kind.label(),
        subject.unwrap_or_default(),
        room.unwrap_or_default()
    )
}

fn member_rows(book: &Book, sight: &Sight, group: GroupId, day: Day) -> Vec<MemberRow> {
    members(book, sight, group, day)
        .into_iter()
        .filter_map(|enrolment| {
            let pupil = book.roll.pupil_of_row(book.roll.row(enrolment)?)?;
            let membership =
                book.groups.memberships.iter().find(|one| {
                    one.group == group && one.enrolment == enrolment && one.covers(day)
                })?;
            let tutor = book.groups.of_kind(enrolment, GroupKind::Tutor, day);
            Some(MemberRow {
                enrolment,
                pupil: pupil.id,
                href: format!("/pupils/{}", pupil.id),
                name: pupil.listed(),
                tutor: tutor.map_or_else(String::new, |group| group.name.clone()),
                days: days_in_words(Some(membership.from), membership.to),
            })
        })
        .collect()
}

fn new_form(today: Day) -> FormPage {
    let year = SchoolYear::by_september(today);
    let kinds = GroupKind::ALL
        .iter()
        .map(|kind| Choice::new(kind.key(), kind.label()))
        .collect();
    let years = vec![
        Choice::new(year.first_year().to_string(), format!("Only {year}")),
        Choice::new(
            year.next().first_year().to_string(),
            format!("Only {}", year.next()),
        ),
        Choice::new("", "From year to year"),
    ];
    FormPage::new(
        "Create a group",
        ("/groups", "Groups"),
        "Create the group",
        vec![Part::new(
            "",
            vec![
                Field::select("kind", "What it is", kinds).value("class"),
                Field::line("name", "Name")
                    .hint("Such as 9A, 9A/Ma1, Year 9.")
                    .short(),
                Field::line("subject", "Subject").optional(),
                Field::line("room", "Room").short().optional(),
                Field::select("year", "It lasts", years),
            ],
        )],
    )
    .about("Members and staff follow on the group's page.")
}

/// `/groups/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        Ok(new_form(today))
    })
    .await
}

const SAME_NAME: &str = "\
select first_year from pupil_group where school_id = $1 and kind = $2 and name = $3 and superseded_seq is null";

/// Creates the group.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let mut wrongs = Wrongs::default();
        let kind = GroupKind::from_key(answers.text("kind"));
        if kind.is_none() {
            wrongs.add("kind", "Choose what it is.");
        }
        let name = answers.required("name", "Give the name.", &mut wrongs);
        let year = answers.number("year");
        if let Some(kind) = kind {
            let named = args![actor.school, kind.key(), &name];
            let years = act
                .tx()
                .query(SAME_NAME, &named, |row| row.get::<Option<i64>>(0))?;
            if years
                .iter()
                .any(|other| other.is_none() || year.is_none() || *other == year)
            {
                wrongs.add("name", "There is a group of this kind and name already.");
            }
        }
        let (Some(kind), true) = (kind, wrongs.is_empty()) else {
            return Ok(Outcome::again(new_form(today), &answers, &wrongs));
        };
        let group = GroupId(act.new_id());
        act.record(
            &PUPIL_GROUP,
            &args![
                group,
                kind.key(),
                &name,
                answers.given("subject"),
                answers.given("room"),
                year
            ],
        )?;
        act.describe(actor.entry("create group", format!("group {group}")));
        Ok(Outcome::done(&format!("/groups/{group}"), "group"))
    })
    .await
}

#[derive(Template)]
#[template(path = "roll/members.html")]
struct MembersPage {
    frame: Frame,
    id: GroupId,
    name: String,
    from: Field,
    chosen: String,
    choices: Vec<Choice>,
    pupils: Vec<(EnrolmentId, String, String)>,
}

/// `/groups/{group}/members?among=`: pupils to tick, of one year or tutor group at a time.
pub(super) async fn ask_members(
    desk: Desk,
    Path(group): Path<GroupId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        may_keep_roll(tx, actor, today)?;
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let found = book.groups.group(group).ok_or(Refusal::NotFound)?;
        let among = asked.number("among").map(GroupId);
        let inside: BTreeSet<EnrolmentId> = book.groups.members(group, today).collect();
        let outside = match among {
            Some(among) => members(&book, &sight, among, today),
            None => (book.roll.rows_on(today))
                .map(|row| &book.roll.enrolments[row])
                .filter(|enrolment| sight.covers(RecordKind::PupilCore, enrolment.pupil))
                .map(|enrolment| enrolment.id)
                .filter(|id| book.groups.of_kind(*id, found.kind, today).is_none())
                .collect(),
        };
        let mut outside: Vec<(u32, EnrolmentId)> = outside
            .into_iter()
            .filter(|enrolment| !inside.contains(enrolment))
            .filter_map(|enrolment| {
                let pupil = book.roll.pupil_of_row(book.roll.row(enrolment)?)?;
                Some((pupil.in_order, enrolment))
            })
            .collect();
        outside.sort_unstable();
        let pupils: Vec<(EnrolmentId, String, String)> = outside
            .into_iter()
            .filter_map(|(_, enrolment)| {
                let pupil = book.roll.pupil_of_row(book.roll.row(enrolment)?)?;
                let tutor = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
                let tutor = tutor.map_or_else(String::new, |group| group.name.clone());
                Some((enrolment, pupil.listed(), tutor))
            })
            .collect();
        let none = format!("In no {}", found.kind.label().to_lowercase());
        let year = i64::from(book.calendar.school_year_of(today).first_year());
        let mut others: Vec<&Group> = (book.groups.groups.iter())
            .filter(|other| other.id != group && other.kind != GroupKind::Class)
            .filter(|other| other.first_year.is_none_or(|first| first == year))
            .collect();
        others.sort_by_cached_key(|other| (other.kind, sorting_name(&other.name)));
        let choices = others
            .into_iter()
            .map(|other| Choice::new(other.id.to_string(), other.name.clone()));
        let page = MembersPage {
            frame: here.frame(tx, actor, "Add members")?,
            id: group,
            name: found.name.clone(),
            from: Field::day("from", "From").value(today.to_string()),
            chosen: among.map_or_else(String::new, |among| among.to_string()),
            choices: std::iter::once(Choice::new("", none))
                .chain(choices)
                .collect(),
            pupils,
        };
        Ok(Page(page).into_response())
    })
    .await
}

const GROUP: &str = "\
select kind, name from pupil_group where school_id = $1 and group_id = $2 and superseded_seq is null";

const OPEN_TIME: &str = "\
select starting_day, leaving_day from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";

const MEMBERSHIPS_OF: &str = "\
select m.membership_id, m.group_id, g.kind, m.from_day, m.to_day
from membership m
join pupil_group g on g.school_id = m.school_id and g.group_id = m.group_id and g.superseded_seq is null
where m.school_id = $1 and m.enrolment_id = $2 and m.superseded_seq is null
order by m.membership_id";

struct Belonging {
    membership: i64,
    group: GroupId,
    kind: String,
    from: Day,
    to: Option<Day>,
}

fn belongings(
    tx: &mut Tx,
    school: SchoolId,
    enrolment: EnrolmentId,
) -> Result<Vec<Belonging>, StoreError> {
    tx.query(MEMBERSHIPS_OF, &args![school, enrolment], |row| {
        Ok(Belonging {
            membership: row.get(0)?,
            group: row.get(1)?,
            kind: row.get(2)?,
            from: row.get(3)?,
            to: row.get(4)?,
        })
    })
}

fn kind_and_name(
    tx: &mut Tx,
    school: SchoolId,
    group: GroupId,
) -> Result<(String, String), Refusal> {
    tx.query_opt(GROUP, &args![school, group], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?
    .ok_or(Refusal::NotFound)
}

/// Adds the ticked pupils from a day on. A pupil has one year, house and tutor group at a time: the one before ends the day before.
pub(super) async fn answer_members(
    desk: Desk,
    Path(group): Path<GroupId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let (kind, _) = kind_and_name(act.tx(), actor.school, group)?;
        let mut wrongs = Wrongs::default();
        let Some(from) = answers.day("from", &mut wrongs) else {
            return Err(Refusal::Wrong(
                "Give the day from which they are members.".to_owned(),
            ));
        };
        let ticked: BTreeSet<i64> = answers
            .all("pupil")
            .filter_map(|id| id.parse().ok())
            .collect();
        if ticked.is_empty() {
            return Err(Refusal::Wrong("Tick the pupils to add.".to_owned()));
        }
        for enrolment in ticked.into_iter().map(EnrolmentId) {
            let open = act
                .tx()
                .query_opt(OPEN_TIME, &args![actor.school, enrolment], |row| {
                    Ok((row.get::<Day>(0)?, row.get::<Option<Day>>(1)?))
                })?;
            if open.is_none_or(|(_, last)| last.is_some_and(|last| last < from)) {
                return Err(Refusal::Wrong(format!(
                    "One of the pupils is not on roll on {}. Nobody was added.",
                    from.long()
                )));
            }
            join(act, group, &kind, enrolment, from)?;
        }
        act.describe(actor.entry("add members", format!("group {group}")));
        Ok(Outcome::done(&format!("/groups/{group}"), "members"))
    })
    .await
}

/// Records a membership from a day on, and ends what it takes the place of.
fn join(
    act: &mut Act,
    group: GroupId,
    kind: &str,
    enrolment: EnrolmentId,
    from: Day,
) -> Result<(), StoreError> {
    let school = act.school();
    for old in belongings(act.tx(), school, enrolment)? {
        let holds_then = old.to.is_none_or(|to| to >= from);
        let gives_way = old.group == group || (kind != "class" && old.kind == kind);
        if holds_then && gives_way {
            end_membership(act, enrolment, &old, from.previous())?;
        }
    }
    let id = act.new_id();
    act.record(&MEMBERSHIP, &args![id, group, enrolment, from, None::<Day>])
}

/// Ends a membership on its last day; one that had not begun by then is withdrawn.
fn end_membership(
    act: &mut Act,
    enrolment: EnrolmentId,
    old: &Belonging,
    last: Day,
) -> Result<(), StoreError> {
    if old.from > last {
        act.supersede(&MEMBERSHIP, &args![old.membership])?;
    } else {
        act.replace(
            &MEMBERSHIP,
            &args![old.membership, old.group, enrolment, old.from, last],
        )?;
    }
    Ok(())
}

/// Ends every membership of a time on roll that goes on beyond its last day.
pub(super) fn leave_all(
    act: &mut Act,
    enrolment: EnrolmentId,
    last: Day,
) -> Result<(), StoreError> {
    let school = act.school();
    for old in belongings(act.tx(), school, enrolment)? {
        if old.to.is_none_or(|to| to > last) {
            end_membership(act, enrolment, &old, last)?;
        }
    }
    Ok(())
}

/// Takes the ticked pupils out of the group after a last day.
pub(super) async fn leave(
    desk: Desk,
    Path(group): Path<GroupId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        kind_and_name(act.tx(), actor.school, group)?;
        let mut wrongs = Wrongs::default();
        let Some(last) = answers.day("last", &mut wrongs) else {
            return Err(Refusal::Wrong("Give the last day in the group.".to_owned()));
        };
        let ticked: BTreeSet<i64> = answers
            .all("pupil")
            .filter_map(|id| id.parse().ok())
            .collect();
        let mut ended = 0;
        for enrolment in ticked.into_iter().map(EnrolmentId) {
            for old in belongings(act.tx(), actor.school, enrolment)? {
                if old.group == group && old.to.is_none_or(|to| to > last) {
                    end_membership(act, enrolment, &old, last)?;
                    ended += 1;
                }
            }
        }
        if ended == 0 {
            return Err(Refusal::Wrong(
                "Tick the pupils who leave the group.".to_owned(),
            ));
        }
        act.describe(actor.entry("end memberships", format!("group {group}")));
        Ok(Outcome::done(&format!("/groups/{group}"), "members"))
    })
    .await
}

const STAFF_NOW: &str = "\
select staff_id, title, forename, surname from staff
where school_id = $1 and superseded_seq is null and (leaving_day is null or leaving_day >= $2) order by surname, forename";

const DUTIES_OF: &str = "\
select group_staff_id, staff_id, duty, from_day, to_day from group_staff
where school_id = $1 and group_id = $2 and superseded_seq is null order by group_staff_id";

fn staff_form(tx: &mut Tx, actor: &Actor, group: GroupId, today: Day) -> Result<FormPage, Refusal> {
    let (kind, name) = kind_and_name(tx, actor.school, group)?;
    let staff = tx.query(STAFF_NOW, &args![actor.school, today], |row| {
        let parts: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        let name = parts.join(" ").trim().to_owned();
        Ok(Choice::new(row.get::<i64>(0)?.to_string(), name))
    })?;
    let usual = match kind.as_str() {
        "tutor" => "tutor",
        "class" => "teacher",
        _ => "head",
    };
    let duties = DUTIES
        .iter()
        .map(|(key, words)| Choice::new(*key, *words))
        .collect();
    Ok(FormPage::new("Set the staff of a group", (format!("/groups/{group}"), Text::from(name)), "Record the duty", vec![Part::new(
            "",
            vec![
                Field::select(
                    "staff",
                    "Member of staff",
                    std::iter::once(Choice::new("", "Nobody: only end the present duty")).chain(staff).collect(),
                ),
                Field::select("duty", "Duty", duties).value(usual),
                Field::day("from", "From").value(today.to_string()),
                Field::new(FieldKind::Tick, "beside", "Beside whoever has this duty now, not instead of them"),
            ],
        )]).about("Who tutors, teaches or heads the group decides whose registers they take and whose records they see, from that day on."))
}

/// `/groups/{group}/staff`.
pub(super) async fn ask_staff(desk: Desk, Path(group): Path<GroupId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        staff_form(tx, actor, group, today)
    })
    .await
}

/// Records the duty.
pub(super) async fn answer_staff(
    desk: Desk,
    Path(group): Path<GroupId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        kind_and_name(act.tx(), actor.school, group)?;
        let mut wrongs = Wrongs::default();
        let from = answers.day("from", &mut wrongs);
        let duty = DUTIES.iter().find(|(key, _)| *key == answers.text("duty"));
        if duty.is_none() {
            wrongs.add("duty", "Choose the duty.");
        }
        let staff = answers.number("staff").map(StaffId);
        let known = act
            .tx()
            .query(STAFF_NOW, &args![actor.school, today], |row| {
                row.get::<StaffId>(0)
            })?;
        if staff.is_some_and(|staff| !known.contains(&staff)) {
            wrongs.add("staff", "Choose somebody who works here.");
        }
        let (Some(from), Some((duty, _)), true) = (from, duty, wrongs.is_empty()) else {
            let form = staff_form(act.tx(), actor, group, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        set_staff(act, group, staff, duty, from, answers.ticked("beside"))?;
        act.describe(actor.entry("set staff of group", format!("group {group}")));
        Ok(Outcome::done(&format!("/groups/{group}"), "staff"))
    })
    .await
}

fn set_staff(
    act: &mut Act,
    group: GroupId,
    staff: Option<StaffId>,
    duty: &'static str,
    from: Day,
    beside: bool,
) -> Result<(), Refusal> {
    let school = act.school();
    let present = act.tx().query(DUTIES_OF, &args![school, group], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<StaffId>(1)?,
            row.get::<String>(2)?,
            row.get::<Day>(3)?,
            row.get::<Option<Day>>(4)?,
        ))
    })?;
    let mut changed = staff.is_some();
    for (id, own, own_duty, own_from, own_to) in present {
        let gives_way = !beside || staff == Some(own);
        if own_duty != duty || !gives_way || own_to.is_some_and(|to| to < from) {
            continue;
        }
        changed = true;
        if own_from >= from {
            act.supersede(&GROUP_STAFF, &args![id])?;
        } else {
            let last = from.previous();
            act.replace(&GROUP_STAFF, &args![id, group, own, duty, own_from, last])?;
        }
    }
    if !changed {
        return Err(Refusal::Wrong(
            "Nobody has this duty, so there is nothing to end.".to_owned(),
        ));
    }
    if let Some(staff) = staff {
        let id = act.new_id();
        act.record(
            &GROUP_STAFF,
            &args![id, group, staff, duty, from, None::<Day>],
        )?;
    }
    Ok(())
}

const CHOICES: &str = "\
select group_id, kind, name, first_year from pupil_group
where school_id = $1 and superseded_seq is null and (first_year is null or first_year >= $2)";

/// The questions for year, tutor group and house of a pupil who joins.
pub(super) fn choose_groups(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Part, StoreError> {
    let this_year = SchoolYear::by_september(today).first_year();
    let mut groups = tx.query(CHOICES, &args![actor.school, this_year], |row| {
        Ok((
            row.get::<i64>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
            row.get::<Option<i64>>(3)?,
        ))
    })?;
    groups.sort_by_cached_key(|(_, _, name, first)| (*first, sorting_name(name)));
    let fields = [
        (GroupKind::Year, "Year group"),
        (GroupKind::Tutor, "Tutor group"),
        (GroupKind::House, "House"),
    ]
    .map(|(kind, label)| {
        let choices = groups
            .iter()
            .filter(|(_, own, _, _)| own == kind.key())
            .map(|(id, _, name, first)| {
                let later = first.filter(|first| *first > i64::from(this_year));
                let words = match later {
                    Some(first) => format!("{name} from September {first}"),
                    None => name.clone(),
                };
                Choice::new(id.to_string(), words)
            });
        let all = std::iter::once(Choice::new("", "Not yet"))
            .chain(choices)
            .collect();
        Field::select(kind.key(), label, all).short().optional()
    });
    Ok(Part::new("Groups", fields.to_vec()))
}

/// Records the groups that were chosen, from the starting day on.
pub(super) fn join_chosen_groups(
    act: &mut Act,
    answers: &Answers,
    enrolment: EnrolmentId,
    from: Day,
) -> Result<(), StoreError> {
    let school = act.school();
    for kind in [GroupKind::Year, GroupKind::Tutor, GroupKind::House] {
        let Some(group) = answers.number(kind.key()).map(GroupId) else {
            continue;
        };
        let is_known = act
            .tx()
            .query_opt(GROUP, &args![school, group], |row| row.get::<String>(0))?
            .is_some_and(|own| own == kind.key());
        if is_known {
            join(act, group, kind.key(), enrolment, from)?;
        }
    }
    Ok(())
}

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    SAME_NAME,
    GROUP,
    OPEN_TIME,
    MEMBERSHIPS_OF,
    STAFF_NOW,
    DUTIES_OF,
    CHOICES,
];
