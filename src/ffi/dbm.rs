//! Database monitoring: statements that say which span they come from.

use super::guard::guard;
use super::handles::ddtrace_span;
use super::outcome::{of_handle, of_tag};
use super::span_tags::{change, snapshot_of, with_sink};
use super::status::{DDTRACE_ERR_UNSUPPORTED, ddtrace_status};
use super::text;
use super::types::DDTRACE_ABSENT;
use super::view::{decide_view, with_view_of_span};
use crate::config::DbmMode;
use crate::export::{Snapshot, SpanRef};
use crate::instrument::DbmComment;
use crate::record::{SpanView, base_hash};
use crate::span::{SpanGuard, TagValue, lock_recording};
use crate::tracer::Tracer;
use std::ffi::c_char;

/// For `ddtrace_span_dbm_comment`: percent signs are doubled, for drivers that take the statement for a pattern.
pub const DDTRACE_DBM_DOUBLE_PERCENT: u32 = 1;

/// Makes the comment that is to stand in front of a database statement, so that database monitoring finds the span that the statement comes from.
/// `DD_DBM_PROPAGATION_MODE` says what it tells: `disabled`, the default, nothing; `service` names services, environment and version;
/// `dynamic_service` adds a hash of what the process is; `full` adds the trace, for which the sampling decision is made if it is open. The
/// comment ends with a space and has no more to be done to it than to be put in front.
///
/// It reads `db.name`, `out.host` and `peer.service`, which the integration sets before. It sets `_dd.propagated_hash` or
/// `_dd.dbm_trace_injected`, where the comment tells of hash or trace.
///
/// @param span      borrowed: that of the statement, unfinished
/// @param flags     0, or DDTRACE_DBM_DOUBLE_PERCENT
/// @param buf, cap  receives the comment and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the comment's length without the NUL; DDTRACE_ABSENT: there is to be none, the span is finished or records nothing, or an argument
///         is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_dbm_comment(span: *mut ddtrace_span, flags: u32, buf: *mut c_char, cap: usize) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles and buffers.
        unsafe {
            let comment = make_comment(span, flags).ok().flatten();
            text::copy_out_optional(comment.as_deref(), buf, cap)
        }
    })
}

/// What a comment says before the trace is told, and what of that becomes a tag.
struct Begun {
    comment: DbmComment,
    mode: DbmMode,
}

unsafe fn make_comment(span: *mut ddtrace_span, flags: u32) -> Result<Option<String>, ddtrace_status> {
    if flags & !DDTRACE_DBM_DOUBLE_PERCENT != 0 {
        return Err(DDTRACE_ERR_UNSUPPORTED);
    }
    // SAFETY: the caller's promise; the lock is given back before others are taken.
    let begun = unsafe { lock_recording(span.cast()) }.map_err(of_handle)?.and_then(|span| begin(&span));
    let Some(Begun { mut comment, mode }) = begun else { return Ok(None) };
    if mode == DbmMode::Full {
        // SAFETY: as above.
        comment.traceparent = unsafe {
            with_view_of_span(span, |thread, view| {
                decide_view(thread, view);
                let is_kept = view.state.decision().is_some_and(|decision| decision.is_kept());
                Ok(format!("00-{:032x}-{:016x}-{:02x}", view.state.trace_id(), view.span_id, u8::from(is_kept)))
            })
        }?;
    }
    let tag = match (comment.base_hash.is_empty(), mode) {
        (false, _) => Some(("_dd.propagated_hash", comment.base_hash.as_str())),
        (true, DbmMode::Full) => Some(("_dd.dbm_trace_injected", "true")),
        (true, _) => None,
    };
    if let Some((key, value)) = tag {
        // SAFETY: as above.
        unsafe {
            change(span, |span| {
                with_sink(span, |sink| sink.set(key.as_bytes(), TagValue::Text(value.as_bytes())))?.map_err(of_tag)
            })
        }?;
    }
    Ok(Some(comment.text(flags & DDTRACE_DBM_DOUBLE_PERCENT != 0)))
}

/// `None`: there is to be no comment.
fn begin(span: &SpanGuard) -> Option<Begun> {
    let snapshot = snapshot_of(span).filter(|_| !span.is_finished)?;
    let settings = &snapshot.config.settings;
    let (identity, content) = (&settings.identity, &settings.content);
    let mode = content.dbm.mode;
    if mode == DbmMode::Disabled {
        return None;
    }
    let view = SpanRef { head: &span.head, runs: span.runs(), snapshot: &snapshot };
    let tag = |key: &str| view.text(key).unwrap_or_default().to_owned();
    let database = tag("db.name");
    let shown_as_database = content.peer_service_defaults && !database.is_empty();
    let tells_hash = mode == DbmMode::DynamicService || (mode == DbmMode::Service && content.dbm.with_base_hash);
    let comment = DbmComment {
        database_service: if shown_as_database { database.clone() } else { view.service().to_owned() },
        database,
        env: identity.env.clone().unwrap_or_default(),
        host: tag("out.host"),
        peer_service: tag("peer.service"),
        service: identity.service.clone(),
        version: identity.version.clone().unwrap_or_default(),
        base_hash: if tells_hash { hash_of_process(span, &snapshot).unwrap_or_default() } else { String::new() },
        traceparent: String::new(),
    };
    Some(Begun { comment, mode })
}

/// `None`: the process has no tags.
fn hash_of_process(span: &SpanGuard, snapshot: &Snapshot) -> Option<String> {
    let process_tags = snapshot.config.settings.identity.process_tags.as_deref()?;
    let link = span.slot().segment()?.lock().ok()?.tracer;
    let known_agent = Tracer::of_link(link).and_then(|tracer| tracer.pipeline().ok()?.known_agent());
    let knowledge = known_agent.map(|agent| agent.knowledge().1);
    let container = knowledge.as_ref().and_then(|knowledge| knowledge.info()?.container_tags_hash.as_deref());
    Some(base_hash(process_tags, container.unwrap_or_default()).to_string())
}
