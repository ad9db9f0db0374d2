"""Synthetic results of a study, made without training anything."""

import math

import numpy as np

from numerics.study.cells import architecture
from numerics.study.results import StudyResults

SYMMETRIES = ("free", "shared", "permutation_invariant", "alternating", "cyclic")
ACTIVATIONS = ("identity", "quadratic")
LOSSES = ("pointwise", "law")
TRAIN = ("normal(0, 1)", "exponential(1)")
TESTS = {"Gaussian": "normal(0, 1)", "uniform": "uniform(-1, 1)", "exponential": "exponential(1)",
         "Rademacher": "rademacher", "Laplace": "laplace(0, 1)"}
TARGET = {"Gaussian": (0, 1, 0, 0), "uniform": (0, 1 / 3, 0, -1 / 15),
          "exponential": (2**0.5, 1, 2**0.5, 3), "Rademacher": (0, 1, 0, -1),
          "Laplace": (0, 2, 0, 6)}
LAYERS = {"1 Linear": 2, "2 Pointwise": 2, "3 Linear": 1}


def _alphas(dim):
    if dim == 1:
        return [(r,) for r in range(1, 5)]
    return [(r - k, k) for r in range(1, 5) for k in range(r + 1)]


def synthetic(symmetries=SYMMETRIES, activations=ACTIVATIONS, losses=LOSSES, train=TRAIN,
              tests=tuple(TESTS), seeds=8):
    """Results whose z-scores are standard normal and whose mirror images are known."""
    rng = np.random.default_rng(7)
    comparisons, outcomes, networks = [], [], []
    for s in symmetries:
        for a in activations:
            for loss in losses:
                for law in train:
                    cell = f"{s}-{a}-{loss}-{law}".replace("(", "_").replace(")", "")
                    cell = cell.replace(", ", "__")
                    base = {"cell": cell, "symmetry": s, "activation": a, "loss": loss,
                            "train_law": law}
                    for k in range(seeds):
                        mirror = (s in ("permutation_invariant", "shared", "cyclic")
                                  and loss == "law" and "normal" in law and k % 2 == 1)
                        networks.append({
                            "cell": cell, "seed": k, "train_loss": 1e-9 * (k + 1), "steps": 300,
                            "converged": True, "parameters": {"W__1_11": 0.5}})
                        for t in tests:
                            bad = s == "alternating" or (s == "free" and loss == "law"
                                                         and t != "Gaussian")
                            flip = -1 if mirror else 1
                            odd = TARGET[t][2] != 0
                            ok = not bad and not (mirror and odd)
                            decided = a == "identity"
                            expected = "open"
                            if decided:
                                expected = "must generalise" if ok else "must fail"
                            out = [v * (flip ** (r + 1)) * (0.6 if bad else 1)
                                   for r, v in enumerate(TARGET[t])]
                            outcomes.append(base | {
                                "seed": k, "test_law": t, "train_loss": 1e-9, "converged": True,
                                "generalises": ok, "mirror": mirror, "worst_order": 3,
                                "worst_z": 0.5 if ok else 50.0, "expected": expected,
                                "resolution": 0.0 if ok else 50.0,
                                **{f"residual_{r + 1}": float(out[r] - TARGET[t][r])
                                   for r in range(4)}})
                            for layer, dim in LAYERS.items():
                                for alpha in _alphas(dim):
                                    r = sum(alpha)
                                    value = out[r - 1] if dim == 1 else float(
                                        rng.normal() * math.factorial(r - 1))
                                    z = float(rng.normal())
                                    se = 0.002 * 3.0**r
                                    undecided = r == 4 and rng.random() < 0.02
                                    comparisons.append(base | {
                                        "seed": k, "test_law": t, "layer": layer,
                                        "alpha": " ".join(map(str, alpha)), "order": r,
                                        "predicted": value, "measured": value + z * se,
                                        "standard_error": se, "z": z,
                                        "p": math.erfc(abs(z) / 2**0.5), "p_holm": 1.0,
                                        "verdict": "undecided" if undecided else "agree"})
    config = {"title": "Symmetry and the central limit theorem", "b": 2, "hidden": 2, "order": 4,
              "match_order": 4, "symmetries": list(symmetries), "activations": list(activations),
              "losses": list(losses), "train_laws": list(train),
              "test_laws": {t: TESTS[t] for t in tests}, "seeds": seeds, "samples": 400000,
              "steps": 300, "restarts": 12, "seed": 2026}
    theory = []
    for s in symmetries:
        for a in activations:
            net = architecture(s, a, 2, 2)
            theory.append({"symmetry": s, "activation": a, "network": repr(net), "net": net,
                           "parameters": [str(p) for p in net.parameters],
                           "free": len(net.parameters),
                           "unconstrained": len(architecture("free", a, 2, 2).parameters)})
    manifest = {"versions": {"python": "3.11", "numpy": "2.0"}, "config": config,
                "fingerprint": "0123456789abcdef", "seed": 2026, "seconds": 1.5, "cells": 40,
                "cells_run": 40, "level": 0.01, "platform": "Linux"}
    return StudyResults(config, comparisons, outcomes, networks, theory, manifest)
