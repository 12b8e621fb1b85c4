//! E-mail, against a mail server.

use messages::retry::{Next, next};
use messages::smtp::{Security, Settings, Smtp};
use messages::{Message, Pdf, Provider, Recipient, Refusal, State};

use crate::sink::{Manner, Sink};
use crate::{clock, message, now, reference, text_to};

fn settings(sink: &Sink, security: Security) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port: sink.port,
        security,
        user: "office".to_owned(),
        password: "correct horse".to_owned(),
        from: "Hill School <office@hill.example>".to_owned(),
        reply_to: Some("attendance@hill.example".to_owned()),
    }
}

async fn both(manner: Manner) -> (Sink, Smtp) {
    let sink = Sink::listening(manner).await;
    let security = if manner.tls_from_the_start {
        Security::FromTheStart
    } else {
        Security::StartTls
    };
    let authorities = [sink.authority.clone()];
    let smtp = Smtp::new(settings(&sink, security), &authorities, clock()).expect("settings");
    (sink, smtp)
}

fn to(address: &str) -> Recipient {
    Recipient::Email(address.to_owned())
}

#[tokio::test]
async fn an_e_mail_arrives_encrypted_with_all_that_it_must_carry() {
    let (sink, smtp) = both(Manner::default()).await;
    let taken = smtp
        .send(&message(1, to("a.parent@example.org")))
        .await
        .expect("taken");
    assert_eq!(taken.state, State::HandedOver);
    assert_eq!(taken.id, format!("<{}@hill.example>", reference(1)));
    let kept = sink.kept();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].from.starts_with("MAIL FROM:<office@hill.example>"));
    assert_eq!(kept[0].to, ["RCPT TO:<a.parent@example.org>"]);
    for expected in [
        "From: \"Hill School\" <office@hill.example>",
        "Reply-To: attendance@hill.example",
        "To: a.parent@example.org",
        "Subject: Absence this morning",
        "Auto-Submitted: auto-generated",
        "Date: Mon, 23 Nov 2026 09:20:00 +0000",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "Ella is not at school this morning.",
    ] {
        assert!(
            kept[0].words.contains(expected),
            "{expected} in {}",
            kept[0].words
        );
    }
    assert!(kept[0].words.contains(&format!("Message-ID: {}", taken.id)));
    // Nothing but STARTTLS was said before the connection was encrypted.
    assert_eq!(&sink.heard()[..2], ["EHLO hill.example", "STARTTLS"]);
}

