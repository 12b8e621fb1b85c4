//! The program, or the database beneath it, is ended while registers are saved, started again, and asked for every mark that it had
//! acknowledged.
//!
//! A kill loses nothing that the operating system was given, so this shows that nothing is acknowledged early and nothing is half
//! there; that a power cut loses nothing either is shown by counting flushes (the store's test `flushes`; `tools/flushes` by hand).
//!
//! `ROLLBOOK_KILLS=50 cargo test -p rollbook --test killed_while_saving` kills more often than the ordinary run does.

mod served;

use std::time::Duration;

use load::Browser;
use store::testing::OwnServer;

use served::{Place, Program, Teacher, saves};

#[test]
fn a_program_killed_while_registers_are_saved_keeps_every_acknowledged_mark_and_no_half_register_on_sqlite()
 {
    killed_while_saving(&Place::on_sqlite());
}

#[test]
fn a_program_killed_while_registers_are_saved_keeps_every_acknowledged_mark_and_no_half_register_on_postgres()
 {
    let server = OwnServer::start("");
    killed_while_saving(&Place::on(Some(server.address("sslmode=disable"))));
}

fn killed_while_saving(place: &Place) {
    let kills = std::env::var("ROLLBOOK_KILLS")
        .map_or(2, |kills| kills.parse().expect("a number of kills"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(place);
    let mut acknowledged = 0;
    for kill in 0..kills {
        // Each kill falls at another moment of the saving.
        let after = Duration::from_millis(250 + 137 * (kill % 11));
        let teachers = runtime.block_on(save_until(&mut program, after, Program::kill));
        acknowledged += saves(&teachers);
        program = Program::start(place);
        runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    }
    assert!(acknowledged > 0, "no save was acknowledged before a kill");
    program.stop();
    let told = place.verify();
    println!("{acknowledged} saves acknowledged, {kills} kills. {told}");
}

#[test]
fn a_program_asked_to_stop_answers_the_saves_in_flight_and_ends_in_time() {
    let place = Place::on_sqlite();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    let teachers = runtime.block_on(save_until(
        &mut program,
        Duration::from_millis(600),
        Program::stop,
    ));
    assert!(
        saves(&teachers) > 0,
        "no save was acknowledged before the stop"
    );
    let journal = place.data().join("rollbook.db-wal");
    assert!(!journal.exists(), "the log was not put away");
    let program = Program::start(&place);
    let unanswered = runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    assert_eq!(unanswered, 0, "a save was made and not answered");
}

#[test]
fn when_the_database_goes_away_people_are_told_and_nothing_acknowledged_is_lost_when_it_is_back() {
    let server = OwnServer::start("");
    let place = Place::on(Some(server.address("sslmode=disable")));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut program = Program::start(&place);
    for _ in 0..2 {
        let teachers = runtime.block_on(async {
            let mut browser = program.signed_in().await;
            let after = Duration::from_millis(1_500);
            let teachers = save_until(&mut program, after, |_| server.crash()).await;
            is_told_that_the_record_is_away(&mut browser, &teachers).await;
            server.start_again();
            assert_eq!(
                browser.get("/registers").await.expect("an answer").status,
                200
            );
            teachers
        });
        assert!(
            saves(&teachers) > 0,
            "no save was acknowledged before the crash"
        );
        runtime.block_on(program.holds_what_was_acknowledged(&teachers));
    }
    program.stop();
    place.verify();
}

/// What a page and a save answer while the database is away.
async fn is_told_that_the_record_is_away(browser: &mut Browser, teachers: &[Teacher]) {
    let page = browser.get("/registers").await.expect("an answer");
    assert_eq!(page.status, 503);
    for told in [
        "cannot be reached just now",
        "Try again",
        "confirmed as saved is safe",
    ] {
        assert!(
            page.text().contains(told),
            "{told} is not in: {}",
            page.text()
        );
    }
    let nothing = serde_json::json!({ "change_id": "while-away", "changes": [] });
    let path = teachers[0].register.save_path();
    let save = browser.post_json(&path, &nothing).await.expect("an answer");
    assert_eq!(save.status, 503);
    assert!(
        save.text().contains("Nothing was changed"),
        "{}",
        save.text()
    );
}

/// A caller for each register saves in a closed loop, until `end` makes an end of it.
async fn save_until(
    program: &mut Program,
    after: Duration,
    end: impl FnOnce(&mut Program),
) -> Vec<Teacher> {
    let saving = program.begin_saving(None).await;
    tokio::time::sleep(after).await;
    tokio::task::block_in_place(|| end(program));
    saving.join_all().await
}
