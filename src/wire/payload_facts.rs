//! What a v1.0 payload says once for all spans in it.

/// Facts of the process. Texts that are not known are empty, and left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayloadFacts {
    /// The container that the process runs in.
    pub container_id: String,
    /// The language of the application, such as `cpp` or `nodejs`.
    pub language: String,
    /// The version of the language or its runtime.
    pub language_version: String,
    /// The version of the tracer.
    pub tracer_version: String,
    /// The process's id for its traces.
    pub runtime_id: String,
    /// The configured environment.
    pub env: String,
    /// The host, if it is to be reported.
    pub hostname: String,
    /// The configured version of the application.
    pub app_version: String,
    /// Tags that a reader puts on every span, such as the commit that the process was built from. None that are a root's alone.
    pub attributes: Vec<(String, String)>,
}

impl PayloadFacts {
    /// The texts with their keys, without the empty ones.
    pub(super) fn texts(&self) -> impl Iterator<Item = (u8, &str)> {
        let texts = [
            &self.container_id,
            &self.language,
            &self.language_version,
            &self.tracer_version,
            &self.runtime_id,
            &self.env,
            &self.hostname,
            &self.app_version,
        ];
        (2..).zip(texts.map(String::as_str)).filter(|(_, text)| !text.is_empty())
    }
}
