//! Files that come in, over a real store, on both engines.

mod days;
mod marks;
mod pages;
mod pupils;
mod round_trip;
mod school;
mod settle;
mod timetable;
mod undo;
