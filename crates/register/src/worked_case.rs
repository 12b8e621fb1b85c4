//! Worked cases of attendance arithmetic: reading them, and holding the answers of a counting function against what they expect.
//!
//! A file is `{"vectors": [case, ...]}` in the form of `vectors/attendance-arithmetic.json`; anybody may bring one. Each case names its
//! rules, so that a difference can be shown with them. What counts is passed in as a [`Counter`]; this module only lays sessions out,
//! chooses the meaning of each code, and compares.
//!
//! A run of days carries no weekends or holidays. A code takes the meaning it had on the case's `first_date` (so the file's own notes
//! say), or, where it had none then, on the weekday that the run has reached. Without a `first_date` it is 8 September 2025.

use std::collections::BTreeSet;
use std::fmt;

use calendar::{Day, Session, Slot, statistical_term};
use serde_json::{Map, Value};

use crate::bands::default_bands;
use crate::codes::{Code, CodeRow, meaning};
use crate::counts::{Counts, Ratio};
use crate::penalty_window::penalty_threshold;
use crate::profile::{Cohort, EnrolmentFacts, Profile, cohort};

/// One session of a case.
#[derive(Clone, Copy, Debug)]
pub struct PlacedMark {
    /// The weekday and session that the run has reached.
    pub slot: Slot,
    /// What stands there.
    pub mark: Mark,
}

/// What stands in a session.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// The pupil was not on roll.
    Outside,
    /// The session was open and nothing was entered.
    Missing,
    /// A code, with its meaning.
    Coded(&'static CodeRow),
}

/// The arithmetic under test.
pub trait Counter {
    /// The sessions of one enrolment by class.
    fn count(&self, marks: &[PlacedMark]) -> Counts;

    /// The most penalty-notice sessions in any run of `school_weeks` consecutive weeks; each week lists codes other than present.
    fn most_countable(&self, weeks: &[Vec<&'static CodeRow>], school_weeks: usize) -> u32;
}

/// A case that can be run.
#[derive(Clone, Debug)]
pub struct WorkedCase {
    /// Its own name: `AA-026`.
    pub id: String,
    /// What it shows, in a sentence.
    pub title: String,
    /// The rules it tests.
    pub rules: Vec<String>,
    input: Input,
    expect: Map<String, Value>,
}

#[derive(Clone, Debug)]
enum Input {
    PupilRuns(Enrolment),
    PupilEnrolments(Vec<Enrolment>),
    Group(Vec<Enrolment>),
    SchoolWeeks(Vec<Vec<&'static CodeRow>>),
}

#[derive(Clone, Debug)]
struct Enrolment {
    /// The name of the school or the pupil within the case.
    name: String,
    first_date: Day,
    marks: Vec<PlacedMark>,
    /// For each mark: whether the case says that it lies in the second half of the summer term; none where it does not say.
    in_last_half_term: Vec<Option<bool>>,
    born: Option<Day>,
    enrolled_from: Option<Day>,
}

/// A file in which no case can be found.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The text is not JSON.
    #[error("the file is not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// The file is JSON of another form.
    #[error("the file holds no worked cases of attendance arithmetic: {0}")]
    WrongForm(String),
}

/// A case that cannot be run, and the field that prevents it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{case}: {field}: {problem}")]
pub struct CaseError {
    /// The case, by its id, or by its place in the file.
    pub case: String,
    /// The field: `input.runs[2].am`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The field: `expect.dfe_full_year.possible`.
    pub field: String,
    /// What the case expects.
    pub expected: Value,
    /// What was found.
    pub found: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.field, self.expected, self.found
        )
    }
}

/// The cases of a file, in order; one that cannot be run does not hold back the others.
///
/// Errors: the file is not JSON, or has no list `vectors`.
pub fn read_cases(text: &str) -> Result<Vec<Result<WorkedCase, CaseError>>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: Value = serde_json::from_str(text).map_err(FileError::NotJson)?;
    let file = file
        .as_object()
        .ok_or_else(|| FileError::WrongForm("it is not an object".to_owned()))?;
    let known = ["schema_version", "title", "notes", "vectors"];
    if let Some(unknown) = file.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(FileError::WrongForm(format!(
            "it has an unknown field “{unknown}”"
        )));
    }
    if file
        .get("schema_version")
        .is_some_and(|version| *version != 1)
    {
        return Err(FileError::WrongForm(
            "its schema_version is not 1".to_owned(),
        ));
    }
    let vectors = file
        .get("vectors")
        .and_then(Value::as_array)
        .ok_or_else(|| FileError::WrongForm("it has no list “vectors”".to_owned()))?;
    Ok(vectors
        .iter()
        .enumerate()
        .map(|(place, vector)| read_case(place, vector))
        .collect())
}

