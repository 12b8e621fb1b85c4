//! Every statement of the application can be prepared on both engines.

use office::{
    CHRONICLE, MIGRATIONS, absence_line, api, as_known, book, carry, demo, desk, door, evidence,
    home, insight, messages, morning, people, preservation, registers, roll, safeguarding,
    take_away, visits, watch, webhooks, year,
};
use store::SchoolId;
use store::testing::each_engine;

#[test]
fn every_statement_of_every_folder_prepares_on_both_engines_for_the_present_and_the_past() {
    each_engine(MIGRATIONS, |store| {
        let folders = [
            &api::statements(),
            &absence_line::statements(),
            &as_known::statements(),
            &book::statements(),
            carry::STATEMENTS,
            demo::STATEMENTS,
            desk::STATEMENTS,
            &evidence::statements(),
            &door::statements(),
            home::STATEMENTS,
            insight::STATEMENTS,
            &morning::statements(),
            &messages::statements(),
            &people::statements(),
            &preservation::statements(),
            &registers::statements(),
            &roll::imports::statements(),
            &roll::statements(),
            &safeguarding::statements(),
            &take_away::statements(),
            &visits::statements(),
            &watch::statements(),
            &webhooks::statements(),
            &year::statements(),
        ];
        for sql in folders.concat() {
            let prepared = store.read_now(|tx| tx.prepare(sql));
            assert!(prepared.is_ok(), "{sql}: {prepared:?}");
            if !sql.starts_with("select") && !sql.starts_with("with") {
                continue;
            }
            let looking_back = store.read_now(|tx| {
                tx.as_known(&CHRONICLE, SchoolId(1), 7);
                tx.prepare(sql)
            });
            assert!(looking_back.is_ok(), "{sql}: {looking_back:?}");
        }
    });
}
