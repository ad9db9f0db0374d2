"""Linear layers on exchangeable units: equivariant, invariant, and on the complete graph."""

from collections.abc import Mapping
from typing import Any, ClassVar

import sympy as sp

from .. import layers as explicit_layers
from ..algebra import exact
from ..errors import DomainError, ShapeError, UnknownNameError
from ..symmetries import PermutationEquivariant
from .base import Layer
from .rules import EquivariantRule, InvariantRule, Rule
from .width import check_same_symbol, check_width


class Weighted(Layer):
    """A linear layer whose parameters are given, or default to symbols.

    Parameters
    ----------
    n
        Width: positive integer or symbol.
    values
        Parameter name -> exact value, None for its default symbol.
    bias
        False, True (a symbol c), or an exact value.
    """

    _defaults: ClassVar[dict[str, str]] = {}

    def __init__(self, n: Any, values: Mapping[str, Any], bias: Any) -> None:
        what = type(self).__name__
        self.n = check_width(n, what)
        self._position: int | None = None
        self._names = dict(self._defaults)
        if bias is True:
            self._names["bias"] = "c"
        given = {k: None if v is None else exact(v, f"{what}: {k}") for k, v in values.items()}
        given["bias"] = None if bias is True else sp.S.Zero if bias is False else exact(
            bias, f"{what}: bias"
        )
        self._given: dict[str, Any] = given
        check_same_symbol([v for v in given.values() if v is not None], self.n, what)

    def value(self, name: str) -> Any:
        """Value of a parameter: as given, or its symbol."""
        if self._given[name] is not None:
            return self._given[name]
        suffix = "" if self._position is None else f"__{self._position}"
        return sp.Symbol(f"{self._names[name]}{suffix}")

    def numbered(self, position: int) -> "Layer":
        """With default names numbered: lambda__1, gamma__1, c__1."""
        copy = self._copy()
        copy._position = position
        return copy

    def _copy(self) -> "Weighted":
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def _replaced(self, images: Mapping[Any, Any]) -> "Layer":
        copy = self._copy()
        copy.n = check_width(self.n.subs(images), "subs")
        copy._given = {
            k: exact(self.value(k).subs(images), f"{self!r}: {k}") for k in self._given
        }
        copy.rule()
        return copy

    def _written(self, units: int) -> Any:
        rule = self.rule()
        if isinstance(rule, InvariantRule):
            weight, rows, symmetry = sp.ones(1, units) * rule.weight, 1, None
        else:
            if not isinstance(rule, EquivariantRule):
                raise ShapeError(f"{self!r} has no matrix")
            weight = sp.eye(units) * rule.diagonal + sp.ones(units, units) * rule.common
            rows, symmetry = units, PermutationEquivariant()
        shift = [rule.shift] * rows if rule.shift != 0 else None
        return explicit_layers.Linear(
            units, rows, symmetry, weight=weight, bias_values=shift
        )

    def __repr__(self) -> str:
        shown = [str(self.n)]
        shown += [f"{k}={self.value(k)}" for k in self._given if k != "bias" or self._has_bias]
        return f"{type(self).__name__}({', '.join(shown)})"

    @property
    def _has_bias(self) -> bool:
        return "bias" in self._names or self._given["bias"] != 0


class Linear(Weighted):
    """z_i = diagonal x_i + common (x_1 + ... + x_n) + bias: W = diagonal I + common 1 1^T.

    Parameters
    ----------
    n
        Width: positive integer or symbol.
    diagonal, common
        Exact weights, functions of n too; left out, they are lambda and gamma, numbered by layer
        in a network.
    bias
        False, True (a symbol c), or an exact value.

    Raises
    ------
    DomainError
        If n is no positive integer or symbol, or a weight is not exact.

    References
    ----------
    Zaheer et al., Deep Sets, arXiv:1703.06114, Lemma 3.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> from cumulant_theory.exchangeable import iid
    >>> z = Linear("n").propagate(iid(laws.Generic("kappa"), "n"), order=2)
    >>> z.type(1, 1)
    gamma**2*kappa_2*n + 2*gamma*kappa_2*lambda
    """

    _defaults: ClassVar[dict[str, str]] = {"diagonal": "lambda", "common": "gamma"}

    def __init__(self, n: Any, diagonal: Any = None, common: Any = None, bias: Any = False):
        super().__init__(n, {"diagonal": diagonal, "common": common}, bias)

    def rule(self) -> Rule:
        """The equivariant rule."""
        return EquivariantRule(
            self.n, self.value("diagonal"), self.value("common"), self.value("bias")
        )


