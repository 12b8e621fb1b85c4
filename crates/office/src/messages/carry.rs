//! Handing messages over, once each, and finding out what became of them: a job for each run.
//!
//! Before each call the message's row says that one is under way, so that a worker that dies leaves a message that is looked up and not one that
//! is sent again (I-122). The mark is asked for at that very moment: who has arrived since drops out (I-123).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ::messages::letter::PostalAddress;
use ::messages::retry::{Next, next};
use ::messages::{
    Channel, Message, Moved, Number, Provider, Recipient, Reference, Refusal as Unsent, State,
    Taken,
};
use calendar::{Instant, Session, Slot};
use store::{Act, SchoolId, StoreError, Tx, args};
use welfare::attempt::{self, Outcome};

use super::ask::{KIND, Purpose, queue};
use super::foresee::{About, Filled, Foreseen, is_unexplained, words_of};
use super::held::{Held, due_runs};
use super::link;
use super::outside::{Carriers, channels};
use super::records::MESSAGE_STATE;
use super::replies::fetch;
use super::rules::MessageRules;
use crate::desk::{Office, Refusal, school_name};
use crate::ids::{AccountId, ContactId, MessageId, MessageRunId};
use crate::morning::{Kind, Said, record};
use crate::people::{Actor, Limits, Role};
use crate::year::settings::settings;

/// The longest that one call may take.
const CALL_WITHIN: Duration = Duration::from_secs(200);

/// A message of which nothing is heard is asked about for so long, in seconds: the network tries for 72 hours (I-134).
pub(super) const ASKED_FOR: i64 = 72 * 60 * 60;

/// And about a letter for so long, in seconds: 30 days.
const LETTERS_ASKED_FOR: i64 = 30 * 24 * 60 * 60;

const SLOT: &str = "\
select on_date, session, asked_at, purpose from message_run where school_id = $1 and run_id = $2 and superseded_seq is null";
const OF_RUN: &str = "\
select m.message_id, m.channel, m.contact_id, m.to_name, m.address, m.subject, m.words, m.reference,
       t.tries, t.first_at, t.next_at, t.calling, t.look_up, t.asks, t.stopped,
       (select s.state from message_state s where s.school_id = m.school_id and s.message_id = m.message_id order by s.seq desc limit 1)
from message m
join message_try t on t.school_id = m.school_id and t.message_id = m.message_id
where m.school_id = $1 and m.run_id = $2 and m.superseded_seq is null order by m.message_id";
const ABOUT: &str = "\
select p.enrolment_id, p.pupil_id, q.forename, q.surname from message_pupil p
join pupil q on q.school_id = p.school_id and q.pupil_id = p.pupil_id and q.superseded_seq is null
where p.school_id = $1 and p.message_id = $2 and p.superseded_seq is null order by q.surname, q.forename, p.enrolment_id";
/// Only one of beginning and stopping comes first: both touch this row.
const BEGIN: &str = "\
update message_try set calling = $3, tries = tries + 1, first_at = coalesce(first_at, $5)
where school_id = $1 and message_id = $2 and stopped = $4";
const ENDED: &str = "\
update message_try set calling = $3, next_at = $4, look_up = $5, asks = $6, said = $7 where school_id = $1 and message_id = $2";
const WAITS: &str = "\
update message_try set next_at = $4, said = $5 where school_id = $1 and message_id = $2 and calling = $3";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SLOT, OF_RUN, ABOUT, BEGIN, ENDED, WAITS];

/// A message of a run, and how its handing over stands.
#[derive(Clone, Debug)]
struct Waiting {
    id: MessageId,
    channel: Channel,
    contact: ContactId,
    to_name: String,
    address: String,
    subject: String,
    words: String,
    reference: Reference,
    tries: i64,
    first_at: Option<Instant>,
    next_at: Instant,
    calling: bool,
    look_up: bool,
    asks: bool,
    stopped: bool,
    state: State,
}

