//! What is exported as CSV or XLSX is imported with nothing changed (I-039).

use calendar::{Day, Session};
use exchange::{
    Address, Audience, Characteristics, CodeSet, ContactPhone, ContactRecord, InputFile, MarkPupil,
    MarkTable, Options, PupilKey, PupilRecord, Reading, SenPeriod, Sheet, SourceId,
};
use proptest::option;
use proptest::prelude::*;

fn today() -> Day {
    "2026-11-22".parse().expect("a real day")
}

/// Both ways out, both read back.
fn both(sheet: &Sheet) -> [Reading; 3] {
    let people = exchange::csv(sheet, Audience::People);
    let systems = exchange::csv(sheet, Audience::Systems);
    let workbook = exchange::xlsx(sheet, today()).expect("written");
    [("p.csv", people), ("s.csv", systems), ("w.xlsx", workbook)].map(|(name, bytes)| {
        exchange::read(
            &[InputFile {
                name,
                bytes: &bytes,
            }],
            &Options::on(today()),
        )
        .unwrap_or_else(|refused| panic!("{refused}"))
    })
}

fn name() -> impl Strategy<Value = String> {
    "[=A-ZÀÉŁa-zéłñ][A-Za-zé' ,=@-]{0,10}[a-z]"
        .prop_filter("brackets and titles warn", |text| !text.contains("  "))
}

fn words() -> impl Strategy<Value = String> {
    "[A-Z][A-Za-z0-9é;,\" ]{0,14}[a-z]"
}

fn date() -> impl Strategy<Value = Day> {
    (8_000i32..21_000).prop_map(Day::from_epoch_days)
}

fn upn() -> impl Strategy<Value = exchange::upn::Upn> {
    "[0-9]{12}".prop_filter_map("a body and its letter", |body| {
        "ABCDEFGHJKLMNPQRTUVWXYZ"
            .chars()
            .find_map(|letter| exchange::upn::check(&format!("{letter}{body}")).ok())
    })
}

fn key(number: u32, upn: Option<exchange::upn::Upn>) -> PupilKey {
    PupilKey {
        source_id: Some(SourceId {
            source: "MIS ID".to_owned(),
            id: format!("m{number}"),
        }),
        upn,
        admission_number: Some(format!("{number:06}")),
    }
}

fn mobile(digits: &str) -> ContactPhone {
    ContactPhone {
        phone_use: exchange::phone::PhoneUse::NotSaid,
        phone: exchange::phone::tidy(&format!("07{digits}")),
    }
}

fn address() -> impl Strategy<Value = Address> {
    (
        prop::collection::vec(words(), 1..3),
        option::of(words()),
        option::of(Just("SW1A 1AA".to_owned())),
    )
        .prop_map(|(lines, town, postcode)| Address {
            lines,
            town,
            county: None,
            postcode,
            property_reference: None,
        })
}

