"""Probability laws and their exact cumulants."""

from .base import JointLaw, Law
from .discrete import Bernoulli, Discrete, Rademacher
from .empirical import Empirical
from .gamma import Exponential, Gamma
from .generic import CumulantSequence, Generic
from .joint import IID, Product
from .location_scale import Laplace, Logistic, Normal
from .mixture import Mixture
from .multivariate import DiscreteJoint, MultivariateNormal
from .poisson import Poisson
from .registry import catalogue, get, register
from .student_t import StudentT
from .uniform import Uniform

__all__ = [
    "IID",
    "Bernoulli",
    "CumulantSequence",
    "Discrete",
    "DiscreteJoint",
    "Empirical",
    "Exponential",
    "Gamma",
    "Generic",
    "JointLaw",
    "Laplace",
    "Law",
    "Logistic",
    "Mixture",
    "MultivariateNormal",
    "Normal",
    "Poisson",
    "Product",
    "Rademacher",
    "StudentT",
    "Uniform",
    "catalogue",
    "get",
    "register",
]
