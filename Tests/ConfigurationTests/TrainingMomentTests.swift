import Configuration
import Testing

@Suite("A moment of a training") struct TrainingMomentTests {
    @Test(
        "is written as a share, in epochs or in steps",
        arguments: [
            (OptionValue.number(0.4), TrainingMoment.share(0.4), "0.4"), (.integer(1), .share(1), "1"), (.integer(0), .share(0), "0"),
            (.string("5 epochs"), .epochs(5), "5 epochs"), (.string("1 epoch"), .epochs(1), "1 epoch"),
            (.string("400 steps"), .steps(400), "400 steps"), (.string("1 step"), .steps(1), "1 step"),
        ])
    func reading(value: OptionValue, moment: TrainingMoment, text: String) throws {
        #expect(try TrainingMoment(value) == moment)
        #expect(moment.description == text)
    }

    @Test(
        "is refused with the nearest that may have been meant",
        arguments: [
            (OptionValue.integer(5), "5 epochs" as String?), (.number(1.5), nil), (.number(-0.1), nil), (.number(.nan), nil),
            (.string("5 epoch s"), nil), (.string("5 epohcs"), "5 epochs"), (.string("-5 steps"), nil), (.string("+5 steps"), nil),
            (.string("1.5 epochs"), nil), (.string("epochs"), nil), (.bool(true), nil), (.list([.integer(0)]), nil),
            (.string("99999999999999999999 steps"), nil),
        ])
    func refusal(value: OptionValue, suggestion: String?) {
        let fault = #expect(throws: OptionFault.self) { try TrainingMoment(value) }
        #expect(fault?.expected == "a share of the training from 0 to 1, or a count such as 5 epochs or 400 steps")
        #expect(fault?.suggestion == suggestion)
    }

    @Test(
        "is a step of the training, at most its end",
        arguments: [
            (TrainingMoment.share(0), 0), (.share(0.4), 80), (.share(1), 200), (.epochs(0), 0), (.epochs(3), 60), (.epochs(11), 200),
            (.steps(70), 70), (.steps(900), 200), (.epochs(.max), 200),
        ])
    func steps(moment: TrainingMoment, step: Int) {
        #expect(moment.step(totalSteps: 200, stepsPerEpoch: 20) == step)
    }
}
