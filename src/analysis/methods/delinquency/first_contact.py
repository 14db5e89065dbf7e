"""How long debtors wait for a contact, and how cure goes with the delay of the first one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.statistics.jackknife import fold_counts, jackknife_error, leave_one_out, share_limits, t_quantile
from analysis.statistics.strata import standardised_rates

Array = NDArray[np.float64]

QUARTILES = (0.25, 0.5, 0.75)


def contact_curves(delays: pd.DataFrame, by: Sequence[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Share of spells contacted by each day after the due date.

    `delays` are counts of spells: milestone, `by`, fold, days, contacted, ended, open. Returns milestone, `by`,
    days, at_risk, contacted, `share` with limits and `incidence`.

    `share` is 1 − the Kaplan–Meier curve: spells that ended, or still wait, leave the risk set, so it is how fast
    contact comes to those who are still overdue (Kaplan and Meier 1958, JASA 53, 457–481). `incidence` counts
    spells that ended first as never contacted: the share of all spells that had a contact by then (Aalen and
    Johansen 1978, Scandinavian Journal of Statistics 5, 141–150). Limits are symmetric in log(−log) of the curve,
    with the jackknife's error over folds of customers; missing where the curve is 0 or 1.

        milestone  days  at_risk  contacted  share  share_lower  share_upper  incidence
        attempt_1     1      812         97  0.119        0.095        0.148      0.119
    """
    parts = [_curve(part, level).assign(**key) for key, part in _groups(delays, ["milestone", *by])]
    columns = [
        "milestone",
        *by,
        "days",
        "at_risk",
        "contacted",
        "share",
        "share_lower",
        "share_upper",
        "incidence",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def contact_quartiles(delays: pd.DataFrame, by: Sequence[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Days after the due date by which a quarter, half and three quarters of spells are contacted.

    One row a milestone, `by` and quartile: quartile, days, days_lower, days_upper, spells, contacted, ended, open.
    Read off `share` of `contact_curves`; the limits are the days at which its limits cross the quartile
    (Brookmeyer and Crowley 1982, Biometrics 38, 29–41). Missing where a curve does not get that far.
    """
    keys = ["milestone", *by]
    curves, counts = contact_curves(delays, by, level), ["contacted", "ended", "open"]
    rows = []
    for key, part in _groups(delays, keys):
        curve = curves[_matches(curves, key)]
        total = part[counts].sum()
        for quartile in QUARTILES:
            found = {
                name: _first_day(curve, column, quartile)
                for name, column in (
                    ("days", "share"),
                    ("days_lower", "share_upper"),
                    ("days_upper", "share_lower"),
                )
            }
            rows.append({**key, "quartile": quartile, **found, "spells": int(total.sum()), **total})
    columns = [*keys, "quartile", "days", "days_lower", "days_upper", "spells", *counts]
    return pd.DataFrame(rows, columns=columns)


def cure_rates(cells: pd.DataFrame, by: Sequence[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Cure by delay of the first contact among spells still overdue at the landmark; an association, not an
    effect.

    `cells` are counts: delay_band, delay_order, bucket, balance_band, `by`, fold, months, spells, cured. Returns
    `by`, months, delay_band, delay_order, spells, cured, `rate` (cured ÷ spells) and `adjusted` with limits, and
    covered.

    Comparing spells by whether and when they were contacted credits late contact with having lived long enough to
    be contacted; looking only at those still overdue at a landmark, with contacts before it, does not (Anderson,
    Cain and Gelber 1983, Journal of Clinical Oncology 1, 710–719). `adjusted` is standardised to the mix of bucket
    and balance of all bands together, over the strata in which every band occurs (`covered` of the spells). Whom
    collectors call first is not drawn by lot, so what is left may still be a difference of customers.
    """
    parts = [_cure(part, level).assign(**key) for key, part in _groups(cells, [*by, "months"])]
    rates = ["rate", "rate_lower", "rate_upper", "adjusted", "adjusted_lower", "adjusted_upper", "covered"]
    columns = [*by, "months", "delay_band", "delay_order", "spells", "cured", *rates]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def pool_late_bands(cells: pd.DataFrame, least: int = 100) -> pd.DataFrame:
    """The cells of `cure_by_delay` with the latest bands put together until they hold at least so many spells.

    A comparison within equal mix uses only strata in which every band occurs, so one nearly empty band would
    leave nothing to compare. The pooled band is called "8 or later", after its first day.
    """
    totals = cells.groupby(["months", "delay_order"])["spells"].sum().unstack("months", fill_value=0).min(axis=1)
    from_here = totals.sort_index(ascending=False).cumsum()
    enough = from_here.index[from_here >= least]
    first = int(enough.max()) if len(enough) else 0
    late = cells["delay_order"] >= first
    names = cells.loc[cells["delay_order"] == first, "delay_band"]
    if cells.empty or cells.loc[late, "delay_order"].nunique() < 2 or names.empty:
        return cells
    pooled = f"{str(names.iloc[0]).split('–')[0]} or later"
    return cells.assign(
        delay_band=cells["delay_band"].where(~late, pooled), delay_order=cells["delay_order"].where(~late, first)
    )


def _groups(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    for values, part in frame.groupby(keys, sort=True, observed=True):
        yield dict(zip(keys, values, strict=True)), part


def _matches(frame: pd.DataFrame, key: dict[str, Any]) -> pd.Series:
    chosen = pd.Series(True, index=frame.index)
    for name, value in key.items():
        chosen &= frame[name] == value
    return chosen


def _first_day(curve: pd.DataFrame, column: str, quartile: float) -> float:
    reached = curve.loc[curve[column] >= quartile, "days"]
    return float(reached.min()) if len(reached) else np.nan


def _curve(part: pd.DataFrame, level: float) -> pd.DataFrame:
    days, counts = fold_counts(part, ["days"], ["contacted", "ended", "open"])
    total = counts.sum(axis=0)
    survival, incidence = _survival(total)
    error = jackknife_error(survival, _survival(leave_one_out(counts))[0])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        half = t_quantile(level, len(counts)) * error / np.abs(survival * np.log(survival))
        # Survival s becomes s^exp(±half): both limits stay within 0 and 1.
        lower, upper = 1 - survival ** np.exp(-half), 1 - survival ** np.exp(half)
    void = ~np.isfinite(half) | (error <= 0)
    return pd.DataFrame(
        {
            "days": days["days"],
            "at_risk": total.sum(axis=0)[::-1].cumsum()[::-1].astype("int64"),
            "contacted": total[0].astype("int64"),
            "share": 1 - survival,
            "share_lower": np.where(void, np.nan, lower),
            "share_upper": np.where(void, np.nan, upper),
            "incidence": incidence,
        }
    )


def _survival(counts: Array) -> tuple[Array, Array]:
    """Kaplan–Meier curve and Aalen–Johansen incidence of contact from (…, [contacted, ended, open], days)."""
    at_risk = counts.sum(axis=-2)[..., ::-1].cumsum(axis=-1)[..., ::-1]
    safe = np.where(at_risk > 0, at_risk, 1.0)
    contacted, left = counts[..., 0, :] / safe, (counts[..., 0, :] + counts[..., 1, :]) / safe
    still = np.cumprod(1 - left, axis=-1)
    before = np.concatenate([np.ones_like(still[..., :1]), still[..., :-1]], axis=-1)
    waiting = np.cumprod(1 - contacted, axis=-1)
    return waiting.astype(float), np.cumsum(before * contacted, axis=-1).astype(float)


def _cure(part: pd.DataFrame, level: float) -> pd.DataFrame:
    """Rates of each band, plain and standardised, within one group."""
    strata = [name for name in ("bucket", "balance_band") if name in part.columns]
    cells, counts = fold_counts(part, ["delay_order", "delay_band", *strata], ["cured", "spells"])
    bands = cells[["delay_order", "delay_band"]].drop_duplicates().reset_index(drop=True)
    band = cells[["delay_order"]].merge(bands.reset_index(names="place"), how="left", on="delay_order")["place"]
    stratum = cells.groupby(strata, sort=True).ngroup() if strata else pd.Series(0, index=cells.index)
    square = np.zeros((*counts.shape[:2], len(bands), stratum.max() + 1))
    square[:, :, band, stratum] = counts
    total, without = square.sum(axis=0), leave_one_out(square)
    adjusted, covered = standardised_rates(total[0], total[1])
    plain = total.sum(axis=-1)
    rows = bands.assign(spells=plain[1].astype("int64"), cured=plain[0].astype("int64"), covered=covered)
    replicates = without.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = {
            "rate": (plain[0] / plain[1], replicates[:, 0] / replicates[:, 1]),
            "adjusted": (adjusted, standardised_rates(without[:, 0], without[:, 1])[0]),
        }
    for name, (rate, others) in rates.items():
        rows[name], rows[f"{name}_lower"], rows[f"{name}_upper"] = share_limits(rate, others, plain[1], level)
    return rows
