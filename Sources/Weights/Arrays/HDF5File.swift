import Foundation
import Persistence
import Synchronization

#if REGULUS_HDF5
    internal import CHDF5
#endif

/// The data sets of an HDF5 file, in any depth of groups; also MATLAB 7.3, which is HDF5.
///
/// Elements without compression are read where they lie in the mapped file; chunks through the library, a few rows at a time. Links to
/// other files, elements in other files and filters that would have to be loaded are not followed.
struct HDF5File: ArraySource {
    let format = "HDF5"
    private(set) var entries: [ArrayFile.Entry] = []
    private(set) var opaque: [OpaqueValue] = []

    private let file: String

    /// Whether the library was there when the program was built.
    static var isAvailable: Bool {
        #if REGULUS_HDF5
            true
        #else
            false
        #endif
    }

    /// The signature stands at byte 0, or behind a block of the user's of 512, 1024, … bytes.
    static func begins(_ data: Data) -> Bool {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
        return [0, 512, 1024, 2048].contains { data.part($0..<$0 + 8)?.elementsEqual(signature) == true }
    }

    #if REGULUS_HDF5
        /// Bytes of the arrays that are not stored as they are read.
        private var expandedBytes = 0
        private var descriptions: [String: (path: String, array: regulus_h5_array, shape: [Int])] = [:]
        private let data: Data
        private let library: HDF5Library

        /// - Parameter data: the file, mapped.
        init(_ data: Data, file: String) throws(WeightsFault) {
            self.file = file
            self.data = data
            if let failure = HDF5Library.failure {
                throw WeightsFault(
                    file: file,
                    reason: "is HDF5, whose library cannot be opened (\(failure)): install the one of this version (Debian, Ubuntu: apt-get install "
                        + "libhdf5-dev), or build again with the one that is there")
            }
            guard let library = HDF5Library(path: file) else {
                throw WeightsFault(file: file, reason: "cannot be opened as HDF5: damaged, cut off, or not a file on disk")
            }
            self.library = library
            var visited = 0
            try library.visit(file: file) { (path, array) throws(WeightsFault) in
                visited += 1
                guard visited <= ReadingLimits().values else { throw WeightsFault(file: file, reason: "the file has too many members") }
                add(path, array)
            }
        }

        private mutating func add(_ path: [String], _ array: regulus_h5_array?) {
            let name = path.joined(separator: ".")
            guard let array else {
                opaque.append(OpaqueValue(name: name, kind: "a link to another place, or something damaged", isAmongTensors: false))
                return
            }
            let shape = withUnsafeBytes(of: array.extents) { Array($0.bindMemory(to: UInt64.self).prefix(Int(array.axes))) }
            let type = Self.type(array)
            let isText = array.kind == REGULUS_H5_TEXT || array.kind == REGULUS_H5_VARIABLE_TEXT
            let extents = shape.compactMap { Int(exactly: $0) }
            guard type != nil || isText, extents.count == shape.count, array.is_elsewhere == 0, array.chunk_bytes <= 256 << 20,
                let count = StridedLayout.elementCount(of: extents), count.multipliedWithoutOverflow(by: max(1, Int(array.size))) != nil
            else {
                let reason =
                    array.is_elsewhere != 0
                    ? "an array whose elements lie in other files"
                    : array.chunk_bytes > 256 << 20 ? "an array in chunks of more than 256 MiB" : "an array whose elements are neither real numbers nor strings"
                opaque.append(OpaqueValue(name: name, kind: reason, isAmongTensors: false))
                return
            }
            // A chunk that was never written, and a compressed one of zeros, take no room in a file that claims terabytes.
            let bytes = count * max(1, Int(array.size))
            let isStored = (0...Int64(data.count)).contains(array.offset) && bytes <= data.count
            let (sum, isTooLarge) = expandedBytes.addingReportingOverflow(isStored ? 0 : bytes)
            guard !isTooLarge, sum <= ReadingLimits().expandedBytes(of: data.count) else {
                let kind = "an array of \(bytes) bytes in a file of \(data.count), more than is plausible"
                opaque.append(
                    OpaqueValue(
                        name: name, kind: kind, isAmongTensors: false,
                        remedy: "in h5py, create_dataset(name, data=array) without compression writes it so that it is read"))
                return
            }
            expandedBytes = sum
            entries.append(ArrayFile.Entry(name: name, type: isText ? nil : type, shape: extents))
            descriptions[name] = (path.joined(separator: "/"), array, extents)
        }

