//! Accounts and roles of the staff, which only a system administrator changes: adding a member of staff, opening and ending
//! an account, granting and ending a role.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{SchoolId, Tx, args};

use super::directory::{self, DirectoryError, NewAccount};
use super::doors::random_code;
use super::sign_in::{Tried, try_password};
use super::staff::{self, AccountChange, Held, KeptBy, Member, MemberAccount, NewPlace, Newcomer};
use super::staff_pages::{Listing, days_of, details_questions, list, read_details, read_job_title};
use super::{Actor, Place, Role, passwords};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{AccountId, StaffId};
use crate::shell::{self, Choice, Facts, Field, FieldKind, Flag, Frame, Notice, Page, moment};

/// `GET /people`: the staff with their accounts and roles.
pub(super) async fn accounts(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    list(desk, asked, Listing::Accounts).await
}

/// What the list tells of an account.
pub(super) fn cells_of(member: &Member, here: SchoolId) -> Vec<String> {
    let account = member.account.as_ref();
    let state = match account {
        None => "none",
        Some(account) if account.ended_at.is_some() => "ended",
        Some(account) if account.home.is_some_and(|home| home != here) => "of another school",
        Some(account) if account.has_second_factor => "second factor",
        Some(_) => "password",
    };
    let seen = account.and_then(|account| account.seen_at).map(moment);
    vec![
        member.listed(),
        member.job_title.clone(),
        roles_in_words(member),
        account.map_or_else(String::new, |account| account.sign_in_name.clone()),
        state.to_owned(),
        seen.unwrap_or_default(),
    ]
}

fn roles_in_words(member: &Member) -> String {
    let roles: Vec<&str> = member.roles.iter().map(|role| role.label()).collect();
    roles.join(", ")
}

