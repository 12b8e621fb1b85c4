-- The attendance register. Append-only: the mark in force is the newest one in effect for its place.
-- code is null where a mark was taken back, so that the place is blank again.

create table mark_version (
    school_id {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    seq {int} not null,
    code {text},
    minutes_late {int},
    arrived_at {instant},
    note {text},
    reason {text},
    source {text} not null,
    device_at {instant},
    -- The school's own part of what the code covers, in its own words then (R-141).
    sub_code {text},
    primary key (school_id, enrolment_id, on_date, session, seq)
) {strict};
create index mark_version_by_sub_code on mark_version (school_id, on_date) where sub_code is not null;

-- The mark in force now, one row a place.
create view mark as
select v.school_id, v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.arrived_at, v.note, v.reason, v.source, v.device_at, v.sub_code
from mark_version v
where not exists (
        select 1 from held_act h
        where h.school_id = v.school_id and h.seq = v.seq and h.released_seq is null)
  and not exists (
        select 1 from mark_version w
        where w.school_id = v.school_id and w.enrolment_id = v.enrolment_id and w.on_date = v.on_date and w.session = v.session
          and w.seq > v.seq
          and not exists (
                select 1 from held_act h
                where h.school_id = w.school_id and h.seq = w.seq and h.released_seq is null));

-- That a register was taken: by whom, when, and on whose word if somebody else took it.
create table register_taken (
    school_id {int} not null,
    group_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    seq {int} not null,
    taken_at {instant} not null,
    account_id {int} not null,
    on_behalf_of {text},
    superseded_seq {int},
    primary key (school_id, group_id, on_date, session, seq)
) {strict};
create index register_taken_by_date on register_taken (school_id, on_date, session);

-- A change that a device sent, so that sending it again changes nothing. answer is what the device was told.
create table change_seen (
    school_id {int} not null,
    change_id {text} not null,
    account_id {int} not null,
    at {instant} not null,
    answer {text} not null,
    primary key (school_id, change_id)
) {strict};

-- Every entry of the register with who made it, when and under which job title: what R-007 asks to be kept, readable by anyone with SQL.
create view mark_history as
select v.school_id, v.enrolment_id, v.on_date, v.session, v.seq, v.code, v.minutes_late, v.arrived_at, v.note, v.reason, v.source, v.device_at, v.sub_code,
       j.at as recorded_at, j.account_id, j.job_title, j.act,
       h.released_seq, h.abandoned_seq
from mark_version v
join journal_entry j on j.school_id = v.school_id and j.seq = v.seq
left join held_act h on h.school_id = v.school_id and h.seq = v.seq;
