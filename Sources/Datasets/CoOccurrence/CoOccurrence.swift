import Configuration
import Tensors

/// A generated world in which a strong cue across modalities competes with a signal that holds
/// everywhere.
///
/// Every modality m of a sample of class c in domain d is
///
///     x = Rₘ·[ aₘ(c) + ε₁ , p_d,m(vₘ(c')) + ε₂ , u + ε₃ ],   ε ~ N(0, noise²),  u ~ N(0, 1)
///
/// - `aₘ(c)` is the invariant code, the same in every domain: `invariant-width` entries drawn from N(0,
///   `invariant`²/2), so that two classes differ by `invariant` (root mean square) in each. With the
///   defaults, classes are 1·√12 ≈ 3.5 noise deviations apart in one modality and 4.9 in two: weak
///   alone, enough when used.
/// - `vₘ` is a partial code of the class with K/2 values: c ÷ 2 in the first modality, c mod K/2 in the
///   second, a random pairing of classes in every further one. One part never names the class; the
///   first two together do.
/// - `p_d,m` are the patterns in which the values appear: `cue-width` entries drawn from N(0, `cue`²)
///   **anew for every domain**, so what is learned about the joint cue in the sources is worthless or
///   misleading elsewhere.
/// - `c'` is the sample's class with probability `reliability`, else one of the others, the same in all
///   modalities.
/// - With `pair` above 0 another block `qₘ(wₘ) + ε` follows: `wₘ` are numbers modulo the number of
///   classes that add up to the class, so that each one says nothing and all together name it (of two
///   classes: an exclusive or), and `qₘ` are patterns of `pair-width` entries drawn from N(0, `pair`²)
///   that all domains share. What is learned about this pair holds in a new domain. With
///   `target-pair: randomized` a held-out domain shows the pair of a random class instead: the sources
///   are the same to the bit, so no rule that sees sources only can tell the two worlds apart.
/// - `u` has `nuisance` entries; `Rₘ` is a fixed rotation, so that no coordinate is special.
///
/// Classes are balanced: row i of a domain has class i mod K. Everything is a function of `draw`; each
/// part draws from its own stream, so that turning one dial leaves the other draws as they were.
///
/// ```yaml
/// data: {use: co-occurrence, cue: 2.0, reliability: 0.9, target-cue: randomized, draw: 3}
/// ```
public struct CoOccurrence: DatasetPlugin, HoldsArrays {
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "co-occurrence",
            summary: "generated world: a strong cue across modalities that changes with the domain, and a weaker signal that does not",
            formula: "x_m = R_m [ a_m(c) + ε, p_{d,m}(v_m(c')) + ε, u + ε, q_m(w_m) + ε ],  Σ_m w_m ≡ c mod K",
            source: "a controlled test of fusion overfitting: a model learns the joint cue from the sources, and the cue fails in the target",
            options: Options.descriptions,
            notes: [
                "parts of the cue: class ÷ 2 in m1, class mod K/2 in m2, a random pairing of the classes in further modalities",
                "target-cue says what the cue is in a held-out domain; kept = its own patterns, randomized = those of a random class, off = none",
                "pair: m1 or m2 alone says nothing, both together name the class (an exclusive or of K values), with the same patterns in every domain; "
                    + "`invariant: 0.3, cue: 0, pair: 2` is a world in which fusion is right; with `target-pair: randomized` the same sources mislead",
                "one draw of the world says little: compare rows over at least five draws",
            ])
    }

    /// Modalities `m1`, `m2`, …, domains `d1`, `d2`, … and classes `class-0`, `class-1`, ….
    public let facts: DatasetFacts
    /// The class of each row, row number mod K within its domain.
    public let labels: [Int]
    /// The domain of each row; the rows of a domain follow each other.
    public let domains: [Int]
    /// What the samples were made of: classes of the cue, and the latent values before rotation. They
    /// are generated again on each call.
    public var factors: GeneratingFactors? { world.factors(of: rows) }

    private let world: CoOccurrenceWorld
    private let rows: CoOccurrenceRows
    /// All samples, in memory.
    let arrays: [ModalityArray]

    /// Generates the world.
    ///
    /// - Throws: `DatasetFault` where the number of classes is odd, or the world takes more than a gibibyte or about 20 seconds to make,
    ///   with a dial and the largest value of it that would do.
    public init(options: Options) throws(DatasetFault) {
        guard options.classes.isMultiple(of: 2) else {
            throw DatasetFault(
                option: "classes", message: "option classes: found \(options.classes)",
                expected: "an even number, as the cue's parts pair classes", suggestion: "\(options.classes + 1)")
        }
        // Each dial is bounded by itself; what counts is their product.
        let world = CoOccurrenceWorld(options)
        guard world.size.isPossible else { throw Self.tooLarge(world) }
        self.init(world: world, heldOut: [])
    }

    /// The dial that has to be turned down the least for a world that can be made, and how far.
    ///
    /// Every dial is tried by itself, the others as they are. What a world takes rises with each of
    /// them, so the largest value that would do is found by halving.
    ///
    /// - Parameter world: one that is too large.
    /// - Returns: a fault at that dial; at `samples`, without a value, where no single dial would do.
    private static func tooLarge(_ world: CoOccurrenceWorld) -> DatasetFault {
        let options = world.options
        let dials: [(name: String, dial: WritableKeyPath<Options, Int>, least: Int)] = [
            ("samples", \.samples, 1), ("nuisance", \.nuisance, 0), ("invariant-width", \.invariantWidth, 1), ("cue-width", \.cueWidth, 1),
            ("pair-width", \.pairWidth, 1), ("domains", \.domains, 2), ("modalities", \.modalities, 2), ("classes", \.classes, 4),
        ]
        var best: (name: String, found: Int, most: Int)?
        for (name, dial, least) in dials {
            func isPossible(_ value: Int) -> Bool {
                var changed = options
                changed[keyPath: dial] = value
                return CoOccurrenceWorld(changed).size.isPossible
            }
            let found = options[keyPath: dial]
            guard least < found, isPossible(least) else { continue }
            var (possible, impossible) = (least, found)
            while impossible - possible > 1 {
                let middle = (possible + impossible) / 2
                if isPossible(middle) { possible = middle } else { impossible = middle }
            }
            let most = name == "classes" ? possible / 2 * 2 : possible
            // Of a dial that is large to begin with, less is lost.
            if best.map({ most * $0.found > $0.most * found }) ?? true { best = (name, found, most) }
        }
        let (name, found, most) = best ?? ("samples", options.samples, 1)
        return DatasetFault(
            option: name,
            message: "option \(name): found \(found), with which a world of \(options.samples) samples of \(world.width) dimensions in each of "
                + "\(options.domains) domains and \(options.modalities) modalities takes "
                + (world.size.isTooLarge ? "more than a gibibyte" : "longer to make than to learn from"),
            expected: best == nil ? "fewer and narrower modalities, domains and classes, too" : "at most \(most) beside the other options, or less of those",
            suggestion: best == nil ? nil : "\(most)")
    }

    /// Generates the samples, with `target-cue` applied to the domains that are held out.
    private init(world: CoOccurrenceWorld, heldOut: Set<Int>) {
        let options = world.options
        self.world = world
        rows = CoOccurrenceRows(world, heldOut: heldOut)
        labels = rows.labels
        domains = rows.domains
        arrays = (0..<options.modalities).map { [world, rows] in world.array($0, of: rows) }
        facts = DatasetFacts(
            arrays, domains: (1...options.domains).map { "d\($0)" },
            classes: (0..<options.classes).map { "class-\($0)" }, domainOfRow: domains)
    }

    /// Some rows of a modality, `N×D` with D = `invariant-width` + `cue-width` + `nuisance`.
    ///
    /// - Throws: `DatasetFault` for an unknown modality.
    public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        guard let inputs = arrays.inputs(rows, modality: modality) else { throw unknownModality(modality) }
        return inputs
    }

    /// The same world with `target-cue` applied to `domains`; all other samples keep their bits.
    public func holdingOut(_ domains: [Int]) -> any Dataset {
        world.options.targetCue == .kept && world.options.targetPair == .kept ? self : CoOccurrence(world: world, heldOut: Set(domains))
    }
}

