//! The list of plans: in force, falling due, drifting, ended; narrowed once for the page and for the file.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use calendar::Day;
use register::plan::PlanKind;
use store::Tx;

use super::PlanReader;
use super::both_sides::{BothLine, both_sides, both_table};
use super::drift::{DriftLine, drift_table, drifts};
use super::keep::Keeping;
use super::list::{Line, Show, Watch, kinds, lines, table};
use crate::book::Book;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::insight::Form;
use crate::insight::table::{Table, TableView};
use crate::people::{Access, Actor, Place, RecordKind};
use crate::shell::{Frame, Notice, Page, State, Tab, Tabs};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::PlanWatch;

#[derive(Template)]
#[template(path = "registers/plans/list.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    kinds: Vec<(&'static str, &'static str, bool)>,
    show: &'static str,
    about: String,
    table: TableView,
    empty: State,
    may_make: bool,
}

/// What of the plans is asked for by somebody who may ask.
struct Narrowed<'b> {
    book: &'b Book,
    reader: PlanReader,
    watch: Watch<'b>,
    show: Show,
    kind: Option<PlanKind>,
    /// Plans of the kind, whichever part of them is shown.
    lines: Vec<Line<'b>>,
    drifts: Vec<DriftLine<'b>>,
    /// Where two registers do not fit together; none to somebody who reads no other school's.
    both: Option<Vec<BothLine>>,
}

impl<'b> Narrowed<'b> {
    /// Errors: [`Refusal::NotFound`] to somebody who reads no register; a setting cannot be read; the database did not answer.
    fn of(
        tx: &mut Tx,
        office: &Office,
        actor: &Actor,
        book: &'b Book,
        asked: &Form,
    ) -> Result<Narrowed<'b>, Refusal> {
        if !Place::Registers.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let now = office.now();
        let (today, _) = now.in_london();
        let reach = actor.reach(tx, Access::Read, RecordKind::AttendanceMarks, today)?;
        let reader = PlanReader::of(tx, actor, today)?;
        let both = match reader.reads_any() {
            true => both_sides(tx, office, actor, book, &reach, today)?,
            false => None,
        };
        let show = match Show::of(&asked.show) {
            Show::Drift if !reader.reads_any() => Show::Now,
            Show::Both if both.is_none() => Show::Now,
            show => show,
        };
        let kind = PlanKind::from_key(&asked.kind);
        let is_asked = |line: &Line<'_>| kind.is_none_or(|kind| line.on_file.plan.kind == kind);
        let mut lines = lines(book, &reach);
        lines.retain(is_asked);
        let mut drifts = drifts(tx, book, &reach, now)?;
        drifts.retain(|one| is_asked(&one.line));
        Ok(Narrowed {
            book,
            reader,
            watch: Watch::of(book, today)?,
            show,
            kind,
            lines,
            drifts,
            both,
        })
    }

    /// Which parts this person is offered, each with how many are in it.
    fn parts(&self) -> Vec<(Show, usize)> {
        let is_offered = |show: &Show| match show {
            Show::Drift => self.reader.reads_any(),
            Show::Both => self.both.is_some(),
            Show::Now | Show::Due | Show::Ended => true,
        };
        let offered = Show::ALL.into_iter().filter(is_offered);
        let number = |show: Show| match show {
            Show::Drift => self.drifts.len(),
            Show::Both => self.both.as_ref().map_or(0, Vec::len),
            _ => {
                let lines = self.lines.iter();
                lines
                    .filter(|line| show.takes(line.on_file, &self.watch))
                    .count()
            }
        };
        offered.map(|show| (show, number(show))).collect()
    }

    /// The part that is shown. `keeps`: whether each drift offers the way to deal with it.
    fn table(mut self, asked: &Form, keeps: bool) -> Table {
        match self.show {
            Show::Drift => drift_table(asked, self.drifts, &self.reader, keeps),
            Show::Both => both_table(asked, self.both.unwrap_or_default()),
            show => {
                let watch = &self.watch;
                self.lines.retain(|line| show.takes(line.on_file, watch));
                table(self.book, asked, self.lines, watch, &self.reader)
            }
        }
    }
}

