//! One row of the table of settings.

use super::kind::Kind;

/// Whether a setting may change after the tracer was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// Frozen when the tracer is built.
    Cold,
    /// May be changed remotely at run time.
    Hot,
}

/// Everything there is to know about one setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Canonical name, also the name of its environment variable.
    pub name: &'static str,
    /// Other accepted names, looked at in this order when the canonical one is absent in a source.
    pub aliases: &'static [&'static str],
    /// Names that are accepted with a warning, after the aliases.
    pub deprecated: &'static [&'static str],
    /// What values look like.
    pub(super) kind: Kind,
    /// The default, as it would be written; `None`: unset.
    pub default: Option<&'static str>,
    /// One line for users.
    pub doc: &'static str,
    /// Whether it may change at run time.
    pub reload: Reload,
    /// Whether its value must not be shown anywhere.
    pub sensitive: bool,
    /// Whether an empty value says something; otherwise empty counts as unset.
    pub empty_is_value: bool,
    /// Whether it is checked and reported, and nothing else yet.
    pub has_no_effect: bool,
}

impl Setting {
    pub(super) const fn new(name: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Self {
        Setting {
            name,
            aliases: &[],
            deprecated: &[],
            kind,
            default,
            doc,
            reload: Reload::Cold,
            sensitive: false,
            empty_is_value: false,
            has_no_effect: false,
        }
    }

    pub(super) const fn alias(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    pub(super) const fn deprecated(mut self, names: &'static [&'static str]) -> Self {
        self.deprecated = names;
        self
    }

    pub(super) const fn hot(mut self) -> Self {
        self.reload = Reload::Hot;
        self
    }

    pub(super) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    pub(super) const fn empty_is_value(mut self) -> Self {
        self.empty_is_value = true;
        self
    }

    pub(super) const fn without_effect(mut self) -> Self {
        self.has_no_effect = true;
        self
    }

    /// What values of this setting look like, in words: "true or false", "a whole number from 1 to 65535".
    pub fn expectation(&self) -> String {
        self.kind.expectation()
    }

    /// Every name that this setting is known by, the canonical one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied()).chain(self.deprecated.iter().copied())
    }
}
