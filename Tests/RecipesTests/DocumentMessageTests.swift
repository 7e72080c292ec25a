import Testing

/// Full texts of messages: a passage of the sample recipe, what replaces it, and what is said about that.
@Suite("Messages about the text as YAML and about keys and plain values")
struct DocumentMessageTests {
    @Test("the text as YAML", arguments: documentCases)
    func document(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let documentCases: [MessageCase] = [
        MessageCase(
            "not closed", "data: watch",
            "data: [watch",
            """
            r.yaml:5:6: error: invalid YAML: did not find expected ',' or ']' while parsing a flow sequence
                5 | model:
                  |      ^
            """),
        MessageCase(
            "unknown escape", "data: watch",
            "data: \"wat\\qch\"",
            """
            r.yaml:4:11: error: invalid YAML: found unknown escape character while parsing a quoted scalar
                4 | data: "wat\\qch"
                  |           ^
            """),
        MessageCase(
            "control character", "data: watch",
            "data: watch\u{7}",
            """
            r.yaml:4:12: error: invalid YAML: control characters are not allowed
                4 | data: watch 
                  |            ^
            """),
        MessageCase(
            "tab as indentation",
            """
            training:

            """,
            """
            training:
            \tbatch: 3

            """,
            """
            r.yaml:9:1: error: invalid YAML: found character that cannot start any token while scanning for the next token
                9 |  batch: 3
                  | ^
                  = expected spaces in place of the tab
            """),
        MessageCase(
            "anchor", "data: watch",
            "data: &a watch",
            """
            r.yaml:4:7: error: '&a' is an anchor, which recipes do not have
                4 | data: &a watch
                  |       ^~~~~~~~
                  = expected the value alone; a value that is needed in several places can be a variable (variables:) or a file (include:)
            """),
        MessageCase(
            "alias", "data: watch",
            """
            data: watch
            name: *a
            """,
            """
            r.yaml:5:7: error: '*a' refers to an anchor, which recipes do not have
                5 | name: *a
                  |       ^~
                  = expected the value itself, "${a}" with variables: {a: …}, or include: with a file of its own

            r.yaml:5:7: error: name cannot be empty
                5 | name: *a
                  |       ^~
                  = expected a name
            """),
        MessageCase(
            "tag", "data: watch",
            "data: !x watch",
            """
            r.yaml:4:7: error: '!x' is a tag, which recipes do not have
                4 | data: !x watch
                  |       ^~~~~~~~
                  = expected the value alone
            """),
        MessageCase(
            "second document",
            """
                  mer.weight: [0.1, 1]

            """,
            """
                  mer.weight: [0.1, 1]
            ---
            b: 1

            """,
            """
            r.yaml:21:1: error: a second document begins here
               21 | ---
                  | ^
                  = expected one document
            """),
        MessageCase(
            "key that is a list", "data: watch",
            """
            data: watch
            ? [a]
            : b
            """,
            """
            r.yaml:5:3: error: a key cannot be '[a]'
                5 | ? [a]
                  |   ^~~
                  = expected text
            """),
        MessageCase(
            "duplicate key", "  epochs: 20",
            """
              epochs: 20
              epochs: 30
            """,
            """
            r.yaml:10:3: error: duplicate key 'epochs'; it is already at r.yaml:9:3
               10 |   epochs: 30
                  |   ^~~~~~
            """),
        MessageCase(
            "characters beyond ASCII", "# A small",
            """
            é日本: [1, 2, {ü: x}]
            # A small
            """,
            """
            r.yaml:1:1: error: unknown key 'é日本' in the recipe
                1 | é日本: [1, 2, {ü: x}]
                  | ^~~
                  = expected one of: name, data, task, evaluation, model, training, regularizers, measure, rows, baseline, seeds, tuning, choice, sweep, repeat, variants, sets, expect, plugins, variables, extends, include
            """),
    ]

    @Test("keys and plain values", arguments: sectionCases)
    func section(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let sectionCases: [MessageCase] = [
        MessageCase(
            "unknown key", "  epochs: 20",
            """
              epochs: 20
              optmizer: sgd
            """,
            """
            r.yaml:10:3: error: unknown key 'optmizer' in training
               10 |   optmizer: sgd
                  |   ^~~~~~~~
                  = expected one of: epochs, steps, check-every, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
                  = did you mean 'optimizer'?
            """),
        MessageCase(
            "unknown key at the top", "rows:",
            """
            rowz: 1
            rows:
            """,
            """
            r.yaml:14:1: error: unknown key 'rowz' in the recipe
               14 | rowz: 1
                  | ^~~~
                  = expected one of: name, data, task, evaluation, model, training, regularizers, measure, rows, baseline, seeds, tuning, choice, sweep, repeat, variants, sets, expect, plugins, variables, extends, include
                  = did you mean 'rows'?
            """),
        MessageCase(
            "wrong type", "epochs: 20",
            "epochs: abc",
            """
            r.yaml:9:11: error: epochs cannot be 'abc'
                9 |   epochs: abc
                  |           ^~~
                  = expected a whole number from 1 to 1000000
            """),
        MessageCase(
            "section in place of a value", "epochs: 20",
            "epochs: {a: 1}",
            """
            r.yaml:9:11: error: epochs cannot be a section
                9 |   epochs: {a: 1}
                  |           ^~~~~~
                  = expected a whole number from 1 to 1000000
            """),
        MessageCase(
            "value in place of a section", "data: watch",
            """
            data: watch
            evaluation: 3
            """,
            """
            r.yaml:5:13: error: evaluation cannot be '3'
                5 | evaluation: 3
                  |             ^
                  = expected a section with keys and values
            """),
        MessageCase(
            "empty value", "epochs: 20",
            "epochs:",
            """
            r.yaml:9:10: error: epochs cannot be empty
                9 |   epochs:
                  |          ^
                  = expected a whole number from 1 to 1000000
            """),
        MessageCase(
            "out of range", "epochs: 20",
            "epochs: 0",
            """
            r.yaml:9:11: error: epochs cannot be '0'
                9 |   epochs: 0
                  |           ^
                  = expected a whole number from 1 to 1000000
            """),
        MessageCase(
            "missing required key",
            """
              epochs: 20

            """,
            "",
            """
            r.yaml:8:1: error: training lacks the required key 'epochs'
                8 | training:
                  | ^~~~~~~~
                  = expected a whole number from 1 to 1000000: passes over the training samples
            """),
        MessageCase(
            "missing section",
            """
            data: watch

            """,
            "",
            """
            r.yaml:4:1: error: the recipe lacks the required key 'data'
                4 | model:
                  | ^
                  = expected one of: watch, tensors
            """),
        MessageCase(
            "empty seeds", "seeds: [1, 2]",
            "seeds: []",
            """
            r.yaml:12:8: error: seeds cannot be an empty list
               12 | seeds: []
                  |        ^~
                  = expected at least one whole number
            """),
        MessageCase(
            "equal seeds", "seeds: [1, 2]",
            "seeds: [1, 1]",
            """
            r.yaml:12:12: error: the seed 1 appears twice
               12 | seeds: [1, 1]
                  |            ^
                  = expected different numbers
            """),
        MessageCase(
            "one seed without brackets", "seeds: [1, 2]",
            "seeds: 3",
            """
            r.yaml:12:8: error: seeds cannot be '3'
               12 | seeds: 3
                  |        ^
                  = expected a list of whole numbers from 0 up
                  = did you mean '[3]'?
            """),
    ]
}
