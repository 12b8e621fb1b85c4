-- The school year and what the school has decided, each decision from a day on.

-- A run of days on which the school may be open: half a term, so a year has six.
create table term (
    school_id {int} not null,
    term_id {int} not null,
    seq {int} not null,
    first_year {int} not null,
    name {text} not null,
    first_day {day} not null,
    last_day {day} not null,
    superseded_seq {int},
    primary key (school_id, term_id, seq)
) {strict};

-- kind: the words of calendar::ExceptionKind, such as inset, planned_closure, unplanned_closure_pm, open_am.
create table day_exception (
    school_id {int} not null,
    on_date {day} not null,
    seq {int} not null,
    kind {text} not null,
    reason {text} not null,
    superseded_seq {int},
    primary key (school_id, on_date, seq)
) {strict};

-- A setting and the day from which it holds; value is JSON in the shape that the setting's owner reads.
create table setting (
    school_id {int} not null,
    name {text} not null,
    from_day {day} not null,
    seq {int} not null,
    value {text} not null,
    superseded_seq {int},
    primary key (school_id, name, from_day, seq)
) {strict};
