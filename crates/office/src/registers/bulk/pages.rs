//! The addresses of changes to many marks: the list, a new one with its preview, one of them, and its undo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form as Posted, Router};
use calendar::{Day, Session, Slot, Weekday};
use register::plan::PlannedSessions;
use register::{Code, code_help, code_rows, meaning};
use store::Tx;

use super::change::{Done, change};
use super::choice::{Choice, EntryCode, OverPlans, Which, Whom, is_protected};
use super::foresee::{Foresight, Why, foresee};
use super::list::{MarkSet, marks_table, must_read_all, set_now, sets, table};
use super::undo::{SetMark, Undone, marks_of, undo};
use super::{closure_pages, keeps_all_registers, office_role, who};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Help, Part, Wrongs, hidden};
use crate::ids::{EnrolmentId, GroupId, MarkSetId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Order, TableView, counted};
use crate::people::Actor;
use crate::registers::history::cell;
use crate::registers::save::LONGEST_TEXT;
use crate::shell::{
    Choice as Answer, Facts, Field, Frame, MarkCell, Notice, Page, State, moment, page,
};
use crate::year::settings::sub_codes;

/// The addresses of this folder.
pub(in crate::registers) fn routes() -> Router<Arc<Office>> {
    Router::new()
        .route("/many-marks", get(list))
        .route("/many-marks/new", get(ask_new).post(answer_new))
        .route(
            "/many-marks/closure",
            get(closure_pages::ask_closure).post(closure_pages::answer_closure),
        )
        .route("/many-marks/{set}", get(one))
        .route(
            "/many-marks/{set}/reopen",
            get(closure_pages::ask_reopening).post(closure_pages::answer_reopening),
        )
        .route("/many-marks/{set}/undo", post(answer_undo))
}

// The list ------------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "registers/bulk/list.html")]
struct ListPage {
    frame: Frame,
    table: TableView,
    empty: State,
    may_change: bool,
}

/// `/many-marks`: every change of many marks, newest first.
async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_read_all(actor)?;
        let rows = table(&asked, sets(tx, actor)?);
        let sort = match asked.sort.is_empty() {
            true => "-at".to_owned(),
            false => asked.sort.clone(),
        };
        let page = ListPage {
            frame: here.frame(tx, actor, "Changes of many marks")?,
            table: rows.view("/many-marks", &asked, &sort, "changes"),
            empty: State::empty(
                "No change yet",
                "A change of many marks at once stays here, with who made it and why, and can be undone.",
            ),
            may_change: keeps_all_registers(actor),
        };
        Ok(Page(page).into_response())
    })
    .await
}

// A new change --------------------------------------------------------------------------------------------------------

/// Whose marks the answers choose, and in words; none where they choose nobody who is there.
fn whom(book: &Book, answers: &Answers) -> Option<(Whom, String)> {
    let places = places(answers);
    if !places.is_empty() {
        let words = match places.len() {
            1 => "1 mark".to_owned(),
            many => format!("{many} marks"),
        };
        return Some((Whom::Places(places), words));
    }
    let pupils = pupils(answers);
    if !pupils.is_empty() {
        let known: Vec<_> = pupils
            .iter()
            .filter_map(|id| book.roll.pupil(*id))
            .collect();
        if known.is_empty() {
            return None;
        }
        // No name: it stands in the list of changes, which names nobody.
        let words = counted(known.len(), "pupils");
        return Some((Whom::Pupils(pupils), words));
    }
    match answers.text("whom") {
        "school" => Some((Whom::School, "Whole school".to_owned())),
        text => {
            let id = GroupId(text.strip_prefix("group-")?.parse().ok()?);
            let group = book.groups.group(id)?;
            Some((Whom::Groups([id].into()), group_in_words(group)))
        }
    }
}

/// `Year 7`, `Tutor group 8A`.
pub(super) fn group_in_words(group: &crate::book::Group) -> String {
    match group.kind {
        GroupKind::Year => group.name.clone(),
        other => format!("{} {}", other.label(), group.name),
    }
}

