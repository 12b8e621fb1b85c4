-- The morning: what was tried, said and decided about children who are not where they should be; claims, reminders, sign-off.
-- Who is not located is no table: it follows from the marks and from these entries, so nobody can be lost from it.

-- kind: attempt, settled, and the words of office::morning::Kind. account_id, made_at: who did it and when, which is not always who wrote it
-- down. lead: whether they may decide for safeguarding. outcome, channel: the words of welfare::attempt.
create table absence_entry (
    school_id {int} not null,
    entry_id {int} not null,
    seq {int} not null,
    enrolment_id {int} not null,
    on_date {day} not null,
    kind {text} not null,
    made_at {instant} not null,
    account_id {int} not null,
    lead {bool} not null,
    channel {text},
    contact_id {int},
    used {text},
    answered_by {text},
    outcome {text},
    said {text},
    expected_on {day},
    seen {bool} not null,
    concern {bool} not null,
    code {text},
    primary key (school_id, entry_id, seq)
) {strict};
create index absence_entry_by_day on absence_entry (school_id, on_date);
create index absence_entry_by_enrolment on absence_entry (school_id, enrolment_id, on_date);

-- Who is ringing the home of a pupil; the newest entry counts. One whose time has come has ended by itself.
create table absence_claim (
    school_id {int} not null,
    on_date {day} not null,
    pupil_id {int} not null,
    seq {int} not null,
    account_id {int} not null,
    until {instant} not null,
    primary key (school_id, on_date, pupil_id, seq)
) {strict};

-- That a register was asked for. asked: teacher, line_manager, attendance_lead.
create table register_reminder (
    school_id {int} not null,
    group_id {int} not null,
    on_date {day} not null,
    session {int} not null,
    seq {int} not null,
    asked {text} not null,
    asked_at {instant} not null,
    account_id {int} not null,
    primary key (school_id, group_id, on_date, session, seq)
) {strict};
create index register_reminder_by_day on register_reminder (school_id, on_date);

-- That somebody signed the morning off as it stood at the number as_of_seq, with the two measures of that moment; the newest counts.
-- minutes_to_all: from the register's close until every child was located; null while one is not. open_at_ten: null before ten.
create table morning_sign_off (
    school_id {int} not null,
    on_date {day} not null,
    seq {int} not null,
    as_of_seq {int} not null,
    signed_at {instant} not null,
    account_id {int} not null,
    children {int} not null,
    still_open {int} not null,
    minutes_to_all {int},
    open_at_ten {int},
    note {text},
    primary key (school_id, on_date, seq)
) {strict};
