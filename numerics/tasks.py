"""What a network is trained to do: a target map and the law of its inputs."""

from typing import Any

import numpy as np
import sympy as sp
import torch

from cumulant_theory import layers
from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.latex.html import Markup, card, facts
from cumulant_theory.laws import JointLaw, Law

from .backends.numpy import rounded
from .densities.tasks import DensityBlockSum
from .sampling import sample

__all__ = ["BlockSum", "DensityBlockSum"]

_HALF = sp.Rational(1, 2)


class BlockSum:
    """Learn the block sum R(x) = b^{-s} (x_1 + ... + x_b) from samples of a law.

    Parameters
    ----------
    b : int
        Block size.
    law : Law or JointLaw
        Of one input, taken b times independently, or of all b inputs.
    s : exact number
        Exponent; 1/2 is the central limit theorem.

    Attributes
    ----------
    target : cumulant_theory.layers.BlockSum
        The map R.
    inputs : JointLaw
        Law of the b inputs.

    Raises
    ------
    ShapeError
        If b is no positive integer or the law has another dimension.
    DomainError
        If the law is no law.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> task = BlockSum(4, laws.Normal(0, 1))
    >>> x, y = task.sample(3, seed=0)
    >>> x.shape, y.shape, bool(torch.allclose(y, x.sum(dim=1, keepdim=True) / 2))
    (torch.Size([3, 4]), torch.Size([3, 1]), True)
    """

    @explained
    def __init__(self, b: int, law: Law | JointLaw, s: Any = _HALF) -> None:
        self.target: layers.BlockSum = layers.BlockSum(b, s)
        if self.target.is_symbolic or self.target.s.free_symbols:
            raise ShapeError(
                f"tasks.BlockSum: {self.target!r} has symbols; training needs numbers for b and s"
            )
        if not isinstance(law, (Law, JointLaw)):
            raise DomainError(f"tasks.BlockSum: {law!r} is no law; use one of cumulant_theory.laws")
        self.b: int = int(b)
        self.s: sp.Expr = self.target.s
        self.law = law
        self.inputs: JointLaw = law.iid(self.b) if isinstance(law, Law) else law
        if self.inputs.dim != self.b:
            raise ShapeError(
                f"tasks.BlockSum: the law has {self.inputs.dim} units but blocks have {self.b}; "
                f"pass a univariate law or one of {self.b} units"
            )
        self._weight = rounded(sp.Pow(self.target.b, -self.s), "tasks.BlockSum: b**-s")

    def sample(self, n: int, seed: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets.

        Parameters
        ----------
        n : int
            Number of blocks.
        seed : int, numpy SeedSequence or Generator, torch.Generator or None
            A generator is advanced.

        Returns
        -------
        x : tensor (n, b), float64
        y : tensor (n, 1), float64

        Raises
        ------
        DomainError
            If the law cannot be sampled.
        """
        if isinstance(seed, torch.Generator):
            seed = np.random.default_rng(int(torch.randint(2**62, (), generator=seed)))
        x = torch.from_numpy(sample(self.inputs, n, seed))
        return x, self._weight * x.sum(dim=1, keepdim=True)

    def _repr_html_(self) -> str:
        return card("Task: block sum", facts([
            ("b", self.b), ("s", sp.sympify(self.s)),
            ("law of the inputs", Markup(self.law._repr_html_())),
        ]))

    def __repr__(self) -> str:
        shape = f"{self.b}, {self.law!r}"
        return f"BlockSum({shape})" if self.s == _HALF else (
            f"BlockSum({shape}, s={self.s})"
        )
