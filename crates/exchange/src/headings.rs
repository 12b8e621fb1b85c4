//! What the headings of a table mean (I-023, section 4.1).

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::codes;
use crate::text::folded;

macro_rules! fields {
    ($(#[$doc:meta])* $enum:ident { $($name:ident $key:literal $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $(#[doc = $words] $name,)* }

        impl $enum {
            pub(crate) const ALL: &'static [$enum] = &[$($enum::$name,)*];

            /// Name in the data files and profiles.
            pub fn key(self) -> &'static str {
                match self { $($enum::$name => $key,)* }
            }

            /// In words, for messages.
            pub fn words(self) -> &'static str {
                match self { $($enum::$name => $words,)* }
            }
        }
    };
}

fields! {
    /// What a column says of a pupil.
    PupilField {
        Upn "upn" "the UPN",
        FormerUpn "former_upn" "the former UPN",
        LearnerNumber "learner_number" "the unique learner number",
        AdmissionNumber "admission_number" "the admission number",
        SourceId "source_id" "the source's own number",
        Surname "surname" "the legal surname",
        Forename "forename" "the legal forename",
        FullName "full_name" "the name",
        PreferredSurname "preferred_surname" "the preferred surname",
        PreferredForename "preferred_forename" "the preferred forename",
        MiddleNames "middle_names" "the middle names",
        FormerSurname "former_surname" "the former surname",
        Sex "sex" "the sex",
        BirthDate "birth_date" "the date of birth",
        YearGroup "year_group" "the year group",
        RegistrationGroup "registration_group" "the registration group",
        House "house" "the house",
        StartingDay "starting_day" "the starting day",
        LeavingDay "leaving_day" "the leaving day",
        FormerSchool "former_school" "the former school",
        FormerSchoolAddress "former_school_address" "the former school's address",
        Boarder "boarder" "whether the pupil boards",
        EnrolmentStatus "enrolment_status" "the enrolment status",
        Ethnicity "ethnicity" "the ethnicity",
        FirstLanguage "first_language" "the first language",
        Sen "sen" "the SEN provision",
        FreeMeals "free_meals" "free school meals",
        FreeMealsEver6 "free_meals_ever6" "free school meals in the last six years",
        PupilPremium "pupil_premium" "the pupil premium",
        InCare "in_care" "being in care",
        AdditionalLanguage "additional_language" "English as an additional language",
        ServiceChild "service_child" "service child",
        YoungCarer "young_carer" "young carer",
        Address "address" "the address",
        Flat "flat" "the flat",
        HouseNumber "house_number" "the house number",
        Street "street" "the street",
        Line1 "line1" "address line 1",
        Line2 "line2" "address line 2",
        Line3 "line3" "address line 3",
        Locality "locality" "the locality",
        Town "town" "the town",
        County "county" "the county",
        Postcode "postcode" "the postcode",
        Phone "phone" "the pupil's telephone",
        Email "email" "the pupil's e-mail",
    }
}

fields! {
    /// What a column says of a contact.
    ContactField {
        SourceId "source_id" "the contact's number in the source",
        Priority "priority" "the priority",
        Title "title" "the title",
        Forename "forename" "the contact's forename",
        Surname "surname" "the contact's surname",
        Name "name" "the contact's name",
        Relationship "relationship" "the relationship",
        Responsibility "responsibility" "parental responsibility",
        LivesWith "lives_with" "living with the pupil",
        MayCollect "may_collect" "leave to collect",
        Restriction "restriction" "the legal restriction",
        RestrictionText "restriction_text" "the details of the legal restriction",
        HomePhone "home_phone" "the home telephone",
        Mobile "mobile" "the mobile",
        WorkPhone "work_phone" "the work telephone",
        Phone "phone" "the telephone",
        Email "email" "the e-mail",
        Address "address" "the address",
        Flat "flat" "the flat",
        HouseNumber "house_number" "the house number",
        Street "street" "the street",
        Line1 "line1" "address line 1",
        Line2 "line2" "address line 2",
        Line3 "line3" "address line 3",
        Locality "locality" "the locality",
        Town "town" "the town",
        County "county" "the county",
        Postcode "postcode" "the postcode",
        Language "language" "the language",
        Interpreter "interpreter" "the interpreter",
        Correspondence "correspondence" "correspondence",
        DoNotContact "do_not_contact" "do not contact",
        Notes "notes" "the notes",
    }
}

