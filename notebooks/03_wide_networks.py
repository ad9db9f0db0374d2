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
# # Any activation, wide networks, existing models
#
# Through a polynomial activation cumulants pass exactly. Through any other they pass as a sum over
# diagrams, with coefficients that are Gaussian means of the activation and of its derivatives. For
# two units the sum can be done; in general it is cut, and a wide network says where: what is left
# out gets small with the width. This notebook shows the coefficients, the diagrams, how fast the
# error falls, and what comes out for a classifier that PyTorch has trained.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Latex, display
from sklearn.datasets import load_digits

import numerics as nm
from cumulant_theory import activations, diagrams, laws, layers
from cumulant_theory.closures import Diagrams
from cumulant_theory.errors import NoClosedFormError
from cumulant_theory.latex import inline_display

torch.set_num_threads(1)

# %% [markdown]
# ## Wick coefficients
#
# $\omega^{(m)}_{\phi^p}(\mu, \sigma^2) = \partial_\mu^m \, E\, \phi(z)^p$ for
# $z \sim N(\mu, \sigma^2)$ is all that the theory needs of an activation $\phi$. No derivative of
# $\phi$ occurs, so kinks and jumps are no exception:

# %%
relu, gelu, tanh = activations.ReLU(), activations.GELU(), activations.Tanh()
for activation in (relu, gelu, tanh):
    display(activation.wick(1))

# %% [markdown]
# Where there is no closed form, as for tanh, the result is an integral and says so. It has any
# number of digits:

# %%
coefficients = {a.name: a.wick(1, mean=3, variance=1) for a in (relu, gelu, tanh)}
{name: (c.exact, c.evalf(30)) for name, c in coefficients.items()}

# %% [markdown]
# A unit that is almost never active has coefficients far below the rounding error of the usual
# formula $\mu\,\Phi(\mu) + \varphi(\mu)$. The numeric ones keep their digits there, by closed form
# or quadrature, and estimate their own error:

# %%
tail = np.array([-10.0, -30.0])
numeric = {a.name: nm.wick(a, 0, mean=tail) for a in (relu, gelu)}
numeric["tanh"] = nm.wick(tanh, 1, mean=tail)
off = {}
for name, order in (("relu", 0), ("gelu", 0), ("tanh", 1)):
    sure = [activations.get(name).wick(order, mean=int(m), variance=1).evalf(20) for m in tail]
    off[name] = [abs(v / s - 1) for v, s in zip(numeric[name].values, sure, strict=True)]
    print(f"{name}: values {numeric[name].values}, closed form: {numeric[name].exact}")
    print("    relative error", [f"{float(e):.1e}" for e in off[name]],
          "estimated", [f"{e:.1e}" for e in numeric[name].error])  # fmt: skip

# %% [markdown]
# ## The diagram rule
#
# The covariance of $\phi(z_i)$ and $\phi(z_j)$ for two different units is a sum over products of
# cumulants of $z$ that connect $i$ with $j$. `Diagrams(3)` keeps five of them:

# %%
kept = diagrams.rule((1, 1), Diagrams(3))
kept

# %% [markdown]
# A block $\kappa_v$ costs $|v| - 1$, one less if all its entries are even. Behind a wide layer of
# random weights a cumulant of cost $c$ is of order $n^{-c/2}$ at width $n$. `Diagrams(K)` keeps
# total costs up to $K - 1$; what it leaves out first is of cost $K$:

# %%
print(diagrams.first_neglected((1, 1), Diagrams(3)))

# %% [markdown]
# Number of diagrams in the mean and in all joint cumulants up to order four that a given $K$ needs:


# %%
def count(K):
    """Diagrams of all index patterns that K uses."""
    wanted = diagrams.patterns(4, Diagrams(K))
    return sum(len(diagrams.rule(q, Diagrams(K)).diagrams) for q in wanted)


counts = {K: count(K) for K in (1, 2, 3, 4)}
counts

