import Configuration
import Foundation
import Synchronization
import Tensors
import Testing

@testable import Datasets

/// Rows of two modalities, of which the first is said to be on disk, that note which thread reads them.
private final class RowsOnDisk: ReadsAhead {
    private let rows: SampleDataset
    /// The shape of a sample.
    let shape: [Int]
    /// How often rows were asked for on the thread that made the data set.
    let here = Mutex(0)
    /// How often they were on another.
    let elsewhere = Mutex(0)
    /// A row that cannot be read.
    let broken: Int?
    /// How long reading takes.
    let seconds: Double
    private let owner = pthread_self()

    /// - Parameter steps: of 8 bytes in a sample; by default they take a page of memory.
    init(steps: Int = 512, broken: Int? = nil, seconds: Double = 0) {
        shape = [steps, 2]
        rows = SampleDataset(labels: (0..<60).map { $0 % 2 }, domains: Array(repeating: 0, count: 60), sampleShape: shape)
        (self.broken, self.seconds) = (broken, seconds)
    }

    var facts: DatasetFacts {
        DatasetFacts(
            modalities: [.init(name: "disk", sampleShape: shape), .init(name: "memory", sampleShape: shape)], domains: ["all"], classes: ["a", "b"],
            samplesPerDomain: [60])
    }
    var labels: [Int] { rows.labels }
    var domains: [Int] { rows.domains }

    func inputs(_ asked: [Int], modality: String) throws -> Tensor {
        if pthread_self() == owner { here.withLock { $0 += 1 } } else { elsewhere.withLock { $0 += 1 } }
        if modality == "disk", seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
        if let broken, modality == "disk", asked.contains(broken) { throw DatasetFault(message: "row \(broken) cannot be read") }
        return try rows.inputs(asked, modality: "x")
    }
    func isOnDisk(_ modality: String) -> Bool { modality == "disk" }
    func readAhead(_ rows: [Int], modality: String) {}
}

@Suite("Reading the next batches while a step computes")
struct ReadingQueueTests {
    /// Batches of different sizes, with rows that repeat.
    private let batches = [[3, 1], [0, 59, 59], [7, 8], [2], [40, 41, 42], [5, 6], [9, 10], [11, 12]]

    /// The values of all batches that a loader returns, by modality.
    private func read(_ dataset: RowsOnDisk, pause: Double = 0) throws -> [String: [[Float]]] {
        let loader = try BatchLoader(dataset, modalities: ["disk", "memory"])
        var found: [String: [[Float]]] = [:]
        var rows: [[Int]] = []
        try loader.forEach(batches, view: .evaluation) { batch in
            rows.append(batch.rows)
            for (name, tensor) in batch.inputs {
                #expect(tensor.shape == Shape([batch.rows.count] + dataset.shape))
                found[name, default: []].append(tensor.values)
            }
            if pause > 0 { Thread.sleep(forTimeInterval: pause) }
        }
        #expect(rows == batches && loader.report.samples == batches.joined().count)
        return found
    }

    @Test("Batches come in order with the values of their rows, whether the disk or the step is slower", arguments: [(0.0, 0.0), (0.004, 0), (0, 0.004)])
    func values(disk: Double, step: Double) throws {
        let dataset = RowsOnDisk(seconds: disk)
        let expected = batches.map { rows in rows.flatMap { row in (row * 1024..<(row + 1) * 1024).map { Float($0) } } }
        let found = try read(dataset, pause: step)
        #expect(found == ["disk": expected, "memory": expected])
        #expect(dataset.here.withLock { $0 } + dataset.elsewhere.withLock { $0 } == 2 * batches.count, "each batch is read once")
    }

    @Test("What is on disk is read on another thread while the step computes, and what is in memory by whoever asks", .enabled(if: Threads.available > 1))
    func threads() throws {
        let dataset = RowsOnDisk()
        _ = try read(dataset, pause: 0.02)
        #expect(dataset.elsewhere.withLock { $0 } > 0)
        #expect(dataset.here.withLock { $0 } >= batches.count)
    }

    @Test("Whichever thread reads a batch, it is handed out on its scale", arguments: [0.0, 0.004])
    func scaled(pause: Double) throws {
        let scale = Standardization.Scale(means: [3, -1], deviations: [2, 4])
        let loader = try BatchLoader(RowsOnDisk(), modalities: ["disk", "memory"], standardization: Standardization(scales: ["disk": scale]))
        var found: [String: [Float]] = [:]
        try loader.forEach(batches, view: .evaluation) { batch in
            for (name, tensor) in batch.inputs { found[name, default: []] += tensor.values }
            if pause > 0 { Thread.sleep(forTimeInterval: pause) }
        }
        let values = batches.joined().flatMap { row in (row * 1024..<(row + 1) * 1024).map { Float($0) } }
        #expect(found["memory"] == values)
        #expect(found["disk"] == values.enumerated().map { $0.offset % 2 == 0 ? ($0.element - 3) * 0.5 : ($0.element + 1) * 0.25 })
    }

    @Test("Samples shorter than a page of memory are read by whoever asks, since handing them over would take longer")
    func small() throws {
        let dataset = RowsOnDisk(steps: 3)
        _ = try read(dataset, pause: 0.02)
        #expect(dataset.elsewhere.withLock { $0 } == 0 && dataset.here.withLock { $0 } == 2 * batches.count)
    }

    @Test("A row that cannot be read is reported at its batch, after those before it")
    func broken() throws {
        let dataset = RowsOnDisk(broken: 42)
        let loader = try BatchLoader(dataset, modalities: ["disk", "memory"])
        var count = 0
        let fault = #expect(throws: DatasetFault.self) { try loader.forEach(batches, view: .evaluation) { _ in count += 1 } }
        #expect(fault?.message == "row 42 cannot be read" && count == 4)
    }

    @Test("A step that fails ends the reading, and the loader can be used again")
    func ended() throws {
        struct Enough: Error {}
        let dataset = RowsOnDisk(seconds: 0.002)
        let loader = try BatchLoader(dataset, modalities: ["disk"])
        #expect(throws: Enough.self) { try loader.forEach(batches, view: .evaluation) { _ in throw Enough() } }
        let before = dataset.elsewhere.withLock { $0 }
        Thread.sleep(forTimeInterval: 0.02)
        #expect(dataset.elsewhere.withLock { $0 } == before, "nothing is read once the loader has returned")
        #expect(try read(dataset).count == 2)
    }
}
