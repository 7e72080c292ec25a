import Configuration
import Networks
import Tensors

/// Options of the heads that a term with `at: projection` owns, one head for each modality.
///
/// The defaults are those of the program released with the MER paper: `D → 2048 → 2048 → 128`, layer normalization and ReLU after
/// each hidden layer. Its SimMMDG runs use `normalization: batch` and `unit: true`.
package struct ProjectionOptions: Options, Hashable {
    package enum Normalization: String, CaseIterable, Sendable {
        case layer
        case batch
    }

    /// Widths of the hidden layers; none makes the head one linear map.
    package var hidden = [2048, 2048]

    /// Width of the projected embedding.
    package var width = 128

    /// What stands between a hidden linear map and its ReLU.
    package var normalization = Normalization.layer

    /// Whether each projected vector is divided by its length.
    package var unit = false

    package init() {}

    package static var fields: [OptionField<ProjectionOptions>] {
        [
            .integers("hidden", \.hidden, in: 1...65_536, "widths of the hidden layers"),
            .integer("width", \.width, in: 1...65_536, "width of the projected embedding"),
            .choice("normalization", \.normalization, "normalization of the hidden layers"),
            .flag("unit", \.unit, "whether each projected vector is brought to length 1"),
        ]
    }
}

/// A small network from one modality's embedding to the space in which a term acts. The classifier does not read it.
package final class ProjectionHead: Module {
    /// Width of the projected embedding.
    package let width: Int

    private let layers: MLP
    private let unit: Bool

    package var parts: Parts { layers.parts }

    /// A head for embeddings of width `inputs`.
    package init(_ inputs: Int, options: ProjectionOptions = ProjectionOptions(), from initializer: Initializer) {
        width = options.width
        unit = options.unit
        layers = MLP(
            inputs, hidden: options.hidden, options.width, normalization: options.normalization == .layer ? .layer : .batch,
            from: initializer)
    }

    /// Projects `N×inputs` to `N×width`.
    package func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        let projected = layers(x, pass)
        return unit ? projected.normalized(axis: -1) : projected
    }
}