/// Hands over what is due at every school, and asks what became of what was handed over. Answers how many runs were looked at.
///
/// For the program to call every few seconds, and for tests. Errors: the database did not answer.
pub async fn carry_what_is_due(office: &Arc<Office>) -> Result<usize, StoreError> {
    let mut carried = 0;
    for (school, id) in due_runs(office, KIND).await? {
        if let Some(held) = Held::take(office, school, id).await? {
            carried += 1;
            if let Err(error) = (Run { office, held }).carry().await {
                tracing::error!(%error, school = school.0, "a run of messages could not be carried on");
            }
        }
    }
    Ok(carried)
}

/// One run in the hands of this worker.
struct Run<'o> {
    office: &'o Arc<Office>,
    held: Held,
}

/// What a run is about, and what it is carried with.
struct Around {
    id: MessageRunId,
    slot: Slot,
    asked_at: Instant,
    /// Whether a message is of use only while its children are unexplained.
    is_about_today: bool,
    carriers: Carriers,
}

impl Run<'_> {
    async fn carry(&self) -> Result<(), Refusal> {
        let Ok(id) = self.held.job.input.parse().map(MessageRunId) else {
            return Ok(self.held.put_down(None).await?);
        };
        let school = self.held.job.school;
        let (found, channels) = self
            .office
            .store
            .read(move |tx| {
                let found = tx.query_opt(SLOT, &args![school, id], |row| {
                    let (session, purpose): (i64, String) = (row.get(1)?, row.get(3)?);
                    Ok((row.get(0)?, session, row.get(2)?, purpose))
                })?;
                Ok::<_, StoreError>((found, channels(tx, school)?))
            })
            .await?;
        let Some((day, session, asked_at, purpose)) = found else {
            return Ok(self.held.put_down(None).await?);
        };
        let session = Session::from_index(session)
            .ok_or_else(|| Refusal::Wrong(format!("{session} is no session")))?;
        let around = Around {
            id,
            slot: Slot { day, session },
            asked_at,
            is_about_today: purpose == Purpose::First.key(),
            carriers: Carriers::of(self.office, &channels),
        };
        let mut paused: BTreeSet<Channel> = BTreeSet::new();
        let all = self.messages(id).await?;
        let total = all.len();
        for (done, message) in all.into_iter().enumerate() {
            if message.state == State::Queued
                && !message.stopped
                && !message.asks
                && !paused.contains(&message.channel)
                && message.next_at <= self.office.now()
                && self.hand_over(&around, message.clone()).await? == Flow::Pause
            {
                paused.insert(message.channel);
            }
            if matches!(message.state, State::HandedOver | State::Checking) {
                self.ask_about(&around, &message).await?;
            }
            if !self.held.still_mine(done + 1, total).await? {
                return Ok(());
            }
        }
        if let Err(error) = fetch(self.office, school, &around.carriers).await {
            tracing::warn!(%error, "what families sent could not be fetched");
        }
        self.rest(&around).await
    }

    async fn messages(&self, run: MessageRunId) -> Result<Vec<Waiting>, StoreError> {
        let school = self.held.job.school;
        self.office
            .store
            .read(move |tx| waiting(tx, school, run))
            .await
    }

    /// Hands one message over, unless whom it is about has been explained since.
    async fn hand_over(&self, around: &Around, message: Waiting) -> Result<Flow, Refusal> {
        let (school, slot) = (self.held.job.school, around.slot);
        let (id, now) = (message.id, self.office.now());
        let is_about_today = around.is_about_today;
        let (about, missing) = self
            .office
            .store
            .read(move |tx| {
                let about = about(tx, school, id)?;
                let mut missing = Vec::new();
                for one in &about {
                    if !is_about_today || is_unexplained(tx, school, one.enrolment, slot, now)? {
                        missing.push(one.clone());
                    }
                }
                Ok::<_, Refusal>((about, missing))
            })
            .await?;
        // A message that the provider may have already is looked up whatever has happened since.
        if missing.len() < about.len() && !message.calling && !message.look_up {
            self.drop_out(around, message, about, missing).await?;
            return Ok(Flow::On);
        }
        let Some(provider) = around.carriers.by(message.channel).cloned() else {
            let at = self.office.now().plus_seconds(15 * 60);
            self.wait(id, at, "nobody carries this channel").await?;
            return Ok(Flow::Pause);
        };
        let must_look_up = message.look_up || message.calling;
        let now = self.office.now();
        let begun = self
            .office
            .store
            .write(move |tx| tx.execute(BEGIN, &args![school, id, true, false, now]))
            .await
            .map_err(|error: StoreError| Refusal::from(error))?;
        if begun == 0 {
            return Ok(Flow::On);
        }
        let words = link::put_in(self.office, school, message.contact, message.words);
        let message = Waiting {
            words: words.await?,
            ..message
        };
        let outcome = match to_be_sent(&message) {
            Ok(ready) => handed_over(&provider, &ready, must_look_up).await,
            Err(refusal) => Err(refusal),
        };
        let now = self.office.now();
        let refusal = match outcome {
            Ok(taken) => {
                let state = taken.state;
                self.record(id, taken.state, None, Some(taken.id), Some(Try::over(now)))
                    .await?;
                self.log(around, &message, state).await;
                return Ok(Flow::On);
            }
            Err(refusal) => refusal,
        };
        let said = refusal.to_string();
        let tries = u32::try_from(message.tries + 1).unwrap_or(u32::MAX);
        let first = message.first_at.unwrap_or(now);
        match next(&refusal, &provider.features(), tries, first, now) {
            Next::Again { at, look_up } => {
                let end = Try {
                    at,
                    look_up: look_up || must_look_up,
                    asks: false,
                    said: Some(said),
                };
                self.end_try(id, end).await?;
                Ok(Flow::On)
            }
            Next::End { state, .. } => {
                self.record(id, state, Some(said), None, Some(Try::over(now)))
                    .await?;
                self.log(around, &message, state).await;
                Ok(Flow::On)
            }
            Next::Pause { until, alert } => {
                if alert {
                    tracing::warn!(
                        school = school.0,
                        "the provider takes no more messages today"
                    );
                }
                let end = Try {
                    at: until,
                    look_up: must_look_up,
                    asks: false,
                    said: Some(said),
                };
                self.end_try(id, end).await?;
                Ok(Flow::Pause)
            }
            Next::StopChannel => {
                tracing::error!(school = school.0, channel = %message.channel, "a channel for messages lets us in no more");
                let end = Try {
                    at: now.plus_seconds(15 * 60),
                    look_up: must_look_up,
                    asks: false,
                    said: Some(said),
                };
                self.end_try(id, end).await?;
                Ok(Flow::Pause)
            }
            Next::AskAPerson => {
                let end = Try {
                    at: now,
                    look_up: true,
                    asks: true,
                    said: Some(said),
                };
                self.end_try(id, end).await?;
                Ok(Flow::On)
            }
        }
    }

    /// Cancels a message about somebody who has been explained since, and writes anew to the family about those who have not.
    async fn drop_out(
        &self,
        around: &Around,
        message: Waiting,
        about: Vec<About>,
        missing: Vec<About>,
    ) -> Result<(), Refusal> {
        let (run, slot, now) = (around.id, around.slot, self.office.now());
        let done = self
            .office
            .store
            .act(self.held.job.school, move |act: &mut Act| {
                let explained: Vec<&str> = about
                    .iter()
                    .filter(|one| !missing.contains(one))
                    .map(|one| one.forename.as_str())
                    .collect();
                let because = format!("dealt with since: {}", explained.join(", "));
                act.record(
                    &MESSAGE_STATE,
                    &args![
                        message.id,
                        State::Cancelled.word(),
                        because.as_str(),
                        None::<&str>
                    ],
                )?;
                if !missing.is_empty() {
                    let school = act.school();
                    let name = school_name(act.tx(), school)?;
                    let rules = MessageRules::on(&settings(act.tx(), school)?, slot.day)?;
                    let words = words_of(&rules)?;
                    let link = link::shown(act.tx(), school, message.contact, slot.day, &rules)?;
                    let filled = Filled {
                        pupils: &missing,
                        slot,
                        school: &name,
                        link: &link,
                    };
                    let (subject, text) = filled.by(message.channel, &words);
                    let one = Foreseen {
                        key: String::new(),
                        contact: message.contact,
                        to_name: message.to_name.clone(),
                        relationship: String::new(),
                        channel: message.channel,
                        address: message.address.clone(),
                        parts: ::messages::text::measure(&text).parts,
                        subject,
                        words: text,
                        pupils: missing,
                        passed_over: Vec::new(),
                    };
                    queue(act, run, &one, now)?;
                }
                act.describe(
                    by_itself(act.school())
                        .entry("take out of messages", format!("message {}", message.id)),
                );
                Ok::<_, Refusal>(())
            });
        done.await
    }

    /// Asks what became of a message, and keeps the answer if it is news.
    async fn ask_about(&self, around: &Around, message: &Waiting) -> Result<(), Refusal> {
        let Some(provider) = around.carriers.by(message.channel) else {
            return Ok(());
        };
        if !provider.features().delivery_reports {
            return Ok(());
        }
        let report = match provider.status(&message.reference).await {
            Ok(Some(report)) => report,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::warn!(%error, "what became of a message could not be asked");
                return Ok(());
            }
        };
        let Some(reported) = report.state else {
            tracing::warn!(
                word = report.word,
                "the provider says something unknown about a message"
            );
            return Ok(());
        };
        match message.state.after(reported, message.channel) {
            Moved::To(state) => {
                self.record(message.id, state, Some(report.word), Some(report.id), None)
                    .await?;
                self.log(around, message, state).await;
                Ok(())
            }
            Moved::Late => Ok(()),
        }
    }

    /// Logs the attempt under the account of whoever asked for the run.
    async fn log(&self, around: &Around, message: &Waiting, state: State) {
        let carrier = around.carriers.by(message.channel);
        let attempt = Tried {
            message: message.id,
            contact: message.contact,
            channel: message.channel,
            slot: around.slot,
            account: AccountId(self.held.job.account),
            is_reported: carrier.is_some_and(|by| by.features().delivery_reports),
        };
        log_attempt(self.office, self.held.job.school, attempt, state).await;
    }

    async fn record(
        &self,
        id: MessageId,
        state: State,
        because: Option<String>,
        provider_key: Option<String>,
        end: Option<Try>,
    ) -> Result<(), Refusal> {
        let recorded = self
            .office
            .store
            .act(self.held.job.school, move |act: &mut Act| {
                act.record(
                    &MESSAGE_STATE,
                    &args![
                        id,
                        state.word(),
                        because.as_deref(),
                        provider_key.as_deref()
                    ],
                )?;
                if let Some(end) = end {
                    let school = act.school();
                    end.keep(act.tx(), school, id)?;
                }
                let subject = format!("message {id}");
                act.describe(
                    by_itself(act.school()).entry("note what became of a message", subject),
                );
                Ok::<_, StoreError>(())
            });
        Ok(recorded.await?)
    }

    async fn end_try(&self, id: MessageId, end: Try) -> Result<(), StoreError> {
        let school = self.held.job.school;
        self.office
            .store
            .write(move |tx| end.keep(tx, school, id))
            .await
    }

    async fn wait(&self, id: MessageId, at: Instant, said: &'static str) -> Result<(), StoreError> {
        let school = self.held.job.school;
        let waits = move |tx: &mut Tx| {
            tx.execute(WAITS, &args![school, id, false, at, said])
                .map(drop)
        };
        self.office.store.write(waits).await
    }

    /// Puts the run down until the next of its messages is due, or for good where nothing more is to come.
    async fn rest(&self, around: &Around) -> Result<(), Refusal> {
        let now = self.office.now();
        let all = self.messages(around.id).await?;
        let waits = all
            .iter()
            .filter(|one| one.state == State::Queued && !one.stopped && !one.asks)
            .map(|one| one.next_at.max(now.plus_seconds(1)))
            .min();
        let age = around.asked_at.seconds_until(now);
        let is_asked = |one: &Waiting| {
            matches!(one.state, State::HandedOver | State::Checking)
                && around
                    .carriers
                    .by(one.channel)
                    .is_some_and(|by| by.features().delivery_reports)
        };
        // Asked often at first and ever more seldom: a tenth of the time that has passed, between five seconds and a quarter of an hour; of a
        // letter, which nobody reports, once a day (I-135).
        let letters = |one: &Waiting| is_asked(one) && one.channel == Channel::Letter;
        let asks = if age < ASKED_FOR && all.iter().any(is_asked) {
            Some(now.plus_seconds((age / 10).clamp(5, 900)))
        } else if age < LETTERS_ASKED_FOR && all.iter().any(letters) {
            Some(now.plus_seconds(24 * 60 * 60))
        } else {
            None
        };
        // Families answer through the day.
        let listens = (age < 12 * 60 * 60
            && around
                .carriers
                .all()
                .iter()
                .any(|one| one.features().replies))
        .then(|| now.plus_seconds((age / 10).clamp(20, 120)));
        let until = [waits, asks, listens].into_iter().flatten().min();
        Ok(self.held.put_down(until).await?)
    }
}

