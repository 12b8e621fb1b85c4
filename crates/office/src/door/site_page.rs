//! The pages of the site log: who is on site now, signing out and back, visitors, and the log of a day.

use askama::Template;
use axum::Form as Body;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant};
use register::site::{Way, Whereabouts};
use serde::Deserialize;
use store::{SchoolId, StoreError, Tx, args};

use super::log::{DayForm, about};
use super::moves::{Move, Said, Who, moves_of, sign, unsign, visits_of, welcome};
use super::page::must_keep_door;
use super::site::{OnSite, Site, is_in, site, time_of};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::Form;
use crate::insight::table::{Cell, Heading, Table, TableView, counted};
use crate::people::{Access, Actor, RecordKind};
use crate::registers::name_of;
use crate::roll::Sought;
use crate::shell::{
    Choice, Exports, Field, FieldKind, Frame, Notice, Page, State, Tab, Tabs, Under,
};
use crate::take_away::{Leaving, Wanted, texts};

/// What is asked of the list of who is on site.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    did: String,
}

/// Which pupils a page shows.
const SHOWS: [(&str, &str); 5] = [
    ("out", "Signed out"),
    ("unaccounted", "Not accounted for"),
    ("on-site", "On site"),
    ("elsewhere", "Elsewhere with leave"),
    ("absent", "Absent"),
];

fn show_of(place: Whereabouts) -> &'static str {
    match place {
        Whereabouts::SignedOut => "out",
        Whereabouts::Unaccounted => "unaccounted",
        Whereabouts::OnSite => "on-site",
        Whereabouts::Elsewhere(_) => "elsewhere",
        Whereabouts::Absent(_) => "absent",
    }
}

