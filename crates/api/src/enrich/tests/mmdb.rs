//! A small writer of geo databases in MaxMind's format, version 2, for tests: documentation networks in
//! places of their own. Nothing of anybody's database is in it.

use std::net::IpAddr;

/// A network, its country, its region and its time zone; blank for none.
pub(crate) const NETWORKS: [(&str, u8, [&str; 3]); 4] = [
    ("203.0.113.0", 24, ["DE", "BY", "Europe/Berlin"]),
    ("198.51.100.0", 24, ["FR", "", ""]),
    ("127.0.0.0", 8, ["AT", "9", "Europe/Vienna"]),
    ("2001:db8:7::", 48, ["US", "CA", "America/Los_Angeles"]),
];

const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

#[derive(Clone, Copy)]
enum Record {
    Empty,
    Node(usize),
    Data(usize),
}

/// The database of [`NETWORKS`].
pub(crate) fn database() -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Record::Empty; 2]], Vec::new());
    for (network, prefix, place) in NETWORKS {
        // Addresses of version 4 stand where all bits before them are 0.
        let (bits, length) = match network.parse().unwrap() {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 96 + prefix),
            IpAddr::V6(v6) => (u128::from(v6), prefix),
        };
        let bit = |at: u8| usize::from(bits >> (127 - at) & 1 == 1);
        let mut node = 0;
        for at in 0..length - 1 {
            let next = match nodes[node][bit(at)] {
                Record::Node(next) => next,
                _ => {
                    nodes.push([Record::Empty; 2]);
                    nodes[node][bit(at)] = Record::Node(nodes.len() - 1);
                    nodes.len() - 1
                }
            };
            node = next;
        }
        nodes[node][bit(length - 1)] = Record::Data(data.len());
        data.extend(place_record(place));
    }
    let count = nodes.len();
    let mut bytes = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Empty => count,
            Record::Node(node) => *node,
            Record::Data(offset) => count + 16 + offset,
        };
        bytes.extend(&u32::try_from(value).unwrap().to_be_bytes()[1..]);
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(MARKER);
    bytes.extend(metadata(count));
    bytes
}

fn place_record([country, region, zone]: [&str; 3]) -> Vec<u8> {
    let coded = |code: &str| map(&[("iso_code", text(code))]);
    let mut members = vec![("country", coded(country))];
    if !region.is_empty() {
        members.push(("subdivisions", [vec![1, 4], coded(region)].concat()));
        members.push(("location", map(&[("time_zone", text(zone))])));
    }
    map(&members)
}

fn metadata(node_count: usize) -> Vec<u8> {
    let count = u32::try_from(node_count).unwrap().to_be_bytes();
    map(&[
        ("binary_format_major_version", vec![0xa1, 2]),
        ("binary_format_minor_version", vec![0xa0]),
        ("build_epoch", vec![4, 2, 0x69, 0, 0, 0]),
        ("database_type", text("Tradewind-Test")),
        ("description", map(&[])),
        ("ip_version", vec![0xa1, 6]),
        ("languages", vec![0, 4]),
        ("node_count", [&[0xc4], &count[..]].concat()),
        ("record_size", vec![0xa1, 24]),
    ])
}

fn text(text: &str) -> Vec<u8> {
    assert!(text.len() < 29, "longer texts have another form");
    [&[0x40 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0xe0 | u8::try_from(members.len()).unwrap()];
    for (name, value) in members {
        bytes.extend(text(name));
        bytes.extend(value);
    }
    bytes
}
