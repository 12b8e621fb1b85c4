//! Adding, amending and ending a contact of a pupil: who they are, what they are to the pupil, how to reach them.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Day;
use store::{Act, StoreError, Tx, args};

use super::homes::{self, AddressEntry};
use super::household::{ContactOf, Home, Route, contacts_of, homes_of, siblings};
use super::keeping::{may_keep, must_be_unchanged};
use super::record::pupil_row;
use super::records::{CONTACT, CONTACT_ROUTE, PUPIL_CONTACT};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Outcome, Part, Wrongs, hidden, tick, yes_no};
use crate::ids::{ContactId, PupilId};
use crate::people::{Actor, RecordKind};
use crate::shell::{Choice, Field, FieldKind};

/// Places for numbers and addresses in the form: name, kind in the database, words.
const ROUTES: [(&str, &str, &str); 6] = [
    ("mobile", "mobile", "Mobile"),
    ("mobile_2", "mobile", "Second mobile"),
    ("home", "home", "Home telephone"),
    ("work", "work", "Work telephone"),
    ("email", "email", "E-mail"),
    ("email_2", "email", "Second e-mail"),
];

fn contacts_page(pupil: PupilId) -> String {
    format!("/pupils/{pupil}/contacts")
}

fn person_questions() -> Part {
    Part::new(
        "Who",
        vec![
            Field::line("title", "Title").short().optional(),
            Field::line("forename", "Forename"),
            Field::line("surname", "Surname"),
            Field::line("language", "Language")
                .hint("Where it is not English.")
                .short()
                .optional(),
            tick("interpreter", "Needs an interpreter"),
            tick("do_not_contact", "Do not contact"),
        ],
    )
}

fn reach_questions() -> Part {
    let fields = ROUTES
        .iter()
        .map(|(name, kind, words)| {
            let field_kind = match *kind {
                "email" => FieldKind::Email,
                _ => FieldKind::Telephone,
            };
            Field::new(field_kind, *name, *words).short().optional()
        })
        .collect();
    Part::new("Telephone and e-mail", fields)
        .about("A parent with whom the pupil lives must have one number at least (R-004).")
}

fn relation_questions() -> Part {
    Part::new(
        "What they are to the pupil",
        vec![
            Field::line("relationship", "Relationship")
                .hint("Such as mother, father, grandmother, social worker.")
                .short(),
            Field::new(FieldKind::Number, "priority", "Place in the order to ring")
                .tiny()
                .optional(),
            yes_no("parental_responsibility", "Parental responsibility"),
            yes_no("lives_with", "The pupil normally lives with them"),
            yes_no("may_collect", "May collect the pupil"),
            tick("court_order", "A court order limits contact"),
            Field::new(FieldKind::Lines, "court_order_text", "What the order says")
                .hint("Only what staff must heed.")
                .optional(),
            tick("correspondence", "Receives letters and reports").value("yes"),
            tick("no_automatic_messages", "Send no automatic messages"),
        ],
    )
}

fn address_questions(is_new: bool) -> Vec<Part> {
    let keep = Choice::new(
        "keep",
        if is_new {
            "Not known yet"
        } else {
            "As recorded"
        },
    );
    vec![
        Part::new(
            "Address",
            vec![
                Field::radios(
                    "home_at",
                    "Where they live",
                    vec![
                        keep,
                        Choice::new("pupil", "At the pupil's address"),
                        Choice::new("other", "At this address"),
                    ],
                )
                .value("keep"),
            ],
        )
        .about("The admission register must hold the full address of every known parent (R-003)."),
        homes::questions(""),
    ]
}

