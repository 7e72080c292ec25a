/// How a trial ended.
///
/// In a file it is one flat object: `{"state": "finished"}`, or
/// `{"state": "failed", "term": "mer", "step": 132, "message": "…"}`.
package enum TrialStatus: Hashable, Sendable {
    case finished
    /// - Parameters:
    ///   - term: the term of the loss that failed, by its instance name (`task` for the base loss).
    ///   - step: the training step at which it happened, counted from 0.
    ///   - message: one sentence for people.
    case failed(term: String, step: Int, message: String)
}

extension TrialStatus: Codable {
    private enum Key: String, CodingKey { case state, term, step, message }
    private enum State: String, Codable { case finished, failed }

    /// - Throws: `DecodingError` for an unknown state or a failure without term, step or message.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        switch try fields.decode(State.self, forKey: .state) {
        case .finished:
            self = .finished
        case .failed:
            self = .failed(
                term: try fields.decode(String.self, forKey: .term),
                step: try fields.decode(Int.self, forKey: .step),
                message: try fields.decode(String.self, forKey: .message))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        switch self {
        case .finished:
            try fields.encode(State.finished, forKey: .state)
        case .failed(let term, let step, let message):
            try fields.encode(State.failed, forKey: .state)
            try fields.encode(term, forKey: .term)
            try fields.encode(step, forKey: .step)
            try fields.encode(message, forKey: .message)
        }
    }
}
