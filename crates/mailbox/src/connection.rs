//! The connection to a mailbox: IMAP4rev1 (RFC 3501) over TLS (RFC 8314), by the few commands that are needed.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};
use mail_parser::DateTime;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::protocol::{NotImap, first, quoted};

/// The largest mail that is fetched, in bytes: five attachments of 10 MB as e-mail writes them.
pub const LARGEST: u32 = 72 << 20;

/// A server that has not let us in by then does not.
const OPENS_WITHIN: Duration = Duration::from_secs(20);

/// A server that has not answered a command by then has not answered.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// What marks a mail as put away where the server cannot move it.
const PUT_AWAY: &str = "$Rollbook";

/// How the connection is encrypted. Without encryption nothing is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start, usually at port 993.
    FromTheStart,
    /// STARTTLS, required, usually at port 143.
    StartTls,
}

/// Where a mailbox is, and how it lets us in.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name of the server, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// The name to sign in with.
    pub user: String,
    /// The password.
    pub password: String,
    /// The folder that is read: `INBOX`.
    pub folder: String,
    /// The folder into which a mail is put once it is kept: `Rollbook`. It is made where there is none.
    pub put_into: String,
}

impl fmt::Debug for Settings {
    /// Never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.user, self.host, self.port)
    }
}

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server cannot be reached, or broke off.
    #[error("the mail server cannot be reached: {}", in_words(.0))]
    Unreachable(#[from] io::Error),
    /// It did not answer in time.
    #[error("the mail server did not answer in time")]
    TooSlow,
    /// There is no authority to believe its certificate by, or the certificate is not good for its name.
    #[error("the mail server cannot be trusted: {0}")]
    Tls(String),
    /// It offers no encryption.
    #[error("the mail server does not encrypt (STARTTLS), and without that nothing is read")]
    NoTls,
    /// It does not let us in.
    #[error("the mail server does not let us in with this name and password")]
    NotLetIn,
    /// A name of a folder that cannot be written in a command.
    #[error("“{0}” is no name of a folder: use letters, digits, blanks and . _ / -")]
    NoFolderName(String),
    /// There is no such folder.
    #[error("the mailbox has no folder “{0}”")]
    NoFolder(String),
    /// It answered otherwise than was asked for.
    #[error("the mail server refuses to {0}")]
    Refused(&'static str),
    /// It sends more than any mail is.
    #[error("the mail server sends more than any mail is")]
    TooMuch,
    /// What it says is not IMAP.
    #[error("what answers there is no mail server (IMAP)")]
    NotImap,
}

impl From<NotImap> for Error {
    fn from(_: NotImap) -> Error {
        Error::NotImap
    }
}

/// What a person can make something of.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing answers at this port".to_owned(),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => "the connection broke off".to_owned(),
        io::ErrorKind::TimedOut => "it does not answer".to_owned(),
        _ if error.to_string().contains("lookup") => "there is no server of this name".to_owned(),
        _ => error.to_string(),
    }
}

/// What came of fetching a mail.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is not there any more.
    Gone,
    /// It is larger than [`LARGEST`] and was left where it is.
    TooLarge,
    /// It is here.
    Whole {
        /// As it came.
        bytes: Vec<u8>,
        /// When it arrived in the mailbox, in seconds since 1970, if the server says so.
        arrived: Option<i64>,
    },
}

/// An open mailbox.
pub struct Mailbox {
    stream: TlsStream<TcpStream>,
    came: Vec<u8>,
    commands: u32,
    moves: bool,
    /// The folder into which mails are put, as commands have it, and whether it was asked for in this connection.
    put_into: (String, bool),
    validity: u32,
}

