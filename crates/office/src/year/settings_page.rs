//! The settings page: session times, who keeps the record, codes of teachers, sub-codes, reasons of amendments, who is new,
//! how plans are watched, absence bands, the contact ladder; each from a day on.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Cycle, Day, Session, TimeOfDay};
use register::Code;
use register::late_door::LateLadder;
use register::sub_code::{LONGEST_SUB_CODE, MOST_SUB_CODES, SubCode, SubCodes};
use serde::Deserialize;
use store::Tx;
use welfare::face_to_face::{Intervals, LONGEST};
use welfare::ladder::Own;
use welfare::tier::Tier;

use super::decide;
use super::door_forms::{fire_form, fire_value, search_form, search_value};
use super::ladder_form;
use super::pages::{Tried, tried};
use super::settings::{
    ABSENCE_LINE, AMENDMENT_REASONS, AbsenceLineRules, BANDS, BandValue, CLAIM_MINUTES,
    CONTACT_LADDER, CycleValue, EVIDENCE_DELEGATED, FACE_TO_FACE, FIRE_COPY, FURTHEST_WATCH,
    FaceToFaceValue, HoursValue, LATE_LADDER, LATE_REASONS, LESSON_OPENS, LONGEST_BEFORE,
    LONGEST_CLAIM, LONGEST_NEW, LateLadderValue, LateReason, LateStepValue, MODE,
    MOST_LATE_REASONS, MOST_OF_ABSENCE_LINE, MOST_REASONS, Mode, NEW_FOR_DAYS, PLAN_WATCH,
    PlanWatch, SEARCH_TIMES, SESSION_TIMES, SUB_CODES, SessionTimesValue, SubCodeValue,
    TEACHER_CODES, TIMETABLE_CYCLE, absence_line_rules, amendment_reasons, bands, claim_minutes,
    cycle, entry_limits, evidence_is_delegated, face_to_face, fire_copy, late_ladder, late_reasons,
    lesson_opens, mode, new_for_days, own_ladder, plan_watch, search_times, sub_codes, usual_times,
};
use crate::desk::{Desk, Refusal};
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Choice, Errors, Field, FieldKind, Frame, Notice, Page, Problem};

#[derive(Deserialize, Default)]
pub(super) struct SettingsQuery {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "year/settings.html")]
struct SettingsPage {
    frame: Frame,
    errors: Errors,
    /// The setting that was just tried and could not be saved, whose form stands open.
    tried: String,
    forms: Vec<SettingForm>,
}

/// One setting: what holds now, what held before, and the form that decides it anew.
pub(super) struct SettingForm {
    pub(super) what: &'static str,
    pub(super) heading: &'static str,
    pub(super) rule: &'static str,
    pub(super) now: String,
    pub(super) history: Vec<(String, String)>,
    pub(super) fields: Vec<Field>,
}

