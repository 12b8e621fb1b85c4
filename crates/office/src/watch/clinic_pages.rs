//! The pages of clinics: the list, one clinic with its families, and the forms.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use exchange::Cell;
use store::Tx;

use super::clinic::{
    Booked, Clinic, NewPlace, Outcome, all_booked, book, booked_at, clinic_of, clinics,
    hold_clinic, holds, place, write_down,
};
use super::promise::kept_on;
use super::watched_page::found;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Part, Wrongs, yes_no};
use crate::ids::{EnrolmentId, PupilId};
use crate::morning::{Sight, pupil_to_log};
use crate::people::Actor;
use crate::roll::contacts_of;
use crate::shell::{Choice, Exports, Field, FieldKind, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A clinic of the list.
struct Line {
    id: i64,
    when: String,
    room: String,
    held_by: String,
    taken: String,
    reviews: usize,
}

#[derive(Template)]
#[template(path = "watch/clinics.html")]
struct ClinicsPage {
    frame: Frame,
    lines: Vec<Line>,
    may_hold: bool,
    none: State,
    under: Under,
}

fn lines(tx: &mut Tx, actor: &Actor, today: Day) -> Result<Vec<Line>, Refusal> {
    let booked = all_booked(tx, actor.school)?;
    let lines = clinics(tx, actor.school)?.into_iter().map(|clinic| {
        let own = booked
            .iter()
            .filter(|one| one.clinic == clinic.id && one.outcome.called_off.is_none());
        let due = |one: &&Booked| one.outcome.review_on.is_some_and(|day| day <= today);
        Line {
            id: clinic.id,
            when: format!("{} {}", clinic.day.short(), clinic.starts),
            taken: format!("{} of {}", own.clone().count(), clinic.places),
            reviews: own.filter(due).count(),
            room: clinic.room.unwrap_or_default(),
            held_by: clinic.held_by,
        }
    });
    Ok(lines.collect())
}

/// `GET /clinics`.
pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        Sight::of(tx, actor, today)?;
        let lines = lines(tx, actor, today)?;
        Ok(Page(ClinicsPage {
            frame: here.frame(tx, actor, "Attendance clinics")?,
            may_hold: holds(actor),
            none: State::empty("No clinic", "Set one, and give families their times."),
            under: Under {
                shown: format!("{} clinics", lines.len()).into(),
                exports: Exports::usual("/clinics"),
                ..Under::default()
            },
            lines,
        })
        .into_response())
    })
    .await
}

/// `/clinics` as a file.
pub(super) fn list_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    Sight::of(tx, wanted.actor, today)?;
    let lines = lines(tx, wanted.actor, today)?;
    let headings = ["Clinic", "Room", "Held by", "Taken", "Reviews due"];
    let mut sheet = wanted.sheet(tx, "Attendance clinics", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            let due = line.reviews.to_string();
            [
                line.when.as_str(),
                &line.room,
                &line.held_by,
                &line.taken,
                &due,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, today))
}

fn new_form(today: Day, actor: &Actor) -> Result<FormPage, Refusal> {
    if !holds(actor) {
        return Err(Refusal::NotFound);
    }
    Ok(FormPage::new(
        "Set a clinic",
        ("/clinics", "Attendance clinics"),
        "Set the clinic",
        vec![Part::new(
            "",
            vec![
                Field::day("day", "Day").value(today.next().to_string()),
                Field::new(FieldKind::Time, "starts", "First family at").value("15:30"),
                Field { width: "tiny", ..Field::new(FieldKind::Number, "minutes", "Minutes for each") }.value("15"),
                Field { width: "tiny", ..Field::new(FieldKind::Number, "places", "Families") }.value("6"),
                Field::line("room", "Where").optional(),
                Field::line("held_by", "Who holds it").value(actor.name.clone()),
            ],
        )],
    )
    .about("Families then get their times one by one. What each promises stands on the morning board on its day."))
}

/// `GET /clinics/new`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |tx, actor, today| {
        Sight::of(tx, actor, today)?;
        new_form(today, actor)
    })
    .await
}

