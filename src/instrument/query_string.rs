//! Queries in URLs: whether spans show them, and what is hidden in them.

use crate::config::{QueryObfuscation, WebSettings};
use crate::lock::Mutex;
use regex_lite::{NoExpand, Regex};
use std::borrow::Cow;
use std::sync::Arc;

const HIDDEN: &str = "<redacted>";
/// Longer queries are cut, before anything is looked for in them: tags are cut at this length as well.
const LONGEST: usize = 25_000;

/// What is taken for a secret unless the settings say otherwise.
const USUAL: &str = concat!(
    r#"(?i)(?:(?:"|%22)?)"#,
    r"(?:(?:old[-_]?|new[-_]?)?p(?:ass)?w(?:or)?d(?:1|2)?|pass(?:[-_]?phrase)?|secret|",
    r"(?:api[-_]?|private[-_]?|public[-_]?|access[-_]?|secret[-_]?|app(?:lication)?[-_]?)key(?:[-_]?id)?|",
    r"token|consumer[-_]?(?:id|key|secret)|sign(?:ed|ature)?|auth(?:entication|orization)?)",
    r#"(?:(?:\s|%20)*(?:=|%3D)[^&]+|(?:"|%22)(?:\s|%20)*(?::|%3A)(?:\s|%20)*(?:"|%22)(?:%2[^2]|%[^2]|[^"%])+(?:"|%22))|"#,
    r"(?:bearer(?:\s|%20)+[a-z0-9._\-]+|token(?::|%3A)[a-z0-9]{13}|gh[opsu]_[0-9a-zA-Z]{36}|",
    r"ey[I-L](?:[\w=-]|%3D)+\.ey[I-L](?:[\w=-]|%3D)+(?:\.(?:[\w.+/=-]|%3D|%2F|%2B)+)?|",
    r"-{5}BEGIN(?:[a-z\s]|%20)+PRIVATE(?:\s|%20)KEY-{5}[^\-]+-{5}END(?:[a-z\s]|%20)+PRIVATE(?:\s|%20)KEY(?:-{5})?(?:\n|%0A)?|",
    r"(?:ssh-(?:rsa|dss)|ecdsa-[a-z0-9]+-[a-z0-9]+)(?:\s|%20|%09)+(?:[a-z0-9/.+]|%2F|%5C|%2B){100,}(?:=|%3D)*",
    r"(?:(?:\s|%20|%09)+[a-z0-9._-]+)?)",
);

/// Every match of the usual pattern has one of these in it. Most queries have none, and need no pattern.
const HINTS: &[&str] = &[
    "pwd",
    "pword",
    "pass",
    "secret",
    "key",
    "token",
    "consumer",
    "sign",
    "auth",
    "bearer",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "ey",
    "-----begin",
    "ssh-",
    "ecdsa-",
];

/// The rules of one configuration snapshot.
#[derive(Clone, Debug)]
pub struct QueryStrings {
    server: bool,
    client: bool,
    obfuscation: QueryObfuscation,
    pattern: Option<Arc<Regex>>,
}

impl QueryStrings {
    /// Makes the rules.
    pub fn new(settings: &WebSettings) -> Self {
        let pattern = match &settings.obfuscation {
            // Was tried when the settings were read.
            QueryObfuscation::Pattern(pattern) => Regex::new(pattern).ok().map(Arc::new),
            _ => None,
        };
        QueryStrings {
            server: settings.server_queries,
            client: settings.client_queries,
            obfuscation: settings.obfuscation.clone(),
            pattern,
        }
    }

    /// A query as spans may show it; `None`: not at all.
    pub fn shown<'a>(&self, query: &'a str) -> Option<Cow<'a, str>> {
        let query = cut(query);
        match (&self.obfuscation, &self.pattern) {
            (QueryObfuscation::Off, _) => Some(Cow::Borrowed(query)),
            (QueryObfuscation::Usual, _) if !has_hint(query) => Some(Cow::Borrowed(query)),
            (QueryObfuscation::Usual, _) => Some(usual_pattern()?.replace_all(query, NoExpand(HIDDEN))),
            (QueryObfuscation::Pattern(_), Some(pattern)) => Some(pattern.replace_all(query, NoExpand(HIDDEN))),
            (QueryObfuscation::Pattern(_), None) | (QueryObfuscation::Everything, _) => None,
        }
    }

    /// A URL as the tag `http.url` may have it: without user and password, its query as the settings want it.
    pub fn url(&self, url: &str, is_server: bool) -> String {
        let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
        let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
        let mut text = without_user(address);
        let is_wanted = if is_server { self.server } else { self.client };
        if let Some(query) = query.filter(|_| is_wanted).and_then(|query| self.shown(query)) {
            text.push('?');
            text.push_str(&query);
        }
        if let Some(fragment) = fragment {
            text.push('#');
            text.push_str(fragment);
        }
        text
    }
}

