import Configuration

/// What a recipe may name: everything that reading a recipe needs to know of the program, as plain values.
package struct Catalogue: Sendable {
    package var datasets: [ComponentDescription]
    package var encoders: [ComponentDescription]
    package var fusions: [ComponentDescription]
    /// Whole models, which take the place of encoders and a fusion.
    package var models: [ComponentDescription]
    package var regularizers: [ComponentDescription]
    package var optimizers: [ComponentDescription]
    package var schedules: [ComponentDescription]

    package init(
        datasets: [ComponentDescription], encoders: [ComponentDescription], fusions: [ComponentDescription],
        models: [ComponentDescription] = [], regularizers: [ComponentDescription], optimizers: [ComponentDescription],
        schedules: [ComponentDescription]
    ) {
        self.datasets = datasets
        self.encoders = encoders
        self.fusions = fusions
        self.models = models
        self.regularizers = regularizers
        self.optimizers = optimizers
        self.schedules = schedules
    }
}
