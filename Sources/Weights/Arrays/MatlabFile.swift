import Foundation

/// The numeric arrays of a MATLAB 5 file (`save -v7`, `scipy.io.savemat`), compressed or not.
///
/// Format: "MAT-File Format", MathWorks: a header of 128 bytes, then elements of a type (4 bytes), a length (4 bytes) and contents, filled up
/// to a multiple of 8. Arrays are column-major. Texts are read; structures, cells, sparse and complex arrays are opaque.
struct MatlabFile: ArraySource {
    let format = "MATLAB 5"
    private(set) var entries: [ArrayFile.Entry] = []
    private(set) var opaque: [OpaqueValue] = []

    private let file: String
    private let isBigEndian: Bool
    private var places: [String: Place] = [:]

    /// Where an array lies: within the file, or within compressed data of the file.
    private struct Place: Sendable {
        let stored: Data
        /// Bytes when expanded; nil where it is not compressed.
        let expandedSize: Int?
    }

    private enum Kind {
        static let compressed = 15, matrix = 14
        static let elements: [Int: ElementType] = [
            1: .int8, 2: .uint8, 3: .int16, 4: .uint16, 5: .int32, 6: .uint32, 7: .float32, 9: .float64, 12: .int64, 13: .uint64,
        ]
        static let classes = [1: "a cell array", 2: "a structure", 3: "an object", 5: "a sparse array", 16: "a function"]
    }

    /// Headers of arrays are short: flags, dimensions and name.
    private static let headerBytes = 1 << 12

    static func begins(_ data: Data) -> Bool {
        data.starts(with: Array("MATLAB 5.0 MAT-file".utf8)) && data.count >= 128
            && (data.part(126..<128)?.elementsEqual(Array("IM".utf8)) == true || data.part(126..<128)?.elementsEqual(Array("MI".utf8)) == true)
    }

    init(_ data: Data, file: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        self.file = file
        isBigEndian = data.part(126..<128)?.first == UInt8(ascii: "M")
        var next = 128
        var expanded = 0
        while next < data.count {
            guard let (kind, contents, end) = Self.element(of: data, at: next, isBigEndian), contents.upperBound <= data.count,
                let stored = data.part(contents)
            else { throw WeightsFault(file: file, offset: next, reason: "an element is cut off") }
            // Compressed elements are not filled up.
            let following = kind == Kind.compressed ? contents.upperBound : min(end, data.count)
            if kind == Kind.compressed {
                guard let beginning = Inflation.beginning(of: stored, count: Self.headerBytes, wrapping: .zlib),
                    let (inner, innerContents, _) = Self.element(of: beginning, at: 0, isBigEndian), inner == Kind.matrix
                else { throw WeightsFault(file: file, offset: next, reason: "compressed data are damaged, or hold no array") }
                let size = innerContents.upperBound
                let (sum, isTooLarge) = expanded.addingReportingOverflow(size)
                guard !isTooLarge, size / Inflation.greatestRatio <= stored.count, sum <= limits.expandedBytes(of: data.count) else {
                    throw WeightsFault(
                        file: file, offset: next, reason: "\(stored.count) compressed bytes would expand to \(size), more than is plausible")
                }
                expanded = sum
                try list(beginning.dropFirst(innerContents.lowerBound), Place(stored: stored, expandedSize: size), offset: next)
            } else if kind == Kind.matrix {
                try list(stored.prefix(Self.headerBytes), Place(stored: stored, expandedSize: nil), offset: next)
            }
            next = following
        }
    }

    private mutating func list(_ beginning: Data, _ place: Place, offset: Int) throws(WeightsFault) {
        guard let header = Header(beginning, isBigEndian) else {
            throw WeightsFault(file: file, offset: offset, reason: "an array is not described by class, dimensions and name")
        }
        if let kind = Kind.classes[header.number] ?? (header.isComplex ? "complex numbers" : nil) {
            opaque.append(OpaqueValue(name: header.name, kind: kind, isAmongTensors: false))
            return
        }
        guard (4...15).contains(header.number), places.updateValue(place, forKey: header.name) == nil else { return }
        let isText = header.number == 4
        entries.append(
            ArrayFile.Entry(
                name: header.name, type: isText ? nil : header.type, shape: isText ? Array(header.shape.prefix(1)) : header.shape))
    }

    func array(_ name: String) throws(WeightsFault) -> any StoredArray {
        let (header, kind, elements) = try contents(name)
        // Whole numbers that are small are stored small, whatever the array's class.
        guard let type = Kind.elements[kind] else { throw fault(name, "its elements are stored as type \(kind), which is not read") }
        do throws(StridedLayout.Fault) {
            let layout = try StridedLayout(
                packed: type, isBigEndian: isBigEndian, shape: header.shape, isColumnMajor: true, byteCount: elements.count)
            return MappedArray(file: file, name: name, layout: layout, data: elements)
        } catch {
            throw fault(name, error.reason)
        }
    }