/// The pupils whom a list ticked (`pupil=7&pupil=9`) or the form carries (`pupils=7,9`).
fn pupils(answers: &Answers) -> BTreeSet<PupilId> {
    let carried = answers.text("pupils").split(',');
    let ticked = answers.all("pupil");
    carried
        .chain(ticked)
        .filter_map(|text| text.trim().parse().ok().map(PupilId))
        .collect()
}

/// The places that a list ticked (`place=207-2026-11-24-AM`) or the form carries, with a comma between.
fn places(answers: &Answers) -> BTreeSet<(EnrolmentId, Slot)> {
    let carried = answers.text("places").split(',');
    carried
        .chain(answers.all("place"))
        .filter_map(place)
        .collect()
}

fn place(text: &str) -> Option<(EnrolmentId, Slot)> {
    let (enrolment, rest) = text.trim().split_once('-')?;
    let (day, session) = rest.rsplit_once('-')?;
    let slot = Slot::new(day.parse().ok()?, session.parse().ok()?);
    Some((EnrolmentId(enrolment.parse().ok()?), slot))
}

/// As a form carries a place.
pub(in crate::registers) fn place_in_words((enrolment, slot): (EnrolmentId, Slot)) -> String {
    format!("{enrolment}-{}-{}", slot.day, slot.session)
}

/// The groups of this year to choose from: year groups first, then the others by name.
pub(super) fn groups(book: &Book, today: Day) -> Vec<Answer> {
    let year = i64::from(book.calendar.school_year_of(today).first_year());
    let mut groups: Vec<_> = book
        .groups
        .groups
        .iter()
        .filter(|group| group.first_year.is_none_or(|first| first == year))
        .collect();
    groups.sort_by_key(|group| {
        let first = group.kind != GroupKind::Year;
        (first, group.kind, Order::words(&group.name))
    });
    groups
        .into_iter()
        .map(|group| Answer::new(format!("group-{}", group.id), group_in_words(group)))
        .collect()
}

/// Every code that may be entered for many on this day: present first, then as the law lists them.
fn codes(today: Day) -> Vec<Answer> {
    let short = |code: Code| {
        let help = code_help().iter().find(|help| help.code == code);
        help.map(|help| help.short_name.to_lowercase())
    };
    let live = code_rows()
        .iter()
        .filter(|row| meaning(row.code, today).is_ok_and(|now| std::ptr::eq(now, *row)))
        .filter(|row| !["/", "\\", "Z", "#"].contains(&row.code.as_str()));
    let mut choices = vec![
        Answer::new("", "Choose a code"),
        Answer::new("present", "/ \\, present"),
    ];
    choices.extend(live.map(|row| {
        let label = match short(row.code) {
            Some(short) => format!("{}, {short}", row.code),
            None => row.code.to_string(),
        };
        Answer::new(row.code.to_string(), label)
    }));
    choices
}

/// The school's own sub-codes to choose from: `I, dental`.
fn sub_code_field(book: &Book, today: Day) -> Field {
    let ours = sub_codes(&book.settings, today).unwrap_or_default();
    let mut choices = vec![Answer::new("", "None")];
    choices.extend(ours.all().iter().map(|one| {
        let words = format!("{}, {}", one.code, one.name);
        Answer::new(words.clone(), words)
    }));
    Field::select("sub_code", "Sub-code", choices)
        .hint("The school's own part of what the code covers; it changes no figure (R-141).")
        .optional()
}

/// The sub-code that was chosen; wrong where it belongs to another code.
fn sub_code(answers: &Answers, code: Option<EntryCode>, wrongs: &mut Wrongs) -> Option<String> {
    let chosen = answers.given("sub_code")?;
    let (of, name) = chosen.split_once(", ")?;
    let is_of_code = code.is_none_or(|code| match code {
        EntryCode::Present => false,
        EntryCode::One(code) => code.as_str() == of,
    });
    if !is_of_code {
        wrongs.add(
            "sub_code",
            format!("“{name}” is a sub-code of {of} (R-141). Choose that code, or none."),
        );
    }
    Some(name.to_owned())
}

