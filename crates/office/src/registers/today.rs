//! The registers of a day: a teacher's own, and for those who keep them all, the ones that are missing.

use askama::Template;
use calendar::{Day, Instant, Session, Slot};
use exchange::{Cell, Sheet};
use serde::Deserialize;
use store::{StoreError, Tx};

use super::cover::may_set_cover;
use super::exams::{Invigilated, absences, invigilated};
use super::keeper::duty_of;
use super::lessons::{LessonLine, differences, lessons_of};
use super::offline::late::number_waiting;
use super::status::{Status, in_no_register, registers_at, status, taken_on};
use crate::book::{Book, Group, GroupKind};
use crate::desk::Refusal;
use crate::people::{Access, Actor, Place, RecordKind};
use crate::shell::{Exports, Frame, State, Under};
use crate::take_away::Wanted;
use crate::year::settings::session_times;

/// School days before today whose gaps a teacher is shown.
const GAPS_BACK: usize = 10;

/// What the page is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The day; today if left out.
    #[serde(default)]
    pub day: String,
    /// `am`, `pm`, or both if left out and it is not today.
    #[serde(default)]
    pub session: String,
    /// `all` for registers that are done too.
    #[serde(default)]
    pub show: String,
}

/// The page.
#[derive(Template)]
#[template(path = "registers/today.html")]
pub(super) struct TodayPage {
    pub frame: Frame,
    pub today: Day,
    /// Registers that this person takes, today.
    pub mine: Vec<Line>,
    /// Lessons that this person teaches today, in order of time.
    pub lessons: Vec<LessonLine>,
    /// Rooms of examinations that this person invigilates today.
    pub exams: Vec<Invigilated>,
    /// Earlier registers of theirs with blanks.
    pub gaps: Vec<Line>,
    /// Classes that this person teaches, whose registers they may open.
    pub classes: Vec<(String, Vec<Line>)>,
    /// All registers, for who may see all.
    pub all: Option<AllRegisters>,
    /// What to say when there is nothing to show.
    pub nothing: Option<State>,
    /// Whether the timetable is open to this person.
    pub sees_timetable: bool,
    /// Whether this person sets cover.
    pub sets_cover: bool,
    /// Whether this person reads the changes of many marks.
    pub sees_changes: bool,
    /// How many marks came late and wait for this person.
    pub late_marks: i64,
    /// Whether the viewer may see the sealed copies.
    pub sees_copies: bool,
}

/// The list of missing registers, or of all.
pub(super) struct AllRegisters {
    pub day: Day,
    pub session: Option<Session>,
    pub only_missing: bool,
    /// Registers without a blank, registers due.
    pub done: usize,
    pub due: usize,
    pub lines: Vec<Line>,
    /// Lessons of the day that have begun and whose registers were not taken.
    pub lessons_missing: usize,
    /// Pupils in school by the attendance register and not in a lesson, and differences in all.
    pub differ: (usize, usize),
    /// Examinations that have begun without all of their candidates: address, title and how many are not there.
    pub exams: Vec<(String, String, usize)>,
    /// Pupils whom none of these registers asks for: address and name.
    pub left_out: Vec<(String, String)>,
    pub under: Under,
}

/// One register in a list.
#[derive(Clone)]
pub(super) struct Line {
    pub group: String,
    pub room: String,
    pub staff: String,
    pub path: String,
    pub day: Day,
    pub session: Session,
    pub words: String,
    pub blank: usize,
    pub due: usize,
    pub overdue: i64,
    pub missing: bool,
}

impl Line {
    fn of(status: &Status, now: Instant) -> Line {
        Line {
            group: status.group.clone(),
            room: status.room.clone(),
            staff: status.staff.clone(),
            path: status.address.path(),
            day: status.address.slot.day,
            session: status.address.slot.session,
            words: status.words(now),
            blank: status.blank,
            due: status.due,
            overdue: status.minutes_overdue,
            missing: status.is_missing(),
        }
    }

    /// Minutes as people say them: `9 min`, `2 h 5 min`, `3 days`.
    pub(super) fn overdue_words(&self) -> String {
        match self.overdue {
            _ if !self.missing => String::new(),
            minutes if minutes < 60 => format!("{minutes} min"),
            minutes if minutes < 24 * 60 => format!("{} h {} min", minutes / 60, minutes % 60),
            minutes if minutes < 48 * 60 => "1 day".to_owned(),
            minutes => format!("{} days", minutes / (24 * 60)),
        }
    }
}

