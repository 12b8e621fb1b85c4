//! One delivery over the network: resolve, check, connect, send, and read no more of the answer than its status.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use ring::hmac;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::target::{Target, is_public, target};
use crate::api::InterfaceRules;

/// A receiver answers within this time (I-412).
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The most that is read of an answer, in bytes: its head; the body is not read (I-413).
const LARGEST_HEAD: usize = 64 * 1024;

/// What is sent.
pub(super) struct Message<'a> {
    pub(super) address: &'a str,
    /// The same each time that this delivery is tried.
    pub(super) id: &'a str,
    /// Seconds since the start of 1970.
    pub(super) at: i64,
    pub(super) body: &'a str,
    /// The secrets that are valid now, newest first.
    pub(super) secrets: &'a [Vec<u8>],
}

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("{0}")]
    Target(#[from] super::target::TargetError),
    #[error("its secret was sealed with another key: give it a new one")]
    NoSecret,
    #[error("its name leads to no address")]
    NoAddress,
    #[error("its name leads inside a network, which the operator has not allowed")]
    Inside,
    #[error("no answer within 10 seconds")]
    TooSlow,
    #[error("no connection")]
    NoConnection,
    #[error("its certificate is not good")]
    Certificate,
    #[error("this machine has no list of certificate authorities")]
    NoRoots,
    #[error("the connection broke off")]
    BrokenOff,
}

/// Sends a delivery and answers the status. Redirects are not followed; the body of the answer is not read.
///
/// Errors: why nobody answered.
pub(super) async fn post(message: &Message<'_>, rules: &InterfaceRules) -> Result<u16, PostError> {
    if message.secrets.is_empty() {
        return Err(PostError::NoSecret);
    }
    let whole = async {
        let target = target(message.address, rules)?;
        let address = resolved(&target).await?;
        // The address that was checked is the one that is connected to: the name is not looked up again.
        let stream = TcpStream::connect(address)
            .await
            .map_err(|_| PostError::NoConnection)?;
        match target.over_tls {
            false => sent(stream, &target, message).await,
            true => {
                let name = ServerName::try_from(target.host.clone())
                    .map_err(|_| PostError::Certificate)?;
                let connector = TlsConnector::from(tls()?);
                let stream = connector
                    .connect(name, stream)
                    .await
                    .map_err(|_| PostError::Certificate)?;
                sent(stream, &target, message).await
            }
        }
    };
    tokio::time::timeout(ANSWER_WITHIN, whole)
        .await
        .unwrap_or(Err(PostError::TooSlow))
}

async fn resolved(target: &Target) -> Result<SocketAddr, PostError> {
    let found = lookup_host((target.host.as_str(), target.port)).await;
    let all: Vec<SocketAddr> = found.map_err(|_| PostError::NoAddress)?.collect();
    // A name with one foot inside is not to be trusted with the other.
    if !target.may_be_inside && all.iter().any(|address| !is_public(address.ip())) {
        return Err(PostError::Inside);
    }
    all.first().copied().ok_or(PostError::NoAddress)
}

async fn sent<S>(stream: S, target: &Target, message: &Message<'_>) -> Result<u16, PostError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| PostError::BrokenOff)?;
    let kept = tokio::spawn(connection);
    let request = Request::post(target.path.as_str())
        .header(header::HOST, target.authority.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "Rollbook")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.at)
        .header("webhook-signature", signatures(message))
        .body(Full::new(Bytes::from(message.body.to_owned())))
        .map_err(|_| PostError::BrokenOff)?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|_| PostError::BrokenOff);
    kept.abort();
    Ok(answer?.status().as_u16())
}

/// `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base 64, for each secret that is valid (Standard Webhooks 1.0).
pub(super) fn signatures(message: &Message<'_>) -> String {
    let signed = format!("{}.{}.{}", message.id, message.at, message.body);
    let each = message.secrets.iter().map(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("v1,{}", STANDARD.encode(signature.as_ref()))
    });
    each.collect::<Vec<_>>().join(" ")
}

/// Where systems keep the certificate authorities that they trust.
const ROOTS: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Whether this machine has a list of certificate authorities, without which no delivery goes out over TLS.
pub fn knows_authorities() -> bool {
    tls().is_ok()
}

fn tls() -> Result<Arc<ClientConfig>, PostError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    for file in ROOTS {
        let certificates = CertificateDer::pem_file_iter(file).into_iter().flatten();
        roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    }
    if roots.is_empty() {
        return Err(PostError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| PostError::Certificate)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let mut target =
            target("https://receiver.example/", &InterfaceRules::default()).expect("an address");
        target.host = "localhost".to_owned();
        assert!(matches!(resolved(&target).await, Err(PostError::Inside)));
        target.may_be_inside = true;
        assert!(resolved(&target).await.is_ok());
    }

    #[tokio::test]
    async fn nothing_is_sent_unsigned() {
        let message = Message {
            address: "https://receiver.example/",
            id: "evt_1",
            at: 0,
            body: "{}",
            secrets: &[],
        };
        let refused = post(&message, &InterfaceRules::default()).await;
        assert!(matches!(refused, Err(PostError::NoSecret)));
    }

    #[test]
    fn a_delivery_is_signed_as_the_standard_has_it() {
        // The example of Standard Webhooks: secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.
        let secret = STANDARD
            .decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .expect("base 64");
        let message = Message {
            address: "",
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: 1_614_265_330,
            body: r#"{"test": 2432232314}"#,
            secrets: &[secret],
        };
        assert_eq!(
            signatures(&message),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
