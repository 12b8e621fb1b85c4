//! A week of a timetable: whose it is, its grid, and the same as a sheet.

use calendar::{Cycle, Day, Session, TimeOfDay, Weekday};
use exchange::{Cell, Sheet};

use super::off_timetable::instead_of;
use super::{lessons_on, teachers};
use crate::book::{Book, Lesson, LessonPeriod, OffTimetable, periods_on};
use crate::ids::{EnrolmentId, GroupId, LessonId, PeriodId, PupilId, RoomId, StaffId};
use crate::people::Reach;
use crate::year::settings::{SettingError, cycle};

/// Whose timetable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Group(GroupId),
    Staff(StaffId),
    Room(RoomId),
    Pupil(PupilId),
    /// Every lesson of the school.
    School,
}

impl Whose {
    /// The lessons of these that are theirs on this day.
    fn among<'b>(self, book: &'b Book, lessons: Vec<&'b Lesson>, day: Day) -> Vec<&'b Lesson> {
        let mut lessons = lessons;
        match self {
            Whose::School => {}
            Whose::Group(group) => lessons.retain(|lesson| lesson.group == group),
            Whose::Room(room) => lessons.retain(|lesson| lesson.room == Some(room)),
            Whose::Staff(staff) => lessons.retain(|lesson| {
                let now = teachers(book, lesson, day).now;
                now.iter().any(|member| member.id == staff)
            }),
            Whose::Pupil(pupil) => {
                let groups = groups_of(book, pupil, day);
                lessons.retain(|lesson| {
                    let instead = self.instead(book, lesson.period, day);
                    groups.contains(&lesson.group) && instead.is_empty()
                });
            }
        }
        lessons
    }

    /// What runs instead of lessons for them, in a period of a school day.
    ///
    /// For a group: what runs instead of a lesson of its own, or for the group by name. For staff and rooms, what runs for all.
    fn instead(self, book: &Book, period: PeriodId, day: Day) -> Vec<String> {
        if !book.calendar.is_school_day(day) {
            return Vec::new();
        }
        let groups = match self {
            Whose::Pupil(pupil) => groups_of(book, pupil, day),
            Whose::Group(group) => vec![group],
            _ => Vec::new(),
        };
        let week = cycle(&book.settings, day).ok();
        let week = week.and_then(|cycle| cycle.week_of(&book.calendar, day));
        let mut lessons = book.timetable.lessons.iter();
        let of_a_lesson = match (self, week) {
            (Whose::Group(group), Some(week)) => lessons
                .find(|lesson| {
                    lesson.group == group && lesson.period == period && lesson.is_on(day, week)
                })
                .and_then(|lesson| instead_of(book, lesson, day)),
            _ => None,
        };
        let mut found: Vec<&OffTimetable> = (book.timetable.off_on(day))
            .filter(|off| off.is_in(period))
            .filter(|off| off.group.is_none_or(|group| groups.contains(&group)))
            .chain(of_a_lesson)
            .collect();
        found.sort_by_key(|off| off.id);
        found.dedup_by_key(|off| off.id);
        found.into_iter().map(|off| off.what.clone()).collect()
    }
}

/// The groups that a pupil belongs to on a day.
fn groups_of(book: &Book, pupil: PupilId, day: Day) -> Vec<GroupId> {
    let times = book.roll.rows_of(pupil).iter();
    times
        .map(|row| &book.roll.enrolments[*row])
        .filter(|enrolment| enrolment.covers(day))
        .flat_map(|enrolment| book.groups.of(enrolment.id, day))
        .map(|group| group.id)
        .collect()
}

/// Where the week stands in the timetable's cycle, in words: `Week A`; empty where every week is the same or has no school.
pub(super) fn week_in_words(book: &Book, monday: Day) -> Result<String, SettingError> {
    let cycle = cycle(&book.settings, monday.plus_days(4))?;
    let week = monday
        .through(monday.plus_days(6))
        .find_map(|day| cycle.week_of(&book.calendar, day));
    Ok(match (cycle, week) {
        (Cycle::Fortnightly { .. }, Some(week)) => format!("Week {}", week.letter()),
        _ => String::new(),
    })
}

