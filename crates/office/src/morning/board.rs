//! The board: registers that are not in, and children not located in the order of risk.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::{Day, Instant, Session, Slot};
use exchange::Cell;
use register::Class;
use store::{StoreError, Tx};
use welfare::absence::State as Where;
use welfare::face_to_face::Contact;
use welfare::ladder::{Ladder, Step, Timed, next};
use welfare::tier::Tier;

use super::by_time::{all_entries, steps_of, was_visited};
use super::carried::{Carried, carried};
use super::cases::{Absent, Case, DayOfCases, Hours, cases};
use super::entries::{Claim, Entry, Kind, claims, reminders, sign_off};
use super::face_to_face::FaceToFace;
use super::handover::Left;
use super::remind::remind;
use super::risk::{Risk, has_professional, risk};
use super::row::{Opened, opened};
use super::sign_off::signs;
use super::who::Sight;
use crate::authority::{OfToday, Target, Watch, of_today, targets_on, watch};
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{AccountId, EnrolmentId, PupilId};
use crate::messages::staff::{Chase, Kind as Mail, shows_to, told};
use crate::people::{Access, Actor, RecordKind};
use crate::registers::{Status, registers_at, taken_on};
use crate::roll::{professionals_on, sibling_word, siblings_of};
use crate::safeguarding::is_of_team;
use crate::shell::{Exports, Face, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::visits::{Beside, beside};
use crate::watch::promised_on;
use crate::year::settings::{own_ladder, session_times};

/// A register that is not in.
struct Overdue {
    group: i64,
    name: String,
    room: String,
    staff: String,
    minutes: i64,
    blank: usize,
    due: usize,
    path: String,
    asked: String,
}

/// A child's line.
pub(super) struct Line {
    pub(super) enrolment: EnrolmentId,
    pub(super) pupil: PupilId,
    pub(super) name: String,
    pub(super) form: String,
    pub(super) tier: Tier,
    /// Why this rank, in words.
    pub(super) why: String,
    /// What put the child on the list.
    pub(super) since: String,
    pub(super) siblings: String,
    pub(super) last: String,
    /// What the family told and nobody has dealt with yet: words and address.
    pub(super) told: Vec<(String, String)>,
    /// The last note for whoever goes on.
    pub(super) note: String,
    /// That somebody promised the child for today.
    pub(super) promise: String,
    pub(super) state: Where,
    pub(super) step: String,
    pub(super) due: String,
    pub(super) is_late: bool,
    /// How long ago the child was seen, where they must be seen today (E-017).
    pub(super) face_to_face: String,
    pub(super) claim: Option<Claimed>,
    pub(super) current: bool,
}

/// A claim as a row shows it.
pub(super) struct Claimed {
    pub(super) by: String,
    pub(super) until: String,
    pub(super) is_own: bool,
    /// Whether it was made for a brother or sister.
    pub(super) for_sibling: bool,
}

/// What stands at the head of the board.
struct Counts {
    done: usize,
    due: usize,
    present: usize,
    reported: usize,
    late: usize,
    unlocated: usize,
    /// Of these, whom earlier days left open.
    from_before: usize,
    /// Of these, in the afternoon, whom the morning left open.
    from_morning: usize,
}

#[derive(Template)]
#[template(path = "morning/board.html")]
struct Board {
    frame: Frame,
    /// The number of the record that the page shows.
    seq: i64,
    today: String,
    session: &'static str,
    clock: String,
    counts: Counts,
    /// What the registers are doing: `close at 09:10`.
    registers_say: String,
    overdue: Vec<Overdue>,
    may_remind: bool,
    /// What became of the e-mails that asked for registers, and of those to leaders.
    mailed: [Option<String>; 2],
    may_sign: bool,
    signed: String,
    lines: Vec<Line>,
    located: usize,
    nobody: State,
    under: Under,
    row: Option<Opened>,
    no_day: Option<State>,
    visits: Option<Beside>,
    is_of_team: bool,
    /// Whether the list of requests for evidence is open to this person.
    sees_evidence: bool,
    /// Pupils with a legal target, with the marks of the day (E-031).
    legal: Vec<OfToday>,
    /// How many pupils stand on the ten-day watch (E-030).
    watch: Option<Watch>,
}

/// Everything that the rows of a board are made of.
pub(super) struct Morning<'m> {
    pub(super) book: &'m Book,
    pub(super) cases: Arc<DayOfCases>,
    pub(super) claims: HashMap<PupilId, Claim>,
    pub(super) now: Instant,
    pub(super) ladder: Ladder,
    pub(super) face_to_face: FaceToFace,
    /// Legal targets that run today, of pupils of whom this person may know it (E-031).
    pub(super) legal: HashMap<PupilId, Vec<Target>>,
    /// What families promised for today, in words.
    pub(super) promised: HashMap<EnrolmentId, String>,
    pub(super) sight: Sight,
    pub(super) own: AccountId,
    /// Pupils to whom somebody is allocated who is told of an absence (E-019).
    told_outside: HashSet<PupilId>,
}

