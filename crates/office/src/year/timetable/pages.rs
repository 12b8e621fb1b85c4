//! The timetable of the school, of a class, a member of staff, a room or a pupil, week by week.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::Tx;

use super::week::{HEADINGS, Place as GridPlace, Twice, Week, Whose, twice, week_in_words};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{Answers, Wrongs};
use crate::ids::{GroupId, PupilId, RoomId, StaffId};
use crate::people::{Access, Actor, Place, Reach, RecordKind};
use crate::roll::{kept_here, sorting_name};
use crate::shell::{Exports, Frame, Notice, Page, State, Text, Under};
use crate::take_away::{Leaving, Wanted};

/// What may be done from the pages of the timetable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keeping {
    /// Enter, change and end lessons; enter rooms.
    pub(super) lessons: bool,
    /// Set the school's periods.
    periods: bool,
}

impl Keeping {
    pub(super) fn of(actor: &Actor, book: &Book, today: Day) -> Keeping {
        Keeping {
            lessons: actor.may_for_school(Access::Write, RecordKind::PupilCore)
                && kept_here(book, today),
            periods: actor.may(Access::Write, RecordKind::UsersRolesAndSettings),
        }
    }
}

#[derive(Template)]
#[template(path = "year/timetable/whole.html")]
struct WholePage {
    frame: Frame,
    week: String,
    monday: Day,
    may: Keeping,
    may_import: bool,
    yours: Option<String>,
    kinds: Vec<Links>,
    nothing: Option<State>,
    under: Under,
}

/// Timetables of one kind: address and name of each.
struct Links {
    heading: &'static str,
    id: &'static str,
    links: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "year/timetable/week.html")]
struct WeekPage {
    frame: Frame,
    name: String,
    small: String,
    back: (Text, Text),
    path: String,
    week: Week,
    week_field: Day,
    before: String,
    after: String,
    /// Whether class and teacher are worth saying in each place: not on their own timetable.
    says_class: bool,
    says_teacher: bool,
    says_room: bool,
    /// The group into whose empty places lessons may be entered.
    keeps: Option<GroupId>,
    /// The room that this person may name anew.
    names_room: Option<RoomId>,
    twice: Vec<Twice>,
    nothing: Option<State>,
    under: Under,
}

impl WeekPage {
    fn new_lesson(&self, group: &GroupId, row: &super::week::Row, place: &GridPlace) -> String {
        let mut path = format!(
            "/timetable/lessons/new?group={group}&period={}&weekday={}",
            row.period, place.weekday
        );
        if let Some(letter) = self.week.words.strip_prefix("Week ") {
            path.push_str(&format!("&week={letter}"));
        }
        path
    }
}

