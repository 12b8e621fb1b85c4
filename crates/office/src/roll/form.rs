//! A form of the roll: what came with it, what is wrong with it, and the page that asks again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;

use crate::shell::{Choice, Errors, Field, FieldKind, Frame, Notice, Text, page};

/// Names and values as a query or a form brought them.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Answers(Vec<(String, String)>);

impl Answers {
    /// The answers that a record gives.
    pub(super) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Answers {
        Answers(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The answer of this name without blanks around it; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Whether there is an answer of this name, be it empty.
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Every answer of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.trim())
    }

    /// The answer, or nothing where it is empty.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether the box was ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// A whole number, such as an id or a version.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }

    /// A day that must be there.
    pub(super) fn day(&self, name: &'static str, wrongs: &mut Wrongs) -> Option<Day> {
        let day = self.day_if_given(name, wrongs);
        if day.is_none() && !wrongs.has(name) {
            wrongs.add(name, "Give the day.");
        }
        day
    }

    /// A day that may be left out. `24/11/2026` is understood where the browser has no calendar of its own.
    pub(super) fn day_if_given(&self, name: &'static str, wrongs: &mut Wrongs) -> Option<Day> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok().or_else(|| day_as_written(text));
        if day.is_none() {
            wrongs.add(
                name,
                "This is no day. Write it as 2026-11-24 or 24/11/2026.",
            );
        }
        day
    }

    /// A text that must be there; `wrong` says what to do where it is not.
    pub(super) fn required(
        &self,
        name: &'static str,
        wrong: &'static str,
        wrongs: &mut Wrongs,
    ) -> String {
        let text = self.text(name);
        if text.is_empty() {
            wrongs.add(name, wrong);
        }
        text.to_owned()
    }

    /// The answer of this name set to a value.
    pub(super) fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(own, _)| own != name);
        self.0.push((name.to_owned(), value));
    }

    /// A path with these answers as its query, but for `replaced`, which take the place of their names. Empty ones are left out.
    pub(super) fn path(&self, path: &str, replaced: &[(&str, &str)]) -> String {
        let kept = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.trim()))
            .filter(|(name, _)| !replaced.iter().any(|(other, _)| other == name));
        let pairs: Vec<(&str, &str)> = kept
            .chain(replaced.iter().copied())
            .filter(|(_, value)| !value.is_empty())
            .collect();
        match serde_urlencoded::to_string(&pairs) {
            Ok(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }
}

/// `24/11/2026`, as English people write a day.
fn day_as_written(text: &str) -> Option<Day> {
    let mut parts = text.split(['/', '.', ' ']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Day::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// What is wrong with a form: the field and the words, all at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Wrongs(Vec<(&'static str, String)>);

impl Wrongs {
    /// One more. All that is wrong with one field is shown beside it.
    pub(super) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.push((field, text.into()));
    }

    /// Whether something is wrong with this field.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(own, _)| *own == field)
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, field: &str) -> Option<String> {
        let texts: Vec<&str> = self
            .0
            .iter()
            .filter(|(own, _)| *own == field)
            .map(|(_, text)| text.as_str())
            .collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    }
}

/// Some questions under one heading.
pub(super) struct Part {
    /// The heading; may be empty.
    pub(super) heading: Text,
    /// What to know before answering; may be empty.
    pub(super) about: Text,
    /// The questions.
    pub(super) fields: Vec<Field>,
}

impl Part {
    /// Questions under a heading.
    pub(super) fn new(heading: impl Into<Text>, fields: Vec<Field>) -> Part {
        Part {
            heading: heading.into(),
            about: "".into(),
            fields,
        }
    }

    /// With something to know first.
    pub(super) fn about(self, about: impl Into<Text>) -> Part {
        Part {
            about: about.into(),
            ..self
        }
    }
}

/// The page of a form.
#[derive(Template)]
#[template(path = "roll/form.html")]
pub(super) struct FormPage {
    pub(super) frame: Frame,
    /// The page it belongs to: address and words.
    pub(super) crumb: (Text, Text),
    pub(super) heading: Text,
    /// Beside the heading: whose.
    pub(super) small: Text,
    /// What the act does and what follows.
    pub(super) about: Text,
    pub(super) parts: Vec<Part>,
    pub(super) verb: Text,
    /// Things to read that the form rests on, such as the grounds for deletion.
    pub(super) help: Vec<Help>,
}

