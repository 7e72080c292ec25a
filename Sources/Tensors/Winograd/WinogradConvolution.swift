internal import COpenBLAS

/// Convolutions and the gradients of their weights, a set of tiles at a time.
extension WinogradTiling {
    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - kernels: transformed, matrices of outputs by inputs, or of inputs by outputs where they are `transposed`.
    ///   - y: the output, channels last.
    ///   - bias, addsToOutput, appliesReLU: what is done before results are written.
    func convolve(
        _ x: UnsafePointer<Float>, _ kernels: UnsafePointer<Float>, transposed: Bool = false, into y: UnsafeMutablePointer<Float>,
        bias: UnsafePointer<Float>? = nil, addsToOutput: Bool = false, appliesReLU: Bool = false
    ) {
        // Each thread goes through its own tiles from end to end, so that they stay in its cache and nobody waits.
        Threads.split(tiles) { share in
            let rows = min(share.count, tilesAtOnce)
            let source = Storage(count: Self.points * rows * inputs)
            let product = Storage(count: Self.points * rows * outputs)
            for first in stride(from: share.lowerBound, to: share.upperBound, by: rows) {
                let tiles = 0..<min(rows, share.upperBound - first)
                transform(x, from: first, tiles, into: source.base, rows: rows)
                for point in 0..<Self.points {
                    Self.multiply(
                        source.base + point * rows * inputs, false, kernels + point * inputs * outputs, !transposed, tiles.count, outputs,
                        inputs, into: product.base + point * rows * outputs)
                }
                transformBack(
                    product.base, rows: rows, from: first, tiles, into: y, bias: bias, addsToOutput: addsToOutput,
                    appliesReLU: appliesReLU)
            }
            withExtendedLifetime((source, product)) {}
        }
    }

    /// The gradient of the weights, `outputs×inputs×kernel…`.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - gradient: of the output, channels last.
    func weightGradient(_ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, into weight: UnsafeMutablePointer<Float>) {
        let (rows, inputs, outputs) = (min(tiles, 2 * tilesAtOnce), inputs, outputs)
        let read = Storage(count: Self.points * rows * inputs)
        let upstream = Storage(count: Self.points * rows * outputs)
        let sums = Storage(count: Self.points * outputs * inputs)
        let (source, slope, total) = (read.base, upstream.base, sums.base)
        for first in stride(from: 0, to: tiles, by: rows) {
            let count = min(rows, tiles - first)
            Threads.split(count) {
                transform(x, from: first, $0, into: source, rows: rows)
                transformGradient(gradient, from: first, $0, into: slope, rows: rows)
            }
            Threads.split(Self.points) { range in
                for point in range {
                    Self.multiply(
                        slope + point * rows * outputs, true, source + point * rows * inputs, false, outputs, inputs, count,
                        into: total + point * inputs * outputs, adds: first > 0)
                }
            }
        }
        transformKernelGradient(total, into: weight)
        withExtendedLifetime((read, upstream, sums)) {}
    }

    /// `product = op(left) · op(right)`, or added to it, on the calling thread.
    private static func multiply(
        _ left: UnsafePointer<Float>, _ transposingLeft: Bool, _ right: UnsafePointer<Float>, _ transposingRight: Bool, _ rows: Int,
        _ columns: Int, _ inner: Int, into product: UnsafeMutablePointer<Float>, adds: Bool = false
    ) {
        cblas_sgemm(
            CblasRowMajor, transposingLeft ? CblasTrans : CblasNoTrans, transposingRight ? CblasTrans : CblasNoTrans, Int32(rows),
            Int32(columns), Int32(inner), 1, left, Int32(transposingLeft ? rows : inner), right, Int32(transposingRight ? inner : columns),
            adds ? 1 : 0, product, Int32(columns))
    }
}
