"""Text to networks: ``linear(2, 3, cyclic, bias) | quadratic(alpha) | linear(3, 1)``.

Layers are separated by ``|`` or ``>>`` and written as calls:

=================================  ================================================================
``linear(in, out)``                affine layer; after the widths come a weight symmetry and the
                                   word ``bias``, in any order. Keywords: ``symmetry=``, ``bias=``,
                                   ``weight=[[1, a], [0, 1]]``, ``bias_values=[c, 0]``, ``name=W``
``quadratic(alpha)``, ``relu``     any activation by name, also ``pointwise(quadratic(alpha))``
``mean(n)``, ``sum(n)``            constant readouts
``blocksum(b, s)``                 block sum b^{-s} (x_1 + ... + x_b); s is 1/2 when left out, and
                                   both may be symbols. Keyword: ``weights=[1/2, 1/3]``
``residual(network)``              x + f(x) for a network f that keeps the width
``graphconv(cycle(3), 1, 2)``      graph convolution with features in and out; after them come the
                                   aggregation (sum, mean, symmetric) and the word ``bias``. Graphs:
                                   ``complete(n)``, ``cycle(n)``, ``path(n)``, ``star(n)``.
                                   Likewise ``gcnconv``, ``sageconv``, ``ginconv`` (keyword
                                   ``eps=``) and ``edgelift``; keyword ``bias=``
``edgesum(cycle(3), channels)``    sum of edge messages at their targets
``readout(cycle(3), mean)``        ``mean``, ``sum`` or a node (its position); keyword
                                   ``channels=``
=================================  ================================================================

As in :mod:`cumulant_theory.parsing` the text is read as a syntax tree and rebuilt from a whitelist;
nothing is ever evaluated as code.
"""

import ast
from collections.abc import Callable
from typing import Any

from . import activations, symmetries
from .errors import CumulantError, ParseError, UnknownNameError
from .layers import BlockSum, Layer, Linear, Mean, Pointwise, Residual, Sequential, Sum, graphs
from .parsing import parse_activation, parse_number, parse_symmetry, syntax_tree

__all__ = ["known_layers", "parse_network"]

_MAX_LENGTH = 2000
_MAX_UNITS = 100
_EXAMPLE = '"linear(2, 3, bias) | quadratic(alpha) | linear(3, 1)"'


def known_layers() -> tuple[str, ...]:
    """Names that a network text may use for its layers.

    Examples
    --------
    >>> "linear" in known_layers(), "quadratic" in known_layers()
    (True, True)
    """
    return tuple(sorted({*_MAKERS, *activations.catalogue()}))


def parse_network(text: str) -> Layer:
    """Network of a text in the language of this module.

    Parameters
    ----------
    text
        Layers separated by ``|`` or ``>>``, input side first; at most 2000 characters.

    Returns
    -------
    Layer
        A single layer, or a `Sequential` with its parameters numbered by layer.

    Raises
    ------
    ParseError
        If the text is no chain of calls, or a call has the wrong arguments.
    UnknownNameError
        If a layer, activation or symmetry is unknown; the message lists those known.
    ShapeError, SymmetryError, DomainError
        If the layers or the symmetry do not fit the widths.

    Examples
    --------
    >>> parse_network("linear(2, 3, permutation_invariant, bias) | quadratic(a) | linear(3, 1)")
    Linear(2, 3, symmetry=PermutationInvariant(), bias=True) >> Pointwise(Quadratic(a*z**2 + z)) \
>> Linear(3, 1)
    >>> parse_network("blocksum(b)")
    BlockSum(b)
    """
    if not isinstance(text, str):
        raise ParseError(f"network {text!r} is no text; write for example {_EXAMPLE}")
    line = " ".join(text.split())
    if len(line) > _MAX_LENGTH:
        raise ParseError(f"network of {len(line)} characters; at most {_MAX_LENGTH} are read")
    try:
        tree = syntax_tree(line)
    except ParseError:
        raise ParseError(f"'{line}' is no network; write for example {_EXAMPLE}") from None
    return _Reader(line).network(tree)