fields! {
    /// What a column says of a mark.
    MarkField {
        Date "date" "the date",
        Session "session" "the session",
        Mark "mark" "the mark",
        MinutesLate "minutes_late" "the minutes late",
        Comment "comment" "the comment",
        SubCode "sub_code" "the sub-code",
        Time "time" "the time",
        TakenBy "taken_by" "who took the register",
        Possible "possible" "the possible sessions",
        Attended "attended" "the sessions attended",
        Authorised "authorised" "the sessions of authorised absence",
        Unauthorised "unauthorised" "the sessions of unauthorised absence",
        Percentage "percentage" "the percentage attendance",
    }
}

fields! {
    /// What a column says of a lesson of the timetable.
    TimetableField {
        Class "class" "the class",
        Subject "subject" "the subject",
        Teacher "teacher" "the teacher's code",
        Room "room" "the room",
        Week "week" "the week of the cycle",
        Weekday "weekday" "the day of the week",
        Period "period" "the period",
        Starts "starts" "when it begins",
        Ends "ends" "when it ends",
        From "from" "the first day",
        To "to" "the last day",
    }
}

fields! {
    /// What a column says of what is set for single days: cover, what runs instead of lessons, an examination and its seats.
    DayField {
        Date "date" "the day",
        To "to" "the last day",
        Period "period" "the period",
        Group "group" "the class or group",
        Covering "covering" "the code of whoever covers",
        What "what" "what runs instead",
        Exam "exam" "the examination",
        Starts "starts" "when it begins",
        Ends "ends" "when it ends",
        Minutes "minutes" "how many minutes it lasts",
        Room "room" "the room",
        Seat "seat" "the seat",
        Invigilator "invigilator" "the invigilator's code",
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Of the pupil.
    Pupil(PupilField),
    /// Of a contact: 0 is the contact of the row, 1 and up the numbered contacts beside a pupil.
    Contact(u8, ContactField),
    /// Of a mark.
    Mark(MarkField),
    /// Of a lesson of the timetable.
    Timetable(TimetableField),
    /// Of what is set for single days.
    Day(DayField),
}

impl Field {
    /// In words, for messages.
    pub fn words(self) -> String {
        match self {
            Field::Pupil(field) => field.words().to_owned(),
            Field::Contact(0, field) => field.words().to_owned(),
            Field::Contact(number, field) => format!("{} of contact {number}", field.words()),
            Field::Mark(field) => field.words().to_owned(),
            Field::Timetable(field) => field.words().to_owned(),
            Field::Day(field) => field.words().to_owned(),
        }
    }

    /// The word under which a profile keeps it: `pupil:upn`, `contact:1:name`, `mark:date`.
    pub fn key(self) -> String {
        match self {
            Field::Pupil(field) => format!("pupil:{}", field.key()),
            Field::Contact(number, field) => format!("contact:{number}:{}", field.key()),
            Field::Mark(field) => format!("mark:{}", field.key()),
            Field::Timetable(field) => format!("timetable:{}", field.key()),
            Field::Day(field) => format!("day:{}", field.key()),
        }
    }

    /// The field of such a word.
    ///
    /// ```
    /// let field = exchange::Field::from_key("contact:1:name").expect("a field");
    /// assert_eq!(field.key(), "contact:1:name");
    /// ```
    pub fn from_key(key: &str) -> Option<Field> {
        let (table, rest) = key.split_once(':')?;
        match table {
            "pupil" => {
                let mut fields = PupilField::ALL.iter();
                let field = fields.find(|field| field.key() == rest)?;
                Some(Field::Pupil(*field))
            }
            "contact" => {
                let (number, rest) = rest.split_once(':')?;
                let mut fields = ContactField::ALL.iter();
                let field = fields.find(|field| field.key() == rest)?;
                let number = number.parse().ok().filter(|number| *number <= 20)?;
                Some(Field::Contact(number, *field))
            }
            "mark" => {
                let mut fields = MarkField::ALL.iter();
                let field = fields.find(|field| field.key() == rest)?;
                Some(Field::Mark(*field))
            }
            "timetable" => {
                let mut fields = TimetableField::ALL.iter();
                let field = fields.find(|field| field.key() == rest)?;
                Some(Field::Timetable(*field))
            }
            "day" => {
                let mut fields = DayField::ALL.iter();
                let field = fields.find(|field| field.key() == rest)?;
                Some(Field::Day(*field))
            }
            _ => None,
        }
    }

    /// Every field that a column of such a list may hold: of contacts those of the row, and of two contacts beside a pupil.
    pub fn choices(kind: crate::Kind) -> Vec<Field> {
        use crate::Kind;
        let pupil = PupilField::ALL.iter().map(|field| Field::Pupil(*field));
        let contact = |number| {
            let all = ContactField::ALL.iter();
            all.map(move |field| Field::Contact(number, *field))
        };
        match kind {
            Kind::Contacts => contact(0).chain(pupil).collect(),
            Kind::Marks => {
                let mark = MarkField::ALL.iter().map(|field| Field::Mark(*field));
                mark.chain(pupil).collect()
            }
            Kind::Timetable => {
                let lesson = TimetableField::ALL.iter();
                let lesson = lesson.map(|field| Field::Timetable(*field));
                lesson.chain(pupil).collect()
            }
            Kind::Cover | Kind::OffTimetable | Kind::Exams => {
                let of_days = DayField::ALL.iter().map(|field| Field::Day(*field));
                of_days.chain(pupil).collect()
            }
            _ => pupil.chain(contact(1)).chain(contact(2)).collect(),
        }
    }

    /// Whether values are masked in reports (I-005): characteristics and legal restrictions.
    pub fn is_sensitive(self) -> bool {
        use PupilField as P;
        match self {
            Field::Pupil(field) => matches!(
                field,
                P::Ethnicity
                    | P::FirstLanguage
                    | P::Sen
                    | P::FreeMeals
                    | P::FreeMealsEver6
                    | P::PupilPremium
                    | P::InCare
                    | P::AdditionalLanguage
                    | P::ServiceChild
                    | P::YoungCarer
            ),
            Field::Contact(_, field) => matches!(
                field,
                ContactField::Restriction
                    | ContactField::RestrictionText
                    | ContactField::DoNotContact
                    | ContactField::Notes
            ),
            Field::Mark(field) => matches!(field, MarkField::Comment | MarkField::SubCode),
            Field::Timetable(_) | Field::Day(_) => false,
        }
    }
}

/// What became of a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadingFate {
    /// Read as this field.
    Mapped(Field),
    /// A date and session of a mark table.
    MarkColumn,
    /// Read by its name as part of a published format.
    OfFormat,
    /// Not known, listed and ignored.
    Ignored,
    /// Named like a password, NHS number, bank or national insurance number: dropped while reading, never stored or logged.
    Dropped,
}

