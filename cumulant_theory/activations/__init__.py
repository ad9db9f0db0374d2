"""Pointwise maps.

Polynomials carry cumulants exactly; every other activation enters through its Gaussian Wick
coefficients, ``activation.wick(m, p, mean, variance)``.
"""

from .base import Activation, catalogue, get
from .custom import Custom, recognise
from .elementary import Cos, Exp, Sin
from .error_function import GELU, Erf
from .piecewise import (
    Abs,
    HardTanh,
    LeakyReLU,
    PiecewisePolynomial,
    ReLU,
    Sign,
    Step,
)
from .polynomial import Cube, Cubic, Identity, Polynomial, Quadratic, Quartic, Square
from .sigmoidal import Sigmoid, SiLU, Softplus, Tanh
from .wick import WickCoefficient, WickIntegral

__all__ = [
    "GELU",
    "Abs",
    "Activation",
    "Cos",
    "Cube",
    "Cubic",
    "Custom",
    "Erf",
    "Exp",
    "HardTanh",
    "Identity",
    "LeakyReLU",
    "PiecewisePolynomial",
    "Polynomial",
    "Quadratic",
    "Quartic",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Sign",
    "Sin",
    "Softplus",
    "Square",
    "Step",
    "Tanh",
    "WickCoefficient",
    "WickIntegral",
    "catalogue",
    "get",
    "recognise",
]
