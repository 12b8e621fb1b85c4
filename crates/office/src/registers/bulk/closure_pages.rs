//! The pages of an unplanned closure and of re-opening.

use std::collections::BTreeSet;

use axum::Form as Posted;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Sessions};

use super::change::Done;
use super::closure::{Closed, Closure, close, foresee_closure, foresee_reopening, reopen};
use super::office_role;
use super::pages::{group_in_words, of_foresight};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem};
use crate::form::{self, Answers, FormPage, Help, Part, Wrongs};
use crate::ids::{GroupId, MarkSetId};
use crate::insight::table::Order;
use crate::registers::save::LONGEST_TEXT;
use crate::shell::{Choice as Answer, Field, Notice, page};

/// The year and tutor groups of this year, years first.
fn groups(book: &Book, today: Day) -> Vec<(GroupId, String)> {
    let year = i64::from(book.calendar.school_year_of(today).first_year());
    let mut groups: Vec<_> = book
        .groups
        .groups
        .iter()
        .filter(|group| matches!(group.kind, GroupKind::Year | GroupKind::Tutor))
        .filter(|group| group.first_year.is_none_or(|first| first == year))
        .collect();
    groups.sort_by_key(|group| (group.kind != GroupKind::Year, Order::words(&group.name)));
    groups
        .into_iter()
        .map(|group| (group.id, group_in_words(group)))
        .collect()
}

fn chosen(groups: &[(GroupId, String)], answers: &Answers) -> Vec<(GroupId, String)> {
    let ticked = groups
        .iter()
        .filter(|(id, _)| answers.ticked(&format!("group-{id}")));
    ticked.cloned().collect()
}

fn ticks(groups: &[(GroupId, String)]) -> Vec<Field> {
    let ticks = groups
        .iter()
        .map(|(id, name)| form::tick(format!("group-{id}"), name.clone()).optional());
    ticks.collect()
}

fn closure_form(book: &Book, today: Day, fresh: bool) -> FormPage {
    let starts = |field: Field, value: &str| match fresh {
        true => field.value(value.to_owned()),
        false => field,
    };
    let hinted = |value: &'static str, label: &'static str, hint: &'static str| Answer {
        hint: hint.into(),
        ..Answer::new(value, label)
    };
    let closed = vec![
        hinted(
            "school",
            "The whole school: Y4",
            "The site closed unexpectedly, for every pupil (R-124).",
        ),
        hinted(
            "part",
            "Part of the school: Y3",
            "Part of the site is out of use. Only for pupils who were told not to come (R-123).",
        ),
    ];
    let sessions = vec![
        Answer::new("both", "All day"),
        Answer::new("am", "The morning"),
        Answer::new("pm", "The afternoon"),
    ];
    let plans = vec![
        hinted(
            "education",
            "Education off site, trips and D keep theirs",
            "The site is closed for everybody else, whatever was planned (R-124).",
        ),
        hinted(
            "all",
            "Every plan keeps its code",
            "Leave, appointments and suspensions too.",
        ),
    ];
    let groups = groups(book, today);
    FormPage::new(
        "Unplanned closure",
        ("/many-marks", "Changes of many marks"),
        "See what it changes",
        vec![
            Part::new(
                "Who is kept away",
                vec![starts(Field::radios("closed", "What closed", closed), "school")],
            ),
            Part::new("For part of the school: who was told not to come", ticks(&groups)).in_columns(),
            Part::new(
                "When and why",
                vec![
                    starts(Field::day("first", "First day"), &today.to_string()),
                    Field::day("last", "Last day").hint("Empty: the first day only.").optional(),
                    starts(Field::radios("sessions", "Sessions", sessions), "both"),
                    Field::line("reason", "Reason, as parents were told")
                        .hint("Such as: snow, no heating. Kept with each mark, in the calendar and in the journal (R-007, R-142)."),
                ],
            ),
            Part::new(
                "Who keeps their code",
                vec![
                    starts(Field::radios("plans", "Pupils for whom something is planned", plans), "education"),
                    form::tick("present", "Change present marks too")
                        .hint("For marks made before it was known. Else a pupil who was marked present stays so.")
                        .optional(),
                ],
            ),
        ],
    )
    .about("Nothing is saved yet: the next page counts every mark that changes and says who keeps theirs. A closure keeps its sessions, which count neither as attended nor as absence (R-203, E-002).")
    .help(vec![Help {
        heading: "Which closure is which".to_owned(),
        lines: vec![
            "Planned for the whole school, such as polling: no session at all (#, R-405). Enter it under Year, Days that differ.".to_owned(),
            "“Attendance optional”, as in great heat, is neither Y3 nor Y4: use the ordinary code (R-123, R-124).".to_owned(),
            "No transport, Y1, and travel disrupted widely, Y2, are for the pupils whom it keeps away: change their marks instead (R-121, R-122).".to_owned(),
        ],
    }])
}

