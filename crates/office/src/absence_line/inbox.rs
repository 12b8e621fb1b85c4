//! The inbox: what can be applied, what is held back, what was dealt with today.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, TimeOfDay};
use exchange::Cell;
use register::Code;
use store::{StoreError, Tx};

use super::apply::{Applied, apply_all, foresee, says_otherwise, undo, undoubted};
use super::mail;
use super::report::{Report, State as Standing, decided_since, one, waiting};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::evidence::counts_since;
use crate::form::Answers;
use crate::ids::{EnrolmentId, MarkSetId, PupilId, ReportId};
use crate::morning::Sight;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::keeps_all_registers;
use crate::roll::{sibling_word, siblings_of};
use crate::shell::{Exports, Frame, Notice, Page, State, Under, moment};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::absence_line_rules;

/// The inbox says of reports of the last month whether files came with them: 31 days. Each report's own page always does.
const FILES_LOOK_BACK_SECONDS: i64 = 31 * 24 * 60 * 60;

/// A report as a line.
pub(super) struct Line {
    pub(super) report: Report,
    /// The pupil as lists have them; empty while nobody is matched.
    pub(super) name: String,
    pub(super) form: String,
    pub(super) told: String,
    pub(super) taken_by: String,
    pub(super) days: String,
    /// What the register has for its sessions so far: `AM N`.
    pub(super) marks: String,
    /// What the register has that says otherwise.
    against: Option<String>,
    pub(super) decided_by: String,
    /// How many files came with it, for whoever may know of them.
    pub(super) files: i64,
    /// Whether nobody has said for too long whom it is about.
    pub(super) is_overdue: bool,
}

impl Line {
    pub(super) fn code(&self) -> String {
        self.report
            .code
            .map(|code| code.to_string())
            .unwrap_or_default()
    }

    /// `2 files came with it`; empty where none did.
    pub(super) fn files_in_words(&self) -> String {
        match self.files {
            0 => String::new(),
            1 => "a file came with it".to_owned(),
            files => format!("{files} files came with it"),
        }
    }

    pub(super) fn ground(&self) -> &str {
        match (&self.report.ground, self.report.state) {
            (Some(ground), _) => ground,
            (None, Standing::Matched) => self.against.as_deref().unwrap_or_default(),
            (None, Standing::New) => "Nobody has said yet whom it is about.",
            (None, _) => "",
        }
    }
}

/// A brother or sister to whom the same may apply.
pub(super) struct Sibling {
    pub(super) pupil: PupilId,
    pub(super) words: String,
}

/// Everything that lines are made of.
pub(super) struct Inbox<'i> {
    pub(super) book: &'i Book,
    pub(super) today: Day,
    pub(super) sight: Sight,
    /// Whether reports about nobody yet are shown.
    all: bool,
    /// From when on a report about nobody yet is overdue, if it came before.
    overdue: Instant,
    /// How many files came with reports lately, for whoever may know of evidence.
    files: HashMap<ReportId, i64>,
}

