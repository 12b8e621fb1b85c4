//! What the school has decided, read by type: session times, codes of teachers, bands, who is new, reasons of amendments, who keeps the marks.
//!
//! A setting is JSON in the row; its shape stands with its type here. An act writes only what these readers can read, so a value
//! that they cannot read was put there by hand and is an error, never a default.

use calendar::{Cycle, Day, Session, TimeOfDay};
use register::closing::{SessionHours, SessionTimes, SessionTimesProblem};
use register::entry::EntryLimits;
use register::late_door::{LateLadder, LateLadderError, LateStep};
use register::missing_pupil::{SearchTimes, SearchTimesError};
use register::sub_code::{SubCode, SubCodes, SubCodesError};
use register::{Band, Bands, BandsError, Code, Threshold, default_bands};
use serde::{Deserialize, Serialize};
use store::{SchoolId, StoreError, Tx, args};
use welfare::face_to_face::{Intervals, LONGEST};
use welfare::ladder::{Due, Own, Step};
use welfare::tier::Tier;

use crate::book::Settings;
use crate::desk::Refusal;

/// The setting that holds [`SessionTimes`], as [`SessionTimesValue`].
pub const SESSION_TIMES: &str = "session_times";
/// The setting that holds the times of one day alone, as [`DayTimesValue`]; the day it begins on is that day.
pub const DAY_TIMES: &str = "day_times";
/// The setting that holds the codes that teachers may enter: `["/", "\\", "L", "N"]`.
pub const TEACHER_CODES: &str = "teacher_codes";
/// The setting that holds the school's own bands, as a list of [`BandValue`], least absence first.
pub const BANDS: &str = "bands";
/// The setting that holds for how many days a joiner is marked as new in registers: `14`.
pub const NEW_FOR_DAYS: &str = "new_for_days";
/// The setting that holds how many minutes before a lesson its register may be begun: `20`.
pub const LESSON_OPENS: &str = "lesson_register_opens";
/// The setting that holds the reasons offered while a mark is amended: `["Marked in error", …]`.
pub const AMENDMENT_REASONS: &str = "amendment_reasons";
/// The setting that holds the school's own sub-codes, as a list of [`SubCodeValue`].
pub const SUB_CODES: &str = "sub_codes";
/// The setting that holds how far ahead and back plans are watched, as [`PlanWatch`].
pub const PLAN_WATCH: &str = "plan_watch";
/// The setting that holds how the timetable goes round, as [`CycleValue`].
pub const TIMETABLE_CYCLE: &str = "timetable_cycle";
/// The setting that holds why pupils are late, as a list of [`LateReason`], in the order of their keys.
pub const LATE_REASONS: &str = "late_reasons";
/// The setting that holds what lateness leads to when it comes again, as [`LateLadderValue`].
pub const LATE_LADDER: &str = "late_ladder";
/// The setting that holds the school's own times of the contact ladder: `[{"step": "call", "tier": "green", "due": "+45"}]`.
pub const CONTACT_LADDER: &str = "contact_ladder";
/// The setting that holds how often a child is seen whose absence goes on, as [`FaceToFaceValue`].
pub const FACE_TO_FACE: &str = "face_to_face";
/// The setting that holds after how many minutes a claim on a home ends by itself: `10`.
pub const CLAIM_MINUTES: &str = "claim_minutes";
/// The setting that holds whether attendance administrators open evidence: `true`.
pub const EVIDENCE_DELEGATED: &str = "evidence_delegated";
/// The setting that holds by when somebody looks for a pupil who is missing from a lesson, and tells whom, as [`SearchTimesValue`].
pub const SEARCH_TIMES: &str = "search_times";
/// The setting that holds when the fire list is put on paper, as [`FireCopyValue`].
pub const FIRE_COPY: &str = "fire_copy";
/// The setting that holds [`AbsenceLineRules`].
pub const ABSENCE_LINE: &str = "absence_line";
/// The setting that holds [`Mode`].
pub const MODE: &str = "mode";

pub(crate) const SETTINGS: &str =
    "select name, from_day, value from setting where school_id = $1 and superseded_seq is null";

