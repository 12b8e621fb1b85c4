-- Visits of inspectors of the registers: who looks, for whom, on which days and on whose word. The account's role ends with the last day (R-010).

create table inspection (
    school_id {int} not null,
    inspection_id {int} not null,
    seq {int} not null,
    account_id {int} not null,
    -- Name of the person, and the body they come from.
    name {text} not null,
    body {text} not null,
    first_day {day} not null,
    last_day {day} not null,
    reason {text} not null,
    -- Why it ended before its last day, if it did.
    ended_reason {text},
    grant_id {int} not null,
    superseded_seq {int},
    primary key (school_id, inspection_id, seq)
) {strict};
