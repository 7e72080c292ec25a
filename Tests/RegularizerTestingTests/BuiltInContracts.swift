import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
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
import RegularizerTesting
import RelativeNormAlignmentPlugin
import RepresentationFlatteningPlugin
import SharpnessAwarePlugin
import SupervisedContrastivePlugin
import Testing
import UnimodalLossPlugin
import VICRegPlugin
import VonNeumannEntropyPlugin
import WeightAveragingPlugin
import WeightDecayPlugin

/// A regularizer of this repository, and how it is put to the contract.
struct BuiltInContract: Sendable, CustomTestStringConvertible {
    /// Its folder in `Plugins`.
    let folder: String
    /// What distinguishes this entry from others of the folder.
    let variant: String
    let check: @Sendable () -> ContractReport

    var testDescription: String { variant.isEmpty ? folder : "\(folder), \(variant)" }

    /// - Parameter change: what differs from the default options.
    init<Plugin: RegularizerPlugin>(
        _ folder: String, _ plugin: Plugin.Type, _ variant: String = "", declares exceptions: ContractExceptions = [],
        change: @escaping @Sendable (inout Plugin.Options) -> Void = { _ in }
    ) {
        self.folder = folder
        self.variant = variant
        check = {
            var options = Plugin.Options()
            change(&options)
            return RegularizerContract.check(plugin, options: options, declares: exceptions)
        }
    }

    /// One line for each regularizer; further ones for options that change what it computes.
    static let all: [BuiltInContract] = [
        BuiltInContract("MER", MER.self),
        BuiltInContract("MER", MER.self, "reference") { $0.estimator = .reference },
        BuiltInContract("VICReg", VICReg.self),
        BuiltInContract("VICReg", VICReg.self, "invariance") { $0.invariance = 25 },
        BuiltInContract("Dropout", EmbeddingDropout.self, declares: .randomDraws),
        BuiltInContract("Noise", EmbeddingNoise.self, declares: .randomDraws),
        BuiltInContract("Noise", EmbeddingNoise.self, "relative", declares: [.randomDraws, .stopGradients]) { $0.scale = .relative },
        BuiltInContract("LabelSmoothing", LabelSmoothing.self),
        BuiltInContract("WeightDecay", WeightDecay.self),
        BuiltInContract("WeightDecay", WeightDecay.self, "decoupled") { $0.form = .decoupled },
        BuiltInContract("SupervisedContrastive", SupervisedContrastive.self),
        BuiltInContract("RelativeNormAlignment", RelativeNormAlignment.self, declares: .undefinedAtZero),
        BuiltInContract("BarlowTwins", BarlowTwins.self),
        BuiltInContract("VonNeumannEntropy", VonNeumannEntropy.self),
        BuiltInContract("MaximumEntropyCoding", MaximumEntropyCoding.self),
        BuiltInContract("MaximumEntropyCoding", MaximumEntropyCoding.self, "pairs") { $0.form = .pairs },
        BuiltInContract("UnimodalLoss", UnimodalLoss.self),
        BuiltInContract("FeatureSplitting", FeatureSplitting.self),
        BuiltInContract("CrossModalTranslation", CrossModalTranslation.self, declares: .randomDraws) { $0.hidden = 12 },
        BuiltInContract("CrossModalTranslation", CrossModalTranslation.self, "without dropout") { ($0.hidden, $0.dropout) = (12, 0) },
        BuiltInContract("ModalityDropout", ModalityDropout.self, declares: .randomDraws),
        BuiltInContract("ModalityCompetition", ModalityCompetition.self, declares: [.stopGradients, .randomDraws]),
        BuiltInContract("ModalityCompetition", ModalityCompetition.self, "collaborative", declares: .randomDraws) { $0.game = .collaborative },
        BuiltInContract("ConditionalEntropyBottleneck", ConditionalEntropyBottleneck.self) { $0.hidden = 12 },
        BuiltInContract("GradientModulation", GradientModulation.self) { ($0.layers, $0.strength) = (.all, 1) },
        BuiltInContract("RepresentationFlattening", RepresentationFlattening.self, declares: .randomDraws) {
            ($0.hidden, $0.width) = ([12], 6)
        },
        BuiltInContract("SharpnessAware", SharpnessAware.self),
        BuiltInContract("SharpnessAware", SharpnessAware.self, "adaptive") { $0.isAdaptive = true },
        BuiltInContract("WeightAveraging", WeightAveraging.self),
        BuiltInContract("WeightAveraging", WeightAveraging.self, "exponential") { $0.kind = .exponential },
    ]
}
