-- Files that came in. What an import changed is in the journal; these rows tell its course (I-002).

-- state: received, refused, previewed, applying, applied, cancelled, undone. preview and choices are JSON that the importer reads.
create table import (
    school_id {int} not null,
    import_id {int} not null,
    kind {text} not null,
    file_name {text} not null,
    file_hash {bytes} not null,
    state {text} not null,
    account_id {int} not null,
    received_at {instant} not null,
    changed_at {instant} not null,
    choices {text} not null,
    preview {text},
    message {text},
    job_id {int},
    -- The sign of life of the program that reads or writes it, and the group of its held marks.
    holder {int},
    group_id {int},
    primary key (school_id, import_id)
) {strict};
create index import_by_hash on import (school_id, file_hash);

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
    sheet {text} not null,
    line {int} not null,
    record {text} not null,
    column_name {text} not null,
    value {text} not null,
    severity {text} not null,
    code {text} not null,
    message {text} not null,
    what_to_do {text} not null,
    primary key (school_id, import_id, number)
) {strict};

-- Attendance at another school, from transfer files; kept apart and never part of our own register or figures (I-097).
create table prior_attendance (
    school_id {int} not null,
    prior_id {int} not null,
    seq {int} not null,
    pupil_id {int} not null,
    first_year {int},
    school {text},
    school_name {text},
    possible {int},
    attended {int},
    authorised {int},
    unauthorised {int},
    marks_from {day},
    marks {text} not null,
    superseded_seq {int},
    primary key (school_id, prior_id, seq)
) {strict};
create index prior_attendance_by_pupil on prior_attendance (school_id, pupil_id);

-- Records of an import that wait for a person, as JSON that the importer reads; destroyed with the file (I-015).
create table import_case (
    school_id {int} not null,
    import_id {int} not null,
    number {int} not null,
    body {text} not null,
    primary key (school_id, import_id, number)
) {strict};

-- What was decided of such records, so that the same identity is not asked again (I-032). verdict: same (record_id), another, leave out.
create table settled_record (
    school_id {int} not null,
    record_kind {text} not null,
    fingerprint {text} not null,
    seq {int} not null,
    verdict {text} not null,
    record_id {int},
    reason {text} not null,
    label {text} not null,
    import_id {int} not null,
    superseded_seq {int},
    primary key (school_id, record_kind, fingerprint, seq)
) {strict};

-- Answers kept for files with the same headings (I-012), as JSON that the importer reads.
create table import_profile (
    school_id {int} not null,
    fingerprint {text} not null,
    seq {int} not null,
    name {text} not null,
    kind {text} not null,
    answers {text} not null,
    superseded_seq {int},
    primary key (school_id, fingerprint, seq)
) {strict};
