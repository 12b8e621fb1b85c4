//! A form as a browser sent it, with files or without: read piece by piece, so that no file costs more than its limit.

use axum::Form;
use axum::extract::multipart::Field as Part;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;

use super::kind::{MOST_BYTES, MOST_FILES, NotTaken, Received};
use crate::desk::Refusal;
use crate::form::Answers;

/// The name under which forms send files.
pub(crate) const FILES: &str = "files";

/// The largest form: what is beyond the limits of its files is read and let go, so that a browser hears why instead of being cut off.
pub(crate) const LARGEST_FORM: usize = 256 << 20;

/// The longest answer beside the files.
const LONGEST_ANSWER: usize = 64 << 10;

/// The most answers of a form.
const MOST_ANSWERS: usize = 200;

/// What a form brought.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    /// What was answered.
    pub(crate) answers: Answers,
    /// The files that are taken.
    pub(crate) files: Vec<Received>,
    /// The others: under which name they came, and why they are not.
    pub(crate) not_taken: Vec<(String, NotTaken)>,
}

impl Posted {
    /// Whether there was a file at all.
    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty() || !self.not_taken.is_empty()
    }
}

/// Reads a form, in either of the ways in which browsers send it. A file that is not taken costs nothing else of the form.
///
/// Errors: [`Refusal::Wrong`] for what is no form.
pub(crate) async fn read_posted(request: Request) -> Result<Posted, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        let form = Form::<Answers>::from_request(request, &()).await;
        let Form(answers) = form.map_err(|_| broken())?;
        return Ok(Posted {
            answers,
            ..Posted::default()
        });
    }
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    let mut posted = Posted::default();
    let mut answers = 0;
    loop {
        let mut part = match form.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(posted),
            Err(_) if posted.has_files() || answers > 0 => {
                posted.not_taken.push((String::new(), NotTaken::BrokenOff));
                return Ok(posted);
            }
            Err(_) => return Err(broken()),
        };
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILES {
            let called = part.file_name().unwrap_or_default().to_owned();
            let came = read_up_to(&mut part, MOST_BYTES).await;
            add(&mut posted, called, came);
        } else {
            answers += 1;
            let text = match read_up_to(&mut part, LONGEST_ANSWER).await {
                Ok(bytes) if answers <= MOST_ANSWERS => String::from_utf8(bytes).ok(),
                _ => None,
            };
            let Some(text) = text else {
                return Err(broken());
            };
            posted.answers.add(&name, text);
        }
    }
}

fn add(posted: &mut Posted, called: String, came: Result<Vec<u8>, NotTaken>) {
    // An empty question for files is sent as a file without name and bytes.
    if called.is_empty() && came.as_ref().is_ok_and(Vec::is_empty) {
        return;
    }
    let many = posted.files.len();
    let taken = came.and_then(|bytes| match many < MOST_FILES {
        true => Received::of(bytes),
        false => Err(NotTaken::TooMany),
    });
    match taken {
        Ok(file) => posted.files.push(file),
        Err(why) => {
            let called = called.chars().filter(|letter| !letter.is_control());
            posted.not_taken.push((called.take(80).collect(), why));
        }
    }
}

/// The bytes of a part; what is beyond the limit is read and let go.
async fn read_up_to(part: &mut Part<'_>, most: usize) -> Result<Vec<u8>, NotTaken> {
    let (mut bytes, mut is_too_large) = (Vec::new(), false);
    loop {
        match part.chunk().await {
            Ok(Some(piece)) if !is_too_large && bytes.len() + piece.len() <= most => {
                bytes.extend_from_slice(&piece);
            }
            Ok(Some(_)) => {
                is_too_large = true;
                bytes = Vec::new();
            }
            Ok(None) if is_too_large => return Err(NotTaken::TooLarge),
            Ok(None) => return Ok(bytes),
            Err(_) => return Err(NotTaken::BrokenOff),
        }
    }
}

fn broken() -> Refusal {
    Refusal::Wrong("The form did not arrive whole. Please go back and send it again.".to_owned())
}
