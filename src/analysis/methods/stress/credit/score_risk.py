"""How much riskier than their product's other accounts those of a score band are, at opening and by bucket."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.core.errors import InputError

Array = npt.NDArray[np.float64]

PRIOR = 10.0
"""Expected defaults that an estimate weighs as much as what it is drawn towards: all products together, and 1."""
COLUMNS = ("month", "product", "score_band", "state", "accounts", "defaults")


@dataclass(frozen=True)
class ScoreRisk:
    """Standardised default ratios by product, score band and bucket; 1 for what was not seen.

    A ratio r stands for hazards r times those of the product's bucket as a whole: a probability of default p over
    any time becomes 1 − (1 − p)^r.
    """

    ratios: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))

    def of(self, product: pd.Series, band: pd.Series, bucket: pd.Series | str) -> Array:
        """Ratio of each account."""
        if not len(self.ratios):
            return np.ones(len(product))
        bucket = pd.Series(bucket, product.index) if isinstance(bucket, str) else bucket.astype(str)
        asked = pd.MultiIndex.from_arrays([product.astype(str), band.astype(str), bucket])
        return np.asarray(self.ratios.reindex(asked).fillna(1.0).to_numpy(float))


def score_risk(cells: pd.DataFrame) -> ScoreRisk:
    """Ratios from the panel's default_cells().

    Numerator: defaults within a year of the accounts of a band; denominator: those expected had they defaulted at
    the rate of all accounts of their product and bucket in the same year (indirect standardisation: Breslow and
    Day 1987, Statistical Methods in Cancer Research II, ch. 2). Few defaults say little: each bucket's ratio over
    all products is drawn towards 1, and each product's towards that, as gamma priors worth PRIOR defaults do
    (Clayton and Kaldor 1987, Biometrics 43, 671–681, with the prior's weight set instead of estimated). Above 1 is
    riskier. Bands without a score are compared like any other.

    A ratio is taken to hold over life, though differences between bands at opening wear off. Raises InputError for
    cells that lack a column.
    """
    missing = [name for name in COLUMNS if name not in cells]
    if missing:
        raise InputError(f"default cells: {', '.join(missing)} missing; pass {', '.join(COLUMNS)}")
    rows = cells.assign(**{name: cells[name].astype(str) for name in ("product", "score_band", "state")})
    rows = rows[rows["accounts"] > 0]
    if rows["score_band"].nunique() < 2:
        return ScoreRisk()
    alike = rows.groupby(["month", "product", "state"])[["accounts", "defaults"]].transform("sum")
    rows = rows.assign(expected=rows["accounts"] * alike["defaults"] / alike["accounts"])
    wide = rows.groupby(["score_band", "state"])[["defaults", "expected"]].sum()
    pooled = (wide["defaults"] + PRIOR) / (wide["expected"] + PRIOR)
    own = rows.groupby(["product", "score_band", "state"])[["defaults", "expected"]].sum()
    towards = pooled.reindex(own.index.droplevel("product")).to_numpy()
    return ScoreRisk((own["defaults"] + PRIOR * towards) / (own["expected"] + PRIOR))


def scaled(chance: npt.ArrayLike, ratio: npt.ArrayLike) -> Array:
    """Probability with its hazard multiplied: 1 − (1 − p)^r, within 0 and 1."""
    p = np.clip(np.asarray(chance, float), 0.0, 1.0)
    return np.asarray(1.0 - (1.0 - p) ** np.asarray(ratio, float))


def relative_loss(chance: npt.ArrayLike, ratio: npt.ArrayLike) -> Array:
    """scaled() ÷ p: by what an expected loss in proportion to p changes; the ratio itself where p is 0."""
    p = np.clip(np.asarray(chance, float), 0.0, 1.0)
    times = np.asarray(ratio, float)
    return np.asarray(np.divide(scaled(p, times), p, out=np.array(np.broadcast_to(times, p.shape)), where=p > 0))


def band_table(book: pd.DataFrame) -> pd.DataFrame:
    """Performing accounts by score band: score_band, accounts, pd_opening, pd_now, stage_2, share of them.

    `book`: staged_book()'s, with score_band. PDs are means over accounts, over what is left of each one's life;
    accounts in default are left out.
    """
    rows = book[book["stage"] < 3].assign(stage_2=lambda frame: (frame["stage"] == 2).astype(int))
    found = rows.groupby("score_band").agg(
        accounts=("stage", "size"),
        pd_opening=("pd_opening", "mean"),
        pd_now=("pd_now", "mean"),
        stage_2=("stage_2", "sum"),
    )
    return found.assign(share=found["stage_2"] / found["accounts"]).reset_index()
