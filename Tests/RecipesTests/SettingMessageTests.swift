import Testing

@Suite("Messages about --set")
struct SettingMessageTests {
    @Test("point into the argument", arguments: cases)
    func messages(_ sample: (title: String, argument: String, message: String)) {
        #expect(Sample.messages(set: [sample.argument]) == sample.message)
    }

    static let cases: [(title: String, argument: String, message: String)] = [
        (
            "no value", "training.epochs",
            """
            --set training.epochs: error: a setting needs a path and a value
            --set | training.epochs
                  | ^~~~~~~~~~~~~~~
                  = expected path=value, such as training.epochs=10
            """
        ),
        (
            "value of the wrong type", "training.epochs=abc",
            """
            --set training.epochs=abc: error: epochs cannot be 'abc'
            --set | training.epochs=abc
                  |                 ^~~
                  = expected a whole number from 1 to 1000000
            """
        ),
        (
            "no text behind the sign", "training.epochs=",
            """
            --set training.epochs=: error: epochs cannot be empty
            --set | training.epochs=
                  |                 ^
                  = expected a whole number from 1 to 1000000
            """
        ),
        (
            "unknown key", "training.epoch=3",
            """
            --set training.epoch=3: error: unknown key 'epoch' in training
            --set | training.epoch=3
                  |          ^~~~~
                  = expected one of: epochs, steps, check-every, batch, batching, optimizer, schedule, gradient-clip, augmentation-draws, stem-cache
                  = did you mean 'epochs'?
            """
        ),
        (
            "path through a single value", "training.epochs.x=3",
            """
            --set training.epochs.x=3: error: there is no 'x' in the single value '20'
            --set | training.epochs.x=3
                  |                 ^
                  = expected a path that ends before it
            """
        ),
        (
            "unknown row", "rows[+ MRE].training.epochs=3",
            """
            --set rows[+ MRE].training.epochs=3: error: there is no '+ MRE' in the list
            --set | rows[+ MRE].training.epochs=3
                  |      ^~~~~
                  = expected one of: Fusion, + MER
                  = did you mean '+ MER'?
            """
        ),
        (
            "row number", "rows.7.name=x",
            """
            --set rows.7.name=x: error: there is no '7' in the list
            --set | rows.7.name=x
                  |      ^
                  = expected one of: Fusion, + MER
            """
        ),
        (
            "empty path", "=3",
            """
            --set =3: error: a path is empty
            --set | =3
                  | ^
                  = expected a path such as training.epochs
            """
        ),
        (
            "empty name", "training..epochs=1",
            """
            --set training..epochs=1: error: the path 'training..epochs' has an empty name
            --set | training..epochs=1
                  |          ^
                  = expected a path such as training.epochs
            """
        ),
        (
            "dot at the end", "training.=1",
            """
            --set training.=1: error: the path 'training.' ends with a dot
            --set | training.=1
                  |         ^
            """
        ),
        (
            "dot left out", "rows[+ MER]name=x",
            """
            --set rows[+ MER]name=x: error: the path 'rows[+ MER]name' needs a dot here
            --set | rows[+ MER]name=x
                  |            ^
            """
        ),
        (
            "bracket left open", "rows[x.name",
            """
            --set rows[x.name: error: a setting needs a path and a value
            --set | rows[x.name
                  | ^~~~~~~~~~~
                  = expected path=value, such as training.epochs=10
            """
        ),
        (
            "value that is no YAML", "training.optimizer={use: adam",
            """
            --set training.optimizer={use: adam: error: invalid YAML: did not find expected ',' or '}' while parsing a flow mapping
            --set | training.optimizer={use: adam
                  |                    ^~~~~~~~~~
            """
        ),
        (
            "option out of range", "training.optimizer.weight-decay=-1",
            """
            --set training.optimizer.weight-decay=-1: error: weight-decay cannot be '-1'
            --set | training.optimizer.weight-decay=-1
                  |                                 ^~
                  = expected a number from 0 up
            """
        ),
        (
            "unknown component", "data=watcg",
            """
            --set data=watcg: error: unknown data set 'watcg'
            --set | data=watcg
                  |      ^~~~~
                  = expected one of: watch, tensors
                  = did you mean 'watch'?
            """
        ),
        (
            "value that the row tunes", "rows[+ MER].regularizers.mer.weight=5",
            """
            --set rows[+ MER].regularizers.mer.weight=5: error: this value would never be used, as the recipe gives a list for it
            --set | rows[+ MER].regularizers.mer.weight=5
                  |                                     ^
                  = expected rows[+ MER].tune[mer.weight]=[…] instead
            """
        ),
        (
            "control characters", "na\u{1B}me=[1,\n2]",
            """
            --set na me=[1, 2]: error: unknown key 'na me' in the recipe
            --set | na me=[1, 2]
                  | ^~~~~
                  = expected one of: name, data, task, evaluation, model, training, regularizers, measure, rows, baseline, seeds, tuning, choice, sweep, repeat, variants, sets, expect, plugins, variables, extends, include
                  = did you mean 'name'?
            """
        ),
    ]
}
