-- What the local authority is told of each day (E-031).

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
