//! The page of records that wait: what the file says beside what stands here, and what a person decides of each.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::Tx;

use super::background;
use super::course::{self, ImportId, State};
use super::draft::{Draft, Key};
use super::pages::who;
use super::prepare;
use super::settle::{self, Case, CaseKind, Settled, Verdict, named};
use crate::book::fold;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::people::Actor;
use crate::shell::{Choice, Errors, Field, Frame, Page, moment, page};

/// Cases on one page; the rest come once these are settled.
const SHOWN: usize = 25;

#[derive(Template)]
#[template(path = "roll/imports/held.html")]
struct HeldPage {
    frame: Frame,
    import: i64,
    file: String,
    applied: bool,
    cases: Vec<Shown>,
    more: usize,
    reason: Field,
}

impl HeldPage {
    fn errors(&self) -> Errors {
        Errors::of([&self.reason])
    }
}

/// A fact's name, what the file says of it, and for each candidate what stands here and whether it differs.
type Fact = (String, String, Vec<(String, bool)>);

/// A case as the page lays it out.
struct Shown {
    place: usize,
    record: String,
    line: u32,
    message: String,
    /// Over each column but the first two: who it is, and where they can be looked at.
    here: Vec<(String, Option<String>)>,
    facts: Vec<Fact>,
    choice: Field,
}

/// Somebody here whom a record may mean.
struct Candidate {
    name: String,
    href: Option<String>,
    facts: Vec<(String, String)>,
}

/// The pupil with this id in words, for comparing.
fn pupil_here(draft: &Draft, id: i64, today: Day) -> Option<Candidate> {
    let key = Key::Known(id);
    let row = draft.pupils.get(*draft.pupil_at.get(&key)?);
    let enrolment = draft
        .enrolments_of
        .get(&key)
        .into_iter()
        .flatten()
        .map(|at| draft.enrolments.get(*at))
        .max_by_key(|enrolment| enrolment.starting_day);
    let group = |kind: &str| {
        let enrolment = enrolment?.enrolment_id;
        let places = draft.memberships_of.get(&enrolment)?;
        let open = places
            .iter()
            .map(|at| draft.memberships.get(*at))
            .filter(|membership| {
                membership.from_day <= today && membership.to_day.is_none_or(|to| today <= to)
            });
        let of_kind = |id| {
            let mut groups = draft.groups.each().map(|(_, group)| group);
            groups.find(|group| group.group_id == id && group.kind == kind)
        };
        open.filter_map(|membership| of_kind(membership.group_id))
            .map(|group| group.name.clone())
            .next()
    };
    let address = draft
        .residences_of
        .get(&("pupil".to_owned(), key))
        .into_iter()
        .flatten()
        .map(|at| draft.residences.get(*at))
        .rfind(|residence| residence.to_day.is_none())
        .and_then(|home| {
            let mut addresses = draft.addresses.each().map(|(_, address)| address);
            addresses.find(|address| address.address_id == home.address_id)
        })
        .map(|address| {
            let parts = [
                &address.line_1,
                &address.line_2,
                &address.town,
                &address.postcode,
            ];
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            parts.cloned().collect::<Vec<_>>().join(", ")
        });
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<Day>| day.map(Day::long).unwrap_or_default();
    let facts = named([
        (
            "Name",
            format!("{}, {}", row.legal_surname, row.legal_forename),
        ),
        ("Surname", row.legal_surname.clone()),
        ("Forename", row.legal_forename.clone()),
        ("Middle names", row.middle_names.clone()),
        ("Date of birth", row.birth_day.long()),
        ("Sex", text(&row.sex)),
        ("UPN", text(&row.upn)),
        ("Former UPN", text(&row.former_upn)),
        ("Admission number", text(&row.admission_number)),
        ("Year group", group("year").unwrap_or_default()),
        ("Tutor group", group("tutor").unwrap_or_default()),
        ("Starting day", day(enrolment.map(|own| own.starting_day))),
        (
            "Leaving day",
            day(enrolment.and_then(|own| own.leaving_day)),
        ),
        ("Address", address.unwrap_or_default()),
    ]);
    Some(Candidate {
        name: format!("{}, {}", row.surname, row.forename),
        href: Some(format!("/pupils/{id}")),
        facts,
    })
}

