import Networks
import Tensors

/// A perceptron that tells domains apart: `depth` linear maps with ReLU between them.
final class Discriminator: Module {
    private let layers: [Linear]

    /// The names of DomainBed: `input`, `hiddens.0` …, `output`.
    var parts: Parts {
        ["input": layers[0], "hiddens": Parts(numbered: Array(layers.dropFirst().dropLast())), "output": layers[layers.count - 1]]
    }

    /// - Parameter depth: the number of linear maps, 2 or more.
    init(_ inputs: Int, width: Int, depth: Int, domains: Int, from initializer: Initializer) {
        let hidden = (0..<depth - 2).map { Linear(width, width, from: initializer["hiddens"][String($0)]) }
        layers = [Linear(inputs, width, from: initializer["input"])] + hidden + [Linear(width, domains, from: initializer["output"])]
    }

    /// Scores of the domains for each row, and the way back from a gradient in the scores to one in the rows.
    ///
    /// The way back is made of recorded operations, so that a penalty on the gradient has a gradient itself.
    func callAsFunction(_ rows: Tensor) -> (scores: Tensor, back: (Tensor) -> Tensor) {
        var (x, active): (Tensor, [Tensor]) = (rows, [])
        for (index, layer) in layers.enumerated() {
            x = layer(x)
            guard index < layers.count - 1 else { break }
            active.append(x.isGreater(than: 0))
            x = x.relu()
        }
        return (
            x,
            { [layers] gradient in
                var gradient = gradient
                for (index, layer) in layers.enumerated().reversed() {
                    gradient = gradient.matmul(layer.weight.value)
                    if index > 0 { gradient = gradient * active[index - 1] }
                }
                return gradient
            }
        )
    }
}
