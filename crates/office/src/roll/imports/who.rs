//! Who is who: a record's identifiers against the roll (I-031, I-032). A name never decides.

use calendar::Day;
use exchange::PupilKey;
use exchange::upn::Upn;

use super::draft::{Draft, bare};
use super::report::Ground;
use crate::book::fold;

pub(super) const IDENTIFIERS_CONFLICT: Ground = Ground {
    code: "IDENTIFIERS_CONFLICT",
    text: "The identifiers of this record belong to two different pupils here.",
    remedy: "Find out which identifier is wrong, correct it and import the record again.",
};
pub(super) const IDENTITY_DIFFERS: Ground = Ground {
    code: "IDENTITY_DIFFERS",
    text: "The identifier belongs to a pupil here whose surname and date of birth are both different.",
    remedy: "Find out whether it is the same child before anything is changed.",
};
pub(super) const FORMER_UPN_DIFFERS: Ground = Ground {
    code: "FORMER_UPN_DIFFERS",
    text: "The UPN is a former number of a pupil here with another date of birth.",
    remedy: "Find out whether it is the same child.",
};
pub(super) const NOUGHT_RESTORED: Ground = Ground {
    code: "NOUGHT_RESTORED",
    text: "The admission number {value} had lost its leading noughts and was read as {detail}.",
    remedy: "Format the column as text in the source.",
};
pub(super) const NOUGHT_DOUBTFUL: Ground = Ground {
    code: "NOUGHT_DOUBTFUL",
    text: "The admission number {value} fits several pupils once leading noughts are put back.",
    remedy: "Format the column as text in the source and export again.",
};

/// Whom a record means.
pub(super) enum Found {
    /// Nobody here.
    Nobody,
    /// This pupil, by their place; with the number whose noughts were put back, if one was.
    Pupil {
        at: usize,
        restored: Option<String>,
        by_former_upn: bool,
    },
    /// A person has to say which of these it is, by their places.
    Doubt(&'static Ground, Vec<usize>),
}

/// Finds the pupil whom these identifiers mean: the source's own, UPN, former UPN, admission number (I-031).
pub(super) fn find(
    draft: &Draft,
    key: &PupilKey,
    former: Option<&Upn>,
    source: Option<&str>,
) -> Found {
    let by_source = key.source_id.as_ref().and_then(|id| {
        let record = draft.linked(source.unwrap_or(&id.source), "pupil", &id.id)?;
        draft.pupil_at.get(&record).copied()
    });
    let only = |places: Option<&Vec<usize>>| places.map_or(&[][..], Vec::as_slice).to_vec();
    let upn = key.upn.as_ref().map(Upn::as_str);
    let by_upn = only(upn.and_then(|upn| draft.by_upn.get(upn)));
    let mut by_former = only(upn.and_then(|upn| draft.by_former_upn.get(upn)));
    if let Some(former) = former {
        by_former.extend(only(draft.by_upn.get(former.as_str())));
    }
    let (by_admission, restored) = match &key.admission_number {
        None => (Vec::new(), None),
        Some(number) => match draft.by_admission.get(number) {
            Some(places) => (places.clone(), None),
            None => {
                let places = only(draft.by_bare_admission.get(&bare(number)));
                let shorter = |at: &usize| {
                    let own = draft.pupils.get(*at).admission_number.as_deref();
                    own.is_some_and(|own| own.len() > number.len())
                };
                let places: Vec<usize> = places.into_iter().filter(shorter).collect();
                if places.len() > 1 && by_source.is_none() && by_upn.is_empty() {
                    return Found::Doubt(&NOUGHT_DOUBTFUL, places);
                }
                (places, Some(number))
            }
        },
    };
    let strong: Vec<usize> = by_source
        .into_iter()
        .chain(by_upn.iter().copied())
        .collect();
    let all = strong.iter().chain(&by_admission).copied();
    let mut all: Vec<usize> = all.collect();
    let by_former_upn = all.is_empty() && !by_former.is_empty();
    if by_former_upn {
        all = by_former;
    }
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => Found::Nobody,
        [at] => {
            let own = draft.pupils.get(*at).admission_number.clone();
            let restored = restored.filter(|_| by_admission.contains(at)).and(own);
            Found::Pupil {
                at: *at,
                restored,
                by_former_upn,
            }
        }
        _ => Found::Doubt(&IDENTIFIERS_CONFLICT, all),
    }
}

/// Pupils here of the same name and birthday, with nothing to tell that they are others: a suggestion to a person.
pub(super) fn namesakes(
    draft: &Draft,
    key: &PupilKey,
    surname: &str,
    forename: &str,
    birth: Option<Day>,
) -> Vec<usize> {
    let (surname, forename) = (fold(surname), fold(forename));
    let differ = |ours: Option<&str>, theirs: Option<&str>| {
        ours.zip(theirs)
            .is_some_and(|(ours, theirs)| ours != theirs)
    };
    draft
        .pupils
        .each()
        .filter(|(_, row)| birth.is_none_or(|birth| row.birth_day == birth))
        .filter(|(_, row)| {
            fold(&row.legal_surname) == surname && fold(&row.legal_forename) == forename
        })
        .filter(|(_, row)| {
            let upn = key.upn.as_ref().map(Upn::as_str);
            let told_apart = differ(row.upn.as_deref(), upn)
                || differ(
                    row.admission_number.as_deref(),
                    key.admission_number.as_deref(),
                );
            !told_apart
        })
        .map(|(at, _)| at)
        .collect()
}