/// The contact with this id in words, for comparing.
fn contact_here(draft: &Draft, id: i64) -> Option<Candidate> {
    let key = Key::Known(id);
    let row = draft.contacts.get(*draft.contact_at.get(&key)?);
    let name = format!("{} {}", row.forename, row.surname)
        .trim()
        .to_owned();
    let routes = |email: bool| {
        let own = draft.routes_of.get(&key).into_iter().flatten();
        let own = own.map(|at| draft.routes.get(*at));
        let own = own.filter(|route| (route.kind == "email") == email);
        own.map(|route| route.given.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let part = draft
        .ties
        .each()
        .find(|(_, tie)| tie.contact_id == key)
        .map(|(_, tie)| tie.relationship.clone());
    let facts = named([
        ("Name", name.clone()),
        ("Relationship", part.unwrap_or_default()),
        ("Telephone", routes(false)),
        ("E-mail", routes(true)),
    ]);
    Some(Candidate {
        name,
        href: None,
        facts,
    })
}

fn candidate(draft: &Draft, kind: CaseKind, id: i64, today: Day) -> Option<Candidate> {
    match kind {
        CaseKind::Pupil | CaseKind::Identifiers => pupil_here(draft, id, today),
        CaseKind::Contact => contact_here(draft, id),
    }
}

fn value_of<'a>(facts: &'a [(String, String)], name: &str) -> &'a str {
    let found = facts.iter().find(|(own, _)| own == name);
    found.map_or("", |(_, value)| value)
}

fn shown(case: &Case, place: usize, draft: &Draft, today: Day, chosen: &str) -> Shown {
    let here: Vec<(i64, Candidate)> = case
        .may_be
        .iter()
        .filter_map(|id| Some((*id, candidate(draft, case.kind, *id, today)?)))
        .collect();
    let mut names: Vec<&str> = case.says.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in here.iter().flat_map(|(_, candidate)| &candidate.facts) {
        let joined = name == "Name" && names.contains(&"Surname");
        if !names.contains(&name.as_str()) && !joined {
            names.push(name);
        }
    }
    let facts = names
        .into_iter()
        .map(|name| {
            let said = value_of(&case.says, name);
            let each = here.iter().map(|(_, candidate)| {
                let own = value_of(&candidate.facts, name);
                let differs = !said.is_empty() && !own.is_empty() && fold(said) != fold(own);
                (own.to_owned(), differs)
            });
            (name.to_owned(), said.to_owned(), each.collect())
        })
        .collect();
    let one = match case.kind {
        CaseKind::Contact => "contact",
        CaseKind::Pupil | CaseKind::Identifiers => "pupil",
    };
    let mut choices = vec![Choice::new("", "Decide later")];
    choices.extend(here.iter().map(|(id, candidate)| Choice {
        hint: "The record goes to this one, as if its identifiers had matched.".into(),
        ..Choice::new(
            format!("same-{id}"),
            format!("The same person: it is {}", candidate.name),
        )
    }));
    if case.may_be_new {
        choices.push(Choice {
            hint: format!(
                "A new {one} is made. A number that somebody here has already is left out."
            )
            .into(),
            ..Choice::new("another", "Another person")
        });
    }
    choices.push(Choice {
        hint: "Nothing of it is brought in, from this file or a later one.".into(),
        ..Choice::new("leave", "Leave it out")
    });
    Shown {
        place: place + 1,
        record: case.record.clone(),
        line: case.line,
        message: case.message.clone(),
        here: here
            .into_iter()
            .map(|(_, candidate)| (candidate.name, candidate.href))
            .collect(),
        facts,
        choice: Field::radios(format!("case-{}", case.fingerprint), "Who is it?", choices)
            .value(chosen.to_owned()),
    }
}

fn held_page(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    id: ImportId,
    answers: &Answers,
    wrong: Option<String>,
) -> Result<HeldPage, Refusal> {
    course::may_import(actor)?;
    let import = course::import(tx, actor.school, id)?;
    let cases = settle::cases(tx, actor.school, id)?;
    let draft = Draft::read(tx, actor.school)?;
    let today = desk.office.today().0;
    let of = |(place, case): (usize, &Case)| {
        let chosen = answers.text(&format!("case-{}", case.fingerprint));
        shown(case, place, &draft, today, chosen)
    };
    let reason = Field::line("reason", "Reason for what you decide here")
        .hint("Such as: rang the family; birth certificate seen. The journal keeps it with each decision.")
        .value(answers.text("reason").to_owned())
        .error(wrong);
    Ok(HeldPage {
        frame: desk.frame(tx, actor, "Records that wait")?,
        import: id.0,
        file: import.file_name,
        applied: import.state == State::Applied,
        more: cases.len().saturating_sub(SHOWN),
        cases: cases.iter().enumerate().take(SHOWN).map(of).collect(),
        reason,
    })
}

/// `/imports/{import}/held`.
pub(super) async fn look(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| held_page(&here, tx, actor, ImportId(id), &Answers::default(), None))
        .await?;
    Ok(Page(drawn).into_response())
}

