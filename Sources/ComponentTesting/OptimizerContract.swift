import Configuration
import Networks
import Tensors

/// What every optimizer has to keep, checked in one call: `#expect(OptimizerContract.violations(of: MyOptimizer.self) == [])`.
public enum OptimizerContract {
    /// What an optimizer does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and it can be made with the options.
    /// - Against `½‖p − c‖²` it comes nearer to `c` at one of the rates 1, 0.1, 0.01 and 0.001.
    /// - A parameter without a gradient stays as it is.
    /// - Equal gradients make equal steps, also after its state was saved and read again.
    ///
    /// - Parameters:
    ///   - optimizer: the optimizer.
    ///   - options: the options to make it with.
    public static func violations<O: OptimizerPlugin>(of optimizer: O.Type, options: O.Options = O.Options()) -> [String] {
        var violations = O.description.faults(declaring: O.Options.descriptions)
        do throws(OptionFault) {
            var nearest = Double.infinity
            for rate in [1, 0.1, 0.01, 0.001] as [Float] {
                let run = try Run(O.self, options)
                let before = run.distance
                run.step(60, rate: rate)
                if !run.distance.isFinite, rate < 1 { violations.append("at a rate of \(rate) a parameter is no longer finite") }
                nearest = min(nearest, run.distance / before)
                if run.frozen.value.values != Run.start { violations.append("a parameter without a gradient changes") }
            }
            if !(nearest < 0.999) { violations.append("it does not go down a quadratic loss at any rate from 0.001 to 1") }
            violations += try continuationViolations(O.self, options)
        } catch {
            violations.append("it cannot be made: \(error)")
        }
        var seen: Set<String> = []
        return violations.filter { seen.insert($0).inserted }
    }

    private static func continuationViolations<O: OptimizerPlugin>(_ type: O.Type, _ options: O.Options) throws(OptionFault) -> [String] {
        let (whole, first, second) = (try Run(type, options), try Run(type, options), try Run(type, options))
        whole.step(8, rate: 0.01)
        first.step(4, rate: 0.01)
        second.trained.value = first.trained.value
        do {
            try second.optimizer.load(Dictionary(first.optimizer.state().map { ($0.name, $0.value) }) { first, _ in first })
        } catch {
            return ["its state cannot be read again: \(error)"]
        }
        second.step(4, rate: 0.01)
        return second.trained.value.values == whole.trained.value.values
            ? [] : ["a training that is continued from its saved state goes elsewhere: its `memory` leaves out what it depends on"]
    }

    /// One parameter that is trained toward the center, and one that never has a gradient.
    private final class Run {
        static let start: [Float] = [1.5, -2, 0.25, 3, -0.75, 1]
        private let center = Tensor([0.5, 0.5, -1, 0, 0.25, 2], shape: [2, 3])
        let trained = Parameter(Tensor(start, shape: [2, 3]))
        let frozen = Parameter(Tensor(start, shape: [2, 3]))
        let optimizer: any Optimizer

        init<O: OptimizerPlugin>(_ type: O.Type, _ options: O.Options) throws(OptionFault) {
            optimizer = try O(options: options, parameters: [(name: "weight", parameter: trained), (name: "idle", parameter: frozen)])
        }

        var distance: Double { (trained.value.detached() - center).values.reduce(0.0) { $0 + Double($1) * Double($1) } }

        func step(_ count: Int, rate: Float) {
            for _ in 0..<count { optimizer.update(gradients: [trained.value.detached() - center, nil], learningRate: rate) }
        }
    }
}

/// What every schedule of the learning rate has to keep: `#expect(ScheduleContract.violations(of: MySchedule.self) == [])`.
public enum ScheduleContract {
    /// What a schedule does not keep, a sentence each: for trainings of one step, of some and of many, every rate is finite and not below 0,
    /// asking twice gives the same, and one of them is above 0.
    public static func violations<S: SchedulePlugin>(of schedule: S.Type, options: S.Options = S.Options()) -> [String] {
        var violations = S.description.faults(declaring: S.Options.descriptions)
        for (steps, perEpoch) in [(1, 1), (7, 3), (200, 20)] {
            do throws(OptionFault) {
                let made = try S(options: options, context: ScheduleContext(base: 0.5, totalSteps: steps, stepsPerEpoch: perEpoch))
                let rates = (0..<steps).map(made.rate)
                if let step = rates.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
                    violations.append("of \(steps) steps the rate of step \(step) is \(rates[step])")
                }
                if (0..<steps).map(made.rate) != rates { violations.append("of \(steps) steps a rate that is asked for twice differs") }
                if steps > 1, !rates.contains(where: { $0 > 0 }) { violations.append("of \(steps) steps none has a rate above 0") }
            } catch {
                violations.append("it cannot be made for \(steps) steps: \(error)")
            }
        }
        return violations
    }
}
