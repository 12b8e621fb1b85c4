//! Which code the words of a family point to, and what in them only a person can weigh. Pure: words in, proposal out.

use register::Code;

/// What the words point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The code; none where the words point to none.
    pub code: Option<Code>,
    /// Why, with the rule.
    pub why: &'static str,
    /// What only a person can weigh; none where nothing speaks against the code.
    pub doubt: Option<&'static str>,
}

/// Where a child is, or that they are at risk: before everything else.
const WORRY: &[&str] = &[
    "missing",
    "police",
    "ran off",
    "run off",
    "run away",
    "ran away",
    "don t know where",
    "dont know where",
    "not know where",
    "left for school",
    "should be in school",
    "is at school",
    "is in school",
    "self harm",
    "overdose",
    "unsafe",
    "social worker",
];
/// What is not the body's illness alone, and needs somebody who listens.
const PASTORAL: &[&str] = &[
    "bully",
    "bullied",
    "bullying",
    "refuse",
    "refuses",
    "refused",
    "refusing",
    "won t go",
    "won t come",
    "won t get",
    "wont go",
    "wont come",
    "anxious",
    "anxiety",
    "scared",
    "frightened",
    "panic",
    "mental health",
    "depressed",
    "uniform",
    "fight",
    "falling out",
];
/// Leave, which the head decides on before the days.
const LEAVE: &[&str] = &[
    "holiday",
    "holidays",
    "abroad",
    "flight",
    "flights",
    "airport",
    "vacation",
    "wedding",
    "funeral",
    "bereavement",
    "died",
    "passed away",
    "family emergency",
    "trip",
    "away until",
    "interview",
    "audition",
    "performance",
    "travelling",
];
/// Religious observance.
const OBSERVANCE: &[&str] = &[
    "eid",
    "diwali",
    "religious",
    "passover",
    "yom kippur",
    "vaisakhi",
    "mosque",
    "temple",
];
/// On the way.
const LATE: &[&str] = &[
    "late",
    "overslept",
    "traffic",
    "missed the bus",
    "missed his bus",
    "missed her bus",
    "on the way",
    "on her way",
    "on his way",
    "train",
];
/// Illness.
const ILL: &[&str] = &[
    "ill",
    "illness",
    "sick",
    "sickness",
    "unwell",
    "poorly",
    "not well",
    "not feeling well",
    "not very well",
    "vomiting",
    "vomited",
    "vomit",
    "throwing up",
    "thrown up",
    "temperature",
    "fever",
    "cold",
    "flu",
    "cough",
    "coughing",
    "headache",
    "headaches",
    "migraine",
    "tummy",
    "stomach",
    "diarrhoea",
    "sore throat",
    "throat infection",
    "tonsillitis",
    "ear infection",
    "earache",
    "chest infection",
    "chickenpox",
    "chicken pox",
    "covid",
    "virus",
    "viral",
    "infection",
    "bug",
    "norovirus",
    "asthma",
    "nausea",
    "nauseous",
    "rash",
    "concussion",
    "broken",
    "hurt",
    "injury",
    "injured",
    "sprained",
    "operation",
    "period pain",
    "period pains",
    "conjunctivitis",
    "toothache",
    "measles",
    "scarlet fever",
    "impetigo",
    "unable to get out of bed",
];
/// An appointment by its name.
const APPOINTMENT: &[&str] = &[
    "appointment",
    "appointments",
    "appt",
    "dentist",
    "dental",
    "orthodontist",
    "optician",
    "opticians",
    "camhs",
];
/// A place that is an appointment or an illness.
const EITHER: &[&str] = &[
    "hospital", "doctor", "doctors", "gp", "clinic", "scan", "surgery", "x ray",
];

