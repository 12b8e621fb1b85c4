//! The timetable: the school's periods, rooms, and what is taught when, where and by whom.
//!
//! Lessons belong to a group and a period of a weekday, from a day to a day. Which week of the cycle a day lies in follows from the
//! calendar and a setting. Who teaches a lesson follows from the group's dated duties, cover included, unless the lesson names
//! others.
//!
//! It deliberately does not know what is marked in a lesson.

mod enter_lesson;
mod held;
mod lesson_pages;
mod lessons_on;
mod off_timetable;
mod pages;
mod period_pages;
pub mod records;
mod rooms;
mod set_period;
mod week;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use enter_lesson::{Entered, LessonChange, NewLesson, change_lesson, end_lesson, enter_lesson};
pub(crate) use held::{Held, held};
pub(crate) use lessons_on::{lessons_on, teachers};
pub use off_timetable::{NewOffTimetable, put_back, take_off_timetable};
pub use set_period::{PeriodTimes, end_period, set_period};

use crate::desk::Office;
use crate::take_away::List;

/// The statements of this folder.
pub fn statements() -> Vec<&'static str> {
    [
        enter_lesson::STATEMENTS,
        held::STATEMENTS,
        lesson_pages::STATEMENTS,
        off_timetable::STATEMENTS,
        rooms::STATEMENTS,
        set_period::STATEMENTS,
    ]
    .concat()
}

/// The lists of this folder that can be taken away.
pub(crate) const LISTS: &[List] = &[
    List {
        kind: "timetable",
        address: "/timetable",
        make: pages::whole_as_file,
    },
    List {
        kind: "timetable of a group",
        address: "/timetable/groups/{group}",
        make: pages::group_as_file,
    },
    List {
        kind: "timetable of a member of staff",
        address: "/timetable/staff/{staff}",
        make: pages::staff_as_file,
    },
    List {
        kind: "timetable of a room",
        address: "/timetable/rooms/{room}",
        make: pages::room_as_file,
    },
    List {
        kind: "timetable of a pupil",
        address: "/timetable/pupils/{pupil}",
        make: pages::pupil_as_file,
    },
    List {
        kind: "off timetable",
        address: "/timetable/off",
        make: off_timetable::as_file,
    },
    List {
        kind: "periods",
        address: "/timetable/periods",
        make: period_pages::as_file,
    },
];

/// The pages of this folder.
pub fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/timetable", get(pages::whole))
        .route("/timetable/groups/{group}", get(pages::of_group))
        .route("/timetable/staff/{staff}", get(pages::of_staff))
        .route("/timetable/rooms/{room}", get(pages::of_room))
        .route("/timetable/pupils/{pupil}", get(pages::of_pupil))
        .route(
            "/timetable/lessons/new",
            get(lesson_pages::ask_new).post(lesson_pages::answer_new),
        )
        .route(
            "/timetable/lessons/{lesson}",
            get(lesson_pages::ask_change).post(lesson_pages::answer_change),
        )
        .route(
            "/timetable/lessons/{lesson}/end",
            get(lesson_pages::ask_end).post(lesson_pages::answer_end),
        )
        .route("/timetable/off", get(off_timetable::list))
        .route(
            "/timetable/off/new",
            get(off_timetable::ask_new).post(off_timetable::answer_new),
        )
        .route(
            "/timetable/off/{off}/put-back",
            post(off_timetable::answer_put_back),
        )
        .route("/timetable/periods", get(period_pages::periods))
        .route(
            "/timetable/periods/new",
            get(period_pages::ask_new).post(period_pages::answer_new),
        )
        .route(
            "/timetable/periods/{period}",
            get(period_pages::ask_change).post(period_pages::answer_change),
        )
        .route(
            "/timetable/periods/{period}/end",
            get(period_pages::ask_end).post(period_pages::answer_end),
        )
        .route(
            "/timetable/new-room",
            get(rooms::ask_new).post(rooms::answer_new),
        )
        .route(
            "/timetable/rooms/{room}/name",
            get(rooms::ask_name).post(rooms::answer_name),
        )
}