        private static func type(_ array: regulus_h5_array) -> ElementType? {
            switch (array.kind, array.size) {
            case (REGULUS_H5_FLOAT, 8): .float64
            case (REGULUS_H5_FLOAT, 4): .float32
            case (REGULUS_H5_FLOAT, 2): array.exponent_bits == 8 ? .bfloat16 : .float16
            case (REGULUS_H5_BOOL, 1): .bool
            case (REGULUS_H5_INTEGER, 8): array.is_signed != 0 ? .int64 : .uint64
            case (REGULUS_H5_INTEGER, 4): array.is_signed != 0 ? .int32 : .uint32
            case (REGULUS_H5_INTEGER, 2): array.is_signed != 0 ? .int16 : .uint16
            case (REGULUS_H5_INTEGER, 1): array.is_signed != 0 ? .int8 : .uint8
            default: nil
            }
        }

        func array(_ name: String) throws(WeightsFault) -> any StoredArray {
            guard let (path, array, shape) = descriptions[name], let type = Self.type(array) else {
                throw WeightsFault(file: file, place: name, reason: "the file has no such array")
            }
            let bytes = (StridedLayout.elementCount(of: shape) ?? 0) * type.size
            // A file may claim any place.
            if (0...Int64(data.count)).contains(array.offset), bytes <= data.count, let elements = data.part(Int(array.offset)..<Int(array.offset) + bytes),
                let layout = try? StridedLayout(
                    packed: type, isBigEndian: array.is_big_endian != 0, shape: shape, byteCount: bytes)
            {
                return MappedArray(file: file, name: name, layout: layout, data: elements)
            }
            let filter = withUnsafeBytes(of: array.missing_filter) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let chunked = HDF5Array(
                file: file, name: name, type: type, shape: shape, path: path, isBigEndian: array.is_big_endian != 0,
                missingFilter: filter.isEmpty ? nil : filter, library: library)
            // Chunks that a filter could not make smaller are stored as they are. Where the first one is not, no training has to find out.
            if !filter.isEmpty, !shape.contains(0) { _ = try chunked.bytes(rows: 0..<1) }
            return chunked
        }

        func texts(_ name: String) throws(WeightsFault) -> [String] {
            guard let (path, array, shape) = descriptions[name] else { return [] }
            guard let texts = library.texts(path, array: array, shape: shape) else {
                throw WeightsFault(file: file, place: "array \(JSONValue.quoted(name))", reason: "its strings cannot be read, or are not UTF-8")
            }
            return texts
        }
    #else
        init(_ data: Data, file: String) throws(WeightsFault) {
            throw WeightsFault(
                file: file, reason: "is HDF5, and the program was built without it: install libhdf5-dev, then build again (make build)")
        }

        func array(_ name: String) throws(WeightsFault) -> any StoredArray {
            throw WeightsFault(file: file, place: name, reason: "the program was built without HDF5")
        }

        func texts(_ name: String) throws(WeightsFault) -> [String] { [] }
    #endif
}

