//! Undo of imports: what they stored goes back to what it was, or it is said what stands in the way (I-011).

use calendar::{Session, Slot};
use office::MIGRATIONS;
use office::desk::Refusal;
use office::roll::imports::{Choices, ImportId, State, TakesBack, look_back, undo};
use store::testing::each_engine;

use crate::school::{School, day, sample, text};

const SIMS: &str = "mis/sims_style_pupils_windows1252.csv";
const MARKS: &str = "mis/sims_style_session_marks_wide.csv";
const PUPILS: &str = "select count(*) from pupil where superseded_seq is null";
const IN_FORCE: &str = "select count(*) from mark where code is not null";

fn list(surname: &str) -> office::roll::imports::ReceivedFile {
    let rows = format!(
        "Adno,UPN,Legal Surname,Legal Forename,DOB,Date of Admission,Reg\n000101,E823499826001,{surname},Ada,01/02/2014,02/09/2026,7A\n"
    );
    text("list.csv", &rows)
}

impl School {
    pub fn look_back(&self, id: ImportId) -> TakesBack {
        let (import, actor) = (self.import(id), self.actor.clone());
        let looked = self
            .office
            .store
            .read_now(move |tx| look_back(tx, &actor, &import));
        looked.expect("looked back")
    }

    pub fn undo(&self, id: ImportId) -> Result<(), Refusal> {
        let seen = self.look_back(id).fingerprint;
        let because = (seen.as_str(), "The file of another school");
        undo(&self.office, &self.actor, id, because, &mut |_, _| true)
    }
}

#[test]
fn a_list_that_is_undone_leaves_nobody_on_roll_and_can_be_brought_in_again() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let done = school.bring(sample(SIMS));
        let looked = school.look_back(done.id);
        assert_eq!(looked.in_the_way, Vec::<String>::new());
        assert!(
            looked.counts.contains(&("Pupils".to_owned(), 30, 0)),
            "{looked:?}"
        );
        school.undo(done.id).expect("undone");
        let undone = school.import(done.id);
        assert_eq!(undone.state, State::Undone);
        assert!(
            undone
                .message
                .expect("words")
                .contains("The file of another school")
        );
        assert_eq!(school.count(PUPILS), 0);
        assert!(school.book().roll.enrolments.is_empty());
        school.verify();
        let again = school.bring(sample(SIMS));
        assert_eq!(again.preview.expect("a preview").main.loaded, 30);
        assert_eq!(school.count(PUPILS), 30);
    });
}

#[test]
fn a_change_that_is_undone_leaves_what_stood_before() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms().alongside();
        school.bring(list("Sample"));
        let done = school.bring(list("Specimen"));
        assert_eq!(school.book().roll.pupils[0].legal_surname, "Specimen");
        school.undo(done.id).expect("undone");
        let book = school.book();
        assert_eq!(book.roll.pupils[0].legal_surname, "Sample");
        assert_eq!(book.roll.pupils[0].surname, "Sample");
        assert_eq!(book.roll.enrolments.len(), 1);
        school.verify();
    });
}

#[test]
fn an_import_on_which_a_later_one_was_built_says_so_and_stays() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms().alongside();
        let first = school.bring(list("Sample"));
        school.bring(list("Specimen"));
        let looked = school.look_back(first.id);
        let said = looked.in_the_way.join(" ");
        assert!(
            said.contains("import records") && said.contains("Mrs E Keeper"),
            "{said}"
        );
        let head = school.head();
        let refused = school.undo(first.id);
        assert!(matches!(refused, Err(Refusal::Wrong(_))), "{refused:?}");
        assert_eq!(school.head(), head);
        assert_eq!(school.import(first.id).state, State::Applied);
    });
}

