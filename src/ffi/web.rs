//! What integrations of web servers and clients ask: header tags, queries in URLs, the client's address.

use super::guard::{guard, guard_status};
use super::handles::{ddtrace_span, ddtrace_tracer};
use super::instrument::snapshot_of;
use super::outcome::{of_handle, of_tag};
use super::span_tags::{self, with_sink};
use super::status::*;
use super::text;
use super::types::*;
use crate::instrument::client_ip;
use crate::span::{TagValue, lock_recording};
use std::borrow::Cow;
use std::ffi::c_char;

/// Copies out the tag that a header becomes by `DD_TRACE_HEADER_TAGS`.
///
/// @param tracer       borrowed
/// @param header, len  the header's name, in any case
/// @param is_response  0: a header of a request, anything else: of a response
/// @param buf, cap     receives the tag and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return the tag's length without the NUL; DDTRACE_ABSENT if the header becomes none, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_header_tag(
    tracer: *const ddtrace_tracer,
    header: *const c_char,
    len: usize,
    is_response: i32,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let found = snapshot_of(tracer).ok().zip(text::text(header, len).ok());
            let tag =
                found.as_ref().and_then(|(snapshot, header)| snapshot.config.header_tags().tag_of(header, is_response != 0));
            text::copy_out_optional(tag.as_deref(), buf, cap)
        }
    })
}

/// Sets the tags of those headers that `DD_TRACE_HEADER_TAGS` names. Values are trimmed; those of a repeated header are joined with commas.
///
/// @param span              borrowed
/// @param pairs, pairs_len  borrowed: as for `ddtrace_propagator_extract`
/// @param is_response       0: headers of a request, anything else: of a response
/// @return as `ddtrace_span_set_tag`
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_span_set_header_tags(
    span: *mut ddtrace_span,
    pairs: *const ddtrace_str,
    pairs_len: usize,
    is_response: i32,
) -> ddtrace_status {
    // SAFETY: the header's rules for handles and text.
    guard_status(|| unsafe {
        let pairs = header_pairs(pairs, pairs_len)?;
        let Some(locked) = lock_recording(span.cast()).map_err(of_handle)? else { return Ok(()) };
        let snapshot = span_tags::snapshot_of(&locked);
        drop(locked);
        let Some(snapshot) = snapshot else { return Ok(()) };
        let header_tags = snapshot.config.header_tags();
        if header_tags.is_empty() {
            return Ok(());
        }
        let mut tags: Vec<(Cow<'_, str>, String)> = Vec::new();
        for (name, value) in pairs {
            let Some(tag) = header_tags.tag_of(&name, is_response != 0) else { continue };
            match tags.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, joined)) => *joined = format!("{joined},{}", value.trim()),
                None => tags.push((tag, value.trim().to_owned())),
            }
        }
        span_tags::change(span, |span| {
            with_sink(span, |sink| {
                tags.iter().try_for_each(|(tag, value)| sink.set(tag.as_bytes(), TagValue::Text(value.as_bytes())))
            })?
            .map_err(of_tag)
        })
    })
}

/// Copies out a URL as the tag `http.url` may have it: without user and password, and with its query as the settings want it
/// (`DD_HTTP_SERVER_TAG_QUERY_STRING`, `DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING`, `DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP`).
///
/// @param tracer    borrowed
/// @param kind      DDTRACE_SPAN_KIND_CLIENT: of a client; anything else: of a server
/// @param url, len  the URL, or a part of it from the path on
/// @param buf, cap  receives the URL and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return its length without the NUL; DDTRACE_ABSENT if an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_clean_url(
    tracer: *const ddtrace_tracer,
    kind: i32,
    url: *const c_char,
    len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let found = snapshot_of(tracer).ok().zip(text::text(url, len).ok());
            let url = found.map(|(snapshot, url)| snapshot.query_strings.url(&url, kind != DDTRACE_SPAN_KIND_CLIENT));
            text::copy_out_optional(url.as_deref(), buf, cap)
        }
    })
}

/// Copies out the query of a URL with what looks like a secret hidden, see `DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP`.
///
/// @param tracer      borrowed
/// @param query, len  the query, without the question mark
/// @param buf, cap    receives the query and a NUL, cut to `cap` bytes; may be NULL with 0
/// @return its length without the NUL; DDTRACE_ABSENT if spans must not show it, because the pattern of the settings cannot be used, or if an
///         argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_obfuscate_query(
    tracer: *const ddtrace_tracer,
    query: *const c_char,
    len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let found = snapshot_of(tracer).ok().zip(text::text(query, len).ok());
            let shown = found.as_ref().and_then(|(snapshot, query)| snapshot.query_strings.shown(query));
            text::copy_out_optional(shown.as_deref(), buf, cap)
        }
    })
}

/// Copies out the address of a request's client, as the tag `http.client_ip` has it: from the headers that proxies set, or the peer's.
///
/// @param tracer              borrowed
/// @param pairs, pairs_len    borrowed: the request's headers, as for `ddtrace_propagator_extract`
/// @param peer_or_null, peer_len  the address of the other end of the connection
/// @param buf, cap            receives the address and a NUL; 46 bytes are enough
/// @return its length without the NUL; DDTRACE_ABSENT if `DD_TRACE_CLIENT_IP_ENABLED` is off, there is no address, or an argument is wrong
///
/// Threads: any. Since: 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddtrace_tracer_client_ip(
    tracer: *const ddtrace_tracer,
    pairs: *const ddtrace_str,
    pairs_len: usize,
    peer_or_null: *const c_char,
    peer_len: usize,
    buf: *mut c_char,
    cap: usize,
) -> usize {
    guard(DDTRACE_ABSENT, || {
        // SAFETY: the header's rules for handles, text and buffers.
        unsafe {
            let find = || {
                let snapshot = snapshot_of(tracer).ok()?;
                let settings = snapshot.config.settings.web.client_ip.as_ref()?;
                let pairs = header_pairs(pairs, pairs_len).ok()?;
                let peer = text::optional_text(peer_or_null, peer_len).ok()?;
                let value = |name: &str| {
                    let found = pairs.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.as_ref())
                };
                client_ip(settings, value, peer.as_deref())
            };
            text::copy_out_optional(find().map(|address| address.to_string()).as_deref(), buf, cap)
        }
    })
}

/// Name and value of a header.
type HeaderPair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// # Safety
///
/// The header's rules for text.
unsafe fn header_pairs<'a>(pairs: *const ddtrace_str, pairs_len: usize) -> Result<Vec<HeaderPair<'a>>, ddtrace_status> {
    // SAFETY: the caller's promise.
    let texts = unsafe { text::array(pairs, pairs_len.saturating_mul(2)) }?;
    let pairs = texts.chunks_exact(2).map(|pair| match pair {
        // SAFETY: the caller's promise.
        [name, value] => unsafe {
            Ok((text::optional_str(*name)?.unwrap_or_default(), text::optional_str(*value)?.unwrap_or_default()))
        },
        _ => Err(DDTRACE_ERR_INVALID),
    });
    pairs.collect()
}
