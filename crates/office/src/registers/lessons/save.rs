//! Saving the register of a lesson: many marks, one act, and an answer for each.
//!
//! A save is sent, repeated and answered as one of the attendance register is.

use std::collections::HashSet;

use calendar::{Day, Instant, TimeOfDay};
use register::closing::SessionTimes;
use register::entry::RoleKind;
use register::lesson::LessonMark;
use store::{Act, Arg, StoreError, args};

use super::LessonAddress;
use super::place::{Place, Standing, places};
use crate::book::LessonPeriod;
use crate::desk::Refusal;
use crate::ids::EnrolmentId;
use crate::people::Actor;
use crate::registers::Change;
use crate::registers::exams::ExamRoom;
use crate::registers::keeper::lesson_keeper;
use crate::registers::offline::late_lesson;
use crate::registers::records::{EXAM_MARK, EXAM_TAKEN, LESSON_MARK, LESSON_TAKEN};
use crate::registers::save::{
    CHANGED_SINCE, Names, Outcome, Save, SaveAnswer, Stands, clock_of, makes_sense, remember,
    told_before,
};
use crate::year::settings::{lesson_opens, mode, session_times, settings};
use crate::year::timetable::held;

pub(super) const TAKEN: &str = "\
select 1 from lesson_taken
where school_id = $1 and group_id = $2 and on_date = $3 and period_id = $4 and superseded_seq is null";

/// How far a lesson has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registers) enum Clock {
    /// Its register cannot be begun yet.
    NotBegun,
    /// It is being held, or has ended and its register was not taken: marks are entered.
    Open,
    /// It has ended and its register was taken: a change is kept beside what stood, with a reason.
    Ended,
}

/// How far a lesson has come by the server's clock. `before`: how many minutes before it its register may be begun.
pub(in crate::registers) fn clock(
    day: Day,
    period: &LessonPeriod,
    before: u8,
    taken: bool,
    now: Instant,
) -> Clock {
    let at = |time: TimeOfDay| Instant::at_london(day, time);
    if now < at(period.starts).plus_seconds(-60 * i64::from(before)) {
        Clock::NotBegun
    } else if taken && now >= at(period.ends) {
        Clock::Ended
    } else {
        Clock::Open
    }
}

/// Saves marks of the register of one lesson, and records it as taken once no place in it is blank.
///
/// Whoever has the group that day may save it, and the office. It writes nothing into the attendance register. After the lesson a
/// change of what stands in a register that was taken needs a reason. Errors: [`Refusal::NotFound`] for somebody who may not know of the
/// lesson and for one that the timetable does not have, [`Refusal::NotAllowed`] for one who may only read it, [`Refusal::Wrong`] for a
/// lesson that does not take place that day and a save that makes no sense as a whole.
pub fn save_lesson(
    act: &mut Act,
    actor: &Actor,
    address: LessonAddress,
    save: &Save,
) -> Result<SaveAnswer, Refusal> {
    makes_sense(save)?;
    if let Some(told) = told_before(act.tx(), actor, &save.change_id)? {
        return Ok(told);
    }
    let lesson = open_lesson(act, actor, address)?;
    keep(act, actor, lesson, save)
}

/// Writes a save into a register that is open, and answers it.
pub(in crate::registers) fn keep(
    act: &mut Act,
    actor: &Actor,
    mut lesson: OpenLesson,
    save: &Save,
) -> Result<SaveAnswer, Refusal> {
    let decisions = lesson.decide_all(save);
    let written = write(act, &lesson, &decisions, |_| save.device_at)?;
    let held = late_lesson::hold(act, actor, &lesson, save, &decisions)?;
    lesson.put(&decisions, act, actor);
    let taken = take_if_complete(act, actor, &lesson, save)?;
    let is_recorded = written > 0 || taken || held > 0;
    if is_recorded {
        let ended = lesson.clock == Clock::Ended;
        let what = match (written > 0, taken) {
            (false, false) => "hold late lesson marks",
            (wrote, _) => lesson.sheet.act_name(ended, wrote),
        };
        act.describe(actor.entry(what, lesson.sheet.subject()));
        if let Some(word) = &save.on_behalf_of {
            act.note("on behalf of", word);
        }
    }
    let answer = answer(act, &lesson, decisions, is_recorded)?;
    remember(act, actor, &save.change_id, &answer)?;
    Ok(answer)
}

/// When the register of a lesson that is still to come opens, in words.
pub(in crate::registers) fn opens_when(period: &LessonPeriod, before: u8) -> String {
    let starts = period.starts;
    match before {
        0 => format!("It begins at {starts}, and its register opens then."),
        1 => format!("It begins at {starts}. The register opens a minute before."),
        many => format!("It begins at {starts}. The register opens {many} minutes before."),
    }
}

