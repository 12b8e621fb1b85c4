//! A number that can be texted.

use std::fmt;

/// A telephone number in E.164: `+` and 7 to 15 digits. Only this form is handed to a provider (I-132, I-057).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

impl Number {
    /// The number, if it has the form. Providers that leave out the `+` are read too: `447700900001`.
    pub fn read(text: &str) -> Option<Number> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let whole = (7..=14).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        whole.then(|| Number(format!("+{digits}")))
    }

    /// With its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_and_without_its_plus() {
        assert_eq!(Number::read("447700900001"), Number::read("+447700900001"));
        assert_eq!(
            Number::read("+447700900001").expect("a number").as_str(),
            "+447700900001"
        );
    }

    #[test]
    fn a_number_as_dialled_at_home_is_not_one_to_text() {
        assert_eq!(Number::read("07700900001"), None);
        assert_eq!(Number::read("+44 7700 900001"), None);
        assert_eq!(Number::read("+12345"), None);
        // With its plus 16 characters: one more than the interface takes.
        assert_eq!(Number::read("+123456789012345"), None);
    }
}
