/// A model as a list of nodes in definition order; the last value is what `result` names.
public struct Module: Equatable, Sendable {
  /// Model family as the frontend named it; nothing downstream decides by it.
  public var architecture: String
  /// Number of layers of the model.
  public var layers: Int
  /// How far the passes have come.
  public var stage: Stage
  /// Operations, each after everything it depends on.
  public var nodes: [Node]
  /// The value that the model computes: logits of the selected rows.
  public var result: ValueID

  /// Makes a module.
  public init(architecture: String, layers: Int, stage: Stage, nodes: [Node], result: ValueID) {
    self.architecture = architecture
    self.layers = layers
    self.stage = stage
    self.nodes = nodes
    self.result = result
  }

  /// The node that defines a value.
  public subscript(id: ValueID) -> Node { nodes[id.index] }

  /// All values in definition order.
  public var values: some Sequence<ValueID> { nodes.indices.lazy.map { ValueID($0) } }

  /// For each value, the nodes that use it, in order; a use as scales of a type counts.
  /// - Complexity: O(nodes + operands).
  public func uses() -> [[ValueID]] {
    var uses = [[ValueID]](repeating: [], count: nodes.count)
    for user in values {
      for used in self[user].dependencies { uses[used.index].append(user) }
    }
    return uses
  }

  /// The value of a name, by linear search.
  /// - Complexity: O(nodes).
  public func value(named name: String) -> ValueID? {
    nodes.firstIndex { $0.name == name }.map { ValueID($0) }
  }
}
