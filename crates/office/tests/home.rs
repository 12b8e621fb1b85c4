//! The first page after signing in.

mod school;

use axum::http::StatusCode;
use calendar::Session;
use office::people::Role;
use school::each_school;

#[test]
fn each_role_has_a_first_page_with_what_is_theirs() {
    each_school(|school| {
        for role in Role::ALL {
            let page = school.get(*role, "/");
            assert_eq!(page.status, StatusCode::OK, "{role:?}");
            assert!(page.text().contains("Good morning, Sam "), "{role:?}");
            assert!(
                !page.text().contains("Pat"),
                "{role:?} is shown a pupil's name"
            );
        }
        let tutor = school.get(Role::Tutor, "/");
        assert!(
            tutor.text().contains("Your registers") && tutor.text().contains("9A"),
            "{}",
            tutor.text()
        );
        assert!(!tutor.text().contains("9B") && !tutor.text().contains("Registers not in"));
        let manager = school.get(Role::AttendanceManager, "/");
        for word in [
            "of 3 registers complete",
            "9A",
            "9B",
            "10A",
            "in persistent absence",
        ] {
            assert!(manager.text().contains(word), "{word}: {}", manager.text());
        }
        let administrator = school.get(Role::SystemAdministrator, "/");
        assert!(
            administrator.text().contains("/people")
                && !administrator.text().contains("registers complete")
        );
        assert!(
            !administrator.text().contains("First steps"),
            "this school has its terms"
        );
    });
}

#[test]
fn leaders_are_told_how_the_morning_was_signed_off_and_a_tutor_is_not() {
    each_school(|school| {
        assert!(
            !school
                .get(Role::Headteacher, "/")
                .text()
                .contains("Signed off at")
        );
        school.mark("Ash", "2026-11-24", Session::Am, "N");
        let note = [("note", "Two visits are under way")];
        let signed = school.post(Role::AttendanceManager, "/morning/sign-off", &note);
        assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text());
        let page = school.get(Role::Headteacher, "/");
        for word in [
            "Signed off at",
            "0 of 1 children who were missed are located",
            "Two visits are under way",
        ] {
            assert!(page.text().contains(word), "{word}: {}", page.text());
        }
        assert!(
            !school
                .get(Role::Tutor, "/")
                .text()
                .contains("Signed off at")
        );
    });
}

#[test]
fn a_clock_that_was_moved_back_is_told_and_loses_and_reorders_nothing() {
    each_school(|school| {
        let words = "have the clock set right";
        let told = |role| school.get(role, "/").text().contains(words);
        assert!(!told(Role::AttendanceManager));
        school.mark("Ash", "2026-11-24", Session::Am, "/");
        school.clock.set(school.clock.tell().plus_seconds(-3_600));
        assert!(told(Role::AttendanceManager) && told(Role::SystemAdministrator));
        assert!(!told(Role::Tutor));
        school.mark("Birch", "2026-11-24", Session::Am, "/");
        let report = school
            .office
            .store
            .verify_now(&[], office::TABLES, |_| {})
            .expect("a proof");
        assert!(report.is_whole(), "{:?}", report.differences);
        school.clock.set(school.clock.tell().plus_seconds(3_700));
        assert!(!told(Role::AttendanceManager));
    });
}

#[test]
fn what_the_program_has_to_say_is_shown_to_whoever_looks_after_it_until_it_is_put_right() {
    each_school(|school| {
        let words = "The backup due before Tuesday failed";
        school.office.notices.put("backup", words.to_owned());
        for role in Role::ALL {
            let told = school.get(*role, "/").text().contains(words);
            assert_eq!(told, *role == Role::SystemAdministrator, "{role:?}");
        }
        school.office.notices.clear("backup");
        let page = school.get(Role::SystemAdministrator, "/");
        assert!(!page.text().contains("The program needs you"));
    });
}
