import Foundation
import Glibc
import Testing

/// Signatures and lists of digests of plans, held against minisign and sha256sum.
@Suite(.serialized)
struct SigningTests {
  private let place: TemporaryDirectory

  init() throws {
    place = try TemporaryDirectory()
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f16-untied"))
    try FileManager.default.copyItem(atPath: plan, toPath: place.path("plan"))
    try expectSuccess(["sign", "--generate", place.path("k")], "keep the .key file secret")
  }

  private func expectSuccess(_ arguments: [String], _ text: String) throws {
    let outcome = try Program.quamba.run(arguments)
    #expect(outcome.code == 0 && outcome.output.contains(text), "\(outcome.output)\(outcome.errors)")
  }

  private func expectFailure(_ arguments: [String], _ code: Int32, _ kind: String, _ text: String) throws {
    let outcome = try Program.quamba.run(arguments)
    #expect(outcome.code == code && outcome.errorCodes == [kind], "\(outcome.errors)")
    #expect(outcome.errors.contains(text) && outcome.output.isEmpty, "\(outcome.errors)")
  }

  private func sign(_ plan: String = "plan", key: String = "k") throws {
    try expectSuccess(["sign", place.path(plan), "--key", place.path(key + ".key")], "signature by key")
  }

  private var check: [String] { ["verify", place.path("plan"), "--key", place.path("k.pub")] }

  @Test
  func signedPlansAreAccepted() throws {
    try sign()
    #expect(try place.names == ["k.key", "k.pub", "plan", "plan.minisig"])
    let mode = try FileManager.default.attributesOfItem(atPath: place.path("k.key"))[.posixPermissions]
    #expect(mode as? Int == 0o600)
    try expectSuccess(check + ["--level", "content"], "file:plan")
    let line = try place.text("k.pub").split(separator: "\n")[1]
    try expectSuccess(["verify", place.path("plan"), "--key", String(line)], "signed with key")
    let first = try place.data("plan.minisig")
    try sign()
    #expect(try place.data("plan.minisig") == first)
    try expectSuccess(
      [
        "sign", place.path("plan"), "--key", place.path("k.key"), "-o", place.path("s"), "--comment",
        "release 1",
      ], "s: signature")
    try expectSuccess(check + ["--signature", place.path("s")], "release 1")
  }

  @Test
  func strippedSwappedAndAlteredSignaturesAreRefused() throws {
    try expectFailure(check, 66, "missing-signature", "plan.minisig")
    try sign()
    let (plan, signature) = (try place.data("plan"), try place.data("plan.minisig"))
    var changed = plan
    changed[changed.count - 5000] ^= 1
    try place.write("plan", changed)
    try expectFailure(check, 65, "bad-signature", "changed or swapped")
    try place.write("other", changed)
    try sign("other")
    try place.write("plan", plan)
    try place.write("plan.minisig", place.data("other.minisig"))
    try expectFailure(check, 65, "bad-signature", "changed or swapped")
    try place.write(
      "plan.minisig", String(decoding: signature, as: UTF8.self).replacing("file:plan", with: "file:else"))
    try expectFailure(check, 65, "bad-signature", "trusted comment")
    try place.write("plan.minisig", signature.dropLast(20))
    try expectFailure(check, 65, "bad-signature", "base64")
    try place.write("plan.minisig", "")
    try expectFailure(check, 65, "bad-signature", "4 lines")
    try place.write("plan.minisig", signature)
    try expectSuccess(["sign", "--generate", place.path("other")], "other.pub")
    try expectFailure(
      ["verify", place.path("plan"), "--key", place.path("other.pub")], 65, "bad-signature", "not by")
  }

