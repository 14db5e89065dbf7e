"""Arithmetic of claim files: numbers, names, + − * / ** and parentheses, and nothing else."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping

OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def names_in(expression: str) -> set[str]:
    """Names that an expression uses. Raises ValueError for anything but arithmetic."""
    return {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)}


def check_names(expression: str, inputs: Collection[str]) -> None:
    """Raise ValueError where an expression isn't arithmetic, or its names aren't exactly the inputs."""
    used = names_in(expression)
    unknown, unused = used - set(inputs), set(inputs) - used
    if unknown:
        raise ValueError(f"'{expression}' uses {', '.join(sorted(unknown))}; the inputs are {', '.join(inputs)}")
    if unused:
        raise ValueError(f"'{expression}' does not use the inputs {', '.join(sorted(unused))}")


def evaluate(expression: str, inputs: Mapping[str, float]) -> float:
    """Value of an expression; NaN where it has none: a division by zero, a root of a negative number.

    >>> evaluate("(all - first) / rest * 100", {"all": 68, "first": 60, "rest": 40})
    20.0
    """
    try:
        value = _value(_parsed(expression).body, inputs)
    except (ZeroDivisionError, OverflowError):
        return float("nan")
    return float("nan") if isinstance(value, complex) else float(value)


def _parsed(expression: str) -> ast.Expression:
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        raise ValueError(f"'{expression}' is not arithmetic") from None
    for node in ast.walk(tree):
        allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.USub, ast.Name, ast.Load, *OPERATIONS)
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not number and not isinstance(node, allowed):
            raise ValueError(f"'{expression}': only numbers, names, + - * / ** and parentheses are allowed")
    return tree


def _value(node: ast.expr, inputs: Mapping[str, float]) -> float:
    match node:
        case ast.BinOp():
            return OPERATIONS[type(node.op)](_value(node.left, inputs), _value(node.right, inputs))
        case ast.UnaryOp():
            return -_value(node.operand, inputs)
        case ast.Name():
            return inputs[node.id]
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]
    raise ValueError(f"{type(node).__name__} is not arithmetic")
