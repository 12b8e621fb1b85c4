//! My account: password, second factor, devices.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Instant;
use serde::Deserialize;
use store::{Act, Tx, args};

use super::second_factor::{self, AppSecret, SecondFactorError};
use super::sign_in::{Tried, try_password};
use super::{Actor, SignInToken, passwords};
use crate::desk::{Desk, Problem, Refusal, school_name};
use crate::shell::{self, Errors, Facts, Field, FieldKind, Frame, Notice, moment};

const ACCOUNT: &str = "\
select sign_in_name, password_hash, password_set_at, must_change_password, totp_secret is not null
from account where account_id = $1";
const CHANGE_PASSWORD: &str = "\
update account set password_hash = $2, password_set_at = $3, must_change_password = false
where account_id = $1 and password_hash = $4";
const DEVICES: &str = "\
select token_hash, device, started_at, seen_at from sign_in
where account_id = $1 and ended_at is null and expires_at > $2 and seen_at > $3 order by seen_at desc";
const END_DEVICE: &str = "\
update sign_in set ended_at = $3 where account_id = $1 and token_hash = $2 and ended_at is null";
const END_OTHERS: &str = "\
update sign_in set ended_at = $3 where account_id = $1 and token_hash <> $2 and ended_at is null";
const GIVEN_HERE: &str = "update sign_in set second_factor_at = $2 where token_hash = $1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    ACCOUNT,
    CHANGE_PASSWORD,
    DEVICES,
    END_DEVICE,
    END_OTHERS,
    GIVEN_HERE,
];

/// What is known of the person's own account.
struct Account {
    sign_in_name: String,
    password_hash: Option<String>,
    password_set_at: Option<Instant>,
    must_change_password: bool,
    has_second_factor: bool,
}

fn account_of(tx: &mut Tx, actor: &Actor) -> Result<Account, Refusal> {
    let account = tx.query_one(ACCOUNT, &args![actor.account], |row| {
        Ok(Account {
            sign_in_name: row.get(0)?,
            password_hash: row.get(1)?,
            password_set_at: row.get(2)?,
            must_change_password: row.get(3)?,
            has_second_factor: row.get(4)?,
        })
    })?;
    Ok(account)
}

#[derive(Template)]
#[template(path = "people/me.html")]
struct MePage {
    frame: Frame,
    facts: Facts,
    must_change_password: bool,
    errors: Errors,
    password: Vec<Field>,
    has_second_factor: bool,
    recovery_codes_left: i64,
    devices: Vec<Device>,
}

struct Device {
    key: String,
    name: String,
    started: String,
    seen: String,
    is_this: bool,
}

/// What has just happened.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    said: String,
}

/// `GET /me`.
pub(super) async fn page(desk: Desk, Query(said): Query<Said>) -> Result<Response, Problem> {
    let notice = match said.said.as_str() {
        "password" => Some(Notice::done(
            "Your password was changed. Your other devices were signed out.",
        )),
        "ended" => Some(Notice::done("The device was signed out.")),
        "others" => Some(Notice::done("Your other devices were signed out.")),
        "removed" => Some(Notice::done("Your second factor was removed.")),
        _ => None,
    };
    show(&desk, StatusCode::OK, notice, Vec::new()).await
}

