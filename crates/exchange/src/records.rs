//! The records that readers offer. They know the shape of a file, not who is on the roll: an importer matches them.

use calendar::{CycleWeek, Day, Session, TimeOfDay, Weekday};

use crate::codes::Coded;
use crate::email::Email;
use crate::phone::{Phone, PhoneUse};
use crate::upn::Upn;

/// Whether a record may be matched and stored, or needs a person first (I-003).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// May be matched and stored.
    #[default]
    Offered,
    /// Needs a person; a finding says why.
    Held,
}

/// The identifier that a source gives to a person; kept apart for each source (I-031).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceId {
    /// The source: the heading it stood under, or the name of the system.
    pub source: String,
    /// The identifier, as text.
    pub id: String,
}

/// The identifiers of a pupil in a record; never a name (I-031).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PupilKey {
    /// The source's own identifier.
    pub source_id: Option<SourceId>,
    /// The unique pupil number, checked.
    pub upn: Option<Upn>,
    /// The school's own number, leading noughts kept.
    pub admission_number: Option<String>,
}

impl PupilKey {
    /// Whether nothing identifies the pupil.
    pub fn is_empty(&self) -> bool {
        self.source_id.is_none() && self.upn.is_none() && self.admission_number.is_none()
    }
}

/// A pupil as one file describes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PupilRecord {
    /// Line, row or element line on which the record starts.
    pub line: u32,
    /// Whether it may be stored.
    pub standing: Standing,
    /// Identifiers.
    pub key: PupilKey,
    /// An earlier number of the pupil (I-047).
    pub former_upn: Option<Upn>,
    /// `UN1` to `UN5`: why there is no number (I-048).
    pub no_upn_reason: Option<String>,
    /// The unique learner number, as text (I-053).
    pub learner_number: Option<String>,
    /// Reference of an application for a place; its pupil is expected, not on roll (I-290).
    pub application_reference: Option<String>,
    /// Legal surname.
    pub legal_surname: String,
    /// Legal forename.
    pub legal_forename: String,
    /// Middle names.
    pub middle_names: Option<String>,
    /// Surname in use, where the source has one.
    pub preferred_surname: Option<String>,
    /// Forename in use, where the source has one.
    pub preferred_forename: Option<String>,
    /// An earlier surname.
    pub former_surname: Option<String>,
    /// `M` or `F` (I-060).
    pub sex: Option<Coded>,
    /// Date of birth. Absent only in sets without demographics.
    pub birth_date: Option<Day>,
    /// Year group (I-063).
    pub year_group: Option<Coded>,
    /// Registration or tutor group.
    pub registration_group: Option<String>,
    /// House.
    pub house: Option<String>,
    /// First day on roll.
    pub starting_day: Option<Day>,
    /// Last day on roll; in the past for a leaver (I-081).
    pub leaving_day: Option<Day>,
    /// Name of the school before, from lists that only have the name.
    pub former_school: Option<String>,
    /// Address of the school before, as one line.
    pub former_school_address: Option<String>,
    /// Whether the pupil boards.
    pub boards: Option<bool>,
    /// Enrolment status (I-064).
    pub enrolment_status: Option<Coded>,
    /// Characteristics. Sensitive: stored only if the profile ticks them.
    pub characteristics: Characteristics,
    /// Address of the pupil.
    pub address: Option<Address>,
    /// The pupil's own telephones.
    pub phones: Vec<ContactPhone>,
    /// The pupil's own e-mail addresses.
    pub emails: Vec<Email>,
    /// Attendance at other schools, from transfer files; never part of our register (I-097).
    pub prior_attendance: Vec<PriorAttendance>,
    /// Former schools, from transfer files.
    pub school_history: Vec<SchoolSpell>,
}

/// What a source says of a pupil's circumstances. Blank means not known, never no (I-014).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Characteristics {
    /// Ethnicity (I-061).
    pub ethnicity: Option<Coded>,
    /// Who gave the ethnicity: parent, pupil, school.
    pub ethnicity_source: Option<String>,
    /// First language (I-067).
    pub first_language: Option<Coded>,
    /// SEN provision, one entry for each period; lists without dates give one entry (I-062).
    pub sen: Vec<SenPeriod>,
    /// Eligible for free meals on the day of the list.
    pub free_meals: Option<bool>,
    /// Periods of eligibility, from transfer files (I-065).
    pub free_meal_periods: Vec<FreeMealPeriod>,
    /// Eligible at any time in the last six years.
    pub free_meals_ever6: Option<bool>,
    /// Pupil premium in the year of the list.
    pub pupil_premium: Option<bool>,
    /// Looked after on the day of the list (I-066).
    pub in_care: Option<bool>,
    /// The caring authority.
    pub care_authority: Option<String>,
    /// English as an additional language.
    pub additional_language: Option<bool>,
    /// Service child (I-065).
    pub service_child: Option<Coded>,
    /// Young carer (I-065).
    pub young_carer: Option<Coded>,
    /// Ask the last school about a medical matter; never a medical record (I-270).
    pub medical_flag: Option<bool>,
}

