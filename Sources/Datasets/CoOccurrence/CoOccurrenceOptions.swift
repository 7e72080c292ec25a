import Configuration

/// How a held-out domain of the generated world shows the cue.
public enum TargetCue: String, CaseIterable, Sendable {
    /// As a source domain does, with the domain's own patterns.
    case kept
    /// Of a class drawn at random, whatever the sample's own.
    case randomized
    /// Not at all.
    case off
}

extension CoOccurrence {
    /// The dials of the generated world.
    public struct Options: Configuration.Options {
        public var classes = 8
        public var modalities = 2
        public var samples = 1200
        public var domains = 3
        public var invariant = 1.0
        public var invariantWidth = 12
        public var cue = 2.0
        public var cueWidth = 8
        public var reliability = 1.0
        public var targetCue = TargetCue.kept
        public var nuisance = 12
        public var noise = 1.0
        public var draw = 0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("classes", \.classes, in: 4...1000, "number of classes K, even"),
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
                    "how often the cue names the sample's own class; otherwise it names another"),
                .choice("target-cue", \.targetCue, "how a held-out domain shows the cue"),
                .integer("nuisance", \.nuisance, in: 0...1024, unit: "latent dimensions", "dimensions that say nothing about the class"),
                .number("noise", \.noise, in: 0...100, unit: "standard deviation", "noise on every latent dimension"),
                .integer(
                    "draw", \.draw, in: 0...Int(Int32.max),
                    "which world: codes, patterns, rotations and samples are a function of it"),
            ]
        }
    }
}
