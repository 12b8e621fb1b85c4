//! An empty school, its terms, and files brought to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendar::{Day, Instant};
use office::book::Book;
use office::desk::{Office, Refusal};
use office::ids::AccountId;
use office::people::{Actor, Doors, Keyring, Limits, Role};
use office::roll::imports::{
    Answers, Applied, Choices, Finding, Import, ImportId, ReceivedFile, State, apply, findings,
    import, prepare, receive,
};
use office::year::{HalfTerm, set_day, set_terms};
use store::testing::TestStore;
use store::{Act, Entry, SchoolId, StoreError, journal};

pub const SCHOOL: SchoolId = SchoolId(1);

pub fn day(text: &str) -> Day {
    text.parse().expect("a test writes real days")
}

/// Somebody who may import everything.
pub fn keeper() -> Actor {
    Actor {
        account: AccountId(7),
        school: SCHOOL,
        name: "Mrs E Keeper".to_owned(),
        job_title: "Data manager".to_owned(),
        staff: None,
        roles: vec![
            Role::Headteacher,
            Role::AttendanceManager,
            Role::Dsl,
            Role::Senco,
        ],
        second_factor_at: None,
        several_schools: false,
        looks_back: None,
        limits: Limits::NONE,
    }
}

pub struct School {
    pub office: Arc<Office>,
    pub actor: Actor,
}

pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/samples")
}

pub fn sample(path: &str) -> ReceivedFile {
    let bytes = std::fs::read(samples().join(path)).expect("a sample file");
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    ReceivedFile { name, bytes }
}

pub fn text(name: &str, text: &str) -> ReceivedFile {
    ReceivedFile {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

impl School {
    /// A school in a fresh store on Tuesday 24 November 2026, with nothing in it.
    pub fn founded(store: &TestStore) -> School {
        store
            .write_now(|tx| {
                let at = Instant::from_micros(0);
                tx.execute(
                    "insert into school (school_id, laestab, name, founded_at) values ($1, $2, $3, $4)",
                    &store::args![SCHOOL, "8234998", "Rollbook Example Academy", at],
                )?;
                tx.execute(
                    "insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values ($1, $2, $3, $4, $5)",
                    &store::args![7, "keeper", "Mrs E Keeper", false, 0],
                )
            })
            .expect("a directory");
        School::standing(store)
    }

    /// The school that stands in a store already.
    pub fn standing(store: &TestStore) -> School {
        School::run(store, Keyring::forgetful().expect("random numbers"))
    }

    fn run(store: &TestStore, keyring: impl Into<Arc<Keyring>>) -> School {
        let clock = store.clock().as_function();
        let office = Office::new((**store).clone(), keyring, clock, false, Doors::new(None));
        School {
            office: Arc::new(office),
            actor: keeper(),
        }
    }

    /// The same school in a program that is started after this one has died.
    pub fn started_again(self, store: &TestStore) -> School {
        let dead = Arc::into_inner(self.office).expect("nobody else holds the office");
        School::run(store, dead.keyring)
    }

    /// The sample school's autumn term: 2 September and 23 October are staff training, half term is 26 to 30 October.
    pub fn with_terms(self) -> School {
        let actor = self.actor.clone();
        self.office
            .store
            .act_now(SCHOOL, move |act: &mut Act| {
                let half = |name: &str, first: &str, last: &str| HalfTerm {
                    name: name.to_owned(),
                    first_day: day(first),
                    last_day: day(last),
                };
                let terms = [
                    half("Autumn 1", "2026-09-02", "2026-10-23"),
                    half("Autumn 2", "2026-11-02", "2026-12-18"),
                ];
                let year = calendar::SchoolYear::beginning_in(2026);
                set_terms(act, &actor, year, &terms)?;
                for on in ["2026-09-02", "2026-10-23"] {
                    set_day(
                        act,
                        &actor,
                        day(on),
                        calendar::ExceptionKind::Inset,
                        "training",
                    )?;
                }
                Ok::<_, Refusal>(())
            })
            .expect("terms of a test");
        self
    }

    /// The school's own system keeps the roll, and Rollbook reads it (I-001).
    pub fn alongside(self) -> School {
        let actor = self.actor.clone();
        self.office
            .store
            .act_now(SCHOOL, move |act: &mut Act| {
                let values = store::args!["mode", day("2026-09-01"), "\"alongside\""];
                act.record(&office::year::records::SETTING, &values)?;
                act.describe(Entry {
                    account: actor.account.0,
                    job_title: &actor.job_title,
                    act: "decide",
                    subject: "mode".to_owned(),
                });
                Ok::<_, StoreError>(())
            })
            .expect("a setting of a test");
        self
    }

    pub fn receive(&self, files: Vec<ReceivedFile>, choices: &Choices) -> ImportId {
        let ids = receive(&self.office, &self.actor, files, choices).expect("received");
        assert_eq!(ids.len(), 1);
        prepare(&self.office, &self.actor, ids[0], &mut |_, _| {}).expect("prepared");
        ids[0]
    }

    pub fn apply(&self, id: ImportId, answers: &Answers) -> Result<Applied, Refusal> {
        apply(&self.office, &self.actor, id, answers, &mut |_, _| true)
    }

    /// Brings a file all the way, typing what a brake asks for.
    pub fn bring(&self, file: ReceivedFile) -> Import {
        self.bring_with(vec![file], &Choices::default())
    }

    pub fn bring_with(&self, files: Vec<ReceivedFile>, choices: &Choices) -> Import {
        let id = self.receive(files, choices);
        let shown = self.import(id);
        assert_eq!(shown.state, State::Previewed, "{:?}", shown.message);
        let typed = shown
            .preview
            .and_then(|preview| preview.brake)
            .map(|brake| brake.number);
        let answers = Answers {
            typed,
            events: None,
        };
        let applied = self.apply(id, &answers).expect("applied");
        assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
        self.import(id)
    }

    pub fn import(&self, id: ImportId) -> Import {
        self.office
            .store
            .read_now(move |tx| import(tx, SCHOOL, id))
            .expect("an import")
    }

    pub fn findings(&self, id: ImportId) -> Vec<Finding> {
        self.office
            .store
            .read_now(move |tx| findings(tx, SCHOOL, id))
            .expect("findings")
    }

    pub fn book(&self) -> Arc<Book> {
        let office = Arc::clone(&self.office);
        self.office
            .store
            .read_now(move |tx| office.shelf.book(tx, SCHOOL))
            .expect("a book")
    }

    /// The number of the newest act.
    pub fn head(&self) -> i64 {
        let head = self.office.store.read_now(|tx| journal::head(tx, SCHOOL));
        head.expect("a head").map_or(0, |head| head.seq)
    }

    pub fn count(&self, sql: &'static str) -> i64 {
        let count = self
            .office
            .store
            .read_now(move |tx| tx.query_one(sql, &[], |row| row.get(0)));
        count.map_err(|error: StoreError| error).expect("a count")
    }

    /// The records are what the journal says.
    pub fn verify(&self) {
        let report = self
            .office
            .store
            .verify_now(&[SCHOOL], office::TABLES, |_| {})
            .expect("verified");
        assert!(report.differences.is_empty(), "{report:?}");
    }
}
