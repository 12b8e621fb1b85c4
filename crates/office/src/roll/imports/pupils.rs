//! Pupils of a list or a transfer file against the roll: who joins, who changes, who waits for a person.

use calendar::{Day, SchoolYear};
use exchange::{Address, Coded, PupilRecord, Reading, Standing};

use super::draft::{
    AddressRow, CharacteristicRow, Draft, EnrolmentRow, GroupRow, Index, Key, MembershipRow,
    PriorRow, PupilRow, ResidenceRow,
};
use super::report::{Ground, Outcome, Place, Report};
use super::settle::{self, Case, CaseKind, Verdict};
use super::who::{self, Found};
use super::{Rights, Task};
use crate::book::{BOARDS, fold};
use crate::roll::characteristic_kinds::says_none;

const BIRTH_DAY_MISSING: Ground = Ground {
    code: "BIRTH_DAY_MISSING",
    text: "The pupil is not here yet and the record has no date of birth.",
    remedy: "Import the pupils from the school's own list first, or add the date of birth.",
};
const NAMESAKE: Ground = Ground {
    code: "NAMESAKE",
    text: "A pupil of the same name and date of birth is here, and no identifier says whether it is the same child.",
    remedy: "Give the pupil here the identifier of the record, or add the child by hand if it is another.",
};
const FIELD_KEPT: Ground = Ground {
    code: "FIELD_KEPT",
    text: "{column} is “{value}” in the file and “{detail}” here; what stands here was kept, because this school keeps its roll in Rollbook (I-013).",
    remedy: "Change it on the pupil's page if the file is right.",
};
const STARTING_DAY_ASSUMED: Ground = Ground {
    code: "STARTING_DAY_ASSUMED",
    text: "The file does not say when the pupil started; the first day of this school year ({detail}) was taken.",
    remedy: "Enter the starting day (R-002) of pupils who joined on another day.",
};
const RIGHT_MISSING: Ground = Ground {
    code: "RIGHT_MISSING",
    text: "{column} was left out, because you may not change it.",
    remedy: "Ask somebody who keeps it, such as the headteacher or the SENCO, to import the list.",
};
const NOT_TICKED: Ground = Ground {
    code: "NOT_TICKED",
    text: "{column} was left out, as chosen for this import.",
    remedy: "Import again with sensitive columns if the school needs it here.",
};
const CODE_UNKNOWN: Ground = Ground {
    code: "CODE_UNKNOWN",
    text: "{column} has a code that is not known, so the field stays as it is.",
    remedy: "Correct the code at its source.",
};

/// Consequences of the plan that a person confirms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    pub joining: u32,
    pub expected: u32,
    pub leavers: u32,
    pub changed: u32,
    pub leaving: u32,
    pub surname_changed: u32,
    pub year_changed: u32,
    pub contacts: u32,
    pub no_messages: Vec<String>,
    pub priors: u32,
    pub staff: u32,
    pub groups: u32,
    pub periods: u32,
    pub rooms: u32,
    pub lessons: u32,
    pub lessons_ended: u32,
    /// Places of pupils in classes, from a timetable.
    pub places: u32,
    pub covers: u32,
    pub off_timetable: u32,
    pub exams: u32,
    /// Candidates who get a seat or another one.
    pub seats: u32,
}

/// Plans every pupil of a reading; answers the place of each record's pupil for the contacts beside them.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) -> Vec<(u32, Key)> {
    let mut placed = Vec::new();
    for record in &reading.pupils {
        let before = draft.touches();
        let waits = record.standing == Standing::Held;
        let whose = match settled(draft, record, report) {
            None if waits => {
                offer(draft, record, None, report);
                continue;
            }
            None => pupil_of(draft, record, task, report),
            Some(whose) => {
                if waits {
                    report.no_longer_held(record.line);
                }
                Ok(whose)
            }
        };
        let outcome = match whose {
            Err(doubt) => {
                let label = label(record);
                let number = record.key.admission_number.as_deref().unwrap_or_default();
                report.add("held", doubt.ground, place(record, &label), number, "");
                offer(draft, record, Some(&doubt), report);
                Outcome::Held
            }
            Ok(Whose::LeftOut) => Outcome::Skipped,
            Ok(Whose::Pupil { at, is_new }) => {
                let key = draft.pupils.get(at).pupil_id;
                let was = (!is_new).then(|| draft.pupils.get(at).clone());
                let parts = draft.touches_by_part();
                fill(draft, at, is_new, record, task, report, effects);
                placed.push((record.line, key));
                if draft.touches() == before {
                    Outcome::Unchanged
                } else {
                    effects.changed += u32::from(!is_new);
                    let what = what_changed(draft, at, was.as_ref(), parts);
                    report.changed(record.line, &label(record), what);
                    Outcome::Loaded
                }
            }
        };
        report.main.add(outcome, 1);
    }
    placed
}

