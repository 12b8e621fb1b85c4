-- Pupils out of school in school time: who left without leave, whom a truancy sweep met, and whom staff brought from home.

-- Truancy sweeps (E-195): the sweep of a day as the school was told of it.
create table truancy_sweep (
    school_id {int} not null,
    sweep_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    area {text} not null,
    premises {text} not null,
    officers {text} not null,
    authorised_by {text} not null,
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, sweep_id, seq)
) {strict};

-- A pupil whom the officers met. mark_then: what the register said at that minute, read from its history; null where it had no mark.
create table sweep_child (
    school_id {int} not null,
    child_id {int} not null,
    seq {int} not null,
    sweep_id {int} not null,
    enrolment_id {int} not null,
    met_at {instant} not null,
    place {text} not null,
    officer {text} not null,
    account_given {text} not null,
    mark_then {text},
    taken_to {text} not null,
    parent_told {text},
    account_id {int} not null,
    withdrawn_because {text},
    superseded_seq {int},
    primary key (school_id, child_id, seq)
) {strict};
create index sweep_child_by_enrolment on sweep_child (school_id, enrolment_id);

-- A pupil who left the site without leave (E-199), append-only: left_at is as far as anybody knows; from_where the way out, or who saw it.
create table left_site (
    school_id {int} not null,
    left_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    left_at {instant} not null,
    from_where {text} not null,
    account_id {int} not null,
    primary key (school_id, left_id, seq)
) {strict};
create index left_site_by_enrolment on left_site (school_id, enrolment_id, on_date);

-- Append-only: what was done about it. step: the words of welfare::absconded::Left.
create table left_step (
    school_id {int} not null,
    step_id {int} not null,
    seq {int} not null,
    left_id {int} not null,
    enrolment_id {int} not null,
    step {text} not null,
    at {instant} not null,
    note {text},
    account_id {int} not null,
    primary key (school_id, step_id, seq)
) {strict};
create index left_step_by_enrolment on left_step (school_id, enrolment_id);

-- Bringing a child to school from home (E-198), with a visit. second_adult: whoever goes along and is not on the staff. consent: the words of
-- welfare::collection::Consent. authorised_by: null while it is only asked for. refused_because: who said no, and why; nobody is made to come.
create table collection (
    school_id {int} not null,
    visit_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    asked_by {int} not null,
    asked_at {instant} not null,
    authorised_by {int},
    second_adult {text},
    driver {int},
    licence_seen {bool} not null,
    insured_until {day},
    consent {text},
    consent_by {text},
    consent_on {day},
    seating {text},
    way_home {text},
    set_off_at {instant},
    arrived_at {instant},
    refused_because {text},
    superseded_seq {int},
    primary key (school_id, visit_id, seq)
) {strict};
create index collection_by_enrolment on collection (school_id, enrolment_id);
