//! Migrations run over rows, each once, and their texts stay as they were.

use crate::trial::{MIGRATIONS, SCHOOL, assert_whole, mark, name_pupil};
use store::testing::{ENGINES, TestStore};
use store::{Engine, MigrateError, Migration, StoreError, args};

const NEXT: Migration = Migration {
    name: "0002_house",
    sql: "alter table pupil add column house {text} not null default 'none';",
};

#[test]
fn a_migration_runs_over_rows_and_only_once() {
    for engine in ENGINES {
        let store = TestStore::new(engine, MIGRATIONS);
        store
            .act_now(SCHOOL, |act| name_pupil(act, 1, "Sample"))
            .unwrap();
        mark(&store, 1, 1, "/");
        let both = [MIGRATIONS[0], NEXT];
        assert_eq!(store.migrate(&both).unwrap(), ["0002_house"]);
        assert_eq!(store.migrate(&both).unwrap(), [""; 0]);
        let house = store
            .read_now(|tx| {
                let sql = "select house from pupil where school_id = $1";
                tx.query_one(sql, &args![SCHOOL], |row| row.get::<String>(0))
            })
            .unwrap();
        assert_eq!(house, "none");
        assert_whole(&store);
        mark(&store, 1, 2, "/");
        let schema = store
            .read_now(|tx| {
                let sql = "select schema from school_head where school_id = $1";
                tx.query_one(sql, &args![SCHOOL], |row| row.get::<i64>(0))
            })
            .unwrap();
        assert_eq!(schema, 3);
    }
}

#[test]
fn an_altered_newer_or_misplaced_migration_is_refused() {
    for engine in ENGINES {
        let store = TestStore::new(engine, &[MIGRATIONS[0], NEXT]);
        let altered = Migration {
            sql: "select 2",
            ..NEXT
        };
        let refused = store.migrate(&[MIGRATIONS[0], altered]);
        assert!(matches!(refused, Err(MigrateError::Altered { name }) if name == "0002_house"));
        let refused = store.migrate(MIGRATIONS);
        assert!(matches!(refused, Err(MigrateError::Newer { name }) if name == "0002_house"));
        let between = Migration {
            name: "0001b_between",
            sql: "select 1",
        };
        let refused = store.migrate(&[MIGRATIONS[0], between, NEXT]);
        assert!(
            matches!(refused, Err(MigrateError::OutOfOrder { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_migration_that_fails_leaves_nothing_of_itself() {
    for engine in ENGINES {
        let store = TestStore::new(engine, MIGRATIONS);
        let fails = Migration {
            name: "0002_fails",
            sql: "create table half (id {int} not null) {strict}; insert into nowhere values (1);",
        };
        let failed = store.migrate(&[MIGRATIONS[0], fails]);
        assert!(
            matches!(
                failed,
                Err(MigrateError::Failed {
                    name: "0002_fails",
                    ..
                })
            ),
            "{failed:?}"
        );
        let half =
            store.read_now(|tx| tx.query("select id from half", &args![], |row| row.get::<i64>(0)));
        assert!(matches!(half, Err(StoreError::Statement { .. })));
        let unknown = Migration {
            name: "0002_word",
            sql: "create table t (id {number})",
        };
        let refused = store.migrate(&[MIGRATIONS[0], unknown]);
        assert!(matches!(refused, Err(MigrateError::UnknownWord { word, .. }) if word == "number"));
        mark(&store, 1, 1, "/");
    }
}

#[test]
fn two_processes_that_migrate_at_once_agree() {
    for engine in ENGINES {
        let store = TestStore::new(engine, MIGRATIONS);
        let others = [store.another(), store.another()];
        let applied: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = others
                .iter()
                .map(|other| scope.spawn(|| other.migrate(&[MIGRATIONS[0], NEXT]).unwrap().len()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(applied, 1);
        others.iter().for_each(store::Store::close);
    }
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    let columns = |engine: Engine| {
        let store = TestStore::new(engine, MIGRATIONS);
        let sql = match engine {
            Engine::Sqlite => {
                "select m.name || '.' || c.name from sqlite_schema m, pragma_table_info(m.name) c \
                 where m.type = 'table' and m.name not like 'sqlite_%' order by 1"
            }
            Engine::Postgres => {
                "select (table_name || '.' || column_name) collate \"C\" from information_schema.columns \
                 where table_schema = 'public' order by 1"
            }
        };
        store
            .read_now(move |tx| tx.query(sql, &args![], |row| row.get::<String>(0)))
            .unwrap()
    };
    assert_eq!(columns(Engine::Sqlite), columns(Engine::Postgres));
}
