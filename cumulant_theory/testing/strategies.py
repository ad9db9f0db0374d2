"""Hypothesis strategies for laws, symmetric layers and networks; hypothesis is loaded on use."""

from typing import Any

import sympy as sp

from .. import activations, laws, layers, symmetries
from ..algebra import as_integer
from ..arguments import brief, check_flag, explained
from ..errors import DomainError, SymmetryError, optional
from ..symmetries import Symmetry


def _hypothesis() -> Any:
    with optional("hypothesis", "the strategies of cumulant_theory.testing", "testing"):
        import hypothesis.strategies as st
    return st


def _check(what: str, least: int = 1, most: int = 100, **sizes: Any) -> list[int]:
    found = []
    for name, value in sizes.items():
        number = as_integer(value, least)
        if number is None or number > most:
            raise DomainError(
                f"{what}: {name} is {brief(value)}; pass an integer from {least} to {most}"
            )
        found.append(number)
    return found


@explained
def fitting_shapes(symmetry: Symmetry, max_width: int = 3) -> list[tuple[int, int]]:
    """All (out_features, in_features) up to a width at which a symmetry leaves a free weight.

    Examples
    --------
    >>> from cumulant_theory import symmetries
    >>> fitting_shapes(symmetries.Alternating(), 2)
    [(1, 2), (2, 2)]
    """
    [max_width] = _check("fitting_shapes", max_width=max_width)
    shapes = []
    for out_features in range(1, max_width + 1):
        for in_features in range(1, max_width + 1):
            try:
                if symmetry.tie(out_features, in_features).dimension:
                    shapes.append((out_features, in_features))
            except SymmetryError:
                continue
    return shapes


@explained
def rationals(size: int = 4, zero: bool = True) -> Any:
    """Small exact rationals as ``sympy.Rational``.

    Parameters
    ----------
    size
        Bound of the numerator; the denominator goes to 3.
    zero
        Whether zero may be drawn.

    Raises
    ------
    MissingDependencyError
        If hypothesis is not installed; so do all strategies here.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(rationals(), lambda q: q.q == 2 and q > 1)
    3/2
    """
    [size] = _check("rationals", size=size)
    st = _hypothesis()
    numerators = st.integers(-size, size)
    if not zero:
        numerators = numerators.filter(bool)
    return st.builds(sp.Rational, numerators, st.integers(1, 3))


@explained
def cumulant_sequences(order: int = 6) -> Any:
    """Lists kappa_1..kappa_n of rationals, n from 1 to ``order``; formal, not always of a law.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(cumulant_sequences(3), lambda kappa: len(kappa) == 2)
    [0, 0]
    """
    [order] = _check("cumulant_sequences", order=order)
    return _hypothesis().lists(rationals(), min_size=1, max_size=order)


@explained
def laws_finite(atoms: int = 3) -> Any:
    """``laws.Discrete`` on 2 to ``atoms`` distinct rational points with rational weights.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(laws_finite(), lambda law: law.cumulant(3) != 0).max_order is None
    True
    """
    [atoms] = _check("laws_finite", least=2, most=20, atoms=atoms)
    st = _hypothesis()

    @st.composite
    def build(draw: Any) -> laws.Discrete:
        points = draw(st.lists(rationals(), min_size=2, max_size=atoms, unique=True))
        return laws.Discrete(points, _weights(draw, st, len(points)))

    return build()


def _weights(draw: Any, st: Any, count: int) -> list[Any]:
    parts = draw(st.lists(st.integers(1, 4), min_size=count, max_size=count))
    return [sp.Rational(p, sum(parts)) for p in parts]


@explained
def joint_laws(dim: int, atoms: int = 3) -> Any:
    """Joint laws of ``dim`` units with finite support: dependent, independent, or copies.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(joint_laws(2), lambda law: law.cumulant((1, 1)) != 0).blocks
    ((0, 1),)
    """
    [dim] = _check("joint_laws", most=6, dim=dim)
    [atoms] = _check("joint_laws", least=2, most=20, atoms=atoms)
    st = _hypothesis()

    @st.composite
    def dependent(draw: Any) -> laws.DiscreteJoint:
        point = st.tuples(*[rationals()] * dim)
        points = draw(st.lists(point, min_size=2, max_size=atoms, unique=True))
        return laws.DiscreteJoint(points, _weights(draw, st, len(points)))

    finite = laws_finite(atoms)
    independent = st.lists(finite, min_size=dim, max_size=dim).map(laws.Product)
    copies = finite.map(lambda law: law.iid(dim))
    return st.one_of(dependent(), independent, copies)


@explained
def univariate_laws(order: int = 4) -> Any:
    """The example instances of every univariate law in the registry, of cumulants to ``order``.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(univariate_laws(), lambda law: law.name == "poisson").name
    'poisson'
    """
    [order] = _check("univariate_laws", order=order)
    known: list[Any] = [
        law(**arguments) for law in laws.catalogue().values() for arguments in law.examples
    ]
    return _hypothesis().sampled_from(
        [law for law in known if law.max_order is None or law.max_order >= order]
    )


