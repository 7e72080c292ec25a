import Selection

/// How tuning chose the values of a trial.
package struct ChoiceRecord: Hashable, Codable, Sendable {
    /// The name of the rule that chose.
    package var rule: String
    /// What its criterion is.
    package var unit: SelectionUnit
    /// Why it is not the rule that the recipe names; nil where it is.
    package var fallback: String?
    /// What has to be known of the choice.
    package var guards: ChoiceGuards

    package init(rule: String, unit: SelectionUnit, fallback: String? = nil, guards: ChoiceGuards) {
        self.rule = rule
        self.unit = unit
        self.fallback = fallback
        self.guards = guards
    }
}

/// How one setting of a row's tuned values did in the rehearsals that the choice among them rests on.
package struct CandidateScore: Hashable, Sendable {
    /// What became of the model that was trained with this setting in a trial's own seed, where the recipe asks how well rules choose.
    package struct Measured: Hashable, Codable, Sendable {
        /// On held-back samples of the source domains, at the epoch that is reported; nil where nothing was held back.
        package var sources: SourceScores?
        /// The score on the target at that epoch. Nothing was chosen by it.
        package var target: Double

        package init(sources: SourceScores?, target: Double) {
            self.sources = sources
            self.target = target
        }
    }

    /// The setting, one entry for each tuned path.
    package var values: [ChosenValue]
    /// The criterion that it was compared by; nil where a rehearsal failed.
    package var score: Double?
    /// What the rule was given; nil in results that do not say it, and where a rehearsal failed.
    package var evidence: SourceEvidence?
    /// Nil where the target was not measured for it.
    package var measured: Measured?

    package init(values: [ChosenValue], score: Double?, evidence: SourceEvidence? = nil, measured: Measured? = nil) {
        self.values = values
        self.score = score
        self.evidence = evidence
        self.measured = measured
    }
}

extension CandidateScore: Codable {
    private enum Key: String, CodingKey {
        case values, score, evidence, measured
        // What the score was called while there was one task.
        case accuracy
    }

    /// - Throws: `DecodingError` where the values are missing.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        values = try fields.decode([ChosenValue].self, forKey: .values)
        score = try fields.score(.score, former: .accuracy)
        evidence = try fields.decodeIfPresent(SourceEvidence.self, forKey: .evidence)
        measured = try fields.decodeIfPresent(Measured.self, forKey: .measured)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(values, forKey: .values)
        try fields.encodeIfPresent(score.map(JSONNumber.init), forKey: .score)
        try fields.encodeIfPresent(evidence, forKey: .evidence)
        try fields.encodeIfPresent(measured, forKey: .measured)
    }
}
