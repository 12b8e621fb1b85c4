//! Rooms: entered by name, and named anew.

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use store::{Act, StoreError, Tx, args};

use super::records::ROOM;
use super::set_period::LONGEST_NAME;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::RoomId;
use crate::people::Actor;
use crate::roll::may_keep_roll;
use crate::shell::Field;

const CALLED: &str = "\
select room_id from room where school_id = $1 and lower(name) = $2 and superseded_seq is null";

const NAME: &str =
    "select name from room where school_id = $1 and room_id = $2 and superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[CALLED, NAME];

fn room_form(title: &'static str, back: String, verb: &'static str, name: String) -> FormPage {
    let field = Field::line("name", "Name")
        .hint("As it stands on the door: 14, Sc2, Hall.")
        .short()
        .value(name);
    FormPage::new(
        title,
        (back, "Timetable"),
        verb,
        vec![Part::new("", vec![field])],
    )
}

fn new_form() -> FormPage {
    room_form(
        "Enter a room",
        "/timetable".to_owned(),
        "Enter the room",
        String::new(),
    )
}

/// The name that was given, with what is wrong with it.
fn name_given(
    act: &mut Act,
    actor: &Actor,
    answers: &Answers,
    own: Option<RoomId>,
    wrongs: &mut Wrongs,
) -> Result<String, StoreError> {
    let name = answers.required("name", "Give the name.", wrongs);
    if name.chars().count() > LONGEST_NAME {
        wrongs.add("name", "A name has at most 40 characters.");
    }
    let called = args![actor.school, name.to_lowercase()];
    let others = act
        .tx()
        .query(CALLED, &called, |row| row.get::<RoomId>(0))?;
    if others.iter().any(|other| Some(*other) != own) {
        wrongs.add("name", "There is a room of this name already.");
    }
    Ok(name)
}

/// `/timetable/new-room`.
pub(super) async fn ask_new(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        Ok(new_form())
    })
    .await
}

/// Enters the room.
pub(super) async fn answer_new(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let mut wrongs = Wrongs::default();
        let name = name_given(act, actor, &answers, None, &mut wrongs)?;
        if !wrongs.is_empty() {
            return Ok(Outcome::again(new_form(), &answers, &wrongs));
        }
        let room = RoomId(act.new_id());
        act.record(&ROOM, &args![room, &name])?;
        act.describe(actor.entry("enter a room", format!("room {room}")));
        Ok(Outcome::done(&format!("/timetable/rooms/{room}"), "room"))
    })
    .await
}

fn name_form(tx: &mut Tx, actor: &Actor, room: RoomId) -> Result<FormPage, Refusal> {
    let name = tx.query_opt(NAME, &args![actor.school, room], |row| row.get(0))?;
    let name: String = name.ok_or(Refusal::NotFound)?;
    let back = format!("/timetable/rooms/{room}");
    Ok(room_form("Name a room anew", back, "Record the name", name))
}

/// `/timetable/rooms/{room}/name`.
pub(super) async fn ask_name(desk: Desk, Path(room): Path<RoomId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        may_keep_roll(tx, actor, today)?;
        name_form(tx, actor, room)
    })
    .await
}

/// Names the room anew.
pub(super) async fn answer_name(
    desk: Desk,
    Path(room): Path<RoomId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        may_keep_roll(act.tx(), actor, today)?;
        let form = name_form(act.tx(), actor, room)?;
        let mut wrongs = Wrongs::default();
        let name = name_given(act, actor, &answers, Some(room), &mut wrongs)?;
        if !wrongs.is_empty() {
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        act.replace(&ROOM, &args![room, &name])?;
        act.describe(actor.entry("name a room", format!("room {room}")));
        Ok(Outcome::done(&format!("/timetable/rooms/{room}"), "room"))
    })
    .await
}
