//! Telephone numbers (I-057): kept as given, and in E.164 when they can be dialled.

/// What a number is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhoneKind {
    /// A British mobile: can be called and texted.
    Mobile,
    /// A British number beginning 01, 02 or 03: can be called.
    Landline,
    /// A number of another country.
    International,
    /// Cannot be dialled as given.
    Unusable,
}

/// Where the source says that a number rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhoneUse {
    /// At home.
    Home,
    /// At work.
    Work,
    /// On a mobile.
    Mobile,
    /// The source does not say.
    NotSaid,
}

/// A telephone number as given, and as it can be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone {
    /// As given, trimmed.
    pub as_given: String,
    /// `+447700900123`; `None` if it cannot be dialled. Only this form is dialled or texted.
    pub e164: Option<String>,
    /// What the number is good for.
    pub kind: PhoneKind,
    /// Digits to dial after the call is answered.
    pub extension: Option<String>,
    /// What else stood in the cell, such as “after 4pm”.
    pub remark: Option<String>,
    /// A leading nought was missing and was put back (I-021).
    pub nought_restored: bool,
}

impl Phone {
    /// In national form with the leading nought for British numbers, else in E.164 (I-037); as given if unusable.
    pub fn national(&self) -> String {
        match self.e164.as_deref() {
            Some(number) => number
                .strip_prefix("+44")
                .map_or_else(|| number.to_owned(), |rest| format!("0{rest}")),
            None => self.as_given.clone(),
        }
    }
}

/// Reads a telephone cell. Never fails: what cannot be dialled is kept with [`PhoneKind::Unusable`].
pub fn tidy(text: &str) -> Phone {
    let as_given = crate::text::trim(text).to_owned();
    let (number, rest) = split_remark(&as_given);
    let (extension, remark) = split_extension(&rest);
    let digits = dialled_digits(&number);
    let (e164, kind, nought_restored) = match digits.as_deref().map(judge) {
        Some((e164, kind, restored)) => (e164, kind, restored),
        None => (None, PhoneKind::Unusable, false),
    };
    Phone {
        as_given,
        e164,
        kind,
        extension,
        remark,
        nought_restored,
    }
}

/// The number itself, and whatever words stand before or after it.
fn split_remark(text: &str) -> (String, String) {
    let belongs = |c: char| {
        c.is_ascii_digit()
            || c.is_whitespace()
            || "+().-/".contains(c)
            || matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}')
    };
    let Some(first_digit) = text.find(|c: char| c.is_ascii_digit()) else {
        return (String::new(), text.to_owned());
    };
    let before = text[..first_digit].rfind(|c: char| !belongs(c));
    let start = before.map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[first_digit..]
        .find(|c: char| !belongs(c))
        .map_or(text.len(), |at| first_digit + at);
    let words = format!("{} {}", text[..start].trim(), text[end..].trim());
    // A bracket or sign that opened before a word belongs to the word.
    let number = text[start..end]
        .trim()
        .trim_start_matches(')')
        .trim_end_matches(['(', '-', '/'])
        .trim();
    (
        number.to_owned(),
        words.trim().trim_matches(['(', ')']).to_owned(),
    )
}

fn split_extension(rest: &str) -> (Option<String>, Option<String>) {
    let lower = rest.to_lowercase();
    let after = ["extension", "ext.", "ext", "x"]
        .iter()
        .find_map(|word| lower.strip_prefix(word));
    let digits: Option<String> = after.map(|after| {
        let after = after.trim_start_matches([' ', '.', ':']);
        after.chars().take_while(char::is_ascii_digit).collect()
    });
    match digits {
        Some(digits) if !digits.is_empty() => (Some(digits), None),
        _ if rest.is_empty() => (None, None),
        _ => (None, Some(rest.to_owned())),
    }
}

/// The digits with an international `+` if there was one; `None` if dots or signs stand where none belong.
fn dialled_digits(number: &str) -> Option<String> {
    let number = number.replacen(
        "(0)",
        "",
        usize::from(number.trim_start().starts_with(['+', '0'])),
    );
    let mut digits = String::with_capacity(number.len());
    let mut dots = 0;
    for (at, c) in number.char_indices() {
        match c {
            '0'..='9' => {
                digits.push(c);
                dots = 0;
            }
            '+' if digits.is_empty() && at == number.find('+').unwrap_or(0) => digits.push(c),
            '+' => return None,
            '.' => dots += 1,
            _ => {}
        }
    }
    (dots == 0).then(|| {
        digits
            .strip_prefix("00")
            .map_or(digits.clone(), |rest| format!("+{rest}"))
    })
}

fn judge(digits: &str) -> (Option<String>, PhoneKind, bool) {
    let unusable = (None, PhoneKind::Unusable, false);
    if let Some(rest) = digits.strip_prefix("+44") {
        return british(rest.strip_prefix('0').unwrap_or(rest), false);
    }
    if let Some(rest) = digits.strip_prefix('+') {
        let right = (7..=15).contains(&rest.len()) && !rest.starts_with('0');
        return if right {
            (Some(digits.to_owned()), PhoneKind::International, false)
        } else {
            unusable
        };
    }
    match digits.strip_prefix('0') {
        Some(rest) => british(rest, false),
        None if digits.len() == 10 && digits.starts_with(['7', '1', '2']) => british(digits, true),
        None => unusable,
    }
}

/// A British number without its nought: 7 and nine digits, or 1, 2 or 3 and eight or nine.
fn british(rest: &str, restored: bool) -> (Option<String>, PhoneKind, bool) {
    let kind = match (rest.as_bytes().first(), rest.len()) {
        (Some(b'7'), 10) => PhoneKind::Mobile,
        (Some(b'1'), 9 | 10) | (Some(b'2' | b'3'), 10) => PhoneKind::Landline,
        _ => return (None, PhoneKind::Unusable, false),
    };
    (Some(format!("+44{rest}")), kind, restored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_extensions_are_kept_apart_from_the_number() {
        let phone = tidy("07700 900123 (after 4pm)");
        assert_eq!(phone.e164.as_deref(), Some("+447700900123"));
        assert_eq!(phone.remark.as_deref(), Some("after 4pm"));
        let phone = tidy("01632 960001 ext 12");
        assert_eq!(
            (phone.extension.as_deref(), phone.kind),
            (Some("12"), PhoneKind::Landline)
        );
        let phone = tidy("Mum: 07700 900 123");
        assert_eq!(phone.e164.as_deref(), Some("+447700900123"));
        assert_eq!(phone.remark.as_deref(), Some("Mum:"));
    }

    #[test]
    fn a_lost_nought_is_put_back() {
        let phone = tidy("7700900123");
        assert_eq!(phone.national(), "07700900123");
        assert!(phone.nought_restored);
        assert_eq!(tidy("+33 1 70 18 99 00").kind, PhoneKind::International);
        assert_eq!(tidy("+44 7700 900200").national(), "07700900200");
        assert_eq!(tidy("ask at the office").kind, PhoneKind::Unusable);
    }

    proptest! {
        #[test]
        fn any_text_is_judged_and_national_form_reads_back(text in ".{0,24}") {
            let phone = tidy(&text);
            if phone.e164.is_some() {
                prop_assert_eq!(tidy(&phone.national()).e164, phone.e164);
            }
        }
    }
}
