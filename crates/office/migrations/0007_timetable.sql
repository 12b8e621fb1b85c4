-- The timetable: what is taught when, where and by whom. Every fact is dated, and kept in versions as the roll is.

-- The school's periods, each from a day on until its next entry or its last day. session: 0 morning, 1 afternoon, null for neither.
-- starts and ends are clock times, hh:mm.
create table lesson_period (
    school_id {int} not null,
    period_id {int} not null,
    from_day {day} not null,
    seq {int} not null,
    to_day {day},
    name {text} not null,
    session {int},
    starts {text} not null,
    ends {text} not null,
    superseded_seq {int},
    primary key (school_id, period_id, from_day, seq)
) {strict};

-- The times of a period on one day alone; starts and ends are null where it is not held that day. session as above.
create table day_period (
    school_id {int} not null,
    on_date {day} not null,
    period_id {int} not null,
    seq {int} not null,
    session {int},
    starts {text},
    ends {text},
    superseded_seq {int},
    primary key (school_id, on_date, period_id, seq)
) {strict};

create table room (
    school_id {int} not null,
    room_id {int} not null,
    seq {int} not null,
    name {text} not null,
    superseded_seq {int},
    primary key (school_id, room_id, seq)
) {strict};

-- A group in a period of a weekday (0 is Monday), again and again. week: 1 for A, 2 for B, null for every week.
create table lesson (
    school_id {int} not null,
    lesson_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    room_id {int},
    week {int},
    weekday {int} not null,
    period_id {int} not null,
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, lesson_id, seq)
) {strict};
create index lesson_by_time on lesson (school_id, weekday, period_id);
create index lesson_by_group on lesson (school_id, group_id);

-- What runs instead of lessons, from a day to a day: for the whole school (no group_id) or a group, all day (no period_id) or in a period.
create table off_timetable (
    school_id {int} not null,
    off_id {int} not null,
    seq {int} not null,
    from_day {day} not null,
    to_day {day} not null,
    group_id {int},
    period_id {int},
    what {text} not null,
    superseded_seq {int},
    primary key (school_id, off_id, seq)
) {strict};

-- Who teaches a lesson, where it is not simply whoever has the group. place: the order in which they are named.
create table lesson_staff (
    school_id {int} not null,
    lesson_id {int} not null,
    staff_id {int} not null,
    seq {int} not null,
    place {int} not null,
    superseded_seq {int},
    primary key (school_id, lesson_id, staff_id, seq)
) {strict};
