//! Clients of the interface: programs that work here in a role of the access matrix, no further than their limits, until a day.
//!
//! Only an administrator makes one, with the approval of the headteacher or the designated safeguarding lead, since its secret opens
//! records that an administrator may not see. The secret is shown once; its hash is all that is kept.

use std::collections::BTreeMap;

use calendar::{Day, Instant};
use sha2::{Digest, Sha256};
use store::{Act, Column, Kind, Row, SchoolId, Shape, StoreError, Table, Tx, args};

use crate::desk::Refusal;
use crate::ids::{AccountId, ClientId};
use crate::people::{
    Access, Actor, Limits, RecordKind, Role, Scope, granted, must_manage_accounts,
};

/// The clients of a school.
pub static API_CLIENT: Table = Table {
    name: "api_client",
    id: &[Column::new("client_id", Kind::Int)],
    columns: &[
        Column::new("account_id", Kind::Int),
        Column::new("name", Kind::Text),
        Column::new("role", Kind::Text),
        Column::new("limits", Kind::Text),
        Column::new("last_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

const BY_TOKEN: &str = "\
select c.school_id, c.client_id, c.account_id, c.name, c.role, c.limits, t.used_at
from api_token t
join api_client c on c.school_id = t.school_id and c.client_id = t.client_id and c.superseded_seq is null
where t.token_hash = $1 and t.ended_at is null and c.last_day >= $2";
const BY_NUMBER: &str = "\
select c.school_id, c.client_id, c.account_id, c.name, c.role, c.limits
from api_client c where c.school_id = $1 and c.client_id = $2 and c.superseded_seq is null and c.last_day >= $3";
const ALL: &str = "\
select c.client_id, c.account_id, c.name, c.role, c.limits, c.last_day, j.at, e.at,
       (select max(t.used_at) from api_token t where t.school_id = c.school_id and t.client_id = c.client_id)
from api_client c
join journal_entry j on j.school_id = c.school_id and j.seq = c.seq
left join journal_entry e on e.school_id = c.school_id and e.seq = c.superseded_seq
where c.school_id = $1 order by c.client_id";
const NEW_TOKEN: &str =
    "insert into api_token (token_hash, school_id, client_id, made_at) values ($1, $2, $3, $4)";
const END_TOKENS: &str = "\
update api_token set ended_at = $3 where school_id = $1 and client_id = $2 and ended_at is null";
const USED: &str = "\
update api_token set used_at = $2 where token_hash = $1 and (used_at is null or used_at < $2)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[BY_TOKEN, BY_NUMBER, ALL, NEW_TOKEN, END_TOKENS, USED];

/// The job title under which the journal has what a client does.
pub const JOB_TITLE: &str = "API client";

/// A client lasts for two years at most; then somebody decides anew.
pub const LONGEST_DAYS: i32 = 731;

/// The kinds of record that a client can be limited to: those that the interface speaks of.
pub const KINDS: &[RecordKind] = &[
    RecordKind::PupilCore,
    RecordKind::Contacts,
    RecordKind::AttendanceMarks,
    RecordKind::SuspensionRecord,
    RecordKind::AggregateReports,
];

/// What begins every secret, so that one that strays is known for what it is.
const MARK: &str = "rollbook_";

/// The hash of a client's secret: all that is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of what a request sends; none for a text that cannot be a secret of ours.
    pub fn of(secret: &str) -> Option<TokenHash> {
        let digits = secret.strip_prefix(MARK)?;
        let is_ours = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| TokenHash(Sha256::digest(secret.as_bytes()).into()))
    }

    /// A secret nobody has seen yet, and its hash.
    fn new_secret() -> (String, TokenHash) {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = format!("{MARK}{digits}");
        let hash = TokenHash(Sha256::digest(secret.as_bytes()).into());
        (secret, hash)
    }
}

/// A client that asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Which client.
    pub client: ClientId,
    /// What it is to the acts: somebody with one role, and limits.
    pub actor: Actor,
    /// Whether it is time to note that it asks, with [`note_used`].
    pub note_is_due: bool,
}

