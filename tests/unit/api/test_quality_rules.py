"""The declared rules are those that the pipeline reports."""

from __future__ import annotations

import ast

from app.datasets.combine import DRILLS
from app.quality.rules import RULES
from pipeline import errors
from pipeline.steps import compare
from tests.conftest import CHECKOUT

#: The calls that take a rule as their second argument.
REPORTING = {"Issue", "report_many", "add_uncounted"}


def test_the_rules_are_those_of_the_pipeline() -> None:
    reported = {f"outlier_{drill}" for drill in DRILLS} | set(compare._RULES.values())
    reported |= {each.__name__ for each in vars(errors).values() if isinstance(each, type) and each in errors.LoadError.__subclasses__()}
    for path in (CHECKOUT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in REPORTING:
                match node.args[1:2]:
                    case [ast.Constant(str(rule))]:
                        reported.add(rule)
    assert sorted(reported) == sorted(RULES)
