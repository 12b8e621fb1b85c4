//! Lists of pupils whose marks ask for somebody: persistent and severe absence, the school's own bands, blanks, unexplained
//! absence, and the count towards a penalty notice. Each shows a person only pupils within their reach.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::{Day, Slot};
use columns::MarkByte;
use register::closing::{NoReasonStanding, n_last_day, n_standing};
use register::{
    Band, Bands, Class, Code, Confidence, Counts, PenaltyWindow, ThresholdStanding,
    penalty_threshold, penalty_window, rule,
};
use store::Tx;

use super::figure::{Reckoning, answer_on};
use super::filter::{Filter, about};
use super::form::Form;
use super::pupil::spells;
use super::question::{Question, When, Who};
use super::sight::Sight;
use super::table::{Cell, Heading, Order, Table, TableView, Value};
use crate::book::{Book, GroupKind, Pupil};
use crate::desk::{Desk, Problem, Refusal};
use crate::ids::GroupId;
use crate::registers::keeps_all_registers;
use crate::shell::{Frame, Page, State};
use crate::take_away::{Leaving, Wanted};
use crate::year::settings::bands;

/// One list.
#[derive(Clone, Debug)]
enum List {
    Persistent,
    Severe,
    /// A band of the school's own, and the one above it.
    Band(Band, Option<Band>),
    MissingMarks,
    PenaltyWindow,
    Unexplained,
}

impl List {
    fn named(name: &str, bands: &Bands) -> Option<List> {
        Some(match name {
            "persistent" => List::Persistent,
            "severe" => List::Severe,
            "missing-marks" => List::MissingMarks,
            "penalty-window" => List::PenaltyWindow,
            "unexplained" => List::Unexplained,
            _ => {
                let place = bands.bands().iter().position(|band| slug(band) == name)?;
                List::of_band(bands, place)
            }
        })
    }

    fn of_band(bands: &Bands, place: usize) -> List {
        List::Band(
            bands.bands()[place].clone(),
            bands.bands().get(place + 1).cloned(),
        )
    }

    /// Every list, in the order of the index.
    fn all(bands: &Bands) -> Vec<List> {
        let own = (0..bands.bands().len()).rev().filter(|place| {
            // Their names are taken by the national definitions.
            !["persistent", "severe"].contains(&bands.bands()[*place].key.as_str())
        });
        let mut all = vec![List::Persistent, List::Severe];
        all.extend(own.map(|place| List::of_band(bands, place)));
        all.extend([List::Unexplained, List::MissingMarks, List::PenaltyWindow]);
        all
    }

    /// The word in addresses and in names of files.
    fn name(&self) -> String {
        match self {
            List::Persistent => "persistent".into(),
            List::Severe => "severe".into(),
            List::Band(band, _) => slug(band),
            List::MissingMarks => "missing-marks".into(),
            List::PenaltyWindow => "penalty-window".into(),
            List::Unexplained => "unexplained".into(),
        }
    }

    fn heading(&self) -> String {
        match self {
            List::Persistent => "Persistent absence".into(),
            List::Severe => "Severe absence".into(),
            List::Band(band, _) => band.name.clone(),
            List::MissingMarks => "Missing marks".into(),
            List::PenaltyWindow => "Count towards a penalty notice".into(),
            List::Unexplained => "Not yet explained".into(),
        }
    }

    /// What puts somebody on it, and the rules that say so.
    fn ground(&self) -> (String, &'static [&'static str]) {
        match self {
            List::Persistent => (
                "Absent for a tenth or more of their own possible sessions; exactly a tenth counts, and severe absence is included.".into(),
                &["R-210", "R-206"],
            ),
            List::Severe => (
                "Absent for half or more of their own possible sessions.".into(),
                &["R-211", "R-206"],
            ),
            List::Band(band, next) => (
                format!(
                    "The band “{}” of this school's settings: {}.",
                    band.name,
                    absence_between(band, next.as_ref())
                ),
                &["R-212", "R-206"],
            ),
            List::MissingMarks => (
                "Sessions whose register has opened and that have no mark. They are in no percentage, and no register or return is complete with them.".into(),
                &["R-209"],
            ),
            List::PenaltyWindow => (
                "Countable sessions (G, N, O, U) of compulsory school age in the ten school weeks up to now. An N is provisional. This list only counts: it decides nothing, and knows this school's marks only.".into(),
                &["R-240", "R-241", "R-242"],
            ),
            List::Unexplained => (
                "Every N that stands. It may stand no longer than five school days after its session; then O is to be put in its place by a person.".into(),
                &["R-026", "R-027"],
            ),
        }
    }

    /// How it is sorted until somebody says otherwise.
    fn usual_sort(&self) -> &'static str {
        match self {
            List::Persistent | List::Severe | List::Band(..) => "attendance",
            List::MissingMarks => "-blank",
            List::PenaltyWindow => "-counted",
            List::Unexplained => "until",
        }
    }
}