impl<'m> Morning<'m> {
    pub(super) fn read(
        tx: &mut Tx,
        book: &'m Book,
        actor: &Actor,
        now: Instant,
    ) -> Result<Morning<'m>, Refusal> {
        let (today, _) = now.in_london();
        let cases = cases(tx, book, today, now)?;
        Ok(Morning {
            sight: Sight::of(tx, actor, today)?,
            face_to_face: FaceToFace::of(tx, book, cases.open(), today)?,
            cases,
            claims: claims(tx, actor.school, today, now)?,
            ladder: Ladder::on(today, &own_ladder(&book.settings, today)?),
            legal: targets_on(tx, actor, today, today)?,
            promised: promised_on(tx, actor.school, today)?,
            own: actor.account,
            told_outside: told_outside(tx, actor, today)?,
            book,
            now,
        })
    }

    pub(super) fn today(&self) -> Day {
        self.cases.day
    }

    /// A member of staff's name, for an account.
    pub(super) fn person(&self, account: AccountId) -> String {
        let member = self.book.staff.with_account(account);
        member.map_or_else(|| "somebody".to_owned(), |member| member.name.clone())
    }

    /// The steps of a case with their times, and those that are done.
    pub(super) fn steps(
        &self,
        case: &Case,
        risk: &Risk,
        rings: &[i64],
    ) -> (Vec<Timed>, BTreeSet<Step>) {
        let mut steps = steps_of(self.book, &self.ladder, &self.cases.hours, case, risk);
        // Who may not know that somebody is allocated is not asked to tell them.
        if !self.sight.sees_social_care(case.pupil) {
            steps.retain(|timed| timed.step != Step::Professional);
        }
        let is_told = self.told_outside.contains(&case.pupil);
        let has_professional = is_told || has_professional(self.book, case.pupil, self.today());
        (steps, done(case, rings, has_professional))
    }

    /// Those whom this person may see and who are not located, the most urgent first.
    pub(super) fn open(&self) -> Vec<(&Case, Risk)> {
        let mut open: Vec<(&Case, Risk)> = self
            .cases
            .open()
            .filter(|case| self.sight.covers(case.pupil))
            .map(|case| (case, risk(self.book, case, self.today())))
            .collect();
        open.sort_by_key(|(case, risk)| {
            let in_order = self
                .book
                .roll
                .pupil(case.pupil)
                .map_or(0, |pupil| pupil.in_order);
            let run = std::cmp::Reverse((risk.day_number, risk.missing_before));
            (risk.tiered.tier, run, in_order)
        });
        open
    }

    /// The lines of the board, the most urgent first.
    pub(super) fn lines(
        &self,
        tx: &mut Tx,
        current: Option<EnrolmentId>,
    ) -> Result<Vec<Line>, Refusal> {
        let open = self.open();
        let mut lines = Vec::with_capacity(open.len());
        for (case, risk) in open {
            lines.push(self.line(tx, case, &risk, current == Some(case.enrolment))?);
        }
        Ok(lines)
    }

    fn line(&self, tx: &mut Tx, case: &Case, risk: &Risk, current: bool) -> Result<Line, Refusal> {
        let siblings = match self.sight.sees_contacts(case.pupil) {
            true => siblings_of(tx, self.book.school, case.pupil, self.today())?,
            false => Vec::new(),
        };
        let rings = super::row::rings(tx, self.book.school, case.pupil)?;
        let (steps, done) = self.steps(case, risk, &rings);
        let next = next_step(case, &steps, &done);
        let asked_for = asked_for_by(case);
        let pupil = self.book.roll.pupil(case.pupil);
        Ok(Line {
            enrolment: case.enrolment,
            pupil: case.pupil,
            name: pupil.map(|pupil| pupil.listed()).unwrap_or_default(),
            form: self.form(case.enrolment),
            tier: risk.tiered.tier,
            why: self.why(case, risk),
            since: since(case),
            siblings: self.siblings(case, &siblings),
            last: self.last(case),
            told: self.told(case),
            note: self.note(case),
            promise: self
                .promised
                .get(&case.enrolment)
                .cloned()
                .unwrap_or_default(),
            state: case.state,
            step: match (asked_for, next) {
                (Some(words), _) => words.to_owned(),
                (None, Some(timed)) => timed.step.words().to_owned(),
                (None, None) => String::new(),
            },
            due: match (asked_for, next) {
                (None, Some(timed)) => self.clock_of(timed.due),
                _ => String::new(),
            },
            is_late: asked_for.is_none() && next.is_some_and(|timed| timed.due < self.now),
            face_to_face: self
                .contact(case, risk)
                .filter(Contact::is_due)
                .map(|contact| contact.words())
                .unwrap_or_default(),
            claim: self.claim(case.pupil, &siblings),
            current,
        })
    }

    pub(super) fn form(&self, enrolment: EnrolmentId) -> String {
        let group = self
            .book
            .groups
            .of_kind(enrolment, GroupKind::Tutor, self.today());
        group.map(|group| group.name.clone()).unwrap_or_default()
    }

    /// A moment as people say it: the time for today, the day otherwise.
    pub(super) fn clock_of(&self, at: Instant) -> String {
        let (day, time) = at.in_london();
        match day == self.today() {
            true => time.to_string(),
            false => format!("{} {time}", day.short()),
        }
    }

    /// Why the child stands where they stand, in words.
    pub(super) fn why(&self, case: &Case, risk: &Risk) -> String {
        let mut why = Vec::new();
        let grounds = risk.tiered.words(self.sight.sees_social_care(case.pupil));
        if !grounds.is_empty() {
            why.push(grounds);
        }
        let legal = self.legal.get(&case.pupil).into_iter().flatten();
        why.extend(legal.map(Target::words));
        if risk.day_number > 1 {
            why.push(format!("day {} without a reason", risk.day_number));
        }
        match risk.missing_before {
            0 => {}
            1 => why.push("missing once in the last 20 school days".to_owned()),
            times => why.push(format!("missing {times} times in the last 20 school days")),
        }
        if risk.young_carer && self.sight.sees_flags(case.pupil) {
            why.push("young carer".to_owned());
        }
        why.join(" · ")
    }

    /// Where brothers and sisters are, in words.
    fn siblings(&self, case: &Case, siblings: &[PupilId]) -> String {
        let slot = case
            .absent
            .last()
            .map_or(case.first.slot, |(slot, _)| *slot);
        let told = siblings
            .iter()
            .filter(|sibling| self.sight.covers(**sibling))
            .filter_map(|sibling| {
                let pupil = self.book.roll.pupil(*sibling)?;
                let row = *self
                    .book
                    .roll
                    .rows_of(*sibling)
                    .iter()
                    .find(|row| self.book.roll.enrolments[**row].covers(slot.day))?;
                let enrolment = self.book.roll.enrolments[row].id;
                let mark = self.book.mark(row, slot);
                let where_now = match (mark.class(), mark.code()) {
                    (Some(Class::Present | Class::ApprovedEducationalActivity), _) => {
                        "is in".to_owned()
                    }
                    (_, Some(code)) => format!("has {code}"),
                    _ => "no mark yet".to_owned(),
                };
                Some(format!(
                    "{} {} {} {where_now}",
                    sibling_word(pupil),
                    pupil.forename,
                    self.form(enrolment)
                ))
            });
        told.collect::<Vec<_>>().join(", ")
    }

    /// The last note for whoever goes on, with who wrote it.
    pub(super) fn note(&self, case: &Case) -> String {
        let all = all_entries(case);
        let last = all.iter().rfind(|entry| entry.kind == Kind::Handover);
        let last = last.and_then(|entry| {
            let said = entry.said.as_ref()?;
            Some(format!("{said} ({})", self.person(entry.account)))
        });
        last.unwrap_or_default()
    }

    /// What the family told and nobody has dealt with yet.
    pub(super) fn told(&self, case: &Case) -> Vec<(String, String)> {
        let told = case.told.iter().map(|report| {
            let words = format!("{}: {}", report.told_in_words(self.today()), report.said);
            (words, format!("/absence-line/{}", report.id))
        });
        told.collect()
    }

    fn last(&self, case: &Case) -> String {
        let tried = case
            .entries
            .iter()
            .rev()
            .find(|entry| entry.kind == Kind::Attempt);
        tried.map_or_else(String::new, |entry| self.in_words(entry))
    }

    /// An entry in words: `call 08:56 voicemail, Ms P Sample`.
    pub(super) fn in_words(&self, entry: &Entry) -> String {
        let what = match (entry.channel, entry.outcome) {
            (Some(channel), Some(outcome)) => format!(
                "{} {}: {}",
                match entry.kind {
                    Kind::EarlyCall => Kind::EarlyCall.words(),
                    _ => channel.word(),
                },
                self.clock_of(entry.at),
                outcome.word()
            ),
            _ => format!("{} {}", entry.kind.words(), self.clock_of(entry.at)),
        };
        format!("{what} ({})", self.person(entry.account))
    }

    pub(super) fn claim(&self, pupil: PupilId, siblings: &[PupilId]) -> Option<Claimed> {
        let own = self.claims.get(&pupil);
        let theirs = siblings.iter().find_map(|sibling| self.claims.get(sibling));
        let claim = own.or(theirs)?;
        Some(Claimed {
            by: self.person(claim.account),
            until: self.clock_of(claim.until),
            is_own: claim.account == self.own,
            for_sibling: own.is_none(),
        })
    }
}

