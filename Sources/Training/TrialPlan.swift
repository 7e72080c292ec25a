import Configuration
import Datasets
import Networks
import Persistence
import Regularization
import Results
import Selection

/// Everything that decides how one trial comes out, as plain values. Equal plans give equal bits.
///
/// A trial is a training and an evaluation: ``target`` says where the model is measured, and all else decides how it is trained. Trials that
/// differ in the target alone are evaluations of one training, which goes by the name ``training``.
package struct TrialPlan: Sendable {
    package var data: ComponentPlan
    /// What is learned.
    package var task = ComponentPlan("classification")
    /// Identifies the content of the data, beyond their name: see `Fingerprint`.
    package var dataFingerprint: String
    package var standardization: StandardizationRule
    package var model: TrialModel
    /// Domains trained on, indices into the data set's.
    package var sources: [Int]
    /// The domains held out: one of a trial, one for each trial of a training that serves several.
    package var targets: [Int]
    package var validation: ValidationRule
    package var selection: EpochSelection
    package var epochs: Int
    package var batch: Int
    package var batching: BatchOrder
    package var optimizer: ComponentPlan
    package var learningRate: Double
    package var schedule: ComponentPlan
    package var gradientClip: Double?
    package var regularizers: [TermPlan]
    package var seed: Int
    /// Numbers are equal to the bit only with the same number of threads.
    package var threads: Int
    /// The digest of the program: results of other code are other results.
    package var program = ProgramCode.digest
    /// Digests of the code of the libraries, loaded at run time, that the plan's components come from.
    package var foreignCode: [String] = []
    /// Digests of the code of the data set and the encoders among them.
    package var foreignStemCode: [String] = []
    /// How many different views training has of each sample, the same for every seed; nil for a new one in each epoch, by the seed.
    package var augmentationDraws: Int?
    /// Steps of an epoch where that is not one pass over the training rows.
    package var stepsPerEpoch: Int?
    /// Which of equal scores on source validation is taken.
    package var ties = TieRule.lowerLoss
    /// Factors of the learning rate for parts of the model.
    package var rates: [PartRate] = []
    /// Whether what frozen stems make is stored as 16-bit floats and read from there.
    package var stemCache = false
    /// Whether every epoch measures what each modality alone makes of the held-back samples, as a rule may need it; else the reported one does, and the last.
    package var probesEveryEpoch = false
    /// Digests of the files that encoders take their weights from.
    package var weightDigests: [String] = []
    /// Options of the data set that change no bit of a result, such as threads that decode; the plan's hash leaves them out.
    package var indifferentOptions: Set<String> = []

    package init(
        data: ComponentPlan, dataFingerprint: String, standardization: StandardizationRule, model: TrialModel, sources: [Int],
        target: Int, validation: ValidationRule, selection: EpochSelection, epochs: Int, batch: Int, batching: BatchOrder,
        optimizer: ComponentPlan, learningRate: Double, schedule: ComponentPlan = ComponentPlan("constant"), gradientClip: Double? = nil,
        regularizers: [TermPlan], seed: Int, threads: Int
    ) {
        self.data = data
        self.dataFingerprint = dataFingerprint
        self.standardization = standardization
        self.model = model
        self.sources = sources
        targets = [target]
        self.validation = validation
        self.selection = selection
        self.epochs = epochs
        self.batch = batch
        self.batching = batching
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.schedule = schedule
        self.gradientClip = gradientClip
        self.regularizers = regularizers
        self.seed = seed
        self.threads = threads
    }

    /// The names of all components that take part.
    package var componentNames: Set<String> {
        var names: Set<String> = [task.name, optimizer.name, schedule.name]
        names.formUnion(data.componentNames)
        switch model {
        case .assembled(let encoders, let fusion): names.formUnion(encoders.values.map(\.name) + [fusion.name])
        case .whole(let model, _): names.insert(model.name)
        }
        names.formUnion(selection.componentNames)
        func add(_ terms: [TermPlan]) {
            for term in terms {
                switch term.content {
                case .regularizer(let name, _): names.insert(name)
                case .sum(let terms): add(terms)
                }
            }
        }
        add(regularizers)
        return names
    }

    /// A name for exactly this plan under exactly this program: 64 hexadecimal digits.
    package var hash: String { names.hash }

    /// A name for what is trained, whatever it is measured on: plans with equal names end with the same model, to the bit.
    ///
    /// That rests on what `Dataset.holdingOut` promises: no sample of a source domain depends on which domains are held out.
    package var training: String { names.training }

    /// Both names, for who needs both: to write down what they are made of takes longer than all else.
    package var names: (hash: String, training: String) {
        let (before, after) = canonicalLines
        func name(_ targets: String) -> String { SHA256Digest(of: (before + [targets] + after).joined(separator: "\n")).hex }
        return (name("targets \(targets)"), name("any targets"))
    }

    /// The same training, measured on other domains.
    package func measured(on targets: [Int]) -> TrialPlan {
        var plan = self
        plan.targets = targets
        return plan
    }

    /// The data set without the options that change no bit.
    var dataText: String {
        let options = data.options.filter { !indifferentOptions.contains($0.key) }
        return text(ComponentPlan(data.name, options: options.mapValues { $0.leavingOut(indifferentOptions) }))
    }

    /// Every value but the targets in a fixed order, one a line: those that are written before the targets, and those after.
    private var canonicalLines: (before: [String], after: [String]) {
        var before = [
            "program \(program)", "data \(dataText)", "fingerprint \(dataFingerprint)", "standardize \(standardization.rawValue)",
            "task \(text(task))",
        ]
        switch model {
        case .assembled(let encoders, let fusion):
            before += encoders.sorted { $0.key < $1.key }.map { "encoder \($0.key) \(text($0.value))" }
            before.append("fusion \(text(fusion))")
        case .whole(let model, let modalities):
            before.append("model \(text(model)) of \(modalities.map(\.name))")
        }
        before.append("sources \(sources)")
        var lines = [
            "validation \(validation)", "selection \(selectionText)",
            "epochs \(epochs)", "batch \(batch)", "batching \(batching.rawValue)", "optimizer \(text(optimizer))",
            "learning-rate \(learningRate)", "schedule \(text(schedule))", "gradient-clip \(gradientClip.map { "\($0)" } ?? "none")",
        ]
        lines += regularizers.map { "regularizer \(text($0))" }
        // Written only where they differ from the earlier behavior, so that older hashes stay valid.
        lines += augmentationDraws.map { ["augmentation-draws \($0)"] } ?? []
        lines += stepsPerEpoch.map { ["steps-per-epoch \($0)"] } ?? []
        // What is trained on its own target holds rows of it back, and serves no other target.
        lines += sources == targets ? ["trained on the target"] : []
        lines += ties == .lowerLoss ? [] : ["ties \(ties.rawValue)"]
        lines += rates.map { "rate of \($0.part) \($0.factor)" }
        lines += stemCache ? ["stem-cache"] : []
        lines += probesEveryEpoch ? ["probes every epoch"] : []
        lines += weightDigests.map { "weights \($0)" }
        lines += ["seed \(seed)", "threads \(threads)"] + foreignCode.map { "code \($0)" }
        return (before, lines)
    }

    private var selectionText: String {
        switch selection {
        case .rule(let rule): text(ComponentPlan(rule.name, options: rule.options))
        case .epoch(let epoch): "epoch \(epoch)"
        }
    }

    private func text(_ term: TermPlan) -> String {
        let shared =
            "\(term.instance) weight \(term.weight.map { "\($0)" } ?? "default") schedule \(text(term.schedule.encoded)) "
            + "after \(term.after.map(\.description) ?? "start") until \(term.until.map(\.description) ?? "end") "
            + "on \(term.modalities?.map(\.name).joined(separator: ",") ?? "all")"
        switch term.content {
        case .regularizer(let name, let options):
            let points = term.points.map { " points \($0.joined(separator: ","))" } ?? ""
            return "\(shared) at \(term.place.rawValue) part \(term.part.rawValue)\(points) \(text(term.projection.encoded)) "
                + text(ComponentPlan(name, options: options))
        case .sum(let terms):
            return "\(shared) sum [" + terms.map(text).joined(separator: "; ") + "]"
        }
    }

    private func text(_ component: ComponentPlan) -> String {
        component.name + " " + text(component.options.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
    }

    private func text(_ options: [(name: String, value: OptionValue)]) -> String {
        "{" + options.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + "}"
    }
}

/// A component by name, with the options that the recipe gave.
package struct ComponentPlan: Sendable, Hashable {
    package var name: String
    package var options: [String: OptionValue]

    package init(_ name: String, options: [String: OptionValue] = [:]) {
        self.name = name
        self.options = options
    }

    /// The name with the options, in the order of their names: `co-occurrence {draw: 3}`.
    var phrase: String {
        guard !options.isEmpty else { return name }
        return name + " {" + options.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
    }

    /// Its name, and those of the components that its options name.
    package var componentNames: [String] { [name] + options.values.flatMap(\.components).map(\.use) }
}

/// What a trial trains.
package enum TrialModel: Sendable, Hashable {
    /// An encoder for each modality, and a fusion.
    case assembled(encoders: [Modality: ComponentPlan], fusion: ComponentPlan)
    /// One whole model that reads the given modalities.
    case whole(ComponentPlan, modalities: [Modality])

    /// The encoders, modality by modality; none of a whole model.
    package var encoders: [Modality: ComponentPlan] {
        if case .assembled(let encoders, _) = self { encoders } else { [:] }
    }
}

/// A measurement of a study: which one, with which options, under which name.
package struct MeasurementPlan: Sendable, Hashable {
    /// A data set beside the study's own.
    package struct OtherData: Sendable, Hashable {
        package let plan: ComponentPlan
        /// A name for its contents.
        package let fingerprint: String
        /// Digest of the code that reads it, where that does not come with Regulus.
        package let foreignCode: String?

        package init(_ plan: ComponentPlan, fingerprint: String, foreignCode: String? = nil) {
            self.plan = plan
            self.fingerprint = fingerprint
            self.foreignCode = foreignCode
        }
    }

    /// Its name in the recipe.
    package let instance: String
    /// The measurement and the options that the recipe gives.
    package let component: ComponentPlan
    /// Digest of its code, where it does not come with Regulus.
    package let foreignCode: String?
    /// The modalities that it is about; nil for all.
    package var modalities: [Modality]?
    /// Another data set whose samples it reads; nil for none.
    package var other: OtherData?

    package init(_ component: ComponentPlan, instance: String, foreignCode: String? = nil) {
        self.component = component
        self.instance = instance
        self.foreignCode = foreignCode
    }

    /// The options, as the recipe spells them, with what else it says of the measurement.
    package var optionTexts: [String: String] {
        var texts = component.options.mapValues(\.description)
        texts["on"] = modalities.map { $0.map(\.name).joined(separator: ", ") }
        texts["data"] = other?.plan.phrase
        return texts
    }

    /// A file name for exactly this measurement with exactly these options under this program.
    package var identity: String {
        let options = optionTexts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let lines =
            ["program \(ProgramCode.digest)", "instance \(instance)", "measurement \(component.name)"] + options + [foreignCode ?? ""]
            + (other.map { ["fingerprint \($0.fingerprint)", $0.foreignCode ?? ""] } ?? [])
        return "\(component.name).\(SHA256Digest(of: lines.joined(separator: "\n")).hex.prefix(16))"
    }
}
