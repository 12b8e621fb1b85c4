//! The family's own form: an absence told by a parent from home, by the secret address of their link, for today and days ahead.
//!
//! It asks nobody to sign in, and shows the forenames of the contact's own children and nothing else of what the school knows.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use calendar::{Day, Session};
use sha2::{Digest, Sha256};
use store::{Act, Entry, SchoolId, StoreError};

use super::link::{Family, family_of, read_token};
use super::report::{Channel, count_from, of_source};
use super::take::{MOST_DAYS, Told, keep};
use crate::desk::{Office, Refusal, school_name};
use crate::evidence::{
    GivenBy, GivenFor, NotTaken, Posted, Received, file_field, has_room, read_posted,
};
use crate::form::{Answers, Wrongs, hidden, tick};
use crate::ids::{PupilId, ReportId};
use crate::people::{Keyring, Peer};
use crate::shell::{self, Choice, Errors, Field, FieldKind, Frame, Look};
use crate::year::settings::{absence_line_rules, settings};

/// So far ahead an absence can be told here: a term.
const AHEAD_DAYS: i32 = 120;

/// So far back: a week.
const BACK_DAYS: i32 = 7;

/// The longest text: what a report keeps, less the word before it.
const LONGEST_WORDS: usize = 400;

#[derive(Template)]
#[template(path = "absence_line/from_home.html")]
struct FormPage {
    frame: Frame,
    /// The child, where there is only one.
    only: Option<String>,
    errors: Errors,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "absence_line/thanks.html")]
struct ThanksPage {
    frame: Frame,
    heading: String,
    lines: Vec<String>,
    /// What was not kept, and why.
    not_kept: Vec<String>,
    /// Sends a file once more: the same report, carried along unseen, and the question for files.
    resend: Vec<Field>,
    again: Option<String>,
}

/// What a link opens: its family at their school.
struct Opened {
    school: SchoolId,
    name: String,
    family: Family,
}

async fn opened(office: &Arc<Office>, token: &str, from: Peer) -> Result<Option<Opened>, Refusal> {
    let now = office.now();
    let Some((school, hash)) = read_token(token) else {
        office.doors.failed(from, now);
        return Ok(None);
    };
    let (today, _) = now.in_london();
    let found = office
        .store
        .read(move |tx| {
            let Some(family) = family_of(tx, school, &hash, today)? else {
                return Ok(None);
            };
            let name = school_name(tx, school)?;
            Ok::<_, StoreError>(Some(Opened {
                school,
                name,
                family,
            }))
        })
        .await?;
    if found.is_none() {
        office.doors.failed(from, now);
    }
    Ok(found)
}

/// `GET /from-home/{token}`.
pub(super) async fn ask(
    State(office): State<Arc<Office>>,
    Path(token): Path<String>,
    from: Peer,
    headers: HeaderMap,
) -> Response {
    let look = Look::of(&headers);
    if office.doors.is_too_often(from, office.now()) {
        return too_often(look);
    }
    match opened(&office, &token, from).await {
        Ok(Some(opened)) => {
            let fields = questions(&opened.family, office.today().0);
            private(form(StatusCode::OK, &opened, fields, look))
        }
        Ok(None) => private(no_such(look)),
        Err(refusal) => private(trouble(look, &refusal)),
    }
}

/// `POST /from-home/{token}`: a report, with files or without. A file that is not taken costs nothing else of it.
pub(super) async fn answer(
    State(office): State<Arc<Office>>,
    Path(token): Path<String>,
    from: Peer,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let look = Look::of(&headers);
    if office.doors.is_too_often(from, office.now()) {
        return too_often(look);
    }
    // Whose link it is is known before anything is read that they send.
    let opened = match opened(&office, &token, from).await {
        Ok(Some(opened)) => opened,
        Ok(None) => return private(no_such(look)),
        Err(refusal) => return private(trouble(look, &refusal)),
    };
    let posted = match read_posted(request).await {
        Ok(posted) => posted,
        Err(refusal) => return private(trouble(look, &refusal)),
    };
    private(answered(&office, &token, opened, posted, look).await)
}

