//! How messages leave: GOV.UK Notify and the school's mail server. Secrets are sealed and never shown again.

use askama::Template;
use axum::Form as Posted;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use calendar::Day;
use store::{Act, Tx, args};

use ::messages::notify::Key;

use super::outside::{Carriers, NOTIFY, NotifySettings, Outside, SMTP, SmtpSettings, channels};
use super::preview::notice_of;
use super::records::MESSAGE_CHANNEL;
use super::rules_page::may_decide;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick};
use crate::people::{Actor, Keyring};
use crate::shell::{Field, FieldKind, Frame, page as shown};

#[derive(Template)]
#[template(path = "messages/channels.html")]
struct ChannelsPage {
    frame: Frame,
    outside: &'static str,
    notify: Option<Vec<(&'static str, String)>>,
    mail: Option<Vec<(&'static str, String)>>,
    /// What trying the settings found: good, then bad.
    found: Vec<String>,
    missing: Vec<String>,
    may_verify: bool,
}

/// `/messages/channels`.
pub(super) async fn page(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    show(desk, asked, Vec::new(), Vec::new()).await
}

async fn show(
    desk: Desk,
    asked: Query<Answers>,
    found: Vec<String>,
    missing: Vec<String>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let set = channels(tx, actor.school)?;
        let notify = set.notify.as_ref().map(|(own, _)| {
            vec![
                ("Key", own.key_name.clone()),
                ("Template for texts", own.text_template.clone().unwrap_or_default()),
                ("Template for e-mails", own.email_template.clone().unwrap_or_default()),
                (
                    "Template for letters",
                    match (&own.letter_template, own.trial) {
                        (None, _) => "none: letters are printed at the school".to_owned(),
                        (Some(_), true) => "not in trial mode: letters are printed at the school until then".to_owned(),
                        (Some(template), false) => template.clone(),
                    },
                ),
                (
                    "Tells us by itself",
                    match &own.callback_hash {
                        Some(_) => "yes, with a token that only it has".to_owned(),
                        None => "no: we ask it".to_owned(),
                    },
                ),
                (
                    "Mode",
                    match own.trial {
                        true => "trial: reaches only members of your own team, no letters (I-139)".to_owned(),
                        false => "live".to_owned(),
                    },
                ),
            ]
        });
        let mail = set.smtp.as_ref().map(|(own, _)| {
            vec![
                ("Server", format!("{}, port {}", own.host, own.port)),
                (
                    "Encrypted",
                    match own.tls_from_the_start {
                        true => "from the start".to_owned(),
                        false => "by STARTTLS, required".to_owned(),
                    },
                ),
                ("Signs in as", own.user.clone()),
                ("From", own.from.clone()),
                ("Answers go to", own.reply_to.clone().unwrap_or_else(|| own.from.clone())),
            ]
        });
        let outside = match &here.office.outside {
            Outside::Closed => "Messages do not leave this installation: whoever runs Rollbook has not allowed it. What is set here is kept until then.",
            Outside::Recording(_) => "Training: whatever is set here, messages are kept and sent to nobody.",
            Outside::Open { .. } => "Messages leave by the channels below.",
        };
        let page = ChannelsPage {
            frame: here.frame(tx, actor, "Channels")?.with_notice(notice_of(&asked)),
            outside,
            may_verify: !matches!(here.office.outside, Outside::Closed) && !Carriers::of(&here.office, &set).all().is_empty(),
            notify,
            mail,
            found,
            missing,
        };
        Ok(shown(StatusCode::OK, &page))
    })
    .await
}

/// Tries the settings without sending anything (I-125).
pub(super) async fn verify(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let carriers = desk
        .read(move |tx, actor| {
            if !may_decide(actor) {
                return Err(Refusal::NotFound);
            }
            let set = channels(tx, actor.school)?;
            Ok(Carriers::of(&here.office, &set))
        })
        .await?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for carrier in carriers.all() {
        match carrier.verify().await {
            Ok(verified) => {
                found.extend(verified.found);
                missing.extend(verified.missing);
            }
            Err(refusal) => missing.push(format!("{refusal}.")),
        }
    }
    show(desk, Query(Answers::default()), found, missing).await
}

