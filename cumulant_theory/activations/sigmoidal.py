"""sigmoid, tanh, softplus and silu: their Gaussian coefficients are integrals."""

import sympy as sp

from .base import Activation


class Sigmoid(Activation):
    """1 / (1 + exp(-z)).

    Examples
    --------
    >>> Sigmoid()(sp.S.Zero), Sigmoid().wick(1).exact
    (1/2, False)
    """

    name = "sigmoid"
    latex = r"\operatorname{sigmoid}"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """1 / (1 + exp(-z))."""
        return 1 / (1 + sp.exp(-z))


class Tanh(Activation):
    """tanh z, an odd activation.

    Examples
    --------
    >>> Tanh().is_odd
    True
    """

    name = "tanh"
    latex = r"\tanh"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """tanh z."""
        return sp.tanh(z)


class Softplus(Activation):
    """log(1 + exp z).

    Examples
    --------
    >>> Softplus()(sp.S.Zero)
    log(2)
    """

    name = "softplus"
    latex = r"\operatorname{softplus}"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """log(1 + exp z)."""
        return sp.log(1 + sp.exp(z))


class SiLU(Activation):
    """z / (1 + exp(-z)), also known as swish.

    Examples
    --------
    >>> SiLU()(sp.Symbol("z"))
    z/(1 + exp(-z))
    """

    name = "silu"
    latex = r"\operatorname{silu}"

    def expr(self, z: sp.Expr) -> sp.Expr:
        """z / (1 + exp(-z))."""
        return z / (1 + sp.exp(-z))
