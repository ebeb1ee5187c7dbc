//! Headers that settings give. Their values may be secrets, so what is printed for debugging names the headers alone.

use std::fmt;
use std::ops::Deref;

/// Names and values, valid as headers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderList(Vec<(String, String)>);

impl Deref for HeaderList {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Vec<(String, String)>> for HeaderList {
    fn from(headers: Vec<(String, String)>) -> Self {
        HeaderList(headers)
    }
}

impl fmt::Debug for HeaderList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, "<redacted>"))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_printed() {
        let headers = HeaderList::from(vec![("api-key".to_owned(), "hunter2".to_owned())]);
        assert_eq!(format!("{headers:?}"), r#"{"api-key": "<redacted>"}"#);
        assert_eq!(headers[0].1, "hunter2");
    }
}
