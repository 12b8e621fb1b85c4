//! GOV.UK Notify, by its published contract.

use calendar::Instant;
use messages::letter::PostalAddress;
use messages::notify::{Key, Notify, Postage, Settings};
use messages::retry::{Next, next};
use messages::{Base, Channel, Message, Pdf, Provider, Recipient, Refusal, State, Taken};
use serde_json::json;

use crate::stand_in::{KEY, StandIn, Trouble};
use crate::{clock, message, now, reference, text_to};

const TEXT: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
const EMAIL: &str = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3";
const LETTER: &str = "64415853-cb86-4cc4-b597-2aaa94ef8c39";

fn settings(key: &str) -> Settings {
    Settings {
        key: Key::read(key).expect("a key"),
        text_template: Some(TEXT.to_owned()),
        email_template: Some(EMAIL.to_owned()),
        letter_template: Some(LETTER.to_owned()),
        postage: Postage::Second,
    }
}

async fn both() -> (StandIn, Notify) {
    let (stand_in, base) = StandIn::listening().await;
    (stand_in, Notify::new(settings(KEY), base, clock()))
}

fn to_address() -> Recipient {
    let lines = ["Mrs A Parent", "1 Hill Road", "Hill", "SW1A 1AA"];
    Recipient::Letter(PostalAddress::check(&lines).expect("an address"))
}

/// Hands a message over as an office does: what is refused is tried again when and as `retry` says. Answers the end and the pauses.
async fn carried(provider: &dyn Provider, message: &Message) -> (Result<Taken, Next>, Vec<i64>) {
    let (mut at, mut tries, mut pauses): (Instant, u32, Vec<i64>) = (now(), 0, Vec::new());
    loop {
        tries += 1;
        let refusal = match provider.send(message).await {
            Ok(taken) => return (Ok(taken), pauses),
            Err(refusal) => refusal,
        };
        match next(&refusal, &provider.features(), tries, now(), at) {
            Next::Again { at: later, look_up } => {
                pauses.push(at.seconds_until(later));
                at = later;
                if look_up
                    && let Some(report) = provider
                        .status(&message.reference)
                        .await
                        .expect("an answer")
                {
                    let state = report.state.expect("a word that we know");
                    return (
                        Ok(Taken {
                            id: report.id,
                            state,
                        }),
                        pauses,
                    );
                }
            }
            Next::Pause {
                until,
                alert: false,
            } => {
                pauses.push(at.seconds_until(until));
                at = until;
            }
            end => return (Err(end), pauses),
        }
    }
}

