import PluginLibraries

/// The texts of a new plug-in's files.
struct PluginTemplates {
    let name: PluginName
    let door: Scaffold.Door
    /// Regulus's package.
    let regulus: String

    private var module: String { "\(name.type)Plugin" }

    private func imports(_ inside: [String], _ outside: [String]) -> String {
        (door == .folder ? inside : outside).sorted().map { "import \($0)\n" }.joined()
    }

    var regularizer: String {
        """
        \(imports(["Configuration", "Regularization", "Tensors"], ["Regulus"]))
        /// Pulls every entry of the embeddings toward one value.
        ///
        ///     Σ_m 1/(N·D) Σ_{i,d} (z_{i,d} − center)²        z is the N×D embedding of modality m
        ///
        /// Cost: `O(N·D)`. Any `N`; NaN stays NaN.
        ///
        /// Source: our own. Name the paper and the equation here, and in the description.
        public struct \(name.type): RegularizerPlugin, AddsPenalty {
            public struct Options: ComponentOptions {
                /// The value that entries are pulled toward.
                public var center = 0.0

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.number("center", \\.center, in: -100...100, unit: "embedding entry", "the value that entries are pulled toward")]
                }
            }

            public static var description: ComponentDescription {
                ComponentDescription(
                    name: "\(name.kebab)",
                    summary: "pulls every entry of the embeddings toward one value",
                    formula: "Σ_m 1/(N·D) Σ (z − center)²",
                    source: "our own")
            }

            private let options: Options

            public init(options: Options, context: RegularizerContext) { self.options = options }

            public func penalty(_ step: TrainingStep) -> Penalty? {
                Penalty.sum(over: step.embeddings) { z, _ in
                    let distance = (z - Float(options.center)).squared().mean()
                    return Penalty(value: distance, reports: [("distance", distance.item)])
                }
            }
        }

        """
    }

    var registration: String {
        """
        import Regulus

        /// What this plug-in adds to the program.
        public func register(in registrar: inout PluginRegistrar) throws {
            try registrar.register(\(name.type).self)
        }

        """
    }

    var program: String {
        """
        import \(module)
        import Regulus

        RegulusProgram.run(registering: register)

        """
    }

    var test: String {
        """
        \(imports([module, "RegularizerTesting", "Testing"], [module, "RegularizerTesting", "Testing"]))
        @Suite("\(name.kebab)")
        struct \(name.type)Tests {
            @Test("keeps what every regularizer has to keep")
            func contract() {
                let report = RegularizerContract.check(\(name.type).self)
                #expect(report.failures.isEmpty, "\\(report)")
            }
        }

        """
    }

    var recipe: String {
        """
        # What \(name.kebab) changes on a small generated world.
        name: \(name.kebab)
        \(door == .library ? "plugins: [lib\(module).so]\n" : "")data: {use: co-occurrence, classes: 4, samples: 96}
        model:
          encoder: {use: vector-mlp, hidden: [16], embedding: 8}
          fusion: {use: late, hidden: 16}
        training:
          epochs: 5
          batch: 16
          optimizer: {use: adam, learning-rate: 0.01}
        seeds: [1, 2]
        baseline: Fusion
        rows:
          - name: Fusion
          - name: + \(name.type)
            regularizers:
              - \(name.kebab): {weight: 0.1, center: 0}

        """
    }

    var package: String {
        let product = ".product(name: \"Regulus\", package: \"regulus\")"
        let executable = """
                    // A program that loads libraries has to show them its symbols.
                    .executableTarget(
                        name: "regulus-\(name.kebab)", dependencies: ["\(module)", \(product)],
                        linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),

            """
        return """
            // swift-tools-version: 6.1
            import PackageDescription

            let package = Package(
                name: "\(name.kebab)",
                dependencies: [.package(name: "regulus", path: "\(regulus.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))")],
                targets: [
                    .target(name: "\(module)", dependencies: [\(product)]),
            \(door == .program ? executable : "")        .testTarget(
                        name: "\(module)Tests",
                        dependencies: ["\(module)", \(product), .product(name: "RegularizerTesting", package: "regulus")]),
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }
}
