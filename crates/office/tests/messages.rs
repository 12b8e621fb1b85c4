//! Messages to families over a real store, on both engines, with a provider that sends nothing.

mod school;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, header};
use calendar::Session;
use messages::recording::Recording;
use messages::{Channel, Number, Received, Recipient, Refusal as Unsent};
use office::desk::Office;
use office::ids::{ContactId, PupilId};
use office::messages::staff::{carry_staff_mail, send_weekly_reports};
use office::messages::{
    Hold, Outside, carry_what_is_due, foresee, hold, keep_reply, send_first_messages,
    work_on_callbacks,
};
use office::people::Role;
use office::roll::records::{ADDRESS, CONTACT, CONTACT_ROUTE, PUPIL_CONTACT, RESIDENCE};
use office::year::records::DAY_EXCEPTION;
use school::{Answer, School, ask, day, each_school};
use store::{Entry, StoreError, args};

const TODAY: &str = "2026-11-24";

/// A school whose messages are recorded.
struct Sending<'s> {
    school: &'s School,
    office: Arc<Office>,
    router: Router,
    recording: Arc<Recording>,
}

fn sending(school: &School) -> Sending<'_> {
    school
        .clock
        .set("2026-11-24T09:05:00Z".parse().expect("a time"));
    let recording = Arc::new(Recording::new());
    let office = (*school.office)
        .clone()
        .sending(Outside::Recording(Arc::clone(&recording)));
    let office = Arc::new(office);
    Sending {
        router: office::router(Arc::clone(&office)),
        office,
        recording,
        school,
    }
}

impl Sending<'_> {
    fn send(&self, role: Role, method: Method, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).expect("a form of text");
        let request = self
            .school
            .request(Some(role), method, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .expect("a request");
        self.school.wait(ask(self.router.clone(), request))
    }

    fn get(&self, path: &str) -> Answer {
        self.send(Role::AttendanceManager, Method::GET, path, &[])
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Role::AttendanceManager, Method::POST, path, form)
    }

    /// The keys of the messages that the preview shows.
    fn keys(&self) -> Vec<String> {
        let page = self.get("/messages/first");
        let text = page.text().to_owned();
        text.split("name=\"send\" value=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().expect("a value").to_owned())
            .collect()
    }

    /// Previews and asks for everything; answers the path of the run.
    fn ask_for_all(&self) -> String {
        let keys = self.keys();
        let form: Vec<(&str, &str)> = keys.iter().map(|key| ("send", key.as_str())).collect();
        let answer = self.post("/messages/first", &form);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer
            .location()
            .split('?')
            .next()
            .expect("a path")
            .to_owned()
    }

    fn carry(&self) -> usize {
        self.school
            .wait(carry_what_is_due(&self.office))
            .expect("the database answers")
    }

    fn later(&self, seconds: i64) {
        let now = self.office.now();
        self.school.clock.set(now.plus_seconds(seconds));
    }

    /// What was handed over: to whom and in which words.
    fn sent(&self) -> Vec<(String, String)> {
        let to = |to: &Recipient| match to {
            Recipient::Text(number) => number.to_string(),
            Recipient::Email(address) => address.clone(),
            Recipient::Letter(_) => "a letter".to_owned(),
        };
        self.recording
            .sent()
            .iter()
            .map(|one| (to(&one.to), one.text.clone()))
            .collect()
    }

    /// A contact of these pupils with these ways to reach them.
    fn contact(
        &self,
        name: &str,
        pupils: &[&str],
        routes: &[(&str, &str)],
        no_messages: bool,
    ) -> ContactId {
        let pupils: Vec<PupilId> = pupils
            .iter()
            .map(|pupil| self.school.pupils[pupil].0)
            .collect();
        let routes: Vec<(String, String)> = routes
            .iter()
            .map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()))
            .collect();
        let name = name.to_owned();
        let account = self.school.people[&Role::AttendanceManager].account.0;
        let made: Result<ContactId, StoreError> =
            self.office.store.act_now(self.school.id, move |act| {
                let contact = ContactId(act.new_id());
                act.record(
                    &CONTACT,
                    &args![
                        contact,
                        "Ms",
                        "P",
                        name.as_str(),
                        None::<&str>,
                        false,
                        false
                    ],
                )?;
                for (kind, value) in &routes {
                    let route = act.new_id();
                    act.record(
                        &CONTACT_ROUTE,
                        &args![
                            route,
                            contact,
                            kind.as_str(),
                            value.as_str(),
                            value.as_str()
                        ],
                    )?;
                }
                for pupil in &pupils {
                    act.record(
                        &PUPIL_CONTACT,
                        &args![
                            *pupil,
                            contact,
                            1_i64,
                            "mother",
                            true,
                            true,
                            true,
                            false,
                            None::<&str>,
                            true,
                            no_messages
                        ],
                    )?;
                }
                act.describe(Entry {
                    account,
                    job_title: "Attendance manager",
                    act: "keep contact",
                    subject: format!("contact {contact}"),
                });
                Ok(contact)
            });
        made.expect("a contact of a test")
    }

    fn absent(&self, surnames: &[&str]) {
        for surname in surnames {
            self.school.mark(surname, TODAY, Session::Am, "N");
        }
    }

    /// Three families: Ash and Birch with one number, Cedar by e-mail, Dogwood whose contact must not be messaged.
    fn families(&self) {
        self.contact(
            "Ash",
            &["Ash", "Birch"],
            &[("mobile", "+447700900101")],
            false,
        );
        self.contact(
            "Cedar",
            &["Cedar"],
            &[("email", "cedar@example.org")],
            false,
        );
        self.contact(
            "Dogwood",
            &["Dogwood"],
            &[("mobile", "+447700900104")],
            true,
        );
        self.absent(&["Ash", "Birch", "Cedar", "Dogwood"]);
    }
}

#[test]
fn every_message_is_seen_before_it_goes_and_one_family_gets_one() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let page = at.get("/messages/first");
        let text = page.text();
        assert!(text.contains("Send 2 messages about 3 children"), "{text}");
        assert!(
            text.contains("Pat and Pat are not in school this morning"),
            "{text}"
        );
        assert!(
            text.contains("no automatic messages until reviewed"),
            "{text}"
        );
        let run = at.ask_for_all();
        assert_eq!(at.carry(), 1);
        let sent = at.sent();
        let to: Vec<&str> = sent.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, ["+447700900101", "cedar@example.org"]);
        at.later(6);
        at.carry();
        let page = at.get(&run);
        assert!(
            page.text().matches("delivered").count() >= 2,
            "{}",
            page.text()
        );
        // Each child has an attempt in the morning's log (E-018).
        const LOGGED: &str =
            "select count(*) from absence_entry where school_id = $1 and kind = 'attempt'";
        let id = school.id;
        let logged: Result<i64, StoreError> = at
            .office
            .store
            .read_now(move |tx| tx.query_one(LOGGED, &args![id], |row| row.get(0)));
        assert_eq!(logged.expect("a count"), 3);
        // Nobody is written to twice within the rest that the school has set.
        assert!(at.keys().is_empty());
        assert!(
            at.get("/messages/first")
                .text()
                .contains("had a message at 09:05")
        );
        assert_eq!(at.sent().len(), 2);
    });
}

