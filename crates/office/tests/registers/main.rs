//! Registers over a real store, on both engines.

mod book;
mod pages;
mod plans;
mod save;
mod school;
