import Configuration
import Synchronization

/// The rows that hold NaN or infinity: how many, and the first few.
struct NotFiniteRows {
    /// The number of rows with such values.
    private(set) var rows = 0
    /// The number of such values.
    private(set) var values = 0
    /// Up to five of the rows.
    private(set) var first: [Int] = []

    /// Counts the values of a row that are not finite.
    mutating func look(at sample: some Collection<Float>, row: Int) {
        let found = sample.count { !$0.isFinite }
        guard found > 0 else { return }
        rows += 1
        values += found
        if first.count < 5 { first.append(row) }
    }

    /// The finding in words.
    var summary: String {
        "\(values) values in \(rows) rows are not finite (rows \(first.map(String.init).joined(separator: ", "))\(rows > first.count ? ", …" : ""))"
    }

    /// The finding as a fault that names file and array; nil where all values are finite.
    func fault(in stored: StoredRows) -> DatasetFault? {
        guard let row = first.first, let array = stored.array(of: row) else { return nil }
        let window = stored.window(of: row).map { "; the first is \($0)" } ?? ""
        let beyond = first.lazy.compactMap { row in stored.beyondSinglePrecision(row).map { "row \(row) holds \($0)" } }.first
        return DatasetFault(
            option: "modalities", message: "\(array.file): '\(stored.name)' (array '\(array.name)'): \(summary)\(window)" + (beyond.map { "; \($0)" } ?? ""),
            expected: beyond == nil ? "finite numbers; numpy.nan_to_num(array) puts zeros there, or leave those rows out" : Self.expectedRange)
    }

    /// What is expected where numbers are beyond single precision.
    static let expectedRange = "numbers within that range; divide the array by a constant, or leave those rows out"

    /// Whether a value is NaN or infinite. Sixteen are looked at together, right after they were copied: it takes a small part of the time of
    /// reading.
    static func isAmong(_ values: UnsafeBufferPointer<Float>) -> Bool {
        // Only an exponent of ones alone carries into the sign's place when one is added to it.
        let (exponent, one): (UInt32, UInt32) = (0x7f80_0000, 0x0080_0000)
        let bytes = UnsafeRawBufferPointer(values)
        let width = MemoryLayout<SIMD16<UInt32>>.size
        var found = SIMD16<UInt32>()
        var next = 0
        while next + width <= bytes.count {
            found |= (bytes.loadUnaligned(fromByteOffset: next, as: SIMD16<UInt32>.self) & exponent) &+ one
            next += width
        }
        var rest: UInt32 = 0
        for value in values[(next / MemoryLayout<Float>.size)...] { rest |= (value.bitPattern & exponent) &+ one }
        for lane in found.indices { rest |= found[lane] }
        return rest >> 31 == 1
    }
}

/// The rows of a file that were read and found to be finite, by any thread: each is looked at once, however often it is read.
final class FiniteRows: Sendable {
    private let rows: Mutex<[Bool]>

    /// None of so many.
    init(count: Int) { rows = Mutex(Array(repeating: false, count: count)) }

    /// Which of some rows are not known to be finite.
    ///
    /// - Parameter asked: rows that exist.
    /// - Returns: their places in the list.
    func unknown(among asked: [Int]) -> [Int] { rows.withLock { rows in asked.indices.filter { !rows[asked[$0]] } } }

    /// Takes rows that are finite.
    ///
    /// - Parameter found: rows that exist; some may be known already.
    func insert(_ found: [Int]) { rows.withLock { rows in for row in found { rows[row] = true } } }
}
