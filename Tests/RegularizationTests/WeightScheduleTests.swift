import Configuration
import Regularization
import Testing

@Suite("Weight schedule") struct WeightScheduleTests {
    @Test(
        "the factor follows the shape",
        arguments: [
            (WeightSchedule.Shape.constant, [1.0, 1, 1, 1, 1]),
            (.warmUp, [0, 0, 0.5, 1, 1]),
            (.window, [0, 1, 1, 0, 0]),
            (.cosine, [1, 1, 0.5, 0, 0]),
        ])
    func shapes(shape: WeightSchedule.Shape, expected: [Double]) {
        let schedule = WeightSchedule(shape, start: 0.2, end: 0.6)
        let found = [0, 0.2, 0.4, 0.6, 1].map(schedule.factor)
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-12) }
    }

    @Test("a window up to the end includes the last step") func windowToTheEnd() {
        #expect(WeightSchedule(.window, start: 0.5, end: 1).factor(at: 1) == 1)
    }

    @Test("a change of no length is a step", arguments: [WeightSchedule.Shape.warmUp, .cosine])
    func noLength(shape: WeightSchedule.Shape) {
        let schedule = WeightSchedule(shape, start: 0.5, end: 0.5)
        let (before, after) = shape == .warmUp ? (0.0, 1.0) : (1.0, 0.0)
        #expect(schedule.factor(at: 0.49) == before)
        #expect(schedule.factor(at: 0.5) == after)
    }

    @Test("a recipe's values become a schedule") func decoding() throws {
        let schedule = try WeightSchedule.decoding(["shape": .string("warm-up"), "end": .number(0.25)])
        #expect(schedule == WeightSchedule(.warmUp, start: 0, end: 0.25))
    }
}
