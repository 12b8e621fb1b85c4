//! A report of an absence, read from its row.

use std::collections::HashMap;

use calendar::{Day, Instant, Session, Slot};
use register::Code;
use store::{Arg, Row, SchoolId, StoreError, Tx, args};

use crate::ids::{AccountId, ContactId, EnrolmentId, MarkSetId, PupilId, ReportId};

/// How a report came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Somebody of the office took a call.
    Call,
    /// Somebody of the office listened to a voicemail.
    Voicemail,
    /// A text.
    Text,
    /// The family's own form.
    Form,
    /// An e-mail.
    Email,
}

impl Channel {
    const ALL: [Channel; 5] = [
        Channel::Call,
        Channel::Voicemail,
        Channel::Text,
        Channel::Form,
        Channel::Email,
    ];

    /// The word in the database, in forms and on the page.
    pub fn word(self) -> &'static str {
        match self {
            Channel::Call => "call",
            Channel::Voicemail => "voicemail",
            Channel::Text => "text",
            Channel::Form => "form",
            Channel::Email => "e-mail",
        }
    }

    /// The channel of this word.
    pub fn from_word(word: &str) -> Option<Channel> {
        Channel::ALL
            .into_iter()
            .find(|channel| channel.word() == word)
    }
}

/// How the reason of a mark begins that a person entered on what a family told.
pub(crate) const TOLD: &str = "Told on the absence line";

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nobody knows yet whom it is about.
    New,
    /// Its pupil is known and nothing speaks against the proposed code.
    Matched,
    /// Held back from applying with others, on a ground.
    Doubtful,
    /// A person applied it.
    Applied,
    /// A person set it aside, with a reason.
    SetAside,
}

impl State {
    const ALL: [State; 5] = [
        State::New,
        State::Matched,
        State::Doubtful,
        State::Applied,
        State::SetAside,
    ];

    /// The word in the database and on the page.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Matched => "matched",
            State::Doubtful => "doubtful",
            State::Applied => "applied",
            State::SetAside => "set aside",
        }
    }

    fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether somebody has still to deal with it.
    pub fn waits(self) -> bool {
        matches!(self, State::New | State::Matched | State::Doubtful)
    }
}

/// What a family told about an absence, and what became of it (E-014).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its number.
    pub id: ReportId,
    /// How it came.
    pub channel: Channel,
    /// When.
    pub received_at: Instant,
    /// Who wrote it down; none for what came by itself.
    pub taken_by: Option<AccountId>,
    /// Who told it, in the words of whoever wrote it down; may be empty.
    pub from_name: String,
    /// The number or address that it came from, if it is known.
    pub from_address: Option<String>,
    /// The contact who told it, if that is certain.
    pub contact: Option<ContactId>,
    /// What they said.
    pub said: String,
    /// Whom it is about, once that is certain.
    pub pupil: Option<PupilId>,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// The one session of each day that it is about; none for whole days.
    pub session: Option<Session>,
    /// The proposed code.
    pub code: Option<Code>,
    /// Why that code.
    pub why: String,
    /// Where it stands.
    pub state: State,
    /// Why it is held back, or was set aside.
    pub ground: Option<String>,
    /// The change of marks that it came to.
    pub set: Option<MarkSetId>,
    /// Who decided on it.
    pub decided_by: Option<AccountId>,
    /// What it came from, such as a text; none for what the office wrote down.
    pub source_key: Option<String>,
    /// When this version was recorded.
    pub at: Instant,
}

impl Report {
    /// Whether it tells of this session.
    pub fn covers(&self, slot: Slot) -> bool {
        self.first <= slot.day
            && slot.day <= self.last
            && self.session.is_none_or(|session| session == slot.session)
    }

