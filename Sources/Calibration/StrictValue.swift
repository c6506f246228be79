import Digests
import JSONText

/// A JSON value with its place in the document, read strictly.
struct StrictValue {
  /// The way from the root, put into words only when something is wrong.
  indirect enum Place {
    case root
    case member(Place, String)
    case element(Place, Int)

    var path: String {
      switch self {
      case .root: "$"
      case .member(let parent, let name): "\(parent.path).\(name)"
      case .element(let parent, let index): "\(parent.path)[\(index)]"
      }
    }
  }

  let value: JSONValue
  var place = Place.root

  func failure(_ message: String) -> StatisticsError { .json(JSONError(message: message, path: place.path)) }

  /// The members of an object that has all of `required`, any of `optional`, and no others.
  func members(
    _ required: [String], optional: [String] = []
  ) throws(StatisticsError) -> [String: StrictValue] {
    let all = try members()
    for name in all.keys.sorted() where !required.contains(name) && !optional.contains(name) {
      throw failure("has the unknown member \(name.debugDescription)")
    }
    for name in required where all[name] == nil { throw failure("has no member \"\(name)\"") }
    return all
  }

  /// The members of an object of any names.
  func members() throws(StatisticsError) -> [String: StrictValue] {
    guard case .object(let object) = value else { throw failure("must be an object") }
    let members = object.members.map {
      ($0.name, StrictValue(value: $0.value, place: .member(place, $0.name)))
    }
    // Names that differ in their bytes may still be equal as strings.
    guard let result = Dictionary(grouping: members, by: \.0).values.first(where: { $0.count > 1 }) else {
      return Dictionary(uniqueKeysWithValues: members)
    }
    throw failure("has the member \(result[0].0.debugDescription) twice")
  }

  func elements() throws(StatisticsError) -> [StrictValue] {
    guard case .array(let elements) = value else { throw failure("must be an array") }
    return elements.enumerated().map { StrictValue(value: $1, place: .element(place, $0)) }
  }

  func string() throws(StatisticsError) -> String {
    guard case .string(let text) = value else { throw failure("must be a string") }
    return text
  }

  func digest() throws(StatisticsError) -> SHA256Digest {
    let text = try string()
    guard let digest = SHA256Digest(hex: text), digest.hex == text else {
      throw failure("must be 64 lower-case hexadecimal digits")
    }
    return digest
  }

  func integer(_ allowed: ClosedRange<Int64>) throws(StatisticsError) -> Int64 {
    guard case .integer(let number) = value else { throw failure("must be an integer") }
    guard allowed.contains(number) else {
      throw failure("is \(number), must be from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return number
  }

  /// What a packed text holds.
  func packed<Value>(
    _ read: (String) throws(Packing.Problem) -> Value
  ) throws(StatisticsError) -> Value {
    let text = try string()
    do throws(Packing.Problem) {
      return try read(text)
    } catch {
      throw failure(error.message)
    }
  }

  /// Packed finite float32 numbers that are not negative.
  func magnitudes() throws(StatisticsError) -> [Float] {
    let magnitudes = try packed(Packing.floats)
    if let wrong = magnitudes.firstIndex(where: { $0.sign == .minus || !$0.isFinite }) {
      throw failure("has \(magnitudes[wrong]) at \(wrong); must be finite and not negative")
    }
    return magnitudes
  }
}