async fn answered(
    office: &Arc<Office>,
    token: &str,
    opened: Opened,
    posted: Posted,
    look: Look,
) -> Response {
    let (today, clock) = office.today();
    let mut wrongs = Wrongs::default();
    let said = said(&posted.answers, &opened.family, today, &mut wrongs);
    let Some(said) = said.filter(|_| wrongs.is_empty()) else {
        if posted.has_files() {
            wrongs.add(
                "files",
                "Please choose the files again: a browser does not keep them.",
            );
        }
        let fields = filled(questions(&opened.family, today), &posted.answers, &wrongs);
        return form(StatusCode::UNPROCESSABLE_ENTITY, &opened, fields, look);
    };
    let Posted {
        answers,
        files,
        mut not_taken,
    } = posted;
    let (school, family, kept) = (opened.school, opened.family.clone(), said.clone());
    let (_, hash) = read_token(token).expect("the link was opened by this token");
    let keyring = Arc::clone(&office.keyring);
    let done = office
        .store
        .act(school, move |act: &mut Act| {
            tell(act, &hash, &family, &kept, &keyring, &files)
        })
        .await;
    match done {
        Ok(told) => {
            let over = std::iter::repeat_n(NotTaken::TooMuchToday, told.over);
            not_taken.extend(over.map(|why| (String::new(), why)));
            let thanks = Thanks {
                said: &said,
                answers: &answers,
                files: told.files,
                not_taken: &not_taken,
            };
            thanks.shown(&opened, token, (today, clock.to_string()), look)
        }
        Err(refusal) => trouble(look, &refusal),
    }
}

fn filled(mut fields: Vec<Field>, answers: &Answers, wrongs: &Wrongs) -> Vec<Field> {
    for field in &mut fields {
        if answers.has(&field.name) {
            field.value = answers.text(&field.name).to_owned().into();
        }
        field.error = wrongs.of(&field.name).map(Into::into);
    }
    fields
}

/// What a family tells.
#[derive(Clone, Debug)]
struct Said {
    children: Vec<PupilId>,
    words: String,
    first: Day,
    last: Day,
    session: Option<Session>,
}

fn questions(family: &Family, today: Day) -> Vec<Field> {
    let mut fields = Vec::new();
    if family.children.len() > 1 {
        let children = family.children.iter();
        fields.extend(children.map(|child| {
            tick(
                format!("child-{}", child.pupil),
                format!("{} is away", child.forename),
            )
        }));
    }
    let reasons = vec![
        Choice::new("ill", "Ill"),
        Choice::new("appointment", "A medical or dental appointment"),
        Choice::new("other", "Something else"),
    ];
    let sessions = vec![
        Choice::new("", "The whole day"),
        Choice::new("am", "The morning only"),
        Choice::new("pm", "The afternoon only"),
    ];
    fields.extend([
        Field::radios("reason", "Why?", reasons),
        Field::new(FieldKind::Lines, "words", "In a few words").hint(
            "For example: a cold; dentist at ten, back for lunch. The school office reads this.",
        ),
        Field::day("first", "First day away").value(today.to_string()),
        Field::day("last", "Last day away")
            .value(today.to_string())
            .hint("The same day, if it is one day."),
        Field::radios("session", "For", sessions).value(""),
        evidence_field().optional(),
    ]);
    fields
}

/// The question for files. None is needed for most illnesses (E-024), and the form says so.
fn evidence_field() -> Field {
    let field = file_field("An appointment card or a letter");
    let hint = format!("You need none for an illness of a few days. {}", field.hint);
    field.hint(hint)
}

fn said(answers: &Answers, family: &Family, today: Day, wrongs: &mut Wrongs) -> Option<Said> {
    let children: Vec<PupilId> = match &family.children[..] {
        [only] => vec![only.pupil],
        several => several
            .iter()
            .map(|child| child.pupil)
            .filter(|pupil| answers.ticked(&format!("child-{pupil}")))
            .collect(),
    };
    if children.is_empty() {
        wrongs.add("reason", "Tick the child who is away.");
    }
    let reason = match answers.text("reason") {
        "ill" => "Ill",
        "appointment" => "Appointment",
        "other" => "Other",
        _ => {
            wrongs.add("reason", "Choose why.");
            ""
        }
    };
    let words = answers.required("words", "Tell us in a few words.", wrongs);
    if words.chars().count() > LONGEST_WORDS {
        wrongs.add("words", "Please use fewer words: 400 letters at most.");
    }
    let (first, last) = (answers.day("first", wrongs), answers.day("last", wrongs));
    if let Some(first) = first {
        if first < today.plus_days(-BACK_DAYS) {
            wrongs.add(
                "first",
                "For days that are more than a week ago, please ring the school.",
            );
        } else if first > today.plus_days(AHEAD_DAYS) {
            wrongs.add(
                "first",
                "That is too far ahead. Please tell us nearer to the day.",
            );
        }
    }
    if let (Some(first), Some(last)) = (first, last) {
        if last < first {
            wrongs.add("last", "The last day is before the first.");
        } else if first.plus_days(MOST_DAYS) <= last {
            wrongs.add("last", "That is more than a month. Please ring the school.");
        }
    }
    Some(Said {
        children,
        words: format!(
            "{reason}: {}",
            words
                .chars()
                .filter(|letter| *letter != '\0')
                .collect::<String>()
        ),
        first: first?,
        last: last?,
        session: match answers.text("session") {
            "am" => Some(Session::Am),
            "pm" => Some(Session::Pm),
            _ => None,
        },
    })
}

