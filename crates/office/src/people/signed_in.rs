//! From the token that a browser sends to the person it stands for.

use axum::http::{HeaderMap, header};
use calendar::Instant;
use sha2::{Digest, Sha256};
use store::{Ahead, Arg, SchoolId, StoreError, Tx, args};

use super::{Actor, Limits, Role};
use crate::ids::{AccountId, StaffId};

/// The hash of a sign-in token: all that is kept of it, here and in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignInToken([u8; 32]);

impl SignInToken {
    /// The hash of the token that the browser holds.
    pub fn of(token: &str) -> SignInToken {
        SignInToken(Sha256::digest(token.as_bytes()).into())
    }

    /// The token among a browser's cookies, if there is one under this name.
    pub(crate) fn among(headers: &HeaderMap, cookie_name: &str) -> Option<SignInToken> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == cookie_name)
            .map(|(_, token)| SignInToken::of(token))
    }

    /// The 32 bytes that the database keeps.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The device, its account, the staff record, job title and roles of today: one row.
const PRESENT: &str = "\
select s.account_id, s.school_id, a.name, s.second_factor_at, a.must_change_password, s.seen_at,
       t.staff_id, t.title, t.forename, t.surname,
       (select p.job_title from post p
        where p.school_id = t.school_id and p.staff_id = t.staff_id and p.superseded_seq is null
          and p.from_day <= $4 and (p.to_day is null or p.to_day >= $4)
        order by p.from_day desc, p.post_id desc limit 1),
       (select string_agg(r.role, ',') from role_grant r
        where r.school_id = s.school_id and r.account_id = s.account_id and r.superseded_seq is null
          and r.from_day <= $4 and (r.to_day is null or r.to_day >= $4)),
       s.several_schools
from sign_in s
join account a on a.account_id = s.account_id
left join staff t on t.school_id = s.school_id and t.account_id = s.account_id and t.superseded_seq is null
where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3 and a.disabled_at is null
  and (a.totp_secret is null or s.second_factor_at is not null)
  and (t.leaving_day is null or t.leaving_day >= $4)
  and s.school_id is not null
order by t.staff_id limit 1";

const SEEN: &str =
    "update sign_in set seen_at = $2 where token_hash = $1 and seen_at < $2 and ended_at is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PRESENT, SEEN];

/// A device that has not been used for this long must sign in again (I-167): 30 minutes.
pub const IDLE_SECONDS: i64 = 30 * 60;

/// How old the note of when a device was last used may grow before it is written again.
const SEEN_EVERY_SECONDS: i64 = 60;

/// Somebody whose device is signed in.
#[derive(Clone, Debug)]
pub struct Present {
    /// Who.
    pub actor: Actor,
    /// Whether they were given their password by somebody else and must choose their own before anything else.
    pub must_change_password: bool,
    /// Whether it is time to note that the device is in use, with [`note_seen`].
    pub note_is_due: bool,
}

/// Who is signed in with this token at this moment, with the job title and roles that they hold today; none if nobody.
///
/// Somebody who has left is nobody from the day after their last. A device whose person has a second factor and has not given it yet is nobody's.
pub fn present(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<Option<Present>, StoreError> {
    tx.query_opt(PRESENT, &asked(token, now), |row| {
        let seen_at: Instant = row.get(5)?;
        let staff: Option<i64> = row.get(6)?;
        let roles: Option<String> = row.get(11)?;
        let name = match staff {
            None => row.get(2)?,
            Some(_) => {
                let parts: [String; 3] = [row.get(7)?, row.get(8)?, row.get(9)?];
                parts.join(" ").trim().to_owned()
            }
        };
        Ok(Present {
            actor: Actor {
                account: AccountId(row.get(0)?),
                school: SchoolId(row.get(1)?),
                name,
                job_title: row.get::<Option<String>>(10)?.unwrap_or_default(),
                staff: staff.map(StaffId),
                roles: Role::among(roles.as_deref()),
                second_factor_at: row.get(3)?,
                several_schools: row.get(12)?,
                looks_back: None,
                limits: Limits::NONE,
            },
            must_change_password: row.get(4)?,
            note_is_due: seen_at.seconds_until(now) >= SEEN_EVERY_SECONDS,
        })
    })
}

/// Asks ahead for what [`present`] will ask.
pub(crate) fn present_ahead(
    act: &mut Ahead<'_>,
    token: &SignInToken,
    now: Instant,
) -> Result<(), StoreError> {
    act.ask(PRESENT, &asked(token, now))
}

fn asked(token: &SignInToken, now: Instant) -> [Arg<'_>; 4] {
    let idle_since = now.plus_seconds(-IDLE_SECONDS);
    let (today, _) = now.in_london();
    args![token.bytes(), now, idle_since, today]
}

/// [`present`] where only the person matters.
pub fn actor_for_token(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<Option<Actor>, StoreError> {
    Ok(present(tx, token, now)?.map(|present| present.actor))
}

/// Notes that the device with this token is in use.
pub fn note_seen(tx: &mut Tx, token: &SignInToken, now: Instant) -> Result<(), StoreError> {
    tx.execute(SEEN, &args![token.bytes(), now]).map(drop)
}
