//! Erasing what is due: one person asks, another approves, and it is carried out in short acts that can be broken off and gone on with.

use calendar::Day;
use register::preservation::erasable_through;
use store::{Act, Forgot, Forgotten, SchoolId, Store, StoreError, Tx, args, journal};

use super::due::{
    Due, DuePlace, clock, due, long_gone, midnight, newest_through, of_pupil, on_hold,
};
use super::must_decide;
use super::records::ERASURE;
use crate::desk::Refusal;
use crate::evidence::destroy_erased;
use crate::ids::{AccountId, PupilId};
use crate::people::Actor;
use crate::registers::records::MARK_VERSION;
use crate::registers::sealed::records::{SEALED_COPY, SEALED_FILE};

const ERASURES: &str = "\
select erasure_id, state, made_through, through_seq, reason, asked_by, asked_in_words, asked_on, places, entries, pupils, copies,
       first_made, last_made, clock, approved_by, approved_in_words, approved_on, rows_erased, acts_shortened, acts_emptied, seq
from erasure where school_id = $1 and superseded_seq is null order by erasure_id desc";
const STEPS_OF: &str = "\
select seq from journal_entry where school_id = $1 and act = 'erase entries' and subject = $2 order by seq";
const FILES_OF: &str = "select name from sealed_file where school_id = $1 and copy_id = $2";
const NO_CONTENT: &str = "delete from sealed_content where school_id = $1 and copy_id = $2";
const NO_FILES: &str = "\
delete from import_file where school_id = $1 and import_id in (select import_id from import where school_id = $1 and received_at < $2)";
const NO_FINDINGS: &str = "\
delete from import_finding where school_id = $1 and import_id in (select import_id from import where school_id = $1 and received_at < $2)";
const NO_CASES: &str = "\
delete from import_case where school_id = $1 and import_id in (select import_id from import where school_id = $1 and received_at < $2)";
const PERSON_OF: &str = "select person_id from pupil where school_id = $1 and pupil_id = $2";
const NO_PERSON: &str = "\
delete from person where person_id = $1 and not exists (select 1 from pupil where person_id = $1)";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    ERASURES,
    STEPS_OF,
    FILES_OF,
    NO_CONTENT,
    NO_FILES,
    NO_FINDINGS,
    NO_CASES,
    PERSON_OF,
    NO_PERSON,
];

/// Places of the register that one act erases: a few tenths of a second, in which nobody's save waits long.
const PLACES_AT_ONCE: usize = 1_000;

/// Pupils whose records one act erases.
const PUPILS_AT_ONCE: usize = 10;

/// Where an erasure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Asked,
    Approved,
    Done,
    Withdrawn,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Asked => "asked",
            State::Approved => "approved",
            State::Done => "done",
            State::Withdrawn => "withdrawn",
        }
    }

    fn of(word: &str) -> State {
        let all = [State::Asked, State::Approved, State::Done];
        let found = all.into_iter().find(|state| state.word() == word);
        found.unwrap_or(State::Withdrawn)
    }
}

/// An erasure. It names nobody whose entries go.
#[derive(Clone, Debug)]
pub(super) struct Erasure {
    pub(super) id: i64,
    pub(super) state: State,
    pub(super) made_through: Day,
    pub(super) through_seq: i64,
    pub(super) reason: String,
    pub(super) asked_by: AccountId,
    pub(super) asked_in_words: String,
    pub(super) asked_on: Day,
    pub(super) places: i64,
    pub(super) entries: i64,
    pub(super) pupils: i64,
    pub(super) copies: i64,
    pub(super) made: Option<(Day, Day)>,
    pub(super) clock: String,
    pub(super) approved: Option<(AccountId, String, Day)>,
    pub(super) done: Option<Forgot>,
    /// The number of the act that brought it where it stands.
    pub(super) seq: i64,
}