#[derive(Template)]
#[template(path = "door/site.html")]
struct SitePage {
    frame: Frame,
    at: String,
    counts: Vec<(usize, &'static str, bool)>,
    tabs: Tabs,
    q: String,
    rows: Vec<PupilRow>,
    more: usize,
    staff: Vec<StaffRow>,
    colleagues: Vec<(i64, String)>,
    visitors: Vec<VisitRow>,
    empty: State,
    under: Under,
}

struct PupilRow {
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    form: String,
    words: String,
    is_out: bool,
    is_in: bool,
    is_loud: bool,
}

struct StaffRow {
    id: i64,
    name: String,
    is_in: bool,
    words: String,
}

struct VisitRow {
    id: i64,
    name: String,
    about: String,
    is_in: bool,
    words: String,
}

/// So many pupils stand on the screen; a few letters find any other.
const ROWS: usize = 60;

/// `/site?show=&q=`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let found = site(tx, &book, now)?;
        let notice = match asked.did.as_str() {
            "out" => Some(Notice::done(
                "Signed out. The mark in the register stays (R-024).",
            )),
            "in" => Some(Notice::done("Signed in.")),
            "undone" => Some(Notice::done("Taken back; it stays in the log.")),
            _ => None,
        };
        let number = |show: &str| {
            found
                .pupils
                .iter()
                .filter(|one| show_of(one.place) == show)
                .count()
        };
        let show = match asked.show.as_str() {
            "" => "out",
            other => other,
        };
        let sought = Sought::of(&asked.q);
        let chosen: Vec<&OnSite> = match sought.is_nothing() {
            true => found
                .pupils
                .iter()
                .filter(|one| show_of(one.place) == show)
                .collect(),
            false => found
                .pupils
                .iter()
                .filter(|one| sought.is_name(&one.pupil.folded))
                .collect(),
        };
        let visitors_in = found
            .visitors
            .iter()
            .filter(|(_, last)| is_in(last.as_ref()))
            .count();
        let staff_in = found
            .staff
            .iter()
            .filter(|(.., last)| last.way == Way::In)
            .count();
        let page = SitePage {
            frame: here.frame(tx, actor, "On site")?.with_notice(notice),
            at: now.in_london().1.to_string(),
            counts: vec![
                (number("on-site"), "pupils on site", false),
                (
                    number("unaccounted"),
                    "not accounted for",
                    number("unaccounted") > 0,
                ),
                (number("out"), "signed out", false),
                (staff_in, "staff signed in", false),
                (visitors_in, "visitors", false),
            ],
            tabs: Tabs {
                name: "Pupils".into(),
                tabs: SHOWS
                    .map(|(key, label)| Tab {
                        label: label.into(),
                        href: format!("/site?show={key}").into(),
                        current: sought.is_nothing() && key == show,
                        count: Some(number(key) as u32),
                    })
                    .into(),
            },
            more: chosen.len().saturating_sub(ROWS),
            rows: chosen
                .iter()
                .take(ROWS)
                .map(|one| pupil_row(one, now))
                .collect(),
            staff: staff_rows(&found),
            colleagues: colleagues(&book, now.in_london().0),
            visitors: visit_rows(&found),
            empty: State::empty("Nobody", "No pupil stands here now."),
            under: Under {
                shown: counted(chosen.len(), "pupils").into(),
                exports: Exports::usual("/site"),
                ..Under::default()
            },
            q: asked.q,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn pupil_row(one: &OnSite, now: Instant) -> PupilRow {
    PupilRow {
        enrolment: one.enrolment,
        pupil: one.pupil.id,
        name: one.pupil.listed(),
        form: one.form.clone(),
        words: one.words(now),
        is_out: one.place == Whereabouts::SignedOut,
        is_in: one.place == Whereabouts::OnSite,
        is_loud: one.place == Whereabouts::Unaccounted || one.is_overdue(now),
    }
}

fn clock(last: &Move) -> String {
    let word = match last.way {
        Way::In => "in since",
        Way::Out => "out since",
    };
    format!("{word} {}", last.at.in_london().1)
}

fn staff_rows(found: &Site) -> Vec<StaffRow> {
    let rows = found.staff.iter().map(|(who, name, last)| StaffRow {
        id: who.key().1,
        name: name.clone(),
        is_in: last.way == Way::In,
        words: clock(last),
    });
    rows.collect()
}

fn visit_rows(found: &Site) -> Vec<VisitRow> {
    let rows = found.visitors.iter().map(|(visit, last)| {
        let host = visit.host.as_ref().map(|host| format!("to see {host}"));
        let badge = visit.badge.as_ref().map(|badge| format!("badge {badge}"));
        let about = [visit.organisation.clone(), host, badge];
        VisitRow {
            id: visit.id,
            name: visit.name.clone(),
            about: about.into_iter().flatten().collect::<Vec<_>>().join(", "),
            is_in: is_in(last.as_ref()),
            words: last.as_ref().map(clock).unwrap_or_default(),
        }
    });
    rows.collect()
}

/// Members of staff who work here today.
fn colleagues(book: &Book, today: Day) -> Vec<(i64, String)> {
    let mut all: Vec<_> = book
        .staff
        .members
        .iter()
        .filter(|member| member.leaving_day.is_none_or(|last| today <= last))
        .map(|member| (member.surname.clone(), member.id.0, member.name.clone()))
        .collect();
    all.sort();
    all.into_iter().map(|(_, id, name)| (id, name)).collect()
}

/// `/site` as a file: everybody, pupils first.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_keep_door(wanted.actor)?;
    let now = wanted.office.now();
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let found = site(tx, &book, now)?;
    let mut sheet = wanted.sheet(tx, "Who is on site", &["Name", "Who", "Where"])?;
    sheet
        .about
        .push(("At".to_owned(), now.in_london().1.to_string()));
    let pupils: Vec<PupilId> = found.pupils.iter().map(|one| one.pupil.id).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &found.pupils {
        rows.push(vec![one.pupil.listed(), one.form.clone(), one.words(now)]);
    }
    for (_, name, last) in &found.staff {
        rows.push(vec![name.clone(), "Staff".to_owned(), clock(last)]);
    }
    for row in visit_rows(&found) {
        rows.push(vec![row.name, format!("Visitor: {}", row.about), row.words]);
    }
    Ok(Leaving::new(texts(sheet, rows), now.in_london().0).naming(pupils))
}

/// Contacts who may be named when a pupil is collected: number, name, what they are, whether the record says that they may not collect.
pub(super) const COLLECTORS: &str = "\
select c.contact_id, c.title, c.forename, c.surname, pc.relationship, pc.may_collect, pc.court_order
from pupil_contact pc join contact c on c.school_id = pc.school_id and c.contact_id = pc.contact_id and c.superseded_seq is null
where pc.school_id = $1 and pc.pupil_id = $2 and pc.superseded_seq is null
order by case when pc.priority is null then 1 else 0 end, pc.priority, c.contact_id";

fn collectors(
    tx: &mut Tx,
    school: SchoolId,
    pupil: PupilId,
) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(COLLECTORS, &args![school, pupil], |row| {
        let parts = [row.get::<String>(1)?, row.get(2)?, row.get(3)?];
        let name = parts.join(" ").trim().to_owned();
        let relationship: String = row.get(4)?;
        let mut label = format!("{name}, {relationship}");
        if row.get::<Option<bool>>(5)? == Some(false) {
            label = format!("{label}: MAY NOT COLLECT");
        }
        if row.get(6)? {
            label = format!("{label} (court order on file: read it first)");
        }
        Ok((format!("{name} ({relationship})"), label))
    })
}

