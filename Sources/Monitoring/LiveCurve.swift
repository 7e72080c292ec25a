import Foundation
import Persistence
import Results

/// The event file of one trial while it grows: each epoch adds its record, whatever there was before.
///
/// A file from before an interruption is read once, record by record as its epochs are told of again. Records that say the same keep their
/// place and their times, so that a reader goes on where it stands; those that follow stay until their epochs come again. A record that was
/// torn off is cut away, and a file of another training is replaced.
package struct LiveCurve: Sendable {
    private let path: String
    private var file: GrowingFile
    /// What the file holds behind the records that have been found to be right; nil where nothing is left to compare.
    private var present: EventFile.RecordReader?
    /// How many epochs have been told of.
    private var epochs = 0

    /// Begins with the file of a running trial, none of whose epochs has been told of.
    ///
    /// - Throws: `FileFault`.
    package init(of training: RunningTraining, in folder: RunFolder) throws {
        try self.init(at: folder.events(training.key).path, version: EventFile.version(training.times))
    }

    /// - Parameter version: the record that it begins with.
    init(at path: String, version: Data) throws {
        self.path = path
        try Folder.create(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        // A copy: the file may be cut while it is read.
        var reader = EventFile.RecordReader((try? FileContents.copied(path)) ?? Data())
        if let first = reader.next(), EventFile.isSame(first, as: version) {
            (file, present) = (GrowingFile(continuing: path, keeping: first.count), reader)
        } else {
            (file, present) = (try GrowingFile(beginning: version, at: path), nil)
        }
    }

    /// Whether `training` goes on from where this stands; false where it has begun anew.
    package func precedes(_ training: RunningTraining) -> Bool { training.epochs.count > epochs }

    /// Adds the epochs of a trial that are not there yet.
    ///
    /// - Throws: `FileFault`.
    package mutating func follow(_ training: RunningTraining) throws {
        for index in min(epochs, training.epochs.count)..<training.epochs.count {
            try append(EventFile.record(of: training.epochs, at: index, score: training.score, times: training.times))
        }
    }

    mutating func append(_ record: Data) throws {
        epochs += 1
        if var reader = present {
            let known = reader.next()
            if let known, EventFile.isSame(known, as: record) {
                (file, present) = (GrowingFile(continuing: path, keeping: file.count + known.count), reader)
                return
            }
            present = nil
            if known != nil {
                // Other epochs: a reader that has seen them must begin anew.
                file = try GrowingFile(beginning: FileContents.copied(path).prefix(file.count) + record, at: path)
                return
            }
        }
        try file.append(record)
    }

    /// Cuts off what follows the last epoch.
    mutating func end() throws {
        guard let reader = present, !reader.rest.isEmpty else { return }
        try file.append(Data())
    }
}
