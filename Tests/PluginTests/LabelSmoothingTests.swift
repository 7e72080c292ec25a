import GoldenFixtures
import LabelSmoothingPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Label smoothing") struct LabelSmoothingTests {
    let training = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)

    @Test("cross-entropy with smoothed targets agrees with the stored numbers", arguments: GoldenFixtures.cases(kind: "cross-entropy"))
    func storedNumbers(fixture: GoldenFixture) throws {
        var options = LabelSmoothing.Options()
        options.epsilon = try fixture.params.number("label_smoothing")
        let logits = try fixture.tensor("logits")
        let targets = LabelSmoothing(options: options).changedTargets(
            .oneHot(try fixture.integers("labels"), classes: logits.shape[1]), in: ForwardPass(training))
        try fixture.expect(logits.crossEntropy(targets: targets).item, matches: "ce_smooth", mixed: true)
        let slope = gradient(at: logits) { $0.crossEntropy(targets: targets) }
        try fixture.expect(slope, matches: "grad_ce_smooth.logits", mixed: true)
    }

    @Test("the share goes to all classes, the true one included") func definition() {
        let targets = LabelSmoothing().changedTargets(.oneHot([2, 0], classes: 4), in: ForwardPass(training))
        let (high, low) = (Float(0.925), Float(0.025))
        #expect(targets.shape == [2, 4])
        for (found, expected) in zip(targets.values, [low, low, high, low, high, low, low, low]) { #expect(abs(found - expected) < 1e-6) }
    }

    @Test("evaluation and ε = 0 change nothing") func untouched() {
        let targets = Tensor.oneHot([1, 0], classes: 3)
        #expect(LabelSmoothing().changedTargets(targets, in: ForwardPass(.evaluation)).values == targets.values)
        var options = LabelSmoothing.Options()
        options.epsilon = 0
        #expect(LabelSmoothing(options: options).changedTargets(targets, in: ForwardPass(training)).values == targets.values)
    }
}
