-- The directory: what is known of schools, people and accounts across all schools. Reference tables, outside any school's chain of rows.

create table trust (
    trust_id {int} not null primary key,
    name {text} not null
) {strict};

-- A school. urn and laestab are text for ever: they are names, not numbers (I-050, I-051).
create table school (
    school_id {int} not null primary key,
    trust_id {int},
    urn {text},
    laestab {text},
    name {text} not null,
    founded_at {instant} not null
) {strict};

-- One human being who is or was a pupil, whichever school: what ties re-entry, guest and dual enrolments together.
create table person (
    person_id {int} not null primary key,
    upn {text}
) {strict};
create index person_by_upn on person (upn);

-- home_school_id: the school that opened it, whose administrators keep it; null where none did.
create table account (
    account_id {int} not null primary key,
    sign_in_name {text} not null,
    name {text} not null,
    password_hash {text},
    password_set_at {instant},
    must_change_password {bool} not null,
    totp_secret {bytes},
    totp_last_step {int},
    failed_attempts {int} not null,
    locked_until {instant},
    disabled_at {instant},
    home_school_id {int}
) {strict};
create unique index account_by_sign_in_name on account (sign_in_name);

-- Nobody's account: what a sign-in with an unknown name is counted against, so that it does the same work as any other.
insert into account (account_id, sign_in_name, name, must_change_password, failed_attempts) values (0, '', 'Nobody', false, 0);

-- A signed-in device. Only the hash of its token is kept. school_id: where its person works now, null until somebody with a place at
-- several has chosen; several_schools: whether they had, when they signed in.
create table sign_in (
    token_hash {bytes} not null primary key,
    account_id {int} not null,
    school_id {int},
    several_schools {bool} not null default false,
    device {text} not null,
    started_at {instant} not null,
    seen_at {instant} not null,
    expires_at {instant} not null,
    second_factor_at {instant},
    ended_at {instant}
) {strict};
create index sign_in_by_account on sign_in (account_id, started_at);

create table recovery_code (
    account_id {int} not null,
    code_hash {bytes} not null,
    used_at {instant},
    primary key (account_id, code_hash)
) {strict};

-- One row: a value sealed with the key that lies outside the data folder, by which a start knows whether it was given the right key.
create table key_check (
    check_id {int} not null primary key,
    sealed {bytes} not null
) {strict};

-- A row since these records were put back from a backup or an export: nothing leaves by itself until whoever runs the program lets it, so
-- that a copy tells nobody what the original told or tells. No backup carries it.
create table restored (
    restored_at {instant} not null primary key
) {strict};
