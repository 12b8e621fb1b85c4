-- Visits to homes (E-196, SM-12): the order and its round, risk checks of the address, what was done while a pair was overdue, what was found.

-- kind: the words of office::visits::Kind. place: in the round of the day, from 1; nought while it has none. authorised_by: whoever leads
-- pastoral or safeguarding work or manages attendance; null while the visit is only asked for. alone_because and alone_by: a lead's leave
-- for one to go alone. due_back: when they are expected or have said that they will be heard of next.
create table home_visit (
    school_id {int} not null,
    visit_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    place {int} not null,
    kind {text} not null,
    purpose {text},
    parents_told {bool} not null,
    asked_by {int} not null,
    asked_at {instant} not null,
    authorised_by {int},
    staff_one {int},
    staff_two {int},
    alone_because {text},
    alone_by {int},
    vehicle {text},
    phone {text},
    left_at {instant},
    due_back {instant},
    back_at {instant},
    withdrawn_because {text},
    superseded_seq {int},
    primary key (school_id, visit_id, seq)
) {strict};
create index home_visit_by_day on home_visit (school_id, on_date);
create index home_visit_by_enrolment on home_visit (school_id, enrolment_id);

-- What is known of the address before a visit; the newest counts. stay_away: whoever looked says that nobody is to go.
create table visit_check (
    school_id {int} not null,
    visit_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    made_on {day} not null,
    dogs {bool} not null,
    violence {bool} not null,
    weapons {bool} not null,
    agency {bool} not null,
    never_alone {bool} not null,
    stay_away {bool} not null,
    note {text},
    account_id {int} not null,
    primary key (school_id, visit_id, seq)
) {strict};

-- What was heard of a pair while they were out, and what was done while they were overdue. step: check_in, or the words of
-- welfare::visit::Alarm.
create table visit_step (
    school_id {int} not null,
    step_id {int} not null,
    seq {int} not null,
    visit_id {int} not null,
    enrolment_id {int} not null,
    step {text} not null,
    made_at {instant} not null,
    note {text},
    account_id {int} not null,
    primary key (school_id, step_id, seq)
) {strict};
create index visit_step_by_visit on visit_step (school_id, visit_id);

-- What was found at the door; the newest counts. found: the words of welfare::visit::Found. facts and opinion are kept apart (E-196).
create table visit_record (
    school_id {int} not null,
    visit_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    found {text} not null,
    at_door {instant} not null,
    seen_by {int},
    seen_where {text},
    alone {bool},
    answered_by {text},
    facts {text},
    opinion {text},
    reply_by {instant},
    next_step {text},
    concern {bool} not null,
    account_id {int} not null,
    primary key (school_id, visit_id, seq)
) {strict};