/// In words, the shares of absence in a band: `absence above 8.0% and below 10.0%`.
fn absence_between(band: &Band, next: Option<&Band>) -> String {
    let share = |band: &Band| format!("{}%", band.begins.absence.show(1));
    let least = if band.begins.included { "of" } else { "above" };
    match next {
        None => format!("absence {least} {} or more", share(band)),
        Some(next) if next.begins.absence == band.begins.absence => {
            format!("absence of exactly {}", share(band))
        }
        Some(next) => {
            let most = if next.begins.included {
                "below"
            } else {
                "up to"
            };
            let least = if band.begins.included {
                "from"
            } else {
                "above"
            };
            format!("absence {least} {} and {most} {}", share(band), share(next))
        }
    }
}

fn slug(band: &Band) -> String {
    band.key.replace('_', "-")
}

/// What a list is made from.
struct Asked<'a> {
    reckoning: Reckoning<'a>,
    question: Question,
    sight: &'a Sight,
    form: &'a Form,
    bands: Bands,
    /// The rows that this person may see and has asked for, in order of name, each with what it comes to.
    rows: Vec<(usize, Counts)>,
}

impl<'a> Asked<'a> {
    fn of(
        book: &'a Book,
        sight: &'a Sight,
        form: &'a Form,
        now: calendar::Instant,
    ) -> Result<Asked<'a>, Refusal> {
        let question = form.question(Who::School)?;
        let reckoning = Reckoning::new(book, &question, now)?;
        let bands = bands(&book.settings, reckoning.last_day())?;
        let rows = rows(&reckoning, sight, form);
        Ok(Asked {
            reckoning,
            question,
            sight,
            form,
            bands,
            rows,
        })
    }

    fn book(&self) -> &'a Book {
        self.reckoning.book()
    }

    fn pupil(&self, row: usize) -> Option<&'a Pupil> {
        self.book().roll.pupil_of_row(row)
    }

    /// Who a row is asked about as: the pupil, or one of their times on roll where there are several in the period.
    fn who(&self, row: usize) -> Who {
        let enrolment = &self.book().roll.enrolments[row];
        let own = self.book().roll.rows_of(enrolment.pupil);
        let several = own
            .iter()
            .filter(|row| self.reckoning.is_on_roll(**row))
            .count()
            > 1;
        if several {
            Who::Enrolment(enrolment.id)
        } else {
            Who::Pupil(enrolment.pupil)
        }
    }

    fn group_name(&self, row: usize, kind: GroupKind) -> Option<&'a str> {
        let enrolment = self.book().roll.enrolments[row].id;
        let day = self.reckoning.last_day_of(row);
        let group = self.book().groups.of_kind(enrolment, kind, day)?;
        Some(&group.name)
    }

    /// What a row about a pupil is put in order by in one of the columns with which it begins.
    fn order_of_beginning(&self, row: usize, column: &str) -> Order {
        let kind = match column {
            "year" => GroupKind::Year,
            "tutor" => GroupKind::Tutor,
            _ => {
                let pupil = self.pupil(row);
                return Order::Number(pupil.map_or(0, |pupil| pupil.in_order.into()));
            }
        };
        let name = self.group_name(row, kind);
        name.map_or(Order::Nothing(0), Order::words)
    }

    /// Name, year group, tutor group: how every row about a pupil begins.
    fn beginning(&self, row: usize) -> Vec<Cell> {
        let name = self.pupil(row).map_or(Cell::of(Value::Blank), |pupil| {
            let href = format!("/pupils/{}", pupil.id);
            Cell::text(pupil.listed()).to(href).naming(pupil.id)
        });
        vec![
            name,
            Cell::text_or_blank(self.group_name(row, GroupKind::Year)),
            Cell::text_or_blank(self.group_name(row, GroupKind::Tutor)),
        ]
    }

    fn table(&self, list: &List) -> Result<Table, Refusal> {
        let mut table = match list {
            List::Persistent => self.of_pupils(|counts| counts.persistent() == Some(true), true),
            List::Severe => self.of_pupils(|counts| counts.severe() == Some(true), false),
            List::Band(band, _) => self.of_pupils(
                |counts| {
                    counts
                        .band(&self.bands)
                        .is_some_and(|own| own.key == band.key)
                },
                false,
            ),
            List::MissingMarks => self.missing_marks(),
            List::PenaltyWindow => self.penalty_window()?,
            List::Unexplained => self.unexplained(),
        };
        table.title = list.heading();
        let mut facts = vec![("List".to_owned(), list.heading())];
        facts.push(("Ground".to_owned(), list.ground().0));
        facts.extend(about(&self.reckoning));
        facts.push(("Cohort".to_owned(), self.cohort()));
        table.about = facts;
        Ok(table)
    }

    /// In words, whom the rows were narrowed to.
    fn cohort(&self) -> String {
        let roll = if self.form.everyone() {
            "on roll at any time in the period"
        } else {
            "on roll now"
        };
        let group = self
            .form
            .group()
            .and_then(|id| self.book().groups.group(id));
        let group = group.map_or(String::new(), |group| format!(", in {}", group.name));
        let having = self.form.having();
        let having = having.map_or(String::new(), |answer| format!(", {}", answer.label()));
        format!("{roll}{group}{having}; group and status as on the last day of the period")
    }

    /// The rows whose counts put them on a list.
    fn of_pupils(&self, belongs: impl Fn(&Counts) -> bool, flag_severe: bool) -> Table {
        let mut headings = vec![
            Heading::words("name", "Pupil"),
            Heading::words("year", "Year"),
            Heading::words("tutor", "Tutor group"),
            Heading::number("attendance", "Attendance", "%"),
            Heading::number("possible", "Of", "sessions"),
            Heading::number("authorised", "Authorised", "sessions"),
            Heading::number("unauthorised", "Unauthorised", "sessions"),
            Heading::number("late", "Late", "sessions"),
            Heading::number("spells", "Spells", "of absence"),
            Heading::number("recent", "Last 4 weeks", "%"),
        ];
        if flag_severe {
            headings.push(Heading::words("severe", "Severe"));
        }
        if self.form.everyone() {
            headings.push(Heading::words("roll", "On roll"));
        }
        let rows = self.rows.iter().copied();
        Table::asked(
            self.form,
            "attendance",
            headings,
            rows.filter(|(_, counts)| belongs(counts)).collect(),
            |(row, counts), column| self.order_of_counts(*row, counts, column),
            |(row, counts)| {
                let mut cells = self.beginning(*row);
                cells.extend(self.numbers(*row, counts));
                if flag_severe {
                    cells.push(severe(counts));
                }
                if self.form.everyone() {
                    cells.push(self.time_on_roll(*row));
                }
                cells
            },
        )
    }

    /// What a row of a list of pupils is put in order by in a column.
    fn order_of_counts(&self, row: usize, counts: &Counts, column: &str) -> Order {
        let number = |number: u32| Order::Number(number.into());
        match column {
            "attendance" => Value::percent(counts.attendance_shown()).order(),
            "possible" => number(counts.possible()),
            "authorised" => number(counts.authorised),
            "unauthorised" => number(counts.unauthorised),
            "late" => number(counts.late_total()),
            "spells" => number(self.spells(row)),
            "recent" => Value::percent(self.recent(row).1.attendance_shown()).order(),
            "severe" => severe(counts).value.order(),
            "roll" => self.time_on_roll(row).value.order(),
            _ => self.order_of_beginning(row, column),
        }
    }

    fn spells(&self, row: usize) -> u32 {
        spells(self.reckoning.marks(row)).len() as u32
    }

    fn numbers(&self, row: usize, counts: &Counts) -> Vec<Cell> {
        let question = self.question.about(self.who(row));
        let why = question.why();
        let of_class =
            |number, class: &str| Cell::whole(number).why(format!("{why}&class={class}"));
        let (when, recent) = self.recent(row);
        let recent_why = Question { when, ..question }.why();
        vec![
            Cell::of(Value::percent(counts.attendance_shown())).why(why.clone()),
            of_class(counts.possible(), "possible"),
            of_class(counts.authorised, "authorised"),
            of_class(counts.unauthorised, "unauthorised"),
            of_class(counts.late_total(), "late"),
            of_class(self.spells(row), "absent"),
            Cell::of(Value::percent(recent.attendance_shown())).why(recent_why),
        ]
    }

    /// The days of the last four school weeks of the period, and what they come to.
    fn recent(&self, row: usize) -> (When, Counts) {
        let weeks = self.reckoning.by_week(&[row]);
        let recent = &weeks[weeks.len().saturating_sub(4)..];
        let counts = recent.iter().map(|(_, counts)| *counts).sum();
        let first = recent
            .first()
            .map_or(self.reckoning.span.first, |(monday, _)| {
                (*monday).max(self.reckoning.span.first)
            });
        let when = When::Days(first, self.reckoning.last_day().max(first));
        (when, counts)
    }

    fn time_on_roll(&self, row: usize) -> Cell {
        let enrolment = &self.book().roll.enrolments[row];
        let left = enrolment
            .leaving_day
            .filter(|day| *day < self.reckoning.today());
        Cell::text(match left {
            Some(day) => format!("left {}", day.short()),
            None => "now".to_owned(),
        })
    }

    /// Every blank of an open session: row and place.
    fn blanks(&self) -> Vec<(usize, Slot)> {
        self.rows
            .iter()
            .filter(|(_, counts)| counts.missing > 0)
            .flat_map(|(row, _)| {
                let row = *row;
                let marks = self.reckoning.marks(row);
                marks
                    .filter(|(_, mark)| *mark == MarkByte::MISSING)
                    .map(move |(slot, _)| (row, slot))
            })
            .collect()
    }

    fn missing_marks(&self) -> Table {
        match self.form.by.as_str() {
            "pupil" => self.missing_by_pupil(),
            "day" => self.missing_by_day(),
            _ => self.missing_by_register(),
        }
    }

    /// How many blanks the register of each session and tutor group has.
    fn registers_with_blanks(&self) -> BTreeMap<(Slot, Option<GroupId>), u32> {
        let book = self.book();
        let mut registers: BTreeMap<(Slot, Option<GroupId>), u32> = BTreeMap::new();
        for (row, slot) in self.blanks() {
            let enrolment = book.roll.enrolments[row].id;
            let group = book.groups.of_kind(enrolment, GroupKind::Tutor, slot.day);
            *registers
                .entry((slot, group.map(|group| group.id)))
                .or_default() += 1;
        }
        registers
    }

    fn missing_by_register(&self) -> Table {
        let book = self.book();
        let rows = self.registers_with_blanks().into_iter();
        let rows = rows.map(|((slot, group), blank)| {
            let known = group.and_then(|id| book.groups.group(id));
            let name = known.map_or("No tutor group", |group| &group.name);
            // Whoever sees some pupils only may not see the register they stand in.
            let first = match known.filter(|_| self.sight.whole) {
                Some(group) => Cell::text(name).to(format!(
                    "/registers/{}/{}/{}",
                    group.id, slot.day, slot.session
                )),
                None => Cell::text(name),
            };
            vec![
                first,
                Cell::of(Value::Day(slot.day)),
                Cell::text(slot.session.to_string()),
                Cell::whole(blank),
            ]
        });
        let headings = vec![
            Heading::words("name", "Register"),
            Heading::words("day", "Day"),
            Heading::words("session", "Session"),
            Heading::number("blank", "Blank", "marks"),
        ];
        self.sorted(headings, rows.collect())
    }

    fn missing_by_pupil(&self) -> Table {
        let mut rows: Vec<(usize, Vec<Slot>)> = Vec::new();
        for (row, slot) in self.blanks() {
            match rows.last_mut().filter(|(last, _)| *last == row) {
                Some((_, slots)) => slots.push(slot),
                None => rows.push((row, vec![slot])),
            }
        }
        let rows = rows.into_iter().map(|(row, slots)| {
            let why = format!("{}&class=missing", self.question.about(self.who(row)).why());
            let mut cells = self.beginning(row);
            cells.extend([
                Cell::whole(slots.len() as u32).why(why),
                Cell::of(
                    slots
                        .first()
                        .map_or(Value::Blank, |slot| Value::Day(slot.day)),
                ),
                Cell::of(
                    slots
                        .last()
                        .map_or(Value::Blank, |slot| Value::Day(slot.day)),
                ),
            ]);
            cells
        });
        let headings = vec![
            Heading::words("name", "Pupil"),
            Heading::words("year", "Year"),
            Heading::words("tutor", "Tutor group"),
            Heading::number("blank", "Blank", "marks"),
            Heading::words("first", "First"),
            Heading::words("last", "Last"),
        ];
        self.sorted(headings, rows.collect())
    }

    fn missing_by_day(&self) -> Table {
        let mut days: BTreeMap<Day, [u32; 2]> = BTreeMap::new();
        for (_, slot) in self.blanks() {
            days.entry(slot.day).or_default()[slot.session.index()] += 1;
        }
        let rows = days.into_iter().map(|(day, [morning, afternoon])| {
            vec![
                Cell::of(Value::Day(day)),
                Cell::whole(morning),
                Cell::whole(afternoon),
                Cell::whole(morning + afternoon),
            ]
        });
        let headings = vec![
            Heading::words("day", "Day"),
            Heading::number("am", "AM", "marks"),
            Heading::number("pm", "PM", "marks"),
            Heading::number("blank", "Blank", "marks"),
        ];
        self.sorted(headings, rows.collect())
    }

    /// A table that is whole, sorted as asked.
    fn sorted(&self, headings: Vec<Heading>, rows: Vec<Vec<Cell>>) -> Table {
        let mut table = Table::whole("", headings, rows);
        table.sort(&self.form.sort, List::MissingMarks.usual_sort());
        table
    }

    /// Everybody with a countable session in the window that ends now, by row, and the first day of the window.
    fn penalty_windows(&self) -> Result<(Day, Vec<(usize, PenaltyWindow)>), Refusal> {
        let today = self.reckoning.today();
        let threshold = penalty_threshold(today)
            .ok_or_else(|| Refusal::Wrong("There was no national threshold then.".to_owned()))?;
        let book = self.book();
        let weeks = book
            .calendar
            .school_weeks_up_to(today, threshold.school_weeks);
        let Some(first) = weeks.first().map(|week| week.monday) else {
            return Ok((today, vec![]));
        };
        let opened = self.reckoning.opened();
        let in_window = |slot: Slot| first <= slot.day && opened.has(slot);
        let years: Vec<_> = book
            .years()
            .iter()
            .map(|year| (year, year.axis().period(in_window)))
            .filter(|(_, period)| period.sessions() > 0)
            .collect();
        let mut windows = Vec::new();
        for row in one_a_pupil(book, &self.rows) {
            let Some(pupil) = self.pupil(row) else {
                continue;
            };
            let own = book.roll.rows_of(pupil.id);
            let mut marks = Vec::new();
            for (year, period) in &years {
                for row in own {
                    // Counting is quicker than looking, and most have none.
                    if year.matrix.count(*row, period).unauthorised == 0 {
                        continue;
                    }
                    let unauthorised = year.matrix.marks(*row).filter_map(|(slot, mark)| {
                        let counts = mark.class() == Some(Class::Unauthorised) && in_window(slot);
                        counts.then_some((slot, mark.code()?))
                    });
                    marks.extend(unauthorised);
                }
            }
            if marks.is_empty() {
                continue;
            }
            marks.sort_by_key(|(slot, _)| *slot);
            let window = penalty_window(threshold, &book.calendar, pupil.birth_day, marks, today)
                .map_err(|error| Refusal::Wrong(error.to_string()))?;
            if window.count() > 0 {
                windows.push((row, window));
            }
        }
        Ok((first, windows))
    }

    fn penalty_window(&self) -> Result<Table, Refusal> {
        let (first, windows) = self.penalty_windows()?;
        let today = self.reckoning.today();
        let headings = vec![
            Heading::words("name", "Pupil"),
            Heading::words("year", "Year"),
            Heading::words("tutor", "Tutor group"),
            Heading::number("counted", "Countable", "sessions"),
            Heading::number("g", "G", ""),
            Heading::number("o", "O", ""),
            Heading::number("u", "U", ""),
            Heading::number("n", "N", "provisional"),
            Heading::words("standing", "Threshold"),
        ];
        Ok(Table::asked(
            self.form,
            List::PenaltyWindow.usual_sort(),
            headings,
            windows,
            |(row, window), column| match column {
                "counted" => Order::Number(window.count().into()),
                "g" | "o" | "u" | "n" => Order::Number(of_code(window, column).into()),
                "standing" => standing_of(window).value.order(),
                _ => self.order_of_beginning(*row, column),
            },
            |(row, window)| {
                let pupil = self.book().roll.enrolments[*row].pupil;
                let question = Question {
                    when: When::Days(first, today),
                    ..Question::usual(Who::Pupil(pupil))
                };
                let why = format!("{}&class=unauthorised", question.why());
                let mut cells = self.beginning(*row);
                cells.push(Cell::whole(window.count()).why(why.clone()));
                let codes = ["g", "o", "u", "n"].into_iter();
                cells.extend(codes.map(|code| Cell::whole(of_code(window, code)).why(why.clone())));
                cells.push(standing_of(window));
                cells
            },
        ))
    }

    /// How many rows a list has, without making it.
    fn number(&self, list: &List) -> Result<usize, Refusal> {
        let of = |belongs: &dyn Fn(&Counts) -> bool| {
            let rows = self.rows.iter();
            rows.filter(|(_, counts)| belongs(counts)).count()
        };
        Ok(match list {
            List::Persistent => of(&|counts| counts.persistent() == Some(true)),
            List::Severe => of(&|counts| counts.severe() == Some(true)),
            List::Band(band, _) => of(&|counts| {
                counts
                    .band(&self.bands)
                    .is_some_and(|own| own.key == band.key)
            }),
            List::MissingMarks => self.registers_with_blanks().len(),
            List::PenaltyWindow => self.penalty_windows()?.1.len(),
            List::Unexplained => self.without_reason().len(),
        })
    }

    /// Every N that stands in the period: row and place.
    fn without_reason(&self) -> Vec<(usize, Slot)> {
        let no_reason: Vec<MarkByte> = (0..=u8::MAX)
            .filter_map(MarkByte::from_byte)
            .filter(|mark| mark.code() == Some(Code::NO_REASON_YET))
            .collect();
        let rows = self.rows.iter();
        rows.filter(|(_, counts)| counts.unauthorised > 0)
            .flat_map(|(row, _)| self.reckoning.marks(*row).map(move |place| (*row, place)))
            .filter(|(_, (_, mark))| no_reason.contains(mark))
            .map(|(row, (slot, _))| (row, slot))
            .collect()
    }

    fn unexplained(&self) -> Table {
        let calendar = &self.book().calendar;
        let today = self.reckoning.today();
        let found = self.without_reason();
        let days: BTreeSet<Day> = found.iter().map(|(_, slot)| slot.day).collect();
        let until: BTreeMap<Day, Value> = days
            .into_iter()
            .map(|day| {
                let until = n_last_day(calendar, day).ok();
                (day, until.map_or(Value::Blank, Value::Day))
            })
            .collect();
        let standing = |slot: &Slot| no_reason_standing(n_standing(calendar, slot.day, today).ok());
        let headings = vec![
            Heading::words("name", "Pupil"),
            Heading::words("year", "Year"),
            Heading::words("tutor", "Tutor group"),
            Heading::words("day", "Day"),
            Heading::words("session", "Session"),
            Heading::words("until", "Reason by"),
            Heading::words("standing", "Standing"),
        ];
        Table::asked(
            self.form,
            List::Unexplained.usual_sort(),
            headings,
            found,
            |(row, slot), column| match column {
                "day" => Value::Day(slot.day).order(),
                "session" => Order::Number(slot.session.index() as i64),
                "until" => until[&slot.day].order(),
                "standing" => standing(slot).value.order(),
                _ => self.order_of_beginning(*row, column),
            },
            |(row, slot)| {
                let pupil = self.book().roll.enrolments[*row].pupil;
                let href = format!("/why/{pupil}/{}/{}", slot.day, slot.session);
                let mut cells = self.beginning(*row);
                cells.extend([
                    Cell {
                        drawer: true,
                        ..Cell::of(Value::Day(slot.day)).to(href)
                    },
                    Cell::text(slot.session.to_string()),
                    Cell::of(until[&slot.day].clone()),
                    standing(slot),
                ]);
                cells
            },
        )
    }
}

