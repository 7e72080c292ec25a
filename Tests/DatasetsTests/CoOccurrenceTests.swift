import Configuration
import Tensors
import Testing

@testable import Datasets

@Suite("The generated world")
struct CoOccurrenceTests {
    private func world(_ change: (inout CoOccurrence.Options) -> Void = { _ in }) throws -> CoOccurrence {
        var options = CoOccurrence.Options()
        options.samples = 160
        change(&options)
        return try CoOccurrence(options: options)
    }

    private func values(_ dataset: any Dataset, _ modality: String = "m1", _ rows: [Int]? = nil) throws -> [Float] {
        try dataset.inputs(rows ?? Array(dataset.labels.indices), modality: modality).values
    }

    @Test("Dials that are fine by themselves and make a world of too many values together are refused, before anything is made")
    func size() throws {
        func fault(_ change: (inout CoOccurrence.Options) -> Void) -> String? {
            do {
                _ = try world(change)
                return nil
            } catch {
                return (error as? DatasetFault)?.message
            }
        }
        let large = fault {
            ($0.samples, $0.domains, $0.modalities) = (1_000_000, 100, 16)
            ($0.invariantWidth, $0.cueWidth, $0.nuisance) = (1024, 1024, 1024)
        }
        #expect(large?.hasSuffix("takes more than a gibibyte") == true)
        // Few enough values, each of which is a sum over thousands.
        #expect(fault { ($0.samples, $0.nuisance) = (20_000, 1024) } != nil)
        #expect(fault { ($0.samples, $0.nuisance) = (200, 60) } == nil)
        // Few samples, and rotations or patterns that take minutes.
        #expect(fault { ($0.samples, $0.modalities, $0.invariantWidth, $0.nuisance) = (1, 16, 1024, 1024) } != nil)
        #expect(fault { ($0.samples, $0.modalities, $0.domains, $0.classes, $0.cueWidth) = (1, 16, 100, 1000, 1024) } != nil)
        // Made anew for each domain that is held out.
        #expect(fault { ($0.samples, $0.domains, $0.nuisance, $0.targetCue) = (4000, 100, 128, .off) } != nil)
    }

    @Test("A world that is too large is refused with the largest value of a dial that would do")
    func nearest() throws {
        let worlds: [(CoOccurrence.Options) -> CoOccurrence.Options] = [
            {
                var o = $0; (o.samples, o.nuisance) = (20_000, 1024); return o
            },
            {
                var o = $0; (o.samples, o.modalities, o.invariantWidth, o.nuisance) = (1, 4, 1024, 1024); return o
            },
            {
                var o = $0; (o.samples, o.modalities, o.domains, o.classes, o.cueWidth) = (1, 16, 100, 1000, 1024); return o
            },
        ]
        let dials: [String: WritableKeyPath<CoOccurrence.Options, Int>] = [
            "samples": \.samples, "nuisance": \.nuisance, "invariant-width": \.invariantWidth, "cue-width": \.cueWidth, "domains": \.domains,
            "modalities": \.modalities, "classes": \.classes,
        ]
        for make in worlds {
            var options = make(CoOccurrence.Options())
            let fault = #expect(throws: DatasetFault.self) { try CoOccurrence(options: options) }
            let dial = try #require(dials[fault?.option ?? ""])
            let suggestion = try #require(Int(fault?.suggestion ?? ""))
            #expect(suggestion < options[keyPath: dial])
            options[keyPath: dial] = suggestion
            #expect(CoOccurrenceWorld(options).size.isPossible)
            options[keyPath: dial] = suggestion + (fault?.option == "classes" ? 2 : 1)
            #expect(!CoOccurrenceWorld(options).size.isPossible)
        }
    }

    @Test("Facts follow the dials")
    func facts() throws {
        let world = try world {
            $0.modalities = 3
            $0.domains = 4
            $0.nuisance = 5
        }
        #expect(world.facts.modalities.map(\.name) == ["m1", "m2", "m3"])
        #expect(world.facts.modalities.allSatisfy { $0.sampleShape == [25] })
        #expect(world.facts.samplesPerDomain == [160, 160, 160, 160])
        #expect(world.facts.domains == ["d1", "d2", "d3", "d4"])
        #expect(tally(world.labels, kinds: 8) == Array(repeating: 80, count: 8))
        #expect(try CoOccurrence(options: .init()).facts.samplesPerDomain == [1200, 1200, 1200])
    }