/// What was typed into the form of one setting, and what is wrong with it.
#[derive(Default)]
struct Attempt {
    pairs: Vec<(String, String)>,
    problem: Option<(&'static str, String)>,
}

pub(super) async fn settings(desk: Desk, Query(query): Query<SettingsQuery>) -> Response {
    show(desk, query, Attempt::default()).await
}

async fn show(desk: Desk, query: SettingsQuery, attempt: Attempt) -> Response {
    let at = desk.clone();
    desk.read(move |tx, actor| page(&at, tx, actor, &query, attempt))
        .await
        .map_or_else(IntoResponse::into_response, |page| {
            Page(page).into_response()
        })
}

fn page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    query: &SettingsQuery,
    attempt: Attempt,
) -> Result<SettingsPage, Refusal> {
    if !actor.may(Access::Read, RecordKind::UsersRolesAndSettings) {
        return Err(Refusal::NotFound);
    }
    let book = desk.office.shelf.book(tx, actor.school)?;
    let (today, _) = desk.office.today();
    let notice = query
        .done
        .as_ref()
        .map(|_| Notice::done("The setting is saved. It holds from the day you gave."));
    let frame = desk.frame(tx, actor, "Settings")?.with_notice(notice);
    let times = usual_times(&book.settings, today)?;
    let typed = |name: &str, now: String| {
        attempt
            .pairs
            .iter()
            .find(|(own, _)| own == name)
            .map_or(now, |(_, value)| value.clone())
    };
    let history = |name: &str| -> Vec<(String, String)> {
        book.settings
            .history(name)
            .map(|(from, value)| (from.long(), value.to_owned()))
            .collect()
    };
    let from = |what: &str| {
        let name = format!("{what}-from");
        let value = typed(&name, today.to_string());
        Field::day(name, "From")
            .value(value)
            .hint("Earlier days keep the setting they were judged by.")
    };
    let forms = vec![
        times_form(times, &typed, history(SESSION_TIMES), from(SESSION_TIMES)),
        cycle_form(
            cycle(&book.settings, today)?,
            today,
            &typed,
            history(TIMETABLE_CYCLE),
            from(TIMETABLE_CYCLE),
        ),
        watch_form(
            plan_watch(&book.settings, today)?,
            &typed,
            history(PLAN_WATCH),
            from(PLAN_WATCH),
        ),
        mode_form(mode(&book.settings, today)?, history(MODE), from(MODE)),
        codes_form(
            &entry_limits(&book.settings, today)?.teacher_codes,
            &typed,
            history(TEACHER_CODES),
            from(TEACHER_CODES),
        ),
        sub_codes_form(
            &sub_codes(&book.settings, today)?,
            &typed,
            history(SUB_CODES),
            from(SUB_CODES),
        ),
        reasons_form(
            &amendment_reasons(&book.settings, today)?,
            &typed,
            history(AMENDMENT_REASONS),
            from(AMENDMENT_REASONS),
        ),
        new_form(
            new_for_days(&book.settings, today)?,
            &typed,
            history(NEW_FOR_DAYS),
            from(NEW_FOR_DAYS),
        ),
        late_reasons_form(
            &late_reasons(&book.settings, today)?,
            &typed,
            history(LATE_REASONS),
            from(LATE_REASONS),
        ),
        late_ladder_form(
            &late_ladder(&book.settings, today)?,
            &typed,
            history(LATE_LADDER),
            from(LATE_LADDER),
        ),
        contact_ladder_form(
            &own_ladder(&book.settings, today)?,
            today,
            &typed,
            history(CONTACT_LADDER),
            from(CONTACT_LADDER),
        ),
        face_to_face_form(
            &face_to_face(&book.settings, today)?,
            &typed,
            history(FACE_TO_FACE),
            from(FACE_TO_FACE),
        ),
        claim_form(
            claim_minutes(&book.settings, today)?,
            &typed,
            history(CLAIM_MINUTES),
            from(CLAIM_MINUTES),
        ),
        absence_line_form(
            absence_line_rules(&book.settings, today)?,
            &typed,
            history(ABSENCE_LINE),
            from(ABSENCE_LINE),
        ),
        evidence_form(
            evidence_is_delegated(&book.settings, today)?,
            &typed,
            history(EVIDENCE_DELEGATED),
            from(EVIDENCE_DELEGATED),
        ),
        opens_form(
            lesson_opens(&book.settings, today)?,
            &typed,
            history(LESSON_OPENS),
            from(LESSON_OPENS),
        ),
        search_form(
            search_times(&book.settings, today)?,
            &typed,
            history(SEARCH_TIMES),
            from(SEARCH_TIMES),
        ),
        fire_form(
            fire_copy(&book.settings, today)?,
            &typed,
            history(FIRE_COPY),
            from(FIRE_COPY),
        ),
        bands_form(
            &bands(&book.settings, today)?,
            &typed,
            history(BANDS),
            from(BANDS),
        ),
    ];
    let tried = typed("what", String::new());
    let problems = attempt
        .problem
        .map(|(field, text)| Problem {
            field: match field {
                "from" => format!("{tried}-from").into(),
                field => field.into(),
            },
            text: text.into(),
        })
        .into_iter()
        .collect();
    Ok(SettingsPage {
        frame,
        errors: Errors { problems },
        tried,
        forms,
    })
}

/// The six clock times of a school day as forms ask for them: name, label, session, which of its times.
pub(super) const TIMES: [(&str, &str, Session, usize); 6] = [
    ("am-opens", "Morning register opens", Session::Am, 0),
    ("am-closes", "Morning register closes", Session::Am, 1),
    ("am-ends", "Morning session ends", Session::Am, 2),
    ("pm-opens", "Afternoon register opens", Session::Pm, 0),
    ("pm-closes", "Afternoon register closes", Session::Pm, 1),
    ("pm-ends", "Afternoon session ends", Session::Pm, 2),
];

fn times_form(
    times: register::closing::SessionTimes,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let mut fields = vec![from];
    for (name, label, session, which) in TIMES {
        let hours = times.of(session);
        let now = [hours.opens, hours.closes, hours.ends][which];
        fields.push(
            Field {
                width: "short",
                ..Field::new(FieldKind::Time, name, label)
            }
            .value(typed(name, now.to_string())),
        );
    }
    let said = |session| {
        let hours = times.of(session);
        format!("{} to {}", hours.opens, hours.closes)
    };
    SettingForm {
        what: SESSION_TIMES,
        heading: "Session times",
        rule: "A register is open for at most 30 minutes, the same in both sessions; later arrivals are U (R-022; Working together to improve school attendance, 2024).",
        now: format!(
            "Registers are open from {} and from {}.",
            said(Session::Am),
            said(Session::Pm)
        ),
        history,
        fields,
    }
}

