"""The providers there are, built when first used, and shared by the channel, its inbox and its reconciler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from runner.channels.linkedin.provider import ENTRY_POINTS, Provider, ProviderContext, ProviderFactory
from runner.engine.ports import Clock
from runner.model.channel import SecretRef
from runner.secrets import Secret


def _task(context: ProviderContext) -> Provider:
    from runner.channels.linkedin.task import TaskProvider

    return TaskProvider(context)


def _voyager(context: ProviderContext) -> Provider:
    from runner.channels.linkedin.voyager import VoyagerProvider

    return VoyagerProvider(context)


def _official(context: ProviderContext) -> Provider:
    from runner.channels.linkedin.official import OfficialProvider

    return OfficialProvider(context)


SHIPPED: Mapping[str, ProviderFactory] = {"task": _task, "voyager": _voyager, "official": _official}


class Providers:
    """Every provider by name. Also remembers how many invitations of an account were open when last read."""

    def __init__(
        self, secrets: Callable[[SecretRef], Secret], clock: Clock, extra: Mapping[str, ProviderFactory] | None = None
    ) -> None:
        self._context = ProviderContext(secrets, clock)
        self._extra = dict(extra or {})
        self._built: dict[str, Provider] = {}
        self._lock = threading.Lock()
        self.open_invitations: dict[str, int] = {}

    def names(self) -> tuple[str, ...]:
        """The names an account's `provider` may have, sorted."""
        found = {point.name for point in entry_points(group=ENTRY_POINTS)}
        return tuple(sorted(found | set(SHIPPED) | set(self._extra)))

    def find(self, name: str) -> Provider | None:
        """The provider called `name`; None when there is none. A shipped name cannot be taken by a package."""
        with self._lock:
            if name not in self._built:
                factory = self._extra.get(name) or SHIPPED.get(name) or _installed(name)
                if factory is None:
                    return None
                self._built[name] = factory(self._context)
            return self._built[name]

    def close(self) -> None:
        """Close every provider that was used."""
        with self._lock:
            for provider in self._built.values():
                provider.close()
            self._built.clear()


def _installed(name: str) -> ProviderFactory | None:
    for point in entry_points(group=ENTRY_POINTS, name=name):
        factory: ProviderFactory = point.load()
        return factory
    return None
