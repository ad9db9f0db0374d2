"""Array libraries that run generated kernels, loaded when first asked for.

Adding a backend takes one file with a :class:`~numerics.backends.base.Backend` named ``BACKEND``
and one line in :data:`REGISTRY`.
"""

from importlib import import_module

from cumulant_theory.arguments import explained
from cumulant_theory.errors import MissingDependencyError, UnknownNameError

from .base import Backend

# name -> (module, package it needs, pip extra)
REGISTRY: dict[str, tuple[str, str, str]] = {
    "numpy": ("numpy", "numpy", "numerics"),
    "torch": ("torch", "torch", "torch"),
    "symengine-llvm": ("symengine", "symengine", "llvm"),
}

__all__ = ["REGISTRY", "Backend", "get_backend"]


@explained
def get_backend(name: str) -> Backend:
    """Return the backend of this name.

    Raises
    ------
    UnknownNameError
        No backend has this name.
    MissingDependencyError
        Its package is not installed.

    Examples
    --------
    >>> get_backend("numpy").name
    'numpy'
    """
    if name not in REGISTRY:
        raise UnknownNameError.of("backend", name, REGISTRY)
    module, package, extra = REGISTRY[name]
    try:
        return import_module(f"{__name__}.{module}").BACKEND
    except ImportError as error:
        if (error.name or "").split(".")[0] != package:
            raise
        raise MissingDependencyError(
            f"the backend '{name}' needs the package {package}, which cannot be imported; "
            f"install it with: pip install 'cumulant-theory[{extra}]'"
        ) from error
