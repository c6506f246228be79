import IR

extension RangeTable {
  /// The range 1 for every tensor that calibration of a module would see: sizes do not depend on values.
  init(placeholdersFor module: Module) {
    self.init()
    var channels: [Int: [Float]] = [:]
    for node in module.nodes where !node.isConstant {
      let width = node.type.width
      let ones = channels[width] ?? Array(repeating: 1, count: width)
      channels[width] = ones
      let range = TensorRange(maximum: 1, channels: ones)
      ranges[node.name] = range
      if node.op == .selectiveScan { ranges[node.stateName] = range }
    }
  }
}