/// A period of SEN provision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenPeriod {
    /// The provision.
    pub provision: Coded,
    /// Its first day, where known.
    pub from: Option<Day>,
}

/// A period of eligibility for free meals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeMealPeriod {
    /// First day.
    pub from: Option<Day>,
    /// Last day; none while it lasts.
    pub to: Option<Day>,
    /// Country of the United Kingdom.
    pub country: Option<String>,
}

/// A postal address; parts as given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address {
    /// Lines from the most particular (flat, house) to the street and locality.
    pub lines: Vec<String>,
    /// Town.
    pub town: Option<String>,
    /// County.
    pub county: Option<String>,
    /// Postcode, tidied if it has the shape of one (I-055).
    pub postcode: Option<String>,
    /// Unique property reference number (I-056).
    pub property_reference: Option<String>,
}

impl Address {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Address::default()
    }
}

/// A telephone and where it rings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContactPhone {
    /// Home, work, mobile or not said.
    pub phone_use: PhoneUse,
    /// The number.
    pub phone: Phone,
}

/// A person to be reached about a pupil.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactRecord {
    /// Line on which the record (or the pupil's record beside which it stands) starts.
    pub line: u32,
    /// Whether it may be stored.
    pub standing: Standing,
    /// Identifiers of the pupil.
    pub pupil: PupilKey,
    /// Line of the pupil's record when the contact stands beside one in the same file.
    pub pupil_line: Option<u32>,
    /// The source's identifier of the contact.
    pub source_id: Option<SourceId>,
    /// Order of contact, 1 first; as given, never renumbered.
    pub priority: Option<u8>,
    /// Title.
    pub title: Option<String>,
    /// Forename.
    pub forename: Option<String>,
    /// Surname, or the whole name where the source has one column that cannot be parted.
    pub surname: Option<String>,
    /// Relationship, as given (I-071).
    pub relationship: Option<String>,
    /// Parental responsibility; never inferred (I-089).
    pub parental_responsibility: Option<bool>,
    /// Lives with the pupil; never inferred.
    pub lives_with_pupil: Option<bool>,
    /// May collect the pupil.
    pub may_collect: Option<bool>,
    /// A court order or other legal restriction is flagged.
    pub legal_restriction: Option<bool>,
    /// Its text.
    pub restriction_text: Option<String>,
    /// Telephones in the order of the file.
    pub phones: Vec<ContactPhone>,
    /// E-mail addresses.
    pub emails: Vec<Email>,
    /// Address.
    pub address: Option<Address>,
    /// The address is the pupil's (transfer files).
    pub address_as_pupil: bool,
    /// Language, as given.
    pub language: Option<String>,
    /// An interpreter is wanted.
    pub interpreter: Option<bool>,
    /// Wants correspondence.
    pub correspondence: Option<bool>,
    /// The source says not to contact this person.
    pub do_not_contact: Option<bool>,
    /// Notes.
    pub notes: Option<String>,
    /// Why this contact gets no automatic messages and is listed for the safeguarding lead (I-087).
    pub no_automatic_messages: Option<String>,
}

/// Attendance at another school in one year (I-097, I-270).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriorAttendance {
    /// First calendar year of the school year: 2025 is 2025/26 (I-072).
    pub year: Option<i16>,
    /// Authority and establishment number of that school.
    pub school: Option<String>,
    /// Its name.
    pub school_name: Option<String>,
    /// Possible sessions.
    pub possible: Option<u32>,
    /// Sessions attended.
    pub attended: Option<u32>,
    /// Sessions of authorised absence.
    pub authorised: Option<u32>,
    /// Sessions of unauthorised absence.
    pub unauthorised: Option<u32>,
    /// First day of the marks.
    pub marks_from: Option<Day>,
    /// The marks as they stood in the file.
    pub marks_as_given: String,
    /// The marks by day, if the layout of the string is certain (I-275); else empty.
    pub marks: Vec<PriorMark>,
    /// How the string was laid out, if certain.
    pub layout: Option<WeekLayout>,
}

/// Whether a string of marks has places for weekends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekLayout {
    /// Fourteen places a week.
    SevenDays,
    /// Ten places a week.
    FiveDays,
}

/// A mark of another school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorMark {
    /// Day.
    pub day: Day,
    /// Session.
    pub session: Session,
    /// Mark as given.
    pub mark: String,
}

/// A time at another school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchoolSpell {
    /// Authority and establishment number.
    pub school: Option<String>,
    /// Name.
    pub school_name: Option<String>,
    /// First day.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// Reason for leaving, as given (I-071).
    pub leaving_reason: Option<String>,
}