#[tokio::test]
async fn every_kind_of_message_is_asked_for_as_the_published_description_says() {
    let (stand_in, notify) = both().await;
    let own_letter = Message {
        pdf: Some(Pdf::new("letter.pdf".to_owned(), b"%PDF-1.7".to_vec()).expect("a PDF")),
        ..message(4, to_address())
    };
    for (message, state) in [
        (message(1, text_to("+447700900001")), State::HandedOver),
        (
            message(2, Recipient::Email("a.parent@example.org".to_owned())),
            State::HandedOver,
        ),
        (message(3, to_address()), State::HandedOver),
        (own_letter, State::Checking),
    ] {
        let taken = notify.send(&message).await.expect("taken");
        assert_eq!(taken.state, state);
    }
    stand_in.with(|seen| {
        assert_eq!(seen.faults, Vec::<String>::new());
        let (_, text) = &seen.taken[0];
        assert_eq!(text["phone_number"], "+447700900001");
        assert_eq!(
            text["personalisation"]["body"],
            "Ella is not at school this morning.\n\nPlease ring us."
        );
        assert_eq!(text["reference"], reference(1).as_str());
        let (_, letter) = &seen.taken[2];
        assert_eq!(letter["personalisation"]["address_line_4"], "SW1A 1AA");
        assert_eq!(seen.taken[3].1["content"], "JVBERi0xLjc=");
    });
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_by_our_reference_and_nothing_is_sent_twice() {
    let (stand_in, notify) = both().await;
    stand_in.trouble(Trouble::TakesAndHangsUp);
    let (end, pauses) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert_eq!(end.expect("taken").state, State::HandedOver);
    assert_eq!(pauses, [30]);
    stand_in.with(|seen| assert_eq!(seen.taken.len(), 1));
}

#[tokio::test]
async fn a_message_that_was_not_taken_when_the_connection_broke_is_sent_again_once() {
    let (stand_in, notify) = both().await;
    stand_in.trouble(Trouble::HangsUp);
    let (end, _) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert!(end.is_ok());
    stand_in.with(|seen| {
        assert_eq!(seen.taken.len(), 1);
        assert_eq!(seen.taken[0].1["reference"], reference(1).as_str());
    });
}

#[tokio::test]
async fn a_service_in_trouble_is_asked_again_with_growing_pauses_and_the_same_reference() {
    let (stand_in, notify) = both().await;
    for status in [500, 504, 500] {
        stand_in.trouble(Trouble::Says(status, "Exception"));
    }
    let (end, pauses) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert!(end.is_ok());
    assert_eq!(pauses, [30, 60, 120]);
    stand_in.with(|seen| {
        assert_eq!(seen.taken.len(), 1);
        // Before each new try it was looked up.
        let looks = seen
            .asked
            .iter()
            .filter(|one| *one == "GetMultipleMessagesResponse");
        assert_eq!(looks.count(), 3);
    });
}

#[tokio::test]
async fn too_fast_is_slowed_down_and_too_many_today_waits_for_midnight() {
    let (stand_in, notify) = both().await;
    stand_in.trouble(Trouble::Says(429, "RateLimitError"));
    let (end, pauses) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert!(end.is_ok());
    assert_eq!(pauses, [30]);

    stand_in.trouble(Trouble::Says(429, "TooManyRequestsError"));
    let (end, _) = carried(&notify, &message(2, text_to("+447700900001"))).await;
    let midnight = "2026-11-24T00:00:00Z".parse().expect("a time");
    assert_eq!(
        end,
        Err(Next::Pause {
            until: midnight,
            alert: true
        })
    );
    stand_in.with(|seen| assert_eq!(seen.taken.len(), 1));
}

#[tokio::test]
async fn a_key_that_is_not_let_in_stops_the_channel() {
    let (stand_in, base) = StandIn::listening().await;
    let wrong = KEY.replace("3d844edf", "00000000");
    let notify = Notify::new(settings(&wrong), base, clock());
    let (end, _) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert_eq!(end, Err(Next::StopChannel));
    assert!(matches!(
        notify.verify().await,
        Err(Refusal::ChannelClosed(_))
    ));
    stand_in.with(|seen| assert!(seen.taken.is_empty()));
}

#[tokio::test]
async fn a_number_that_is_refused_goes_on_the_list_to_repair_and_a_missing_template_does_not() {
    let (stand_in, notify) = both().await;
    stand_in.trouble(Trouble::Says(400, "ValidationError"));
    let (end, _) = carried(&notify, &message(1, text_to("+447700900001"))).await;
    assert_eq!(
        end,
        Err(Next::End {
            state: State::FailedPermanent,
            repair: true
        })
    );
    stand_in.trouble(Trouble::Says(400, "BadRequestError"));
    let (end, _) = carried(&notify, &message(2, text_to("+447700900001"))).await;
    assert_eq!(
        end,
        Err(Next::End {
            state: State::FailedTechnical,
            repair: false
        })
    );
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_has_certainly_taken_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let base = Base::read(&format!("http://{address}")).expect("a base");
    let notify = Notify::new(settings(KEY), base, clock());
    let refused = notify.send(&message(1, text_to("+447700900001"))).await;
    assert!(matches!(refused, Err(Refusal::NotNow(_))));
}

#[tokio::test]
async fn what_became_of_a_message_is_asked_by_reference_and_an_unknown_word_changes_nothing() {
    let (stand_in, notify) = both().await;
    notify
        .send(&message(1, text_to("+447700900001")))
        .await
        .expect("taken");
    let mut state = State::HandedOver;
    for (word, expected) in [
        ("sending", State::HandedOver),
        ("delivered", State::Delivered),
        ("sending", State::Delivered),
    ] {
        stand_in.with(|seen| seen.words[0] = word.to_owned());
        let report = notify
            .status(&reference(1))
            .await
            .expect("an answer")
            .expect("known");
        assert_eq!(report.reference, Some(reference(1)));
        if let messages::Moved::To(next) = state.after(report.state.expect("known"), Channel::Text)
        {
            state = next;
        }
        assert_eq!(state, expected);
    }
    assert_eq!(notify.status(&reference(9)).await, Ok(None));
}

#[tokio::test]
async fn texts_of_families_are_read_over_all_pages_oldest_first_and_from_where_we_stopped() {
    let (stand_in, notify) = both().await;
    stand_in.with(|seen| {
        seen.received = (1..=5)
            .rev()
            .map(|number| {
                json!({
                    "id": format!("b51f638b-4295-46e0-a06e-00000000000{number}"),
                    "created_at": "2026-11-23 09:01:00.000000",
                    "service_id": "26785a09-ab16-4eb0-8407-a37497a57506",
                    "notify_number": "07700900456",
                    "user_number": if number == 5 { "Parcel" } else { "447700900123" },
                    "content": format!("text {number}"),
                })
            })
            .collect();
    });
    let all = notify.receive(None).await.expect("texts");
    let words: Vec<&str> = all.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(words, ["text 1", "text 2", "text 3", "text 4", "text 5"]);
    assert_eq!(all[4].from, Err("Parcel".to_owned()));
    assert!(all[0].at.is_some());
    let newer = notify.receive(Some(&all[2].id)).await.expect("texts");
    assert_eq!(newer, all[3..]);
}

#[tokio::test]
async fn settings_are_looked_over_without_sending_anything() {
    let (stand_in, notify) = both().await;
    let template = |id: &str, kind: &str, body: &str, subject: serde_json::Value| {
        json!({
            "id": id, "name": format!("for {kind}"), "type": kind, "body": body, "subject": subject,
            "created_at": "2026-05-10 10:30:31.142535Z", "updated_at": null, "version": 1,
            "created_by": "office@hill.example",
        })
    };
    stand_in.with(|seen| {
        seen.templates = vec![
            template(TEXT, "sms", "((body))", json!(null)),
            template(EMAIL, "email", "Dear parent", json!("((subject))")),
        ];
    });
    let verified = notify.verify().await.expect("let in");
    assert_eq!(
        verified.found,
        [
            "The key hill_school lets us in.",
            "A text goes by the template “for sms”."
        ]
    );
    assert_eq!(
        verified.missing,
        [
            "The template “for email” has no field ((body)), so our words would not be in it."
                .to_owned(),
            format!("Notify has no template {LETTER} for a letter."),
        ]
    );
    stand_in.with(|seen| assert!(seen.taken.is_empty()));
}
