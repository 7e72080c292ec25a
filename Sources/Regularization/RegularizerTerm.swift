import Configuration
import Networks
import Tensors

/// One regularizer as it stands in a recipe: with its instance name, weight, schedule, `on:` and `at:`.
///
/// These are handled here, once for every regularizer. The regularizer inside sees only the modalities
/// and the place that it was given, and a weight of 1.
///
/// The effective weight `w` is the weight times the schedule's factor, and it acts on every hook:
/// - A penalty enters the loss as `w · penalty`. The raw value is logged as `<instance>`, the weighted
///   one as `<instance>.weighted`, and the regularizer's own numbers as `<instance>.<report>`.
/// - Changed feature maps, embeddings and targets are blended, `z + w · (changed(z) − z)`: with `w = 1` the change
///   applies in full, and noise of weight `w` is noise of `w` times the size. Where only the record of
///   gradients was changed, as by a gradient reversal, the change always applies in full.
/// - Gradients are blended in the same way, `g + w · (changed(g) − g)`.
/// - Hooks that follow updates are told `w` times the learning rate.
///
/// While `w = 0` the penalty is measured and logged but takes no part in the loss, not even where it is
/// not finite, and all other hooks are skipped.
///
/// What hooks return is checked: shapes, modalities, names, and that values are finite where the values
/// they were given were finite. A fault is thrown as ``TrainingFailure`` and ends the training, not the
/// program.
public final class RegularizerTerm {
    /// The name in the recipe, and the first part of every logged name.
    public let instance: String

    /// The weight before the schedule.
    public let weight: Double

    /// How the weight changes over the training.
    public let schedule: WeightSchedule

    /// The modalities that the regularizer sees; nil for all of the model's.
    public let modalities: [Modality]?

    /// What the regularizer acts on.
    public let place: Place

    /// The entries of each embedding that the regularizer sees.
    public let part: EmbeddingPart

    /// The steps in which the term acts, from `after:` up to `until:`; nil for all.
    public let active: Range<Int>?

    /// What the regularizer does; for a sum, everything that its terms do.
    public let hooks: Set<RegularizerHook>

    /// The projection heads, for `at: projection`.
    package let heads: [Modality: ProjectionHead]

    /// Width `D` of what the regularizer sees of each modality, as far as it is known.
    package let widths: [Modality: Int]

    /// The points of each modality's encoder at which feature maps are changed; nil for all.
    package let points: [Modality: [String]]?

    /// What the regularizer sees of a step.
    let view: TermView

    /// Whether the term has changed anything so far.
    package private(set) var hasActed = false

    /// What was observed last while it had not acted; empty once it has.
    package private(set) var finding = "its weight was 0 at every step"

    /// How often the penalty's gradient was due to be examined.
    private var looks = 0

    let base: any Regularizer
    let totalSteps: Int

    /// A term that acts on embeddings.
    ///
    /// - Parameters:
    ///   - base: the regularizer.
    ///   - instance: the name of the term in the recipe.
    ///   - weight: from 0 up, before the schedule.
    ///   - schedule: how the weight changes over the training.
    ///   - modalities: `on:`; nil for all.
    ///   - totalSteps: the length of the training, which the schedule refers to.
    public convenience init(
        _ base: any Regularizer, instance: String, weight: Double = 1, schedule: WeightSchedule = WeightSchedule(),
        on modalities: [Modality]? = nil, totalSteps: Int = 1
    ) {
        self.init(
            base, instance: instance, weight: weight, schedule: schedule, on: modalities, at: .embedding, part: .whole, heads: [:],
            active: nil, totalSteps: totalSteps)
    }