#[tokio::test]
async fn a_server_that_encrypts_from_the_start_is_spoken_to_so() {
    let (sink, smtp) = both(Manner {
        tls_from_the_start: true,
        ..Manner::default()
    })
    .await;
    smtp.send(&message(1, to("a.parent@example.org")))
        .await
        .expect("taken");
    assert_eq!(sink.kept().len(), 1);
    assert!(!sink.heard().contains(&"STARTTLS".to_owned()));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_hears_no_password() {
    let (sink, smtp) = both(Manner {
        never_encrypts: true,
        ..Manner::default()
    })
    .await;
    let refused = smtp.send(&message(1, to("a.parent@example.org"))).await;
    assert!(matches!(refused, Err(Refusal::ChannelClosed(_))));
    assert!(sink.heard().iter().all(|line| !line.starts_with("AUTH")));
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_hears_no_password() {
    let (sink, _) = both(Manner::default()).await;
    let (stranger, _) = both(Manner::default()).await;
    let authorities = [stranger.authority.clone()];
    let smtp =
        Smtp::new(settings(&sink, Security::StartTls), &authorities, clock()).expect("settings");
    assert!(
        smtp.send(&message(1, to("a.parent@example.org")))
            .await
            .is_err()
    );
    assert!(sink.heard().iter().all(|line| !line.starts_with("AUTH")));
}

#[tokio::test]
async fn a_wrong_password_stops_the_channel() {
    let (sink, smtp) = both(Manner {
        password: Some("535 no"),
        ..Manner::default()
    })
    .await;
    let refused = smtp
        .send(&message(1, to("a.parent@example.org")))
        .await
        .expect_err("refused");
    assert_eq!(
        next(&refused, &smtp.features(), 1, now(), now()),
        Next::StopChannel
    );
    assert!(smtp.verify().await.is_err());
    assert!(sink.kept().is_empty());
}

#[tokio::test]
async fn a_recipient_whom_the_server_does_not_know_goes_on_the_list_to_repair() {
    let (sink, smtp) = both(Manner {
        recipient: Some("550 no such person"),
        ..Manner::default()
    })
    .await;
    let refused = smtp
        .send(&message(1, to("a.parent@example.org")))
        .await
        .expect_err("refused");
    assert_eq!(
        next(&refused, &smtp.features(), 1, now(), now()),
        Next::End {
            state: State::FailedPermanent,
            repair: true
        }
    );
    assert!(sink.kept().is_empty());
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    for manner in [
        Manner {
            recipient: Some("451 later"),
            ..Manner::default()
        },
        Manner {
            words: Some("452 full"),
            ..Manner::default()
        },
        Manner {
            password: Some("454 later"),
            ..Manner::default()
        },
    ] {
        let (sink, smtp) = both(manner).await;
        let refused = smtp
            .send(&message(1, to("a.parent@example.org")))
            .await
            .expect_err("refused");
        assert_eq!(
            next(&refused, &smtp.features(), 1, now(), now()),
            Next::Again {
                at: now().plus_seconds(30),
                look_up: false
            }
        );
        assert!(sink.kept().is_empty());
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_words_is_left_to_a_person() {
    let (sink, smtp) = both(Manner {
        hangs_up: true,
        ..Manner::default()
    })
    .await;
    let refused = smtp
        .send(&message(1, to("a.parent@example.org")))
        .await
        .expect_err("refused");
    assert_eq!(
        next(&refused, &smtp.features(), 1, now(), now()),
        Next::AskAPerson
    );
    assert_eq!(sink.kept().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_down_has_certainly_taken_nothing() {
    let (sink, _) = both(Manner::default()).await;
    let mut gone = settings(&sink, Security::StartTls);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    gone.port = listener.local_addr().expect("an address").port();
    drop(listener);
    let smtp = Smtp::new(gone, std::slice::from_ref(&sink.authority), clock()).expect("settings");
    let refused = smtp.send(&message(1, to("a.parent@example.org"))).await;
    assert!(matches!(refused, Err(Refusal::NotNow(_))));
}

#[tokio::test]
async fn no_value_of_ours_can_add_a_header_or_a_recipient() {
    let (sink, smtp) = both(Manner::default()).await;
    let subject = Message {
        subject: "Absence\r\nBcc: everybody@example.org".to_owned(),
        ..message(1, to("a.parent@example.org"))
    };
    let address = message(
        2,
        to("a.parent@example.org>\r\nRCPT TO:<everybody@example.org"),
    );
    for wrong in [subject, address] {
        assert!(matches!(
            smtp.send(&wrong).await,
            Err(Refusal::WrongMessage { .. })
        ));
    }
    assert!(sink.kept().is_empty());
}

#[tokio::test]
async fn a_document_and_letters_of_every_language_arrive_whole() {
    let (sink, smtp) = both(Manner::default()).await;
    let message = Message {
        subject: "Siân Ó Néill".to_owned(),
        text: "Zażółć gęślą jaźń.\n.\nA line of one full stop ends nothing.".to_owned(),
        pdf: Some(Pdf::new("notice.pdf".to_owned(), b"%PDF-1.7 words".to_vec()).expect("a PDF")),
        ..message(1, to("a.parent@example.org"))
    };
    smtp.send(&message).await.expect("taken");
    let words = &sink.kept()[0].words;
    assert!(words.contains("application/pdf"));
    assert!(words.contains("notice.pdf"));
    assert!(words.contains("Subject: =?utf-8?b?"));
    assert_eq!(sink.kept().len(), 1);
}

#[tokio::test]
async fn settings_are_tried_without_sending_anything() {
    let (sink, smtp) = both(Manner::default()).await;
    let verified = smtp.verify().await.expect("well");
    assert_eq!(
        verified.found,
        ["127.0.0.1 encrypts, has a good certificate and lets office in."]
    );
    assert!(sink.kept().is_empty());
    assert!(matches!(
        smtp.send(&message(1, text_to("+447700900001"))).await,
        Err(Refusal::CannotDoThat)
    ));
}