/// Every erasure, the newest first.
pub(super) fn erasures(tx: &mut Tx, school: SchoolId) -> Result<Vec<Erasure>, StoreError> {
    tx.query(ERASURES, &args![school], |row| {
        let made: (Option<Day>, Option<Day>) = (row.get(12)?, row.get(13)?);
        let by: (Option<AccountId>, Option<String>, Option<Day>) =
            (row.get(15)?, row.get(16)?, row.get(17)?);
        let count = |place| -> Result<Option<u64>, StoreError> {
            let count = row.get::<Option<i64>>(place)?;
            Ok(count.and_then(|count| u64::try_from(count).ok()))
        };
        let done = (count(18)?, count(19)?, count(20)?);
        Ok(Erasure {
            id: row.get(0)?,
            state: State::of(row.get(1)?),
            made_through: row.get(2)?,
            through_seq: row.get(3)?,
            reason: row.get(4)?,
            asked_by: row.get(5)?,
            asked_in_words: row.get(6)?,
            asked_on: row.get(7)?,
            places: row.get(8)?,
            entries: row.get(9)?,
            pupils: row.get(10)?,
            copies: row.get(11)?,
            made: made.0.zip(made.1),
            clock: row.get(14)?,
            approved: match by {
                (Some(account), Some(words), Some(day)) => Some((account, words, day)),
                _ => None,
            },
            done: match done {
                (Some(rows), Some(shortened), Some(emptied)) => Some(Forgot {
                    rows,
                    shortened,
                    emptied,
                }),
                _ => None,
            },
            seq: row.get(21)?,
        })
    })
}

/// The erasure with this number.
///
/// Errors: there is none.
pub(super) fn erasure(tx: &mut Tx, school: SchoolId, id: i64) -> Result<Erasure, Refusal> {
    let found = erasures(tx, school)?.into_iter().find(|one| one.id == id);
    found.ok_or(Refusal::NotFound)
}

fn put(act: &mut Act, one: &Erasure) -> Result<(), StoreError> {
    let count = |count: fn(&Forgot) -> u64| one.done.as_ref().map(|done| count(done) as i64);
    let approved = one.approved.as_ref();
    let values = args![
        one.id,
        one.state.word(),
        one.made_through,
        one.through_seq,
        one.reason.as_str(),
        one.asked_by,
        one.asked_in_words.as_str(),
        one.asked_on,
        one.places,
        one.entries,
        one.pupils,
        one.copies,
        one.made.map(|made| made.0),
        one.made.map(|made| made.1),
        one.clock.as_str(),
        approved.map(|(account, ..)| *account),
        approved.map(|(_, words, _)| words.as_str()),
        approved.map(|(.., day)| *day),
        count(|done| done.rows),
        count(|done| done.shortened),
        count(|done| done.emptied)
    ];
    act.replace(&ERASURE, &values).map(drop)
}

/// What bears out the clock: the journal, or a person who has typed the day.
///
/// Errors: neither does.
fn borne_out(
    tx: &mut Tx,
    school: SchoolId,
    today: Day,
    confirmed: Option<Day>,
) -> Result<String, Refusal> {
    match clock(tx, school, today)? {
        Ok(()) => Ok("borne out by the journal".to_owned()),
        Err(_) if confirmed == Some(today) => Ok("confirmed by a person".to_owned()),
        Err(doubt) => {
            let ground = doubt.to_string();
            Err(Refusal::Wrong(format!(
                "{}{}. Look at a calendar, and write today's date if the clock is right.",
                ground[..1].to_uppercase(),
                &ground[1..]
            )))
        }
    }
}

/// Asks for an erasure of everything that is due today.
///
/// Rule: R-008. Errors: [`Refusal::NotFound`] by access; [`Refusal::Wrong`] where nothing is due, another erasure is open, or the clock is
/// in doubt and `confirmed` is not today.
pub fn ask(
    act: &mut Act,
    actor: &Actor,
    reason: &str,
    confirmed: Option<Day>,
) -> Result<i64, Refusal> {
    must_decide(actor)?;
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let clock = borne_out(act.tx(), school, today, confirmed)?;
    let is_open = |one: &Erasure| matches!(one.state, State::Asked | State::Approved);
    if erasures(act.tx(), school)?.iter().any(is_open) {
        return Err(Refusal::Wrong(
            "Another erasure is open. Finish it or withdraw it first.".to_owned(),
        ));
    }
    let due = due(act.tx(), school, today)?;
    if due.is_empty() {
        return Err(Refusal::Wrong(
            "Nothing is due: every entry is still within its six years (R-008).".to_owned(),
        ));
    }
    let id = act.new_id();
    let asked = Erasure {
        id,
        state: State::Asked,
        made_through: erasable_through(today),
        through_seq: due.through_seq,
        reason: reason.to_owned(),
        asked_by: actor.account,
        asked_in_words: in_words(actor),
        asked_on: today,
        places: due.places.len() as i64,
        entries: due.entries(),
        pupils: due.pupils.len() as i64,
        copies: due.copies.len() as i64,
        made: due.made,
        clock,
        approved: None,
        done: None,
        seq: act.seq(),
    };
    put(act, &asked)?;
    act.note("reason", reason);
    act.describe(actor.entry("ask for an erasure", format!("erasure {id}")));
    Ok(id)
}