fn notify_form(tx: &mut Tx, actor: &Actor, _today: Day) -> Result<FormPage, Refusal> {
    if !may_decide(actor) {
        return Err(Refusal::NotFound);
    }
    let own = channels(tx, actor.school)?
        .notify
        .map(|(own, _)| own)
        .unwrap_or_default();
    let key = match own.key_name.is_empty() {
        true => Field::new(FieldKind::Password, "key", "Key"),
        false => Field::new(FieldKind::Password, "key", "Key")
            .hint(format!("Kept: “{}”. Empty keeps it.", own.key_name))
            .optional(),
    };
    let trial = match own.trial {
        true => tick("trial", "The service is in trial mode").value("yes"),
        false => tick("trial", "The service is in trial mode"),
    };
    let fields = vec![
        key,
        Field::line("text", "Template for texts")
            .value(own.text_template.unwrap_or_default())
            .optional()
            .hint("Its identifier. Its whole text is ((body))."),
        Field::line("email", "Template for e-mails")
            .value(own.email_template.unwrap_or_default())
            .optional()
            .hint("Its identifier. Its subject is ((subject)), its text ((body))."),
        Field::line("letter", "Template for letters")
            .value(own.letter_template.unwrap_or_default())
            .optional()
            .hint("Its identifier. Its heading is ((subject)), its text ((body)). Empty: letters are printed at the school."),
        trial,
    ];
    Ok(FormPage::new("GOV.UK Notify", ("/messages/channels", "Channels"), "Save", vec![Part::new("", fields)])
        .about("State-funded schools may use it. Make a template there for each channel with one field for our words; what you change here later needs no change there."))
}

/// `/messages/channels/notify`.
pub(super) async fn ask_notify(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, notify_form).await
}

/// `/messages/channels/notify`, sent.
pub(super) async fn answer_notify(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let typed = answers.given("key");
    let key = typed.as_deref().map(Key::read).transpose();
    if let Err(error) = &key {
        wrongs.add("key", format!("{error}."));
    }
    let is_identifier = |text: &String| {
        text.len() == 36
            && text
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let mut template = |name: &'static str| {
        let given = answers.given(name);
        if given.as_ref().is_some_and(|text| !is_identifier(text)) {
            wrongs.add(name, "This is no identifier of a template: 36 characters, shown there under the template.");
        }
        given
    };
    let (text_template, email_template, letter_template) =
        (template("text"), template("email"), template("letter"));
    if !wrongs.is_empty() {
        return form::again(desk, answers, wrongs, notify_form).await;
    }
    let key_name = key.ok().flatten().map(|key| key.name().to_owned());
    let trial = answers.ticked("trial");
    let office = desk.office.clone();
    form::answer(desk, move |act, actor, today| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let before = channels(act.tx(), actor.school)?.notify;
        let secret = match (&typed, &before) {
            (Some(key), _) => sealed(&office.keyring, NOTIFY, key)?,
            (None, Some((_, kept))) => kept.clone(),
            (None, None) => {
                let mut wrongs = Wrongs::default();
                wrongs.add("key", "Give the key.");
                let form = notify_form(act.tx(), actor, today)?;
                return Ok(Outcome::again(form, &answers, &wrongs));
            }
        };
        let settings = NotifySettings {
            callback_hash: before
                .as_ref()
                .and_then(|(own, _)| own.callback_hash.clone()),
            key_name: key_name
                .or_else(|| before.map(|(own, _)| own.key_name))
                .unwrap_or_default(),
            text_template,
            email_template,
            letter_template,
            trial,
        };
        let settings = serde_json::to_string(&settings).expect("settings are words");
        keep(act, actor, NOTIFY, &settings, &secret)?;
        Ok(Outcome::done("/messages/channels", "channel"))
    })
    .await
}

