import Results

/// Whether a row was trained as it was declared beforehand.
package struct RegisteredRow: Hashable, Encodable, Sendable {
    package enum Status: String, Hashable, Encodable, Sendable {
        /// Declared before any training, and trained as declared.
        case registered
        /// Declared when there were results already.
        case registeredAfterResults = "registered after results"
        /// A row of this name was declared, but not what was trained.
        case changed = "changed after registration"
        case added = "added after registration"
        /// The run does not say what it trained.
        case unknown = "not known"
    }

    package let variant: [String: String]
    package let row: String
    package let status: Status
    /// When what was trained was declared; nil where it was not.
    package let time: Double?
    /// Seeds that were not declared.
    package let addedSeeds: [Int]
    /// Whether the baseline is another row than the one that was declared.
    package let hasOtherBaseline: Bool

    init(_ row: String, of variant: VariantSettings, in registration: StudyRegistration) {
        let declared = registration.entries.compactMap {
            entry -> (entry: StudyRegistration.Entry, variant: StudyRegistration.Variant, row: StudyRegistration.Row)? in
            guard let found = entry.plan.variants.first(where: { $0.assignment == variant.assignment }) else { return nil }
            return found.rows.first { $0.name == row }.map { (entry, found, $0) }
        }
        let digest = variant.digests[row]
        let fitting = digest.flatMap { digest in declared.first { $0.row.digest == digest } }
        self.variant = variant.assignment
        self.row = row
        time = fitting?.entry.time
        if declared.isEmpty {
            status = .added
        } else if digest == nil {
            status = .unknown
        } else if let fitting {
            status = fitting.entry.resultsPresent > 0 ? .registeredAfterResults : .registered
        } else {
            status = .changed
        }
        addedSeeds = fitting.map { fitting in variant.seeds.filter { !fitting.variant.seeds.contains($0) } } ?? []
        hasOtherBaseline = fitting.map { $0.variant.baseline != variant.baseline } ?? false
    }

    /// The status in words, with what differs.
    var text: String {
        var parts = [status.rawValue]
        if !addedSeeds.isEmpty { parts.append("seeds \(addedSeeds.map(String.init).joined(separator: ", ")) added after") }
        if hasOtherBaseline { parts.append("compared with another baseline") }
        return parts.joined(separator: "; ")
    }
}

extension Report {
    /// One entry per row of every variant; empty where nothing was registered.
    package var registeredRows: [RegisteredRow] {
        guard let registration = provenance.registration else { return [] }
        return variants.flatMap { variant in variant.settings.rows.map { RegisteredRow($0, of: variant.settings, in: registration) } }
    }

    /// Which rows follow the registration and which do not, and the looks at target figures; empty
    /// where there is neither.
    var registrationBlocks: [Document.Block] {
        guard provenance != StudyProvenance() else { return [] }
        return [.heading("What was declared beforehand")] + declarationBlocks + lookBlocks
    }

    private var declarationBlocks: [Document.Block] {
        guard let registration = provenance.registration, let first = registration.entries.first else {
            return [.paragraph("The study was not registered before it was trained (`regulus register` does this).")]
        }
        var sentences = registration.entries.enumerated().map { index, entry in
            let results = entry.resultsPresent == 0 ? "before any training" : "when there were \(NumberText.count(entry.resultsPresent, "result")) already"
            return "\(index == 0 ? "Registered" : "Amended") \(NumberText.date(entry.time)) UTC, \(results); digest \(entry.digest.prefix(16))."
        }
        if let trainedBefore, trainedBefore > 0 {
            sentences.append(
                "\(NumberText.count(trainedBefore, "trial")) of this report had begun before the registration, according to the clocks of the machines.")
        }
        let rows = registeredRows
        let dials = variantDials
        let statuses = Set(rows.map(\.text))
        let summary: Document.Block =
            statuses.count == 1 && statuses.first == RegisteredRow.Status.registered.rawValue
            ? .paragraph("All rows were trained as registered.")
            : .table(
                TextTable(
                    columns: dials.map { .init($0) } + [.init("Row"), .init("Figures")],
                    rows: rows.map { row in dials.map { row.variant[$0] ?? NumberText.nothing } + [row.row, row.text] }))
        let note =
            "The registration covers the rows, their grids, rules and seeds, and the tests of the \(variants.first?.settings.score.title ?? "score") on \(heldOutText). Measurements, other "
            + "scores, curves and costs are not part of it."
        let planned = first.plan.tests.isEmpty ? [] : [Document.Block.folded("Planned tests", isOpen: false, [.list(first.plan.tests)])]
        return [.list(sentences), summary, .paragraph(note)] + planned
    }

    /// The looks at a registered study. The report of a study that declared nothing leaves them to the
    /// log, so that it is the same, bit for bit, however often somebody looked.
    private var lookBlocks: [Document.Block] {
        let damages = provenance.damages.map { "The log of looks is damaged: \($0)." }
        guard provenance.registration != nil else { return damages.isEmpty ? [] : [.list(damages)] }
        let looks = provenance.looks
        var lines = looks.map { "\(NumberText.date($0.time)) UTC, regulus \($0.command): \(NumberText.count($0.results, "trial")) with figures" }
        if lines.count > 12 { lines = Array(lines.prefix(6)) + ["\(lines.count - 12) more"] + lines.suffix(6) }
        let beforehand = provenance.registration?.entries.first.map { entry in looks.count { $0.time < entry.time && $0.results > 0 } } ?? 0
        var head = "Looks at target figures through this program, this report included: \(looks.count)."
        if beforehand > 0 { head += " \(beforehand) of them were before the registration." }
        return [.paragraph(head)] + (damages.isEmpty ? [] : [.list(damages)]) + (lines.isEmpty ? [] : [.folded("All looks", isOpen: false, [.list(lines)])])
    }
}
