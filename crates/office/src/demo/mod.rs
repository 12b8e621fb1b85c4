//! The demo school, put into a store: a wholly synthetic school with two years of history, as if it had always been here.
//!
//! Its past is recorded act by act at the moments when it would have happened, so that journal, amendments and as-at
//! questions look like a real school's. The last two school weeks are register by register with their tutors and what was
//! amended; older marks were brought in half a term at a time, as from the system that the school had before.
//!
//! It deliberately does not know how the school is imagined: that is the crate `demo`.

mod absence_line;
mod changes;
mod clock;
mod concerns;
mod door;
mod evidence;
mod history;
mod inspector;
mod lessons;
mod mailbox;
mod messages;
mod morning;
mod plans;
mod preservation;
mod programs;
mod roll;
mod visits;
mod watch;

use std::sync::Arc;

use calendar::{Day, Instant, TimeOfDay};
use store::{Act, Entry, SchoolId, Store, StoreError, args};

pub use clock::DemoClock;

use crate::ids::AccountId;
use crate::people::Keyring;

/// The key of the first demo school in the store.
pub const SCHOOL: SchoolId = SchoolId(1);

/// Somebody who may sign in at the demo school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAccount {
    /// The role of the access matrix, the first if they hold several.
    pub role: &'static str,
    /// Their job title.
    pub job_title: String,
    /// The name to sign in with.
    pub sign_in_name: String,
}

/// Puts a demo school into a store that holds none under this key, and answers who may sign in and at what moment the school stands.
///
/// The first of several is [`SCHOOL`]; the names and numbers of the others, and the names by which their staff sign in, end or begin
/// with their key, since every demo school is imagined under the same ones. They belong to the trust of the first.
/// `set_clock` sets the clock that the store goes by: the past is recorded at the moments when it would have happened.
/// `password_hash` is the hash of the password that all the synthetic accounts share. `progress` is told how many of how many
/// school days are in. What is kept sealed is sealed with this key.
///
/// Errors: what the store says against it; the store is then of no use.
pub fn put_in(
    store: &Store,
    key: SchoolId,
    set_clock: &dyn Fn(Instant),
    school: &Arc<demo::DemoSchool>,
    password_hash: &str,
    keyring: &Arc<Keyring>,
    mut progress: impl FnMut(usize, usize),
) -> Result<(Vec<DemoAccount>, Instant), StoreError> {
    let first_day = school.years[0].half_terms[0].first_day;
    set_clock(at(first_day.plus_days(-30), 7));
    let people = Arc::new(directory(store, key, school, password_hash)?);
    let held = preservation::long_ago(store, key, set_clock, school, &people)?;
    set_clock(at(first_day.plus_days(-30), 7));
    let (whole, staff) = (Arc::clone(school), Arc::clone(&people));
    let ids = store.act_now(key, move |act: &mut Act| {
        let ids = roll::found(act, &whole, &staff)?;
        act.describe(by_system(&staff, "bring in the roll", "school".to_owned()));
        Ok::<_, StoreError>(Arc::new(ids))
    })?;
    history::play(store, key, set_clock, school, &people, &ids, &mut progress)?;
    let now = school
        .today
        .as_ref()
        .map_or_else(|| at(school.request.today, 9), |today| today.now);
    set_clock(now);
    programs::put_in(store, key, school, &people, now)?;
    door::put_in(store, key, school, &people, &ids, now)?;
    visits::put_in(store, key, school, &people, &ids, now)?;
    watch::put_in(store, key, school, &people, &ids, now)?;
    concerns::put_in(store, keyring, key, school, &people, &ids, now)?;
    messages::put_in(store, key, &people)?;
    absence_line::put_in(store, key, school, &people, keyring, now)?;
    mailbox::put_in(store, key, school, keyring, now)?;
    evidence::put_in(store, key, school, &people, keyring)?;
    preservation::today(store, key, school, &people, held)?;
    let inspector = inspector::visit(store, key, &people, password_hash)?;
    let staff = school.staff.iter().map(|member| account_of(member, key));
    Ok((staff.chain([inspector]).collect(), now))
}

/// Keys that the directory gave: accounts of staff and people behind pupils, in the order of the demo school's lists.
struct People {
    accounts: Vec<AccountId>,
    persons: Vec<i64>,
    /// The account under which the past was brought in: the attendance manager's.
    keeper: usize,
    job_titles: Vec<String>,
}

const TRUST: &str = "select min(trust_id) from trust";
const NEW_TRUST: &str = "insert into trust (trust_id, name) values ($1, $2)";
const NEW_SCHOOL: &str = "\
insert into school (school_id, trust_id, urn, laestab, name, founded_at) values ($1, $2, $3, $4, $5, $6)";
const NEW_PERSON: &str = "insert into person (person_id, upn) values ($1, $2)";
const NEW_ACCOUNT: &str = "\
insert into account (account_id, sign_in_name, name, password_hash, password_set_at, must_change_password, failed_attempts,
                     home_school_id)
