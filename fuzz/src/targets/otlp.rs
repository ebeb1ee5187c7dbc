//! What a collector answers.

use ddtrace::wire::otlp::messages::ExportResponse;

/// The first byte chooses protobuf or JSON.
pub fn answers(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let content_type = if choice % 2 == 0 { "application/x-protobuf" } else { "application/json; charset=utf-8" };
    let _ = ExportResponse::read(content_type, body);
}
