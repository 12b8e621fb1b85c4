//! The list of pupils: on roll, expected or left; to filter, sort, print and take away.

use std::cmp::Ordering;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use exchange::{Cell, Sheet};
use store::{StoreError, Tx};

use super::admission_register;
use super::characteristic_kinds::{CharacteristicKind, KINDS};
use super::find::Sought;
use super::keeping::notice;
use super::keeping::{Sight, kept_here};
use super::place::{Place, Standing, places, sorting_name};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::GroupId;
use crate::ids::PupilId;
use crate::insight::grouped;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::keeps_all_registers;
use crate::shell::{Choice, Column, Columns, Direction, Exports, Flag, Frame, Page, Under};
use crate::take_away::{Leaving, Wanted};

/// Rows on one page.
const PAGE: usize = 100;

/// What the list can be sorted by: the word in addresses and the heading.
const SORTS: [(&str, &str); 6] = [
    ("name", "Name"),
    ("tutor", "Tutor group"),
    ("year", "Year"),
    ("house", "House"),
    ("number", "Admission no."),
    ("starting", "On roll since"),
];

#[derive(Template)]
#[template(path = "roll/pupils.html")]
struct PupilsPage {
    frame: Frame,
    title: &'static str,
    count: String,
    may_add: bool,
    sees_admission_register: bool,
    /// Whether rows can be ticked, for those who change many marks at once.
    may_tick: bool,
    words: String,
    selects: Vec<Select>,
    filters: String,
    columns: Columns,
    rows: Vec<Row>,
    under: Under,
}

/// A filter with its choices and the one that is chosen.
struct Select {
    name: &'static str,
    label: &'static str,
    chosen: String,
    choices: Vec<Choice>,
}

/// A pupil as the list shows them.
struct Row {
    id: PupilId,
    href: String,
    name: String,
    tutor: String,
    year: String,
    house: String,
    number: String,
    since: Option<Day>,
    until: Option<Day>,
    birth_day: Day,
    upn: String,
    flags: Vec<Flag>,
}

/// `/pupils`.
pub(super) async fn pupils(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let listed = listed(&book, &sight, &asked, today);
        let frame = here.frame(tx, actor, "Pupils")?.with_notice(notice(&asked));
        Ok(Page(page(frame, &book, &sight, actor, &asked, &listed, today)).into_response())
    })
    .await
}

fn page(
    frame: Frame,
    book: &Book,
    sight: &Sight,
    actor: &Actor,
    asked: &Answers,
    listed: &[Place],
    today: Day,
) -> PupilsPage {
    let whole = !asked.text("print").is_empty();
    let number = asked.text("page").parse::<usize>().unwrap_or(1).max(1);
    let first = if whole {
        0
    } else {
        ((number - 1) * PAGE).min(listed.len())
    };
    let last = if whole {
        listed.len()
    } else {
        (first + PAGE).min(listed.len())
    };
    let turned = |number: usize| asked.path("/pupils", &[("page", &number.to_string())]);
    let under = Under {
        shown: format!(
            "{} to {last} of {} pupils",
            (first + 1).min(last),
            listed.len()
        )
        .into(),
        previous: (first > 0).then(|| turned(number - 1).into()),
        next: (last < listed.len()).then(|| turned(number + 1).into()),
        exports: Exports::usual(&asked.path("/pupils", &[("page", ""), ("did", "")])),
    };
    let (title, standing) = match standing_asked(asked) {
        Standing::OnRoll => ("Pupils", "on roll"),
        Standing::Expected => ("Pupils expected", "to come"),
        _ => ("Leavers", "who left"),
    };
    PupilsPage {
        frame,
        title,
        count: format!("{} {standing}", grouped(listed.len() as i64)),
        may_add: actor.may_for_school(Access::Write, RecordKind::PupilCore)
            && kept_here(book, today),
        sees_admission_register: admission_register::may_see(actor),
        may_tick: keeps_all_registers(actor),
        words: asked.text("q").to_owned(),
        selects: selects(book, sight, asked, today),
        filters: filters_in_words(book, asked),
        columns: columns(asked),
        rows: listed[first..last]
            .iter()
            .map(|place| row(book, sight, place))
            .collect(),
        under,
    }
}

fn standing_asked(asked: &Answers) -> Standing {
    match asked.text("stand") {
        "expected" => Standing::Expected,
        "left" => Standing::Left,
        _ => Standing::OnRoll,
    }
}