async fn show(
    desk: &Desk,
    status: StatusCode,
    notice: Option<Notice>,
    wrong: Vec<(&'static str, String)>,
) -> Result<Response, Problem> {
    let (at, now) = (desk.clone(), desk.office.now());
    let page = desk
        .read(move |tx, actor| {
            let account = account_of(tx, actor)?;
            let idle_since = now.plus_seconds(-super::signed_in::IDLE_SECONDS);
            let this = at.token();
            let devices = tx.query(DEVICES, &args![actor.account, now, idle_since], |row| {
                let hash: [u8; 32] = row.get(0)?;
                Ok(Device {
                    key: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
                    name: row.get(1)?,
                    started: moment(row.get(2)?),
                    seen: moment(row.get(3)?),
                    is_this: this.is_some_and(|this| this.bytes() == hash),
                })
            })?;
            let password = password_fields(&wrong);
            Ok(MePage {
                frame: at.frame(tx, actor, "My account")?.with_notice(notice),
                facts: facts(actor, &account),
                must_change_password: account.must_change_password,
                errors: Errors::of(&password),
                password,
                has_second_factor: account.has_second_factor,
                recovery_codes_left: second_factor::unused_recovery_codes(tx, actor.account.0)?,
                devices,
            })
        })
        .await?;
    Ok(shell::page(status, &page))
}

fn facts(actor: &Actor, account: &Account) -> Facts {
    let roles: Vec<&str> = actor.roles.iter().map(|role| role.label()).collect();
    Facts {
        facts: vec![
            ("Name".into(), actor.name.clone().into()),
            ("Job title".into(), actor.job_title.clone().into()),
            ("Roles today".into(), roles.join(", ").into()),
            ("Sign-in name".into(), account.sign_in_name.clone().into()),
            (
                "Password set".into(),
                account
                    .password_set_at
                    .map(moment)
                    .unwrap_or_default()
                    .into(),
            ),
        ],
    }
}

fn password_fields(wrong: &[(&'static str, String)]) -> Vec<Field> {
    let field = |name: &'static str, label: &'static str, autocomplete: &'static str| {
        let error = wrong.iter().find(|(field, _)| *field == name);
        Field {
            autocomplete,
            ..Field::new(FieldKind::Password, name, label)
        }
        .error(error.map(|(_, why)| why.clone()))
    };
    vec![
        field("current", "Present password", "current-password"),
        field("password", "New password", "new-password")
            .hint("At least 12 characters. Three random words do well."),
        field("again", "New password again", "new-password"),
    ]
}

/// What the password form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewPassword {
    current: String,
    password: String,
    again: String,
}

/// `POST /me/password`: a new password; every other device of the person is signed out.
pub(super) async fn change_password(
    desk: Desk,
    Form(form): Form<NewPassword>,
) -> Result<Response, Problem> {
    let (name, school) = desk
        .read(|tx, actor| {
            let account = account_of(tx, actor)?;
            Ok((account.sign_in_name, school_name(tx, actor.school)?))
        })
        .await?;
    let mut wrong = Vec::new();
    let checked = check_password(&desk, form.current.clone()).await?;
    if let Err(why) = &checked {
        wrong.push(("current", why.clone()));
    }
    if let Some(why) = passwords::fault_of(&form.password, &name, &school) {
        wrong.push(("password", why));
    } else if form.password == form.current {
        wrong.push(("password", "This is your present password.".to_owned()));
    }
    if form.password != form.again {
        wrong.push(("again", "The two new passwords differ.".to_owned()));
    }
    let (true, Ok(old)) = (wrong.is_empty(), checked) else {
        return show(&desk, StatusCode::UNPROCESSABLE_ENTITY, None, wrong).await;
    };
    let new = match passwords::hash(form.password).await {
        Ok(hash) => hash,
        Err(error) => return Err(desk.problem(Refusal::Wrong(error.to_string()))),
    };
    let this = desk.token();
    desk.act(move |act, actor| {
        let at = act.at();
        let changed = act
            .tx()
            .execute(CHANGE_PASSWORD, &args![actor.account, &new, at, &old])?;
        if changed == 0 {
            return Err(Refusal::Wrong(
                "Your password was changed somewhere else in the meantime.".to_owned(),
            ));
        }
        end_others(act, actor, this)?;
        act.describe(actor.entry("change own password", own(actor)));
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/me?said=password").into_response())
}

/// The person's password hash when `typed` is their password, and otherwise why it is not taken.
async fn check_password(desk: &Desk, typed: String) -> Result<Result<String, String>, Problem> {
    let (account, hash) = desk
        .read(|tx, actor| Ok((actor.account.0, account_of(tx, actor)?.password_hash)))
        .await?;
    let tried = try_password(desk, account, typed, hash.clone()).await?;
    Ok(match (tried, hash) {
        (Tried::Right, Some(hash)) => Ok(hash),
        (Tried::TooOften, _) => Err(
            "There were too many attempts. Wait a quarter of an hour, then try again.".to_owned(),
        ),
        (Tried::Wrong | Tried::Right, _) => Err("This is not your present password.".to_owned()),
    })
}

fn own(actor: &Actor) -> String {
    format!("account {}", actor.account)
}

fn end_others(act: &mut Act, actor: &Actor, this: Option<SignInToken>) -> Result<(), Refusal> {
    let at = act.at();
    if let Some(this) = this {
        act.tx()
            .execute(END_OTHERS, &args![actor.account, this.bytes(), at])?;
    }
    Ok(())
}

/// Which device, as the list names it.
#[derive(Deserialize)]
pub(super) struct EndDevice {
    #[serde(default)]
    device: String,
}

/// `POST /me/devices/end`: signs out one device, or all but this one when none is named.
pub(super) async fn end_device(
    desk: Desk,
    Form(form): Form<EndDevice>,
) -> Result<Response, Problem> {
    let this = desk.token();
    let named = (!form.device.is_empty()).then_some(form.device);
    let said = if named.is_some() { "ended" } else { "others" };
    desk.act(move |act, actor| {
        let at = act.at();
        match named {
            None => {
                end_others(act, actor, this)?;
                act.describe(actor.entry("sign out own other devices", own(actor)));
            }
            Some(key) => {
                let hash = bytes_of(&key).ok_or(Refusal::NotFound)?;
                let ended = act
                    .tx()
                    .execute(END_DEVICE, &args![actor.account, &hash, at])?;
                if ended == 0 {
                    return Err(Refusal::NotFound);
                }
                act.describe(actor.entry("sign out own device", own(actor)));
            }
        }
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/me?said={said}")).into_response())
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect()
}

#[derive(Template)]
#[template(path = "people/second_factor.html")]
struct SecondFactorPage {
    frame: Frame,
    errors: Errors,
    /// The picture and the secret as text, where a new app is being added.
    app: Option<(String, String)>,
    fields: Vec<Field>,
    action: &'static str,
    heading: &'static str,
    text: &'static str,
    verb: &'static str,
}

#[derive(Template)]
#[template(path = "people/recovery_codes.html")]
struct RecoveryCodesPage {
    frame: Frame,
    codes: Vec<String>,
}

/// What the forms of the second factor send.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SecondFactorForm {
    secret: String,
    code: String,
    current: String,
}

/// `GET /me/second-factor`: the picture for the app, or, with a second factor, new recovery codes.
pub(super) async fn second_factor_page(desk: Desk) -> Result<Response, Problem> {
    offer(&desk, StatusCode::OK, None, Vec::new()).await
}

async fn offer(
    desk: &Desk,
    status: StatusCode,
    secret: Option<AppSecret>,
    wrong: Vec<(&'static str, String)>,
) -> Result<Response, Problem> {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            let account = account_of(tx, actor)?;
            let frame = at.frame(tx, actor, "Second factor")?;
            if account.has_second_factor {
                return Ok(with_password(frame, &wrong, Purpose::NewCodes));
            }
            let secret = secret.unwrap_or_else(AppSecret::new);
            let sealed = secret
                .sealed_for_form(&at.office.keyring, actor.account.0)
                .map_err(|error| Refusal::Wrong(error.to_string()))?;
            let picture = secret.picture(&account.sign_in_name, &frame.school);
            let code = Field {
                autocomplete: "one-time-code",
                ..Field::line("code", "Code that the app shows")
            }
            .short();
            let fields = vec![
                Field::new(FieldKind::Hidden, "secret", "").value(sealed),
                with_error(code, &wrong),
                with_error(present_password(), &wrong),
            ];
            Ok(SecondFactorPage {
                frame,
                errors: Errors::of(&fields),
                app: Some((picture, secret.shown())),
                fields,
                action: "/me/second-factor",
                heading: "Set up a second factor",
                text: "Scan the picture with an authenticator app on your telephone, then type the code that it shows.",
                verb: "Switch it on",
            })
        })
        .await?;
    Ok(shell::page(status, &page))
}

#[derive(Clone, Copy)]
enum Purpose {
    NewCodes,
    Removal,
}

fn with_password(
    frame: Frame,
    wrong: &[(&'static str, String)],
    purpose: Purpose,
) -> SecondFactorPage {
    let fields = vec![with_error(present_password(), wrong)];
    let (action, heading, text, verb) = match purpose {
        Purpose::NewCodes => (
            "/me/recovery-codes",
            "New recovery codes",
            "Your second factor is on. Ten new recovery codes replace those that you have.",
            "Make new codes",
        ),
        Purpose::Removal => (
            "/me/second-factor/remove",
            "Remove the second factor",
            "From then on your password alone signs you in.",
            "Remove it",
        ),
    };
    SecondFactorPage {
        frame,
        errors: Errors::of(&fields),
        app: None,
        fields,
        action,
        heading,
        text,
        verb,
    }
}

fn present_password() -> Field {
    Field {
        autocomplete: "current-password",
        ..Field::new(FieldKind::Password, "current", "Your password")
    }
}

fn with_error(field: Field, wrong: &[(&'static str, String)]) -> Field {
    let error = wrong.iter().find(|(name, _)| *name == field.name);
    let error = error.map(|(_, why)| why.clone());
    field.error(error)
}

/// `POST /me/second-factor`: switches the second factor on once the app has shown a right code.
pub(super) async fn set_second_factor(
    desk: Desk,
    Form(form): Form<SecondFactorForm>,
) -> Result<Response, Problem> {
    let account = desk.read(|_, actor| Ok(actor.account.0)).await?;
    let Some(secret) = AppSecret::from_form(&desk.office.keyring, account, &form.secret) else {
        let why = "This page was too old. Please scan the new picture.".to_owned();
        return offer(
            &desk,
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            vec![("code", why)],
        )
        .await;
    };
    let mut wrong = Vec::new();
    let step = secret.step_of(&form.code, desk.office.now());
    if step.is_none() {
        let why =
            "This is not the code that the app shows now. See that the telephone's clock is right.";
        wrong.push(("code", why.to_owned()));
    }
    if let Err(why) = check_password(&desk, form.current).await? {
        wrong.push(("current", why));
    }
    let (true, Some(step)) = (wrong.is_empty(), step) else {
        return offer(&desk, StatusCode::UNPROCESSABLE_ENTITY, Some(secret), wrong).await;
    };
    let (this, office) = (desk.token(), Arc::clone(&desk.office));
    let codes = desk
        .act(move |act, actor| {
            if account_of(act.tx(), actor)?.has_second_factor {
                return Err(Refusal::Wrong(
                    "Your second factor is on already.".to_owned(),
                ));
            }
            secret
                .keep(act.tx(), &office.keyring, actor.account.0, step)
                .map_err(refusal_of)?;
            let at = act.at();
            if let Some(this) = this {
                act.tx().execute(GIVEN_HERE, &args![this.bytes(), at])?;
            }
            end_others(act, actor, this)?;
            act.describe(actor.entry("set up own second factor", own(actor)));
            Ok(second_factor::new_recovery_codes(
                act.tx(),
                actor.account.0,
            )?)
        })
        .await?;
    show_codes(&desk, codes).await
}

fn refusal_of(error: SecondFactorError) -> Refusal {
    match error {
        SecondFactorError::Store(error) => Refusal::Store(error),
        other => {
            tracing::error!(error = %other, "a second factor could not be kept");
            Refusal::Wrong(
                "The second factor could not be kept. Please tell whoever looks after Rollbook."
                    .to_owned(),
            )
        }
    }
}

async fn show_codes(desk: &Desk, codes: Vec<String>) -> Result<Response, Problem> {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            Ok(RecoveryCodesPage {
                frame: at.frame(tx, actor, "Recovery codes")?,
                codes,
            })
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

/// `POST /me/recovery-codes`: ten new ones, shown once.
pub(super) async fn new_recovery_codes(
    desk: Desk,
    Form(form): Form<SecondFactorForm>,
) -> Result<Response, Problem> {
    if let Err(why) = check_password(&desk, form.current).await? {
        return ask_again(&desk, why, Purpose::NewCodes).await;
    }
    let codes = desk
        .act(|act, actor| {
            if !account_of(act.tx(), actor)?.has_second_factor {
                return Err(Refusal::Wrong(
                    "Set up your second factor first.".to_owned(),
                ));
            }
            act.describe(actor.entry("make own recovery codes", own(actor)));
            Ok(second_factor::new_recovery_codes(
                act.tx(),
                actor.account.0,
            )?)
        })
        .await?;
    show_codes(&desk, codes).await
}

/// `GET /me/second-factor/remove`.
pub(super) async fn removal_page(desk: Desk) -> Result<Response, Problem> {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            let frame = at.frame(tx, actor, "Second factor")?;
            Ok(with_password(frame, &[], Purpose::Removal))
        })
        .await?;
    Ok(shell::page(StatusCode::OK, &page))
}

async fn ask_again(desk: &Desk, why: String, purpose: Purpose) -> Result<Response, Problem> {
    let at = desk.clone();
    let page = desk
        .read(move |tx, actor| {
            let frame = at.frame(tx, actor, "Second factor")?;
            Ok(with_password(frame, &[("current", why)], purpose))
        })
        .await?;
    Ok(shell::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// `POST /me/second-factor/remove`.
pub(super) async fn remove_second_factor(
    desk: Desk,
    Form(form): Form<SecondFactorForm>,
) -> Result<Response, Problem> {
    if let Err(why) = check_password(&desk, form.current).await? {
        return ask_again(&desk, why, Purpose::Removal).await;
    }
    desk.act(|act, actor| {
        second_factor::remove(act.tx(), actor.account.0)?;
        act.describe(actor.entry("remove own second factor", own(actor)));
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/me?said=removed").into_response())
}
