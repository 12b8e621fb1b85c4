//! A file read as a timetable.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(Some(exchange::Kind::Timetable), bytes));
