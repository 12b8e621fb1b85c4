//! The school and its staff for other programs.

use calendar::Day;
use serde_json::json;
use store::{Tx, args, journal};

use super::{Access, Reach, RecordKind};
use crate::api::shape::{Shape, count, field, id, named, or_null};
use crate::api::{
    ApiProblem, Asked, Given, Method, Operation, Run, followed_sql, following, page_of,
};

const SCHOOL: &str = "select name, urn, laestab from school where school_id = $1";
const STAFF: &str = followed_sql!(
    "t.code, t.title, t.forename, t.surname, t.email, t.starting_day, t.leaving_day",
    "staff",
    "staff_id"
);

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[SCHOOL, STAFF];

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            id: "getSchool",
            section: "School",
            method: Method::Get,
            path: "/school",
            title: "The school",
            about: "Which school this client works at, and the number of its newest act: where to begin to follow it.",
            needs: None,
            parameters: vec![],
            body: None,
            answer: (200, school_shape()),
            current: None,
            run: Run::Read(school),
        },
        Operation {
            id: "listStaff",
            section: "School",
            method: Method::Get,
            path: "/staff",
            title: "Staff",
            about: "Everybody who works or worked at the school, by number.",
            needs: Some((Access::Read, RecordKind::PupilCore)),
            parameters: following(),
            body: None,
            answer: (200, page_of(member_shape())),
            current: None,
            run: Run::Read(staff),
        },
    ]
}

fn school_shape() -> Shape {
    named(
        "School",
        vec![
            field("name", "Its name.", Shape::Words).like("Sample Green School"),
            field(
                "urn",
                "Unique reference number, 6 digits.",
                or_null(Shape::Words),
            )
            .like("123456"),
            field(
                "laestab",
                "Authority and establishment number, 7 digits.",
                or_null(Shape::Words),
            )
            .like("9999999"),
            field("number", "The number of its newest act.", count()).like(812),
            field("today", "Today, by London clocks.", Shape::Day),
            field("client", "The client that asks.", Shape::Words).like("Sign-in kiosk"),
        ],
    )
}

fn school(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let school = asked.actor.school;
    let head = journal::head(tx, school)?;
    let row = tx.query_opt(SCHOOL, &args![school], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<Option<String>>(1)?,
            row.get::<Option<String>>(2)?,
        ))
    })?;
    let (name, urn, laestab) = row.ok_or(ApiProblem::NotFound)?;
    Ok(json!({
        "name": name,
        "urn": urn,
        "laestab": laestab,
        "number": head.map_or(0, |head| head.seq),
        "today": asked.today(),
        "client": asked.actor.name,
    })
    .into())
}

fn member_shape() -> Shape {
    named(
        "StaffMember",
        vec![
            field("staff", "The record.", id()).like(31),
            field("code", "As timetables name them.", or_null(Shape::Words)).like("SAM"),
            field("title", "Title, perhaps empty.", Shape::Words).like("Ms"),
            field("forename", "Forename.", Shape::Words).like("Sam"),
            field("surname", "Surname.", Shape::Words).like("Sample"),
            field("email", "Work e-mail.", or_null(Shape::Words)).like("s.sample@school.example"),
            field(
                "starting_day",
                "First day, where it is known.",
                or_null(Shape::Day),
            ),
            field(
                "leaving_day",
                "Last day, if it is settled.",
                or_null(Shape::Day),
            )
            .like(serde_json::Value::Null),
            field("number", "The act that recorded this.", count()).like(640),
            field(
                "withdrawn",
                "Whether the record was withdrawn.",
                Shape::YesNo,
            )
            .like(false),
        ],
    )
}

fn staff(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let paging = asked.paging(tx)?;
    paging.rows(tx, STAFF, asked, &Reach::School, |row| {
        let staff: i64 = row.get(0)?;
        let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        let member = json!({
            "staff": staff,
            "code": row.get::<Option<String>>(3)?,
            "title": row.get::<String>(4)?,
            "forename": row.get::<String>(5)?,
            "surname": row.get::<String>(6)?,
            "email": row.get::<Option<String>>(7)?,
            "starting_day": row.get::<Option<Day>>(8)?,
            "leaving_day": row.get::<Option<Day>>(9)?,
            "number": gone.unwrap_or(seq),
            "withdrawn": gone.is_some(),
        });
        Ok((staff, None, member))
    })
}