/// The step that comes next: the visit for whom one is due, whoever was not tried by then.
pub(super) fn next_step<'s>(
    case: &Case,
    steps: &'s [Timed],
    done: &BTreeSet<Step>,
) -> Option<&'s Timed> {
    let visit = steps
        .iter()
        .find(|timed| timed.step == Step::Visit && !done.contains(&Step::Visit));
    visit
        .filter(|_| case.state == Where::VisitDue)
        .or_else(|| next(steps, done))
}

/// Pupils to whom somebody is allocated today who is told of an unexplained absence (E-019).
fn told_outside(tx: &mut Tx, actor: &Actor, today: Day) -> Result<HashSet<PupilId>, StoreError> {
    let allocated = professionals_on(tx, actor.school, today)?;
    let told = allocated
        .into_iter()
        .filter(|one| one.kind.is_told_of_absence());
    Ok(told.map(|one| one.pupil).collect())
}

/// What a standing asks for at once, before any step of the ladder (SM-1).
pub(super) fn asked_for_by(case: &Case) -> Option<&'static str> {
    Some(match case.state {
        Where::ReasonClaimed if case.absent.is_empty() && case.needs_outcome() => {
            "a code stands: log who gave the reason (E-011)"
        }
        Where::ReasonClaimed => "confirm the reason with a code",
        Where::Searching => "search the site now",
        Where::LeadDecides => "the safeguarding lead decides now",
        Where::OutsideDecision => "decide on police or social care today",
        _ => return None,
    })
}