fn cycle_form(
    cycle: Cycle,
    today: Day,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let (weeks, week_a, skips_holidays) = match cycle {
        Cycle::Weekly => ("1", today.monday(), true),
        Cycle::Fortnightly {
            week_a,
            skips_holidays,
        } => ("2", week_a, skips_holidays),
    };
    let now = match cycle {
        Cycle::Weekly => "Every week is the same.".to_owned(),
        Cycle::Fortnightly {
            week_a,
            skips_holidays,
        } => format!(
            "Two weeks in turn; the week of {} is a week A, and {}.",
            week_a.monday().long(),
            if skips_holidays {
                "weeks without school are passed over"
            } else {
                "weeks without school count"
            }
        ),
    };
    let word = |skips: bool| if skips { "pass" } else { "count" };
    SettingForm {
        what: TIMETABLE_CYCLE,
        heading: "Timetable weeks",
        rule: "The school's own decision. Lessons are entered for every week, or for week A or B.",
        now,
        history,
        fields: vec![
            from,
            Field::radios(
                "weeks",
                "The timetable goes round in",
                vec![
                    Choice::new("1", "One week"),
                    Choice::new("2", "Two weeks, A and B"),
                ],
            )
            .value(typed("weeks", weeks.to_owned())),
            Field::day("week-a", "A day in a week A").value(typed("week-a", week_a.to_string())),
            Field::radios(
                "holidays",
                "Weeks without school",
                vec![
                    Choice::new("pass", "Are passed over: A before half-term, B after it"),
                    Choice::new("count", "Count: the weeks turn in the holidays too"),
                ],
            )
            .value(typed("holidays", word(skips_holidays).to_owned())),
        ],
    }
}

fn watch_form(
    watch: PlanWatch,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let days = |name: &'static str, label: &'static str, now: u8, most: u8| {
        Field::line(name, label)
            .short()
            .hint(format!("School days, from 1 to {most}."))
            .value(typed(name, now.to_string()))
    };
    SettingForm {
        what: PLAN_WATCH,
        heading: "How plans are watched",
        rule: "The school's own decision. What falls due on a plan is told before it comes; marks are held against plans for some days back (R-032).",
        now: format!(
            "What falls due within {} school days is told; marks of the last {} are held against plans.",
            watch.told_ahead, watch.drift_back
        ),
        history,
        fields: vec![
            from,
            days(
                "told-ahead",
                "Tell of what falls due within",
                watch.told_ahead,
                FURTHEST_WATCH.told_ahead,
            ),
            days(
                "drift-back",
                "Hold marks against plans back for",
                watch.drift_back,
                FURTHEST_WATCH.drift_back,
            ),
        ],
    }
}

fn mode_form(mode: Mode, history: Vec<(String, String)>, from: Field) -> SettingForm {
    let word = |mode: Mode| {
        serde_json::to_string(&mode)
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned()
    };
    let choices = [
        (Mode::RegisterHolder, "Rollbook is the register"),
        (
            Mode::Alongside,
            "Alongside: the other system keeps roll and marks",
        ),
        (
            Mode::AlongsideMarksHere,
            "Alongside, but marks are made here",
        ),
    ];
    let now = choices
        .iter()
        .find(|(own, _)| *own == mode)
        .map_or("", |(_, label)| label);
    let choices = choices
        .iter()
        .map(|(own, label)| Choice::new(word(*own), *label))
        .collect();
    SettingForm {
        what: MODE,
        heading: "Who keeps the record",
        rule: "One system is the legal register for one kind of record on one day. Changing over is planned with a comparison of both (I-001).",
        now: format!("{now}."),
        history,
        fields: vec![
            from,
            Field::radios("mode", "From then on", choices).value(word(mode)),
        ],
    }
}

fn codes_form(
    codes: &[Code],
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let now: Vec<&str> = codes.iter().map(Code::as_str).collect();
    let now = now.join(" ");
    SettingForm {
        what: TEACHER_CODES,
        heading: "Codes that class teachers may enter",
        rule: "The school's own decision. The office may enter every code that the day allows; a teacher who tries another is told why not.",
        now: format!("Teachers may enter {now}"),
        history,
        fields: vec![
            from,
            Field::line("codes", "Codes, with a space between").value(typed("codes", now)),
        ],
    }
}

fn sub_codes_form(
    sub_codes: &SubCodes,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let lines: Vec<String> = sub_codes
        .all()
        .iter()
        .map(|one| format!("{} {}", one.code, one.name))
        .collect();
    SettingForm {
        what: SUB_CODES,
        heading: "Sub-codes",
        rule: "The school's own reasons beneath a statutory code. A sub-code inherits everything from its code, so it changes no figure and goes into no return (R-141). Marks keep the one they were given, whatever is decided later.",
        now: match lines.as_slice() {
            [] => "The school has none.".to_owned(),
            some => format!("{}.", some.join("; ")),
        },
        history,
        fields: vec![
            from,
            Field::new(FieldKind::Lines, "sub-codes", "Sub-codes, one on a line: the code, then a name")
                .hint(format!(
                    "Such as: I dental. At most {MOST_SUB_CODES}, each name of at most {LONGEST_SUB_CODE} characters. They are offered in this order."
                ))
                .value(typed("sub-codes", lines.join("\n"))),
        ],
    }
}

