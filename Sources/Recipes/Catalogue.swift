import Configuration

/// What a recipe may name, and how to look into its data: everything that reading a recipe needs to know of the program.
package struct Catalogue: Sendable {
    package var datasets: [ComponentDescription]
    package var encoders: [ComponentDescription]
    package var fusions: [ComponentDescription]
    /// Whole models, which take the place of encoders and a fusion.
    package var models: [ComponentDescription]
    package var regularizers: [ComponentDescription]
    package var measurements: [ComponentDescription]
    package var optimizers: [ComponentDescription]
    package var schedules: [ComponentDescription]
    /// The smallest batch for which a regularizer is defined, by its registered name and options.
    package var minimumBatch: @Sendable (_ regularizer: String, _ options: [String: OptionValue]) -> Int
    /// What a regularizer can act on.
    package var places: @Sendable (_ regularizer: String) -> [Place]
    /// Why an encoder cannot read a modality's samples; nil where it can.
    package var encoderFault: @Sendable (_ encoder: ComponentChoice, _ modality: DatasetFacts.ModalityFacts) -> OptionFault?
    /// Looks into the data. Called once for each different choice.
    package var inspect: @Sendable (_ dataset: ComponentChoice) throws(DatasetFault) -> DatasetFacts

    package init(
        datasets: [ComponentDescription], encoders: [ComponentDescription], fusions: [ComponentDescription],
        models: [ComponentDescription] = [], regularizers: [ComponentDescription],
        measurements: [ComponentDescription] = [], optimizers: [ComponentDescription],
        schedules: [ComponentDescription],
        minimumBatch: @escaping @Sendable (_ regularizer: String, _ options: [String: OptionValue]) -> Int,
        places: @escaping @Sendable (_ regularizer: String) -> [Place] = { _ in
            Place.allCases
        },
        encoderFault: @escaping @Sendable (_ encoder: ComponentChoice, _ modality: DatasetFacts.ModalityFacts) -> OptionFault? = { _, _ in
            nil
        },
        inspect: @escaping @Sendable (_ dataset: ComponentChoice) throws(DatasetFault) -> DatasetFacts
    ) {
        self.datasets = datasets
        self.encoders = encoders
        self.fusions = fusions
        self.models = models
        self.regularizers = regularizers
        self.measurements = measurements
        self.optimizers = optimizers
        self.schedules = schedules
        self.minimumBatch = minimumBatch
        self.places = places
        self.encoderFault = encoderFault
        self.inspect = inspect
    }
}
