//! Pupils, times on roll, groups, memberships and contacts for other programs.

use calendar::Day;
use serde_json::{Value, json};
use store::{Row, StoreError, Tx, args};

use super::household::{ContactOf, contacts_of};
use crate::api::shape::{Shape, count, field, id, list, named, one_of, or_null};
use crate::api::{
    ApiProblem, Asked, Given, Method, Operation, Run, followed_sql, following, in_path, page_of,
};
use crate::book::GroupKind;
use crate::ids::{EnrolmentId, PupilId};
use crate::people::{Access, Reach, RecordKind};

const PUPILS: &str = followed_sql!(
    "t.upn, t.admission_number, t.legal_surname, t.legal_forename, t.middle_names, t.surname, t.forename, t.sex, t.birth_day",
    "pupil",
    "pupil_id"
);
const PUPIL: &str = "\
select t.pupil_id, t.seq, t.superseded_seq, t.upn, t.admission_number, t.legal_surname, t.legal_forename, t.middle_names, t.surname,
       t.forename, t.sex, t.birth_day
from pupil t where t.school_id = $1 and t.pupil_id = $2 and t.superseded_seq is null";
const ENROLMENTS: &str = followed_sql!(
    "t.pupil_id, t.kind, t.starting_day, t.leaving_day",
    "enrolment",
    "enrolment_id"
);
const GROUPS: &str = followed_sql!(
    "t.kind, t.name, t.subject, t.room, t.first_year",
    "pupil_group",
    "group_id"
);
const MEMBERSHIPS: &str = followed_sql!(
    "t.group_id, t.enrolment_id, t.from_day, t.to_day, (select e.pupil_id from enrolment e where e.school_id = t.school_id and e.enrolment_id = t.enrolment_id order by e.seq desc limit 1)",
    "membership",
    "membership_id"
);

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[PUPILS, PUPIL, ENROLMENTS, GROUPS, MEMBERSHIPS];

/// What can be asked.
pub(crate) fn operations() -> Vec<Operation> {
    let reading = |id, path, title, about, answer, run| Operation {
        id,
        section: "Roll",
        method: Method::Get,
        path,
        title,
        about,
        needs: Some((Access::Read, RecordKind::PupilCore)),
        parameters: following(),
        body: None,
        answer: (200, page_of(answer)),
        current: None,
        run: Run::Read(run),
    };
    let of_pupil = || vec![in_path("pupil", "The pupil's record.", id())];
    vec![
        reading(
            "listPupils",
            "/pupils",
            "Pupils",
            "Every pupil on file, whether on roll or not, by number. Who is on roll on a day stands in their times on roll.",
            pupil_shape(),
            pupils,
        ),
        Operation {
            parameters: of_pupil(),
            answer: (200, pupil_shape()),
            ..reading(
                "getPupil",
                "/pupils/{pupil}",
                "One pupil",
                "A pupil's names, numbers and day of birth.",
                pupil_shape(),
                pupil,
            )
        },
        Operation {
            parameters: of_pupil(),
            needs: Some((Access::Read, RecordKind::Contacts)),
            answer: (
                200,
                Shape::Object(vec![field(
                    "items",
                    "The contacts, in the order to ring.",
                    list(contact_shape()),
                )]),
            ),
            ..reading(
                "listContactsOfPupil",
                "/pupils/{pupil}/contacts",
                "Contacts of a pupil",
                "Who to ring about a pupil, in order. Nobody with `do_not_contact` is to be contacted, and `court_order` is to be read before anything is sent.",
                contact_shape(),
                contacts,
            )
        },
        reading(
            "listEnrolments",
            "/enrolments",
            "Times on roll",
            "Each pupil's times on roll (R-002, R-219), by number. Marks belong to a time on roll.",
            enrolment_shape(),
            enrolments,
        ),
        reading(
            "listGroups",
            "/groups",
            "Groups",
            "Year groups, houses, tutor groups and classes, by number.",
            group_shape(),
            groups,
        ),
        reading(
            "listMemberships",
            "/memberships",
            "Memberships",
            "Which time on roll belongs to which group from which day, by number.",
            membership_shape(),
            memberships,
        ),
    ]
}

/// What every record says of its own version.
fn version() -> Vec<crate::api::shape::Field> {
    vec![
        field("number", "The act that recorded this.", count()).like(640),
        field(
            "withdrawn",
            "Whether the record was withdrawn.",
            Shape::YesNo,
        )
        .like(false),
    ]
}