/// `POST /clinics/new`.
pub(super) async fn new(desk: Desk, Form(answers): Form<Answers>) -> Result<Response, Problem> {
    let given = answers.clone();
    let done = desk
        .act(move |act, actor| {
            let mut wrongs = Wrongs::default();
            let day = given.day("day", &mut wrongs);
            let starts = given.text("starts").parse().ok();
            if starts.is_none() {
                wrongs.add("starts", "This is no time. Write it as 15:30.");
            }
            let held_by = given.required("held_by", "Say who holds it.", &mut wrongs);
            let (Some(day), Some(starts), true) = (day, starts, wrongs.is_empty()) else {
                return Ok(Err(wrongs));
            };
            let new = Clinic {
                id: 0,
                day,
                starts,
                minutes: given.number("minutes").unwrap_or(0),
                places: given.number("places").unwrap_or(0),
                room: given.given("room"),
                held_by,
            };
            match hold_clinic(act, actor, &new) {
                Ok(id) => Ok(Ok(id)),
                Err(Refusal::Wrong(ground)) => {
                    wrongs.add("day", ground);
                    Ok(Err(wrongs))
                }
                Err(other) => Err(other),
            }
        })
        .await?;
    match done {
        Ok(id) => Ok(Redirect::to(&format!("/clinics/{id}?did=set")).into_response()),
        Err(wrongs) => {
            form::again(desk, answers, wrongs, move |tx, actor, today| {
                Sight::of(tx, actor, today)?;
                new_form(today, actor)
            })
            .await
        }
    }
}

/// A family of a clinic, or a free time.
struct PlaceLine {
    time: String,
    /// Number of the place and who; none for a free one.
    family: Option<Family>,
}

struct Family {
    id: i64,
    pupil: PupilId,
    /// Whether this person writes down what came of it.
    may_log: bool,
    name: String,
    form: String,
    with_whom: String,
    about: String,
    standing: String,
    promise: String,
    kept: &'static str,
    review: String,
}

#[derive(Template)]
#[template(path = "watch/clinic.html")]
struct ClinicPage {
    frame: Frame,
    id: i64,
    when: String,
    whereabouts: String,
    lines: Vec<PlaceLine>,
    hidden: usize,
    may_book: bool,
    q: String,
    found: Vec<(i64, String, String)>,
    under: Under,
}

/// The families of a clinic whom this person may see, in order of time, and how many more there are.
fn families(
    tx: &mut Tx,
    book: &Book,
    sight: &Sight,
    clinic: &Clinic,
    now: Instant,
) -> Result<(Vec<(i64, Family)>, usize), Refusal> {
    let (mut families, mut hidden) = (Vec::new(), 0);
    let (today, _) = now.in_london();
    for one in booked_at(tx, book.school, clinic.id)? {
        let row = book.roll.row(one.enrolment);
        let pupil = row.and_then(|row| book.roll.pupil_of_row(row));
        let Some(pupil) = pupil.filter(|pupil| sight.covers(pupil.id)) else {
            hidden += 1;
            continue;
        };
        let form = book
            .groups
            .of_kind(one.enrolment, GroupKind::Tutor, clinic.day);
        let outcome = &one.outcome;
        let kept = outcome
            .promised_on
            .map(|on| kept_on(book, one.enrolment, on, now).words());
        let promise = [
            outcome.promise.clone(),
            outcome
                .promised_on
                .map(|day| format!("for {}", day.short())),
        ];
        families.push((
            one.number,
            Family {
                id: one.id,
                pupil: pupil.id,
                may_log: sight.may_log(pupil.id),
                name: pupil.listed(),
                form: form.map(|form| form.name.clone()).unwrap_or_default(),
                standing: standing(&one, clinic, today),
                promise: promise.into_iter().flatten().collect::<Vec<_>>().join(" "),
                kept: kept.unwrap_or_default(),
                review: outcome.review_on.map(Day::short).unwrap_or_default(),
                with_whom: one.with_whom,
                about: one.about.unwrap_or_default(),
            },
        ));
    }
    Ok((families, hidden))
}

fn standing(one: &Booked, clinic: &Clinic, today: Day) -> String {
    let said = one.outcome.said.as_ref().map(|said| format!(": {said}"));
    let said = said.unwrap_or_default();
    match (&one.outcome.called_off, one.outcome.came) {
        (Some(why), _) => format!("called off: {why}"),
        (None, Some(true)) => format!("came{said}"),
        (None, Some(false)) => format!("did not come{said}"),
        (None, None) if clinic.day < today => "not written down yet".to_owned(),
        (None, None) => "expected".to_owned(),
    }
}

