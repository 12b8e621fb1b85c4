//! How long pages take and how large they are.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::{Browser, Spread};

/// A page to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it is called in the table.
    pub name: String,
    /// Its address on the server: `/pupils/12`.
    pub path: String,
}

/// What was measured of a page.
#[derive(Clone, Debug)]
pub struct PageFigures {
    /// The page.
    pub page: Page,
    /// From request to the head of the answer, compressed as browsers ask for it.
    pub first_byte: Spread,
    /// From request to the end of the answer.
    pub whole: Spread,
    /// Bytes before compression.
    pub size: usize,
    /// Bytes as gzip.
    pub compressed_size: usize,
}

/// Requests of each page before the measuring begins.
const WARM_UP: usize = 5;

/// Asks for the pages in turn (A B C A B C …), each `times` times or until `until`, by one signed-in browser.
///
/// Errors: a page that is not answered by 200.
pub async fn measure_pages(
    browser: &mut Browser,
    pages: &[Page],
    times: usize,
    until: Instant,
) -> Result<Vec<PageFigures>> {
    let mut measured = Vec::new();
    for page in pages {
        let plain = browser.get(&page.path).await?;
        ensure!(
            plain.status == 200,
            "{} ({}) was answered by {}",
            page.name,
            page.path,
            plain.status
        );
        let compressed = browser.get_compressed(&page.path).await?;
        measured.push(PageFigures {
            page: page.clone(),
            first_byte: Spread::default(),
            whole: Spread::default(),
            size: plain.body.len(),
            compressed_size: compressed.body.len(),
        });
    }
    for turn in 0..WARM_UP + times {
        for figures in &mut measured {
            let answer = browser.get_compressed(&figures.page.path).await?;
            let (name, status) = (&figures.page.name, answer.status);
            ensure!(
                status == 200,
                "{name} was answered by {status} after {turn} times"
            );
            if turn >= WARM_UP {
                figures.first_byte.add(answer.first_byte);
                figures.whole.add(answer.whole);
            }
        }
        if Instant::now() > until {
            break;
        }
    }
    Ok(measured)
}
