//! Records that wait for a person, and what becomes of them once somebody has decided.

use office::MIGRATIONS;
use office::desk::Refusal;
use office::roll::imports::{Case, CaseKind, Choices, ImportId, Verdict, cases, forget, settle};
use store::testing::each_engine;
use store::{Act, journal};

use crate::school::{SCHOOL, School, day, text};

const HERE: &str = "\
Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission
000101,E823499826001,Sample,Ada,01/02/2014,02/09/2026
000102,U823499826002,Example,Ben,03/04/2013,02/09/2026
";

/// The same UPN as Ada Sample's with another name and another birthday.
const OTHER: &str = "\
Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission
000201,E823499826001,Specimen,Cal,05/06/2012,02/09/2026
";

const PUPILS: &str = "select count(*) from pupil where superseded_seq is null";

impl School {
    fn cases(&self, id: ImportId) -> Vec<Case> {
        let cases = self.office.store.read_now(move |tx| cases(tx, SCHOOL, id));
        cases.expect("cases")
    }

    fn settle(&self, id: ImportId, verdict: Verdict, reason: &str) -> Result<(), Refusal> {
        let verdicts: Vec<(String, Verdict)> = self
            .cases(id)
            .into_iter()
            .map(|case| (case.fingerprint, verdict))
            .collect();
        let (actor, reason) = (self.actor.clone(), reason.to_owned());
        self.office.store.act_now(SCHOOL, move |act: &mut Act| {
            settle(act, &actor, id, &verdicts, &reason)
        })
    }
}

fn with_one_that_waits(school: &School) -> (ImportId, Case) {
    school.bring(text("here.csv", HERE));
    let id = school.receive(vec![text("other.csv", OTHER)], &Choices::default());
    let main = school.import(id).preview.expect("a preview").main;
    assert_eq!((main.held, main.loaded), (1, 0), "{main:?}");
    let mut cases = school.cases(id);
    assert_eq!(cases.len(), 1, "{cases:?}");
    (id, cases.remove(0))
}

#[test]
fn a_record_that_waits_is_shown_with_the_pupil_whom_it_may_mean() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let (_, case) = with_one_that_waits(&school);
        assert_eq!((case.kind, case.line), (CaseKind::Pupil, 2));
        let ada = school.book().roll.pupils[0].id.0;
        assert_eq!(case.may_be, vec![ada]);
        assert!(case.may_be_new);
        let said = |name: &str| case.says.iter().find(|(own, _)| own == name);
        let (_, surname) = said("Surname").expect("a surname");
        assert_eq!(surname, "Specimen");
        let (_, born) = said("Date of birth").expect("a day");
        assert_eq!(*born, day("2012-06-05").long());
    });
}

#[test]
fn another_person_is_made_without_the_number_that_is_taken_and_the_next_file_does_not_ask_again() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let (id, _) = with_one_that_waits(&school);
        school
            .settle(id, Verdict::Another, "Rang the family: two children")
            .expect("settled");
        let done = school.bring(text("other.csv", OTHER));
        assert_eq!(done.preview.expect("a preview").main.loaded, 1);
        let codes: Vec<String> = school
            .findings(done.id)
            .into_iter()
            .map(|one| one.code)
            .collect();
        assert!(codes.contains(&"IDENTIFIER_TAKEN".to_owned()), "{codes:?}");
        assert_eq!(school.count(PUPILS), 3);
        let cal = school.book();
        let cal = cal.roll.pupils.iter().find(|pupil| pupil.forename == "Cal");
        let cal = cal.expect("the other child").clone();
        assert_eq!(
            (cal.upn, cal.admission_number.as_deref()),
            (None, Some("000201"))
        );

        let again = school.bring(text("other.csv", OTHER));
        let main = again.preview.expect("a preview").main;
        assert_eq!(
            (main.unchanged, main.held, main.loaded),
            (1, 0, 0),
            "{main:?}"
        );
        assert_eq!(school.count(PUPILS), 3);
        school.verify();
    });
}

