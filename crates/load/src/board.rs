//! Boards of the morning that are open at once: how soon a change is on all of them, and how long five callers wait for each thing they do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::BodyExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::{Browser, Mark, RegisterLink, RegisterPage, Spread, save_request};

const BOARD: &str = "/morning";

/// A change that is not on every board by then has been lost.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// What was measured of open boards.
#[derive(Clone, Debug, Default)]
pub struct BoardFigures {
    /// How many children are on the board.
    pub rows: usize,
    /// From a click to its answer.
    pub answered: Spread,
    /// From the click until a board has heard that something moved, board by board.
    pub heard: Spread,
    /// From the click until a board has been read again and shows it, board by board.
    pub shown: Spread,
}

/// What a board has come to.
enum Told {
    Heard(usize, i64, Instant),
    Shown(usize, i64, Instant),
}

/// The times on roll of the children on the board.
async fn rows_on_board(browser: &mut Browser) -> Result<Vec<i64>> {
    let page = browser.get(BOARD).await?;
    ensure!(
        page.status == 200,
        "{BOARD} was answered by {}",
        page.status
    );
    Ok(numbers_after(&page.text(), "data-row=\""))
}

/// Gives `N` to blank places of registers until so many children are on the board; answers how many are.
pub async fn fill_board(
    browser: &mut Browser,
    registers: &[RegisterLink],
    wanted: usize,
) -> Result<usize> {
    let mut missing = rows_on_board(browser).await?.len();
    for register in registers {
        if missing >= wanted {
            break;
        }
        let page = browser.get(register.path()).await?.text();
        let blank = RegisterPage::read(&page)
            .rows
            .into_iter()
            .filter(|row| row.code.is_empty());
        let marks: Vec<Mark> = blank
            .take(wanted - missing)
            .map(|row| Mark {
                enrolment: row.enrolment,
                code: "N".to_owned(),
                minutes: None,
                note: None,
                reason: None,
                base: row.base,
            })
            .collect();
        if !marks.is_empty() {
            save_request(browser, register, &marks).await?;
            missing = rows_on_board(browser).await?.len();
        }
    }
    Ok(missing)
}

/// Opens `boards` boards, makes `rounds` changes one after another, and measures when each is on every board.
///
/// A change is a claim of a home, or letting it go. A board listens to `/live` and reads `/morning` again when it hears of a change, as a
/// browser does.
pub async fn watch_boards(
    browser: &mut Browser,
    boards: usize,
    rounds: usize,
) -> Result<BoardFigures> {
    let rows = rows_on_board(browser).await?;
    let row = *rows.first().context("nobody is on the board")?;
    let (tell, mut told) = unbounded_channel();
    let mut open = JoinSet::new();
    for number in 0..boards {
        let board = browser.another_connection();
        let page = browser.another_connection();
        open.spawn(follow(number, board, page, tell.clone()));
    }
    let mut figures = BoardFigures {
        rows: rows.len(),
        ..BoardFigures::default()
    };
    let mut watched = Watched::default();
    let stands = head(browser).await?;
    watched.wait_for(&mut told, boards, stands).await?;
    for round in 0..rounds {
        let act = ["claim", "release"][round % 2];
        let begun = Instant::now();
        let answer = browser
            .post_form(&format!("{BOARD}/{row}/{act}"), &[])
            .await?;
        ensure!(
            answer.status.is_redirection(),
            "{act} was answered by {}",
            answer.status
        );
        figures.answered.add(answer.whole);
        let stands = head(browser).await?;
        watched.wait_for(&mut told, boards, stands).await?;
        for board in 0..boards {
            figures
                .heard
                .add(watched.first(&watched.heard, board, stands) - begun);
            figures
                .shown
                .add(watched.first(&watched.shown, board, stands) - begun);
        }
    }
    open.shutdown().await;
    Ok(figures)
}

/// Several callers at work at once on rows of their own until `until`: each claims a home, opens its row and logs a call that nobody
/// answered. Answers how long each of these took.
pub async fn call_in_a_closed_loop(
    browser: &mut Browser,
    callers: usize,
    until: Instant,
) -> Result<Spread> {
    let rows = rows_on_board(browser).await?;
    ensure!(rows.len() >= callers, "fewer children than callers");
    let mut working = JoinSet::new();
    for caller in 0..callers {
        let own: Vec<i64> = rows.iter().copied().skip(caller).step_by(callers).collect();
        let mut browser = browser.another_connection();
        working.spawn(async move {
            let mut times = Spread::default();
            for row in own.iter().cycle() {
                if Instant::now() >= until {
                    break;
                }
                let claim = browser
                    .post_form(&format!("{BOARD}/{row}/claim"), &[])
                    .await?;
                times.add(claim.whole);
                times.add(browser.get(&format!("{BOARD}?row={row}")).await?.whole);
                let tried = [
                    ("kind", "attempt"),
                    ("channel", "call"),
                    ("outcome", "no_answer"),
                ];
                let logged = browser.post_form(&format!("{BOARD}/{row}"), &tried).await?;
                ensure!(
                    logged.status.is_redirection(),
                    "a call was answered by {}",
                    logged.status
                );
                times.add(logged.whole);
            }
            Ok(times)
        });
    }
    let mut all = Spread::default();
    while let Some(times) = working.join_next().await {
        all.extend(times.context("a caller's task failed")??);
    }
    Ok(all)
}

