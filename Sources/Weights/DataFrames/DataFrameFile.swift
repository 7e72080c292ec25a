import Foundation
import Persistence

/// A pandas frame of whole numbers and strings, as `DataFrame.to_pickle` of pandas 1 writes it.
///
/// Nothing in the file is executed: eight names may appear in it, and they stay tags (``PickleConstructor``). Anything may
/// be in the file; every fault is thrown, with the file and the reason.
package struct DataFrameFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    /// The columns' names, in the frame's order.
    package let columnNames: [String]
    package let rowCount: Int

    private let columns: [String: Column]

    private enum Column: Sendable {
        case integers([Int])
        case texts([String])
    }

    /// Opens the file at `path`.
    package init(_ path: String, limits: PyTorchLimits = PyTorchLimits()) throws(DataFrameFault) {
        let data: Data
        do throws(FileFault) {
            data = try FileContents.mapped(path)
        } catch {
            throw DataFrameFault(file: path, offset: nil, reason: "cannot \(error.action): \(error.reason)")
        }
        try self.init(data, named: path, limits: limits)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String, limits: PyTorchLimits = PyTorchLimits()) throws(DataFrameFault) {
        let loaded: (value: PickleValue, heap: PickleHeap, next: Int)
        do throws(PickleMachine.Fault) {
            loaded = try PickleMachine.run(data, dialect: .dataFrame, limits: limits)
        } catch {
            throw DataFrameFault(file: name, offset: error.offset, reason: error.reason)
        }
        do throws(FrameReader.Fault) {
            let frame = try FrameReader(loaded.heap, limits: limits).frame(loaded.value)
            path = name
            columnNames = frame.names
            rowCount = frame.rows
            var columns: [String: Column] = [:]
            for block in frame.blocks {
                for (row, column) in block.names.enumerated() {
                    let part = row * frame.rows..<(row + 1) * frame.rows
                    switch block.values {
                    case .integers(let values): columns[column] = .integers(Array(values[part]))
                    case .texts(let values): columns[column] = .texts(Array(values[part]))
                    }
                }
            }
            self.columns = columns
        } catch {
            throw DataFrameFault(file: name, offset: nil, reason: error.reason)
        }
    }

    /// The values of a column of whole numbers, one a row.
    package func integers(_ column: String) throws(DataFrameFault) -> [Int] {
        guard case .integers(let values) = try found(column) else { throw fault("the column '\(column)' holds strings, not whole numbers") }
        return values
    }

    /// The values of a column of strings, one a row.
    package func texts(_ column: String) throws(DataFrameFault) -> [String] {
        guard case .texts(let values) = try found(column) else { throw fault("the column '\(column)' holds whole numbers, not strings") }
        return values
    }

    private func found(_ column: String) throws(DataFrameFault) -> Column {
        guard let values = columns[column] else {
            throw fault("there is no column '\(column)'; there are " + columnNames.prefix(40).joined(separator: ", "))
        }
        return values
    }

    private func fault(_ reason: String) -> DataFrameFault { DataFrameFault(file: path, offset: nil, reason: reason) }
}