impl Mailbox {
    /// Opens a mailbox whose certificate one of these authorities vouches for.
    ///
    /// Errors: [`Error`].
    pub async fn open(
        settings: &Settings,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Mailbox, Error> {
        within(OPENS_WITHIN, open(settings, authorities)).await
    }

    /// Which mailbox the numbers of mails belong to (UIDVALIDITY): another, when the server has begun to count anew.
    pub fn validity(&self) -> u32 {
        self.validity
    }

    /// The numbers (UID) of the mails that arrived since the day of this moment, in seconds since 1970, and were not put away, the oldest first.
    ///
    /// Errors: [`Error`].
    pub async fn waiting(&mut self, since: i64) -> Result<Vec<u32>, Error> {
        let since = format!("UID SEARCH UNDELETED SINCE {}", day(since));
        let unmarked = format!("{since} UNKEYWORD {PUT_AWAY}");
        let answers = match self.ask("list mails", &unmarked).await {
            // A server that knows no marks of ours has none.
            Err(Error::Refused(_)) => self.ask("list mails", &since).await?,
            other => other?,
        };
        let mut found: Vec<u32> = answers
            .into_iter()
            .filter_map(|answer| match answer {
                Response::MailboxData(MailboxDatum::Search(found)) => Some(found),
                _ => None,
            })
            .flatten()
            .collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Fetches a mail. It stays unread.
    ///
    /// Errors: [`Error`].
    pub async fn fetch(&mut self, uid: u32) -> Result<Fetched, Error> {
        let head = format!("UID FETCH {uid} (UID RFC822.SIZE INTERNALDATE)");
        let (mut size, mut arrived) = (None, None);
        for value in self.fetched(&head, uid).await? {
            match value {
                AttributeValue::Rfc822Size(bytes) => size = Some(bytes),
                AttributeValue::InternalDate(text) => arrived = moment(&text),
                _ => {}
            }
        }
        match size {
            None => return Ok(Fetched::Gone),
            Some(size) if size > LARGEST => return Ok(Fetched::TooLarge),
            Some(_) => {}
        }
        let whole = format!("UID FETCH {uid} (UID BODY.PEEK[])");
        let values = self.fetched(&whole, uid).await?;
        let bytes = values.into_iter().find_map(|value| match value {
            AttributeValue::BodySection { data, .. } => data,
            _ => None,
        });
        Ok(match bytes {
            None => Fetched::Gone,
            Some(bytes) => Fetched::Whole {
                bytes: bytes.into_owned(),
                arrived,
            },
        })
    }

    /// Puts a mail away: into its folder where the server can move mails, else by a mark. One that is gone is put away.
    ///
    /// Errors: [`Error`].
    pub async fn put_away(&mut self, uid: u32) -> Result<(), Error> {
        if self.moves {
            let (folder, is_made) = self.put_into.clone();
            if !is_made {
                // It is there already on every day but the first.
                match self.ask("make a folder", &format!("CREATE {folder}")).await {
                    Ok(_) | Err(Error::Refused(_)) => self.put_into.1 = true,
                    Err(error) => return Err(error),
                }
            }
            match self
                .ask("move a mail", &format!("UID MOVE {uid} {folder}"))
                .await
            {
                Err(Error::Refused(_)) => {}
                other => return other.map(drop),
            }
        }
        let mark = format!("UID STORE {uid} +FLAGS.SILENT ({PUT_AWAY} \\Seen)");
        self.ask("mark a mail", &mark).await.map(drop)
    }

    /// Ends the connection in order.
    ///
    /// Errors: [`Error`]; nothing of what was done is lost.
    pub async fn close(mut self) -> Result<(), Error> {
        self.ask("end", "LOGOUT").await.map(drop)
    }

    async fn fetched(
        &mut self,
        words: &str,
        uid: u32,
    ) -> Result<Vec<AttributeValue<'static>>, Error> {
        let answers = self.ask("give a mail", words).await?;
        let of_it = |values: &Vec<AttributeValue<'static>>| {
            values
                .iter()
                .any(|value| matches!(value, AttributeValue::Uid(own) if *own == uid))
        };
        Ok(answers
            .into_iter()
            .filter_map(|answer| match answer {
                Response::Fetch(_, values) => Some(values).filter(of_it),
                _ => None,
            })
            .flatten()
            .collect())
    }

    /// Sends a command and answers what the server said to it.
    async fn ask(
        &mut self,
        what: &'static str,
        words: &str,
    ) -> Result<Vec<Response<'static>>, Error> {
        let work = async {
            let tag = self.send(words).await?;
            self.answered(what, &tag).await
        };
        within(ANSWERS_WITHIN, work).await
    }

    async fn send(&mut self, words: &str) -> Result<String, Error> {
        self.commands += 1;
        let tag = format!("r{}", self.commands);
        self.write(&format!("{tag} {words}")).await?;
        Ok(tag)
    }

    async fn write(&mut self, line: &str) -> Result<(), Error> {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await?;
        Ok(self.stream.flush().await?)
    }

    async fn answered(
        &mut self,
        what: &'static str,
        tag: &str,
    ) -> Result<Vec<Response<'static>>, Error> {
        let mut answers = Vec::new();
        loop {
            match self.next().await? {
                Response::Done {
                    tag: own, status, ..
                } if own.0 == tag => {
                    return match status {
                        Status::Ok => Ok(answers),
                        _ => Err(Error::Refused(what)),
                    };
                }
                other => answers.push(other),
            }
        }
    }

    async fn next(&mut self) -> Result<Response<'static>, Error> {
        next(&mut self.stream, &mut self.came).await
    }
}

/// The next thing that a server says.
async fn next(
    stream: &mut (impl AsyncRead + Unpin),
    came: &mut Vec<u8>,
) -> Result<Response<'static>, Error> {
    loop {
        if let Some((taken, response)) = first(came)? {
            came.drain(..taken);
            return Ok(response);
        }
        // What surrounds a mail is short.
        if came.len() > LARGEST as usize + (1 << 20) {
            return Err(Error::TooMuch);
        }
        came.reserve(64 << 10);
        if stream.read_buf(came).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(time, work).await.unwrap_or(Err(Error::TooSlow))
}

/// `23-Nov-2026 08:02:11 +0000` in seconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let spaced = text.trim().replacen('-', " ", 2);
    let date = DateTime::parse_rfc822(&spaced)?;
    date.is_valid().then(|| date.to_timestamp())
}