/// A heading of a file and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadingUse {
    /// The file (of a set).
    pub file: String,
    /// The heading as given.
    pub heading: String,
    /// What became of it.
    pub fate: HeadingFate,
}

struct Synonyms {
    pupil: HashMap<String, PupilField>,
    contact: HashMap<String, ContactField>,
    mark: HashMap<String, MarkField>,
    timetable: HashMap<String, TimetableField>,
    day: HashMap<String, DayField>,
}

fn synonyms() -> &'static Synonyms {
    static SYNONYMS: OnceLock<Synonyms> = OnceLock::new();
    SYNONYMS.get_or_init(|| {
        let mut known = Synonyms {
            pupil: HashMap::new(),
            contact: HashMap::new(),
            mark: HashMap::new(),
            timetable: HashMap::new(),
            day: HashMap::new(),
        };
        let rows = codes::table(
            include_str!("../data/headings.csv"),
            |[table, field, heading]| (table, field, folded(heading)),
        );
        for (table, key, heading) in rows {
            let missing = "the heading list names fields that exist";
            match table {
                "pupil" => {
                    let field = PupilField::ALL
                        .iter()
                        .find(|field| field.key() == key)
                        .expect(missing);
                    known.pupil.insert(heading, *field);
                }
                "contact" => {
                    let field = ContactField::ALL
                        .iter()
                        .find(|field| field.key() == key)
                        .expect(missing);
                    known.contact.insert(heading, *field);
                }
                "timetable" => {
                    let field = TimetableField::ALL
                        .iter()
                        .find(|field| field.key() == key)
                        .expect(missing);
                    known.timetable.insert(heading, *field);
                }
                "day" => {
                    let field = DayField::ALL
                        .iter()
                        .find(|field| field.key() == key)
                        .expect(missing);
                    known.day.insert(heading, *field);
                }
                _ => {
                    let field = MarkField::ALL
                        .iter()
                        .find(|field| field.key() == key)
                        .expect(missing);
                    known.mark.insert(heading, *field);
                }
            }
        }
        known
    })
}

