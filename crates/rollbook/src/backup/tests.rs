//! Backups, restores and exports over real stores of both engines.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use calendar::Day;
use office::carry::held_back_since;
use office::evidence::records::EVIDENCE_FILE;
use office::home::Notices;
use office::people::Keyring;
use office::registers::records::MARK_VERSION;
use office::roll::records::PUPIL;
use store::backup::{Schema, applied, columns_in_database, each_row, is_fresh};
use store::testing::{ENGINES, TestStore};
use store::{Act, Entry, SchoolId, Store, StoreError, Tx, args};

use super::pack::{Brake, PackReader, PackWriter};
use super::restore::{let_leave, put_into};
use super::schedule::{Keep, Keeper, Schedule, heads_of};
use super::*;

const SCHOOL: SchoolId = SchoolId(7);

const PASSPHRASE: &str = "plum ladder frost kettle";

fn entry(act: &'static str) -> Entry<'static> {
    Entry {
        account: 1,
        job_title: "Registrar",
        act,
        subject: "pupil".to_owned(),
    }
}

fn add_pupil(store: &Store, surname: &'static str) -> i64 {
    let birth_day = Day::new(2012, 2, 29).unwrap();
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let id = act.new_id();
            let none = None::<String>;
            act.record(
                &PUPIL,
                &args![
                    id,
                    id,
                    none.clone(),
                    none.clone(),
                    none.clone(),
                    "12",
                    surname,
                    "Pat",
                    "",
                    surname,
                    "Pat",
                    none.clone(),
                    birth_day
                ],
            )?;
            act.describe(entry("admit"));
            Ok::<_, StoreError>(id)
        })
        .unwrap()
}

