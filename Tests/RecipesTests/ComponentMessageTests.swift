import Testing

/// Full texts of messages: a passage of the sample recipe, what replaces it, and what is said about that.
@Suite("Messages about components and their options and about modalities")
struct ComponentMessageTests {
    @Test("components and their options", arguments: componentCases)
    func component(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let componentCases: [MessageCase] = [
        MessageCase(
            "unknown component", "fusion: late",
            "fusion: lat",
            """
            r.yaml:7:11: error: unknown fusion 'lat'
                7 |   fusion: lat
                  |           ^~~
                  = expected one of: late, cross-attention
                  = did you mean 'late'?
            """),
        MessageCase(
            "no component named", "fusion: late",
            "fusion: {dropout: 0.1}",
            """
            r.yaml:7:3: error: model.fusion lacks the required key 'use'
                7 |   fusion: {dropout: 0.1}
                  |   ^~~~~~
                  = expected one of: late, cross-attention
            """),
        MessageCase(
            "unknown option", "fusion: late",
            "fusion: {use: late, dropuot: 0.1}",
            """
            r.yaml:7:23: error: unknown key 'dropuot' in fusion late
                7 |   fusion: {use: late, dropuot: 0.1}
                  |                       ^~~~~~~
                  = expected one of: dropout, use
                  = did you mean 'dropout'?
            """),
        MessageCase(
            "option of the wrong type", "embedding: 32",
            "embedding: wide",
            """
            r.yaml:6:44: error: embedding cannot be 'wide'
                6 |   encoder: {use: series-resnet, embedding: wide}
                  |                                            ^~~~
                  = expected a whole number from 1 to 4096 (features)
            """),
        MessageCase(
            "option out of range", "fusion: late",
            "fusion: {use: late, dropout: 1}",
            """
            r.yaml:7:32: error: dropout cannot be '1'
                7 |   fusion: {use: late, dropout: 1}
                  |                                ^
                  = expected a number from 0 to below 1
            """),
        MessageCase(
            "unknown data set", "data: watch",
            "data: watc",
            """
            r.yaml:4:7: error: unknown data set 'watc'
                4 | data: watc
                  |       ^~~~
                  = expected one of: watch, tensors
                  = did you mean 'watch'?
            """),
        MessageCase(
            "reserved key of the data", "data: watch",
            "data: {use: watch, standardize: yes}",
            """
            r.yaml:4:33: error: standardize cannot be 'yes'
                4 | data: {use: watch, standardize: yes}
                  |                                 ^~~
                  = expected one of: none, scale, channel
            """),
        MessageCase(
            "missing option", "data: watch",
            "data: {use: tensors}",
            """
            r.yaml:4:13: error: data set tensors lacks the required key 'file'
                4 | data: {use: tensors}
                  |             ^~~~~~~
                  = expected a path: where
            """),
        MessageCase(
            "option of another component", "learning-rate: 0.01",
            "warm-up: 0.1",
            """
            r.yaml:11:26: error: unknown key 'warm-up' in optimizer adam, which is an option of schedule cosine
               11 |   optimizer: {use: adam, warm-up: 0.1}
                  |                          ^~~~~~~
                  = expected one of: weight-decay, use, learning-rate, rates
            """),
        MessageCase(
            "learning rate", "learning-rate: 0.01",
            "learning-rate: fast",
            """
            r.yaml:11:41: error: learning-rate cannot be 'fast'
               11 |   optimizer: {use: adam, learning-rate: fast}
                  |                                         ^~~~
                  = expected a number from 0 up
            """),
    ]

    @Test("modalities", arguments: modelCases)
    func model(_ sample: MessageCase) {
        #expect(Sample.messages(Sample.recipe(sample.passage, sample.replacement)) == sample.message)
    }

    static let modelCases: [MessageCase] = [
        MessageCase(
            "encoder of an unknown modality", "  fusion: late",
            """
              encoders: {gyroscop: series-resnet}
              fusion: late
            """,
            """
            r.yaml:7:14: error: the model has no modality 'gyroscop'
                7 |   encoders: {gyroscop: series-resnet}
                  |              ^~~~~~~~
                  = expected one of: accelerometer, gyroscope
                  = did you mean 'gyroscope'?
            """),
        MessageCase(
            "unknown modality of the model", "  fusion: late",
            """
              modalities: [accelerometr, gyroscope]
              fusion: late
            """,
            """
            r.yaml:7:16: error: unknown modality 'accelerometr'
                7 |   modalities: [accelerometr, gyroscope]
                  |                ^~~~~~~~~~~~
                  = expected one of: accelerometer, gyroscope
                  = did you mean 'accelerometer'?
            """),
        MessageCase(
            "modality without encoder",
            """
              encoder: {use: series-resnet, embedding: 32}

            """,
            """
              encoders: {gyroscope: series-resnet}

            """,
            """
            r.yaml:5:1: error: there is no encoder for the modality 'accelerometer'
                5 | model:
                  | ^~~~~
                  = expected encoder, for all modalities, or encoders.accelerometer
            """),
    ]
}
