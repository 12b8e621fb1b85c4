-- Programs that use the interface, each in a role and no further than its limits. limits: kinds of record with read or write,
-- such as pupil_core=read,attendance_marks=write. account_id: what its acts stand under in the journal; nobody signs in with it.
create table api_client (
    school_id {int} not null,
    client_id {int} not null,
    seq {int} not null,
    account_id {int} not null,
    name {text} not null,
    role {text} not null,
    limits {text} not null,
    last_day {day} not null,
    superseded_seq {int},
    primary key (school_id, client_id, seq)
) {strict};

-- The secret of a client. Only its hash is kept. Directory: it is looked up before the school is known.
create table api_token (
    token_hash {bytes} not null primary key,
    school_id {int} not null,
    client_id {int} not null,
    made_at {instant} not null,
    used_at {instant},
    ended_at {instant}
) {strict};
create index api_token_by_client on api_token (school_id, client_id);

-- What a client was told when it wrote, so that sending the same again changes nothing. digest: SHA-256 of what it sent.
-- answer: sealed, since it can hold a secret.
create table api_answer (
    school_id {int} not null,
    client_id {int} not null,
    idempotency_key {text} not null,
    digest {bytes} not null,
    at {instant} not null,
    answer {bytes} not null,
    primary key (school_id, client_id, idempotency_key)
) {strict};

-- An address that is told of what changes, for a client. events: kinds with commas. standing: open; paused by somebody; given_up,
-- since nobody took a delivery for long.
create table webhook (
    school_id {int} not null,
    webhook_id {int} not null,
    seq {int} not null,
    client_id {int} not null,
    address {text} not null,
    events {text} not null,
    standing {text} not null,
    superseded_seq {int},
    primary key (school_id, webhook_id, seq)
) {strict};

-- How far the journal was read for a webhook, and the sealed secret that signs; the one before stays valid until its moment.
create table webhook_course (
    school_id {int} not null,
    webhook_id {int} not null,
    seen_seq {int} not null,
    secret {bytes} not null,
    secret_before {bytes},
    before_until {instant},
    primary key (school_id, webhook_id)
) {strict};

-- One event for one webhook: made from act seq, its part-th. due_at is null once it was taken.
create table webhook_delivery (
    school_id {int} not null,
    webhook_id {int} not null,
    seq {int} not null,
    part {int} not null,
    event {text} not null,
    body {text} not null,
    made_at {instant} not null,
    attempts {int} not null,
    due_at {instant},
    tried_at {instant},
    result {text},
    taken_at {instant},
    primary key (school_id, webhook_id, seq, part)
) {strict};
create index webhook_delivery_by_due on webhook_delivery (due_at);
