"""What a message may weigh."""

from __future__ import annotations

MAX_FILES_BYTES = 18 * 1024 * 1024
"""What may be attached in all: base64 adds a third, and Gmail and Exchange Online take 25 MB a message."""
