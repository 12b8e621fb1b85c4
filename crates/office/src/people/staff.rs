//! Staff of a school with their accounts and roles: what is known of them, and every act that changes it.
//!
//! Only a system administrator changes accounts and roles (the access matrix: scope *technical*), with a second person's
//! approval where the role opens safeguarding records or is the administrator's own.

use calendar::{Day, Instant};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::records::ROLE_GRANT;
use super::schools;
use super::second_factor;
use super::{Access, Actor, RecordKind, Role, Scope};
use crate::desk::Refusal;
use crate::ids::{AccountId, StaffId};
use crate::roll::records::{POST, STAFF};

const PEOPLE: &str = "\
select t.staff_id, t.code, t.title, t.forename, t.surname, t.email, t.account_id, t.starting_day, t.leaving_day,
       a.sign_in_name, a.disabled_at, a.totp_secret is not null, a.must_change_password, a.locked_until,
       (select max(s.seen_at) from sign_in s where s.account_id = t.account_id and s.school_id = t.school_id),
       (select p.job_title from post p
        where p.school_id = t.school_id and p.staff_id = t.staff_id and p.superseded_seq is null
          and p.from_day <= $2 and (p.to_day is null or p.to_day >= $2)
        order by p.from_day desc, p.post_id desc limit 1),
       (select string_agg(r.role, ',') from role_grant r
        where r.school_id = t.school_id and r.account_id = t.account_id and r.superseded_seq is null
          and r.from_day <= $2 and (r.to_day is null or r.to_day >= $2)),
       a.home_school_id
from staff t left join account a on a.account_id = t.account_id
where t.school_id = $1 and t.superseded_seq is null and ($3 = 0 or t.staff_id = $3)
order by t.surname, t.forename, t.staff_id";
const POSTS: &str = "\
select post_id, job_title, from_day, to_day from post
where school_id = $1 and staff_id = $2 and superseded_seq is null order by from_day desc, post_id desc";
const GRANTS: &str = "\
select grant_id, role, from_day, to_day from role_grant
where school_id = $1 and account_id = $2 and superseded_seq is null order by from_day desc, grant_id desc";
const GRANT: &str = "\
select account_id, role, from_day, to_day from role_grant
where school_id = $1 and grant_id = $2 and superseded_seq is null";
const ADMINISTRATORS: &str = "\
select r.grant_id, r.account_id from role_grant r join account a on a.account_id = r.account_id
where r.school_id = $1 and r.role = 'system_administrator' and r.superseded_seq is null
  and r.from_day <= $2 and r.to_day is null and a.disabled_at is null";
const HOME: &str = "select home_school_id from account where account_id = $1";
// Somebody else's name is told apart from nobody's and from one of this school's by this alone; an ended account is left alone.
const FROM_ELSEWHERE: &str = "\
select a.account_id from account a
where a.sign_in_name = $1 and a.account_id <> 0 and a.disabled_at is null
  and (exists (select 1 from staff t where t.account_id = a.account_id and t.school_id <> $2)
       or exists (select 1 from role_grant r where r.account_id = a.account_id and r.school_id <> $2))
  and not exists (select 1 from staff t where t.account_id = a.account_id and t.school_id = $2 and t.superseded_seq is null)
  and not exists (select 1 from role_grant r where r.account_id = a.account_id and r.school_id = $2 and r.superseded_seq is null)";
const END_ACCOUNT: &str =
    "update account set disabled_at = $2 where account_id = $1 and disabled_at is null";
const RESUME_ACCOUNT: &str = "\
update account set disabled_at = null, failed_attempts = 0, locked_until = null
where account_id = $1 and disabled_at is not null";
const GIVE_PASSWORD: &str = "\
update account set password_hash = $2, password_set_at = $3, must_change_password = true, failed_attempts = 0,
       locked_until = null
where account_id = $1";
const END_SIGN_INS: &str =
    "update sign_in set ended_at = $2 where account_id = $1 and ended_at is null";
