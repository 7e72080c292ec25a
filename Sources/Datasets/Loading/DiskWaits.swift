import Glibc

/// Whether a thread has to wait for the disk. Where rows are in the system's memory already, asking for them ahead would take longer than
/// it saves.
struct DiskWaits {
    /// What this thread has had read from disks.
    private var known = Self.count
    /// For how many batches more rows are asked for ahead.
    private var left = 0
    /// Whether they were at the batch before.
    private(set) var wereFrequent = false
    /// Batches after a wait for which they are.
    private static let batches = 64

    /// Pages of mappings that the thread has waited for, and blocks that it has read or asked for.
    private static var count: Int {
        // RUSAGE_THREAD, which Swift's module of the C library lacks.
        let thisThread: Int32 = 1
        var usage = rusage()
        return getrusage(thisThread, &usage) == 0 ? usage.ru_majflt + usage.ru_inblock : 0
    }

    /// To be asked before each batch.
    mutating func areFrequent() -> Bool {
        wereFrequent = left > 0
        let now = Self.count
        if now > known { left = Self.batches + 1 }
        known = now
        left = max(0, left - 1)
        return left > 0
    }
}

/// Rows on disk that are read by the thread of the steps itself: the disk brings those of the next batch while a step runs.
struct OwnReads {
    private let dataset: (any ReadsAhead)?
    /// Those on disk.
    private let modalities: [String]
    private var waits = DiskWaits()

    /// - Parameter modalities: those that the thread reads, on disk or not.
    init(_ dataset: any Dataset, modalities: [String]) {
        let disk = dataset as? any ReadsAhead
        self.dataset = disk
        self.modalities = modalities.filter { disk?.isOnDisk($0) ?? false }
    }

    /// Asks for the rows of the next batch, where the thread has had to wait for the disk of late.
    mutating func prepare(_ rows: [Int]) {
        guard !modalities.isEmpty, waits.areFrequent() else { return }
        for modality in modalities { dataset?.readAhead(rows, modality: modality) }
    }
}
