"""Tools to test code against exact identities: strategies, enumeration, checks.

The enumeration and the identity checks need nothing beyond the core. The strategies need
hypothesis, which ``pip install 'cumulant-theory[testing]'`` brings; it is loaded at the first use.

Examples
--------
>>> from cumulant_theory import activations, laws, layers, testing
>>> net = layers.Mean(2) >> layers.Pointwise(activations.Square())
>>> testing.check_against_enumeration(net, laws.Rademacher(), order=3)
"""

from ..oracle import FiniteLaw, enumerated, random_finite_law
from .enumeration import check_against_enumeration, enumerate_network, require_same
from .identities import (
    check_additivity,
    check_independence,
    check_index_symmetry,
    check_moment_cumulant_round_trip,
    check_multilinearity,
    check_shift_and_scale,
)
from .layer_identities import (
    check_block_sum_semigroup,
    check_equivariance,
    check_gaussian_fixed_point,
)
from .strategies import (
    cumulant_sequences,
    fitting_shapes,
    joint_laws,
    laws_finite,
    polynomial_activations,
    rational_networks,
    rationals,
    symmetric_chain,
    symmetric_layers,
    univariate_laws,
)

__all__ = [
    "FiniteLaw",
    "check_additivity",
    "check_against_enumeration",
    "check_block_sum_semigroup",
    "check_equivariance",
    "check_gaussian_fixed_point",
    "check_independence",
    "check_index_symmetry",
    "check_moment_cumulant_round_trip",
    "check_multilinearity",
    "check_shift_and_scale",
    "cumulant_sequences",
    "enumerate_network",
    "enumerated",
    "fitting_shapes",
    "joint_laws",
    "laws_finite",
    "polynomial_activations",
    "random_finite_law",
    "rational_networks",
    "rationals",
    "require_same",
    "symmetric_chain",
    "symmetric_layers",
    "univariate_laws",
]