/// Reasons that are offered for leaving.
const REASONS: [&str; 5] = [
    "Medical or dental appointment",
    "Unwell, collected",
    "Lunch at home",
    "Off-site provision",
    "Family emergency",
];

fn out_form(
    tx: &mut Tx,
    book: &Book,
    actor: &Actor,
    enrolment: EnrolmentId,
    today: Day,
) -> Result<FormPage, Refusal> {
    must_keep_door(actor)?;
    let row = book.roll.row(enrolment).ok_or(Refusal::NotFound)?;
    let pupil = book.roll.pupil_of_row(row).ok_or(Refusal::NotFound)?;
    let group = book.groups.of_kind(enrolment, GroupKind::Tutor, today);
    let mut with = vec![Choice::new("", "Goes alone")];
    let sees = actor.reach(tx, Access::Read, RecordKind::Contacts, today)?;
    if sees.covers(pupil.id) {
        let all = collectors(tx, actor.school, pupil.id)?;
        with.extend(
            all.into_iter()
                .map(|(name, label)| Choice::new(name, label)),
        );
    }
    let mut reasons = vec![Choice::new("", "Choose")];
    reasons.extend(REASONS.map(|reason| Choice::new(reason, reason)));
    let back = Field {
        width: "short",
        ..Field::new(FieldKind::Time, "back", "Expected back")
    };
    let group = group.map(|group| group.name.clone()).unwrap_or_default();
    Ok(FormPage::new(
        "Sign out",
        ("/site", "On site"),
        "Sign out now",
        vec![Part::new(
            "",
            vec![
                Field::select("with", "Collected by", with).optional(),
                Field::line("other", "Somebody else")
                    .hint("Name, and how you know that they may collect.")
                    .optional(),
                Field::select("reason", "Reason", reasons).optional(),
                Field::line("more", "Another reason").optional(),
                back.hint("Leave empty if the pupil does not come back today.")
                    .optional(),
            ],
        )],
    )
    .headed(format!("Sign out {}", pupil.called()))
    .of(group)
    .about("Leaving changes no mark: the pupil stays present for the session that was registered (R-024), and is off the fire list from now (R-035)."))
}

/// `/site/pupils/{enrolment}/out`.
pub(super) async fn ask_out(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, today| {
        let book = here.office.shelf.book(tx, actor.school)?;
        out_form(tx, &book, actor, enrolment, today)
    })
    .await
}

