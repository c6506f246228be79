import Dispatch

/// Where the time of a compile went.
public struct Stopwatch: Sendable {
  /// Names of the parts and their seconds, in order.
  public private(set) var parts: [(name: String, seconds: Double)] = []

  /// Runs `body` and adds its time to the part `name`.
  mutating func time<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let start = DispatchTime.now().uptimeNanoseconds
    defer {
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
      if let index = parts.firstIndex(where: { $0.name == name }) {
        parts[index].seconds += seconds
      } else {
        parts.append((name, seconds))
      }
    }
    return try body()
  }
}
