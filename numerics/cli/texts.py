"""Descriptions and examples that the help of the commands shows."""

EPILOG = """\
examples:
  cumulants study --out results                    the built-in study, in one to three minutes
  cumulants study --print-config > my.toml         its settings, to be edited
  cumulants study --config my.toml --out results
  cumulants competition --out competition          symmetry against expressivity, in some minutes
  cumulants derive --layers "blocksum(b)"
  cumulants derive --layers "linear(2, 3, permutation_invariant) | quadratic(a) | linear(3, 1)"
  cumulants paper --out paper --theorems all       a LaTeX project with proofs
  cumulants laws

Every command has its own --help. Errors end with exit code 2 and say what to do.
"""
STUDY = """\
Trains networks under several weight symmetries on the block sum of the central limit theorem,
predicts the cumulants of every layer from the trained weights, measures them on laws that the
networks never saw, and reports where the two agree and which networks act as the block sum."""
STUDY_EPILOG = """\
written to DIR:
  results.csv     one row per network, test law, layer and cumulant: predicted beside measured
  outcomes.csv    one row per network and test law: does it act as the block sum?
  networks.csv    trained parameters          manifest.json  versions, seeds, settings
  *.parquet       the same tables with types; failures and wall times of the cells
  *.png           figures                     report.html    opens offline
  report.tex and, where latexmk is installed, report.pdf

An interrupted study keeps what was finished; the same command with --resume goes on. A cell that
fails stops no other; --resume tries it again.
"""
COMPETITION = """\
Trains networks from over-constrained to free and from linear to deep on the block sum, on samples
and on densities, lets them meet laws that they never saw, and reports with confidence intervals
whether leaving the matched symmetry, to either side, makes them generalise worse."""
COMPETITION_EPILOG = """\
written to DIR:
  networks.parquet  one row per trained network
  errors.parquet    one row per network and test law, with the outcome that theory predicts
  curves.parquet    symmetry breaking along the training
  failures.parquet, timings.parquet, sweep.json, cells/
  *.png             figures                     report.html    opens offline

An interrupted run keeps what was finished; the same command with --resume goes on.
"""
DERIVE = """\
Prints the cumulant recursion of a network, layer by layer, or writes it as an article."""
DERIVE_EPILOG = """\
layers, input side first, separated by | or >>:
  linear(in, out)                    then, in any order, a weight symmetry and the word bias:
                                     linear(2, 3, cyclic), linear(2, 3, block_permutation(2, 1))
                                     keywords: weight=[[1, a]], bias_values=[c], name=W
  identity  quadratic(alpha)  square  cubic  cube  polynomial([0, 1, a])
  relu  gelu  tanh  erf  leaky_relu(1/10)  ...      cumulants activations lists all
  mean(n)  sum(n)  residual(NETWORK)
  blocksum(b)  blocksum(b, s)        b^{-s} (x_1 + ... + x_b); b and s may be symbols

styles:
  indices     for any width: i, j, ... stand for distinct units
  expanded    unit by unit
  effective   the network as one polynomial map with named coefficients

closures, where activations are no polynomials:
  exact         behind a Gaussian law the first of them, for one or two units
  diagrams:K    diagrams of cost up to K - 1, the counting of wide networks
  neglect:K     joint cumulants to order K, neglect:2 is Gaussian; neglect:K:C to cost C

examples:
  cumulants derive --layers "blocksum(b)" --order 6 --verify
  cumulants derive --layers "linear(2, 2, cyclic) | quadratic(a) | sum(2)" --style effective
  cumulants derive --layers "linear(2, 1) | square" --law "exponential(1)" --out derivation.tex
  cumulants derive --layers "linear(2, 2) | relu | linear(2, 1)" --order 2 --closure diagrams:3
"""
PAPER = """\
Writes a LaTeX project (source, references.bib, figures) of what is chosen, and compiles it."""
PAPER_EPILOG = """\
examples:
  cumulants paper --out paper --theorems all
  cumulants paper --out paper --theorems mirror_image gaussian_sphere --class revtex4-2
  cumulants paper --out paper --layers "linear(2, 2) | quadratic(a) | linear(2, 1)" --derivations
  cumulants paper --out my-paper --theorems all --snippet --rename kappa=G --order-superscript
"""