/// `/plans`: sorted, narrowed and taken away.
pub(super) async fn list(desk: Desk, Query(asked): Query<Form>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let book = here.office.shelf.book(tx, actor.school)?;
        let narrowed = Narrowed::of(tx, &here.office, actor, &book, &asked)?;
        let (show, watched) = (narrowed.show, narrowed.watch.watched);
        let may_make = may_make(tx, actor, narrowed.watch.today)?;
        let tabs = narrowed.parts().into_iter().map(|(other, count)| Tab {
            label: other.label().into(),
            href: asked
                .link("/plans", &[("show", other.key()), ("sort", "")])
                .into(),
            current: other == show,
            count: Some(count as u32),
        });
        let tabs = Tabs {
            name: "Plans".into(),
            tabs: tabs.collect(),
        };
        let (usual, unit) = match show {
            Show::Drift => ("-day", "marks"),
            Show::Both => ("-day", "sessions"),
            _ => ("last", "plans"),
        };
        let sort = match asked.sort.is_empty() {
            true => usual.to_owned(),
            false => asked.sort.clone(),
        };
        let rows = narrowed.table(&asked, may_make);
        let page = ListPage {
            frame: here
                .frame(tx, actor, "Plans")?
                .with_notice(notice(&asked.did)),
            tabs,
            kinds: kinds()
                .map(|(key, name)| (key, name, asked.kind == key))
                .collect(),
            show: show.key(),
            about: about(show, watched),
            table: rows.view("/plans", &asked, &sort, unit),
            empty: empty(show),
            may_make,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/plans` as a file.
pub(in crate::registers) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let actor = wanted.actor;
    let asked = wanted.query::<Form>()?.whole();
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let narrowed = Narrowed::of(tx, wanted.office, actor, &book, &asked)?;
    let about = about_file(wanted.office, actor, narrowed.show, narrowed.kind);
    let mut table = narrowed.table(&asked, false);
    table.about = about;
    Ok(table.leaving(&table.title.to_lowercase(), wanted.today()))
}

fn about_file(
    office: &Arc<Office>,
    actor: &Actor,
    show: Show,
    kind: Option<PlanKind>,
) -> Vec<(String, String)> {
    let (today, clock) = office.today();
    let kind = kind.map_or("every kind", PlanKind::name);
    [
        (
            "List",
            format!("Plans: {}, {kind}", show.label().to_lowercase()),
        ),
        ("Made", format!("{} {clock}", today.long())),
        ("Made by", format!("{}, {}", actor.name, actor.job_title)),
    ]
    .map(|(term, fact)| (term.to_owned(), fact))
    .to_vec()
}

fn about(show: Show, watched: PlanWatch) -> String {
    match show {
        Show::Now => {
            "A plan stands for a session until somebody makes a mark there (R-032). It counts at once.".to_owned()
        }
        Show::Due => format!(
            "A review, an end or the sixth day of a suspension within the next {}. Decide what follows before it comes.",
            school_days(watched.told_ahead)
        ),
        Show::Drift => format!(
            "Marks of the last {} that do not agree with a plan: one of the two is wrong, the plan has ended, or both are right and somebody says what was found.",
            school_days(watched.drift_back)
        ),
        Show::Both => format!(
            "Pupils who are on the roll of another school of the trust too, in the last {}: in each session one school has a code of its own and the other D; two are a conflict, none is a gap (R-220). Only where you may read the marks of both.",
            school_days(watched.drift_back)
        ),
        Show::Ended => {
            "Plans whose last day has passed. What they stood for stays counted.".to_owned()
        }
    }
}

/// `5 school days`.
fn school_days(days: u8) -> String {
    format!("{days} school day{}", if days == 1 { "" } else { "s" })
}

fn empty(show: Show) -> State {
    match show {
        Show::Now => State::empty(
            "No plans",
            "Leave, trips, part-time timetables and whatever else is known ahead are planned here.",
        ),
        Show::Due => State::empty(
            "Nothing falls due",
            "No review and no end in the days ahead that the school watches.",
        ),
        Show::Drift => State::empty(
            "No drift",
            "Every mark of the days that the school looks back agrees with its plan, or somebody has said what was found.",
        ),
        Show::Both => State::empty(
            "Both registers fit together",
            "In each session one school has a code of its own.",
        ),
        Show::Ended => State::empty("No plan has ended", "Ended plans stay here."),
    }
}

pub(super) fn notice(did: &str) -> Option<Notice> {
    let text = match did {
        "made" => "It is planned, and counts at once.",
        "amended" => "The plan is amended. What stood before is kept below.",
        "ended" => "The plan ends earlier. Sessions after its new end are marked as ever.",
        "dealt" => {
            "What was found is recorded, and the drift has left the list. The plan's page shows it."
        }
        "taken-back" => {
            "What was found is taken back. The drift is on the list again while mark and plan differ."
        }
        "withdrawn" => "The plan is withdrawn. It stays on file and stands for no session.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// Whether this person makes plans of some kind for some pupil.
pub(super) fn may_make(tx: &mut Tx, actor: &Actor, today: Day) -> Result<bool, Refusal> {
    for kind in [PlanKind::Leave, PlanKind::Suspension] {
        match Keeping::of(tx, actor, kind, today) {
            Ok(keeping) if keeping.of_somebody() => return Ok(true),
            Ok(_) | Err(Refusal::NotAllowed(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(false)
}
