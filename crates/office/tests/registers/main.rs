//! Registers over a real store, on both engines.

mod pages;
mod save;
mod school;
