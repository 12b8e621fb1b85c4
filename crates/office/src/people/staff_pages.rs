//! The staff as everybody sees them: the list, a member of staff with job titles and duties, and the forms that change these.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use calendar::Day;
use store::{SchoolId, Tx};

use super::inspections::lets_inspectors_in;
use super::staff::{self, Details, Held, Member};
use super::{Actor, Place, Role};
use crate::book::Book;
use crate::desk::{Desk, Problem, Refusal};
use crate::form::{self, Answers, FormPage, Outcome, Part, Wrongs};
use crate::ids::StaffId;
use crate::roll::{duty_in_words, groups_in_words, sorting_name};
use crate::shell::{
    Column, Columns, Direction, Exports, Facts, Field, FieldKind, Flag, Frame, Notice, Page, Tab,
    Tabs, Text, Under,
};
use crate::take_away::{Leaving, Wanted, texts};

/// What a list tells of the members of staff.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// Who they are and what they do.
    Staff,
    /// How they sign in and what they may do.
    Accounts,
}

impl Listing {
    fn place(self) -> Place {
        match self {
            Listing::Staff => Place::Staff,
            Listing::Accounts => Place::Accounts,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Listing::Staff => "Staff",
            Listing::Accounts => "Accounts and roles",
        }
    }

    /// Heading and sorting word of each column.
    fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Listing::Staff => &[
                ("Name", "name"),
                ("Code", "code"),
                ("Job title", "job"),
                ("Groups", "groups"),
                ("Work e-mail", "email"),
            ],
            Listing::Accounts => &[
                ("Name", "name"),
                ("Job title", "job"),
                ("Roles today", "roles"),
                ("Sign-in name", "sign-in"),
                ("Account", "account"),
                ("Last used", "seen"),
            ],
        }
    }

    /// Who can be asked for: word and words.
    fn shows(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Listing::Staff => &[
                ("", "At the school today"),
                ("left", "Have left"),
                ("all", "Everybody"),
            ],
            Listing::Accounts => &[
                ("", "At the school today"),
                ("no-account", "Without an account"),
                ("no-second-factor", "Without a second factor"),
                ("left", "Have left"),
                ("all", "Everybody"),
            ],
        }
    }

    fn cells(self, member: &Member, groups: String, here: SchoolId) -> Vec<String> {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Listing::Staff => vec![
                member.listed(),
                optional(&member.details.code),
                member.job_title.clone(),
                groups,
                optional(&member.details.email),
            ],
            Listing::Accounts => super::accounts::cells_of(member, here),
        }
    }
}

/// Whether this member of staff is asked for.
fn is_asked_for(asked: &Answers, member: &Member, today: Day) -> bool {
    let account = member.account.as_ref();
    let text = crate::book::fold(&format!(
        "{} {} {} {}",
        member.name(),
        member.details.code.as_deref().unwrap_or_default(),
        member.job_title,
        account.map_or("", |account| &account.sign_in_name)
    ));
    let words = crate::book::fold(asked.text("q"));
    let role = Role::from_key(asked.text("role"));
    let has_left = member.has_left(today);
    words.split_whitespace().all(|word| text.contains(word))
        && role.is_none_or(|role| member.roles.contains(&role))
        && match asked.text("show") {
            "all" => true,
            "left" => has_left,
            "no-account" => !has_left && account.is_none(),
            "no-second-factor" => {
                !has_left
                    && account.is_some_and(|account| {
                        account.ended_at.is_none() && !account.has_second_factor
                    })
            }
            _ => !has_left,
        }
}

#[derive(Template)]
#[template(path = "people/staff.html")]
struct ListPage {
    frame: Frame,
    /// The staff, and their accounts; to those who may see only the former there are no tabs.
    tabs: Option<Tabs>,
    title: &'static str,
    path: &'static str,
    words: String,
    /// Roles to choose from: key, label, whether it is chosen.
    roles: Vec<(&'static str, &'static str, bool)>,
    shows: Vec<(&'static str, &'static str, bool)>,
    sort: String,
    manages: bool,
    lets_inspectors_in: bool,
    columns: Columns,
    rows: Vec<(StaffId, Vec<String>, Option<Flag>)>,
    under: Under,
}

/// `GET /staff`.
pub(super) async fn staff(desk: Desk, asked: Query<Answers>) -> Result<Response, Problem> {
    list(desk, asked, Listing::Staff).await
}

/// `/staff` as a file.
pub(super) fn staff_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    as_file(tx, wanted, Listing::Staff)
}

