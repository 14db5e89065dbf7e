"""UCI "Default of Credit Card Clients": 30,000 clients of a Taiwanese bank, April to September 2005.

I-Cheng Yeh and Che-hui Lien, "The comparisons of data mining techniques for the predictive accuracy of probability
of default of credit card clients", Expert Systems with Applications 36 (2009) 2473–2480; UCI Machine Learning
Repository, CC BY 4.0. Column and code meanings are those of the repository's page; codes that the page does not
explain have their own table below and are counted in the import's report.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd
import pyarrow as pa
from xlrd import XLRDError

from analysis.core.contract import TABLES
from analysis.core.errors import InputError
from analysis.core.periods import month_end
from analysis.core.portfolio import PortfolioInfo, RecordedOutcome, write_portfolio_info
from analysis.data.parquet import arrow_schema, write_arrow
from analysis.data.sources.landing import ImportReport, existing_files, landing, refuse_unmapped

MONTHS = {6: month_end(2005, 4), 5: month_end(2005, 5), 4: month_end(2005, 6), 3: month_end(2005, 7)}
MONTHS |= {2: month_end(2005, 8), 1: month_end(2005, 9)}
"""Month of the file's columns `PAY_k`, `BILL_AMTk` and `PAY_AMTk`; September's status is called `PAY_0`."""

KNOWN_DEFAULT = month_end(2005, 10)

COLUMNS = (
    *("ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"),
    *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
    *(f"BILL_AMT{k}" for k in range(1, 7)),
    *(f"PAY_AMT{k}" for k in range(1, 7)),
    "DEFAULT_PAYMENT_NEXT_MONTH",
)
ALIASES = {"PAY_1": "PAY_0", "Y": COLUMNS[-1], **{f"X{i}": name for i, name in enumerate(COLUMNS[1:-1], 1)}}

DOCUMENTED: dict[str, dict[int, str]] = {
    "SEX": {1: "male", 2: "female"},
    "EDUCATION": {1: "graduate school", 2: "university", 3: "high school", 4: "other"},
    "MARRIAGE": {1: "married", 2: "single", 3: "other"},
}
UNDOCUMENTED: dict[str, dict[int, str]] = {
    "EDUCATION": {0: "unknown", 5: "unknown", 6: "unknown"},
    "MARRIAGE": {0: "unknown"},
}
PAY_CODES = range(-2, 10)
"""−2 no consumption, −1 paid in full, 0 revolving (all not past due), 1–8 months past due, 9 nine or more."""

NOT_FILLED = (
    "accounts.opened_on, and with it vintages and months on book",
    "accounts.region, industry, income, score, channel: no origination data but limit, age, sex, education and "
    "marital status",
    "months.amount_due: the minimum payment is not recorded",
    "months.status other than open: charge-off, sale, closing and recoveries are not recorded",
    "contacts, contact_points, treatments, complaints, disposals, macro",
)
NOTES = (
    "A client's repayment code of m months past due is written as 30·m days; codes -2, -1 and 0 are 0 days.",
    "Code 1 is nearly absent before September 2005, so one month past due cannot be told from two before then: "
    "use the states 0, 1–89 and 90+ days, and never pool the step from August to September with those before it.",
    "The balance is the month's bill, and amount_paid the payment made in that month, for the bill before. "
    "Bills below zero (credit balances) have balance 0; the bill itself is in attributes as bill_amount.",
    "Age, limit, education and marital status are as of 2005, not as of opening.",
    "Charge-off, sale and closing are not recorded: every account is open throughout.",
    "attributes.default_next_month is the default in October 2005, known from 2005-10-31 on.",
)
FILLED = {
    "accounts.account_id": "ID, five digits",
    "accounts.customer_id": "ID: one account a client",
    "accounts.product": "card, throughout",
    "accounts.credit_limit": "LIMIT_BAL",
    "accounts.age": "AGE",
    "accounts.sex": "SEX",
    "accounts.education": "EDUCATION",
    "accounts.marital_status": "MARRIAGE",
    "months.days_past_due": "30 × PAY_6 (April) … PAY_2 (August), PAY_0 (September); 0 where not above 0",
    "months.status": "open, throughout",
    "months.balance": "BILL_AMT6 (April) … BILL_AMT1 (September); 0 where below 0",
    "months.amount_paid": "PAY_AMT6 (April) … PAY_AMT1 (September)",
    "months.utilisation": "balance ÷ LIMIT_BAL",
    "attributes: pay_code": "PAY_6 … PAY_0 as they are",
    "attributes: bill_amount": "BILL_AMT6 … BILL_AMT1 where below 0",
    "attributes: default_next_month": "default.payment.next.month",
}

Codes = Mapping[str, Mapping[Any, str]]


def import_taiwan(
    files: list[Path], to: Path, *, replace: bool = False, codes: Codes | None = None
) -> ImportReport:
    """Import the CSV, or the original workbook (.xls, .xlsx), as a portfolio.

    `codes` gives a meaning to codes of SEX, EDUCATION or MARRIAGE that are neither documented nor known here, for
    example `{"EDUCATION": {7: "other"}}`. Raises InputError for a wrong layout or unmapped codes.
    """
    files = existing_files(files)
    if len(files) != 1:
        raise InputError(f"taiwan: one file is expected, {len(files)} came: {', '.join(map(str, files))}")
    clients = read_clients(files[0])
    meanings = _meanings(codes or {})
    refuse_unmapped(
        f"taiwan: {files[0].name}",
        unmapped_codes(clients, meanings),
        "Give each a meaning in the codes option, or correct the file; PAY codes run from -2 to 9.",
    )
    tables = {
        "accounts": _accounts(clients, meanings),
        "months": _months(clients),
        "attributes": _attributes(clients),
    }
    with landing(to, replace) as folder:
        for name, frame in tables.items():
            schema = arrow_schema(TABLES[name], frame.columns)
            table = pa.Table.from_pandas(frame, schema, preserve_index=False)
            write_arrow(table, TABLES[name], folder / f"{name}.parquet")
        write_portfolio_info(_info(), folder)
    rows = {name: len(frame) for name, frame in tables.items()}
    notes = (*NOTES, *_undocumented(clients))
    return ImportReport("taiwan", to, (str(files[0]),), rows, FILLED, NOT_FILLED, notes)


def read_clients(file: Path) -> pd.DataFrame:
    """The file's 25 columns as whole numbers, under the names in `COLUMNS`.

    The workbook has two header rows (X1 … X23, Y, then names); the CSV has either of them.
    """
    frame = _read(file)
    frame.columns = pd.Index([_name(column) for column in frame.columns])
    lost = [name for name in COLUMNS if name not in frame.columns]
    if lost:
        raise InputError(
            f"taiwan: {file} lacks {', '.join(lost)}; it has {', '.join(frame.columns)}. "
            "Take the file of UCI's 'Default of Credit Card Clients' as it is."
        )
    numbers = frame[list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    wrong = numbers.isna().any(axis=1) | (numbers % 1 != 0).any(axis=1)
    if wrong.any() or numbers.empty:
        shown = ", ".join(str(row + 1) for row in frame.index[wrong][:3])
        which = f"{int(wrong.sum()):,} rows hold something else than whole numbers (rows {shown})"
        raise InputError(f"taiwan: {file}: {which if len(frame) else 'no client is in the file'}")
    return numbers.astype("int64")


def _read(file: Path) -> pd.DataFrame:
    try:
        if file.suffix.lower() in (".xls", ".xlsx"):
            sheet = pd.read_excel(file, header=None, dtype=object)
            named = [row for row in (0, 1) if row < len(sheet) and "LIMIT_BAL" in map(_name, sheet.iloc[row])]
            start = named[-1] if named else 0
            frame = sheet.iloc[start + 1 :].reset_index(drop=True)
            frame.columns = sheet.iloc[start]
            return frame
        return pd.read_csv(file, dtype=str)
    except (ValueError, OSError, BadZipFile, XLRDError) as error:
        raise InputError(f"taiwan: {file} cannot be read: {error}") from None


def _name(column: object) -> str:
    name = str(column).strip().upper().replace(".", "_").replace(" ", "_")
    return ALIASES.get(name, name)


def _meanings(more: Codes) -> dict[str, dict[int, str]]:
    unknown = sorted(set(more) - set(DOCUMENTED))
    if unknown:
        raise InputError(f"taiwan: codes for {', '.join(unknown)}; codes can be given for {', '.join(DOCUMENTED)}")
    return {
        field: {**known, **UNDOCUMENTED.get(field, {}), **{int(k): v for k, v in more.get(field, {}).items()}}
        for field, known in DOCUMENTED.items()
    }


def unmapped_codes(clients: pd.DataFrame, meanings: Codes) -> dict[str, dict[str, int]]:
    """Codes without a meaning and their counts, by column."""
    allowed = {field: set(known) for field, known in meanings.items()}
    allowed |= {name: set(PAY_CODES) for name in COLUMNS if name.startswith("PAY_") and "AMT" not in name}
    allowed[COLUMNS[-1]] = {0, 1}
    return {
        name: {str(code): int(count) for code, count in clients[name].value_counts().items() if code not in known}
        for name, known in allowed.items()
    }


def _undocumented(clients: pd.DataFrame) -> list[str]:
    notes = []
    for field, known in UNDOCUMENTED.items():
        counts = clients[field].value_counts()
        found = [f"{code} in {counts[code]:,} → {known[code]}" for code in sorted(known) if code in counts]
        if found:
            notes.append(f"{field} codes that the source does not explain: {'; '.join(found)}.")
    return notes


def _ids(clients: pd.DataFrame) -> pd.Series:
    return clients["ID"].map("{:05d}".format)


def _accounts(clients: pd.DataFrame, meanings: Codes) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": _ids(clients),
            "customer_id": _ids(clients),
            "product": "card",
            "credit_limit": clients["LIMIT_BAL"].astype(float),
            "age": clients["AGE"],
            "sex": clients["SEX"].map(meanings["SEX"]),
            "education": clients["EDUCATION"].map(meanings["EDUCATION"]),
            "marital_status": clients["MARRIAGE"].map(meanings["MARRIAGE"]),
        }
    )


def _pay(k: int) -> str:
    return "PAY_0" if k == 1 else f"PAY_{k}"


def _months(clients: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for k, month in MONTHS.items():
        balance = clients[f"BILL_AMT{k}"].clip(lower=0).astype(float)
        part = {
            "account_id": _ids(clients),
            "month": month,
            "days_past_due": 30 * clients[_pay(k)].clip(lower=0),
            "status": "open",
            "balance": balance,
            "amount_paid": clients[f"PAY_AMT{k}"].astype(float),
            "utilisation": (balance / clients["LIMIT_BAL"]).where(clients["LIMIT_BAL"] > 0),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _attributes(clients: pd.DataFrame) -> pd.DataFrame:
    parts = [_attribute(clients, "default_next_month", COLUMNS[-1], KNOWN_DEFAULT)]
    for k, month in MONTHS.items():
        parts.append(_attribute(clients, "pay_code", _pay(k), month))
        bill = f"BILL_AMT{k}"
        parts.append(_attribute(clients[clients[bill] < 0], "bill_amount", bill, month))
    return pd.concat(parts, ignore_index=True)


def _attribute(clients: pd.DataFrame, name: str, column: str, known_at: date) -> pd.DataFrame:
    values = {
        "account_id": _ids(clients),
        "name": name,
        "known_at": known_at,
        "value": clients[column].astype(str),
    }
    return pd.DataFrame(values)


def _info() -> PortfolioInfo:
    return PortfolioInfo(
        name="taiwan",
        title="Taiwan credit-card clients, 2005",
        currency="TWD",
        source=(
            "I-Cheng Yeh and Che-hui Lien (2009), Default of Credit Card Clients, "
            "UCI Machine Learning Repository, CC BY 4.0"
        ),
        simulated=False,
        as_of_month=MONTHS[1],
        breaks=[MONTHS[1]],
        outcome=RecordedOutcome(attribute="default_next_month", known_by=KNOWN_DEFAULT),
        notes=list(NOTES),
    )
