/// The value of an attribute.
public enum AttributeValue: Equatable, Sendable {
  /// A count or a position.
  case integer(Int)
  /// A finite number.
  case real(Float)
  /// A word of a closed set, such as the granularity of a scale.
  case string(String)
  /// Where a constant comes from.
  case source(ConstantSource)
}

/// Where the elements of a constant come from.
public enum ConstantSource: Equatable, Sendable {
  /// A tensor of the checkpoint.
  case tensor(String)
  /// Zeros.
  case zero
  /// One value everywhere.
  case splat(Float)
  /// Uniform in `-amplitude ..< amplitude`, the same on every machine.
  case random(seed: Int, amplitude: Float)
  /// 1 or -1, the same on every machine.
  case signs(seed: Int)
  /// The elements themselves, row-major.
  case values([Float])
}

/// The kinds of attribute values, for specifications.
public enum AttributeKind: String, Sendable {
  /// See the cases of `AttributeValue`.
  case integer, real, string, source
}

extension AttributeValue {
  /// The kind of this value.
  public var kind: AttributeKind {
    switch self {
    case .integer: .integer
    case .real: .real
    case .string: .string
    case .source: .source
    }
  }
}

/// Named attributes of a node, in the order in which they were given.
public struct Attributes: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  /// Names and values in order.
  public private(set) var entries: [(name: String, value: AttributeValue)]

  /// Attributes in the order of the literal.
  public init(dictionaryLiteral elements: (String, AttributeValue)...) {
    entries = elements.map { (name: $0.0, value: $0.1) }
  }

  /// The value of an attribute; setting nil removes it.
  public subscript(name: String) -> AttributeValue? {
    get { entries.first { $0.name == name }?.value }
    set {
      let position = entries.firstIndex { $0.name == name }
      switch (position, newValue) {
      case (let position?, let value?): entries[position].value = value
      case (let position?, nil): entries.remove(at: position)
      case (nil, let value?): entries.append((name, value))
      case (nil, nil): break
      }
    }
  }

  /// An integer attribute, nil where absent or of another kind.
  public func integer(_ name: String) -> Int? {
    if case .integer(let value)? = self[name] { value } else { nil }
  }

  /// A real attribute, nil where absent or of another kind.
  public func real(_ name: String) -> Float? {
    if case .real(let value)? = self[name] { value } else { nil }
  }

  /// A string attribute, nil where absent or of another kind.
  public func string(_ name: String) -> String? {
    if case .string(let value)? = self[name] { value } else { nil }
  }

  /// Same names and values in the same order.
  public static func == (left: Self, right: Self) -> Bool {
    left.entries.elementsEqual(right.entries) { $0.name == $1.name && $0.value == $1.value }
  }
}