/// The rows that this person may see and has asked for, in order of name, each with what it comes to.
fn rows(reckoning: &Reckoning, sight: &Sight, form: &Form) -> Vec<(usize, Counts)> {
    let book = reckoning.book();
    let (group, having) = (form.group(), form.having());
    let mut rows: Vec<usize> = reckoning
        .rows()
        .filter(|row| {
            let enrolment = &book.roll.enrolments[*row];
            let day = reckoning.last_day_of(*row);
            let on_roll = form.everyone() || enrolment.covers(reckoning.today());
            let in_group = group
                .is_none_or(|group| book.groups.of(enrolment.id, day).any(|own| own.id == group));
            let has = having.is_none_or(|answer| {
                sight.shows_trait(answer.of, enrolment.pupil)
                    && answer_on(book, *row, answer.of, day).value == answer.value
            });
            on_roll && sight.covers(enrolment.pupil) && in_group && has
        })
        .collect();
    let in_order = |row: &usize| book.roll.pupil_of_row(*row).map(|pupil| pupil.in_order);
    rows.sort_by_cached_key(in_order);
    rows.into_iter()
        .map(|row| (row, reckoning.counts(row)))
        .collect()
}

fn severe(counts: &Counts) -> Cell {
    let severe = counts.severe() == Some(true);
    Cell {
        loud: severe,
        ..Cell::text_or_blank(severe.then_some("severe"))
    }
}