    /// Every session it tells of, whether or not the school meets.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let sessions = |day: Day| {
            Session::BOTH
                .into_iter()
                .map(move |session| Slot::new(day, session))
        };
        self.first
            .through(self.last)
            .flat_map(sessions)
            .filter(|slot| self.covers(*slot))
    }

    /// `today`, `Tue 24 Nov to Thu 26 Nov, mornings`.
    pub fn days_in_words(&self, today: Day) -> String {
        let day = |day: Day| {
            if day == today {
                "today".to_owned()
            } else {
                day.short()
            }
        };
        let days = match self.first == self.last {
            true => day(self.first),
            false => format!("{} to {}", day(self.first), self.last.short()),
        };
        match self.session {
            None => days,
            Some(Session::Am) => format!("{days}, morning"),
            Some(Session::Pm) => format!("{days}, afternoon"),
        }
    }

    /// `call 07:58, mother`; the day too when it was not today.
    pub fn told_in_words(&self, today: Day) -> String {
        let (day, time) = self.received_at.in_london();
        let when = if day == today {
            time.to_string()
        } else {
            format!("{} {time}", day.short())
        };
        let who = match (&self.from_name, &self.from_address) {
            (name, _) if !name.is_empty() => format!(", {name}"),
            (_, Some(address)) => format!(", {address}"),
            _ => String::new(),
        };
        format!("{} {when}{who}", self.channel.word())
    }

    /// The reason that each mark made of it keeps; it begins with [`TOLD`] (R-007, E-025). The family's own words stay with the report: they may be about health.
    pub(super) fn reason(&self) -> String {
        let (day, time) = self.received_at.in_london();
        let who = if self.from_name.is_empty() {
            String::new()
        } else {
            format!(" from {}", self.from_name)
        };
        let text = format!(
            "{TOLD}: {} of {} {time}{who} (E-014)",
            self.channel.word(),
            day.short()
        );
        text.chars()
            .take(crate::registers::save::LONGEST_TEXT)
            .collect()
    }

    /// Its row: number, then columns.
    pub(super) fn values(&self) -> Vec<Arg<'_>> {
        args![
            self.id,
            self.channel.word(),
            self.received_at,
            self.taken_by,
            self.from_name.as_str(),
            self.from_address.as_deref(),
            self.contact,
            self.said.as_str(),
            self.pupil,
            self.first,
            self.last,
            self.session.map(|session| session.index() as i64),
            self.code.as_ref().map(Code::as_str),
            self.why.as_str(),
            self.state.word(),
            self.ground.as_deref(),
            self.set,
            self.decided_by,
            self.source_key.as_deref()
        ]
        .to_vec()
    }
}

macro_rules! reports_sql {
    ($and:literal) => {
        concat!(
            "select r.report_id, r.channel, r.received_at, r.taken_by, r.from_name, r.from_address, r.contact_id, r.said, r.pupil_id, ",
            "r.first_day, r.last_day, r.session, r.code, r.why, r.state, r.ground, r.set_id, r.decided_by, r.source_key, j.at ",
            "from absence_report r join journal_entry j on j.school_id = r.school_id and j.seq = r.seq ",
            "where r.school_id = $1 and r.superseded_seq is null and ",
            $and,
            " order by r.received_at, r.report_id"
        )
    };
}
const WAITING: &str = reports_sql!("r.state in ('new', 'matched', 'doubtful')");
const DECIDED: &str = reports_sql!("r.state in ('applied', 'set aside') and j.at >= $2");
const ONE: &str = reports_sql!("r.report_id = $2");
const OF_SET: &str = reports_sql!("r.set_id = $2");
const OF_SOURCE: &str = reports_sql!("r.source_key = $2");
const COUNT_FROM: &str = "\
select count(*) from absence_report
where school_id = $1 and contact_id = $2 and channel = 'form' and received_at >= $3 and superseded_seq is null";
const OF_PUPIL: &str = reports_sql!("r.pupil_id = $2 and r.last_day >= $3");
const ON_ROLL: &str = "\
select enrolment_id from enrolment where school_id = $1 and pupil_id = $2 and superseded_seq is null
  and starting_day <= $4 and (leaving_day is null or leaving_day >= $3) order by starting_day desc limit 1";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[
    WAITING, DECIDED, ONE, OF_SET, OF_SOURCE, COUNT_FROM, OF_PUPIL, ON_ROLL,
];

