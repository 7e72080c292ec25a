import RegularizerTesting
import TensorFusion
import Testing

@Suite struct DeepCORALTests {
    @Test func `it keeps the contract of regularizers`() {
        let report = RegularizerContract.check(DeepCORAL.self)
        #expect(report.failures.isEmpty, "\(report)")
    }
}