/// How a held-out domain of the generated world shows the cue, or what only the pair of modalities says.
public enum TargetCue: String, CaseIterable, Sendable {
    /// As a source domain does, in the domain's own patterns.
    case kept
    /// As the cue of a random class, whatever the sample's own.
    case randomized
    /// Not at all.
    case off
}

extension CoOccurrence {
    /// The parameters of the generated world.
    public struct Options: Configuration.Options {
        /// The number of classes K; even.
        public var classes = 8
        /// The number of modalities, named `m1`, `m2`, ….
        public var modalities = 2
        /// The number of samples in each domain.
        public var samples = 1200
        /// The number of domains, named `d1`, `d2`, ….
        public var domains = 3
        /// The strength of the class code that is the same in every domain.
        public var invariant = 1.0
        /// The number of entries of that code.
        public var invariantWidth = 12
        /// The strength of the co-occurrence cue.
        public var cue = 2.0
        /// The number of entries of a cue's pattern.
        public var cueWidth = 8
        /// The share of samples whose cue names their own class.
        public var reliability = 1.0
        /// How a held-out domain shows the cue.
        public var targetCue = TargetCue.kept
        /// The strength of what names the class in the pair of modalities alone; 0 for none.
        public var pair = 0.0
        /// The number of entries of the pair's patterns.
        public var pairWidth = 8
        /// How a held-out domain shows the pair.
        public var targetPair = TargetCue.kept
        /// The number of latent dimensions that are independent of the class.
        public var nuisance = 12
        /// The standard deviation of the noise on every latent dimension.
        public var noise = 1.0
        /// The seed of the world: codes, patterns, rotations and samples are functions of it.
        public var draw = 0

