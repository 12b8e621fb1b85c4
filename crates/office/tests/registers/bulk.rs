//! Many marks changed at once: foreseen, made as one act, undone as one act, on both engines.

use axum::http::{Request, StatusCode, header};
use calendar::{Session, Slot};
use office::desk::Refusal;
use office::ids::{MarkSetId, PupilId};
use office::people::Role;
use office::registers::bulk::{
    Choice, Closed, Closure, Done, EntryCode, Foresight, OverPlans, Undone, Which, Whom, Why,
    change, close, foresee, foresee_closure, foresee_reopening, reopen, undo,
};
use office::registers::history_of;
use office::{MIGRATIONS, TABLES};
use register::Code;
use register::plan::{Plan, PlanKind, PlannedSessions};
use store::args;
use store::testing::{TestStore, each_engine};

use crate::school::{
    A, SCHOOL, account, actor, ask, at_on, changes, day, e, found, get, mark, office, save_as,
    take, today,
};

fn at_school(test: impl Fn(&TestStore)) {
    each_engine(MIGRATIONS, |store| {
        found(store);
        test(store);
        let report = store.verify_now(&[SCHOOL], TABLES, |_| {});
        let report = report.expect("the journal can be read");
        assert!(report.is_whole(), "{report:?}");
    });
}

fn manager() -> i64 {
    account(Role::AttendanceManager)
}

fn code(text: &str) -> Code {
    text.parse().expect("a test writes codes")
}

/// Illness for 8A on 24 and 25 November, where no mark stands.
fn choice() -> Choice {
    Choice {
        whom: Whom::Groups([A].into()),
        first: day("2026-11-24"),
        last: day("2026-11-25"),
        sessions: PlannedSessions::all(),
        which: Which::Blank,
        over_plans: OverPlans::No,
        code: EntryCode::One(code("I")),
        note: None,
        sub_code: None,
        reason: "a sickness in the class".to_owned(),
    }
}

fn foreseen(store: &TestStore, account: i64, choice: &Choice) -> Result<Foresight, Refusal> {
    let (actor, choice, now) = (actor(store, account), choice.clone(), store.clock().tell());
    store.read_now(move |tx| foresee(tx, &actor, &choice, &[], now))
}

fn made(store: &TestStore, account: i64, choice: &Choice, seal: &str) -> Result<Done, Refusal> {
    let (actor, choice, seal) = (actor(store, account), choice.clone(), seal.to_owned());
    store.act_now(SCHOOL, move |act| change(act, &actor, &choice, "8A", &seal))
}

/// Foreseen and made.
fn make(store: &TestStore, choice: &Choice) -> MarkSetId {
    let seal = foreseen(store, manager(), choice)
        .expect("a foresight")
        .seal();
    match made(store, manager(), choice, &seal).expect("a change") {
        Done::Made(set) => set,
        other => panic!("{other:?}"),
    }
}

fn undone(store: &TestStore, set: MarkSetId, leaving: bool) -> Result<Undone, Refusal> {
    let actor = actor(store, manager());
    store.act_now(SCHOOL, move |act| {
        undo(act, &actor, set, leaving, "made in error")
    })
}

/// The codes that were ever entered for a pupil of the sample in a session, oldest first.
fn entries(store: &TestStore, number: i64, slot: Slot) -> Vec<Option<Code>> {
    let of = store.read_now(move |tx| history_of(tx, SCHOOL, e(number), slot.day, slot.day));
    let of = of.expect("a history").into_iter();
    of.filter(|entry| entry.slot == slot)
        .map(|entry| entry.code)
        .collect()
}

fn tutor_marks(store: &TestStore, number: i64, text: &str) {
    let save = changes(vec![mark(e(number), text, 0)]);
    save_as(store, account(Role::Tutor), A, today(Session::Am), &save).expect("a save");
}

#[test]
fn what_is_foreseen_is_what_is_done_and_one_undo_brings_back_what_stood() {
    at_school(|store| {
        let am = today(Session::Am);
        tutor_marks(store, 1, "/");
        let choice = choice();
        let foresight = foreseen(store, manager(), &choice).expect("a foresight");
        // Five pupils are on roll, four sessions; one is marked.
        assert_eq!((foresight.changes.len(), foresight.pupils()), (19, 5));
        assert_eq!(foresight.slots.len(), 4);
        let left: Vec<&Why> = foresight.left.iter().map(|left| &left.why).collect();
        assert_eq!(left, [&Why::NotChosen(Some(code("/")))]);
        let set = make(store, &choice);
        let expected: Vec<_> = foresight
            .changes
            .iter()
            .map(|change| (foresight.people[change.person].enrolment, change.slot))
            .collect();
        for number in 1..=5 {
            for slot in &foresight.slots {
                let planned = expected.contains(&(e(number), *slot));
                let stands = entries(store, number, *slot).last().copied().flatten();
                assert_eq!(stands == Some(code("I")), planned, "{number} {slot}");
            }
        }
        assert_eq!(entries(store, 1, am), [Some(code("/"))]);
        let Undone::Made(_) = undone(store, set, false).expect("an undo") else {
            panic!("nothing stood in the way");
        };
        assert_eq!(entries(store, 2, am), [Some(code("I")), None]);
        assert!(matches!(undone(store, set, false), Err(Refusal::Wrong(_))));
    });
}