/// A member of staff (OneRoster, School Data Sync).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffRecord {
    /// File line.
    pub line: u32,
    /// Whether it may be stored.
    pub standing: Standing,
    /// The source's identifier.
    pub source_id: Option<SourceId>,
    /// Title.
    pub title: Option<String>,
    /// Forename.
    pub forename: String,
    /// Surname.
    pub surname: String,
    /// Work e-mail: a suggestion for linking to a sign-in, not proof (I-101).
    pub email: Option<Email>,
    /// Staff code or number.
    pub staff_code: Option<String>,
    /// Role words as given.
    pub roles: Vec<String>,
    /// First day, where given.
    pub from: Option<Day>,
    /// Last day, where given.
    pub to: Option<Day>,
}

/// What a group is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupKind {
    /// Registration or tutor group.
    Registration,
    /// A taught class.
    #[default]
    Class,
}

/// A class or registration group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRecord {
    /// File line.
    pub line: u32,
    /// Whether it may be stored.
    pub standing: Standing,
    /// The source's identifier.
    pub source_id: Option<SourceId>,
    /// Name.
    pub name: String,
    /// What it is for.
    pub kind: GroupKind,
    /// Subject or course, where given.
    pub subject: Option<String>,
    /// First day, from its terms.
    pub from: Option<Day>,
    /// Last day, from its terms.
    pub to: Option<Day>,
}

/// The part a person has in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRole {
    /// A pupil of the group.
    Pupil,
    /// A teacher or other adult of the group.
    Teacher,
}

/// That a person belongs to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipRecord {
    /// File line.
    pub line: u32,
    /// Whether it may be stored.
    pub standing: Standing,
    /// The source's identifier of the group.
    pub group: String,
    /// The source's identifier of the person.
    pub person: String,
    /// Pupil or teacher.
    pub role: MemberRole,
    /// First day, where given.
    pub from: Option<Day>,
    /// Last day, where given.
    pub to: Option<Day>,
}

/// A lesson of the timetable, for a class or for one pupil of it (I-100).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonRecord {
    /// File line.
    pub line: u32,
    /// The pupil whose timetable the row is of; empty where it is of the class.
    pub pupil: PupilKey,
    /// The class.
    pub class: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Codes of who teaches, as given.
    pub teachers: Vec<String>,
    /// Where.
    pub room: Option<String>,
    /// The week of the cycle; none for every week.
    pub week: Option<CycleWeek>,
    /// The day of the week.
    pub weekday: Weekday,
    /// The period as the source calls it; with `times` at least one of the two is there.
    pub period: Option<String>,
    /// When it begins and ends.
    pub times: Option<(TimeOfDay, TimeOfDay)>,
    /// The first day, where given.
    pub from: Option<Day>,
    /// The last day, where given.
    pub to: Option<Day>,
}

/// Who covers one lesson on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverRecord {
    /// File line.
    pub line: u32,
    /// The day.
    pub day: Day,
    /// The period as the source calls it.
    pub period: String,
    /// The class.
    pub class: String,
    /// The code of whoever covers, as given.
    pub covering: String,
}

/// What runs instead of lessons, from a day to a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffTimetableRecord {
    /// File line.
    pub line: u32,
    /// The first day.
    pub from: Day,
    /// The last day: the first where the file gives none.
    pub to: Day,
    /// The period as the source calls it; none for all day.
    pub period: Option<String>,
    /// The group as the source calls it; none for the whole school.
    pub group: Option<String>,
    /// What runs instead.
    pub what: String,
}

/// A candidate's seat at a sitting of an examination, or a room of it without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// File line.
    pub line: u32,
    /// The candidate; empty where the row is of the room alone.
    pub pupil: PupilKey,
    /// What is sat.
    pub exam: String,
    /// The day.
    pub day: Day,
    /// When it begins.
    pub starts: TimeOfDay,
    /// When it ends.
    pub ends: TimeOfDay,
    /// Where.
    pub room: String,
    /// The number of the seat; none for the next that is free.
    pub seat: Option<u32>,
    /// The code of whoever takes the room's register, as given.
    pub invigilator: Option<String>,
}

/// What an event of a calendar file seems to be; a person confirms (I-351).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermDateKind {
    /// Term or half of a term: school days.
    Term,
    /// Holiday or half-term.
    Holiday,
    /// Staff training: closed to pupils.
    Inset,
    /// A closure, such as a polling day.
    Closure,
    /// Something else.
    Other,
}

/// A proposed period of the school year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermDateRecord {
    /// Line of the event.
    pub line: u32,
    /// Unique id of the event in its calendar.
    pub uid: String,
    /// First day.
    pub first: Day,
    /// Last day, inclusive.
    pub last: Day,
    /// What the event is called.
    pub summary: String,
    /// What it seems to be.
    pub proposed: TermDateKind,
}
