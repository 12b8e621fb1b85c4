//! The way a figure is made, for every screen, list and file: one reckoning over the school's book.
//!
//! * A period ends now: a session whose register has not opened yet is in no figure, whatever was entered for it ahead.
//! * A group's figure counts each session in which the pupil was its member on that day, so that groups which divide the school
//!   add up to it, to the session.
//! * Whether an absence is persistent or severe is decided once for each time on roll, over all its sessions of the period
//!   a group counts those of its members, so that a pupil is the same on every page.

use std::cell::OnceCell;
use std::ops::AddAssign;

use calendar::{Day, Instant, Session, Slot};
use columns::{MarkByte, Period};
use register::closing::SessionTimes;
use register::{
    Cohort, Counts, EnrolmentFacts, LeftOut, NotMarked, OutOfCohort, Profile, Ratio, cohort,
};

use super::question::{Answer, Question, Span, Trait, Who};
use super::table::grouped;
use crate::book::{Book, Enrolment, GroupKind, Membership, YearMarks};
use crate::desk::Refusal;
use crate::ids::GroupId;
use crate::year::settings::{SettingError, session_times};

/// Everything that figures over one period and by one profile are made from.
pub struct Reckoning<'b> {
    book: &'b Book,
    /// The days.
    pub span: Span,
    /// By whose reckoning.
    pub profile: Profile,
    /// The moment at which it was made.
    pub at: Instant,
    clock: Opened,
    parts: Vec<Part<'b>>,
    /// What each row comes to, once many are asked about.
    of_each: OnceCell<Vec<Counts>>,
}

/// Which registers have opened by now.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    today: Day,
    sessions: [bool; 2],
}

impl Opened {
    /// By these times of today's sessions.
    pub fn by(times: &SessionTimes, now: Instant) -> Opened {
        let (today, time) = now.in_london();
        Opened {
            today,
            sessions: Session::BOTH.map(|session| times.of(session).opens <= time),
        }
    }

    /// Whether this session's register has opened.
    pub fn has(self, slot: Slot) -> bool {
        slot.day < self.today || (slot.day == self.today && self.sessions[slot.session.index()])
    }
}

/// The sessions of one school year that lie in the period and have opened.
struct Part<'b> {
    marks: &'b YearMarks,
    /// Them all.
    whole: Period,
    /// Those left when a profile leaves out the second half of the summer term.
    shortened: Option<(LeftOut, Period)>,
    /// How many of the period have not opened yet.
    to_come: usize,
}

/// During which of the days a time on roll belongs to those asked about.
enum Stay {
    /// All of them.
    Whole,
    /// From the first of each pair to the last.
    Days(Vec<(Day, Day)>),
}

impl Stay {
    fn holds(&self, day: Day) -> bool {
        match self {
            Stay::Whole => true,
            Stay::Days(days) => days
                .iter()
                .any(|(first, last)| *first <= day && day <= *last),
        }
    }
}

/// What one time on roll comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its row in [`crate::book::Roll::enrolments`].
    pub row: usize,
    /// Its sessions among those asked about.
    pub counts: Counts,
    /// All its sessions of the period: what persistent and severe absence go by.
    pub whole: Counts,
    /// Sessions among those asked about that the profile leaves out.
    pub left_out: u32,
    /// Sessions on roll among those asked about that are not marked, since the pupil boarded.
    pub boarded: u32,
}

/// Sessions or times on roll that are not in a figure, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// How many.
    pub number: u32,
    /// Of what: `sessions`, `times on roll`.
    pub unit: &'static str,
    /// What they are.
    pub what: String,
    /// The rule that leaves them out.
    pub rule: &'static str,
}

impl Excluded {
    /// How many of what: `1 session`, `1,094 sessions`.
    pub fn counted(&self) -> String {
        let one = match self.unit {
            "sessions" => "session",
            "times on roll" => "time on roll",
            unit => unit,
        };
        let unit = if self.number == 1 { one } else { self.unit };
        format!("{} {unit}", grouped(self.number))
    }
}

/// How many times on roll stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Their sessions together: a rate is made from these.
    pub counts: Counts,
    /// Times on roll at any time in the period.
    pub enrolments: u32,
    /// Of these, with possible sessions: what shares of pupils are shares of.
    pub counted: u32,
    /// Of these, in persistent absence, severe ones included.
    pub persistent: u32,
    /// Of these, in severe absence.
    pub severe: u32,
}