/// The answers that a contact's record gives.
fn answers_of(contact: &ContactOf) -> Answers {
    let yes = |it: bool| if it { "yes" } else { "no" }.to_owned();
    let known = |it: Option<bool>| it.map_or_else(String::new, yes);
    let optional = |it: &Option<String>| it.clone().unwrap_or_default();
    let mut pairs = vec![
        ("title", contact.title.clone()),
        ("forename", contact.forename.clone()),
        ("surname", contact.surname.clone()),
        ("language", optional(&contact.language)),
        ("interpreter", yes(contact.interpreter)),
        ("do_not_contact", yes(contact.do_not_contact)),
        ("relationship", contact.relationship.clone()),
        (
            "priority",
            contact
                .priority
                .map_or_else(String::new, |order| order.to_string()),
        ),
        (
            "parental_responsibility",
            known(contact.parental_responsibility),
        ),
        ("lives_with", known(contact.lives_with)),
        ("may_collect", known(contact.may_collect)),
        ("court_order", yes(contact.court_order)),
        ("court_order_text", optional(&contact.court_order_text)),
        ("correspondence", yes(contact.correspondence)),
        ("no_automatic_messages", yes(contact.no_automatic_messages)),
    ];
    for ((name, _, _), route) in placed(&contact.routes) {
        pairs.push((
            name,
            route.map_or_else(String::new, |route| route.given.clone()),
        ));
    }
    Answers::of(pairs)
}

