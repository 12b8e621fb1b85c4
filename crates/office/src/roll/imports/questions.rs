//! What the bytes of a file leave in doubt, asked of a person: encoding, sheet, line of headings, order of dates, what a
//! column holds. Each answer has the file read again before anything is stored.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use exchange::{Encoding, Field as ColumnField, Kind, Outline, RefusedFile};

use super::Choices;
use super::course::{self, Import, ImportId};
use super::held::look_again;
use super::pages::who;
use super::prepare::Question;
use super::profiles;
use crate::desk::{Desk, Refusal};
use crate::form::{Answers, tick};
use crate::people::Actor;
use crate::shell::{Choice, Field, Frame, Page, Text, page};

/// An import with the outline of its file, if the file is a table.
type Outlined = (Import, Result<Outline, RefusedFile>);

async fn outlined(desk: &Desk, actor: &Actor, id: ImportId) -> Result<Outlined, Refusal> {
    let (office, school) = (Arc::clone(&desk.office), actor.school);
    let looked = tokio::task::spawn_blocking(move || {
        let import = office
            .store
            .read_now(move |tx| course::import(tx, school, id))?;
        let outline = profiles::outline_of(&office, school, &import)?;
        Ok::<_, Refusal>((import, outline))
    });
    looked
        .await
        .map_err(|_| Refusal::Wrong("The file could not be looked at.".to_owned()))?
}

#[derive(Template)]
#[template(path = "roll/imports/questions.html")]
struct QuestionsPage {
    frame: Frame,
    import: i64,
    file: String,
    fields: Vec<Field>,
}

fn keep_fields(import: &Import) -> [Field; 2] {
    let name = match import.choices.source.as_deref() {
        Some(source) => source.to_owned(),
        None => import.file_name.clone(),
    };
    [
        tick(
            "keep",
            "Keep these answers for files with the same headings",
        )
        .optional(),
        Field::line("name", "Name under which they are kept")
            .value(name)
            .optional(),
    ]
}

/// `03/04/2013` as a day, read with the day or the month first.
fn read_as(sample: &str, month_first: bool) -> Option<Day> {
    let parts: Vec<&str> = sample.split(['/', '-', '.']).collect();
    let [first, second, year] = parts.as_slice() else {
        return None;
    };
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    let year: i16 = year.get(..4)?.parse().ok()?;
    match month_first {
        true => Day::new(year, first, second),
        false => Day::new(year, second, first),
    }
}

fn date_question(outline: Option<&Outline>, choices: &Choices) -> Field {
    let samples = outline.into_iter().flat_map(|outline| &outline.columns);
    let sample = samples
        .flat_map(|column| {
            column
                .samples
                .iter()
                .map(|sample| (&column.heading, sample))
        })
        .find(|(_, sample)| read_as(sample, false).is_some() && read_as(sample, true).is_some());
    let hint = |month_first| -> Text {
        let read = sample.and_then(|(heading, sample)| {
            let day = read_as(sample, month_first)?;
            Some(format!("“{sample}” in “{heading}” is {}.", day.long()))
        });
        read.unwrap_or_default().into()
    };
    let way = |value: &'static str, label: &'static str, month_first| Choice {
        hint: hint(month_first),
        ..Choice::new(value, label)
    };
    let chosen = match (choices.month_first, choices.day_first) {
        (true, _) => "month",
        (_, true) => "day",
        _ => "",
    };
    let ways = vec![
        way("day", "The day comes first", false),
        way("month", "The month comes first", true),
    ];
    Field::radios("dates", "How are its dates written?", ways).value(chosen)
}

