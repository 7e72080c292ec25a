import Configuration
import Testing

@Suite("The nearest name")
struct NearestNameTests {
    static let names = ["epochs", "batch", "batching", "optimizer", "learning-rate", "mer"]

    @Test(
        "finds what was meant",
        arguments: [
            ("optmizer", "optimizer"), ("epoch", "epochs"), ("bacth", "batch"), ("learning_rate", "learning-rate"),
            ("Learning Rate", "learning-rate"), ("MER", "mer"), ("mre", "mer"), ("batchin", "batching"),
        ])
    func near(typed: String, meant: String) {
        #expect(nearestName(to: typed, among: Self.names) == meant)
    }

    @Test(
        "where no name is near by its letters, finds one that holds the typed words, or whose words were typed",
        arguments: [("mlp", "vector-mlp"), ("RESNET", "resnet18"), ("rate", "learning-rate"), ("cnn", "image-cnn"), ("mer_regularizer", "mer")])
    func parts(typed: String, meant: String) {
        #expect(nearestName(to: typed, among: Self.names + ["series-cnn", "vector-mlp", "image-cnn", "resnet18"]) == meant)
    }

    @Test("stays silent where nothing is near", arguments: ["", "x", "vicreg", "dropout", "mermermermer", "at", "tim"])
    func far(typed: String) {
        #expect(nearestName(to: typed, among: Self.names) == nil)
    }
}
