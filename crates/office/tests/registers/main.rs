//! Registers over a real store, on both engines.

mod book;
mod pages;
mod save;
mod school;