fn fields(import: &Import, outline: Option<&Outline>) -> Vec<Field> {
    let choices = &import.choices;
    let asked = import
        .preview
        .as_ref()
        .map_or(&[][..], |preview| &preview.questions);
    let mut fields = Vec::new();
    if let Some(outline) = outline.filter(|outline| !outline.encodings.is_empty()) {
        let candidates = outline.encodings.iter().map(|(encoding, lines)| {
            let lines = lines
                .iter()
                .map(|(number, text)| format!("Line {number}: {text}"));
            Choice {
                hint: lines.collect::<Vec<_>>().join(" · ").into(),
                ..Choice::new(encoding.word(), encoding.name())
            }
        });
        let chosen = match (&choices.encoding, asked.contains(&Question::Encoding)) {
            (Some(word), _) => word.clone(),
            (None, true) => String::new(),
            (None, false) => Encoding::Windows1252.word().to_owned(),
        };
        let label = "In which encoding are the letters right?";
        fields.push(Field::radios("encoding", label, candidates.collect()).value(chosen));
    } else if asked.contains(&Question::Encoding) {
        let one = Encoding::Windows1252;
        let label = "In which encoding is it read?";
        fields.push(Field::radios(
            "encoding",
            label,
            vec![Choice::new(one.word(), one.name())],
        ));
    }
    if let Some(outline) = outline.filter(|outline| outline.sheets.len() > 1) {
        let sheets = outline.sheets.iter();
        let sheets = sheets.map(|name| Choice::new(name.clone(), name.clone()));
        let chosen = choices.sheet.clone().or(outline.sheet.clone());
        let field = Field::radios("sheet", "Which sheet is meant?", sheets.collect());
        fields.push(field.value(chosen.unwrap_or_default()));
    }
    if let Some(outline) = outline {
        let filled = |cells: &&(u32, Vec<String>)| {
            cells.1.iter().filter(|cell| !cell.is_empty()).count() >= 2
        };
        let mut lines = vec![Choice::new(
            "",
            "Find it: the first line with headings that are known",
        )];
        lines.extend(outline.lines.iter().filter(filled).map(|(number, cells)| {
            let cells = cells.iter().filter(|cell| !cell.is_empty()).take(6);
            let cells = cells.cloned().collect::<Vec<_>>().join(", ");
            Choice::new(number.to_string(), format!("Line {number}: {cells}"))
        }));
        let chosen = choices.heading_line.map(|line| line.to_string());
        let field = Field::select(
            "heading_line",
            "On which line do the headings stand?",
            lines,
        )
        .hint("Headings of two lines, dates over AM and PM, begin on the upper one.");
        fields.push(field.value(chosen.unwrap_or_default()).optional());
        fields.push(date_question(Some(outline), choices).optional());
    }
    if asked.contains(&Question::Week) || choices.week_beginning.is_some() {
        let week = choices.week_beginning.map(|day| day.to_string());
        let field = Field::day("week", "On which Monday does its week begin?");
        fields.push(field.value(week.unwrap_or_default()));
    }
    if asked.contains(&Question::OtherSchool) || choices.other_school.is_some() {
        let field = Field::line("other_school", "Why is a file for another school taken?")
            .hint("Such as: it is addressed to the school that this one took over from. The journal keeps it.");
        fields.push(field.value(choices.other_school.clone().unwrap_or_default()));
    }
    if outline.is_some() {
        fields.extend(keep_fields(import));
    }
    fields
}

/// `/imports/{import}/questions`.
pub(super) async fn ask(desk: Desk, Path(id): Path<i64>) -> Result<Response, Response> {
    let actor = who(&desk).await?;
    let (import, outline) = outlined(&desk, &actor, ImportId(id))
        .await
        .map_err(|refusal| desk.problem(refusal).into_response())?;
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| {
            Ok(QuestionsPage {
                frame: here.frame(tx, actor, "Questions about a file")?,
                import: import.id.0,
                fields: fields(&import, outline.as_ref().ok()),
                file: import.file_name,
            })
        })
        .await;
    drawn
        .map(|drawn| Page(drawn).into_response())
        .map_err(IntoResponse::into_response)
}

