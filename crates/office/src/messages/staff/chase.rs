//! Whoever is asked for a register that is not in has an e-mail too (E-013).

use std::collections::BTreeMap;

use calendar::{Instant, Session, Slot};
use store::{Act, Tx};
use welfare::chase::Asked;

use super::post::{Kind, Letter, Post, holders};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Refusal};
use crate::ids::{GroupId, StaffId};
use crate::messages::foresee::slot_now;
use crate::people::{Actor, Role};
use crate::registers::{RegisterAddress, takers};
use crate::year::settings::session_times;

/// An e-mail that asks for a register is of no use so many minutes later.
const OF_USE_FOR: i64 = 60;

/// Who would be asked for the register of each tutor group, read before the act that asks.
#[derive(Clone, Debug)]
pub(crate) struct Chase {
    post: Post,
    slot: Slot,
    closes: String,
    groups: BTreeMap<GroupId, Group>,
    leads: Vec<StaffId>,
}

/// A tutor group, and who answers for its register.
#[derive(Clone, Debug)]
struct Group {
    name: String,
    room: Option<String>,
    taken_by: String,
    teachers: Vec<StaffId>,
    managers: Vec<StaffId>,
}

impl Chase {
    /// What stands in a school's e-mails of this kind about a session.
    pub(crate) fn about(slot: Slot) -> String {
        format!("{} {}", slot.day, slot.session)
    }

    /// Reads who is asked now: whoever really has the group, the heads of its year, and the attendance lead.
    ///
    /// Rule: E-013. The product knows no line managers: the head of the year stands for the cover or department lead.
    /// Errors: a setting cannot be read; the database did not answer.
    pub(crate) fn read(desk: &Desk, tx: &mut Tx, actor: &Actor) -> Result<Chase, Refusal> {
        let now = desk.office.now();
        let book = desk.office.shelf.book(tx, actor.school)?;
        let (today, _) = now.in_london();
        let post = Post::of(&desk.office, tx, actor.school, today, Kind::Registers)?;
        Chase::of(&book, tx, post, now)
    }

    /// The same, of a school's book.
    ///
    /// Errors: as [`Chase::read`].
    pub(crate) fn of(book: &Book, tx: &mut Tx, post: Post, now: Instant) -> Result<Chase, Refusal> {
        let school = book.school;
        let slot = slot_now(tx, school, now)?;
        let tutor_groups = book
            .groups
            .groups
            .iter()
            .filter(|group| group.kind == GroupKind::Tutor);
        let groups = tutor_groups.map(|group| {
            let takers = takers(book, group.id, slot.day);
            let one = Group {
                name: group.name.clone(),
                room: group.room.clone(),
                taken_by: takers.names(),
                teachers: takers.now.iter().map(|member| member.id).collect(),
                managers: heads_of(book, group.id, slot),
            };
            (group.id, one)
        });
        Ok(Chase {
            groups: groups.collect(),
            closes: session_times(&book.settings, slot.day)?
                .of(slot.session)
                .closes
                .to_string(),
            post,
            leads: holders(tx, school, Role::AttendanceManager, slot.day)?,
            slot,
        })
    }

    /// Writes to whoever was asked for these registers: one e-mail to each, however many registers. Answers to how many.
    ///
    /// Errors: the database did not answer.
    pub(crate) fn write(
        &self,
        act: &mut Act,
        actor: &Actor,
        asked: &[(GroupId, Asked)],
    ) -> Result<usize, Refusal> {
        let now = act.at();
        let mut by_person: BTreeMap<StaffId, Vec<(&Group, String)>> = BTreeMap::new();
        for (id, asked) in asked {
            let Some(group) = self.groups.get(id) else {
                continue;
            };
            let path = RegisterAddress {
                group: *id,
                slot: self.slot,
            }
            .path();
            let line = self.line(group, *asked, &path);
            for person in self.asked_of(group, *asked) {
                by_person
                    .entry(*person)
                    .or_default()
                    .push((group, line.clone()));
            }
        }
        let letters: Vec<Letter> = by_person
            .into_iter()
            .map(|(to, lines)| self.letter(to, &lines, actor, now))
            .collect();
        let only_until = now.plus_seconds(OF_USE_FOR * 60);
        let about = Chase::about(self.slot);
        Ok(self
            .post
            .queue(act, actor.account, &about, only_until, &letters)?)
    }

    /// Who is asked: where nobody has the duty, whoever is next.
    fn asked_of<'c>(&'c self, group: &'c Group, asked: Asked) -> &'c [StaffId] {
        let in_turn = [&group.teachers, &group.managers, &self.leads];
        let first = match asked {
            Asked::Teacher => 0,
            Asked::LineManager => 1,
            Asked::AttendanceLead => 2,
        };
        in_turn[first..]
            .iter()
            .find(|people| !people.is_empty())
            .map_or(&[], |people| people.as_slice())
    }

    fn line(&self, group: &Group, asked: Asked, path: &str) -> String {
        let room = group
            .room
            .as_deref()
            .map(|room| format!(", room {room}"))
            .unwrap_or_default();
        let by = match group.taken_by.as_str() {
            "" => "nobody has it".to_owned(),
            names => names.to_owned(),
        };
        let link = self.post.link(path);
        match asked {
            Asked::Teacher => format!(
                "{}{room}. Please take it now, {link}. It closes at {}.",
                group.name, self.closes
            ),
            Asked::LineManager => format!(
                "{}{room} ({by}) was asked for before and is still not in. Please see that it is taken, {link}.",
                group.name
            ),
            Asked::AttendanceLead => format!(
                "{}{room} ({by}) was asked for twice and is still not in. Send a runner, or take it for them, {link}.",
                group.name
            ),
        }
    }

    fn letter(
        &self,
        to: StaffId,
        lines: &[(&Group, String)],
        actor: &Actor,
        now: Instant,
    ) -> Letter {
        let names: Vec<&str> = lines.iter().map(|(group, _)| group.name.as_str()).collect();
        let session = match self.slot.session {
            Session::Am => "morning",
            Session::Pm => "afternoon",
        };
        let (subject, first) = match lines.len() {
            1 => (format!("Register not in: {}", names.join("")), "a register"),
            _ => (
                format!("Registers not in: {}", names.join(", ")),
                "registers",
            ),
        };
        let each: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        Letter {
            to,
            subject,
            words: format!(
                "For {first} of this {session}, {}:\n\n{}\n\nUntil it is in, nobody knows who is missing (E-013). Asked for at {} by {}, {}.\n\n{}",
                self.slot.day.long(),
                each.join("\n\n"),
                now.in_london().1,
                actor.name,
                actor.job_title,
                self.post.school_name
            ),
        }
    }
}

/// The heads of the years whose pupils are in the group that day.
fn heads_of(book: &Book, group: GroupId, slot: Slot) -> Vec<StaffId> {
    let mut heads = Vec::new();
    for enrolment in book.groups.members(group, slot.day) {
        let Some(year) = book.groups.of_kind(enrolment, GroupKind::Year, slot.day) else {
            continue;
        };
        for duty in book.groups.staff(year.id, slot.day) {
            if duty.duty == "head" && !heads.contains(&duty.staff) {
                heads.push(duty.staff);
            }
        }
    }
    heads
}
