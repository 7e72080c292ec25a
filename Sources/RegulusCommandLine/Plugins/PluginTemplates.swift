import PluginLibraries

/// The texts of a new plug-in's files.
struct PluginTemplates {
    let name: PluginName
    let kind: Scaffold.Kind
    let door: Scaffold.Door

    private var module: String { "\(name.type)Plugin" }

    private func imports(_ inside: [String], _ outside: [String]) -> String {
        (door == .folder ? inside : outside).sorted().map { "import \($0)\n" }.joined()
    }

    var source: String {
        ComponentTemplates(name: name, imports: imports(["Configuration", "Regularization", "Tensors"], ["Regulus"])).source(of: kind)
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
        let check =
            switch kind {
            case .regularizer:
                """
                        let report = RegularizerContract.check(\(name.type).self)
                        #expect(report.failures.isEmpty, "\\(report)")
                """
            default:
                """
                        #expect(\(kind.contract).violations(of: \(name.type).self) == [])
                """
            }
        return """
            \(imports([module, kind.testing, "Testing"], [module, kind.testing, "Testing"]))
            @Suite("\(name.kebab)")
            struct \(name.type)Tests {
                @Test("keeps the contract of every \(kind.noun)")
                func contract() {
            \(check)
                }
            }

            """
    }

    var recipe: String {
        let data = kind == .dataset ? name.kebab : "co-occurrence, classes: 4, samples: 96"
        let model =
            kind == .model
            ? "model: {use: \(name.kebab), embedding: 8}"
            : """
            model:
              encoder: {use: \(kind == .encoder ? "\(name.kebab), hidden: 16, embedding: 8" : "vector-mlp, hidden: [16], embedding: 8")}
              fusion: {use: \(kind == .fusion ? "\(name.kebab), width: 16" : "late, hidden: 16")}
            """
        let extra =
            switch kind {
            case .measurement: "measure: [\(name.kebab)]\n"
            case .task: "task: {use: \(name.kebab), gamma: 2}\n"
            default: ""
            }
        let term = kind == .regularizer ? "\(name.kebab): {weight: 0.1, center: 0}" : "mer: {weight: 0.1}"
        let comment =
            kind == .regularizer ? "# What \(name.kebab) changes in a small generated world." : "# The \(kind.noun) \(name.kebab) at work, in seconds."
        return """
            \(comment)
            name: \(name.kebab)
            \(door == .library ? "plugins: [lib\(module).so]\n" : "")data: {use: \(data)}
            \(extra)\(model)
            training:
              epochs: 5
              batch: 16
              optimizer: {use: adam, learning-rate: 0.01}
            seeds: [1, 2]
            baseline: Fusion
            rows:
              - name: Fusion
              - name: + \(kind == .regularizer ? name.type : "MER")
                regularizers:
                  - \(term)

            """
    }

    /// The description of the package.
    ///
    /// - Parameter regulus: where Regulus's package comes from.
    func package(dependingOn regulus: Scaffold.Dependency) -> String {
        let product = ".product(name: \"Regulus\", package: \"regulus\")"
        let executable = """
                    // A program that loads plug-in libraries has to export its symbols to them.
                    .executableTarget(
                        name: "regulus-\(name.kebab)", dependencies: ["\(module)", \(product)],
                        linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),

            """
        return """
            // swift-tools-version: 6.1
            import PackageDescription

            let package = Package(
                name: "\(name.kebab)",
                dependencies: [\(regulus.declaration)],
                targets: [
                    .target(name: "\(module)", dependencies: [\(product)]),
            \(door == .program ? executable : "")        .testTarget(
                        name: "\(module)Tests",
                        dependencies: ["\(module)", \(product), .product(name: "\(kind.testing)", package: "regulus")]),
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }
}
