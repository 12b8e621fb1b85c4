-- Marks that a device could not send in time: what was typed, when by the device, and what the office decided.
-- They are no marks. state: waiting, accepted, refused, or replaced by a later one of the same person for the same place.
-- made_at is the device's moment put on the server's clock; device_at is what the device's own clock said.

create table late_mark (
    school_id {int} not null,
    late_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    code {text},
    minutes_late {int},
    note {text},
    account_id {int} not null,
    device_at {instant},
    made_at {instant} not null,
    arrived_at {instant} not null,
    state {text} not null,
    decided_because {text},
    superseded_seq {int},
    primary key (school_id, late_id, seq)
) {strict};
create index late_mark_by_state on late_mark (school_id, state, on_date);

-- The same of lessons: what was typed more than two days ago. mark is null where one was to be taken back.
create table late_lesson_mark (
    school_id {int} not null,
    late_id {int} not null,
    seq {int} not null,
    group_id {int},
    enrolment_id {int} not null,
    on_date {day} not null,
    period_id {int},
    exam_id {int},
    room_id {int},
    mark {text},
    minutes_late {int},
    note {text},
    account_id {int} not null,
    device_at {instant},
    made_at {instant} not null,
    arrived_at {instant} not null,
    state {text} not null,
    decided_because {text},
    superseded_seq {int},
    primary key (school_id, late_id, seq)
) {strict};
create index late_lesson_mark_by_state on late_lesson_mark (school_id, state, on_date);
