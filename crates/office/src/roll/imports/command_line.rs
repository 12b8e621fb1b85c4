//! The command line as somebody who imports: an account that nobody can sign in with.

use std::sync::Arc;

use store::{Act, SchoolId, args};

use crate::desk::{Office, Refusal, all_schools};
use crate::ids::AccountId;
use crate::people::{Actor, Limits, Role};

const SIGN_IN_NAME: &str = "command line";

const ACCOUNT: &str = "select account_id from account where sign_in_name = $1";
const NEW_ACCOUNT: &str = "\
insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts, disabled_at)
values ($1, $2, 'Command line', $3, 0, $4)";

pub(super) const STATEMENTS: &[&str] = &[ACCOUNT, NEW_ACCOUNT];

/// Whoever works at the command line of the machine that keeps the records: they may do everything, and the journal says
/// that it was done from there. The account is made at its first use and cannot sign in.
///
/// Errors: no school is set up, or several and none was named; no database.
pub fn command_line(office: &Arc<Office>, school: Option<i64>) -> Result<Actor, Refusal> {
    let schools = office.store.read_now(all_schools)?;
    let schools: Vec<i64> = schools.into_iter().map(|school| school.0).collect();
    let school = match (schools.as_slice(), school) {
        ([], _) => {
            let ground =
                "No school is set up here yet. Start Rollbook and set it up in the browser first.";
            return Err(Refusal::Wrong(ground.to_owned()));
        }
        (all, Some(wanted)) if all.contains(&wanted) => wanted,
        ([only], None) => *only,
        (all, _) => {
            let known: Vec<String> = all.iter().map(i64::to_string).collect();
            return Err(Refusal::Wrong(format!(
                "Say which school with --school: {}.",
                known.join(", ")
            )));
        }
    };
    let account = office.store.act_now(SchoolId(0), |act: &mut Act| {
        let known = act
            .tx()
            .query_opt(ACCOUNT, &args![SIGN_IN_NAME], |row| row.get::<i64>(0))?;
        if let Some(account) = known {
            return Ok::<_, Refusal>(account);
        }
        let (account, at) = (act.new_id(), act.at());
        act.tx()
            .execute(NEW_ACCOUNT, &args![account, SIGN_IN_NAME, false, at])?;
        Ok(account)
    })?;
    Ok(Actor {
        account: AccountId(account),
        school: SchoolId(school),
        name: "Command line".to_owned(),
        job_title: "Command line".to_owned(),
        staff: None,
        roles: vec![
            Role::Headteacher,
            Role::AttendanceManager,
            Role::Dsl,
            Role::Senco,
        ],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    })
}