fn read(
    book: &Book,
    answers: &Answers,
    today: Day,
    wrongs: &mut Wrongs,
) -> Option<(Closure, String)> {
    let groups = chosen(&groups(book, today), answers);
    let (closed, whom) = match answers.text("closed") {
        "part" => {
            if groups.is_empty() {
                wrongs.add("closed", "Tick the groups that were told not to come.");
            }
            let names: Vec<&str> = groups.iter().map(|(_, name)| name.as_str()).collect();
            let ids = groups.iter().map(|(id, _)| *id).collect();
            (Closed::Groups(ids), names.join(", "))
        }
        _ => (Closed::School, "Whole school".to_owned()),
    };
    let first = answers.day("first", wrongs);
    let last = answers.day_if_given("last", wrongs).or(first);
    let reason = reason(answers, wrongs);
    let (first, last) = (first?, last?);
    if last < first || first.days_until(last) > 31 {
        wrongs.add("last", "Give a last day within a month after the first.");
    }
    let closure = Closure {
        closed,
        first,
        last,
        sessions: match answers.text("sessions") {
            "am" => Sessions::AM,
            "pm" => Sessions::PM,
            _ => Sessions::BOTH,
        },
        present: answers.ticked("present"),
        plans_stand: answers.text("plans") == "all",
        reason,
    };
    wrongs.is_empty().then_some((closure, whom))
}

fn reason(answers: &Answers, wrongs: &mut Wrongs) -> String {
    let reason = answers.reason(wrongs);
    if reason.chars().count() > LONGEST_TEXT || reason.contains('\0') {
        wrongs.add("reason", "This is longer than 500 characters. Shorten it.");
    }
    reason
}

fn changed_meanwhile() -> Notice {
    Notice::heed(
        "Marks were changed after you looked, so nothing was done. This is how it stands now.",
    )
}

/// `/many-marks/closure`.
pub(super) async fn ask_closure(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        office_role(actor)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok(closure_form(&book, today, true))
    })
    .await
}

/// `POST /many-marks/closure`: the form again, the preview, or the school closed.
pub(super) async fn answer_closure(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let given = answers.clone();
    let read = desk
        .read(move |tx, actor| {
            office_role(actor)?;
            let book = here.office.shelf.book(tx, actor.school)?;
            let mut wrongs = Wrongs::default();
            let (today, _) = here.office.today();
            let closure = read(&book, &given, today, &mut wrongs);
            Ok(closure.filter(|_| given.text("go") != "back").ok_or(wrongs))
        })
        .await?;
    let (closure, whom) = match read {
        Ok(read) => read,
        Err(wrongs) => {
            let here = desk.clone();
            return form::again(desk, answers, wrongs, move |tx, actor, today| {
                office_role(actor)?;
                let book = here.office.shelf.book(tx, actor.school)?;
                Ok(closure_form(&book, today, false))
            })
            .await;
        }
    };
    let mut notice = None;
    if answers.text("go") == "make" {
        let (of_act, of_whom) = (closure.clone(), whom.clone());
        let seal = answers.text("seal").to_owned();
        let done = desk
            .act(move |act, actor| close(act, actor, &of_act, &of_whom, &seal))
            .await?;
        match done {
            Done::Made(set) => {
                return Ok(Redirect::to(&format!("/many-marks/{set}?did=made")).into_response());
            }
            Done::Stale => notice = Some(changed_meanwhile()),
            Done::Nothing => {}
        }
    }
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let status = status(notice.as_ref());
        let (foresight, days) = foresee_closure(tx, actor, &closure, here.office.now())?;
        let frame = here
            .frame(tx, actor, "Unplanned closure")?
            .with_notice(notice);
        let days = match days.as_slice() {
            [] => "stays as it is".to_owned(),
            days => {
                let closed = days.iter().map(|one| one.day.short());
                format!(
                    "closed unexpectedly on {}",
                    closed.collect::<Vec<_>>().join(", ")
                )
            }
        };
        let facts = vec![
            (
                "Code".to_owned(),
                match closure.closed {
                    Closed::School => "Y4: the whole site closed unexpectedly (R-124)".to_owned(),
                    Closed::Groups(_) => "Y3: part of the site is out of use (R-123)".to_owned(),
                },
            ),
            ("Calendar".to_owned(), days),
            ("Reason".to_owned(), closure.reason.clone()),
        ];
        let preview = of_foresight(
            frame,
            &foresight,
            whom,
            facts,
            "/many-marks/closure",
            &answers,
        );
        let preview = preview
            .closing(!foresight.slots.is_empty() && matches!(closure.closed, Closed::School));
        Ok(page(status, &preview))
    })
    .await
}