type RoutePlace = (&'static str, &'static str, &'static str);

/// The contact's numbers and addresses in the places of the form: the first of a kind in its first place.
fn placed(routes: &[Route]) -> Vec<(RoutePlace, Option<&Route>)> {
    let mut left: Vec<&Route> = routes.iter().collect();
    ROUTES
        .iter()
        .map(|place| {
            let at = left.iter().position(|route| route.kind == place.1);
            (*place, at.map(|at| left.remove(at)))
        })
        .collect()
}

/// A contact as a form gave it.
struct ContactEntry {
    title: String,
    forename: String,
    surname: String,
    language: Option<String>,
    interpreter: bool,
    do_not_contact: bool,
    priority: Option<i64>,
    relationship: String,
    parental_responsibility: Option<bool>,
    lives_with: Option<bool>,
    may_collect: Option<bool>,
    court_order: bool,
    court_order_text: Option<String>,
    correspondence: bool,
    no_automatic_messages: bool,
    /// In the order of [`ROUTES`]: as given, and as dialled or written to.
    routes: Vec<Option<(String, Option<String>)>>,
}

/// Reads and checks a contact. `person` is whether the person's own names and numbers are asked for, or only what they are to the pupil.
fn read(answers: &Answers, person: bool, wrongs: &mut Wrongs) -> Option<ContactEntry> {
    if person && answers.text("surname").is_empty() {
        wrongs.add(
            "surname",
            "Give the surname; the admission register must hold a parent's full name (R-003).",
        );
    }
    let relationship = answers.required("relationship", "Say what they are to the pupil.", wrongs);
    let priority = answers
        .number("priority")
        .filter(|order| (1..100).contains(order));
    if priority.is_none() && !answers.text("priority").is_empty() {
        wrongs.add("priority", "Give a number from 1.");
    }
    let court_order = answers.ticked("court_order");
    let court_order_text = answers.given("court_order_text");
    if !court_order && court_order_text.is_some() {
        wrongs.add(
            "court_order",
            "Tick this if there is an order, or take its text away.",
        );
    }
    let routes = ROUTES
        .iter()
        .map(|(name, kind, _)| route(answers, name, kind, wrongs))
        .collect();
    let entry = ContactEntry {
        title: answers.text("title").to_owned(),
        forename: answers.text("forename").to_owned(),
        surname: answers.text("surname").to_owned(),
        language: answers.given("language"),
        interpreter: answers.ticked("interpreter"),
        do_not_contact: answers.ticked("do_not_contact"),
        priority,
        relationship,
        parental_responsibility: answers.yes_or_no("parental_responsibility"),
        lives_with: answers.yes_or_no("lives_with"),
        may_collect: answers.yes_or_no("may_collect"),
        court_order,
        court_order_text,
        correspondence: answers.ticked("correspondence"),
        no_automatic_messages: answers.ticked("no_automatic_messages"),
        routes,
    };
    wrongs.is_empty().then_some(entry)
}

/// A number or address as given and as usable (I-057, I-058). What cannot be used is refused here, where somebody can mend it.
fn route(
    answers: &Answers,
    name: &'static str,
    kind: &str,
    wrongs: &mut Wrongs,
) -> Option<(String, Option<String>)> {
    let given = answers.given(name)?;
    let value = if kind == "email" {
        let mut found = exchange::email::tidy(&given);
        if found.len() == 1 {
            found.remove(0).usable
        } else {
            None
        }
    } else {
        exchange::phone::tidy(&given).e164
    };
    if value.is_none() {
        let wrong = match kind {
            "email" => "This is no e-mail address that can be written to (I-058).",
            _ => "This number cannot be dialled: check its digits (I-057).",
        };
        wrongs.add(name, wrong);
    }
    Some((given, value))
}

fn write_person(act: &mut Act, contact: ContactId, entry: &ContactEntry) -> Result<(), StoreError> {
    act.replace(
        &CONTACT,
        &args![
            contact,
            &entry.title,
            &entry.forename,
            &entry.surname,
            entry.language.as_deref(),
            entry.interpreter,
            entry.do_not_contact
        ],
    )?;
    Ok(())
}

fn write_relation(
    act: &mut Act,
    pupil: PupilId,
    contact: ContactId,
    entry: &ContactEntry,
) -> Result<(), StoreError> {
    act.replace(
        &PUPIL_CONTACT,
        &args![
            pupil,
            contact,
            entry.priority,
            &entry.relationship,
            entry.parental_responsibility,
            entry.lives_with,
            entry.may_collect,
            entry.court_order,
            entry.court_order_text.as_deref(),
            entry.correspondence,
            entry.no_automatic_messages
        ],
    )?;
    Ok(())
}

fn write_routes(
    act: &mut Act,
    contact: ContactId,
    entry: &ContactEntry,
    present: &[Route],
) -> Result<(), StoreError> {
    for (((_, kind, _), old), new) in placed(present).into_iter().zip(&entry.routes) {
        match (old, new) {
            (Some(old), None) => {
                act.supersede(&CONTACT_ROUTE, &args![old.id])?;
            }
            (old, Some((given, value))) if old.is_none_or(|old| old.given != *given) => {
                let id = match old {
                    Some(old) => old.id,
                    None => act.new_id(),
                };
                act.replace(
                    &CONTACT_ROUTE,
                    &args![id, contact, kind, given, value.as_deref()],
                )?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where the contact is to live from now on, if the form says so.
enum HomeAnswer {
    Keep,
    AtPupils(i64),
    At(AddressEntry),
}

fn read_home(
    answers: &Answers,
    pupil_homes: &[Home],
    today: Day,
    wrongs: &mut Wrongs,
) -> HomeAnswer {
    match answers.text("home_at") {
        "pupil" => match pupil_homes.iter().rev().find(|home| home.holds(today)) {
            Some(home) => HomeAnswer::AtPupils(home.address),
            None => {
                wrongs.add(
                    "home_at",
                    "The pupil has no address yet. Give it under Add an address.",
                );
                HomeAnswer::Keep
            }
        },
        "other" => match homes::read(answers, wrongs) {
            Some(address) => HomeAnswer::At(address),
            None => {
                if !wrongs.has("line_1") && !wrongs.has("postcode") {
                    wrongs.add("line_1", "Give the house and the street.");
                }
                HomeAnswer::Keep
            }
        },
        _ => HomeAnswer::Keep,
    }
}

fn write_home(
    act: &mut Act,
    contact: ContactId,
    home: HomeAnswer,
    present: &[Home],
    today: Day,
) -> Result<(), StoreError> {
    let address = match home {
        HomeAnswer::Keep => return Ok(()),
        HomeAnswer::AtPupils(address) => address,
        HomeAnswer::At(address) => homes::address_id(act, &address)?,
    };
    if present
        .iter()
        .any(|home| home.address == address && home.holds(today))
    {
        return Ok(());
    }
    homes::move_out(act, "contact", contact.0, present, today.previous())?;
    let from = (!present.is_empty()).then_some(today);
    homes::live_at(act, "contact", contact.0, address, from)
}

// Adding ------------------------------------------------------------------------------------------------------------

/// Contacts of brothers and sisters who are not this pupil's yet: they are linked, not written down twice.
fn known_around(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<Vec<ContactOf>, Refusal> {
    let own = contacts_of(tx, actor.school, pupil)?;
    let others = siblings(tx, actor.school, pupil, &own, today)?;
    let mut known: Vec<ContactOf> = Vec::new();
    for other in others.into_keys() {
        for contact in contacts_of(tx, actor.school, other)? {
            let is_there =
                |list: &[ContactOf]| list.iter().any(|one| one.contact == contact.contact);
            if !is_there(&own) && !is_there(&known) {
                known.push(contact);
            }
        }
    }
    Ok(known)
}

fn new_form(tx: &mut Tx, actor: &Actor, pupil: PupilId, today: Day) -> Result<FormPage, Refusal> {
    let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
    let known = known_around(tx, actor, pupil, today)?;
    let own = contacts_of(tx, actor.school, pupil)?;
    let mut parts = Vec::new();
    if !known.is_empty() {
        let choices = known
            .iter()
            .map(|contact| Choice::new(contact.contact.to_string(), contact.name()));
        let choices = std::iter::once(Choice::new("", "Somebody new")).chain(choices);
        parts.push(
            Part::new(
                "Known already",
                vec![Field::select(
                    "known",
                    "Contact of a brother or sister",
                    choices.collect(),
                )],
            )
            .about("Choose one of them, and only say below what they are to this pupil."),
        );
    }
    parts.push(person_questions());
    let mut relation = relation_questions();
    if let Some(order) = relation
        .fields
        .iter_mut()
        .find(|field| field.name == "priority")
    {
        order.value = (own.len() + 1).to_string().into();
    }
    parts.push(relation);
    parts.push(reach_questions());
    parts.extend(address_questions(true));
    Ok(FormPage::new(
        "Add a contact",
        (contacts_page(pupil), "Contacts"),
        "Add the contact",
        parts,
    )
    .of(row.listed()))
}

/// `/pupils/{pupil}/contacts/new`.
pub(super) async fn ask(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::Contacts, pupil, today)?;
        new_form(tx, actor, pupil, today)
    })
    .await
}

/// Adds the contact.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::Contacts, pupil, today)?;
        let known = known_around(act.tx(), actor, pupil, today)?;
        let linked = known
            .iter()
            .find(|contact| contact.contact.to_string() == answers.text("known"));
        let mut wrongs = Wrongs::default();
        let entry = read(&answers, linked.is_none(), &mut wrongs);
        let pupil_homes = homes_of(act.tx(), actor.school, pupil)?;
        let home = match linked {
            Some(_) => HomeAnswer::Keep,
            None => read_home(&answers, &pupil_homes, today, &mut wrongs),
        };
        let Some(entry) = entry.filter(|_| wrongs.is_empty()) else {
            let form = new_form(act.tx(), actor, pupil, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let contact = match linked {
            Some(known) => known.contact,
            None => {
                let contact = ContactId(act.new_id());
                write_person(act, contact, &entry)?;
                write_routes(act, contact, &entry, &[])?;
                write_home(act, contact, home, &[], today)?;
                contact
            }
        };
        write_relation(act, pupil, contact, &entry)?;
        act.describe(actor.entry("add contact", format!("pupil {pupil}")));
        Ok(Outcome::done(&contacts_page(pupil), "contact"))
    })
    .await
}

// Amending ----------------------------------------------------------------------------------------------------------

const VERSION: &str = "\
select cast(coalesce(max(s), 0) as bigint) from (
  select seq as s from pupil_contact where school_id = $1 and pupil_id = $2 and contact_id = $3
  union all select superseded_seq from pupil_contact where school_id = $1 and pupil_id = $2 and contact_id = $3
  union all select seq from contact where school_id = $1 and contact_id = $3
  union all select seq from contact_route where school_id = $1 and contact_id = $3
  union all select superseded_seq from contact_route where school_id = $1 and contact_id = $3
) versions";

const PUPILS_OF: &str = "\
select cast(count(*) as bigint) from pupil_contact
where school_id = $1 and contact_id = $2 and pupil_id <> $3 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[VERSION, PUPILS_OF];

/// The number of the newest act on a contact: the form carries it, so that a later act is noticed.
fn version(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    contact: ContactId,
) -> Result<i64, StoreError> {
    tx.query_one(VERSION, &args![actor.school, pupil, contact], |row| {
        row.get(0)
    })
}

fn amend_form(tx: &mut Tx, actor: &Actor, contact: &ContactOf) -> Result<FormPage, Refusal> {
    let pupil = contact.pupil;
    let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
    let others: i64 = tx.query_one(
        PUPILS_OF,
        &args![actor.school, contact.contact, pupil],
        |row| row.get(0),
    )?;
    let version = version(tx, actor, pupil, contact.contact)?;
    let mut parts = vec![person_questions(), relation_questions(), reach_questions()];
    parts.extend(address_questions(false));
    parts.push(Part::new(
        "",
        vec![
            tick("end", "This person is no longer a contact of this pupil"),
            form::reason(),
            hidden("seq", version),
        ],
    ));
    let mut help = Vec::new();
    if others > 0 {
        help.push(Help {
            heading: "Other pupils".to_owned(),
            lines: vec![format!(
                "This person is a contact of {others} more. Name, language, numbers and address change there too; what they are to this pupil does not."
            )],
        });
    }
    Ok(FormPage::new(
        "Amend a contact",
        (contacts_page(pupil), "Contacts"),
        "Amend the contact",
        parts,
    )
    .of(format!("{}, of {}", contact.name(), row.listed()))
    .about("What stands there now is kept beside what you write, with your reason (R-007).")
    .help(help))
}

fn contact_of(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    contact: ContactId,
) -> Result<ContactOf, Refusal> {
    contacts_of(tx, actor.school, pupil)?
        .into_iter()
        .find(|one| one.contact == contact)
        .ok_or(Refusal::NotFound)
}

/// `/pupils/{pupil}/contacts/{contact}`.
pub(super) async fn ask_amend(
    desk: Desk,
    Path((pupil, contact)): Path<(PupilId, ContactId)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::Contacts, pupil, today)?;
        let contact = contact_of(tx, actor, pupil, contact)?;
        let form = amend_form(tx, actor, &contact)?;
        Ok(form.filled(&answers_of(&contact), &Wrongs::default()))
    })
    .await
}

