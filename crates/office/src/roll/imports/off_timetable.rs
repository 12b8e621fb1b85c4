//! Days and periods off timetable, from a file: the same as [`crate::year::timetable::take_off_timetable`] enters by hand.

use exchange::{DayField, OffTimetableRecord, Reading};

use super::Task;
use super::days::{DAY_PASSED, GROUP_NOT_HERE, PERIOD_NOT_HERE, Told, members};
use super::draft::{Draft, Key, OffRow};
use super::pupils::Effects;
use super::report::{Ground, Outcome, Report};
use super::timetable::{known_group, known_period};
use crate::book::fold;

const KEPT_ALREADY: Ground = Ground {
    code: "LESSON_KEPT",
    text: "The register of a lesson of {detail} was kept on {value} already.",
    remedy: "Let it begin on a later day, or name a period that is still to come.",
};
const TOO_LONG: Ground = Ground {
    code: "TEXT_TOO_LONG",
    text: "“{value}” is longer than 80 characters.",
    remedy: "Say more shortly what runs instead.",
};

/// The longest text that says what runs instead.
const LONGEST: usize = 80;

/// Plans what is off timetable. What the file does not name stays.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    for record in &reading.off_timetable {
        let outcome = match judge(draft, record, task) {
            Ok(wanted) => set(draft, wanted, effects),
            Err((ground, field, value, detail)) => {
                let place = (record.line, record.what.as_str(), field);
                Told::of(reading, report).add("held", ground, place, &value, &detail);
                Outcome::Held
            }
        };
        report.main.add(outcome, 1);
    }
}

/// Why a row waits: the ground, its column, its value, and more of it.
type Held = (&'static Ground, DayField, String, String);

/// What a row asks for, as the school stands. The key of the entry is not given yet.
fn judge(draft: &Draft, record: &OffTimetableRecord, task: &Task<'_>) -> Result<Wanted, Held> {
    let held = |ground, field, value: &str, detail: &str| {
        Err((ground, field, value.to_owned(), detail.to_owned()))
    };
    if record.from < task.today {
        return held(&DAY_PASSED, DayField::Date, &record.from.long(), "");
    }
    if record.what.chars().count() > LONGEST {
        return held(&TOO_LONG, DayField::What, &record.what, "");
    }
    let group = match &record.group {
        None => None,
        Some(name) => match group_of(draft, name, task) {
            Some(group) => Some(group),
            None => return held(&GROUP_NOT_HERE, DayField::Group, name, ""),
        },
    };
    let period = match &record.period {
        None => None,
        Some(name) => match known_period(draft, Some(name), None, record.from) {
            Some(period) => Some(period.period_id),
            None => return held(&PERIOD_NOT_HERE, DayField::Period, name, ""),
        },
    };
    let wanted = Wanted {
        from: record.from,
        to: record.to,
        group,
        period,
        what: record.what.clone(),
    };
    if let Some(class) = kept_already(draft, &wanted, task) {
        return held(&KEPT_ALREADY, DayField::Date, &record.from.long(), &class);
    }
    Ok(wanted)
}

struct Wanted {
    from: calendar::Day,
    to: calendar::Day,
    group: Option<Key>,
    period: Option<Key>,
    what: String,
}

/// A group by its name; `11` may stand for `Year 11`.
fn group_of(draft: &Draft, name: &str, task: &Task<'_>) -> Option<Key> {
    known_group(draft, name, task).or_else(|| known_group(draft, &format!("Year {name}"), task))
}

/// A class that it would concern and whose register was kept on one of its days.
fn kept_already(draft: &Draft, wanted: &Wanted, task: &Task<'_>) -> Option<String> {
    let mut kept = task.kept.iter().filter(|((_, period), day)| {
        let in_days = wanted.from <= **day && **day <= wanted.to;
        in_days && wanted.period.is_none_or(|own| own == *period)
    });
    let concerns = |class: Key, day| match wanted.group {
        None => true,
        Some(group) => !members(draft, class, day).is_disjoint(&members(draft, group, day)),
    };
    let ((class, _), _) = kept.find(|((class, _), day)| concerns(*class, **day))?;
    let mut groups = draft.groups.each().map(|(_, row)| row);
    groups
        .find(|row| row.group_id == *class)
        .map(|row| row.name.clone())
}

fn set(draft: &mut Draft, wanted: Wanted, effects: &mut Effects) -> Outcome {
    let same = |row: &OffRow| {
        (row.from_day, row.to_day, row.group_id, row.period_id)
            == (wanted.from, wanted.to, wanted.group, wanted.period)
            && fold(&row.what) == fold(&wanted.what)
    };
    if draft.off.each().any(|(_, row)| same(row)) {
        return Outcome::Unchanged;
    }
    let off_id = draft.new_key();
    draft.off.push(OffRow {
        off_id,
        from_day: wanted.from,
        to_day: wanted.to,
        group_id: wanted.group,
        period_id: wanted.period,
        what: wanted.what,
    });
    effects.off_timetable += 1;
    Outcome::Loaded
}
