import Foundation
import Persistence
import Results

/// A file of a run folder that is not what a run wrote there, or that cannot be read.
package struct DamagedFile: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String
    /// Why it cannot be read now, though it may be whole; nil where it is known to be damaged.
    package let unreadable: FileFault?

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
        unreadable = nil
    }

    /// A file that could not be read.
    init(_ fault: FileFault) {
        (path, reason) = (fault.path, fault.reason)
        unreadable = fault.mayPass ? fault : nil
    }

    package var description: String { unreadable.map { "\($0)" } ?? "\(path) is damaged: \(reason)" }
}

/// Reads and writes what trials leave in a run folder, and notices what has been changed there since.
///
/// `result.json` carries the digest of its own bytes and those of the files beside it, so that a figure
/// is only ever reported as it was measured. Results of another plan, such as those of an earlier
/// recipe, are moved to `other-plans/<plan>/` in the trial's folder before new ones take their place,
/// and come back when the study asks for that plan again.
package struct RunStore: Sendable {
    package let folder: RunFolder
    /// What need not be read again.
    private let known: KnownResults

    package init(_ folder: RunFolder, known: KnownResults = KnownResults()) {
        self.folder = folder
        self.known = known
    }

    // MARK: Results

    /// The result in a file; nil where there is none.
    ///
    /// - Parameter verifyingFiles: whether the files beside it, which it lists, are read and verified too.
    /// - Throws: `DamagedFile` where a byte of it, or of a file beside it, is not what was written.
    package func result(at file: URL, verifyingFiles: Bool = true) throws(DamagedFile) -> TrialResult? {
        if let result = known.result(at: file) { return result }
        return try verifyingFiles ? verifiedRecord(at: file)?.result : record(at: file)?.result
    }

    /// The result in a file, as far as it can be used; nil where there is none, or one that is damaged and that a new one may replace.
    ///
    /// - Throws: `FileFault` where it cannot be read now: it may be whole, and must not be lost.
    func usableResult(at file: URL) throws(FileFault) -> TrialResult? {
        try usable { () throws(DamagedFile) in try result(at: file) }
    }

    private func usable<Value>(_ read: () throws(DamagedFile) -> Value?) throws(FileFault) -> Value? {
        do throws(DamagedFile) { return try read() } catch {
            if let fault = error.unreadable { throw fault }
            return nil
        }
    }

    /// What is counted and shown of the result in a file; nil where there is none. The files beside it are not looked at.
    ///
    /// - Throws: `DamagedFile` where a byte of it is not what was written.
    package func outline(at file: URL) throws(DamagedFile) -> TrialOutline? {
        if let result = known.result(at: file) { return result.outline }
        return try value(TrialOutline.self, at: file)
    }

    /// The results of some trials, in the order of these; those that have none yet are left out.
    ///
    /// - Parameter verifyingFiles: as of one.
    /// - Throws: `DamagedFile` where one is not what was written, or says that it is another trial's.
    package func results(of keys: [TrialKey], verifyingFiles: Bool = true) throws(DamagedFile) -> [TrialResult] {
        var results: [TrialResult] = []
        for key in keys {
            let file = folder.result(key)
            guard let result = try result(at: file, verifyingFiles: verifyingFiles) else { continue }
            guard result.key == key else {
                throw DamagedFile(path: file.path, reason: "it says that it is the trial \(result.key): it was copied or moved there")
            }
            results.append(result)
        }
        return results
    }

    /// Writes a result, last of all its files.
    ///
    /// - Parameter files: those beside it, already written.
    /// - Throws: `FileFault` where one cannot be read or written.
    package func write(_ result: TrialResult, to file: URL, beside files: [URL] = []) throws {
        let digests = try files.map { ($0.lastPathComponent, try SHA256Digest(ofFile: $0.path).hex) }
        let record = Record(result: result, files: Dictionary(uniqueKeysWithValues: digests))
        try seal(record, to: file)
    }

    /// Writes a value as a document that carries its own digest.
    func seal(_ value: some Encodable, to file: URL) throws {
        try AtomicFile.write(SealedDocument.sealing(ResultCoding.document(value)), to: file.path)
    }

    static let changed = "its content is not what a run wrote"

    private func record(at file: URL) throws(DamagedFile) -> Record? { try value(Record.self, at: file) }

    /// The same, after the files beside it have been compared with their digests.
    private func verifiedRecord(at file: URL) throws(DamagedFile) -> Record? {
        guard let record = try record(at: file) else { return nil }
        let place = file.deletingLastPathComponent().path
        for (name, digest) in record.files.sorted(by: { $0.key < $1.key }) {
            let path = "\(place)/\(name)"
            let found: String
            do throws(FileFault) { found = try SHA256Digest(ofFile: path).hex } catch { throw DamagedFile(error) }
            guard found == digest else { throw DamagedFile(path: path, reason: Self.changed) }
        }
        return record
    }

    /// What a sealed file holds; nil where there is none.
    func value<Value: Decodable>(_ type: Value.Type, at file: URL) throws(DamagedFile) -> Value? {
        var facts = stat()
        if lstat(file.path, &facts) != 0, errno == ENOENT || errno == ENOTDIR { return nil }
        let data: Data
        do throws(FileFault) { data = try FileContents.copied(file.path) } catch { throw DamagedFile(error) }
        guard let content = SealedDocument.content(of: data) else { throw DamagedFile(path: file.path, reason: Self.changed) }
        do { return try ResultCoding.value(type, from: content) } catch {
            throw DamagedFile(path: file.path, reason: "it is not what this version of the program writes: \(ResultCoding.reason(of: error))")
        }
    }

    /// The content of `result.json`: the result's own entries, and the digests of the files beside it as `files`.
    private struct Record: Codable {
        var result: TrialResult
        var files: [String: String]

        private enum Key: String, CodingKey { case files }

        init(result: TrialResult, files: [String: String]) {
            self.result = result
            self.files = files
        }

        init(from decoder: any Decoder) throws {
            result = try TrialResult(from: decoder)
            files = try decoder.container(keyedBy: Key.self).decode([String: String].self, forKey: .files)
            // A name of another folder would be read, moved and removed there.
            if let name = files.keys.first(where: { $0.contains("/") || $0 == ".." }) {
                throw DecodingError.dataCorrupted(.init(codingPath: [Key.files], debugDescription: "\(name) is not the name of a file"))
            }
        }

        func encode(to encoder: any Encoder) throws {
            try result.encode(to: encoder)
            var fields = encoder.container(keyedBy: Key.self)
            try fields.encode(files, forKey: .files)
        }
    }

    // MARK: Measurements

    /// What was measured of a trial's model; nil where the file is not there.
    ///
    /// - Throws: `DamagedFile` where a byte of it is not what was written, or where it holds what no report can show.
    package func measurement(at file: URL) throws(DamagedFile) -> MeasurementRecord? {
        let record = try value(MeasurementRecord.self, at: file)
        if let fault = record?.findings.fault { throw DamagedFile(path: file.path, reason: "it holds \(fault)") }
        return record
    }

    /// - Throws: `FileFault` where it cannot be written.
    package func write(_ record: MeasurementRecord, to file: URL) throws {
        try seal(record, to: file)
    }

    /// What was measured of the models of finished trials, by file name: the records that belong to
    /// their results. Trials of which nothing was measured are left out.
    ///
    /// - Parameter onDamage: called with each file that is not what was written; it is left out unless this throws.
    package func measurements(
        of results: [TrialResult], onDamage: (DamagedFile) throws -> Void
    ) rethrows -> [TrialKey: [MeasurementRecord]] {
        var records: [TrialKey: [MeasurementRecord]] = [:]
        for result in results where result.isFinished {
            let place = folder.measurements(result.key)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
            for name in names.sorted() where name.hasSuffix(".json") && !name.hasPrefix(".") {
                do throws(DamagedFile) {
                    guard let record = try measurement(at: place.appendingPathComponent(name)), record.plan == result.plan else { continue }
                    records[result.key, default: []].append(record)
                } catch {
                    try onDamage(error)
                }
            }
        }
        return records
    }

    // MARK: Results of other plans

    /// Where a result of another plan is kept.
    package func place(of plan: String, at key: TrialKey) -> URL {
        folder.file("other-plans/\(SafeName.encode(plan))/\(RunFolder.resultName)", of: key)
    }

    /// Moves a finished result that is of another plan out of the way, with its files. Only the holder
    /// of the trial's claim may call this.
    ///
    /// The result itself is moved last, so that after a kill in between the next call completes the
    /// move.
    ///
    /// - Throws: `FileFault` where a file cannot be read or moved.
    func makeRoom(for plan: String, at key: TrialKey) throws {
        let file = folder.result(key)
        guard let present = try usable({ () throws(DamagedFile) in try record(at: file) }), present.result.plan != plan, present.result.isFinished else {
            return
        }
        let there = place(of: present.result.plan, at: key)
        try Folder.create(there.deletingLastPathComponent().path)
        try move(present, from: folder.trial(key), to: there.deletingLastPathComponent())
    }

    /// Sets results of other plans aside, so that no report counts them to the study whose recipe takes the place of theirs: the study may
    /// stop, or leave a trial out, before a new result does.
    ///
    /// A trial that another process holds is passed over; that one has another study.
    ///
    /// - Parameters:
    ///   - outdated: the trials with the plans of their results.
    ///   - isKeeping: whether they are moved to where they are kept; otherwise they are removed.
    /// - Throws: `FileFault` where a file cannot be read, moved or removed.
    package func setAside(_ outdated: [(key: TrialKey, plan: String)], keeping isKeeping: Bool) throws {
        let watch = ClaimWatch(patience: StudyTiming().patience)
        for (key, plan) in outdated {
            guard let claim = try ClaimPlace(folder: folder.trial(key).path, name: "claim").take(watch) else { continue }
            defer { claim.release() }
            let file = folder.result(key)
            guard let present = try usable({ () throws(DamagedFile) in try record(at: file) }), present.result.plan == plan else { continue }
            if isKeeping {
                let there = place(of: plan, at: key).deletingLastPathComponent()
                try Folder.create(there.path)
                try move(present, from: folder.trial(key), to: there)
            } else if unlink(file.path) != 0, errno != ENOENT {
                throw FileFault(action: "remove", path: file.path)
            }
        }
    }

    /// Brings a result of a plan that was set aside back to its place, and moves what is there out of
    /// the way.
    ///
    /// - Returns: the result; nil where none of this plan is kept, or where it is damaged.
    /// - Throws: `FileFault` where a file cannot be read or moved.
    func bringBack(_ plan: String, at key: TrialKey) throws -> TrialResult? {
        let kept = place(of: plan, at: key)
        guard let record = try usable({ () throws(DamagedFile) in try verifiedRecord(at: kept) }), record.result.plan == plan else { return nil }
        try makeRoom(for: plan, at: key)
        try move(record, from: kept.deletingLastPathComponent(), to: folder.trial(key))
        Folder.remove(kept.deletingLastPathComponent().path)
        return record.result
    }

    private func move(_ record: Record, from old: URL, to new: URL) throws {
        for name in record.files.keys.sorted() + [RunFolder.resultName] {
            let (from, to) = (old.appendingPathComponent(name).path, new.appendingPathComponent(name).path)
            guard rename(from, to) == 0 || errno == ENOENT else { throw FileFault(action: "move \(from) to", path: to) }
        }
    }
}
