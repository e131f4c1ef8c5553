"""A pandas script, exact: text to whole numbers of fen, the firm's ceiling as a running sum by group."""

import sys

import numpy as np
import pandas as pd

loans = pd.read_csv(sys.argv[1], dtype=str)
principal, interest = (
    loans[name].str.replace(".", "", regex=False).astype("int64") for name in ("disbursed_amount", "interest_accrued")
)
fits = loans.town_tier.isin(["provincial_key", "provincial_characteristic"]) & (loans.is_leading_industry == "true")
by_days = (2 * principal * 15 * loans.interest_paid_days.astype("int64") + 365_000) // 730_000
fen = np.minimum(by_days, (8 * interest + 5) // 10).where(fits, 0)
before = fen.groupby([loans.applicant_id, loans.application_year]).cumsum() - fen
paid = np.minimum(fen, (100_000_000 - before).clip(lower=0))
loans["status"] = np.where(fits, "eligible", "ineligible")
loans["amount"] = (paid // 100).astype(str) + "." + (paid % 100).astype(str).str.zfill(2)
loans["rule"] = np.where(~fits, "not_fitting", np.where(paid < fen, "firm_cap", "rate"))
loans.to_csv(sys.argv[2], index=False)
