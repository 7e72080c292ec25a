import Tensors

/// What training does to a spectrogram: uniform noise, and a band of frequencies set to 0.
package struct SpectrogramAugmentation: Hashable, Sendable {
    /// Noise is uniform in −noise…noise.
    package var noise: Float = 0.05
    /// Neighboring frequency rows that are set to 0.
    package var maskedRows = 9

    package init() {}

    /// Changes a spectrogram of `frequencies × times` values.
    ///
    /// The band's first row is uniform in `0 ..< frequencies − 1 − maskedRows`, as the released loaders draw it: for 257 rows
    /// and 9 masked ones the last row is never masked.
    package func apply(to values: inout [Float], times: Int, from stream: inout RandomStream) {
        let frequencies = times > 0 ? values.count / times : 0
        let first = Int(stream.uniform() * Float(max(1, frequencies - 1 - maskedRows)))
        if noise > 0 {
            for index in values.indices { values[index] += noise * (2 * stream.uniform() - 1) }
        }
        let band = first * times..<min((first + maskedRows) * times, values.count)
        for index in band { values[index] = 0 }
    }
}
