//! Unique pupil numbers (I-040 to I-049).

use crate::codes::{self, CodeSet};

/// The letters in value order, 0 to 22: no I, O or S (I-041).
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// A number whose form and check letter are right.
///
/// Permanent numbers end in a digit, temporary ones in a letter (I-040).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upn([u8; 13]);

impl Upn {
    /// The thirteen characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a checked number is ASCII")
    }

    /// Whether it was issued until the permanent number is known (I-049).
    pub fn is_temporary(&self) -> bool {
        self.0[12].is_ascii_uppercase()
    }

    /// The three digits of the authority that issued it. Not checked against today's authorities (I-046).
    pub fn authority(&self) -> &str {
        &self.as_str()[1..4]
    }

    /// Whether the authority is in the list that we hold. Welsh and abolished ones may not be (I-046).
    pub fn authority_is_known(&self) -> bool {
        codes::find(CodeSet::Authority, self.authority()).is_some()
    }

    /// Twelve noughts pass the sum and stand for no pupil (I-046).
    pub fn is_nought(&self) -> bool {
        self.0[1..].iter().all(|&byte| byte == b'0')
    }
}

impl std::fmt::Display for Upn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Upn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a unique pupil number (I-045).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpnFault {
    /// Not thirteen characters.
    #[error("it has {0} characters and should have 13")]
    Length(usize),
    /// The first character is not a letter of the list.
    #[error("its first character is not one of the check letters")]
    FirstCharacter,
    /// I, O or S, which are never used.
    #[error("the letters I, O and S are never used")]
    LetterNeverUsed,
    /// Something other than a digit in places 2 to 12, or other than digit or letter at the end.
    #[error("character {0} should be a digit")]
    NotADigit(usize),
    /// A number that a spreadsheet has shortened.
    #[error("a spreadsheet turned it into a number and digits are gone")]
    Scientific,
    /// Right form, wrong letter; never corrected silently, since a mistyped digit is as likely.
    #[error("the check letter should be {0}")]
    CheckLetter(char),
}

/// Tidies a number as typed (I-044) and checks its form and its letter (I-042).
///
/// Errors: the first fault that applies. `UN1` to `UN5` are codes for having no number; see [`no_number_reason`].
pub fn check(text: &str) -> Result<Upn, UpnFault> {
    let tidied = tidied(text);
    if crate::text::is_scientific(&tidied) {
        return Err(UpnFault::Scientific);
    }
    let length = tidied.chars().count();
    if length != 13 {
        return Err(UpnFault::Length(length));
    }
    let bytes = tidied.as_bytes();
    if [0, 12]
        .iter()
        .any(|&at| matches!(bytes.get(at), Some(b'I' | b'O' | b'S')))
    {
        return Err(UpnFault::LetterNeverUsed);
    }
    if !bytes[0].is_ascii_uppercase() {
        return Err(UpnFault::FirstCharacter);
    }
    let Ok(number) = <[u8; 13]>::try_from(bytes) else {
        return Err(UpnFault::NotADigit(2));
    };
    if let Some(at) = (1..12).find(|&at| !number[at].is_ascii_digit()) {
        return Err(UpnFault::NotADigit(at + 1));
    }
    let Some(expected) = check_letter(&number) else {
        return Err(UpnFault::NotADigit(13));
    };
    if number[0] == expected {
        Ok(Upn(number))
    } else {
        Err(UpnFault::CheckLetter(char::from(expected)))
    }
}

/// The number whose characters 2 to 13 are these, with the check letter that they ask for (I-042).
///
/// `None` when they are not eleven digits and then a digit or one of the letters (I-040).
///
/// ```
/// let upn = exchange::upn::with_check_letter("823499826001").expect("twelve right characters");
/// assert_eq!(upn.as_str(), "E823499826001");
/// ```
pub fn with_check_letter(body: &str) -> Option<Upn> {
    let mut number = [0; 13];
    number[1..].copy_from_slice(<&[u8; 12]>::try_from(body.as_bytes()).ok()?);
    let digits = number[1..12].iter().all(u8::is_ascii_digit);
    number[0] = check_letter(&number).filter(|_| digits)?;
    Some(Upn(number))
}

