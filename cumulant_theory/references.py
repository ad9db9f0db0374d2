"""Where the rules come from: one bibliography for docstrings, derivations and reports."""

from .errors import UnknownNameError

REFERENCES = {
    "mccullagh": (
        "P. McCullagh, Tensor Methods in Statistics, Chapman and Hall (1987), sections 2.3, 2.4"
    ),
    "leonov-shiryaev": (
        "V. P. Leonov and A. N. Shiryaev, On a method of calculation of semi-invariants, "
        "Theory Probab. Appl. 4, 319 (1959)"
    ),
    "macdonald": (
        "I. G. Macdonald, Symmetric Functions and Hall Polynomials, 2nd ed., Oxford (1995), "
        "eq. I.2.11'"
    ),
    "hardy": (
        "G. H. Hardy, J. E. Littlewood and G. Polya, Inequalities, Cambridge (1934), section 2.4"
    ),
    "jona-lasinio": (
        "G. Jona-Lasinio, Renormalization group and probability theory, Phys. Rep. 352, 439 (2001)"
    ),
    "calvo": "I. Calvo et al., Generalized central limit theorem and renormalization group, "
    "arXiv:1009.2899",
    "fischer": "K. Fischer et al., Decomposing neural networks as mappings of correlation "
    "functions, Phys. Rev. Research 4, 043143 (2022), arXiv:2202.04925",
    "price": "R. Price, A useful theorem for nonlinear devices having Gaussian inputs, "
    "IRE Trans. Inf. Theory 4, 69 (1958)",
    "cox": "D. Cox, J. Little and D. O'Shea, Ideals, Varieties, and Algorithms, Springer (2015)",
    "marshall": (
        "M. Marshall, Positive Polynomials and Sums of Squares, AMS (2008), section 12.6"
    ),
    "speed": "T. P. Speed, Cumulants and partition lattices, Austral. J. Statist. 25, 378 (1983)",
}


def reference_text(key: str) -> str:
    """The entry of a key.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if key not in REFERENCES:
        raise UnknownNameError.of("reference", key, REFERENCES)
    return REFERENCES[key]