/// What put the child on the list: `N`, `no mark at closing (am and pm)`.
pub(super) fn since(case: &Case) -> String {
    let told: Vec<String> = case
        .absent
        .iter()
        .map(|(slot, absent): &(Slot, Absent)| format!("{} {}", slot.session, absent.words()))
        .collect();
    let today = told.join(", ");
    match (&case.carried, told.is_empty()) {
        (None, true) => case.state.words().to_owned(),
        (None, false) => today,
        (Some(carried), true) => since_words(carried),
        (Some(carried), false) => format!("{today}; {}", since_words(carried)),
    }
}

/// `since Mon 23 Nov: 2 sessions`.
fn since_words(carried: &Carried) -> String {
    let first = carried.run.first_day.short();
    match carried.absent.len() {
        0 => format!("open since {first}"),
        1 => format!("since {first}: 1 session"),
        many => format!("since {first}: {many} sessions"),
    }
}

/// The steps of the ladder that are done, or that do not concern this child.
fn done(case: &Case, rings: &[i64], has_professional: bool) -> BTreeSet<Step> {
    use welfare::attempt::{Channel, all_tried};
    let attempts: Vec<_> = case.entries.iter().filter_map(Entry::attempt).collect();
    let by = |channels: &[Channel]| attempts.iter().any(|one| channels.contains(&one.channel));
    // Calls begin anew each day (E-011); whoever was told and a visit that was made stand for the days that follow.
    let all = all_entries(case);
    let recorded = |kinds: &[Kind]| all.iter().any(|entry| kinds.contains(&entry.kind));
    let answered = attempts.iter().any(|one| one.outcome.somebody_answered());
    let lead_knows = matches!(case.state, Where::LeadDecides | Where::OutsideDecision)
        || recorded(&[
            Kind::LeadTold,
            Kind::LeadVisit,
            Kind::LeadOutside,
            Kind::LeadCalls,
        ]);
    let mut done = BTreeSet::new();
    for (step, is_done) in [
        (Step::Message, by(&[Channel::Text, Channel::Email])),
        (Step::Call, by(&[Channel::Call, Channel::InPerson])),
        (
            Step::AllContacts,
            answered || (!attempts.is_empty() && all_tried(rings, &attempts)),
        ),
        (Step::Lead, lead_knows),
        (
            Step::Professional,
            recorded(&[Kind::ProfessionalTold]) || !has_professional,
        ),
        (Step::Visit, was_visited(case)),
        (Step::Refer, recorded(&[Kind::LeadOutside])),
    ] {
        if is_done {
            done.insert(step);
        }
    }
    done
}

