//! A file read as a list of what is off timetable.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(Some(exchange::Kind::OffTimetable), bytes));
