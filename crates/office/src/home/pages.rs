use askama::Template;

use crate::desk::{Desk, Problem};
use crate::shell::{Frame, Page};

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    frame: Frame,
    greeting: String,
    today: String,
}

/// `GET /`.
pub(super) async fn home(desk: Desk) -> Result<Page<impl Template>, Problem> {
    let (today, time) = desk.office.today();
    let part = match time.hour() {
        0..12 => "Good morning",
        12..17 => "Good afternoon",
        _ => "Good evening",
    };
    let at = desk.clone();
    desk.read(move |tx, actor| {
        Ok(Page(Home {
            frame: at.frame(tx, actor, "Today")?,
            greeting: format!("{part}, {}", actor.name),
            today: today.long(),
        }))
    })
    .await
}
