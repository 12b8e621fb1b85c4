//! Contacts of pupils as people of their own (I-085 to I-089). Nothing about a contact is inferred from another field.

use std::collections::{HashMap, HashSet};

use exchange::phone::{PhoneKind, PhoneUse};
use exchange::{ContactRecord, Reading, Standing};

use super::Task;
use super::draft::{ContactRow, Draft, Key, RouteRow, TieRow};
use super::pupils::{Effects, address_of, live_at};
use super::report::{Ground, Outcome, Place, Report};
use super::settle::{self, Case, CaseKind, Verdict};
use super::who::{self, Found};
use crate::book::fold;

const PUPIL_NOT_FOUND: Ground = Ground {
    code: "PUPIL_NOT_FOUND",
    text: "No pupil here has the identifiers of this record.",
    remedy: "Import the pupils first, or correct the identifier.",
};
const PUPIL_NOT_LOADED: Ground = Ground {
    code: "PUPIL_NOT_LOADED",
    text: "The pupil beside this contact was not loaded, so the contact was not either.",
    remedy: "Settle the pupil's record and import it again.",
};
const CONTACT_DOUBTFUL: Ground = Ground {
    code: "CONTACT_DOUBTFUL",
    text: "The pupil has a contact of this name with other numbers; they may be two people.",
    remedy: "Compare the numbers and add or change the contact on the pupil's page.",
};
const RIGHT_MISSING: Ground = Ground {
    code: "RIGHT_MISSING",
    text: "Contacts were left out, because you may not change them.",
    remedy: "Ask somebody who keeps contacts to import the list.",
};
const ONE_MOBILE: Ground = Ground {
    code: "ONE_MOBILE_SEVERAL_FAMILIES",
    text: "The mobile number {value} stands with contacts of different names; a mistyped number sends one family's news to another.",
    remedy: "Check the number with both families.",
};
const NO_USABLE_NUMBER: Ground = Ground {
    code: "NO_USABLE_NUMBER",
    text: "This contact has no telephone number that can be dialled.",
    remedy: "Ask the family for a number (R-004).",
};
const RESTRICTION_STAYS: Ground = Ground {
    code: "RESTRICTION_STAYS",
    text: "The file has no court order for this contact and Rollbook has one; it stays.",
    remedy: "The safeguarding lead lifts it on the pupil's page if it has ended.",
};

/// Plans every contact of a reading. `placed` says which pupil stands on which line of the same file.
pub(super) fn plan(
    draft: &mut Draft,
    reading: &Reading,
    placed: &[(u32, Key)],
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let placed: HashMap<u32, Key> = placed.iter().copied().collect();
    for record in &reading.contacts {
        let beside = record.pupil_line.is_some();
        if record.standing == Standing::Held {
            if beside {
                report.beside.held += 1;
            }
            continue;
        }
        let before = draft.touches();
        let contacts_before = draft.contact_at.len();
        let label = label(record);
        let outcome = match tie(draft, record, &placed, task, report, effects) {
            Ok(()) if draft.touches() == before => Outcome::Unchanged,
            Ok(()) => Outcome::Loaded,
            Err(("skipped", _)) => Outcome::Skipped,
            Err((severity, ground)) => {
                let place = Place {
                    line: record.line,
                    record: &label,
                    column: "",
                };
                report.add(severity, ground, place, "", "");
                match severity {
                    "held" => Outcome::Held,
                    _ => Outcome::Rejected,
                }
            }
        };
        let new = draft.contact_at.len() - contacts_before;
        if matches!(outcome, Outcome::Loaded) {
            let what = match new {
                0 => "The contact's details change.",
                _ => "A new contact.",
            };
            report.changed(record.line, &label, what.to_owned());
        }
        effects.contacts += new as u32;
        let counts = if beside {
            &mut report.beside
        } else {
            &mut report.main
        };
        counts.add(outcome, 1);
    }
    one_mobile(draft, reading, report);
}

fn label(record: &ContactRecord) -> String {
    let parts = [&record.forename, &record.surname];
    let parts: Vec<&str> = parts
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    parts.join(" ")
}

type Refused = (&'static str, &'static Ground);