#[test]
fn who_is_present_when_the_message_leaves_drops_out_and_the_other_child_stays_in() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let run = at.ask_for_all();
        school.mark("Birch", TODAY, Session::Am, "L");
        school.mark("Cedar", TODAY, Session::Am, "I");
        at.carry();
        at.later(2);
        at.carry();
        let sent = at.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].1.contains("Pat is not in school"), "{sent:?}");
        let page = at.get(&run);
        assert!(
            page.text().contains("dealt with since: Pat"),
            "{}",
            page.text()
        );
    });
}

#[test]
fn whom_the_board_has_as_missing_gets_a_message_once_the_register_has_closed_and_other_steps_come_first()
 {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.contact("Elm", &["Elm"], &[("mobile", "+447700900105")], false);
        at.contact("Gorse", &["Gorse"], &[("mobile", "+447700900107")], false);
        let page = at.get("/messages/first");
        assert!(!page.text().contains("Elm"), "9B is still open");
        school
            .clock
            .set("2026-11-24T09:11:00Z".parse().expect("a time"));
        let page = at.get("/messages/first");
        let text = page.text();
        assert!(text.contains("Send 3 messages about 4 children"), "{text}");
        assert!(text.contains("+447700900105"), "Elm has no mark: {text}");
        assert!(!text.contains("+447700900107"), "10A was never begun");
        assert!(
            text.contains("take it first, it says nothing about one child (E-013)"),
            "{text}"
        );
        // The father rang: Cedar's family is not written to, and the row is to be settled.
        let (_, cedar) = school.pupils["Cedar"];
        let rang = [
            ("kind", "attempt"),
            ("channel", "call"),
            ("outcome", "reached"),
            ("said", "a cold"),
        ];
        let said = at.post(&format!("/morning/{}", cedar.0), &rang);
        assert_eq!(said.status, 303, "{}", said.text());
        let page = at.get("/messages/first");
        let text = page.text();
        assert!(text.contains("Send 2 messages about 3 children"), "{text}");
        assert!(
            text.contains("A reason was given: confirm it with a code"),
            "{text}"
        );
        // What was asked for does not leave either when that happens meanwhile.
        let run = at.ask_for_all();
        let (_, ash) = school.pupils["Ash"];
        assert_eq!(at.post(&format!("/morning/{}", ash.0), &rang).status, 303);
        at.carry();
        at.later(2);
        at.carry();
        let to: Vec<String> = at
            .sent()
            .into_iter()
            .map(|(to, words)| format!("{to} {words}"))
            .collect();
        assert_eq!(to.len(), 2, "{to:?}");
        assert!(
            to.iter().all(|one| one.contains("Pat is not in school")),
            "{to:?}"
        );
        assert!(at.get(&run).text().contains("dealt with since: Pat"));
    });
}

#[test]
fn a_message_is_sent_only_in_the_words_that_were_seen() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let keys = at.keys();
        school.mark("Birch", TODAY, Session::Am, "L");
        let form: Vec<(&str, &str)> = keys.iter().map(|key| ("send", key.as_str())).collect();
        let answer = at.post("/messages/first", &form);
        assert!(
            answer.location().ends_with("did=asked&dropped=1"),
            "{}",
            answer.location()
        );
        at.carry();
        assert_eq!(at.sent().len(), 1);
        // A key that nobody previewed sends nothing.
        let answer = at.post("/messages/first", &[("send", "0123456789abcdef01234567")]);
        assert_eq!(answer.status, 422);
    });
}

#[test]
fn a_lost_answer_is_looked_up_and_nobody_is_written_to_twice() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.recording
            .refuse_next(Unsent::Unsure("the connection broke off".to_owned()));
        at.ask_for_all();
        at.carry();
        assert_eq!(at.sent().len(), 2);
        at.later(31);
        at.carry();
        at.later(31);
        at.carry();
        assert_eq!(at.sent().len(), 2);
        at.later(60);
        at.carry();
        let page = at.get("/messages");
        assert!(page.text().contains("2 delivered"), "{}", page.text());
    });
}

#[test]
fn a_worker_that_died_in_a_call_leaves_a_message_that_is_looked_up() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let run = at.ask_for_all();
        at.carry();
        assert_eq!(at.sent().len(), 2);
        // As if the worker had died after the provider took them and before that was noted.
        const DIED: &str = "update message_try set calling = $1";
        const FORGOTTEN: &str =
            "delete from message_state where state <> 'queued' and school_id = $1";
        let id = school.id;
        let done: Result<u64, StoreError> = at.office.store.write_now(move |tx| {
            tx.execute(FORGOTTEN, &args![id])?;
            tx.execute(DIED, &args![true])
        });
        assert_eq!(done.expect("two messages"), 2);
        at.later(400);
        at.carry();
        assert_eq!(at.sent().len(), 2);
        assert!(
            at.get(&run).text().contains("handed over"),
            "{}",
            at.get(&run).text()
        );
    });
}

#[test]
fn two_workers_at_once_hand_each_message_over_once() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.ask_for_all();
        let (one, two) = (carry_what_is_due(&at.office), carry_what_is_due(&at.office));
        let both = school.wait(async { tokio::join!(one, two) });
        assert!(both.0.is_ok() && both.1.is_ok());
        assert_eq!(at.sent().len(), 2);
    });
}

#[test]
fn what_has_not_left_is_stopped() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let run = at.ask_for_all();
        let stopped = at.post(&format!("{run}/stop"), &[]);
        assert!(stopped.location().ends_with("did=stopped"));
        at.carry();
        assert!(at.sent().is_empty());
        let page = at.get(&run);
        assert!(
            page.text().contains("stopped by Sam Attendance manager"),
            "{}",
            page.text()
        );
        // Stopping sent nothing, so the families can be written to after all.
        assert_eq!(at.keys().len(), 2);
    });
}

#[test]
fn in_quiet_hours_messages_wait_until_they_end() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let rules = [
            ("text", "((pupils))"),
            ("subject", "Absence"),
            ("email", "((pupils))"),
            ("quiet_from", "09:00"),
            ("quiet_until", "09:20"),
            ("rest_minutes", "60"),
            ("brake", "10"),
            ("from", TODAY),
        ];
        assert_eq!(at.post("/messages/rules", &rules).status, 303);
        let page = at.get("/messages/first");
        assert!(
            page.text().contains("Quiet hours: they leave on"),
            "{}",
            page.text()
        );
        at.ask_for_all();
        at.carry();
        assert!(at.sent().is_empty());
        school
            .clock
            .set("2026-11-24T09:20:01Z".parse().expect("a time"));
        at.carry();
        assert_eq!(at.sent().len(), 2);
    });
}

