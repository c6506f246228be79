import Diagnostics
import Files
import Foundation
import Testing

@Suite("Output files")
struct PublicationTests {
  private func files(_ place: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: place).sorted()
  }

  @Test("what a killed process left is removed, what a live one writes is not")
  func leftovers() throws {
    try withTemporaryDirectory { place in
      let path = place + "/plan"
      let other = "\(place)/.plan2.0123456789abcdef.partial"
      for leftover in ["\(place)/.plan.0123456789abcdef.partial", other] {
        #expect(FileManager.default.createFile(atPath: leftover, contents: Data([1])))
      }
      let first = try OutputFile(path)
      let second = try OutputFile(path)
      #expect(try files(place).count == 3)
      try first.write([1])
      try first.publish()
      try second.write([2])
      try second.publish()
      #expect(try files(place) == [(other as NSString).lastPathComponent, "plan"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([2]))
    }
  }

  @Test("a file whose temporary name was taken away is not published")
  func stolen() throws {
    try withTemporaryDirectory { place in
      let file = try OutputFile(place + "/plan")
      try FileManager.default.removeItem(atPath: file.temporaryPath)
      #expect(FileManager.default.createFile(atPath: file.temporaryPath, contents: Data([9])))
      #expect(throws: (any Error).self) { try file.publish() }
      #expect(!FileManager.default.fileExists(atPath: place + "/plan"))
    }
  }

  @Test("a secret is its owner's alone from the first moment")
  func secrets() throws {
    try withTemporaryDirectory { place in
      let file = try OutputFile(place + "/key", isSecret: true)
      for path in [file.temporaryPath, place + "/key"] {
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        if path == file.temporaryPath { try file.publish() }
      }
    }
  }

  @Test("what must not be replaced is not, whenever it came to be")
  func existing() throws {
    try withTemporaryDirectory { place in
      let path = place + "/key"
      let (first, second) = (try OutputFile(path, replaces: false), try OutputFile(path, replaces: false))
      try first.write([1])
      try second.write([2])
      try first.publish()
      let failure = #expect(throws: DiagnosticFailure.self) { try second.publish() }
      #expect(failure?.diagnostics.map(\.code) == [.cannotWrite])
      second.withdraw()
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
      #expect(throws: DiagnosticFailure.self) { try OutputFile(path, replaces: false) }
      first.withdraw()
      #expect(!FileManager.default.fileExists(atPath: path))
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "nowhere")
      #expect(throws: DiagnosticFailure.self) { try OutputFile(path, replaces: false) }
    }
  }

  @Test("a file that was to stop does not appear")
  func stopped() throws {
    try withTemporaryDirectory { place in
      do {
        let file = try OutputFile(place + "/plan", shouldStop: { true })
        let failure = #expect(throws: DiagnosticFailure.self) { try file.publish() }
        #expect(failure?.exitStatus == .interrupted)
      }
      #expect(try files(place).isEmpty)
    }
  }

  @Test("a scratch file has no name, and can be read back")
  func scratch() throws {
    let file = try WritableFile.scratch("test")
    try file.write([1, 2, 3])
    #expect(try Data(contentsOf: URL(fileURLWithPath: file.temporaryPath)) == Data([1, 2, 3]))
    let link = try FileManager.default.destinationOfSymbolicLink(atPath: file.temporaryPath)
    #expect(link.hasSuffix("(deleted)"))
  }

  @Test("links to files that do not exist yet are followed, circles are refused")
  func links() throws {
    try withTemporaryDirectory { place in
      let manager = FileManager.default
      try manager.createDirectory(atPath: place + "/inner", withIntermediateDirectories: false)
      try manager.createSymbolicLink(atPath: place + "/first", withDestinationPath: "inner/second")
      try manager.createSymbolicLink(atPath: place + "/inner/second", withDestinationPath: "third")
      try OutputFile.write([7], to: place + "/first")
      #expect(try Data(contentsOf: URL(fileURLWithPath: place + "/inner/third")) == Data([7]))
      #expect(try manager.destinationOfSymbolicLink(atPath: place + "/first") == "inner/second")
      try manager.createSymbolicLink(atPath: place + "/circle", withDestinationPath: "circle")
      #expect(throws: DiagnosticFailure.self) { try OutputFile(place + "/circle") }
    }
  }
}
