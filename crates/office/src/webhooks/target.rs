//! Where a webhook may lead: an HTTPS address on the public internet, or a machine inside that the operator names (I-413).
//!
//! The text is checked when somebody gives it; the addresses that its name leads to are checked each time, at the moment of connecting, so
//! that a name that begins to lead inside later leads nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::Uri;

use crate::api::InterfaceRules;

/// Where to connect and what to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The name or the number of the machine.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) over_tls: bool,
    /// Whether the operator lets it lead inside.
    pub(super) may_be_inside: bool,
    /// Path and query.
    pub(super) path: String,
    /// As the header `Host` has it.
    pub(super) authority: String,
}

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error("Give an address such as https://receiver.example/rollbook.")]
    NotAnAddress,
    #[error("Give an address that begins with https://.")]
    NotHttps,
    #[error("Leave out the name and password; the signature proves who sends.")]
    WithPassword,
    #[error(
        "This address lies inside a network. The operator of Rollbook can allow single machines there."
    )]
    Inside,
}

/// Reads an address. Plain HTTP is for machines inside that the operator names.
pub(super) fn target(text: &str, rules: &InterfaceRules) -> Result<Target, TargetError> {
    let uri: Uri = text.parse().map_err(|_| TargetError::NotAnAddress)?;
    let authority = uri.authority().ok_or(TargetError::NotAnAddress)?;
    if authority.as_str().contains('@') {
        return Err(TargetError::WithPassword);
    }
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    if host.is_empty() || text.len() > 500 {
        return Err(TargetError::NotAnAddress);
    }
    let may_be_inside = rules.lets_inside(host);
    let over_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") if may_be_inside => false,
        Some("http") => return Err(TargetError::NotHttps),
        _ => return Err(TargetError::NotAnAddress),
    };
    let is_inside = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| !is_public(ip));
    if is_inside && !may_be_inside {
        return Err(TargetError::Inside);
    }
    Ok(Target {
        host: host.to_owned(),
        port: authority
            .port_u16()
            .unwrap_or(if over_tls { 443 } else { 80 }),
        over_tls,
        may_be_inside,
        path: uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        authority: authority.as_str().to_owned(),
    })
}

/// Whether an address belongs to the public internet: not to this machine, a network inside, a link, a group, or a use set aside. The
/// address at which clouds tell their secrets (169.254.169.254) is a link's.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let set_aside = a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19));
    !(set_aside
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // An IPv4 address in an IPv6 one leads where the IPv4 one does.
    if let Some(inner) = ip.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let parts = ip.segments();
    match parts[0] {
        // 6to4 and Teredo carry an IPv4 address; documentation and benchmarks lead nowhere.
        0x2002 => false,
        0x2001 if parts[1] < 0x200 || parts[1] == 0xdb8 => false,
        // Global unicast is 2000::/3, and 3fff::/20 of it is documentation.
        0x3fff if parts[1] < 0x1000 => false,
        first => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "3fff::1",
        ] {
            assert!(!is_public(inside.parse().expect("an address")), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(outside.parse().expect("an address")), "{outside}");
        }
    }

    #[test]
    fn an_address_is_https_and_outside_or_a_machine_that_the_operator_names() {
        let rules = InterfaceRules::default();
        let good =
            target("https://receiver.example:8443/rollbook?a=1", &rules).expect("an address");
        assert_eq!(
            (good.host.as_str(), good.port, good.path.as_str()),
            ("receiver.example", 8443, "/rollbook?a=1")
        );
        for (text, why) in [
            ("http://receiver.example/", TargetError::NotHttps),
            ("https://localhost/", TargetError::Inside),
            ("https://LOCALHOST/", TargetError::Inside),
            ("https://127.0.0.1/", TargetError::Inside),
            ("https://[::1]/", TargetError::Inside),
            ("https://[::ffff:169.254.169.254]/", TargetError::Inside),
            (
                "https://user:secret@receiver.example/",
                TargetError::WithPassword,
            ),
            ("ftp://receiver.example/", TargetError::NotAnAddress),
            ("/rollbook", TargetError::NotAnAddress),
            ("", TargetError::NotAnAddress),
        ] {
            assert_eq!(target(text, &rules), Err(why), "{text}");
        }
        let rules = InterfaceRules {
            webhooks_inside: vec!["127.0.0.1".to_owned()],
            ..rules
        };
        let inside = target("http://127.0.0.1:9000/", &rules).expect("an address");
        assert!(inside.may_be_inside && !inside.over_tls);
        assert_eq!(
            target("https://127.0.0.2/", &rules),
            Err(TargetError::Inside)
        );
        assert_eq!(
            target("http://receiver.example/", &rules),
            Err(TargetError::NotHttps),
            "without TLS to nobody else"
        );
    }
}