/// The pupils that were asked for, sorted; nobody outside `sight`, and nobody by a characteristic that may not be seen of them.
fn listed<'b>(book: &'b Book, sight: &Sight, asked: &Answers, today: Day) -> Vec<Place<'b>> {
    let sought = Sought::of(asked.text("q"));
    let standing = standing_asked(asked);
    let groups: Vec<(GroupKind, GroupId)> = [GroupKind::Year, GroupKind::Tutor, GroupKind::House]
        .into_iter()
        .filter_map(|kind| Some((kind, GroupId(asked.number(kind.key())?))))
        .collect();
    let having = CharacteristicKind::from_key(asked.text("has"));
    let mut found: Vec<Place> = places(book, today)
        .into_iter()
        .filter(|place| place.standing == standing)
        .filter(|place| sight.covers(RecordKind::PupilCore, place.pupil.id))
        .filter(|place| sought.is_nothing() || sought.is_pupil(place))
        .filter(|place| {
            groups.iter().all(|(kind, id)| {
                place
                    .group(book, *kind)
                    .is_some_and(|group| group.id == *id)
            })
        })
        .filter(|place| {
            having.is_none_or(|kind| {
                sight.covers(kind.record, place.pupil.id)
                    && book
                        .characteristics
                        .on(place.pupil.id, kind.key, today)
                        .is_some_and(|value| kind.flag_of(value).is_some())
            })
        })
        .collect();
    let (by, direction) = sorted_by(asked);
    found.sort_by(|a, b| {
        let order = compare(book, by, a, b);
        let order = if direction == Direction::Down {
            order.reverse()
        } else {
            order
        };
        order.then_with(|| a.pupil.in_order.cmp(&b.pupil.in_order))
    });
    found
}

fn compare(book: &Book, by: &str, a: &Place, b: &Place) -> Ordering {
    let group = |kind| {
        let name = |place: &Place| sorting_name(place.group_name(book, kind));
        name(a).cmp(&name(b))
    };
    match by {
        "tutor" => group(GroupKind::Tutor),
        "year" => group(GroupKind::Year),
        "house" => group(GroupKind::House),
        "number" => {
            let number = |place: &Place| {
                sorting_name(place.pupil.admission_number.as_deref().unwrap_or_default())
            };
            number(a).cmp(&number(b))
        }
        "starting" => {
            let day = |place: &Place| place.enrolment.map(|enrolment| enrolment.starting_day);
            day(a).cmp(&day(b))
        }
        _ => a.pupil.in_order.cmp(&b.pupil.in_order),
    }
}

fn sorted_by(asked: &Answers) -> (&'static str, Direction) {
    let word = asked.text("sort");
    let (word, direction) = match word.strip_prefix('-') {
        Some(rest) => (rest, Direction::Down),
        None => (word, Direction::Up),
    };
    let known = SORTS.iter().find(|(key, _)| *key == word);
    (known.map_or("name", |(key, _)| key), direction)
}

fn columns(asked: &Answers) -> Columns {
    let (by, direction) = sorted_by(asked);
    let mut columns: Vec<Column> = SORTS
        .iter()
        .map(|(key, label)| {
            let now = (*key == by).then_some(direction);
            let sort = if now == Some(Direction::Up) {
                format!("-{key}")
            } else {
                (*key).to_owned()
            };
            let href = asked.path("/pupils", &[("sort", &sort), ("page", ""), ("did", "")]);
            Column::text(*label).sorted_by(href, now)
        })
        .collect();
    if standing_asked(asked) == Standing::Left {
        columns.push(Column::text("Last day"));
    }
    columns.push(Column::text("Flags"));
    Columns { columns }
}

fn selects(book: &Book, sight: &Sight, asked: &Answers, today: Day) -> Vec<Select> {
    let chosen = |name: &'static str| asked.text(name).to_owned();
    let groups = |kind: GroupKind, label: &'static str, all: &'static str| {
        let mut groups: Vec<_> = (book.groups.groups.iter())
            .filter(|group| group.kind == kind)
            .filter(|group| book.groups.members(group.id, today).next().is_some())
            .collect();
        groups.sort_by_cached_key(|group| sorting_name(&group.name));
        let choices = groups
            .into_iter()
            .map(|group| Choice::new(group.id.to_string(), group.name.clone()));
        Select {
            name: kind.key(),
            label,
            chosen: chosen(kind.key()),
            choices: std::iter::once(Choice::new("", all))
                .chain(choices)
                .collect(),
        }
    };
    let seen = KINDS
        .iter()
        .filter(|kind| kind.is_flag() && sight.covers_some(kind.record))
        .map(|kind| Choice::new(kind.key, kind.label));
    let mut selects = vec![
        groups(GroupKind::Year, "Year", "All years"),
        groups(GroupKind::Tutor, "Tutor group", "All"),
        groups(GroupKind::House, "House", "All"),
        Select {
            name: "has",
            label: "Characteristic",
            chosen: chosen("has"),
            choices: std::iter::once(Choice::new("", "Any"))
                .chain(seen)
                .collect(),
        },
        Select {
            name: "stand",
            label: "Pupils",
            chosen: standing_asked(asked).key().to_owned(),
            choices: vec![
                Choice::new("on", "On roll"),
                Choice::new("expected", "Expected"),
                Choice::new("left", "Leavers"),
            ],
        },
    ];
    selects.retain(|select| select.choices.len() > 1);
    selects
}