/// How many sessions of a window have this code, written small.
fn of_code(window: &PenaltyWindow, code: &str) -> u32 {
    let sessions = window.sessions.iter();
    let of_code = sessions.filter(|one| one.code.as_str().eq_ignore_ascii_case(code));
    of_code.count() as u32
}

/// Where a window stands against its threshold.
fn standing_of(window: &PenaltyWindow) -> Cell {
    let standing = window.standing();
    let sessions = window.threshold.sessions;
    Cell {
        loud: standing == ThresholdStanding::Met,
        ..Cell::text(match standing {
            ThresholdStanding::Met => format!("{sessions} reached"),
            ThresholdStanding::Provisional => format!("{sessions} only with N: provisional"),
            ThresholdStanding::Below => format!("below {sessions}"),
        })
    }
}

/// Where an absence without a reason stands.
fn no_reason_standing(standing: Option<NoReasonStanding>) -> Cell {
    Cell {
        loud: matches!(standing, Some(NoReasonStanding::Overdue { .. })),
        ..Cell::text(match standing {
            Some(NoReasonStanding::Open { .. }) => "find the reason",
            Some(NoReasonStanding::LastDay) => "last day today",
            Some(NoReasonStanding::Overdue { .. }) => "overdue: O proposed",
            None => "the calendar ends before its last day",
        })
    }
}

