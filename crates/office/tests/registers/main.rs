//! Registers over a real store, on both engines.

mod save;
mod school;