#[test]
fn more_than_the_brake_needs_a_second_look() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let rules = [
            ("text", "((pupils))"),
            ("subject", "Absence"),
            ("email", "((pupils))"),
            ("quiet_from", "19:00"),
            ("quiet_until", "07:00"),
            ("rest_minutes", "60"),
            ("brake", "1"),
            ("from", TODAY),
        ];
        let saved = at.post("/messages/rules", &rules);
        assert_eq!(saved.status, 303, "{}", saved.text());
        let keys = at.keys();
        let mut form: Vec<(&str, &str)> = keys.iter().map(|key| ("send", key.as_str())).collect();
        let refused = at.post("/messages/first", &form);
        assert_eq!(refused.status, 422);
        assert!(
            refused
                .text()
                .contains("more than the 1 that your school sends"),
            "{}",
            refused.text()
        );
        form.push(("sure", "yes"));
        assert_eq!(at.post("/messages/first", &form).status, 303);
    });
}

#[test]
fn words_with_a_field_that_nobody_fills_are_not_saved() {
    each_school(|school| {
        let at = sending(school);
        let rules = [
            ("text", "Dear ((parent))"),
            ("subject", "Absence"),
            ("email", ""),
            ("quiet_from", "late"),
            ("quiet_until", "07:00"),
            ("rest_minutes", "60"),
            ("brake", "0"),
            ("from", TODAY),
        ];
        let answer = at.post("/messages/rules", &rules);
        assert_eq!(answer.status, 422);
        for wrong in ["Give a time", "Give a number from 1"] {
            assert!(
                answer.text().contains(wrong),
                "{wrong} in {}",
                answer.text()
            );
        }
        let rules: Vec<(&str, &str)> = rules
            .into_iter()
            .map(|(name, value)| match name {
                "quiet_from" => (name, "19:00"),
                "brake" => (name, "5"),
                _ => (name, value),
            })
            .collect();
        let answer = at.post("/messages/rules", &rules);
        for wrong in [
            "there is no field ((parent))",
            "write the words of the message",
        ] {
            assert!(
                answer.text().contains(wrong),
                "{wrong} in {}",
                answer.text()
            );
        }
    });
}

#[test]
fn a_message_carries_the_familys_own_form_and_its_secret_is_nowhere_else() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let rules = |address: &'static str| {
            [
                ("text", "((pupils)) not in. Tell us: ((link))"),
                ("subject", "Absence"),
                ("email", "Tell us why ((link))."),
                ("address", address),
                ("quiet_from", "19:00"),
                ("quiet_until", "07:00"),
                ("rest_minutes", "60"),
                ("brake", "5"),
                ("from", TODAY),
            ]
        };
        for (address, wrong) in [
            ("", "((link)) needs it"),
            ("ftp://x", "begins with https://"),
        ] {
            let answer = at.post("/messages/rules", &rules(address));
            assert_eq!(answer.status, 422);
            assert!(answer.text().contains(wrong), "{}", answer.text());
        }
        let saved = at.post("/messages/rules", &rules("https://rollbook.example/"));
        assert_eq!(saved.status, 303, "{}", saved.text());
        // Cedar's parent may have no link: an order stands.
        let (id, cedar) = (school.id, school.pupils["Cedar"].0);
        let ordered = school.office.store.act_now(id, move |act| {
            const TIE: &str = "select contact_id from pupil_contact where school_id = $1 and pupil_id = $2 and superseded_seq is null";
            let contact: i64 = act.tx().query_one(TIE, &args![id, cedar], |row| row.get(0))?;
            let values = args![cedar, contact, 1_i64, "mother", true, true, true, true, "order", true, false];
            act.replace(&PUPIL_CONTACT, &values)?;
            act.describe(Entry {
                account: 1,
                job_title: "Attendance manager",
                act: "keep contact",
                subject: "an order".to_owned(),
            });
            Ok::<_, StoreError>(())
        });
        ordered.expect("an order of a test");
        let shown = at.get("/messages/first").text().to_owned();
        assert!(
            shown.contains("https://rollbook.example/from-home/") && shown.contains("xxxxxxxx"),
            "{shown}"
        );
        let run = at.ask_for_all();
        assert_eq!(at.carry(), 1);
        let sent = at.sent();
        let (to, words) = &sent[0];
        assert_eq!(to, "+447700900101");
        let (_, token) = words
            .split_once("https://rollbook.example/from-home/")
            .expect("a link");
        assert!(!token.contains("xxxx"), "{words}");
        assert_eq!(sent[1].1, "Tell us why by telephone.");
        // It opens their form, and stands neither in the record nor on a page.
        let form = school.get_signed_out(&format!("/from-home/{token}"));
        assert_eq!(form.status, 200, "{}", form.text());
        assert!(form.text().contains("Who is away"), "{}", form.text());
        assert!(!at.get(&run).text().contains(token));
        const KEPT: &str = "select words from message where school_id = $1";
        let kept: Vec<String> = school
            .office
            .store
            .read_now(move |tx| tx.query(KEPT, &args![id], |row| row.get(0)))
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert!(kept.iter().all(|words| !words.contains(token)), "{kept:?}");
        // It holds for two weeks.
        at.later(15 * 24 * 60 * 60);
        assert_eq!(
            school.get_signed_out(&format!("/from-home/{token}")).status,
            410
        );
    });
}

#[test]
fn a_hold_keeps_messages_back_until_its_last_day() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let (pupil, _) = school.pupils["Cedar"];
        let form = [
            ("pupil", pupil.to_string()),
            ("ground", "bereavement".to_owned()),
            ("reason", "ring Mr Sample first".to_owned()),
            ("first", TODAY.to_owned()),
            ("last", TODAY.to_owned()),
        ];
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let made = at.post("/messages/holds/new", &form);
        assert_eq!(made.status, 303, "{}", made.text());
        let page = at.get("/messages/first");
        assert!(
            page.text().contains("Held (bereavement) until"),
            "{}",
            page.text()
        );
        assert_eq!(at.keys().len(), 1);
        assert!(
            at.get("/messages/holds")
                .text()
                .contains("ring Mr Sample first")
        );
        school
            .clock
            .set("2026-11-25T09:15:00Z".parse().expect("a time"));
        for surname in ["Ash", "Cedar"] {
            school.mark(surname, "2026-11-25", Session::Am, "N");
        }
        // Looked at without the page: nobody stays signed in overnight.
        let (id, now) = (school.id, at.office.now());
        let both = [Channel::Text, Channel::Email];
        let foreseen = at
            .office
            .store
            .read_now(move |tx| foresee(tx, id, now, &both));
        assert_eq!(foreseen.expect("a foresight").messages.len(), 2);
    });
}

