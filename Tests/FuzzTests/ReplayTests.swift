import Foundation
import FuzzTargets
import Testing

/// Seeds, inputs that are kept, and every input that failed once: each target comes back from each of them.
@Suite(.serialized)
struct ReplayTests {
  @Test(arguments: FuzzTarget.allCases)
  func inputs(_ target: FuzzTarget) throws {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    try FuzzSeeds.write(to: place.path)
    var count = 0
    for folder in [place.path, FuzzSeeds.kept] {
      let directory = folder + "/" + target.rawValue
      for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
        try FuzzSeeds.replay(directory + "/" + name, target)
        count += 1
      }
    }
    #expect(count > 1)
  }
}
