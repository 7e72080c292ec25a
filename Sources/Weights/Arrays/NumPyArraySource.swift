import Foundation

/// One array in an `npy` file.
struct NumPyArraySource: ArraySource {
    let format = "npy"
    let entries: [ArrayFile.Entry]
    private let member: NumPyMember

    init(_ data: Data, file: String) throws(WeightsFault) {
        let header = try NumPyHeader(of: data, file: file, place: nil)
        member = NumPyMember(header: header, file: file, name: ArrayFile.onlyName)
        guard let entry = member.entry else {
            throw WeightsFault(file: file, reason: "holds Python objects; \(NumPyMember.remedy)")
        }
        entries = [entry]
        self.data = data
        try member.check(byteCount: data.count - header.length)
    }

    private let data: Data

    func array(_ name: String) throws(WeightsFault) -> any StoredArray { try member.array(data) }
    func texts(_ name: String) throws(WeightsFault) -> [String] { try member.texts(data) }
}

/// The arrays of an `npz` file: a zip archive of `npy` files, stored or deflated.
///
/// Stored ones are read where they lie, without their checksum. Deflated ones are expanded when they are asked for, large ones into a
/// file without a name, so that memory stays bounded.
struct NumPyArchiveSource: ArraySource {
    let format = "npz"
    let entries: [ArrayFile.Entry]
    let opaque: [OpaqueValue]

    private let archive: ZipArchive
    private let members: [String: (entry: ZipEntry, member: NumPyMember)]
    private let file: String

    init(_ archive: ZipArchive, size: Int, file: String, limits: ReadingLimits = ReadingLimits()) throws(WeightsFault) {
        var entries: [ArrayFile.Entry] = []
        var opaque: [OpaqueValue] = []
        var members: [String: (entry: ZipEntry, member: NumPyMember)] = [:]
        var expanded = 0
        for entry in archive.entries where entry.name.hasSuffix(".npy") {
            let name = String(entry.name.dropLast(".npy".count))
            let beginning: Data
            do {
                beginning = try archive.beginning(of: entry, count: NumPyHeader.longest + 12)
            } catch {
                throw WeightsFault(file: file, error)
            }
            let header: NumPyHeader
            do {
                header = try NumPyHeader(of: beginning, file: file, place: "array \(JSONValue.quoted(name))")
            } catch  where beginning.starts(with: NumPyHeader.magic) {
                // What it holds, and what to do about it.
                let words = error.reason.split(separator: "; ", maxSplits: 1).map(String.init)
                opaque.append(
                    OpaqueValue(name: name, kind: "an array that \(words[0])", isAmongTensors: false, remedy: words.count > 1 ? words[1] : nil))
                continue
            }
            let member = NumPyMember(header: header, file: file, name: name)
            guard let described = member.entry else {
                opaque.append(OpaqueValue(name: name, kind: "an array of Python objects", isAmongTensors: false))
                continue
            }
            try member.check(byteCount: entry.size - header.length)
            if entry.method == .deflated {
                let (sum, isTooLarge) = expanded.addingReportingOverflow(entry.size)
                guard !isTooLarge, sum <= limits.expandedBytes(of: size) else {
                    throw WeightsFault(
                        file: file, place: "array \(JSONValue.quoted(name))",
                        reason: "would expand to \(entry.size) bytes from \(entry.bytes.count), more than is plausible; save it with numpy.savez, "
                            + "not compressed")
                }
                expanded = sum
            }
            entries.append(described)
            members[name] = (entry, member)
        }
        (self.entries, self.opaque, self.members) = (entries, opaque, members)
        (self.archive, self.file) = (archive, file)
    }

    func array(_ name: String) throws(WeightsFault) -> any StoredArray {
        guard let member = members[name]?.member else { throw WeightsFault(file: file, place: name, reason: "the file has no such array") }
        return try member.array(try contents(name))
    }

    func texts(_ name: String) throws(WeightsFault) -> [String] {
        try members[name]?.member.texts(try contents(name)) ?? []
    }

    private func contents(_ name: String) throws(WeightsFault) -> Data {
        guard let entry = members[name]?.entry else { return Data() }
        do {
            return entry.method == .stored ? try archive.stored(entry) : try archive.contents(of: entry)
        } catch {
            throw WeightsFault(file: file, error)
        }
    }
}

/// What an `npy` header describes, and how its elements are read.
struct NumPyMember: Sendable {
    static let remedy = "save numbers or strings, as with array.astype('float32') or array.astype(str)"

    let header: NumPyHeader
    let file: String
    let name: String

    /// Nil for an array of Python objects.
    var entry: ArrayFile.Entry? {
        switch header.type {
        case .numbers(let type, _): ArrayFile.Entry(name: name, type: type, shape: header.shape)
        case .texts: ArrayFile.Entry(name: name, type: nil, shape: header.shape)
        case .objects: nil
        }
    }

    /// The elements have to take exactly the bytes that are there.
    func check(byteCount: Int) throws(WeightsFault) {
        switch header.type {
        case .numbers(let type, let isBigEndian): _ = try layout(type, isBigEndian, byteCount: byteCount)
        case .texts(let encoding):
            guard let count = StridedLayout.elementCount(of: header.shape), count.multipliedWithoutOverflow(by: encoding.byteCount) == byteCount
            else { throw fault("the shape \(header.shape) of strings does not fit \(byteCount) bytes") }
        case .objects: break
        }
    }

    /// - Parameter data: header and elements.
    func array(_ data: Data) throws(WeightsFault) -> any StoredArray {
        guard case .numbers(let type, let isBigEndian) = header.type else { throw fault("holds no numbers") }
        return MappedArray(
            file: file, name: name, layout: try layout(type, isBigEndian, byteCount: data.count - header.length),
            data: data.dropFirst(header.length))
    }

    func texts(_ data: Data) throws(WeightsFault) -> [String] {
        guard case .texts(let encoding) = header.type else { throw fault("holds no strings") }
        do throws(NumPyType.Fault) {
            return try encoding.texts(in: data.dropFirst(header.length), count: StridedLayout.elementCount(of: header.shape) ?? 0)
        } catch {
            throw fault(error.reason)
        }
    }

    private func layout(_ type: ElementType, _ isBigEndian: Bool, byteCount: Int) throws(WeightsFault) -> StridedLayout {
        do throws(StridedLayout.Fault) {
            return try StridedLayout(
                packed: type, isBigEndian: isBigEndian, shape: header.shape, isColumnMajor: header.isColumnMajor, byteCount: byteCount)
        } catch {
            throw fault(error.reason)
        }
    }

    private func fault(_ reason: String) -> WeightsFault {
        WeightsFault(file: file, place: "array \(JSONValue.quoted(name))", reason: reason)
    }
}
