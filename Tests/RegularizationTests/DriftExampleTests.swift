import Foundation
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// The article's example of a penalty with a memory.
@Suite("The example of a stateful penalty") struct DriftExampleTests {
    @Test("keeps the contract") func contract() {
        let report = RegularizerContract.check(Drift.self)
        #expect(report.failures.isEmpty, "\(report)")
    }

    @Test("compares with the batches before, and is 0 where nothing moves") func memory() throws {
        let model = LinearModel()
        let context = RegularizerContext.sample(widths: model.embeddingWidths, instance: "drift")
        let drift = Drift(options: .init(), context: context)
        let step = TrainingStep.sample(of: model)
        #expect(drift.penalty(step) == nil)
        drift.follow(step, learningRate: 0.1)
        #expect(try #require(drift.penalty(step)).value.item == 0)
        var moved = step
        moved.originalEmbeddings = step.originalEmbeddings.mapPooled { $1 + 2 }
        // Each entry's mean has moved by 2, in both modalities.
        #expect(abs(try #require(drift.penalty(moved)).value.item - 8) < 1e-5)
    }

    @Test("stands in the article as it was compiled") func article() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let source = try String(contentsOf: tests.appending(path: "DriftExample.swift"), encoding: .utf8)
        let article = tests.appending(path: "../../Sources/Regulus/Regulus.docc/WriteARegularizer.md").standardized
        let code = source.split(separator: "\n\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n\n")
        #expect(try String(contentsOf: article, encoding: .utf8).contains(code.trimmingCharacters(in: .newlines)))
    }
}