fn mail_form(tx: &mut Tx, actor: &Actor, _today: Day) -> Result<FormPage, Refusal> {
    if !may_decide(actor) {
        return Err(Refusal::NotFound);
    }
    let own = channels(tx, actor.school)?.smtp.map(|(own, _)| own);
    let is_kept = own.is_some();
    let own = own.unwrap_or(SmtpSettings {
        port: 465,
        tls_from_the_start: true,
        ..SmtpSettings::default()
    });
    let password = match is_kept {
        true => Field::new(FieldKind::Password, "password", "Password")
            .hint("One is kept. Empty keeps it.")
            .optional(),
        false => Field::new(FieldKind::Password, "password", "Password"),
    };
    let from_start = match own.tls_from_the_start {
        true => tick(
            "tls",
            "Encrypted from the start (usually port 465; else STARTTLS, usually 587)",
        )
        .value("yes"),
        false => tick(
            "tls",
            "Encrypted from the start (usually port 465; else STARTTLS, usually 587)",
        ),
    };
    let fields = vec![
        Field::line("host", "Mail server").value(own.host),
        Field::new(FieldKind::Number, "port", "Port")
            .value(own.port.to_string())
            .tiny(),
        from_start,
        Field::line("user", "Signs in as").value(own.user),
        password,
        Field::line("from", "From")
            .value(own.from)
            .hint("A name and an address of the school: Hill School <office@hill.example>"),
        Field::line("reply_to", "Answers go to")
            .value(own.reply_to.unwrap_or_default())
            .optional(),
    ];
    Ok(FormPage::new("Mail server", ("/messages/channels", "Channels"), "Save", vec![Part::new("", fields)])
        .about("E-mail goes by the school's own mail server where one is set, and never unencrypted (I-145)."))
}

/// `/messages/channels/mail`.
pub(super) async fn ask_mail(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, mail_form).await
}

/// `/messages/channels/mail`, sent.
pub(super) async fn answer_mail(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let host = answers.required("host", "Give the name of the mail server.", &mut wrongs);
    if !host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    {
        wrongs.add(
            "host",
            "A name such as mail.hill.example, and nothing else.",
        );
    }
    let port: Option<u16> = answers.text("port").parse().ok().filter(|port| *port > 0);
    if port.is_none() {
        wrongs.add("port", "Give the port, such as 465.");
    }
    let user = answers.required("user", "Give the name to sign in with.", &mut wrongs);
    let from = answers.required("from", "Give the sender.", &mut wrongs);
    let own = SmtpSettings {
        host,
        port: port.unwrap_or_default(),
        tls_from_the_start: answers.ticked("tls"),
        user,
        from,
        reply_to: answers.given("reply_to"),
    };
    if wrongs.is_empty()
        && let Err((question, wrong)) = own.can_be_used()
    {
        wrongs.add(question, wrong);
    }
    if !wrongs.is_empty() {
        return form::again(desk, answers, wrongs, mail_form).await;
    }
    let typed = Some(answers.as_typed("password").to_owned()).filter(|text| !text.is_empty());
    let office = desk.office.clone();
    form::answer(desk, move |act, actor, today| {
        if !may_decide(actor) {
            return Err(Refusal::NotFound);
        }
        let before = channels(act.tx(), actor.school)?.smtp;
        // A kept password goes to the server that it was given for, and to no other.
        let kept = before.filter(|(before, _)| before.host == own.host && before.user == own.user);
        let secret = match (&typed, kept) {
            (Some(password), _) => sealed(&office.keyring, SMTP, password)?,
            (None, Some((_, kept))) => kept,
            (None, None) => {
                let mut wrongs = Wrongs::default();
                wrongs.add(
                    "password",
                    "Give the password: the server or the name is another than before.",
                );
                let form = mail_form(act.tx(), actor, today)?;
                return Ok(Outcome::again(form, &answers, &wrongs));
            }
        };
        let settings = serde_json::to_string(&own).expect("settings are words");
        keep(act, actor, SMTP, &settings, &secret)?;
        Ok(Outcome::done("/messages/channels", "channel"))
    })
    .await
}

fn sealed(keyring: &Keyring, purpose: &str, secret: &str) -> Result<Vec<u8>, Refusal> {
    keyring.seal(purpose, secret.as_bytes()).map_err(|error| {
        tracing::error!(%error, "the secret of a message channel could not be sealed");
        Refusal::Wrong("The secret could not be sealed. Nothing was changed.".to_owned())
    })
}

pub(super) fn keep(
    act: &mut Act,
    actor: &Actor,
    provider: &'static str,
    settings: &str,
    secret: &[u8],
) -> Result<(), Refusal> {
    act.replace(&MESSAGE_CHANNEL, &args![provider, settings, secret])?;
    act.describe(actor.entry("set up a message channel", format!("channel {provider}")));
    Ok(())
}
