//! ClamAV's daemon, asked over its socket: a file goes in, a verdict comes out (`INSTREAM`).
//!
//! Source: clamd(8), "COMMANDS". A command is `zINSTREAM` and a nought; the file follows in pieces, each with its length in four bytes, the most
//! significant first; a length of nought ends it. The answer ends with a nought.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// A file is sent in pieces of this size.
const PIECE: usize = 64 << 10;

/// A scanner that has not answered by then has not answered.
const WITHIN: Duration = Duration::from_secs(60);

/// The longest answer that is read.
const LONGEST_ANSWER: u64 = 4 << 10;

/// Where ClamAV's daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanner {
    /// At a socket of this machine: `/run/clamav/clamd.ctl`.
    Socket(PathBuf),
    /// At a port: `127.0.0.1:3310`. What is scanned goes there unencrypted.
    Port(String),
}

/// What the scanner said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found, by the scanner's name for it.
    Found(String),
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It cannot be reached, or broke off.
    #[error("the scanner cannot be reached")]
    Unreachable(#[from] io::Error),
    /// It did not answer in time.
    #[error("the scanner did not answer within a minute")]
    TooSlow,
    /// It answered something else.
    #[error("the scanner answered “{0}”")]
    Answered(String),
}

impl FromStr for Scanner {
    type Err = &'static str;

    /// Errors: neither the path of a socket nor a machine with a port.
    fn from_str(text: &str) -> Result<Scanner, &'static str> {
        if text.starts_with('/') {
            return Ok(Scanner::Socket(PathBuf::from(text)));
        }
        let port = text
            .rsplit_once(':')
            .filter(|(machine, _)| !machine.is_empty());
        match port.and_then(|(_, port)| port.parse::<u16>().ok()) {
            Some(1..) => Ok(Scanner::Port(text.to_owned())),
            _ => Err(
                "name clamd's socket, such as /run/clamav/clamd.ctl, or its machine and port, such as 127.0.0.1:3310",
            ),
        }
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scanner::Socket(path) => path.display().fmt(f),
            Scanner::Port(address) => address.fmt(f),
        }
    }
}

impl Scanner {
    /// What it finds in a file.
    ///
    /// Errors: [`ScanError`]; then nothing is known of the file.
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanError> {
        let answer = self.ask(b"zINSTREAM\0", Some(bytes)).await?;
        verdict(&answer)
    }

    /// What it says of itself: its version and how old its signatures are.
    ///
    /// Errors: [`ScanError`].
    pub async fn version(&self) -> Result<String, ScanError> {
        self.ask(b"zVERSION\0", None).await
    }

    async fn ask(&self, command: &[u8], file: Option<&[u8]>) -> Result<String, ScanError> {
        let asked = async {
            match self {
                Scanner::Socket(path) => {
                    speak(UnixStream::connect(path).await?, command, file).await
                }
                Scanner::Port(address) => {
                    speak(TcpStream::connect(address).await?, command, file).await
                }
            }
        };
        match timeout(WITHIN, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(ScanError::TooSlow),
        }
    }
}

async fn speak(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    command: &[u8],
    file: Option<&[u8]>,
) -> io::Result<String> {
    stream.write_all(command).await?;
    if let Some(file) = file {
        let sent = send(&mut stream, file).await;
        // One that has had enough answers why, and takes no more.
        if let Err(error) = sent
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Err(error);
        }
    }
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    let end = answer.iter().position(|byte| *byte == 0);
    let text = &answer[..end.unwrap_or(answer.len())];
    Ok(String::from_utf8_lossy(text).trim().to_owned())
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), file: &[u8]) -> io::Result<()> {
    for piece in file.chunks(PIECE) {
        let length = u32::try_from(piece.len()).expect("a piece is 64 kB at most");
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(piece).await?;
    }
    stream.write_all(&0_u32.to_be_bytes()).await?;
    stream.flush().await
}

/// The verdict in an answer: `stream: OK`, `stream: Eicar-Test-Signature FOUND`.
fn verdict(answer: &str) -> Result<Verdict, ScanError> {
    let said = answer.strip_prefix("stream:").map(str::trim);
    match said {
        Some("OK") => Ok(Verdict::Clean),
        Some(said) if said.ends_with("FOUND") => {
            let name = said.trim_end_matches("FOUND").trim();
            Ok(Verdict::Found(name.chars().take(200).collect()))
        }
        _ => Err(ScanError::Answered(answer.chars().take(200).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_is_named_by_its_socket_or_its_port() {
        let read = |text: &str| text.parse::<Scanner>();
        assert_eq!(
            read("/run/clamav/clamd.ctl"),
            Ok(Scanner::Socket("/run/clamav/clamd.ctl".into()))
        );
        assert_eq!(
            read("127.0.0.1:3310"),
            Ok(Scanner::Port("127.0.0.1:3310".to_owned()))
        );
        for wrong in [
            "",
            "clamd",
            ":3310",
            "machine:",
            "machine:0",
            "machine:99999",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_plain_ok_is_clean() {
        assert_eq!(verdict("stream: OK").expect("a verdict"), Verdict::Clean);
        assert_eq!(
            verdict("stream: Eicar-Test-Signature FOUND").expect("a verdict"),
            Verdict::Found("Eicar-Test-Signature".to_owned())
        );
        for other in [
            "",
            "OK",
            "INSTREAM size limit exceeded. ERROR",
            "stream: OK ERROR",
            "UNKNOWN COMMAND",
        ] {
            assert!(verdict(other).is_err(), "{other}");
        }
    }
}