/// Signs the pupil out.
pub(super) async fn out(
    desk: Desk,
    Path(enrolment): Path<EnrolmentId>,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    let Ok(back) = time_of(answers.text("back")) else {
        let mut wrongs = Wrongs::default();
        wrongs.add("back", "This is no time. Write it as 11:30.");
        let here = desk.clone();
        return form::again(desk, answers, wrongs, move |tx, actor, today| {
            let book = here.office.shelf.book(tx, actor.school)?;
            out_form(tx, &book, actor, enrolment, today)
        })
        .await;
    };
    let said = Said {
        came_with: answers.given("other").or(answers.given("with")),
        reason: answers.given("more").or(answers.given("reason")),
        expected_back: back,
    };
    desk.act(move |act, actor| sign(act, actor, Who::Pupil(enrolment), Way::Out, &said))
        .await?;
    Ok(Redirect::to("/site?did=out").into_response())
}

/// `POST /site/sign`: `who` is `pupil`, `staff` or `visitor`, `id` the number, `way` `in` or `out`.
pub(super) async fn sign_one(
    desk: Desk,
    Body(answers): Body<Answers>,
) -> Result<Response, Problem> {
    let who = answers
        .number("id")
        .and_then(|id| Who::of(answers.text("who"), id));
    let way = match answers.text("way") {
        "in" => Way::In,
        _ => Way::Out,
    };
    let done = answers.text("way").to_owned();
    desk.act(move |act, actor| {
        let who = who.ok_or_else(|| Refusal::Wrong("Choose who it is.".to_owned()))?;
        sign(act, actor, who, way, &Said::default())
    })
    .await?;
    let did = if done == "in" { "in" } else { "out" };
    Ok(Redirect::to(&format!("/site?did={did}")).into_response())
}

/// `POST /site/moves/{move}/undo`.
pub(super) async fn undo(desk: Desk, Path(id): Path<i64>) -> Result<Response, Problem> {
    desk.act(move |act, actor| unsign(act, actor, id)).await?;
    Ok(Redirect::to("/site/log?did=undone").into_response())
}

fn visitor_form() -> FormPage {
    FormPage::new(
        "Sign a visitor in",
        ("/site", "On site"),
        "Sign in now",
        vec![Part::new(
            "",
            vec![
                Field::line("name", "Name"),
                Field::line("organisation", "For whom they come").optional(),
                Field::line("host", "Whom they visit").optional(),
                Field::line("badge", "Badge").short().optional(),
            ],
        )],
    )
    .about("On the fire list until they are signed out (R-035). Leave here what the fire list needs and no more; checks of visitors are kept where the school keeps them.")
}

/// `/site/visitors/new`.
pub(super) async fn ask_visitor(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, |_, actor, _| {
        must_keep_door(actor)?;
        Ok(visitor_form())
    })
    .await
}