/// One lesson in a place of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) lesson: LessonId,
    pub(super) group: GroupId,
    pub(super) class: String,
    pub(super) subject: String,
    /// The room's own timetable; none where only the group says where it meets.
    pub(super) room_href: Option<String>,
    pub(super) room: String,
    pub(super) teacher: String,
}

impl Slip {
    fn of(book: &Book, lesson: &Lesson, day: Day) -> Slip {
        let group = book.groups.group(lesson.group);
        let usual = group.and_then(|group| group.room.clone());
        let room = lesson.room.and_then(|room| book.timetable.room(room));
        Slip {
            lesson: lesson.id,
            group: lesson.group,
            class: group.map_or_else(String::new, |group| group.name.clone()),
            subject: group
                .and_then(|group| group.subject.clone())
                .unwrap_or_default(),
            room_href: room.map(|room| format!("/timetable/rooms/{}", room.id)),
            room: room
                .map(|room| room.name.clone())
                .or(usual)
                .unwrap_or_default(),
            teacher: teachers(book, lesson, day).in_words(),
        }
    }
}

/// A place of the grid.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// `Mon 23 Nov`.
    pub(super) label: String,
    pub(super) slips: Vec<Slip>,
    /// The day of the week, as the form for a new lesson has it.
    pub(super) weekday: usize,
    /// What runs instead of lessons.
    pub(super) instead: Vec<String>,
    /// Whether the school holds the period that day.
    pub(super) is_held: bool,
    /// The times of the period that day, where they are not those of the row.
    pub(super) other_times: Option<String>,
}

/// A period of the grid.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) period: PeriodId,
    pub(super) name: String,
    pub(super) times: String,
    pub(super) places: Vec<Place>,
}

/// A day of the grid.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) label: String,
    /// Why there is no school; empty where there is.
    pub(super) closed: String,
}

/// A week of somebody's timetable.
#[derive(Clone, Debug)]
pub(super) struct Week {
    pub(super) monday: Day,
    /// `Week A`, or nothing.
    pub(super) words: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// How many lessons it has.
    pub(super) count: usize,
    /// Its lessons one by one, in order of time.
    lines: Vec<Line>,
}

/// A lesson on a day, as a file has it.
#[derive(Clone, Debug)]
struct Line {
    day: Day,
    id: PeriodId,
    period: String,
    starts: TimeOfDay,
    ends: TimeOfDay,
    session: Option<Session>,
    slip: Slip,
}

impl Week {
    /// The week that holds a day.
    ///
    /// Errors: the setting of the cycle cannot be read.
    pub(super) fn of(book: &Book, whose: Whose, day: Day) -> Result<Week, SettingError> {
        let monday = day.monday();
        let mut lines = Vec::new();
        let mut periods: Vec<&LessonPeriod> = Vec::new();
        let mut last = Weekday::Friday;
        for day in monday.through(monday.plus_days(6)) {
            let today = whose.among(book, lessons_on(book, day)?, day);
            if !today.is_empty() {
                last = last.max(day.weekday());
            }
            for lesson in today {
                let Some(period) = book.timetable.period(lesson.period, day) else {
                    continue;
                };
                lines.push(Line {
                    day,
                    id: period.id,
                    period: period.name.clone(),
                    starts: period.starts,
                    ends: period.ends,
                    session: period.session,
                    slip: Slip::of(book, lesson, day),
                });
            }
            for period in periods_on(book.timetable.periods(), day) {
                if !periods.iter().any(|known| known.id == period.id) {
                    periods.push(period);
                }
            }
        }
        periods.sort_by_key(|period| (period.starts, period.ends, period.id));
        let days: Vec<Day> = monday
            .through(monday.plus_days(last.index() as i32))
            .collect();
        let rows = periods
            .into_iter()
            .map(|period| row(book, whose, &days, &lines, period))
            .collect();
        Ok(Week {
            monday,
            words: week_in_words(book, monday)?,
            columns: days.iter().map(|day| column(book, *day)).collect(),
            rows,
            count: lines.len(),
            lines,
        })
    }

