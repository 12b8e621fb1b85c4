//! A pupil's pages: one header, then marks, contacts, record and amendments, each at its own address.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Instant};
use register::{CompulsoryAge, compulsory_age};
use store::{StoreError, Tx};

use super::admission_register::{gap_in_words, gaps_of};
use super::characteristic_kinds::CharacteristicKind;
use super::history::{self, Entry};
use super::household::{ContactOf, Home, contacts_of, homes_of, siblings};
use super::keeping::notice;
use super::keeping::{KEPT_ELSEWHERE, Sight, kept_here};
use super::place::{Place, Standing};
use super::pupils::flags;
use super::record::{
    InGroup, PupilRow, TimeOnRoll, characteristics_of, enrolment_kind, ground_in_words, groups_of,
    pupil_row, sources_of, times_on_roll,
};
use crate::absence_line::sees_links;
use crate::authority::flags_of as legal_flags;
use crate::book::{BOARDS, Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::door::sweeps_of_pupil;
use crate::evidence::asked_of;
use crate::form::Answers;
use crate::ids::PupilId;
use crate::insight::table::TableView;
use crate::insight::{
    Form, NoFigure, Question, Who, band_name, marks_href, pupil_figure, year_grid,
};
use crate::messages::not_reached;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::{
    PlanReader, history_of, keeps_all_registers, keeps_plans_of, may_extract, plans_of_pupil,
};
use crate::safeguarding::may_raise;
use crate::shell::{
    Facts, Figure, Flag, Frame, Legend, Notice, Page, State, Tab, Tabs, Text, YearGrid,
};
use crate::take_away::{Leaving, Wanted};

/// What stands at the head of every page of a pupil.
struct Head {
    id: PupilId,
    name: String,
    groups: String,
    /// Loud, above everything: not on roll.
    standing: Option<String>,
    age: String,
    flags: Vec<Flag>,
    figure: Option<Figure>,
    band: Option<String>,
    tabs: Tabs,
    /// What the viewer may do here.
    acts: Vec<(Text, Text)>,
    /// Why nothing can be changed here, if so.
    kept_elsewhere: Option<&'static str>,
}

/// A part of a pupil's pages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Marks,
    Plans,
    Contacts,
    Record,
    Amendments,
}

/// What every page of a pupil starts from.
struct Opened {
    book: Arc<Book>,
    sight: Sight,
    today: Day,
    now: Instant,
    pupil: PupilId,
    /// Whether this person may change the parts of the record, and the roll is kept here.
    keeps_core: bool,
    keeps_contacts: bool,
    keeps_plans: bool,
    /// That evidence is asked for, where it is and this person may know of it (E-024).
    evidence_asked: bool,
    /// Flags for legal targets that run; none for somebody who may not know of any.
    legal: Option<Vec<Flag>>,
}

impl Opened {
    /// Opens a pupil's pages.
    ///
    /// Errors: [`Refusal::NotFound`] when there is no such pupil, or none that this person may know of.
    fn of(desk: &Desk, tx: &mut Tx, actor: &Actor, pupil: PupilId) -> Result<Opened, Refusal> {
        let now = desk.office.now();
        let (today, _) = now.in_london();
        let sight = Sight::of(tx, actor, today)?;
        let book = desk.office.shelf.book(tx, actor.school)?;
        if !sight.covers(RecordKind::PupilCore, pupil) || book.roll.pupil(pupil).is_none() {
            return Err(Refusal::NotFound);
        }
        let here = kept_here(&book, today);
        let mut keeps = |kind| -> Result<bool, StoreError> {
            Ok(here && actor.reach(tx, Access::Write, kind, today)?.covers(pupil))
        };
        Ok(Opened {
            keeps_core: keeps(RecordKind::PupilCore)?,
            keeps_contacts: keeps(RecordKind::Contacts)?,
            keeps_plans: keeps_plans_of(tx, actor, pupil, today)?,
            evidence_asked: asked_of(tx, actor, pupil, today)?.is_some(),
            legal: legal_flags(tx, actor, pupil, today)?,
            book,
            sight,
            today,
            now,
            pupil,
        })
    }

