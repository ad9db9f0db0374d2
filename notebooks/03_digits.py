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
# # Digits: which cumulants of the data reach the output of a trained classifier
#
# The theory needs a network and the cumulants of a law. Here both exist already: the network is a
# classifier trained by PyTorch, the law of each class is its set of images. No sample is drawn to
# predict the logits: the cumulants of the pixels go in, those of the logits come out.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from sklearn.datasets import load_digits

import numerics as nm
from cumulant_theory import laws

points, labels = load_digits(return_X_y=True)  # 1797 images of 8 x 8 pixels, values 0 to 16
mixed = np.random.default_rng(0).permutation(len(points))
points, labels = points[mixed] / 16, labels[mixed]
train, test = slice(0, 1300), slice(1300, None)

# %% [markdown]
# ## A law that is a data set
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
cumulants = nm.input_cumulants(points[train], labels[train])
cumulants[0], cumulants[0].kappa3.shape

# %% [markdown]
# ## The classifier

# %%
torch.manual_seed(0)
torch.set_num_threads(1)
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
# ## Which input orders matter for which output order
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
for label, data in cumulants.items():
    values, vectors = np.linalg.eigh(data.cov)
    normal = rng.standard_normal((40_000, 64)) * np.sqrt(values.clip(0)) @ vectors.T + data.mean
    sampled = nm.InputCumulants(3).update(chain(normal))
    for r in transfer.output_orders:
        predicted, real = transfer.predicted[label, 2][r], transfer.measured[label][r]
        gap[r - 1] += ((sampled.cumulant(r) - real) ** 2).sum()
        left[r - 1] += ((sampled.cumulant(r) - predicted) ** 2).sum()
        size[r - 1] += (real**2).sum()
gaussian, truncation = np.sqrt(gap / size), np.sqrt(left / size)
for r in transfer.output_orders:
    print(f"output order {r}: Gaussian data differ from the images by {gaussian[r - 1]:.1%}, "
          f"the prediction from Gaussian data by {truncation[r - 1]:.1%}")

# %% [markdown]
# The prediction from two orders is the one that Gaussian data give; what it lacks is in the images.

# %%
top = transfer.output_orders[-1]
assert right.mean() > 0.95
assert all(transfer.error(top, r) < transfer.error(1, r) for r in transfer.output_orders)
assert (truncation < gaussian)[: len(transfer.output_orders)].all()