/// What a record changes, for the report: names and numbers with their values, the rest by its part of the record.
fn what_changed(
    draft: &Draft,
    at: usize,
    was: Option<&PupilRow>,
    parts: [(&'static str, u64); 5],
) -> String {
    let Some(was) = was else {
        return "A new pupil.".to_owned();
    };
    let is = draft.pupils.get(at);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let pairs = [
        (
            "surname",
            was.legal_surname.clone(),
            is.legal_surname.clone(),
        ),
        (
            "forename",
            was.legal_forename.clone(),
            is.legal_forename.clone(),
        ),
        (
            "middle names",
            was.middle_names.clone(),
            is.middle_names.clone(),
        ),
        ("surname in use", was.surname.clone(), is.surname.clone()),
        ("forename in use", was.forename.clone(), is.forename.clone()),
        ("UPN", text(&was.upn), text(&is.upn)),
        ("ULN", text(&was.uln), text(&is.uln)),
        (
            "admission number",
            text(&was.admission_number),
            text(&is.admission_number),
        ),
        ("sex", text(&was.sex), text(&is.sex)),
        (
            "date of birth",
            was.birth_day.slashed(),
            is.birth_day.slashed(),
        ),
    ];
    let mut said: Vec<String> = pairs
        .into_iter()
        .filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| match was.as_str() {
            "" => format!("{name} “{is}”"),
            _ => format!("{name} “{was}” to “{is}”"),
        })
        .collect();
    let now = draft.touches_by_part();
    let touched = parts.iter().zip(&now).filter(|(was, is)| was.1 != is.1);
    said.extend(touched.map(|((name, _), _)| (*name).to_owned()));
    match said.as_slice() {
        [] => "Known to another system by a new identifier.".to_owned(),
        said => format!("Changes: {}.", said.join("; ")),
    }
}

/// The pupil of a record.
enum Whose {
    /// This one, by their place; made by this import or here before.
    Pupil { at: usize, is_new: bool },
    /// Nobody: a person has decided to leave the record out.
    LeftOut,
}

/// Why a person has to say, and whom the record may mean.
struct Doubt {
    ground: &'static Ground,
    may_be: Vec<usize>,
}

fn doubt(ground: &'static Ground, may_be: Vec<usize>) -> Doubt {
    Doubt { ground, may_be }
}

/// Puts a record that waits before a person, with the pupils whom it may mean.
fn offer(draft: &Draft, record: &PupilRecord, doubt: Option<&Doubt>, report: &mut Report) {
    let (surname, forename) = (&record.legal_surname, &record.legal_forename);
    let mut may_be = match doubt {
        Some(doubt) => doubt.may_be.clone(),
        None => {
            let alike = |birth| who::namesakes(draft, &record.key, surname, forename, birth);
            alike(record.birth_date)
        }
    };
    may_be.truncate(4);
    let message = match doubt {
        Some(doubt) => settle::why(doubt.ground, &record.key),
        None if record.key.is_empty() => NO_IDENTIFIER.to_owned(),
        None => REPEATED.to_owned(),
    };
    report.cases.push(Case {
        kind: CaseKind::Pupil,
        fingerprint: settle::of_pupil(record),
        line: record.line,
        record: label(record),
        message,
        says: settle::said_of_pupil(record),
        may_be: draft.pupil_ids(&may_be),
        may_be_new: record.birth_date.is_some(),
    });
}

const NO_IDENTIFIER: &str = "The record has neither a UPN nor an admission number. A name and a date of birth are never proof of who somebody is (I-031).";
const REPEATED: &str =
    "The file has this identifier on records that differ, so all of them wait (I-033).";

/// Whom a person has decided the record to mean; none: nobody has, or the pupil is no longer here.
fn settled(draft: &mut Draft, record: &PupilRecord, report: &mut Report) -> Option<Whose> {
    if draft.settled.is_empty() {
        return None;
    }
    let fingerprint = settle::of_pupil(record);
    let decided = draft
        .settled
        .get(&(CaseKind::Pupil, fingerprint.clone()))?
        .clone();
    let known = |draft: &Draft, key| draft.pupil_at.get(&key).copied();
    match decided.verdict {
        Verdict::Same(id) => {
            known(draft, Key::Known(id)).map(|at| Whose::Pupil { at, is_new: false })
        }
        Verdict::Another => {
            let made = draft.linked(settle::SOURCE, "pupil", &fingerprint);
            if let Some(at) = made.and_then(|key| known(draft, key)) {
                return Some(Whose::Pupil { at, is_new: false });
            }
            let birth_day = record.birth_date?;
            let at = new_pupil(draft, record, birth_day, report);
            let key = draft.pupils.get(at).pupil_id;
            draft.link(settle::SOURCE, "pupil", &fingerprint, key);
            Some(Whose::Pupil { at, is_new: true })
        }
        Verdict::LeaveOut => {
            let label = label(record);
            let place = place(record, &label);
            report.add("skipped", &settle::LEFT_OUT, place, "", &decided.reason);
            Some(Whose::LeftOut)
        }
    }
}

fn label(record: &PupilRecord) -> String {
    format!("{}, {}", record.legal_surname, record.legal_forename)
}

fn place<'a>(record: &PupilRecord, label: &'a str) -> Place<'a> {
    Place {
        line: record.line,
        record: label,
        column: "",
    }
}

