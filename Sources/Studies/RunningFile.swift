import Foundation
import Persistence
import Results

/// What a running trial has told of so far, for whoever looks into its folder: the training on the first line, then each epoch on one of its own.
///
/// It grows by a line with each epoch, however many there are, and is gone once the trial has ended.
package struct RunningFile: Sendable {
    /// A line but the first.
    private struct Epoch: Codable {
        let record: EpochRecord
        /// When it ended; nil where that is not known.
        let ended: Double?
    }

    private var file: GrowingFile
    private var epochs = 0

    /// Begins the file of a trial, none of whose epochs has been told of.
    ///
    /// - Throws: `FileFault`.
    package init(of training: RunningTraining, in folder: RunFolder) throws {
        var head = training
        head.epochs = []
        head.times?.epochs = []
        file = try GrowingFile(beginning: Data((ResultCoding.line(head) + "\n").utf8), at: folder.progress(training.key).path)
    }

    /// Adds the epochs of the trial that are not there yet.
    ///
    /// - Throws: `FileFault`.
    package mutating func follow(_ training: RunningTraining) throws {
        var lines = ""
        for index in min(epochs, training.epochs.count)..<training.epochs.count {
            let ended = training.times.flatMap { index < $0.epochs.count ? $0.epochs[index] : nil }
            lines += try ResultCoding.line(Epoch(record: training.epochs[index], ended: ended)) + "\n"
        }
        epochs = training.epochs.count
        try file.append(Data(lines.utf8))
    }

    /// What the file of a trial tells; nil where there is none. A line that is not whole yet, and what follows it, is left out.
    package static func read(_ key: TrialKey, in folder: RunFolder) -> RunningTraining? {
        guard let data = try? FileContents.copied(folder.progress(key).path) else { return nil }
        var lines = data.split(separator: UInt8(ascii: "\n")).makeIterator()
        guard let head = lines.next(), var training = try? ResultCoding.value(RunningTraining.self, from: Data(head)), training.key == key else {
            return nil
        }
        while let line = lines.next(), let epoch = try? ResultCoding.value(Epoch.self, from: Data(line)) {
            training.epochs.append(epoch.record)
            if let ended = epoch.ended { training.times?.epochs.append(ended) }
        }
        return training
    }
}
