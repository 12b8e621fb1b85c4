-- Whom the school rings before the day begins (E-191), clinics with families, and what they promised.

-- ground: the words of office::watch::Ground. Without to_day it goes on. ended_because: why it ended before.
create table early_watch (
    school_id {int} not null,
    watch_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    ground {text} not null,
    from_day {day} not null,
    to_day {day},
    note {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, watch_id, seq)
) {strict};
create index early_watch_by_enrolment on early_watch (school_id, enrolment_id);

-- An afternoon or morning on which families come, one after another. starts: the clock time of the first place; minutes: how long each lasts.
create table clinic (
    school_id {int} not null,
    clinic_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    starts {text} not null,
    minutes {int} not null,
    places {int} not null,
    room {text},
    held_by {text} not null,
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, clinic_id, seq)
) {strict};

-- A family in a place of a clinic, from 0. came: yes, no, or null while it is not known. promised_on: the day for which something was promised.
create table clinic_place (
    school_id {int} not null,
    place_id {int} not null,
    seq {int} not null,
    clinic_id {int} not null,
    number {int} not null,
    enrolment_id {int} not null,
    contact_id {int},
    with_whom {text} not null,
    about {text},
    came {bool},
    said {text},
    promise {text},
    promised_on {day},
    review_on {day},
    called_off {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, place_id, seq)
) {strict};
create index clinic_place_by_clinic on clinic_place (school_id, clinic_id);
create index clinic_place_by_enrolment on clinic_place (school_id, enrolment_id);
