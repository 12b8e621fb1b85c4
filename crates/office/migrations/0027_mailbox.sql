-- The mailbox of the absence line: when it was looked into, and what became of each mail. No part of the record: what a family told is a report, and how the
-- mailbox is reached stands with the message channels.

-- One row while a school reads a mailbox. worker, lease_until: who is at it. trouble: why it could not be read the last time, since when.
create table mailbox (
    school_id {int} not null,
    next_at {instant} not null,
    worker {text},
    lease_until {instant},
    looked_at {instant},
    trouble {text},
    trouble_since {instant},
    primary key (school_id)
) {strict};

-- mail_key: what tells a mail from every other, wherever it lies. place, uid: where it lay: a hash of server, name, folder and UIDVALIDITY, and its number there.
-- became: report; program, written by no person; delivery, what became of a message of ours; unreadable. Sender, subject and why are kept of what is no report.
create table mailbox_mail (
    school_id {int} not null,
    mail_key {text} not null,
    place {text} not null,
    uid {int} not null,
    arrived_at {instant} not null,
    kept_at {instant} not null,
    became {text} not null,
    from_address {text} not null,
    subject {text} not null,
    why {text} not null,
    primary key (school_id, mail_key)
) {strict};
create index mailbox_mail_by_place on mailbox_mail (school_id, place);
create index mailbox_mail_by_time on mailbox_mail (kept_at);