/// Something to read beside a form.
pub(super) struct Help {
    /// What it is about.
    pub(super) heading: String,
    /// In plain English, one line each.
    pub(super) lines: Vec<String>,
}

impl FormPage {
    /// The same page with the answers filled in and what is wrong beside them.
    pub(super) fn filled(mut self, answers: &Answers, wrongs: &Wrongs) -> FormPage {
        for field in self.parts.iter_mut().flat_map(|part| &mut part.fields) {
            let answer = answers.text(&field.name);
            if !answer.is_empty() || answers.has(&field.name) {
                field.value = answer.to_owned().into();
            }
            field.error = wrongs.of(&field.name).map(Text::from);
        }
        self
    }

    fn errors(&self) -> Errors {
        Errors::of(self.parts.iter().flat_map(|part| &part.fields))
    }
}

/// What became of a form.
pub(super) enum Outcome {
    /// It was done; the page to go on to.
    Done(String),
    /// It was not; the form again.
    Again(Box<FormPage>),
}

impl Outcome {
    /// The form again, with what is wrong.
    pub(super) fn again(form: FormPage, answers: &Answers, wrongs: &Wrongs) -> Outcome {
        Outcome::Again(Box::new(form.filled(answers, wrongs)))
    }

    /// Done: on to this page, which says so in the words of [`notice`].
    pub(super) fn done(path: &str, what: &str) -> Outcome {
        let joint = if path.contains('?') { '&' } else { '?' };
        Outcome::Done(format!("{path}{joint}did={what}"))
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        match self {
            Outcome::Done(path) => Redirect::to(&path).into_response(),
            Outcome::Again(form) => page(StatusCode::UNPROCESSABLE_ENTITY, form.as_ref()),
        }
    }
}

/// What has just been done, by the word that came with the address. Any other word says nothing.
pub(super) fn notice(answers: &Answers) -> Option<Notice> {
    let text = match answers.text("did") {
        "added" => "The pupil is entered in the admission register.",
        "amended" => "The entry is amended. What stood there before is kept under Amendments.",
        "ended" => {
            "The leaving day and its ground are recorded. Tell the local authority now (R-331)."
        }
        "enrolled" => "A new time on roll is entered.",
        "contact" => "The contact is recorded.",
        "contact-ended" => "The contact is no longer one of this pupil. What stood there is kept.",
        "address" => "The address is recorded.",
        "characteristic" => "The characteristic is recorded with its days.",
        "group" => "The group is recorded.",
        "members" => "The members are recorded with their days.",
        "staff" => "The duty is recorded with its days.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// A question answered yes, no or not known.
pub(super) fn yes_no(name: &'static str, label: &'static str) -> Field {
    Field::select(
        name,
        label,
        vec![
            Choice::new("", "Not known"),
            Choice::new("yes", "Yes"),
            Choice::new("no", "No"),
        ],
    )
    .short()
}

/// A tick box.
pub(super) fn tick(name: &'static str, label: impl Into<Text>) -> Field {
    Field::new(FieldKind::Tick, name, label)
}

/// A value carried along unseen.
pub(super) fn hidden(name: &'static str, value: impl ToString) -> Field {
    Field::new(FieldKind::Hidden, name, "").value(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_understood_as_english_people_write_it_and_nothing_else_is_taken_for_one() {
        let read = |text: &str| {
            let mut wrongs = Wrongs::default();
            let answers = Answers::of([("on", text.to_owned())]);
            (
                answers.day("on", &mut wrongs).map(|day| day.to_string()),
                wrongs.is_empty(),
            )
        };
        let there = (Some("2026-11-24".to_owned()), true);
        assert_eq!(read("2026-11-24"), there);
        assert_eq!(read(" 24/11/2026 "), there);
        for wrong in ["", "24/11/26", "31/02/2026", "tomorrow", "1/2/2026/3"] {
            assert_eq!(read(wrong), (None, false), "{wrong}");
        }
    }

    #[test]
    fn a_list_keeps_its_filters_in_its_links() {
        let asked = Answers::of([
            ("q", "o'neil & co".to_owned()),
            ("year", String::new()),
            ("page", "2".to_owned()),
        ]);
        assert_eq!(
            asked.path("/pupils", &[("page", "3")]),
            "/pupils?q=o%27neil+%26+co&page=3"
        );
        assert_eq!(
            Answers::default().path("/pupils", &[("page", "")]),
            "/pupils"
        );
    }
}
