//! One school year's marks, a byte each, and how rows of the register become bytes.

use std::sync::Arc;

use calendar::{Day, SchoolCalendar, SchoolYear, Session, Slot};
use columns::{Axis, MarkByte, Matrix};
use register::Code;
use store::{SchoolId, StoreError, Tx, args};

use super::{Plans, Roll};
use crate::ids::EnrolmentId;

/// The marks of every time on roll in one school year.
///
/// A place is [`MarkByte::OUTSIDE`] where the pupil is not marked: not on roll, or a boarder. It is [`MarkByte::MISSING`] where a mark is due and none was
/// entered; places still to come are missing too, so a count always runs over a period that ends now. Where a plan stands and no
/// mark, the place has the plan's byte ([`MarkByte::planned`]).
#[derive(Clone)]
pub struct YearMarks {
    /// The school year.
    pub year: SchoolYear,
    /// Rows as in [`Roll::enrolments`], columns as in the axis.
    pub matrix: Matrix,
}

impl YearMarks {
    /// The sessions of the year.
    pub fn axis(&self) -> &Axis {
        self.matrix.axis()
    }
}

/// Where each day of the calendar stands: its year and the columns of its sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    first: Option<Day>,
    days: Vec<[Option<(u8, u16)>; 2]>,
}

impl Places {
    fn of(years: &[Arc<YearMarks>]) -> Places {
        let slots = || {
            years.iter().enumerate().flat_map(|(year, marks)| {
                let slots = marks.axis().slots().iter().enumerate();
                slots.map(move |(column, slot)| (year as u8, column as u16, *slot))
            })
        };
        let Some(first) = slots().map(|(_, _, slot)| slot.day).min() else {
            return Places::default();
        };
        let last = slots().map(|(_, _, slot)| slot.day).max().unwrap_or(first);
        let mut days = vec![[None; 2]; first.days_until(last) as usize + 1];
        for (year, column, slot) in slots() {
            let day = first.days_until(slot.day) as usize;
            days[day][slot.session.index()] = Some((year, column));
        }
        Places {
            first: Some(first),
            days,
        }
    }

    /// The year's place in the list and the column of this session, if it is one.
    pub(super) fn find(&self, slot: Slot) -> Option<(usize, usize)> {
        let offset = usize::try_from(self.first?.days_until(slot.day)).ok()?;
        let (year, column) = self.days.get(offset)?[slot.session.index()]?;
        Some((usize::from(year), usize::from(column)))
    }
}

/// The years of the calendar with every place of the roll blank.
pub(super) fn blank_years(
    calendar: &SchoolCalendar,
    roll: &Roll,
    plans: &Plans,
) -> (Vec<Arc<YearMarks>>, Places) {
    let mut years = Vec::new();
    if let Some((first, last)) = calendar.span() {
        let mut year = calendar.school_year_of(first);
        while year <= calendar.school_year_of(last) {
            if let Some((from, to)) = calendar.days_of(year) {
                let slots = calendar.slots(from, to).iter().copied();
                let axis = Axis::new(slots)
                    .expect("a calendar's slots are in order and a year of them fits an axis");
                let mut matrix = Matrix::new(Arc::new(axis), roll.enrolments.len());
                for row in 0..roll.enrolments.len() {
                    blank_row(&mut matrix, roll, plans, row);
                }
                years.push(Arc::new(YearMarks { year, matrix }));
            }
            year = year.next();
        }
    }
    let places = Places::of(&years);
    (years, places)
}

/// Lays out one row anew: planned or missing where a mark is due, outside where the pupil is not marked.
pub(super) fn blank_row(matrix: &mut Matrix, roll: &Roll, plans: &Plans, row: usize) {
    let enrolment = &roll.enrolments[row];
    let axis = Arc::clone(matrix.axis());
    for (column, slot) in axis.slots().iter().enumerate() {
        let blank = match enrolment.marked_on(slot.day) {
            Ok(()) => plans.unmarked(enrolment.id, *slot),
            Err(_) => MarkByte::OUTSIDE,
        };
        matrix.set(row, column, blank);
    }
}

