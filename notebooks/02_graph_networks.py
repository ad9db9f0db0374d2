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
# # Graph networks: symmetry that saves work, and symmetry that decides what is learned
#
# A block of $b$ spins that is coarse-grained into one can be drawn as a graph: the spins are nodes,
# and edges say who sends messages to whom. A graph network shares its weights among all nodes, so
# it commutes with the automorphisms of the graph. This does two things:
#
# - joint cumulants come in orbits, and one per orbit is enough;
# - nodes that the graph cannot tell apart get the same weight in the output. On a ring this leaves
#   the central-limit map and its mirror image; on a star it leaves more.

# %%
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Latex, Markdown, display

import numerics as nm
from cumulant_theory import activations, laws, layers, symbolic_width
from cumulant_theory.latex import inline_display
from cumulant_theory.layers import graphs
from cumulant_theory.layers.base import all_multi_indices
from cumulant_theory.orbits import Orbits

# %% [markdown]
# ## A block as a graph
#
# Four spins, joined in three ways:

# %%
blocks = {"complete": graphs.complete(4), "cycle": graphs.cycle(4), "star": graphs.star(4)}

figure, axes = plt.subplots(1, 3, figsize=(7, 2.4), layout="constrained")
for axis, (name, graph) in zip(axes, blocks.items(), strict=True):
    turn = np.pi * (np.arange(4) / 2 + 0.25)
    if name == "star":
        turn = 2 * np.pi * (np.arange(4) / 3 + 1 / 12)
    places = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    if name == "star":
        places[0] = 0
    for u, v, _ in graph.edges:
        axis.plot(*places[[u, v]].T, color="grey", lw=1, zorder=1)
    axis.scatter(*places.T, s=160, color="white", edgecolor="black", zorder=2)
    for node, (x, y) in enumerate(places):
        axis.text(x, y, str(node + 1), ha="center", va="center", fontsize=8)
    axis.set(title=name, aspect="equal", xlim=(-1.4, 1.4), ylim=(-1.4, 1.4))
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Message passing is an affine map
#
# Every node keeps $U$ times its own value and adds $W$ times what its neighbours send. On all nodes
# at once this is $z = (U\,1 + W A)\,x$ with the adjacency matrix $A$. Instead of the sum over
# neighbours one may take their mean. On the star the two differ at the centre:

# %%
for aggregation in ("sum", "mean"):
    display(Markdown(f"*{aggregation}*"))
    display(layers.GraphConv(blocks["star"], aggregation=aggregation))

# %% [markdown]
# So nothing new is needed for graph networks: cumulants pass through an affine map by
# multilinearity and through a polynomial activation by the Leonov-Shiryaev sum, both exact.
#
# ## Symmetry of the graph, orbits of cumulants
#
# Automorphisms move nodes and keep edges. The ring has rotations and reflections, here by
# generators:

# %%
ring = graphs.cycle(12)
ring.automorphisms()

# %% [markdown]
# Give the nodes independent, identically distributed inputs. Then the joint cumulants of the
# outputs do not change when the nodes are moved by an automorphism, and only one per orbit of
# multi-indices is computed. Covariances of the twelve outputs, for instance, depend on the distance
# alone; each line is a representative and the number of its images:

# %%
message_passing = layers.GraphConv(
    ring, weights=[[[sp.Rational(1, 2)]], [[sp.Rational(1, 3)]]]
) >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 5)))
skewed = laws.Exponential(1)
out = message_passing.propagate(skewed, order=3)
out.orbits.representatives(2)

# %% [markdown]
# What is stored after all cumulants up to order three were asked for, with and without orbits:

# %%
everything = all_multi_indices(12, 3)
plain = message_passing.propagate(skewed, order=3, orbits=False)
same = all(out[alpha] == plain[alpha] for alpha in everything)
stored = {"orbits": len(out.stored), "no orbits": len(plain.stored)}
print(stored, "equal values:", same)

# %% [markdown]
# The more symmetric the graph, the fewer cumulants: on the complete graph their number is that of
# the partitions of the order, however many nodes there are.

# %%
orders = range(1, 7)
counts = {"no symmetry": [sp.binomial(11 + r, r) for r in orders]}
for family in (graphs.path, graphs.cycle, graphs.star, graphs.complete):
    graph = family(12)
    orbits = Orbits(12, graph.automorphisms())
    counts[repr(graph)] = [len(orbits.representatives(r)) for r in orders]

figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
for name, numbers in counts.items():
    axis.semilogy(orders, [int(k) for k in numbers], "o-", ms=3, label=name)
axis.set(xlabel="order", ylabel="joint cumulants")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# ## A network that could be the block sum
#
# One round of messages, the activation $z + a z^2$, the mean over the nodes. All three networks
# have the parameters $U$, $W$, $a$, and with $U = 2$, $W = a = 0$ each of them *is* the block sum:


# %%
def network(graph):
    return (
        layers.GraphConv(graph)
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Readout(graph, "mean")
    )


networks = {name: network(graph) for name, graph in blocks.items()}
block_sum = layers.BlockSum(4).propagate(laws.Generic("kappa"), order=4)
contains = {}
for name, net in networks.items():
    there = net.subs({"U__1": 2, "W__1": 0, "a": 0}).propagate(laws.Generic("kappa"), order=4)
    contains[name] = all(there[r] == block_sum[r] for r in range(1, 5))
contains

# %% [markdown]
# As functions of their inputs the networks are
# $y = \sum_v l_v x_v + \sum_{u \le v} Q_{uv} x_u x_v$. Nodes that an automorphism exchanges share
# their coefficients: a single $l_1$ where every node can be moved to every other, $l_1$ of the
# centre and $l_2$ of the outer nodes on the star. With them the exact mean and variance of the
# output are short (inputs of mean zero):

# %%
linear = {}
for name, net in networks.items():
    definitions = net.system(2, form="effective").definitions
    linear[name] = [d.expr for d in definitions if str(d.symbol).startswith("l")]
    lines = [(d.symbol, sp.factor_terms(d.expr.subs("kappa_1", 0))) for d in definitions]
    display(Markdown(f"*{name}*"))
    display(Latex(inline_display(lines)))

# %% [markdown]
# The block sum has $l_v = 1/2$ at every node of four. Training that compares output *laws* on unit
# Gaussians asks for $\sum_v l_v^2 = 1$ and $Q = 0$. With one common value that leaves
# $l = \pm 1/2$: the map and its mirror image. On the star a whole ellipse of pairs $(l_1, l_2)$
# is left.
#
# ## Training
#
# Sixteen networks on the ring and sixteen on the star, by that loss in closed form:

# %%
task = nm.tasks.BlockSum(4, laws.Normal(0, 1))
trained, reports = {}, {}
for name in ("cycle", "star"):
    trained[name] = nm.build(networks[name], seeds=range(16))
    reports[name] = nm.train(trained[name], task, loss="law", exact=True, order=4, progress=False)
    print(name, reports[name], sep="\t")

# %% [markdown]
# Does it act as the block sum on a law that it never saw? The exponential law has a skewness. The
# curve is $2\,(l_1^3 + 3\, l_2^3)$ on the ellipse $l_1 = \cos\varphi$,
# $l_2 = \sin\varphi / \sqrt 3$; the points are third cumulants *measured* on the trained networks,
# with error bars of two standard errors.

# %%
predicted = {name: nm.predict(module, skewed) for name, module in trained.items()}
measured = {
    name: nm.measure(module, skewed, samples=100_000, seed=1) for name, module in trained.items()
}
output, third = predicted["star"].layers[-1], (3,)
target = float(layers.BlockSum(4).propagate(skewed, order=3)[3])


def ends(name):
    """Linear coefficients of the first and the last node in the trained networks."""
    values, parameters = trained[name].values(), networks[name].parameters
    evaluate = sp.lambdify(parameters, [linear[name][0], linear[name][-1]])
    return evaluate(*(values[p] for p in parameters))


angle = np.linspace(-np.pi, np.pi, 400)
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
theory = 2 * (np.cos(angle) ** 3 + np.sin(angle) ** 3 / np.sqrt(3))
axis.plot(angle, theory, color="grey", lw=1, label="theory")
axis.axhline(target, color="black", ls="--", lw=1, label="block sum")
for name, marker in (("star", "o"), ("cycle", "s")):
    first, last = ends(name)
    axis.errorbar(
        np.arctan2(np.sqrt(3) * last, first), measured[name].values[output][third],
        yerr=2 * measured[name].standard_errors[output][third], fmt=marker, ms=5, label=name,
    )  # fmt: skip