fn tie(
    draft: &mut Draft,
    record: &ContactRecord,
    placed: &HashMap<u32, Key>,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) -> Result<(), Refused> {
    if !task.rights.contacts {
        return Err(("rejected", &RIGHT_MISSING));
    }
    let pupil = pupil_of(draft, record, placed, task, report)?;
    let contact = contact_of(draft, pupil, record, task, report)?;
    routes(draft, contact, record, task);
    relation(draft, pupil, contact, record, task, report, effects);
    let usable = |at: &usize| {
        let route = draft.routes.get(*at);
        !draft.routes.is_ended(*at) && route.kind != "email" && route.value.is_some()
    };
    let routes = draft.routes_of.get(&contact);
    if !routes.is_some_and(|routes| routes.iter().any(usable)) {
        let label = label(record);
        let place = Place {
            line: record.line,
            record: &label,
            column: "",
        };
        report.add("warning", &NO_USABLE_NUMBER, place, "", "");
    }
    if record.address_as_pupil {
        let homes = draft.residences_of.get(&("pupil".to_owned(), pupil));
        let home = homes
            .into_iter()
            .flatten()
            .rfind(|at| !draft.residences.is_ended(**at))
            .map(|at| draft.residences.get(*at).address_id);
        if let Some(home) = home {
            live_at(draft, "contact", contact, home, task);
        }
    } else if let Some(address) = &record.address {
        let row = address_of(draft, address);
        live_at(draft, "contact", contact, row, task);
    }
    Ok(())
}

fn pupil_of(
    draft: &Draft,
    record: &ContactRecord,
    placed: &HashMap<u32, Key>,
    task: &Task<'_>,
    report: &mut Report,
) -> Result<Key, Refused> {
    if let Some(line) = record.pupil_line {
        return placed
            .get(&line)
            .copied()
            .ok_or(("held", &PUPIL_NOT_LOADED));
    }
    match who::find(draft, &record.pupil, None, task.choices.source.as_deref()) {
        Found::Nobody => Err(("rejected", &PUPIL_NOT_FOUND)),
        Found::Pupil { at, .. } => Ok(draft.pupils.get(at).pupil_id),
        Found::Doubt(ground, may_be) => match settle::by_identifiers(draft, &record.pupil) {
            Some(Verdict::Same(id)) => Ok(Key::Known(id)),
            Some(Verdict::LeaveOut) => {
                left_out(
                    draft,
                    record,
                    CaseKind::Identifiers,
                    &settle::of_identifiers(&record.pupil),
                    report,
                );
                Err(("skipped", &settle::LEFT_OUT))
            }
            Some(Verdict::Another) | None => {
                let name = label(record);
                report.cases.push(settle::case_of_identifiers(
                    draft,
                    &record.pupil,
                    &name,
                    record.line,
                    ground,
                    &may_be,
                ));
                Err(("held", ground))
            }
        },
    }
}

/// Says that a record was left out, with the reason of the person who decided so.
fn left_out(
    draft: &Draft,
    record: &ContactRecord,
    kind: CaseKind,
    fingerprint: &str,
    report: &mut Report,
) {
    let label = label(record);
    let place = Place {
        line: record.line,
        record: &label,
        column: "",
    };
    let decided = draft.settled.get(&(kind, fingerprint.to_owned()));
    let reason = decided.map_or("", |decided| &decided.reason);
    report.add("skipped", &settle::LEFT_OUT, place, "", reason);
}

fn name_of(forename: &str, surname: &str) -> String {
    fold(&format!("{forename} {surname}")).trim().to_owned()
}

/// The values by which a contact can be reached, as they are stored.
fn values(record: &ContactRecord) -> HashSet<String> {
    let phones = record
        .phones
        .iter()
        .filter_map(|phone| phone.phone.e164.clone());
    let emails = record
        .emails
        .iter()
        .filter_map(|email| email.usable.clone());
    phones.chain(emails).collect()
}

