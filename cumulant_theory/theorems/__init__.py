"""Named results on what training can and cannot decide, each with a proof that checks itself."""

from . import (
    gaussian_sphere,
    graph_degrees,
    invariant_weights,
    linear_units,
    lowest_order,
    mirror_image,
    missing_direction,
    odd_networks,
    quadratic_sharing,
)
from .base import Theorem, article, catalogue, get, register

__all__ = ["Theorem", "article", "catalogue", "get"]

for _module in (  # as they build on each other
    linear_units, lowest_order, gaussian_sphere, mirror_image, odd_networks, invariant_weights,
    missing_direction, quadratic_sharing, graph_degrees,
):
    register(_module.THEOREM)
