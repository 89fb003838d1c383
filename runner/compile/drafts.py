"""A sequence file as far as it can be understood: what the checks look at, also when parts of it are broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from runner.compile import values
from runner.compile.paths import Entry, explore
from runner.compile.vocabulary import CAMPAIGN_FIELDS
from runner.lang.conditions import Condition, ConditionError, Meaning, NameProblem, Vocabulary, parse_condition, resolve
from runner.lang.durations import Duration
from runner.lang.source import Key, Source
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.graph import SKIPPED, StepGraph, outcomes_of
from runner.model.sequence import (
    ChannelStep,
    EndStep,
    Retry,
    SequenceConfig,
    StepBody,
    Variant,
    WaitForStep,
    WaitStep,
)  # fmt: skip

KINDS = ("channel", "wait", "wait_for", "end")
EVENTS_OF = {
    ChannelType.EMAIL: ("replied", "bounced", "opened", "clicked", "unsubscribed", "complained", "auto_replied"),
    ChannelType.LINKEDIN: ("accepted", "replied"),
    ChannelType.CONTACT_FORM: ("replied",),
    ChannelType.PHONE: (),
}
CHANNELS = {channel.value: channel for channel in ChannelType}
_EVENTS = {event.value: event for event in EventKind}
_DEFAULT = ChannelStep(ChannelType.EMAIL)


@dataclass(frozen=True, slots=True)
class ConditionDraft:
    """A step's condition: parsed and resolved as far as it goes, or the error that stopped the parser."""

    text: str
    condition: Condition | None
    error: ConditionError | None = None
    problems: tuple[NameProblem, ...] = ()


