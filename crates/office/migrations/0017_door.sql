-- The door: who came late. An arrival is a fact of its own beside the register; what it made of the register stands in outcome, and the
-- mark itself in mark_version.

-- arrival_key is the device's own name for it, so that sending it twice changes nothing. arrived_at is on the server's clock; device_at what
-- the device's own clock said. code: what the arrival makes by the school's times; before_code and mark_seq: what stood before, and the act that
-- wrote the mark, where it wrote one. counts: whether the reason counts towards a sanction. kiosk_id: where the pupil signed in themselves.
create table arrival (
    school_id {int} not null,
    arrival_id {int} not null,
    seq {int} not null,
    arrival_key {text} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    arrived_at {instant} not null,
    came_at {instant} not null,
    device_at {instant},
    code {text},
    minutes_late {int},
    outcome {text} not null,
    said {text},
    before_code {text},
    mark_seq {int},
    reason {text},
    counts {bool} not null,
    came_with {text},
    account_id {int} not null,
    undone_because {text},
    kiosk_id {int},
    superseded_seq {int},
    primary key (school_id, arrival_id, seq)
) {strict};
create index arrival_by_day on arrival (school_id, on_date);
create index arrival_by_key on arrival (school_id, arrival_key);

-- Who went out and came in during the day: a pupil (who_id: the time on roll), a member of staff, or a visitor (who_id: the visit). Leaving
-- changes no mark (R-024). way: in, out.
create table site_move (
    school_id {int} not null,
    move_id {int} not null,
    seq {int} not null,
    who {text} not null,
    who_id {int} not null,
    on_date {day} not null,
    way {text} not null,
    at {instant} not null,
    came_with {text},
    reason {text},
    expected_back {instant},
    account_id {int} not null,
    undone_because {text},
    superseded_seq {int},
    primary key (school_id, move_id, seq)
) {strict};
create index site_move_by_day on site_move (school_id, on_date);

-- A visitor of one day.
create table visit (
    school_id {int} not null,
    visit_id {int} not null,
    seq {int} not null,
    on_date {day} not null,
    name {text} not null,
    organisation {text},
    host {text},
    badge {text},
    superseded_seq {int},
    primary key (school_id, visit_id, seq)
) {strict};
create index visit_by_day on visit (school_id, on_date);

-- A roll call after an alarm, for practice (drill) or not (alarm). What was counted when it ended stands with it: who was looked for, who was found
-- and when the last of them was.
create table roll_call (
    school_id {int} not null,
    call_id {int} not null,
    seq {int} not null,
    kind {text} not null,
    on_date {day} not null,
    began_at {instant} not null,
    began_by {int} not null,
    ended_at {instant},
    ended_by {int},
    looked_for {int},
    found {int},
    all_at {instant},
    note {text},
    superseded_seq {int},
    primary key (school_id, call_id, seq)
) {strict};
create index roll_call_by_day on roll_call (school_id, on_date);

-- A device that begins a roll call without a network names it itself; several such are one roll call.
create table roll_call_start (
    school_id {int} not null,
    start_key {text} not null,
    seq {int} not null,
    call_id {int} not null,
    primary key (school_id, start_key, seq)
) {strict};

-- Append-only: every tick of every phone, under a name of its own so that it counts once. at is on the server's clock.
create table roll_call_tick (
    school_id {int} not null,
    tick_key {text} not null,
    seq {int} not null,
    call_id {int} not null,
    who {text} not null,
    who_id {int} not null,
    seen {bool} not null,
    at {instant} not null,
    account_id {int} not null,
    primary key (school_id, tick_key, seq)
) {strict};
create index roll_call_tick_by_call on roll_call_tick (school_id, call_id);

-- Append-only: what was done about a pupil who was in at the session and missing from a lesson. step: on_call, safeguarding_lead, parent, police;
-- found, not_missing and left_site end the search.
create table search_step (
    school_id {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    period_id {int} not null,
    seq {int} not null,
    step {text} not null,
    at {instant} not null,
    note {text},
    account_id {int} not null,
    primary key (school_id, enrolment_id, on_date, period_id, seq)
) {strict};
create index search_step_by_day on search_step (school_id, on_date);

-- What was done about lateness. lates: the step, from so many times on, as the school's steps said that day.
create table late_sanction (
    school_id {int} not null,
    sanction_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    lates {int} not null,
    does {text} not null,
    note {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, sanction_id, seq)
) {strict};
create index late_sanction_by_day on late_sanction (school_id, on_date);

-- A written punctuality target; outcome: what came of it, once it was reviewed.
create table punctuality_target (
    school_id {int} not null,
    target_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    first_day {day} not null,
    last_day {day} not null,
    allowed {int} not null,
    support {text} not null,
    review_on {day} not null,
    agreed_with {text},
    outcome {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, target_id, seq)
) {strict};
