import Foundation
import Results
import SampleResults
import Testing

@Suite("File names for names of a recipe")
struct SafeNameTests {
    @Test(
        "A name keeps what is harmless and escapes the rest",
        arguments: [
            ("+ MER", "+_MER"), ("Fusion", "Fusion"), ("a_b", "a~5Fb"), ("a/b", "a~2Fb"), ("..", "~2E."),
            ("-rf", "~2Drf"), (".hidden", "~2Ehidden"), ("v1.2", "v1.2"), ("", "~empty"), ("~empty", "~7Eempty"),
            ("D1 → D2", "D1_~E2~86~92_D2"), ("a=b,@c", "a~3Db~2C~40c"), ("a\nb", "a~0Ab"), ("λ", "~CE~BB"),
        ])
    func spelling(name: String, path: String) {
        #expect(SafeName.encode(name) == path)
        #expect(SafeName.decode(path) == name)
    }

    @Test("Names that look alike do not share a file name")
    func distinct() {
        let names = [
            "a b", "a_b", "a~5Fb", "a~b", "a/b", "a~2Fb", "A b", "a  b", " a b", "a b ", "", " ", "~empty", "~", "~~",
            "+MER", "+ MER", "+_MER", "＋ MER",
        ]
        #expect(Set(names.map { SafeName.encode($0) }).count == names.count)
    }

    @Test("Canonically equivalent spellings are one name, as they are one string in Swift")
    func normalization() {
        #expect(SafeName.encode("caf\u{E9}") == SafeName.encode("cafe\u{301}"))
    }

    @Test(
        "A very long name becomes nested folders that a file system accepts, and comes back",
        arguments: [
            String(repeating: "long ", count: 100), String(repeating: "/", count: 200),
            String(repeating: ".", count: 450), String(repeating: "-", count: 401), String(repeating: "é", count: 300),
        ])
    func long(name: String) {
        let path = SafeName.encode(name)
        for piece in path.split(separator: "/", omittingEmptySubsequences: false) {
            #expect(piece.utf8.count <= 255 && !piece.isEmpty && piece.first != "." && piece.first != "-")
        }
        #expect(SafeName.decode(path) == name)
        #expect(SafeName.encode(name + "x") != path)
    }

    @Test(
        "A path that no name has is not decoded",
        arguments: ["a b", "a~5", "a~5f", "~41", ".x", "a/b", "a~/b", "=", "~FF", "~+1"])
    func foreign(path: String) {
        #expect(SafeName.decode(path) == nil)
    }

    @Test("An assignment is one folder, sorted by path")
    func assignment() {
        #expect(SafeName.encode(["data.rel": "0.9", "data.draw": "3"]) == "data.draw=3,data.rel=0.9")
        #expect(SafeName.encode(["a": "b,c=d"]) != SafeName.encode(["a": "b", "c": "d"]))
    }
}

@Suite("The run folder")
struct RunFolderTests {
    @Test("A trial lies under row, target and seed")
    func plain() {
        let folder = RunFolder(URL(fileURLWithPath: "/runs/a", isDirectory: true))
        let key = TrialKey(row: "+ MER", target: "D1", seed: 2)
        #expect(folder.result(key).path == "/runs/a/trials/+_MER/D1/2/result.json")
        #expect(folder.metrics(key).path == "/runs/a/trials/+_MER/D1/2/metrics.jsonl")
        #expect(folder.checkpoint(key).path == "/runs/a/trials/+_MER/D1/2/checkpoint.safetensors")
        #expect(folder.markdownReport.path == "/runs/a/report.md")
    }

    @Test("Variants and repetitions come first, each marked")
    func dials() {
        let key = TrialKey(
            row: "Fusion", target: "D1", seed: 0, variant: ["data.rel": "0.9"], repetition: ["data.draw": "3"])
        #expect(RunFolder.path(of: key) == "trials/data.rel=0.9/@data.draw=3/Fusion/D1/0")
    }

    @Test("No two keys share a folder, whatever their names")
    func distinct() {
        let names = ["a", "a=b", "@a=b", "b"]
        let assignments: [[String: String]] = [[:], ["a": "b"]]
        let keys = names.flatMap { row in
            names.flatMap { target in
                assignments.flatMap { variant in
                    assignments.map { TrialKey(row: row, target: target, seed: 0, variant: variant, repetition: $0) }
                }
            }
        }
        #expect(Set(keys.map { RunFolder.path(of: $0) }).count == keys.count)
    }
}
