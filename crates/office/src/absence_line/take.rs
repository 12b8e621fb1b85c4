//! Taking a report in: written down by the office, or come by itself; matched, judged, and kept once.

use calendar::{Day, Instant, Session};
use register::Code;
use store::{Act, SchoolId, Tx, args};

use super::records::ABSENCE_REPORT;
use super::report::{Channel, Report, State, of_pupil, on_roll, one};
use super::suggest::suggest;
use crate::desk::Refusal;
use crate::evidence;
use crate::ids::{AccountId, ContactId, PupilId, ReportId};
use crate::morning::Sight;
use crate::people::{Access, Actor, RecordKind};
use crate::registers::save::LONGEST_TEXT;
use crate::year::settings::{absence_line_rules, settings};

/// A report tells of so many days at most, first and last counted.
pub const MOST_DAYS: i32 = 31;

/// From so many sessions of illness in the four weeks before on, somebody looks first whether evidence is to be asked for.
///
/// Rule: E-024 (evidence for reasonable doubt or repeated absence). The number is PRODUCT: five days of twenty.
const REPEATED_ILLNESS: i64 = 10;

/// Days that a mark may lie back before somebody looks first: by then an `N` has been settled (E-022).
const LOOKS_BACK_DAYS: i32 = 7;

/// What somebody told, before it is a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How it came.
    pub channel: Channel,
    /// When.
    pub received_at: Instant,
    /// Who told it, in words.
    pub from_name: String,
    /// The number or address that it came from.
    pub from_address: Option<String>,
    /// The contact who told it, if that is certain.
    pub contact: Option<ContactId>,
    /// What they said.
    pub said: String,
    /// Whom it is about, if that is certain.
    pub pupil: Option<PupilId>,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// One session of each day; none for whole days.
    pub session: Option<Session>,
    /// The code that whoever wrote it down chose; none takes the one that the words point to.
    pub code: Option<Code>,
    /// What it came from, so that it is kept once.
    pub source_key: Option<String>,
    /// What only a person can weigh, known from how it came.
    pub doubts: Vec<String>,
}

const ILL_LATELY: &str = "\
select count(*) from enrolment e join mark m on m.school_id = e.school_id and m.enrolment_id = e.enrolment_id
where e.school_id = $1 and e.pupil_id = $2 and e.superseded_seq is null and m.on_date >= $3 and m.on_date < $4 and m.code = 'I'";

const TIE: &str = "\
select c.do_not_contact, x.court_order from pupil_contact x
join contact c on c.school_id = x.school_id and c.contact_id = x.contact_id and c.superseded_seq is null
where x.school_id = $1 and x.contact_id = $2 and x.pupil_id = $3 and x.superseded_seq is null";

/// The statements of this file.
pub(super) const STATEMENTS: &[&str] = &[ILL_LATELY, TIE];

/// Keeps what somebody of the office wrote down.
///
/// Rule: E-014. Nothing is entered into a register. Errors: [`Refusal::NotFound`] for a pupil whose log of contacts this person may not write,
/// and for a report about nobody by somebody who does not write it for the whole school; [`Refusal::Wrong`] for days that make no sense.
pub fn take(act: &mut Act, actor: &Actor, told: Told) -> Result<ReportId, Refusal> {
    let (today, _) = act.at().in_london();
    may_write(act.tx(), actor, told.pupil, today)?;
    let id = keep(act, Some(actor.account), told)?;
    act.describe(actor.entry("take a report of absence", format!("report {id}")));
    Ok(id)
}

/// Whether this person may write down and decide on reports about this pupil, or about nobody yet.
///
/// Errors: [`Refusal::NotFound`] where they may not.
pub(super) fn may_write(
    tx: &mut Tx,
    actor: &Actor,
    pupil: Option<PupilId>,
    today: Day,
) -> Result<(), Refusal> {
    let sight = Sight::of(tx, actor, today)?;
    let may = match pupil {
        Some(pupil) => sight.may_log(pupil),
        None => actor.may_for_school(Access::Write, RecordKind::ContactsLog),
    };
    match may {
        true => Ok(()),
        false => Err(Refusal::NotFound),
    }
}

