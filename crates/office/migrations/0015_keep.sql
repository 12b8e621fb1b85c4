-- The sub-code that went with a mark which came too late for its register.
alter table late_mark add column sub_code {text};

-- Erasures of entries whose time of preservation is over (R-008): state is asked, approved, done or withdrawn. They name no pupil and stay.
create table erasure (
    school_id {int} not null,
    erasure_id {int} not null,
    seq {int} not null,
    state {text} not null,
    -- Entries made up to this day, which are those of acts up to this number.
    made_through {day} not null,
    through_seq {int} not null,
    reason {text} not null,
    asked_by {int} not null,
    asked_in_words {text} not null,
    asked_on {day} not null,
    -- What was due when it was asked for: places of the attendance register and the entries in them, pupils long gone, sealed copies.
    places {int} not null,
    entries {int} not null,
    pupils {int} not null,
    copies {int} not null,
    first_made {day},
    last_made {day},
    -- What bears out the clock: the journal, or a person.
    clock {text} not null,
    approved_by {int},
    approved_in_words {text},
    approved_on {day},
    rows_erased {int},
    acts_shortened {int},
    acts_emptied {int},
    superseded_seq {int},
    primary key (school_id, erasure_id, seq)
) {strict};

-- Pupils of whom nothing is erased until the hold is released.
create table legal_hold (
    school_id {int} not null,
    hold_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    reason {text} not null,
    owner {text} not null,
    placed_on {day} not null,
    review_on {day} not null,
    released_on {day},
    released_because {text},
    superseded_seq {int},
    primary key (school_id, hold_id, seq)
) {strict};
