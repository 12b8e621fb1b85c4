//! The tables of the roll.

use store::{Column, Kind, Shape, Table};

/// Pupils: names, numbers, birth day.
pub static PUPIL: Table = Table {
    name: "pupil",
    id: &[Column::new("pupil_id", Kind::Int)],
    columns: &[
        Column::new("person_id", Kind::Int),
        Column::nullable("upn", Kind::Text),
        Column::nullable("former_upn", Kind::Text),
        Column::nullable("uln", Kind::Text),
        Column::nullable("admission_number", Kind::Text),
        Column::new("legal_surname", Kind::Text),
        Column::new("legal_forename", Kind::Text),
        Column::new("middle_names", Kind::Text),
        Column::new("surname", Kind::Text),
        Column::new("forename", Kind::Text),
        Column::nullable("sex", Kind::Text),
        Column::new("birth_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// The names by which other systems know our records (I-031).
pub static SOURCE_LINK: Table = Table {
    name: "source_link",
    id: &[
        Column::new("source", Kind::Text),
        Column::new("record_kind", Kind::Text),
        Column::new("source_key", Kind::Text),
    ],
    columns: &[Column::new("record_id", Kind::Int)],
    shape: Shape::Versions,
};

/// Times on roll.
pub static ENROLMENT: Table = Table {
    name: "enrolment",
    id: &[Column::new("enrolment_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("starting_day", Kind::Day),
        Column::nullable("agreed_with", Kind::Text),
        Column::nullable("leaving_day", Kind::Day),
        Column::nullable("deletion_ground", Kind::Text),
        Column::nullable("last_school", Kind::Text),
        Column::nullable("last_school_address", Kind::Text),
        Column::nullable("next_school", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Year groups, houses, tutor groups and classes.
pub static PUPIL_GROUP: Table = Table {
    name: "pupil_group",
    id: &[Column::new("group_id", Kind::Int)],
    columns: &[
        Column::new("kind", Kind::Text),
        Column::new("name", Kind::Text),
        Column::nullable("subject", Kind::Text),
        Column::nullable("room", Kind::Text),
        Column::nullable("first_year", Kind::Int),
    ],
    shape: Shape::Versions,
};

/// Who belongs to which group, and when.
pub static MEMBERSHIP: Table = Table {
    name: "membership",
    id: &[Column::new("membership_id", Kind::Int)],
    columns: &[
        Column::new("group_id", Kind::Int),
        Column::new("enrolment_id", Kind::Int),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Dated characteristics: free meals, special needs, in care and the rest.
pub static CHARACTERISTIC: Table = Table {
    name: "characteristic",
    id: &[Column::new("characteristic_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("value", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Parents and other contacts, as people of their own.
pub static CONTACT: Table = Table {
    name: "contact",
    id: &[Column::new("contact_id", Kind::Int)],
    columns: &[
        Column::new("title", Kind::Text),
        Column::new("forename", Kind::Text),
        Column::new("surname", Kind::Text),
        Column::nullable("language", Kind::Text),
        Column::new("interpreter", Kind::Bool),
        Column::new("do_not_contact", Kind::Bool),
    ],
    shape: Shape::Versions,
};

/// Telephone numbers and e-mail addresses of contacts.
pub static CONTACT_ROUTE: Table = Table {
    name: "contact_route",
    id: &[Column::new("route_id", Kind::Int)],
    columns: &[
        Column::new("contact_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("given", Kind::Text),
        Column::nullable("value", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// What a contact is to a pupil.
pub static PUPIL_CONTACT: Table = Table {
    name: "pupil_contact",
    id: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("contact_id", Kind::Int),
    ],
    columns: &[
        Column::nullable("priority", Kind::Int),
        Column::new("relationship", Kind::Text),
        Column::nullable("parental_responsibility", Kind::Bool),
        Column::nullable("lives_with", Kind::Bool),
        Column::nullable("may_collect", Kind::Bool),
        Column::new("court_order", Kind::Bool),
        Column::nullable("court_order_text", Kind::Text),
        Column::new("correspondence", Kind::Bool),
        Column::new("no_automatic_messages", Kind::Bool),
    ],
    shape: Shape::Versions,
};

/// Addresses.
pub static ADDRESS: Table = Table {
    name: "address",
    id: &[Column::new("address_id", Kind::Int)],
    columns: &[
        Column::new("line_1", Kind::Text),
        Column::new("line_2", Kind::Text),
        Column::new("town", Kind::Text),
        Column::new("county", Kind::Text),
        Column::new("postcode", Kind::Text),
        Column::nullable("uprn", Kind::Text),
    ],
    shape: Shape::Versions,
};

/// Who lives where, and when.
pub static RESIDENCE: Table = Table {
    name: "residence",
    id: &[Column::new("residence_id", Kind::Int)],
    columns: &[
        Column::new("party", Kind::Text),
        Column::new("party_id", Kind::Int),
        Column::new("address_id", Kind::Int),
        Column::nullable("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Members of staff.
pub static STAFF: Table = Table {
    name: "staff",
    id: &[Column::new("staff_id", Kind::Int)],
    columns: &[
        Column::nullable("code", Kind::Text),
        Column::new("title", Kind::Text),
        Column::new("forename", Kind::Text),
        Column::new("surname", Kind::Text),
        Column::nullable("email", Kind::Text),
        Column::nullable("account_id", Kind::Int),
        Column::nullable("starting_day", Kind::Day),
        Column::nullable("leaving_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Job titles by date.
pub static POST: Table = Table {
    name: "post",
    id: &[Column::new("post_id", Kind::Int)],
    columns: &[
        Column::new("staff_id", Kind::Int),
        Column::new("job_title", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Who tutors, teaches or heads which group.
pub static GROUP_STAFF: Table = Table {
    name: "group_staff",
    id: &[Column::new("group_staff_id", Kind::Int)],
    columns: &[
        Column::new("group_id", Kind::Int),
        Column::new("staff_id", Kind::Int),
        Column::new("duty", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};

/// Professionals allocated to pupils.
pub static PROFESSIONAL: Table = Table {
    name: "professional",
    id: &[Column::new("professional_id", Kind::Int)],
    columns: &[
        Column::new("pupil_id", Kind::Int),
        Column::new("kind", Kind::Text),
        Column::new("name", Kind::Text),
        Column::nullable("agency", Kind::Text),
        Column::nullable("phone", Kind::Text),
        Column::nullable("email", Kind::Text),
        Column::new("from_day", Kind::Day),
        Column::nullable("to_day", Kind::Day),
    ],
    shape: Shape::Versions,
};
