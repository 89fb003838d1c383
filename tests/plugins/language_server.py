"""A small editor: drives the real yaml-language-server over stdio (LSP base protocol, JSON-RPC 2.0)."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

SERVER = Path(".venv/node/node_modules/yaml-language-server/bin/yaml-language-server")
PATIENCE = 30.0
"""Seconds of the machine's time that one answer may take."""


class Editor:
    """One editor window on a folder. Use as a context manager."""

    def __init__(self, node: str, server: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [node, str(server), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"]},
        )
        self._folder = folder
        self._opened: list[str] = []
        self._uris: dict[str, str] = {}
        self._number = 0
        self._answers: dict[int, Queue[Any]] = {}
        self._published: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        capabilities = {"textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}}}
        self.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
        self._notify("initialized", {})
        settings = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
        self._notify("workspace/didChangeConfiguration", {"settings": {"yaml": settings}})

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def open(self, name: str, text: str) -> list[dict[str, Any]]:
        """Open a text as the file `name` and return what the server underlines in it."""
        path = self._folder / name
        # Each text is a document of its own: a server that still works on the old text of a name would answer for it.
        uri = path.with_name(f"{path.stem}-{len(self._opened)}{path.suffix}").as_uri()
        self._opened.append(uri)
        self._uris[name] = uri
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})
        return self._underlined(uri)

    def _underlined(self, uri: str) -> list[dict[str, Any]]:
        while True:
            published = self._published.get(timeout=PATIENCE)
            if published["uri"] == uri:
                return list(published["diagnostics"])

    def completions(self, name: str, line: int, column: int) -> dict[str, dict[str, Any]]:
        """What the editor offers at a place (from 0), by label."""
        where = {"textDocument": {"uri": self._uris[name]}}
        answer = self.ask("textDocument/completion", where | {"position": {"line": line, "character": column}})
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: item for item in items}

    def hover(self, name: str, line: int, column: int) -> str:
        """The words shown when the pointer rests on a place (from 0)."""
        where = {"textDocument": {"uri": self._uris[name]}}
        answer = self.ask("textDocument/hover", where | {"position": {"line": line, "character": column}})
        return str(answer["contents"]["value"]) if answer else ""

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and wait for its result."""
        self._number += 1
        queue = self._answers[self._number] = Queue()
        self._send({"id": self._number, "method": method, "params": params})
        try:
            message = queue.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"no answer to {method} in {PATIENCE:g} s") from None
        assert "error" not in message, message
        return message["result"]

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            if not header.lower().startswith(b"content-length:"):
                continue
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._published.put(message["params"])
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": _answer(message)})
        elif message.get("id") in self._answers:
            self._answers.pop(message["id"]).put(message)


def _answer(request: dict[str, Any]) -> Any:
    """What the server asks an editor: settings, which it was sent already, and registrations."""
    if request["method"] == "workspace/configuration":
        return [None for _ in request["params"]["items"]]
    return None
