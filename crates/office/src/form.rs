//! A form: a page of its own that asks some questions and, sent, does one thing.
//!
//! [`ask`] shows it, [`answer`] does what it is for or shows it again with what is wrong, and [`again`] shows it again where
//! something was found wrong before the act. All three put the frame around it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::{Act, StoreError, Tx};

use crate::desk::{Desk, Problem, Refusal};
use crate::people::Actor;
use crate::shell::{Choice, Errors, Field, FieldKind, Frame, Notice, Text, page};

/// Names and values as a query or a form brought them.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Answers(Vec<(String, String)>);

impl Answers {
    /// The answers that a record gives.
    pub(crate) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Answers {
        Answers(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The answer of this name without blanks around it; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.as_typed(name).trim()
    }

    /// The answer as it was typed: a password may begin or end with a blank.
    pub(crate) fn as_typed(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether there is an answer of this name, be it empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Every answer of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, value)| value.trim())
    }

    /// The answer, or nothing where it is empty.
    pub(crate) fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether the box was ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// Yes, no or not known.
    pub(crate) fn yes_or_no(&self, name: &str) -> Option<bool> {
        match self.text(name) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// A whole number, such as an id or a version.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }

    /// A day that must be there.
    pub(crate) fn day(&self, name: &'static str, wrongs: &mut Wrongs) -> Option<Day> {
        let day = self.day_if_given(name, wrongs);
        if day.is_none() && !wrongs.has(name) {
            wrongs.add(name, "Give the day.");
        }
        day
    }

    /// A day that may be left out. `24/11/2026` is understood where the browser has no calendar of its own.
    pub(crate) fn day_if_given(&self, name: &'static str, wrongs: &mut Wrongs) -> Option<Day> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let day = day_from(text);
        if day.is_none() {
            wrongs.add(
                name,
                "This is no day. Write it as 2026-11-24 or 24/11/2026.",
            );
        }
        day
    }

    /// A text that must be there; `wrong` says what to do where it is not.
    pub(crate) fn required(
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

    /// The reason, which every amendment keeps.
    pub(crate) fn reason(&self, wrongs: &mut Wrongs) -> String {
        self.required(
            "reason",
            "Give the reason; an amendment keeps it (R-007).",
            wrongs,
        )
    }

    /// Every name with its value, as they came.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// One more answer of this name.
    pub(crate) fn add(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// The answer of this name set to a value.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(own, _)| own != name);
        self.0.push((name.to_owned(), value));
    }

    /// A path with these answers as its query, but for `replaced`, which take the place of their names. Empty ones are left out.
    pub(crate) fn path(&self, path: &str, replaced: &[(&str, &str)]) -> String {
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

/// A day as browsers send it or as English people write it.
pub(crate) fn day_from(text: &str) -> Option<Day> {
    text.parse().ok().or_else(|| day_as_written(text))
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
pub(crate) struct Wrongs(Vec<(&'static str, String)>);

impl Wrongs {
    /// One more. All that is wrong with one field is shown beside it.
    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.push((field, text.into()));
    }

    /// Whether something is wrong with this field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(own, _)| *own == field)
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn of(&self, field: &str) -> Option<String> {
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
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The heading; may be empty.
    pub(crate) heading: Text,
    /// What to know before answering; may be empty.
    pub(crate) about: Text,
    /// The questions.
    pub(crate) fields: Vec<Field>,
    /// How they stand beside each other: the class of what holds them, or nothing for one below the other.
    layout: &'static str,
}

impl Part {
    /// Questions under a heading.
    pub(crate) fn new(heading: impl Into<Text>, fields: Vec<Field>) -> Part {
        Part {
            heading: heading.into(),
            about: "".into(),
            fields,
            layout: "",
        }
    }

    /// With the questions in columns where there is room: many tick boxes, read downwards.
    pub(crate) fn in_columns(self) -> Part {
        Part {
            layout: "ticks",
            ..self
        }
    }

    /// With two questions in a row, such as when something begins and ends.
    pub(crate) fn in_pairs(self) -> Part {
        Part {
            layout: "pairs",
            ..self
        }
    }

    /// With three questions in a row.
    pub(crate) fn in_threes(self) -> Part {
        Part {
            layout: "pairs threes",
            ..self
        }
    }

    /// With something to know first.
    pub(crate) fn about(self, about: impl Into<Text>) -> Part {
        Part {
            about: about.into(),
            ..self
        }
    }
}

/// Something to read beside a form, such as the grounds for deletion.
#[derive(Clone, Debug)]
pub(crate) struct Help {
    /// What it is about.
    pub(crate) heading: String,
    /// In plain English, one line each.
    pub(crate) lines: Vec<String>,
}

/// A form before the frame of its page is put around it.
#[derive(Clone, Debug)]
pub(crate) struct FormPage {
    /// What is done: title of the window, and the heading unless another is given. Never a name.
    title: &'static str,
    heading: Text,
    /// Beside the heading: whose.
    small: Text,
    /// The page it belongs to: address and words.
    crumb: (Text, Text),
    /// What the act does and what follows.
    about: Text,
    parts: Vec<Part>,
    verb: Text,
    help: Vec<Help>,
    is_grave: bool,
    notice: Option<Notice>,
}

impl FormPage {
    /// A form that belongs to the page `crumb` (address and words); the verb stands on its button.
    pub(crate) fn new(
        title: &'static str,
        crumb: (impl Into<Text>, impl Into<Text>),
        verb: impl Into<Text>,
        parts: Vec<Part>,
    ) -> FormPage {
        FormPage {
            title,
            heading: title.into(),
            small: "".into(),
            crumb: (crumb.0.into(), crumb.1.into()),
            about: "".into(),
            parts,
            verb: verb.into(),
            help: Vec::new(),
            is_grave: false,
            notice: None,
        }
    }

    /// With another heading than the title, where it says more than a window may show.
    pub(crate) fn headed(self, heading: impl Into<Text>) -> FormPage {
        FormPage {
            heading: heading.into(),
            ..self
        }
    }

    /// With whose it is beside the heading.
    pub(crate) fn of(self, whose: impl Into<Text>) -> FormPage {
        FormPage {
            small: whose.into(),
            ..self
        }
    }

    /// With what it does and what follows.
    pub(crate) fn about(self, about: impl Into<Text>) -> FormPage {
        FormPage {
            about: about.into(),
            ..self
        }
    }

    /// With more questions after the others.
    pub(crate) fn and(mut self, part: Part) -> FormPage {
        self.parts.push(part);
        self
    }

    /// With something to read beside it.
    pub(crate) fn help(self, help: Vec<Help>) -> FormPage {
        FormPage { help, ..self }
    }

    /// As one whose act takes something away from somebody.
    pub(crate) fn grave(self) -> FormPage {
        FormPage {
            is_grave: true,
            ..self
        }
    }

    /// With a line above it.
    pub(crate) fn notice(self, notice: Notice) -> FormPage {
        FormPage {
            notice: Some(notice),
            ..self
        }
    }

    /// The same form with the answers filled in and what is wrong beside them.
    pub(crate) fn filled(mut self, answers: &Answers, wrongs: &Wrongs) -> FormPage {
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

    fn shown(
        mut self,
        status: StatusCode,
        desk: &Desk,
        tx: &mut Tx,
        actor: &Actor,
    ) -> Result<Response, StoreError> {
        let notice = self.notice.take();
        let frame = desk.frame(tx, actor, self.title)?.with_notice(notice);
        Ok(page(status, &FramedForm { frame, form: self }))
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct FramedForm {
    frame: Frame,
    form: FormPage,
}

/// What became of a form.
pub(crate) enum Outcome {
    /// It was done; the page to go on to.
    Done(String),
    /// It was not; the form again.
    Again(Box<FormPage>),
}

impl Outcome {
    /// The form again, with what is wrong.
    pub(crate) fn again(form: FormPage, answers: &Answers, wrongs: &Wrongs) -> Outcome {
        Outcome::Again(Box::new(form.filled(answers, wrongs)))
    }

    /// Done: on to this page, which says so by the word `did`.
    pub(crate) fn done(path: &str, did: &str) -> Outcome {
        let joint = if path.contains('?') { '&' } else { '?' };
        Outcome::Done(format!("{path}{joint}did={did}"))
    }
}

/// Shows a form, as of today.
pub(crate) async fn ask<F>(desk: Desk, form: F) -> Result<Response, Problem>
where
    F: FnOnce(&mut Tx, &Actor, Day) -> Result<FormPage, Refusal> + Send + 'static,
{
    show(desk, StatusCode::OK, form).await
}

/// Shows a form again with the answers that were given and what is wrong with them.
pub(crate) async fn again<F>(
    desk: Desk,
    answers: Answers,
    wrongs: Wrongs,
    form: F,
) -> Result<Response, Problem>
where
    F: FnOnce(&mut Tx, &Actor, Day) -> Result<FormPage, Refusal> + Send + 'static,
{
    show(
        desk,
        StatusCode::UNPROCESSABLE_ENTITY,
        move |tx, actor, today| Ok(form(tx, actor, today)?.filled(&answers, &wrongs)),
    )
    .await
}

async fn show<F>(desk: Desk, status: StatusCode, form: F) -> Result<Response, Problem>
where
    F: FnOnce(&mut Tx, &Actor, Day) -> Result<FormPage, Refusal> + Send + 'static,
{
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let form = form(tx, actor, today)?;
        Ok(form.shown(status, &here, tx, actor)?)
    })
    .await
}

/// Does what a form is for, in one act of the person's school, or shows it again.
pub(crate) async fn answer<F>(desk: Desk, work: F) -> Result<Response, Problem>
where
    F: FnOnce(&mut Act, &Actor, Day) -> Result<Outcome, Refusal> + Send + 'static,
{
    let here = desk.clone();
    desk.act(move |act, actor| {
        let (today, _) = here.office.today();
        Ok(match work(act, actor, today)? {
            Outcome::Done(path) => Redirect::to(&path).into_response(),
            Outcome::Again(form) => {
                form.shown(StatusCode::UNPROCESSABLE_ENTITY, &here, act.tx(), actor)?
            }
        })
    })
    .await
}

/// The question for the reason of an amendment, which [`Answers::reason`] reads.
pub(crate) fn reason() -> Field {
    Field::line("reason", "Reason").hint("Such as: birth certificate seen; typing error put right.")
}

/// A question answered yes, no or not known, which [`Answers::yes_or_no`] reads.
pub(crate) fn yes_no(name: &'static str, label: &'static str) -> Field {
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
pub(crate) fn tick(name: impl Into<Text>, label: impl Into<Text>) -> Field {
    Field::new(FieldKind::Tick, name, label)
}

/// A value carried along unseen.
pub(crate) fn hidden(name: impl Into<Text>, value: impl ToString) -> Field {
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