#if REGULUS_HDF5
    /// A data set in chunks, read by the library.
    private struct HDF5Array: StoredArray {
        let file: String
        let name: String
        let type: ElementType
        let shape: [Int]
        let path: String
        let isBigEndian: Bool
        /// The filter that chunks were written with and the library lacks.
        let missingFilter: String?
        let library: HDF5Library

        func bytes(rows: Range<Int>) throws(WeightsFault) -> Data {
            let extents = shape.isEmpty ? [] : [rows.count] + shape.dropFirst()
            let count = (StridedLayout.elementCount(of: extents) ?? 0) * type.size
            guard count > 0 else { return Data() }
            guard let data = library.read(path, rows: rows, byteCount: count),
                let layout = try? StridedLayout(packed: type, isBigEndian: isBigEndian, shape: extents, byteCount: count)
            else {
                let place = rows.count == 1 ? "row \(rows.lowerBound)" : "rows \(rows.lowerBound) to \(rows.upperBound - 1)"
                throw fault(
                    "\(place) cannot be read: "
                        + (missingFilter.map {
                            "compressed by '\($0)', which the library does not have; in h5py, create_dataset(name, data=array, compression='gzip') writes it "
                                + "so that it is read"
                        } ?? "damaged"))
            }
            return layout.rowMajor(data)
        }
    }

    /// An open file. The library keeps state of its own and is not made for several threads: one lock for all files.
    final class HDF5Library: Sendable {
        private static let lock = NSLock()
        private let identifier: Int64
        /// The data sets that were read last, the latest at the end.
        private let kept = Mutex<[(path: String, object: Int64)]>([])
        private static let mostKept = 8

        /// Why the library cannot be opened, as the loader puts it; nil where it is open. The first file that is read opens it: it brings some
        /// thirty others, for which every start of the program would wait.
        static let failure = open(in: nil)

        /// Opens the library.
        ///
        /// - Parameter folder: where it lies; where the loader looks without it.
        /// - Returns: why it cannot be opened; nil where it is open.
        static func open(in folder: String?) -> String? {
            var reason = [CChar](repeating: 0, count: 512)
            guard regulus_h5_load(folder, &reason, reason.count) == 0 else { return nil }
            return String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        init?(path: String) {
            guard
                let identifier = Self.lock.withLock({
                    let file = regulus_h5_open(path)
                    return file >= 0 ? file : nil
                })
            else { return nil }
            self.identifier = identifier
        }

        deinit {
            Self.lock.withLock {
                kept.withLock { kept in for data in kept { regulus_h5_close_object(data.object) } }
                regulus_h5_close(identifier)
            }
        }

        /// Calls `body` with the names on the way to each data set and its description, nil for what cannot be opened.
        func visit(file: String, _ body: ([String], regulus_h5_array?) throws(WeightsFault) -> Void) throws(WeightsFault) {
            Self.lock.lock()
            defer { Self.lock.unlock() }
            let root = regulus_h5_object(identifier, "/")
            guard root >= 0 else { throw WeightsFault(file: file, reason: "has no root group") }
            defer { regulus_h5_close_object(root) }
            try visit(root, [], file: file, body)
        }

        private func visit(
            _ group: Int64, _ path: [String], file: String, _ body: ([String], regulus_h5_array?) throws(WeightsFault) -> Void
        ) throws(WeightsFault) {
            let count = regulus_h5_links(group)
            guard count >= 0, path.count <= 32 else { throw WeightsFault(file: file, place: path.joined(separator: "/"), reason: "is damaged or too deep") }
            var name = [CChar](repeating: 0, count: 1024)
            for index in 0..<count {
                let length = regulus_h5_name(group, index, &name, name.count)
                guard length > 0, length < name.count,
                    let text = String(validating: name.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                else { continue }
                var object: Int64 = -1
                let kind = regulus_h5_member(group, text, &object)
                defer { if kind > 0 { regulus_h5_close_object(object) } }
                switch kind {
                case 1: try visit(object, path + [text], file: file, body)
                case 2:
                    var array = regulus_h5_array()
                    try body(path + [text], regulus_h5_describe(object, &array) != 0 ? array : nil)
                default: try body(path + [text], nil)
                }
            }
        }

        /// The bytes of some rows; nil where they cannot be read.
        func read(_ path: String, rows: Range<Int>, byteCount: Int) -> Data? {
            Self.lock.withLock {
                guard let object = opened(path) else { return nil }
                var data = Data(count: byteCount)
                let isRead = data.withUnsafeMutableBytes {
                    regulus_h5_read(object, UInt64(rows.lowerBound), UInt64(rows.count), $0.baseAddress) != 0
                }
                return isRead ? data : nil
            }
        }

        /// A data set, which stays open until others have been read: the library keeps the chunks of an open one that it read last, so that
        /// the next row need not be decompressed again. Of a file with a group for each sample not all are open at a time.
        ///
        /// To be called with the lock.
        private func opened(_ path: String) -> Int64? {
            kept.withLock { kept in
                if let place = kept.firstIndex(where: { $0.path == path }) {
                    kept.append(kept.remove(at: place))
                    return kept.last?.object
                }
                let object = regulus_h5_object(identifier, path)
                guard object >= 0 else { return nil }
                kept.append((path, object))
                if kept.count > Self.mostKept { regulus_h5_close_object(kept.removeFirst().object) }
                return object
            }
        }

        /// The strings of a data set; nil where they cannot be read.
        func texts(_ path: String, array: regulus_h5_array, shape: [Int]) -> [String]? {
            let rows = shape.first ?? 1
            let count = rows
            guard shape.count <= 1, count <= 10_000_000, array.size <= 1 << 16 else { return nil }
            if array.kind == REGULUS_H5_TEXT {
                guard count > 0 else { return [] }
                guard let data = read(path, rows: 0..<rows, byteCount: count * Int(array.size)) else { return nil }
                let encoding = NumPyType.TextEncoding(width: Int(array.size), isUTF32: false, isBigEndian: false)
                return try? encoding.texts(in: data, count: count)
            }
            return Self.lock.withLock {
                let object = regulus_h5_object(identifier, path)
                guard object >= 0 else { return nil }
                defer { regulus_h5_close_object(object) }
                var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
                let isRead = pointers.withUnsafeMutableBytes { regulus_h5_read(object, 0, UInt64(rows), $0.baseAddress) != 0 }
                defer { for pointer in pointers { if let pointer { regulus_h5_free_text(pointer) } } }
                guard isRead else { return nil }
                var texts: [String] = []
                for pointer in pointers {
                    guard let text = pointer.map({ String(validatingCString: $0) }) ?? "" else { return nil }
                    texts.append(text)
                }
                return texts
            }
        }
    }
#endif
