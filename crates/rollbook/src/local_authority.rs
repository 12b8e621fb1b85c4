//! A certificate authority of the school's own, for a network where no public certificate can be had.
//!
//! The authority is made once and kept; its certificate is installed on the school's devices. It is bound to this machine's names and
//! to private addresses, so a stolen authority key cannot pose as any other site. The server's own certificate is made afresh at each
//! start and before it runs out, and lives in memory only.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the authority is good for: ten years, so that devices are visited once in their life.
const AUTHORITY_LIFE: Duration = Duration::from_secs(3_653 * 24 * 60 * 60);

/// How long a server certificate is good for. Browsers refuse long ones; it is renewed when a third is left.
pub const CERTIFICATE_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The authority, read or made, ready to issue.
pub struct LocalAuthority {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    names: Vec<String>,
}

impl LocalAuthority {
    /// Reads the authority kept in `folder`, or makes it there (files 0600, folder 0700), for a server that answers to `names`.
    pub fn open(folder: &Path, names: Vec<String>) -> Result<LocalAuthority> {
        let (certificate_file, key_file) = files(folder);
        if !certificate_file.exists() {
            make(folder, &names).with_context(|| {
                format!(
                    "The local certificate authority could not be made in {}",
                    folder.display()
                )
            })?;
        }
        let certificate = CertificateDer::from_pem_file(&certificate_file)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| {
                format!(
                    "The authority's certificate {} cannot be read",
                    certificate_file.display()
                )
            })?;
        let unreadable_key =
            || format!("The authority's key {} cannot be read", key_file.display());
        let key = fs::read_to_string(&key_file).with_context(unreadable_key)?;
        let key = KeyPair::from_pem(&key).with_context(unreadable_key)?;
        let issuer = Issuer::new(authority_params(&key, &[]), key);
        let authority = LocalAuthority {
            folder: folder.to_owned(),
            certificate,
            issuer,
            names,
        };
        authority.issue()?;
        Ok(authority)
    }

    /// The authority's certificate, to be installed on the school's devices.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The SHA-256 fingerprint of the authority's certificate, as devices show it.
    pub fn fingerprint(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.certificate);
        let mut shown = String::new();
        for (index, byte) in digest.as_ref().iter().enumerate() {
            if index > 0 {
                shown.push(':');
            }
            write!(shown, "{byte:02X}").expect("writing to a text cannot fail");
        }
        shown
    }

    /// A fresh certificate for this server with its key, and proof that a device which trusts the authority will believe it.
    pub fn issue(&self) -> Result<CertifiedKey> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .context("A key for the server's certificate could not be made")?;
        let now = SystemTime::now();
        let mut params = CertificateParams::default();
        params.not_before = (now - DAY).into();
        params.not_after = (now + CERTIFICATE_LIFE).into();
        params.distinguished_name = common_name("Rollbook");
        params.subject_alt_names = self
            .names
            .iter()
            .map(|name| alternative_name(name))
            .collect::<Result<_>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("The server's certificate could not be signed")?;
        self.prove(certificate.der(), now)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing_key = default_provider()
            .key_provider
            .load_private_key(key)
            .context("The server's key cannot be used")?;
        Ok(CertifiedKey::new(
            vec![certificate.der().clone(), self.certificate.clone()],
            signing_key,
        ))
    }

    /// Checks the certificate as a device would at the end of its life, by every name: the authority has not run out, its key and
    /// certificate belong together, and the machine's names are among those it is bound to.
    fn prove(&self, certificate: &CertificateDer<'_>, now: SystemTime) -> Result<()> {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.certificate.clone())
            .context("The authority's certificate is damaged")?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(default_provider()),
        )
        .build()
        .context("The authority's certificate is damaged")?;
        let last_moment = now + CERTIFICATE_LIFE - DAY;
        let last_moment = last_moment
            .duration_since(SystemTime::UNIX_EPOCH)
            .context("The clock stands before 1970")?;
        for name in &self.names {
            let server = ServerName::try_from(name.as_str())
                .with_context(|| format!("“{name}” is no name of a server"))?;
            verifier
                .verify_server_cert(certificate, &[], &server, &[], UnixTime::since_unix_epoch(last_moment))
                .with_context(|| {
                    format!(
                        "The local certificate authority in {} cannot vouch for “{name}”: it has run out, or was made when this \
                         machine had another name. Move that folder away, start again, and install the new authority's \
                         certificate on the school's devices",
                        self.folder.display()
                    )
                })?;
        }
        Ok(())
    }
}

