//! The weekly report of marks without a reason, to tutors and those who head a year or house: how many of their own pupils, and where to look.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::post::{Kind, Letter, Post, told};
use super::rules::StaffMailRules;
use crate::book::Book;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::ids::{AccountId, GroupId, StaffId};
use crate::messages::carry::by_itself;
use crate::messages::held::may_leave;
use crate::people::{Actor, Reach};
use crate::registers::ageing::{InWeek, in_week};
use crate::registers::keeps_all_registers;
use crate::year::settings::settings;

const LAST: &str = "\
select about from staff_mail where school_id = $1 and kind = $2 and superseded_seq is null order by asked_at desc, mail_id desc limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[LAST];

/// The report is of use until the week after has ended.
const OF_USE_FOR_DAYS: i32 = 7;

/// What was sent last: on which day, and what became of it; nothing where none was ever sent.
///
/// Errors: the database did not answer.
pub(crate) fn last_report(tx: &mut Tx, school: SchoolId) -> Result<Option<String>, StoreError> {
    let last = tx.query_opt(LAST, &args![school, Kind::Week.key()], |row| {
        row.get::<String>(0)
    })?;
    let Some(about) = last else {
        return Ok(None);
    };
    let day = about
        .parse()
        .map_or_else(|_| about.clone(), |day: Day| day.long());
    let told = told(tx, school, Kind::Week, &about)?;
    Ok(told.map(|told| format!("Sent on {day}. {told}")))
}

/// The e-mails of the week: to everybody who tutors or heads a group with pupils in the report, about those pupils alone.
///
/// Rule: E-026. Units: pupils, and sessions whose `N` stands.
fn letters(book: &Book, post: &Post, today: Day) -> Vec<Letter> {
    let all = in_week(book, &Reach::School, today);
    let mut by_person: BTreeMap<StaffId, Vec<GroupId>> = BTreeMap::new();
    for group in &book.groups.groups {
        for duty in book.groups.staff(group.id, today) {
            if matches!(duty.duty.as_str(), "tutor" | "head") {
                let groups = by_person.entry(duty.staff).or_default();
                if !groups.contains(&group.id) {
                    groups.push(group.id);
                }
            }
        }
    }
    let letters = by_person.into_iter().filter_map(|(to, groups)| {
        let lines: Vec<String> = groups
            .into_iter()
            .filter_map(|group| line(book, &all, group, today))
            .collect();
        (!lines.is_empty()).then(|| Letter {
            to,
            subject: format!("Not explained: week of {}", today.monday().long()),
            words: format!(
                "Marks without a reason (N), from this week or before:\n\n{}\n\nWho they are, how often lately and on which days of the week stands {}. \
                 Please ask them next week, and tell the attendance office what you find (E-026). No names stand in this e-mail on purpose.\n\n{}",
                lines.join("\n"),
                post.link("/unexplained/week"),
                post.school_name
            ),
        })
    });
    letters.collect()
}

