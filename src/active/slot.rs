//! A slot: what is active in one execution unit, and what was before in the scopes that are still open.
//!
//! Reading cleans up. If the active span is finished, its nearest open ancestor takes its place, so that spans need not be finished in
//! the reverse order of their activation. Where there is none, a context that was activated for a scope returns if the span's trace
//! began under it; else nothing is active.
//!
//! At most [`MAX_SCOPES`] scopes are remembered. Beyond them the oldest is forgotten: its token is then wrong.

use super::held::{Held, Scope};
use super::token::Tokens;
use crate::slot::HandleError;
use crate::span::{HandleKind, Nearest, Step, nearest_open};
use std::collections::VecDeque;

/// No more open scopes are remembered per slot.
pub const MAX_SCOPES: usize = 1024;

/// A slot.
#[derive(Debug)]
pub struct ActiveSlot {
    current: Option<Held>,
    /// The scope that was open in the slot that this one was copied from.
    inherited: Option<Scope>,
    saved: VecDeque<Saved>,
    tokens: Tokens,
}

/// What the end of a scope brings back.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) token: u64,
    pub(super) previous: Option<Held>,
    pub(super) scope: Option<Scope>,
}

/// What a change left over, to be dropped when the slot is neither borrowed nor locked.
#[must_use]
#[derive(Debug, Default)]
pub struct Leftover {
    _held: Option<Held>,
    _scope: Option<Scope>,
}

/// What reading found, a reference of its own, and what it left over.
pub(super) type Read = Result<(Option<Held>, Leftover), HandleError>;

impl ActiveSlot {
    /// An empty slot.
    pub fn new() -> Self {
        ActiveSlot { current: None, inherited: None, saved: VecDeque::new(), tokens: Tokens::new() }
    }

    /// A copy for a task: what is active here, and the innermost scope, but no tokens.
    pub fn copy(&self) -> Self {
        let scope = self.scopes().next().and_then(Scope::share);
        ActiveSlot { current: self.current.as_ref().and_then(Held::share), inherited: scope, ..ActiveSlot::new() }
    }

    /// What was activated last, finished or not.
    pub fn current(&self) -> Option<&Held> {
        self.current.as_ref()
    }

    /// Replaces what is active.
    pub fn replace(&mut self, value: Option<Held>) -> Leftover {
        Leftover { _held: std::mem::replace(&mut self.current, value), _scope: None }
    }

    /// Opens a scope: the token brings back what is active now.
    pub fn open_scope(&mut self, value: Option<Held>, scope: Option<Scope>) -> (u64, Leftover) {
        let oldest = if self.saved.len() >= MAX_SCOPES { self.saved.pop_front() } else { None };
        let token = self.tokens.draw();
        let previous = std::mem::replace(&mut self.current, value);
        self.saved.push_back(Saved { token, previous, scope });
        let leftover = oldest.map_or_else(Leftover::default, |oldest| Leftover { _held: oldest.previous, _scope: oldest.scope });
        (token, leftover)
    }

    /// Ends the innermost scope if the token's is open, and says whether the two are the same; if not, call it again. `None`: the token is
    /// wrong, and nothing was changed.
    pub fn close_scope(&mut self, token: u64) -> Option<(bool, Leftover)> {
        if !self.saved.iter().rev().any(|saved| saved.token == token) {
            return None;
        }
        let innermost = self.saved.pop_back()?;
        let replaced = std::mem::replace(&mut self.current, innermost.previous);
        Some((innermost.token == token, Leftover { _held: replaced, _scope: innermost.scope }))
    }

    /// What is active, after cleaning up.
    pub fn read(&mut self) -> Read {
        let Some(current) = &self.current else { return Ok((None, Leftover::default())) };
        let new = match settle(current, |step| self.scopes().find_map(|scope| context_at(scope, &step))) {
            Ok(Settled::Same(answer)) => return Ok((Some(answer), Leftover::default())),
            Ok(Settled::Changed(new)) => new,
            // Somebody freed more references than were his, the slot's among them.
            Err(HandleError::Stale | HandleError::Null) => None,
            Err(HandleError::Forked) => return Err(HandleError::Forked),
        };
        let answer = new.as_ref().and_then(Held::share);
        Ok((answer, self.replace(new)))
    }

    /// Open scopes of contexts, the innermost first.
    fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.saved.iter().rev().filter_map(|saved| saved.scope.as_ref()).chain(self.inherited.as_ref())
    }
}

impl Default for ActiveSlot {
    fn default() -> Self {
        Self::new()
    }
}

/// The outcome of a cleanup.
pub(super) enum Settled {
    /// It is still what is active; one reference more.
    Same(Held),
    /// This is active instead; a reference for the slot.
    Changed(Option<Held>),
}

/// Looks whether `current` is still what is active. `scope_at` finds the handle of the context that a walk meets.
pub(super) fn settle(current: &Held, scope_at: impl Fn(Step) -> Option<*mut std::ffi::c_void>) -> Result<Settled, HandleError> {
    let adopt = |kind, handle| Held::adopt(kind, handle, current.release());
    if current.kind() == HandleKind::Context {
        return current.share().map(Settled::Same).ok_or(HandleError::Stale);
    }
    // SAFETY: the handle was given out by this library.
    Ok(match unsafe { nearest_open(current.handle(), scope_at) }? {
        Nearest::Span(handle) if handle == current.handle() => Settled::Same(adopt(HandleKind::Span, handle)),
        Nearest::Span(handle) => Settled::Changed(Some(adopt(HandleKind::Span, handle))),
        // SAFETY: as above.
        Nearest::Instead(context) => unsafe {
            Settled::Changed(Held::reference(HandleKind::Context, context, current.release()).ok())
        },
        Nearest::Nothing => Settled::Changed(None),
    })
}

/// The scope's context, if that is where a walk is.
fn context_at(scope: &Scope, step: &Step) -> Option<*mut std::ffi::c_void> {
    let is_here = match step {
        Step::Ancestor(span) => scope.is_of_span(span),
        Step::End(trace_id) => scope.is_of_trace(*trace_id),
    };
    is_here.then(|| scope.context().handle())
}
