//! What sends nothing: the recording provider, and the school's own printer.

use messages::by_hand::ByHand;
use messages::letter::PostalAddress;
use messages::recording::Recording;
use messages::{Provider, Received, Recipient, Refusal, State};

use crate::{message, now, reference, text_to};

#[tokio::test]
async fn a_recording_keeps_what_it_is_given_and_says_what_would_become_of_it() {
    let recording = Recording::new();
    assert!(!recording.features().reaches_outside);
    for (number, to, state) in [
        (1, text_to("+447700900001"), State::Delivered),
        (2, text_to("+447700900002"), State::FailedPermanent),
        (3, text_to("+447700900003"), State::FailedTemporary),
        (
            4,
            Recipient::Email("temp-fail@simulator.notify".to_owned()),
            State::FailedTemporary,
        ),
    ] {
        let sent = message(number, to);
        recording.send(&sent).await.expect("kept");
        let report = recording
            .status(&sent.reference)
            .await
            .expect("an answer")
            .expect("known");
        assert_eq!(report.state, Some(state), "{:?}", sent.to);
    }
    assert_eq!(recording.sent().len(), 4);
    assert_eq!(recording.status(&reference(9)).await, Ok(None));
}

#[tokio::test]
async fn a_recording_can_lose_its_answer_and_a_family_can_write_to_it() {
    let recording = Recording::new();
    recording.refuse_next(Refusal::Unsure("lost".to_owned()));
    let sent = message(1, text_to("+447700900001"));
    assert!(recording.send(&sent).await.is_err());
    assert!(
        recording
            .status(&sent.reference)
            .await
            .expect("an answer")
            .is_some()
    );
    let received = |id: &str| Received {
        id: id.to_owned(),
        from: Err("Parcel".to_owned()),
        text: "hello".to_owned(),
        at: Some(now()),
    };
    recording.answer(received("a"));
    recording.answer(received("b"));
    assert_eq!(recording.receive(Some("a")).await, Ok(vec![received("b")]));
    assert_eq!(recording.receive(None).await.expect("texts").len(), 2);
}

#[tokio::test]
async fn a_letter_waits_at_the_school_and_a_text_cannot() {
    let lines = ["Mrs A Parent", "1 Hill Road", "SW1A 1AA"];
    let to = Recipient::Letter(PostalAddress::check(&lines).expect("an address"));
    let taken = ByHand.send(&message(1, to)).await.expect("taken");
    assert_eq!(taken.state, State::HandedOver);
    let text = message(2, text_to("+447700900001"));
    assert_eq!(ByHand.send(&text).await, Err(Refusal::CannotDoThat));
}
