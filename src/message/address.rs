use std::net::{IpAddr, Ipv6Addr};

/// The key under which an address is counted: an IPv6 user owns a whole /64, and
/// would else be as many clients as it likes.
#[must_use]
pub fn address_key(address: &str) -> String {
    match address.trim().parse::<IpAddr>().map(|it| it.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => network(address, 64),
        Err(_) => "unreadable".into(),
    }
}

/// A network under which clients are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its key.
    pub key: String,
    /// How many times what one client may all of it may.
    pub times: u64,
}

/// Wider IPv6 networks and their allowances. Providers give a home a /56 and a site a /48:
/// 256 and 65,536 networks of /64, whose owner is one and has a few users' worth.
const TIERS: [(u32, u64); 2] = [(56, 4), (48, 16)];

/// The networks that what [`address_key`] gave is in, itself first, each wider than the one
/// before. An IPv4 address stands alone.
#[must_use]
pub fn networks(key: &str) -> Vec<Network> {
    let narrow = Network { key: key.to_owned(), times: 1 };
    let address = key.strip_suffix("/64").and_then(|it| it.parse::<Ipv6Addr>().ok());
    let wider = address.into_iter().flat_map(|address| {
        TIERS.map(|(bits, times)| Network { key: network(address, bits), times })
    });
    std::iter::once(narrow).chain(wider).collect()
}

/// The network of so many bits that an address is in.
fn network(address: Ipv6Addr, bits: u32) -> String {
    let network = address.to_bits() & (u128::MAX << (128 - bits));
    format!("{}/{bits}", Ipv6Addr::from_bits(network))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_user_is_one_client() {
        assert_eq!(address_key("192.0.2.1"), "192.0.2.1");
        assert_eq!(address_key("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(address_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(address_key("2001:db8:1:2::9"), "2001:db8:1:2::/64");
        assert_eq!(address_key("a, b"), "unreadable");
    }

    #[test]
    fn ipv6_is_counted_in_tiers_and_ipv4_is_not() {
        let of = |address: &str| {
            let tiers = networks(&address_key(address));
            tiers.into_iter().map(|it| (it.key, it.times)).collect::<Vec<_>>()
        };
        assert_eq!(of("192.0.2.1"), [("192.0.2.1".into(), 1)]);
        assert_eq!(of("unreadable"), [("unreadable".into(), 1)]);
        let tiers = [
            ("2001:db8:1:abcd::/64".to_owned(), 1),
            ("2001:db8:1:ab00::/56".into(), 4),
            ("2001:db8:1::/48".into(), 16),
        ];
        assert_eq!(of("2001:db8:1:abcd:3:4:5:6"), tiers);
    }
}