/// What has just been done, by the word that came with the address.
pub(super) fn notice(asked: &Answers) -> Option<Notice> {
    let text = match asked.text("did") {
        "lesson" => "The lesson is in the timetable.",
        "changed" => "The lesson goes on as you said from that day.",
        "ended" => "The lesson ends on the day you gave.",
        "room" => "The room is recorded.",
        "period" => "The period holds from the day you gave.",
        "off" => "It is off timetable, and the timetable says what runs instead.",
        "back" => "The usual lessons run again.",
        "period-ended" => "The period ends on the day you gave.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// The day in the week that is asked for: today's where none is, or Monday's where today is at the weekend.
fn week_asked(asked: &Answers, today: Day) -> Day {
    let mut ignored = Wrongs::default();
    asked.day_if_given("week", &mut ignored).unwrap_or_else(|| {
        if today.weekday().is_weekend() {
            today.monday().plus_days(7)
        } else {
            today
        }
    })
}

/// `/timetable?week=`: the way to everybody's timetable.
pub(super) async fn whole(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !Place::Timetable.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let (today, _) = here.office.today();
        let book = here.office.shelf.book(tx, actor.school)?;
        let day = week_asked(&asked, today);
        let may = Keeping::of(actor, &book, today);
        let base = asked.path("/timetable", &[("did", "")]);
        let page = WholePage {
            frame: here
                .frame(tx, actor, "Timetable")?
                .with_notice(notice(&asked)),
            week: week_in_words(&book, day.monday())?,
            monday: day.monday(),
            may,
            may_import: Place::Imports.is_open_to(actor),
            yours: actor
                .staff
                .filter(|staff| book.groups.duties_of(*staff, day).next().is_some())
                .map(|staff| format!("/timetable/staff/{staff}")),
            kinds: kinds(&book, day),
            nothing: nothing_at_all(&book, may),
            under: Under {
                shown: format!("{} lessons in the timetable", book.timetable.lessons.len()).into(),
                exports: Exports::usual(&base),
                ..Under::default()
            },
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn nothing_at_all(book: &Book, may: Keeping) -> Option<State> {
    if !book.timetable.lessons.is_empty() {
        return None;
    }
    let text =
        "Set the school's periods first. Lessons are then entered on the timetable of their class.";
    let state = State::empty("No lesson is in the timetable yet", text);
    Some(if may.periods {
        state.then("/timetable/periods", "The school's periods")
    } else {
        state
    })
}

/// Links to the timetables of classes, staff and rooms.
fn kinds(book: &Book, day: Day) -> Vec<Links> {
    let year = i64::from(book.calendar.school_year_of(day).first_year());
    let groups = book.groups.groups.iter().filter(|group| {
        matches!(group.kind, GroupKind::Class | GroupKind::Tutor)
            && group.first_year.is_none_or(|first| first == year)
    });
    let (mut classes, mut tutor_groups) = (Vec::new(), Vec::new());
    for group in groups {
        let link = (
            format!("/timetable/groups/{}", group.id),
            group.name.clone(),
        );
        match group.kind {
            GroupKind::Tutor => tutor_groups.push(link),
            _ => classes.push(link),
        }
    }
    let mut staff: Vec<(String, String)> = (book.staff.members.iter())
        .filter(|member| member.leaving_day.is_none_or(|last| day <= last))
        .filter(|member| {
            let mut duties = book.groups.duties_of(member.id, day);
            duties.any(|duty| duty.duty != "head")
        })
        .map(|member| {
            (
                format!("/timetable/staff/{}", member.id),
                member.name.clone(),
            )
        })
        .collect();
    let mut rooms: Vec<(String, String)> = (book.timetable.rooms.iter())
        .map(|room| (format!("/timetable/rooms/{}", room.id), room.name.clone()))
        .collect();
    classes.sort_by_cached_key(|(_, name)| sorting_name(name));
    tutor_groups.sort_by_cached_key(|(_, name)| sorting_name(name));
    rooms.sort_by_cached_key(|(_, name)| sorting_name(name));
    staff.sort_by(|a, b| a.1.cmp(&b.1));
    let links = |heading, id, links| Links { heading, id, links };
    let mut kinds = vec![
        links("Classes", "classes", classes),
        links("Tutor groups", "tutor-groups", tutor_groups),
        links("Staff", "staff", staff),
        links("Rooms", "rooms", rooms),
    ];
    kinds.retain(|kind| !kind.links.is_empty());
    kinds
}

/// `/timetable` as a file: every lesson of the week.
pub(super) fn whole_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    as_file(tx, wanted, Whose::School)
}

/// `/timetable/groups/{group}` as a file.
pub(super) fn group_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let group = GroupId(wanted.named()?);
    as_file(tx, wanted, Whose::Group(group))
}

/// `/timetable/staff/{staff}` as a file.
pub(super) fn staff_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let staff = StaffId(wanted.named()?);
    as_file(tx, wanted, Whose::Staff(staff))
}

/// `/timetable/rooms/{room}` as a file.
pub(super) fn room_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let room = RoomId(wanted.named()?);
    as_file(tx, wanted, Whose::Room(room))
}

/// `/timetable/pupils/{pupil}` as a file, which is that pupil's and names nobody.
pub(super) fn pupil_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let pupil = PupilId(wanted.named()?);
    Ok(as_file(tx, wanted, Whose::Pupil(pupil))?.naming([pupil]))
}

fn as_file(tx: &mut Tx, wanted: &Wanted<'_>, whose: Whose) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    may_see(tx, actor, whose, today)?;
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let title = match whose {
        Whose::School => "Timetable".to_owned(),
        other => headed(&book, other).ok_or(Refusal::NotFound)?.file,
    };
    let week = Week::of(&book, whose, week_asked(&wanted.query()?, today))?;
    let mut sheet = wanted.sheet(tx, &title, &HEADINGS)?;
    week.fill(&mut sheet);
    Ok(Leaving::new(sheet, today))
}

/// Whose core records this person may read.
///
/// Errors: [`Refusal::NotFound`] where the timetable, or the pupil whose it is, is not open to them.
fn may_see(tx: &mut Tx, actor: &Actor, whose: Whose, today: Day) -> Result<Reach, Refusal> {
    if !Place::Timetable.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let reach = actor.reach(tx, Access::Read, RecordKind::PupilCore, today)?;
    match whose {
        Whose::Pupil(pupil) if !reach.covers(pupil) => Err(Refusal::NotFound),
        _ => Ok(reach),
    }
}

