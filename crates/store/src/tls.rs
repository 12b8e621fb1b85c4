//! TLS to a PostgreSQL server, and where going without is allowed.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Not at all: the server is on this machine.
    Plain,
    /// Encrypted; whoever answers is believed (`sslmode=require`).
    Encrypted,
    /// Encrypted, and the server proves its name by a certificate from this file of roots (`sslmode=verify-full`).
    Verified(String),
}

/// Reads a connection string with its `sslmode` and `sslrootcert`.
///
/// Without `sslmode`, a server on this machine is spoken to in plain, any other as with `verify-full` when `sslrootcert`
/// is given and as with `require` when not. A server elsewhere is never spoken to in plain.
pub(crate) fn read(text: &str) -> Result<(Config, Protection), String> {
    let (rest, [mode, roots]) = take_words(text, ["sslmode", "sslrootcert"]);
    let mut config: Config = rest
        .parse()
        .map_err(|error: tokio_postgres::Error| crate::error::chain(&error))?;
    let here = config.get_hosts().iter().all(is_here);
    let protection = match (mode.as_deref(), roots) {
        (Some("disable"), _) | (Some("prefer" | "allow"), None) if here => Protection::Plain,
        (None, None) if here => Protection::Plain,
        (Some("disable" | "prefer" | "allow"), _) => {
            return Err("a server on another machine needs sslmode=require or verify-full".into());
        }
        (Some("require"), None) | (None, None) => Protection::Encrypted,
        (Some("require" | "verify-full") | None, Some(roots)) => Protection::Verified(roots),
        (Some("verify-full"), None) => return Err("sslmode=verify-full needs sslrootcert".into()),
        (Some(other), _) => return Err(format!("sslmode={other} is not known")),
    };
    config.ssl_mode(match protection {
        Protection::Plain => SslMode::Disable,
        _ => SslMode::Require,
    });
    Ok((config, protection))
}

/// What makes the protected connection; nothing for a plain one.
pub(crate) fn connector(protection: &Protection) -> Result<Option<MakeRustlsConnect>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = match protection {
        Protection::Plain => return Ok(None),
        Protection::Encrypted => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Believing(provider)))
            .with_no_client_auth(),
        Protection::Verified(path) => builder
            .with_root_certificates(roots(path)?)
            .with_no_client_auth(),
    };
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn roots(path: &str) -> Result<RootCertStore, String> {
    let unreadable =
        |reason: String| format!("the certificates in {path} cannot be read: {reason}");
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there are none".into()));
    }
    Ok(roots)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// The connection string without these words, and their values.
fn take_words<const N: usize>(text: &str, words: [&str; N]) -> (String, [Option<String>; N]) {
    let mut values = [const { None }; N];
    let mut keep = |part: &str| -> bool {
        let Some((word, value)) = part.split_once('=') else {
            return true;
        };
        match words.iter().position(|name| *name == word) {
            None => true,
            Some(index) => {
                values[index] = Some(value.trim_matches('\'').replace("%2F", "/"));
                false
            }
        }
    };
    let rest = match text.split_once('?') {
        Some((address, query)) if text.contains("://") => {
            let kept: Vec<&str> = query.split('&').filter(|part| keep(part)).collect();
            if kept.is_empty() {
                address.to_owned()
            } else {
                format!("{address}?{}", kept.join("&"))
            }
        }
        _ if text.contains("://") => text.to_owned(),
        _ => {
            let kept: Vec<&str> = text.split(' ').filter(|part| keep(part)).collect();
            kept.join(" ")
        }
    };
    (rest, values)
}

/// Believes whoever answers, as `sslmode=require` asks; the exchange itself is still checked.
#[derive(Debug)]
struct Believing(Arc<CryptoProvider>);

impl ServerCertVerifier for Believing {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protection(text: &str) -> Result<Protection, String> {
        read(text).map(|(_, protection)| protection)
    }

    #[test]
    fn a_server_on_this_machine_may_be_spoken_to_in_plain() {
        assert_eq!(
            protection("postgres://u@127.0.0.1/d"),
            Ok(Protection::Plain)
        );
        assert_eq!(
            protection("host=/run/postgresql user=u"),
            Ok(Protection::Plain)
        );
        assert_eq!(
            protection("postgres://u@localhost/d?sslmode=require"),
            Ok(Protection::Encrypted)
        );
    }

    #[test]
    fn a_server_elsewhere_is_never_spoken_to_in_plain() {
        assert_eq!(
            protection("postgres://u@db.example/d"),
            Ok(Protection::Encrypted)
        );
        assert!(protection("postgres://u@db.example/d?sslmode=disable").is_err());
        assert!(protection("host=db.example user=u sslmode=prefer").is_err());
        assert_eq!(
            protection("host=db.example user=u sslmode=verify-full sslrootcert=/etc/ca.pem"),
            Ok(Protection::Verified("/etc/ca.pem".into()))
        );
        assert!(protection("host=db.example user=u sslmode=verify-full").is_err());
    }
}
