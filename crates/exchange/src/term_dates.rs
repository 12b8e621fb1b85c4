//! Term dates from iCalendar files (I-350, I-351): periods to be confirmed by a person.

use std::collections::HashMap;

use calendar::{Day, Instant, Weekday};

use crate::finding::{FindingCode, Findings, Place, Severity};
use crate::reading::{Kind, Options, Reading};
use crate::records::{Standing, TermDateKind, TermDateRecord};
use crate::refused::RefusedFile;
use crate::text::{self, Encoding};

/// A repeating event gives at most this many periods.
const REPEATS: usize = 400;

/// An unfolded line: its name, parameters, value and first physical line.
struct Line {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
    line: u32,
}

/// A point in time as a calendar writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    day: Day,
    /// A clock time in London; none for whole days.
    minute: Option<u32>,
}

#[derive(Default)]
struct Event {
    line: u32,
    uid: String,
    sequence: i64,
    summary: String,
    categories: String,
    cancelled: bool,
    start: Option<Point>,
    end: Option<Point>,
    days: Option<i32>,
    rule: Option<String>,
    except: Vec<Day>,
    zone: Option<String>,
}

pub(crate) fn read(
    file: &str,
    text: &str,
    encoding: Encoding,
    _options: &Options<'_>,
) -> Result<Reading, RefusedFile> {
    let mut reading = Reading::new(Kind::TermDates, file);
    reading.encoding = Some(encoding);
    let mut findings = Findings::new(file);
    let lines = unfolded(text);
    let closes = lines.last().is_some_and(|line| line.name == "END");
    let mut events = Vec::new();
    let mut event: Option<Event> = None;
    let mut inner = 0;
    for line in &lines {
        match (line.name.as_str(), line.value.to_ascii_uppercase().as_str()) {
            ("BEGIN", "VEVENT") => {
                event = Some(Event {
                    line: line.line,
                    ..Event::default()
                });
            }
            ("END", "VEVENT") => {
                events.extend(event.take());
                inner = 0;
            }
            ("BEGIN", _) if event.is_some() => inner += 1,
            ("END", _) if event.is_some() => inner -= 1,
            _ if inner > 0 => {}
            _ => {
                if let Some(event) = &mut event {
                    event.take(line);
                } else if line.name.is_empty() {
                    let place = Place::line(line.line);
                    findings.add_alike(
                        Severity::Skipped,
                        FindingCode::LineUnreadable,
                        place,
                        &line.value,
                        "",
                    );
                }
            }
        }
    }
    if event.is_some() || !closes {
        return Err(RefusedFile::NotWellFormed {
            file: file.to_owned(),
            line: lines.last().map_or(1, |line| line.line),
            column: 1,
            reason: "the calendar ends in the middle".to_owned(),
            complete: 0,
        });
    }
    for event in newest(events, &mut reading, &mut findings) {
        propose(event, &mut reading, &mut findings);
    }
    reading.take_findings(findings);
    Ok(reading)
}

/// Puts folded lines together and parts name, parameters and value.
fn unfolded(text: &str) -> Vec<Line> {
    let mut whole: Vec<(String, u32)> = Vec::new();
    let physical = text.replace("\r\n", "\n").replace('\r', "\n");
    for (index, line) in physical.split('\n').enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        match (line.strip_prefix([' ', '\t']), whole.last_mut()) {
            (Some(more), Some((last, _))) => last.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => whole.push((line.to_owned(), number)),
        }
    }
    whole
        .into_iter()
        .map(|(line, number)| parted(&line, number))
        .collect()
}

fn parted(text: &str, line: u32) -> Line {
    let mut quoted = false;
    let colon = text.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    });
    let Some(colon) = colon else {
        return Line {
            name: String::new(),
            parameters: Vec::new(),
            value: text.to_owned(),
            line,
        };
    };
    let mut parts = text[..colon].split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_uppercase();
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            (
                name.to_ascii_uppercase(),
                value.trim_matches('"').to_owned(),
            )
        })
        .collect();
    Line {
        name,
        parameters,
        value: text[colon + 1..].to_owned(),
        line,
    }
}

impl Event {
    fn take(&mut self, line: &Line) {
        match line.name.as_str() {
            "UID" => self.uid = line.value.trim().to_owned(),
            "SEQUENCE" => self.sequence = line.value.trim().parse().unwrap_or(0),
            "SUMMARY" => self.summary = unescaped(&line.value),
            "CATEGORIES" => self.categories = unescaped(&line.value),
            "STATUS" => self.cancelled = line.value.trim().eq_ignore_ascii_case("CANCELLED"),
            "DTSTART" => self.start = self.point(line),
            "DTEND" => self.end = self.point(line),
            "DURATION" => self.days = whole_days(line.value.trim()),
            "RRULE" => self.rule = Some(line.value.trim().to_ascii_uppercase()),
            "EXDATE" => {
                for value in line.value.split(',') {
                    let single = Line {
                        name: String::new(),
                        parameters: line.parameters.clone(),
                        value: value.to_owned(),
                        line: line.line,
                    };
                    let day = self.point(&single).map(|point| point.day);
                    self.except.extend(day);
                }
            }
            _ => {}
        }
    }