fn pupil_shape() -> Shape {
    let mut fields = vec![
        field("pupil", "The record.", id()).like(118),
        field("upn", "Unique pupil number.", or_null(Shape::Words)).like("H801200001001"),
        field(
            "admission_number",
            "The school's own number.",
            or_null(Shape::Words),
        )
        .like("004118"),
        field(
            "legal_surname",
            "Surname for statutory output.",
            Shape::Words,
        )
        .like("Sample"),
        field(
            "legal_forename",
            "Forename for statutory output.",
            Shape::Words,
        )
        .like("Patrick"),
        field("middle_names", "Middle names, perhaps empty.", Shape::Words).like(""),
        field("surname", "Surname used.", Shape::Words).like("Sample"),
        field("forename", "Forename used.", Shape::Words).like("Pat"),
        field("sex", "M, F or not known.", or_null(Shape::Words)).like("M"),
        field("birth_day", "Day of birth.", Shape::Day).like("2012-10-05"),
    ];
    fields.extend(version());
    named("Pupil", fields)
}

fn read_pupil(row: &Row<'_>) -> Result<(PupilId, Value), StoreError> {
    let id = PupilId(row.get(0)?);
    let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
    let pupil = json!({
        "pupil": id,
        "upn": row.get::<Option<String>>(3)?,
        "admission_number": row.get::<Option<String>>(4)?,
        "legal_surname": row.get::<String>(5)?,
        "legal_forename": row.get::<String>(6)?,
        "middle_names": row.get::<String>(7)?,
        "surname": row.get::<String>(8)?,
        "forename": row.get::<String>(9)?,
        "sex": row.get::<Option<String>>(10)?,
        "birth_day": row.get::<Day>(11)?,
        "number": gone.unwrap_or(seq),
        "withdrawn": gone.is_some(),
    });
    Ok((id, pupil))
}

fn pupils(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let reach = asked.reads(tx, RecordKind::PupilCore)?;
    let paging = asked.paging(tx)?;
    paging.rows(tx, PUPILS, asked, &reach, |row| {
        let (id, pupil) = read_pupil(row)?;
        Ok((id.0, Some(id), pupil))
    })
}

fn pupil(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let id = PupilId(asked.id("pupil")?);
    let reach = asked.reads(tx, RecordKind::PupilCore)?;
    let found = tx.query_opt(PUPIL, &args![asked.actor.school, id], read_pupil)?;
    match found {
        Some((_, pupil)) if reach.covers(id) => Ok(pupil.into()),
        _ => Err(ApiProblem::NotFound),
    }
}

fn contact_shape() -> Shape {
    let route = Shape::Object(vec![
        field("kind", "Where it reaches them.", one_of(&["mobile", "home", "work", "email"])),
        field("value", "The number in international form, or the address; null where what was given cannot be used.", or_null(Shape::Words)).like("+447700900123"),
    ]);
    let known = || or_null(Shape::YesNo);
    named(
        "Contact",
        vec![
            field("contact", "The record.", id()).like(2114),
            field("title", "Title, perhaps empty.", Shape::Words).like("Ms"),
            field("forename", "Forename.", Shape::Words).like("Robin"),
            field("surname", "Surname.", Shape::Words).like("Sample"),
            field("relationship", "What they are to the pupil.", Shape::Words).like("Mother"),
            field(
                "priority",
                "Place in the order to ring; null for none.",
                or_null(count()),
            )
            .like(1),
            field(
                "parental_responsibility",
                "Whether they have it; null where it is not known.",
                known(),
            ),
            field("lives_with", "Whether the pupil lives with them.", known()),
            field(
                "may_collect",
                "Whether they may collect the pupil.",
                known(),
            ),
            field(
                "court_order",
                "Whether a court order is on file.",
                Shape::YesNo,
            )
            .like(false),
            field(
                "correspondence",
                "Whether letters go to them.",
                Shape::YesNo,
            ),
            field(
                "do_not_contact",
                "Whether they are not to be contacted.",
                Shape::YesNo,
            )
            .like(false),
            field(
                "no_automatic_messages",
                "Whether no program may write to them by itself.",
                Shape::YesNo,
            )
            .like(false),
            field(
                "language",
                "The language to speak to them in, where it is not English.",
                or_null(Shape::Words),
            )
            .like(Value::Null),
            field(
                "interpreter",
                "Whether an interpreter is needed.",
                Shape::YesNo,
            )
            .like(false),
            field("routes", "How to reach them.", list(route)),
        ],
    )
}

fn contacts(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let id = PupilId(asked.id("pupil")?);
    let reach = asked.reads(tx, RecordKind::Contacts)?;
    let school = asked.actor.school;
    let is_there = tx
        .query_opt(PUPIL, &args![school, id], |_| Ok(()))?
        .is_some();
    if !is_there || !reach.covers(id) {
        return Err(ApiProblem::NotFound);
    }
    let all = contacts_of(tx, school, id)?;
    let items: Vec<Value> = all.iter().map(contact).collect();
    Ok(json!({ "items": items }).into())
}