/// What is odd about an account.
pub(super) fn flag_of(member: &Member, here: SchoolId) -> Option<Flag> {
    let account = member.account.as_ref()?;
    match account.ended_at {
        None if member.roles.is_empty() => Some(Flag::heed("no role today")),
        None if account.home.is_some_and(|home| home != here) => None,
        None if account.must_change_password => Some(Flag::plain("has not signed in")),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage {
    frame: Frame,
    staff: StaffId,
    name: String,
    roles: Vec<RoleRow>,
    /// None for somebody who does not sign in.
    account: Option<AccountState>,
    manages: bool,
    /// Whether it is the page of the person who looks at it.
    is_self: bool,
}

struct RoleRow {
    role: &'static str,
    days: String,
    /// Where it can be ended.
    end: Option<String>,
}

struct AccountState {
    facts: Facts,
    is_ended: bool,
    has_second_factor: bool,
    /// Who may change password and second factor, and end it.
    kept_by: KeptBy,
}

fn account_page(staff: StaffId) -> String {
    format!("/people/{staff}")
}

/// `GET /people/{staff}`.
pub(super) async fn account(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !Place::Accounts.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let member = staff::member(tx, actor.school, today, staff)?;
        let grants = match &member.account {
            None => Vec::new(),
            Some(account) => staff::grants(tx, actor.school, account.account)?,
        };
        let manages = staff::manages(actor);
        let account = match &member.account {
            None => None,
            Some(account) => {
                let kept_by = staff::kept_by(tx, actor.school, account.account, today)?;
                Some(state_of(account, kept_by))
            }
        };
        let frame = here.frame(tx, actor, "Account and roles")?;
        let page = AccountPage {
            frame: frame.with_notice(notice(&asked)),
            staff,
            name: member.name(),
            roles: grants
                .iter()
                .map(|grant| role_row(staff, grant, manages, today))
                .collect(),
            manages,
            is_self: (member.account.as_ref()).is_some_and(|own| own.account == actor.account),
            account,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn role_row(staff: StaffId, grant: &Held<Role>, manages: bool, today: Day) -> RoleRow {
    let may_end = manages && grant.to.is_none_or(|to| to >= today);
    RoleRow {
        role: grant.what.label(),
        days: days_of(grant),
        end: may_end.then(|| format!("{}/roles/{}", account_page(staff), grant.id)),
    }
}

/// What has just been done, by the word that came with the address.
fn notice(asked: &Answers) -> Option<Notice> {
    let text = match asked.text("did") {
        "linked" => {
            "They have a place here. They sign in as before, with their own password, and choose this school then."
        }
        "granted" => "The role is granted.",
        "role-ended" => "The role is ended.",
        "ended" => "The account is ended and all its devices are signed out.",
        "resumed" => "The account can be used again.",
        "factor" => "The second factor is removed and all devices are signed out.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// What this school is told of an account. Of one that another school keeps, no more than that it is.
fn state_of(account: &MemberAccount, kept_by: KeptBy) -> AccountState {
    AccountState {
        facts: match kept_by {
            KeptBy::Another => facts_of_another(account),
            _ => facts_of(account),
        },
        is_ended: account.ended_at.is_some(),
        has_second_factor: account.has_second_factor,
        kept_by,
    }
}

fn facts_of_another(account: &MemberAccount) -> Facts {
    let seen = account.seen_at.map_or_else(|| "never".to_owned(), moment);
    Facts {
        facts: vec![
            ("Sign-in name".into(), account.sign_in_name.clone().into()),
            ("State".into(), "from another school".into()),
            ("Last used here".into(), seen.into()),
        ],
    }
}

fn facts_of(account: &MemberAccount) -> Facts {
    let state = match account.ended_at {
        Some(at) => format!("ended {}", moment(at)),
        None if account.must_change_password => "one-time password, not changed yet".to_owned(),
        None => "in use".to_owned(),
    };
    let factor = match account.has_second_factor {
        true => "on",
        false => "off",
    };
    let seen = account.seen_at.map_or_else(|| "never".to_owned(), moment);
    let mut facts = vec![
        ("Sign-in name".into(), account.sign_in_name.clone().into()),
        ("State".into(), state.into()),
        ("Second factor".into(), factor.into()),
        ("Last used".into(), seen.into()),
    ];
    if let Some(until) = account.pauses_until {
        facts.push(("Pauses until".into(), moment(until).into()));
    }
    Facts { facts }
}

// Roles -------------------------------------------------------------------------------------------------------------

/// Who approves what an administrator may not decide alone, with their password; [`approver`] reads it.
pub(crate) fn approval_questions() -> Part {
    Part::new(
        "Approval",
        vec![
            Field {
                autocomplete: "off",
                ..Field::line("approver", "Approver's sign-in name")
            }
            .optional(),
            Field {
                autocomplete: "off",
                ..Field::new(FieldKind::Password, "approver_password", "Approver's password")
            }
            .optional(),
        ],
    )
    .about("Roles that open safeguarding records, and roles for yourself, need the headteacher or the designated safeguarding lead, who types their own password here.")
}

/// The member of staff and their account, to somebody who manages accounts.
fn with_account(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    today: Day,
) -> Result<(Member, MemberAccount), Refusal> {
    staff::must_manage(actor)?;
    let member = staff::member(tx, actor.school, today, staff)?;
    let account = member.account.clone().ok_or(Refusal::NotFound)?;
    Ok((member, account))
}

fn role_form(tx: &mut Tx, actor: &Actor, staff: StaffId, today: Day) -> Result<FormPage, Refusal> {
    let (member, _) = with_account(tx, actor, staff, today)?;
    let roles = Role::of_staff().map(|role| Choice::new(role.key(), role.label()));
    let choices = std::iter::once(Choice::new("", "Choose a role")).chain(roles);
    let role = vec![
        Field::select("role", "Role", choices.collect()),
        Field::day("role_from", "From").value(today.to_string()),
        Field::day("role_to", "Last day").optional(),
    ];
    let crumb = (account_page(staff), "Account and roles");
    let parts = vec![Part::new("", role), approval_questions()];
    Ok(FormPage::new("Grant a role", crumb, "Grant the role", parts).of(member.name()))
}

/// `GET /people/{staff}/roles`.
pub(super) async fn ask_role(desk: Desk, Path(staff): Path<StaffId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        role_form(tx, actor, staff, today)
    })
    .await
}

/// `POST /people/{staff}/roles`: grants a role.
pub(super) async fn answer_role(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    let mut wrongs = Wrongs::default();
    let role = Role::of_staff().find(|role| role.key() == answers.text("role"));
    if role.is_none() {
        wrongs.add("role", "Choose a role.");
    }
    let from = answers
        .day_if_given("role_from", &mut wrongs)
        .unwrap_or(today);
    let to = answers.day_if_given("role_to", &mut wrongs);
    let (account, needs_approver) = desk
        .read(move |tx, actor| {
            let (_, account) = with_account(tx, actor, staff, today)?;
            let needs =
                role.is_some_and(|role| staff::needs_approver(actor, account.account, role));
            Ok((account.account, needs))
        })
        .await?;
    let approver = match needs_approver && wrongs.is_empty() {
        true => approver(&desk, &answers, account, &mut wrongs).await?,
        false => None,
    };
    let (Some(role), true) = (role, wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            role_form(tx, actor, staff, today)
        })
        .await;
    };
    form::answer(desk, move |act, actor, _| {
        staff::grant(act, actor, account, role, (from, to), approver)?;
        Ok(Outcome::done(&account_page(staff), "granted"))
    })
    .await
}

/// The account of the person who approves: headteacher or designated safeguarding lead of this school, neither the one who asks
/// nor the one who gets the role, by their own password. None where it is somebody else's, which `wrongs` then says.
pub(crate) async fn approver(
    desk: &Desk,
    answers: &Answers,
    receiver: AccountId,
    wrongs: &mut Wrongs,
) -> Result<Option<AccountId>, Problem> {
    let name = directory::sign_in_name(answers.text("approver"));
    let password = answers.as_typed("approver_password").to_owned();
    if name.is_empty() || password.is_empty() {
        wrongs.add(
            "approver",
            "This needs the approval of the headteacher or the designated safeguarding lead.",
        );
        return Ok(None);
    }
    let (today, _) = desk.office.today();
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
    match try_password(desk, account, password, hash).await? {
        Tried::Right => Ok(Some(AccountId(account))),
        Tried::Wrong | Tried::TooOften => {
            wrongs.add(
                "approver",
                "This is not the name and password of another person who is headteacher or designated safeguarding lead here.",
            );
            Ok(None)
        }
    }
}

fn end_role_form(
    tx: &mut Tx,
    actor: &Actor,
    (staff, grant): (StaffId, i64),
    today: Day,
) -> Result<FormPage, Refusal> {
    let (member, account) = with_account(tx, actor, staff, today)?;
    let held = staff::grants(tx, actor.school, account.account)?
        .into_iter()
        .find(|held| held.id == grant)
        .ok_or(Refusal::NotFound)?;
    let last = Field::day("last_day", "Last day")
        .hint("They keep the role to the end of this day. Yesterday ends it at once.")
        .value(today.to_string());
    let crumb = (account_page(staff), "Account and roles");
    let parts = vec![Part::new("", vec![last])];
    Ok(FormPage::new("End a role", crumb, "End the role", parts)
        .headed(format!("End the role {}", held.what.label()))
        .of(format!("{}, {}", member.name(), days_of(&held))))
}

/// `GET /people/{staff}/roles/{grant}`.
pub(super) async fn ask_end_role(
    desk: Desk,
    Path(which): Path<(StaffId, i64)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        end_role_form(tx, actor, which, today)
    })
    .await
}