/// Every report that somebody has still to deal with, in the order in which they came.
pub(super) fn waiting(tx: &mut Tx, school: SchoolId) -> Result<Vec<Report>, StoreError> {
    read(tx, WAITING, &args![school])
}

/// Every report that was dealt with since a moment.
pub(super) fn decided_since(
    tx: &mut Tx,
    school: SchoolId,
    since: Instant,
) -> Result<Vec<Report>, StoreError> {
    read(tx, DECIDED, &args![school, since])
}

/// The report of this number.
pub(super) fn one(
    tx: &mut Tx,
    school: SchoolId,
    id: ReportId,
) -> Result<Option<Report>, StoreError> {
    Ok(read(tx, ONE, &args![school, id])?.pop())
}

/// The reports that came to this change of marks.
pub(super) fn of_set(
    tx: &mut Tx,
    school: SchoolId,
    set: MarkSetId,
) -> Result<Vec<Report>, StoreError> {
    read(tx, OF_SET, &args![school, set])
}

/// The reports about a pupil that reach a day or go beyond it.
pub(super) fn of_pupil(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    since: Day,
) -> Result<Vec<Report>, StoreError> {
    read(tx, OF_PUPIL, &args![school, pupil, since])
}

/// The reports that came from one message.
pub(super) fn of_source(
    tx: &mut Tx,
    school: SchoolId,
    key: &str,
) -> Result<Vec<Report>, StoreError> {
    read(tx, OF_SOURCE, &args![school, key])
}

/// How many reports came by a contact's own link since a moment.
pub(super) fn count_from(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    since: Instant,
) -> Result<i64, StoreError> {
    tx.query_one(COUNT_FROM, &args![school, contact, since], |row| row.get(0))
}

/// The time on roll of a pupil that these days fall into; none for somebody not on roll then.
pub(super) fn on_roll(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
    first: Day,
    last: Day,
) -> Result<Option<EnrolmentId>, StoreError> {
    tx.query_opt(ON_ROLL, &args![school, pupil, first, last], |row| {
        row.get(0)
    })
}

/// The reports of a day that wait, by pupil: what the morning's board shows beside a child, and holds a message back for.
pub(crate) fn waiting_on(
    tx: &mut Tx,
    school: SchoolId,
    day: Day,
) -> Result<HashMap<PupilId, Vec<Report>>, StoreError> {
    let mut reports: HashMap<PupilId, Vec<Report>> = HashMap::new();
    for report in waiting(tx, school)? {
        if let Some(pupil) = report
            .pupil
            .filter(|_| report.first <= day && day <= report.last)
        {
            reports.entry(pupil).or_default().push(report);
        }
    }
    Ok(reports)
}

fn read(tx: &mut Tx, sql: &'static str, values: &[Arg<'_>]) -> Result<Vec<Report>, StoreError> {
    let rows = tx.query(sql, values, report)?;
    Ok(rows.into_iter().flatten().collect())
}

/// A row; none for one whose words a newer program wrote.
fn report(row: &Row<'_>) -> Result<Option<Report>, StoreError> {
    let (channel, state): (&str, &str) = (row.get(1)?, row.get(14)?);
    let (Some(channel), Some(state)) = (Channel::from_word(channel), State::from_word(state))
    else {
        return Ok(None);
    };
    let code: Option<&str> = row.get(12)?;
    Ok(Some(Report {
        id: row.get(0)?,
        channel,
        received_at: row.get(2)?,
        taken_by: row.get(3)?,
        from_name: row.get(4)?,
        from_address: row.get(5)?,
        contact: row.get(6)?,
        said: row.get(7)?,
        pupil: row.get(8)?,
        first: row.get(9)?,
        last: row.get(10)?,
        session: row.get::<Option<i64>>(11)?.and_then(Session::from_index),
        code: code.and_then(|code| code.parse().ok()),
        why: row.get(13)?,
        state,
        ground: row.get(15)?,
        set: row.get(16)?,
        decided_by: row.get(17)?,
        source_key: row.get(18)?,
        at: row.get(19)?,
    }))
}