fn filters_in_words(book: &Book, asked: &Answers) -> String {
    let group = |kind: GroupKind| {
        let id = GroupId(asked.number(kind.key())?);
        Some(book.groups.group(id)?.name.clone())
    };
    let name = asked.given("q").map(|words| format!("name “{words}”"));
    let having = CharacteristicKind::from_key(asked.text("has")).map(|kind| kind.label.to_owned());
    let parts: Vec<String> = [
        name,
        group(GroupKind::Year),
        group(GroupKind::Tutor),
        group(GroupKind::House),
        having,
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

fn row(book: &Book, sight: &Sight, place: &Place) -> Row {
    let pupil = place.pupil;
    let group = |kind| place.group_name(book, kind).to_owned();
    Row {
        id: pupil.id,
        href: format!("/pupils/{}", pupil.id),
        name: pupil.listed(),
        tutor: group(GroupKind::Tutor),
        year: group(GroupKind::Year),
        house: group(GroupKind::House),
        number: pupil.admission_number.clone().unwrap_or_default(),
        since: place.enrolment.map(|enrolment| enrolment.starting_day),
        until: place.enrolment.and_then(|enrolment| enrolment.leaving_day),
        birth_day: pupil.birth_day,
        upn: pupil.upn.clone().unwrap_or_default(),
        flags: flags(book, sight, place),
    }
}

/// The flags beside a pupil's name that this person may see. None is loud: they are always there.
pub(super) fn flags(book: &Book, sight: &Sight, place: &Place) -> Vec<Flag> {
    flags_of(KINDS.iter(), book, sight, place.pupil.id, place.day)
}

/// The flags of these kinds that this person may see beside the pupil's name, as they hold on this day.
pub(super) fn flags_of(
    kinds: impl Iterator<Item = &'static CharacteristicKind>,
    book: &Book,
    sight: &Sight,
    pupil: PupilId,
    day: Day,
) -> Vec<Flag> {
    kinds
        .filter(|kind| kind.is_flag() && sight.covers(kind.record, pupil))
        .filter_map(|kind| {
            let value = book.characteristics.on(pupil, kind.key, day)?;
            Some(Flag::plain(kind.flag_of(value)?))
        })
        .collect()
}

/// `/pupils` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let asked: Answers = wanted.query()?;
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let listed = listed(&book, &sight, &asked, today);
    let rows = listed.iter().map(|place| row(&book, &sight, place));
    let sheet = as_sheet(tx, wanted, rows, &asked)?;
    let pupils = listed.iter().map(|place| place.pupil.id);
    Ok(Leaving::new(sheet, today).naming(pupils))
}

fn as_sheet(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    rows: impl Iterator<Item = Row>,
    asked: &Answers,
) -> Result<Sheet, StoreError> {
    let headings = [
        "Surname, forename",
        "Tutor group",
        "Year",
        "House",
        "Admission number",
        "UPN",
        "Date of birth",
        "On roll since",
        "Last day",
        "Flags",
    ];
    let title = match standing_asked(asked) {
        Standing::OnRoll => "Pupils",
        Standing::Expected => "Pupils expected",
        _ => "Leavers",
    };
    let mut sheet = wanted.sheet(tx, title, &headings)?;
    sheet.rows = rows
        .map(|row| {
            let flags: Vec<&str> = row.flags.iter().map(|flag| flag.text.as_ref()).collect();
            vec![
                Cell::text(&row.name),
                Cell::text(&row.tutor),
                Cell::text(&row.year),
                Cell::text(&row.house),
                Cell::text(&row.number),
                Cell::text(&row.upn),
                Cell::Day(row.birth_day),
                Cell::or_blank(row.since, Cell::Day),
                Cell::or_blank(row.until, Cell::Day),
                Cell::text(&flags.join(", ")),
            ]
        })
        .collect();
    Ok(sheet)
}
