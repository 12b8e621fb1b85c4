//! Who must be seen face to face while an absence goes on: how long ago each child was seen, and by when they are to be seen again (E-017, E-160).
//!
//! An absence goes on from its second session, whatever code the register has: a child who is ill for a week is seen too. Registers, visits and
//! sightings say when the school last saw a child; a call says nothing about that.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use exchange::Cell;
use register::{Class, Code};
use store::{SchoolId, StoreError, Tx, args};
use welfare::attempt::Channel;
use welfare::continuing::SESSIONS;
use welfare::face_to_face::{Contact, Intervals, Seen};
use welfare::tier::Tier;

use super::board::Morning;
use super::cases::Case;
use super::entries::Kind;
use super::log::{Said, record};
use super::risk::{Risk, tiered};
use super::who::pupil_to_log;
use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::{EnrolmentId, PupilId};
use crate::insight::table::counted;
use crate::keyed::keyed;
use crate::people::Actor;
use crate::shell::{Choice, Exports, Field, Frame, Notice, Page, State, Under};
use crate::take_away::{Leaving, Wanted};
use crate::visits::may_visit;
use crate::year::settings::face_to_face;

// A record of a visit that was put right to say that nobody saw the child puts the child back on the list (E-197).
const SIGHTINGS: &str = "\
select enrolment_id, on_date, kind from absence_entry
where school_id = $1 and on_date >= $2 and on_date <= $3
  and (kind = 'reopened' or (seen and (kind = 'seen' or channel in ('visit', 'in_person'))))
order by made_at, seq, entry_id";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SIGHTINGS];

/// The day on which somebody last saw each child who was seen on these days, by time on roll.
///
/// Whoever was put back on the list later that day was not seen on it: rather once too often than never.
pub(super) fn sightings(
    tx: &mut Tx,
    school: SchoolId,
    (from, to): (Day, Day),
) -> Result<HashMap<EnrolmentId, Day>, StoreError> {
    let mut days: HashMap<EnrolmentId, Vec<Day>> = HashMap::new();
    tx.each(SIGHTINGS, &args![school, from, to], |row| {
        let own = days.entry(row.get(0)?).or_default();
        let day: Day = row.get(1)?;
        match row.get::<&str>(2)? == Kind::Reopened.key() {
            true => own.retain(|other| *other != day),
            false => own.push(day),
        }
        Ok(())
    })?;
    let last = days.into_iter().filter_map(|(enrolment, days)| {
        let last = days.into_iter().max()?;
        Some((enrolment, last))
    });
    Ok(last.collect())
}

/// What the registers say of a pupil's last days.
pub(super) struct Away {
    /// When they last had the pupil here.
    pub(super) seen: Seen,
    /// Sessions of absence since then, with a reason or without.
    sessions: usize,
    /// The last of them with its code.
    last: Option<(Slot, Code)>,
}

/// What the registers say of a pupil's last days up to today. A plan without a mark says nothing of a session that is to come.
pub(super) fn away(book: &Book, row: usize, today: Day) -> Away {
    let starts = book.roll.enrolments[row].starting_day;
    let mut away = Away {
        seen: Seen::NotSince(starts),
        sessions: 0,
        last: None,
    };
    for slot in book.calendar.slots(starts, today).iter().rev() {
        let mark = book.mark(row, *slot);
        if mark.is_planned() && slot.day >= today {
            continue;
        }
        let is_here = mark.code() == Some(Code::LATE_AFTER_CLOSE)
            || matches!(
                mark.class(),
                Some(Class::Present | Class::ApprovedEducationalActivity)
            );
        if is_here && !mark.is_planned() {
            away.seen = Seen::On(slot.day);
            break;
        }
        if matches!(mark.class(), Some(Class::Authorised | Class::Unauthorised)) {
            away.sessions += 1;
            away.last = away.last.or(mark.code().map(|code| (*slot, code)));
        }
    }
    away
}

/// Whether an absence goes on, so that somebody must see the child (E-017): from its second session (E-011).
fn goes_on(case: &Case) -> bool {
    case.is_continuing() || case.carried.is_some()
}

/// How often children are seen, and who was seen of those on the list whose absence goes on.
pub(super) struct FaceToFace {
    intervals: Intervals,
    sightings: HashMap<EnrolmentId, Day>,
}

impl FaceToFace {
    /// Read for these cases: one query, and none where no absence goes on.
    pub(super) fn of<'c>(
        tx: &mut Tx,
        book: &Book,
        cases: impl Iterator<Item = &'c Case>,
        today: Day,
    ) -> Result<FaceToFace, Refusal> {
        let going = cases.filter(|case| goes_on(case));
        let since = going.map(|case| away(book, case.row, today).seen);
        FaceToFace::since(tx, book, since, today)
    }

    fn since(
        tx: &mut Tx,
        book: &Book,
        seen: impl Iterator<Item = Seen>,
        today: Day,
    ) -> Result<FaceToFace, Refusal> {
        let days = seen.map(|seen| match seen {
            Seen::On(day) | Seen::NotSince(day) => day,
        });
        Ok(FaceToFace {
            intervals: face_to_face(&book.settings, today)?,
            sightings: match days.min() {
                Some(earliest) => sightings(tx, book.school, (earliest, today))?,
                None => HashMap::new(),
            },
        })
    }

    fn contact(
        &self,
        book: &Book,
        enrolment: EnrolmentId,
        tier: Tier,
        seen: Seen,
        today: Day,
    ) -> Option<Contact> {
        let seen = seen.or_later(self.sightings.get(&enrolment).copied());
        self.intervals.contact(tier, seen, &book.calendar, today)
    }
}

