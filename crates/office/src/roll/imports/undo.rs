//! Undo of an import: as a whole, while nothing that was built upon it has changed since (I-011).
//!
//! The rows that its acts made, changed or ended go back to what they were. Marks are amended back, never removed: a gap
//! that was filled is a gap again, with the reason.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use calendar::Day;
use sha2::{Digest, Sha256};
use store::{Act, Arg, Entry, SchoolId, StoreError, Tx, args, journal};

use super::apply::{STEP, marked_since};
use super::course::{self, Import, ImportId, State, Step};
use super::draft::{DayRow, Draft, Key, Numbers, Rows, Stored, TermRow};
use super::prepare::counted;
use crate::desk::{Office, Refusal};
use crate::ids::EnrolmentId;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::records::MARK_VERSION;

const ACTS: &str = "\
select seq, act from journal_entry
where school_id = $1 and subject = $2 and act in ('import records', 'import marks', 'import term dates') order by seq";
const MARKS: &str = "\
select v.enrolment_id, v.on_date, v.session, m.seq - v.seq, p.code, p.minutes_late, p.arrived_at, p.note, m.seq, p.sub_code
from mark_version v
join held_act h on h.school_id = v.school_id and h.seq = v.seq and h.released_seq = $2
join mark m on m.school_id = v.school_id and m.enrolment_id = v.enrolment_id and m.on_date = v.on_date and m.session = v.session
left join mark_version p on p.school_id = v.school_id and p.enrolment_id = v.enrolment_id and p.on_date = v.on_date
  and p.session = v.session and p.seq = (
        select max(q.seq) from mark_version q
        where q.school_id = v.school_id and q.enrolment_id = v.enrolment_id and q.on_date = v.on_date and q.session = v.session
          and q.seq < v.seq and not exists (
                select 1 from held_act g
                where g.school_id = q.school_id and g.seq = q.seq and (g.released_seq is null or g.released_seq = $2)))
where v.school_id = $1
order by v.enrolment_id, v.on_date, v.session";
const MARKED: &str = "\
select count(*) from mark m where m.school_id = $1 and m.enrolment_id = $2 and m.code is not null";
const TAKEN: &str = "\
select count(*) from register_taken where school_id = $1 and group_id = $2 and superseded_seq is null";
const KEPT_IN_LESSON: &str = "\
select distinct on_date from lesson_mark
where school_id = $1 and group_id = $2 and period_id = $3 and on_date >= $4";
const MARKED_AT_EXAM: &str = "\
select count(*) from exam_mark where school_id = $1 and exam_id = $2 and enrolment_id = $3";
const MARKED_DAYS: &str = "\
select m.on_date, count(*) from mark m
where m.school_id = $1 and m.on_date >= $2 and m.on_date <= $3 and m.code is not null and m.code <> '#'
group by m.on_date";
const ACCOUNT_NAME: &str = "select name from account where account_id = $1";

pub(super) const STATEMENTS: &[&str] = &[
    ACTS,
    MARKS,
    MARKED,
    TAKEN,
    KEPT_IN_LESSON,
    MARKED_AT_EXAM,
    MARKED_DAYS,
    ACCOUNT_NAME,
];

/// What undoing an import takes back, or what stands in its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakesBack {
    /// What, how many go, and how many are again what they were.
    pub counts: Vec<(String, u32, u32)>,
    /// A sentence for each thing that was built upon the import since; undo is refused while there is one.
    pub in_the_way: Vec<String>,
    /// Digest of what would be written: the person who looks and the act that writes mean the same.
    pub fingerprint: String,
}

