//! The questions of a pupil's entry in the admission register, and what may stand in it.

use calendar::Day;
use store::{SchoolId, StoreError, Tx, args};

use super::record::PupilRow;
use crate::book::fold;
use crate::form::{Answers, Part, Wrongs, tick};
use crate::ids::PupilId;
use crate::shell::{Choice, Field};

/// The answers to the questions of an entry, checked.
#[derive(Clone, Debug)]
pub(super) struct PupilEntry {
    pub(super) legal_surname: String,
    pub(super) legal_forename: String,
    pub(super) middle_names: String,
    pub(super) surname: String,
    pub(super) forename: String,
    pub(super) sex: Option<String>,
    pub(super) birth_day: Day,
    pub(super) upn: Option<String>,
    pub(super) former_upn: Option<String>,
    pub(super) uln: Option<String>,
    pub(super) admission_number: Option<String>,
}

/// The names under which an entry's questions are sent.
pub(super) const QUESTIONS: [&str; 11] = [
    "legal_surname",
    "legal_forename",
    "middle_names",
    "surname",
    "forename",
    "sex",
    "birth_day",
    "upn",
    "former_upn",
    "uln",
    "admission_number",
];

/// The questions.
pub(super) fn questions() -> Vec<Part> {
    let names = vec![
        Field::line("legal_surname", "Legal surname"),
        Field::line("legal_forename", "Legal forename"),
        Field::line("middle_names", "Middle names").optional(),
        Field::line("surname", "Surname used at school")
            .hint("Leave empty if it is the legal one.")
            .optional(),
        Field::line("forename", "Forename used at school")
            .hint("Leave empty if it is the legal one.")
            .optional(),
        Field::select(
            "sex",
            "Sex",
            vec![
                Choice::new("", "Choose"),
                Choice::new("F", "Female"),
                Choice::new("M", "Male"),
            ],
        )
        .short(),
        Field::day("birth_day", "Date of birth"),
    ];
    let numbers = vec![
        Field::line("upn", "UPN")
            .hint("13 characters. Leave empty until the last school or the authority gives it.")
            .short()
            .optional(),
        Field::line("former_upn", "Former UPN").short().optional(),
        Field::line("uln", "Unique learner number")
            .short()
            .optional(),
        Field::line("admission_number", "Admission number")
            .short()
            .optional(),
    ];
    vec![
        Part::new("Name, sex and birth", names),
        Part::new("Numbers", numbers),
    ]
}

/// The answers that an entry gives.
pub(super) fn answers(row: &PupilRow) -> Answers {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    Answers::of([
        ("legal_surname", row.legal_surname.clone()),
        ("legal_forename", row.legal_forename.clone()),
        ("middle_names", row.middle_names.clone()),
        ("surname", row.surname.clone()),
        ("forename", row.forename.clone()),
        ("sex", optional(&row.sex)),
        ("birth_day", row.birth_day.to_string()),
        ("upn", optional(&row.upn)),
        ("former_upn", optional(&row.former_upn)),
        ("uln", optional(&row.uln)),
        ("admission_number", optional(&row.admission_number)),
    ])
}

/// Reads and checks the answers; nothing when something is wrong, which `wrongs` then says.
pub(super) fn read(answers: &Answers, today: Day, wrongs: &mut Wrongs) -> Option<PupilEntry> {
    let legal_surname = answers.required(
        "legal_surname",
        "Give the legal surname; the admission register must hold the full name (R-003).",
        wrongs,
    );
    let legal_forename = answers.required(
        "legal_forename",
        "Give the legal forename; the admission register must hold the full name (R-003).",
        wrongs,
    );
    answers.required(
        "sex",
        "Choose the sex; the admission register must hold it (R-003).",
        wrongs,
    );
    let birth_day = answers.day("birth_day", wrongs);
    if let Some(born) = birth_day
        && !(born <= today && born.age_on(today) < 26)
    {
        wrongs.add(
            "birth_day",
            "A pupil cannot have been born then. Check the year.",
        );
    }
    let upn_now = upn("upn", answers, wrongs);
    let former_upn = upn("former_upn", answers, wrongs);
    let uln = answers.given("uln");
    if uln
        .as_deref()
        .is_some_and(|number| !exchange::upn::learner_number_is_plausible(number))
    {
        wrongs.add(
            "uln",
            "A unique learner number has 10 digits, the last of which is a check.",
        );
    }
    let or_legal =
        |name: &str, legal: &str| answers.given(name).unwrap_or_else(|| legal.to_owned());
    let entry = PupilEntry {
        surname: or_legal("surname", &legal_surname),
        forename: or_legal("forename", &legal_forename),
        legal_surname,
        legal_forename,
        middle_names: answers.text("middle_names").to_owned(),
        sex: answers.given("sex"),
        birth_day: birth_day?,
        upn: upn_now,
        former_upn,
        uln,
        admission_number: answers.given("admission_number"),
    };
    wrongs.is_empty().then_some(entry)
}