/// `/timetable/groups/{group}?week=`.
pub(super) async fn of_group(
    desk: Desk,
    Path(group): Path<GroupId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    shown(desk, asked, Whose::Group(group)).await
}

/// `/timetable/staff/{staff}?week=`.
pub(super) async fn of_staff(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    shown(desk, asked, Whose::Staff(staff)).await
}

/// `/timetable/rooms/{room}?week=`.
pub(super) async fn of_room(
    desk: Desk,
    Path(room): Path<RoomId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    shown(desk, asked, Whose::Room(room)).await
}

/// `/timetable/pupils/{pupil}?week=`, for whoever may know the pupil.
pub(super) async fn of_pupil(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    shown(desk, asked, Whose::Pupil(pupil)).await
}

/// Whose timetable a page is: name, what they are, the page it belongs to, the page's own path, the title of a file.
struct Headed {
    name: String,
    small: String,
    back: (Text, Text),
    path: String,
    file: String,
}

fn headed(book: &Book, whose: Whose) -> Option<Headed> {
    let to_all = || (Text::from("/timetable"), Text::from("Timetable"));
    Some(match whose {
        Whose::Group(id) => {
            let group = book.groups.group(id)?;
            Headed {
                name: group.name.clone(),
                small: group.subject.clone().unwrap_or_default(),
                back: to_all(),
                path: format!("/timetable/groups/{id}"),
                file: format!("Timetable of {}", group.name),
            }
        }
        Whose::Staff(id) => {
            let member = book.staff.member(id)?;
            Headed {
                name: member.name.clone(),
                small: member.code.clone().unwrap_or_default(),
                back: to_all(),
                path: format!("/timetable/staff/{id}"),
                file: format!(
                    "Timetable of staff {}",
                    member.code.as_deref().unwrap_or_default()
                ),
            }
        }
        Whose::Room(id) => {
            let room = book.timetable.room(id)?;
            Headed {
                name: room.name.clone(),
                small: "room".to_owned(),
                back: to_all(),
                path: format!("/timetable/rooms/{id}"),
                file: format!("Timetable of room {}", room.name),
            }
        }
        Whose::Pupil(id) => {
            let pupil = book.roll.pupil(id)?;
            Headed {
                name: pupil.called(),
                small: "timetable".to_owned(),
                back: (format!("/pupils/{id}").into(), "Pupil".into()),
                path: format!("/timetable/pupils/{id}"),
                file: "Timetable of a pupil".to_owned(),
            }
        }
        Whose::School => return None,
    })
}

async fn shown(desk: Desk, asked: Answers, whose: Whose) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let reach = may_see(tx, actor, whose, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let headed = headed(&book, whose).ok_or(Refusal::NotFound)?;
        let day = week_asked(&asked, today);
        let week = Week::of(&book, whose, day)?;
        let may = Keeping::of(actor, &book, today);
        let keeps = match whose {
            Whose::Group(group) => Some(group).filter(|_| may.lessons),
            _ => None,
        };
        let twice = match keeps {
            Some(group) => twice(&book, group, day, &reach)?,
            None => Vec::new(),
        };
        let at = |monday: Day| format!("{}?week={monday}", headed.path);
        let page = WeekPage {
            frame: here
                .frame(tx, actor, "Timetable")?
                .with_notice(notice(&asked)),
            before: at(week.monday.plus_days(-7)),
            after: at(week.monday.plus_days(7)),
            week_field: day,
            says_class: !matches!(whose, Whose::Group(_)),
            says_teacher: !matches!(whose, Whose::Staff(_)),
            says_room: !matches!(whose, Whose::Room(_)),
            keeps,
            names_room: match whose {
                Whose::Room(room) => Some(room).filter(|_| may.lessons),
                _ => None,
            },
            twice,
            nothing: nothing_this_week(&week, may),
            under: Under {
                shown: match week.count {
                    1 => "1 lesson this week".into(),
                    count => format!("{count} lessons this week").into(),
                },
                exports: Exports::usual(&asked.path(&headed.path, &[("did", "")])),
                ..Under::default()
            },
            name: headed.name,
            small: headed.small,
            back: headed.back,
            path: headed.path,
            week,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn nothing_this_week(week: &Week, may: Keeping) -> Option<State> {
    if !week.rows.is_empty() {
        return None;
    }
    let state = State::empty(
        "The school has no periods in this week",
        "A timetable needs the school's periods with their times.",
    );
    Some(if may.periods {
        state.then("/timetable/periods", "The school's periods")
    } else {
        state
    })
}
