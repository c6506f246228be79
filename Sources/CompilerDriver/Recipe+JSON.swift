import IR
import JSONText
public import Passes

extension Recipe {
  /// The whole recipe as JSON text over several lines (`Schemas/recipe.schema.json`).
  public var jsonText: String { JSONText.encode(json, pretty: true) }

  /// The whole recipe as a plan stores it and `inspect --json` shows it.
  var json: JSONValue {
    .object([
      ("name", .string(name)),
      ("weights", weights.json),
      ("convolution", .string(Self.weightScales.word(convolution))),
      ("scan_inputs", .string(Self.activationScales.word(scanInputs))),
      ("clips", clipsJSON),
      ("rotation", rotation.json),
      ("smoothing", smoothing?.json ?? .null),
      ("bias_correction", .bool(correctsBias)),
      ("norm_gains", .string(Self.normGains.word(foldsNormGains))),
      ("embedding", .string(embedding.rawValue)),
      ("head_input", .string(headInput.rawValue)),
      ("state", .string(state.rawValue)),
      ("keep", .array(keep.map { .string($0.text) })),
      ("set", .array(rules.map(\.json))),
    ])
  }

  private var clipsJSON: JSONValue {
    .object(TensorClass.allCases.compactMap { name in clips[name].map { (name.rawValue, $0.json) } })
  }
}

/// The words of JSON for the values of a type.
struct Vocabulary<Value: Equatable & Sendable>: Sendable {
  /// Words and values, in the order in which messages name them.
  let entries: [(word: String, value: Value)]

  /// The word for a value.
  func word(_ value: Value) -> String { entries.first { $0.value == value }?.word ?? "" }
}

extension Vocabulary where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// The words of an enumeration of words.
  init() { entries = Value.allCases.map { (word: $0.rawValue, value: $0) } }
}

extension Recipe {
  /// How many scales weights have.
  static let weightScales = Vocabulary<Scales>(entries: [
    ("float32", .none), ("tensor", .tensor), ("row", .channel),
  ])
  /// How many scales activations have.
  static let activationScales = Vocabulary<Scales>(entries: [
    ("float32", .none), ("tensor", .tensor), ("channel", .channel),
  ])
  /// Whether norm gains are folded.
  static let normGains = Vocabulary<Bool>(entries: [("kept", false), ("folded", true)])
}

extension TensorRule {
  fileprivate var json: JSONValue {
    let parts: [(String, JSONValue?)] = [
      ("tensors", .string(tensors.text)), ("keep", isKept.map { .bool($0) }), ("clip", clip?.json),
      ("scales", scales.map { .string($0.rawValue) }), ("rounding", rounding.map { .string($0.rawValue) }),
      ("bits", bits.map { .integer(Int64($0)) }),
    ]
    return .object(parts.compactMap { name, value in value.map { (name, $0) } })
  }
}

extension Recipe.Clip {
  fileprivate var json: JSONValue { .string(description) }
}

extension Recipe.Weights {
  fileprivate var json: JSONValue {
    .object([
      ("bits", .integer(Int64(bits))), ("scales", .string(Recipe.weightScales.word(scales))),
      ("clip", clip.json),
      ("rounding", .string(rounding.rawValue)),
    ])
  }
}

extension Recipe.Rotation {
  fileprivate var json: JSONValue {
    .object([("kind", .string(kind.rawValue)), ("signs", signs.map { .integer(Int64($0)) } ?? .null)])
  }
}

extension Recipe.Smoothing {
  fileprivate var json: JSONValue {
    let names = Recipe.TensorClass.allCases.filter(classes.contains).map(\.rawValue)
    return .object([("strength", .number(strength)), ("classes", .array(names.map { .string($0) }))])
  }
}