/// The pupil of a record, made if nobody here is meant; or why a person has to say.
fn pupil_of(
    draft: &mut Draft,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
) -> Result<Whose, Doubt> {
    let source = task.choices.source.as_deref();
    let (surname, forename) = (&record.legal_surname, &record.legal_forename);
    match who::find(draft, &record.key, record.former_upn.as_ref(), source) {
        Found::Doubt(ground, may_be) => Err(doubt(ground, may_be)),
        Found::Pupil {
            at,
            restored,
            by_former_upn,
        } => {
            let own = draft.pupils.get(at);
            let other_birth = record.birth_date.is_some_and(|day| day != own.birth_day);
            let other_name = fold(surname) != fold(&own.legal_surname);
            if by_former_upn && (other_birth || record.birth_date.is_none()) {
                return Err(doubt(&who::FORMER_UPN_DIFFERS, vec![at]));
            }
            if other_birth && other_name {
                return Err(doubt(&who::IDENTITY_DIFFERS, vec![at]));
            }
            if let Some(own) = restored {
                let label = label(record);
                let given = record.key.admission_number.as_deref().unwrap_or_default();
                report.add(
                    "warning",
                    &who::NOUGHT_RESTORED,
                    place(record, &label),
                    given,
                    &own,
                );
            }
            Ok(Whose::Pupil { at, is_new: false })
        }
        Found::Nobody => {
            let alike = who::namesakes(draft, &record.key, surname, forename, record.birth_date);
            let Some(birth_day) = record.birth_date else {
                return Err(doubt(&BIRTH_DAY_MISSING, alike));
            };
            if !alike.is_empty() {
                return Err(doubt(&NAMESAKE, alike));
            }
            let at = new_pupil(draft, record, birth_day, report);
            Ok(Whose::Pupil { at, is_new: true })
        }
    }
}

/// Makes the pupil of a record, without identifiers that another pupil here has (I-047).
fn new_pupil(
    draft: &mut Draft,
    record: &PupilRecord,
    birth_day: Day,
    report: &mut Report,
) -> usize {
    let (surname, forename) = (&record.legal_surname, &record.legal_forename);
    let upn = record.key.upn.as_ref().map(|upn| upn.as_str());
    let upn = untaken(upn, &draft.by_upn, None, ("UPN", record), report);
    let number = record.key.admission_number.as_deref();
    let taken = &draft.by_admission;
    let admission_number = untaken(number, taken, None, ("Admission number", record), report);
    let row = PupilRow {
        pupil_id: draft.new_key(),
        person_id: draft.new_person(upn.clone()),
        upn,
        former_upn: record
            .former_upn
            .as_ref()
            .map(|upn| upn.as_str().to_owned()),
        uln: record.learner_number.clone(),
        admission_number,
        legal_surname: surname.clone(),
        legal_forename: forename.clone(),
        middle_names: record.middle_names.clone().unwrap_or_default(),
        surname: record
            .preferred_surname
            .clone()
            .unwrap_or_else(|| surname.clone()),
        forename: record
            .preferred_forename
            .clone()
            .unwrap_or_else(|| forename.clone()),
        sex: record.sex.as_ref().and_then(|sex| sex.code.clone()),
        birth_day,
    };
    draft.add_pupil(row)
}

