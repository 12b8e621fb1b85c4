//! Taking, closing and amending the attendance register.

pub mod records;
