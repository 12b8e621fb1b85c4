//! The fire list on paper: a copy by itself after the registers close each session.

use std::sync::Arc;
use std::time::Duration;

use office::desk::Office;
use office::door::fire_copy::make_if_due;

/// How often it is looked whether a copy is due.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Looks whether a school is due a copy of its fire list, for as long as the program runs. One that could not be made is tried again at the next look.
pub async fn keep_fire_lists(office: Arc<Office>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match office.schools().await {
            Err(error) => tracing::warn!(%error, "the schools could not be listed"),
            Ok(schools) => {
                for school in schools {
                    match make_if_due(&office, school).await {
                        Ok(None) => {}
                        Ok(Some(copy)) => {
                            tracing::info!(
                                school = school.0,
                                copy,
                                "a copy of the fire list was made"
                            );
                        }
                        Err(error) => {
                            tracing::error!(%error, school = school.0, "a copy of the fire list could not be made");
                        }
                    }
                }
            }
        }
    }
}