axis.set(xlabel=r"angle $\varphi$ of $(l_1, l_2)$", ylabel=r"$\kappa_3$ of the output")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# ## Layer by layer
#
# Training switches the activation off ($a = 0$). A harder test of the theory is a network on the
# star with $a = 1/3$: every joint cumulant of every layer, predicted exactly from the weights, and
# measured by unbiased k-statistics. The verdict is a $z$-score with Holm's correction for the
# number of comparisons.

# %%
curved = nm.build(networks["star"], values={"U__1": 1, "W__1": 0.5, "a": 1 / 3})
uniform = laws.Uniform(-sp.sqrt(3), sp.sqrt(3))
comparison = nm.compare(
    nm.predict(curved, uniform), nm.measure(curved, uniform, samples=400_000, seed=2)
)
comparison

# %%
comparison.plot()

# %% [markdown]
# ## Any number of nodes at once
#
# On complete graphs all nodes are alike, so a cumulant is named by how often each node occurs:
# $\kappa_{ii}$ for one node twice, $\kappa_{ij}$ for two. The number $n$ of nodes stays a symbol.
# With $W = w / n$ each node feels the mean of the others:

# %%
n, w = sp.symbols("n w")
mean_field = symbolic_width.GraphConv(
    symbolic_width.complete(n), weights=[[["u"]], [[w / n]]]
) >> symbolic_width.Pointwise(activations.Quadratic("a"))
nodes = mean_field.propagate(symbolic_width.iid(laws.Generic("kappa", centred=True), n), order=3)
z = nodes.layers[-1]
Latex(inline_display([
    (symbolic_width.type_symbol(kind, "z"), sp.factor(z.type(*kind))) for kind in [(2,), (1, 1)]
]))  # fmt: skip

# %% [markdown]
# Correlations of $r$ different nodes die out as $n^{1-r}$, also behind the activation: the power of
# $n$ by type, one entry per node in the type.

# %%
powers = {kind: term.power for r in (1, 2, 3) for kind, term in nodes.large_n(r).items()}
powers

# %% [markdown]
# The closed form at $n = 4$ is the node-by-node calculation on `complete(4)`:

# %%
closed = mean_field >> symbolic_width.Mean(n)
any_width = closed.propagate(symbolic_width.iid(laws.Generic("kappa"), n), order=2)
four_nodes = networks["complete"].subs({"W__1": w / 4, "U__1": "u"}).propagate(
    laws.Generic("kappa"), order=2
)
differences = [sp.expand(any_width.subs(n=4)[r] - four_nodes[r]) for r in (1, 2)]
differences

# %% [markdown]
# ## What was found
#
# All networks contain the block sum, and all fit the training law. On the ring the symmetry of the
# graph leaves the block sum and its mirror image; on the star none of the trained networks is the
# block sum, and theory says how far each is off.

# %%
ratio = {name: p.values[output][third] / target for name, p in predicted.items()}
right = {name: np.isclose(r, 1, rtol=1e-6) for name, r in ratio.items()}
mirror = {name: np.isclose(r, -1, rtol=1e-6) for name, r in ratio.items()}
for name in trained:
    print(f"{name:6} right {right[name].sum():2}   mirror image {mirror[name].sum():2}   "
          f"other {(~right[name] & ~mirror[name]).sum():2}")  # fmt: skip

assert same
assert stored["orbits"] < stored["no orbits"] / 10
assert counts["complete(12)"] == [1, 2, 3, 5, 7, 11]  # partitions of the order
assert all(contains.values())
assert {name: len(found) for name, found in linear.items()} == {
    "complete": 1, "cycle": 1, "star": 2,
}  # fmt: skip
assert all(report.converged.all() for report in reports.values())
assert (right["cycle"] | mirror["cycle"]).all()
assert right["cycle"].any()
assert mirror["cycle"].any()
assert not (right["star"] | mirror["star"]).any()
assert all(not nm.compare(predicted[name], measured[name]).contradicts for name in trained)
assert not comparison.contradicts
assert comparison.count("agree") > 0.9 * len(comparison)
assert all(power == 1 - len(kind) for kind, power in powers.items())
assert differences == [0, 0]