fn in_words(actor: &Actor) -> String {
    format!("{}, {}", actor.name, actor.job_title)
}

/// Approves an erasure that somebody else asked for.
///
/// Errors: [`Refusal::NotFound`] by access; [`Refusal::Wrong`] for one's own, one that is not open, or a clock in doubt.
pub fn approve(
    act: &mut Act,
    actor: &Actor,
    id: i64,
    confirmed: Option<Day>,
) -> Result<(), Refusal> {
    must_decide(actor)?;
    let (school, (today, _)) = (act.school(), act.at().in_london());
    let one = erasure(act.tx(), school, id)?;
    if one.state != State::Asked {
        return Err(Refusal::Wrong("It is not waiting for approval.".to_owned()));
    }
    if one.asked_by == actor.account {
        return Err(Refusal::Wrong(
            "Whoever asks for an erasure does not approve it: a second person does.".to_owned(),
        ));
    }
    let clock = borne_out(act.tx(), school, today, confirmed)?;
    let approved = Erasure {
        state: State::Approved,
        approved: Some((actor.account, in_words(actor), today)),
        clock: format!("{}; at approval {clock}", one.clock),
        ..one
    };
    put(act, &approved)?;
    act.describe(actor.entry("approve an erasure", format!("erasure {id}")));
    Ok(())
}

/// Withdraws an erasure that was not approved yet.
///
/// Errors: as [`approve`].
pub fn withdraw(act: &mut Act, actor: &Actor, id: i64) -> Result<(), Refusal> {
    must_decide(actor)?;
    let school = act.school();
    let one = erasure(act.tx(), school, id)?;
    if one.state != State::Asked {
        return Err(Refusal::Wrong("It is not waiting for approval.".to_owned()));
    }
    let withdrawn = Erasure {
        state: State::Withdrawn,
        ..one
    };
    put(act, &withdrawn)?;
    act.describe(actor.entry("withdraw an erasure", format!("erasure {id}")));
    Ok(())
}

