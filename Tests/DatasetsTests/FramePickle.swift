import Foundation

/// Writes pickles as pandas 1 wrote the benchmarks' split files: protocol 4, one block of whole numbers and one of strings.
struct FramePickle {
    var integers: [(name: String, values: [Int])] = []
    var texts: [(name: String, values: [String])] = []

    /// What a test changes to damage the file.
    var integerType = "i8"
    var byteOrder = "<"
    var isColumnMajor = false
    var missingBytes = 0
    var statedRows: Int?
    var frameModule = "pandas.core.frame"

    private var rows: Int { integers.first?.values.count ?? texts.first?.values.count ?? 0 }

    var data: Data {
        var bytes: [UInt8] = [0x80, 4]
        newObject(frameModule, "DataFrame", &bytes)
        bytes.append(0x7d)  // {
        bytes.append(0x28)  // (
        text("_data", &bytes)
        newObject("pandas.core.internals.managers", "BlockManager", &bytes)
        bytes.append(0x28)
        bytes.append(0x5d)  // axes
        bytes.append(0x28)
        index(integers.map(\.name) + texts.map(\.name), &bytes)
        range(statedRows ?? rows, &bytes)
        bytes.append(0x65)
        bytes.append(0x5d)  // blocks
        bytes.append(0x28)
        integerArray(&bytes)
        textArray(texts.flatMap(\.values), shape: [texts.count, rows], &bytes)
        bytes.append(0x65)
        bytes.append(0x5d)  // names of the blocks' columns
        bytes.append(0x28)
        index(integers.map(\.name), &bytes)
        index(texts.map(\.name), &bytes)
        bytes.append(0x65)
        bytes.append(0x74)  // )
        bytes.append(0x62)  // BUILD of the manager
        text("_typ", &bytes)
        text("dataframe", &bytes)
        bytes += [0x75, 0x62, 0x2e]  // SETITEMS, BUILD, STOP
        return Data(bytes)
    }

    private func text(_ text: String, _ bytes: inout [UInt8]) { bytes += [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }

    private func integer(_ value: Int, _ bytes: inout [UInt8]) {
        bytes += [0x4a] + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private func global(_ module: String, _ name: String, _ bytes: inout [UInt8]) {
        text(module, &bytes)
        text(name, &bytes)
        bytes.append(0x93)
    }

    private func newObject(_ module: String, _ name: String, _ bytes: inout [UInt8]) {
        global(module, name, &bytes)
        bytes += [0x29, 0x81]
    }

    private func index(_ names: [String], _ bytes: inout [UInt8]) {
        global("pandas.core.indexes.base", "_new_Index", &bytes)
        global("pandas.core.indexes.base", "Index", &bytes)
        bytes += [0x7d, 0x28]
        text("data", &bytes)
        textArray(names, shape: [names.count], &bytes)
        text("name", &bytes)
        bytes += [0x4e, 0x75, 0x86, 0x52]
    }

    private func range(_ count: Int, _ bytes: inout [UInt8]) {
        global("pandas.core.indexes.base", "_new_Index", &bytes)
        global("pandas.core.indexes.range", "RangeIndex", &bytes)
        bytes += [0x7d, 0x28]
        for (name, value) in [("start", 0), ("stop", count), ("step", 1)] {
            text(name, &bytes)
            integer(value, &bytes)
        }
        bytes += [0x75, 0x86, 0x52]
    }

    /// `_reconstruct(ndarray, (0,), b'b')`, then the beginning of its state up to the type.
    private func beginArray(shape: [Int], type: String, order: String, _ bytes: inout [UInt8]) {
        global("numpy.core.multiarray", "_reconstruct", &bytes)
        global("numpy", "ndarray", &bytes)
        integer(0, &bytes)
        bytes += [0x85, 0x43, 1, UInt8(ascii: "b"), 0x87, 0x52, 0x28]
        integer(1, &bytes)
        bytes.append(0x28)
        for extent in shape { integer(extent, &bytes) }
        bytes.append(0x74)
        global("numpy", "dtype", &bytes)
        text(type, &bytes)
        bytes += [0x4b, 0, 0x4b, 1, 0x87, 0x52, 0x28, 0x4b, 3]
        text(order, &bytes)
        bytes += [0x4e, 0x4e, 0x4e, 0x4b, 0, 0x74, 0x62]
        bytes.append(isColumnMajor ? 0x88 : 0x89)
    }

    private func integerArray(_ bytes: inout [UInt8]) {
        beginArray(shape: [integers.count, rows], type: integerType, order: byteOrder, &bytes)
        let content = integers.flatMap(\.values).flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
            .dropLast(missingBytes)
        bytes += [0x42] + (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) } + content
        bytes += [0x74, 0x62]
    }

    private func textArray(_ values: [String], shape: [Int], _ bytes: inout [UInt8]) {
        beginArray(shape: shape, type: "O8", order: "|", &bytes)
        bytes += [0x5d, 0x28]
        for value in values { text(value, &bytes) }
        bytes += [0x65, 0x74, 0x62]
    }
}
