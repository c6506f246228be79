/// The members of a JSON object: ordered, with names compared byte for byte.
public struct JSONObject: Equatable, Sendable {
  private(set) var index: NameIndex
  private var values: [JSONValue]

  /// Makes an object without members.
  public init() {
    self.init(index: NameIndex(), values: [])
  }

  /// Makes an object of members in this order; a name that occurs again replaces the earlier value.
  public init(_ members: [(String, JSONValue)]) {
    self.init()
    for (name, value) in members { self[name] = value }
  }

  /// Pairs the names of `index` with as many `values`.
  init(index: NameIndex, values: [JSONValue]) {
    self.index = index
    self.values = values
  }

  /// The number of members.
  public var count: Int { values.count }

  /// Whether the object has no members.
  public var isEmpty: Bool { values.isEmpty }

  /// The names, in order.
  public var names: [String] { index.names }

  /// The members, in order.
  public var members: [(name: String, value: JSONValue)] {
    zip(index.names, values).map { (name: $0, value: $1) }
  }

  /// The value of a member, nil where there is none; a new name is appended, nil removes.
  /// - Complexity: O(1), but O(n) to remove.
  public subscript(name: String) -> JSONValue? {
    get { index.find(name).map { values[$0] } }
    set {
      guard let newValue else { return remove(name) }
      if let place = index.find(name) {
        values[place] = newValue
      } else {
        index.append(name)
        values.append(newValue)
      }
    }
  }

  private mutating func remove(_ name: String) {
    guard let place = index.find(name) else { return }
    values.remove(at: place)
    var names = index.names
    names.remove(at: place)
    index = NameIndex()
    for name in names { index.append(name) }
  }
}