@explained
def polynomial_activations(max_degree: int = 2) -> Any:
    """Polynomial activations of degree 1 to ``max_degree`` with rational coefficients.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(polynomial_activations(3), lambda phi: phi.degree == 3).degree
    3
    """
    [max_degree] = _check("polynomial_activations", max_degree=max_degree)
    st = _hypothesis()

    @st.composite
    def build(draw: Any) -> activations.Polynomial:
        degree = draw(st.integers(1, max_degree))
        lower = draw(st.lists(rationals(), min_size=degree, max_size=degree))
        return activations.Polynomial([*lower, draw(rationals(zero=False))])

    return build()


@explained
def symmetric_layers(max_width: int = 3, bias: bool | None = None) -> Any:
    """Linear layers with symbols as weights, tied by a symmetry of the registry.

    Parameters
    ----------
    max_width
        Widths are those up to it at which the symmetry fits; the examples of the symmetry where
        none does.
    bias
        Whether the layers have one; drawn when left out.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(symmetric_layers(), lambda layer: layer.symmetry.name == "cyclic").symmetry
    Cyclic()
    """
    [max_width] = _check("symmetric_layers", max_width=max_width)
    if bias is not None:
        check_flag(bias, "symmetric_layers: bias", "pass True, False or None")
    st = _hypothesis()

    @st.composite
    def build(draw: Any) -> layers.Linear:
        cls = symmetries.get(draw(st.sampled_from(symmetries.catalogue())))
        symmetry, out_features, in_features = draw(st.sampled_from(cls.examples()))
        shapes = fitting_shapes(symmetry, max_width)
        if shapes:
            out_features, in_features = draw(st.sampled_from(shapes))
        shifted = draw(st.booleans()) if bias is None else bias
        return layers.Linear(in_features, out_features, symmetry=symmetry, bias=shifted)

    return build()


@explained
def symmetric_chain(symmetry: Symmetry, depth: int = 3, max_width: int = 3) -> list[layers.Linear]:
    """Linear layers that fit behind one another, as many as possible tied by the symmetry.

    Where the symmetry fits no shape next to the layer before, the weights are free.

    Parameters
    ----------
    depth
        Number of linear layers.
    max_width
        Largest width; it grows to the smallest at which the symmetry fits.

    Examples
    --------
    >>> from cumulant_theory import symmetries
    >>> symmetric_chain(symmetries.Cyclic(), depth=2)
    [Linear(3, 3, symmetry=Cyclic(), bias=True), Linear(3, 3, symmetry=Cyclic(), bias=True)]
    """
    [depth, max_width] = _check("symmetric_chain", depth=depth, max_width=max_width)
    width = max_width
    shapes = fitting_shapes(symmetry, width)
    while not shapes and width < 12:
        width += 1
        shapes = fitting_shapes(symmetry, width)
    if not shapes:
        raise SymmetryError(f"{symmetry!r} fits no layer of width up to {width}")
    squares = [shape for shape in shapes if shape[0] == shape[1]]
    # beyond max_width the layers after the first are kept narrow: enumeration grows quickly
    if width == max_width:
        out_features, in_features = max(squares or shapes)
    else:
        narrow = [shape for shape in shapes if shape[0] <= max_width]
        out_features, in_features = max(narrow, default=min(shapes))
    chain = [layers.Linear(in_features, out_features, symmetry=symmetry, bias=True)]
    while len(chain) < depth:
        before = chain[-1].out_features
        fitting = [out for out, into in shapes if into == before and out <= max_width]
        out = max(fitting, default=min(2, max_width))
        tie = symmetry if fitting else None
        chain.append(layers.Linear(before, out, symmetry=tie, bias=True))
    return chain


@explained
def rational_networks(max_layers: int = 2, max_width: int = 3, max_degree: int = 2) -> Any:
    """Networks Linear >> Pointwise >> ... >> Linear with all parameters random rationals.

    Parameters
    ----------
    max_layers
        Largest number of hidden layers.
    max_width
        Largest number of units of a layer.
    max_degree
        Of the activations.

    Examples
    --------
    >>> from hypothesis import find
    >>> net = find(rational_networks(), lambda net: net.input_units() == 2)
    >>> net.parameters
    ()
    """
    [max_layers] = _check("rational_networks", least=0, max_layers=max_layers)
    [max_width, max_degree] = _check(
        "rational_networks", max_width=max_width, max_degree=max_degree
    )
    st = _hypothesis()

    @st.composite
    def build(draw: Any) -> layers.Sequential:
        widths = draw(st.lists(st.integers(1, max_width), min_size=2, max_size=max_layers + 2))
        parts: list[layers.Layer] = []
        for k in range(len(widths) - 1):
            if k:
                parts.append(layers.Pointwise(draw(polynomial_activations(max_degree))))
            parts.append(layers.Linear(widths[k], widths[k + 1], bias=draw(st.booleans())))
        net = layers.Sequential(*parts)
        return net.subs({p: draw(rationals()) for p in net.parameters})

    return build()
