import Configuration
import Dispatch
import Media
import Networks
import Persistence
import Synchronization
import Tensors

/// What a data set on disk contains, and what is wrong with it: what `regulus data check` reports.
///
/// Files are looked for and decoded in part or whole; arrays are read in whole and searched for values
/// that are not finite and for duplicates. Nothing that is found stops the check.
package struct DataCheck: Sendable {
    /// How many rows are decoded.
    package enum Depth: Sendable {
        /// None; only whether the files exist is checked.
        case presence
        /// Up to this many of each domain, spread evenly over its rows.
        case some(Int)
        /// All rows, which takes long for a large set of videos.
        case all
    }

    /// Files of one modality that do not exist.
    package struct Missing: Sendable {
        /// The modality.
        package let modality: String
        /// How many files do not exist.
        package let files: Int
        /// How many rows need one of them.
        package let rows: Int
        /// The first five paths, in row order.
        package let examples: [String]
    }

    /// What some rows of one modality lack.
    package struct Gaps: Sendable {
        /// The modality.
        package let modality: String
        /// Rows without it, for each domain.
        package let missing: [Int]
        /// Real steps of the rows that have it, ascending; nil where nothing is padded.
        package let lengths: [Int]?
    }

    /// Modalities, domains and targets, as the data set states them.
    package let facts: DatasetFacts
    /// The number of rows of every domain, part of the split (in the order of `parts`) and class; a
    /// single entry per part where there are no classes.
    package let counts: [[[Int]]]
    /// The parts of the prescribed split that occur; one nil where none is prescribed.
    package let parts: [SplitName?]
    /// How often each label applies, or the range and the mean of each value, a line each; empty for
    /// classes.
    package let targets: [String]
    /// Files that do not exist, an entry for each modality that lacks some.
    package let missing: [Missing]
    /// Files that exist and cannot be decoded.
    package let unreadable: [MediaFault]
    /// How many rows were decoded without a fault, and how many were tried.
    package let decoded: (good: Int, tried: Int)
    /// The length of every row of every domain in seconds, ascending; empty where it is unknown.
    package let seconds: [[Double]]
    /// What some rows lack, and how long sequences are; a complete modality has no entry.
    package let gaps: [Gaps]
    /// The data set's own remarks, and names that no reader can tell apart.
    package let remarks: [String]
    /// What a run would refuse: samples of a manifest that cannot be read, rows without a label.
    package let problems: [String]
    /// What the values reveal.
    package let contents: ContentCheck

    /// Whether nothing is missing, unreadable or not finite.
    package var isSound: Bool { missing.isEmpty && unreadable.isEmpty && problems.isEmpty && contents.notFinite.isEmpty }

    /// How many files are named.
    private static let examples = 5
    /// How many things that a run would refuse are named.
    private static let namedProblems = 20

    /// Checks a data set.
    ///
    /// - Parameter depth: how many rows of a set of videos are decoded; without effect on arrays.
    /// - Throws: `DatasetFault` where an array cannot be read.
    ///
    /// The order of work: counts, targets, missing files, values and duplicates, then decoding, one
    /// modality after the other on all cores.
    package init(_ dataset: any Dataset, depth: Depth = .some(8)) throws(DatasetFault) {
        let facts = dataset.facts
        self.facts = facts
        let split = dataset.split
        let parts: [SplitName?] = split.map { names in SplitName.allCases.filter(Set(names).contains) } ?? [nil]
        self.parts = parts
        var counts = facts.domains.map { _ in parts.map { _ in Array(repeating: 0, count: max(1, facts.classes.count)) } }
        for row in dataset.labels.indices {
            guard let part = parts.firstIndex(of: split?[row]) else { continue }
            counts[dataset.domains[row]][part][facts.targets.kind == .classes ? dataset.labels[row] : 0] += 1
        }
        self.counts = counts
        targets = Self.targets(of: dataset)
        remarks = dataset.remarks + Self.twins(facts.domains, "domains") + Self.twins(facts.classes, "classes")
        problems = (dataset as? any UncheckedRows)?.problems ?? []
        gaps = try Self.gaps(of: dataset)
        contents = try ContentCheck(dataset)
        guard let decoder = dataset.decoder else {
            (missing, unreadable, decoded, seconds) = ([], [], (0, 0), [])
            return
        }
        let (missing, absent, broken) = Self.missing(of: dataset, decoder)
        self.missing = missing
        let asked = Self.rows(of: dataset, depth: depth)
        let tried = asked.filter { !broken.contains($0) }
        let (faults, good) = Self.decode(tried, of: dataset, decoder)
        // A row that lacks a file may have a damaged one as well.
        let whole = Self.checkWhole(asked, of: dataset, decoder, except: absent.union(faults.map(\.path)))
        unreadable = faults + whole.faults
        decoded = (good.subtracting(whole.rows).count, Set(tried).count)
        seconds = Self.seconds(of: dataset, decoder, except: broken)
    }

    /// The modalities that some rows lack, or whose sequences are padded.
    ///
    /// - Throws: `DatasetFault` where the lengths of sequences cannot be read.
    private static func gaps(of dataset: any Dataset) throws(DatasetFault) -> [Gaps] {
        let rows = Array(dataset.labels.indices)
        var result: [Gaps] = []
        for modality in dataset.facts.modalityNames {
            let presence: Presence
            do {
                presence = try dataset.presence(rows, modality: modality)
            } catch {
                throw error as? DatasetFault ?? DatasetFault(message: "\(error)")
            }
            guard !presence.isWhole else { continue }
            let missing = tally(rows.filter { !presence.contains($0) }.map { dataset.domains[$0] }, kinds: dataset.facts.domains.count)
            result.append(Gaps(modality: modality, missing: missing, lengths: presence.lengths?.filter { $0 > 0 }.sorted()))
        }
        return result
    }

    /// A line about each label or value; none for classes.
    ///
    /// Numbers have three decimals.
    private static func targets(of dataset: any Dataset) -> [String] {
        guard let values = dataset.targetValues else { return [] }
        let targets = dataset.facts.targets
        func text(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
        return targets.names.enumerated().map { column, name in
            let own = stride(from: column, to: values.count, by: targets.width).map { Double(values[$0]) }
            let mean = own.reduce(0, +) / Double(max(own.count, 1))
            guard targets.kind == .values else { return "\(name): in \(Int(own.reduce(0, +))) rows, \(text(mean * 100)) %" }
            let zeros = own.count { $0 == 0 }
            return "\(name): from \(text(own.min() ?? 0)) to \(text(own.max() ?? 0)), mean \(text(mean)), exactly 0 in \(zeros) rows"
        }
    }

    /// The files that do not exist, and the rows that need one of them. Folders are listed once,
    /// because looking for each file would take millions of calls.
    ///
    /// - Returns: an entry for each modality of which a file is missing, the paths of all such files, and
    ///   all rows that need one.
    private static func missing(of dataset: any Dataset, _ decoder: any SampleDecoder) -> ([Missing], paths: Set<String>, rows: Set<Int>) {
        var listings: [Substring: Set<String>] = [:]
        func exists(_ path: String) -> Bool {
            guard let slash = path.lastIndex(of: "/") else { return false }
            let folder = path[..<slash]
            if listings[folder] == nil { listings[folder] = Set((try? Folder.names(in: String(folder))) ?? []) }
            return listings[folder]?.contains(String(path[path.index(after: slash)...])) ?? false
        }
        var broken: Set<Int> = []
        var paths: Set<String> = []
        var result: [Missing] = []
        for modality in dataset.facts.modalityNames {
            var (files, rows): (Set<String>, Int) = ([], 0)
            var examples: [String] = []
            for row in dataset.labels.indices {
                let absent = decoder.files(row, modality: modality).filter { !exists($0) }
                guard !absent.isEmpty else { continue }
                rows += 1
                broken.insert(row)
                paths.formUnion(absent)
                for path in absent where files.insert(path).inserted && examples.count < Self.examples { examples.append(path) }
            }
            if rows > 0 { result.append(Missing(modality: modality, files: files.count, rows: rows, examples: examples)) }
        }
        return (result, paths, broken)
    }

    /// The rows to decode.
    ///
    /// Of up to `count` rows of each domain, number `i` is row `⌊i · N / count⌋` of the domain's.
    private static func rows(of dataset: any Dataset, depth: Depth) -> [Int] {
        switch depth {
        case .presence: return []
        case .all: return Array(dataset.labels.indices)
        case .some(let count):
            return dataset.facts.domains.indices.flatMap { domain in
                let rows = dataset.domains.indices.filter { dataset.domains[$0] == domain }
                let wanted = min(count, rows.count)
                return (0..<wanted).map { rows[$0 * rows.count / wanted] }
            }
        }
    }

    /// Decodes one clip of each row and returns the faults, each once, and the rows without one.
    ///
    /// - Parameters:
    ///   - rows: which to decode, in evaluation's view.
    ///   - dataset: the data set.
    ///   - decoder: the data set's.
    private static func decode(
        _ rows: [Int], of dataset: any Dataset, _ decoder: any SampleDecoder
    ) -> (faults: [MediaFault], good: Set<Int>) {
        var faults: [MediaFault] = []
        var good = Set(rows)
        // One modality after another, so that one broken file does not hide those of the others.
        for modality in dataset.facts.modalityNames {
            let queue = DecodingQueue(
                decoder, rows: rows, modalities: [modality], view: .evaluation,
                workers: decoder.loading.workers ?? Threads.available, capacity: 8)
            defer { queue.stop() }
            while let (row, outcome) = queue.next() {
                guard case .failure(let fault) = outcome else { continue }
                good.remove(row)
                if !faults.contains(fault) { faults.append(fault) }
            }
        }
        return (faults, good)
    }

    /// Decodes the files of some rows to their ends: a clip from the middle says nothing about the
    /// other clips that training draws.
    ///
    /// - Returns: the faults in the order of paths, and the rows that use a damaged file.
    ///
    /// - Parameter known: files that are not there, or known to be damaged, which need not be read.
    private static func checkWhole(
        _ rows: [Int], of dataset: any Dataset, _ decoder: any SampleDecoder, except known: Set<String>
    ) -> (faults: [MediaFault], rows: Set<Int>) {
        var users: [String: (isSound: Bool, rows: Set<Int>)] = [:]
        for modality in dataset.facts.modalityNames {
            for row in Set(rows) {
                for path in decoder.files(row, modality: modality) where !known.contains(path) {
                    users[path, default: (modality == "audio", [])].rows.insert(row)
                }
            }
        }
        let files = users.map { (path: $0.key, isSound: $0.value.isSound) }.sorted { $0.path < $1.path }
        let faults = Mutex<[Int: MediaFault]>([:])
        DispatchQueue.concurrentPerform(iterations: files.count) { number in
            do throws(MediaFault) {
                try WholeFile.check(files[number].path, isSound: files[number].isSound)
            } catch {
                faults.withLock { $0[number] = error }
            }
        }
        let found = faults.withLock { $0 }.sorted { $0.key < $1.key }
        let broken = found.reduce(into: Set<Int>()) { $0.formUnion(users[files[$1.key].path]?.rows ?? []) }
        return (found.map(\.value), broken)
    }

    /// The length of every row with a known length, by domain, ascending.
    ///
    /// - Parameter broken: rows with missing files, which are left out.
    private static func seconds(of dataset: any Dataset, _ decoder: any SampleDecoder, except broken: Set<Int>) -> [[Double]] {
        var result = dataset.facts.domains.map { _ in [Double]() }
        for row in dataset.labels.indices where !broken.contains(row) {
            if let seconds = decoder.seconds(row) { result[dataset.domains[row]].append(seconds) }
        }
        return result.map { $0.sorted() }
    }
}

extension DataCheck {
    /// The check as text for a terminal.
    ///
    /// The last line says whether anything is missing or damaged; up to 20 unreadable files are named.
    package var lines: [String] {
        let total = facts.sampleCount
        var lines = ["\(total) rows, \(facts.domains.count) domains, \(facts.targets.text)"]
        lines += facts.modalities.map { "\($0.name): samples of \($0.sampleShape.map(String.init).joined(separator: "×"))" } + [""]
        lines += table
        if !targets.isEmpty { lines += [""] + targets }
        if seconds.contains(where: { !$0.isEmpty }) {
            lines += ["", "seconds a row: shortest, median, longest; minutes in all"]
            for (domain, values) in zip(facts.domains, seconds) {
                guard let first = values.first, let last = values.last else { continue }
                let all = values.reduce(0, +) / 60
                lines.append("  \(domain): \(text(first)), \(text(values[values.count / 2])), \(text(last)); \(text(all))")
            }
        }
        lines.append("")
        lines += remarks.map { "note: \($0)" }
        for gap in gaps {
            let rows = gap.missing.reduce(0, +)
            if rows > 0 {
                let domains = zip(facts.domains, gap.missing).filter { $1 > 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
                lines.append("\(gap.modality): \(rows) of \(total) rows lack it (\(domains))")
            }
            if let lengths = gap.lengths, let shortest = lengths.first, let longest = lengths.last {
                lines.append("\(gap.modality): \(shortest) to \(longest) real steps a row, median \(lengths[lengths.count / 2])")
            }
        }
        lines += problems.prefix(Self.namedProblems)
        if problems.count > Self.namedProblems { lines.append("and \(problems.count - Self.namedProblems) more of this kind") }
        lines += contents.lines
        for missing in missing {
            lines.append("missing, \(missing.modality): \(missing.files) files, which \(missing.rows) rows need")
            lines += missing.examples.map { "  \($0)" }
            if missing.files > missing.examples.count { lines.append("  …") }
        }
        if !unreadable.isEmpty {
            lines.append("unreadable: \(unreadable.count) files")
            lines += unreadable.prefix(20).map { "  \($0)" }
            if unreadable.count > 20 { lines.append("  …") }
        }
        if decoded.tried > 0 { lines.append("decoded: \(decoded.good) of \(decoded.tried) rows that were tried") }
        lines.append(isSound ? "nothing is missing or damaged" : "the data set is incomplete")
        return lines
    }

    /// The number of rows by domain and part, with a column per class where there are classes.
    private var table: [String] {
        var rows = [["domain", "part"] + facts.classes + ["all"]]
        for (domain, byPart) in zip(facts.domains, counts) {
            for (part, byClass) in zip(parts, byPart) {
                rows.append(
                    [domain, part?.rawValue ?? "all"] + (facts.targets.kind == .classes ? byClass.map(String.init) : []) + [String(byClass.reduce(0, +))])
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 2 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "  ")
        }
    }

    /// A number with one decimal.
    private func text(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}

extension DataCheck {
    /// A remark for each two names that look the same: most often one is a slip, of a blank at an end.
    ///
    /// - Parameters:
    ///   - names: of domains or classes, which the data tell apart.
    ///   - what: they are, in the plural.
    /// - Returns: the remarks, in the order of the names; none where all look different.
    private static func twins(_ names: [String], _ what: String) -> [String] {
        var known: [String: String] = [:]
        return names.compactMap { name in
            let seen = name.asSeen
            guard let other = known.updateValue(name, forKey: seen) else { return nil }
            return "two \(what) look the same, '\(other)' and '\(name)': they differ in blanks or in characters that are not seen"
        }
    }
}
