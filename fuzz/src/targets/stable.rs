//! Files of stable configuration.

use ddtrace::config::ConfigBuilder;
use std::sync::Arc;

/// Settings resolve whatever a file says; it is used, or ignored with a warning.
pub fn files(data: &[u8]) {
    let path = std::env::temp_dir().join(format!("ddtrace-fuzz-{}-{:?}.yaml", std::process::id(), std::thread::current().id()));
    std::fs::write(&path, data).expect("a file for the fuzzer");
    let place = path.to_string_lossy().into_owned();
    let mut builder = ConfigBuilder::new();
    builder.set_env_lookup(Arc::new(move |name| match name {
        "_DD_SC_LOCAL_FILE_OVERRIDE" => Some(place.clone()),
        "TIER" => Some("one".to_owned()),
        _ => None,
    }));
    let config = builder.resolve();
    let _ = std::fs::remove_file(&path);
    assert!(!config.settings.identity.service.is_empty());
    assert!(config.warnings().len() < 1_000, "{:?}", config.warnings());
}
