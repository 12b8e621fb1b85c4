//! A type for each kind of id, so that a pupil's never fits where a member of staff's is asked for.

/// Makes a type for one kind of id: a whole number that only means something within its school.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for store::Arg<'_> {
            fn from(id: $name) -> Self {
                store::Arg::Int(id.0)
            }
        }

        impl store::FromColumn<'_> for $name {
            fn from_column(value: store::Arg<'_>) -> Result<Self, &'static str> {
                i64::from_column(value).map($name)
            }
        }
    };
}

id_type!(
    /// A human being who is or was a pupil, whichever school: the directory's key.
    PersonId
);
id_type!(
    /// Somebody who can sign in, across schools.
    AccountId
);
id_type!(
    /// What was found about a mark that does not agree with a plan.
    DriftId
);
id_type!(
    /// A pupil's record at one school.
    PupilId
);
id_type!(
    /// A pupil's time on roll at one school: what marks belong to.
    EnrolmentId
);
id_type!(
    /// A year group, house, tutor group or class.
    GroupId
);
id_type!(
    /// A plan for a pupil's sessions.
    PlanId
);
id_type!(
    /// A change to many marks by one act.
    MarkSetId
);
id_type!(
    /// A parent or other contact.
    ContactId
);
id_type!(
    /// A member of staff at one school.
    StaffId
);
id_type!(
    /// One file, or set of files, that came in.
    ImportId
);
id_type!(
    /// One of the school's periods of the day, whatever its times from day to day.
    PeriodId
);
id_type!(
    /// A file that was given as evidence.
    EvidenceId
);
id_type!(
    /// A room.
    RoomId
);
id_type!(
    /// A lesson of the timetable: a group in a period of a weekday, again and again.
    LessonId
);
id_type!(
    /// A client of the interface: a program.
    ClientId
);
id_type!(
    /// An address that is told of what changes.
    WebhookId
);
id_type!(
    /// A sitting of an examination.
    ExamId
);
id_type!(
    /// Messages that were asked for together.
    MessageRunId
);
id_type!(
    /// One message to one contact.
    MessageId
);
id_type!(
    /// One e-mail to somebody on the staff.
    StaffMailId
);
id_type!(
    /// E-mails to staff that were asked for together.
    StaffMailRunId
);
id_type!(
    /// A hold of messages about a pupil.
    HoldId
);
id_type!(
    /// What a family answered.
    ReplyId
);
id_type!(
    /// What a family told about an absence.
    ReportId
);