/// `POST /people/{staff}/roles/{grant}`: ends the role with its last day.
pub(super) async fn answer_end_role(
    desk: Desk,
    Path((staff, grant)): Path<(StaffId, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let mut wrongs = Wrongs::default();
        let form = end_role_form(act.tx(), actor, (staff, grant), today)?;
        let Some(last_day) = answers.day("last_day", &mut wrongs) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        staff::end_grant(act, actor, today, grant, last_day)?;
        Ok(Outcome::done(&account_page(staff), "role-ended"))
    })
    .await
}

// Adding somebody ---------------------------------------------------------------------------------------------------

fn new_form(actor: &Actor, today: Day, same: Option<&str>) -> Result<FormPage, Refusal> {
    staff::must_manage(actor)?;
    let mut person = details_questions();
    person.push(Field::line("job_title", "Job title"));
    person.push(Field::day("from", "From").value(today.to_string()));
    let mut account = vec![sign_in_question().optional()];
    account.extend(same.map(same_person));
    let roles = Role::of_staff()
        .map(|role| form::tick(role_question(role), role.label()))
        .collect();
    let parts = vec![
        Part::new("", person),
        Part::new("Account", account).about("Leave it empty for somebody who does not sign in."),
        Part::new("Roles", roles)
            .about("Each role opens what the access matrix gives it, and no more.")
            .in_columns(),
        approval_questions(),
    ];
    Ok(FormPage::new(
        "Add a member of staff",
        (Place::Staff.path(), "Staff"),
        "Add to the staff",
        parts,
    ))
}