/// A message of which something became known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    pub(super) message: MessageId,
    pub(super) contact: ContactId,
    pub(super) channel: Channel,
    pub(super) slot: Slot,
    /// Of whoever asked for it.
    pub(super) account: AccountId,
    /// Whether its provider tells later whether it arrived.
    pub(super) is_reported: bool,
}

/// Logs the attempt to reach the family of each child where a message arrived, or where its number turned out to be dead (E-018), under the
/// account of whoever asked for it. That it was sent is recorded already: a log that fails is told to the operator.
pub(super) async fn log_attempt(
    office: &Arc<Office>,
    school: SchoolId,
    tried: Tried,
    state: State,
) {
    let outcome = match state {
        State::Delivered | State::Sent => Outcome::LeftMessage,
        State::HandedOver if !tried.is_reported => Outcome::LeftMessage,
        State::FailedPermanent => Outcome::NumberDead,
        _ => return,
    };
    let channel = match tried.channel {
        Channel::Email => attempt::Channel::Email,
        // A letter reaches nobody on the day that E-010 asks for: it is no attempt of this morning.
        Channel::Letter => return,
        Channel::Call => attempt::Channel::Call,
        Channel::App | Channel::Text => attempt::Channel::Text,
    };
    if tried.slot.day != office.today().0 {
        return;
    }
    let actor = Actor {
        account: tried.account,
        roles: vec![Role::AttendanceManager],
        ..by_itself(school)
    };
    let logged = office.store.act(school, move |act: &mut Act| {
        for one in about(act.tx(), school, tried.message)? {
            let said = Said {
                channel: Some(channel),
                contact: Some(tried.contact.0),
                outcome: Some(outcome),
                ..Said::of(Kind::Attempt)
            };
            record(act, &actor, one.enrolment, &said)?;
        }
        Ok::<_, Refusal>(())
    });
    if let Err(error) = logged.await {
        tracing::warn!(%error, school = school.0, "a message could not be logged as an attempt to reach a family");
    }
}

