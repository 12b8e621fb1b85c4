//! The interface for other programs: clients, acts, and the contract that its description makes.

#[path = "../school/mod.rs"]
mod school;

mod clients;
mod contract;
mod corpus;
mod program;
mod webhooks;
mod writes;
