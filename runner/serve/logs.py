"""Logging of `serve`: one event a line, a stable name first, for people or as JSON. Never a secret, never a body."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

import structlog


class _Stderr:
    """The standard error of the moment: whoever redirects it later gets the log, too."""

    def write(self, text: str) -> int:
        """Write to where errors go now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Let nothing wait."""
        sys.stderr.flush()


def set_up_logs(output: str = "text", level: int = logging.INFO) -> None:
    """Send log events to stderr as text or JSON, with the time in UTC."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if output == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )
