//! What a pupil's own page shows of their marks.

use calendar::{Day, Instant, SchoolYear, Slot};
use columns::MarkByte;
use register::{Bands, Class};

use super::figure::{Figure, NoFigure, Opened, Reckoning};
use super::question::{Question, Who};
use crate::book::Book;
use crate::ids::PupilId;
use crate::shell::{Face, Text, YearGrid, YearMark};
use crate::year::settings::{SettingError, bands, session_times};

/// The figure of one pupil: by default the school year to date, by the school's own reckoning.
///
/// The head of a pupil's page:
///
/// ```ignore
/// let question = Question::usual(Who::Pupil(pupil));
/// let figure = pupil_figure(&book, pupil, now)?;
/// let shown = shell::Figure { big: true, ..figure.shown(&question) };
/// ```
///
/// Errors: the calendar has no terms, or session times cannot be read.
pub fn pupil_figure(book: &Book, pupil: PupilId, now: Instant) -> Result<Figure, NoFigure> {
    let who = Who::Pupil(pupil);
    Ok(Reckoning::new(book, &Question::usual(who), now)?.figure(who))
}

/// The name of the school's own band that a figure falls into, on the figure's last day; none without possible sessions (R-212).
///
/// Errors: the bands cannot be read.
pub fn band_name(book: &Book, figure: &Figure) -> Result<Option<String>, SettingError> {
    let bands: Bands = bands(
        &book.settings,
        figure.span.last.min(figure.at.in_london().0),
    )?;
    Ok(figure.counts().band(&bands).map(|band| band.name.clone()))
}

/// The mark of a pupil at one place, whichever of their times on roll covers it.
pub fn pupil_mark(book: &Book, pupil: PupilId, slot: Slot) -> MarkByte {
    let rows = book.roll.rows_of(pupil);
    rows.iter()
        .map(|row| book.mark(*row, slot))
        .find(|mark| mark.is_session())
        .unwrap_or(MarkByte::OUTSIDE)
}

/// The year grid of a pupil: what stands in each session, over all their times on roll; none when there is none in that year.
///
/// Each cell opens `{href}{day}/{AM|PM}`; [`super::marks_href`] gives the address of the pages that tell one mark's history.
/// Errors: session times cannot be read.
pub fn year_grid(
    book: &Book,
    pupil: PupilId,
    year: SchoolYear,
    now: Instant,
    href: Option<Text>,
) -> Result<Option<YearGrid>, SettingError> {
    let (Some((first, last)), Some(marks)) = (book.calendar.days_of(year), book.year(year)) else {
        return Ok(None);
    };
    let opened = Opened::by(&session_times(&book.settings, now.in_london().0)?, now);
    let rows = book.roll.rows_of(pupil);
    let at = |slot: Slot| {
        let index = marks.axis().find(slot)?;
        let mark = rows
            .iter()
            .map(|row| marks.matrix.get(*row, index))
            .find(|mark| mark.is_session())?;
        Some(shown(mark, opened.has(slot)))
    };
    let caption = format!("Marks of {year}");
    let grid = YearGrid::new(caption, first, last, href, at);
    Ok((!grid.is_empty()).then_some(grid))
}

/// A mark as grids show it.
pub fn shown(mark: MarkByte, opened: bool) -> YearMark {
    match mark.row() {
        Some(row) => YearMark {
            code: row.code.to_string().into(),
            face: Face::of(Some(row)),
            planned: mark.is_planned(),
        },
        None if opened => YearMark::missing(),
        None => YearMark::to_come(),
    }
}

/// The last marks of a row up to and with this session, newest last: what stands beside a name in a register.
pub fn last_marks(book: &Book, row: usize, before: Slot, many: usize) -> Vec<(Slot, MarkByte)> {
    let mut found = Vec::with_capacity(many);
    for year in book.years().iter().rev() {
        let slots = year.axis().slots();
        let end = slots.partition_point(|slot| *slot < before);
        for index in (0..end).rev() {
            if found.len() == many {
                break;
            }
            let mark = year.matrix.get(row, index);
            if mark.is_session() {
                found.push((slots[index], mark));
            }
        }
    }
    found.reverse();
    found
}

/// One run of absences, without a session attended in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// The first day.
    pub first: Day,
    /// The last day so far.
    pub last: Day,
    /// Sessions absent.
    pub sessions: u32,
}

/// The spells of absence among marks in order of time. A session that was not possible, or has no mark, neither ends a spell nor counts in it.
pub fn spells(marks: impl IntoIterator<Item = (Slot, MarkByte)>) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    let mut open = false;
    for (slot, mark) in marks {
        match mark.class() {
            Some(class) if class.is_absent() => {
                match spells.last_mut().filter(|_| open) {
                    Some(spell) => {
                        spell.last = slot.day;
                        spell.sessions += 1;
                    }
                    None => spells.push(Spell {
                        first: slot.day,
                        last: slot.day,
                        sessions: 1,
                    }),
                }
                open = true;
            }
            Some(Class::Present | Class::ApprovedEducationalActivity) => open = false,
            _ => {}
        }
    }
    spells
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Session;
    use register::Code;

    #[test]
    fn a_spell_goes_on_over_sessions_that_were_not_possible_and_ends_with_attendance() {
        let first: Day = "2026-11-02".parse().expect("a real day");
        let marks = "I I X I / O \\ L U"
            .split(' ')
            .enumerate()
            .map(|(place, code)| {
                let day = first.plus_days(place as i32 / 2);
                let code: Code = code.parse().expect("a code");
                let mark = MarkByte::on(code, day).expect("a code of the day");
                (Slot::new(day, Session::BOTH[place % 2]), mark)
            });
        let found: Vec<u32> = spells(marks).iter().map(|spell| spell.sessions).collect();
        assert_eq!(found, [3, 1, 1]);
    }
}
