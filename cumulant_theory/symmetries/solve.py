"""The equivariant weights and biases of a list of actions: orbit walk, and exact null space."""

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from cumulant_theory.errors import SymmetryError
from cumulant_theory.symmetries.actions import Action, PermutationAction

Index = tuple[int, int]
Vector = tuple[tuple[Index, sp.Expr], ...]


def orbit_basis(shape: Index, actions: Sequence[PermutationAction]) -> tuple[Vector, ...]:
    """One basis matrix per orbit of signed permutations on (output, input) pairs.

    An orbit in which some pair returns to itself with the sign -1 forces zeros and gives none.

    Parameters
    ----------
    shape : (int, int)
        (out_features, in_features).
    actions : sequence of PermutationAction

    Returns
    -------
    tuple of tuples ((i, j), coefficient)
        In row-major order of the first pair, whose coefficient is 1.

    Examples
    --------
    >>> from cumulant_theory.symmetries.actions import same_action
    >>> [[ij for ij, _ in v] for v in orbit_basis((2, 2), same_action([(1, 0)], 1, 1))]
    [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]
    """
    moves = [(a.out.images, a.out.signs, a.inp.images, a.inp.signs) for a in actions]
    return _walk(shape, moves)


def orbit_bias_basis(size: int, actions: Sequence[PermutationAction]) -> tuple[Vector, ...]:
    """One basis column per orbit of the signed permutations on the outputs.

    Parameters
    ----------
    size : int
        out_features.
    actions : sequence of PermutationAction

    Returns
    -------
    tuple of tuples ((i, 0), coefficient)

    Examples
    --------
    >>> from cumulant_theory.symmetries.actions import same_action
    >>> orbit_bias_basis(2, same_action([(1, 0)], 1, 1))
    ((((0, 0), 1), ((1, 0), 1)),)
    """
    return _walk((size, 1), [(a.out.images, a.out.signs, (0,), (1,)) for a in actions])


def _walk(shape: Index, moves: Iterable[tuple]) -> tuple[Vector, ...]:
    rows, cols = shape
    moves = list(moves)
    seen: set[Index] = set()
    basis = []
    for start in ((i, j) for i in range(rows) for j in range(cols)):
        if start in seen:
            continue
        signs, stack, consistent = {start: 1}, [start], True
        while stack:
            i, j = pair = stack.pop()
            for out_images, out_signs, in_images, in_signs in moves:
                image = (out_images[i], in_images[j])
                sign = signs[pair] * out_signs[i] * in_signs[j]
                if image not in signs:
                    signs[image] = sign
                    stack.append(image)
                elif signs[image] != sign:
                    consistent = False
        seen.update(signs)
        if consistent:
            basis.append(tuple((pair, sp.Integer(signs[pair])) for pair in sorted(signs)))
    return tuple(basis)


def nullspace_basis(shape: Index, actions: Sequence[Action]) -> tuple[Vector, ...]:
    """Solve rho_out W = W rho_in for every action, exactly.

    Group and Lie-algebra elements obey the same equation. The basis is in reduced row echelon
    form on row-major vec(W), so that each member owns its first pair and has the entry 1 there.

    Parameters
    ----------
    shape : (int, int)
        (out_features, in_features).
    actions : sequence of PermutationAction or MatrixAction

    Returns
    -------
    tuple of tuples ((i, j), coefficient)

    Examples
    --------
    >>> from cumulant_theory.symmetries.actions import MatrixAction
    >>> J = sp.ImmutableMatrix([[0, -1], [1, 0]])
    >>> len(nullspace_basis((2, 2), [MatrixAction(J, J, infinitesimal=True)]))
    2
    """
    rows, cols = shape
    equations: list[dict[int, sp.Expr]] = []
    for action in actions:
        out, inp = action.matrices
        out_terms = [[(k, out[i, k]) for k in range(rows) if out[i, k] != 0] for i in range(rows)]
        in_terms = [[(k, inp[k, j]) for k in range(cols) if inp[k, j] != 0] for j in range(cols)]
        for i in range(rows):
            for j in range(cols):
                equation: dict[int, sp.Expr] = {}
                for k, value in out_terms[i]:
                    equation[k * cols + j] = equation.get(k * cols + j, sp.S.Zero) + value
                for k, value in in_terms[j]:
                    equation[i * cols + k] = equation.get(i * cols + k, sp.S.Zero) - value
                equations.append(equation)
    return _solve(equations, shape)


def nullspace_bias_basis(size: int, actions: Sequence[Action]) -> tuple[Vector, ...]:
    """Solve rho_out c = c (drho_out c = 0 for Lie-algebra elements) for every action, exactly.

    Parameters
    ----------
    size : int
        out_features.
    actions : sequence of PermutationAction or MatrixAction

    Returns
    -------
    tuple of tuples ((i, 0), coefficient)

    Examples
    --------
    >>> from cumulant_theory.symmetries.actions import MatrixAction
    >>> J = sp.ImmutableMatrix([[0, -1], [1, 0]])
    >>> nullspace_bias_basis(2, [MatrixAction(J, J, infinitesimal=True)])
    ()
    """
    equations = []
    for action in actions:
        out = action.matrices[0]
        fixed = out if action.infinitesimal else out - sp.eye(size)
        equations += [{j: fixed[i, j] for j in range(size)} for i in range(size)]
    return _solve(equations, (size, 1))


def _solve(equations: list[dict[int, sp.Expr]], shape: Index) -> tuple[Vector, ...]:
    unknowns = shape[0] * shape[1]
    rows = [{j: v for j, v in equation.items() if v != 0} for equation in equations]
    rows = [row for row in rows if row]
    if not rows:
        return tuple((((k // shape[1], k % shape[1]), sp.S.One),) for k in range(unknowns))
    values = sorted({v for row in rows for v in row.values()}, key=sp.default_sort_key)
    domain, elements = sp.construct_domain(values, field=True, extension=True)
    if not (domain.is_QQ or domain.is_AlgebraicField):
        raise SymmetryError(
            f"generators with entries {', '.join(map(str, values))} have no common number field "
            f"(SymPy found {domain}); write them with rationals and roots"
        )
    images: Any = elements
    exact: dict[Any, Any] = dict(zip(values, images, strict=True))
    # entries that are zero only after simplification become zero of the field here
    table = {
        i: {j: exact[v] for j, v in row.items() if exact[v] != domain.zero}
        for i, row in enumerate(rows)
    }
    table = {i: row for i, row in table.items() if row}
    system = DomainMatrix(table, (len(rows), unknowns), domain)
    kernel, _ = system.nullspace().to_field().to_sparse().rref()
    basis = []
    for _, row in sorted(kernel.to_sparse().rep.to_sdm().items()):
        basis.append(
            tuple(
                ((k // shape[1], k % shape[1]), sp.expand(domain.to_sympy(row[k])))
                for k in sorted(row)
            )
        )
    return tuple(basis)