/// Every setting of the school as this transaction sees it.
///
/// For acts, which read what must be true from rows; a page has the same in its book.
pub fn settings(tx: &mut Tx, school: SchoolId) -> Result<Settings, StoreError> {
    let values = tx.query(SETTINGS, &args![school], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(Settings::new(values))
}

/// A setting that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The value has another shape.
    #[error("the setting “{name}” cannot be read: {reason}")]
    Shape {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Session times that no school may set.
    #[error("the session times cannot hold: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    SessionTimes(Vec<SessionTimesProblem>),
    /// Bands that leave a share of absence without a band, or with two.
    #[error("the bands cannot hold: {0}")]
    Bands(#[from] BandsError),
    /// Steps about lateness that do not climb.
    #[error("the steps about lateness cannot hold: {0}")]
    LateLadder(#[from] LateLadderError),
    /// Minutes of a search that cannot hold.
    #[error("the minutes of a search cannot hold: {0}")]
    SearchTimes(#[from] SearchTimesError),
    /// Sub-codes that no school can have.
    #[error("the sub-codes cannot hold: {0}")]
    SubCodes(#[from] SubCodesError),
}

impl From<SettingError> for Refusal {
    fn from(error: SettingError) -> Refusal {
        Refusal::Wrong(format!(
            "{error}. Ask an administrator to set it again under Settings."
        ))
    }
}

/// The clock times of one session as the setting has them: `{"opens": "08:40", "closes": "09:10", "ends": "12:20"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursValue {
    /// When taking the register begins.
    pub opens: TimeOfDay,
    /// When it closes.
    pub closes: TimeOfDay,
    /// When the session ends.
    pub ends: TimeOfDay,
}

/// Both sessions as the setting has them: `{"am": {…}, "pm": {…}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimesValue {
    /// The morning.
    pub am: HoursValue,
    /// The afternoon.
    pub pm: HoursValue,
}

impl From<HoursValue> for SessionHours {
    fn from(value: HoursValue) -> SessionHours {
        SessionHours {
            opens: value.opens,
            closes: value.closes,
            ends: value.ends,
        }
    }
}

impl From<SessionHours> for HoursValue {
    fn from(hours: SessionHours) -> HoursValue {
        HoursValue {
            opens: hours.opens,
            closes: hours.closes,
            ends: hours.ends,
        }
    }
}

impl SessionTimesValue {
    /// What the setting has of these times.
    pub fn of(times: &SessionTimes) -> SessionTimesValue {
        SessionTimesValue {
            am: times.of(Session::Am).into(),
            pm: times.of(Session::Pm).into(),
        }
    }

    /// The times from a day on.
    ///
    /// Errors: what the law does not allow of them (R-022).
    pub fn from_day(self, day: Day) -> Result<SessionTimes, SettingError> {
        SessionTimes::new(day, self.am.into(), self.pm.into()).map_err(SettingError::SessionTimes)
    }
}

impl Default for SessionTimesValue {
    /// Registers open at 08:40 and 13:30 for half an hour; the sessions end at 12:30 and 15:10.
    fn default() -> SessionTimesValue {
        let at = |hour, minute| {
            TimeOfDay::new(hour, minute, 0).expect("the times of a school day are clock times")
        };
        SessionTimesValue {
            am: HoursValue {
                opens: at(8, 40),
                closes: at(9, 10),
                ends: at(12, 30),
            },
            pm: HoursValue {
                opens: at(13, 30),
                closes: at(14, 0),
                ends: at(15, 10),
            },
        }
    }
}

/// The session times of one day alone, such as the last before the holidays, as the setting has them:
/// `{"am": {…}, "pm": {…}, "reason": "End of term"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTimesValue {
    /// The morning.
    pub am: HoursValue,
    /// The afternoon.
    pub pm: HoursValue,
    /// Why, as parents were told.
    pub reason: String,
}

/// The session times of a day: its own, where it has some, else those that usually hold then.
///
/// Errors: the setting cannot be read, or the law does not allow what it says (R-022).
pub fn session_times(settings: &Settings, day: Day) -> Result<SessionTimes, SettingError> {
    match day_times(settings, day)? {
        Some(DayTimesValue { am, pm, .. }) => SessionTimesValue { am, pm }.from_day(day),
        None => usual_times(settings, day),
    }
}

/// The session times that usually hold on a day, whatever the day's own; the product's where the school has set none by then.
///
/// Errors: as [`session_times`].
pub fn usual_times(settings: &Settings, day: Day) -> Result<SessionTimes, SettingError> {
    let value: SessionTimesValue = read(settings, SESSION_TIMES, day)?.unwrap_or_default();
    value.from_day(day)
}

/// The times of this day alone, if it has some.
///
/// Errors: the setting cannot be read.
pub fn day_times(settings: &Settings, day: Day) -> Result<Option<DayTimesValue>, SettingError> {
    let value = settings.of_day(DAY_TIMES, day);
    value
        .map(|value| serde_json::from_str(value).map_err(|error| shape(DAY_TIMES, &error)))
        .transpose()
}

/// Which codes teachers may enter on a day.
///
/// Errors: the setting cannot be read.
pub fn entry_limits(settings: &Settings, day: Day) -> Result<EntryLimits, SettingError> {
    let Some(codes) = read::<Vec<String>>(settings, TEACHER_CODES, day)? else {
        return Ok(EntryLimits::default());
    };
    let teacher_codes = codes
        .iter()
        .map(|code| {
            code.parse::<Code>()
                .map_err(|error| shape(TEACHER_CODES, &error))
        })
        .collect::<Result<_, _>>()?;
    Ok(EntryLimits { teacher_codes })
}

/// One band as the setting has it: `{"key": "watch", "name": "Watch", "from": [8, 100], "included": false}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandValue {
    /// The short name in files and addresses.
    pub key: String,
    /// The name on screens.
    pub name: String,
    /// The share of absence at which it begins: part, whole.
    pub from: [u64; 2],
    /// Whether that very share is in the band.
    pub included: bool,
}

/// The bands that hold on a day: the school's own, or the product's where it has set none (R-212).
///
/// Errors: the setting cannot be read, or leaves a share without a band.
pub fn bands(settings: &Settings, day: Day) -> Result<Bands, SettingError> {
    let Some(values) = read::<Vec<BandValue>>(settings, BANDS, day)? else {
        return Ok(default_bands().clone());
    };
    let bands = values
        .into_iter()
        .map(|value| {
            let [part, whole] = value.from;
            Band {
                key: value.key,
                name: value.name,
                begins: if value.included {
                    Threshold::from(part, whole)
                } else {
                    Threshold::above(part, whole)
                },
            }
        })
        .collect();
    Ok(Bands::new(day, None, bands)?)
}

/// Two school weeks.
const USUALLY_NEW_FOR_DAYS: u8 = 14;

/// The longest that a joiner can be marked as new: about a half-term.
pub const LONGEST_NEW: u8 = 60;

/// For how many calendar days from the starting day a joiner is marked as new to whoever takes the register, on this day; at nought only
/// the first day is told of.
///
/// Errors: the setting cannot be read, or is longer than [`LONGEST_NEW`].
pub fn new_for_days(settings: &Settings, day: Day) -> Result<u8, SettingError> {
    let days = read::<u8>(settings, NEW_FOR_DAYS, day)?.unwrap_or(USUALLY_NEW_FOR_DAYS);
    match days {
        0..=LONGEST_NEW => Ok(days),
        _ => Err(shape(
            NEW_FOR_DAYS,
            &format!("{days} days are more than {LONGEST_NEW}"),
        )),
    }
}

/// While pupils come in.
const USUALLY_OPENS: u8 = 20;

/// The longest before a lesson that its register may be begun, in minutes.
pub const LONGEST_BEFORE: u8 = 60;

/// How many minutes before a lesson or an examination its register may be begun on this day.
///
/// Errors: the setting cannot be read, or is longer than [`LONGEST_BEFORE`].
pub fn lesson_opens(settings: &Settings, day: Day) -> Result<u8, SettingError> {
    let minutes = read::<u8>(settings, LESSON_OPENS, day)?.unwrap_or(USUALLY_OPENS);
    match minutes {
        0..=LONGEST_BEFORE => Ok(minutes),
        _ => Err(shape(
            LESSON_OPENS,
            &format!("{minutes} minutes are more than {LONGEST_BEFORE}"),
        )),
    }
}

/// Reasons that an amendment usually has.
const USUAL_REASONS: [&str; 5] = [
    "Reason given by the parent",
    "Arrived after the register closed",
    "Marked in error",
    "Seen by a member of staff",
    "Register not taken in time",
];

/// The most reasons that are offered, and the most characters of each.
pub const MOST_REASONS: (usize, usize) = (12, 200);

/// The reasons that are offered on this day while a mark is amended (R-007); another can always be typed.
///
/// Errors: the setting cannot be read, has more reasons than [`MOST_REASONS`], or one that is empty or too long.
pub fn amendment_reasons(settings: &Settings, day: Day) -> Result<Vec<String>, SettingError> {
    let Some(reasons) = read::<Vec<String>>(settings, AMENDMENT_REASONS, day)? else {
        return Ok(USUAL_REASONS.map(str::to_owned).to_vec());
    };
    let (most, longest) = MOST_REASONS;
    if reasons.len() > most {
        return Err(shape(
            AMENDMENT_REASONS,
            &format!("there are more than {most} reasons"),
        ));
    }
    let is_sound = |reason: &String| !reason.trim().is_empty() && reason.chars().count() <= longest;
    if !reasons.iter().all(is_sound) {
        return Err(shape(
            AMENDMENT_REASONS,
            &format!("each reason has between 1 and {longest} characters"),
        ));
    }
    Ok(reasons)
}

/// Why a pupil is late, as the late door offers it on one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateReason {
    /// In the school's words.
    pub words: String,
    /// Whether lateness for this reason counts towards a sanction.
    pub counts: bool,
}

