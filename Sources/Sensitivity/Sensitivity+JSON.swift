import Evaluation
public import JSONText
import Passes

extension Sensitivity {
  /// The analysis as JSON (`Schemas/analyze.schema.json`).
  ///
  /// - Parameter bindings: what the figures belong to, by name: digests, recipe.
  public func json(_ bindings: [(String, JSONValue)]) -> JSONValue {
    .object(
      bindings + [
        ("tokens", .integer(Int64(tokens))), ("windows", .integer(Int64(windows))),
        ("window_length", .integer(Int64(windowLength))), ("bytes", .integer(Int64(byteCount))),
        ("whole", .object(whole.members("kl"))), ("groups", .array(groups.map(\.json))),
        ("keep", .array(keepPatterns.map { .string($0) })),
      ] + (fourBits.map { [("four_bits", $0.json)] } ?? []))
  }

  /// The patterns of what is worth keeping float.
  public var keepPatterns: [String] { advice.flatMap { $0.group.patterns.map(\.text) } }
}

extension Sensitivity.Group {
  fileprivate var json: JSONValue {
    .object(
      [
        ("name", .string(group.name)), ("kind", .string(group.kind.rawValue)),
        ("tensors", .array(group.patterns.map { .string($0.text) })),
        ("only_quantized", .object(onlyQuantized.members("kl"))),
        ("only_float", .object(onlyFloat.members("kl"))),
      ] + gain.members("gain") + [("bytes", .integer(Int64(bytes)))])
  }
}

extension Estimate {
  /// The value under a name, and the standard error beside it, null where it is not known.
  func members(_ name: String) -> [(String, JSONValue)] {
    [
      (name, value.isFinite ? .number(value) : .null),
      ("\(name)_se", standardError.isFinite ? .number(standardError) : .null),
    ]
  }
}