    /// The same lessons as a sheet to take away.
    pub(super) fn fill(&self, sheet: &mut Sheet) {
        sheet.about.push((
            "Week".to_owned(),
            format!("{} {}", self.monday.long(), self.words),
        ));
        sheet.rows = self
            .lines
            .iter()
            .map(|line| line.cells(&self.words))
            .collect();
    }
}

/// The headings of the sheet.
pub(super) const HEADINGS: [&str; 11] = [
    "Day", "Weekday", "Week", "Period", "Starts", "Ends", "Session", "Class", "Subject", "Room",
    "Teacher",
];

impl Line {
    fn cells(&self, week: &str) -> Vec<Cell> {
        let session = self.session.map_or("", |session| session.word());
        vec![
            Cell::Day(self.day),
            Cell::text(self.day.weekday().name()),
            Cell::text(week.trim_start_matches("Week ")),
            Cell::text(&self.period),
            Cell::text(&self.starts.to_string()),
            Cell::text(&self.ends.to_string()),
            Cell::text(session),
            Cell::text(&self.slip.class),
            Cell::text(&self.slip.subject),
            Cell::text(&self.slip.room),
            Cell::text(&self.slip.teacher),
        ]
    }
}

fn column(book: &Book, day: Day) -> Column {
    let closed = if book.calendar.is_school_day(day) {
        ""
    } else {
        book.calendar.kind(day).name()
    };
    Column {
        label: day.short(),
        closed: closed.to_owned(),
    }
}

fn times_of(period: &LessonPeriod) -> String {
    format!("{} to {}", period.starts, period.ends)
}

fn row(book: &Book, whose: Whose, days: &[Day], lines: &[Line], period: &LessonPeriod) -> Row {
    let places = days.iter().map(|day| {
        let slips = lines
            .iter()
            .filter(|line| line.day == *day && line.id == period.id);
        let then = book.timetable.period(period.id, *day);
        Place {
            label: day.short(),
            slips: slips.map(|line| line.slip.clone()).collect(),
            weekday: day.weekday().index(),
            instead: whose.instead(book, period.id, *day),
            is_held: then.is_some(),
            other_times: then
                .map(times_of)
                .filter(|times| *times != times_of(period)),
        }
    });
    Row {
        period: period.id,
        name: period.name.clone(),
        times: times_of(period),
        places: places.collect(),
    }
}

/// A pupil with two lessons at once: name, and what in words.
pub(super) type Twice = (String, String);

/// The pupils of a group who have another lesson at the time of one of the group's, in the week of a day; only those within reach.
///
/// Errors: the setting of the cycle cannot be read.
pub(super) fn twice(
    book: &Book,
    group: GroupId,
    day: Day,
    reach: &Reach,
) -> Result<Vec<Twice>, SettingError> {
    let monday = day.monday();
    let mut told = Vec::new();
    for day in monday.through(monday.plus_days(6)) {
        let lessons = lessons_on(book, day)?;
        let own: Vec<EnrolmentId> = book.groups.members(group, day).collect();
        for lesson in lessons.iter().filter(|lesson| lesson.group == group) {
            let Some(period) = book.timetable.period(lesson.period, day) else {
                continue;
            };
            for other in lessons.iter().filter(|other| other.group != group) {
                let at_once = book
                    .timetable
                    .period(other.period, day)
                    .is_some_and(|then| then.starts < period.ends && period.starts < then.ends);
                if !at_once {
                    continue;
                }
                for enrolment in book.groups.members(other.group, day) {
                    let pupil = own
                        .contains(&enrolment)
                        .then(|| book.roll.pupil_of_row(book.roll.row(enrolment)?))
                        .flatten()
                        .filter(|pupil| reach.covers(pupil.id));
                    let (Some(pupil), Some(name)) = (pupil, book.groups.group(other.group)) else {
                        continue;
                    };
                    told.push((
                        pupil.listed(),
                        format!("{} too, {} {}", name.name, day.short(), period.name),
                    ));
                }
            }
        }
    }
    told.sort();
    told.dedup();
    Ok(told)
}
