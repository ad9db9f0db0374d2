# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Explorers: the theory under your fingers
#
# Four things to play with: a law that flows under the renormalisation group, a symmetry that ties
# the weights of a layer, a network that fits its training law and misses another, and a wide random
# network whose means are predicted without a sample. Every slider recomputes the formulas, the
# figure and the tables. On a page without a kernel they show the setting they were left at.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import numerics as nm
from cumulant_theory import laws, layers, rg

# %% [markdown]
# ## A law under the renormalisation group
#
# One step adds $b$ independent copies and divides by $b^s$:

# %%
b, s = sp.symbols("b s", positive=True)
block_sum = rg.RGMap(layers.BlockSum(b, s))
block_sum

# %% [markdown]
# At $s = 1/2$ the variance stays. Try $s = 1$, the law of large numbers: the mean stays, all else
# dies out. The standardised cumulants on the left do not see $s$ at all, and their fall is the
# central limit theorem. Crosses are the prediction for the network given here, one with tied
# weights that learned the block sum of two from Gaussian data.

# %%
tied, free = nm.explorers.usual_units().values()
learner = nm.build(tied, seed=0)
nm.train(
    learner, nm.tasks.BlockSum(2, laws.Normal(0, 1)), loss="law", exact=True, progress=False
)
flow = nm.explorers.rg_flow("exponential(1)")
flow

# %%
learned = nm.explorers.rg_flow("exponential(1)", network=learner, steps=4)
learned

# %% [markdown]
# This network ended as the mirror image of the block sum: every odd cumulant changes its sign at
# each step.
#
# ## Weights tied by a symmetry
#
# Weights that commute with a group, $\rho_{out}(g)\, W = W \rho_{in}(g)$, form a linear space; one
# colour is one free parameter. The group also leaves fewer joint cumulants to compute, one for each
# orbit of indices. The sliders offer the sizes that fit the group.

# %%
symmetry = nm.explorers.symmetry("dihedral", 6, 6)
symmetry

# %% [markdown]
# ## Fitting one law, meeting another
#
# The plane holds all networks $l\,(x_1 + x_2) + Q\,(x_1 + x_2)^2 + c$ with the right mean on
# Gaussians. Curves are the networks that match a cumulant of the block sum on Gaussians; colour is
# what they miss on the other law. Drag the star, move it by a click, by the arrow keys or by its
# sliders, or send it to the curve. With the third order fitted as well two points are left, and
# only one of them is the block sum.

# %%
failure = nm.explorers.failure(order=2)
failure

# %% [markdown]
# ## Wide random networks
#
# Means of all units behind every layer, for propagation that keeps more and more cumulants. An
# error that the samples cannot resolve is drawn as an upper limit.

# %%
wide = nm.explorers.wide(width=32, depth=3, K=3)
wide

# %% [markdown]
# ## The same without sliders
#
# What an explorer computes and draws are two plain functions, its data are arrays for figures of
# one's own, and its controls can be set from Python:

# %%
data = nm.explorers.rg_flow_data(laws.Laplace(0, 1), b=3, steps=4)
figure, axis = plt.subplots(figsize=(5, 2.4), layout="constrained")
axis.semilogy(abs(data.standardised[:, 3]), "o-")
axis.set(xlabel="step $t$", ylabel="excess kurtosis")
plt.show()
nm.explorers.rg_flow_figure(data)

# %%
failure.set(x=-(0.5**0.5), y=0.0)
miss = failure.data.residuals("test", -(0.5**0.5), 0.0)
{order: round(float(value), 6) for order, value in miss.items()}

# %%
kappa = sp.symbols("kappa_1:5")
assert [e.rhs for e in block_sum.recursion(4)] == [
    b ** (1 - r * s) * kappa[r - 1] for r in range(1, 5)
]
assert np.allclose(flow.data.standardised[:, 3], 6 * 2.0 ** -np.arange(7))
signs = np.sign([float(np.ravel(k)[0]) for k in learned.data.learned.cumulant(3)])
assert list(signs) == [1, -1, 1, -1, 1]  # the mirror image
assert symmetry.data.tying.dimension == symmetry.data.rank == symmetry.data.burnside == 4
assert np.isclose(miss[3], -2 * 2**0.5)
assert wide.data.resolved[0, -1]
assert (np.diff(wide.data.distance[:, -1]) < 0).all()
