//! Makes load on a Rollbook that runs on this machine, and prints what it measured.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use load::{
    Account, Announcement, Browser, Page, RegisterLink, measure_pages, register_links,
    save_in_a_closed_loop,
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
    /// Asks for pages in turn and prints how long they take and how large they are.
    Pages {
        #[command(flatten)]
        who: Who,
        /// A page to measure, as NAME=/PATH; may be given again. Without any: the first register of today, the list of persistent
        /// absence, and the first pupil on it.
        #[arg(long = "page", value_name = "NAME=PATH", value_parser = page)]
        pages: Vec<Page>,
        /// How often each is asked for.
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        times: u32,
        /// Stop after so many seconds.
        #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
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
    fn settled(self) -> Result<(String, Account)> {
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
        let account = match (self.name, self.password) {
            (Some(name), Some(password)) => Account {
                role: String::new(),
                name,
                password,
            },
            _ => announcement
                .account(&self.role)
                .with_context(|| format!("no announced account is a {}", self.role))?
                .clone(),
        };
        Ok((address, account))
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
        } => print_pages(who, pages, times as usize, Duration::from_secs(seconds)).await,
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

async fn print_pages(who: Who, pages: Vec<Page>, times: usize, limit: Duration) -> Result<()> {
    let (address, account) = who.settled()?;
    let mut browser = Browser::open(&address)?;
    browser.sign_in(&account.name, &account.password).await?;
    let pages = if pages.is_empty() {
        usual_pages(&mut browser).await?
    } else {
        pages
    };
    let measured = measure_pages(&mut browser, &pages, times, Instant::now() + limit).await?;
    println!(
        "{:<24} {:>6} {:>26} {:>12} {:>10} {:>10}",
        "", "", "first byte, ms", "whole, ms", "size, kB", "gzip, kB"
    );
    println!(
        "{:<24} {:>6} {:>8} {:>8} {:>8} {:>12}",
        "page", "times", "median", "p99", "longest", "median"
    );
    for one in measured {
        println!(
            "{:<24} {:>6} {:>8.2} {:>8.2} {:>8.2} {:>12.2} {:>10.1} {:>10.1}",
            one.page.name,
            one.first_byte.count(),
            ms(one.first_byte.median()),
            ms(one.first_byte.per_cent(99)),
            ms(one.first_byte.per_cent(100)),
            ms(one.whole.median()),
            one.size as f64 / 1_000.0,
            one.compressed_size as f64 / 1_000.0,
        );
    }
    Ok(())
}

/// The pages that a school lives on: a register, a pupil, a list.
async fn usual_pages(browser: &mut Browser) -> Result<Vec<Page>> {
    const LIST: &str = "/lists/persistent";
    let registers = browser.get(REGISTERS).await?.text();
    let register = register_links(&registers).into_iter().next();
    let register = register.with_context(|| format!("{REGISTERS} links to no register"))?;
    let list = browser.get(LIST).await?.text();
    let pupil = first_pupil(&list).with_context(|| format!("{LIST} links to no pupil"))?;
    let named = |name: &str, path: &str| Page {
        name: name.to_owned(),
        path: path.to_owned(),
    };
    Ok(vec![
        named("register", register.path()),
        named("pupil", &pupil),
        named("persistent absence", LIST),
    ])
}

fn first_pupil(page: &str) -> Option<String> {
    let (_, after) = page.split_once("href=\"/pupils/")?;
    let number: String = after.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then(|| format!("/pupils/{number}"))
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
    let (address, account) = who.settled()?;
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
