//! Our own name for a message at a provider (I-122).

use std::fmt;

/// What a message is called at its provider: unguessable, without personal data, and made before the call (I-122).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(String);

impl Reference {
    /// A reference from 16 random bytes.
    pub fn of(random: [u8; 16]) -> Reference {
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Reference(format!("rb-{digits}"))
    }

    /// A reference as kept or as a provider gives it back; `None` if it is not one of ours.
    pub fn read(text: &str) -> Option<Reference> {
        let digits = text.strip_prefix("rb-")?;
        let ours = digits.len() == 32
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Reference(text.to_owned()))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_back_and_anything_else_is_not_ours() {
        let reference = Reference::of([0xab; 16]);
        assert_eq!(reference.as_str(), "rb-abababababababababababababababab");
        assert_eq!(Reference::read(reference.as_str()), Some(reference));
        assert_eq!(Reference::read("rb-0001"), None);
        assert_eq!(Reference::read("rb-ABABABABABABABABABABABABABABABAB"), None);
    }
}
