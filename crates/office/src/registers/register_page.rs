//! One register as a page: who is in it, what stands, and what this person may enter.

use calendar::{Day, Instant, Session, Slot};
use register::closing::{RegisterState as Clock, SessionTimes, register_state};
use register::entry::{EntryLimits, EntryRefusal, EntryRequest, PupilOnRoll, RoleKind, may_enter};
use register::plan::Plan;
use register::sub_code::SubCodes;
use register::{Class, Code, CodeRow, NeedsNote, NotMarked, code_rows, help_for, meaning};
use store::Tx;

use super::due::{Standing, standing};
use super::keeper::{Keeper, keeper};
use super::pages::RegisterAddress;
use super::save::{clock_of, name_of};
use super::status::{taken_on, takers};
use crate::book::{Book, Enrolment, GroupKind};
use crate::desk::Refusal;
use crate::ids::PupilId;
use crate::insight::last_marks;
use crate::morning::asked_for;
use crate::people::Actor;
use crate::roll::{Beside, sibling_word};
use crate::shell::{
    CodeChoice, Errors, Face, Flag, Frame, MarkCell, Notice, RegisterOf, RegisterPage, RegisterRow,
    RegisterState, TallyKind, Text,
};
use crate::year::settings::{
    amendment_reasons, entry_limits, mode, new_for_days, session_times, sub_codes,
};

/// Marks that stand beside a name.
const LAST: usize = 5;

/// A register at a session that the calendar has, as this person may see it.
///
/// Errors: [`Refusal::NotFound`] for somebody who may not know of it or a group that is not there.
pub(super) fn register_page(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    address: RegisterAddress,
    now: Instant,
    frame: Frame,
) -> Result<RegisterPage, Refusal> {
    let RegisterAddress { group: id, slot } = address;
    let keeper = keeper(tx, actor, id, slot.day)?;
    let group = book.groups.group(id).ok_or(Refusal::NotFound)?;
    let times = session_times(&book.settings, slot.day)?;
    let clock = register_state(&times, slot, now);
    let marks_here = mode(&book.settings, slot.day)?.marks_here();
    let state = state_for(keeper, clock, marks_here);
    let limits = entry_limits(&book.settings, slot.day)?;
    let standing = standing(tx, book.school, id, slot)?;
    let taken = taken_on(tx, book.school, slot.day)?;
    let taken = match taken.get(&(id, slot.session)) {
        None => String::new(),
        Some(taken) => {
            let by = name_of(tx, book.school, taken.account)?;
            let word = taken.on_behalf_of.as_deref();
            let word = word
                .map(|word| format!(", on the word of {word}"))
                .unwrap_or_default();
            format!("taken {}, {by}{word}", clock_of(taken.at, now))
        }
    };
    let hours = times.of(slot.session);
    let moment = |time| Instant::at_london(slot.day, time);
    let (previous, next) = neighbours(book, address);
    let today = now.in_london().0;
    let beside = Beside::of(tx, actor, id, slot.day, today)?;
    let new_for = new_for_days(&book.settings, slot.day)?;
    // An amendment is made today, whatever day it is of.
    let reasons = amendment_reasons(&book.settings, today)?;
    let mut frame = frame;
    if frame.notice.is_none() && state == RegisterState::Open && taken.is_empty() {
        let asked = asked_for(tx, book.school, id, slot)?;
        frame.notice = asked.map(|asked| Notice::heed(format!("This register was {asked}.")));
    }
    Ok(RegisterPage {
        frame,
        path: address.path(),
        group: group.name.clone(),
        day: slot.day,
        of: RegisterOf::Session(slot.session),
        now,
        begins: moment(hours.opens),
        closes: moment(hours.closes),
        ends: moment(hours.ends),
        state,
        state_text: state_text(keeper, clock, marks_here, now),
        taken,
        rows: rows(book, address, &standing, &times, &beside, new_for),
        boarders: boarders(book, address),
        codes: codes(
            book,
            slot,
            keeper.role().filter(|_| marks_here),
            clock,
            &limits,
            &sub_codes(&book.settings, slot.day)?,
        ),
        present: present(slot.session),
        on_behalf_of: on_behalf_of(book, address, keeper, state),
        reasons: reasons.into_iter().map(Text::from).collect(),
        change_id: format!("form-{}-{}-{}", actor.account, id, now.micros()),
        errors: Errors::default(),
        side_by_side: format!("/lessons/of/{id}?day={}", slot.day).into(),
        previous,
        next,
    })
}

