import Foundation
import Testing

/// Headers of 100 MB that would take gigabytes as trees of values, read in little memory.
@Suite(.serialized)
struct HostileHeaderTests {
  private static let mebibytes = 768

  /// The entry of a tensor of no bytes.
  private static func member(_ index: Int) -> String {
    "\"\(String(10_000_000 + index))\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"
  }

  /// Headers, and what is said of them.
  private static let cases: [(name: String, message: String, header: @Sendable () -> String)] = [
    (
      "tensors", "more than 1000000 tensors",
      { "{" + (0...1_000_000).map(member).joined(separator: ",") + "}" }
    ),
    ("metadata", "more than 100000 members", { "{\"__metadata__\":{" + members(6_000_000) + "}}" }),
    ("objects", "more than 16 objects", { "{\"a\":[" + elements("{}", 33_000_000) + "]}" }),
    ("arrays", "more than 100000 members", { "{\"a\":[" + elements("[]", 33_000_000) + "]}" }),
    ("numbers", "more than 100000 members", { "{\"a\":{\"shape\":[" + elements("0", 49_000_000) + "]}}" }),
  ]

  private static func elements(_ element: String, _ count: Int) -> String {
    String(repeating: element + ",", count: count - 1) + element
  }

  private static func members(_ count: Int) -> String {
    (0..<count).map { "\"\($0)\":\"\"" }.joined(separator: ",")
  }

  @Test(arguments: cases.indices)
  func isReadInLittleMemory(_ index: Int) throws {
    let (name, message, make) = Self.cases[index]
    let header = make()
    let place = try TemporaryDirectory()
    try FileManager.default.copyItem(
      atPath: Fixtures.model("mamba-f32") + "/config.json", toPath: place.path("config.json"))
    var file = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    file.append(contentsOf: header.utf8)
    #expect(file.count < 100_000_008, "\(name)")
    try place.write("model.safetensors", file)
    let outcome = try Outcome(
      of: "/usr/bin/env",
      ["prlimit", "--data=\(Self.mebibytes << 20)", Program.quamba.path, "inspect", place.path])
    #expect(outcome.code == 65 && outcome.errorCodes == ["bad-safetensors"], "\(name): \(outcome.errors)")
    #expect(outcome.errors.contains(message), "\(name): \(outcome.errors)")
  }
}
