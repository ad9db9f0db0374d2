"""How far a network is from its target map: residuals, risk, and failure to generalise."""

from .analysis import Analysis, analyse
from .branches import Branch, TestResidual, Witness
from .certified import CertifiedWitness
from .components import Component
from .gap import GapAtMinimum, gap_at_minimum, risk_gap
from .landscape import Landscape, StationaryFamily, StationaryPoint, stationary_points
from .losses import cumulant_loss, gradient
from .residuals import residuals
from .risk import risk

__all__ = [
    "Analysis",
    "Branch",
    "CertifiedWitness",
    "Component",
    "GapAtMinimum",
    "Landscape",
    "StationaryFamily",
    "StationaryPoint",
    "TestResidual",
    "Witness",
    "analyse",
    "cumulant_loss",
    "gap_at_minimum",
    "gradient",
    "residuals",
    "risk",
    "risk_gap",
    "stationary_points",
]
