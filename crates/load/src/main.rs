//! Makes load on a Rollbook that runs on this machine, and prints what it measured.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use load::{
    Account, Announcement, Browser, Goals, Page, RegisterLink, Visitor, measure_pages,
    register_links, save_in_a_closed_loop,
};

/// Makes load on a Rollbook that runs on this machine, and prints what it measured.
///
/// Start the demo school and keep what it prints: `rollbook demo > demo.txt`. Then: `load pages --announced demo.txt`.
#[derive(Parser)]
#[command(name = "load", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Asks for pages in turn and prints how long they take and how large they are. Succeeds only if every page keeps every goal.
    ///
    /// Where several schools were announced, somebody of each opens pages, in turn.
    Pages {
        #[command(flatten)]
        who: Who,
        /// A page to measure, as NAME=/PATH; may be given again. Without any: the pages that a school lives on, among them the first
        /// register of today, the list of persistent absence, and a pupil on it with two years of marks.
        #[arg(long = "page", value_name = "NAME=PATH", value_parser = page)]
        pages: Vec<Page>,
        /// How often each is asked for.
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        times: u32,
        /// Stop after so many seconds.
        #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
        /// The goal for the median first byte, in milliseconds: 3 on SQLite, 6 on PostgreSQL.
        #[arg(long, value_name = "MS", default_value_t = 3)]
        median: u64,
        /// The goal for the first byte of 99 in 100, in milliseconds.
        #[arg(long, value_name = "MS", default_value_t = 25)]
        p99: u64,
    },
    /// Saves registers, each teacher as soon as the last save was answered, and prints how long a save takes.
    Saves {
        #[command(flatten)]
        who: Who,
        /// How many teachers save at once.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=500))]
        teachers: u32,
        /// How often each saves.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        rounds: u32,
        /// Stop after so many seconds.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
        /// The page whose links are the registers to save.
        #[arg(long, default_value = REGISTERS)]
        registers: String,
        /// The reason to give, for registers that are closed already.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Where, and as whom.
#[derive(Args)]
struct Who {
    /// A file with what `rollbook demo` printed: its address and accounts.
    #[arg(long, value_name = "FILE", required_unless_present = "address")]
    announced: Option<PathBuf>,
    /// The address, as `http://127.0.0.1:8080`.
    #[arg(long, requires = "name", requires = "password")]
    address: Option<String>,
    /// The sign-in name.
    #[arg(long)]
    name: Option<String>,
    /// The password.
    #[arg(long, env = "ROLLBOOK_PASSWORD")]
    password: Option<String>,
    /// Which of the announced accounts signs in: the beginning of its role.
    #[arg(long, default_value = "attendance manager")]
    role: String,
}

impl Who {
    /// The address, and one account of each school.
    fn settled(self) -> Result<(String, Vec<Account>)> {
        let announcement = match &self.announced {
            None => Announcement::default(),
            Some(file) => {
                let text = fs::read_to_string(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?;
                Announcement::read(&text)
            }
        };
        let address = self.address.unwrap_or(announcement.address.clone());
        ensure!(!address.is_empty(), "the file names no address");
        let accounts = match (self.name, self.password) {
            (Some(name), Some(password)) => vec![Account {
                role: String::new(),
                name,
                password,
            }],
            _ => announcement.accounts(&self.role).cloned().collect(),
        };
        ensure!(
            !accounts.is_empty(),
            "no announced account is a {}",
            self.role
        );
        Ok((address, accounts))
    }
}

fn page(text: &str) -> Result<Page> {
    let (name, path) = text
        .split_once('=')
        .context("a page is written as NAME=/PATH")?;
    ensure!(path.starts_with('/'), "the path of a page begins with /");
    Ok(Page {
        name: name.to_owned(),
        path: path.to_owned(),
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Pages {
            who,
            pages,
            times,
            seconds,
            median,
            p99,
        } => {
            let goals = Goals {
                median: Duration::from_millis(median),
                p99: Duration::from_millis(p99),
                size: 120_000,
                compressed_size: 25_000,
            };
            print_pages(
                who,
                pages,
                times as usize,
                Duration::from_secs(seconds),
                goals,
            )
            .await
        }
        Command::Saves {
            who,
            teachers,
            rounds,
            seconds,
            registers,
            reason,
        } => {
            print_saves(
                who,
                teachers as usize,
                rounds as usize,
                Duration::from_secs(seconds),
                &registers,
                reason.as_deref(),
            )
            .await
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn print_pages(
    who: Who,
    pages: Vec<Page>,
    times: usize,
    limit: Duration,
    goals: Goals,
) -> Result<()> {
    let (address, accounts) = who.settled()?;
    let mut visitors = Vec::new();
    for account in accounts {
        let mut browser = Browser::open(&address)?;
        browser.sign_in(&account.name, &account.password).await?;
        let pages = if pages.is_empty() {
            usual_pages(&mut browser).await?
        } else {
            pages.clone()
        };
        visitors.push(Visitor { browser, pages });
    }
    let before = load_average();
    let measured = measure_pages(&mut visitors, times, Instant::now() + limit).await?;
    let schools = match visitors.len() {
        1 => "a school".to_owned(),
        schools => format!("{schools} schools"),
    };
    println!(
        "Pages of {schools}, one after another. Load average of this machine: {before} before, {} after.",
        load_average()
    );
    println!(
        "{:<24} {:>6} {:>26} {:>12} {:>10} {:>10}",
        "", "", "first byte, ms", "whole, ms", "size, kB", "gzip, kB"
    );
    println!(
        "{:<24} {:>6} {:>8} {:>8} {:>8} {:>12}",
        "page", "times", "median", "p99", "longest", "median"
    );
    println!(
        "{:<24} {:>6} {:>8} {:>8} {:>8} {:>12} {:>10} {:>10}",
        "goal: below",
        "",
        goals.median.as_millis(),
        goals.p99.as_millis(),
        "",
        "",
        goals.size / 1_000,
        goals.compressed_size / 1_000,
    );
    let mut all_held = true;
    for one in measured {
        let missed = goals.missed_by(&one);
        all_held &= missed.is_empty();
        let missed = match missed.is_empty() {
            true => String::new(),
            false => format!("  misses {}", missed.join(", ")),
        };
        println!(
            "{:<24} {:>6} {:>8.2} {:>8.2} {:>8.2} {:>12.2} {:>10.1} {:>10.1}{missed}",
            one.name,
            one.first_byte.count(),
            ms(one.first_byte.median()),
            ms(one.first_byte.per_cent(99)),
            ms(one.first_byte.per_cent(100)),
            ms(one.whole.median()),
            one.size as f64 / 1_000.0,
            one.compressed_size as f64 / 1_000.0,
        );
    }
    ensure!(all_held, "a page misses a goal");
    Ok(())
}

/// How many processes wanted a processor in the last minute, as the system counts them; a measure of a busy machine says little.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The pages that a school lives on: a register, a pupil, lists and figures.
async fn usual_pages(browser: &mut Browser) -> Result<Vec<Page>> {
    const LIST: &str = "/lists/persistent";
    let registers = browser.get(REGISTERS).await?.text();
    let register = register_links(&registers).into_iter().next();
    let register = register.with_context(|| format!("{REGISTERS} links to no register"))?;
    let list = browser.get(LIST).await?.text();
    let pupil = fullest_pupil(browser, &list).await?;
    let named = |name: &str, path: &str| Page {
        name: name.to_owned(),
        path: path.to_owned(),
    };
    Ok(vec![
        named("register", register.path()),
        named("pupil", &pupil),
        named("persistent absence", LIST),
        named("first page", "/"),
        named("registers", "/registers"),
        named("pupils", "/pupils"),
        named("lists", "/lists"),
        named("figures", "/figures"),
    ])
}

/// Of the first pupils on a list the one with the largest page: some have been here for one year only.
async fn fullest_pupil(browser: &mut Browser, list: &str) -> Result<String> {
    const LOOKED_AT: usize = 10;
    let mut fullest: Option<(usize, String)> = None;
    for path in pupils_on(list).into_iter().take(LOOKED_AT) {
        let size = browser.get(&path).await?.body.len();
        if fullest.as_ref().is_none_or(|(most, _)| size > *most) {
            fullest = Some((size, path));
        }
    }
    let (_, path) = fullest.context("the list links to no pupil")?;
    Ok(path)
}

fn pupils_on(page: &str) -> Vec<String> {
    let after = page.split("href=\"/pupils/").skip(1);
    let numbers = after.map(|text| {
        text.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    });
    numbers
        .filter(|number| !number.is_empty())
        .map(|number| format!("/pupils/{number}"))
        .collect()
}

/// The page whose links are the registers of this morning.
const REGISTERS: &str = "/registers?show=all&session=am";

async fn print_saves(
    who: Who,
    teachers: usize,
    rounds: usize,
    limit: Duration,
    registers: &str,
    reason: Option<&str>,
) -> Result<()> {
    let (address, accounts) = who.settled()?;
    let account = &accounts[0];
    let mut first = Browser::open(&address)?;
    first.sign_in(&account.name, &account.password).await?;
    let links = register_links(&first.get(registers).await?.text());
    ensure!(
        !links.is_empty(),
        "{registers} links to no register that {} may take",
        account.name
    );
    if links.len() < teachers {
        println!(
            "{registers} links to {} registers; some are saved by more than one teacher.",
            links.len()
        );
    }
    let mut at_work: Vec<(Browser, RegisterLink)> = Vec::new();
    for teacher in 0..teachers {
        let mut browser = Browser::open(&address)?;
        browser.sign_in(&account.name, &account.password).await?;
        at_work.push((browser, links[teacher % links.len()].clone()));
    }
    // Signing in costs what a password should cost, and is not what is measured.
    let until = Instant::now() + limit;
    let figures = save_in_a_closed_loop(at_work, rounds, until, reason).await?;
    let count = figures.times.count();
    println!(
        "{count} registers saved by {teachers} teachers in {:.2} s",
        figures.took.as_secs_f64()
    );
    println!(
        "{:>10} {:>10} {:>10} {:>10}   ms from sending to answer",
        "median", "p90", "p99", "longest"
    );
    let times = [50, 90, 99, 100].map(|per_cent| ms(figures.times.per_cent(per_cent)));
    println!(
        "{:>10.2} {:>10.2} {:>10.2} {:>10.2}",
        times[0], times[1], times[2], times[3]
    );
    println!(
        "{:.0} registers a second",
        count as f64 / figures.took.as_secs_f64()
    );
    for (outcome, marks) in figures.outcomes {
        println!("{marks:>10} marks {outcome}");
    }
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