/// Which register is kept: a lesson's, or that of a room of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registers) enum Sheet {
    Lesson(LessonAddress),
    Room(ExamRoom),
}

impl Sheet {
    /// Its page.
    pub(in crate::registers) fn path(self) -> String {
        match self {
            Sheet::Lesson(address) => address.path(),
            Sheet::Room(place) => place.path(),
        }
    }

    fn act_name(self, ended: bool, wrote: bool) -> &'static str {
        match (self, ended, wrote) {
            (Sheet::Lesson(_), _, false) => "take lesson register",
            (Sheet::Lesson(_), true, true) => "amend lesson register",
            (Sheet::Lesson(_), false, true) => "save lesson register",
            (Sheet::Room(_), _, false) => "take exam register",
            (Sheet::Room(_), true, true) => "amend exam register",
            (Sheet::Room(_), false, true) => "save exam register",
        }
    }

    /// What the journal calls it.
    pub(in crate::registers) fn subject(self) -> String {
        match self {
            Sheet::Lesson(LessonAddress { group, day, period }) => {
                format!("group {group} {day} period {period}")
            }
            Sheet::Room(ExamRoom { exam, room }) => format!("exam {exam} room {room}"),
        }
    }
}

/// A lesson's register in the hands of an act.
pub(in crate::registers) struct OpenLesson {
    pub(in crate::registers) sheet: Sheet,
    pub(in crate::registers) day: Day,
    /// When it is held: the period, or the times of the examination.
    pub(in crate::registers) period: LessonPeriod,
    pub(in crate::registers) clock: Clock,
    /// How many minutes before it begins the register may be begun.
    pub(in crate::registers) before: u8,
    pub(in crate::registers) taken: bool,
    pub(in crate::registers) role: RoleKind,
    pub(in crate::registers) now: Instant,
    /// In order of time on roll.
    pub(in crate::registers) places: Vec<Place>,
}

