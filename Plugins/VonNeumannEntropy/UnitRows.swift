import Tensors

/// The rows of an `N×D` batch divided by their length, in double precision.
struct UnitRows {
    let samples, features: Int

    /// `N×D` row-major.
    let values: [Double]

    /// The lengths of the rows of the batch, at least `1e-12`.
    private let lengths: [Double]

    /// - Parameter z: `N×D`.
    init(_ z: Tensor) {
        require(z.rank == 2, "the embeddings must be N×D, found \(z.shape)")
        let (samples, features) = (z.shape[0], z.shape[1])
        var lengths = [Double](repeating: 0, count: samples)
        values = z.withUnsafeValues { z in
            [Double](unsafeUninitializedCapacity: samples * features) { values, count in
                count = samples * features
                for row in 0..<samples {
                    let columns = row * features..<(row + 1) * features
                    var sum = 0.0
                    for index in columns { sum += Double(z[index]) * Double(z[index]) }
                    let length = sum.squareRoot()
                    lengths[row] = length < 1e-12 ? 1e-12 : length
                    for index in columns { values[index] = Double(z[index]) / lengths[row] }
                }
            }
        }
        self.samples = samples
        self.features = features
        self.lengths = lengths
    }

    /// From the gradient `g` in `values` to the one in the batch: `(g_n − ẑ_n (g_n·ẑ_n))/‖z_n‖`, and 0 for rows of 0.
    func gradient(_ g: [Double]) -> Tensor {
        Tensor(shape: [samples, features]) { target in
            for row in 0..<samples {
                let columns = row * features..<(row + 1) * features
                let scale = lengths[row] == 1e-12 ? 0 : 1 / lengths[row]
                var along = 0.0
                for index in columns { along += g[index] * values[index] }
                for index in columns { target[index] = Float(scale * (g[index] - values[index] * along)) }
            }
        }
    }
}