impl<'i> Inbox<'i> {
    pub(super) fn of(
        tx: &mut Tx,
        book: &'i Book,
        actor: &Actor,
        now: Instant,
    ) -> Result<Inbox<'i>, Refusal> {
        let (today, _) = now.in_london();
        let files = match actor.may_for_school(Access::Read, RecordKind::MedicalEvidence) {
            true => counts_since(tx, actor.school, now.plus_seconds(-FILES_LOOK_BACK_SECONDS))?,
            false => HashMap::new(),
        };
        let rules = absence_line_rules(&book.settings, today)?;
        Ok(Inbox {
            files,
            overdue: now.plus_seconds(-60 * i64::from(rules.overdue_minutes)),
            sight: Sight::of(tx, actor, today)?,
            all: actor.may_for_school(Access::Read, RecordKind::ContactsLog),
            book,
            today,
        })
    }

    /// Whether this person may see the report.
    pub(super) fn shows(&self, report: &Report) -> bool {
        report
            .pupil
            .map_or(self.all, |pupil| self.sight.covers(pupil))
    }

    fn person(&self, account: Option<crate::ids::AccountId>) -> String {
        let member = account.and_then(|account| self.book.staff.with_account(account));
        member.map(|member| member.name.clone()).unwrap_or_default()
    }

    fn row(&self, pupil: PupilId, day: Day) -> Option<usize> {
        let rows = self.book.roll.rows_of(pupil).iter().copied();
        rows.rev()
            .find(|row| self.book.roll.enrolments[*row].covers(day))
    }

    fn form(&self, enrolment: EnrolmentId) -> String {
        let group = self
            .book
            .groups
            .of_kind(enrolment, GroupKind::Tutor, self.today);
        group.map(|group| group.name.clone()).unwrap_or_default()
    }

    /// `Tyler Cole 8C`.
    pub(super) fn called(&self, pupil: PupilId) -> String {
        let name = self
            .book
            .roll
            .pupil(pupil)
            .map(|pupil| pupil.called())
            .unwrap_or_default();
        let form = self
            .row(pupil, self.today)
            .map(|row| self.form(self.book.roll.enrolments[row].id))
            .unwrap_or_default();
        format!("{name} {form}").trim_end().to_owned()
    }

    pub(super) fn line(&self, report: Report) -> Line {
        let row = report
            .pupil
            .and_then(|pupil| self.row(pupil, report.first.max(self.today.min(report.last))));
        Line {
            name: report
                .pupil
                .and_then(|pupil| self.book.roll.pupil(pupil))
                .map(|pupil| pupil.listed())
                .unwrap_or_default(),
            form: row
                .map(|row| self.form(self.book.roll.enrolments[row].id))
                .unwrap_or_default(),
            told: report.told_in_words(self.today),
            taken_by: self.person(report.taken_by),
            days: report.days_in_words(self.today),
            marks: row.map(|row| self.marks(&report, row)).unwrap_or_default(),
            against: row.and_then(|row| self.against(&report, row)),
            decided_by: self.person(report.decided_by),
            is_overdue: report.state == Standing::New && report.received_at <= self.overdue,
            files: self.files.get(&report.id).copied().unwrap_or(0),
            report,
        }
    }

    /// What the register has for the sessions of a report until today.
    fn marks(&self, report: &Report, row: usize) -> String {
        let slots = self
            .book
            .calendar
            .slots(report.first, report.last.min(self.today));
        let marks = slots
            .iter()
            .filter(|slot| report.covers(**slot))
            .filter_map(|slot| {
                let code = self.book.mark(row, *slot).code()?;
                let day = if slot.day == self.today {
                    String::new()
                } else {
                    format!("{} ", slot.day.short())
                };
                Some(format!("{day}{} {code}", slot.session))
            });
        marks.collect::<Vec<_>>().join(", ")
    }

    /// What the register has for a session of a report that says otherwise: neither no mark, `N`, `O`, a plan nor the proposed code.
    fn against(&self, report: &Report, row: usize) -> Option<String> {
        let slots = self
            .book
            .calendar
            .slots(report.first, report.last.min(self.today));
        let covered = slots.iter().filter(|slot| report.covers(**slot));
        covered.into_iter().find_map(|slot| {
            let mark = self.book.mark(row, *slot);
            let code = mark.code().filter(|_| !mark.is_planned())?;
            let agrees = [
                Some(Code::NO_REASON_YET),
                Some(Code::UNAUTHORISED),
                report.code,
            ]
            .contains(&Some(code));
            (!agrees).then(|| says_otherwise(code, *slot))
        })
    }

    /// Brothers and sisters of a report's pupil who have no report for its days yet, as far as this person may write of them.
    pub(super) fn siblings(
        &self,
        tx: &mut Tx,
        report: &Report,
    ) -> Result<Vec<Sibling>, StoreError> {
        let Some(pupil) = report
            .pupil
            .filter(|pupil| self.sight.sees_contacts(*pupil))
        else {
            return Ok(Vec::new());
        };
        let mut siblings = Vec::new();
        for sibling in siblings_of(tx, self.book.school, pupil, self.today)? {
            let is_here = self.row(sibling, report.first).is_some();
            let told = super::report::of_pupil(tx, self.book.school, sibling, report.first)?;
            let told = told
                .iter()
                .any(|other| other.state != Standing::SetAside && other.first <= report.last);
            if let Some(of) = self
                .book
                .roll
                .pupil(sibling)
                .filter(|_| is_here && !told && self.sight.may_log(sibling))
            {
                siblings.push(Sibling {
                    pupil: sibling,
                    words: format!("{} {}", sibling_word(of), self.called(sibling)),
                });
            }
        }
        Ok(siblings)
    }
}

