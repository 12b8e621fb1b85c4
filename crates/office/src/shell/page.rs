use std::borrow::Cow;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Frame;

/// A rendered template as an answer: HTML in UTF-8, with a status.
///
/// Caching is left to [`super::security_headers`] (`no-store`) unless the handler says otherwise.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        page(StatusCode::OK, &self.0)
    }
}

/// A template as an answer with this status. A template that cannot be written is answered with status 500 and logged.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (
            status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            html,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The page could not be written.",
            )
                .into_response()
        }
    }
}

/// A page that says why there is no page, and what to do next.
#[derive(Template)]
#[template(path = "shell/trouble.html")]
struct Trouble {
    frame: Frame,
    heading: Cow<'static, str>,
    text: Cow<'static, str>,
    ground: Option<String>,
    next: (Cow<'static, str>, Cow<'static, str>),
}

/// The answer to an address that leads nowhere, or to a thing this person may not know of. The two read the same, on purpose.
pub fn not_found(frame: Frame) -> Response {
    trouble(
        StatusCode::NOT_FOUND,
        Trouble {
            frame: Frame { title: "Not found".into(), ..frame },
            heading: "There is nothing at this address".into(),
            text: "It may have moved, or it is not something your role can open. Check the address, or find what you need by name."
                .into(),
            ground: None,
            next: ("/".into(), "Go to your first page".into()),
        },
    )
}

/// The answer when a person may see a thing but not do this with it. `ground` says which rule decided, in plain English.
pub fn refused(
    frame: Frame,
    ground: impl Into<String>,
    back: impl Into<Cow<'static, str>>,
) -> Response {
    trouble(
        StatusCode::FORBIDDEN,
        Trouble {
            frame: Frame {
                title: "Not allowed".into(),
                ..frame
            },
            heading: "This was not done".into(),
            text: "Nothing has been changed.".into(),
            ground: Some(ground.into()),
            next: (back.into(), "Go back".into()),
        },
    )
}

/// The answer when the fault is ours. `reference` is what the log has it under; the cause itself is never shown.
pub fn failure(frame: Frame, reference: &str) -> Response {
    trouble(
        StatusCode::INTERNAL_SERVER_ERROR,
        Trouble {
            frame: Frame { title: "Something failed".into(), ..frame },
            heading: "Something failed on our side".into(),
            text: "What you had already saved is safe. Try again; if it fails again, tell whoever looks after Rollbook in your school."
                .into(),
            ground: Some(format!("Reference for the log: {reference}")),
            next: ("/".into(), "Go to your first page".into()),
        },
    )
}

/// The answer while the database does not: `ground` says what became of what was asked, `back` is where to try again.
pub fn unreachable(
    frame: Frame,
    ground: impl Into<String>,
    back: impl Into<Cow<'static, str>>,
) -> Response {
    trouble(
        StatusCode::SERVICE_UNAVAILABLE,
        Trouble {
            frame: Frame { title: "Not reachable".into(), ..frame },
            heading: "The school's record cannot be reached just now".into(),
            text: "Everything that was confirmed as saved is safe. A register keeps what you enter on this device, and sends it as soon as the record answers."
                .into(),
            ground: Some(ground.into()),
            next: (back.into(), "Try again".into()),
        },
    )
}

fn trouble(status: StatusCode, template: Trouble) -> Response {
    page(status, &template)
}
