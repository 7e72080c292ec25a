/// How one setting of a row's tuned values did in the rehearsals that the choice among them rests on.
package struct CandidateScore: Hashable, Codable, Sendable {
    /// The setting, one entry for each tuned path.
    package var values: [ChosenValue]
    /// Mean accuracy on source domains, a fraction in `0...1`; nil where a rehearsal failed.
    package var accuracy: Double?

    package init(values: [ChosenValue], accuracy: Double?) {
        self.values = values
        self.accuracy = accuracy
    }
}