fn pupil() -> impl Strategy<Value = PupilRecord> {
    let names = (name(), name(), option::of(name()), option::of(name()));
    let dates = (date(), option::of(date()), option::of(date()));
    let codes = (
        option::of(prop::sample::select(vec!["M", "F"])),
        option::of(prop::sample::select(vec!["R", "7", "11"])),
        option::of(prop::sample::select(vec!["WBRI", "REFU"])),
        option::of(prop::sample::select(vec!["N", "K", "E"])),
    );
    let flags = (
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
    );
    (
        option::of(upn()),
        names,
        dates,
        codes,
        flags,
        option::of(address()),
        option::of("[0-9]{9}"),
    )
        .prop_map(|(upn, names, dates, codes, flags, address, phone)| {
            let coded = |set, code: Option<&str>| code.map(|code| exchange::coded(set, code));
            PupilRecord {
                key: key(0, upn),
                legal_surname: names.0,
                legal_forename: names.1,
                middle_names: names.2,
                preferred_forename: names.3,
                birth_date: Some(dates.0),
                starting_day: dates.1,
                leaving_day: dates.2,
                registration_group: Some("7E1".to_owned()),
                sex: coded(CodeSet::Sex, codes.0),
                year_group: coded(CodeSet::YearGroup, codes.1),
                characteristics: Characteristics {
                    ethnicity: coded(CodeSet::Ethnicity, codes.2),
                    sen: coded(CodeSet::SenProvision, codes.3)
                        .into_iter()
                        .map(|provision| SenPeriod {
                            provision,
                            from: None,
                        })
                        .collect(),
                    free_meals: flags.0,
                    pupil_premium: flags.1,
                    in_care: flags.2,
                    ..Characteristics::default()
                },
                address,
                phones: phone.iter().map(|digits| mobile(digits)).collect(),
                ..PupilRecord::default()
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn pupils_come_back_as_they_went(mut pupils in prop::collection::vec(pupil(), 1..8)) {
        for (index, pupil) in pupils.iter_mut().enumerate() {
            pupil.key.source_id = key(index as u32, None).source_id;
            pupil.key.admission_number = key(index as u32, None).admission_number;
            pupil.line = index as u32 + 2;
        }
        let mut numbers: Vec<_> = pupils.iter().filter_map(|pupil| pupil.key.upn).collect();
        numbers.sort();
        prop_assume!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
        for reading in both(&exchange::pupils_sheet(&pupils)) {
            prop_assert_eq!(&reading.pupils, &pupils);
        }
    }

    #[test]
    fn contacts_come_back_as_they_went(
        people in prop::collection::vec((name(), words(), option::of(1u8..9), option::of(any::<bool>()), option::of(address()), "[0-9]{9}", words()), 1..8)
    ) {
        let contacts: Vec<ContactRecord> = people.into_iter().enumerate().map(|(index, person)| {
            let (surname, relationship, priority, responsibility, address, digits, notes) = person;
            ContactRecord {
                line: index as u32 + 2,
                pupil: key(index as u32, None),
                surname: Some(surname),
                relationship: Some(relationship),
                priority,
                parental_responsibility: responsibility,
                address,
                phones: vec![ContactPhone { phone_use: exchange::phone::PhoneUse::Mobile, ..mobile(&digits) }],
                emails: exchange::email::tidy("a@example.org; b@example.org"),
                notes: Some(notes),
                ..ContactRecord::default()
            }
        }).collect();
        for reading in both(&exchange::contacts_sheet(&contacts)) {
            prop_assert_eq!(&reading.contacts, &contacts);
        }
    }

    #[test]
    fn marks_come_back_as_they_went(
        marks in prop::collection::btree_map((0u32..3, 20_000i32..20_400, any::<bool>()), (0usize..6, option::of(words())), 1..40)
    ) {
        let mut table = MarkTable::default();
        for number in 0..3 {
            table.add_pupil(MarkPupil { key: key(number, None), name: format!("Pupil {number}"), line: 0 });
        }
        for ((pupil, day, afternoon), (mark, comment)) in &marks {
            let session = if *afternoon { Session::Pm } else { Session::Am };
            let own = if *afternoon { "\\" } else { "/" };
            let text = [own, "L", "C1", "I", "#", "="][*mark];
            table.add_mark(*pupil, Day::from_epoch_days(*day), session, text, (text == "L").then_some(7));
            if let Some(comment) = comment {
                table.comments.push((table.marks.len() as u32 - 1, comment.clone()));
            }
        }
        let told = |table: &MarkTable| -> Vec<_> {
            table.marks.iter().enumerate().map(|(index, mark)| {
                let key = table.pupil(mark).key.clone();
                let comment = table.comment(index).map(str::to_owned);
                (key, mark.day, mark.session, table.text(mark).to_owned(), mark.minutes_late(), comment)
            }).collect()
        };
        for reading in both(&exchange::marks_sheet(&table)) {
            prop_assert_eq!(told(&reading.marks), told(&table));
        }
    }
}
