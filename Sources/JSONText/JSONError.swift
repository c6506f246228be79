/// What is wrong with a JSON text or with a value in it.
public struct JSONError: Error, Equatable, Sendable {
  /// What was found, and what was expected.
  public var message: String
  /// The place in the document, such as `$.model.vocab` or `$.layers[3]["odd name"]`.
  public var path: String
  /// The place in the text; nil for errors about a value that was read already.
  public var position: JSONPosition?

  /// Makes an error.
  public init(message: String, path: String, position: JSONPosition? = nil) {
    self.message = message
    self.path = path
    self.position = position
  }
}

extension JSONError: CustomStringConvertible {
  /// Path, message and position in one line.
  public var description: String {
    guard let position else { return "\(path): \(message)" }
    return "\(path): \(message) (line \(position.line), column \(position.column))"
  }
}

/// A place in a JSON text.
public struct JSONPosition: Equatable, Sendable {
  /// The line, from 1.
  public var line: Int
  /// The column in Unicode scalars, from 1.
  public var column: Int
  /// The offset in bytes, from 0.
  public var byteOffset: Int

  /// Makes a position.
  public init(line: Int, column: Int, byteOffset: Int) {
    self.line = line
    self.column = column
    self.byteOffset = byteOffset
  }
}
