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
# # Symmetry against expressivity
#
# Networks learn the map of the central limit theorem on one law and meet others. A network can be
# held too tightly to be the map at all, it can have just the symmetry of the task, or it can be
# freer than the task is. It has been claimed (arXiv:2510.16591) that both ends generalise badly.
# Here is a small grid in which this can be seen, and seen to depend on what was asked of the
# network. `cumulants competition` runs the large one, whose answer is in `docs/competition.md`.

# %%
import tempfile
from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display

import numerics as nm
from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.generalisation import analyse
from numerics import competition
from numerics.competition import analysis
from numerics.competition.roles import role
from numerics.tables import html_table

# %% [markdown]
# ## Who is over-constrained is a matter of proof
#
# The block sum is a function of the projection of $x$ on the rows of the first layer, so a symmetry
# whose rows miss $(1, \dots, 1)$ excludes it, and a single hidden ReLU cannot be linear while two
# can. From this the role of every architecture follows, before anything is trained:

# %%
names = ["alternating", "shared", "permutation_invariant", "cyclic", "free"]
kinds = ["identity", "quadratic(1/2)", "relu"]
display(HTML(html_table("Two spins, four hidden units", [
    ["symmetry", *kinds],
    *([name, *(role(name, kind, 2, 4, 1) for kind in kinds)] for name in names),
])))

# %% [markdown]
# ## A small grid
#
# The same two Gaussian spins, two ways to ask for the map: the mean squared error (`pointwise`),
# and the law of the output alone (`law`).

# %%
grid = competition.Grid(
    symmetries=("alternating", "shared", "permutation_invariant", "free"),
    activations=("identity", "quadratic(1/2)", "relu"), train_laws=("Gaussian",),
)
settings = competition.Competition(
    title="A small grid", grid=(grid,), seeds=6, steps=300, batch=256, samples=10_000,
    train_laws={"Gaussian": "normal(0, 1)"},
    test_laws={"Gaussian": "normal(0, 1)", "uniform": "uniform(-1, 1)",
               "exponential": "exponential(1)",
               "skewed": "mixture([4/5, 1/5], [normal(-1/2, 1/2), normal(2, 1/2)])"},
    fails_above={"pointwise": 0.01, "law": 0.05},
)
with tempfile.TemporaryDirectory() as folder:
    results = competition.run_competition(settings, folder, progress=False, jobs=0)
print(f"{len(results.networks)} networks in {results.cpu_seconds:.0f} s of processor time")

# %% [markdown]
# The error on the laws that were not trained on, in decades, with the role in brackets:

# %%
scored = analysis.scores(results.errors, "worst")
cells = defaultdict(list)
for s in scored:
    cells[s.key["loss"], s.key["symmetry"], s.key["activation"]].append(s)

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), layout="constrained")
for axis, loss in zip(axes, ("pointwise", "law"), strict=True):
    table = np.array([
        [np.median([s.away for s in cells[loss, name, kind]]) for kind in grid.activations]
        for name in grid.symmetries
    ])
    image = axis.imshow(table, cmap="viridis", aspect="auto")
    for (i, j), value in np.ndenumerate(table):
        mark = cells[loss, grid.symmetries[i], grid.activations[j]][0].key["role"][0].upper()
        axis.text(j, i, f"{value:.1f} ({mark})", ha="center", va="center", fontsize=8,
                  color="white" if value < table.mean() else "black")
    axis.set_xticks(range(3), grid.activations)
    axis.set_yticks(range(4), [n.replace("_", " ") for n in grid.symmetries])
    axis.set_title(f"{loss}: log10 of the error, worst law", loc="left", fontsize=9)
    figure.colorbar(image, ax=axis, shrink=0.8)
plt.show()

# %% [markdown]
# ## The contrasts, with their uncertainty

# %%
found = analysis.contrasts(scored)
rows = [
    [c.loss, c.what, f"{c.estimate:+.2f}", f"[{c.low:+.2f}, {c.high:+.2f}]", c.verdict]
    for c in found if c.what.endswith("- matched")
]
display(HTML(html_table(
    "Differences of errors in decades",
    [["loss", "groups", "difference", "95 % interval", "worse?"], *rows],
)))

# %% [markdown]
# By mean squared error the over-constrained networks lose by orders of magnitude, and the freer
# ones lose nothing: the risk has one minimiser, and every network that can reach it does. By
# matching of laws the freer ones lose as well. That this must be so is a result of algebra: on
# Gaussians the whole sphere $|l| = 1$ fits, and nothing draws a network to the one right point.

# %%
free = analyse(
    layers.Linear(2, 1), layers.BlockSum(2), train=laws.Normal(0, "sigma"),
    test=laws.Generic(centred=True),
)
display(free)
free.derivation

# %%
counted = analysis.agreement(results.errors)
right = counted.total("fails", "fails") + counted.total("generalises", "generalises")
wrong = counted.total("fails", "generalises") + counted.total("generalises", "fails")
print(f"outcomes that theory decides beforehand: {right} as predicted, {wrong} not")

# %% [markdown]
# ## Symmetry breaking and restoration
#
# Free weights break the symmetry of the task at the start. Under the mean squared error training
# restores it; under matching of laws it does not, unless a soft symmetry asks for it: a penalty
# $\lambda\, |W - P W|^2$, here with a range of $\lambda$ in one go.

# %%
group = symmetries.PermutationInvariant()
task = nm.tasks.BlockSum(2, laws.Normal(0, 1))
network = layers.Linear(2, 4) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(
    4, 1, bias=True
)
strengths = np.repeat([0.0, 1e-3, 1e-2, 1e-1], 4)


def train(loss, soft=()):
    module = nm.build(network, seeds=range(len(strengths)))
    options = {} if loss == "pointwise" else {"distance": "energy"}
    return nm.train(
        module, task, steps=250, loss=loss, batch=256, lr=0.03, seed=1, soft=soft,
        watch={"1 Linear": group}, watch_every=10, progress=False, **options,
    )


runs = {
    "pointwise": train("pointwise"), "law": train("law"),
    "law, soft symmetry": train("law", [nm.SoftSymmetry(group, strengths, layers=["1 Linear"])]),
}

# %%
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for axis, (name, run) in zip(axes, runs.items(), strict=True):
    curves = run.breaking.relative[0].reshape(len(run.breaking.steps), -1, 4)
    for k, strength in enumerate(strengths[::4]):
        label = f"$\\lambda$ = {strength:g}" if "soft" in name else None
        colour = plt.get_cmap("viridis")(k / 4) if "soft" in name else "C0"
        axis.plot(run.breaking.steps, np.median(curves[:, k], axis=1), color=colour, label=label)
    axis.set(xlabel="step", title=name, yscale="log")
axes[0].set_ylabel("relative breaking distance")
axes[2].legend(fontsize=8)
plt.show()

# %%
end = {name: run.breaking.relative[0, -1] for name, run in runs.items()}
verdicts = {(c.loss, c.what): c for c in found}
assert verdicts["pointwise", "over-constrained - matched"].low > 1
assert verdicts["law", "under-constrained - matched"].low > 0
assert right > 10 * wrong
assert np.median(end["pointwise"]) < np.median(end["law"])
assert np.median(end["law, soft symmetry"][-4:]) < np.median(end["law"])
