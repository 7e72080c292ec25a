import Configuration

extension RecipeLoader {
    /// Reads a data set as an argument names it: `watch`, or `{use: tensors, file: heart.safetensors}`; paths are relative to the current folder.
    ///
    /// - Throws: everything that is wrong with the text.
    package static func dataset(_ text: String, catalogue: Catalogue, files: RecipeFiles = .disk) throws(RecipeError) -> ComponentChoice {
        let faults = FaultCollector()
        if let setting = Setting("data=\(text)", number: 1, faults: faults) {
            let entry = YAMLNode.Entry(key: "data", keyLocation: setting.value.location, value: setting.value)
            let tree = PathOptions(catalogue, files: files).absolute(in: YAMLNode(.map([entry]), at: setting.value.location))
            let reader = ComponentReader(kind: .datasets, catalogue: catalogue, faults: faults)
            if let node = tree["data"], let choice = reader.choice(node, name: "data", at: node.location), faults.isEmpty { return choice }
        }
        throw faults.error
    }
}