#[test]
fn the_same_person_takes_what_the_file_says_and_the_next_file_does_not_ask_again() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms().alongside();
        let (id, case) = with_one_that_waits(&school);
        school
            .settle(id, Verdict::Same(case.may_be[0]), "Adopted; papers seen")
            .expect("settled");
        school.bring(text("other.csv", OTHER));
        let book = school.book();
        let pupil = book.roll.pupil(office::ids::PupilId(case.may_be[0]));
        let pupil = pupil.expect("the pupil");
        assert_eq!(pupil.legal_surname, "Specimen");
        assert_eq!(school.count(PUPILS), 2);
        let again = school.bring(text("other.csv", OTHER));
        let main = again.preview.expect("a preview").main;
        assert_eq!((main.unchanged, main.held), (1, 0), "{main:?}");
        school.verify();
    });
}

#[test]
fn a_record_that_is_left_out_stays_out_until_the_decision_is_forgotten() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let (id, case) = with_one_that_waits(&school);
        school
            .settle(id, Verdict::LeaveOut, "Not one of our pupils")
            .expect("settled");
        let id = school.receive(vec![text("other.csv", OTHER)], &Choices::default());
        let main = school.import(id).preview.expect("a preview").main;
        assert_eq!(
            (main.skipped, main.held, main.loaded),
            (1, 0, 0),
            "{main:?}"
        );
        let left_out = school.findings(id);
        assert!(
            left_out
                .iter()
                .any(|one| one.message.contains("Not one of our pupils"))
        );
        assert_eq!(school.count(PUPILS), 2);

        let (actor, fingerprint) = (school.actor.clone(), case.fingerprint);
        school
            .office
            .store
            .act_now(SCHOOL, move |act: &mut Act| {
                forget(act, &actor, CaseKind::Pupil, &fingerprint)
            })
            .expect("forgotten");
        let id = school.receive(vec![text("other.csv", OTHER)], &Choices::default());
        assert_eq!(school.import(id).preview.expect("a preview").main.held, 1);
        school.verify();
    });
}

#[test]
fn a_decision_needs_a_reason_which_the_journal_keeps() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let (id, _) = with_one_that_waits(&school);
        let head = school.head();
        let refused = school.settle(id, Verdict::LeaveOut, "  ");
        assert!(matches!(refused, Err(Refusal::Wrong(_))), "{refused:?}");
        let refused = school.settle(id, Verdict::Same(999_999), "It cannot be");
        assert!(matches!(refused, Err(Refusal::Wrong(_))), "{refused:?}");
        assert_eq!(school.head(), head);
        school
            .settle(id, Verdict::LeaveOut, "Birth certificate seen")
            .expect("settled");
        let (entry, notes) = school
            .office
            .store
            .read_now(move |tx| {
                let entry = journal::entry(tx, SCHOOL, head + 1)?;
                Ok::<_, store::StoreError>((entry, journal::notes(tx, SCHOOL, head + 1)?))
            })
            .expect("the journal");
        let entry = entry.expect("an entry");
        assert_eq!(entry.act, "settle held records");
        assert_eq!(entry.subject, format!("import {}", id.0));
        assert!(notes.contains(&("reason".to_owned(), "Birth certificate seen".to_owned())));
    });
}

#[test]
fn a_list_without_identifiers_is_settled_pupil_by_pupil() {
    const LIST: &str = "\
Child Surname,Child Forename,Child DOB
Sample,Ada,01/02/2014
";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(text("here.csv", HERE));
        let choices = Choices {
            kind: Some("pupil-list".to_owned()),
            ..Choices::default()
        };
        let id = school.receive(vec![text("list.csv", LIST)], &choices);
        let shown = school.import(id);
        let main = shown
            .preview
            .unwrap_or_else(|| panic!("{:?}", shown.message))
            .main;
        assert_eq!((main.held, main.read()), (1, 1), "{main:?}");
        let ada = school.book().roll.pupils[0].id.0;
        assert_eq!(school.cases(id)[0].may_be, vec![ada]);
        school
            .settle(id, Verdict::Same(ada), "Checked with the form tutor")
            .expect("settled");
        let id = school.receive(vec![text("list.csv", LIST)], &choices);
        let main = school.import(id).preview.expect("a preview").main;
        assert_eq!(
            (main.unchanged, main.held, main.read()),
            (1, 0, 1),
            "{main:?}"
        );
    });
}
