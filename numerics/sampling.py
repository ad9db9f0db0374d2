"""Samples from laws, in float64, reproducible and independent of any global state."""

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy import stats

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import explained
from cumulant_theory.errors import DomainError, ShapeError
from cumulant_theory.laws import JointLaw, Law

Seed = int | np.random.SeedSequence | np.random.Generator | None
_MOST = 2**48  # samples; NumPy counts no further in arrays of several dimensions

# NumPy's own methods where they beat the generic route of scipy.stats
_FAST: dict[str, Callable[..., Any]] = {
    "norm": lambda rng, n, loc, scale: rng.normal(loc, scale, n),
    "uniform": lambda rng, n, loc, scale: rng.uniform(loc, loc + scale, n),
    "laplace": lambda rng, n, loc, scale: rng.laplace(loc, scale, n),
    "logistic": lambda rng, n, loc, scale: rng.logistic(loc, scale, n),
    "expon": lambda rng, n, scale: rng.exponential(scale, n),
    "gamma": lambda rng, n, a, scale: rng.gamma(a, scale, n),
    "poisson": lambda rng, n, mu: rng.poisson(mu, n),
    "t": lambda rng, n, df, loc, scale: loc + scale * rng.standard_t(df, n),
}


@explained
def sample(law: Law | JointLaw, size: int, seed: Seed = None) -> np.ndarray:
    """Independent samples of a law.

    Parameters
    ----------
    law
        Law without free symbols.
    size
        Number of samples, 1 or more.
    seed
        Integer, ``SeedSequence`` or ``Generator``; None draws fresh entropy. A generator is
        advanced, anything else gives the same samples again.

    Returns
    -------
    numpy.ndarray
        float64, shape (size,) for a :class:`Law`, (size, dim) for a :class:`JointLaw`.

    Raises
    ------
    DomainError
        If the law holds symbols, or is known by its cumulants only.
    ShapeError
        If ``size`` is no positive integer.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> sample(laws.Uniform(-1, 1).iid(2), 5, seed=0).shape
    (5, 2)
    >>> bool((sample(laws.Poisson(3), 4, seed=1) == sample(laws.Poisson(3), 4, seed=1)).all())
    True
    """
    require_samplable(law)
    rng = generator(seed)
    return _draw(law, whole_count(size, "size"), rng)


@explained
def sample_chunks(
    law: Law | JointLaw, samples: int, chunk: int, seed: Seed = 0
) -> Iterator[np.ndarray]:
    """Samples of a law, chunk by chunk, each chunk from its own stream.

    Chunk k depends on ``seed``, ``chunk`` and k only: a longer run starts with the same chunks, and
    they can be drawn in any order. The arguments are checked at once, before the first chunk.

    Parameters
    ----------
    law
        Law without free symbols.
    samples
        Number of samples in all.
    chunk
        Number of samples in each chunk but the last, which may be shorter.
    seed
        Integer or ``SeedSequence``, used without being changed; a ``Generator`` is advanced by
        one draw; None draws fresh entropy.

    Yields
    ------
    numpy.ndarray
        float64, shape (m,) or (m, dim) with m <= chunk.

    Raises
    ------
    DomainError
        As in :func:`sample`.
    ShapeError
        If ``samples`` or ``chunk`` is no positive integer.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> [c.shape for c in sample_chunks(laws.Normal(0, 1), 10, 4, seed=0)]
    [(4,), (4,), (2,)]
    """
    require_samplable(law)
    samples, chunk = whole_count(samples, "samples"), whole_count(chunk, "chunk")
    root = _seed_sequence(seed)
    return _chunks(law, samples, chunk, root)


def _chunks(
    law: Law | JointLaw, samples: int, chunk: int, root: np.random.SeedSequence
) -> Iterator[np.ndarray]:
    for k, start in enumerate(range(0, samples, chunk)):
        stream = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, k))
        yield _draw(law, min(chunk, samples - start), np.random.default_rng(stream))


def require_samplable(law: Any) -> None:
    """Raise :class:`DomainError` unless ``law`` can be sampled.

    Examples
    --------
    >>> from cumulant_theory import laws
    >>> require_samplable(laws.Normal(0, "sigma"))
    Traceback (most recent call last):
        ...
    cumulant_theory.errors.DomainError: Normal(loc=0, scale=sigma) cannot be sampled before \
sigma has a number; use law.subs({'sigma': ...})
    """
    if not isinstance(law, (Law, JointLaw)):
        raise DomainError(f"{law!r} is no law; pass one of cumulant_theory.laws")
    if law.sampling is None:
        raise DomainError(
            f"{law!r} is known by its cumulants only and cannot be sampled; choose a law with "
            "a sampler, for example Normal, Discrete or Mixture"
        )
    if law.free_symbols:
        names = sorted(s.name for s in law.free_symbols)
        wanted = ", ".join(f"'{name}': ..." for name in names)
        raise DomainError(
            f"{law!r} cannot be sampled before {', '.join(names)} has a number; "
            f"use law.subs({{{wanted}}})"
        )