#[test]
fn a_number_that_failed_for_good_is_not_tried_again() {
    each_school(|school| {
        let at = sending(school);
        at.contact(
            "Elm",
            &["Elm"],
            &[("mobile", "+447700900002"), ("email", "elm@example.org")],
            false,
        );
        at.absent(&["Elm"]);
        let run = at.ask_for_all();
        at.carry();
        at.later(6);
        at.carry();
        let page = at.get(&run);
        assert!(
            page.text().contains("failed for good") && page.text().contains("Ring another contact"),
            "{}",
            page.text()
        );
        // What failed is no message that the family had: the next way is offered at once.
        let again = at.get("/messages/first");
        assert!(
            again
                .text()
                .contains("e-mail to <span class=\"nowrap\">elm@example.org"),
            "{}",
            again.text()
        );
    });
}

#[test]
fn an_answer_stands_beside_the_only_absent_child_of_its_number_and_else_waits() {
    each_school(|school| {
        let at = sending(school);
        at.contact("Fir", &["Fir"], &[("mobile", "+447700900106")], false);
        at.contact(
            "Ash",
            &["Ash", "Birch"],
            &[("mobile", "+447700900101")],
            false,
        );
        at.absent(&["Fir", "Ash", "Birch"]);
        at.ask_for_all();
        let from = |id: &str, number: &str, text: &str| Received {
            id: id.to_owned(),
            from: Number::read(number).ok_or_else(|| number.to_owned()),
            text: text.to_owned(),
            at: Some(at.office.now()),
        };
        at.recording
            .answer(from("a", "+447700900106", "Pat has a cough"));
        at.recording.answer(from("b", "+447700900101", "both ill"));
        at.carry();
        at.later(30);
        at.carry();
        let page = at.get("/messages");
        let text = page.text();
        let (fir, _) = school.pupils["Fir"];
        assert!(text.contains(&format!("<a href=\"/pupils/{fir}\">Fir, Pat</a></td><td data-label=\"Words\">Pat has a cough")), "{text}");
        assert!(
            text.contains(
                "not certain: look who this number belongs to</td><td data-label=\"Words\">both ill"
            ),
            "{text}"
        );
        // Told again, it is kept once.
        let told = from("a", "+447700900106", "Pat has a cough");
        let news = at
            .office
            .store
            .act_now(school.id, move |act| keep_reply(act, &told));
        assert!(!news.expect("kept"));
        // An answer is no mark.
        assert!(at.get("/messages/first").text().contains("Fir, Pat"));
    });
}

#[test]
fn a_provider_that_asks_to_slow_down_keeps_the_order_and_one_that_lets_nobody_in_loses_nothing() {
    each_school(|school| {
        let at = sending(school);
        at.contact("Ash", &["Ash"], &[("mobile", "+447700900101")], false);
        at.contact("Birch", &["Birch"], &[("mobile", "+447700900102")], false);
        at.absent(&["Ash", "Birch"]);
        at.recording.refuse_next(Unsent::SlowDown);
        at.recording
            .refuse_next(Unsent::ChannelClosed("403".to_owned()));
        at.ask_for_all();
        at.carry();
        assert!(at.sent().is_empty());
        at.later(2);
        at.carry();
        assert!(at.sent().is_empty());
        at.later(16 * 60);
        at.carry();
        at.later(16 * 60);
        at.carry();
        let mut to: Vec<String> = at.sent().into_iter().map(|(to, _)| to).collect();
        to.sort();
        assert_eq!(to, ["+447700900101", "+447700900102"]);
    });
}

#[test]
fn only_who_keeps_the_log_of_the_whole_school_sends_and_a_secret_is_never_shown() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        for role in [
            Role::Teacher,
            Role::Governor,
            Role::Inspector,
            Role::SystemAdministrator,
        ] {
            for path in ["/messages", "/messages/first", "/messages/holds"] {
                assert_eq!(
                    at.send(role, Method::GET, path, &[]).status,
                    404,
                    "{role:?} {path}"
                );
            }
        }
        // Who reads the log may look and not send.
        assert!(
            !at.send(Role::Dsl, Method::GET, "/messages/first", &[])
                .text()
                .contains("name=\"send\"")
        );
        let keys = at.keys();
        let refused = at.send(
            Role::Dsl,
            Method::POST,
            "/messages/first",
            &[("send", keys[0].as_str())],
        );
        assert_eq!(refused.status, 404);

        let key = "hill-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
        let template = "f33517ff-2a88-4f6e-b855-c550268ce08a";
        let form = [("key", key), ("text", template), ("trial", "yes")];
        let admin = Role::SystemAdministrator;
        let wrong = at.send(
            admin,
            Method::POST,
            "/messages/channels/notify",
            &[("key", "hill-1234"), ("text", "mine")],
        );
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.text().contains("not a key of GOV.UK Notify")
                && wrong.text().contains("no identifier"),
            "{}",
            wrong.text()
        );
        assert_eq!(
            at.send(admin, Method::POST, "/messages/channels/notify", &form)
                .status,
            303
        );
        let page = at.send(admin, Method::GET, "/messages/channels", &[]);
        assert!(
            page.text().contains("<dd>hill</dd>") && page.text().contains("trial: reaches only"),
            "{}",
            page.text()
        );
        let page = at.send(admin, Method::GET, "/messages/channels/notify", &[]);
        assert!(!page.text().contains("3d844edf-8d35"), "{}", page.text());

        let mail = [
            ("host", "mail.example"),
            ("port", "465"),
            ("tls", "yes"),
            ("user", "office"),
            ("password", "correct horse"),
            ("from", "Hill School <office@hill.example>"),
        ];
        assert_eq!(
            at.send(admin, Method::POST, "/messages/channels/mail", &mail)
                .status,
            303
        );
        // A kept password goes to no other server.
        let elsewhere: Vec<(&str, &str)> = mail
            .into_iter()
            .map(|(name, value)| match name {
                "host" => (name, "mail.elsewhere"),
                "password" => (name, ""),
                _ => (name, value),
            })
            .collect();
        assert_eq!(
            at.send(admin, Method::POST, "/messages/channels/mail", &elsewhere)
                .status,
            422
        );
        let tried = at.send(admin, Method::POST, "/messages/channels/verify", &[]);
        assert!(
            tried
                .text()
                .contains("Messages are kept here and sent to nobody"),
            "{}",
            tried.text()
        );
    });
}

#[test]
fn nothing_leaves_where_the_operator_has_not_allowed_it() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let page = school.get(Role::AttendanceManager, "/messages/first");
        assert!(
            page.text().contains("has not allowed it"),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("name=\"send\""));
        assert_eq!(
            school
                .wait(carry_what_is_due(&school.office))
                .expect("an answer"),
            0
        );
    });
}

