import Foundation
import Persistence
import Results

/// What a worker reports to those who follow the run, in a file that it writes again and again.
package struct WorkerProgress: Codable, Hashable, Sendable {
    /// Processor and operating system.
    package let machine: String
    /// The libraries that computed, with their versions.
    package let versions: [String]
    /// What it is training at the moment.
    package var trainings: [RunningTraining] = []

    package init(machine: String, versions: [String]) {
        self.machine = machine
        self.versions = versions
    }

    /// Nil where there is none, or none that can be read: then nothing is known of the worker until it reports again.
    package static func read(_ path: String) -> WorkerProgress? {
        guard let data = try? FileContents.copied(path) else { return nil }
        return try? ResultCoding.value(WorkerProgress.self, from: data)
    }
}
