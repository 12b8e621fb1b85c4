//! The store as its callers see it, on both engines.

mod acts;
mod crash;
mod flushes;
mod jobs;
mod keeping;
mod life;
mod migrations;
mod proof;
mod trial;
