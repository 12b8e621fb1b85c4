//! Files that come in, over a real store, on both engines.

mod marks;
mod pupils;
mod school;
