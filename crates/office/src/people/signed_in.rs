//! From the token that a browser sends to the person it stands for.

use calendar::{Day, Instant};
use sha2::{Digest, Sha256};
use store::{SchoolId, StoreError, Tx, args};

use super::{Actor, Role};
use crate::ids::{AccountId, StaffId};

/// The hash of a sign-in token: all that is kept of it, here and in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignInToken([u8; 32]);

impl SignInToken {
    /// The hash of the token that the browser holds.
    pub fn of(token: &str) -> SignInToken {
        SignInToken(Sha256::digest(token.as_bytes()).into())
    }

    /// The 32 bytes that the database keeps.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

const SIGN_IN: &str = "\
select s.account_id, s.school_id, a.name, s.second_factor_at
from sign_in s join account a on a.account_id = s.account_id
where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3 and a.disabled_at is null";

const STAFF: &str = "\
select staff_id, title, forename, surname from staff
where school_id = $1 and account_id = $2 and superseded_seq is null
  and (leaving_day is null or leaving_day >= $3)";

const JOB_TITLE: &str = "\
select job_title from post
where school_id = $1 and staff_id = $2 and superseded_seq is null and from_day <= $3 and (to_day is null or to_day >= $3)
order by from_day desc limit 1";

const ROLES: &str = "\
select role from role_grant
where school_id = $1 and account_id = $2 and superseded_seq is null and from_day <= $3 and (to_day is null or to_day >= $3)
order by role";

/// A device that has not been used for this long must sign in again (I-167): 30 minutes.
pub const IDLE_SECONDS: i64 = 30 * 60;

/// Who is signed in with this token at this moment, with the job title and roles that they hold today; none if nobody.
pub fn actor_for_token(
    tx: &mut Tx,
    token: &SignInToken,
    now: Instant,
) -> Result<Option<Actor>, StoreError> {
    let idle_since = now.plus_seconds(-IDLE_SECONDS);
    let signed_in = tx.query_opt(SIGN_IN, &args![token.bytes(), now, idle_since], |row| {
        Ok((
            AccountId(row.get(0)?),
            SchoolId(row.get(1)?),
            row.get::<String>(2)?,
            row.get::<Option<Instant>>(3)?,
        ))
    })?;
    let Some((account, school, name, second_factor_at)) = signed_in else {
        return Ok(None);
    };
    let (today, _) = now.in_london();
    let staff = staff_of(tx, school, account, today)?;
    let job_title = match staff {
        Some((staff, _)) => tx
            .query_opt(JOB_TITLE, &args![school, staff, today], |row| row.get(0))?
            .unwrap_or_default(),
        None => String::new(),
    };
    let roles = tx
        .query(ROLES, &args![school, account, today], |row| {
            row.get::<String>(0)
        })?
        .iter()
        .filter_map(|key| Role::from_key(key))
        .collect();
    Ok(Some(Actor {
        account,
        school,
        name: staff.as_ref().map_or(name, |(_, name)| name.clone()),
        job_title,
        staff: staff.map(|(id, _)| id),
        roles,
        second_factor_at,
    }))
}

fn staff_of(
    tx: &mut Tx,
    school: SchoolId,
    account: AccountId,
    today: Day,
) -> Result<Option<(StaffId, String)>, StoreError> {
    tx.query_opt(STAFF, &args![school, account, today], |row| {
        let title: String = row.get(1)?;
        let forename: String = row.get(2)?;
        let surname: String = row.get(3)?;
        let name = [title, forename, surname].join(" ");
        Ok((StaffId(row.get(0)?), name.trim().to_owned()))
    })
}
