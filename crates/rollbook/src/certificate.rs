//! The certificate that the server shows, from the school's own files or from the local authority, renewed while it serves.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::local_authority::{CERTIFICATE_LIFE, LocalAuthority};

/// How often the certificate is looked at while the server runs.
pub const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Where certificates come from.
pub enum Source {
    /// The school's own, as PEM files: the chain, and its key.
    Own {
        /// The certificate chain, the server's first.
        certificate: PathBuf,
        /// The private key.
        private_key: PathBuf,
    },
    /// The authority made at first run.
    Local(Box<LocalAuthority>),
}

/// The certificate in use, which can be exchanged between two connections.
pub struct Certificate {
    source: Source,
    shown: Arc<Shown>,
    state: RwLock<State>,
}

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

/// What tells that the certificate is due to be exchanged.
struct State {
    taken: Instant,
    changed: Option<SystemTime>,
}

impl Certificate {
    /// Takes the first certificate.
    pub fn take(source: Source) -> Result<Certificate> {
        let changed = source.changed();
        let first = source.issue()?;
        Ok(Certificate {
            source,
            shown: Arc::new(Shown(RwLock::new(Arc::new(first)))),
            state: RwLock::new(State {
                taken: Instant::now(),
                changed,
            }),
        })
    }

    /// How the server speaks TLS: versions 1.2 and 1.3, HTTP/2 first.
    pub fn server_config(&self) -> Result<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Exchanges the certificate if it is due: a local one when a third of its life is left, the school's own when its file has changed.
    ///
    /// Whether it was exchanged. An error leaves the old one in use.
    pub fn renew_if_due(&self) -> Result<bool> {
        let changed = self.source.changed();
        {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let due = match self.source {
                Source::Own { .. } => changed != state.changed,
                Source::Local(_) => state.taken.elapsed() > CERTIFICATE_LIFE / 3 * 2,
            };
            if !due {
                return Ok(false);
            }
        }
        let fresh = self.source.issue()?;
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State {
            taken: Instant::now(),
            changed,
        };
        Ok(true)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

impl Source {
    fn issue(&self) -> Result<CertifiedKey> {
        match self {
            Source::Local(authority) => authority.issue(),
            Source::Own {
                certificate,
                private_key,
            } => read_own(certificate, private_key),
        }
    }

    /// When the certificate's file was last written.
    fn changed(&self) -> Option<SystemTime> {
        match self {
            Source::Local(_) => None,
            Source::Own { certificate, .. } => std::fs::metadata(certificate)
                .and_then(|file| file.modified())
                .ok(),
        }
    }
}

fn read_own(certificate: &PathBuf, private_key: &PathBuf) -> Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("The certificate {} cannot be read", certificate.display()))?;
    anyhow::ensure!(
        !chain.is_empty(),
        "{} holds no certificate",
        certificate.display()
    );
    let key = PrivateKeyDer::from_pem_file(private_key)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("The private key {} cannot be read", private_key.display()))?;
    CertifiedKey::from_der(chain, key, &default_provider()).with_context(|| {
        format!(
            "The certificate {} and the private key {} do not belong together",
            certificate.display(),
            private_key.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn self_signed(folder: &std::path::Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let files = (
            folder.join(format!("{name}.pem")),
            folder.join(format!("{name}-key.pem")),
        );
        fs::write(&files.0, made.cert.pem()).unwrap();
        fs::write(&files.1, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_certificate_with_the_key_of_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, _) = self_signed(folder.path(), "one");
        let (_, private_key) = self_signed(folder.path(), "two");
        let Err(error) = Certificate::take(Source::Own {
            certificate,
            private_key,
        }) else {
            panic!("the key of another certificate was accepted");
        };
        assert!(
            format!("{error:#}").contains("do not belong together"),
            "{error:#}"
        );
    }

    #[test]
    fn a_certificate_file_that_was_exchanged_is_taken_up_and_a_damaged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, private_key) = self_signed(folder.path(), "own");
        let shown = Certificate::take(Source::Own {
            certificate: certificate.clone(),
            private_key,
        })
        .unwrap();
        assert!(!shown.renew_if_due().unwrap());

        let later = |seconds| {
            let file = fs::File::options().append(true).open(&certificate).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(seconds))
                .unwrap();
        };
        fs::write(&certificate, "not a certificate").unwrap();
        later(5);
        assert!(shown.renew_if_due().is_err());

        self_signed(folder.path(), "own");
        later(10);
        assert!(shown.renew_if_due().unwrap());
        assert!(!shown.renew_if_due().unwrap());
    }
}