# %% [markdown]
# For a polynomial all derivatives above its degree vanish, so the whole sum is finite, and it is
# the exact rule. For $z + a z^2$ with any weights and any input law:

# %%
print(diagrams.rule((1, 1), degree=2))
quadratic = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a"))
inputs = laws.Generic("kappa").iid(2)
exact = quadratic.propagate(inputs, order=2)
summed = quadratic.propagate(inputs, order=2, closure=Diagrams(8))
gaps = [(exact[alpha] - summed[alpha]).expand() for alpha in [(1, 0), (2, 0), (1, 1)]]
summed.exact, gaps

# %% [markdown]
# ## A small ReLU network, with symbols
#
# One hidden layer behind a Gaussian law: the hidden units are Gaussian pairs, whose covariance
# $\gamma$ has a closed form. Mean and variance of the output are exact:

# %%
shallow = layers.Linear(2, 2) >> layers.Pointwise(relu) >> layers.Linear(2, 1, bias=True)
output = shallow.propagate(laws.Normal(0, 1), order=2)
print("exact:", output.exact)
output

# %% [markdown]
# The named quantities are closed forms in the weights; the variances, $\omega$ of relu and of its
# square, $\gamma$ by Price's theorem:

# %%
Latex(inline_display([(d.symbol, d.expr) for d in output.definitions]))

# %% [markdown]
# Behind a second hidden layer the law is no longer Gaussian, and there is no closed form. Nothing
# is neglected unless it is asked for:

# %%
deep = shallow >> layers.Pointwise(relu)
try:
    deep.propagate(laws.Normal(0, 1), order=1)
    refused = None
except NoClosedFormError as error:
    refused = error
    print(error)

# %%
closed = deep.propagate(laws.Normal(0, 1), order=1, closure=Diagrams(3))
for state in closed.layers:
    print(state.state, "exact" if state.exact else state.closure)
print("neglected first:", closed.first_neglected)
deep.recursion(order=1, closure=Diagrams(3))

# %% [markdown]
# ## Wide networks
#
# With numbers as weights the same rule runs on tensors. Three layers of 32 units, random weights of
# variance $2 / n$, relu behind each, standard normal input:

# %%
rng = np.random.default_rng(3)
width = 32
weights = [rng.normal(size=(width, width)) * np.sqrt(2 / width) for _ in range(3)]
result = nm.propagate(weights, None, "relu", K=3, output_activation=True)
result

# %% [markdown]
# Means of the last layer for $K = 1, \dots, 4$, beside those of samples. $K = 1$ keeps variances
# alone, $K = 2$ covariances, $K = 3$ third cumulants and the fourth ones of pairs, $K = 4$ all
# fourth cumulants.


# %%
def sampled(weights, pairs, seed):
    """Mean over pairs of opposite inputs, its standard error, and that of a single input."""
    x = np.random.default_rng(seed).standard_normal((pairs, weights[0].shape[1]))
    x = np.concatenate([x, -x])
    for w in weights:
        x = np.maximum(x @ w.T, 0)
    y = (x[:pairs] + x[pairs:]) / 2
    return y.mean(0), y.std(0) / np.sqrt(pairs), x.std(0)


mean, error, spread = sampled(weights, 400_000, 4)
noise = np.sqrt(np.mean(error**2))
distance = {}
for K in (1, 2, 3, 4):
    predicted = nm.expected_activations(weights, None, "relu", K=K)[-1]
    distance[K] = np.sqrt(np.mean((predicted - mean) ** 2))
    alike = np.mean(spread**2) / distance[K] ** 2
    print(f"K = {K}: r.m.s. distance {distance[K]:.1e}, like that of {alike:9,.0f} samples")
print(f"of which sampling error {noise:.1e}")

# %% [markdown]
# ## How the error falls with the width
#
# By the counting the error of the means is of order $n^{-K/2}$, its square of order $n^{-K}$. The
# truth is sampled, and the squared sampling error subtracted. Standard errors are those of the
# average over random networks.