/// The code that the words of a family point to.
///
/// Rule: E-024 (a parent's report of illness is `I` without evidence in most cases), R-111 (`M` is an appointment, not an illness), E-120 (leave is the
/// head's decision), E-020 (what is doubted is not the clerk's). What counts: whole words, whatever their case. What is read wrongly is seen by the
/// person who applies it, since nothing is entered by itself (E-014).
pub fn suggest(said: &str) -> Suggestion {
    let words = in_words(said);
    let says = |list: &[&str]| {
        list.iter()
            .any(|phrase| words.contains(&format!(" {phrase} ")))
    };
    let without = |why, doubt| Suggestion {
        code: None,
        why,
        doubt: Some(doubt),
    };
    if words.trim().is_empty() {
        return without("Nothing was said.", "No reason was given. Ask for one.");
    }
    if says(WORRY) {
        return without(
            "No code: somebody must look (E-020).",
            "It may say that nobody knows where the child is, or that they are at risk. Read it now, and tell the safeguarding lead if it does (E-020).",
        );
    }
    let is_ill = says(ILL)
        && !says(&[
            "not ill",
            "not sick",
            "isn t ill",
            "isn t sick",
            "isn t poorly",
            "isn t unwell",
        ]);
    let ill = if is_ill { Some(code("I")) } else { None };
    if says(PASTORAL) {
        return Suggestion {
            code: ill,
            why: "Illness of body or mind is I (R-118).",
            doubt: Some(
                "It speaks of more than an illness. Let the pastoral team read it before a code is chosen.",
            ),
        };
    }
    if says(LEAVE) {
        return without(
            "No code: leave is decided by the head, before the days (E-120, E-123).",
            "It asks for leave, or tells of it. The head decides; a holiday without leave is G and never I.",
        );
    }
    if says(OBSERVANCE) {
        return Suggestion {
            code: Some(code("R")),
            why: "A day set apart for religious observance is R (E-124).",
            doubt: Some(
                "R holds for the day that the parent's religious body sets apart; further days are leave (E-124).",
            ),
        };
    }
    match (is_ill, says(APPOINTMENT), says(EITHER)) {
        (true, false, _) => Suggestion {
            code: ill,
            why: "Illness told by a parent is I; no evidence is asked for (E-024).",
            doubt: None,
        },
        (true, true, _) => Suggestion {
            code: ill,
            why: "Illness is I, an appointment M (R-111, R-118).",
            doubt: Some("It tells of an illness and of an appointment. Choose I or M."),
        },
        (false, true, _) => Suggestion {
            code: Some(code("M")),
            why: "A medical or dental appointment is M (R-111).",
            doubt: None,
        },
        (false, false, true) => Suggestion {
            code: Some(code("M")),
            why: "A medical or dental appointment is M (R-111).",
            doubt: Some("It may be an illness, which is I, or an appointment, which is M."),
        },
        (false, false, false) if says(LATE) => without(
            "No code: whoever comes late is marked when they come (R-023).",
            "It tells of coming late, not of an absence. Set it aside once the child is in.",
        ),
        (false, false, false) => without(
            "No code: the words point to none.",
            "The reason is not clear from the words. Choose a code, or ask the family.",
        ),
    }
}

fn code(text: &str) -> Code {
    text.parse()
        .expect("the codes named here are codes of the register")
}

/// The words between single blanks, in lower case, with a blank before and after.
pub(super) fn in_words(said: &str) -> String {
    let lower = said.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &str) -> (Option<String>, bool) {
        let suggestion = suggest(said);
        (
            suggestion.code.map(|code| code.to_string()),
            suggestion.doubt.is_some(),
        )
    }

    fn sure(code: &str) -> (Option<String>, bool) {
        (Some(code.to_owned()), false)
    }

    fn doubted(code: Option<&str>) -> (Option<String>, bool) {
        (code.map(str::to_owned), true)
    }

    #[test]
    fn an_illness_told_by_a_parent_is_i_without_evidence() {
        for said in [
            "Being sick since 3am",
            "She's got a temperature and a sore throat.",
            "not feeling well",
            "Poorly again, saw the doctor yesterday",
            "HEADACHE",
        ] {
            assert_eq!(told(said), sure("I"), "{said}");
        }
    }

    #[test]
    fn an_appointment_is_m_and_not_an_illness() {
        assert_eq!(told("Orthodontist at 10, back for lunch"), sure("M"));
        assert_eq!(told("hospital appointment"), sure("M"));
        assert_eq!(told("At the hospital this morning"), doubted(Some("M")));
        assert_eq!(
            told("Ill, and has an appointment at the doctor's"),
            doubted(Some("I"))
        );
    }

    #[test]
    fn leave_is_the_heads_and_a_holiday_is_never_an_illness() {
        assert_eq!(told("We are away on holiday until Monday"), doubted(None));
        assert_eq!(told("Sick, and our flight is delayed"), doubted(None));
        assert_eq!(told("Grandad's funeral"), doubted(None));
    }

    #[test]
    fn what_may_mean_that_nobody_knows_where_the_child_is_goes_before_all_else() {
        assert_eq!(
            told("She was sick but left for school at eight"),
            doubted(None)
        );
        assert_eq!(told("I don't know where he is"), doubted(None));
    }

    #[test]
    fn what_needs_an_ear_is_held_back_even_with_an_illness() {
        assert_eq!(
            told("Won't come in, says the others are bullying her"),
            doubted(None)
        );
        assert_eq!(
            told("Tummy ache again, very anxious about school"),
            doubted(Some("I"))
        );
    }

    #[test]
    fn words_within_other_words_count_for_nothing() {
        assert_eq!(told("He will be back"), doubted(None));
        assert_eq!(told("Lateral flow"), doubted(None));
        assert_eq!(told("not ill, just tired"), doubted(None));
    }

    #[test]
    fn nothing_said_is_no_reason() {
        assert_eq!(told("  "), doubted(None));
        assert_eq!(told("Running late, missed the bus"), doubted(None));
    }
}
