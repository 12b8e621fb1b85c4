//! How long a text is and what it costs (I-137).

use calendar::Day;

/// The letters that a text carries in seven bits each: the basic alphabet of GSM 03.38.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Those that take two places each.
const DOUBLE: &str = "^{}\\[~]|€\u{c}";

/// The most parts that a text can have at GOV.UK Notify: 918 letters of the basic alphabet.
pub const MOST_PARTS: u32 = 6;

/// A text, measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// Places taken in the alphabet that it needs.
    pub places: u32,
    /// Parts that are sent and charged.
    pub parts: u32,
    /// Characters outside the basic alphabet, each once: they shorten every part from 160 places to 70. Empty for most texts.
    pub shortened_by: Vec<char>,
}

/// Measures a text.
///
/// Rule: I-137. Parts end at 160, 306, 459, 612, 765 and 918 places; with any character outside the basic alphabet at 70, 134, 201 …
/// Source: GOV.UK Notify, pricing of text messages; GSM 03.38. Units: places, where `€`, `[` and their like take two.
pub fn measure(text: &str) -> Length {
    let mut shortened_by = Vec::new();
    let mut basic_places = 0_u32;
    for letter in text.chars() {
        basic_places += if DOUBLE.contains(letter) { 2 } else { 1 };
        if !BASIC.contains(letter) && !DOUBLE.contains(letter) && !shortened_by.contains(&letter) {
            shortened_by.push(letter);
        }
    }
    let wide_places = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let (places, alone, joined) = if shortened_by.is_empty() {
        (basic_places, 160, 153)
    } else {
        (wide_places, 70, 67)
    };
    let parts = if places <= alone {
        u32::from(places > 0)
    } else {
        places.div_ceil(joined)
    };
    Length {
        places,
        parts,
        shortened_by,
    }
}

/// What a text costs from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// From this day.
    pub from: (i16, i8, i8),
    /// Parts free of charge in the year from 1 April.
    pub free_parts_a_year: u32,
    /// Tenths of a penny for each part after those.
    pub tenths_of_a_penny: u32,
    /// Where this stands.
    pub source: &'static str,
}

/// Prices of texts at GOV.UK Notify for state-funded schools, newest last. A new year adds a line.
pub const TARIFFS: &[Tariff] = &[Tariff {
    from: (2026, 4, 1),
    free_parts_a_year: 5_000,
    tenths_of_a_penny: 24,
    source: "I-137: GOV.UK Notify, pricing, from 1 April 2026; checked 20 August 2026",
}];

/// The tariff of a day; `None` before the first that we know.
pub fn tariff(day: Day) -> Option<&'static Tariff> {
    TARIFFS.iter().rev().find(|one| {
        let (year, month, of_month) = one.from;
        Day::new(year, month, of_month).is_some_and(|from| from <= day)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_the_price_list_says() {
        for (most, parts) in [(160, 1), (306, 2), (459, 3), (612, 4), (765, 5), (918, 6)] {
            assert_eq!(measure(&"a".repeat(most)).parts, parts, "{most}");
            assert_eq!(
                measure(&"a".repeat(most + 1)).parts,
                parts + 1,
                "{most} and one"
            );
        }
        assert_eq!(measure("").parts, 0);
    }

    #[test]
    fn one_letter_outside_the_basic_alphabet_shortens_every_part_and_is_named() {
        let text = format!("Siân {}", "a".repeat(66));
        let length = measure(&text);
        assert_eq!((length.places, length.parts), (71, 2));
        assert_eq!(length.shortened_by, ['â']);
        assert_eq!(measure(&text[..text.len() - 1]).parts, 1);
    }

    #[test]
    fn accents_of_the_basic_alphabet_shorten_nothing_and_a_euro_takes_two_places() {
        assert!(measure("Zoë ringt René: £5").shortened_by == ['ë']);
        let length = measure("René: £5, €6");
        assert!(length.shortened_by.is_empty());
        assert_eq!(length.places, 13);
    }

    #[test]
    fn the_basic_alphabet_has_its_127_letters() {
        // 128 places of the table, less the escape to the second table.
        assert_eq!(BASIC.chars().count(), 127);
    }

    #[test]
    fn every_day_since_the_first_tariff_has_one() {
        let first = Day::new(2026, 4, 1).expect("a day");
        assert!(tariff(first.previous()).is_none());
        assert_eq!(tariff(first).expect("a tariff").tenths_of_a_penny, 24);
        assert!(TARIFFS.is_sorted_by_key(|one| one.from));
    }
}