/// The form of a new change. `fresh` fills in what is usual.
fn new_form(book: &Book, answers: &Answers, today: Day, fresh: bool) -> FormPage {
    let starts = |field: Field, value: &str| match fresh && answers.text(&field.name).is_empty() {
        true => field.value(value.to_owned()),
        false => field,
    };
    let (pupils, places) = (pupils(answers), places(answers));
    let whose = whom(book, answers).map(|(_, words)| words);
    let ticked = !pupils.is_empty() || !places.is_empty();
    let mut parts = Vec::new();
    if ticked {
        let pupils: Vec<String> = pupils.iter().map(PupilId::to_string).collect();
        let places: Vec<String> = places.into_iter().map(place_in_words).collect();
        parts.push(Part::new(
            "",
            vec![
                hidden("pupils", pupils.join(",")),
                hidden("places", places.join(",")),
                hidden("back", answers.text("back")),
            ],
        ));
    } else {
        let mut choices = vec![
            Answer::new("", "Choose whom"),
            Answer::new("school", "Whole school"),
        ];
        choices.extend(groups(book, today));
        parts.push(
            Part::new("Whose marks", vec![Field::select("whom", "Whom", choices)])
                .about("For pupils who are in no group together, tick them on a list of pupils and choose “Change their marks” there."),
        );
    }
    let mut when = vec![
        starts(Field::day("first", "First day"), &today.to_string()),
        Field::day("last", "Last day")
            .hint("Empty: the first day only.")
            .optional(),
    ];
    if answers.text("at").is_empty() {
        let choices = vec![
            Answer::new("both", "Mornings and afternoons"),
            Answer::new("am", "Mornings only"),
            Answer::new("pm", "Afternoons only"),
        ];
        when.push(starts(
            Field::radios("sessions", "Sessions", choices),
            "both",
        ));
    } else {
        when = vec![
            Field::line("at", "Sessions")
                .hint("As they were selected: a day and AM or PM, with a space between.")
                .value(answers.text("at").to_owned()),
        ];
    }
    if !places_are_given(answers) {
        parts.push(Part::new("When", when));
    }
    let hinted = |value: &'static str, label: &'static str, hint: &'static str| Answer {
        hint: hint.into(),
        ..Answer::new(value, label)
    };
    let which = vec![
        hinted(
            "blank",
            "Sessions without a mark",
            "Marks that stand are left alone.",
        ),
        hinted(
            "codes",
            "Marks of these codes",
            "Write them below; the word blank stands for a session without a mark.",
        ),
        hinted(
            "unprotected",
            "Every mark but those that say where a pupil was",
            "Present, late, education off site, D and E are left alone, and listed.",
        ),
        hinted(
            "every",
            "Every mark",
            "Nothing is kept back but what a rule or a plan locks.",
        ),
    ];
    parts.push(Part::new(
        "Which of their marks",
        vec![
            starts(Field::radios("which", "What is changed", which), "blank"),
            Field::line("codes", "Codes")
                .short()
                .hint("Such as: N O, or N blank.")
                .optional(),
            form::tick("over_plans", "Also sessions for which something is planned")
                .hint("Else a plan locks its sessions (R-029, R-032).")
                .optional(),
        ],
    ));
    parts.push(Part::new(
        "What is entered",
        vec![
            Field::select("code", "Code", codes(today)),
            sub_code_field(book, today),
            Field::line("note", "Note")
                .hint("Kept with each mark. B, K and Y7 need one, and codes that rest on a record (R-142).")
                .optional(),
            Field::line("reason", "Reason for the change").hint("Kept with each mark and in the journal (R-007)."),
        ],
    ));
    let form = FormPage::new(
        "Change many marks",
        ("/many-marks", "Changes of many marks"),
        "See what it changes",
        parts,
    )
    .about("Nothing is saved yet: the next page counts every mark that changes, from which code to which, and says who is left alone and why.")
    .help(vec![Help {
        heading: "What it never does".to_owned(),
        lines: vec![
            "It marks nobody on a day without a session, off roll or boarding (R-402, R-218, R-219, R-011).".to_owned(),
            "It enters no code that the day, the session or the pupil's age does not allow: X only for pupils who are not of compulsory school age, C2 only for those who are (R-113, R-115, R-140).".to_owned(),
            "It overwrites nothing: what stood is kept with the reason, and the whole change can be undone (R-007).".to_owned(),
        ],
    }]);
    match whose.filter(|_| ticked) {
        Some(whose) => form.of(whose),
        None => form,
    }
}