impl WorkedCase {
    /// Runs the case: every expectation that the counter's answers do not meet. Empty when the case passes.
    ///
    /// Only the fields that the case states are compared.
    /// Errors: the case expects a field that its shape does not have, or the published profile without a date of birth.
    pub fn differences(&self, counter: &impl Counter) -> Result<Vec<Difference>, CaseError> {
        let found = match &self.input {
            Input::PupilRuns(enrolment) => self.pupil_figures(enrolment, counter)?,
            Input::PupilEnrolments(enrolments) => pooled_figures(enrolments, counter),
            Input::Group(pupils) => group_figures(pupils, counter),
            Input::SchoolWeeks(weeks) => week_figures(weeks, counter),
        };
        let mut differences = Vec::new();
        self.compare("expect", &self.expect, &found, &mut differences)?;
        Ok(differences)
    }

    fn pupil_figures(
        &self,
        enrolment: &Enrolment,
        counter: &impl Counter,
    ) -> Result<Map<String, Value>, CaseError> {
        let mut found = figures(&counter.count(&enrolment.marks));
        if self.expect.contains_key("dfe_full_year") {
            if enrolment.born.is_none() {
                return Err(self.error(
                    "input.dob",
                    "is needed for dfe_full_year, whose cohort goes by age",
                ));
            }
            found.insert(
                "dfe_full_year".to_owned(),
                Value::Object(published_figures(enrolment, counter)),
            );
        }
        Ok(found)
    }

    /// Compares objects field by field; the expectation may state fewer fields than there are, and none that there are not.
    fn compare(
        &self,
        path: &str,
        expected: &Map<String, Value>,
        found: &Map<String, Value>,
        differences: &mut Vec<Difference>,
    ) -> Result<(), CaseError> {
        for (name, wanted) in expected {
            let field = format!("{path}.{name}");
            let Some(actual) = found.get(name) else {
                return Err(self.error(&field, "is not a field that this case can expect"));
            };
            match (wanted.as_object(), actual.as_object()) {
                (Some(wanted), Some(actual)) => {
                    self.compare(&field, wanted, actual, differences)?
                }
                _ if wanted == actual => {}
                _ => differences.push(Difference {
                    field,
                    expected: wanted.clone(),
                    found: actual.clone(),
                }),
            }
        }
        Ok(())
    }

