-- What the local authority is told of each day (E-031), and requests for medical evidence (E-024).

-- A notice to improve, an attendance target or proceedings of a pupil. kind: the words of office::authority::TargetKind. caseworker: who at the
-- authority has the case, and under which reference. Without to_day it goes on.
create table legal_target (
    school_id {int} not null,
    target_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    kind {text} not null,
    from_day {day} not null,
    to_day {day},
    caseworker {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, target_id, seq)
) {strict};
create index legal_target_by_pupil on legal_target (school_id, pupil_id);

-- That medical evidence is asked for of a pupil. ground: genuine_doubt or repeated_absence, and no other. review_on: when it is looked at again. What
-- comes in from from_day to ended_on came under it.
create table evidence_request (
    school_id {int} not null,
    request_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    ground {text} not null,
    why {text} not null,
    decided_by {text} not null,
    from_day {day} not null,
    review_on {day} not null,
    ended_on {day},
    ended_because {text},
    account_id {int} not null,
    superseded_seq {int},
    primary key (school_id, request_id, seq)
) {strict};
create index evidence_request_by_pupil on evidence_request (school_id, pupil_id);
