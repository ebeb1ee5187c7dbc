//! What is put on spans of web requests.

use super::header_tags::HeaderTags;
use super::resolution::Resolution;
use super::value::Value;

/// What is put on spans of web requests.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Headers that become tags.
    pub header_tags: HeaderTags,
    /// Whether URLs of server spans keep their query.
    pub server_queries: bool,
    /// Whether URLs of client spans keep their query.
    pub client_queries: bool,
    /// What is hidden in queries.
    pub obfuscation: QueryObfuscation,
    /// Where the client's address is looked for; `None`: it is not.
    pub client_ip: Option<ClientIpSettings>,
}

/// What is hidden in queries of URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryObfuscation {
    /// What looks like a secret.
    Usual,
    /// Nothing.
    Off,
    /// What a pattern finds.
    Pattern(String),
    /// Everything, because the pattern cannot be used.
    Everything,
}

/// Where the client's address is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIpSettings {
    /// The only header that is looked at; `None`: the usual ones.
    pub header: Option<String>,
}

/// The settings.
pub(super) fn settings(resolution: &mut Resolution) -> WebSettings {
    let header_tags = match resolution.value("DD_TRACE_HEADER_TAGS") {
        Value::HeaderTags(tags, _) => tags.clone(),
        _ => HeaderTags::default(),
    };
    let header = resolution.text("DD_TRACE_CLIENT_IP_HEADER").map(|header| header.trim().to_owned());
    WebSettings {
        header_tags,
        server_queries: resolution.flag("DD_HTTP_SERVER_TAG_QUERY_STRING"),
        client_queries: resolution.flag("DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING"),
        obfuscation: obfuscation(resolution),
        client_ip: resolution.flag("DD_TRACE_CLIENT_IP_ENABLED").then_some(ClientIpSettings { header }),
    }
}

fn obfuscation(resolution: &mut Resolution) -> QueryObfuscation {
    const NAME: &str = "DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP";
    let Some(pattern) = resolution.text(NAME) else { return QueryObfuscation::Usual };
    if pattern.is_empty() {
        return QueryObfuscation::Off;
    }
    if let Err(error) = regex_lite::Regex::new(&pattern) {
        resolution.warn(format!("{NAME}: {} cannot be used: {error}: URLs lose their query", super::grammar::quoted(&pattern)));
        return QueryObfuscation::Everything;
    }
    QueryObfuscation::Pattern(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use crate::config::process::Surroundings;

    fn obfuscation(pattern: &str) -> (QueryObfuscation, usize) {
        let surroundings = Surroundings::with_variables(&[("DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP", pattern)]);
        let config = ConfigBuilder::new().resolve_in(&surroundings);
        (config.settings.web.obfuscation.clone(), config.warnings().len())
    }

    #[test]
    fn an_empty_pattern_hides_nothing_and_a_bad_one_everything() {
        assert_eq!(obfuscation(""), (QueryObfuscation::Off, 0));
        assert_eq!(obfuscation("a+"), (QueryObfuscation::Pattern("a+".to_owned()), 0));
        assert_eq!(obfuscation("(?:"), (QueryObfuscation::Everything, 1));
        let config = ConfigBuilder::new().resolve_in(&Surroundings::with_variables(&[]));
        assert_eq!(config.settings.web.obfuscation, QueryObfuscation::Usual);
    }
}