/// Whether more of this channel may be handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Pause,
}

/// How a call ended.
struct Try {
    at: Instant,
    look_up: bool,
    asks: bool,
    said: Option<String>,
}

impl Try {
    /// Nothing more is to be tried.
    fn over(at: Instant) -> Try {
        Try {
            at,
            look_up: false,
            asks: false,
            said: None,
        }
    }

    fn keep(&self, tx: &mut Tx, school: SchoolId, id: MessageId) -> Result<(), StoreError> {
        let values = args![
            school,
            id,
            false,
            self.at,
            self.look_up,
            self.asks,
            self.said.as_deref()
        ];
        tx.execute(ENDED, &values).map(drop)
    }
}

/// One call: looks up first where the provider may have the message already.
pub(super) async fn handed_over(
    provider: &Arc<dyn Provider>,
    message: &Message,
    look_up: bool,
) -> Result<Taken, Unsent> {
    let whole = async {
        if look_up {
            if !provider.features().look_up {
                return Err(Unsent::Unsure(
                    "the work broke off while it was handed over".to_owned(),
                ));
            }
            if let Some(report) = provider.status(&message.reference).await? {
                return Ok(Taken {
                    id: report.id,
                    state: State::HandedOver,
                });
            }
        }
        provider.send(message).await
    };
    tokio::time::timeout(CALL_WITHIN, whole)
        .await
        .unwrap_or_else(|_| Err(Unsent::Unsure("no answer".to_owned())))
}

