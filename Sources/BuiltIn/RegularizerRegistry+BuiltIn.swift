import ANDMaskPlugin
import AveragedDistillationPlugin
import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
import ConfidencePlugin
import Configuration
import CrossModalTranslationPlugin
import DomainAdversarialPlugin
import DomainAlignmentPlugin
import DomainRisksPlugin
import DropoutPlugin
import EntropyWeightingPlugin
import FeatureSplittingPlugin
import FeatureStatisticsPlugin
import FishrPlugin
import FunctionalEntropyPlugin
import GradientBlendingPlugin
import GradientModulationPlugin
import InnerStepsPlugin
import JigsawPlugin
import JointAdversarialPlugin
import LabelSmoothingPlugin
import MERPlugin
import MIROPlugin
import MaximumEntropyCodingPlugin
import MeanShiftContrastPlugin
import MixupPlugin
import ModalityCompetitionPlugin
import ModalityDropoutPlugin
import MultipleGradientsPlugin
import NoisePlugin
import OnlineDropoutPlugin
import PrototypesPlugin
import Regularization
import RelativeNormAlignmentPlugin
import RepresentationFlatteningPlugin
import SWADPlugin
import SharpnessAwarePlugin
import SpectralDecouplingPlugin
import SupervisedContrastivePlugin
import UnimodalLossPlugin
import UnimodalTeacherPlugin
import VICRegPlugin
import VonNeumannEntropyPlugin
import WeightAveragingPlugin
import WeightDecayPlugin

extension RegularizerRegistry {
    /// Every regularizer in `Plugins`, in the order in which they are listed. A new folder is added here and in `Package.swift`.
    package static func builtIn() throws(RegularizerRefusal) -> RegularizerRegistry {
        var registry = RegularizerRegistry()
        try registry.register(tested: MER.self)
        try registry.register(tested: VICReg.self)
        try registry.register(tested: EmbeddingDropout.self)
        try registry.register(tested: EmbeddingNoise.self)
        try registry.register(tested: LabelSmoothing.self)
        try registry.register(tested: WeightDecay.self)
        try registry.register(tested: SupervisedContrastive.self)
        try registry.register(tested: RelativeNormAlignment.self)
        try registry.register(tested: BarlowTwins.self)
        try registry.register(tested: VonNeumannEntropy.self)
        try registry.register(tested: MaximumEntropyCoding.self)
        try registry.register(tested: UnimodalLoss.self)
        try registry.register(tested: FeatureSplitting.self)
        try registry.register(tested: CrossModalTranslation.self)
        try registry.register(tested: ModalityDropout.self)
        try registry.register(tested: ModalityCompetition.self)
        try registry.register(tested: ConditionalEntropyBottleneck.self)
        try registry.register(tested: RepresentationFlattening.self)
        try registry.register(tested: GradientModulation.self)
        try registry.register(tested: SharpnessAware.self)
        try registry.register(tested: WeightAveraging.self)
        try registry.register(tested: CORAL.self)
        try registry.register(tested: MaximumMeanDiscrepancy.self)
        try registry.register(tested: InformationBottleneck.self)
        try registry.register(tested: IRM.self)
        try registry.register(tested: VREx.self)
        try registry.register(tested: GroupDRO.self)
        try registry.register(tested: EQRM.self)
        try registry.register(tested: Fishr.self)
        try registry.register(tested: SpectralDecoupling.self)
        try registry.register(tested: DomainAdversarial.self)
        try registry.register(tested: MIRO.self)
        try registry.register(tested: Mixup.self)
        try registry.register(tested: MixStyle.self)
        try registry.register(tested: DSU.self)
        try registry.register(tested: ANDMask.self)
        try registry.register(tested: Prototypes.self)
        try registry.register(tested: OnlineDropout.self)
        try registry.register(tested: Confidence.self)
        try registry.register(tested: UnimodalTeacher.self)
        try registry.register(tested: Pareto.self)
        try registry.register(tested: GradientProjection.self)
        try registry.register(tested: GradientBlending.self)
        try registry.register(tested: FunctionalEntropy.self)
        try registry.register(tested: SWAD.self)
        try registry.register(tested: JointAdversarial.self)
        try registry.register(tested: EntropyWeighting.self)
        try registry.register(tested: Jigsaw.self)
        try registry.register(tested: AveragedDistillation.self)
        try registry.register(tested: MeanShiftContrast.self)
        try registry.register(tested: InnerStep.self)
        try registry.register(tested: Fish.self)
        return registry
    }
}
