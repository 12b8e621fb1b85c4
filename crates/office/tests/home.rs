//! The first page after signing in.

mod school;

use axum::http::StatusCode;
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
