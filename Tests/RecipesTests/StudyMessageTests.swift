import Testing

/// Full texts of messages: a passage of the sample recipe, what replaces it, and what is said about that.
@Suite("Messages about domains and about sweeps and repetitions")
struct StudyMessageTests {
    @Test("domains", arguments: evaluationCases)
    func evaluation(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let evaluationCases: [MessageCase] = [
        MessageCase(
            "unknown domain", "data: watch",
            """
            data: watch
            evaluation: {domains: [group-1, groop-2]}
            """,
            """
            r.yaml:5:33: error: unknown domain 'groop-2'
                5 | evaluation: {domains: [group-1, groop-2]}
                  |                                 ^~~~~~~
                  = expected one of: group-1, group-2, group-3
                  = did you mean 'group-2'?
            """),
        MessageCase(
            "one domain only", "data: watch",
            "data: {use: watch, domains: one}",
            """
            r.yaml:4:13: error: protocol multi-source needs two domains, and the data set has 1
                4 | data: {use: watch, domains: one}
                  |             ^~~~~
                  = expected data with two domains or more
            """),
        MessageCase(
            "a selection rule that there is not", "data: watch",
            """
            data: watch
            evaluation: {selection: guarded-silence}
            """,
            """
            r.yaml:5:25: error: unknown selection 'guarded-silence'
                5 | evaluation: {selection: guarded-silence}
                  |                         ^~~~~~~~~~~~~~~
                  = expected one of: source-validation, last-epoch, leave-one-source-out, guarded-silenced
                  = did you mean 'guarded-silenced'?
            """),
        MessageCase(
            "an option of a selection rule that does not fit", "data: watch",
            """
            data: watch
            tuning: {selection: {use: guarded-silenced, standard-errors: -1}}
            """,
            """
            r.yaml:5:62: error: standard-errors cannot be '-1'
                5 | tuning: {selection: {use: guarded-silenced, standard-errors: -1}}
                  |                                                              ^~
                  = expected a number from 0 up
            """),
        MessageCase(
            "rules to compare where nothing is tuned", "    tune:\n      mer.weight: [0.1, 1]\n", "choice: [source-validation]\n",
            """
            r.yaml:19:1: error: there is nothing to choose from: no row has 'tune'
               19 | choice: [source-validation]
                  | ^~~~~~
                  = expected tune: in a row, with two values or more
            """),
    ]

    @Test("sweeps and repetitions", arguments: sweepCases)
    func sweep(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let sweepCases: [MessageCase] = [
        MessageCase(
            "unknown path and empty list", "data: watch",
            """
            data: watch
            sweep: {data.drow: [1, 2]}
            repeat: {data.draw: []}
            """,
            """
            r.yaml:5:14: error: unknown key 'drow' in data set watch
                5 | sweep: {data.drow: [1, 2]}
                  |              ^~~~
                  = expected one of: domains, draw, use, standardize
                  = did you mean 'draw'?

            r.yaml:6:21: error: data.draw cannot be an empty list
                6 | repeat: {data.draw: []}
                  |                     ^~
                  = expected a list of values to try
            """),
        MessageCase(
            "path twice", "data: watch",
            """
            data: watch
            sweep: {data.draw: [1, 2]}
            repeat: {data.draw: [3]}
            """,
            """
            r.yaml:6:10: error: 'data.draw' is swept already
                6 | repeat: {data.draw: [3]}
                  |          ^~~~~~~~~
                  = expected each path once
            """),
        MessageCase(
            "value at fault", "data: watch",
            """
            data: watch
            sweep: {training.batch: [64, many]}
            """,
            """
            r.yaml:5:30: error: batch cannot be 'many'
                5 | sweep: {training.batch: [64, many]}
                  |                              ^~~~
                  = expected a whole number from 1 to 1000000 (samples)
            """),
        MessageCase(
            "too many combinations", "data: watch",
            "data: watch\nsweep: {data.draw: \(Array(0...100)), training.epochs: \(Array(1...100))}",
            """
            r.yaml:5:1: error: sweep makes 10100 combinations
                5 | sweep: {data.draw: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32…
                  | ^~~~~
                  = expected at most 10000
            """),
    ]
}
