import Foundation

/// The header of an `npy` file: versions 1 to 3.
///
/// Format: the magic `\x93NUMPY`, two bytes of version, the header's length (2 bytes little-endian, from version 2 on 4), the header: a
/// dictionary in Python's notation with `descr`, `fortran_order` and `shape`; then the elements (NumPy enhancement proposal 1).
struct NumPyHeader: Sendable {
    static let magic = Data([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])
    /// Longer headers describe records of many fields, which are not read.
    static let longest = 1 << 16

    let type: NumPyType
    let isColumnMajor: Bool
    let shape: [Int]
    /// Bytes before the elements.
    let length: Int

    /// - Parameter data: the file, or its beginning of at least `longest` bytes.
    init(of data: Data, file: String, place: String?) throws(WeightsFault) {
        func fault(_ reason: String) -> WeightsFault { WeightsFault(file: file, place: place, reason: reason) }
        guard data.starts(with: Self.magic), let version = data.littleEndian(UInt8.self, at: 6) else {
            throw fault("no NumPy array begins here")
        }
        guard (1...3).contains(version) else { throw fault("is of version \(version) of NumPy's format; 1 to 3 are read") }
        let start = version == 1 ? 10 : 12
        let stated = version == 1 ? data.littleEndian(UInt16.self, at: 8).map { Int($0) } : data.littleEndian(UInt32.self, at: 8).map { Int($0) }
        guard let size = stated, size <= Self.longest, let text = data.part(start..<start + size) else {
            throw fault("the header is cut off, or longer than \(Self.longest) bytes")
        }
        length = start + size
        guard let fields = PythonLiteral(parsing: text)?.dictionary else { throw fault("the header is no dictionary in Python's notation") }
        guard case .text(let description)? = fields["descr"] else {
            throw fault(
                fields["descr"] == nil ? "the header lacks 'descr'" : "holds records of several fields; save each field as an array of its own")
        }
        guard let type = NumPyType(described: description) else { throw fault("holds elements of the type '\(description)', which are not read") }
        guard case .truth(let isColumnMajor)? = fields["fortran_order"], case .tuple(let extents)? = fields["shape"] else {
            throw fault("the header lacks 'fortran_order' or 'shape'")
        }
        var shape: [Int] = []
        for extent in extents {
            guard case .integer(let extent) = extent, extent >= 0 else { throw fault("the shape is not made of whole numbers ≥ 0") }
            shape.append(extent)
        }
        (self.type, self.isColumnMajor, self.shape) = (type, isColumnMajor, shape)
    }
}

/// A value as Python prints it: what stands in the header of an `npy` file.
enum PythonLiteral {
    case text(String)
    case truth(Bool)
    case integer(Int)
    case tuple([PythonLiteral])
    case list([PythonLiteral])
    case dictionary([String: PythonLiteral])

    var dictionary: [String: PythonLiteral]? {
        if case .dictionary(let fields) = self { fields } else { nil }
    }

    init?(parsing text: Data) {
        var rest = text[...]
        guard let value = Self.value(&rest, depth: 0) else { return nil }
        Self.skipBlanks(&rest)
        guard rest.isEmpty else { return nil }
        self = value
    }

    private static func value(_ rest: inout Data.SubSequence, depth: Int) -> PythonLiteral? {
        guard depth < 16 else { return nil }
        skipBlanks(&rest)
        guard let first = rest.first else { return nil }
        switch first {
        case UInt8(ascii: "{"):
            var fields: [String: PythonLiteral] = [:]
            rest.removeFirst()
            while !take("}", &rest) {
                guard case .text(let key)? = value(&rest, depth: depth + 1), take(":", &rest), let value = value(&rest, depth: depth + 1),
                    fields.updateValue(value, forKey: key) == nil
                else { return nil }
                guard take(",", &rest) || peek(&rest) == UInt8(ascii: "}") else { return nil }
            }
            return .dictionary(fields)
        case UInt8(ascii: "("): return elements(until: ")", &rest, depth: depth).map { .tuple($0) }
        case UInt8(ascii: "["): return elements(until: "]", &rest, depth: depth).map { .list($0) }
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            rest.removeFirst()
            // Names of types have no escapes.
            guard let end = rest.firstIndex(of: first), let text = String(validating: rest[..<end], as: UTF8.self), !text.contains("\\") else {
                return nil
            }
            rest = rest[rest.index(after: end)...]
            return .text(text)
        default:
            let word = rest.prefix { byte in byte == 0x2d || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) }
            rest = rest.dropFirst(word.count)
            switch String(decoding: word, as: UTF8.self) {
            case "True": return .truth(true)
            case "False": return .truth(false)
            // Python 2 marks long integers.
            case let number: return Int(number.hasSuffix("L") ? String(number.dropLast()) : number).map { .integer($0) }
            }
        }
    }

    private static func elements(until end: Unicode.Scalar, _ rest: inout Data.SubSequence, depth: Int) -> [PythonLiteral]? {
        var elements: [PythonLiteral] = []
        rest.removeFirst()
        while !take(end, &rest) {
            guard let element = value(&rest, depth: depth + 1) else { return nil }
            elements.append(element)
            guard take(",", &rest) || peek(&rest) == UInt8(ascii: end) else { return nil }
        }
        return elements
    }

    private static func peek(_ rest: inout Data.SubSequence) -> UInt8? {
        skipBlanks(&rest)
        return rest.first
    }

    private static func take(_ scalar: Unicode.Scalar, _ rest: inout Data.SubSequence) -> Bool {
        guard peek(&rest) == UInt8(ascii: scalar) else { return false }
        rest.removeFirst()
        return true
    }

    private static func skipBlanks(_ rest: inout Data.SubSequence) {
        while let first = rest.first, [0x20, 0x0a, 0x09, 0x0d].contains(first) { rest.removeFirst() }
    }
}