/// `GET /clinics/{clinic}?q=`.
pub(super) async fn one(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let (today, _) = now.in_london();
        let sight = Sight::of(tx, actor, today)?;
        let clinic = clinic_of(tx, actor.school, id)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let (mut families, hidden) = families(tx, &book, &sight, &clinic, now)?;
        let taken = booked_at(tx, actor.school, id)?;
        let mut lines = Vec::new();
        for number in 0..clinic.places {
            let time = clinic.time_of(number).to_string();
            let own = families.extract_if(.., |(place, _)| *place == number);
            let own: Vec<Family> = own.map(|(_, family)| family).collect();
            let is_free = taken
                .iter()
                .all(|one| one.number != number || one.outcome.called_off.is_some());
            lines.extend(own.into_iter().map(|family| PlaceLine {
                time: time.clone(),
                family: Some(family),
            }));
            if is_free {
                lines.push(PlaceLine { time, family: None });
            }
        }
        let q = asked.text("q");
        let notice = match asked.text("did") {
            "set" => Some(Notice::done(
                "The clinic is set. Find a pupil to give their family a time.",
            )),
            "booked" => Some(Notice::done("The family has its time.")),
            "written" => Some(Notice::done("It is written down.")),
            _ => None,
        };
        let list = format!("/clinics/{id}");
        let may_book = holds(actor) && clinic.day >= today;
        let room = clinic.room.as_ref().map(|room| format!("{room}, "));
        Ok(Page(ClinicPage {
            frame: here
                .frame(tx, actor, "An attendance clinic")?
                .with_notice(notice),
            id,
            when: clinic.day.long(),
            whereabouts: format!("{}{}", room.unwrap_or_default(), clinic.held_by),
            may_book,
            found: match may_book {
                true => found(&book, &sight, today, q),
                false => Vec::new(),
            },
            q: q.to_owned(),
            under: Under {
                shown: format!("{} times", lines.len()).into(),
                exports: Exports::usual(&list),
                ..Under::default()
            },
            lines,
            hidden,
        })
        .into_response())
    })
    .await
}

/// `/clinics/{clinic}` as a file.
pub(super) fn one_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (now, today) = (wanted.office.now(), wanted.today());
    let sight = Sight::of(tx, wanted.actor, today)?;
    let clinic = clinic_of(tx, wanted.actor.school, wanted.named()?)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let (families, _) = families(tx, &book, &sight, &clinic, now)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Time",
        "With",
        "About",
        "Standing",
        "Promise",
        "By the register",
        "Review",
    ];
    let mut sheet = wanted.sheet(tx, "Attendance clinic", &headings)?;
    sheet.about.push(("Day".to_owned(), clinic.day.long()));
    sheet.rows = families
        .iter()
        .map(|(number, family)| {
            [
                family.name.as_str(),
                &family.form,
                &clinic.time_of(*number).to_string(),
                &family.with_whom,
                &family.about,
                &family.standing,
                &family.promise,
                family.kept,
                &family.review,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, clinic.day).naming(families.iter().map(|(_, family)| family.pupil)))
}

fn book_form(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    (id, enrolment): (i64, Option<i64>),
) -> Result<FormPage, Refusal> {
    let (today, _) = desk.office.today();
    let enrolment = enrolment.map(EnrolmentId).ok_or(Refusal::NotFound)?;
    let pupil = pupil_to_log(tx, actor, enrolment, today)?;
    let sight = Sight::of(tx, actor, today)?;
    let clinic = clinic_of(tx, actor.school, id)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let taken = booked_at(tx, actor.school, id)?;
    let free = (0..clinic.places).filter(|number| {
        let mut own = taken.iter().filter(|one| one.number == *number);
        own.all(|one| one.outcome.called_off.is_some())
    });
    let free: Vec<Choice> = free
        .map(|number| Choice::new(number.to_string(), clinic.time_of(number).to_string()))
        .collect();
    let first = free.first().map(|choice| choice.value.to_string());
    let mut contacts = vec![Choice::new("", "Somebody else, or not known yet")];
    if sight.sees_contacts(pupil) {
        let all = contacts_of(tx, actor.school, pupil)?;
        let come = all.iter().filter(|contact| !contact.do_not_contact);
        contacts.extend(come.map(|contact| {
            Choice::new(
                contact.contact.0.to_string(),
                format!("{}, {}", contact.name(), contact.relationship),
            )
        }));
    }
    let name = book.roll.pupil(pupil).map(|pupil| pupil.called());
    Ok(FormPage::new(
        "Give a family a time",
        (format!("/clinics/{id}"), "Clinic"),
        "Give the time",
        vec![Part::new(
            "",
            vec![
                Field::radios("number", "Time", free).value(first.unwrap_or_default()),
                Field::select("contact", "Who comes", contacts).optional(),
                Field::line("with", "Who comes, if it is somebody else").optional(),
                Field::line("about", "What it is about").optional(),
            ],
        )],
    )
    .headed(name.map_or_else(
        || "Give a family a time".to_owned(),
        |name| format!("Give a family a time: {name}"),
    )))
}

