import Configuration
import Testing

@Suite("Options")
struct OptionsTests {
    @Test("nothing given gives the defaults")
    func defaults() throws {
        #expect(try SampleOptions.decoding([:]) == SampleOptions())
    }

    @Test("every kind of value reaches its property")
    func decoding() throws {
        let options = try SampleOptions.decoding([
            "epsilon": .number(0.25), "rate": .integer(0), "clip": .number(2), "width": .integer(7), "limit": .integer(-3),
            "bias": .bool(false), "shape": .string("warm-up"), "fallback": .string("reference"), "path": .string("x"),
            "split": .string("train"), "files": .list([.string("a"), .string("b")]), "names": .list([.string("c")]),
            "scales": .list([.integer(1), .number(0.5)]), "hidden": .list([]),
        ])
        var expected = SampleOptions()
        expected.epsilon = 0.25
        expected.rate = 0
        expected.clip = 2
        expected.width = 7
        expected.limit = -3
        expected.bias = false
        expected.shape = .warmUp
        expected.fallback = .reference
        expected.path = "x"
        expected.split = "train"
        expected.files = ["a", "b"]
        expected.names = ["c"]
        expected.scales = [1, 0.5]
        expected.hidden = []
        #expect(options == expected)
    }

    @Test("encoded options decode to themselves")
    func roundTrip() throws {
        var options = SampleOptions()
        options.clip = 3
        options.fallback = .warmUp
        options.names = []
        options.width = 4096
        let values = Dictionary(options.encoded.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(try SampleOptions.decoding(values) == options)
        #expect(options.encoded.map(\.name) == SampleOptions.fields.map(\.name))
    }

    @Test("null empties an optional value")
    func null() throws {
        let options = try SampleOptions.decoding(["clip": .null, "limit": .null, "split": .null, "names": .null])
        #expect(options == SampleOptions())
    }

    @Test("descriptions tell name, unit, default and what is accepted")
    func descriptions() throws {
        let width = try #require(SampleOptions.descriptions.first { $0.name == "width" })
        #expect(width.help == "width")
        #expect(width.unit == "features")
        #expect(width.defaultValue == .integer(32))
        #expect(width.kind.expectation == "a whole number from 1 to 4096")
        #expect(!width.isRequired && !width.acceptsNull)
        #expect(RequiredOptions.descriptions[0].isRequired)
    }

    @Test(
        "a value that does not fit says what would",
        arguments: [
            ("epsilon", .number(2), "epsilon: expected a number from 1e-12 to 1 (variance), found 2"),
            ("epsilon", .number(.nan), "epsilon: expected a number from 1e-12 to 1 (variance), found nan"),
            ("rate", .integer(1), "rate: expected a number from 0 to below 1, found 1"),
            ("clip", .number(-0.5), "clip: expected a number from 0 up, or null, found -0.5"),
            ("clip", .number(.infinity), "clip: expected a number from 0 up, or null, found inf"),
            ("width", .number(1.5), "width: expected a whole number from 1 to 4096 (features), found 1.5"),
            ("width", .null, "width: expected a whole number from 1 to 4096 (features), found null"),
            ("limit", .integer(10), "limit: expected a whole number up to 9, or null, found 10"),
            ("bias", .string("yes"), "bias: expected true or false, found yes; did you mean 'true'?"),
            ("shape", .string("warmup"), "shape: expected one of: paper, reference, warm-up, found warmup; did you mean 'warm-up'?"),
            ("path", .integer(3), "path: expected text, found 3; did you mean '\"3\"'?"),
            ("files", .integer(3), "files: expected text or a list of texts, found 3"),
            ("hidden", .list([.integer(0)]), "hidden: expected a list of whole numbers from 1 to 64 (features), found [0]"),
            ("scales", .list([.bool(true)]), "scales: expected a list of numbers from 0 to 1, found [true]"),
            (
                "widht", .integer(3),
                "widht: expected one of the options: epsilon, rate, clip, width, limit, bias, shape, fallback, path, split, files, "
                    + "names, scales, hidden, found widht; did you mean 'width'?"
            ),
        ] as [(String, OptionValue, String)])
    func faults(name: String, value: OptionValue, message: String) {
        let fault = #expect(throws: OptionFault.self) { try SampleOptions.decoding([name: value]) }
        #expect(fault?.description == message)
        #expect(fault?.option == name)
    }

    @Test("a single text stands for a list of one")
    func singleText() throws {
        #expect(try SampleOptions.decoding(["files": .string("a")]).files == ["a"])
    }

    @Test("a required option that is missing is a fault")
    func missing() {
        let fault = #expect(throws: OptionFault.self) { try RequiredOptions.decoding([:]) }
        #expect(fault?.description == "path: expected text, found nothing")
    }
}
