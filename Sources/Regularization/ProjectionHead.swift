import Configuration
import Networks
import Tensors

/// A small network from one modality's embedding to the space in which a term acts. The classifier does not read it.
public final class ProjectionHead: Module {
    /// Width of the projected embedding.
    public let width: Int

    private let layers: MLP
    private let unit: Bool

    public var parts: Parts { layers.parts }

    /// A head for embeddings of width `inputs`.
    public init(_ inputs: Int, options: ProjectionOptions = ProjectionOptions(), from initializer: Initializer) {
        width = options.width
        unit = options.unit
        layers = MLP(
            inputs, hidden: options.hidden, options.width, normalization: options.normalization == .layer ? .layer : .batch,
            from: initializer)
    }

    /// Projects `N×inputs` to `N×width`.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        let projected = layers(x, pass)
        return unit ? projected.normalized(axis: -1) : projected
    }
}
