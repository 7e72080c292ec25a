import Foundation

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
                guard let text = isUTF32 ? wide(part) : narrow(part) else { throw Fault(reason: "text number \(index) is no Unicode") }
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