/// An identifier of a record unless it is another pupil's here; then it is left out and said so.
fn untaken(
    given: Option<&str>,
    owners: &Index<String>,
    own: Option<usize>,
    (column, record): (&'static str, &PupilRecord),
    report: &mut Report,
) -> Option<String> {
    let given = given?;
    let owners = owners.get(given).map_or(&[][..], Vec::as_slice);
    if owners.iter().all(|at| Some(*at) == own) {
        return Some(given.to_owned());
    }
    let label = label(record);
    let place = Place {
        column,
        ..place(record, &label)
    };
    report.add("warning", &settle::IDENTIFIER_TAKEN, place, given, "");
    None
}

fn fill(
    draft: &mut Draft,
    at: usize,
    is_new: bool,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let key = draft.pupils.get(at).pupil_id;
    if let Some(id) = &record.key.source_id {
        let source = task.choices.source.as_deref().unwrap_or(&id.source);
        draft.link(source, "pupil", &id.id, key);
    }
    if let Some(reference) = &record.application_reference {
        draft.link("application", "pupil", reference, key);
    }
    if !is_new {
        core(draft, at, record, task, report, effects);
    }
    let enrolment = time_on_roll(draft, key, is_new, record, task, report, effects);
    if let Some(enrolment) = enrolment {
        groups(draft, enrolment, record, task, effects);
    }
    characteristics(draft, key, enrolment, record, task, report);
    // No sensitive circumstance, but part of the admission register; a day pupil is said to be one.
    let boards = record
        .boards
        .map(|boards| if boards { "yes" } else { "no" });
    if let Some(boards) = boards {
        let value = Some(boards.to_owned());
        characteristic(draft, key, enrolment, BOARDS, value, false, task);
    }
    if let Some(address) = &record.address {
        let row = address_of(draft, address);
        live_at(draft, "pupil", key, row, task);
    }
    for prior in &record.prior_attendance {
        prior_attendance(draft, key, prior, effects);
    }
}

/// Names and numbers of a pupil who is here already, by field authority (I-013); a blank changes nothing (I-014).
fn core(
    draft: &mut Draft,
    at: usize,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let before = draft.pupils.get(at).clone();
    let overwrite = !task.mode.roll_here();
    let label = label(record);
    let mut kept = Vec::new();
    let mut after = before.clone();
    let upn = record.key.upn.as_ref().map(|upn| upn.as_str());
    let upn = untaken(upn, &draft.by_upn, Some(at), ("UPN", record), report);
    let number = record.key.admission_number.as_deref();
    let taken = &draft.by_admission;
    let number = untaken(
        number,
        taken,
        Some(at),
        ("Admission number", record),
        report,
    );
    {
        let mut text = |own: &mut String, given: Option<&str>, column: &'static str| {
            let Some(given) = given.filter(|given| !given.is_empty()) else {
                return;
            };
            if own == given {
                return;
            }
            if own.is_empty() || overwrite {
                given.clone_into(own);
            } else {
                kept.push((column, given.to_owned(), own.clone()));
            }
        };
        text(
            &mut after.legal_surname,
            Some(&record.legal_surname),
            "Surname",
        );
        text(
            &mut after.legal_forename,
            Some(&record.legal_forename),
            "Forename",
        );
        text(
            &mut after.middle_names,
            record.middle_names.as_deref(),
            "Middle names",
        );
        let surname = record.preferred_surname.as_deref();
        // Who is called by the legal name goes on being called by it.
        let follows = |own: &str, legal: &str| own == legal;
        let surname = surname.or_else(|| {
            follows(&before.surname, &before.legal_surname).then_some(record.legal_surname.as_str())
        });
        let forename = record.preferred_forename.as_deref().or_else(|| {
            follows(&before.forename, &before.legal_forename)
                .then_some(record.legal_forename.as_str())
        });
        text(&mut after.surname, surname, "Surname in use");
        text(&mut after.forename, forename, "Forename in use");
        let mut optional = |own: &mut Option<String>, given: Option<&str>, column| {
            let mut value = own.clone().unwrap_or_default();
            text(&mut value, given, column);
            *own = Some(value).filter(|value| !value.is_empty());
        };
        optional(&mut after.upn, upn.as_deref(), "UPN");
        optional(&mut after.uln, record.learner_number.as_deref(), "ULN");
        let sex = record.sex.as_ref().and_then(|sex| sex.code.as_deref());
        optional(&mut after.sex, sex, "Sex");
        let shortened = |number: &&str| {
            let own = before.admission_number.as_deref();
            own.is_some_and(|own| super::draft::bare(own) == super::draft::bare(number))
        };
        optional(
            &mut after.admission_number,
            number.as_deref().filter(|number| !shortened(number)),
            "Admission number",
        );
    }
    if let Some(day) = record.birth_date.filter(|day| *day != before.birth_day) {
        if overwrite {
            after.birth_day = day;
        } else {
            kept.push(("Date of birth", day.slashed(), before.birth_day.slashed()));
        }
    }
    if after.upn != before.upn && before.upn.is_some() {
        after.former_upn.clone_from(&before.upn);
    }
    effects.surname_changed += u32::from(after.legal_surname != before.legal_surname);
    draft.pupils.change(at, |row| *row = after);
    for (column, given, own) in kept {
        let place = Place {
            column,
            ..place(record, &label)
        };
        report.add("warning", &FIELD_KEPT, place, &given, &own);
    }
}

