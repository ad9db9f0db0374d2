"""Cumulants of every layer of a network with numbers, from its recursion."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from cumulant_theory.algebra import check_indices, check_order, check_size, multi_indices
from cumulant_theory.arguments import explained
from cumulant_theory.closures import Closure, as_closure
from cumulant_theory.errors import DomainError, NoClosedFormError, ShapeError, UnknownNameError
from cumulant_theory.laws import IID, JointLaw, Law
from cumulant_theory.layers import AffineRule, Layer, Sequential

from .backends.numpy import as_float64
from .comparison import Prediction
from .kernels import Kernel, compile_system

__all__ = ["measured_indices", "predict"]

JOINT_ORDER = 4  # joint k-statistics end here; higher orders are compared unit by unit

_kernels: "weakref.WeakKeyDictionary[Layer, dict[Any, tuple[_Part, ...]]]" = (
    weakref.WeakKeyDictionary()
)


@explained
def predict(
    module: Any,
    law: Law | JointLaw,
    order: int = 4,
    layers: str | Sequence[str] = "all",
    values: Mapping[Any, Any] | None = None,
    closure: Closure | None = None,
) -> Prediction:
    """Output cumulants of every layer, evaluated at the weights of a network.

    Parameters
    ----------
    module : Network, Ensemble or Layer
        A layer needs ``values`` for its parameters.
    law : Law or JointLaw
        Of the input, without symbols; a univariate law stands for independent copies.
    order : int
        Highest order. Above order 4 only cumulants of single units are given, as measurements
        have them.
    layers : "all" or sequence of str
        Labels such as ``2 Pointwise``; ``"output"`` is the last one.
    values : mapping, optional
        Symbol or name -> number or array (S,), for a layer.
    closure : Closure, optional
        What to do where no exact answer exists, behind activations that are no polynomials:
        ``Diagrams(K)`` or ``Neglect(K)``. All that has an exact answer is given exactly.

    Returns
    -------
    Prediction
        Floats for one network, arrays (S,) for an ensemble. ``truncated`` names by layer what
        rests on the closure.

    Raises
    ------
    DomainError
        If the law, the network or an activation has symbols without a value.
    NoClosedFormError
        If a cumulant has no exact answer and there is no closure.
    OrderError
        If the law lacks cumulants of the order needed.
    ShapeError
        If the law has another number of units.
    UnknownNameError
        If a layer is not known.

    Notes
    -----
    Kernels are kept as long as the network's theory is. For independent copies one kernel serves
    all laws, where no activation needs the law to be Gaussian.

    Behind a Gaussian law the first layer of any activations is exact for cumulants of one or two
    units, of any order, and the linear layer after it to order 2. A value under a closure is
    computed under it from the input on, in all layers.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> predict(layers.BlockSum(4), laws.Exponential(1), order=3).rows()
    [('1 BlockSum', (1,), 2.0), ('1 BlockSum', (2,), 1.0), ('1 BlockSum', (3,), 1.0)]
    """
    theory, numbers = _numbers(module, values)
    joint, units = _joint(theory, law, getattr(module, "in_features", None))
    stages = theory.stages(units)
    ends = {stage.layer: stage for stage in stages}
    labels = {stage.label: position for position, stage in ends.items()}
    chosen = select_layers(layers, tuple(labels))
    order = check_order(order)
    closure = as_closure(closure)
    found: dict[str, dict[Any, Any]] = {}
    truncated: dict[str, frozenset[Any]] = {}
    for label in chosen:
        position = labels[label]
        width = ends[position].rule.out_units
        result: dict[Any, Any] = {}
        for kernel in _kernels_of(theory, position, joint, order, width, closure):
            result |= kernel.kernel(
                {p: numbers[p] for p in kernel.kernel.parameters}, _cumulants(kernel.kernel, joint)
            )
            if not kernel.exact:
                truncated[label] = frozenset(kernel.kernel.outputs)
        found[label] = {
            alpha: float(result[alpha]) if np.ndim(result[alpha]) == 0 else np.array(result[alpha])
            for alpha in measured_indices(width, order)
        }
    size = next((v.shape for v in numbers.values() if v.ndim), ())
    if size:
        for table in found.values():
            for alpha, v in table.items():
                table[alpha] = np.broadcast_to(v, size).copy()
    assumed = [closure.hypothesis] if truncated else []
    return Prediction(
        tuple(chosen), found, exact=not truncated,
        closure=repr(closure) if truncated else "Exact()",
        hypotheses=tuple(dict.fromkeys((*joint.hypotheses, *theory.hypotheses, *assumed))),
        law=law.label, truncated=truncated,
    )


@explained
def measured_indices(units: int, order: int) -> list[tuple[int, ...]]:
    """Multi-indices that k-statistics measure: all to order 4, single units above.

    Examples
    --------
    >>> [a for a in measured_indices(2, 5) if sum(a) == 5]
    [(5, 0), (0, 5)]
    """
    units, order = check_size(units, "measured_indices: units"), check_order(order)
    check_indices([units], min(order, JOINT_ORDER), "measured_indices")
    joint = range(1, min(order, JOINT_ORDER) + 1)
    return [
        *(alpha for r in joint for alpha in multi_indices(units, r)),
        *((0,) * k + (r,) + (0,) * (units - k - 1)
          for r in range(JOINT_ORDER + 1, order + 1) for k in range(units)),
    ]


def select_layers(wanted: str | Sequence[str], labels: tuple[str, ...]) -> list[str]:
    """Labels asked for, in network order.

    Raises
    ------
    UnknownNameError
        If one is not a layer.
    """
    if isinstance(wanted, str):
        if wanted == "all":
            return list(labels)
        wanted = [labels[-1] if wanted == "output" else wanted]
    if not isinstance(wanted, (list, tuple)):
        raise UnknownNameError.of("layer", str(wanted), labels)
    for label in wanted:
        if label not in labels:
            raise UnknownNameError.of("layer", label, labels)
    return [label for label in labels if label in wanted]


def _numbers(module: Any, values: Mapping[Any, Any] | None) -> tuple[Layer, dict[Any, Any]]:
    theory = getattr(module, "theory", module)
    if not isinstance(theory, Layer):
        raise DomainError(
            f"predict: {type(module).__name__} is no network; pass a module from build(net), or a "
            "layer with values"
        )
    if values is not None and not isinstance(values, Mapping):
        raise DomainError(
            f"predict: values is {values!r}; pass a mapping of parameter names to numbers"
        )
    given = dict(values or {})
    if theory is not module:
        if given:
            raise DomainError("predict: a module has its own values; leave out values=")
        given = module.values()
    known = {str(p): p for p in theory.parameters}
    for key in given:
        if str(key) not in known:
            raise UnknownNameError.of("parameter", key, known)
    numbers = {known[str(k)]: as_float64(v, f"values[{str(k)!r}]") for k, v in given.items()}
    missing = [name for name, p in known.items() if p not in numbers]
    if missing:
        raise DomainError(
            f"predict: {theory!r} has no value for {', '.join(missing)}; give values={{...}}, or "
            "build the network"
        )
    if len({v.shape for v in numbers.values()} - {()}) > 1 or any(
        v.ndim > 1 for v in numbers.values()
    ):
        raise ShapeError("predict: values must be numbers or arrays (S,) of one length")
    return theory, numbers


def _joint(theory: Layer, law: Any, units: int | None) -> tuple[JointLaw, int]:
    if not isinstance(law, (Law, JointLaw)):
        raise DomainError(f"predict: {law!r} is no law; pass one of cumulant_theory.laws")
    if law.free_symbols:
        names = ", ".join(sorted(map(str, law.free_symbols)))
        raise DomainError(f"predict: {law!r} has the symbols {names}; give them values by subs")
    joint = law.iid(theory.input_units(units)) if isinstance(law, Law) else law
    return joint, theory.input_units(int(joint.dim))


class _Part(NamedTuple):
    """A kernel for some outputs of a layer, and whether they are exact."""

    kernel: Kernel
    exact: bool


def _kernels_of(
    theory: Layer, position: int, law: JointLaw, order: int, width: int, closure: Closure
) -> tuple[_Part, ...]:
    """Kernels from the input to the end of a layer, made once: exact, and under the closure."""
    top = law.max_order
    known = _kernels.setdefault(theory, {})
    chain = theory.layers[: position + 1]
    part = theory if len(chain) == len(theory.layers) else Sequential(*chain)
    stages = part.stages(int(law.dim))
    polynomial = all(
        a.coefficients is not None for s in stages if not isinstance(s.rule, AffineRule)
        for a in s.rule.activations
    )
    # A univariate generic law per unit count: the layers may take any number of units.
    key = (position, order, int(law.dim) if polynomial and isinstance(law, IID) else law,
           None if polynomial else closure)
    if polynomial and top is not None and part.input_order(order, int(law.dim)) > top:
        part.propagate(law, order)  # names the missing order
    if key not in known:
        inputs = _generic(int(law.dim)) if polynomial and isinstance(law, IID) else law
        outputs = measured_indices(width, order)
        known[key] = tuple(_compiled(part, order, inputs, outputs, closure))
    return known[key]


def _compiled(
    net: Layer, order: int, law: JointLaw, outputs: list[tuple[int, ...]], closure: Closure
) -> Iterator[_Part]:
    """The most outputs that have an exact answer, and the others under the closure."""
    def few_units(alpha: tuple[int, ...]) -> bool:
        return sum(a > 0 for a in alpha) <= 2

    choices = (
        outputs, [a for a in outputs if few_units(a) or sum(a) <= 2],
        [a for a in outputs if sum(a) <= 2], [a for a in outputs if sum(a) <= 1],
    )
    rest, missing = outputs, None
    for chosen in dict.fromkeys(map(tuple, choices)):
        try:
            system = net.system(max(map(sum, chosen)), inputs=law, outputs=chosen)
        except NoClosedFormError as error:
            missing = missing or error
            continue
        yield _Part(compile_system(system), True)
        rest = [a for a in outputs if a not in set(chosen)]
        break
    if rest:
        if closure.is_exact:
            raise NoClosedFormError(
                f"predict: {missing}; predict(..., closure=Diagrams(3)) gives such cumulants cut"
            )
        system = net.system(order, inputs=law, outputs=rest, closure=closure)
        yield _Part(compile_system(system), False)


def _generic(units: int) -> JointLaw:
    from cumulant_theory.laws import Generic

    return Generic("kappa").iid(units)


def _cumulants(kernel: Kernel, law: JointLaw) -> dict[sp.Symbol, float]:
    single: Any = law
    orders = {s: int(s.name.removeprefix("kappa_")) for s in kernel.inputs}
    values = {s: single.law.cumulant(r).evalf(30) for s, r in orders.items()}
    if any(v.free_symbols for v in values.values()):
        raise DomainError(f"predict: {law!r} has symbols; give them values by law.subs")
    return {s: float(v) for s, v in values.items()}
