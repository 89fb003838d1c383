"""The condition language: parse, resolve and check the names, evaluate, and tell what was asked.

condition = parse_condition("email_failed and lead.score > 3")     # ConditionError with a place
condition, problems = resolve(condition, vocabulary)               # NameProblem: unknown names, wrong types
evaluate(condition, facts)                                         # True, False, or None for unknown
trace(condition, facts)                                            # [("email_failed", True), ("lead.score", 7)]
"""

from runner.lang.evaluation import Facts, StepFact, evaluate, trace
from runner.lang.grammar import RESERVED, SCOPES, Condition, ConditionError, parse_condition
from runner.lang.resolution import Meaning, NameProblem, Vocabulary, resolve

__all__ = [
    "RESERVED",
    "SCOPES",
    "Condition",
    "ConditionError",
    "Facts",
    "Meaning",
    "NameProblem",
    "StepFact",
    "Vocabulary",
    "evaluate",
    "parse_condition",
    "resolve",
    "trace",
]
