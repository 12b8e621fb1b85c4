//! Pupils and contacts of the sample families.

use std::sync::Arc;

use office::MIGRATIONS;
use office::roll::imports::{Choices, Outcomes, State, rows_to_correct};
use store::testing::{TestStore, each_engine};

use crate::school::{School, sample, text};

const SIMS: &str = "mis/sims_style_pupils_windows1252.csv";
const ON_ROLL: &str = "select count(*) from enrolment where superseded_seq is null";
const CONTACTS: &str = "select count(*) from contact where superseded_seq is null";

#[test]
fn a_list_of_pupils_in_windows_1252_makes_thirty_pupils_with_six_warnings() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let done = school.bring(sample(SIMS));
        assert_eq!(done.state, State::Applied);
        let preview = done.preview.expect("a preview");
        assert_eq!(
            preview.main,
            Outcomes {
                loaded: 30,
                ..Outcomes::default()
            }
        );
        let damaged = school.findings(done.id);
        let damaged = damaged
            .iter()
            .filter(|finding| finding.code == "NAME_DAMAGED");
        assert_eq!(damaged.count(), 6);
        let book = school.book();
        assert_eq!(book.roll.pupils.len(), 30);
        assert_eq!(book.roll.enrolments.len(), 30);
        assert_eq!(
            book.groups
                .groups
                .iter()
                .filter(|group| group.kind.key() == "year")
                .count(),
            5
        );
        school.verify();
    });
}

#[test]
fn the_same_file_twice_changes_nothing_and_says_when_it_came_before() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(sample(SIMS));
        let head = school.head();
        let again = school.bring(sample(SIMS));
        let preview = again.preview.expect("a preview");
        assert_eq!(preview.main.unchanged, 30, "{:?}", preview.main);
        assert!(!preview.changes);
        assert!(preview.before.expect("before").contains("Mrs E Keeper"));
        assert_eq!(school.head(), head);
    });
}

#[test]
fn title_and_total_rows_are_skipped_and_the_same_pupils_stay() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let done = school.bring(sample("mis/sims_style_pupils_with_title_and_total.csv"));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected, main.held), (30, 0, 0));
        assert!(main.skipped >= 1);
        assert_eq!(main.read(), 30 + main.skipped);
    });
}

#[test]
fn every_family_of_pupil_lists_loads_thirty_and_matches_the_others() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        for file in [
            "mis/arbor_style_students_utf8_bom.csv",
            "mis/pupils.xlsx",
            "mis/bromcom_style_student_flat_view.csv",
            SIMS,
        ] {
            let done = school.bring(sample(file));
            let main = done.preview.expect("a preview").main;
            assert_eq!(
                main.loaded + main.unchanged,
                30,
                "{file}: {main:?} {:#?}",
                school.findings(done.id)
            );
            assert_eq!(school.count(ON_ROLL), 30, "{file}");
        }
        assert_eq!(school.book().roll.pupils.len(), 30);
        assert_eq!(school.count(CONTACTS), 30);
    });
}

#[test]
fn thirty_contacts_of_twenty_pupils_load_and_the_one_with_a_court_order_gets_no_messages() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(sample(SIMS));
        let done = school.bring(sample("mis/sims_style_contacts_utf8.csv"));
        let preview = done.preview.expect("a preview");
        assert_eq!(
            preview.main.loaded,
            30,
            "{:?} {:#?}",
            preview.main,
            school.findings(done.id)
        );
        let ties = "select count(*) from pupil_contact where superseded_seq is null";
        assert_eq!(school.count(ties), 30);
        let pupils =
            "select count(distinct pupil_id) from pupil_contact where superseded_seq is null";
        assert_eq!(school.count(pupils), 20);
        let silent = "select count(*) from pupil_contact where superseded_seq is null and no_automatic_messages = true and court_order = true";
        assert_eq!(school.count(silent), 1);
        assert!(
            preview
                .consequences
                .iter()
                .any(|said| said.contains("no automatic messages"))
        );
        let head = school.head();
        let again = school.bring(sample("mis/sims_style_contacts_utf8.csv"));
        assert_eq!(again.preview.expect("a preview").main.unchanged, 30);
        assert_eq!(school.head(), head);
        school.verify();
    });
}

#[test]
fn a_bad_row_is_refused_with_its_line_while_the_rest_goes_in_and_comes_back_mended() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let list = "Adno,UPN,Legal Surname,Legal Forename,DOB,Reg,Date of Admission\n\
                    000001,F823299818001,Able,Ann,12/11/2014,7A,02/09/2026\n\
                    000002,,Baker,,30/02/2015,7A,02/09/2026\n\
                    000003,,Cole,Cy,01/03/2015,7A,02/09/2026\n";
        let done = school.bring(text("pupils.csv", list));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected), (2, 1));
        let findings = school.findings(done.id);
        let refused: Vec<_> = findings
            .iter()
            .filter(|one| one.severity == "rejected")
            .collect();
        assert!(
            refused.len() >= 2,
            "all faults of a row are told: {findings:#?}"
        );
        assert!(refused.iter().all(|one| one.line == 3));

        let (office, actor) = (Arc::clone(&school.office), school.actor.clone());
        let rows = school
            .office
            .store
            .read_now(move |tx| rows_to_correct(tx, &office, &actor, done.id));
        let sheet = rows.expect("rows");
        let csv = exchange::csv(&sheet, exchange::Audience::People);
        let mended = String::from_utf8(csv).expect("UTF-8");
        let mended = mended
            .replace("30/02/2015", "28/02/2015")
            .replace("Baker,,", "Baker,Bo,");
        let done = school.bring(text("mended.csv", &mended));
        let main = done.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected), (1, 0), "{mended}");
        assert_eq!(school.book().roll.pupils.len(), 3);
    });
}