/// The time on roll that the record speaks of: made, amended, ended, or a new one for a pupil who returns (I-034).
fn time_on_roll(
    draft: &mut Draft,
    pupil: Key,
    is_new: bool,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) -> Option<Key> {
    let latest = draft
        .enrolments_of
        .get(&pupil)
        .into_iter()
        .flatten()
        .copied()
        .max_by_key(|at| draft.enrolments.get(*at).starting_day);
    let Some(latest) = latest else {
        return start(draft, pupil, is_new, record, task, report, effects);
    };
    let own = draft.enrolments.get(latest).clone();
    let returns = record
        .starting_day
        .zip(own.leaving_day)
        .is_some_and(|(start, left)| start > left);
    if returns {
        return start(draft, pupil, is_new, record, task, report, effects);
    }
    if !task.mode.roll_here() {
        let leaves = record.leaving_day.is_some() && own.leaving_day.is_none();
        effects.leaving += u32::from(leaves);
        draft.enrolments.change(latest, |row| {
            row.starting_day = record.starting_day.unwrap_or(row.starting_day);
            row.leaving_day = record.leaving_day.or(row.leaving_day);
        });
        if leaves {
            end_memberships(draft, own.enrolment_id, record.leaving_day);
        }
    } else if let Some(day) = record
        .leaving_day
        .filter(|day| Some(*day) != own.leaving_day)
    {
        let label = label(record);
        let place = Place {
            column: "Leaving date",
            ..place(record, &label)
        };
        let stands = own
            .leaving_day
            .map_or_else(|| "blank".to_owned(), Day::slashed);
        report.add("warning", &FIELD_KEPT, place, &day.slashed(), &stands);
    }
    Some(own.enrolment_id)
}

fn start(
    draft: &mut Draft,
    pupil: Key,
    is_new: bool,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) -> Option<Key> {
    let status = record
        .enrolment_status
        .as_ref()
        .and_then(|status| status.code.as_deref());
    let starting_day = match record.starting_day {
        Some(day) => day,
        // An applicant, or a child whose file comes before them: expected, not on roll (I-081, I-290).
        None if !task.lists_the_roll => {
            effects.expected += u32::from(is_new);
            return None;
        }
        None => {
            let day = task.year_begins;
            let label = label(record);
            report.add_alike(
                0,
                "warning",
                &STARTING_DAY_ASSUMED,
                place(record, &label),
                "",
                &|| day.slashed(),
            );
            day
        }
    };
    let kind = status
        .filter(|status| matches!(*status, "M" | "S" | "G"))
        .unwrap_or("C");
    let key = draft.new_key();
    let at = draft.enrolments.push(EnrolmentRow {
        enrolment_id: key,
        pupil_id: pupil,
        kind: kind.to_owned(),
        starting_day,
        agreed_with: None,
        leaving_day: record.leaving_day,
        deletion_ground: None,
        last_school: record.former_school.clone(),
        last_school_address: record.former_school_address.clone(),
        next_school: None,
    });
    draft.enrolments_of.entry(pupil).or_default().push(at);
    let left = record.leaving_day.is_some_and(|day| day < task.today);
    effects.joining += u32::from(!left && starting_day <= task.today);
    effects.expected += u32::from(starting_day > task.today);
    effects.leavers += u32::from(left);
    Some(key)
}

fn end_memberships(draft: &mut Draft, enrolment: Key, last: Option<Day>) {
    for at in draft
        .memberships_of
        .get(&enrolment)
        .cloned()
        .unwrap_or_default()
    {
        if draft.memberships.get(at).to_day.is_none() {
            draft.memberships.change(at, |row| row.to_day = last);
        }
    }
}

