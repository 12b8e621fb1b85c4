-- Files that families and colleagues give as evidence (I-029): a photo of an appointment card, a letter. Nothing here is a mark.

-- pupil_id: whose, once that is certain. report_id: the report of absence that it came with, if it came with one. kind: pdf, jpeg, png, heic, docx,
-- by its bytes. given_by: family, office, e-mail. account_id: who of the office gave it. words: what it is, as the office says. about_day: the last
-- day that it is about. withdrawn: why the file was taken away, if it was.
create table evidence_file (
    school_id {int} not null,
    evidence_id {int} not null,
    seq {int} not null,
    pupil_id {int},
    report_id {int},
    kind {text} not null,
    byte_count {int} not null,
    sha256 {text} not null,
    given_by {text} not null,
    account_id {int},
    words {text} not null,
    about_day {day} not null,
    came_at {instant} not null,
    withdrawn {text},
    superseded_seq {int},
    primary key (school_id, evidence_id, seq)
) {strict};
create index evidence_file_by_pupil on evidence_file (school_id, pupil_id);
create index evidence_file_by_report on evidence_file (school_id, report_id);

-- verdict: clean, refused. found: what, by the scanner's name for it.
create table evidence_scan (
    school_id {int} not null,
    evidence_id {int} not null,
    seq {int} not null,
    verdict {text} not null,
    found {text},
    scanned_at {instant} not null,
    primary key (school_id, evidence_id, seq)
) {strict};

-- The bytes, sealed with the key that lies outside the data folder. A file without them was taken away.
create table evidence_content (
    school_id {int} not null,
    evidence_id {int} not null,
    sealed {bytes} not null,
    primary key (school_id, evidence_id)
) {strict};
