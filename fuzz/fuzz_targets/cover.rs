//! A file read as a list of cover.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(Some(exchange::Kind::Cover), bytes));
