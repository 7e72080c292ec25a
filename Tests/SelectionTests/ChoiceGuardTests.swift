import Testing

@testable import Selection

@Suite("What has to be known of a choice")
struct ChoiceGuardTests {
    private let situation = SelectionSituation(.values)

    /// One candidate for each list, which holds a score for each seed, on so many samples.
    private func guards(_ scores: [[Double]], samples: Int? = 100, rule: SelectionRule = .sourceValidation) -> ChoiceGuards {
        let evidence = scores.enumerated().map { index, seeds in
            SourceEvidence(position: index, seeds: seeds.map { .init(heldBack: SourceScores($0, loss: 1, samples: samples)) })
        }
        return ChoiceGuards(of: rule, evidence, in: situation)
    }

    @Test("a criterion within one standard error of its best everywhere is saturated")
    func saturated() {
        let flat = guards([[1], [0.995], [0.99]], samples: 200)
        #expect(flat.resolution.map { $0 >= 0.005 && $0 < 0.0051 } == true)
        #expect(flat.indistinct == 2 && !flat.isSaturated)
        let few = guards([[1], [0.99], [0.99]], samples: 50)
        #expect(few.isSaturated && few.cannotChoose)
    }

    @Test("one sample is the least that a share can resolve")
    func oneSample() {
        #expect(guards([[0.9], [0.5]], samples: 4).resolution.map { $0 >= 0.25 } == true)
    }

    @Test("candidates far apart are told apart")
    func distinct() {
        let clear = guards([[0.9], [0.5], [0.2]])
        #expect(clear.indistinct == 1 && clear.ties == 1 && !clear.cannotChoose)
    }

    @Test("exact ties are counted, and where all are tied nothing was chosen")
    func ties() {
        #expect(guards([[0.8], [0.8], [0.3]]).ties == 2)
        #expect(guards([[0.8], [0.8]], samples: nil).cannotChoose)
    }

    @Test("a criterion that differs more between seeds than between candidates is noise")
    func noise() {
        let noisy = guards([[0.2, 0.8], [0.25, 0.85], [0.3, 0.7]])
        #expect(noisy.isNoise && noisy.cannotChoose)
        #expect(noisy.spreadOverSeeds.map { $0 > 0.3 } == true && noisy.spreadOverCandidates.map { $0 < 0.1 } == true)
        #expect(!guards([[0.2, 0.21], [0.8, 0.81]]).isNoise)
    }

    @Test("without a count of samples, or of a number that is no share, the resolution is not known")
    func unknown() {
        #expect(guards([[0.9], [0.5]], samples: nil).resolution == nil)
        var other = situation
        other.isShare = false
        let evidence = [3.0, 4].enumerated().map { SourceEvidence(position: $0, seeds: [.init(heldBack: SourceScores($1, loss: 1, samples: 9))]) }
        #expect(ChoiceGuards(of: .sourceValidation, evidence, in: other).resolution == nil)
    }

    @Test("a single candidate is no choice that could have gone wrong")
    func single() {
        #expect(!guards([[1]]).cannotChoose)
        #expect(guards([]).candidates == 0)
    }
}
