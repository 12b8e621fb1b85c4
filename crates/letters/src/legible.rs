//! Texts that the fonts can print: nobody's name ever stops a document.
//!
//! PDF/UA refuses a character that no font has. Such a character is printed as its Unicode number in brackets, which anybody can
//! look up, and the end of the document says so.

use std::collections::BTreeSet;

use typst::foundations::{Str, Value};

use crate::world::Fonts;

/// Texts made printable, and what had to be written otherwise.
pub(crate) struct Legible<'f> {
    fonts: &'f Fonts,
    numbered: BTreeSet<char>,
}

impl Legible<'_> {
    pub(crate) fn new(fonts: &Fonts) -> Legible<'_> {
        Legible {
            fonts,
            numbered: BTreeSet::new(),
        }
    }

    /// A text as a value that can be printed.
    pub(crate) fn text(&mut self, text: &str) -> Value {
        if text.is_ascii()
            && !text
                .bytes()
                .any(|byte| byte.is_ascii_control() && byte != b'\n')
        {
            return Value::Str(Str::from(text));
        }
        let mut legible = String::with_capacity(text.len());
        for character in text.chars() {
            if character == '\n' || self.fonts.have(character) {
                legible.push(character);
            } else if character.is_whitespace() {
                legible.push(' ');
            } else if !character.is_control() {
                self.numbered.insert(character);
                legible.push_str(&number(character));
            }
        }
        Value::Str(Str::from(legible))
    }

    /// What the end of the document says of characters that were written as numbers; none when there were none.
    pub(crate) fn explained(&self) -> Option<String> {
        if self.numbered.is_empty() {
            return None;
        }
        let numbers: Vec<String> = self.numbered.iter().map(|one| number(*one)).collect();
        Some(format!(
            "Characters of other scripts are printed as their Unicode numbers in brackets: {}.",
            numbers.join(", ")
        ))
    }
}

fn number(character: char) -> String {
    format!("[U+{:04X}]", u32::from(character))
}
