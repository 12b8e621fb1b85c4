//! The ten-day watch: whose unauthorised absence has gone on for 6, 14 or 20 sessions without a break, with its dates (E-030, E-154).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use columns::{UnauthorisedRun, unauthorised_run};
use exchange::Cell;
use register::{CompulsoryAge, compulsory_age};
use store::Tx;
use welfare::ten_days::{Point, reached};

use crate::book::{Book, GroupKind};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::PupilId;
use crate::insight::table::counted;
use crate::morning::Sight;
use crate::shell::{Exports, Frame, Page, State, Under};
use crate::take_away::{Leaving, Wanted};

/// A run that stands on the list.
struct Run {
    row: usize,
    run: UnauthorisedRun,
    point: &'static Point,
}

impl Run {
    /// Whether it reached its point on this day.
    fn reached_on(&self, day: Day) -> bool {
        self.reached().is_some_and(|slot| slot.day == day)
    }

    fn reached(&self) -> Option<Slot> {
        self.run.reached(self.point.sessions)
    }
}

/// The runs that stand on the list on a day, of those who are on roll and covered.
fn runs(book: &Book, covers: impl Fn(PupilId) -> bool, day: Day) -> Vec<Run> {
    let Some((first, _)) = book.calendar.span() else {
        return Vec::new();
    };
    let slots = book.calendar.slots(first, day);
    let rows = book.roll.rows_on(day);
    rows.filter_map(|row| {
        let enrolment = &book.roll.enrolments[row];
        let newest_first = slots
            .iter()
            .rev()
            .take_while(|slot| slot.day >= enrolment.starting_day)
            .map(|slot| (*slot, book.mark(row, *slot)));
        let run = unauthorised_run(newest_first)?;
        let point = reached(run.sessions(), day)?;
        covers(enrolment.pupil).then_some(Run { row, run, point })
    })
    .collect()
}

/// The watch in a line of the morning's board.
pub(crate) struct Watch {
    /// How many pupils stand on the list.
    pub(crate) pupils: usize,
    /// Of these, who reached 6, 14 or 20 sessions today.
    pub(crate) today: usize,
}

/// How many of those covered stand on the list; none where nobody does.
pub(crate) fn watch(book: &Book, covers: impl Fn(PupilId) -> bool, day: Day) -> Option<Watch> {
    let runs = runs(book, covers, day);
    (!runs.is_empty()).then(|| Watch {
        pupils: runs.len(),
        today: runs.iter().filter(|run| run.reached_on(day)).count(),
    })
}

/// A pupil's line.
struct Line {
    pupil: PupilId,
    name: String,
    form: String,
    sessions: usize,
    /// First and last session of the run.
    first: String,
    last: String,
    /// `G 4, O 12`.
    codes: String,
    /// Open sessions within the run without a mark.
    blank: usize,
    point: usize,
    asks: &'static str,
    rule: &'static str,
    reached: String,
    is_today: bool,
    /// Why no return is due of this pupil, where that is so.
    age: &'static str,
}

fn slot_words(slot: Option<&Slot>) -> String {
    slot.map(|slot| format!("{} {}", slot.day.short(), slot.session))
        .unwrap_or_default()
}

/// The longest run first, then whoever reached it today, then by name.
type Order = (Reverse<usize>, bool, u32);

fn line(book: &Book, one: &Run, day: Day) -> Option<(Order, Line)> {
    let enrolment = &book.roll.enrolments[one.row];
    let pupil = book.roll.pupil(enrolment.pupil)?;
    let form = book.groups.of_kind(enrolment.id, GroupKind::Tutor, day);
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for slot in &one.run.slots {
        if let Some(code) = book.mark(one.row, *slot).code() {
            *codes.entry(code.to_string()).or_default() += 1;
        }
    }
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let is_today = one.reached_on(day);
    let age = match compulsory_age(pupil.birth_day, day) {
        CompulsoryAge::Within { .. } => "",
        CompulsoryAge::Before { .. } => "below compulsory school age: no return (E-154)",
        CompulsoryAge::After { .. } => "over compulsory school age: no return (E-154)",
    };
    let order = (Reverse(one.point.sessions), !is_today, pupil.in_order);
    Some((
        order,
        Line {
            pupil: pupil.id,
            name: pupil.listed(),
            form: form.map(|form| form.name.clone()).unwrap_or_default(),
            sessions: one.run.sessions(),
            first: slot_words(one.run.slots.first()),
            last: slot_words(one.run.slots.last()),
            codes: codes.join(", "),
            blank: one.run.blank,
            point: one.point.sessions,
            asks: &one.point.asks,
            rule: &one.point.rule,
            reached: slot_words(one.reached().as_ref()),
            is_today,
            age,
        },
    ))
}

fn lines(book: &Book, sight: &Sight, day: Day) -> Vec<Line> {
    let runs = runs(book, |pupil| sight.covers(pupil), day);
    let mut lines: Vec<_> = runs.iter().filter_map(|run| line(book, run, day)).collect();
    lines.sort_by_key(|(order, _)| *order);
    lines.into_iter().map(|(_, line)| line).collect()
}

#[derive(Template)]
#[template(path = "authority/ten_days.html")]
struct TenDaysPage {
    frame: Frame,
    today: String,
    lines: Vec<Line>,
    new: usize,
    none: State,
    under: Under,
    rules: Vec<&'static welfare::Rule>,
}

/// `GET /ten-day-watch`.
pub(super) async fn page(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        let sight = Sight::of(tx, actor, today)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let lines = lines(&book, &sight, today);
        Ok(Page(TenDaysPage {
            frame: here.frame(tx, actor, "Ten-day watch")?,
            today: today.long(),
            new: lines.iter().filter(|line| line.is_today).count(),
            none: State::empty(
                "Nobody",
                "No unauthorised absence of six sessions or more goes on of a pupil whom your role may see.",
            ),
            under: Under {
                shown: counted(lines.len(), "pupils").into(),
                exports: Exports::usual("/ten-day-watch"),
                ..Under::default()
            },
            lines,
            rules: ["E-030", "E-154"]
                .into_iter()
                .filter_map(welfare::rule)
                .collect(),
        })
        .into_response())
    })
    .await
}

/// `/ten-day-watch` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let today = wanted.today();
    let sight = Sight::of(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let lines = lines(&book, &sight, today);
    let headings = [
        "Pupil",
        "Tutor group",
        "Sessions",
        "First",
        "Last",
        "Codes",
        "Without a mark",
        "Point",
        "Reached",
        "To do",
        "Note",
    ];
    let mut sheet = wanted.sheet(tx, "Ten-day watch", &headings)?;
    let number = |value: usize| Cell::Number {
        value: value as i64,
        places: 0,
    };
    sheet.rows = lines
        .iter()
        .map(|line| {
            vec![
                Cell::text(&line.name),
                Cell::text(&line.form),
                number(line.sessions),
                Cell::text(&line.first),
                Cell::text(&line.last),
                Cell::text(&line.codes),
                number(line.blank),
                number(line.point),
                Cell::text(&line.reached),
                Cell::text(line.asks),
                Cell::text(line.age),
            ]
        })
        .collect();
    Ok(Leaving::new(sheet, today).naming(lines.iter().map(|line| line.pupil)))
}