#[test]
fn a_change_is_refused_when_a_mark_was_made_after_the_look_and_nothing_is_half_done() {
    at_school(|store| {
        let choice = choice();
        let seal = foreseen(store, manager(), &choice)
            .expect("a foresight")
            .seal();
        tutor_marks(store, 2, "/");
        assert_eq!(
            made(store, manager(), &choice, &seal).expect("an answer"),
            Done::Stale
        );
        assert!(entries(store, 3, today(Session::Am)).is_empty());
        let seal = foreseen(store, manager(), &choice)
            .expect("a foresight")
            .seal();
        let done = made(store, manager(), &choice, &seal).expect("a change");
        assert!(matches!(done, Done::Made(_)));
        let again = foreseen(store, manager(), &choice).expect("a foresight");
        let nothing = made(store, manager(), &choice, &again.seal()).expect("an answer");
        assert_eq!(nothing, Done::Nothing);
    });
}

#[test]
fn an_undo_names_who_was_changed_since_and_leaves_them_only_when_told_to() {
    at_school(|store| {
        let am = today(Session::Am);
        let set = make(store, &choice());
        let base = store.read_now(move |tx| history_of(tx, SCHOOL, e(4), am.day, am.day));
        let base = base.expect("a history")[0].seq;
        let came = changes(vec![mark(e(4), "/", base)]);
        save_as(store, manager(), A, am, &came).expect("a save");
        let Undone::ChangedSince(names) = undone(store, set, false).expect("an answer") else {
            panic!("a mark was changed since");
        };
        assert_eq!(names.len(), 1);
        assert_eq!(
            (names[0].name.as_str(), names[0].now),
            ("Sample, Pupil4", Some(code("/")))
        );
        assert_eq!(entries(store, 3, am), [Some(code("I"))]);
        let Undone::Made(back) = undone(store, set, true).expect("an undo") else {
            panic!("the others are left");
        };
        assert_eq!(entries(store, 3, am), [Some(code("I")), None]);
        assert_eq!(entries(store, 4, am).last(), Some(&Some(code("/"))));
        // An undo is a change like any other, and is undone like one.
        assert!(matches!(undone(store, back, false), Ok(Undone::Made(_))));
        assert_eq!(entries(store, 3, am).last(), Some(&Some(code("I"))));
    });
}

#[test]
fn plans_protected_marks_and_days_off_roll_are_left_alone_each_with_its_reason() {
    at_school(|store| {
        tutor_marks(store, 1, "/");
        let plan = Plan {
            kind: PlanKind::Appointment,
            code: code("M"),
            first: day("2026-11-24"),
            last: day("2026-11-24"),
            sessions: PlannedSessions::all(),
            reason: "dentist".to_owned(),
            place: None,
            supervisor: None,
            evidence: None,
            decided_on: None,
            decided_by: "A Sample, Headteacher".to_owned(),
            agreed_on: None,
            agreed_with: None,
            review_on: None,
        };
        let by = actor(store, manager());
        store
            .act_now(SCHOOL, move |act| {
                office::registers::plans::make(act, &by, &[PupilId(302)], &plan)
            })
            .expect("a plan");
        let wide = Choice {
            whom: Whom::Pupils([301, 302, 306].map(PupilId).into()),
            first: day("2026-11-20"),
            last: day("2026-11-24"),
            sessions: "2026-11-20-AM 2026-11-24-AM".parse().expect("sessions"),
            which: Which::Unprotected,
            ..choice()
        };
        let foresight = foreseen(store, manager(), &wide).expect("a foresight");
        let why = |number: i64, on: &str| {
            let left = foresight.left.iter().find(|left| {
                foresight.people[left.person].enrolment == e(number) && left.slot.day == day(on)
            });
            left.map(|left| left.why.clone())
        };
        assert_eq!(why(1, "2026-11-24"), Some(Why::Protected(code("/"))));
        assert_eq!(
            why(2, "2026-11-24"),
            Some(Why::Planned(PlanKind::Appointment, code("M")))
        );
        assert_eq!(why(6, "2026-11-24"), Some(Why::NotOnRoll));
        assert_eq!(foresight.changes.len(), 3);
        let over = Choice {
            over_plans: OverPlans::Yes,
            which: Which::Every,
            ..wide
        };
        let foresight = foreseen(store, manager(), &over).expect("a foresight");
        assert_eq!((foresight.changes.len(), foresight.left.len()), (5, 1));
    });
}