#[test]
fn a_restored_copy_writes_to_no_family_until_it_is_let() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.ask_for_all();
        let (store, now) = (&school.office.store, school.office.now());
        let held: Result<(), store::StoreError> =
            store.write_now(move |tx| office::carry::hold_back(tx, now));
        held.expect("a store");
        at.later(10 * 60);
        assert_eq!((at.carry(), at.sent().len()), (0, 0));
        let page = at.get("/messages/first");
        assert!(
            page.text().contains("These records were restored"),
            "{}",
            page.text()
        );
        let let_out: Result<bool, store::StoreError> = store.write_now(office::carry::let_out);
        assert!(let_out.expect("a store"));
        assert!(at.carry() > 0);
    });
}

#[test]
fn a_hold_has_a_reason() {
    each_school(|school| {
        let (pupil, _) = school.pupils["Ash"];
        let new = Hold {
            pupil,
            ground: "other".to_owned(),
            reason: " ".to_owned(),
            first: day(TODAY),
            last: None,
        };
        let actor = office::people::Actor {
            account: school.people[&Role::AttendanceManager].account,
            school: school.id,
            name: String::new(),
            job_title: "Attendance manager".to_owned(),
            staff: None,
            roles: vec![Role::AttendanceManager],
            second_factor_at: None,
            several_schools: false,
            looks_back: None,
            limits: office::people::Limits::NONE,
        };
        let held = school
            .office
            .store
            .act_now(school.id, move |act| hold(act, &actor, &new));
        assert!(held.is_err());
    });
}

/// E-mails to staff: to whom, what about, in which words.
fn staff_mails(at: &Sending<'_>) -> Vec<(String, String, String)> {
    at.recording
        .sent()
        .iter()
        .filter_map(|one| match &one.to {
            Recipient::Email(to) => Some((to.clone(), one.subject.clone(), one.text.clone())),
            _ => None,
        })
        .collect()
}

impl Sending<'_> {
    fn carry_staff(&self) -> usize {
        self.school
            .wait(carry_staff_mail(&self.office))
            .expect("the database answers")
    }

    /// Gives everybody on the staff a work e-mail made of their role, but for one.
    fn work_emails(&self, but: Role) {
        let people: Vec<(office::ids::StaffId, Role)> = self
            .school
            .people
            .iter()
            .filter(|(role, _)| **role != but)
            .map(|(role, person)| (person.staff, *role))
            .collect();
        const GIVE: &str = "update staff set email = $3 where school_id = $1 and staff_id = $2";
        let school = self.school.id;
        let given: Result<(), StoreError> = self.office.store.write_now(move |tx| {
            for (staff, role) in &people {
                let address = format!("{}@hill.example", role.key());
                tx.execute(GIVE, &args![school, *staff, address])?;
            }
            Ok(())
        });
        given.expect("addresses of a test");
    }
}

#[test]
fn who_is_asked_for_a_register_has_one_e_mail_and_the_head_of_year_the_next() {
    each_school(|school| {
        let at = sending(school);
        at.work_emails(Role::Governor);
        let asked = at.post("/morning/remind", &[]);
        assert!(
            asked.location().contains("did=reminded&mailed=3"),
            "{}",
            asked.location()
        );
        // Two who press together send one: the register was asked for a moment ago.
        let again = at.post("/morning/remind", &[]);
        assert!(
            again.location().contains("did=nobody"),
            "{}",
            again.location()
        );
        assert_eq!(at.carry_staff(), 1);
        at.carry_staff();
        let sent = staff_mails(&at);
        let mut to: Vec<(&str, &str)> = sent
            .iter()
            .map(|(to, subject, _)| (to.as_str(), subject.as_str()))
            .collect();
        to.sort_unstable();
        // 9A has a tutor; 9B has none, so its head of year is asked; 10A has neither, so the attendance lead is.
        assert_eq!(
            to,
            [
                ("attendance_manager@hill.example", "Register not in: 10A"),
                ("head_of_house_or_year@hill.example", "Register not in: 9B"),
                ("tutor@hill.example", "Register not in: 9A"),
            ]
        );
        for (_, subject, words) in &sent {
            for surname in school.pupils.keys() {
                assert!(
                    !subject.contains(surname) && !words.contains(surname),
                    "{words}"
                );
            }
        }
        let board = at.get("/morning");
        assert!(board.text().contains("E-mail to 3: "), "{}", board.text());
        at.later(5 * 60);
        at.post("/morning/remind", &[]);
        at.carry_staff();
        let second: Vec<(String, String, String)> = staff_mails(&at).split_off(3);
        let head = second.iter().find(|(to, _, _)| to.starts_with("head_of"));
        assert!(
            head.is_some_and(|(_, subject, words)| subject == "Registers not in: 9A, 9B"
                && words.contains("was asked for before")),
            "{second:?}"
        );
        let page = at.get("/messages/staff");
        assert!(
            page.text().contains("Register not in: 9A"),
            "{}",
            page.text()
        );
        assert_eq!(
            at.send(Role::Teacher, Method::GET, "/messages/staff", &[])
                .status,
            404
        );
    });
}

#[test]
fn leaders_have_the_two_measures_and_who_has_no_address_stands_there() {
    each_school(|school| {
        let at = sending(school);
        at.work_emails(Role::DeputyHeadPastoral);
        at.absent(&["Ash"]);
        let signed = at.post("/morning/sign-off", &[("note", "Ash was at the gate")]);
        assert!(
            signed.location().ends_with("mailed=2"),
            "{}",
            signed.location()
        );
        at.carry_staff();
        let sent = staff_mails(&at);
        assert_eq!(sent.len(), 1, "{sent:?}");
        let (to, subject, words) = &sent[0];
        assert_eq!(to, "headteacher@hill.example");
        assert!(subject.contains("24 November 2026"), "{subject}");
        assert!(words.contains("Children not located at 10:00"), "{words}");
        assert!(
            words.contains("There is a note") && !words.contains("Ash"),
            "{words}"
        );
        let page = at.get("/messages/staff");
        assert!(
            page.text().contains("no work e-mail in the staff record"),
            "{}",
            page.text()
        );
    });
}

/// Staff train on these days, so that the day before them is the last of the week.
fn inset(at: &Sending<'_>, days: &'static [&str]) {
    let account = at.school.people[&Role::AttendanceManager].account.0;
    let closed: Result<(), StoreError> = at.office.store.act_now(at.school.id, move |act| {
        for on in days {
            act.record(&DAY_EXCEPTION, &args![day(on), "inset", "Training"])?;
        }
        act.describe(Entry {
            account,
            job_title: "Attendance manager",
            act: "close days",
            subject: "days".to_owned(),
        });
        Ok(())
    });
    closed.expect("days of a test");
}

