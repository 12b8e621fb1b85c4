//! The timetable of the current year: two weeks of five periods a day, in which no teacher, room or pupil is in two places.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{CycleWeek, Day, Session, TimeOfDay, Weekday};

use crate::groups::{GroupKind, Groups, HEADS, SUBJECTS};
use crate::year::SchoolYear;

/// Periods, rooms and lessons.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timetable {
    /// A day in a week A. Weeks without school are passed over.
    pub week_a: Day,
    /// The school's periods in order of time.
    pub periods: Vec<Period>,
    /// Names of rooms. Each teacher has one of their own.
    pub rooms: Vec<String>,
    /// Every lesson of the two weeks.
    pub lessons: Vec<Lesson>,
}

/// A period of the school's day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// `P1`.
    pub name: &'static str,
    /// The session it lies in.
    pub session: Session,
    /// When it begins.
    pub starts: TimeOfDay,
    /// When it ends.
    pub ends: TimeOfDay,
}

/// A lesson, taught by whoever has the group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lesson {
    /// Index into the groups: a class of the current year.
    pub group: usize,
    /// Index into the rooms.
    pub room: usize,
    /// The week of the cycle.
    pub week: CycleWeek,
    /// The day of the week.
    pub weekday: Weekday,
    /// Index into the periods.
    pub period: usize,
}

/// Name, session, first and last minute of each period. Registers are taken in tutor groups before the first and the fourth.
const PERIODS: [(&str, Session, &str, &str); 5] = [
    ("P1", Session::Am, "09:10", "10:10"),
    ("P2", Session::Am, "10:10", "11:10"),
    ("P3", Session::Am, "11:30", "12:30"),
    ("P4", Session::Pm, "13:40", "14:25"),
    ("P5", Session::Pm, "14:25", "15:10"),
];

/// Days of the two weeks, and places in them.
const DAYS: usize = 10;
const PLACES: usize = DAYS * PERIODS.len();

/// Lessons that a class has in two weeks.
const LESSONS: usize = 6;

/// Classes that are taught at the same time, since their pupils are drawn from the same people: the sets of a subject in one half of a
/// year, or the classes of a subject in one year of the sixth form.
#[derive(Default)]
struct Block {
    groups: Vec<usize>,
    teachers: BTreeSet<usize>,
    /// Who is in them: name of the half of the year.
    pupils: String,
}

/// Draws up the timetable for the classes of the current year.
pub(crate) fn draw_up(groups: &Groups, current: &SchoolYear) -> Timetable {
    let blocks = blocks(groups, current.first_year);
    let mut lessons = Vec::new();
    let mut busy: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut taught: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (number, block) in blocks.values().enumerate() {
        let mut days: [usize; DAYS] = [0; DAYS];
        for round in 0..LESSONS {
            let is_free = |place: usize| {
                let teaches = |teacher| {
                    let busy: Option<&BTreeSet<usize>> = busy.get(teacher);
                    busy.is_some_and(|places| places.contains(&place))
                };
                let in_class = taught.get(&block.pupils);
                !block.teachers.iter().any(teaches)
                    && !in_class.is_some_and(|places| places.contains(&place))
            };
            // Every class begins elsewhere in the week; seven has no factor in common with the fifty places.
            let first = number * 11 + round * 7;
            let places = (0..PLACES).map(|step| (first + step * 7) % PLACES);
            let Some(place) = places
                .filter(|place| is_free(*place))
                .min_by_key(|place| days[place / PERIODS.len()])
            else {
                break;
            };
            days[place / PERIODS.len()] += 1;
            for teacher in &block.teachers {
                busy.entry(*teacher).or_default().insert(place);
            }
            taught
                .entry(block.pupils.clone())
                .or_default()
                .insert(place);
            lessons.extend(
                block
                    .groups
                    .iter()
                    .map(|group| lesson(groups, *group, place)),
            );
        }
    }
    Timetable {
        week_a: current.first_pupil_day(),
        periods: periods(),
        rooms: (0..groups.teachers).map(room).collect(),
        lessons,
    }
}

fn blocks(groups: &Groups, first_year: i16) -> BTreeMap<String, Block> {
    let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
    for (index, group) in groups.groups.iter().enumerate() {
        if group.kind != GroupKind::Class || group.school_year != Some(first_year) {
            continue;
        }
        let name = group.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let half = name.split('/').next().unwrap_or_default();
        let block = blocks.entry(name.to_owned()).or_default();
        block.groups.push(index);
        block.teachers.insert(group.staff);
        half.clone_into(&mut block.pupils);
    }
    blocks
}

fn lesson(groups: &Groups, group: usize, place: usize) -> Lesson {
    let day = place / PERIODS.len();
    let week = if day < 5 { CycleWeek::A } else { CycleWeek::B };
    Lesson {
        group,
        room: groups.groups[group].staff - HEADS,
        week,
        weekday: Weekday::ALL[day % 5],
        period: place % PERIODS.len(),
    }
}

/// The room of a teacher: `Ma2`, for the second to be appointed in the subject.
fn room(teacher: usize) -> String {
    let short = |teacher: usize| SUBJECTS[teacher % SUBJECTS.len()].1;
    let number = (0..=teacher)
        .filter(|other| short(*other) == short(teacher))
        .count();
    format!("{}{number}", short(teacher))
}

fn periods() -> Vec<Period> {
    let time = |text: &str| text.parse().expect("the periods have clock times");
    PERIODS
        .iter()
        .map(|(name, session, starts, ends)| Period {
            name,
            session: *session,
            starts: time(starts),
            ends: time(ends),
        })
        .collect()
}
