import Analysis
import Configuration
import Datasets
import Models
import Networks
import Regularization
import Selection

/// Everything that a recipe can name, kind by kind: made once at start-up and passed on.
///
/// A new kind is a case of ``ComponentKind``, a registry here, and its line in ``subscript(_:)``.
package struct Components: Sendable {
    package var regularizers: RegularizerRegistry
    package var encoders: EncoderRegistry
    package var fusions: FusionRegistry
    /// Whole models, which take the place of encoders and a fusion.
    package var models = ModelRegistry()
    package var datasets: DatasetRegistry
    package var tasks: TaskRegistry
    package var optimizers: OptimizerRegistry
    package var schedules: ScheduleRegistry
    package var measurements: MeasurementRegistry
    package var selections: SelectionRegistry
    /// Digests of the libraries, loaded at run time, that components come from, by the component's name.
    package var foreignCode: [String: String] = [:]

    /// What comes with Regulus.
    package init(regularizers: RegularizerRegistry = RegularizerRegistry()) throws {
        self.regularizers = regularizers
        encoders = try .standard()
        fusions = try .standard()
        datasets = try .standard()
        tasks = try .standard()
        optimizers = try .standard()
        schedules = try .standard()
        measurements = try .standard()
        selections = try .standard()
    }

    /// What is told about the components of a kind.
    package subscript(kind: ComponentKind) -> [ComponentDescription] {
        switch kind {
        case .regularizers: regularizers.descriptions
        case .encoders: encoders.descriptions
        case .fusions: fusions.descriptions
        case .models: models.descriptions
        case .datasets: datasets.descriptions
        case .tasks: tasks.descriptions
        case .optimizers: optimizers.descriptions
        case .schedules: schedules.descriptions
        case .measurements: measurements.descriptions
        case .selections: selections.descriptions
        }
    }
}
