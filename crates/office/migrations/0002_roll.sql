-- The roll. Every table holds versions: a row is never changed but for the number of the act that superseded it.
-- seq is the number of the act that recorded the version; current versions have no superseded_seq.

create table pupil (
    school_id {int} not null,
    pupil_id {int} not null,
    seq {int} not null,
    person_id {int} not null,
    upn {text},
    former_upn {text},
    uln {text},
    admission_number {text},
    legal_surname {text} not null,
    legal_forename {text} not null,
    middle_names {text} not null,
    surname {text} not null,
    forename {text} not null,
    sex {text},
    birth_day {day} not null,
    superseded_seq {int},
    primary key (school_id, pupil_id, seq)
) {strict};
create index pupil_by_upn on pupil (school_id, upn);
create index pupil_by_admission_number on pupil (school_id, admission_number);
create index pupil_by_person on pupil (school_id, person_id);

-- The name by which another system knows a pupil, contact, member of staff or group (I-031).
create table source_link (
    school_id {int} not null,
    source {text} not null,
    record_kind {text} not null,
    source_key {text} not null,
    seq {int} not null,
    record_id {int} not null,
    superseded_seq {int},
    primary key (school_id, source, record_kind, source_key, seq)
) {strict};

-- A pupil's time on roll at this school. kind: C single, M main of two, S subsidiary of two, G guest.
create table enrolment (
    school_id {int} not null,
    enrolment_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    kind {text} not null,
    starting_day {day} not null,
    agreed_with {text},
    leaving_day {day},
    deletion_ground {text},
    last_school {text},
    last_school_address {text},
    next_school {text},
    superseded_seq {int},
    primary key (school_id, enrolment_id, seq)
) {strict};
create index enrolment_by_pupil on enrolment (school_id, pupil_id);

-- kind: year, house, tutor, class. A group may last one school year (first_year) or for ever (null).
create table pupil_group (
    school_id {int} not null,
    group_id {int} not null,
    seq {int} not null,
    kind {text} not null,
    name {text} not null,
    subject {text},
    room {text},
    first_year {int},
    superseded_seq {int},
    primary key (school_id, group_id, seq)
) {strict};

create table membership (
    school_id {int} not null,
    membership_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    enrolment_id {int} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, membership_id, seq)
) {strict};
create index membership_by_group on membership (school_id, group_id);
create index membership_by_enrolment on membership (school_id, enrolment_id);

-- kind: fsm, pupil_premium, sen, ethnicity, first_language, eal, looked_after, previously_looked_after, child_protection, child_in_need,
-- social_worker, service_child, young_carer, boards (yes or no; neither while nobody has said). Dated, so that last year's report uses last year's status.
create table characteristic (
    school_id {int} not null,
    characteristic_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    kind {text} not null,
    value {text} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, characteristic_id, seq)
) {strict};
create index characteristic_by_pupil on characteristic (school_id, pupil_id);
create index characteristic_by_kind on characteristic (school_id, kind, pupil_id);

create table contact (
    school_id {int} not null,
    contact_id {int} not null,
    seq {int} not null,
    title {text} not null,
    forename {text} not null,
    surname {text} not null,
    language {text},
    interpreter {bool} not null,
    do_not_contact {bool} not null,
    superseded_seq {int},
    primary key (school_id, contact_id, seq)
) {strict};

-- kind: mobile, home, work, email. given: as it came; value: E.164 or a tidy address, null when it cannot be used (I-057, I-058).
create table contact_route (
    school_id {int} not null,
    route_id {int} not null,
    seq {int} not null,
    contact_id {int} not null,
    kind {text} not null,
    given {text} not null,
    value {text},
    superseded_seq {int},
    primary key (school_id, route_id, seq)
) {strict};
create index contact_route_by_contact on contact_route (school_id, contact_id);

-- What a contact is to a pupil. Nothing here is inferred from another field (I-089).
create table pupil_contact (
    school_id {int} not null,
    pupil_id {int} not null,
    contact_id {int} not null,
    seq {int} not null,
    priority {int},
    relationship {text} not null,
    parental_responsibility {bool},
    lives_with {bool},
    may_collect {bool},
    court_order {bool} not null,
    court_order_text {text},
    correspondence {bool} not null,
    no_automatic_messages {bool} not null,
    superseded_seq {int},
    primary key (school_id, pupil_id, contact_id, seq)
) {strict};
create index pupil_contact_by_contact on pupil_contact (school_id, contact_id);

create table address (
    school_id {int} not null,
    address_id {int} not null,
    seq {int} not null,
    line_1 {text} not null,
    line_2 {text} not null,
    town {text} not null,
    county {text} not null,
    postcode {text} not null,
    uprn {text},
    superseded_seq {int},
    primary key (school_id, address_id, seq)
) {strict};

-- Who lives where. party: pupil or contact. People with the same address at the same time are a household.
create table residence (
    school_id {int} not null,
    residence_id {int} not null,
    seq {int} not null,
    party {text} not null,
    party_id {int} not null,
    address_id {int} not null,
    from_day {day},
    to_day {day},
    superseded_seq {int},
    primary key (school_id, residence_id, seq)
) {strict};
create index residence_by_party on residence (school_id, party, party_id, residence_id);
create index residence_by_address on residence (school_id, address_id);

create table staff (
    school_id {int} not null,
    staff_id {int} not null,
    seq {int} not null,
    code {text},
    title {text} not null,
    forename {text} not null,
    surname {text} not null,
    email {text},
    account_id {int},
    starting_day {day},
    leaving_day {day},
    superseded_seq {int},
    primary key (school_id, staff_id, seq)
) {strict};
create index staff_by_account on staff (school_id, account_id);

-- The job title a person held on a day: every amendment keeps it (R-007).
create table post (
    school_id {int} not null,
    post_id {int} not null,
    seq {int} not null,
    staff_id {int} not null,
    job_title {text} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, post_id, seq)
) {strict};
create index post_by_staff on post (school_id, staff_id);

-- duty: tutor, teacher, head (of year or house).
create table group_staff (
    school_id {int} not null,
    group_staff_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    staff_id {int} not null,
    duty {text} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, group_staff_id, seq)
) {strict};
create index group_staff_by_staff on group_staff (school_id, staff_id);
create index group_staff_by_group on group_staff (school_id, group_id);

-- A role of the access matrix held by an account at this school.
create table role_grant (
    school_id {int} not null,
    grant_id {int} not null,
    seq {int} not null,
    account_id {int} not null,
    role {text} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, grant_id, seq)
) {strict};
create index role_grant_by_account on role_grant (school_id, account_id);