values ($1, $2, $3, $4, $5, $6, $7, $8)";

/// The statements of this folder, for the test that prepares them.
pub const STATEMENTS: &[&str] = &[
    TRUST,
    NEW_TRUST,
    NEW_SCHOOL,
    NEW_PERSON,
    NEW_ACCOUNT,
    morning::STATEMENTS[0],
    messages::OF_RUN,
    messages::WITH_ADDRESS,
    concerns::PUPIL_OF,
    absence_line::WITHOUT_MARK,
    absence_line::WITH_MARK,
    mailbox::HOME,
];

fn directory(
    store: &Store,
    key: SchoolId,
    school: &Arc<demo::DemoSchool>,
    password_hash: &str,
) -> Result<People, StoreError> {
    let keeper = school
        .staff
        .iter()
        .position(|member| holds(member, "attendance_manager"))
        .unwrap_or(0);
    let (school, password_hash) = (Arc::clone(school), password_hash.to_owned());
    store.act_now(SchoolId(0), move |act: &mut Act| {
        let now = act.at();
        let identity = &school.identity;
        let trust = act.tx().query_one(TRUST, &args![], |row| row.get(0))?;
        let trust: i64 = match trust {
            Some(trust) => trust,
            None => {
                let trust = act.new_id();
                act.tx().execute(NEW_TRUST, &args![trust, identity.trust])?;
                trust
            }
        };
        let (urn, laestab) = numbers(identity, key);
        let name = match key {
            SCHOOL => identity.name.to_owned(),
            _ => format!("{} {}", identity.name, key.0),
        };
        act.tx()
            .execute(NEW_SCHOOL, &args![key, trust, urn, laestab, name, now])?;
        let mut accounts = Vec::new();
        for member in &school.staff {
            let id = act.new_id();
            let name = format!("{} {} {}", member.title, member.forename, member.surname);
            act.tx().execute(
                NEW_ACCOUNT,
                &args![
                    id,
                    sign_in_name(member, key),
                    name,
                    password_hash.as_str(),
                    now,
                    false,
                    0_i64,
                    key
                ],
            )?;
            accounts.push(AccountId(id));
        }
        let mut persons = Vec::new();
        for pupil in &school.pupils {
            let id = act.new_id();
            act.tx()
                .execute(NEW_PERSON, &args![id, pupil.upn.as_str()])?;
            persons.push(id);
        }
        let people = People {
            accounts,
            persons,
            keeper,
            job_titles: school
                .staff
                .iter()
                .map(|member| member.job_title.clone())
                .collect(),
        };
        act.describe(by_system(
            &people,
            "found the demo school",
            "directory".to_owned(),
        ));
        Ok(people)
    })
}

/// The school's number of the register of schools, and the one that its authority gave it.
fn numbers(identity: &demo::Identity, key: SchoolId) -> (String, String) {
    let further = key.0 - SCHOOL.0;
    let urn: i64 = identity.urn.parse().unwrap_or_default();
    let establishment = i64::from(identity.establishment) + further;
    (
        (urn + further).to_string(),
        format!("{}{establishment}", identity.authority),
    )
}

fn holds(member: &demo::StaffMember, role: &str) -> bool {
    member.grants.iter().any(|grant| grant.role == role)
}

/// The name by which a member of staff signs in.
fn sign_in_name(member: &demo::StaffMember, key: SchoolId) -> String {
    match key {
        SCHOOL => member.email.clone(),
        _ => format!("{}.{}", key.0, member.email),
    }
}

fn account_of(member: &demo::StaffMember, key: SchoolId) -> DemoAccount {
    DemoAccount {
        role: member.grants.first().map_or("", |grant| grant.role),
        job_title: member.job_title.clone(),
        sign_in_name: sign_in_name(member, key),
    }
}

fn by_system<'a>(people: &'a People, act: &'static str, subject: String) -> Entry<'a> {
    by(people, people.keeper, act, subject)
}

fn by<'a>(people: &'a People, staff: usize, act: &'static str, subject: String) -> Entry<'a> {
    Entry {
        account: people.accounts[staff].0,
        job_title: &people.job_titles[staff],
        act,
        subject,
    }
}

fn at(day: Day, hour: u32) -> Instant {
    let time = TimeOfDay::new(hour, 0, 0).expect("an hour of the day");
    Instant::at_london(day, time)
}

/// Ids that the school gave, in the order of the demo school's lists.
struct Ids {
    enrolments: Vec<i64>,
    groups: Vec<i64>,
    periods: Vec<i64>,
    rooms: Vec<i64>,
    staff: Vec<i64>,
}
