//! The application: registers, roll, year, figures and the people who use them.
//!
//! Cut by the school's work, not by layer: each folder holds all of one job, its acts, records, pages and tests.
//! Acts are the only place where anything is written; pages, command line and jobs call the same acts.
//!
//! It deliberately does not know: how bytes reach it (`rollbook` serves and wires), what a file format looks like
//! (`exchange`), or what the law says (the rule crates).

pub mod shell;
