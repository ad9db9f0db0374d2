"""Unbiased estimators of cumulants (k-statistics), streaming and mergeable.

Univariate to order 8, joint to order 4. `KStatistics` accumulates a stream of samples, of one
network or of many at once; `kstatistic` and `cumulants` are the one-shot forms;
`exact_kstatistic` is the slow rational form; `kstatistic_coefficients` gives the formulas.
"""

from numerics.kstatistics.accumulator import KStatistics
from numerics.kstatistics.formulas import exact_kstatistic, kstatistic_coefficients
from numerics.kstatistics.oneshot import cumulants, kstatistic

__all__ = [
    "KStatistics",
    "cumulants",
    "exact_kstatistic",
    "kstatistic",
    "kstatistic_coefficients",
]