impl Tally {
    /// Takes one more in.
    pub fn add(&mut self, standing: &Standing) {
        self.counts += standing.counts;
        self.enrolments += 1;
        if standing.counts.possible() > 0 {
            self.counted += 1;
            self.persistent += u32::from(standing.whole.persistent() == Some(true));
            self.severe += u32::from(standing.whole.severe() == Some(true));
        }
    }

    /// The share in persistent absence, as shown.
    pub fn persistent_shown(&self) -> Option<String> {
        Some(Ratio::new(self.persistent.into(), self.counted.into())?.show(1))
    }

    /// The share in severe absence, as shown.
    pub fn severe_shown(&self) -> Option<String> {
        Some(Ratio::new(self.severe.into(), self.counted.into())?.show(1))
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.counts += other.counts;
        self.enrolments += other.enrolments;
        self.counted += other.counted;
        self.persistent += other.persistent;
        self.severe += other.severe;
    }
}

/// A figure with all that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Sessions, pupils, flags.
    pub tally: Tally,
    /// What is not in it, and why.
    pub excluded: Vec<Excluded>,
    /// The days.
    pub span: Span,
    /// By whose reckoning.
    pub profile: Profile,
    /// The school's number that it was made at.
    pub seq: i64,
    /// The moment that it was made at.
    pub at: Instant,
}

impl Figure {
    /// The sessions.
    pub fn counts(&self) -> &Counts {
        &self.tally.counts
    }

    /// As a page shows it: the percentage, of how many, since when, and why. Nothing is ever shown as 0% for want of sessions.
    pub fn shown(&self, question: &Question) -> crate::shell::Figure {
        let counts = self.counts();
        let value = counts
            .attendance_shown()
            .map(|percent| format!("{percent}%").into());
        let of = match value {
            Some(_) => format!(
                "{} of {} sessions",
                grouped(counts.attended()),
                grouped(counts.possible())
            ),
            None => "no possible sessions yet".to_owned(),
        };
        crate::shell::Figure {
            name: "attendance".into(),
            value,
            of: of.into(),
            since: self.span.first.short().into(),
            why: Some(question.why().into()),
            big: false,
        }
    }
}

/// Why a figure cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NoFigure {
    /// The calendar has no sessions there.
    #[error(
        "The school's calendar has no terms in that period. Choose another, or add the terms under Year."
    )]
    NoTerms,
    /// A setting cannot be read.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl From<NoFigure> for Refusal {
    fn from(error: NoFigure) -> Refusal {
        match error {
            NoFigure::NoTerms => Refusal::Wrong(error.to_string()),
            NoFigure::Setting(setting) => setting.into(),
        }
    }
}