/// The last row of each pupil among these.
///
/// The rows are in order of name, so that those of one pupil stand together; the last of them is the one of today.
fn one_a_pupil(book: &Book, rows: &[(usize, Counts)]) -> Vec<usize> {
    let pupil = |row: &usize| book.roll.enrolments[*row].pupil;
    let mut rows: Vec<usize> = rows.iter().rev().map(|(row, _)| *row).collect();
    rows.dedup_by_key(|row| pupil(row));
    rows.reverse();
    rows
}

/// A rule as a page cites it.
#[derive(Clone, Debug)]
pub struct Cited {
    /// `R-210`.
    pub number: String,
    /// What it says.
    pub text: String,
    /// What it rests on.
    pub sources: String,
    /// What to heed before relying on it; nothing where the primary text was read.
    pub heed: Option<&'static str>,
}

/// The rules with these numbers, as a page cites them.
pub fn cited(numbers: &[&str]) -> Vec<Cited> {
    let mut cited: Vec<Cited> = Vec::new();
    for number in numbers {
        if cited.iter().any(|one| one.number == *number) {
            continue;
        }
        if let Some(rule) = rule(number) {
            cited.push(Cited {
                number: rule.number.clone(),
                text: rule.text.clone(),
                sources: rule.sources.clone(),
                heed: Confidence::mark(rule.confidence),
            });
        }
    }
    cited
}

