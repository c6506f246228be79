import IR

/// The names under which recipes know the tensors of a module.
public enum TensorNames {
  /// What a float value is called whose codes have its name.
  static let floatSuffix = ".f32"

  /// The copy of an activation that convolution or scan read, where a product reads another.
  public static func scanCopy(of name: String) -> String { name + "_scan" }

  /// The names of the weight that a node reads: the checkpoint's, that without its first part, and the node's own.
  ///
  /// The first part is left off so that `layers.0.*` names weights as it names activations.
  static func weight(of user: ValueID, in module: Module) -> [String] {
    let name = module[user].name
    let own = name.hasSuffix(floatSuffix) ? String(name.dropLast(floatSuffix.count)) : name
    let stored = module[root(of: module[user].operands[1], in: module)].name
    let rest = stored.split(separator: ".", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
    return [stored] + (rest.contains(".") ? [rest] : []) + ["\(own).weight"]
  }

  /// The name of a product's input, which smoothing does not change.
  static func input(of product: ValueID, in module: Module) -> String {
    name(ofActivation: module[product].operands[0], in: module)
  }

  /// The name of an activation, without the factors that smoothing put behind it.
  static func name(ofActivation value: ValueID, in module: Module) -> String {
    let node = module[value]
    return node.op == .scaleChannels ? module[node.operands[0]].name : node.name
  }

  /// The constant that a weight was made of.
  private static func root(of weight: ValueID, in module: Module) -> ValueID {
    var value = weight
    while let operand = module[value].operands.first { value = operand }
    return value
  }
}
