import ArgumentParser

/// Numbers from 1 to 1024, as `1,8,32`.
struct NumberList: ExpressibleByArgument {
  let numbers: [Int]

  init(_ numbers: [Int]) { self.numbers = numbers }

  init?(argument: String) {
    let pieces = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard pieces.allSatisfy({ (1...1024).contains($0 ?? 0) }) else { return nil }
    numbers = pieces.compactMap { $0 }
  }

  var defaultValueDescription: String { numbers.map { "\($0)" }.joined(separator: ",") }
}
