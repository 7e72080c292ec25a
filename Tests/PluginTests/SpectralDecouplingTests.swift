import GoldenFixtures
import Regularization
import RegularizerTesting
import SpectralDecouplingPlugin
import Tensors
import Testing

@Suite("Spectral decoupling") struct SpectralDecouplingTests {
    private let plugin = SpectralDecoupling(options: .init(), context: .ofDomains([]))

    @Test("value and gradient agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "spectral-decoupling"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits")
        let labels = [Int](repeating: 0, count: logits.shape[0])
        func loss(_ logits: Tensor) -> Tensor { plugin.penalty(.ofDomains(logits: logits, labels: labels, labels))?.value ?? Tensor(.nan) }
        try fixture.expect(loss(logits), matches: "sd")
        try fixture.expect(gradient(at: logits, of: loss), matches: "grad_sd.logits")
        // The paper's form differs by K/2.
        try fixture.expect(loss(logits) * (Float(logits.shape[1]) / 2), matches: "half_sum")
    }
}
