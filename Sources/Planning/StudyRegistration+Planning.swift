import Persistence
import Recipes
import Results
import Training

extension PlannedStudy {
    /// What `regulus register` declares of the study.
    package func registration(of study: Study) -> StudyRegistration.Plan {
        let variants = settings.variants.map { variant in
            let recipe = study.variants.first { planned in
                planned.settings.allSatisfy { variant.assignment[$0.path] == $0.value.description }
            }?.recipe
            return StudyRegistration.Variant(
                variant,
                rows: variant.rows.map { name in
                    let grid = recipe?.rows.first { $0.name == name }?.grid ?? []
                    return StudyRegistration.Row(
                        name: name, regularizers: variant.regularizers[name] ?? [],
                        grid: grid.map { .init(path: $0.path, values: $0.values.map(\.description)) }, digest: variant.digests[name] ?? "")
                })
        }
        return StudyRegistration.Plan(study: settings.recipe, variants: variants, tests: plannedTests, recipe: study.resolvedYAML)
    }

    /// The tests that reports will make.
    private var plannedTests: [String] {
        var tests: [String] = []
        for variant in settings.variants {
            guard let baseline = variant.baseline, variant.rows.count > 1 else { continue }
            let label = TrialKey.phrases(of: variant.assignment).joined(separator: ", ")
            let place = label.isEmpty ? "" : "\(label): "
            let others = variant.rows.filter { $0 != baseline }.joined(separator: ", ")
            tests.append(
                "\(place)paired difference in \(variant.score.title) on the held-out domain to \(baseline) of \(others): Student's t and sign flips, two-sided, "
                    + "5 %, Holm over these rows")
            if let design = variant.design {
                tests.append(
                    "\(place)seeds in stages: looks after \(design.looks.map(String.init).joined(separator: ", ")), until every difference is known to ± \(design.reach); "
                        + "interval at the stop by alpha spending")
            }
        }
        if Set(settings.variants.compactMap(\.dataset)).count > 1 {
            tests.append(
                "over data sets: random effects (Paule and Mandel; Hartung and Knapp), 95 %; sets won and lost by t tests, Holm over all rows and sets; "
                    + "Friedman's permutation test and Nemenyi's critical difference of ranks")
        }
        return tests
    }

    /// Names what is trained for each row of one variant: every plan of every cell with its way of tuning, whatever seeds, threads and builds
    /// of the program there are.
    static func digests(of cells: [Cell]) -> [String: String] {
        Dictionary(grouping: cells, by: \.row).mapValues { cells in
            let lines = cells.flatMap { cell in
                let rule =
                    "\(cell.target) \(cell.repetition.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }) \(cell.tuning) \(cell.rehearsalEpochs ?? 0)"
                return [rule]
                    + cell.candidates.map { candidate in
                        var plan = candidate.plan
                        (plan.seed, plan.threads, plan.program) = (0, 1, "")
                        (plan.foreignCode, plan.foreignStemCode) = ([], [])
                        return "\(candidate.values.map { "\($0.path) \($0.value)" }) \(plan.hash)"
                    }
            }
            return SHA256Digest(of: lines.joined(separator: "\n")).hex
        }
    }
}