# %%
scaling = nm.width_scaling(
    "relu", (16, 32, 64, 128), (1, 2, 3, 4), largest={4: 64}, samples=2**17, networks=12
)
scaling

# %%
scaling.plot()

# %% [markdown]
# Up to $K = 3$ the slopes are those of the counting within two standard errors. At $K = 4$ these
# widths are too small to tell:
# the slope comes out shallower than $-4$. The call
# `nm.width_scaling("relu", (32, 64, 128), (4,), samples=2**21, networks=12, seed=7)` takes some
# minutes and finds $-3.7 \pm 0.2$. At width 16 the average is that of the few worst networks,
# in which the expansion stops below $K$.

# %% [markdown]
# ## Deep and narrow
#
# The counting needs width. At depth 32 and width 16 it has none to offer: errors of one layer feed
# the next, and the truncated cumulants leave the set that any law can have. Each layer estimates
# what the first neglected order adds to the one that is kept; where the orders do not fall any more
# the propagation goes on with the next lower one, and says so:

# %%
rng = np.random.default_rng(16)
narrow = [rng.normal(size=(16, 16)) * np.sqrt(2 / 16) for _ in range(32)]
checked = nm.propagate(narrow, None, "relu", K=3, output_activation=True)
low = nm.propagate(narrow, None, "relu", K=2, output_activation=True)
checked.health

# %%
truth = sampled(narrow, 50_000, 5)[0]
wrong = {
    K: np.sqrt(np.mean((r.output.mean - truth) ** 2) / np.mean(truth**2))
    for K, r in ((2, low), (3, checked))
}
finite = all(np.isfinite(s.mean).all() and np.isfinite(s.covariance).all() for s in checked.states)
print("finite:", finite, "  order that stands, layer by layer:", checked.health.orders)
print({f"K = {K}": f"{w:.0%} off" for K, w in wrong.items()})

# %% [markdown]
# ## An existing model
#
# The theory needs a network and the cumulants of a law. A torch module brings its weights:

# %%
torch.manual_seed(1)
sequential = torch.nn.Sequential(
    torch.nn.Linear(3, 8), torch.nn.GELU(), torch.nn.Linear(8, 8), torch.nn.ReLU(),
    torch.nn.Linear(8, 1),
)
imported = nm.from_torch(sequential)
point = np.ones((1, 3))
same = np.isclose(imported(point), sequential(torch.ones(1, 3)).detach().numpy(), rtol=1e-5)
imported, bool(same.all())

# %% [markdown]
# The rest is one example in full: a classifier of digits. The law of each class is its set of
# images. No sample is drawn to predict the logits: the cumulants of the pixels go in, those of the
# logits come out.

# %%
points, labels = load_digits(return_X_y=True)  # 1797 images of 8 x 8 pixels, values 0 to 16
mixed = np.random.default_rng(0).permutation(len(points))
points, labels = points[mixed] / 16, labels[mixed]
train, test = slice(0, 1300), slice(1300, None)

# ### A law that is a data set
#
# `laws.Empirical` draws each row with equal probability. Its cumulants are exact rationals, and any
# layer takes it as input. The mean of each class, and two neighbouring pixels of the zeros:

# %%
figure, axes = plt.subplots(1, 10, figsize=(9, 1), layout="constrained")
for digit, axis in enumerate(axes):
    axis.imshow(points[labels == digit].mean(0).reshape(8, 8), cmap="gray_r")
    axis.axis("off")
plt.show()

# %%
zeros = laws.Empirical(points[labels == 0][:, 18:20])
display(zeros)
zeros.joint(0, 1), zeros.joint(0, 0, 1)

# %% [markdown]
# Tensors of all 64 pixels are accumulated in floating point, batch by batch, per class:

# %%
pixels = nm.input_cumulants(points[train], labels[train])
pixels[0], pixels[0].kappa3.shape

# %% [markdown]
# ### The classifier

