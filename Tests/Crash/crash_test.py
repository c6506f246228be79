#!/usr/bin/env python3
"""Kill `quamba` at every system call that changes files, make each of them fail, and look at what is left.

    crash_test.py PROGRAM [--short] [COMMAND...]

Whatever happens, the output is absent or old as before, or new and complete; the exit status and the message fit;
the next run clears what a killed one left. Needs strace, and the right to trace. Counts are printed at the end.
"""
import argparse, os, pathlib, shutil, signal, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "Tests/Fixtures/models/tiny"
CALLS = ["write", "pwrite64", "ftruncate", "fsync", "rename", "renameat2", "link", "linkat", "unlink", "unlinkat",
         "fchmod", "close"]
LITTLE = ["--samples", "2", "--seq-len", "16", "--threads", "1"]
CANNOT_WRITE, IO_FAILED, INTERRUPTED = 73, 74, 75


class Command:
    """A way to make a file: its arguments, and the files that it reads."""

    def __init__(self, name, arguments, inputs=()):
        self.name, self.arguments, self.inputs = name, arguments, inputs


class Test:
    def __init__(self, program, short, names):
        self.program, self.short, self.names = program, short, names
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="quamba-crash-"))
        self.temporary = self.base / "tmp"
        self.temporary.mkdir()
        self.counts, self.failures, self.log = {}, [], self.base / "strace.log"
        self.taken_up = 0

    # Running.

    def run(self, arguments, prefix=(), **environment):
        return subprocess.run(
            [*prefix, self.program, *arguments], cwd=self.base, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", env={**os.environ, "TMPDIR": str(self.temporary), **environment})

    def traced(self, arguments, call, fault, number):
        """The outcome with a fault at that call, and whether the fault came to pass."""
        done = self.run(arguments, ["strace", "-f", "-qq", "-o", str(self.log), "-e", f"trace={call}",
                                    "-e", f"inject={call}:{fault}:when={number}"])
        text = self.log.read_text(errors="replace")
        return done, "(INJECTED)" in text or "killed by SIG" in text or "--- SIG" in text

    def make(self, arguments):
        done = self.run(arguments)
        assert done.returncode == 0, done.stderr

    # Places.

    def prepare(self, command, old):
        """An empty place with the command's inputs, and an old output if asked for."""
        place = self.base / "place"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if old:
            (place / "out").write_bytes(b"old")
        return place

    def expect(self, condition, what, done):
        if not condition:
            self.failures.append(f"{what}: status {done.returncode}, {done.stderr.strip()[-300:]}")
            print("FAILED", self.failures[-1], flush=True)

    def is_as_before_or_complete(self, place, old, complete):
        out = place / "out"
        return out.read_bytes() in ([b"old"] if old else []) + [complete] if out.exists() else not old

    def check_next_run(self, command, place, complete, what):
        done = self.run(command.arguments)
        self.expect(done.returncode == 0 and (place / "out").read_bytes() == complete, what + ", next run", done)
        self.expect(os.listdir(place) == ["out"], f"{what}, next run leaves {os.listdir(place)}", done)

    def check_status(self, kind, done, what):
        status = done.returncode
        if kind == "KILL":
            self.expect(status in (0, -9, 137), what + ", status", done)
        elif kind in ("INT", "TERM"):
            sent = getattr(signal, "SIG" + kind)
            self.expect(status in (0, INTERRUPTED, -sent, 128 + sent), what + ", status", done)
        else:
            allowed = {"ENOSPC": (0, CANNOT_WRITE, IO_FAILED), "EIO": (0, IO_FAILED), "EINTR": (0, IO_FAILED)}[kind]
            self.expect(status in allowed, what + ", status", done)
            self.expect(status == 0 or "error[" in done.stderr, what + ", message", done)

    # Faults.

    def numbers(self, call):
        """Which calls get a fault: two in three of `close` are the dynamic linker's; in short, some stand for all."""
        return range(1, 2000, 1 if not self.short else 7 if call == "close" else 3)

    def faults_of(self, call):
        signals = ("INT", "TERM") if call in ("write", "pwrite64", "fsync", "rename") else ()
        return ["signal=KILL", "error=ENOSPC", "error=EIO", "error=EINTR", *("signal=" + name for name in signals)]

    def check(self, command, call, fault, number, old, complete):
        """Injects one fault; false where there is no such call any more."""
        place = self.prepare(command, old)
        done, happened = self.traced(command.arguments, call, fault, number)
        if not happened:
            return False
        kind = fault.split("=")[1]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        what = f"{command.name}, {kind} at {call} {number}, {'old' if old else 'no'} output"
        status = done.returncode
        if status == 127 and "shared libraries" in done.stderr:
            self.expect(self.is_as_before_or_complete(place, old, b"old"), what + ", while loading", done)
            return True
        self.expect(self.is_as_before_or_complete(place, old, complete), what + ", output", done)
        if status == 0:
            self.expect((place / "out").exists() and (place / "out").read_bytes() == complete, what, done)
        self.check_status(kind, done, what)
        left = [name for name in os.listdir(place) if name != "out"]
        if status == INTERRUPTED and left == ["out.unfinished"]:
            self.taken_up += 1
            self.check_next_run(command, place, complete, what)
            left = []
        ended_by_signal = status < 0 or status > 128
        may_leave = ended_by_signal or call in ("unlink", "unlinkat")
        self.expect(not left or may_leave, f"{what} leaves {left}", done)
        self.expect(not os.listdir(self.temporary), f"{what} leaves {os.listdir(self.temporary)} in TMPDIR", done)
        if left or number % 8 == 1:
            self.check_next_run(command, place, complete, what)
        for name in os.listdir(self.temporary):
            (self.temporary / name).unlink()
        return True

    def faults(self, command):
        self.prepare(command, False)
        self.make(command.arguments)
        complete = (self.base / "place/out").read_bytes()
        for call in CALLS:
            for fault in self.faults_of(call):
                for number in self.numbers(call):
                    if not self.check(command, call, fault, number, number % 2 == 0, complete):
                        break
                    if not self.short and not self.check(command, call, fault, number, number % 2 == 1, complete):
                        break
        self.short_writes(command, complete)
        self.outputs(command, complete)
        if not self.short or command.name == "compile":
            self.full_disks(command, complete)

    def short_writes(self, command, complete):
        library = self.base / "short_writes.so"
        if not library.exists():
            compiler = shutil.which("cc") or shutil.which("clang")
            if compiler is None or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, "-ldl",
                                                   ROOT / "Tests/Crash/short_writes.c"]).returncode:
                print("note: no C compiler, so no short writes")
                return
        place = self.prepare(command, True)
        done = self.run(command.arguments, LD_PRELOAD=str(library))
        self.counts["short writes"] = self.counts.get("short writes", 0) + 1
        self.expect(done.returncode == 0 and (place / "out").read_bytes() == complete,
                    f"{command.name}, short writes", done)

    # Pairs of keys.

    def check_keys(self, call, fault, number):
        """Injects one fault into making a pair of keys; false where there is no such call any more."""
        place, generate = self.prepare(None, False), ["sign", "--generate", "place/k"]
        done, happened = self.traced(generate, call, fault, number)
        if not happened:
            return False
        kind = fault.split("=")[1]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        what = f"sign --generate, {kind} at {call} {number}"
        if done.returncode == 127 and "shared libraries" in done.stderr:
            return True
        self.check_status(kind, done, what)
        ended_by_signal = done.returncode < 0 or done.returncode > 128
        names = set(os.listdir(place))
        pair = names & {"k.key", "k.pub"}
        half = {"k.pub"} if ended_by_signal or call == "unlink" else set()
        self.expect(pair in (set(), half, {"k.key", "k.pub"}), f"{what} leaves {names}", done)
        self.expect(pair == names or ended_by_signal or call == "unlink", f"{what} leaves {names}", done)
        self.expect(done.returncode != 0 or len(pair) == 2, what, done)
        for name in names - {"k.pub"}:
            self.expect((place / name).stat().st_mode & 0o077 == 0 or "pub" in name or not (place / name).read_bytes(),
                        f"{what}: others may read {name}", done)
        if len(pair) < 2:
            for name in pair:
                (place / name).unlink()
            done = self.run(generate)
        signed = self.run(["sign", "plan", "--key", "place/k.key", "-o", "signature"])
        checked = self.run(["verify", "plan", "--key", "place/k.pub", "--signature", "signature"])
        self.expect(signed.returncode == 0 and checked.returncode == 0, what + ", the pair", checked)
        self.expect(set(os.listdir(place)) == {"k.key", "k.pub"}, f"{what}, next run leaves {os.listdir(place)}", done)
        return True

    def key_faults(self):
        for call in CALLS:
            for fault in self.faults_of(call):
                for number in self.numbers(call):
                    if not self.check_keys(call, fault, number):
                        break

    # Outputs that are no plain files.

    def outputs(self, command, complete):
        for name in ("link", "dangling link", "hard link", "pipe", "link to a pipe", "directory", "circle of links"):
            place = self.prepare(command, False)
            out, other = place / "out", place / "other"
            if "link" in name and "dangling" not in name and "pipe" not in name and "circle" not in name:
                other.write_bytes(b"old")
            if name in ("link", "dangling link", "link to a pipe"):
                out.symlink_to("other")
            if name == "hard link":
                os.link(other, out)
            if name == "circle of links":
                out.symlink_to("out")
            if "pipe" in name:
                os.mkfifo(other if "link" in name else out)
            if name == "directory":
                out.mkdir()
            done = self.run(command.arguments, ["timeout", "60"])
            self.counts["special outputs"] = self.counts.get("special outputs", 0) + 1
            what = f"{command.name} into a {name}"
            if name in ("pipe", "link to a pipe", "directory", "circle of links"):
                self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr, what, done)
            else:
                self.expect(done.returncode == 0 and out.read_bytes() == complete, what, done)
            if name in ("link", "dangling link"):
                self.expect(out.is_symlink() and other.read_bytes() == complete, what + " keeps the link", done)
            if name == "hard link":
                self.expect(other.read_bytes() == b"old", what + " leaves the other name alone", done)
            left = [entry for entry in os.listdir(place) if entry not in ("out", "other")]
            self.expect(not left, f"{what} leaves {left}", done)

    def full_disks(self, command, complete):
        """File systems in memory that are too small, and one that cannot be written."""
        place = self.prepare(command, False)
        sizes = range(4096, len(complete) + 8192, 4096)
        for options in [f"size={size}" for size in (sizes if not self.short else sizes[:2])] + ["ro"]:
            if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode:
                print("note: file systems cannot be mounted here, so none is full or read-only")
                return
            try:
                done = self.run(command.arguments)
                kind = "read-only directory" if options == "ro" else "full disk"
                self.counts[kind] = self.counts.get(kind, 0) + 1
                what = f"{command.name}, tmpfs with {options}"
                if done.returncode == 0:
                    self.expect((place / "out").read_bytes() == complete, what, done)
                else:
                    self.expect(done.returncode == CANNOT_WRITE and "error[cannot-write]" in done.stderr, what, done)
                    self.expect(not os.listdir(place), f"{what} leaves {os.listdir(place)}", done)
            finally:
                subprocess.run(["umount", place], check=True)

    # All.

    def commands(self):
        model, base = str(MODEL), self.base
        self.make(["compile", model, "-o", "plan", *LITTLE])
        self.make(["calibrate", model, "-o", "stats", *LITTLE])
        self.make(["sign", "--generate", "k"])
        commands = [
            Command("compile", ["compile", model, "-o", "place/out", "--stats", "stats", "--threads", "1"]),
            Command("compile and calibrate", ["compile", model, "-o", "place/out", *LITTLE]),
            Command("calibrate", ["calibrate", model, "-o", "place/out", *LITTLE]),
            Command("sign", ["sign", "plan", "--key", "k.key", "-o", "place/out"]),
        ]
        parts = [["calibrate", model, "-o", f"part{number}", *LITTLE, "--part", f"{number}/2"] for number in (1, 2)]
        if all(self.run(part).returncode == 0 for part in parts):
            commands.append(Command("stats merge", ["stats", "merge", "part1", "part2", "-o", "place/out"]))
        else:
            print("note: statistics cannot be made in parts")
        return commands if not self.short else [commands[0], *commands[2:]]

    def all(self):
        try:
            works = {command.name: lambda command=command: self.faults(command) for command in self.commands()}
            works["sign --generate"] = self.key_faults
            for name, work in works.items():
                if self.names and name not in self.names:
                    continue
                before = sum(self.counts.values())
                work()
                print(f"{name}: {sum(self.counts.values()) - before} faults", flush=True)
        finally:
            shutil.rmtree(self.base, ignore_errors=True)
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        print(f"{sum(self.counts.values())} faults: {parts}; {self.taken_up} unfinished calibrations taken up again; "
              f"{len(self.failures)} failed")
        return not self.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("command", nargs="*", help="commands to try, such as 'stats merge'; all unless given")
    options = parser.parse_intermixed_args()
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "/bin/true"]
    if shutil.which("strace") is None or subprocess.run(trace, capture_output=True).returncode:
        sys.exit("crash_test.py: strace is missing, or may not trace here")
    sys.exit(0 if Test(os.path.abspath(options.program), options.short, options.command).all() else 1)


if __name__ == "__main__":
    main()
