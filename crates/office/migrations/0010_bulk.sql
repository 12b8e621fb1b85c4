-- Changes to many marks by one act. The marks of a set are the entries of mark_version that carry its seq.
-- kind: codes, closure, reopening, joining (a starting day that moved) or undo. code is null where several were entered, as by an undo.
-- undoes: the set whose marks this one brought back to what stood before.

create table mark_set (
    school_id {int} not null,
    set_id {int} not null,
    seq {int} not null,
    kind {text} not null,
    whom {text} not null,
    code {text},
    first_day {day} not null,
    last_day {day} not null,
    marks {int} not null,
    pupils {int} not null,
    reason {text} not null,
    undoes {int},
    superseded_seq {int},
    primary key (school_id, set_id, seq)
) {strict};

-- Only entries made many at once: a register's own saves cost nothing for it.
create index mark_version_by_set on mark_version (school_id, seq) where source = 'set';