pub(super) const APPROVER: &str = "\
select a.account_id, a.password_hash from account a
join role_grant r on r.account_id = a.account_id
where a.sign_in_name = $1 and a.disabled_at is null and a.must_change_password = false and r.school_id = $2
  and r.superseded_seq is null and r.role in ('headteacher', 'dsl') and r.from_day <= $3
  and (r.to_day is null or r.to_day >= $3)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    PEOPLE,
    POSTS,
    GRANTS,
    GRANT,
    ADMINISTRATORS,
    HOME,
    FROM_ELSEWHERE,
    END_ACCOUNT,
    RESUME_ACCOUNT,
    GIVE_PASSWORD,
    END_SIGN_INS,
    APPROVER,
];

/// A member of staff as the list of people shows them today.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub staff: StaffId,
    pub details: Details,
    pub job_title: String,
    pub roles: Vec<Role>,
    pub account: Option<MemberAccount>,
}

/// Their account.
#[derive(Clone, Debug)]
pub(super) struct MemberAccount {
    pub account: AccountId,
    pub sign_in_name: String,
    pub ended_at: Option<Instant>,
    pub has_second_factor: bool,
    pub must_change_password: bool,
    pub pauses_until: Option<Instant>,
    /// When it was last used at this school.
    pub seen_at: Option<Instant>,
    /// The school that opened it.
    pub home: Option<SchoolId>,
}

impl Member {
    pub(super) fn name(&self) -> String {
        self.details.name()
    }

    /// Whether they work here no more on this day.
    pub(super) fn has_left(&self, today: Day) -> bool {
        self.details.leaving_day.is_some_and(|day| day < today)
    }

    /// `Surname, Forename`, as lists sort them.
    pub(super) fn listed(&self) -> String {
        let Details {
            forename, surname, ..
        } = &self.details;
        match forename.is_empty() {
            true => surname.clone(),
            false => format!("{surname}, {forename}"),
        }
    }
}

/// A job title or a role with the days for which it holds.
#[derive(Clone, Debug)]
pub(super) struct Held<T> {
    pub id: i64,
    pub what: T,
    pub from: Day,
    pub to: Option<Day>,
}

/// Whether the actor manages accounts: write access with scope *technical*. Others who may write here keep settings of
/// their own field and no accounts.
pub(crate) fn manages(actor: &Actor) -> bool {
    let mut grants = actor.grants(RecordKind::UsersRolesAndSettings);
    grants.any(|granted| granted == (Access::Write, Scope::Technical))
}