fn cut(query: &str) -> &str {
    let mut end = query.len().min(LONGEST);
    while !query.is_char_boundary(end) {
        end -= 1;
    }
    query.get(..end).unwrap_or_default()
}

fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host_end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    [scheme, "://", host, path].concat()
}

fn has_hint(query: &str) -> bool {
    let query = query.as_bytes();
    let found = |hint: &str| query.windows(hint.len()).any(|window| window.eq_ignore_ascii_case(hint.as_bytes()));
    HINTS.iter().any(|hint| found(hint))
}

/// The usual pattern, made when it is needed first. A forked child does not wait for a thread of its parent, but makes one of its own.
fn usual_pattern() -> Option<Arc<Regex>> {
    static PATTERN: Mutex<Option<Arc<Regex>>> = Mutex::new(None);
    let make = || Regex::new(USUAL).ok().map(Arc::new);
    match PATTERN.try_lock() {
        None => make(),
        Some(mut kept) => {
            if kept.is_none() {
                *kept = make();
            }
            kept.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HeaderTags;

    fn rules(obfuscation: QueryObfuscation) -> QueryStrings {
        let header_tags = HeaderTags::default();
        QueryStrings::new(&WebSettings { header_tags, server_queries: true, client_queries: false, obfuscation, client_ip: None })
    }

    fn usual(query: &str) -> String {
        rules(QueryObfuscation::Usual).shown(query).unwrap().into_owned()
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        for (query, shown) in [
            ("pass=03cb9f67-dbbc-4cb8-b966-329951e10934&key2=val2&key3=val3", "<redacted>&key2=val2&key3=val3"),
            ("key1=val1&application_key=123", "key1=val1&<redacted>"),
            ("json=%7B%20%22sign%22%3A%20%22%7D%7D%22%7D", "json=%7B%20<redacted>%7D"),
            ("Authorization=x&a=b", "<redacted>&a=b"),
            ("a=b&c=d", "a=b&c=d"),
            ("monkey=1", "monkey=1"),
            ("", ""),
        ] {
            assert_eq!(usual(query), shown, "{query}");
        }
        assert_eq!(usual(&format!("a=ghp_{}", "1".repeat(36))), "a=<redacted>");
        assert_eq!(usual(&format!("a=ssh-rsa%20{}", "A".repeat(120))), "a=<redacted>");
    }

    #[test]
    fn no_match_of_the_pattern_is_without_a_hint() {
        let words = [
            "pass",
            "PWD",
            "=",
            "%3D",
            "%22",
            ":",
            "x",
            "token",
            "Ey",
            "eyJ",
            ".",
            "bearer",
            "%20",
            "oldpassword2",
            "-----BEGIN",
            "&",
            "sig",
            "apikey",
        ];
        let pattern = usual_pattern().unwrap();
        let mut state = 7_u64;
        for _ in 0..5_000 {
            let mut query = String::new();
            for _ in 0..6 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                query.push_str(words[(state >> 33) as usize % words.len()]);
            }
            assert!(!pattern.is_match(&query) || has_hint(&query), "{query}");
        }
    }

    #[test]
    fn the_settings_decide_what_is_hidden() {
        let own = rules(QueryObfuscation::Pattern("b=[0-9]+".to_owned()));
        assert_eq!(own.shown("pass=1&b=22").unwrap(), "pass=1&<redacted>");
        assert_eq!(rules(QueryObfuscation::Off).shown("pass=1").unwrap(), "pass=1");
        assert_eq!(rules(QueryObfuscation::Everything).shown("a=1"), None);
    }

    #[test]
    fn urls() {
        let usual = rules(QueryObfuscation::Usual);
        for (url, server, client) in [
            ("http://u:p@shop:80/a?token=1&b=2#top", "http://shop:80/a?<redacted>&b=2#top", "http://shop:80/a#top"),
            ("/token=1?x=y", "/token=1?x=y", "/token=1"),
            ("https://shop/a@b", "https://shop/a@b", "https://shop/a@b"),
            ("https://shop", "https://shop", "https://shop"),
            ("?a#b?c", "?a#b?c", "#b?c"),
            ("", "", ""),
        ] {
            assert_eq!((usual.url(url, true).as_str(), usual.url(url, false).as_str()), (server, client), "{url}");
        }
        assert_eq!(rules(QueryObfuscation::Everything).url("/a?b=c#d", true), "/a#d");
    }

    #[test]
    fn long_queries_are_cut() {
        assert_eq!(usual(&"ü".repeat(20_000)).len(), LONGEST);
        let started = std::time::Instant::now();
        usual(&"key".repeat(400_000));
        // Without a limit it would be minutes.
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}