/// Lays a row's plans out anew under its marks: only places without a mark change.
pub(super) fn lay_plans(matrix: &mut Matrix, roll: &Roll, plans: &Plans, row: usize) {
    let enrolment = &roll.enrolments[row];
    let axis = Arc::clone(matrix.axis());
    for (column, slot) in axis.slots().iter().enumerate() {
        let stands = matrix.get(row, column);
        if stands == MarkByte::MISSING || stands.is_planned() {
            matrix.set(row, column, plans.unmarked(enrolment.id, *slot));
        }
    }
}

/// The byte of a mark as the register holds it; missing where it was taken back or no rule gives it a meaning.
pub(super) fn byte_of(code: Option<&str>, day: Day) -> MarkByte {
    code.and_then(|text| text.parse::<Code>().ok())
        .and_then(|code| MarkByte::on(code, day).ok())
        .unwrap_or(MarkByte::MISSING)
}

/// A mark as a row of the register or of the journal has it.
pub(super) struct MarkRow<'r> {
    pub enrolment: EnrolmentId,
    pub day: Day,
    pub session: i64,
    pub code: Option<&'r str>,
}

/// Puts marks into their places; later ones displace earlier ones. A mark on a day without that session, or on which the
/// pupil is not marked (not on roll, or a boarder), has no place and changes nothing.
pub(super) struct Writer<'a> {
    years: &'a mut [Arc<YearMarks>],
    places: &'a Places,
    roll: &'a Roll,
    plans: &'a Plans,
    /// The row found last: marks come in order of time on roll.
    last: Option<(EnrolmentId, usize)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        years: &'a mut [Arc<YearMarks>],
        places: &'a Places,
        roll: &'a Roll,
        plans: &'a Plans,
    ) -> Writer<'a> {
        Writer {
            years,
            places,
            roll,
            plans,
            last: None,
        }
    }

    pub(super) fn put(&mut self, mark: &MarkRow) {
        let row = match self.last {
            Some((id, row)) if id == mark.enrolment => row,
            _ => match self.roll.row(mark.enrolment) {
                Some(row) => {
                    self.last = Some((mark.enrolment, row));
                    row
                }
                None => return,
            },
        };
        let Some(session) = Session::from_index(mark.session) else {
            return;
        };
        let slot = Slot::new(mark.day, session);
        let Some((year, column)) = self.places.find(slot) else {
            return;
        };
        if self.roll.enrolments[row].marked_on(mark.day).is_err() {
            return;
        }
        let byte = match byte_of(mark.code, mark.day) {
            MarkByte::MISSING => self.plans.unmarked(mark.enrolment, slot),
            byte => byte,
        };
        Arc::make_mut(&mut self.years[year])
            .matrix
            .set(row, column, byte);
    }
}

const MARKS: &str = "\
select v.enrolment_id, v.on_date, v.session, v.code from mark_version v
where v.school_id = $1
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.enrolment_id, v.on_date, v.session, v.seq";

const MARKS_OF: &str = "\
select v.enrolment_id, v.on_date, v.session, v.code from mark_version v
where v.school_id = $1 and v.enrolment_id = $2
  and not exists (select 1 from held_act h where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
order by v.enrolment_id, v.on_date, v.session, v.seq";

/// Reads every mark of the school into its place, or those of one time on roll.
pub(super) fn read_marks(
    tx: &mut Tx,
    school: SchoolId,
    only: Option<EnrolmentId>,
    writer: &mut Writer,
) -> Result<(), StoreError> {
    let mut put = |row: &store::Row| {
        writer.put(&MarkRow {
            enrolment: EnrolmentId(row.get(0)?),
            day: row.get(1)?,
            session: row.get(2)?,
            code: row.get::<Option<&str>>(3)?,
        });
        Ok::<(), StoreError>(())
    };
    match only {
        None => tx.each(MARKS, &args![school], &mut put),
        Some(enrolment) => tx.each(MARKS_OF, &args![school, enrolment], &mut put),
    }
}