/// Whether the actor manages accounts; to anybody else the pages for it do not exist.
pub(crate) fn must_manage(actor: &Actor) -> Result<(), Refusal> {
    match manages(actor) {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Everybody on the staff, by surname.
pub(super) fn everybody(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
) -> Result<Vec<Member>, StoreError> {
    members(tx, school, today, StaffId(0))
}

/// One member of staff.
pub(super) fn member(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
    staff: StaffId,
) -> Result<Member, Refusal> {
    if staff.0 <= 0 {
        return Err(Refusal::NotFound);
    }
    let mut found = members(tx, school, today, staff)?;
    found.pop().ok_or(Refusal::NotFound)
}

fn members(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
    staff: StaffId,
) -> Result<Vec<Member>, StoreError> {
    tx.query(PEOPLE, &args![school, today, staff], |row| {
        let account: Option<i64> = row.get(6)?;
        let roles: Option<String> = row.get(16)?;
        let account = match account {
            None => None,
            Some(account) => Some(MemberAccount {
                account: AccountId(account),
                sign_in_name: row.get::<Option<String>>(9)?.unwrap_or_default(),
                ended_at: row.get(10)?,
                has_second_factor: row.get(11)?,
                must_change_password: row.get::<Option<bool>>(12)?.unwrap_or_default(),
                pauses_until: row.get(13)?,
                seen_at: row.get(14)?,
                home: row.get(17)?,
            }),
        };
        Ok(Member {
            staff: row.get(0)?,
            details: Details {
                code: row.get(1)?,
                title: row.get(2)?,
                forename: row.get(3)?,
                surname: row.get(4)?,
                email: row.get(5)?,
                starting_day: row.get(7)?,
                leaving_day: row.get(8)?,
            },
            job_title: row.get::<Option<String>>(15)?.unwrap_or_default(),
            roles: Role::among(roles.as_deref()),
            account,
        })
    })
}

/// Their job titles, newest first.
pub(super) fn posts(
    tx: &mut Tx,
    school: SchoolId,
    staff: StaffId,
) -> Result<Vec<Held<String>>, StoreError> {
    tx.query(POSTS, &args![school, staff], |row| {
        Ok(Held {
            id: row.get(0)?,
            what: row.get(1)?,
            from: row.get(2)?,
            to: row.get(3)?,
        })
    })
}

/// The roles that an account has held or will hold, newest first.
pub(super) fn grants(
    tx: &mut Tx,
    school: SchoolId,
    account: AccountId,
) -> Result<Vec<Held<Role>>, StoreError> {
    let all = tx.query(GRANTS, &args![school, account], |row| {
        let role: String = row.get(1)?;
        Ok(Role::from_key(&role).map(|role| (row.get(0), role, row.get(2), row.get(3))))
    })?;
    all.into_iter()
        .flatten()
        .map(|(id, what, from, to)| {
            Ok(Held {
                id: id?,
                what,
                from: from?,
                to: to?,
            })
        })
        .collect()
}

/// The facts of a staff record.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    pub code: Option<String>,
    pub title: String,
    pub forename: String,
    pub surname: String,
    pub email: Option<String>,
    pub starting_day: Option<Day>,
    pub leaving_day: Option<Day>,
}

impl Details {
    /// The name as colleagues know it.
    pub(super) fn name(&self) -> String {
        let parts = [&self.title, &self.forename, &self.surname].into_iter();
        let parts: Vec<&str> = parts
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" ")
    }
}

/// Somebody who comes to the staff.
#[derive(Clone, Debug)]
pub(super) struct Newcomer {
    pub details: Details,
    pub job_title: String,
    /// The first day of the job title and the roles.
    pub from: Day,
    /// The account that was opened for them, or that they have from another school.
    pub account: Option<NewPlace>,
    pub roles: Vec<Role>,
    /// Who approved the roles.
    pub approver: Option<AccountId>,
}

/// An account that gets its place at this school.
#[derive(Clone, Debug)]
pub(super) enum NewPlace {
    /// It was opened for this.
    Opened(AccountId),
    /// Its person signs in at another school already, with this name. Their password and second factor stay as they are.
    FromElsewhere {
        /// The account.
        account: AccountId,
        /// What its person types to sign in.
        sign_in_name: String,
    },
}

impl NewPlace {
    pub(super) fn account(&self) -> AccountId {
        match self {
            NewPlace::Opened(account) | NewPlace::FromElsewhere { account, .. } => *account,
        }
    }
}

/// The account of somebody who signs in at another school with this name, and has no place at this one.
///
/// Nothing else of it is told: not whose it is, nor at which school.
pub(super) fn from_elsewhere(
    tx: &mut Tx,
    school: SchoolId,
    sign_in_name: &str,
) -> Result<Option<AccountId>, StoreError> {
    let name = super::directory::sign_in_name(sign_in_name);
    tx.query_opt(FROM_ELSEWHERE, &args![name, school], |row| row.get(0))
}

