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
# # The central limit theorem as a renormalisation-group map, and networks that learn it
#
# Take $b$ independent copies of a random variable, add them and divide by $\sqrt b$. The law of
# the result is a coarse-grained law: one step of a real-space renormalisation group. Repeat the
# step and every law of mean zero and finite variance flows to a Gaussian.
#
# Here the map is first written down exactly. Then two small networks learn it from Gaussian data
# alone, and exact cumulants tell, before any measurement, why they get other laws wrong.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Latex, Markdown, display

import numerics as nm
from cumulant_theory import activations, generalisation, laws, layers, rg, symmetries
from cumulant_theory.latex import inline_display

# %% [markdown]
# ## The map
#
# Cumulants add over independent sums and $\kappa_r(c\,x) = c^r \kappa_r(x)$. So one step
# multiplies the $r$-th cumulant by $b \cdot b^{-r/2}$, here with $b$ a symbol:

# %%
b = sp.Symbol("b", positive=True)
block_sum = rg.RGMap(layers.BlockSum(b))
block_sum

# %% [markdown]
# A law is fixed if it is Gaussian and centred, of any variance:

# %%
block_sum.fixed_points(order=4)[0]

# %% [markdown]
# The eigenvalue of the $r$-th cumulant is $b^{1-r/2}$: the mean grows (relevant), the variance
# stays (marginal), everything that tells a law from a Gaussian dies out (irrelevant). The
# eigenfunctions are Hermite polynomials times the Gaussian density.

# %%
block_sum.spectrum(order=4)

# %% [markdown]
# Several laws under repeated steps with $b = 2$. All are scaled to unit variance; skewness
# $\kappa_3$ falls as $2^{-t/2}$ and excess kurtosis $\kappa_4$ as $2^{-t}$, whatever the law.

# %%
clt = layers.BlockSum(2)
starts = {
    "exponential": laws.Exponential(1),
    "uniform": laws.Uniform(-sp.sqrt(3), sp.sqrt(3)),
    "Rademacher": laws.Rademacher(),
    "Laplace": laws.Laplace(0, 1 / sp.sqrt(2)),
}
flows = {name: rg.RGMap(clt).flow(law, steps=8) for name, law in starts.items()}

figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for axis, order in zip(axes, (3, 4), strict=True):
    for name, flow in flows.items():
        axis.plot([float(step[order]) for step in flow.steps], "o-", ms=3, label=name)
    axis.set(xlabel="step $t$", ylabel=rf"$\kappa_{order}$")
axes[1].legend()
plt.show()

# %% [markdown]
# ## A network that could be this map
#
# Two inputs, two hidden units with the activation $z + a z^2$, one output. Once with free weights,
# once with first-layer weights that do not change when the two inputs are exchanged, which is a
# symmetry of the block sum itself. The symmetry ties $W_{j1} = W_{j2}$.


# %%
def network(symmetry):
    return (
        layers.Linear(2, 2, symmetry=symmetry)
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(2, 1, bias=True)
    )


networks = {
    "free": network(symmetries.Free()),
    "invariant": network(symmetries.PermutationInvariant()),
}
{name: net.parameters for name, net in networks.items()}

# %% [markdown]
# The exact cumulants of each layer in those of the layer before. Nothing is neglected: the
# activation is a polynomial, so the sums end. The state $x$ is the input, $z_1$ and $y_1$ are the
# hidden units before and after the activation, $z_2$ is the output.

# %%
networks["invariant"].recursion(order=2)

# %% [markdown]
# As a function of its inputs the network is
# $y = c + \sum_i l_i x_i + \sum_{i \le j} Q_{ij} x_i x_j$, and its output law depends on the
# weights only through these effective coefficients:

# %%
for name, net in networks.items():
    display(Markdown(f"*{name}*"))
    lines = [(d.symbol, sp.factor(d.expr)) for d in net.effective().definitions]
    display(Latex(inline_display(lines)))

# %% [markdown]
# ## What Gaussian data can teach
#
# Suppose the network sees unit Gaussians and only its output *law* is compared with that of the
# block sum, order by order up to four. The residual is the difference of the two cumulants.
# With $Q = 0$ it reads, on a law with any cumulants $\kappa_r$:

# %%
l1, l2, shift = sp.symbols("l_1 l_2 c")
linear = layers.Linear(2, 1, weight=[[l1, l2]], bias_values=[shift])
residuals = generalisation.residuals(linear, clt, laws.Generic("kappa"), order=3)
Latex(inline_display([(sp.Symbol(f"rho_{r}"), sp.factor(v)) for r, v in residuals.items()]))

