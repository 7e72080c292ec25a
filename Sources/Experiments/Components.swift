import Datasets
import Models
import Networks
import Regularization

/// Everything that a recipe can name: made once at start-up and passed on.
package struct Components: Sendable {
    package let datasets: DatasetRegistry
    package let encoders: EncoderRegistry
    package let fusions: FusionRegistry
    package let optimizers: OptimizerRegistry
    package let regularizers: RegularizerRegistry

    package init(
        datasets: DatasetRegistry, encoders: EncoderRegistry, fusions: FusionRegistry, optimizers: OptimizerRegistry,
        regularizers: RegularizerRegistry
    ) {
        self.datasets = datasets
        self.encoders = encoders
        self.fusions = fusions
        self.optimizers = optimizers
        self.regularizers = regularizers
    }
}