fn places_are_given(answers: &Answers) -> bool {
    !places(answers).is_empty()
}

/// The choice that the answers describe; none, with what is wrong, where they describe none.
fn read(book: &Book, answers: &Answers, wrongs: &mut Wrongs) -> Option<(Choice, String)> {
    let whom = whom(book, answers);
    if whom.is_none() {
        wrongs.add("whom", "Choose whose marks are changed.");
    }
    let span = span(answers, whom.as_ref().map(|(whom, _)| whom), wrongs);
    let which = which(answers, wrongs);
    let code = match answers.text("code") {
        "" => {
            wrongs.add("code", "Choose what is entered.");
            None
        }
        "present" => Some(EntryCode::Present),
        text => match text.parse() {
            Ok(code) => Some(EntryCode::One(code)),
            Err(error) => {
                wrongs.add("code", format!("{error}."));
                None
            }
        },
    };
    let reason = answers.reason(wrongs);
    let sub_code = sub_code(answers, code, wrongs);
    for name in ["note", "reason"] {
        let text = answers.text(name);
        if text.chars().count() > LONGEST_TEXT || text.contains('\0') {
            wrongs.add(name, "This is longer than 500 characters. Shorten it.");
        }
    }
    let (whom, words) = whom?;
    let (first, last, sessions) = span?;
    let choice = Choice {
        whom,
        first,
        last,
        sessions,
        which: which?,
        over_plans: match answers.ticked("over_plans") {
            true => OverPlans::Yes,
            false => OverPlans::No,
        },
        code: code?,
        note: answers.given("note"),
        sub_code,
        reason,
    };
    wrongs.is_empty().then_some((choice, words))
}

/// First day, last day and which sessions between them.
fn span(
    answers: &Answers,
    whom: Option<&Whom>,
    wrongs: &mut Wrongs,
) -> Option<(Day, Day, PlannedSessions)> {
    if let Some(Whom::Places(places)) = whom {
        let days = || places.iter().map(|(_, slot)| slot.day);
        return Some((days().min()?, days().max()?, PlannedSessions::all()));
    }
    if !answers.text("at").is_empty() {
        return match answers.text("at").parse() {
            Ok(PlannedSessions::Listed(slots)) => {
                let (first, last) = (slots.first()?.day, slots.last()?.day);
                Some((first, last, PlannedSessions::Listed(slots)))
            }
            _ => {
                wrongs.add(
                    "at",
                    "Write each session as 2026-11-24-AM, with a space between.",
                );
                None
            }
        };
    }
    let first = answers.day("first", wrongs);
    let last = answers.day_if_given("last", wrongs).or(first);
    let (first, last) = (first?, last?);
    if last < first {
        wrongs.add("last", "The last day is before the first.");
        return None;
    }
    let wanted: Vec<Session> = match answers.text("sessions") {
        "am" => vec![Session::Am],
        "pm" => vec![Session::Pm],
        _ => Session::BOTH.to_vec(),
    };
    let weekdays = (0..7).filter_map(Weekday::from_index);
    let all = weekdays.flat_map(|day| wanted.iter().map(move |session| (day, *session)));
    Some((first, last, PlannedSessions::Weekly(all.collect())))
}