/// The person whom a record means: by the source's identifier, else within the pupil by name and an equal number, else a
/// contact of another pupil with the same name and number (a parent of siblings); or a new one (I-086).
fn contact_of(
    draft: &mut Draft,
    pupil: Key,
    record: &ContactRecord,
    task: &Task<'_>,
    report: &mut Report,
) -> Result<Key, Refused> {
    let link = record.source_id.as_ref().map(|id| {
        let source = task.choices.source.as_deref().unwrap_or(&id.source);
        (source.to_owned(), id.id.clone())
    });
    let linked = link
        .as_ref()
        .and_then(|(source, id)| draft.linked(source, "contact", id));
    let mut settled = None;
    let found = match linked {
        Some(key) => Some(key),
        None => match same_person(draft, pupil, record) {
            Ok(found) => found,
            Err(may_be) => {
                let (fingerprint, found) = decided(draft, pupil, record, &may_be, report)?;
                settled = Some(fingerprint);
                found
            }
        },
    };
    let (title, forename, surname) = (
        record.title.clone().unwrap_or_default(),
        record.forename.clone().unwrap_or_default(),
        record.surname.clone().unwrap_or_default(),
    );
    let key = match found {
        Some(key) => {
            let at = draft.contact_at[&key];
            let overwrite = !task.mode.roll_here();
            draft.contacts.change(at, |row| {
                let text = |own: &mut String, given: String| {
                    if !given.is_empty() && (overwrite || own.is_empty()) {
                        *own = given;
                    }
                };
                text(&mut row.title, title);
                text(&mut row.forename, forename);
                text(&mut row.surname, surname);
                if overwrite || row.language.is_none() {
                    row.language = record.language.clone().or(row.language.take());
                    row.interpreter = record.interpreter.unwrap_or(row.interpreter);
                }
                row.do_not_contact |= record.do_not_contact == Some(true);
            });
            key
        }
        None => {
            let key = draft.new_key();
            let at = draft.contacts.push(ContactRow {
                contact_id: key,
                title,
                forename,
                surname,
                language: record.language.clone(),
                interpreter: record.interpreter.unwrap_or(false),
                do_not_contact: record.do_not_contact.unwrap_or(false),
            });
            draft.contact_at.insert(key, at);
            key
        }
    };
    if let Some((source, id)) = link {
        draft.link(&source, "contact", &id, key);
    }
    if let Some(fingerprint) = settled {
        draft.link(settle::SOURCE, "contact", &fingerprint, key);
    }
    Ok(key)
}

/// Whom a person decided a doubtful contact to be, with the fingerprint that remembers it; none: somebody new.
///
/// Errors: nobody has decided yet, or the contact is left out.
fn decided(
    draft: &Draft,
    pupil: Key,
    record: &ContactRecord,
    may_be: &[Key],
    report: &mut Report,
) -> Result<(String, Option<Key>), Refused> {
    let held = ("held", &CONTACT_DOUBTFUL);
    let ids: Vec<i64> = may_be.iter().filter_map(|key| key.known()).collect();
    let Some(pupil) = pupil.known().filter(|_| ids.len() == may_be.len()) else {
        return Err(held);
    };
    let mut numbers: Vec<String> = values(record).into_iter().collect();
    numbers.sort();
    let fingerprint = settle::of_contact(pupil, record, &numbers);
    let known = draft.settled.get(&(CaseKind::Contact, fingerprint.clone()));
    let made = draft.linked(settle::SOURCE, "contact", &fingerprint);
    match known.map(|known| known.verdict) {
        Some(Verdict::Same(id)) if draft.contact_at.contains_key(&Key::Known(id)) => {
            Ok((fingerprint, Some(Key::Known(id))))
        }
        Some(Verdict::Another) => {
            let made = made.filter(|key| draft.contact_at.contains_key(key));
            Ok((fingerprint, made))
        }
        Some(Verdict::LeaveOut) => {
            left_out(draft, record, CaseKind::Contact, &fingerprint, report);
            Err(("skipped", &settle::LEFT_OUT))
        }
        Some(Verdict::Same(_)) | None => {
            let emails = record.emails.iter().map(|email| email.as_given.clone());
            let phones = record
                .phones
                .iter()
                .map(|phone| phone.phone.as_given.clone());
            report.cases.push(Case {
                kind: CaseKind::Contact,
                fingerprint,
                line: record.line,
                record: label(record),
                message: CONTACT_DOUBTFUL.text.to_owned(),
                says: settle::named([
                    ("Name", label(record)),
                    (
                        "Relationship",
                        record.relationship.clone().unwrap_or_default(),
                    ),
                    ("Telephone", phones.collect::<Vec<_>>().join(", ")),
                    ("E-mail", emails.collect::<Vec<_>>().join(", ")),
                ]),
                may_be: ids,
                may_be_new: true,
            });
            Err(held)
        }
    }
}

