import PluginLibraries

/// The Swift sources of new plug-ins, one that works for each kind.
///
/// Each is short enough to be read at once, and does something that makes a difference in the recipe that is written beside it.
struct ComponentTemplates {
    let name: PluginName
    /// The lines that import what the source uses.
    let imports: String

    func source(of kind: Scaffold.Kind) -> String {
        switch kind {
        case .regularizer: regularizer
        case .encoder: encoder
        case .fusion: fusion
        case .model: model
        case .dataset: dataset
        case .measurement: measurement
        case .task: task
        }
    }

    private var regularizer: String {
        """
        \(imports)
        /// Pulls every entry of the embeddings toward one value.
        ///
        ///     Σ_m 1/(N·D) Σ_{i,d} (z_{i,d} − center)²        z is the N×D embedding of modality m
        ///
        /// Cost: `O(N·D)`. Works for any `N`; NaN stays NaN.
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

    private var encoder: String {
        """
        \(imports)
        /// Flattens samples of any shape and applies a linear map, ReLU, and a linear map to the embedding.
        public final class \(name.type): EncoderPlugin {
            public struct Options: ComponentOptions {
                /// Width of the hidden layer.
                public var hidden = 32
                /// Width `D` of the embedding.
                public var embedding = 16

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [
                        .integer("hidden", \\.hidden, in: 1...65536, unit: "features", "width of the hidden layer"),
                        .integer("embedding", \\.embedding, in: 1...65536, unit: "features", "width of the embedding"),
                    ]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "two linear maps with ReLU between them", source: "our own", options: Options.descriptions)

            public let embeddingWidth: Int
            /// It has no tokens.
            public var providesTokens = false
            private let hidden: Linear
            private let output: Linear

            public var parts: Parts { ["hidden": hidden, "output": output] }

            /// - Throws: `OptionFault` for samples without values.
            public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
                guard sampleShape.elementCount > 0 else { throw OptionFault(option: nil, expected: "samples with values", found: "\\(sampleShape)") }
                embeddingWidth = options.embedding
                hidden = Linear(sampleShape.elementCount, options.hidden, from: initializer["hidden"])
                output = Linear(options.hidden, options.embedding, from: initializer["output"])
            }

            /// - Parameter x: `N×`(sample shape), channels last.
            public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
                let flat = x.reshaped([x.shape[0], hidden.inputs])
                return Embedding(pooled: output(hidden(flat).relu()))
            }
        }

        """
    }

    private var fusion: String {
        """
        \(imports)
        /// Maps every embedding to one width; the classifier reads their mean.
        public final class \(name.type): FusionPlugin {
            public struct Options: ComponentOptions {
                /// Width `F` of the representation.
                public var width = 32

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.integer("width", \\.width, in: 1...65536, unit: "features", "width of the representation that the classifier reads")]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "mean of all embeddings after mapping each to one width", formula: "logits = W ReLU(mean_m (V_m z_m))",
                source: "our own", options: Options.descriptions)

            public let modalities: [Modality]
            public let readsTokens = false
            public let representationWidth: Int
            private let projections: [(name: Modality, map: Linear)]
            private let classifier: Linear

            public var parts: Parts {
                ["projections": Parts(projections.map { (name: $0.name.name, part: $0.map) }), "classifier": classifier]
            }

            public init(options: Options, context: FusionContext) {
                modalities = context.modalities
                representationWidth = options.width
                projections = context.modalities.map { name in
                    (name, Linear(context.width(of: name), options.width, from: context.initializer["projections"][name.name]))
                }
                classifier = Linear(options.width, context.classes, from: context.initializer["classifier"])
            }

            /// - Parameter embeddings: one `N×D` for each modality, in any order.
            public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
                let mapped = projections.compactMap { name, map in embeddings[name].map { map($0.pooled) } }
                let representation = (mapped.dropFirst().reduce(mapped[0], +) / Float(mapped.count)).relu()
                return Prediction(logits: classifier(representation), representation: representation)
            }
        }

        """
    }

    private var model: String {
        """
        \(imports)
        /// A linear map of each modality to an embedding, and a linear map of all embeddings to the prediction.
        public final class \(name.type): ModelPlugin {
            public struct Options: ComponentOptions {
                /// Width `D` of every embedding.
                public var embedding = 16

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.integer("embedding", \\.embedding, in: 1...65536, unit: "features", "width of every embedding")]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "linear encoders and a linear fusion", source: "our own", options: Options.descriptions)

            public let modalities: [Modality]
            public let embeddingWidths: [Modality: Int]
            public let representationWidth: Int?
            private let encoders: [(name: Modality, map: Linear)]
            private let classifier: Linear

            /// By these names, regularizers know what belongs to which encoder: `encoders.<modality>.…`, and `fusion.…` for everything else.
            public var parts: Parts {
                ["encoders": Parts(encoders.map { (name: $0.name.name, part: $0.map) }), "fusion": ["classifier": classifier] as Parts]
            }

            public init(options: Options, context: ModelContext) throws(OptionFault) {
                modalities = context.modalities
                embeddingWidths = Dictionary(uniqueKeysWithValues: context.modalities.map { ($0, options.embedding) })
                var encoders: [(name: Modality, map: Linear)] = []
                for name in context.modalities {
                    guard let shape = context.sampleShapes[name], shape.elementCount > 0 else {
                        throw OptionFault(option: nil, expected: "samples with values", found: "none of \\(name)")
                    }
                    encoders.append((name, Linear(shape.elementCount, options.embedding, from: context.initializer["encoders"][name.name])))
                }
                self.encoders = encoders
                let width = context.modalities.count * options.embedding
                representationWidth = width
                classifier = Linear(width, context.classes, from: context.initializer["fusion"]["classifier"])
            }

            public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
                Embeddings(
                    encoders.compactMap { name, map in
                        inputs[name].map { x in (name, Embedding(pooled: map(x.reshaped([x.shape[0], map.inputs])).tanh())) }
                    })
            }

            public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
                let joined = Tensor.concatenated(modalities.compactMap { embeddings[$0]?.pooled }, axis: 1)
                return Prediction(logits: classifier(joined), representation: joined)
            }
        }

        """
    }

    private var dataset: String {
        """
        \(imports)
        /// A small generated data set of two modalities, three domains and two classes. Replace it with code that reads your own files.
        ///
        /// The labels and domains of all rows are in memory; `inputs` returns the inputs of the rows that a batch needs.
        public struct \(name.type): DatasetPlugin {
            public struct Options: ComponentOptions {
                /// Samples of each domain.
                public var samples = 60

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.integer("samples", \\.samples, in: 4...1_000_000, unit: "samples", "how many samples each domain has")]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "a generated world: two modalities, three domains, two classes", source: "our own",
                options: Options.descriptions)

            /// Features of one sample.
            private static let width = 8

            public let facts: DatasetFacts
            /// The class of every row.
            public let labels: [Int]
            /// The domain of every row.
            public let domains: [Int]
            /// Row-major, rows × width.
            private let values: [String: [Float]]

            /// - Throws: `DatasetFault` if data cannot be read; generated data like these always can.
            public init(options: Options) throws(DatasetFault) {
                let names = ["video", "audio"]
                let rows = 0..<3 * options.samples
                labels = rows.map { $0 % 2 }
                domains = rows.map { $0 / options.samples }
                facts = DatasetFacts(
                    modalities: names.map { DatasetFacts.ModalityFacts(name: $0, sampleShape: [Self.width]) }, domains: ["d1", "d2", "d3"],
                    classes: ["low", "high"], samplesPerDomain: [options.samples, options.samples, options.samples])
                var values: [String: [Float]] = [:]
                for name in names {
                    var stream = RandomSource(seed: 1).stream(name)
                    values[name] = rows.flatMap { row in
                        (0..<Self.width).map { column in
                            let signal: Float = column == 0 ? Float(2 * (row % 2) - 1) : 0
                            return signal + Float(row / options.samples) * 0.3 + stream.normal()
                        }
                    }
                }
                self.values = values
            }

            /// - Returns: `N×width`.
            public func inputs(_ rows: [Int], modality: String) throws -> Tensor {
                guard let values = values[modality] else {
                    throw DatasetFault(message: "the data set has no modality '\\(modality)'", expected: "video or audio")
                }
                return Tensor(rows.flatMap { values[$0 * Self.width..<($0 + 1) * Self.width] }, shape: [rows.count, Self.width])
            }
        }

        """
    }

    private var measurement: String {
        """
        \(imports)
        /// How sure a trained model is: the mean probability of the class that it predicts, on source validation and on the held-out domain.
        public struct \(name.type): MeasurementPlugin {
            public struct Options: ComponentOptions {
                /// The temperature `T`, by which logits are divided.
                public var temperature = 1.0

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.number("temperature", \\.temperature, in: 0.001...1000, "the temperature T, by which logits are divided")]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "mean probability of the predicted class", formula: "1/N Σ_n max_k softmax(x_n / T)_k",
                source: "our own", options: Options.descriptions)

            /// It needs classes.
            public static let tasks = [TargetKind.classes]

            public let reads: Set<SampleSet> = [.validation, .target]
            private let options: Options

            public init(options: Options) { self.options = options }

            public func measure(_ model: TrainedModel) throws -> Findings {
                var findings = Findings()
                for set in [SampleSet.validation, .target] {
                    // A value that cannot be computed, for instance because there are no samples, is kept with the reason.
                    findings.add("mean-confidence", on: set) {
                        let probabilities = try ClassProbabilities(logits: model.outputs(on: set).logits, temperature: options.temperature)
                        let confidences = probabilities.confidences
                        guard !confidences.isEmpty else { throw Undefined("there are no samples") }
                        return confidences.reduce(0, +) / Double(confidences.count)
                    }
                }
                return findings
            }
        }

        """
    }

    private var task: String {
        """
        \(imports)
        /// Classification with the focal loss, in which samples that are already predicted well count less.
        ///
        ///     −1/N Σ_n (1 − p_n)^γ log p_n        p_n is the probability of sample n's class
        ///
        /// Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 4.
        public struct \(name.type): TaskPlugin {
            public struct Options: ComponentOptions {
                /// How much less they count; 0 is cross-entropy.
                public var gamma = 2.0

                public init() {}

                public static var fields: [OptionField<Options>] {
                    [.number("gamma", \\.gamma, in: 0...10, "how much less a sample counts if it is already predicted well; 0 is cross-entropy")]
                }
            }

            public static let description = ComponentDescription(
                name: "\(name.kebab)", summary: "one class out of several, with the focal loss", formula: "−1/N Σ_n (1 − p_n)^γ log p_n",
                source: "Lin et al. 2017, equation 4")
            public static let targets = TargetKind.classes

            /// Tables show the first score, and selection uses it.
            public let scores = [ScoreDescription("accuracy")]
            public let criterion: Criterion

            public init(options: Options, context: TaskContext) {
                let gamma = Float(options.gamma)
                criterion = Criterion("focal") { outputs, targets in
                    let logarithms = (outputs.logSoftmax(axis: 1) * targets).sum(axis: 1)
                    // 1 − p, kept above 0, because a power may have an infinite slope there.
                    let rest = (1 - logarithms.exp()).clamped(lower: 1e-6)
                    return -(rest.power(gamma) * logarithms).mean()
                }
            }

            /// - Parameter outputs: `N×K`.
            public func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
                let labels = targets.classes ?? []
                let isRight = zip(zip(outputs.argmax(axis: 1), labels), areFinite(outputs)).map { $0.0 == $0.1 && $1 }
                return [.success(Double(isRight.count { $0 }) / Double(isRight.count))]
            }
        }

        """
    }
}
