//! One e-mail to one member of staff: whether any may leave, to whom, and that it was put down to be handed over.

use std::collections::BTreeMap;

use ::messages::{Channel, Reference, State};
use calendar::{Day, Instant};
use store::jobs::{self, NewJob};
use store::{Act, SchoolId, StoreError, Tx, args};

use super::rules::StaffMailRules;
use crate::desk::{Office, Refusal, school_name};
use crate::ids::{AccountId, StaffId, StaffMailId, StaffMailRunId};
use crate::keyed::keyed;
use crate::messages::outside::{Carriers, Outside, channels};
use crate::messages::records::{STAFF_MAIL, STAFF_MAIL_STATE};
use crate::people::Role;
use crate::year::settings::settings;

keyed! {
    /// What an e-mail to staff is for.
    Kind {
        /// A register is asked for.
        Registers = "registers", "Register not in";
        /// The morning was signed off.
        Morning = "morning", "Morning signed off";
        /// Marks without a reason, once a week.
        Week = "week", "Not explained this week";
    }
}

/// The kind of job that hands e-mails to staff over.
pub(super) const JOB: &str = "staff mail";

const STAFF: &str = "\
select staff_id, title, forename, surname, email from staff
where school_id = $1 and superseded_seq is null and (leaving_day is null or leaving_day >= $2)";
const HOLDERS: &str = "\
select distinct t.staff_id from role_grant r
join staff t on t.school_id = r.school_id and t.account_id = r.account_id and t.superseded_seq is null
where r.school_id = $1 and r.role = $2 and r.superseded_seq is null and r.from_day <= $3 and (r.to_day is null or r.to_day >= $3)
order by t.staff_id";
const HAD: &str = "\
select m.staff_id, m.words,
       (select s.state from staff_mail_state s where s.school_id = m.school_id and s.mail_id = m.mail_id order by s.seq desc limit 1)
from staff_mail m where m.school_id = $1 and m.kind = $2 and m.about = $3 and m.superseded_seq is null";
const NEW_TRY: &str = "\
insert into staff_mail_try (school_id, mail_id, run_id, tries, first_at, next_at, calling, look_up, said)
values ($1, $2, $3, 0, null, $4, $5, $5, null)";
const TOLD: &str = "\
select s.state, count(*) from staff_mail m
join staff_mail_state s on s.school_id = m.school_id and s.mail_id = m.mail_id
  and s.seq = (select max(o.seq) from staff_mail_state o where o.school_id = m.school_id and o.mail_id = m.mail_id)
where m.school_id = $1 and m.kind = $2 and m.about = $3 and m.superseded_seq is null group by s.state order by s.state";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[STAFF, HOLDERS, HAD, NEW_TRY, TOLD];

/// Somebody on the staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Colleague {
    /// As colleagues call them.
    pub(super) name: String,
    /// Where e-mail reaches them at work, if that is known.
    pub(super) email: Option<String>,
}

/// What every e-mail to staff of one kind needs, read before an act: whether any may leave, and who is who.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(super) kind: Kind,
    /// Why none leaves; none where they do.
    pub(super) closed: Option<&'static str>,
    pub(super) school_name: String,
    pub(super) rules: StaffMailRules,
    staff: BTreeMap<StaffId, Colleague>,
}

impl Post {
    /// Reads it for a school on a day.
    ///
    /// Errors: the setting cannot be read; the database did not answer.
    pub(crate) fn of(
        office: &Office,
        tx: &mut Tx,
        school: SchoolId,
        day: Day,
        kind: Kind,
    ) -> Result<Post, Refusal> {
        let post = Post::open(tx, school, day, kind)?;
        let is_carried = Carriers::of(office, &channels(tx, school)?)
            .by(Channel::Email)
            .is_some();
        let closed = match (&office.outside, is_carried, post.rules.sends(kind)) {
            (Outside::Closed, _, _) => Some(
                "No e-mail leaves this installation: whoever runs Rollbook has not allowed it.",
            ),
            (_, false, _) => Some("No e-mail leaves: the school has no channel for e-mail yet."),
            (_, true, false) => Some("No e-mail leaves: the school has switched this one off."),
            (_, true, true) => None,
        };
        Ok(Post { closed, ..post })
    }

    /// The same, where it is known that e-mails leave.
    ///
    /// Errors: as [`Post::of`].
    pub(crate) fn open(
        tx: &mut Tx,
        school: SchoolId,
        day: Day,
        kind: Kind,
    ) -> Result<Post, Refusal> {
        let rows = tx.query(STAFF, &args![school, day], |row| {
            let names: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
            let there: Vec<&str> = names
                .iter()
                .map(|name| name.trim())
                .filter(|name| !name.is_empty())
                .collect();
            let email: Option<String> = row.get(4)?;
            let colleague = Colleague {
                name: there.join(" "),
                email: email.filter(|email| !email.trim().is_empty()),
            };
            Ok((row.get::<StaffId>(0)?, colleague))
        })?;
        Ok(Post {
            kind,
            closed: None,
            school_name: school_name(tx, school)?,
            rules: StaffMailRules::on(&settings(tx, school)?, day)?,
            staff: rows.into_iter().collect(),
        })
    }