/// What the form says of each case, in the order of the page.
fn verdicts(cases: &[Case], answers: &Answers) -> Vec<(String, Verdict)> {
    let said = cases.iter().filter_map(|case| {
        let verdict = match answers.text(&format!("case-{}", case.fingerprint)) {
            "another" => Verdict::Another,
            "leave" => Verdict::LeaveOut,
            same => Verdict::Same(same.strip_prefix("same-")?.parse().ok()?),
        };
        Some((case.fingerprint.clone(), verdict))
    });
    said.collect()
}

/// Keeps the decisions and looks at the file again with them.
pub(super) async fn decide(
    desk: Desk,
    Path(id): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Response> {
    let id = ImportId(id);
    let actor = who(&desk).await?;
    let given = answers.clone();
    let kept = desk
        .act(move |act, actor| {
            let cases = settle::cases(act.tx(), actor.school, id)?;
            let verdicts = verdicts(&cases, &given);
            settle::settle(act, actor, id, &verdicts, given.text("reason"))
        })
        .await;
    if let Err(problem) = kept {
        let Some(ground) = problem.ground().map(str::to_owned) else {
            return Err(problem.into_response());
        };
        let here = desk.clone();
        let again = desk
            .read(move |tx, actor| held_page(&here, tx, actor, id, &answers, Some(ground)))
            .await;
        let again = again.map_err(IntoResponse::into_response)?;
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again));
    }
    let next = look_again(&desk, &actor, id).await;
    let next = next.map_err(|refusal| desk.problem(refusal).into_response())?;
    Ok(Redirect::to(&format!("/imports/{}", next.0)).into_response())
}

/// Has a file read again: the import itself while nothing of it is stored, else a new one of the same file.
pub(super) async fn look_again(
    desk: &Desk,
    actor: &Actor,
    id: ImportId,
) -> Result<ImportId, Refusal> {
    let (office, by) = (Arc::clone(&desk.office), actor.clone());
    let next = tokio::task::spawn_blocking(move || course::open_again(&office, &by, id));
    let next = next
        .await
        .map_err(|_| Refusal::Wrong("The file could not be read again.".to_owned()))??;
    background::begin(&desk.office, actor, next, move |office, actor, told| {
        prepare(office, actor, next, &mut |done, steps| {
            told(done, steps);
        })
        .map(|_| ())
    })
    .await?;
    Ok(next)
}

#[derive(Template)]
#[template(path = "roll/imports/decisions.html")]
struct DecisionsPage {
    frame: Frame,
    rows: Vec<DecisionRow>,
}

struct DecisionRow {
    record: String,
    verdict: String,
    href: Option<String>,
    reason: String,
    decided: String,
    import: i64,
    /// Kind and fingerprint, to forget it by.
    key: (&'static str, String),
}

/// `/imports/decisions`: what is remembered.
pub(super) async fn remembered(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let drawn = desk
        .read(move |tx, actor| {
            course::may_import(actor)?;
            let listed = settle::listed(tx, actor.school)?;
            let draft = Draft::read(tx, actor.school)?;
            let today = here.office.today().0;
            let rows = listed.into_iter().map(|one| {
                let Settled { verdict, reason } = one.settled;
                let whom = match verdict {
                    Verdict::Same(id) => candidate(&draft, one.kind, id, today),
                    Verdict::Another | Verdict::LeaveOut => None,
                };
                let name = whom.as_ref().map_or("", |whom| &whom.name);
                DecisionRow {
                    record: one.label,
                    verdict: verdict.sentence(name),
                    href: whom.and_then(|whom| whom.href),
                    reason,
                    decided: format!("{} by {}", moment(one.at), one.by),
                    import: one.import.0,
                    key: (one.kind.word(), one.fingerprint),
                }
            });
            let rows = rows.collect();
            let frame = here.frame(tx, actor, "Decisions about records")?;
            Ok(DecisionsPage { frame, rows })
        })
        .await?;
    Ok(Page(drawn).into_response())
}

/// Forgets one decision.
pub(super) async fn ask_again(desk: Desk, Form(answers): Form<Answers>) -> Response {
    let forgotten = desk
        .act(move |act, actor| {
            let kind = CaseKind::from_word(answers.text("kind")).ok_or(Refusal::NotFound)?;
            settle::forget(act, actor, kind, answers.text("fingerprint"))
        })
        .await;
    match forgotten {
        Ok(()) => Redirect::to("/imports/decisions").into_response(),
        Err(problem) => problem.into_response(),
    }
}
