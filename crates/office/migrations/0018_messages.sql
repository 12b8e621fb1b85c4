-- Messages to families. A message is one row, as it was sent; what became of it stands beside it, newest last (I-120, I-121).

-- Messages that somebody asked for together. purpose: first (about pupils without a reason in this session), letter (written by somebody).
create table message_run (
    school_id {int} not null,
    run_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    session {int} not null,
    asked_at {instant} not null,
    purpose {text} not null,
    superseded_seq {int},
    primary key (school_id, run_id, seq)
) {strict};

-- channel, address: by which way and where to, as it was then. reference: what it is called at its provider.
create table message (
    school_id {int} not null,
    message_id {int} not null,
    seq {int} not null,
    run_id {int} not null,
    channel {text} not null,
    contact_id {int} not null,
    to_name {text} not null,
    address {text} not null,
    subject {text} not null,
    words {text} not null,
    parts {int} not null,
    reference {text} not null,
    asked_at {instant} not null,
    superseded_seq {int},
    primary key (school_id, message_id, seq)
) {strict};
create index message_by_run on message (school_id, run_id);
create index message_by_time on message (school_id, asked_at);
create index message_by_address on message (school_id, address);
create index message_by_reference on message (school_id, reference);

create table message_pupil (
    school_id {int} not null,
    message_id {int} not null,
    enrolment_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    superseded_seq {int},
    primary key (school_id, message_id, enrolment_id, seq)
) {strict};
create index message_pupil_by_pupil on message_pupil (school_id, pupil_id);

-- state: the words of messages::State. because: why, or the provider's word. provider_key: what the provider calls it.
create table message_state (
    school_id {int} not null,
    message_id {int} not null,
    seq {int} not null,
    state {text} not null,
    because {text},
    provider_key {text},
    primary key (school_id, message_id, seq)
) {strict};

-- No message about this pupil, from a day to a day or until it is lifted. ground: bereavement, court order, do not contact, other.
create table message_hold (
    school_id {int} not null,
    hold_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    ground {text} not null,
    reason {text} not null,
    first_day {day} not null,
    last_day {day},
    superseded_seq {int},
    primary key (school_id, hold_id, seq)
) {strict};
create index message_hold_by_pupil on message_hold (school_id, pupil_id);

-- What a family sent. provider_key: the same each time that it is told. pupil_id: whose absence it is about, if that is certain.
create table message_reply (
    school_id {int} not null,
    reply_id {int} not null,
    seq {int} not null,
    provider_key {text} not null,
    address {text} not null,
    words {text} not null,
    received_at {instant} not null,
    pupil_id {int},
    seen {bool} not null,
    superseded_seq {int},
    primary key (school_id, reply_id, seq)
) {strict};
create index message_reply_by_key on message_reply (school_id, provider_key);

-- How a provider is reached. settings: JSON without secrets; secret: sealed.
create table message_channel (
    school_id {int} not null,
    provider {text} not null,
    seq {int} not null,
    settings {text} not null,
    secret {bytes} not null,
    superseded_seq {int},
    primary key (school_id, provider, seq)
) {strict};

-- The handing over of a message while it goes on; no part of the record. calling: a call is under way, or was when its worker died, so that the
-- provider may have the message. look_up: ask for the reference before another call. asks: a person decides. stopped: not to be begun.
create table message_try (
    school_id {int} not null,
    message_id {int} not null,
    run_id {int} not null,
    tries {int} not null,
    first_at {instant},
    next_at {instant} not null,
    calling {bool} not null,
    look_up {bool} not null,
    asks {bool} not null,
    stopped {bool} not null,
    said {text},
    primary key (school_id, message_id)
) {strict};
create index message_try_by_run on message_try (school_id, run_id);
