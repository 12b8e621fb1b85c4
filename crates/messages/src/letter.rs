//! An address that a letter can be posted to (I-138).

/// The lines of an address, checked: 3 to 7, the last a postcode of the United Kingdom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalAddress(Vec<String>);

/// Why an address cannot be handed to the provider. The letter is printed at the school instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Fewer than three lines, or more than seven.
    #[error("an address has 3 to 7 lines; this one has {lines}")]
    Lines {
        /// How many it has.
        lines: usize,
    },
    /// One of the first two lines says nothing.
    #[error("line {line} has neither a letter nor a figure")]
    Empty {
        /// Counted from one.
        line: usize,
    },
    /// A line begins with a character that is not printed.
    #[error("line {line} begins with {sign}, which cannot stand there")]
    Sign {
        /// Counted from one.
        line: usize,
        /// The character.
        sign: char,
    },
    /// Nobody lives there.
    #[error("a letter cannot be posted to no fixed abode")]
    NoFixedAbode,
    /// The last line is no postcode. Letters abroad are printed at the school.
    #[error("the last line is not a postcode of the United Kingdom")]
    NotAPostcode,
}

impl PostalAddress {
    /// Checks the lines of an address; empty ones are left out.
    ///
    /// Rule: I-138. Source: GOV.UK Notify, sending letters. The interface also takes the name of a country as the last line; families abroad
    /// are so few that their letters are printed at the school.
    /// Errors: every fault, in the order of the lines.
    pub fn check(lines: &[&str]) -> Result<PostalAddress, Vec<AddressError>> {
        let mut lines: Vec<String> = lines
            .iter()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        let mut faults = Vec::new();
        if !(3..=7).contains(&lines.len()) {
            faults.push(AddressError::Lines { lines: lines.len() });
        }
        for (index, line) in lines.iter().enumerate() {
            let number = index + 1;
            if number <= 2 && !line.chars().any(char::is_alphanumeric) {
                faults.push(AddressError::Empty { line: number });
            }
            if let Some(sign) = line.chars().next().filter(|sign| UNPRINTED.contains(*sign)) {
                faults.push(AddressError::Sign { line: number, sign });
            }
        }
        if lines.iter().any(|line| is_no_fixed_abode(line)) {
            faults.push(AddressError::NoFixedAbode);
        }
        match lines.last().and_then(|last| exchange::postcode::tidy(last)) {
            Some(postcode) => {
                lines.pop();
                lines.push(postcode);
            }
            None => faults.push(AddressError::NotAPostcode),
        }
        if faults.is_empty() {
            Ok(PostalAddress(lines))
        } else {
            Err(faults)
        }
    }

    /// The lines, the postcode last and written as the Post Office does.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// No line begins with one of these.
const UNPRINTED: &str = "@()=[]\"\\/,<>";

fn is_no_fixed_abode(line: &str) -> bool {
    let words: String = line
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    matches!(words.as_str(), "nofixedabode" | "nfa" | "nofixedaddress")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_tidied_and_keeps_its_lines() {
        let address = PostalAddress::check(&["Mrs A Parent", "", " 1 Hill Road ", "sw1a1aa"]);
        assert_eq!(
            address.expect("an address").lines(),
            ["Mrs A Parent", "1 Hill Road", "SW1A 1AA"]
        );
    }

    #[test]
    fn two_lines_or_eight_are_refused() {
        assert_eq!(
            PostalAddress::check(&["Mrs A Parent", "SW1A 1AA"]),
            Err(vec![AddressError::Lines { lines: 2 }])
        );
        let eight = ["a", "b", "c", "d", "e", "f", "g", "SW1A 1AA"];
        assert_eq!(
            PostalAddress::check(&eight),
            Err(vec![AddressError::Lines { lines: 8 }])
        );
        assert!(PostalAddress::check(&eight[1..]).is_ok());
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let faults = PostalAddress::check(&["--", "(flat 2)", "No fixed abode", "Paris"]);
        assert_eq!(
            faults,
            Err(vec![
                AddressError::Empty { line: 1 },
                AddressError::Sign { line: 2, sign: '(' },
                AddressError::NoFixedAbode,
                AddressError::NotAPostcode,
            ])
        );
    }
}
