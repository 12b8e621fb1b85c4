//! The human being behind a pupil's record: one key across schools, re-entry, guests and dual registration.

use store::{Act, SchoolId, StoreError, args};

use crate::ids::{PersonId, PupilId};

const BY_UPN: &str = "select person_id from person where upn = $1 order by person_id limit 1";
const NEW: &str = "insert into person (person_id, upn) values ($1, $2)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[BY_UPN, NEW];

/// The person with this unique pupil number, or a new one for this pupil's record.
///
/// People are never matched on name and birthday. A new key is made of the school's key and the pupil's, so that schools on
/// different nodes never make the same one and none has to wait for another.
pub(crate) fn person_for(
    act: &mut Act,
    pupil: PupilId,
    upn: Option<&str>,
) -> Result<PersonId, StoreError> {
    if let Some(upn) = upn {
        let known = act
            .tx()
            .query_opt(BY_UPN, &args![upn], |row| row.get::<PersonId>(0))?;
        if let Some(person) = known {
            return Ok(person);
        }
    }
    let SchoolId(school) = act.school();
    let person = PersonId((school << 40) | pupil.0);
    act.tx().execute(NEW, &args![person, upn])?;
    Ok(person)
}