def whole_count(value: Any, what: str) -> int:
    """A number of samples.

    Raises
    ------
    ShapeError
        If it is no integer from 1 up, or more than can be counted.

    Examples
    --------
    >>> whole_count(np.int64(3), "size")
    3
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        count = operator.index(value)
    except TypeError:
        raise ShapeError(f"{what} is {value!r}; pass a positive integer") from None
    if not 1 <= count <= _MOST:
        raise ShapeError(f"{what} is {count}; pass a positive integer up to {_MOST}")
    return count


def _valid_seed(seed: Any) -> int | None:
    number = as_integer(seed)
    if seed is not None and number is None:
        raise DomainError(
            f"seed is {seed!r}; pass a non-negative int, a SeedSequence, a Generator or None"
        )
    return number


def generator(seed: Seed) -> np.random.Generator:
    """The generator of a seed, or the one that is given.

    Raises
    ------
    DomainError
        If it is no seed.

    Examples
    --------
    >>> int(generator(0).integers(10))
    8
    """
    if not isinstance(seed, (np.random.Generator, np.random.SeedSequence)):
        seed = _valid_seed(seed)
    return np.random.default_rng(seed)


def _seed_sequence(seed: Seed) -> np.random.SeedSequence:
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, np.random.Generator):
        return np.random.SeedSequence(seed.integers(0, 2**32, size=4).tolist())
    return np.random.SeedSequence(_valid_seed(seed))


def _number(value: Any, law: Law | JointLaw) -> float:
    try:
        number = float(value)
    except (TypeError, OverflowError):
        number = np.inf
    if not np.isfinite(number):
        raise DomainError(f"{law!r}: {value} is no finite float64; rescale the law")
    return number


def _numbers(values: Sequence[Any], law: Law | JointLaw) -> np.ndarray:
    return np.array(
        [_numbers(v, law) if isinstance(v, tuple) else _number(v, law) for v in values]
    )


def _draw(law: Law | JointLaw, size: int, rng: np.random.Generator) -> np.ndarray:
    kind, *data = law.sampling or (None,)
    if kind not in _KINDS:
        raise DomainError(f"{law!r} asks for the unknown sampler {kind!r}; known: {list(_KINDS)}")
    return np.asarray(_KINDS[kind](law, size, rng, *data), dtype=np.float64)


def _scipy(law: Law, size: int, rng: np.random.Generator, name: str, spec: dict[str, Any]) -> Any:
    numbers = {k: _number(v, law) for k, v in spec.items()}
    if name in _FAST:
        return _FAST[name](rng, size, **numbers)
    return getattr(stats, name).rvs(**numbers, size=size, random_state=rng)


def _choices(law: Any, probs: Sequence[Any], size: int, rng: np.random.Generator) -> np.ndarray:
    cumulative = np.cumsum(_numbers(probs, law))
    # rounding may leave the last entry below one
    return np.searchsorted(cumulative[:-1], rng.random(size), side="right")


def _discrete(law: Any, size: int, rng: np.random.Generator, points: Any, probs: Any) -> Any:
    return _numbers(points, law)[_choices(law, probs, size, rng)]


def _mixture(law: Any, size: int, rng: np.random.Generator, weights: Any, components: Any) -> Any:
    which = _choices(law, weights, size, rng)
    result = np.empty(size)
    for k, component in enumerate(components):
        here = np.flatnonzero(which == k)
        result[here] = _draw(component, len(here), rng)
    return result


def _product(law: Any, size: int, rng: np.random.Generator, components: Any) -> Any:
    return np.column_stack([_draw(component, size, rng) for component in components])


def _iid(law: Any, size: int, rng: np.random.Generator, component: Law, n: Any) -> Any:
    return _draw(component, size * int(n), rng).reshape(size, int(n))


def _normal(law: Any, size: int, rng: np.random.Generator, mean: Any, cov: Any) -> Any:
    values, vectors = np.linalg.eigh(_numbers(cov, law))
    # rounding turns the zero eigenvalues of a singular covariance slightly negative
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return _numbers(mean, law) + rng.standard_normal((size, len(mean))) @ root.T


_KINDS: dict[str | None, Callable[..., Any]] = {
    "scipy": _scipy,
    "discrete": _discrete,
    "discrete_joint": _discrete,
    "mixture": _mixture,
    "product": _product,
    "iid": _iid,
    "multivariate_normal": _normal,
}