#[test]
fn a_day_without_sessions_is_named_and_a_code_that_age_forbids_is_refused_pupil_by_pupil() {
    at_school(|store| {
        let inset = Choice {
            first: day("2026-11-27"),
            last: day("2026-11-29"),
            ..choice()
        };
        let foresight = foreseen(store, manager(), &inset).expect("a foresight");
        assert!(foresight.changes.is_empty() && foresight.slots.is_empty());
        assert_eq!(foresight.without_session.len(), 1);
        let part_time = Choice {
            code: EntryCode::One(code("X")),
            ..choice()
        };
        let foresight = foreseen(store, manager(), &part_time).expect("a foresight");
        assert!(foresight.changes.is_empty());
        let all_refused = foresight
            .left
            .iter()
            .all(|left| matches!(&left.why, Why::Refused(ground) if ground.contains("R-113")));
        assert!(all_refused, "{:?}", foresight.left);
        // One of the class is no longer of compulsory school age: for them X is right.
        store
            .act_now(SCHOOL, |act| {
                let none = None::<&str>;
                act.replace(
                    &office::roll::records::PUPIL,
                    &args![
                        303,
                        403,
                        none,
                        none,
                        none,
                        none,
                        "Sample",
                        "Pupil3",
                        "",
                        "Sample",
                        "Pupil3",
                        none,
                        day("2009-11-02")
                    ],
                )?;
                act.describe(store::Entry {
                    account: 1,
                    job_title: "Set-up",
                    act: "amend pupil",
                    subject: "pupil 303".to_owned(),
                });
                Ok::<_, store::StoreError>(())
            })
            .expect("a pupil of seventeen");
        let foresight = foreseen(store, manager(), &part_time).expect("a foresight");
        assert_eq!((foresight.changes.len(), foresight.pupils()), (4, 1));
    });
}

#[test]
fn only_who_keeps_every_register_changes_many_marks_and_who_reads_every_one_reads_the_list() {
    at_school(|store| {
        let set = make(store, &choice());
        let office = office(store);
        let keepers = [
            Role::Headteacher,
            Role::DeputyHeadPastoral,
            Role::WelfareManager,
            Role::AttendanceManager,
            Role::AttendanceAdministrator,
        ];
        for role in Role::ALL {
            let may = foreseen(store, account(*role), &choice()).is_ok();
            let writes = store_says_writes(store, *role);
            assert_eq!(may, writes, "{role:?}");
            assert!(!keepers.contains(role) || writes, "{role:?}");
            let (form, _) = get(&office, account(*role), "/many-marks/new");
            assert_eq!(form == StatusCode::OK, writes, "{role:?} {form}");
            let (listed, _) = get(&office, account(*role), "/many-marks");
            let (one, _) = get(&office, account(*role), &format!("/many-marks/{set}"));
            assert_eq!(listed, one, "{role:?}");
            assert!(!writes || listed == StatusCode::OK, "{role:?}");
            if !writes {
                let refused = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
                let path = format!("/many-marks/{set}/undo");
                let (undo, _) = post(&office, account(*role), &path, "");
                assert!(refused.contains(&undo), "{role:?} {undo}");
                let (closure, _) = get(&office, account(*role), "/many-marks/closure");
                assert!(refused.contains(&closure), "{role:?} {closure}");
            }
        }
    });
}

/// Whether the matrix lets the role write the marks of the whole school.
fn store_says_writes(store: &TestStore, role: Role) -> bool {
    use office::people::{Access, RecordKind};
    actor(store, account(role)).may_for_school(Access::Write, RecordKind::AttendanceMarks)
}

fn post(
    office: &std::sync::Arc<office::desk::Office>,
    account: i64,
    path: &str,
    form: &str,
) -> (StatusCode, String) {
    let request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    ask(office, account, request, form.to_owned())
}

/// What a page carries in a hidden field.
fn carried<'p>(page: &'p str, name: &str) -> &'p str {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).expect("the field is carried");
    rest.split_once('"').expect("an end").0
}