/// Keeps a report, judged. Whoever calls it describes the act.
///
/// Errors: [`Refusal::Wrong`] for days that make no sense, or words that are too long.
pub(crate) fn keep(
    act: &mut Act,
    taken_by: Option<AccountId>,
    told: Told,
) -> Result<ReportId, Refusal> {
    makes_sense(&told)?;
    let (school, at) = (act.school(), act.at());
    let id = ReportId(act.new_id());
    let judged = judge(act.tx(), school, id, &told, at)?;
    let report = Report {
        id,
        channel: told.channel,
        received_at: told.received_at,
        taken_by,
        from_name: told.from_name,
        from_address: told.from_address,
        contact: told.contact,
        said: told.said,
        pupil: told.pupil,
        first: told.first,
        last: told.last,
        session: told.session,
        code: judged.code,
        why: judged.why,
        state: judged.state,
        ground: judged.ground,
        set: None,
        decided_by: None,
        source_key: told.source_key,
        at,
    };
    act.record(&ABSENCE_REPORT, &report.values())?;
    Ok(id)
}

/// Puts another reading in place of what was kept: whom it is about, which days, which code.
///
/// Errors: as [`take`]; [`Refusal::Wrong`] for one that was applied or set aside already.
pub fn amend(act: &mut Act, actor: &Actor, id: ReportId, told: Told) -> Result<(), Refusal> {
    let (school, at) = (act.school(), act.at());
    let (today, _) = at.in_london();
    let kept = waiting_one(act.tx(), actor, id, today)?;
    may_write(act.tx(), actor, told.pupil, today)?;
    makes_sense(&told)?;
    let judged = judge(act.tx(), school, id, &told, at)?;
    let report = Report {
        from_name: told.from_name,
        said: told.said,
        pupil: told.pupil,
        first: told.first,
        last: told.last,
        session: told.session,
        code: judged.code,
        why: judged.why,
        state: judged.state,
        ground: judged.ground,
        ..kept
    };
    act.replace(&ABSENCE_REPORT, &report.values())?;
    evidence::follow(act, id, report.pupil, report.last)?;
    act.describe(actor.entry("amend a report of absence", format!("report {id}")));
    Ok(())
}

/// The same report for a brother or sister.
///
/// Errors: as [`take`]; [`Refusal::NotFound`] for somebody who is no brother or sister of the report's pupil.
pub fn take_for_sibling(
    act: &mut Act,
    actor: &Actor,
    id: ReportId,
    sibling: PupilId,
) -> Result<ReportId, Refusal> {
    let school = act.school();
    let (today, _) = act.at().in_london();
    let kept = one(act.tx(), school, id)?.ok_or(Refusal::NotFound)?;
    let pupil = kept.pupil.ok_or(Refusal::NotFound)?;
    may_write(act.tx(), actor, Some(pupil), today)?;
    if !crate::roll::siblings_of(act.tx(), school, pupil, today)?.contains(&sibling) {
        return Err(Refusal::NotFound);
    }
    let told = Told {
        channel: kept.channel,
        received_at: kept.received_at,
        from_name: kept.from_name,
        from_address: kept.from_address,
        contact: kept.contact,
        said: kept.said,
        pupil: Some(sibling),
        first: kept.first,
        last: kept.last,
        session: kept.session,
        code: kept.code,
        source_key: None,
        doubts: Vec::new(),
    };
    take(act, actor, told)
}

/// A report that somebody has still to deal with and that this person may decide on.
///
/// Errors: [`Refusal::NotFound`], or [`Refusal::Wrong`] for one that was dealt with.
pub(super) fn waiting_one(
    tx: &mut Tx,
    actor: &Actor,
    id: ReportId,
    today: Day,
) -> Result<Report, Refusal> {
    let report = one(tx, actor.school, id)?.ok_or(Refusal::NotFound)?;
    may_write(tx, actor, report.pupil, today)?;
    match report.state.waits() {
        true => Ok(report),
        false => Err(Refusal::Wrong(format!(
            "This report is {} by now. Nothing was changed.",
            report.state.word()
        ))),
    }
}

fn makes_sense(told: &Told) -> Result<(), Refusal> {
    let wrong = |ground: &str| Err(Refusal::Wrong(ground.to_owned()));
    if [&told.said, &told.from_name]
        .into_iter()
        .any(|text| text.chars().count() > LONGEST_TEXT || text.contains('\0'))
    {
        return wrong("What was said is longer than 500 characters. Shorten it and save again.");
    }
    if told.last < told.first {
        return wrong("The last day is before the first.");
    }
    if told.first.plus_days(MOST_DAYS) <= told.last {
        return wrong(
            "A report tells of 31 days at most. For a longer illness make a plan instead.",
        );
    }
    Ok(())
}

