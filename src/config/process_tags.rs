//! Tags that describe the process: where it runs, what its program is, and whether the user named the service.

use super::process::Surroundings;
use super::service_name::{Entry, entry};

/// Longer values are cut.
const LONGEST: usize = 100;
/// Values that describe nothing.
const EMPTY: &[&str] = &["", "/", "\\", "bin"];

/// The tags in order, `key:value` with commas between them. `service` is what was inferred, `None` if the user named it.
pub(super) fn text(surroundings: &Surroundings, service: Option<&str>) -> String {
    let Entry { kind, name, directory } = entry(surroundings);
    let working_directory = surroundings.working_directory.as_deref().and_then(last_part);
    let service_tag = match service {
        Some(inferred) => ("svc.auto", Some(inferred.to_owned())),
        None => ("svc.user", Some("true".to_owned())),
    };
    let tags = [
        ("entrypoint.basedir", directory),
        ("entrypoint.name", name),
        ("entrypoint.type", Some(kind.to_owned())),
        ("entrypoint.workdir", working_directory),
        service_tag,
    ];
    let tags = tags.into_iter().filter_map(|(key, value)| Some((key, normalized(&value?))));
    let tags = tags.filter(|(_, value)| !EMPTY.contains(&value.as_str()));
    tags.map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(",")
}

/// The last part of a path.
pub(super) fn last_part(path: &std::path::Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// In lower case, with one `_` for all that is not letter, digit or one of `/._-`, and none at the ends.
fn normalized(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars().flat_map(char::to_lowercase) {
        let is_kept = character.is_alphanumeric() || "/.-".contains(character);
        match is_kept {
            true => text.push(character),
            false if !text.is_empty() && !text.ends_with('_') => text.push('_'),
            false => {}
        }
    }
    let cut: String = text.chars().take(LONGEST).collect();
    cut.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command_line: &str, directory: &str, service: Option<&str>) -> String {
        let mut surroundings = Surroundings::with_variables(&[]);
        surroundings.arguments = command_line.split(' ').map(str::to_owned).collect();
        surroundings.working_directory = Some(directory.into());
        text(&surroundings, service)
    }

    #[test]
    fn programs_scripts_and_modules() {
        for (command_line, tags) in [
            (
                "/opt/Shop/shop --port 80",
                "entrypoint.basedir:shop,entrypoint.name:shop,entrypoint.type:executable,entrypoint.workdir:srv,svc.auto:shop",
            ),
            (
                "/usr/bin/python3 /srv/app/main.py",
                "entrypoint.basedir:app,entrypoint.name:main,entrypoint.type:script,entrypoint.workdir:srv,svc.auto:shop",
            ),
            ("python3 -m flask run", "entrypoint.name:flask,entrypoint.type:module,entrypoint.workdir:srv,svc.auto:shop"),
            ("/usr/bin/shop", "entrypoint.name:shop,entrypoint.type:executable,entrypoint.workdir:srv,svc.auto:shop"),
        ] {
            assert_eq!(of(command_line, "/srv", Some("shop")), tags, "{command_line}");
        }
    }

    #[test]
    fn a_named_service_is_said_to_be_named() {
        assert!(of("shop", "/", None).ends_with(",svc.user:true"));
        assert!(!of("shop", "/", None).contains("workdir"), "the root has no name");
    }

    #[test]
    fn values_are_normalized() {
        for (value, shown) in [
            ("My App!", "my_app"),
            ("__a  b__", "a_b"),
            ("a/b.c-d", "a/b.c-d"),
            ("a,b:c", "a_b_c"),
            ("\u{dc}n", "\u{fc}n"),
            ("!!", ""),
        ] {
            assert_eq!(normalized(value), shown, "{value}");
        }
        assert_eq!(normalized(&"x".repeat(150)).len(), 100);
    }
}
