"""What speeds an exit: odds ratios of fitted monthly hazards, by variable and value."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.core.errors import IdentificationWarning
from analysis.core.spells import SPELL_EXITS
from analysis.methods.cure.never_cure import OTHER
from analysis.statistics.hazards import MultinomialHazard

NO_WORK = "none"
"""Value of a column of work in months that saw none."""

RIDGE = 1e-2

_TREATMENT = re.compile(r"(?:C\()?(?P<variable>\w+)(?:,.*?\))?\)?\[T\.(?P<value>.*)\]")


def odds(coefficients: pd.DataFrame, exit_name: str = "cured") -> pd.DataFrame:
    """Odds ratios of leaving by an exit against staying, one row a coefficient but the intercept.

    `coefficients` is MultinomialHazard.coefficients()'s table. Returns variable, value (of a category, against the
    formula's first; empty for a number: per unit), coef, odds, odds_lower, odds_upper. Above 1 the exit comes
    sooner among accounts still open; of how many take it in the end it says nothing.
    """
    own = coefficients[(coefficients["exit"] == exit_name) & (coefficients["covariate"] != "Intercept")]
    parts = [_TREATMENT.fullmatch(name) for name in own["covariate"]]
    names = own["covariate"].tolist()
    return pd.DataFrame(
        {
            "variable": [m["variable"] if m else name for m, name in zip(parts, names, strict=True)],
            "value": [m["value"] if m else "" for m in parts],
            "coef": own["coef"].to_numpy(),
            "odds": np.exp(own["coef"].to_numpy()),
            "odds_lower": np.exp(own["lower"].to_numpy()),
            "odds_upper": np.exp(own["upper"].to_numpy()),
        }
    )


def readable(covariate: str) -> str:
    """Variable and value of a coefficient as a person would write them.

    >>> readable("C(product)[T.cash_loan]")
    'product: cash loan'
    """
    match = _TREATMENT.fullmatch(covariate)
    text = f"{match['variable']}: {match['value']}" if match else covariate
    return text.replace("_", " ")


class Hazards(NamedTuple):
    """Fitted monthly hazards: the model, the cells it was fitted on, and its coefficients, told with care.

    `coefficients` (exit, covariate, coef, se, lower, upper) are the model's, but for the economy's: every account
    meets the same economy, so its error is the larger of that with customers and that with months as clusters.
    """

    model: MultinomialHazard
    cells: pd.DataFrame
    coefficients: pd.DataFrame


def fit_hazards(
    at_risk: pd.DataFrame,
    covariates: Sequence[str],
    worked: Sequence[str] = (),
    level: float = 0.95,
    least: int = 30,
) -> Hazards:
    """Monthly hazards of all exits on the engine's cells of months at risk.

    A cure depends on the month of the spell, the bucket, covariates, work of the month before (`worked`, told
    against `none` where some months saw none; others against the commonest value) and, where it is there,
    `unemployment`. Charge-off goes by rule, so its hazard has a level for each product and bucket; the other exits
    one for each product. Values with fewer than `least` months at risk are pooled into `other`. A ridge keeps the
    coefficients of what never happened finite; they say no more than that.

    Raises InputError where nothing was cured, or covariates cannot be told apart.
    """
    names = ["state", "k", *covariates, *worked]
    cells = at_risk.assign(
        **{name: at_risk[name].astype(str) for name in names}, month_of=at_risk["month"].astype(str)
    )
    for name in names:
        cells[name] = _without_rare(cells, name, least)
    cells[CELL] = cells["product"] + ", " + cells["state"] if "product" in names else cells["state"]
    cells[CELL] = _without_rare(cells, CELL, least)
    terms = {name: _term(cells, name, name in worked) for name in names if cells[name].nunique() > 1}
    if "unemployment" in cells and cells["unemployment"].nunique() > 1:
        terms["unemployment"] = "unemployment"
    others = {name: terms.get("product", "1") for name in SPELL_EXITS if name != "cured" and cells[name].sum() > 0}
    if "charged_off" in others and cells[CELL].nunique() > 1:
        others["charged_off"] = _term(cells, CELL, False)
    formula = " + ".join(terms.values()) or "1"
    model = _fitted(cells, SPELL_EXITS, formula, others, "fold", level)
    table = model.coefficients()
    if "unemployment" in terms:
        by_month = _fitted(cells, ("cured",), formula, None, "month_of", level).coefficients()
        table = _wider(table, by_month, "unemployment")
    return Hazards(model, cells, table)


CELL = "product_state"
"""Product and bucket together: what a rule of charge-off goes by."""


def _without_rare(cells: pd.DataFrame, name: str, least: int) -> pd.Series:
    """The column with its rare values called `other`, unless that would only rename a single one."""
    months = cells.groupby(name)["at_risk"].sum()
    rare = months.index[(months < least) & (months.index != NO_WORK)]
    return cells[name].where(~cells[name].isin(rare), OTHER) if len(rare) > 1 else cells[name]


def _term(cells: pd.DataFrame, name: str, work: bool) -> str:
    months = cells.groupby(name)["at_risk"].sum()
    base = NO_WORK if work and NO_WORK in months.index else months.idxmax()
    return f'C({name}, contr.treatment("{base}"))'


def _fitted(
    cells: pd.DataFrame,
    exits: Sequence[str],
    formula: str,
    formulas: Mapping[str, str] | None,
    cluster: str,
    level: float,
) -> MultinomialHazard:
    with warnings.catch_warnings():
        # Exits that never happened, and cells of the charge-off rule without any, are what the ridge is for.
        warnings.simplefilter("ignore", IdentificationWarning)
        model = MultinomialHazard(exits=exits, alpha=1 - level)
        return model.fit(cells, formula=formula, formulas=formulas, cluster_col=cluster, ridge=RIDGE)


def _wider(table: pd.DataFrame, other: pd.DataFrame, covariate: str) -> pd.DataFrame:
    """The table with the other's error for a covariate of the cure, where that is larger."""
    row = (table["exit"] == "cured") & (table["covariate"] == covariate)
    told = other[(other["exit"] == "cured") & (other["covariate"] == covariate)].iloc[0]
    if float(told["se"]) <= float(table.loc[row, "se"].iloc[0]):
        return table
    half = (told["upper"] - told["lower"]) / 2
    coef = table.loc[row, "coef"]
    table = table.copy()
    table.loc[row, ["se", "lower", "upper"]] = np.column_stack([[told["se"]], coef - half, coef + half])
    return table
