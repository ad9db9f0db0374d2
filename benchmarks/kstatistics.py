"""k-statistics against PyMoments and scipy.stats.kstat: time, equality and accuracy.

Run as a script for a table; `rows()` for the numbers. The peers need `pip install PyMoments`.
"""

import time
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
from PyMoments import kstat
from PyMoments.DataStructures import IntPartitionTree
from scipy import stats

from numerics.kstatistics import KStatistics, exact_kstatistic

SAMPLES, UNITS, ORDER = 100_000, 4, 4


def _best(function, repeats: int) -> float:
    """Smallest wall time of several calls, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def _indices():
    return [
        ix for r in range(1, ORDER + 1) for ix in combinations_with_replacement(range(UNITS), r)
    ]


def _pymoments(data):
    tree = IntPartitionTree()
    return {ix: kstat(data, ix, coef_tree=tree) for ix in _indices()}


def _ours(data, order=ORDER):
    return KStatistics(data.shape[1], order=order).update(data).as_dict()


def _row(what, ours, peer, peer_name, reach, **more):
    return {"what": what, "ours_s": ours, "peer": peer_name, "peer_s": peer,
            "ratio": peer / ours, "reach": reach, **more}  # fmt: skip


def rows() -> list[dict]:
    """Measure everything in this run.

    Returns
    -------
    list of dict
        Keys what, ours_s, peer, peer_s, ratio (peer over ours) and reach. In the equality and
        accuracy rows ours_s and peer_s hold relative errors, and `quantity` says so.
    """
    rng = np.random.default_rng(0)
    data = rng.exponential(size=(SAMPLES, UNITS))
    mixed = data @ rng.normal(size=(UNITS, UNITS))
    out = []

    ours = _best(lambda: _ours(mixed), 15)
    peer = _best(lambda: _pymoments(mixed), 5)
    out.append(_row(f"joint k-statistics to order 4, N = {SAMPLES}, d = {UNITS}", ours, peer,
                    "PyMoments", "at least 20"))  # fmt: skip

    def with_errors():
        k = KStatistics(UNITS).update(mixed)
        k.standard_error(k.alphas[0])
        return k.as_dict()

    out.append(_row("the same with standard errors", _best(with_errors, 15), peer,
                    "PyMoments (without)", ""))  # fmt: skip

    centred = mixed - mixed.mean(axis=0)
    found, theirs = KStatistics(UNITS).update(centred), _pymoments(centred)
    spread = np.sqrt([found.joint(i, i) for i in range(UNITS)])
    gap = max(
        abs(found.joint(*ix) - value) / np.prod(spread[list(ix)]) for ix, value in theirs.items()
    )
    out.append({"what": "the same: largest difference over product of standard deviations",
                "ours_s": float(gap), "peer": "PyMoments", "peer_s": float(gap), "ratio": 1.0,
                "reach": "equal", "quantity": "relative difference"})  # fmt: skip

    one = data[:, :1]
    peer = _best(lambda: [stats.kstat(one[:, 0], r) for r in range(1, 5)], 15)
    out.append(_row(f"univariate k-statistics to order 4, N = {SAMPLES}",
                    _best(lambda: _ours(one), 15), peer, "scipy.stats.kstat", ""))  # fmt: skip

    networks = rng.exponential(size=(64, 10_000, 2))
    loop = _best(lambda: [_ours(x) for x in networks], 3)
    ours = _best(lambda: KStatistics(2).update(networks).as_dict(), 5)
    out.append(_row("64 networks, N = 10000, d = 2, at once", ours, loop, "ours in a loop", ""))

    out += accuracy_rows()
    return out


def accuracy_rows(samples: int = 5_000) -> list[dict]:
    """Relative errors against exact rational arithmetic, mean at 1e6 standard deviations."""
    rng = np.random.default_rng(1)
    x = rng.exponential(size=samples) + 1e6
    exact = [exact_kstatistic(x, *(0,) * r) for r in range(1, 5)]
    ours = KStatistics(1).update(x)
    column = x[:, None]

    def error(values):
        pairs = zip(values, exact, strict=True)
        return max(abs(float(Fraction(float(v)) / e - 1)) for v, e in pairs)

    mine = error(ours[r] for r in range(1, 5))
    peers = {
        "PyMoments": error(kstat(column, (0,) * r) for r in range(1, 5)),
        "scipy.stats.kstat": error(stats.kstat(x, r) for r in range(1, 5)),
    }
    return [
        {"what": "relative error to order 4, mean shifted by 1e6 standard deviations",
         "ours_s": mine, "peer": name, "peer_s": value, "ratio": value / max(mine, 2**-53),
         "reach": "below 1e-11", "quantity": "relative error"}
        for name, value in peers.items()
    ]  # fmt: skip


if __name__ == "__main__":
    for row in rows():
        print(f"{row['what']:<75} {row['ours_s']:10.3g} {row['peer']:<20} "
              f"{row['peer_s']:10.3g} {row['ratio']:10.3g}  {row['reach']}")  # fmt: skip
