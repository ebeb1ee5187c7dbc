//! What an agent says about itself: the answer of `GET /info`.
//!
//! Agents of all ages and forks answer here. Unknown keys are ignored, absent ones have the value that asks for least, and a value of another
//! type than expected counts as absent without touching the others.

use serde_json::{Map, Value};

use super::Response;

/// Longer answers are refused: those of real agents have some 10 KB.
const MOST_BYTES: usize = 1024 * 1024;
/// What no header is as long as.
const MOST_HEADER_BYTES: usize = 1024;
/// The kinds of spans that have stats where the agent does not say.
const USUAL_SPAN_KINDS: [&str; 4] = ["server", "client", "producer", "consumer"];

/// The facts, as far as the tracer uses them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentInfo {
    /// The agent's version.
    pub version: String,
    /// Paths that it serves; see [`AgentInfo::has_endpoint`].
    pub endpoints: Vec<String>,
    /// Whether clients that compute stats may drop what is sampled out.
    pub client_drop_p0s: bool,
    /// Whether spans may have structured tags.
    pub span_meta_structs: bool,
    /// Whether spans may have a list of events of their own.
    pub span_events: bool,
    /// Whether unfinished spans may be sent.
    pub long_running_spans: bool,
    /// Names of further abilities, such as `big_resource`.
    pub feature_flags: Vec<String>,
    /// Keys of the tags that tell peers apart in stats.
    pub peer_tags: Vec<String>,
    /// Kinds of spans that have stats, in lower case.
    pub span_kinds: Vec<String>,
    /// How stats are obfuscated, if the agent says.
    pub obfuscation_version: Option<i64>,
    /// How SQL is obfuscated.
    pub sql_obfuscation_mode: String,
    /// `key` or `key:value`, compared as they are.
    pub filter_tags: TagFilters,
    /// `key` or `key:value`, the value being a regular expression.
    pub filter_tags_regex: TagFilters,
    /// Regular expressions of resources whose traces are not wanted.
    pub ignore_resources: Vec<String>,
    /// The marker of the organisation.
    pub org_prop_marker: Option<String>,
    /// The port of the agent's DogStatsD server.
    pub statsd_port: Option<u16>,
    /// The largest request that it takes, in bytes.
    pub max_request_bytes: Option<u64>,
    /// Names the state of the agent's configuration; from a header, with which other answers tell of a change.
    pub state: Option<String>,
    /// Names the tags of this process's container; from a header.
    pub container_tags_hash: Option<String>,
    /// The whole answer.
    pub json: String,
}

/// Filters on the tags of a trace's root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagFilters {
    /// All of these have to match.
    pub require: Vec<String>,
    /// None of these may match.
    pub reject: Vec<String>,
}

impl AgentInfo {
    /// Reads an answer with status 200. `None`: it is no JSON object.
    pub fn of_response(response: &Response) -> Option<AgentInfo> {
        if response.body.len() > MOST_BYTES {
            return None;
        }
        let json = std::str::from_utf8(&response.body).ok()?;
        let facts: Map<String, Value> = serde_json::from_str(json).ok()?;
        let header = |name| response.header(name).filter(|value| value.len() <= MOST_HEADER_BYTES).map(str::to_owned);
        let mut info = AgentInfo::of_object(&facts);
        info.state = header("datadog-agent-state");
        info.container_tags_hash = header("datadog-container-tags-hash");
        info.json = json.to_owned();
        Some(info)
    }

    fn of_object(facts: &Map<String, Value>) -> AgentInfo {
        let facts = Facts(Some(facts));
        let config = facts.object("config");
        AgentInfo {
            version: facts.text("version").unwrap_or_default(),
            endpoints: facts.list("endpoints").unwrap_or_default(),
            client_drop_p0s: facts.flag("client_drop_p0s"),
            span_meta_structs: facts.flag("span_meta_structs"),
            span_events: facts.flag("span_events"),
            long_running_spans: facts.flag("long_running_spans"),
            feature_flags: facts.list("feature_flags").unwrap_or_default(),
            peer_tags: facts.list("peer_tags").unwrap_or_default(),
            span_kinds: span_kinds(facts.list("span_kinds_stats_computed")),
            obfuscation_version: facts.value("obfuscation_version").and_then(Value::as_i64),
            sql_obfuscation_mode: config.object("obfuscation").text("sql_obfuscation_mode").unwrap_or_default(),
            filter_tags: facts.object("filter_tags").tag_filters(),
            filter_tags_regex: facts.object("filter_tags_regex").tag_filters(),
            ignore_resources: facts.list("ignore_resources").unwrap_or_default(),
            org_prop_marker: facts.text("org_prop_marker").filter(|marker| !marker.is_empty()),
            statsd_port: config.value("statsd_port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()),
            max_request_bytes: config.value("max_request_bytes").and_then(Value::as_u64),
            ..AgentInfo::default()
        }
    }

    /// Whether the agent serves a path. Some write it without the slash in front, or with one behind.
    pub fn has_endpoint(&self, path: &str) -> bool {
        self.endpoints.iter().any(|known| known.trim_matches('/') == path.trim_matches('/'))
    }

    /// Whether the agent has an ability.
    pub fn has_feature(&self, name: &str) -> bool {
        self.feature_flags.iter().any(|known| known == name)
    }

    /// Whether the version is this one or a later one; what follows the three numbers does not matter. A version that cannot be read is not.
    pub fn is_at_least(&self, version: [u32; 3]) -> bool {
        version_numbers(&self.version).is_some_and(|own| own >= version)
    }
}

fn span_kinds(given: Option<Vec<String>>) -> Vec<String> {
    match given {
        Some(kinds) => kinds.iter().map(|kind| kind.to_ascii_lowercase()).collect(),
        None => USUAL_SPAN_KINDS.map(str::to_owned).into(),
    }
}

/// `7.65.0`, `7.65.0-rc.3`, `v7.65.0+git`, `7.65`.
fn version_numbers(text: &str) -> Option<[u32; 3]> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers = text.split_once(['-', '+']).map_or(text, |(numbers, _)| numbers);
    let mut read = numbers.split('.').map(|number| number.parse::<u32>());
    let (major, minor) = (read.next()?.ok()?, read.next()?.ok()?);
    Some([major, minor, read.next().unwrap_or(Ok(0)).ok()?])
}