@dataclass(slots=True)
class StepDraft:
    """One item of `steps:`. `body` is None where the kind of step or a part it needs is not clear."""

    index: int
    raw: Mapping[str, Any]
    id: str | None
    kinds: tuple[str, ...]
    channel: ChannelType | None
    body: StepBody | None
    condition: ConditionDraft | None = None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How it can end, `skipped` included; empty where the kind is not clear."""
        return (*outcomes_of(self.body), SKIPPED) if self.body is not None else ()

    @property
    def events(self) -> tuple[str, ...]:
        """What the world can do to it."""
        if not isinstance(self.body, ChannelStep):
            return ()
        if self.body.channel is ChannelType.LINKEDIN and self.body.action == "message":
            return ("replied",)
        return EVENTS_OF[self.body.channel]

    @property
    def routes(self) -> dict[str, str]:
        """The routes as written, outcome to target; `*` is a target for every outcome."""
        following = self.raw.get("next")
        if isinstance(following, str):
            return {"*": following}
        if isinstance(following, dict):
            return {outcome: target for outcome, target in following.items() if isinstance(target, str)}
        return {}

    @property
    def templates(self) -> tuple[tuple[tuple[Key, ...], str], ...]:
        """Every template it names, with the path inside the step."""
        found: list[tuple[tuple[Key, ...], str]] = []
        if isinstance(name := self.raw.get("template"), str):
            found.append((("template",), name))
        variants = self.raw.get("variants")
        for place, variant in enumerate(variants if isinstance(variants, list) else ()):
            if isinstance(variant, dict) and isinstance(name := variant.get("template"), str):
                found.append((("variants", place, "template"), name))
        return tuple(found)


@dataclass
class SequenceDraft:
    """A sequence file under compilation. `broken` holds the paths that earlier stages complained about."""

    source: Source
    name: str
    steps: tuple[StepDraft, ...]
    templates: Mapping[str, str]
    lead_fields: Mapping[str, str]
    required_fields: frozenset[str] = frozenset()
    campaign_vars: Mapping[str, object] = field(default_factory=dict)
    broken: set[tuple[Key, ...]] = field(default_factory=set)
    stem: str | None = None
    template_files: Mapping[str, str] = field(default_factory=dict)
    max_emails: int = 4
    fields_are_known: bool = True
    graph: StepGraph | None = None
    graph_config: SequenceConfig | None = None
    texts: tuple[Any, ...] | None = None

    @cached_property
    def by_id(self) -> dict[str, StepDraft]:
        """The steps by id; the first of two with one id."""
        found: dict[str, StepDraft] = {}
        for step in self.steps:
            if step.id is not None:
                found.setdefault(step.id, step)
        return found

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """What is possible when each step is entered; empty where the graph is missing or cannot be judged."""
        return (explore(self.graph) or {}) if self.graph is not None else {}

    @cached_property
    def vars(self) -> dict[str, object]:
        """The sequence's own `vars`."""
        given = self.source.data.get("vars")
        return dict(given) if isinstance(given, dict) else {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every name its conditions may use."""
        names: dict[str, Meaning] = {}
        for step_id, step in self.by_id.items():
            names[step_id] = Meaning((step_id,), step.outcomes, step.events, open=step.body is None)
        for channel, steps in self._by_channel().items():
            ids = tuple(step.id for step in steps if step.id is not None)
            outcomes = dict.fromkeys(outcome for step in steps for outcome in step.outcomes)
            events = dict.fromkeys(event for step in steps for event in step.events)
            unclear = any(step.body is None for step in steps)
            names.setdefault(channel, Meaning(ids, tuple(outcomes), tuple(events), open=unclear))
        if not self.fields_are_known:
            return Vocabulary(names)
        variables = {name: kind_of(value) for name, value in {**self.campaign_vars, **self.vars}.items()}
        return Vocabulary(names, {"lead": self.lead_fields, "campaign": CAMPAIGN_FIELDS, "vars": variables})

    def _by_channel(self) -> dict[str, list[StepDraft]]:
        found: dict[str, list[StepDraft]] = {}
        for step in self.steps:
            if step.channel is not None:
                found.setdefault(step.channel.value, []).append(step)
        return found

    def is_broken(self, *path: Key) -> bool:
        """Whether an earlier stage complained about this place or one above it."""
        return bool(self.broken) and any(path[:length] in self.broken for length in range(1, len(path) + 1))


def kind_of(value: object) -> str:
    """The type of a variable's value, as the condition language names types."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "any"


def read_steps(data: Mapping[str, Any]) -> tuple[StepDraft, ...]:
    """The steps of a sequence file, each as far as it can be understood."""
    items = data.get("steps")
    defaults = data.get("defaults")
    shared = defaults if isinstance(defaults, dict) else {}
    return tuple(
        _read_step(index, item, shared)
        for index, item in enumerate(items if isinstance(items, list) else ())
        if isinstance(item, dict)
    )


def _read_step(index: int, raw: Mapping[str, Any], defaults: Mapping[str, Any]) -> StepDraft:
    kinds = tuple(kind for kind in KINDS if kind in raw)
    name = raw.get("channel")
    channel = CHANNELS.get(name) if isinstance(name, str) else None
    step_id = raw.get("id")
    body = _body(raw, kinds[0], channel, defaults) if len(kinds) == 1 else None
    return StepDraft(index, raw, step_id if isinstance(step_id, str) else None, kinds, channel, body)


def _body(
    raw: Mapping[str, Any], kind: str, channel: ChannelType | None, defaults: Mapping[str, Any]
) -> StepBody | None:
    match kind:
        case "channel":
            return _channel_body(raw, channel, defaults) if channel is not None else None
        case "wait":
            waited = values.duration(raw["wait"])
            return WaitStep(waited) if waited is not None else None
        case "wait_for":
            step, _, event = str(raw["wait_for"]).partition(".")
            timeout = values.duration(raw.get("timeout")) or Duration()
            return WaitForStep(step, _EVENTS[event], timeout) if event in _EVENTS else None
        case _:
            return EndStep()


_SETTINGS = ("assignee", "on_refused", "note", "format", "attachments", "images")


def _channel_body(raw: Mapping[str, Any], channel: ChannelType, defaults: Mapping[str, Any]) -> ChannelStep | None:
    action = raw.get("action", "auto") if channel is ChannelType.LINKEDIN else ""
    if action not in ("", "auto", "connect", "message"):
        return None
    settings = {key: raw[key] for key in _SETTINGS if key in raw}
    thread = raw.get("thread")
    return ChannelStep(
        channel=channel,
        variants=_variants(raw),
        action=action,
        thread=thread if isinstance(thread, str) else None,
        retry=_retry(raw.get("retry", defaults.get("retry"))),
        settle=values.elapsed(raw.get("settle", defaults.get("settle")), _DEFAULT.settle),
        timeout=values.duration(raw.get("timeout")) or _DEFAULT.timeout,
        expires_after=values.duration(raw.get("expires_after", defaults.get("expires_after")))
        or _DEFAULT.expires_after,
        send_window=_window(raw.get("send_window", defaults.get("send_window"))),
        settings=settings,
    )


def _window(value: Any) -> Any:
    try:
        return values.window(value)
    except (KeyError, ValueError, AttributeError, TypeError):
        return None  # the schema has said what is wrong with it


def _retry(value: Any) -> Retry:
    count = value.get("count") if isinstance(value, dict) else None
    if not isinstance(count, int):
        return Retry()
    return Retry(count, values.duration(value.get("delay")) or Duration(elapsed=timedelta(hours=24)))


def _variants(raw: Mapping[str, Any]) -> tuple[Variant, ...]:
    if isinstance(template := raw.get("template"), str):
        return (Variant("default", template),)
    variants = raw.get("variants")
    return tuple(
        Variant(variant["id"], variant["template"], variant.get("weight", 1))
        for variant in (variants if isinstance(variants, list) else ())
        if isinstance(variant, dict) and isinstance(variant.get("id"), str) and isinstance(variant.get("template"), str)
        and isinstance(variant.get("weight", 1), int)
    )  # fmt: skip


def read_condition(text: object, vocabulary: Vocabulary) -> ConditionDraft | None:
    """A condition as written, parsed and with its names looked up; None where it is not a text."""
    if not isinstance(text, str):
        return None
    try:
        parsed = parse_condition(text)
    except ConditionError as error:
        return ConditionDraft(text, None, error)
    condition, problems = resolve(parsed, vocabulary)
    return ConditionDraft(text, condition, None, tuple(problems))


def attach_conditions(draft: SequenceDraft) -> None:
    """Read every step's condition, now that all names are known."""
    for step in draft.steps:
        step.condition = read_condition(step.raw.get("condition"), draft.vocabulary)


def ids(steps: Iterable[StepDraft]) -> list[str]:
    """The ids of some steps, those that have one."""
    return [step.id for step in steps if step.id is not None]
