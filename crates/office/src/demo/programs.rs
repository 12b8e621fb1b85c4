//! The programs that the demo school uses: a sign-in kiosk at the late door, with a webhook that is paused.

use calendar::Instant;
use store::{Act, SchoolId, Store, StoreError};

use super::{People, holds};
use crate::api::{NewClient, make};
use crate::desk::Refusal;
use crate::people::{
    Access, Actor, DIRECTORY, DirectoryError, Limits, NewAccount, RecordKind, Role, open_account,
};
use crate::webhooks::put_in_paused;

const KIOSK: &str = "Sign-in kiosk at the late door";

/// Where the kiosk would be told of changes. No name ends in `.example` (RFC 2606), and the webhook is paused: nothing is sent.
const TOLD_AT: &str = "https://kiosk.example/rollbook";

/// Makes the kiosk's client and its webhook, as the school's administrator with the headteacher's approval. Its secret is forgotten: nobody asks with it.
///
/// Errors: what the store says against it.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &demo::DemoSchool,
    people: &People,
    now: Instant,
) -> Result<(), StoreError> {
    let holder = |role: &str| school.staff.iter().position(|member| holds(member, role));
    let (Some(administrator), Some(head)) = (holder("system_administrator"), holder("headteacher"))
    else {
        return Ok(());
    };
    let approver = people.accounts[head];
    let by = administrator_of(school, people, administrator, key);
    let opener = by.clone();
    let opened = store.act_now(DIRECTORY, move |act: &mut Act| {
        let account = NewAccount {
            sign_in_name: format!("api client {}.{}", key.0, act.seq()),
            name: KIOSK.to_owned(),
            password_hash: None,
            must_change_password: false,
        };
        open_account(act, Some(&opener), &account)
    });
    let account = match opened {
        Ok(account) => account,
        Err(DirectoryError::Store(error)) => return Err(error),
        // Its name has a number of its own, so nobody else has it.
        Err(_) => return Ok(()),
    };
    let new = NewClient {
        name: KIOSK.to_owned(),
        role: Role::AttendanceAdministrator,
        limits: [
            (RecordKind::PupilCore, Access::Read),
            (RecordKind::AttendanceMarks, Access::Write),
        ]
        .into(),
        last_day: now.in_london().0.plus_days(240),
    };
    let made = store.act_now(key, move |act: &mut Act| {
        make(act, &by, account, &new, Some(approver)).map(|(client, _)| (client, by))
    });
    let told = made.and_then(|(client, by)| {
        store.act_now(key, move |act: &mut Act| {
            let events = ["mark.changed", "pupil.joined", "pupil.left"];
            let webhook = put_in_paused(act, client, TOLD_AT, &events)?;
            let subject = format!("webhook {webhook} of API client {client}");
            act.describe(by.entry("subscribe webhook", subject));
            Ok(())
        })
    });
    told.or_else(|refusal| match refusal {
        Refusal::Store(error) => Err(error),
        // A demo school whose rules allow no kiosk has none.
        _ => Ok(()),
    })
}

fn administrator_of(
    school: &demo::DemoSchool,
    people: &People,
    place: usize,
    key: SchoolId,
) -> Actor {
    let member = &school.staff[place];
    Actor {
        account: people.accounts[place],
        school: key,
        name: format!("{} {}", member.forename, member.surname),
        job_title: member.job_title.clone(),
        staff: None,
        roles: vec![Role::SystemAdministrator],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}
