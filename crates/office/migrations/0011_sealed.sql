-- Monthly sealed copies of both registers (R-009). Append-only: another copy of a month stands beside the first.

create table sealed_copy (
    school_id {int} not null,
    copy_id {int} not null,
    seq {int} not null,
    -- The first day of the month.
    month {day} not null,
    -- Where the journal stood when the registers were read: its number and its hash, as they are printed on the copy.
    head_seq {int} not null,
    head_hash {text} not null,
    read_at {instant} not null,
    pupil_count {int} not null,
    mark_count {int} not null,
    primary key (school_id, copy_id, seq)
) {strict};
create index sealed_copy_by_month on sealed_copy (school_id, month);

-- Its files, each with the SHA-256 of its bytes: the journal keeps these, so that a file in hand can be proved.
create table sealed_file (
    school_id {int} not null,
    copy_id {int} not null,
    name {text} not null,
    seq {int} not null,
    sha256 {text} not null,
    byte_count {int} not null,
    primary key (school_id, copy_id, name, seq)
) {strict};
create index sealed_file_by_digest on sealed_file (sha256);

-- The bytes themselves, packed (zlib) and never written again: what is printed later is what was made.
create table sealed_content (
    school_id {int} not null,
    copy_id {int} not null,
    name {text} not null,
    bytes {bytes} not null,
    primary key (school_id, copy_id, name)
) {strict};