class _Reader:
    """Syntax tree to layers, with the text at hand for messages and for exact numbers."""

    def __init__(self, line: str) -> None:
        self.line = line

    def text(self, node: ast.AST) -> str:
        return ast.get_source_segment(self.line, node) or ast.unparse(node)

    def network(self, node: ast.expr) -> Layer:
        chain: list[ast.expr] = []
        pending = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, ast.BinOp) and isinstance(part.op, (ast.BitOr, ast.RShift)):
                pending += [part.right, part.left]
            else:
                chain.append(part)
        layers = [self.layer(part) for part in chain]
        return layers[0] if len(layers) == 1 else Sequential(*layers)

    def layer(self, node: ast.expr) -> Layer:
        name, args, keywords = self.call(node)
        key = _plain(name)
        if key not in _MAKERS:
            if key in {_plain(a) for a in activations.catalogue()}:
                return Pointwise(parse_activation(self.text(node)))
            raise UnknownNameError.of("layer", name, known_layers())
        try:
            return _MAKERS[key](self, args, keywords)
        except CumulantError:
            raise
        except TypeError as error:  # another number of arguments, or an unknown keyword
            raise ParseError(
                f"'{self.text(node)}': wrong arguments ({error}); {_USAGE[key]}"
            ) from None

    def call(self, node: ast.expr) -> tuple[str, list[ast.expr], dict[str, ast.expr]]:
        if isinstance(node, ast.Name):
            return node.id, [], {}
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ParseError(
                f"'{self.text(node)}' is no layer; layers are calls, for example {_EXAMPLE}"
            )
        keywords: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ParseError(f"'{self.text(node)}': ** is not allowed in a call")
            keywords[keyword.arg] = keyword.value
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise ParseError(f"'{self.text(node)}': * is not allowed in a call")
        return node.func.id, list(node.args), keywords

    def number(self, node: ast.expr) -> Any:
        return parse_number(self.text(node))

    def integer(self, node: ast.expr, what: str) -> int:
        value = self.number(node)
        if not value.is_Integer:
            raise ParseError(f"{what} is '{self.text(node)}'; it must be a positive integer")
        if value > _MAX_UNITS:
            raise ParseError(
                f"{what} is {self.text(node)}; the language reads at most {_MAX_UNITS} units, "
                "build wider networks with cumulant_theory.layers"
            )
        return int(value)

    def numbers(self, node: ast.expr) -> Any:
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.numbers(e) for e in node.elts]
        return self.number(node)

    def flag(self, node: ast.expr) -> bool:
        word = self.text(node).lower()
        if word not in ("true", "false"):
            raise ParseError(f"bias is '{word}'; write bias, bias=true or bias=false")
        return word == "true"

    def name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value
            if word.replace("_", "").isalnum() and not word[0].isdigit():
                return word
        raise ParseError(f"name '{self.text(node)}' is no identifier; write for example name=W")


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _count(key: str, args: list[ast.expr], least: int, most: int) -> None:
    if not least <= len(args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ParseError(f"{key} takes {wanted} arguments, not {len(args)}; {_USAGE[key]}")


def _only(key: str, keywords: dict[str, ast.expr], *known: str) -> None:
    for name in keywords:
        if name not in known:
            raise UnknownNameError.of(f"argument of {key}", name, known or ["(none)"])


def _linear(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _count("linear", args, 2, 4)
    _only("linear", keywords, "symmetry", "bias", "weight", "bias_values", "name")
    options: dict[str, Any] = {}
    extra = [("symmetry", keywords["symmetry"])] if "symmetry" in keywords else []
    for node in args[2:]:
        if isinstance(node, ast.Name) and node.id.lower() == "bias":
            if "bias" in options or "bias" in keywords:
                raise ParseError(f"linear: bias is given twice; {_USAGE['linear']}")
            options["bias"] = True
        else:
            extra.append(("symmetry", node))
    if len(extra) > 1:
        raise ParseError(f"linear: two weight symmetries are given; {_USAGE['linear']}")
    for _, node in extra:
        options["symmetry"] = _symmetry(reader, node)
    if "bias" in keywords:
        options["bias"] = reader.flag(keywords["bias"])
    for key in ("weight", "bias_values"):
        if key in keywords:
            options[key] = reader.numbers(keywords[key])
    if "name" in keywords:
        options["name"] = reader.name(keywords["name"])
    widths = [reader.integer(a, f"linear: {w}") for a, w in zip(
        args, ("in_features", "out_features"), strict=False
    )]
    return Linear(widths[0], widths[1], **options)


def _symmetry(reader: _Reader, node: ast.expr) -> symmetries.Symmetry:
    if not isinstance(node, (ast.Name, ast.Call)):
        raise ParseError(
            f"linear: '{reader.text(node)}' is no weight symmetry; known: "
            f"{', '.join(symmetries.catalogue())}"
        )
    return parse_symmetry(reader.text(node))


def _pointwise(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _only("pointwise", keywords)
    _count("pointwise", args, 1, 1)
    return Pointwise(parse_activation(reader.text(args[0])))


def _readout(key: str, make: Callable[[int], Layer]) -> Callable[..., Layer]:
    def build(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
        _only(key, keywords)
        _count(key, args, 1, 1)
        return make(reader.integer(args[0], f"{key}: the number of units"))

    return build


def _block_sum(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _only("blocksum", keywords, "s", "weights")
    _count("blocksum", args, 1, 2)
    if len(args) == 2 and "s" in keywords:
        raise ParseError(f"blocksum: the exponent s is given twice; {_USAGE['blocksum']}")
    options: dict[str, Any] = {}
    exponent = args[1] if len(args) == 2 else keywords.get("s")
    if exponent is not None:
        options["s"] = reader.number(exponent)
    if "weights" in keywords:
        options["weights"] = reader.numbers(keywords["weights"])
    return BlockSum(reader.number(args[0]), **options)


def _residual(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _only("residual", keywords)
    _count("residual", args, 1, 1)
    return Residual(reader.network(args[0]))


def _graph(reader: _Reader, node: ast.expr, key: str) -> graphs.Graph:
    name, args, keywords = reader.call(node)
    if name not in graphs.families.__all__:
        raise UnknownNameError.of("graph", name, graphs.families.__all__)
    if len(args) != 1 or keywords:
        raise ParseError(f"'{reader.text(node)}' is no graph; write for example {name}(3)")
    return getattr(graphs, name)(reader.integer(args[0], f"{key}: the number of nodes"))


def _convolution(key: str, make: Callable[..., Layer]) -> Callable[..., Layer]:
    extra = {"graphconv": ("aggregation",), "ginconv": ("eps",)}.get(key, ())

    def build(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
        _only(key, keywords, "bias", *extra)
        _count(key, args, 1, 5)
        options: dict[str, Any] = {}
        widths: list[int] = []
        words = [(word, reader.text(node)) for word, node in keywords.items()
                 if word == "aggregation"]
        for node in args[1:]:
            if not isinstance(node, ast.Name):
                widths.append(reader.integer(node, f"{key}: the number of features"))
            elif node.id.lower() == "bias":
                options["bias"] = True
            else:
                words.append(("aggregation", node.id))
        if len(widths) > 2 or len(words) > len(extra) or (words and key != "graphconv"):
            raise ParseError(f"{key}: too many arguments; {_USAGE[key]}")
        if "bias" in keywords:
            options["bias"] = reader.flag(keywords["bias"])
        if "eps" in keywords:
            options["eps"] = reader.number(keywords["eps"])
        return make(_graph(reader, args[0], key), *widths, **dict(words), **options)

    return build


def _edge_sum(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _only("edgesum", keywords)
    _count("edgesum", args, 1, 2)
    channels = [reader.integer(a, "edgesum: the number of channels") for a in args[1:]]
    return graphs.EdgeSum(_graph(reader, args[0], "edgesum"), *channels)


def _graph_readout(reader: _Reader, args: list[ast.expr], keywords: dict[str, ast.expr]) -> Layer:
    _only("readout", keywords, "channels")
    _count("readout", args, 1, 2)
    kind: Any = "mean"
    if len(args) == 2:
        node = args[1]
        kind = node.id if isinstance(node, ast.Name) else reader.integer(node, "readout: the node")
    channels = (
        reader.integer(keywords["channels"], "readout: channels") if "channels" in keywords else 1
    )
    return graphs.Readout(_graph(reader, args[0], "readout"), kind, channels)


_MAKERS: dict[str, Callable[[_Reader, list[ast.expr], dict[str, ast.expr]], Layer]] = {
    "linear": _linear,
    "pointwise": _pointwise,
    "mean": _readout("mean", Mean),
    "sum": _readout("sum", Sum),
    "blocksum": _block_sum,
    "residual": _residual,
    "graphconv": _convolution("graphconv", graphs.GraphConv),
    "gcnconv": _convolution("gcnconv", graphs.GCNConv),
    "sageconv": _convolution("sageconv", graphs.SAGEConv),
    "ginconv": _convolution("ginconv", graphs.GINConv),
    "edgelift": _convolution("edgelift", graphs.EdgeLift),
    "edgesum": _edge_sum,
    "readout": _graph_readout,
}
_USAGE = {
    "linear": "write linear(in, out), linear(in, out, cyclic) or linear(in, out, cyclic, bias)",
    "pointwise": "write for example pointwise(quadratic(alpha))",
    "mean": "write mean(n)",
    "sum": "write sum(n)",
    "blocksum": "write blocksum(b) or blocksum(b, s)",
    "residual": "write residual(linear(2, 2) | square)",
    "graphconv": "write graphconv(cycle(3), 1, 2), graphconv(cycle(3), 1, 2, mean, bias)",
    "gcnconv": "write gcnconv(cycle(3), 1, 2) or gcnconv(cycle(3), 1, 2, bias)",
    "sageconv": "write sageconv(cycle(3), 1, 2) or sageconv(cycle(3), 1, 2, bias)",
    "ginconv": "write ginconv(cycle(3), 1, 2) or ginconv(cycle(3), 1, 2, eps=1/2)",
    "edgelift": "write edgelift(cycle(3), 1, 2) or edgelift(cycle(3), 1, 2, bias)",
    "edgesum": "write edgesum(cycle(3)) or edgesum(cycle(3), 2)",
    "readout": "write readout(cycle(3), mean), readout(cycle(3), sum) or readout(cycle(3), 0)",
}