fn to_be_sent(message: &Waiting) -> Result<Message, Unsent> {
    Ok(Message {
        reference: message.reference.clone(),
        to: recipient(message)?,
        subject: message.subject.clone(),
        text: message.words.clone(),
        pdf: None,
    })
}

fn recipient(message: &Waiting) -> Result<Recipient, Unsent> {
    let wrong = || Unsent::WrongMessage {
        why: "the number or address cannot be used".to_owned(),
        about_recipient: true,
    };
    match message.channel {
        Channel::Text => Number::read(&message.address)
            .map(Recipient::Text)
            .ok_or_else(wrong),
        Channel::Email => Ok(Recipient::Email(message.address.clone())),
        Channel::Letter => {
            let lines: Vec<&str> = message.address.lines().collect();
            PostalAddress::check(&lines)
                .map(Recipient::Letter)
                .map_err(|_| wrong())
        }
        Channel::App | Channel::Call => Err(Unsent::CannotDoThat),
    }
}

fn waiting(tx: &mut Tx, school: SchoolId, run: MessageRunId) -> Result<Vec<Waiting>, StoreError> {
    let rows = tx.query(OF_RUN, &args![school, run], |row| {
        let (channel, reference): (String, String) = (row.get(1)?, row.get(7)?);
        let state: Option<String> = row.get(15)?;
        let known = Channel::from_word(&channel)
            .zip(Reference::read(&reference))
            .zip(state.as_deref().and_then(State::from_word));
        let Some(((channel, reference), state)) = known else {
            return Ok(None);
        };
        Ok(Some(Waiting {
            id: row.get(0)?,
            channel,
            contact: row.get(2)?,
            to_name: row.get(3)?,
            address: row.get(4)?,
            subject: row.get(5)?,
            words: row.get(6)?,
            reference,
            tries: row.get(8)?,
            first_at: row.get(9)?,
            next_at: row.get(10)?,
            calling: row.get(11)?,
            look_up: row.get(12)?,
            asks: row.get(13)?,
            stopped: row.get(14)?,
            state,
        }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

fn about(tx: &mut Tx, school: SchoolId, message: MessageId) -> Result<Vec<About>, StoreError> {
    tx.query(ABOUT, &args![school, message], |row| {
        let (forename, surname): (String, String) = (row.get(2)?, row.get(3)?);
        Ok(About {
            enrolment: row.get(0)?,
            pupil: row.get(1)?,
            listed: format!("{surname}, {forename}"),
            forename,
        })
    })
}

/// The program itself: what the journal says of what nobody did.
pub(super) fn by_itself(school: SchoolId) -> Actor {
    Actor {
        account: AccountId(0),
        school,
        name: "Rollbook".to_owned(),
        job_title: "by itself while messages go".to_owned(),
        staff: None,
        roles: Vec::new(),
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}
