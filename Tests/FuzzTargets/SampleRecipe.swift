@testable import Configuration
@testable import Recipes

/// A small program's worth of components, which exist only here.
enum SampleRecipe {
    private struct MEROptions: Options {
        enum Estimator: String, CaseIterable, Sendable { case paper, reference }
        var estimator = Estimator.paper
        var epsilon = 1e-4

        static var fields: [OptionField<MEROptions>] {
            [.choice("estimator", \.estimator, "which one"), .number("epsilon", \.epsilon, in: 1e-12...1, "added")]
        }
    }

    private struct FileOptions: Options {
        var file = ""
        var draw = 0

        static var fields: [OptionField<FileOptions>] {
            [.path("file", \.file, "where"), .integer("draw", \.draw, in: 0..., "which draw")]
        }
    }

    static let catalogue = Catalogue { components[$0] ?? [] }

    private static let components: [ComponentKind: [ComponentDescription]] = [
        .datasets: [ComponentDescription(name: "watch", summary: "files", options: FileOptions.descriptions)],
        .encoders: [ComponentDescription(name: "mlp", summary: "layers")],
        .fusions: [ComponentDescription(name: "late", summary: "concatenation")],
        .regularizers: [
            ComponentDescription(name: "mer", summary: "spreads", options: MEROptions.descriptions),
            ComponentDescription(name: "noise", summary: "perturbs"),
        ],
        .optimizers: [ComponentDescription(name: "adam", summary: "adaptive"), ComponentDescription(name: "sgd", summary: "plain")],
        .schedules: [ComponentDescription(name: "constant", summary: "stays")],
    ]

    static let text = """
        data: watch
        model: {encoder: mlp, fusion: late}
        training: {epochs: 2, batch: 16, optimizer: {use: adam, learning-rate: 0.01}}
        variables: {lambda: 3}
        seeds: [1, 2]
        rows:
          - Fusion
          - name: + MER
            regularizers: [mer: {weight: "${lambda}", on: [a]}]
            tune: {mer.weight: [0.1, 1]}
        sweep: {data.draw: [1, 2]}

        """
}
