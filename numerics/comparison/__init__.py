"""Predicted against measured cumulants: z-scores, Holm correction, verdicts."""

from numerics.comparison.hypothesis_tests import compare, holm, skewness_corrected_t
from numerics.comparison.records import Measurement, Prediction, Row
from numerics.comparison.result import Comparison

__all__ = [
    "Comparison",
    "Measurement",
    "Prediction",
    "Row",
    "compare",
    "holm",
    "skewness_corrected_t",
]