#[test]
fn from_the_form_by_the_preview_to_the_change_its_list_its_file_and_its_undo() {
    at_school(|store| {
        let office = office(store);
        let (_, form) = get(&office, manager(), "/many-marks/new");
        assert!(
            form.contains("Whole school") && form.contains("Tutor group 8A"),
            "{form}"
        );
        let (status, wrong) = post(&office, manager(), "/many-marks/new", "whom=&which=codes");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in [
            "Choose whose marks",
            "Choose what is entered",
            "Give the reason",
            "Write the codes",
        ] {
            assert!(wrong.contains(words), "{words}: {wrong}");
        }
        let asked =
            "whom=group-101&first=2026-11-24&last=&sessions=am&which=blank&code=I&reason=class+ill";
        let (status, preview) = post(&office, manager(), "/many-marks/new", asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("5 marks of 5 pupils change, over 1 session."),
            "{preview}"
        );
        // Another hand in between: the preview comes again as it stands now.
        tutor_marks(store, 1, "/");
        let make = format!("{asked}&go=make&seal={}", carried(&preview, "seal"));
        let (status, stale) = post(&office, manager(), "/many-marks/new", &make);
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(stale.contains("4 marks of 4 pupils change"), "{stale}");
        let make = format!("{asked}&go=make&seal={}", carried(&stale, "seal"));
        let (status, _) = post(&office, manager(), "/many-marks/new", &make);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (_, list) = get(&office, manager(), "/many-marks");
        assert!(
            list.contains("class ill") && list.contains("Tutor group 8A"),
            "{list}"
        );
        let id = list
            .split_once("href=\"/many-marks/")
            .and_then(|(_, rest)| rest.split_once('"').map(|(id, _)| id.to_owned()));
        let mut id = id.expect("a change is listed");
        if id == "new" {
            let (_, rest) = list
                .rsplit_once("href=\"/many-marks/")
                .expect("a change is listed");
            id = rest.split_once('"').expect("an end").0.to_owned();
        }
        let (_, file) = take(&office, manager(), &format!("/many-marks/{id}"), "csv");
        assert!(
            file.contains("Sample, Pupil2") && file.contains("no mark"),
            "{file}"
        );
        let (_, file) = take(&office, manager(), "/many-marks", "csv");
        assert!(file.contains("class ill"), "{file}");
        let (status, _) = post(&office, manager(), &format!("/many-marks/{id}/undo"), "");
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (_, one) = get(&office, manager(), &format!("/many-marks/{id}"));
        assert!(one.contains("by change"), "{one}");
    });
}

#[test]
fn a_whole_school_for_ten_days_is_one_act_and_is_quick() {
    at_school(|store| {
        // Yesterday's world: a later clock, so that ten days of registers have closed.
        store.clock().set(at_on("2026-12-09", "16:00"));
        let ten_days = Choice {
            whom: Whom::School,
            first: day("2026-11-24"),
            last: day("2026-12-08"),
            code: EntryCode::Present,
            ..choice()
        };
        let set = make(store, &ten_days);
        let marks: i64 = store
            .read_now(move |tx| {
                tx.query_one(
                    "select marks from mark_set where school_id = $1 and set_id = $2",
                    &args![SCHOOL, set],
                    |row| row.get(0),
                )
            })
            .expect("the set");
        // Eight pupils on roll, ten school days (one of the eleven is INSET), two sessions.
        assert_eq!(marks, 8 * 10 * 2);
    });
}

fn snow() -> Closure {
    Closure {
        closed: Closed::School,
        first: day("2026-11-24"),
        last: day("2026-11-24"),
        sessions: calendar::Sessions::BOTH,
        present: false,
        plans_stand: false,
        reason: "snow".to_owned(),
    }
}

fn closed(store: &TestStore, account: i64, closure: &Closure) -> Result<Done, Refusal> {
    let (by, of_act, now) = (actor(store, account), closure.clone(), store.clock().tell());
    let (seen, by_then) = (closure.clone(), by.clone());
    let (foresight, _) = store.read_now(move |tx| foresee_closure(tx, &by, &seen, now))?;
    let seal = foresight.seal();
    store.act_now(SCHOOL, move |act| {
        close(act, &by_then, &of_act, "Whole school", &seal)
    })
}

fn planned(store: &TestStore, number: i64, kind: PlanKind, text: &str) {
    let plan = Plan {
        kind,
        code: code(text),
        first: day("2026-11-24"),
        last: day("2026-11-24"),
        sessions: PlannedSessions::all(),
        reason: "as agreed".to_owned(),
        place: Some("Sample Farm".to_owned()),
        supervisor: Some("Ms A Staff".to_owned()),
        evidence: None,
        decided_on: Some(day("2026-11-20")),
        decided_by: "A Sample, Headteacher".to_owned(),
        agreed_on: None,
        agreed_with: None,
        review_on: None,
    };
    let by = actor(store, manager());
    store
        .act_now(SCHOOL, move |act| {
            office::registers::plans::make(act, &by, &[PupilId(300 + number)], &plan)
        })
        .expect("a plan");
}

fn day_now(store: &TestStore) -> Option<String> {
    store
        .read_now(|tx| {
            tx.query_opt(
                "select kind from day_exception where school_id = $1 and on_date = $2 and superseded_seq is null",
                &args![SCHOOL, day("2026-11-24")],
                |row| row.get(0),
            )
        })
        .expect("the calendar")
}

