//! How long a year of marks takes to read: 1,500 pupils and 380 sessions, 570,000 marks.

use std::fmt::Write;

use calendar::Day;
use exchange::{InputFile, Options, Reading};

fn main() {
    divan::main();
}

fn upns() -> Vec<String> {
    let letters = "ABCDEFGHJKLMNPQRTUVWXYZ";
    let upn = |number: u32| {
        let body = format!("82349982{number:04}");
        let mut checked = letters
            .chars()
            .filter_map(|letter| exchange::upn::check(&format!("{letter}{body}")).ok());
        checked.next().expect("one letter fits").to_string()
    };
    (0..1_500).map(upn).collect()
}

fn days() -> Vec<Day> {
    let first: Day = "2025-09-02".parse().expect("a real day");
    let school_days = first
        .through(first.plus_days(400))
        .filter(|day| !day.weekday().is_weekend());
    school_days.take(190).collect()
}

fn mark(seed: usize) -> &'static str {
    ["L", "I", "M", "C1", "U"]
        .get(seed % 40)
        .copied()
        .unwrap_or("/")
}

fn long(by_day: bool) -> String {
    let mut text = String::from("UPN,Date,Session,Mark,Minutes late,Comment\r\n");
    let (upns, days) = (upns(), days());
    let mut row = |upn: &str, day: Day, seed: usize| {
        for session in ["AM", "PM"] {
            let mark = if session == "PM" && mark(seed) == "/" {
                "\\"
            } else {
                mark(seed)
            };
            let minutes = if mark == "L" { "7" } else { "" };
            write!(
                text,
                "{upn},{},{session},{mark},{minutes},\r\n",
                day.slashed()
            )
            .expect("a String takes every text");
        }
    };
    if by_day {
        for (at, day) in days.iter().enumerate() {
            upns.iter()
                .enumerate()
                .for_each(|(number, upn)| row(upn, *day, at + number * 7));
        }
    } else {
        for (number, upn) in upns.iter().enumerate() {
            days.iter()
                .enumerate()
                .for_each(|(at, day)| row(upn, *day, at + number * 7));
        }
    }
    text
}

fn wide() -> String {
    let mut text = String::from("UPN");
    let days = days();
    for day in &days {
        write!(text, ",{0} AM,{0} PM", day.slashed()).expect("a String takes every text");
    }
    text.push_str("\r\n");
    for (number, upn) in upns().iter().enumerate() {
        text.push_str(upn);
        for at in 0..days.len() {
            write!(text, ",{},\\", mark(at + number * 7)).expect("a String takes every text");
        }
        text.push_str("\r\n");
    }
    text
}

fn read(text: &str) -> Reading {
    let file = InputFile {
        name: "marks.csv",
        bytes: text.as_bytes(),
    };
    let reading = exchange::read(
        &[file],
        &Options::on("2026-11-22".parse().expect("a real day")),
    )
    .expect("read");
    assert_eq!(reading.marks.marks.len(), 570_000);
    reading
}

#[divan::bench(sample_count = 10)]
fn long_by_pupil(bencher: divan::Bencher<'_, '_>) {
    let text = long(false);
    bencher.bench(|| read(&text));
}

#[divan::bench(sample_count = 10)]
fn long_by_day(bencher: divan::Bencher<'_, '_>) {
    let text = long(true);
    bencher.bench(|| read(&text));
}

#[divan::bench(sample_count = 10)]
fn wide_year(bencher: divan::Bencher<'_, '_>) {
    let text = wide();
    bencher.bench(|| read(&text));
}