/// One key each: 1 to 9. And the most characters of a reason.
pub const MOST_LATE_REASONS: (usize, usize) = (9, 60);

/// Why pupils are late, in the order of the keys 1 to 9, on a day.
///
/// Rule: E-027; that a reason beyond the pupil's power counts for no sanction is the school's to say. Errors: the setting cannot be read, has
/// more than [`MOST_LATE_REASONS`], or one that is empty or too long.
pub fn late_reasons(settings: &Settings, day: Day) -> Result<Vec<LateReason>, SettingError> {
    let Some(reasons) = read::<Vec<LateReason>>(settings, LATE_REASONS, day)? else {
        let usual = [
            ("Overslept", true),
            ("Missed the bus or train", true),
            ("Bus or train late", false),
            ("Traffic", true),
            ("Brought a brother or sister to school", false),
            ("Appointment", false),
            ("Felt ill", true),
            ("No reason given", true),
        ];
        let usual = usual.map(|(words, counts)| LateReason {
            words: words.to_owned(),
            counts,
        });
        return Ok(usual.to_vec());
    };
    let (most, longest) = MOST_LATE_REASONS;
    let is_sound = |reason: &LateReason| {
        !reason.words.trim().is_empty() && reason.words.chars().count() <= longest
    };
    if reasons.len() > most || !reasons.iter().all(is_sound) {
        let wrong = format!("at most {most} reasons, each of 1 to {longest} characters");
        return Err(shape(LATE_REASONS, &wrong));
    }
    Ok(reasons)
}

