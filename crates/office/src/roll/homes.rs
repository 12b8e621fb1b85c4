//! Addresses, and who lives where from which day.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use calendar::Day;
use store::{Act, Arg, StoreError, Tx, args};

use super::household::{ContactOf, Home, contacts_of, homes_of};
use super::keeping::{may_keep, must_be_unchanged};
use super::record::pupil_row;
use super::records::{ADDRESS, RESIDENCE};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, hidden};
use crate::ids::PupilId;
use crate::people::{Actor, RecordKind};
use crate::shell::{Choice, Field};

/// An address as a form gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressEntry {
    line_1: String,
    line_2: String,
    town: String,
    county: String,
    postcode: String,
}

/// The questions of an address, all of which may stay empty.
pub(super) fn questions(heading: &'static str) -> Part {
    Part::new(
        heading,
        vec![
            Field::line("line_1", "House and street").optional(),
            Field::line("line_2", "Second line").optional(),
            Field::line("town", "Town").optional(),
            Field::line("county", "County").optional(),
            Field::line("postcode", "Postcode").short().optional(),
        ],
    )
}

/// Reads an address; nothing when none was given, or when `wrongs` says what is wrong with it.
pub(super) fn read(answers: &Answers, wrongs: &mut Wrongs) -> Option<AddressEntry> {
    let names = ["line_1", "line_2", "town", "county", "postcode"];
    if names.iter().all(|name| answers.text(name).is_empty()) {
        return None;
    }
    let line_1 = answers.required("line_1", "Give the house and the street.", wrongs);
    let postcode = match answers.given("postcode") {
        None => String::new(),
        Some(given) => exchange::postcode::tidy(&given).unwrap_or_else(|| {
            wrongs.add(
                "postcode",
                "This is no British postcode. Leave it empty for an address abroad.",
            );
            given
        }),
    };
    Some(AddressEntry {
        line_1,
        line_2: answers.text("line_2").to_owned(),
        town: answers.text("town").to_owned(),
        county: answers.text("county").to_owned(),
        postcode,
    })
}

const SAME_ADDRESS: &str = "\
select address_id from address
where school_id = $1 and line_1 = $2 and line_2 = $3 and town = $4 and county = $5 and postcode = $6 and superseded_seq is null
order by address_id limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SAME_ADDRESS];

/// The address with exactly these lines, so that a household is found as one; a new one if there is none.
pub(super) fn address_id(act: &mut Act, address: &AddressEntry) -> Result<i64, StoreError> {
    let school = act.school();
    let lines = args![
        school,
        &address.line_1,
        &address.line_2,
        &address.town,
        &address.county,
        &address.postcode
    ];
    let known = act
        .tx()
        .query_opt(SAME_ADDRESS, &lines, |row| row.get::<i64>(0))?;
    if let Some(known) = known {
        return Ok(known);
    }
    let id = act.new_id();
    act.record(
        &ADDRESS,
        &args![
            id,
            &address.line_1,
            &address.line_2,
            &address.town,
            &address.county,
            &address.postcode,
            Arg::Null
        ],
    )?;
    Ok(id)
}

/// Records that somebody (`party` is `pupil` or `contact`) lives at an address.
pub(super) fn live_at(
    act: &mut Act,
    party: &'static str,
    id: i64,
    address: i64,
    from: Option<Day>,
) -> Result<(), StoreError> {
    let residence = act.new_id();
    act.record(
        &RESIDENCE,
        &args![residence, party, id, address, from, None::<Day>],
    )
}

/// [`live_at`] for an address as a form gave it.
pub(super) fn move_in(
    act: &mut Act,
    party: &'static str,
    id: i64,
    address: &AddressEntry,
    from: Option<Day>,
) -> Result<(), StoreError> {
    let address = address_id(act, address)?;
    live_at(act, party, id, address, from)
}

/// Ends the residences that hold beyond a day, on that day.
pub(super) fn move_out(
    act: &mut Act,
    party: &'static str,
    id: i64,
    homes: &[Home],
    last: Day,
) -> Result<(), StoreError> {
    for home in homes
        .iter()
        .filter(|home| home.to.is_none_or(|to| to > last))
    {
        act.replace(
            &RESIDENCE,
            &args![home.residence, party, id, home.address, home.from, last],
        )?;
    }
    Ok(())
}

fn form(tx: &mut Tx, actor: &Actor, pupil: PupilId, today: Day) -> Result<FormPage, Refusal> {
    let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
    let contacts = contacts_of(tx, actor.school, pupil)?;
    let mut who = vec![
        Choice::new("household", "The pupil and everybody they live with"),
        Choice::new("pupil", "The pupil"),
    ];
    who.extend(
        contacts
            .iter()
            .map(|contact| Choice::new(contact.contact.to_string(), contact.name())),
    );
    let moving = vec![
        Field::select("who", "Who lives there", who),
        Field::day("from", "From").value(today.to_string()),
        Field::radios(
            "how",
            "Is it",
            vec![
                Choice::new("instead", "instead of the present address"),
                Choice::new("beside", "in addition to the present address"),
            ],
        )
        .value("instead"),
    ];
    Ok(FormPage::new("Add an address", (format!("/pupils/{pupil}/contacts"), "Contacts"), "Record the address", vec![questions(""), Part::new("", moving)]).of(row.listed()).about("A day to come may be given as soon as a parent tells of a move (R-005). The present address is kept with its last day."))
}