#[derive(Template)]
#[template(path = "absence_line/inbox.html")]
struct InboxPage {
    frame: Frame,
    ready: Vec<Line>,
    held: Vec<Line>,
    done: Vec<Line>,
    may_apply: bool,
    may_take: bool,
    /// Whether this person opens the mailbox's page.
    opens_mailbox: bool,
    /// What is wrong with the mailbox.
    mailbox: Vec<String>,
    siblings: Option<(ReportId, String, Vec<Sibling>)>,
    none: State,
    under: Under,
}

/// `GET /absence-line`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let inbox = Inbox::of(tx, &book, actor, now)?;
        let (ready, held) = lines(tx, &inbox, actor)?;
        let done = decided_today(tx, &inbox, actor)?;
        let siblings = match asked.number("report").map(ReportId) {
            Some(id) => siblings_of_report(tx, &inbox, actor, id)?,
            None => None,
        };
        let page = InboxPage {
            frame: here.frame(tx, actor, "Absence line")?.with_notice(notice(&asked)),
            may_apply: keeps_all_registers(actor),
            may_take: actor.may(Access::Write, RecordKind::ContactsLog),
            opens_mailbox: mail::opens(actor),
            mailbox: match inbox.all {
                true => of_mailbox(tx, actor)?,
                false => Vec::new(),
            },
            siblings,
            none: State::empty("Nothing waits", "What families tell by telephone, text, e-mail or their own form stands here until somebody has dealt with it (E-014)."),
            under: Under {
                shown: format!("{} reports wait", ready.len() + held.len()).into(),
                exports: Exports::usual("/absence-line"),
                ..Under::default()
            },
            ready,
            held,
            done,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// What somebody must know of the mailbox to trust that what families wrote is here.
fn of_mailbox(tx: &mut Tx, actor: &Actor) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    let standing = mail::standing(tx, actor.school)?;
    if let Some((why, since)) = standing.and_then(|standing| standing.trouble) {
        lines.push(format!("The mailbox cannot be read since {}: {why}. Mails wait there; look into it yourself until it is read again.", moment(since)));
    }
    match mail::unreadable(tx, actor.school)? {
        0 => {}
        1 => lines.push(
            "A mail cannot be read here. It is still in the mailbox: read it there.".to_owned(),
        ),
        many => lines.push(format!(
            "{many} mails cannot be read here. They are still in the mailbox: read them there."
        )),
    }
    Ok(lines)
}

/// What waits: what can be applied with the others, and what is held back.
fn lines(
    tx: &mut Tx,
    inbox: &Inbox<'_>,
    actor: &Actor,
) -> Result<(Vec<Line>, Vec<Line>), StoreError> {
    let reports = waiting(tx, actor.school)?;
    let lines = reports
        .into_iter()
        .filter(|report| inbox.shows(report))
        .map(|report| inbox.line(report));
    let (ready, mut held): (Vec<Line>, Vec<Line>) =
        lines.partition(|line| line.report.state == Standing::Matched && line.against.is_none());
    // Nobody has a child on the board for what is overdue: it comes first.
    held.sort_by_key(|line| !line.is_overdue);
    Ok((ready, held))
}

fn decided_today(tx: &mut Tx, inbox: &Inbox<'_>, actor: &Actor) -> Result<Vec<Line>, StoreError> {
    let midnight = Instant::at_london(
        inbox.today,
        TimeOfDay::new(0, 0, 0).expect("midnight is a clock time"),
    );
    let mut reports = decided_since(tx, actor.school, midnight)?;
    reports.sort_by_key(|report| std::cmp::Reverse((report.at, report.id)));
    Ok(reports
        .into_iter()
        .filter(|report| inbox.shows(report))
        .map(|report| inbox.line(report))
        .collect())
}

fn siblings_of_report(
    tx: &mut Tx,
    inbox: &Inbox<'_>,
    actor: &Actor,
    id: ReportId,
) -> Result<Option<(ReportId, String, Vec<Sibling>)>, StoreError> {
    let Some(report) = one(tx, actor.school, id)?.filter(|report| inbox.shows(report)) else {
        return Ok(None);
    };
    let Some(pupil) = report.pupil else {
        return Ok(None);
    };
    let siblings = inbox.siblings(tx, &report)?;
    Ok((!siblings.is_empty()).then(|| (id, inbox.called(pupil), siblings)))
}

