//! `rollbook import`: files brought in from the command line, by the same plan and the same acts as in the browser.

use std::fs;
use std::io::{BufRead, Write};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use office::desk::Office;
use office::people::{Actor, Doors};
use office::roll::imports::{
    self, Answers, Applied, Choices, Import, ImportId, ReceivedFile, State,
};

use crate::command_line::Bring;
use crate::opening::clock_of_this_machine;

/// Imports the files, and answers whether all of them went in without a refused record.
pub fn import(bring: &Bring) -> Result<bool> {
    if let Some(kind) = &bring.kind {
        let known: Vec<&str> = exchange::Kind::ALL.iter().map(|kind| kind.word()).collect();
        ensure!(
            known.contains(&kind.as_str()),
            "--as takes one of {}",
            known.join(", ")
        );
    }
    let files = bring
        .files
        .iter()
        .map(|path| {
            let bytes =
                fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.into_owned();
            Ok(ReceivedFile { name, bytes })
        })
        .collect::<Result<Vec<_>>>()?;
    let key_file = bring.data.key_file(bring.key_file.as_deref())?;
    let clock = clock_of_this_machine();
    let (store, keyring) = bring.data.open(&key_file, clock.clone())?;
    let office = Arc::new(Office::new(
        store.clone(),
        keyring,
        clock,
        false,
        Doors::new(None),
    ));
    let result = bring_in(&office, bring, files);
    store.close();
    result
}

fn bring_in(office: &Arc<Office>, bring: &Bring, files: Vec<ReceivedFile>) -> Result<bool> {
    let actor = imports::command_line(office, bring.school)?;
    let choices = Choices {
        kind: bring.kind.clone(),
        source: bring.source.clone(),
        replace: bring.replace,
        sensitive: !bring.not_sensitive,
        month_first: bring.month_first,
        week_beginning: bring.week_beginning,
        other_school: bring.other_school.clone(),
        ..Choices::default()
    };
    let mut clean = true;
    for id in imports::receive(office, &actor, files, &choices)? {
        clean &= one(office, &actor, id, bring)?;
    }
    Ok(clean)
}

fn one(office: &Arc<Office>, actor: &Actor, id: ImportId, bring: &Bring) -> Result<bool> {
    let bar = progress_bar();
    bar.set_message("Reading");
    let state = imports::prepare(office, actor, id, &mut |done, steps| {
        bar.set_length(steps);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let found = found(office, actor, id)?;
    println!("{}", found.file_name);
    if state == State::Refused {
        println!("  Refused: {}", found.message.unwrap_or_default());
        return Ok(false);
    }
    let clean = tell(office, actor, &found)?;
    let preview = found.preview.unwrap_or_default();
    if bring.dry_run || !preview.changes {
        println!(
            "  {}",
            match bring.dry_run {
                true => "Nothing was stored: this was a dry run.",
                false => "Nothing to store.",
            }
        );
        imports::cancel(office, actor, id)?;
        return Ok(clean);
    }
    let number = preview.brake.as_ref().map(|brake| brake.number);
    if let Some(brake) = &preview.brake {
        println!("  {}", brake.reason);
    }
    let wanted = number.map_or_else(|| "yes".to_owned(), |number| number.to_string());
    if !bring.yes && !says(&format!("  Type {wanted} to import: "), &wanted)? {
        imports::cancel(office, actor, id)?;
        println!("  Nothing was stored.");
        return Ok(false);
    }
    let answers = Answers {
        typed: number,
        events: None,
    };
    let bar = progress_bar();
    bar.set_message("Importing");
    let applied = imports::apply(office, actor, id, &answers, &mut |done, steps| {
        bar.set_length(steps);
        bar.set_position(done);
        true
    });
    bar.finish_and_clear();
    match applied? {
        Applied::Done(_) => {
            println!("  Imported as number {}.", id.0);
            Ok(clean)
        }
        Applied::Cancelled => Ok(false),
        Applied::LookAgain => Err(anyhow!(
            "The records changed meanwhile, and nothing was stored. Run the import again."
        )),
    }
}

fn found(office: &Arc<Office>, actor: &Actor, id: ImportId) -> Result<Import> {
    let school = actor.school;
    Ok(office
        .store
        .read_now(move |tx| imports::import(tx, school, id))?)
}

/// Prints counts, consequences and findings with file, line and column; answers whether no record was refused.
fn tell(office: &Arc<Office>, actor: &Actor, import: &Import) -> Result<bool> {
    let (school, id) = (actor.school, import.id);
    let findings = office
        .store
        .read_now(move |tx| imports::findings(tx, school, id))?;
    for one in &findings {
        let sheet = match one.sheet.as_str() {
            "" => String::new(),
            sheet => format!("[{sheet}]"),
        };
        println!(
            "  {}{sheet}:{}:{}: {}: {} {}",
            one.file, one.line, one.column, one.severity, one.message, one.what_to_do
        );
    }
    let preview = import.preview.clone().unwrap_or_default();
    let (main, beside) = (preview.main, preview.beside);
    for said in preview.before.iter().chain(&preview.consequences) {
        println!("  {said}");
    }
    if preview.not_in_file_count > 0 {
        println!(
            "  {} on roll here and not in the file; they stay.",
            preview.not_in_file_count
        );
    }
    println!(
        "  {} records read: {} loaded, {} unchanged, {} held, {} rejected, {} skipped.",
        main.read() + beside.read(),
        main.loaded + beside.loaded,
        main.unchanged + beside.unchanged,
        main.held + beside.held,
        main.rejected + beside.rejected,
        main.skipped + beside.skipped
    );
    Ok(main.rejected + beside.rejected == 0)
}

/// Asks the operator, and answers whether they typed what is wanted.
pub fn says(question: &str, wanted: &str) -> Result<bool> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == wanted)
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<9} {wide_bar} {percent}%, {eta} left")
        .expect("the template of the bar is right");
    ProgressBar::new(1).with_style(style)
}
