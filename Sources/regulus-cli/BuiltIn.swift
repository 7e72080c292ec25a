import Datasets
import DropoutPlugin
import Experiments
import LabelSmoothingPlugin
import MERPlugin
import Models
import Networks
import NoisePlugin
import Regularization
import VICRegPlugin
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
        return Components(
            datasets: .builtIn, encoders: try .standard(), fusions: try .standard(), optimizers: try .standard(),
            regularizers: regularizers)
    }
}