    fn place(&self) -> Result<Place<'_>, Refusal> {
        let pupil = self.book.roll.pupil(self.pupil).ok_or(Refusal::NotFound)?;
        Ok(Place::of(&self.book, pupil, self.today))
    }

    fn sees(&self, kind: RecordKind) -> bool {
        self.sight.covers(kind, self.pupil)
    }

    fn head(&self, actor: &Actor, part: Part) -> Result<Head, Refusal> {
        let place = self.place()?;
        let id = self.pupil;
        let groups = [GroupKind::Tutor, GroupKind::Year, GroupKind::House]
            .map(|kind| place.group_name(&self.book, kind))
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        let standing = match place.standing {
            Standing::OnRoll => None,
            Standing::Expected => Some(format!("Starts {}", place.day.long())),
            Standing::Left => Some(format!("Left {}", place.day.long())),
            Standing::Never => Some("Never on roll here".to_owned()),
        };
        let (figure, band) = if self.sees(RecordKind::AttendanceMarks) {
            figure_of(&self.book, id, self.now)?
        } else {
            (None, None)
        };
        let may_change = actor.may(Access::Write, RecordKind::PupilCore)
            || actor.may(Access::Write, RecordKind::Contacts);
        Ok(Head {
            id,
            name: place.pupil.listed(),
            groups,
            standing,
            age: age_in_words(place.pupil.birth_day, self.today),
            flags: {
                let mut flags = flags(&self.book, &self.sight, &place);
                flags.extend(self.legal.iter().flatten().cloned());
                if self.evidence_asked {
                    flags.push(Flag::heed("evidence asked for"));
                }
                flags
            },
            figure,
            band,
            tabs: self.tabs(part),
            acts: self.acts(actor, part, &place),
            kept_elsewhere: (may_change && !kept_here(&self.book, self.today))
                .then_some(KEPT_ELSEWHERE),
        })
    }

    fn tabs(&self, part: Part) -> Tabs {
        let tab = |label: &'static str, tail: &str, own: Part| Tab {
            label: label.into(),
            href: format!("/pupils/{}{tail}", self.pupil).into(),
            current: own == part,
            count: None,
        };
        let mut tabs = vec![tab("Marks", "", Part::Marks)];
        if self.sees(RecordKind::AttendanceMarks) {
            tabs.push(tab("Plans", "/plans", Part::Plans));
        }
        if self.sees(RecordKind::Contacts) {
            tabs.push(tab("Contacts", "/contacts", Part::Contacts));
        }
        tabs.push(tab("Record", "/record", Part::Record));
        tabs.push(tab("Amendments", "/amendments", Part::Amendments));
        Tabs {
            name: "Pupil".into(),
            tabs,
        }
    }

    fn acts(&self, actor: &Actor, part: Part, place: &Place) -> Vec<(Text, Text)> {
        let to = |tail: &str| -> Text { format!("/pupils/{}/{tail}", self.pupil).into() };
        let mut acts: Vec<(Text, Text)> = Vec::new();
        if part == Part::Marks {
            let timetable = format!("/timetable/pupils/{}", self.pupil);
            acts.push((timetable.into(), "Timetable".into()));
            if may_extract(actor) {
                acts.push((to("extract"), "Certified extract".into()));
            }
        }
        if matches!(part, Part::Marks | Part::Contacts) && self.sees(RecordKind::MedicalEvidence) {
            acts.push((to("evidence"), "Evidence".into()));
        }
        if part == Part::Marks && self.legal.is_some() {
            acts.push((to("legal"), "Legal targets".into()));
        }
        if part == Part::Marks && may_raise(actor) {
            let concern = format!("/concerns/new?pupil={}", self.pupil);
            acts.push((concern.into(), "Raise a concern".into()));
        }
        if part == Part::Contacts && self.keeps_contacts {
            acts.push((to("contacts/new"), "Add a contact".into()));
            acts.push((to("address"), "Add an address".into()));
        }
        if part == Part::Plans && self.keeps_plans {
            let new = format!("/plans/new?pupil={}", self.pupil);
            acts.push((new.into(), "New plan".into()));
        }
        if part != Part::Contacts && part != Part::Plans && self.keeps_core {
            acts.push((to("amend"), "Amend the entry".into()));
            match place.standing {
                Standing::OnRoll | Standing::Expected => {
                    acts.push((to("end"), "End the time on roll".into()));
                }
                Standing::Left | Standing::Never => {
                    acts.push((to("enrol"), "Enter a new time on roll".into()));
                }
            }
        }
        acts
    }
}

