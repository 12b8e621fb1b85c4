//! What becomes of each column of a file, said before anything is stored: nothing is left out in silence (I-016, I-080).

use exchange::{Field, HeadingFate, MarkField, PupilField, Reading};

use super::Choices;
use super::prepare::ColumnFate;
use crate::people::{Access, Actor, RecordKind, Role, granted};

/// The kind of record to which a pupil's column belongs in the access matrix, where it is not the pupil record itself.
fn kept_with(field: PupilField) -> Option<RecordKind> {
    use PupilField as P;
    match field {
        P::Ethnicity
        | P::FirstLanguage
        | P::FreeMeals
        | P::PupilPremium
        | P::AdditionalLanguage
        | P::ServiceChild
        | P::YoungCarer => Some(RecordKind::VulnerabilityFlags),
        P::Sen => Some(RecordKind::SenProfile),
        P::InCare => Some(RecordKind::SocialCareStatus),
        _ => None,
    }
}

/// The kind of record that a column tells of, where it is not the pupil record itself or its marks.
fn record_of(field: Field) -> Option<RecordKind> {
    match field {
        Field::Pupil(field) => kept_with(field),
        Field::Contact(..) => Some(RecordKind::Contacts),
        Field::Mark(_) | Field::Timetable(_) | Field::Day(_) => None,
    }
}

/// Whether a column tells of a kind of record that this person may not read of every pupil.
pub(super) fn is_closed_to(column: &ColumnFate, actor: &Actor) -> bool {
    let record = column.record.as_deref().and_then(RecordKind::from_key);
    record.is_some_and(|kind| !actor.may_for_school(Access::Read, kind))
}

/// Why a column that is understood has no place here, if it has none.
fn no_place(field: Field) -> Option<&'static str> {
    use PupilField as P;
    match field {
        Field::Pupil(P::FreeMealsEver6) => {
            Some("free meals are kept with the days on which they hold, not as a six-year sum")
        }
        Field::Pupil(P::Phone | P::Email) => {
            Some("telephones and e-mail addresses are kept of contacts, not of pupils")
        }
        Field::Pupil(P::FormerSurname) => Some("a former surname is not kept"),
        Field::Mark(MarkField::Time | MarkField::TakenBy) => {
            Some("who took a register elsewhere, and when, is not kept")
        }
        _ => None,
    }
}

/// The roles that may change this kind of record for every pupil.
fn who_may(kind: RecordKind) -> String {
    let may = |role: &&Role| granted(**role, kind).0 == Access::Write;
    let roles: Vec<&str> = Role::ALL
        .iter()
        .filter(may)
        .map(|role| role.label())
        .collect();
    roles.join(", ")
}

/// What becomes of every column of a reading for this person and these choices.
pub(super) fn fates(reading: &Reading, choices: &Choices, actor: &Actor) -> Vec<ColumnFate> {
    let mut fates: Vec<ColumnFate> = Vec::new();
    let mut marks = 0;
    for heading in &reading.headings {
        let (read_as, left_out, record) = match heading.fate {
            HeadingFate::MarkColumn => {
                marks += 1;
                continue;
            }
            HeadingFate::OfFormat => continue,
            HeadingFate::Ignored => (String::new(), None, None),
            HeadingFate::Dropped => {
                let why = "such columns are never read (I-023)";
                (String::new(), Some(why.to_owned()), None)
            }
            HeadingFate::Mapped(field) => (
                field.words(),
                left_out(field, choices, actor),
                record_of(field),
            ),
        };
        fates.push(ColumnFate {
            heading: heading.heading.clone(),
            read_as,
            left_out,
            record: record.map(|kind| kind.key().to_owned()),
        });
    }
    if marks > 0 {
        fates.push(ColumnFate {
            heading: format!("{marks} columns of days"),
            read_as: "marks".to_owned(),
            left_out: None,
            record: None,
        });
    }
    fates
}

fn left_out(field: Field, choices: &Choices, actor: &Actor) -> Option<String> {
    if let Some(why) = no_place(field) {
        return Some(why.to_owned());
    }
    let kind = record_of(field)?;
    let sensitive = kind != RecordKind::Contacts;
    if sensitive && !choices.sensitive {
        return Some("as chosen for this import".to_owned());
    }
    if actor.may_for_school(Access::Write, kind) {
        return None;
    }
    let roles: Vec<&str> = actor.roles.iter().map(|role| role.label()).collect();
    Some(format!(
        "your role ({}) may not change {}; these may: {}",
        roles.join(", "),
        kind.label().to_lowercase().replace("senco", "SENCO"),
        who_may(kind)
    ))
}
