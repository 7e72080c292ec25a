import Configuration
import Persistence
import Testing

@testable import Recipes

@Suite("Paths among the options of components")
struct PathOptionTests {
    private let files = RecipeFiles.sample([
        "recipes/base.yaml": Sample.recipe("data: watch", "data: {use: tensors, file: data/films}"),
        "recipes/sub/mine.yaml": "extends: ../base.yaml\n",
        "recipes/sub/own.yaml": "extends: ../base.yaml\ndata: {file: here}\n",
        "recipes/sub/variable.yaml": "extends: ../base.yaml\nvariables: {folder: there}\ndata: {file: \"${folder}\"}\n",
        "recipes/swept.yaml": "extends: base.yaml\nsweep: {data.file: [one, /two]}\n",
    ])

    private func study(_ file: String, set overrides: [String] = [], folder: String = "/here") throws(RecipeError) -> Study {
        var files = files
        files.currentFolder = folder
        return try RecipeLoader.load(
            file: file, text: files.text(file), overrides: overrides, catalogue: Sample.catalogue, files: files)
    }

    private func paths(_ file: String, set overrides: [String] = []) throws -> [OptionValue?] {
        try study(file, set: overrides).variants.map { $0.recipe.data.source.options["file"] }
    }

    @Test("are relative to the file in which they stand, whichever file is run")
    func relative() throws {
        #expect(try paths("recipes/base.yaml") == [.string("/here/recipes/data/films")])
        #expect(try paths("recipes/sub/mine.yaml") == [.string("/here/recipes/data/films")])
        #expect(try paths("recipes/sub/own.yaml") == [.string("/here/recipes/sub/here")])
    }

    @Test("of a variable are relative to the file that sets it")
    func variable() throws {
        #expect(try paths("recipes/sub/variable.yaml") == [.string("/here/recipes/sub/there")])
        #expect(try paths("recipes/sub/variable.yaml", set: ["variables.folder=../up"]) == [.string("/up")])
    }

    @Test("of a setting are relative to the current folder, and absolute ones stay")
    func setting() throws {
        #expect(try paths("recipes/sub/mine.yaml", set: ["data.file=films"]) == [.string("/here/films")])
        #expect(try paths("recipes/sub/mine.yaml", set: ["data.file=/data"]) == [.string("/data")])
    }

    @Test("in the home folder begin with ~/, wherever they stand, and another name behind ~ has no meaning of its own")
    func home() throws {
        let home = UserPath.expanded("~")
        #expect(home.hasPrefix("/"))
        #expect(try paths("recipes/sub/mine.yaml", set: ["data.file='~/films'"]) == [.string("\(home)/films")])
        #expect(try paths("recipes/sub/mine.yaml", set: ["data.file='~root/films'"]) == [.string("/here/~root/films")])
        #expect(try paths("recipes/sub/variable.yaml", set: ["variables.folder='~/x'"]) == [.string("\(home)/x")])
        #expect(RecipeFiles.resolve("~/a/../b.yaml", in: "recipes/c.yaml") == "\(home)/b.yaml")
        #expect(UserPath.expanded("~/x", home: "/elsewhere") == "/elsewhere/x")
        #expect(UserPath.expanded("~user/x") == "./~user/x")
        #expect(UserPath.expanded("a/~/x") == "a/~/x")
    }

    @Test("of a sweep are resolved in every variant")
    func swept() throws {
        #expect(try paths("recipes/swept.yaml") == [.string("/here/recipes/one"), .string("/two")])
    }

    @Test("are absolute in the resolved recipe, which so means the same elsewhere")
    func resolved() throws {
        for name in ["recipes/sub/mine.yaml", "recipes/swept.yaml"] {
            let study = try study(name)
            let again = try RecipeLoader.load(file: "/elsewhere/recipe.yaml", text: study.resolvedYAML, catalogue: Sample.catalogue, files: files)
            #expect(again.variants.map { $0.recipe.data.source.options } == study.variants.map { $0.recipe.data.source.options })
        }
    }
}

extension RecipeFiles {
    /// The text of a file that is there.
    fileprivate func text(_ path: String) -> String { (try? String(decoding: read(path), as: UTF8.self)) ?? "" }
}