/// Some of everything: awkward text, a mark, an erased payload, a sealed file, a second factor, a signed-in device.
fn fill(store: &Store, keyring: &Keyring) {
    for surname in ["O’Sample, \"Pat\"\r\nline", "\\N", ""] {
        add_pupil(store, surname);
    }
    let day = Day::new(2026, 11, 24).unwrap();
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let at = act.at();
            let none = None::<String>;
            act.record(
                &MARK_VERSION,
                &args![
                    4,
                    day,
                    0,
                    "L",
                    12,
                    at,
                    none.clone(),
                    none.clone(),
                    "register",
                    None::<calendar::Instant>,
                    none.clone()
                ],
            )?;
            act.describe(entry("save register"));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let gone = add_pupil(store, "Erased later");
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let mut forgotten = store::Forgotten::default();
            forgotten.add(&PUPIL, vec![gone.into()]);
            assert_eq!(act.forget(&forgotten)?.emptied, 1);
            act.describe(entry("erase"));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store
        .act_now(SCHOOL, move |act: &mut Act| {
            let (at, none) = (act.at(), None::<i64>);
            act.record(
                &EVIDENCE_FILE,
                &args![
                    9,
                    none,
                    none,
                    "png",
                    4,
                    "00",
                    "family",
                    none,
                    "",
                    day,
                    at,
                    None::<String>
                ],
            )?;
            act.describe(entry("file evidence"));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let evidence = keyring.seal("evidence 9 of school 7", b"\x89PNG").unwrap();
    let file = keyring
        .seal("file 0 of import 5 of school 7", b"Surname,Forename\n")
        .unwrap();
    let now = store.now();
    store
        .write_now(move |tx: &mut Tx| {
            tx.execute(
                "insert into import_file (school_id, import_id, part, name, sealed) values (7, 5, 0, 'r\u{e9}sum\u{e9} 1.csv', $1)",
                &args![file.as_slice()],
            )?;
            tx.execute(
                "insert into evidence_content (school_id, evidence_id, sealed) values (7, 9, $1)",
                &args![evidence.as_slice()],
            )?;
            tx.execute(
                "insert into account (account_id, sign_in_name, name, totp_secret, must_change_password, failed_attempts)
                 values (1, 'p', 'Pat Sample', $1, true, 0)",
                &args![&[0_u8, 255, 7]],
            )?;
            tx.execute(
                "insert into sign_in (token_hash, account_id, school_id, device, started_at, seen_at, expires_at)
                 values ($1, 1, 7, 'a browser', $2, $2, $2)",
                &args![&[1_u8], now],
            )
        })
        .unwrap();
    keyring.claim(store).unwrap();
}

/// Every row of every table, as text in order of the text; without the devices that are signed in and what holds a copy back.
fn rows(store: &Store) -> BTreeMap<String, Vec<String>> {
    store
        .read_now(|tx: &mut Tx| -> Result<_, StoreError> {
            let mut all = BTreeMap::new();
            for table in &Schema::of(office::MIGRATIONS).tables {
                let mut rows = Vec::new();
                each_row::<StoreError>(tx, table, |values| {
                    let cells: Vec<_> = values.iter().map(cells::write).collect();
                    rows.push(cells.join("|"));
                    Ok(())
                })?;
                rows.sort();
                all.insert(table.name.clone(), rows);
            }
            all.remove("sign_in");
            all.remove("restored");
            Ok(all)
        })
        .unwrap()
}

fn backup_of(store: &Store, folder: &Path, passphrase: Option<&str>) -> Made {
    let kept = folder.join("kept");
    fs::create_dir_all(&kept).unwrap();
    make(store, folder, &kept, passphrase, &Brake::default())
        .unwrap_or_else(|error| panic!("{error:#}"))
}

fn restored(file: &Path, into: &Store) -> Result<()> {
    put_into(into, PackReader::open(file)?, None, &Brake::default()).map(drop)
}

#[test]
fn every_table_and_column_that_a_database_has_is_backed_up() {
    for engine in ENGINES {
        let store = TestStore::new(engine, office::MIGRATIONS);
        let there = store.read_now(columns_in_database).unwrap();
        let mut known: Vec<(String, String)> = Schema::of(office::MIGRATIONS)
            .tables
            .iter()
            .flat_map(|table| {
                table
                    .columns
                    .iter()
                    .map(|column| (table.name.clone(), column.name.clone()))
            })
            .collect();
        let mut there: Vec<_> = there
            .into_iter()
            .filter(|(table, _)| table != "applied_migration")
            .collect();
        known.sort();
        there.sort();
        assert_eq!(known, there, "{engine:?}");
    }
}

#[test]
fn a_backup_of_either_engine_is_restored_into_either_with_every_row() {
    for from in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::new(from, office::MIGRATIONS);
        fill(&store, &Keyring::forgetful().unwrap());
        let made = backup_of(&store, folder.path(), None);
        assert_eq!(made.heads[&7].seq, 7);
        for into in ENGINES {
            let empty = TestStore::new(into, &[]);
            restored(&made.file, &empty).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(rows(&empty), rows(&store), "{from:?} into {into:?}");
            let signed_in: i64 = empty
                .read_now(|tx: &mut Tx| {
                    tx.query_one("select count(*) from sign_in", &args![], |row| row.get(0))
                })
                .unwrap();
            assert_eq!(signed_in, 0, "nobody is signed in after a restore");
            let held_back = || empty.read_now(held_back_since).unwrap();
            assert!(held_back().is_some(), "a copy speaks to nobody by itself");
            let heads_before = empty.read_now(store::journal::heads).unwrap();
            assert!(let_leave(&empty).unwrap().contains("leave again"));
            assert_eq!(held_back(), None);
            assert!(let_leave(&empty).unwrap().contains("Nothing was held back"));
            for ((school, before), (_, after)) in heads_before
                .iter()
                .zip(empty.read_now(store::journal::heads).unwrap())
            {
                assert_eq!(
                    after.seq,
                    before.seq + 1,
                    "school {} was told once",
                    school.0
                );
            }
            // Work goes on where it stopped.
            add_pupil(&empty, "Later");
            assert!(
                empty
                    .verify_now(&[], office::TABLES, |_| {})
                    .unwrap()
                    .is_whole()
            );
            let twice = restored(&made.file, &empty).unwrap_err();
            assert!(
                format!("{twice:#}").contains("overwrites nothing"),
                "{twice:#}"
            );
        }
        let names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, ["kept"], "nothing is left over");
    }
}

#[test]
fn a_backup_of_an_older_schema_is_brought_up_to_date_with_its_rows_in_place() {
    let (last, older) = office::MIGRATIONS.split_last().unwrap();
    for engine in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::new(engine, older);
        add_pupil(&store, "Sample");
        let file = folder.path().join("older.zip");
        let manifest = pack_store(
            &store,
            PackWriter::zip(&file).unwrap(),
            store.now(),
            None,
            &Brake::default(),
        )
        .unwrap();
        assert_eq!(manifest.migrations().unwrap().len(), older.len());
        let empty = TestStore::new(engine, &[]);
        restored(&file, &empty).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(rows(&empty)["pupil"].len(), 1);
        let applied = empty.read_now(applied).unwrap();
        assert!(applied.iter().any(|applied| applied.name == last.name));
    }
}