/// The sub-codes of the form, or what is wrong with them on their first day.
fn sub_codes_of(text: &str, from: Day) -> Result<Vec<SubCodeValue>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let sub_codes = lines.map(|line| {
        let (code, name) = line
            .split_once(char::is_whitespace)
            .ok_or_else(|| format!("“{line}”: write a code, a space and a name."))?;
        let code = code
            .parse::<Code>()
            .ok()
            .filter(|code| register::meaning(*code, from).is_ok())
            .ok_or_else(|| format!("“{code}” is no attendance code on that day."))?;
        let name = name.trim().to_owned();
        Ok(SubCode { code, name })
    });
    let sub_codes = sub_codes.collect::<Result<Vec<_>, String>>()?;
    let sound = SubCodes::new(sub_codes).map_err(|error| format!("Not saved: {error}."))?;
    let values = sound.all().iter().map(|one| SubCodeValue {
        code: one.code.to_string(),
        name: one.name.clone(),
    });
    Ok(values.collect())
}

fn reasons_form(
    reasons: &[String],
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let (most, longest) = MOST_REASONS;
    SettingForm {
        what: AMENDMENT_REASONS,
        heading: "Reasons offered for an amendment",
        rule: "Every change to a closed register keeps its reason (R-007). These are offered while one is typed; another can always be typed.",
        now: match reasons {
            [] => "None is offered.".to_owned(),
            some => format!("{}.", some.join("; ")),
        },
        history,
        fields: vec![
            from,
            Field::new(FieldKind::Lines, "reasons", "Reasons, one on a line")
                .hint(format!(
                    "At most {most}, each of at most {longest} characters."
                ))
                .value(typed("reasons", reasons.join("\n"))),
        ],
    }
}

/// What stands before a reason of the form that counts for no sanction.
const COUNTS_NOT: char = '*';

fn late_reasons_form(
    reasons: &[LateReason],
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let (most, longest) = MOST_LATE_REASONS;
    let lines: Vec<String> = reasons
        .iter()
        .map(|reason| match reason.counts {
            true => reason.words.clone(),
            false => format!("{COUNTS_NOT} {}", reason.words),
        })
        .collect();
    let said: Vec<String> = reasons
        .iter()
        .map(|reason| match reason.counts {
            true => reason.words.clone(),
            false => format!("{} (does not count)", reason.words),
        })
        .collect();
    SettingForm {
        what: LATE_REASONS,
        heading: "Reasons at the late door",
        rule: "The school's own decision. Each reason has a key from 1 to 9 in this order (E-027). A reason that counts for no sanction is still a late mark.",
        now: format!("{}.", said.join("; ")),
        history,
        fields: vec![
            from,
            Field::new(FieldKind::Lines, "late-reasons", "Reasons, one on a line")
                .hint(format!(
                    "At most {most}, each of at most {longest} characters. {COUNTS_NOT} before a reason: it counts for no sanction."
                ))
                .value(typed("late-reasons", lines.join("\n"))),
        ],
    }
}

fn late_ladder_form(
    ladder: &LateLadder,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let steps = ladder.steps().iter();
    let lines: Vec<String> = steps
        .clone()
        .map(|step| format!("{} {}", step.lates, step.does))
        .collect();
    let said: Vec<String> = steps
        .map(|step| format!("from {} times: {}", step.lates, step.does))
        .collect();
    SettingForm {
        what: LATE_LADDER,
        heading: "What repeated lateness leads to",
        rule: "The school's own decision; the steps to begin with are the product's (E-028). L and U count, but for reasons that the school does not count.",
        now: format!("In {} school days, {}.", ladder.window(), said.join("; ")),
        history,
        fields: vec![
            from,
            Field::line("window", "Within so many school days, today among them")
                .short()
                .value(typed("window", ladder.window().to_string())),
            Field::new(FieldKind::Lines, "steps", "Steps, one on a line")
                .hint("How many times, then what is done: 4 Sanction the same day, text home")
                .value(typed("steps", lines.join("\n"))),
        ],
    }
}

fn new_form(
    days: u8,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    SettingForm {
        what: NEW_FOR_DAYS,
        heading: "How long a joiner is new",
        rule: "The school's own decision. A register says beside the name that a pupil is new, so that whoever takes it looks twice.",
        now: match days {
            0 => "Only the first day is told of.".to_owned(),
            1 => "New on the starting day.".to_owned(),
            days => format!("New for {days} days, the starting day being the first."),
        },
        history,
        fields: vec![
            from,
            Field::line("days", "Days")
                .short()
                .hint(format!(
                    "Calendar days, from 0 to {LONGEST_NEW}; 14 are two school weeks."
                ))
                .value(typed("days", days.to_string())),
        ],
    }
}

