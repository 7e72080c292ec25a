import Tensors

/// The fixed parts of a generated world (codes, patterns and rotations), and how samples are made from
/// them.
///
/// Each part is drawn from its own stream of random numbers, such as `cue/d1/m2`, when it is needed,
/// and is the same whenever it is drawn.
struct CoOccurrenceWorld: Sendable {
    /// The dials of the world.
    let options: CoOccurrence.Options
    /// The source of all streams of the world, a function of `draw` alone.
    let random: RandomSource

    /// A world with these dials; nothing is drawn yet.
    init(_ options: CoOccurrence.Options) {
        self.options = options
        random = RandomSource(seed: UInt64(options.draw)).child("co-occurrence")
    }

    /// The width of a sample.
    ///
    /// The blocks in order: invariant, cue, nuisance and, in a world with pairs, pair.
    var width: Int { options.invariantWidth + options.cueWidth + options.nuisance + (options.pair > 0 ? options.pairWidth : 0) }

    /// What the world takes to make, by its dials alone.
    var size: Size { Size(options, width: width) }

    /// The products of the dials that memory and time go by, `N` samples in all, of `M` modalities and `D` dimensions.
    struct Size {
        /// `N·M·D` of one version of the world; there is another for each domain that is held out and shows cue or pair in another way.
        private let values: Int
        /// Multiplications in place of everything that is done: `N·M·D²` of the rotations, and for the others what takes as long.
        private let products: Int

        /// What a world of these dials takes.
        ///
        /// Each dial is small enough by itself that no product of them overflows.
        ///
        /// - Parameters:
        ///   - options: the dials.
        ///   - width: `D`, which follows from them.
        init(_ options: CoOccurrence.Options, width: Int) {
            let versions = options.targetCue == .kept && options.targetPair == .kept ? 1 : 1 + options.domains
            let (classes, modalities) = (options.classes, options.modalities)
            let perModality = options.samples * options.domains * width
            // Patterns, codes, rotations and noise: each a normal number, which takes as long as 400 products.
            var drawn = perModality + options.samples * options.domains * options.nuisance + width * width
            drawn += classes * options.invariantWidth + options.domains * (classes / 2) * options.cueWidth
            if options.pair > 0 { drawn += classes * options.pairWidth }
            // A rotation is made orthonormal by sums whose order is fixed, one addition after the other.
            let rotated = perModality * width + 6 * width * width * width
            values = versions * modalities * perModality
            products = versions * modalities * (rotated + 400 * drawn)
        }

        /// More than a gibibyte of single precision.
        var isTooLarge: Bool { values > 1 << 28 }

        /// Whether it fits, and is made in about 20 seconds at most.
        var isPossible: Bool { !isTooLarge && products <= 1 << 36 }
    }

    /// The name of a modality, counted from 0: `m1`, `m2`, ….
    func name(of modality: Int) -> String { "m\(modality + 1)" }

    /// The value of a modality's partial cue for every class, in `0 ..< classes / 2`: c ÷ 2 in the
    /// first modality, c mod K/2 in the second, a random pairing of classes in the others.
    ///
    /// - Returns: `K` numbers; each value is shared by two classes, so one modality alone cannot tell
    ///   the class by its cue.
    func cueValues(of modality: Int) -> [Int] {
        let classes = options.classes
        switch modality {
        case 0: return (0..<classes).map { $0 / 2 }
        case 1: return (0..<classes).map { $0 % (classes / 2) }
        default:
            var stream = random.stream("pairing/\(name(of: modality))")
            return stream.permutation(classes).map { $0 / 2 }
        }
    }

    /// The latent values of every row before rotation: invariant, cue, nuisance and pair, each with noise.
    ///
    /// - Parameters:
    ///   - modality: counted from 0.
    ///   - rows: the samples, domain by domain.
    /// - Returns: four blocks of `N×width`; a part of width 0 is empty. Rows without a cue have zeros
    ///   plus noise.
    func parts(_ modality: Int, of rows: CoOccurrenceRows) -> GeneratingFactors.Parts {
        let name = name(of: modality)
        // Two independent entries differ by √2 deviations, and the dial is the difference.
        let codes = normal(
            "invariant/\(name)", options.classes * options.invariantWidth, Float(options.invariant / 2.squareRoot()))
        let patterns = (0..<options.domains).map { domain in
            normal("cue/d\(domain + 1)/\(name)", options.classes / 2 * options.cueWidth, Float(options.cue))
        }
        let valueOfClass = cueValues(of: modality)
        let cueValues = rows.cueClasses.map { $0.map { valueOfClass[$0] } }

        let invariant = latents("invariant", name, width: options.invariantWidth, rows) { row, dimension in
            codes[rows.labels[row] * options.invariantWidth + dimension]
        }
        let cue = latents("cue", name, width: options.cueWidth, rows) { row, dimension in
            guard let value = cueValues[row] else { return 0 }
            return patterns[rows.domains[row]][value * options.cueWidth + dimension]
        }
        let nuisance: GeneratingFactors.Latents
        if options.nuisance > 0 {
            let free = (0..<options.domains).map { domain in
                normal("nuisance/d\(domain + 1)/\(name)", options.samples * options.nuisance, 1)
            }
            nuisance = latents("nuisance", name, width: options.nuisance, rows) { row, dimension in
                free[rows.domains[row]][row % options.samples * options.nuisance + dimension]
            }
        } else {
            nuisance = GeneratingFactors.Latents(values: [], width: 0)
        }
        return GeneratingFactors.Parts(
            cueValues: cueValues, invariant: invariant, cue: cue, nuisance: nuisance, pair: pair(modality, of: rows))
    }