#[test]
fn an_encrypted_backup_opens_with_its_passphrase_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
    fill(&store, &Keyring::forgetful().unwrap());
    let made = backup_of(&store, folder.path(), Some(PASSPHRASE));
    assert!(made.file.to_str().unwrap().ends_with(".zip.age"));
    let sealed = fs::read(&made.file).unwrap();
    assert!(PackReader::open(&made.file).is_err());
    assert!(!sealed.windows(6).any(|bytes| bytes == b"tables"));
    let mut plain = Vec::new();
    sealed_file::open(PASSPHRASE, &mut &sealed[..], &mut plain).unwrap();
    let opened = folder.path().join("opened.zip");
    fs::write(&opened, plain).unwrap();
    let empty = TestStore::new(store::Engine::Postgres, &[]);
    restored(&opened, &empty).unwrap();
    assert_eq!(rows(&empty), rows(&store));
}

/// Where the contents of each file lie in a zip: its name, the place of its first byte and how many there are.
fn places_in(file: &Path) -> Vec<(String, usize, usize)> {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    (0..zip.len())
        .map(|number| {
            let entry = zip.by_index_raw(number).unwrap();
            let first = entry.data_start().unwrap() as usize;
            let name = entry.name().unwrap().into_owned();
            (name, first, entry.compressed_size() as usize)
        })
        .collect()
}

/// Every file of a pack but the words for a reader.
fn contents_of(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut contents = BTreeMap::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        if name == "README.md" {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        contents.insert(name, bytes);
    }
    contents
}

/// A backup in the hands of somebody who alters it, and a store that it is put back into.
struct Altered {
    folder: tempfile::TempDir,
    whole: Vec<u8>,
    original: BTreeMap<String, Vec<String>>,
    into: TestStore,
    fresh: BTreeMap<String, Vec<String>>,
}

impl Altered {
    fn of(store: &Store, folder: tempfile::TempDir, made: &Made) -> Altered {
        let into = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
        Altered {
            folder,
            whole: fs::read(&made.file).unwrap(),
            original: rows(store),
            fresh: rows(&into),
            into,
        }
    }

    /// Whether these bytes are refused in place of the backup. Refused, they leave the store as it was; else they are the backup in all
    /// that it holds, and so is what they restore.
    fn is_refused(&mut self, bytes: &[u8], what: &str) -> bool {
        let damaged = self.folder.path().join("damaged.zip");
        fs::write(&damaged, bytes).unwrap();
        if restored(&damaged, &self.into).is_err() {
            assert_eq!(rows(&self.into), self.fresh, "{what}");
            return true;
        }
        assert_eq!(rows(&self.into), self.original, "{what}");
        let whole = self.folder.path().join("whole.zip");
        fs::write(&whole, &self.whole).unwrap();
        assert_eq!(contents_of(&damaged), contents_of(&whole), "{what}");
        self.into = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
        false
    }

    fn with_bit_turned(&self, at: usize) -> Vec<u8> {
        let mut altered = self.whole.clone();
        altered[at] ^= 1 << (at % 8);
        altered
    }
}

#[test]
fn a_backup_that_was_cut_off_or_altered_restores_nothing_or_everything() {
    let folder = tempfile::tempdir().unwrap();
    let store = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
    fill(&store, &Keyring::forgetful().unwrap());
    let made = backup_of(&store, folder.path(), None);
    let places = places_in(&made.file);
    let mut altered = Altered::of(&store, folder, &made);
    let length = altered.whole.len();
    for tenth in 0..10 {
        let part = altered.whole[..length * tenth / 10].to_vec();
        assert!(altered.is_refused(&part, "cut off"), "{tenth} tenths");
    }
    // Whatever bit is turned in what a file holds, be it the heading of an empty table, the backup is not believed; but for the few bits that
    // say only how the same letters are packed, such as from which of two like places they are copied.
    let tables = places.iter().filter(|(name, ..)| name != "README.md");
    let (mut tried, mut refused) = (0, 0);
    for (name, first, size) in tables {
        let at = first + size / 2;
        let bytes = altered.with_bit_turned(at);
        refused += usize::from(altered.is_refused(&bytes, &format!("{name}, byte {at}")));
        tried += 1;
    }
    assert!(tried > 40, "{tried} places were tried");
    assert!(
        refused * 20 > tried * 19,
        "{refused} of {tried} were refused"
    );
    // Between the files lie names, times and the words for a reader: there it is refused, or what it holds is the same.
    let mut refused = 0;
    for at in (0..length).step_by(length / 40) {
        let bytes = altered.with_bit_turned(at);
        refused += usize::from(altered.is_refused(&bytes, &format!("byte {at}")));
    }
    assert!(refused > 0, "no byte between the files matters");
}

