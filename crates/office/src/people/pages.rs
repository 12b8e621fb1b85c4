//! The pages of the school's people: the list, a member of staff, and adding one.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use serde::Deserialize;
use store::args;

use super::directory::{self, DirectoryError, NewAccount};
use super::doors::random_code;
use super::me::moment;
use super::sign_in::{count_attempt, forget_attempts};
use super::staff::{self, AccountChange, Details, Held, Member};
use super::{Actor, Role, passwords};
use crate::desk::school_name;
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::{AccountId, StaffId};
use crate::shell::{
    self, Choice, Column, Columns, Direction, Errors, Export, Facts, Field, FieldKind, Flag, Frame,
    Notice, Under,
};
use crate::take_away::{FileKind, file, sheet, texts};

/// What a form sent, by field.
type Given = HashMap<String, String>;

/// What is wrong with it: field and what to do.
type Wrong = Vec<(&'static str, String)>;

/// The question that the list answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    role: String,
    show: String,
    sort: String,
    format: String,
}

impl ListQuery {
    /// The list's address with this sorting.
    fn address(&self, sort: &str) -> String {
        let parts = [
            ("q", self.q.as_str()),
            ("role", &self.role),
            ("show", &self.show),
            ("sort", sort),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        match serde_urlencoded::to_string(&parts) {
            Ok(query) if !query.is_empty() => format!("/people?{query}"),
            _ => "/people".to_owned(),
        }
    }

    /// Whether this member of staff is asked for.
    fn asks_for(&self, member: &Member, today: Day) -> bool {
        let words = crate::book::fold(&self.q);
        let text = crate::book::fold(&format!(
            "{} {} {} {}",
            member.name(),
            member.code.as_deref().unwrap_or_default(),
            member.job_title,
            member
                .account
                .as_ref()
                .map_or("", |account| &account.sign_in_name)
        ));
        let role = Role::from_key(&self.role);
        let has_left = member.leaving_day.is_some_and(|day| day < today);
        words.split_whitespace().all(|word| text.contains(word))
            && role.is_none_or(|role| member.roles.contains(&role))
            && match self.show.as_str() {
                "all" => true,
                "left" => has_left,
                "no-account" => !has_left && member.account.is_none(),
                "no-second-factor" => {
                    !has_left
                        && member.account.as_ref().is_some_and(|account| {
                            account.ended_at.is_none() && !account.has_second_factor
                        })
                }
                _ => !has_left,
            }
    }
}

/// Heading and sorting word of each column.
const COLUMNS: [(&str, &str); 7] = [
    ("Name", "name"),
    ("Code", "code"),
    ("Job title", "job"),
    ("Roles today", "roles"),
    ("Sign-in name", "sign-in"),
    ("Account", "account"),
    ("Last used", "seen"),
];

#[derive(Template)]
#[template(path = "people/people.html")]
struct PeoplePage {
    frame: Frame,
    query: ListQuery,
    roles: Vec<(&'static str, &'static str)>,
    manages: bool,
    columns: Columns,
    rows: Vec<(StaffId, Vec<String>, Option<Flag>)>,
    under: Under,
}

/// `GET /people`.
pub(super) async fn list(desk: Desk, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let at = desk.clone();
    let (today, _) = desk.office.today();
    desk.read(move |tx, actor| {
        staff::must_see(actor)?;
        let mut members = staff::everybody(tx, actor.school, today)?;
        members.retain(|member| query.asks_for(member, today));
        let (sorted_by, down) = match query.sort.strip_prefix('-') {
            Some(column) => (column.to_owned(), true),
            None => (query.sort.clone(), false),
        };
        let column = COLUMNS
            .iter()
            .position(|(_, word)| *word == sorted_by)
            .unwrap_or(0);
        let mut rows: Vec<(Member, Vec<String>)> = members
            .into_iter()
            .map(|member| {
                let cells = cells_of(&member);
                (member, cells)
            })
            .collect();
        rows.sort_by_cached_key(|(member, cells)| {
            let seen = member.account.as_ref().and_then(|account| account.seen_at);
            let by_time = if column == 6 { seen } else { None };
            (by_time, crate::book::fold(&cells[column]), member.listed())
        });
        if down {
            rows.reverse();
        }
        if let Some(kind) = FileKind::of(&query.format) {
            let school = school_name(tx, actor.school)?;
            let headings = COLUMNS.map(|(heading, _)| heading);
            let empty = sheet("Staff and accounts", &school, actor, today, &headings);
            let rows = rows.into_iter().map(|(_, cells)| cells).collect();
            return Ok(file(&texts(empty, rows), kind, &school, today));
        }
        let page = PeoplePage {
            frame: at.frame(tx, actor, "People")?,
            roles: Role::ALL
                .iter()
                .map(|role| (role.key(), role.label()))
                .collect(),
            manages: staff::manages(actor),
            columns: Columns {
                columns: COLUMNS
                    .iter()
                    .enumerate()
                    .map(|(index, (heading, word))| {
                        heading_of(&query, heading, word, (index == column).then_some(down))
                    })
                    .collect(),
            },
            under: Under {
                shown: match rows.len() {
                    1 => "One person".into(),
                    count => format!("{count} people").into(),
                },
                exports: Export::usual(&query.address(&query.sort)),
                ..Under::default()
            },
            rows: rows
                .into_iter()
                .map(|(member, cells)| (member.staff, cells, flag_of(&member)))
                .collect(),
            query,
        };
        Ok(shell::page(StatusCode::OK, &page))
    })
    .await
}

fn heading_of(query: &ListQuery, heading: &'static str, word: &str, down: Option<bool>) -> Column {
    let now = down.map(|down| if down { Direction::Down } else { Direction::Up });
    let other_way = match now {
        Some(Direction::Up) => format!("-{word}"),
        _ => word.to_owned(),
    };
    Column::text(heading).sorted_by(query.address(&other_way), now)
}

fn cells_of(member: &Member) -> Vec<String> {
    let roles: Vec<&str> = member.roles.iter().map(|role| role.label()).collect();
    let account = member.account.as_ref();
    let state = match account {
        None => "none",
        Some(account) if account.ended_at.is_some() => "ended",
        Some(account) if account.has_second_factor => "second factor",
        Some(_) => "password",
    };
    vec![
        member.listed(),
        member.code.clone().unwrap_or_default(),
        member.job_title.clone(),
        roles.join(", "),
        account
            .map(|account| account.sign_in_name.clone())
            .unwrap_or_default(),
        state.to_owned(),
        account
            .and_then(|account| account.seen_at)
            .map(moment)
            .unwrap_or_default(),
    ]
}

fn flag_of(member: &Member) -> Option<Flag> {
    let account = member.account.as_ref()?;
    match account.ended_at {
        None if member.roles.is_empty() => Some(Flag::heed("no role today")),
        None if account.must_change_password => Some(Flag::plain("has not signed in")),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "people/new.html")]
struct NewPage {
    frame: Frame,
    errors: Errors,
    person: Vec<Field>,
    account: Vec<Field>,
    roles: Vec<Field>,
    approval: Vec<Field>,
}

/// `GET /people/new`.
pub(super) async fn new_page(desk: Desk) -> Result<Response, Problem> {
    show_new(&desk, StatusCode::OK, Given::new(), Vec::new()).await
}

async fn show_new(
    desk: &Desk,
    status: StatusCode,
    given: Given,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let at = desk.clone();
    let (today, _) = desk.office.today();
    let page = desk
        .read(move |tx, actor| {
            must_manage(actor)?;
            let mut person = details_fields(&given, &wrong);
            person.push(field("job_title", "Job title", &given, &wrong));
            person.push(from_field(&given, &wrong, today));
            let account = vec![
                Field {
                    autocomplete: "off",
                    ..field("name", "Sign-in name", &given, &wrong)
                }
                .hint("Leave it empty for somebody who does not sign in.")
                .optional(),
            ];
            let roles = Role::ALL
                .iter()
                .map(|role| {
                    let name = format!("role_{}", role.key());
                    let value = given.get(&name).cloned().unwrap_or_default();
                    Field::new(FieldKind::Tick, name, role.label()).value(value)
                })
                .collect();
            let approval = approval_fields(&given, &wrong);
            let all = person.iter().chain(&account).chain(&approval);
            Ok(NewPage {
                frame: at.frame(tx, actor, "Add a member of staff")?,
                errors: Errors::of(all),
                person,
                account,
                roles,
                approval,
            })
        })
        .await?;
    Ok(shell::page(status, &page))
}

fn must_manage(actor: &Actor) -> Result<(), Refusal> {
    staff::must_see(actor)?;
    if staff::manages(actor) {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

fn field(name: &'static str, label: &'static str, given: &Given, wrong: &Wrong) -> Field {
    let error = wrong.iter().find(|(field, _)| *field == name);
    Field::line(name, label)
        .value(given.get(name).cloned().unwrap_or_default())
        .error(error.map(|(_, why)| why.clone()))
}

fn day_field(name: &'static str, label: &'static str, given: &Given, wrong: &Wrong) -> Field {
    Field {
        kind: FieldKind::Day,
        ..field(name, label, given, wrong).short()
    }
}

fn from_field(given: &Given, wrong: &Wrong, today: Day) -> Field {
    let from = day_field("from", "From", given, wrong);
    match given.contains_key("from") {
        true => from,
        false => from.value(today.to_string()),
    }
}

fn details_fields(given: &Given, wrong: &Wrong) -> Vec<Field> {
    vec![
        field("title", "Title", given, wrong).tiny().optional(),
        field("forename", "First name", given, wrong).optional(),
        field("surname", "Surname", given, wrong),
        field("code", "Staff code", given, wrong).tiny().optional(),
        Field {
            kind: FieldKind::Email,
            ..field("email", "Work e-mail", given, wrong)
        }
        .optional(),
        day_field("starting_day", "First day at the school", given, wrong).optional(),
        day_field("leaving_day", "Last day at the school", given, wrong)
            .hint("From the day after, they can no longer sign in.")
            .optional(),
    ]
}

fn approval_fields(given: &Given, wrong: &Wrong) -> Vec<Field> {
    vec![
        Field {
            autocomplete: "off",
            ..field("approver", "Approver's sign-in name", given, wrong)
        }
        .hint("The headteacher or the designated safeguarding lead, who types their own password here.")
        .optional(),
        Field {
            kind: FieldKind::Password,
            autocomplete: "off",
            ..field("approver_password", "Approver's password", given, wrong)
        }
        .optional(),
    ]
}

fn text_of(given: &Given, name: &str) -> String {
    let text = given.get(name).map_or("", String::as_str);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn filled(given: &Given, name: &str) -> Option<String> {
    Some(text_of(given, name)).filter(|text| !text.is_empty())
}

fn day_of(given: &Given, name: &'static str, wrong: &mut Wrong) -> Option<Day> {
    let text = filled(given, name)?;
    let day = text.parse().ok();
    if day.is_none() {
        wrong.push((name, "Give a day, such as 2026-11-24.".to_owned()));
    }
    day
}

fn details_of(given: &Given, wrong: &mut Wrong) -> Details {
    let details = Details {
        code: filled(given, "code"),
        title: text_of(given, "title"),
        forename: text_of(given, "forename"),
        surname: text_of(given, "surname"),
        email: filled(given, "email"),
        starting_day: day_of(given, "starting_day", wrong),
        leaving_day: day_of(given, "leaving_day", wrong),
    };
    if details.surname.is_empty() {
        wrong.push(("surname", "Give the surname.".to_owned()));
    }
    if details
        .email
        .as_ref()
        .is_some_and(|email| !email.contains('@'))
    {
        wrong.push(("email", "An e-mail address has an @ in it.".to_owned()));
    }
    if let (Some(first), Some(last)) = (details.starting_day, details.leaving_day)
        && last < first
    {
        wrong.push((
            "leaving_day",
            "The last day is before the first.".to_owned(),
        ));
    }
    details
}

/// `POST /people/new`: the staff record, and where a sign-in name is given an account with its roles.
pub(super) async fn add(desk: Desk, Form(given): Form<Given>) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    desk.read(|_, actor| must_manage(actor)).await?;
    let mut wrong = Vec::new();
    let details = details_of(&given, &mut wrong);
    let job_title = text_of(&given, "job_title");
    if job_title.is_empty() {
        wrong.push((
            "job_title",
            "Give the job title: every amendment keeps it (R-007).".to_owned(),
        ));
    }
    let from = day_of(&given, "from", &mut wrong).unwrap_or(today);
    let sign_in_name = filled(&given, "name");
    let roles: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| {
            given
                .get(&format!("role_{}", role.key()))
                .is_some_and(|tick| tick == "yes")
        })
        .collect();
    match &sign_in_name {
        Some(name) => wrong.extend(directory::fault_of_sign_in_name(name).map(|why| ("name", why))),
        None if !roles.is_empty() => {
            wrong.push((
                "name",
                "Roles belong to an account: give a sign-in name.".to_owned(),
            ));
        }
        None => {}
    }
    let nobody_yet = AccountId(0);
    let needs_approver = desk
        .read({
            let roles = roles.clone();
            move |_, actor| {
                Ok(roles
                    .iter()
                    .any(|role| staff::needs_approver(actor, nobody_yet, *role)))
            }
        })
        .await?;
    let approver = match needs_approver && wrong.is_empty() {
        true => match approver(&desk, &given, nobody_yet).await? {
            Ok(account) => Some(account),
            Err(why) => {
                wrong.push(("approver", why));
                None
            }
        },
        false => None,
    };
    if !wrong.is_empty() {
        return show_new(&desk, StatusCode::UNPROCESSABLE_ENTITY, given, wrong).await;
    }
    let name = format!("{} {} {}", details.title, details.forename, details.surname);
    let opened = match sign_in_name {
        None => None,
        Some(sign_in_name) => match open(&desk, &sign_in_name, name.trim()).await? {
            Ok(opened) => Some(opened),
            Err(why) => {
                let wrong = vec![("name", why)];
                return show_new(&desk, StatusCode::UNPROCESSABLE_ENTITY, given, wrong).await;
            }
        },
    };
    let account = opened.as_ref().map(|opened| opened.account);
    let staff = desk
        .act(move |act, actor| {
            let staff = staff::add(act, actor, &details, &job_title, account, from)?;
            for role in roles {
                let account = account.ok_or(Refusal::NotFound)?;
                staff::grant(act, actor, account, role, (from, None), approver)?;
            }
            staff::described_as_added(act, actor, staff);
            Ok(staff)
        })
        .await?;
    match opened {
        None => Ok(Redirect::to(&format!("/people/{staff}?said=added")).into_response()),
        Some(opened) => show_password(&desk, staff, opened).await,
    }
}

/// An account that has just been opened, or given a new password.
struct Opened {
    account: AccountId,
    sign_in_name: String,
    password: String,
}

/// Opens an account with a password that is shown once and must be changed, or says why the name cannot be had.
async fn open(
    desk: &Desk,
    sign_in_name: &str,
    name: &str,
) -> Result<Result<Opened, String>, Problem> {
    let password = random_code::<16>();
    let hash = hashed(desk, &password).await?;
    let new = NewAccount {
        sign_in_name: sign_in_name.to_owned(),
        name: name.to_owned(),
        password_hash: Some(hash),
        must_change_password: true,
    };
    let opened = desk
        .act_in_directory(move |act, actor| {
            must_manage(actor)?;
            match directory::open_account(act, Some(actor), &new) {
                Ok(account) => Ok(account),
                Err(DirectoryError::Store(error)) => Err(Refusal::Store(error)),
                Err(other) => Err(Refusal::Wrong(other.to_string())),
            }
        })
        .await;
    match opened {
        Ok(account) => Ok(Ok(Opened {
            account,
            sign_in_name: directory::sign_in_name(sign_in_name),
            password,
        })),
        Err(problem) => match problem.ground() {
            Some(ground) => Ok(Err(ground.to_owned())),
            None => Err(problem),
        },
    }
}

async fn hashed(desk: &Desk, password: &str) -> Result<String, Problem> {
    passwords::hash(password.to_owned())
        .await
        .map_err(|error| desk.problem(Refusal::Wrong(error.to_string())))
}

#[derive(Template)]
#[template(path = "people/password.html")]
struct PasswordPage {
    frame: Frame,
    staff: StaffId,
    name: String,
    sign_in_name: String,
    password: String,
}

async fn show_password(desk: &Desk, staff: StaffId, opened: Opened) -> Result<Response, Problem> {
    let at = desk.clone();
    let (today, _) = desk.office.today();
    let page = desk
        .read(move |tx, actor| {
            Ok(PasswordPage {
                frame: at.frame(tx, actor, "One-time password")?,
                staff,
                name: staff::member(tx, actor.school, today, staff)?.name(),
                sign_in_name: opened.sign_in_name,
                password: opened.password,
            })
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

/// The account of the person who approves: headteacher or designated safeguarding lead of this school, neither the one who asks
/// nor the one who gets the role, by their own password.
async fn approver(
    desk: &Desk,
    given: &Given,
    receiver: AccountId,
) -> Result<Result<AccountId, String>, Problem> {
    let name = directory::sign_in_name(&text_of(given, "approver"));
    let password = given.get("approver_password").cloned().unwrap_or_default();
    if name.is_empty() || password.is_empty() {
        let why = "One of these roles needs the approval of the headteacher or the designated safeguarding lead.";
        return Ok(Err(why.to_owned()));
    }
    let (today, _) = desk.office.today();
    let now = desk.office.now();
    let found: Option<(i64, Option<String>)> = desk
        .read(move |tx, actor| {
            let found =
                tx.query_opt(staff::APPROVER, &args![name, actor.school, today], |row| {
                    Ok((row.get::<i64>(0)?, row.get(1)?))
                })?;
            Ok(found.filter(|(account, _)| *account != actor.account.0 && *account != receiver.0))
        })
        .await?;
    let (account, hash) = found.unwrap_or((0, None));
    let may_try = desk
        .office
        .store
        .write(move |tx| count_attempt(tx, account, now).map_err(Refusal::from))
        .await
        .map_err(|refusal| desk.problem(refusal))?;
    let right = passwords::is_right(password, hash)
        .await
        .map_err(|error| desk.problem(Refusal::Wrong(error.to_string())))?;
    if !(may_try && right) {
        let why = "This is not the name and password of another person who is headteacher or designated safeguarding lead here.";
        return Ok(Err(why.to_owned()));
    }
    desk.office
        .store
        .write(move |tx| forget_attempts(tx, account).map_err(Refusal::from))
        .await
        .map_err(|refusal| desk.problem(refusal))?;
    Ok(Ok(AccountId(account)))
}

#[derive(Template)]
#[template(path = "people/person.html")]
struct PersonPage {
    frame: Frame,
    errors: Errors,
    staff: StaffId,
    name: String,
    facts: Facts,
    manages: bool,
    /// Whether it is the page of the person who looks at it.
    is_self: bool,
    posts: Vec<(String, String)>,
    grants: Vec<Grant>,
    account: Option<AccountState>,
    details: Vec<Field>,
    post: Vec<Field>,
    role: Vec<Field>,
    open: Vec<Field>,
    reason: Field,
    today: String,
}

struct Grant {
    id: i64,
    role: &'static str,
    days: String,
    may_end: bool,
}

struct AccountState {
    facts: Facts,
    is_ended: bool,
    has_second_factor: bool,
}

/// What has just happened.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    said: String,
}

/// `GET /people/{staff}`.
pub(super) async fn person(
    desk: Desk,
    Path(staff): Path<i64>,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let notice = match said.said.as_str() {
        "added" => Some(Notice::done("Added.")),
        "details" => Some(Notice::done("The details were changed.")),
        "post" => Some(Notice::done("The job title was changed.")),
        "granted" => Some(Notice::done("The role was granted.")),
        "role-ended" => Some(Notice::done("The role was ended.")),
        "ended" => Some(Notice::done(
            "The account was ended and all its devices signed out.",
        )),
        "resumed" => Some(Notice::done("The account can be used again.")),
        "factor" => Some(Notice::done(
            "The second factor was removed and all devices signed out.",
        )),
        _ => None,
    };
    show_person(
        &desk,
        StaffId(staff),
        StatusCode::OK,
        notice,
        None,
        Vec::new(),
    )
    .await
}

async fn show_person(
    desk: &Desk,
    staff: StaffId,
    status: StatusCode,
    notice: Option<Notice>,
    given: Option<Given>,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let at = desk.clone();
    let (today, _) = desk.office.today();
    let page = desk
        .read(move |tx, actor| {
            staff::must_see(actor)?;
            let member = staff::member(tx, actor.school, today, staff)?;
            let posts = staff::posts(tx, actor.school, staff)?;
            let grants = match &member.account {
                None => Vec::new(),
                Some(account) => staff::grants(tx, actor.school, account.account)?,
            };
            let manages = staff::manages(actor);
            let given = given.unwrap_or_else(|| given_of(&member));
            let details = details_fields(&given, &wrong);
            let post = vec![
                field("job_title", "Job title", &given, &wrong),
                from_field(&given, &wrong, today),
            ];
            let role = role_fields(&given, &wrong, today);
            let open = vec![Field {
                autocomplete: "off",
                ..field("name", "Sign-in name", &given, &wrong)
            }];
            let reason = field("reason", "Reason", &given, &wrong)
                .hint("Kept in the journal with this act.");
            let mut errors = Errors::of(
                details
                    .iter()
                    .chain(&post)
                    .chain(&role)
                    .chain(&open)
                    .chain([&reason]),
            );
            errors.problems.dedup_by(|a, b| a.field == b.field);
            let is_self = member
                .account
                .as_ref()
                .is_some_and(|own| own.account == actor.account);
            Ok(PersonPage {
                frame: at.frame(tx, actor, "Member of staff")?.with_notice(notice),
                errors,
                staff,
                name: member.name(),
                facts: facts_of(&member),
                manages,
                is_self,
                posts: posts
                    .iter()
                    .map(|post| (post.what.clone(), days_of(post)))
                    .collect(),
                grants: grants
                    .iter()
                    .map(|grant| Grant {
                        id: grant.id,
                        role: grant.what.label(),
                        days: days_of(grant),
                        may_end: manages && grant.to.is_none_or(|to| to >= today),
                    })
                    .collect(),
                account: member.account.as_ref().map(|account| AccountState {
                    facts: account_facts(account),
                    is_ended: account.ended_at.is_some(),
                    has_second_factor: account.has_second_factor,
                }),
                details,
                post,
                role,
                open,
                reason,
                today: today.to_string(),
            })
        })
        .await?;
    Ok(shell::page(status, &page))
}

fn role_fields(given: &Given, wrong: &Wrong, today: Day) -> Vec<Field> {
    let mut choices = vec![Choice::new("", "Choose a role")];
    choices.extend(
        Role::ALL
            .iter()
            .map(|role| Choice::new(role.key(), role.label())),
    );
    let mut fields = vec![
        Field {
            kind: FieldKind::Select(choices),
            ..field("role", "Role", given, wrong)
        },
        Field {
            name: "role_from".into(),
            ..day_field("role_from", "From", given, wrong)
        }
        .value(
            given
                .get("role_from")
                .cloned()
                .unwrap_or_else(|| today.to_string()),
        ),
        day_field("role_to", "Last day", given, wrong).optional(),
    ];
    fields.extend(approval_fields(given, wrong));
    fields
}

fn given_of(member: &Member) -> Given {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        ("title", member.title.clone()),
        ("forename", member.forename.clone()),
        ("surname", member.surname.clone()),
        ("code", member.code.clone().unwrap_or_default()),
        ("email", member.email.clone().unwrap_or_default()),
        ("starting_day", day(member.starting_day)),
        ("leaving_day", day(member.leaving_day)),
        ("job_title", member.job_title.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn facts_of(member: &Member) -> Facts {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
    let day = |day: Option<Day>| day.map(Day::long).unwrap_or_default().into();
    let roles: Vec<&str> = member.roles.iter().map(|role| role.label()).collect();
    Facts {
        facts: vec![
            ("Staff code".into(), text(&member.code)),
            ("Job title today".into(), member.job_title.clone().into()),
            ("Roles today".into(), roles.join(", ").into()),
            ("Work e-mail".into(), text(&member.email)),
            ("First day".into(), day(member.starting_day)),
            ("Last day".into(), day(member.leaving_day)),
        ],
    }
}

fn account_facts(account: &staff::MemberAccount) -> Facts {
    let state = match account.ended_at {
        Some(at) => format!("ended {}", moment(at)),
        None if account.must_change_password => "one-time password, not changed yet".to_owned(),
        None => "in use".to_owned(),
    };
    let factor = if account.has_second_factor {
        "on"
    } else {
        "off"
    };
    Facts {
        facts: vec![
            ("Sign-in name".into(), account.sign_in_name.clone().into()),
            ("State".into(), state.into()),
            ("Second factor".into(), factor.into()),
            (
                "Pauses until".into(),
                account
                    .pauses_until
                    .map_or_else(|| "not pausing".to_owned(), moment)
                    .into(),
            ),
            (
                "Last used".into(),
                account
                    .seen_at
                    .map_or_else(|| "never".to_owned(), moment)
                    .into(),
            ),
        ],
    }
}

fn days_of<T>(held: &Held<T>) -> String {
    match held.to {
        None => format!("from {}", held.from.long()),
        Some(to) => format!("{} to {}", held.from.long(), to.long()),
    }
}

/// `POST /people/{staff}/details`.
pub(super) async fn change_details(
    desk: Desk,
    Path(staff): Path<i64>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    let mut wrong = Vec::new();
    let details = details_of(&given, &mut wrong);
    if !wrong.is_empty() {
        return again(&desk, staff, given, wrong).await;
    }
    desk.act(move |act, actor| staff::change_details(act, actor, today, staff, &details))
        .await?;
    Ok(back(staff, "details"))
}

async fn again(
    desk: &Desk,
    staff: StaffId,
    given: Given,
    wrong: Wrong,
) -> Result<Response, Problem> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    show_person(desk, staff, status, None, Some(given), wrong).await
}

fn back(staff: StaffId, said: &str) -> Response {
    Redirect::to(&format!("/people/{staff}?said={said}")).into_response()
}

/// `POST /people/{staff}/post`.
pub(super) async fn change_post(
    desk: Desk,
    Path(staff): Path<i64>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    let mut wrong = Vec::new();
    let from = day_of(&given, "from", &mut wrong);
    let Some(job_title) = filled(&given, "job_title") else {
        wrong.push(("job_title", "Give the job title.".to_owned()));
        return again(&desk, staff, given, wrong).await;
    };
    let (Some(from), true) = (from, wrong.is_empty()) else {
        if wrong.is_empty() {
            wrong.push(("from", "Give the day from which they hold it.".to_owned()));
        }
        return again(&desk, staff, given, wrong).await;
    };
    desk.act(move |act, actor| staff::change_post(act, actor, today, staff, &job_title, from))
        .await?;
    Ok(back(staff, "post"))
}

/// `POST /people/{staff}/roles`: grants a role.
pub(super) async fn grant_role(
    desk: Desk,
    Path(staff): Path<i64>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    let mut wrong = Vec::new();
    let role = Role::from_key(&text_of(&given, "role"));
    if role.is_none() {
        wrong.push(("role", "Choose a role.".to_owned()));
    }
    let from = day_of(&given, "role_from", &mut wrong).unwrap_or(today);
    let to = day_of(&given, "role_to", &mut wrong);
    let (account, needs_approver) = desk
        .read(move |tx, actor| {
            must_manage(actor)?;
            let member = staff::member(tx, actor.school, today, staff)?;
            let account = member.account.map(|account| account.account);
            let account = account.ok_or(Refusal::NotFound)?;
            let needs = role.is_some_and(|role| staff::needs_approver(actor, account, role));
            Ok((account, needs))
        })
        .await?;
    let mut approved_by = None;
    if needs_approver && wrong.is_empty() {
        match approver(&desk, &given, account).await? {
            Ok(approver) => approved_by = Some(approver),
            Err(why) => wrong.push(("approver", why)),
        }
    }
    let (Some(role), true) = (role, wrong.is_empty()) else {
        return again(&desk, staff, given, wrong).await;
    };
    desk.act(move |act, actor| staff::grant(act, actor, account, role, (from, to), approved_by))
        .await?;
    Ok(back(staff, "granted"))
}

/// `POST /people/{staff}/roles/end`: ends the role named by `grant` with today.
pub(super) async fn end_role(
    desk: Desk,
    Path(staff): Path<i64>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    let grant = text_of(&given, "grant").parse().unwrap_or_default();
    let mut wrong = Vec::new();
    let last_day = day_of(&given, "last_day", &mut wrong).unwrap_or(today.previous());
    desk.act(move |act, actor| staff::end_grant(act, actor, today, grant, last_day))
        .await?;
    Ok(back(staff, "role-ended"))
}

/// `POST /people/{staff}/account`: opens an account for somebody who has none.
pub(super) async fn open_account(
    desk: Desk,
    Path(staff): Path<i64>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    let name = desk
        .read(move |tx, actor| {
            must_manage(actor)?;
            let member = staff::member(tx, actor.school, today, staff)?;
            match member.account {
                None => Ok(member.name()),
                Some(_) => Err(Refusal::Wrong("They have an account already.".to_owned())),
            }
        })
        .await?;
    let sign_in_name = text_of(&given, "name");
    let opened = match directory::fault_of_sign_in_name(&sign_in_name) {
        Some(why) => Err(why),
        None => open(&desk, &sign_in_name, &name).await?,
    };
    match opened {
        Err(why) => again(&desk, staff, given, vec![("name", why)]).await,
        Ok(opened) => {
            let account = opened.account;
            desk.act(move |act, actor| staff::give_account(act, actor, today, staff, account))
                .await?;
            show_password(&desk, staff, opened).await
        }
    }
}

/// `POST /people/{staff}/account/{change}`: `end`, `resume`, `password` or `second-factor`, each with a reason.
pub(super) async fn change_account(
    desk: Desk,
    Path((staff, change)): Path<(i64, String)>,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (staff, (today, _)) = (StaffId(staff), desk.office.today());
    desk.read(|_, actor| must_manage(actor)).await?;
    let Some(reason) = filled(&given, "reason") else {
        let why = "Give the reason: it is kept in the journal.".to_owned();
        return again(&desk, staff, given, vec![("reason", why)]).await;
    };
    let password = random_code::<16>();
    let (change, said) = match change.as_str() {
        "end" => (AccountChange::End, "ended"),
        "resume" => (AccountChange::Resume, "resumed"),
        "second-factor" => (AccountChange::RemoveSecondFactor, "factor"),
        "password" => {
            let hash = hashed(&desk, &password).await?;
            (AccountChange::GivePassword { hash }, "")
        }
        _ => return Err(desk.problem(Refusal::NotFound)),
    };
    let gives_password = matches!(change, AccountChange::GivePassword { .. });
    desk.act(move |act, actor| staff::change_account(act, actor, today, staff, &change, &reason))
        .await?;
    if !gives_password {
        return Ok(back(staff, said));
    }
    let (account, sign_in_name) = desk
        .read(move |tx, actor| {
            let member = staff::member(tx, actor.school, today, staff)?;
            let account = member.account.ok_or(Refusal::NotFound)?;
            Ok((account.account, account.sign_in_name))
        })
        .await?;
    let opened = Opened {
        account,
        sign_in_name,
        password,
    };
    show_password(&desk, staff, opened).await
}
