-- E-mails to staff: who is asked for a register, how the morning was signed off, whose pupils have marks without a reason (E-013, E-026). No
-- pupil's name stands in one. What became of it stands beside it, newest last (I-121).

-- kind: registers, morning, week. about: what it is about, such as the day and session, or the Monday of the week. address: empty where the staff
-- record has none. only_until: later it is of no use and is not sent.
create table staff_mail (
    school_id {int} not null,
    mail_id {int} not null,
    seq {int} not null,
    run_id {int} not null,
    kind {text} not null,
    about {text} not null,
    staff_id {int} not null,
    to_name {text} not null,
    address {text} not null,
    subject {text} not null,
    words {text} not null,
    reference {text} not null,
    asked_at {instant} not null,
    only_until {instant} not null,
    superseded_seq {int},
    primary key (school_id, mail_id, seq)
) {strict};
create index staff_mail_by_run on staff_mail (school_id, run_id);
create index staff_mail_by_time on staff_mail (school_id, asked_at);
create index staff_mail_by_about on staff_mail (school_id, kind, about);
create index staff_mail_by_reference on staff_mail (school_id, reference);

create table staff_mail_state (
    school_id {int} not null,
    mail_id {int} not null,
    seq {int} not null,
    state {text} not null,
    because {text},
    provider_key {text},
    primary key (school_id, mail_id, seq)
) {strict};

-- The handing over while it goes on; no part of the record. calling: a call is under way, or was when its worker died. look_up: ask for the
-- reference before another call.
create table staff_mail_try (
    school_id {int} not null,
    mail_id {int} not null,
    run_id {int} not null,
    tries {int} not null,
    first_at {instant},
    next_at {instant} not null,
    calling {bool} not null,
    look_up {bool} not null,
    said {text},
    primary key (school_id, mail_id)
) {strict};
create index staff_mail_try_by_run on staff_mail_try (school_id, run_id);

-- That a letter to a family, printed at the school, was posted: when, how, with which proof, and the letter as it was printed (E-207). how: first
-- class, second class, signed for, by hand. sha256: of the file; file: the file itself.
create table letter_posting (
    school_id {int} not null,
    message_id {int} not null,
    seq {int} not null,
    contact_id {int} not null,
    posted_on {day} not null,
    how {text} not null,
    proof {text} not null,
    deemed_on {day} not null,
    sha256 {text} not null,
    file {bytes} not null,
    superseded_seq {int},
    primary key (school_id, message_id, seq)
) {strict};
create index letter_posting_by_day on letter_posting (school_id, posted_on);
create index letter_posting_by_contact on letter_posting (school_id, contact_id);

-- What GOV.UK Notify told by itself, as it came, until it has been worked on (I-135); no part of the record, and forgotten after a week. digest: of the
-- body, so that the same is kept once however often it is told. outcome: what came of it.
create table notify_callback (
    school_id {int} not null,
    digest {bytes} not null,
    body {bytes} not null,
    received_at {instant} not null,
    worked_at {instant},
    outcome {text},
    primary key (school_id, digest)
) {strict};
create index notify_callback_by_worked on notify_callback (worked_at);

-- That somebody stopped what goes by itself for a day, or let it go again; the newest holds.
create table message_pause (
    school_id {int} not null,
    on_date {day} not null,
    seq {int} not null,
    paused {bool} not null,
    primary key (school_id, on_date, seq)
) {strict};
