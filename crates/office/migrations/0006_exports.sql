-- What left as a file: who took which list away, with whose records, in which columns, and why (I-038). Append-only.

create table export (
    school_id {int} not null,
    export_id {int} not null,
    seq {int} not null,
    account_id {int} not null,
    -- The kind of list, and the title that the file bears.
    kind {text} not null,
    title {text} not null,
    -- The address of the list, with its filters and its order.
    address {text} not null,
    format {text} not null,
    -- The headings, as a JSON list.
    columns {text} not null,
    row_count {int} not null,
    -- How many pupils it names: those of export_pupil and, in the files of an import, people who are no pupils here yet.
    pupil_count {int} not null,
    reason {text},
    primary key (school_id, export_id, seq)
) {strict};
create index export_by_account on export (school_id, account_id, export_id);

create table export_pupil (
    school_id {int} not null,
    export_id {int} not null,
    pupil_id {int} not null,
    seq {int} not null,
    primary key (school_id, export_id, pupil_id, seq)
) {strict};
create index export_by_pupil on export_pupil (school_id, pupil_id, export_id);
