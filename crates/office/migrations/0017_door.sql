-- The door: who came late. An arrival is a fact of its own beside the register; what it made of the register stands in outcome, and the
-- mark itself in mark_version.

-- arrival_key is the device's own name for it, so that sending it twice changes nothing. arrived_at is on the server's clock; device_at what
-- the device's own clock said. code: what the arrival makes by the school's times; before_code and mark_seq: what stood before, and the act that
-- wrote the mark, where it wrote one. counts: whether the reason counts towards a sanction.
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
    superseded_seq {int},
    primary key (school_id, arrival_id, seq)
) {strict};
create index arrival_by_day on arrival (school_id, on_date);
create index arrival_by_key on arrival (school_id, arrival_key);