fn contact_ladder_form(
    own: &[Own],
    today: Day,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let lines = ladder_form::lines(own, today);
    SettingForm {
        what: CONTACT_LADDER,
        heading: "Contact ladder of a morning",
        rule: "What must have been tried by when for a child of whom nobody knows where they are (E-016). No national timetable exists; the usual times come from local protocols.",
        now: match own.len() {
            0 => "The usual times hold.".to_owned(),
            1 => "One time is the school's own.".to_owned(),
            many => format!("{many} times are the school's own."),
        },
        history,
        fields: vec![
            from,
            Field::new(
                FieldKind::Lines,
                "ladder",
                "A step on a line, with its times for red, amber and green",
            )
            .hint("+15 is 15 minutes after the register closes; also: at 11:45, session end, day end, school day 3.")
            .value(typed("ladder", lines)),
        ],
    }
}

fn face_to_face_form(
    intervals: &Intervals,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let days = |tier: Tier| intervals.of(tier).map_or(0, |line| line.school_days);
    let said = Tier::ALL.map(|tier| match days(tier) {
        1 => format!("{} daily", tier.word()),
        days => format!("{} at least every {days} school days", tier.word()),
    });
    let mut fields = vec![from];
    fields.extend(Tier::ALL.map(|tier| {
        let name = format!("seen-{}", tier.key());
        let value = typed(&name, days(tier).to_string());
        Field::line(
            name,
            format!("{}: seen within so many school days", tier.word()),
        )
        .short()
        .value(value)
    }));
    SettingForm {
        what: FACE_TO_FACE,
        heading: "How often an absent child is seen",
        rule: "While an absence goes on, somebody of the school sees the child face to face (E-017). No national number exists; the usual ones come from a local policy. A call is no sighting.",
        now: format!("{}.", said.join("; ")),
        history,
        fields,
    }
}

fn claim_form(
    minutes: u8,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    SettingForm {
        what: CLAIM_MINUTES,
        heading: "How long a home stays claimed",
        rule: "A caller's claim on a home ends by itself, so that no row stays locked by somebody who went away (E-032).",
        now: match minutes {
            1 => "One minute.".to_owned(),
            minutes => format!("{minutes} minutes."),
        },
        history,
        fields: vec![
            from,
            Field::line("minutes", "Minutes")
                .short()
                .hint(format!(
                    "From 1 to {LONGEST_CLAIM}; a call with its note takes less than 10."
                ))
                .value(typed("minutes", minutes.to_string())),
        ],
    }
}

fn absence_line_form(
    rules: AbsenceLineRules,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let number = |name: &'static str, label: &'static str, now: u16, most: u16| {
        Field::line(name, label)
            .short()
            .hint(format!("From 1 to {most}."))
            .value(typed(name, now.to_string()))
    };
    let most = MOST_OF_ABSENCE_LINE;
    SettingForm {
        what: ABSENCE_LINE,
        heading: "The absence line",
        rule: "The school's own decision. Every report is dealt with or set aside with a reason (E-014); what is told for long is looked at before a code is entered (E-024).",
        now: format!(
            "An absence of more than {} days is looked at first. {} reports come by one family's link in a day. A report about nobody yet is overdue after {} minutes.",
            rules.believed_days, rules.reports_by_link, rules.overdue_minutes
        ),
        history,
        fields: vec![
            from,
            number(
                "believed-days",
                "Days that are believed without a look",
                rules.believed_days.into(),
                most.believed_days.into(),
            ),
            number(
                "reports-by-link",
                "Reports by one link in a day",
                rules.reports_by_link,
                most.reports_by_link,
            ),
            number(
                "overdue-minutes",
                "Minutes until a report about nobody is overdue",
                rules.overdue_minutes,
                most.overdue_minutes,
            ),
        ],
    }
}

fn evidence_form(
    is_delegated: bool,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let choices = [
        (
            "no",
            "File evidence and see how it stands, and do not open it",
        ),
        ("yes", "Open evidence too"),
    ];
    let word = if is_delegated { "yes" } else { "no" };
    SettingForm {
        what: EVIDENCE_DELEGATED,
        heading: "Who opens evidence",
        rule: "Evidence is about health: an attendance administrator files it and sees days and decision, not the document, unless the school has delegated it (B-440, the access matrix).",
        now: match is_delegated {
            true => "Attendance administrators open evidence.".to_owned(),
            false => "Attendance administrators file evidence and do not open it.".to_owned(),
        },
        history,
        fields: vec![
            from,
            Field::radios(
                "evidence-opens",
                "Attendance administrators",
                choices
                    .map(|(word, label)| Choice::new(word, label))
                    .to_vec(),
            )
            .value(typed("evidence-opens", word.to_owned())),
        ],
    }
}