/// Takes the answers, keeps them if that is wanted, and has the file read again.
pub(super) async fn answer(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Response> {
    let actor = who(&desk).await?;
    let taken = take_answers(&desk, &actor, ImportId(id), &answers).await;
    let next = taken.map_err(|refusal| desk.problem(refusal).into_response())?;
    Ok(Redirect::to(&format!("/imports/{}", next.0)).into_response())
}

async fn take_answers(
    desk: &Desk,
    actor: &Actor,
    id: ImportId,
    answers: &Answers,
) -> Result<ImportId, Refusal> {
    let (import, _) = outlined(desk, actor, id).await?;
    let own = &import.choices;
    let dates = answers.text("dates");
    let choices = Choices {
        encoding: answers.given("encoding"),
        sheet: answers.given("sheet"),
        heading_line: answers.text("heading_line").parse().ok(),
        month_first: dates == "month",
        day_first: dates == "day",
        week_beginning: answers.text("week").parse().ok().or(own.week_beginning),
        other_school: answers.given("other_school").or(own.other_school.clone()),
        ..own.clone()
    };
    read_with(desk, actor, import, choices, answers).await
}

/// Has a file read again with other choices, and keeps them for files with the same headings if that is wanted.
async fn read_with(
    desk: &Desk,
    actor: &Actor,
    import: Import,
    choices: Choices,
    answers: &Answers,
) -> Result<ImportId, Refusal> {
    let (office, school, id) = (Arc::clone(&desk.office), actor.school, import.id);
    let (by, name, keeps) = (
        actor.clone(),
        answers.text("name").to_owned(),
        answers.ticked("keep"),
    );
    let kept = tokio::task::spawn_blocking(move || {
        if !course::choose(&office, school, id, &choices)? {
            return Err(Refusal::Wrong(
                "This import has moved on. Upload the file again to have it read otherwise."
                    .to_owned(),
            ));
        }
        let import = Import { choices, ..import };
        if let (true, Ok(outline)) = (keeps, profiles::outline_of(&office, school, &import)?) {
            let fingerprint = profiles::fingerprint(&outline);
            let choices = import.choices;
            office.store.act_now(school, move |act| {
                profiles::keep(act, &by, &fingerprint, &name, &choices)
            })?;
        }
        Ok(())
    });
    kept.await
        .map_err(|_| Refusal::Wrong("The answers could not be taken.".to_owned()))??;
    look_again(desk, actor, id).await
}

#[derive(Template)]
#[template(path = "roll/imports/map_columns.html")]
struct ColumnsPage {
    frame: Frame,
    import: i64,
    file: String,
    wrong: Option<String>,
    kind: Field,
    heading_line: Option<u32>,
    /// What a column may hold: word, in words.
    fields: Vec<(String, String)>,
    columns: Vec<ColumnRow>,
    days: usize,
    keep: [Field; 2],
}

struct ColumnRow {
    place: usize,
    heading: String,
    samples: String,
    chosen: String,
    is_forbidden: bool,
}

fn columns_page(
    frame: Frame,
    import: &Import,
    outline: &Outline,
    answers: &Answers,
    wrong: Option<String>,
) -> ColumnsPage {
    let kinds = [
        Kind::Pupils,
        Kind::Contacts,
        Kind::Marks,
        Kind::Timetable,
        Kind::Cover,
        Kind::OffTimetable,
        Kind::Exams,
        Kind::PupilList,
    ];
    let read_as = import.choices.kind.clone().unwrap_or(import.kind.clone());
    let chosen = answers.given("kind").unwrap_or(read_as);
    let kind = Kind::from_word(&chosen).unwrap_or(Kind::Pupils);
    let choices = kinds.map(|kind| Choice::new(kind.word(), kind.to_string()));
    let columns = outline.columns.iter().enumerate();
    let columns = columns
        .filter(|(_, column)| !column.is_mark && !column.heading.is_empty())
        .map(|(place, column)| {
            let own = column.field.map_or_else(String::new, ColumnField::key);
            let given = answers.given(&format!("column-{place}"));
            ColumnRow {
                place,
                heading: column.heading.clone(),
                samples: column.samples.join(" · "),
                chosen: given.unwrap_or(own),
                is_forbidden: column.is_forbidden,
            }
        });
    let every = ColumnField::choices(kind).into_iter();
    let mut fields: Vec<(String, String)> =
        every.map(|field| (field.key(), field.words())).collect();
    let shown = outline.columns.iter().filter_map(|column| column.field);
    for field in shown {
        if !fields.iter().any(|(key, _)| *key == field.key()) {
            fields.push((field.key(), field.words()));
        }
    }
    ColumnsPage {
        frame,
        import: import.id.0,
        file: import.file_name.clone(),
        wrong,
        kind: Field::select("kind", "What kind of list is it?", choices.to_vec())
            .value(kind.word()),
        heading_line: outline.heading_line,
        fields,
        columns: columns.collect(),
        days: outline
            .columns
            .iter()
            .filter(|column| column.is_mark)
            .count(),
        keep: keep_fields(import),
    }
}

async fn draw_columns(
    desk: &Desk,
    id: ImportId,
    answers: Answers,
    wrong: Option<String>,
) -> Result<ColumnsPage, Response> {
    let actor = who(desk).await?;
    let problem = |refusal| desk.problem(refusal).into_response();
    let (import, outline) = outlined(desk, &actor, id).await.map_err(problem)?;
    let outline = outline.map_err(|refused| {
        desk.problem(Refusal::Wrong(refused.to_string()))
            .into_response()
    })?;
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| {
            let frame = here.frame(tx, actor, "What the columns hold")?;
            Ok(columns_page(frame, &import, &outline, &answers, wrong))
        })
        .await;
    drawn.map_err(IntoResponse::into_response)
}

