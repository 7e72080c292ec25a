import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
import Configuration
import CrossModalTranslationPlugin
import DropoutPlugin
import FeatureSplittingPlugin
import GradientModulationPlugin
import LabelSmoothingPlugin
import MERPlugin
import MaximumEntropyCodingPlugin
import ModalityCompetitionPlugin
import ModalityDropoutPlugin
import NoisePlugin
import Regularization
import RelativeNormAlignmentPlugin
import RepresentationFlatteningPlugin
import SharpnessAwarePlugin
import SupervisedContrastivePlugin
import UnimodalLossPlugin
import VICRegPlugin
import VonNeumannEntropyPlugin
import WeightAveragingPlugin
import WeightDecayPlugin

extension RegularizerRegistry {
    /// Every regularizer in `Plugins`, in the order in which they are listed. A new folder is added here and in `Package.swift`.
    package static func builtIn() throws(RegularizerRefusal) -> RegularizerRegistry {
        var registry = RegularizerRegistry()
        try registry.register(MER.self)
        try registry.register(VICReg.self)
        try registry.register(EmbeddingDropout.self)
        try registry.register(EmbeddingNoise.self)
        try registry.register(LabelSmoothing.self)
        try registry.register(WeightDecay.self)
        try registry.register(SupervisedContrastive.self)
        try registry.register(RelativeNormAlignment.self)
        try registry.register(BarlowTwins.self)
        try registry.register(VonNeumannEntropy.self)
        try registry.register(MaximumEntropyCoding.self)
        try registry.register(UnimodalLoss.self)
        try registry.register(FeatureSplitting.self)
        try registry.register(CrossModalTranslation.self)
        try registry.register(ModalityDropout.self)
        try registry.register(ModalityCompetition.self)
        try registry.register(ConditionalEntropyBottleneck.self)
        try registry.register(RepresentationFlattening.self)
        try registry.register(GradientModulation.self)
        try registry.register(SharpnessAware.self)
        try registry.register(WeightAveraging.self)
        return registry
    }
}