/// An object whose values are read one by one.
struct Facts<'a>(Option<&'a Map<String, Value>>);

impl<'a> Facts<'a> {
    fn value(&self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    fn flag(&self, key: &str) -> bool {
        self.value(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.value(key)?.as_str().map(str::to_owned)
    }

    fn list(&self, key: &str) -> Option<Vec<String>> {
        let items = self.value(key)?.as_array()?;
        Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
    }

    fn object(&self, key: &str) -> Facts<'a> {
        Facts(self.value(key).and_then(Value::as_object))
    }

    fn tag_filters(&self) -> TagFilters {
        let list = |key| self.list(key).unwrap_or_default();
        TagFilters { require: list("require"), reject: list("reject") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<AgentInfo> {
        AgentInfo::of_response(&Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn every_key_that_is_used_is_read() {
        let info = read(
            r#"{"version":"7.65.1","git_commit":"abc","endpoints":["/v0.4/traces","v0.6/stats/",7],"client_drop_p0s":true,
            "span_meta_structs":true,"span_events":true,"long_running_spans":true,"feature_flags":["big_resource"],
            "peer_tags":["db.name"],"span_kinds_stats_computed":["Server","internal"],"obfuscation_version":1,
            "filter_tags":{"require":["env:prod"],"reject":["debug"]},"filter_tags_regex":{"reject":["k:v.*"]},
            "ignore_resources":["^GET /health"],"org_prop_marker":"abc_","unknown":{"deep":[1]},
            "config":{"statsd_port":8125,"max_request_bytes":1000,"obfuscation":{"sql_obfuscation_mode":"normalize_only"}}}"#,
        )
        .unwrap();
        assert!(info.client_drop_p0s && info.span_meta_structs && info.span_events && info.long_running_spans);
        assert!(info.has_endpoint("/v0.6/stats") && info.has_endpoint("/v0.4/traces") && !info.has_endpoint("/v1.0/traces"));
        assert!(info.has_feature("big_resource") && !info.has_feature("small_resource"));
        assert_eq!((info.span_kinds, info.obfuscation_version), (vec!["server".to_owned(), "internal".to_owned()], Some(1)));
        assert_eq!(info.filter_tags.require, ["env:prod"]);
        assert_eq!(
            (info.filter_tags.reject, info.filter_tags_regex.reject),
            (vec!["debug".to_owned()], vec!["k:v.*".to_owned()])
        );
        assert_eq!((info.statsd_port, info.max_request_bytes), (Some(8125), Some(1000)));
        assert_eq!((info.sql_obfuscation_mode.as_str(), info.org_prop_marker.as_deref()), ("normalize_only", Some("abc_")));
    }

    #[test]
    fn nothing_is_required_and_a_wrong_type_loses_only_its_key() {
        let empty = read("{}").unwrap();
        assert_eq!(empty.span_kinds, USUAL_SPAN_KINDS);
        assert!(!empty.client_drop_p0s && empty.endpoints.is_empty());
        let odd =
            read(r#"{"version":7,"endpoints":"all","client_drop_p0s":"yes","config":[],"filter_tags":3,"span_events":true}"#);
        let odd = odd.unwrap();
        assert!(odd.span_events && !odd.client_drop_p0s && odd.version.is_empty() && odd.endpoints.is_empty());
        assert_eq!(read(r#"{"span_events":false,"span_events":true}"#).map(|info| info.span_events), Some(true));
    }

    #[test]
    fn what_is_no_object_is_no_info() {
        for body in ["", "[]", "null", "{", "OK", "{\"a\":1}x", &"[".repeat(100_000)] {
            assert_eq!(read(body), None);
        }
        assert_eq!(read(&format!("{{\"version\":\"{}\"}}", "x".repeat(MOST_BYTES))), None);
        let latin = Response { status: 200, headers: Vec::new(), body: b"{\"version\":\"\xe9\"}".to_vec() };
        assert_eq!(AgentInfo::of_response(&latin), None);
    }

    #[test]
    fn state_and_container_come_from_headers() {
        let headers = [("datadog-agent-state", "abc"), ("datadog-container-tags-hash", "123")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let info = AgentInfo::of_response(&Response { status: 200, headers, body: b"{}".to_vec() }).unwrap();
        assert_eq!((info.state.as_deref(), info.container_tags_hash.as_deref()), (Some("abc"), Some("123")));
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let is = |version: &str| AgentInfo { version: version.to_owned(), ..AgentInfo::default() }.is_at_least([7, 65, 0]);
        for enough in ["7.65.0", "7.65.0-rc.1", "7.65", "7.66.0-devel+git.1", "7.100.0", "v8.0.0", " 7.65.1 ", "10.0.0"] {
            assert!(is(enough), "{enough}");
        }
        for not in ["", "test", "7", "7.64.9", "7.9.99", "6.99.0", "7.x.0", "7.65.x", "-7.65.0", "99999999999.0.0"] {
            assert!(!is(not), "{not}");
        }
    }
}
