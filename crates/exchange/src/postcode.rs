//! Postcodes (I-055).

/// The areas of the United Kingdom, the Crown dependencies and the forces (BF).
const AREAS: &str = " AB AL B BA BB BD BF BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY \
E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML \
N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS \
TW UB W WA WC WD WF WN WR WS WV YO ZE ";

/// The letters of the second half.
const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

/// Writes a postcode as the Post Office does: upper case, one blank before the last three characters.
///
/// `None` if the text has not the shape of a postcode; such a text is kept as given, with a warning.
pub fn tidy(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}'))
        .flat_map(char::to_uppercase)
        .collect();
    let bytes = code.as_bytes();
    if !code.is_ascii() || !(5..=7).contains(&bytes.len()) {
        return None;
    }
    let (outward, inward) = bytes.split_at(bytes.len() - 3);
    let letters = outward
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let area_is_known = AREAS.contains(&format!(" {} ", &code[..letters]));
    let district = matches!(
        &outward[letters..],
        [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9' | b'A'..=b'Z']
    );
    let unit = matches!(inward, [b'0'..=b'9', second, third] if INWARD.contains(second) && INWARD.contains(third));
    let right = letters > 0 && area_is_known && district && unit;
    right.then(|| format!("{} {}", &code[..outward.len()], &code[outward.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postcode_is_written_as_the_post_office_does() {
        assert_eq!(tidy("sw1a1aa").as_deref(), Some("SW1A 1AA"));
        assert_eq!(tidy(" m 1 1 a e ").as_deref(), Some("M1 1AE"));
        assert_eq!(tidy("st1 oqs"), None);
        assert_eq!(tidy(""), None);
    }
}
