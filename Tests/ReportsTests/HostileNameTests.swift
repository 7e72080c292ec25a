import Foundation
import Results
import SampleResults
import Testing

@testable import Reports

/// Names come from recipes and data sets of strangers. Whatever they contain, they are shown and do nothing.
@Suite("Hostile names")
struct HostileNameTests {
    static let names = [
        "\u{1B}[2J\u{1B}]0;owned\u{7}", "<script>alert(1)</script>", "</title><svg onload=\"x\">", "=cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3",
        "\t=1+1", "\\input{/etc/passwd} $x$ % & _a_ ^^M ~", "} \\end{document}", "* star", "| a | b |\n# heading\n- [x](javascript:alert)",
        "1. one", "\u{202E}txt.exe", "&lt;b&gt;", "~~gone~~ `code` ![](http://x)", "\u{2028}line", "\u{85}next", "a|\u{301}b [\u{338}x](\u{301}y) <\u{338}b>",
        "one\"\u{301}, two",
    ]

    /// Every name stands as a row, some as recipe, target, term, dial, value, message and setting too.
    private func report() throws -> Report {
        let variants = Self.names.prefix(3).map { value in
            VariantSettings(
                assignment: ["dial " + Self.names[1]: value], baseline: Self.names[0], rows: Self.names, targets: Array(Self.names.prefix(2)),
                seeds: [0, 1], selection: Self.names[10], protocolText: Self.names[7], lines: Self.names,
                regularizers: Dictionary(uniqueKeysWithValues: Self.names.map { ($0, [$0]) }))
        }
        let settings = RunSettings(
            recipe: Self.names[1] + Self.names[7] + Self.names[10], dials: ["dial " + Self.names[1]], variants: variants, notices: Self.names,
            machine: Self.names[0], threads: 1, versions: Self.names, command: Self.names[10])
        let results = settings.keys.enumerated().map { index, key in
            var result = SampleStudy.result(key.row, key.target, key.seed, Double(index % 97) / 100, variant: key.variant)
            result.epochs = [
                EpochRecord(epoch: 1, trainingLoss: 1, terms: [key.row: 1], sourceValidationScore: 0.5, gradientShares: [key.row: 0]),
                EpochRecord(epoch: 2, trainingLoss: 1, terms: [key.row: 2]),
            ]
            result.chosen = [ChosenValue(path: key.row, value: key.row)]
            result.stepCost = StepCost(seconds: 1, terms: [.init(instance: key.row, seconds: 0.1)])
            if index == 5 { result.status = .failed(term: key.row, step: 1, message: Self.names.joined()) }
            return result
        }
        return try Report(results: results, settings: settings, stray: Self.names)
    }

    private func isInert(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar == "\n"
            case .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    @Test("On a terminal no name moves the cursor, breaks a line or turns the direction of the text")
    func terminal() throws {
        #expect(isInert(try report().terminalText(width: 80)))
    }

    @Test("In Markdown no name begins a heading, a list, a link or HTML")
    func markdown() throws {
        let text = try report().document().markdown()
        #expect(isInert(text))
        for line in text.split(separator: "\n") {
            #expect(!line.hasPrefix("# heading") && !line.hasPrefix("- [x]") && !line.hasPrefix("1. ") && !line.hasPrefix("- - "))
            let unescaped = line.replacing(/\\./, with: "")
            if line.hasPrefix("![") { continue }
            #expect(!unescaped.contains("<") && !unescaped.contains("](") && !unescaped.contains("`"), "\(line)")
        }
    }

    @Test("On the page no name is markup, a script or an address")
    func page() throws {
        let page = try report().document(recipe: Self.names.joined(separator: "\n")).html()
        let markup = page.replacing("<!DOCTYPE html>\n", with: "").replacing(/<meta [^>]*>/, with: "")
        #expect(isWellFormed(markup))
        #expect(!page.contains("<script") && !page.contains("<svg onload") && !page.contains("\u{1B}"))
    }

    @Test("In LaTeX no name is a command, ends a group or hides the rest of a line")
    func latex() throws {
        let text = try report().document().latex()
        #expect(isInert(text))
        #expect(!text.contains("\\input") && !text.contains("^^M") && !text.contains("\\\n* star"))
        let body = text.split(separator: "\n").filter { !$0.hasPrefix("%") }.joined(separator: "\n")
        let bare = body.replacing(/\\[\\{}$&#%_]/, with: "").replacing("{!}{%", with: "{!}{")
        #expect(!bare.contains("%") && !bare.contains("#"))
        #expect(bare.unicodeScalars.count { $0 == "{" } == bare.unicodeScalars.count { $0 == "}" })
        #expect(bare.unicodeScalars.count { $0 == "$" }.isMultiple(of: 2))
    }

    @Test("A spreadsheet finds names and numbers, and no formula")
    func spreadsheet() throws {
        for text in [try report().csv(), try report().costsCSV()] {
            for field in fields(text) {
                let isFormula = field.first.map { "=+-@\t\r\n".contains($0) } ?? false
                #expect(!isFormula || Double(field) != nil, "\(field)")
            }
        }
        #expect(fields(try report().csv()).contains("'=cmd|' /C calc'!A0"))
        // To other programs the mark behind the quotation mark is a sign of its own.
        #expect(fields(try report().csv()).contains("one\"\u{301}, two"))
    }

    @Test("Every drawing is well-formed")
    func drawings() throws {
        #expect(try !report().document().figures.isEmpty)
        for figure in try report().document().figures {
            #expect(isWellFormed(figure.svg) && !figure.svg.contains("<script"))
            #expect(figure.name.wholeMatch(of: /[a-z0-9.-]+/) != nil)
        }
    }

    @Test("A negative number stays a number")
    func numbers() throws {
        var results = SampleStudy.complete
        for index in 4..<8 { results[index].targetScore = 0.1 }
        let line = try #require(
            try Report(results: results, settings: SampleStudy.settings()).csv().split(separator: "\r\n").first { $0.contains(",accuracy,difference,") })
        #expect(line.contains("percent,-47.000000,"))
    }

    /// The fields of comma-separated values as RFC 4180 reads them.
    private func fields(_ text: String) -> [String] {
        var (fields, field, isQuoted) = ([String](), "", false)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"" where isQuoted && rest.first == "\"": field.unicodeScalars.append(rest.removeFirst())
            case "\"": isQuoted.toggle()
            case ",", "\r", "\n":
                if isQuoted {
                    field.unicodeScalars.append(scalar)
                } else {
                    fields.append(field)
                    field = ""
                }
            default: field.unicodeScalars.append(scalar)
            }
        }
        return fields
    }
}