/// A client as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// What its acts stand under in the journal.
    pub account: AccountId,
    /// What the school calls it.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// The most that it may do with each kind of record; with others nothing.
    pub limits: BTreeMap<RecordKind, Access>,
    /// The last day on which it may ask.
    pub last_day: Day,
    /// When it was made.
    pub made_at: Instant,
    /// When it was ended before its last day.
    pub ended_at: Option<Instant>,
    /// When it last asked, to the minute.
    pub used_at: Option<Instant>,
}

impl Client {
    /// Whether it may ask on this day.
    pub fn is_open(&self, today: Day) -> bool {
        self.ended_at.is_none() && self.last_day >= today
    }
}

/// A client that is to be made.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// What the school calls it: 1 to 60 characters.
    pub name: String,
    /// Its role, one of `roles`.
    pub role: Role,
    /// The most that it may do with each kind of record.
    pub limits: BTreeMap<RecordKind, Access>,
    /// The last day on which it may ask.
    pub last_day: Day,
}

/// The roles that a client can have: those of the staff that open a kind of record of [`KINDS`] for the whole school.
///
/// Roles that go by a person's duties reach nobody without a person, and safeguarding is opened to no program.
pub fn roles() -> impl Iterator<Item = Role> {
    Role::of_staff().filter(|role| {
        let is_safeguarding = matches!(
            role,
            Role::Dsl | Role::DeputyDsl | Role::SafeguardingOfficer | Role::TrustSafeguardingLead
        );
        !is_safeguarding
            && KINDS.iter().any(|kind| {
                let (access, scope) = granted(*role, *kind);
                access >= Access::Read && scope == Scope::School
            })
    })
}

/// Who asks with this token at this moment; none when it is unknown or has ended.
///
/// Errors: the database did not answer.
pub fn caller(tx: &mut Tx, token: &TokenHash, now: Instant) -> Result<Option<Caller>, StoreError> {
    let (today, _) = now.in_london();
    tx.query_opt(BY_TOKEN, &args![token.0.as_slice(), today], |row| {
        let used_at: Option<Instant> = row.get(6)?;
        Ok(Caller {
            client: row.get(1)?,
            actor: actor_of(row)?,
            note_is_due: used_at.is_none_or(|at| at.seconds_until(now) >= 60),
        })
    })
}

/// What a client is to the acts at this moment; none when it has ended.
///
/// Errors: the database did not answer.
pub(crate) fn client_as_actor(
    tx: &mut Tx,
    school: SchoolId,
    client: ClientId,
    now: Instant,
) -> Result<Option<Actor>, StoreError> {
    let (today, _) = now.in_london();
    tx.query_opt(BY_NUMBER, &args![school, client, today], actor_of)
}

/// An actor from the columns school, client, account, name, role, limits.
fn actor_of(row: &Row<'_>) -> Result<Actor, StoreError> {
    let (role, limits): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(Actor {
        account: AccountId(row.get(2)?),
        school: SchoolId(row.get(0)?),
        name: row.get(3)?,
        job_title: JOB_TITLE.to_owned(),
        staff: None,
        roles: Role::from_key(&role).into_iter().collect(),
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::to(limits_of(&limits)),
    })
}

/// Notes that a client asks.
///
/// Errors: the database did not answer.
pub fn note_used(tx: &mut Tx, token: &TokenHash, now: Instant) -> Result<(), StoreError> {
    tx.execute(USED, &args![token.0.as_slice(), now]).map(drop)
}