#[test]
fn marks_that_are_undone_are_gaps_again_and_only_then_can_the_pupils_go() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let pupils = school.bring(sample(SIMS));
        let marks = school.bring(sample(MARKS));
        let filled = school.count(IN_FORCE);
        assert!(filled > 1_000);
        let said = school.look_back(pupils.id).in_the_way.join(" ");
        assert!(said.contains("stand in the register of"), "{said}");
        assert!(school.undo(pupils.id).is_err());

        let looked = school.look_back(marks.id);
        assert_eq!(looked.counts, vec![("Marks".to_owned(), filled as u32, 0)]);
        school.undo(marks.id).expect("undone");
        assert_eq!(school.count(IN_FORCE), 0);
        let book = school.book();
        let slot = Slot::new(day("2026-09-03"), Session::Am);
        assert_eq!(book.mark(0, slot).code(), None);
        let amended = "select count(*) from mark where reason like 'undo of import %'";
        assert_eq!(school.count(amended), filled);
        school.verify();

        school.undo(pupils.id).expect("undone");
        assert_eq!(school.count(PUPILS), 0);
        school.verify();
    });
}

#[test]
fn marks_that_took_the_place_of_others_give_it_back() {
    const FIRST: &str =
        "Adno,Surname,Forename,03/09/2026 AM,03/09/2026 PM\n000101,Sample,Ada,I,I\n";
    const OTHER: &str = "Adno,Surname,Forename,03/09/2026 AM,03/09/2026 PM,04/09/2026 AM\n000101,Sample,Ada,O,I,/\n";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(list("Sample"));
        school.bring(text("first.csv", FIRST));
        let choices = Choices {
            replace: true,
            ..Choices::default()
        };
        let done = school.bring_with(vec![text("other.csv", OTHER)], &choices);
        let code = |on: &str| {
            let slot = Slot::new(day(on), Session::Am);
            let code = school.book().mark(0, slot).code();
            code.map(|code| code.as_str().to_owned())
        };
        assert_eq!(code("2026-09-03").as_deref(), Some("O"));
        let looked = school.look_back(done.id);
        assert_eq!(looked.counts, vec![("Marks".to_owned(), 1, 1)]);
        school.undo(done.id).expect("undone");
        assert_eq!(code("2026-09-03").as_deref(), Some("I"));
        assert_eq!(code("2026-09-04"), None);
        school.verify();
    });
}

#[test]
fn a_mark_that_was_amended_since_stands_in_the_way() {
    const FIRST: &str = "Adno,Surname,Forename,03/09/2026 AM\n000101,Sample,Ada,I\n";
    const OTHER: &str = "Adno,Surname,Forename,03/09/2026 AM\n000101,Sample,Ada,O\n";
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(list("Sample"));
        let first = school.bring(text("first.csv", FIRST));
        let choices = Choices {
            replace: true,
            ..Choices::default()
        };
        school.bring_with(vec![text("other.csv", OTHER)], &choices);
        let looked = school.look_back(first.id);
        assert_eq!(looked.in_the_way.len(), 1, "{looked:?}");
        assert!(school.undo(first.id).is_err());
        assert_eq!(school.count(IN_FORCE), 1);
    });
}

#[test]
fn an_undo_needs_a_reason_and_the_state_that_was_looked_at() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let done = school.bring(list("Sample"));
        let seen = school.look_back(done.id).fingerprint;
        for because in [(seen.as_str(), " "), ("something else", "A reason")] {
            let refused = undo(
                &school.office,
                &school.actor,
                done.id,
                because,
                &mut |_, _| true,
            );
            assert!(matches!(refused, Err(Refusal::Wrong(_))), "{refused:?}");
        }
        assert_eq!(school.count(PUPILS), 1);
        school.undo(done.id).expect("undone");
        let import = school.import(done.id);
        let actor = school.actor.clone();
        let twice = school
            .office
            .store
            .read_now(move |tx| look_back(tx, &actor, &import));
        assert!(matches!(twice, Err(Refusal::Wrong(_))), "{twice:?}");
    });
}
