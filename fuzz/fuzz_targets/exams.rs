//! A file read as a list of examinations and seats.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(Some(exchange::Kind::Exams), bytes));
