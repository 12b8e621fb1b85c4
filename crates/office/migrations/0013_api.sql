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
