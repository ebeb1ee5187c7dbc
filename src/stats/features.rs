//! What the agent says about trace statistics.

/// Which dialect of obfuscation the agent wants for SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqlMode {
    /// Literals are replaced, and the text is brought into one form.
    #[default]
    ObfuscateAndNormalize,
    /// Literals are replaced, and nothing else.
    ObfuscateOnly,
    /// The text is brought into one form, with its literals.
    NormalizeOnly,
}

impl SqlMode {
    /// By the name in the agent's `config.obfuscation.sql_obfuscation_mode`.
    pub fn of_name(name: &str) -> Self {
        match name {
            "obfuscate_only" => SqlMode::ObfuscateOnly,
            "normalize_only" => SqlMode::NormalizeOnly,
            _ => SqlMode::ObfuscateAndNormalize,
        }
    }
}

/// The version of the obfuscation rules that this library follows.
pub const OBFUSCATION_VERSION: u64 = 1;

/// What the agent's `/info` says about trace statistics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// `peer_tags`.
    pub peer_tags: Vec<String>,
    /// `span_kinds_stats_computed`; `None` where the agent does not say.
    pub span_kinds: Option<Vec<String>>,
    /// `obfuscation_version`; 0 where the agent does not say.
    pub obfuscation_version: u64,
    /// `config.obfuscation.sql_obfuscation_mode`.
    pub sql_mode: SqlMode,
    /// Whether `feature_flags` has `big_resource`.
    pub big_resource: bool,
}

impl Features {
    /// Whether resources are to be obfuscated here.
    pub fn obfuscates(&self) -> bool {
        self.obfuscation_version == OBFUSCATION_VERSION
    }
}