class InvariantLinear(Weighted):
    """z = weight (x_1 + ... + x_n) + bias, one output unit.

    Parameters
    ----------
    n
        Number of input units: positive integer or symbol.
    weight
        Exact weight; left out, a symbol v.
    bias
        False, True (a symbol c), or an exact value.

    Examples
    --------
    >>> from cumulant_theory.exchangeable import generic
    >>> InvariantLinear("n", bias=1).propagate(generic("n"), order=1)[1]
    kappa__x_i*n*v + 1
    """

    readout = True
    _defaults: ClassVar[dict[str, str]] = {"weight": "v"}

    def __init__(self, n: Any, weight: Any = None, bias: Any = False) -> None:
        super().__init__(n, {"weight": weight}, bias)

    def rule(self) -> Rule:
        """The invariant rule."""
        return InvariantRule(self.n, self.value("weight"), self.value("bias"))


class Sum(InvariantLinear):
    """y = x_1 + ... + x_n.

    Examples
    --------
    >>> Sum("n").equations(1)[-1].rhs
    kappa__x_i*n
    """

    def __init__(self, n: Any) -> None:
        super().__init__(n, 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n})"


class Mean(Sum):
    """y = (x_1 + ... + x_n) / n.

    Examples
    --------
    >>> Mean("n").equations(1)[-1].rhs
    kappa__x_i
    """

    def __init__(self, n: Any) -> None:
        width = check_width(n, "Mean")
        InvariantLinear.__init__(self, width, 1 / width)


_ROOT = {"root": "u", "weight": "w"}
_KINDS: dict[str, dict[str, str]] = {
    "GraphConv": _ROOT, "GCNConv": {"weight": "w"}, "SAGEConv": _ROOT,
    "GINConv": {"eps": "epsilon", "weight": "w"},
}


class CompleteGraphConv(Weighted):
    """Linear part of a graph convolution on the complete graph of n nodes, no self-loops.

    A = 1 1^T - I, so that each of them is an equivariant linear map:

    - GraphConv: root x_i + weight (sum over the other nodes)
    - GCNConv: weight D^(-1/2) (A + I) D^(-1/2) x = weight (mean over all nodes)
    - SAGEConv: root x_i + weight (mean over the n - 1 other nodes), n at least 2
    - GINConv: weight ((1 + eps) x_i + sum over the other nodes)

    Parameters
    ----------
    n
        Number of nodes: positive integer or symbol.
    kind
        One of the names above, as in PyTorch Geometric.
    weight, root, eps
        Exact values; left out, symbols w, u, epsilon, numbered by layer in a network.
    bias
        False, True (a symbol c), or an exact value.

    Raises
    ------
    UnknownNameError
        If there is no such convolution.
    DomainError
        If a parameter is given that the convolution does not have, or SAGEConv gets n = 1.

    References
    ----------
    Morris et al., arXiv:1810.02244; Kipf & Welling, arXiv:1609.02907, eq. (2); Hamilton et al.,
    arXiv:1706.02216, algorithm 1; Xu et al., arXiv:1810.00826, eq. (4.1).

    Examples
    --------
    >>> CompleteGraphConv("n", "SAGEConv").rule().common
    w/(n - 1)
    """

    def __init__(
        self, n: Any, kind: str = "GraphConv", *, weight: Any = None, root: Any = None,
        eps: Any = None, bias: Any = False,
    ) -> None:
        if kind not in _KINDS:
            raise UnknownNameError.of("convolution", kind, _KINDS)
        given = {"root": root, "eps": eps, "weight": weight}
        extra = [k for k, v in given.items() if v is not None and k not in _KINDS[kind]]
        if extra:
            raise DomainError(
                f"CompleteGraphConv: {kind} has no parameter {', '.join(extra)}; it has "
                f"{', '.join(_KINDS[kind])}"
            )
        self.kind = kind
        self._defaults = _KINDS[kind]  # type: ignore[misc]
        super().__init__(n, {k: given[k] for k in _KINDS[kind]}, bias)
        self.rule()

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """A mean over the others needs one."""
        return ("n >= 2",) if self.kind == "SAGEConv" and not self.n.is_Integer else ()

    def rule(self) -> Rule:
        """The equivariant rule."""
        w, n = self.value("weight"), self.n
        if self.kind == "GraphConv":
            diagonal, common = self.value("root") - w, w
        elif self.kind == "GCNConv":
            diagonal, common = sp.S.Zero, w / n
        elif self.kind == "GINConv":
            diagonal, common = w * self.value("eps"), w
        else:
            if n == 1:
                raise DomainError(
                    "CompleteGraphConv: SAGEConv on 1 node has no neighbours to average; use "
                    "n of at least 2"
                )
            common = w / (n - 1)
            diagonal = self.value("root") - common
        return EquivariantRule(n, diagonal, common, self.value("bias"))

    def __repr__(self) -> str:
        return super().__repr__().replace("(", f"({self.kind!r}, ", 1)
