//! Unique pupil numbers (I-040 to I-042).

/// The letters a number may have, in the order of their values 0 to 22 (I-041).
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// A permanent number: authority, school that allotted it, year of allotment, serial 1 to 999.
pub(crate) fn permanent(authority: u16, school: u16, year: i16, serial: usize) -> String {
    with_check_letter(format!(
        "{authority:03}{school:04}{:02}{serial:03}",
        year.rem_euclid(100)
    ))
}

/// A temporary number: two digits and a letter for serial.
pub(crate) fn temporary(authority: u16, school: u16, year: i16, serial: usize) -> String {
    let letter = LETTERS[serial / 100 % LETTERS.len()] as char;
    with_check_letter(format!(
        "{authority:03}{school:04}{:02}{:02}{letter}",
        year.rem_euclid(100),
        serial % 100
    ))
}

fn with_check_letter(body: String) -> String {
    let letter = check_letter(body.as_bytes());
    format!("{}{body}", letter as char)
}

/// The check letter of characters 2 to 13 (I-042).
fn check_letter(body: &[u8]) -> u8 {
    let sum: usize = body
        .iter()
        .zip(2..)
        .map(|(character, weight)| value(*character) * weight)
        .sum();
    LETTERS[sum % 23]
}

fn value(character: u8) -> usize {
    match character {
        b'0'..=b'9' => usize::from(character - b'0'),
        letter => LETTERS
            .iter()
            .position(|other| *other == letter)
            .expect("only this module's letters are used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_of_i_043_come_out() {
        for number in [
            "E823499826001",
            "U823499826002",
            "Q82349982600A",
            "B82349982600Z",
            "T330299821147",
            "G330299821148",
            "H935400125999",
            "N000111111111",
            "B801200005001",
            "F999999999999",
            "A202407118305",
            "C88129982499P",
        ] {
            assert_eq!(
                check_letter(&number.as_bytes()[1..]),
                number.as_bytes()[0],
                "{number}"
            );
        }
        assert_eq!(permanent(823, 4998, 2026, 1), "E823499826001");
        assert_eq!(temporary(823, 4998, 2026, 0), "Q82349982600A");
    }
}