/// The letter that characters 2 to 13 ask for: each value times its place, summed, modulo 23 (I-042).
fn check_letter(number: &[u8; 13]) -> Option<u8> {
    let mut sum = 0;
    for (index, &byte) in number.iter().enumerate().skip(1) {
        let value = if byte.is_ascii_digit() {
            usize::from(byte - b'0')
        } else {
            LETTERS.iter().position(|&letter| letter == byte)?
        };
        sum += value * (index + 1);
    }
    Some(LETTERS[sum % 23])
}

/// `UN1` to `UN5`: reasons in social care returns for having no number (I-048).
pub fn no_number_reason(text: &str) -> Option<String> {
    let tidied = tidied(text);
    matches!(tidied.as_bytes(), [b'U', b'N', b'1'..=b'5']).then_some(tidied)
}

fn tidied(text: &str) -> String {
    let visible = |c: &char| {
        !c.is_whitespace() && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
    };
    let text: String = text.chars().filter(visible).collect();
    text.strip_prefix('\'').unwrap_or(&text).to_uppercase()
}

/// Whether a unique learner number passes its check: weights 10 to 2, modulo 11 (I-053, unsourced: warn only).
///
/// `9999999999` means not known and passes.
pub fn learner_number_is_plausible(text: &str) -> bool {
    let Ok(digits) = <[u8; 10]>::try_from(text.as_bytes()) else {
        return false;
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = |at: usize| u32::from(digits[at] - b'0');
    let sum: u32 = (0..9).map(|at| value(at) * (10 - at as u32)).sum();
    text == "9999999999" || (!sum.is_multiple_of(11) && 10 - sum % 11 == value(9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_twelve_worked_examples_have_their_letters() {
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
                check(number).map(|upn| upn.to_string()),
                Ok(number.to_owned())
            );
        }
    }

    #[test]
    fn a_number_is_put_together_only_from_characters_that_a_number_may_have() {
        for number in ["E823499826001", "Q82349982600A"] {
            let made = with_check_letter(&number[1..]).map(|upn| upn.to_string());
            assert_eq!(made.as_deref(), Some(number));
        }
        for body in ["82349982600", "82349982600I", "8234998A6001", ""] {
            assert_eq!(with_check_letter(body), None, "{body}");
        }
    }

    #[test]
    fn a_wrong_letter_is_named_but_never_corrected() {
        assert_eq!(check("A801200005001"), Err(UpnFault::CheckLetter('B')));
        assert_eq!(check("B123456789012"), Err(UpnFault::CheckLetter('A')));
    }

    #[test]
    fn a_code_for_having_no_number_is_not_a_number() {
        assert_eq!(no_number_reason(" un1"), Some("UN1".to_owned()));
        assert_eq!(no_number_reason("UN6"), None);
        assert!(check("UN1").is_err());
    }

    #[test]
    fn noughts_pass_the_sum_and_are_told_apart() {
        assert!(check("A000000000000").is_ok_and(|upn| upn.is_nought()));
    }

    proptest! {
        #[test]
        fn every_single_wrong_digit_changes_the_letter(body in "[0-9]{12}", at in 1usize..13, digit in 0u8..10) {
            let mut number = <[u8; 13]>::try_from(format!("A{body}").as_bytes()).expect("thirteen bytes");
            let right = check_letter(&number);
            let changed = number[at] != b'0' + digit;
            number[at] = b'0' + digit;
            prop_assert_eq!(check_letter(&number) != right, changed);
        }

        #[test]
        fn any_text_is_judged(text in ".{0,20}") {
            let _ = check(&text);
        }
    }
}