fn which(answers: &Answers, wrongs: &mut Wrongs) -> Option<Which> {
    match answers.text("which") {
        "unprotected" => return Some(Which::Unprotected),
        "every" => return Some(Which::Every),
        "codes" => {}
        _ => return Some(Which::Blank),
    }
    let (mut codes, mut blank) = (BTreeSet::new(), false);
    let words = answers.text("codes").split([' ', ',']);
    for word in words.filter(|word| !word.is_empty()) {
        if word.eq_ignore_ascii_case("blank") {
            blank = true;
            continue;
        }
        match word.parse::<Code>() {
            Ok(code) => drop(codes.insert(code)),
            Err(error) => wrongs.add("codes", format!("{error}.")),
        }
    }
    if codes.is_empty() && !blank {
        wrongs.add("codes", "Write the codes that are changed, such as: N O.");
        return None;
    }
    Some(Which::Codes { codes, blank })
}

/// `/many-marks/new`.
async fn ask_new(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        office_role(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok(new_form(&book, &asked, today, true).filled(&asked, &Wrongs::default()))
    })
    .await
}

/// `POST /many-marks/new`: the form again with what is wrong, the preview, or the change made.
async fn answer_new(desk: Desk, Posted(mut answers): Posted<Answers>) -> Result<Response, Problem> {
    // As it may be typed: a slash of either kind is present, and small letters are capitals.
    match answers.text("code").to_uppercase().as_str() {
        "" | "PRESENT" => {}
        "/" | "\\" => answers.set("code", "present".to_owned()),
        code => answers.set("code", code.to_owned()),
    }
    let here = desk.clone();
    let given = answers.clone();
    let looked = desk
        .read(move |tx, actor| {
            office_role(actor)?;
            let book = here.office.shelf.book(tx, actor.school)?;
            let mut wrongs = Wrongs::default();
            let choice = read(&book, &given, &mut wrongs);
            Ok(choice.filter(|_| given.text("go") != "back").ok_or(wrongs))
        })
        .await?;
    let (choice, words) = match looked {
        Ok(choice) => choice,
        Err(wrongs) => return again(desk, answers, wrongs).await,
    };
    if answers.text("go") != "make" {
        return preview(desk, choice, words, answers, None).await;
    }
    let (of_act, of_whom, seal) = (
        choice.clone(),
        words.clone(),
        answers.text("seal").to_owned(),
    );
    let done = desk
        .act(move |act, actor| change(act, actor, &of_act, &of_whom, &seal))
        .await?;
    match done {
        Done::Made(set) => {
            let back = answers.text("back");
            let own = back
                .strip_prefix("/pupils/")
                .and_then(|id| id.parse::<i64>().ok());
            Ok(Redirect::to(&match own {
                Some(pupil) => format!("/pupils/{pupil}?set={set}"),
                None => format!("/many-marks/{set}?did=made"),
            })
            .into_response())
        }
        Done::Stale => {
            let notice = Notice::heed(
                "Marks were changed after you looked, so nothing was done. This is how it stands now.",
            );
            preview(desk, choice, words, answers, Some(notice)).await
        }
        Done::Nothing => preview(desk, choice, words, answers, None).await,
    }
}

