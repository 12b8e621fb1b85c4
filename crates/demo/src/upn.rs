//! Unique pupil numbers that no real pupil and no sample file has (I-040 to I-042).
//!
//! They are allotted by schools of the authority whose establishment numbers begin with 99. No school has such a number, so
//! a file imported into the demo school never meets one of its pupils by accident.

use exchange::upn::with_check_letter;

/// The first of the thirty schools that have allotted the numbers.
const SCHOOLS_FROM: u16 = 9950;

/// The school that allots temporary numbers.
const OWN: u16 = 9999;

/// A permanent number: authority, which of the schools allotted it, year of allotment, serial 1 to 999.
pub(crate) fn permanent(authority: u16, school: u16, year: i16, serial: usize) -> String {
    let school = SCHOOLS_FROM + school;
    issued(format!(
        "{authority:03}{school:04}{:02}{serial:03}",
        year.rem_euclid(100)
    ))
}

/// A temporary number: two digits and a letter for serial.
pub(crate) fn temporary(authority: u16, year: i16, serial: usize) -> String {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let letter = LETTERS[serial / 100 % LETTERS.len()] as char;
    issued(format!(
        "{authority:03}{OWN:04}{:02}{:02}{letter}",
        year.rem_euclid(100),
        serial % 100
    ))
}

fn issued(body: String) -> String {
    let upn = with_check_letter(&body)
        .expect("eleven digits and a digit or letter were just put together");
    upn.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_their_check_and_belong_to_no_school_that_exists() {
        for serial in [1, 42, 999] {
            for school in [0, 29] {
                let number = permanent(823, school, 2026, serial);
                let checked = exchange::upn::check(&number).expect("a right number");
                assert!(!checked.is_temporary());
                assert_eq!(&number[1..6], "82399", "{number}");
            }
        }
        let number = temporary(823, 2026, 1234);
        let checked = exchange::upn::check(&number).expect("a right number");
        assert!(checked.is_temporary());
        assert_eq!(&number[1..8], "8239999", "{number}");
    }
}
