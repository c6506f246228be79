import Diagnostics
import IR

extension Rewriter {
  /// A weight after a change of its columns, which `change` emits under the name that it is given.
  ///
  /// Of a slice the whole tensor is changed, so that one scale per tensor still belongs to the checkpoint's
  /// tensor.
  mutating func changingColumns(
    of weight: ValueID, name: String, for value: ValueID,
    _ change: (inout Rewriter, ValueID, String) throws -> ValueID
  ) throws -> ValueID {
    let node = before[weight]
    guard node.op == .sliceRows else { return try change(&self, image(weight), name) }
    let whole = try change(&self, image(node.operands[0]), "\(name).whole")
    return try emit(.sliceRows, [whole], node.attributes, name: name, for: value)
  }

  /// How a Hadamard transform is laid over the channels of a value; warns where no order fits.
  /// - Parameter part: the channels that are transformed together; nil for all.
  mutating func hadamardAttributes(for value: ValueID, width part: Int? = nil) -> Attributes {
    let node = before[value]
    let width = part ?? node.type.width
    let shape = HadamardShape(width: width)
    if shape.block != width {
      findings.append(
        Diagnostic(
          .noHadamard,
          "no Hadamard matrix of order \(width) is known; blocks of \(shape.block) are used",
          at: .node(node.name), severity: .warning))
    }
    return ["block": .integer(shape.block), "order": .integer(shape.order)]
  }

  /// Random signs that a rotation starts with, where the recipe asks for them.
  /// - Parameter place: 0 for the residual stream, and 1 more than its number for a scan.
  mutating func rotationSigns(place: Int, name: String, for value: ValueID) -> ValueID? {
    recipe.rotation.signs.map {
      constant(.signs(seed: $0 &+ place), [before[value].type.width], name: "\(name).signs", for: value)
    }
  }
}