fn opens_form(
    minutes: u8,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    SettingForm {
        what: LESSON_OPENS,
        heading: "When a lesson's register opens",
        rule: "The school's own decision: marks may be entered while pupils come in. It changes no session mark (R-025).",
        now: match minutes {
            0 => "When the lesson begins.".to_owned(),
            1 => "A minute before the lesson begins.".to_owned(),
            minutes => format!("{minutes} minutes before the lesson begins."),
        },
        history,
        fields: vec![
            from,
            Field::line("minutes-before", "Minutes before")
                .short()
                .hint(format!("From 0 to {LONGEST_BEFORE}; examinations too."))
                .value(typed("minutes-before", minutes.to_string())),
        ],
    }
}

fn bands_form(
    bands: &register::Bands,
    typed: &dyn Fn(&str, String) -> String,
    history: Vec<(String, String)>,
    from: Field,
) -> SettingForm {
    let lines: Vec<String> = bands
        .bands()
        .iter()
        .map(|band| {
            let sign = if band.begins.included { ">=" } else { ">" };
            format!("{} {sign} {}", band.name, band.begins.absence.show(2))
        })
        .collect();
    let now = lines.join("\n");
    SettingForm {
        what: BANDS,
        heading: "Absence bands",
        rule: "The school's own names for shares of absence. Persistent (10% or more) and severe (50% or more) are the Department's and always reckoned beside them (R-210 to R-212).",
        now: bands_in_words(bands),
        history,
        fields: vec![
            from,
            Field::new(
                FieldKind::Lines,
                "bands",
                "Bands, one on a line, least absence first",
            )
            .hint(
                "A name, then >= or >, then the absence in percent at which it begins: At risk > 8",
            )
            .value(typed("bands", now)),
        ],
    }
}

/// The bands as a sentence: `Low above 0%, Watch from 5%, At risk above 8%, Severe from 50% of sessions missed.`
fn bands_in_words(bands: &register::Bands) -> String {
    let said: Vec<String> = bands
        .bands()
        .iter()
        .map(|band| {
            let from = if band.begins.included {
                "from"
            } else {
                "above"
            };
            let percent = band.begins.absence.show(2);
            let percent = percent.trim_end_matches('0').trim_end_matches('.');
            format!("{} {from} {percent}%", band.name)
        })
        .collect();
    format!("{} of sessions missed.", said.join(", "))
}

pub(super) async fn save(desk: Desk, Form(pairs): Form<Vec<(String, String)>>) -> Response {
    let answer = |name: &str| {
        pairs
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value.trim())
    };
    let decided = decided(&answer);
    let (name, from, value) = match decided {
        Ok(decided) => decided,
        Err((field, text)) => {
            let attempt = Attempt {
                pairs,
                problem: Some((field, text)),
            };
            return show(desk, SettingsQuery::default(), attempt).await;
        }
    };
    let (today, _) = desk.office.today();
    let done = tried(&desk, move |act, actor| {
        decide(act, actor, today, name, from, &value)
    })
    .await;
    match done {
        Ok(()) => Redirect::to("/settings?done=yes").into_response(),
        Err(Tried::Wrong(text)) => {
            let attempt = Attempt {
                pairs,
                problem: Some(("from", text)),
            };
            show(desk, SettingsQuery::default(), attempt).await
        }
        Err(Tried::Other(response)) => response,
    }
}