#[derive(Template)]
#[template(path = "insight/list.html")]
struct ListPage {
    frame: Frame,
    heading: String,
    rows: usize,
    unit: &'static str,
    ground: String,
    rules: Vec<Cited>,
    about: Vec<(String, String)>,
    /// Ways to look at it: label, address, whether it is this one.
    ways: Vec<(&'static str, String, bool)>,
    filter: Filter,
    empty: State,
    table: TableView,
}

/// `GET /lists/{name}`.
pub async fn list(
    desk: Desk,
    Path(name): Path<String>,
    Query(form): Query<Form>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let sight = Sight::of_lists(tx, actor, now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let asked = Asked::of(&book, &sight, &form, now)?;
        let list = List::named(&name, &asked.bands).ok_or(Refusal::NotFound)?;
        let table = match keeps_all_registers(actor) {
            true => asked.table(&list)?.ticking_pupils(),
            false => asked.table(&list)?,
        };
        let frame = here.frame(tx, actor, "List")?;
        let today = asked.reckoning.today();
        let path = format!("/lists/{}", list.name());
        let (ground, rules) = list.ground();
        let sort = if form.sort.is_empty() { list.usual_sort() } else { &form.sort };
        let unit = unit_of(&list, &form);
        let filter = Filter::of_period(&path, &form, &book, today);
        Ok(Page(ListPage {
            frame,
            heading: list.heading(),
            rows: table.all,
            unit,
            ground,
            rules: cited(rules),
            about: table.about.iter().skip(2).cloned().collect(),
            ways: ways(&list, &path, &form),
            filter: filter
                .with_rows(&form, &asked.reckoning, &sight)
                .folding(),
            empty: State::empty(
                "Nobody is on this list",
                "For the period, group and characteristic chosen above, within what your role may see.",
            ),
            table: table.view(&path, &form, sort, unit),
        })
        .into_response())
    })
    .await
}

