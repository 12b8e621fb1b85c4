//! Our side of `bench/analysis`: makes the marks, hands them over as text, and analyses them whenever it is asked.
//!
//! `analysis_side PUPILS FOLDER` writes `pupils.tsv`, `slots.tsv` and `codes.tsv` into the folder and says `ready`. Each line `portable` or
//! `widest` that then comes in is answered with a line of seconds taken and a line of check sums.

#[path = "../benches/year/mod.rs"]
mod year;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path as Folder;
use std::time::Instant;

use columns::{Analysis, MarkByte, Path, analyse_along};
use year::{GROUPS, Trust, WINDOW};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let pupils: usize = arguments.next().ok_or("how many pupils?")?.parse()?;
    let folder = arguments.next().ok_or("into which folder?")?;
    let trust = Trust::of(pupils);
    write_marks(&trust, Folder::new(&folder))?;
    eprintln!("{pupils} pupils: {:.2} bytes a mark", trust.bytes_a_mark());
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let path = match line?.as_str() {
            "portable" => Path::PORTABLE,
            "widest" => Path::widest(),
            other => return Err(format!("“{other}” is no path").into()),
        };
        turn(&trust, path);
    }
    Ok(())
}

/// One run to warm up, three that are timed.
fn turn(trust: &Trust, path: Path) {
    let threads = match trust.schools.len() {
        0..4 => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let parts = trust.parts();
    let mut analysis = analyse_along(path, threads, &parts, GROUPS, WINDOW);
    let mut seconds = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        analysis = analyse_along(path, threads, &parts, GROUPS, WINDOW);
        seconds.push(start.elapsed().as_secs_f64().to_string());
    }
    println!("{}", seconds.join(" "));
    println!("{}", check_sums(&analysis));
}

/// The same twelve numbers that the other side makes in its own language.
fn check_sums(analysis: &Analysis) -> String {
    let standings = || analysis.parts.iter().flat_map(|part| &part.standings);
    let sum = |of: &dyn Fn(&columns::Standing) -> u32| -> u64 {
        standings().map(|standing| u64::from(of(standing))).sum()
    };
    let groups = (1_u64..).zip(&analysis.groups).map(|(weight, group)| {
        let parts = [group.rows, 3 * group.persistent, 5 * group.severe];
        let sessions =
            7 * u64::from(group.counts.possible()) + 11 * u64::from(group.counts.attended());
        weight * (parts.iter().copied().map(u64::from).sum::<u64>() + sessions)
    });
    let cells = analysis.weekdays();
    let cells = (1_u64..)
        .zip(cells.iter().flatten())
        .map(|(weight, cell)| weight * (u64::from(cell.possible) + 3 * u64::from(cell.attended)));
    let sums = [
        standings().count() as u64,
        sum(&|standing| standing.counts.possible()),
        sum(&|standing| standing.counts.attended()),
        sum(&|standing| standing.counts.authorised),
        sum(&|standing| standing.counts.unauthorised),
        sum(&|standing| standing.counts.late_total()),
        sum(&|standing| u32::from(standing.persistent == Some(true))),
        sum(&|standing| u32::from(standing.severe == Some(true))),
        sum(&|standing| u32::from(standing.heaviest_window)),
        sum(&|standing| u32::from(standing.window_reached)),
        groups.sum(),
        cells.sum(),
    ];
    sums.map(|sum| sum.to_string()).join(" ")
}

/// Pupils with their marks as a string of letters, sessions with week and cell, letters with the number of their mark.
fn write_marks(trust: &Trust, folder: &Folder) -> Result<(), Box<dyn Error>> {
    let mut letters = BTreeMap::new();
    let mut file = BufWriter::new(File::create(folder.join("pupils.tsv"))?);
    let mut number = 0;
    for (matrix, pupils) in trust.schools.iter().zip(&trust.pupils) {
        for (row, pupil) in pupils.iter().enumerate() {
            let marks: String = matrix
                .marks(row)
                .map(|(_, mark)| *letters.entry(mark).or_insert_with(|| letter(mark)))
                .collect();
            let (year, fsm, sen, sex) = (pupil.year, u8::from(pupil.fsm), pupil.sen, pupil.sex);
            writeln!(file, "{number}\t{year}\t{fsm}\t{sen}\t{sex}\t{marks}")?;
            number += 1;
        }
    }
    file.flush()?;

    let mut file = BufWriter::new(File::create(folder.join("slots.tsv"))?);
    for (index, slot) in trust.axis.slots().iter().enumerate() {
        let cell = 2 * slot.day.weekday().index() + slot.session.index();
        writeln!(file, "{index}\t{}\t{cell}", trust.axis.week_of(index))?;
    }
    file.flush()?;

    let mut file = BufWriter::new(File::create(folder.join("codes.tsv"))?);
    for (mark, letter) in letters.iter().filter(|(mark, _)| mark.is_session()) {
        let one = mark.row().map(register::Counts::of).unwrap_or_default();
        writeln!(
            file,
            "{letter}\t{}\t{}\t{}\t{}\t{}\t{}",
            mark.byte(),
            one.possible(),
            one.attended(),
            one.authorised,
            one.unauthorised,
            one.late_total()
        )?;
    }
    Ok(file.flush()?)
}

/// The first character of the code is enough for the codes of this year.
fn letter(mark: MarkByte) -> char {
    match mark.code() {
        Some(code) => code.as_str().chars().next().unwrap_or('?'),
        None if mark.is_session() => '-',
        None => '.',
    }
}