/// Carries out an approved erasure, and goes on with one that was broken off: what is gone is not due again.
///
/// Each step is an act of its own with its own proof. What was held or amended since it was asked for stays. `goes_on` is asked before each
/// step, and what it breaks off is gone on with another time. Waits on this thread. Errors: it is not approved; the database did not answer.
pub fn carry_out(
    store: &Store,
    school: SchoolId,
    id: i64,
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<(), Refusal> {
    // What came due after it was asked for waits for the next.
    let (one, found) = store.read_now(move |tx| {
        let one = erasure(tx, school, id)?;
        let found = due(tx, school, one.asked_on)?;
        Ok::<_, Refusal>((one, found))
    })?;
    if one.state != State::Approved {
        return Err(Refusal::Wrong(
            "Only an erasure that a second person approved is carried out.".to_owned(),
        ));
    }
    let Due {
        places,
        pupils,
        copies,
        ..
    } = found;
    for some in places.chunks(PLACES_AT_ONCE) {
        if !goes_on() {
            return Ok(());
        }
        let (some, one) = (some.to_vec(), one.clone());
        store.act_now(school, move |act| erase_places(act, &one, &some))?;
    }
    for some in pupils.chunks(PUPILS_AT_ONCE) {
        if !goes_on() {
            return Ok(());
        }
        let (some, one) = (some.to_vec(), one.clone());
        store.act_now(school, move |act| erase_pupils(act, &one, &some))?;
    }
    let by = one.clone();
    store.act_now(school, move |act| erase_copies(act, &by, &copies))?;
    // Nobody is told that it is done while the engine's files still hold what went.
    store.sweep_now()?;
    store.act_now(school, move |act| finish(act, &one))
}

fn step(act: &mut Act, one: &Erasure, forgotten: &Forgotten) -> Result<(), Refusal> {
    let forgot = act.forget(forgotten)?;
    let counts = [
        ("rows", forgot.rows),
        ("acts shortened", forgot.shortened),
        ("acts emptied", forgot.emptied),
    ];
    for (key, count) in counts {
        act.note(key, &count.to_string());
    }
    describe(act, one, "erase entries");
    Ok(())
}

/// An act of the erasure, by the word of whoever approved it.
fn describe(act: &mut Act, one: &Erasure, what: &'static str) {
    let (account, words) = match &one.approved {
        Some((account, words, _)) => (account.0, words.as_str()),
        None => (0, ""),
    };
    let job_title = words.split_once(", ").map_or(words, |(_, title)| title);
    act.describe(store::Entry {
        account,
        job_title,
        act: what,
        subject: format!("erasure {}", one.id),
    });
}

fn erase_places(act: &mut Act, one: &Erasure, places: &[DuePlace]) -> Result<(), Refusal> {
    let school = act.school();
    let mut forgotten = Forgotten::default();
    for place in places {
        if place.is_still_due(act.tx(), school, one.through_seq)? {
            forgotten.add(&MARK_VERSION, place.id());
        }
    }
    match forgotten.is_empty() {
        true => Ok(()),
        false => step(act, one, &forgotten),
    }
}

fn erase_pupils(act: &mut Act, one: &Erasure, pupils: &[PupilId]) -> Result<(), Refusal> {
    let school = act.school();
    let held = on_hold(act.tx(), school)?;
    let gone = long_gone(act.tx(), school, one.made_through, one.through_seq)?;
    let still = pupils
        .iter()
        .filter(|pupil| gone.contains(pupil) && !held.contains(pupil));
    for pupil in still {
        let person = act
            .tx()
            .query(PERSON_OF, &args![school, *pupil], |row| row.get::<i64>(0))?;
        let Some(forgotten) = of_pupil(act.tx(), school, *pupil, one.through_seq)? else {
            continue;
        };
        step(act, one, &forgotten)?;
        destroy_erased(act.tx(), school)?;
        for person in person {
            act.tx().execute(NO_PERSON, &args![person])?;
        }
    }
    Ok(())
}

fn erase_copies(act: &mut Act, one: &Erasure, copies: &[i64]) -> Result<(), Refusal> {
    let school = act.school();
    let before = midnight(one.made_through.next());
    for sql in [NO_FILES, NO_FINDINGS, NO_CASES] {
        act.tx().execute(sql, &args![school, before])?;
    }
    let mut forgotten = Forgotten::default();
    for copy in copies {
        let files: Vec<String> = act
            .tx()
            .query(FILES_OF, &args![school, *copy], |row| row.get(0))?;
        for name in files {
            forgotten.add(&SEALED_FILE, vec![(*copy).into(), name.into()]);
        }
        forgotten.add(&SEALED_COPY, vec![(*copy).into()]);
        act.tx().execute(NO_CONTENT, &args![school, *copy])?;
    }
    match forgotten.is_empty() {
        true => Ok(()),
        false => step(act, one, &forgotten),
    }
}

/// Says that it is done, with what went: the steps' own counts, so that one that was broken off counts whole.
fn finish(act: &mut Act, one: &Erasure) -> Result<(), Refusal> {
    let school = act.school();
    let subject = format!("erasure {}", one.id);
    let steps: Vec<i64> = act
        .tx()
        .query(STEPS_OF, &args![school, &subject], |row| row.get(0))?;
    let mut done = Forgot::default();
    for seq in steps {
        for (key, value) in journal::notes(act.tx(), school, seq)? {
            let count: u64 = value.parse().unwrap_or(0);
            match key.as_str() {
                "rows" => done.rows += count,
                "acts shortened" => done.shortened += count,
                "acts emptied" => done.emptied += count,
                _ => {}
            }
        }
    }
    let ended = Erasure {
        state: State::Done,
        done: Some(done),
        ..one.clone()
    };
    put(act, &ended)?;
    describe(act, one, "finish an erasure");
    Ok(())
}

/// The erasures that were approved and are not done, of every school, and what is due: for the command line.
pub fn outlook(tx: &mut Tx, school: SchoolId, today: Day) -> Result<Outlook, StoreError> {
    let found = due(tx, school, today)?;
    let approved = erasures(tx, school)?
        .into_iter()
        .filter(|one| one.state == State::Approved);
    Ok(Outlook {
        through: erasable_through(today),
        through_seq: newest_through(tx, school, erasable_through(today))?,
        places: found.places.len(),
        entries: found.entries(),
        pupils: found.pupils.len(),
        copies: found.copies.len(),
        held: found.held,
        clock: clock(tx, school, today)?
            .err()
            .map(|doubt| doubt.to_string()),
        approved: approved.map(|one| one.id).collect(),
    })
}

/// What may be erased of a school, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The last day of which every entry may go.
    pub through: Day,
    /// The number of the newest act of that day.
    pub through_seq: i64,
    /// Places of the attendance register.
    pub places: usize,
    /// Entries in them.
    pub entries: i64,
    /// Pupils long gone.
    pub pupils: usize,
    /// Sealed copies.
    pub copies: usize,
    /// Pupils who are held.
    pub held: usize,
    /// Why the clock is in doubt, if it is.
    pub clock: Option<String>,
    /// Erasures that were approved and are not done.
    pub approved: Vec<i64>,
}
