//! The mailbox of the absence line at a real mail server on this machine: each mail once, whoever reads and wherever they break off, on both engines.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use axum::http::{Request, StatusCode, header};
use mailbox::testing::{Dovecot, PASSWORD, USER};
use office::absence_line::read_due_mailboxes;
use office::carry::{hold_back, let_out};
use office::desk::Office;
use office::messages::Outside;
use office::messages::records::{MESSAGE, MESSAGE_PUPIL, MESSAGE_RUN, MESSAGE_STATE};
use office::people::Role;
use office::roll::records::CONTACT_ROUTE;
use office::{MIGRATIONS, TABLES};
use store::testing::{TestStore, each_engine};
use store::{Entry, StoreError, args};

use crate::absence_line::mother;
use crate::school::{SCHOOL, TODAY, account, ask, at, day, found, get, office};

/// The address of the mother of pupils 1 and 7.
const HOME: &str = "m.sample@example.org";

/// A school whose mother has an address, its mail server, and the program that reads there.
struct Post<'s> {
    store: &'s TestStore,
    dovecot: Dovecot,
    office: Arc<Office>,
    runtime: tokio::runtime::Runtime,
}

fn at_school(test: impl Fn(&mut Post)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        store.clock().set(at("08:05"));
        mother(store);
        with_address(store);
        let dovecot = Dovecot::start();
        let mut post = Post {
            office: reading(store, &dovecot),
            store,
            dovecot,
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
        };
        test(&mut post);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

/// One more program over the same records.
fn reading(store: &TestStore, dovecot: &Dovecot) -> Arc<Office> {
    let office = Office::clone(&office(store)).sending(Outside::open());
    Arc::new(office.believing(vec![dovecot.authority()]))
}

fn with_address(store: &TestStore) {
    let made: Result<(), StoreError> = store.act_now(SCHOOL, |act| {
        let values = args![
            850_i64,
            800_i64,
            "email",
            "M.Sample@Example.org",
            "M.Sample@Example.org"
        ];
        act.record(&CONTACT_ROUTE, &values)?;
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "set up",
            subject: "an address".to_owned(),
        });
        Ok(())
    });
    made.expect("an address of a test");
}

fn administrator() -> i64 {
    account(Role::SystemAdministrator)
}

fn officer() -> i64 {
    account(Role::AttendanceAdministrator)
}

fn posted(office: &Arc<Office>, path: &str, body: String) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, administrator(), request, body)
}

/// A mail from somebody, with a name of its own.
fn mail(from: &str, name: &str, words: &str) -> String {
    format!(
        "From: {from}\nTo: {USER}\nSubject: Absence\nMessage-ID: <{name}@example.org>\nDate: Tue, 24 Nov 2026 08:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{words}\n"
    )
}

impl Post<'_> {
    /// Sets the mailbox up on its page with this password.
    fn set_up(&self, password: &str) -> (StatusCode, String) {
        let settings = self.dovecot.settings();
        let fields = [
            ("host", settings.host.clone()),
            ("port", settings.port.to_string()),
            ("tls", "yes".to_owned()),
            ("user", settings.user.clone()),
            ("password", password.to_owned()),
            ("folder", "INBOX".to_owned()),
            ("put_into", "Rollbook".to_owned()),
            ("every", "2".to_owned()),
        ];
        let body = serde_urlencoded::to_string(fields).expect("a form");
        posted(&self.office, "/absence-line/mailbox/set-up", body)
    }

    fn deliver(&self, name: &str, mail: &str) {
        self.deliver_at(name, mail, "08:02");
    }

    fn deliver_at(&self, name: &str, mail: &str, clock: &str) {
        let seconds = at(clock).micros() / 1_000_000;
        self.dovecot.deliver(name, mail, seconds as u64);
    }

    /// Reads what is due; two minutes pass first.
    fn read(&self) -> usize {
        let now = self.store.now().plus_seconds(120);
        self.store.clock().set(now);
        self.runtime
            .block_on(read_due_mailboxes(&self.office))
            .expect("the records answer")
    }

    fn count(&self, sql: &'static str) -> i64 {
        self.store
            .read_now(move |tx| tx.query_one(sql, &args![SCHOOL], |row| row.get(0)))
            .unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    fn reports(&self) -> i64 {
        self.count(
            "select count(*) from absence_report where school_id = $1 and superseded_seq is null",
        )
    }

    /// Words, pupil, state and ground of every report.
    fn told(&self) -> Vec<(String, Option<i64>, String, String)> {
        const TOLD: &str = "select said, pupil_id, state, ground, first_day from absence_report where school_id = $1 and superseded_seq is null order by received_at, report_id";
        let told = self.store.read_now(|tx| {
            tx.query(TOLD, &args![SCHOOL], |row| {
                let ground: Option<String> = row.get(3)?;
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    ground.unwrap_or_default(),
                ))
            })
        });
        told.unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    fn page(&self, account: i64) -> String {
        let (status, page) = get(&self.office, account, "/absence-line/mailbox");
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }

    fn lying(&self) -> (usize, usize) {
        (self.dovecot.count("INBOX"), self.dovecot.count("Rollbook"))
    }
}

