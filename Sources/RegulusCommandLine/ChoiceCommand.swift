import ArgumentParser
import Configuration
import Foundation
import Persistence
import Reports
import Results
import Selection
import Statistics

/// `regulus choice DIR`: how well selection rules choose among what a study has trained already.
struct ChoiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "choice", abstract: "Compares selection rules on the results in a run folder: regret, rank correlation, grid ends, agreement.",
        discussion: """
            Nothing is trained. Each rule chooses again among the epochs of every training, among the rows of the table, and among the tuned values of \
            every row whose candidates were measured on the target (which `choice:` in a recipe requests). The choices are compared with the best \
            candidate on the target, which is only an upper bound and is never used to choose.
            """)

    @OptionGroup var given: RunFolderArgument

    @Option(
        help: ArgumentHelp(
            "A rule listed by `regulus list selections`, with its default options. May be repeated; all others are compared with the first.",
            valueName: "name"))
    var selection: [String] = []

    @OptionGroup var plugins: PluginArguments

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func validate() throws {
        if let twice = selection.first(where: { name in selection.count { $0 == name } > 1 }) { throw ValidationError("--selection \(twice) is given twice") }
    }

    func run() throws {
        let registry = try plugins.components().components.selections
        var rules: [SelectionRule] = []
        for name in selection {
            do throws(OptionFault) { rules.append(try registry.rule(name)) } catch {
                throw CommandFault.input("error: the selection \(name) cannot be compared\(suggestionText(error.suggestion))\nexpected \(error.expected)")
            }
        }
        // Rules that need options are compared only where they are asked for.
        if rules.isEmpty { rules = registry.names.compactMap { try? registry.rule($0) } }
        let report = try ReportCommand.contents(of: RunFolder(URL(fileURLWithPath: given.folder)), comparing: rules).report
        if json {
            try StandardOutput.print(json: report.variants.map(ChoiceDocument.init))
        } else {
            try StandardOutput.print(report.choiceDocument().terminalText())
        }
    }
}

/// What `choice --json` says of one variant. Scores are as they are recorded: fractions, not percent.
struct ChoiceDocument: Encodable {
    struct Estimated: Encodable {
        let mean: Double
        let standardError: Double?
        let units: Int

        init?(_ estimate: Estimate?) {
            guard let estimate else { return nil }
            (mean, standardError, units) = (estimate.mean, estimate.standardError, estimate.count)
        }
    }

    struct Rule: Encodable {
        let rule: String
        let decided: Int
        let target, regret, differenceToFirst: Estimated?
        let lowest, highest, cannotChoose: Int
        let correlation, correlationWithin: Double?
        /// By the other rule's name.
        let agreement: [String: Double]
    }

    struct Finding: Encodable {
        let subject: ChoiceFindings.Subject
        let row: String?
        let choices: Int
        let rules: [Rule]
        let best, random, randomRegret: Estimated?
    }

    struct Strength: Encodable {
        let row: String
        let values: [ChosenValue]
        let criteria: [String: Double]
        let target: Estimated?
        let chosen: Int
    }

    let variant: [String: String]
    let score: String
    let findings: [Finding]
    let strengths: [Strength]
    let caveats: [ChoiceCaveats]

    init(_ variant: VariantReport) {
        self.variant = variant.variant
        score = variant.settings.score.name
        findings = variant.choices.map { finding in
            let rules = finding.verdicts.enumerated().map { index, verdict in
                let agreement = zip(finding.verdicts, finding.agreement[index]).compactMap { other, share in share.map { (other.rule, $0) } }
                return Rule(
                    rule: verdict.rule, decided: verdict.decided, target: Estimated(verdict.target), regret: Estimated(verdict.regret),
                    differenceToFirst: Estimated(verdict.gain), lowest: verdict.lowest, highest: verdict.highest, cannotChoose: verdict.undecidable,
                    correlation: verdict.correlation, correlationWithin: verdict.correlationWithin,
                    agreement: Dictionary(agreement) { first, _ in first })
            }
            return Finding(
                subject: finding.subject, row: finding.row, choices: finding.verdicts.first?.decisions ?? 0, rules: rules, best: Estimated(finding.oracle),
                random: Estimated(finding.random), randomRegret: Estimated(finding.randomRegret))
        }
        strengths = variant.settings.rows.flatMap { row in
            (variant.strengths[row] ?? []).map {
                Strength(row: row, values: $0.values, criteria: $0.criteria, target: Estimated($0.target), chosen: $0.chosen)
            }
        }
        caveats = variant.choiceCaveats
    }
}
