//! A mailbox at a real mail server on this machine: Dovecot with TLS.

use mailbox::testing::Dovecot;
use mailbox::{Error, Fetched, Mail, Mailbox, Settings};

const ILL: &str = "From: P. Sample <p.sample@example.org>\nTo: absence@hill.example\nSubject: Ash absent\nMessage-ID: <1@example.org>\nDate: Mon, 23 Nov 2026 08:02:11 +0000\n\nAsh has a temperature.\n";

/// 23 November 2026 at 08:02:11.
const ARRIVED: u64 = 1_795_420_931;

async fn opened(dovecot: &Dovecot, settings: &Settings) -> Result<Mailbox, Error> {
    Mailbox::open(settings, &[dovecot.authority()]).await
}

#[tokio::test]
async fn a_mail_is_fetched_put_away_and_fetched_no_more() {
    let dovecot = Dovecot::start();
    dovecot.deliver("1", ILL, ARRIVED);
    for settings in [dovecot.settings(), dovecot.settings_by_starttls()] {
        let mut mailbox = opened(&dovecot, &settings).await.expect("it opens");
        let waiting = mailbox.waiting(ARRIVED as i64).await.expect("a list");
        assert_eq!(waiting.len(), 1);
        let Fetched::Whole { bytes, arrived } = mailbox.fetch(waiting[0]).await.expect("a mail")
        else {
            panic!("the mail is there");
        };
        assert_eq!(
            Mail::read(&bytes).expect("a mail").from,
            "p.sample@example.org"
        );
        assert_eq!(arrived, Some(ARRIVED as i64));
        let a_day_later = mailbox.waiting(ARRIVED as i64 + 86_400).await;
        assert!(a_day_later.expect("a list").is_empty(), "it is older");
        assert!(mailbox.validity() > 0);
        mailbox.close().await.expect("it closes");
    }
    let mut mailbox = opened(&dovecot, &dovecot.settings())
        .await
        .expect("it opens");
    let uid = mailbox.waiting(ARRIVED as i64).await.expect("a list")[0];
    mailbox.put_away(uid).await.expect("it is put away");
    mailbox
        .put_away(uid)
        .await
        .expect("what is gone is put away");
    assert!(
        mailbox
            .waiting(ARRIVED as i64)
            .await
            .expect("a list")
            .is_empty()
    );
    assert!(mailbox.fetch(uid).await.expect("nothing") == Fetched::Gone);
    assert_eq!((dovecot.count("INBOX"), dovecot.count("Rollbook")), (0, 1));
}

#[tokio::test]
async fn a_mail_of_many_megabytes_comes_whole() {
    let dovecot = Dovecot::start();
    let words = "Ill.\n".repeat(2 << 20);
    dovecot.deliver("1", &format!("{ILL}{words}"), ARRIVED);
    let mut mailbox = opened(&dovecot, &dovecot.settings())
        .await
        .expect("it opens");
    let uid = mailbox.waiting(ARRIVED as i64).await.expect("a list")[0];
    match mailbox.fetch(uid).await.expect("a mail") {
        Fetched::Whole { bytes, .. } => {
            assert_eq!(bytes.len(), ILL.replace('\n', "\r\n").len() + (2 << 20) * 6)
        }
        _ => panic!("the mail is there"),
    }
}

#[tokio::test]
async fn what_keeps_us_out_is_told_apart() {
    let mut dovecot = Dovecot::start();
    let own = dovecot.settings();
    let wrong = Settings {
        password: "guess".to_owned(),
        ..own.clone()
    };
    assert!(matches!(
        opened(&dovecot, &wrong).await,
        Err(Error::NotLetIn)
    ));
    let elsewhere = Settings {
        folder: "Elsewhere".to_owned(),
        ..own.clone()
    };
    assert!(matches!(
        opened(&dovecot, &elsewhere).await,
        Err(Error::NoFolder(_))
    ));
    let smuggled = Settings {
        folder: "a\" b".to_owned(),
        ..own.clone()
    };
    assert!(matches!(
        opened(&dovecot, &smuggled).await,
        Err(Error::NoFolderName(_))
    ));
    let by_number = Settings {
        host: "127.0.0.1".to_owned(),
        ..own.clone()
    };
    assert!(matches!(
        opened(&dovecot, &by_number).await,
        Err(Error::Tls(_))
    ));
    assert!(matches!(Mailbox::open(&own, &[]).await, Err(Error::Tls(_))));
    dovecot.stop();
    assert!(matches!(
        opened(&dovecot, &own).await,
        Err(Error::Unreachable(_))
    ));
}
