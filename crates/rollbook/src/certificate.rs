//! The certificate that the server shows, from the school's own files or from the local authority, renewed while it serves.

use std::path::{Path, PathBuf};
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

/// From when and until when the school's own certificate is valid, its key found to fit it.
///
/// Errors: a file cannot be read, or the key is another's.
pub fn validity(certificate: &Path, private_key: &Path) -> Result<(SystemTime, SystemTime)> {
    let read = read_own(&certificate.to_owned(), &private_key.to_owned())?;
    let first = read.cert.first().context("there is no certificate")?;
    dates_of(first)
        .with_context(|| format!("The dates of {} cannot be read", certificate.display()))
}

/// The two dates of a certificate: the fifth part of its first part, after the version that may be left out (RFC 5280, 4.1).
fn dates_of(certificate: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let (_, whole, _) = part(certificate)?;
    let (_, mut rest, _) = part(whole)?;
    const VERSION: u8 = 0xa0;
    if rest.first() == Some(&VERSION) {
        rest = part(rest)?.2;
    }
    // Serial number, signature, issuer.
    for _ in 0..3 {
        rest = part(rest)?.2;
    }
    let (_, dates, _) = part(rest)?;
    let (begins_as, begins, after) = part(dates)?;
    let (ends_as, ends, _) = part(after)?;
    Some((date(begins_as, begins)?, date(ends_as, ends)?))
}

/// The first part of DER: its kind, what is in it, and what comes after it.
fn part(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&kind, rest) = der.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short - 0x80))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((kind, inside, after))
}

/// A date with a year of two digits (1950 to 2049) or of four, in UTC to the second.
fn date(kind: u8, text: &[u8]) -> Option<SystemTime> {
    const TWO_DIGITS: u8 = 0x17;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match kind {
        TWO_DIGITS if text < "50" => format!("20{text}"),
        TWO_DIGITS => format!("19{text}"),
        _ => text.to_owned(),
    };
    if text.len() != 14 || !text.is_ascii() {
        return None;
    }
    let moment: calendar::Instant = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[8..10],
        &text[10..12],
        &text[12..]
    )
    .parse()
    .ok()?;
    let since_1970 = Duration::from_micros(u64::try_from(moment.micros()).ok()?);
    Some(SystemTime::UNIX_EPOCH + since_1970)
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
