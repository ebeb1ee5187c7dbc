//! Peer service: who is at the other end of a call. The user says it, or it follows from what integrations say of the address.

/// Where the name may come from, the best first.
const SOURCES: [&str; 5] = ["messaging.kafka.bootstrap.servers", "db.name", "mongodb.db", "rpc.service", "out.host"];
/// The tag itself.
pub const PEER_SERVICE: &str = "peer.service";

/// The settings.
#[derive(Clone, Debug, Default)]
pub struct PeerService {
    /// Whether the name follows from other tags.
    pub has_defaults: bool,
    /// New names: from, to.
    pub mapping: Vec<(String, String)>,
}

/// A peer service, and why it is this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The name.
    pub name: &'a str,
    /// The tag that it comes from.
    pub source: &'static str,
    /// What it was called before it was renamed.
    pub renamed_from: Option<&'a str>,
}

impl PeerService {
    /// The peer of a span. `calls_out`: it is a client or a producer. `get` reads its tags.
    pub fn of_span<'a>(&'a self, calls_out: bool, get: impl Fn(&str) -> Option<&'a str>) -> Option<Peer<'a>> {
        let (source, name) = self.find(calls_out, |key| get(key).filter(|value| !value.is_empty()))?;
        let renamed = self.mapping.iter().find(|(from, _)| from == name);
        Some(match renamed {
            Some((_, to)) => Peer { name: to, source, renamed_from: Some(name) },
            None => Peer { name, source, renamed_from: None },
        })
    }

    fn find<'a>(&self, calls_out: bool, get: impl Fn(&str) -> Option<&'a str>) -> Option<(&'static str, &'a str)> {
        if let Some(given) = get(PEER_SERVICE) {
            return Some((PEER_SERVICE, given));
        }
        if !self.has_defaults || !calls_out {
            return None;
        }
        SOURCES.iter().find_map(|source| Some((*source, get(source)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer<'a>(rules: &'a PeerService, calls_out: bool, tags: &'a [(&str, &str)]) -> Option<Peer<'a>> {
        rules.of_span(calls_out, |key| tags.iter().find(|(known, _)| *known == key).map(|(_, value)| *value))
    }

    #[test]
    fn what_the_user_says_counts_for_spans_of_any_kind() {
        let found = Peer { name: "db", source: "peer.service", renamed_from: None };
        assert_eq!(peer(&PeerService::default(), false, &[("peer.service", "db"), ("out.host", "h")]), Some(found));
        assert_eq!(peer(&PeerService::default(), true, &[("out.host", "h")]), None);
    }

    #[test]
    fn the_first_source_that_is_there_is_taken() {
        let rules = PeerService { has_defaults: true, mapping: Vec::new() };
        for (tags, name, source) in [
            (&[("out.host", "h"), ("db.name", "orders")][..], "orders", "db.name"),
            (&[("rpc.service", "Stock"), ("out.host", "h")], "Stock", "rpc.service"),
            (&[("mongodb.db", ""), ("out.host", "h")], "h", "out.host"),
            (&[("messaging.kafka.bootstrap.servers", "k:1"), ("db.name", "x")], "k:1", "messaging.kafka.bootstrap.servers"),
        ] {
            assert_eq!(peer(&rules, true, tags), Some(Peer { name, source, renamed_from: None }));
            assert_eq!(peer(&rules, false, tags), None);
        }
    }

    #[test]
    fn a_renamed_peer_remembers_its_old_name() {
        let rules = PeerService { has_defaults: true, mapping: vec![("h".into(), "host".into())] };
        let found = Peer { name: "host", source: "out.host", renamed_from: Some("h") };
        assert_eq!(peer(&rules, true, &[("out.host", "h")]), Some(found));
    }
}