#[test]
fn rows_that_were_altered_before_they_were_packed_are_found_out_on_trial() {
    for engine in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::new(engine, office::MIGRATIONS);
        fill(&store, &Keyring::forgetful().unwrap());
        store.tamper("update mark_version set code = '/'");
        let refused = make(
            &store,
            folder.path(),
            folder.path(),
            None,
            &Brake::default(),
        )
        .unwrap_err();
        let told = format!("{refused:#}");
        assert!(told.contains("mark_version"), "{told}");
        assert!(kept_in(folder.path()).unwrap().is_empty());
    }
}

#[test]
fn a_backup_made_while_acts_go_on_is_one_moment() {
    for engine in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::new(engine, office::MIGRATIONS);
        fill(&store, &Keyring::forgetful().unwrap());
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    add_pupil(&store, "Busy");
                }
            });
            let first = backup_of(&store, folder.path(), None);
            store.clock().set(store.now().plus_seconds(1));
            let second = backup_of(&store, folder.path(), None);
            ended.store(true, Ordering::Relaxed);
            // Each was restored and proved before it counted.
            assert!(first.heads[&7].seq < second.heads[&7].seq);
        });
    }
}

fn schedule(folder: &Path) -> Schedule {
    Schedule {
        folder: folder.to_owned(),
        hour: 2,
        keep: Keep {
            daily: 2,
            weekly: 0,
            monthly: 0,
        },
        passphrase_file: None,
    }
}

#[test]
fn backups_are_made_when_due_and_older_ones_are_let_go_of() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
    add_pupil(&store, "Sample");
    fs::write(folder.path().join("a letter.zip"), "not ours").unwrap();
    let schedule = schedule(folder.path());
    for night in 0..4 {
        let now = store::testing::BEGINNING.plus_seconds(night * 24 * 60 * 60);
        store.clock().set(now);
        for _ in 0..2 {
            schedule
                .run_if_due(&store, data.path(), now, &Brake::default())
                .unwrap();
        }
    }
    let kept: Vec<String> = kept_in(folder.path())
        .unwrap()
        .iter()
        .map(|(at, _)| at.in_london().0.to_string())
        .collect();
    assert_eq!(kept, ["2026-11-27", "2026-11-26"]);
    assert!(folder.path().join("a letter.zip").exists());
    // Each night the journal was told before anything left, and what left holds that it did.
    let told = store
        .read_now(|tx: &mut Tx| store::journal::entries_after(tx, SCHOOL, 0, 100))
        .unwrap();
    let told: Vec<_> = told
        .iter()
        .filter(|entry| entry.act == "back up everything")
        .map(|entry| (entry.account, entry.job_title.as_str()))
        .collect();
    assert_eq!(told, [(0, "by itself, as the operator has set it"); 4]);
    let newest = &kept_in(folder.path()).unwrap()[0].1;
    let manifest = PackReader::open(newest).unwrap().manifest().unwrap();
    assert_eq!(manifest.heads(), heads_of(&store).unwrap());
}

#[test]
fn a_failed_backup_leaves_the_older_one_and_is_told_of_until_one_succeeds() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = TestStore::new(store::Engine::Sqlite, office::MIGRATIONS);
    add_pupil(&store, "Sample");
    let older = backup_of(&store, folder.path(), None).file;
    let before = fs::read(&older).unwrap();
    let kept = older.parent().unwrap();
    let (notices, brake) = (Notices::default(), Brake::default());
    let keeper = |brake: &Brake| Keeper {
        store: store.clone(),
        data: data.path().to_owned(),
        schedule: Some(schedule(kept)),
        notices: notices.clone(),
        brake: brake.clone(),
    };
    let next_night = store::testing::BEGINNING.plus_seconds(24 * 60 * 60);
    store.clock().set(next_night);
    brake.pull();
    let (mut noted, mut failed) = (None, None);
    keeper(&brake).look(&mut noted, &mut failed);
    let told = notices.all();
    assert!(
        told[0].contains("failed") && told[0].contains("24 November"),
        "{told:?}"
    );
    assert_eq!(fs::read(&older).unwrap(), before);
    assert_eq!(
        fs::read_dir(kept).unwrap().count(),
        2,
        "the backup and the note of heads"
    );
    assert_eq!(heads::noted_in(data.path()), heads::noted_in(kept));

    // Within the hour it is not tried again.
    keeper(&Brake::default()).look(&mut noted, &mut failed);
    assert_eq!(kept_in(kept).unwrap().len(), 1);
    store.clock().set(next_night.plus_seconds(60 * 60));
    keeper(&Brake::default()).look(&mut noted, &mut failed);
    assert!(notices.all().is_empty());
    assert_eq!(kept_in(kept).unwrap().len(), 2);
}