fn contact(one: &ContactOf) -> Value {
    let routes: Vec<Value> = one
        .routes
        .iter()
        .map(|route| json!({ "kind": route.kind, "value": route.value }))
        .collect();
    json!({
        "contact": one.contact,
        "title": one.title,
        "forename": one.forename,
        "surname": one.surname,
        "relationship": one.relationship,
        "priority": one.priority,
        "parental_responsibility": one.parental_responsibility,
        "lives_with": one.lives_with,
        "may_collect": one.may_collect,
        "court_order": one.court_order,
        "correspondence": one.correspondence,
        "do_not_contact": one.do_not_contact,
        "no_automatic_messages": one.no_automatic_messages,
        "language": one.language,
        "interpreter": one.interpreter,
        "routes": routes,
    })
}

fn enrolment_shape() -> Shape {
    let mut fields = vec![
        field("enrolment", "The time on roll.", id()).like(119),
        field("pupil", "The pupil.", id()).like(118),
        field(
            "kind",
            "C single, M main of two schools, S subsidiary of two, G guest.",
            Shape::Words,
        )
        .like("C"),
        field("starting_day", "The first day on roll (R-002).", Shape::Day).like("2026-09-03"),
        field(
            "leaving_day",
            "The last day on roll, if it is settled (R-219).",
            or_null(Shape::Day),
        )
        .like(Value::Null),
    ];
    fields.extend(version());
    named("Enrolment", fields)
}

fn enrolments(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let reach = asked.reads(tx, RecordKind::PupilCore)?;
    let paging = asked.paging(tx)?;
    paging.rows(tx, ENROLMENTS, asked, &reach, |row| {
        let id: i64 = row.get(0)?;
        let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        let pupil = PupilId(row.get(3)?);
        let enrolment = json!({
            "enrolment": id,
            "pupil": pupil,
            "kind": row.get::<String>(4)?,
            "starting_day": row.get::<Day>(5)?,
            "leaving_day": row.get::<Option<Day>>(6)?,
            "number": gone.unwrap_or(seq),
            "withdrawn": gone.is_some(),
        });
        Ok((id, Some(pupil), enrolment))
    })
}

fn group_shape() -> Shape {
    let mut fields = vec![
        field("group", "The group.", id()).like(12),
        field(
            "kind",
            "What it is.",
            one_of(&GroupKind::ALL.map(GroupKind::key)),
        )
        .like("tutor"),
        field("name", "Its name.", Shape::Words).like("9A"),
        field(
            "subject",
            "What is taught, for a class.",
            or_null(Shape::Words),
        )
        .like(Value::Null),
        field("room", "Where it usually meets.", or_null(Shape::Words)).like("Lab 2"),
        field(
            "school_year",
            "The school year it lasts for, by its first calendar year; null if it goes on.",
            or_null(count()),
        )
        .like(2026),
    ];
    fields.extend(version());
    named("Group", fields)
}

fn groups(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let paging = asked.paging(tx)?;
    paging.rows(tx, GROUPS, asked, &Reach::School, |row| {
        let id: i64 = row.get(0)?;
        let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        let group = json!({
            "group": id,
            "kind": row.get::<String>(3)?,
            "name": row.get::<String>(4)?,
            "subject": row.get::<Option<String>>(5)?,
            "room": row.get::<Option<String>>(6)?,
            "school_year": row.get::<Option<i64>>(7)?,
            "number": gone.unwrap_or(seq),
            "withdrawn": gone.is_some(),
        });
        Ok((id, None, group))
    })
}

fn membership_shape() -> Shape {
    let mut fields = vec![
        field("membership", "The record.", id()).like(301),
        field("group", "The group.", id()).like(12),
        field("enrolment", "The time on roll.", id()).like(119),
        field("from_day", "The first day.", Shape::Day).like("2026-09-03"),
        field(
            "to_day",
            "The last day, if it is settled.",
            or_null(Shape::Day),
        )
        .like(Value::Null),
    ];
    fields.extend(version());
    named("Membership", fields)
}

fn memberships(tx: &mut Tx, asked: &Asked<'_>) -> Result<Given, ApiProblem> {
    let reach = asked.reads(tx, RecordKind::PupilCore)?;
    let paging = asked.paging(tx)?;
    paging.rows(tx, MEMBERSHIPS, asked, &reach, |row| {
        let id: i64 = row.get(0)?;
        let (seq, gone): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
        // A membership of a time on roll that nobody knows reaches nobody.
        let pupil = PupilId(row.get::<Option<i64>>(7)?.unwrap_or_default());
        let membership = json!({
            "membership": id,
            "group": row.get::<i64>(3)?,
            "enrolment": EnrolmentId(row.get(4)?),
            "from_day": row.get::<Day>(5)?,
            "to_day": row.get::<Option<Day>>(6)?,
            "number": gone.unwrap_or(seq),
            "withdrawn": gone.is_some(),
        });
        Ok((id, Some(pupil), membership))
    })
}