/// Year group, tutor group and house, from the first day of this school year on.
fn groups(
    draft: &mut Draft,
    enrolment: Key,
    record: &PupilRecord,
    task: &Task<'_>,
    effects: &mut Effects,
) {
    let year = record
        .year_group
        .as_ref()
        .and_then(|year| year.code.as_deref());
    let year = year.map(year_name);
    let wanted = [
        ("year", year),
        ("tutor", record.registration_group.clone()),
        ("house", record.house.clone()),
    ];
    for (kind, name) in wanted {
        let Some(name) = name else { continue };
        let group = group_named(draft, kind, &name, task.year, effects);
        let moved = belong(draft, enrolment, group, kind, record.leaving_day, task);
        effects.year_changed += u32::from(moved && kind == "year");
    }
}

/// `7` as people say it.
pub(super) fn year_name(code: &str) -> String {
    match code {
        "R" => "Reception".to_owned(),
        "N1" | "N2" | "E1" | "E2" => "Nursery".to_owned(),
        other => format!("Year {other}"),
    }
}

/// The group of this kind and name in this school year, made if there is none.
pub(super) fn group_named(
    draft: &mut Draft,
    kind: &str,
    name: &str,
    year: SchoolYear,
    effects: &mut Effects,
) -> Key {
    let first_year = i64::from(year.first_year());
    let folded = fold(name);
    let found = draft
        .groups
        .each()
        .map(|(_, row)| row)
        .filter(|row| row.kind == kind && fold(&row.name) == folded)
        .find(|row| row.first_year.is_none_or(|own| own == first_year))
        .map(|row| row.group_id);
    found.unwrap_or_else(|| {
        effects.groups += 1;
        let key = draft.new_key();
        let lasting = kind == "house";
        draft.groups.push(GroupRow {
            group_id: key,
            kind: kind.to_owned(),
            name: name.to_owned(),
            subject: None,
            room: None,
            first_year: (!lasting).then_some(first_year),
        });
        key
    })
}

/// Puts a time on roll into a group of which it has one of a kind; answers whether it moved from another.
fn belong(
    draft: &mut Draft,
    enrolment: Key,
    group: Key,
    kind: &str,
    last: Option<Day>,
    task: &Task<'_>,
) -> bool {
    let places = draft
        .memberships_of
        .get(&enrolment)
        .cloned()
        .unwrap_or_default();
    let of_kind = |draft: &Draft, at: usize| {
        let id = draft.memberships.get(at).group_id;
        let group = draft.groups.each().find(|(_, row)| row.group_id == id);
        group.is_some_and(|(_, row)| row.kind == kind)
    };
    let open: Vec<usize> = places
        .into_iter()
        .filter(|at| !draft.memberships.is_ended(*at))
        .filter(|at| {
            draft
                .memberships
                .get(*at)
                .to_day
                .is_none_or(|to| to >= task.today)
        })
        .filter(|at| of_kind(draft, *at))
        .collect();
    let has = |draft: &Draft, at: &usize| draft.memberships.get(*at).group_id == group;
    if open.iter().any(|at| has(draft, at)) {
        return false;
    }
    if last.is_some_and(|last| last < task.today) && !open.is_empty() {
        return false;
    }
    for at in &open {
        if draft.memberships.get(*at).from_day >= task.today {
            draft.memberships.end(*at);
        } else {
            let yesterday = task.today.previous();
            draft
                .memberships
                .change(*at, |row| row.to_day = Some(yesterday));
        }
    }
    let started = started(draft, enrolment);
    let from_day = if open.is_empty() {
        started.max(task.year_begins)
    } else {
        task.today
    };
    // A leaver of an earlier year was in the group when they left.
    let from_day = last.map_or(from_day, |last| from_day.min(last).max(started));
    let already = draft
        .memberships_of
        .get(&enrolment)
        .into_iter()
        .flatten()
        .any(|at| {
            let row = draft.memberships.get(*at);
            row.group_id == group && row.from_day == from_day && row.to_day == last
        });
    if already {
        return false;
    }
    let key = draft.new_key();
    let at = draft.memberships.push(MembershipRow {
        membership_id: key,
        group_id: group,
        enrolment_id: enrolment,
        from_day,
        to_day: last,
    });
    draft.memberships_of.entry(enrolment).or_default().push(at);
    !open.is_empty()
}

