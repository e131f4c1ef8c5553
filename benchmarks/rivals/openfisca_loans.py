"""An OpenFisca model: its columns are 32-bit floats, so money above some ten thousand yuan loses fen."""

import sys
from typing import Any

import numpy as np
import polars as pl
from openfisca_core import (
    entities,
    periods,
    simulations,
    taxbenefitsystems,
    variables,
)

LOAN = entities.build_entity(key="loan", plural="loans", label="Loan", is_person=True)
YEAR = "2027"


def given(name: str, value_type: type) -> type[variables.Variable]:
    """Make a variable that is only given."""
    about = {"value_type": value_type, "entity": LOAN, "definition_period": periods.DateUnit.YEAR, "label": name}
    return type(name, (variables.Variable,), about)


def formula(loan: Any, period: Any) -> Any:
    """Take 1.5% a year of the principal, at most 80% of the interest."""
    by_days = loan("disbursed_amount", period) * 0.015 * loan("interest_paid_days", period) / 365
    due = np.round(np.minimum(by_days, loan("interest_accrued", period) * 0.8), 2)
    return due * loan("fits", period)


def main(source: str, target: str) -> None:
    """Calculate a file."""
    loans = pl.read_csv(source)
    system = taxbenefitsystems.TaxBenefitSystem([LOAN])
    for name, kind in (("disbursed_amount", float), ("interest_accrued", float), ("interest_paid_days", int)):
        system.add_variable(given(name, kind))
    system.add_variable(given("fits", bool))
    due = given("due", float)
    due.formula = formula  # type: ignore[attr-defined,unused-ignore]
    system.add_variable(due)
    simulation = simulations.SimulationBuilder().build_default_simulation(system, count=loans.height)
    for name in ("disbursed_amount", "interest_accrued", "interest_paid_days"):
        simulation.set_input(name, YEAR, loans[name].to_numpy())
    tiers = loans["town_tier"].is_in(["provincial_key", "provincial_characteristic"])
    fits = (tiers & loans["is_leading_industry"]).to_numpy()
    simulation.set_input("fits", YEAR, fits)
    amounts = pl.Series("due", simulation.calculate("due", YEAR))
    running = pl.col("due").cum_sum().over("applicant_id", "application_year")
    paid = loans.with_columns(amounts).select(
        (1_000_000 - running + pl.col("due")).clip(0).clip(upper_bound=pl.col("due")).round(2).alias("amount")
    )
    status = pl.Series("status", np.where(fits, "eligible", "ineligible"))
    loans.with_columns(status, paid["amount"]).write_csv(target, float_precision=2)


main(*sys.argv[1:])
