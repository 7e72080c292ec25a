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

@Suite("Names as they are seen")
struct SeenNameTests {
    @Test(
        "are equal where nobody can tell them apart",
        arguments: ["site a", " site a", "site a ", "site  a", "site\ta", "site\u{00A0}a", "si\u{200B}te a", "\u{FEFF}site a", "site a\u{202E}"])
    func equal(name: String) {
        #expect(name.asSeen == "site a")
    }

    @Test("are different where somebody can", arguments: ["Site a", "sitea", "site-a", "site á", "👨\u{200D}👩"])
    func different(name: String) {
        #expect(name.asSeen == name)
    }
}
