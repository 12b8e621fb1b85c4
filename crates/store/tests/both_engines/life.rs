//! A sign shows until its holder lets it go or dies, to every process that asks.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::trial::MIGRATIONS;
use store::testing::{TestClock, each_engine};
use store::{Engine, Location, Options, Store};

const PLACE: &str = "STORE_LIFE_TEST";

fn open(location: &Location) -> Store {
    Store::open(location, Options::default(), TestClock::new().as_function()).unwrap()
}

fn shows(store: &Store, number: i64) -> bool {
    let asked = store.clone();
    store
        .read_now(move |tx| asked.shows(tx, number))
        .expect("an answer")
}

/// A server hears of an ended session a moment later.
fn goes_out(store: &Store, number: i64) {
    let begun = Instant::now();
    while shows(store, number) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it still shows");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_sign_shows_to_others_until_it_is_let_go() {
    each_engine(MIGRATIONS, |store| {
        let other = open(store.location());
        let sign = store.sign_of_life().expect("a sign");
        let second = store.sign_of_life().expect("another");
        assert_ne!(sign.number(), second.number());
        assert!(shows(store, sign.number()));
        assert!(shows(&other, sign.number()));
        let number = sign.number();
        drop(sign);
        goes_out(&other, number);
        assert!(shows(&other, second.number()));
        assert!(!shows(&other, number + 1), "a sign that nobody ever showed");
    });
}

/// Does nothing by itself; started again by the test below, it shows a sign until it is killed.
#[test]
fn the_process_that_shows_a_sign() {
    let Ok(place) = std::env::var(PLACE) else {
        return;
    };
    let store = open(&Location::parse(&place).expect("a place"));
    let sign = store.sign_of_life().expect("a sign");
    println!("\nshows {}", sign.number());
    loop {
        std::thread::park();
    }
}

#[test]
fn a_sign_goes_out_with_a_process_that_is_killed() {
    each_engine(MIGRATIONS, |store| {
        let place = match store.location() {
            Location::Sqlite(path) => path.to_str().expect("a path").to_owned(),
            Location::Postgres(text) => text.clone(),
        };
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "life::the_process_that_shows_a_sign",
                "--nocapture",
            ])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let number = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("shows ")?.parse().ok())
            .expect("it says the number of its sign");
        assert!(shows(store, number));
        child.kill().expect("it is killed");
        child.wait().expect("it has ended");
        goes_out(store, number);
        if let Location::Sqlite(path) = store.location() {
            assert_eq!(store.engine(), Engine::Sqlite);
            let folder = path.parent().expect("a folder");
            let left = std::fs::read_dir(folder).expect("the folder");
            let signs = left
                .filter_map(Result::ok)
                .filter(|file| file.file_name().to_string_lossy().contains("-alive-"));
            assert_eq!(signs.count(), 0, "the dead process's file is taken away");
        }
    });
}