/// What lateness leads to as the setting has it: `{"window": 10, "steps": [{"lates": 2, "does": "Tutor speaks with the pupil"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateLadderValue {
    /// School days that count, today among them.
    pub window: u32,
    /// The steps, lowest first.
    pub steps: Vec<LateStepValue>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateStepValue {
    /// From so many times on.
    pub lates: u32,
    /// What is done.
    pub does: String,
}

/// What lateness leads to on a day when it comes again: the product's steps where the school has set none (E-028).
///
/// Errors: the setting cannot be read, or its steps do not climb.
pub fn late_ladder(settings: &Settings, day: Day) -> Result<LateLadder, SettingError> {
    let Some(value) = read::<LateLadderValue>(settings, LATE_LADDER, day)? else {
        return Ok(LateLadder::default());
    };
    let steps = value.steps.into_iter().map(|step| LateStep {
        lates: step.lates,
        does: step.does,
    });
    Ok(LateLadder::new(value.window, steps.collect())?)
}

/// The minutes of a search as the setting has them: `{"on_call": 0, "safeguarding_lead": 15, "parent": 20}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchTimesValue {
    /// Until whoever is on call looks.
    pub on_call: u16,
    /// Until the safeguarding lead is told.
    pub safeguarding_lead: u16,
    /// Until a parent is told.
    pub parent: u16,
}