/// `GET /clinics/{clinic}/book?enrolment=`.
pub(super) async fn ask_book(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        book_form(&here, tx, actor, (id, asked.number("enrolment")))
    })
    .await
}

/// `POST /clinics/{clinic}/book?enrolment=`.
pub(super) async fn book_one(
    desk: Desk,
    Path(id): Path<i64>,
    Query(asked): Query<Answers>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let enrolment = asked.number("enrolment");
    form::answer(desk, move |act, actor, today| {
        let form = book_form(&here, act.tx(), actor, (id, enrolment))?;
        let mut wrongs = Wrongs::default();
        let number = answers.number("number");
        if number.is_none() {
            wrongs.add("number", "Choose a time.");
        }
        let (Some(number), Some(enrolment)) = (number, enrolment.map(EnrolmentId)) else {
            return Ok(form::Outcome::again(form, &answers, &wrongs));
        };
        let pupil = pupil_to_log(act.tx(), actor, enrolment, today)?;
        let contact = answers.number("contact");
        let named = contacts_of(act.tx(), actor.school, pupil)?;
        let named = named
            .iter()
            .find(|one| Some(one.contact.0) == contact && !one.do_not_contact);
        let with_whom = match (named, answers.given("with")) {
            (_, Some(with)) => with,
            (Some(one), None) => format!("{}, {}", one.name(), one.relationship),
            (None, None) => "not known yet".to_owned(),
        };
        let new = NewPlace {
            clinic: id,
            number,
            enrolment,
            contact: named.map(|one| one.contact.0),
            with_whom,
            about: answers.given("about"),
        };
        match book(act, actor, &new) {
            Ok(()) => Ok(form::Outcome::done(&format!("/clinics/{id}"), "booked")),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("number", ground);
                Ok(form::Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

fn record_form(desk: &Desk, tx: &mut Tx, actor: &Actor, id: i64) -> Result<FormPage, Refusal> {
    let (today, _) = desk.office.today();
    let one = place(tx, actor.school, id)?;
    let pupil = pupil_to_log(tx, actor, one.enrolment, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let name = book.roll.pupil(pupil).map(|pupil| pupil.called());
    let Outcome {
        came,
        said,
        promise,
        promised_on,
        review_on,
        called_off,
    } = one.outcome;
    let came = match came {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    Ok(FormPage::new(
        "What came of it",
        (format!("/clinics/{}", one.clinic), "Clinic"),
        "Write down",
        vec![Part::new(
            "",
            vec![
                yes_no("came", "Did they come?").value(came),
                Field::line("said", "What was said").value(said.unwrap_or_default()).optional(),
                Field::line("promise", "What they promised").value(promise.unwrap_or_default()).optional(),
                Field::day("promised_on", "Back in school on")
                    .hint("It stands on the morning board that day, and under Promises as kept or broken.")
                    .value(day(promised_on))
                    .optional(),
                Field::day("review_on", "Looked at again on").value(day(review_on)).optional(),
                Field::line("called_off", "Called off because")
                    .hint("The time is free again.")
                    .value(called_off.unwrap_or_default())
                    .optional(),
            ],
        )],
    )
    .headed(name.map_or_else(|| "What came of it".to_owned(), |name| format!("What came of it: {name}")))
    .of(one.with_whom))
}

/// `GET /clinics/families/{place}`.
pub(super) async fn ask_record(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| record_form(&here, tx, actor, id)).await
}

/// `POST /clinics/families/{place}`.
pub(super) async fn record(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::answer(desk, move |act, actor, _| {
        let form = record_form(&here, act.tx(), actor, id)?;
        let mut wrongs = Wrongs::default();
        let promised_on = answers.day_if_given("promised_on", &mut wrongs);
        let review_on = answers.day_if_given("review_on", &mut wrongs);
        if !wrongs.is_empty() {
            return Ok(form::Outcome::again(form, &answers, &wrongs));
        }
        let outcome = Outcome {
            came: answers.yes_or_no("came"),
            said: answers.given("said"),
            promise: answers.given("promise"),
            promised_on,
            review_on,
            called_off: answers.given("called_off"),
        };
        match write_down(act, actor, id, &outcome) {
            Ok(clinic) => Ok(form::Outcome::done(
                &format!("/clinics/{clinic}"),
                "written",
            )),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("promised_on", ground);
                Ok(form::Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