pub(in crate::registers) fn open_lesson(
    act: &mut Act,
    actor: &Actor,
    address: LessonAddress,
) -> Result<OpenLesson, Refusal> {
    let (school, now) = (act.school(), act.at());
    let tx = act.tx();
    let Some(role) = lesson_keeper(tx, actor, address)?.role() else {
        let ground =
            "You may read this register and not mark it. Ask its teacher or the attendance office.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    };
    let settings = settings(tx, school)?;
    if !mode(&settings, address.day)?.marks_here() {
        let ground = "The school's own system keeps the registers (I-001), so marks are read from it and not entered here. Enter the mark there.";
        return Err(Refusal::NotAllowed(ground.to_owned()));
    }
    let LessonAddress { group, day, period } = address;
    let period = held(tx, school, &settings, group, day, period)?.period;
    let times: SessionTimes = session_times(&settings, day)?;
    let before = lesson_opens(&settings, day)?;
    let places = places(tx, school, address, &period, &times)?;
    if places.is_empty() {
        return Err(Refusal::NotFound);
    }
    let register = args![school, group, day, period.id];
    let taken = tx.query_opt(TAKEN, &register, |_| Ok(()))?.is_some();
    Ok(OpenLesson {
        sheet: Sheet::Lesson(address),
        day,
        clock: clock(day, &period, before, taken, now),
        before,
        places,
        period,
        taken,
        role,
        now,
    })
}

/// What becomes of a change.
pub(in crate::registers) enum Decision {
    Write(Mark),
    Unchanged,
    Refused(String),
    /// It came too late, and is with the office.
    Hold(String),
    Conflict,
}

/// A mark that may be entered.
pub(in crate::registers) struct Mark {
    mark: Option<LessonMark>,
    minutes: Option<u32>,
    note: Option<String>,
    reason: Option<String>,
}

impl OpenLesson {
    fn place(&self, enrolment: EnrolmentId) -> Option<&Place> {
        self.find(enrolment).map(|at| &self.places[at])
    }

    fn find(&self, enrolment: EnrolmentId) -> Option<usize> {
        let found = self
            .places
            .binary_search_by_key(&enrolment, |place| place.enrolment);
        found.ok()
    }

    fn blank(&self) -> usize {
        self.places.iter().filter(|place| place.is_blank()).count()
    }

    /// What becomes of each change, and of each blank place when the rest are here.
    fn decide_all(&self, save: &Save) -> Vec<(Change, Decision)> {
        let mut decisions: Vec<(Change, Decision)> = save
            .changes
            .iter()
            .map(|change| {
                let decision = match late_lesson::is_old(save, self.now) {
                    true => self.hold(change, save.made_at(self.now)),
                    false => self.decide(change),
                };
                (change.clone(), decision)
            })
            .collect();
        if save.fill {
            let named: HashSet<EnrolmentId> =
                save.changes.iter().map(|change| change.enrolment).collect();
            let blank = self
                .places
                .iter()
                .filter(|place| place.is_blank() && !named.contains(&place.enrolment));
            decisions.extend(blank.map(|place| {
                let change = Change {
                    enrolment: place.enrolment,
                    code: Some(LessonMark::Present.to_string()),
                    base: place.base(),
                    ..Change::default()
                };
                let decision = self.decide(&change);
                (change, decision)
            }));
        }
        decisions
    }

    /// What becomes of a change that waited for more than two days: it stands there already, or the office decides.
    fn hold(&self, change: &Change, made_at: Instant) -> Decision {
        match self.decide(change) {
            Decision::Unchanged => Decision::Unchanged,
            refused @ Decision::Refused(_) if typed(change).is_err() => refused,
            Decision::Refused(ground) if self.place(change.enrolment).is_none() => {
                Decision::Refused(ground)
            }
            _ => Decision::Hold(format!(
                "Made at {}, more than two days before it came (R-007). It is with the office, which decides on it.",
                clock_of(made_at, self.now)
            )),
        }
    }

    pub(in crate::registers) fn decide(&self, change: &Change) -> Decision {
        let Some(place) = self.place(change.enrolment) else {
            return Decision::Refused(
                "This pupil is not in this register: not in the group, or not on roll that day. Reload the page."
                    .to_owned(),
            );
        };
        let mark = match typed(change) {
            Ok(mark) => mark,
            Err(ground) => return Decision::Refused(ground),
        };
        let (note, reason) = (kept(&change.note), kept(&change.reason));
        let stands = match &place.standing {
            None => mark.is_none(),
            Some(standing) => {
                standing.mark == mark
                    && (mark.is_none()
                        || (change
                            .minutes
                            .is_none_or(|minutes| standing.minutes == Some(minutes))
                            && standing.note == note))
            }
        };
        if stands {
            return Decision::Unchanged;
        }
        if change.base != place.base() && !(change.base == 0 && place.mark().is_none()) {
            return Decision::Conflict;
        }
        if let Some(ground) = self.against(place, mark, note.as_deref(), reason.as_deref()) {
            return Decision::Refused(ground);
        }
        match self.minutes(mark, change.minutes) {
            Ok(minutes) => Decision::Write(Mark {
                mark,
                minutes,
                note: note.filter(|_| mark.is_some()),
                reason,
            }),
            Err(ground) => Decision::Refused(ground),
        }
    }

    /// The ground against entering this here and now.
    fn against(
        &self,
        place: &Place,
        mark: Option<LessonMark>,
        note: Option<&str>,
        reason: Option<&str>,
    ) -> Option<String> {
        if self.clock == Clock::NotBegun {
            return Some(opens_when(&self.period, self.before));
        }
        if mark.is_some_and(LessonMark::needs_note) && note.is_none() {
            return Some(
                "Whoever looks for the pupil must know where. Say it in the note.".to_owned(),
            );
        }
        if self.clock == Clock::Ended && place.mark().is_some() {
            if mark.is_none() {
                return Some("The lesson has ended and its register was taken: a mark is changed, with a reason, and not cleared.".to_owned());
            }
            if reason.is_none() {
                return Some("The lesson has ended and its register was taken: a change needs a reason. Load the page again to give one.".to_owned());
            }
        }
        None
    }

    /// The minutes late that go with a mark: as they were typed, else by the server's clock while the lesson is held.
    fn minutes(
        &self,
        mark: Option<LessonMark>,
        minutes: Option<u32>,
    ) -> Result<Option<u32>, String> {
        let late = mark == Some(LessonMark::Late);
        let LessonPeriod { starts, ends, .. } = self.period;
        match (late, minutes) {
            (false, None) => Ok(None),
            (false, Some(_)) => {
                Err("Minutes late go with L. Clear the minutes, or enter L.".to_owned())
            }
            (true, None) => {
                let (today, time) = self.now.in_london();
                let is_held = today == self.day && starts <= time && time < ends;
                if is_held {
                    Ok(Some(starts.minutes_until(time).max(1)))
                } else {
                    Err("Say how many minutes late the pupil came.".to_owned())
                }
            }
            (true, Some(minutes)) if minutes == 0 || minutes > starts.minutes_until(ends) => {
                Err(format!(
                    "The lesson runs from {starts} to {ends}, so nobody came to it {minutes} minutes late. Correct the minutes."
                ))
            }
            (true, minutes) => Ok(minutes),
        }
    }

    /// Puts what was written in place of what stood.
    pub(in crate::registers) fn put(
        &mut self,
        decisions: &[(Change, Decision)],
        act: &Act,
        actor: &Actor,
    ) {
        for (change, decision) in decisions {
            let (Decision::Write(mark), Some(at)) = (decision, self.find(change.enrolment)) else {
                continue;
            };
            self.places[at].standing = Some(Standing {
                seq: act.seq(),
                mark: mark.mark,
                minutes: mark.minutes,
                note: mark.note.clone(),
                at: act.at(),
                account: actor.account,
            });
        }
    }
}

fn typed(change: &Change) -> Result<Option<LessonMark>, String> {
    match change.code.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error: register::lesson::ParseLessonMarkError| format!("{error}.")),
    }
}