/// The account of a new place, once it is certain that it may have one: a person's account may have changed since it was asked about.
fn settle_place(act: &mut Act, place: &NewPlace) -> Result<AccountId, Refusal> {
    if let NewPlace::FromElsewhere {
        account,
        sign_in_name,
    } = place
    {
        let school = act.school();
        if from_elsewhere(act.tx(), school, sign_in_name)? != Some(*account) {
            return Err(Refusal::Wrong(
                "The account with this name has changed meanwhile. Begin again.".to_owned(),
            ));
        }
        act.note("account of another school", &account.0.to_string());
    }
    Ok(place.account())
}

/// Adds a member of staff with their job title and, on their account, their roles.
pub(super) fn add(act: &mut Act, actor: &Actor, new: &Newcomer) -> Result<StaffId, Refusal> {
    must_manage(actor)?;
    let staff = StaffId(act.new_id());
    let account = match &new.account {
        Some(place) => Some(settle_place(act, place)?),
        None => None,
    };
    record(act, staff, &new.details, account)?;
    let post = act.new_id();
    act.record(
        &POST,
        &args![post, staff, &new.job_title, new.from, None::<Day>],
    )?;
    for role in &new.roles {
        let account = account.ok_or(Refusal::NotFound)?;
        grant(act, actor, account, *role, (new.from, None), new.approver)?;
    }
    act.describe(actor.entry("add member of staff", format!("staff {staff}")));
    Ok(staff)
}

fn record(
    act: &mut Act,
    staff: StaffId,
    details: &Details,
    account: Option<AccountId>,
) -> Result<(), StoreError> {
    act.replace(
        &STAFF,
        &args![
            staff,
            details.code.as_deref(),
            &details.title,
            &details.forename,
            &details.surname,
            details.email.as_deref(),
            account,
            details.starting_day,
            details.leaving_day
        ],
    )
    .map(drop)
}

/// Changes the facts of a staff record.
pub(super) fn change_details(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    staff: StaffId,
    details: &Details,
) -> Result<(), Refusal> {
    must_manage(actor)?;
    let school = act.school();
    let before = member(act.tx(), school, today, staff)?;
    let account = before.account.map(|account| account.account);
    if let (Some(account), Some(leaving)) = (account, details.leaving_day)
        && leaving < today
    {
        keep_an_administrator(act, today, |_, other| other == account)?;
    }
    record(act, staff, details, account)?;
    act.describe(actor.entry("change staff details", format!("staff {staff}")));
    Ok(())
}

/// Gives a member of staff an account: one that was opened for them, or the one that they have from another school.
pub(super) fn give_account(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    staff: StaffId,
    place: &NewPlace,
) -> Result<(), Refusal> {
    must_manage(actor)?;
    let school = act.school();
    let before = member(act.tx(), school, today, staff)?;
    if before.account.is_some() {
        return Err(Refusal::Wrong("They have an account already.".to_owned()));
    }
    let account = settle_place(act, place)?;
    record(act, staff, &before.details, Some(account))?;
    act.describe(actor.entry("give account", format!("staff {staff}")));
    Ok(())
}

/// Gives a member of staff another job title from a day on. The one before ends the day before; one from the same day is replaced.
pub(super) fn change_post(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    staff: StaffId,
    job_title: &str,
    from: Day,
) -> Result<(), Refusal> {
    must_manage(actor)?;
    let school = act.school();
    member(act.tx(), school, today, staff)?;
    let mut replaces = None;
    for post in posts(act.tx(), school, staff)? {
        if post.from == from {
            replaces = Some(post.id);
        } else if post.from > from {
            return Err(Refusal::Wrong(format!(
                "They become {} on {}. Choose a later day.",
                post.what,
                post.from.long()
            )));
        } else if post.to.is_none_or(|to| to >= from) {
            act.replace(
                &POST,
                &args![post.id, staff, &post.what, post.from, from.previous()],
            )?;
        }
    }
    let post = replaces.unwrap_or_else(|| act.new_id());
    act.replace(&POST, &args![post, staff, job_title, from, None::<Day>])?;
    act.describe(actor.entry("change job title", format!("staff {staff}")));
    Ok(())
}

