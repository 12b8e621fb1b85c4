//! The directory: schools and accounts, which are known across schools and have a chain of their own.

use calendar::Day;
use store::{Act, Entry, SchoolId, Store, StoreError, Tx, args};

use super::records::ROLE_GRANT;
use super::{Actor, Role};
use crate::ids::{AccountId, StaffId};
use crate::roll::records::{POST, STAFF};
use crate::year::records::SETTING;
use crate::year::settings::{MODE, Mode};

/// The chain of what is known across schools.
pub const DIRECTORY: SchoolId = SchoolId(0);

const ANY_ROLE: &str = "select 1 from role_grant limit 1";
const ANY_ROLE_AT: &str = "select 1 from role_grant where school_id = $1 limit 1";
const BY_NAME: &str = "select account_id from account where sign_in_name = $1";
const HAS_A_PLACE: &str = "\
select 1 from role_grant where account_id = $1
union all select 1 from staff where account_id = $1 limit 1";
const NEW_ACCOUNT: &str = "\
insert into account (account_id, sign_in_name, name, password_hash, password_set_at, must_change_password, failed_attempts,
                     home_school_id)
values ($1, $2, $3, $4, $5, $6, 0, $7)";
const NEW_HOLDER: &str = "\
update account set name = $2, password_hash = $3, password_set_at = $4, must_change_password = $5, failed_attempts = 0,
       locked_until = null, totp_secret = null, totp_last_step = null, disabled_at = null, home_school_id = $6
where account_id = $1";
const AT_HOME: &str = "update account set home_school_id = $2 where account_id = $1";
const UNUSED_SCHOOL: &str = "\
select s.school_id from school s
where not exists (select 1 from role_grant r where r.school_id = s.school_id) order by s.school_id limit 1";
const NEW_SCHOOL: &str =
    "insert into school (school_id, urn, laestab, name, founded_at) values ($1, $2, $3, $4, $5)";
const SCHOOL_ANEW: &str =
    "update school set urn = $2, laestab = $3, name = $4, founded_at = $5 where school_id = $1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    ANY_ROLE,
    ANY_ROLE_AT,
    BY_NAME,
    HAS_A_PLACE,
    NEW_ACCOUNT,
    NEW_HOLDER,
    AT_HOME,
    UNUSED_SCHOOL,
    NEW_SCHOOL,
    SCHOOL_ANEW,
];

/// An account to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What the person types to sign in; kept as [`sign_in_name`] makes it.
    pub sign_in_name: String,
    /// The person's name.
    pub name: String,
    /// The hash of the password ([`super::hash_password_now`]); without one nobody can sign in.
    pub password_hash: Option<String>,
    /// Whether somebody else chose the password, so that the person must choose their own first.
    pub must_change_password: bool,
}

/// Why an account or a school cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Somebody has this sign-in name.
    #[error("Somebody else signs in with this name. Choose another.")]
    NameTaken,
    /// There is a school already.
    #[error("This Rollbook has been set up already. Please sign in.")]
    AlreadySetUp,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A sign-in name as it is kept and compared: without spaces around it, in lower case.
pub fn sign_in_name(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// What is wrong with a new sign-in name, in words for the person who chose it; nothing when it can be used.
pub fn fault_of_sign_in_name(typed: &str) -> Option<String> {
    let name = sign_in_name(typed);
    if name.is_empty() {
        return Some("Give a sign-in name.".to_owned());
    }
    if name.chars().count() > 100 {
        return Some("A sign-in name has at most 100 characters.".to_owned());
    }
    if name
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Some("A sign-in name has no spaces in it.".to_owned());
    }
    None
}

/// Whether a school has been set up: somebody holds, or has held, a role.
pub(super) fn any_role(tx: &mut Tx) -> Result<bool, StoreError> {
    let any = tx.query_opt(ANY_ROLE, &args![], |_| Ok(()))?;
    Ok(any.is_some())
}

/// What `any_role` tells, for the start of the program.
pub async fn is_set_up(store: &Store) -> Result<bool, StoreError> {
    store.read(any_role).await
}

/// Opens an account, in an act of the [`DIRECTORY`]. `by` is who opens it, whose school keeps it; nobody at a school's founding.
///
/// An account that never got a place at a school (its opening was cut off half-way) does not keep its name from others.
pub fn open_account(
    act: &mut Act,
    by: Option<&Actor>,
    new: &NewAccount,
) -> Result<AccountId, DirectoryError> {
    let name = sign_in_name(&new.sign_in_name);
    let at = act.at();
    let home = by.map(|by| by.school);
    let known = act
        .tx()
        .query_opt(BY_NAME, &args![&name], |row| row.get::<i64>(0))?;
    let account = match known {
        None => {
            let account = act.new_id();
            let row = args![
                account,
                &name,
                &new.name,
                new.password_hash.as_deref(),
                at,
                new.must_change_password,
                home
            ];
            act.tx().execute(NEW_ACCOUNT, &row)?;
            account
        }
        Some(account) => {
            let place = act
                .tx()
                .query_opt(HAS_A_PLACE, &args![account], |_| Ok(()))?;
            if place.is_some() || account == 0 {
                return Err(DirectoryError::NameTaken);
            }
            let row = args![
                account,
                &new.name,
                new.password_hash.as_deref(),
                at,
                new.must_change_password,
                home
            ];
            act.tx().execute(NEW_HOLDER, &row)?;
            account
        }
    };
    act.describe(Entry {
        account: by.map_or(account, |by| by.account.0),
        job_title: by.map_or("", |by| &by.job_title),
        act: "open account",
        subject: format!("account {account}"),
    });
    Ok(AccountId(account))
}

