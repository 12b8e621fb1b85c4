//! Every statement of the application can be prepared on both engines.

use office::{
    MIGRATIONS, book, carry, demo, desk, home, insight, people, registers, roll, take_away, year,
};
use store::testing::each_engine;

#[test]
fn every_statement_of_every_folder_prepares_on_both_engines() {
    each_engine(MIGRATIONS, |store| {
        let folders = [
            book::STATEMENTS,
            carry::STATEMENTS,
            demo::STATEMENTS,
            desk::STATEMENTS,
            home::STATEMENTS,
            insight::STATEMENTS,
            &people::statements(),
            &registers::statements(),
            &roll::imports::statements(),
            &roll::statements(),
            &take_away::statements(),
            &year::statements(),
        ];
        for sql in folders.concat() {
            let prepared = store.read_now(|tx| tx.prepare(sql));
            assert!(prepared.is_ok(), "{sql}: {prepared:?}");
        }
    });
}
