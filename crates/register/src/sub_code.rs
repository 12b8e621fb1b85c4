//! The school's own sub-codes beneath a statutory code: `I` for a dentist, `N` where nobody answered the telephone.

use std::collections::HashSet;

use crate::Code;

/// The most sub-codes that a school has at one time.
pub const MOST_SUB_CODES: usize = 60;

/// The most characters that the name of a sub-code has.
pub const LONGEST_SUB_CODE: usize = 40;

/// One sub-code: a name that the school gives to a part of what a statutory code covers.
///
/// Rule: R-141. It is the child of exactly one statutory code and inherits every property of it, so it changes no figure; nothing but the
/// code goes into a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubCode {
    /// The statutory code above it.
    pub code: Code,
    /// What the school calls it: `dental`.
    pub name: String,
}

/// The sub-codes that a school has on a day, in the order in which it offers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubCodes(Vec<SubCode>);

/// Sub-codes that no school can have together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubCodesError {
    /// More than [`MOST_SUB_CODES`].
    #[error("there are more than {MOST_SUB_CODES} sub-codes")]
    TooMany,
    /// A name without a letter, longer than [`LONGEST_SUB_CODE`], or in more than one line.
    #[error(
        "the name of a sub-code has between 1 and {LONGEST_SUB_CODE} characters, in one line: “{0}”"
    )]
    Name(String),
    /// The same name twice beneath one code.
    #[error("{0} has the sub-code “{1}” twice")]
    Twice(Code, String),
}

/// Why a sub-code may not stand with a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSubCode {
    /// It belongs to another code.
    #[error("“{name}” is a sub-code of {of}, not of {code} (R-141)")]
    OfAnother {
        /// The sub-code.
        name: String,
        /// The code that it belongs to.
        of: Code,
        /// The code that it was to stand with.
        code: Code,
    },
    /// The school has no such sub-code on the day.
    #[error("“{name}” is no sub-code of {code} at this school on that day (R-141)")]
    Unknown {
        /// The sub-code.
        name: String,
        /// The code that it was to stand with.
        code: Code,
    },
}

impl SubCodes {
    /// These sub-codes, in this order.
    ///
    /// Errors: what no school can have. Two codes may each have a sub-code of the same name.
    pub fn new(sub_codes: Vec<SubCode>) -> Result<SubCodes, SubCodesError> {
        if sub_codes.len() > MOST_SUB_CODES {
            return Err(SubCodesError::TooMany);
        }
        let mut seen = HashSet::new();
        for SubCode { code, name } in &sub_codes {
            let length = name.chars().count();
            let is_sound = name.trim() == name && !name.chars().any(char::is_control);
            if !(1..=LONGEST_SUB_CODE).contains(&length) || !is_sound {
                return Err(SubCodesError::Name(name.clone()));
            }
            if !seen.insert((*code, name.to_lowercase())) {
                return Err(SubCodesError::Twice(*code, name.clone()));
            }
        }
        Ok(SubCodes(sub_codes))
    }

    /// All of them.
    pub fn all(&self) -> &[SubCode] {
        &self.0
    }

    /// Those of one code.
    pub fn of(&self, code: Code) -> impl Iterator<Item = &str> {
        let own = self.0.iter().filter(move |one| one.code == code);
        own.map(|one| one.name.as_str())
    }

    /// The sub-code of this name beneath a code, as the school writes it; capitals make no difference.
    ///
    /// Rule: R-141. Errors: the school has none of that name there, or only beneath another code.
    pub fn named(&self, code: Code, name: &str) -> Result<&str, NoSubCode> {
        let is_it = |own: &str| own.to_lowercase() == name.to_lowercase();
        if let Some(own) = self.of(code).find(|own| is_it(own)) {
            return Ok(own);
        }
        let name = name.to_owned();
        Err(match self.0.iter().find(|one| is_it(&one.name)) {
            Some(other) => NoSubCode::OfAnother {
                name,
                of: other.code,
                code,
            },
            None => NoSubCode::Unknown { name, code },
        })
    }
}

/// The statutory code above one of the covid sub-codes of 2020 to 2022, which registers of those years hold: `I01`, `I02` and
/// `X01` to `X09`.
///
/// Rule: R-606 (P, L; S27). Whether the code had a meaning on the day is for [`meaning`](crate::meaning) to say.
pub fn above_covid_sub_code(text: &str) -> Option<Code> {
    let above = match text {
        "I01" | "I02" => "I",
        "X01" | "X02" | "X03" | "X04" | "X05" | "X06" | "X07" | "X08" | "X09" => "X",
        _ => return None,
    };
    above.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.parse().expect("a test writes codes")
    }

    fn sub_code(above: &str, name: &str) -> SubCode {
        SubCode {
            code: code(above),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_sub_code_stands_with_its_own_code_and_no_other() {
        let ours = SubCodes::new(vec![
            sub_code("I", "Dental"),
            sub_code("I", "Flu"),
            sub_code("N", "Phoned, no answer"),
        ])
        .expect("sound");
        assert_eq!(ours.named(code("I"), "dental"), Ok("Dental"));
        assert!(matches!(
            ours.named(code("M"), "Dental"),
            Err(NoSubCode::OfAnother { of, .. }) if of == code("I")
        ));
        assert!(matches!(
            ours.named(code("I"), "Cold"),
            Err(NoSubCode::Unknown { .. })
        ));
        assert_eq!(ours.of(code("I")).collect::<Vec<_>>(), ["Dental", "Flu"]);
    }

    #[test]
    fn a_name_is_one_line_and_stands_once_beneath_a_code() {
        let twice = vec![sub_code("I", "Flu"), sub_code("I", "flu")];
        assert!(matches!(
            SubCodes::new(twice),
            Err(SubCodesError::Twice(..))
        ));
        assert!(SubCodes::new(vec![sub_code("I", "Flu"), sub_code("M", "Flu")]).is_ok());
        for wrong in ["", " flu", "a\nb"] {
            assert!(
                SubCodes::new(vec![sub_code("I", wrong)]).is_err(),
                "{wrong}"
            );
        }
        let longest = "x".repeat(LONGEST_SUB_CODE);
        assert!(SubCodes::new(vec![sub_code("I", &longest)]).is_ok());
        let longer = "x".repeat(LONGEST_SUB_CODE + 1);
        assert!(SubCodes::new(vec![sub_code("I", &longer)]).is_err());
        let many = (0..=MOST_SUB_CODES).map(|n| sub_code("I", &n.to_string()));
        assert_eq!(SubCodes::new(many.collect()), Err(SubCodesError::TooMany));
    }

    #[test]
    fn covid_sub_codes_roll_up_to_illness_and_not_required() {
        assert_eq!(above_covid_sub_code("I02"), Some(code("I")));
        assert_eq!(above_covid_sub_code("X09"), Some(code("X")));
        assert_eq!(above_covid_sub_code("X10"), None);
        assert_eq!(above_covid_sub_code("I"), None);
    }
}