/// Signs the visitor in.
pub(super) async fn visitor(desk: Desk, Body(answers): Body<Answers>) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, _| {
        let given = ["name", "organisation", "host", "badge"].map(|name| answers.text(name));
        match welcome(act, actor, given) {
            Ok(_) => Ok(Outcome::done("/site", "in")),
            Err(Refusal::Wrong(ground)) => {
                let mut wrongs = Wrongs::default();
                wrongs.add("name", ground);
                Ok(Outcome::again(visitor_form(), &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}

fn log_table(tx: &mut Tx, book: &Book, day: Day, form: &Form) -> Result<Table, Refusal> {
    let headings = vec![
        Heading::words("name", "Name"),
        Heading::words("who", "Who"),
        Heading::words("at", "At"),
        Heading::words("way", "Way"),
        Heading::words("with", "With"),
        Heading::words("reason", "Reason"),
        Heading::words("back", "Expected back"),
        Heading::words("by", "By"),
        Heading::words("undone", "Taken back"),
    ];
    let visits = visits_of(tx, book.school, day)?;
    let mut rows = Vec::new();
    for one in moves_of(tx, book.school, day)? {
        let (name, who) = match one.who {
            Who::Pupil(enrolment) => {
                let row = book.roll.row(enrolment);
                let Some(pupil) = row.and_then(|row| book.roll.pupil_of_row(row)) else {
                    continue;
                };
                let group = book.groups.of_kind(enrolment, GroupKind::Tutor, day);
                let name = Cell::text(pupil.listed())
                    .naming(pupil.id)
                    .to(format!("/pupils/{}", pupil.id));
                (
                    name,
                    group.map(|group| group.name.clone()).unwrap_or_default(),
                )
            }
            Who::Staff(staff) => {
                let member = book.staff.member(staff);
                let name = member.map(|member| member.name.clone()).unwrap_or_default();
                (Cell::text(name), "Staff".to_owned())
            }
            Who::Visitor(id) => {
                let visit = visits.iter().find(|visit| visit.id == id);
                let name = visit.map(|visit| visit.name.clone()).unwrap_or_default();
                (Cell::text(name), "Visitor".to_owned())
            }
        };
        let back = one.expected_back.map(|back| back.in_london().1.to_string());
        rows.push(vec![
            name,
            Cell::text(who),
            Cell::text(one.at.in_london().1.to_string()),
            Cell::text(match one.way {
                Way::In => "in",
                Way::Out => "out",
            }),
            Cell::text_or_blank(one.came_with.as_deref()),
            Cell::text_or_blank(one.reason.as_deref()),
            Cell::text_or_blank(back.as_deref()),
            Cell::text(name_of(tx, book.school, one.account)?),
            Cell::text_or_blank(one.undone.as_deref()),
        ]);
    }
    let mut table = Table::whole("Site log", headings, rows);
    table.sort(&form.sort, "at");
    Ok(table)
}

#[derive(Template)]
#[template(path = "door/site_log.html")]
struct LogPage {
    frame: Frame,
    day: Day,
    table: TableView,
    empty: State,
    /// What can be taken back: number and words.
    undoable: Vec<(i64, String)>,
}

/// `/site/log?day=`.
pub(super) async fn log(
    desk: Desk,
    Query(asked): Query<DayForm>,
    Query(form): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        must_keep_door(actor)?;
        let today = here.office.today().0;
        let day = asked.day(today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let table = log_table(tx, &book, day, &form)?;
        let all = moves_of(tx, book.school, day)?;
        let lately = all
            .iter()
            .rev()
            .filter(|one| one.undone.is_none() && day == today);
        let undoable = lately
            .take(5)
            .map(|one| (one.id, words(&book, one)))
            .collect();
        let notice =
            (form.did == "undone").then(|| Notice::done("Taken back; it stays in the log."));
        let page = LogPage {
            frame: here.frame(tx, actor, "Site log")?.with_notice(notice),
            day,
            undoable,
            table: table.view(&format!("/site/log?day={day}"), &form, "at", "entries"),
            empty: State::empty(
                "Nobody",
                format!("Nobody was signed out or in on {}.", day.long()),
            ),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `Cole, Tyler out 10:05`.
fn words(book: &Book, one: &Move) -> String {
    let name = match one.who {
        Who::Pupil(enrolment) => book
            .roll
            .row(enrolment)
            .and_then(|row| book.roll.pupil_of_row(row))
            .map(|pupil| pupil.listed()),
        Who::Staff(staff) => book.staff.member(staff).map(|member| member.name.clone()),
        Who::Visitor(_) => Some("Visitor".to_owned()),
    };
    let way = match one.way {
        Way::In => "in",
        Way::Out => "out",
    };
    format!(
        "{} {way} {}",
        name.unwrap_or_default(),
        one.at.in_london().1
    )
}

/// `/site/log` as a file.
pub(super) fn log_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    must_keep_door(wanted.actor)?;
    let day = wanted.query::<DayForm>()?.day(wanted.today())?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let mut table = log_table(tx, &book, day, &wanted.query()?)?;
    table.about = about("Site log", day, wanted);
    Ok(table.leaving("site-log", day))
}
