import Configuration
import Datasets
import Foundation
import Tensors
import Weights

@testable import Training

/// A file of three domains, 40 rows each, whose rows have a class, three labels and a value to learn, each a function of two modalities.
struct TargetFiles {
    let path: String

    static let rows = 120

    /// Writes the file.
    init(in folder: String) throws {
        path = "\(folder)/targets.safetensors"
        var stream = RandomSource(seed: 11).stream("targets")
        let (video, sound) = (stream.normal([Self.rows, 6]).values, stream.normal([Self.rows, 5]).values)
        var (values, labels, classes): ([Float], [Float], [Int]) = ([], [], [])
        for row in 0..<Self.rows {
            let (x, y) = (video[row * 6..<row * 6 + 6].map(\.self), sound[row * 5..<row * 5 + 5].map(\.self))
            // A tenth of the values is exactly 0, which is neither positive nor negative.
            values.append(row % 10 == 0 ? 0 : x[0] - 0.5 * x[1] + y[0])
            labels += [x[0] > 0, y[0] > 0.3, x[1] + y[1] > 0].map { $0 ? 1 : 0 }
            classes.append((x[0] > 0 ? 1 : 0) + (y[0] > 0 ? 2 : 0))
        }
        var writer = SafetensorsWriter()
        writer.add("video", video, shape: [Self.rows, 6])
        writer.add("sound", sound, shape: [Self.rows, 5])
        writer.add("domains", (0..<Self.rows).map { $0 / 40 }, shape: [Self.rows])
        writer.add("labels", classes, shape: [Self.rows])
        writer.add("mood", values, shape: [Self.rows])
        writer.add("tags", labels, shape: [Self.rows, 3])
        try writer.write(to: path)
    }

    /// The data set with what is to be learned.
    func data(_ targets: TargetKind) -> ComponentPlan {
        let key = targets == .classes ? "labels" : targets == .labels ? "tags" : "mood"
        return ComponentPlan(
            "arrays",
            options: [
                "path": .string(path), "modalities": .list([.string("video"), .string("sound")]), "targets": .string(targets.rawValue),
                "labels": .string(key),
            ])
    }

    func dataset(_ targets: TargetKind) throws -> any Dataset {
        let plan = data(targets)
        return try DatasetRegistry.standard().make(plan.name, options: plan.options)
    }

    /// Trains on the first two domains and holds the third out.
    func plan(_ targets: TargetKind, task: ComponentPlan, change: (inout TrialPlan) -> Void = { _ in }) -> TrialPlan {
        Sample.plan { plan in
            plan.data = data(targets)
            plan.task = task
            plan.model = Sample.model(["video", "sound"])
            plan.epochs = 6
            change(&plan)
        }
    }
}