impl Morning<'_> {
    /// When a child on the list was last seen and is to be seen again; none while the absence does not go on.
    pub(super) fn contact(&self, case: &Case, risk: &Risk) -> Option<Contact> {
        let today = self.today();
        let seen = goes_on(case).then(|| away(self.book, case.row, today).seen)?;
        let tier = risk.tiered.tier;
        self.face_to_face
            .contact(self.book, case.enrolment, tier, seen, today)
    }

    /// The rule by which a child of this tier is seen, and where its number comes from.
    pub(super) fn contact_ground(&self, tier: Tier) -> String {
        let line = self.face_to_face.intervals.of(tier);
        line.map(|line| format!("{}, {}", line.rule, line.source))
            .unwrap_or_default()
    }
}

/// A child who is to be seen.
struct Line {
    enrolment: EnrolmentId,
    pupil: PupilId,
    name: String,
    form: String,
    tier: Tier,
    /// `daily`, or `every 3 school days`.
    every: String,
    why: String,
    /// `11 sessions since Mon 9 Nov, last I`.
    away: String,
    contact: Contact,
    /// Whether the child stands on the morning's board.
    is_on_board: bool,
    may_log: bool,
    may_visit: bool,
}

#[derive(Template)]
#[template(path = "morning/face_to_face.html")]
struct FaceToFacePage {
    frame: Frame,
    today: String,
    lines: Vec<Line>,
    due: usize,
    none: State,
    under: Under,
    rules: Vec<&'static welfare::Rule>,
}

/// Every child whose absence goes on and whom this person may see, who is due first at the top.
fn lines(tx: &mut Tx, actor: &Actor, morning: &Morning<'_>) -> Result<Vec<Line>, Refusal> {
    let (book, today) = (morning.book, morning.today());
    let visits = may_visit(tx, actor, today)?;
    let mut absent = Vec::new();
    for row in book.roll.rows_on(today) {
        let enrolment = &book.roll.enrolments[row];
        if !morning.sight.covers(enrolment.pupil) {
            continue;
        }
        let own = away(book, row, today);
        let case = morning.cases.of(enrolment.id);
        let is_on_board = case.is_some_and(|case| case.is_open() && goes_on(case));
        if own.sessions >= SESSIONS || is_on_board {
            absent.push((row, own, is_on_board));
        }
    }
    let seen = absent.iter().map(|(_, own, _)| own.seen);
    let face_to_face = FaceToFace::since(tx, book, seen, today)?;
    let mut lines = Vec::new();
    for (row, own, is_on_board) in absent {
        let enrolment = &book.roll.enrolments[row];
        let Some(pupil) = book.roll.pupil(enrolment.pupil) else {
            continue;
        };
        let tiered = tiered(book, pupil.id, row, today);
        let contact = face_to_face.contact(book, enrolment.id, tiered.tier, own.seen, today);
        let Some(contact) = contact else {
            continue;
        };
        let form = book
            .groups
            .of_kind(enrolment.id, GroupKind::Tutor, today)
            .map(|form| form.name.clone());
        let line = Line {
            enrolment: enrolment.id,
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.unwrap_or_default(),
            tier: tiered.tier,
            every: match face_to_face.intervals.of(tiered.tier) {
                Some(line) if line.school_days > 1 => {
                    format!("every {} school days", line.school_days)
                }
                _ => "daily".to_owned(),
            },
            why: tiered.words(morning.sight.sees_social_care(pupil.id)),
            away: in_words(&own),
            contact,
            is_on_board,
            may_log: morning.sight.may_log(pupil.id),
            may_visit: visits.as_ref().is_some_and(|reach| reach.covers(pupil.id)),
        };
        lines.push(((contact.due, tiered.tier, pupil.in_order), line));
    }
    lines.sort_by_key(|(order, _)| *order);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// `11 sessions since Mon 9 Nov, last I`.
fn in_words(away: &Away) -> String {
    let since = match away.seen {
        Seen::On(day) => format!("since {}", day.short()),
        Seen::NotSince(day) => format!("since joining on {}", day.short()),
    };
    match (away.sessions, &away.last) {
        (0, _) => format!("without a mark {since}"),
        (1, Some((_, code))) => format!("1 session {since}, {code}"),
        (many, Some((_, code))) => format!("{many} sessions {since}, last {code}"),
        (many, None) => format!("{many} sessions {since}"),
    }
}

/// `GET /morning/face-to-face`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let book = here.office.shelf.book(tx, actor.school)?;
        let morning = Morning::read(tx, &book, actor, now)?;
        let lines = lines(tx, actor, &morning)?;
        let notice = (asked.text("did") == "seen")
            .then(|| Notice::done("It is recorded that the child was seen today."));
        Ok(Page(FaceToFacePage {
            frame: here.frame(tx, actor, "To be seen")?.with_notice(notice),
            today: morning.today().long(),
            due: lines.iter().filter(|line| line.contact.is_due()).count(),
            none: State::empty(
                "Nobody",
                "No absence goes on for longer than a session of a child whom your role may see.",
            ),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual("/morning/face-to-face"),
                ..Under::default()
            },
            lines,
            rules: ["E-017", "E-160", "E-015"]
                .into_iter()
                .filter_map(welfare::rule)
                .collect(),
        })
        .into_response())
    })
    .await
}