async fn head(browser: &mut Browser) -> Result<i64> {
    let answer = browser.get("/live/head").await?.text();
    numbers_after(&answer, "\"head\":")
        .first()
        .copied()
        .with_context(|| format!("/live/head said {answer}"))
}

/// One open board: hears that the record moved, and reads itself again; what moves meanwhile is read after it.
async fn follow(
    number: usize,
    listening: Browser,
    mut page: Browser,
    tell: UnboundedSender<Told>,
) -> Result<()> {
    let (heard, mut hear) = unbounded_channel();
    let telling = tell.clone();
    let stream = tokio::spawn(async move {
        let mut events = listening.stream("/live").await?;
        let mut text = String::new();
        while let Some(frame) = events.frame().await {
            let frame = frame.context("the stream broke off")?;
            let Some(bytes) = frame.data_ref() else {
                continue;
            };
            text.push_str(&String::from_utf8_lossy(bytes));
            while let Some(end) = text.find("\n\n") {
                let event: String = text.drain(..end + 2).collect();
                for head in numbers_after(&event, "data: ") {
                    telling.send(Told::Heard(number, head, Instant::now())).ok();
                    heard.send(head).ok();
                }
            }
        }
        Ok::<_, anyhow::Error>(())
    });
    while let Some(mut wanted) = hear.recv().await {
        while let Ok(newer) = hear.try_recv() {
            wanted = newer;
        }
        let shown = page.get(BOARD).await?.text();
        let seq = numbers_after(&shown, "data-seq=\"").first().copied();
        let seq = seq.context("the board says at which number it stands")?;
        ensure!(
            seq >= wanted,
            "a board that heard of {wanted} was shown as of {seq}"
        );
        tell.send(Told::Shown(number, seq, Instant::now())).ok();
    }
    stream.await.context("a stream's task failed")?
}

type Moments = BTreeMap<usize, Vec<(i64, Instant)>>;

/// What boards told, in order.
#[derive(Default)]
struct Watched {
    heard: Moments,
    shown: Moments,
}

impl Watched {
    /// Waits until every board shows this number or a later one.
    async fn wait_for(
        &mut self,
        told: &mut UnboundedReceiver<Told>,
        boards: usize,
        stands: i64,
    ) -> Result<()> {
        let late = tokio::time::sleep(SHOWN_WITHIN);
        tokio::pin!(late);
        loop {
            let done = self
                .shown
                .values()
                .filter(|all| reached(all, stands).is_some());
            if done.count() == boards {
                return Ok(());
            }
            tokio::select! {
                one = told.recv() => match one.context("every board has closed")? {
                    Told::Heard(board, seq, at) => self.heard.entry(board).or_default().push((seq, at)),
                    Told::Shown(board, seq, at) => self.shown.entry(board).or_default().push((seq, at)),
                },
                () = &mut late => bail!("a change was not on every board after {} s", SHOWN_WITHIN.as_secs()),
            }
        }
    }

    fn first(&self, moments: &Moments, board: usize, stands: i64) -> Instant {
        let all = moments.get(&board).map_or(&[][..], Vec::as_slice);
        reached(all, stands).expect("the board has been waited for")
    }
}

/// When this number or a later one was first told.
fn reached(all: &[(i64, Instant)], stands: i64) -> Option<Instant> {
    let first = all.iter().find(|(seq, _)| *seq >= stands);
    first.map(|(_, at)| *at)
}

/// The whole numbers that stand behind each of these marks.
fn numbers_after(text: &str, mark: &str) -> Vec<i64> {
    let digits = |rest: &str| -> Option<i64> {
        let end = rest.find(|letter: char| !letter.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().ok()
    };
    text.split(mark).skip(1).filter_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_behind_their_mark() {
        let page = r#"<div data-board data-seq="214"><tr data-row="7"></tr><tr data-row="12">"#;
        assert_eq!(numbers_after(page, "data-row=\""), [7, 12]);
        assert_eq!(numbers_after(page, "data-seq=\""), [214]);
        assert_eq!(numbers_after("event: head\ndata: 99\n\n", "data: "), [99]);
        assert!(numbers_after("", "x").is_empty());
    }
}