/// The day of a moment as a search has it: `9-Nov-2026`.
fn day(seconds: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let date = DateTime::from_timestamp(seconds);
    let month = MONTHS[usize::from(date.month.clamp(1, 12)) - 1];
    format!("{}-{month}-{}", date.day, date.year)
}

async fn open(
    settings: &Settings,
    authorities: &[CertificateDer<'static>],
) -> Result<Mailbox, Error> {
    let folder = name_of(&settings.folder)?;
    let put_into = name_of(&settings.put_into)?;
    let mut mailbox = Mailbox {
        stream: connected(settings, authorities).await?,
        came: Vec::new(),
        commands: 0,
        moves: false,
        put_into: (put_into, false),
        validity: 0,
    };
    if settings.security == Security::FromTheStart {
        welcomed(mailbox.next().await?)?;
    }
    sign_in(&mut mailbox, settings).await?;
    let can = mailbox.ask("say what it can", "CAPABILITY").await?;
    mailbox.moves = can.iter().any(|answer| {
        let is_move = |one: &Capability<'_>| matches!(one, Capability::Atom(name) if name.eq_ignore_ascii_case("MOVE"));
        matches!(answer, Response::Capabilities(all) if all.iter().any(is_move))
    });
    let selected = match mailbox
        .ask("open the folder", &format!("SELECT {folder}"))
        .await
    {
        Err(Error::Refused(_)) => return Err(Error::NoFolder(settings.folder.clone())),
        other => other?,
    };
    let validity = selected.into_iter().find_map(|answer| match answer {
        Response::Data { outcome, .. } => match outcome.code {
            Some(ResponseCode::UidValidity(validity)) => Some(validity),
            _ => None,
        },
        _ => None,
    });
    mailbox.validity = validity.unwrap_or(0);
    Ok(mailbox)
}

fn name_of(folder: &str) -> Result<String, Error> {
    quoted(folder).ok_or_else(|| Error::NoFolderName(folder.to_owned()))
}

/// What a server says first.
fn welcomed(said: Response<'static>) -> Result<(), Error> {
    match said {
        Response::Data {
            status: Status::Ok, ..
        } => Ok(()),
        Response::Data { .. } => Err(Error::Refused("speak to us")),
        _ => Err(Error::NotImap),
    }
}

async fn connected(
    settings: &Settings,
    authorities: &[CertificateDer<'static>],
) -> Result<TlsStream<TcpStream>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.iter().cloned());
    if roots.is_empty() {
        let why = "this machine has no list of certificate authorities (package ca-certificates)";
        return Err(Error::Tls(why.to_owned()));
    }
    let tls = |error: rustls::Error| Error::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|_| Error::Tls(format!("“{}” is no name of a server", settings.host)))?;
    let mut stream = TcpStream::connect((settings.host.as_str(), settings.port)).await?;
    if settings.security == Security::StartTls {
        start_tls(&mut stream).await?;
    }
    let connected = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    connected.map_err(
        |error| match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(inner) => tls(rustls::Error::clone(inner)),
            None => Error::Unreachable(error),
        },
    )
}

/// Asks for encryption. What came before it is believed in nothing, and nothing may come with it.
async fn start_tls(stream: &mut TcpStream) -> Result<(), Error> {
    let mut came = Vec::new();
    welcomed(next(stream, &mut came).await?)?;
    stream.write_all(b"r0 STARTTLS\r\n").await?;
    loop {
        match next(stream, &mut came).await? {
            Response::Done {
                status: Status::Ok, ..
            } if came.is_empty() => return Ok(()),
            Response::Done { .. } => return Err(Error::NoTls),
            _ => {}
        }
    }
}

/// Signs in by `AUTHENTICATE PLAIN` (RFC 4616), in which any letter may stand in a name and a password.
async fn sign_in(mailbox: &mut Mailbox, settings: &Settings) -> Result<(), Error> {
    let tag = mailbox.send("AUTHENTICATE PLAIN").await?;
    loop {
        match mailbox.next().await? {
            Response::Continue(_) => break,
            Response::Done { .. } => return Err(Error::NotLetIn),
            _ => {}
        }
    }
    let who = format!("\0{}\0{}", settings.user, settings.password);
    mailbox.write(&STANDARD.encode(who)).await?;
    match mailbox.answered("sign in", &tag).await {
        Ok(_) => Ok(()),
        Err(Error::Refused(_)) => Err(Error::NotLetIn),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_arrival_is_read_with_its_zone() {
        assert_eq!(moment("23-Nov-2026 08:02:11 +0000"), Some(1_795_420_931));
        assert_eq!(moment(" 3-Nov-2026 09:02:11 +0100"), Some(1_793_692_931));
        assert_eq!(moment("yesterday"), None);
        assert_eq!(day(1_793_692_931), "3-Nov-2026");
    }

    #[test]
    fn what_failed_is_said_in_words_that_tell_what_to_look_at() {
        let refused = Error::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            refused.to_string(),
            "the mail server cannot be reached: nothing answers at this port"
        );
    }
}
