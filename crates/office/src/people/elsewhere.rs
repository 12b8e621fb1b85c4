//! Somebody's places at the other schools of the trust: what they may see there while they work here.

use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use super::access::{Actor, Role};
use crate::ids::StaffId;

const ELSEWHERE: &str = "\
select s.school_id, s.name, t.staff_id,
       (select string_agg(r.role, ',') from role_grant r
        where r.school_id = s.school_id and r.account_id = $2 and r.superseded_seq is null
          and r.from_day <= $3 and (r.to_day is null or r.to_day >= $3))
from school o
join school s on s.trust_id = o.trust_id and s.school_id <> o.school_id
left join staff t on t.school_id = s.school_id and t.account_id = $2 and t.superseded_seq is null
where o.school_id = $1 and (t.leaving_day is null or t.leaving_day >= $3)
order by s.school_id, t.staff_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ELSEWHERE];

/// What this person is at each other school of the trust where they have roles today, with the school's name.
///
/// Their access there is that school's, by the roles that it gave them; their limits go with them. Somebody who looks at the past, which is one
/// school's, is nobody elsewhere. Errors: the database did not answer.
pub(crate) fn at_other_schools(
    tx: &mut Tx,
    actor: &Actor,
    today: Day,
) -> Result<Vec<(Actor, String)>, StoreError> {
    if actor.looks_back.is_some() {
        return Ok(Vec::new());
    }
    let values = args![actor.school, actor.account, today];
    let mut found = tx.query(ELSEWHERE, &values, |row| {
        let (staff, roles): (Option<i64>, Option<String>) = (row.get(2)?, row.get(3)?);
        let there = Actor {
            school: SchoolId(row.get(0)?),
            staff: staff.map(StaffId),
            roles: Role::among(roles.as_deref()),
            ..actor.clone()
        };
        Ok((there, row.get(1)?))
    })?;
    found.retain(|(there, _)| !there.roles.is_empty());
    found.dedup_by_key(|(there, _)| there.school);
    Ok(found)
}