/// A text without the space around it; none if nothing is left.
fn kept(text: &Option<String>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes the marks that pass, and answers how many.
pub(in crate::registers) fn write(
    act: &mut Act,
    lesson: &OpenLesson,
    decisions: &[(Change, Decision)],
    device_at: impl Fn(EnrolmentId) -> Option<Instant>,
) -> Result<u64, StoreError> {
    let source = match lesson.clock {
        Clock::Ended => "amendment",
        _ => "register",
    };
    let rows = decisions.iter().filter_map(|(change, decision)| {
        let Decision::Write(mark) = decision else {
            return None;
        };
        let place: Vec<Arg> = match lesson.sheet {
            Sheet::Lesson(LessonAddress { group, day, period }) => {
                args![change.enrolment, day, period, group].to_vec()
            }
            Sheet::Room(ExamRoom { exam, room }) => args![exam, change.enrolment, room].to_vec(),
        };
        let entered = args![
            mark.mark.map(LessonMark::letter),
            mark.minutes,
            mark.note.as_deref(),
            mark.reason.as_deref(),
            source,
            device_at(change.enrolment)
        ];
        Some(place.into_iter().chain(entered).collect::<Vec<Arg>>())
    });
    let table = match lesson.sheet {
        Sheet::Lesson(_) => &LESSON_MARK,
        Sheet::Room(_) => &EXAM_MARK,
    };
    act.record_many(table, rows)
}

/// Records the register as taken when nothing in it is blank any more; answers whether it did.
///
/// A lesson from which everybody is away is taken by nobody.
pub(in crate::registers) fn take_if_complete(
    act: &mut Act,
    actor: &Actor,
    lesson: &OpenLesson,
    save: &Save,
) -> Result<bool, StoreError> {
    let marked = lesson.places.iter().any(|place| place.mark().is_some());
    if lesson.taken || lesson.blank() > 0 || !marked {
        return Ok(false);
    }
    let at = act.at();
    let for_somebody = lesson.role != RoleKind::ClassTeacher;
    let word = save.on_behalf_of.as_deref().filter(|_| for_somebody);
    match lesson.sheet {
        Sheet::Lesson(LessonAddress { group, day, period }) => {
            let values = args![group, day, period, at, actor.account, word];
            act.record(&LESSON_TAKEN, &values)?;
        }
        Sheet::Room(ExamRoom { exam, room }) => {
            let values = args![exam, room, at, actor.account, word];
            act.record(&EXAM_TAKEN, &values)?;
        }
    }
    Ok(true)
}

fn answer(
    act: &mut Act,
    lesson: &OpenLesson,
    decisions: Vec<(Change, Decision)>,
    wrote: bool,
) -> Result<SaveAnswer, StoreError> {
    let mut names = Names::default();
    let mut results = Vec::with_capacity(decisions.len());
    for (change, decision) in decisions {
        let place = lesson.place(change.enrolment);
        let standing = place.and_then(|place| place.standing.as_ref());
        let (outcome, message) = match decision {
            Decision::Write(_) => (Outcome::Saved, heed(lesson, place)),
            Decision::Unchanged => (Outcome::Unchanged, String::new()),
            Decision::Refused(ground) => (Outcome::Refused, ground),
            Decision::Hold(ground) => (Outcome::Held, ground),
            Decision::Conflict => (Outcome::Conflict, CHANGED_SINCE.to_owned()),
        };
        let stands = standing.map(|standing| Stands {
            code: standing.mark.map(|mark| mark.to_string()),
            minutes: standing.minutes,
            sub_code: None,
            seq: standing.seq,
            at: standing.at,
            account: standing.account,
        });
        let result = names.result(act, change.enrolment, (outcome, message), stands)?;
        results.push(result);
    }
    Ok(SaveAnswer {
        seq: wrote.then(|| act.seq()),
        saved_at: act.at().in_london().1.to_string(),
        blank: lesson.blank(),
        results,
    })
}

/// What to say beside a mark that went in: that the attendance register says otherwise.
fn heed(lesson: &OpenLesson, place: Option<&Place>) -> String {
    let found = place.and_then(|place| place.difference(&lesson.period));
    match (found, lesson.period.session) {
        (Some(found), Some(session)) => {
            format!(
                "{}.",
                found.words(&session.to_string(), &lesson.period.name)
            )
        }
        _ => String::new(),
    }
}