fn notice(asked: &Answers) -> Option<Notice> {
    let many = |name| asked.number(name).unwrap_or(0);
    let (reports, marks, held) = (many("reports"), many("marks"), many("held"));
    let s = |many: i64| if many == 1 { "" } else { "s" };
    Some(match asked.text("did") {
        "applied" => {
            let held = match held {
                0 => String::new(),
                held => format!(" {held} held back by what the register has."),
            };
            let text = format!(
                "Applied {reports} report{}: {marks} mark{}.{held}",
                s(reports),
                s(marks)
            );
            match asked.number("set") {
                Some(set) => Notice::undoable(text, format!("/absence-line/undo/{set}")),
                None => Notice::done(text),
            }
        }
        "taken" => Notice::done("Kept. It is no mark until somebody applies it (E-014)."),
        "amended" => Notice::done("Changed."),
        "aside" => Notice::done("Set aside, with your name and the reason."),
        "back" => Notice::done("It waits again."),
        "undone" => Notice::done(format!(
            "Taken back: {reports} report{} wait{} again, and the register is as it was.",
            s(reports),
            if reports == 1 { "s" } else { "" }
        )),
        _ => return None,
    })
}

/// The inbox after something was applied.
pub(super) fn after(applied: &Applied) -> String {
    let set = applied
        .set
        .map(|set| format!("&set={set}"))
        .unwrap_or_default();
    format!(
        "/absence-line?did=applied&reports={}&marks={}&held={}{set}",
        applied.reports, applied.marks, applied.held
    )
}

struct ReadyLine {
    line: Line,
    marks: usize,
}

struct HeldLine {
    line: Line,
    ground: String,
}

#[derive(Template)]
#[template(path = "absence_line/preview.html")]
struct PreviewPage {
    frame: Frame,
    ready: Vec<ReadyLine>,
    held: Vec<HeldLine>,
    marks: usize,
    seal: String,
    nothing: State,
}

/// `GET /absence-line/all`: what applying every undoubted report will do.
pub(super) async fn preview(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let inbox = Inbox::of(tx, &book, actor, now)?;
        let reports = undoubted(tx, actor, now)?;
        let foreseen = foresee(tx, actor, reports, now)?;
        let page = PreviewPage {
            frame: here.frame(tx, actor, "Apply reports")?,
            seal: foreseen.seal(),
            marks: foreseen.marks.changes.len(),
            ready: foreseen
                .ready
                .into_iter()
                .map(|ready| ReadyLine {
                    line: inbox.line(ready.report),
                    marks: ready.marks,
                })
                .collect(),
            held: foreseen
                .held
                .into_iter()
                .map(|held| HeldLine {
                    line: inbox.line(held.report),
                    ground: held.ground,
                })
                .collect(),
            nothing: State::empty(
                "Nothing to apply",
                "Every report that waits is held back for somebody to look at.",
            ),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /absence-line/all`.
pub(super) async fn apply_them(
    desk: Desk,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let seal = answers.text("seal").to_owned();
    let applied = desk
        .act(move |act, actor| apply_all(act, actor, &seal))
        .await?;
    Ok(Redirect::to(&after(&applied)).into_response())
}

/// `POST /absence-line/undo/{set}`.
pub(super) async fn take_back(desk: Desk, Path(set): Path<i64>) -> Result<Response, Problem> {
    let reports = desk
        .act(move |act, actor| undo(act, actor, MarkSetId(set)))
        .await?;
    Ok(Redirect::to(&format!("/absence-line?did=undone&reports={reports}")).into_response())
}

/// `/absence-line` as a file: what waits.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let inbox = Inbox::of(tx, &book, wanted.actor, wanted.office.now())?;
    let (ready, held) = lines(tx, &inbox, wanted.actor)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Told",
        "Said",
        "For",
        "Code",
        "Why",
        "Register",
        "State",
        "Held back because",
    ];
    let mut sheet = wanted.sheet(tx, "Absence line", &headings)?;
    let lines: Vec<Line> = ready.into_iter().chain(held).collect();
    sheet.rows = lines
        .iter()
        .map(|line| {
            let code = line.code();
            let texts = [
                line.name.as_str(),
                &line.form,
                &line.told,
                &line.report.said,
                &line.days,
                &code,
                &line.report.why,
                &line.marks,
                line.report.state.word(),
                line.ground(),
            ];
            texts.map(Cell::text).to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, inbox.today).naming(lines.iter().filter_map(|line| line.report.pupil)))
}
