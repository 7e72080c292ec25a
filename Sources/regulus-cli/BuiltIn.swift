import BuiltIn
import Datasets
import Experiments
import Models
import Networks
import Regularization

extension Components {
    /// Everything that this program was built with.
    static func builtIn() throws -> Components {
        Components(
            datasets: .builtIn, encoders: try .standard(), fusions: try .standard(), optimizers: try .standard(),
            regularizers: try .builtIn())
    }
}
