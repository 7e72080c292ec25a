import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
import CrossModalTranslationPlugin
import Datasets
import DropoutPlugin
import Experiments
import FeatureSplittingPlugin
import LabelSmoothingPlugin
import MaximumEntropyCodingPlugin
import MERPlugin
import ModalityCompetitionPlugin
import ModalityDropoutPlugin
import Models
import Networks
import NoisePlugin
import Regularization
import RelativeNormAlignmentPlugin
import SupervisedContrastivePlugin
import UnimodalLossPlugin
import VICRegPlugin
import VonNeumannEntropyPlugin
import WeightDecayPlugin

extension Components {
    /// Everything that this program was built with. A new plug-in folder is added here and in `Package.swift`.
    static func builtIn() throws -> Components {
        var regularizers = RegularizerRegistry()
        try regularizers.register(MER.self)
        try regularizers.register(VICReg.self)
        try regularizers.register(EmbeddingDropout.self)
        try regularizers.register(EmbeddingNoise.self)
        try regularizers.register(LabelSmoothing.self)
        try regularizers.register(WeightDecay.self)
        try regularizers.register(SupervisedContrastive.self)
        try regularizers.register(RelativeNormAlignment.self)
        try regularizers.register(BarlowTwins.self)
        try regularizers.register(VonNeumannEntropy.self)
        try regularizers.register(MaximumEntropyCoding.self)
        try regularizers.register(UnimodalLoss.self)
        try regularizers.register(FeatureSplitting.self)
        try regularizers.register(CrossModalTranslation.self)
        try regularizers.register(ModalityDropout.self)
        try regularizers.register(ModalityCompetition.self)
        try regularizers.register(ConditionalEntropyBottleneck.self)
        return Components(
            datasets: .builtIn, encoders: try .standard(), fusions: try .standard(), optimizers: try .standard(),
            regularizers: regularizers)
    }
}
