//! How long the analysis of a year takes: `cargo bench -p columns`.
//!
//! Every pupil's counts, flags and heaviest ten weeks, 60 groups, every session, weekday by session: all of it each time, on marks that lie in memory.
//! `COLUMNS_NINE_MILLION=1 cargo bench -p columns` adds nine million pupils, which takes 5 GB of memory and a minute to make.

mod year;

use std::sync::Mutex;

use columns::{Path, analyse, analyse_along};
use divan::Bencher;
use year::{GROUPS, Trust, WINDOW};

fn main() {
    println!("{:.2} bytes a mark", Trust::of(1_500).bytes_a_mark());
    divan::main();
}

fn sizes() -> Vec<usize> {
    let mut sizes = vec![1_500, 60_000, 1_000_000];
    if std::env::var_os("COLUMNS_NINE_MILLION").is_some() {
        sizes.push(9_000_000);
    }
    sizes
}

fn threads(pupils: usize) -> usize {
    match pupils {
        0..5_000 => 1,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The trust last asked for stays in memory for the next benchmark of the same size.
fn with_trust(pupils: usize, measure: impl FnOnce(&Trust)) {
    static LAST: Mutex<Option<(usize, Trust)>> = Mutex::new(None);
    let mut last = LAST.lock().expect("benchmarks run one after another");
    if last.as_ref().is_none_or(|(size, _)| *size != pupils) {
        *last = None;
        *last = Some((pupils, Trust::of(pupils)));
    }
    let (_, trust) = last.as_ref().expect("just made");
    measure(trust);
}

#[divan::bench(args = sizes(), max_time = 3)]
fn a_portable(bencher: Bencher, pupils: usize) {
    along(bencher, pupils, Path::PORTABLE);
}

#[divan::bench(args = sizes(), max_time = 3)]
fn b_widest(bencher: Bencher, pupils: usize) {
    along(bencher, pupils, Path::widest());
}

#[divan::bench(args = sizes(), max_time = 3)]
fn c_as_the_product_calls_it(bencher: Bencher, pupils: usize) {
    with_trust(pupils, |trust| {
        let parts = trust.parts();
        bencher.bench_local(|| analyse(&parts, GROUPS, WINDOW));
    });
}

fn along(bencher: Bencher, pupils: usize, path: Path) {
    with_trust(pupils, |trust| {
        let parts = trust.parts();
        bencher.bench_local(|| analyse_along(path, threads(pupils), &parts, GROUPS, WINDOW));
    });
}

#[divan::bench]
fn one_pupil_counts(bencher: Bencher) {
    with_trust(1_500, |trust| {
        bencher.bench_local(|| trust.schools[0].count(750, &trust.whole));
    });
}

#[divan::bench]
fn one_pupil_week_by_week(bencher: Bencher) {
    with_trust(1_500, |trust| {
        bencher.bench_local(|| trust.schools[0].by_week([750], &trust.whole));
    });
}

#[divan::bench]
fn one_school_slot_by_slot(bencher: Bencher) {
    with_trust(1_500, |trust| {
        bencher.bench_local(|| trust.schools[0].by_slot(0..1_500, &trust.whole));
    });
}
