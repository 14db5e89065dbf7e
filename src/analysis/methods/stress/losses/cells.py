"""Cells of like accounts, and the common factors that move them: what a loss distribution is drawn from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError, ParameterError

Array = npt.NDArray[np.float64]

CELL = ("product", "pd", "lgd", "ead", "accounts")


def group_accounts(accounts: pd.DataFrame, pd_bands: int = 20, loss_bands: int = 5) -> pd.DataFrame:
    """Cells of accounts of one product that are alike in PD and in loss on default.

    `accounts`: product, pd, lgd, ead, a row an account. Within each product accounts are cut at quantiles of the
    PD into `pd_bands`, and within those at quantiles of lgd × ead into `loss_bands`. Returns product, pd (mean),
    lgd, ead, accounts, lost_spread. Expected loss is kept exactly: lgd and ead are means weighted by PD, lgd by PD
    × ead. What grouping loses is the spread of losses within a cell: `lost_spread` is the share of E[loss²] on
    default that is lost, 0 where all are equal; it matters for lumpy books and little for retail.
    """
    _check(accounts, CELL[:-1])
    loss, product = accounts["lgd"] * accounts["ead"], accounts["product"].astype(str)
    by_pd = _bands(accounts["pd"], [product], pd_bands)
    keys = pd.DataFrame({"product": product, "by_pd": by_pd})
    keys["by_loss"] = _bands(loss, [product, keys["by_pd"]], loss_bands)
    chance = accounts["pd"].clip(lower=1e-12)
    parts = keys.assign(pd=accounts["pd"], chance=chance, ead=chance * accounts["ead"], loss=chance * loss)
    parts = parts.assign(square=chance * loss**2, accounts=1)
    sums = parts.groupby(list(keys)).sum().reset_index()
    cells = sums[["product"]].assign(pd=sums["pd"] / sums["accounts"])
    cells["lgd"] = _ratio(sums["loss"], sums["ead"], 0.0)
    cells = cells.assign(ead=sums["ead"] / sums["chance"], accounts=sums["accounts"])
    spread = 1.0 - _ratio(sums["loss"] ** 2, sums["square"] * sums["chance"], 1.0)
    return cells.assign(lost_spread=np.maximum(spread, 0.0))


def _ratio(above: pd.Series, below: pd.Series, otherwise: float) -> Array:
    """above ÷ below, and `otherwise` where nothing is below."""
    under = below.to_numpy(float)
    return np.divide(above.to_numpy(float), under, out=np.full(len(under), otherwise), where=under > 0)


def _bands(values: pd.Series, within: list[pd.Series], count: int) -> npt.NDArray[np.int64]:
    """Band of each value by its rank among those `within` the same group; ties stay together."""
    rank = values.groupby(within).rank(method="min", pct=True)
    return np.minimum((rank * count).to_numpy(), count - 1e-9).astype(np.int64)


def check_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells; raises InputError naming the column that is missing or holds a value that cannot be."""
    _check(cells, CELL)
    number = cells["accounts"].to_numpy(float)
    if not ((number >= 0) & (number == np.floor(number))).all():
        raise InputError("cells: accounts must be whole numbers, 0 or more: one row counts like accounts")
    return cells


def _check(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputError(f"cells: {', '.join(missing)} missing; pass {', '.join(columns)}")
    if frame.empty:
        raise InputError("cells: no rows; pass at least one cell of accounts")
    for name, most in (("pd", 1.0), ("lgd", 1.0), ("ead", np.inf)):
        wrong = ~frame[name].between(0.0, most)
        if wrong.any():
            first = frame.loc[wrong, name].iloc[0]
            allowed = "0 or more" if most > 1 else "from 0 to 1 (fractions, 0.05 for 5%)"
            raise InputError(
                f"cells: {name} must be {allowed}; {int(wrong.sum()):,} rows differ, the first {first}"
            )


def product_correlation(correlation: Mapping[str, float] | float, products: list[str]) -> Array:
    """Asset correlation of each product, shape (products,), from one number or one for each by name."""
    if not isinstance(correlation, Mapping):
        correlation = dict.fromkeys(products, float(correlation))
    missing = [name for name in products if name not in correlation]
    if missing:
        raise ParameterError(f"correlation has none for {', '.join(missing)}; give each product one, such as 0.05")
    rho = np.array([float(correlation[name]) for name in products])
    if not ((rho >= 0) & (rho < 1)).all():
        raise ParameterError(f"correlation is {rho.tolist()}; each must be 0 or more and below 1, such as 0.15")
    return rho


def factor_loadings(between: pd.DataFrame | float, products: list[str]) -> Array:
    """A square root of the correlation matrix of the products' factors, (products, products).

    `between`: the correlation of any two products' factors (1.0: one common factor), or a matrix with products as
    index and columns. Raises ParameterError where the matrix lacks a product or is no correlation matrix.
    """
    size = len(products)
    if not isinstance(between, pd.DataFrame):
        matrix = np.full((size, size), float(between)) + (1.0 - float(between)) * np.eye(size)
    else:
        missing = [name for name in products if name not in between.index or name not in between.columns]
        if missing:
            raise ParameterError(f"factor correlation lacks {', '.join(missing)}; name every product in both axes")
        matrix = between.loc[products, products].to_numpy(float)
    values, vectors = np.linalg.eigh(matrix)
    if not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1.0) or values.min() < -1e-9:
        raise ParameterError(
            "factor correlation is no correlation matrix: it must be symmetric with 1 on its diagonal and have no "
            f"negative eigenvalue (smallest: {values.min():.3g}); move the correlations towards 0"
        )
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
