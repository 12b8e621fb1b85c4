-- Lesson registers: the school's own record beside the attendance register. No row here is a session mark or makes one (R-025).

-- Append-only, like the attendance register: what stands for a pupil in a period of a day is the newest row. mark is null where one was taken
-- back. group_id: whose lesson it was.
create table lesson_mark (
    school_id {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    period_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    mark {text},
    minutes_late {int},
    note {text},
    reason {text},
    source {text} not null,
    device_at {instant},
    primary key (school_id, enrolment_id, on_date, period_id, seq)
) {strict};
create index lesson_mark_by_date on lesson_mark (school_id, on_date);

-- That the register of a lesson was taken: by whom, when, and on whose word if somebody else took it.
create table lesson_taken (
    school_id {int} not null,
    group_id {int} not null,
    on_date {day} not null,
    period_id {int} not null,
    seq {int} not null,
    taken_at {instant} not null,
    account_id {int} not null,
    on_behalf_of {text},
    superseded_seq {int},
    primary key (school_id, group_id, on_date, period_id, seq)
) {strict};
create index lesson_taken_by_date on lesson_taken (school_id, on_date);

-- Who takes one lesson on one day, in place of whoever teaches it.
create table lesson_cover (
    school_id {int} not null,
    group_id {int} not null,
    on_date {day} not null,
    period_id {int} not null,
    seq {int} not null,
    staff_id {int} not null,
    superseded_seq {int},
    primary key (school_id, group_id, on_date, period_id, seq)
) {strict};

-- Examinations: a sitting on a day, its rooms with who invigilates, who sits where, and who was there. starts and ends are clock times, hh:mm.
create table exam (
    school_id {int} not null,
    exam_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    title {text} not null,
    starts {text} not null,
    ends {text} not null,
    superseded_seq {int},
    primary key (school_id, exam_id, seq)
) {strict};
create index exam_by_date on exam (school_id, on_date);

create table exam_room (
    school_id {int} not null,
    exam_id {int} not null,
    room_id {int} not null,
    seq {int} not null,
    staff_id {int},
    superseded_seq {int},
    primary key (school_id, exam_id, room_id, seq)
) {strict};

create table exam_seat (
    school_id {int} not null,
    exam_id {int} not null,
    enrolment_id {int} not null,
    seq {int} not null,
    room_id {int} not null,
    seat {int} not null,
    superseded_seq {int},
    primary key (school_id, exam_id, enrolment_id, seq)
) {strict};
create index exam_seat_by_enrolment on exam_seat (school_id, enrolment_id);

-- Append-only, as lesson marks are.
create table exam_mark (
    school_id {int} not null,
    exam_id {int} not null,
    enrolment_id {int} not null,
    seq {int} not null,
    room_id {int} not null,
    mark {text},
    minutes_late {int},
    note {text},
    reason {text},
    source {text} not null,
    device_at {instant},
    primary key (school_id, exam_id, enrolment_id, seq)
) {strict};

-- Append-only: calls about candidates before a sitting and at its start (E-190).
create table exam_contact (
    school_id {int} not null,
    exam_id {int} not null,
    enrolment_id {int} not null,
    seq {int} not null,
    step {text} not null,
    outcome {text} not null,
    note {text},
    primary key (school_id, exam_id, enrolment_id, seq)
) {strict};

create table exam_taken (
    school_id {int} not null,
    exam_id {int} not null,
    room_id {int} not null,
    seq {int} not null,
    taken_at {instant} not null,
    account_id {int} not null,
    on_behalf_of {text},
    superseded_seq {int},
    primary key (school_id, exam_id, room_id, seq)
) {strict};