impl<'b> Reckoning<'b> {
    /// The reckoning that a question's period and profile ask for, as at this moment.
    ///
    /// Errors: no terms there, or the session times cannot be read.
    pub fn new(
        book: &'b Book,
        question: &Question,
        now: Instant,
    ) -> Result<Reckoning<'b>, NoFigure> {
        let (today, _) = now.in_london();
        let span = question
            .when
            .span(&book.calendar, today)
            .ok_or(NoFigure::NoTerms)?;
        let clock = Opened::by(&session_times(&book.settings, today)?, now);
        let parts = book
            .years()
            .iter()
            .filter(|marks| {
                let slots = marks.axis().slots();
                slots.first().is_some_and(|slot| slot.day <= span.last)
                    && slots.last().is_some_and(|slot| span.first <= slot.day)
            })
            .map(|marks| Part::of(marks, &span, clock, question))
            .collect();
        Ok(Reckoning {
            book,
            span,
            profile: question.profile,
            at: now,
            clock,
            parts,
            of_each: OnceCell::new(),
        })
    }

    /// The book that it reads.
    pub fn book(&self) -> &'b Book {
        self.book
    }

    /// Which registers have opened.
    pub fn opened(&self) -> Opened {
        self.clock
    }

    /// Today.
    pub fn today(&self) -> Day {
        self.clock.today
    }

    /// The last day that has come.
    pub fn last_day(&self) -> Day {
        self.span.last.min(self.clock.today)
    }

    /// The rows on roll at any time in the period.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        let enrolments = self.book.roll.enrolments.iter().enumerate();
        enrolments
            .filter(|(_, enrolment)| self.overlaps(enrolment))
            .map(|(row, _)| row)
    }

    /// Whether a row was on roll at any time in the period.
    pub fn is_on_roll(&self, row: usize) -> bool {
        self.overlaps(&self.book.roll.enrolments[row])
    }

    /// The last day of the period on which a row was on roll: the day by which lists say group and status.
    pub fn last_day_of(&self, row: usize) -> Day {
        let leaving = self.book.roll.enrolments[row].leaving_day;
        leaving.map_or(self.last_day(), |day| day.min(self.last_day()))
    }

    fn overlaps(&self, enrolment: &Enrolment) -> bool {
        enrolment.starting_day <= self.last_day()
            && enrolment
                .leaving_day
                .is_none_or(|last| self.span.first <= last)
    }

    /// All sessions of a row that count.
    pub fn counts(&self, row: usize) -> Counts {
        match self.of_each.get() {
            Some(of_each) => of_each[row],
            None => self.counted(row),
        }
    }

    /// Counts every row once, before many of them are asked about more than once.
    pub fn count_all(&self) {
        let rows = 0..self.book.roll.enrolments.len();
        self.of_each
            .get_or_init(|| rows.map(|row| self.counted(row)).collect());
    }

    fn counted(&self, row: usize) -> Counts {
        self.parts
            .iter()
            .filter_map(|part| Some(part.marks.matrix.count(row, self.period(part, row)?)))
            .sum()
    }

    /// The sessions of a row that count, one by one, in order of time.
    pub fn marks(&self, row: usize) -> impl Iterator<Item = (Slot, MarkByte)> + '_ {
        self.parts.iter().flat_map(move |part| {
            let period = self.period(part, row);
            let marks = part.marks.matrix.marks(row).enumerate();
            marks
                .filter(move |(index, (_, mark))| {
                    mark.is_session()
                        && period.is_some_and(|period| period.contains(part.marks.axis(), *index))
                })
                .map(|(_, place)| place)
        })
    }

    /// Whether a row is in the cohort of a year, and what is left out of it.
    fn cohort(&self, part: &Part, row: usize) -> Cohort {
        let enrolment = &self.book.roll.enrolments[row];
        let facts = EnrolmentFacts {
            date_of_birth: self
                .book
                .roll
                .pupil(enrolment.pupil)
                .map(|pupil| pupil.birth_day),
            starting_day: Some(enrolment.starting_day),
            boarder: boards_throughout(enrolment, part.marks.axis().slots()),
        };
        cohort(self.profile, part.marks.year, facts)
    }

    /// The sessions of a part that count for a row.
    fn period<'s>(&self, part: &'s Part, row: usize) -> Option<&'s Period> {
        if self.profile == Profile::School {
            return Some(&part.whole);
        }
        match self.cohort(part, row) {
            Cohort::Out(_) => None,
            Cohort::In { left_out: None } => Some(&part.whole),
            Cohort::In { left_out: Some(_) } => Some(
                part.shortened
                    .as_ref()
                    .map_or(&part.whole, |(_, period)| period),
            ),
        }
    }

    /// The sessions of a row on the days of its stay, of those that a period of each part holds.
    fn counts_over<'s>(
        &'s self,
        row: usize,
        stay: &Stay,
        period: impl Fn(&'s Part<'b>) -> Option<&'s Period>,
    ) -> Counts {
        self.parts
            .iter()
            .filter_map(|part| {
                let counted = period(part)?;
                if matches!(stay, Stay::Whole) {
                    return Some(part.marks.matrix.count(row, counted));
                }
                let stayed = |slot: Slot| stay.holds(slot.day);
                let period = part.marks.axis().part(counted, stayed);
                Some(part.marks.matrix.count(row, &period))
            })
            .sum()
    }

    fn standing(&self, row: usize, stay: &Stay) -> Standing {
        let whole = self.counts(row);
        let counts = match stay {
            Stay::Whole => whole,
            Stay::Days(..) => self.counts_over(row, stay, |part| self.period(part, row)),
        };
        let shortened = self.parts.iter().any(|part| self.is_shortened(part, row));
        let left_out = if shortened {
            // A year outside whose cohort the row is, is told of as a time on roll, not as sessions.
            let all = self.counts_over(row, stay, |part| {
                self.period(part, row).map(|_| &part.whole)
            });
            sessions(&all) - sessions(&counts)
        } else {
            0
        };
        Standing {
            row,
            counts,
            whole,
            left_out,
            boarded: self.boarded(row, stay),
        }
    }

    /// The sessions of a stay on which the pupil boarded, and so was not marked. A year outside whose cohort the row is, is told
    /// of as a time on roll.
    fn boarded(&self, row: usize, stay: &Stay) -> u32 {
        let enrolment = &self.book.roll.enrolments[row];
        if enrolment.boards.is_empty() {
            return 0;
        }
        let boarded = |part: &Part| {
            let Some(period) = self.period(part, row) else {
                return 0;
            };
            let axis = part.marks.axis();
            let slots = axis.slots().iter().enumerate();
            slots
                .filter(|(index, slot)| {
                    period.contains(axis, *index)
                        && stay.holds(slot.day)
                        && enrolment.marked_on(slot.day) == Err(NotMarked::Boarder)
                })
                .count()
        };
        self.parts.iter().map(boarded).sum::<usize>() as u32
    }

    /// Whether the profile leaves sessions of this row out.
    fn is_shortened(&self, part: &Part, row: usize) -> bool {
        part.shortened.is_some()
            && matches!(self.cohort(part, row), Cohort::In { left_out: Some(_) })
    }

    /// Everyone asked about who was on roll in the period, with their sessions.
    pub fn standings(&self, who: Who) -> Vec<Standing> {
        match who {
            Who::School => self
                .rows()
                .map(|row| self.standing(row, &Stay::Whole))
                .collect(),
            Who::Pupil(pupil) => {
                let rows = self.book.roll.rows_of(pupil).iter();
                rows.filter(|row| self.overlaps(&self.book.roll.enrolments[**row]))
                    .map(|row| self.standing(*row, &Stay::Whole))
                    .collect()
            }
            Who::Enrolment(enrolment) => {
                let row = self.book.roll.row(enrolment).into_iter();
                row.filter(|row| self.overlaps(&self.book.roll.enrolments[*row]))
                    .map(|row| self.standing(row, &Stay::Whole))
                    .collect()
            }
            Who::Group(group) => self.members(memberships_of(self.book, group)),
            Who::InNo(kind) => self.in_no(kind),
            Who::Having(answer) => {
                let place = answer.of.each().position(|one| one == answer);
                place.map_or_else(Vec::new, |place| {
                    self.by_answer(answer.of).swap_remove(place)
                })
            }
        }
    }

    /// The tally of everyone asked about.
    pub fn tally(&self, who: Who) -> Tally {
        let mut tally = Tally::default();
        for standing in self.standings(who) {
            tally.add(&standing);
        }
        tally
    }

    /// The figure of everyone asked about, with what is left out of it.
    pub fn figure(&self, who: Who) -> Figure {
        let standings = self.standings(who);
        let mut tally = Tally::default();
        for standing in &standings {
            tally.add(standing);
        }
        Figure {
            excluded: self.excluded(&tally.counts, &standings),
            tally,
            span: self.span.clone(),
            profile: self.profile,
            seq: self.book.seq,
            at: self.at,
        }
    }

    /// The members of a group, with their sessions as its members. `memberships` are in order of time on roll.
    fn members(&self, memberships: &[Membership]) -> Vec<Standing> {
        memberships
            .chunk_by(|one, next| one.enrolment == next.enrolment)
            .filter_map(|own| {
                let row = self.book.roll.row(own[0].enrolment)?;
                let stay = self.stay(row, own.iter().flat_map(turns), |day| {
                    own.iter().any(|one| one.covers(day))
                })?;
                Some(self.standing(row, &stay))
            })
            .collect()
    }

    fn in_no(&self, kind: GroupKind) -> Vec<Standing> {
        let groups = &self.book.groups;
        let mut own: Vec<Vec<Membership>> = vec![Vec::new(); self.book.roll.enrolments.len()];
        for group in groups.groups.iter().filter(|group| group.kind == kind) {
            for membership in memberships_of(self.book, group.id) {
                if let Some(row) = self.book.roll.row(membership.enrolment) {
                    own[row].push(*membership);
                }
            }
        }
        self.rows()
            .filter_map(|row| {
                let own = &own[row];
                let stay = self.stay(row, own.iter().flat_map(turns), |day| {
                    !own.iter().any(|one| one.covers(day))
                })?;
                Some(self.standing(row, &stay))
            })
            .collect()
    }

    /// Everyone on roll in the period with the sessions in which they had each answer to a trait, in the order of [`Trait::each`].
    pub fn by_answer(&self, of: &'static Trait) -> Vec<Vec<Standing>> {
        let answers: Vec<Answer> = of.each().collect();
        let mut standings = vec![Vec::new(); answers.len()];
        for row in self.rows() {
            let pupil = self.book.roll.enrolments[row].pupil;
            let facts = self.book.characteristics.of(pupil).iter();
            let changes: Vec<Day> = facts
                .filter(|fact| fact.kind == of.kind)
                .flat_map(|fact| [Some(fact.from), fact.to.map(Day::next)])
                .flatten()
                .collect();
            for (standings, answer) in standings.iter_mut().zip(&answers) {
                let stay = self.stay(row, changes.iter().copied(), |day| {
                    answer_on(self.book, row, of, day).value == answer.value
                });
                standings.extend(stay.map(|stay| self.standing(row, &stay)));
            }
        }
        standings
    }

    /// The days of the period, within the time on roll, on which something holds; none when it holds on no day.
    ///
    /// `turns` are the days on which it may begin or cease to hold.
    fn stay(
        &self,
        row: usize,
        turns: impl Iterator<Item = Day>,
        holds: impl Fn(Day) -> bool,
    ) -> Option<Stay> {
        let enrolment = &self.book.roll.enrolments[row];
        if !self.overlaps(enrolment) {
            return None;
        }
        let first = self.span.first.max(enrolment.starting_day);
        let last = self.last_day_of(row);
        let mut turns: Vec<Day> = turns.filter(|day| first < *day && *day <= last).collect();
        if turns.is_empty() {
            return holds(first).then_some(Stay::Whole);
        }
        turns.sort_unstable();
        let begins = [first].into_iter().chain(turns.iter().copied());
        let ends = turns.iter().map(|day| day.previous()).chain([last]);
        let days: Vec<(Day, Day)> = begins.zip(ends).filter(|(day, _)| holds(*day)).collect();
        (!days.is_empty()).then_some(Stay::Days(days))
    }

    /// What is not in a figure of these, and why.
    fn excluded(&self, counts: &Counts, standings: &[Standing]) -> Vec<Excluded> {
        let mut all = Vec::new();
        let mut add = |number: u32, unit, what: String, rule| {
            if number > 0 {
                all.push(Excluded {
                    number,
                    unit,
                    what,
                    rule,
                });
            }
        };
        add(
            counts.not_possible,
            "sessions",
            "not a possible attendance: in neither part of the percentage".to_owned(),
            "R-203",
        );
        add(
            counts.administrative,
            "sessions",
            "administrative codes (Z, #): in neither part of the percentage".to_owned(),
            "R-203",
        );
        add(
            counts.missing,
            "sessions",
            "without a mark: counted apart until they have one".to_owned(),
            "R-209",
        );
        add(
            standings.iter().map(|one| one.boarded).sum(),
            "sessions",
            "while boarding: a boarder is not marked in the attendance register".to_owned(),
            NotMarked::Boarder.rule(),
        );
        let nothing_possible = standings
            .iter()
            .filter(|one| one.counts.possible() == 0)
            .count();
        if standings.len() > 1 {
            add(
                nothing_possible as u32,
                "times on roll",
                "without a possible session: in no share of pupils".to_owned(),
                "R-205",
            );
        }
        for part in &self.parts {
            for (ground, number) in self.out_of_cohort(part, standings) {
                add(
                    number,
                    "times on roll",
                    format!("{ground}, so outside this profile in {}", part.marks.year),
                    ground.rule(),
                );
            }
        }
        let left_out = self.parts.iter().find_map(|part| part.shortened.as_ref());
        if let Some((days, _)) = left_out {
            add(
                standings.iter().map(|one| one.left_out).sum(),
                "sessions",
                "in the second half of the summer term, of pupils aged 15: this profile leaves them out".to_owned(),
                days.rule,
            );
        }
        let to_come: usize = self.parts.iter().map(|part| part.to_come).sum();
        add(
            to_come as u32,
            "sessions",
            "of the period whose register has not opened yet".to_owned(),
            "R-209",
        );
        all
    }

    fn out_of_cohort(&self, part: &Part, standings: &[Standing]) -> Vec<(OutOfCohort, u32)> {
        let mut grounds: Vec<(OutOfCohort, u32)> = Vec::new();
        if self.profile == Profile::School {
            return grounds;
        }
        for standing in standings {
            let Cohort::Out(ground) = self.cohort(part, standing.row) else {
                continue;
            };
            match grounds
                .iter_mut()
                .find(|(known, _)| known.to_string() == ground.to_string())
            {
                Some((_, number)) => *number += 1,
                None => grounds.push((ground, 1)),
            }
        }
        grounds
    }

    /// Counts of these rows together for each school week of the period, with its Monday.
    pub fn by_week(&self, rows: &[usize]) -> Vec<(Day, Counts)> {
        let mut weeks = Vec::new();
        for part in &self.parts {
            let mut sums = vec![Counts::default(); part.marks.axis().weeks().len()];
            for (period, rows) in self.by_period(part, rows) {
                for (sum, more) in sums.iter_mut().zip(part.marks.matrix.by_week(rows, period)) {
                    *sum += more;
                }
            }
            let mondays = part.marks.axis().weeks().iter().copied();
            weeks.extend(mondays.zip(sums).filter(|(_, counts)| sessions(counts) > 0));
        }
        weeks
    }

    /// Counts of these rows together by weekday from Monday, then morning and afternoon.
    pub fn by_weekday(&self, rows: &[usize]) -> [[Counts; 2]; 7] {
        let mut table = <[[Counts; 2]; 7]>::default();
        for part in &self.parts {
            for (period, rows) in self.by_period(part, rows) {
                let sums = part.marks.matrix.by_slot(rows, period);
                for (slot, counts) in part.marks.axis().slots().iter().zip(sums) {
                    table[slot.day.weekday().index()][slot.session.index()] += counts;
                }
            }
        }
        table
    }

    /// These rows, by the sessions that count for them.
    fn by_period<'s>(&self, part: &'s Part, rows: &[usize]) -> Vec<(&'s Period, Vec<usize>)> {
        let mut by_period: Vec<(&Period, Vec<usize>)> = Vec::new();
        for row in rows {
            let Some(period) = self.period(part, *row) else {
                continue;
            };
            match by_period
                .iter_mut()
                .find(|(known, _)| std::ptr::eq(*known, period))
            {
                Some((_, rows)) => rows.push(*row),
                None => by_period.push((period, vec![*row])),
            }
        }
        by_period
    }
}

