//! Deciding a setting from a day on.

use calendar::Day;
use store::{Act, Entry, args};

use super::records::SETTING;
use super::set_terms::may_decide;
use super::settings::{self, SettingError};
use crate::book::Settings;
use crate::desk::Refusal;
use crate::people::Actor;

/// Decides a setting from a day on. `value` is JSON in the shape of the setting.
///
/// Refused when the rules that read it cannot hold with it, or when the day lies in the past: what has been judged stays
/// judged by the setting of its day.
pub fn decide(
    act: &mut Act,
    actor: &Actor,
    today: Day,
    name: &'static str,
    from: Day,
    value: &str,
) -> Result<(), Refusal> {
    may_decide(actor)?;
    if from < today {
        return Err(Refusal::Wrong(
            "A setting holds from today or a later day; the past keeps the settings it was judged by.".to_owned(),
        ));
    }
    check(name, from, value)?;
    act.replace(&SETTING, &args![name, from, value])?;
    act.describe(Entry {
        account: actor.account.0,
        job_title: &actor.job_title,
        act: "decide a setting",
        subject: format!("{name} from {from}"),
    });
    Ok(())
}

/// Whether the rules that read the setting can hold with this value.
fn check(name: &'static str, from: Day, value: &str) -> Result<(), SettingError> {
    let alone = Settings::new(vec![(name.to_owned(), from, value.to_owned())]);
    settings::session_times(&alone, from)?;
    settings::entry_limits(&alone, from)?;
    settings::bands(&alone, from)?;
    settings::new_for_days(&alone, from)?;
    settings::plan_watch(&alone, from)?;
    settings::lesson_opens(&alone, from)?;
    settings::amendment_reasons(&alone, from)?;
    settings::late_reasons(&alone, from)?;
    settings::late_ladder(&alone, from)?;
    settings::sub_codes(&alone, from)?;
    settings::mode(&alone, from)?;
    settings::cycle(&alone, from)?;
    settings::own_ladder(&alone, from)?;
    settings::face_to_face(&alone, from)?;
    settings::claim_minutes(&alone, from)?;
    settings::evidence_is_delegated(&alone, from)?;
    settings::search_times(&alone, from)?;
    settings::fire_copy(&alone, from)?;
    settings::absence_line_rules(&alone, from)?;
    Ok(())
}