    fn error(&self, field: &str, problem: &str) -> CaseError {
        CaseError {
            case: self.id.clone(),
            field: field.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// Every figure of one count, by the names of the worked cases.
fn figures(counts: &Counts) -> Map<String, Value> {
    let mut found = session_figures(counts);
    found.insert("persistent".to_owned(), counts.persistent().into());
    found.insert("severe".to_owned(), counts.severe().into());
    let band = counts.band(default_bands()).map(|band| band.key.clone());
    found.insert("band".to_owned(), band.into());
    found
}

/// The figures that a group has as well as a pupil: sessions and rates, without flags.
fn session_figures(counts: &Counts) -> Map<String, Value> {
    let shown =
        |share: Option<Ratio>, decimals| Value::from(share.map(|share| share.show(decimals)));
    [
        ("present", counts.present().into()),
        (
            "approved_educational_activity",
            counts.approved_educational_activity.into(),
        ),
        ("authorised", counts.authorised.into()),
        ("unauthorised", counts.unauthorised.into()),
        ("not_possible", counts.not_possible.into()),
        ("administrative", counts.administrative.into()),
        ("missing_marks", counts.missing.into()),
        ("possible", counts.possible().into()),
        ("attended", counts.attended().into()),
        ("absent", counts.absent().into()),
        ("late_before_close", counts.late_before_close.into()),
        ("late_after_close", counts.late_after_close.into()),
        ("late_total", counts.late_total().into()),
        ("attendance_pct", shown(counts.attendance(), 2)),
        ("absence_pct", shown(counts.absence(), 2)),
        ("attendance_pct_1dp", shown(counts.attendance(), 1)),
        ("absence_pct_1dp", shown(counts.absence(), 1)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The enrolment as published statistics of the full year see it (R-230 to R-233).
fn published_figures(enrolment: &Enrolment, counter: &impl Counter) -> Map<String, Value> {
    let (year, _) = statistical_term(enrolment.first_date);
    let facts = EnrolmentFacts {
        date_of_birth: enrolment.born,
        starting_day: enrolment.enrolled_from,
        boarder: false,
    };
    let (mut found, in_cohort, reason) = match cohort(Profile::DfeFullYear, year, facts) {
        Cohort::Out(ground) => (Map::new(), false, Value::from(ground.to_string())),
        Cohort::In { left_out } => {
            let is_left_out = |mark: &PlacedMark, stated: Option<bool>| {
                left_out.is_some_and(|days| stated.unwrap_or_else(|| days.holds(mark.slot.day)))
            };
            let kept: Vec<PlacedMark> = enrolment
                .marks
                .iter()
                .zip(&enrolment.in_last_half_term)
                .filter(|(mark, stated)| !is_left_out(mark, **stated))
                .map(|(mark, _)| *mark)
                .collect();
            (figures(&counter.count(&kept)), true, Value::Null)
        }
    };
    found.insert("in_cohort".to_owned(), in_cohort.into());
    found.insert("reason".to_owned(), reason);
    found
}

/// Several enrolments of one pupil: each alone, and pooled (R-217, R-221).
fn pooled_figures(enrolments: &[Enrolment], counter: &impl Counter) -> Map<String, Value> {
    let counts: Vec<Counts> = enrolments
        .iter()
        .map(|one| counter.count(&one.marks))
        .collect();
    let by_enrolment: Map<String, Value> = enrolments
        .iter()
        .zip(&counts)
        .map(|(enrolment, counts)| (enrolment.name.clone(), Value::Object(figures(counts))))
        .collect();
    let pooled: Counts = counts.iter().sum();
    let mut found = flag_figures(&counts);
    found.insert("by_enrolment".to_owned(), by_enrolment.into());
    found.insert("pupil".to_owned(), figures(&pooled).into());
    let flagged = |flag: Option<bool>| u32::from(flag == Some(true));
    found.insert(
        "persistent_pupils".to_owned(),
        flagged(pooled.persistent()).into(),
    );
    found.insert("severe_pupils".to_owned(), flagged(pooled.severe()).into());
    found
}

/// Several pupils together: pooled sessions, and how many are persistent and severe (R-213 to R-215).
fn group_figures(pupils: &[Enrolment], counter: &impl Counter) -> Map<String, Value> {
    let counts: Vec<Counts> = pupils.iter().map(|one| counter.count(&one.marks)).collect();
    let mut found = session_figures(&counts.iter().sum());
    found.extend(flag_figures(&counts));
    found
}

/// How many enrolments have possible sessions, and how many of those are persistent and severe (R-214).
fn flag_figures(counts: &[Counts]) -> Map<String, Value> {
    let counted = counts.iter().filter(|one| one.possible() > 0).count();
    let persistent = counts
        .iter()
        .filter(|one| one.persistent() == Some(true))
        .count();
    let severe = counts
        .iter()
        .filter(|one| one.severe() == Some(true))
        .count();
    let share = |part: usize| Ratio::new(part as u64, counted as u64).map(|share| share.show(2));
    [
        ("enrolments_counted", Value::from(counted)),
        ("persistent_enrolments", persistent.into()),
        ("persistent_count", persistent.into()),
        ("persistent_pct", share(persistent).into()),
        ("severe_enrolments", severe.into()),
        ("severe_count", severe.into()),
        ("severe_pct", share(severe).into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn week_figures(weeks: &[Vec<&'static CodeRow>], counter: &impl Counter) -> Map<String, Value> {
    let threshold =
        penalty_threshold(default_first_date()).expect("the national threshold holds on that day");
    let most = counter.most_countable(weeks, threshold.school_weeks);
    [
        ("max_countable_in_any_10_school_weeks", Value::from(most)),
        ("threshold_met", (most >= threshold.sessions).into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The day whose code meanings hold where a case gives no date.
fn default_first_date() -> Day {
    Day::new(2025, 9, 8).expect("a real day")
}

/// More days than any pupil spends at a school; a longer run is a slip of the pen.
const LONGEST_RUN: u64 = 10_000;

/// A part of a case, with what its errors name.
#[derive(Clone)]
struct Place {
    case: String,
    field: String,
}

impl Place {
    fn at(&self, name: &str) -> Place {
        Place {
            case: self.case.clone(),
            field: if self.field.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", self.field)
            },
        }
    }

    fn item(&self, place: usize) -> Place {
        Place {
            case: self.case.clone(),
            field: format!("{}[{place}]", self.field),
        }
    }

    fn error(&self, problem: impl fmt::Display) -> CaseError {
        CaseError {
            case: self.case.clone(),
            field: self.field.clone(),
            problem: problem.to_string(),
        }
    }

    /// The value as an object that has no fields but these.
    fn object<'a>(&self, value: &'a Value, known: &[&str]) -> Result<Fields<'a>, CaseError> {
        let fields = value
            .as_object()
            .ok_or_else(|| self.error("is not an object"))?;
        if let Some(unknown) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(self.at(unknown).error("is not a field of this shape"));
        }
        Ok(Fields {
            place: self.clone(),
            fields,
        })
    }
}

/// The fields of an object within a case.
struct Fields<'a> {
    place: Place,
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The field, unless it is absent or null.
    fn optional(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn required(&self, name: &str) -> Result<&'a Value, CaseError> {
        self.optional(name)
            .ok_or_else(|| self.place.at(name).error("is missing"))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, CaseError> {
        self.optional(name)
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| self.place.at(name).error("is not a text"))
            })
            .transpose()
    }

    fn day(&self, name: &str) -> Result<Option<Day>, CaseError> {
        self.text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|error| self.place.at(name).error(error))
            })
            .transpose()
    }

    fn list(&self, name: &str) -> Result<Vec<(Place, &'a Value)>, CaseError> {
        let place = self.place.at(name);
        let items = self
            .required(name)?
            .as_array()
            .ok_or_else(|| place.error("is not a list"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| (place.item(index), value))
            .collect())
    }
}

fn read_case(place: usize, vector: &Value) -> Result<WorkedCase, CaseError> {
    let id = vector.get("id").and_then(Value::as_str);
    let here = Place {
        case: id.map_or_else(|| format!("case {} of the file", place + 1), str::to_owned),
        field: String::new(),
    };
    let case = here.object(
        vector,
        &[
            "id", "title", "rules", "shape", "input", "expect", "note", "notes",
        ],
    )?;
    let id = case
        .text("id")?
        .ok_or_else(|| here.at("id").error("is missing"))?;
    let rules = match case.optional("rules") {
        None => Vec::new(),
        Some(_) => case
            .list("rules")?
            .into_iter()
            .map(|(at, rule)| {
                rule.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| at.error("is not a text"))
            })
            .collect::<Result<_, _>>()?,
    };
    let expect = case
        .required("expect")?
        .as_object()
        .ok_or_else(|| here.at("expect").error("is not an object"))?;
    let shape = case
        .text("shape")?
        .ok_or_else(|| here.at("shape").error("is missing"))?;
    let (at, input) = (here.at("input"), case.required("input")?);
    let input = match shape {
        "pupil_runs" => Input::PupilRuns(read_enrolment(&at, input, &[], None)?),
        "pupil_enrolments" => {
            Input::PupilEnrolments(read_enrolments(&at, input, "enrolments", "school")?)
        }
        "group" => Input::Group(read_enrolments(&at, input, "pupils", "ref")?),
        "school_weeks" => Input::SchoolWeeks(read_weeks(&at, input)?),
        other => {
            return Err(here
                .at("shape")
                .error(format_args!("“{other}” is not a shape that is known")));
        }
    };
    Ok(WorkedCase {
        id: id.to_owned(),
        title: case.text("title")?.unwrap_or_default().to_owned(),
        rules,
        input,
        expect: expect.clone(),
    })
}

/// The enrolments of a pupil or the pupils of a group; what stands beside the list holds for each that does not say otherwise.
fn read_enrolments(
    at: &Place,
    input: &Value,
    list: &str,
    name: &str,
) -> Result<Vec<Enrolment>, CaseError> {
    let fields = at.object(input, &[list, "first_date", "dob", "year_group", "note"])?;
    let mut names = BTreeSet::new();
    fields
        .list(list)?
        .into_iter()
        .map(|(at, one)| {
            let enrolment = read_enrolment(&at, one, &[name], Some(&fields))?;
            let is_new = enrolment.name.is_empty() || names.insert(enrolment.name.clone());
            if is_new {
                Ok(enrolment)
            } else {
                Err(at
                    .at(name)
                    .error(format_args!("“{}” is given twice", enrolment.name)))
            }
        })
        .collect()
}

fn read_enrolment(
    at: &Place,
    input: &Value,
    names: &[&str],
    beside: Option<&Fields<'_>>,
) -> Result<Enrolment, CaseError> {
    let mut known = vec![
        "first_date",
        "runs",
        "dob",
        "year_group",
        "enrolled_from",
        "note",
    ];
    known.extend(names);
    let fields = at.object(input, &known)?;
    let day = |name| match (fields.day(name)?, beside) {
        (None, Some(beside)) => beside.day(name),
        (day, _) => Ok(day),
    };
    let mut enrolment = Enrolment {
        name: match names.first() {
            Some(name) => fields.text(name)?.unwrap_or_default().to_owned(),
            None => String::new(),
        },
        first_date: day("first_date")?.unwrap_or_else(default_first_date),
        marks: Vec::new(),
        in_last_half_term: Vec::new(),
        born: day("dob")?,
        enrolled_from: fields.day("enrolled_from")?,
    };
    let mut reached = on_a_weekday(enrolment.first_date);
    for (at, run) in fields.list("runs")? {
        read_run(&at, run, &mut reached, &mut enrolment)?;
    }
    Ok(enrolment)
}

/// Lays a run of days out, from the weekday that is reached.
fn read_run(
    at: &Place,
    run: &Value,
    reached: &mut Day,
    enrolment: &mut Enrolment,
) -> Result<(), CaseError> {
    let fields = at.object(
        run,
        &["days", "am", "pm", "outside_enrolment", "half_term", "note"],
    )?;
    let days = fields
        .required("days")?
        .as_u64()
        .filter(|days| *days <= LONGEST_RUN)
        .ok_or_else(|| {
            at.at("days").error(format_args!(
                "is not a whole number of days from 0 to {LONGEST_RUN}"
            ))
        })?;
    let outside = match fields.optional("outside_enrolment") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(|| {
            at.at("outside_enrolment")
                .error("is neither true nor false")
        })?,
    };
    let half_term = match fields.text("half_term")? {
        None => None,
        Some(text) => Some(is_last_half_term(text).ok_or_else(|| {
            at.at("half_term").error(format_args!(
                "“{text}” does not lie wholly within or before HT6"
            ))
        })?),
    };
    if enrolment.marks.len() as u64 / 2 + days > LONGEST_RUN {
        return Err(at.at("days").error(format_args!(
            "makes the case longer than {LONGEST_RUN} days"
        )));
    }
    for _ in 0..days {
        for (session, name) in Session::BOTH.into_iter().zip(["am", "pm"]) {
            let mark = if outside {
                Mark::Outside
            } else if !fields.fields.contains_key(name) {
                return Err(at
                    .at(name)
                    .error("is missing: give a code, or null where none was entered"));
            } else {
                match fields.text(name)? {
                    None => Mark::Missing,
                    Some(text) => Mark::Coded(code_row(
                        &at.at(name),
                        text,
                        enrolment.first_date,
                        *reached,
                    )?),
                }
            };
            enrolment.marks.push(PlacedMark {
                slot: Slot::new(*reached, session),
                mark,
            });
            enrolment.in_last_half_term.push(half_term);
        }
        *reached = on_a_weekday(reached.next());
    }
    Ok(())
}

/// Whether a half term as the cases name it, `HT6` or `HT1-HT5`, is the second half of the summer term; none for one that is not known or straddles it.
fn is_last_half_term(text: &str) -> Option<bool> {
    let number = |part: &str| -> Option<u8> {
        let number = part.trim().strip_prefix("HT")?.parse().ok()?;
        (1..=6).contains(&number).then_some(number)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first)?, number(last)?) {
        (6, 6) => Some(true),
        (first, last) if first <= last && last < 6 => Some(false),
        _ => None,
    }
}