/// What became of what a family told.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    /// How many of the files are kept, now or before.
    files: usize,
    /// How many are not, because too many came today.
    over: usize,
}

/// Keeps what a family told, once however often it is sent, if their link still holds; and the files that come with it, for each child.
///
/// Rule: E-014, cap 35, cap 36. It lands in the inbox as a report of this contact, and makes no mark. Errors: [`Refusal::NotFound`] for a link that was
/// closed meanwhile or a child that is not theirs; [`Refusal::Wrong`] where too much came by this link today.
fn tell(
    act: &mut Act,
    hash: &[u8; 32],
    family: &Family,
    said: &Said,
    keyring: &Keyring,
    files: &[Received],
) -> Result<Kept, Refusal> {
    let (school, now) = (act.school(), act.at());
    let (today, _) = now.in_london();
    let own = family_of(act.tx(), school, hash, today)?.ok_or(Refusal::NotFound)?;
    let (mut kept, mut is_new) = (Kept::default(), false);
    for (place, pupil) in said.children.iter().enumerate() {
        if own.contact != family.contact || !own.children.iter().any(|child| child.pupil == *pupil)
        {
            return Err(Refusal::NotFound);
        }
        let key = source_key(own.contact.0, *pupil, said);
        let report = match of_source(act.tx(), school, &key)?.first() {
            Some(report) => report.id,
            None => {
                is_new = true;
                keep_report(act, &own, *pupil, said, key)?
            }
        };
        let given = GivenFor {
            pupil: Some(*pupil),
            report: Some(report),
            by: GivenBy::Family,
            account: None,
            words: String::new(),
            about_day: said.last,
        };
        for file in files {
            let has_room = has_room(act.tx(), school, own.contact, now)?;
            if has_room {
                is_new |= crate::evidence::keep(act, keyring, &given, file)?.is_some();
            }
            // They are counted once, however many children they are for.
            if place == 0 {
                kept.files += usize::from(has_room);
                kept.over += usize::from(!has_room);
            }
        }
    }
    if is_new {
        act.describe(Entry {
            account: 0,
            job_title: "a family, by its own link",
            act: "tell of an absence",
            subject: format!("contact {}", own.contact),
        });
    }
    Ok(kept)
}

fn keep_report(
    act: &mut Act,
    own: &Family,
    pupil: PupilId,
    said: &Said,
    key: String,
) -> Result<ReportId, Refusal> {
    let (school, now) = (act.school(), act.at());
    let since = now.plus_seconds(-24 * 60 * 60);
    let rules = absence_line_rules(&settings(act.tx(), school)?, now.in_london().0)?;
    if count_from(act.tx(), school, own.contact, since)? >= rules.reports_by_link.into() {
        let ground = "A great deal came by this link today already. Please ring the school.";
        return Err(Refusal::Wrong(ground.to_owned()));
    }
    let told = Told {
        channel: Channel::Form,
        received_at: now,
        from_name: own.name.clone(),
        from_address: None,
        contact: Some(own.contact),
        said: said.words.clone(),
        pupil: Some(pupil),
        first: said.first,
        last: said.last,
        session: said.session,
        code: None,
        source_key: Some(key),
        doubts: Vec::new(),
    };
    keep(act, None, told)
}

fn source_key(contact: i64, pupil: PupilId, said: &Said) -> String {
    let told = format!(
        "{contact} {pupil} {} {} {:?} {}",
        said.first, said.last, said.session, said.words
    );
    let digest = Sha256::digest(told.as_bytes());
    let hex: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("form:{hex}")
}

fn frame(title: &'static str, school: &str, look: Look) -> Frame {
    Frame::signed_out(title, school.to_owned()).with_look(look)
}

