//! Every statement of the application can be prepared on both engines.

use office::{MIGRATIONS, demo, registers, year};
use store::testing::each_engine;

#[test]
fn every_statement_of_every_folder_prepares_on_both_engines() {
    each_engine(MIGRATIONS, |store| {
        for sql in [demo::STATEMENTS, registers::STATEMENTS, year::STATEMENTS].concat() {
            let prepared = store.read_now(|tx| tx.prepare(sql));
            assert!(prepared.is_ok(), "{sql}: {prepared:?}");
        }
    });
}