/// Whether granting this role to this account needs a second person's approval: roles that open safeguarding records, and any
/// role that an administrator gives to themselves (access matrix: "cannot grant self or others safeguarding access without a
/// second approver").
pub(super) fn needs_approver(actor: &Actor, to: AccountId, role: Role) -> bool {
    let opens_safeguarding = matches!(
        role,
        Role::Dsl | Role::DeputyDsl | Role::SafeguardingOfficer | Role::TrustSafeguardingLead
    );
    opens_safeguarding || actor.account == to
}

/// Grants a role from a day on, to the end of another if one is given.
pub(super) fn grant(
    act: &mut Act,
    actor: &Actor,
    to_account: AccountId,
    role: Role,
    (from, to): (Day, Option<Day>),
    approver: Option<AccountId>,
) -> Result<(), Refusal> {
    must_manage(actor)?;
    if !Role::of_staff().any(|known| known == role) {
        return Err(Refusal::Wrong(
            "This is not a role of the staff.".to_owned(),
        ));
    }
    if needs_approver(actor, to_account, role) && approver.is_none() {
        return Err(Refusal::NotAllowed(
            "This role needs the approval of the headteacher or the designated safeguarding lead."
                .to_owned(),
        ));
    }
    if to.is_some_and(|to| to < from) {
        return Err(Refusal::Wrong(
            "The last day is before the first.".to_owned(),
        ));
    }
    let school = act.school();
    let overlaps = grants(act.tx(), school, to_account)?
        .into_iter()
        .any(|held| {
            held.what == role
                && held.to.is_none_or(|end| end >= from)
                && to.is_none_or(|to| to >= held.from)
        });
    if overlaps {
        return Err(Refusal::Wrong(
            "They hold this role on some of these days already.".to_owned(),
        ));
    }
    let id = act.new_id();
    act.record(&ROLE_GRANT, &args![id, to_account, role.key(), from, to])?;
    if let Some(approver) = approver {
        act.note("approved by account", &approver.0.to_string());
    }
    let subject = format!("account {to_account}, {}", role.key());
    act.describe(actor.entry("grant role", subject));
    Ok(())
}

/// Ends a role with the end of this day; one that has not begun, or begins after it, is withdrawn.
pub(super) fn end_grant(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    grant: i64,
    last_day: Day,
) -> Result<(), Refusal> {
    must_manage(actor)?;
    let school = act.school();
    let found = act.tx().query_opt(GRANT, &args![school, grant], |row| {
        let role: String = row.get(1)?;
        Ok((row.get::<AccountId>(0)?, role, row.get::<Day>(2)?))
    })?;
    let (account, role, from) = found.ok_or(Refusal::NotFound)?;
    if role == Role::SystemAdministrator.key() {
        keep_an_administrator(act, today, |own, _| own == grant)?;
    }
    if from > last_day {
        act.supersede(&ROLE_GRANT, &args![grant])?;
    } else {
        act.replace(&ROLE_GRANT, &args![grant, account, &role, from, last_day])?;
    }
    act.describe(actor.entry("end role", format!("account {account}, {role}")));
    Ok(())
}

/// Refuses when nobody would be left who manages accounts for ever on, leaving out the grants that `goes` names.
fn keep_an_administrator(
    act: &mut Act,
    today: Day,
    goes: impl Fn(i64, AccountId) -> bool,
) -> Result<(), Refusal> {
    let school = act.school();
    let administrators = act
        .tx()
        .query(ADMINISTRATORS, &args![school, today], |row| {
            Ok((row.get::<i64>(0)?, row.get::<AccountId>(1)?))
        })?;
    if administrators
        .into_iter()
        .all(|(grant, account)| goes(grant, account))
    {
        return Err(Refusal::Wrong(
            "They are the school's last system administrator. Make somebody else one first."
                .to_owned(),
        ));
    }
    Ok(())
}

