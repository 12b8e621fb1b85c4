//! The mailbox's page: how it is reached, how it stands, and the mails that are no reports.

use ::mailbox::Mailbox;
use askama::Template;
use axum::Form as Posted;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use exchange::Cell;
use store::{Tx, args};

use super::keep::{Apart, apart};
use super::read::{begin, end, standing};
use super::settings::{IMAP, MOST_MINUTES, MailboxSettings, own};
use crate::carry::held_back_since;
use crate::desk::{Desk, Office, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs, tick};
use crate::messages::Outside;
use crate::messages::records::MESSAGE_CHANNEL;
use crate::people::{Access, Actor, RecordKind};
use crate::shell::{Exports, Field, FieldKind, Frame, Notice, Under, moment, page as shown};
use crate::take_away::{Leaving, Wanted};

/// Whether this person sets the mailbox up.
fn may_set_up(actor: &Actor) -> bool {
    actor.may(Access::Write, RecordKind::UsersRolesAndSettings)
}

/// Whether this person opens the mailbox's page.
pub(in crate::absence_line) fn opens(actor: &Actor) -> bool {
    may_set_up(actor) || sees_mails(actor)
}

/// Whether this person sees what came there that is no report.
fn sees_mails(actor: &Actor) -> bool {
    actor.may_for_school(Access::Read, RecordKind::ContactsLog)
}

struct Line {
    arrived: String,
    became: String,
    from: String,
    subject: String,
}

#[derive(Template)]
#[template(path = "absence_line/mail/mailbox.html")]
struct MailboxPage {
    frame: Frame,
    /// Why it is not read, whatever is set.
    held_back: Option<String>,
    facts: Option<Vec<(&'static str, String)>>,
    looked_at: String,
    trouble: Option<(String, String)>,
    may_set_up: bool,
    may_test: bool,
    /// What testing the connection found, or what was missing.
    found: Option<String>,
    missing: Option<String>,
    /// The mails that are no reports, for whoever may see them.
    apart: Option<Vec<Line>>,
    under: Under,
}

/// `GET /absence-line/mailbox`.
pub(super) async fn page(desk: Desk, Query(asked): Query<Answers>) -> Result<Response, Problem> {
    let did = match asked.text("did") {
        "set-up" => Some(
            "Saved. The password is sealed and is not shown again. The mailbox is read within moments.",
        ),
        "stopped" => Some("The mailbox is read no more. What is in it stays there."),
        _ => None,
    };
    show(desk, did.map(Notice::done), None).await
}

async fn show(
    desk: Desk,
    notice: Option<Notice>,
    tested: Option<Result<String, String>>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        if !opens(actor) {
            return Err(Refusal::NotFound);
        }
        let set = own(tx, actor.school)?.map(|(own, _)| own);
        let stands = standing(tx, actor.school)?;
        let held_back = why_not_read(tx, &here.office)?;
        let apart = match sees_mails(actor) {
            true => Some(
                apart(tx, actor.school)?
                    .iter()
                    .map(line)
                    .collect::<Vec<_>>(),
            ),
            false => None,
        };
        let count = apart.as_ref().map_or(0, Vec::len);
        let (found, missing) = match tested {
            None => (None, None),
            Some(Ok(found)) => (Some(found), None),
            Some(Err(missing)) => (None, Some(missing)),
        };
        let page = MailboxPage {
            frame: here.frame(tx, actor, "Mailbox")?.with_notice(notice),
            may_test: may_set_up(actor)
                && set.is_some()
                && matches!(here.office.outside, Outside::Open { .. }),
            facts: set.as_ref().map(facts),
            looked_at: stands
                .as_ref()
                .and_then(|stands| stands.looked_at)
                .map(moment)
                .unwrap_or_default(),
            trouble: stands
                .and_then(|stands| stands.trouble)
                .map(|(why, since)| (why, moment(since))),
            held_back,
            may_set_up: may_set_up(actor),
            found,
            missing,
            under: Under {
                shown: format!("{count} mail{}", if count == 1 { "" } else { "s" }).into(),
                exports: Exports::usual("/absence-line/mailbox"),
                ..Under::default()
            },
            apart,
        };
        Ok(shown(StatusCode::OK, &page))
    })
    .await
}

fn facts(own: &MailboxSettings) -> Vec<(&'static str, String)> {
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
        ("Reads the folder", own.folder.clone()),
        ("Puts what it took into", own.put_into.clone()),
        (
            "Looks",
            match own.every_minutes {
                1 => "every minute".to_owned(),
                minutes => format!("every {minutes} minutes"),
            },
        ),
    ]
}

fn line(one: &Apart) -> Line {
    let became = one.became.in_words();
    Line {
        arrived: moment(one.arrived_at),
        became: match one.why.is_empty() {
            true => became.to_owned(),
            false => format!("{became}; {}", one.why),
        },
        from: one.from.clone(),
        subject: one.subject.clone(),
    }
}

