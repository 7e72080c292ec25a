import Analysis
import Datasets
import Models
import Networks
import Regularization

/// Everything that a recipe can name: made once at start-up and passed on.
package struct Components: Sendable {
    package let datasets: DatasetRegistry
    package let encoders: EncoderRegistry
    package let fusions: FusionRegistry
    /// Whole models, which take the place of encoders and a fusion.
    package let models: ModelRegistry
    package let optimizers: OptimizerRegistry
    package let regularizers: RegularizerRegistry
    package let measurements: MeasurementRegistry
    /// Digests of the code of those components that do not come with Regulus, by name.
    package let foreignCode: [String: String]

    package init(
        datasets: DatasetRegistry, encoders: EncoderRegistry, fusions: FusionRegistry, models: ModelRegistry = ModelRegistry(),
        optimizers: OptimizerRegistry, regularizers: RegularizerRegistry, measurements: MeasurementRegistry = MeasurementRegistry(),
        foreignCode: [String: String] = [:]
    ) {
        self.datasets = datasets
        self.encoders = encoders
        self.fusions = fusions
        self.models = models
        self.optimizers = optimizers
        self.regularizers = regularizers
        self.measurements = measurements
        self.foreignCode = foreignCode
    }
}