/// A school and its first administrator.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The school's name.
    pub school: String,
    /// Its unique reference number, 6 digits.
    pub urn: Option<String>,
    /// Its authority and establishment number, 7 digits.
    pub laestab: Option<String>,
    /// How it uses Rollbook.
    pub mode: Mode,
    /// The first administrator's title, forename and surname.
    pub administrator: [String; 3],
    /// Their job title.
    pub job_title: String,
    /// What they type to sign in.
    pub sign_in_name: String,
    /// The hash of their password.
    pub password_hash: String,
    /// Whether they manage attendance as well, and so see pupils.
    pub manages_attendance: bool,
}

/// A school that has just been founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founded {
    /// The school.
    pub school: SchoolId,
    /// Its first administrator.
    pub account: AccountId,
    /// The administrator's staff record.
    pub staff: StaffId,
}

/// Founds the first school: its row and the administrator's account in the directory, then the staff record, job title
/// and roles in the school's own chain, all from `today` on.
///
/// It is set up once the second act is done; when the program ends between the two, setting up begins again and takes over what
/// the first left.
pub async fn found_first_school(
    store: &Store,
    founding: Founding,
    today: Day,
) -> Result<Founded, DirectoryError> {
    let copy = founding.clone();
    let (school, account) = store
        .act(DIRECTORY, move |act| found_in_directory(act, &copy))
        .await?;
    let staff = store
        .act(school, move |act| {
            found_in_school(act, account, &founding, today)
        })
        .await?;
    Ok(Founded {
        school,
        account,
        staff,
    })
}

fn found_in_directory(
    act: &mut Act,
    founding: &Founding,
) -> Result<(SchoolId, AccountId), DirectoryError> {
    // In this order: a school that another founder has just begun to use is no longer unused, and its role is then seen.
    let begun = act
        .tx()
        .query_opt(UNUSED_SCHOOL, &args![], |row| row.get::<SchoolId>(0))?;
    if any_role(act.tx())? {
        return Err(DirectoryError::AlreadySetUp);
    }
    let account = open_account(
        act,
        None,
        &NewAccount {
            sign_in_name: founding.sign_in_name.clone(),
            name: founding.administrator.join(" ").trim().to_owned(),
            password_hash: Some(founding.password_hash.clone()),
            must_change_password: false,
        },
    )?;
    let (school, statement) = match begun {
        Some(school) => (school, SCHOOL_ANEW),
        None => (SchoolId(act.new_id()), NEW_SCHOOL),
    };
    let row = args![
        school,
        founding.urn.as_deref(),
        founding.laestab.as_deref(),
        &founding.school,
        act.at()
    ];
    act.tx().execute(statement, &row)?;
    act.tx().execute(AT_HOME, &args![account, school])?;
    act.describe(Entry {
        account: account.0,
        job_title: &founding.job_title,
        act: "found school",
        subject: format!("school {}", school.0),
    });
    Ok((school, account))
}

fn found_in_school(
    act: &mut Act,
    account: AccountId,
    founding: &Founding,
    today: Day,
) -> Result<StaffId, DirectoryError> {
    let school = act.school();
    let any = act
        .tx()
        .query_opt(ANY_ROLE_AT, &args![school], |_| Ok(()))?;
    if any.is_some() {
        return Err(DirectoryError::AlreadySetUp);
    }
    let staff = StaffId(act.new_id());
    let [title, forename, surname] = &founding.administrator;
    let nothing: Option<&str> = None;
    let no_day: Option<Day> = None;
    act.record(
        &STAFF,
        &args![
            staff, nothing, title, forename, surname, nothing, account, no_day, no_day
        ],
    )?;
    let post = act.new_id();
    act.record(
        &POST,
        &args![post, staff, &founding.job_title, today, no_day],
    )?;
    let mut roles = vec![Role::SystemAdministrator];
    if founding.manages_attendance {
        roles.push(Role::AttendanceManager);
    }
    for role in roles {
        let grant = act.new_id();
        act.record(
            &ROLE_GRANT,
            &args![grant, account, role.key(), today, no_day],
        )?;
    }
    let mode = serde_json::to_string(&founding.mode).expect("a mode is written as one word");
    act.record(&SETTING, &args![MODE, today, mode])?;
    act.describe(Entry {
        account: account.0,
        job_title: &founding.job_title,
        act: "found school",
        subject: format!("school {}", school.0),
    });
    Ok(staff)
}
