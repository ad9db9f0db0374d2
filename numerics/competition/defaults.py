"""The built-in competition."""

__all__ = ["DEFAULT_TOML"]

DEFAULT_TOML = """\
# Networks under weight symmetries of every strength learn the block sum of the central limit
# theorem, with activations, widths and depths of every expressivity. Which generalise?
title = "Symmetry against expressivity"

seeds = 16          # networks of each kind
restarts = 4        # random starts per network under an exact loss
exact_steps = 200   # Levenberg-Marquardt steps at most
steps = 500         # Adam steps
batch = 256         # blocks per step
rate = 0.05         # of Adam's first step; it decays to zero along a cosine
match_order = 4     # cumulants compared by the exact law loss
samples = 20000     # blocks per network and test law
floor = 1e-6        # relative risks below count as equally good
seed = 2026         # of everything random
curves = true       # record the symmetry breaking along the training

[fails_above]
pointwise = 0.01    # E (f - R)^2 over the variance of R
law = 0.05          # Wasserstein distance of the laws over the standard deviation of R

[train_laws]
Gaussian = "normal(0, 1)"
exponential = "exponential(1)"
"centred skewed" = "mixture([4/5, 1/5], [normal(-1/2, 1/2), normal(2, 1/2)])"
uniform = "uniform(-1, 1)"
Rademacher = "rademacher"

[test_laws]
Gaussian = "normal(0, 1)"
uniform = "uniform(-1, 1)"
exponential = "exponential(1)"
Rademacher = "rademacher"
Laplace = "laplace(0, 1)"
"centred skewed" = "mixture([4/5, 1/5], [normal(-1/2, 1/2), normal(2, 1/2)])"
"heavy-tailed" = "student_t(5)"

# symmetry against activation
[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "cyclic", "alternating"]
activations = ["identity", "quadratic(1/2)", "quartic(1/10)", "tanh", "relu"]
blocks = [2, 4]
train_laws = ["Gaussian", "exponential"]

# the same with exact losses, where the network is a polynomial
[[grid]]
symmetries = ["free", "sign_flip", "permutation_invariant", "shared", "alternating"]
activations = ["identity", "quadratic(1/2)"]
blocks = [2, 4]
methods = ["exact"]
train_laws = ["Gaussian", "exponential"]

[[grid]]
symmetries = ["free", "sign_flip", "permutation_invariant", "shared", "alternating"]
activations = ["identity"]
blocks = [8]
methods = ["exact"]
train_laws = ["Gaussian", "exponential"]

# degree four: by law free weights have too many terms
[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["quartic(1/10)"]
losses = ["pointwise"]
methods = ["exact"]
train_laws = ["Gaussian", "exponential"]

[[grid]]
symmetries = ["permutation_invariant", "shared", "alternating"]
activations = ["quartic(1/10)"]
losses = ["law"]
methods = ["exact"]
train_laws = ["Gaussian"]

# the smallest networks, whose weights span a plane
[[grid]]
symmetries = ["free", "shared"]
activations = ["identity", "quadratic", "cubic", "quartic"]
widths = [1]
methods = ["exact"]
train_laws = ["Gaussian", "exponential"]

# training law
[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["identity", "relu"]
train_laws = ["Gaussian", "exponential", "centred skewed", "Rademacher"]

# block size
[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["identity", "quartic(1/10)", "relu"]
blocks = [2, 4, 8]
train_laws = ["Gaussian"]

[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["relu"]
blocks = [2, 4, 8]
train_laws = ["exponential"]

# depth
[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["identity", "relu"]
depths = [1, 2, 3]
train_laws = ["Gaussian"]

[[grid]]
symmetries = ["free", "permutation_invariant", "shared", "alternating"]
activations = ["relu"]
depths = [1, 2, 3]
train_laws = ["exponential"]

# graph networks
[[grid]]
symmetries = ["graph_conv(complete)", "graph_conv(star)", "gcn_conv(star)"]
activations = ["identity", "relu"]
blocks = [4]
train_laws = ["Gaussian", "exponential"]

[[grid]]
symmetries = ["graph_conv(complete)", "graph_conv(star)", "gcn_conv(star)"]
activations = ["relu"]
blocks = [4]
depths = [1, 2, 3]
train_laws = ["Gaussian"]

# strength of a soft symmetry
[[grid]]
symmetries = ["soft(1/1000)", "soft(1/100)", "soft(1/10)", "soft(1)", "soft(10)", "soft(100)"]
activations = ["identity", "relu"]
train_laws = ["Gaussian"]

[[grid]]
symmetries = ["soft(1/1000)", "soft(1/10)", "soft(10)"]
activations = ["relu"]
blocks = [4]
train_laws = ["Gaussian"]

# width
[[grid]]
symmetries = ["free", "permutation_invariant"]
activations = ["relu"]
widths = [1, 2, 4, 8, 16]
train_laws = ["Gaussian"]

[[grid]]
symmetries = ["free", "permutation_invariant"]
activations = ["quartic(1/10)"]
widths = [1, 4, 16]
train_laws = ["Gaussian"]

[density]
symmetries = [
    "free", "reflection", "cyclic", "dihedral", "permutation_equivariant", "graph_conv(path)",
]
activations = ["identity", "quartic", "relu"]
widths = [32]
points = 32
half_width = 6
b = 2
train = ["gaussians", "symmetric_mixtures"]
test = ["skewed_mixtures", "gammas", "laplaces", "student_ts", "uniforms"]
normalise = "none"
seeds = 16
steps = 400
batch = 64
samples = 256
rate = 0.01
"""