/// `/people` as a file.
pub(super) fn accounts_as_file(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Leaving, Refusal> {
    as_file(tx, wanted, Listing::Accounts)
}

fn as_file(tx: &mut Tx, wanted: &Wanted<'_>, listing: Listing) -> Result<Leaving, Refusal> {
    let (actor, today) = (wanted.actor, wanted.today());
    if !listing.place().is_open_to(actor) {
        return Err(Refusal::NotFound);
    }
    let book = wanted.office.shelf.book(tx, actor.school)?;
    let rows = sorted_rows(tx, actor, &book, &wanted.query()?, listing, today)?;
    let headings: Vec<&str> = listing.columns().iter().map(|(name, _)| *name).collect();
    let empty = wanted.sheet(tx, listing.title(), &headings)?;
    let rows = rows.into_iter().map(|(_, cells)| cells).collect();
    Ok(Leaving::new(texts(empty, rows), today))
}

/// A list of the staff.
pub(super) async fn list(
    desk: Desk,
    Query(asked): Query<Answers>,
    listing: Listing,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !listing.place().is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let book = here.office.shelf.book(tx, actor.school)?;
        let rows = sorted_rows(tx, actor, &book, &asked, listing, today)?;
        let frame = here.frame(tx, actor, listing.title())?;
        Ok(Page(list_page(frame, actor, &asked, listing, rows)).into_response())
    })
    .await
}

fn sorted_rows(
    tx: &mut Tx,
    actor: &Actor,
    book: &Book,
    asked: &Answers,
    listing: Listing,
    today: Day,
) -> Result<Vec<(Member, Vec<String>)>, Refusal> {
    let mut members = staff::everybody(tx, actor.school, today)?;
    members.retain(|member| is_asked_for(asked, member, today));
    let mut rows: Vec<(Member, Vec<String>)> = members
        .into_iter()
        .map(|member| {
            let groups = groups_in_words(book, member.staff, today);
            let cells = listing.cells(&member, groups, actor.school);
            (member, cells)
        })
        .collect();
    let (column, down) = sorting(asked, listing);
    let by_time = listing.columns()[column].1 == "seen";
    rows.sort_by_cached_key(|(member, cells)| {
        let seen = member.account.as_ref().and_then(|account| account.seen_at);
        let seen = seen.filter(|_| by_time);
        (seen, crate::book::fold(&cells[column]), member.listed())
    });
    if down {
        rows.reverse();
    }
    Ok(rows)
}

/// The column by which the list is sorted, and whether from the end.
fn sorting(asked: &Answers, listing: Listing) -> (usize, bool) {
    let sort = asked.text("sort");
    let word = sort.strip_prefix('-').unwrap_or(sort);
    let column = listing.columns().iter().position(|(_, own)| *own == word);
    (column.unwrap_or(0), sort.starts_with('-'))
}

fn list_page(
    frame: Frame,
    actor: &Actor,
    asked: &Answers,
    listing: Listing,
    rows: Vec<(Member, Vec<String>)>,
) -> ListPage {
    let path = listing.place().path();
    let (sorted_by, down) = sorting(asked, listing);
    let columns = listing.columns().iter().enumerate();
    let columns = columns.map(|(index, (heading, word))| {
        let now = (index == sorted_by).then_some(match down {
            true => Direction::Down,
            false => Direction::Up,
        });
        let other_way = match now {
            Some(Direction::Up) => format!("-{word}"),
            _ => (*word).to_owned(),
        };
        Column::text(*heading).sorted_by(asked.path(path, &[("sort", &other_way)]), now)
    });
    let chosen = |name: &str, key: &str| asked.text(name) == key;
    ListPage {
        frame,
        tabs: tabs(actor, path),
        title: listing.title(),
        path,
        words: asked.text("q").to_owned(),
        roles: match listing {
            Listing::Staff => Vec::new(),
            Listing::Accounts => Role::of_staff()
                .map(|role| (role.key(), role.label(), chosen("role", role.key())))
                .collect(),
        },
        shows: listing
            .shows()
            .iter()
            .map(|(key, words)| (*key, *words, chosen("show", key)))
            .collect(),
        sort: asked.text("sort").to_owned(),
        manages: staff::manages(actor),
        lets_inspectors_in: lets_inspectors_in(actor),
        columns: Columns {
            columns: columns.collect(),
        },
        under: Under {
            shown: match rows.len() {
                1 => "One person".into(),
                count => format!("{count} people").into(),
            },
            exports: Exports::usual(&asked.path(path, &[])),
            ..Under::default()
        },
        rows: rows
            .into_iter()
            .map(|(member, cells)| {
                let flag = match listing {
                    Listing::Staff => None,
                    Listing::Accounts => super::accounts::flag_of(&member, actor.school),
                };
                (member.staff, cells, flag)
            })
            .collect(),
    }
}