/// Who keeps an account: gives a lost password anew, or ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptBy {
    /// This school: nobody else has its person on the staff.
    ThisSchool,
    /// This school opened it; its person has a place at another too, so that it is not this school's to end.
    ThisSchoolWithAnother,
    /// Another school.
    Another,
}

/// Who keeps an account: the school that opened it while its person has a place there, then the one that is left.
pub(super) fn kept_by(
    tx: &mut Tx,
    school: SchoolId,
    account: AccountId,
    today: Day,
) -> Result<KeptBy, StoreError> {
    let home: Option<SchoolId> = tx.query_one(HOME, &args![account], |row| row.get(0))?;
    let places = schools::places(tx, account.0, today)?;
    let others = places.iter().any(|(place, _)| *place != school);
    Ok(match (others, home == Some(school)) {
        (false, _) => KeptBy::ThisSchool,
        (true, true) => KeptBy::ThisSchoolWithAnother,
        (true, false) => KeptBy::Another,
    })
}

/// What may be done to another person's account.
#[derive(Clone, Debug)]
pub(super) enum AccountChange {
    /// Nobody signs in with it any more; whoever is signed in is signed out at once.
    End,
    /// It can be used again.
    Resume,
    /// A new password, which they must change; their devices are signed out.
    GivePassword {
        /// Its hash.
        hash: String,
    },
    /// A lost second factor is taken away; their devices are signed out.
    RemoveSecondFactor,
}

/// Changes the account of a member of staff, and answers it as it was. The reason is kept.
pub(super) fn change_account(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    staff: StaffId,
    change: &AccountChange,
    reason: &str,
) -> Result<MemberAccount, Refusal> {
    must_manage(actor)?;
    let (school, at) = (act.school(), act.at());
    let member = member(act.tx(), school, today, staff)?;
    let theirs = member.account.ok_or(Refusal::NotFound)?;
    let account = theirs.account;
    if account == actor.account {
        return Err(Refusal::Wrong(
            "This is your own account. You change it under My account; another administrator may end it.".to_owned(),
        ));
    }
    let ends = matches!(change, AccountChange::End | AccountChange::Resume);
    match kept_by(act.tx(), school, account, today)? {
        KeptBy::ThisSchool => {}
        KeptBy::ThisSchoolWithAnother if !ends => {}
        KeptBy::ThisSchoolWithAnother => {
            return Err(Refusal::NotAllowed(
                "This account belongs to another school as well. End its roles here instead."
                    .to_owned(),
            ));
        }
        KeptBy::Another => {
            return Err(Refusal::NotAllowed(
                "They have this account from another school: password and second factor are not changed here. End its roles here instead."
                    .to_owned(),
            ));
        }
    }
    let what = match change {
        AccountChange::End => {
            keep_an_administrator(act, today, |_, other| other == account)?;
            let ended = act.tx().execute(END_ACCOUNT, &args![account, at])?;
            done_or("It has been ended already.", ended)?;
            "end account"
        }
        AccountChange::Resume => {
            let resumed = act.tx().execute(RESUME_ACCOUNT, &args![account])?;
            done_or("It is in use already.", resumed)?;
            "resume account"
        }
        AccountChange::GivePassword { hash } => {
            act.tx().execute(GIVE_PASSWORD, &args![account, hash, at])?;
            "give new password"
        }
        AccountChange::RemoveSecondFactor => {
            second_factor::remove(act.tx(), account.0)?;
            "remove second factor"
        }
    };
    act.tx().execute(END_SIGN_INS, &args![account, at])?;
    act.note("reason", reason);
    act.describe(actor.entry(what, format!("account {account}")));
    Ok(theirs)
}

fn done_or(otherwise: &str, rows: u64) -> Result<(), Refusal> {
    match rows {
        0 => Err(Refusal::Wrong(otherwise.to_owned())),
        _ => Ok(()),
    }
}
