import Foundation
import Persistence

/// A pandas frame, as `DataFrame.to_pickle` of pandas 1, 2 and 3 writes it: its columns of numbers and strings.
///
/// Nothing in the file is executed: names stay tags (``PickleConstructor``), and a column of another type is refused when it is asked
/// for. Anything may be in the file; every fault is thrown, with the file and the reason.
package struct DataFrameFile: Sendable {
    /// The file as the caller named it.
    package let path: String
    /// The columns' names, in the frame's order.
    package let columnNames: [String]
    package let rowCount: Int

    private let columns: [String: FrameReader.Column]

    /// Opens the file at `path`.
    package init(_ path: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        let data: Data
        do throws(FileFault) {
            data = try FileContents.mapped(path)
        } catch {
            throw WeightsFault(error)
        }
        try self.init(data, named: path, limits: limits)
    }

    /// Takes the content of a file from memory; `name` stands for the file in messages.
    package init(_ data: Data, named name: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        let loaded: (value: PickleValue, heap: PickleHeap, next: Int)
        do throws(PickleMachine.Fault) {
            loaded = try PickleMachine.run(data, limits: limits)
        } catch {
            throw WeightsFault(file: name, offset: error.offset, reason: error.reason)
        }
        do throws(FrameReader.Fault) {
            let frame = try FrameReader(loaded.heap, limits: limits).frame(loaded.value)
            path = name
            columnNames = frame.names
            rowCount = frame.rows
            columns = frame.columns
        } catch {
            throw WeightsFault(file: name, reason: "\(error.reason); \(Self.remedy)")
        }
    }

    /// The values of a column of whole numbers, one a row.
    package func integers(_ column: String) throws(WeightsFault) -> [Int] {
        switch try found(column) {
        case .integers(let values): return values
        case .numbers: throw fault("the column '\(column)' holds fractions, not whole numbers")
        case .texts: throw fault("the column '\(column)' holds strings, not whole numbers")
        case .opaque(let kind): throw fault("the column '\(column)' holds \(kind), not whole numbers; \(Self.remedy)")
        }
    }

    /// The values of a column of strings, one a row.
    package func texts(_ column: String) throws(WeightsFault) -> [String] {
        switch try found(column) {
        case .texts(let values): return values
        case .integers: throw fault("the column '\(column)' holds whole numbers, not strings")
        case .numbers: throw fault("the column '\(column)' holds fractions, not strings")
        case .opaque(let kind): throw fault("the column '\(column)' holds \(kind), not strings; \(Self.remedy)")
        }
    }

    /// What always can be read.
    private static let remedy = "write the table as CSV beside it, with df.to_csv(…)"

    private func found(_ column: String) throws(WeightsFault) -> FrameReader.Column {
        guard let values = columns[column] else {
            throw fault("there is no column '\(column)'; there are " + columnNames.prefix(40).joined(separator: ", "))
        }
        return values
    }

    private func fault(_ reason: String) -> WeightsFault { WeightsFault(file: path, reason: reason) }
}