/// `GET /morning`.
pub(super) async fn board(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| Ok(Page(page(&here, tx, actor, &asked)?).into_response()))
        .await
}

fn page(desk: &Desk, tx: &mut Tx, actor: &Actor, asked: &Answers) -> Result<Board, Refusal> {
    let now = desk.office.now();
    let (today, clock) = now.in_london();
    let book = desk.office.shelf.book(tx, actor.school)?;
    let morning = Morning::read(tx, &book, actor, now)?;
    let current = asked.number("row").map(EnrolmentId);
    let lines = morning.lines(tx, current)?;
    let hours = running(&morning.cases.hours, now);
    let registers = match hours {
        Some(hours) => registers(tx, &morning, hours)?,
        None => (0, Vec::new()),
    };
    let (due, overdue) = registers;
    let row = match current {
        Some(enrolment) => opened(tx, &morning, actor, enrolment, &lines)?,
        None => None,
    };
    let located = morning
        .cases
        .cases
        .iter()
        .filter(|case| !case.is_open() && morning.sight.covers(case.pupil))
        .count();
    let (present, reported, late) = hours.map_or((0, 0, 0), |hours| tally(&morning, hours.slot));
    let signed = sign_off(tx, actor.school, today)?;
    let sees_mail = shows_to(actor);
    let was_asked = sees_mail && overdue.iter().any(|register| !register.asked.is_empty());
    let mailed = [
        match hours.filter(|_| was_asked) {
            Some(hours) => told(tx, actor.school, Mail::Registers, &Chase::about(hours.slot))?,
            None => None,
        },
        match sees_mail && signed.is_some() {
            true => told(tx, actor.school, Mail::Morning, &today.to_string())?,
            false => None,
        },
    ];
    let frame = desk.frame(tx, actor, "Morning")?.with_notice(notice(asked));
    Ok(Board {
        seq: book.seq,
        frame,
        today: today.short(),
        session: hours.map_or("", |hours| match hours.slot.session {
            Session::Am => "AM",
            Session::Pm => "PM",
        }),
        clock: clock.to_string(),
        registers_say: hours
            .map(|hours| registers_say(hours, now))
            .unwrap_or_default(),
        counts: Counts {
            done: due - overdue.len(),
            due,
            present,
            reported,
            late,
            unlocated: lines.len(),
            from_before: morning.left_by(Left::EarlierDays),
            from_morning: match hours.map(|hours| hours.slot.session) {
                Some(Session::Pm) => morning.left_by(Left::Morning),
                _ => 0,
            },
        },
        overdue,
        mailed,
        may_remind: actor.may_for_school(Access::Write, RecordKind::AttendanceMarks),
        may_sign: signs(actor),
        signed: signed
            .map(|signed| {
                format!(
                    "Signed off at {} by {}",
                    morning.clock_of(signed.at),
                    morning.person(signed.account)
                )
            })
            .unwrap_or_default(),
        nobody: State::empty(
            "Every child is located",
            match located {
                0 => "Nobody has been missed today.".to_owned(),
                1 => "One child was missed today and is located.".to_owned(),
                many => format!("{many} children were missed today and are located."),
            },
        ),
        under: Under {
            exports: Exports::usual("/morning"),
            ..Under::default()
        },
        lines,
        located,
        row,
        sees_evidence: actor.may_for_school(Access::Read, RecordKind::MedicalEvidence),
        legal: of_today(
            &book,
            &morning.legal,
            |pupil| morning.sight.covers(pupil),
            today,
        ),
        watch: watch(&book, |pupil| morning.sight.covers(pupil), today),
        visits: beside(tx, actor, now)?,
        is_of_team: is_of_team(actor),
        no_day: match morning.cases.hours.is_empty() {
            true => Some(no_school(tx, &morning)?),
            false => None,
        },
    })
}

