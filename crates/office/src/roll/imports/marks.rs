//! Attendance marks against the register: which gaps they fill, which marks differ, which cannot be (I-090 to I-096).

use std::collections::HashMap;

use calendar::{Day, DayKind, Session, Slot};
use columns::MarkByte;
use exchange::{MarkTable, Reading};
use register::sub_code::above_covid_sub_code;
use register::{Code, CodeRow, Counts, NeedsNote};

use super::Task;
use super::draft::{Draft, Key};
use super::prepare::counted;
use super::report::{Ground, Outcome, Place, Report};
use super::settle::{self, Verdict};
use super::who::{self, Found};
use crate::book::{Book, YearMarks};
use crate::ids::{EnrolmentId, PupilId};

const PUPIL_NOT_FOUND: Ground = Ground {
    code: "PUPIL_NOT_FOUND",
    text: "No pupil here has the identifiers of this record.",
    remedy: "Import the pupils first, or correct the identifier.",
};
const MARK_UNKNOWN: Ground = Ground {
    code: "CODE_UNKNOWN",
    text: "“{value}” is not an attendance code.",
    remedy: "Correct the mark. A sign of the other system's own has to be translated first.",
};
const CODE_RETIRED: Ground = Ground {
    code: "CODE_RETIRED",
    text: "The code {value} was not in force on {detail}.",
    remedy: "Use the code that was in force on the day (R-101).",
};
const OTHER_SESSION: Ground = Ground {
    code: "CODE_OTHER_SESSION",
    text: "The code {value} cannot stand in that session.",
    remedy: "Correct the mark.",
};
const FUTURE: Ground = Ground {
    code: "IN_THE_FUTURE",
    text: "{detail} lies in the future.",
    remedy: "Import the marks once the day has passed.",
};
const NO_TERM: Ground = Ground {
    code: "NO_TERM",
    text: "No term covers {detail}.",
    remedy: "Enter the term dates first (Year page, or a calendar file), then import again.",
};
const NO_SESSION: Ground = Ground {
    code: "NO_SESSION",
    text: "There is no such session: {detail}.",
    remedy: "Correct the date, or the school's calendar if the school did meet.",
};
const CLOSED_HERE_ONLY: Ground = Ground {
    code: "CLOSURE_UNKNOWN",
    text: "The file has the school closed (#) on {detail}, which is a school day here.",
    remedy: "Enter the closure on the Year page if the school was closed.",
};
const OUTSIDE_ROLL: Ground = Ground {
    code: "OUTSIDE_ROLL",
    text: "The pupil was not on roll on {detail}.",
    remedy: "Correct the date, or the pupil's starting or leaving day.",
};
// Loaded all the same: the mark is what the other system's register says, and without it the session would be a gap. Its note may be there.
const NOTE_MISSING: Ground = Ground {
    code: "NOTE_MISSING",
    text: "{value} needs a note that says what it was (R-142), and the file has none with it.",
    remedy: "The mark goes in. Add the note by amending it, or import again with the column of comments.",
};
// Refused, not kept uncounted: an attendance register has no place for it, and a file that says it does is wrong about one or the other.
const BOARDS: Ground = Ground {
    code: "BOARDS",
    text: "The pupil boarded on {detail}: boarders are not marked in the attendance register (R-011).",
    remedy: "Leave the mark out, or correct on the pupil's page from when to when the pupil boards.",
};
const MARK_DIFFERS: Ground = Ground {
    code: "MARK_DIFFERS",
    text: "{detail} is marked here already, otherwise than “{value}”; an import fills gaps only.",
    remedy: "Amend the mark by hand if the file is right, or import again and choose to replace marks.",
};

const TOTALS_DIFFER: Ground = Ground {
    code: "TOTALS_DIFFER",
    text: "The file's own sums and its marks differ: {detail}.",
    remedy: "Nothing is corrected (I-096). Look for marks that were refused, or codes that the other system counts otherwise.",
};

/// A mark to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NewMark {
    pub enrolment: EnrolmentId,
    pub day: Day,
    pub session: Session,
    pub code: Code,
    pub minutes: Option<u16>,
    /// Index of its comment in the reading, if it has one.
    pub comment: Option<u32>,
    /// Where its sub-code stands in the reading, if it has one.
    pub sub_code: Option<SubCodeAt>,
    /// Whether it takes the place of another mark.
    pub replaces: bool,
}