/// The lists of those who work here, people and programs, with the one at this address chosen; none for somebody to whom only one
/// is open.
pub(crate) fn tabs(actor: &Actor, address: &str) -> Option<Tabs> {
    let lists = [
        (Listing::Staff.title(), Listing::Staff.place().path()),
        (Listing::Accounts.title(), Listing::Accounts.place().path()),
        ("API clients", "/api-clients"),
    ];
    let tab = |(label, href): (&'static str, &'static str)| Tab {
        label: label.into(),
        href: href.into(),
        current: href == address,
        count: None,
    };
    Place::Accounts.is_open_to(actor).then(|| Tabs {
        name: "Staff".into(),
        tabs: lists.map(tab).into(),
    })
}

#[derive(Template)]
#[template(path = "people/member.html")]
struct MemberPage {
    frame: Frame,
    staff: StaffId,
    name: String,
    job_title: String,
    facts: Facts,
    posts: Vec<(String, String)>,
    /// Where the group is, its name, the duty, its days.
    duties: Vec<(Option<String>, String, String, String)>,
    manages: bool,
    sees_account: bool,
    sees_timetable: bool,
}

/// `GET /staff/{staff}`.
pub(super) async fn member(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Query(asked): Query<Answers>,
) -> Result<Response, Problem> {
    let here = desk.clone();
    desk.read(move |tx, actor| {
        let (today, _) = here.office.today();
        if !Place::Staff.is_open_to(actor) {
            return Err(Refusal::NotFound);
        }
        let member = staff::member(tx, actor.school, today, staff)?;
        let posts = staff::posts(tx, actor.school, staff)?;
        let book = here.office.shelf.book(tx, actor.school)?;
        let frame = here.frame(tx, actor, "Member of staff")?;
        let page = MemberPage {
            frame: frame.with_notice(notice(&asked)),
            staff,
            name: member.name(),
            job_title: member.job_title.clone(),
            facts: facts_of(&member),
            posts: posts
                .iter()
                .map(|post| (post.what.clone(), days_of(post)))
                .collect(),
            duties: duties(&book, actor, staff, today),
            manages: staff::manages(actor),
            sees_account: Place::Accounts.is_open_to(actor),
            sees_timetable: Place::Timetable.is_open_to(actor),
        };
        Ok(Page(page).into_response())
    })
    .await
}

/// What has just been done, by the word that came with the address.
fn notice(asked: &Answers) -> Option<Notice> {
    let text = match asked.text("did") {
        "added" => "The member of staff is added.",
        "details" => "The details are changed.",
        "post" => "The job title is recorded.",
        _ => return None,
    };
    Some(Notice::done(text))
}

fn facts_of(member: &Member) -> Facts {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
    let day = |day: Option<Day>| day.map(Day::long);
    let mut facts: Vec<(Text, Text)> = vec![
        ("Staff code".into(), text(&member.details.code)),
        ("Work e-mail".into(), text(&member.details.email)),
    ];
    for (term, day) in [
        ("First day", day(member.details.starting_day)),
        ("Last day", day(member.details.leaving_day)),
    ] {
        facts.extend(day.map(|day| (term.into(), day.into())));
    }
    Facts { facts }
}

/// The duties of today and of days to come, by group.
fn duties(
    book: &Book,
    actor: &Actor,
    staff: StaffId,
    today: Day,
) -> Vec<(Option<String>, String, String, String)> {
    let opens = Place::Groups.is_open_to(actor);
    let mut duties: Vec<_> = (book.groups.duties.iter())
        .filter(|duty| duty.staff == staff && duty.to.is_none_or(|last| last >= today))
        .filter_map(|duty| Some((duty, book.groups.group(duty.group)?)))
        .collect();
    duties.sort_by_cached_key(|(duty, group)| (sorting_name(&group.name), duty.from));
    duties
        .into_iter()
        .map(|(duty, group)| {
            (
                opens.then(|| format!("/groups/{}", group.id)),
                group.name.clone(),
                duty_in_words(&duty.duty).to_owned(),
                in_words(duty.from, duty.to),
            )
        })
        .collect()
}

/// The days of a job title or a role in words.
pub(super) fn days_of<T>(held: &Held<T>) -> String {
    in_words(held.from, held.to)
}

fn in_words(from: Day, to: Option<Day>) -> String {
    match to {
        None => format!("from {}", from.long()),
        Some(to) => format!("{} to {}", from.long(), to.long()),
    }
}

// Forms -------------------------------------------------------------------------------------------------------------

/// The questions of a staff record.
pub(super) fn details_questions() -> Vec<Field> {
    vec![
        Field::line("title", "Title").tiny().optional(),
        Field::line("forename", "First name").optional(),
        Field::line("surname", "Surname"),
        Field::line("code", "Staff code").tiny().optional(),
        Field::new(FieldKind::Email, "email", "Work e-mail").optional(),
        Field::day("starting_day", "First day at the school").optional(),
        Field::day("leaving_day", "Last day at the school")
            .hint("From the day after, they can no longer sign in.")
            .optional(),
    ]
}

