"""Weight symmetries: groups that act on the units of a layer and tie its weights.

``symmetries.Cyclic().tie(3, 3)`` is the exact :class:`Tying` of a layer with three inputs and
three outputs; ``symmetries.get("cyclic")`` finds a class by name, ``symmetries.catalogue()``
lists the names. A new symmetry is one file with a subclass of :class:`Symmetry` and one line
here.
"""

from cumulant_theory.symmetries.base import SiteSymmetry, Symmetry, catalogue, get
from cumulant_theory.symmetries.basic import Free, Shared
from cumulant_theory.symmetries.blocks import BlockPermutation
from cumulant_theory.symmetries.cyclic import Cyclic, Dihedral, Reflection
from cumulant_theory.symmetries.generators import (
    LieAlgebra,
    MatrixGroup,
    Permutations,
    SignedPermutations,
)
from cumulant_theory.symmetries.graph import GraphAutomorphism
from cumulant_theory.symmetries.orthogonal import SO2, Orthogonal
from cumulant_theory.symmetries.permutation import PermutationEquivariant, PermutationInvariant
from cumulant_theory.symmetries.signed import Alternating, SignFlip
from cumulant_theory.symmetries.tying import Tying

__all__ = [
    "SO2",
    "Alternating",
    "BlockPermutation",
    "Cyclic",
    "Dihedral",
    "Free",
    "GraphAutomorphism",
    "LieAlgebra",
    "MatrixGroup",
    "Orthogonal",
    "PermutationEquivariant",
    "PermutationInvariant",
    "Permutations",
    "Reflection",
    "Shared",
    "SignFlip",
    "SignedPermutations",
    "SiteSymmetry",
    "Symmetry",
    "Tying",
    "catalogue",
    "get",
]