/// A mark as it stood before the import.
struct Before {
    enrolment: EnrolmentId,
    day: Day,
    session: i64,
    values: [Arg<'static>; 5],
}

/// Everything that an undo would write.
struct Plan {
    draft: Option<Draft>,
    terms: Rows<TermRow>,
    days: Rows<DayRow>,
    marks: Vec<Before>,
    takes_back: TakesBack,
    /// The newest act that the plan has seen.
    seen: i64,
}

impl Plan {
    fn touches_rows(&self) -> bool {
        let roll = self.draft.as_ref().is_some_and(|draft| draft.touches() > 0);
        roll || self.terms.tally() != (0, 0) || self.days.tally() != (0, 0)
    }
}

/// Refuses what cannot be undone at all, in words for people.
fn undoable(actor: &Actor, import: &Import) -> Result<(), Refusal> {
    course::may_import(actor)?;
    if import.state == State::Applied {
        return Ok(());
    }
    Err(Refusal::Wrong(format!(
        "This import is {}. Only one that was applied can be undone.",
        import.state.word()
    )))
}

/// What undoing an import would take back, as things stand now.
///
/// Errors: no right, or an import that was not applied.
pub fn look_back(tx: &mut Tx, actor: &Actor, import: &Import) -> Result<TakesBack, Refusal> {
    undoable(actor, import)?;
    Ok(plan(tx, actor, import)?.takes_back)
}

fn plan(tx: &mut Tx, actor: &Actor, import: &Import) -> Result<Plan, Refusal> {
    let school = actor.school;
    tx.lift_time_limit()?;
    let subject = format!("import {}", import.id.0);
    let acts = tx.query(ACTS, &args![school, subject.as_str()], |row| {
        Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
    })?;
    let mut plan = Plan {
        draft: None,
        terms: Rows::default(),
        days: Rows::default(),
        marks: Vec::new(),
        takes_back: TakesBack::default(),
        seen: journal::head(tx, school)?.map_or(0, |head| head.seq),
    };
    let mut since = Vec::new();
    let mut in_the_way = Vec::new();
    for (seq, act) in acts {
        match act.as_str() {
            "import records" => {
                let mut draft = Draft::read(tx, school)?;
                since.extend(draft.take_back(tx, school, seq)?);
                in_the_way.extend(orphans(&draft));
                in_the_way.extend(marked(tx, school, &draft)?);
                plan.draft = Some(draft);
            }
            "import term dates" => {
                if !actor.may(Access::Write, RecordKind::UsersRolesAndSettings) {
                    return Err(Refusal::NotAllowed(
                        "The import changed the school's year, which only people who keep its settings may undo."
                            .to_owned(),
                    ));
                }
                plan.terms = Rows::read(tx, school)?;
                plan.days = Rows::read(tx, school)?;
                since.extend(plan.terms.take_back(tx, school, seq)?);
                since.extend(plan.days.take_back(tx, school, seq)?);
                in_the_way.extend(marked_outside(tx, school, &plan.terms)?);
            }
            _ => plan.marks = marks_before(tx, school, seq, &mut since)?,
        }
    }
    in_the_way.extend(later_acts(tx, school, &since)?);
    plan.takes_back = TakesBack {
        counts: counts(&plan),
        in_the_way,
        fingerprint: fingerprint(&plan),
    };
    Ok(plan)
}

fn fingerprint(plan: &Plan) -> String {
    let mut hasher = Sha256::new();
    hasher.update(
        plan.draft
            .as_ref()
            .map_or_else(String::new, Draft::fingerprint),
    );
    plan.terms.tell(&mut hasher);
    plan.days.tell(&mut hasher);
    for mark in &plan.marks {
        let place = (mark.enrolment.0, mark.day, mark.session);
        hasher.update(format!("{place:?}{:?}", mark.values));
    }
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn counts(plan: &Plan) -> Vec<(String, u32, u32)> {
    fn of<T: Stored>(name: &str, rows: &Rows<T>) -> (String, u32, u32) {
        let (goes, is_again) = rows.tally();
        (name.to_owned(), goes, is_again)
    }
    let mut counts = Vec::new();
    if let Some(draft) = &plan.draft {
        counts.extend([
            of("Pupils", &draft.pupils),
            of("Times on roll", &draft.enrolments),
            of("Groups", &draft.groups),
            of("Places in groups", &draft.memberships),
            of("Characteristics", &draft.characteristics),
            of("Contacts", &draft.contacts),
            of("Telephones and e-mail addresses", &draft.routes),
            of("Ties of contacts to pupils", &draft.ties),
            of("Addresses", &draft.addresses),
            of("Who lives where", &draft.residences),
            of("Members of staff", &draft.staff),
            of("Job titles", &draft.posts),
            of("Duties for groups", &draft.duties),
            of("Attendance at former schools", &draft.priors),
            of("Periods", &draft.periods),
            of("Rooms", &draft.rooms),
            of("Lessons", &draft.lessons),
            of("Teachers of lessons", &draft.lesson_staff),
            of("Cover of single lessons", &draft.covers),
            of("What runs instead of lessons", &draft.off),
            of("Examinations", &draft.exams),
            of("Rooms of examinations", &draft.exam_rooms),
            of("Candidates' seats", &draft.seats),
            of("Identifiers of other systems", &draft.links),
        ]);
    }
    counts.push(of("Half-terms", &plan.terms));
    counts.push(of("INSET days and closures", &plan.days));
    let blank = |mark: &&Before| mark.values[0] == Arg::Null;
    let gaps = plan.marks.iter().filter(blank).count();
    let replaced = plan.marks.len() - gaps;
    counts.push(("Marks".to_owned(), gaps as u32, replaced as u32));
    counts.retain(|(_, goes, is_again)| goes + is_again > 0);
    counts
}

/// What was entered since for somebody or something that the import made, and that would be left without them.
fn orphans(draft: &Draft) -> Vec<String> {
    let pupils: HashSet<Key> = draft.pupils.ended().map(|row| row.pupil_id).collect();
    let enrolments: HashSet<Key> = draft
        .enrolments
        .ended()
        .map(|row| row.enrolment_id)
        .collect();
    let groups: HashSet<Key> = draft.groups.ended().map(|row| row.group_id).collect();
    let contacts: HashSet<Key> = draft.contacts.ended().map(|row| row.contact_id).collect();
    let addresses: HashSet<Key> = draft.addresses.ended().map(|row| row.address_id).collect();
    let staff: HashSet<Key> = draft.staff.ended().map(|row| row.staff_id).collect();
    let mut said = Vec::new();
    let mut say = |count: usize, one: &str, many: &str, of: &str| {
        if count > 0 {
            let what = counted(count as u32, one, many);
            said.push(format!("{what} entered since for {of} that it made."));
        }
    };
    let count = draft.enrolments.each();
    let count = count.filter(|(_, row)| pupils.contains(&row.pupil_id));
    say(
        count.count(),
        "time on roll was",
        "times on roll were",
        "pupils",
    );
    let count = draft.memberships.each();
    let count = count.filter(|(_, row)| {
        enrolments.contains(&row.enrolment_id) || groups.contains(&row.group_id)
    });
    say(
        count.count(),
        "place in a group was",
        "places in groups were",
        "pupils or groups",
    );
    let count = draft.characteristics.each();
    let count = count.filter(|(_, row)| pupils.contains(&row.pupil_id));
    say(
        count.count(),
        "characteristic was",
        "characteristics were",
        "pupils",
    );
    let count = draft.ties.each();
    let count = count
        .filter(|(_, row)| pupils.contains(&row.pupil_id) || contacts.contains(&row.contact_id));
    say(
        count.count(),
        "contact was",
        "contacts were",
        "pupils or contacts",
    );
    let count = draft.routes.each();
    let count = count.filter(|(_, row)| contacts.contains(&row.contact_id));
    say(
        count.count(),
        "telephone or e-mail was",
        "telephones or e-mails were",
        "contacts",
    );
    let count = draft.residences.each();
    let count = count.filter(|(_, row)| {
        let who = match row.party.as_str() {
            "pupil" => &pupils,
            _ => &contacts,
        };
        who.contains(&row.party_id) || addresses.contains(&row.address_id)
    });
    say(
        count.count(),
        "home was",
        "homes were",
        "people or addresses",
    );
    let count = draft.duties.each();
    let count =
        count.filter(|(_, row)| groups.contains(&row.group_id) || staff.contains(&row.staff_id));
    say(count.count(), "duty was", "duties were", "groups or staff");
    let count = draft.priors.each();
    let count = count.filter(|(_, row)| pupils.contains(&row.pupil_id));
    say(
        count.count(),
        "attendance elsewhere was",
        "attendances elsewhere were",
        "pupils",
    );
    let lessons: HashSet<Key> = draft.lessons.ended().map(|row| row.lesson_id).collect();
    let periods: HashSet<Key> = draft.periods.ended().map(|row| row.period_id).collect();
    let rooms: HashSet<Key> = draft.rooms.ended().map(|row| row.room_id).collect();
    let count = draft.lessons.each().filter(|(_, row)| {
        let room = row.room_id.is_some_and(|room| rooms.contains(&room));
        groups.contains(&row.group_id) || periods.contains(&row.period_id) || room
    });
    say(
        count.count(),
        "lesson was",
        "lessons were",
        "classes, periods or rooms",
    );
    let count = draft.lesson_staff.each();
    let count =
        count.filter(|(_, row)| lessons.contains(&row.lesson_id) || staff.contains(&row.staff_id));
    say(
        count.count(),
        "teacher of a lesson was",
        "teachers of lessons were",
        "lessons or staff",
    );
    let count = draft.covers.each().filter(|(_, row)| {
        groups.contains(&row.group_id)
            || periods.contains(&row.period_id)
            || staff.contains(&row.staff_id)
    });
    say(
        count.count(),
        "cover of a lesson was",
        "covers of lessons were",
        "classes, periods or staff",
    );
    let count = draft.off.each().filter(|(_, row)| {
        row.group_id.is_some_and(|group| groups.contains(&group))
            || row
                .period_id
                .is_some_and(|period| periods.contains(&period))
    });
    say(
        count.count(),
        "entry off timetable was",
        "entries off timetable were",
        "groups or periods",
    );
    let exams: HashSet<Key> = draft.exams.ended().map(|row| row.exam_id).collect();
    let count = draft.exam_rooms.each().filter(|(_, row)| {
        exams.contains(&row.exam_id)
            || rooms.contains(&row.room_id)
            || row.staff_id.is_some_and(|member| staff.contains(&member))
    });
    say(
        count.count(),
        "room of an examination was",
        "rooms of examinations were",
        "examinations, rooms or staff",
    );
    let count = draft.seats.each().filter(|(_, row)| {
        exams.contains(&row.exam_id)
            || rooms.contains(&row.room_id)
            || enrolments.contains(&row.enrolment_id)
    });
    say(
        count.count(),
        "candidate's seat was",
        "candidates' seats were",
        "examinations, rooms or pupils",
    );
    let count = draft.links.each().filter(|(_, row)| {
        let made = match row.record_kind.as_str() {
            "pupil" => &pupils,
            "contact" => &contacts,
            "staff" => &staff,
            _ => &groups,
        };
        made.contains(&row.record_id)
    });
    say(
        count.count(),
        "identifier of another system was",
        "identifiers of other systems were",
        "records",
    );
    said
}

/// Registers that rest on times on roll or groups that would go.
fn marked(tx: &mut Tx, school: SchoolId, draft: &Draft) -> Result<Vec<String>, StoreError> {
    let mut said = Vec::new();
    let (mut marks, mut pupils) = (0, 0);
    for enrolment in draft
        .enrolments
        .ended()
        .filter_map(|row| row.enrolment_id.known())
    {
        let count: i64 = tx.query_one(MARKED, &args![school, enrolment], |row| row.get(0))?;
        marks += count;
        pupils += u32::from(count > 0);
    }
    if marks > 0 {
        let marks = counted(marks as u32, "mark stands", "marks stand");
        let pupils = counted(pupils, "pupil", "pupils");
        said.push(format!(
            "{marks} in the register of {pupils} whose time on roll it made. If another import brought them, undo that one first."
        ));
    }
    let mut taken = 0;
    for group in draft.groups.ended().filter_map(|row| row.group_id.known()) {
        taken += tx.query_one(TAKEN, &args![school, group], |row| row.get::<i64>(0))?;
    }
    for lesson in draft.lessons.ended() {
        let (Some(group), Some(period)) = (lesson.group_id.known(), lesson.period_id.known())
        else {
            continue;
        };
        let since = args![school, group, period, lesson.from_day];
        let days: Vec<Day> = tx.query(KEPT_IN_LESSON, &since, |row| row.get(0))?;
        let weekday = |day: &&Day| day.weekday().index() as i64 == lesson.weekday;
        let own = days.iter().filter(weekday);
        if let Some(day) = own.max() {
            said.push(format!(
                "The register of a lesson that it made was kept on {}.",
                day.long()
            ));
            break;
        }
    }
    for cover in draft.covers.ended() {
        let (Some(group), Some(period)) = (cover.group_id.known(), cover.period_id.known()) else {
            continue;
        };
        let since = args![school, group, period, cover.on_date];
        let days: Vec<Day> = tx.query(KEPT_IN_LESSON, &since, |row| row.get(0))?;
        if days.contains(&cover.on_date) {
            said.push(format!(
                "The register of a lesson that it had covered was kept on {}.",
                cover.on_date.long()
            ));
            break;
        }
    }
    for seat in draft.seats.ended() {
        let (Some(exam), Some(candidate)) = (seat.exam_id.known(), seat.enrolment_id.known())
        else {
            continue;
        };
        let marks: i64 = tx.query_one(MARKED_AT_EXAM, &args![school, exam, candidate], |row| {
            row.get(0)
        })?;
        if marks > 0 {
            said.push("The register of an examination that it made has begun.".to_owned());
            break;
        }
    }
    if taken > 0 {
        let registers = counted(taken as u32, "register was", "registers were");
        said.push(format!("{registers} taken of groups that it made."));
    }
    Ok(said)
}

/// Marks on days that would lie outside every half-term.
fn marked_outside(
    tx: &mut Tx,
    school: SchoolId,
    terms: &Rows<TermRow>,
) -> Result<Vec<String>, StoreError> {
    let ended = terms.ended().map(|row| (row.first_day, row.last_day));
    let living = terms.each().map(|(_, row)| (row.first_day, row.last_day));
    let living: Vec<(Day, Day)> = living.collect();
    let all: Vec<(Day, Day)> = living.iter().copied().chain(ended).collect();
    let first = all.iter().map(|(first, _)| *first).min();
    let last = all.iter().map(|(_, last)| *last).max();
    let Some((first, last)) = first.zip(last) else {
        return Ok(Vec::new());
    };
    let days = tx.query(MARKED_DAYS, &args![school, first, last], |row| {
        Ok((row.get::<Day>(0)?, row.get::<i64>(1)?))
    })?;
    let outside = |day: &Day| {
        !living
            .iter()
            .any(|(first, last)| first <= day && day <= last)
    };
    let lost: i64 = days
        .iter()
        .filter(|(day, _)| outside(day))
        .map(|(_, marks)| marks)
        .sum();
    if lost == 0 {
        return Ok(Vec::new());
    }
    let marks = counted(lost as u32, "mark", "marks");
    Ok(vec![format!("{marks} would lie outside every half-term.")])
}

/// The marks as they stood before the import; `since` hears of later acts on the same places.
fn marks_before(
    tx: &mut Tx,
    school: SchoolId,
    released: i64,
    since: &mut Vec<i64>,
) -> Result<Vec<Before>, StoreError> {
    let rows = tx.query(MARKS, &args![school, released], |row| {
        let later = (row.get::<i64>(3)? != 0).then_some(row.get::<i64>(8)?);
        let text = |at| -> Result<Arg<'static>, StoreError> {
            let text: Option<String> = row.get(at)?;
            Ok(text.map_or(Arg::Null, |text| Arg::Text(text.into())))
        };
        let arrived: Option<calendar::Instant> = row.get(6)?;
        let minutes: Option<i64> = row.get(5)?;
        let values = [
            text(4)?,
            minutes.map_or(Arg::Null, Arg::Int),
            arrived.map_or(Arg::Null, Arg::Instant),
            text(7)?,
            text(9)?,
        ];
        let mark = Before {
            enrolment: EnrolmentId(row.get(0)?),
            day: row.get(1)?,
            session: row.get(2)?,
            values,
        };
        Ok((mark, later))
    })?;
    let mut marks = Vec::with_capacity(rows.len());
    for (mark, later) in rows {
        match later {
            Some(later) => since.push(later),
            None => marks.push(mark),
        }
    }
    Ok(marks)
}

/// Acts named at most.
const NAMED: usize = 20;

/// Later acts on what the import wrote, each with who and when.
fn later_acts(tx: &mut Tx, school: SchoolId, since: &[i64]) -> Result<Vec<String>, StoreError> {
    let mut by_act: BTreeMap<i64, u32> = BTreeMap::new();
    for seq in since {
        *by_act.entry(*seq).or_default() += 1;
    }
    let in_all = by_act.len();
    let mut said = Vec::new();
    for (seq, count) in by_act.into_iter().take(NAMED) {
        let records = counted(count, "record was", "records were");
        let Some(entry) = journal::entry(tx, school, seq)? else {
            said.push(format!("{records} entered again since by hand."));
            continue;
        };
        let name: Option<String> =
            tx.query_opt(ACCOUNT_NAME, &args![entry.account], |row| row.get(0))?;
        let name = name.unwrap_or(entry.job_title);
        let (day, time) = entry.at.in_london();
        said.push(format!(
            "{records} changed since: {}, {} at {time}, by {name}.",
            entry.act,
            day.long()
        ));
    }
    if in_all > NAMED {
        said.push(format!(
            "{} more acts changed its records since.",
            in_all - NAMED
        ));
    }
    Ok(said)
}

/// Undoes an applied import. `told` hears of the steps done and of how many.
///
/// `looked_at` is the digest of what the person has seen; with another plan by now nothing is done.
///
/// Waits on this thread. Errors: no right, no reason, something in the way, or something changed since the person looked;
/// then nothing is undone.
pub fn undo(
    office: &Arc<Office>,
    actor: &Actor,
    id: ImportId,
    (looked_at, reason): (&str, &str),
    told: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::Wrong(
            "Give the reason; the journal and every mark that goes back keep it (R-007)."
                .to_owned(),
        ));
    }
    let (school, by) = (actor.school, actor.clone());
    let (import, plan) = office.store.read_now(move |tx| {
        let import = course::import(tx, school, id)?;
        undoable(&by, &import)?;
        let plan = plan(tx, &by, &import)?;
        Ok::<_, Refusal>((import, plan))
    })?;
    if let Some(first) = plan.takes_back.in_the_way.first() {
        return Err(Refusal::Wrong(format!(
            "This import cannot be undone: {first}"
        )));
    }
    if plan.takes_back.fingerprint != looked_at {
        return Err(Refusal::Wrong(
            "Something changed since you looked. Nothing was undone; look at it again.".to_owned(),
        ));
    }
    if !plan.marks.is_empty() {
        marks_back(office, actor, id, &plan, reason, told)?;
    }
    if plan.touches_rows() {
        rows_back(office, actor, &import, looked_at, reason)?;
    }
    let (day, time) = office.now().in_london();
    let message = format!(
        "Undone on {} at {time} by {}: {reason}",
        day.long(),
        actor.name
    );
    let step = Step {
        state: State::Undone,
        kind: &import.kind,
        preview: import.preview.as_ref(),
        message: Some(&message),
        findings: None,
    };
    course::move_on(office, school, id, step)?;
    Ok(())
}

