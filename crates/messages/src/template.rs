//! A school's own words, with fields that are filled for each recipient.
//!
//! A field stands in double brackets, `((pupil))`, as schools know them from GOV.UK Notify. A name that nobody fills is an error with
//! that name when the words are saved, never an empty place in a message.

/// Words with named places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Field(&'static str),
}

/// Why words are not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is nothing to send.
    #[error("write the words of the message")]
    Empty,
    /// A field that nobody fills.
    #[error("there is no field (({name})): choose one of the list")]
    UnknownField {
        /// As written.
        name: String,
    },
    /// Two brackets open and do not close.
    #[error("a field begins with (( and does not end with ))")]
    Unclosed,
}

impl Template {
    /// Reads words whose fields are among `known`. Blanks around a name and its case do not matter.
    ///
    /// Errors: every fault in the order of the words, so that all can be put right at once.
    pub fn read(words: &str, known: &[&'static str]) -> Result<Template, Vec<TemplateError>> {
        let mut pieces = Vec::new();
        let mut faults = Vec::new();
        let mut rest = words;
        while let Some((before, from)) = rest.split_once("((") {
            push_words(&mut pieces, before);
            let Some((name, after)) = from.split_once("))") else {
                faults.push(TemplateError::Unclosed);
                rest = "";
                break;
            };
            let wanted = name.trim().to_lowercase();
            match known.iter().find(|field| **field == wanted) {
                Some(field) => pieces.push(Piece::Field(field)),
                None => faults.push(TemplateError::UnknownField {
                    name: name.trim().to_owned(),
                }),
            }
            rest = after;
        }
        push_words(&mut pieces, rest);
        if words.trim().is_empty() {
            faults.push(TemplateError::Empty);
        }
        if faults.is_empty() {
            Ok(Template { pieces })
        } else {
            Err(faults)
        }
    }

    /// The fields that it uses, each once, in the order of the words.
    pub fn fields(&self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        for piece in &self.pieces {
            if let Piece::Field(name) = piece
                && !fields.contains(name)
            {
                fields.push(*name);
            }
        }
        fields
    }

    /// The words for one recipient: `value` is asked for each field. What it answers stands as it is; brackets in it are no fields.
    pub fn fill(&self, value: impl Fn(&'static str) -> String) -> String {
        let mut whole = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => whole.push_str(words),
                Piece::Field(name) => whole.push_str(&value(name)),
            }
        }
        whole
    }
}

fn push_words(pieces: &mut Vec<Piece>, words: &str) {
    if !words.is_empty() {
        pieces.push(Piece::Words(words.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 2] = ["pupils", "school"];

    #[test]
    fn a_template_is_filled_for_each_recipient() {
        let template =
            Template::read("((pupils)) is not at (( School )).", &KNOWN).expect("a template");
        assert_eq!(template.fields(), ["pupils", "school"]);
        let filled = template.fill(|name| match name {
            "pupils" => "Ella ((school))".to_owned(),
            _ => "Hill School".to_owned(),
        });
        assert_eq!(filled, "Ella ((school)) is not at Hill School.");
    }

    #[test]
    fn a_field_that_nobody_fills_is_an_error_with_its_name() {
        let faults = Template::read("Dear ((parent)), ((pupil))", &KNOWN).expect_err("two faults");
        let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "there is no field ((parent)): choose one of the list",
                "there is no field ((pupil)): choose one of the list"
            ]
        );
    }

    #[test]
    fn brackets_that_do_not_close_and_words_that_are_not_there_are_refused() {
        assert_eq!(
            Template::read("Dear ((pupils", &KNOWN),
            Err(vec![TemplateError::Unclosed])
        );
        assert_eq!(
            Template::read("  ", &KNOWN),
            Err(vec![TemplateError::Empty])
        );
    }

    #[test]
    fn a_single_bracket_is_a_bracket() {
        let template = Template::read("Ring us (office)", &KNOWN).expect("a template");
        assert_eq!(template.fill(|_| String::new()), "Ring us (office)");
    }
}