/// What a heading says of a pupil: as it is, in the plural, or after “Child”, “Pupil”, “Student” or “Learner”.
pub(crate) fn pupil_field(heading: &str) -> Option<PupilField> {
    let known = |word: &str| {
        let pupil = &synonyms().pupil;
        pupil
            .get(word)
            .or_else(|| pupil.get(word.strip_suffix('s')?))
            .copied()
    };
    let word = folded(heading);
    known(&word).or_else(|| {
        ["child", "pupil", "student", "learner"]
            .iter()
            .find_map(|prefix| known(word.strip_prefix(prefix).filter(|rest| !rest.is_empty())?))
    })
}

/// What a heading says of the contact of a row.
pub(crate) fn contact_field(heading: &str) -> Option<ContactField> {
    let word = folded(heading);
    let contact = &synonyms().contact;
    let bare = ["contact", "parent", "carer", "guardian"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix));
    contact.get(&word).or_else(|| contact.get(bare?)).copied()
}

/// `Contact 1 Name`, `contact1Telephone`, `PARENT_2_EMAIL`: a numbered contact beside the pupil.
pub(crate) fn numbered_contact(heading: &str) -> Option<(u8, ContactField)> {
    let word = folded(heading);
    let rest = [
        "prioritycontact",
        "parentcarer",
        "emergencycontact",
        "contact",
        "parent",
        "carer",
        "guardian",
    ]
    .iter()
    .find_map(|prefix| word.strip_prefix(prefix))?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number: u8 = rest.get(..digits)?.parse().ok()?;
    let field = synonyms().contact.get(rest.get(digits..)?)?;
    (1..=20).contains(&number).then_some((number, *field))
}

/// What a heading says of a mark.
pub(crate) fn mark_field(heading: &str) -> Option<MarkField> {
    synonyms().mark.get(&folded(heading)).copied()
}

/// What a heading says of a lesson of the timetable.
pub(crate) fn timetable_field(heading: &str) -> Option<TimetableField> {
    synonyms().timetable.get(&folded(heading)).copied()
}

/// What a heading says of what is set for single days.
pub(crate) fn day_field(heading: &str) -> Option<DayField> {
    synonyms().day.get(&folded(heading)).copied()
}

/// Columns that are dropped while reading: passwords, NHS, bank and national insurance numbers (I-023).
pub(crate) fn is_forbidden(heading: &str) -> bool {
    let word = folded(heading);
    const FORBIDDEN: [&str; 9] = [
        "password",
        "passwd",
        "passcode",
        "nhsnumber",
        "nhsno",
        "nationalinsurance",
        "bankaccount",
        "sortcode",
        "accountnumber",
    ];
    FORBIDDEN.iter().any(|part| word.contains(part))
        || matches!(
            word.as_str(),
            "nhs" | "nino" | "ninumber" | "pin" | "bank" | "iban"
        )
}

/// Whether a heading is known for any kind of list; two of them make a heading row (I-023).
pub(crate) fn is_known(heading: &str) -> bool {
    pupil_field(heading).is_some()
        || contact_field(heading).is_some()
        || numbered_contact(heading).is_some()
        || mark_field(heading).is_some()
        || timetable_field(heading).is_some()
        || day_field(heading).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_without_case_blanks_and_punctuation() {
        assert_eq!(pupil_field("LEGAL_SURNAME"), Some(PupilField::Surname));
        assert_eq!(pupil_field("Middle Name(s)"), Some(PupilField::MiddleNames));
        assert_eq!(
            pupil_field("CHILD_DATE_OF_BIRTH"),
            Some(PupilField::BirthDate)
        );
        assert_eq!(
            pupil_field("everFsm6Flag"),
            Some(PupilField::FreeMealsEver6)
        );
        assert_eq!(pupil_field("presentPercentageWithEA"), None);
    }

    #[test]
    fn numbered_contacts_are_read_in_every_style() {
        assert_eq!(
            numbered_contact("contact1Telephone"),
            Some((1, ContactField::Phone))
        );
        assert_eq!(
            numbered_contact("PARENT_2_EMAIL"),
            Some((2, ContactField::Email))
        );
        assert_eq!(
            numbered_contact("Contact 3 Parental Responsibility"),
            Some((3, ContactField::Responsibility))
        );
        assert_eq!(numbered_contact("Contact Name"), None);
    }

    #[test]
    fn columns_that_may_not_be_kept_are_known_by_name() {
        assert!(is_forbidden("CHILD_NHS_NUMBER"));
        assert!(is_forbidden("Password"));
        assert!(!is_forbidden("Admission Number"));
    }

    #[test]
    fn no_heading_of_the_list_is_forbidden() {
        let words = &synonyms();
        assert!(
            !words
                .pupil
                .keys()
                .chain(words.contact.keys())
                .any(|word| is_forbidden(word))
        );
    }
}
