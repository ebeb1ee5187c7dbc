//! Who speaks: what every request says of the process.

use serde::Serialize;
use std::borrow::Cow;

/// The application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Application {
    /// The service, never empty.
    pub service_name: String,
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The version of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_version: Option<String>,
    /// The language of the binding.
    pub language_name: String,
    /// Its version.
    pub language_version: String,
    /// The version of this library.
    pub tracer_version: String,
    /// The interpreter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_name: Option<String>,
    /// Tags that describe the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_tags: Option<String>,
}

/// The machine.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Host {
    /// Its name, never empty.
    pub hostname: String,
    /// Its operating system.
    pub os: String,
    /// Version of that.
    pub os_version: String,
    /// Its processor.
    pub architecture: String,
    /// The kernel.
    pub kernel_name: String,
    /// Release of the kernel.
    pub kernel_release: String,
    /// Version of the kernel.
    pub kernel_version: String,
    /// The container that the process runs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
}

/// The ids of a session and of those that it descends from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The runtime id.
    pub id: String,
    /// That of the first process of the application.
    pub root: Option<String>,
    /// That of the process that this one comes from.
    pub parent: Option<String>,
}

impl Session {
    /// The session of a forked child of this one's process.
    pub fn child(&self, id: String) -> Session {
        Session { id, root: Some(self.root_id().to_owned()), parent: Some(self.id.clone()) }
    }

    /// The session that follows this one in the same process.
    pub fn successor(&self, id: String) -> Session {
        Session { id, root: Some(self.root_id().to_owned()), parent: self.parent.clone() }
    }

    /// The id of the first process.
    pub fn root_id(&self) -> &str {
        self.root.as_deref().unwrap_or(&self.id)
    }
}

/// What every request says.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The application.
    pub application: Application,
    /// The machine.
    pub host: Host,
    /// The session.
    pub session: Session,
    /// Whether it is marked as being for debugging.
    pub debug: bool,
    /// Further headers, which tell the agent where the process runs.
    pub origin_headers: Vec<(Cow<'static, str>, String)>,
}

impl Facts {
    /// The headers of all requests, without that of the type.
    pub(super) fn headers(&self) -> Vec<(Cow<'static, str>, String)> {
        let (application, session) = (&self.application, &self.session);
        let other = |id: &Option<String>| id.clone().filter(|id| *id != session.id);
        let fixed = [
            ("Content-Type", Some("application/json".to_owned())),
            ("DD-Telemetry-API-Version", Some(API_VERSION.to_owned())),
            ("DD-Client-Library-Language", Some(application.language_name.clone())),
            ("DD-Client-Library-Version", Some(application.tracer_version.clone())),
            ("DD-Session-ID", Some(session.id.clone())),
            ("DD-Root-Session-ID", other(&session.root)),
            ("DD-Parent-Session-ID", other(&session.parent)),
            ("DD-Telemetry-Debug-Enabled", self.debug.then(|| "true".to_owned())),
        ];
        let fixed = fixed.into_iter().filter_map(|(name, value)| Some((Cow::Borrowed(name), value?)));
        fixed.chain(self.origin_headers.iter().cloned()).collect()
    }
}

/// The version of the interface that is spoken here.
pub(super) const API_VERSION: &str = "v2";

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, root: Option<&str>, parent: Option<&str>) -> Session {
        Session { id: id.to_owned(), root: root.map(str::to_owned), parent: parent.map(str::to_owned) }
    }

    fn header(session: Session, name: &str) -> Option<String> {
        let facts = Facts { session, ..Facts::default() };
        facts.headers().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    #[test]
    fn a_process_that_is_its_own_root_says_so_by_silence() {
        for own in [session("a", None, None), session("a", Some("a"), Some("a"))] {
            assert_eq!(header(own.clone(), "DD-Session-ID").as_deref(), Some("a"));
            assert_eq!(header(own.clone(), "DD-Root-Session-ID"), None);
            assert_eq!(header(own, "DD-Parent-Session-ID"), None);
        }
    }

    #[test]
    fn children_name_their_parent_and_the_first_of_all() {
        let child = session("a", None, None).child("b".to_owned());
        assert_eq!(child, session("b", Some("a"), Some("a")));
        let grandchild = child.child("c".to_owned());
        assert_eq!(grandchild, session("c", Some("a"), Some("b")));
        assert_eq!(header(grandchild.clone(), "DD-Root-Session-ID").as_deref(), Some("a"));
        assert_eq!(header(grandchild.clone(), "DD-Parent-Session-ID").as_deref(), Some("b"));
        assert_eq!(grandchild.successor("d".to_owned()), session("d", Some("a"), Some("b")));
        assert_eq!(session("a", None, None).successor("e".to_owned()), session("e", Some("a"), None));
    }

    #[test]
    fn debugging_is_a_header() {
        let facts =
            Facts { debug: true, origin_headers: vec![("Datadog-Entity-ID".into(), "in-7".to_owned())], ..Facts::default() };
        let headers = facts.headers();
        assert!(headers.contains(&("DD-Telemetry-Debug-Enabled".into(), "true".to_owned())));
        assert!(headers.contains(&("Datadog-Entity-ID".into(), "in-7".to_owned())));
        assert!(!Facts::default().headers().iter().any(|(name, _)| *name == "DD-Telemetry-Debug-Enabled"));
    }
}