/// Reads a staff record.
pub(super) fn read_details(answers: &Answers, wrongs: &mut Wrongs) -> Details {
    let details = Details {
        code: answers.given("code"),
        title: answers.text("title").to_owned(),
        forename: answers.text("forename").to_owned(),
        surname: answers.required("surname", "Give the surname.", wrongs),
        email: answers.given("email"),
        starting_day: answers.day_if_given("starting_day", wrongs),
        leaving_day: answers.day_if_given("leaving_day", wrongs),
    };
    let is_address = |email: &String| email.contains('@');
    if !details.email.as_ref().is_none_or(is_address) {
        wrongs.add("email", "An e-mail address has an @ in it.");
    }
    if let (Some(first), Some(last)) = (details.starting_day, details.leaving_day)
        && last < first
    {
        wrongs.add("leaving_day", "The last day is before the first.");
    }
    details
}

/// The job title, which must be there.
pub(super) fn read_job_title(answers: &Answers, wrongs: &mut Wrongs) -> String {
    answers.required(
        "job_title",
        "Give the job title: every amendment keeps it (R-007).",
        wrongs,
    )
}

fn member_page(staff: StaffId) -> String {
    format!("/staff/{staff}")
}

fn answers_of(member: &Member) -> Answers {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    Answers::of([
        ("title", member.details.title.clone()),
        ("forename", member.details.forename.clone()),
        ("surname", member.details.surname.clone()),
        ("code", member.details.code.clone().unwrap_or_default()),
        ("email", member.details.email.clone().unwrap_or_default()),
        ("starting_day", day(member.details.starting_day)),
        ("leaving_day", day(member.details.leaving_day)),
    ])
}

fn details_form(
    tx: &mut Tx,
    actor: &Actor,
    staff: StaffId,
    today: Day,
) -> Result<FormPage, Refusal> {
    staff::must_manage(actor)?;
    let member = staff::member(tx, actor.school, today, staff)?;
    let parts = vec![Part::new("", details_questions())];
    let crumb = (member_page(staff), member.name());
    let form = FormPage::new("Change the details", crumb, "Change the details", parts);
    Ok(form
        .of(member.name())
        .filled(&answers_of(&member), &Wrongs::default()))
}

/// `GET /staff/{staff}/details`.
pub(super) async fn ask_details(
    desk: Desk,
    Path(staff): Path<StaffId>,
) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        details_form(tx, actor, staff, today)
    })
    .await
}

/// `POST /staff/{staff}/details`.
pub(super) async fn answer_details(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let mut wrongs = Wrongs::default();
        let details = read_details(&answers, &mut wrongs);
        if !wrongs.is_empty() {
            let form = details_form(act.tx(), actor, staff, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        }
        staff::change_details(act, actor, today, staff, &details)?;
        Ok(Outcome::done(&member_page(staff), "details"))
    })
    .await
}

fn post_form(tx: &mut Tx, actor: &Actor, staff: StaffId, today: Day) -> Result<FormPage, Refusal> {
    staff::must_manage(actor)?;
    let member = staff::member(tx, actor.school, today, staff)?;
    let parts = vec![Part::new(
        "",
        vec![
            Field::line("job_title", "Job title").value(member.job_title.clone()),
            Field::day("from", "From").value(today.to_string()),
        ],
    )];
    let crumb = (member_page(staff), member.name());
    Ok(
        FormPage::new("Change the job title", crumb, "Record the job title", parts)
            .of(member.name())
            .about("The one before ends the day before. Acts of earlier days keep the title of their day."),
    )
}

/// `GET /staff/{staff}/post`.
pub(super) async fn ask_post(desk: Desk, Path(staff): Path<StaffId>) -> Result<Response, Problem> {
    form::ask(desk, move |tx, actor, today| {
        post_form(tx, actor, staff, today)
    })
    .await
}

/// `POST /staff/{staff}/post`.
pub(super) async fn answer_post(
    desk: Desk,
    Path(staff): Path<StaffId>,
    Form(answers): Form<Answers>,
) -> Result<Response, Problem> {
    form::answer(desk, move |act, actor, today| {
        let mut wrongs = Wrongs::default();
        let job_title = read_job_title(&answers, &mut wrongs);
        let from = answers.day("from", &mut wrongs);
        let (Some(from), true) = (from, wrongs.is_empty()) else {
            let form = post_form(act.tx(), actor, staff, today)?;
            return Ok(Outcome::again(form, &answers, &wrongs));
        };
        staff::change_post(act, actor, today, staff, &job_title, from)?;
        Ok(Outcome::done(&member_page(staff), "post"))
    })
    .await
}
