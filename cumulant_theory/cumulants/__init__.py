"""Joint cumulants, what has them, and how they are named."""

from .joint import JointCumulants, moments_of
from .names import cumulant_symbol, index_name
from .sources import (
    Blocks,
    CumulantSource,
    GenericJoint,
    blocks_of,
    independence,
    is_identical,
    source_values,
)

__all__ = [
    "Blocks",
    "CumulantSource",
    "GenericJoint",
    "JointCumulants",
    "blocks_of",
    "cumulant_symbol",
    "independence",
    "index_name",
    "is_identical",
    "moments_of",
    "source_values",
]