#[test]
fn at_the_end_of_a_week_tutors_and_heads_are_told_of_their_own_pupils_once_by_two_programs_together()
 {
    each_school(|school| {
        let at = sending(school);
        at.work_emails(Role::Governor);
        at.absent(&["Ash", "Birch", "Gorse"]);
        let weekly = || send_weekly_reports(&at.office);
        at.at("15:00");
        assert_eq!(at.school.wait(weekly()).expect("an answer"), 0, "a Tuesday");
        inset(&at, &["2026-11-25", "2026-11-26", "2026-11-27"]);
        at.at("14:59");
        assert_eq!(
            at.school.wait(weekly()).expect("an answer"),
            0,
            "before its time"
        );
        at.at("15:00");
        // Nobody heads Year 10 or tutors 10A, so Gorse is in nobody's report.
        let both = at.school.wait(async { tokio::join!(weekly(), weekly()) });
        let sent = both.0.expect("an answer") + both.1.expect("an answer");
        assert_eq!(sent, 2);
        assert_eq!(at.school.wait(weekly()).expect("an answer"), 0);
        at.carry_staff();
        let mut mails = staff_mails(&at);
        mails.sort();
        let to: Vec<&str> = mails.iter().map(|(to, _, _)| to.as_str()).collect();
        assert_eq!(
            to,
            ["head_of_house_or_year@hill.example", "tutor@hill.example"]
        );
        assert!(
            mails[0].2.contains("Year 9: 2 pupils, 2 sessions"),
            "{}",
            mails[0].2
        );
        assert!(
            mails[1].2.contains("9A: 2 pupils, 2 sessions"),
            "{}",
            mails[1].2
        );
        assert!(!mails[1].2.contains("Ash"), "{}", mails[1].2);
        let page = at.get("/unexplained/week");
        assert!(
            page.text()
                .contains("Sent on 24 November 2026. E-mail to 2: "),
            "{}",
            page.text()
        );
        // Asked for again by hand on the same day: everybody has had it.
        let again = at.post("/messages/staff/week", &[]);
        assert!(again.location().ends_with("sent=0"), "{}", again.location());
        assert_eq!(
            at.send(Role::Tutor, Method::POST, "/messages/staff/week", &[])
                .status,
            404
        );
    });
}

#[test]
fn an_e_mail_to_staff_whose_answer_was_lost_is_looked_up_and_not_sent_again() {
    each_school(|school| {
        let at = sending(school);
        at.work_emails(Role::Governor);
        at.absent(&["Ash"]);
        at.recording
            .refuse_next(Unsent::Unsure("the connection broke off".to_owned()));
        at.recording
            .refuse_next(Unsent::NotNow("the mail server answered 421".to_owned()));
        at.post("/morning/sign-off", &[]);
        at.carry_staff();
        at.later(40);
        at.carry_staff();
        at.later(90);
        at.carry_staff();
        assert_eq!(staff_mails(&at).len(), 2, "{:?}", staff_mails(&at));
    });
}

#[test]
fn nothing_goes_to_staff_without_a_channel_and_the_page_says_so() {
    each_school(|school| {
        let at = sending(school);
        at.work_emails(Role::Governor);
        let asked = school.post(Role::AttendanceManager, "/morning/remind", &[]);
        assert!(
            asked.location().ends_with("mailed=0"),
            "{}",
            asked.location()
        );
        let page = school.get(Role::AttendanceManager, "/messages/staff");
        assert!(
            page.text().contains("has not allowed it"),
            "{}",
            page.text()
        );
        let closed = Arc::new((*school.office).clone().sending(Outside::open()));
        let request = school
            .request(
                Some(Role::AttendanceManager),
                Method::GET,
                "/messages/staff",
            )
            .body(Body::empty())
            .expect("a request");
        let page = school.wait(ask(office::router(closed), request));
        assert!(
            page.text().contains("no channel for e-mail yet"),
            "{}",
            page.text()
        );
        let rules = [("registers", ""), ("week_at", "15:00"), ("from", TODAY)];
        assert_eq!(at.post("/messages/staff/rules", &rules).status, 303);
        let page = at.get("/messages/staff");
        assert!(
            page.text().contains("switched this one off"),
            "{}",
            page.text()
        );
        let wrong = [
            ("week_at", "15:00"),
            ("from", TODAY),
            ("address", "hill.example"),
        ];
        assert_eq!(at.post("/messages/staff/rules", &wrong).status, 422);
    });
}

/// Gives a contact an address.
fn lives_at(at: &Sending<'_>, contact: ContactId, lines: [&'static str; 5]) {
    let account = at.school.people[&Role::AttendanceManager].account.0;
    let given: Result<(), StoreError> = at.office.store.act_now(at.school.id, move |act| {
        let (address, residence) = (act.new_id(), act.new_id());
        let [one, two, town, county, postcode] = lines;
        act.record(
            &ADDRESS,
            &args![address, one, two, town, county, postcode, None::<&str>],
        )?;
        let never = None::<calendar::Day>;
        act.record(
            &RESIDENCE,
            &args![residence, "contact", contact, address, never, never],
        )?;
        act.describe(Entry {
            account,
            job_title: "Attendance manager",
            act: "keep address",
            subject: format!("contact {contact}"),
        });
        Ok(())
    });
    given.expect("an address of a test");
}

