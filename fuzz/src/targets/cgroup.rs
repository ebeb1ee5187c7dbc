//! `/proc/self/cgroup`.

use ddtrace::transport::Origin;

/// Any text.
pub fn files(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for in_host_namespace in [false, true] {
        let origin = Origin::of_cgroup(&text, in_host_namespace, |directory| {
            assert!(
                !directory.starts_with('/') && !directory.split('/').any(|part| part == ".."),
                "{directory:?} leaves the mount"
            );
            Some(7)
        });
        if let Some(id) = origin.container_id {
            let is_id = id.len() >= 28 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-' || byte == b'_');
            assert!(is_id, "{id:?}");
            assert_eq!(origin.entity_id, Some(format!("ci-{id}")));
        }
    }
}
