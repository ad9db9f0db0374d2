"""How far a network is from its target map: residuals, risk, and failure to generalise."""

from .analysis import Analysis, analyse
from .branches import Branch, TestResidual, Witness
from .certified import CertifiedWitness
from .components import Component
from .residuals import residuals
from .risk import risk

__all__ = [
    "Analysis",
    "Branch",
    "CertifiedWitness",
    "Component",
    "TestResidual",
    "Witness",
    "analyse",
    "residuals",
    "risk",
]
