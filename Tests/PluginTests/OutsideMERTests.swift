import MERPlugin
import Networks
import OutsideMERPlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("MER, written outside of Regulus") struct OutsideMERTests {
    @Test("it keeps the contract of regularizers") func contract() throws {
        try RegularizerContract.check(OutsideMER.self).requirePassed()
    }

    /// Everything that a training of some steps leaves: the losses, what was reported, and the weights.
    private func training(samples: Int, _ make: (RegularizerContext) -> any Regularizer) throws -> [(name: String, bits: [UInt32])] {
        let model = LinearModel(widths: [("video", 12), ("audio", 5)])
        let term = RegularizerTerm(make(.sample(widths: model.embeddingWidths, instance: "mer")), instance: "mer", weight: 3, totalSteps: 10)
        let objective = Objective(model, RegularizerList([term]), totalSteps: 10)
        var found: [(name: String, bits: [UInt32])] = []
        for step in 0..<4 {
            let sample = TrainingStep.sample(of: model, samples: samples, seed: 3, step: step)
            let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
            let forward = try objective.forward(batch, sample.pass)
            found.append(("loss", [forward.loss.item.bitPattern]))
            found += forward.reports.map { ($0.name, [$0.value.bitPattern]) }
            for ((_, parameter), gradient) in zip(objective.parameters, objective.gradients(of: forward.loss).values) {
                if let gradient { parameter.value = parameter.value.detached() + gradient * -0.1 }
            }
        }
        return found + model.state().map { ($0.name, $0.value.values.map(\.bitPattern)) }
    }

    @Test("a training with it has the bits and the reports of one with ours, with more samples than features and with fewer", arguments: [4, 8, 20])
    func sameBits(samples: Int) throws {
        let ours = try training(samples: samples) { MER(options: .init(), context: $0) }
        let theirs = try training(samples: samples) { OutsideMER(options: .init(), context: $0) }
        #expect(ours.contains { $0.name == "mer.video.gap" })
        #expect(ours.map(\.name) == theirs.map(\.name))
        for (our, their) in zip(ours, theirs) { #expect(our.bits == their.bits, "\(our.name)") }
    }
}
