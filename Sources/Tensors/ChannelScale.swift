internal import CLanes

/// What brings every channel, the last axis, to a common scale: `(x − mean) · factor`.
///
/// It is made once and applied to many batches: after they were read, or in the same pass that copies their rows out of memory. The bits are the same.
package struct ChannelScale: Sendable {
    /// The number of channels; 1 where one scale is that of all values.
    package let channels: Int
    /// What is subtracted from each channel, for several places one after another.
    fileprivate let means: [Float]
    /// What the difference is multiplied by, as many.
    fileprivate let factors: [Float]

    /// - Parameters:
    ///   - means: what is subtracted, one for each channel, or one for all values.
    ///   - factors: what the difference is multiplied by, as many.
    /// - Precondition: there is one at least, and as many of both.
    package init(means: [Float], factors: [Float]) {
        require(!means.isEmpty && factors.count == means.count, "a scale has \(means.count) means and \(factors.count) factors")
        channels = means.count
        // Several places at a time, so that the innermost loop is long where there are few channels, and whole vectors of sixteen where there may be.
        let most = max(1, 256 / means.count)
        let places = most < 16 ? most : most / 16 * 16
        func repeated(_ values: [Float]) -> [Float] { Array(repeatElement(values, count: places).joined()) }
        (self.means, self.factors) = (repeated(means), repeated(factors))
    }
}

extension Tensor {
    /// These values on a scale, without a record.
    ///
    /// - Precondition: there are whole channels.
    package func standardized(by scale: ChannelScale) -> Tensor { withUnsafeValues { Tensor($0, shape: shape, scale: scale) } }

    /// A copy of values in memory, on a scale where there is one.
    ///
    /// - Precondition: as many values as the shape has elements, and whole channels.
    package init(_ values: UnsafeBufferPointer<Float>, shape: Shape, scale: ChannelScale?) {
        require(values.count == shape.elementCount, "\(values.count) values do not fill a tensor of shape \(shape)")
        require(values.count % (scale?.channels ?? 1) == 0, "values of shape \(shape) do not have the \(scale?.channels ?? 1) channels of their scale")
        self.init(uninitialized: shape)
        guard let source = values.baseAddress else { return }
        if let scale {
            regulus_standardize(source, pointer, scale.means, scale.factors, values.count, scale.means.count)
        } else {
            pointer.update(from: source, count: values.count)
        }
    }

    /// Rows out of memory, `N×(shape of a row)`, brought to a scale on the way where there is one.
    ///
    /// Rows may lie anywhere: the memory of each is asked for while those before it are copied.
    ///
    /// - Parameters:
    ///   - starts: where the first value of each row is; a negative number is a row of zeros, which are brought to the scale like any others.
    ///   - values: what the rows are copied from, numbers in single precision at any address.
    ///   - rowShape: the shape of a row, channels last.
    ///   - scale: nil to copy rows as they are.
    /// - Precondition: all rows lie within the values, and have whole channels together.
    package init(rowsAt starts: [Int], of values: UnsafeRawBufferPointer, rowShape: [Int], scale: ChannelScale? = nil) {
        let size = rowShape.reduce(1, *)
        let count = values.count / MemoryLayout<Float>.stride
        require(starts.allSatisfy { $0 <= count - size }, "a row of \(size) values begins behind the last of \(count)")
        let shape = Shape([starts.count] + rowShape)
        if let scale, size % scale.channels != 0 {
            // Channels go on from row to row, which only the whole tells.
            self = Tensor(rowsAt: starts, of: values, rowShape: rowShape).standardized(by: scale)
            return
        }
        self.init(uninitialized: shape)
        guard let source = values.baseAddress else {
            pointer.update(repeating: 0, count: shape.elementCount)
            return
        }
        if let scale {
            regulus_gather_rows(source, starts, pointer, starts.count, size, scale.means, scale.factors, scale.means.count)
        } else {
            regulus_gather_rows(source, starts, pointer, starts.count, size, nil, nil, 0)
        }
    }
}
