//! The links of a pupil's contacts, for the office: made, shown once, made anew, revoked.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use calendar::Day;
use store::Tx;

use super::link::{ends_on, family, make_link, revoke_link};
use super::take::may_write;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::ids::{ContactId, PupilId};
use crate::morning::Sight;
use crate::people::{Actor, Place};
use crate::roll::contacts_of;
use crate::shell::{Frame, Notice, Page};

struct ContactLine {
    contact: ContactId,
    name: String,
    about: String,
    /// Whether they may have a link.
    may_have: bool,
    /// Until when theirs holds.
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "absence_line/links.html")]
struct LinksPage {
    frame: Frame,
    pupil: PupilId,
    name: String,
    lines: Vec<ContactLine>,
    /// The address that was just made: shown this once.
    made: Option<(String, String)>,
    may_make: bool,
}

/// `GET /absence-line/links/{pupil}`.
pub(super) async fn page(
    desk: Desk,
    Path(pupil): Path<i64>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let revoked = (asked.text("did") == "revoked")
        .then(|| Notice::done("The link is revoked. Whoever has it can send nothing any more."));
    shown(desk, PupilId(pupil), None, revoked).await
}

/// Whether this person sees the links of a pupil's family: whoever sees the contacts and the log of contacts.
///
/// Errors: the database did not answer.
pub(crate) fn sees_links(
    tx: &mut Tx,
    actor: &Actor,
    pupil: PupilId,
    today: Day,
) -> Result<bool, Refusal> {
    if !Place::Morning.is_open_to(actor) {
        return Ok(false);
    }
    let sight = Sight::of(tx, actor, today)?;
    Ok(sight.covers(pupil) && sight.sees_contacts(pupil))
}

async fn shown(
    desk: Desk,
    pupil: PupilId,
    made: Option<(ContactId, String)>,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !sees_links(tx, actor, pupil, today)? {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let mut lines = Vec::new();
        for contact in contacts_of(tx, actor.school, pupil)? {
            let family = family(tx, actor.school, contact.contact, today)?;
            let until = ends_on(tx, actor.school, contact.contact)?;
            lines.push(ContactLine {
                may_have: family
                    .is_some_and(|family| family.children.iter().any(|child| child.pupil == pupil)),
                until: until.map(|day| {
                    if day < today {
                        format!("ended on {}", day.long())
                    } else {
                        format!("until {}", day.long())
                    }
                }),
                name: contact.name(),
                about: contact.relationship.clone(),
                contact: contact.contact,
            });
        }
        let made = made.map(|(contact, address)| {
            let line = lines.iter().find(|line| line.contact == contact);
            (
                line.map(|line| line.name.clone()).unwrap_or_default(),
                address,
            )
        });
        let page = LinksPage {
            frame: here
                .frame(tx, actor, "Links of a family")?
                .with_notice(notice),
            name: book
                .roll
                .pupil(pupil)
                .map(|pupil| pupil.called())
                .unwrap_or_default(),
            may_make: may_write(tx, actor, Some(pupil), today).is_ok(),
            pupil,
            lines,
            made,
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// `POST /absence-line/links/{pupil}`: a link made, or made anew; its address is on the page that answers and nowhere else.
pub(super) async fn make(
    desk: Desk,
    Path(pupil): Path<i64>,
    headers: HeaderMap,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let (pupil, contact) = (
        PupilId(pupil),
        ContactId(answers.number("contact").unwrap_or_default()),
    );
    let token = desk
        .act(move |act, actor| make_link(act, actor, pupil, contact))
        .await?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let scheme = if desk.office.over_tls {
        "https"
    } else {
        "http"
    };
    let address = format!("{scheme}://{host}/from-home/{token}");
    shown(desk, pupil, Some((contact, address)), None).await
}

/// `POST /absence-line/links/{pupil}/revoke`.
pub(super) async fn revoke(
    desk: Desk,
    Path(pupil): Path<i64>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    let contact = ContactId(answers.number("contact").unwrap_or_default());
    desk.act(move |act, actor| revoke_link(act, actor, PupilId(pupil), contact))
        .await?;
    Ok(Redirect::to(&format!("/absence-line/links/{pupil}?did=revoked")).into_response())
}
