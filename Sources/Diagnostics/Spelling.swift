/// Guesses at what a misspelt name was meant to be.
public enum Spelling {
  /// The name that differs least, where it differs by at most a third of its letters.
  /// - Complexity: O(names · lengths).
  public static func nearest(to text: String, among names: [String]) -> String? {
    let near = names.map { (name: $0, distance: distance(text, $0)) }.filter {
      $0.distance <= max(1, $0.name.utf8.count / 3)
    }
    return near.min { $0.distance < $1.distance }?.name
  }

  /// The names that differ least, the nearest first.
  /// - Complexity: O(names · lengths).
  public static func nearest(_ count: Int, to text: String, among names: [String]) -> [String] {
    let ranked = names.map { (name: $0, distance: distance(text, $0)) }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(count).map(\.name)
  }

  /// A hint that names what there is, the nearest first.
  public static func hint(_ text: String, among names: [String]) -> String {
    let guess = nearest(to: text, among: names).map { "did you mean '\($0)'? " } ?? ""
    return "\(guess)there is: \(names.joined(separator: ", "))"
  }

  /// What follows so many bytes of a text is not compared.
  private static let longest = 128

  /// How many letters must be changed, added or left out to make one text of the other.
  private static func distance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.utf8.prefix(longest)), Array(second.utf8.prefix(longest)))
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in second.indices {
        let change = diagonal + (letter == second[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(change, row[column] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
