//! Staff, groups and who belongs to them, from OneRoster and School Data Sync sets (I-385 to I-410).

use std::collections::HashMap;

use exchange::{GroupKind, MemberRole, Reading, SourceId, StaffRecord, Standing};

use super::Task;
use super::draft::{Draft, DutyRow, GroupRow, Key, MembershipRow, PostRow, StaffRow};
use super::pupils::Effects;
use super::report::{Ground, Outcome, Place, Report};
use crate::book::fold;

const MEMBER_NOT_HERE: Ground = Ground {
    code: "MEMBER_NOT_HERE",
    text: "The person or the group of this membership is not here ({detail}).",
    remedy: "Settle that record first and import the set again.",
};
const NOT_ON_ROLL: Ground = Ground {
    code: "NOT_ON_ROLL",
    text: "The pupil has no time on roll, so they cannot be in a group yet.",
    remedy: "Enter the pupil's starting day, then import the set again.",
};

/// Plans staff, groups and memberships of a set; pupils are planned before.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let offered = |standing: Standing| standing == Standing::Offered;
    for record in reading
        .staff
        .iter()
        .filter(|record| offered(record.standing))
    {
        let before = draft.touches();
        staff(draft, record, task, effects);
        report.main.add(outcome(draft, before), 1);
    }
    let mut group_keys = HashMap::new();
    for record in reading
        .groups
        .iter()
        .filter(|record| offered(record.standing))
    {
        let before = draft.touches();
        let key = group(draft, record, task, effects);
        if let Some(id) = &record.source_id {
            group_keys.insert(id.id.as_str(), key);
        }
        report.main.add(outcome(draft, before), 1);
    }
    let source = source_of(reading, task);
    for record in reading
        .memberships
        .iter()
        .filter(|record| offered(record.standing))
    {
        let before = draft.touches();
        let known = group_keys.get(record.group.as_str()).copied();
        let group = known.or_else(|| draft.linked(&source, "group", &record.group));
        let result = match (group, record.role) {
            (None, _) => Err((&MEMBER_NOT_HERE, record.group.as_str())),
            (Some(group), MemberRole::Pupil) => pupil_in(draft, &source, group, record, task),
            (Some(group), MemberRole::Teacher) => teacher_of(draft, &source, group, record, task),
        };
        let outcome = match result {
            Ok(()) => outcome(draft, before),
            Err((ground, detail)) => {
                let place = Place {
                    line: record.line,
                    record: &record.person,
                    column: "",
                };
                report.add("held", ground, place, "", detail);
                Outcome::Held
            }
        };
        report.main.add(outcome, 1);
    }
}

fn outcome(draft: &Draft, before: u64) -> Outcome {
    if draft.touches() == before {
        Outcome::Unchanged
    } else {
        Outcome::Loaded
    }
}

fn source_of(reading: &Reading, task: &Task<'_>) -> String {
    if let Some(source) = &task.choices.source {
        return source.clone();
    }
    let ids = reading
        .groups
        .iter()
        .filter_map(|group| group.source_id.as_ref());
    ids.map(|id| id.source.clone()).next().unwrap_or_default()
}

fn link_of(id: Option<&SourceId>, task: &Task<'_>) -> Option<(String, String)> {
    let id = id?;
    let source = task.choices.source.as_deref().unwrap_or(&id.source);
    Some((source.to_owned(), id.id.clone()))
}

/// Somebody by the source's identifier, else by staff code, else by surname with the same work e-mail; or somebody new.
fn staff(draft: &mut Draft, record: &StaffRecord, task: &Task<'_>, effects: &mut Effects) {
    let link = link_of(record.source_id.as_ref(), task);
    let email = record.email.as_ref().and_then(|email| email.usable.clone());
    let linked = link
        .as_ref()
        .and_then(|(source, id)| draft.linked(source, "staff", id));
    let same = |row: &StaffRow| {
        let by_code = record.staff_code.is_some() && row.code == record.staff_code;
        let by_email = email.is_some() && row.email == email;
        by_code || (by_email && fold(&row.surname) == fold(&record.surname))
    };
    let found = match linked {
        Some(key) => draft.staff.each().find(|(_, row)| row.staff_id == key),
        None => draft.staff.each().find(|(_, row)| same(row)),
    };
    let found = found.map(|(at, row)| (at, row.staff_id));
    let key = match found {
        Some((at, key)) => {
            let overwrite = !task.mode.roll_here();
            draft.staff.change(at, |row| {
                if overwrite {
                    row.forename.clone_from(&record.forename);
                    row.surname.clone_from(&record.surname);
                    row.leaving_day = record.to.or(row.leaving_day);
                }
                row.email = row.email.take().or(email);
                row.code = row.code.take().or_else(|| record.staff_code.clone());
            });
            key
        }
        None => {
            effects.staff += 1;
            let key = draft.new_key();
            draft.staff.push(StaffRow {
                staff_id: key,
                code: record.staff_code.clone(),
                title: record.title.clone().unwrap_or_default(),
                forename: record.forename.clone(),
                surname: record.surname.clone(),
                email,
                account_id: None,
                starting_day: record.from,
                leaving_day: record.to,
            });
            if let Some(role) = record.roles.first() {
                let post_id = draft.new_key();
                draft.posts.push(PostRow {
                    post_id,
                    staff_id: key,
                    job_title: role.clone(),
                    from_day: record.from.unwrap_or(task.year_begins),
                    to_day: record.to,
                });
            }
            key
        }
    };
    if let Some((source, id)) = link {
        draft.link(&source, "staff", &id, key);
    }
}

