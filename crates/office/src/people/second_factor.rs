//! The second factor: a code of an authenticator app (RFC 6238), or a recovery code, each good once.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Instant;
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;
use store::{StoreError, Tx, args};
use totp_rs::{Builder, Secret, Totp};

use super::SignInToken;
use super::doors::{Peer, code_hash, random, random_code};
use super::keyring::{Keyring, KeyringError, OpenError};
use super::sign_in::{DoorwayPage, LONGEST_SECONDS, count_attempt, forget_attempts};
use crate::desk::{Desk, Doorway, Office};
use crate::shell::{self, Errors, Field, Frame, Look, Problem};

/// How many recovery codes a person has.
pub(super) const RECOVERY_CODES: usize = 10;

const PENDING: &str = "\
select s.account_id from sign_in s join account a on a.account_id = s.account_id
where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and s.second_factor_at is null
  and a.totp_secret is not null and a.disabled_at is null";
const SECRET: &str = "select totp_secret from account where account_id = $1";
const USE_STEP: &str = "\
update account set totp_last_step = $2
where account_id = $1 and (totp_last_step is null or totp_last_step < $2)";
const USE_RECOVERY_CODE: &str = "\
update recovery_code set used_at = $3 where account_id = $1 and code_hash = $2 and used_at is null";
const COMPLETE: &str =
    "update sign_in set second_factor_at = $2, seen_at = $2, expires_at = $3 where token_hash = $1";
const KEEP_SECRET: &str =
    "update account set totp_secret = $2, totp_last_step = $3 where account_id = $1";
const FORGET_SECRET: &str =
    "update account set totp_secret = null, totp_last_step = null where account_id = $1";
const FORGET_RECOVERY_CODES: &str = "delete from recovery_code where account_id = $1";
const KEEP_RECOVERY_CODE: &str =
    "insert into recovery_code (account_id, code_hash) values ($1, $2)";
const UNUSED_RECOVERY_CODES: &str =
    "select count(*) from recovery_code where account_id = $1 and used_at is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PENDING,
    SECRET,
    USE_STEP,
    USE_RECOVERY_CODE,
    COMPLETE,
    KEEP_SECRET,
    FORGET_SECRET,
    FORGET_RECOVERY_CODES,
    KEEP_RECOVERY_CODE,
    UNUSED_RECOVERY_CODES,
];

