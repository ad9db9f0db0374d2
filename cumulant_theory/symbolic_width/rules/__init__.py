"""Rules between cumulants by type: affine and pointwise."""

from .affine import ClassAffineRule, sum_cumulants
from .base import Rule
from .convolution import ConvolutionRule, RingReadoutRule
from .pointwise import PolynomialRule, centred_cumulants

__all__ = [
    "ClassAffineRule",
    "ConvolutionRule",
    "PolynomialRule",
    "RingReadoutRule",
    "Rule",
    "centred_cumulants",
    "sum_cumulants",
]