fn started(draft: &Draft, enrolment: Key) -> Day {
    let row = draft
        .enrolments
        .each()
        .find(|(_, row)| row.enrolment_id == enrolment);
    row.map_or(Day::from_epoch_days(0), |(_, row)| row.starting_day)
}

/// A characteristic of a record: its kind, its column, whether the person may change it, its value (given but no: inner none),
/// and whether the code is unknown.
type Wanted = (
    &'static str,
    &'static str,
    bool,
    Option<Option<String>>,
    bool,
);

/// Circumstances, if the import is to bring them and the person may change them; a blank is not known, never no (I-014).
fn characteristics(
    draft: &mut Draft,
    pupil: Key,
    enrolment: Option<Key>,
    record: &PupilRecord,
    task: &Task<'_>,
    report: &mut Report,
) {
    let given = &record.characteristics;
    let yes = |value: Option<bool>| value.map(|yes| yes.then(|| "yes".to_owned()));
    let coded = |value: Option<&Coded>| value.map(|coded| coded.code.clone());
    let none_is_no = |value: Option<Option<String>>, no: &[&str]| {
        value.map(|code| code.filter(|code| !no.contains(&code.as_str())))
    };
    let Rights {
        flags, sen, care, ..
    } = task.rights;
    let latest_sen = given.sen.last().map(|period| &period.provision);
    let wanted: [Wanted; 9] = [
        (
            "ethnicity",
            "Ethnicity",
            flags,
            coded(given.ethnicity.as_ref()),
            is_unknown(given.ethnicity.as_ref()),
        ),
        (
            "first_language",
            "First language",
            flags,
            coded(given.first_language.as_ref()),
            is_unknown(given.first_language.as_ref()),
        ),
        (
            "sen",
            "Special educational needs",
            sen,
            none_is_no(coded(latest_sen), &["N"]),
            is_unknown(latest_sen),
        ),
        (
            "fsm",
            "Free school meals",
            flags,
            yes(given.free_meals),
            false,
        ),
        (
            "pupil_premium",
            "Pupil premium",
            flags,
            yes(given.pupil_premium),
            false,
        ),
        ("looked_after", "In care", care, yes(given.in_care), false),
        (
            "eal",
            "English as an additional language",
            flags,
            yes(given.additional_language),
            false,
        ),
        (
            "service_child",
            "Service child",
            flags,
            none_is_no(coded(given.service_child.as_ref()), &["N"]).map(said_yes),
            is_unknown(given.service_child.as_ref()),
        ),
        (
            "young_carer",
            "Young carer",
            flags,
            none_is_no(coded(given.young_carer.as_ref()), &["N"]),
            is_unknown(given.young_carer.as_ref()),
        ),
    ];
    for (kind, column, right, value, unknown) in wanted {
        let Some(value) = value else { continue };
        let label = label(record);
        let place = Place {
            column,
            ..place(record, &label)
        };
        let refused = match (task.choices.sensitive, right, unknown) {
            (false, _, _) => Some(&NOT_TICKED),
            (_, false, _) => Some(&RIGHT_MISSING),
            (_, _, true) => Some(&CODE_UNKNOWN),
            _ => None,
        };
        if let Some(ground) = refused {
            let key = column.len() as u64 + u64::from(column.as_bytes()[0]) * 100;
            report.add_alike(key, "warning", ground, place, "", &String::new);
            continue;
        }
        let lasting = matches!(kind, "ethnicity" | "first_language");
        characteristic(draft, pupil, enrolment, kind, value, lasting, task);
    }
}

fn is_unknown(value: Option<&Coded>) -> bool {
    value.is_some_and(|coded| coded.code.is_none())
}

fn said_yes(code: Option<String>) -> Option<String> {
    code.filter(|code| code == "Y").map(|_| "yes".to_owned())
}

