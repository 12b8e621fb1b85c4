//! Where a contact lives, as a letter needs it.

use ::messages::letter::PostalAddress;
use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use crate::ids::ContactId;

const LIVES_AT: &str = "\
select a.line_1, a.line_2, a.town, a.county, a.postcode from residence r
join address a on a.school_id = r.school_id and a.address_id = r.address_id and a.superseded_seq is null
where r.school_id = $1 and r.party = 'contact' and r.party_id = $2 and r.superseded_seq is null
  and (r.from_day is null or r.from_day <= $3) and (r.to_day is null or r.to_day >= $3)
order by r.residence_id desc limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[LIVES_AT];

/// The address of a contact that a letter can be posted to, their name first; else why there is none.
///
/// Rule: I-138, E-210: it is the contact's own, never the pupil's or the other parent's. Errors: the database did not answer.
pub(in crate::messages) fn address_of(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    name: &str,
    day: Day,
) -> Result<Result<PostalAddress, String>, StoreError> {
    let lines = tx.query_opt(LIVES_AT, &args![school, contact, day], |row| {
        Ok([
            row.get::<String>(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ])
    })?;
    let Some(lines) = lines else {
        return Ok(Err("no address is recorded".to_owned()));
    };
    let whole: Vec<&str> = std::iter::once(name)
        .chain(lines.iter().map(String::as_str))
        .collect();
    Ok(PostalAddress::check(&whole).map_err(|faults| {
        let each: Vec<String> = faults.iter().map(ToString::to_string).collect();
        each.join("; ")
    }))
}
