//! One call over the network, which tells whether it can have left.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where calls go: a host, reached over TLS. Without TLS only this machine is called, which is for stand-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    over_tls: bool,
    host: String,
    port: u16,
}

/// Why an address cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} is not the address of an interface: https://, a name and nothing behind it")]
pub struct BaseError {
    address: String,
}

impl Base {
    /// Reads `https://name` or `https://name:port`, and `http://127.0.0.1:port`.
    ///
    /// Errors: anything else.
    pub fn read(address: &str) -> Result<Base, BaseError> {
        let wrong = || BaseError {
            address: address.to_owned(),
        };
        let (over_tls, rest) = match address.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (rest, if over_tls { 443 } else { 80 }),
        };
        let is_name = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if !is_name || (!over_tls && host != "127.0.0.1") {
            return Err(wrong());
        }
        Ok(Base {
            over_tls,
            host: host.to_owned(),
            port,
        })
    }
}

/// What is asked.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Path and query, beginning with `/`.
    pub(crate) path: &'a str,
    pub(crate) bearer: &'a str,
    /// JSON; absent for a GET.
    pub(crate) body: Option<Vec<u8>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// There was no connection, so nothing can have been asked.
    #[error("{0}")]
    NotAsked(&'static str),
    /// The question left, or may have.
    #[error("{0}")]
    NoAnswer(&'static str),
}

/// A connection comes about within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// And is answered within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The most that is read of an answer: a page of 250 messages with room to spare. In bytes.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Calls once. No redirect is followed: an interface that moved is a setting to change.
///
/// Errors: [`CallError`], which tells whether the question can have arrived.
pub(crate) async fn call(base: &Base, call: Call<'_>) -> Result<Answer, CallError> {
    let connected = tokio::time::timeout(CONNECT_WITHIN, connect(base));
    let stream = connected
        .await
        .map_err(|_| CallError::NotAsked("no connection within 10 seconds"))??;
    let asked = tokio::time::timeout(ANSWER_WITHIN, ask(base, stream, call));
    asked
        .await
        .map_err(|_| CallError::NoAnswer("no answer within 30 seconds"))?
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn connect(base: &Base) -> Result<Box<dyn Stream>, CallError> {
    let stream = TcpStream::connect((base.host.as_str(), base.port))
        .await
        .map_err(|_| CallError::NotAsked("no connection"))?;
    if !base.over_tls {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(base.host.clone())
        .map_err(|_| CallError::NotAsked("its name is no name"))?;
    let config = tls().ok_or(CallError::NotAsked(
        "this machine knows no certificate authorities",
    ))?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|_| CallError::NotAsked("its certificate is not good"))?;
    Ok(Box::new(stream))
}

async fn ask(base: &Base, stream: Box<dyn Stream>, call: Call<'_>) -> Result<Answer, CallError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| CallError::NotAsked("the connection broke off"))?;
    let kept = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(call.method)
        .uri(call.path)
        .header(header::HOST, base.host.as_str())
        .header(header::AUTHORIZATION, format!("Bearer {}", call.bearer))
        .header(header::USER_AGENT, "Rollbook");
    if call.body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let request = request
        .body(Full::new(Bytes::from(call.body.unwrap_or_default())))
        .map_err(|_| CallError::NotAsked("the question cannot be put"))?;
    let whole = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|_| CallError::NoAnswer("the connection broke off"))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|_| CallError::NoAnswer("the answer broke off or has no end"))?;
        Ok(Answer {
            status,
            body: body.to_bytes().to_vec(),
        })
    };
    let answer = whole.await;
    kept.abort();
    answer
}

/// The certificate authorities that this machine trusts; none if it has no list.
pub fn authorities() -> Vec<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    rustls_native_certs::load_native_certs()
        .certs
        .into_iter()
        .filter(|certificate| roots.add(certificate.clone()).is_ok())
        .collect()
}

fn tls() -> Option<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Some(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities());
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interface_over_tls_is_called_or_this_machine() {
        assert!(Base::read("https://api.notifications.service.gov.uk").is_ok());
        assert!(Base::read("http://127.0.0.1:8025").is_ok());
        for wrong in [
            "http://api.notifications.service.gov.uk",
            "https://",
            "https://name/path",
            "https://user@name",
            "ftp://name",
            "name",
            "http://127.0.0.1.example:80",
        ] {
            assert!(Base::read(wrong).is_err(), "{wrong}");
        }
    }
}