/// The figure of the school year so far, and the school's own band for it; neither where the calendar has no terms yet.
fn figure_of(
    book: &Book,
    pupil: PupilId,
    now: Instant,
) -> Result<(Option<Figure>, Option<String>), Refusal> {
    let question = Question::usual(Who::Pupil(pupil));
    match pupil_figure(book, pupil, now) {
        Ok(figure) => {
            let band = band_name(book, &figure)?;
            let shown = Figure {
                big: true,
                ..figure.shown(&question)
            };
            Ok((Some(shown), band))
        }
        Err(NoFigure::NoTerms) => Ok((None, None)),
        Err(error) => Err(error.into()),
    }
}

/// `14, of compulsory school age until 25 June 2027 (R-302)`.
fn age_in_words(born: Day, today: Day) -> String {
    let years = born.age_on(today);
    match compulsory_age(born, today) {
        CompulsoryAge::Before { begins } => format!(
            "aged {years}, of compulsory school age from {} (R-301)",
            begins.long()
        ),
        CompulsoryAge::Within { ends, .. } => format!(
            "aged {years}, of compulsory school age until {} (R-302)",
            ends.long()
        ),
        CompulsoryAge::After { ended } => format!(
            "aged {years}, over compulsory school age since {} (R-302)",
            ended.long()
        ),
    }
}

#[derive(Template)]
#[template(path = "roll/pupil.html")]
struct MarksPage {
    frame: Frame,
    /// Whether the viewer may change many marks at once.
    changes_marks: bool,
    head: Head,
    grids: Vec<YearGrid>,
    /// Why the pupil is not marked, if they board now.
    boards: Option<String>,
    legend: Legend,
    nothing: Option<State>,
    around: Option<Around>,
}

/// Who lives with the pupil or shares a parent.
struct Around {
    address: Option<String>,
    siblings: Vec<Sibling>,
}

struct Sibling {
    /// None when the viewer may not open that pupil.
    href: String,
    name: String,
    place: String,
    why: &'static str,
}