fn group(
    draft: &mut Draft,
    record: &exchange::GroupRecord,
    task: &Task<'_>,
    effects: &mut Effects,
) -> Key {
    let link = link_of(record.source_id.as_ref(), task);
    let kind = match record.kind {
        GroupKind::Registration => "tutor",
        GroupKind::Class => "class",
    };
    let first_year = i64::from(task.year.first_year());
    let linked = link
        .as_ref()
        .and_then(|(source, id)| draft.linked(source, "group", id));
    let named = || {
        let of_kind = draft
            .groups
            .each()
            .map(|(_, row)| row)
            .filter(|row| row.kind == kind);
        of_kind
            .filter(|row| fold(&row.name) == fold(&record.name))
            .find(|row| row.first_year.is_none_or(|own| own == first_year))
            .map(|row| row.group_id)
    };
    let key = linked.or_else(named).unwrap_or_else(|| {
        effects.groups += 1;
        let key = draft.new_key();
        draft.groups.push(GroupRow {
            group_id: key,
            kind: kind.to_owned(),
            name: record.name.clone(),
            subject: record.subject.clone(),
            room: None,
            first_year: Some(first_year),
        });
        key
    });
    if let Some((source, id)) = link {
        draft.link(&source, "group", &id, key);
    }
    key
}

type Held<'r> = (&'static Ground, &'r str);

fn pupil_in<'r>(
    draft: &mut Draft,
    source: &str,
    group: Key,
    record: &'r exchange::MembershipRecord,
    task: &Task<'_>,
) -> Result<(), Held<'r>> {
    let pupil = draft
        .linked(source, "pupil", &record.person)
        .ok_or((&MEMBER_NOT_HERE, record.person.as_str()))?;
    let times = draft.enrolments_of.get(&pupil).into_iter().flatten();
    let latest = times
        .map(|at| draft.enrolments.get(*at))
        .max_by_key(|row| row.starting_day);
    let Some((enrolment, started)) = latest.map(|row| (row.enrolment_id, row.starting_day)) else {
        return Err((&NOT_ON_ROLL, ""));
    };
    let places = draft.memberships_of.get(&enrolment).into_iter().flatten();
    let is_in = places
        .filter(|at| !draft.memberships.is_ended(**at))
        .map(|at| draft.memberships.get(*at))
        .any(|row| row.group_id == group && (row.to_day.is_none() || row.to_day == record.to));
    if is_in {
        return Ok(());
    }
    let membership_id = draft.new_key();
    let at = draft.memberships.push(MembershipRow {
        membership_id,
        group_id: group,
        enrolment_id: enrolment,
        from_day: record.from.unwrap_or(task.year_begins).max(started),
        to_day: record.to,
    });
    draft.memberships_of.entry(enrolment).or_default().push(at);
    Ok(())
}

fn teacher_of<'r>(
    draft: &mut Draft,
    source: &str,
    group: Key,
    record: &'r exchange::MembershipRecord,
    task: &Task<'_>,
) -> Result<(), Held<'r>> {
    let staff = draft
        .linked(source, "staff", &record.person)
        .ok_or((&MEMBER_NOT_HERE, record.person.as_str()))?;
    let kind = draft.groups.each().find(|(_, row)| row.group_id == group);
    let duty = match kind {
        Some((_, row)) if row.kind == "tutor" => "tutor",
        _ => "teacher",
    };
    let has = draft.duties.each().any(|(_, row)| {
        row.group_id == group
            && row.staff_id == staff
            && row.duty == duty
            && (row.to_day.is_none() || row.to_day == record.to)
    });
    if !has {
        let group_staff_id = draft.new_key();
        draft.duties.push(DutyRow {
            group_staff_id,
            group_id: group,
            staff_id: staff,
            duty: duty.to_owned(),
            from_day: record.from.unwrap_or(task.year_begins),
            to_day: record.to,
        });
    }
    Ok(())
}