/// `9A: 3 pupils, 5 sessions; the first reason is needed by Tuesday 24 November 2026; 1 is past its fifth school day.`
fn line(book: &Book, all: &[InWeek], group: GroupId, today: Day) -> Option<String> {
    let members: Vec<_> = book.groups.members(group, today).collect();
    let own: Vec<&InWeek> = all
        .iter()
        .filter(|one| members.contains(&one.enrolment))
        .collect();
    if own.is_empty() {
        return None;
    }
    let name = book.groups.group(group).map(|group| group.name.as_str());
    let sessions: u32 = own.iter().map(|one| one.this_week + one.earlier).sum();
    let first = own.iter().filter_map(|one| one.reason_by).min();
    let past = own.iter().filter(|one| one.reason_by.is_none()).count();
    let mut line = format!(
        "{}: {} pupil{}, {sessions} session{}",
        name.unwrap_or_default(),
        own.len(),
        plural(own.len()),
        plural(sessions as usize)
    );
    if let Some(day) = first {
        line.push_str(&format!("; the first reason is needed by {}", day.long()));
    }
    if past > 0 {
        line.push_str(&format!(
            "; {past} {} past the fifth school day, so O is proposed",
            if past == 1 { "is" } else { "are" }
        ));
    }
    line.push('.');
    Some(line)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Writes the e-mails of this day, to whoever has not had theirs. Answers to how many.
///
/// Errors: the database did not answer.
fn write(
    act: &mut Act,
    actor: &Actor,
    post: &Post,
    letters: &[Letter],
    today: Day,
) -> Result<usize, StoreError> {
    let only_until = act
        .at()
        .plus_seconds(i64::from(OF_USE_FOR_DAYS) * 24 * 60 * 60);
    let sent = post.queue(act, actor.account, &today.to_string(), only_until, letters)?;
    if sent > 0 {
        let subject = format!("report of {today}");
        act.describe(actor.entry("send the weekly report of marks without a reason", subject));
        act.note("e-mails", &sent.to_string());
    }
    Ok(sent)
}

/// `POST /messages/staff/week`: sends the report now to whoever has not had it today.
pub(super) async fn send(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let (post, letters, today) = desk
        .read(move |tx, actor| {
            if !keeps_all_registers(actor) {
                return Err(Refusal::NotFound);
            }
            let (today, _) = here.office.today();
            let post = Post::of(&here.office, tx, actor.school, today, Kind::Week)?;
            if let Some(closed) = post.closed() {
                return Err(Refusal::Wrong(closed.to_owned()));
            }
            let book = here.office.shelf.book(tx, actor.school)?;
            let letters = letters(&book, &post, today);
            Ok((post, letters, today))
        })
        .await?;
    let sent = desk
        .act(move |act, actor| {
            if !keeps_all_registers(actor) {
                return Err(Refusal::NotFound);
            }
            Ok(write(act, actor, &post, &letters, today)?)
        })
        .await?;
    Ok(Redirect::to(&format!("/messages/staff?did=week&sent={sent}")).into_response())
}

/// Sends the weekly report of every school whose week has ended and whose time for it has come. Answers how many e-mails were put down.
///
/// Rule: E-026, “each Friday”: on the last school day of a week, from the time that the school has set. Two programs on one database send
/// one report: the act that asks looks at what was asked for. For the program to call every minute, and for tests.
/// Errors: the database did not answer. A school whose settings cannot be read is passed over and logged.
pub async fn send_weekly_reports(office: &Arc<Office>) -> Result<usize, StoreError> {
    if !may_leave(office).await? {
        return Ok(0);
    }
    let mut sent = 0;
    for school in office.schools().await? {
        match send_where_due(office, school).await {
            Ok(of_school) => sent += of_school,
            Err(Refusal::Store(error)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, school = school.0, "the weekly report could not be made");
            }
        }
    }
    Ok(sent)
}

async fn send_where_due(office: &Arc<Office>, school: SchoolId) -> Result<usize, Refusal> {
    let here = Arc::clone(office);
    let due = office.store.read(move |tx| due(&here, tx, school)).await?;
    let Some((post, letters, today)) = due else {
        return Ok(0);
    };
    let sent = office.store.act(school, move |act: &mut Act| {
        let actor = Actor {
            job_title: "by itself at the end of the week".to_owned(),
            account: AccountId(0),
            ..by_itself(school)
        };
        write(act, &actor, &post, &letters, today)
    });
    Ok(sent.await?)
}

/// The report of a school, where it is due and none was sent today.
fn due(
    office: &Office,
    tx: &mut Tx,
    school: SchoolId,
) -> Result<Option<(Post, Vec<Letter>, Day)>, Refusal> {
    let (today, time) = office.now().in_london();
    let rules = StaffMailRules::on(&settings(tx, school)?, today)?;
    if !rules.week
        || time < rules.week_at
        || told(tx, school, Kind::Week, &today.to_string())?.is_some()
    {
        return Ok(None);
    }
    let book = office.shelf.book(tx, school)?;
    if !is_last_of_week(&book, today) {
        return Ok(None);
    }
    let post = Post::of(office, tx, school, today, Kind::Week)?;
    if post.closed().is_some() {
        return Ok(None);
    }
    let letters = letters(&book, &post, today);
    Ok((!letters.is_empty()).then_some((post, letters, today)))
}

fn is_last_of_week(book: &Book, today: Day) -> bool {
    let sunday = today.monday().plus_days(6);
    book.calendar.is_school_day(today)
        && (today == sunday
            || book
                .calendar
                .school_days_between(today.next(), sunday)
                .is_empty())
}