impl<'b> Part<'b> {
    fn of(marks: &'b YearMarks, span: &Span, clock: Opened, question: &Question) -> Part<'b> {
        let axis = marks.axis();
        let asked =
            |slot: Slot| span.holds(slot.day) && question.only.is_none_or(|only| only.holds(slot));
        let counts = |slot: Slot| asked(slot) && clock.has(slot);
        let in_span = axis.slots().iter().filter(|slot| asked(**slot)).count();
        let whole = axis.period(counts);
        // Anybody of fifteen shows which days the profile leaves out.
        let fifteen = EnrolmentFacts {
            date_of_birth: Some(marks.year.age_day().plus_days(-15 * 366)),
            starting_day: None,
            boarder: false,
        };
        let shortened = match cohort(question.profile, marks.year, fifteen) {
            Cohort::In {
                left_out: Some(left_out),
            } => {
                let period = axis.period(|slot| counts(slot) && !left_out.holds(slot.day));
                Some((left_out, period))
            }
            _ => None,
        };
        Part {
            marks,
            to_come: in_span - whole.sessions(),
            whole,
            shortened,
        }
    }
}

/// All sessions of these counts, whatever their class.
pub fn sessions(counts: &Counts) -> u32 {
    counts.possible() + counts.not_possible + counts.administrative + counts.missing
}

/// Whether the pupil boards in every one of these sessions that lies in the time on roll.
fn boards_throughout(enrolment: &Enrolment, slots: &[Slot]) -> bool {
    let mut on_roll = slots.iter().filter(|slot| enrolment.covers(slot.day));
    !enrolment.boards.is_empty() && on_roll.all(|slot| enrolment.boarding_on(slot.day).is_some())
}

/// The answer of a row's pupil to a trait on a day.
pub fn answer_on(book: &Book, row: usize, of: &'static Trait, day: Day) -> Answer {
    let pupil = book.roll.enrolments[row].pupil;
    let recorded = if of.kind == "sex" {
        book.roll
            .pupil(pupil)
            .and_then(|pupil| pupil.sex.as_deref())
    } else {
        book.characteristics.on(pupil, of.kind, day)
    };
    of.answer(recorded)
}

/// Everything ever recorded of who belongs to a group, in order of time on roll.
fn memberships_of(book: &Book, group: GroupId) -> &[Membership] {
    let all = &book.groups.memberships;
    let first = all.partition_point(|membership| membership.group < group);
    let after = all.partition_point(|membership| membership.group <= group);
    &all[first..after]
}

/// The days on which a membership begins, and on which it holds no more.
fn turns(membership: &Membership) -> impl Iterator<Item = Day> + use<> {
    [Some(membership.from), membership.to.map(Day::next)]
        .into_iter()
        .flatten()
}