/// The names and addresses by which devices reach this machine: what the operator says, the host's name, the address that it goes out by,
/// and itself.
pub fn names_of_this_machine(said: &[String], listen: SocketAddr) -> Vec<String> {
    let mut names: Vec<String> = said.iter().map(|name| name.to_ascii_lowercase()).collect();
    if let Ok(host) = fs::read_to_string("/proc/sys/kernel/hostname") {
        let host = host.trim().to_ascii_lowercase();
        if ServerName::try_from(host.as_str()).is_ok() {
            if !host.contains('.') {
                names.push(format!("{host}.local"));
            }
            names.push(host);
        }
    }
    if listen.ip().is_unspecified() {
        names.extend(outgoing_addresses().map(|address| address.to_string()));
    } else {
        names.push(listen.ip().to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The private addresses that this machine would send from; a public one may change any day and must be named by the operator.
///
/// Nothing is sent: a datagram socket only looks up the way.
fn outgoing_addresses() -> impl Iterator<Item = IpAddr> {
    let ways: [(IpAddr, IpAddr); 2] = [
        (
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(192, 0, 2, 1).into(),
        ),
        (
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        ),
    ];
    ways.into_iter()
        .filter_map(|(from, to)| {
            let socket = UdpSocket::bind((from, 0)).ok()?;
            socket.connect((to, 9)).ok()?;
            Some(socket.local_addr().ok()?.ip())
        })
        .filter(|address| match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        })
}

fn files(folder: &Path) -> (PathBuf, PathBuf) {
    (
        folder.join("authority.pem"),
        folder.join("authority-key.pem"),
    )
}

fn make(folder: &Path, names: &[String]) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = authority_params(&key, names).self_signed(&key)?;
    let (certificate_file, key_file) = files(folder);
    // The certificate comes last: while it is not there, the authority is not made.
    write_private(&key_file, &key.serialize_pem())?;
    write_private(&certificate_file, &certificate.pem())
}

/// What the authority's certificate says. The names matter when it is made; to issue, only what follows from the key does.
fn authority_params(key: &KeyPair, names: &[String]) -> CertificateParams {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.public_key_raw());
    let mark: String = digest
        .as_ref()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let now = SystemTime::now();
    let mut params = CertificateParams::default();
    params.not_before = (now - DAY).into();
    params.not_after = (now + AUTHORITY_LIFE).into();
    params.distinguished_name = common_name(&format!("Rollbook authority of this school ({mark})"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted(names),
        excluded_subtrees: Vec::new(),
    });
    params
}

/// The names of this machine, and the addresses that are used inside networks only.
fn permitted(names: &[String]) -> Vec<GeneralSubtree> {
    let mut permitted: Vec<GeneralSubtree> = names
        .iter()
        .map(|name| match name.parse::<IpAddr>() {
            Ok(address) => GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
                address,
                if address.is_ipv4() { 32 } else { 128 },
            )),
            Err(_) => GeneralSubtree::DnsName(name.clone()),
        })
        .collect();
    let private_v4 = [
        ([10, 0, 0, 0], 8),
        ([172, 16, 0, 0], 12),
        ([192, 168, 0, 0], 16),
    ];
    permitted.extend(private_v4.into_iter().map(|(address, prefix)| {
        GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address, prefix))
    }));
    let mut unique_local = [0; 16];
    unique_local[0] = 0xfc;
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
        unique_local,
        7,
    )));
    permitted
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn alternative_name(name: &str) -> Result<SanType> {
    Ok(match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(
            name.try_into()
                .with_context(|| format!("“{name}” is no name of a server"))?,
        ),
    })
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_authority_is_made_once_and_kept_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("authority");
        let first = LocalAuthority::open(&folder, names(&["localhost", "192.168.1.9"])).unwrap();
        let second = LocalAuthority::open(&folder, names(&["localhost", "10.2.3.4"])).unwrap();
        assert_eq!(first.fingerprint(), second.fingerprint());
        assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
        for file in ["authority.pem", "authority-key.pem"] {
            let mode = fs::metadata(folder.join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn the_authority_vouches_for_no_name_that_the_machine_did_not_have() {
        let folder = tempfile::tempdir().unwrap();
        LocalAuthority::open(folder.path(), names(&["rollbook-pc"])).unwrap();
        let Err(error) = LocalAuthority::open(folder.path(), names(&["bank.example"])) else {
            panic!("a name from outside was vouched for");
        };
        assert!(
            format!("{error:#}").contains("cannot vouch for “bank.example”"),
            "{error:#}"
        );
        let Err(error) = LocalAuthority::open(folder.path(), names(&["203.0.113.7"])) else {
            panic!("a public address was vouched for");
        };
        assert!(format!("{error:#}").contains("203.0.113.7"), "{error:#}");
    }

    #[test]
    fn the_machine_answers_to_what_it_was_told_and_to_itself() {
        let names = names_of_this_machine(
            &["Rollbook.School.Example".into()],
            "0.0.0.0:443".parse().unwrap(),
        );
        assert_eq!(names[0], "rollbook.school.example");
        assert!(names.iter().any(|name| name == "localhost"));
        assert!(!names.iter().any(|name| name == "0.0.0.0"));
    }
}