/// By when somebody looks for a pupil who is missing from a lesson, and tells whom, on a day: the product's minutes where the school has set none
/// (E-029).
///
/// Errors: the setting cannot be read, or its minutes do not climb or are later than an hour.
pub fn search_times(settings: &Settings, day: Day) -> Result<SearchTimes, SettingError> {
    let Some(value) = read::<SearchTimesValue>(settings, SEARCH_TIMES, day)? else {
        return Ok(SearchTimes::default());
    };
    let times = SearchTimes::new(value.on_call, value.safeguarding_lead, value.parent);
    Ok(times?)
}

/// When the fire list is put on paper by itself: `{"minutes": 2}`, or never: `{"minutes": null}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FireCopyValue {
    /// So many minutes after the registers close; none for never.
    pub minutes: Option<u8>,
}

/// The latest that a fire list is put on paper after the registers close: an hour.
pub const LATEST_FIRE_COPY: u8 = 60;

/// When the fire list is put on paper by itself on a day: two minutes after the registers close where the school has said nothing.
///
/// Rule: cap 63 (a printed fallback each session). Errors: the setting cannot be read, or is later than [`LATEST_FIRE_COPY`].
pub fn fire_copy(settings: &Settings, day: Day) -> Result<FireCopyValue, SettingError> {
    let usual = FireCopyValue { minutes: Some(2) };
    let value = read::<FireCopyValue>(settings, FIRE_COPY, day)?.unwrap_or(usual);
    match value.minutes {
        Some(minutes) if minutes > LATEST_FIRE_COPY => Err(shape(
            FIRE_COPY,
            &format!("at most {LATEST_FIRE_COPY} minutes after the registers close"),
        )),
        _ => Ok(value),
    }
}

/// One time of the contact ladder as the setting has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderValue {
    /// The step.
    pub step: Step,
    /// For whom.
    pub tier: Tier,
    /// By when, in the words of [`Due`].
    pub due: String,
}

/// What the school has decided in place of the default contact ladder on a day (E-016).
///
/// Errors: the setting cannot be read.
pub fn own_ladder(settings: &Settings, day: Day) -> Result<Vec<Own>, SettingError> {
    let own = read::<Vec<LadderValue>>(settings, CONTACT_LADDER, day)?.unwrap_or_default();
    own.into_iter()
        .map(|value| {
            let due: Due = value
                .due
                .parse()
                .map_err(|error| shape(CONTACT_LADDER, &error))?;
            Ok(Own {
                step: value.step,
                tier: value.tier,
                due,
            })
        })
        .collect()
}

/// Within how many school days a child of each tier is seen while an absence goes on: `{"red": 1, "amber": 3, "green": 5}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceToFaceValue {
    /// Red.
    pub red: u8,
    /// Amber.
    pub amber: u8,
    /// Green.
    pub green: u8,
}

/// How often a child is seen face to face on a day while an absence goes on: the usual numbers where the school has set none (E-017).
///
/// Errors: the setting cannot be read, is none or more than ten school days, or asks to see a more urgent child less often.
pub fn face_to_face(settings: &Settings, day: Day) -> Result<Intervals, SettingError> {
    let value = read::<FaceToFaceValue>(settings, FACE_TO_FACE, day)?;
    let own = value.map(|value| [value.red, value.amber, value.green]);
    let may_be = |days: &u8| (1..=LONGEST).contains(days);
    match own {
        Some(own) if !own.iter().all(may_be) || !own.is_sorted() => Err(shape(
            FACE_TO_FACE,
            &format!("from 1 to {LONGEST} school days, red the soonest and green the latest"),
        )),
        own => Ok(Intervals::on(day, own)),
    }
}

/// A call with its note takes no longer.
const USUAL_CLAIM: u8 = 10;

/// The longest that a claim may last by itself: an hour.
pub const LONGEST_CLAIM: u8 = 60;

/// After how many minutes a claim on a home ends by itself on a day (E-032).
///
/// Errors: the setting cannot be read, or is none or more than [`LONGEST_CLAIM`].
pub fn claim_minutes(settings: &Settings, day: Day) -> Result<u8, SettingError> {
    let minutes = read::<u8>(settings, CLAIM_MINUTES, day)?.unwrap_or(USUAL_CLAIM);
    match minutes {
        1..=LONGEST_CLAIM => Ok(minutes),
        _ => Err(shape(
            CLAIM_MINUTES,
            &format!("a claim lasts between 1 and {LONGEST_CLAIM} minutes"),
        )),
    }
}