    /// One modality's part of what only the pair says; empty in a world without pairs.
    ///
    /// Its pattern is drawn once for all domains, so what the pair says holds everywhere unless
    /// `target-pair` breaks it.
    private func pair(_ modality: Int, of rows: CoOccurrenceRows) -> GeneratingFactors.Latents {
        guard options.pair > 0 else { return GeneratingFactors.Latents(values: [], width: 0) }
        let name = name(of: modality)
        let patterns = normal("pair/\(name)", options.classes * options.pairWidth, Float(options.pair))
        return latents("pair", name, width: options.pairWidth, rows) { row, dimension in
            guard let value = rows.pairValues[row * options.modalities + modality] else { return 0 }
            return patterns[value * options.pairWidth + dimension]
        }
    }

    /// One modality of every row, `N×D`: its latent values one block after the other, rotated.
    ///
    /// - Returns: `N×D` with `D` the ``width``. The rotation is the modality's own and the same in
    ///   every domain, so that no coordinate belongs to one part.
    /// - Complexity: `O(N D²)`.
    func array(_ modality: Int, of rows: CoOccurrenceRows) -> ModalityArray {
        let parts = parts(modality, of: rows)
        let blocks = [parts.invariant, parts.cue, parts.nuisance, parts.pair]
        let rotation = transposed(randomRotation(width, from: random.stream("rotation/\(name(of: modality))")))
        var values = [Float](repeating: 0, count: rows.labels.count * width)
        values.withUnsafeMutableBufferPointer { values in
            rotation.withUnsafeBufferPointer { rotation in
                for row in rows.labels.indices {
                    let sums = UnsafeMutableBufferPointer(rebasing: values[row * width..<(row + 1) * width])
                    var place = 0
                    for block in blocks {
                        for dimension in 0..<block.width {
                            let latent = block.values[row * block.width + dimension]
                            let column = UnsafeBufferPointer(rebasing: rotation[(place + dimension) * width..<(place + dimension + 1) * width])
                            // All coordinates side by side, so that each sum has its order and the processor has work meanwhile.
                            for coordinate in 0..<width { sums[coordinate] += column[coordinate] * latent }
                        }
                        place += block.width
                    }
                }
            }
        }
        return ModalityArray(name: name(of: modality), sampleShape: [width], values: values)
    }

    /// A `width×width` matrix with rows and columns exchanged, so that the coordinates of a rotated
    /// sample lie side by side.
    ///
    /// - Parameter matrix: row-major.
    private func transposed(_ matrix: [Float]) -> [Float] {
        (0..<width).flatMap { column in (0..<width).map { row in matrix[row * width + column] } }
    }

    /// The latent values of all modalities, and the class that each row's cue names.
    ///
    /// Drawn again from the same streams, so they are what ``array(_:of:)`` was made of, to the bit.
    func factors(of rows: CoOccurrenceRows) -> GeneratingFactors {
        GeneratingFactors(
            cueClasses: rows.cueClasses,
            modalities: Dictionary(
                uniqueKeysWithValues: (0..<options.modalities).map { (name(of: $0), parts($0, of: rows)) }))
    }

    /// One block of latent values, `N×width`: the signal, plus noise from the block's own stream in
    /// each domain.
    ///
    /// - Parameters:
    ///   - block: the name of the part, for its stream.
    ///   - name: the modality's.
    ///   - width: of the part.
    ///   - rows: the samples, domain by domain, equally many in each.
    ///   - signal: the value before noise.
    private func latents(
        _ block: String, _ name: String, width: Int, _ rows: CoOccurrenceRows, signal: (_ row: Int, _ dimension: Int) -> Float
    ) -> GeneratingFactors.Latents {
        var values: [Float] = []
        values.reserveCapacity(rows.labels.count * width)
        for domain in 0..<options.domains {
            var stream = random.stream("noise/\(block)/d\(domain + 1)/\(name)")
            for row in domain * options.samples..<(domain + 1) * options.samples {
                for dimension in 0..<width {
                    values.append(signal(row, dimension) + Float(options.noise) * stream.normal())
                }
            }
        }
        return GeneratingFactors.Latents(values: values, width: width)
    }

