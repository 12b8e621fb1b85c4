//! The invented year that the benchmarks count is as it says it is, and is counted alike along every path. No times: those are the benchmarks'.

#[path = "../benches/year/mod.rs"]
mod year;

use columns::{Group, Path, analyse, analyse_along};
use year::{GROUPS, Trust, WINDOW};

#[test]
fn the_invented_year_is_believable() {
    let trust = Trust::of(6_000);
    assert_eq!(trust.axis.len(), 380);
    assert_eq!(trust.axis.weeks().len(), 40);
    assert!(trust.bytes_a_mark() <= 1.25);

    let analysis = analyse(&trust.parts(), GROUPS, WINDOW);
    let whole: Group = analysis.groups.iter().copied().sum();
    assert_eq!(whole.rows, 6_000);
    let permille = |part: u32| 1_000 * part / whole.counted;
    assert!(
        (180..=220).contains(&permille(whole.persistent)),
        "{}",
        permille(whole.persistent)
    );
    assert!(
        (18..=32).contains(&permille(whole.severe)),
        "{}",
        permille(whole.severe)
    );
    let absence = whole.counts.absence().expect("there were sessions");
    assert!(
        absence.is_at_least(6, 100) && !absence.is_at_least(8, 100),
        "{}",
        absence.show(1)
    );
}

#[test]
fn free_meals_special_needs_mondays_and_fridays_show_in_the_figures() {
    let trust = Trust::of(6_000);
    let analysis = analyse(&trust.parts(), GROUPS, WINDOW);
    let absence = |holds: &dyn Fn(&year::Pupil) -> bool| {
        let pupils = trust.pupils.iter().flatten();
        let standings = analysis.parts.iter().flat_map(|part| &part.standings);
        let counts: register::Counts = pupils
            .zip(standings)
            .filter(|(pupil, _)| holds(pupil))
            .map(|(_, standing)| standing.counts)
            .sum();
        counts.absence().expect("there were sessions")
    };
    assert!(
        absence(&|pupil| pupil.fsm)
            .compare(absence(&|pupil| !pupil.fsm))
            .is_gt()
    );
    assert!(
        absence(&|pupil| pupil.sen > 0)
            .compare(absence(&|pupil| pupil.sen == 0))
            .is_gt()
    );
    assert!(
        absence(&|pupil| pupil.year == 11)
            .compare(absence(&|pupil| pupil.year == 7))
            .is_gt()
    );
    let attended = |weekday: usize| {
        let day = analysis.weekdays()[weekday][0];
        register::Ratio::new(day.attended.into(), day.possible.into()).expect("there were sessions")
    };
    assert!(attended(0).compare(attended(2)).is_lt() && attended(4).compare(attended(2)).is_lt());
}

#[test]
fn every_path_on_any_number_of_threads_comes_to_the_same() {
    let trust = Trust::of(4_000);
    let parts = trust.parts();
    let plain = analyse_along(Path::PORTABLE, 1, &parts, GROUPS, WINDOW);
    for path in Path::available() {
        for threads in [1, 2, 5] {
            assert!(
                analyse_along(path, threads, &parts, GROUPS, WINDOW) == plain,
                "{} on {threads} threads",
                path.name()
            );
        }
    }
}