/// `/pupils/{pupil}`: marks of this school year and the last.
pub(super) async fn marks(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let opened = Opened::of(&here, tx, actor, pupil)?;
        let head = opened.head(actor, Part::Marks)?;
        let sees_marks = opened.sees(RecordKind::AttendanceMarks);
        let grids = if sees_marks {
            grids(&opened)?
        } else {
            Vec::new()
        };
        let nothing = match (sees_marks, grids.is_empty()) {
            (false, _) => Some(State::empty(
                "Marks are not shown to you",
                "You see the marks of pupils whom you teach, tutor or lead.",
            )),
            (true, true) if boards_today(&opened).is_some() => None,
            (true, true) => Some(State::empty(
                "There are no sessions yet",
                "The school's calendar has no terms here. Add them under Year, and the marks appear.",
            )),
            (true, false) => None,
        };
        let boards = boards_today(&opened).filter(|_| sees_marks);
        let around = around(tx, actor, &opened)?;
        let changes_marks = keeps_all_registers(actor);
        let changed = asked.number("set").filter(|_| changes_marks).map(|set| {
            let undo = format!("/many-marks/{set}/undo?back={pupil}");
            Notice::undoable("The marks are changed. What stood before is kept.", undo)
        });
        let frame = here.frame(tx, actor, "Pupil")?;
        let frame = frame.with_notice(changed.or_else(|| notice(&asked)));
        let page = MarksPage {
            frame,
            changes_marks,
            head,
            grids,
            boards,
            legend: Legend,
            nothing,
            around,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// That a pupil who boards now is not marked, and since when.
fn boards_today(opened: &Opened) -> Option<String> {
    let rows = opened.book.roll.rows_of(opened.pupil).iter();
    let mut times = rows.map(|row| &opened.book.roll.enrolments[*row]);
    let time = times.find(|time| time.covers(opened.today))?;
    let boarding = time.boarding_on(opened.today)?;
    Some(format!(
        "Boards since {}. Boarders are in the admission register and are not marked in the attendance register (R-011).",
        boarding.0.long()
    ))
}

fn grids(opened: &Opened) -> Result<Vec<YearGrid>, Refusal> {
    let this_year = opened.book.calendar.school_year_of(opened.today);
    let mut grids = Vec::new();
    for year in [this_year, this_year.previous()] {
        let href = Some(marks_href(opened.pupil).into());
        grids.extend(year_grid(
            &opened.book,
            opened.pupil,
            year,
            opened.now,
            href,
        )?);
    }
    Ok(grids)
}

fn around(tx: &mut Tx, actor: &Actor, opened: &Opened) -> Result<Option<Around>, Refusal> {
    if !opened.sees(RecordKind::Contacts) {
        return Ok(None);
    }
    let contacts = contacts_of(tx, actor.school, opened.pupil)?;
    around_with(tx, actor, opened, &contacts).map(Some)
}

fn around_with(
    tx: &mut Tx,
    actor: &Actor,
    opened: &Opened,
    contacts: &[ContactOf],
) -> Result<Around, Refusal> {
    let homes = homes_of(tx, actor.school, opened.pupil)?;
    let address = homes
        .iter()
        .rev()
        .find(|home| home.holds(opened.today))
        .map(Home::in_words);
    let found = siblings(tx, actor.school, opened.pupil, contacts, opened.today)?;
    let siblings = found
        .into_iter()
        .filter(|(other, _)| opened.sight.covers(RecordKind::PupilCore, *other))
        .filter_map(|(other, why)| {
            let pupil = opened.book.roll.pupil(other)?;
            let place = Place::of(&opened.book, pupil, opened.today);
            Some(Sibling {
                href: format!("/pupils/{other}"),
                name: pupil.listed(),
                place: place.in_words(&opened.book),
                why,
            })
        })
        .collect();
    Ok(Around { address, siblings })
}

#[derive(Template)]
#[template(path = "roll/plans.html")]
struct PlansPage {
    frame: Frame,
    head: Head,
    table: TableView,
    nothing: State,
}

/// `/pupils/{pupil}/plans`: what is and was planned for the pupil, the latest first.
pub(super) async fn plans(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let opened = Opened::of(&here, tx, actor, pupil)?;
        if !opened.sees(RecordKind::AttendanceMarks) {
            return Err(Refusal::NotFound);
        }
        let head = opened.head(actor, Part::Plans)?;
        let reader = PlanReader::of(tx, actor, opened.today)?;
        let table = plans_of_pupil(&opened.book, pupil, &asked, opened.today, &reader)?;
        let sort = match asked.sort.is_empty() {
            true => "-first",
            false => asked.sort.as_str(),
        };
        let path = format!("/pupils/{pupil}/plans");
        let page = PlansPage {
            frame: here.frame(tx, actor, "Plans of a pupil")?,
            head,
            table: table.view(&path, &asked, sort, "plans"),
            nothing: State::empty(
                "Nothing is planned",
                "Leave, appointments, trips, part-time timetables and whatever else is known ahead stands here.",
            ),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `/pupils/{pupil}/plans` as a file.
pub(super) fn plans_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    let pupil = PupilId(wanted.named()?);
    let sight = Sight::of(tx, actor, today)?;
    let book = wanted.office.shelf.book(tx, actor.school)?;
    if !sight.covers(RecordKind::AttendanceMarks, pupil) || book.roll.pupil(pupil).is_none() {
        return Err(Refusal::NotFound);
    }
    let asked = wanted.query::<Form>()?.whole();
    let reader = PlanReader::of(tx, actor, today)?;
    let table = plans_of_pupil(&book, pupil, &asked, today, &reader)?;
    Ok(table.leaving("plans of a pupil", today).naming([pupil]))
}

#[derive(Template)]
#[template(path = "roll/contacts.html")]
struct ContactsPage {
    frame: Frame,
    head: Head,
    contacts: Vec<ContactRow>,
    homes: Vec<HomeRow>,
    around: Around,
    keeps: bool,
    /// Whether this person sees by which links the family tells of an absence.
    sees_links: bool,
    /// Whether this person writes letters to families.
    writes_letters: bool,
    sees_professionals: bool,
}

struct ContactRow {
    contact: ContactOf,
    flags: Vec<Flag>,
    address: String,
    about: String,
    /// Of each way: that a message did not arrive there, and what comes next.
    not_reached: Vec<Option<String>>,
}

impl ContactRow {
    /// What is known against the way at this place.
    fn against(&self, place: &usize) -> Option<&str> {
        self.not_reached.get(*place)?.as_deref()
    }
}

struct HomeRow {
    words: String,
    days: String,
    residence: i64,
    is_open: bool,
}

/// `/pupils/{pupil}/contacts`.
pub(super) async fn contacts(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let opened = Opened::of(&here, tx, actor, pupil)?;
        if !opened.sees(RecordKind::Contacts) {
            return Err(Refusal::NotFound);
        }
        let head = opened.head(actor, Part::Contacts)?;
        let contacts = contacts_of(tx, actor.school, pupil)?;
        let around = around_with(tx, actor, &opened, &contacts)?;
        let sees_log = actor.may_for_school(Access::Read, RecordKind::ContactsLog);
        let mut rows = Vec::new();
        for contact in contacts {
            let not_reached = match sees_log {
                true => not_reached(tx, actor.school, &ways(&contact))?,
                false => vec![None; contact.routes.len()],
            };
            rows.push(contact_row(contact, opened.today, not_reached));
        }
        let homes = homes_of(tx, actor.school, pupil)?;
        let frame = here.frame(tx, actor, "Pupil contacts")?;
        let page = ContactsPage {
            frame: frame.with_notice(notice(&asked)),
            head,
            keeps: opened.keeps_contacts,
            sees_links: sees_links(tx, actor, pupil, opened.today)?,
            writes_letters: actor.may_for_school(Access::Write, RecordKind::ContactsLog),
            sees_professionals: actor
                .reach(tx, Access::Read, RecordKind::SocialCareStatus, opened.today)?
                .covers(pupil),
            contacts: rows,
            homes: homes
                .iter()
                .map(|home| HomeRow {
                    words: home.in_words(),
                    days: days_in_words(home.from, home.to),
                    residence: home.residence,
                    is_open: home.to.is_none_or(|to| to >= opened.today),
                })
                .collect(),
            around,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// Kind and address of each way to reach a contact.
fn ways(contact: &ContactOf) -> Vec<(String, Option<String>)> {
    let each = contact.routes.iter();
    each.map(|route| (route.kind.clone(), route.value.clone()))
        .collect()
}

fn contact_row(contact: ContactOf, today: Day, not_reached: Vec<Option<String>>) -> ContactRow {
    let mut flags = Vec::new();
    if contact.do_not_contact {
        flags.push(Flag::loud("Do not contact"));
    } else if contact.court_order {
        flags.push(Flag::loud("Court order"));
    }
    if contact.do_not_contact && contact.court_order {
        flags.push(Flag::plain("Court order"));
    }
    if contact.no_automatic_messages {
        flags.push(Flag::plain("No automatic messages"));
    }
    let mut about = vec![contact.relationship.clone()];
    let mut says = |there: Option<bool>, yes: &str, no: &str| match there {
        Some(true) => about.push(yes.to_owned()),
        Some(false) if !no.is_empty() => about.push(no.to_owned()),
        _ => {}
    };
    says(
        contact.parental_responsibility,
        "parental responsibility",
        "no parental responsibility",
    );
    says(contact.lives_with, "lives with the pupil", "");
    says(contact.may_collect, "may collect", "may not collect");
    if contact.interpreter {
        let language = contact.language.as_deref().unwrap_or("a language");
        about.push(format!("interpreter for {language}"));
    } else if let Some(language) = &contact.language {
        about.push(format!("speaks {language}"));
    }
    about.retain(|part| !part.is_empty());
    ContactRow {
        address: contact
            .home_on(today)
            .map_or_else(String::new, Home::in_words),
        about: about.join(", "),
        flags,
        contact,
        not_reached,
    }
}

/// `since 3 September 2026`, `3 September 2026 to 24 November 2026`; empty when neither day is known.
pub(super) fn days_in_words(from: Option<Day>, to: Option<Day>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", from.long(), to.long()),
        (Some(from), None) => format!("since {}", from.long()),
        (None, Some(to)) => format!("until {}", to.long()),
        (None, None) => String::new(),
    }
}

#[derive(Template)]
#[template(path = "roll/record.html")]
struct RecordPage {
    frame: Frame,
    head: Head,
    entry: Facts,
    /// What the admission register should hold and does not; only for those who see contacts too.
    gaps: Vec<String>,
    times: Vec<TimeRow>,
    groups: Vec<GroupRow>,
    characteristics: Vec<CharacteristicRow>,
    /// Where a characteristic can be added, if this person may add some kind.
    may_add: bool,
    sources: Vec<(String, String)>,
    /// Truancy sweeps that met the pupil, for those who see them.
    sweeps: Vec<(i64, String)>,
    keeps: bool,
}

struct TimeRow {
    days: String,
    facts: Facts,
    href: String,
}

struct GroupRow {
    href: String,
    kind: String,
    name: String,
    days: String,
}

struct CharacteristicRow {
    label: &'static str,
    value: String,
    days: String,
    /// Where it can be ended, if it holds and this person may.
    end: Option<String>,
}

/// `/pupils/{pupil}/record`: the admission register's entry, times on roll, groups, characteristics, links.
pub(super) async fn record(
    desk: Desk,
    Path(pupil): Path<PupilId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let opened = Opened::of(&here, tx, actor, pupil)?;
        let head = opened.head(actor, Part::Record)?;
        let row = pupil_row(tx, actor.school, pupil)?.ok_or(Refusal::NotFound)?;
        let times = times_on_roll(tx, actor.school, pupil)?;
        let groups = groups_of(tx, actor.school, pupil)?;
        let characteristics = characteristic_rows(tx, actor, &opened)?;
        let sources = sources_of(tx, actor.school, pupil)?;
        let gaps = if opened.sees(RecordKind::Contacts) {
            gaps_of(tx, actor.school, pupil, opened.today)?
        } else {
            Vec::new()
        };
        let gaps = gaps.iter().map(gap_in_words).collect();
        let may_add = kept_here(&opened.book, opened.today)
            && [
                RecordKind::VulnerabilityFlags,
                RecordKind::SocialCareStatus,
                RecordKind::SenProfile,
                RecordKind::PupilCore,
            ]
            .iter()
            .any(|kind| actor.may(Access::Write, *kind));
        let frame = here.frame(tx, actor, "Pupil record")?;
        let page = RecordPage {
            frame: frame.with_notice(notice(&asked)),
            head,
            entry: entry_facts(&row),
            gaps,
            times: times.iter().rev().map(time_row).collect(),
            groups: groups.into_iter().map(group_row).collect(),
            characteristics,
            may_add,
            sources,
            sweeps: sweeps_of_pupil(tx, actor, &opened.book, (pupil, opened.today))?,
            keeps: opened.keeps_core,
        };
        Ok(Page(page).into_response())
    })
    .await
}

fn characteristic_rows(
    tx: &mut Tx,
    actor: &Actor,
    opened: &Opened,
) -> Result<Vec<CharacteristicRow>, Refusal> {
    let held = characteristics_of(tx, actor.school, opened.pupil)?;
    let here = kept_here(&opened.book, opened.today);
    let mut rows = Vec::new();
    for one in held {
        let Some(kind) = CharacteristicKind::from_key(&one.kind) else {
            continue;
        };
        if !opened.sees(kind.record) {
            continue;
        }
        let is_open = one.to.is_none_or(|to| to >= opened.today);
        // Days on which a pupil boarded belong to the register, and are put right whenever they are found wrong.
        let may_end = here
            && (is_open || one.kind == BOARDS)
            && actor
                .reach(tx, Access::Write, kind.record, opened.today)?
                .covers(opened.pupil);
        rows.push(CharacteristicRow {
            label: kind.label,
            value: kind.value_in_words(&one.value),
            days: days_in_words(Some(one.from), one.to),
            end: may_end.then(|| format!("/pupils/{}/characteristics/{}", opened.pupil, one.id)),
        });
    }
    Ok(rows)
}

fn entry_facts(row: &PupilRow) -> Facts {
    let optional = |value: &Option<String>| -> Text { value.clone().unwrap_or_default().into() };
    Facts {
        facts: vec![
            ("Full name".into(), row.full_name().into()),
            (
                "Name used".into(),
                format!("{} {}", row.forename, row.surname).into(),
            ),
            (
                "Sex".into(),
                match row.sex.as_deref() {
                    Some("F") => "Female".into(),
                    Some("M") => "Male".into(),
                    Some(other) => other.to_owned().into(),
                    None => "".into(),
                },
            ),
            ("Date of birth".into(), row.birth_day.long().into()),
            ("UPN".into(), optional(&row.upn)),
            ("Former UPN".into(), optional(&row.former_upn)),
            ("ULN".into(), optional(&row.uln)),
            ("Admission number".into(), optional(&row.admission_number)),
        ],
    }
}

fn time_row(time: &TimeOnRoll) -> TimeRow {
    let ground = time.deletion_ground.as_deref().map(ground_in_words);
    let mut facts: Vec<(Text, Text)> = vec![
        ("Kind".into(), enrolment_kind(&time.kind).to_owned().into()),
        ("Starting day".into(), time.starting_day.long().into()),
        (
            "Starting day agreed with".into(),
            time.agreed_with.clone().unwrap_or_default().into(),
        ),
        (
            "Last school".into(),
            time.last_school.clone().unwrap_or_default().into(),
        ),
    ];
    if let Some(address) = &time.last_school_address {
        facts.push(("Its address".into(), address.clone().into()));
    }
    if let Some(last) = time.leaving_day {
        facts.push(("Last day on roll".into(), last.long().into()));
        facts.push((
            "Ground for deletion".into(),
            ground.unwrap_or_default().into(),
        ));
    }
    if let Some(next) = &time.next_school {
        facts.push(("Other or next school".into(), next.clone().into()));
    }
    TimeRow {
        days: days_in_words(Some(time.starting_day), time.leaving_day),
        facts: Facts { facts },
        href: format!("/pupils/{}/times/{}", time.pupil, time.id),
    }
}

fn group_row(group: InGroup) -> GroupRow {
    GroupRow {
        href: format!("/groups/{}", group.group),
        kind: GroupKind::from_key(&group.kind).map_or(group.kind, |kind| kind.label().to_owned()),
        name: group.name,
        days: days_in_words(Some(group.from), group.to),
    }
}

#[derive(Template)]
#[template(path = "roll/amendments.html")]
struct AmendmentsPage {
    frame: Frame,
    head: Head,
    entries: Vec<Entry>,
    marks: Vec<MarkRow>,
}

/// An amended mark.
struct MarkRow {
    href: String,
    slot: String,
    before: String,
    after: String,
    when: String,
    who: String,
    reason: String,
}

/// Marks of this school year and the last that were changed after they were first made, the newest first.
fn amended_marks(tx: &mut Tx, actor: &Actor, opened: &Opened) -> Result<Vec<MarkRow>, Refusal> {
    if !opened.sees(RecordKind::AttendanceMarks) {
        return Ok(Vec::new());
    }
    let last_year = opened.book.calendar.school_year_of(opened.today).previous();
    let first = last_year.age_day();
    let mut rows = Vec::new();
    for row in opened.book.roll.rows_of(opened.pupil) {
        let enrolment = opened.book.roll.enrolments[*row].id;
        let entries = history_of(tx, actor.school, enrolment, first, opened.today)?;
        for entry in entries.into_iter().filter(|entry| !entry.is_first) {
            let code = |code: Option<register::Code>| {
                code.map_or_else(|| "no mark".to_owned(), |code| code.to_string())
            };
            rows.push((
                entry.at,
                MarkRow {
                    href: format!(
                        "{}{}/{}",
                        marks_href(opened.pupil),
                        entry.slot.day,
                        entry.slot.session
                    ),
                    slot: format!(
                        "{} {} {}",
                        entry.slot.day.short(),
                        entry.slot.day.year(),
                        entry.slot.session
                    ),
                    before: code(entry.before),
                    after: match &entry.sub_code {
                        Some(sub_code) => format!("{}, {sub_code}", code(entry.code)),
                        None => code(entry.code),
                    },
                    when: crate::shell::moment(entry.at),
                    who: [entry.name, entry.job_title].join(", "),
                    reason: entry.reason.unwrap_or_default(),
                },
            ));
        }
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// `/pupils/{pupil}/amendments`: every entry in order, the original first.
pub(super) async fn amendments(
    desk: Desk,
    Path(pupil): Path<PupilId>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let opened = Opened::of(&here, tx, actor, pupil)?;
        let head = opened.head(actor, Part::Amendments)?;
        let entries = history::entries(tx, actor.school, pupil, &opened.sight)?;
        let frame = here.frame(tx, actor, "Pupil amendments")?;
        let page = AmendmentsPage {
            frame,
            head,
            entries,
            marks: amended_marks(tx, actor, &opened)?,
        };
        Ok(Page(page).into_response())
    })
    .await
}