    /// As many normal numbers of this standard deviation, from the beginning of a stream.
    ///
    /// - Returns: `count` numbers of mean 0.
    private func normal(_ stream: String, _ count: Int, _ deviation: Float) -> [Float] {
        var stream = random.stream(stream)
        return (0..<count).map { _ in deviation * stream.normal() }
    }
}

/// A random rotation or reflection of `size` dimensions, row-major, uniformly distributed: the rows of
/// a normal matrix made orthonormal one after the other (modified Gram–Schmidt in double precision).
///
/// A row that nearly depends on the ones before it is drawn again.
///
/// - Complexity: `O(size³)`.
func randomRotation(_ size: Int, from stream: RandomStream) -> [Float] {
    var stream = stream
    var rows: [[Double]] = []
    while rows.count < size {
        var row = (0..<size).map { _ in Double(stream.normal()) }
        let before = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        // Twice, because one pass leaves an error of the rounding times the condition number.
        for _ in 0..<2 {
            for other in rows {
                let overlap = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                for index in row.indices { row[index] -= overlap * other[index] }
            }
        }
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 1e-8 * before else { continue }
        rows.append(row.map { $0 / length })
    }
    return rows.flatMap { $0.map { Float($0) } }
}

/// The class, domain and cue of every sample of a generated world, in the order of rows.
struct CoOccurrenceRows: Sendable {
    /// The class of each row.
    ///
    /// `N` numbers in `0..<K`, domain after domain.
    private(set) var labels: [Int] = []
    /// The domain of each row.
    private(set) var domains: [Int] = []
    /// The class that the joint cue names; nil where the sample carries none.
    private(set) var cueClasses: [Int?] = []
    /// Each modality's part of the pair, row by row, all modalities of a row together; nil where the row
    /// carries none. Empty in a world without pairs.
    ///
    /// `N·M` values in `0..<K`.
    private(set) var pairValues: [Int?] = []

    /// Draws which samples show a cue of which class.
    ///
    /// - Parameter heldOut: the domains that show the cue as `target-cue` says; the others show it as
    ///   sources do.
    ///
    /// With a reliability of 1 the joint cue names the class of every sample of the sources. Classes
    /// take turns, so each domain has equally many of each but for the remainder.
    init(_ world: CoOccurrenceWorld, heldOut: Set<Int>) {
        let options = world.options
        for domain in 0..<options.domains {
            let own = (0..<options.samples).map { $0 % options.classes }
            labels += own
            domains += Array(repeating: domain, count: options.samples)
            switch heldOut.contains(domain) ? options.targetCue : .kept {
            case .kept:
                var stream = world.random.stream("reliability/d\(domain + 1)")
                cueClasses += own.map { label in
                    // Both numbers are always drawn, so that changing one option changes no other draw.
                    let isReliable = Double(stream.uniform()) < options.reliability
                    let shift = Int.random(in: 1..<options.classes, using: &stream)
                    return isReliable ? label : (label + shift) % options.classes
                }
            case .randomized:
                var stream = world.random.stream("target-cue/d\(domain + 1)")
                cueClasses += own.map { _ in Int.random(in: 0..<options.classes, using: &stream) }
            case .off:
                cueClasses += own.map { _ in nil }
            }
            if options.pair > 0 { addPairs(of: own, domain: domain, isHeldOut: heldOut.contains(domain), in: world) }
        }
    }

    /// Values that add up to the class, modulo the number of classes: of two classes this is their
    /// exclusive or. Any part of them is uniform whatever the class.
    ///
    /// - Parameters:
    ///   - labels: the classes of the domain's samples.
    ///   - domain: its number, for the streams.
    ///   - isHeldOut: whether `target-pair` applies in place of the sources' rule.
    ///   - world: gives options and streams.
    private mutating func addPairs(of labels: [Int], domain: Int, isHeldOut: Bool, in world: CoOccurrenceWorld) {
        let (classes, modalities) = (world.options.classes, world.options.modalities)
        var stream = world.random.stream("pair/d\(domain + 1)")
        var other = world.random.stream("target-pair/d\(domain + 1)")
        let kind = isHeldOut ? world.options.targetPair : .kept
        for label in labels {
            let named = kind == .randomized ? Int.random(in: 0..<classes, using: &other) : label
            let free = (0..<modalities - 1).map { _ in Int.random(in: 0..<classes, using: &stream) }
            let last = ((named - free.reduce(0, +)) % classes + classes) % classes
            pairValues += (free + [last]).map { kind == .off ? nil : $0 }
        }
    }
}
