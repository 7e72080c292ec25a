import Foundation

/// What a checkpoint's pickle describes, and the bytes of every storage it names.
struct LoadedPickle {
    let value: PickleValue
    let heap: PickleHeap
    /// In the order of the heap's storages, each of the declared size.
    let storages: [Data]
    /// The pickle's own place in the file, for messages.
    let pickleName: String
}

// MARK: - Zip

extension LoadedPickle {
    /// Reads the archive that PyTorch writes since 1.6: `<root>/data.pkl`, `<root>/data/<key>` for each storage, and
    /// `<root>/byteorder` in files of later versions.
    static func zip(_ data: Data, file: String, limits: ReadingLimits) throws(WeightsFault) -> LoadedPickle {
        var records = try ZipRecords(data, file: file, limits: limits)
        if let name = records.name("byteorder") {
            guard try records.contents(name).elementsEqual("little".utf8) else {
                throw WeightsFault(file: file, place: name, reason: "numbers are not stored little-endian")
            }
        }
        let pickle = records.root + "data.pkl"
        let program = try records.contents(pickle)
        let result: (value: PickleValue, heap: PickleHeap, next: Int)
        do {
            result = try PickleMachine.run(program, limits: limits)
        } catch {
            throw WeightsFault(file: file, place: pickle, offset: error.offset, reason: error.reason)
        }
        var storages: [Data] = []
        for storage in result.heap.storages { storages.append(try records.contents(of: storage)) }
        return LoadedPickle(value: result.value, heap: result.heap, storages: storages, pickleName: pickle)
    }
}

/// The records of a zip checkpoint, all below one folder.
private struct ZipRecords {
    /// The folder with its slash.
    let root: String

    private let archive: ZipArchive
    private let file: String
    private let mostExpandedBytes: Int
    private var expandedBytes = 0

    init(_ data: Data, file: String, limits: ReadingLimits) throws(WeightsFault) {
        let archive: ZipArchive
        do {
            archive = try ZipArchive(data)
        } catch {
            throw WeightsFault(file: file, error)
        }
        let pickles = archive.entries.filter { $0.name.hasSuffix("/data.pkl") && $0.name.count { $0 == "/" } == 1 }
        guard let pickle = pickles.first, pickles.count == 1 else {
            throw WeightsFault(
                file: file, place: "directory",
                reason: pickles.isEmpty ? "there is no data.pkl: not a PyTorch checkpoint" : "there are several data.pkl")
        }
        guard pickle.size <= limits.pickleBytes else {
            throw WeightsFault(
                file: file, place: pickle.name, reason: "has \(pickle.size) bytes; at most \(limits.pickleBytes) are read")
        }
        root = String(pickle.name.dropLast("data.pkl".count))
        self.archive = archive
        self.file = file
        mostExpandedBytes = limits.expandedBytes(of: data.count)
    }

    /// The full name of a record that may be there.
    func name(_ name: String) -> String? { archive[root + name]?.name }

    mutating func contents(of storage: PyTorchStorage) throws(WeightsFault) -> Data {
        let name = "\(root)data/\(storage.key)"
        if let entry = archive[name], entry.size != storage.byteCount {
            throw WeightsFault(
                file: file, place: name,
                reason: "has \(entry.size) bytes, but \(storage.count) elements of \(storage.type.rawValue) are declared")
        }
        return try contents(name)
    }

    mutating func contents(_ name: String) throws(WeightsFault) -> Data {
        guard let entry = archive[name] else {
            throw WeightsFault(file: file, place: name, reason: "the archive has no such record, but a tensor needs it")
        }
        if entry.method == .deflated {
            let (sum, isTooLarge) = expandedBytes.addingReportingOverflow(entry.size)
            guard !isTooLarge, sum <= mostExpandedBytes else {
                throw WeightsFault(
                    file: file, place: name, reason: "compressed records take more than \(mostExpandedBytes) bytes when expanded")
            }
            expandedBytes = sum
        }
        do {
            return try archive.contents(of: entry)
        } catch {
            throw WeightsFault(file: file, error)
        }
    }
}

// MARK: - Legacy

extension LoadedPickle {
    /// What the older format begins with: 0x1950a86a20f9469cfc6c.
    private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    private static let protocolVersion = 1001

    /// Reads the format of before PyTorch 1.6: pickles of a magic number, a version, facts about the writing machine,
    /// the object and the storages' keys, then for each storage its number of elements (8 bytes) and the elements.
    static func legacy(_ data: Data, file: String, limits: ReadingLimits) throws(WeightsFault) -> LoadedPickle {
        var next = 0
        var heap = PickleHeap()
        func fault(_ place: String, _ reason: String, offset: Int) -> WeightsFault {
            WeightsFault(file: file, place: place, offset: offset, reason: reason)
        }
        func pickle(_ place: String) throws(WeightsFault) -> PickleValue {
            let result: (value: PickleValue, heap: PickleHeap, next: Int)
            do {
                result = try PickleMachine.run(data, from: next, heap: heap, limits: limits)
            } catch {
                throw fault(place, error.reason, offset: error.offset)
            }
            heap = result.heap
            next = result.next
            return result.value
        }
        guard case .wideInteger(let number) = try pickle("magic number"), number == magic else {
            throw fault("magic number", "not the magic number of a PyTorch checkpoint", offset: 0)
        }
        var start = next
        guard case .integer(let version) = try pickle("version"), version == protocolVersion else {
            throw fault("version", "not version \(protocolVersion), the only one there is", offset: start)
        }
        start = next
        guard case .dictionary(let facts) = try pickle("system information"),
            case .truth(true)? = heap.dictionaries[facts][.text("little_endian")]
        else { throw fault("system information", "numbers are not stored little-endian", offset: start) }
        let value = try pickle("object")
        start = next
        guard case .list(let place) = try pickle("storage keys") else {
            throw fault("storage keys", "expected a list", offset: start)
        }
        var found: [String: Data] = [:]
        let declared = Dictionary(heap.storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for key in heap.sequences[place] {
            guard case .text(let key) = key, let storage = declared[key], found[key] == nil else {
                throw fault("storage keys", "a key is named twice or belongs to no tensor", offset: start)
            }
            let name = "storage \(JSONValue.quoted(key))"
            guard let count = data.littleEndian(Int64.self, at: next) else {
                throw fault(name, "the file ends here", offset: data.count)
            }
            guard count == Int64(storage.count) else {
                throw fault(name, "has \(count) elements, but \(storage.count) are declared", offset: next)
            }
            next += 8
            guard storage.byteCount <= data.count - next, let bytes = data.part(next..<next + storage.byteCount) else {
                throw fault(name, "takes \(storage.byteCount) bytes, but the file ends after \(data.count - next)", offset: next)
            }
            found[key] = bytes
            next += storage.byteCount
        }
        guard next == data.count else {
            throw fault("storages", "\(data.count - next) bytes belong to no storage", offset: next)
        }
        var storages: [Data] = []
        for storage in heap.storages {
            guard let bytes = found[storage.key] else {
                throw fault("storage keys", "the storage \(JSONValue.quoted(storage.key)) is missing", offset: start)
            }
            storages.append(bytes)
        }
        return LoadedPickle(value: value, heap: heap, storages: storages, pickleName: "object")
    }
}