/// Asks whether the sign-in name that somebody has at another school is this person's.
fn same_person(name: &str) -> Field {
    form::tick(
        same_question(name),
        "It is the same person, and this is their sign-in name: give them a place here",
    )
}

/// The question's name; it names the sign-in name, so that an answer for one is none for another.
fn same_question(name: &str) -> String {
    format!("same_{}", directory::sign_in_name(name))
}

const NAME_IN_USE: &str = "Somebody signs in to this Rollbook with this name already. If it is the same person, say so below: they keep their password and second factor, which are never changed here, and choose the school when they sign in. If not, choose another name.";

/// The account that somebody has elsewhere under this name, if it is to get a place here; `wrongs` asks where it has not been said.
async fn place_of_another(
    desk: &Desk,
    answers: &Answers,
    name: &str,
    wrongs: &mut Wrongs,
) -> Result<Option<NewPlace>, Problem> {
    let sign_in_name = directory::sign_in_name(name);
    let asked = sign_in_name.clone();
    let found = desk
        .read(move |tx, actor| {
            staff::must_manage(actor)?;
            Ok(staff::from_elsewhere(tx, actor.school, &asked)?)
        })
        .await?;
    let Some(account) = found else {
        return Ok(None);
    };
    if !answers.ticked(&same_question(name)) {
        wrongs.add("name", NAME_IN_USE);
        return Ok(None);
    }
    Ok(Some(NewPlace::FromElsewhere {
        account,
        sign_in_name,
    }))
}

fn sign_in_question() -> Field {
    Field {
        autocomplete: "off",
        ..Field::line("name", "Sign-in name")
    }
}

fn role_question(role: Role) -> String {
    format!("role_{}", role.key())
}

/// `GET /people/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, today| new_form(actor, today, None)).await
}

/// `POST /people/new`: the staff record, and where a sign-in name is given an account with its roles: a new one, or after a second look
/// the one that the person has at another school.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    let mut wrongs = Wrongs::default();
    let details = read_details(&answers, &mut wrongs);
    let job_title = read_job_title(&answers, &mut wrongs);
    let from = answers.day_if_given("from", &mut wrongs).unwrap_or(today);
    let sign_in_name = answers.given("name");
    let roles: Vec<Role> = Role::of_staff()
        .filter(|role| answers.ticked(&role_question(*role)))
        .collect();
    match &sign_in_name {
        Some(name) => {
            let fault = directory::fault_of_sign_in_name(name);
            fault.into_iter().for_each(|why| wrongs.add("name", why));
        }
        None if !roles.is_empty() => {
            wrongs.add("name", "Roles belong to an account: give a sign-in name.");
        }
        None => {}
    }
    let had = match &sign_in_name {
        Some(name) if wrongs.is_empty() => {
            place_of_another(&desk, &answers, name, &mut wrongs).await?
        }
        _ => None,
    };
    let nobody_yet = AccountId(0);
    let receiver = had.as_ref().map_or(nobody_yet, NewPlace::account);
    let asked_for = roles.clone();
    let needs_approver = desk
        .read(move |_, actor| {
            staff::must_manage(actor)?;
            let mut asked_for = asked_for.iter();
            Ok(asked_for.any(|role| staff::needs_approver(actor, receiver, *role)))
        })
        .await?;
    let approver = match needs_approver && wrongs.is_empty() {
        true => approver(&desk, &answers, receiver, &mut wrongs).await?,
        false => None,
    };
    let opened = match &sign_in_name {
        Some(name) if wrongs.is_empty() && had.is_none() => {
            open(&desk, name, &details.name(), &mut wrongs).await?
        }
        _ => None,
    };
    if !wrongs.is_empty() {
        let same = name_to_confirm(&desk, &sign_in_name).await?;
        return form::again(desk, answers, wrongs, move |_, actor, today| {
            new_form(actor, today, same.as_deref())
        })
        .await;
    }
    let linked = had.is_some();
    let opened_place = opened
        .as_ref()
        .map(|opened| NewPlace::Opened(opened.account));
    let newcomer = Newcomer {
        details,
        job_title,
        from,
        account: had.or(opened_place),
        roles,
        approver,
    };
    let staff = desk
        .act(move |act, actor| staff::add(act, actor, &newcomer))
        .await?;
    match opened {
        None if linked => {
            let page = account_page(staff);
            Ok(Redirect::to(&format!("{page}?did=linked")).into_response())
        }
        None => Ok(Redirect::to(&format!("/staff/{staff}?did=added")).into_response()),
        Some(opened) => show_password(&desk, staff, opened).await,
    }
}

