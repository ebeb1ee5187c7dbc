//! Repository URLs are reported without credentials.

/// Removes user and password from a URL that has a scheme. What has no scheme, such as `git@github.com:org/repo.git`, stays.
pub(super) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |end| rest.split_at(end));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_urls_with_a_scheme_are_removed() {
        for (given, shown) in [
            ("https://user:pass@host/x", "https://host/x"),
            ("https://token@host/x.git", "https://host/x.git"),
            ("ssh://git:pw@host:22/x", "ssh://host:22/x"),
            ("https://us@er:p@ss@host", "https://host"),
            ("https://host/a@b", "https://host/a@b"),
            ("https://host?to=a@b", "https://host?to=a@b"),
        ] {
            assert_eq!(without_credentials(given), shown);
        }
    }

    #[test]
    fn values_without_a_scheme_stay() {
        for given in ["git@github.com:org/repo.git", "user:pass@host/x", "/srv/repo", ""] {
            assert_eq!(without_credentials(given), given);
        }
    }
}
