//! Handing e-mails to staff over, once each, and finding out what became of them: a job for each time that some were asked for.

use std::sync::Arc;

use ::messages::retry::{Next, next};
use ::messages::{Channel, Message, Moved, Provider, Recipient, Reference, State};
use calendar::Instant;
use store::{Act, SchoolId, StoreError, Tx, args};

use super::post::JOB;
use crate::desk::Office;
use crate::ids::{StaffMailId, StaffMailRunId};
use crate::messages::carry::{ASKED_FOR, by_itself, handed_over};
use crate::messages::held::{Held, due_runs};
use crate::messages::outside::{Carriers, channels};
use crate::messages::records::STAFF_MAIL_STATE;

const OF_RUN: &str = "\
select m.mail_id, m.address, m.subject, m.words, m.reference, m.asked_at, m.only_until, t.tries, t.first_at, t.next_at, t.calling, t.look_up,
       (select s.state from staff_mail_state s where s.school_id = m.school_id and s.mail_id = m.mail_id order by s.seq desc limit 1)
from staff_mail m
join staff_mail_try t on t.school_id = m.school_id and t.mail_id = m.mail_id
where m.school_id = $1 and m.run_id = $2 and m.superseded_seq is null order by m.mail_id";
const BEGIN: &str = "\
update staff_mail_try set calling = $3, tries = tries + 1, first_at = coalesce(first_at, $4) where school_id = $1 and mail_id = $2";
const ENDED: &str = "\
update staff_mail_try set calling = $3, next_at = $4, look_up = $5, said = $6 where school_id = $1 and mail_id = $2";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[OF_RUN, BEGIN, ENDED];

/// An e-mail of a run, and how its handing over stands.
#[derive(Clone, Debug)]
struct Waiting {
    id: StaffMailId,
    address: String,
    subject: String,
    words: String,
    reference: Reference,
    asked_at: Instant,
    only_until: Instant,
    tries: i64,
    first_at: Option<Instant>,
    next_at: Instant,
    calling: bool,
    look_up: bool,
    state: State,
}

impl Waiting {
    /// Whether its time has passed and nobody can have taken it.
    fn is_of_no_use(&self, now: Instant) -> bool {
        now > self.only_until && !self.calling && !self.look_up
    }
}