/// The sign-in name, where the form has to ask whether it is the same person's.
async fn name_to_confirm(desk: &Desk, name: &Option<String>) -> Result<Option<String>, Problem> {
    let Some(name) = name.clone() else {
        return Ok(None);
    };
    desk.read(move |tx, actor| {
        staff::must_manage(actor)?;
        let known = staff::from_elsewhere(tx, actor.school, &name)?;
        Ok(known.map(|_| name))
    })
    .await
}

// Accounts ----------------------------------------------------------------------------------------------------------

/// An account that has just been opened, or given a new password.
struct Opened {
    account: AccountId,
    sign_in_name: String,
    password: String,
}

/// Opens an account with a password that is shown once and must be changed; none when the name cannot be had, which `wrongs`
/// then says.
async fn open(
    desk: &Desk,
    sign_in_name: &str,
    name: &str,
    wrongs: &mut Wrongs,
) -> Result<Option<Opened>, Problem> {
    let password = random_code::<16>();
    let new = NewAccount {
        sign_in_name: sign_in_name.to_owned(),
        name: name.to_owned(),
        password_hash: Some(hashed(desk, &password).await?),
        must_change_password: true,
    };
    let opened = desk
        .act_in_directory(move |act, actor| {
            staff::must_manage(actor)?;
            match directory::open_account(act, Some(actor), &new) {
                Ok(account) => Ok(account),
                Err(DirectoryError::Store(error)) => Err(Refusal::Store(error)),
                Err(other) => Err(Refusal::Wrong(other.to_string())),
            }
        })
        .await;
    match opened {
        Ok(account) => Ok(Some(Opened {
            account,
            sign_in_name: directory::sign_in_name(sign_in_name),
            password,
        })),
        Err(problem) => match problem.ground() {
            Some(ground) => {
                wrongs.add("name", ground);
                Ok(None)
            }
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

/// The member of staff, to somebody who manages accounts, if they have no account.
fn without_account(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    today: Day,
) -> Result<Member, Refusal> {
    staff::must_manage(actor)?;
    let member = staff::member(tx, actor.school, today, staff)?;
    match member.account {
        None => Ok(member),
        Some(_) => Err(Refusal::Wrong("They have an account already.".to_owned())),
    }
}

fn open_form(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    today: Day,
    same: Option<&str>,
) -> Result<FormPage, Refusal> {
    let member = without_account(tx, actor, staff, today)?;
    let crumb = (account_page(staff), "Account and roles");
    let mut fields = vec![sign_in_question()];
    fields.extend(same.map(same_person));
    let parts = vec![Part::new("", fields)];
    Ok(
        FormPage::new("Open an account", crumb, "Open the account", parts)
            .of(member.name())
            .about("The next page shows a password once, to hand over in person."),
    )
}

/// `GET /people/{staff}/account`.
pub(super) async fn ask_open(desk: Desk, Path(staff): Path<StaffId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        open_form(tx, actor, staff, today, None)
    })
    .await
}

/// `POST /people/{staff}/account`: opens an account for somebody who has none, or gives them the one they have at another school.
pub(super) async fn answer_open(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    let name = desk
        .read(move |tx, actor| Ok(without_account(tx, actor, staff, today)?.name()))
        .await?;
    let sign_in_name = answers.text("name");
    let mut wrongs = Wrongs::default();
    if let Some(why) = directory::fault_of_sign_in_name(sign_in_name) {
        wrongs.add("name", why);
    } else if let Some(had) = place_of_another(&desk, &answers, sign_in_name, &mut wrongs).await? {
        desk.act(move |act, actor| staff::give_account(act, actor, today, staff, &had))
            .await?;
        let page = account_page(staff);
        return Ok(Redirect::to(&format!("{page}?did=linked")).into_response());
    }
    let opened = match wrongs.is_empty() {
        true => open(&desk, sign_in_name, &name, &mut wrongs).await?,
        false => None,
    };
    let Some(opened) = opened else {
        let same = name_to_confirm(&desk, &answers.given("name")).await?;
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            open_form(tx, actor, staff, today, same.as_deref())
        })
        .await;
    };
    let place = NewPlace::Opened(opened.account);
    desk.act(move |act, actor| staff::give_account(act, actor, today, staff, &place))
        .await?;
    show_password(&desk, staff, opened).await
}

