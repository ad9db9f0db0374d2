"""What is called in the symbolic core, and what is left out."""

import fuzz_algebra  # noqa: F401
import fuzz_exact  # noqa: F401
import fuzz_theory  # noqa: F401
import fuzz_width  # noqa: F401
import fuzz_writing  # noqa: F401
from fuzz_laws import probe_activation, probe_law, probe_symmetry
from fuzz_layers import probe_layer
from fuzz_names import modules
from fuzz_targets import TARGETS, Target

__all__ = [
    "LEFT_OUT", "MODULES", "TARGETS", "Target", "probe_activation", "probe_law", "probe_layer",
    "probe_symmetry",
]

MODULES = modules("cumulant_theory", *(f"cumulant_theory.{name}" for name in (
    "closures", "derivation", "layers.graphs", "oracle", "orbits", "parsing", "recursion",
    "references", "symbolic_width.families",
)))

# reason: names
_REASONS = {
    "abstract: what its subclasses do is called": """
        Activation.expr ClassFamily.subs CumulantSource.cumulant Family.affine
        Family.canonical Family.node Family.operator Family.places Family.readout Family.subs
        Family.trial_law Family.types cumulants.CumulantSource laws.JointLaw laws.Law
        symmetries.SiteSymmetry""",
    "a decorator for classes and functions of one's own": """
        arguments.explained laws.register""",
    "runs latexmk": """
        Article.compile latex.compile_tex""",
    "an irreducible function that SymPy evaluates and differentiates by itself": """
        NormalCDF.fdiff NormalPDF.fdiff NormalPartialMoment.fdiff OwenT.fdiff
        WickIntegral.fdiff activations.WickIntegral diagrams.PairIntegral""",
    "the check of an argument itself, with texts of the caller's": """
        algebra.as_integer algebra.check_at_most algebra.check_digits algebra.check_edges
        algebra.check_entries algebra.check_indices algebra.check_input_order
        algebra.check_multi_index algebra.check_order algebra.check_seed algebra.check_size
        algebra.check_terms algebra.check_terms_at_most algebra.check_types
        arguments.answer_of arguments.brief
        arguments.check_fields arguments.check_flag arguments.check_instance
        arguments.check_name arguments.entries arguments.entry_at""",
    "arithmetic on elements of one ring, in the innermost loops": """
        FamilyCumulants.element JointCumulants.element PatternRule.evaluate""",
    "a rule of a layer, called by propagate after all checks": """
        AffineRule.compose AffineRule.forward AffineRule.input_order AffineRule.lifted
        AffineRule.out_blocks AffineRule.push AffineRule.transfer DiagramRule.compose
        DiagramRule.forward DiagramRule.gaussian_definitions DiagramRule.input_order
        DiagramRule.lifted DiagramRule.out_blocks DiagramRule.push DiagramRule.structured
        DiagramRule.transfer EffectiveMap.direct EffectiveMap.structured PointwiseRule.compose
        PointwiseRule.forward PointwiseRule.input_order PointwiseRule.lifted
        PointwiseRule.out_blocks PointwiseRule.push PointwiseRule.transfer layers.EffectiveMap
        layers.Stage""",
    "what layers ask of a family, called by propagate after all checks": """
        ClassFamily.activated ClassFamily.affine ClassFamily.affine_trial_law
        ClassFamily.alike ClassFamily.alpha ClassFamily.canonical ClassFamily.checked
        ClassFamily.conditions ClassFamily.explicit ClassFamily.images ClassFamily.key
        ClassFamily.label ClassFamily.least ClassFamily.letters ClassFamily.needs
        ClassFamily.node ClassFamily.opened ClassFamily.operator ClassFamily.places
        ClassFamily.position ClassFamily.read ClassFamily.readout ClassFamily.small
        ClassFamily.symbol ClassFamily.trial_images ClassFamily.trial_law ClassFamily.type_of
        ClassFamily.vanishes ClassFamily.word Complete.key Complete.read Complete.small
        CompleteBipartite.images CompleteBipartite.label CompleteBipartite.letters
        CompleteBipartite.position CompleteBipartite.small CompleteBipartite.trial_images
        Cycle.activated Cycle.affine Cycle.affine_trial_law Cycle.alike Cycle.checked
        Cycle.conditions Cycle.gathered Cycle.least Cycle.least_of Cycle.needs Cycle.node
        Cycle.opened Cycle.operator Cycle.places Cycle.reaching Cycle.read Cycle.read_out
        Cycle.readout Cycle.small Cycle.trial_images Cycle.trial_law Cycle.vanishes Cycle.word
        FamilyCumulants.check_order FamilyLaw.blocks FamilyLaw.on GCNConv.checked_input
        GCNConv.terms GINConv.terms InvariantLinear.rules RingReadout.activated
        RingReadout.least RingReadout.needs Star.letters Star.position Star.small
        families.ClassOperator""",
    "made by the package: the parts of a result": """
        CertifiedWitness.decimals activations.WickCoefficient ct.JointCumulants
        derivation.Derivation derivation.Step derivation.Verification diagrams.Diagram
        diagrams.Neglected diagrams.PairCumulant diagrams.PatternRule generalisation.Analysis
        generalisation.Branch generalisation.CertifiedWitness generalisation.Component
        generalisation.GapAtMinimum generalisation.Landscape generalisation.StationaryFamily
        generalisation.StationaryPoint generalisation.TestResidual generalisation.Witness
        recursion.Definition recursion.LayerEquations recursion.Recursion recursion.System
        rg.Eigenvalue rg.FixedPoint rg.Flow rg.Spectrum symbolic_width.FamilyCumulants
        symbolic_width.LeadingTerm symmetries.Tying theorems.Theorem varieties.CertifiedPoint
        varieties.PointSearch""",
    "made by parameter_symmetries: the steps of its search": """
        Relabelling.image Structure.absorbed Structure.label reparametrisations.Affine
        reparametrisations.Flip reparametrisations.Mixing
        reparametrisations.ParameterSymmetries reparametrisations.Relabelling
        reparametrisations.Reparametrisation reparametrisations.Scaling
        reparametrisations.Shift reparametrisations.Structure reparametrisations.flips
        reparametrisations.read_terms reparametrisations.scalings""",
}
LEFT_OUT = {name: reason for reason, names in _REASONS.items() for name in names.split()}