#[test]
fn snow_closes_the_whole_school_for_everybody_but_those_taught_elsewhere_and_one_undo_opens_it() {
    at_school(|store| {
        let am = today(Session::Am);
        tutor_marks(store, 1, "/");
        tutor_marks(store, 3, "N");
        planned(store, 2, PlanKind::AlternativeProvision, "B");
        planned(store, 4, PlanKind::Leave, "C");
        let Done::Made(set) = closed(store, manager(), &snow()).expect("a closure") else {
            panic!("marks change");
        };
        assert_eq!(day_now(store).as_deref(), Some("unplanned_closure"));
        let stands = |number: i64| entries(store, number, am).last().copied().flatten();
        let y4 = Some(code("Y4"));
        // Present that morning and taught off site: left alone. Without a reason and on leave: the site is closed for them too.
        assert_eq!((stands(1), stands(2)), (Some(code("/")), None));
        assert_eq!((stands(3), stands(4), stands(9)), (y4, y4, y4));
        assert_eq!(entries(store, 1, today(Session::Pm)), [y4]);
        assert!(matches!(undone(store, set, false), Ok(Undone::Made(_))));
        assert_eq!(day_now(store), None);
        assert_eq!((stands(3), stands(4)), (Some(code("N")), None));
    });
}

#[test]
fn re_opening_for_a_group_gives_it_back_its_register_and_turns_the_others_into_part_of_the_site() {
    at_school(|store| {
        let am = today(Session::Am);
        let Done::Made(set) = closed(store, manager(), &snow()).expect("a closure") else {
            panic!("marks change");
        };
        let by = actor(store, manager());
        let groups: std::collections::BTreeSet<_> = [A].into();
        let (then, of_act) = (by.clone(), groups.clone());
        let foresight = store
            .read_now(move |tx| foresee_reopening(tx, &by, set, &groups, "mock examinations"))
            .expect("a foresight");
        // Five of 8A get their sessions back, three of 8B become Y3; two sessions.
        assert_eq!(foresight.changes.len(), 16);
        let seal = foresight.seal();
        let done = store.act_now(SCHOOL, move |act| {
            reopen(act, &then, set, &of_act, ("8A", "mock examinations"), &seal)
        });
        let Done::Made(reopened) = done.expect("re-opened") else {
            panic!("marks change");
        };
        assert_eq!(day_now(store), None);
        assert_eq!(entries(store, 1, am), [Some(code("Y4")), None]);
        assert_eq!(entries(store, 7, am), [Some(code("Y4")), Some(code("Y3"))]);
        tutor_marks(store, 1, "/");
        let Undone::ChangedSince(names) = undone(store, reopened, false).expect("an answer") else {
            panic!("a register was taken since");
        };
        assert_eq!(names.len(), 1);
        assert!(matches!(undone(store, reopened, true), Ok(Undone::Made(_))));
        assert_eq!(day_now(store).as_deref(), Some("unplanned_closure"));
        assert_eq!(entries(store, 7, am).last(), Some(&Some(code("Y4"))));
        // What was re-opened and closed again by an undo is as the closure left it, but for the pupil who was marked.
        let Undone::ChangedSince(names) = undone(store, set, false).expect("an answer") else {
            panic!("a register was taken since");
        };
        assert_eq!(names.len(), 1);
        assert!(matches!(undone(store, set, true), Ok(Undone::Made(_))));
        assert_eq!(day_now(store), None);
    });
}

#[test]
fn the_whole_school_is_closed_only_by_who_decides_about_its_calendar() {
    at_school(|store| {
        use office::people::{Access, RecordKind};
        for role in Role::ALL {
            let decides = actor(store, account(*role))
                .may(Access::Write, RecordKind::UsersRolesAndSettings)
                && store_says_writes(store, *role);
            let before = day_now(store);
            let done = closed(store, account(*role), &snow());
            match decides {
                true => assert!(done.is_ok(), "{role:?}: {done:?}"),
                false => {
                    assert!(
                        done.is_err() || done.as_ref().is_ok_and(|done| *done == Done::Nothing),
                        "{role:?}"
                    );
                    assert_eq!(day_now(store), before, "{role:?}");
                }
            }
        }
        assert_eq!(day_now(store).as_deref(), Some("unplanned_closure"));
    });
}

#[test]
fn part_of_the_school_is_y3_for_those_who_were_told_and_the_calendar_stays() {
    at_school(|store| {
        let part = Closure {
            closed: Closed::Groups([A].into()),
            ..snow()
        };
        let Done::Made(_) = closed(store, manager(), &part).expect("a closure") else {
            panic!("marks change");
        };
        assert_eq!(day_now(store), None);
        assert_eq!(entries(store, 1, today(Session::Am)), [Some(code("Y3"))]);
        assert!(entries(store, 7, today(Session::Am)).is_empty());
    });
}