  @Test
  func keysThatCannotBeUsed() throws {
    try expectFailure(["sign", "--generate", place.path("k")], 73, "cannot-write", "k.key")
    try expectFailure(
      ["sign", place.path("plan"), "--key", place.path("k.pub")], 65, "bad-key", "158 bytes")
    try expectFailure(["sign", place.path("plan"), "--key", place.path("none")], 66, "missing-file", "none")
    try expectFailure(
      ["verify", place.path("plan"), "--key", place.path("k.key")], 65, "bad-key", "public key")
    try expectFailure(["verify", place.path("plan"), "--key", "RWTx"], 66, "missing-file", "RWTx")
    try expectFailure(
      ["sign", place.path("k.pub"), "--key", place.path("k.key")], 65, "bad-plan", "not a plan")
    for file in ["plan", "k.key"] {
      try expectFailure(
        ["sign", place.path("plan"), "--key", place.path("k.key"), "-o", place.path(file)], 64, "bad-option",
        "take the place")
    }
    try expectFailure(
      ["sign", place.path("plan"), "--key", place.path("k.key"), "--comment", "a\nb"], 64, "bad-option",
      "one line")
    #expect(try place.names == ["k.key", "k.pub", "plan"])
    #expect(try Program.quamba.run(["sign", place.path("plan")]).code == 64)
    #expect(try Program.quamba.run(["sign", "--generate", "x", "--key", "y"]).code == 64)
    #expect(try Program.quamba.run(["verify", place.path("plan"), "--signature", "x"]).code == 64)
  }

  @Test
  func keysThatExistAreLeftAlone() throws {
    func refuse(_ name: String, _ text: String) throws {
      let before = try place.names
      try expectFailure(["sign", "--generate", place.path(name)], 73, "cannot-write", text)
      #expect(try place.names == before)
    }
    try FileManager.default.createSymbolicLink(
      atPath: place.path("dangling.key"), withDestinationPath: "nowhere")
    try refuse("dangling", "dangling.key: the file exists already")
    try place.write("half.key", place.data("k.key"))
    try refuse("half", "half.key: the secret key exists already, without its public key")
    try place.write("open.pub", "x")
    try refuse("open", "open.pub: the file exists already")
    #expect(try place.data("half.key") == place.data("k.key") && place.text("open.pub") == "x")
  }

  /// Of several who ask for one name at once, one gets a pair that belongs together.
  @Test
  func pairsAreNotMixed() throws {
    for round in 0..<5 {
      let name = place.path("r\(round)")
      let outcome = try Outcome(
        of: "/usr/bin/xargs", ["-P", "4", "-I", "{}", Program.quamba.path, "sign", "--generate", name],
        input: Data("1\n2\n3\n4\n".utf8))
      #expect(outcome.output.split(separator: "\n").count == 1, "\(outcome.output)\(outcome.errors)")
      #expect(outcome.errorCodes == ["cannot-write", "cannot-write", "cannot-write"], "\(outcome.errors)")
      try sign(key: "r\(round)")
      try expectSuccess(["verify", place.path("plan"), "--key", name + ".pub"], "signed with key")
    }
    #expect(try !place.names.contains { $0.hasSuffix(".partial") })
  }

  @Test
  func pipesAreNotWaitedFor() throws {
    try #require(mkfifo(place.path("pipe"), 0o600) == 0)
    try sign()
    try place.write("SHA256SUMS", String(repeating: "0", count: 64) + "  pipe\n")
    for options in [
      ["--key", place.path("k.pub"), "--signature", place.path("plan.minisig")],
      ["--manifest", place.path("SHA256SUMS")],
    ] {
      let command = ["20", Program.quamba.path, "verify", place.path("pipe")] + options
      let outcome = try Outcome(of: "/usr/bin/timeout", command)
      #expect(outcome.code == 66 && outcome.errorCodes == ["missing-file"], "\(outcome.errors)")
      #expect(outcome.errors.contains("pipe is not a regular file"), "\(outcome.errors)")
    }
  }