    /// A term that acts anywhere.
    ///
    /// - Parameters:
    ///   - path: what random streams start with; the instance's name unless the term stands in a sum.
    ///   - place: `at:`. Changes of feature maps, embeddings and gradients are left out at another place than
    ///     the embeddings.
    ///   - part: `part:`. Heads read this part of an embedding.
    ///   - points: `points:`, of each modality's encoder; nil for all.
    ///   - heads: one for each modality in use, for `at: projection`.
    ///   - active: the steps from `after:` up to `until:`; in the others the weight is 0.
    package init(
        _ base: any Regularizer, instance: String, path: String? = nil, weight: Double, schedule: WeightSchedule,
        on modalities: [Modality]?, at place: Place, part: EmbeddingPart = .whole, points: [Modality: [String]]? = nil,
        heads: [Modality: ProjectionHead], active: Range<Int>? = nil, totalSteps: Int, widths: [Modality: Int] = [:]
    ) {
        self.base = base
        self.instance = instance
        self.weight = weight
        self.schedule = schedule
        self.modalities = modalities
        self.place = place
        self.part = part
        self.points = points
        self.heads = heads
        view = TermView(
            path: path ?? instance, modalities: modalities, place: place, part: part, heads: heads,
            readsPresence: base is any ReadsPresence || base is RegularizerList, type: "\(type(of: base))")
        self.active = active
        self.totalSteps = totalSteps
        self.widths = widths
        let found =
            (base as? RegularizerList).map { $0.terms.reduce(into: []) { $0.formUnion($1.hooks) } }
            ?? Set(RegularizerHook.all(of: type(of: base)))
        hooks = place == .embedding ? found : found.subtracting([.featureMaps, .embeddings, .gradients])
    }

    /// The terms of a sum; none for a regularizer.
    package var terms: [RegularizerTerm] { (base as? RegularizerList)?.terms ?? [] }

    /// The terms of the loss that the regularizer reads by name, the base loss left out.
    package var termsRead: [String] { ((base as? any ReadsTerms)?.termsRead ?? []).filter { $0 != "task" } }

    /// The number of samples that the regularizer's covariance is taken over; nil where it reads none.
    package func covarianceSamples(batchSize: Int) -> Int? {
        (base as? any ReadsCovariance)?.covarianceSamples(batchSize: batchSize)
    }

    /// The regularizer's own parts; with projection heads `projection.<modality>.…`, and the
    /// regularizer's under `regularizer`.
    public var parts: Parts {
        guard !heads.isEmpty else { return base.parts }
        let projections = heads.sorted { $0.key < $1.key }.map { (name: $0.key.name, part: $0.value as any Part) }
        return ["projection": Parts(projections), "regularizer": base.parts]
    }

    /// The weight with which the term acts in a pass.
    public func effectiveWeight(at pass: Pass) -> Double {
        guard active?.contains(pass.step) ?? true else { return 0 }
        return weight * schedule.factor(at: pass.progress(of: totalSteps))
    }

    // MARK: Whether it acts

    /// Continues with what was observed before, in a resumed training.
    package func restoreEffect(hasActed: Bool, finding: String) {
        (self.hasActed, self.finding) = (hasActed, finding)
    }

    /// Notes whether the term has acted, until it has.
    func note(_ acts: @autoclosure () -> Bool, otherwise finding: String) {
        guard !hasActed else { return }
        hasActed = acts()
        self.finding = hasActed ? "" : finding
    }

    /// Examines a penalty's gradient until it differs from 0 for the first time: at the first step, and
    /// then at intervals that double.
    ///
    /// - Parameter gradients: computes the gradient of the weighted penalty with respect to everything
    ///   that is trained.
    func look(at penalty: Tensor, _ pass: Pass, gradients: () -> Gradients) {
        guard !hasActed, effectiveWeight(at: pass) != 0 else { return }
        guard penalty.isTracked else {
            finding = "its penalty does not depend on anything that is trained"
            return
        }
        looks += 1
        guard looks & (looks - 1) == 0 else { return }
        note(gradients().values.contains { $0?.withUnsafeValues { $0.contains { $0 != 0 } } ?? false }, otherwise: "its gradient was exactly 0")
    }
}
