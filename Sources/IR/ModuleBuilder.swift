/// Appends nodes to a module under construction; frontends and passes build with it.
public struct ModuleBuilder {
  /// The nodes so far.
  public private(set) var nodes: [Node] = []
  /// Name of the pass that new nodes are recorded under.
  public let pass: String
  private var names: Set<String> = []
  /// The number at which to look for an unused form of a name.
  private var numbers: [String: Int] = [:]

  /// A builder whose nodes are recorded as made by `pass`.
  public init(pass: String) { self.pass = pass }

  /// The node that defines a value built so far.
  public subscript(id: ValueID) -> Node { nodes[id.index] }

  /// Appends a finished node, making its name unique.
  @discardableResult
  public mutating func append(_ node: Node) -> ValueID {
    var node = node
    node.name = unused(node.name)
    names.insert(node.name)
    nodes.append(node)
    return ValueID(nodes.count - 1)
  }

  /// Appends a new node whose type follows from its operands and attributes.
  /// - Parameter scale: scale of a quantized result.
  /// - Throws: `TypeError` where operands and attributes do not fit the operation.
  @discardableResult
  public mutating func emit(
    _ op: Op, _ operands: [ValueID] = [], _ attributes: Attributes = [:], name: String, origin: String,
    scale: Scale? = nil
  ) throws(TypeError) -> ValueID {
    let context = TypeContext(
      operands: operands.map { nodes[$0.index].type }, attributes: attributes, scale: scale)
    let type = try OpSpec.of(op).inferType(context)
    return append(Node(op, operands, attributes, type: type, name: name, origin: origin, pass: pass))
  }

  /// Appends a constant of a given type.
  @discardableResult
  public mutating func constant(
    _ source: ConstantSource, type: ValueType, name: String, origin: String
  ) -> ValueID {
    append(
      Node(.constant, [], ["source": .source(source)], type: type, name: name, origin: origin, pass: pass))
  }

  private mutating func unused(_ name: String) -> String {
    guard names.contains(name) else { return name }
    var number = numbers[name] ?? 2
    while names.contains("\(name).\(number)") { number += 1 }
    numbers[name] = number + 1
    return "\(name).\(number)"
  }
}
