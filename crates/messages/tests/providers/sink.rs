//! A mail server that speaks SMTP over a real connection and keeps what it is given.

use std::sync::{Arc, Mutex};

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How the server behaves.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// Begins with TLS.
    pub tls_from_the_start: bool,
    /// Offers no STARTTLS.
    pub never_encrypts: bool,
    /// Instead of a welcome after the password.
    pub password: Option<&'static str>,
    /// Instead of taking a recipient.
    pub recipient: Option<&'static str>,
    /// Instead of taking the words.
    pub words: Option<&'static str>,
    /// Takes the words and hangs up without a word.
    pub hangs_up: bool,
}

/// What it was given: envelope and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub words: String,
}

pub struct Sink {
    pub port: u16,
    /// Whoever trusts this trusts the server.
    pub authority: CertificateDer<'static>,
    kept: Arc<Mutex<Vec<Mail>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub async fn listening(manner: Manner) -> Sink {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])
            .expect("a certificate");
        let authority = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth()
            .with_single_cert(vec![authority.clone()], key.into())
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sink = Sink {
            port: listener.local_addr().expect("an address").port(),
            authority,
            kept: Arc::default(),
            heard: Arc::default(),
        };
        let (kept, heard) = (Arc::clone(&sink.kept), Arc::clone(&sink.heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let conversation = Conversation {
                    manner,
                    kept: Arc::clone(&kept),
                    heard: Arc::clone(&heard),
                };
                tokio::spawn(conversation.begin(stream, acceptor.clone()));
            }
        });
        sink
    }

    pub fn kept(&self) -> Vec<Mail> {
        self.kept.lock().expect("not poisoned").clone()
    }

    /// Every command heard, in order, whatever the connection.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

struct Conversation {
    manner: Manner,
    kept: Arc<Mutex<Vec<Mail>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Conversation {
    async fn begin(self, stream: TcpStream, acceptor: TlsAcceptor) {
        if self.manner.tls_from_the_start {
            if let Ok(stream) = acceptor.accept(stream).await {
                self.talk(stream, true, true).await;
            }
        } else if let Some(stream) = self.talk(stream, true, false).await
            && let Ok(stream) = acceptor.accept(stream).await
        {
            self.talk(stream, false, true).await;
        }
    }

    /// Answers until the other side leaves; gives the stream back where TLS is to begin.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        greets: bool,
        encrypted: bool,
    ) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greets {
            say(&mut stream, "220 sink.example").await?;
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = hear(&mut stream).await?;
            self.heard.lock().expect("not poisoned").push(line.clone());
            let word = line.split(' ').next().unwrap_or_default().to_uppercase();
            let answer = match word.as_str() {
                "EHLO" if encrypted => {
                    "250-sink.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME".to_owned()
                }
                "EHLO" if self.manner.never_encrypts => "250 sink.example".to_owned(),
                "EHLO" => "250-sink.example\r\n250 STARTTLS".to_owned(),
                "STARTTLS" => {
                    say(&mut stream, "220 begin").await?;
                    return Some(stream.into_inner());
                }
                _ if !encrypted => "530 encrypt first".to_owned(),
                "AUTH" => self.manner.password.unwrap_or("235 welcome").to_owned(),
                "MAIL" => {
                    from = line;
                    "250 well".to_owned()
                }
                "RCPT" => {
                    to.push(line);
                    self.manner.recipient.unwrap_or("250 well").to_owned()
                }
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let words = self.words(&mut stream).await?;
                    if let Some(answer) = self.manner.words {
                        answer.to_owned()
                    } else {
                        let mail = Mail {
                            from: from.clone(),
                            to: to.clone(),
                            words,
                        };
                        self.kept.lock().expect("not poisoned").push(mail);
                        if self.manner.hangs_up {
                            return None;
                        }
                        "250 taken".to_owned()
                    }
                }
                "QUIT" => {
                    say(&mut stream, "221 good-bye").await?;
                    return None;
                }
                _ => "502 what?".to_owned(),
            };
            say(&mut stream, &answer).await?;
        }
    }

    async fn words<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
    ) -> Option<String> {
        let mut whole = String::new();
        loop {
            let line = hear(stream).await?;
            if line == "." {
                return Some(whole);
            }
            whole.push_str(line.strip_prefix('.').unwrap_or(&line));
            whole.push_str("\r\n");
        }
    }
}

async fn hear<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    words: &str,
) -> Option<()> {
    stream
        .get_mut()
        .write_all(format!("{words}\r\n").as_bytes())
        .await
        .ok()?;
    stream.get_mut().flush().await.ok()
}