/// The code for present in a session.
pub(super) fn present(session: Session) -> &'static str {
    match session {
        Session::Am => "/",
        Session::Pm => "\\",
    }
}

/// For whom the office takes a register: the teacher of the day while it is open. An amendment is on the word of whoever told, so
/// nobody is put in their mouth.
fn on_behalf_of(
    book: &Book,
    address: RegisterAddress,
    keeper: Keeper,
    state: RegisterState,
) -> Option<Text> {
    let teacher = match state {
        RegisterState::Open => takers(book, address.group, address.slot.day).names(),
        _ => String::new(),
    };
    keeper.is_office().then(|| teacher.into())
}

fn state_for(keeper: Keeper, clock: Clock, marks_here: bool) -> RegisterState {
    match (keeper.role().filter(|_| marks_here), clock) {
        (None, _) | (Some(RoleKind::ClassTeacher), Clock::Closed { .. }) => RegisterState::ReadOnly,
        (Some(_), Clock::Closed { .. }) => RegisterState::Amend,
        (Some(_), Clock::Open { .. }) => RegisterState::Open,
        (Some(_), Clock::NotOpenYet { .. }) => RegisterState::NotOpen,
    }
}

fn state_text(keeper: Keeper, clock: Clock, marks_here: bool, now: Instant) -> String {
    let stands = match clock {
        Clock::NotOpenYet { opens } => format!("opens at {}", clock_of(opens, now)),
        Clock::Open { closes } => format!("open until {}", clock_of(closes, now)),
        Clock::Closed { since } => format!("closed at {}", clock_of(since, now)),
    };
    let closed = matches!(clock, Clock::Closed { .. });
    match keeper.role() {
        _ if !marks_here => format!("{stands}; the school's own system keeps the register (I-001)"),
        None => format!("{stands}; you may read it"),
        Some(RoleKind::ClassTeacher) if closed => {
            format!("{stands}; changes are amendments by the office (R-007)")
        }
        Some(_) => stands,
    }
}

/// The registers of the same group in the session before and after.
fn neighbours(book: &Book, address: RegisterAddress) -> (Option<Text>, Option<Text>) {
    let slot = address.slot;
    let around = book
        .calendar
        .slots(slot.day.plus_days(-120), slot.day.plus_days(120));
    let at = around.partition_point(|other| *other < slot);
    let path = |slot: &Slot| {
        Text::from(
            RegisterAddress {
                slot: *slot,
                ..address
            }
            .path(),
        )
    };
    let previous = at.checked_sub(1).and_then(|before| around.get(before));
    (previous.map(path), around.get(at + 1).map(path))
}

/// Who is in the group and on roll that day, in the order of the register.
pub(super) fn members(book: &Book, address: RegisterAddress) -> Vec<(usize, &Enrolment)> {
    let day = address.slot.day;
    let mut members: Vec<(usize, &Enrolment)> = book
        .groups
        .members(address.group, day)
        .filter_map(|enrolment| {
            let row = book.roll.row(enrolment)?;
            let enrolment = &book.roll.enrolments[row];
            enrolment.covers(day).then_some((row, enrolment))
        })
        .collect();
    members.sort_by_key(|(row, enrolment)| {
        let pupil = book.roll.pupil(enrolment.pupil);
        (pupil.map(|pupil| pupil.in_order), *row)
    });
    members.dedup_by_key(|(row, _)| *row);
    members
}

/// Who of the group boards, and so is not asked for.
fn boarders(book: &Book, address: RegisterAddress) -> Vec<String> {
    let day = address.slot.day;
    members(book, address)
        .into_iter()
        .filter(|(_, enrolment)| enrolment.marked_on(day) == Err(NotMarked::Boarder))
        .filter_map(|(_, enrolment)| book.roll.pupil(enrolment.pupil))
        .map(|pupil| pupil.called())
        .collect()
}