/// The registers of a day as this person may see them.
///
/// Errors: [`Refusal::NotFound`] for somebody who sees no marks at all; [`Refusal::Wrong`] for a day that cannot be read.
pub(super) fn today_page(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    asked: &Asked,
    now: Instant,
    frame: Frame,
) -> Result<TodayPage, Refusal> {
    if !Place::Registers.is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let (today, _) = now.in_london();
    let times = session_times(&book.settings, today)?;
    let own = own_groups(actor, book, today);
    let taken = taken_on(tx, book.school, today)?;
    let of = |group: &Group, slot: Slot| {
        status(book, group, slot, &times, &taken, now).map(|status| Line::of(&status, now))
    };
    let sessions: Vec<Slot> = book.calendar.slots(today, today).to_vec();
    let lines = |group: &Group| -> Vec<Line> {
        sessions
            .iter()
            .filter_map(|slot| of(group, *slot))
            .collect()
    };
    let tutored: Vec<&Group> = tutor_groups(&own).collect();
    let mine = tutored.iter().flat_map(|group| lines(group)).collect();
    let classes = own
        .iter()
        .filter(|group| group.kind != GroupKind::Tutor)
        .map(|group| (group.name.clone(), lines(group)))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    let sees_all = sees_all(actor);
    let all = if sees_all {
        Some(all_registers(tx, book, asked, now)?)
    } else {
        None
    };
    let (lessons, exams) = match actor.staff {
        Some(staff) => (
            lessons_of(tx, book, Some(staff), today, now)?,
            invigilated(tx, book.school, staff, today)?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    let has_none = own.is_empty() && lessons.is_empty() && exams.is_empty();
    let nothing = nothing(book, today, has_none, sees_all);
    Ok(TodayPage {
        frame,
        today,
        mine,
        lessons,
        exams,
        gaps: gaps(tx, book, &tutored, today, now)?,
        classes,
        all,
        nothing,
        sees_timetable: Place::Timetable.is_open_to(actor),
        sets_cover: may_set_cover(actor),
        sees_changes: super::bulk::reads_changes(actor),
        late_marks: match may_set_cover(actor) {
            true => number_waiting(tx, book.school)?,
            false => 0,
        },
        sees_copies: super::sealed::may_see(actor),
    })
}

/// Whether somebody may see the registers of the whole school.
pub(super) fn sees_all(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::AttendanceMarks)
}

fn tutor_groups<'b>(own: &'b [&'b Group]) -> impl Iterator<Item = &'b Group> {
    own.iter()
        .copied()
        .filter(|group| group.kind == GroupKind::Tutor)
}

/// The groups whose registers the actor's duties open for marking on this day, in order of name.
pub fn own_groups<'b>(actor: &Actor, book: &'b Book, day: Day) -> Vec<&'b Group> {
    let Some(staff) = actor.staff else {
        return Vec::new();
    };
    let most = match actor.looks_back {
        Some(_) => Access::Read,
        None => Access::Write,
    };
    let duties: Vec<&str> = actor
        .grants(RecordKind::AttendanceMarks)
        .filter(|(access, _)| *access >= most)
        .filter_map(|(_, scope)| duty_of(scope))
        .collect();
    let mut groups: Vec<&Group> = book
        .groups
        .duties_of(staff, day)
        .filter(|duty| duties.contains(&duty.duty.as_str()))
        .filter_map(|duty| book.groups.group(duty.group))
        .collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    groups.dedup_by_key(|group| group.id);
    groups
}

/// Earlier registers of these groups with blanks, newest first.
fn gaps(
    tx: &mut Tx,
    book: &Book,
    groups: &[&Group],
    today: Day,
    now: Instant,
) -> Result<Vec<Line>, Refusal> {
    let mut found = Vec::new();
    let days = book
        .calendar
        .school_days_between(today.plus_days(-60), today.previous());
    for day in days.iter().rev().take(GAPS_BACK) {
        let times = session_times(&book.settings, *day)?;
        let taken = taken_on(tx, book.school, *day)?;
        for slot in book.calendar.slots(*day, *day).iter().rev() {
            let missing = groups
                .iter()
                .filter_map(|group| status(book, group, *slot, &times, &taken, now))
                .filter(Status::is_missing);
            found.extend(missing.map(|status| Line::of(&status, now)));
        }
    }
    Ok(found)
}

/// The registers of the day that is asked for.
///
/// Errors: [`Refusal::Wrong`] for a day that cannot be read.
pub(super) fn all_registers(
    tx: &mut Tx,
    book: &Book,
    asked: &Asked,
    now: Instant,
) -> Result<AllRegisters, Refusal> {
    let (today, clock) = now.in_london();
    let day = match asked.day.as_str() {
        "" => today,
        text => text
            .parse()
            .map_err(|error| Refusal::Wrong(format!("{error}.")))?,
    };
    let times = session_times(&book.settings, day)?;
    let session = match asked.session.as_str() {
        "am" => Some(Session::Am),
        "pm" => Some(Session::Pm),
        "both" => None,
        _ if day != today => None,
        _ if times.of(Session::Pm).opens <= clock => Some(Session::Pm),
        _ => Some(Session::Am),
    };
    let taken = taken_on(tx, book.school, day)?;
    let statuses: Vec<Status> = book
        .calendar
        .slots(day, day)
        .iter()
        .filter(|slot| session.is_none_or(|session| slot.session == session))
        .flat_map(|slot| registers_at(book, *slot, &times, &taken, now))
        .collect();
    let slots = book.calendar.slots(day, day);
    let left_out = left_out(book, slots.first().copied());
    let due = statuses.len();
    let done = statuses.iter().filter(|status| status.blank == 0).count();
    let only_missing = asked.show != "all";
    let mut lines: Vec<Line> = statuses
        .iter()
        .filter(|status| !only_missing || status.is_missing())
        .map(|status| Line::of(status, now))
        .collect();
    // The longest overdue first; of equals, whichever has more to do.
    lines.sort_by(|a, b| {
        (b.missing, b.overdue, b.blank)
            .cmp(&(a.missing, a.overdue, a.blank))
            .then_with(|| a.group.cmp(&b.group))
    });
    let word = session.map_or("both".to_owned(), |session| {
        session.to_string().to_lowercase()
    });
    let show = if only_missing { "missing" } else { "all" };
    let base = format!("/registers?day={day}&session={word}&show={show}");
    let lessons = lessons_of(tx, book, None, day, now)?;
    let lessons_missing = lessons.iter().filter(|line| line.is_missing).count();
    let differ = differences(tx, book, day)?;
    let exams = absences(tx, book.school, &times, day, now)?;
    let under = Under {
        shown: format!("{} of {due} registers", lines.len()).into(),
        exports: Exports::usual(&base),
        ..Under::default()
    };
    Ok(AllRegisters {
        day,
        session,
        only_missing,
        done,
        due,
        lines,
        lessons_missing,
        differ,
        exams,
        left_out,
        under,
    })
}

