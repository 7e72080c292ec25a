import Configuration
import Networks
import Regularization
import Tensors

/// Supervised contrastive loss over all modalities: vectors of one class attract each other, whatever
/// modality they come from.
///
/// Every modality is a view of its sample, so that `V` modalities and `B` samples make `V·B` anchors.
/// Each row is divided by its length first. `ContrastiveLoss` in Networks has the formula.
///
/// It reads the encoders' own output, `B×D` with one `D` for all modalities; with `at: projection` the
/// projected one, which is how CMC uses it; SimMMDG adds `part: shared`, so that the heads read the
/// first half of each embedding.
///
/// A sample has a view for each modality that it has, and with `second-view` two: the batch is encoded once more, with noise on its inputs.
///
/// Where values are learned, samples of equal signs are of one class: below 0, exactly 0, above 0, as MMDG-Bench has it
/// for sentiment.
///
/// An anchor without positives (one modality, and a class that occurs once) is skipped; a batch of such
/// anchors only gives 0. Rows of 0 stay 0. NaN gives NaN. Cost: `O((V·B)²·D)`, and two arrays of
/// `(V·B)²`.
///
/// ```yaml
/// regularizers:
///   - supervised-contrastive: {weight: 3, at: projection}
/// ```
///
/// Source: Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, Eq. 2, with all views as
/// anchors; as used by SimMMDG (Dong et al., NeurIPS 2023), with weight 3.
public struct SupervisedContrastive: RegularizerPlugin, AddsPenalty, ReadsPresence {
    /// Whose class a row is judged by.
    public enum Labels: String, CaseIterable, Sendable {
        /// That of its own sample.
        case own
        /// Row `v` of `V` of sample `i` by the class of sample `(iV + v) mod N`: the released NEL for motor faults, which
        /// lays rows out sample by sample and labels view by view. Most of its positives are none.
        case displaced
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `T`, what similarities are divided by.
        public var temperature = 0.1

        /// `T₀`; the loss is multiplied by `T/T₀`.
        public var baseTemperature = 0.07

        /// Whether every sample is encoded a second time and counts twice.
        public var hasSecondView = false

        /// Whose class a row is judged by.
        public var labels = Labels.own

        /// Standard deviation of the second view's noise, relative to that of a modality's inputs.
        public var noise = 0.1

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("temperature", \.temperature, in: 1e-4...1e4, "temperature T, by which similarities are divided"),
                .number("base-temperature", \.baseTemperature, in: 1e-4...1e4, "T₀; the loss is multiplied by T/T₀"),
                .flag("second-view", \.hasSecondView, "whether every sample is encoded a second time and counts twice"),
                .number("noise", \.noise, in: 0...1e3, "noise on the inputs of the second view, relative to their standard deviation in the batch"),
                .choice(
                    "labels", \.labels,
                    "which class a row counts for: that of its own sample, or, as in NEL's released program for motor faults, that of another"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "supervised-contrastive",
            summary: "pulls embeddings of one class together over all modalities, and those of different classes apart",
            formula: "mean_i −(T/T₀) mean_{j∈P(i)} [s_ij − log Σ_{k≠i} exp s_ik],  s_ij = f_i·f_j/(‖f_i‖ ‖f_j‖ T)",
            source: "Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, Eq. 2; Dong et al., SimMMDG, NeurIPS 2023",
            cost: "O((M·N)²·D) and memory for two arrays of (M·N)², with M modalities; twice as many rows with second-view",
            search: [.linear("weight", 0...5, step: 0.1, of: .mmdgBench)],
            notes: [
                "Modalities of different widths need `at: projection`.",
                "Where values are learned, their signs are the class: below 0, exactly 0, above 0.",
                "Logged: anchors, the number of rows that have another row of their class. The others are skipped.",
            ])
    }

    /// Positives are samples of one class, or of values of equal signs.
    public static var tasks: [Targets.Kind] { [.classes, .values] }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// - Throws: `OptionFault` where the modalities differ in width.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        if context.modalities.count > 1 { try context.requireEqualWidths() }
        self.init(options: options)
    }

    /// The contrastive loss of all views; nil where there are none. Logs `anchors`, the number of views
    /// in use.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let second = options.hasSecondView ? step.secondView(noise: options.noise).map(\.embedding) : []
        let views = (step.originalEmbeddings.map(\.embedding) + second).filter { !$0.rows.isEmpty }
        guard !views.isEmpty else { return nil }
        let classes = step.targets.classes ?? Self.signs(of: step.targets.array)
        let loss = ContrastiveLoss(
            of: Tensor.concatenated(views.map(\.present), axis: 0).normalized(axis: 1),
            labels: views.enumerated().flatMap { view, embedding in
                embedding.rows.map { classes[options.labels == .own ? $0 : ($0 * views.count + view) % classes.count] }
            },
            temperature: options.temperature, baseTemperature: options.baseTemperature)
        return Penalty(value: loss.value, reports: [("anchors", Float(loss.anchors))])
    }

    /// A number for each row of `N×V` values, equal where all signs are.
    private static func signs(of values: Tensor) -> [Int] {
        let width = values.shape[1]
        let all = values.values
        var numbers: [[Int]: Int] = [:]
        return (0..<values.shape[0]).map { row in
            let signs = all[row * width..<(row + 1) * width].map { $0 < 0 ? -1 : $0 > 0 ? 1 : 0 }
            let number = numbers[signs] ?? numbers.count
            numbers[signs] = number
            return number
        }
    }
}