/// Every client that the school ever made, oldest first.
///
/// Errors: the database did not answer.
pub fn clients(tx: &mut Tx, school: SchoolId) -> Result<Vec<Client>, StoreError> {
    let found = tx.query(ALL, &args![school], |row| {
        let (role, limits): (String, String) = (row.get(3)?, row.get(4)?);
        let Some(role) = Role::from_key(&role) else {
            return Ok(None);
        };
        Ok(Some(Client {
            id: row.get(0)?,
            account: AccountId(row.get(1)?),
            name: row.get(2)?,
            role,
            limits: limits_of(&limits),
            last_day: row.get(5)?,
            made_at: row.get(6)?,
            ended_at: row.get(7)?,
            used_at: row.get(8)?,
        }))
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The client with this number.
///
/// Errors: [`Refusal::NotFound`] when there is none.
pub fn client(tx: &mut Tx, school: SchoolId, id: ClientId) -> Result<Client, Refusal> {
    let all = clients(tx, school)?;
    all.into_iter()
        .find(|client| client.id == id)
        .ok_or(Refusal::NotFound)
}

/// Makes a client, and answers it with its secret, which nobody can learn again.
///
/// `account` was opened for it; `approver` approved. Errors: [`Refusal::NotFound`] for somebody who does not manage accounts,
/// [`Refusal::NotAllowed`] without approval, [`Refusal::Wrong`] for a role or limits that no client has.
pub fn make(
    act: &mut Act,
    actor: &Actor,
    account: AccountId,
    new: &NewClient,
    approver: Option<AccountId>,
) -> Result<(ClientId, String), Refusal> {
    must_manage_accounts(actor)?;
    let Some(approver) = approver else {
        let ground =
            "A client needs the approval of the headteacher or the designated safeguarding lead.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    };
    let (today, _) = act.at().in_london();
    if let Some((_, fault)) = faults(new, today).into_iter().next() {
        return Err(Refusal::Wrong(fault));
    }
    let id = ClientId(act.new_id());
    act.record(
        &API_CLIENT,
        &args![
            id,
            account,
            &new.name,
            new.role.key(),
            in_a_line(&new.limits),
            new.last_day
        ],
    )?;
    let secret = give_token(act, id)?;
    act.describe(actor.entry("make API client", format!("API client {id}")));
    act.note("approved by", &format!("account {approver}"));
    Ok((id, secret))
}

/// What is wrong with a client that is to be made: the question and the words.
pub fn faults(new: &NewClient, today: Day) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let letters = new.name.trim().chars().count();
    if letters == 0 || letters > 60 || new.name.chars().any(char::is_control) {
        faults.push(("name", "Give it a name of 1 to 60 characters.".to_owned()));
    }
    if !roles().any(|role| role == new.role) {
        faults.push(("role", "This is not a role for a client.".to_owned()));
    }
    for (kind, access) in &new.limits {
        let (given, scope) = granted(new.role, *kind);
        let is_for_all = matches!(scope, Scope::School | Scope::Counts);
        if !KINDS.contains(kind) || given < *access || !is_for_all {
            faults.push((
                limit_question(*kind),
                format!("The role {} does not give that.", new.role.label()),
            ));
        }
    }
    if new.limits.is_empty() {
        let question = limit_question(RecordKind::PupilCore);
        faults.push((question, "Choose at least one kind of record.".to_owned()));
    }
    if new.last_day < today {
        faults.push(("last_day", "This day is over.".to_owned()));
    } else if today.days_until(new.last_day) > LONGEST_DAYS {
        faults.push((
            "last_day",
            "Two years at most; a new client can follow.".to_owned(),
        ));
    }
    faults
}

/// The question of the form about a kind of record.
pub(super) fn limit_question(kind: RecordKind) -> &'static str {
    kind.key()
}

/// Gives a client a new secret; the one before opens nothing from now on.
///
/// Errors: [`Refusal::NotFound`] for somebody who does not manage accounts, [`Refusal::Wrong`] for a client that has ended.
pub fn renew(
    act: &mut Act,
    actor: &Actor,
    id: ClientId,
    reason: &str,
    approver: Option<AccountId>,
) -> Result<String, Refusal> {
    must_be_open(act, actor, id)?;
    let Some(approver) = approver else {
        let ground = "A new secret needs the approval of the headteacher or the designated safeguarding lead.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    };
    let secret = give_token(act, id)?;
    act.describe(actor.entry("renew API client", format!("API client {id}")));
    act.note("reason", reason);
    act.note("approved by", &format!("account {approver}"));
    Ok(secret)
}

/// Ends a client: its secret opens nothing from now on.
///
/// Errors: as [`renew`].
pub fn end(act: &mut Act, actor: &Actor, id: ClientId, reason: &str) -> Result<(), Refusal> {
    must_be_open(act, actor, id)?;
    let (school, at) = (act.school(), act.at());
    act.tx().execute(END_TOKENS, &args![school, id, at])?;
    act.supersede(&API_CLIENT, &args![id])?;
    act.describe(actor.entry("end API client", format!("API client {id}")));
    act.note("reason", reason);
    Ok(())
}

fn must_be_open(act: &mut Act, actor: &Actor, id: ClientId) -> Result<Client, Refusal> {
    must_manage_accounts(actor)?;
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let client = client(act.tx(), school, id)?;
    match client.is_open(today) {
        true => Ok(client),
        false => Err(Refusal::Wrong("This client has ended.".to_owned())),
    }
}

fn give_token(act: &mut Act, id: ClientId) -> Result<String, StoreError> {
    let (school, at) = (act.school(), act.at());
    let (secret, hash) = TokenHash::new_secret();
    act.tx().execute(END_TOKENS, &args![school, id, at])?;
    act.tx()
        .execute(NEW_TOKEN, &args![hash.0.as_slice(), school, id, at])?;
    Ok(secret)
}

/// Limits as a row keeps them: `pupil_core=read,attendance_marks=write`.
fn in_a_line(limits: &BTreeMap<RecordKind, Access>) -> String {
    let parts: Vec<String> = limits
        .iter()
        .filter_map(|(kind, access)| Some(format!("{}={}", kind.key(), access_word(*access)?)))
        .collect();
    parts.join(",")
}

fn limits_of(line: &str) -> BTreeMap<RecordKind, Access> {
    line.split(',')
        .filter_map(|part| {
            let (kind, access) = part.split_once('=')?;
            let access = ACCESSES
                .into_iter()
                .find(|own| access_word(*own) == Some(access))?;
            Some((RecordKind::from_key(kind)?, access))
        })
        .collect()
}

const ACCESSES: [Access; 2] = [Access::Read, Access::Write];

/// The word of an access that a client can be limited to.
pub(super) fn access_word(access: Access) -> Option<&'static str> {
    match access {
        Access::Read => Some("read"),
        Access::Write => Some("write"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_come_back_as_they_were_kept() {
        let limits = BTreeMap::from([
            (RecordKind::PupilCore, Access::Read),
            (RecordKind::AttendanceMarks, Access::Write),
        ]);
        let line = in_a_line(&limits);
        assert_eq!(line, "pupil_core=read,attendance_marks=write");
        assert_eq!(limits_of(&line), limits);
        assert_eq!(limits_of(""), BTreeMap::new());
        assert_eq!(limits_of("pupil_core=own,nothing=read"), BTreeMap::new());
    }

    #[test]
    fn no_client_gets_a_role_that_goes_by_duties_or_opens_safeguarding() {
        let roles: Vec<Role> = roles().collect();
        assert!(roles.contains(&Role::AttendanceAdministrator));
        for role in [
            Role::Dsl,
            Role::SystemAdministrator,
            Role::Parent,
            Role::Pupil,
        ] {
            assert!(!roles.contains(&role), "{role:?}");
        }
    }

    #[test]
    fn a_client_is_limited_to_what_its_role_gives_for_the_whole_school() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let new = |role, limits: &[(RecordKind, Access)], last: &str| NewClient {
            name: "Door".to_owned(),
            role,
            limits: limits.iter().copied().collect(),
            last_day: day(last),
        };
        let today = day("2026-11-24");
        let marks = [(RecordKind::AttendanceMarks, Access::Write)];
        let right = new(Role::AttendanceAdministrator, &marks, "2026-11-24");
        assert_eq!(faults(&right, today), []);
        // A teacher's marks go by their classes, and a client has none.
        for wrong in [
            new(Role::Teacher, &marks, "2027-01-01"),
            new(Role::AttendanceAdministrator, &[], "2027-01-01"),
            new(Role::AttendanceAdministrator, &marks, "2026-11-23"),
            new(Role::AttendanceAdministrator, &marks, "2028-11-25"),
        ] {
            assert_ne!(faults(&wrong, today), [], "{wrong:?}");
        }
    }

    #[test]
    fn only_a_text_like_our_secrets_is_looked_up() {
        let (secret, hash) = TokenHash::new_secret();
        assert_eq!(TokenHash::of(&secret), Some(hash));
        for other in [
            "",
            "rollbook_",
            "rollbook_abc",
            &secret[1..],
            &format!("{secret}0"),
        ] {
            assert_eq!(TokenHash::of(other), None, "{other}");
        }
    }
}