/// The setting, its day and its value as the form gives them; or the field that is wrong and why.
fn decided<'p>(
    answer: &impl Fn(&str) -> &'p str,
) -> Result<(&'static str, Day, String), (&'static str, String)> {
    let what = answer("what");
    let from: Day = answer(&format!("{what}-from")).parse().map_err(|_| {
        (
            "from",
            "Give the day from which it holds as a date.".to_owned(),
        )
    })?;
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| ("from", format!("The setting cannot be written: {error}")))
    };
    match what {
        SESSION_TIMES => {
            let time = |name: &'static str| -> Result<TimeOfDay, (&'static str, String)> {
                answer(name).parse().map_err(|_| {
                    (
                        name,
                        "Give every time as hours and minutes: 08:40.".to_owned(),
                    )
                })
            };
            let value = SessionTimesValue {
                am: HoursValue {
                    opens: time("am-opens")?,
                    closes: time("am-closes")?,
                    ends: time("am-ends")?,
                },
                pm: HoursValue {
                    opens: time("pm-opens")?,
                    closes: time("pm-closes")?,
                    ends: time("pm-ends")?,
                },
            };
            Ok((SESSION_TIMES, from, json(serde_json::to_string(&value))?))
        }
        TIMETABLE_CYCLE => {
            let value = CycleValue {
                weeks: answer("weeks")
                    .parse()
                    .map_err(|_| ("weeks", "Choose one week or two.".to_owned()))?,
                week_a: answer("week-a")
                    .parse()
                    .map_err(|_| ("week-a", "Give a day in a week A as a date.".to_owned()))?,
                skips_holidays: answer("holidays") != "count",
            };
            Ok((TIMETABLE_CYCLE, from, json(serde_json::to_string(&value))?))
        }
        MODE => Ok((MODE, from, json(serde_json::to_string(answer("mode")))?)),
        TEACHER_CODES => {
            let codes: Vec<&str> = answer("codes").split_whitespace().collect();
            for code in &codes {
                let known = code
                    .parse::<Code>()
                    .ok()
                    .is_some_and(|code| register::meaning(code, from).is_ok());
                if !known {
                    let text = format!("“{code}” is no attendance code on that day.");
                    return Err(("codes", text));
                }
            }
            Ok((TEACHER_CODES, from, json(serde_json::to_string(&codes))?))
        }
        AMENDMENT_REASONS => {
            let reasons: Vec<&str> = answer("reasons")
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect();
            let (most, longest) = MOST_REASONS;
            let too_long = reasons.iter().any(|one| one.chars().count() > longest);
            if reasons.len() > most || too_long {
                let text =
                    format!("Give at most {most} reasons, each of at most {longest} characters.");
                return Err(("reasons", text));
            }
            let value = json(serde_json::to_string(&reasons))?;
            Ok((AMENDMENT_REASONS, from, value))
        }
        LATE_REASONS => {
            let value = late_reasons_of(answer("late-reasons"));
            let (most, longest) = MOST_LATE_REASONS;
            if value.len() > most || value.iter().any(|one| one.words.chars().count() > longest) {
                let text =
                    format!("Give at most {most} reasons, each of at most {longest} characters.");
                return Err(("late-reasons", text));
            }
            Ok((LATE_REASONS, from, json(serde_json::to_string(&value))?))
        }
        LATE_LADDER => {
            let window = answer("window")
                .parse()
                .map_err(|_| ("window", "Give a whole number of school days.".to_owned()))?;
            let lines = answer("steps").lines().map(str::trim);
            let steps = lines
                .filter(|line| !line.is_empty())
                .map(late_step_of)
                .collect::<Result<_, _>>()
                .map_err(|text| ("steps", text))?;
            let value = LateLadderValue { window, steps };
            Ok((LATE_LADDER, from, json(serde_json::to_string(&value))?))
        }
        SUB_CODES => {
            let values = sub_codes_of(answer("sub-codes"), from);
            let values = values.map_err(|text| ("sub-codes", text))?;
            Ok((SUB_CODES, from, json(serde_json::to_string(&values))?))
        }
        SEARCH_TIMES => {
            let value = search_value(&|name| answer(name).to_owned())?;
            Ok((SEARCH_TIMES, from, json(serde_json::to_string(&value))?))
        }
        FIRE_COPY => {
            let value = fire_value(answer("fire-minutes"))?;
            Ok((FIRE_COPY, from, json(serde_json::to_string(&value))?))
        }
        NEW_FOR_DAYS => {
            let days = answer("days").parse::<u8>().ok();
            let days = days.filter(|days| *days <= LONGEST_NEW).ok_or_else(|| {
                let text = format!("Give a whole number of days from 0 to {LONGEST_NEW}.");
                ("days", text)
            })?;
            Ok((NEW_FOR_DAYS, from, json(serde_json::to_string(&days))?))
        }
        CONTACT_LADDER => {
            let own = ladder_form::read(answer("ladder"), from).map_err(|text| ("ladder", text))?;
            Ok((CONTACT_LADDER, from, json(serde_json::to_string(&own))?))
        }
        FACE_TO_FACE => {
            let days = |name: &'static str| {
                let days = answer(name).parse::<u8>().ok();
                days.filter(|days| (1..=LONGEST).contains(days))
                    .ok_or_else(|| {
                        let text =
                            format!("Give a whole number of school days from 1 to {LONGEST}.");
                        (name, text)
                    })
            };
            let value = FaceToFaceValue {
                red: days("seen-red")?,
                amber: days("seen-amber")?,
                green: days("seen-green")?,
            };
            Ok((FACE_TO_FACE, from, json(serde_json::to_string(&value))?))
        }
        CLAIM_MINUTES => {
            let minutes = answer("minutes").parse::<u8>().ok();
            let minutes = minutes.filter(|minutes| (1..=LONGEST_CLAIM).contains(minutes));
            let minutes = minutes.ok_or_else(|| {
                let text = format!("Give a whole number of minutes from 1 to {LONGEST_CLAIM}.");
                ("minutes", text)
            })?;
            Ok((CLAIM_MINUTES, from, json(serde_json::to_string(&minutes))?))
        }
        ABSENCE_LINE => {
            let number = |name: &'static str, most: u16| {
                let number = answer(name).parse::<u16>().ok();
                number
                    .filter(|number| (1..=most).contains(number))
                    .ok_or_else(|| (name, format!("Give a whole number from 1 to {most}.")))
            };
            let most = MOST_OF_ABSENCE_LINE;
            let believed = number("believed-days", most.believed_days.into())?;
            let rules = AbsenceLineRules {
                believed_days: u8::try_from(believed).unwrap_or(most.believed_days),
                reports_by_link: number("reports-by-link", most.reports_by_link)?,
                overdue_minutes: number("overdue-minutes", most.overdue_minutes)?,
            };
            Ok((ABSENCE_LINE, from, json(serde_json::to_string(&rules))?))
        }
        EVIDENCE_DELEGATED => {
            let value = match answer("evidence-opens") {
                "yes" => true,
                "no" => false,
                _ => return Err(("evidence-opens", "Choose one of the two.".to_owned())),
            };
            Ok((
                EVIDENCE_DELEGATED,
                from,
                json(serde_json::to_string(&value))?,
            ))
        }
        PLAN_WATCH => {
            let days = |name: &'static str, most: u8| {
                let days = answer(name).parse::<u8>().ok();
                days.filter(|days| (1..=most).contains(days))
                    .ok_or_else(|| {
                        let text = format!("Give a whole number of school days from 1 to {most}.");
                        (name, text)
                    })
            };
            let watch = PlanWatch {
                told_ahead: days("told-ahead", FURTHEST_WATCH.told_ahead)?,
                drift_back: days("drift-back", FURTHEST_WATCH.drift_back)?,
            };
            Ok((PLAN_WATCH, from, json(serde_json::to_string(&watch))?))
        }
        LESSON_OPENS => {
            let minutes = answer("minutes-before").parse::<u8>().ok();
            let minutes = minutes
                .filter(|minutes| *minutes <= LONGEST_BEFORE)
                .ok_or_else(|| {
                    let text =
                        format!("Give a whole number of minutes from 0 to {LONGEST_BEFORE}.");
                    ("minutes-before", text)
                })?;
            Ok((LESSON_OPENS, from, json(serde_json::to_string(&minutes))?))
        }
        BANDS => {
            let values = answer("bands")
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(band_of)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|text| ("bands", text))?;
            Ok((BANDS, from, json(serde_json::to_string(&values))?))
        }
        _ => Err(("from", "Choose which setting to save.".to_owned())),
    }
}

