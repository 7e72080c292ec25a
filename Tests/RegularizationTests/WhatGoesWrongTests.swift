import Configuration
import Foundation
import Regularization
import RegularizerTesting
import Tensors
import TestSupport
import Testing

/// The article on slips says what the program says.
@Suite("What goes wrong, in the words of the documentation") struct WhatGoesWrongTests {
    private struct Slip: ChangesFeatureMaps, ChangesEmbeddings, AddsPenalty {
        var map: (Tensor) -> Tensor = { $0 }
        var embeddings: (Embeddings) -> Embeddings = { $0 }
        var added: (TrainingStep) -> Penalty? = { _ in nil }

        func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor { self.map(map.values) }
        func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings { self.embeddings(embeddings) }
        func penalty(_ step: TrainingStep) -> Penalty? { added(step) }
    }

    private struct Shrink: RegularizerPlugin {
        static let description = ComponentDescription(name: "shrink", summary: "keeps embeddings short", source: "our own")
        init(options: NoOptions, context: RegularizerContext) {}
    }

    private struct Sound: RegularizerPlugin, AddsPenalty {
        static let description = ComponentDescription(name: "shrink", summary: "keeps embeddings short", source: "our own")
        init(options: NoOptions, context: RegularizerContext) {}
        func penalty(_ step: TrainingStep) -> Penalty? { nil }
    }

    /// The lines of the article.
    static let lines: [Substring] = {
        ((try? Repository.text("Sources/Regulus/Regulus.docc/WhatGoesWrong.md")) ?? "").split(separator: "\n")
    }()

    /// The message of the failure in which one step of training ends.
    private func message(_ slip: Slip) throws -> Substring {
        let model = LinearModel()
        let objective = Objective(model, RegularizerList([RegularizerTerm(slip, instance: "slip")]), totalSteps: 10)
        let sample = TrainingStep.sample(of: model, samples: 4, step: 3)
        let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
        let failure = #expect(throws: TrainingFailure.self) { try objective.forward(batch, sample.pass) }
        return Substring(failure?.description ?? "")
    }

    @Test("wrong shapes, and a number that is none") func shapes() throws {
        #expect(try Self.lines.contains(message(Slip(added: { Penalty(value: $0.embeddings[0].embedding.pooled.sum(axis: 1)) }))))
        #expect(try Self.lines.contains(message(Slip(embeddings: { $0.mapPooled { $0 == "video" ? $1.slice(axis: 1, 0..<3) : $1 } }))))
        #expect(try Self.lines.contains(message(Slip(map: { $0.slice(axis: 1, 0..<4) }))))
        #expect(try Self.lines.contains(message(Slip(embeddings: { $0.mapPooled { $0 == "audio" ? $1 * .nan : $1 } }))))
    }

    @Test("no hook, and a name twice") func registration() throws {
        var registry = RegularizerRegistry()
        let hookless = #expect(throws: RegularizerRefusal.self) { try registry.register(Shrink.self) }
        #expect(Self.lines.contains(Substring(hookless?.description ?? "")))
        try registry.register(Sound.self)
        let twice = #expect(throws: RegularizerRefusal.self) { try registry.register(Sound.self) }
        #expect(Self.lines.contains(Substring(twice?.description ?? "")))
    }
}