/// The contact whom a record means; or, as the error, those of the same name with other numbers.
fn same_person(draft: &Draft, pupil: Key, record: &ContactRecord) -> Result<Option<Key>, Vec<Key>> {
    let wanted = name_of(
        record.forename.as_deref().unwrap_or_default(),
        record.surname.as_deref().unwrap_or_default(),
    );
    let given = values(record);
    let named = |contact: Key| {
        let row = draft.contacts.get(draft.contact_at[&contact]);
        name_of(&row.forename, &row.surname) == wanted
    };
    let reached = |contact: Key| -> HashSet<String> {
        let routes = draft.routes_of.get(&contact).into_iter().flatten();
        routes
            .filter(|at| !draft.routes.is_ended(**at))
            .filter_map(|at| draft.routes.get(*at).value.clone())
            .collect()
    };
    let mut doubtful = Vec::new();
    for at in draft.ties_of.get(&pupil).into_iter().flatten() {
        let tie = draft.ties.get(*at);
        if !named(tie.contact_id) {
            continue;
        }
        let own = reached(tie.contact_id);
        let same_part = record
            .relationship
            .as_ref()
            .is_some_and(|relationship| fold(relationship) == fold(&tie.relationship));
        if own.is_empty() || given.is_empty() || !own.is_disjoint(&given) || same_part {
            return Ok(Some(tie.contact_id));
        }
        doubtful.push(tie.contact_id);
    }
    if !doubtful.is_empty() {
        return Err(doubtful);
    }
    let mut elsewhere: Vec<Key> = given
        .iter()
        .filter_map(|value| draft.by_route.get(value))
        .flatten()
        .filter(|at| !draft.routes.is_ended(**at))
        .map(|at| draft.routes.get(*at).contact_id)
        .filter(|contact| named(*contact))
        .collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    Ok(match elsewhere.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// Numbers and addresses: those of a kind that the file gives take the place of those of that kind here.
fn routes(draft: &mut Draft, contact: Key, record: &ContactRecord, task: &Task<'_>) {
    let phones = record.phones.iter().map(|phone| {
        let kind = match (phone.phone_use, phone.phone.kind) {
            (PhoneUse::Work, _) => "work",
            (PhoneUse::Home, _) => "home",
            (PhoneUse::Mobile, _) | (PhoneUse::NotSaid, PhoneKind::Mobile) => "mobile",
            (PhoneUse::NotSaid, _) => "home",
        };
        (kind, phone.phone.as_given.clone(), phone.phone.e164.clone())
    });
    let emails = record
        .emails
        .iter()
        .map(|email| ("email", email.as_given.clone(), email.usable.clone()));
    let given: Vec<(&str, String, Option<String>)> = phones.chain(emails).collect();
    let same = |row: &RouteRow, text: &str, value: &Option<String>| match value {
        Some(value) => row.value.as_ref() == Some(value),
        None => row.given == text,
    };
    let own: Vec<usize> = draft
        .routes_of
        .get(&contact)
        .into_iter()
        .flatten()
        .copied()
        .filter(|at| !draft.routes.is_ended(*at))
        .collect();
    for at in &own {
        let row = draft.routes.get(*at);
        // A number that this import brought for a sibling stays.
        let replaced = !task.mode.roll_here()
            && !draft.routes.is_new(*at)
            && given.iter().any(|(kind, ..)| *kind == row.kind)
            && !given
                .iter()
                .any(|(kind, text, value)| *kind == row.kind && same(row, text, value));
        if replaced {
            draft.routes.end(*at);
        }
    }
    for (kind, text, value) in given {
        let known = own
            .iter()
            .filter(|at| !draft.routes.is_ended(**at))
            .any(|at| {
                draft.routes.get(*at).kind == kind && same(draft.routes.get(*at), &text, &value)
            });
        if known {
            continue;
        }
        let key = draft.new_key();
        let at = draft.routes.push(RouteRow {
            route_id: key,
            contact_id: contact,
            kind: kind.to_owned(),
            given: text,
            value: value.clone(),
        });
        draft.routes_of.entry(contact).or_default().push(at);
        if let Some(value) = value {
            draft.by_route.entry(value).or_default().push(at);
        }
    }
}

/// What the contact is to the pupil. A restriction is only ever added by an import, never lifted (I-014, I-087).
fn relation(
    draft: &mut Draft,
    pupil: Key,
    contact: Key,
    record: &ContactRecord,
    task: &Task<'_>,
    report: &mut Report,
    effects: &mut Effects,
) {
    let restricted = record.legal_restriction == Some(true);
    let no_messages =
        restricted || record.no_automatic_messages.is_some() || record.do_not_contact == Some(true);
    let label = label(record);
    if no_messages {
        effects.no_messages.push(label.clone());
    }
    let place = Place {
        line: record.line,
        record: &label,
        column: "",
    };
    let own = draft
        .ties_of
        .get(&pupil)
        .into_iter()
        .flatten()
        .copied()
        .find(|at| draft.ties.get(*at).contact_id == contact);
    let Some(at) = own else {
        let at = draft.ties.push(TieRow {
            pupil_id: pupil,
            contact_id: contact,
            priority: record.priority.map(i64::from),
            relationship: record.relationship.clone().unwrap_or_default(),
            parental_responsibility: record.parental_responsibility,
            lives_with: record.lives_with_pupil,
            may_collect: record.may_collect,
            court_order: restricted,
            court_order_text: record.restriction_text.clone(),
            correspondence: record.correspondence.unwrap_or(true),
            no_automatic_messages: no_messages,
        });
        draft.ties_of.entry(pupil).or_default().push(at);
        return;
    };
    if draft.ties.get(at).court_order && record.legal_restriction == Some(false) {
        report.add("warning", &RESTRICTION_STAYS, place, "", "");
    }
    let overwrite = !task.mode.roll_here();
    draft.ties.change(at, |row| {
        if overwrite {
            row.priority = record.priority.map(i64::from).or(row.priority);
            if let Some(relationship) = record.relationship.clone().filter(|text| !text.is_empty())
            {
                row.relationship = relationship;
            }
            row.parental_responsibility = record
                .parental_responsibility
                .or(row.parental_responsibility);
            row.lives_with = record.lives_with_pupil.or(row.lives_with);
            row.may_collect = record.may_collect.or(row.may_collect);
            row.correspondence = record.correspondence.unwrap_or(row.correspondence);
        }
        row.court_order |= restricted;
        row.court_order_text = record
            .restriction_text
            .clone()
            .or(row.court_order_text.take());
        row.no_automatic_messages |= no_messages;
    });
}

/// One mobile with contacts of several surnames among the records of this file (I-088).
fn one_mobile(draft: &Draft, reading: &Reading, report: &mut Report) {
    let mut told = HashSet::new();
    for record in &reading.contacts {
        for phone in record
            .phones
            .iter()
            .filter(|phone| phone.phone.kind == PhoneKind::Mobile)
        {
            let Some(value) = &phone.phone.e164 else {
                continue;
            };
            let names: HashSet<String> = draft
                .by_route
                .get(value)
                .into_iter()
                .flatten()
                .filter(|at| !draft.routes.is_ended(**at))
                .map(|at| draft.contact_at[&draft.routes.get(*at).contact_id])
                .map(|at| fold(&draft.contacts.get(at).surname))
                .collect();
            if names.len() > 1 && told.insert(value.clone()) {
                let label = label(record);
                let place = Place {
                    line: record.line,
                    record: &label,
                    column: "",
                };
                report.add("warning", &ONE_MOBILE, place, &phone.phone.national(), "");
            }
        }
    }
}
