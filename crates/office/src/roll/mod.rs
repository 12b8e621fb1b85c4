//! Pupils, contacts, groups, staff, joining and leaving.

pub mod records;