fn rows(
    book: &Book,
    address: RegisterAddress,
    standing: &std::collections::HashMap<crate::ids::EnrolmentId, Standing>,
    times: &SessionTimes,
    beside: &Beside,
    new_for: u8,
) -> Vec<RegisterRow> {
    let slot = address.slot;
    let mut members = members(book, address);
    members.retain(|(_, enrolment)| enrolment.marked_on(slot.day).is_ok());
    let opens = Instant::at_london(slot.day, times.of(slot.session).opens);
    members
        .into_iter()
        .enumerate()
        .map(|(index, (row, enrolment))| {
            let mark = standing.get(&enrolment.id);
            let code = mark.and_then(|mark| mark.code);
            let means = code.and_then(|code| meaning(code, slot.day).ok());
            let ahead = mark
                .filter(|mark| mark.at < opens)
                .filter(|_| means.is_some_and(|row| row.class != Class::Present));
            let plan = book.plans.expected(enrolment.id, slot);
            let planned_code = plan.map(|on_file| on_file.plan.code);
            let planned = match (plan, ahead.and_then(|mark| mark.code)) {
                (Some(on_file), _) => planned_in_words(&on_file.plan),
                (None, Some(code)) => code.to_string(),
                (None, None) => String::new(),
            };
            let pupil = book.roll.pupil(enrolment.pupil);
            RegisterRow {
                number: index + 1,
                enrolment: enrolment.id.0,
                name: pupil.map(|pupil| pupil.listed()).unwrap_or_default(),
                href: format!("/pupils/{}", enrolment.pupil).into(),
                last: last_marks(book, row, slot, LAST)
                    .into_iter()
                    .map(|(_, mark)| match mark.row() {
                        Some(row) => MarkCell {
                            planned: mark.is_planned(),
                            ..MarkCell::new(row.code.to_string(), Face::of(Some(row)), "")
                        },
                        None => MarkCell::none(""),
                    })
                    .collect(),
                code: code.map(|code| code.to_string()).unwrap_or_default().into(),
                code_face: Face::of(means),
                minutes: mark.and_then(|mark| mark.minutes),
                base: mark.map_or(0, |mark| mark.seq),
                flags: flags(book, enrolment, slot.day, beside, new_for),
                planned: planned.into(),
                planned_code: planned_code
                    .map(|code| code.to_string())
                    .unwrap_or_default()
                    .into(),
                planned_face: planned_code
                    .map_or(Face::NoMark, |code| Face::of(meaning(code, slot.day).ok())),
                note: mark
                    .and_then(|mark| mark.note.clone())
                    .unwrap_or_default()
                    .into(),
                sub_code: mark
                    .and_then(|mark| mark.sub_code.clone())
                    .unwrap_or_default()
                    .into(),
                sibling: siblings(book, enrolment.pupil, slot, code, beside).into(),
            }
        })
        .collect()
}

/// `C, granted leave`: what everybody who takes the register may know of a plan. Its reason is for the office.
pub(super) fn planned_in_words(plan: &Plan) -> String {
    format!("{}, {}", plan.code, plan.kind.name().to_lowercase())
}

/// What everybody who sees the register may know of a pupil's days, then what this person may see of the pupil. `new_for` is for how many days
/// a joiner is new.
pub(super) fn flags(
    book: &Book,
    enrolment: &Enrolment,
    day: Day,
    beside: &Beside,
    new_for: u8,
) -> Vec<Flag> {
    let mut flags = Vec::new();
    let since = enrolment.starting_day;
    if since == day {
        flags.push(Flag::heed("first day"));
    } else if since.days_until(day) < i32::from(new_for) {
        flags.push(Flag::plain(format!("new, since {}", since.short())));
    }
    if enrolment.leaving_day == Some(day) {
        flags.push(Flag::heed("last day"));
    }
    flags.extend(beside.flags(book, enrolment.pupil));
    flags
}