# %% [markdown]
# Centred Gaussians have $\kappa_1 = \kappa_3 = 0$, so they ask for $l_1^2 + l_2^2 = 1$ and $c = 0$
# only (and the fourth cumulant for $Q = 0$): a whole circle of networks fits. On a skewed law the
# third residual asks for $l_1^3 + l_2^3 = 1/\sqrt 2$, which most of the circle violates.
#
# - *Free weights* end anywhere on the circle.
# - *Invariant weights* have $l_1 = l_2 = \pm 1/\sqrt 2$: the map itself, or its mirror image
#   $x \mapsto -R(x)$, which no symmetric law can tell from it.
#
# Sixteen networks of each kind, trained at once on that loss in closed form:

# %%
task = nm.tasks.BlockSum(2, laws.Normal(0, 1))
trained, reports = {}, {}
for name, net in networks.items():
    trained[name] = nm.build(net, seeds=range(16))
    reports[name] = nm.train(trained[name], task, loss="law", exact=True, order=4, progress=False)
    print(name, reports[name], sep="\t")

# %% [markdown]
# ## An unseen law
#
# The exponential law is skewed. The curve is the theory, $l_1^3 + l_2^3$ on the circle; the dots
# are third cumulants *measured* on the trained networks, with error bars of two standard errors.

# %%
unseen = laws.Exponential(1)
predicted = {name: nm.predict(module, unseen) for name, module in trained.items()}
measured = {
    name: nm.measure(module, unseen, samples=100_000, seed=1) for name, module in trained.items()
}


def effective(name):
    """Effective coefficients of the trained networks, by symbol name."""
    net, values = networks[name], trained[name].values()
    definitions = net.effective().definitions
    evaluate = sp.lambdify(net.parameters, [d.expr for d in definitions])
    numbers = evaluate(*(values[p] for p in net.parameters))
    return {str(d.symbol): v for d, v in zip(definitions, numbers, strict=True)}


output, third = predicted["free"].layers[-1], (3,)
target = float(clt.propagate(unseen.iid(2), order=3)[3])
angle = np.linspace(-np.pi, np.pi, 400)
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
axis.plot(angle, 2 * (np.cos(angle) ** 3 + np.sin(angle) ** 3), color="grey", lw=1, label="theory")
axis.axhline(target, color="black", ls="--", lw=1, label="block sum")
for name, marker in (("free", "o"), ("invariant", "s")):
    coefficients = effective(name)
    second = coefficients.get("l_2", coefficients["l_1"])
    axis.errorbar(
        np.arctan2(second, coefficients["l_1"]), measured[name].values[output][third],
        yerr=2 * measured[name].standard_errors[output][third], fmt=marker, ms=5, label=name,
    )  # fmt: skip
axis.set(xlabel=r"angle of $(l_1, l_2)$", ylabel=r"$\kappa_3$ of the output")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# ## Prediction against measurement
#
# For one network, every joint cumulant of every layer: predicted exactly from its weights, measured
# by unbiased k-statistics. A verdict is a $z$-score with Holm's correction for the number of
# comparisons, not a tolerance set by hand. Where the tails are too heavy for the sample to give a
# normal $z$, the row is left undecided.

# %%
one = trained["invariant"][0]
comparison = nm.compare(nm.predict(one, unseen), nm.measure(one, unseen, samples=10**6, seed=2))
comparison

# %%
comparison.plot()

# %% [markdown]
# ## What was found
#
# The theory knows what each network does on a law that it never saw, and it is right within the
# errors of measurement. Knowing the symmetry of the map is not enough to learn it from symmetric
# data: about half of the invariant networks are mirror images.

# %%
ratio = {name: p.values[output][third] / target for name, p in predicted.items()}
right = {name: np.isclose(r, 1, rtol=1e-6) for name, r in ratio.items()}
mirror = {name: np.isclose(r, -1, rtol=1e-6) for name, r in ratio.items()}
for name in networks:
    print(f"{name:10} right {right[name].sum():2}   mirror image {mirror[name].sum():2}   "
          f"other {(~right[name] & ~mirror[name]).sum():2}")  # fmt: skip

kappa = sp.symbols("kappa_1:5")
assert [e.rhs for e in block_sum.recursion(4)] == [
    b ** (1 - sp.Rational(r, 2)) * kappa[r - 1] for r in range(1, 5)
]
assert [e.kind for e in block_sum.spectrum(4)] == [
    "relevant", "marginal", "irrelevant", "irrelevant",
]  # fmt: skip
assert all(report.converged.all() for report in reports.values())
assert not right["free"].any()
assert (right["invariant"] | mirror["invariant"]).all()
assert right["invariant"].any()
assert mirror["invariant"].any()
assert all(not nm.compare(predicted[n], measured[n]).contradicts for n in networks)
assert not comparison.contradicts
assert comparison.count("agree") > 0.9 * len(comparison)
