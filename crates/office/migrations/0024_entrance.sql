-- The kiosk at the entrance: a page on one device at which pupils sign themselves in, with nobody's session behind it.

-- place: where it stands. token_hash: of the token that its device holds. ends_at: when it ends by itself; null until it is ended. What happens there
-- is done for started_by, as long as that account may keep the door.
create table kiosk (
    school_id {int} not null,
    kiosk_id {int} not null,
    seq {int} not null,
    place {text} not null,
    token_hash {bytes} not null,
    began_at {instant} not null,
    ends_at {instant},
    started_by {int} not null,
    ended_at {instant},
    ended_by {int},
    superseded_seq {int},
    primary key (school_id, kiosk_id, seq)
) {strict};
create index kiosk_by_token on kiosk (token_hash);

-- Append-only: a pupil who came back at a kiosk, under the device's own name for it, so that it counts once.
create table kiosk_back (
    school_id {int} not null,
    arrival_key {text} not null,
    seq {int} not null,
    move_id {int} not null,
    primary key (school_id, arrival_key, seq)
) {strict};

-- What was scanned or touched without a network and is nobody's. typed: the card, or form and letters. settled: what a person made of it.
create table kiosk_unknown (
    school_id {int} not null,
    unknown_id {int} not null,
    seq {int} not null,
    kiosk_id {int} not null,
    arrival_key {text} not null,
    typed {text} not null,
    at {instant} not null,
    reason {text},
    settled {text},
    account_id {int},
    superseded_seq {int},
    primary key (school_id, unknown_id, seq)
) {strict};
create index kiosk_unknown_by_key on kiosk_unknown (school_id, arrival_key);
create index kiosk_unknown_by_time on kiosk_unknown (school_id, at);

-- Append-only: copies of the fire list on paper. session: after whose registers it was made by itself; null where somebody (asked_by) wanted one.
-- head_seq: the journal's number that it shows.
create table fire_copy (
    school_id {int} not null,
    copy_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    session {int},
    made_at {instant} not null,
    head_seq {int} not null,
    looked_for {int} not null,
    asked_by {int},
    primary key (school_id, copy_id, seq)
) {strict};
create index fire_copy_by_day on fire_copy (school_id, on_date);

-- The names on a copy, outside the journal: forgotten after a fortnight.
create table fire_sheet (
    school_id {int} not null,
    copy_id {int} not null,
    made_on {day} not null,
    people {text} not null,
    primary key (school_id, copy_id)
) {strict};