/// A change of an account as its page names it: the word in the address, what is done, and what follows.
fn change_in_words(change: &str) -> Option<(&'static str, &'static str)> {
    Some(match change {
        "end" => (
            "End the account",
            "Nobody signs in with it from now on, and all its devices are signed out. It can be opened again.",
        ),
        "resume" => (
            "Open the account again",
            "It can be used as before it was ended.",
        ),
        "password" => (
            "Give a new password",
            "All devices are signed out. The next page shows the password once; at the first sign-in they choose their own.",
        ),
        "second-factor" => (
            "Remove the lost second factor",
            "All devices are signed out. From then on the password alone signs them in, until they set up another.",
        ),
        _ => return None,
    })
}

fn change_form(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    change: &str,
    today: Day,
) -> Result<FormPage, Refusal> {
    let (title, about) = change_in_words(change).ok_or(Refusal::NotFound)?;
    let (member, _) = with_account(tx, actor, staff, today)?;
    let reason = Field::line("reason", "Reason").hint("Kept in the journal.");
    let crumb = (account_page(staff), "Account and roles");
    let parts = vec![Part::new("", vec![reason])];
    let form = FormPage::new(title, crumb, title, parts)
        .of(member.name())
        .about(about);
    Ok(match change {
        "end" => form.grave(),
        _ => form,
    })
}

/// `GET /people/{staff}/account/{change}`.
pub(super) async fn ask_change(
    desk: Desk,
    Path((staff, change)): Path<(StaffId, String)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        change_form(tx, actor, staff, &change, today)
    })
    .await
}

/// `POST /people/{staff}/account/{change}`: `end`, `resume`, `password` or `second-factor`, each with a reason.
pub(super) async fn answer_change(
    desk: Desk,
    Path((staff, change)): Path<(StaffId, String)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (today, _) = desk.office.today();
    desk.read(|_, actor| staff::must_manage(actor)).await?;
    let mut wrongs = Wrongs::default();
    let reason = answers.reason(&mut wrongs);
    if !wrongs.is_empty() {
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            change_form(tx, actor, staff, &change, today)
        })
        .await;
    }
    let password = random_code::<16>();
    let (what, did) = match change.as_str() {
        "end" => (AccountChange::End, Some("ended")),
        "resume" => (AccountChange::Resume, Some("resumed")),
        "second-factor" => (AccountChange::RemoveSecondFactor, Some("factor")),
        "password" => {
            let hash = hashed(&desk, &password).await?;
            (AccountChange::GivePassword { hash }, None)
        }
        _ => return Err(desk.problem(Refusal::NotFound)),
    };
    let account = desk
        .act(move |act, actor| staff::change_account(act, actor, today, staff, &what, &reason))
        .await?;
    match did {
        Some(did) => {
            let page = account_page(staff);
            Ok(Redirect::to(&format!("{page}?did={did}")).into_response())
        }
        None => {
            let opened = Opened {
                account: account.account,
                sign_in_name: account.sign_in_name,
                password,
            };
            show_password(&desk, staff, opened).await
        }
    }
}
