import Configuration

/// Whether terms cease to act before they begin, as far as that shows without the number of steps.
struct MomentCheck {
    /// Of the training that the terms are for.
    let epochs: Int
    let faults: FaultCollector

    func check(_ terms: [RegularizerChoice]) {
        for term in terms {
            check(term.terms)
            guard let after = term.after, let until = term.until, after.isAfter(until, epochs: epochs) == true else { continue }
            faults.report(
                "regularizer '\(term.name)' would act until \(until), but only after \(after)",
                at: term.locations["until"] ?? term.location, expected: "an 'until' that does not come before 'after'")
        }
    }
}
