//! E-mail addresses (I-058).

/// One address as given, and in the form for sending if it can be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email {
    /// As given, trimmed.
    pub as_given: String,
    /// With the domain in lower case; `None` if it cannot be used.
    pub usable: Option<String>,
}

/// Reads a cell: several addresses are parted at `;` or `,`. Failing addresses are kept and marked unusable.
pub fn tidy(text: &str) -> Vec<Email> {
    text.split([';', ','])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Email {
            as_given: part.to_owned(),
            usable: usable(part),
        })
        .collect()
}

/// A plain shape check: one `@`, no blanks, a domain of at least two labels. International domains are allowed.
fn usable(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let local_is_right = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"@,;:<>()[]\\\"".contains(c));
    let label_is_right = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let domain_is_right = domain.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| label_is_right(label))
        && labels
            .last()
            .is_some_and(|label| label.chars().any(char::is_alphabetic));
    (local_is_right && domain_is_right).then(|| format!("{local}@{}", domain.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_addresses_are_parted_and_a_failing_one_is_kept() {
        let addresses = tidy("A.Parent@Example.ORG; invalid");
        assert_eq!(addresses[0].usable.as_deref(), Some("A.Parent@example.org"));
        assert_eq!(
            addresses[1],
            Email {
                as_given: "invalid".into(),
                usable: None
            }
        );
        assert!(tidy("x@bücher.example")[0].usable.is_some());
        assert!(tidy("a@b@c.example")[0].usable.is_none());
        assert!(tidy("a@example")[0].usable.is_none());
    }
}