# %%
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(64, 32), torch.nn.ReLU(),
    torch.nn.Linear(32, 32), torch.nn.ReLU(),
    torch.nn.Linear(32, 10),
)
optimiser = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
x, y = torch.as_tensor(points[train]).float(), torch.as_tensor(labels[train])
for _ in range(300):
    optimiser.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    optimiser.step()

chain = nm.from_torch(model)
right = chain(points[test]).argmax(1) == labels[test]
chain, f"{right.mean():.1%} of the test images"

# %% [markdown]
# ### Which input orders matter for which output order
#
# For each class the mean, covariance and third cumulants of the logits are predicted from the
# cumulants of its training images, with input orders above 1, 2 or 3 left out. They are compared
# with the cumulants of the logits of the same images, so no sampling error is in the table; the
# error is what the left-out orders carry, and the truncation of the propagation. The z-scores
# compare with the test images, where $|z| \approx 1$ is what finite data leave undecided.

# %%
transfer = nm.order_transfer(
    chain, points[train], labels[train], test=(points[test], labels[test])
)
transfer

# %%
transfer.plot()

# %% [markdown]
# The mean of the logits needs the covariance of the pixels, and hardly anything beyond. The third
# cumulants of the logits do not come from the Gaussian part of the data at all: with orders 1 and
# 2 alone the prediction is as wrong as predicting zero.
#
# Is that the data or the truncation? Gaussian points with the mean and covariance of each class
# have those two orders and no other, and the network can be evaluated on them:

# %%
rng = np.random.default_rng(1)
gap, left = np.zeros(3), np.zeros(3)
size = np.zeros(3)
for label, data in pixels.items():
    values, vectors = np.linalg.eigh(data.cov)
    normal = rng.standard_normal((40_000, 64)) * np.sqrt(values.clip(0)) @ vectors.T + data.mean
    seen = nm.InputCumulants(3).update(chain(normal))
    for r in transfer.output_orders:
        foretold, real = transfer.predicted[label, 2][r], transfer.measured[label][r]
        gap[r - 1] += ((seen.cumulant(r) - real) ** 2).sum()
        left[r - 1] += ((seen.cumulant(r) - foretold) ** 2).sum()
        size[r - 1] += (real**2).sum()
gaussian, truncation = np.sqrt(gap / size), np.sqrt(left / size)
for r in transfer.output_orders:
    print(f"output order {r}: Gaussian data differ from the images by {gaussian[r - 1]:.1%}, "
          f"the prediction from Gaussian data by {truncation[r - 1]:.1%}")

# %% [markdown]
# The prediction from two orders is the one that Gaussian data give; what it lacks is in the images.

# %% [markdown]
# ## What was found

# %%
for K, slope in scaling.slopes.items():
    z = (slope.value + K) / slope.standard_error
    print(f"K = {K}: slope {slope.value:.2f} ± {slope.standard_error:.2f}, z {z:.1f} from {-K}")

assert [c.exact for c in coefficients.values()] == [True, True, False]
assert all(e < 1e-12 for errors in off.values() for e in errors)
assert len(kept.diagrams) == 5
assert (counts[3], counts[4]) == (40, 171)  # arXiv:2605.05179
assert summed.exact
assert gaps == [0, 0, 0]
assert output.exact
assert refused is not None
assert not closed.exact
assert distance[1] > distance[2] > distance[3] > distance[4]
assert distance[3] > 3 * noise
for n in (32, 64):  # at 16 the average is that of the few worst networks
    for K in (2, 3, 4):
        gain = scaling.gain(K, n)
        assert gain.value > 4 * gain.standard_error, (K, n)
assert scaling.slopes[1].value > scaling.slopes[2].value > scaling.slopes[3].value
assert finite
assert not checked.health.ok
assert same.all()
top = transfer.output_orders[-1]
assert right.mean() > 0.95
assert all(transfer.error(top, r) < transfer.error(1, r) for r in transfer.output_orders)
assert (truncation < gaussian)[: len(transfer.output_orders)].all()
