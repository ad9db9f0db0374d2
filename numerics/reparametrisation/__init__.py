"""Networks up to the symmetries of their parameters: representatives, distances, solutions."""

from .canonical import canonical
from .distance import distinct_solutions, symmetry_distance, unit_distances

__all__ = ["canonical", "distinct_solutions", "symmetry_distance", "unit_distances"]
