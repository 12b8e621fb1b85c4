-- The absence line: what families told about absence, in one queue (E-014). Nothing here is a mark.

-- channel: call, voicemail, text, form, email. taken_by: the account that wrote it down; none for what came by itself. pupil_id: whom it is about, once
-- that is certain. session: 0 morning, 1 afternoon, none for whole days. code, why: what is proposed and on which ground. state: new, matched,
-- doubtful, applied, set aside. ground: why it is held back or was set aside. set_id: the change of marks that it came to. source_key: what it came
-- from, so that the same message is here once.
create table absence_report (
    school_id {int} not null,
    report_id {int} not null,
    seq {int} not null,
    channel {text} not null,
    received_at {instant} not null,
    taken_by {int},
    from_name {text} not null,
    from_address {text},
    contact_id {int},
    said {text} not null,
    pupil_id {int},
    first_day {day} not null,
    last_day {day} not null,
    session {int},
    code {text},
    why {text} not null,
    state {text} not null,
    ground {text},
    set_id {int},
    decided_by {int},
    source_key {text},
    superseded_seq {int},
    primary key (school_id, report_id, seq)
) {strict};
create index absence_report_by_state on absence_report (school_id, state);
create index absence_report_by_pupil on absence_report (school_id, pupil_id);
create index absence_report_by_source on absence_report (school_id, source_key);

-- The secret address by which a contact tells of their children's absence: only its hash is kept. made_for: office, one for each contact; message, one
-- for each message that carried one.
create table absence_link (
    school_id {int} not null,
    link_id {int} not null,
    seq {int} not null,
    contact_id {int} not null,
    token_hash {bytes} not null,
    ends_on {day} not null,
    made_for {text} not null,
    superseded_seq {int},
    primary key (school_id, link_id, seq)
) {strict};
create index absence_link_by_token on absence_link (school_id, token_hash);
create index absence_link_by_contact on absence_link (school_id, contact_id);
