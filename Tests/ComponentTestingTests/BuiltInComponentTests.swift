import Analysis
import Configuration
import Datasets
import Models
import Networks
import Selection
import Tensors
import Testing

@testable import ComponentTesting

@Suite("Contracts of components: what comes with Regulus keeps them")
struct BuiltInComponentTests {
    @Test("encoders")
    func encoders() {
        #expect(EncoderContract.violations(of: VectorMLP.self, sampleShapes: [[12]]) == [])
        #expect(EncoderContract.violations(of: Features.self, sampleShapes: [[12], [5, 4]]) == [])
        var series = SeriesResNet.Options()
        series.width = 4
        series.embedding = 6
        #expect(EncoderContract.violations(of: SeriesResNet.self, options: series, sampleShapes: [[16, 3]]) == [])
    }

    @Test("fusions")
    func fusions() {
        #expect(FusionContract.violations(of: LateFusion.self) == [])
        #expect(FusionContract.violations(of: CrossAttentionFusion.self) == [])
        #expect(FusionContract.violations(of: SumFusion.self) == [])
        #expect(FusionContract.violations(of: GatedFusion.self) == [])
        #expect(FusionContract.violations(of: FiLMFusion.self) == [])
        #expect(FusionContract.violations(of: EnsembleFusion.self) == [])
        #expect(FusionContract.violations(of: BottleneckFusion.self) == [])
    }

    @Test("data sets")
    func datasets() {
        var options = CoOccurrence.Options()
        options.samples = 24
        options.classes = 4
        #expect(DatasetContract.violations(of: CoOccurrence.self, options: options) == [])
        #expect(DatasetContract.violations(of: Watch.self, rows: 4) == [])
    }

    @Test("tasks")
    func tasks() {
        #expect(TaskContract.violations(of: Classification.self) == [])
        #expect(TaskContract.violations(of: Regression.self) == [])
        #expect(TaskContract.violations(of: MultiLabel.self) == [])
    }

    @Test("optimizers and schedules")
    func optimizers() {
        #expect(OptimizerContract.violations(of: SGD.self) == [])
        #expect(OptimizerContract.violations(of: Adam.self) == [])
        #expect(OptimizerContract.violations(of: LARS.self) == [])
        #expect(ScheduleContract.violations(of: ConstantSchedule.self) == [])
        #expect(ScheduleContract.violations(of: CosineSchedule.self) == [])
    }

    @Test("selection rules")
    func selections() {
        #expect(SelectionContract.violations(of: SourceValidation.self) == [])
        #expect(SelectionContract.violations(of: SourceLoss.self) == [])
        #expect(SelectionContract.violations(of: LastEpoch.self) == [])
        #expect(SelectionContract.violations(of: LeaveOneSourceOut.self) == [])
        #expect(SelectionContract.violations(of: SilencedModality.self) == [])
        #expect(SelectionContract.violations(of: GuardedSilenced.self) == [])
        #expect(SelectionContract.violations(of: Recombined.self) == [])
        var mean = MeanOfRules.Options()
        mean.of = ["source-validation", "leave-one-source-out"]
        #expect(SelectionContract.violations(of: MeanOfRules.self, options: mean) == [])
        var order = Lexicographic.Options()
        order.by = ["source-validation", "silenced-modality"]
        #expect(SelectionContract.violations(of: Lexicographic.self, options: order) == [])
    }
}