fn upn(name: &'static str, answers: &Answers, wrongs: &mut Wrongs) -> Option<String> {
    let text = answers.given(name)?;
    match exchange::upn::check(&text) {
        Ok(upn) => Some(upn.as_str().to_owned()),
        Err(fault) => {
            wrongs.add(name, format!("This is no UPN: {fault} (I-042)."));
            None
        }
    }
}

const SAME_UPN: &str = "\
select pupil_id, surname, forename from pupil
where school_id = $1 and upn = $2 and pupil_id <> $3 and superseded_seq is null";

const SAME_ADMISSION_NUMBER: &str = "\
select pupil_id, surname, forename from pupil
where school_id = $1 and admission_number = $2 and pupil_id <> $3 and superseded_seq is null";

const SAME_BIRTHDAY: &str = "\
select pupil_id, legal_surname, legal_forename, surname, forename from pupil
where school_id = $1 and birth_day = $2 and pupil_id <> $3 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SAME_UPN, SAME_ADMISSION_NUMBER, SAME_BIRTHDAY];

/// Refuses a number that another pupil has, and asks about a namesake with the same birthday unless that was confirmed.
///
/// `own` is the pupil who is amended; none for a new one. Answers the question to add to the form, if there is one.
pub(super) fn duplicates(
    tx: &mut Tx,
    school: SchoolId,
    entry: &PupilEntry,
    own: Option<PupilId>,
    answers: &Answers,
    wrongs: &mut Wrongs,
) -> Result<Option<Field>, StoreError> {
    let own = own.unwrap_or(PupilId(0));
    for (sql, name, number, what) in [
        (SAME_UPN, "upn", &entry.upn, "UPN"),
        (
            SAME_ADMISSION_NUMBER,
            "admission_number",
            &entry.admission_number,
            "admission number",
        ),
    ] {
        let Some(number) = number else { continue };
        let other = tx.query(sql, &args![school, number, own], |row| {
            Ok(format!(
                "{}, {}",
                row.get::<String>(1)?,
                row.get::<String>(2)?
            ))
        })?;
        if let Some(other) = other.first() {
            wrongs.add(
                name,
                format!("{other} has this {what}. If this is the same pupil, open that record and enter a new time on roll there."),
            );
        }
    }
    let names = |surname: &str, forename: &str| fold(&format!("{surname} {forename}"));
    let namesakes = tx.query(SAME_BIRTHDAY, &args![school, entry.birth_day, own], |row| {
        let legal = names(&row.get::<String>(1)?, &row.get::<String>(2)?);
        let (surname, forename): (String, String) = (row.get(3)?, row.get(4)?);
        let used = names(&surname, &forename);
        let ours = [
            names(&entry.legal_surname, &entry.legal_forename),
            names(&entry.surname, &entry.forename),
        ];
        let same = ours.contains(&legal) || ours.contains(&used);
        Ok(same.then(|| format!("{surname}, {forename}")))
    })?;
    let Some(namesake) = namesakes.into_iter().flatten().next() else {
        return Ok(None);
    };
    if !answers.ticked("another_person") {
        wrongs.add(
            "another_person",
            format!(
                "{namesake}, born {}, is known here already. Look at that record first; tick this only if the two are different people.",
                entry.birth_day.long()
            ),
        );
    }
    Ok(Some(tick(
        "another_person",
        "This is another person with the same name and birthday",
    )))
}