/// How far the absence line believes and waits, as the setting has it:
/// `{"believed_days": 7, "reports_by_link": 20, "overdue_minutes": 30}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceLineRules {
    /// An absence that is told for more days than these is looked at before its code is entered; first and last counted.
    pub believed_days: u8,
    /// So many reports come by one family's link in a day.
    pub reports_by_link: u16,
    /// A report about nobody yet is overdue after so many minutes.
    pub overdue_minutes: u16,
}

impl Default for AbsenceLineRules {
    /// A week; twenty reports; half an hour.
    fn default() -> AbsenceLineRules {
        AbsenceLineRules {
            believed_days: 7,
            reports_by_link: 20,
            overdue_minutes: 30,
        }
    }
}

/// The most that each rule of the absence line may be; each is at least one.
pub const MOST_OF_ABSENCE_LINE: AbsenceLineRules = AbsenceLineRules {
    believed_days: 30,
    reports_by_link: 200,
    overdue_minutes: 480,
};

/// How far the absence line believes and waits on a day (E-014).
///
/// Errors: the setting cannot be read, or a rule is none or more than [`MOST_OF_ABSENCE_LINE`].
pub fn absence_line_rules(settings: &Settings, day: Day) -> Result<AbsenceLineRules, SettingError> {
    let rules: AbsenceLineRules = read(settings, ABSENCE_LINE, day)?.unwrap_or_default();
    let most = MOST_OF_ABSENCE_LINE;
    let holds = (1..=most.believed_days).contains(&rules.believed_days)
        && (1..=most.reports_by_link).contains(&rules.reports_by_link)
        && (1..=most.overdue_minutes).contains(&rules.overdue_minutes);
    match holds {
        true => Ok(rules),
        false => Err(shape(
            ABSENCE_LINE,
            &"each rule is at least one, and at most 30 days, 200 reports, 480 minutes",
        )),
    }
}

/// Whether attendance administrators open evidence on a day, and not only file it (B-440). Not where the school has decided nothing.
///
/// Errors: the setting cannot be read.
pub fn evidence_is_delegated(settings: &Settings, day: Day) -> Result<bool, SettingError> {
    Ok(read::<bool>(settings, EVIDENCE_DELEGATED, day)?.unwrap_or(false))
}

/// One sub-code as the setting has it: `{"code": "I", "name": "dental"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubCodeValue {
    /// The statutory code above it.
    pub code: String,
    /// What the school calls it.
    pub name: String,
}

/// The school's own sub-codes on a day (R-141): none where it has decided on none by then.
///
/// Errors: the setting cannot be read, or has sub-codes that no school can have.
pub fn sub_codes(settings: &Settings, day: Day) -> Result<SubCodes, SettingError> {
    let values = read::<Vec<SubCodeValue>>(settings, SUB_CODES, day)?.unwrap_or_default();
    let sub_codes = values
        .into_iter()
        .map(|value| {
            let code = value.code.parse::<Code>();
            Ok(SubCode {
                code: code.map_err(|error| shape(SUB_CODES, &error))?,
                name: value.name,
            })
        })
        .collect::<Result<Vec<_>, SettingError>>()?;
    Ok(SubCodes::new(sub_codes)?)
}

/// Who keeps the legal record (I-001): `"register_holder"`, `"alongside"` or `"alongside_marks_here"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Rollbook is the attendance register; roll and marks are kept here.
    #[default]
    RegisterHolder,
    /// Another system is; its roll and marks are read, and nothing of them is changed here.
    Alongside,
    /// Another system keeps the roll; the school has chosen that marks are made here.
    AlongsideMarksHere,
}

impl Mode {
    /// Whether marks are entered here.
    pub fn marks_here(self) -> bool {
        self != Mode::Alongside
    }

    /// Whether pupils, contacts and groups are changed here.
    pub fn roll_here(self) -> bool {
        self == Mode::RegisterHolder
    }
}

/// Who keeps the legal record on a day.
///
/// Errors: the setting cannot be read.
pub fn mode(settings: &Settings, day: Day) -> Result<Mode, SettingError> {
    Ok(read(settings, MODE, day)?.unwrap_or_default())
}

/// How far ahead and back plans are watched: `{"told_ahead": 5, "drift_back": 20}`. Units: school days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanWatch {
    /// What falls due within so many school days is told.
    pub told_ahead: u8,
    /// So many school days back marks are held against plans.
    pub drift_back: u8,
}

