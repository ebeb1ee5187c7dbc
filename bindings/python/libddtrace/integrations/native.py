"""What the library itself knows of web requests and of settings of integrations."""

from typing import Optional, Sequence

import libddtrace
from libddtrace import Span, SpanKind, telemetry
from libddtrace._load import native


def clean_url(url: str, is_client: bool) -> Optional[str]:
    """A URL as spans may show it: without user and password, and with secrets of its query hidden, by the settings."""
    return native.clean_url(libddtrace.tracer, SpanKind.CLIENT if is_client else SpanKind.SERVER, url)


def client_ip(headers: Sequence[tuple[str, str]], peer: Optional[str]) -> Optional[str]:
    """The address of a request's client; None if the settings do not want it."""
    return native.client_ip(libddtrace.tracer, headers, peer)


def is_http_error(status: int, is_client: bool) -> bool:
    """Whether a status is an error, by the settings."""
    return native.is_http_error(libddtrace.tracer, SpanKind.CLIENT if is_client else SpanKind.SERVER, status)


def set_header_tags(span: Span, headers: Sequence[tuple[str, str]], is_response: bool) -> None:
    """Sets the tags of the headers that the settings name."""
    span.set_header_tags(headers, is_response)


def integration_setting(name: str, key: str) -> Optional[str]:
    """`enabled`, `service` or `distributed_tracing` of an integration, from the environment or the files of stable configuration."""
    return native.integration_setting(name, key)


def report_integration(name: str, version: Optional[str], is_enabled: bool, is_automatic: bool, error: Optional[str]) -> None:
    """Tells telemetry of an integration."""
    telemetry.Telemetry(libddtrace.tracer).add_integration(name, version, enabled=is_enabled, auto_enabled=is_automatic, error=error)