#[test]
fn a_mail_of_a_parent_is_one_report_with_its_file_and_makes_no_mark() {
    at_school(|post| {
        assert_eq!(post.set_up(PASSWORD).0, StatusCode::SEE_OTHER);
        let card = "--edge\nContent-Type: text/plain\n\nPupil1 is ill.\n--edge\nContent-Type: application/octet-stream; name=card.exe\nContent-Disposition: attachment; filename=card.exe\n\n%PDF-1.4 an appointment\n--edge\nContent-Type: application/pdf; name=x.pdf\nContent-Disposition: attachment; filename=x.pdf\n\nMZ no such thing\n--edge--";
        let whole = mail(HOME, "one", card).replace(
            "text/plain; charset=utf-8",
            "multipart/mixed; boundary=edge",
        );
        post.deliver("one", &whole);
        assert_eq!(post.read(), 1);
        let (said, pupil, state, ground) = post.told().remove(0);
        assert_eq!(
            (said.as_str(), pupil),
            ("Absence: Pupil1 is ill.", Some(301))
        );
        assert_eq!(state, "doubtful", "a file was not kept: {ground}");
        assert!(
            ground.contains("File 2 of the mail was not kept"),
            "{ground}"
        );
        assert_eq!(post.count("select count(*) from evidence_file where school_id = $1 and kind = 'pdf' and given_by = 'e-mail'"), 1);
        assert_eq!(
            post.count("select count(*) from mark_version where school_id = $1"),
            0
        );
        assert_eq!(post.lying(), (0, 1));
        assert_eq!(post.read(), 0);
        assert_eq!(post.reports(), 1);
        let (_, inbox) = get(&post.office, officer(), "/absence-line");
        assert!(inbox.contains("Pupil1 is ill."), "{inbox}");
        assert!(inbox.contains("a file came with it"), "{inbox}");
    });
}

#[test]
fn whom_and_when_is_known_only_where_it_is_certain() {
    at_school(|post| {
        post.set_up(PASSWORD);
        for (name, from, words, clock) in [
            ("a", HOME, "Pupil1 has a cold.", "07:40"),
            ("b", HOME, "She is poorly.", "07:41"),
            ("c", "stranger@example.org", "Pupil2 is ill.", "07:42"),
            ("d", HOME, "Pupil1 is ill until Friday.", "07:43"),
            ("e", HOME, "Pupil1 and Pupil7 are ill.", "07:44"),
        ] {
            post.deliver_at(name, &mail(from, name, words), clock);
        }
        assert_eq!(post.read(), 5);
        let told = post.told();
        let of = |words: &str| -> Vec<(Option<i64>, String, String)> {
            let own = told.iter().filter(|(said, ..)| said.contains(words));
            own.map(|(_, pupil, state, ground)| (*pupil, state.clone(), ground.clone()))
                .collect()
        };
        assert_eq!(
            of("has a cold"),
            [(Some(301), "matched".to_owned(), String::new())]
        );
        let [(None, state, ground)] = &of("poorly")[..] else {
            panic!("{told:?}");
        };
        assert_eq!(state, "new");
        assert!(
            ground.contains("Pupil1 and Pupil7, and it names none"),
            "{ground}"
        );
        assert!(
            of("Pupil2")[0]
                .2
                .contains("No contact has the address stranger@example.org")
        );
        assert!(of("until Friday")[0].2.contains("It names other days"));
        let both = of("are ill.");
        assert_eq!(both.len(), 2, "one for each child");
        assert!(both[1].2.contains("court order"), "{both:?}");
    });
}

