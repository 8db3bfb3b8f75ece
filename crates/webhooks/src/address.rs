//! Which addresses are within the shop's own network, where a name from outside must not lead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of this machine, of a private or link-local network (the metadata services of clouds
/// among them), or none that a single host on the internet has.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => embedded(v6).map_or_else(|| is_private_v6(v6), is_private_v4),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18)
        || (a == 192 && b == 0 && c == 0)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// The IPv4 address that one of IPv6 stands for: mapped, or behind NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let nat64 = || {
        let [a, b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
        (a == 0x64 && b == 0xff9b).then(|| {
            let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
            Ipv4Addr::new(w, x, y, z)
        })
    };
    address.to_ipv4_mapped().or_else(nat64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_ones_own_are_told_from_the_internet() {
        let check = |text: &str| is_private(text.parse().unwrap());
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(check(own), "{own}");
        }
        for other in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(!check(other), "{other}");
        }
    }
}
