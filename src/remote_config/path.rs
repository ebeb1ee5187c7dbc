//! Paths of configuration files: `datadog/ORG/PRODUCT/ID/NAME` or `employee/PRODUCT/ID/NAME`.

/// Longer paths are refused.
pub const LONGEST_PATH: usize = 1024;

/// The parts of a path that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigPath<'a> {
    /// The product.
    pub product: &'a str,
    /// The id of the configuration.
    pub config_id: &'a str,
}

impl<'a> ConfigPath<'a> {
    /// Reads a path; the error says what is wrong with it.
    pub fn parse(path: &'a str) -> Result<Self, String> {
        if path.len() > LONGEST_PATH {
            let shown: String = path.chars().take(64).collect();
            return Err(format!("{shown}…: the path has {} bytes, expected {LONGEST_PATH} at most", path.len()));
        }
        Self::parts(path)
            .ok_or_else(|| format!("{path}: expected a path datadog/ORG/PRODUCT/ID/NAME or employee/PRODUCT/ID/NAME"))
    }

    fn parts(path: &'a str) -> Option<Self> {
        let mut segments = path.split('/');
        match segments.next()? {
            "datadog" if is_organization(segments.next()?) => {}
            "employee" => {}
            _ => return None,
        }
        let (product, config_id, name) = (segments.next()?, segments.next()?, segments.next()?);
        let is_whole = segments.next().is_none() && ![product, config_id, name].contains(&"");
        is_whole.then_some(ConfigPath { product, config_id })
    }
}

/// Whether this is the number of an organization: digits, 2^63 - 1 at most.
fn is_organization(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_are_known_and_the_name_is_arbitrary() {
        let expected = ConfigPath { product: "APM_TRACING", config_id: "-123" };
        for path in [
            "datadog/2/APM_TRACING/-123/config",
            "datadog/9223372036854775807/APM_TRACING/-123/any name",
            "employee/APM_TRACING/-123/x",
        ] {
            assert_eq!(ConfigPath::parse(path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn all_other_paths_are_refused_and_named() {
        for path in [
            "",
            "datadog/2/APM_TRACING/id",
            "datadog/2/APM_TRACING/id/",
            "datadog/2/APM_TRACING/id/config/more",
            "datadog/2//id/config",
            "datadog//APM_TRACING/id/config",
            "datadog/x/APM_TRACING/id/config",
            "datadog/+2/APM_TRACING/id/config",
            "datadog/9223372036854775808/APM_TRACING/id/config",
            "employee/2/APM_TRACING/id/config",
            "/datadog/2/APM_TRACING/id/config",
            "other/2/APM_TRACING/id/config",
            "../../etc/passwd",
        ] {
            let error = ConfigPath::parse(path).unwrap_err();
            assert!(error.starts_with(path), "{error}");
        }
        assert!(ConfigPath::parse(&format!("employee/P/i/{}", "ü".repeat(1024))).unwrap_err().len() < 300);
    }
}
