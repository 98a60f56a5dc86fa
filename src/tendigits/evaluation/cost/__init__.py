"""What an answer costs."""

from tendigits.evaluation.cost.cost import Cost, Costs, measure_cost

__all__ = ["Cost", "Costs", "measure_cost"]