    /// Why no e-mail of this kind leaves; nothing where they do.
    pub(crate) fn closed(&self) -> Option<&'static str> {
        self.closed
    }

    /// An address in the product, to be put into words; the words “in Rollbook” where the school has given none.
    pub(super) fn link(&self, path: &str) -> String {
        match self.rules.address.is_empty() {
            true => "in Rollbook".to_owned(),
            false => format!("here: {}{path}", self.rules.address),
        }
    }

    /// Puts e-mails down to be handed over, with a reference for each (I-122); answers to how many colleagues.
    ///
    /// Whoever had the same before is left out; of the weekly report, whoever had one that day. What failed before it was taken may go again.
    /// A colleague without a work e-mail has a row that says so. Errors: the database did not answer.
    pub(super) fn queue(
        &self,
        act: &mut Act,
        account: AccountId,
        about: &str,
        only_until: Instant,
        letters: &[Letter],
    ) -> Result<usize, StoreError> {
        let (school, now) = (act.school(), act.at());
        let had = act
            .tx()
            .query(HAD, &args![school, self.kind.key(), about], |row| {
                let state: Option<String> = row.get(2)?;
                let state = state.as_deref().and_then(State::from_word);
                Ok((row.get::<StaffId>(0)?, row.get::<String>(1)?, state))
            })?;
        let new: Vec<(&Letter, &Colleague)> = letters
            .iter()
            .filter(|letter| {
                !had.iter().any(|(staff, words, state)| {
                    *staff == letter.to
                        && (self.kind == Kind::Week || *words == letter.words)
                        && !state.is_some_and(was_not_taken)
                })
            })
            .filter_map(|letter| Some((letter, self.staff.get(&letter.to)?)))
            .collect();
        if new.is_empty() || self.closed.is_some() {
            return Ok(0);
        }
        let run = StaffMailRunId(act.new_id());
        for (letter, colleague) in &new {
            self.record(act, run, about, only_until, letter, colleague)?;
        }
        let input = run.to_string();
        let job = NewJob {
            kind: JOB,
            unique_key: Some(&input),
            input: &input,
            account: account.0,
            due: now,
        };
        jobs::enqueue(act.tx(), school, now, &job)?;
        Ok(new.len())
    }

    fn record(
        &self,
        act: &mut Act,
        run: StaffMailRunId,
        about: &str,
        only_until: Instant,
        letter: &Letter,
        colleague: &Colleague,
    ) -> Result<(), StoreError> {
        let (school, now) = (act.school(), act.at());
        let id = StaffMailId(act.new_id());
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the system gives random bytes");
        let reference = Reference::of(random);
        act.record(
            &STAFF_MAIL,
            &args![
                id,
                run,
                self.kind.key(),
                about,
                letter.to,
                &colleague.name,
                colleague.email.as_deref().unwrap_or_default(),
                &letter.subject,
                &letter.words,
                reference.as_str(),
                now,
                only_until
            ],
        )?;
        let (state, because) = match colleague.email {
            Some(_) => (State::Queued, None),
            None => (
                State::FailedPermanent,
                Some("no work e-mail in the staff record"),
            ),
        };
        act.record(
            &STAFF_MAIL_STATE,
            &args![id, state.word(), because, None::<&str>],
        )?;
        if state == State::Queued {
            act.tx()
                .execute(NEW_TRY, &args![school, id, run, now, false])?;
        }
        Ok(())
    }
}

/// Whether a message that came to this state was certainly not taken.
fn was_not_taken(state: State) -> bool {
    matches!(
        state,
        State::FailedPermanent | State::FailedTemporary | State::FailedTechnical | State::Cancelled
    )
}

/// An e-mail as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) to: StaffId,
    pub(super) subject: String,
    pub(super) words: String,
}

/// Who on the staff holds a role on a day.
///
/// Errors: the database did not answer.
pub(super) fn holders(
    tx: &mut Tx,
    school: SchoolId,
    role: Role,
    day: Day,
) -> Result<Vec<StaffId>, StoreError> {
    tx.query(HOLDERS, &args![school, role.key(), day], |row| row.get(0))
}

/// What became of the e-mails of one kind about one thing: `E-mail to 4: 3 handed over, 1 failed for good`; nothing where none was asked for.
///
/// Errors: the database did not answer.
pub(crate) fn told(
    tx: &mut Tx,
    school: SchoolId,
    kind: Kind,
    about: &str,
) -> Result<Option<String>, StoreError> {
    let counts = tx.query(TOLD, &args![school, kind.key(), about], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    })?;
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let each: Vec<String> = counts
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    Ok((all > 0).then(|| format!("E-mail to {all}: {}", each.join(", "))))
}