  @Test
  func filesTooLargeForAKeyOrASignature() throws {
    try place.write("large", Data(count: 1 << 16 + 1))
    let (plan, large) = (place.path("plan"), place.path("large"))
    try expectFailure(["sign", plan, "--key", large], 65, "bad-key", "larger than")
    try expectFailure(["verify", plan, "--key", large], 65, "bad-key", "larger than")
    try expectFailure(check + ["--signature", large], 65, "bad-signature", "larger than")
  }

  @Test
  func listsOfDigests() throws {
    let list = try Program.quamba.run(["verify", "plan", "--print-manifest"], directory: place.path)
    #expect(list.code == 0)
    try place.write("SHA256SUMS", "# a comment\n" + list.output)
    let theirs = try Outcome(of: "/usr/bin/sha256sum", ["plan"], [:], place.path)
    #expect(list.output == theirs.output && !theirs.output.isEmpty)
    #expect(try Outcome(of: "/usr/bin/sha256sum", ["-c", "SHA256SUMS"], [:], place.path).code == 0)
    let check = ["verify", place.path("plan"), "--manifest", place.path("SHA256SUMS")]
    try expectSuccess(check, "the SHA-256 is the one")
    var changed = try place.data("plan")
    changed[changed.count - 5000] ^= 1
    try place.write("plan", changed)
    try expectFailure(check, 65, "bad-signature", "is of another version")
    try place.write("SHA256SUMS", theirs.output.replacing("  plan", with: "  else"))
    try expectFailure(check, 65, "bad-signature", "no line")
  }

  @Test
  func awkwardNamesAreEscapedAsBySha256sum() throws {
    for name in ["two\nlines", "back\\slash", "a  b", "*star", "\\n"] {
      try FileManager.default.copyItem(atPath: place.path("plan"), toPath: place.path(name))
      let list = try Program.quamba.run(["verify", "./" + name, "--print-manifest"], directory: place.path)
      let theirs = try Outcome(of: "/usr/bin/sha256sum", ["./" + name], [:], place.path)
      #expect(list.output == theirs.output, "\(list.errors)")
      try place.write("list", list.output)
      try expectSuccess(["verify", place.path(name), "--manifest", place.path("list")], "is the one in")
    }
  }

  private static let minisign = "/usr/bin/minisign"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: minisign), "minisign is not installed"))
  func minisignAgrees() throws {
    func minisign(_ arguments: [String]) throws -> Outcome {
      try Outcome(of: Self.minisign, arguments, [:], place.path)
    }
    try sign()
    let verified = try minisign(["-V", "-p", "k.pub", "-m", "plan"])
    #expect(verified.code == 0 && verified.output.contains("file:plan"), "\(verified.errors)")
    #expect(try minisign(["-V", "-H", "-p", "k.pub", "-m", "plan"]).code == 0)
    for options in [["-S"], ["-S", "-l"]] {
      #expect(try minisign(options + ["-s", "k.key", "-m", "plan", "-t", "by them"]).code == 0)
      try expectSuccess(check, "by them")
    }
    #expect(try minisign(["-G", "-W", "-p", "t.pub", "-s", "t.key"]).code == 0)
    try sign(key: "t")
    #expect(try minisign(["-V", "-p", "t.pub", "-m", "plan"]).code == 0)
    #expect(try minisign(["-V", "-p", "k.pub", "-m", "plan"]).code != 0)
    let recreated = try minisign(["-R", "-s", "k.key", "-p", "again.pub"])
    #expect(recreated.code == 0, "\(recreated.errors)")
    #expect(
      try place.text("again.pub").split(separator: "\n")[1] == place.text("k.pub").split(separator: "\n")[1])
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: minisign), "minisign is not installed"))
  func keysWithAPasswordAreRefusedByName() throws {
    let keys = try Outcome(
      of: Self.minisign, ["-G", "-p", "p.pub", "-s", "p.key"], [:], place.path,
      input: Data("word\nword\n".utf8))
    try #require(keys.code == 0, "\(keys.errors)")
    try expectFailure(
      ["sign", place.path("plan"), "--key", place.path("p.key")], 65, "bad-key", "protected by a password")
  }
}
