import Configuration

/// One option of every kind.
struct SampleOptions: Options, Equatable {
    enum Shape: String, CaseIterable, Sendable {
        case paper, reference
        case warmUp = "warm-up"
    }

    var epsilon = 1e-4
    var rate = 0.5
    var clip: Double?
    var width = 32
    var limit: Int?
    var bias = true
    var shape = Shape.paper
    var fallback: Shape?
    var path = "data"
    var split: String?
    var files: [String] = []
    var names: [String]?
    var scales = [0.5, 1]
    var hidden = [8, 8]

    static var fields: [OptionField<SampleOptions>] {
        [
            .number("epsilon", \.epsilon, in: 1e-12...1, unit: "variance", "added to the variances"),
            .number("rate", \.rate, in: 0..<1, "share dropped"),
            .number("clip", \.clip, in: 0..., "largest norm"),
            .integer("width", \.width, in: 1...4096, unit: "features", "width"),
            .integer("limit", \.limit, in: ...9, "limit"),
            .flag("bias", \.bias, "whether there is a bias"),
            .choice("shape", \.shape, "which one"),
            .choice("fallback", \.fallback, "which one otherwise"),
            .text("path", \.path, "where"),
            .text("split", \.split, "which part"),
            .texts("files", \.files, "which files"),
            .texts("names", \.names, "which names"),
            .numbers("scales", \.scales, in: 0...1, "scales"),
            .integers("hidden", \.hidden, in: 1...64, unit: "features", "hidden widths"),
        ]
    }
}

/// An option without a sensible default.
struct RequiredOptions: Options {
    var path = ""

    static var fields: [OptionField<RequiredOptions>] {
        [.text("path", \.path, required: true, "where the data lie")]
    }
}