fn read_weeks(at: &Place, input: &Value) -> Result<Vec<Vec<&'static CodeRow>>, CaseError> {
    let fields = at.object(input, &["weeks", "first_date", "note"])?;
    let first_date = fields.day("first_date")?.unwrap_or_else(default_first_date);
    let mut monday = first_date.monday();
    let mut weeks = Vec::new();
    for (at, week) in fields.list("weeks")? {
        let text = week
            .as_str()
            .ok_or_else(|| at.error("is not a text of codes"))?;
        let codes: Vec<&'static CodeRow> = text
            .split_whitespace()
            .map(|code| code_row(&at, code, first_date, monday))
            .collect::<Result<_, _>>()?;
        if codes.len() > 14 {
            return Err(at.error("has more codes than a week has sessions"));
        }
        weeks.push(codes);
        monday = monday.plus_days(7);
    }
    Ok(weeks)
}

/// The meaning of a code on the case's first day, or, where it had none then, on the day reached.
fn code_row(
    at: &Place,
    text: &str,
    first_date: Day,
    reached: Day,
) -> Result<&'static CodeRow, CaseError> {
    let code: Code = text.parse().map_err(|error| at.error(error))?;
    meaning(code, first_date)
        .or_else(|first| meaning(code, reached).map_err(|_| first))
        .map_err(|error| at.error(error))
}

