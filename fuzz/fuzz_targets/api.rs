//! A request to the interface for programs.

#![no_main]

#[path = "../src/api.rs"]
mod api;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| api::read_request(bytes));