#[test]
fn identifiers_that_point_to_two_pupils_and_names_alone_wait_for_a_person() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        school.bring(sample(SIMS));
        let list = "Adno,UPN,Legal Surname,Legal Forename,DOB\n\
                    004101,F823299818001,Griffiths,Siân,12/11/2014\n\
                    009999,,O'Brien,Aoife,04/11/2013\n\
                    004100,,Quite,Other,01/01/2014\n";
        let head = school.head();
        let done = school.bring(text("pupils.csv", list));
        let main = done.preview.expect("a preview").main;
        let codes: Vec<String> = school
            .findings(done.id)
            .into_iter()
            .map(|one| one.code)
            .collect();
        assert!(
            codes.contains(&"IDENTIFIERS_CONFLICT".to_owned()),
            "{codes:?}"
        );
        assert!(codes.contains(&"IDENTITY_DIFFERS".to_owned()), "{codes:?}");
        assert_eq!(main.held, 2, "{main:?} {codes:?}");
        assert!(school.head() <= head + 1);
    });
}

#[test]
fn hostile_files_are_refused_as_a_whole_with_a_message() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        for (file, word) in [
            ("ctf/hostile/external-entity.xml", "document type"),
            ("ctf/hostile/entity-expansion.xml", "document type"),
            ("ctf/hostile/not-a-ctf.xml", "common transfer file"),
            ("ctf/hostile/truncated-after-two-pupils.xml", ""),
            ("ctf/hostile/wrong-school.xml", ""),
        ] {
            let id = school.receive(vec![sample(file)], &Choices::default());
            let refused = school.import(id);
            assert_eq!(refused.state, State::Refused, "{file}");
            let message = refused.message.expect("a reason");
            assert!(message.to_lowercase().contains(word), "{file}: {message}");
        }
        assert_eq!(school.book().roll.pupils.len(), 0);
        let choices = Choices {
            other_school: Some("Agreed with the sender by the headteacher".to_owned()),
            ..Choices::default()
        };
        let done = school.bring_with(vec![sample("ctf/hostile/wrong-school.xml")], &choices);
        assert_eq!(done.state, State::Applied);
    });
}

#[test]
fn transfer_files_make_expected_pupils_and_keep_their_earlier_attendance_apart() {
    each_engine(MIGRATIONS, |store| {
        let school = School::founded(store).with_terms();
        let done = school.bring(sample("ctf/8232998_CTF_8234998_001.xml"));
        assert_eq!(done.preview.expect("a preview").main.loaded, 3);
        assert_eq!(school.count("select count(*) from prior_attendance where superseded_seq is null and possible = 80"), 3);
        assert_eq!(school.count(ON_ROLL), 0);
        let trouble = school.bring(sample("ctf/8232998_CTF_8234998_003.xml"));
        let main = trouble.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected, main.held), (1, 3, 3));
        let applicants = school.bring(sample("atf/823LLLL_ATF_8234998_26001.xml"));
        let main = applicants.preview.expect("a preview").main;
        assert_eq!((main.loaded, main.rejected, main.held), (3, 0, 0));
        assert_eq!(school.count(ON_ROLL), 0);
        school.verify();
    });
}

#[test]
fn sets_of_files_bring_staff_groups_and_who_belongs_to_them() {
    each_engine(MIGRATIONS, |store| {
        for set in [
            "oneroster/v1p2-bulk-made-by-us",
            "oneroster/v1p1-bulk-made-by-us",
            "sds/v2.1",
            "sds/uk-format-25-users",
            "oneroster/v1p2-bulk-broken-made-by-us",
        ] {
            let fresh = TestStore::new(store.engine(), MIGRATIONS);
            let school = School::founded(&fresh).with_terms();
            let folder = std::fs::read_dir(crate::school::samples().join(set)).expect("a set");
            let mut names: Vec<String> = folder
                .map(|entry| {
                    entry
                        .expect("an entry")
                        .file_name()
                        .to_string_lossy()
                        .into_owned()
                })
                .collect();
            names.sort();
            let files: Vec<_> = names
                .iter()
                .map(|name| sample(&format!("{set}/{name}")))
                .collect();
            let choices = Choices {
                month_first: set.ends_with("users"),
                ..Choices::default()
            };
            let id = school.receive(files.clone(), &choices);
            let shown = school.import(id);
            assert_eq!(shown.state, State::Previewed, "{set}: {:?}", shown.message);
            let preview = shown.preview.expect("a preview");
            let loaded = preview.main.loaded + preview.beside.loaded;
            assert!(loaded > 0, "{set}: {preview:?}");
            let again = school.bring_with(files.clone(), &choices);
            assert_eq!(again.state, State::Applied);
            let head = school.head();
            let once_more = school.bring_with(files, &choices);
            assert_eq!(school.head(), head, "{set}");
            assert_eq!(
                once_more.preview.expect("a preview").main.loaded,
                0,
                "{set}"
            );
            school.verify();
        }
    });
}