fn form(status: StatusCode, opened: &Opened, fields: Vec<Field>, look: Look) -> Response {
    let only = match &opened.family.children[..] {
        [only] => Some(only.forename.clone()),
        _ => None,
    };
    let page = FormPage {
        frame: frame("Tell us about an absence", &opened.name, look),
        only,
        errors: Errors::of(&fields),
        fields,
    };
    shell::page(status, &page)
}

/// What is said after a family told something.
struct Thanks<'t> {
    said: &'t Said,
    answers: &'t Answers,
    files: usize,
    not_taken: &'t [(String, NotTaken)],
}

impl Thanks<'_> {
    fn shown(
        &self,
        opened: &Opened,
        token: &str,
        (today, clock): (Day, String),
        look: Look,
    ) -> Response {
        let (said, again) = (self.said, format!("/from-home/{token}"));
        let names: Vec<&str> = (opened.family.children.iter())
            .filter(|child| said.children.contains(&child.pupil))
            .map(|child| child.forename.as_str())
            .collect();
        let days = match (said.first == said.last, said.first == today) {
            (true, true) => "today".to_owned(),
            (true, false) => said.first.long(),
            (false, _) => format!("{} to {}", said.first.long(), said.last.long()),
        };
        let files = match self.files {
            0 => "",
            1 => " Your file came with it.",
            _ => " Your files came with it.",
        };
        let lines = vec![
            format!(
                "We have it at {clock}: {} for {days}.{files}",
                names.join(" and ")
            ),
            "Somebody in the school office reads it. You need not ring as well.".to_owned(),
            "If something changes, tell us again here or ring.".to_owned(),
        ];
        let not_kept: Vec<String> = (self.not_taken.iter())
            .map(|(called, why)| match called.is_empty() {
                true => format!("A file was not kept: {why}."),
                false => format!("“{called}” was not kept: {why}."),
            })
            .collect();
        let resend = match not_kept.is_empty() {
            true => Vec::new(),
            false => self.same_report(),
        };
        let page = ThanksPage {
            frame: frame("Thank you", &opened.name, look),
            heading: "Thank you for telling us".to_owned(),
            lines,
            not_kept,
            resend,
            again: Some(again),
        };
        shell::page(StatusCode::OK, &page)
    }

    /// The answers of this report carried along unseen, so that a file sent with them comes to it, and the question for files.
    fn same_report(&self) -> Vec<Field> {
        let own = ["reason", "words", "first", "last", "session"];
        let children =
            (self.said.children.iter()).map(|pupil| hidden(format!("child-{pupil}"), "yes"));
        let carried = own.map(|name| hidden(name, self.answers.text(name)));
        children
            .chain(carried)
            .chain([file_field("Send a file again")])
            .collect()
    }
}

fn no_such(look: Look) -> Response {
    let page = ThanksPage {
        frame: frame("This link does not work", "Rollbook", look),
        heading: "This link does not work any more".to_owned(),
        lines: vec!["It may have ended, or another was made since. Please ring the school to tell of an absence, and ask for a new link.".to_owned()],
        not_kept: Vec::new(),
        resend: Vec::new(),
        again: None,
    };
    shell::page(StatusCode::GONE, &page)
}

fn too_often(look: Look) -> Response {
    let page = ThanksPage {
        frame: frame("Please wait", "Rollbook", look),
        heading: "Please wait a few minutes".to_owned(),
        lines: vec!["Too many links that do not work were tried from here. To tell of an absence now, please ring the school.".to_owned()],
        not_kept: Vec::new(),
        resend: Vec::new(),
        again: None,
    };
    shell::page(StatusCode::TOO_MANY_REQUESTS, &page)
}

fn trouble(look: Look, refusal: &Refusal) -> Response {
    let (status, words) = match refusal {
        Refusal::NotFound => return no_such(look),
        Refusal::Wrong(ground) => (StatusCode::TOO_MANY_REQUESTS, ground.clone()),
        other => {
            tracing::error!(error = %other, "what a family told could not be kept");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "It could not be kept. Please ring the school.".to_owned(),
            )
        }
    };
    let page = ThanksPage {
        frame: frame("Not sent", "Rollbook", look),
        heading: "It was not sent".to_owned(),
        lines: vec![words],
        not_kept: Vec::new(),
        resend: Vec::new(),
        again: None,
    };
    shell::page(status, &page)
}

/// The address is a secret: it goes into no search and no cache. The shell keeps it from other sites.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}
