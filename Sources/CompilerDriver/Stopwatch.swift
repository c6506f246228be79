import Dispatch

/// Where the time of a compile went.
public struct Stopwatch: Sendable {
  /// Names of the parts and their seconds, in order.
  public private(set) var parts: [(name: String, seconds: Double)] = []

  /// Runs `body` and adds its time to the part `name`.
  mutating func time<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let start = DispatchTime.now().uptimeNanoseconds
    // A clock may be set back, and the difference of two unsigned times would trap.
    defer { add(max(0, Double(DispatchTime.now().uptimeNanoseconds) - Double(start)) / 1e9, to: name) }
    return try body()
  }

  /// Counts seconds of the part `other` under `name`.
  mutating func move(_ seconds: Double, from other: String, to name: String) {
    add(-seconds, to: other)
    add(seconds, to: name)
  }

  private mutating func add(_ seconds: Double, to name: String) {
    if let index = parts.firstIndex(where: { $0.name == name }) {
      parts[index].seconds += seconds
    } else {
      parts.append((name, seconds))
    }
  }
}