/// `/pupils/{pupil}/address`.
pub(super) async fn ask(desk: Desk, Path(pupil): Path<PupilId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::Contacts, pupil, today)?;
        form(tx, actor, pupil, today)
    })
    .await
}

/// Records the address.
pub(super) async fn answer(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::Contacts, pupil, today)?;
        let contacts = contacts_of(act.tx(), actor.school, pupil)?;
        let mut wrongs = Wrongs::default();
        let address = read(&answers, &mut wrongs);
        if address.is_none() && wrongs.is_empty() {
            wrongs.add("line_1", "Give the house and the street.");
        }
        let from = answers.day("from", &mut wrongs);
        let movers = movers(&answers, &contacts);
        if movers.is_none() {
            wrongs.add("who", "Choose who lives there.");
        }
        let (Some(address), Some(from), Some((pupil_moves, movers)), true) =
            (address, from, movers, wrongs.is_empty())
        else {
            let form = form(act.tx(), actor, pupil, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let address = address_id(act, &address)?;
        let instead = answers.text("how") != "beside";
        if pupil_moves {
            if instead {
                let homes = homes_of(act.tx(), actor.school, pupil)?;
                move_out(act, "pupil", pupil.0, &homes, from.previous())?;
            }
            live_at(act, "pupil", pupil.0, address, Some(from))?;
        }
        for contact in movers {
            if instead {
                move_out(
                    act,
                    "contact",
                    contact.contact.0,
                    &contact.homes,
                    from.previous(),
                )?;
            }
            live_at(act, "contact", contact.contact.0, address, Some(from))?;
        }
        act.describe(actor.entry("record address", format!("pupil {pupil}")));
        Ok(Outcome::done(
            &format!("/pupils/{pupil}/contacts"),
            "address",
        ))
    })
    .await
}

/// Whether the pupil moves, and which contacts do; nothing when nobody known was chosen.
fn movers<'c>(answers: &Answers, contacts: &'c [ContactOf]) -> Option<(bool, Vec<&'c ContactOf>)> {
    match answers.text("who") {
        "pupil" => Some((true, Vec::new())),
        "household" => {
            let together = contacts
                .iter()
                .filter(|contact| contact.lives_with == Some(true));
            Some((true, together.collect()))
        }
        id => {
            let contact = contacts
                .iter()
                .find(|contact| contact.contact.to_string() == id)?;
            Some((false, vec![contact]))
        }
    }
}

fn end_form(pupil: PupilId, home: &Home, today: Day) -> FormPage {
    FormPage::new(
        "End an address",
        (format!("/pupils/{pupil}/contacts"), "Contacts"),
        "End the address",
        vec![Part::new(
            "",
            vec![
                Field::day("last", "Last day there").value(today.to_string()),
                form::reason(),
                hidden("seq", home.seq),
            ],
        )],
    )
    .of(home.in_words())
    .about("The address is kept with its last day.")
}

fn home(tx: &mut Tx, actor: &Actor, pupil: PupilId, residence: i64) -> Result<Home, Refusal> {
    homes_of(tx, actor.school, pupil)?
        .into_iter()
        .find(|home| home.residence == residence)
        .ok_or(Refusal::NotFound)
}

/// `/pupils/{pupil}/address/{residence}`.
pub(super) async fn ask_end(
    desk: Desk,
    Path((pupil, residence)): Path<(PupilId, i64)>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep(tx, actor, RecordKind::Contacts, pupil, today)?;
        let home = home(tx, actor, pupil, residence)?;
        Ok(end_form(pupil, &home, today))
    })
    .await
}

/// Ends the residence.
pub(super) async fn answer_end(
    desk: Desk,
    Path((pupil, residence)): Path<(PupilId, i64)>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep(act.tx(), actor, RecordKind::Contacts, pupil, today)?;
        let home = home(act.tx(), actor, pupil, residence)?;
        must_be_unchanged(act.tx(), actor, &answers, home.seq)?;
        let mut wrongs = Wrongs::default();
        let last = answers.day("last", &mut wrongs);
        let reason = answers.reason(&mut wrongs);
        if let (Some(last), Some(from)) = (last, home.from)
            && last < from
        {
            wrongs.add(
                "last",
                format!("They have lived there since {}.", from.long()),
            );
        }
        let (Some(last), true) = (last, wrongs.is_empty()) else {
            let form = end_form(pupil, &home, today);
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        act.replace(
            &RESIDENCE,
            &args![
                home.residence,
                "pupil",
                pupil,
                home.address,
                home.from,
                last
            ],
        )?;
        act.note("reason", &reason);
        act.describe(actor.entry("end address", format!("pupil {pupil}")));
        Ok(Outcome::done(
            &format!("/pupils/{pupil}/contacts"),
            "address",
        ))
    })
    .await
}
