//! What messages say, field by field.

use super::configuration::Entry;
use serde::Serialize;

/// Who installed the library, in the installer's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InstallSignature {
    /// Names the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_id: Option<String>,
    /// How it was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_type: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_time: Option<String>,
}

#[derive(Serialize)]
pub(super) struct AppStarted<'a> {
    pub(super) configuration: &'a [&'a Entry],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) install_signature: Option<&'a InstallSignature>,
    pub(super) error: NoError,
}

/// The library started: whoever could not start it does not get here.
#[derive(Default, Serialize)]
pub(super) struct NoError {
    code: u32,
    message: &'static str,
}

#[derive(Serialize)]
pub(super) struct ConfigurationChanged<'a> {
    pub(super) configuration: &'a [Entry],
}

#[derive(Serialize)]
pub(super) struct ExtendedHeartbeat<'a> {
    pub(super) configuration: &'a [&'a Entry],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) install_signature: Option<&'a InstallSignature>,
}
