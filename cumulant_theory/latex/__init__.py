"""Rendering: LaTeX, line breaking, articles, and MathML.

The only renderer of the toolkit. Objects hand it expressions and plain structured data.
"""

from cumulant_theory.latex._blocks import (
    Block,
    Equation,
    Equations,
    Figure,
    Heading,
    Paragraph,
    Proof,
    Statement,
    Step,
    Table,
)
from cumulant_theory.latex._breaking import break_equation
from cumulant_theory.latex._display import display, display_group, inline_display, upright
from cumulant_theory.latex._document import Article
from cumulant_theory.latex._mathml import mathml, mathml_equation
from cumulant_theory.latex._names import symbol_tex
from cumulant_theory.latex._notation import Notation
from cumulant_theory.latex._printing import latex, split_terms
from cumulant_theory.latex._project import write_project, write_snippet
from cumulant_theory.latex._tex import compile_tex, escape, overfull_boxes, typeset
from cumulant_theory.latex._widths import TEXT_WIDTH, estimate_width

__all__ = [
    "TEXT_WIDTH",
    "Article",
    "Block",
    "Equation",
    "Equations",
    "Figure",
    "Heading",
    "Notation",
    "Paragraph",
    "Proof",
    "Statement",
    "Step",
    "Table",
    "break_equation",
    "compile_tex",
    "display",
    "display_group",
    "escape",
    "estimate_width",
    "inline_display",
    "latex",
    "mathml",
    "mathml_equation",
    "overfull_boxes",
    "split_terms",
    "symbol_tex",
    "typeset",
    "upright",
    "write_project",
    "write_snippet",
]