/// `/imports/{import}/columns`.
pub(super) async fn columns(desk: Desk, Path(id): Path<i64>) -> Result<Response, Response> {
    let drawn = draw_columns(&desk, ImportId(id), Answers::default(), None).await?;
    Ok(Page(drawn).into_response())
}

/// Takes what a person says of the columns, and has the file read again.
pub(super) async fn map_columns(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Response> {
    let id = ImportId(id);
    let actor = who(&desk).await?;
    let problem = |refusal| desk.problem(refusal).into_response();
    let (import, outline) = outlined(&desk, &actor, id).await.map_err(problem)?;
    let outline = outline.map_err(|refused| {
        desk.problem(Refusal::Wrong(refused.to_string()))
            .into_response()
    })?;
    let headings = match meanings(&outline, &answers) {
        Ok(headings) => headings,
        Err(wrong) => {
            let again = draw_columns(&desk, id, answers, Some(wrong)).await?;
            return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again));
        }
    };
    let choices = Choices {
        kind: answers.given("kind"),
        heading_line: outline.heading_line,
        headings,
        ..import.choices.clone()
    };
    let next = read_with(&desk, &actor, import, choices, &answers).await;
    let next = next.map_err(problem)?;
    Ok(Redirect::to(&format!("/imports/{}", next.0)).into_response())
}

/// What the form says that each heading means.
///
/// Errors, in words for people: two columns that are said to hold the same.
fn meanings(
    outline: &Outline,
    answers: &Answers,
) -> Result<BTreeMap<String, Option<String>>, String> {
    let mut meanings = BTreeMap::new();
    let mut taken: HashSet<ColumnField> = HashSet::new();
    for (place, column) in outline.columns.iter().enumerate() {
        if column.is_mark || column.heading.is_empty() || column.is_forbidden {
            continue;
        }
        let field = ColumnField::from_key(answers.text(&format!("column-{place}")));
        if let Some(field) = field
            && !taken.insert(field)
        {
            return Err(format!(
                "Two columns are said to hold {}. Choose one of them.",
                field.words()
            ));
        }
        meanings.insert(column.heading.clone(), field.map(ColumnField::key));
    }
    Ok(meanings)
}