#[test]
fn the_closure_page_counts_first_and_then_closes() {
    at_school(|store| {
        let office = office(store);
        let (_, form) = get(&office, manager(), "/many-marks/closure");
        assert!(form.contains("Tutor group 8A"), "{form}");
        let asked = "closed=school&first=2026-11-24&sessions=both&plans=education&reason=snow";
        let (status, preview) = post(&office, manager(), "/many-marks/closure", asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("16 marks of 8 pupils change, over 2 sessions."),
            "{preview}"
        );
        assert!(
            preview.contains("Close the school: change 16 marks"),
            "{preview}"
        );
        let make = format!("{asked}&go=make&seal={}", carried(&preview, "seal"));
        let (status, _) = post(&office, manager(), "/many-marks/closure", &make);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (_, registers) = get(&office, manager(), "/registers/101/2026-11-24/am");
        assert!(registers.contains("Y4"), "{registers}");
    });
}

#[test]
fn the_weekly_report_has_who_is_unexplained_with_their_last_weeks_and_only_within_reach() {
    at_school(|store| {
        use office::registers::ageing::in_week;
        tutor_marks(store, 1, "N");
        let office = office(store);
        let shelf = std::sync::Arc::new(office::book::Shelf::default());
        let book = store
            .read_now(move |tx| shelf.book(tx, SCHOOL))
            .expect("a book");
        let of = |on: &str| in_week(&book, &office::people::Reach::School, day(on));
        let one = of("2026-11-26").remove(0);
        assert_eq!((one.this_week, one.earlier), (1, 0));
        assert_eq!(
            (one.reason_by, one.days_left),
            (Some(day("2026-12-02")), Some(3))
        );
        assert_eq!(
            (one.lately, one.by_weekday),
            ([1, 1], [0, 1, 0, 0, 0, 0, 0])
        );
        // In the next week it is from before; past its day nothing is left, and after four weeks it counts in twelve only.
        let later = of("2026-12-04").remove(0);
        assert_eq!((later.this_week, later.earlier), (0, 1));
        assert_eq!((later.reason_by, later.days_left), (None, None));
        assert_eq!(of("2026-12-22").remove(0).lately, [0, 1]);
        let (_, page) = get(&office, account(Role::Tutor), "/unexplained/week");
        assert!(
            page.contains("Sample, Pupil1") && page.contains("Tue 1"),
            "{page}"
        );
        let (_, page) = get(&office, crate::school::TUTOR_OF_B, "/unexplained/week");
        assert!(!page.contains("Sample, Pupil1"), "{page}");
    });
}

