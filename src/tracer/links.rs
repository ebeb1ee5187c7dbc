//! How servers are reached: over the host's transport, or over transports of the library's own, which end together.

use super::build::{BuildError, Parts};
use crate::export::Link;
use crate::transport::{AgentTransport, Together, Transport};
use std::sync::Arc;

/// A transport of the library's own, to be interrupted when its user must end; `None`: the host sends.
pub(super) type OwnTransport = Option<Arc<dyn Transport>>;

/// The host's transport, or else the library's own.
pub(super) fn link(
    parts: &Parts,
    open: impl FnOnce() -> Result<AgentTransport, BuildError>,
) -> Result<(Link, OwnTransport), BuildError> {
    if let Some(begin) = &parts.transport {
        return Ok((Link::Host(Arc::clone(begin)), None));
    }
    let transport: Arc<dyn Transport> = Arc::new(open()?);
    Ok((Link::Blocking(Arc::clone(&transport)), Some(transport)))
}

/// The transports of one user, to be interrupted as one.
pub(super) fn together<const N: usize>(all: [OwnTransport; N]) -> OwnTransport {
    let mut all = all.into_iter().flatten();
    let first = all.next()?;
    Some(Arc::new(Together { first, others: all.collect() }))
}
