import Configuration
import Testing

@testable import Recipes

@Suite("A written recipe means the same to readers of YAML 1.1")
struct OtherReadersTests {
    private func written(_ text: String) throws -> String {
        let faults = FaultCollector()
        let node = try #require(YAMLParser.parse(Array("k: \(text)\n".utf8), file: "t.yaml", faults: faults))
        return LibYAML.text(of: node).split(separator: "\n").first.map { String($0.dropFirst(3)) } ?? ""
    }

    @Test(
        "texts that they would take for something else stand in quotes",
        arguments: [
            "y", "Y", "n", "yes", "No", "ON", "on", "off", "Off", "1:30", "190:20:30", "1_000", "0b11", "+0b1", "2024-01-01",
            "2024-01-01T12:00:00Z", "2024-01-01 12:00:00.5 +1", "=", "<<", "-1_0", "0x_1F", "1e", ".5_0", "-.5.0", "12e03:1",
        ])
    func quoted(text: String) throws {
        #expect(try written(text) == "\"\(text)\"")
    }

    @Test(
        "texts that are texts to everyone stand alone",
        arguments: [
            "yesterday", "+ MER", "one", "3d-resnet", "group-1", "D1", "x=1", "nothing", "e5", "2nd", "v1.2", "north", "/data/x.npz",
        ])
    func plain(text: String) throws {
        #expect(try written(text) == text)
    }

    @Test(
        "numbers are spelled as both versions read them",
        arguments: [
            ("12", "12"), ("-3", "-3"), ("0", "0"), ("+4", "4"), ("010", "10"), ("-007", "-7"), ("0o17", "15"), ("0x1F", "31"), ("1.5", "1.5"),
            ("1.50", "1.50"), ("1e3", "1000.0"), ("1e-3", "0.001"), ("1e-5", "1.0e-05"), ("2.5e-7", "2.5e-7"), ("1.0e5", "100000.0"),
            ("1.0e+30", "1.0e+30"), ("1e30", "1.0e+30"), (".5", "0.5"), ("-.5", "-0.5"), ("2.", "2."), (".inf", ".inf"),
            ("-.INF", "-.inf"), (".NaN", ".nan"), ("99999999999999999999", "1.0e+20"), ("-0", "-0"), ("True", "true"), ("~", "null"), ("", "null"),
        ])
    func numbers(text: String, spelling: String) throws {
        #expect(try written(text) == spelling)
    }

    @Test("names that look like numbers keep their spelling")
    func names() throws {
        let text = Sample.recipe("name: + MER", "name: 010").replacing("  - Fusion\n", with: "  - 1e3\n").replacing("baseline: Fusion", with: "baseline: 1e3")
        let study = try Sample.study(text)
        #expect(study.variants[0].recipe.rows.map(\.name) == ["1e3", "010"])
        #expect(study.resolvedYAML.contains("name: \"010\"\n"))
        let again = try Sample.study(study.resolvedYAML)
        #expect(again.variants[0].recipe.rows.map(\.name) == ["1e3", "010"])
        #expect(again.resolvedYAML == study.resolvedYAML)
    }

    @Test(
        "the value of a setting is taken as a whole",
        arguments: [
            ("name=run #1", "run #1"), ("name=#1", "#1"), ("name='a #b'", "a #b"), ("name= x  #  y ", "x  #  y"), ("name=a#b", "a#b"),
        ])
    func settings(argument: String, name: String) throws {
        #expect(try Sample.study(set: [argument]).name == name)
    }

    @Test("or refused where a part of it would be dropped")
    func comment() {
        #expect(
            Sample.messages(set: ["seeds=[1, 2] # two"]) == """
                --set seeds=[1, 2] # two: error: the value ends before this
                --set | seeds=[1, 2] # two
                      |              ^~~~~
                      = expected the value alone; text that contains ' #' needs quotes
                """)
    }
}
