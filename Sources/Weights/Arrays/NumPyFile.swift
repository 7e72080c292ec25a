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
        guard let fields = PythonLiteral(parsing: text)?.dictionary else { throw fault("the header is not a dictionary in Python's notation") }
        guard case .text(let description)? = fields["descr"] else {
            throw fault(
                fields["descr"] == nil ? "the header lacks 'descr'" : "holds records of several fields; save each field as an array of its own")
        }
        guard let type = NumPyType(described: description) else {
            throw fault("holds elements of the type '\(description)'; save integers, floats, truth values or strings, as with array.astype('float32')")
        }
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

/// The type of a NumPy array's elements, as `npy` headers and pickles write it: `<f4`, `|b1`, `<U10`.
enum NumPyType: Hashable, Sendable {
    case numbers(ElementType, isBigEndian: Bool)
    case texts(TextEncoding)
    /// Values of Python, which an `npy` file holds as a pickle.
    case objects

    struct Fault: Error {
        let reason: String
    }

    /// Texts of one width, filled up with zeros.
    struct TextEncoding: Hashable, Sendable {
        /// Characters: of 4 bytes each in UTF-32, else of one.
        let width: Int
        let isUTF32: Bool
        let isBigEndian: Bool

        var byteCount: Int { isUTF32 ? width * 4 : width }

        func texts(in bytes: Data, count: Int) throws(Fault) -> [String] {
            guard width <= 1 << 20, count >= 0, let total = count.multipliedWithoutOverflow(by: byteCount), total == bytes.count else {
                throw Fault(reason: "\(count) texts of \(width) characters do not take \(bytes.count) bytes")
            }
            var texts: [String] = []
            texts.reserveCapacity(count)
            for index in 0..<count {
                let part = bytes.dropFirst(index * byteCount).prefix(byteCount)
                guard let text = isUTF32 ? wide(part) : narrow(part) else { throw Fault(reason: "text number \(index) is not Unicode") }
                texts.append(text)
            }
            return texts
        }

        private func narrow(_ bytes: Data) -> String? {
            let end = (bytes.lastIndex { $0 != 0 }).map { $0 + 1 } ?? bytes.startIndex
            return String(validating: bytes[..<end], as: UTF8.self)
        }

        private func wide(_ bytes: Data) -> String? {
            var text = String.UnicodeScalarView()
            var zeros = 0
            for index in 0..<width {
                guard let bits = bytes.littleEndian(UInt32.self, at: index * 4) else { return nil }
                let value = isBigEndian ? bits.byteSwapped : bits
                guard value != 0 else {
                    zeros += 1
                    continue
                }
                // Zeros at the end fill up; others are characters.
                for _ in 0..<zeros { text.append(Unicode.Scalar(0)) }
                zeros = 0
                guard let scalar = Unicode.Scalar(value) else { return nil }
                text.append(scalar)
            }
            return String(text)
        }
    }

    /// Reads `f4` with the byte order apart; nil for types that are not read.
    init?(_ name: String, order: String) {
        let isBigEndian = order == ">"
        guard ["<", ">", "|", "="].contains(order), let first = name.first else { return nil }
        switch first {
        case "O": self = .objects
        case "U", "S", "a":
            guard let width = Int(name.dropFirst()), width >= 0, width <= 1 << 20 else { return nil }
            self = .texts(TextEncoding(width: width, isUTF32: first == "U", isBigEndian: isBigEndian))
        default:
            guard let type = Self.elementTypes[name] else { return nil }
            self = .numbers(type, isBigEndian: isBigEndian)
        }
    }

    /// Reads `<f4`.
    init?(described name: String) {
        guard let order = name.first else { return nil }
        if "<>|=".contains(order) { self.init(String(name.dropFirst()), order: String(order)) } else { self.init(name, order: "|") }
    }

    /// NumPy has no bfloat16 of its own: the package `ml_dtypes` saves it as two bytes without a meaning.
    private static let elementTypes: [String: ElementType] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "V2": .bfloat16, "bfloat16": .bfloat16, "i1": .int8, "i2": .int16, "i4": .int32,
        "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    ]
}

extension Int {
    /// The product; nil where it cannot be counted.
    func multipliedWithoutOverflow(by other: Int) -> Int? {
        let (product, isTooLarge) = multipliedReportingOverflow(by: other)
        return isTooLarge ? nil : product
    }
}
