"""Between the columns of lines and the calculators: one module per calculator."""

from service.methods.base import Doubt, Method, Step
from service.methods.declining_budget import DecliningBudget
from service.methods.fixed_award import FixedAward
from service.methods.loan_interest import LoanInterest
from service.methods.share_of_cost import ShareOfCost

#: By the name that a measure's `calculator` has in policies.yaml.
METHODS: dict[str, Method] = {
    "share_of_cost": ShareOfCost(),
    "fixed_award": FixedAward(),
    "declining_budget": DecliningBudget(),
    "loan_interest": LoanInterest(),
}

__all__ = ["METHODS", "Doubt", "Method", "Step"]
