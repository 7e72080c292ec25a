extension String {
    /// The text with each sign that means something to another program written as that program needs it.
    ///
    /// `replacing` would pass over some: a sign and a combining mark behind it are one `Character` and two signs to every other program, so that a quotation
    /// mark followed by U+0301 would still end what is quoted.
    ///
    /// - Parameter spellings: what is written for a sign.
    package func spelling(_ spellings: [Unicode.Scalar: String]) -> String {
        var result = ""
        for scalar in unicodeScalars {
            if let spelling = spellings[scalar] { result += spelling } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