impl Default for PlanWatch {
    /// A school week ahead, four back.
    fn default() -> PlanWatch {
        PlanWatch {
            told_ahead: 5,
            drift_back: 20,
        }
    }
}

/// The furthest that plans are watched: about a half-term ahead, and a term back.
pub const FURTHEST_WATCH: PlanWatch = PlanWatch {
    told_ahead: 30,
    drift_back: 60,
};

/// How far ahead and back plans are watched on this day.
///
/// Errors: the setting cannot be read, has no day at all, or more than [`FURTHEST_WATCH`].
pub fn plan_watch(settings: &Settings, day: Day) -> Result<PlanWatch, SettingError> {
    let watch = read::<PlanWatch>(settings, PLAN_WATCH, day)?.unwrap_or_default();
    let (ahead, back) = (FURTHEST_WATCH.told_ahead, FURTHEST_WATCH.drift_back);
    match (1..=ahead).contains(&watch.told_ahead) && (1..=back).contains(&watch.drift_back) {
        true => Ok(watch),
        false => Err(shape(
            PLAN_WATCH,
            &format!(
                "plans are watched from 1 to {ahead} school days ahead and from 1 to {back} back"
            ),
        )),
    }
}

/// How the timetable goes round as the setting has it: `{"weeks": 2, "week_a": "2026-09-07", "skips_holidays": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleValue {
    /// One week or two.
    pub weeks: u8,
    /// A day in a week A.
    pub week_a: Day,
    /// Whether weeks without school are passed over.
    pub skips_holidays: bool,
}

/// How the timetable goes round on a day: every week the same where the school has decided nothing by then.
///
/// Errors: the setting cannot be read, or says more than two weeks.
pub fn cycle(settings: &Settings, day: Day) -> Result<Cycle, SettingError> {
    let Some(value) = read::<CycleValue>(settings, TIMETABLE_CYCLE, day)? else {
        return Ok(Cycle::Weekly);
    };
    match value.weeks {
        1 => Ok(Cycle::Weekly),
        2 => Ok(Cycle::Fortnightly {
            week_a: value.week_a,
            skips_holidays: value.skips_holidays,
        }),
        weeks => Err(shape(
            TIMETABLE_CYCLE,
            &format!("a timetable of {weeks} weeks is not known, only of one or two"),
        )),
    }
}

fn read<T: serde::de::DeserializeOwned>(
    settings: &Settings,
    name: &'static str,
    day: Day,
) -> Result<Option<T>, SettingError> {
    settings
        .on(name, day)
        .map(|value| serde_json::from_str(value).map_err(|error| shape(name, &error)))
        .transpose()
}

