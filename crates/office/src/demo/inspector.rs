//! Somebody from the authority who looks at the demo school's registers this week.

use std::sync::Arc;

use store::{Act, SchoolId, Store, StoreError, args};

use super::{DemoAccount, NEW_ACCOUNT, People, by_system};
use crate::desk::Refusal;
use crate::ids::AccountId;
use crate::people::inspections::{NewInspection, let_in};
use crate::people::{Actor, Limits, Role};

const NAME: &str = "Mr Rowan Testerby";

/// Lets the inspector in for today and the next four days, with the password that all synthetic accounts share.
pub(super) fn visit(
    store: &Store,
    key: SchoolId,
    people: &Arc<People>,
    password_hash: &str,
) -> Result<DemoAccount, StoreError> {
    let sign_in_name = match key {
        super::SCHOOL => "inspector@rollbook.example.org".to_owned(),
        _ => format!("{}.inspector@rollbook.example.org", key.0),
    };
    let (staff, name, hash) = (
        Arc::clone(people),
        sign_in_name.clone(),
        password_hash.to_owned(),
    );
    let account = store.act_now(SchoolId(0), move |act: &mut Act| {
        let (id, now) = (act.new_id(), act.at());
        act.tx().execute(
            NEW_ACCOUNT,
            &args![id, &name, NAME, hash.as_str(), now, false, 0_i64, key],
        )?;
        act.describe(by_system(&staff, "open account", format!("account {id}")));
        Ok::<_, StoreError>(AccountId(id))
    })?;
    let staff = Arc::clone(people);
    let let_in = store.act_now(key, move |act: &mut Act| {
        let (today, _) = act.at().in_london();
        let actor = Actor {
            account: staff.accounts[staff.keeper],
            school: key,
            name: String::new(),
            job_title: staff.job_titles[staff.keeper].clone(),
            staff: None,
            roles: vec![Role::AttendanceManager],
            second_factor_at: None,
            several_schools: false,
            looks_back: None,
            limits: Limits::NONE,
        };
        let new = NewInspection {
            account,
            name: NAME.to_owned(),
            body: "Example authority".to_owned(),
            first: today,
            last: today.plus_days(4),
            reason: "yearly check of both registers, letter seen".to_owned(),
        };
        let_in(act, &actor, today, &new)
    });
    let visit = match let_in {
        Err(Refusal::Store(error)) => return Err(error),
        visit => visit,
    };
    visit.expect("an attendance manager may let an inspector in for five days");
    Ok(DemoAccount {
        role: Role::Inspector.key(),
        job_title: Role::Inspector.label().to_owned(),
        sign_in_name,
    })
}