/// What stands where the board would be on a day without school: who is still not located, for whoever looks in on a Saturday.
fn no_school(tx: &mut Tx, morning: &Morning<'_>) -> Result<State, Refusal> {
    let today = morning.today();
    let left = carried(tx, morning.book, today, morning.now)?;
    let open = left.keys().filter(|enrolment| {
        let row = morning.book.roll.row(**enrolment);
        let pupil = row.map(|row| morning.book.roll.enrolments[row].pupil);
        pupil.is_some_and(|pupil| morning.sight.covers(pupil))
    });
    let kind = morning.book.calendar.kind(today).name();
    let day = today.long();
    let words = match open.count() {
        0 => format!("{day}: {kind}."),
        1 => format!(
            "{day}: {kind}. One child is still not located, and stands here on the next school day from 08:00 (SM-1)."
        ),
        many => format!(
            "{day}: {kind}. {many} children are still not located, and stand here on the next school day from 08:00 (SM-1)."
        ),
    };
    Ok(State::empty("No school today", words))
}

/// The session that is running or ran last; before the first, the first.
fn running(hours: &[Hours], now: Instant) -> Option<Hours> {
    let opened = hours.iter().rfind(|hours| hours.opens <= now);
    opened.or(hours.first()).copied()
}

fn registers_say(hours: Hours, now: Instant) -> String {
    let time = |at: Instant| at.in_london().1;
    if now < hours.opens {
        format!("open at {}", time(hours.opens))
    } else if now < hours.closes {
        format!("close at {}", time(hours.closes))
    } else {
        format!("closed at {}", time(hours.closes))
    }
}

/// How many registers are due, and those that have opened and are not in, the longest overdue first.
fn registers(
    tx: &mut Tx,
    morning: &Morning<'_>,
    hours: Hours,
) -> Result<(usize, Vec<Overdue>), Refusal> {
    let book = morning.book;
    let times = session_times(&book.settings, hours.slot.day)?;
    let taken = taken_on(tx, book.school, hours.slot.day)?;
    let asked = reminders(tx, book.school, hours.slot.day)?;
    let all = registers_at(book, hours.slot, &times, &taken, morning.now);
    let due = all.len();
    let mut missing: Vec<Status> = all.into_iter().filter(Status::is_missing).collect();
    missing.sort_by_key(|status| {
        (
            std::cmp::Reverse((status.minutes_overdue, status.blank)),
            status.group.clone(),
        )
    });
    let overdue = missing.into_iter().map(|status| {
        let register = (status.address.group, hours.slot.session);
        let last = asked.get(&register).and_then(|sent| sent.last());
        Overdue {
            group: status.address.group.0,
            path: status.address.path(),
            name: status.group,
            room: status.room,
            staff: status.staff,
            minutes: status.minutes_overdue,
            blank: status.blank,
            due: status.due,
            asked: last
                .map(|last| format!("{} asked {}", last.asked.words(), morning.clock_of(last.at)))
                .unwrap_or_default(),
        }
    });
    Ok((due, overdue.collect()))
}