    /// A date, or a date and time brought to London (I-350).
    fn point(&mut self, line: &Line) -> Option<Point> {
        let value = line.value.trim();
        let digits = |range: std::ops::Range<usize>| -> Option<u32> {
            let part = value.get(range)?;
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        let day = Day::new(
            digits(0..4)? as i16,
            digits(4..6)? as i8,
            digits(6..8)? as i8,
        )?;
        if value.len() == 8 {
            return Some(Point { day, minute: None });
        }
        if value.as_bytes().get(8) != Some(&b'T') {
            return None;
        }
        let minute = digits(9..11)?.min(23) * 60 + digits(11..13)?.min(59);
        if value.ends_with('Z') {
            let seconds = i64::from(day.epoch_days()) * 86_400 + i64::from(minute) * 60;
            let (day, time) = Instant::from_micros(seconds.checked_mul(1_000_000)?).in_london();
            return Some(Point {
                day,
                minute: Some(time.hour() * 60 + time.minute()),
            });
        }
        let zone = line
            .parameters
            .iter()
            .find(|(name, _)| name == "TZID")
            .map(|(_, zone)| zone.as_str());
        if let Some(zone) = zone.filter(|zone| !is_london(zone)) {
            self.zone = Some(zone.to_owned());
        }
        Some(Point {
            day,
            minute: Some(minute),
        })
    }

    /// First and last day, the last inclusive: an end at midnight and an all-day end belong to the day before.
    fn span(&self) -> Result<(Day, Day), FindingCode> {
        let start = self.start.ok_or(FindingCode::EventStart)?;
        let last = match (self.end, self.days) {
            (Some(end), _) => {
                let exclusive = end.minute.is_none_or(|minute| minute == 0);
                let same_moment = end == start;
                if exclusive && !same_moment {
                    end.day.previous()
                } else {
                    end.day
                }
            }
            (None, Some(days)) if days > 0 => start.day.plus_days(days - 1),
            (None, _) => start.day,
        };
        let backwards = self
            .end
            .is_some_and(|end| (end.day, end.minute) < (start.day, start.minute));
        if last < start.day || backwards {
            Err(FindingCode::EventEnd)
        } else {
            Ok((start.day, last))
        }
    }
}

/// London by its own name or by the name that Windows gives it.
fn is_london(zone: &str) -> bool {
    ["Europe/London", "GMT Standard Time", "GB", "Europe/Belfast"]
        .iter()
        .any(|known| zone.trim_start_matches('/').ends_with(known))
}

/// Days of a duration such as `P1D` or `P2W`.
fn whole_days(duration: &str) -> Option<i32> {
    let rest = duration.strip_prefix('P')?;
    let rest = rest.split('T').next()?;
    let number: i32 = rest.get(..rest.len().checked_sub(1)?)?.parse().ok()?;
    match rest.chars().last()? {
        'D' => Some(number),
        'W' => number.checked_mul(7),
        _ => None,
    }
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('n' | 'N')) => text.push('\n'),
            ('\\', Some(escaped)) => text.push(escaped),
            (c, _) => text.push(c),
        }
    }
    text::tidy(&text).map_or_else(|_| String::new(), |tidied| tidied.text.into_owned())
}

/// Of the versions of one event the highest sequence; cancelled events are not applied.
fn newest(events: Vec<Event>, reading: &mut Reading, findings: &mut Findings) -> Vec<Event> {
    let mut best: HashMap<&str, (i64, usize)> = HashMap::new();
    for (index, event) in events
        .iter()
        .enumerate()
        .filter(|(_, event)| !event.uid.is_empty())
    {
        let entry = best.entry(&event.uid).or_insert((event.sequence, index));
        if event.sequence >= entry.0 {
            *entry = (event.sequence, index);
        }
    }
    let kept: Vec<bool> = events
        .iter()
        .enumerate()
        .map(|(index, event)| {
            best.get(event.uid.as_str())
                .is_none_or(|(_, newest)| *newest == index)
        })
        .collect();
    let mut newest = Vec::new();
    for (event, kept) in events.into_iter().zip(kept) {
        let code = match (kept, event.cancelled) {
            (false, _) => FindingCode::EventReplaced,
            (true, true) => FindingCode::EventCancelled,
            (true, false) => {
                newest.push(event);
                continue;
            }
        };
        findings.add(
            Severity::Skipped,
            code,
            Place::line(event.line),
            &event.summary,
            "",
        );
        reading.counts.skip();
    }
    newest
}