/// Where a reading holds the other system's own sub-code of a mark: it is kept as it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubCodeAt {
    /// In a column of its own: the index of the mark.
    Column(u32),
    /// It was the mark itself, which rolls up to a statutory code: the index of its text.
    Text(u16),
}

impl SubCodeAt {
    /// The sub-code as the file has it.
    pub(super) fn name(self, table: &MarkTable) -> Option<&str> {
        match self {
            SubCodeAt::Column(mark) => table.sub_code(mark as usize),
            SubCodeAt::Text(text) => table.texts.get(usize::from(text)).map(String::as_str),
        }
    }
}

/// What the marks of a reading come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MarkPlan {
    /// In the order of the register's key.
    pub marks: Vec<NewMark>,
    pub replacing: u32,
    pub pupils: u32,
    pub first: Option<Day>,
    pub last: Option<Day>,
    /// How many marks stand here on the places that the file speaks of.
    pub standing: u32,
}

/// A pupil of the file: their rows in the book, or why they have none.
enum Who {
    Rows(Vec<usize>),
    Doubt(&'static Ground),
    LeftOut,
    Nobody,
}

/// Looks each mark up once in the book; nothing is allocated for a mark that needs no word.
pub(super) fn plan(
    book: &Book,
    draft: &Draft,
    reading: &Reading,
    task: &Task<'_>,
    report: &mut Report,
) -> MarkPlan {
    let table = &reading.marks;
    let pupils = pupils_of(book, draft, table, task, report);
    let rolled_up: Vec<Option<Code>> = table
        .texts
        .iter()
        .map(|text| above_covid_sub_code(text))
        .collect();
    let codes: Vec<Option<Code>> = table
        .texts
        .iter()
        .zip(&rolled_up)
        .map(|(text, above)| above.or_else(|| text.parse().ok()))
        .collect();
    let mut plan = MarkPlan::default();
    let mut written = vec![(0_u32, 0_u32); table.pupils.len()];
    let mut sums = vec![
        Counts::default();
        if table.totals.is_empty() {
            0
        } else {
            table.pupils.len()
        }
    ];
    let mut days = Days::default();
    let mut comments = table.comments.iter().peekable();
    let mut sub_codes = table.sub_codes.iter().peekable();
    plan.marks.reserve(table.marks.len());
    for (index, mark) in table.marks.iter().enumerate() {
        let comment = comments
            .next_if(|(at, _)| *at as usize == index)
            .map(|(at, _)| *at);
        let sub_code = sub_codes
            .next_if(|(at, _)| *at as usize == index)
            .map(|(at, _)| SubCodeAt::Column(*at))
            .or_else(|| rolled_up[usize::from(mark.text)].map(|_| SubCodeAt::Text(mark.text)));
        let judged = judge(
            book,
            &pupils[mark.pupil as usize],
            codes[usize::from(mark.text)],
            mark,
            task,
            &mut days,
            table,
        );
        if let Some(sum) = sums.get_mut(mark.pupil as usize) {
            let stands = match &judged {
                Ok(Judged::Write { code, .. }) => Some(*code),
                Ok(Judged::AlreadySo) => standing(book, &pupils[mark.pupil as usize], mark),
                Err((ground, _)) if std::ptr::eq(*ground, &MARK_DIFFERS) => {
                    standing(book, &pupils[mark.pupil as usize], mark)
                }
                Ok(Judged::Agrees | Judged::LeftOut) | Err(_) => None,
            };
            let row = stands.and_then(|code| register::meaning(code, mark.day).ok());
            *sum += row.map(Counts::of).unwrap_or_default();
        }
        let outcome = match judged {
            Ok(Judged::AlreadySo) => {
                plan.standing += 1;
                Outcome::Unchanged
            }
            Ok(Judged::Agrees) => Outcome::Unchanged,
            Ok(Judged::LeftOut) => Outcome::Skipped,
            Ok(Judged::Write {
                enrolment,
                code,
                replaces,
            }) => {
                plan.marks.push(NewMark {
                    enrolment,
                    day: mark.day,
                    session: mark.session,
                    code,
                    minutes: mark.minutes_late(),
                    comment,
                    sub_code,
                    replaces,
                });
                let needs_note = register::meaning(code, mark.day)
                    .is_ok_and(|row| row.needs_note == NeedsNote::Required);
                if needs_note && comment.is_none() {
                    let place = Place {
                        line: mark.line,
                        record: &table.pupil(mark).name,
                        column: "",
                    };
                    let key = u64::from(mark.text);
                    let text = table.text(mark);
                    report.add_alike(key, "warning", &NOTE_MISSING, place, text, &String::new);
                }
                let count = &mut written[mark.pupil as usize];
                count.0 += u32::from(!replaces);
                count.1 += u32::from(replaces);
                plan.replacing += u32::from(replaces);
                plan.standing += u32::from(replaces);
                Outcome::Loaded
            }
            Err((ground, key)) => {
                let held =
                    std::ptr::eq(ground, &MARK_DIFFERS) || is_doubt(&pupils[mark.pupil as usize]);
                plan.standing += u32::from(std::ptr::eq(ground, &MARK_DIFFERS));
                let severity = if held { "held" } else { "rejected" };
                let place = Place {
                    line: mark.line,
                    record: &table.pupil(mark).name,
                    column: "",
                };
                let detail = || detail(book, ground, mark);
                report.add_alike(key, severity, ground, place, table.text(mark), &detail);
                if held {
                    Outcome::Held
                } else {
                    Outcome::Rejected
                }
            }
        };
        report.main.add(outcome, 1);
    }
    compare(table, &sums, report);
    for (pupil, (filled, replaced)) in table.pupils.iter().zip(written) {
        let what = match (filled, replaced) {
            (0, 0) => continue,
            (filled, 0) => format!("{} filled.", counted(filled, "gap", "gaps")),
            (filled, replaced) => format!(
                "{} filled, {} amended.",
                counted(filled, "gap", "gaps"),
                counted(replaced, "mark", "marks")
            ),
        };
        report.changed(pupil.line, &pupil.name, what);
    }
    plan.marks
        .sort_unstable_by_key(|mark| (mark.enrolment, mark.day, mark.session.index()));
    plan.pupils = plan
        .marks
        .chunk_by(|a, b| a.enrolment == b.enrolment)
        .count() as u32;
    plan.first = plan.marks.iter().map(|mark| mark.day).min();
    plan.last = plan.marks.iter().map(|mark| mark.day).max();
    plan
}

/// The mark that stands here on the place of one of the file.
fn standing(book: &Book, who: &Who, mark: &exchange::Mark) -> Option<Code> {
    let Who::Rows(rows) = who else { return None };
    let slot = Slot::new(mark.day, mark.session);
    let covering = rows
        .iter()
        .copied()
        .find(|row| book.roll.enrolments[*row].covers(mark.day))?;
    book.mark(covering, slot).code()
}

/// Sets the file's own sums beside ours of the same marks as they will stand; a difference is a warning (I-096).
fn compare(table: &MarkTable, sums: &[Counts], report: &mut Report) {
    for (pupil, given) in &table.totals {
        let ours = sums[*pupil as usize];
        let numbers = [
            ("possible", given.possible, ours.possible()),
            ("attended", given.attended, ours.attended()),
            ("authorised", given.authorised, ours.authorised),
            ("unauthorised", given.unauthorised, ours.unauthorised),
        ];
        let mut differ: Vec<String> = numbers
            .into_iter()
            .filter_map(|(name, given, ours)| {
                Some((name, given.filter(|given| *given != ours)?, ours))
            })
            .map(|(name, given, ours)| format!("{name} {given} in the file, {ours} counted here"))
            .collect();
        let share = given.percentage.as_deref().zip(ours.attendance_shown());
        if let Some((given, ours)) = share.filter(|(given, ours)| !same_share(given, ours)) {
            differ.push(format!(
                "attendance {given}% in the file, {ours} counted here"
            ));
        }
        if !differ.is_empty() {
            let pupil = &table.pupils[*pupil as usize];
            let place = Place {
                line: given.line,
                record: &pupil.name,
                column: "",
            };
            report.add("warning", &TOTALS_DIFFER, place, "", &differ.join("; "));
        }
    }
}

/// Whether two percentages say the same as far as both are written out: `91` and `91.2%` do.
fn same_share(given: &str, ours: &str) -> bool {
    let number = |text: &str| text.trim_end_matches('%').parse::<f64>().ok();
    let places = given
        .split_once('.')
        .map_or(0, |(_, rest)| rest.len() as i32);
    let within = 0.5 * 10_f64.powi(-places.min(1)) + 1e-9;
    number(given)
        .zip(number(ours))
        .is_some_and(|(given, ours)| (given - ours).abs() <= within)
}

fn is_doubt(who: &Who) -> bool {
    matches!(who, Who::Doubt(_))
}

fn pupils_of(
    book: &Book,
    draft: &Draft,
    table: &MarkTable,
    task: &Task<'_>,
    report: &mut Report,
) -> Vec<Who> {
    let source = task.choices.source.as_deref();
    let mut rows_of: HashMap<PupilId, Vec<usize>> = HashMap::new();
    for (row, enrolment) in book.roll.enrolments.iter().enumerate() {
        rows_of.entry(enrolment.pupil).or_default().push(row);
    }
    let rows = |id: i64| rows_of.get(&PupilId(id)).cloned().unwrap_or_default();
    table
        .pupils
        .iter()
        .map(|pupil| match who::find(draft, &pupil.key, None, source) {
            Found::Nobody => Who::Nobody,
            Found::Doubt(ground, may_be) => match settle::by_identifiers(draft, &pupil.key) {
                Some(Verdict::Same(id)) => Who::Rows(rows(id)),
                Some(Verdict::LeaveOut) => {
                    let place = Place {
                        line: pupil.line,
                        record: &pupil.name,
                        column: "",
                    };
                    report.add(
                        "skipped",
                        &settle::LEFT_OUT,
                        place,
                        "",
                        "its pupil is settled so.",
                    );
                    Who::LeftOut
                }
                Some(Verdict::Another) | None => {
                    let (key, name) = (&pupil.key, &pupil.name);
                    let case =
                        settle::case_of_identifiers(draft, key, name, pupil.line, ground, &may_be);
                    report.cases.push(case);
                    Who::Doubt(ground)
                }
            },
            Found::Pupil { at, restored, .. } => {
                if let Some(own) = restored {
                    let place = Place {
                        line: pupil.line,
                        record: &pupil.name,
                        column: "",
                    };
                    let given = pupil.key.admission_number.as_deref().unwrap_or_default();
                    report.add("warning", &who::NOUGHT_RESTORED, place, given, &own);
                }
                let Key::Known(id) = draft.pupils.get(at).pupil_id else {
                    return Who::Nobody;
                };
                Who::Rows(rows(id))
            }
        })
        .collect()
}

/// What becomes of one mark.
enum Judged {
    /// The same mark stands here.
    AlreadySo,
    /// Its pupil is left out, as decided.
    LeftOut,
    /// It says what the calendar or the roll says.
    Agrees,
    /// It goes in.
    Write {
        enrolment: EnrolmentId,
        code: Code,
        replaces: bool,
    },
}

/// What is true of a day whoever the pupil is, found out once: files repeat their days for each pupil.
struct DayFacts<'b> {
    kind: DayKind,
    /// The year's marks and the column of either session.
    columns: [Option<(&'b YearMarks, usize)>; 2],
    /// The texts met on this day, and what each means on it.
    meanings: Vec<(u16, Option<&'static CodeRow>)>,
}

impl<'b> DayFacts<'b> {
    fn of(book: &'b Book, day: Day) -> DayFacts<'b> {
        let column = |session| {
            let year = book.year(book.calendar.school_year_of(day))?;
            let column = year.axis().find(Slot::new(day, session))?;
            Some((&**year, column))
        };
        DayFacts {
            kind: book.calendar.kind(day),
            columns: [Session::Am, Session::Pm].map(column),
            meanings: Vec::new(),
        }
    }

    fn meaning(&mut self, text: u16, code: Code, day: Day) -> Option<&'static CodeRow> {
        if let Some((_, known)) = self.meanings.iter().find(|(own, _)| *own == text) {
            return *known;
        }
        let meaning = register::meaning(code, day).ok();
        self.meanings.push((text, meaning));
        meaning
    }

    /// The mark that stands here in this row of the book.
    fn standing(&self, row: usize, session: Session) -> MarkByte {
        let place = self.columns[session.index()];
        place.map_or(MarkByte::OUTSIDE, |(year, column)| {
            year.matrix.get(row, column)
        })
    }
}

/// The days of a file.
#[derive(Default)]
struct Days<'b> {
    known: HashMap<Day, usize>,
    facts: Vec<DayFacts<'b>>,
    last: Option<(Day, usize)>,
}

impl<'b> Days<'b> {
    fn of(&mut self, book: &'b Book, day: Day) -> &mut DayFacts<'b> {
        let at = match self.last {
            Some((last, at)) if last == day => at,
            _ => *self.known.entry(day).or_insert_with(|| {
                self.facts.push(DayFacts::of(book, day));
                self.facts.len() - 1
            }),
        };
        self.last = Some((day, at));
        &mut self.facts[at]
    }
}

/// A refusal and the key under which it is counted.
type Refused = (&'static Ground, u64);

fn judge<'b>(
    book: &'b Book,
    who: &Who,
    code: Option<Code>,
    mark: &exchange::Mark,
    task: &Task<'_>,
    days: &mut Days<'b>,
    table: &MarkTable,
) -> Result<Judged, Refused> {
    let of_pupil = u64::from(mark.pupil);
    let of_day = mark.day.epoch_days() as u64;
    let of_text = u64::from(mark.text);
    let rows = match who {
        Who::Rows(rows) => rows,
        Who::Doubt(ground) => return Err((ground, of_pupil)),
        Who::LeftOut => return Ok(Judged::LeftOut),
        Who::Nobody => return Err((&PUPIL_NOT_FOUND, of_pupil)),
    };
    let Some(code) = code else {
        return Err((&MARK_UNKNOWN, of_text));
    };
    if mark.day > task.today {
        return Err((&FUTURE, of_day));
    }
    let facts = days.of(book, mark.day);
    let kind = facts.kind;
    let is_session = kind.sessions().has(mark.session);
    let text = table.text(mark);
    if text == "#" {
        return match is_session {
            true => Err((&CLOSED_HERE_ONLY, of_day)),
            false => Ok(Judged::Agrees),
        };
    }
    let code = match facts.meaning(mark.text, code, mark.day) {
        None => {
            return Err(match register::meanings(code).next() {
                None => (&MARK_UNKNOWN, of_text),
                Some(_) => (&CODE_RETIRED, of_text),
            });
        }
        Some(row) if row.session_scope.admits(mark.session) => code,
        Some(_) if text == "/" || text == "\\" => Code::present(mark.session),
        Some(_) => return Err((&OTHER_SESSION, of_text)),
    };
    if !is_session {
        return Err(match kind {
            DayKind::OutsideTerm => (&NO_TERM, of_day),
            _ => (&NO_SESSION, of_day),
        });
    }
    let on_roll = rows
        .iter()
        .copied()
        .find(|row| book.roll.enrolments[*row].covers(mark.day));
    let Some(row) = on_roll else {
        // Z says the same: the pupil is not on roll yet (I-081).
        return match text {
            "Z" => Ok(Judged::Agrees),
            _ => Err((&OUTSIDE_ROLL, of_pupil)),
        };
    };
    if book.roll.enrolments[row].marked_on(mark.day).is_err() {
        return Err((&BOARDS, of_pupil));
    }
    let standing = facts.standing(row, mark.session).code();
    let replaces = match standing {
        None => false,
        Some(own) if own == code => return Ok(Judged::AlreadySo),
        Some(_) if task.choices.replace && task.rights.marks => true,
        Some(_) => {
            let place = of_pupil << 32 | of_day << 1 | mark.session.index() as u64;
            return Err((&MARK_DIFFERS, place));
        }
    };
    Ok(Judged::Write {
        enrolment: book.roll.enrolments[row].id,
        code,
        replaces,
    })
}

fn detail(book: &Book, ground: &Ground, mark: &exchange::Mark) -> String {
    let slot = format!("the {} of {}", mark.session.word(), mark.day.long());
    if std::ptr::eq(ground, &NO_SESSION) {
        return format!("{slot} is {}", book.calendar.kind(mark.day).name());
    }
    if std::ptr::eq(ground, &MARK_DIFFERS) {
        return slot;
    }
    mark.day.long()
}