/// The day itself, or the Monday after a weekend.
fn on_a_weekday(day: Day) -> Day {
    if day.weekday().is_weekend() {
        day.monday().plus_days(7)
    } else {
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::PenaltyNoticeCounting;
    use crate::penalty_window::most_countable;
    use proptest::prelude::*;

    /// The plainest counting there is.
    struct OneByOne;

    impl Counter for OneByOne {
        fn count(&self, marks: &[PlacedMark]) -> Counts {
            marks
                .iter()
                .map(|placed| match placed.mark {
                    Mark::Outside => Counts::default(),
                    Mark::Missing => Counts::of_missing(),
                    Mark::Coded(row) => Counts::of(row),
                })
                .sum()
        }

        fn most_countable(&self, weeks: &[Vec<&'static CodeRow>], school_weeks: usize) -> u32 {
            let countable = |row: &&&CodeRow| row.pn_countable != PenaltyNoticeCounting::No;
            let per_week: Vec<u32> = weeks
                .iter()
                .map(|week| week.iter().filter(countable).count() as u32)
                .collect();
            most_countable(&per_week, school_weeks)
        }
    }

    const VECTORS: &str = include_str!("../vectors/attendance-arithmetic.json");

    fn only_case(vector: &str) -> Result<WorkedCase, CaseError> {
        let file = format!(r#"{{"vectors": [{vector}]}}"#);
        read_cases(&file).expect("a file of cases").remove(0)
    }

    fn told(vector: &str) -> String {
        only_case(vector)
            .expect_err("the case cannot be read")
            .to_string()
    }

    fn run(vector: &str) -> Result<Vec<String>, CaseError> {
        let differences = only_case(vector).expect("a case").differences(&OneByOne)?;
        Ok(differences.iter().map(Difference::to_string).collect())
    }

    #[test]
    fn all_59_worked_cases_pass() {
        let cases = read_cases(VECTORS).expect("a file of cases");
        assert_eq!(cases.len(), 59);
        for case in cases {
            let case = case.expect("a case that can be run");
            let differences = case.differences(&OneByOne).expect("fields that are known");
            let told: Vec<String> = differences.iter().map(Difference::to_string).collect();
            assert!(
                told.is_empty(),
                "{} ({}): {}",
                case.id,
                case.rules.join(", "),
                told.join("; ")
            );
        }
    }

    #[test]
    fn a_case_that_is_changed_fails_with_the_field_and_both_values() {
        let differences = run(r#"{"id": "X-1", "rules": ["R-210"], "shape": "pupil_runs",
                "input": {"first_date": "2025-09-08", "runs": [{"days": 9, "am": "/", "pm": "\\"}, {"days": 1, "am": "I", "pm": "I"}]},
                "expect": {"persistent": false, "absence_pct": "10.00", "band": "at_risk"}}"#);
        assert_eq!(
            differences.expect("known fields"),
            [
                "expect.band: expected \"at_risk\", found \"persistent\"",
                "expect.persistent: expected false, found true",
            ]
        );
    }

    #[test]
    fn a_case_may_state_few_fields_or_none() {
        let case = r#"{"id": "X-2", "shape": "pupil_runs", "input": {"runs": []}, "expect": {}}"#;
        assert_eq!(run(case), Ok(vec![]));
        let empty = r#"{"id": "X-3", "shape": "group", "input": {"pupils": []}, "expect": {"possible": 0, "persistent_pct": null}}"#;
        assert_eq!(run(empty), Ok(vec![]));
        let weeks = r#"{"id": "X-4", "shape": "school_weeks", "input": {"weeks": []}, "expect": {"max_countable_in_any_10_school_weeks": 0}}"#;
        assert_eq!(run(weeks), Ok(vec![]));
    }

    #[test]
    fn a_case_that_cannot_be_read_is_told_with_its_id_and_field() {
        let runs = |runs: &str| {
            format!(
                r#"{{"id": "X-5", "shape": "pupil_runs", "input": {{"first_date": "2025-09-08", "runs": [{runs}]}}, "expect": {{}}}}"#
            )
        };
        assert_eq!(
            told(&runs(r#"{"days": 1, "am": "/", "pm": "?"}"#)),
            "X-5: input.runs[0].pm: “?” is not an attendance code of any year since 2006"
        );
        assert_eq!(
            told(&runs(r#"{"days": 1, "am": "H", "pm": "H"}"#)),
            "X-5: input.runs[0].am: code H had no meaning on 8 September 2025: it was used from 1 September 2006 to 18 August 2024"
        );
        assert_eq!(
            told(&runs(r#"{"days": -1, "am": "/", "pm": null}"#)),
            "X-5: input.runs[0].days: is not a whole number of days from 0 to 10000"
        );
        assert_eq!(
            told(&runs(r#"{"days": 99999999999, "am": "/", "pm": null}"#)),
            "X-5: input.runs[0].days: is not a whole number of days from 0 to 10000"
        );
        assert_eq!(
            told(&runs(r#"{"days": 1, "am": "/"}"#)),
            "X-5: input.runs[0].pm: is missing: give a code, or null where none was entered"
        );
        assert_eq!(
            told(&runs(r#"{"days": 1, "AM": "/", "pm": null}"#)),
            "X-5: input.runs[0].AM: is not a field of this shape"
        );
        assert_eq!(
            told(&runs(r#"{"days": 1, "am": 7, "pm": null}"#)),
            "X-5: input.runs[0].am: is not a text"
        );
        assert_eq!(told(&runs("[]")), "X-5: input.runs[0]: is not an object");
        assert_eq!(
            told(r#"{"shape": "pupil_runs"}"#),
            "case 1 of the file: id: is missing"
        );
        assert_eq!(
            told(r#"{"id": "X-6", "shape": "pupil_days", "input": {}, "expect": {}}"#),
            "X-6: shape: “pupil_days” is not a shape that is known"
        );
        assert_eq!(
            told(r#"{"id": "X-7", "shape": "group", "input": {"pupils": 3}, "expect": {}}"#),
            "X-7: input.pupils: is not a list"
        );
        assert_eq!(
            told(
                r#"{"id": "X-8", "shape": "school_weeks", "input": {"weeks": ["O", 4]}, "expect": {}}"#
            ),
            "X-8: input.weeks[1]: is not a text of codes"
        );
        assert_eq!(
            told(
                r#"{"id": "X-9", "shape": "pupil_runs", "input": {"first_date": "08/09/2025", "runs": []}, "expect": {}}"#
            ),
            "X-9: input.first_date: “08/09/2025” is not a date in the form yyyy-mm-dd"
        );
        assert_eq!(
            told(r#""AA-001""#),
            "case 1 of the file: : is not an object"
        );
    }

    #[test]
    fn an_expectation_that_no_such_case_has_is_told() {
        let case = r#"{"id": "X-10", "shape": "group", "input": {"pupils": []}, "expect": {"band": "full"}}"#;
        assert_eq!(
            run(case).expect_err("no such field").to_string(),
            "X-10: expect.band: is not a field that this case can expect"
        );
        let case = r#"{"id": "X-11", "shape": "pupil_runs", "input": {"runs": []}, "expect": {"dfe_full_year": {"in_cohort": true}}}"#;
        assert_eq!(run(case).expect_err("no date of birth").field, "input.dob");
    }

    #[test]
    fn a_file_that_holds_no_cases_is_told() {
        for (text, start) in [
            ("", "the file is not JSON"),
            ("[]", "the file holds no worked cases"),
            ("{}", "the file holds no worked cases"),
            (r#"{"vectors": {}}"#, "the file holds no worked cases"),
            (
                r#"{"vectors": [], "threshold_vectors": []}"#,
                "the file holds no worked cases",
            ),
            (
                r#"{"schema_version": 2, "vectors": []}"#,
                "the file holds no worked cases",
            ),
        ] {
            let error = read_cases(text).expect_err("no cases").to_string();
            assert!(error.starts_with(start), "{error}");
        }
        assert!(
            read_cases("\u{feff}{\"vectors\": []}")
                .expect("a byte order mark is no harm")
                .is_empty()
        );
    }

    #[test]
    fn where_a_case_names_no_half_term_the_date_decides() {
        let case = |first: &str, possible: u32| {
            format!(
                r#"{{"id": "X-12", "shape": "pupil_runs",
                     "input": {{"first_date": "{first}", "dob": "2010-01-05", "runs": [{{"days": 5, "am": "/", "pm": "\\"}}]}},
                     "expect": {{"possible": 10, "dfe_full_year": {{"in_cohort": true, "reason": null, "possible": {possible}}}}}}}"#
            )
        };
        assert_eq!(run(&case("2026-05-18", 10)), Ok(vec![]));
        assert_eq!(run(&case("2026-05-25", 0)), Ok(vec![]));
        assert_eq!(run(&case("2026-05-21", 4)), Ok(vec![]));
    }

    #[test]
    fn half_terms_are_read_as_the_cases_write_them() {
        assert_eq!(is_last_half_term("HT6"), Some(true));
        assert_eq!(is_last_half_term("HT1-HT5"), Some(false));
        assert_eq!(is_last_half_term("HT3"), Some(false));
        assert_eq!(is_last_half_term("HT5-HT6"), None);
        assert_eq!(is_last_half_term("HT7"), None);
        assert_eq!(is_last_half_term("summer"), None);
    }

    #[test]
    fn a_code_of_an_earlier_era_takes_the_meaning_of_the_first_day() {
        let case = r#"{"id": "X-13", "shape": "pupil_runs",
            "input": {"first_date": "2011-08-29", "runs": [{"days": 5, "am": "D", "pm": "D"}]},
            "expect": {"attended": 10, "not_possible": 0}}"#;
        assert_eq!(run(case), Ok(vec![]));
        let case = r#"{"id": "X-14", "shape": "pupil_runs",
            "input": {"first_date": "2024-08-16", "runs": [{"days": 2, "am": "/", "pm": "J1"}]},
            "expect": {"attended": 2}}"#;
        assert!(told(case).contains("J1 had no meaning on 16 August 2024"));
    }

    #[test]
    fn years_that_no_register_holds_are_read_without_harm() {
        for first in ["0000-01-01", "9999-12-31", "1066-10-14"] {
            let case = format!(
                r#"{{"id": "X-15", "shape": "pupil_runs",
                     "input": {{"first_date": "{first}", "dob": "9999-12-31", "enrolled_from": "9999-12-31", "runs": [{{"days": 3, "am": null, "pm": null}}]}},
                     "expect": {{"missing_marks": 6, "dfe_full_year": {{"in_cohort": false}}}}}}"#
            );
            assert_eq!(run(&case), Ok(vec![]), "{first}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_makes_reading_or_running_fall_over(cuts in prop::collection::vec((0_usize..60_000, 0_usize..40, ".{0,12}"), 1..4)) {
            let mut text = VECTORS.to_owned();
            for (start, length, instead) in cuts {
                let boundary = |place: usize| (0..=place.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                text.replace_range(boundary(start)..boundary(start + length), &instead);
            }
            for case in read_cases(&text).into_iter().flatten().flatten() {
                let _ = case.differences(&OneByOne);
            }
        }

        #[test]
        fn no_case_of_odd_values_makes_running_fall_over(
            days in prop_oneof![Just("0".to_owned()), Just("1e3".to_owned()), Just("10000".to_owned()), Just("18446744073709551615".to_owned()), "-?[0-9]{1,3}"],
            am in prop_oneof![Just("null".to_owned()), "\"[A-Z#/0-9 é-]{0,4}\"", Just("[]".to_owned())],
            date in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
            born in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        ) {
            let file = format!(
                r#"{{"vectors": [{{"id": "X", "shape": "pupil_runs", "input": {{"first_date": "{date}", "dob": "{born}",
                    "runs": [{{"days": {days}, "am": {am}, "pm": null}}]}}, "expect": {{"dfe_full_year": {{"in_cohort": true}}}}}}]}}"#
            );
            for case in read_cases(&file).into_iter().flatten().flatten() {
                let _ = case.differences(&OneByOne);
            }
        }
    }
}
