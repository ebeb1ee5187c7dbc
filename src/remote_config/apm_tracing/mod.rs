//! The product APM_TRACING: settings of tracers. Each file is for some services and environments; those that apply are merged field by field.

mod merge;
mod payload;
mod target;

pub use merge::{Merged, Sourced, merge};
pub use payload::{ApmFile, LibConfig};
pub use target::{Subject, TargetOf};

/// The product's name.
pub const PRODUCT: &str = "APM_TRACING";
