//! Documents as accessible PDF: what a [`Paper`] says, set on A4 by typst and checked against PDF/UA-1 as it is written.
//!
//! The only crate that links the typesetter, so that all other work is compiled without it; the program hands a [`Press`] to the
//! application. There is one form, `paper.typ`, and everything particular comes into it as a value: no text of a school is ever
//! source. Two fonts lie beside it; nothing is read from the machine and nothing from a network.
//!
//! It deliberately does not know: schools, registers, databases.

mod legible;
mod values;
mod world;

use std::sync::{Mutex, PoisonError};

use paper::{CannotSet, Paper, Typesetter};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::world::{Fonts, Setting};

/// A typesetter with its fonts at hand.
///
/// It sets one document at a time: the typesetter's memory is one for all threads, so that two at a time gain nothing and hold
/// twice as much.
pub struct Press {
    fonts: Fonts,
    busy: Mutex<()>,
}

impl Press {
    /// A press with the fonts that come with it.
    pub fn new() -> Press {
        Press {
            fonts: Fonts::own(),
            busy: Mutex::new(()),
        }
    }
}

impl Default for Press {
    fn default() -> Press {
        Press::new()
    }
}

impl Typesetter for Press {
    fn set(&self, paper: &Paper) -> Result<Vec<u8>, CannotSet> {
        let _one_at_a_time = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let _forgets = Forgets;
        let setting = Setting::new(&self.fonts, values::of(paper, &self.fonts));
        let document = typst::compile::<PagedDocument>(&setting)
            .output
            .map_err(|errors| cannot(&errors))?;
        typst_pdf::pdf(&document, &options(paper)?).map_err(|errors| cannot(&errors))
    }
}

/// Clears the typesetter's memory when a document is done, or was not: it would keep every document ever set.
struct Forgets;

impl Drop for Forgets {
    fn drop(&mut self) {
        comemo::evict(0);
    }
}

fn cannot(errors: &[SourceDiagnostic]) -> CannotSet {
    let messages = errors.iter().map(|error| error.message.as_str());
    CannotSet(messages.collect::<Vec<_>>().join("; "))
}

/// PDF/UA-1, with the paper's own date, so that the same paper is the same file.
fn options(paper: &Paper) -> Result<PdfOptions, CannotSet> {
    let standards = PdfStandards::new(&[PdfStandard::Ua_1])
        .map_err(|error| CannotSet(error.message().to_string()))?;
    Ok(PdfOptions {
        ident: Smart::Custom(format!("{}\n{}\n{}", paper.owner, paper.title, paper.foot)),
        creator: Smart::Custom(Some("Rollbook".to_owned())),
        timestamp: Some(Timestamp::new_utc(moment(paper)?)),
        standards,
        ..PdfOptions::default()
    })
}

/// The moment of the paper in the typesetter's form, from how it is written: `2026-11-01T03:00:00…Z`.
fn moment(paper: &Paper) -> Result<Datetime, CannotSet> {
    let text = paper.made_at.to_string();
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u8>().ok();
    let read = || {
        let year = text.get(0..4)?.parse().ok()?;
        Datetime::from_ymd_hms(
            year,
            part(5, 7)?,
            part(8, 10)?,
            part(11, 13)?,
            part(14, 16)?,
            part(17, 19)?,
        )
    };
    read().ok_or_else(|| CannotSet(format!("{text} is no moment that a file can bear")))
}
