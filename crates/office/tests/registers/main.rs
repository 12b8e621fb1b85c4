//! Registers over a real store, on both engines.

mod absence_line;
mod as_known;
mod book;
mod bulk;
mod concerns;
mod door;
mod evidence;
mod face_to_face;
mod handover;
mod inspections;
mod kiosk;
mod left_site;
mod lessons;
mod mailbox;
mod morning;
mod offline;
mod pages;
mod plans;
mod preservation;
mod save;
mod school;
mod site;
mod sub_codes;
mod sweep;
mod visits;
mod watch;