/// Amends the contact, or ends that they are one.
pub(super) async fn answer_amend(
    desk: Desk,
    Path((pupil, contact)): Path<(PupilId, ContactId)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::Contacts, pupil, today)?;
        let contact = contact_of(act.tx(), actor, pupil, contact)?;
        let newest = version(act.tx(), actor, pupil, contact.contact)?;
        must_be_unchanged(act.tx(), actor, &answers, newest)?;
        let mut wrongs = Wrongs::default();
        let reason = answers.reason(&mut wrongs);
        if answers.ticked("end") && wrongs.is_empty() {
            act.supersede(&PUPIL_CONTACT, &args![pupil, contact.contact])?;
            act.note("reason", &reason);
            act.describe(actor.entry("end contact", format!("pupil {pupil}")));
            return Ok(Outcome::done(&contacts_page(pupil), "contact-ended"));
        }
        let entry = read(&answers, true, &mut wrongs);
        let pupil_homes = homes_of(act.tx(), actor.school, pupil)?;
        let home = read_home(&answers, &pupil_homes, today, &mut wrongs);
        let Some(entry) = entry.filter(|_| wrongs.is_empty()) else {
            let form = amend_form(act.tx(), actor, &contact)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        write_person(act, contact.contact, &entry)?;
        write_relation(act, pupil, contact.contact, &entry)?;
        write_routes(act, contact.contact, &entry, &contact.routes)?;
        write_home(act, contact.contact, home, &contact.homes, today)?;
        act.note("reason", &reason);
        act.describe(actor.entry("amend contact", format!("pupil {pupil}")));
        Ok(Outcome::done(&contacts_page(pupil), "contact"))
    })
    .await
}
