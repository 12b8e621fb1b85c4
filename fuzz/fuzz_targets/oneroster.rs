//! A file read as oneroster.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(Some(exchange::Kind::OneRoster), bytes));