/// `/morning/face-to-face` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let morning = Morning::read(tx, &book, wanted.actor, wanted.office.now())?;
    let lines = lines(tx, wanted.actor, &morning)?;
    let headings = [
        "Pupil",
        "Tutor group",
        "Tier",
        "Why",
        "Absent",
        "Seen",
        "Due",
    ];
    let mut sheet = wanted.sheet(tx, "To be seen face to face", &headings)?;
    sheet.rows = lines
        .iter()
        .map(|line| {
            let texts = [
                line.name.as_str(),
                &line.form,
                line.tier.word(),
                &line.why,
                &line.away,
                &line.contact.seen_words(),
            ];
            let mut cells = texts.map(Cell::text).to_vec();
            cells.push(Cell::Day(line.contact.due));
            cells
        })
        .collect();
    Ok(Leaving::new(sheet, morning.today()).naming(lines.iter().map(|line| line.pupil)))
}

keyed! {
    /// How a child was seen (E-160).
    How {
        /// They came to school to be seen.
        OnSite = "on_site", "came to school to be seen";
        /// At home or elsewhere, without a visit of the round.
        Elsewhere = "elsewhere", "seen at home or elsewhere";
        /// On a video call, the child visible.
        Video = "video", "on a video call, the child visible";
    }
}

fn question(
    desk: &Desk,
    tx: &mut Tx,
    actor: &Actor,
    enrolment: EnrolmentId,
) -> Result<FormPage, Refusal> {
    let (today, _) = desk.office.today();
    let pupil = pupil_to_log(tx, actor, enrolment, today)?;
    let book = desk.office.shelf.book(tx, actor.school)?;
    let name = book.roll.pupil(pupil).map(|pupil| pupil.called());
    let hows = How::ALL.iter();
    let part = Part::new(
        "",
        vec![
            Field::radios(
                "how",
                "How the child was seen",
                hows.map(|how| Choice::new(how.key(), how.label()))
                    .collect(),
            )
            .value(How::OnSite.key()),
            Field::line("said", "Who saw them, and how they were")
                .hint("Such as: Ms Sample at reception with her father; well, in uniform."),
        ],
    );
    Ok(FormPage::new(
        "Seen today",
        ("/morning/face-to-face", "To be seen"),
        "Record that the child was seen today",
        vec![part],
    )
    .headed(name.map_or_else(|| "Seen today".to_owned(), |name| format!("{name} was seen today")))
    .about("Only for a child whom somebody of the school saw today and who is safe. A call is no sighting (E-017). What a visit of the round found is written down at the visit. Something that worries you goes to the safeguarding lead from the board."))
}

/// `GET /morning/{enrolment}/seen`.
pub(super) async fn ask(desk: Desk, Path(enrolment): Path<i64>) -> Result<Response, Problem> {
    let here = desk.clone();
    form::ask(desk, move |tx, actor, _| {
        question(&here, tx, actor, EnrolmentId(enrolment))
    })
    .await
}

/// `POST /morning/{enrolment}/seen`.
pub(super) async fn answer(
    desk: Desk,
    Path(enrolment): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    let enrolment = EnrolmentId(enrolment);
    form::answer(desk, move |act, actor, _| {
        let form = question(&here, act.tx(), actor, enrolment)?;
        let mut wrongs = Wrongs::default();
        let said = answers.required(
            "said",
            "Say who saw the child, and how they were.",
            &mut wrongs,
        );
        let how = How::from_key(answers.text("how"));
        if how.is_none() {
            wrongs.add("how", "Choose how the child was seen.");
        }
        let (Some(how), true) = (how, wrongs.is_empty()) else {
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        let said = Said {
            channel: match how {
                How::OnSite => Some(Channel::InPerson),
                How::Elsewhere | How::Video => None,
            },
            said: Some(format!("{}: {said}", how.label())),
            ..Said::of(Kind::Seen)
        };
        match record(act, actor, enrolment, &said) {
            Ok(_) => Ok(Outcome::done("/morning/face-to-face", "seen")),
            Err(Refusal::Wrong(ground)) => {
                wrongs.add("said", ground);
                Ok(Outcome::again(form, &answers, &wrongs))
            }
            Err(other) => Err(other),
        }
    })
    .await
}