/// Brothers and sisters in the same session: one who is absent or late, and for a pupil who is not in also one who is.
fn siblings(book: &Book, pupil: PupilId, slot: Slot, own: Option<Code>, beside: &Beside) -> String {
    let class = |code: Code| meaning(code, slot.day).ok().map(|row| row.class);
    let is_absent = |class| matches!(class, Some(Class::Authorised | Class::Unauthorised));
    let own_absent = own.is_some_and(|code| is_absent(class(code)));
    let told = beside.siblings(book, pupil).filter_map(|sibling| {
        let row = book
            .roll
            .rows_of(sibling.id)
            .iter()
            .copied()
            .find(|row| book.roll.enrolments[*row].covers(slot.day))?;
        let code = book.mark(row, slot).row()?.code;
        let enrolment = book.roll.enrolments[row].id;
        let tutor_group = book
            .groups
            .of_kind(enrolment, GroupKind::Tutor, slot.day)
            .map(|group| format!(" {}", group.name))
            .unwrap_or_default();
        let who = format!(
            "{} {}{tutor_group}",
            sibling_word(sibling),
            sibling.forename
        );
        match class(code) {
            absent if is_absent(absent) && own_absent => Some(format!("{who} absent too: {code}")),
            absent if is_absent(absent) => Some(format!("{who} absent: {code}")),
            Some(Class::Present) if own_absent => Some(format!("{who} is in")),
            Some(Class::Present) if code == Code::LATE => Some(format!("{who} late")),
            _ => None,
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Every code with a meaning that day in this session, with the reason why this person may not enter it.
pub(super) fn codes(
    book: &Book,
    slot: Slot,
    role: Option<RoleKind>,
    clock: Clock,
    limits: &EntryLimits,
    sub_codes: &SubCodes,
) -> Vec<CodeChoice> {
    code_rows()
        .iter()
        .filter(|row| row.covers(slot.day) && row.session_scope.admits(slot.session))
        .map(|row| {
            let help = help_for(row.code, slot.day).ok().and_then(|(_, help)| help);
            let face = Face::of(Some(row));
            CodeChoice {
                code: row.code.to_string().into(),
                face,
                meaning: help
                    .map_or_else(|| row.meaning.clone(), |help| help.short_name.clone())
                    .into(),
                help: help
                    .map(|help| help.when.clone())
                    .unwrap_or_default()
                    .into(),
                source: format!("{}, {}", row.rule, row.source).into(),
                needs_note: row.needs_note != NeedsNote::No,
                late: row.is_late_before_close() || row.is_late_after_close(),
                tally: tally_of(row, face),
                sub_codes: sub_codes
                    .of(row.code)
                    .map(|name| name.to_owned().into())
                    .collect(),
                refusal: role.and_then(|role| refusal(book, row, slot, role, clock, limits)),
            }
        })
        .collect()
}

fn tally_of(row: &CodeRow, face: Face) -> TallyKind {
    match face {
        _ if row.class == Class::ApprovedEducationalActivity => TallyKind::Elsewhere,
        Face::Attended => TallyKind::Here,
        Face::Late => TallyKind::Late,
        Face::NotPossible => TallyKind::NotExpected,
        _ => TallyKind::Absent,
    }
}

/// Why nobody in this capacity may enter a code here and now, whoever the pupil: what the pupil decides is answered on saving.
fn refusal(
    book: &Book,
    row: &CodeRow,
    slot: Slot,
    role: RoleKind,
    clock: Clock,
    limits: &EntryLimits,
) -> Option<Text> {
    let request = EntryRequest {
        code: row.code,
        slot,
        pupil: PupilOnRoll {
            starting_day: slot.day,
            last_day: None,
            date_of_birth: None,
            boarder: false,
        },
        register: clock,
        role,
        note: Some("a note"),
        record_linked: true,
        on_file: &[],
        override_reason: None,
        suspended_since: None,
    };
    let refused = may_enter(&request, &book.calendar, limits).err()?;
    let refused = refused
        .iter()
        .find(|refusal| !matches!(refusal, EntryRefusal::AgeNotKnown { .. }))?;
    Some(format!("{}. {}", capital(&refused.to_string()), refused.next_step()).into())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + letters.as_str()
}
