//! The program: command line, settings, serving, wiring. Nothing in it decides a rule.
//!
//! It deliberately does not know the law, and no table of the database.

mod backup;
mod certificate;
mod check;
mod command_line;
mod conformance;
mod demo;
#[cfg(test)]
mod deployed;
mod fire_lists;
mod health;
mod import;
mod local_authority;
mod log;
mod opening;
mod purge;
mod replace_key;
mod sealing;
mod serve;
mod serving;
mod settings;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use columns::worked::ColumnCounter;

use command_line::Command;
use settings::Refused;

fn main() -> ExitCode {
    let said = match settings::read(std::env::args_os().collect()) {
        Ok(said) => said,
        Err(Refused::CommandLine(error)) => error.exit(),
        Err(refused) => {
            eprintln!("{refused}");
            return ExitCode::FAILURE;
        }
    };
    log::begin(&said.log);
    match run(said.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(demo) => demo::demo(&demo).map(|()| ExitCode::SUCCESS),
        Command::Serve(serve) => serve::serve(&serve).map(|()| ExitCode::SUCCESS),
        Command::Import(bring) => import::import(&bring).map(success_if),
        Command::ReplaceKey {
            data,
            key_file,
            yes,
        } => replace_key::replace(&data, key_file.as_deref(), yes).map(|()| ExitCode::SUCCESS),
        Command::Verify { data } => verify::verify(&data).map(success_if),
        Command::Seal(said) => sealing::seal(&said).map(|()| ExitCode::SUCCESS),
        Command::VerifyCopy { file, data } => sealing::verify_copy(&file, &data).map(success_if),
        Command::Purge(said) => purge::purge(&said).map(|()| ExitCode::SUCCESS),
        Command::Backup(said) => backup::backup(&said).map(|()| ExitCode::SUCCESS),
        Command::Restore(said) => backup::restore::restore(&said).map(|()| ExitCode::SUCCESS),
        Command::AllowSending { data } => {
            backup::restore::allow_sending(&data).map(|()| ExitCode::SUCCESS)
        }
        Command::Export(said) => backup::export::export(&said).map(|()| ExitCode::SUCCESS),
        Command::Check(serve) => Ok(success_if(check::check(&serve))),
        Command::Conformance { files } => {
            let report = conformance::run(&files, &ColumnCounter::default());
            print!("{}", report.text);
            println!("{}", report.total());
            Ok(success_if(report.is_clean()))
        }
    }
}

fn success_if(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
