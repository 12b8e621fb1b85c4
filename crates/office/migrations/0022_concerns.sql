-- Concerns about children (B-200 to B-209): what somebody handed to the safeguarding lead, and what came of it. Words, origin and decision are
-- sealed, each for its concern alone (docs/decisions/0016); what stands here in the open says whom a concern is about, by whom and when.

-- holds: it came from work on an absence, so the child stays on the morning's list while nothing is decided (E-020).
create table concern (
    school_id {int} not null,
    concern_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    account_id {int} not null,
    raised_at {instant} not null,
    holds {bool} not null,
    sealed {bytes} not null,
    primary key (school_id, concern_id, seq)
) {strict};
create index concern_by_enrolment on concern (school_id, enrolment_id);

-- What happened to it. step: acknowledged, asked, added, decided, referred, answered, closed,
-- reopened; the rest is sealed.
create table concern_step (
    school_id {int} not null,
    step_id {int} not null,
    seq {int} not null,
    concern_id {int} not null,
    step {text} not null,
    account_id {int} not null,
    made_at {instant} not null,
    sealed {bytes} not null,
    primary key (school_id, step_id, seq)
) {strict};
create index concern_step_by_concern on concern_step (school_id, concern_id);

-- Whom the safeguarding team named to read a concern (need to know by case).
create table concern_reader (
    school_id {int} not null,
    concern_id {int} not null,
    account_id {int} not null,
    seq {int} not null,
    named_by {int} not null,
    named_at {instant} not null,
    superseded_seq {int},
    primary key (school_id, concern_id, account_id, seq)
) {strict};

-- Who read one (B-206).
create table concern_look (
    school_id {int} not null,
    look_id {int} not null,
    seq {int} not null,
    concern_id {int} not null,
    account_id {int} not null,
    looked_at {instant} not null,
    primary key (school_id, look_id, seq)
) {strict};
create index concern_look_by_concern on concern_look (school_id, concern_id);

-- Professionals allocated to a pupil (E-019), with their days. kind: social_worker, youth_justice, early_help, virtual_school, other.
create table professional (
    school_id {int} not null,
    professional_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    kind {text} not null,
    name {text} not null,
    agency {text},
    phone {text},
    email {text},
    from_day {day} not null,
    to_day {day},
    superseded_seq {int},
    primary key (school_id, professional_id, seq)
) {strict};
create index professional_by_pupil on professional (school_id, pupil_id);

-- That one was told of a day's absence (E-019): how, when, in which words, and what they answered. how: call, email, portal, in_person.
create table professional_told (
    school_id {int} not null,
    told_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    professional_id {int} not null,
    how {text} not null,
    told_at {instant} not null,
    account_id {int} not null,
    words {text},
    reply {text},
    replied_at {instant},
    superseded_seq {int},
    primary key (school_id, told_id, seq)
) {strict};
create index professional_told_by_enrolment on professional_told (school_id, enrolment_id, on_date);
