-- Plans: what is known ahead about a pupil's sessions. A plan is no mark; it stands for a session while that has none.
-- kind and sessions: the words of register::plan. set_id: plans made together have one in common.

create table plan (
    school_id {int} not null,
    plan_id {int} not null,
    seq {int} not null,
    set_id {int} not null,
    enrolment_id {int} not null,
    kind {text} not null,
    code {text} not null,
    first_day {day} not null,
    last_day {day} not null,
    sessions {text} not null,
    reason {text} not null,
    place {text},
    supervisor {text},
    evidence {text},
    decided_on {day},
    decided_by {text} not null,
    agreed_on {day},
    agreed_with {text},
    review_on {day},
    change_reason {text},
    superseded_seq {int},
    primary key (school_id, plan_id, seq)
) {strict};
create index plan_by_enrolment on plan (school_id, enrolment_id);

-- A mark that does not agree with a plan, where a person found that both are right. code: the mark that stood there; another one is another drift.
create table settled_drift (
    school_id {int} not null,
    drift_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    plan_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    code {text} not null,
    found {text} not null,
    superseded_seq {int},
    primary key (school_id, drift_id, seq)
) {strict};
create index settled_drift_by_date on settled_drift (school_id, on_date);

-- Every version of every plan with who recorded it, when and under which job title (R-007).
create view plan_history as
select p.school_id, p.plan_id, p.seq, p.set_id, p.enrolment_id, p.kind, p.code, p.first_day, p.last_day, p.sessions, p.reason, p.place,
       p.supervisor, p.evidence, p.decided_on, p.decided_by, p.agreed_on, p.agreed_with, p.review_on, p.change_reason, p.superseded_seq,
       j.at as recorded_at, j.account_id, j.job_title, j.act
from plan p
join journal_entry j on j.school_id = p.school_id and j.seq = p.seq;