async fn again(desk: Desk, answers: Answers, wrongs: Wrongs) -> Result<Response, Problem> {
    let (here, given) = (desk.clone(), answers.clone());
    form::again(desk, answers, wrongs, move |tx, actor, today| {
        office_role(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok(new_form(&book, &given, today, false))
    })
    .await
}

/// What stands before and after; none for a place without a mark.
type FromTo = (Option<Code>, Option<Code>);

/// From one code to another.
struct Shift {
    before: MarkCell,
    after: MarkCell,
    marks: usize,
    pupils: usize,
    /// Whether it changes a mark that says where the pupil was.
    heed: bool,
}

/// Places left alone for one reason.
struct Alone {
    why: String,
    places: usize,
    names: String,
}

#[derive(Template)]
#[template(path = "registers/bulk/preview.html")]
pub(super) struct PreviewPage {
    frame: Frame,
    heading: String,
    whose: String,
    summary: String,
    facts: Facts,
    shifts: Vec<Shift>,
    /// Pupil, address, sessions and what happens to them.
    pupils: Vec<(String, String, String)>,
    more: usize,
    alone: Vec<Alone>,
    without_session: String,
    verb: String,
    may_make: bool,
    action: String,
    carried: Vec<(String, String)>,
}

impl PreviewPage {
    /// The preview of a closure of the whole school, which can be made although no mark changes yet: the calendar does.
    pub(super) fn closing(mut self, has_sessions: bool) -> PreviewPage {
        if has_sessions {
            self.verb = match self.may_make {
                true => format!("Close the school: {}", self.verb.to_lowercase()),
                false => "Close the school".to_owned(),
            };
            self.may_make = true;
        }
        self
    }
}

/// The most pupils whom a preview names; the list after the change names all.
const NAMED: usize = 200;

async fn preview(
    desk: Desk,
    choice: Choice,
    words: String,
    answers: Answers,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let status = match notice {
        None => StatusCode::OK,
        Some(_) => StatusCode::CONFLICT,
    };
    desk.read(move |tx, actor| {
        let foresight = foresee(tx, actor, &choice, &[], here.office.now())?;
        let frame = here
            .frame(tx, actor, "Change many marks")?
            .with_notice(notice);
        let mut facts: Vec<(String, String)> = vec![
            ("Code".to_owned(), code_in_words(choice.code, choice.first)),
            ("Changed are".to_owned(), choice.which.in_words()),
            (
                "Where something is planned".to_owned(),
                match choice.over_plans {
                    OverPlans::No => "the plan locks the session".to_owned(),
                    _ => "the mark goes before the plan".to_owned(),
                },
            ),
            ("Days".to_owned(), days_in_words(&choice)),
            ("Reason".to_owned(), choice.reason.clone()),
        ];
        facts.extend(choice.note.clone().map(|note| ("Note".to_owned(), note)));
        let preview = of_foresight(frame, &foresight, words, facts, "/many-marks/new", &answers);
        Ok(page(status, &preview))
    })
    .await
}

fn days_in_words(choice: &Choice) -> String {
    let days = match choice.first == choice.last {
        true => choice.first.long(),
        false => format!("{} to {}", choice.first.long(), choice.last.long()),
    };
    match &choice.sessions {
        PlannedSessions::Listed(_) => choice.sessions.in_words(),
        sessions => format!("{days}, {}", sessions.in_words()),
    }
}

fn code_in_words(code: EntryCode, day: Day) -> String {
    match code {
        EntryCode::Present => "/ \\, present; counts as attended".to_owned(),
        EntryCode::One(code) => match meaning(code, day) {
            Ok(row) => format!("{code}: {}", row.meaning),
            Err(error) => error.to_string(),
        },
    }
}

/// What is foreseen, as a page with a button.
pub(super) fn of_foresight(
    frame: Frame,
    foresight: &Foresight,
    whose: String,
    facts: Vec<(String, String)>,
    action: impl Into<String>,
    answers: &Answers,
) -> PreviewPage {
    let marks = counted(foresight.changes.len(), "marks");
    let alone: usize = foresight.left.len();
    let summary = format!(
        "{marks} of {} {}, over {}. {} left alone.",
        counted(foresight.pupils(), "pupils"),
        if foresight.changes.len() == 1 {
            "changes"
        } else {
            "change"
        },
        counted(foresight.slots.len(), "sessions"),
        match alone {
            1 => "1 place is".to_owned(),
            many => format!("{many} places are"),
        },
    );
    let mut carried: Vec<(String, String)> = answers
        .pairs()
        .filter(|(name, _)| !["go", "seal"].contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    carried.push(("seal".to_owned(), foresight.seal()));
    let pupils = pupils_in_words(foresight);
    PreviewPage {
        frame,
        heading: match foresight.changes.len() {
            0 => "No mark changes".to_owned(),
            _ => format!("Change {marks}"),
        },
        whose,
        summary,
        facts: Facts {
            facts: facts
                .into_iter()
                .map(|(term, fact)| (term.into(), fact.into()))
                .collect(),
        },
        shifts: shifts(foresight),
        more: pupils.len().saturating_sub(NAMED),
        pupils: pupils.into_iter().take(NAMED).collect(),
        alone: left_alone(foresight),
        without_session: foresight
            .without_session
            .iter()
            .map(|(day, kind)| format!("{}: {}", day.short(), kind.name()))
            .collect::<Vec<_>>()
            .join(", "),
        verb: format!("Change {marks}"),
        may_make: !foresight.changes.is_empty(),
        action: action.into(),
        carried,
    }
}

fn shifts(foresight: &Foresight) -> Vec<Shift> {
    let mut found: BTreeMap<FromTo, (usize, BTreeSet<usize>, Slot)> = BTreeMap::new();
    for change in &foresight.changes {
        let entry = found
            .entry((change.before, change.mark.code))
            .or_insert_with(|| (0, BTreeSet::new(), change.slot));
        entry.0 += 1;
        entry.1.insert(change.person);
    }
    found
        .into_iter()
        .map(|((before, after), (marks, pupils, slot))| Shift {
            before: cell(before, slot.day),
            after: cell(after, slot.day),
            marks,
            pupils: pupils.len(),
            heed: before.is_some_and(|code| is_protected(code, slot.day)),
        })
        .collect()
}

/// Each pupil with what happens to which sessions: `N to O: Tue 24 Nov, Wed 25 Nov AM`.
fn pupils_in_words(foresight: &Foresight) -> Vec<(String, String, String)> {
    let of_one = foresight
        .changes
        .chunk_by(|one, next| one.person == next.person);
    of_one
        .map(|changes| {
            let person = &foresight.people[changes[0].person];
            let mut shifts: BTreeMap<FromTo, BTreeSet<Slot>> = BTreeMap::new();
            for change in changes {
                let shift = (change.before, change.mark.code);
                shifts.entry(shift).or_default().insert(change.slot);
            }
            let words = shifts.into_iter().map(|((before, after), slots)| {
                let say =
                    |code: Option<Code>| code.map_or("no mark".to_owned(), |code| code.to_string());
                let sessions = PlannedSessions::Listed(slots).in_words();
                format!("{} to {}: {sessions}", say(before), say(after))
            });
            let words = words.collect::<Vec<_>>().join("; ");
            (
                person.name.clone(),
                format!("/pupils/{}", person.pupil),
                words,
            )
        })
        .collect()
}

/// The reasons for leaving places alone, the most frequent first, with whose they are.
fn left_alone(foresight: &Foresight) -> Vec<Alone> {
    let mut found: BTreeMap<&Why, (usize, BTreeSet<usize>)> = BTreeMap::new();
    for left in &foresight.left {
        let entry = found.entry(&left.why).or_default();
        entry.0 += 1;
        entry.1.insert(left.person);
    }
    let mut alone: Vec<Alone> = found
        .into_iter()
        .map(|(why, (places, people))| Alone {
            why: why.in_words(),
            places,
            names: names(
                people
                    .into_iter()
                    .map(|person| foresight.people[person].name.as_str()),
            ),
        })
        .collect();
    alone.sort_by_key(|alone| std::cmp::Reverse(alone.places));
    alone
}

/// `Ash, Amira; Birch, Ben; and 12 more`.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 40;
    let mut all: Vec<&str> = names.collect();
    all.dedup();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    match more {
        0 => all.join("; "),
        more => format!("{}; and {more} more", all.join("; ")),
    }
}

// One change ----------------------------------------------------------------------------------------------------------

#[derive(Template)]
#[template(path = "registers/bulk/set.html")]
struct SetPage {
    frame: Frame,
    id: MarkSetId,
    heading: String,
    whose: String,
    facts: Facts,
    table: TableView,
    changed: Vec<String>,
    others: usize,
    may_undo: bool,
    may_reopen: bool,
}

/// `/many-marks/{set}`: what it did, and its undo.
async fn one(
    desk: Desk,
    Path(set): Path<MarkSetId>,
    Query(asked): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_read_all(actor)?;
        let set = set_now(tx, actor.school, set)?.ok_or(Refusal::NotFound)?;
        let marks = marks_of(tx, actor.school, set.seq)?;
        let done = match asked.did.as_str() {
            "made" => Some(format!("{} changed.", counted(marks.len(), "marks"))),
            "undone" => Some(format!(
                "{} undone. What stood before stands again.",
                counted(marks.len(), "marks")
            )),
            _ => None,
        };
        let notice =
            done.map(|text| Notice::undoable(text, format!("/many-marks/{}/undo", set.id)));
        let frame = here
            .frame(tx, actor, "Change of many marks")?
            .with_notice(notice);
        let page = set_page(tx, actor, frame, set, marks, &asked, false)?;
        Ok(Page(page).into_response())
    })
    .await
}