fn status(notice: Option<&Notice>) -> StatusCode {
    match notice {
        None => StatusCode::OK,
        Some(_) => StatusCode::CONFLICT,
    }
}

fn reopening_form(book: &Book, set: MarkSetId, today: Day) -> FormPage {
    FormPage::new(
        "Re-open for a group",
        (format!("/many-marks/{set}"), "The closure"),
        "See what it changes",
        vec![
            Part::new("Who comes", ticks(&groups(book, today))).in_columns(),
            Part::new("", vec![Field::line("reason", "Reason").hint("Such as: Year 11 sits its mock examinations in the hall.")]),
        ],
    )
    .about("Their marks become again what stood before the closure, so that their register is taken. With somebody there the site is not wholly closed any more: the others' Y4 become Y3 (R-123, R-124).")
}

/// `/many-marks/{set}/reopen`.
pub(super) async fn ask_reopening(
    desk: Desk,
    Path(set): Path<MarkSetId>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        foresee_reopening(tx, actor, set, &BTreeSet::new(), "")?;
        let book = here.office.shelf.book(tx, actor.school)?;
        Ok(reopening_form(&book, set, today))
    })
    .await
}

/// `POST /many-marks/{set}/reopen`: the form again, the preview, or re-opened.
pub(super) async fn answer_reopening(
    desk: Desk,
    Path(set): Path<MarkSetId>,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let given = answers.clone();
    let (groups, wrongs) = desk
        .read(move |tx, actor| {
            office_role(actor)?;
            let book = here.office.shelf.book(tx, actor.school)?;
            let (today, _) = here.office.today();
            let mut wrongs = Wrongs::default();
            reason(&given, &mut wrongs);
            let groups = chosen(&groups(&book, today), &given);
            if groups.is_empty() {
                wrongs.add("reason", "Tick who comes.");
            }
            Ok((groups, wrongs))
        })
        .await?;
    if !wrongs.is_empty() || answers.text("go") == "back" {
        let here = desk.clone();
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            office_role(actor)?;
            let book = here.office.shelf.book(tx, actor.school)?;
            Ok(reopening_form(&book, set, today))
        })
        .await;
    }
    let names: Vec<&str> = groups.iter().map(|(_, name)| name.as_str()).collect();
    let (whom, why) = (names.join(", "), answers.text("reason").to_owned());
    let ids: BTreeSet<GroupId> = groups.iter().map(|(id, _)| *id).collect();
    let mut notice = None;
    if answers.text("go") == "make" {
        let (of_act, of_whom, reason) = (ids.clone(), whom.clone(), why.clone());
        let seal = answers.text("seal").to_owned();
        let done = desk
            .act(move |act, actor| reopen(act, actor, set, &of_act, (&of_whom, &reason), &seal))
            .await?;
        match done {
            Done::Made(set) => {
                return Ok(Redirect::to(&format!("/many-marks/{set}?did=made")).into_response());
            }
            Done::Stale => notice = Some(changed_meanwhile()),
            Done::Nothing => {}
        }
    }
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let status = status(notice.as_ref());
        let foresight = foresee_reopening(tx, actor, set, &ids, &why)?;
        let frame = here
            .frame(tx, actor, "Re-open for a group")?
            .with_notice(notice);
        let facts = vec![("Reason".to_owned(), why)];
        let action = format!("/many-marks/{set}/reopen");
        Ok(page(
            status,
            &of_foresight(frame, &foresight, whom, facts, action, &answers),
        ))
    })
    .await
}