/// Why a second factor cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The key does not seal.
    #[error(transparent)]
    Seal(#[from] KeyringError),
    /// What is kept does not open with this key.
    #[error("the second factor of account {account} cannot be opened")]
    Open {
        /// Whose.
        account: i64,
        /// Why.
        source: OpenError,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The secret that an authenticator app shares with us: 160 bits.
pub(super) struct AppSecret([u8; 20]);

impl AppSecret {
    pub(super) fn new() -> AppSecret {
        AppSecret(random())
    }

    fn totp(&self) -> Totp {
        // SHA-1, 6 digits, 30 seconds, one step either way: the builder's own values, and those that every app knows (I-166).
        Builder::new()
            .with_secret(Secret::from(self.0))
            .build()
            .expect("160 bits are long enough for a secret")
    }

    /// The step of the code that this is at this moment, if it is one.
    pub(super) fn step_of(&self, code: &str, now: Instant) -> Option<i64> {
        let code: String = code.split_whitespace().collect();
        let seconds = u64::try_from(now.micros() / 1_000_000).ok()?;
        let step = self.totp().check(&code, seconds)?;
        i64::try_from(step).ok()
    }

    /// As it is typed into an app that cannot read the picture, in groups of four.
    pub(super) fn shown(&self) -> String {
        let text = Secret::from(self.0).to_base32();
        let groups: Vec<&str> = (0..text.len())
            .step_by(4)
            .map(|at| &text[at..(at + 4).min(text.len())])
            .collect();
        groups.join(" ")
    }

    /// The address that an app reads from the picture.
    fn address(&self, sign_in_name: &str, school: &str) -> String {
        let query = [
            ("secret", Secret::from(self.0).to_base32()),
            ("issuer", format!("Rollbook {school}")),
        ];
        // Apps read %20 as a space but many show a plus sign as it is.
        let query = serde_urlencoded::to_string(query)
            .unwrap_or_default()
            .replace('+', "%20");
        let label = serde_urlencoded::to_string([("", sign_in_name)]).unwrap_or_default();
        format!(
            "otpauth://totp/Rollbook:{}?{query}",
            label.trim_start_matches('=').replace('+', "%20")
        )
    }

    /// The picture as SVG: black squares on white with the four empty modules around it that readers need.
    pub(super) fn picture(&self, sign_in_name: &str, school: &str) -> String {
        let address = self.address(sign_in_name, school);
        let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::M) else {
            return String::new();
        };
        let width = code.width();
        let mut path = String::new();
        for (place, color) in code.into_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (place % width + 4, place / width + 4);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        let side = width + 8;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"240\" height=\"240\" role=\"img\" \
             aria-label=\"Picture for the authenticator app\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }

    /// Sealed, to be carried through the form that proves that the app has it.
    pub(super) fn sealed_for_form(
        &self,
        keyring: &Keyring,
        account: i64,
    ) -> Result<String, KeyringError> {
        let sealed = keyring.seal(&in_form(account), &self.0)?;
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secret that a form carried.
    pub(super) fn from_form(keyring: &Keyring, account: i64, hex: &str) -> Option<AppSecret> {
        if !hex.is_ascii() || hex.len() > 400 || hex.len() % 2 == 1 {
            return None;
        }
        let bytes: Option<Vec<u8>> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
            .collect();
        let plain = keyring.open_sealed(&in_form(account), &bytes?).ok()?;
        plain.try_into().ok().map(AppSecret)
    }

    /// Keeps it as this account's second factor, with the step that was used to prove it.
    pub(super) fn keep(
        &self,
        tx: &mut Tx,
        keyring: &Keyring,
        account: i64,
        step: i64,
    ) -> Result<(), SecondFactorError> {
        let sealed = keyring.seal(&in_account(account), &self.0)?;
        tx.execute(KEEP_SECRET, &args![account, &sealed, step])?;
        Ok(())
    }
}

fn in_account(account: i64) -> String {
    format!("totp secret of account {account}")
}

fn in_form(account: i64) -> String {
    format!("totp secret offered to account {account}")
}

/// New recovery codes for this account, in place of any older ones. Shown once: only their hashes are kept.
pub(super) fn new_recovery_codes(tx: &mut Tx, account: i64) -> Result<Vec<String>, StoreError> {
    tx.execute(FORGET_RECOVERY_CODES, &args![account])?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| random_code::<16>()).collect();
    for code in &codes {
        tx.execute(KEEP_RECOVERY_CODE, &args![account, &code_hash(code)])?;
    }
    Ok(codes)
}

/// How many recovery codes of this account have not been used.
pub(super) fn unused_recovery_codes(tx: &mut Tx, account: i64) -> Result<i64, StoreError> {
    tx.query_one(UNUSED_RECOVERY_CODES, &args![account], |row| row.get(0))
}

/// Takes the second factor and the recovery codes away from this account.
pub(super) fn remove(tx: &mut Tx, account: i64) -> Result<(), StoreError> {
    tx.execute(FORGET_SECRET, &args![account])?;
    tx.execute(FORGET_RECOVERY_CODES, &args![account])?;
    Ok(())
}

/// Uses up this code of the account's app or one of its recovery codes; no when it is neither, or was used before.
fn use_code(
    tx: &mut Tx,
    keyring: &Keyring,
    account: i64,
    code: &str,
    now: Instant,
) -> Result<bool, SecondFactorError> {
    let sealed: Option<Vec<u8>> = tx.query_one(SECRET, &args![account], |row| row.get(0))?;
    let Some(sealed) = sealed else {
        return Ok(false);
    };
    let opened = keyring
        .open_sealed(&in_account(account), &sealed)
        .map_err(|source| SecondFactorError::Open { account, source })?;
    let secret = opened
        .try_into()
        .map(AppSecret)
        .map_err(|_| SecondFactorError::Open {
            account,
            source: OpenError::Damaged,
        })?;
    if let Some(step) = secret.step_of(code, now)
        && tx.execute(USE_STEP, &args![account, step])? == 1
    {
        return Ok(true);
    }
    let used = tx.execute(USE_RECOVERY_CODE, &args![account, &code_hash(code), now])?;
    Ok(used == 1)
}

/// `GET /second-factor`.
pub(super) async fn page(Doorway(desk): Doorway) -> Response {
    match pending(&desk).await {
        Ok(Some(_)) => form(StatusCode::OK, desk.look(), None),
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(error) => desk.problem(error.into()).into_response(),
    }
}

async fn pending(desk: &Desk) -> Result<Option<(SignInToken, i64)>, StoreError> {
    let Some(token) = desk.token() else {
        return Ok(None);
    };
    let now = desk.office.now();
    desk.office
        .store
        .read(move |tx| {
            let account = tx.query_opt(PENDING, &args![token.bytes(), now], |row| row.get(0))?;
            Ok(account.map(|account| (token, account)))
        })
        .await
}

fn form(status: StatusCode, look: Look, wrong: Option<&'static str>) -> Response {
    let field = Field {
        autocomplete: "one-time-code",
        ..Field::line("code", "Code")
    }
    .hint("The 6 digits that your authenticator app shows, or one of your recovery codes.")
    .short();
    let problems = wrong.into_iter().map(|text| Problem {
        field: "code".into(),
        text: text.into(),
    });
    shell::page(
        status,
        &DoorwayPage {
            frame: Frame::signed_out("Second factor", "Rollbook").with_look(look),
            heading: "One more step".to_owned(),
            text: "Your password was right. Now show that you have your second factor.",
            errors: Errors {
                problems: problems.collect(),
            },
            fields: vec![field],
            action: "/second-factor",
            verb: "Sign in",
        },
    )
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// `POST /second-factor`.
pub(super) async fn give(
    State(office): State<Arc<Office>>,
    Doorway(desk): Doorway,
    from: Peer,
    headers: HeaderMap,
    Form(given): Form<Code>,
) -> Response {
    let look = Look::of(&headers);
    let (token, account) = match pending(&desk).await {
        Ok(Some(pending)) => pending,
        Ok(None) => return Redirect::to("/sign-in").into_response(),
        Err(error) => return desk.problem(error.into()).into_response(),
    };
    if office.doors.is_too_often(from, office.now()) {
        let why = "Too many codes from this network were wrong. Please try again in a few minutes.";
        return form(StatusCode::TOO_MANY_REQUESTS, look, Some(why));
    }
    let now = office.now();
    let counted: Result<bool, StoreError> = office
        .store
        .write(move |tx| count_attempt(tx, account, now))
        .await;
    let within = Arc::clone(&office);
    let given: Result<bool, SecondFactorError> = match counted {
        Ok(true) => {
            office
                .store
                .write(move |tx| {
                    let right = use_code(tx, &within.keyring, account, &given.code, now)?;
                    if right {
                        forget_attempts(tx, account)?;
                        let ends = now.plus_seconds(LONGEST_SECONDS);
                        tx.execute(COMPLETE, &args![token.bytes(), now, ends])?;
                    }
                    Ok(right)
                })
                .await
        }
        Ok(false) => Ok(false),
        Err(error) => Err(error.into()),
    };
    match given {
        Ok(true) => Redirect::to("/").into_response(),
        Ok(false) => {
            office.doors.failed(from, now);
            let why = "This code is not right, or it was used before, or there were too many attempts. Wait for your app to show the next code.";
            form(StatusCode::UNPROCESSABLE_ENTITY, look, Some(why))
        }
        Err(error) => {
            tracing::error!(%error, "a second factor could not be checked");
            let why = "The code could not be checked. Please tell whoever looks after Rollbook.";
            form(StatusCode::SERVICE_UNAVAILABLE, look, Some(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238_and_one_step_either_way_is_taken() {
        let secret = AppSecret(*b"12345678901234567890");
        let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
        // The last six of the eight digits of appendix B, SHA-1.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let step = seconds / 30;
            assert_eq!(secret.step_of(code, at(seconds)), Some(step), "{code}");
            assert_eq!(
                secret.step_of(code, at((step + 2) * 30 - 1)),
                Some(step),
                "{code}"
            );
            assert_eq!(secret.step_of(code, at((step + 2) * 30)), None, "{code}");
        }
        assert_eq!(secret.step_of("287 082", at(59)), Some(1));
        assert_eq!(secret.step_of("", at(59)), None);
    }

    #[test]
    fn an_app_is_told_the_secret_and_whose_it_is() {
        let secret = AppSecret(*b"12345678901234567890");
        assert_eq!(secret.shown(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret.address("o.staff@school.example", "Sample Green"),
            "otpauth://totp/Rollbook:o.staff%40school.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Rollbook%20Sample%20Green"
        );
        assert!(
            secret
                .picture("o.staff", "Sample Green")
                .starts_with("<svg ")
        );
    }

    #[test]
    fn a_secret_that_a_form_carries_is_only_its_accounts() {
        let keyring = Keyring::forgetful().unwrap();
        let carried = AppSecret([7; 20]).sealed_for_form(&keyring, 3).unwrap();
        assert!(AppSecret::from_form(&keyring, 3, &carried).is_some());
        assert!(AppSecret::from_form(&keyring, 4, &carried).is_none());
        for wrong in ["", "0", "zz", "é", &carried[2..]] {
            assert!(
                AppSecret::from_form(&keyring, 3, wrong).is_none(),
                "{wrong}"
            );
        }
    }
}