fn set_page(
    tx: &mut Tx,
    actor: &Actor,
    frame: Frame,
    set: MarkSet,
    marks: Vec<SetMark>,
    asked: &Form,
    refused: bool,
) -> Result<SetPage, Refusal> {
    let mut facts = vec![
        ("Days", set.days()),
        ("Reason", set.reason.clone()),
        ("By", who(tx, actor, set.account, &set.job_title)?),
        ("When", moment(set.at)),
    ];
    if let Some(undoes) = set.undoes {
        facts.push(("Undoes", format!("change {undoes}")));
    }
    if let Some(by) = set.undone_by {
        facts.push(("Undone", format!("by change {by}")));
    }
    let changed: Vec<String> = marks
        .iter()
        .filter(|mark| mark.changed_since && refused)
        .map(|mark| {
            let now = mark
                .now
                .map_or("no mark".to_owned(), |code| code.to_string());
            format!(
                "{}: {} {} is {now} now",
                mark.name,
                mark.slot.day.short(),
                mark.slot.session
            )
        })
        .collect();
    let left = marks.iter().filter(|mark| !mark.changed_since).count();
    let sort = match asked.sort.is_empty() {
        true => "name",
        false => &asked.sort,
    };
    let path = format!("/many-marks/{}", set.id);
    Ok(SetPage {
        frame,
        id: set.id,
        heading: format!(
            "{}: {} of {}",
            set.in_words(),
            counted(set.marks as usize, "marks"),
            counted(set.pupils as usize, "pupils")
        ),
        whose: set.whom.clone(),
        facts: Facts {
            facts: facts
                .into_iter()
                .map(|(term, fact)| (term.into(), fact.into()))
                .collect(),
        },
        table: marks_table(asked, marks).view(&path, asked, sort, "marks"),
        changed,
        others: left,
        may_undo: keeps_all_registers(actor)
            && (left > 0 || set.kind == "joining")
            && set.undone_by.is_none(),
        may_reopen: keeps_all_registers(actor)
            && set.kind == "closure"
            && left > 0
            && set.undone_by.is_none(),
    })
}