#[test]
fn an_export_is_read_back_under_another_key_with_its_received_files() {
    for (from, into) in [ENGINES, [ENGINES[1], ENGINES[0]]].map(|[from, into]| (from, into)) {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::new(from, office::MIGRATIONS);
        let key_file = folder.path().join("key");
        let data = folder.path().join("data");
        fill(&store, &Keyring::open(&key_file, &data, None).unwrap());
        let to = folder.path().join("export");
        let keyring = Keyring::open(&key_file, &data, None).unwrap();
        export::write(&store, keyring, &to).unwrap_or_else(|error| panic!("{error:#}"));
        let open = fs::read(to.join("files/7/5/0-r_sum__1.csv")).unwrap();
        assert_eq!(open, b"Surname,Forename\n");
        let evidence = fs::read(to.join("files/7/evidence/9.png")).unwrap();
        assert_eq!(evidence, b"\x89PNG");
        let readme = fs::read_to_string(to.join("README.md")).unwrap();
        assert!(readme.contains("## mark_version (1 rows)"), "{readme}");
        let marks = fs::read_to_string(to.join("tables/mark_version.csv")).unwrap();
        assert!(
            marks.contains("7,4,2026-11-24,0,4,L,12,2026-11-24T"),
            "{marks}"
        );

        let new_key = folder.path().join("new-key");
        let [new_key, sealing] = [(); 2].map(|()| Keyring::open(&new_key, &data, None).unwrap());
        let empty = TestStore::new(into, &[]);
        let reader = PackReader::open(&to).unwrap();
        let restored = put_into(&empty, reader, Some(new_key), &Brake::default());
        restored.unwrap_or_else(|error| panic!("{error:#}"));
        let (mut was, mut is) = (rows(&store), rows(&empty));
        for changed in [
            "account",
            "import_file",
            "evidence_content",
            "key_check",
            "school_head",
            "journal_entry",
            "journal_payload",
        ] {
            assert_ne!(was.remove(changed), is.remove(changed), "{changed}");
        }
        assert_eq!(was, is);
        let sealed: Vec<u8> = empty
            .read_now(|tx: &mut Tx| -> Result<_, StoreError> {
                tx.query_one("select sealed from evidence_content", &args![], |row| {
                    row.get(0)
                })
            })
            .unwrap();
        let opened = sealing.open_sealed("evidence 9 of school 7", &sealed);
        assert_eq!(opened.unwrap(), b"\x89PNG", "sealed with the new key");
        let secrets: i64 = empty
            .read_now(|tx: &mut Tx| {
                let sql = "select count(*) from account where totp_secret is not null";
                tx.query_one(sql, &args![], |row| row.get(0))
            })
            .unwrap();
        assert_eq!(secrets, 0);

        fs::write(to.join("files/7/5/0-r_sum__1.csv"), "altered").unwrap();
        let another = TestStore::new(into, &[]);
        let key = Keyring::forgetful().unwrap();
        let reader = PackReader::open(&to).unwrap();
        let refused = put_into(&another, reader, Some(key), &Brake::default());
        assert!(refused.is_err());
        assert!(another.read_now(is_fresh).unwrap());
    }
}

#[test]
fn a_backup_of_a_newer_program_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let newer = [
        office::MIGRATIONS,
        &[store::Migration {
            name: "9999_newer",
            sql: "create table newer (school_id {int} not null primary key) {strict};",
        }],
    ]
    .concat();
    let store = TestStore::new(store::Engine::Sqlite, &newer);
    let refused = make(
        &store,
        folder.path(),
        folder.path(),
        None,
        &Brake::default(),
    )
    .unwrap_err();
    assert!(format!("{refused:#}").contains("9999_newer"), "{refused:#}");
}