/// Why no mailbox is read here, whatever is set.
fn why_not_read(tx: &mut Tx, office: &Office) -> Result<Option<String>, Refusal> {
    let since = held_back_since(tx)?;
    Ok(match (&office.outside, since) {
        (Outside::Closed, _) => Some("No mailbox is read by this installation: whoever runs Rollbook has not allowed it to speak to other servers (the setting “messages”).".to_owned()),
        (Outside::Recording(_), _) => Some("Training: no mailbox is read, whatever is set here.".to_owned()),
        (Outside::Open { .. }, Some(since)) => Some(format!("These records were restored from a copy on {}. Until whoever runs Rollbook says so (rollbook allow-sending), no mailbox is read: the original may read it.", moment(since))),
        (Outside::Open { .. }, None) => None,
    })
}

/// `/absence-line/mailbox` as a file: the mails that are no reports.
pub(super) fn as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    if !sees_mails(wanted.actor) {
        return Err(Refusal::NotFound);
    }
    let headings = ["Came", "From", "Subject", "What it is"];
    let mut sheet = wanted.sheet(tx, "Mails that are no reports", &headings)?;
    sheet.rows = apart(tx, wanted.actor.school)?
        .iter()
        .map(line)
        .map(|line| {
            [line.arrived, line.from, line.subject, line.became]
                .map(|text| Cell::text(&text))
                .to_vec()
        })
        .collect();
    Ok(Leaving::new(sheet, wanted.today()))
}

/// `POST /absence-line/mailbox/test`: signs in and looks, and takes nothing.
pub(super) async fn test(desk: Desk) -> Result<Response, Problem> {
    let here = desk.clone();
    let opened = desk
        .read(move |tx, actor| {
            if !may_set_up(actor) || !matches!(here.office.outside, Outside::Open { .. }) {
                return Err(Refusal::NotFound);
            }
            let (own, sealed) = own(tx, actor.school)?.ok_or(Refusal::NotFound)?;
            Ok(own.opened(&here.office.keyring, &sealed))
        })
        .await?;
    let tested = match opened {
        None => Err(
            "Its password cannot be opened with the key of this installation. Give it again."
                .to_owned(),
        ),
        Some(settings) => {
            let since = super::read::since(desk.office.now());
            let found = async {
                let mut mailbox = Mailbox::open(&settings, &desk.office.authorities()).await?;
                let waiting = mailbox.waiting(since).await?.len();
                let _ = mailbox.close().await;
                Ok::<_, ::mailbox::Error>(waiting)
            };
            match found.await {
                Ok(waiting) => Ok(format!(
                    "It works: signed in, and the folder “{}” is there. {} not taken yet. Nothing was changed.",
                    settings.folder,
                    match waiting {
                        0 => "No mail of the last 14 days is".to_owned(),
                        1 => "One mail of the last 14 days is".to_owned(),
                        many => format!("{many} mails of the last 14 days are"),
                    }
                )),
                Err(error) => Err(format!("It does not work: {error}.")),
            }
        }
    };
    show(desk, None, Some(tested)).await
}

