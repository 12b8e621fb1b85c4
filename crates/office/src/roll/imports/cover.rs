//! Cover of single lessons, from a file: the same as [`crate::registers::cover_lesson`] lets the office set by hand.

use calendar::Day;
use exchange::{CoverRecord, DayField, Reading};

use super::Task;
use super::days::{
    DAY_PASSED, GROUP_NOT_HERE, NO_SCHOOL, PERIOD_NOT_HERE, TAKES_NO_REGISTERS, Told, is_taught,
    members, taker,
};
use super::draft::{CoverRow, Draft, Key};
use super::pupils::Effects;
use super::report::{Ground, Outcome, Report};
use super::timetable::{holders, known_group, known_period};

const NOT_YOURS: Ground = Ground {
    code: "RIGHT_MISSING",
    text: "Cover was left out, because it opens registers and you may not take every register.",
    remedy: "Ask the attendance office to bring the file.",
};
const NO_LESSON: Ground = Ground {
    code: "NO_LESSON",
    text: "{value} has no lesson in {detail}.",
    remedy: "Correct class, day or period; the timetable says when the class is taught.",
};
const OFF_THEN: Ground = Ground {
    code: "OFF_TIMETABLE",
    text: "{detail} runs instead of the lesson of {value}.",
    remedy: "Nothing to do, unless the lesson is held all the same: then put it back on timetable.",
};
const HAS_IT_ANYWAY: Ground = Ground {
    code: "HAS_IT_ANYWAY",
    text: "{value} has {detail} that day, and takes its lessons anyway.",
    remedy: "Choose somebody else, or leave the row out.",
};
const COVERS_ELSEWHERE: Ground = Ground {
    code: "COVERS_ELSEWHERE",
    text: "{value} covers {detail} at that time.",
    remedy: "Choose somebody else for one of the two lessons.",
};

/// Plans the cover of a reading. Lessons that the file does not name keep theirs.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    for record in &reading.covers {
        let outcome = match judge(draft, record, task) {
            Ok(wanted) => set(draft, wanted, effects),
            Err(held) => {
                let place = (record.line, record.class.as_str(), held.field);
                let mut told = Told::of(reading, report);
                told.add("held", held.ground, place, &held.value, &held.detail);
                Outcome::Held
            }
        };
        report.main.add(outcome, 1);
    }
}

/// Why a row waits.
struct Held {
    ground: &'static Ground,
    field: DayField,
    value: String,
    detail: String,
}

fn held<T>(ground: &'static Ground, field: DayField, value: &str, detail: &str) -> Result<T, Held> {
    Err(Held {
        ground,
        field,
        value: value.to_owned(),
        detail: detail.to_owned(),
    })
}

/// The cover that a row asks for, as the school stands.
fn judge(draft: &Draft, record: &CoverRecord, task: &Task<'_>) -> Result<CoverRow, Held> {
    let CoverRecord {
        day,
        class,
        covering,
        ..
    } = record;
    let day = *day;
    if !task.rights.marks {
        return held(&NOT_YOURS, DayField::Covering, "", "");
    }
    if day < task.today {
        return held(&DAY_PASSED, DayField::Date, &day.long(), "");
    }
    if !task.calendar.is_school_day(day) {
        let why = task.calendar.kind(day).name();
        return held(&NO_SCHOOL, DayField::Date, &day.long(), why);
    }
    let Some(group) = known_group(draft, class, task) else {
        return held(&GROUP_NOT_HERE, DayField::Group, class, "");
    };
    let Some(period) = known_period(draft, Some(&record.period), None, day) else {
        return held(&PERIOD_NOT_HERE, DayField::Period, &record.period, "");
    };
    if !is_taught(draft, task, group, period.period_id, day) {
        let when = format!("{} on {}", period.name, day.long());
        return held(&NO_LESSON, DayField::Period, class, &when);
    }
    if let Some(what) = instead_of(draft, group, period.period_id, day) {
        return held(&OFF_THEN, DayField::Group, class, &what);
    }
    let Some(member) = taker(draft, covering, day, task) else {
        return held(&TAKES_NO_REGISTERS, DayField::Covering, covering, "");
    };
    if holders(draft, group, day).contains(&member.staff_id) {
        return held(&HAS_IT_ANYWAY, DayField::Covering, covering, class);
    }
    let wanted = CoverRow {
        group_id: group,
        on_date: day,
        period_id: period.period_id,
        staff_id: member.staff_id,
    };
    if let Some(other) = elsewhere(draft, &wanted) {
        return held(&COVERS_ELSEWHERE, DayField::Covering, covering, &other);
    }
    Ok(wanted)
}

/// What runs instead of a class's lesson, for the school or for a group to which everybody in the class belongs.
fn instead_of(draft: &Draft, class: Key, period: Key, day: Day) -> Option<String> {
    let mut off = draft.off.each().map(|(_, row)| row).filter(|row| {
        let in_days = row.from_day <= day && day <= row.to_day;
        in_days && row.period_id.is_none_or(|own| own == period)
    });
    let everybody = |group: Key| {
        let class = members(draft, class, day);
        !class.is_empty() && class.is_subset(&members(draft, group, day))
    };
    off.find(|row| row.group_id.is_none_or(everybody))
        .map(|row| row.what.clone())
}

/// Another class that whoever is to cover has to cover then.
fn elsewhere(draft: &Draft, wanted: &CoverRow) -> Option<String> {
    let mut covers = draft.covers.each().map(|(_, row)| row);
    let other = covers.find(|row| {
        (row.on_date, row.period_id, row.staff_id)
            == (wanted.on_date, wanted.period_id, wanted.staff_id)
            && row.group_id != wanted.group_id
    })?;
    let mut groups = draft.groups.each().map(|(_, row)| row);
    groups
        .find(|row| row.group_id == other.group_id)
        .map(|row| row.name.clone())
}

fn set(draft: &mut Draft, wanted: CoverRow, effects: &mut Effects) -> Outcome {
    let place = |row: &CoverRow| (row.group_id, row.on_date, row.period_id);
    let found = draft
        .covers
        .each()
        .find(|(_, row)| place(row) == place(&wanted))
        .map(|(at, row)| (at, row.staff_id));
    match found {
        Some((_, staff)) if staff == wanted.staff_id => return Outcome::Unchanged,
        Some((at, _)) => draft
            .covers
            .change(at, |row| row.staff_id = wanted.staff_id),
        None => drop(draft.covers.push(wanted)),
    }
    effects.covers += 1;
    Outcome::Loaded
}
