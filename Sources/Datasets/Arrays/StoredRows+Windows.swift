import Configuration
import Tensors
import Weights

/// Rows that are cut into windows: which part of its row each sample is, and how it is read without the rest of the row where that can be.
extension StoredRows {
    /// Where the values of a sample begin among those of all rows, row after row.
    ///
    /// A sample that is not a part of its row begins where the row does. Nil for a window that lacks the modality: its steps may lie behind the
    /// longest sequence that there is of it.
    func offset(of sample: Int) -> Int? {
        guard let windows else { return sample * rowSize }
        guard !isCut || places[windows.rows[sample]] != nil else { return nil }
        return windows.rows[sample] * rowSize + offsetInRow(of: sample)
    }

    /// Where the first value of each sample is among those of all rows, one after another; negative for one that lacks the modality.
    ///
    /// - Precondition: all of them exist.
    func offsets(of samples: [Int]) -> [Int] {
        let (count, size) = (count, rowSize)
        return samples.map { sample in
            require(sample >= 0 && sample < count, "sample \(sample) does not exist in \(count) samples")
            return windows == nil ? sample * size : offset(of: sample) ?? -1
        }
    }

    /// Where the values of a sample begin within its row.
    func offsetInRow(of sample: Int) -> Int {
        guard isCut, let windows else { return 0 }
        return windows.starts[sample] * stepSize
    }

    /// The number of values in a step of a sequence.
    private var stepSize: Int { rowShape.dropFirst().reduce(1, *) }

    /// The window that a sample is, in words, for messages; nil where rows are not cut.
    ///
    /// - Parameter sample: counted from 0. The row is that of the table after rows were left out.
    func window(of sample: Int) -> String? {
        windows.map { "window \($0.numbers[sample]), from step \($0.starts[sample]) on, of recording \($0.rows[sample])" }
    }

    // MARK: - Reading

    /// The row that was read last where windows had to be taken from whole rows: its neighbors often are of the same row.
    struct ReadRow {
        var row: Int?
        var values: [Float] = []
    }

    /// Reads a window: its steps alone where they lie together, and else its row.
    ///
    /// - Parameters:
    ///   - sample: the window.
    ///   - target: room for all of its values.
    ///   - latest: the row that was read last, which this one replaces where a whole row is read.
    /// - Throws: `DatasetFault` where the row cannot be read.
    func readWindow(
        _ sample: Int, into target: UnsafeMutableBufferPointer<Float>, latest: inout ReadRow
    ) throws(DatasetFault) {
        guard let windows else { return }
        let (row, start) = (windows.rows[sample], windows.starts[sample])
        guard let place = places[row] else {
            target.update(repeating: 0)
            return
        }
        let elements = start * stepSize..<(start + windows.steps) * stepSize
        if let number = place.row, let rows = packedRows(of: place) {
            do throws(WeightsFault) { try rows.read(number, elements, into: target) } catch { throw unreadable(row, error) }
            return
        }
        let array = arrays[Int(place.array)]
        if place.row == nil, !isChannelsFirst, !replacesNotFinite, array.rowSize == stepSize, start + windows.steps <= array.rowCount {
            do throws(WeightsFault) { try array.read(rows: start..<start + windows.steps, into: target) } catch {
                throw unreadable(row, error)
            }
            return
        }
        if latest.row != row {
            latest.row = nil
            if latest.values.count != rowSize { latest.values = Array(repeating: 0, count: rowSize) }
            let outcome = latest.values.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(DatasetFault) in try readRow(row, into: buffer) }
            }
            try outcome.get()
            latest.row = row
        }
        for (place, element) in elements.enumerated() { target[place] = latest.values[element] }
    }

    /// Asks the system to have some samples ready soon, and does not wait for it.
    ///
    /// Of a window its steps are asked for where they are rows of its array; else its row, unless that is much longer than a window needs.
    func readAhead(_ samples: [Int]) {
        for sample in samples {
            guard let place = place(of: sample) else { continue }
            let array = arrays[Int(place.array)]
            if isCut, let windows {
                let steps = windows.starts[sample]..<windows.starts[sample] + windows.steps
                if place.row == nil, !isChannelsFirst, array.rowSize == stepSize, steps.upperBound <= array.rowCount {
                    array.readAhead(rows: steps)
                    continue
                }
                if rowSize > Self.blockBytes / MemoryLayout<Float>.size { continue }
            }
            if !array.shape.isEmpty { array.readAhead(rows: place.row.map { $0..<$0 + 1 } ?? 0..<array.rowCount) }
        }
    }
}