    @Test("The same draw gives the same bits, another draw another world")
    func deterministic() throws {
        let first = try values(world(), "m2").map(\.bitPattern)
        #expect(try values(world(), "m2").map(\.bitPattern) == first)
        #expect(try values(world { $0.draw = 1 }, "m2").map(\.bitPattern) != first)
    }

    @Test("More samples leave the first ones as they were")
    func prefix() throws {
        let few = try world()
        let many = try world { $0.samples = 200 }
        #expect(try values(few, "m1", Array(160..<320)) == values(many, "m1", Array(200..<360)))
    }

    @Test("Together the first two parts of the cue name the class, each alone does not", arguments: [4, 6, 8, 10, 20])
    func partialCodes(classes: Int) throws {
        var options = CoOccurrence.Options()
        options.classes = classes
        options.modalities = 5
        let world = CoOccurrenceWorld(options)
        let parts = (0..<5).map(world.cueValues)
        #expect(Set((0..<classes).map { [parts[0][$0], parts[1][$0]] }).count == classes)
        for part in parts {
            #expect(tally(part, kinds: classes / 2) == Array(repeating: 2, count: classes / 2))
        }
    }

    @Test("A reliable cue names every sample's class; a less reliable one names another as often as said")
    func reliability() throws {
        let sure = try #require(try world().factors)
        #expect(try sure.cueClasses == world().labels.map { $0 })
        let unsure = try world {
            $0.reliability = 0.9
            $0.samples = 4000
        }
        let cues = try #require(unsure.factors).cueClasses
        let right = zip(cues, unsure.labels).count { $0 == $1 }
        #expect(abs(Double(right) / 12000 - 0.9) < 0.01)
    }

    @Test("Turning the reliability changes only the samples whose cue changes")
    func reliabilityIsLocal() throws {
        let sure = try world()
        let unsure = try world { $0.reliability = 0.8 }
        let cues = try #require(unsure.factors).cueClasses
        for row in sure.labels.indices where cues[row] == sure.labels[row] {
            #expect(try values(sure, "m1", [row]) == values(unsure, "m1", [row]))
        }
        #expect(try values(sure) != values(unsure))
    }

    @Test("Mapping of cue values to patterns differs between domains, the class code does not")
    func patterns() throws {
        let world = try world { $0.noise = 0 }
        let parts = try #require(world.factors?.modalities["m1"])
        // Row i of every domain has the same class.
        let (first, second) = (3, 160 + 3)
        #expect(world.labels[first] == world.labels[second])
        #expect(parts.invariant.tensor([first]).values == parts.invariant.tensor([second]).values)
        #expect(parts.cue.tensor([first]).values != parts.cue.tensor([second]).values)
        #expect(parts.cue.tensor([first]).values == parts.cue.tensor([first + 8]).values)
        #expect(parts.cueValues[first] == parts.cueValues[second])
    }

    @Test("Held out, a domain shows its cue kept, randomized or not at all; sources keep their bits")
    func targetCue() throws {
        let rows = Array(320..<480)
        let others = Array(0..<320)
        let kept = try world()
        #expect(try values(kept.holdingOut([2])) == values(kept))

        let randomized = try world { $0.targetCue = .randomized }
        #expect(try values(randomized) == values(kept))
        let held = randomized.holdingOut([2])
        #expect(try values(held, "m1", others) == values(kept, "m1", others))
        #expect(try values(held, "m1", rows) != values(kept, "m1", rows))
        let cues = try #require(held.factors).cueClasses
        #expect(rows.count { cues[$0] == held.labels[$0] } < rows.count / 3)
        #expect(others.allSatisfy { cues[$0] == held.labels[$0] })

        let off = try world { $0.targetCue = .off }.holdingOut([2])
        #expect(try values(off, "m2", others) == values(kept, "m2", others))
        #expect(try #require(off.factors).cueClasses[320...].allSatisfy { $0 == nil })
        #expect(off.labels == kept.labels)
        #expect(off.domains == kept.domains)
    }

    @Test("Inputs are the latent values, rotated")
    func rotation() throws {
        let world = try world()
        let parts = try #require(world.factors?.modalities["m2"])
        for row in [0, 77, 479] {
            let latent = [parts.invariant, parts.cue, parts.nuisance].flatMap { $0.tensor([row]).values }
            let input = try values(world, "m2", [row])
            let before = latent.reduce(0) { $0 + $1 * $1 }
            let after = input.reduce(0) { $0 + $1 * $1 }
            #expect(abs(before - after) < 1e-3 * before)
            #expect(latent != input)
        }
        let size = 9
        let matrix = randomRotation(size, from: RandomSource(seed: 2).stream("r"))
        for a in 0..<size {
            for b in 0..<size {
                let dot = (0..<size).reduce(Float(0)) { $0 + matrix[a * size + $1] * matrix[b * size + $1] }
                #expect(abs(dot - (a == b ? 1 : 0)) < 1e-5)
            }
        }
    }