#[test]
fn who_can_be_reached_by_nothing_else_has_a_letter_that_is_printed_posted_and_kept() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let by_post = at.contact("Elm", &["Elm"], &[], false);
        lives_at(
            &at,
            by_post,
            ["1 Hill Road", "", "Sampleton", "", "SW1A 1AA"],
        );
        // This one has an address too, and a telephone that can be rung: a letter is the last way.
        let rung = at.contact("Fir", &["Fir"], &[("home", "+441632960001")], false);
        lives_at(&at, rung, ["2 Hill Road", "", "Sampleton", "", "SW1A 1AA"]);
        let nowhere = at.contact("Gorse", &["Gorse"], &[], false);
        lives_at(&at, nowhere, ["No fixed abode", "", "", "", ""]);
        at.absent(&["Elm", "Fir", "Gorse"]);
        let page = at.get("/messages/first");
        let text = page.text();
        assert!(text.contains("Send 3 messages about 4 children"), "{text}");
        assert!(
            text.contains("Ms P Elm\n1 Hill Road\nSampleton\nSW1A 1AA"),
            "{text}"
        );
        assert!(
            text.contains("no telephone number or e-mail address"),
            "{text}"
        );
        assert!(
            text.contains("cannot be posted to no fixed abode"),
            "{text}"
        );
        let run = at.ask_for_all();
        at.carry();
        assert_eq!(
            at.sent().len(),
            2,
            "the letter leaves by nobody: {:?}",
            at.sent()
        );
        assert!(at.get(&run).text().contains("It waits under Letters"));
        let page = at.get("/messages/letters");
        assert!(
            page.text().contains("Elm, Pat") && page.text().contains("1 Hill Road"),
            "{}",
            page.text()
        );
        let id = page
            .text()
            .split("name=\"letter\" value=\"")
            .nth(1)
            .expect("a letter");
        let id = id.split('"').next().expect("a value").to_owned();
        let take = |list: &str| {
            let form = [
                ("list", list),
                ("format", "pdf"),
                ("reason", "To post them"),
            ];
            at.post("/take-away", &form)
        };
        let printed = take("/messages/letters");
        assert_eq!(printed.status, 200, "{}", printed.text());
        assert!(printed.text().contains("1 Hill Road"), "{}", printed.text());
        let mut form = vec![
            ("posted_on", "2026-11-25"),
            ("how", "first class"),
            ("proof", "CP 12"),
        ];
        form.push(("letter", id.as_str()));
        let tomorrow = at.post("/messages/letters/posted", &form);
        assert_eq!(tomorrow.status, 422, "a day that has not come");
        form[0].1 = TODAY;
        let posted = at.post("/messages/letters/posted", &form);
        assert!(posted.location().ends_with("posted=1"), "{}", posted.text());
        let again = at.post("/messages/letters/posted", &form);
        assert_eq!(again.status, 422, "it was recorded");
        let page = at.get("/messages/letters");
        let text = page.text();
        assert!(
            text.contains("CP 12") && text.contains("26 November 2026"),
            "{text}"
        );
        assert!(!text.contains("name=\"letter\""), "{text}");
        let kept = take(&format!("/messages/letters/{id}"));
        assert!(kept.text().contains("1 Hill Road"), "{}", kept.text());
        assert!(
            at.get(&run)
                .text()
                .contains("posted on 24 November 2026, first class")
        );
        for path in ["/messages/letters", "/messages/letters/posted"] {
            let method = if path.ends_with("posted") {
                Method::POST
            } else {
                Method::GET
            };
            let form = [
                ("posted_on", TODAY),
                ("how", "first class"),
                ("letter", "1"),
            ];
            assert_eq!(
                at.send(Role::Teacher, method, path, &form).status,
                404,
                "{path}"
            );
        }
    });
}

/// The reference of the first message that was handed over.
fn first_reference(at: &Sending<'_>) -> String {
    at.recording.sent()[0].reference.to_string()
}

impl Sending<'_> {
    /// Tells as GOV.UK Notify does, with this token.
    fn tell(&self, token: &str, body: &str) -> u16 {
        let request = axum::http::Request::builder()
            .method(Method::POST)
            .uri(format!("/notify/{}", self.school.id.0))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request");
        self.school
            .wait(ask(self.router.clone(), request))
            .status
            .as_u16()
    }

    fn work(&self) -> usize {
        self.school
            .wait(work_on_callbacks(&self.office))
            .expect("the database answers")
    }

    /// Sets GOV.UK Notify up and answers the token for its callbacks.
    fn token(&self) -> String {
        let key = "hill-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
        let template = "f33517ff-2a88-4f6e-b855-c550268ce08a";
        let own = [("key", key), ("text", template)];
        let set = self.send(
            Role::SystemAdministrator,
            Method::POST,
            "/messages/channels/notify",
            &own,
        );
        assert_eq!(set.status, 303, "{}", set.text());
        let page = self.send(
            Role::SystemAdministrator,
            Method::POST,
            "/messages/channels/callback",
            &[],
        );
        let token = page
            .text()
            .split("Bearer token</dt><dd><code class=\"wrap\">")
            .nth(1);
        token
            .expect("a token")
            .split('<')
            .next()
            .expect("its end")
            .to_owned()
    }
}

#[test]
fn what_notify_tells_moves_a_message_of_ours_once_and_forwards_and_nothing_else() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        let token = at.token();
        let run = at.ask_for_all();
        at.carry();
        let reference = first_reference(&at);
        let told = |reference: &str, status: &str| {
            format!(
                r#"{{"id":"740e5834-3a29-46b4-9a6f-16142fde533a","reference":"{reference}","to":"+447700900101","status":"{status}",
                "created_at":"2026-11-24T09:05:00.000000Z","completed_at":"2026-11-24T09:06:00.000000Z","sent_at":"2026-11-24T09:05:10.000000Z",
                "notification_type":"sms","template_id":"f33517ff-2a88-4f6e-b855-c550268ce08a","template_version":1}}"#
            )
        };
        assert_eq!(at.tell("wrong", &told(&reference, "delivered")), 401);
        assert_eq!(at.work(), 0, "nothing is kept without the token");
        let stranger = "rb-00000000000000000000000000000000";
        assert_eq!(at.tell(&token, &told(stranger, "permanent-failure")), 200);
        assert_eq!(at.tell(&token, "no JSON"), 200, "kept and ignored");
        assert_eq!(at.tell(&token, &told(&reference, "delivered")), 200);
        assert_eq!(at.tell(&token, &told(&reference, "delivered")), 200);
        assert_eq!(at.work(), 3, "the same is kept once");
        assert!(at.get(&run).text().contains("delivered"));
        // What comes later and says less moves nothing back (I-121).
        assert_eq!(at.tell(&token, &told(&reference, "permanent-failure")), 200);
        assert_eq!(at.work(), 1);
        assert!(!at.get(&run).text().contains("failed for good"));
        const LOGGED: &str =
            "select count(*) from absence_entry where school_id = $1 and kind = 'attempt'";
        let id = school.id;
        let logged: Result<i64, StoreError> = at
            .office
            .store
            .read_now(move |tx| tx.query_one(LOGGED, &args![id], |row| row.get(0)));
        assert_eq!(
            logged.expect("a count"),
            2,
            "both children of that number have their attempt (E-018)"
        );
        let reply = r#"{"id":"97a5e1d2-7f8a-4f8e-8d3d-2e2c1b0a9f10","source_number":"447700900101","destination_number":"07700900999",
            "message":"on our way","date_received":"2026-11-24T09:07:00.000000Z"}"#;
        assert_eq!(at.tell(&token, reply), 200);
        at.work();
        assert!(at.get("/messages").text().contains("on our way"));
        // A new token ends the one before.
        let other = at.send(
            Role::SystemAdministrator,
            Method::POST,
            "/messages/channels/callback",
            &[],
        );
        assert_eq!(other.status, 200);
        assert_eq!(at.tell(&token, "{}"), 401);
        assert_eq!(
            at.send(
                Role::Teacher,
                Method::POST,
                "/messages/channels/callback",
                &[]
            )
            .status,
            404
        );
    });
}