#[test]
fn an_n_is_aged_in_school_days_and_o_is_proposed_only_after_the_fifth_and_only_to_a_person() {
    at_school(|store| {
        use office::registers::ageing::unexplained;
        tutor_marks(store, 1, "N");
        let office = office(store);
        let shelf = std::sync::Arc::new(office::book::Shelf::default());
        let book = store
            .read_now(move |tx| shelf.book(tx, SCHOOL))
            .expect("a book");
        let aged = |on: &str| {
            let found = unexplained(&book, &office::people::Reach::School, day(on));
            (found.len(), found[0].age, found[0].is_overdue())
        };
        // Friday 27 November is INSET, so the fifth school day after Tuesday 24 is Wednesday 2 December.
        assert_eq!(aged("2026-11-24"), (1, 0, false));
        assert_eq!(aged("2026-12-02"), (1, 5, false));
        assert_eq!(aged("2026-12-03"), (1, 6, true));
        let (_, page) = get(&office, manager(), "/unexplained");
        assert!(page.contains("Propose O for the ticked"), "{page}");
        let (_, page) = get(&office, account(Role::Tutor), "/unexplained");
        assert!(
            page.contains("Sample, Pupil1") && !page.contains("Propose O"),
            "{page}"
        );
        let (_, page) = get(&office, crate::school::TUTOR_OF_B, "/unexplained");
        assert!(!page.contains("Sample, Pupil1"), "{page}");
        // As the list sends it: the preview first, then the change and its undo.
        let asked =
            "which=codes&codes=N&code=O&place=201-2026-11-24-AM&reason=No+reason+was+established";
        let (status, preview) = post(&office, manager(), "/many-marks/new", asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(preview.contains("1 mark of 1 pupil changes"), "{preview}");
        assert_eq!(entries(store, 1, today(Session::Am)), [Some(code("N"))]);
        let make = format!("{asked}&go=make&seal={}", carried(&preview, "seal"));
        let (status, _) = post(&office, manager(), "/many-marks/new", &make);
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(
            entries(store, 1, today(Session::Am)).last(),
            Some(&Some(code("O")))
        );
    });
}

#[test]
fn a_run_of_sessions_from_the_year_of_a_pupil_goes_back_to_the_pupil_with_its_undo() {
    at_school(|store| {
        let office = office(store);
        let (_, page) = get(&office, manager(), "/pupils/301");
        assert!(
            page.contains("data-span") && page.contains("spans.js"),
            "{page}"
        );
        let (_, page) = get(&office, account(Role::Tutor), "/pupils/301");
        assert!(!page.contains("data-span"), "{page}");
        let asked = "pupils=301&back=/pupils/301&which=every&at=2026-11-23-AM+2026-11-23-PM&code=i&reason=told+by+the+parent";
        let (status, preview) = post(&office, manager(), "/many-marks/new", asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(preview.contains("2 marks of 1 pupil change"), "{preview}");
        let make = format!("{asked}&go=make&seal={}", carried(&preview, "seal"));
        let (status, _) = post(&office, manager(), "/many-marks/new", &make);
        assert_eq!(status, StatusCode::SEE_OTHER);
        let slot = Slot::new(day("2026-11-23"), Session::Pm);
        assert_eq!(entries(store, 1, slot), [Some(code("I"))]);
        let set = store
            .read_now(|tx| {
                tx.query_one(
                    "select set_id from mark_set where school_id = $1",
                    &args![SCHOOL],
                    |row| row.get::<i64>(0),
                )
            })
            .expect("the set");
        let (_, page) = get(&office, manager(), &format!("/pupils/301?set={set}"));
        assert!(
            page.contains(&format!("/many-marks/{set}/undo?back=301")),
            "{page}"
        );
        let (status, _) = post(
            &office,
            manager(),
            &format!("/many-marks/{set}/undo?back=301"),
            "",
        );
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(entries(store, 1, slot), [Some(code("I")), None]);
        // A page elsewhere is never gone back to.
        let elsewhere = asked.replace("back=/pupils/301", "back=//example.org");
        let (_, preview) = post(&office, manager(), "/many-marks/new", &elsewhere);
        let make = format!("{elsewhere}&go=make&seal={}", carried(&preview, "seal"));
        let (status, _) = post(&office, manager(), "/many-marks/new", &make);
        assert_eq!(status, StatusCode::SEE_OTHER);
    });
}

#[test]
fn pupils_are_ticked_on_lists_by_those_who_change_many_marks() {
    at_school(|store| {
        let office = office(store);
        let (_, page) = get(&office, manager(), "/pupils");
        assert!(page.contains("name=\"pupil\" value=\"301\""), "{page}");
        let (_, page) = get(&office, account(Role::Teacher), "/pupils");
        assert!(!page.contains("name=\"pupil\""), "{page}");
        let (status, form) = get(&office, manager(), "/many-marks/new?pupil=301&pupil=307");
        assert_eq!(status, StatusCode::OK);
        assert!(
            form.contains("2 pupils") && form.contains("value=\"301,307\""),
            "{form}"
        );
    });
}

/// The starting day of a time on roll, and the first day of its membership of 8B.
fn begins(store: &TestStore, number: i64) -> (String, String) {
    store
        .read_now(move |tx| {
            let day = |tx: &mut store::Tx, sql| {
                tx.query_one(sql, &args![SCHOOL, e(number)], |row| {
                    row.get::<calendar::Day>(0)
                })
            };
            let starting = day(
                tx,
                "select starting_day from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null",
            )?;
            let member = day(
                tx,
                "select min(from_day) from membership where school_id = $1 and enrolment_id = $2 and superseded_seq is null",
            )?;
            Ok::<_, store::StoreError>((starting.to_string(), member.to_string()))
        })
        .expect("the roll")
}

/// The last day on roll and the last day in the group.
fn ends(store: &TestStore, number: i64) -> (Option<String>, Option<String>) {
    store
        .read_now(move |tx| {
            let last = "select leaving_day from enrolment where school_id = $1 and enrolment_id = $2 and superseded_seq is null";
            let member = "select max(to_day) from membership where school_id = $1 and enrolment_id = $2 and superseded_seq is null";
            let day = |tx: &mut store::Tx, sql| {
                tx.query_one(sql, &args![SCHOOL, e(number)], |row| {
                    row.get::<Option<calendar::Day>>(0)
                })
            };
            let text = |day: Option<calendar::Day>| day.map(|day| day.to_string());
            Ok::<_, store::StoreError>((text(day(tx, last)?), text(day(tx, member)?)))
        })
        .expect("the roll")
}

#[test]
fn a_leaving_recorded_in_error_is_taken_back_and_what_lay_outside_is_in_effect_again() {
    at_school(|store| {
        let (office, path) = (office(store), "/pupils/309/times/209");
        let end = "/pupils/309/end";
        // Everything up to yesterday is marked, so that the name may be deleted; one mark is entered ahead.
        let whole_past = Choice {
            whom: Whom::Pupils([PupilId(309)].into()),
            first: day("2026-09-02"),
            last: day("2026-11-23"),
            ..choice()
        };
        make(store, &whole_past);
        let ahead = Choice {
            whom: Whom::Pupils([PupilId(309)].into()),
            first: day("2026-11-26"),
            last: day("2026-11-26"),
            sessions: PlannedSessions::all(),
            ..choice()
        };
        make(store, &ahead);
        let (_, form) = get(&office, manager(), end);
        let seq = carried(&form, "seq").to_owned();
        let asked =
            format!("ground=A&last=2026-11-24&established=2026-11-24&confirmed=yes&seq={seq}");
        let (status, preview) = post(&office, manager(), end, &asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("2 marks lie after the last day and are taken back: 2 I"),
            "{preview}"
        );
        assert_eq!(ends(store, 9).0, None);
        let (status, page) = post(&office, manager(), end, &format!("{asked}&go=make"));
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        let ended = Some("2026-11-24".to_owned());
        assert_eq!(ends(store, 9), (ended.clone(), ended));
        let thursday = Slot::new(day("2026-11-26"), Session::Am);
        assert_eq!(entries(store, 9, thursday), [Some(code("I")), None]);
        // The day after, somebody sees that another pupil was meant.
        store.clock().set(at_on("2026-11-25", "09:00"));
        let (_, form) = get(&office, manager(), path);
        assert!(form.contains("was recorded in error"), "{form}");
        assert!(!form.contains("name=\"leaving_day\""), "{form}");
        let seq = carried(&form, "seq").to_owned();
        let asked =
            format!("starting_day=2026-09-02&kind=C&stays=yes&reason=another+pupil&seq={seq}");
        let (_, preview) = post(&office, manager(), path, &asked);
        assert!(
            preview.contains("without a gap")
                && preview.contains("2 sessions up to today become due"),
            "{preview}"
        );
        let (status, page) = post(&office, manager(), path, &format!("{asked}&go=make"));
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        assert_eq!(ends(store, 9), (None, None));
    });
}

#[test]
fn a_starting_day_that_moves_later_takes_its_marks_back_and_one_undo_brings_back_both() {
    at_school(|store| {
        let am = today(Session::Am);
        let no_reason = changes(vec![mark(e(9), "N", 0)]);
        save_as(
            store,
            crate::school::TUTOR_OF_B,
            crate::school::B,
            am,
            &no_reason,
        )
        .expect("a save");
        let (office, path) = (office(store), "/pupils/309/times/209");
        let (_, form) = get(&office, manager(), path);
        let seq = carried(&form, "seq").to_owned();
        let asked = format!("starting_day=2026-11-25&kind=C&reason=started+a+day+later&seq={seq}");
        let (status, preview) = post(&office, manager(), path, &asked);
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert!(
            preview.contains("1 marks lie before the first day and are taken back: 1 N"),
            "{preview}"
        );
        assert_eq!(begins(store, 9).0, "2026-09-02");
        let (status, page) = post(&office, manager(), path, &format!("{asked}&go=make"));
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        let moved = ("2026-11-25".to_owned(), "2026-11-25".to_owned());
        assert_eq!(begins(store, 9), moved);
        assert_eq!(entries(store, 9, am), [Some(code("N")), None]);
        let set = store
            .read_now(|tx| {
                tx.query_one(
                    "select set_id from mark_set where school_id = $1",
                    &args![SCHOOL],
                    |row| row.get::<i64>(0),
                )
            })
            .expect("the set");
        assert!(matches!(
            undone(store, MarkSetId(set), false),
            Ok(Undone::Made(_))
        ));
        let before = ("2026-09-02".to_owned(), "2026-09-02".to_owned());
        assert_eq!(begins(store, 9), before);
        assert_eq!(entries(store, 9, am).last(), Some(&Some(code("N"))));
        // Somebody who was there that day was on roll that day.
        tutor_marks(store, 1, "/");
        let (_, form) = get(&office, manager(), "/pupils/301/times/201");
        let seq = carried(&form, "seq").to_owned();
        let asked = format!("starting_day=2026-11-25&kind=C&reason=started+later&seq={seq}");
        let (_, preview) = post(&office, manager(), "/pupils/301/times/201", &asked);
        assert!(
            preview.contains("R-002") && !preview.contains("value=\"make\""),
            "{preview}"
        );
        let (status, _) = post(
            &office,
            manager(),
            "/pupils/301/times/201",
            &format!("{asked}&go=make"),
        );
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        // The tutor moves nobody's starting day.
        let (status, _) = post(&office, account(Role::Tutor), path, &asked);
        assert_eq!(status, StatusCode::FORBIDDEN);
    });
}
