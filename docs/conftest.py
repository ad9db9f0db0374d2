"""Examples of these pages register laws, theorems and more: the registries are put back."""

from collections.abc import Iterator

import pytest

from cumulant_theory.activations import base as activations
from cumulant_theory.laws import registry as laws
from cumulant_theory.symmetries import base as symmetries
from cumulant_theory.theorems import base as theorems

collect_ignore = ["conftest.py"]  # tests has one as well


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    from numerics import backends
    from numerics.imports import modules

    kept: list[dict] = [
        laws._LAWS, symmetries._REGISTRY, activations._registry, theorems._REGISTRY,
        backends.REGISTRY, modules._converters,
    ]
    before = [dict(registry) for registry in kept]
    yield
    for registry, content in zip(kept, before, strict=True):
        registry.clear()
        registry.update(content)