    /// The rows of an array of characters, each without the blanks that fill it up.
    func texts(_ name: String) throws(WeightsFault) -> [String] {
        let (header, kind, elements) = try contents(name)
        // UTF-8 and UTF-16 are types of their own.
        let type: ElementType? =
            switch kind {
            case 16: .uint8
            case 17: .uint16
            default: Kind.elements[kind]
            }
        guard let type, header.shape.count == 2,
            let layout = try? StridedLayout(packed: type, isBigEndian: isBigEndian, shape: header.shape, isColumnMajor: true, byteCount: elements.count),
            let characters = type.integers(in: layout.rowMajor(elements))
        else { throw fault(name, "its characters are not one of one or two bytes each") }
        let width = header.shape[1]
        return (0..<header.shape[0]).map { row in
            var text = String.UnicodeScalarView()
            for value in characters[row * width..<(row + 1) * width] { text.append(Unicode.Scalar(UInt32(truncatingIfNeeded: value)) ?? "?") }
            while text.last == " " { text.removeLast() }
            return String(text)
        }
    }

    private func contents(_ name: String) throws(WeightsFault) -> (Header, kind: Int, elements: Data) {
        guard let place = places[name] else { throw fault(name, "the file has no such array") }
        var data = place.stored
        if let size = place.expandedSize {
            let whole: (data: Data, checksum: UInt32)?
            do {
                whole = try Inflation.expand(place.stored, count: size, wrapping: .zlib)
            } catch {
                throw fault(name, "cannot be expanded: \(error)")
            }
            guard let whole else { throw fault(name, "its compressed data are damaged") }
            data = whole.data.dropFirst(8)
        }
        guard let header = Header(data, isBigEndian), let (kind, range, _) = Self.element(of: data, at: header.length, isBigEndian),
            let elements = data.part(range)
        else { throw fault(name, "its elements are cut off") }
        return (header, kind, elements)
    }

    private func fault(_ name: String, _ reason: String) -> WeightsFault {
        WeightsFault(file: file, place: "array \(JSONValue.quoted(name))", reason: reason)
    }

    /// The element at `place`: its type, where its contents lie, and where the next one begins.
    private static func element(of data: Data, at place: Int, _ isBigEndian: Bool) -> (kind: Int, contents: Range<Int>, end: Int)? {
        guard let first = number(data, place, isBigEndian) else { return nil }
        // Up to four bytes stand in the place of the length.
        if first >> 16 != 0 {
            let count = first >> 16
            guard count <= 4 else { return nil }
            return (first & 0xffff, place + 4..<place + 4 + count, place + 8)
        }
        guard let count = number(data, place + 4, isBigEndian) else { return nil }
        return (first, place + 8..<place + 8 + count, place + 8 + (count + 7) / 8 * 8)
    }

    private static func number(_ data: Data, _ place: Int, _ isBigEndian: Bool) -> Int? {
        data.littleEndian(UInt32.self, at: place).map { Int(isBigEndian ? $0.byteSwapped : $0) }
    }

    /// What stands before an array's elements.
    private struct Header {
        let number: Int
        let isComplex: Bool
        let shape: [Int]
        let name: String
        /// The type that the class stands for.
        let type: ElementType
        let length: Int

        init?(_ data: Data, _ isBigEndian: Bool) {
            guard let (_, flagBytes, afterFlags) = MatlabFile.element(of: data, at: 0, isBigEndian),
                let flags = MatlabFile.number(data, flagBytes.lowerBound, isBigEndian),
                let (_, extentBytes, afterExtents) = MatlabFile.element(of: data, at: afterFlags, isBigEndian), extentBytes.count <= 64 * 4,
                let (_, nameBytes, afterName) = MatlabFile.element(of: data, at: afterExtents, isBigEndian),
                let name = data.part(nameBytes).flatMap({ String(validating: $0, as: UTF8.self) })
            else { return nil }
            var shape: [Int] = []
            for place in stride(from: extentBytes.lowerBound, to: extentBytes.upperBound, by: 4) {
                guard let extent = MatlabFile.number(data, place, isBigEndian), extent < 1 << 31 else { return nil }
                shape.append(extent)
            }
            (number, isComplex) = (flags & 0xff, flags & 0x800 != 0)
            (self.shape, self.name, length) = (shape, name, afterName)
            let types: [Int: ElementType] = [
                7: .float32, 8: .int8, 9: .uint8, 10: .int16, 11: .uint16, 12: .int32, 13: .uint32, 14: .int64, 15: .uint64,
            ]
            type = flags & 0x200 != 0 ? .bool : types[number] ?? .float64
        }
    }
}