        /// A world with 8 classes, 2 modalities and 3 domains of 1200 samples, with a cue that is
        /// always right.
        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("classes", \.classes, in: 4...1000, "number of classes K, an even number"),
                .integer("modalities", \.modalities, in: 2...16, "number of modalities, called m1, m2, …"),
                .integer("samples", \.samples, in: 1...1_000_000, unit: "samples a domain", "samples in each domain"),
                .integer("domains", \.domains, in: 2...100, "number of domains, called d1, d2, …"),
                .number(
                    "invariant", \.invariant, in: 0...100, unit: "root mean square difference of two classes in one dimension",
                    "strength of the class code that is the same in every domain"),
                .integer("invariant-width", \.invariantWidth, in: 1...1024, unit: "latent dimensions", "width of that code"),
                .number(
                    "cue", \.cue, in: 0...100, unit: "standard deviation of a pattern's entries",
                    "strength of the co-occurrence cue, whose patterns are drawn anew for every domain"),
                .integer("cue-width", \.cueWidth, in: 1...1024, unit: "latent dimensions", "width of a cue's pattern"),
                .number(
                    "reliability", \.reliability, in: 0...1, unit: "fraction of samples",
                    "how often the cue names the sample's own class rather than another one"),
                .choice("target-cue", \.targetCue, "what the cue is in a held-out domain"),
                .number(
                    "pair", \.pair, in: 0...100, unit: "standard deviation of a pattern's entries",
                    "strength of the signal that only both modalities of the pair together carry, with the same patterns in every domain; 0 for none"),
                .integer("pair-width", \.pairWidth, in: 1...1024, unit: "latent dimensions", "width of the pair's patterns"),
                .choice("target-pair", \.targetPair, "what the pair's signal is in a held-out domain"),
                .integer("nuisance", \.nuisance, in: 0...1024, unit: "latent dimensions", "dimensions that say nothing about the class"),
                .number("noise", \.noise, in: 0...100, unit: "standard deviation", "noise on every latent dimension"),
                .integer(
                    "draw", \.draw, in: 0...Int(Int32.max),
                    "number of the world; codes, patterns, rotations and samples are drawn from it"),
            ]
        }
    }
}
