import Foundation

/// One tensor as a safetensors header describes it.
package struct SafetensorsEntry: Hashable, Sendable {
    package let name: String
    package let type: ElementType
    /// Extents, first axis first; empty for a scalar.
    package let shape: [Int]
    /// Where its elements lie, in bytes from the beginning of the file.
    package let bytes: Range<Int>

    /// The number of elements.
    package var elementCount: Int { bytes.count / type.size }

    /// The shape as `64×3×100`, or `scalar`.
    package var shapeText: String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
    }
}

/// Reads and checks the header: length, JSON, types, shapes, and that the tensors' bytes lie end to end.
///
/// Format: 8 bytes little-endian length `n`, `n` bytes of JSON that begin with `{` and may end in blanks, then the
/// tensors' bytes without holes (https://github.com/huggingface/safetensors, "Format").
struct SafetensorsHeader {
    /// The format's own bound.
    static let longest = 100_000_000

    /// Whether a file begins as one of these does: with a length below 2³² and the brace of its JSON, which no archive or pickle has there.
    static func begins(_ data: Data) -> Bool {
        data.littleEndian(UInt32.self, at: 4) == 0 && data.littleEndian(UInt8.self, at: 8) == UInt8(ascii: "{")
    }

    var metadata: [String: String] = [:]
    /// In the order of their bytes.
    var entries: [SafetensorsEntry] = []
    /// Tensors of a type that is not known here. Others of the file can be read all the same.
    var opaque: [OpaqueValue] = []
    /// Where the bytes of all tensors lie, the unknown ones too.
    private var places: [(name: String, bytes: Range<Int>)] = []

    private let file: String
    private let dataStart: Int
    private let fileSize: Int

    init(of data: Data, file: String) throws(WeightsFault) {
        self.file = file
        fileSize = data.count
        guard data.count >= 8 else {
            throw WeightsFault(file: file, reason: "\(data.count) bytes are too few for a safetensors file")
        }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.longest) else {
            throw WeightsFault(
                file: file, offset: 0,
                reason: "the header would be \(length) bytes long, more than \(Self.longest): not a safetensors file")
        }
        dataStart = 8 + Int(length)
        guard dataStart <= data.count else {
            throw WeightsFault(
                file: file, offset: 0, reason: "the header would be \(length) bytes long, but \(data.count - 8) follow")
        }
        let text = data[data.startIndex + 8..<data.startIndex + dataStart]
        guard text.first == UInt8(ascii: "{") else {
            throw WeightsFault(file: file, offset: 8, reason: "the header does not begin with '{'")
        }
        let header: JSONValue
        do {
            header = try JSONValue(parsing: text)
        } catch {
            throw WeightsFault(file: file, offset: 8 + error.offset, reason: "in the header, \(error.reason)")
        }
        for member in header.members {
            if member.key == "__metadata__" {
                metadata = try metadata(from: member.value)
            } else {
                try readEntry(member.key, member.value)
            }
        }
        entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        try checkLayout()
    }

    private func metadata(from value: JSONValue) throws(WeightsFault) -> [String: String] {
        guard case .object(let members) = value else {
            throw WeightsFault(file: file, reason: "__metadata__ is \(value.kind), expected an object of strings")
        }
        var result: [String: String] = [:]
        for member in members {
            guard let text = member.value.text else {
                throw WeightsFault(
                    file: file,
                    reason: "in __metadata__, \(JSONValue.quoted(member.key)) is \(member.value.kind), expected a string")
            }
            result[member.key] = text
        }
        return result
    }

    private mutating func readEntry(_ name: String, _ value: JSONValue) throws(WeightsFault) {
        func fault(_ reason: String) -> WeightsFault { WeightsFault(file: file, tensor: name, reason: reason) }
        guard case .object(let members) = value else { throw fault("described by \(value.kind), expected an object") }
        for member in members where !["dtype", "shape", "data_offsets"].contains(member.key) {
            throw fault("has an unknown key \(JSONValue.quoted(member.key))")
        }
        guard let typeName = value["dtype"]?.text else { throw fault("has no dtype") }
        let type = ElementType(rawValue: typeName)
        guard let extents = value["shape"]?.elements else { throw fault("has no shape") }
        var shape: [Int] = []
        var count = type?.size ?? 1
        var isEmpty = false
        for extent in extents {
            guard let extent = extent.whole, extent >= 0 else { throw fault("has an extent that is not a whole number ≥ 0") }
            shape.append(extent)
            isEmpty = isEmpty || extent == 0
        }
        for extent in shape where !isEmpty {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw fault("has a shape with more bytes than can be counted") }
            count = product
        }
        if isEmpty { count = 0 }
        guard let offsets = value["data_offsets"]?.elements, offsets.count == 2,
            let begin = offsets[0].whole, let end = offsets[1].whole, begin >= 0, begin <= end
        else { throw fault("needs data_offsets of the form [begin, end]") }
        guard end <= fileSize - dataStart else {
            throw fault("ends at byte \(end) of the data, which has \(fileSize - dataStart)")
        }
        let bytes = dataStart + begin..<dataStart + end
        places.append((name, bytes))
        guard let type else {
            opaque.append(
                OpaqueValue(
                    name: name, kind: "a tensor of the unknown type \(JSONValue.quoted(String(typeName.prefix(40))))", isAmongTensors: false))
            return
        }
        guard end - begin == count else {
            throw fault("has \(end - begin) bytes, but \(typeName) of shape \(shape) takes \(count)")
        }
        entries.append(SafetensorsEntry(name: name, type: type, shape: shape, bytes: bytes))
    }

    /// Every byte of the data belongs to exactly one tensor.
    private func checkLayout() throws(WeightsFault) {
        var next = dataStart
        let order = places.sorted { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        for entry in order {
            guard entry.bytes.lowerBound == next else {
                let reason =
                    entry.bytes.lowerBound < next
                    ? "overlaps the tensor before it by \(next - entry.bytes.lowerBound) bytes"
                    : "leaves a hole of \(entry.bytes.lowerBound - next) bytes before it"
                throw WeightsFault(file: file, tensor: entry.name, offset: entry.bytes.lowerBound, reason: reason)
            }
            next = entry.bytes.upperBound
        }
        guard next == fileSize else {
            throw WeightsFault(file: file, offset: next, reason: "\(fileSize - next) bytes belong to no tensor")
        }
    }
}
