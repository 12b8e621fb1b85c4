//! How often a process brings its writes to the disk.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::{Context, Result};

/// A process whose flushes are counted, by `strace`. Counting slows it, so nothing else should be measured meanwhile.
pub struct Flushes {
    strace: Child,
    trace: PathBuf,
}

impl Flushes {
    /// Begins to count. Errors: `strace` is not installed, or may not watch this process.
    pub fn of(process: u32) -> Result<Flushes> {
        let trace = std::env::temp_dir().join(format!("flushes-of-{process}"));
        let strace = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-e",
                "signal=none",
                "-e",
                "trace=fsync,fdatasync",
            ])
            .args(["-o".as_ref(), trace.as_os_str()])
            .args(["-p", &process.to_string()])
            .spawn()
            .context("strace does not run; install it")?;
        Ok(Flushes { strace, trace })
    }

    /// Ends, and answers how many there were. A call that was cut in two lines counts once.
    pub fn end(mut self) -> Result<usize> {
        let strace = self.strace.id().to_string();
        Command::new("kill").args(["-INT", &strace]).status()?;
        self.strace.wait()?;
        let text = fs::read_to_string(&self.trace)?;
        fs::remove_file(&self.trace)?;
        Ok(text.lines().filter(|line| line.contains("sync(")).count())
    }
}