fn propose(event: Event, reading: &mut Reading, findings: &mut Findings) {
    let place = Place::line(event.line);
    let (first, last) = match event.span() {
        Ok(span) => span,
        Err(code) => {
            findings.add(Severity::Rejected, code, place, &event.summary, "");
            reading.counts.reject();
            return;
        }
    };
    if let Some(zone) = &event.zone {
        findings.warn(FindingCode::EventZone, place, &event.summary, zone);
    }
    let length = first.days_until(last);
    let starts = match &event.rule {
        None => vec![first],
        Some(rule) => repeats(rule, first).unwrap_or_else(|| {
            findings.warn(FindingCode::EventRepeats, place, &event.summary, "");
            vec![first]
        }),
    };
    for start in starts
        .into_iter()
        .filter(|start| !event.except.contains(start))
    {
        reading.counts.stand(Standing::Offered);
        reading.term_dates.push(TermDateRecord {
            line: event.line,
            uid: event.uid.clone(),
            first: start,
            last: start.plus_days(length),
            summary: event.summary.clone(),
            proposed: proposed(&event.summary, &event.categories),
        });
    }
}

/// What the words of an event say (I-351). The more particular word wins: “INSET day, first day of term”.
fn proposed(summary: &str, categories: &str) -> TermDateKind {
    let words = format!("{summary} {categories}").to_lowercase();
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if says(&[
        "inset",
        "in-service",
        "staff training",
        "training day",
        "non-pupil",
        "non pupil",
    ]) {
        TermDateKind::Inset
    } else if says(&[
        "holiday",
        "half term",
        "half-term",
        "vacation",
        "bank hol",
        "christmas break",
        "easter break",
    ]) {
        TermDateKind::Holiday
    } else if says(&["closed", "closure", "polling"]) {
        TermDateKind::Closure
    } else if says(&["term"]) {
        TermDateKind::Term
    } else {
        TermDateKind::Other
    }
}

/// The first days of a repeating event; `None` for rules that are not followed or never end.
fn repeats(rule: &str, first: Day) -> Option<Vec<Day>> {
    let parts: HashMap<&str, &str> = rule
        .split(';')
        .filter_map(|part| part.split_once('='))
        .collect();
    let known = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"];
    if parts.keys().any(|part| !known.contains(part)) {
        return None;
    }
    let interval: i32 = parts
        .get("INTERVAL")
        .map_or(Some(1), |text| text.parse().ok())
        .filter(|number| (1..=1000).contains(number))?;
    let count: Option<usize> = parts
        .get("COUNT")
        .map(|text| text.parse().ok())
        .unwrap_or(None);
    let until: Option<Day> = parts.get("UNTIL").and_then(|text| {
        let part = |range| {
            text.get(range)
                .and_then(|digits: &str| digits.parse::<i16>().ok())
        };
        Day::new(part(0..4)?, part(4..6)? as i8, part(6..8)? as i8)
    });
    if count.is_none() && until.is_none() {
        return None;
    }
    let goes_on = |days: &Vec<Day>, day: Day| {
        days.len() < count.unwrap_or(REPEATS).min(REPEATS) && until.is_none_or(|until| day <= until)
    };
    let mut days = Vec::new();
    match (*parts.get("FREQ")?, parts.get("BYDAY")) {
        ("DAILY", None) => {
            let mut day = first;
            while goes_on(&days, day) {
                days.push(day);
                day = day.plus_days(interval);
            }
        }
        ("WEEKLY", by_day) => {
            let weekdays: Vec<usize> = match by_day {
                None => vec![first.weekday().index()],
                Some(names) => names.split(',').map(weekday_of).collect::<Option<_>>()?,
            };
            let mut monday = first.monday();
            while goes_on(&days, monday.max(first)) {
                for day in (0..7)
                    .filter(|index| weekdays.contains(index))
                    .map(|index| monday.plus_days(index as i32))
                {
                    if day >= first && goes_on(&days, day) {
                        days.push(day);
                    }
                }
                monday = monday.plus_days(7 * interval);
            }
        }
        (frequency @ ("MONTHLY" | "YEARLY"), None) => {
            let months = if frequency == "MONTHLY" {
                interval
            } else {
                interval * 12
            };
            for step in 0..(REPEATS as i32 * 4) {
                let month = i32::from(first.month()) - 1 + step * months;
                let year = i16::try_from(i32::from(first.year()) + month.div_euclid(12)).ok()?;
                // Months without such a day are left out, as RFC 5545 has it.
                if let Some(day) =
                    Day::new(year, month.rem_euclid(12) as i8 + 1, first.day_of_month())
                {
                    if !goes_on(&days, day) {
                        break;
                    }
                    days.push(day);
                }
            }
        }
        _ => return None,
    }
    Some(days)
}

fn weekday_of(name: &str) -> Option<usize> {
    let weekday = match name.trim() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    Some(weekday.index())
}