fn shape(name: &'static str, error: &impl std::fmt::Display) -> SettingError {
    SettingError::Shape {
        name,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a test writes real days")
    }

    fn decided(name: &str, from: &str, value: &str) -> Settings {
        Settings::new(vec![(name.to_owned(), day(from), value.to_owned())])
    }

    #[test]
    fn a_school_that_has_decided_nothing_has_the_usual_settings() {
        let none = Settings::default();
        let today = day("2026-11-24");
        let am = session_times(&none, today).expect("usual").of(Session::Am);
        assert_eq!(
            (am.opens.to_string(), am.closes.to_string()),
            ("08:40".into(), "09:10".into())
        );
        assert_eq!(
            entry_limits(&none, today).expect("usual"),
            EntryLimits::default()
        );
        assert_eq!(bands(&none, today).expect("usual"), *default_bands());
        assert_eq!(mode(&none, today).expect("usual"), Mode::RegisterHolder);
    }

    #[test]
    fn session_times_hold_from_their_day_and_not_the_day_before() {
        let mut later = SessionTimesValue::default();
        later.am.opens = "08:45".parse().expect("a clock time");
        later.am.closes = "09:15".parse().expect("a clock time");
        let text = serde_json::to_string(&later).expect("a value is JSON");
        let settings = decided(SESSION_TIMES, "2026-11-24", &text);
        let opens = |on| {
            let times = session_times(&settings, day(on)).expect("lawful");
            times.of(Session::Am).opens.to_string()
        };
        assert_eq!(opens("2026-11-24"), "08:45");
        assert_eq!(opens("2026-11-23"), "08:40");
    }

    #[test]
    fn times_of_one_day_hold_on_that_day_alone() {
        let mut short = DayTimesValue {
            am: SessionTimesValue::default().am,
            pm: HoursValue {
                opens: "12:00".parse().expect("a clock time"),
                closes: "12:30".parse().expect("a clock time"),
                ends: "12:30".parse().expect("a clock time"),
            },
            reason: "End of term".to_owned(),
        };
        short.am.ends = "12:00".parse().expect("a clock time");
        let text = serde_json::to_string(&short).expect("a value is JSON");
        let settings = decided(DAY_TIMES, "2026-12-18", &text);
        let opens = |on| {
            let times = session_times(&settings, day(on)).expect("lawful");
            times.of(Session::Pm).opens.to_string()
        };
        assert_eq!(opens("2026-12-17"), "13:30");
        assert_eq!(opens("2026-12-18"), "12:00");
        assert_eq!(opens("2026-12-19"), "13:30");
        let usual = usual_times(&settings, day("2026-12-18")).expect("lawful");
        assert_eq!(usual.of(Session::Pm).opens.to_string(), "13:30");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_an_error_and_not_a_default() {
        let today = day("2026-11-24");
        assert!(session_times(&decided(SESSION_TIMES, "2026-09-01", "{}"), today).is_err());
        assert!(session_times(&decided(DAY_TIMES, "2026-11-24", "{}"), today).is_err());
        assert!(entry_limits(&decided(TEACHER_CODES, "2026-09-01", "[\"four\"]"), today).is_err());
        assert!(bands(&decided(BANDS, "2026-09-01", "[]"), today).is_err());
        assert!(mode(&decided(MODE, "2026-09-01", "\"neither\""), today).is_err());
        for watch in [
            r#"{"told_ahead": 0, "drift_back": 20}"#,
            r#"{"told_ahead": 31, "drift_back": 20}"#,
            r#"{"told_ahead": 5, "drift_back": 61}"#,
            "5",
        ] {
            let settings = decided(PLAN_WATCH, "2026-09-01", watch);
            assert!(plan_watch(&settings, today).is_err(), "{watch}");
        }
        for days in ["61", "-1", "\"14\""] {
            assert!(new_for_days(&decided(NEW_FOR_DAYS, "2026-09-01", days), today).is_err());
            assert!(lesson_opens(&decided(LESSON_OPENS, "2026-09-01", days), today).is_err());
        }
        let thirteen = serde_json::to_string(&["Late bus"; 13]).expect("JSON");
        for reasons in ["[\" \"]", thirteen.as_str(), "\"Late bus\""] {
            let settings = decided(AMENDMENT_REASONS, "2026-09-01", reasons);
            assert!(amendment_reasons(&settings, today).is_err(), "{reasons}");
        }
    }

    #[test]
    fn who_is_new_and_the_reasons_offered_hold_from_their_day_and_not_the_day_before() {
        let (before, from) = (day("2026-11-23"), day("2026-11-24"));
        let settings = decided(NEW_FOR_DAYS, "2026-11-24", "0");
        assert_eq!(new_for_days(&settings, before).expect("usual"), 14);
        assert_eq!(new_for_days(&settings, from).expect("decided"), 0);
        let settings = decided(AMENDMENT_REASONS, "2026-11-24", r#"["Late bus"]"#);
        assert_eq!(
            amendment_reasons(&settings, before).expect("usual"),
            USUAL_REASONS
        );
        assert_eq!(
            amendment_reasons(&settings, from).expect("decided"),
            ["Late bus"]
        );
    }

    #[test]
    fn a_school_sets_its_own_codes_bands_and_mode() {
        let today = day("2026-11-24");
        let limits = entry_limits(
            &decided(TEACHER_CODES, "2026-09-01", r#"["/", "I"]"#),
            today,
        );
        assert_eq!(limits.expect("codes").teacher_codes.len(), 2);
        let own = r#"[{"key":"full","name":"Full","from":[0,1],"included":true},{"key":"low","name":"Low","from":[1,10],"included":true}]"#;
        assert_eq!(
            bands(&decided(BANDS, "2026-09-01", own), today)
                .expect("bands")
                .bands()
                .len(),
            2
        );
        let alongside = mode(&decided(MODE, "2026-09-01", "\"alongside\""), today).expect("a mode");
        assert!(!alongside.marks_here() && !alongside.roll_here());
    }
}
