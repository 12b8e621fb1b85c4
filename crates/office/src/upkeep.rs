//! Forgetting what is over: rows that prove nothing and are no part of the record.

use calendar::Instant;
use store::{Store, StoreError, Tx, jobs};

use crate::absence_line::forget_old_mails;
use crate::api::forget_old_answers;
use crate::messages::forget_old_callbacks;
use crate::people::forget_old_sign_ins;
use crate::registers::forget_old_saves;
use crate::roll::imports::destroy_old_files;
use crate::webhooks::forget_old_deliveries;

/// Jobs that ended are kept this long, for the person who asked for them: 30 days.
const JOBS_KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Sign-ins that were over 30 days ago.
    pub sign_ins: u64,
    /// Saves that no device can be waiting to send again.
    pub saves: u64,
    /// Jobs that ended 30 days ago.
    pub jobs: u64,
    /// What clients of the interface were told 7 days ago.
    pub answers: u64,
    /// Deliveries of webhooks that were taken 30 days ago.
    pub deliveries: u64,
    /// What GOV.UK Notify told a week ago.
    pub callbacks: u64,
    /// What became of mails 30 days ago.
    pub mails: u64,
    /// Files that were received 30 days ago (I-015).
    pub files: u64,
}

/// Forgets sign-ins, remembered saves, jobs and received files that are long over. For the start of the program and once a day.
///
/// Each kind is a transaction of its own, so that registers are saved in between.
pub async fn forget_what_is_over(store: &Store, now: Instant) -> Result<Forgotten, StoreError> {
    let before = now.plus_seconds(-JOBS_KEPT_SECONDS);
    Ok(Forgotten {
        sign_ins: store.write(move |tx| forget_old_sign_ins(tx, now)).await?,
        saves: store.write(move |tx| forget_old_saves(tx, now)).await?,
        jobs: store
            .write(move |tx: &mut Tx| jobs::forget_ended(tx, before))
            .await?,
        answers: store.write(move |tx| forget_old_answers(tx, now)).await?,
        deliveries: store
            .write(move |tx| forget_old_deliveries(tx, now))
            .await?,
        callbacks: store.write(move |tx| forget_old_callbacks(tx, now)).await?,
        mails: store.write(move |tx| forget_old_mails(tx, now)).await?,
        files: store.write(move |tx| destroy_old_files(tx, now)).await?,
    })
}
