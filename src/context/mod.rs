//! Trace state: sampling decision, origin, propagated tags, baggage.

mod baggage;
mod decision;
mod extracted;
mod printable;
mod product;
mod state;
mod text_range;
mod trace_tags;
mod user_id;

pub use baggage::Baggage;
pub use decision::{Decision, mechanism};
pub use extracted::Extracted;
pub(crate) use printable::printable;
pub use product::{PRODUCTS, Product, active_products, parse_products, set_active_products};
pub use state::TraceState;
pub use trace_tags::{DECISION_MAKER, KNUTH_RATE, PROPAGATED_PREFIX, TRACE_ID_HIGH, TraceTags};
pub(crate) use trace_tags::{TagView, trim_blanks};
