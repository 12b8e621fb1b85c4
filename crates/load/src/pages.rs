//! How long pages take and how large they are, held against what they must keep.

use std::time::{Duration, Instant};

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

/// Somebody who is signed in, and the pages that they open. Everybody opens the same kinds of page in the same order.
pub struct Visitor {
    /// Their browser.
    pub browser: Browser,
    /// Their pages.
    pub pages: Vec<Page>,
}

/// What was measured of a kind of page.
#[derive(Clone, Debug)]
pub struct PageFigures {
    /// What it is called.
    pub name: String,
    /// From request to the head of the answer, compressed as browsers ask for it.
    pub first_byte: Spread,
    /// From request to the end of the answer.
    pub whole: Spread,
    /// Bytes of the largest before compression.
    pub size: usize,
    /// Bytes of the largest as gzip.
    pub compressed_size: usize,
}

/// What a page must keep.
#[derive(Clone, Copy, Debug)]
pub struct Goals {
    /// Half of all first bytes are there by then.
    pub median: Duration,
    /// And 99 of 100 by then.
    pub p99: Duration,
    /// The most bytes before compression.
    pub size: usize,
    /// The most bytes as gzip.
    pub compressed_size: usize,
}

impl Goals {
    /// Which goals these figures miss: `median`, `p99`, `size`, `gzip`.
    pub fn missed_by(&self, figures: &PageFigures) -> Vec<&'static str> {
        let held = [
            ("median", figures.first_byte.median() < self.median),
            ("p99", figures.first_byte.per_cent(99) < self.p99),
            ("size", figures.size < self.size),
            ("gzip", figures.compressed_size < self.compressed_size),
        ];
        let missed = held.into_iter().filter(|(_, held)| !held);
        missed.map(|(goal, _)| goal).collect()
    }
}

/// Requests of each page before the measuring begins.
const WARM_UP: usize = 5;

/// Asks for the pages in turn (A B C A B C …), each `times` times or until `until`, the visitors taking turns.
///
/// Errors: a page that is not answered by 200.
pub async fn measure_pages(
    visitors: &mut [Visitor],
    times: usize,
    until: Instant,
) -> Result<Vec<PageFigures>> {
    let mut measured: Vec<PageFigures> = Vec::new();
    for visitor in visitors.iter_mut() {
        for (place, page) in visitor.pages.iter().enumerate() {
            let (size, compressed_size) = sizes(&mut visitor.browser, page).await?;
            if measured.len() <= place {
                measured.push(PageFigures {
                    name: page.name.clone(),
                    first_byte: Spread::default(),
                    whole: Spread::default(),
                    size: 0,
                    compressed_size: 0,
                });
            }
            let figures = &mut measured[place];
            figures.size = figures.size.max(size);
            figures.compressed_size = figures.compressed_size.max(compressed_size);
        }
    }
    ensure!(!visitors.is_empty(), "nobody opens a page");
    let visitors_in_turn = visitors.len();
    for turn in 0..WARM_UP + times {
        let Visitor { browser, pages } = &mut visitors[turn % visitors_in_turn];
        for (figures, page) in measured.iter_mut().zip(pages.iter()) {
            let answer = browser.get_compressed(&page.path).await?;
            let (name, status) = (&page.name, answer.status);
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

/// Bytes of a page before compression and as gzip.
async fn sizes(browser: &mut Browser, page: &Page) -> Result<(usize, usize)> {
    let plain = browser.get(&page.path).await?;
    ensure!(
        plain.status == 200,
        "{} ({}) was answered by {}",
        page.name,
        page.path,
        plain.status
    );
    let compressed = browser.get_compressed(&page.path).await?;
    Ok((plain.body.len(), compressed.body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_missed_by_what_reaches_it() {
        let ms = Duration::from_millis;
        let goals = Goals {
            median: ms(3),
            p99: ms(25),
            size: 120_000,
            compressed_size: 25_000,
        };
        let mut figures = PageFigures {
            name: "pupil".to_owned(),
            first_byte: Spread::default(),
            whole: Spread::default(),
            size: 119_999,
            compressed_size: 24_999,
        };
        figures.first_byte.extend([ms(2); 99]);
        assert_eq!(goals.missed_by(&figures), [""; 0]);
        figures.first_byte.extend([ms(25); 2]);
        figures.size = 120_000;
        assert_eq!(goals.missed_by(&figures), ["p99", "size"]);
    }
}