/// `POST /absence-line/mailbox/stop`.
pub(super) async fn stop(desk: Desk) -> Result<Response, Problem> {
    desk.act(|act, actor| {
        if !may_set_up(actor) {
            return Err(Refusal::NotFound);
        }
        let school = act.school();
        if !act.supersede(&MESSAGE_CHANNEL, &args![IMAP])? {
            return Err(Refusal::NotFound);
        }
        end(act.tx(), school)?;
        act.describe(actor.entry("stop reading the mailbox", format!("channel {IMAP}")));
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/absence-line/mailbox?did=stopped").into_response())
}

fn set_up_form(tx: &mut Tx, actor: &Actor, _today: Day) -> Result<FormPage, Refusal> {
    if !may_set_up(actor) {
        return Err(Refusal::NotFound);
    }
    let set = own(tx, actor.school)?.map(|(own, _)| own);
    let is_kept = set.is_some();
    let set = set.unwrap_or_default();
    let password = match is_kept {
        true => Field::new(FieldKind::Password, "password", "Password")
            .hint("One is kept. Empty keeps it.")
            .optional(),
        false => Field::new(FieldKind::Password, "password", "Password"),
    };
    let tls = tick(
        "tls",
        "Encrypted from the start (usually port 993; else STARTTLS, usually 143)",
    );
    let fields = vec![
        Field::line("host", "Mail server (IMAP)").value(set.host),
        Field::new(FieldKind::Number, "port", "Port")
            .value(set.port.to_string())
            .tiny(),
        match set.tls_from_the_start {
            true => tls.value("yes"),
            false => tls,
        },
        Field::line("user", "Signs in as").value(set.user),
        password,
        Field::line("folder", "Reads the folder")
            .value(set.folder)
            .short(),
        Field::line("put_into", "Puts what it took into the folder")
            .value(set.put_into)
            .short()
            .hint("It is made where there is none."),
        Field::new(FieldKind::Number, "every", "Minutes between two looks")
            .value(set.every_minutes.to_string())
            .tiny()
            .hint(format!("From 1 to {MOST_MINUTES}.")),
    ];
    let about = "Use a mailbox that is for absence alone: every mail of the last 14 days in the folder is taken. What families write there becomes a report on the absence line (E-014), never a mark. Nothing is read unencrypted.";
    let crumb = ("/absence-line/mailbox", "Mailbox");
    Ok(FormPage::new(
        "Mailbox of the absence line",
        crumb,
        "Save",
        vec![Part::new("", fields)],
    )
    .about(about))
}

/// `GET /absence-line/mailbox/set-up`.
pub(super) async fn ask_set_up(desk: Desk) -> Result<Response, Problem> {
    form::ask(desk, set_up_form).await
}

/// `POST /absence-line/mailbox/set-up`.
pub(super) async fn answer_set_up(
    desk: Desk,
    Posted(answers): Posted<Answers>,
) -> Result<Response, Problem> {
    let mut wrongs = Wrongs::default();
    let settings = settings_of(&answers, &mut wrongs);
    let Some(settings) = settings.filter(|_| wrongs.is_empty()) else {
        return form::again(desk, answers, wrongs, set_up_form).await;
    };
    let typed = Some(answers.as_typed("password").to_owned()).filter(|text| !text.is_empty());
    let office = desk.office.clone();
    form::answer(desk, move |act, actor, today| {
        if !may_set_up(actor) {
            return Err(Refusal::NotFound);
        }
        let school = act.school();
        // A kept password goes to the server that it was given for, and to no other.
        let kept = own(act.tx(), school)?.filter(|(before, _)| before.is_same_mailbox(&settings));
        let secret =
            match (&typed, kept) {
                (Some(password), _) => office.keyring.seal(IMAP, password.as_bytes()).map_err(
                    |error| {
                        tracing::error!(%error, "the password of a mailbox could not be sealed");
                        Refusal::Wrong(
                            "The password could not be sealed. Nothing was changed.".to_owned(),
                        )
                    },
                )?,
                (None, Some((_, kept))) => kept,
                (None, None) => {
                    let mut wrongs = Wrongs::default();
                    wrongs.add("password", "Give the password of this name at this server.");
                    let form = set_up_form(act.tx(), actor, today)?;
                    return Ok(Outcome::again(form, &answers, &wrongs));
                }
            };
        let words = serde_json::to_string(&settings).expect("settings are words");
        act.replace(
            &MESSAGE_CHANNEL,
            &args![IMAP, words.as_str(), secret.as_slice()],
        )?;
        let now = act.at();
        begin(act.tx(), school, now)?;
        act.describe(actor.entry("set up the mailbox", format!("channel {IMAP}")));
        Ok(Outcome::done("/absence-line/mailbox", "set-up"))
    })
    .await
}

/// The settings that were typed; what is wrong with them stands in `wrongs`.
fn settings_of(answers: &Answers, wrongs: &mut Wrongs) -> Option<MailboxSettings> {
    let host = answers.required("host", "Give the name of the mail server.", wrongs);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if !host.bytes().all(is_plain) {
        wrongs.add(
            "host",
            "A name such as mail.hill.example, and nothing else.",
        );
    }
    let port: Option<u16> = answers.text("port").parse().ok().filter(|port| *port > 0);
    if port.is_none() {
        wrongs.add("port", "Give the port, such as 993.");
    }
    let user = answers.required("user", "Give the name to sign in with.", wrongs);
    let mut folder = |name: &'static str| {
        let folder = answers.required(name, "Give the name of the folder.", wrongs);
        if !::mailbox::is_folder_name(&folder) && !folder.is_empty() {
            wrongs.add(
                name,
                "Letters without accents, digits, blanks and . _ / - only.",
            );
        }
        folder
    };
    let (folder, put_into) = (folder("folder"), folder("put_into"));
    if folder == put_into && !folder.is_empty() {
        wrongs.add(
            "put_into",
            "Choose another folder than the one that is read.",
        );
    }
    let every = answers.text("every").parse::<u16>().ok();
    let every = every.filter(|minutes| (1..=MOST_MINUTES).contains(minutes));
    if every.is_none() {
        wrongs.add(
            "every",
            format!("Give a whole number from 1 to {MOST_MINUTES}."),
        );
    }
    Some(MailboxSettings {
        host,
        port: port?,
        tls_from_the_start: answers.ticked("tls"),
        user,
        folder,
        put_into,
        every_minutes: every?,
    })
}