/// Present, absent with a reason, late: in a session, of those whom this person may see.
fn tally(morning: &Morning<'_>, slot: Slot) -> (usize, usize, usize) {
    let (mut present, mut reported, mut late) = (0, 0, 0);
    for row in morning.book.roll.rows_on(slot.day) {
        let pupil = morning.book.roll.enrolments[row].pupil;
        let mark = morning.book.mark(row, slot);
        if !mark.is_session() || !morning.sight.covers(pupil) {
            continue;
        }
        match (Face::of(mark.row()), mark.class()) {
            (Face::NotYetExplained | Face::NoMark, _) => {}
            (Face::Late, _) => late += 1,
            (_, Some(Class::Present | Class::ApprovedEducationalActivity)) => present += 1,
            (_, Some(Class::Authorised | Class::Unauthorised)) => reported += 1,
            _ => {}
        }
    }
    (present + late, reported, late)
}

/// What has just been done, by the word that came with the address.
fn notice(asked: &Answers) -> Option<Notice> {
    let mailed = match asked.number("mailed") {
        Some(1) => " One e-mail is on its way.".to_owned(),
        Some(many) if many > 1 => format!(" {many} e-mails are on their way."),
        _ => String::new(),
    };
    let text = match asked.text("did") {
        "logged" => "The attempt is recorded.",
        "settled" => "The attempt is recorded and the code is in the register.",
        "recorded" => "It is recorded.",
        "claimed" => "The home is yours.",
        "released" => "The home is free again.",
        "signed" => return Some(Notice::done(format!("The morning is signed off.{mailed}"))),
        "visit" => "A visit to the home stands in today's round.",
        "reminded" => {
            let words = "The registers that are not in were asked for. It stands on each teacher's first page.";
            return Some(Notice::done(format!("{words}{mailed}")));
        }
        "nobody" => "Nothing was sent: every register is in, or was asked for a moment ago.",
        _ => return None,
    };
    Some(Notice::done(text))
}

/// `POST /morning/remind`: asks for all registers that are not in, or for the one named `group`.
pub(super) async fn remind_all(
    desk: Desk,
    axum::Form(answers): axum::Form<Answers>,
) -> Result<Response, Problem> {
    let only = answers.number("group").map(crate::ids::GroupId);
    let here = desk.clone();
    let chase = desk
        .read(move |tx, actor| Chase::read(&here, tx, actor))
        .await?;
    let (asked, mailed) = desk
        .act(move |act, actor| {
            let asked = remind(act, actor, only)?;
            let mailed = chase.write(act, actor, &asked)?;
            Ok((asked, mailed))
        })
        .await?;
    let did = if asked.is_empty() {
        "nobody"
    } else {
        "reminded"
    };
    let path = back(&answers, did);
    Ok(Redirect::to(&format!("{path}&mailed={mailed}")).into_response())
}

/// The board again, with the row that was open.
pub(super) fn back(answers: &Answers, did: &str) -> String {
    answers.path(
        "/morning",
        &[("did", did), ("group", ""), ("row", answers.text("row"))],
    )
}

/// `/morning` as a file: who is not located now.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let morning = Morning::read(tx, &book, wanted.actor, wanted.office.now())?;
    let lines = morning.lines(tx, None)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Tier",
        "Why",
        "On the list for",
        "Standing",
        "Last tried",
        "Next step",
        "Due",
        "Face to face",
    ];
    let mut sheet = wanted.sheet(tx, "Not located", &headings)?;
    sheet
        .about
        .push(("Made at".to_owned(), morning.now.in_london().1.to_string()));
    sheet.rows = lines
        .iter()
        .map(|line| {
            [
                line.name.as_str(),
                &line.form,
                line.tier.word(),
                &line.why,
                &line.since,
                line.state.words(),
                &line.last,
                &line.step,
                &line.due,
                &line.face_to_face,
            ]
            .map(Cell::text)
            .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, morning.today()).naming(lines.iter().map(|line| line.pupil)))
}
