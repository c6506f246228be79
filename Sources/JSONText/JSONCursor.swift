/// A value together with its place in the document, so that every error names the place.
public struct JSONCursor: Sendable {
  /// The value at this place.
  public let value: JSONValue
  private let place: JSONPath

  /// Points at the root of a document.
  public init(_ value: JSONValue) {
    self.init(value: value, place: JSONPath())
  }

  /// Points at what stands one step below the root.
  init(_ value: JSONValue, at step: JSONPath.Step) {
    self.init(value: value, place: JSONPath().appending(step))
  }

  private init(value: JSONValue, place: JSONPath) {
    self.value = value
    self.place = place
  }

  /// The place in the document, such as `$.model.vocab`.
  public var path: String { place.description }

  /// Makes an error that names this place.
  public func error(_ message: String) -> JSONError {
    JSONError(message: message, path: path)
  }

  private func mismatch(_ expected: String) -> JSONError {
    error("expected \(expected), found \(value.summary)")
  }
}

extension JSONCursor {
  /// Whether the value is `null`.
  public var isNull: Bool { value == .null }

  /// Gives the string.
  /// - Throws: `JSONError` where the value is none.
  public func string() throws(JSONError) -> String {
    guard case .string(let text) = value else { throw mismatch("a string") }
    return text
  }

  /// Gives the integer.
  /// - Throws: `JSONError` where the value is no integer; 1.0 is none either.
  public func int() throws(JSONError) -> Int {
    guard case .integer(let number) = value else { throw mismatch("an integer") }
    return Int(number)
  }

  /// Gives the number or the integer as a `Double`.
  /// - Throws: `JSONError` where the value is neither.
  public func double() throws(JSONError) -> Double {
    switch value {
    case .number(let number): return number
    case .integer(let number): return Double(number)
    default: throw mismatch("a number")
    }
  }

  /// Gives the truth value.
  /// - Throws: `JSONError` where the value is none.
  public func bool() throws(JSONError) -> Bool {
    guard case .bool(let truth) = value else { throw mismatch("true or false") }
    return truth
  }

  /// Gives a cursor for each element of the array.
  /// - Throws: `JSONError` where the value is no array.
  public func array() throws(JSONError) -> [JSONCursor] {
    guard case .array(let elements) = value else { throw mismatch("an array") }
    return elements.enumerated().map { JSONCursor(value: $1, place: place.appending(.element($0))) }
  }

  /// Gives the object.
  /// - Throws: `JSONError` where the value is none.
  public func object() throws(JSONError) -> JSONObject {
    guard case .object(let object) = value else { throw mismatch("an object") }
    return object
  }

  /// Gives a cursor for each member of the object, in order.
  /// - Throws: `JSONError` where the value is no object.
  public func members() throws(JSONError) -> [(name: String, cursor: JSONCursor)] {
    try object().members.map {
      (name: $0.name, cursor: JSONCursor(value: $0.value, place: place.appending(.member($0.name))))
    }
  }
}

extension JSONCursor {
  /// The member of that name.
  /// - Throws: `JSONError` where the value is no object or has no such member.
  public subscript(name: String) -> JSONCursor {
    get throws(JSONError) {
      guard let member = try object()[name] else {
        throw error("the member \(JSONText.quoted(name)) is missing")
      }
      return JSONCursor(value: member, place: place.appending(.member(name)))
    }
  }

  /// The element at that index.
  /// - Throws: `JSONError` where the value is no array or is too short.
  public subscript(index: Int) -> JSONCursor {
    get throws(JSONError) {
      guard case .array(let elements) = value else { throw mismatch("an array") }
      guard elements.indices.contains(index) else {
        throw error("expected an element [\(index)], found \(elements.count) elements")
      }
      return JSONCursor(value: elements[index], place: place.appending(.element(index)))
    }
  }

  /// Gives the member of that name; nil where it is absent or `null`.
  /// - Throws: `JSONError` where the value is no object.
  public func optional(_ name: String) throws(JSONError) -> JSONCursor? {
    guard let member = try object()[name], member != .null else { return nil }
    return JSONCursor(value: member, place: place.appending(.member(name)))
  }

  /// Tells whether the value is an object with a member of that name, be it `null`.
  public func contains(_ name: String) -> Bool {
    guard case .object(let object) = value else { return false }
    return object[name] != nil
  }
}

extension JSONValue {
  /// What an error message calls the value.
  fileprivate var summary: String {
    switch self {
    case .null: "null"
    case .bool(let truth): "\(truth)"
    case .integer(let number): "the integer \(number)"
    case .number(let number): "the number \(number)"
    case .string(let text): "the string \(JSONText.quoted(text))"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