#[test]
fn what_a_program_wrote_and_what_cannot_be_read_is_shown_apart_and_is_no_report() {
    at_school(|post| {
        post.set_up(PASSWORD);
        post.deliver(
            "away",
            &mail(HOME, "away", "I am away.").replace(
                "Subject: Absence",
                "Subject: Out of office\nAuto-Submitted: auto-replied",
            ),
        );
        post.deliver(
            "daemon",
            &mail("MAILER-DAEMON@mx.example.org", "daemon", "Undelivered."),
        );
        post.deliver("broken", "Subject: from nobody\n\nwords\n");
        assert_eq!(post.read(), 0);
        assert_eq!(post.reports(), 0);
        assert_eq!(post.lying(), (1, 2), "what cannot be read stays");
        let page = post.page(officer());
        for words in [
            "Out of office",
            "mx.example.org",
            "cannot be read: it is still in the mailbox; it names no sender",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let (_, inbox) = get(&post.office, officer(), "/absence-line");
        assert!(inbox.contains("A mail cannot be read here"), "{inbox}");
        post.read();
        assert_eq!(post.lying(), (1, 2));
        post.dovecot.empty("INBOX");
        post.read();
        assert!(!post.page(officer()).contains("cannot be read: it is still"));
    });
}

#[test]
fn a_mail_that_comes_to_lie_there_again_is_known() {
    at_school(|post| {
        post.set_up(PASSWORD);
        let ill = mail(HOME, "one", "Pupil1 is ill.");
        post.deliver("one", &ill);
        assert_eq!(post.read(), 1);
        post.deliver("again", &format!("Received: from elsewhere\n{ill}"));
        assert_eq!(post.read(), 0);
        assert_eq!((post.reports(), post.lying()), (1, (0, 2)));
        // Even when what became of it is long forgotten.
        let forgotten = post.store.write_now(|tx| {
            tx.execute(
                "delete from mailbox_mail where school_id = $1",
                &args![SCHOOL],
            )
        });
        assert_eq!(forgotten.expect("rows"), 1);
        post.deliver("thrice", &ill);
        assert_eq!(post.read(), 0);
        assert_eq!((post.reports(), post.lying()), (1, (0, 3)));
    });
}

const MANY: usize = 20;

fn many(post: &Post) {
    for number in 0..MANY {
        let name = format!("many{number:02}");
        post.deliver(
            &name,
            &mail(HOME, &name, &format!("Pupil1 is ill, {number}.")),
        );
    }
}

/// Waits until a report is there.
fn until_begun(post: &Post) {
    let until = Moment::now() + Duration::from_secs(60);
    while post.reports() == 0 {
        assert!(Moment::now() < until, "no report came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_programs_that_read_at_once_take_each_mail_once() {
    at_school(|post| {
        post.set_up(PASSWORD);
        many(post);
        let other = reading(post.store, &post.dovecot);
        let own = Arc::clone(&post.office);
        let first = post
            .runtime
            .spawn(async move { read_due_mailboxes(&own).await });
        until_begun(post);
        // The first is so slow that the second thinks it dead.
        post.store.clock().set(at("08:30"));
        let second = post.runtime.block_on(read_due_mailboxes(&other));
        let first = post.runtime.block_on(first).expect("no panic");
        let taken = first.expect("the records answer") + second.expect("the records answer");
        post.read();
        assert!(taken <= MANY, "{taken}");
        assert_eq!(post.reports(), MANY as i64);
        assert_eq!(post.lying(), (0, MANY));
    });
}

#[test]
fn a_reader_that_is_killed_in_the_middle_leaves_nothing_twice_and_nothing_lost() {
    at_school(|post| {
        post.set_up(PASSWORD);
        many(post);
        let own = Arc::clone(&post.office);
        let reader = post
            .runtime
            .spawn(async move { read_due_mailboxes(&own).await });
        until_begun(post);
        reader.abort();
        let _ = post.runtime.block_on(reader);
        assert_eq!(post.read(), 0, "its lease still stands");
        post.store.clock().set(at("08:30"));
        post.read();
        assert_eq!(post.reports(), MANY as i64);
        assert_eq!(post.lying(), (0, MANY));
    });
}

#[test]
fn a_wrong_password_and_a_server_that_is_gone_stand_on_the_screen_and_nothing_is_lost() {
    at_school(|post| {
        post.deliver("one", &mail(HOME, "one", "Pupil1 is ill."));
        post.set_up("guess & wonder");
        let (_, tested) = posted(&post.office, "/absence-line/mailbox/test", String::new());
        assert!(
            tested.contains(
                "It does not work: the mail server does not let us in with this name and password."
            ),
            "{tested}"
        );
        assert_eq!(post.read(), 0);
        let page = post.page(officer());
        assert!(
            page.contains("It cannot be read since Tue 24 Nov 2026, 08:07"),
            "{page}"
        );
        assert!(!page.contains("guess &amp; wonder"));
        post.read();
        assert!(
            post.page(officer())
                .contains("since Tue 24 Nov 2026, 08:07"),
            "the same trouble"
        );
        let (_, inbox) = get(&post.office, officer(), "/absence-line");
        assert!(
            inbox.contains("The mailbox cannot be read since"),
            "{inbox}"
        );

        post.set_up(PASSWORD);
        let (_, tested) = posted(&post.office, "/absence-line/mailbox/test", String::new());
        assert!(tested.contains("It works: signed in"), "{tested}");
        assert!(
            tested.contains("One mail of the last 14 days is not taken yet"),
            "{tested}"
        );
        assert_eq!(post.lying(), (1, 0), "a test takes nothing");
        post.dovecot.stop();
        assert_eq!(post.read(), 0);
        assert!(
            post.page(officer())
                .contains("the mail server cannot be reached: nothing answers at this port")
        );
        post.dovecot.start_again();
        assert_eq!(post.read(), 1);
        assert!(!post.page(officer()).contains("It cannot be read"));
        assert_eq!(post.lying(), (0, 1));
    });
}

#[test]
fn nothing_is_read_where_nothing_leaves_nor_in_a_restored_copy() {
    at_school(|post| {
        post.set_up(PASSWORD);
        post.deliver("one", &mail(HOME, "one", "Pupil1 is ill."));
        let own = Arc::clone(&post.office);
        for outside in [Outside::Closed, Outside::recording()] {
            post.office = Arc::new(Office::clone(&own).sending(outside));
            assert_eq!(post.read(), 0);
        }
        post.office = own;
        let now = post.store.now();
        post.store
            .write_now(move |tx| hold_back(tx, now))
            .expect("a copy");
        assert_eq!(post.read(), 0);
        assert!(post.page(officer()).contains("restored from a copy"));
        assert_eq!(post.lying(), (1, 0));
        assert!(post.store.write_now(let_out).expect("let out"));
        assert_eq!(post.read(), 1);
    });
}

#[test]
fn a_kept_password_goes_to_no_other_server_and_the_page_is_for_whoever_decides() {
    at_school(|post| {
        post.set_up(PASSWORD);
        assert_eq!(post.set_up("").0, StatusCode::SEE_OTHER, "it is kept");
        let body = "host=mail.elsewhere.example&port=993&tls=yes&user=x&password=&folder=INBOX&put_into=Rollbook&every=2";
        let (_, again) = posted(
            &post.office,
            "/absence-line/mailbox/set-up",
            body.to_owned(),
        );
        assert!(again.contains("Give the password"), "{again}");
        let body = "host=a%20b&port=0&user=&password=x&folder=a%22&put_into=a%22&every=61";
        let (_, again) = posted(
            &post.office,
            "/absence-line/mailbox/set-up",
            body.to_owned(),
        );
        for wrong in [
            "A name such as",
            "Give the port",
            "Give the name to sign in",
            "Letters without accents",
            "from 1 to 60",
        ] {
            assert!(again.contains(wrong), "{wrong}: {again}");
        }
        for path in [
            "/absence-line/mailbox/test",
            "/absence-line/mailbox/stop",
            "/absence-line/mailbox/set-up",
        ] {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let body = "host=h&port=1&user=u&password=p&folder=a&put_into=b&every=2";
            assert_eq!(
                ask(&post.office, officer(), request, body).0,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
        let teacher = account(Role::Teacher);
        assert_eq!(
            get(&post.office, teacher, "/absence-line/mailbox").0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            posted(&post.office, "/absence-line/mailbox/stop", String::new()).0,
            StatusCode::SEE_OTHER
        );
        post.deliver("one", &mail(HOME, "one", "Pupil1 is ill."));
        assert_eq!(post.read(), 0);
        assert_eq!(post.lying(), (1, 0));
    });
}

/// An e-mail of ours to the mother, handed over with this reference.
fn message_of(store: &TestStore, id: i64, reference: &'static str) {
    let made: Result<(), StoreError> = store.act_now(SCHOOL, move |act| {
        let now = act.at();
        let run = args![id + 1, day(TODAY), 0_i64, now, "first"];
        act.record(&MESSAGE_RUN, &run)?;
        let message = args![
            id,
            id + 1,
            "e-mail",
            800_i64,
            "Ms M Sample",
            "M.Sample@Example.org",
            "Not in school",
            "words",
            1_i64,
            reference,
            now
        ];
        act.record(&MESSAGE, &message)?;
        act.record(&MESSAGE_PUPIL, &args![id, 201_i64, 301_i64])?;
        act.record(
            &MESSAGE_STATE,
            &args![id, "handed over", None::<&str>, None::<&str>],
        )?;
        act.describe(Entry {
            account: 1,
            job_title: "Set-up",
            act: "set up",
            subject: "a message".to_owned(),
        });
        Ok(())
    });
    made.expect("a message of a test");
}

const OURS: &str = "rb-00000000000000000000000000000001";
const OTHER: &str = "rb-00000000000000000000000000000002";

fn bounce(reference: &str, name: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.hill.example\nReturn-Path: <>\nSubject: Undelivered\nMessage-ID: <{name}@mx.hill.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=edge\n\n--edge\nContent-Type: text/plain\n\nSorry.\n--edge\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.hill.example\n\nFinal-Recipient: rfc822; m.sample@example.org\nAction: failed\nStatus: {status}\n\n--edge\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{reference}@hill.example>\n\n--edge--\n"
    )
}

#[test]
fn a_report_that_a_message_could_not_be_delivered_is_noted_with_the_message_and_is_no_report_of_absence()
 {
    at_school(|post| {
        message_of(post.store, 900, OURS);
        message_of(post.store, 910, OTHER);
        post.set_up(PASSWORD);
        post.deliver("first", &bounce(OURS, "first", "5.1.1"));
        post.deliver("again", &bounce(OURS, "again", "5.1.1"));
        post.deliver("later", &bounce(OTHER, "later", "4.4.7"));
        post.deliver(
            "strange",
            &bounce("rb-00000000000000000000000000000003", "strange", "5.1.1"),
        );
        assert_eq!(post.read(), 0);
        let states = |id: i64| -> Vec<String> {
            let states = post.store.read_now(move |tx| {
                tx.query("select state from message_state where school_id = $1 and message_id = $2 order by seq", &args![SCHOOL, id], |row| row.get(0))
            });
            states.unwrap_or_else(|error: StoreError| panic!("{error}"))
        };
        assert_eq!(states(900), ["handed over", "failed for good"]);
        assert_eq!(states(910), ["handed over", "failed for now"]);
        assert_eq!((post.reports(), post.lying()), (0, (0, 4)));
        let page = post.page(officer());
        assert_eq!(
            page.matches("a message of ours did not arrive").count(),
            3,
            "{page}"
        );
    });
}

#[test]
fn an_answer_to_our_message_is_about_the_child_it_was_about_and_a_forged_mail_is_held_back() {
    at_school(|post| {
        message_of(post.store, 900, OURS);
        post.set_up(PASSWORD);
        let answer = mail(HOME, "answer", "Sorry, a bad cold.").replace(
            "Subject: Absence",
            &format!("Subject: Re: Not in school\nIn-Reply-To: <{OURS}@hill.example>"),
        );
        post.deliver("answer", &answer);
        let forged = mail(HOME, "forged", "Pupil1 is ill.").replace(
            "Subject: Absence",
            "Subject: Absence\nAuthentication-Results: mx.hill.example; dmarc=fail",
        );
        post.deliver_at("forged", &forged, "08:03");
        assert_eq!(post.read(), 2);
        let told = post.told();
        assert_eq!(
            (told[0].1, told[0].2.as_str()),
            (Some(301), "matched"),
            "{told:?}"
        );
        assert_eq!(told[1].2, "doubtful");
        assert!(
            told[1]
                .3
                .contains("does not come from the address it names"),
            "{told:?}"
        );
    });
}