/// The reasons of the form: `* Bus late` counts for no sanction.
fn late_reasons_of(text: &str) -> Vec<LateReason> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| LateReason {
            words: line.trim_start_matches(COUNTS_NOT).trim().to_owned(),
            counts: !line.starts_with(COUNTS_NOT),
        })
        .collect()
}

/// A line of the form about lateness: `4 Sanction the same day`.
fn late_step_of(line: &str) -> Result<LateStepValue, String> {
    let (lates, does) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let lates = lates
        .parse()
        .map_err(|_| format!("“{line}”: write how many times, then what is done."))?;
    Ok(LateStepValue {
        lates,
        does: does.trim().to_owned(),
    })
}

/// A line of the bands' form: `At risk > 8`.
fn band_of(line: &str) -> Result<BandValue, String> {
    let wrong = || {
        format!(
            "“{}”: write a name, then >= or >, then a percentage.",
            line.trim()
        )
    };
    let (name, rest) = line.split_once('>').ok_or_else(wrong)?;
    let (included, percent) = match rest.strip_prefix('=') {
        Some(percent) => (true, percent),
        None => (false, rest),
    };
    let hundredths =
        hundredths_of(percent.trim().trim_end_matches('%').trim()).ok_or_else(wrong)?;
    let name = name.trim();
    if name.is_empty() {
        return Err(wrong());
    }
    let key: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    Ok(BandValue {
        key,
        name: name.to_owned(),
        from: [hundredths, 10_000],
        included,
    })
}

/// Hundredths of a percent in `8`, `8.5` or `8.25`.
fn hundredths_of(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    Some(whole * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_told_in_words() {
        assert_eq!(
            bands_in_words(register::default_bands()),
            "Full from 0%, Low above 0%, Watch from 5%, At risk above 8%, Persistent from 10%, Severe from 50% of sessions missed."
        );
    }

    #[test]
    fn sub_codes_are_read_a_line_each_and_only_beneath_codes_of_the_day() {
        let from = "2026-11-24".parse().expect("a day");
        let read = sub_codes_of("I  dental\n\n n phoned, no answer ", from).expect("two");
        let read: Vec<_> = read
            .iter()
            .map(|one| (one.code.as_str(), one.name.as_str()))
            .collect();
        assert_eq!(read, [("I", "dental"), ("N", "phoned, no answer")]);
        for wrong in ["dental", "H holiday", "I dental\nI Dental"] {
            assert!(sub_codes_of(wrong, from).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_band_is_read_as_it_is_shown() {
        let band = band_of("At risk > 8.25%").expect("a band");
        assert_eq!(
            (band.key.as_str(), band.from, band.included),
            ("at-risk", [825, 10_000], false)
        );
        assert!(band_of("Severe >= 50").expect("a band").included);
        assert!(band_of("Severe 50").is_err());
        assert!(band_of("> 50").is_err());
        assert!(band_of("Low > 1.234").is_err());
    }
}
