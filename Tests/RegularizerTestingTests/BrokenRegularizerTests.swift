import Regularization
import RegularizerTesting
import Testing

@Suite("A broken regularizer fails exactly the check that it breaks") struct BrokenRegularizerTests {
    /// A regularizer, and what should be reported of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let check: ContractCheck
        /// A part of the detail.
        let detail: String
        let report: @Sendable () -> ContractReport
        let testDescription: String

        init<Plugin: RegularizerPlugin>(
            _ plugin: Plugin.Type, _ check: ContractCheck, _ detail: String, declares exceptions: ContractExceptions = []
        ) {
            self.check = check
            self.detail = detail
            testDescription = "\(plugin)"
            report = { RegularizerContract.check(plugin, declares: exceptions) }
        }
    }

    static let cases: [Case] = [
        Case(WrongGradient.self, .gradient, "slope along the gradient in the embeddings"),
        Case(ForgottenModality.self, .gradient, "in the embeddings is"),
        Case(WrongOwnGradient.self, .gradient, "in own parameters is"),
        Case(OrderedBatch.self, .permutation, "in another order the value of the penalty is"),
        Case(CountsMissing.self, .presence, "with other numbers in place of what is missing, value of the penalty is"),
        Case(CountsEverySample.self, .presence, "without the samples that have no modality"),
        Case(ReadsPadding.self, .presence, "with longer padding, value of the penalty is"),
        Case(ForgottenState.self, .checkpoint, "after loading, step 2: loss is"),
        Case(SharedDraws.self, .determinism, "a second call at the same step differs"),
        Case(FrozenDraws.self, .determinism, "the same at every step"),
        Case(DividesByDeviation.self, .degenerateInputs, "value of the penalty holds"),
        Case(SwallowsNaN.self, .nan, "leaves the penalty at 0.0"),
        Case(DoubledTargets.self, .targets, "the targets of sample 0 sum to 2.0, not 1"),
        Case(NeedsLabels.self, .tasks, "there are no labels"),
        Case(ShrinksModel.self, .zeroWeight, "gradient of"),
        Case(NoisyEvaluation.self, .evaluation, "with seed 4 at step 1", declares: .randomDraws),
        Case(DroppedGradient.self, .gradientTransform, "the gradient of fusion.classifier.bias is missing"),
        Case(ForeignAverage.self, .evaluatedWeights, "the average must be one of the model, but lacks encoders.audio.weight"),
        Case(Infinite.self, .finiteness, "value of the penalty holds inf"),
        Case(RefusesDefault.self, .options, "parts: expected a number from 1 up, found 0"),
        Case(InfiniteChoice.self, .options, "inverse: true: value of the penalty holds inf"),
        Case(Hookless.self, .description, "'specimen' does nothing: Hookless conforms to none of ChangesFeatureMaps"),
        Case(CroppedMap.self, .finiteness, "the feature map of audio at input must keep the shape 4×3×4, found 4×2×4"),
        Case(WrongMapGradient.self, .gradient, "slope along the gradient in the embeddings"),
        Case(SharedMapDraws.self, .determinism, "changed feature map of audio"),
        Case(VectorPenalty.self, .finiteness, "the penalty must be a scalar, found the shape 4"),
        Case(Undocumented.self, .description, "the option 'rate' has no help"),
    ]

    @Test("and no other", arguments: cases) func broken(_ broken: Case) {
        let report = broken.report()
        #expect(Set(report.failures.map(\.check)) == [broken.check], "\(report)")
        #expect(report.failures.contains { $0.detail.contains(broken.detail) }, "\(report)")
        #expect(throws: ContractFailure.self) { try report.requirePassed() }
    }

    @Test("what is left out names its cause, and other checks still run") func causes() throws {
        // Two checks need no instance, and four are about hooks that it does not have.
        let nothing = RegularizerContract.check(RefusesDefault.self)
        #expect(nothing.cost == nil)
        #expect(nothing.findings.filter { $0.outcome == .skipped }.count == ContractCheck.allCases.count - 6)
        #expect(nothing.markdown.contains("means nothing while “options round-trip, bounds hold” fails"))
        let choice = RegularizerContract.check(InfiniteChoice.self)
        #expect(choice.findings.contains { $0.check == .gradient && $0.outcome == .passed })
        let failure = try #require(RegularizerContract.check(OrderedBatch.self).failures.first)
        #expect("\(failure)".hasPrefix("order of the batch does not matter: failed, in another order the value of the penalty is "))
    }

    @Test("every check has a regularizer that fails it") func everyCheck() {
        #expect(Set(Self.cases.map(\.check)) == Set(ContractCheck.allCases))
    }
}

@Suite("A sound regularizer passes") struct SoundRegularizerTests {
    @Test("with nothing but a penalty") func penalty() throws {
        let report = RegularizerContract.check(Sound.self)
        try report.requirePassed()
        #expect(Set(report.findings.map(\.check)) == Set(ContractCheck.allCases))
        #expect(report.findings.contains { $0.check == .gradientTransform && $0.outcome == .none })
    }

    @Test("with state that is saved") func state() throws {
        try RegularizerContract.check(SavedState.self).requirePassed()
    }

    @Test("with a transform of gradients") func gradients() throws {
        let report = RegularizerContract.check(Ascent.self)
        try report.requirePassed()
        #expect(report.findings.contains { $0.check == .gradientTransform && $0.outcome == .passed && $0.detail == "extra passes in each step: 1" })
    }

    @Test("with an average of the weights") func average() throws {
        let report = RegularizerContract.check(OwnAverage.self)
        try report.requirePassed()
        #expect(report.findings.contains { $0.check == .evaluatedWeights && $0.outcome == .passed })
    }

    @Test("where its exceptions are declared") func declared() {
        let undeclared = RegularizerContract.check(ForgottenModality.self)
        let declared = RegularizerContract.check(ForgottenModality.self, declares: .stopGradients)
        #expect(Set(undeclared.failures.map(\.check)) == [.gradient])
        #expect(declared.failures.isEmpty)
        #expect(declared.markdown.contains("| gradient against central differences | declared |"))
        #expect(RegularizerContract.check(SwallowsNaN.self, declares: .hidesNaN).failures.isEmpty)
    }
}
