"""RG maps on laws: what a map of b units to one does to their cumulants."""

from dataclasses import replace
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra import as_integer, check_at_most
from ..arguments import brief, explained
from ..closures import Closure, as_closure
from ..cumulants import JointCumulants
from ..derivation import Derivation, Equation
from ..errors import DomainError, NoClosedFormError, ShapeError
from ..latex import inline_display
from ..laws import Generic, Law
from ..layers import BlockSum, Layer
from ..layers.base import check_order
from ..varieties import time_limit
from .fixed_points import fixed_points
from .flow import Flow, follow
from .linear import is_symbolic, linear_fixed_point, linear_spectrum
from .results import FixedPoint
from .spectrum import Spectrum, require_fixed_by_linear, truncated_spectrum
from .truncated import TruncatedMap, closed_map, degree_for

_STEPS = 10_000


class RGMap:
    """The map on laws made by a layer or network that takes b units to one.

    A law goes to the law of f(x_1, ..., x_b) for independent copies x_i of it. For the block sum
    kappa_r' = b^{1 - r s} kappa_r.

    Parameters
    ----------
    layer
        A :class:`BlockSum`, with symbols allowed for b and s, or any network onto one unit.

    Raises
    ------
    ShapeError
        If there is more than one output unit.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001); J. P. Sethna (2021), chapter 12.

    Examples
    --------
    >>> b, s = sp.symbols("b s")
    >>> [e.rhs for e in RGMap(BlockSum(b, s)).recursion(order=2)]
    [b**(1 - s)*kappa_1, b**(1 - 2*s)*kappa_2]
    """

    @explained
    def __init__(self, layer: Layer) -> None:
        if not isinstance(layer, Layer):
            raise DomainError(f"RGMap of {brief(layer)}; give a layer or network onto one unit")
        outputs = next(
            (la.out_features for la in reversed(layer.layers) if la.out_features is not None), None
        )
        if outputs != 1:
            raise ShapeError(
                f"{layer!r} has {outputs} output units; an RG map takes b units to one"
            )
        self.layer = layer
        self._truncated: dict[Any, TruncatedMap] = {}

    @property
    def b(self) -> Any:
        """Block size: number of input units."""
        return next(la.in_features for la in self.layer.layers if la.in_features is not None)

    @cached_property
    def degree(self) -> int:
        """Degree of the map as a polynomial; 1 for linear maps.

        Where the weights are numbers, terms of several units that cancel do not count.
        """
        if is_symbolic(self.layer):
            return 1
        degree = self.layer.degree()
        if degree == 1 or self.layer.parameters:
            return degree
        (polynomial,) = self.layer.effective().polynomials
        return max((sum(k) for k in polynomial), default=1) or 1

    @explained
    def __call__(self, law: Law, order: int = 4, closure: Closure | None = None) -> JointCumulants:
        """Cumulants of the image of a law."""
        if not isinstance(law, Law):
            raise DomainError(f"{self!r} of {brief(law)}; give a law of one variable")
        return self.layer.propagate(law.iid(self.b), order, closure)  # type: ignore[arg-type]

    @explained
    def recursion(self, order: int = 4) -> list[Equation]:
        """kappa_r' in terms of the kappa_r of any law, one equation per order."""
        check_order(order)
        out = self(Generic("kappa"), order)
        return [Equation(sp.Symbol(f"kappa__R_{r}"), out[r], r) for r in range(1, order + 1)]

    def derivation(self, order: int = 4) -> Derivation:
        """Derivation of :meth:`recursion`."""
        return self(Generic("kappa"), order).derivation

    @explained
    def truncated(self, closure: Closure) -> TruncatedMap:
        """The map of the first K cumulants under ``Neglect(K)``, a polynomial map of R^K.

        Raises
        ------
        DomainError
            If the closure is another one.
        NoClosedFormError
            If an activation is no polynomial.

        Examples
        --------
        >>> from cumulant_theory import Neglect
        >>> RGMap(BlockSum(4)).truncated(Neglect(3)).polynomials
        {1: 2*kappa_1, 2: kappa_2, 3: kappa_3/2}
        """
        closure = as_closure(closure)
        if closure not in self._truncated:
            self._truncated[closure] = TruncatedMap(self.layer, closure)
        return self._truncated[closure]

    @cached_property
    def is_linear(self) -> bool:
        """Whether the map is a polynomial of degree one."""
        try:
            return self.degree == 1
        except NoClosedFormError:
            return False

    @explained
    def eigenvalues(self, order: int) -> list[sp.Expr]:
        """d kappa_r' / d kappa_r of a linear map: b^{1 - r s}, or the power sums of its weights.

        Raises
        ------
        NoClosedFormError
            If the map is not linear; see :meth:`spectrum`.
        """
        check_order(order)
        if not self.is_linear:
            closed_map(self, "eigenvalues", order, None)
        return [
            sp.diff(e.rhs, sp.Symbol(f"kappa_{r}"))
            for r, e in enumerate(self.recursion(order), 1)
        ]

    @explained
    def spectrum(
        self, order: int = 6, closure: Closure | None = None, at: Any = None
    ) -> Spectrum:
        """Eigenvalues at a fixed point with relevant, marginal and irrelevant directions named.

        For a linear map the cumulants do not mix: the linearisation is diagonal and the same
        at every fixed point, and the closure plays no part. Where it fixes Gaussians (the
        eigenvalue of order 2 is 1), Hermite polynomials times their density are eigenfunctions.

        Parameters
        ----------
        order
            Highest order; with a closure, at most its own, and all of its orders are given.
        closure
            ``Neglect(K)``, needed for maps that are not linear.
        at
            One of :meth:`fixed_points`, a law, or {order: cumulant}; needed for maps that are not
            linear, and checked for all. Symbols are allowed, and parameters of the map too, where
            the point is known.

        Raises
        ------
        NoClosedFormError
            If the map is not linear and there is no closure.
        DomainError
            If the point is not given, or not fixed.

        Notes
        -----
        At a point mass x* the Jacobian is triangular with sum_i (df/dx_i)^r on its diagonal:
        these eigenvalues are exact at all orders. At other points they are those of the truncated
        map.

        Examples
        --------
        >>> from cumulant_theory import Neglect, activations, layers
        >>> unit = layers.Sum(2) >> layers.Pointwise(activations.Quadratic("a"))
        >>> RGMap(unit).spectrum(3, Neglect(3), at={1: 0, 2: 0, 3: 0})
        Spectrum(2 relevant, 2 relevant, 2 relevant)
        """
        check_order(order)
        if not self.is_linear:
            truncated = closed_map(self, "spectrum", order, closure)
            if at is None:
                raise DomainError(
                    f"spectrum of {self!r}: a map that is not linear has another linearisation at "
                    f"each fixed point; give at=, one of .fixed_points({order}, {closure!r})"
                )
            return truncated_spectrum(truncated, at, self.b)
        if at is not None:
            require_fixed_by_linear(self.recursion(order), at)
        values = self.eigenvalues(max(order, 2))
        gaussian = sp.simplify(values[1] - 1) == 0
        return linear_spectrum(self.layer, values[:order], self.b, gaussian)

    @explained
    def fixed_points(
        self, order: int = 4, closure: Closure | None = None, seconds: float = 60
    ) -> list[FixedPoint]:
        """Laws with kappa_r' = kappa_r up to ``order``.

        Laws without these moments, such as the stable ones that block sums with s > 1/2 fix, are
        not among them. For a linear map an order with eigenvalue 1 leaves its cumulant free; a
        symbol stands for it. Where symbols in the map leave an eigenvalue open, it is taken as
        different from 1 and the condition is listed. A map that is not linear is cut by a closure,
        and all real fixed points of the polynomial map that is left are found, exactly.

        Parameters
        ----------
        order
            Highest order; with a closure, at most its own, and all of its orders are given.
        closure
            ``Neglect(K)``, needed for maps that are not linear; it plays no part for linear ones.
        seconds
            Time limit.

        Returns
        -------
        list of FixedPoint
            Each says whether it is exact (point masses are, at all orders, and all of a linear
            map), and whether any law has these cumulants.

        Raises
        ------
        NoClosedFormError
            If the map is not linear and there is no closure, or a linear map fixes no law.
        DomainError
            If a map that is not linear has parameters without a value.
        TimeLimitError
            If the time is up.

        Notes
        -----
        The number of fixed points grows fast with K and with the degree, and the length of their
        coordinates with the digits of the weights. For a quadratic unit K = 4 takes a second
        with short rational weights and some with all the digits of trained ones.

        Examples
        --------
        >>> from cumulant_theory import Neglect, activations, layers
        >>> RGMap(BlockSum(2)).fixed_points(order=4)[0].cumulants
        {1: 0, 2: kappa_2, 3: 0, 4: 0}
        >>> unit = layers.Mean(2) >> layers.Pointwise(activations.Quadratic(1))
        >>> for point in RGMap(unit).fixed_points(order=2, closure=Neglect(2)):
        ...     print(point.cumulants, point.exact, point.reason or "a law")
        {1: 0, 2: 0} True a law
        {1: -sqrt(6)/2 - 1, 2: -5 - 2*sqrt(6)} False kappa_2 = -5 - 2*sqrt(6) is negative
        {1: -1 + sqrt(6)/2, 2: -5 + 2*sqrt(6)} False kappa_2 = -5 + 2*sqrt(6) is negative
        """
        check_order(order)
        if not self.is_linear:
            with time_limit(seconds):
                truncated = closed_map(self, "fixed points", order, closure)
                found = fixed_points(truncated, seconds)
            return [replace(point, _map=truncated) for point in found]
        images = [e.rhs for e in self.recursion(order)]
        point = linear_fixed_point(self.layer, self.eigenvalues(order), images)
        return [replace(point, _map=self)]

    @explained
    def flow(
        self, law: Law, steps: int, order: int = 4, closure: Closure | None = None,
        exact_steps: int = 0,
    ) -> Flow:
        """Cumulants of a law under ``steps`` applications of the map.

        Exact without a closure: a map of degree p needs order * p**steps cumulants of the initial
        law. Under ``Neglect(K)`` the cumulants above K are dropped at every step.

        Parameters
        ----------
        law
            Initial law.
        steps
            Number of applications.
        order
            Highest order; with a closure, at most its own.
        closure
            ``Neglect(K)``; default: none.
        exact_steps
            With a closure, the number of steps at the start that are exact all the same.

        Raises
        ------
        OrderError
            If the law has too few cumulants.
        DomainError
            If a number of steps is negative, or the closure is another one.

        Examples
        --------
        >>> from cumulant_theory import Neglect, activations, laws, layers
        >>> square = RGMap(layers.Pointwise(activations.Square()) >> layers.Mean(2))
        >>> cut = square.flow(laws.Normal(0, 1), 2, order=2, closure=Neglect(2), exact_steps=1)
        >>> cut.steps, cut.exact
        (({1: 0, 2: 1}, {1: 1, 2: 1}, {1: 2, 2: 3}), (True, True, False))
        """
        check_order(order)
        for count in (steps, exact_steps):
            if as_integer(count) is None:
                raise DomainError(
                    f"flow: {brief(count)} steps; the number of steps is an integer that must not "
                    "be negative"
                )
            check_at_most(count, _STEPS, "flow", "steps", "take fewer")
        if not isinstance(law, Law):
            raise DomainError(
                f"flow of {brief(law)}; give a law, such as laws.CumulantSequence([0, 1, 2])"
            )
        linear = as_closure(closure).is_exact or self.is_linear
        truncated = None if linear else closed_map(self, "flow", order, closure)
        degree = degree_for(self, "flow")
        return follow(self, degree, law, steps, order, truncated, exact_steps)

    def __matmul__(self, other: "RGMap") -> "RGMap":
        """The map that applies ``other`` first: R_b R_c = R_{bc} for block sums."""
        if not isinstance(other, RGMap):
            return NotImplemented
        if isinstance(self.layer, BlockSum) and isinstance(other.layer, BlockSum):
            return RGMap(self.layer @ other.layer)
        raise NoClosedFormError(
            f"{self!r} @ {other!r}: only block sums compose in closed form; use .flow for repeated "
            "application of a network"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RGMap) and self.layer == other.layer

    def __hash__(self) -> int:
        return hash(self.layer)

    def __repr__(self) -> str:
        return f"RGMap({self.layer!r})"

    def _repr_latex_(self) -> str | None:
        try:
            return inline_display([(e.lhs, e.rhs) for e in self.recursion(4)])
        except NoClosedFormError:
            return None

    def _repr_html_(self) -> str:
        from .display import map_card

        return map_card(self)
