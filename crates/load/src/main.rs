//! Makes load on a Rollbook that runs on this machine, and prints what it measured.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use load::{
    Account, Announcement, Bare, Browser, Flushes, Goals, Page, RegisterLink, SavesFigures,
    Visitor, call_in_a_closed_loop, fill_board, measure_pages, register_links,
    save_in_a_closed_loop, watch_boards,
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
    ///
    /// Where several schools were announced, first at one of them, then spread over all. With `--bare` in turn with the barest save
    /// there is, a stored function of PostgreSQL, and with the ratio of both.
    Saves {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        saving: Saving,
    },
    /// Opens boards of the morning and prints how soon a change is on all of them, and how long callers wait for each thing they do.
    /// Succeeds only if every board shows every change within a second, and 99 in 100 things that callers do take no more than 100 ms.
    Board {
        #[command(flatten)]
        who: Who,
        /// How many boards are open.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=500))]
        boards: u16,
        /// How many changes are made, one after another.
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        rounds: u16,
        /// How many people call at once.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
        callers: u16,
        /// How many children are on the board at least; blank places of this morning's registers get `N` until they are.
        #[arg(long, default_value_t = 150)]
        missing: usize,
        /// For how many seconds people call.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
    },
}

/// How registers are saved.
#[derive(Args)]
struct Saving {
    /// How many teachers save at once.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    teachers: u32,
    /// How often each saves.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Stop after so many seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// The page whose links are the registers to save.
    #[arg(long, default_value = REGISTERS)]
    registers: String,
    /// The reason to give, for registers that are closed already.
    #[arg(long)]
    reason: Option<String>,
    /// A PostgreSQL database for the bare save, as `postgres://…`, on the server that keeps the registers. Tables in it whose names
    /// begin with `bare` are made afresh.
    #[arg(long, value_name = "URL")]
    bare: Option<String>,
    /// Count the flushes of this process, the one that serves, in a round of its own: counting slows it.
    #[arg(long, value_name = "PID")]
    flushes_of: Option<u32>,
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
        Command::Saves { who, saving } => print_saves(who, &saving).await,
        Command::Board {
            who,
            boards,
            rounds,
            callers,
            missing,
            seconds,
        } => {
            let sizes = [boards, rounds, callers].map(usize::from);
            print_board(who, sizes, missing, Duration::from_secs(seconds)).await
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

async fn print_board(
    who: Who,
    [boards, rounds, callers]: [usize; 3],
    missing: usize,
    limit: Duration,
) -> Result<()> {
    let (address, accounts) = who.settled()?;
    let account = accounts.first().context("nobody signs in")?;
    let mut browser = Browser::open(&address)?;
    browser.sign_in(&account.name, &account.password).await?;
    let registers = browser.get(REGISTERS).await?.text();
    fill_board(&mut browser, &register_links(&registers), missing).await?;
    let figures = watch_boards(&mut browser, boards, rounds).await?;
    let calls = call_in_a_closed_loop(&mut browser, callers, Instant::now() + limit).await?;
    println!(
        "{boards} boards of {} children, {rounds} changes; then {callers} callers for {} s. Load average of this machine: {}.",
        figures.rows,
        limit.as_secs(),
        load_average()
    );
    println!(
        "{:<28} {:>7} {:>9} {:>9} {:>9} {:>9}   ms",
        "", "times", "median", "p95", "p99", "longest"
    );
    let lines = [
        ("a click is answered", &figures.answered),
        ("a board has heard of it", &figures.heard),
        ("a board shows it", &figures.shown),
        ("what callers do", &calls),
    ];
    for (name, spread) in lines {
        let [median, p95, p99, longest] = spread.usual_shares().map(ms);
        println!(
            "{name:<28} {:>7} {median:>9.2} {p95:>9.2} {p99:>9.2} {longest:>9.2}",
            spread.count()
        );
    }
    ensure!(
        figures.shown.per_cent(100) <= Duration::from_secs(1),
        "a change was not on every board within a second"
    );
    ensure!(
        calls.per_cent(99) <= Duration::from_millis(100),
        "what callers do takes more than 100 ms"
    );
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

/// Both kinds of save take so many turns.
const TURNS: usize = 3;

async fn print_saves(who: Who, saving: &Saving) -> Result<()> {
    let (address, accounts) = who.settled()?;
    print_saves_of(&address, &accounts[..1], saving).await?;
    if accounts.len() > 1 {
        print_saves_of(&address, &accounts, saving).await?;
    }
    Ok(())
}

/// Measures the saves of teachers who are spread over the schools of these accounts.
async fn print_saves_of(address: &str, accounts: &[Account], saving: &Saving) -> Result<()> {
    let schools = accounts.len().min(saving.teachers as usize);
    let words = match schools {
        1 => "one school".to_owned(),
        schools => format!("{schools} schools"),
    };
    println!(
        "{} teachers of {words}. Load average of this machine: {}.",
        saving.teachers,
        load_average()
    );
    println!(
        "{:<22} {:>10} {:>9} {:>9} {:>9} {:>9}   ms from sending to answer",
        "", "a second", "median", "p95", "p99", "longest"
    );
    match &saving.bare {
        None => {
            print_figures("saves", &one_turn(address, accounts, saving).await?);
        }
        Some(bare) => beside_bare(address, accounts, saving, bare, &words).await?,
    }
    if let Some(process) = saving.flushes_of {
        let flushes = Flushes::of(process)?;
        let figures = one_turn(address, accounts, saving).await?;
        print_flushes(flushes.end()? as i64, &figures);
    }
    Ok(())
}

/// Both kinds of save in turn, so that what else the machine does falls on both.
async fn beside_bare(
    address: &str,
    accounts: &[Account],
    saving: &Saving,
    database: &str,
    words: &str,
) -> Result<()> {
    let (teachers, schools) = (saving.teachers as usize, accounts.len());
    let time = Duration::from_secs(saving.seconds);
    let database = database.to_owned();
    let bare = Arc::new(waiting(move || Bare::make(&database)).await?);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let at = Arc::clone(&bare);
        let before = waiting(move || at.flushes()).await?;
        let figures = one_turn(address, accounts, saving).await?;
        let at = Arc::clone(&bare);
        let flushes = waiting(move || at.flushes()).await? - before;
        let at = Arc::clone(&bare);
        let bare_figures = waiting(move || at.save(teachers, schools, time)).await?;
        // The first turn fills the tables.
        if turn == 0 {
            let at = Arc::clone(&bare);
            waiting(move || at.settle()).await?;
            continue;
        }
        print_figures("saves", &figures);
        print_flushes(flushes, &figures);
        print_figures("bare saves", &bare_figures);
        ours.push(figures.a_second());
        theirs.push(bare_figures.a_second());
    }
    println!(
        "{words}: {:.2} of the bare save",
        median(ours) / median(theirs)
    );
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Does on a thread of its own what waits on its thread.
async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// One closed loop of all teachers, who sign in before it: signing in costs what a password should cost, and is not what is measured.
async fn one_turn(address: &str, accounts: &[Account], saving: &Saving) -> Result<SavesFigures> {
    let mut at_work: Vec<(Browser, RegisterLink)> = Vec::new();
    let mut links: Vec<Vec<RegisterLink>> = Vec::new();
    for teacher in 0..saving.teachers as usize {
        let (school, turn) = (teacher % accounts.len(), teacher / accounts.len());
        let account = &accounts[school];
        let mut browser = Browser::open(address)?;
        browser.sign_in(&account.name, &account.password).await?;
        if links.len() == school {
            links.push(registers_of(&mut browser, account, saving).await?);
        }
        let register = &links[school][turn % links[school].len()];
        at_work.push((browser, register.clone()));
    }
    let until = Instant::now() + Duration::from_secs(saving.seconds);
    save_in_a_closed_loop(
        at_work,
        saving.rounds as usize,
        until,
        saving.reason.as_deref(),
    )
    .await
}

async fn registers_of(
    browser: &mut Browser,
    account: &Account,
    saving: &Saving,
) -> Result<Vec<RegisterLink>> {
    let links = register_links(&browser.get(&saving.registers).await?.text());
    ensure!(
        !links.is_empty(),
        "{} links to no register that {} may take",
        saving.registers,
        account.name
    );
    Ok(links)
}

fn print_figures(words: &str, figures: &SavesFigures) {
    let [median, p95, p99, longest] = figures.times.usual_shares().map(ms);
    println!(
        "{words:<22} {:>10.0} {median:>9.2} {p95:>9.2} {p99:>9.2} {longest:>9.2}",
        figures.a_second()
    );
    for (outcome, marks) in &figures.outcomes {
        println!("{marks:>33} marks {outcome}");
    }
}

fn print_flushes(flushes: i64, figures: &SavesFigures) {
    let saves = figures.times.count();
    println!(
        "{flushes:>33} flushes for {saves} saves: {:.2} each",
        flushes as f64 / saves.max(1) as f64
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