/// `POST /many-marks/{set}/undo`: undone, or the page again with who stands in the way.
async fn answer_undo(
    desk: Desk,
    Path(set): Path<MarkSetId>,
    Query(asked): Query<Answers>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let leaving = answers.ticked("leaving");
    let reason = answers
        .given("reason")
        .unwrap_or_else(|| "Undone: changed in error".to_owned());
    if reason.chars().count() > LONGEST_TEXT || reason.contains('\0') {
        let ground = "The reason is longer than 500 characters. Shorten it.";
        return Err(desk.problem(Refusal::Wrong(ground.to_owned())));
    }
    let undone = desk
        .act(move |act, actor| undo(act, actor, set, leaving, &reason))
        .await?;
    match undone {
        Undone::Made(undo) => Ok(Redirect::to(&match asked.number("back") {
            Some(pupil) => format!("/pupils/{pupil}?set={undo}"),
            None => format!("/many-marks/{undo}?did=undone"),
        })
        .into_response()),
        Undone::ChangedSince(_) => {
            let here = desk.clone();
            desk.read(move |tx, actor| {
                let set = set_now(tx, actor.school, set)?.ok_or(Refusal::NotFound)?;
                let marks = marks_of(tx, actor.school, set.seq)?;
                let frame = here.frame(tx, actor, "Change of many marks")?;
                let shown = set_page(tx, actor, frame, set, marks, &Form::default(), true)?;
                Ok(page(StatusCode::CONFLICT, &shown))
            })
            .await
        }
    }
}
