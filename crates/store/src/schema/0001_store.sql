-- The store's own tables. Every key leads with school_id; school 0 is the directory.

-- Where each school's order of acts stands. An act locks this row first.
-- facts: the hash of the act that last may have changed what acts keep of the school.
create table school_head (
    school_id {int} not null primary key,
    seq {int} not null,
    hash {bytes} not null,
    at {instant} not null,
    next_id {int} not null,
    schema {int} not null,
    facts {bytes} not null
) {strict};

-- One entry for each act, chained by hash.
create table journal_entry (
    school_id {int} not null,
    seq {int} not null,
    at {instant} not null,
    account_id {int} not null,
    job_title {text} not null,
    act {text} not null,
    subject {text} not null,
    salt {bytes},
    digest {bytes} not null,
    hash {bytes} not null,
    primary key (school_id, seq)
) {clustered};

-- What each act changed. Retention erases the payload and leaves the number of the act that erased it.
create table journal_payload (
    school_id {int} not null,
    seq {int} not null,
    payload {bytes},
    erased_seq {int},
    primary key (school_id, seq)
) {strict};

-- Acts whose rows are not in effect until their group is released.
create table held_act (
    school_id {int} not null,
    seq {int} not null,
    group_id {int} not null,
    released_seq {int},
    abandoned_seq {int},
    primary key (school_id, seq)
) {clustered};
create index held_act_group on held_act (school_id, group_id);

-- Long work, claimed by one worker at a time.
create table job (
    school_id {int} not null,
    id {int} not null,
    kind {text} not null,
    unique_key {text},
    input {text} not null,
    account_id {int} not null,
    state {text} not null,
    done {int} not null,
    total {int} not null,
    attempts {int} not null,
    due_at {instant} not null,
    lease_until {instant},
    worker {text},
    cancel_asked {bool} not null,
    outcome {text},
    created_at {instant} not null,
    finished_at {instant},
    primary key (school_id, id)
) {strict};
create unique index job_open_once on job (school_id, kind, unique_key)
    where state = 'waiting' or state = 'running';
create index job_due on job (school_id, state, due_at);
