import Foundation
import Persistence
import Results

extension RunStore {
    /// Who looked at the folder's target figures.
    package var looks: SealedLog { SealedLog(folder.looks.path) }

    /// Writes down that target figures are shown.
    ///
    /// - Parameters:
    ///   - command: the command that shows them.
    ///   - results: the trials whose figures are there to be seen.
    /// - Throws: `FileFault` where the log cannot be written.
    package func noteLook(by command: String, at results: [TrialOutline]) throws(FileFault) {
        let figures = results.filter(\.isFinished).map { "\($0.key) \($0.targetScore.map { "\($0)" } ?? "none")" }.sorted()
        try looks.append(
            LookRecord(
                time: Date().timeIntervalSince1970.rounded(.down), command: command, results: figures.count,
                figures: SHA256Digest(of: figures.joined(separator: "\n")).hex))
    }

    /// The trials whose results the folder holds, of whichever plan.
    package func finished(_ keys: [TrialKey]) -> [TrialOutline] {
        keys.compactMap { try? outline(at: folder.result($0)) }.filter(\.isFinished)
    }

    /// What was declared before training; nil where nothing was.
    ///
    /// - Throws: `DamagedFile`.
    package func registration() throws(DamagedFile) -> StudyRegistration? {
        guard let found = try value(StudyRegistration.self, at: folder.registration) else { return nil }
        guard !found.entries.isEmpty else { throw DamagedFile(path: folder.registration.path, reason: "it declares nothing") }
        return found
    }

    /// What was declared beforehand, and who has looked at target figures.
    ///
    /// - Throws: `DamagedFile` where the registration is not what was written, or the log cannot be read.
    package func provenance() throws(DamagedFile) -> StudyProvenance {
        var provenance = StudyProvenance(registration: try registration())
        do throws(FileFault) {
            let (values, damages) = try looks.read(as: LookRecord.self)
            provenance.looks = values
            provenance.damages = damages.map(\.description)
        } catch {
            throw DamagedFile(error)
        }
        return provenance
    }

    /// The outcome of a declaration.
    package enum RegistrationOutcome: Sendable, Hashable {
        case registered(StudyRegistration.Entry)
        /// The same plan is declared already.
        case present(StudyRegistration.Entry)
        /// There are results already, and the caller did not ask to declare the plan all the same.
        case refused(results: Int)
    }

    /// Declares a plan.
    ///
    /// - Parameter afterResults: whether the plan is declared even where there are results of trainings
    ///   already, which the declaration then says.
    /// - Throws: `DamagedFile` where an earlier registration is not what was written, `FileFault`.
    package func register(_ plan: StudyRegistration.Plan, afterResults: Bool) throws -> RegistrationOutcome {
        let digest = SHA256Digest(of: try ResultCoding.document(plan)).hex
        var registration = try registration() ?? StudyRegistration(entries: [])
        if let last = registration.entries.last, last.digest == digest { return .present(last) }
        let count = resultCount
        guard count == 0 || afterResults else { return .refused(results: count) }
        let entry = StudyRegistration.Entry(time: Date().timeIntervalSince1970.rounded(), digest: digest, resultsPresent: count, plan: plan)
        registration.entries.append(entry)
        try Folder.create(folder.root.path)
        try seal(registration, to: folder.registration)
        return .registered(entry)
    }

    /// Results of trials and of trainings for tuning, those of other plans included.
    private var resultCount: Int {
        func count(in place: URL, _ isResult: (String) -> Bool) -> Int {
            guard let files = FileManager.default.enumerator(atPath: place.path) else { return 0 }
            var count = 0
            while let path = files.nextObject() as? String { count += isResult((path as NSString).lastPathComponent) ? 1 : 0 }
            return count
        }
        func isPlan(_ name: String) -> Bool { name.hasSuffix(".json") && !name.hasPrefix(".") }
        return count(in: folder.trials) { $0 == RunFolder.resultName } + count(in: folder.tuning, isPlan) + count(in: folder.choice, isPlan)
    }
}