    @Test("Strengths are what the dials say")
    func strengths() throws {
        let world = try world {
            $0.noise = 0
            $0.classes = 200
            $0.samples = 200
            $0.invariant = 3
        }
        let parts = try #require(world.factors?.modalities["m1"])
        func meanSquare(_ latents: GeneratingFactors.Latents, _ other: (Int) -> Int?) -> Float {
            var (sum, count): (Float, Float) = (0, 0)
            for row in 0..<200 {
                for dimension in 0..<latents.width {
                    let value = latents.values[row * latents.width + dimension]
                    let reference = other(row).map { latents.values[$0 * latents.width + dimension] } ?? 0
                    sum += (value - reference) * (value - reference)
                    count += 1
                }
            }
            return sum / count
        }
        #expect(abs(meanSquare(parts.invariant) { ($0 + 1) % 200 } - 9) < 1)
        #expect(abs(meanSquare(parts.cue) { _ in nil } - 4) < 0.6)
        #expect(abs(meanSquare(parts.nuisance) { _ in nil } - 1) < 0.1)
    }

    @Test("An odd number of classes is refused")
    func oddClasses() {
        let fault = #expect(throws: DatasetFault.self) { try world { $0.classes = 7 } }
        #expect(fault?.option == "classes")
        #expect(
            fault?.description
                == "option classes: found 7; expected an even number, as the cue's parts pair classes; did you mean '8'?")
    }

    @Test("Without nuisance dimensions the world is smaller")
    func noNuisance() throws {
        let world = try world { $0.nuisance = 0 }
        #expect(world.facts.modalities[0].sampleShape == [20])
        #expect(try #require(world.factors?.modalities["m1"]).nuisance.width == 0)
    }

    // MARK: What only the pair says

    private func pairs(_ change: (inout CoOccurrence.Options) -> Void = { _ in }) throws -> CoOccurrence {
        try world {
            ($0.classes, $0.pair, $0.samples) = (4, 2, 800)
            change(&$0)
        }
    }

    @Test("Each part of the pair says nothing of the class, all together name it", arguments: [2, 3])
    func pairNamesTheClass(modalities: Int) throws {
        var options = CoOccurrence.Options()
        (options.classes, options.pair, options.samples, options.modalities) = (4, 2, 800, modalities)
        let rows = CoOccurrenceRows(CoOccurrenceWorld(options), heldOut: [])
        for row in rows.labels.indices {
            let parts = (0..<modalities).map { rows.pairValues[row * modalities + $0] ?? -1 }
            #expect(parts.allSatisfy((0..<4).contains) && parts.reduce(0, +) % 4 == rows.labels[row])
        }
        for modality in 0..<modalities {
            for label in 0..<4 {
                let own = rows.labels.indices.filter { rows.labels[$0] == label }
                let counts = tally(own.compactMap { rows.pairValues[$0 * modalities + modality] }, kinds: 4)
                // 600 draws over four values: five standard deviations are 53.
                #expect(counts.allSatisfy { abs($0 - 150) < 53 })
            }
        }
    }

    @Test("A world without pairs is the world it was, to the bit and in every dial")
    func withoutPairs() throws {
        let plain = try world()
        let dialed = try world { ($0.pairWidth, $0.targetPair) = (5, .randomized) }
        #expect(try values(plain) == values(dialed))
        #expect(try values(dialed.holdingOut([1]) as any Dataset) == values(plain))
        #expect(plain.facts.modalities[0].sampleShape == [32])
        #expect(try pairs().facts.modalities[0].sampleShape == [40])
    }

    @Test("A pair that holds everywhere and one that holds in the sources only have the same sources, to the bit")
    func sameSources() throws {
        let everywhere = try pairs().holdingOut([2])
        let misleading = try pairs { $0.targetPair = .randomized }.holdingOut([2])
        let (sources, target) = (Array(0..<1600), Array(1600..<2400))
        for modality in ["m1", "m2"] { #expect(try values(everywhere, modality, sources) == values(misleading, modality, sources)) }
        #expect(try values(everywhere, "m2", target) != values(misleading, "m2", target))
        let factors = try #require((misleading as? CoOccurrence)?.factors)
        #expect(factors.modalities["m1"]?.pair.width == 8)
    }
}
