"""Exact engine: multi-indices, partitions, moment-cumulant maps and polynomial arithmetic."""

from .bell import complete_bell, partial_bell
from .expressions import exact, substitution, symbols_in
from .factors import factored
from .limits import (
    as_integer,
    check_at_most,
    check_digits,
    check_edges,
    check_entries,
    check_indices,
    check_input_order,
    check_order,
    check_seed,
    check_size,
    check_terms,
    check_terms_at_most,
    check_types,
    partition_count,
)
from .multiindices import (
    MultiIndex,
    binomial,
    check_multi_index,
    factorial,
    from_indices,
    multi_indices,
    order_of,
    sub_indices,
    to_indices,
)
from .partitions import (
    integer_partitions,
    set_partitions,
    set_partitions_connected_with,
    vector_partitions,
)
from .polynomial import Polynomial, Ring
from .products import sum_of_products
from .roots import real_roots
from .transforms import (
    cumulant_formula,
    cumulants_from_moments,
    joint_cumulant_by_partitions,
    joint_cumulants,
    joint_moments,
    moment_formula,
    moments_from_cumulants,
)

__all__ = [
    "MultiIndex",
    "Polynomial",
    "Ring",
    "as_integer",
    "binomial",
    "check_at_most",
    "check_digits",
    "check_edges",
    "check_entries",
    "check_indices",
    "check_input_order",
    "check_multi_index",
    "check_order",
    "check_seed",
    "check_size",
    "check_terms",
    "check_terms_at_most",
    "check_types",
    "complete_bell",
    "cumulant_formula",
    "cumulants_from_moments",
    "exact",
    "factored",
    "factorial",
    "from_indices",
    "integer_partitions",
    "joint_cumulant_by_partitions",
    "joint_cumulants",
    "joint_moments",
    "moment_formula",
    "moments_from_cumulants",
    "multi_indices",
    "order_of",
    "partial_bell",
    "partition_count",
    "real_roots",
    "set_partitions",
    "set_partitions_connected_with",
    "sub_indices",
    "substitution",
    "sum_of_products",
    "symbols_in",
    "to_indices",
    "vector_partitions",
]
