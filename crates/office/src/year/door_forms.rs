//! The forms about the door and the fire list on the settings page.

use register::missing_pupil::SearchTimes;

use super::settings::{FIRE_COPY, FireCopyValue, LATEST_FIRE_COPY, SEARCH_TIMES, SearchTimesValue};
use super::settings_page::SettingForm;
use crate::shell::Field;

pub(super) fn search_form(
    times: SearchTimes,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let minutes = |name: &'static str, label: &'static str, now: u16| {
        Field::line(name, label)
            .short()
            .value(typed(name, now.to_string()))
    };
    let on_call = match times.on_call {
        0 => "at once".to_owned(),
        minutes => format!("after {minutes} minutes"),
    };
    SettingForm {
        what: SEARCH_TIMES,
        heading: "Missing from a lesson",
        rule: "The school's own decision, in minutes after the lesson's register; the minutes to begin with are the product's (E-029). The police are told by decision of the safeguarding lead, at no set time.",
        now: format!(
            "Staff on call search {on_call}; the safeguarding lead is told after {} minutes, a parent after {}.",
            times.safeguarding_lead, times.parent
        ),
        history,
        fields: vec![
            from,
            minutes(
                "search-on-call",
                "Staff on call search after",
                times.on_call,
            ),
            minutes(
                "search-lead",
                "The safeguarding lead is told after",
                times.safeguarding_lead,
            ),
            minutes("search-parent", "A parent is told after", times.parent).hint(format!(
                "Minutes, climbing, at most {}.",
                SearchTimes::LATEST
            )),
        ],
    }
}

/// What was typed into [`search_form`]; the field that is wrong and why.
pub(super) fn search_value(
    answer: &dyn Fn(&str) -> String,
) -> Result<SearchTimesValue, (&'static str, String)> {
    let minutes = |name: &'static str| {
        let number = answer(name).parse::<u16>();
        number.map_err(|_| (name, "Give a whole number of minutes.".to_owned()))
    };
    let value = SearchTimesValue {
        on_call: minutes("search-on-call")?,
        safeguarding_lead: minutes("search-lead")?,
        parent: minutes("search-parent")?,
    };
    match SearchTimes::new(value.on_call, value.safeguarding_lead, value.parent) {
        Ok(_) => Ok(value),
        Err(error) => Err(("search-parent", format!("It cannot be so: {error}."))),
    }
}

pub(super) fn fire_form(
    value: FireCopyValue,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let now = value.minutes.map(|minutes| minutes.to_string());
    SettingForm {
        what: FIRE_COPY,
        heading: "Fire list on paper",
        rule: "The school's own decision. A copy is made by itself each session, so that there is one when there is no phone and no network (R-035).",
        now: match value.minutes {
            None => "Only when somebody asks for one.".to_owned(),
            Some(0) => "When the registers close.".to_owned(),
            Some(1) => "One minute after the registers close.".to_owned(),
            Some(minutes) => format!("{minutes} minutes after the registers close."),
        },
        history,
        fields: vec![
            from,
            Field::line("fire-minutes", "Minutes after the registers close")
                .short()
                .optional()
                .hint(format!(
                    "From 0 to {LATEST_FIRE_COPY}; empty: only when somebody asks for one."
                ))
                .value(typed("fire-minutes", now.unwrap_or_default())),
        ],
    }
}

/// What was typed into [`fire_form`]; the field that is wrong and why.
pub(super) fn fire_value(text: &str) -> Result<FireCopyValue, (&'static str, String)> {
    let minutes = match text {
        "" => None,
        text => {
            let minutes = text.parse::<u8>().ok();
            let minutes = minutes.filter(|minutes| *minutes <= LATEST_FIRE_COPY);
            let wrong = || {
                let text = format!(
                    "Give a whole number of minutes from 0 to {LATEST_FIRE_COPY}, or nothing."
                );
                ("fire-minutes", text)
            };
            Some(minutes.ok_or_else(wrong)?)
        }
    };
    Ok(FireCopyValue { minutes })
}