/// `/lists/{name}` as a file.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    let form = wanted.query::<Form>()?.whole();
    let (now, today) = (wanted.office.now(), wanted.today());
    let sight = Sight::of_lists(tx, wanted.actor, today)?;
    let book = wanted.office.shelf.book(tx, wanted.actor.school)?;
    let asked = Asked::of(&book, &sight, &form, now)?;
    let name: String = wanted.named()?;
    let list = List::named(&name, &asked.bands).ok_or(Refusal::NotFound)?;
    Ok(asked.table(&list)?.leaving(&list.name(), today))
}

fn unit_of(list: &List, form: &Form) -> &'static str {
    match (list, form.by.as_str()) {
        (List::MissingMarks, "pupil") => "pupils",
        (List::MissingMarks, "day") => "days",
        (List::MissingMarks, _) => "registers",
        (List::Unexplained, _) => "sessions",
        _ => "pupils",
    }
}

fn ways(list: &List, path: &str, form: &Form) -> Vec<(&'static str, String, bool)> {
    if !matches!(list, List::MissingMarks) {
        return Vec::new();
    }
    let ways = [
        ("By register", ""),
        ("By pupil", "pupil"),
        ("By day", "day"),
    ];
    ways.into_iter()
        .map(|(label, by)| {
            let current = form.by == by || (by.is_empty() && form.by == "register");
            (label, form.link(path, &[("by", by), ("sort", "")]), current)
        })
        .collect()
}

#[derive(Template)]
#[template(path = "insight/lists.html")]
struct ListsPage {
    frame: Frame,
    period: String,
    lists: Vec<Entry>,
}

/// One list of the index.
struct Entry {
    href: String,
    heading: String,
    ground: String,
    number: usize,
    unit: &'static str,
    loud: bool,
}

/// `GET /lists`: every list with how many are on it.
pub async fn index(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let now = here.office.now();
        let sight = Sight::of_lists(tx, actor, now.in_london().0)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let form = Form::default();
        let asked = Asked::of(&book, &sight, &form, now)?;
        let mut lists = Vec::new();
        for list in List::all(&asked.bands) {
            let number = asked.number(&list)?;
            lists.push(Entry {
                href: format!("/lists/{}", list.name()),
                heading: list.heading(),
                ground: list.ground().0,
                number,
                unit: unit_of(&list, &form),
                loud: number > 0 && matches!(list, List::Severe),
            });
        }
        Ok(Page(ListsPage {
            frame: here.frame(tx, actor, "Lists")?,
            period: asked.reckoning.span.words(asked.reckoning.today()),
            lists,
        })
        .into_response())
    })
    .await
}
