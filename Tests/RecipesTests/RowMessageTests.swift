import Testing

/// Full texts of messages: a passage of the sample recipe, what replaces it, and what is said about that.
@Suite("Messages about regularizers and about rows and their grids")
struct RowMessageTests {
    @Test("regularizers", arguments: regularizerCases)
    func regularizer(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let regularizerCases: [MessageCase] = [
        MessageCase(
            "unknown regularizer",
            """
            - Fusion

            """,
            """
            - name: Fusion
                regularizers: [mre]

            """,
            """
            r.yaml:16:20: error: unknown regularizer 'mre'
               16 |     regularizers: [mre]
                  |                    ^~~
                  = expected one of: mer, dropout, noise
                  = did you mean 'mer'?
            """),
        MessageCase(
            "options at fault", "weight: 3,",
            "estimator: papr, schedule: {start: 0.9, end: x}, projection: {widht: 3},",
            """
            r.yaml:18:26: error: estimator cannot be 'papr'
               18 |       - mer: {estimator: papr, schedule: {start: 0.9, end: x}, projection: {widht: 3}, on: [gyroscope]}
                  |                          ^~~~
                  = expected one of: paper, reference
                  = did you mean 'paper'?

            r.yaml:18:60: error: end cannot be 'x'
               18 |       - mer: {estimator: papr, schedule: {start: 0.9, end: x}, projection: {widht: 3}, on: [gyroscope]}
                  |                                                            ^
                  = expected a number from 0 to 1 (share of the training)

            r.yaml:18:77: error: unknown key 'widht' in projection
               18 |       - mer: {estimator: papr, schedule: {start: 0.9, end: x}, projection: {widht: 3}, on: [gyroscope]}
                  |                                                                             ^~~~~
                  = expected one of: hidden, width, normalization, unit
                  = did you mean 'width'?
            """),
        MessageCase(
            "equal names", "- mer: {weight: 3, on: [gyroscope]}",
            """
            - mer
                  - mer: {weight: 1}
            """,
            """
            r.yaml:19:9: error: two regularizers of row '+ MER' are named 'mer'; the first is at r.yaml:18:9
               19 |       - mer: {weight: 1}
                  |         ^~~
                  = expected another name, such as name: mer-2
            """),
        MessageCase(
            "equal names by the common list", "seeds:",
            """
            regularizers: [mer]
            seeds:
            """,
            """
            r.yaml:19:9: error: two regularizers of row '+ MER' are named 'mer'; the first is at r.yaml:12:16
               19 |       - mer: {weight: 3, on: [gyroscope]}
                  |         ^~~
                  = expected another name, such as name: mer-2
            """),
        MessageCase(
            "no regularizer named",
            """
            - Fusion

            """,
            """
            - name: Fusion
                regularizers: [{weight: 3, on: [gyroscope]}]

            """,
            """
            r.yaml:16:20: error: a regularizer cannot be a section without a name under 'use'
               16 |     regularizers: [{weight: 3, on: [gyroscope]}]
                  |                    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~
                  = expected name, name: {option: value} or use: name
            """),
    ]

    @Test("rows and their grids", arguments: rowCases)
    func row(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let rowCases: [MessageCase] = [
        MessageCase(
            "duplicate row",
            """
            - Fusion

            """,
            """
            - Fusion
              - name: + MER

            """,
            """
            r.yaml:17:11: error: duplicate row '+ MER'; it is already at r.yaml:16:11
               17 |   - name: + MER
                  |           ^~~~~
            """),
        MessageCase(
            "a row that looks like another",
            """
            - Fusion

            """,
            """
            - Fusion
              - name: "+  MER "

            """,
            """
            r.yaml:17:11: error: row '+ MER' looks like row '+  MER ' in every table, which is already at r.yaml:16:11
               17 |   - name: + MER
                  |           ^~~~~
            """),
        MessageCase(
            "no name",
            """
            - Fusion

            """,
            """
            - training: {epochs: 3}

            """,
            """
            r.yaml:15:5: error: the row lacks the required key 'name'
               15 |   - training: {epochs: 3}
                  |     ^
                  = expected a name
            """),
        MessageCase(
            "unknown baseline", "baseline: Fusion",
            "baseline: Fusoin",
            """
            r.yaml:13:11: error: unknown baseline row 'Fusoin'
               13 | baseline: Fusoin
                  |           ^~~~~~
                  = expected one of: Fusion, + MER
                  = did you mean 'Fusion'?
            """),
        MessageCase(
            "override at fault",
            """
            - Fusion

            """,
            """
            - name: Fusion
                training: {batch: none, optimizer: sdg}

            """,
            """
            r.yaml:16:23: error: batch cannot be 'none'
               16 |     training: {batch: none, optimizer: sdg}
                  |                       ^~~~
                  = expected a whole number from 1 to 1000000 (samples)

            r.yaml:16:40: error: unknown optimizer 'sdg'
               16 |     training: {batch: none, optimizer: sdg}
                  |                                        ^~~
                  = expected one of: adam, sgd
                  = did you mean 'sgd'?
            """),
        MessageCase(
            "grid of an unknown regularizer", "mer.weight: [0.1, 1]",
            "mre.weight: [0.1, 1]",
            """
            r.yaml:20:7: error: there is no 'mre' in the list
               20 |       mre.weight: [0.1, 1]
                  |       ^~~
                  = expected one of: mer
                  = did you mean 'mer'?
            """),
        MessageCase(
            "grid of an unknown option", "mer.weight: [0.1, 1]",
            "mer.wieght: [0.1, 1]",
            """
            r.yaml:20:11: error: unknown key 'wieght' in regularizer mer
               20 |       mer.wieght: [0.1, 1]
                  |           ^~~~~~
                  = expected one of: estimator, epsilon, use, name, weight, schedule, after, until, on, at, part, points, projection
                  = did you mean 'weight'?
            """),
        MessageCase(
            "grid value out of range", "mer.weight: [0.1, 1]",
            "mer.weight: [0.1, -1]",
            """
            r.yaml:20:25: error: weight cannot be '-1'
               20 |       mer.weight: [0.1, -1]
                  |                         ^~
                  = expected a number from 0 up, or null
            """),
        MessageCase(
            "grid of training at fault", "mer.weight: [0.1, 1]",
            "training.epochs: [3, x]",
            """
            r.yaml:20:28: error: epochs cannot be 'x'
               20 |       training.epochs: [3, x]
                  |                            ^
                  = expected a whole number from 1 to 1000000
            """),
        MessageCase(
            "grid without brackets", "mer.weight: [0.1, 1]",
            "mer.weight: 0.1",
            """
            r.yaml:20:19: error: mer.weight cannot be '0.1'
               20 |       mer.weight: 0.1
                  |                   ^~~
                  = expected a list of values to try
                  = did you mean '[0.1]'?
            """),
        MessageCase(
            "grid without a setting", "mer.weight: [0.1, 1]",
            "mer: [1]",
            """
            r.yaml:20:7: error: 'mer' alone cannot be tuned
               20 |       mer: [1]
                  |       ^~~
                  = expected a path such as mer.weight
            """),
        MessageCase(
            "grid with a value twice", "mer.weight: [0.1, 1]",
            "mer.weight: [1, 1]",
            """
            r.yaml:20:23: error: the value '1' of mer.weight appears here twice
               20 |       mer.weight: [1, 1]
                  |                       ^
            """),
    ]
}