/// Pupils on roll that day who are in no tutor group, so that nobody is asked for their marks; in order of name.
fn left_out(book: &Book, slot: Option<Slot>) -> Vec<(String, String)> {
    let mut pupils: Vec<(String, String)> = slot
        .map(|slot| in_no_register(book, slot))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|row| book.roll.pupil_of_row(row))
        .map(|pupil| (format!("/pupils/{}", pupil.id), pupil.listed()))
        .collect();
    pupils.sort_by(|a, b| a.1.cmp(&b.1));
    pupils
}

impl AllRegisters {
    /// Whether any register is taken in a room that is known; without one the list leaves rooms out.
    pub(super) fn has_rooms(&self) -> bool {
        self.lines.iter().any(|line| !line.room.is_empty())
    }

    /// The lessons in words: `3 lessons not taken`.
    pub(super) fn lessons_words(&self) -> String {
        match self.lessons_missing {
            0 => "No lesson register is missing".to_owned(),
            1 => "1 lesson not taken".to_owned(),
            many => format!("{many} lessons not taken"),
        }
    }

    /// What differs in words: `2 pupils missing from a lesson`, `Session and lesson differ for 3`.
    pub(super) fn differ_words(&self) -> String {
        match self.differ {
            (_, 0) => "Sessions and lessons agree".to_owned(),
            (0, all) => format!("Session and lesson differ {all} times"),
            (missing, all) => {
                format!(
                    "Session and lesson differ {all} times: in {missing} a pupil is missing from a lesson"
                )
            }
        }
    }

    /// The same list as a sheet to take away.
    pub(super) fn sheet(&self, tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Sheet, StoreError> {
        let title = if self.only_missing {
            "Missing registers"
        } else {
            "Registers"
        };
        let headings = [
            "Group",
            "Room",
            "Staff",
            "Day",
            "Session",
            "State",
            "Blank",
            "Pupils",
            "Minutes overdue",
        ];
        let mut sheet = wanted.sheet(tx, title, &headings)?;
        sheet.rows = self
            .lines
            .iter()
            .map(|line| {
                vec![
                    Cell::text(&line.group),
                    Cell::text(&line.room),
                    Cell::text(&line.staff),
                    Cell::Day(line.day),
                    Cell::text(&line.session.to_string()),
                    Cell::text(&line.words),
                    Cell::whole(line.blank as i64),
                    Cell::whole(line.due as i64),
                    if line.missing {
                        Cell::whole(line.overdue)
                    } else {
                        Cell::Blank
                    },
                ]
            })
            .collect();
        let (_, clock) = wanted.office.now().in_london();
        let more = [
            ("Registers of", self.day.long()),
            ("Made at", clock.to_string()),
        ];
        let more = more.map(|(name, value)| (name.to_owned(), value));
        sheet.about.extend(more);
        Ok(sheet)
    }

    /// What to say when the list is empty.
    pub(super) fn none(&self) -> State {
        if self.due == 0 {
            State::empty(
                "No register is due",
                "The school does not meet then, or nobody is in a tutor group.",
            )
        } else if self.only_missing {
            State::empty(
                "No register is missing",
                format!(
                    "{} of {} are complete; the others have not opened yet.",
                    self.done, self.due
                ),
            )
        } else {
            State::empty("No registers", "None match what you asked for.")
        }
    }
}

fn nothing(book: &Book, today: Day, has_none: bool, sees_all: bool) -> Option<State> {
    if sees_all {
        return None;
    }
    if !book.calendar.is_school_day(today) {
        let kind = book.calendar.kind(today).name();
        return Some(State::empty(
            "No registers today",
            format!("{}: {kind}.", today.long()),
        ));
    }
    has_none.then(|| {
        State::empty(
            "You have no registers today",
            "You are not down as the tutor or teacher of a group. If you are covering one, ask the attendance office to set the cover.",
        )
    })
}