/// Hands over what is due at every school, and asks what became of what was handed over. Answers how many runs were looked at.
///
/// For the program to call every few seconds, and for tests. Errors: the database did not answer.
pub async fn carry_staff_mail(office: &Arc<Office>) -> Result<usize, StoreError> {
    let mut carried = 0;
    for (school, id) in due_runs(office, JOB).await? {
        if let Some(held) = Held::take(office, school, id).await? {
            carried += 1;
            if let Err(error) = (Run { office, held }).carry().await {
                tracing::error!(%error, school = school.0, "e-mails to staff could not be carried on");
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

impl Run<'_> {
    async fn carry(&self) -> Result<(), StoreError> {
        let Ok(id) = self.held.job.input.parse().map(StaffMailRunId) else {
            return self.held.put_down(None).await;
        };
        let school = self.held.job.school;
        let set = self
            .office
            .store
            .read(move |tx| channels(tx, school))
            .await?;
        let provider = Carriers::of(self.office, &set).by(Channel::Email).cloned();
        let all = self.mails(id).await?;
        let total = all.len();
        for (done, mail) in all.into_iter().enumerate() {
            let now = self.office.now();
            match (mail.state, &provider) {
                (State::Queued, _) if mail.is_of_no_use(now) => {
                    let because = "it came too late to be of use".to_owned();
                    self.record(mail.id, State::Cancelled, Some(because), None)
                        .await?;
                }
                (State::Queued, Some(provider)) if mail.next_at <= now => {
                    let flow = self.hand_over(provider, mail).await?;
                    if flow == Flow::Pause {
                        break;
                    }
                }
                (State::HandedOver, Some(provider)) => self.ask_about(provider, &mail).await?,
                _ => {}
            }
            if !self.held.still_mine(done + 1, total).await? {
                return Ok(());
            }
        }
        self.rest(id, provider.as_ref()).await
    }

    async fn mails(&self, run: StaffMailRunId) -> Result<Vec<Waiting>, StoreError> {
        let school = self.held.job.school;
        self.office
            .store
            .read(move |tx| waiting(tx, school, run))
            .await
    }

    async fn hand_over(
        &self,
        provider: &Arc<dyn Provider>,
        mail: Waiting,
    ) -> Result<Flow, StoreError> {
        let (school, id, now) = (self.held.job.school, mail.id, self.office.now());
        let must_look_up = mail.look_up || mail.calling;
        self.office
            .store
            .write(move |tx| tx.execute(BEGIN, &args![school, id, true, now]).map(drop))
            .await?;
        let message = Message {
            reference: mail.reference.clone(),
            to: Recipient::Email(mail.address.clone()),
            subject: mail.subject.clone(),
            text: mail.words.clone(),
            pdf: None,
        };
        let refusal = match handed_over(provider, &message, must_look_up).await {
            Ok(taken) => {
                self.record(id, taken.state, None, Some(taken.id)).await?;
                return Ok(Flow::On);
            }
            Err(refusal) => refusal,
        };
        let (now, said) = (self.office.now(), refusal.to_string());
        let tries = u32::try_from(mail.tries + 1).unwrap_or(u32::MAX);
        let first = mail.first_at.unwrap_or(now);
        match next(&refusal, &provider.features(), tries, first, now) {
            Next::Again { at, look_up } => {
                self.again(id, at, look_up || must_look_up, said).await?;
                Ok(Flow::On)
            }
            Next::End { state, .. } => {
                self.record(id, state, Some(said), None).await?;
                Ok(Flow::On)
            }
            Next::Pause { until, .. } => {
                self.again(id, until, must_look_up, said).await?;
                Ok(Flow::Pause)
            }
            Next::StopChannel => {
                tracing::error!(
                    school = school.0,
                    "the channel for e-mail lets us in no more"
                );
                let at = now.plus_seconds(15 * 60);
                self.again(id, at, must_look_up, said).await?;
                Ok(Flow::Pause)
            }
            // A mail server cannot be asked afterwards. Nobody is written to twice for certainty's sake.
            Next::AskAPerson => {
                let because = "no answer came back: it may not have arrived, and is not sent twice";
                self.record(id, State::Sent, Some(because.to_owned()), None)
                    .await?;
                Ok(Flow::On)
            }
        }
    }

    /// Asks what became of an e-mail, and keeps the answer if it is news.
    async fn ask_about(
        &self,
        provider: &Arc<dyn Provider>,
        mail: &Waiting,
    ) -> Result<(), StoreError> {
        if !provider.features().delivery_reports {
            return Ok(());
        }
        let report = match provider.status(&mail.reference).await {
            Ok(Some(report)) => report,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::warn!(%error, "what became of an e-mail to staff could not be asked");
                return Ok(());
            }
        };
        let moved = report
            .state
            .map(|reported| mail.state.after(reported, Channel::Email));
        if let Some(Moved::To(state)) = moved {
            self.record(mail.id, state, Some(report.word), Some(report.id))
                .await?;
        }
        Ok(())
    }

    async fn record(
        &self,
        id: StaffMailId,
        state: State,
        because: Option<String>,
        provider_key: Option<String>,
    ) -> Result<(), StoreError> {
        let now = self.office.now();
        let recorded = self
            .office
            .store
            .act(self.held.job.school, move |act: &mut Act| {
                act.record(
                    &STAFF_MAIL_STATE,
                    &args![
                        id,
                        state.word(),
                        because.as_deref(),
                        provider_key.as_deref()
                    ],
                )?;
                let school = act.school();
                act.tx()
                    .execute(ENDED, &args![school, id, false, now, false, None::<&str>])?;
                act.describe(by_itself(school).entry(
                    "note what became of an e-mail to staff",
                    format!("e-mail {id}"),
                ));
                Ok::<_, StoreError>(())
            });
        recorded.await
    }

    async fn again(
        &self,
        id: StaffMailId,
        at: Instant,
        look_up: bool,
        said: String,
    ) -> Result<(), StoreError> {
        let school = self.held.job.school;
        let ended = move |tx: &mut Tx| {
            let values = args![school, id, false, at, look_up, said.as_str()];
            tx.execute(ENDED, &values).map(drop)
        };
        self.office.store.write(ended).await
    }

    /// Puts the run down until the next of its e-mails is due, or for good where nothing more is to come.
    async fn rest(
        &self,
        id: StaffMailRunId,
        provider: Option<&Arc<dyn Provider>>,
    ) -> Result<(), StoreError> {
        let now = self.office.now();
        let all = self.mails(id).await?;
        let age = all
            .first()
            .map_or(0, |mail| mail.asked_at.seconds_until(now));
        let waits = all
            .iter()
            .filter(|mail| mail.state == State::Queued)
            .map(|mail| match provider {
                Some(_) => mail.next_at.max(now.plus_seconds(1)),
                None => now.plus_seconds(15 * 60),
            })
            .min();
        let is_asked = age < ASKED_FOR
            && provider.is_some_and(|by| by.features().delivery_reports)
            && all.iter().any(|mail| mail.state == State::HandedOver);
        let asks = is_asked.then(|| now.plus_seconds((age / 10).clamp(5, 900)));
        let until = [waits, asks].into_iter().flatten().min();
        self.held.put_down(until).await
    }
}

/// Whether more may be handed over now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Pause,
}

fn waiting(tx: &mut Tx, school: SchoolId, run: StaffMailRunId) -> Result<Vec<Waiting>, StoreError> {
    let rows = tx.query(OF_RUN, &args![school, run], |row| {
        let reference: String = row.get(4)?;
        let state: Option<String> = row.get(12)?;
        let known = Reference::read(&reference).zip(state.as_deref().and_then(State::from_word));
        let Some((reference, state)) = known else {
            return Ok(None);
        };
        Ok(Some(Waiting {
            id: row.get(0)?,
            address: row.get(1)?,
            subject: row.get(2)?,
            words: row.get(3)?,
            reference,
            asked_at: row.get(5)?,
            only_until: row.get(6)?,
            tries: row.get(7)?,
            first_at: row.get(8)?,
            next_at: row.get(9)?,
            calling: row.get(10)?,
            look_up: row.get(11)?,
            state,
        }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}