#[test]
fn a_letter_that_somebody_writes_is_seen_first_and_goes_to_each_parent_with_their_own_address() {
    each_school(|school| {
        let at = sending(school);
        let one = at.contact("Hazel", &["Hazel"], &[("mobile", "+447700900108")], false);
        lives_at(&at, one, ["1 Hill Road", "", "Sampleton", "", "SW1A 1AA"]);
        let other = at.contact("Elder", &["Hazel"], &[], false);
        lives_at(&at, other, ["9 Dale Road", "", "Sampleton", "", "SW1A 2AA"]);
        let without = at.contact("Oak", &["Hazel"], &[], false);
        let (pupil, _) = school.pupils["Hazel"];
        let (pupil, one, other, without) = (
            pupil.to_string(),
            one.to_string(),
            other.to_string(),
            without.to_string(),
        );
        let form = at.get(&format!("/messages/letters/new?pupil={pupil}"));
        assert!(
            form.text().contains("no letter: no address is recorded"),
            "{}",
            form.text()
        );
        let mut letter = vec![
            ("pupil", pupil.as_str()),
            ("to", one.as_str()),
            ("to", other.as_str()),
            ("subject", "How can we reach you?"),
            ("words", "Please tell us.\n\nThe office"),
        ];
        let seen = at.post("/messages/letters/new", &letter);
        let text = seen.text();
        assert!(
            text.contains("Dear Ms P Hazel,") && text.contains("9 Dale Road"),
            "{text}"
        );
        assert!(
            at.get("/messages/letters")
                .text()
                .contains("No letter waits"),
            "nothing went yet"
        );
        letter.push(("go", "send"));
        let sent = at.post("/messages/letters/new", &letter);
        assert_eq!(sent.status, 303, "{}", sent.text());
        at.carry();
        let page = at.get("/messages/letters");
        assert_eq!(
            page.text().matches("name=\"letter\"").count(),
            2,
            "{}",
            page.text()
        );
        assert!(at.sent().is_empty(), "the school prints it");
        let to_nobody = [
            ("pupil", pupil.as_str()),
            ("to", without.as_str()),
            ("subject", "a"),
            ("words", "b"),
            ("go", "send"),
        ];
        assert_eq!(at.post("/messages/letters/new", &to_nobody).status, 422);
        assert_eq!(
            at.send(Role::Dsl, Method::POST, "/messages/letters/new", &letter)
                .status,
            404
        );
    });
}

#[test]
fn an_address_at_which_a_message_failed_for_good_is_shown_at_the_contact_with_what_comes_next() {
    each_school(|school| {
        let at = sending(school);
        let ways = [("mobile", "+447700900002"), ("email", "fir@example.org")];
        at.contact("Fir", &["Fir"], &ways, false);
        at.absent(&["Fir"]);
        at.ask_for_all();
        at.carry();
        at.later(6);
        at.carry();
        let (pupil, _) = school.pupils["Fir"];
        let page = at.get(&format!("/pupils/{pupil}/contacts"));
        assert!(
            page.text()
                .contains("a message did not arrive on Tue 24 Nov: put it right, next: e-mail"),
            "{}",
            page.text()
        );
    });
}

impl Sending<'_> {
    fn by_itself(&self) -> usize {
        self.school
            .wait(send_first_messages(&self.office))
            .expect("the database answers")
    }

    /// Lets the first message go by itself for green, once more where it failed for now.
    fn switch_on(&self) {
        let rules = [
            ("text", "((pupils))"),
            ("subject", "Absence"),
            ("email", "((pupils))"),
            ("quiet_from", "19:00"),
            ("quiet_until", "07:00"),
            ("rest_minutes", "60"),
            ("brake", "10"),
            ("from", TODAY),
            ("auto_green", "yes"),
            ("auto_repeat", "yes"),
        ];
        let saved = self.post("/messages/rules", &rules);
        assert_eq!(saved.status, 303, "{}", saved.text());
    }

    /// Sets the clock; everybody is still signed in.
    fn at(&self, time: &str) {
        let moment = format!("2026-11-24T{time}:00Z");
        let moment: calendar::Instant = moment.parse().expect("a time");
        self.school.clock.set(moment);
        const SEEN: &str = "update sign_in set seen_at = $1";
        let seen: Result<u64, StoreError> = self
            .office
            .store
            .write_now(move |tx| tx.execute(SEEN, &args![moment]));
        seen.expect("sign-ins of a test");
    }
}

#[test]
fn the_first_message_goes_by_itself_where_it_is_switched_on_and_two_programs_send_one() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.at("09:40");
        assert_eq!(at.by_itself(), 0, "off until the school decides it");
        at.switch_on();
        at.at("09:39");
        assert_eq!(
            at.by_itself(),
            0,
            "green: 30 minutes after the close at 09:10"
        );
        at.at("09:40");
        let mut other = (*at.office).clone();
        other.shelf = Arc::default();
        let other = Arc::new(other);
        let (one, two) = school.wait(async {
            tokio::join!(send_first_messages(&at.office), send_first_messages(&other))
        });
        let sent = one.expect("an answer") + two.expect("an answer");
        assert_eq!(
            sent, 2,
            "Ash and Birch share one, Cedar has one, Dogwood's must not be messaged"
        );
        assert_eq!(at.by_itself(), 0, "never twice");
        at.carry();
        assert_eq!(at.sent().len(), 2, "{:?}", at.sent());
        let page = at.get("/messages");
        assert!(
            page.text().contains("Rollbook, by itself"),
            "{}",
            page.text()
        );
        assert!(
            page.text().contains("at the time of the ladder: green"),
            "{}",
            page.text()
        );
    });
}

#[test]
fn one_key_stops_what_goes_by_itself_and_what_is_an_hour_late_waits_for_a_person() {
    each_school(|school| {
        let at = sending(school);
        at.families();
        at.switch_on();
        let stopped = at.post("/messages/automatic", &[]);
        assert!(stopped.location().ends_with("did=paused"));
        at.at("09:45");
        assert_eq!(at.by_itself(), 0);
        assert!(at.get("/messages").text().contains("Stopped for today."));
        assert_eq!(
            at.send(Role::Dsl, Method::POST, "/messages/automatic", &[])
                .status,
            404
        );
        at.post("/messages/automatic", &[]);
        at.at("10:40");
        assert_eq!(at.by_itself(), 0, "an hour late");
        at.at("10:39");
        assert_eq!(at.by_itself(), 2);
    });
}

#[test]
fn what_failed_for_now_is_repeated_once_two_hours_later() {
    each_school(|school| {
        let at = sending(school);
        at.contact("Fir", &["Fir"], &[("mobile", "+447700900003")], false);
        at.absent(&["Fir"]);
        at.switch_on();
        at.at("09:40");
        assert_eq!(at.by_itself(), 1);
        at.carry();
        at.later(10);
        at.carry();
        assert_eq!(at.by_itself(), 0);
        at.at("11:39");
        assert_eq!(at.by_itself(), 0);
        at.at("11:41");
        assert_eq!(at.by_itself(), 1);
        at.carry();
        at.later(10);
        at.carry();
        assert_eq!(at.sent().len(), 2);
        at.at("13:41");
        assert_eq!(at.by_itself(), 0, "once");
    });
}
