-- Files that came in. What an import changed is in the journal; these rows tell its course (I-002).

-- state: received, read, previewed, applying, applied, cancelled, refused, failed, undone.
create table import (
    school_id {int} not null,
    import_id {int} not null,
    kind {text} not null,
    source {text} not null,
    file_name {text} not null,
    file_hash {bytes} not null,
    state {text} not null,
    account_id {int} not null,
    received_at {instant} not null,
    changed_at {instant} not null,
    options {text} not null,
    counts {text} not null,
    message {text},
    job_id {int},
    primary key (school_id, import_id)
) {strict};

-- The file itself, sealed with the key that lies outside the data folder; destroyed after 30 days (I-015).
create table import_file (
    school_id {int} not null,
    import_id {int} not null,
    part {int} not null,
    name {text} not null,
    sealed {bytes} not null,
    primary key (school_id, import_id, part)
) {strict};

-- One line for each finding (I-005).
create table import_finding (
    school_id {int} not null,
    import_id {int} not null,
    number {int} not null,
    file {text} not null,
    sheet {text},
    line {int},
    record {text},
    column_name {text},
    value {text},
    severity {text} not null,
    code {text} not null,
    message {text} not null,
    what_to_do {text} not null,
    primary key (school_id, import_id, number)
) {strict};

-- What the import would do or did with a record that needs a person, and the corrected rows to offer again.
create table import_row (
    school_id {int} not null,
    import_id {int} not null,
    line {int} not null,
    outcome {text} not null,
    subject_id {int},
    cells {text} not null,
    primary key (school_id, import_id, line)
) {strict};
