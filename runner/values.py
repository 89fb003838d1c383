"""Values of which every step makes several: frozen to mypy, and at run time as quick to make as any object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(made: type[T]) -> type[T]:
    """A dataclass with slots that nobody changes: mypy refuses to set a field, as it does with `frozen=True`.

    At run time nothing refuses it. There `frozen=True` sets each field by way of `object.__setattr__`, which takes
    five times as long, and the classes that a step is made of have a hundred fields: docs/adr/0026 has the figures.
    Everything else is a frozen dataclass.
    """
    return dataclass(slots=True, unsafe_hash=True)(made)
