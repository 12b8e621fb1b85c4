//! A file whose kind is to be found out.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::read_as(None, bytes));
