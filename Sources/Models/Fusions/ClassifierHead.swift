import Networks
import Regularization
import Tensors

/// The end of every fusion: linear map, ReLU, dropout, linear map to the classes.
///
/// Parts: `hidden` (left out where its width is 0) and `classifier`.
final class ClassifierHead: Module {
    private let hidden: Linear?
    private let dropout: Dropout
    private let classifier: Linear

    var parts: Parts { ["hidden": hidden, "classifier": classifier] }

    /// The width of what the last linear map reads.
    var representationWidth: Int { classifier.inputs }

    /// Makes a head whose parts lie directly under the initializer's path.
    init(_ inputs: Int, hidden: Int, classes: Int, dropout: Float, from initializer: Initializer) {
        self.hidden = hidden > 0 ? Linear(inputs, hidden, from: initializer["hidden"]) : nil
        self.dropout = Dropout(dropout, stream: initializer["dropout"].path)
        classifier = Linear(hidden > 0 ? hidden : inputs, classes, from: initializer["classifier"])
    }

    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Prediction {
        let features = hidden.map { $0(x).relu() } ?? x
        let representation = dropout(features, pass)
        return Prediction(logits: classifier(representation), representation: representation)
    }
}
