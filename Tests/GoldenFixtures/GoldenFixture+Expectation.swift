import Tensors
import Testing

extension GoldenFixture {
    /// Records an issue unless every element of `got` is within the sidecar's tolerance of the stored tensor.
    ///
    /// - Parameter mixed: hold the result to `atol_mixed` where the sidecar gives it.
    package func expect(
        _ got: [Float], matches name: String, mixed: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let tolerance = try tolerance(name)
        let want = try tensor(name)
        guard got.count == want.elementCount else {
            Issue.record(
                "\(self).\(name): \(got.count) elements, expected \(want.elementCount) of shape \(want.shape)",
                sourceLocation: sourceLocation)
            return
        }
        let absolute = mixed ? tolerance.absoluteMixed ?? tolerance.absolute : tolerance.absolute
        if let worst = worstMiss(got, want.values, relative: tolerance.relative, absolute: absolute) {
            Issue.record(
                """
                \(self).\(name)[\(worst.index)]: got \(got[worst.index]), expected \(want.values[worst.index]); \
                \(worst.misses) of \(got.count) elements miss, the worst by \(worst.factor) times its tolerance
                """, sourceLocation: sourceLocation)
        }
    }

    /// As above, and the shape has to be the stored one.
    package func expect(
        _ got: Tensor, matches name: String, mixed: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let shape = try shape(of: name)
        guard got.shape.dimensions == shape else {
            Issue.record("\(self).\(name): shape \(got.shape), expected \(Shape(shape))", sourceLocation: sourceLocation)
            return
        }
        try expect(got.values, matches: name, mixed: mixed, sourceLocation: sourceLocation)
    }

    /// Records an issue unless a scalar is within tolerance.
    package func expect(
        _ got: Float, matches name: String, mixed: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect([got], matches: name, mixed: mixed, sourceLocation: sourceLocation)
    }

    /// The element that misses its bound by the largest factor, or nil where all hold. NaN never holds.
    private func worstMiss(
        _ got: [Float], _ want: [Float], relative: Double, absolute: Double
    ) -> (index: Int, factor: Double, misses: Int)? {
        var worst: (index: Int, factor: Double, misses: Int)?
        var misses = 0
        for index in got.indices where got[index].bitPattern != want[index].bitPattern {
            let difference = abs(Double(got[index]) - Double(want[index]))
            let bound = absolute + relative * abs(Double(want[index]))
            if difference <= bound { continue }
            misses += 1
            let factor = difference.isNaN || bound == 0 ? .infinity : difference / bound
            if worst.map({ factor > $0.factor }) ?? true { worst = (index, factor, 0) }
        }
        return worst.map { ($0.index, $0.factor, misses) }
    }
}