fn describe(act: &mut Act, actor: &Actor, import: ImportId, reason: &str) {
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "undo import",
        subject: format!("import {}", import.0),
    });
    act.note("reason", reason);
}

/// Roll and terms in one act, planned again from the rows as they are then.
fn rows_back(
    office: &Arc<Office>,
    actor: &Actor,
    import: &Import,
    looked_at: &str,
    reason: &str,
) -> Result<(), Refusal> {
    let (by, import) = (actor.clone(), import.clone());
    let (looked_at, reason) = (looked_at.to_owned(), reason.to_owned());
    office.store.act_now(actor.school, move |act: &mut Act| {
        let plan = plan(act.tx(), &by, &import)?;
        if !plan.takes_back.in_the_way.is_empty() || plan.takes_back.fingerprint != looked_at {
            return Err(Refusal::Wrong(
                "Something changed while this was being undone. Nothing was undone; look at it again."
                    .to_owned(),
            ));
        }
        let numbers = Numbers::default();
        if let Some(draft) = &plan.draft {
            draft.write(act, &numbers)?;
        }
        plan.terms.write(act, &numbers)?;
        plan.days.write(act, &numbers)?;
        describe(act, &by, import.id, &reason);
        Ok(())
    })
}

/// Marks in short held acts, released in one: registers go on being saved meanwhile.
fn marks_back(
    office: &Arc<Office>,
    actor: &Actor,
    import: ImportId,
    plan: &Plan,
    reason: &str,
    told: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<(), Refusal> {
    let school = actor.school;
    let group = office
        .store
        .act_now(school, |act: &mut Act| Ok::<_, Refusal>(act.new_id()))?;
    let steps = plan.marks.len().div_ceil(STEP) as u64;
    let because = format!("undo of import {}: {reason}", import.0);
    let places: HashSet<_> = plan
        .marks
        .iter()
        .map(|mark| (mark.enrolment, mark.day, mark.session))
        .collect();
    let written = (|| {
        for (step, marks) in plan.marks.chunks(STEP).enumerate() {
            told(step as u64, steps);
            let rows: Vec<Vec<Arg<'static>>> =
                marks.iter().map(|mark| row_back(mark, &because)).collect();
            let (by, reason) = (actor.clone(), reason.to_owned());
            office.store.act_now(school, move |act: &mut Act| {
                act.record_many(&MARK_VERSION, &rows)?;
                act.hold(group)?;
                describe(act, &by, import, &reason);
                Ok::<_, Refusal>(())
            })?;
        }
        let (by, reason, seen) = (actor.clone(), reason.to_owned(), plan.seen);
        office.store.act_now(school, move |act: &mut Act| {
            let since = marked_since(act, seen)?;
            if since.iter().any(|place| places.contains(place)) {
                return Err(Refusal::Wrong(
                    "A mark of this import was changed while it was being undone. Nothing was undone; look at it again."
                        .to_owned(),
                ));
            }
            if act.release(group)? != steps {
                return Err(Refusal::Wrong(
                    "Another start of Rollbook took this undo for an interrupted one. Nothing was undone; try again."
                        .to_owned(),
                ));
            }
            describe(act, &by, import, &reason);
            Ok(())
        })
    })();
    if written.is_err() {
        let (by, reason) = (actor.clone(), reason.to_owned());
        office.store.act_now(school, move |act: &mut Act| {
            if act.abandon(group)? > 0 {
                describe(act, &by, import, &reason);
            }
            Ok::<_, Refusal>(())
        })?;
    }
    written
}

/// The row that takes a mark back to what stood before it.
fn row_back(mark: &Before, because: &str) -> Vec<Arg<'static>> {
    let [code, minutes, arrived, note, sub_code] = mark.values.clone();
    vec![
        Arg::from(mark.enrolment),
        Arg::Day(mark.day),
        Arg::Int(mark.session),
        code,
        minutes,
        arrived,
        note,
        Arg::Text(because.to_owned().into()),
        Arg::Text("import".into()),
        Arg::Null,
        sub_code,
    ]
}