struct Judged {
    code: Option<Code>,
    why: String,
    state: State,
    ground: Option<String>,
}

/// Which code is proposed and why, and whether the report can go with the others (E-014, E-024).
fn judge(
    tx: &mut Tx,
    school: SchoolId,
    id: ReportId,
    told: &Told,
    now: Instant,
) -> Result<Judged, Refusal> {
    let suggested = suggest(&told.said);
    let (code, why, mut doubts) = match told.code {
        Some(code) => (
            Some(code),
            "Chosen by whoever took it.".to_owned(),
            Vec::new(),
        ),
        None => (
            suggested.code,
            suggested.why.to_owned(),
            suggested.doubt.map(str::to_owned).into_iter().collect(),
        ),
    };
    doubts.extend(told.doubts.iter().cloned());
    let state = match told.pupil {
        None => State::New,
        Some(pupil) => {
            doubts.extend(doubts_about(tx, school, id, pupil, told, code, now)?);
            if doubts.is_empty() {
                State::Matched
            } else {
                State::Doubtful
            }
        }
    };
    Ok(Judged {
        code,
        why,
        state,
        ground: (!doubts.is_empty()).then(|| doubts.join(" ")),
    })
}

/// What the school's own record says against entering the code with the others.
fn doubts_about(
    tx: &mut Tx,
    school: SchoolId,
    id: ReportId,
    pupil: PupilId,
    told: &Told,
    code: Option<Code>,
    now: Instant,
) -> Result<Vec<String>, Refusal> {
    let (today, _) = now.in_london();
    let rules = absence_line_rules(&settings(tx, school)?, today)?;
    let mut doubts = Vec::new();
    if on_roll(tx, school, pupil, told.first, told.last)?.is_none() {
        doubts.push("The pupil is not on roll on these days.".to_owned());
    }
    if told.first.plus_days(rules.believed_days.into()) <= told.last {
        doubts.push(format!(
            "It tells of more than {} days. Look whether it can be so long.",
            rules.believed_days
        ));
    }
    if told.first.plus_days(LOOKS_BACK_DAYS) <= today {
        doubts.push("It tells of days that are more than a week ago (E-022).".to_owned());
    }
    if let Some(contact) = told.contact {
        let tie = tx.query_opt(TIE, &args![school, contact, pupil], |row| {
            Ok((row.get::<bool>(0)?, row.get::<bool>(1)?))
        })?;
        match tie {
            None => doubts.push("Whoever told it is no contact of this pupil.".to_owned()),
            Some((true, _)) => {
                doubts.push("It came from a contact whom nobody is to contact.".to_owned())
            }
            Some((_, true)) => doubts.push(
                "A court order stands with the contact who told it. Read it first.".to_owned(),
            ),
            Some((false, false)) => {}
        }
    }
    if code.is_some_and(|code| code.as_str() == "I") {
        let since = told.first.plus_days(-28);
        let ill: i64 = tx.query_one(
            ILL_LATELY,
            &args![school, pupil, since, told.first],
            |row| row.get(0),
        )?;
        if ill >= REPEATED_ILLNESS {
            doubts.push(format!("I stands for {ill} sessions of the four weeks before. Look whether evidence is to be asked for (E-024)."));
        }
        // That evidence is asked for is for fewer eyes than the absence line.
        if evidence::asked_pupils(tx, school, today)?.contains(&pupil) {
            doubts.push(
                "An illness of this pupil is looked at before it is entered (E-024).".to_owned(),
            );
        }
    }
    let others = of_pupil(tx, school, pupil, told.first)?;
    let other = others.into_iter().find(|other| {
        other.id != id
            && other.state != State::SetAside
            && other.first <= told.last
            && (other.session.is_none() || told.session.is_none() || other.session == told.session)
    });
    if let Some(other) = other {
        doubts.push(match other.code == code {
            true => format!(
                "The same was told before: {}. Set this one aside.",
                other.told_in_words(today)
            ),
            false => format!(
                "Another report tells otherwise: {}.",
                other.told_in_words(today)
            ),
        });
    }
    Ok(doubts)
}
