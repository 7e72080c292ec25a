import Training

/// How often a study saves, shows that it is alive, and looks at other workers' trials. All are wall
/// time.
package struct StudyTiming: Sendable, Hashable {
    /// From one save of a running trial to the next; zero to save after every step.
    package var saving = Duration.seconds(60)
    /// From one sign of life on a claimed trial to the next.
    package var beating = Duration.seconds(15)
    /// Silence after which another worker's claim is taken over. A worker that ended on this machine is noticed at once.
    package var patience = Duration.seconds(120)
    /// From one look at a trial that another worker holds to the next.
    package var polling = Duration.seconds(2)

    package init() {}
}
