//! A save as browsers send it: JSON from the grid, a form where no script runs.

use std::collections::BTreeMap;

use calendar::Instant;
use serde::Deserialize;

use super::enter::Change;
use super::save::Save;
use crate::ids::EnrolmentId;

/// A save as the grid sends it.
///
/// `{change_id, device_at, sent_at, on_behalf_of, fill, changes: [{enrolment, code, minutes, note, sub_code, reason, base}]}`; all but the first
/// may be left out.
#[derive(Debug, Deserialize)]
pub struct SentSave {
    change_id: String,
    #[serde(default)]
    device_at: Option<DeviceTime>,
    #[serde(default)]
    sent_at: Option<DeviceTime>,
    #[serde(default)]
    on_behalf_of: Option<String>,
    #[serde(default)]
    fill: bool,
    #[serde(default)]
    changes: Vec<Change>,
}

/// The device's clock: a moment in ISO 8601, or microseconds since 1970.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum DeviceTime {
    Text(String),
    Micros(i64),
}

impl DeviceTime {
    fn told(self) -> Option<Instant> {
        match self {
            DeviceTime::Text(text) => text.parse().ok(),
            DeviceTime::Micros(micros) => Some(Instant::from_micros(micros)),
        }
    }
}

impl From<SentSave> for Save {
    fn from(sent: SentSave) -> Save {
        Save {
            change_id: sent.change_id,
            // A device whose clock cannot be read has given no evidence; its marks count all the same.
            device_at: sent.device_at.and_then(DeviceTime::told),
            sent_at: sent.sent_at.and_then(DeviceTime::told),
            on_behalf_of: filled(sent.on_behalf_of),
            changes: sent.changes,
            fill: sent.fill,
            holds_if_overtaken: false,
        }
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// A save as the form without script posts it: `change_id`, `reason`, `on_behalf_of`, `fill`, and for each row
/// `code-{enrolment}`, `minutes-{enrolment}`, `note-{enrolment}`, `sub_code-{enrolment}`, `base-{enrolment}`.
///
/// A form sends every row; rows that say what stands come back unchanged. Numbers that cannot be read are left out.
pub fn from_form(fields: Vec<(String, String)>) -> Save {
    let mut save = Save::default();
    let mut reason = None;
    let mut rows: BTreeMap<i64, Change> = BTreeMap::new();
    for (name, value) in fields {
        match name.as_str() {
            "change_id" => save.change_id = value,
            "reason" => reason = filled(Some(value)),
            "on_behalf_of" => save.on_behalf_of = filled(Some(value)),
            "fill" => save.fill = value == "yes",
            _ => {
                let Some((field, enrolment)) = name.split_once('-') else {
                    continue;
                };
                let Ok(enrolment) = enrolment.parse() else {
                    continue;
                };
                let row = rows.entry(enrolment).or_insert_with(|| Change {
                    enrolment: EnrolmentId(enrolment),
                    ..Change::default()
                });
                match field {
                    "code" => row.code = filled(Some(value)),
                    "minutes" => row.minutes = value.trim().parse().ok(),
                    "note" => row.note = filled(Some(value)),
                    "sub_code" => row.sub_code = Some(value),
                    "base" => row.base = value.parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
    }
    // Blank rows are left to the filling; else they would say that they shall stay blank.
    let fill = save.fill;
    save.changes = rows
        .into_values()
        .filter(|row| !(fill && row.code.is_none()))
        .map(|row| Change {
            reason: reason.clone(),
            ..row
        })
        .collect();
    save
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_may_leave_out_what_it_does_not_know() {
        let sent: SentSave = serde_json::from_str(
            r#"{"change_id":"a-1","device_at":"2026-11-24T08:44:12.000Z","changes":[{"enrolment":4,"code":"L","base":null}]}"#,
        )
        .expect("a save");
        let save = Save::from(sent);
        assert_eq!(
            save.device_at,
            Some(Instant::from_micros(1_795_509_852_000_000))
        );
        assert_eq!((save.changes[0].base, save.changes[0].minutes), (0, None));
        let micros: SentSave =
            serde_json::from_str(r#"{"change_id":"a","device_at":7}"#).expect("a save");
        assert_eq!(Save::from(micros).device_at, Some(Instant::from_micros(7)));
    }

    #[test]
    fn a_form_brings_every_row_and_one_reason_for_all() {
        let fields = [
            ("change_id", "a"),
            ("reason", " the parent rang "),
            ("code-4", "l"),
            ("minutes-4", "6"),
            ("base-4", "12"),
            ("code-5", ""),
            ("base-5", "0"),
            ("fill", "yes"),
            ("nonsense", "1"),
        ];
        let save = from_form(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        );
        assert!(save.fill);
        assert_eq!(save.changes.len(), 1, "blank rows are left to the filling");
        let row = &save.changes[0];
        assert_eq!((row.minutes, row.base), (Some(6), 12));
        assert_eq!(row.reason.as_deref(), Some("the parent rang"));
    }
}