fn characteristic(
    draft: &mut Draft,
    pupil: Key,
    enrolment: Option<Key>,
    kind: &str,
    value: Option<String>,
    lasting: bool,
    task: &Task<'_>,
) {
    let places = draft
        .characteristics_of
        .get(&pupil)
        .cloned()
        .unwrap_or_default();
    let current = places.iter().copied().find(|at| {
        let row = draft.characteristics.get(*at);
        !draft.characteristics.is_ended(*at)
            && row.kind == kind
            && row.to_day.is_none_or(|to| to >= task.today)
    });
    let first = current.is_none();
    if let Some(at) = current {
        let row = draft.characteristics.get(at);
        // A recorded "none" and a file that says none agree.
        let stands = Some(&row.value).filter(|value| !says_none(value));
        let agrees = stands == value.as_ref() || Some(&row.value) == value.as_ref();
        if agrees || task.mode.roll_here() {
            return;
        }
        if row.from_day >= task.today {
            draft.characteristics.end(at);
        } else {
            let yesterday = task.today.previous();
            draft
                .characteristics
                .change(at, |row| row.to_day = Some(yesterday));
        }
    }
    let Some(value) = value else { return };
    let started = enrolment.map_or(task.today, |enrolment| started(draft, enrolment));
    let from_day = match (first, lasting) {
        (true, true) => started,
        (true, false) => started.max(task.year_begins).min(task.today.max(started)),
        (false, _) => task.today,
    };
    let key = draft.new_key();
    let at = draft.characteristics.push(CharacteristicRow {
        characteristic_id: key,
        pupil_id: pupil,
        kind: kind.to_owned(),
        value,
        from_day,
        to_day: None,
    });
    draft.characteristics_of.entry(pupil).or_default().push(at);
}

/// The row of an address: people with the same one are a household.
pub(super) fn address_of(draft: &mut Draft, address: &Address) -> Key {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (first, rest) = match address.lines.as_slice() {
        [] => (String::new(), String::new()),
        [first, rest @ ..] => (first.clone(), rest.join(", ")),
    };
    let row = AddressRow {
        address_id: Key::Known(0),
        line_1: first,
        line_2: rest,
        town: text(&address.town),
        county: text(&address.county),
        postcode: text(&address.postcode),
        uprn: address.property_reference.clone(),
    };
    let folded = row.folded();
    if let Some(key) = draft.by_address.get(&folded) {
        return *key;
    }
    let key = draft.new_key();
    draft.by_address.insert(folded, key);
    draft.addresses.push(AddressRow {
        address_id: key,
        ..row
    });
    key
}

/// Says where somebody lives from today on; where nothing was known, from an unknown day.
pub(super) fn live_at(draft: &mut Draft, party: &str, who: Key, address: Key, task: &Task<'_>) {
    let places = draft
        .residences_of
        .get(&(party.to_owned(), who))
        .cloned()
        .unwrap_or_default();
    let open: Vec<usize> = places
        .into_iter()
        .filter(|at| !draft.residences.is_ended(*at))
        .filter(|at| {
            draft
                .residences
                .get(*at)
                .to_day
                .is_none_or(|to| to >= task.today)
        })
        .collect();
    if open
        .iter()
        .any(|at| draft.residences.get(*at).address_id == address)
    {
        return;
    }
    if !open.is_empty() && task.mode.roll_here() {
        return;
    }
    for at in &open {
        if draft.residences.get(*at).from_day >= Some(task.today) {
            draft.residences.end(*at);
        } else {
            let yesterday = task.today.previous();
            draft
                .residences
                .change(*at, |row| row.to_day = Some(yesterday));
        }
    }
    let key = draft.new_key();
    let at = draft.residences.push(ResidenceRow {
        residence_id: key,
        party: party.to_owned(),
        party_id: who,
        address_id: address,
        from_day: (!open.is_empty()).then_some(task.today),
        to_day: None,
    });
    draft
        .residences_of
        .entry((party.to_owned(), who))
        .or_default()
        .push(at);
}

fn prior_attendance(
    draft: &mut Draft,
    pupil: Key,
    prior: &exchange::PriorAttendance,
    effects: &mut Effects,
) {
    let number = |value: Option<u32>| value.map(i64::from);
    let row = PriorRow {
        prior_id: Key::Known(0),
        pupil_id: pupil,
        first_year: prior.year.map(i64::from),
        school: prior.school.clone(),
        school_name: prior.school_name.clone(),
        possible: number(prior.possible),
        attended: number(prior.attended),
        authorised: number(prior.authorised),
        unauthorised: number(prior.unauthorised),
        marks_from: prior.marks_from,
        marks: prior.marks_as_given.clone(),
    };
    let same = |own: &PriorRow| {
        own.pupil_id == pupil && own.first_year == row.first_year && own.school == row.school
    };
    let found = draft
        .priors
        .each()
        .find(|(_, own)| same(own))
        .map(|(at, _)| at);
    match found {
        Some(at) => draft.priors.change(at, |own| {
            let prior_id = own.prior_id;
            *own = PriorRow { prior_id, ..row };
        }),
        None => {
            effects.priors += 1;
            let prior_id = draft.new_key();
            draft.priors.push(PriorRow { prior_id, ..row });
        }
    }
}
