import Networks
import Testing

@Suite struct LearningRateScheduleTests {
    @Test func `a constant rate rises over the warm-up and stays`() {
        let schedule = LearningRateSchedule(base: 0.4, warmUpSteps: 4, totalSteps: 10)
        #expect((0..<6).map(schedule.rate) == [0, 0.1, 0.2, 0.3, 0.4, 0.4])
    }

    @Test func `a cosine goes from the base to its end and stays there`() {
        let schedule = LearningRateSchedule(base: 2, shape: .cosine, totalSteps: 4, endFactor: 0.5)
        #expect(schedule.rate(atStep: 0) == 2)
        #expect(schedule.rate(atStep: 2) == 1.5)
        #expect(schedule.rate(atStep: 4) == 1)
        #expect(schedule.rate(atStep: 9) == 1)
    }

    @Test func `a recipe's fraction becomes whole steps`() throws {
        let context = ScheduleContext(base: 1, totalSteps: 47, stepsPerEpoch: 1)
        let schedule = try ScheduleRegistry.standard().make("cosine", options: ["warm-up": .number(0.1)], context: context)
        #expect(schedule.rate(atStep: 5) == 1 && schedule.rate(atStep: 4) < 1)
    }

    @Test func `an inverse power falls with the part of the training that is done`() throws {
        let context = ScheduleContext(base: 0.002, totalSteps: 100, stepsPerEpoch: 10)
        let schedule = try ScheduleRegistry.standard().make("inverse-power", context: context)
        #expect(schedule.rate(atStep: 0) == 0.002)
        #expect(abs(schedule.rate(atStep: 50) - 0.000_521_697) < 1e-8)
        #expect(schedule.rate(atStep: 100) == schedule.rate(atStep: 500))
        let empty = try ScheduleRegistry.standard().make("inverse-power", context: ScheduleContext(base: 1, totalSteps: 0, stepsPerEpoch: 0))
        #expect(empty.rate(atStep: 3) == 1)
    }

    @Test func `a training that is all warm-up, or empty, has finite rates`() {
        for steps in [0, 3] {
            let schedule = LearningRateSchedule(base: 1, shape: .cosine, warmUpSteps: steps, totalSteps: steps)
            #expect((0..<5).allSatisfy { schedule.rate(atStep: $0).isFinite })
        }
    }
}
