//! Evidence of the demo school: a photo of an appointment card that came with a report, letters that the office filed, one file that a scanner refused.

use std::io::Write;
use std::sync::Arc;

use demo::DemoSchool;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use store::{Act, SchoolId, Store, StoreError, args};
use welfare::evidence_request::Ground;

use super::absence_line::WITH_MARK;
use super::morning::{actor, caller};
use super::{People, by_system};
use crate::absence_line::Told;
use crate::desk::Refusal;
use crate::evidence::records::EVIDENCE_SCAN;
use crate::evidence::{GivenBy, GivenFor, NewRequest, Received, ask_for, keep};
use crate::ids::{PupilId, ReportId};
use crate::people::{Keyring, Role};

/// Adds the photo of a card to a report that a family sent.
///
/// Errors: what the store says against it.
pub(super) fn with_card(
    act: &mut Act,
    keyring: &Keyring,
    report: ReportId,
    told: &Told,
) -> Result<(), Refusal> {
    let given = GivenFor {
        pupil: told.pupil,
        report: Some(report),
        by: GivenBy::Family,
        account: None,
        words: String::new(),
        about_day: told.last,
    };
    keep(act, keyring, &given, &received(card(0xd8)))?;
    Ok(())
}

/// Files letters of pupils who are ill today: one not scanned, one in which nothing was found, one that the scanner refused.
///
/// Errors: what the store says against it.
pub(super) fn put_in(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &Arc<People>,
    keyring: &Arc<Keyring>,
) -> Result<(), StoreError> {
    let today = school.request.today;
    let ill: Vec<PupilId> =
        store.read_now(move |tx| tx.query(WITH_MARK, &args![key, today, "I"], |row| row.get(0)))?;
    let by = caller(school, people);
    let actor = Arc::new(actor(
        people,
        school,
        key,
        by,
        Role::AttendanceAdministrator,
    ));
    let letters = [
        ("letter of the hospital", letter(), None),
        ("appointment card", card(0xe8), Some(("clean", None))),
        (
            "photo of a prescription",
            card(0xc8),
            Some(("refused", Some("Eicar-Test-Signature"))),
        ),
    ];
    ask_of(store, key, school, people, &ill)?;
    for (pupil, (words, bytes, verdict)) in ill.into_iter().zip(letters) {
        let given = GivenFor {
            pupil: Some(pupil),
            report: None,
            by: GivenBy::Office,
            account: Some(actor.account),
            words: words.to_owned(),
            about_day: today.plus_days(2),
        };
        let (by, keyring) = (Arc::clone(&actor), Arc::clone(keyring));
        let filed = store.act_now(key, move |act: &mut Act| {
            let id = keep(act, &keyring, &given, &received(bytes))?;
            act.describe(by.entry("file evidence", "letters of pupils".to_owned()));
            Ok(id)
        });
        let id = match filed {
            Ok(id) => id,
            Err(Refusal::Store(error)) => return Err(error),
            Err(_) => continue,
        };
        let (Some(id), Some((verdict, found))) = (id, verdict) else {
            continue;
        };
        let people = Arc::clone(people);
        store.act_now(key, move |act: &mut Act| {
            let at = act.at();
            act.record(&EVIDENCE_SCAN, &args![id, verdict, found, at])?;
            act.describe(by_system(
                &people,
                "scan evidence",
                format!("evidence {id}"),
            ));
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

/// Asks for evidence of the first two of them, as the attendance manager: one review is due by now, one is to come.
fn ask_of(
    store: &Store,
    key: SchoolId,
    school: &DemoSchool,
    people: &People,
    pupils: &[PupilId],
) -> Result<(), StoreError> {
    let today = school.request.today;
    let by = actor(people, school, key, people.keeper, Role::AttendanceManager);
    let wanted = [
        (
            Ground::RepeatedAbsence,
            "Five Mondays since September, each told as a cold",
            (-29, -1),
        ),
        (
            Ground::GenuineDoubt,
            "Was seen in town on two of the days",
            (-6, 22),
        ),
    ];
    for (pupil, (ground, why, (from, review))) in pupils.iter().copied().zip(wanted) {
        let by = by.clone();
        let new = NewRequest {
            ground,
            why: why.to_owned(),
            decided_by: by.name.clone(),
            from: today.plus_days(from),
            review: today.plus_days(review),
        };
        let done = store.act_now(key, move |act: &mut Act| {
            ask_for(act, &by, pupil, &new).map(drop)
        });
        if let Err(Refusal::Store(error)) = done {
            return Err(error);
        }
    }
    Ok(())
}

fn received(bytes: Vec<u8>) -> Received {
    Received::of(bytes).expect("the demo school's files are of the kinds that are taken")
}

/// A picture of a card: a pale rectangle with darker lines where words would be, of this shade of grey.
fn card(shade: u8) -> Vec<u8> {
    const WIDTH: u32 = 480;
    const HEIGHT: u32 = 300;
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        rows.push(0);
        let is_line = y % 40 > 28 && (60..240).contains(&y);
        rows.extend((0..WIDTH).map(|x| match is_line && (40..400).contains(&x) {
            true => 0x60,
            false => shade,
        }));
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed
        .write_all(&rows)
        .expect("memory takes what is written");
    let packed = packed.finish().expect("memory takes what is written");
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat();
    // Eight bits of grey, packed and filtered in the usual ways, rows in order.
    head.extend([8, 0, 0, 0, 0]);
    for (name, body) in [(b"IHDR", head), (b"IDAT", packed), (b"IEND", Vec::new())] {
        png.extend((body.len() as u32).to_be_bytes());
        let named = [name.as_slice(), &body].concat();
        let mut sum = flate2::Crc::new();
        sum.update(&named);
        png.extend(&named);
        png.extend(sum.sum().to_be_bytes());
    }
    png
}

/// A letter of one page.
fn letter() -> Vec<u8> {
    let words = "BT /F 14 Tf 72 760 Td (Sample Hospital) Tj 0 -40 Td (The patient was seen in clinic and advised to rest for three days.) Tj ET";
    let parts = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{words}\nendstream", words.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        places.push(pdf.len());
        pdf += &format!("{} 0 obj\n{part}\nendobj\n", number + 1);
    }
    let table = pdf.len();
    pdf += "xref\n0 6\n0000000000 65535 f \n";
    for place in places {
        pdf += &format!("{place:010} 00000 n \n");
    }
    pdf += &format!("trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    pdf.into_bytes()
}
