//! Finding a pupil, a group or a member of staff by a few letters, from anywhere: for the find box, and as a page where no
//! script runs.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::Query;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use calendar::Day;

use super::groups::groups_in_words;
use super::keeping::Sight;
use super::place::{Place as WhereNow, Standing, places, sorting_name};
use crate::book::{Book, GroupKind, fold};
use crate::desk::{Desk, Problem, Refusal};
use crate::form::Answers;
use crate::people::{Place, RecordKind};
use crate::shell::{Frame, Page};

/// The most that is found at once.
const MOST: usize = 12;

/// The most members of staff among them.
const MOST_STAFF: usize = 4;

/// Something found, as the find box reads it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Found {
    /// The pupil's name as lists have it, or the group's, or the name of the member of staff.
    label: String,
    /// Tutor group and year, or what else it is.
    detail: String,
    /// The page.
    href: String,
}

#[derive(Template)]
#[template(path = "roll/find.html")]
struct FindPage {
    frame: Frame,
    words: String,
    found: Vec<Found>,
    is_full: bool,
}

/// `/find?q=`: JSON for the find box, a page for people.
pub(super) async fn find_page(
    desk: Desk,
    headers: HeaderMap,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let as_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let here = desk.clone();
    let (found, frame, words) = desk
        .read(move |tx, actor| {
            let (today, _) = here.office.today();
            if !Place::Staff.is_open_to(actor) {
                return Err(Refusal::NotFound);
            }
            let book = here.office.shelf.book(tx, actor.school)?;
            let words = asked.text("q").to_owned();
            let sought = Sought::of(&words);
            let mut found = match Place::Pupils.is_open_to(actor) {
                true => find(&book, &Sight::of(tx, actor, today)?, &sought, today),
                false => Vec::new(),
            };
            let staff = staff(&book, &sought, today);
            found.truncate(MOST - staff.len());
            found.extend(staff);
            let frame = if as_json {
                None
            } else {
                Some(here.frame(tx, actor, "Find")?)
            };
            Ok((found, frame, words))
        })
        .await?;
    Ok(match frame {
        None => Json(found).into_response(),
        Some(frame) => Page(FindPage {
            frame,
            words,
            is_full: found.len() == MOST,
            found,
        })
        .into_response(),
    })
}

/// Pupils of whom some name begins with each of the words, or whose number it is, or who are in the tutor group of that name; and the group.
///
/// Those on roll come before those expected, and those before those who left. Nobody outside `sight` is found.
fn find(book: &Arc<Book>, sight: &Sight, sought: &Sought, today: Day) -> Vec<Found> {
    if sought.is_nothing() {
        return Vec::new();
    }
    let tutor_groups: Vec<_> = book
        .groups
        .groups
        .iter()
        .filter(|group| group.kind == GroupKind::Tutor && sought.is_group(&group.name))
        .filter(|group| book.groups.members(group.id, today).next().is_some())
        .collect();
    let mut pupils: Vec<(Standing, bool, WhereNow)> = places(book, today)
        .into_iter()
        .filter(|place| sight.covers(RecordKind::PupilCore, place.pupil.id))
        .filter_map(|place| {
            let in_group = || {
                place.standing == Standing::OnRoll
                    && sought.is_group(place.group_name(book, GroupKind::Tutor))
            };
            let by_surname = sought.begins_surname(&place.pupil.folded);
            let is_sought = by_surname || sought.is_pupil(&place) || in_group();
            is_sought.then_some((place.standing, !by_surname, place))
        })
        .collect();
    pupils.sort_by_key(|found| (found.0, found.1, found.2.pupil.in_order));
    let mut groups: Vec<Found> = tutor_groups
        .iter()
        .map(|group| Found {
            label: group.name.clone(),
            detail: group.kind.label().to_owned(),
            href: format!("/groups/{}", group.id),
        })
        .collect();
    groups.sort_by_key(|group| sorting_name(&group.label));
    groups.truncate(3);
    let pupils = pupils.into_iter().map(|(_, _, place)| Found {
        label: place.pupil.listed(),
        detail: place.in_words(book),
        href: format!("/pupils/{}", place.pupil.id),
    });
    groups.into_iter().chain(pupils).take(MOST).collect()
}

/// The members of staff of today of whom some name begins with each of the words, or whose code it is.
fn staff(book: &Book, sought: &Sought, today: Day) -> Vec<Found> {
    if sought.is_nothing() {
        return Vec::new();
    }
    let mut found: Vec<(&str, Found)> = (book.staff.members.iter())
        .filter(|member| member.leaving_day.is_none_or(|last| last >= today))
        .filter(|member| {
            sought.is_name(&fold(&member.name)) || sought.is_code(member.code.as_deref())
        })
        .map(|member| {
            let groups = groups_in_words(book, member.id, today);
            let detail = match groups.is_empty() {
                true => "Staff".to_owned(),
                false => format!("Staff, {groups}"),
            };
            let found = Found {
                label: member.name.clone(),
                detail,
                href: format!("/staff/{}", member.id),
            };
            (member.surname.as_str(), found)
        })
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.label).cmp(&(b.0, &b.1.label)));
    found.truncate(MOST_STAFF);
    found.into_iter().map(|(_, found)| found).collect()
}

/// What somebody typed, ready to compare.
pub(crate) struct Sought {
    /// Words without accents and in lower case.
    names: Vec<String>,
    /// Everything typed without blanks, in capitals: a number.
    number: String,
}

impl Sought {
    /// What was typed: `cole, ty`, `A1234…`, `10b`.
    pub(crate) fn of(typed: &str) -> Sought {
        let folded = fold(typed);
        Sought {
            names: split(&folded).map(str::to_owned).collect(),
            number: typed.split_whitespace().collect::<String>().to_uppercase(),
        }
    }

    /// Whether nothing was typed.
    pub(crate) fn is_nothing(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the names, surname first, begin so: the first word the surname, each other word some name.
    pub(crate) fn begins_surname(&self, folded: &str) -> bool {
        self.is_name(folded)
            && self
                .names
                .first()
                .is_some_and(|first| folded.starts_with(first))
    }

    /// Whether some of the names begins with each word.
    pub(crate) fn is_name(&self, folded: &str) -> bool {
        self.names
            .iter()
            .all(|word| split(folded).any(|name| name.starts_with(word.as_str())))
    }

    /// Whether the pupil has such a name or number. A number counts from its first four characters, an admission number whole.
    pub(super) fn is_pupil(&self, place: &WhereNow) -> bool {
        let pupil = place.pupil;
        let is_upn = self.number.len() >= 4
            && pupil
                .upn
                .as_ref()
                .is_some_and(|upn| upn.starts_with(&self.number));
        let without_noughts = |text: &str| text.trim_start_matches('0').to_uppercase();
        let is_admission_number = pupil.admission_number.as_ref().is_some_and(|number| {
            !self.number.is_empty() && without_noughts(number) == without_noughts(&self.number)
        });
        is_upn || is_admission_number || self.is_name(&pupil.folded)
    }

    fn is_code(&self, code: Option<&str>) -> bool {
        code.is_some_and(|code| code.to_uppercase() == self.number)
    }

    fn is_group(&self, name: &str) -> bool {
        self.names.len() == 1 && !name.is_empty() && fold(name) == self.names[0]
    }
}

/// The words of a name: hyphens and blanks part them, an apostrophe does not.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '-'))
        .filter(|word| !word.is_empty())
}
