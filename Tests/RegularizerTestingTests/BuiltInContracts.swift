import ANDMaskPlugin
import AveragedDistillationPlugin
import BarlowTwinsPlugin
import ConditionalEntropyBottleneckPlugin
import ConfidencePlugin
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
import RegularizerTesting
import RelativeNormAlignmentPlugin
import RepresentationFlatteningPlugin
import SWADPlugin
import SharpnessAwarePlugin
import SpectralDecouplingPlugin
import SupervisedContrastivePlugin
import Testing
import UnimodalLossPlugin
import UnimodalTeacherPlugin
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
        BuiltInContract("SupervisedContrastive", SupervisedContrastive.self, "two views", declares: .randomDraws) { $0.hasSecondView = true },
        BuiltInContract("RelativeNormAlignment", RelativeNormAlignment.self, declares: .undefinedAtZero),
        BuiltInContract("BarlowTwins", BarlowTwins.self),
        BuiltInContract("VonNeumannEntropy", VonNeumannEntropy.self),
        BuiltInContract("VonNeumannEntropy", VonNeumannEntropy.self, "joint, two views", declares: .randomDraws) {
            ($0.form, $0.hasSecondView) = (.joint, true)
        },
        BuiltInContract("MeanShiftContrast", MeanShiftContrast.self, declares: .randomDraws),
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
        BuiltInContract("DomainAlignment", CORAL.self),
        BuiltInContract("DomainAlignment", CORAL.self, "deep") { $0.form = .deep },
        BuiltInContract("DomainAlignment", MaximumMeanDiscrepancy.self),
        BuiltInContract("DomainAlignment", InformationBottleneck.self),
        BuiltInContract("DomainAlignment", InformationBottleneck.self, "pooled") { $0.isPooled = true },
        // Which rows make the halves depends on their order, as a draw would.
        BuiltInContract("DomainRisks", IRM.self, declares: .randomDraws),
        BuiltInContract("DomainRisks", IRM.self, "squared") { $0.form = .squared },
        BuiltInContract("DomainRisks", VREx.self),
        BuiltInContract("DomainRisks", GroupDRO.self, declares: .stopGradients),
        BuiltInContract("DomainRisks", EQRM.self),
        BuiltInContract("Fishr", Fishr.self),
        BuiltInContract("DomainAdversarial", DomainAdversarial.self, declares: .stopGradients) { $0.width = 8 },
        BuiltInContract("DomainAdversarial", DomainAdversarial.self, "conditional", declares: .stopGradients) {
            ($0.width, $0.isConditional, $0.gradientPenalty) = (8, true, 0.1)
        },
        BuiltInContract("SpectralDecoupling", SpectralDecoupling.self),
        BuiltInContract("MIRO", MIRO.self),
        BuiltInContract("Mixup", Mixup.self, declares: .randomDraws),
        BuiltInContract("Mixup", Mixup.self, "across", declares: .randomDraws) { $0.pairs = .across },
        // With a probability of 1, so that the checks see it act.
        BuiltInContract("FeatureStatistics", MixStyle.self, declares: [.randomDraws, .stopGradients]) { $0.probability = 1 },
        BuiltInContract("FeatureStatistics", MixStyle.self, "across", declares: [.randomDraws, .stopGradients]) {
            ($0.pairs, $0.probability) = (.across, 1)
        },
        BuiltInContract("FeatureStatistics", DSU.self, declares: .randomDraws) { $0.probability = 1 },
        BuiltInContract("ANDMask", ANDMask.self),
        BuiltInContract("InnerSteps", Fish.self),
        BuiltInContract("InnerSteps", InnerStep.self) { $0.rate = 0.1 },
        BuiltInContract("InnerSteps", InnerStep.self, "of the base loss alone") { ($0.rate, $0.terms, $0.parameters) = (0.1, ["task"], .all) },
        BuiltInContract("Prototypes", Prototypes.self) { $0.every = 1 },
        BuiltInContract("OnlineDropout", OnlineDropout.self, declares: .randomDraws),
        // It compares predictions of given embeddings with one another, which the model makes, not the prediction that is given.
        BuiltInContract("Confidence", Confidence.self),
        BuiltInContract("Confidence", Confidence.self, "batch") { $0.form = .batch },
        BuiltInContract("UnimodalTeacher", UnimodalTeacher.self),
        // The teachers are constants by then.
        BuiltInContract("UnimodalTeacher", UnimodalTeacher.self, "following", declares: .stopGradients) { $0.warmUp = 0 },
        BuiltInContract("MultipleGradients", Pareto.self, "terms") { $0.form = .terms },
        BuiltInContract("MultipleGradients", GradientProjection.self),
        BuiltInContract("GradientBlending", GradientBlending.self) { $0.every = 1 },
        // Its value is made of gradients: where none are recorded, as in the check of NaN, there is none.
        BuiltInContract("FunctionalEntropy", FunctionalEntropy.self, declares: [.stopGradients, .randomDraws, .hidesNaN]),
        BuiltInContract("SWAD", SWAD.self) { ($0.patience, $0.horizon) = (1, 2) },
        BuiltInContract("JointAdversarial", JointAdversarial.self, declares: [.stopGradients, .randomDraws]) { $0.width = 8 },
        BuiltInContract("EntropyWeighting", EntropyWeighting.self),
        BuiltInContract("Jigsaw", Jigsaw.self) { ($0.pieces, $0.orders, $0.width) = (1, 2, 8) },
        BuiltInContract("AveragedDistillation", AveragedDistillation.self),
        BuiltInContract("AveragedDistillation", AveragedDistillation.self, "normalized") { $0.norm = .layer },
        BuiltInContract("CrossModalTranslation", CrossModalTranslation.self, "masked", declares: .randomDraws) {
            ($0.hidden, $0.dropout, $0.mask) = (12, 0, 0.3)
        },
    ]
}
